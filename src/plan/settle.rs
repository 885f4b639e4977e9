//! The state's word on what was decided: what it says of a resource when its tasks are done, what is under way while
//! they are not, and what it learns where nothing else has to be done.
//!
//! Does not know why a task was decided.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{Context, Decided};
use super::decide::{Decision, Wanted};
use super::diff::bytes_of;
use crate::address::Address;
use crate::change::{Change, Fate};
use crate::config;
use crate::state::{self, Effect, Lifecycle};
use crate::step::Step;
use crate::task::{Phase, Task};
use crate::types::Kind;
use crate::value::{Attributes, Value};

/// Gives the tasks of a resource of the configuration their last word, and the state what it does not know yet.
pub(super) fn wanted(context: &Context<'_>, resource: &config::Resource, decision: &mut Decision<'_>) {
    let has = |phase: Phase| decision.tasks.contains_key(&phase.into());
    let (lets_go, joins) = (has(Phase::LetGo), has(Phase::Join));
    let main = [Phase::Make, Phase::Change].into_iter().find(|phase| has(*phase));
    let Some(decided) = context.decided(&resource.address) else {
        return;
    };
    if decision.change.fate == Fate::Withheld {
        return;
    }
    let is_quiet = match decision.change.fate {
        Fate::Keep | Fate::Note => true,
        Fate::Tag => lets_go || joins,
        _ => false,
    };
    if is_quiet && (main.is_some() || lets_go || joins) {
        decision.change.fate = Fate::Update;
    }
    let entry = Entry::new(context, resource, decided);
    let joined: BTreeMap<String, String> = joined_names(resource)
        .filter(|name| joins && entry.attributes.contains_key(*name))
        .map(|name| (name.to_owned(), "join".to_owned()))
        .collect();
    let all = entry.effect(BTreeMap::new());
    if let Some(main) = main {
        let last = if joins {
            entry.without(joined.clone())
        } else {
            all.clone()
        };
        let owes = owes(resource, decision, main);
        if let Some(task) = decision.tasks.get_mut(&main.into()) {
            task.then.push(last);
            task.owes = owes;
        }
    }
    let last = match (joins, lets_go, main) {
        (true, _, _) => Some(Phase::Join),
        (false, true, None) if decided.kept.is_some() => Some(Phase::LetGo),
        _ => None,
    };
    for phase in [Phase::LetGo, Phase::Join] {
        if let Some(task) = decision.tasks.get_mut(&phase.into())
            && (phase == Phase::Join || decided.kept.is_some())
        {
            task.owes
                .extend(joined_names(resource).map(|name| (name.to_owned(), "join".to_owned())));
            if last == Some(phase) {
                task.then.push(all.clone());
            }
        }
    }
    let is_adopted = has_put(decision);
    if main.is_none() && last.is_none() && (is_adopted || !entry.is_known(context)) {
        decision.note(all);
        if decision.change.fate == Fate::Keep {
            decision.change.fate = Fate::Note;
        }
    }
}

fn has_put(decision: &Decision<'_>) -> bool {
    decision.tasks.get(&Phase::Note.into()).is_some_and(|note| {
        note.then
            .iter()
            .any(|effect| matches!(effect, Effect::Put { .. } | Effect::Restore { .. }))
    })
}

/// The attributes that relations and parts make.
fn joined_names(resource: &config::Resource) -> impl Iterator<Item = &'static str> {
    let relations = resource
        .resource_type
        .relations
        .iter()
        .map(|relation| relation.attribute);
    relations.chain(resource.resource_type.parts.iter().map(|part| part.attribute))
}

/// What is under way while a task of it is not at its end: of a change what it changes, of a create what it does not
/// send at once.
fn owes(resource: &config::Resource, decision: &Decision<'_>, main: Phase) -> BTreeMap<String, String> {
    let Some(task) = decision.tasks.get(&main.into()) else {
        return BTreeMap::new();
    };
    let last = |steps: &[Step]| steps.last().map_or(String::new(), |step| step.name.clone());
    let step = last(&task.steps);
    let mut owed: BTreeSet<String> = BTreeSet::new();
    if main == Phase::Change {
        for change in &decision.change.attributes {
            let name = change.path.split('.').next().unwrap_or(&change.path);
            owed.insert(name.to_owned());
        }
        if task.restore.is_some() {
            owed.insert("status".to_owned());
        }
    } else if task.steps.len() > 1 {
        let unsent = resource.resource_type.attributes.iter().filter(|attribute| {
            resource.attributes.contains_key(attribute.name) && attribute.param_path().is_none()
        });
        owed.extend(unsent.map(|attribute| attribute.name.to_owned()));
    }
    owed.retain(|name| resource.resource_type.attribute(name).is_some());
    owed.into_iter().map(|name| (name, step.clone())).collect()
}

/// What the state remembers of a block's `lifecycle`.
pub(super) fn lifecycle(resource: &config::Resource) -> Lifecycle {
    let rules = &resource.lifecycle;
    let triggers = rules.replace_on_resources.iter().map(ToString::to_string);
    Lifecycle {
        prevent_destroy: rules.prevent_destroy,
        create_before_destroy: rules.create_before_destroy,
        ignore_changes: rules.ignore_changes.clone(),
        replace_on: rules.replace_on.iter().cloned().chain(triggers).collect(),
        ..Lifecycle::default()
    }
}

/// What the state should say of a resource.
struct Entry<'a> {
    address: &'a Address,
    resource: &'a config::Resource,
    attributes: Attributes,
    dependencies: BTreeSet<Address>,
}

impl<'a> Entry<'a> {
    fn new(context: &Context<'a>, resource: &'a config::Resource, decided: &Decided<'_>) -> Entry<'a> {
        let kept = decided.kept;
        let wanted = Wanted::new(context, resource);
        let mut attributes = match kept {
            Some(observed) => wanted.if_it_stays(observed),
            None => wanted,
        }
        .attributes;
        let computed = resource
            .resource_type
            .attributes
            .iter()
            .filter(|attribute| attribute.computed && attribute.name != "id")
            .filter(|attribute| !decided.obsolete.contains(attribute.name));
        for attribute in computed {
            if let Some(value) = kept.and_then(|kept| kept.attributes.get(attribute.name)) {
                attributes.insert(attribute.name.to_owned(), value.clone());
            }
        }
        Entry {
            address: &resource.address,
            resource,
            attributes,
            dependencies: context.needs(&resource.address).cloned().collect(),
        }
    }

    fn effect(&self, unsettled: BTreeMap<String, String>) -> Effect {
        Effect::Settle {
            address: self.address.clone(),
            attributes: self.attributes.clone(),
            dependencies: self.dependencies.clone(),
            lifecycle: lifecycle(self.resource),
            imported: None,
            unsettled,
        }
    }

    /// The same before it is joined to what these attributes name.
    fn without(&self, joined: BTreeMap<String, String>) -> Effect {
        let mut effect = self.effect(joined);
        if let Effect::Settle {
            attributes,
            unsettled,
            ..
        } = &mut effect
        {
            attributes.retain(|name, _| !unsettled.contains_key(name.as_str()));
        }
        effect
    }

    /// Whether the state says so already. What only the cloud tells is not compared: it changes by itself.
    fn is_known(&self, context: &Context<'_>) -> bool {
        let Some(known) = context.known(self.address) else {
            return false;
        };
        let resource_type = self.resource.resource_type;
        let is_managed = |name: &str| {
            let attribute = resource_type.attribute(name);
            // What is left alone and cannot be seen stays remembered as it is, until there is more to say.
            let is_left = |remembered| remembered && self.resource.lifecycle.ignore_changes.contains(name);
            attribute.is_none_or(|attribute| !attribute.computed && !is_left(attribute.remembered))
        };
        let managed = |attributes: &Attributes| -> Attributes {
            let managed = attributes.iter().filter(|(name, _)| is_managed(name));
            managed
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        };
        let is_called_so = !resource_type.is_called_otherwise(&known.id, &self.attributes);
        is_called_so
            && known.unsettled.is_empty()
            && known.dependencies == self.dependencies
            && known.lifecycle == lifecycle(self.resource)
            && managed(&known.attributes) == managed(&self.sealed(context, known))
    }

    /// As the state keeps it: secrets and long text as fingerprints.
    fn sealed(&self, context: &Context<'_>, known: &state::Resource) -> Attributes {
        let fingerprints = context.inputs.fingerprints;
        let seal = |name: &str, value: &Value| -> Option<Value> {
            let kind = self
                .resource
                .resource_type
                .attribute(name)
                .map(|found| &found.kind);
            match (kind, value) {
                (Some(Kind::Text), _) => bytes_of(value).map(|bytes| (fingerprints.text)(bytes).into()),
                // What cannot be read now cannot have been changed by this configuration.
                (_, Value::Secret(source)) => fingerprints
                    .secrets
                    .get(source)
                    .map(|fingerprint| Value::from(fingerprint.as_str()))
                    .or_else(|| known.attributes.get(name).cloned()),
                _ => Some(value.clone()),
            }
        };
        self.attributes
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), seal(name, value)?)))
            .collect()
    }
}

/// The names of all steps of a resource in the order in which they come, and how long it is out of use.
pub(super) fn tell_steps(
    change: &mut Change,
    tasks: &[&Task],
    resource_type: Option<&'static crate::types::ResourceType>,
) {
    let is_replaced = matches!(change.fate, Fate::Replace { .. });
    let create_first = matches!(change.fate, Fate::Replace { create_first: true });
    let mut ordered: Vec<&&Task> = tasks.iter().collect();
    ordered.sort_by_key(|task| match task.phase {
        Phase::Remove if !create_first => (1, task.phase),
        Phase::LetGo => (0, task.phase),
        Phase::Remove => (3, task.phase),
        _ => (2, task.phase),
    });
    change.steps = ordered
        .iter()
        .flat_map(|task| {
            let is_old = is_replaced && task.phase == Phase::Remove;
            task.steps.iter().map(move |step| {
                if is_old {
                    format!("{} (old)", step.name)
                } else {
                    step.name.clone()
                }
            })
        })
        .collect();
    if change.down.is_none()
        && matches!(change.fate, Fate::Update | Fate::Import | Fate::Move)
        && let Some(resource_type) = resource_type
    {
        let steps: Vec<Step> = ordered.iter().flat_map(|task| task.steps.clone()).collect();
        change.down = (resource_type.downtime)(&steps).map(str::to_owned);
    }
}
