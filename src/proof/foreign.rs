//! What is somebody else's in the same account: one of each type, under the very addresses that a stack of ours has, with
//! the tags of another stack or with none.

use serde_json::Value;

use super::fate::Plan;
use super::scenarios::{Stack, TABLES};
use super::world::World;
use super::{lock, meddle};

const STACK: &str = r#"[infra]
name = "theirs"
region = "cn-hangzhou"
[vpc.main]
name = "theirs"
cidr_block = "10.0.0.0/16"
[vswitch.w0]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.0.0/24"
[security_group.g0]
vpc_id = "${vpc.main.id}"
[security_group_rule.r0]
security_group_id = "${security_group.g0.id}"
port_range = "9000"
source_cidr_ip = "10.9.0.0/16"
[key_pair.k0]
name = "theirs"
public_key_body = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5BBBB"
[snapshot_policy.p0]
time_points = [1]
repeat_weekdays = [1, 3]
retention_days = 7
[instance.s0]
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.w0.id}"
security_group_ids = ["${security_group.g0.id}"]
key_pair_name = "${key_pair.k0.name}"
data_disks = [{ name = "data", size = 20 }]
[disk.d0]
zone_id = "cn-hangzhou-h"
disk_category = "cloud_essd"
size = 20
instance_id = "${instance.s0.id}"
auto_snapshot_policy_id = "${snapshot_policy.p0.id}"
[network_interface.c0]
vswitch_id = "${vswitch.w0.id}"
security_group_ids = ["${security_group.g0.id}"]
[nat_gateway.out]
vpc_id = "${vpc.main.id}"
vswitch_id = "${vswitch.w0.id}"
snat = [{ source_vswitch_id = "${vswitch.w0.id}", snat_ip = "${eip.out.ip_address}" }]
[eip.out]
bandwidth = 7
instance_id = "${nat_gateway.out.id}"
[route_table.t0]
vpc_id = "${vpc.main.id}"
vswitch_ids = ["${vswitch.w0.id}"]
[route_entry.r0]
route_table_id = "${route_table.t0.id}"
destination_cidr_block = "192.168.0.0/24"
next_hop_id = "${instance.s0.id}"
[slb.b0]
address_type = "internet"
load_balancer_spec = "slb.s1.small"
listeners = [{ protocol = "http", port = 80, backend_port = 8080 }]
backends = [{ server_id = "${instance.s0.id}" }]
"#;

/// Tables of what they have besides what carries tags.
const INSIDE: &[&str] = &["route_entry", "snat_entry", "slb_listener"];

/// How a tagged row is named to the calls that tag: the product, the type and, for keys, the name.
const UNTAG: &[(&str, &str, &str, &str)] = &[
    ("vpc", "Vpc", "UnTagResources", "VPC"),
    ("vswitch", "Vpc", "UnTagResources", "VSWITCH"),
    ("security_group", "Ecs", "UntagResources", "securitygroup"),
    ("instance", "Ecs", "UntagResources", "instance"),
    ("disk", "Ecs", "UntagResources", "disk"),
    ("eip", "Vpc", "UnTagResources", "EIP"),
    ("key_pair", "Ecs", "UntagResources", "keypair"),
    ("snapshot_policy", "Ecs", "UntagResources", "snapshotpolicy"),
    ("nat_gateway", "Vpc", "UnTagResources", "NATGATEWAY"),
    ("route_table", "Vpc", "UnTagResources", "ROUTETABLE"),
    ("network_interface", "Ecs", "UntagResources", "eni"),
    ("load_balancer", "Slb", "UntagResources", "instance"),
];

/// Whose the other things are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    AnotherProject,
    /// They have no tags.
    Nobody,
    /// They are those of the same project, and have the same addresses.
    AnotherEnvironment,
}

/// Lets somebody else make one of each type, and remembers it. Afterwards the folder is as it was: without a state.
pub(super) fn move_in(world: &mut World, others: Others) {
    let is_environment = others == Others::AnotherEnvironment;
    if is_environment {
        world.configure(&STACK.replacen("theirs", "proof", 1));
        world.choose("theirs", "ours");
    } else {
        world.configure(STACK);
    }
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    world.disk.remove_folder(&World::path(".infra"));
    if is_environment {
        world.choose("ours", "theirs");
    }
    if others == Others::Nobody {
        untag(world);
    }
    let inventory = world.inventory();
    for table in TABLES.iter().chain(INSIDE) {
        let rows = inventory[table].as_array().map_or(&[][..], Vec::as_slice);
        assert!(!rows.is_empty(), "they have no {table}");
        for row in rows {
            world
                .foreign
                .insert(((*table).to_owned(), id(row).to_owned()), row.clone());
        }
    }
}

fn untag(world: &World) {
    let inventory = world.inventory();
    for (table, product, action, kind) in UNTAG {
        for row in inventory[table].as_array().into_iter().flatten() {
            let is_tagged = row["tags"].as_array().is_some_and(|tags| !tags.is_empty());
            if !is_tagged {
                continue;
            }
            let named = match *table {
                "key_pair" => row["name"].as_str().unwrap_or_default(),
                _ => id(row),
            };
            let params = [
                ("Action", *action),
                ("ResourceType", *kind),
                ("ResourceId.1", named),
                ("All", "true"),
            ];
            let site = &mut lock(&world.site);
            let (status, answer) = meddle::call(site, world.now, product, &params);
            assert_eq!(status, 200, "{table}: {answer}");
        }
    }
    let tagged = world.inventory();
    for table in TABLES {
        for row in tagged[table].as_array().into_iter().flatten() {
            assert_eq!(row["tags"].as_array().map(Vec::len), Some(0), "{table}: {row}");
        }
    }
}

fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap_or_default()
}

type Row = ((String, String), Value);

/// Somebody adds a route to a table of ours, which no block names.
pub(super) fn adds_a_route(world: &World, table_id: &str) -> Option<Row> {
    let inventory = world.inventory();
    let rows = |table: &str| inventory[table].as_array().into_iter().flatten();
    let table = rows("route_table").find(|row| row["id"] == table_id)?;
    let server = rows("instance").find(|row| row["network"]["Vpc"]["vpc_id"] == table["vpc_id"])?;
    let params = [
        ("Action", "CreateRouteEntry"),
        ("RouteTableId", table_id),
        ("DestinationCidrBlock", "172.16.0.0/16"),
        ("NextHopType", "Instance"),
        ("NextHopId", id(server)),
    ];
    let (status, answer) = meddle::call(&mut lock(&world.site), world.now, "Vpc", &params);
    assert_eq!(status, 200, "{answer}");
    // Until it is usable; what it is like then is what stays.
    let inventory = world.inventory();
    let mut rows = inventory["route_entry"].as_array()?.iter();
    let mut row = rows
        .find(|row| row["table_id"] == table_id && row["destination"] == "172.16.0.0/16")?
        .clone();
    row["status"] = "Available".into();
    for pending in ["due", "path"] {
        row.as_object_mut()?.remove(pending);
    }
    Some((("route_entry".to_owned(), id(&row).to_owned()), row))
}

/// Somebody adds a rule to a group of ours that has none of its own; the group is to stay as it is then.
pub(super) fn adds_a_rule(world: &World, group_id: &str) -> Option<Row> {
    let params = [
        ("Action", "AuthorizeSecurityGroup"),
        ("SecurityGroupId", group_id),
        ("IpProtocol", "tcp"),
        ("PortRange", "22/22"),
        ("SourceCidrIp", "10.0.0.0/8"),
    ];
    let (status, answer) = meddle::call(&mut lock(&world.site), world.now, "Ecs", &params);
    assert_eq!(status, 200, "{answer}");
    let inventory = world.inventory();
    let row = inventory["security_group"]
        .as_array()?
        .iter()
        .find(|row| row["id"] == group_id)?;
    let rule = row["rules"]
        .as_array()?
        .iter()
        .find(|rule| rule["key"]["ports"] == "22/22")?;
    Some((("rule".to_owned(), id(rule).to_owned()), rule.clone()))
}

/// The user takes out what was theirs and no block names any more, as the rebuild has asked for; how many that were.
pub(super) fn takes_out_unclaimed(world: &World, told: &str) -> Result<u64, String> {
    let mut taken = 0;
    let lines = told
        .lines()
        .filter(|line| line.contains("stands in what is ours"));
    for line in lines {
        let mut words = line.split_whitespace();
        let (kind, own) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (parent, place) = own.split_once('/').ok_or(line)?;
        let inventory = world.inventory();
        let rows = |table: &str| inventory[table].as_array().into_iter().flatten();
        let (row, product, params): (_, _, Vec<(&str, &str)>) = match kind {
            "route_entry" => {
                let mut entries = rows("route_entry");
                let entry = entries
                    .find(|row| row["table_id"] == parent && row["destination"] == place)
                    .ok_or(line)?;
                let delete = vec![("Action", "DeleteRouteEntry"), ("RouteEntryId", id(entry))];
                (("route_entry", entry), "Vpc", delete)
            }
            _ => {
                let group = rows("security_group")
                    .find(|row| row["id"] == parent)
                    .ok_or(line)?;
                let ports = place.split(',').nth(3).ok_or(line)?;
                let mut rules = group["rules"].as_array().into_iter().flatten();
                let rule = rules.find(|rule| rule["key"]["ports"] == ports).ok_or(line)?;
                let revoke = vec![
                    ("Action", "RevokeSecurityGroup"),
                    ("SecurityGroupId", parent),
                    ("SecurityGroupRuleId.1", id(rule)),
                ];
                (("rule", rule), "Ecs", revoke)
            }
        };
        let (table, row) = row;
        if world
            .foreign
            .contains_key(&(table.to_owned(), id(row).to_owned()))
        {
            continue;
        }
        let (status, answer) = meddle::call(&mut lock(&world.site), world.now, product, &params);
        if status != 200 {
            return Err(format!("{line}: {answer}"));
        }
        taken += 1;
    }
    Ok(taken)
}

/// Data disks of servers that are not wanted any more, on no server when the state was lost: the next plan names them, and
/// the user deletes them; how many that were.
pub(super) fn deletes_orphans(world: &World, stack: &Stack) -> Result<u64, String> {
    let inventory = world.inventory();
    let mut deleted = 0;
    for disk in inventory["disk"].as_array().into_iter().flatten() {
        let mut tags = disk["tags"].as_array().into_iter().flatten();
        let address = tags.find(|tag| tag[0] == "infra:addr").map(|tag| &tag[1]);
        let is_left = address.is_some_and(|address| {
            let is_of_server = address.as_str().is_some_and(|text| text.starts_with("instance."));
            is_of_server && !stack.pieces.iter().any(|piece| *address == *piece.address)
        });
        let is_bare = is_left && disk["instance_id"] == "";
        let is_foreign = || {
            world
                .foreign
                .contains_key(&("disk".to_owned(), id(disk).to_owned()))
        };
        if is_bare && !is_foreign() {
            let params = [("Action", "DeleteDisk"), ("DiskId", id(disk))];
            let (status, answer) = meddle::call(&mut lock(&world.site), world.now, "Ecs", &params);
            if status != 200 {
                return Err(answer);
            }
            deleted += 1;
        }
    }
    Ok(deleted)
}
