//! Taking over what exists, where the file has no block for it: the block is written, and the plan for it is empty.

use crate::harness::World;

const REGION: (&str, &str) = ("RegionId", "cn-hangzhou");

fn made(world: &World, product: &str, action: &str, params: &[(&str, &str)], id: &str) -> String {
    let all: Vec<(&str, &str)> = [REGION].iter().chain(params).copied().collect();
    let answer = world.call(product, action, &all);
    answer[id]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
        .to_owned()
}

/// A network and a server in it that somebody has made by hand: ids of VPC, vSwitch, group and server.
fn by_hand(world: &World) -> [String; 4] {
    let vpc = made(
        world,
        "Vpc",
        "CreateVpc",
        &[("CidrBlock", "10.0.0.0/16"), ("VpcName", "old")],
        "VpcId",
    );
    // The next read sees it as available.
    world.call("Vpc", "DescribeVpcs", &[REGION]);
    let vswitch = made(
        world,
        "Vpc",
        "CreateVSwitch",
        &[
            ("VpcId", &vpc),
            ("ZoneId", "cn-hangzhou-h"),
            ("CidrBlock", "10.0.1.0/24"),
        ],
        "VSwitchId",
    );
    world.call("Vpc", "DescribeVSwitches", &[REGION]);
    let group = made(
        world,
        "Ecs",
        "CreateSecurityGroup",
        &[("VpcId", &vpc), ("SecurityGroupName", "old-web")],
        "SecurityGroupId",
    );
    for port in ["22/22", "443/443"] {
        let rule = [
            REGION,
            ("SecurityGroupId", group.as_str()),
            ("IpProtocol", "tcp"),
            ("PortRange", port),
            ("SourceCidrIp", "203.0.113.0/24"),
        ];
        world.call("Ecs", "AuthorizeSecurityGroup", &rule);
    }
    let server = made(
        world,
        "Ecs",
        "CreateInstance",
        &[
            ("InstanceType", "ecs.g7.large"),
            ("ImageId", "ubuntu_22_04_x64_20G_alibase_20240819.vhd"),
            ("VSwitchId", &vswitch),
            ("SecurityGroupId", &group),
            ("InstanceName", "old ${server}"),
            ("InternetMaxBandwidthOut", "5"),
            ("SystemDisk.Category", "cloud_essd"),
            ("Tag.1.Key", "负责人"),
            ("Tag.1.Value", "李雷"),
        ],
        "InstanceId",
    );
    world.call("Ecs", "DescribeInstances", &[REGION]);
    world.call("Ecs", "StartInstance", &[("InstanceId", &server)]);
    world.call("Ecs", "DescribeInstances", &[REGION]);
    [vpc, vswitch, group, server]
}

#[test]
fn what_was_made_by_hand_is_written_down_and_stays_as_it_is() {
    let world = World::new();
    let [vpc, vswitch, group, server] = by_hand(&world);
    let begin = "[infra]\nname = \"shop\"\nregion = \"cn-hangzhou\"\n";
    world.write("infra.toml", begin);
    // Looking writes nothing.
    let printed = world.run(&["import", "--print", "vpc.old", &vpc]).exits(0).stdout;
    assert_eq!(world.read("infra.toml"), begin);
    assert!(!world.path().join(".infra").exists());

    let before = world.inventory();
    for (address, id) in [
        ("vpc.old", &vpc),
        ("vswitch.old", &vswitch),
        ("security_group.old", &group),
        ("instance.old", &server),
    ] {
        world
            .run(&["import", address, id])
            .exits(0)
            .says("The plan for it is empty");
    }
    assert_eq!(
        world.inventory()["accounts"],
        before["accounts"],
        "something was changed"
    );
    let text = world.read("infra.toml");
    assert!(text.starts_with(&format!("{begin}\n{printed}")), "{text}");
    expect_test::expect![[r#"
        [infra]
        name = "shop"
        region = "cn-hangzhou"

        [vpc.old]
        cidr_block = "10.0.0.0/16"
        name = "old"

        [vswitch.old]
        vpc_id = "${vpc.old.id}"
        zone_id = "cn-hangzhou-h"
        cidr_block = "10.0.1.0/24"

        [security_group.old]
        vpc_id = "${vpc.old.id}"
        name = "old-web"
        ingress = [
          { port_range = "22/22", source_cidr_ip = "203.0.113.0/24" },
          { port_range = "443/443", source_cidr_ip = "203.0.113.0/24" },
        ]

        [instance.old]
        name = "old $${server}"
        instance_type = "ecs.g7.large"
        image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
        vswitch_id = "${vswitch.old.id}"
        security_group_ids = ["${security_group.old.id}"]
        system_disk = { category = "cloud_essd", size = 40, performance_level = "PL1" }
        tags = { "负责人" = "李雷" }
    "#]]
    .assert_eq(&text);
    world.run(&["fmt", "--check"]).exits(0);
    world.run(&["validate"]).exits(0);

    // Only the tags that tell whose it is are set, and then nothing is left to do.
    let plan = world.run(&["plan"]).exits(0).stdout;
    assert!(
        plan.contains("Plan: 0 to create, 4 to update, 0 to replace, 0 to delete."),
        "{plan}"
    );
    assert!(!plan.contains("down "), "{plan}");
    world.apply().exits(0);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    assert_eq!(world.count("instance"), 1);
}

#[test]
fn a_block_that_cannot_be_written_leaves_the_file_as_it_was() {
    let world = World::new();
    let [vpc, vswitch, ..] = by_hand(&world);
    let begin = "[infra]\nname = \"shop\"\nregion = \"cn-hangzhou\"\n";
    world.write("infra.toml", begin);
    world
        .run(&["import", "vpc.old", "vpc-nowhere"])
        .exits(1)
        .tells("E0842");
    world.run(&["import", "vpc.old[0]", &vpc]).exits(1).tells("E0841");
    world
        .run(&["import", "vpc.old", &vswitch])
        .exits(1)
        .tells("E0842");
    assert_eq!(world.read("infra.toml"), begin);
    // A network that the file has already under another name is in the way of a second one.
    world.run(&["import", "vpc.old", &vpc]).exits(0);
    let text = world.read("infra.toml");
    world.run(&["import", "vpc.other", &vpc]).exits(1).tells("E0206");
    world.run(&["import", "vpc.old", &vpc]).exits(1).tells("E0206");
    assert_eq!(world.read("infra.toml"), text);
    // What only the defaults ask for is in the way, and is named.
    let strict = text.replace(
        "[vpc.old]",
        "[defaults.vswitch]\ndescription = \"made by infra\"\n\n[vpc.old]",
    );
    world.write("infra.toml", &strict);
    world
        .run(&["import", "vswitch.old", &vswitch])
        .exits(3)
        .says("In the way of an empty plan: description");
}
