//! What makes a state know less than there is, drawn by chance: `state rm` of anything, `state push` of an edited document,
//! and `state restore`.
//!
//! Does not know what happens to these commands. All that they make a state forget is wanted by the file that stands, so
//! it is all taken back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Chance;
use super::fate::Plan;
use super::oracle::tag;
use super::scenarios::{Piece, Stack, TABLES};
use super::world::World;

/// Where a document is edited.
const EDITED: &str = "edited.json";
/// The types that have no tags.
const TAGLESS: &[&str] = &["route_entry", "security_group_rule"];

/// A command that goes back, if there is anything to go back to; never behind this serial, with which the file came.
pub(super) fn some(world: &mut World, chance: &mut Chance, stack: &Stack, since: u64) -> Option<Vec<String>> {
    // What has no tags nobody can know again.
    let is_tagless = |piece: &&Piece| TAGLESS.contains(&piece.address.split('.').next().unwrap_or_default());
    let tagged: Vec<&Piece> = stack.pieces.iter().filter(|piece| !is_tagless(piece)).collect();
    let line = match chance.below(6) {
        0 | 1 => {
            let address = &chance.pick(&tagged).address;
            note_doubles(world, Some(address));
            vec!["state", "rm", address]
        }
        2 | 3 => {
            let pulled = world.run(&["state", "pull"], Plan::default());
            let mut document: Value = serde_json::from_str(&pulled.out).ok()?;
            let resources = document["resources"].as_object_mut()?;
            for _ in 0..=chance.below(2) {
                let gone = resources
                    .remove(&chance.pick(&tagged).address)
                    .unwrap_or_default();
                note_moved_aside(world, &gone);
            }
            world.disk.put(&World::path(EDITED), &document.to_string());
            note_doubles(world, None);
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
            if serials.is_empty() || stack.pieces.iter().any(|piece| is_tagless(&piece)) {
                return None;
            }
            note_doubles(world, None);
            let restore = ["state", "restore", *chance.pick(&serials[..])];
            return Some(restore.map(str::to_owned).to_vec());
        }
    };
    Some(line.into_iter().map(str::to_owned).collect())
}

/// One that is forgotten together with those that a replacement has moved aside, of which perhaps not all carry its address.
fn note_moved_aside(world: &mut World, entry: &Value) {
    let aside = entry["deposed"].as_array().filter(|aside| !aside.is_empty());
    let ids = aside.into_iter().flatten().chain([entry]);
    let ids: Vec<String> = ids
        .filter_map(|one| Some(one["id"].as_str()?.to_owned()))
        .collect();
    world.orphans.extend(ids.into_iter().filter(|_| aside.is_some()));
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
