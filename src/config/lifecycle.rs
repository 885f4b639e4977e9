//! `lifecycle` of a block: how what exists may be changed.
//!
//! Does not know what a plan does about it.

use std::collections::BTreeSet;

use super::plain::PlainTable;
use super::report::Span;
use super::scope::Scope;
use super::sections::Block;
use super::suggest;
use super::words::shorten;
use crate::address::Address;
use crate::diagnostic::{Diagnostic, codes};
use crate::types::{Attribute, Kind, ResourceType};

const KEYS: &[&str] = &[
    "prevent_destroy",
    "create_before_destroy",
    "ignore_changes",
    "replace_on",
];

/// What a block says in `lifecycle`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LifecycleRules {
    pub(crate) prevent_destroy: Option<bool>,
    pub(crate) create_before_destroy: Option<bool>,
    /// Paths of its own attributes whose changes outside, and in the file once it exists, are left alone.
    pub(crate) ignore_changes: BTreeSet<String>,
    /// What makes it anew when it changes: paths of its own attributes.
    pub(crate) replace_on: BTreeSet<String>,
    /// The same: other resources.
    pub(crate) replace_on_resources: BTreeSet<Address>,
}

/// Reads `lifecycle`. Resources that it names are also given, with their places: they must be decided before.
pub(super) fn read(block: &Block<'_>, scope: &mut Scope<'_>) -> (LifecycleRules, Vec<(String, Span)>) {
    let mut rules = LifecycleRules::default();
    let mut others = Vec::new();
    let Some(entry) = block.table.get("lifecycle") else {
        return (rules, others);
    };
    let Some(table) = entry.value.as_table() else {
        let diagnostic = Diagnostic::error(codes::WRONG_TYPE, "lifecycle is a table")
            .help("lifecycle = { prevent_destroy = true }");
        scope.report.say(entry.value.span, "", diagnostic);
        return (rules, others);
    };
    let table = PlainTable {
        table,
        words: "lifecycle",
    };
    table.check_keys(KEYS, scope);
    rules.prevent_destroy = table.truth("prevent_destroy", scope).map(|(truth, _)| truth);
    rules.create_before_destroy = table
        .truth("create_before_destroy", scope)
        .map(|(truth, _)| truth);
    for (path, span) in table.texts("ignore_changes", scope) {
        if is_path(block.resource_type, &path) {
            rules.ignore_changes.insert(path);
        } else {
            unknown(block.resource_type, &path, span, scope);
        }
    }
    for (what, span) in table.texts("replace_on", scope) {
        // Tags, and what is joined to others, never make anything anew.
        let name = what.split('.').next().unwrap_or(&what);
        let is_quiet = |attribute: &Attribute| matches!(attribute.kind, Kind::Tags);
        let forces = !block.resource_type.attribute(name).is_some_and(is_quiet)
            && !block.resource_type.is_joined(name);
        if forces && is_path(block.resource_type, &what) {
            rules.replace_on.insert(what);
        } else if what.contains('.') && block.resource_type.attribute(name).is_none() {
            others.push((what, span));
        } else {
            unknown(block.resource_type, &what, span, scope);
        }
    }
    (rules, others)
}

/// Whether a path names an attribute that a file may set, or something in it.
fn is_path(resource_type: &'static ResourceType, path: &str) -> bool {
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let Some(attribute) = resource_type
        .attribute(name)
        .filter(|attribute| !attribute.computed)
    else {
        return false;
    };
    match (&attribute.kind, rest) {
        (_, None) => true,
        (Kind::Tags, Some(key)) => !key.is_empty(),
        (Kind::Table(nested), Some(key)) => nested.iter().any(|one| one.name == key),
        _ => false,
    }
}

fn unknown(resource_type: &'static ResourceType, path: &str, span: Span, scope: &mut Scope<'_>) {
    let message = format!("a {} has no attribute {}", resource_type.name, shorten(path));
    let names = resource_type.attributes.iter().map(|attribute| attribute.name);
    let label = match suggest::guess(path, names) {
        Some(guess) => format!("did you mean {}?", guess.name),
        None => String::new(),
    };
    let diagnostic = Diagnostic::error(codes::NO_SUCH_ATTRIBUTE, message)
        .help("an attribute that a file may set, or a part of one: system_disk.size, tags.owner");
    scope.report.say(span, label, diagnostic);
}
