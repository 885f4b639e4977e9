//! A graph of resources: as a tree of what is in what, and in the languages of other tools.
//!
//! Does not know where the nodes come from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::text::{BOLD, DIM, Look, Sheet, escape};
use crate::address::{Address, Key};

/// A resource in a graph.
#[derive(Debug, Clone, Default)]
pub(crate) struct Node {
    /// What it is in: a server in its vSwitch, that in its VPC.
    pub(crate) parent: Option<Address>,
    /// What tells it from others at a glance: `ecs.g7.large`, `10.0.1.0/24`.
    pub(crate) facts: Vec<String>,
    /// What it needs.
    pub(crate) needs: BTreeSet<Address>,
}

/// All resources by address.
pub(crate) type Nodes = BTreeMap<Address, Node>;

/// Copies of one block that are alike, or one resource.
pub(super) struct Group<'a> {
    pub(super) first: &'a Address,
    last: &'a Address,
    pub(super) count: usize,
    pub(super) node: &'a Node,
}

impl Group<'_> {
    /// `instance.web[0..29]`.
    pub(super) fn name(&self) -> String {
        match (self.first.key(), self.last.key()) {
            (Some(Key::Index(first)), Some(Key::Index(last))) if first != last => {
                format!("{}[{first}..{last}]", self.first.block())
            }
            _ => self.first.to_string(),
        }
    }
}

/// The nodes with this parent, equal copies as one.
pub(super) fn children<'a>(nodes: &'a Nodes, parent: Option<&Address>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let has_children: BTreeSet<&Address> = nodes.values().filter_map(|node| node.parent.as_ref()).collect();
    let is_shown = |one: &&Address| nodes.contains_key(*one);
    for (address, node) in nodes {
        if node.parent.as_ref().filter(is_shown) != parent {
            continue;
        }
        if let Some(group) = groups.last_mut()
            && is_next(group.last, address)
            && group.node.facts == node.facts
            && group.node.needs == node.needs
            && !has_children.contains(address)
            && !has_children.contains(group.last)
        {
            group.last = address;
            group.count += 1;
            continue;
        }
        groups.push(Group {
            first: address,
            last: address,
            count: 1,
            node,
        });
    }
    groups
}

/// Whether the one is the copy behind the other.
fn is_next(last: &Address, address: &Address) -> bool {
    match (last.key(), address.key()) {
        (Some(Key::Index(last_index)), Some(Key::Index(index))) => {
            last.block() == address.block() && last_index + 1 == *index
        }
        _ => false,
    }
}

/// What is in what, indented.
pub(super) fn tree(nodes: &Nodes, look: Look) -> String {
    let mut sheet = Sheet::new(look);
    write_tree(nodes, None, 0, &mut sheet);
    sheet.finish()
}

fn write_tree(nodes: &Nodes, parent: Option<&Address>, depth: usize, sheet: &mut Sheet) {
    for group in children(nodes, parent) {
        sheet.to(2 * depth);
        sheet.put(BOLD, &escape(&group.name()));
        let mut facts = group.node.facts.clone();
        if group.count > 1 {
            facts.push(format!("x{}", group.count));
        }
        let beside: Vec<String> = beside(nodes, &group).iter().map(ToString::to_string).collect();
        if !beside.is_empty() {
            facts.push(format!("needs {}", beside.join(", ")));
        }
        if !facts.is_empty() {
            sheet.to(sheet.column() + 2);
            sheet.sentence(DIM, &facts.join("  "), 2 * depth + 4);
        } else {
            sheet.end_line();
        }
        write_tree(nodes, Some(group.first), depth + 1, sheet);
    }
}

/// What the copies of a group need besides what they are in, which is shown already.
pub(super) fn beside<'a>(nodes: &Nodes, group: &Group<'a>) -> Vec<&'a Address> {
    let needs = group.node.needs.iter();
    needs.filter(|one| !is_above(nodes, group.first, one)).collect()
}

/// Whether the one is in the other, however deep.
fn is_above(nodes: &Nodes, address: &Address, other: &Address) -> bool {
    let mut at = nodes.get(address).and_then(|node| node.parent.as_ref());
    // As many steps as there are nodes: parents never form a circle, and nobody waits if they did.
    for _ in 0..nodes.len() {
        match at {
            Some(parent) if parent == other => return true,
            Some(parent) => at = nodes.get(parent).and_then(|node| node.parent.as_ref()),
            None => return false,
        }
    }
    false
}

/// Needs that no box shows, as pairs.
fn edges(nodes: &Nodes) -> Vec<(&Address, &Address)> {
    let pairs = nodes
        .iter()
        .flat_map(|(address, node)| node.needs.iter().map(move |needed| (address, needed)));
    pairs
        .filter(|(address, needed)| nodes.contains_key(*needed) && !is_above(nodes, address, needed))
        .collect()
}

/// A name for a node that every language takes.
fn names(nodes: &Nodes) -> BTreeMap<&Address, String> {
    nodes
        .keys()
        .enumerate()
        .map(|(index, address)| (address, format!("n{index}")))
        .collect()
}

fn label(address: &Address, node: &Node) -> String {
    let mut label = address.to_string();
    for fact in &node.facts {
        let _ = write!(label, " {fact}");
    }
    label
}

/// A text between quotes in Mermaid.
pub(super) fn mermaid_text(text: &str) -> String {
    text.replace('#', "#35;").replace('"', "#quot;")
}

/// A Mermaid flowchart: networks are boxes around what is in them.
pub(crate) fn mermaid(nodes: &Nodes) -> String {
    let names = names(nodes);
    let mut text = "flowchart LR\n".to_owned();
    write_mermaid(nodes, &names, None, 1, &mut text);
    for (from, to) in edges(nodes) {
        let _ = writeln!(text, "  {} --> {}", names[from], names[to]);
    }
    text
}

fn write_mermaid(
    nodes: &Nodes,
    names: &BTreeMap<&Address, String>,
    parent: Option<&Address>,
    depth: usize,
    text: &mut String,
) {
    let indent = "  ".repeat(depth);
    for (address, node) in inside(nodes, parent) {
        let label = mermaid_text(&label(address, node));
        if inside(nodes, Some(address)).next().is_some() {
            let _ = writeln!(text, "{indent}subgraph {} [\"{label}\"]", names[address]);
            write_mermaid(nodes, names, Some(address), depth + 1, text);
            let _ = writeln!(text, "{indent}end");
        } else {
            let _ = writeln!(text, "{indent}{}[\"{label}\"]", names[address]);
        }
    }
}

/// The nodes that stand directly in another one; at the top, those that stand in none that is there.
fn inside<'a>(
    nodes: &'a Nodes,
    parent: Option<&'a Address>,
) -> impl Iterator<Item = (&'a Address, &'a Node)> {
    nodes.iter().filter(move |(_, node)| {
        let own = node.parent.as_ref().filter(|own| nodes.contains_key(*own));
        own == parent
    })
}

/// A graph for Graphviz: networks are clusters.
pub(crate) fn dot(nodes: &Nodes) -> String {
    let names = names(nodes);
    let mut text = "digraph infra {\n  rankdir=LR\n  compound=true\n  node [shape=box]\n".to_owned();
    write_dot(nodes, &names, None, 1, &mut text);
    for (from, to) in edges(nodes) {
        let _ = writeln!(text, "  {} -> {}", names[from], names[to]);
    }
    text.push_str("}\n");
    text
}

fn write_dot(
    nodes: &Nodes,
    names: &BTreeMap<&Address, String>,
    parent: Option<&Address>,
    depth: usize,
    text: &mut String,
) {
    let indent = "  ".repeat(depth);
    for (address, node) in inside(nodes, parent) {
        let label = label(address, node).replace('\\', "\\\\").replace('"', "\\\"");
        let name = &names[address];
        if inside(nodes, Some(address)).next().is_some() {
            let _ = writeln!(
                text,
                "{indent}subgraph cluster_{name} {{\n{indent}  label=\"{label}\""
            );
            // An edge needs a node to end at.
            let _ = writeln!(text, "{indent}  {name} [shape=point, style=invis]");
            write_dot(nodes, names, Some(address), depth + 1, text);
            let _ = writeln!(text, "{indent}}}");
        } else {
            let _ = writeln!(text, "{indent}{name} [label=\"{label}\"]");
        }
    }
}

/// Nodes and edges as data.
pub(crate) fn json(nodes: &Nodes) -> serde_json::Value {
    let all: Vec<serde_json::Value> = nodes
        .iter()
        .map(|(address, node)| {
            serde_json::json!({
                "address": address,
                "type": address.type_name(),
                "parent": node.parent,
                "facts": node.facts,
            })
        })
        .collect();
    let edges: Vec<serde_json::Value> = nodes
        .iter()
        .flat_map(|(address, node)| node.needs.iter().map(move |needed| (address, needed)))
        .map(|(from, to)| serde_json::json!({ "from": from, "to": to }))
        .collect();
    serde_json::json!({ "nodes": all, "edges": edges })
}
