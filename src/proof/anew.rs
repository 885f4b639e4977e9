//! Why things are made anew in `attributes.txt`: no action of the API changes it on one that exists. Each such row there
//! carries its reason, and the reasons are held against the parameters, words and codes that the API documents.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::types::find;

/// Attributes whose change makes another one, in any surroundings: no action of the API changes them on one that exists.
/// Then the actions that take a parameter of that name, and why they do not do it.
pub(super) const ANEW: &[(&str, &[&str], &[&str], &str)] = &[
    ("disk", &["zone_id"], &[], "a disk stays where it was made"),
    (
        "disk",
        &["snapshot_id"],
        &["ResetDisk"],
        "that takes a disk back to a snapshot of its own",
    ),
    (
        "disk",
        &["encrypted", "kms_key_id"],
        &["ReplaceSystemDisk"],
        "data is encrypted when a disk is made; that makes another system disk",
    ),
    ("eip", &["internet_charge_type", "isp"], &[], "bought as it is"),
    (
        "instance",
        &["zone_id"],
        &[],
        "ModifyInstanceVpcAttribute moves inside a zone",
    ),
    (
        "instance",
        &["instance_network_type"],
        &[],
        "no way leads into the classic network",
    ),
    ("instance", &["io_optimized"], &[], "a matter of the machine"),
    (
        "instance",
        &["spot_strategy", "spot_price_limit", "spot_duration"],
        &[],
        "a bid is made once",
    ),
    ("key_pair", &["name"], &[], "its name is its id"),
    (
        "key_pair",
        &["public_key_body"],
        &["ImportKeyPair"],
        "that makes one",
    ),
    (
        "nat_gateway",
        &["vpc_id", "vswitch_id"],
        // Only a gateway of the older type, which is made no longer, gets a vSwitch by becoming one of this type.
        &["UpdateNatGatewayNatType"],
        "it stays where it was made",
    ),
    (
        "network_interface",
        &["vswitch_id", "primary_ip_address"],
        &[],
        "only a server's own card moves",
    ),
    (
        "route_entry",
        &["route_table_id", "destination_cidr_block"],
        &["ModifyRouteEntry"],
        "by these it is found",
    ),
    ("route_table", &["vpc_id"], &[], "it is one of its network"),
    (
        "security_group",
        &["vpc_id"],
        &["ModifyInstanceVpcAttribute"],
        "it is one of its network; that moves a server",
    ),
    (
        "security_group",
        &["security_group_type"],
        &[],
        "a kind is chosen once",
    ),
    (
        "security_group_rule",
        &["security_group_id", "direction"],
        &["ModifySecurityGroupRule", "ModifySecurityGroupEgressRule"],
        "in these it is found; each direction has an action of its own",
    ),
    ("slb", &["address_type", "vswitch_id"], &[], "bought as it is"),
    (
        "vswitch",
        &["zone_id", "cidr_block"],
        &[],
        "it stays where it was made",
    ),
    (
        "vswitch",
        &["vpc_id"],
        &["ModifyInstanceVpcAttribute"],
        "that moves a server",
    ),
];

/// Attributes whose change is made in place, and makes another one in certain surroundings: the action that makes it, what
/// of its facts in `schema/api` says that it cannot do more, and that in words.
const SOMETIMES: &[(&str, &[&str], &str, Fact, &str)] = &[
    (
        "instance",
        &["vswitch_id"],
        "ModifyInstanceVpcAttribute",
        Fact::Code("InvalidOperation.VswAndEcsAvailabilityZoneMismatch"),
        "ModifyInstanceVpcAttribute moves inside a zone",
    ),
    (
        "route_entry",
        &["next_hop_type", "next_hop_id"],
        "ModifyRouteEntry",
        Fact::Words("NewNextHopType", &["NetworkInterface", "NatGateway"]),
        "ModifyRouteEntry leads to gateways and interfaces only",
    ),
    (
        "security_group_rule",
        &[
            "source_cidr_ip",
            "dest_cidr_ip",
            "ipv6_source_cidr_ip",
            "ipv6_dest_cidr_ip",
            "source_group_id",
            "dest_group_id",
            "source_prefix_list_id",
            "dest_prefix_list_id",
        ],
        "ModifySecurityGroupRule",
        Fact::Code("InvalidOperation.ModifySgRuleEntityType"),
        "ModifySecurityGroupRule keeps the kind of the peer",
    ),
];

/// What is documented of an action.
enum Fact {
    /// A code with which it refuses.
    Code(&'static str),
    /// The words that a parameter takes.
    Words(&'static str, &'static [&'static str]),
}

/// Why a change of these attributes makes another one; empty where nothing says so.
pub(super) fn reason(type_name: &str, changed: &BTreeSet<String>) -> String {
    let names = |of: &str, attributes: &[&str]| {
        of == type_name && attributes.iter().any(|attribute| changed.contains(*attribute))
    };
    let always = ANEW.iter().filter(|(of, attributes, ..)| names(of, attributes));
    let always: Vec<&str> = always.map(|(.., why)| *why).collect();
    let sometimes = SOMETIMES
        .iter()
        .filter(|(of, attributes, ..)| names(of, attributes));
    let sometimes: Vec<&str> = sometimes.map(|(.., why)| *why).collect();
    if always.is_empty() { sometimes } else { always }.join("; ")
}

/// The updates of the API and their parameters, without the places in lists.
pub(super) fn updates() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema/api");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        let product: Value = serde_json::from_str(&text).unwrap();
        for (name, action) in product["actions"].as_object().unwrap() {
            // What reads, makes or removes.
            const OTHERS: [&str; 10] = [
                "Describe",
                "List",
                "Get",
                "Create",
                "Run",
                "Allocate",
                "Authorize",
                "Delete",
                "Release",
                "Revoke",
            ];
            if OTHERS.iter().any(|word| name.starts_with(word)) {
                continue;
            }
            let params = action["params"]
                .as_object()
                .into_iter()
                .flat_map(serde_json::Map::keys);
            let params = params.map(|param| param.trim_end_matches(".N").to_owned());
            found.insert(name.clone(), params.collect());
        }
    }
    found
}

/// The facts of an action.
fn facts_of(name: &str) -> Value {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema/api");
    let products = ["ecs-2014-05-26", "vpc-2016-04-28"].map(|product| folder.join(format!("{product}.json")));
    let read =
        |path: &PathBuf| -> Value { serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap() };
    let mut all = products.iter().map(read);
    all.find_map(|product| product["actions"].get(name).cloned())
        .unwrap()
}

/// A row that makes another one although the attribute can be changed says what the API cannot do there.
#[test]
fn what_is_made_anew_now_and_then_the_api_says_so() {
    for (type_name, attributes, action, fact, why) in SOMETIMES {
        let facts = facts_of(action);
        match fact {
            Fact::Code(code) => {
                let mut all = facts["errors"].as_object().unwrap().values();
                let has = |codes: &Value| codes.as_array().unwrap().iter().any(|one| one == code);
                assert!(all.any(has), "{action}: {code}");
            }
            Fact::Words(param, words) => {
                assert_eq!(
                    facts["params"][param]["enum_hint"],
                    serde_json::json!(words),
                    "{action}"
                );
            }
        }
        for attribute in *attributes {
            assert!(
                find(type_name).unwrap().attribute(attribute).is_some(),
                "{attribute} ({why})"
            );
        }
    }
}
