//! A directed graph of named nodes: an order that respects the edges, and cycles as readable paths.
//!
//! Knows no resources; `petgraph` is seen nowhere else.

use std::collections::BTreeMap;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

/// Nodes of type `N`; an edge leads from a node to one that must come before it.
#[derive(Debug, Clone)]
pub(crate) struct Graph<N> {
    graph: DiGraph<N, ()>,
    index: BTreeMap<N, NodeIndex>,
}

impl<N: Ord + Clone> Graph<N> {
    /// A graph of these nodes and edges `(node, what it needs)`. A node that only an edge names is added.
    pub(crate) fn new(
        nodes: impl IntoIterator<Item = N>,
        edges: impl IntoIterator<Item = (N, N)>,
    ) -> Graph<N> {
        let mut built = Graph {
            graph: DiGraph::new(),
            index: BTreeMap::new(),
        };
        for node in nodes {
            built.node(node);
        }
        let mut edges: Vec<(N, N)> = edges.into_iter().collect();
        edges.sort();
        edges.dedup();
        for (from, to) in edges {
            let (from, to) = (built.node(from), built.node(to));
            built.graph.add_edge(from, to, ());
        }
        built
    }

    fn node(&mut self, name: N) -> NodeIndex {
        match self.index.get(&name) {
            Some(&index) => index,
            None => {
                let index = self.graph.add_node(name.clone());
                self.index.insert(name, index);
                index
            }
        }
    }

    /// What this node needs directly, sorted.
    pub(crate) fn needs(&self, node: &N) -> Vec<&N> {
        let mut needed: Vec<&N> = self
            .index
            .get(node)
            .into_iter()
            .flat_map(|&index| self.graph.edges(index).map(|edge| &self.graph[edge.target()]))
            .collect();
        needed.sort();
        needed
    }

    /// The nodes so that each comes after all that it needs; nodes that are free of each other stand in their own
    /// order, so the result does not depend on the order of insertion. An error is a cycle: a path whose last
    /// node needs its first.
    pub(crate) fn order(&self) -> Result<Vec<N>, Vec<N>> {
        let mut missing: BTreeMap<NodeIndex, usize> = self
            .graph
            .node_indices()
            .map(|index| (index, self.graph.edges(index).count()))
            .collect();
        let mut ready: BTreeMap<&N, NodeIndex> = missing
            .iter()
            .filter(|(_, count)| **count == 0)
            .map(|(&index, _)| (&self.graph[index], index))
            .collect();
        let mut order = Vec::with_capacity(self.graph.node_count());
        while let Some((name, index)) = ready.pop_first() {
            order.push(name.clone());
            for dependent in self
                .graph
                .neighbors_directed(index, petgraph::Direction::Incoming)
            {
                if let Some(count) = missing.get_mut(&dependent) {
                    *count -= 1;
                    if *count == 0 {
                        ready.insert(&self.graph[dependent], dependent);
                    }
                }
            }
        }
        if order.len() == self.graph.node_count() {
            Ok(order)
        } else {
            Err(self.cycle())
        }
    }

    /// Which nodes need each other: those of one number do, and no other node is in a cycle.
    pub(crate) fn cycles(&self) -> BTreeMap<&N, usize> {
        let components = self.components().enumerate();
        components
            .flat_map(|(number, component)| component.into_iter().map(move |index| (index, number)))
            .map(|(index, number)| (&self.graph[index], number))
            .collect()
    }

    /// The sets of nodes that need each other.
    fn components(&self) -> impl Iterator<Item = Vec<NodeIndex>> {
        let needs_itself = |index: &NodeIndex| self.graph.contains_edge(*index, *index);
        tarjan_scc(&self.graph)
            .into_iter()
            .filter(move |component| component.len() > 1 || component.iter().any(needs_itself))
    }

    /// A shortest cycle through the smallest node that is on one.
    fn cycle(&self) -> Vec<N> {
        let start = self
            .components()
            .flatten()
            .min_by_key(|&index| &self.graph[index]);
        let Some(start) = start else { return Vec::new() };
        // Breadth first from the start back to itself.
        let mut parent: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(index) = queue.pop_front() {
            let mut next: Vec<NodeIndex> = self.graph.neighbors(index).collect();
            next.sort_by_key(|&index| &self.graph[index]);
            for neighbour in next {
                if neighbour == start {
                    let mut path = vec![index];
                    while let Some(&before) = path.last().and_then(|last| parent.get(last)) {
                        path.push(before);
                    }
                    path.reverse();
                    return path.into_iter().map(|index| self.graph[index].clone()).collect();
                }
                if let std::collections::btree_map::Entry::Vacant(unseen) = parent.entry(neighbour) {
                    unseen.insert(index);
                    queue.push_back(neighbour);
                }
            }
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_comes_first_and_ties_follow_the_names() {
        let graph = Graph::new(["d", "c", "b", "a"], [("a", "c"), ("b", "c"), ("c", "d")]);
        assert_eq!(graph.order(), Ok(vec!["d", "c", "a", "b"]));
        assert_eq!(graph.needs(&"a"), [&"c"]);
    }

    #[test]
    fn nodes_that_need_each_other_have_one_number() {
        let edges = [
            ("a", "b"),
            ("b", "a"),
            ("c", "a"),
            ("d", "e"),
            ("e", "d"),
            ("f", "f"),
        ];
        let graph = Graph::new(["a", "b", "c", "d", "e", "f", "g"], edges);
        let cycles = graph.cycles();
        assert_eq!(
            cycles.keys().copied().copied().collect::<Vec<_>>(),
            ["a", "b", "d", "e", "f"]
        );
        assert_eq!(cycles[&"a"], cycles[&"b"]);
        assert_eq!(cycles[&"d"], cycles[&"e"]);
        assert_ne!(cycles[&"a"], cycles[&"d"]);
    }

    #[test]
    fn the_order_of_insertion_does_not_matter() {
        let edges = [("a", "c"), ("b", "c"), ("c", "d")];
        let forward = Graph::new(["a", "b", "c", "d"], edges).order();
        let backward = Graph::new(["d", "c", "b", "a"], edges.into_iter().rev()).order();
        assert_eq!(forward, backward);
    }

    #[test]
    fn a_cycle_is_a_path_that_can_be_followed() {
        let graph = Graph::new(
            ["x"],
            [("x", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("b", "d")],
        );
        assert_eq!(graph.order(), Err(vec!["a", "b", "c"]));
        assert_eq!(Graph::new([], [("a", "a")]).order(), Err(vec!["a"]));
    }
}
