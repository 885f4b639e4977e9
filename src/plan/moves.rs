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
use crate::diagnostic::{Diagnostic, Location, codes};
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
    let mut there = known(state, open);
    let (mut moves, mut errors) = (Vec::new(), Vec::new());
    for block in &config.transitions.moved {
        for (from, to) in pairs(block, &there) {
            if !config.resources.contains_key(&to) {
                continue;
            }
            if there.contains(&to) {
                errors.push(
                    Diagnostic::error(
                        codes::TAKEN,
                        format!("{from} cannot become {to}: {to} is there already"),
                    )
                    .at(block.location.clone(), "")
                    .help("take this [[moved]] out, apply, and look what is left to do"),
                );
                continue;
            }
            if let Some(intent) = under_way(&[&from, &to], open) {
                errors.push(not_yet(&from, &to, intent, &block.location));
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

/// What an open call makes or changes is written to the address that it had when it was sent.
fn not_yet(from: &Address, to: &Address, intent: &Intent, location: &Location) -> Diagnostic {
    let message = format!(
        "{from} cannot become {to} yet: an interrupted run left a call open for {}: {}",
        intent.object.address, intent.action
    );
    Diagnostic::error(codes::UNDER_WAY, message)
        .at(location.clone(), "")
        .help("what it did can be seen within half an hour of it: run this again then")
        .help(format!("or put {from} back and apply: that finds it out at once"))
}

/// The addresses at which something is, or may be since a call that makes it is open.
fn known(state: &State, open: &[Intent]) -> BTreeSet<Address> {
    let made = open.iter().flat_map(|intent| {
        let own = intent.resource.is_some().then_some(&intent.object.address);
        let members = intent.members.iter().map(|member| &member.address);
        own.into_iter().chain(members)
    });
    state.resources.keys().chain(made).cloned().collect()
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

/// The moves of blocks that have gained or lost `count` or `for_each`: `web` and `web[0]`, or `web` and the only key; and
/// an error for each that cannot be made yet.
///
/// Only where one side is in the state and the other in the configuration, and there is nothing that an earlier run moved
/// aside.
pub(super) fn implied(config: &Config, state: &State, open: &[Intent]) -> (Vec<Move>, Vec<Diagnostic>) {
    let there = known(state, open);
    let mut of_block: BTreeMap<Address, Vec<&Address>> = BTreeMap::new();
    for address in &there {
        of_block.entry(address.block()).or_default().push(address);
    }
    let (mut moves, mut errors) = (Vec::new(), Vec::new());
    for (block, of_block) in of_block {
        let Some(shape) = config.blocks.get(&block) else {
            continue;
        };
        let pair = match shape {
            BlockShape::Single => first_copy(&of_block).map(|from| (from.clone(), block)),
            BlockShape::Count(0) => None,
            BlockShape::Count(_) => Some((block.clone(), block.with_key(Key::Index(0)))),
            BlockShape::ForEach(keys) => {
                let mut keys = keys.iter();
                let only = keys.next().filter(|_| keys.next().is_none());
                only.map(|only| (block.clone(), block.with_key(Key::Name(only.clone()))))
            }
        };
        let Some((from, to)) = pair else { continue };
        let Some(successor) = config.resources.get(&to) else {
            continue;
        };
        if !there.contains(&from) || there.contains(&to) {
            continue;
        }
        if let Some(intent) = under_way(&[&from, &to], open) {
            errors.push(not_yet(&from, &to, intent, &successor.location));
            continue;
        }
        let resource = state.resources.get(&from);
        if !resource.is_some_and(|one| !one.id.is_empty() && one.deposed.is_empty()) {
            continue;
        }
        moves.push(Move {
            reason: match shape {
                BlockShape::Single => format!("it was {from}; its block has no copies any more"),
                BlockShape::Count(_) => format!("it was {from}; its block has count now"),
                BlockShape::ForEach(_) => format!("it was {from}; its block has for_each now"),
            },
            from,
            to,
        });
    }
    (moves, errors)
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

/// An open call that is about one of these.
fn under_way<'a>(addresses: &[&Address], open: &'a [Intent]) -> Option<&'a Intent> {
    open.iter().find(|intent| {
        let members = intent.members.iter().map(|member| &member.address);
        let mut about = members.chain([&intent.object.address]);
        about.any(|address| addresses.contains(&address))
    })
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
