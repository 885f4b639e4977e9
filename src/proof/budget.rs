//! What a plan asks for when there is nothing to do: a request for each page of each type, one for each parent whose parts
//! are declared, one for each hundred of what only a request of its own tells, and a few for who and where.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};

use super::fate::Plan;
use super::lock;
use super::world::World;
use crate::types::REGISTRY;

/// All types at once: so many servers with a data disk and a role, and so many parents with parts.
fn stack(servers: usize, parents: usize) -> String {
    format!(
        r#"[infra]
name = "budget"
region = "cn-hangzhou"
[key_pair.office]
name = "office"
public_key_body = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 office"
[snapshot_policy.daily]
name = "daily"
time_points = [1]
repeat_weekdays = [1]
retention_days = 7
[vpc.main]
cidr_block = "10.0.0.0/8"
[vswitch.main]
vpc_id = "${{vpc.main.id}}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.0.0/20"
[instance.web]
count = {servers}
name = "web-${{count.index}}"
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${{vswitch.main.id}}"
security_group_ids = ["${{security_group.web[0].id}}"]
key_pair_name = "${{key_pair.office.name}}"
ram_role_name = "RAMTestName"
user_data = "echo hello"
metadata = {{ http_tokens = "required" }}
system_disk = {{ size = 40, name = "root" }}
data_disks = [{{ name = "data", size = 20 }}]
volume_tags = {{ team = "web" }}
[instance.paid]
name = "paid"
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${{vswitch.main.id}}"
security_group_ids = ["${{security_group.web[0].id}}"]
instance_charge_type = "PrePaid"
period = 1
auto_renew = true
[disk.data]
zone_id = "cn-hangzhou-h"
size = 20
instance_id = "${{instance.web[0].id}}"
auto_snapshot_policy_id = "${{snapshot_policy.daily.id}}"
[network_interface.back]
vswitch_id = "${{vswitch.main.id}}"
security_group_ids = ["${{security_group.web[0].id}}"]
instance_id = "${{instance.web[0].id}}"
[security_group.web]
count = {parents}
vpc_id = "${{vpc.main.id}}"
ingress = [{{ port_range = "80", source_cidr_ip = "0.0.0.0/0" }}]
[security_group.bare]
vpc_id = "${{vpc.main.id}}"
[security_group_rule.ssh]
security_group_id = "${{security_group.bare.id}}"
port_range = "22"
source_cidr_ip = "203.0.113.0/24"
[eip.nat]
count = {parents}
instance_id = "${{nat_gateway.main[count.index].id}}"
[nat_gateway.main]
count = {parents}
vpc_id = "${{vpc.main.id}}"
vswitch_id = "${{vswitch.main.id}}"
snat = [{{ source_cidr = "10.0.${{count.index}}.0/24", snat_ip = "${{eip.nat[count.index].ip_address}}" }}]
[route_table.own]
count = {parents}
vpc_id = "${{vpc.main.id}}"
[route_entry.out]
count = {parents}
route_table_id = "${{route_table.own[count.index].id}}"
destination_cidr_block = "0.0.0.0/0"
next_hop_type = "NatGateway"
next_hop_id = "${{nat_gateway.main[count.index].id}}"
[slb.front]
count = {parents}
load_balancer_spec = "slb.s1.small"
listeners = [{{ protocol = "http", port = 80, backend_port = 80 }}]
backends = [{{ server_id = "${{instance.web[0].id}}" }}]
"#
    )
}

/// The requests of a plan that is empty, by action.
fn requests(servers: usize, parents: usize) -> BTreeMap<String, usize> {
    let text = stack(servers, parents);
    for one in REGISTRY {
        assert!(text.contains(&format!("\n[{}.", one.name)), "{}", one.name);
    }
    let mut world = World::new(5, &text, |_| {});
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    lock(&world.site).log.words = Some(Vec::new());
    let plan = world.run(&["plan", "--detailed-exitcode"], Plan::default());
    assert_eq!(plan.code, Some(0), "{}\n{}", plan.out, plan.err);
    let words = lock(&world.site).log.words.take().unwrap();
    let mut requests = BTreeMap::new();
    for action in words.iter().filter_map(|line| line.split(' ').nth(2)) {
        *requests.entry(action.to_owned()).or_default() += 1;
    }
    requests
}

fn told(requests: &BTreeMap<String, usize>) -> String {
    let lines = requests
        .iter()
        .map(|(action, number)| format!("{number} {action}\n"));
    lines.collect()
}

fn check(servers: usize, parents: usize, expected: Expect) -> usize {
    let requests = requests(servers, parents);
    expected.assert_eq(&told(&requests));
    requests.values().sum()
}

#[test]
fn a_plan_without_changes_asks_for_pages_and_parents_only() {
    let few = check(
        3,
        1,
        expect![[r#"
        1 DescribeAutoSnapshotPolicyEx
        2 DescribeDisks
        1 DescribeEipAddresses
        1 DescribeInstanceRamRole
        1 DescribeInstances
        1 DescribeKeyPairs
        1 DescribeLoadBalancerAttribute
        1 DescribeLoadBalancerListeners
        1 DescribeLoadBalancers
        1 DescribeNatGateways
        1 DescribeNetworkInterfaces
        1 DescribeRouteEntryList
        1 DescribeRouteTableList
        2 DescribeSecurityGroupAttribute
        1 DescribeSecurityGroups
        1 DescribeSnatTableEntries
        1 DescribeVSwitches
        1 DescribeVpcs
        1 GetCallerIdentity
    "#]],
    );
    let more_servers = check(
        130,
        1,
        expect![[r#"
        1 DescribeAutoSnapshotPolicyEx
        2 DescribeDisks
        1 DescribeEipAddresses
        3 DescribeInstanceRamRole
        2 DescribeInstances
        1 DescribeKeyPairs
        1 DescribeLoadBalancerAttribute
        1 DescribeLoadBalancerListeners
        1 DescribeLoadBalancers
        1 DescribeNatGateways
        1 DescribeNetworkInterfaces
        1 DescribeRouteEntryList
        1 DescribeRouteTableList
        2 DescribeSecurityGroupAttribute
        1 DescribeSecurityGroups
        1 DescribeSnatTableEntries
        1 DescribeVSwitches
        1 DescribeVpcs
        1 GetCallerIdentity
    "#]],
    );
    let more_parents = check(
        3,
        4,
        expect![[r#"
        1 DescribeAutoSnapshotPolicyEx
        2 DescribeDisks
        1 DescribeEipAddresses
        1 DescribeInstanceRamRole
        1 DescribeInstances
        1 DescribeKeyPairs
        4 DescribeLoadBalancerAttribute
        4 DescribeLoadBalancerListeners
        1 DescribeLoadBalancers
        1 DescribeNatGateways
        1 DescribeNetworkInterfaces
        4 DescribeRouteEntryList
        1 DescribeRouteTableList
        5 DescribeSecurityGroupAttribute
        1 DescribeSecurityGroups
        4 DescribeSnatTableEntries
        1 DescribeVSwitches
        1 DescribeVpcs
        1 GetCallerIdentity
    "#]],
    );
    println!(
        "figure: requests of a plan without changes: {few}, with 127 servers more {more_servers}, with 3 parents of each kind more {more_parents}"
    );
}
