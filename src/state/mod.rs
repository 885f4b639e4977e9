//! What we remember of the resources that we made, and what is under way: the state and its journal.
//!
//! The state is a file that is replaced whole at checkpoints; between them every intent and every result is one
//! line in an append-only journal, so the bytes written grow with what changed and not with what exists. Reading
//! is snapshot plus journal. Does not know what is wanted, how a call is made, or what a resource type means.

mod check;
mod error;
mod files;
mod hash_key;
mod journal;
mod local;
mod lock;
mod migrate;
mod restore;
mod session;
mod snapshot;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::api::Repeat;
use crate::env::Random;
use crate::value::Attributes;

pub(crate) use check::Violation;
pub(crate) use error::StateError;
pub(crate) use hash_key::HashKey;
pub(crate) use local::LocalStore;
pub(crate) use lock::{Lock, LockNote};
pub(crate) use session::Session;

/// Fields of a file that this version does not know; they are kept as they are.
pub(crate) type More = BTreeMap<String, serde_json::Value>;

/// What we remember.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    /// Names this state for ever (a UUID); the value of the tag `infra:stack`.
    pub(crate) lineage: String,
    /// Counts the checkpoints; 0 is a state that was only begun.
    pub(crate) serial: u64,
    pub(crate) cloud: CloudIdentity,
    pub(crate) hash_key: HashKey,
    pub(crate) resources: BTreeMap<Address, Resource>,
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
    /// The resources it names directly.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) dependencies: BTreeSet<Address>,
    /// The ClientToken it was created with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// Ids of older ones that must still be deleted, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) deposed: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) prevent_destroy: bool,
    /// Server time when it existed at the latest; younger than the read lag, it may not be visible yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<Timestamp>,
    #[serde(flatten)]
    pub(crate) more: More,
}

/// What a result changes in the state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    /// The resource exists. Deposed ids of an existing entry are kept.
    Put {
        address: Address,
        resource: Box<Resource>,
    },
    /// The resource that the intent describes exists, with this id. Only in the result of that intent.
    Made {
        address: Address,
        id: String,
        /// Server time when its answer was there: it came into being up to S + F after its intent was written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_at: Option<Timestamp>,
    },
    /// Some attributes have new values.
    Merge {
        address: Address,
        attributes: Attributes,
    },
    /// A change is finished: these are all its attributes now.
    Settle {
        address: Address,
        attributes: Attributes,
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        dependencies: BTreeSet<Address>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        prevent_destroy: bool,
    },
    /// The current one will be replaced: its id moves to the deposed ones.
    Depose { address: Address },
    /// The current one is gone. The entry stays, without id, while deposed ones are left.
    Remove { address: Address },
    /// A deposed one is gone.
    RemoveDeposed { address: Address, id: String },
    /// The same resource has another address.
    Move { from: Address, to: Address },
    /// The outputs, all of them.
    Outputs {
        outputs: BTreeMap<String, serde_json::Value>,
    },
    /// Which cloud it is; what is not known yet stays as it was.
    Cloud {
        endpoint_kind: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account_id: Option<String>,
        region: String,
    },
}

/// What an intent is about to do to its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    Create,
    Update,
    Delete,
}

/// A call that is about to be made, written before its first byte leaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct IntentDraft {
    /// The resource; of a batch, the first one.
    pub(crate) address: Address,
    pub(crate) operation: Operation,
    /// The step's name, as it stands in the plan.
    pub(crate) step: String,
    pub(crate) product: String,
    pub(crate) action: String,
    pub(crate) class: Repeat,
    /// The ClientToken; all members of a batch share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// `i`: server time when the intent was made.
    pub(crate) created_at: Timestamp,
    /// Whether its requests are not back-dated, and so live longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) plain: bool,
    /// The exact parameters, flat; secrets and long text as fingerprints.
    pub(crate) sealed_params: BTreeMap<String, String>,
    /// For a create: the entry as it will be, without id, so that recovery can adopt what was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resource: Option<Box<Resource>>,
    /// The other members of a batch of equal copies (one call, one token), in the order in which they get ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) members: Vec<Member>,
}

/// A further member of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) address: Address,
    pub(crate) resource: Box<Resource>,
}

/// An intent in the journal; open as long as its result is not there too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Intent {
    /// Its number in the journal, from 1.
    pub(crate) seq: u64,
    #[serde(flatten)]
    pub(crate) draft: IntentDraft,
}

/// A state as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    /// The snapshot with the journal's results in it. Of a first run: empty, with a lineage that is not written.
    pub(crate) state: State,
    /// Intents without a result, in order.
    pub(crate) open: Vec<Intent>,
    /// Whether there is anything; false on a first run.
    pub(crate) exists: bool,
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
            cloud: CloudIdentity::default(),
            hash_key: HashKey::new(key),
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
            more: More::new(),
        }
    }

    /// Changes the state as a result says. Pure, and total: an effect on what is not there changes nothing;
    /// whether an effect makes sense is [`check`]'s question, before it is written.
    pub(crate) fn apply(&mut self, effect: &Effect) {
        match effect {
            Effect::Put { address, resource } => self.put(address, resource),
            // Without its intent it says nothing; see `resolve`.
            Effect::Made { .. } => {}
            Effect::Merge { address, attributes } => {
                if let Some(entry) = self.resources.get_mut(address) {
                    entry.attributes.extend(attributes.clone());
                }
            }
            Effect::Settle {
                address,
                attributes,
                dependencies,
                prevent_destroy,
            } => {
                if let Some(entry) = self.resources.get_mut(address) {
                    entry.attributes.clone_from(attributes);
                    entry.dependencies.clone_from(dependencies);
                    entry.prevent_destroy = *prevent_destroy;
                }
            }
            Effect::Depose { address } => {
                if let Some(entry) = self.resources.get_mut(address)
                    && !entry.id.is_empty()
                {
                    let id = std::mem::take(&mut entry.id);
                    entry.deposed.push(id);
                }
            }
            Effect::Remove { address } => {
                if let Some(entry) = self.resources.get_mut(address) {
                    entry.id.clear();
                    entry.token = None;
                    self.drop_if_spent(address);
                }
            }
            Effect::RemoveDeposed { address, id } => {
                if let Some(entry) = self.resources.get_mut(address) {
                    entry.deposed.retain(|old| old != id);
                    self.drop_if_spent(address);
                }
            }
            Effect::Move { from, to } => self.rename(from, to),
            Effect::Outputs { outputs } => self.outputs.clone_from(outputs),
            Effect::Cloud {
                endpoint_kind,
                account_id,
                region,
            } => {
                self.cloud.endpoint_kind = Some(endpoint_kind.clone());
                self.cloud.region = Some(region.clone());
                if account_id.is_some() {
                    self.cloud.account_id.clone_from(account_id);
                }
            }
        }
    }

    fn put(&mut self, address: &Address, resource: &Resource) {
        let mut resource = resource.clone();
        if let Some(before) = self.resources.get_mut(address) {
            let mut deposed = std::mem::take(&mut before.deposed);
            resource.deposed.retain(|id| !deposed.contains(id));
            deposed.append(&mut resource.deposed);
            resource.deposed = deposed;
        }
        self.resources.insert(address.clone(), resource);
    }

    fn drop_if_spent(&mut self, address: &Address) {
        if self
            .resources
            .get(address)
            .is_some_and(|entry| entry.id.is_empty() && entry.deposed.is_empty())
        {
            self.resources.remove(address);
        }
    }

    fn rename(&mut self, from: &Address, to: &Address) {
        if self.resources.contains_key(to) {
            return;
        }
        let Some(resource) = self.resources.remove(from) else {
            return;
        };
        self.resources.insert(to.clone(), resource);
        for entry in self.resources.values_mut() {
            if entry.dependencies.remove(from) {
                entry.dependencies.insert(to.clone());
            }
        }
    }
}

impl Deref for Intent {
    type Target = IntentDraft;

    fn deref(&self) -> &IntentDraft {
        &self.draft
    }
}

/// A `Made` with the entry that its intent holds; any other effect as it is. None if there is no such entry.
pub(crate) fn resolve(effect: &Effect, intent: Option<&Intent>) -> Option<Effect> {
    let Effect::Made {
        address,
        id,
        created_at,
    } = effect
    else {
        return Some(effect.clone());
    };
    let intent = intent?;
    let mut resource = if intent.address == *address {
        intent.resource.clone()?
    } else {
        let mut members = intent.members.iter();
        members
            .find(|member| member.address == *address)?
            .resource
            .clone()
    };
    resource.id.clone_from(id);
    resource.token.clone_from(&intent.token);
    resource.created_at = created_at.or(resource.created_at);
    Some(Effect::Put {
        address: address.clone(),
        resource,
    })
}

/// Bytes as lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
