//! Where a command meets the rest of the machine: the terminal, signals, files that cannot be written, and what it
//! suggests to type next.
#![cfg(unix)]

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::harness::World;

const HEAD: &str = "[infra]\nname = \"x\"\nregion = \"cn-hangzhou\"\n";
const VPC: &str = "[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n";

/// A world with one network in the file.
fn small() -> World {
    let world = World::new();
    world.write("infra.toml", &format!("{HEAD}{VPC}"));
    world
}

/// A file that takes nothing.
fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

#[test]
fn a_result_that_nobody_got_after_a_change_is_3() {
    let world = small();
    let code = |arguments: &[&str]| {
        let mut command = world.command(arguments);
        command.stdout(full()).stderr(Stdio::piped());
        let output = command.output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("could not be written"), "{told}");
        output.status.code()
    };
    assert_eq!(code(&["plan"]), Some(1));
    assert_eq!(code(&["apply", "--auto-approve"]), Some(3));
    assert_eq!(world.count("vpc"), 1);
    assert_eq!(
        code(&["apply", "--auto-approve"]),
        Some(1),
        "nothing was changed any more"
    );
    assert_eq!(code(&["state", "mv", "vpc.main", "vpc.other"]), Some(3));
}

#[test]
fn a_log_or_event_file_that_ends_is_told_once() {
    let world = small();
    for flag in ["--log-file", "--json-file"] {
        let output = world.run(&["plan", flag, "/dev/full"]).exits(0).tells("W091");
        assert_eq!(output.stderr.matches("W091").count(), 1, "{}", output.stderr);
    }
    world
        .run(&["plan", "--log-file", "no/such/folder/log"])
        .exits(1)
        .tells("E0903");
    world
        .run(&["plan", "--json-file", "no/such/folder/log"])
        .exits(64)
        .tells("E0903");
}

#[test]
fn a_terminal_that_goes_away_stops_it_like_a_signal_to_end() {
    for signal in ["HUP", "TERM", "INT"] {
        let world = World::with(|options| options.latency = Duration::from_millis(50));
        world.example("quickstart");
        let mut command = world.command(&["apply", "--auto-approve"]);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let begun = lines.find(|line| line.as_ref().unwrap().contains("vpc.main"));
        assert!(begun.is_some());
        let id = child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status().unwrap();
        assert!(sent.success());
        let rest: Vec<String> = lines.map(Result::unwrap).collect();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}: {rest:#?}");
        world.apply().exits(0);
    }
}

#[test]
fn no_is_an_answer_and_no_error() {
    let world = small();
    for keys in [&b"no\n"[..], b"\n", b"y\n", b"\x03", b"\x04"] {
        let (code, shown) = world.at_terminal("apply", "Only yes goes ahead", keys);
        assert_eq!(code, Some(4), "{keys:?}: {shown}");
        assert!(shown.contains("Nothing was changed."), "{keys:?}: {shown}");
        assert!(!shown.contains("error"), "{keys:?}: {shown}");
    }
    assert_eq!(world.count("vpc"), 0);
    let (code, shown) = world.at_terminal("apply", "Only yes goes ahead", b"yes\n");
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(world.count("vpc"), 1);
}

#[test]
fn what_is_suggested_acts_on_the_same() {
    let world = World::offline();
    let text =
        format!("{HEAD}[var.net]\n[var.pass]\nsensitive = true\n{VPC}").replace("10.0.0.0/16", "${var.net}");
    world.write("my stack/infra.toml", &text);
    world.write("my stack/env/prod.toml", "pass = \"x\"\n");
    let flags = [
        "-C",
        "my stack",
        "-e",
        "prod",
        "--sim",
        "-v",
        "net=10.0.0.0/8",
        "-v",
        "pass=hunter2",
        "--parallelism",
        "3",
    ];
    let with = |command: &[&'static str]| [command, &flags[..]].concat();
    let same = "-C 'my stack' -e prod --sim -v net=10.0.0.0/8 -v pass=... --parallelism 3";
    world
        .run(&with(&["plan"]))
        .exits(0)
        .says(&format!("Next: infra apply {same}\n"));
    world.run(&with(&["plan", "--destroy"])).exits(0);
    let output = world.run(&with(&["apply"])).exits(4);
    let told = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for command in ["plan", "apply"] {
        assert!(told.contains(&format!("infra {command} {same}")), "{told}");
    }
    assert!(!told.contains("hunter2"));
    world
        .run(&["state", "show", "vpc.x", "-C", "my stack", "-e", "prod", "--sim"])
        .exits(1)
        .tells("infra state list -C 'my stack' -e prod --sim");
}

#[test]
fn a_shell_takes_an_address_as_it_is() {
    let world = World::new();
    world.write(
        "infra.toml",
        &format!("{HEAD}{VPC}count = 2\n").replace("10.0.0.0/16", "10.${count.index}.0.0/16"),
    );
    world.apply().exits(0);
    world.write(
        "infra.toml",
        &format!("{HEAD}{VPC}count = 1\n").replace("10.0.0.0/16", "10.${count.index}.0.0/16"),
    );
    let output = world.apply().exits(5);
    let told = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("infra apply --auto-approve '--allow-destroy=vpc.main[1]'"),
        "{told}"
    );
}

#[test]
fn an_environment_is_never_chosen_in_silence() {
    let mut world = small();
    world.write("env/prod.toml", "").write("env/dev.toml", "");
    for command in [
        &["state", "list"][..],
        &["state", "show", "vpc.main"],
        &["state", "pull"],
        &["state", "rm", "vpc.main"],
        &["show"],
        &["output"],
        &["unlock"],
        &["plan"],
        &["validate"],
    ] {
        world.run(command).exits(1).tells("E0501").tells("dev and prod");
    }
    for command in [&["state", "list", "-e", "prd"][..], &["plan", "-e", "prd"]] {
        world
            .run(command)
            .exits(1)
            .tells("E0501")
            .tells("did you mean prod?");
    }
    world.vars.insert("INFRA_ENV".to_owned(), "prd".to_owned());
    world.run(&["output"]).exits(1).tells("E0501");
    world.vars.insert("INFRA_ENV".to_owned(), String::new());
    world.run(&["output", "-e", "prod"]).exits(0);
    world.vars.remove("INFRA_ENV");
    assert!(!world.path().join(".infra").exists());
}

#[test]
fn what_shows_nothing_says_what_there_is() {
    let world = small();
    world.write("env/prod.toml", "").write("env/dev.toml", "");
    world.run(&["apply", "--auto-approve", "-e", "prod"]).exits(0);
    world
        .run(&["apply", "--auto-approve", "-e", "dev", "--sim"])
        .exits(0);
    for command in [&["state", "list"][..], &["show"], &["output"]] {
        let there = |flags: &[&'static str]| world.run(&[command, flags].concat()).exits(0);
        there(&["-e", "dev"])
            .tells("there is a state of --sim: add --sim")
            .tells("there is a state of the environment prod: -e prod");
        there(&["-e", "prod", "--sim"])
            .tells("there is a state of an account: leave --sim out")
            .tells("there is a state of the environment dev: -e dev");
    }
    let output = world
        .run(&["state", "list", "-e", "prod"])
        .exits(0)
        .says("vpc.main");
    assert!(!output.stderr.contains("there is a state"), "{}", output.stderr);
}

#[test]
fn a_refused_state_command_leaves_no_file() {
    let world = small();
    world.write("bad.json", "{}");
    for (command, code) in [
        (&["state", "mv", "vpc.a", "vpc.b"][..], 1),
        (&["state", "rm", "vpc.a"], 1),
        (&["state", "restore"], 1),
        (&["state", "push", "bad.json"], 1),
        (&["state", "push", "none.json"], 1),
        (&["import", "vpc.main", "vpc-none"], 1),
        (&["unlock"], 0),
    ] {
        world.run(command).exits(code);
        assert!(
            !world.path().join(".infra").exists(),
            "{command:?} left something"
        );
    }
}
