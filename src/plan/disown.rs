//! A stray that is let go of: it loses the tags of `infra` and goes on existing.
//!
//! Does not know whether anybody wants that.

use super::Plan;
use crate::address::{Address, Object};
use crate::live::{Stray, TAG_ADDRESS, TAG_OPERATION, TAG_PROJECT, TAG_STACK};
use crate::task::{Phase, Task};
use crate::types::{ResourceType, ToChange, ToMake};
use crate::value::Attributes;

/// The plan that takes our tags off. The state learns nothing, because it has never known of it: the object is told by its
/// id, whoever has the address now that its tag says.
pub(crate) fn disown(stray: &Stray, resource_type: &'static ResourceType, region: &str) -> Plan {
    let id = stray.observed.id.as_str();
    let unplaced = || Address::new(&stray.type_name, "stray");
    let address = stray.address.clone().unwrap_or_else(unplaced);
    let ours = [TAG_STACK, TAG_PROJECT, TAG_ADDRESS, TAG_OPERATION];
    let removed: Vec<String> = ours
        .into_iter()
        .filter(|tag| stray.observed.tags.contains_key(*tag))
        .map(str::to_owned)
        .collect();
    let steps = (resource_type.steps.update)(&ToChange {
        wanted: ToMake {
            resource_type,
            address: &address,
            region,
            attributes: &Attributes::new(),
            tags: &[],
        },
        id,
        before: &stray.observed.attributes,
        changed: &[],
        tags_set: &[],
        tags_removed: &removed,
    });
    let task = Task {
        steps,
        ..Task::new(Object::old(address, id), Some(id), Phase::Change)
    };
    Plan {
        tasks: vec![task],
        ..Plan::default()
    }
}
