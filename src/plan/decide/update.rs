//! Updates: one that exists is brought into line where it stands, or stays as it is.
//!
//! Does not know by which calls an attribute is changed; the table of its type does.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::context::Context;
use super::super::diff::{Difference, Differences};
use super::tags::TagChanges;
use super::{Decision, Wanted, withheld};
use crate::address::Object;
use crate::change::{AttributeChange, Change, Fate};
use crate::config;
use crate::diagnostic::{Diagnostic, codes};
use crate::live::Observed;
use crate::state::Effect;
use crate::step::Step;
use crate::task::{Phase, Task};
use crate::types::{Changeable, Identity, ToChange, ToMake};
use crate::value::Attributes;

/// Decides about one that exists: it is changed where something differs.
pub(super) fn update_or_keep<'a>(
    context: &Context<'a>,
    wanted: Wanted<'a>,
    observed: &'a Observed,
    differences: Differences,
) -> Decision<'a> {
    let refusals = refusals(wanted.resource, &differences);
    if !refusals.is_empty() {
        return withheld(wanted, Some(observed), refusals);
    }
    let tags = TagChanges::between(context, &wanted, observed);
    let Work { steps, lost, hints } = work(context, &wanted, observed, &differences, &tags);
    // What goes with a joining call is no work of its own.
    let has_work = !tags.is_empty()
        || differences
            .found
            .iter()
            .any(|difference| !goes_with_join(wanted.resource, &difference.change.path));
    let mut obsolete: BTreeSet<String> = differences
        .found
        .iter()
        .map(|difference| difference.change.path.clone())
        .collect();
    let resource_type = wanted.resource.resource_type;
    if resource_type
        .stays_with
        .is_some_and(|place| obsolete.contains(place))
    {
        obsolete.extend(resource_type.given_there.iter().map(|name| (*name).to_owned()));
    }
    let moving: Vec<(&str, bool)> = differences
        .found
        .iter()
        .filter_map(|difference| resource_type.attribute(&difference.change.path))
        .filter_map(|attribute| Some((attribute.moves?, attribute.ordered)))
        .collect();
    obsolete.extend(moving.iter().map(|(name, _)| (*name).to_owned()));
    let is_renamed = resource_type.is_called_otherwise(&observed.id, &wanted.attributes);
    if is_renamed {
        obsolete.insert("id".to_owned());
    }
    let fate = match (differences.found.is_empty(), tags.is_empty()) {
        (true, true) => Fate::Keep,
        (true, false) if tags.only_add_project(observed) => Fate::Tag,
        _ => Fate::Update,
    };
    let mut shown: Vec<AttributeChange> = differences
        .found
        .into_iter()
        .map(|difference| difference.change)
        .collect();
    shown.extend(tags.shown(observed));
    let change = Change {
        attributes: shown,
        unchanged: differences.equal,
        id: Some(observed.id.clone()),
        lost,
        hints,
        ..wanted.change(fate)
    };
    let task = has_work.then(|| Task {
        restore: (wanted.resource.resource_type.restore)(&steps),
        steps,
        location: Some(wanted.resource.location.clone()),
        ..Task::new(
            Object::now(wanted.resource.address.clone()),
            Some(&observed.id),
            Phase::Change,
        )
    });
    let mut decision = Decision {
        decided: Some(wanted.kept(observed, obsolete)),
        ..Decision::new(change)
    };
    if let Some(task) = task {
        decision.put(task);
    }
    // What there was before an order, so that any later run knows whether it was carried out.
    let ordered = moving.into_iter().filter(|(_, is_ordered)| *is_ordered);
    let ordered = ordered.map(|(name, _)| name);
    // By what it is found again, if nobody hears how its change ended.
    let lasting = match resource_type.identity {
        Identity::Joined { lasting, .. } if is_renamed => Some(lasting),
        _ => None,
    };
    let before: Attributes = ordered
        .chain(lasting)
        .filter_map(|name| Some((name.to_owned(), observed.attributes.get(name)?.clone())))
        .collect();
    if !before.is_empty() {
        let address = decision.change.address.clone();
        decision.note(Effect::Merge {
            address,
            attributes: before,
        });
    }
    decision
}

/// Whether a joining call carries the attribute: whether there is one is decided later.
fn goes_with_join(resource: &config::Resource, path: &str) -> bool {
    let mut relations = resource.resource_type.relations.iter();
    relations.any(|relation| relation.join_attributes.contains(&top_level(path)))
}

/// What an update does.
#[derive(Default)]
struct Work {
    steps: Vec<Step>,
    lost: Vec<String>,
    hints: Vec<String>,
}

/// The steps of an update, what is lost by them and what is left to people; none where nothing differs.
fn work(
    context: &Context<'_>,
    wanted: &Wanted<'_>,
    observed: &Observed,
    differences: &Differences,
    tags: &TagChanges,
) -> Work {
    if differences.found.is_empty() && tags.is_empty() {
        return Work::default();
    }
    let resource = wanted.resource;
    let changed: Vec<&str> = differences
        .found
        .iter()
        .map(|difference| top_level(&difference.change.path))
        .filter(|path| !goes_with_join(resource, path))
        .collect();
    // Where it moves to follows from what it stands in, and no file says it.
    let mut attributes = Cow::Borrowed(&wanted.attributes);
    for difference in &differences.found {
        let path = &difference.change.path;
        let attribute = resource.resource_type.attribute(path);
        if attribute.is_some_and(|attribute| attribute.computed)
            && matches!(difference.changeable, Changeable::InPlace(_))
            && let Some(after) = &difference.change.after
        {
            attributes.to_mut().insert(path.clone(), after.clone());
        }
    }
    let change = ToChange {
        wanted: ToMake {
            resource_type: resource.resource_type,
            address: &resource.address,
            region: context.inputs.region,
            attributes: &attributes,
            tags: &[],
        },
        id: &observed.id,
        before: &observed.attributes,
        changed: &changed,
        tags_set: &tags.set,
        tags_removed: &tags.removed,
    };
    Work {
        steps: (resource.resource_type.steps.update)(&change),
        lost: (resource.resource_type.update_losses)(&change),
        hints: (resource.resource_type.update_hints)(&change),
    }
}

fn refusals(resource: &config::Resource, differences: &Differences) -> Vec<Diagnostic> {
    let refused = |difference: &Difference| match difference.changeable {
        Changeable::Refused(words) => Some(refusal(resource, &difference.change.path, words)),
        Changeable::InPlace(_) | Changeable::Replaces | Changeable::Special => None,
    };
    differences.found.iter().filter_map(refused).collect()
}

/// Why an attribute is not changed.
pub(in crate::plan) fn refusal(resource: &config::Resource, path: &str, words: &str) -> Diagnostic {
    let location = resource
        .locations
        .get(path)
        .or_else(|| resource.locations.get(top_level(path)))
        .unwrap_or(&resource.location);
    Diagnostic::error(
        codes::NOT_CHANGED,
        format!("{path} of {} is not changed by infra", resource.address),
    )
    .at(location.clone(), "differs from what is there")
    .help(words)
    .about(&resource.address)
}

fn top_level(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}
