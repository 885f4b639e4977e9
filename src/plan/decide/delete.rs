//! Deletes: what the state has and nothing wants any more, and what interrupted replacements left behind.
//!
//! Does not know what uses it; the order of the work sees to that.

use super::super::arrange::Half;
use super::super::context::Context;
use super::super::{Action, AttributeChange, Forbidden, Operation, ResourceChange, Work};
use super::{Decision, with_id};
use crate::address::{Address, Key};
use crate::config::BlockShape;
use crate::diagnostic::Diagnostic;
use crate::live::Observed;
use crate::schema::{self, Kind, Schema};
use crate::state;
use crate::value::{Attributes, Value};

/// Decides about a resource of the state that nothing wants: it is deleted, or forgotten if it is already gone.
pub(in crate::plan) fn unwanted<'a>(
    context: &Context<'a>,
    address: &Address,
    known: &state::Resource,
) -> Decision<'a> {
    match context.inputs.live.resources.get(address) {
        Some(observed) => delete(context, address, known, observed),
        None => forget(address, known),
    }
}

/// Decides about one that an interrupted replacement moved aside; `index` tells several of one address apart.
pub(in crate::plan) fn leftover<'a>(
    context: &Context<'a>,
    address: &Address,
    index: usize,
    observed: &Observed,
) -> Decision<'a> {
    let schema = match schema_of(context, address, address.type_name()) {
        Ok(schema) => schema,
        Err(unknown) => return Decision::unusable(*unknown),
    };
    let work = work(context, address, schema, observed, true);
    let change = ResourceChange {
        reasons: vec!["an interrupted replacement left it; the new one has its place".to_owned()],
        lost: (schema.losses)(&with_id(observed)),
        id: Some(observed.id.clone()),
        ..ResourceChange::new(address, Action::Delete, &work.steps)
    };
    Decision {
        change: Some(change),
        work: vec![(Half::Leftover(index), work)],
        ..Decision::default()
    }
}

fn delete<'a>(
    context: &Context<'a>,
    address: &Address,
    known: &state::Resource,
    observed: &Observed,
) -> Decision<'a> {
    let schema = match schema_of(context, address, &known.type_name) {
        Ok(schema) => schema,
        Err(unknown) => return Decision::unusable(*unknown),
    };
    let prevent_destroy = context
        .wanted(address)
        .map_or(known.is_protected(), |wanted| wanted.prevent_destroy);
    let work = work(context, address, schema, observed, false);
    let change = ResourceChange {
        location: context.location(address),
        reasons: vec![reason(context, address)],
        attributes: shown(schema, &known.attributes, observed),
        lost: (schema.losses)(&with_id(observed)),
        id: Some(observed.id.clone()),
        ..ResourceChange::new(address, Action::Delete, &work.steps)
    };
    Decision {
        change: Some(change),
        work: vec![(Half::Remove, work)],
        forbidden: forbidden(address, prevent_destroy, schema, observed),
        ..Decision::default()
    }
}

fn forget<'a>(address: &Address, known: &state::Resource) -> Decision<'a> {
    let work = Work {
        address: address.clone(),
        operation: Operation::Forget,
        steps: Vec::new(),
        after: Vec::new(),
        location: None,
    };
    let change = ResourceChange {
        reasons: vec![format!("{} no longer exists, and nothing wants it", known.id)],
        id: Some(known.id.clone()),
        ..ResourceChange::new(address, Action::Forget, &work.steps)
    };
    Decision {
        change: Some(change),
        work: vec![(Half::Remove, work)],
        ..Decision::default()
    }
}

/// The type of something in the state. The error is for a type that this version does not know.
fn schema_of(
    context: &Context<'_>,
    address: &Address,
    type_name: &str,
) -> Result<&'static Schema, Box<Diagnostic>> {
    context.inputs.schemas.get(type_name).ok_or_else(|| {
        let message =
            format!("the state has {address} of type {type_name}, which this version does not know");
        Box::new(Diagnostic::error("E0805", message).help("use the version of infra that made it"))
    })
}

fn reason(context: &Context<'_>, address: &Address) -> String {
    if context.inputs.destroy {
        return "everything is to be deleted".to_owned();
    }
    match (context.inputs.config.blocks.get(&address.block()), address.key()) {
        (Some(BlockShape::Count(count)), Some(Key::Index(index))) => {
            format!("index [{index}] is past count = {count}")
        }
        (Some(BlockShape::ForEach(_)), Some(key)) => format!("key {key} is not in for_each"),
        (Some(_), _) => "its block now has another form (count or for_each)".to_owned(),
        (None, _) => "it is no longer in the configuration".to_owned(),
    }
}

/// The rules that forbid the loss of this one.
pub(super) fn forbidden(
    address: &Address,
    prevent_destroy: bool,
    schema: &'static Schema,
    observed: &Observed,
) -> Vec<Forbidden> {
    let prevented = prevent_destroy
        .then(|| "lifecycle.prevent_destroy is set; take it out and apply that first".to_owned());
    let undeletable = (schema.undeletable)(&observed.attributes);
    let forbidden = |rule| Forbidden {
        address: address.clone(),
        rule,
    };
    prevented.into_iter().chain(undeletable).map(forbidden).collect()
}

/// The work that deletes one; `deposed` tells one that was moved aside from the current one.
pub(super) fn work(
    context: &Context<'_>,
    address: &Address,
    schema: &'static Schema,
    observed: &Observed,
    deposed: bool,
) -> Work {
    let steps = (schema.steps.delete)(&schema::Existing {
        schema,
        region: context.inputs.region,
        id: &observed.id,
        attributes: &observed.attributes,
    });
    Work {
        address: address.clone(),
        operation: Operation::Delete {
            id: observed.id.clone(),
            deposed,
        },
        steps,
        after: Vec::new(),
        location: context.location(address),
    }
}

/// What is known of the one that goes.
fn shown(schema: &'static Schema, known: &Attributes, observed: &Observed) -> Vec<AttributeChange> {
    let managed = schema.attributes.iter().filter(|attribute| {
        let hidden =
            attribute.remembered || matches!(attribute.kind, Kind::Tags | Kind::Table(_) | Kind::TableSet(_));
        !hidden && (known.contains_key(attribute.name) || attribute.computed) && attribute.name != "id"
    });
    let id = Value::from(observed.id.as_str());
    let mut shown = vec![AttributeChange::plain("id", Some(id), None)];
    shown.extend(managed.filter_map(|attribute| {
        let before = observed.attributes.get(attribute.name)?.clone();
        Some(AttributeChange::of(attribute, attribute.name, Some(before), None))
    }));
    shown
}
