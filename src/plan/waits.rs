//! Who waits for whom: a few rules over the phases in the lives of objects.
//!
//! * A note comes before everything else of its address; letting go before a change, a change before a join. Whatever is
//!   about an address comes after the note that takes another object away from it.
//! * What makes or changes something comes after what makes or changes what it needs, unless no value asks for it and it
//!   would close a circle; every step comes after the task that makes the values it names.
//! * What removes something comes after its own letting go, after the removal of what needed it, and after the change
//!   or join of what stays, unless that waits for the new one.
//! * Whoever is joined to something that goes lets go of it before.
//! * Delete-first: the new one after the old one is gone. Create-first: the old one goes when all have moved.
//! * A unique value is freed before it is taken.
//!
//! Does not know what a task does, nor why it was decided.

use std::collections::{BTreeMap, BTreeSet};

use super::contention;
use super::context::Context;
use super::decide::Place;
use super::node::Node;
use crate::address::Address;
use crate::graph::Graph;
use crate::state::Effect;
use crate::step::StepKind;
use crate::task::{Phase, Task};
use crate::types::{Part, Replacement};
use crate::value::{Reference, Value};

/// Who waits for whom.
#[derive(Default)]
pub(super) struct Waits {
    /// Pairs of a task and what it waits for.
    pub(super) all: Vec<(Node, Node)>,
    /// From this position on no value asks for it: a `depends_on`, or a name that was filled in long ago. Where such a
    /// pair would close a circle it is not honoured.
    mere: usize,
}

/// Who waits for whom. What is `parted` leaves what it stood in by its letting go.
pub(super) fn waits(
    tasks: &BTreeMap<Node, Task>,
    context: &Context<'_>,
    parted: &BTreeSet<Address>,
) -> Waits {
    if tasks.is_empty() {
        return Waits::default();
    }
    let mut edges = Edges {
        tasks,
        context,
        parted,
        found: contention::find(tasks, context),
        remembered: Vec::new(),
    };
    edges.moves();
    edges.lives();
    edges.removing();
    edges.partners();
    edges.pinned();
    edges.values();
    let mere = edges.found.len();
    edges.making();
    edges.found.append(&mut edges.remembered);
    Waits {
        all: edges.found,
        mere,
    }
}

impl Waits {
    /// What is waited for among these tasks; what no value asks for is left out where it closes a circle.
    pub(super) fn honoured<'t>(&'t self, tasks: &'t BTreeMap<Node, Task>) -> Graph<&'t Node> {
        let is_there = |(from, to): &&(Node, Node)| tasks.contains_key(from) && tasks.contains_key(to);
        let pairs = || self.all.iter().filter(is_there).map(|(from, to)| (from, to));
        let graph = Graph::new(tasks.keys(), pairs());
        let cycles = graph.cycles();
        if cycles.is_empty() {
            return graph;
        }
        let asked: BTreeSet<(&Node, &Node)> = self.all[..self.mere]
            .iter()
            .map(|(from, to)| (from, to))
            .collect();
        let closes_one = |(from, to): &(&Node, &Node)| {
            let number = cycles.get(from);
            number.is_some() && number == cycles.get(to)
        };
        Graph::new(
            tasks.keys(),
            pairs().filter(|pair| asked.contains(pair) || !closes_one(pair)),
        )
    }
}

struct Edges<'a, 'c> {
    tasks: &'c BTreeMap<Node, Task>,
    context: &'c Context<'a>,
    parted: &'c BTreeSet<Address>,
    found: Vec<(Node, Node)>,
    /// Those of which only the state says that the one needs the other; nothing in the one names the other.
    remembered: Vec<(Node, Node)>,
}

/// The phases in which something comes to be as it is wanted.
const MAKING: [Phase; 2] = [Phase::Make, Phase::Change];

impl Edges<'_, '_> {
    /// An edge that counts only if both ends have something to do.
    fn add(&mut self, from: &Node, to: &Node) {
        if from != to && self.tasks.contains_key(from) && self.tasks.contains_key(to) {
            self.found.push((from.clone(), to.clone()));
        }
    }

    fn does(&self, address: &Address, phase: Phase) -> bool {
        self.tasks.contains_key(&Node::new(address, phase))
    }

    fn is_create_first(&self, address: &Address) -> bool {
        match self.context.replaced(address) {
            Some(order) => order == Replacement::CreateFirst,
            // A restored one takes the place of one that goes.
            None => self.context.decided(address).is_some() && self.does(address, Phase::Remove),
        }
    }

    /// What moves away from an address is no more there when anything else happens at it.
    fn moves(&mut self) {
        let tasks = self.tasks;
        let mut left: BTreeMap<&Address, &Node> = BTreeMap::new();
        for (node, task) in tasks {
            for effect in &task.then {
                if let Effect::Move { from, .. } = effect {
                    left.insert(from, node);
                }
            }
        }
        if left.is_empty() {
            return;
        }
        for node in tasks.keys() {
            if let Some(leaving) = left.get(node.address()) {
                self.add(node, leaving);
            }
        }
    }

    /// The order inside one address.
    fn lives(&mut self) {
        let tasks = self.tasks;
        for node in tasks.keys() {
            let at = |phase: Phase| Node::new(node.address(), phase);
            let at_leftover = |phase: Phase, index: usize| {
                let leftover = Some(index);
                Node::new(node.address(), Place { phase, leftover })
            };
            if node.phase() != Phase::Note {
                self.add(node, &at(Phase::Note));
            }
            match node.phase() {
                Phase::Change => self.add(node, &at(Phase::LetGo)),
                Phase::Join => {
                    self.add(node, &at(Phase::LetGo));
                    // Nor is it joined where one that was moved aside still is.
                    let aside = self.context.inputs.live.deposed.get(node.address());
                    for index in 0..aside.map_or(0, Vec::len) {
                        self.add(node, &at_leftover(Phase::LetGo, index));
                    }
                    self.add(node, &at(Phase::Make));
                    self.add(node, &at(Phase::Change));
                    // What comes from the old one has to be free.
                    for old in self.predecessors(node.address()) {
                        self.add(node, &old);
                    }
                }
                Phase::Remove if node.leftover().is_none() => {
                    self.add(node, &at(Phase::LetGo));
                    let make = if self.does(node.address(), Phase::Make) {
                        at(Phase::Make)
                    } else {
                        at(Phase::Change)
                    };
                    if self.is_create_first(node.address()) {
                        self.add(node, &make);
                    } else {
                        self.add(&make, node);
                    }
                }
                Phase::Remove => {
                    if let Some(index) = node.leftover() {
                        self.add(node, &at_leftover(Phase::LetGo, index));
                    }
                    // What is to stay of it was told so before.
                    if self.predecessors(node.address()).contains(node) {
                        self.add(node, &at(Phase::LetGo));
                    }
                }
                _ => {}
            }
        }
    }

    /// The removals of those from which something may come to the one that has the address.
    fn predecessors(&self, address: &Address) -> Vec<Node> {
        let resource_type = self.context.inputs.types.get(address.type_name());
        let inherits = |part: &Part| part.heirs.is_some();
        if !resource_type.is_some_and(|one| one.parts.iter().any(inherits)) {
            return Vec::new();
        }
        let aside = self.context.inputs.live.deposed.get(address).map_or(0, Vec::len);
        let leftovers = (0..aside).map(|index| Place {
            phase: Phase::Remove,
            leftover: Some(index),
        });
        let current = std::iter::once(Place::from(Phase::Remove));
        current
            .chain(leftovers)
            .map(|place| Node::new(address, place))
            .collect()
    }

    /// What is made or changed comes after what it needs.
    fn making(&mut self) {
        let (tasks, context) = (self.tasks, self.context);
        for node in tasks.keys().filter(|node| MAKING.contains(&node.phase())) {
            for needed in context.needs(node.address()) {
                for phase in MAKING {
                    self.add(node, &Node::new(needed, phase));
                }
            }
        }
    }

    /// Every step comes after the task that makes the values it names.
    fn values(&mut self) {
        for (node, task) in self.tasks {
            let mut named: BTreeSet<&Reference> = BTreeSet::new();
            for step in &task.steps {
                if let StepKind::Call(call) = &step.kind {
                    call.params
                        .values()
                        .for_each(|value| value.references(&mut named));
                }
            }
            for reference in named {
                for phase in MAKING {
                    self.add(node, &Node::new(&reference.address, phase));
                }
            }
        }
    }

    /// A delete comes after all that still uses what is deleted.
    fn removing(&mut self) {
        let context = self.context;
        let inputs = context.inputs;
        for (dependent, known) in &inputs.state.resources {
            // What was moved aside still uses what it used.
            let there = inputs.live.deposed.get(dependent);
            for (index, observed) in there.into_iter().flatten().enumerate() {
                let old = known.deposed.iter().find(|old| old.id == observed.id);
                let needs = old.into_iter().flat_map(|old| &old.dependencies);
                for needed in needs.filter(|needed| self.context.is_in(needed, observed)) {
                    let leftover = Place {
                        phase: Phase::Remove,
                        leftover: Some(index),
                    };
                    self.add(&Node::new(needed, Phase::Remove), &Node::new(dependent, leftover));
                }
            }
            for needed in &known.dependencies {
                let remove = Node::new(needed, Phase::Remove);
                let gone = Node::new(dependent, Phase::Remove);
                if !context.holds(dependent, needed) && self.tasks.contains_key(&gone) {
                    if !self.is_only_remembered(dependent, needed) && self.tasks.contains_key(&remove) {
                        self.remembered.push((remove.clone(), gone));
                    }
                } else {
                    self.add(&remove, &gone);
                }
                self.add(&remove, &Node::new(dependent, Phase::LetGo));
                // A dependent that stays lets go by its own change, unless it waits for the new one.
                let delete_first = self.does(needed, Phase::Make) && !self.is_create_first(needed);
                let stays = !self.does(dependent, Phase::Remove) && !self.parted.contains(dependent);
                let waits = delete_first && self.context.needs(dependent).any(|one| one == needed);
                let change = Node::new(dependent, Phase::Change);
                if stays && !waits {
                    if context.holds(dependent, needed) {
                        self.add(&remove, &change);
                    } else if self.tasks.contains_key(&remove) && self.tasks.contains_key(&change) {
                        self.remembered.push((remove.clone(), change));
                    }
                }
                for index in 0..inputs.live.deposed.get(needed).map_or(0, Vec::len) {
                    let leftover = Node::new(
                        needed,
                        Place {
                            phase: Phase::Remove,
                            leftover: Some(index),
                        },
                    );
                    // Its successor uses nothing that was moved aside.
                    let phase = if stays { Phase::Change } else { Phase::Remove };
                    self.add(&leftover, &Node::new(dependent, phase));
                }
            }
        }
        // New dependents of a create-first replacement are moved to the new one before the old one goes.
        for (dependent, needed) in &context.dependencies {
            if self.does(dependent, Phase::Remove) {
                continue;
            }
            for address in needed {
                if self.is_create_first(address) {
                    for phase in MAKING {
                        self.add(&Node::new(address, Phase::Remove), &Node::new(dependent, phase));
                    }
                }
            }
        }
    }

    /// What moves waits until all that keeps it in its place has let go of it.
    fn pinned(&mut self) {
        let (tasks, context) = (self.tasks, self.context);
        let moving = tasks.keys().filter(|node| node.phase() == Phase::Change);
        let moving: BTreeSet<&Address> = moving
            .map(Node::address)
            .filter(|address| context.moves(address))
            .collect();
        if moving.is_empty() {
            return;
        }
        for (address, observed) in &context.inputs.live.resources {
            let Some(resource_type) = context.inputs.types.get(address.type_name()) else {
                continue;
            };
            let holder = |name: &str| {
                let id = observed.attributes.get(name)?.as_str()?;
                context.owner(id).filter(|holder| moving.contains(holder))
            };
            for relation in resource_type.relations.iter().filter(|relation| relation.pins) {
                if let Some(holder) = holder(relation.attribute) {
                    self.add(
                        &Node::new(holder, Phase::Change),
                        &Node::new(address, Phase::LetGo),
                    );
                }
            }
            if let Some(holder) = resource_type.stays_with.and_then(holder) {
                let change = Node::new(holder, Phase::Change);
                self.add(&change, &Node::new(address, Phase::Remove));
                // One that leads elsewhere from now on is turned before.
                if !context.needs(address).any(|needed| needed == holder) {
                    self.add(&change, &Node::new(address, Phase::Change));
                }
            }
        }
    }

    /// Whether nothing but a `depends_on` says that the one needs the other, and it cannot be honoured: the old one of a
    /// create-first replacement goes last, while the other is not wanted any more or goes before its successor.
    fn is_only_remembered(&self, dependent: &Address, needed: &Address) -> bool {
        let is_wanted = self.context.needs(dependent).any(|one| one == needed);
        self.is_create_first(dependent)
            && !(is_wanted && self.is_create_first(needed))
            && !self.context.holds(dependent, needed)
    }

    /// Whoever is joined to something that goes lets go of it before, and is joined when its partner is ready.
    fn partners(&mut self) {
        let (tasks, context) = (self.tasks, self.context);
        let joining = [Phase::LetGo, Phase::Change, Phase::Join];
        for node in tasks.keys().filter(|node| joining.contains(&node.phase())) {
            let live = match node.leftover() {
                None => context.inputs.live.resources.get(node.address()),
                Some(index) => {
                    let aside = context.inputs.live.deposed.get(node.address());
                    aside.and_then(|aside| aside.get(index))
                }
            };
            if let Some(live) = live.filter(|_| node.phase() != Phase::Join) {
                let resource_type = context.inputs.types.get(node.address().type_name());
                for id in resource_type
                    .into_iter()
                    .flat_map(|resource_type| resource_type.joined_ids(&live.attributes))
                {
                    // Parts of a partner that hold this one fast are out before it leaves.
                    if let Some(partner) = context.owner(id).filter(|_| node.phase() == Phase::LetGo)
                        && holds_fast(context, partner)
                    {
                        self.add(node, &Node::new(partner, Phase::LetGo));
                        self.add(node, &Node::new(partner, Phase::Change));
                    }
                    if let Some(partner) = context.owner(id)
                        && context.is_going(id)
                    {
                        // It may be one that an earlier run moved aside.
                        let old = context.inputs.live.deposed.get(partner);
                        let leftover = old.and_then(|old| old.iter().position(|one| one.id == id));
                        let phase = Phase::Remove;
                        self.add(&Node::new(partner, Place { phase, leftover }), node);
                    }
                }
            }
            if node.phase() == Phase::Join {
                let wanted = context.wanted(node.address());
                let values = wanted.into_iter().flat_map(|wanted| {
                    let joined = wanted.resource_type.relations.iter();
                    joined.filter_map(|relation| wanted.attributes.get(relation.attribute))
                });
                let mut named: BTreeSet<&Reference> = BTreeSet::new();
                values.for_each(|value: &Value| value.references(&mut named));
                for reference in named {
                    for phase in MAKING {
                        self.add(node, &Node::new(&reference.address, phase));
                    }
                }
                // A part that names what is joined to its owner (an address of a gateway) wants it joined before.
                let parts = wanted.into_iter().flat_map(|wanted| {
                    let parts = wanted.resource_type.parts.iter();
                    parts.filter_map(|part| wanted.attributes.get(part.attribute))
                });
                let mut named: BTreeSet<&Reference> = BTreeSet::new();
                parts.for_each(|value: &Value| value.references(&mut named));
                for reference in named {
                    if context.joins(&reference.address, node.address()) {
                        self.add(node, &Node::new(&reference.address, Phase::Join));
                    }
                }
            }
        }
    }
}

/// Whether one of this type holds by its parts what is joined to it.
fn holds_fast(context: &Context<'_>, address: &Address) -> bool {
    let resource_type = context.inputs.types.get(address.type_name());
    resource_type.is_some_and(|one| one.parts.iter().any(|part| part.out_first))
}
