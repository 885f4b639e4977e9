//! Updates: one that exists is brought into line where it stands, or stays as it is. A stray that is taken over is an
//! update whose id the state learns first.
//!
//! Does not know by which calls an attribute is changed; the table of its type does.

use std::collections::BTreeSet;

use super::super::arrange::Half;
use super::super::context::{Context, Decided};
use super::super::diff::{Difference, Differences};
use super::super::{Action, AttributeChange, Operation, ResourceChange, Work};
use super::tags::TagChanges;
use super::{Decision, Wanted};
use crate::config;
use crate::diagnostic::Diagnostic;
use crate::live::Observed;
use crate::step::Step;
use crate::types::{self, Changeable};

/// Decides about one that is known: it is changed where something differs.
pub(super) fn update_or_keep<'a>(
    context: &Context<'a>,
    wanted: Wanted<'a>,
    observed: &'a Observed,
    differences: Differences,
) -> Decision<'a> {
    let tags = TagChanges::between(context, &wanted, observed);
    let refusals = refusals(wanted.resource, &differences);
    if !refusals.is_empty() || (differences.found.is_empty() && tags.is_empty()) {
        return keep(wanted, observed, refusals);
    }
    change(context, wanted, observed, differences, &tags, Action::Update)
}

/// Decides about a stray of this address: it is taken over, and changed where something differs.
pub(super) fn adopt<'a>(
    context: &Context<'a>,
    wanted: Wanted<'a>,
    observed: &'a Observed,
    differences: Differences,
) -> Decision<'a> {
    let refusals = refusals(wanted.resource, &differences);
    if !refusals.is_empty() {
        return keep(wanted, observed, refusals);
    }
    let tags = TagChanges::between(context, &wanted, observed);
    change(context, wanted, observed, differences, &tags, Action::Import)
}

/// It stays as it is; with refusals the plan is of no use, but others can still be decided about.
fn keep<'a>(wanted: Wanted<'a>, observed: &'a Observed, refusals: Vec<Diagnostic>) -> Decision<'a> {
    Decision {
        decided: Some(Decided {
            attributes: wanted.attributes,
            kept: Some(observed),
            obsolete: BTreeSet::new(),
            replaced: None,
        }),
        diagnostics: refusals,
        ..Decision::default()
    }
}

fn change<'a>(
    context: &Context<'a>,
    wanted: Wanted<'a>,
    observed: &'a Observed,
    differences: Differences,
    tags: &TagChanges,
    action: Action,
) -> Decision<'a> {
    let resource = wanted.resource;
    let adopt = action == Action::Import;
    let steps = steps(context, &wanted, observed, &differences, tags);
    let obsolete = differences
        .found
        .iter()
        .map(|difference| difference.change.path.clone())
        .collect();
    let mut shown: Vec<AttributeChange> = differences
        .found
        .into_iter()
        .map(|difference| difference.change)
        .collect();
    shown.extend(tags.shown(observed));
    let reason = adopt.then(|| format!("{} exists and carries the tags of this address", observed.id));
    let change = ResourceChange {
        location: Some(resource.location.clone()),
        reasons: reason.into_iter().collect(),
        attributes: shown,
        unchanged: differences.equal,
        down: (resource.resource_type.downtime)(&steps).map(str::to_owned),
        id: Some(observed.id.clone()),
        ..ResourceChange::new(&resource.address, action, &steps)
    };
    let work = Work {
        address: resource.address.clone(),
        operation: Operation::Update {
            id: observed.id.clone(),
            target: wanted.target(context),
            adopt,
        },
        steps,
        after: Vec::new(),
        location: Some(resource.location.clone()),
    };
    Decision {
        change: Some(change),
        work: vec![(Half::Make, work)],
        decided: Some(Decided {
            attributes: wanted.attributes,
            kept: Some(observed),
            obsolete,
            replaced: None,
        }),
        ..Decision::default()
    }
}

/// The steps of an update; none where nothing differs.
fn steps(
    context: &Context<'_>,
    wanted: &Wanted<'_>,
    observed: &Observed,
    differences: &Differences,
    tags: &TagChanges,
) -> Vec<Step> {
    if differences.found.is_empty() && tags.is_empty() {
        return Vec::new();
    }
    let resource = wanted.resource;
    let changed: Vec<&str> = differences
        .found
        .iter()
        .map(|difference| top_level(&difference.change.path))
        .collect();
    (resource.resource_type.steps.update)(&types::ToChange {
        wanted: types::ToMake {
            resource_type: resource.resource_type,
            address: &resource.address,
            region: context.inputs.region,
            attributes: &wanted.attributes,
            tags: &[],
        },
        id: &observed.id,
        before: &observed.attributes,
        changed: &changed,
        tags_set: &tags.set,
        tags_removed: &tags.removed,
    })
}

fn refusals(resource: &config::Resource, differences: &Differences) -> Vec<Diagnostic> {
    let refused = |difference: &Difference| match difference.changeable {
        Changeable::Refused(words) => Some(refusal(resource, &difference.change.path, words)),
        Changeable::InPlace(_) | Changeable::Replaces | Changeable::Special => None,
    };
    differences.found.iter().filter_map(refused).collect()
}

fn refusal(resource: &config::Resource, path: &str, words: &str) -> Diagnostic {
    let location = resource
        .locations
        .get(path)
        .or_else(|| resource.locations.get(top_level(path)))
        .unwrap_or(&resource.location);
    Diagnostic::error(
        "E0601",
        format!("{path} of {} is not changed by infra", resource.address),
    )
    .at(location.clone(), "differs from what is there")
    .help(words)
    .about(&resource.address)
}

fn top_level(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}
