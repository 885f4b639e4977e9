//! Tags: those by which a resource is known as ours, and the user's own.
//!
//! Does not know by which action tags are set.

use std::collections::BTreeSet;

use super::super::context::Context;
use super::Wanted;
use crate::change::AttributeChange;
use crate::live::{Observed, TAG_ADDRESS, TAG_OPERATION, TAG_PROJECT, TAG_STACK};
use crate::value::{Attributes, Value};

/// The tags of a new resource, in the order in which they are sent.
pub(super) fn of_new(context: &Context<'_>, wanted: &Wanted<'_>) -> Vec<(String, Value)> {
    all(context, wanted, Some(Value::Token))
}

/// The tags to set and the keys to take away. Ours are put back when somebody removed them.
pub(super) struct TagChanges {
    pub(super) set: Vec<(String, Value)>,
    pub(super) removed: Vec<String>,
}

impl TagChanges {
    pub(super) fn between(context: &Context<'_>, wanted: &Wanted<'_>, observed: &Observed) -> TagChanges {
        if wanted.resource.resource_type.tagging.is_none() {
            return TagChanges {
                set: Vec::new(),
                removed: Vec::new(),
            };
        }
        let known = context.inputs.state.resources.get(&wanted.resource.address);
        let token = known.and_then(|known| known.token.as_deref());
        let set = all(context, wanted, token.map(Value::from))
            .into_iter()
            .filter(|(key, value)| observed.tags.get(key).map(String::as_str) != value.as_str())
            .collect();
        let removed = if wanted.attributes.contains_key("tags") {
            let kept: BTreeSet<&str> = of_user(&wanted.attributes).map(|(key, _)| key).collect();
            of_user(&observed.attributes)
                .map(|(key, _)| key)
                .filter(|key| !kept.contains(key))
                .map(str::to_owned)
                .collect()
        } else {
            Vec::new()
        };
        TagChanges { set, removed }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.removed.is_empty()
    }

    /// Whether all that is missing is the tag of the project, on an object that was made before that tag existed.
    pub(super) fn only_add_project(&self, observed: &Observed) -> bool {
        let is_missing = !observed.tags.contains_key(TAG_PROJECT) && observed.tags.contains_key(TAG_STACK);
        let is_project = matches!(&self.set[..], [(key, _)] if key == TAG_PROJECT);
        is_missing && is_project && self.removed.is_empty()
    }

    /// The same for the screen.
    pub(super) fn shown(&self, observed: &Observed) -> Vec<AttributeChange> {
        let change = |key: &str, after: Option<Value>| {
            let before = observed.tags.get(key).map(|value| Value::from(value.as_str()));
            AttributeChange::plain(format!("tags.{key}"), before, after)
        };
        let set = self
            .set
            .iter()
            .map(|(key, value)| change(key, Some(value.clone())));
        set.chain(self.removed.iter().map(|key| change(key, None)))
            .collect()
    }
}

fn all(context: &Context<'_>, wanted: &Wanted<'_>, token: Option<Value>) -> Vec<(String, Value)> {
    let stack = Value::from(context.inputs.state.lineage.as_str());
    let address = Value::from(wanted.resource.address.to_string());
    let project = Value::from(context.inputs.config.project.tag());
    let mut tags = vec![
        (TAG_STACK.to_owned(), stack),
        (TAG_PROJECT.to_owned(), project),
        (TAG_ADDRESS.to_owned(), address),
    ];
    tags.extend(token.map(|token| (TAG_OPERATION.to_owned(), token)));
    tags.extend(of_user(&wanted.attributes).map(|(key, value)| (key.to_owned(), value.clone())));
    tags
}

fn of_user(attributes: &Attributes) -> impl Iterator<Item = (&str, &Value)> {
    attributes
        .get("tags")
        .and_then(Value::as_map)
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
}
