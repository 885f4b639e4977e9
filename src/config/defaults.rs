//! `[defaults]`: tags for everything, and `[defaults.TYPE]`: keys that blocks of a type have unless they say otherwise.
//!
//! Does not know what a value means.

use super::keys::{Subject, check_keys};
use super::raw::{Entry, Table};
use super::scope::Scope;
use super::sections::{Sections, header_of};
use super::suggest;
use super::words::shorten;
use crate::diagnostic::{Diagnostic, codes};
use crate::types::ResourceType;

/// What every block has.
pub(super) const TAGS: &str = "tags";

/// The keys of a type's defaults.
pub(super) fn of_type<'a>(sections: &Sections<'a>, resource_type: &ResourceType) -> Option<&'a Table> {
    sections
        .defaults?
        .value
        .as_table()?
        .get(resource_type.name)?
        .value
        .as_table()
}

/// The tags that everything has that can have tags, outer ones first.
pub(super) fn tags<'a>(sections: &Sections<'a>, resource_type: &ResourceType) -> Vec<&'a Entry> {
    let everywhere = sections
        .defaults
        .and_then(|entry| entry.value.as_table())
        .and_then(|table| table.get(TAGS));
    let of_type = of_type(sections, resource_type).and_then(|table| table.get(TAGS));
    everywhere.into_iter().chain(of_type).collect()
}

/// Says what is wrong with the tables themselves; their values are looked at where they are used.
pub(super) fn check(sections: &Sections<'_>, scope: &mut Scope<'_>) {
    let Some(entry) = sections.defaults else {
        return;
    };
    let Some(table) = entry.value.as_table() else {
        let diagnostic = Diagnostic::error(codes::BLOCK_FORM, "defaults is a table")
            .help("[defaults]")
            .help("tags = { team = \"web\" }");
        scope.report.say(entry.key, "", diagnostic);
        return;
    };
    for (name, entry) in &table.entries {
        if name == TAGS {
            continue;
        }
        let Some(resource_type) = scope.types.get(name) else {
            unknown(name, entry, scope);
            continue;
        };
        let Some(keys) = entry.value.as_table() else {
            let diagnostic = Diagnostic::error(codes::BLOCK_FORM, format!("defaults.{name} is a table"))
                .help(format!("[defaults.{name}]"));
            scope.report.say(entry.key, "", diagnostic);
            continue;
        };
        let in_brackets = format!("[defaults.{name}]");
        let subject = Subject {
            block: &in_brackets,
            type_name: name,
            name: "main",
        };
        let given: Vec<_> = keys
            .entries
            .iter()
            .map(|(key, entry)| (key.as_str(), entry.key, entry.value.span))
            .collect();
        let header = header_of(entry, &scope.report);
        let file_keys: Vec<String> = resource_type
            .attributes
            .iter()
            .filter_map(super::keys::file_key)
            .collect();
        let extra: Vec<&str> = file_keys.iter().map(String::as_str).collect();
        // Nothing is missing here: a block may say the rest.
        let required: Vec<(&str, super::report::Span, super::report::Span)> = resource_type
            .attributes
            .iter()
            .filter(|attribute| attribute.required && keys.get(attribute.name).is_none())
            .map(|attribute| (attribute.name, header, header))
            .collect();
        let all: Vec<_> = given.into_iter().chain(required).collect();
        check_keys(
            scope,
            resource_type.attributes,
            &extra,
            &all,
            &in_brackets,
            header,
            subject,
        );
    }
}

fn unknown(name: &str, entry: &Entry, scope: &mut Scope<'_>) {
    let shown = shorten(name);
    let names = || {
        scope
            .types
            .iter()
            .map(|resource_type| resource_type.name)
            .chain([TAGS])
    };
    let (code, what) = if entry.value.as_table().is_some() {
        (
            codes::UNKNOWN_TYPE,
            format!("unknown resource type \"{shown}\" in [defaults.{shown}]"),
        )
    } else {
        (
            codes::UNKNOWN_KEY,
            format!("unknown key \"{shown}\" in [defaults]: for everything there are tags only"),
        )
    };
    let is_key_of = |resource_type: &&'static ResourceType| {
        let has = |attribute: &crate::types::Attribute| attribute.name == name && !attribute.computed;
        resource_type.attributes.iter().any(has)
    };
    let mut diagnostic = Diagnostic::error(code, what);
    let mut label = String::new();
    match suggest::guess(name, names()) {
        Some(guess) => {
            label = match code {
                codes::UNKNOWN_TYPE => format!("did you mean [defaults.{}]?", guess.name),
                _ => format!("did you mean {}?", guess.name),
            };
            diagnostic = scope
                .report
                .corrected(diagnostic, &guess, entry.key, guess.name.as_str());
        }
        None => {
            if let Some(of) = scope.types.iter().find(is_key_of) {
                diagnostic = diagnostic.help(format!("for one type: [defaults.{}]", of.name));
            }
        }
    }
    scope.report.say(entry.key, label, diagnostic);
}
