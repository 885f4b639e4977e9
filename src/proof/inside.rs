//! What carries no tags, read from the inventory: entries of route tables, rules of groups, data disks of servers, and what
//! is made together with something else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::oracle::has_all;
use super::scenarios::Stack;

/// Whether a row came with another and goes with it: a server's own disks and card, a network's own table.
pub(super) fn is_made_with_another(table: &str, row: &Value) -> bool {
    let is_volume = || {
        let tags = row["tags"].as_array().map_or(&[][..], Vec::as_slice);
        let address = tags.iter().find(|tag| tag[0] == "infra:addr");
        let is_of_server = |tag: &Value| {
            tag[1]
                .as_str()
                .is_some_and(|address| address.starts_with("instance."))
        };
        let has_server = row["instance_id"].as_str().is_some_and(|id| !id.is_empty());
        has_server && (tags.is_empty() || address.is_some_and(is_of_server))
    };
    match table {
        "route_table" => row["system"] == true,
        "disk" => row["system"] == true || is_volume(),
        "network_interface" => row["kind"] != "Secondary",
        _ => false,
    }
}

/// Holds what is inside of others against the pieces, and takes out of `wanted` what is there.
pub(super) fn check(
    inventory: &Value,
    stack: &Stack,
    known: &BTreeMap<String, String>,
    foreign: &BTreeMap<(String, String), Value>,
    wanted: &mut BTreeSet<&str>,
) -> Result<(), String> {
    let rows = |table: &str| inventory[table].as_array().into_iter().flatten();
    let is_foreign = |table: &str, row: &Value| {
        let id = row["id"].as_str().unwrap_or_default().to_owned();
        foreign.contains_key(&(table.to_owned(), id))
    };
    let mut there: Vec<(String, &Value)> = Vec::new();
    for row in rows("route_entry").filter(|row| row["automatic"] == false && !is_foreign("route_entry", row))
    {
        let text = |name: &str| row[name].as_str().unwrap_or_default();
        there.push((format!("{}/{}", text("table_id"), text("destination")), row));
    }
    for group in rows("security_group").filter(|row| !is_foreign("security_group", row)) {
        let id = group["id"].as_str().unwrap_or_default();
        for rule in group["rules"].as_array().into_iter().flatten() {
            let ports = rule["key"]["ports"].as_str().unwrap_or_default();
            // Others are of the group itself, or were added by somebody else.
            if ports.starts_with('9') {
                there.push((format!("{id}/{ports}"), rule));
            }
        }
    }
    for (place, row) in there {
        let is_it = |id: &str| match id.split_once("/ingress,") {
            Some((group, rest)) => {
                let ports = rest.split(',').nth(2).unwrap_or_default();
                format!("{group}/{ports}") == place
            }
            None => id == place,
        };
        let address = known.iter().find(|(_, id)| is_it(id)).map(|(address, _)| address);
        let piece = address.and_then(|address| stack.pieces.iter().find(|piece| piece.address == *address));
        let Some(piece) = piece.filter(|piece| wanted.remove(piece.address.as_str())) else {
            return Err(format!("I2: {place} is not wanted, or is there twice: {known:?}"));
        };
        has_all(piece, row, known)?;
    }
    for piece in stack
        .pieces
        .iter()
        .filter(|piece| piece.address.starts_with("instance."))
    {
        let id = known.get(&piece.address).map_or("", String::as_str);
        let volumes: Vec<&Value> = rows("disk")
            .filter(|row| row["instance_id"] == id && row["system"] == false)
            .filter(|row| is_made_with_another("disk", row))
            .collect();
        let sizes = volumes.iter().map(|row| row["size"].to_string());
        let wanted: Vec<String> = piece.volumes.iter().map(ToString::to_string).collect();
        if sizes.ne(wanted.iter().cloned()) {
            return Err(format!(
                "I5: {} has the data disks {volumes:?} and should have {wanted:?}",
                piece.address
            ));
        }
    }
    Ok(())
}

/// The rules of all groups.
pub(super) fn rules(inventory: &Value) -> impl Iterator<Item = &Value> {
    let groups = inventory["security_group"].as_array().into_iter().flatten();
    groups.flat_map(|group| group["rules"].as_array().into_iter().flatten())
}
