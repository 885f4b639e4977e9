//! Which work is ready: all that it waits for is done.
//!
//! Does not know what the work is, nor how it is done.

use std::collections::BTreeSet;

use super::outcome::{Failure, Unbegun};
use crate::address::Address;
use crate::plan::Plan;

/// How far a plan has come. Work is named by its position in the plan.
pub(super) struct Ready<'a> {
    plan: &'a Plan,
    /// How many others each piece of work still waits for.
    waits_for: Vec<usize>,
    /// Who waits for each piece of work.
    dependents: Vec<Vec<usize>>,
    begun: Vec<bool>,
}

impl<'a> Ready<'a> {
    pub(super) fn new(plan: &'a Plan) -> Ready<'a> {
        let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); plan.work.len()];
        for (index, work) in plan.work.iter().enumerate() {
            work.after.iter().for_each(|after| dependents[*after].push(index));
        }
        Ready {
            plan,
            waits_for: plan.work.iter().map(|work| work.after.len()).collect(),
            dependents,
            begun: vec![false; plan.work.len()],
        }
    }

    /// The work that waits for nothing; it counts as begun from now on.
    pub(super) fn begin_first(&mut self) -> Vec<usize> {
        let all = 0..self.plan.work.len();
        let first = all.filter(|index| self.waits_for[*index] == 0).collect();
        self.begin(first)
    }

    /// A piece of work is done. The work that waited for nothing else counts as begun from now on, if it may begin.
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

    fn begin(&mut self, work: Vec<usize>) -> Vec<usize> {
        work.iter().for_each(|index| self.begun[*index] = true);
        work
    }

    pub(super) fn all_begun(&self) -> bool {
        self.begun.iter().all(|begun| *begun)
    }

    /// The work that was not begun, each with the first that it waited for and did not get.
    pub(super) fn unbegun(&self, failed: &[Failure]) -> Vec<Unbegun> {
        let failed: BTreeSet<&Address> = failed.iter().map(|failure| &failure.address).collect();
        let work = &self.plan.work;
        let stands_in_the_way =
            |after: &&usize| failed.contains(&work[**after].address) || !self.begun[**after];
        work.iter()
            .zip(&self.begun)
            .filter(|(_, begun)| !**begun)
            .map(|(unbegun, _)| Unbegun {
                address: unbegun.address.clone(),
                waits_for: unbegun
                    .after
                    .iter()
                    .find(stands_in_the_way)
                    .map(|after| work[*after].address.clone()),
            })
            .collect()
    }
}
