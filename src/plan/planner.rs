//! Makes the plan: asks for the decision about each resource, in the order in which they need each other, and
//! collects what was decided.
//!
//! Pure: everything it knows arrives as an argument. Does not know the kinds of decisions, nor in which order the
//! work is done.

use std::collections::BTreeMap;

use super::arrange::{Node, arrange};
use super::context::Context;
use super::decide::{self, Decision};
use super::dependencies::order;
use super::diff::Fingerprints;
use super::outputs::outputs;
use super::{Plan, Work};
use crate::address::Address;
use crate::config::Config;
use crate::live::Live;
use crate::state::{Intent, State};
use crate::types::Types;

/// Everything a plan is made from.
pub(crate) struct Inputs<'a> {
    pub(crate) config: &'a Config,
    pub(crate) types: &'a Types,
    pub(crate) state: &'a State,
    /// Operations of an interrupted run that could not be settled by looking.
    pub(crate) open: &'a [Intent],
    pub(crate) live: &'a Live,
    pub(crate) region: &'a str,
    pub(crate) fingerprints: &'a Fingerprints<'a>,
    /// Plan to delete everything.
    pub(crate) destroy: bool,
}

/// Makes the plan.
pub(crate) fn make(inputs: &Inputs<'_>) -> Plan {
    let strays = decide::strays(inputs);
    let mut planner = Planner {
        context: Context::new(inputs, strays.adopted),
        work: BTreeMap::new(),
        plan: Plan {
            diagnostics: strays.diagnostics,
            ..Plan::default()
        },
    };
    if !inputs.destroy {
        planner.decide_wanted();
    }
    planner.decide_removals();
    planner.finish()
}

struct Planner<'a> {
    context: Context<'a>,
    work: BTreeMap<Node, Work>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    /// Everything in the configuration, each after all that it needs.
    fn decide_wanted(&mut self) {
        match order(self.context.inputs.config) {
            Ok(order) => {
                for address in &order {
                    if let Some(resource) = self.context.wanted(address) {
                        let decision = decide::wanted(&self.context, resource);
                        self.take(address, decision);
                    }
                }
            }
            Err(error) => self.plan.diagnostics.push(*error),
        }
    }

    /// Everything in the state that the configuration no longer has, and what interrupted replacements left.
    fn decide_removals(&mut self) {
        let inputs = self.context.inputs;
        for (address, known) in &inputs.state.resources {
            for (index, leftover) in inputs.live.deposed.get(address).into_iter().flatten().enumerate() {
                let decision = decide::leftover(&self.context, address, index, leftover);
                self.take(address, decision);
            }
            let is_wanted = !inputs.destroy && self.context.wanted(address).is_some();
            if !known.id.is_empty() && !is_wanted {
                let decision = decide::unwanted(&self.context, address, known);
                self.take(address, decision);
            }
        }
    }

    fn take(&mut self, address: &Address, decision: Decision<'a>) {
        let Decision {
            change,
            work,
            decided,
            drift,
            forbidden,
            diagnostics,
        } = decision;
        self.plan.unchanged += usize::from(change.is_none() && diagnostics.is_empty());
        self.plan.changes.extend(change);
        self.plan.drift.extend(drift);
        self.plan.forbidden.extend(forbidden);
        self.plan.diagnostics.extend(diagnostics);
        for (half, work) in work {
            self.work.insert((address.clone(), half), work);
        }
        if let Some(decided) = decided {
            self.context.remember(address.clone(), decided);
        }
    }

    fn finish(self) -> Plan {
        let mut plan = self.plan;
        match arrange(self.work, &self.context) {
            Ok(work) => plan.work = work,
            Err(cycle) => plan.diagnostics.push(*cycle),
        }
        plan.outputs = outputs(&self.context);
        plan.changes
            .sort_by(|a, b| a.address.cmp(&b.address).then(a.action.cmp(&b.action)));
        plan.drift
            .sort_by(|a, b| a.address.cmp(&b.address).then_with(|| a.path.cmp(&b.path)));
        plan
    }
}
