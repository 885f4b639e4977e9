//! The examples, each from an empty world to an empty world.

use crate::harness::World;

fn comes_and_goes(name: &str) {
    comes_and_goes_but_for(name, &[]);
}

/// The same where data disks with `delete_with_instance = false` stay, as the plan says.
fn comes_and_goes_but_for(name: &str, stays: &[&str]) {
    let world = World::new();
    world.example(name);
    world.run(&["validate"]).exits(0);
    let rehearsed = |arguments: &[&str]| {
        world
            .run(arguments)
            .exits(0)
            .says("nothing is refused, and the next plan is empty");
    };
    rehearsed(&["plan", "--rehearse"]);
    world.apply().exits(0);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    // A twin holds all of it.
    rehearsed(&["plan", "--destroy", "--rehearse"]);
    world
        .run(&["destroy", "--auto-approve", "--allow-destroy"])
        .exits(0);
    for kind in ["vpc", "vswitch", "security_group", "instance", "eip"] {
        assert_eq!(world.count(kind), 0, "{kind} is left");
    }
    let inventory = world.inventory();
    let disks = inventory["accounts"][0]["disk"].as_array().unwrap();
    let left: Vec<&str> = disks.iter().filter_map(|disk| disk["name"].as_str()).collect();
    assert_eq!(left, stays, "disks are left");
    assert_eq!(
        world.stats()["unknown_parameters"]["total"],
        0,
        "{}",
        world.stats()
    );
}

#[test]
fn the_quickstart_comes_and_goes() {
    comes_and_goes("quickstart");
}

#[test]
fn the_subscription_comes_and_goes() {
    comes_and_goes("subscription");
}

#[test]
fn the_power_example_comes_and_goes() {
    comes_and_goes("power");
}

#[test]
fn the_classic_example_comes_and_goes() {
    comes_and_goes("classic");
}

#[test]
fn the_disk_comes_and_goes() {
    comes_and_goes("disk");
}

#[test]
fn the_web_tier_comes_and_goes() {
    comes_and_goes("web-tier");
}

#[test]
fn private_servers_come_and_go() {
    comes_and_goes("nat-private");
}

#[test]
fn the_key_and_the_disks_come_and_go() {
    comes_and_goes_but_for("key-and-disks", &["database"]);
}

#[test]
fn the_balanced_servers_come_and_go() {
    comes_and_goes("load-balanced");
}

#[test]
fn the_elastic_ip_comes_and_goes() {
    comes_and_goes("eip");
}

#[test]
fn a_guest_leaves_the_network_as_it_was() {
    let world = World::new();
    let region = ("RegionId", "cn-hangzhou");
    let vpc = world.call("Vpc", "CreateVpc", &[region, ("CidrBlock", "10.0.0.0/16")]);
    let vpc = vpc["VpcId"].as_str().unwrap();
    // The next read sees it as available.
    world.call("Vpc", "DescribeVpcs", &[region]);
    let vswitch = world.call(
        "Vpc",
        "CreateVSwitch",
        &[
            region,
            ("VpcId", vpc),
            ("ZoneId", "cn-hangzhou-h"),
            ("CidrBlock", "10.0.1.0/24"),
        ],
    );
    let vswitch = vswitch["VSwitchId"].as_str().unwrap().to_owned();
    world.call("Vpc", "DescribeVSwitches", &[region]);
    let group = world.call("Ecs", "CreateSecurityGroup", &[region, ("VpcId", vpc)]);
    let group = group["SecurityGroupId"].as_str().unwrap().to_owned();
    let start = world.inventory();
    world.example("existing-network");
    let variables = [
        format!("vswitch_id={vswitch}"),
        format!("security_group_id={group}"),
    ];
    let with = |more: &[&'static str]| {
        let mut arguments = vec!["-v", variables[0].as_str(), "-v", variables[1].as_str()];
        arguments.extend(more);
        world.run(&arguments)
    };
    with(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(world.instances().len(), 1);
    with(&["plan", "--detailed-exitcode"]).exits(0);
    with(&["destroy", "--auto-approve", "--allow-destroy"]).exits(0);
    assert_eq!(world.inventory(), start);
}
