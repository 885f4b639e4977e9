//! A plan that only lets the state learn what exists: no call is made by it.
//!
//! Does not know the configuration.

use std::collections::BTreeMap;

use super::inputs::Inputs;
use super::{Plan, Vanished, diff};
use crate::address::{Address, Object};
use crate::change::{AttributeChange, Change, Drift, Fate};
use crate::live::Observed;
use crate::state::{Effect, Resource};
use crate::task::{Phase, Task};
use crate::types::ResourceType;
use crate::types::joining::Members;
use crate::value::{Attributes, Value};

/// Makes it.
pub(super) fn make(inputs: &Inputs<'_>) -> Plan {
    let mut plan = Plan::default();
    for (address, known) in &inputs.state.resources {
        if known.id.is_empty() {
            continue;
        }
        plan.known += 1;
        // Nobody has looked for something of a type that is not known.
        let Some(resource_type) = inputs.types.get(&known.type_name) else {
            plan.changes.push(Change::new(address, Fate::Keep));
            continue;
        };
        match inputs.live.resources.get(address) {
            None => forget(address, known, &mut plan),
            Some(observed) => learn(address, known, resource_type, observed, inputs, &mut plan),
        }
    }
    plan
}

fn note(address: &Address, effect: Effect) -> Task {
    Task {
        then: vec![effect],
        ..Task::new(Object::now(address.clone()), None, Phase::Note)
    }
}

fn forget(address: &Address, known: &Resource, plan: &mut Plan) {
    plan.changes.push(Change {
        reasons: vec![format!("{} no longer exists", known.id)],
        id: Some(known.id.clone()),
        ..Change::new(address, Fate::Forget)
    });
    // One that a run of ours was about to delete is not missed.
    if !known.unsettled.contains_key("id") {
        plan.vanished.push(Vanished {
            address: address.clone(),
            id: known.id.clone(),
        });
    }
    let effect = Effect::Remove {
        address: address.clone(),
        id: known.id.clone(),
    };
    plan.tasks.push(note(address, effect));
}

fn learn(
    address: &Address,
    known: &Resource,
    resource_type: &'static ResourceType,
    observed: &Observed,
    inputs: &Inputs<'_>,
    plan: &mut Plan,
) {
    let mut learnt = Attributes::new();
    let mut change = Change {
        id: Some(observed.id.clone()),
        ..Change::new(address, Fate::Keep)
    };
    for (name, remembered) in &known.attributes {
        let Some(attribute) = resource_type.attribute(name) else {
            continue;
        };
        let Some(seen) = observed.attributes.get(name) else {
            continue;
        };
        // What a run of ours has begun is for the next apply to end.
        let is_ours = known.unsettled.contains_key(name.as_str()) || known.unsettled.contains_key("id");
        if attribute.remembered || is_ours || is_same(resource_type, name, remembered, seen, inputs) {
            change.unchanged += 1;
            continue;
        }
        learnt.insert(name.clone(), seen.clone());
        if !attribute.computed {
            change.attributes.push(AttributeChange::of(
                attribute,
                name.clone(),
                Some(remembered.clone()),
                Some(seen.clone()),
            ));
            plan.drift.push(Drift {
                address: address.clone(),
                path: name.as_str().to_owned(),
                remembered: Some(remembered.clone()),
                observed: Some(seen.clone()),
                effect: "this plan records it".into(),
            });
        }
    }
    if !learnt.is_empty() {
        change.fate = if change.attributes.is_empty() {
            Fate::Note
        } else {
            Fate::Read
        };
        let mut all = known.attributes.clone();
        all.extend(learnt.clone());
        let effect = Effect::Merge {
            address: address.clone(),
            attributes: learnt,
        };
        let mut note = note(address, effect);
        if resource_type.is_called_otherwise(&known.id, &all)
            && let Some(id) = resource_type.own_id(&all)
        {
            let address = address.clone();
            note.then.push(Effect::Called { address, id });
        }
        plan.tasks.push(note);
    }
    plan.changes.push(change);
}

/// Whether two values of an attribute mean the same.
fn is_same(
    resource_type: &'static ResourceType,
    name: &str,
    left: &Value,
    right: &Value,
    inputs: &Inputs<'_>,
) -> bool {
    let alone = |value: &Value| Attributes::from([(name.to_owned(), value.clone())]);
    let (one, other) = (alone(left), alone(right));
    if let Some(part) = resource_type.parts.iter().find(|part| part.attribute == name) {
        return Members::between(part, &part.members(&one), &part.members(&other)).is_empty();
    }
    let is_tags = resource_type
        .attribute(name)
        .is_some_and(|attribute| attribute.is_own_tags());
    if is_tags || resource_type.is_joined(name) {
        return left == right;
    }
    let memory = diff::Memory {
        attributes: &Attributes::new(),
        unsettled: &BTreeMap::new(),
    };
    let differences = diff::compare(resource_type, &other, &memory, &one, inputs.fingerprints);
    differences.found.iter().all(|difference| {
        let inside = difference.change.path.strip_prefix(name);
        !inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}
