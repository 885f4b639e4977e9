//! What is left out, and with it everything that waits for it.
//!
//! Does not know why the first of them was left out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::context::Context;
use super::decide::Decision;
use super::node::Node;
use crate::address::Address;
use crate::change::Fate;
use crate::diagnostic::Diagnostic;
use crate::task::{Phase, Task};

/// Why the first of them are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// It cannot be done, or is refused.
    Impossible,
    /// Nobody asked for it.
    NotAsked,
}

/// The addresses that are left out, each with the one that it waits for; none for those where it began.
pub(super) fn closure(
    first: impl IntoIterator<Item = Address>,
    tasks: &BTreeMap<Node, Task>,
    edges: &[(Node, Node)],
    why: Why,
    context: &Context<'_>,
) -> BTreeMap<Address, Option<Address>> {
    let mut waiting: BTreeMap<&Address, BTreeSet<&Address>> = BTreeMap::new();
    for (from, to) in edges {
        if from.address() != to.address() {
            waiting.entry(to.address()).or_default().insert(from.address());
        }
    }
    let has_task = |address: &Address| {
        tasks
            .range(Node::new(address, Phase::Note)..)
            .take_while(|(node, _)| node.address() == address)
            .any(|(node, _)| node.phase() != Phase::Note)
    };
    let removes = |address: &Address| tasks.contains_key(&Node::new(address, Phase::Remove));
    let mut dependents: BTreeMap<&Address, Vec<&Address>> = BTreeMap::new();
    for (dependent, known) in &context.inputs.state.resources {
        for needed in &known.dependencies {
            dependents.entry(needed).or_default().push(dependent);
        }
    }
    let mut out: BTreeMap<Address, Option<Address>> =
        first.into_iter().map(|address| (address, None)).collect();
    let mut open: VecDeque<Address> = out.keys().cloned().collect();
    while let Some(address) = open.pop_front() {
        let mut next: BTreeSet<&Address> = BTreeSet::new();
        next.extend(waiting.get(&address).into_iter().flatten());
        // One that is not removed is not emptied either.
        if why == Why::Impossible && removes(&address) {
            let inside = dependents.get(&address).into_iter().flatten();
            next.extend(inside.copied().filter(|dependent| removes(dependent)));
        }
        // In the configuration, even where the order says nothing because there is nothing to do at one end.
        for (dependent, needed) in &context.dependencies {
            if needed.contains(&address) && context.is_made(&address) {
                next.insert(dependent);
            }
        }
        for dependent in next {
            if has_task(dependent) && !out.contains_key(dependent) {
                out.insert(dependent.clone(), Some(address.clone()));
                open.push_back(dependent.clone());
            }
        }
    }
    out
}

/// Says in each decision that it is left out.
pub(super) fn mark(
    decisions: &mut BTreeMap<Address, Decision<'_>>,
    out: &BTreeMap<Address, Option<Address>>,
    impossible: &BTreeMap<Address, Diagnostic>,
) {
    for (address, waits_for) in out {
        if let Some(decision) = decisions.get_mut(address) {
            let change = &mut decision.change;
            if let Some(waits_for) = waits_for {
                change.reasons = vec![format!("it waits for {waits_for}, which is left out")];
            } else if let Some(finding) = impossible.get(address) {
                change.reasons = vec![finding.message.clone()];
            }
            change.would_lose = change.is_loss();
            change.fate = Fate::Withheld;
            nothing_happens(decision);
        }
    }
}

/// Says in each decision that nobody has asked for it, or that it waits for one of which that is so.
pub(super) fn leave_out(
    decisions: &mut BTreeMap<Address, Decision<'_>>,
    out: &BTreeMap<Address, Option<Address>>,
) {
    for (address, waits_for) in out {
        let Some(decision) = decisions.get_mut(address) else {
            continue;
        };
        if decision.change.fate == Fate::Keep {
            continue;
        }
        decision.change.reasons = waits_for
            .iter()
            .map(|waits_for| format!("it waits for {waits_for}"))
            .collect();
        decision.change.fate = Fate::LeftOut;
        decision.vanished = None;
        decision.findings.clear();
        nothing_happens(decision);
    }
}

fn nothing_happens(decision: &mut Decision<'_>) {
    decision.change.steps.clear();
    decision.change.kept.clear();
    decision.change.hints.clear();
    decision.change.down = None;
    decision.forbidden.clear();
}
