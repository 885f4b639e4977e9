//! What somebody wants to have done of a plan: only this, all but that, this anew.
//!
//! What is left out takes along everything that waits for it, and what is chosen everything that it waits for, so that
//! what is done is a plan of its own. Does not know why a task waits for another.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::arrange::Node;
use crate::address::Address;
use crate::diagnostic::{Diagnostic, codes};
use crate::task::Task;

/// What is chosen, by address; a block without its key means all its copies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Selection {
    /// Only these, and what they wait for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) targets: BTreeSet<Address>,
    /// All but these, and what waits for them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) excludes: BTreeSet<Address>,
    /// These are made anew.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) replaces: BTreeSet<Address>,
    /// The state learns what exists, and nothing else is done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) refresh_only: bool,
}

/// Whether these addresses name it.
pub(super) fn names(addresses: &BTreeSet<Address>, address: &Address) -> bool {
    addresses.contains(address) || (address.key().is_some() && addresses.contains(&address.block()))
}

impl Selection {
    /// Whether anything may be left out.
    pub(super) fn narrows(&self) -> bool {
        !self.targets.is_empty() || !self.excludes.is_empty()
    }

    /// Whether it is to be made anew.
    pub(super) fn replaces(&self, address: &Address) -> bool {
        names(&self.replaces, address)
    }

    /// An error for each address that names nothing.
    pub(super) fn mistakes<'a>(&self, known: impl Iterator<Item = &'a Address> + Clone) -> Vec<Diagnostic> {
        let flags = [
            ("--target", &self.targets),
            ("--exclude", &self.excludes),
            ("--replace", &self.replaces),
        ];
        let mut mistakes = Vec::new();
        for (flag, addresses) in flags {
            for address in addresses {
                let is_meant =
                    |one: &Address| one == address || (address.key().is_none() && one.block() == *address);
                if !known.clone().any(is_meant) {
                    let message = format!("{flag} {address}: neither the configuration nor the state has it");
                    mistakes.push(Diagnostic::error(codes::NO_BLOCK, message));
                }
            }
        }
        mistakes
    }

    /// The addresses that were not chosen.
    pub(super) fn not_chosen<'a>(
        &self,
        all: impl Iterator<Item = &'a Address>,
        tasks: &BTreeMap<Node, Task>,
        edges: &[(Node, Node)],
    ) -> BTreeSet<Address> {
        let chosen = self.chosen(tasks, edges);
        all.filter(|address| {
            names(&self.excludes, address) || chosen.as_ref().is_some_and(|chosen| !chosen.contains(*address))
        })
        .cloned()
        .collect()
    }

    /// The targets and all that they wait for; none if everything is a target.
    fn chosen(&self, tasks: &BTreeMap<Node, Task>, edges: &[(Node, Node)]) -> Option<BTreeSet<Address>> {
        if self.targets.is_empty() {
            return None;
        }
        let mut needs: BTreeMap<&Address, BTreeSet<&Address>> = BTreeMap::new();
        for (from, to) in edges {
            needs.entry(from.address()).or_default().insert(to.address());
        }
        let mut open: Vec<&Address> = tasks
            .keys()
            .map(Node::address)
            .filter(|address| names(&self.targets, address))
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
}
