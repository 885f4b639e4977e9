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
use crate::state::{Effect, Resource, State};
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
            let is_own = task.learns(reference);
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
    let moved = moves(plan, state, broken);
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
                Effect::Remove { address, id } | Effect::Forget { address, id } if task.is_note() => {
                    forgotten.insert((address, id));
                }
                _ => {}
            }
        }
    }
    let lost: BTreeSet<&Address> = plan.losses().map(|change| &change.address).collect();
    for (index, task) in plan.tasks.iter().enumerate() {
        let address = &task.object.address;
        let known = moved
            .get(address)
            .copied()
            .unwrap_or_else(|| state.resources.get(address));
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

/// What the state knows at the addresses that something moves to or away from. A move is told by a note, before all else
/// that happens at either address.
fn moves<'a>(
    plan: &'a Plan,
    state: &'a State,
    broken: &mut Vec<String>,
) -> BTreeMap<&'a Address, Option<&'a Resource>> {
    let mut moved: BTreeMap<&Address, Option<&Resource>> = BTreeMap::new();
    let mut begun: BTreeSet<&Address> = BTreeSet::new();
    for task in &plan.tasks {
        for effect in &task.then {
            let Effect::Move { from, to } = effect else {
                continue;
            };
            let at = |address| {
                moved
                    .get(address)
                    .copied()
                    .unwrap_or_else(|| state.resources.get(address))
            };
            if at(from).is_none() || at(to).is_some() || !task.is_note() || task.object.address != *to {
                broken.push(format!("{from} cannot become {to}"));
            }
            if let Some(early) = [from, to].into_iter().find(|address| begun.contains(address)) {
                broken.push(format!("{early} is changed before {from} becomes {to}"));
            }
            let resource = at(from);
            moved.insert(from, None);
            moved.insert(to, resource);
        }
        if !task.is_note() {
            begun.insert(&task.object.address);
        }
    }
    moved
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Object;
    use crate::change::Change;

    /// What is said of a plan that consists of these tasks and changes, for a state that knows one network.
    fn told(tasks: Vec<Task>, changes: Vec<Change>) -> Vec<String> {
        let mut state = State::begin(&Zeros);
        let known = Resource {
            type_name: "vpc".to_owned(),
            id: "vpc-1".to_owned(),
            ..Resource::default()
        };
        state.resources.insert(address("vpc.main"), known);
        let plan = Plan {
            tasks,
            changes,
            ..Plan::default()
        };
        let broken = check(&plan, &state);
        assert!(broken.iter().all(|one| one.code == codes::BUG), "{broken:?}");
        broken.into_iter().map(|one| one.message).collect()
    }

    #[derive(Debug)]
    struct Zeros;

    impl crate::env::Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    fn task(of: &str, id: &str, phase: Phase) -> Task {
        Task::new(Object::now(address(of)), Some(id), phase)
    }

    #[track_caller]
    fn is_broken(tasks: Vec<Task>, words: &str) {
        let told = told(tasks, Vec::new());
        assert!(
            told.iter().any(|message| message.contains(words)),
            "{words}: {told:?}"
        );
    }

    #[test]
    fn a_plan_that_is_not_sound_is_a_fault_of_ours() {
        is_broken(
            vec![task("vpc.main", "vpc-2", Phase::Change)],
            "which the state does not know",
        );
        is_broken(
            vec![task("vpc.main", "vpc-1", Phase::Remove)],
            "without showing it",
        );
        is_broken(
            vec![Task {
                after: vec![0],
                ..task("vpc.main", "vpc-1", Phase::Change)
            }],
            "does not come before it",
        );
        is_broken(
            vec![Task::new(Object::next(address("vpc.main")), None, Phase::Make)],
            "has not exactly one create",
        );
        is_broken(
            vec![Task::new(Object::now(address("vpc.main")), None, Phase::Change)],
            "without an id",
        );
        let unexplained = told(Vec::new(), vec![Change::new(&address("vpc.main"), Fate::Delete)]);
        assert!(unexplained[0].contains("without a reason"), "{unexplained:?}");
        assert!(told(vec![task("vpc.main", "vpc-1", Phase::Change)], Vec::new()).is_empty());
    }

    #[test]
    fn a_move_is_told_first_and_goes_where_nothing_is() {
        let moves = |from: &str, to: &str| Task {
            then: vec![Effect::Move {
                from: address(from),
                to: address(to),
            }],
            ..Task::new(Object::now(address(to)), None, Phase::Note)
        };
        let change = |of: &str| task(of, "vpc-1", Phase::Change);
        assert!(told(vec![moves("vpc.main", "vpc.new"), change("vpc.new")], Vec::new()).is_empty());
        is_broken(vec![moves("vpc.none", "vpc.new")], "cannot become");
        is_broken(vec![moves("vpc.new", "vpc.main")], "cannot become");
        is_broken(
            vec![change("vpc.main"), moves("vpc.main", "vpc.new")],
            "is changed before",
        );
        is_broken(
            vec![moves("vpc.main", "vpc.new"), change("vpc.main")],
            "which the state does not know",
        );
    }
}
