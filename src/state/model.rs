//! What a state remembers, as data.
//!
//! Does not know what changes it, nor how it is written down.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::HashKey;
use crate::address::Address;
use crate::env::Random;
use crate::value::{Attributes, Value};

/// Longer than anything that exists is invisible to lists, by far.
const FORGOTTEN_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Fields of a file that this version does not know; they are kept as they are.
pub(crate) type More = BTreeMap<String, serde_json::Value>;

/// What we remember.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    /// Names this state for ever (a UUID); the value of the tag `infra:stack`.
    pub(crate) lineage: String,
    /// Counts the checkpoints; 0 is a state that was only begun.
    pub(crate) serial: u64,
    /// The project's name, as `[infra]` has it; none until a run has written it down.
    pub(crate) project: Option<String>,
    /// The environment's name, `default` for a project without environments; none as for the project.
    pub(crate) environment: Option<String>,
    pub(crate) cloud: CloudIdentity,
    /// Lineages of other states of this project that are known and left alone.
    pub(crate) beside: BTreeSet<String>,
    pub(crate) hash_key: HashKey,
    pub(crate) resources: BTreeMap<Address, Resource>,
    /// By id, what it knew and does not any more although it exists, and which may be so young that no list shows it yet.
    pub(crate) forgotten: BTreeMap<String, Forgotten>,
    /// What data blocks have chosen, e.g. the id of an image: kept until somebody asks for a fresh choice.
    pub(crate) data: BTreeMap<Address, Value>,
    /// Outputs by name; sensitive ones are not stored.
    pub(crate) outputs: BTreeMap<String, serde_json::Value>,
    pub(crate) more: More,
}

/// Which cloud a state belongs to; what is not known yet matches every cloud.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CloudIdentity {
    /// `alibaba_cloud` or `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint_kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    #[serde(flatten)]
    pub(crate) more: More,
}

/// One resource that exists, or whose older copies still have to be deleted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Resource {
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    /// The API's id; empty when only deposed ones are left, and in an intent to create it.
    pub(crate) id: String,
    /// What was last applied, and what the API computed; secrets as fingerprints.
    #[serde(default)]
    pub(crate) attributes: Attributes,
    /// Attributes whose change was begun and is not known to be finished, each with the step that is still owed;
    /// `status` stands for a power state that has to be given back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) unsettled: BTreeMap<String, String>,
    /// The resources it names directly.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) dependencies: BTreeSet<Address>,
    /// The ClientToken it was created with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// Older ones that must still be deleted, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) deposed: Vec<Deposed>,
    #[serde(default, skip_serializing_if = "Lifecycle::is_empty")]
    pub(crate) lifecycle: Lifecycle,
    /// Whether it was made by somebody else and taken over by `import`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) imported: bool,
    /// Server time when it existed at the latest; younger than the read lag, it may not be visible yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<Timestamp>,
    #[serde(flatten)]
    pub(crate) more: More,
}

/// Something that a state was made to forget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Forgotten {
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    /// As [`Resource::created_at`].
    pub(crate) created_at: Timestamp,
    #[serde(flatten)]
    pub(crate) more: More,
}

/// One that had an address before another took its place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Deposed {
    /// The API's id, never empty.
    pub(crate) id: String,
    /// As [`Resource::attributes`].
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub(crate) attributes: Attributes,
    /// As [`Resource::unsettled`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) unsettled: BTreeMap<String, String>,
    /// What it names directly, which may differ from what its successor names.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) dependencies: BTreeSet<Address>,
    /// As [`Resource::imported`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) imported: bool,
    /// Server time since when another has its place, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    #[serde(flatten)]
    pub(crate) more: More,
}

/// What the file said in `lifecycle` when it was last applied; a key that the file did not have is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lifecycle {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) prevent_destroy: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) create_before_destroy: Option<bool>,
    /// Paths of attributes whose changes outside are left alone.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) ignore_changes: BTreeSet<String>,
    /// What makes it anew when it changes, as written in the file.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) replace_on: BTreeSet<String>,
    #[serde(flatten)]
    pub(crate) more: More,
}

impl State {
    /// A state that remembers nothing yet, with a new lineage and a new key.
    pub(crate) fn begin(random: &dyn Random) -> State {
        let mut lineage = [0_u8; 16];
        random.fill(&mut lineage);
        let mut key = [0_u8; 32];
        random.fill(&mut key);
        State {
            lineage: uuid::Builder::from_random_bytes(lineage).into_uuid().to_string(),
            serial: 0,
            project: None,
            environment: None,
            cloud: CloudIdentity::default(),
            beside: BTreeSet::new(),
            hash_key: HashKey::new(key),
            resources: BTreeMap::new(),
            forgotten: BTreeMap::new(),
            data: BTreeMap::new(),
            outputs: BTreeMap::new(),
            more: More::new(),
        }
    }
}

impl State {
    /// Whether it remembers nothing that exists.
    pub(crate) fn is_blank(&self) -> bool {
        self.resources.is_empty() && self.data.is_empty() && self.outputs.is_empty()
    }

    /// Remembers of what another state of this stack knows, and this one does not, when it was made: it exists, and what
    /// is young need not show in any list, so a second one would be made.
    pub(crate) fn lose_sight_of(&mut self, other: &State) {
        let born = other.resources.values().filter_map(|resource| {
            let (id, at) = resource.born()?;
            Some((id.to_owned(), Forgotten::new(&resource.type_name, at)))
        });
        let earlier = other.forgotten.iter();
        let earlier = earlier.map(|(id, one)| (id.clone(), one.clone()));
        self.remember_forgotten(born.chain(earlier));
    }

    /// Remembers those that it does not know, as far as a list need not show them when the youngest is made.
    pub(crate) fn remember_forgotten(&mut self, more: impl Iterator<Item = (String, Forgotten)>) {
        let known: BTreeSet<&str> = self.resources.values().flat_map(Resource::ids).collect();
        let lost: Vec<(String, Forgotten)> = more.filter(|(id, _)| !known.contains(id.as_str())).collect();
        self.forgotten.extend(lost);
        let youngest = self.forgotten.values().map(|one| one.created_at).max();
        self.forgotten
            .retain(|_, one| youngest.is_some_and(|at| at.duration_since(one.created_at) < FORGOTTEN_FOR));
    }
}

impl Forgotten {
    /// One of this type that existed by this server time.
    pub(crate) fn new(type_name: &str, created_at: Timestamp) -> Forgotten {
        Forgotten {
            type_name: type_name.to_owned(),
            created_at,
            more: More::new(),
        }
    }
}

impl Resource {
    /// Whether it may not be deleted: the file said so, or it was imported and the file has never said anything.
    pub(crate) fn is_protected(&self) -> bool {
        self.lifecycle.prevent_destroy.unwrap_or(self.imported)
    }

    /// Whether this is the id of one that was moved aside.
    pub(crate) fn has_deposed(&self, id: &str) -> bool {
        self.deposed.iter().any(|old| old.id == id)
    }

    /// The ids of all that this entry knows, deposed ones first.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        let deposed = self.deposed.iter().map(|old| old.id.as_str());
        deposed.chain(Some(self.id.as_str()).filter(|id| !id.is_empty()))
    }

    /// The id of the current one with [`Resource::created_at`], where that is known. A deposed one was seen before it
    /// was moved aside.
    pub(crate) fn born(&self) -> Option<(&str, Timestamp)> {
        Some((self.id.as_str(), self.created_at?)).filter(|(id, _)| !id.is_empty())
    }
}

impl Lifecycle {
    /// Whether the file said nothing.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Lifecycle::default()
    }

    /// A file that said only this.
    #[cfg(test)]
    pub(crate) fn preventing_destroy(prevent_destroy: bool) -> Lifecycle {
        Lifecycle {
            prevent_destroy: prevent_destroy.then_some(true),
            ..Lifecycle::default()
        }
    }
}
