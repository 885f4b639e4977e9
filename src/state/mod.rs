//! What `infra` remembers: the state, the journal under it, and the files that hold both.
//!
//! Does not know configuration or plans. A change of the state is an [`Effect`], so that what runs now and what a
//! journal replays later is the same code.

mod check;
mod hash_key;
mod journal;
mod local;
mod record;
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use self::hash_key::HashKey;
pub(crate) use self::local::{Loaded, LocalStore, Lock, LockNote, resolve};
pub(crate) use self::session::Session;
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::step::Class;
use crate::value::Attributes;

/// The newest format of the state file that this version reads and writes.
pub(crate) const FORMAT: u64 = 1;

/// What we remember of everything that we made or took over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) format: u64,
    /// Names this state for ever; its value is in the tag `infra:stack` of everything in it.
    pub(crate) lineage: String,
    /// Rises with every generation.
    pub(crate) serial: u64,
    /// The version of `infra` that wrote it.
    pub(crate) tool: String,
    /// Server time of the last change, or the local time if none was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) written_at: Option<Timestamp>,
    pub(crate) cloud: CloudIdentity,
    pub(crate) hash_key: HashKey,
    pub(crate) resources: BTreeMap<Address, Resource>,
    pub(crate) outputs: BTreeMap<String, serde_json::Value>,
    /// What a newer version of the same format added.
    #[serde(flatten)]
    pub(crate) more: BTreeMap<String, serde_json::Value>,
}

/// Which cloud a state belongs to; what is not known yet matches anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CloudIdentity {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint_kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
}

/// One resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Resource {
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    /// Empty while only older ones exist that must still be deleted.
    pub(crate) id: String,
    /// As last applied, and what the cloud computed; secrets and long text as fingerprints.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) attributes: Attributes,
    /// What it needs directly.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) dependencies: BTreeSet<Address>,
    /// The ClientToken it was made with; also its tag `infra:op`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// Ids of older ones that a replacement must still delete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) deposed: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) prevent_destroy: bool,
    /// What a newer version of the same format added.
    #[serde(flatten)]
    pub(crate) more: BTreeMap<String, serde_json::Value>,
}

/// One change of the state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    /// A resource exists now; older ones of the address that must still go are kept.
    Put {
        address: Address,
        resource: Box<Resource>,
    },
    /// The resource of the intent that this answers exists now, with this id.
    Made {
        address: Address,
        id: String,
    },
    /// Some attributes are known now.
    Merge {
        address: Address,
        attributes: Attributes,
    },
    /// A change is finished: these are all its attributes.
    Settle {
        address: Address,
        attributes: Attributes,
        dependencies: BTreeSet<Address>,
        prevent_destroy: bool,
    },
    /// The current one becomes an older one that must go.
    Depose {
        address: Address,
    },
    /// The current one is gone.
    Remove {
        address: Address,
    },
    /// An older one is gone.
    RemoveDeposed {
        address: Address,
        id: String,
    },
    Move {
        from: Address,
        to: Address,
    },
    Outputs {
        outputs: BTreeMap<String, serde_json::Value>,
    },
    Cloud {
        endpoint_kind: String,
        account_id: Option<String>,
        region: String,
    },
}

/// What an operation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    Create,
    Update,
    Delete,
}

/// What is about to be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct IntentDraft {
    pub(crate) address: Address,
    pub(crate) operation: Operation,
    pub(crate) step: String,
    pub(crate) product: String,
    pub(crate) action: String,
    pub(crate) class: Class,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// Server time when the intent was written; the send window counts from here.
    pub(crate) created_at: Timestamp,
    /// The exact parameters, flat; secrets and long text as fingerprints.
    pub(crate) sealed_params: BTreeMap<String, String>,
    /// For a create: the entry as it will be, without its id, so that a later run can adopt what was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resource: Option<Box<Resource>>,
}

/// An intent in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub(crate) seq: u64,
    #[serde(flatten)]
    pub(crate) draft: IntentDraft,
}

impl std::ops::Deref for Intent {
    type Target = IntentDraft;

    fn deref(&self) -> &IntentDraft {
        &self.draft
    }
}

impl State {
    /// A state of nothing.
    pub(crate) fn new(lineage: String, hash_key: HashKey) -> State {
        State {
            format: FORMAT,
            lineage,
            serial: 0,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            written_at: None,
            cloud: CloudIdentity::default(),
            hash_key,
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
            more: BTreeMap::new(),
        }
    }

    /// Changes the state; the same for a run and for a replay.
    pub(crate) fn apply(&mut self, effect: &Effect) {
        match effect {
            Effect::Put { address, resource } => {
                let mut resource = (**resource).clone();
                if let Some(before) = self.resources.get(address) {
                    for id in &before.deposed {
                        if !resource.deposed.contains(id) {
                            resource.deposed.push(id.clone());
                        }
                    }
                }
                self.resources.insert(address.clone(), resource);
            }
            Effect::Made { .. } => {
                debug_assert!(false, "a Made is resolved with its intent before it is applied");
            }
            Effect::Merge { address, attributes } => {
                if let Some(resource) = self.resources.get_mut(address) {
                    resource.attributes.extend(attributes.clone());
                }
            }
            Effect::Settle {
                address,
                attributes,
                dependencies,
                prevent_destroy,
            } => {
                if let Some(resource) = self.resources.get_mut(address) {
                    resource.attributes.clone_from(attributes);
                    resource.dependencies.clone_from(dependencies);
                    resource.prevent_destroy = *prevent_destroy;
                }
            }
            Effect::Depose { address } => {
                if let Some(resource) = self.resources.get_mut(address) {
                    let id = std::mem::take(&mut resource.id);
                    if !id.is_empty() && !resource.deposed.contains(&id) {
                        resource.deposed.push(id);
                    }
                }
            }
            Effect::Remove { address } => {
                if let Some(resource) = self.resources.get_mut(address) {
                    if resource.deposed.is_empty() {
                        self.resources.remove(address);
                    } else {
                        resource.id.clear();
                    }
                }
            }
            Effect::RemoveDeposed { address, id } => {
                if let Some(resource) = self.resources.get_mut(address) {
                    resource.deposed.retain(|deposed| deposed != id);
                    if resource.deposed.is_empty() && resource.id.is_empty() {
                        self.resources.remove(address);
                    }
                }
            }
            Effect::Move { from, to } => self.rename(from, to),
            Effect::Outputs { outputs } => self.outputs.clone_from(outputs),
            Effect::Cloud {
                endpoint_kind,
                account_id,
                region,
            } => {
                self.cloud = CloudIdentity {
                    endpoint_kind: Some(endpoint_kind.clone()),
                    account_id: account_id.clone(),
                    region: Some(region.clone()),
                };
            }
        }
    }

    fn rename(&mut self, from: &Address, to: &Address) {
        let Some(resource) = self.resources.remove(from) else {
            return;
        };
        self.resources.insert(to.clone(), resource);
        for other in self.resources.values_mut() {
            if other.dependencies.remove(from) {
                other.dependencies.insert(to.clone());
            }
        }
    }
}

/// Why a state cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error("the state {path} is in use{holder}")]
    Locked { path: PathBuf, holder: String },
    #[error("{doing} {path} failed: {source}")]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the state {path} is damaged: {reason}")]
    Damaged { path: PathBuf, reason: String },
    #[error("there is no state at {path}, although {trace} shows that there was one")]
    Lost { path: PathBuf, trace: String },
    #[error("the state {path} has format {format}, which this version does not know")]
    Newer { path: PathBuf, format: u64 },
    #[error("{path} may not be used: {reason}")]
    Unsafe { path: PathBuf, reason: String },
    #[error("an earlier write failed, so nothing more is written")]
    Poisoned,
    #[error("there is no generation to go back to{0}")]
    NoGeneration(String),
}

impl StateError {
    /// Whether somebody else holds the lock.
    pub(crate) fn is_locked(&self) -> bool {
        matches!(self, StateError::Locked { .. })
    }

    /// The error with its way out.
    pub(crate) fn diagnostic(&self) -> Diagnostic {
        let (code, help): (&'static str, &[&str]) = match self {
            StateError::Locked { .. } => ("E0801", &["wait until that run has ended; its lock ends with it"]),
            StateError::Io { .. } => (
                "E0802",
                &["nothing that was known is lost; make room or give the rights, and run again"],
            ),
            StateError::Damaged { .. } => (
                "E0804",
                &[
                    "the file was not touched",
                    "go back to the newest sound generation:  infra state restore",
                ],
            ),
            StateError::Lost { .. } => (
                "E0806",
                &[
                    "nothing was changed",
                    "go back to the newest sound generation:  infra state restore",
                ],
            ),
            StateError::Newer { .. } => (
                "E0807",
                &["use the version of infra that wrote it, or a newer one"],
            ),
            StateError::Unsafe { .. } => ("E0808", &["put the real file there, with mode 0600"]),
            StateError::Poisoned => ("E0802", &["see the first error"]),
            StateError::NoGeneration(_) => (
                "E0809",
                &["the generations are beside the state, as NAME.SERIAL.bak"],
            ),
        };
        help.iter()
            .fold(Diagnostic::error(code, self.to_string()), |error, help| {
                error.help(*help)
            })
    }
}
