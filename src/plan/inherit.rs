//! Members that outlive their owner: the disk of a server that is made anew is kept and comes to the new one; so does one
//! that an interrupted run has left between the two.
//!
//! Does not know by which calls one is kept and joined; the part's row does.

use super::context::{Context, Outlook};
use crate::address::Address;
use crate::config;
use crate::live::{Live, Observed, Stray};
use crate::types::{APART, Heirs, Part};
use crate::value::{Attributes, Reference, Value};

/// One that is there and comes to a new owner: as it is, and as it is wanted.
pub(super) struct Heirloom {
    pub(super) before: Attributes,
    pub(super) wanted: Attributes,
}

/// What a new one at this address gets of its predecessors, which are `old`, or of what is left of one.
pub(super) fn heirlooms<'o>(
    context: &Context<'_>,
    resource: &config::Resource,
    attributes: &Attributes,
    old: impl IntoIterator<Item = &'o Observed>,
    part: &Part,
) -> Vec<Heirloom> {
    let Some(heirs) = &part.heirs else {
        return Vec::new();
    };
    let zone = place(context, resource, attributes);
    let mut there: Vec<Attributes> = Vec::new();
    for old in old {
        let same_place = match &zone {
            Some(zone) => old.attributes.get(heirs.place) == Some(zone),
            None => {
                let stands_in = resource.resource_type.stays_with;
                stands_in.is_some_and(|name| attributes.get(name) == old.attributes.get(name))
            }
        };
        there.extend(part.members(&old.attributes).into_iter().filter(|_| same_place));
    }
    there.extend(
        left_behind(context.inputs.live, &resource.address, heirs)
            .filter(|stray| zone.is_none() || stray.observed.attributes.get(heirs.place) == zone.as_ref())
            .map(|stray| {
                let mut member = (heirs.member)(&stray.observed.id, &stray.observed.attributes);
                member.insert(APART.to_owned(), Value::Bool(true));
                member
            }),
    );
    let mut found: Vec<Heirloom> = Vec::new();
    for wanted in part
        .members(attributes)
        .into_iter()
        .filter(|one| (heirs.stays)(one))
    {
        let is_it = |one: &&Attributes| {
            let id = part.member_id.and_then(|(key, _)| one.get(key)?.as_str());
            part.identity(one) == part.identity(&wanted) && id.is_none_or(|id| context.owner(id).is_none())
        };
        if let Some(before) = there.iter().find(is_it) {
            found.push(Heirloom {
                before: before.clone(),
                wanted,
            });
        }
    }
    found
}

/// What was made for an owner that is not there any more: it carries its address, and is no resource of its own.
fn left_behind<'a>(
    live: &'a Live,
    address: &'a Address,
    heirs: &'a Heirs,
) -> impl Iterator<Item = &'a Stray> {
    let strays = live.strays.iter();
    strays.filter(move |stray| stray.type_name == heirs.type_name && stray.address.as_ref() == Some(address))
}

/// Whether a stray is a member of what the configuration has at its address.
pub(super) fn is_member(config: &config::Config, stray: &Stray) -> bool {
    let resource = stray
        .address
        .as_ref()
        .and_then(|address| config.resources.get(address));
    resource.is_some_and(|resource| {
        resource.resource_type.parts.iter().any(|part| {
            part.heirs.as_ref().is_some_and(|heirs| {
                let member = (heirs.member)(&stray.observed.id, &stray.observed.attributes);
                let mut wanted = part.members(&resource.attributes).into_iter();
                heirs.type_name == stray.type_name
                    && wanted.any(|one| part.identity(&one) == part.identity(&member))
            })
        })
    })
}

/// The place in which it will stand, as far as it is known.
fn place(context: &Context<'_>, resource: &config::Resource, attributes: &Attributes) -> Option<Value> {
    const ZONE: &str = "zone_id";
    if let Some(zone) = attributes.get(ZONE) {
        return zone.is_known().then(|| zone.clone());
    }
    let holder = resource.resource_type.stays_with?;
    let Some(Value::Reference(holder)) = resource.attributes.get(holder) else {
        return None;
    };
    let reference = Reference {
        address: holder.address.clone(),
        attribute: ZONE.to_owned(),
    };
    match context.outlook(&reference) {
        Outlook::Known(zone) => Some(zone),
        Outlook::Later | Outlook::Never => None,
    }
}
