//! A second opinion on a plan, by code that did not make it: rules that any plan must keep, whatever it was made
//! from. A broken rule is an error of `infra` itself, and the plan is not carried out.

use std::collections::BTreeSet;

use super::{Action, Operation, Plan};
use crate::address::Address;
use crate::api::Repeat;
use crate::diagnostic::Diagnostic;
use crate::state::State;
use crate::step::{StepKind, Yield};
use crate::value::{Reference, Value};

/// Checks a plan against the state it was made from; the result is empty for a sound plan.
pub(crate) fn check(plan: &Plan, state: &State) -> Vec<Diagnostic> {
    let mut broken = Vec::new();
    order_and_inputs(plan, &mut broken);
    ids_and_halves(plan, state, &mut broken);
    reasons(plan, &mut broken);
    broken
        .into_iter()
        .map(|message| {
            Diagnostic::error("E0699", format!("the plan is not sound: {message}")).help(
                "this is an error in infra; nothing was changed; please report it with the configuration",
            )
        })
        .collect()
}

/// Every piece of work comes after what it waits for, and every value that it needs is made by work that it waits
/// for.
fn order_and_inputs(plan: &Plan, broken: &mut Vec<String>) {
    // What each piece of work has behind it, as the addresses that are made there.
    let mut behind: Vec<BTreeSet<usize>> = Vec::with_capacity(plan.work.len());
    for (index, work) in plan.work.iter().enumerate() {
        if let Some(late) = work.after.iter().find(|after| **after >= index) {
            broken.push(format!(
                "{} waits for work {late}, which does not come before it",
                work.address
            ));
        }
        behind.push(
            work.after
                .iter()
                .copied()
                .filter(|after| *after < index)
                .collect(),
        );
        let mut references: BTreeSet<&Reference> = BTreeSet::new();
        for step in &work.steps {
            if let StepKind::Call(call) = &step.kind {
                call.params
                    .values()
                    .for_each(|value| value.references(&mut references));
            }
        }
        if references.is_empty() {
            continue;
        }
        let makes: BTreeSet<&Address> = reach(&behind, index)
            .into_iter()
            .map(|after| &plan.work[after])
            .filter(|before| {
                matches!(
                    before.operation,
                    Operation::Create { .. } | Operation::Update { .. }
                )
            })
            .map(|before| &before.address)
            .collect();
        for reference in references {
            let own = reference.address == work.address && matches!(work.operation, Operation::Create { .. });
            if !own && !makes.contains(&reference.address) {
                broken.push(format!(
                    "{} needs {reference}, which nothing before it makes",
                    work.address
                ));
            }
        }
    }
}

/// Everything that must be done before a piece of work, direct or not. Most have few, so the walk is short.
fn reach(behind: &[BTreeSet<usize>], index: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open: Vec<usize> = behind[index].iter().copied().collect();
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(behind[next].iter().copied());
        }
    }
    found
}

/// Creates carry a token, deletes name what the state knows, and nothing is made twice.
fn ids_and_halves(plan: &Plan, state: &State, broken: &mut Vec<String>) {
    let mut made: BTreeSet<&Address> = BTreeSet::new();
    let exists: BTreeSet<&Address> = plan
        .changes
        .iter()
        .filter(|change| change.id.is_some())
        .map(|change| &change.address)
        .collect();
    let lost: BTreeSet<&Address> = plan.losses().map(|change| &change.address).collect();
    for work in &plan.work {
        let known = state.resources.get(&work.address);
        match &work.operation {
            Operation::Create { depose, .. } => {
                if !made.insert(&work.address) {
                    broken.push(format!("{} is made twice", work.address));
                }
                let creates = work.steps.iter().filter(|step| {
                    matches!(&step.kind, StepKind::Call(call) if matches!(call.yields, Yield::Id { .. })
                        && call.action.repeat == Repeat::Token && call.params.get("ClientToken") == Some(&Value::Token))
                });
                if creates.count() != 1 {
                    broken.push(format!(
                        "{} has not exactly one create with a token",
                        work.address
                    ));
                }
                let removed_before = work.after.iter().any(|after| {
                    plan.work[*after].address == work.address
                        && matches!(
                            plan.work[*after].operation,
                            Operation::Delete { deposed: false, .. }
                        )
                });
                let has_one = known.is_some_and(|known| !known.id.is_empty());
                if has_one && !removed_before && !depose && exists.contains(&work.address) {
                    broken.push(format!("{} would be made although it exists", work.address));
                }
            }
            Operation::Update { id, adopt, .. } => {
                if !made.insert(&work.address) {
                    broken.push(format!("{} is made twice", work.address));
                }
                if !adopt && known.is_none_or(|known| known.id != *id) {
                    broken.push(format!(
                        "{} would change {id}, which the state does not know",
                        work.address
                    ));
                }
            }
            Operation::Delete { id, .. } => {
                let is_known = known.is_some_and(|known| known.id == *id || known.has_deposed(id));
                if !is_known {
                    broken.push(format!(
                        "{} would delete {id}, which the state does not know",
                        work.address
                    ));
                }
                if !lost.contains(&work.address) {
                    broken.push(format!("{} would delete {id} without showing it", work.address));
                }
            }
            Operation::Forget => {}
        }
    }
}

fn reasons(plan: &Plan, broken: &mut Vec<String>) {
    for change in &plan.changes {
        if change.reasons.is_empty() && matches!(change.action, Action::Delete | Action::Replace { .. }) {
            broken.push(format!("{} is lost without a reason", change.address));
        }
    }
}
