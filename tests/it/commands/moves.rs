//! A block that gains `count` keeps its object, as people see it and as the cloud is asked.

use expect_test::expect;

use crate::harness::World;

const HEAD: &str = "[infra]\nname = \"shop\"\nregion = \"cn-hangzhou\"\n";

fn file(world: &World, name: &str, more: &str) {
    world.write(
        "infra.toml",
        &format!("{HEAD}[vpc.{name}]\ncidr_block = \"10.0.0.0/16\"\n{more}"),
    );
}

/// Without what differs from run to run.
fn plain(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("infra ") && !line.starts_with("read "));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_block_that_gains_count_is_moved_and_nothing_but_its_tag_is_changed() {
    let world = World::new();
    file(&world, "main", "");
    world.apply().exits(0);
    let id = world.inventory()["accounts"][0]["vpc"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    file(&world, "main", "count = 1\n");
    let plan = world.run(&["plan"]).exits(0);
    expect![[r#"

          > move     vpc.main[0]                                                                infra.toml:4
            because it was vpc.main; its block has count now
            ~ tags."infra:addr"  "vpc.main" -> "vpc.main[0]"
              (1 unchanged, --full shows them)
            steps set tags

        Plan: 1 to move, 0 to create, 0 to update, 0 to replace, 0 to delete. 0 unchanged.
        Next: infra apply
    "#]]
    .assert_eq(&plain(&plan.stdout));
    let events = world.run(&["plan", "--json"]).exits(0);
    for field in [r#""action":"move""#, r#""from":"vpc.main""#] {
        assert!(events.stdout.contains(field), "{}", events.stdout);
    }
    let (creates, tags) = (
        world.requests("Vpc", "CreateVpc"),
        world.requests("Vpc", "TagResources"),
    );
    world.apply().exits(0).says("1 moved");
    assert_eq!(world.requests("Vpc", "CreateVpc"), creates);
    assert_eq!(world.requests("Vpc", "TagResources"), tags + 1);
    assert_eq!(
        world.run(&["state", "list"]).exits(0).stdout,
        format!("vpc.main[0]  {id}\n")
    );
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn the_hint_about_a_new_name_can_be_followed() {
    let world = World::new();
    file(&world, "main", "");
    world.apply().exits(0);
    file(&world, "net", "");
    let plan = world.run(&["plan"]).exits(0);
    expect![[r#"
        [W802]: vpc.net is new and vpc.main is gone, and the two are alike
          --> infra.toml:4
          help: if it only has a new name, say so before you apply, and it is kept:
                  infra state mv vpc.main vpc.net

        Plan: 1 to create, 0 to update, 0 to replace, 1 to delete. 0 unchanged.
        Next: infra apply
    "#]]
    .assert_eq(plain(&plan.stdout).split("warning").nth(1).unwrap_or_default());
    world.run(&["state", "mv", "vpc.main", "vpc.net"]).exits(0);
    world.run(&["plan"]).exits(0).says("1 to update");
    world.apply().exits(0);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    assert_eq!(world.count("vpc"), 1);
}
