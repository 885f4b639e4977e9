//! What a plan reaches, told and drawn from its file, and what would be touched when one thing is made anew.

use std::collections::BTreeMap;

use expect_test::expect;
use serde_json::Value;

use crate::harness::World;

const STACK: &str = r#"[infra]
name = "shop"
region = "cn-hangzhou"

[vpc.main]
cidr_block = "10.0.0.0/16"

[vswitch.a]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.1.0/24"

[security_group.web]
vpc_id = "${vpc.main.id}"

[instance.web]
count = 3
instance_type = "ecs.t6-c1m1.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.a.id}"
security_group_ids = ["${security_group.web.id}"]

[disk.data]
zone_id = "cn-hangzhou-h"
disk_category = "cloud_essd"
size = 40
instance_id = "${instance.web[0].id}"

[eip.front]
bandwidth = 5
instance_id = "${instance.web[0].id}"
"#;

#[test]
fn a_saved_plan_tells_what_it_reaches_without_its_folder() {
    let world = World::new();
    world.write("infra.toml", STACK);
    world.run(&["plan", "-o", "new.plan"]).exits(0);
    // With a line before it, so that its indentation counts.
    let told = world.run(&["graph", "new.plan"]).exits(0).stdout;
    expect![[r#"
        graph
          + create    disk.data
            needs     instance.web[0..2] x3 (create)
          + create    eip.front
            needs     instance.web[0..2] x3 (create)
          + create    instance.web[0..2] x3
            needed by disk.data (create), eip.front (create)
            needs     security_group.web (create), vswitch.a (create)
          + create    security_group.web
            needed by instance.web[0..2] x3 (create)
            needs     vpc.main (create)
          + create    vpc.main
            needed by security_group.web (create), vswitch.a (create)
          + create    vswitch.a
            needed by instance.web[0..2] x3 (create)
            needs     vpc.main (create)
    "#]]
    .assert_eq(&format!("graph\n{told}"));
    world.apply().exits(0);

    // The disk and the address of a server that is made anew live on, and are joined to the new one.
    world
        .run(&["plan", "--replace", "instance.web[0]", "-o", "p.plan"])
        .exits(0);
    expect![[r#"
        -/+ replace   instance.web[0]
            needed by disk.data (update), eip.front (update)
            needs     security_group.web (stays), vswitch.a (stays)
          ~ update    disk.data
            needs     instance.web[0] (replace)
          ~ update    eip.front
            needs     instance.web[0] (replace)
    "#]]
    .assert_eq(&world.run(&["graph", "p.plan"]).exits(0).stdout);
    expect![[r#"
        flowchart LR
          n0["-/+ replace<br/>instance.web[0]"]:::lost
          n1["~ update<br/>disk.data"]:::changed
          n2["~ update<br/>eip.front"]:::changed
          n3["stays<br/>security_group.web"]:::stays
          n4["stays<br/>vswitch.a"]:::stays
          n3 --> n0
          n4 --> n0
          n0 --> n1
          n0 --> n2
          classDef changed fill:#fdf3d8,stroke:#7a4d00,color:#7a4d00
          classDef lost fill:#fdecec,stroke:#b3141c,color:#b3141c
          classDef stays fill:#ffffff,stroke:#515a66,color:#515a66,stroke-dasharray:4 3
    "#]]
    .assert_eq(
        &world
            .run(&["graph", "p.plan", "--format", "mermaid"])
            .exits(0)
            .stdout,
    );
    let svg = world.run(&["graph", "p.plan", "--format", "svg"]).exits(0).stdout;
    assert!(
        svg.contains(">instance.web[0]<") && svg.contains(">stays<"),
        "{svg}"
    );
    let html = world.run(&["show", "p.plan", "--format", "html"]).exits(0).stdout;
    assert!(
        html.contains("<h2>What it reaches</h2>") && html.contains("<a href=\"#instance-web-0-\">"),
        "{html}"
    );
    let markdown = world.run(&["show", "p.plan", "--format", "md"]).exits(0).stdout;
    assert!(markdown.contains("````mermaid\nflowchart LR\n"), "{markdown}");

    // The same bytes each time, and from anywhere: the file is enough.
    let alone = World::offline();
    alone.write("p.plan", &world.read("p.plan"));
    for format in ["tree", "mermaid", "dot", "svg", "json"] {
        let words = ["graph", "p.plan", "--format", format];
        let here = world.run(&words).exits(0).stdout;
        assert_eq!(here, world.run(&words).exits(0).stdout, "{format}");
        assert_eq!(here, alone.run(&words).exits(0).stdout, "{format}");
    }
    let json: Value =
        serde_json::from_str(&world.run(&["graph", "p.plan", "--json"]).exits(0).stdout).unwrap();
    let word = |address: &str| {
        let nodes = json["nodes"].as_array().unwrap();
        nodes
            .iter()
            .find(|node| node["address"] == address)
            .unwrap_or_else(|| panic!("{address} {json}"))["becomes"]
            .clone()
    };
    assert_eq!(word("instance.web[0]"), "replace");
    assert_eq!(word("vswitch.a"), "stays");
    world.run(&["plan", "-o", "none.plan"]).exits(0);
    world
        .run(&["graph", "none.plan"])
        .exits(0)
        .tells("The plan changes nothing.");
    world.run(&["graph", "infra.toml"]).exits(1).tells("is no plan");
}

#[test]
fn an_address_tells_what_is_touched_when_it_is_made_anew() {
    let world = World::offline();
    world.write("infra.toml", STACK);
    let told = world.run(&["graph", "vswitch.a"]).exits(0);
    expect![[r#"
        -/+ replace   instance.web[0..2] x3
            needed by disk.data (touched), eip.front (touched)
            needs     vswitch.a (replace)
        -/+ replace   vswitch.a
            needed by instance.web[0..2] x3 (replace)
          * touched   disk.data
            needs     instance.web[0..2] x3 (replace)
          * touched   eip.front
            needs     instance.web[0..2] x3 (replace)
    "#]]
    .assert_eq(&told.stdout);
    told.tells("infra plan --replace vswitch.a");
    // What is joined to it lives on, and all copies are meant by their block.
    expect![[r#"
        -/+ replace   instance.web[0..2] x3
            needed by disk.data (touched), eip.front (touched)
          * touched   disk.data
            needs     instance.web[0..2] x3 (replace)
          * touched   eip.front
            needs     instance.web[0..2] x3 (replace)
    "#]]
    .assert_eq(&world.run(&["graph", "instance.web"]).exits(0).stdout);
    expect![[r#"
        +/- replace   disk.data
    "#]]
    .assert_eq(&world.run(&["graph", "disk.data"]).exits(0).stdout);
    world
        .run(&["graph", "vswitch.b"])
        .exits(1)
        .tells("vswitch.b is not in the configuration");
}

/// What each becomes; what is touched is told as an update in a plan.
fn becomes(json: &str) -> BTreeMap<String, String> {
    let json: Value = serde_json::from_str(json).unwrap();
    let nodes = json["nodes"].as_array().unwrap().iter();
    let told = nodes.map(|node| {
        let becomes = node["becomes"].as_str().unwrap().replace("touched", "update");
        let word = [&becomes, node["order"].as_str().unwrap_or_default()]
            .join(" ")
            .trim()
            .to_owned();
        (node["address"].as_str().unwrap().to_owned(), word)
    });
    told.filter(|(_, word)| word != "stays").collect()
}

#[test]
fn what_the_files_tell_is_what_the_planner_decides() {
    let world = World::new();
    world.write("infra.toml", STACK);
    world.apply().exits(0);
    for address in [
        "vpc.main",
        "vswitch.a",
        "security_group.web",
        "instance.web",
        "instance.web[1]",
        "disk.data",
        "eip.front",
    ] {
        world
            .run(&["plan", "--replace", address, "-o", "p.plan"])
            .exits(0);
        let decided = becomes(&world.run(&["graph", "p.plan", "--json"]).exits(0).stdout);
        let told = becomes(&world.run(&["graph", address, "--json"]).exits(0).stdout);
        assert_eq!(told, decided, "{address}");
    }
}
