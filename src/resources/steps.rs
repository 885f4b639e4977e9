//! Steps made from a type's table: what most types need, and the pieces that the others put together themselves.
//!
//! Pure. Does not know how a step is run.

use std::collections::BTreeMap;

use crate::schema::{Attribute, Change, Changeable, Existing, Kind, Update, Wanted};
use crate::step::{Call, Class, Step, Yield};
use crate::value::{Attributes, Value};

/// The largest number of tags in one TagResources call (ECS and VPC documentation: 20).
const TAGS_PER_CALL: usize = 20;

/// One create call with everything in it, and the wait until it is ready.
pub(super) fn create(wanted: &Wanted<'_>) -> Vec<Step> {
    let create = &wanted.schema.create;
    let mut steps = vec![Step::call("create", create_call(wanted))];
    if let Some((status, timeout_s)) = create.ready {
        steps.push(Step::wait_status(
            format!("wait until {}", status.to_lowercase()),
            status,
            timeout_s,
        ));
    }
    steps
}

/// The create call: every attribute that create takes, the tags and the token.
pub(super) fn create_call(wanted: &Wanted<'_>) -> Call {
    let mut params = Attributes::from([("RegionId".to_owned(), Value::from(wanted.region))]);
    put_params(&mut params, wanted.schema.attributes, wanted.attributes);
    params.insert("Tag".to_owned(), tag_list(wanted.tags));
    params.insert("ClientToken".to_owned(), Value::Token);
    Call {
        product: wanted.schema.product,
        action: wanted.schema.create.action,
        class: Class::T,
        params,
        yields: Yield::Id {
            field: wanted.schema.create.id_field,
        },
    }
}

fn put_params(params: &mut Attributes, table: &'static [Attribute], values: &Attributes) {
    for attribute in table {
        let Some(value) = values.get(attribute.name) else {
            continue;
        };
        match (&attribute.kind, value) {
            (Kind::Table(nested), Value::Map(inner)) => put_params(params, nested, inner),
            (Kind::Tags | Kind::TableSet(_), _) => {}
            _ => {
                if let Some(path) = attribute.param_path() {
                    put(params, &path, wire_value(attribute, value));
                }
            }
        }
    }
}

/// The value in the form that the API wants.
fn wire_value(attribute: &Attribute, value: &Value) -> Value {
    match attribute.kind {
        Kind::Text => Value::Base64(Box::new(value.clone())),
        _ => value.clone(),
    }
}

/// Puts a value at a dotted path.
fn put(params: &mut Attributes, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            params.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = params
                .entry(first.to_owned())
                .or_insert_with(|| Value::Map(Attributes::new()));
            if let Value::Map(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// Tags as the API takes them: `Tag.1.Key`, `Tag.1.Value`.
fn tag_list(tags: &[(String, Value)]) -> Value {
    let tag = |(key, value): &(String, Value)| {
        Value::Map(Attributes::from([
            ("Key".to_owned(), Value::from(key.as_str())),
            ("Value".to_owned(), value.clone()),
        ]))
    };
    Value::List(tags.iter().map(tag).collect())
}

/// One call for each action that changes something, then the tags.
pub(super) fn update(change: &Change<'_>) -> Vec<Step> {
    let mut steps: Vec<Step> = changed_by_action(change)
        .into_iter()
        .map(|(update, attributes)| Step::call(update.label, update_call(change, update, &attributes)))
        .collect();
    steps.extend(tag_steps(change));
    steps
}

/// The changed attributes that one action takes care of.
pub(super) type Group = (&'static Update, Vec<&'static Attribute>);

/// The changed attributes grouped by the action that changes them, in table order.
pub(super) fn changed_by_action(change: &Change<'_>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for path in change.changed {
        let Some(attribute) = change.wanted.schema.attribute(path) else {
            continue;
        };
        let Changeable::InPlace(update) = attribute.change else {
            continue;
        };
        match groups.iter_mut().find(|(known, _)| std::ptr::eq(*known, update)) {
            Some((_, attributes)) => attributes.push(attribute),
            None => groups.push((update, vec![attribute])),
        }
    }
    groups
}

/// The call that changes these attributes.
pub(super) fn update_call(change: &Change<'_>, update: &Update, attributes: &[&'static Attribute]) -> Call {
    let schema = change.wanted.schema;
    let mut params = Attributes::from([(schema.id_param.to_owned(), Value::from(change.id))]);
    if update.region {
        params.insert("RegionId".to_owned(), Value::from(change.wanted.region));
    }
    if update.token {
        params.insert("ClientToken".to_owned(), Value::Token);
    }
    for attribute in attributes {
        if let Some(value) = change.wanted.attributes.get(attribute.name) {
            put(
                &mut params,
                &attribute.update_param_name(),
                wire_value(attribute, value),
            );
        }
    }
    Call {
        product: schema.product,
        action: update.action,
        class: update.class,
        params,
        yields: Yield::Nothing,
    }
}

/// The calls that set tags and take tags away.
pub(super) fn tag_steps(change: &Change<'_>) -> Vec<Step> {
    let schema = change.wanted.schema;
    let common = || {
        Attributes::from([
            ("RegionId".to_owned(), Value::from(change.wanted.region)),
            (
                "ResourceType".to_owned(),
                Value::from(schema.tagging.resource_type),
            ),
            ("ResourceId".to_owned(), Value::List(vec![Value::from(change.id)])),
        ])
    };
    let call = |action: &'static str, params: Attributes| Call {
        product: schema.product,
        action,
        class: Class::A,
        params,
        yields: Yield::Nothing,
    };
    let mut steps = Vec::new();
    for keys in change.tags_removed.chunks(TAGS_PER_CALL) {
        let mut params = common();
        let keys = keys.iter().map(|key| Value::from(key.as_str())).collect();
        params.insert("TagKey".to_owned(), Value::List(keys));
        steps.push(Step::call(
            "remove tags",
            call(schema.tagging.untag_action, params),
        ));
    }
    for tags in change.tags_set.chunks(TAGS_PER_CALL) {
        let mut params = common();
        params.insert("Tag".to_owned(), tag_list(tags));
        steps.push(Step::call("set tags", call("TagResources", params)));
    }
    steps
}

/// The delete call and, where the API takes its time, the wait until it is gone.
pub(super) fn delete(existing: &Existing<'_>) -> Vec<Step> {
    let delete = &existing.schema.delete;
    let mut steps = vec![Step::call("delete", delete_call(existing, BTreeMap::new()))];
    if let Some(timeout_s) = delete.gone {
        steps.push(Step::wait_gone("wait until gone", timeout_s));
    }
    steps
}

/// The delete call, with the type's own parameters.
pub(super) fn delete_call(existing: &Existing<'_>, more: Attributes) -> Call {
    let delete = &existing.schema.delete;
    let mut params = more;
    params.insert(existing.schema.id_param.to_owned(), Value::from(existing.id));
    if delete.region {
        params.insert("RegionId".to_owned(), Value::from(existing.region));
    }
    // Gone only when the wait has seen it, if there is a wait.
    let yields = if delete.gone.is_some() {
        Yield::Nothing
    } else {
        Yield::Removed
    };
    Call {
        product: existing.schema.product,
        action: delete.action,
        class: Class::A,
        params,
        yields,
    }
}

/// For types that take nothing out of use.
pub(super) fn no_downtime(_steps: &[Step]) -> Option<&'static str> {
    None
}

/// For types whose attributes need no rules beyond the table.
pub(super) fn no_complaints(_attributes: &Attributes) -> Vec<crate::schema::Complaint> {
    Vec::new()
}

/// For types whose table says all about changes.
pub(super) fn table_decides(_path: &str, _before: &Attributes, _after: &Attributes) -> Option<Changeable> {
    None
}

/// For types that imply nothing.
pub(super) fn nothing_implied(_wanted: &Attributes, _observed: &Attributes) -> Vec<&'static str> {
    Vec::new()
}

/// For types that can always be deleted.
pub(super) fn always_deletable(_observed: &Attributes) -> Option<String> {
    None
}

/// For types whose values have one form only.
pub(super) fn as_they_are(_attributes: &mut Attributes) {}

/// For types that hold nothing that is lost.
pub(super) fn no_losses(_observed: &Attributes) -> Vec<String> {
    Vec::new()
}
