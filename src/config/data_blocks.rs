//! Data blocks: what they ask for, as far as that is known.
//!
//! Does not know how a question is answered.

use std::collections::{BTreeMap, BTreeSet};

use super::conform::conform;
use super::evaluate::evaluate;
use super::index::KnownData;
use super::keys::{Subject, check_keys};
use super::located::{Located, Thing};
use super::raw::{Entry, Node};
use super::reference::{Path, PathStep};
use super::scope::{Place, Scope, Stage};
use super::sections::{DataBlock, Sections};
use crate::address::Address;
use crate::data::Question;
use crate::diagnostic::{Diagnostic, Location, codes};
use crate::value::{Attributes, Reference, Value};

/// A question of a data block, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) question: Question,
    /// The header of the block.
    pub(crate) location: Location,
}

/// Makes the data blocks known, with what has been read of them.
pub(super) fn index(sections: &Sections<'_>, read: &BTreeMap<Address, Value>, scope: &mut Scope<'_>) {
    scope.data.unknown.clone_from(&sections.unknown_data);
    let circular = say_cycles(sections, scope);
    for ((kind_name, name), block) in &sections.data {
        let many = block.table.get("many").map(|entry| &entry.value);
        let many = many.map(|node| evaluate(scope, node, &Place::new(Stage::Local)));
        let is_many = matches!(many.map(|many| many.thing), Some(Thing::Bool(true)));
        let known = KnownData {
            header: block.header,
            many: is_many,
            value: read
                .get(&block.address)
                .map(|value| Located::read(block.header, value)),
            broken: circular.contains(&block.address),
        };
        scope
            .data
            .blocks
            .entry((*kind_name).to_owned())
            .or_default()
            .insert((*name).to_owned(), known);
    }
}

/// The questions that are not answered and wait for no other answer.
pub(super) fn ask(
    sections: &Sections<'_>,
    read: &BTreeMap<Address, Value>,
    scope: &mut Scope<'_>,
) -> Vec<Asked> {
    let mut asked = Vec::new();
    for block in sections.data.values() {
        let Some(keys) = keys_of(block, scope) else {
            continue;
        };
        if !read.contains_key(&block.address) && keys.values().all(Value::is_known) {
            asked.push(Asked {
                question: Question {
                    address: block.address.clone(),
                    kind: block.kind,
                    keys,
                },
                location: scope.report.location(block.header),
            });
        }
    }
    asked
}

/// What a block says; none if there is a mistake in it.
fn keys_of(block: &DataBlock<'_>, scope: &mut Scope<'_>) -> Option<Attributes> {
    let in_brackets = format!("[data.{}]", block.address);
    let type_name = format!("data.{}", block.kind.name);
    let subject = Subject {
        block: &in_brackets,
        type_name: &type_name,
        name: block.address.name(),
    };
    let errors = scope.report.errors();
    let keys: Vec<_> = block
        .table
        .entries
        .iter()
        .map(|(name, entry)| (name.as_str(), entry.key, entry.value.span))
        .collect();
    check_keys(
        scope,
        block.kind.keys,
        &[],
        &keys,
        &in_brackets,
        block.header,
        subject,
    );
    let mut values = Attributes::new();
    for (name, entry) in &block.table.entries {
        let Some(attribute) = block.kind.keys.iter().find(|key| key.name == name) else {
            continue;
        };
        let value = evaluate(scope, &entry.value, &Place::new(Stage::Resource));
        let Some(value) = conform(scope, &attribute.kind, name, value, subject) else {
            continue;
        };
        let mut references = BTreeSet::new();
        value.references(&mut references);
        if let Some(first) = references.first() {
            too_early(block, entry, first, scope);
        }
        values.insert(name.clone(), value);
    }
    (scope.report.errors() == errors).then_some(values)
}

fn too_early(block: &DataBlock<'_>, entry: &Entry, needs: &Reference, scope: &mut Scope<'_>) {
    let diagnostic = Diagnostic::error(
        codes::TOO_EARLY,
        format!(
            "[data.{}] is read before anything is made, so it cannot wait for {}",
            block.address, needs.address
        ),
    )
    .help(format!(
        "what this configuration makes needs no data block: refer to {} itself",
        needs.address
    ));
    scope.report.say(entry.value.span, "", diagnostic);
}

/// Blocks that need each other's answers; says so.
fn say_cycles(sections: &Sections<'_>, scope: &mut Scope<'_>) -> BTreeSet<Address> {
    let needs: BTreeMap<Address, BTreeSet<Address>> = sections
        .data
        .values()
        .map(|block| {
            let mut found = BTreeSet::new();
            for entry in block.table.entries.values() {
                data_in(&entry.value, sections, &mut BTreeSet::new(), &mut found);
            }
            (block.address.clone(), found)
        })
        .collect();
    let mut circular = BTreeSet::new();
    for block in sections.data.values() {
        let Some(cycle) = cycle_through(&block.address, &needs) else {
            continue;
        };
        if !circular.contains(&block.address) {
            let mut diagnostic = Diagnostic::error(
                codes::CYCLE,
                "these data blocks need each other, so none can be read first",
            );
            for (position, address) in cycle.iter().enumerate() {
                let arrow = if position == 0 { "" } else { "-> " };
                let indent = "  ".repeat(position.min(8));
                diagnostic = diagnostic.note(format!("{indent}{arrow}data.{address}"));
            }
            scope.report.say(
                block.header,
                "",
                diagnostic.help("take one of these references out"),
            );
        }
        circular.extend(cycle.into_iter().cloned());
    }
    circular
}

/// A way from a block back to it: the block, those between, and it again.
fn cycle_through<'a>(
    start: &'a Address,
    needs: &'a BTreeMap<Address, BTreeSet<Address>>,
) -> Option<Vec<&'a Address>> {
    let mut from: BTreeMap<&Address, &'a Address> = BTreeMap::new();
    let mut open = vec![start];
    while let Some(here) = open.pop() {
        for next in needs.get(here).into_iter().flatten() {
            if next == start {
                let mut path = vec![start, here];
                while let Some(before) = path.last().and_then(|last| from.get(last)).copied() {
                    path.push(before);
                }
                path.reverse();
                return Some(path);
            }
            if !from.contains_key(next) {
                from.insert(next, here);
                open.push(next);
            }
        }
    }
    None
}

/// The data blocks that a value refers to, by locals too.
fn data_in(
    node: &Node,
    sections: &Sections<'_>,
    locals: &mut BTreeSet<String>,
    found: &mut BTreeSet<Address>,
) {
    let mut paths: Vec<Path> = Vec::new();
    node.paths(&mut |path| paths.push(path.clone()));
    for path in paths {
        match (path.head.as_str(), path.steps.as_slice()) {
            ("data", [PathStep::Name(kind), PathStep::Name(name), ..]) => {
                let block = sections.data.get(&(kind.as_str(), name.as_str()));
                found.extend(block.map(|block| block.address.clone()));
            }
            ("local", [PathStep::Name(name), ..]) if locals.insert(name.clone()) => {
                if let Some(entry) = sections.locals.get(name.as_str()) {
                    data_in(&entry.value, sections, locals, found);
                }
            }
            _ => {}
        }
    }
}
