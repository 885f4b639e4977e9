//! Under `INFRA_READ_ONLY` nothing that changes anything leaves the machine, whatever is asked for.

use std::collections::BTreeSet;

use crate::harness::World;

const STACK: &str = r#"[infra]
name = "shop"
region = "cn-hangzhou"

[vpc.main]
cidr_block = "10.0.0.0/16"
name = "first"

[vswitch.main]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.16.0/20"
"#;

/// Requests by action that are no reads, dry runs included.
fn changing(world: &World) -> Vec<String> {
    let stats = world.stats();
    let products = stats["requests"]["by_product"].as_object().unwrap();
    products
        .values()
        .flat_map(|actions| actions.as_object().unwrap())
        .filter(|(name, _)| {
            !["Describe", "List", "Get", "Query"]
                .iter()
                .any(|read| name.starts_with(read))
        })
        .map(|(name, count)| format!("{name} {count}"))
        .collect()
}

/// Every command, as somebody would type it who wants it to change something.
const COMMANDS: &[&[&str]] = &[
    &["validate"],
    &["plan"],
    &["plan", "-o", "p.plan"],
    &["plan", "--destroy"],
    &["plan", "--take-over", "--new-stack"],
    &["plan", "--replace", "vpc.main"],
    &["apply", "--auto-approve"],
    &[
        "apply",
        "--auto-approve",
        "--allow-destroy",
        "--allow-vanished",
        "--no-preflight",
    ],
    &["apply", "--auto-approve", "--allow-destroy", "--take-over"],
    &[
        "apply",
        "--auto-approve",
        "--allow-destroy",
        "--replace",
        "vpc.main",
    ],
    &["apply", "--auto-approve", "--refresh-only"],
    &["apply", "p.plan"],
    &["destroy", "--auto-approve", "--allow-destroy"],
    &["show"],
    &["output"],
    &["state", "list"],
    &["state", "pull"],
    &["import", "vpc.main", "vpc-none"],
    &["unlock"],
    &["schema"],
    &["explain"],
    &["version"],
    &["sim", "coverage"],
];

/// Commands that change files only, and would leave nothing to try the others on.
const FILES_ONLY: &[&str] = &["state", "sim", "help"];

fn try_all(world: &World) {
    let before = (changing(world), world.inventory());
    for command in COMMANDS {
        let output = world.run(command);
        assert!(
            !output.stderr.contains("panicked"),
            "{command:?}: {}",
            output.stderr
        );
        assert_eq!(
            (changing(world), world.inventory()),
            before,
            "{command:?}\n{}",
            output.stderr
        );
    }
}

#[test]
fn no_command_changes_anything() {
    let mut world = World::new();
    world.write("infra.toml", STACK);
    world.vars.insert("INFRA_READ_ONLY".to_owned(), "1".to_owned());
    // Nothing is there yet.
    try_all(&world);
    world.apply().exits(5).tells("E0523");
    // Something is there, and the files say something else.
    let allowed = world.vars.remove("INFRA_READ_ONLY").unwrap();
    world.apply().exits(0);
    world.write(
        "infra.toml",
        &STACK
            .replace("first", "second")
            .replace("10.0.16.0/20", "10.0.32.0/20"),
    );
    world.run(&["plan", "-o", "p.plan"]).exits(0);
    world.vars.insert("INFRA_READ_ONLY".to_owned(), allowed);
    try_all(&world);
    world.run(&["apply", "p.plan"]).exits(5).tells("E0523");
    // The flag does the same.
    world.vars.clear();
    world
        .run(&["apply", "--read-only", "--auto-approve", "--allow-destroy"])
        .exits(5)
        .tells("E0523");
    // A state that is in the middle of something.
    world.faults(&["ModifyVpcAttribute:drop-answer"]);
    let _ = world.run(&["apply", "--auto-approve", "--allow-destroy"]);
    world.faults(&[]);
    world.vars.insert("INFRA_READ_ONLY".to_owned(), "true".to_owned());
    try_all(&world);
}

#[test]
fn a_plan_is_as_good_and_says_what_was_not_tried() {
    let world = World::new();
    world.example("quickstart");
    let plan = world.run(&["plan", "--read-only"]).exits(0).says("4 to create");
    assert!(changing(&world).is_empty(), "{:?}", changing(&world));
    assert!(!plan.stdout.contains("panicked"));
}

/// A command that this page does not know is one that nobody has tried.
#[test]
fn every_command_is_tried() {
    let world = World::offline();
    let help = world.run(&["--help"]).exits(0).stdout;
    let listed = help.split("Commands:\n").nth(1).unwrap();
    let names: BTreeSet<&str> = listed
        .lines()
        .take_while(|line| !line.trim().is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() > 10, "{names:?}");
    let tried: BTreeSet<&str> = COMMANDS
        .iter()
        .map(|command| command[0])
        .chain(FILES_ONLY.iter().copied())
        .collect();
    let untried: Vec<&&str> = names.difference(&tried).collect();
    assert!(untried.is_empty(), "{untried:?}");
}
