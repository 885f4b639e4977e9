//! The tags of the disks of a server: the same on all of them.
//!
//! Pure. Does not know what else there is to know of a disk.

use super::super::resource_type::{ToChange, ToMake};
use super::super::steps;
use super::disks;
use super::table::VOLUME_TAGS;
use crate::api::{Action, action};
use crate::step::{Shows, Step};
use crate::value::{Attributes, Reference, Value};

/// The tags of the disks that are made with a server.
pub(super) fn tag_first(wanted: &ToMake<'_>) -> Option<Step> {
    let ids = own(wanted, "disks.ids");
    set(wanted, ids)
}

/// Tags that are taken away, then those that are wanted; on a new system disk all of them.
pub(super) fn change(change: &ToChange<'_>) -> Vec<Step> {
    let is_swapped = disks::is_swapped(change);
    let Some(Value::Map(wanted)) = change.wanted.attributes.get(VOLUME_TAGS) else {
        return Vec::new();
    };
    if !change.changed.contains(&VOLUME_TAGS) {
        let new = Value::List(vec![own(&change.wanted, "system_disk.id")]);
        return set(&change.wanted, new)
            .filter(|_| is_swapped)
            .into_iter()
            .collect();
    }
    let ids = change
        .before
        .get("disks")
        .and_then(|disks| disks.at("ids")?.as_list());
    let mut ids = ids.unwrap_or_default().to_vec();
    if is_swapped {
        let old = change.before.get("system_disk").and_then(|disk| disk.at("id"));
        ids.retain(|id| Some(id) != old);
        ids.push(own(&change.wanted, "system_disk.id"));
    }
    let ids = Value::List(ids);
    let map = |name: &str| change.before.get(name).and_then(Value::as_map);
    let inherited = |key: &str, value: &Value| map("tags").is_some_and(|tags| tags.get(key) == Some(value));
    let there = map(VOLUME_TAGS).into_iter().flatten();
    let surplus = there.filter(|(key, value)| !wanted.contains_key(*key) && !inherited(key, value));
    let surplus: Vec<Value> = surplus.map(|(key, _)| Value::from(key.as_str())).collect();
    let mut steps = Vec::new();
    if !surplus.is_empty() {
        let more = ("TagKey", Value::List(surplus));
        steps.push(call(
            "untag disks",
            &action::UNTAG_RESOURCES_ECS,
            change.wanted.region,
            ids.clone(),
            more,
        ));
    }
    steps.extend(set(&change.wanted, ids));
    steps
}

fn set(wanted: &ToMake<'_>, ids: Value) -> Option<Step> {
    let tags = wanted.attributes.get(VOLUME_TAGS)?.as_map()?;
    if tags.is_empty() {
        return None;
    }
    let list: Vec<(String, Value)> = tags
        .iter()
        .map(|(key, value)| (key.to_string(), value.clone()))
        .collect();
    let more = ("Tag", steps::tag_list(&list));
    let step = call("tag disks", &action::TAG_RESOURCES_ECS, wanted.region, ids, more);
    Some(step.shows(Shows::Detail {
        attribute: VOLUME_TAGS,
        value: Value::Map(tags.clone()),
    }))
}

fn call(name: &str, action: &'static Action, region: &str, ids: Value, more: (&'static str, Value)) -> Step {
    let params = [("ResourceType", Value::from("disk")), ("ResourceId", ids), more];
    let params: Attributes = params
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Step::call(name, steps::call(action, region, params))
}

/// An attribute of the server itself, as it is when the step comes.
fn own(wanted: &ToMake<'_>, attribute: &str) -> Value {
    Value::from(Reference {
        address: wanted.address.clone(),
        attribute: attribute.to_owned(),
    })
}
