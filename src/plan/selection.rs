//! What somebody wants to have done of a plan: only this, all but that, this anew.
//!
//! Does not know what waits for what.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::diagnostic::{Diagnostic, codes};

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
}
