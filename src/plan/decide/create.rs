//! Creates: what the configuration has and the cloud does not.
//!
//! Does not know what was there before, but for the fact that something was.

use super::super::context::Context;
use super::super::inherit::heirlooms;
use super::{Decision, Wanted, tags, vanished};
use crate::address::{Address, Object};
use crate::change::{AttributeChange, Change, Drift, Fate};
use crate::live::Observed;
use crate::state::Effect;
use crate::task::{Phase, Task};
use crate::types::{ResourceType, ToMake};
use crate::value::{Attributes, Value};

/// Decides that it is made.
pub(super) fn create<'a>(context: &Context<'a>, wanted: Wanted<'a>) -> Decision<'a> {
    let resource = wanted.resource;
    let address = &resource.address;
    let vanished = vanished(context, address);
    let reason = if context.is_open(address, resource.resource_type.create.action.name) {
        Some("it resumes an interrupted create")
    } else {
        vanished.as_ref().map(|_| "it was deleted outside infra")
    };
    let kept = kept(context, &wanted, None);
    let change = Change {
        reasons: reason.into_iter().map(str::to_owned).collect(),
        attributes: shown(resource.resource_type, &wanted.attributes),
        kept,
        ..wanted.change(Fate::Create)
    };
    let task = task(context, &wanted, None);
    let drift = vanished.as_ref().map(|vanished| Drift {
        address: address.clone(),
        path: String::new(),
        remembered: Some(Value::from(vanished.id.as_str())),
        observed: None,
        effect: "this plan makes it again".into(),
    });
    let mut decision = Decision {
        decided: Some(wanted.made(None)),
        drift: drift.into_iter().collect(),
        vanished,
        ..Decision::new(change).with(task)
    };
    if let Some(known) = context.known(address) {
        decision.note(gone(address, &known.id));
    }
    decision
}

/// The state's word on one that is not there any more.
fn gone(address: &Address, id: &str) -> Effect {
    Effect::Remove {
        address: address.clone(),
        id: id.to_owned(),
    }
}

/// What comes to a new one out of what is there, in words.
pub(super) fn kept(context: &Context<'_>, wanted: &Wanted<'_>, old: Option<&Observed>) -> Vec<String> {
    let resource = wanted.resource;
    let parts = resource.resource_type.parts.iter();
    let kept = parts.flat_map(|part| {
        let kept = heirlooms(context, resource, &wanted.attributes, old, part);
        let words = part.heirs.as_ref().map(|heirs| heirs.words);
        kept.into_iter().filter_map(move |one| Some(words?(&one.before)))
    });
    kept.collect()
}

/// The task that makes one.
pub(super) fn task(context: &Context<'_>, wanted: &Wanted<'_>, old: Option<&Observed>) -> Task {
    let resource = wanted.resource;
    let resource_type = resource.resource_type;
    let mut early: Attributes = wanted
        .attributes
        .iter()
        .filter(|(name, _)| !resource_type.is_joined_later(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    // What is there already is not made.
    for part in resource_type.parts {
        let kept = heirlooms(context, resource, &wanted.attributes, old, part);
        if let Some(Value::List(members)) = early.get_mut(part.attribute) {
            members.retain(|member| !kept.iter().any(|one| member.as_map() == Some(&one.wanted)));
        }
    }
    let steps = (resource_type.steps.create)(&ToMake {
        resource_type,
        address: &resource.address,
        region: context.inputs.region,
        attributes: &early,
        tags: &tags::of_new(context, wanted),
    });
    Task {
        steps,
        location: Some(resource.location.clone()),
        ..Task::new(Object::next(resource.address.clone()), None, Phase::Make)
    }
}

/// The attributes of a new one, and those that only the cloud can tell.
fn shown(resource_type: &'static ResourceType, attributes: &Attributes) -> Vec<AttributeChange> {
    let mut shown: Vec<AttributeChange> = Vec::new();
    for attribute in resource_type.attributes {
        match attributes.get(attribute.name) {
            Some(Value::Map(inner)) => shown.extend(inner.iter().map(|(key, value)| {
                let path = format!("{}.{key}", attribute.name);
                AttributeChange::plain(path, None, Some(value.clone()))
            })),
            Some(value) => {
                let after = Some(value.clone());
                shown.push(AttributeChange::of(attribute, attribute.name, None, after));
            }
            None => {}
        }
    }
    let implied = (resource_type.implied)(attributes, &Attributes::new());
    let unknown = std::iter::once("id").chain(implied);
    shown.extend(unknown.map(|path| AttributeChange::plain(path, None, Some(Value::unknown()))));
    shown
}
