//! Where a task stands: at which address, and where in the life there.
//!
//! Does not know tasks.

use super::decide::Place;
use crate::address::Address;
use crate::task::Phase;

/// A task's place in the plan: its address, and where it stands in the life there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    address: Address,
    place: Place,
}

impl Node {
    pub(super) fn new(address: &Address, place: impl Into<Place>) -> Node {
        Node {
            address: address.clone(),
            place: place.into(),
        }
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    pub(super) fn phase(&self) -> Phase {
        self.place.phase
    }

    pub(super) fn leftover(&self) -> Option<usize> {
        self.place.leftover
    }
}
