//! Puts all tasks in order.
//!
//! Does not know why one waits for another.

use std::collections::BTreeMap;

use super::context::Context;
use super::node::Node;
use super::parting;
use super::waits::{self, Waits};
use crate::diagnostic::{Diagnostic, codes};
use crate::graph::Graph;
use crate::task::Task;

/// The tasks, each after all that it waits for. The error shows a cycle as a path.
pub(super) fn arrange(
    mut tasks: BTreeMap<Node, Task>,
    context: &Context<'_>,
    waits: &Waits,
) -> Result<Vec<Task>, Box<Diagnostic>> {
    let lined_up = match line_up(&waits.honoured(&tasks)) {
        Ok(lined_up) => lined_up,
        Err(cycle) => {
            let parted = parting::part(&mut tasks, waits);
            if parted.is_empty() {
                return Err(Box::new(cycle_error(&cycle)));
            }
            let waits = waits::waits(&tasks, context, &parted);
            line_up(&waits.honoured(&tasks)).map_err(|cycle| Box::new(cycle_error(&cycle)))?
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
        let error = cycle_error(&[]);
        assert_eq!(error.code, codes::ORDER);
    }
}
