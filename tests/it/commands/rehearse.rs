//! A plan is tried out on a twin: what would be refused is known before anything is asked, and nothing is changed by it.

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

[security_group.web]
vpc_id = "${vpc.main.id}"
ingress = [{ port_range = "443", source_cidr_ip = "0.0.0.0/0" }]

[instance.web]
name = "web"
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.main.id}"
security_group_ids = ["${security_group.web.id}"]
"#;

#[test]
fn what_is_rehearsed_is_what_is_done() {
    let world = World::new();
    world.write("infra.toml", STACK);
    let before = world.inventory();
    world
        .run(&["plan", "--rehearse"])
        .exits(0)
        .says("CreateInstance 1")
        .says("nothing is refused, and the next plan is empty");
    assert_eq!(world.inventory(), before);
    assert!(!world.path().join(".infra").exists(), "nothing is written");
    world
        .run(&["apply", "--auto-approve", "--rehearse"])
        .exits(0)
        .says("next plan is empty");
    // A change in place, a replacement, and the end of everything.
    for (from, to) in [
        ("ecs.g7.large", "ecs.g7.xlarge"),
        ("cn-hangzhou-h", "cn-hangzhou-i"),
    ] {
        let text = world.read("infra.toml");
        world.write("infra.toml", &text.replace(from, to));
        let before = world.inventory();
        world
            .run(&["plan", "--rehearse"])
            .exits(0)
            .says("nothing is refused, and the next plan is empty");
        assert_eq!(world.inventory(), before);
        world
            .run(&["apply", "--auto-approve", "--allow-destroy"])
            .exits(0);
    }
    world
        .run(&["plan", "--destroy", "--rehearse"])
        .exits(0)
        .says("nothing is refused, and the next plan is empty");
}

#[test]
fn what_would_be_refused_part_way_is_told_before() {
    let world = World::new();
    world.write("infra.toml", STACK);
    world.apply().exits(0);
    // A disk of somebody else's in the server does not stop its deletion, but a protection that was set by hand does.
    let id = world.instances()[0]["InstanceId"].as_str().unwrap().to_owned();
    let protect = [
        ("InstanceId", id.as_str()),
        ("DeletionProtection", "true"),
        ("RegionId", "cn-hangzhou"),
    ];
    world.call("Ecs", "ModifyInstanceAttribute", &protect);
    let text = world.read("infra.toml");
    world.write("infra.toml", &text.replace("cn-hangzhou-h", "cn-hangzhou-i"));
    let before = world.inventory();
    let told = world.run(&["plan", "--rehearse"]);
    // Either the plan forbids it itself, or the rehearsal finds it.
    let all = format!("{}{}", told.stdout, told.stderr);
    assert!(
        all.contains("E0536") || all.contains("deletion_protection"),
        "{all}"
    );
    assert_eq!(world.inventory(), before);
}

#[test]
fn what_a_twin_cannot_hold_is_not_refused() {
    let world = World::new();
    let net = STACK.split("[security_group.web]").next().unwrap();
    let table = format!("{net}[route_table.own]\nvpc_id = \"${{vpc.main.id}}\"\nname = \"own\"\n");
    world.write("infra.toml", &table);
    world.apply().exits(0);
    world.write("infra.toml", &table.replace("first", "second"));
    world
        .run(&["plan", "--rehearse"])
        .exits(0)
        .tells("W052")
        .tells("route_table");
}
