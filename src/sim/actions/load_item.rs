//! Items that are loaded, as they are read, and the cloud that they are put into. Does not know kinds of things.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::api::api;
use super::super::call::{Call, Run};
use super::super::clock::{Now, UnixMillis, parse_utc};
use super::super::cloud::Settings;
use super::super::head::{Head, Status};
use super::super::params::Params;
use super::super::world::World;

/// A cloud that is being filled.
pub(super) struct Loading<'a> {
    pub(super) world: World,
    pub(super) settings: Settings,
    pub(super) region: String,
    pub(super) now: Now,
    /// How an action is found.
    pub(super) find: fn(&str, &str) -> Option<Run>,
    /// The system disks of the order, by the server that each belongs to.
    pub(super) system_disks: BTreeMap<String, &'a Value>,
}

/// A field by its path as text; empty when it is not there.
pub(super) fn text(item: &Value, path: &str) -> String {
    let pointer = format!("/{}", path.replace('.', "/"));
    match item.pointer(&pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
        _ => String::new(),
    }
}

pub(super) fn texts(item: &Value, path: &str) -> Vec<String> {
    let pointer = format!("/{}", path.replace('.', "/"));
    let items = item.pointer(&pointer).and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

pub(super) fn needed(item: &Value, name: &str) -> Result<String, String> {
    let found = text(item, name);
    if found.is_empty() {
        Err(format!("it has no {name}"))
    } else {
        Ok(found)
    }
}

pub(super) fn time(item: &Value, name: &str) -> Option<UnixMillis> {
    parse_utc(&text(item, name), true)
}

pub(super) fn tags(item: &Value) -> Vec<(String, String)> {
    let tags = item.pointer("/Tags/Tag").and_then(Value::as_array);
    tags.into_iter()
        .flatten()
        .map(|tag| {
            let either = |one: &str, two: &str| {
                let first = text(tag, one);
                if first.is_empty() { text(tag, two) } else { first }
            };
            (either("TagKey", "Key"), either("TagValue", "Value"))
        })
        .collect()
}

/// Fields of an item as parameters of the action that makes such a thing, under the same or another name.
pub(super) fn params(item: &Value, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields
        .iter()
        .map(|(param, field)| ((*param).to_owned(), text(item, field)))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// What every head takes from an item.
pub(super) fn dress(head: &mut Head, item: &Value, status: &str) {
    if let Some(status) = Status::of_text(status) {
        head.settle_as(status);
    }
    head.created = time(item, "CreationTime").unwrap_or(head.created);
    head.tags = tags(item);
    let group = text(item, "ResourceGroupId");
    if !group.is_empty() {
        head.resource_group = group;
    }
}

impl Loading<'_> {
    /// Makes a thing as a request would; its own ids are told beforehand, by their first letters.
    pub(super) fn make(
        &mut self,
        version: &str,
        action: &str,
        params: Vec<(String, String)>,
        ids: &[(&str, String)],
    ) -> Result<(), String> {
        for (prefix, id) in ids.iter().filter(|(_, id)| !id.is_empty()) {
            self.world.expect_id(prefix, id);
        }
        let run = (self.find)(version, action).ok_or("its action is not served")?;
        let outcome = self.call(version, action, params, run);
        self.world.expect_no_id();
        outcome?.map(|_| ()).map_err(|refusal| {
            let said = refusal.message.unwrap_or_default();
            format!("{action} refuses it: {} {said}", refusal.code)
        })
    }

    /// What an action sees when it is called.
    pub(super) fn call<R>(
        &mut self,
        version: &str,
        action: &str,
        mut params: Vec<(String, String)>,
        see: impl FnOnce(&mut Call<'_>) -> R,
    ) -> Result<R, String> {
        let facts = api().action(version, action).ok_or("its action is not known")?;
        params.push(("RegionId".to_owned(), self.region.clone()));
        let params: Params = params.into_iter().collect();
        Ok(see(&mut Call {
            world: &mut self.world,
            params: &params,
            facts,
            region: self.region.clone(),
            now: self.now,
            settings: &self.settings,
            host: "",
            json: true,
        }))
    }
}
