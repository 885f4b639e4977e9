//! Deletes: what the state has and nothing wants any more, and what interrupted replacements left behind.
//!
//! Does not know what uses it; the order of the tasks sees to that.

use std::collections::BTreeMap;

use super::super::context::Context;
use super::foreign::taken_over;
use super::{Decision, Place, vanished, with_id};
use crate::address::{Address, Key, Object};
use crate::change::{AttributeChange, Change, Fate, Forbidden};
use crate::config::{BlockShape, RemovedBlock};
use crate::diagnostic::{Diagnostic, codes};
use crate::live::Observed;
use crate::state::{self, Effect};
use crate::task::{Phase, Task};
use crate::types::{Kind, ResourceType, ToRemove};
use crate::value::{Attributes, Value};

/// Decides about a resource of the state that nothing wants: it is deleted, or forgotten if it is already gone.
pub(in crate::plan) fn unwanted<'a>(
    context: &Context<'a>,
    address: &Address,
    known: &state::Resource,
) -> Decision<'a> {
    // Nobody has looked for something of a type that is not known, so it is not gone either.
    if let Err(unknown) = type_of(context, address, &known.type_name) {
        return unusable(Change::new(address, Fate::Delete), *unknown);
    }
    if let Some(block) = let_go(context, address) {
        return leave(address, known, block);
    }
    match context.inputs.live.resources.get(address) {
        Some(observed) => match taken_over(context, address, observed) {
            Some(taken) => not_ours(address, observed, taken),
            None => delete(context, address, known, observed),
        },
        None => forget(context, address, known),
    }
}

/// Decides about one that an interrupted replacement moved aside; `index` tells several of one address apart.
pub(in crate::plan) fn leftover<'a>(
    context: &Context<'a>,
    address: &Address,
    index: usize,
    observed: &Observed,
) -> Decision<'a> {
    if let Some(taken) = taken_over(context, address, observed) {
        return not_ours(address, observed, taken);
    }
    let change = Change {
        reasons: vec!["an interrupted replacement left it; the new one has its place".to_owned()],
        id: Some(observed.id.clone()),
        ..Change::new(address, Fate::Delete)
    };
    let resource_type = match type_of(context, address, address.type_name()) {
        Ok(resource_type) => resource_type,
        Err(unknown) => return unusable(change, *unknown),
    };
    let place = Place {
        phase: Phase::Remove,
        leftover: Some(index),
    };
    let task = Task {
        object: Object::old(address.clone(), observed.id.as_str()),
        ..task(context, address, resource_type, observed)
    };
    Decision {
        tasks: BTreeMap::from([(place, task)]),
        ..Decision::new(Change {
            lost: (resource_type.losses)(&with_id(observed)),
            kept: (resource_type.leaves)(&observed.attributes),
            ..change
        })
    }
}

fn delete<'a>(
    context: &Context<'a>,
    address: &Address,
    known: &state::Resource,
    observed: &Observed,
) -> Decision<'a> {
    let change = Change {
        location: context.location(address),
        reasons: vec![reason(context, address)],
        id: Some(observed.id.clone()),
        ..Change::new(address, Fate::Delete)
    };
    let resource_type = match type_of(context, address, &known.type_name) {
        Ok(resource_type) => resource_type,
        Err(unknown) => return unusable(change, *unknown),
    };
    let task = task(context, address, resource_type, observed);
    Decision {
        forbidden: forbidden(address, is_protected(context, address), resource_type, observed),
        ..Decision::new(Change {
            attributes: shown(resource_type, &known.attributes, observed),
            lost: (resource_type.losses)(&with_id(observed)),
            kept: (resource_type.leaves)(&observed.attributes),
            ..change
        })
        .with(task)
    }
}

/// The `[[removed]]` that says that it goes on existing.
pub(in crate::plan) fn let_go<'a>(context: &Context<'a>, address: &Address) -> Option<&'a RemovedBlock> {
    if context.inputs.destroy || context.wanted(address).is_some() {
        return None;
    }
    let blocks = &context.inputs.config.transitions.removed;
    let is_it = |block: &&RemovedBlock| block.from == *address || block.from == address.block();
    blocks.iter().find(is_it).filter(|block| !block.destroy)
}

/// The state forgets it, and it goes on existing.
fn leave<'a>(address: &Address, known: &state::Resource, block: &RemovedBlock) -> Decision<'a> {
    let place = &block.location;
    let change = Change {
        location: Some(place.clone()),
        reasons: vec![format!(
            "[[removed]] in {}:{} says so; {} goes on existing",
            place.file, place.line, known.id
        )],
        id: Some(known.id.clone()),
        ..Change::new(address, Fate::Forget)
    };
    let mut decision = Decision::new(change);
    decision.note(Effect::Forget {
        address: address.clone(),
        id: known.id.clone(),
    });
    decision
}

fn forget<'a>(context: &Context<'a>, address: &Address, known: &state::Resource) -> Decision<'a> {
    let change = Change {
        reasons: vec![format!("{} no longer exists, and nothing wants it", known.id)],
        id: Some(known.id.clone()),
        ..Change::new(address, Fate::Forget)
    };
    let mut decision = Decision {
        vanished: vanished(context, address),
        ..Decision::new(change)
    };
    decision.note(Effect::Remove {
        address: address.clone(),
        id: known.id.clone(),
    });
    decision
}

/// It is somebody else's now, and not ours to delete.
fn not_ours<'a>(address: &Address, observed: &Observed, taken: Diagnostic) -> Decision<'a> {
    let change = Change {
        reasons: vec![taken.message.clone()],
        id: Some(observed.id.clone()),
        would_lose: true,
        ..Change::new(address, Fate::Withheld)
    };
    Decision {
        findings: vec![taken],
        ..Decision::new(change)
    }
}

fn unusable<'a>(change: Change, error: Diagnostic) -> Decision<'a> {
    Decision {
        errors: vec![error],
        ..Decision::new(change)
    }
}

/// The type of something in the state. The error is for a type that this version does not know.
fn type_of(
    context: &Context<'_>,
    address: &Address,
    type_name: &str,
) -> Result<&'static ResourceType, Box<Diagnostic>> {
    context.inputs.types.get(type_name).ok_or_else(|| {
        let message =
            format!("the state has {address} of type {type_name}, which this version does not know");
        Box::new(
            Diagnostic::error(codes::TYPE_FORGOTTEN, message).help("use the version of infra that made it"),
        )
    })
}

fn reason(context: &Context<'_>, address: &Address) -> String {
    if context.inputs.destroy {
        return "everything is to be deleted".to_owned();
    }
    match (context.inputs.config.blocks.get(&address.block()), address.key()) {
        (Some(BlockShape::Count(count)), Some(Key::Index(index))) => {
            format!("index [{index}] is past count = {count}")
        }
        (Some(BlockShape::ForEach(_)), Some(key)) => format!("key {key} is not in for_each"),
        (Some(_), _) => "its block now has another form (count or for_each)".to_owned(),
        (None, _) => "it is no longer in the configuration".to_owned(),
    }
}

/// Whether a loss of it is prevented: as its block says, else as the state remembers; what was imported is protected
/// until its block says otherwise.
pub(super) fn is_protected(context: &Context<'_>, address: &Address) -> bool {
    let known = context.inputs.state.resources.get(address);
    let said = match context.wanted(address) {
        Some(wanted) => wanted.lifecycle.prevent_destroy,
        None => known.and_then(|known| known.lifecycle.prevent_destroy),
    };
    said.unwrap_or_else(|| known.is_some_and(|known| known.imported) || context.is_imported(address))
}

/// The rules that forbid the loss of this one.
pub(super) fn forbidden(
    address: &Address,
    is_protected: bool,
    resource_type: &'static ResourceType,
    observed: &Observed,
) -> Vec<Forbidden> {
    let prevented = is_protected.then(|| {
        "lifecycle.prevent_destroy is set, or it was imported; say prevent_destroy = false and apply that first"
            .to_owned()
    });
    let undeletable = (resource_type.undeletable)(&observed.attributes);
    let forbidden = |rule| Forbidden {
        address: address.clone(),
        rule,
    };
    prevented.into_iter().chain(undeletable).map(forbidden).collect()
}

/// The task that deletes one.
pub(super) fn task(
    context: &Context<'_>,
    address: &Address,
    resource_type: &'static ResourceType,
    observed: &Observed,
) -> Task {
    let steps = (resource_type.steps.delete)(&ToRemove {
        resource_type,
        region: context.inputs.region,
        id: &observed.id,
        attributes: &observed.attributes,
    });
    Task {
        owes: BTreeMap::from([("id".to_owned(), "delete".to_owned())]),
        then: vec![Effect::Remove {
            address: address.clone(),
            id: observed.id.clone(),
        }],
        steps,
        location: context.location(address),
        ..Task::new(Object::now(address.clone()), Some(&observed.id), Phase::Remove)
    }
}

/// What is known of the one that goes.
fn shown(
    resource_type: &'static ResourceType,
    known: &Attributes,
    observed: &Observed,
) -> Vec<AttributeChange> {
    let managed = resource_type.attributes.iter().filter(|attribute| {
        let hidden =
            attribute.remembered || matches!(attribute.kind, Kind::Tags | Kind::Table(_) | Kind::TableSet(_));
        !hidden && (known.contains_key(attribute.name) || attribute.computed) && attribute.name != "id"
    });
    let id = Value::from(observed.id.as_str());
    let mut shown = vec![AttributeChange::plain("id", Some(id), None)];
    shown.extend(managed.filter_map(|attribute| {
        let before = observed.attributes.get(attribute.name)?.clone();
        Some(AttributeChange::of(attribute, attribute.name, Some(before), None))
    }));
    shown
}
