//! Decides what happens to one resource: a file for each kind of decision.
//!
//! What joins it to others is decided afterwards. Does not know in which order the resources are asked about, nor in
//! which order the tasks are done.

mod create;
mod delete;
mod drift;
mod foreign;
mod lifecycle;
mod replace;
mod restore;
mod strays;
mod tags;
mod update;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::delete::{leftover, let_go, unwanted};
pub(super) use self::strays::strays;
pub(super) use self::update::refusal;

use super::Vanished;
use super::assume::assume;
use super::context::{Context, Decided, Outlook};
use super::dependencies::references;
use super::diff::{self, Memory};
use crate::address::{Address, Object};
use crate::change::{Change, Drift, Fate, Forbidden};
use crate::config;
use crate::diagnostic::{Diagnostic, codes};
use crate::live::Observed;
use crate::state::Effect;
use crate::task::{Phase, Task};
use crate::types::{Changeable, Identity, Replacement};
use crate::value::{Attributes, Reference, Value};

/// Where a task stands in the life of its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) phase: Phase,
    /// Which of those that earlier runs moved aside; none for the current one and the new one.
    pub(super) leftover: Option<usize>,
}

impl From<Phase> for Place {
    fn from(phase: Phase) -> Place {
        Place {
            phase,
            leftover: None,
        }
    }
}

/// What has been decided about one resource.
pub(super) struct Decision<'a> {
    pub(super) change: Change,
    pub(super) tasks: BTreeMap<Place, Task>,
    /// What others see of it; none if it is not in the configuration.
    pub(super) decided: Option<Decided<'a>>,
    pub(super) drift: Vec<Drift>,
    pub(super) forbidden: Vec<Forbidden>,
    pub(super) vanished: Option<Vanished>,
    /// Why it is left out.
    pub(super) findings: Vec<Diagnostic>,
    /// What makes the whole plan unusable.
    pub(super) errors: Vec<Diagnostic>,
}

impl<'a> Decision<'a> {
    pub(super) fn new(change: Change) -> Decision<'a> {
        Decision {
            change,
            tasks: BTreeMap::new(),
            decided: None,
            drift: Vec::new(),
            forbidden: Vec::new(),
            vanished: None,
            findings: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn with(mut self, task: Task) -> Decision<'a> {
        self.put(task);
        self
    }

    /// It is left out after all, for this reason.
    pub(super) fn withhold(&mut self, finding: Diagnostic) {
        self.change.fate = Fate::Withheld;
        self.change.reasons.push(finding.message.clone());
        self.findings.push(finding);
    }

    pub(super) fn put(&mut self, task: Task) {
        self.tasks.insert(task.phase.into(), task);
    }

    /// Lets the state learn something before anything else is done.
    pub(super) fn note(&mut self, effect: Effect) {
        self.note_task().then.push(effect);
    }

    /// Lets the state learn something even before what it is told otherwise.
    pub(super) fn note_first(&mut self, effect: Effect) {
        self.note_task().then.insert(0, effect);
    }

    fn note_task(&mut self) -> &mut Task {
        let address = &self.change.address;
        self.tasks
            .entry(Phase::Note.into())
            .or_insert_with(|| Task::new(Object::now(address.clone()), None, Phase::Note))
    }
}

/// A resource of the configuration, with everything filled in that is known now.
pub(super) struct Wanted<'a> {
    pub(super) resource: &'a config::Resource,
    pub(super) attributes: Attributes,
}

/// Decides about a resource of the configuration. What it needs has been decided before.
pub(super) fn wanted<'a>(context: &Context<'a>, resource: &'a config::Resource) -> Decision<'a> {
    let inputs = context.inputs;
    let address = &resource.address;
    let wanted = Wanted::new(context, resource);
    let live = inputs.live.resources.get(address);
    let adopted = context.adopted.get(address).copied();
    let never = unavailable(context, resource);
    if !never.is_empty() {
        return withheld(wanted, live, never);
    }
    if let Some(taken) = live.and_then(|observed| foreign::taken_over(context, address, observed)) {
        return withheld(wanted, live, vec![taken]);
    }
    let drift = match (context.known(address), live) {
        (Some(known), Some(live)) => drift::drift(context, &wanted, known, live),
        _ => Vec::new(),
    };
    let mut decision = match live.or(adopted) {
        None => create::create(context, wanted),
        Some(observed) => {
            // What an import has not read is taken to be as it is written.
            let begun = if adopted.is_some() && context.is_imported(address) {
                assume(
                    resource.resource_type,
                    observed,
                    &wanted.attributes,
                    inputs.fingerprints,
                )
            } else {
                Attributes::new()
            };
            let nothing = (begun, BTreeMap::new());
            let known = context.known(address).filter(|_| adopted.is_none());
            let memory = Memory {
                attributes: known.map_or(&nothing.0, |known| &known.attributes),
                unsettled: known.map_or(&nothing.1, |known| &known.unsettled),
            };
            let stays = Wanted::new(context, resource).if_it_stays(observed);
            let mut differences = diff::compare(
                resource.resource_type,
                &observed.attributes,
                &memory,
                &with_place(context, &stays, observed),
                inputs.fingerprints,
            );
            if let Some(name) = resource.resource_type.stays_with
                && (context.is_given_up(address) || is_given_up_first(context, resource, name))
            {
                differences.force(name);
            }
            if let Identity::Joined { place, .. } = resource.resource_type.identity
                && (context.is_given_up(address) || names_one_that_goes_first(context, resource))
            {
                place.iter().for_each(|name| differences.force(name));
            }
            let mut reasons = lifecycle::triggers(context, resource, &mut differences);
            reasons.extend(pinned_by(context, resource));
            if !differences.force_replacement() && reasons.is_empty() {
                update::update_or_keep(context, stays, observed, differences)
            } else if let Some((old, wanted)) =
                restore::find(context, resource).filter(|_| reasons.is_empty())
            {
                restore::restore(context, wanted, observed, old)
            } else {
                match lifecycle::order(context, resource, &wanted.attributes, observed) {
                    Ok(order) => replace::replace(context, wanted, observed, differences, reasons, order),
                    Err(in_the_way) => withheld(wanted, Some(observed), vec![*in_the_way]),
                }
            }
        }
    };
    if let Some(observed) = adopted.filter(|_| live.is_none()) {
        adopt(context, &mut decision, resource, observed);
    }
    decision.drift.extend(drift);
    decision
}

/// The tags of infra for what is made on behalf of a resource.
pub(super) fn tags_of_new(
    context: &Context<'_>,
    resource: &config::Resource,
    attributes: &Attributes,
) -> Vec<(String, Value)> {
    let wanted = Wanted {
        resource,
        attributes: attributes.clone(),
    };
    let mut tags = tags::of_new(context, &wanted);
    tags.retain(|(key, _)| key.starts_with("infra:"));
    tags
}

/// What is wanted, with what is known of the place in which it is to stand.
fn with_place(context: &Context<'_>, wanted: &Wanted<'_>, observed: &Observed) -> Attributes {
    let mut attributes = wanted.attributes.clone();
    let resource = wanted.resource;
    let holder = resource.resource_type.stays_with;
    if let Some(Value::Reference(holder)) = holder.and_then(|name| resource.attributes.get(name))
        && let Some(holder_type) = context.inputs.types.get(holder.address.type_name())
    {
        for attribute in resource.resource_type.attributes {
            let moves = attribute.computed && matches!(attribute.change, Changeable::InPlace(_));
            let is_place =
                attribute.name != "id" && (moves || matches!(attribute.change, Changeable::Replaces));
            if !is_place
                || attributes.contains_key(attribute.name)
                || !observed.attributes.contains_key(attribute.name)
                || holder_type.attribute(attribute.name).is_none()
            {
                continue;
            }
            let reference = Reference {
                address: holder.address.clone(),
                attribute: attribute.name.to_owned(),
            };
            match context.outlook(&reference) {
                Outlook::Known(value) => attributes.insert(attribute.name.to_owned(), value),
                // Another place that is only made; it is called by its name until then.
                Outlook::Later if moves => {
                    attributes.insert(attribute.name.to_owned(), Value::from(reference))
                }
                Outlook::Later | Outlook::Never => None,
            };
        }
    }
    attributes
}

/// Whether the thing in which it stands goes before its successor is there.
fn is_given_up_first(context: &Context<'_>, resource: &config::Resource, name: &str) -> bool {
    let Some(Value::Reference(holder)) = resource.attributes.get(name) else {
        return false;
    };
    context.replaced(&holder.address) == Some(Replacement::DeleteFirst)
}

/// Whether what it is names something that goes before its successor is there.
fn names_one_that_goes_first(context: &Context<'_>, resource: &config::Resource) -> bool {
    let Identity::Joined { place, .. } = resource.resource_type.identity else {
        return false;
    };
    place
        .iter()
        .any(|name| is_given_up_first(context, resource, name))
}

/// Why one cannot stay that leads to something which moves.
fn pinned_by(context: &Context<'_>, resource: &config::Resource) -> Option<String> {
    let place = resource.resource_type.stays_with?;
    let Value::Reference(holder) = resource.attributes.get(place)? else {
        return None;
    };
    let holder = &holder.address;
    let observed = context.inputs.live.resources.get(&resource.address)?;
    (context.moves(holder) && context.is_in(holder, observed))
        .then(|| format!("{holder} moves, which it cannot while this leads to it"))
}

impl<'a> Wanted<'a> {
    pub(super) fn new(context: &Context<'a>, resource: &'a config::Resource) -> Wanted<'a> {
        let mut attributes: Attributes = resource
            .attributes
            .iter()
            .map(|(name, value)| (name.clone(), context.resolve(value)))
            .collect();
        (resource.resource_type.normalise)(&mut attributes);
        Wanted { resource, attributes }
    }

    /// What others see of it if it is made anew.
    fn made(self, replaced: Option<Replacement>) -> Decided<'a> {
        Decided {
            attributes: self.attributes,
            kept: None,
            obsolete: BTreeSet::new(),
            replaced,
        }
    }

    /// What others see of it if it stays.
    fn kept(self, observed: &'a Observed, obsolete: BTreeSet<String>) -> Decided<'a> {
        Decided {
            attributes: self.attributes,
            kept: Some(observed),
            obsolete,
            replaced: None,
        }
    }

    /// The base of a change of it.
    fn change(&self, fate: Fate) -> Change {
        Change {
            location: Some(self.resource.location.clone()),
            ..Change::new(&self.resource.address, fate)
        }
    }
}

/// It is left out; others see what is there.
fn withheld<'a>(wanted: Wanted<'a>, live: Option<&'a Observed>, findings: Vec<Diagnostic>) -> Decision<'a> {
    let change = Change {
        reasons: findings.iter().map(|finding| finding.message.clone()).collect(),
        id: live.map(|observed| observed.id.clone()),
        ..wanted.change(Fate::Withheld)
    };
    let decided = match live {
        Some(observed) => wanted.kept(observed, BTreeSet::new()),
        None => wanted.made(None),
    };
    Decision {
        decided: Some(decided),
        findings,
        ..Decision::new(change)
    }
}

/// The attributes that need something that will not be there.
fn unavailable(context: &Context<'_>, resource: &config::Resource) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, value) in &resource.attributes {
        for reference in references(value) {
            if context.outlook(reference) == Outlook::Never {
                let at = resource
                    .locations
                    .get(name.as_str())
                    .unwrap_or(&resource.location);
                let error = Diagnostic::error(
                    codes::NEVER_THERE,
                    format!("{reference} will not be there: {} has none", reference.address),
                );
                found.push(
                    error
                        .at(at.clone(), format!("{name} needs it"))
                        .help(format!(
                            "let {} have {}, or take the reference out",
                            reference.address, reference.attribute
                        ))
                        .about(&resource.address),
                );
            }
        }
    }
    found
}

/// The state learns of a stray first, as far as looking tells about it.
fn adopt(
    context: &Context<'_>,
    decision: &mut Decision<'_>,
    resource: &config::Resource,
    observed: &Observed,
) {
    let resource_type = resource.resource_type;
    let readable = observed.attributes.iter().filter(|(name, _)| {
        let attribute = resource_type.attribute(name);
        *name != "id"
            && attribute.is_some_and(|attribute| {
                attribute.computed || resource.attributes.contains_key(name.as_str())
            })
    });
    let entry = crate::state::Resource {
        type_name: resource_type.name.to_owned(),
        id: observed.id.clone(),
        attributes: readable
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        dependencies: context.needs(&resource.address).cloned().collect(),
        token: observed.tags.get(crate::live::TAG_OPERATION).cloned(),
        lifecycle: super::settle::lifecycle(resource),
        imported: context.is_imported(&resource.address),
        ..crate::state::Resource::default()
    };
    decision.note(Effect::Put {
        address: resource.address.clone(),
        resource: Box::new(entry),
    });
    let said = context.inputs.config.transitions.imports.iter();
    let reason = match said.clone().find(|block| block.to == resource.address) {
        Some(block) if context.is_imported(&resource.address) => {
            let place = &block.location;
            format!(
                "[[import]] in {}:{} names {}",
                place.file, place.line, observed.id
            )
        }
        _ => format!("{} exists and carries the tags of this address", observed.id),
    };
    decision.change.reasons.insert(0, reason);
    if matches!(decision.change.fate, Fate::Keep | Fate::Tag | Fate::Update) {
        decision.change.fate = Fate::Import;
        decision.change.id = Some(observed.id.clone());
    }
}

/// The observed attributes with the id among them, for sentences.
fn with_id(observed: &Observed) -> Attributes {
    let mut attributes = observed.attributes.clone();
    attributes.insert("id".to_owned(), Value::from(observed.id.as_str()));
    attributes
}

/// What the state and nobody else knows of: gone, although no delete of ours was under way.
fn vanished(context: &Context<'_>, address: &Address) -> Option<Vanished> {
    let known = context.known(address)?;
    (!known.unsettled.contains_key("id")).then(|| Vanished {
        address: address.clone(),
        id: known.id.clone(),
    })
}
