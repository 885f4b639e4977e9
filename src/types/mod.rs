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
mod key_pair;
mod nat_gateway;
mod network_interface;
mod part;
mod relation;
mod resource_type;
mod route_entry;
mod route_table;
mod rule;
mod security_group;
mod security_group_rule;
mod slb;
mod snapshot_policy;
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
pub(crate) use self::part::{APART, Heirs, Owner, Part};
pub(crate) use self::relation::{Partner, Relation};
pub(crate) use self::resource_type::{
    Complaint, IdFilter, Identity, Replacement, ResourceType, TagShape, ToChange, ToMake, ToRemove,
};
#[cfg(test)]
pub(crate) use self::tests::settable;

/// All types, by name.
pub(crate) static REGISTRY: &[&ResourceType] = &[
    &disk::DISK,
    &eip::EIP,
    &instance::INSTANCE,
    &key_pair::KEY_PAIR,
    &nat_gateway::NAT_GATEWAY,
    &network_interface::NETWORK_INTERFACE,
    &route_entry::ROUTE_ENTRY,
    &route_table::ROUTE_TABLE,
    &security_group::SECURITY_GROUP,
    &security_group_rule::SECURITY_GROUP_RULE,
    &slb::SLB,
    &snapshot_policy::SNAPSHOT_POLICY,
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
