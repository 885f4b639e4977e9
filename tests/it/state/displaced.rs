//! A state that is not where it belongs: moved away, copied to another environment or another folder. Every command that
//! could change something is tried, and an apply behind each: nothing is doubled, deleted or tagged anew.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Output, World};

/// Commands that could change something, with flags of all kinds but those that give leave for this.
const COMMANDS: &[&[&str]] = &[
    &["plan"],
    &["plan", "--destroy"],
    &["plan", "--refresh-only"],
    &["plan", "-o", "new.plan"],
    &["plan", "--rehearse"],
    &["apply", "--auto-approve"],
    &["apply", "--auto-approve", "--allow-destroy", "--allow-vanished"],
    &["apply", "--auto-approve", "--refresh-only"],
    &["apply", "--auto-approve", "--target", "vpc.more"],
    &[
        "apply",
        "--auto-approve",
        "--allow-destroy",
        "--replace",
        "instance.web",
    ],
    &["apply", "--no-input", "old.plan"],
    &["destroy", "--auto-approve", "--allow-destroy", "--allow-vanished"],
    &["drift"],
    &["show"],
    &["graph"],
    &["import", "vpc.main", "OWN"],
    &["import", "vpc.more", "FREE"],
    &["import", "vpc.more", "OWN"],
    &["state", "list"],
    &["state", "pull"],
    &["state", "mv", "vpc.main", "vpc.more"],
    &["state", "rm", "vpc.main"],
    &["state", "push", "pulled.json"],
    &["state", "push", "blank.json"],
    &["state", "restore"],
    &["state", "rebuild"],
    &["state", "forget-stray", "OWN", "--auto-approve"],
    &["state", "forget-stray", "FREE", "--auto-approve"],
    &["unlock"],
];

const MORE: &str = "[vpc.more]\ncidr_block = \"10.77.0.0/16\"\n";

/// The quickstart with one network more in the file; a network without tags; documents of the state and of none.
struct Place {
    world: World,
    own: String,
    free: String,
}

fn place() -> Place {
    let world = World::new();
    world.example("quickstart");
    let file = world.read("infra.toml");
    world.write(
        "infra.toml",
        &file.replace("[output]", &format!("{MORE}[output]")),
    );
    let blank = world.run(&["state", "pull"]).exits(0).stdout;
    world.write("blank.json", &blank);
    world.apply().exits(0);
    let pulled = world.run(&["state", "pull"]).exits(0).stdout;
    let state: Value = serde_json::from_str(&pulled).unwrap();
    let own = state["resources"]["vpc.main"]["id"].as_str().unwrap().to_owned();
    world.write("pulled.json", &pulled);
    // Something is to be done, so that a plan of before has something to do.
    let changed = world.read("infra.toml").replace("quickstart-web", "another-web");
    world.write("infra.toml", &changed);
    world.run(&["plan", "-o", "old.plan"]).exits(0);
    let made = world.call(
        "Vpc",
        "CreateVpc",
        &[("RegionId", "cn-hangzhou"), ("CidrBlock", "10.77.0.0/16")],
    );
    let free = made["VpcId"].as_str().unwrap().to_owned();
    Place { world, own, free }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(fs::copy(&path, &to).unwrap()),
        }
    }
}

/// Tries each command in a copy of the folder, and an apply behind it; what was changed by which.
fn try_all(place: &Place, flags: &[&str]) -> Vec<String> {
    let world = &place.world;
    let there = ids(&world.inventory());
    let template = world.path().join("template");
    fs::create_dir_all(&template).unwrap();
    for entry in fs::read_dir(world.path()).unwrap() {
        let path = entry.unwrap().path();
        if path == template {
            continue;
        }
        fs::rename(&path, template.join(path.file_name().unwrap())).unwrap();
    }
    let mut wrong = Vec::new();
    for command in COMMANDS {
        let folder = world.path().join("now");
        let _ = fs::remove_dir_all(&folder);
        copy(&template, &folder);
        let words: Vec<&str> = command
            .iter()
            .map(|word| match *word {
                "OWN" => place.own.as_str(),
                "FREE" => place.free.as_str(),
                word => word,
            })
            .collect();
        let said = |output: &Output| format!("{:?}\n{}{}", output.code, output.stdout, output.stderr);
        let mut at = vec!["-C", "now"];
        at.extend(flags);
        // What an apply before was right to change, it has changed.
        let before = world.inventory();
        let first = world.run(&[&at[..], &words].concat());
        if world.inventory() != before {
            wrong.push(format!(
                "{command:?} {flags:?} changes something: {}",
                said(&first)
            ));
            return wrong;
        }
        // What the state knows by then, it may change: nothing is doubled and nothing is deleted.
        let second = world.run(&[&at[..], &["apply", "--auto-approve"]].concat());
        if ids(&world.inventory()) != there {
            wrong.push(format!(
                "an apply after {command:?} {flags:?} makes or deletes something: {}\n{}",
                said(&first),
                said(&second)
            ));
            return wrong;
        }
    }
    wrong
}

/// All that exists, by table and id, with the stack that it belongs to.
fn ids(inventory: &Value) -> Vec<String> {
    let mut ids = Vec::new();
    for (table, rows) in inventory["accounts"][0].as_object().unwrap() {
        for row in rows.as_array().into_iter().flatten() {
            let tags = row["tags"].as_array().into_iter().flatten();
            let stack: Vec<String> = tags
                .filter(|tag| tag[0].as_str().is_some_and(|key| key.starts_with("infra:s")))
                .map(ToString::to_string)
                .collect();
            ids.push(format!("{table} {} {stack:?}", row["id"]));
        }
    }
    ids.sort();
    ids
}

#[test]
fn with_the_state_moved_away_no_command_changes_anything() {
    let place = place();
    fs::remove_dir_all(place.world.path().join(".infra")).unwrap();
    let wrong = try_all(&place, &[]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn with_a_state_of_another_environment_no_command_changes_anything() {
    let place = place();
    let world = &place.world;
    world.write("env/prod.toml", "");
    let folder = world.path().join(".infra/state");
    fs::copy(folder.join("default.json"), folder.join("prod.json")).unwrap();
    fs::set_permissions(folder.join("prod.json"), fs::Permissions::from_mode(0o600)).unwrap();
    let wrong = try_all(&place, &["-e", "prod"]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The folder is copied with all that is in it, so two states say that they know the same.
#[test]
fn two_copies_of_a_folder_double_and_delete_nothing_for_each_other() {
    let Place { world, free, .. } = place();
    let template = tempfile::tempdir().unwrap();
    copy(world.path(), template.path());
    for name in ["one", "two"] {
        copy(template.path(), &world.path().join(name));
    }
    let apply = |folder: &str| world.run(&["-C", folder, "apply", "--auto-approve", "--allow-destroy"]);
    let all = || ids(&world.inventory());
    // The one makes what the other has never heard of, and makes it anew.
    let old_file = world.read("two/infra.toml");
    let third = "[vpc.third]\ncidr_block = \"10.78.0.0/16\"\n[output]";
    let new_file = old_file.replace("[output]", third);
    world.write("one/infra.toml", &new_file);
    apply("one").exits(0);
    world
        .run(&[
            "-C",
            "one",
            "apply",
            "--auto-approve",
            "--allow-destroy",
            "--replace",
            "instance.web",
        ])
        .exits(0);
    let before = all();
    // With its old file and its old state the other neither deletes the one nor makes the other again.
    let refused = apply("two");
    assert_eq!(all(), before, "{refused:?}");
    assert!(
        refused.stderr.contains("W801") || refused.stdout.contains("W801"),
        "{refused:?}"
    );
    // With the new file as well: what is there is taken in and not made twice.
    world.write("two/infra.toml", &new_file);
    let _ = apply("two");
    assert_eq!(all(), before);
    // The one takes everything down. The other misses it and makes nothing again without leave.
    world
        .run(&["-C", "one", "destroy", "--auto-approve", "--allow-destroy"])
        .exits(0);
    let left = all();
    assert!(
        left.iter().filter(|line| line.starts_with("vpc ")).count() == 1,
        "{left:?}"
    );
    assert!(left.iter().any(|line| line.contains(&free)), "{left:?}");
    for command in [
        &["apply", "--auto-approve"][..],
        &["apply", "--auto-approve", "--allow-destroy"],
        &["destroy", "--auto-approve", "--allow-destroy"],
        &["apply", "--no-input", "old.plan"],
    ] {
        let refused = world.run(&[&["-C", "two"][..], command].concat());
        assert_eq!(all(), left, "{command:?}: {refused:?}");
        assert!(matches!(refused.code, Some(5 | 7)), "{command:?}: {refused:?}");
    }
}
