//! The files of a state, through the binary: damage and its way out, generations, documents, locks, crashes.

#[cfg(unix)]
mod displaced;
#[cfg(unix)]
mod strays;
mod whose;

use std::fs;
use std::path::PathBuf;

use crate::harness::World;

const STATE: &str = ".infra/state/default.json";

/// A world in which the quickstart was applied.
fn applied() -> World {
    let world = World::new();
    world.example("quickstart");
    world.apply().exits(0);
    world
}

fn path(world: &World) -> PathBuf {
    world.path().join(STATE)
}

#[test]
fn a_state_that_cannot_be_trusted_is_refused_with_the_way_out() {
    let world = applied();
    let whole = fs::read(path(&world)).unwrap();
    let cases: [(&str, Vec<u8>, &str); 5] = [
        ("E0801", whole[..whole.len() / 2].to_vec(), "infra state restore"),
        ("E0802", Vec::new(), "infra state restore"),
        ("E0802", vec![0; whole.len()], "infra state restore"),
        ("E0804", b"{\"version\": 4}".to_vec(), "move"),
        (
            "E0805",
            String::from_utf8(whole.clone())
                .unwrap()
                .replacen("\"format\": 2", "\"format\": 3", 1)
                .into_bytes(),
            "update infra",
        ),
    ];
    for (code, damage, way_out) in cases {
        fs::write(path(&world), &damage).unwrap();
        for command in ["plan", "apply", "destroy", "output"] {
            let output = world.run(&[command]).exits(1).tells(code).tells(way_out);
            assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
            assert_eq!(fs::read(path(&world)).unwrap(), damage, "{command} touched it");
        }
        world.run(&["state", "restore"]).exits(0).says("generation 1");
        assert_eq!(fs::read(path(&world)).unwrap(), whole);
    }
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn generations_are_listed_and_an_older_one_comes_back() {
    let world = applied();
    let text = world.read("infra.toml");
    world.write("infra.toml", &text.replace("quickstart-web\"", "renamed\""));
    world.apply().exits(0);
    let listed = world.run(&["state", "restore", "--list"]).exits(0);
    let serials: Vec<&str> = listed
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(serials, ["2", "1", "0"]);
    world.run(&["state", "restore", "1"]).exits(0).says("as serial 3");
    world
        .run(&["state", "restore", "77"])
        .exits(1)
        .tells("E0816")
        .tells("3, 2, 1, 0");
    world.apply().exits(0);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    assert_eq!(world.count("instance"), 1);
}

#[test]
fn a_pulled_document_can_be_pushed_back() {
    let world = applied();
    let pulled = world.run(&["state", "pull"]).exits(0).stdout;
    world.write(
        "edited.json",
        &pulled.replace("\"outputs\": {", "\"note\": \"edited\",\n  \"outputs\": {"),
    );
    world
        .run(&["state", "push", "edited.json"])
        .exits(0)
        .says("serial 2");
    world
        .run(&["state", "pull"])
        .exits(0)
        .says("\"note\": \"edited\"");
    world
        .run(&["state", "push", "edited.json"])
        .exits(1)
        .tells("E0817");
    world.write("nonsense.json", "[]");
    world
        .run(&["state", "push", "nonsense.json"])
        .exits(1)
        .tells("E0817");
    world.run(&["state", "push", "nowhere.json"]).exits(1);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn whoever_finds_the_state_locked_learns_by_whom() {
    let world = applied();
    let lock = fs::File::options()
        .read(true)
        .write(true)
        .open(world.path().join(".infra/state/default.lock"))
        .unwrap();
    lock.lock().unwrap();
    for command in [
        vec!["apply", "--auto-approve"],
        vec!["state", "restore"],
        vec!["unlock"],
    ] {
        world.run(&command).exits(6).tells("E0809").tells("apply");
    }
    world
        .run(&["unlock", "another-run"])
        .exits(6)
        .tells("another-run")
        .tells("cannot be taken");
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    lock.unlock().unwrap();
    world.run(&["unlock"]).exits(0);
}

#[test]
fn refused_commands_leave_no_file_behind() {
    let world = World::new();
    world.example("quickstart");
    world.write("nonsense.json", "[]");
    for refused in [
        vec!["state", "mv", "vpc.main", "vpc.other"],
        vec!["state", "rm", "vpc.main"],
        vec!["state", "show", "vpc.main"],
        vec!["state", "push", "nonsense.json"],
        vec!["state", "restore"],
        vec!["state", "restore", "3"],
        vec!["import", "vpc.main", "vpc-nowhere"],
        vec!["import", "vpc.unknown", "vpc-nowhere"],
    ] {
        world.run(&refused).exits(1).tells("error[E");
        assert!(!world.path().join(".infra").exists(), "{refused:?}");
    }
    world.run(&["unlock"]).exits(0).says("not locked");
    assert!(!world.path().join(".infra").exists());
}

#[test]
fn git_stages_nothing_of_a_project_that_was_used() {
    let world = applied();
    let offline = World::offline();
    offline.example("quickstart");
    offline.run(&["plan", "--sim"]).exits(0);
    for world in [world, offline] {
        assert!(world.path().join(".infra").exists());
        let git = |arguments: &[&str]| {
            let output = std::process::Command::new("git")
                .args(arguments)
                .current_dir(world.path())
                .env_clear()
                .env("HOME", world.path())
                .env("PATH", std::env::var_os("PATH").unwrap())
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        git(&["init", "-q"]);
        git(&["add", "-A"]);
        assert_eq!(git(&["ls-files"]), "infra.toml\n");
    }
}

#[cfg(unix)]
#[test]
fn the_files_of_a_state_are_only_for_the_user_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    for umask in ["000", "022", "027", "077"] {
        let world = World::new();
        world.example("quickstart");
        let script = format!("umask {umask}; exec \"$0\" \"$@\"");
        let command = world.command(&["apply", "--auto-approve"]);
        let mut shell = std::process::Command::new("/bin/sh");
        shell
            .arg("-c")
            .arg(&script)
            .arg(command.get_program())
            .args(command.get_args());
        shell.current_dir(world.path()).env_clear();
        for (name, value) in command.get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        assert!(shell.output().unwrap().status.success());
        let folder = world.path().join(".infra/state");
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?} under umask {umask}", entry.file_name());
        }
    }
}
