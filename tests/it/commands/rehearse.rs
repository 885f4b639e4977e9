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

/// A protection that was set by hand, which no read of the planner shows.
#[test]
fn what_would_be_refused_part_way_is_told_before() {
    let world = World::new();
    let balancer = "[slb.front]\nload_balancer_spec = \"slb.s2.small\"\naddress_type = \"intranet\"\n\
                    vswitch_id = \"${vswitch.main.id}\"\n";
    world.write("infra.toml", &(STACK.to_owned() + balancer));
    world.apply().exits(0);
    let region = ("RegionId", "cn-hangzhou");
    let balancers = world.call("Slb", "DescribeLoadBalancers", &[region]);
    let id = balancers["LoadBalancers"]["LoadBalancer"][0]["LoadBalancerId"].as_str();
    let protect = [
        region,
        ("LoadBalancerId", id.unwrap()),
        ("DeleteProtection", "on"),
    ];
    world.call("Slb", "SetLoadBalancerDeleteProtection", &protect);
    world.write("infra.toml", STACK);
    let before = world.inventory();
    world
        .run(&["plan", "--rehearse"])
        .exits(1)
        .tells("E0536")
        .tells("in the rehearsal slb.front")
        .tells("OperationDenied.DeleteProtectionIsOn")
        .says("it does not come to its end");
    world
        .run(&["apply", "--auto-approve", "--allow-destroy", "--rehearse"])
        .exits(1)
        .tells("E0536");
    assert_eq!(world.inventory(), before);
}

/// A load balancer whose listener leads to a group of servers that no block stands for.
#[test]
fn what_a_twin_cannot_hold_is_not_refused() {
    let world = World::new();
    let net = STACK.split("[security_group.web]").next().unwrap();
    let stack = format!(
        "{net}[slb.front]\nname = \"first-front\"\nload_balancer_spec = \"slb.s2.small\"\n\
         vswitch_id = \"${{vswitch.main.id}}\"\naddress_type = \"intranet\"\n"
    );
    world.write("infra.toml", &stack);
    world.apply().exits(0);
    let region = ("RegionId", "cn-hangzhou");
    let balancers = world.call("Slb", "DescribeLoadBalancers", &[region]);
    let balancer = balancers["LoadBalancers"]["LoadBalancer"][0]["LoadBalancerId"]
        .as_str()
        .unwrap();
    let own = ("LoadBalancerId", balancer);
    let group = world.call("Slb", "CreateVServerGroup", &[region, own]);
    let group = group["VServerGroupId"].as_str().unwrap();
    let listener = [
        region,
        own,
        ("ListenerPort", "80"),
        ("Bandwidth", "-1"),
        ("VServerGroupId", group),
    ];
    world.call("Slb", "CreateLoadBalancerTCPListener", &listener);
    world.write("infra.toml", &stack.replace("first-front", "second-front"));
    world
        .run(&["plan", "--rehearse"])
        .exits(0)
        .tells("W052")
        .tells("CreateLoadBalancerTCPListener");
}

/// Nobody's VPC, vSwitch, group and key pair are named by id: the twin has them as well.
#[test]
fn what_is_named_by_id_is_in_the_twin() {
    let world = World::new();
    let region = ("RegionId", "cn-hangzhou");
    let vpc = world.call("Vpc", "CreateVpc", &[region, ("CidrBlock", "10.0.0.0/16")]);
    let vpc = vpc["VpcId"].as_str().unwrap();
    world.call("Vpc", "DescribeVpcs", &[region]);
    let vswitch = [
        region,
        ("VpcId", vpc),
        ("ZoneId", "cn-hangzhou-h"),
        ("CidrBlock", "10.0.1.0/24"),
    ];
    let vswitch = world.call("Vpc", "CreateVSwitch", &vswitch);
    world.call("Vpc", "DescribeVSwitches", &[region]);
    let group = world.call("Ecs", "CreateSecurityGroup", &[region, ("VpcId", vpc)]);
    let key = [
        region,
        ("KeyPairName", "theirs"),
        ("PublicKeyBody", "ssh-rsa AAAAB3Nza1234"),
    ];
    world.call("Ecs", "ImportKeyPair", &key);
    let stack = format!(
        "[infra]\nname = \"guest\"\nregion = \"cn-hangzhou\"\n\n[instance.web]\n\
         instance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = {}\nsecurity_group_ids = [{}]\nkey_pair_name = \"theirs\"\n",
        vswitch["VSwitchId"], group["SecurityGroupId"]
    );
    world.write("infra.toml", &stack);
    for change in [
        stack.clone(),
        stack.replace("g7.large", "g7.xlarge"),
        String::new(),
    ] {
        if change.is_empty() {
            world.write(
                "infra.toml",
                "[infra]\nname = \"guest\"\nregion = \"cn-hangzhou\"\n",
            );
        } else {
            world.write("infra.toml", &change);
        }
        world
            .run(&["plan", "--rehearse"])
            .exits(0)
            .says("nothing is refused, and the next plan is empty");
        world
            .run(&["apply", "--auto-approve", "--allow-destroy"])
            .exits(0);
    }
}

/// What is sold out, and what an account may have, is asked of the cloud itself and never of the twin.
#[test]
fn a_twin_sells_everything() {
    let world = World::new();
    world.write("infra.toml", STACK);
    world.sold_out("*@*");
    world
        .run(&["plan", "--rehearse", "--no-preflight"])
        .exits(0)
        .says("nothing is refused, and the next plan is empty");
}
