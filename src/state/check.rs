//! The integrity of a state, and of a change to it before it is written: a second opinion that shares no code
//! with [`State::apply`].
//!
//! Does not know files. A rule belongs here only if it holds at every moment of a run; dependencies, for example,
//! may name what is gone, and may form a circle while two resources exchange their roles.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::address::{Address, Life};
use crate::value::{Attributes, Value};

use super::effect::Format1;
use super::{Effect, Intent, Resource, State};

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
    /// Something is owed, and it is not said what or for which attribute.
    #[error("{address}: something is unsettled that has no name")]
    Nameless { address: Address },
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
    for (address, value) in &state.data {
        data(address, Some(value))?;
    }
    Ok(ids)
}

/// Checks an intent before it is written: what its result will put into the state must be sound, because then it is too
/// late to say no.
pub(crate) fn intent(intent: &Intent) -> Result<(), Violation> {
    let address = &intent.object.address;
    named(address, &intent.owes)?;
    let own = intent.resource.iter().map(|resource| (address, resource));
    let members = intent
        .members
        .iter()
        .map(|member| (&member.address, &member.resource));
    for (address, resource) in own.chain(members) {
        content(address, resource)?;
    }
    Ok(())
}

/// Checks a change against the state that it is about to change, and notes its ids. `intent` is the one whose result
/// the change belongs to.
pub(crate) fn effect(
    state: &State,
    ids: &mut Ids,
    effect: &Effect,
    intent: Option<&Intent>,
) -> Result<(), Violation> {
    match effect {
        Effect::Put { address, resource } => appears(state, ids, address, resource, false),
        Effect::Made {
            address,
            id,
            created_at,
        } => {
            let made = intent.and_then(|intent| Some((intent, intent.made(address, id, *created_at)?)));
            let (intent, resource) = made.ok_or_else(|| Violation::Unknown {
                address: address.clone(),
            })?;
            appears(state, ids, address, &resource, intent.object.life == Life::Next)
        }
        Effect::Merge { address, attributes } => {
            known(state, address)?;
            storable(address, attributes)
        }
        Effect::Settle {
            address,
            attributes,
            dependencies,
            lifecycle: _,
            imported: _,
            unsettled,
        } => {
            known(state, address)?;
            independent(address, dependencies)?;
            named(address, unsettled)?;
            storable(address, attributes)
        }
        Effect::Called { address, id } => {
            known(state, address)?;
            let before = &state.resources[address];
            if before.id.is_empty() || id.is_empty() {
                return Err(Violation::NoId {
                    address: address.clone(),
                });
            }
            let mut after = before.clone();
            after.id.clone_from(id);
            ids.claim(address, &after)?;
            if before.id != *id {
                ids.release(&before.type_name, &before.id);
            }
            Ok(())
        }
        Effect::Remove { address, id } | Effect::Forget { address, id } => {
            if let Some(resource) = state.resources.get(address)
                && (resource.id == *id || resource.has_deposed(id))
            {
                ids.release(&resource.type_name, id);
            }
            Ok(())
        }
        Effect::Restore { address, id } => {
            known(state, address)?;
            if state.resources[address].has_deposed(id) {
                return Ok(());
            }
            Err(Violation::Unknown {
                address: address.clone(),
            })
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
        Effect::Data { address, value } => data(address, value.as_ref()),
        Effect::Outputs { outputs: _ } | Effect::Cloud { .. } | Effect::Beside { lineage: _ } => Ok(()),
        Effect::Format1(Format1::Depose { address }) => known(state, address),
        Effect::Format1(Format1::RemoveCurrent { address }) => {
            if let Some(resource) = state.resources.get(address) {
                ids.release(&resource.type_name, &resource.id);
            }
            Ok(())
        }
    }
}

/// Checks that a resource may become the current one of an address; `succeeds` if another one may be current and makes
/// room.
fn appears(
    state: &State,
    ids: &mut Ids,
    address: &Address,
    resource: &Resource,
    succeeds: bool,
) -> Result<(), Violation> {
    let before = state.resources.get(address);
    if let Some(before) = before
        && !succeeds
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
    if before.is_some_and(|before| before.has_deposed(&resource.id)) {
        return Err(Violation::SharedId {
            address: address.clone(),
            other: address.clone(),
            id: resource.id.clone(),
        });
    }
    entry(address, resource)?;
    ids.claim(address, resource)
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
    if resource.deposed.iter().any(|old| old.id.is_empty())
        || (resource.id.is_empty() && resource.deposed.is_empty())
    {
        return Err(Violation::NoId {
            address: address.clone(),
        });
    }
    content(address, resource)
}

/// Checks all of an entry but its ids.
fn content(address: &Address, resource: &Resource) -> Result<(), Violation> {
    if resource.type_name != address.type_name() {
        return Err(Violation::Type {
            address: address.clone(),
            type_name: resource.type_name.clone(),
        });
    }
    independent(address, &resource.dependencies)?;
    named(address, &resource.unsettled)?;
    storable(address, &resource.attributes)?;
    for old in &resource.deposed {
        independent(address, &old.dependencies)?;
        named(address, &old.unsettled)?;
        storable(address, &old.attributes)?;
    }
    Ok(())
}

fn independent(address: &Address, dependencies: &BTreeSet<Address>) -> Result<(), Violation> {
    if dependencies.contains(address) {
        return Err(Violation::DependsOnItself {
            address: address.clone(),
        });
    }
    Ok(())
}

fn named(address: &Address, unsettled: &BTreeMap<String, String>) -> Result<(), Violation> {
    if unsettled
        .iter()
        .any(|(attribute, step)| attribute.is_empty() || step.is_empty())
    {
        return Err(Violation::Nameless {
            address: address.clone(),
        });
    }
    Ok(())
}

fn data(address: &Address, value: Option<&Value>) -> Result<(), Violation> {
    if value.is_none_or(is_plain) {
        return Ok(());
    }
    Err(Violation::NotStorable {
        address: address.clone(),
        attribute: "value".to_owned(),
    })
}

/// Only plain values may be stored: everything else would silently become `null`.
pub(crate) fn storable(address: &Address, attributes: &Attributes) -> Result<(), Violation> {
    match attributes.iter().find(|(_, value)| !is_plain(value)) {
        None => Ok(()),
        Some((attribute, _)) => Err(Violation::NotStorable {
            address: address.clone(),
            attribute: attribute.as_str().to_owned(),
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
        let mut own = BTreeSet::new();
        for id in resource.ids() {
            let key = (resource.type_name.clone(), id.to_owned());
            let other = self.0.get(&key).filter(|other| *other != address);
            if !own.insert(id) || other.is_some() {
                return Err(Violation::SharedId {
                    address: address.clone(),
                    other: other.unwrap_or(address).clone(),
                    id: id.to_owned(),
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
        for id in resource.ids() {
            if let Some(owner) = self.0.get_mut(&(resource.type_name.clone(), id.to_owned())) {
                *owner = to.clone();
            }
        }
    }
}
