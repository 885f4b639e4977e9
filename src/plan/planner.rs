//! Makes the plan: asks for the decision about each resource, in the order in which they need each other, lets what
//! joins them be decided, leaves out what cannot be, and puts the rest in order.
//!
//! Pure: everything it knows arrives as an argument. Does not know the kinds of decisions.

use std::collections::{BTreeMap, BTreeSet};

use super::arrange::{Circle, arrange};
use super::context::Context;
use super::decide::{self, Decision};
use super::dependencies::ordered;
use super::inputs::Inputs;
use super::moves::{self, Move};
use super::node::Node;
use super::outputs::outputs;
use super::waits::waits;
use super::withhold::Why;
use super::{Plan, Vanished, chosen, join, refresh, renamed, settle, withhold};
use crate::address::Address;
use crate::change::{Change, Drift, Fate};
use crate::live::{Observed, TAG_ADDRESS};
use crate::state::Effect;
use crate::task::{Phase, Task};
use crate::types::Identity;
use crate::value::Value;

/// Makes the plan.
pub(crate) fn make(inputs: &Inputs<'_>) -> Plan {
    let known = inputs
        .config
        .resources
        .keys()
        .chain(inputs.state.resources.keys());
    let mistakes = inputs.selection.mistakes(known);
    if !mistakes.is_empty() {
        return Plan {
            errors: mistakes,
            ..Plan::default()
        };
    }
    if inputs.selection.refresh_only {
        return refresh::make(inputs);
    }
    let (mut moves, mut errors) = if inputs.destroy {
        (Vec::new(), Vec::new())
    } else {
        moves::said(inputs.config, inputs.state, inputs.open)
    };
    let mut plan = if inputs.destroy {
        make_of(inputs, &moves)
    } else {
        let said = moves::state_after(&moves, inputs.state);
        let (implied, not_yet) = moves::implied(inputs.config, &said, inputs.open);
        moves.extend(implied);
        errors.extend(not_yet);
        if moves.is_empty() {
            make_of(inputs, &moves)
        } else {
            let moved = Inputs {
                state: &moves::state_after(&moves, inputs.state),
                live: &moves::live_after(&moves, inputs.live),
                ..*inputs
            };
            make_of(&moved, &moves)
        }
    };
    plan.errors.extend(errors);
    plan
}

/// Makes the plan of inputs in which the moves are done already. What moves in a circle is made anew instead.
fn make_of(inputs: &Inputs<'_>, moves: &[Move]) -> Plan {
    let mut given_up = BTreeSet::new();
    loop {
        let (mut plan, circle) = make_with(inputs, moves, &given_up);
        let Some(circle) = circle else { return plan };
        let more = movers(inputs, &plan, &circle.changed);
        if more.is_empty() {
            plan.errors.push(*circle.error);
            return plan;
        }
        given_up.extend(more);
    }
}

/// Those among them that go from one place to another, or become what the other one is; if there are any with which nothing is lost, only they.
fn movers(inputs: &Inputs<'_>, plan: &Plan, changed: &BTreeSet<Address>) -> BTreeSet<Address> {
    let moves = |change: &&Change| {
        let resource_type = inputs.types.get(change.address.type_name());
        let stands_in = resource_type.and_then(|one| one.stays_with);
        let is = match resource_type.map(|one| &one.identity) {
            Some(Identity::Joined { place, .. }) => *place,
            _ => &[],
        };
        let mut attributes = change.attributes.iter().map(|attribute| attribute.path.as_str());
        changed.contains(&change.address)
            && attributes.any(|path| Some(path) == stands_in || is.contains(&path))
    };
    let loses = |address: &Address| {
        let resource_type = inputs.types.get(address.type_name());
        let observed = inputs.live.resources.get(address);
        let both = resource_type.zip(observed);
        both.is_some_and(|(resource_type, observed)| !(resource_type.losses)(&observed.attributes).is_empty())
    };
    let movers = plan
        .changes
        .iter()
        .filter(moves)
        .map(|change| change.address.clone());
    let (losing, keeping): (BTreeSet<_>, BTreeSet<_>) = movers.partition(loses);
    if keeping.is_empty() { losing } else { keeping }
}

/// The same, in which these are made anew because what they stand in has to go before where they go to is there.
fn make_with(inputs: &Inputs<'_>, moves: &[Move], given_up: &BTreeSet<Address>) -> (Plan, Option<Circle>) {
    let strays = decide::strays(inputs);
    let mut planner = Planner {
        context: Context::new(inputs, strays.adopted, given_up),
        decisions: BTreeMap::new(),
        leftovers: Vec::new(),
        plan: Plan {
            findings: strays.diagnostics,
            ..Plan::default()
        },
    };
    if !inputs.destroy {
        planner.decide_wanted();
    }
    planner.decide_removals();
    planner.join();
    planner.settle();
    planner.tell_moves(moves);
    planner.finish()
}

struct Planner<'a> {
    context: Context<'a>,
    decisions: BTreeMap<Address, Decision<'a>>,
    /// Deletes of what earlier runs moved aside.
    leftovers: Vec<(Address, usize, Decision<'a>)>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    /// Everything in the configuration, each after all that it needs.
    fn decide_wanted(&mut self) {
        match ordered(self.context.inputs.config, &self.context.dependencies) {
            Ok(order) => {
                for address in &order {
                    if let Some(resource) = self.context.wanted(address) {
                        let decision = decide::wanted(&self.context, resource);
                        self.take(address, decision);
                    }
                }
                self.plan.findings.extend(renamed::hint(&self.context, &order));
            }
            Err(error) => self.plan.errors.push(*error),
        }
    }

    /// Everything in the state that the configuration no longer has, and what interrupted replacements left.
    fn decide_removals(&mut self) {
        let inputs = self.context.inputs;
        for (address, known) in &inputs.state.resources {
            let is_wanted = !inputs.destroy && self.context.wanted(address).is_some();
            if !known.id.is_empty() && !is_wanted {
                let decision = decide::unwanted(&self.context, address, known);
                self.take(address, decision);
            }
            let there = inputs.live.deposed.get(address);
            for (index, leftover) in there.into_iter().flatten().enumerate() {
                // One that takes its place again is not left over.
                let is_restored = self
                    .context
                    .decided(address)
                    .and_then(|decided| decided.kept)
                    .is_some_and(|kept| kept.id == leftover.id);
                if !is_restored {
                    let decision = decide::leftover(&self.context, address, index, leftover);
                    self.context.removes(&leftover.id);
                    self.leftovers.push((address.clone(), index, decision));
                }
            }
            for gone in &known.deposed {
                if !there.into_iter().flatten().any(|observed| observed.id == gone.id) {
                    let fresh = || Decision::new(Change::new(address, Fate::Note));
                    let decision = self.decisions.entry(address.clone()).or_insert_with(fresh);
                    decision.note(Effect::Remove {
                        address: address.clone(),
                        id: gone.id.clone(),
                    });
                    // Nobody has seen it, which may be for want of a right: it is forgotten with leave, like anything.
                    if !gone.unsettled.contains_key("id") && decision.vanished.is_none() {
                        decision.drift.push(Drift {
                            address: address.clone(),
                            path: String::new(),
                            remembered: Some(Value::from(gone.id.as_str())),
                            observed: None,
                            effect: "it was left over by a replacement; this plan forgets it".into(),
                        });
                        decision.vanished = Some(Vanished {
                            address: address.clone(),
                            id: gone.id.clone(),
                        });
                    }
                    if decision.change.fate == Fate::Keep {
                        decision.change.fate = Fate::Note;
                    }
                }
            }
        }
    }

    fn take(&mut self, address: &Address, mut decision: Decision<'a>) {
        if let Some(decided) = decision.decided.take() {
            self.context.remember(address.clone(), decided);
        }
        let inputs = self.context.inputs;
        if decision.change.fate.needs_approval() {
            self.context.changes(address);
        }
        let is_removed = decision.tasks.contains_key(&Phase::Remove.into());
        if is_removed && let Some(observed) = inputs.live.resources.get(address) {
            self.context.removes(&observed.id);
        } else if is_removed && let Some(observed) = self.context.adopted.get(address) {
            self.context.removes(&observed.id);
        }
        self.decisions.insert(address.clone(), decision);
    }

    /// What joins them to each other.
    fn join(&mut self) {
        let context = &self.context;
        let inputs = context.inputs;
        let mut survivals = Vec::new();
        let along = join::along(context);
        let along_with = |observed: &Observed| along.get(observed.id.as_str()).map_or(&[][..], Vec::as_slice);
        for (address, decision) in &mut self.decisions {
            let is_removed = decision.tasks.contains_key(&Phase::Remove.into());
            if let Some(resource) = context.wanted(address).filter(|_| !inputs.destroy) {
                survivals.extend(join::wanted(context, resource, decision));
            }
            let resource_type = inputs.types.get(address.type_name());
            if let Some((resource_type, observed)) = resource_type.zip(inputs.live.resources.get(address)) {
                if is_removed {
                    let along = along_with(observed);
                    join::unwanted(context, address, None, resource_type, observed, along, decision);
                } else if decide::let_go(context, address).is_some() {
                    join::let_go(context, resource_type, observed, decision);
                }
            }
        }
        for (address, index, decision) in &mut self.leftovers {
            let there = inputs.live.deposed.get(address);
            let observed = there.and_then(|there| there.get(*index));
            let resource_type = inputs.types.get(address.type_name());
            if !decision.tasks.is_empty()
                && let (Some(resource_type), Some(observed)) = (resource_type, observed)
            {
                let along = along_with(observed);
                join::unwanted(
                    context,
                    address,
                    Some(*index),
                    resource_type,
                    observed,
                    along,
                    decision,
                );
            }
        }
        for survival in survivals {
            if let Some(decision) = self.decisions.get_mut(&survival.partner) {
                decision.change.kept.push(survival.words);
            }
        }
    }

    /// What the state says when all is done.
    fn settle(&mut self) {
        for (address, decision) in &mut self.decisions {
            if let Some(resource) = self.context.wanted(address)
                && !self.context.inputs.destroy
            {
                settle::wanted(&self.context, resource, decision);
            }
        }
    }

    /// The state learns first of all what has another address.
    fn tell_moves(&mut self, moves: &[Move]) {
        for one in moves {
            let Some(decision) = self.decisions.get_mut(&one.to) else {
                continue;
            };
            decision.note_first(one.effect());
            let change = &mut decision.change;
            change.moved_from = Some(one.from.clone());
            change.reasons.insert(0, one.reason.clone());
            let tag = format!("tags.{TAG_ADDRESS}");
            let is_alone = match change.fate {
                Fate::Keep | Fate::Note => true,
                Fate::Update => change.attributes.iter().all(|attribute| attribute.path == tag),
                _ => false,
            };
            let joins = [Phase::LetGo, Phase::Join].map(|phase| decision.tasks.contains_key(&phase.into()));
            if is_alone && joins == [false, false] {
                change.fate = Fate::Move;
            }
        }
    }

    fn finish(mut self) -> (Plan, Option<Circle>) {
        let context = &self.context;
        let inputs = context.inputs;
        let mut plan = self.plan;
        let mut tasks: BTreeMap<Node, Task> = BTreeMap::new();
        for (address, decision) in self.decisions.iter_mut().chain(
            self.leftovers
                .iter_mut()
                .map(|(address, _, decision)| (&*address, decision)),
        ) {
            for (place, task) in std::mem::take(&mut decision.tasks) {
                tasks.insert(Node::new(address, place), task);
            }
        }
        let waits = waits(&tasks, context, &BTreeSet::new());
        let refused = self
            .decisions
            .iter()
            .filter(|(_, decision)| decision.change.fate == Fate::Withheld)
            .map(|(address, _)| address.clone());
        let impossible = inputs.impossible.keys().cloned();
        let first: BTreeSet<Address> = refused.chain(impossible).collect();
        if !first.is_empty() {
            let out = withhold::closure(first, &tasks, &waits.all, Why::Impossible, context);
            tasks.retain(|node, _| !out.contains_key(node.address()));
            withhold::mark(&mut self.decisions, &out, inputs.impossible);
            plan.findings.extend(inputs.impossible.values().cloned());
            self.leftovers.retain(|(address, ..)| !out.contains_key(address));
        }
        let mut not_asked = BTreeMap::new();
        if inputs.selection.narrows() {
            let all = self
                .decisions
                .keys()
                .chain(self.leftovers.iter().map(|(address, ..)| address));
            let first = chosen::not_chosen(inputs.selection, all, &tasks, &waits.all);
            not_asked = withhold::closure(first, &tasks, &waits.all, Why::NotAsked, context);
            tasks.retain(|node, _| !not_asked.contains_key(node.address()));
            withhold::leave_out(&mut self.decisions, &not_asked);
            self.leftovers
                .retain(|(address, ..)| !not_asked.contains_key(address));
            plan.findings.retain(|finding| {
                let address = finding.address.as_ref();
                !finding.is_error() || address.is_none_or(|address| !not_asked.contains_key(address))
            });
        }
        for (address, decision) in &mut self.decisions {
            if !matches!(decision.change.fate, Fate::Withheld | Fate::LeftOut) {
                let own: Vec<&Task> = tasks
                    .range(Node::new(address, Phase::Note)..)
                    .take_while(|(node, _)| node.address() == address)
                    .filter(|(node, _)| node.leftover().is_none())
                    .map(|(_, task)| task)
                    .collect();
                let resource_type = inputs.types.get(address.type_name());
                settle::tell_steps(&mut decision.change, &own, resource_type);
            }
        }
        for (address, _, decision) in &mut self.leftovers {
            let own: Vec<&Task> = tasks
                .iter()
                .filter(|(node, task)| {
                    node.address() == address && decision.change.id.as_deref() == task.id.as_deref()
                })
                .filter(|(node, _)| node.leftover().is_some())
                .map(|(_, task)| task)
                .collect();
            settle::tell_steps(&mut decision.change, &own, None);
        }
        let mut circle = None;
        match arrange(tasks, context, &waits) {
            Ok(tasks) => plan.tasks = tasks,
            Err(found) => circle = Some(found),
        }
        plan.outputs = outputs(context, &not_asked);
        plan.known = inputs
            .state
            .resources
            .values()
            .filter(|known| !known.id.is_empty())
            .count();
        let decisions = self.decisions.into_values();
        for decision in decisions.chain(self.leftovers.into_iter().map(|(.., decision)| decision)) {
            plan.changes.push(decision.change);
            plan.drift.extend(decision.drift);
            plan.forbidden.extend(decision.forbidden);
            plan.vanished.extend(decision.vanished);
            plan.findings.extend(decision.findings);
            plan.errors.extend(decision.errors);
        }
        plan.changes
            .sort_by(|a, b| a.address.cmp(&b.address).then(a.fate.cmp(&b.fate)));
        plan.drift
            .sort_by(|a, b| a.address.cmp(&b.address).then_with(|| a.path.cmp(&b.path)));
        (plan, circle)
    }
}
