//! Whose things are: a state that is lost, copied or another project's, and objects that another stack has.

use std::fs;

use crate::harness::World;

const STATE: &str = ".infra/state/default.json";

/// A world in which the quickstart was applied and its state moved away.
fn lost() -> World {
    let world = World::new();
    world.example("quickstart");
    world.apply().exits(0);
    fs::rename(world.path().join(".infra"), world.path().join("elsewhere")).unwrap();
    world
}

fn stack_of(world: &World, name: &str) -> String {
    let state: serde_json::Value = serde_json::from_str(&world.read(name)).unwrap();
    state["lineage"].as_str().unwrap().to_owned()
}

#[test]
fn without_its_state_nothing_is_made_twice() {
    let world = lost();
    let before = world.inventory();
    for command in [
        vec!["plan"],
        vec!["apply", "--auto-approve"],
        vec!["destroy", "--auto-approve", "--allow-destroy"],
    ] {
        world
            .run(&command)
            .exits(5)
            .tells("E0822")
            .tells("vpc.main")
            .tells("state rebuild")
            .tells("--new-stack");
    }
    assert_eq!(world.inventory(), before);
    // `apply` and `destroy` have left a lock.
    fs::remove_dir_all(world.path().join(".infra")).unwrap();
    fs::rename(world.path().join("elsewhere"), world.path().join(".infra")).unwrap();
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    // A state that is there is not rebuilt.
    world.run(&["state", "rebuild"]).exits(1).tells("E0821");
    world
        .run(&["destroy", "--auto-approve", "--allow-destroy"])
        .exits(0);
    for kind in ["vpc", "vswitch", "security_group", "instance", "disk"] {
        assert_eq!(world.count(kind), 0, "{kind} is left");
    }
}

/// Where all that the files want is there, nothing can be under way: nobody waits.
#[test]
fn a_lost_state_is_rebuilt_and_the_next_plan_is_empty() {
    let world = lost();
    let before = world.inventory();
    let planned = world.run(&["plan"]).exits(5);
    assert!(
        planned.stderr.contains("infra state rebuild"),
        "{}",
        planned.stderr
    );
    let rebuilt = world.run(&["state", "rebuild"]).exits(0).says("instance.web");
    assert!(!rebuilt.stderr.contains("looks again"), "{}", rebuilt.stderr);
    assert!(rebuilt.stderr.contains("infra plan"), "{}", rebuilt.stderr);
    assert_eq!(world.inventory(), before, "nothing was changed in the cloud");
    assert_eq!(
        stack_of(&world, STATE),
        stack_of(&world, "elsewhere/state/default.json")
    );
    world
        .run(&["plan", "--detailed-exitcode"])
        .exits(0)
        .says("No changes");
    world.apply().exits(0);
    // Nothing but the journal's own business differs from the state that was lost.
    let resources = |name: &str| {
        let mut state: serde_json::Value = serde_json::from_str(&world.read(name)).unwrap();
        for entry in state["resources"].as_object_mut().unwrap().values_mut() {
            entry.as_object_mut().unwrap().remove("created_at");
        }
        state["resources"].take()
    };
    assert_eq!(resources(STATE), resources("elsewhere/state/default.json"));
    world
        .run(&["destroy", "--auto-approve", "--allow-destroy"])
        .exits(0);
    assert_eq!(world.count("instance"), 0);
}

#[test]
fn another_stack_is_made_only_on_purpose_and_both_leave_each_other_alone() {
    let world = lost();
    world.run(&["apply", "--auto-approve", "--new-stack"]).exits(0);
    assert_eq!(world.count("vpc"), 2);
    // The flag was remembered.
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    world
        .run(&["destroy", "--auto-approve", "--allow-destroy"])
        .exits(0);
    assert_eq!(world.count("vpc"), 1);
    // Of two stacks one has to be named.
    world.apply().exits(0);
    assert_eq!(world.count("vpc"), 2);
    let both = [
        stack_of(&world, STATE),
        stack_of(&world, "elsewhere/state/default.json"),
    ];
    fs::remove_dir_all(world.path().join(".infra")).unwrap();
    let refused = world.run(&["state", "rebuild"]).exits(1).tells("E0824");
    for lineage in &both {
        assert!(refused.stderr.contains(lineage), "{}", refused.stderr);
    }
    assert!(
        !world.path().join(".infra").exists(),
        "a refusal leaves nothing behind"
    );
    world
        .run(&["state", "rebuild", "--lineage", "no-such-stack"])
        .exits(1);
}

#[test]
fn a_state_that_was_copied_to_another_environment_is_refused() {
    let world = World::new();
    world.example("quickstart");
    world.apply().exits(0);
    let before = world.inventory();
    world.write("env/prod.toml", "");
    world.write(".infra/state/prod.json", &world.read(STATE));
    let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600);
    fs::set_permissions(world.path().join(".infra/state/prod.json"), mode).unwrap();
    for command in [
        vec!["-e", "prod", "plan"],
        vec!["-e", "prod", "apply", "--auto-approve"],
        vec!["-e", "prod", "destroy", "--auto-approve", "--allow-destroy"],
    ] {
        world
            .run(&command)
            .exits(5)
            .tells("E0823")
            .tells("quickstart/default")
            .tells("--take-over");
    }
    assert_eq!(world.inventory(), before);
}

#[test]
fn a_project_with_a_new_name_takes_its_objects_along() {
    let world = World::new();
    world.example("quickstart");
    world.apply().exits(0);
    let renamed = world
        .read("infra.toml")
        .replacen("name = \"quickstart\"", "name = \"shop\"", 1);
    world.write("infra.toml", &renamed);
    world.apply().exits(5).tells("E0823");
    world.run(&["apply", "--auto-approve", "--take-over"]).exits(0);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    fs::remove_dir_all(world.path().join(".infra")).unwrap();
    world.apply().exits(5).tells("shop/default");
}

#[test]
fn what_another_stack_has_is_neither_imported_changed_nor_deleted() {
    let world = lost();
    let id = {
        let vpcs = world.call("Vpc", "DescribeVpcs", &[("RegionId", "cn-hangzhou")]);
        vpcs["Vpcs"]["Vpc"][0]["VpcId"].as_str().unwrap().to_owned()
    };
    // Another project wants to take the network.
    world.write(
        "other/infra.toml",
        "[infra]\nname = \"other\"\nregion = \"cn-hangzhou\"\n[vpc.net]\ncidr_block = \"10.0.0.0/8\"\n",
    );
    world
        .run(&["-C", "other", "import", "vpc.net", &id])
        .exits(5)
        .tells("E0825")
        .tells("quickstart/default");
    world
        .run(&["-C", "other", "import", "vpc.net", &id, "--take-over"])
        .exits(0);
    // Known by now, and still the other stack's: it is left alone until somebody says so again.
    let before = world.inventory();
    world.run(&["-C", "other", "plan"]).says("taken over");
    let _ = world.run(&["-C", "other", "destroy", "--auto-approve", "--allow-destroy"]);
    assert_eq!(world.inventory(), before);
    world
        .run(&["-C", "other", "apply", "--auto-approve", "--take-over"])
        .exits(0);
    // The stack that lost it is told by whom, and does not delete it.
    fs::rename(world.path().join("elsewhere"), world.path().join(".infra")).unwrap();
    world.run(&["plan"]).says("was taken over by other/default");
    let before = world.inventory();
    let _ = world.apply();
    assert_eq!(world.inventory(), before);
    let _ = world.run(&["destroy", "--auto-approve", "--allow-destroy"]);
    assert_eq!(world.count("vpc"), 1, "the network is the other's");
}
