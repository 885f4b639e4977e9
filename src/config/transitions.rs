//! `[[moved]]`, `[[import]]` and `[[removed]]`: what has become of something that exists, where the blocks alone do not
//! tell it.
//!
//! Does not know what exists.

use std::collections::BTreeMap;

use super::index::Shape;
use super::plain::PlainTable;
use super::raw::{Entry, NodeKind, Table};
use super::report::Span;
use super::scope::Scope;
use super::words::shorten;
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Location, codes};

/// The blocks of a configuration, in the order in which they stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transitions {
    pub(crate) moved: Vec<MovedBlock>,
    pub(crate) imports: Vec<ImportBlock>,
    pub(crate) removed: Vec<RemovedBlock>,
}

/// `[[moved]]`: what had one address has another now. Both name a resource, or both a block with all its copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MovedBlock {
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) location: Location,
}

/// `[[import]]`: what exists with this id is to be this resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImportBlock {
    pub(crate) to: Address,
    pub(crate) id: String,
    pub(crate) location: Location,
}

/// `[[removed]]`: a resource, or a block with all its copies, that is not wanted any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemovedBlock {
    pub(crate) from: Address,
    /// Whether it is deleted; else it is only forgotten, and goes on existing.
    pub(crate) destroy: bool,
    pub(crate) location: Location,
}

/// The tables of one section, from all files.
pub(super) type Listed<'a> = Vec<&'a Entry>;

/// Adds the tables of a section; what has another form is said.
pub(super) fn each<'a>(
    name: &'static str,
    entries: &Listed<'a>,
    scope: &mut Scope<'_>,
) -> Vec<(&'a Table, Span)> {
    let mut tables = Vec::new();
    for entry in entries {
        let NodeKind::List(items) = &entry.value.kind else {
            let diagnostic =
                Diagnostic::error(codes::BLOCK_FORM, format!("{name} is written in double brackets"))
                    .help(format!("[[{name}]]"));
            scope.report.say(entry.key, "", diagnostic);
            continue;
        };
        for item in items {
            match item.as_table() {
                Some(table) => tables.push((table, item.span)),
                None => {
                    let diagnostic =
                        Diagnostic::error(codes::WRONG_TYPE, format!("{name} is a list of tables"));
                    scope.report.say(item.span, "", diagnostic);
                }
            }
        }
    }
    tables
}

/// Reads `[[moved]]`.
pub(super) fn moved(entries: &Listed<'_>, scope: &mut Scope<'_>) -> Vec<MovedBlock> {
    let mut found: Vec<MovedBlock> = Vec::new();
    let mut places: BTreeMap<Address, Span> = BTreeMap::new();
    for (table, span) in each("moved", entries, scope) {
        let table = PlainTable {
            table,
            words: "[[moved]]",
        };
        table.check_keys(&["from", "to"], scope);
        let (from, to) = (table.address("from", scope), table.address("to", scope));
        for key in ["from", "to"] {
            if table.table.get(key).is_none() {
                table.missing(key, span, scope);
            }
        }
        let (Some((from, from_span)), Some((to, to_span))) = (from, to) else {
            continue;
        };
        if from.type_name() != to.type_name() {
            let what = format!("{from} cannot become {to}: a resource keeps its type");
            scope
                .report
                .say(to_span, "", Diagnostic::error(codes::OTHER_TYPE, what));
            continue;
        }
        if is_wanted(&from, scope) {
            let what = format!("{from} is still in the configuration, so it has not moved");
            scope
                .report
                .say(from_span, "", Diagnostic::error(codes::PAIR, what));
            continue;
        }
        if !must_be_wanted(&to, to_span, scope) || is_twice(&from, from_span, &mut places, scope) {
            continue;
        }
        let location = scope.report.location(span);
        found.push(MovedBlock { from, to, location });
    }
    found
}

/// Reads `[[import]]`.
pub(super) fn imports(entries: &Listed<'_>, scope: &mut Scope<'_>) -> Vec<ImportBlock> {
    let mut found = Vec::new();
    let mut places: BTreeMap<Address, Span> = BTreeMap::new();
    for (table, span) in each("import", entries, scope) {
        let table = PlainTable {
            table,
            words: "[[import]]",
        };
        table.check_keys(&["to", "id"], scope);
        let (to, id) = (table.address("to", scope), table.text("id", scope));
        for key in ["to", "id"] {
            if table.table.get(key).is_none() {
                table.missing(key, span, scope);
            }
        }
        let (Some((to, to_span)), Some((id, _))) = (to, id) else {
            continue;
        };
        if !must_be_wanted(&to, to_span, scope) || is_twice(&to, to_span, &mut places, scope) {
            continue;
        }
        let location = scope.report.location(span);
        found.push(ImportBlock { to, id, location });
    }
    found
}

/// Reads `[[removed]]`.
pub(super) fn removed(entries: &Listed<'_>, scope: &mut Scope<'_>) -> Vec<RemovedBlock> {
    let mut found = Vec::new();
    let mut places: BTreeMap<Address, Span> = BTreeMap::new();
    for (table, span) in each("removed", entries, scope) {
        let table = PlainTable {
            table,
            words: "[[removed]]",
        };
        table.check_keys(&["from", "destroy"], scope);
        let from = table.address("from", scope);
        let destroy = table.truth("destroy", scope);
        if table.table.get("from").is_none() {
            table.missing("from", span, scope);
        }
        let Some((from, from_span)) = from else {
            continue;
        };
        if is_wanted(&from, scope) {
            let what = format!("{from} is still in the configuration, so it is not removed");
            scope
                .report
                .say(from_span, "", Diagnostic::error(codes::PAIR, what));
            continue;
        }
        if is_twice(&from, from_span, &mut places, scope) {
            continue;
        }
        let location = scope.report.location(span);
        found.push(RemovedBlock {
            from,
            destroy: destroy.is_none_or(|(destroy, _)| destroy),
            location,
        });
    }
    found
}

/// Whether the configuration has a resource, or any copy of a block. What could not be read counts as wanted.
fn is_wanted(address: &Address, scope: &Scope<'_>) -> bool {
    let Some(index) = &scope.index else {
        return false;
    };
    match index.get(address.type_name(), address.name()) {
        None => index.is_meant(address.type_name(), address.name()),
        Some(known) => match address.key() {
            // A block that exists has no copies of this name, but may have others.
            None => matches!(known.shape, Shape::Single | Shape::Broken),
            Some(key) => known.shape.keys().any(|known| known == *key),
        },
    }
}

fn must_be_wanted(address: &Address, span: Span, scope: &mut Scope<'_>) -> bool {
    let is_there = scope.index.as_ref().is_none_or(|index| {
        index
            .get(address.type_name(), address.name())
            .is_some_and(|known| match address.key() {
                None => true,
                Some(key) => {
                    let is_unread = matches!(known.shape, Shape::Unread { .. });
                    is_unread || known.shape.keys().any(|known| known == *key)
                }
            })
            || index.is_meant(address.type_name(), address.name())
    });
    if !is_there {
        let message = format!("there is no {}", shorten(&address.to_string()));
        let diagnostic = Diagnostic::error(codes::NO_SUCH_BLOCK, message).help(format!(
            "write its block:  [{}.{}]",
            address.type_name(),
            address.name()
        ));
        scope.report.say(span, "", diagnostic);
    }
    is_there
}

fn is_twice(
    address: &Address,
    span: Span,
    places: &mut BTreeMap<Address, Span>,
    scope: &mut Scope<'_>,
) -> bool {
    let Some(first) = places.insert(address.clone(), span) else {
        return false;
    };
    let diagnostic = Diagnostic::error(codes::TWICE, format!("{address} stands there twice"))
        .at(scope.report.location(first), "first here");
    scope.report.say(span, "again here", diagnostic);
    true
}
