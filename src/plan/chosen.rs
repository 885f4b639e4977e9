//! Which tasks are left out of a plan that somebody wants only a part of.
//!
//! What is chosen takes along everything that it waits for, so that what is done is a plan of its own. Does not know why a
//! task waits for another.

use std::collections::{BTreeMap, BTreeSet};

use super::node::Node;
use super::selection::{Selection, names};
use crate::address::Address;
use crate::task::Task;

/// The addresses that were not chosen.
pub(super) fn not_chosen<'a>(
    selection: &Selection,
    all: impl Iterator<Item = &'a Address>,
    tasks: &BTreeMap<Node, Task>,
    edges: &[(Node, Node)],
) -> BTreeSet<Address> {
    let chosen = chosen(selection, tasks, edges);
    all.filter(|address| {
        names(&selection.excludes, address)
            || chosen.as_ref().is_some_and(|chosen| !chosen.contains(*address))
    })
    .cloned()
    .collect()
}

/// The targets and all that they wait for; none if everything is a target.
fn chosen(
    selection: &Selection,
    tasks: &BTreeMap<Node, Task>,
    edges: &[(Node, Node)],
) -> Option<BTreeSet<Address>> {
    if selection.targets.is_empty() {
        return None;
    }
    let mut needs: BTreeMap<&Address, BTreeSet<&Address>> = BTreeMap::new();
    for (from, to) in edges {
        needs.entry(from.address()).or_default().insert(to.address());
    }
    let mut open: Vec<&Address> = tasks
        .keys()
        .map(Node::address)
        .filter(|address| names(&selection.targets, address))
        .collect();
    let mut chosen: BTreeSet<Address> = open.iter().map(|address| (*address).clone()).collect();
    while let Some(address) = open.pop() {
        for needed in needs.get(address).into_iter().flatten() {
            if chosen.insert((*needed).clone()) {
                open.push(needed);
            }
        }
    }
    Some(chosen)
}
