//! Creates: what the configuration has and the cloud does not.
//!
//! Does not know what was there before, but for the fact that something was.

use std::collections::BTreeSet;

use super::super::arrange::Half;
use super::super::context::{Context, Decided};
use super::super::{Action, AttributeChange, Drift, Operation, ResourceChange, Work};
use super::{Decision, Wanted, tags};
use crate::address::Address;
use crate::types::{self, ResourceType};
use crate::value::{Attributes, Value};

/// Decides that it is made.
pub(super) fn create<'a>(context: &Context<'a>, wanted: Wanted<'a>) -> Decision<'a> {
    let resource = wanted.resource;
    let address = &resource.address;
    let (reason, drift) = if context.is_open(address, resource.resource_type.create.action.name) {
        (Some("it resumes an interrupted create"), None)
    } else {
        let gone = gone(context, address);
        (gone.is_some().then_some("it was deleted outside infra"), gone)
    };
    let work = work(context, &wanted, false);
    let change = ResourceChange {
        location: Some(resource.location.clone()),
        reasons: reason.into_iter().map(str::to_owned).collect(),
        attributes: shown(resource.resource_type, &wanted.attributes),
        ..ResourceChange::new(address, Action::Create, &work.steps)
    };
    Decision {
        change: Some(change),
        work: vec![(Half::Make, work)],
        decided: Some(Decided {
            attributes: wanted.attributes,
            kept: None,
            obsolete: BTreeSet::new(),
            replaced: None,
        }),
        drift: drift.into_iter().collect(),
        ..Decision::default()
    }
}

/// What the state remembers of one that is no longer there.
fn gone(context: &Context<'_>, address: &Address) -> Option<Drift> {
    let known = context.inputs.state.resources.get(address)?;
    (!known.id.is_empty()).then(|| Drift {
        address: address.clone(),
        path: String::new(),
        remembered: Some(Value::from(known.id.as_str())),
        observed: None,
        effect: "this plan makes it again",
    })
}

/// The work that makes one; `depose` first moves the id of the old one aside.
pub(super) fn work(context: &Context<'_>, wanted: &Wanted<'_>, depose: bool) -> Work {
    let resource = wanted.resource;
    let steps = (resource.resource_type.steps.create)(&types::ToMake {
        resource_type: resource.resource_type,
        address: &resource.address,
        region: context.inputs.region,
        attributes: &wanted.attributes,
        tags: &tags::of_new(context, wanted),
    });
    Work {
        address: resource.address.clone(),
        operation: Operation::Create {
            target: wanted.target(context),
            depose,
        },
        steps,
        after: Vec::new(),
        location: Some(resource.location.clone()),
    }
}

/// The attributes of a new one, and those that only the cloud can tell.
fn shown(resource_type: &'static ResourceType, attributes: &Attributes) -> Vec<AttributeChange> {
    let mut shown: Vec<AttributeChange> = Vec::new();
    for attribute in resource_type.attributes {
        match attributes.get(attribute.name) {
            Some(Value::Map(inner)) => shown.extend(inner.iter().map(|(key, value)| {
                let path = format!("{}.{key}", attribute.name);
                AttributeChange::plain(path, None, Some(value.clone()))
            })),
            Some(value) => {
                let after = Some(value.clone());
                shown.push(AttributeChange::of(attribute, attribute.name, None, after));
            }
            None => {}
        }
    }
    let implied = (resource_type.implied)(attributes, &Attributes::new());
    let unknown = std::iter::once("id").chain(implied);
    shown.extend(unknown.map(|path| AttributeChange::plain(path, None, Some(Value::Template(Vec::new())))));
    shown
}
