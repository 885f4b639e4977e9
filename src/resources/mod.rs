//! The resource types: one file each, a table and what the table cannot say.
//!
//! Does not know how they are read, nor configuration, plans or the screen.

mod instance;
mod security_group;
mod steps;
mod vpc;
mod vswitch;

use crate::cloud::{Product, Style};
use crate::live::Observed;
use crate::schema::{Schema, Schemas};
use crate::step::Call;

/// All types, by name.
pub(crate) static REGISTRY: &[&dyn ResourceType] = &[
    &instance::Instance,
    &security_group::SecurityGroup,
    &vpc::Vpc,
    &vswitch::VSwitch,
];

/// The schemas of all types.
pub(crate) fn schemas() -> Schemas {
    Schemas::new(REGISTRY.iter().map(|resource_type| resource_type.schema()))
}

/// The type of this name.
pub(crate) fn find(type_name: &str) -> Option<&'static dyn ResourceType> {
    REGISTRY
        .iter()
        .copied()
        .find(|resource_type| resource_type.schema().type_name == type_name)
}

/// A resource type.
pub(crate) trait ResourceType: Send + Sync {
    /// Its table.
    fn schema(&self) -> &'static Schema;

    /// The error codes that mean something special for it.
    fn codes(&self) -> &'static Codes;

    /// How it is listed.
    fn reading(&self) -> &'static Reading;

    /// Whether what exists already shows what a call asks for, so that the call need not be sent again.
    fn is_done(&self, _call: &Call, _observed: &Observed) -> bool {
        false
    }
}

/// Error codes of one type; a code matches itself and everything below it (`DependencyViolation.VSwitch`).
pub(crate) struct Codes {
    /// It does not exist.
    pub(crate) absent: &'static [&'static str],
    /// Passes by itself.
    pub(crate) retry: &'static [&'static str],
    /// On delete: something still uses it, which passes when that is gone.
    pub(crate) in_use: &'static [&'static str],
}

/// How a type is listed.
pub(crate) struct Reading {
    pub(crate) product: Product,
    pub(crate) action: &'static str,
    /// Where the items stand in an answer.
    pub(crate) list: &'static str,
    /// The field of an item that is its id.
    pub(crate) id_field: &'static str,
    pub(crate) page: Style,
    pub(crate) ids: IdFilter,
    pub(crate) tags: TagShape,
}

/// How the list action is asked for certain ids.
pub(crate) enum IdFilter {
    /// A JSON array in one text.
    Json { param: &'static str, max: usize },
    /// A comma-separated list.
    Comma { param: &'static str, max: usize },
    /// One id.
    One { param: &'static str },
}

/// How an answer writes a tag.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TagShape {
    /// `{"TagKey", "TagValue"}`
    Ecs,
    /// `{"Key", "Value"}`
    Vpc,
}

impl Codes {
    pub(crate) fn is_absent(&self, code: &str) -> bool {
        matches_any(self.absent, code)
    }

    pub(crate) fn passes(&self, code: &str) -> bool {
        matches_any(self.retry, code)
    }

    pub(crate) fn is_in_use(&self, code: &str) -> bool {
        matches_any(self.in_use, code)
    }
}

/// A code matches exactly or as a prefix that ends at a dot; an empty code matches nothing.
fn matches_any(codes: &[&str], code: &str) -> bool {
    !code.is_empty()
        && codes.iter().any(|known| {
            code.strip_prefix(known)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_code_means_nothing() {
        assert!(!matches_any(&["InvalidVpcId.NotFound"], ""));
        assert!(matches_any(
            &["DependencyViolation"],
            "DependencyViolation.VSwitch"
        ));
        assert!(!matches_any(&["DependencyViolation"], "DependencyViolations"));
    }

    #[test]
    fn the_registry_is_sorted_by_name() {
        let names: Vec<&str> = REGISTRY.iter().map(|one| one.schema().type_name).collect();
        assert!(names.is_sorted(), "{names:?}");
    }
}
