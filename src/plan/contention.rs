//! Values that only one resource can have: what frees one comes before what takes it.
//!
//! Does not know the rest of the order.

use std::collections::BTreeMap;

use super::context::Context;
use super::node::Node;
use crate::live::Observed;
use crate::task::{Phase, Task};
use crate::types::ResourceType;
use crate::value::Attributes;

/// Pairs of a task that takes a value and one that frees it.
pub(super) fn find(tasks: &BTreeMap<Node, Task>, context: &Context<'_>) -> Vec<(Node, Node)> {
    let mut freed: BTreeMap<(&str, String), Vec<(&Node, &Observed)>> = BTreeMap::new();
    for (node, _) in tasks.iter().filter(|(node, _)| node.phase() == Phase::Remove) {
        let Some((resource_type, observed)) = going(node, context) else {
            continue;
        };
        if let Some(place) = (resource_type.contention.place)(&observed.attributes) {
            freed
                .entry((resource_type.name, place))
                .or_default()
                .push((node, observed));
        }
    }
    let mut found = Vec::new();
    if freed.is_empty() {
        return found;
    }
    for (node, _) in tasks.iter().filter(|(node, _)| node.phase() == Phase::Make) {
        let Some(wanted) = context.wanted(node.address()) else {
            continue;
        };
        let Some(attributes) = context.decided(node.address()).map(|decided| &decided.attributes) else {
            continue;
        };
        let Some(place) = (wanted.resource_type.contention.place)(attributes) else {
            continue;
        };
        let others = freed
            .get(&(wanted.resource_type.name, place))
            .into_iter()
            .flatten();
        for (other, observed) in others {
            if contends(wanted.resource_type, attributes, &observed.attributes) {
                found.push((node.clone(), (*other).clone()));
            }
        }
    }
    found
}

fn contends(resource_type: &'static ResourceType, one: &Attributes, other: &Attributes) -> bool {
    (resource_type.contention.excludes)(one, other)
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
