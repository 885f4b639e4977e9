//! What comes into the hands of a file and goes out of them, drawn by chance: `[[import]]`, `[[removed]]`, and images that
//! data blocks choose.
//!
//! Does not know what is imported or let go of: addresses and ids are told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::Chance;
use super::scenarios::{Piece, Stack};
use super::servers::IMAGES;
use super::world::World;
use super::{lock, meddle};

#[derive(Debug, Clone, Default)]
pub(super) struct Handovers {
    /// The id of what each address takes over.
    imports: BTreeMap<String, String>,
    /// What was taken over at some time.
    taken: BTreeSet<String>,
    /// The blocks that are let go of when they are taken out.
    let_go: BTreeSet<String>,
    /// Whether data blocks choose the images.
    chooses: bool,
}

/// The address of the block that an address is of.
pub(super) fn block(address: &str) -> &str {
    address.split('[').next().unwrap_or(address)
}

impl Handovers {
    pub(super) fn some(chance: &mut Chance) -> Handovers {
        Handovers {
            chooses: chance.below(3) == 0,
            ..Handovers::default()
        }
    }

    pub(super) fn edit(&mut self) {
        self.chooses = !self.chooses;
    }

    /// What is in this block goes on existing without it.
    pub(super) fn lets_go(&mut self, block: String) {
        self.let_go.insert(block);
    }

    pub(super) fn takes(&mut self, address: String, id: String) {
        self.taken.insert(address.clone());
        self.imports.insert(address, id);
    }

    /// What was taken over has another address.
    pub(super) fn renamed(&mut self, from: &str, to: &str) {
        if self.taken.contains(from) {
            self.taken.insert(to.to_owned());
        }
    }

    /// Nobody takes over what is not there any more.
    pub(super) fn forget_what_is_gone(&mut self, is_there: impl Fn(&str) -> bool) {
        self.imports.retain(|_, id| is_there(id));
    }

    /// What was imported is protected until its block says otherwise.
    pub(super) fn allow(&self, pieces: &mut [Piece]) {
        for piece in pieces
            .iter_mut()
            .filter(|piece| self.taken.contains(&piece.address))
        {
            piece.text.push_str("lifecycle = { prevent_destroy = false }\n");
        }
    }

    /// Adds all of it to the blocks of a file.
    pub(super) fn write(&self, stack: &mut Stack) {
        if self.chooses {
            let mut used = BTreeSet::new();
            for piece in &mut stack.pieces {
                for (index, image) in IMAGES.iter().enumerate() {
                    let (literal, chosen) = (
                        format!("image_id = \"{image}\""),
                        format!("image_id = \"${{data.image.i{index}.id}}\""),
                    );
                    if piece.text.contains(&literal) {
                        piece.text = piece.text.replace(&literal, &chosen);
                        used.insert(index);
                    }
                }
            }
            for index in used {
                let pattern = IMAGES[index].replace('.', "\\\\.");
                let _ = writeln!(stack.tail, "[data.image.i{index}]\nname_regex = \"^{pattern}$\"");
            }
        }
        let is_there = |pieces: &[Piece], address: &str| pieces.iter().any(|piece| piece.address == address);
        for (address, id) in &self.imports {
            if is_there(&stack.pieces, address) {
                let _ = writeln!(stack.tail, "[[import]]\nto = \"{address}\"\nid = \"{id}\"");
            }
        }
        for from in &self.let_go {
            if !stack.pieces.iter().any(|piece| block(&piece.address) == from) {
                let _ = writeln!(stack.tail, "[[removed]]\nfrom = \"{from}\"\ndestroy = false");
                stack.let_go.insert(from.clone());
            }
        }
    }
}

/// Somebody makes an address or a disk by hand: its id, if the cloud makes it.
pub(super) fn made_by_hand(world: &mut World, params: &[(&str, &str)], field: &str) -> Option<String> {
    let product = if params[0].1 == "CreateDisk" { "Ecs" } else { "Vpc" };
    let (status, body) = meddle::call(&mut lock(&world.site), world.now, product, params);
    let answer: Value = serde_json::from_str(&body).unwrap_or_default();
    let id = answer[field].as_str().filter(|_| status == 200)?.to_owned();
    // Until a file has taken it over it carries no tags, and it stays if none ever does.
    lock(&world.site).taken_off.insert(id.clone());
    Some(id)
}
