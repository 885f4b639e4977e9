//! Changes that need each other are parted: what leaves a place comes first, what names a value of somebody who waits for
//! that place comes last.
//!
//! Does not know why two need each other.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::Place;
use super::node::Node;
use super::waits::Waits;
use crate::address::Address;
use crate::graph::Graph;
use crate::state::Effect;
use crate::step::{Restore, Step, StepKind};
use crate::task::{Phase, Task};
use crate::value::Reference;

/// Parts every change in a circle that can be parted; whose they are. The letting go has the first steps, the change the
/// others and the last word.
pub(super) fn part(tasks: &mut BTreeMap<Node, Task>, waits: &Waits) -> BTreeSet<Address> {
    let late = {
        let graph = waits.honoured(tasks);
        late_steps(tasks, &graph)
    };
    let mut parted = BTreeSet::new();
    for (node, late) in late {
        let phase = Phase::LetGo;
        let leftover = None;
        let place = Place { phase, leftover };
        let leaving = Node::new(node.address(), place);
        let Some(change) = tasks.get_mut(&node) else {
            continue;
        };
        let mut steps = std::mem::take(&mut change.steps).into_iter().enumerate();
        let (last, first): (Vec<_>, Vec<_>) = steps.by_ref().partition(|(place, _)| late.contains(place));
        let own =
            |steps: Vec<(usize, Step)>| -> Vec<Step> { steps.into_iter().map(|(_, step)| step).collect() };
        change.steps = own(last);
        let restore = change.restore.take().map(|restore| shifted(restore, &late));
        let mut first = Task {
            object: change.object.clone(),
            phase,
            steps: own(first),
            restore,
            then: Vec::<Effect>::new(),
            ..change.clone()
        };
        // It may have to let go of something in any case.
        if let Some(before) = tasks.remove(&leaving) {
            let ahead = before.steps.len();
            first.steps.splice(0..0, before.steps);
            first.owes.extend(before.owes);
            if let Some(restore) = &mut first.restore {
                restore.behind += ahead;
                restore.before += ahead;
            }
        }
        tasks.insert(leaving, first);
        parted.insert(node.address().clone());
    }
    parted
}

/// Of every change in a circle the positions of the steps that name what others in it make; none where nothing else
/// would be left, or where such a step stands behind a stop: what stops a server for it would be parted from it.
fn late_steps(tasks: &BTreeMap<Node, Task>, graph: &Graph<&Node>) -> Vec<(Node, BTreeSet<usize>)> {
    let cycles = graph.cycles();
    let mut found = Vec::new();
    for (node, number) in &cycles {
        let Some(task) = tasks.get(**node).filter(|_| node.phase() == Phase::Change) else {
            continue;
        };
        let is_in_it = |reference: &&Reference| {
            [Phase::Make, Phase::Change].into_iter().any(|phase| {
                let other = Node::new(&reference.address, phase);
                other != ***node && cycles.get(&&other) == Some(number)
            })
        };
        let is_late = |step: &Step| {
            let mut named = BTreeSet::new();
            if let StepKind::Call(call) = &step.kind {
                call.params
                    .values()
                    .for_each(|value| value.references(&mut named));
            }
            named.iter().any(is_in_it)
        };
        let late: BTreeSet<usize> = (0..task.steps.len())
            .filter(|place| is_late(&task.steps[*place]))
            .collect();
        let wait = task
            .steps
            .iter()
            .position(|step| matches!(step.kind, StepKind::Wait(_)));
        // In front of all waits, or at least of those that follow what takes its status away for a while.
        let is_live = |place: &usize| {
            wait.is_none_or(|wait| *place < wait)
                || task
                    .restore
                    .as_ref()
                    .is_some_and(|restore| *place <= restore.behind)
        };
        let calls = task
            .steps
            .iter()
            .filter(|step| matches!(step.kind, StepKind::Call(_)))
            .count();
        if !late.is_empty() && late.len() < calls && late.iter().all(is_live) {
            found.push(((**node).clone(), late));
        }
    }
    found
}

/// The same positions where those steps are not.
fn shifted(restore: Restore, late: &BTreeSet<usize>) -> Restore {
    let less = |place: usize| place - late.iter().filter(|late| **late < place).count();
    Restore {
        behind: less(restore.behind),
        before: less(restore.before),
        ..restore
    }
}
