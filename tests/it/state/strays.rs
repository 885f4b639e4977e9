//! What carries a stack's tags and is not in its state: it is named, taken over at another address, or let go.

use serde_json::Value;

use crate::harness::World;

const HEAD: &str = "[infra]\nname = \"shop\"\nregion = \"cn-hangzhou\"\n";
const MAIN: &str = "[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n";

fn file(world: &World, text: &str) {
    world.write("infra.toml", &format!("{HEAD}{text}"));
}

fn applied() -> World {
    let world = World::new();
    file(&world, MAIN);
    world.apply().exits(0);
    world
}

fn vpcs(world: &World) -> Vec<Value> {
    world.inventory()["accounts"][0]["vpc"]
        .as_array()
        .unwrap()
        .clone()
}

fn id(vpc: &Value) -> String {
    vpc["id"].as_str().unwrap().to_owned()
}

/// A network that nobody knows of, with the tags of the one that is known.
fn stray(world: &World) -> String {
    let state: Value = serde_json::from_str(&world.read(".infra/state/default.json")).unwrap();
    let made = world.call(
        "Vpc",
        "CreateVpc",
        &[
            ("RegionId", "cn-hangzhou"),
            ("CidrBlock", "10.9.0.0/16"),
            ("Tag.1.Key", "infra:stack"),
            ("Tag.1.Value", state["lineage"].as_str().unwrap()),
            ("Tag.2.Key", "infra:addr"),
            ("Tag.2.Value", "vpc.main"),
            ("Tag.3.Key", "team"),
            ("Tag.3.Value", "a"),
        ],
    );
    made["VpcId"].as_str().unwrap().to_owned()
}

#[test]
fn a_stray_is_let_go_of_after_asking_and_goes_on_existing() {
    let world = applied();
    let stray = stray(&world);
    let told = world.run(&["plan"]).exits(0).says("W801").says(&stray);
    assert!(
        told.stdout.contains(&format!("infra state forget-stray {stray}")),
        "{}",
        told.stdout
    );
    assert!(told.stdout.contains("vpc.main is vpc-"), "{}", told.stdout);

    let before = world.inventory();
    world
        .run(&["state", "forget-stray", &stray])
        .exits(4)
        .tells("E0511")
        .tells(&format!("infra state forget-stray --auto-approve {stray}"));
    let (code, shown) = world.at_terminal(&format!("state forget-stray {stray}"), "Only yes", b"no\n");
    assert_eq!(code, Some(4), "{shown}");
    assert_eq!(world.inventory(), before);
    assert!(
        !world.path().join(".infra/state/default.journal").exists(),
        "a refusal leaves nothing behind"
    );

    let (code, shown) = world.at_terminal(&format!("state forget-stray {stray}"), "Only yes", b"yes\n");
    assert_eq!(code, Some(0), "{shown}");
    let left = vpcs(&world).into_iter().find(|vpc| id(vpc) == stray).unwrap();
    assert_eq!(left["tags"].to_string(), r#"[["team","a"]]"#);
    let plan = world.run(&["plan", "--detailed-exitcode"]).exits(0);
    assert!(!plan.stdout.contains("W801"), "{}", plan.stdout);
    world
        .run(&["state", "forget-stray", &stray, "--auto-approve"])
        .exits(1)
        .tells("E0842");
}

#[test]
fn what_the_state_knows_is_no_stray() {
    let world = applied();
    let known = id(&vpcs(&world)[0]);
    let before = world.inventory();
    world
        .run(&["state", "forget-stray", &known, "--auto-approve"])
        .exits(1)
        .tells("vpc.main")
        .tells("infra state rm vpc.main");
    assert_eq!(world.inventory(), before);
}

/// The advice of the warning can be followed, and what this stack made is not protected like a stranger's.
#[test]
fn a_stray_whose_address_is_taken_is_adopted_elsewhere() {
    let world = applied();
    let stray = stray(&world);
    file(
        &world,
        &format!("{MAIN}[vpc.second]\ncidr_block = \"10.9.0.0/16\"\n"),
    );
    world.run(&["import", "vpc.main", &stray]).exits(1).tells("E0206");
    world.run(&["import", "vpc.second", &stray]).exits(0);
    world
        .run(&["plan"])
        .exits(0)
        .says("update   vpc.second")
        .says("tags.\"infra:addr\"");
    world.apply().exits(0);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    world
        .run(&["destroy", "--auto-approve", "--allow-destroy"])
        .exits(0);
    assert_eq!(world.count("vpc"), 0);
}

#[test]
fn what_was_forgotten_can_be_let_go_of_for_good() {
    let world = applied();
    let known = id(&vpcs(&world)[0]);
    let told = world.run(&["state", "rm", "vpc.main"]).exits(0);
    assert!(
        told.stderr.contains(&format!("infra state forget-stray {known}")),
        "{}",
        told.stderr
    );
    file(&world, "");
    world.run(&["plan"]).exits(0).says("the files have no vpc.main");
    world.run(&["state", "forget-stray", "-y", &known]).exits(0);
    let plan = world.run(&["plan"]).exits(0);
    assert!(!plan.stdout.contains("W801"), "{}", plan.stdout);
    assert_eq!(world.count("vpc"), 1);
}
