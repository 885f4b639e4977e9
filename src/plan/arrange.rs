//! Puts all tasks in order.
//!
//! Does not know why one waits for another.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::node::Node;
use super::parting;
use super::waits::{self, Waits};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, codes};
use crate::graph::Graph;
use crate::task::{Phase, Task};

/// Tasks that need each other.
pub(super) struct Circle {
    pub(super) error: Box<Diagnostic>,
    /// Whose change is among them.
    pub(super) changed: BTreeSet<Address>,
}

/// The tasks, each after all that it waits for. The error shows a cycle as a path.
pub(super) fn arrange(
    mut tasks: BTreeMap<Node, Task>,
    context: &Context<'_>,
    waits: &Waits,
) -> Result<Vec<Task>, Circle> {
    let lined_up = match line_up(&waits.honoured(&tasks)) {
        Ok(lined_up) => lined_up,
        Err(cycle) => {
            let parted = parting::part(&mut tasks, waits);
            if parted.is_empty() {
                return Err(circle(&cycle, &waits.honoured(&tasks)));
            }
            let waits = waits::waits(&tasks, context, &parted);
            let honoured = waits.honoured(&tasks);
            line_up(&honoured).map_err(|cycle| circle(&cycle, &honoured))?
        }
    };
    let arranged = lined_up.into_iter().filter_map(|(node, after)| {
        let task = tasks.remove(&node)?;
        Some(Task { after, ..task })
    });
    Ok(arranged.collect())
}

/// All nodes in their order, each with the positions of what it waits for. The error is a cycle.
fn line_up(graph: &Graph<&Node>) -> Result<Vec<(Node, Vec<usize>)>, Vec<Node>> {
    let order = graph
        .order()
        .map_err(|cycle| cycle.into_iter().cloned().collect::<Vec<Node>>())?;
    let position: BTreeMap<&Node, usize> = order
        .iter()
        .enumerate()
        .map(|(index, node)| (*node, index))
        .collect();
    let needed = |node: &Node| -> Vec<usize> {
        let needed = graph.needs(&node).into_iter();
        needed
            .filter_map(|needed| position.get(needed).copied())
            .collect()
    };
    Ok(order.iter().map(|node| ((*node).clone(), needed(node))).collect())
}

fn circle(cycle: &[Node], graph: &Graph<&Node>) -> Circle {
    let of_changes = graph.cycles().into_keys();
    let of_changes = of_changes.filter(|node| node.phase() == Phase::Change);
    Circle {
        error: Box::new(cycle_error(cycle)),
        changed: of_changes.map(|node| node.address().clone()).collect(),
    }
}

fn cycle_error(cycle: &[Node]) -> Diagnostic {
    let path: Vec<String> = cycle.iter().map(|node| node.address().to_string()).collect();
    Diagnostic::error(
        codes::ORDER,
        "these changes need each other, so none can be first",
    )
    .note(path.join(" -> "))
    .help("make one of them in an apply of its own")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_of_changes_has_a_code_of_its_own() {
        let node = |text: &str, phase: Phase| Node::new(&text.parse().unwrap(), phase);
        let nodes = [
            node("vpc.a", Phase::Change),
            node("vpc.b", Phase::Change),
            node("vpc.c", Phase::Make),
        ];
        let [one, other, free] = &nodes;
        let graph = Graph::new([one, other, free], [(one, other), (other, one), (free, one)]);
        let circle = circle(&line_up(&graph).unwrap_err(), &graph);
        assert_eq!(circle.error.code, codes::ORDER);
        assert_eq!(circle.changed.len(), 2, "{:?}", circle.changed);
        let path = &circle.error.notes[0];
        assert!(
            path.contains("vpc.a") && path.contains("vpc.b") && !path.contains("vpc.c"),
            "{path}"
        );
        let graph = Graph::new([one, other, free], [(one, other), (free, one)]);
        assert!(line_up(&graph).is_ok());
    }
}
