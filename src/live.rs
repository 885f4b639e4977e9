//! What really exists, as a refresh saw it.
//!
//! Does not know how it was read, nor what is wanted.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::value::{Attributes, Tags};

/// The tag that says which state a resource belongs to; its value is the lineage.
pub(crate) const TAG_STACK: &str = "infra:stack";
/// The tag that says which project and environment a resource was made for: `NAME/ENV`. It finds what a state that
/// was lost knew.
pub(crate) const TAG_PROJECT: &str = "infra:project";
/// The tag that says which address a resource has.
pub(crate) const TAG_ADDRESS: &str = "infra:addr";
/// The tag that says which operation made it; its value is the ClientToken of the create.
pub(crate) const TAG_OPERATION: &str = "infra:op";

/// One observation of everything that concerns a state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Live {
    /// What the state knows and the cloud has.
    pub(crate) resources: BTreeMap<Address, Observed>,
    /// Old ones that an interrupted replacement left, by address; only those that still exist.
    pub(crate) deposed: BTreeMap<Address, Vec<Observed>>,
    /// What carries our stack tag but is not in the state.
    pub(crate) strays: Vec<Stray>,
    /// What `[[import]]` names by its id, by the address that it is to have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) imports: BTreeMap<Address, Observed>,
}

/// One resource as the cloud shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Observed {
    pub(crate) id: String,
    /// Under our attribute names, computed ones included.
    pub(crate) attributes: Attributes,
    /// All tags, ours included.
    pub(crate) tags: Tags,
    /// When it was made, as the cloud tells it: for some types in whole minutes.
    pub(crate) created: Option<Timestamp>,
}

/// Something that carries our stack tag although the state does not know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stray {
    pub(crate) type_name: String,
    /// The address in its tag, if that is one.
    pub(crate) address: Option<Address>,
    /// The token of the create that made it.
    pub(crate) token: Option<String>,
    pub(crate) observed: Observed,
}

impl Observed {
    /// The lineage in its tag.
    pub(crate) fn stack(&self) -> Option<&str> {
        self.tags.get(TAG_STACK).map(String::as_str)
    }
}

impl Stray {
    /// What its tags say of something that a state does not know.
    pub(crate) fn of(type_name: &str, observed: Observed) -> Stray {
        Stray {
            type_name: type_name.to_owned(),
            address: observed
                .tags
                .get(TAG_ADDRESS)
                .and_then(|address| address.parse().ok()),
            token: observed.tags.get(TAG_OPERATION).cloned(),
            observed,
        }
    }
}
