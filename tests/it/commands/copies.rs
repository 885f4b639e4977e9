//! Thirty servers of one block: one page tells of all of them, and the one that differs is seen.

use unicode_width::UnicodeWidthStr as _;

use crate::harness::World;

const NETWORK: &str = r#"[infra]
name = "shop"
region = "cn-hangzhou"

[vpc.main]
cidr_block = "10.0.0.0/16"

[vswitch.main]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.1.0/24"

[security_group.web]
vpc_id = "${vpc.main.id}"
"#;

const SERVER: &str = r#"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.main.id}"
security_group_ids = ["${security_group.web.id}"]
internet_max_bandwidth_out = 5
"#;

/// Thirty equal ones, each with a name of its own.
fn equal() -> String {
    let own = "[instance.web]\ncount = 30\nname = \"web-${count.index}\"\ninstance_type = \"ecs.g7.large\"";
    format!("{NETWORK}\n{own}{SERVER}")
}

/// Thirty by name, of which one is larger.
fn by_name(odd: &str) -> String {
    let mut of_each = String::new();
    for index in 0..30 {
        let name = format!("n{index:02}");
        let size = if name == odd { "xlarge" } else { "large" };
        of_each.push_str(&format!("{name} = \"ecs.g7.{size}\"\n"));
    }
    let own = "[instance.web]\nname = \"web-${each.key}\"\ninstance_type = \"${each.value}\"";
    format!("{NETWORK}\n{own}{SERVER}\n[instance.web.for_each]\n{of_each}")
}

/// What a plan shows at a terminal of so many columns.
fn planned(world: &World, columns: usize) -> String {
    let (code, shown) = world.on_screen(columns, "plan", &[]);
    assert_eq!(code, Some(0), "{shown}");
    let shown = shown.replace("\r\n", "\n");
    for line in shown.lines() {
        assert!(line.width() <= columns, "{columns}: {line}");
    }
    shown
}

#[track_caller]
fn is_one_page(shown: &str) {
    let lines = shown.lines().count();
    assert!(lines <= 25, "{lines} lines:\n{shown}");
}

#[cfg(unix)]
#[test]
fn thirty_equal_servers_are_one_page_and_the_odd_one_is_seen() {
    let world = World::new();
    world.write("infra.toml", NETWORK);
    world.apply().exits(0);
    for columns in [60, 80, 100, 140] {
        // All equal.
        world.write("infra.toml", &equal());
        let shown = planned(&world, columns);
        is_one_page(&shown);
        assert!(shown.contains("+ create   instance.web[0..29] x30"), "{shown}");
        assert!(shown.contains("\"web-0\" .. \"web-29\""), "{shown}");
        assert!(shown.contains("Plan: 30 to create"), "{shown}");
        // One among them.
        world.write("infra.toml", &by_name("n17"));
        let shown = planned(&world, columns);
        assert!(shown.contains("+ create   instance.web[n17]"), "{shown}");
        let (_, odd) = shown.split_once("+ create   instance.web[n17]").unwrap();
        assert!(odd.contains("\"ecs.g7.xlarge\""), "{shown}");
        assert!(shown.contains(" x29"), "{shown}");
        assert_eq!(shown.matches("ecs.g7.xlarge").count(), 1, "{shown}");
    }
    let full = world.run(&["plan", "--full"]).exits(0).stdout;
    for index in 0..30 {
        assert!(
            full.contains(&format!("+ create   instance.web[n{index:02}]")),
            "{full}"
        );
    }
}

#[cfg(unix)]
#[test]
fn one_of_thirty_that_somebody_changed_is_seen() {
    let world = World::new();
    world.write("infra.toml", &equal());
    world.apply().exits(0);
    let servers = world.instances();
    assert_eq!(servers.len(), 30);
    let odd = servers
        .iter()
        .find(|one| one["InstanceName"] == "web-17")
        .unwrap();
    let params = [
        ("InstanceId", odd["InstanceId"].as_str().unwrap()),
        ("InstanceName", "by-hand"),
    ];
    world.call("Ecs", "ModifyInstanceAttribute", &params);
    let shown = planned(&world, 80);
    is_one_page(&shown);
    assert!(shown.contains("! instance.web[17]"), "{shown}");
    assert!(shown.contains("~ update   instance.web[17]"), "{shown}");
    assert!(shown.contains("\"by-hand\" -> \"web-17\""), "{shown}");
    // All of them, and the one that is renamed by hand besides.
    world.write("infra.toml", &equal().replace("ecs.g7.large", "ecs.g7.xlarge"));
    let shown = planned(&world, 80);
    assert!(
        shown.contains("~ update   instance.web[0..16,18..29] x29"),
        "{shown}"
    );
    assert!(shown.contains("~ update   instance.web[17]"), "{shown}");
    assert!(
        shown.contains("all 30 of instance.web are down at once"),
        "{shown}"
    );
    let rows = world.run(&["status"]).exits(0).stdout;
    assert_eq!(
        rows.lines().filter(|line| line.ends_with(" yes")).count(),
        1,
        "{rows}"
    );
}
