//! Steps made from a type's table: what most types need, and the pieces that the others put together themselves.
//!
//! Pure. Does not know how a step is run.

use super::attribute::{Attribute, Changeable, Kind, Update};
use super::part::Part;
use super::resource_type::{ResourceType, ToChange, ToMake, ToRemove};
use crate::api::Action;
use crate::step::{Call, Step, Yield};
use crate::value::{Attributes, Reference, Value};

/// The largest number of tags in one TagResources call (ECS and VPC documentation: 20).
const TAGS_PER_CALL: usize = 20;

/// A call with what its action always carries: the region and a token, where it takes them.
pub(super) fn call(action: &'static Action, region: &str, mut params: Attributes) -> Call {
    if action.region {
        params.insert("RegionId".to_owned(), Value::from(region));
    }
    if action.token {
        params.insert("ClientToken".to_owned(), Value::Token);
    }
    Call {
        action,
        params,
        yields: Yield::Nothing,
    }
}

/// What a step calls the resource that an earlier step of the same create makes.
pub(super) fn own_id(wanted: &ToMake<'_>) -> Value {
    Value::Reference(Reference {
        address: wanted.address.clone(),
        attribute: "id".to_owned(),
    })
}

/// One create call with everything in it, the wait until it is ready, and its parts.
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
    for part in wanted.resource_type.parts {
        let parts = PartSteps::new(wanted.resource_type, part, wanted.region, own_id(wanted));
        steps.extend(parts.add(&part.members(wanted.attributes)));
    }
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
    params.insert("Tag".to_owned(), tag_list(wanted.tags));
    Call {
        yields: Yield::Id {
            field: create.id_field,
        },
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

/// One call for each action that changes something, then the tags, then the parts.
pub(super) fn update(change: &ToChange<'_>) -> Vec<Step> {
    let mut steps: Vec<Step> = changed_by_action(change)
        .into_iter()
        .map(|(update, attributes)| Step::call(update.label, update_call(change, update, &attributes)))
        .collect();
    steps.extend(tag_steps(change));
    steps.extend(part_steps(change));
    steps
}

/// The changed attributes that one action takes care of.
pub(super) type Group = (&'static Update, Vec<&'static Attribute>);

/// The changed attributes grouped by the action that changes them, in table order. What goes with a joining call of the
/// same change is left to that.
pub(super) fn changed_by_action(change: &ToChange<'_>) -> Vec<Group> {
    let resource_type = change.wanted.resource_type;
    let joined_anew = |attribute: &str| {
        resource_type.relations.iter().any(|relation| {
            change.changed.contains(&relation.attribute) && relation.join_attributes.contains(&attribute)
        })
    };
    by_action(
        change
            .changed
            .iter()
            .filter(|path| !joined_anew(path))
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

/// The call that changes these attributes.
pub(super) fn update_call(change: &ToChange<'_>, update: &Update, attributes: &[&'static Attribute]) -> Call {
    attributes_call(&change.wanted, Value::from(change.id), update, attributes)
}

fn attributes_call(
    wanted: &ToMake<'_>,
    id: Value,
    update: &Update,
    attributes: &[&'static Attribute],
) -> Call {
    let id_param = wanted.resource_type.id_param;
    let mut params = Attributes::from([(id_param.to_owned(), id)]);
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
    let tagging = &change.wanted.resource_type.tagging;
    let common = || {
        Attributes::from([
            ("ResourceType".to_owned(), Value::from(tagging.kind)),
            ("ResourceId".to_owned(), Value::List(vec![Value::from(change.id)])),
        ])
    };
    let mut steps = Vec::new();
    for keys in change.tags_removed.chunks(TAGS_PER_CALL) {
        let mut params = common();
        let keys = keys.iter().map(|key| Value::from(key.as_str())).collect();
        params.insert("TagKey".to_owned(), Value::List(keys));
        let untag = call(tagging.untag, change.wanted.region, params);
        steps.push(Step::call("remove tags", untag));
    }
    for tags in change.tags_set.chunks(TAGS_PER_CALL) {
        let mut params = common();
        params.insert("Tag".to_owned(), tag_list(tags));
        let tag = call(tagging.tag, change.wanted.region, params);
        steps.push(Step::call("set tags", tag));
    }
    steps
}

/// The calls that bring the parts into line: new ones first, so that nobody is shut out for a moment; then what changes;
/// then what goes.
pub(super) fn part_steps(change: &ToChange<'_>) -> Vec<Step> {
    let resource_type = change.wanted.resource_type;
    let mut steps = Vec::new();
    let changed = |part: &&Part| change.changed.contains(&part.attribute);
    for part in resource_type.parts.iter().filter(changed) {
        let parts = PartSteps::new(resource_type, part, change.wanted.region, Value::from(change.id));
        let wanted = part.members(change.wanted.attributes);
        let before = part.members(change.before);
        let find = |members: &[&Attributes], member: &Attributes| -> Option<usize> {
            let identity = part.identity(member);
            members.iter().position(|other| part.identity(other) == identity)
        };
        let without = |members: &[&Attributes], member: &Attributes| find(members, member).is_none();
        let mut added: Vec<&Attributes> = wanted.clone();
        added.retain(|member| without(&before, member));
        let mut removed: Vec<&Attributes> = before.clone();
        removed.retain(|member| without(&wanted, member));
        steps.extend(parts.add(&added));
        for member in &wanted {
            if let Some(index) = find(&before, member)
                && !part.is_equal(before[index], member)
            {
                steps.extend(parts.modify(before[index], member));
            }
        }
        steps.extend(parts.remove(&removed));
    }
    steps
}

/// The calls about parts of one resource.
struct PartSteps<'a> {
    part: &'a Part,
    /// The keys of a member.
    table: &'static [Attribute],
    region: &'a str,
    id_param: &'static str,
    id: Value,
}

impl<'a> PartSteps<'a> {
    fn new(
        resource_type: &'static ResourceType,
        part: &'a Part,
        region: &'a str,
        id: Value,
    ) -> PartSteps<'a> {
        let table = match resource_type
            .attribute(part.attribute)
            .map(|attribute| &attribute.kind)
        {
            Some(Kind::TableSet(table)) => *table,
            _ => &[],
        };
        PartSteps {
            part,
            table,
            region,
            id_param: resource_type.id_param,
            id,
        }
    }

    fn add(&self, members: &[&Attributes]) -> Vec<Step> {
        self.list("add", self.part.add, members)
    }

    fn remove(&self, members: &[&Attributes]) -> Vec<Step> {
        self.list("remove", self.part.remove, members)
    }

    fn list(&self, verb: &str, action: &'static Action, members: &[&Attributes]) -> Vec<Step> {
        members
            .chunks(self.part.per_call)
            .map(|chunk| {
                let list = chunk.iter().map(|member| Value::Map(self.params(member)));
                let params = Attributes::from([
                    (self.id_param.to_owned(), self.id.clone()),
                    (self.part.list_param.to_owned(), Value::List(list.collect())),
                ]);
                let plural = if chunk.len() == 1 { "" } else { "s" };
                let name = format!("{verb} {} {}{plural}", chunk.len(), self.part.noun);
                Step::call(name, call(action, self.region, params))
            })
            .collect()
    }

    fn modify(&self, before: &Attributes, member: &Attributes) -> Option<Step> {
        let mut params = self.params(member);
        params.insert(self.id_param.to_owned(), self.id.clone());
        // An empty text takes a description away.
        let texts = self.table.iter().filter(|attribute| {
            matches!(attribute.kind, Kind::String) && !self.part.key.contains(&attribute.name)
        });
        for param in texts.filter_map(Attribute::param_path) {
            params.entry(param).or_insert_with(|| Value::from(""));
        }
        if let Some((key, param)) = self.part.member_id
            && let Some(id) = before.get(key)
        {
            params.insert(param.to_owned(), id.clone());
        }
        let modify = call(self.part.modify?, self.region, params);
        Some(Step::call(format!("change 1 {}", self.part.noun), modify))
    }

    fn params(&self, member: &Attributes) -> Attributes {
        self.table
            .iter()
            .filter_map(|attribute| Some((attribute.param_path()?, member.get(attribute.name)?.clone())))
            .collect()
    }
}

/// The delete call and, where the API takes its time, the wait until it is gone.
pub(super) fn delete(existing: &ToRemove<'_>) -> Vec<Step> {
    let mut steps = vec![Step::call("delete", delete_call(existing))];
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
        // Gone only when the wait has seen it, if there is a wait.
        yields: if delete.gone.is_some() {
            Yield::Nothing
        } else {
            Yield::Removed
        },
        ..call(delete.action, existing.region, params)
    }
}
