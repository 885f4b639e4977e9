//! The registry as a whole, and what a change of each attribute does to one that exists: a row for every attribute of
//! every type.

use std::collections::BTreeSet;

use super::attribute::{Attribute, Changeable, Kind};
use super::joining::{Members, change_members};
use super::part::Owner;
use super::resource_type::{Identity, ResourceType, ToChange, ToMake};
use super::{REGISTRY, find};
use crate::address::Address;
use crate::step::Step;
use crate::value::{Attributes, Value};

/// An attribute, nested ones with a dot; its value before and after, as JSON; and what that means: `live`, `stopped`,
/// `reboot`, each with its steps, `replaced`, `refused`, or `joined` where a relation takes care of it.
type Row = (&'static str, &'static str, &'static str, &'static str);

fn value(attribute: &Attribute, json: &str) -> Value {
    let value: serde_json::Value = serde_json::from_str(json).unwrap_or_else(|_| json.into());
    let value = Value::from_json(&value).unwrap();
    match attribute.kind {
        Kind::TableSet(_) => Value::List(vec![value]),
        _ => value,
    }
}

fn with(base: &Attributes, path: &str, value: Value) -> Attributes {
    let mut attributes = base.clone();
    match path.split_once('.') {
        None => {
            attributes.insert(path.to_owned(), value);
        }
        Some((table, key)) => {
            // A disk is known by its id.
            let id = ("id".to_owned(), Value::from("d-1"));
            attributes.insert(
                table.to_owned(),
                Value::Map(Attributes::from([(key.to_owned(), value), id])),
            );
        }
    }
    attributes
}

fn names(steps: &[Step]) -> String {
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    names.join(" > ")
}

/// What a change of one attribute means.
fn outcome(resource_type: &'static ResourceType, base: &Attributes, row: Row) -> String {
    let (path, before, after, _) = row;
    let attribute = resource_type.attribute(path).unwrap();
    let (before, after) = (value(attribute, before), value(attribute, after));
    let address: Address = format!("{}.x", resource_type.name).parse().unwrap();
    let (mut old, mut new) = (with(base, path, before), with(base, path, after));
    (resource_type.normalise)(&mut old);
    (resource_type.normalise)(&mut new);
    match (resource_type.change_rule)(path, &old, &new).unwrap_or(attribute.change) {
        Changeable::Replaces => return "replaced".to_owned(),
        Changeable::Refused(_) => return "refused".to_owned(),
        Changeable::InPlace(_) | Changeable::Special => {}
    }
    if resource_type.relations.iter().any(|one| one.attribute == path) {
        return "joined".to_owned();
    }
    let set: Vec<(String, Value)> = match path {
        "tags" => vec![("team".to_owned(), Value::from("a"))],
        _ => Vec::new(),
    };
    let changed = [path.split('.').next().unwrap()];
    let mut steps = (resource_type.steps.update)(&ToChange {
        wanted: ToMake {
            resource_type,
            address: &address,
            region: "cn-hangzhou",
            attributes: &new,
            tags: &[],
        },
        id: "x-1",
        before: &old,
        changed: if path == "tags" { &[] } else { &changed },
        tags_set: &set,
        tags_removed: &[],
    });
    for part in resource_type.parts.iter().filter(|part| part.attribute == path) {
        let (was, will) = (part.members(&old), part.members(&new));
        let members = Members::between(part, &was, &will);
        let owner = Owner {
            region: "cn-hangzhou",
            address: &"instance.x".parse().unwrap(),
            tags: &[],
            own: &|name| Value::from(format!("x-1.{name}")),
        };
        steps.extend(change_members(resource_type, part, &owner, &members, was.len()));
    }
    let stops = steps.iter().any(|step| step.name == "stop");
    let reboots = steps.iter().any(|step| step.name == "reboot");
    let word = if stops {
        "stopped"
    } else if reboots {
        "reboot"
    } else {
        "live"
    };
    format!("{word}: {}", names(&steps))
}

/// Every attribute that may be set; nested ones with a dot.
pub(crate) fn settable(resource_type: &ResourceType) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for attribute in resource_type.attributes.iter().filter(|one| !one.computed) {
        match attribute.kind {
            Kind::Table(nested) => {
                paths.extend(
                    nested
                        .iter()
                        .map(|key| format!("{}.{}", attribute.name, key.name)),
                );
            }
            _ => {
                paths.insert(attribute.name.to_owned());
            }
        }
    }
    paths
}

fn check(type_name: &str, base: &[(&str, &str)], rows: &[Row]) {
    let resource_type = find(type_name).unwrap();
    let base: Attributes = base
        .iter()
        .map(|(name, text)| {
            (
                (*name).to_owned(),
                value(resource_type.attribute(name).unwrap(), text),
            )
        })
        .collect();
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let outcome = outcome(resource_type, &base, *row);
            (outcome != row.3).then(|| format!("{}: {outcome}", row.0))
        })
        .collect();
    assert_eq!(wrong, Vec::<String>::new(), "{type_name}");
    let covered: BTreeSet<String> = rows.iter().map(|row| row.0.to_owned()).collect();
    assert_eq!(covered, settable(resource_type), "{type_name}");
}

#[test]
#[rustfmt::skip]
fn a_vpc() {
    check("vpc", &[], &[
        ("cidr_block",  "10.0.0.0/16", "10.1.0.0/16", "live: change attributes"),
        ("name",        "a", "b",                     "live: change attributes"),
        ("description", "a", "b",                     "live: change attributes"),
        ("tags",        "{}", r#"{"team": "a"}"#,     "live: set tags"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_vswitch() {
    check("vswitch", &[], &[
        ("vpc_id",      "vpc-1", "vpc-2",                 "replaced"),
        ("zone_id",     "cn-hangzhou-h", "cn-hangzhou-i", "replaced"),
        ("cidr_block",  "10.0.1.0/24", "10.0.2.0/24",     "replaced"),
        ("name",        "a", "b",                         "live: change attributes"),
        ("description", "a", "b",                         "live: change attributes"),
        ("tags",        "{}", r#"{"team": "a"}"#,         "live: set tags"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_disk() {
    let rows: &[Row] = &[
        ("name",                 "aa", "bb",                       "live: change attributes"),
        ("description",          "aa", "bb",                       "live: change attributes"),
        ("disk_category",        "cloud_essd", "cloud_auto",       "live: change performance > wait until cloud_auto"),
        ("size",                 "40", "60",                       "live: grow"),
        ("size",                 "60", "40",                       "refused"),
        ("performance_level",    "PL0", "PL1",                     "live: change performance > wait until PL1"),
        ("auto_snapshot_policy_id", "sp-1", "sp-2",                "joined"),
        ("zone_id",              "cn-hangzhou-h", "cn-hangzhou-i", "replaced"),
        ("snapshot_id",          "s-1", "s-2",                     "replaced"),
        ("encrypted",            "false", "true",                  "replaced"),
        ("kms_key_id",           "a", "b",                         "replaced"),
        ("instance_id",          "i-1", "i-2",                     "joined"),
        ("delete_with_instance", "false", "true",                  "live: change attributes"),
        ("delete_auto_snapshot", "false", "true",                  "live: change attributes"),
        ("tags",                 "{}", r#"{"team": "a"}"#,         "live: set tags"),
    ];
    check("disk", &[("status", "Available")], rows);
    check("disk", &[("status", "In_use")], rows);
}

#[test]
#[rustfmt::skip]
fn an_eip() {
    check("eip", &[("status", "Available")], &[
        ("name",                 "a", "b",                         "live: change attributes"),
        ("description",          "aa", "bb",                       "live: change attributes"),
        ("bandwidth",            "5", "10",                        "live: change attributes"),
        ("internet_charge_type", "PayByBandwidth", "PayByTraffic", "replaced"),
        ("instance_charge_type", "PostPaid", "PrePaid",            "refused"),
        ("period",               "1", "2",                         "refused"),
        ("isp",                  "BGP", "BGP_PRO",                 "replaced"),
        ("instance_id",          "i-1", "i-2",                     "joined"),
        ("tags",                 "{}", r#"{"team": "a"}"#,         "live: set tags"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_security_group() {
    const HTTP: &str = r#"{"port_range": "80", "ip_protocol": "TCP", "priority": 1}"#;
    const HTTPS: &str = r#"{"port_range": "443", "ip_protocol": "TCP", "priority": 1}"#;
    const LATER: &str = r#"{"port_range": "80", "ip_protocol": "TCP", "priority": 2}"#;
    check("security_group", &[], &[
        ("vpc_id",              "vpc-1", "vpc-2",         "replaced"),
        ("security_group_type", "normal", "enterprise",   "replaced"),
        ("name",                "aa", "bb",               "live: change attributes"),
        ("description",         "aa", "bb",               "live: change attributes"),
        ("inner_access_policy", "Accept", "Drop",         "live: change inner access policy"),
        ("ingress",             HTTP, HTTPS,              "live: add 1 ingress rule > remove 1 ingress rule"),
        ("ingress",             HTTP, LATER,              "live: change 1 ingress rule"),
        ("egress",              HTTP, HTTPS,              "live: add 1 egress rule > remove 1 egress rule"),
        ("egress",              HTTP, LATER,              "live: change 1 egress rule"),
        ("tags",                "{}", r#"{"team": "a"}"#, "live: set tags"),
    ]);
}

#[test]
#[rustfmt::skip]
fn an_instance() {
    const DISK: &str = r#"{"name": "a", "size": 40, "delete_with_instance": true, "disk_id": "d-1"}"#;
    const RENAMED: &str = r#"{"name": "b", "size": 40, "delete_with_instance": true}"#;
    const OTHER: &str = r#"{"name": "b", "size": 60, "delete_with_instance": true}"#;
    const LARGER: &str = r#"{"name": "a", "size": 60, "delete_with_instance": true}"#;
    const FASTER: &str = r#"{"name": "a", "size": 40, "delete_with_instance": true, "category": "cloud_auto"}"#;
    const KEPT: &str = r#"{"name": "a", "size": 40, "delete_with_instance": false, "description": "mine"}"#;
    const DATA: &str = "stopped: stop > wait until stopped > set user data > start > wait until running";
    const SWAP: &str = "stopped: stop > wait until stopped > swap system disk > start > wait until running";
    const MOVE: &str = "stopped: stop > wait until stopped > move > start > wait until running";
    const REBOOT: &str = "reboot: change login > reboot > wait until running";
    check("instance", &[("status", "Running")], &[
        ("name",                       "aa", "bb",                           "live: change attributes"),
        ("description",                "aa", "bb",                           "live: change attributes"),
        ("instance_type",              "ecs.g6.large", "ecs.g7.large",       "stopped: stop > wait until stopped > change type > start > wait until running"),
        ("image_id",                   "a.vhd", "b.vhd",                     SWAP),
        ("image_family",               "a", "b",                             "refused"),
        ("zone_id",                    "cn-hangzhou-h", "cn-hangzhou-i",     "replaced"),
        ("vswitch_id",                 "vsw-1", "vsw-2",                     MOVE),
        ("private_ip",                 "10.0.1.5", "10.0.1.6",               MOVE),
        ("secondary_private_ip_addresses", r#"["10.0.1.7"]"#, r#"["10.0.1.8"]"#, "live: unassign 1 address > assign 1 address"),
        ("ipv6_addresses",             r#"["fd00::7"]"#, r#"["fd00::8"]"#,   "live: unassign 1 IPv6 address > assign 1 IPv6 address"),
        ("ipv6_address_count",         "1", "3",                             "live: assign 3 IPv6 addresses"),
        ("instance_network_type",      "vpc", "classic",                     "replaced"),
        ("security_group_ids",         r#"["sg-1"]"#, r#"["sg-2"]"#,         "live: change attributes"),
        ("host_name",                  "aa", "bb",                           REBOOT),
        ("key_pair_name",              "a", "b",                             "joined"),
        ("password",                   "a", "b",                             REBOOT),
        ("user_data",                  "a", "b",                             DATA),
        ("system_disk.category",       "cloud_essd", "cloud_auto",           "live: change performance of system disk > wait until cloud_auto"),
        ("system_disk.size",           "40", "60",                           "live: grow system disk"),
        ("system_disk.size",           "60", "40",                           "refused"),
        ("system_disk.performance_level", "PL0", "PL1",                      "live: change performance of system disk > wait until PL1"),
        ("system_disk.name",           "aa", "bb",                           "live: rename system disk"),
        ("system_disk.description",    "aa", "bb",                           "live: rename system disk"),
        ("system_disk.encrypted",      "false", "true",                      SWAP),
        ("system_disk.kms_key_id",     "a", "b",                             SWAP),
        ("system_disk.auto_snapshot_policy_id", "sp-1", "sp-2",              "live: apply snapshot policy"),
        ("data_disks",                 DISK, OTHER,                           "live: mark data disk > detach data disk > delete data disk > create data disk > attach data disk > wait until it shows"),
        ("data_disks",                 DISK, RENAMED,                         "live: change data disk"),
        ("data_disks",                 DISK, LARGER,                          "live: grow data disk"),
        ("data_disks",                 DISK, FASTER,                          "live: change performance of data disk > wait until cloud_auto"),
        ("data_disks",                 DISK, KEPT,                            "live: change data disk"),
        ("io_optimized",               "optimized", "none",                  "replaced"),
        ("internet_max_bandwidth_out", "1", "5",                             "live: change bandwidth"),
        ("internet_charge_type",       "PayByTraffic", "PayByBandwidth",     "live: change bandwidth"),
        ("instance_charge_type",       "PostPaid", "PrePaid",                "live: change to subscription > wait until PrePaid"),
        ("instance_charge_type",       "PrePaid", "PostPaid",                "live: change to pay-as-you-go > wait until PostPaid"),
        ("period",                     "1", "2",                             "live: renew for 2 months"),
        ("period_unit",                "Month", "Week",                      "live: renew"),
        ("auto_renew",                 "false", "true",                      "live: change renewal"),
        ("auto_renew_period",          "1", "2",                             "live: change renewal"),
        ("ram_role_name",              "a", "b",                             "joined"),
        ("deployment_set_id",          "ds-1", "ds-2",                       "stopped: stop > wait until stopped > change deployment set > start > wait until running"),
        ("resource_group_id",          "rg-1", "rg-2",                       "live: join resource group"),
        ("security_enhancement_strategy", "Active", "Deactive",              "refused"),
        ("auto_release_time",          "2027-01-31T04:00:00Z", "2027-02-28T04:00:00Z", "live: change release time"),
        ("stopped_mode",               "KeepCharging", "StopCharging",       "live: "),
        ("spot_strategy",              "NoSpot", "SpotAsPriceGo",            "replaced"),
        ("spot_price_limit",           "0.1", "0.2",                         "replaced"),
        ("spot_duration",              "0", "1",                             "replaced"),
        ("credit_specification",       "Standard", "Unlimited",              "live: change credit"),
        ("metadata.http_endpoint",     "enabled", "disabled",                "live: change metadata service"),
        ("metadata.http_tokens",       "optional", "required",               "live: change metadata service"),
        ("metadata.hop_limit",         "1", "2",                             "live: change metadata service"),
        ("deletion_protection",        "false", "true",                      "live: change attributes"),
        ("status",                     "Running", "Stopped",                 "stopped: stop > wait until stopped"),
        ("status",                     "Stopped", "Running",                 "live: start > wait until running"),
        ("tags",                       "{}", r#"{"team": "a"}"#,             "live: set tags"),
        ("volume_tags",                r#"{"a": "b"}"#, r#"{"c": "d"}"#,     "live: untag disks > tag disks"),
    ]);
}

/// What is ordered for a subscription is told by its end.
#[test]
fn a_subscription_is_changed_by_orders() {
    let instance = find("instance").unwrap();
    let base = |more: &[(&str, Value)]| -> Attributes {
        let base = [
            ("status", Value::from("Running")),
            ("instance_charge_type", Value::from("PrePaid")),
            ("vswitch_id", Value::from("vsw-1")),
            ("expired_time", Value::from("2027-01-31T16:00Z")),
        ];
        let all = base.iter().chain(more);
        all.map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    };
    let how = |before: &[(&str, Value)], after: &[(&str, Value)], changed: &[&str]| -> String {
        let (before, after) = (base(before), base(after));
        names(&(instance.steps.update)(&ToChange {
            wanted: ToMake {
                resource_type: instance,
                address: &"instance.x".parse().unwrap(),
                region: "cn-hangzhou",
                attributes: &after,
                tags: &[],
            },
            id: "i-1",
            before: &before,
            changed,
            tags_set: &[],
            tags_removed: &[],
        }))
    };
    let period = |number: i64, unit: &'static str| {
        [
            ("period", Value::Integer(number)),
            ("period_unit", Value::from(unit)),
        ]
    };
    assert_eq!(
        how(&[], &period(1, "Month"), &["period"]),
        "renew for 1 month, until 2027-02-28"
    );
    assert_eq!(
        how(&[], &period(2, "Week"), &["period", "period_unit"]),
        "renew for 2 weeks, until 2027-02-14"
    );
    let kind = |name: &'static str| [("instance_type", Value::from(name))];
    assert_eq!(
        how(&kind("ecs.g7.large"), &kind("ecs.g7.xlarge"), &["instance_type"]),
        "stop > wait until stopped > change type of subscription > wait until ecs.g7.xlarge > start > wait until running"
    );
    // Pay-as-you-go first, so that the stop keeps what it has and the type is changed as that of others.
    let ended = [
        ("instance_type", Value::from("ecs.g7.xlarge")),
        ("instance_charge_type", Value::from("PostPaid")),
    ];
    assert_eq!(
        how(
            &kind("ecs.g7.large"),
            &ended,
            &["instance_type", "instance_charge_type"]
        ),
        "change to pay-as-you-go > wait until PostPaid > stop > wait until stopped > change type > start > \
         wait until running"
    );
    // Paid last, and what only a subscription has is set behind it.
    let begun = [
        ("auto_renew", Value::Bool(true)),
        ("period", Value::Integer(1)),
        ("instance_type", Value::from("b")),
    ];
    let paygo = [
        ("instance_charge_type", Value::from("PostPaid")),
        ("instance_type", Value::from("a")),
    ];
    assert_eq!(
        how(
            &paygo,
            &begun,
            &["instance_type", "instance_charge_type", "period", "auto_renew"]
        ),
        "stop > wait until stopped > change type > start > wait until running > change to subscription > \
         wait until PrePaid > change renewal"
    );
}

#[test]
#[rustfmt::skip]
fn a_key_pair() {
    check("key_pair", &[], &[
        ("name",              "aa", "bb",                 "replaced"),
        ("public_key_body",   "ssh-rsa a", "ssh-rsa b",   "replaced"),
        ("resource_group_id", "rg-1", "rg-2",             "live: join resource group"),
        ("tags",              "{}", r#"{"team": "a"}"#,   "live: set tags"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_snapshot_policy() {
    check("snapshot_policy", &[], &[
        ("name",            "aa", "bb",             "live: change attributes"),
        ("time_points",     "[1]", "[1, 13]",       "live: change attributes"),
        ("repeat_weekdays", "[1]", "[7]",           "live: change attributes"),
        ("retention_days",  "7", "-1",              "live: change attributes"),
        ("tags",            "{}", r#"{"team": "a"}"#, "live: set tags"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_security_group_rule() {
    let base = [("direction", "ingress"), ("port_range", "80"), ("security_group_rule_id", "sgr-1")];
    check("security_group_rule", &base, &[
        ("security_group_id",     "sg-1", "sg-2",               "replaced"),
        ("direction",             "ingress", "egress",          "replaced"),
        ("policy",                "accept", "drop",             "live: change rule"),
        ("ip_protocol",           "TCP", "UDP",                 "live: change rule"),
        ("port_range",            "80", "443",                  "live: change rule"),
        ("priority",              "1", "2",                     "live: change rule"),
        ("description",           "a", "b",                     "live: change rule"),
        ("source_cidr_ip",        "10.0.0.0/8", "10.0.0.0/16",  "live: change rule"),
        ("dest_cidr_ip",          "10.0.0.0/8", "10.0.0.0/16",  "live: change rule"),
        ("ipv6_source_cidr_ip",   "::/0", "fd00::/8",           "live: change rule"),
        ("ipv6_dest_cidr_ip",     "::/0", "fd00::/8",           "live: change rule"),
        ("source_group_id",       "sg-3", "sg-4",               "live: change rule"),
        ("dest_group_id",         "sg-3", "sg-4",               "live: change rule"),
        ("source_prefix_list_id", "pl-1", "pl-2",               "live: change rule"),
        ("dest_prefix_list_id",   "pl-1", "pl-2",               "live: change rule"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_nat_gateway() {
    const ONE: &str = r#"{"source_vswitch_id": "vsw-1", "snat_ip": "47.0.0.1"}"#;
    const OTHER: &str = r#"{"source_vswitch_id": "vsw-2", "snat_ip": "47.0.0.1"}"#;
    const CHANGED: &str = r#"{"source_vswitch_id": "vsw-1", "snat_ip": "47.0.0.2"}"#;
    check("nat_gateway", &[], &[
        ("name",        "aa", "bb",               "live: change attributes"),
        ("description", "aa", "bb",               "live: change attributes"),
        ("vpc_id",      "vpc-1", "vpc-2",         "replaced"),
        ("vswitch_id",  "vsw-1", "vsw-2",         "replaced"),
        ("snat",        ONE, OTHER,               "live: remove 1 SNAT entry > add 1 SNAT entry > wait until it shows"),
        ("snat",        ONE, CHANGED,             "live: change 1 SNAT entry"),
        ("tags",        "{}", r#"{"team": "a"}"#, "live: set tags"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_route_table() {
    check("route_table", &[], &[
        ("vpc_id",      "vpc-1", "vpc-2",             "replaced"),
        ("name",        "aa", "bb",                   "live: change attributes"),
        ("description", "aa", "bb",                   "live: change attributes"),
        ("vswitch_ids", r#"["vsw-1"]"#, r#"["vsw-2"]"#, "live: unbind vSwitch > bind vSwitch"),
        ("tags",        "{}", r#"{"team": "a"}"#,     "live: set tags"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_route_entry() {
    const TURNED: &str = "live: change attributes > wait until available";
    check("route_entry", &[("next_hop_type", "NatGateway"), ("next_hop_id", "ngw-1")], &[
        ("route_table_id",         "vtb-1", "vtb-2",               "replaced"),
        ("destination_cidr_block", "10.8.0.0/16", "10.9.0.0/16",   "replaced"),
        ("next_hop_type",          "NatGateway", "NetworkInterface", TURNED),
        ("next_hop_type",          "NatGateway", "Instance",       "replaced"),
        ("next_hop_id",            "ngw-1", "ngw-2",               TURNED),
        ("name",                   "a", "b",                       TURNED),
        ("description",            "a", "b",                       TURNED),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_network_interface() {
    check("network_interface", &[], &[
        ("name",               "aa", "bb",                   "live: change attributes"),
        ("description",        "aa", "bb",                   "live: change attributes"),
        ("vswitch_id",         "vsw-1", "vsw-2",             "replaced"),
        ("primary_ip_address", "10.0.1.5", "10.0.1.6",       "replaced"),
        ("security_group_ids", r#"["sg-1"]"#, r#"["sg-2"]"#, "live: change attributes"),
        ("instance_id",        "i-1", "i-2",                 "joined"),
        ("resource_group_id",  "rg-1", "rg-2",               "live: join resource group"),
        ("tags",               "{}", r#"{"team": "a"}"#,     "live: set tags"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_load_balancer() {
    const HTTP: &str = r#"{"protocol": "http", "port": 80, "backend_port": 8080}"#;
    const MOVED: &str = r#"{"protocol": "http", "port": 80, "backend_port": 8081}"#;
    const TCP: &str = r#"{"protocol": "tcp", "port": 80, "backend_port": 8080}"#;
    const HTTPS: &str = r#"{"protocol": "https", "port": 443, "backend_port": 80, "server_certificate_id": "a"}"#;
    const RENEWED: &str = r#"{"protocol": "https", "port": 443, "backend_port": 80, "server_certificate_id": "b"}"#;
    const ONE: &str = r#"{"server_id": "i-1", "weight": 100}"#;
    const OTHER: &str = r#"{"server_id": "i-2", "weight": 100}"#;
    const LESS: &str = r#"{"server_id": "i-1", "weight": 10}"#;
    check("slb", &[], &[
        ("name",                 "a", "b",                           "live: rename"),
        ("address_type",         "internet", "intranet",             "replaced"),
        ("load_balancer_spec",   "slb.s1.small", "slb.s2.small",     "live: change size"),
        ("internet_charge_type", "paybytraffic", "paybybandwidth",   "live: change bandwidth"),
        ("bandwidth",            "5", "10",                          "live: change bandwidth"),
        ("vswitch_id",           "vsw-1", "vsw-2",                   "replaced"),
        ("listeners",            HTTP, MOVED,                        "live: change 1 listener"),
        ("listeners",            HTTP, TCP,                          "live: remove 1 listener > add 1 listener > start listener > wait until it shows"),
        ("listeners",            HTTPS, RENEWED,                     "live: change 1 listener"),
        ("backends",             ONE, OTHER,                         "live: remove 1 backend > add 1 backend"),
        ("backends",             ONE, LESS,                          "live: change 1 backend"),
        ("tags",                 "{}", r#"{"team": "a"}"#,           "live: set tags"),
    ]);
}

/// The elastic address of a server is not lost with it; one that comes from its own bandwidth is.
#[test]
fn only_its_own_public_address_is_lost_with_a_server() {
    let lost = |bandwidth: i64| {
        let observed = Attributes::from([
            ("public_ip".to_owned(), Value::from("47.96.0.1")),
            ("internet_max_bandwidth_out".to_owned(), Value::Integer(bandwidth)),
        ]);
        let lost = (find("instance").unwrap().losses)(&observed);
        lost.iter().any(|line| line.contains("47.96.0.1"))
    };
    assert!(lost(5) && !lost(0));
}

#[test]
fn every_type_has_a_table() {
    let text = include_str!("tests.rs");
    for one in REGISTRY {
        assert!(
            text.contains(&format!("check(\"{}\", ", one.name)),
            "no table for {}",
            one.name
        );
    }
}

#[test]
fn the_registry_is_sorted_by_name() {
    assert!(REGISTRY.is_sorted_by_key(|one| one.name));
}

/// What [`BASE`] leaves open, or has from another type, is each type's own.
#[test]
fn every_type_fills_in_what_is_its_own() {
    let mut calls = BTreeSet::new();
    let mut prefixes = BTreeSet::new();
    for one in REGISTRY {
        let tagging = one.tagging.as_ref();
        for text in [
            one.doc,
            one.id_param,
            one.read.list,
            tagging.map_or("none", |tagging| tagging.kind),
        ] {
            assert!(!text.is_empty(), "{}", one.name);
        }
        // What the cloud gives no id has none in an answer.
        if !matches!(one.identity, Identity::Joined { .. }) {
            assert!(
                !one.read.id_field.is_empty() && !one.create.id_field.is_empty(),
                "{}",
                one.name
            );
        }
        assert_eq!(
            matches!(one.identity, Identity::Given),
            !one.id_prefix.is_empty(),
            "{}",
            one.name
        );
        for action in [one.read.action, one.create.action, one.delete.action] {
            assert!(calls.insert(action), "{}: {action} is another type's", one.name);
            assert_eq!(
                action.product, one.create.action.product,
                "{}: {action}",
                one.name
            );
        }
        for action in tagging
            .into_iter()
            .flat_map(|tagging| [tagging.tag, tagging.untag])
        {
            assert_eq!(
                action.product, one.create.action.product,
                "{}: {action}",
                one.name
            );
        }
        let is_new = one.id_prefix.is_empty() || prefixes.insert(one.id_prefix);
        assert!(is_new, "{}", one.name);
        assert!(one.attribute("id").is_some_and(|id| id.computed), "{}", one.name);
    }
}

#[test]
fn parts_and_relations_name_attributes_that_exist() {
    for one in REGISTRY {
        for part in one.parts {
            let table = match one.attribute(part.attribute).map(|found| &found.kind) {
                Some(Kind::TableSet(table)) => *table,
                Some(Kind::IdSet(_) | Kind::StringSet) if part.key == ["id"] => continue,
                _ => panic!("{}: {} is no set", one.name, part.attribute),
            };
            for key in part.key {
                assert!(table.iter().any(|attribute| attribute.name == *key), "{key}");
            }
        }
        for relation in one.relations {
            let names = relation.join_attributes.iter().chain([&relation.attribute]);
            for name in names {
                assert!(one.attribute(name).is_some(), "{}: {name}", one.name);
            }
            for partner in relation.partners {
                let known = find(partner.type_name).is_none_or(|one| one.id_prefix == partner.id_prefix);
                assert!(known, "{}", partner.type_name);
            }
        }
    }
}

/// The facts of an action's parameters in `schema/api`.
fn params_of(action: &crate::api::Action) -> serde_json::Value {
    let product = action.product;
    let name = format!(
        "schema/api/{}-{}.json",
        product.name.to_lowercase(),
        product.version
    );
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let facts: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    facts["actions"][action.name]["params"].clone()
}

/// What is wrong with the limits of a table beside the hard ones of the API; its hints are somebody's guess.
fn wider(attributes: &[Attribute], params: &serde_json::Value, checked: &mut usize, wrong: &mut Vec<String>) {
    for attribute in attributes.iter().filter(|attribute| !attribute.computed) {
        if let Kind::Table(nested) = attribute.kind {
            wider(nested, params, checked, wrong);
        }
        let facts = attribute.param_path().map(|param| &params[param]);
        let Some(facts) = facts.filter(|facts| facts.is_object()) else {
            continue;
        };
        let hints = facts["hint_fields"].as_array().cloned().unwrap_or_default();
        let hard = |name: &str| {
            Some(&facts[name]).filter(|fact| !fact.is_null() && !hints.iter().any(|hint| hint == name))
        };
        let number = |name: &str| hard(name).and_then(serde_json::Value::as_i64);
        let mut outside = |what: &str| wrong.push(format!("{}: {what}", attribute.name));
        *checked += 1;
        match attribute.kind {
            Kind::Integer { min, max }
                if number("min").is_some_and(|hard| min < hard)
                    || number("max").is_some_and(|hard| max > hard) =>
            {
                outside("a number that the API refuses");
            }
            Kind::Enum(words) => {
                let allowed = hard("enum").and_then(serde_json::Value::as_array);
                if allowed
                    .is_some_and(|allowed| words.iter().any(|word| !allowed.iter().any(|one| one == word)))
                {
                    outside("a word that the API refuses");
                }
            }
            Kind::Form(form) => {
                let (min, max) = (form.length.0 as i64, form.length.1 as i64);
                if number("min_len").is_some_and(|hard| min < hard)
                    || number("max_len").is_some_and(|hard| max > hard)
                {
                    outside("a length that the API refuses");
                }
            }
            _ => {}
        }
        let is_required = hard("required") == Some(&serde_json::Value::Bool(true));
        // A file may give it as well.
        if is_required && !attribute.required && !attribute.file && attribute.default.is_none() {
            outside("the API requires it");
        }
    }
}

#[test]
fn no_limit_is_wider_than_the_apis_own() {
    let (mut checked, mut wrong) = (0, Vec::new());
    for one in REGISTRY {
        let params = params_of(one.create.action);
        assert!(params.is_object(), "{}", one.name);
        wider(one.attributes, &params, &mut checked, &mut wrong);
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(checked > 40, "{checked}");
}
