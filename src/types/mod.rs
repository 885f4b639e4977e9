//! The resource types: one file each, one static struct, mostly table.
//!
//! Pure. Does not know how a call is sent or an answer read, nor configuration, plans or the screen.

mod attribute;
mod base;
mod disk;
mod eip;
pub(crate) mod form;
mod instance;
pub(crate) mod joining;
mod part;
mod relation;
mod resource_type;
mod rule;
mod security_group;
mod steps;
#[cfg(test)]
mod tests;
mod vpc;
mod vswitch;

use std::collections::BTreeMap;

#[cfg(test)]
pub(crate) use self::attribute::Literal;
pub(crate) use self::attribute::{Attribute, Changeable, Kind, Needs, attr};
#[cfg(test)]
pub(crate) use self::base::BASE;
pub(crate) use self::part::Part;
pub(crate) use self::relation::{Partner, Relation};
#[cfg(test)]
pub(crate) use self::resource_type::Complaint;
pub(crate) use self::resource_type::{
    IdFilter, Replacement, ResourceType, TagShape, ToChange, ToMake, ToRemove,
};

/// All types, by name.
pub(crate) static REGISTRY: &[&ResourceType] = &[
    &disk::DISK,
    &eip::EIP,
    &instance::INSTANCE,
    &security_group::SECURITY_GROUP,
    &vpc::VPC,
    &vswitch::VSWITCH,
];

/// The type of this name.
pub(crate) fn find(name: &str) -> Option<&'static ResourceType> {
    REGISTRY.iter().copied().find(|one| one.name == name)
}

/// Resource types by name: all there are, or a test's own.
#[derive(Clone)]
pub(crate) struct Types(BTreeMap<&'static str, &'static ResourceType>);

impl Types {
    /// A set of types.
    pub(crate) fn new(types: impl IntoIterator<Item = &'static ResourceType>) -> Types {
        Types(types.into_iter().map(|one| (one.name, one)).collect())
    }

    /// All types that there are.
    pub(crate) fn all() -> Types {
        Types::new(REGISTRY.iter().copied())
    }

    /// The type of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&'static ResourceType> {
        self.0.get(name).copied()
    }

    /// All of them, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static ResourceType> + '_ {
        self.0.values().copied()
    }
}
