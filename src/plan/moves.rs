//! Moves: resources that keep their object under another address, as pure data before anything is decided.
//!
//! A move is done in memory first ([`state_after`], [`live_after`]), so that everything else is planned as if the addresses had always been
//! so; the plan then tells the state of it before anything else happens at either address.
//!
//! Does not know what else becomes of a resource that moves.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::address::{Address, Key};
use crate::config::{BlockShape, Config, MovedBlock};
use crate::diagnostic::{Diagnostic, codes};
use crate::live::Live;
use crate::state::{Effect, Intent, State};

/// A resource that gets another address and keeps its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) from: Address,
    /// Free once all moves before this one are done.
    pub(crate) to: Address,
    /// Why, in words.
    pub(crate) reason: String,
}

impl Move {
    /// What the state learns.
    pub(super) fn effect(&self) -> Effect {
        Effect::Move {
            from: self.from.clone(),
            to: self.to.clone(),
        }
    }
}

/// The moves that `[[moved]]` tells, one after the other, and an error for each that cannot be made now. One whose address
/// the state does not know is done already.
pub(super) fn said(config: &Config, state: &State, open: &[Intent]) -> (Vec<Move>, Vec<Diagnostic>) {
    let busy = under_way(open);
    let mut there: BTreeSet<Address> = state.resources.keys().cloned().collect();
    let (mut moves, mut errors) = (Vec::new(), Vec::new());
    for block in &config.transitions.moved {
        for (from, to) in pairs(block, &there) {
            if !config.resources.contains_key(&to) {
                continue;
            }
            let in_the_way = if there.contains(&to) {
                Some(format!("{to} is there already"))
            } else if busy.contains(&from) || busy.contains(&to) {
                Some("a call of an interrupted run is open for it".to_owned())
            } else {
                None
            };
            if let Some(in_the_way) = in_the_way {
                let message = format!("{from} cannot become {to}: {in_the_way}");
                errors.push(
                    Diagnostic::error(codes::TAKEN, message)
                        .at(block.location.clone(), "")
                        .help("take this [[moved]] out, apply, and look what is left to do"),
                );
                continue;
            }
            there.remove(&from);
            there.insert(to.clone());
            moves.push(Move {
                reason: format!(
                    "it was {from}, says [[moved]] in {}:{}",
                    block.location.file, block.location.line
                ),
                from,
                to,
            });
        }
    }
    (moves, errors)
}

/// What a block means: one resource, or each copy of a block.
fn pairs(block: &MovedBlock, there: &BTreeSet<Address>) -> Vec<(Address, Address)> {
    if there.contains(&block.from) {
        return vec![(block.from.clone(), block.to.clone())];
    }
    if block.from.key().is_some() || block.to.key().is_some() {
        return Vec::new();
    }
    let copies = there.iter().filter(|address| address.block() == block.from);
    copies
        .filter_map(|copy| Some((copy.clone(), block.to.with_key(copy.key()?.clone()))))
        .collect()
}

/// The moves of blocks that have gained or lost `count` or `for_each`: `web` and `web[0]`, or `web` and the only key.
///
/// Only where one side is in the state and the other in the configuration, and nothing else is known of either: no call
/// that may be under way, and nothing that an earlier run moved aside.
pub(super) fn implied(config: &Config, state: &State, open: &[Intent]) -> Vec<Move> {
    let mut known: BTreeMap<Address, Vec<&Address>> = BTreeMap::new();
    for address in state.resources.keys() {
        known.entry(address.block()).or_default().push(address);
    }
    let busy = under_way(open);
    let is_free = |address: &Address| !busy.contains(address) && !state.resources.contains_key(address);
    let moves = known.into_iter().filter_map(|(block, known)| {
        let shape = config.blocks.get(&block)?;
        let (from, to) = match shape {
            BlockShape::Single => (first_copy(&known)?.clone(), block),
            BlockShape::Count(0) => return None,
            BlockShape::Count(_) => (block.clone(), block.with_key(Key::Index(0))),
            BlockShape::ForEach(keys) => {
                let mut keys = keys.iter();
                let (Some(only), None) = (keys.next(), keys.next()) else {
                    return None;
                };
                (block.clone(), block.with_key(Key::Name(only.clone())))
            }
        };
        let resource = state.resources.get(&from)?;
        let is_settled = !resource.id.is_empty() && resource.deposed.is_empty() && !busy.contains(&from);
        let has_successor = config.resources.contains_key(&to) && is_free(&to);
        (is_settled && has_successor).then(|| Move {
            reason: match shape {
                BlockShape::Single => format!("it was {from}; its block has no copies any more"),
                BlockShape::Count(_) => format!("it was {from}; its block has count now"),
                BlockShape::ForEach(_) => format!("it was {from}; its block has for_each now"),
            },
            from,
            to,
        })
    });
    moves.collect()
}

/// The copy that stands for a block which has none any more: the one with index 0, or the only one with a key.
fn first_copy<'a>(known: &[&'a Address]) -> Option<&'a Address> {
    let index = |address: &&&Address| address.key() == Some(&Key::Index(0));
    let first = known.iter().find(index);
    match known {
        [only] if matches!(only.key(), Some(Key::Name(_))) => Some(only),
        _ => first.copied(),
    }
}

/// The addresses that an open call is about.
fn under_way(open: &[Intent]) -> BTreeSet<&Address> {
    open.iter()
        .flat_map(|intent| {
            let members = intent.members.iter().map(|member| &member.address);
            members.chain([&intent.object.address])
        })
        .collect()
}

/// The state as it is when these moves are done, one after the other; not copied if there are none.
pub(super) fn state_after<'a>(moves: &[Move], state: &'a State) -> Cow<'a, State> {
    let mut state = Cow::Borrowed(state);
    for one in moves {
        state.to_mut().apply(&one.effect(), None);
    }
    state
}

/// What was seen, under the addresses that these moves give, done one after the other.
pub(super) fn live_after(moves: &[Move], live: &Live) -> Live {
    let mut live = live.clone();
    for one in moves {
        if let Some(observed) = live.resources.remove(&one.from) {
            live.resources.insert(one.to.clone(), observed);
        }
        if let Some(deposed) = live.deposed.remove(&one.from) {
            live.deposed.insert(one.to.clone(), deposed);
        }
    }
    live
}
