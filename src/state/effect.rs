//! Effects: what a result changes in a state, and how. Pure.
//!
//! Does not know whether an effect makes sense: that is asked by `check` before it is written.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Deposed, Forgotten, Intent, Lifecycle, Resource, State};
use crate::address::{Address, Life};
use crate::value::{Attributes, Value};

/// What a result changes in the state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    /// The resource exists. Deposed ones of an existing entry are kept.
    Put {
        address: Address,
        resource: Box<Resource>,
    },
    /// The resource that the intent describes exists, with this id. Only in the result of that intent. If the intent
    /// is about [`Life::Next`], the one that was current is deposed by this and not before.
    Made {
        address: Address,
        id: String,
        /// Server time when its answer was there: it came into being up to S + F after its intent was written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_at: Option<Timestamp>,
    },
    /// Some attributes have new values, and nothing is owed for them any more.
    Merge {
        address: Address,
        attributes: Attributes,
    },
    /// A change is finished: this is what is remembered of it now.
    Settle {
        address: Address,
        /// All attributes.
        attributes: Attributes,
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        dependencies: BTreeSet<Address>,
        #[serde(default, skip_serializing_if = "Lifecycle::is_empty")]
        lifecycle: Lifecycle,
        /// Whether it counts as imported; it stays as it was if this says nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        imported: Option<bool>,
        /// All that is still owed.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        unsettled: BTreeMap<String, String>,
    },
    /// The current one has this id now: what it is called by was changed on it.
    Called { address: Address, id: String },
    /// The one with this id is gone, whether it was current or deposed. The entry stays while any is left.
    Remove { address: Address, id: String },
    /// The one with this id goes on existing and is not known any more.
    Forget { address: Address, id: String },
    /// A deposed one is the current one again; the current one, if there is one, becomes deposed.
    Restore { address: Address, id: String },
    /// The same resource has another address.
    Move { from: Address, to: Address },
    /// The outputs, all of them.
    Outputs {
        outputs: BTreeMap<String, serde_json::Value>,
    },
    /// What the state belongs to; what is not known yet stays as it was.
    Cloud {
        endpoint_kind: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account_id: Option<String>,
        region: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        environment: Option<String>,
    },
    /// Another state of this project is known and left alone.
    Beside { lineage: String },
    /// What a data block has chosen; nothing if there is no such choice any more.
    Data {
        address: Address,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<Value>,
    },
    /// What only a journal of format 1 holds; this version reads it and never writes it.
    Format1(Format1),
}

impl Effect {
    /// The id that something has now, if it is about that.
    pub(crate) fn id(&self) -> Option<&str> {
        match self {
            Effect::Made { id, .. } => Some(id),
            Effect::Put { resource, .. } => Some(&resource.id),
            _ => None,
        }
    }
}

/// Effects of format 1 that have no equal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format1 {
    /// The current one was moved aside before its successor was made.
    Depose { address: Address },
    /// The current one, whatever its id, is gone.
    RemoveCurrent { address: Address },
}

impl State {
    /// Changes the state as a result says; `intent` is the one whose result it is. Pure, and total: an effect on what
    /// is not there changes nothing; whether an effect makes sense is [`super::check`]'s question, before it is written.
    pub(crate) fn apply(&mut self, effect: &Effect, intent: Option<&Intent>) {
        match effect {
            Effect::Put { address, resource } => self.put(address, resource.as_ref().clone()),
            Effect::Made {
                address,
                id,
                created_at,
            } => self.made(address, id, *created_at, intent),
            Effect::Merge { address, attributes } => {
                if let Some(entry) = self.resources.get_mut(address) {
                    entry.unsettled.retain(|name, _| !attributes.contains_key(name));
                    entry.attributes.extend(attributes.clone());
                }
            }
            Effect::Settle {
                address,
                attributes,
                dependencies,
                lifecycle,
                imported,
                unsettled,
            } => {
                if let Some(entry) = self.resources.get_mut(address) {
                    entry.attributes.clone_from(attributes);
                    entry.dependencies.clone_from(dependencies);
                    entry.lifecycle.clone_from(lifecycle);
                    entry.unsettled.clone_from(unsettled);
                    entry.imported = imported.unwrap_or(entry.imported);
                }
            }
            Effect::Called { address, id } => {
                if let Some(entry) = self
                    .resources
                    .get_mut(address)
                    .filter(|entry| !entry.id.is_empty())
                {
                    entry.id.clone_from(id);
                }
            }
            Effect::Remove { address, id } => self.remove(address, id),
            Effect::Forget { address, id } => self.forget(address, id),
            Effect::Restore { address, id } => self.restore(address, id),
            Effect::Move { from, to } => self.rename(from, to),
            Effect::Outputs { outputs } => self.outputs.clone_from(outputs),
            Effect::Cloud {
                endpoint_kind,
                account_id,
                region,
                project,
                environment,
            } => {
                self.cloud.endpoint_kind = Some(endpoint_kind.clone());
                self.cloud.region = Some(region.clone());
                learn(&mut self.cloud.account_id, account_id);
                learn(&mut self.project, project);
                learn(&mut self.environment, environment);
            }
            Effect::Beside { lineage } => {
                self.beside.insert(lineage.clone());
            }
            Effect::Data { address, value } => match value {
                Some(value) => {
                    self.data.insert(address.clone(), value.clone());
                }
                None => {
                    self.data.remove(address);
                }
            },
            Effect::Format1(Format1::Depose { address }) => {
                if let Some(entry) = self.resources.get_mut(address) {
                    entry.depose(None);
                }
            }
            Effect::Format1(Format1::RemoveCurrent { address }) => {
                if let Some(id) = self.resources.get(address).map(|entry| entry.id.clone()) {
                    self.remove(address, &id);
                }
            }
        }
    }

    /// Marks what an intent owes: it is the first durable sign that something is under way. What a create owes stands
    /// in its own entry.
    pub(crate) fn owe(&mut self, intent: &Intent) {
        if intent.resource.is_some() || intent.owes.is_empty() {
            return;
        }
        let Some(entry) = self.resources.get_mut(&intent.object.address) else {
            return;
        };
        let unsettled = match &intent.object.life {
            Life::Old(id) if *id != entry.id => {
                let old = entry.deposed.iter_mut().find(|old| old.id == *id);
                old.map(|old| &mut old.unsettled)
            }
            Life::Now | Life::Next | Life::Old(_) => (!entry.id.is_empty()).then_some(&mut entry.unsettled),
        };
        if let Some(unsettled) = unsettled {
            unsettled.extend(intent.owes.clone());
        }
    }

    fn made(&mut self, address: &Address, id: &str, created_at: Option<Timestamp>, intent: Option<&Intent>) {
        let Some(intent) = intent else { return };
        let Some(resource) = intent.made(address, id, created_at) else {
            return;
        };
        if intent.object.life == Life::Next
            && let Some(entry) = self.resources.get_mut(address)
            && entry.id != id
        {
            entry.depose(created_at);
        }
        self.put(address, *resource);
    }

    fn put(&mut self, address: &Address, mut resource: Resource) {
        self.forgotten.remove(&resource.id);
        if let Some(before) = self.resources.get_mut(address) {
            let mut deposed = std::mem::take(&mut before.deposed);
            resource
                .deposed
                .retain(|new| !deposed.iter().any(|old| old.id == new.id));
            deposed.append(&mut resource.deposed);
            resource.deposed = deposed;
            for (name, value) in std::mem::take(&mut before.more) {
                resource.more.entry(name).or_insert(value);
            }
        }
        self.resources.insert(address.clone(), resource);
    }

    fn remove(&mut self, address: &Address, id: &str) {
        let Some(entry) = self.resources.get_mut(address) else {
            return;
        };
        if entry.id == id {
            entry.clear_current();
        } else {
            entry.deposed.retain(|old| old.id != id);
        }
        if entry.id.is_empty() && entry.deposed.is_empty() {
            self.resources.remove(address);
        }
    }

    fn forget(&mut self, address: &Address, id: &str) {
        let entry = self.resources.get(address);
        let born = entry.and_then(Resource::born).filter(|(own, _)| *own == id);
        let one = born.map(|(_, at)| Forgotten::new(address.type_name(), at));
        self.remove(address, id);
        self.remember_forgotten(one.map(|one| (id.to_owned(), one)).into_iter());
    }

    fn restore(&mut self, address: &Address, id: &str) {
        let Some(entry) = self.resources.get_mut(address) else {
            return;
        };
        let Some(index) = entry.deposed.iter().position(|old| old.id == id) else {
            return;
        };
        let old = entry.deposed.remove(index);
        entry.depose(None);
        entry.id = old.id;
        entry.attributes = old.attributes;
        entry.unsettled = old.unsettled;
        entry.dependencies = old.dependencies;
        entry.imported = old.imported;
    }

    fn rename(&mut self, from: &Address, to: &Address) {
        if self.resources.contains_key(to) {
            return;
        }
        let Some(resource) = self.resources.remove(from) else {
            return;
        };
        self.resources.insert(to.clone(), resource);
        for (address, entry) in &mut self.resources {
            let deposed = entry.deposed.iter_mut().map(|old| &mut old.dependencies);
            for dependencies in deposed.chain([&mut entry.dependencies]) {
                if dependencies.remove(from) {
                    dependencies.insert(to.clone());
                }
                // It named one that had this address before and is gone.
                dependencies.remove(address);
            }
        }
    }
}

impl Resource {
    /// Moves the current one, if there is one, to the deposed ones. Its dependencies stay here as well until a
    /// successor has its own.
    fn depose(&mut self, since: Option<Timestamp>) {
        if self.id.is_empty() {
            return;
        }
        self.deposed.push(Deposed {
            id: self.id.clone(),
            attributes: std::mem::take(&mut self.attributes),
            unsettled: std::mem::take(&mut self.unsettled),
            dependencies: self.dependencies.clone(),
            imported: self.imported,
            since,
            ..Deposed::default()
        });
        self.clear_current();
    }

    /// There is no current one; what is said of the address stays.
    fn clear_current(&mut self) {
        self.id.clear();
        self.attributes.clear();
        self.unsettled.clear();
        self.token = None;
        self.created_at = None;
        self.imported = false;
    }
}

/// What is known now; what is not stays as it was.
fn learn(known: &mut Option<String>, now: &Option<String>) {
    if now.is_some() {
        known.clone_from(now);
    }
}
