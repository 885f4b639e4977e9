//! Commands that are suggested: each that the code has is provoked, repeats where the run was, and can be typed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::{Output, World};

const HEAD: &str = "[infra]\nname = \"x\"\nregion = \"cn-hangzhou\"\n[var.size]\ndefault = 1\n";
const VPC: &str = "[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n";

/// Something that suggests and is no error with a code of its own.
pub(super) struct Hint {
    pub(super) name: &'static str,
    /// Where the suggestions act; in the project and environment of the run if that is not said.
    pub(super) place: Option<&'static str>,
    pub(super) run: fn(&mut World) -> Output,
}

#[rustfmt::skip]
pub(super) const HINTS: &[Hint] = &[
    Hint { name: "a first project", place: Some("fresh"), run: |world| {
        world.flags.truncate(2);
        world.run(&["init", "fresh", "--no-input"])
    } },
    Hint { name: "a demonstration", place: Some("shown"), run: |world| {
        world.flags.truncate(2);
        world.run(&["demo", "shown", "--yes"])
    } },
    Hint { name: "files that are laid out otherwise", place: None, run: |world| {
        world.write("infra.toml", &format!("{HEAD}[vpc.main]\n      cidr_block=\"10.0.0.0/16\"\n"));
        world.run(&["fmt", "--check"])
    } },
    Hint { name: "files that are no TOML", place: None, run: |world| {
        world.write("infra.toml", "[vpc.main\n");
        world.run(&["fmt"])
    } },
    Hint { name: "a plan", place: None, run: |world| world.run(&["plan"]) },
    Hint { name: "a plan in a file", place: None, run: |world| world.run(&["plan", "-o", "p.plan"]) },
    Hint { name: "something is forgotten", place: None, run: |world| {
        applied(world);
        world.run(&["state", "rm", "vpc.main"])
    } },
    Hint { name: "letting go of what is known", place: None, run: |world| {
        applied(world);
        let id = id(world);
        world.run(&["state", "forget-stray", &id])
    } },
    Hint { name: "letting go, and nobody answers", place: None, run: |world| {
        applied(world);
        let id = id(world);
        world.run(&["state", "rm", "vpc.main"]).exits(0);
        world.run(&["state", "forget-stray", &id])
    } },
    Hint { name: "letting go of what is not there", place: None, run: |world| {
        applied(world);
        world.run(&["state", "forget-stray", "vpc-none"])
    } },
    Hint { name: "something is imported", place: None, run: |world| {
        let id = made(world);
        world.run(&["import", "vpc.main", &id])
    } },
    Hint { name: "an import whose block would be a mistake", place: None, run: |world| {
        let text = format!("{HEAD}{VPC}[[moved]]\nfrom = \"vpc.more\"\nto = \"vpc.main\"\n");
        world.write("infra.toml", &text);
        let id = made(world);
        world.run(&["import", "vpc.more", &id])
    } },
    Hint { name: "an import of what others have", place: None, run: |world| {
        applied(world);
        let text = format!("{HEAD}{VPC}[vpc.more]\ncidr_block = \"10.0.0.0/16\"\n[[import]]\nto = \"vpc.more\"\nid = \"{}\"\n", theirs(world));
        world.write("infra.toml", &text);
        world.run(&["plan"])
    } },
    Hint { name: "something was taken over", place: None, run: |world| {
        applied(world);
        let id = id(world);
        let untagged = [("RegionId", "cn-hangzhou"), ("ResourceType", "VPC"), ("ResourceId.1", &id)];
        let tags = [("Tag.1.Key", "infra:stack"), ("Tag.1.Value", "another"), ("Tag.2.Key", "infra:project"), ("Tag.2.Value", "other/default")];
        world.call("Vpc", "TagResources", &[&untagged[..], &tags].concat());
        world.run(&["plan"])
    } },
    Hint { name: "something changed outside", place: None, run: |world| {
        world.write("infra.toml", &format!("{HEAD}{VPC}description = \"ours\"\n"));
        applied(world);
        let id = id(world);
        world.call("Vpc", "ModifyVpcAttribute", &[("RegionId", "cn-hangzhou"), ("VpcId", &id), ("Description", "by hand")]);
        world.run(&["status"])
    } },
    Hint { name: "a graph of what is not there", place: None, run: |world| world.run(&["graph", "vpc.none"]) },
    Hint { name: "a lost state, and a rule of ours in a group of others", place: None, run: |world| {
        let group = world.call("Ecs", "CreateSecurityGroup", &[("RegionId", "cn-hangzhou"), ("VpcId", &made(world))]);
        let group = group["SecurityGroupId"].as_str().unwrap().to_owned();
        let text = format!(
            "{HEAD}{VPC}[security_group_rule.a]\nsecurity_group_id = \"{group}\"\nport_range = \"80\"\n\
             source_cidr_ip = \"10.0.0.0/8\"\n"
        );
        world.write("infra.toml", &text);
        world.apply().exits(0);
        std::fs::remove_dir_all(world.path().join(".infra")).unwrap();
        world.run(&["state", "rebuild"])
    } },
];

/// A world in which the network of the file exists.
fn applied(world: &World) {
    world.apply().exits(0);
}

/// The id of the only network.
fn id(world: &World) -> String {
    let inventory = world.inventory();
    inventory["accounts"][0]["vpc"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A network that somebody has made by hand.
fn made(world: &World) -> String {
    let made = world.call(
        "Vpc",
        "CreateVpc",
        &[("RegionId", "cn-hangzhou"), ("CidrBlock", "10.0.0.0/16")],
    );
    made["VpcId"].as_str().unwrap().to_owned()
}

/// A network of another stack.
fn theirs(world: &World) -> String {
    let id = made(world);
    let of = [
        ("RegionId", "cn-hangzhou"),
        ("ResourceType", "VPC"),
        ("ResourceId.1", &id),
    ];
    let tags = [("Tag.1.Key", "infra:stack"), ("Tag.1.Value", "another")];
    world.call("Vpc", "TagResources", &[&of[..], &tags].concat());
    id
}

/// Ways of naming the project that a suggestion must repeat, and a file for all that is said.
pub(super) fn place(world: &mut World) -> PathBuf {
    let events = world.path().join(".events");
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    world.flags = ["--json-file".to_owned(), text(&events)].into();
    world.flags.extend(["-C".to_owned(), text(world.path())]);
    world.flags.extend(["--parallelism", "7"].map(str::to_owned));
    events
}

/// The same with an environment and a variable.
pub(super) fn place_in_environment(world: &mut World) -> PathBuf {
    world.write("env/prod.toml", "");
    world.write("infra.toml", &format!("{HEAD}{VPC}"));
    let events = place(world);
    world.flags.extend(["-e", "prod"].map(str::to_owned));
    events
}

/// The commands that a run has suggested: as commands of its events, or behind a plan and where no command was understood.
pub(super) fn suggested(events: &Path, output: &Output) -> BTreeSet<String> {
    let text = std::fs::read_to_string(events).unwrap_or_default();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let commands = lines.flat_map(|line| line["commands"].as_array().cloned().unwrap_or_default());
    let mut commands: BTreeSet<String> = commands
        .map(|command| command.as_str().unwrap().to_owned())
        .collect();
    let all = format!("{}\n{}", output.stdout, output.stderr);
    for line in all.lines() {
        if let Some(next) = line.strip_prefix("Next: ") {
            commands.insert(next.split("   (").next().unwrap().to_owned());
        }
        if line.contains("infra help ") {
            commands.insert("infra help".to_owned());
        }
    }
    commands
}

/// All commands that the code suggests, as they stand there: words, flags and placeholders.
pub(super) fn in_the_code() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
                let calls = line.split("run(\"").skip(1);
                let words = calls.filter_map(|rest| rest.split_once("\")"));
                found.extend(words.map(|(words, _)| words.to_owned()));
            }
        }
    }
    found
}

/// Which of these a command was, as it was written.
pub(super) fn written_as<'a>(command: &str, all: &'a BTreeSet<String>) -> Option<&'a str> {
    let words = format!("{command} ");
    let is_it = |one: &&String| words.starts_with(&format!("infra {one} "));
    all.iter()
        .filter(is_it)
        .max_by_key(|one| one.len())
        .map(String::as_str)
}

/// What stands for something in a suggestion, and something for it.
const PLACEHOLDERS: [(&str, &str); 5] = [
    (" ADDRESS", " vpc.main"),
    (" ID", " vpc-1"),
    (" L", " none"),
    (" SERIAL", " 1"),
    (" NAME", " prod"),
];

/// Commands that are about no project.
const ABOUT_NONE: [&str; 6] = ["explain", "schema", "sim", "version", "help", "init"];

/// Types a suggestion somewhere else; what is wrong with it.
pub(super) fn follow(world: &World, command: &str, place: Option<&str>) -> Option<String> {
    let mut line = command.to_owned();
    for (placeholder, value) in PLACEHOLDERS {
        if let Some(before) = line.strip_suffix(placeholder) {
            line = format!("{before}{value}");
        }
        line = line.replace(&format!("{placeholder} "), &format!("{value} "));
    }
    let verb = line.split(' ').nth(1).unwrap_or_default();
    let is_about_one = !(ABOUT_NONE.contains(&verb) || verb == "doctor" && place == Some("shown"));
    let has = |flag: &str| {
        let at = world.flags.iter().position(|one| one == flag);
        at.is_none_or(|at| line.contains(&format!(" {flag} {}", world.flags[at + 1])))
    };
    let is_there = match place {
        Some(place) => line.contains(&format!(" -C {place}")),
        None => has("-C") && has("-e"),
    };
    if is_about_one && !is_there {
        return Some("it is about another project or environment".to_owned());
    }
    if ["plan", "apply", "destroy", "import", "drift", "doctor"].contains(&verb) && !has("--parallelism") {
        return Some("it asks the cloud in another way".to_owned());
    }
    let inner = world.command(&[]);
    let binary = Path::new(env!("CARGO_BIN_EXE_infra")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", binary.display());
    let elsewhere = tempfile::tempdir().unwrap();
    let output = Command::new("/bin/sh")
        .args(["-c", &line])
        .current_dir(if place.is_some() {
            world.path()
        } else {
            elsewhere.path()
        })
        .env_clear()
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("PATH", path)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let all = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let is_wrong = !matches!(output.status.code(), Some(0..=7))
        || all.contains("panicked")
        || ["[E0910]", "error: unexpected", "error: unrecognized"]
            .iter()
            .any(|words| all.contains(words))
        || place.is_none() && world.path().join("infra.toml").exists() && all.contains("[E0101]");
    is_wrong.then(|| format!("exit {:?}: {all}", output.status.code()))
}
