//! The plan: every decision of a run, as data, made before anything is changed.
//!
//! Does not know the cloud, the clock or the screen; it is synchronous and pure, so the same configuration, state and
//! observation give the same plan, byte for byte.

mod arrange;
mod assume;
mod check;
mod chosen;
mod contention;
mod context;
mod decide;
mod dependencies;
mod diff;
mod disown;
mod inherit;
mod inputs;
mod join;
mod moves;
mod node;
mod outputs;
mod parting;
mod planner;
mod policy;
mod rebuild;
mod refresh;
mod renamed;
mod selection;
mod settle;
mod tagless;
mod waits;
mod withhold;

#[cfg(test)]
mod tests;

pub(crate) use self::assume::assume;
pub(crate) use self::check::check;
pub(crate) use self::dependencies::{dependencies, order};
pub(crate) use self::diff::{Fingerprints, bytes_of};
pub(crate) use self::disown::disown;
pub(crate) use self::inputs::Inputs;
pub(crate) use self::planner::make;
pub(crate) use self::policy::{PolicyPlace, broken_policy};
pub(crate) use self::rebuild::{Rebuilt, rebuild};
pub(crate) use self::selection::Selection;
pub(crate) use self::tagless::{Tagless, parents, tagless};

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::change::{Change, Cost, Drift, Fate, Forbidden, OutputChange};
use crate::diagnostic::Diagnostic;
use crate::step::StepKind;
use crate::task::Task;

/// What a run would do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// What becomes of every resource of the configuration and of the state, sorted by address.
    pub(crate) changes: Vec<Change>,
    /// What the executor does, each after all that it waits for.
    pub(crate) tasks: Vec<Task>,
    /// What somebody else changed since the last run, attribute by attribute.
    pub(crate) drift: Vec<Drift>,
    pub(crate) outputs: Vec<OutputChange>,
    /// What is worth knowing, and why something is left out; the plan is good without it.
    pub(crate) findings: Vec<Diagnostic>,
    /// What makes the plan unusable.
    pub(crate) errors: Vec<Diagnostic>,
    /// Resources that the plan would delete or replace although a rule forbids it.
    pub(crate) forbidden: Vec<Forbidden>,
    /// Resources that the state knows and nobody finds, although no run of ours deleted them.
    pub(crate) vanished: Vec<Vanished>,
    /// How many resources of the state were looked for.
    pub(crate) known: usize,
    /// What it costs, if that was asked.
    pub(crate) cost: Option<Cost>,
}

/// A known resource that is not there any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Vanished {
    pub(crate) address: Address,
    pub(crate) id: String,
}

/// How many changes of each kind a plan holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) import: usize,
    pub(crate) moved: usize,
    pub(crate) create: usize,
    pub(crate) update: usize,
    pub(crate) tagged: usize,
    pub(crate) replace: usize,
    pub(crate) delete: usize,
    pub(crate) forget: usize,
    pub(crate) read: usize,
    pub(crate) withheld: usize,
    pub(crate) left_out: usize,
}

impl Counts {
    /// Counts one more.
    pub(crate) fn add(&mut self, fate: Fate) {
        match fate {
            Fate::Import => self.import += 1,
            Fate::Move => self.moved += 1,
            Fate::Create => self.create += 1,
            Fate::Update => self.update += 1,
            Fate::Tag => self.tagged += 1,
            Fate::Replace { .. } => self.replace += 1,
            Fate::Delete => self.delete += 1,
            Fate::Forget => self.forget += 1,
            Fate::Read => self.read += 1,
            Fate::Withheld => self.withheld += 1,
            Fate::LeftOut => self.left_out += 1,
            Fate::Note | Fate::Keep => {}
        }
    }
}

impl Plan {
    /// Whether there is nothing that somebody would have to agree to. Changed outputs count as something.
    pub(crate) fn is_empty(&self) -> bool {
        let is_asked = |change: &Change| change.fate.needs_approval();
        self.outputs.is_empty() && self.vanished.is_empty() && !self.changes.iter().any(is_asked)
    }

    /// The changes that a person is shown: all but what stays, what only the state's memory concerns, and what was not
    /// asked for.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &Change> {
        let is_shown = |change: &&Change| !matches!(change.fate, Fate::Keep | Fate::Note | Fate::LeftOut);
        self.changes.iter().filter(is_shown)
    }

    /// What was not asked for, with what waits for it.
    pub(crate) fn left_out(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.fate == Fate::LeftOut)
    }

    /// How many resources stay as they are.
    pub(crate) fn unchanged(&self) -> usize {
        let stays = |change: &&Change| matches!(change.fate, Fate::Keep | Fate::Note);
        self.changes.iter().filter(stays).count()
    }

    /// The changes by kind.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.changes.iter().for_each(|change| counts.add(change.fate));
        counts
    }

    /// The changes by which something is lost for good.
    pub(crate) fn losses(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.is_loss())
    }

    /// What places an order of which nobody tells the amount.
    pub(crate) fn unpriced(&self) -> BTreeSet<&Address> {
        let is_order = |task: &&Task| {
            task.steps
                .iter()
                .any(|step| matches!(&step.kind, StepKind::Call(call) if call.is_order()))
        };
        let is_priced = |address: &&Address| {
            let orders = self.cost.as_ref().map(|cost| &cost.orders);
            orders.and_then(|orders| *orders.get(*address)?).is_some()
        };
        let tasks = self.tasks.iter().filter(is_order);
        tasks
            .map(|task| &task.object.address)
            .filter(|address| !is_priced(address))
            .collect()
    }

    /// Whether somebody who agrees to it should look twice: something is lost, or known resources are gone.
    pub(crate) fn is_risky(&self) -> bool {
        self.losses().next().is_some() || !self.vanished.is_empty()
    }

    /// Whether something was left out.
    pub(crate) fn withholds(&self) -> bool {
        self.changes.iter().any(|change| change.fate == Fate::Withheld)
    }
}
