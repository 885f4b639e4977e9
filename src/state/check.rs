//! The integrity of a state, and of a change to it before it is written: a second opinion that shares no code
//! with [`State::apply`].
//!
//! Does not know files. A rule belongs here only if it holds at every moment of a run; dependencies, for example,
//! may name what is gone, and may form a circle while two resources exchange their roles.

use std::collections::{BTreeMap, HashMap};

use crate::address::Address;
use crate::value::{Attributes, Value};

use super::{Effect, Resource, State};

/// Why a state, or a change to it, cannot be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Violation {
    /// The lineage is not a UUID.
    #[error("the lineage \"{lineage}\" is not a UUID")]
    Lineage { lineage: String },
    /// An entry's type is not the one in its address.
    #[error("{address} has the type \"{type_name}\"")]
    Type { address: Address, type_name: String },
    /// An entry has neither an id nor deposed ids.
    #[error("{address} has no id")]
    NoId { address: Address },
    /// Two entries of a type have the same id.
    #[error("{address} and {other} have the same id {id}")]
    SharedId {
        address: Address,
        other: Address,
        id: String,
    },
    /// An entry depends on itself.
    #[error("{address} depends on itself")]
    DependsOnItself { address: Address },
    /// A value may not be stored: a secret, or something that is not known yet.
    #[error("{address}: the attribute \"{attribute}\" holds something that may not be stored")]
    NotStorable { address: Address, attribute: String },
    /// A change would forget the id of something that may still exist.
    #[error("{address} would forget the id {id}")]
    Forgets { address: Address, id: String },
    /// A change is about something that the state does not know.
    #[error("{address} is not in the state")]
    Unknown { address: Address },
    /// Two resources would get the same address.
    #[error("{address} is there already")]
    Taken { address: Address },
    /// A result belongs to no open intent.
    #[error("result {seq} belongs to no open intent")]
    NoIntent { seq: u64 },
    /// An intent's number is not higher than those before it.
    #[error("intent {seq} is out of order")]
    OutOfOrder { seq: u64 },
}

/// Which id belongs to whom, so that a change is checked without looking at every entry.
#[derive(Debug, Default)]
pub(crate) struct Ids(HashMap<(String, String), Address>);

/// Checks a whole state.
pub(crate) fn state(state: &State) -> Result<Ids, Violation> {
    if uuid::Uuid::parse_str(&state.lineage).is_err() {
        return Err(Violation::Lineage {
            lineage: state.lineage.clone(),
        });
    }
    let mut ids = Ids::default();
    for (address, resource) in &state.resources {
        entry(address, resource)?;
        ids.claim(address, resource)?;
    }
    Ok(ids)
}

/// Checks a change against the state that it is about to change, and notes its ids.
pub(crate) fn effect(state: &State, ids: &mut Ids, effect: &Effect) -> Result<(), Violation> {
    match effect {
        Effect::Put { address, resource } => {
            let before = state.resources.get(address);
            if let Some(before) = before
                && !before.id.is_empty()
                && before.id != resource.id
            {
                return Err(Violation::Forgets {
                    address: address.clone(),
                    id: before.id.clone(),
                });
            }
            if resource.id.is_empty() {
                return Err(Violation::NoId {
                    address: address.clone(),
                });
            }
            if before.is_some_and(|before| before.deposed.contains(&resource.id)) {
                return Err(Violation::SharedId {
                    address: address.clone(),
                    other: address.clone(),
                    id: resource.id.clone(),
                });
            }
            entry(address, resource)?;
            ids.claim(address, resource)
        }
        Effect::Merge { address, attributes } => {
            known(state, address)?;
            storable(address, attributes)
        }
        Effect::Settle {
            address,
            attributes,
            dependencies,
            prevent_destroy: _,
        } => {
            known(state, address)?;
            if dependencies.contains(address) {
                return Err(Violation::DependsOnItself {
                    address: address.clone(),
                });
            }
            storable(address, attributes)
        }
        // It was not resolved with its intent.
        Effect::Made { address, .. } => Err(Violation::Unknown {
            address: address.clone(),
        }),
        Effect::Depose { address } => known(state, address),
        Effect::Remove { address } => {
            if let Some(resource) = state.resources.get(address) {
                ids.release(&resource.type_name, &resource.id);
            }
            Ok(())
        }
        Effect::RemoveDeposed { address, id } => {
            if let Some(resource) = state.resources.get(address)
                && resource.id != *id
            {
                ids.release(&resource.type_name, id);
            }
            Ok(())
        }
        Effect::Move { from, to } => {
            known(state, from)?;
            if state.resources.contains_key(to) {
                return Err(Violation::Taken { address: to.clone() });
            }
            if from.type_name() != to.type_name() {
                return Err(Violation::Type {
                    address: to.clone(),
                    type_name: from.type_name().to_owned(),
                });
            }
            ids.rename(&state.resources[from], to);
            Ok(())
        }
        Effect::Outputs { outputs: _ } | Effect::Cloud { .. } => Ok(()),
    }
}

fn known(state: &State, address: &Address) -> Result<(), Violation> {
    if state.resources.contains_key(address) {
        Ok(())
    } else {
        Err(Violation::Unknown {
            address: address.clone(),
        })
    }
}

fn entry(address: &Address, resource: &Resource) -> Result<(), Violation> {
    let address = || address.clone();
    if resource.type_name != address().type_name() {
        return Err(Violation::Type {
            address: address(),
            type_name: resource.type_name.clone(),
        });
    }
    if resource.deposed.iter().any(String::is_empty)
        || (resource.id.is_empty() && resource.deposed.is_empty())
    {
        return Err(Violation::NoId { address: address() });
    }
    if resource.dependencies.contains(&address()) {
        return Err(Violation::DependsOnItself { address: address() });
    }
    storable(&address(), &resource.attributes)
}

/// Only plain values may be stored: everything else would silently become `null`.
pub(crate) fn storable(address: &Address, attributes: &Attributes) -> Result<(), Violation> {
    match attributes.iter().find(|(_, value)| !is_plain(value)) {
        None => Ok(()),
        Some((attribute, _)) => Err(Violation::NotStorable {
            address: address.clone(),
            attribute: attribute.clone(),
        }),
    }
}

fn is_plain(value: &Value) -> bool {
    match value {
        Value::Bool(_) | Value::Integer(_) | Value::String(_) => true,
        Value::List(items) => items.iter().all(is_plain),
        Value::Map(map) => map.values().all(is_plain),
        Value::Bytes(_)
        | Value::Secret(_)
        | Value::Reference(_)
        | Value::Template(_)
        | Value::Token
        | Value::Base64(_)
        | Value::JsonText(_) => false,
    }
}

impl Ids {
    fn claim(&mut self, address: &Address, resource: &Resource) -> Result<(), Violation> {
        let mut own: BTreeMap<&str, ()> = BTreeMap::new();
        for id in resource
            .deposed
            .iter()
            .chain(std::iter::once(&resource.id).filter(|id| !id.is_empty()))
        {
            let key = (resource.type_name.clone(), id.clone());
            let other = self.0.get(&key).filter(|other| *other != address);
            if own.insert(id, ()).is_some() || other.is_some() {
                return Err(Violation::SharedId {
                    address: address.clone(),
                    other: other.unwrap_or(address).clone(),
                    id: id.clone(),
                });
            }
            self.0.insert(key, address.clone());
        }
        Ok(())
    }

    fn release(&mut self, type_name: &str, id: &str) {
        self.0.remove(&(type_name.to_owned(), id.to_owned()));
    }

    fn rename(&mut self, resource: &Resource, to: &Address) {
        for id in resource.deposed.iter().chain(std::iter::once(&resource.id)) {
            if let Some(owner) = self.0.get_mut(&(resource.type_name.clone(), id.clone())) {
                *owner = to.clone();
            }
        }
    }
}
