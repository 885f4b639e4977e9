//! Replacements: something differs that cannot be changed on one that exists, so another is made in its place.
//!
//! Does not know when the halves are carried out, beyond which of them is first.

use std::collections::BTreeSet;

use super::super::context::Context;
use super::super::diff::Differences;
use super::super::inherit::heirlooms;
use super::{Decision, Wanted, create, delete, with_id};
use crate::change::{AttributeChange, Change, Fate};
use crate::config;
use crate::live::Observed;
use crate::types::Replacement;
use crate::value::{Reference, Value};

/// Decides that it is made anew, in this order; `asked` says why although nothing forces it.
pub(super) fn replace<'a>(
    context: &Context<'a>,
    wanted: Wanted<'a>,
    observed: &'a Observed,
    differences: Differences,
    asked: Vec<String>,
    order: Replacement,
) -> Decision<'a> {
    let resource = wanted.resource;
    let address = &resource.address;
    let create_first = order == Replacement::CreateFirst;
    let mut removal = delete::task(context, address, resource.resource_type, observed);
    let creation = create::task(context, &wanted, Some(observed));
    // What comes to the new one neither goes nor stays behind.
    let mut left = observed.clone();
    for part in resource.resource_type.parts {
        let kept = heirlooms(context, resource, &wanted.attributes, Some(observed), part);
        if let Some(Value::List(members)) = left.attributes.get_mut(part.attribute) {
            members.retain(|member| !kept.iter().any(|one| member.as_map() == Some(&one.before)));
        }
    }
    let mut kept = create::kept(context, &wanted, Some(observed));
    kept.extend((resource.resource_type.leaves)(&left.attributes));
    let mut change = Change {
        reasons: reasons(context, resource, &differences)
            .into_iter()
            .chain(asked)
            .collect(),
        unchanged: differences.equal,
        attributes: shown(resource, observed, differences),
        lost: (resource.resource_type.losses)(&with_id(&left)),
        kept,
        id: Some(observed.id.clone()),
        ..wanted.change(Fate::Replace { create_first })
    };
    if !create_first {
        change.down = (resource.resource_type.downtime)(&removal.steps).map(str::to_owned);
        removal.restore = (resource.resource_type.restore)(&removal.steps);
    }
    Decision {
        decided: Some(wanted.made(Some(order))),
        forbidden: delete::forbidden(
            address,
            delete::is_protected(context, address),
            resource.resource_type,
            observed,
        ),
        ..Decision::new(change).with(creation).with(removal)
    }
}

fn reasons(context: &Context<'_>, resource: &config::Resource, differences: &Differences) -> Vec<String> {
    let type_name = resource.resource_type.name;
    let named = &resource.lifecycle.replace_on;
    let is_named =
        |path: &str| named.contains(path) || named.contains(path.split('.').next().unwrap_or(path));
    let forcing = differences
        .found
        .iter()
        .map(|difference| &difference.change)
        .filter(|change| change.forces_replacement && !is_named(&change.path));
    forcing
        .map(|change| {
            let path = &change.path;
            let mut references = BTreeSet::new();
            if let Some(value) = &change.after {
                value.references(&mut references);
            }
            match references
                .iter()
                .find(|reference| context.is_made(&reference.address))
            {
                Some(Reference { address, .. }) => {
                    format!("{path} cannot change on a live {type_name}, and {address} is made anew")
                }
                None => format!("{path} cannot change on a live {type_name}"),
            }
        })
        .collect()
}

/// What differs, what forces the replacement first. Where the old one stands in its life says nothing of the new one.
fn shown(resource: &config::Resource, observed: &Observed, differences: Differences) -> Vec<AttributeChange> {
    let is_computed = |path: &str| {
        let attribute = resource.resource_type.attribute(path);
        attribute.is_some_and(|attribute| attribute.computed)
    };
    let mut shown: Vec<AttributeChange> = differences
        .found
        .into_iter()
        .map(|difference| difference.change)
        .filter(|change| change.path != "status" && !is_computed(&change.path))
        .collect();
    shown.sort_by_key(|change| !change.forces_replacement);
    let new_id = Value::from(Reference {
        address: resource.address.clone(),
        attribute: "id".to_owned(),
    });
    let old_id = Value::from(observed.id.as_str());
    shown.push(AttributeChange::plain("id", Some(old_id), Some(new_id)));
    shown
}
