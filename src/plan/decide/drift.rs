//! Drift: what differs between memory and observation in managed attributes, and what becomes of it.
//!
//! Does not know whether the resource is changed for other reasons.

use std::collections::BTreeMap;

use super::super::context::Context;
use super::super::diff::{self, Memory};
use super::Wanted;
use crate::change::Drift;
use crate::live::Observed;
use crate::state;
use crate::types::Attribute;
use crate::types::joining::Members;
use crate::value::{Attributes, Value};

/// What somebody else changed on one that is known and exists.
pub(super) fn drift(
    context: &Context<'_>,
    wanted: &Wanted<'_>,
    known: &state::Resource,
    observed: &Observed,
) -> Vec<Drift> {
    let mut found = Vec::new();
    for attribute in wanted.resource.resource_type.attributes {
        let name = attribute.name;
        // What a run of ours began and did not end is nobody else's doing.
        let is_ours = known.unsettled.contains_key(name) || known.unsettled.contains_key("id");
        if is_ours || attribute.remembered || attribute.computed || attribute.is_own_tags() {
            continue;
        }
        let (Some(after), Some(remembered)) = (wanted.attributes.get(name), known.attributes.get(name))
        else {
            continue;
        };
        let same = |left: &Value, right: &Value| is_same(context, wanted, attribute, left, right);
        let seen = observed.attributes.get(name);
        let is_as_remembered = match seen {
            Some(seen) => same(seen, remembered),
            None => remembered.as_str() == Some(""),
        };
        if is_as_remembered {
            continue;
        }
        let effect = match seen {
            Some(seen) if same(seen, after) => "the configuration says the same now",
            _ if is_made_anew(wanted, name, seen) => {
                "this plan makes what is missing anew, empty; what still exists is kept if it is attached again first"
            }
            _ => "this plan changes it back",
        };
        found.push(Drift {
            address: wanted.resource.address.clone(),
            path: name.to_owned(),
            remembered: Some(remembered.clone()),
            observed: seen.cloned(),
            effect: effect.into(),
        });
    }
    found
}

/// Whether members are missing that have something on them.
fn is_made_anew(wanted: &Wanted<'_>, name: &str, seen: Option<&Value>) -> bool {
    let mut parts = wanted.resource.resource_type.parts.iter();
    let part = parts.find(|part| part.attribute == name && part.heirs.is_some());
    part.is_some_and(|part| {
        let seen = seen.map(|seen| Attributes::from([(name.to_owned(), seen.clone())]));
        let there = seen.map(|seen| part.members(&seen)).unwrap_or_default();
        let wanted = part.members(&wanted.attributes);
        let change = Members::between(part, &there, &wanted);
        !change.added.is_empty()
    })
}

/// Whether two values of an attribute mean the same, by the comparison that decides about changes.
fn is_same(
    context: &Context<'_>,
    wanted: &Wanted<'_>,
    attribute: &Attribute,
    left: &Value,
    right: &Value,
) -> bool {
    if let Some(part) = wanted
        .resource
        .resource_type
        .parts
        .iter()
        .find(|part| part.attribute == attribute.name)
    {
        let set = |value: &Value| Attributes::from([(attribute.name.to_owned(), value.clone())]);
        let (left, right) = (set(left), set(right));
        return Members::between(part, &part.members(&left), &part.members(&right)).is_empty();
    }
    if wanted.resource.resource_type.is_joined(attribute.name) {
        return left == right;
    }
    let alone = |value: &Value| Attributes::from([(attribute.name.to_owned(), value.clone())]);
    let differences = diff::compare(
        wanted.resource.resource_type,
        &alone(left),
        &Memory {
            attributes: &Attributes::new(),
            unsettled: &BTreeMap::new(),
        },
        &alone(right),
        context.inputs.fingerprints,
    );
    differences.found.iter().all(|difference| {
        let inside = difference.change.path.strip_prefix(attribute.name);
        !inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}
