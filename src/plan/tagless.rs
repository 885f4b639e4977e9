//! What has no tags, in a state that was lost: it is found in what carries ours, by what the configuration says of it.
//!
//! A line of a route table, a rule of a group: it is ours if it stands in something of ours and its place there is the one
//! that a block names. Whatever else is like it is somebody else's. Pure. Does not know how anything was read.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::config::{self, Config};
use crate::live::{Observed, Stray};
use crate::types::{self, Identity, Kind, REGISTRY, ResourceType};
use crate::value::{Attributes, Reference, Value};

/// The things in which what has no tags may stand, by the type of what stands in them: their ids.
pub(crate) type Parents = BTreeMap<&'static str, BTreeSet<String>>;

/// What was found in the parents.
#[derive(Debug, Default)]
pub(crate) struct Tagless {
    /// Those that a block names.
    pub(crate) ours: Vec<Stray>,
    /// Those that no block names: somebody else's, or of a block that is gone.
    pub(crate) unclaimed: Vec<Stray>,
    /// What blocks name in things that are not ours: the ids by address. Whose that is, nobody can tell.
    pub(crate) elsewhere: BTreeMap<Address, String>,
}

/// The parents among all that was found.
pub(crate) fn parents(found: &[Stray]) -> Parents {
    let mut parents = Parents::new();
    for resource_type in REGISTRY {
        let Some((_, parent_type)) = parent_of(resource_type) else {
            continue;
        };
        let ids = found.iter().flat_map(|stray| {
            let is_one = stray.type_name == parent_type;
            let own = is_one.then(|| stray.observed.id.clone());
            own.into_iter().chain(made_with(stray, parent_type))
        });
        parents.insert(resource_type.name, ids.collect());
    }
    parents
}

/// Holds what stands in the parents against the configuration. `inside` are all of one type, `found` all that has tags.
pub(crate) fn tagless(
    found: &[Stray],
    inside: Vec<(&'static ResourceType, Observed)>,
    config: &Config,
) -> Tagless {
    let mut tagless = Tagless::default();
    let mut generations: BTreeMap<&Address, Vec<&Observed>> = BTreeMap::new();
    for stray in found {
        let said = stray.address.as_ref();
        if let Some(address) = said.filter(|said| said.type_name() == stray.type_name) {
            generations.entry(address).or_default().push(&stray.observed);
        }
    }
    let parents = parents(found);
    let mut places: Vec<(&config::Resource, Attributes)> = Vec::new();
    for resource in config.resources.values() {
        let Some((parent, _)) = parent_of(resource.resource_type) else {
            continue;
        };
        let youngest = |reference: &Reference| {
            let all = generations.get(&reference.address)?;
            look_up(all.iter().max_by_key(|one| (one.created, &one.id))?, reference)
        };
        let wanted = placed(resource, &youngest);
        let ours = parents.get(resource.resource_type.name);
        let in_another = wanted.get(parent).and_then(Value::as_str);
        let in_another = in_another.filter(|id| !ours.is_some_and(|ours| ours.contains(*id)));
        if in_another.is_some()
            && let Some(id) = resource.resource_type.own_id(&wanted)
        {
            tagless.elsewhere.insert(resource.address.clone(), id);
        }
        places.push((resource, wanted));
    }
    for (resource_type, observed) in inside {
        let is_it = |(resource, wanted): &&(&config::Resource, Attributes)| {
            resource.resource_type.name == resource_type.name
                && is_place(resource, wanted, &observed, &generations)
        };
        let mut stray = Stray::of(resource_type.name, observed.clone());
        match places.iter().find(is_it) {
            Some((resource, _)) => {
                stray.address = Some(resource.address.clone());
                tagless.ours.push(stray);
            }
            None if is_of_parent(resource_type, &observed, config, &generations) => {}
            None => tagless.unclaimed.push(stray),
        }
    }
    tagless
}

/// The attribute that names what one of this type stands in, and the type of that.
fn parent_of(resource_type: &ResourceType) -> Option<(&'static str, &'static str)> {
    let Identity::Joined { parent, .. } = resource_type.identity else {
        return None;
    };
    match resource_type.attribute(parent)?.kind {
        Kind::Id(parent_type) => Some((parent, parent_type)),
        _ => None,
    }
}

/// The ids of what was made together with one: a VPC's own route table.
fn made_with(stray: &Stray, type_name: &'static str) -> Vec<String> {
    let attributes = types::find(&stray.type_name).map_or(&[][..], |found| found.attributes);
    let own = attributes
        .iter()
        .filter(|attribute| attribute.computed && matches!(attribute.kind, Kind::Id(of) if of == type_name));
    own.filter_map(|attribute| stray.observed.attributes.get(attribute.name)?.as_str())
        .map(str::to_owned)
        .collect()
}

fn look_up(observed: &Observed, reference: &Reference) -> Option<Value> {
    if reference.attribute == "id" {
        return Some(Value::from(observed.id.as_str()));
    }
    reference.find_in(&observed.attributes).cloned()
}

/// What is wanted, in the form in which it is compared, with the references filled in that can be.
fn placed(resource: &config::Resource, look_up: &dyn Fn(&Reference) -> Option<Value>) -> Attributes {
    let filled = resource.attributes.iter();
    let mut wanted: Attributes = filled
        .map(|(name, value)| (name.clone(), value.resolve(look_up)))
        .collect();
    (resource.resource_type.normalise)(&mut wanted);
    wanted
}

/// Whether one stands where a block has it. What the block names may be there more than once: a replacement that was
/// interrupted has left the old one, with what stands in it.
fn is_place(
    resource: &config::Resource,
    wanted: &Attributes,
    observed: &Observed,
    generations: &BTreeMap<&Address, Vec<&Observed>>,
) -> bool {
    let Identity::Joined { parent, place, .. } = resource.resource_type.identity else {
        return false;
    };
    let of_any = |name: &str| -> bool {
        let seen = observed.attributes.get(name);
        let Some(Value::Reference(reference)) = resource.attributes.get(name) else {
            return wanted.get(name) == seen;
        };
        let all = generations.get(&reference.address).into_iter().flatten();
        all.filter_map(|one| look_up(one, reference))
            .any(|value| Some(&value) == seen)
    };
    of_any(parent) && place.iter().all(|name| of_any(name))
}

/// Whether it belongs to what it stands in, which has all of its like for itself: the rules of a group that has its own.
fn is_of_parent(
    resource_type: &ResourceType,
    observed: &Observed,
    config: &Config,
    generations: &BTreeMap<&Address, Vec<&Observed>>,
) -> bool {
    let Some((parent, _)) = parent_of(resource_type) else {
        return false;
    };
    let id = observed.attributes.get(parent).and_then(Value::as_str);
    let owner = generations
        .iter()
        .find(|(_, all)| all.iter().any(|one| Some(one.id.as_str()) == id));
    let owner = owner.and_then(|(address, _)| config.resources.get(*address));
    owner.is_some_and(|owner| (resource_type.partner_rule)(&observed.attributes, &owner.attributes).is_some())
}
