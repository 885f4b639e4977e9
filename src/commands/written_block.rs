//! The block of something that exists, as a person would write it: only what differs from the defaults, and references in
//! the place of ids.
//!
//! Does not know how it was read, nor where the block goes.

use std::collections::BTreeMap;

use toml_edit::Key;

use crate::address::Address;
use crate::config::layout;
use crate::live::Observed;
use crate::observe::Wanted;
use crate::state::State;
use crate::types::{Attribute, Kind, ResourceType};
use crate::value::Value;
use crate::value::{AttributeName, Attributes};

/// What the cloud gives where nobody says otherwise: attribute and value, nested ones included.
static GIVEN: &[(&str, &str)] = &[
    ("instance_network_type", "vpc"),
    ("io_optimized", "optimized"),
    ("internet_charge_type", "PayByTraffic"),
    ("instance_charge_type", "PostPaid"),
    ("spot_strategy", "NoSpot"),
    ("security_group_type", "normal"),
    ("inner_access_policy", "Accept"),
    ("http_endpoint", "enabled"),
    ("http_tokens", "optional"),
];
/// What it chooses by itself, and nobody writes down: left out it stays as it is. A zone follows from what it stands in.
static CHOSEN: &[&str] = &["resource_group_id", "private_ip", "primary_ip_address"];

/// The ids that the state knows, each with the reference that stands for it.
struct Known(BTreeMap<(String, String), String>);

impl Known {
    fn of(state: &State) -> Known {
        let resources = state.resources.iter();
        let named = resources
            .filter(|(_, one)| !one.id.is_empty())
            .map(|(address, one)| {
                (
                    (one.type_name.clone(), one.id.clone()),
                    format!("${{{address}.id}}"),
                )
            });
        Known(named.collect())
    }

    fn reference(&self, types: &[&str], id: &str) -> Option<&String> {
        types
            .iter()
            .find_map(|name| self.0.get(&((*name).to_owned(), id.to_owned())))
    }
}

/// What has to be read beside the list so that all of it is known.
pub(super) fn details_of(resource_type: &ResourceType) -> Wanted {
    let costly = resource_type
        .attributes
        .iter()
        .filter(|attribute| attribute.costly || matches!(attribute.kind, Kind::Table(_) | Kind::TableSet(_)));
    Wanted::of(costly.map(|attribute| attribute.name.to_owned()))
}

/// The block, with a line break at its end.
pub(super) fn written(
    address: &Address,
    resource_type: &ResourceType,
    observed: &Observed,
    state: &State,
) -> String {
    let known = Known::of(state);
    let mut attributes = observed.attributes.clone();
    // What the type refuses beside the others follows from them.
    while let Some(refused) = (resource_type.check)(&attributes)
        .iter()
        .map(|complaint| complaint.attribute)
        .find(|name| attributes.contains_key(*name) && !is_required(resource_type, name))
    {
        attributes.remove(refused);
    }
    // Nor is what would bring about something that it does not have: a bandwidth, where it has no public address.
    let implies = |wanted: &Attributes| !(resource_type.implied)(wanted, &observed.attributes).is_empty();
    if implies(&attributes) {
        let brings = |name: &&AttributeName| {
            let mut without = attributes.clone();
            without.remove(*name);
            !is_required(resource_type, name) && !implies(&without)
        };
        let name = attributes.keys().find(brings).cloned();
        if let Some(name) = name {
            attributes.remove(&name);
        }
    }
    if resource_type
        .stays_with
        .is_some_and(|name| attributes.contains_key(name))
    {
        attributes.remove("zone_id");
    }
    let mut block = format!("[{}.{}]\n", address.type_name(), address.name());
    for (name, value) in lines(resource_type.attributes, &attributes, &known, true) {
        block.push_str(&format!("{name} = {value}\n"));
    }
    // A text that is laid out already stays as it is.
    layout::lay_out(&block).unwrap_or(block)
}

fn is_required(resource_type: &ResourceType, name: &str) -> bool {
    resource_type
        .attribute(name)
        .is_some_and(|attribute| attribute.required)
}

/// Key and value of each that is worth a line, in the order of the table.
fn lines(
    table: &[Attribute],
    attributes: &Attributes,
    known: &Known,
    of_block: bool,
) -> Vec<(&'static str, String)> {
    let settable = table.iter().filter(|attribute| !attribute.computed);
    settable
        .filter_map(|attribute| {
            let value = attributes.get(attribute.name)?;
            if !attribute.required && goes_without_saying(attribute, value) {
                return None;
            }
            Some((attribute.name, text_of(attribute, value, known, of_block)?))
        })
        .collect()
}

/// Whether not to write it says the same, or nothing.
fn goes_without_saying(attribute: &Attribute, value: &Value) -> bool {
    if let Some(default) = &attribute.default {
        return default.value() == *value;
    }
    if CHOSEN.contains(&attribute.name) {
        return true;
    }
    if let Some(text) = value.as_str() {
        // A host name that the cloud makes of the server's id.
        let is_made = attribute.name == "host_name" && text.starts_with("iZ");
        if is_made || GIVEN.contains(&(attribute.name, text)) {
            return true;
        }
    }
    match value {
        Value::Bool(truth) => !truth,
        Value::Integer(number) => *number == 0,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(items) => items.is_empty(),
        _ => true,
    }
}

/// A value as it stands behind `=`; none for what may not be written down, and for what nobody can read.
fn text_of(attribute: &Attribute, value: &Value, known: &Known, of_block: bool) -> Option<String> {
    let texts = |types: &[&str]| {
        let items = value.as_list()?.iter().filter_map(Value::as_str);
        let items: Vec<String> = items.map(|item| quoted_id(types, item, known)).collect();
        Some(format!("[{}]", items.join(", ")))
    };
    match (&attribute.kind, value) {
        (Kind::Secret | Kind::Text, _) => None,
        (Kind::Id(of), Value::String(id)) => Some(quoted_id(&[of], id, known)),
        (Kind::IdOf(types), Value::String(id)) => Some(quoted_id(types, id, known)),
        (Kind::IdSet(of), _) => texts(&[of]),
        (Kind::StringSet, _) => texts(&[]),
        (Kind::IntegerSet { .. }, Value::List(items)) => {
            let numbers: Vec<String> = items.iter().filter_map(Value::to_text).collect();
            Some(format!("[{}]", numbers.join(", ")))
        }
        (Kind::Tags, Value::Map(tags)) => {
            let tags = tags.iter().filter_map(|(name, value)| {
                Some((
                    Key::new(&**name).display_repr().into_owned(),
                    quoted(value.as_str()?),
                ))
            });
            Some(inline(tags))
        }
        (Kind::Table(inner), Value::Map(inside)) => {
            let members = lines(inner, inside, known, false);
            (!members.is_empty()).then(|| inline(members))
        }
        (Kind::TableSet(inner), Value::List(items)) => {
            let tables = items.iter().filter_map(Value::as_map);
            let tables: Vec<String> = tables
                .map(|inside| inline(lines(inner, inside, known, false)))
                .collect();
            // One rule a line makes differences of one line.
            Some(if tables.len() > 1 && of_block {
                format!("[\n  {},\n]", tables.join(",\n  "))
            } else {
                format!("[{}]", tables.join(", "))
            })
        }
        (_, Value::String(text)) => Some(quoted(text)),
        (_, Value::Integer(_) | Value::Bool(_)) => value.to_text(),
        _ => None,
    }
}

fn inline(members: impl IntoIterator<Item = (impl AsRef<str>, String)>) -> String {
    let members: Vec<String> = members
        .into_iter()
        .map(|(name, value)| format!("{} = {value}", name.as_ref()))
        .collect();
    format!("{{ {} }}", members.join(", "))
}

fn quoted_id(types: &[&str], id: &str, known: &Known) -> String {
    match known.reference(types, id) {
        Some(reference) => format!("\"{reference}\""),
        None => quoted(id),
    }
}

/// A text on one line that means itself: nothing in it is a reference. What JSON escapes TOML escapes as well, and one
/// character more.
fn quoted(text: &str) -> String {
    let text = serde_json::Value::from(text.replace("${", "$${"));
    text.to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Random;
    use crate::state::Resource;
    use crate::types;

    struct Zeros;

    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn known(type_name: &str, id: &str) -> Resource {
        Resource {
            type_name: type_name.to_owned(),
            id: id.to_owned(),
            ..Resource::default()
        }
    }

    fn observed(attributes: serde_json::Value) -> Observed {
        let Some(Value::Map(attributes)) = Value::from_json(&attributes) else {
            panic!("{attributes} is no table");
        };
        Observed {
            attributes,
            ..Observed::default()
        }
    }

    fn block_of(address: &str, attributes: serde_json::Value) -> String {
        let address: Address = address.parse().unwrap();
        let mut state = State::begin(&Zeros);
        let resources = [
            ("vpc.main", known("vpc", "vpc-1")),
            ("vswitch.a[0]", known("vswitch", "vsw-1")),
            ("security_group.web", known("security_group", "sg-1")),
        ];
        for (address, resource) in resources {
            state.resources.insert(address.parse().unwrap(), resource);
        }
        let resource_type = types::find(address.type_name()).unwrap();
        written(&address, resource_type, &observed(attributes), &state)
    }

    #[test]
    fn only_what_differs_is_written_and_what_is_ours_is_named() {
        let block = block_of(
            "instance.web",
            serde_json::json!({
                "id": "i-1",
                "name": "李雷's ${HOME} \"web\"",
                "instance_type": "ecs.g7.large",
                "image_id": "ubuntu_22_04_x64_20G_alibase_20240819.vhd",
                "vswitch_id": "vsw-1",
                "security_group_ids": ["sg-1", "sg-2"],
                "description": "",
                "internet_max_bandwidth_out": 0,
                "deletion_protection": false,
                "status": "Running",
                "system_disk": { "category": "cloud_essd", "size": 40, "encrypted": false },
                "tags": { "team": "a", "负责人": "b" },
                "user_data": "a keyed hash",
                "public_ip": "47.96.0.1",
            }),
        );
        expect_test::expect![[r#"
            [instance.web]
            name = "李雷's $${HOME} \"web\""
            instance_type = "ecs.g7.large"
            image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
            vswitch_id = "${vswitch.a[0].id}"
            security_group_ids = ["${security_group.web.id}", "sg-2"]
            system_disk = { category = "cloud_essd", size = 40 }
            tags = { team = "a", "负责人" = "b" }
        "#]]
        .assert_eq(&block);
    }

    #[test]
    fn rules_have_a_line_each() {
        let block = block_of(
            "security_group.old",
            serde_json::json!({
                "vpc_id": "vpc-9",
                "name": "old",
                "egress": [],
                "ingress": [
                    { "ip_protocol": "TCP", "port_range": "443/443", "source_cidr_ip": "0.0.0.0/0", "priority": 1, "policy": "Accept" },
                    { "ip_protocol": "TCP", "port_range": "22/22", "source_group_id": "sg-1", "priority": 5, "policy": "Accept" },
                ],
            }),
        );
        expect_test::expect![[r#"
            [security_group.old]
            vpc_id = "vpc-9"
            name = "old"
            ingress = [
              { port_range = "443/443", source_cidr_ip = "0.0.0.0/0", policy = "Accept" },
              { port_range = "22/22", source_group_id = "${security_group.web.id}", policy = "Accept", priority = 5 },
            ]
        "#]]
        .assert_eq(&block);
    }
}
