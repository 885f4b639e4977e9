//! What makes a state know less than there is, drawn by chance: `state rm` of anything, `state push` of an edited document,
//! and `state restore`.
//!
//! Does not know what happens to these commands. All that they make a state forget is wanted by the file that stands, so
//! it is all taken back.

use std::collections::{BTreeMap, BTreeSet};

use super::Chance;
use super::fate::Plan;
use super::oracle::tag;
use super::scenarios::{Stack, TABLES};
use super::world::World;

/// Where a document is edited.
const EDITED: &str = "edited.json";

/// A command that goes back, if there is anything to go back to; never behind this serial, with which the file came.
pub(super) fn some(world: &mut World, chance: &mut Chance, stack: &Stack, since: u64) -> Option<Vec<String>> {
    let line = match chance.below(6) {
        0 | 1 => {
            let address = &chance.pick(&stack.pieces).address;
            note_doubles(world, Some(address));
            return Some(["state", "rm", address].map(str::to_owned).to_vec());
        }
        2 | 3 => {
            let pulled = world.run(&["state", "pull"], Plan::default());
            let mut document: serde_json::Value = serde_json::from_str(&pulled.out).ok()?;
            let resources = document["resources"].as_object_mut()?;
            for _ in 0..=chance.below(2) {
                resources.remove(&chance.pick(&stack.pieces).address);
            }
            world.disk.put(&World::path(EDITED), &document.to_string());
            vec!["state", "push", EDITED]
        }
        _ => {
            let listed = world.run(&["state", "restore", "--list"], Plan::default());
            let serials = listed
                .out
                .lines()
                .filter_map(|line| line.split_whitespace().next());
            let serials = serials.filter(|serial| serial.parse().is_ok_and(|serial: u64| serial > since));
            let serials: Vec<&str> = serials.collect();
            if serials.is_empty() {
                return None;
            }
            let serial = (*chance.pick(&serials)).to_owned();
            note_doubles(world, None);
            return Some(vec!["state".to_owned(), "restore".to_owned(), serial]);
        }
    };
    note_doubles(world, None);
    Some(line.into_iter().map(str::to_owned).collect())
}

/// Of two of an address, one of which a replacement has left over, the next plan takes one back and tells the other; of
/// this address, or of all.
pub(super) fn note_doubles(world: &mut World, of: Option<&str>) {
    let inventory = world.inventory();
    let mut ids: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for table in TABLES {
        for row in inventory[table].as_array().into_iter().flatten() {
            if let Some((address, id)) = tag(row, "infra:addr").zip(row["id"].as_str())
                && of.is_none_or(|of| of == address)
            {
                ids.entry((table, address)).or_default().insert(id);
            }
        }
    }
    let doubles = ids.into_values().filter(|ids| ids.len() > 1).flatten();
    let doubles: Vec<String> = doubles.map(str::to_owned).collect();
    world.orphans.extend(doubles);
}
