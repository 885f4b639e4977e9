//! Puts the halves of all changes in order: what is needed is made first, what uses something is changed or deleted
//! before it goes, and the halves of a replacement follow each other.
//!
//! Does not know what the work is, nor why it was decided.

use std::collections::BTreeMap;

use super::Work;
use super::context::Context;
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::graph::Graph;
use crate::types::Replacement;

/// One half of a change, before it has its place in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Half {
    /// Create or update: afterwards it is as wanted.
    Make,
    /// Delete of the current one, or of the one that was moved aside.
    Remove,
    /// Delete of one that an earlier run left behind; the number tells several apart.
    Leftover(usize),
}

pub(super) type Node = (Address, Half);

/// The work, each piece after all that it waits for. The error shows a cycle as a path.
pub(super) fn arrange(
    mut work: BTreeMap<Node, Work>,
    context: &Context<'_>,
) -> Result<Vec<Work>, Box<Diagnostic>> {
    let edges = Edges {
        work: &work,
        context,
        found: Vec::new(),
    };
    let graph = Graph::new(work.keys().cloned(), edges.find());
    let order = graph.order().map_err(|cycle| Box::new(cycle_error(&cycle)))?;
    let position: BTreeMap<&Node, usize> = order
        .iter()
        .enumerate()
        .map(|(index, node)| (node, index))
        .collect();
    let mut arranged = Vec::with_capacity(order.len());
    for node in &order {
        if let Some(mut work) = work.remove(node) {
            let needed = graph.needs(node).into_iter();
            work.after = needed
                .filter_map(|needed| position.get(needed).copied())
                .collect();
            arranged.push(work);
        }
    }
    Ok(arranged)
}

fn cycle_error(cycle: &[Node]) -> Diagnostic {
    let path: Vec<String> = cycle.iter().map(|(address, _)| address.to_string()).collect();
    Diagnostic::error("E0602", "these changes need each other, so none can be first")
        .note(path.join(" -> "))
        .help("make one of them in an apply of its own")
}

/// Who waits for whom, as pairs of a node and what it needs.
struct Edges<'a> {
    work: &'a BTreeMap<Node, Work>,
    context: &'a Context<'a>,
    found: Vec<(Node, Node)>,
}

impl Edges<'_> {
    fn find(mut self) -> Vec<(Node, Node)> {
        self.making();
        self.removing();
        self.handing_over();
        self.found
    }

    /// An edge that counts only if both ends have something to do.
    fn add(&mut self, from: (&Address, Half), to: (&Address, Half)) {
        let from = (from.0.clone(), from.1);
        let to = (to.0.clone(), to.1);
        if self.work.contains_key(&from) && self.work.contains_key(&to) {
            self.found.push((from, to));
        }
    }

    fn does(&self, address: &Address, half: Half) -> bool {
        self.work.contains_key(&(address.clone(), half))
    }

    fn is_create_first(&self, address: &Address) -> bool {
        self.context.replaced(address) == Some(Replacement::CreateFirst)
    }

    /// A make comes after the makes of what it needs, and has its place before or behind its own delete.
    fn making(&mut self) {
        let work = self.work;
        let context = self.context;
        for (address, _) in work.keys().filter(|(_, half)| *half == Half::Make) {
            for needed in context.needs(address) {
                self.add((address, Half::Make), (needed, Half::Make));
            }
            let (make, remove) = ((address, Half::Make), (address, Half::Remove));
            if self.is_create_first(address) {
                self.add(remove, make);
            } else {
                self.add(make, remove);
            }
        }
    }

    /// A delete comes after all that still uses what is deleted.
    fn removing(&mut self) {
        let inputs = self.context.inputs;
        for (dependent, known) in &inputs.state.resources {
            for needed in &known.dependencies {
                self.add((needed, Half::Remove), (dependent, Half::Remove));
                // A dependent that stays lets go by its own change, unless it waits for the new one.
                let delete_first = self.does(needed, Half::Make) && !self.is_create_first(needed);
                let stays = !self.does(dependent, Half::Remove);
                if stays && !delete_first {
                    self.add((needed, Half::Remove), (dependent, Half::Make));
                }
                for index in 0..inputs.live.deposed.get(needed).map_or(0, Vec::len) {
                    self.add((needed, Half::Leftover(index)), (dependent, Half::Make));
                    self.add((needed, Half::Leftover(index)), (dependent, Half::Remove));
                }
            }
        }
    }

    /// New dependents of a create-first replacement are moved to the new one before the old one goes.
    fn handing_over(&mut self) {
        let context = self.context;
        for (dependent, needed) in &context.dependencies {
            if self.does(dependent, Half::Remove) {
                continue;
            }
            for address in needed {
                if self.is_create_first(address) {
                    self.add((address, Half::Remove), (dependent, Half::Make));
                }
            }
        }
    }
}
