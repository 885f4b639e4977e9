//! What the state knows and nobody finds any more: making it again needs leave.

use std::time::Duration;

use serde_json::Value;

use super::disk::Leaves;
use super::fate::{Instant, Plan};
use super::lock;
use super::meddle::{self, meddle};
use super::scenarios::SUCCEED;
use super::world::World;

const STACK: &str =
    "[infra]\nname = \"gone\"\nregion = \"cn-hangzhou\"\n[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n";

#[test]
fn what_vanished_is_made_again_only_with_leave() {
    let mut world = World::new(7, STACK, |_| {});
    let applied = world.apply(Plan::default());
    assert_eq!(applied.code, Some(0), "{}", applied.err);
    world.wait(Duration::from_secs(120));
    // Somebody tries what comes to mind until the network is gone.
    let is_gone = |world: &World| {
        let world_json = lock(&world.site).cloud.world_json(world.now);
        !world_json.contains("\"vpc-")
    };
    let gone = (0..2000).any(|what| {
        meddle(&mut lock(&world.site), world.now, what);
        is_gone(&world)
    });
    assert!(gone);
    let refused = world.run(&["apply", "--auto-approve", "--no-input"], Plan::default());
    assert_eq!(refused.code, Some(5), "{}", refused.err);
    assert!(refused.err.contains("E0522"), "{}", refused.err);
    assert!(is_gone(&world), "it was made again without leave");
    let status = world.run(&["status"], Plan::default());
    assert!(
        status.out.contains("gone") && status.out.contains("yes"),
        "{}",
        status.out
    );
    let drift = world.run(&["drift", "--detailed-exitcode"], Plan::default());
    assert_eq!(drift.code, Some(2), "{}", drift.err);
    assert!(
        drift
            .out
            .contains("no longer exists; the next apply makes it again"),
        "{}",
        drift.out
    );
    let allowed = world.apply(Plan::default());
    assert_eq!(allowed.code, Some(0), "{}", allowed.err);
    assert!(!is_gone(&world));
}

const UNLEAVED: &[&str] = &["apply", "--auto-approve", "--allow-destroy", "--no-input"];

const AROUND: &str = r#"[infra]
name = "hidden"
region = "cn-hangzhou"
[vpc.main]
cidr_block = "10.0.0.0/16"
[vswitch.main]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.1.0/24"
[security_group.main]
vpc_id = "${vpc.main.id}"
"#;

/// What lists a type, and one of that type that nothing needs.
const HIDDEN: &[(&str, &str)] = &[
    (
        "DescribeKeyPairs",
        "[key_pair.x]\nname = \"xy\"\npublic_key_body = \"ssh-ed25519 AAAA\"\n",
    ),
    (
        "DescribeAutoSnapshotPolicyEx",
        "[snapshot_policy.x]\ntime_points = [1]\nrepeat_weekdays = [1]\nretention_days = 1\n",
    ),
    ("DescribeEipAddresses", "[eip.x]\nbandwidth = 5\n"),
    (
        "DescribeDisks",
        "[disk.x]\nzone_id = \"cn-hangzhou-h\"\ndisk_category = \"cloud_essd\"\nsize = 20\n",
    ),
    (
        "DescribeRouteTableList",
        "[route_table.x]\nvpc_id = \"${vpc.main.id}\"\n",
    ),
    (
        "DescribeNetworkInterfaces",
        "[network_interface.x]\nvswitch_id = \"${vswitch.main.id}\"\n\
         security_group_ids = [\"${security_group.main.id}\"]\n",
    ),
    (
        "DescribeNatGateways",
        "[nat_gateway.x]\nvpc_id = \"${vpc.main.id}\"\nvswitch_id = \"${vswitch.main.id}\"\n",
    ),
    (
        "DescribeLoadBalancers",
        "[slb.x]\naddress_type = \"internet\"\nload_balancer_spec = \"slb.s1.small\"\n",
    ),
    (
        "DescribeInstances",
        "[instance.x]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${vswitch.main.id}\"\nsecurity_group_ids = [\"${security_group.main.id}\"]\n",
    ),
    (
        "DescribeSecurityGroupAttribute",
        "[security_group_rule.x]\nsecurity_group_id = \"${security_group.main.id}\"\nport_range = \"80\"\n\
         source_cidr_ip = \"10.0.0.0/8\"\n",
    ),
];

fn known(world: &mut World) -> Value {
    let pulled = world.run(&["state", "pull"], Plan::default());
    serde_json::from_str(&pulled.out).unwrap_or_else(|_| panic!("{}", pulled.err))
}

/// Who may not see something of a type is told what would be forgotten, and it stays in the state: when it is seen again,
/// it is deleted.
#[test]
fn what_is_hidden_is_not_forgotten_although_nothing_wants_it_any_more() {
    for (list, block) in HIDDEN {
        let mut world = World::new(11, &format!("{AROUND}{block}"), |_| {});
        let applied = world.apply(Plan::default());
        assert_eq!(applied.code, Some(0), "{list}: {}", applied.err);
        world.wait(Duration::from_secs(120));
        world.configure(AROUND);
        let address = block[1..].split(']').next().unwrap();
        world.weather.blind = Some(list);
        let refused = world.run(UNLEAVED, Plan::default());
        let told = format!("{list}: {:?}\n{}\n{}", refused.code, refused.out, refused.err);
        assert_eq!((refused.code, refused.sent), (Some(5), 0), "{told}");
        assert!(
            refused.err.contains("E0522") && refused.err.contains(address),
            "{told}"
        );
        assert!(
            known(&mut world)["resources"][address]["id"].is_string(),
            "{told}"
        );
        world.weather.blind = None;
        let seen = world.run(UNLEAVED, Plan::default());
        assert_eq!(seen.code, Some(0), "{list}: {}\n{}", seen.out, seen.err);
        assert!(seen.out.contains("delete"), "{}", seen.out);
        assert!(known(&mut world)["resources"][address].is_null(), "{list}");
    }
}

/// The same with what a replacement has left over: whoever deleted it, nobody says that it was us.
#[test]
fn what_is_left_over_and_not_seen_is_forgotten_only_with_leave() {
    let mut vanished = 0;
    for at in 1.. {
        let mut world = SUCCEED.world(at);
        let ended = world.apply(Plan {
            kill: Some(Instant::AfterRequest(at)),
            ..Plan::default()
        });
        world.crash(Leaves::Everything);
        world.wait(Duration::from_secs(600));
        let state = known(&mut world);
        let old = &state["resources"]["security_group.web"]["deposed"][0]["id"];
        let groups = world.inventory()["security_group"].take();
        let is_there = |old: &&str| {
            let mut groups = groups.as_array().into_iter().flatten();
            groups.any(|row| row["id"] == **old)
        };
        if let Some(old) = old.as_str().filter(is_there) {
            let params = [("Action", "DeleteSecurityGroup"), ("SecurityGroupId", old)];
            let (status, answer) = meddle::call(&mut lock(&world.site), world.now, "Ecs", &params);
            assert_eq!(status, 200, "{answer}");
            vanished += 1;
            let refused = world.run(UNLEAVED, Plan::default());
            let told = format!("{at}: {:?}\n{}\n{}", refused.code, refused.out, refused.err);
            assert_eq!((refused.code, refused.sent), (Some(5), 0), "{told}");
            assert!(refused.err.contains("E0522"), "{told}");
        } else {
            // What a run of ours was about to delete, or has deleted, is not missed.
            let next = world.run(UNLEAVED, Plan::default());
            assert_eq!(next.code, Some(0), "{at}: {}\n{}", next.out, next.err);
        }
        let allowed = world.apply(Plan::default());
        assert_eq!(allowed.code, Some(0), "{at}: {}\n{}", allowed.out, allowed.err);
        if ended.code.is_some() {
            break;
        }
    }
    assert!(vanished > 0);
}
