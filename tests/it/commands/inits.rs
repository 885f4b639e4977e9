//! `infra init`: what it asks, what it writes, and what it leaves alone.

use crate::harness::World;

/// What a newcomer does, from an empty folder, with nothing but what is suggested.
#[test]
fn init_writes_a_project_that_can_be_applied() {
    let world = World::offline();
    for (what, servers) in [("server", 1), ("web", 2), ("empty", 0)] {
        let folder = format!("{what}-shop");
        let flags = [
            "--template",
            what,
            "--ssh-from",
            "203.0.113.7/32",
            "--region",
            "cn-hangzhou",
        ];
        let told = world
            .run(&[&["init", &folder][..], &flags].concat())
            .exits(0)
            .says("infra.toml");
        assert!(
            told.stderr.contains(&format!("infra apply --sim -C {folder}")),
            "{}",
            told.stderr
        );
        world.run(&["-C", &folder, "validate"]).exits(0);
        world.run(&["-C", &folder, "fmt", "--check"]).exits(0);
        assert_eq!(world.read(&format!("{folder}/.gitignore")), ".infra/\n");
        assert!(
            world
                .read(&format!("{folder}/.infra/infra.schema.json"))
                .contains("instance_type")
        );
        let text = world.read(&format!("{folder}/infra.toml"));
        assert!(
            text.starts_with("#:schema ./.infra/infra.schema.json\n"),
            "{text}"
        );
        assert_eq!(text.contains("203.0.113.7/32"), what != "empty");
        if servers > 0 {
            world
                .run(&["-C", &folder, "apply", "--sim", "--auto-approve"])
                .exits(0);
            let status = world.run(&["-C", &folder, "status", "--sim"]).exits(0);
            assert_eq!(
                status.stdout.matches("Running").count(),
                servers,
                "{}",
                status.stdout
            );
        }
        // Never over something.
        world
            .run(&[&["init", &folder][..], &flags].concat())
            .exits(1)
            .tells("E0909");
        assert_eq!(world.read(&format!("{folder}/infra.toml")), text);
    }
    let printed = world.run(&["init", "--print", "--name", "x"]).exits(0);
    assert!(printed.stdout.contains("name = \"x\"") && !world.path().join("infra.toml").exists());
    world
        .write("own/.gitignore", "target")
        .run(&["init", "own", "--ci", "github"])
        .exits(0);
    assert_eq!(world.read("own/.gitignore"), "target\n.infra/\n");
    assert!(
        world
            .read("own/.github/workflows/infra.yml")
            .contains("infra plan --sim")
    );
}

#[cfg(unix)]
#[test]
fn init_asks_four_questions_and_takes_only_what_can_be() {
    let world = World::offline();
    let turns: [(&str, &[u8]); 6] = [
        ("Name of the project", b"my shop\n"),
        ("Name of the project", b"shop\n"),
        ("Region", b"\n"),
        ("Begin with", b"web\n"),
        ("From where may ssh", b"anywhere\n"),
        ("From where may ssh", b"198.51.100.0/24\n"),
    ];
    let (code, shown) = world.in_conversation("init", &turns);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("\"my shop\" cannot be it."), "{shown}");
    let text = world.read("infra.toml");
    for part in [
        "name = \"shop\"",
        "region = \"cn-hangzhou\"",
        "count = 2",
        "198.51.100.0/24",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    world.run(&["validate"]).exits(0);
    // Ctrl-D is a no, and leaves nothing.
    let other = World::offline();
    let (code, shown) = other.in_conversation("init", &[("Name of the project", b"\x04")]);
    assert_eq!(code, Some(4), "{shown}");
    assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 0);
}

/// Nobody outside is asked which address is ours before somebody types so.
#[cfg(unix)]
#[test]
fn init_offers_my_address_after_asking() {
    use std::io::{Read as _, Write as _};
    let service = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", service.local_addr().unwrap());
    let answers = ["<html>", "198.51.100.7\n"];
    let asked = std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = service.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            assert!(request[..length].starts_with(b"GET / HTTP/1.1\r\n"));
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                answer.len()
            );
            stream.write_all((head + answer).as_bytes()).unwrap();
        }
    });
    let mut world = World::offline();
    world.vars.insert("INFRA_ADDRESS_SERVICE".to_owned(), url.clone());
    let turns: [(&str, &[u8]); 4] = [
        ("From where may ssh", b"ask\n"),
        ("no IPv4 address", b"ask\n"),
        ("[198.51.100.7/32]", b"\n"),
        ("infra.toml", b""),
    ];
    let line = "init --name shop --region cn-hangzhou --template server";
    let (code, shown) = world.in_conversation(line, &turns);
    assert_eq!(code, Some(0), "{shown}");
    assert!(
        shown.contains(&format!("ask {url} which address is yours")),
        "{shown}"
    );
    asked.join().unwrap();
    assert!(world.read("infra.toml").contains("198.51.100.7/32"));
    // Where nobody types it, nobody is asked: nothing listens any more, and nothing is told of that.
    let other = World::offline();
    let (code, shown) = other.in_conversation(line, &[("From where may ssh", b"none\n")]);
    assert!(code == Some(0) && !shown.contains("No answer"), "{shown}");
}

#[test]
fn what_init_is_told_has_to_fit() {
    for (flag, value) in [
        ("--name", "a\"\n[x]"),
        ("--region", "cn-nowhere"),
        ("--ssh-from", "everywhere"),
    ] {
        let world = World::new();
        world.run(&["init", flag, value]).exits(64).tells(flag);
        assert!(!world.path().join("infra.toml").exists());
    }
}

/// What a cloned repository has laid in the way is neither followed nor waited for.
#[test]
fn init_and_fmt_follow_no_links_and_wait_for_no_pipes() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    let precious = outside.path().join("bashrc");
    std::fs::write(&precious, "export A=1\n").unwrap();
    type Trap = fn(&std::path::Path, &std::path::Path);
    let traps: [(&str, Trap); 4] = [
        ("a link as .gitignore", |folder, outside| {
            symlink(outside.join("bashrc"), folder.join(".gitignore")).unwrap();
        }),
        ("a link as .infra", |folder, outside| {
            symlink(outside, folder.join(".infra")).unwrap();
        }),
        ("a link as the schema", |folder, outside| {
            std::fs::create_dir(folder.join(".infra")).unwrap();
            symlink(outside.join("bashrc"), folder.join(".infra/infra.schema.json")).unwrap();
        }),
        ("a pipe as .gitignore", |folder, _| {
            let made = std::process::Command::new("mkfifo")
                .arg(folder.join(".gitignore"))
                .status();
            assert!(made.unwrap().success());
        }),
    ];
    for (name, lay) in traps {
        let world = World::new();
        lay(world.path(), outside.path());
        let refused = world.run(&["init", "--name", "shop"]).exits(1);
        assert!(refused.stderr.contains("E0908"), "{name}: {}", refused.stderr);
        assert!(!world.path().join("infra.toml").exists(), "{name}");
        assert_eq!(
            std::fs::read_to_string(&precious).unwrap(),
            "export A=1\n",
            "{name}"
        );
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1, "{name}");
    }
    let world = World::new();
    let made = std::process::Command::new("mkfifo")
        .arg(world.path().join("x.infra.toml"))
        .status();
    assert!(made.unwrap().success());
    world.run(&["fmt"]).exits(0);
}
