//! Values that only one resource can have: what frees one comes before what takes it.
//!
//! What has no id but what it is has all of that for itself. Does not know the rest of the order.

use std::collections::BTreeMap;

use super::context::Context;
use super::node::Node;
use crate::live::Observed;
use crate::task::{Phase, Task};
use crate::types::{Identity, ResourceType};
use crate::value::Attributes;

/// Pairs of a task that takes a value and one that frees it.
pub(super) fn find(tasks: &BTreeMap<Node, Task>, context: &Context<'_>) -> Vec<(Node, Node)> {
    // By its change; where that was done already, by the note that tells the state so.
    let becomes = |node: &Node| match node.phase() {
        Phase::Change => true,
        Phase::Note => !tasks.contains_key(&Node::new(node.address(), Phase::Change)),
        _ => false,
    };
    let mut freed: BTreeMap<(&str, String), Vec<(&Node, &Observed)>> = BTreeMap::new();
    for node in tasks.keys() {
        let freeing = match node.phase() {
            Phase::Remove => going(node, context),
            _ if becomes(node) => becoming_another(node, context),
            _ => None,
        };
        let Some((resource_type, observed)) = freeing else {
            continue;
        };
        let places = [
            place_of(resource_type, &observed.attributes),
            known_as(resource_type, observed),
        ];
        for place in places.into_iter().flatten() {
            let of_it = freed.entry((resource_type.name, place)).or_default();
            if !of_it.iter().any(|(other, _)| *other == node) {
                of_it.push((node, observed));
            }
        }
    }
    let mut found = Vec::new();
    if freed.is_empty() {
        return found;
    }
    for node in tasks.keys() {
        let takes = match node.phase() {
            Phase::Make => true,
            _ => becomes(node) && becoming_another(node, context).is_some(),
        };
        let Some(wanted) = context.wanted(node.address()).filter(|_| takes) else {
            continue;
        };
        let Some(attributes) = context.decided(node.address()).map(|decided| &decided.attributes) else {
            continue;
        };
        let Some(place) = place_of(wanted.resource_type, attributes) else {
            continue;
        };
        let others = freed
            .get(&(wanted.resource_type.name, place))
            .into_iter()
            .flatten();
        for (other, observed) in others {
            let is_own = other.address() == node.address() && node.phase() != Phase::Make;
            if !is_own && contends(wanted.resource_type, attributes, &observed.attributes) {
                found.push((node.clone(), (*other).clone()));
            }
        }
    }
    found
}

/// Where one stands in the way of another.
fn place_of(resource_type: &'static ResourceType, attributes: &Attributes) -> Option<String> {
    match resource_type.identity {
        Identity::Joined { .. } => resource_type.own_id(attributes),
        _ => (resource_type.contention.place)(attributes),
    }
}

/// What the state calls one that is called by what it is.
fn known_as(resource_type: &'static ResourceType, observed: &Observed) -> Option<String> {
    matches!(resource_type.identity, Identity::Joined { .. }).then(|| observed.id.clone())
}

fn contends(resource_type: &'static ResourceType, one: &Attributes, other: &Attributes) -> bool {
    matches!(resource_type.identity, Identity::Joined { .. })
        || (resource_type.contention.excludes)(one, other)
}

/// What a removal takes away.
fn going<'a>(node: &Node, context: &Context<'a>) -> Option<(&'static ResourceType, &'a Observed)> {
    let live = context.inputs.live;
    let observed = match node.leftover() {
        None => live.resources.get(node.address())?,
        Some(index) => live.deposed.get(node.address())?.get(index)?,
    };
    let resource_type = context.inputs.types.get(node.address().type_name())?;
    Some((resource_type, observed))
}

/// What stays and becomes something that is called otherwise.
fn becoming_another<'a>(node: &Node, context: &Context<'a>) -> Option<(&'static ResourceType, &'a Observed)> {
    let resource_type = context.inputs.types.get(node.address().type_name())?;
    let decided = context.decided(node.address())?;
    let observed = decided.kept?;
    let is_it = resource_type.is_called_otherwise(&observed.id, &decided.attributes);
    is_it.then_some((resource_type, observed))
}
