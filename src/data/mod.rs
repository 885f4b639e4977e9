//! Data blocks: what is read and not owned. A kind of them is one row: what may be asked for, where it is listed, and
//! which of several is meant.
//!
//! Pure. Does not know how a list is read, nor where in a file a question stands.

mod choose;
mod filter;
mod kind;
mod rows;

use std::fmt;

pub(crate) use self::choose::{Miss, choose};
pub(crate) use self::filter::{keep, sent};
pub(crate) use self::kind::{DataKind, Filter, Listing, Pick, Source};
pub(crate) use self::rows::KINDS;
use crate::address::Address;
use crate::value::Attributes;

/// The kind of this name.
pub(crate) fn find(name: &str) -> Option<&'static DataKind> {
    KINDS.iter().copied().find(|kind| kind.name == name)
}

/// What a data block asks for.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// Kind and name: `image.ubuntu`, which is `[data.image.ubuntu]`.
    pub(crate) address: Address,
    pub(crate) kind: &'static DataKind,
    /// What the block says, all of it known.
    pub(crate) keys: Attributes,
}

impl Question {
    /// Whether it wants all that match.
    pub(crate) fn is_many(&self) -> bool {
        self.keys.get("many") == Some(&true.into())
    }

    /// The block as people write it: `[data.image.ubuntu]`.
    pub(crate) fn header(&self) -> String {
        format!("[data.{}]", self.address)
    }
}

impl fmt::Debug for DataKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
