//! A second opinion on a plan, by code that did not make it: rules that any plan must keep, whatever it was made
//! from. A broken rule is an error of `infra` itself, and the plan is not carried out.
//!
//! Its cost grows with the tasks and the edges between them.

use std::collections::{BTreeMap, BTreeSet};

use super::Plan;
use crate::address::{Address, Life};
use crate::api::Repeat;
use crate::change::Fate;
use crate::diagnostic::{Diagnostic, codes};
use crate::state::{Effect, State};
use crate::step::{Step, StepKind, Yield};
use crate::task::{Phase, Task};
use crate::value::{Reference, Value};

/// Checks a plan against the state it was made from; the result is empty for a sound plan.
pub(crate) fn check(plan: &Plan, state: &State) -> Vec<Diagnostic> {
    let mut broken = Vec::new();
    order(plan, &mut broken);
    lives(plan, state, &mut broken);
    reasons(plan, &mut broken);
    broken
        .into_iter()
        .map(|message| {
            Diagnostic::error(codes::BUG, format!("the plan is not sound: {message}")).help(
                "this is an error in infra; nothing was changed; please report it with the configuration",
            )
        })
        .collect()
}

/// Every task comes after what it waits for, and directly after the task that makes each value it needs.
fn order(plan: &Plan, broken: &mut Vec<String>) {
    for (index, task) in plan.tasks.iter().enumerate() {
        let object = &task.object;
        if let Some(late) = task.after.iter().find(|after| **after >= index) {
            broken.push(format!(
                "{object} waits for task {late}, which does not come before it"
            ));
        }
        let mut named: BTreeSet<&Reference> = BTreeSet::new();
        for step in &task.steps {
            if let StepKind::Call(call) = &step.kind {
                call.params
                    .values()
                    .for_each(|value| value.references(&mut named));
            }
        }
        let before = task.after.iter().filter(|after| **after < index);
        let makes: BTreeSet<&Address> = before
            .map(|after| &plan.tasks[*after])
            .filter(|before| matches!(before.phase, Phase::Make | Phase::Change))
            .map(|before| &before.object.address)
            .collect();
        for reference in named {
            let is_own = reference.address == object.address && task.phase == Phase::Make;
            if !is_own && !makes.contains(&reference.address) {
                broken.push(format!(
                    "{object} needs {reference}, which nothing before it makes"
                ));
            }
        }
    }
}

/// Creates carry a token, nothing is made twice or over something that stays, and only what the state knows, or is told
/// of by this plan, is changed or removed.
fn lives(plan: &Plan, state: &State, broken: &mut Vec<String>) {
    let mut made: BTreeSet<&Address> = BTreeSet::new();
    let mut told: BTreeSet<(&Address, &str)> = BTreeSet::new();
    let mut forgotten: BTreeSet<(&Address, &str)> = BTreeSet::new();
    let mut removals: BTreeMap<&Address, Vec<(usize, &Task)>> = BTreeMap::new();
    for (index, task) in plan.tasks.iter().enumerate() {
        if task.phase == Phase::Remove {
            removals
                .entry(&task.object.address)
                .or_default()
                .push((index, task));
        }
        for effect in &task.then {
            match effect {
                Effect::Put { address, resource } => {
                    told.insert((address, &resource.id));
                }
                Effect::Remove { address, id } if task.is_note() => {
                    forgotten.insert((address, id));
                }
                _ => {}
            }
        }
    }
    let lost: BTreeSet<&Address> = plan.losses().map(|change| &change.address).collect();
    for (index, task) in plan.tasks.iter().enumerate() {
        let address = &task.object.address;
        let known = state.resources.get(address);
        let is_known = |id: &str| {
            told.contains(&(address, id))
                || known.is_some_and(|known| known.id == id || known.deposed.iter().any(|old| old.id == id))
        };
        match task.phase {
            Phase::Make => {
                if !made.insert(address) {
                    broken.push(format!("{address} is made twice"));
                }
                if task.steps.iter().filter(|step| is_create(step)).count() != 1 {
                    broken.push(format!("{address} has not exactly one create with a token"));
                }
                if let Some(known) = known.filter(|known| !known.id.is_empty()) {
                    let goes = removals.get(address).into_iter().flatten();
                    let is_replaced = goes
                        .clone()
                        .any(|(_, removal)| removal.id.as_deref() == Some(known.id.as_str()));
                    let is_aside = task.object.life == Life::Next
                        && goes
                            .clone()
                            .any(|(position, _)| *position > index || task.after.contains(position));
                    let is_gone = forgotten.contains(&(address, known.id.as_str()));
                    if !(is_gone || is_replaced && is_aside) {
                        broken.push(format!("{address} would be made although {} is there", known.id));
                    }
                }
            }
            Phase::Change | Phase::LetGo | Phase::Join | Phase::Remove => match &task.id {
                Some(id) if !is_known(id) => {
                    broken.push(format!(
                        "{address} would change {id}, which the state does not know"
                    ));
                }
                Some(id) if task.phase == Phase::Remove && !lost.contains(address) => {
                    broken.push(format!("{address} would delete {id} without showing it"));
                }
                None if task.object.life != Life::Next => {
                    broken.push(format!("{address} would change something without an id"));
                }
                Some(_) | None => {}
            },
            Phase::Note => {
                if !task.steps.is_empty() {
                    broken.push(format!("{address}: a note sends nothing"));
                }
            }
        }
    }
}

fn is_create(step: &Step) -> bool {
    match &step.kind {
        StepKind::Call(call) => match (&call.yields, call.action.repeat) {
            (Yield::Id { .. }, Repeat::Token) => call.params.get("ClientToken") == Some(&Value::Token),
            // Found by the token in its tags.
            (Yield::Id { .. }, Repeat::Key | Repeat::Look) => call
                .params
                .get("Tag")
                .and_then(Value::as_list)
                .is_some_and(|tags| tags.iter().any(|tag| tag.at("Value") == Some(&Value::Token))),
            // The same one again is the same one.
            (Yield::Named(_), _) => true,
            _ => false,
        },
        StepKind::Wait(_) => false,
    }
}

fn reasons(plan: &Plan, broken: &mut Vec<String>) {
    for change in &plan.changes {
        let needs_one = change.fate.is_loss() || change.fate == Fate::Withheld;
        if change.reasons.is_empty() && needs_one {
            broken.push(format!(
                "{} is {} without a reason",
                change.address,
                change.fate.verb()
            ));
        }
    }
}
