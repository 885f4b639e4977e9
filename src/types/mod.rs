//! The resource types: one file each, one static struct, mostly table.
//!
//! Pure. Does not know how a call is sent or an answer read, nor configuration, plans or the screen.

mod attribute;
mod base;
mod instance;
mod part;
mod relation;
mod resource_type;
mod security_group;
mod steps;
mod vpc;
mod vswitch;

use std::collections::BTreeMap;

pub(crate) use self::attribute::{Attribute, Changeable, Kind};
#[cfg(test)]
pub(crate) use self::attribute::{Literal, attr};
#[cfg(test)]
pub(crate) use self::base::BASE;
#[cfg(test)]
pub(crate) use self::relation::{Partner, Relation};
#[cfg(test)]
pub(crate) use self::resource_type::Complaint;
pub(crate) use self::resource_type::{
    IdFilter, Replacement, ResourceType, TagShape, ToChange, ToMake, ToRemove,
};

/// All types, by name.
pub(crate) static REGISTRY: &[&ResourceType] = &[
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_registry_is_sorted_by_name() {
        assert!(REGISTRY.is_sorted_by_key(|one| one.name));
    }

    /// What [`BASE`] leaves open, or has from another type, is each type's own.
    #[test]
    fn every_type_fills_in_what_is_its_own() {
        let mut calls = BTreeSet::new();
        let mut prefixes = BTreeSet::new();
        for one in REGISTRY {
            for text in [
                one.doc,
                one.id_prefix,
                one.id_param,
                one.read.list,
                one.read.id_field,
                one.create.id_field,
                one.tagging.kind,
            ] {
                assert!(!text.is_empty(), "{}", one.name);
            }
            for action in [one.read.action, one.create.action, one.delete.action] {
                assert!(calls.insert(action), "{}: {action} is another type's", one.name);
                assert_eq!(
                    action.product, one.create.action.product,
                    "{}: {action}",
                    one.name
                );
            }
            for action in [one.tagging.tag, one.tagging.untag] {
                assert_eq!(
                    action.product, one.create.action.product,
                    "{}: {action}",
                    one.name
                );
            }
            assert!(prefixes.insert(one.id_prefix), "{}", one.name);
            assert!(one.attribute("id").is_some_and(|id| id.computed), "{}", one.name);
        }
    }

    #[test]
    fn parts_and_relations_name_attributes_that_exist() {
        for one in REGISTRY {
            for part in one.parts {
                let Some(Kind::TableSet(table)) = one.attribute(part.attribute).map(|found| &found.kind)
                else {
                    panic!("{}: {} is no set of tables", one.name, part.attribute);
                };
                for key in part.key {
                    assert!(table.iter().any(|attribute| attribute.name == *key), "{key}");
                }
            }
            for relation in one.relations {
                let names = relation.join_attributes.iter().chain([&relation.attribute]);
                for name in names {
                    assert!(one.attribute(name).is_some(), "{}: {name}", one.name);
                }
                for partner in relation.partners {
                    let known = find(partner.type_name).is_none_or(|one| one.id_prefix == partner.id_prefix);
                    assert!(known, "{}", partner.type_name);
                }
            }
        }
    }
}
