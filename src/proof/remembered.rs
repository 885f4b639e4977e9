//! What a state says, held against the file it was applied from: both are read without the code that wrote them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::partners::shown;
use crate::types;

/// Keys of a block that are no attributes.
const COMMON: &[&str] = &["count", "for_each", "depends_on", "lifecycle"];
/// Attributes by which it is joined to others after both are there.
const JOINED: &[&str] = &[
    "ingress",
    "instance_id",
    "auto_snapshot_policy_id",
    "vswitch_ids",
    "snat",
    "backends",
];
/// Attributes of which a state keeps a fingerprint only.
const SEALED: &[&str] = &["password", "user_data"];

/// Whether the state says what the file says: attributes, lifecycle, dependencies and outputs, and nothing that is
/// unfinished.
pub(super) fn agrees(state: &Value, file: &str) -> Result<(), String> {
    let file: toml::Table = file.parse().map_err(|error| format!("the file: {error}"))?;
    let file = serde_json::to_value(file).unwrap();
    for table in types::REGISTRY.iter().map(|table| table.name) {
        for (name, block) in file[table].as_object().into_iter().flatten() {
            let address = format!("{table}.{name}");
            let addresses = match (block["count"].as_u64(), block["for_each"].as_array()) {
                (Some(copies), _) => (0..copies).map(|index| format!("{address}[{index}]")).collect(),
                (None, Some(keys)) => (keys.iter().filter_map(Value::as_str))
                    .map(|key| format!("{address}[{}]", shown(key)))
                    .collect(),
                (None, None) => vec![address],
            };
            for address in addresses {
                let entry = &state["resources"][&address];
                one(state, entry, &address, block).map_err(|error| format!("{address}: {error}"))?;
            }
        }
    }
    let outputs = |value: &Value| -> BTreeSet<String> {
        value
            .as_object()
            .map(|map| map.keys().cloned().collect())
            .unwrap_or_default()
    };
    let (wanted, known) = (outputs(&file["output"]), outputs(&state["outputs"]));
    // A server without a bandwidth has no address to the outside, and the output is none.
    let may_be_none = |name: &&String| file["output"][name].as_str().unwrap().contains("public_ip");
    let missing: Vec<_> = wanted
        .difference(&known)
        .filter(|name| !may_be_none(name))
        .collect();
    if !missing.is_empty() || !known.is_subset(&wanted) {
        return Err(format!("outputs are {known:?} and should be {wanted:?}"));
    }
    Ok(())
}

fn one(state: &Value, entry: &Value, address: &str, block: &Value) -> Result<(), String> {
    for unfinished in ["unsettled", "deposed"] {
        if !entry[unfinished].is_null() {
            return Err(format!("it is unfinished: {}", entry[unfinished]));
        }
    }
    let lifecycle = |value: &Value| value.as_object().cloned().unwrap_or_default();
    if lifecycle(&entry["lifecycle"]) != lifecycle(&block["lifecycle"]) {
        return Err(format!("its lifecycle is {}", entry["lifecycle"]));
    }
    let known: BTreeSet<String> = texts(&entry["dependencies"]).into_iter().collect();
    let mut wanted = dependencies(block);
    wanted.remove(address);
    if known != wanted {
        return Err(format!("its dependencies are {known:?} and should be {wanted:?}"));
    }
    // What is left alone is as it was found.
    let ignored: Vec<String> = texts(&block["lifecycle"]["ignore_changes"]);
    let is_ignored = |name: &str| ignored.iter().any(|path| path.split('.').next() == Some(name));
    let (attributes, block) = (&entry["attributes"], block.as_object().unwrap());
    for (name, value) in block
        .iter()
        .filter(|(name, _)| !COMMON.contains(&name.as_str()) && !is_ignored(name))
    {
        let known = &attributes[name];
        let Some(wanted) = resolved(state, value) else {
            // What it names only the cloud knows.
            if !known.is_string() {
                return Err(format!("{name} is {known} and should be {value}"));
            }
            continue;
        };
        let is_same = match name.as_str() {
            name if SEALED.contains(&name) => known
                .as_str()
                .is_some_and(|text| text.starts_with("hmac-sha256:")),
            "security_group_ids" => {
                let set = |value: &Value| -> BTreeSet<String> { texts(value).into_iter().collect() };
                set(known) == set(&wanted)
            }
            "ingress" | "egress" => rules(known) == rules(&wanted),
            "port_range" => known.as_str().map(port) == wanted.as_str().map(port),
            "spot_price_limit" => {
                let number = |value: &Value| value.as_str().and_then(|text| text.parse::<f64>().ok());
                number(known) == number(&wanted)
            }
            // The comment at its end is not part of it.
            "public_key_body" => known.as_str().map(key) == wanted.as_str().map(key),
            _ => says(known, &wanted),
        };
        if !is_same {
            return Err(format!("{name} is {known} and should be {wanted}"));
        }
    }
    let (table, _) = address.split_once('.').unwrap();
    let table = types::find(table).unwrap();
    for name in attributes.as_object().into_iter().flat_map(serde_json::Map::keys) {
        let attribute = table.attribute(name).unwrap();
        // A period without a unit is one of months.
        if name == "period_unit" && block.contains_key("period") && attributes[name] == "Month" {
            continue;
        }
        if !block.contains_key(name) && !attribute.computed && attribute.default.is_none() {
            return Err(format!("{name} is remembered and not in the file"));
        }
    }
    Ok(())
}

/// Whether a value says what is wanted: a set has one order, and its members may have defaults besides.
fn says(known: &Value, wanted: &Value) -> bool {
    match (known, wanted) {
        (Value::Array(known), Value::Array(wanted)) => {
            let is_there = |one: &Value| known.iter().any(|known| says(known, one));
            known.len() == wanted.len() && wanted.iter().all(is_there)
        }
        (Value::Object(known), Value::Object(wanted)) => wanted
            .iter()
            .all(|(name, value)| known.get(name).is_some_and(|known| says(known, value))),
        _ => known == wanted,
    }
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Where rules are from or lead to, which ports they open.
fn rules(list: &Value) -> BTreeSet<(String, String)> {
    const PEERS: [&str; 4] = [
        "source_cidr_ip",
        "source_group_id",
        "dest_cidr_ip",
        "dest_group_id",
    ];
    let items = list.as_array().into_iter().flatten();
    items
        .map(|rule| {
            let text = |name: &str| rule[name].as_str().unwrap_or_default();
            (port(text("port_range")).to_owned(), PEERS.map(text).concat())
        })
        .collect()
}

/// The first port of a range, in the API's words for all of them.
fn port(range: &str) -> &str {
    match range {
        "all" => "-1",
        range => range.split('/').next().unwrap_or_default(),
    }
}

/// The kind and the body of a public key.
fn key(line: &str) -> Vec<&str> {
    line.split(' ').take(2).collect()
}

/// The resources that a block needs.
fn dependencies(block: &Value) -> BTreeSet<String> {
    let mut named: BTreeSet<String> = texts(&block["depends_on"]).into_iter().collect();
    // What makes it anew comes before it; attributes of its own are named there too.
    let triggers = texts(&block["lifecycle"]["replace_on"]).into_iter();
    named.extend(triggers.filter(|path| types::find(path.split('.').next().unwrap()).is_some()));
    let mut block = block.as_object().cloned().unwrap_or_default();
    // A rule is added when both groups are there, so neither group needs the other; nor does what is joined, or is put in
    // by a call of its own.
    for name in JOINED {
        block.remove(*name);
    }
    let text = Value::from(block).to_string();
    for reference in text.split("${").skip(1) {
        let parts: Vec<&str> = reference.split('.').take(2).collect();
        if parts[0] != "data" {
            named.insert(parts.join("."));
        }
    }
    named
}

/// A value of the file with what its references stand for; none if the state does not keep that.
fn resolved(state: &Value, value: &Value) -> Option<Value> {
    Some(match value {
        Value::String(text) => {
            let mut parts = text.split("${");
            let mut whole = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let (reference, rest) = part.split_once('}').unwrap();
                let (address, attribute) = reference.rsplit_once('.').unwrap();
                let entry = &state["resources"][address];
                let value = match attribute {
                    "id" => &entry["id"],
                    _ => &entry["attributes"][attribute],
                };
                whole.push_str(value.as_str()?);
                whole.push_str(rest);
            }
            json!(whole)
        }
        Value::Array(items) => items
            .iter()
            .map(|item| resolved(state, item))
            .collect::<Option<_>>()?,
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| Some((name.clone(), resolved(state, field)?)))
            .collect::<Option<serde_json::Map<_, _>>>()?
            .into(),
        other => other.clone(),
    })
}
