//! Which tasks are ready: all that they wait for is done.
//!
//! Does not know what a task is, nor how it is done.

use std::collections::BTreeSet;

use super::outcome::{Failure, Unbegun};
use crate::address::Address;
use crate::plan::Plan;

/// How far a plan has come. Tasks are named by their positions in the plan.
pub(super) struct Ready<'a> {
    plan: &'a Plan,
    /// How many others each task still waits for.
    waits_for: Vec<usize>,
    /// Who waits for each task.
    dependents: Vec<Vec<usize>>,
    begun: Vec<bool>,
}

impl<'a> Ready<'a> {
    pub(super) fn new(plan: &'a Plan) -> Ready<'a> {
        let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); plan.tasks.len()];
        for (index, task) in plan.tasks.iter().enumerate() {
            task.after.iter().for_each(|after| dependents[*after].push(index));
        }
        Ready {
            plan,
            waits_for: plan.tasks.iter().map(|task| task.after.len()).collect(),
            dependents,
            begun: vec![false; plan.tasks.len()],
        }
    }

    /// The tasks that wait for nothing; they count as begun from now on.
    pub(super) fn begin_first(&mut self) -> Vec<usize> {
        let all = 0..self.plan.tasks.len();
        let first = all.filter(|index| self.waits_for[*index] == 0).collect();
        self.begin(first)
    }

    /// A task is done. Those that waited for nothing else count as begun from now on, if they may begin.
    pub(super) fn done(&mut self, index: usize, may_begin: bool) -> Vec<usize> {
        let mut freed = Vec::new();
        for dependent in &self.dependents[index] {
            self.waits_for[*dependent] -= 1;
            if self.waits_for[*dependent] == 0 {
                freed.push(*dependent);
            }
        }
        if may_begin { self.begin(freed) } else { Vec::new() }
    }

    fn begin(&mut self, tasks: Vec<usize>) -> Vec<usize> {
        tasks.iter().for_each(|index| self.begun[*index] = true);
        tasks
    }

    pub(super) fn all_begun(&self) -> bool {
        self.begun.iter().all(|begun| *begun)
    }

    /// The tasks that were not begun, each with the first that they waited for and did not get.
    pub(super) fn unbegun(&self, failed: &[Failure]) -> Vec<Unbegun> {
        let failed: BTreeSet<&Address> = failed.iter().map(|failure| &failure.object.address).collect();
        let tasks = &self.plan.tasks;
        let stands_in_the_way =
            |after: &&usize| failed.contains(&tasks[**after].object.address) || !self.begun[**after];
        tasks
            .iter()
            .zip(&self.begun)
            .filter(|(_, begun)| !**begun)
            .map(|(unbegun, _)| Unbegun {
                address: unbegun.object.address.clone(),
                waits_for: unbegun
                    .after
                    .iter()
                    .find(stands_in_the_way)
                    .map(|after| tasks[*after].object.address.clone()),
            })
            .collect()
    }
}
