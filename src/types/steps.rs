//! Steps made from a type's table: what most types need, and the pieces that the others put together themselves.
//!
//! Pure. Does not know how a step is run.

use super::attribute::{Attribute, Changeable, Kind, Needs, Update, Wire};
use super::resource_type::{Identity, ResourceType, ToChange, ToMake, ToRemove};
use crate::api::Action;
use crate::step::{Call, Shows, Step, Yield};
use crate::value::{Attributes, Part, Reference, Value};

/// The largest number of tags in one TagResources call (ECS and VPC documentation: 20).
const TAGS_PER_CALL: usize = 20;

/// A call with what its action always carries: the region and a token, where it takes them.
pub(super) fn call(action: &'static Action, region: &str, mut params: Attributes) -> Call {
    if action.region {
        params.insert("RegionId".to_owned(), Value::from(region));
    }
    if action.small {
        params.insert("regionId".to_owned(), Value::from(region));
    }
    if action.token {
        params.insert("ClientToken".to_owned(), Value::Token);
    }
    Call {
        action,
        params,
        yields: Yield::Nothing,
        unless: None,
    }
}

/// What a step calls the resource that an earlier step of the same create makes.
pub(super) fn own_id(wanted: &ToMake<'_>) -> Value {
    Value::from(Reference {
        address: wanted.address.clone(),
        attribute: "id".to_owned(),
    })
}

/// One create call with everything in it, and the wait until it is ready.
pub(super) fn create(wanted: &ToMake<'_>) -> Vec<Step> {
    let create = &wanted.resource_type.create;
    let mut steps = vec![Step::call("create", create_call(wanted))];
    if let Some((status, timeout_s)) = create.ready {
        steps.push(Step::wait_status(
            format!("wait until {}", status.to_lowercase()),
            status,
            timeout_s,
        ));
    }
    steps.extend(late_steps(wanted));
    steps
}

/// What create does not take although it can be changed: set right after, by the action that changes it. What goes with
/// a joining call is none of it.
fn late_steps(wanted: &ToMake<'_>) -> Vec<Step> {
    let resource_type = wanted.resource_type;
    let late = |attribute: &&'static Attribute| {
        attribute.param_path().is_none() && !goes_with_join(resource_type, attribute.name)
    };
    by_action(resource_type.attributes.iter().filter(late))
        .into_iter()
        .filter_map(|(update, mut attributes)| {
            attributes.retain(|attribute| wanted.attributes.contains_key(attribute.name));
            let call = attributes_call(wanted, own_id(wanted), update, &attributes);
            (!attributes.is_empty()).then(|| Step::call(update.label, call))
        })
        .collect()
}

/// Whether a relation's joining call carries the attribute.
fn goes_with_join(resource_type: &ResourceType, attribute: &str) -> bool {
    resource_type
        .relations
        .iter()
        .any(|relation| relation.join_attributes.contains(&attribute))
}

/// The create call: every attribute that create takes, the tags and the token.
pub(super) fn create_call(wanted: &ToMake<'_>) -> Call {
    let create = &wanted.resource_type.create;
    let mut params = Attributes::new();
    put_params(&mut params, wanted.resource_type.attributes, wanted.attributes);
    if wanted.resource_type.tagging.is_some() {
        params.insert("Tag".to_owned(), tag_list(wanted.tags));
    }
    let yields = match wanted.resource_type.identity {
        Identity::Joined { parent, place, .. } => Yield::Named(joined_id(wanted.attributes, parent, place)),
        Identity::Given | Identity::Chosen(_) => Yield::Id {
            field: create.id_field,
        },
    };
    Call {
        yields,
        ..call(create.action, wanted.region, params)
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

/// The id of one that has none but where it stands and what it is.
fn joined_id(attributes: &Attributes, parent: &str, place: &[&str]) -> Value {
    let mut parts = attributes.get(parent).map(pieces).unwrap_or_default();
    let set = place.iter().filter_map(|name| attributes.get(*name));
    for (index, value) in set.enumerate() {
        parts.push(Part::Text(if index == 0 { "/" } else { "," }.to_owned()));
        parts.extend(pieces(value));
    }
    Value::Template(parts).resolve(&|_| None)
}

/// A value as it stands inside a longer text.
fn pieces(value: &Value) -> Vec<Part> {
    match value {
        Value::Reference(reference) => vec![Part::Reference(reference.as_ref().clone())],
        Value::Template(parts) => parts.clone(),
        _ => value.to_text().map(Part::Text).into_iter().collect(),
    }
}

/// The value in the form that the API wants.
fn wire_value(attribute: &Attribute, value: &Value) -> Value {
    match attribute.wire {
        Wire::Plain => value.clone(),
        Wire::Base64 => Value::Base64(Box::new(value.clone())),
        Wire::JsonTexts => {
            let items = value.as_list().unwrap_or_default().iter();
            let texts = items.map(|item| item.to_text().map_or_else(|| item.clone(), Value::from));
            Value::JsonText(Box::new(Value::List(texts.collect())))
        }
    }
}

/// Puts a value at a dotted path.
fn put(params: &mut Attributes, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            params.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = params.get_or_insert_with(first, || Value::Map(Attributes::new()));
            if let Value::Map(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// Tags as the API takes them: `Tag.1.Key`, `Tag.1.Value`.
pub(super) fn tag_list(tags: &[(String, Value)]) -> Value {
    let tag = |(key, value): &(String, Value)| {
        Value::Map(Attributes::from([
            ("Key".to_owned(), Value::from(key.as_str())),
            ("Value".to_owned(), value.clone()),
        ]))
    };
    Value::List(tags.iter().map(tag).collect())
}

/// One call for each action that changes something, then the tags.
pub(super) fn update(change: &ToChange<'_>) -> Vec<Step> {
    let mut steps: Vec<Step> = changed_by_action(change)
        .into_iter()
        .map(|(update, attributes)| update_step(change, update, &attributes))
        .collect();
    steps.extend(tag_steps(change));
    steps
}

/// The changed attributes that one action takes care of.
pub(super) type Group = (&'static Update, Vec<&'static Attribute>);

/// The changed attributes grouped by the action that changes them, in table order.
pub(super) fn changed_by_action(change: &ToChange<'_>) -> Vec<Group> {
    let resource_type = change.wanted.resource_type;
    by_action(
        change
            .changed
            .iter()
            .filter_map(|path| resource_type.attribute(path)),
    )
}

/// Attributes grouped by the action that changes them in place; those that none changes are left out.
fn by_action(attributes: impl Iterator<Item = &'static Attribute>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for attribute in attributes {
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

/// The step that changes these attributes, and how they tell that it is done.
pub(super) fn update_step(change: &ToChange<'_>, update: &Update, attributes: &[&'static Attribute]) -> Step {
    let is_seen = |attribute: &&&Attribute| !attribute.remembered && attribute.field_path().is_some();
    let shows = if update.needs != Needs::Reboot && attributes.iter().all(|one| is_seen(&one)) {
        let wanted = attributes.iter().filter_map(|attribute| {
            let value = change.wanted.attributes.get(attribute.name)?;
            Some((attribute.name.to_owned(), value.clone()))
        });
        Shows::Attributes(wanted.collect())
    } else {
        Shows::Nothing
    };
    Step::call(update.label, update_call(change, update, attributes)).shows(shows)
}

/// The call that changes these attributes.
fn update_call(change: &ToChange<'_>, update: &Update, attributes: &[&'static Attribute]) -> Call {
    attributes_call(&change.wanted, Value::from(change.id), update, attributes)
}

fn attributes_call(
    wanted: &ToMake<'_>,
    id: Value,
    update: &Update,
    attributes: &[&'static Attribute],
) -> Call {
    let id_param = match update.id_param {
        "" => wanted.resource_type.id_param,
        own => own,
    };
    let mut params = Attributes::from([(id_param.to_owned(), id)]);
    let fixed = update.params.iter();
    params.extend(fixed.map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
    for attribute in attributes {
        if let Some(value) = wanted.attributes.get(attribute.name) {
            put(
                &mut params,
                &attribute.update_param_name(),
                wire_value(attribute, value),
            );
        }
    }
    call(update.action, wanted.region, params)
}

/// The calls that set tags and take tags away.
pub(super) fn tag_steps(change: &ToChange<'_>) -> Vec<Step> {
    let Some(tagging) = &change.wanted.resource_type.tagging else {
        return Vec::new();
    };
    let common = || {
        Attributes::from([
            ("ResourceType".to_owned(), Value::from(tagging.kind)),
            ("ResourceId".to_owned(), Value::List(vec![Value::from(change.id)])),
        ])
    };
    let mut steps = Vec::new();
    for chunk in change.tags_removed.chunks(TAGS_PER_CALL) {
        let mut params = common();
        let keys = chunk.iter().map(|key| Value::from(key.as_str())).collect();
        params.insert("TagKey".to_owned(), Value::List(keys));
        let untag = call(tagging.untag, change.wanted.region, params);
        let shows = Shows::Tags {
            set: Vec::new(),
            removed: chunk.to_vec(),
        };
        steps.push(Step::call("remove tags", untag).shows(shows));
    }
    for tags in change.tags_set.chunks(TAGS_PER_CALL) {
        let mut params = common();
        params.insert("Tag".to_owned(), tag_list(tags));
        let tag = call(tagging.tag, change.wanted.region, params);
        let shows = Shows::Tags {
            set: tags.to_vec(),
            removed: Vec::new(),
        };
        steps.push(Step::call("set tags", tag).shows(shows));
    }
    steps
}

/// The delete call and, where the API takes its time, the wait until it is gone.
pub(super) fn delete(existing: &ToRemove<'_>) -> Vec<Step> {
    let mut steps = vec![Step::call("delete", delete_call(existing)).shows(Shows::Gone)];
    if let Some(timeout_s) = existing.resource_type.delete.gone {
        steps.push(Step::wait_gone("wait until gone", timeout_s));
    }
    steps
}

fn delete_call(existing: &ToRemove<'_>) -> Call {
    let resource_type = existing.resource_type;
    let delete = &resource_type.delete;
    let params = Attributes::from([(resource_type.id_param.to_owned(), Value::from(existing.id))]);
    Call {
        ..call(delete.action, existing.region, params)
    }
}
