//! The blocks that references can name: where each stands and how many copies it has.
//!
//! Does not know what stands inside a block.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use super::located::Located;
use super::report::Span;
use super::sections::Sections;
use crate::address::{Address, Key};

/// What is known of all blocks when references are looked up.
#[derive(Default)]
pub(super) struct Index {
    blocks: BTreeMap<String, BTreeMap<String, Known>>,
    pub(super) unknown_types: BTreeSet<String>,
    meant: HashSet<(String, String)>,
}

/// A block in the index.
pub(super) struct Known {
    pub(super) address: Address,
    pub(super) header: Span,
    pub(super) shape: Shape,
}

/// How many copies a block has.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    Single,
    Count(usize),
    Each(Rc<BTreeMap<Arc<str>, Located>>),
    /// A data block decides it that has not been read yet: by the names of `for_each`, or by a number.
    Unread {
        each: bool,
    },
    /// There is a mistake in its count or for_each.
    Broken,
}

impl Shape {
    pub(super) fn len(&self) -> usize {
        match self {
            Shape::Single => 1,
            Shape::Count(count) => *count,
            Shape::Each(keys) => keys.len(),
            Shape::Unread { .. } | Shape::Broken => 0,
        }
    }

    /// The keys of the copies; nothing for a block without copies.
    pub(super) fn keys(&self) -> Box<dyn Iterator<Item = Key> + '_> {
        match self {
            Shape::Single | Shape::Unread { .. } | Shape::Broken => Box::new(std::iter::empty()),
            Shape::Count(count) => Box::new((0..*count).map(Key::Index)),
            Shape::Each(keys) => Box::new(keys.keys().map(|key| Key::Name(key.clone()))),
        }
    }
}

/// The data blocks that references can name, by kind and name.
#[derive(Default)]
pub(super) struct DataBlocks {
    pub(super) blocks: BTreeMap<String, BTreeMap<String, KnownData>>,
    /// Kinds that do not exist and names that cannot be used: said once, where they stand.
    pub(super) unknown: BTreeSet<String>,
}

/// A data block in the index.
pub(super) struct KnownData {
    pub(super) header: Span,
    /// Whether it shows all that match.
    pub(super) many: bool,
    /// What it shows; none before it has been read.
    pub(super) value: Option<Located>,
    /// There is a mistake in it.
    pub(super) broken: bool,
}

impl Index {
    pub(super) fn new(sections: &Sections<'_>) -> Index {
        Index {
            blocks: BTreeMap::new(),
            unknown_types: sections.unknown_types.clone(),
            meant: sections.meant.clone(),
        }
    }

    pub(super) fn add(&mut self, known: Known) {
        let address = &known.address;
        self.blocks
            .entry(address.type_name().to_owned())
            .or_default()
            .insert(address.name().to_owned(), known);
    }

    pub(super) fn get(&self, type_name: &str, name: &str) -> Option<&Known> {
        self.blocks.get(type_name)?.get(name)
    }

    /// The names of the blocks of a type.
    pub(super) fn names(&self, type_name: &str) -> Vec<&str> {
        self.blocks
            .get(type_name)
            .into_iter()
            .flat_map(|blocks| blocks.keys().map(String::as_str))
            .collect()
    }

    /// Whether somebody wrote this block, though not rightly.
    pub(super) fn is_meant(&self, type_name: &str, name: &str) -> bool {
        self.meant.contains(&(type_name.to_owned(), name.to_owned()))
    }
}
