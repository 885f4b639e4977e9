//! What we remember of the resources that we made, and what is under way: the state and its journal.
//!
//! The state is a file that is replaced whole at checkpoints; between them every intent and every result is one
//! line in an append-only journal, so the bytes written grow with what changed and not with what exists. Reading
//! is snapshot plus journal. Does not know what is wanted, how a call is made, or what a resource type means.

mod check;
mod error;
mod files;
mod journal;
mod local;
mod lock;
mod migrate;
mod session;
mod snapshot;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::address::Address;
use crate::env::Random;
use crate::step::Class;
use crate::value::Attributes;

pub(crate) use check::Violation;
pub(crate) use error::StateError;
pub(crate) use local::{Generation, LocalStore, Restored};
pub(crate) use lock::{Lock, LockNote};
pub(crate) use session::Session;

/// Fields of a file that this version does not know; they are kept as they are.
pub(crate) type Extra = BTreeMap<String, serde_json::Value>;

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
    pub(crate) extra: Extra,
}

/// Which cloud a state belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CloudIdentity {
    /// `alibaba_cloud` or `other`; empty as long as nothing was done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) endpoint_kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    #[serde(flatten)]
    pub(crate) extra: Extra,
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
    #[serde(flatten)]
    pub(crate) extra: Extra,
}

/// The random key of a state, with which secrets become fingerprints. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HashKey([u8; 32]);

/// What a result changes in the state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    /// The resource exists. Deposed ids of an existing entry are kept.
    Put {
        address: Address,
        resource: Box<Resource>,
    },
    /// Some attributes have new values, some are gone.
    Merge {
        address: Address,
        #[serde(default, skip_serializing_if = "Attributes::is_empty")]
        attributes: Attributes,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        removed: Vec<String>,
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
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<String>,
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
    pub(crate) class: Class,
    /// The ClientToken; all members of a batch share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// `i`: server time when the intent was made.
    pub(crate) created_at: Timestamp,
    /// Over the exact parameters, secrets included, so that a rebuilt request can be told from another one.
    pub(crate) request_sha256: String,
    /// The exact flat parameters; secret ones are fingerprints.
    pub(crate) sealed_params: BTreeMap<String, String>,
    /// For a create: the entry as it will be, without id, so that recovery can adopt what was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resource: Option<Box<Resource>>,
    /// For a replacement: what it replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) old_id: Option<String>,
    /// The other members of a batch of equal copies, in the order in which ids are given to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) more: Vec<Member>,
}

/// A further member of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) address: Address,
    pub(crate) resource: Box<Resource>,
}

/// An intent in the journal; open as long as its result is not there too.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Intent {
    /// Its number in the journal, from 1.
    pub(crate) seq: u64,
    pub(crate) address: Address,
    pub(crate) operation: Operation,
    pub(crate) step: String,
    pub(crate) product: String,
    pub(crate) action: String,
    pub(crate) class: Class,
    pub(crate) token: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) request_sha256: String,
    pub(crate) sealed_params: BTreeMap<String, String>,
    pub(crate) resource: Option<Box<Resource>>,
    pub(crate) old_id: Option<String>,
    pub(crate) more: Vec<Member>,
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
    /// Tells this content from every other of the same lineage and serial (a saved plan is bound to it).
    pub(crate) revision: String,
}

/// Where a state is kept. One implementation so far, on local files.
///
/// A store never guesses: what it cannot read for sure is an error that names the way out, and leaves every byte
/// as it was. Only the holder of the lock writes.
pub(crate) trait StateStore: Send + Sync {
    /// Reads without a lock and writes nothing.
    fn load(&self) -> Result<Loaded, StateError>;
    /// Takes the lock, which dies with its holder; [`StateError::Locked`] when somebody else has it.
    fn lock(&self, note: LockNote) -> Result<Lock, StateError>;
    /// Who holds the lock now, if anybody does: the note, as far as it can be read.
    fn holder(&self) -> Result<Option<LockNote>, StateError>;
    /// Begins to write: reads, repairs what a crash left, and on a first run writes the empty state.
    fn open(&self, lock: Lock) -> Result<Session, StateError>;
    /// The generations that are kept, newest first.
    fn generations(&self) -> Result<Vec<Generation>, StateError>;
    /// Brings back a generation: this one, or the newest that is whole.
    fn restore(&self, lock: &Lock, serial: Option<u64>) -> Result<Restored, StateError>;
    /// The state as a document, the journal's results included.
    fn pull(&self) -> Result<Vec<u8>, StateError>;
    /// Replaces the state by a document of the same lineage; its new serial is given back.
    fn push(&self, lock: &Lock, document: &[u8]) -> Result<u64, StateError>;
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
            hash_key: HashKey(key),
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
            extra: Extra::new(),
        }
    }

    /// Changes the state as a result says. Pure, and total: an effect on what is not there changes nothing;
    /// whether an effect makes sense is [`check`]'s question, before it is written.
    pub(crate) fn apply(&mut self, effect: &Effect) {
        match effect {
            Effect::Put { address, resource } => self.put(address, resource),
            Effect::Merge {
                address,
                attributes,
                removed,
            } => {
                if let Some(entry) = self.resources.get_mut(address) {
                    removed.iter().for_each(|name| {
                        entry.attributes.remove(name);
                    });
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
                self.cloud.endpoint_kind.clone_from(endpoint_kind);
                if account_id.is_some() {
                    self.cloud.account_id.clone_from(account_id);
                }
                if region.is_some() {
                    self.cloud.region.clone_from(region);
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

    /// Refuses a cloud that the state does not belong to. What either side does not know yet matches.
    pub(crate) fn belongs_to(&self, here: &CloudIdentity) -> Result<(), StateError> {
        let ours = &self.cloud;
        let kinds_differ = !ours.endpoint_kind.is_empty()
            && !here.endpoint_kind.is_empty()
            && ours.endpoint_kind != here.endpoint_kind;
        let differ = |left: &Option<String>, right: &Option<String>| match (left, right) {
            (Some(left), Some(right)) => left != right,
            (None, _) | (_, None) => false,
        };
        if kinds_differ || differ(&ours.account_id, &here.account_id) || differ(&ours.region, &here.region) {
            return Err(StateError::OtherCloud {
                state: Box::new(ours.clone()),
                here: Box::new(here.clone()),
            });
        }
        Ok(())
    }
}

impl IntentDraft {
    /// The intent under its number.
    pub(crate) fn numbered(self, seq: u64) -> Intent {
        let IntentDraft {
            address,
            operation,
            step,
            product,
            action,
            class,
            token,
            created_at,
            request_sha256,
            sealed_params,
            resource,
            old_id,
            more,
        } = self;
        Intent {
            seq,
            address,
            operation,
            step,
            product,
            action,
            class,
            token,
            created_at,
            request_sha256,
            sealed_params,
            resource,
            old_id,
            more,
        }
    }
}

impl Intent {
    /// The intent without its number.
    pub(crate) fn draft(self) -> IntentDraft {
        let Intent {
            seq: _,
            address,
            operation,
            step,
            product,
            action,
            class,
            token,
            created_at,
            request_sha256,
            sealed_params,
            resource,
            old_id,
            more,
        } = self;
        IntentDraft {
            address,
            operation,
            step,
            product,
            action,
            class,
            token,
            created_at,
            request_sha256,
            sealed_params,
            resource,
            old_id,
            more,
        }
    }
}

impl HashKey {
    /// What stands for a secret in state, journal and plan: `hmac-sha256:` and 64 hexadecimal digits.
    pub(crate) fn fingerprint(&self, secret: &[u8]) -> String {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of every length");
        mac.update(secret);
        format!("hmac-sha256:{}", hex(&mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(hidden)")
    }
}

impl Serialize for HashKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for HashKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<HashKey, D::Error> {
        // The text is not repeated in the error: it may be most of a key.
        let wrong = || serde::de::Error::custom("hash_key is not 32 bytes in base64");
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text).map_err(|_| wrong())?;
        bytes.try_into().map(HashKey).map_err(|_| wrong())
    }
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
