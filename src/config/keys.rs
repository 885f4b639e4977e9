//! The keys of a table: which exist, which may be set, which are missing.
//!
//! Does not know the values behind them.

use std::collections::BTreeSet;

use super::ids::example_of_id;
use super::report::Span;
use super::scope::Scope;
use super::suggest::{self, Why};
use super::words::shorten;
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::types::{Attribute, Kind};
use crate::value::Attributes;

/// The key that a value is for.
#[derive(Clone, Copy)]
pub(super) struct Subject<'s> {
    /// `[instance.web]`
    pub(super) block: &'s str,
    /// `instance`
    pub(super) type_name: &'s str,
    /// `web`
    pub(super) name: &'s str,
}

/// Whether the keys exist, may be set, and none is missing. `keys` holds name, place of the key and of the
/// value; `extra` are keys that are not attributes.
pub(super) fn check_keys(
    scope: &mut Scope<'_>,
    attributes: &'static [Attribute],
    extra: &[&str],
    keys: &[(&str, Span, Span)],
    place: &str,
    header: Span,
    subject: Subject<'_>,
) -> bool {
    let mut fits = true;
    let mut meant: BTreeSet<String> = BTreeSet::new();
    for (number, (key, span, _)) in keys.iter().enumerate() {
        if extra.contains(key) {
            continue;
        }
        match attributes.iter().find(|attribute| attribute.name == *key) {
            Some(attribute) if attribute.computed => {
                let diagnostic = Diagnostic::error(
                    codes::COMPUTED,
                    format!("{key} is made by the cloud and cannot be set"),
                )
                .help(format!(
                    "to use it: ${{{}.{}.{key}}}",
                    subject.type_name, subject.name
                ));
                scope.report.say(*span, "", diagnostic);
                fits = false;
            }
            Some(_) => {}
            None => {
                fits = false;
                let guessed = unknown_key(scope, attributes, extra, (keys, number), place, subject);
                meant.extend(guessed);
            }
        }
    }
    for attribute in attributes.iter().filter(|attribute| attribute.required) {
        let given = |name: &str| keys.iter().any(|(key, _, _)| *key == name) || meant.contains(name);
        let from_file = file_key(attribute).is_some_and(|key| given(&key));
        if !given(attribute.name) && !from_file {
            fits = false;
            missing(scope, attribute, place, header);
        }
    }
    fits
}

/// Says that there is no key of this number, and gives the name that was meant.
fn unknown_key(
    scope: &mut Scope<'_>,
    attributes: &'static [Attribute],
    extra: &[&str],
    (keys, number): (&[(&str, Span, Span)], usize),
    place: &str,
    subject: Subject<'_>,
) -> Option<String> {
    let (key, span, value) = keys[number];
    let by_parameter = attributes.iter().find(|attribute| {
        attribute.param_path().as_deref() == Some(key) || attribute.field_path().as_deref() == Some(key)
    });
    let guess = match by_parameter {
        Some(attribute) => Some(suggest::Guess::of_api(attribute.name)),
        None if scope.report.is_flooded() => None,
        None => {
            let names = attributes
                .iter()
                .filter(|attribute| !attribute.computed)
                .map(|attribute| attribute.name);
            suggest::guess(key, names.chain(extra.iter().copied()))
        }
    };
    let secret = guess.as_ref().is_some_and(|guess| {
        attributes
            .iter()
            .any(|attribute| attribute.name == guess.name && attribute.is_sensitive())
    });
    if secret || scope.report.looks_secret(key) {
        scope.report.hide(value);
    }
    let all_keys = Advice::from("all keys: ").run("schema").arg(subject.type_name);
    let shown = shorten(key);
    match guess {
        Some(guess) => {
            let (diagnostic, label) = if guess.why == Why::Api {
                let diagnostic =
                    Diagnostic::error(codes::UNKNOWN_KEY, format!("\"{shown}\" is the API's name"))
                        .help(format!("in infra.toml it is {}", guess.name));
                (diagnostic, String::new())
            } else {
                let diagnostic =
                    Diagnostic::error(codes::UNKNOWN_KEY, format!("unknown key \"{shown}\" in {place}"))
                        .help(all_keys);
                (diagnostic, format!("did you mean {}?", guess.name))
            };
            // What is given already is not written a second time.
            let diagnostic = match keys.iter().any(|(key, _, _)| *key == guess.name) {
                true => diagnostic,
                false => scope
                    .report
                    .corrected(diagnostic, &guess, span, guess.name.as_str()),
            };
            scope.report.say(span, label, diagnostic);
            Some(guess.name)
        }
        None => {
            let diagnostic =
                Diagnostic::error(codes::UNKNOWN_KEY, format!("unknown key \"{shown}\" in {place}"))
                    .help(all_keys);
            scope.report.say(span, "", diagnostic);
            None
        }
    }
}

fn missing(scope: &mut Scope<'_>, attribute: &'static Attribute, place: &str, header: Span) {
    let name = attribute.name;
    let mut diagnostic = Diagnostic::error(codes::MISSING_KEY, format!("{place} needs {name}"));
    let example = match &attribute.kind {
        Kind::Id(of) => {
            example_of_id(scope, of).map(|(reference, note)| format!("{name} = {reference}{note}"))
        }
        Kind::IdOf(types) => example_of_id(scope, types.first().copied().unwrap_or_default())
            .map(|(reference, note)| format!("{name} = {reference}{note}")),
        Kind::IdSet(of) => {
            example_of_id(scope, of).map(|(reference, note)| format!("{name} = [{reference}]{note}"))
        }
        Kind::Cidr => Some(format!("{name} = \"10.0.0.0/16\"")),
        Kind::Enum(words) => words.first().map(|word| format!("{name} = \"{word}\"")),
        Kind::Bool => Some(format!("{name} = true")),
        Kind::Secret => Some(format!("{name} = {{ env = \"NAME\" }}")),
        _ => None,
    };
    if let Some(example) = example {
        diagnostic = diagnostic.help(example);
    }
    if !attribute.doc.is_empty() {
        diagnostic = diagnostic.note(format!("{name}: {}", attribute.doc));
    }
    scope.report.say_about(header, name, diagnostic);
}

/// The key that gives a text as a file: `user_data_file`.
pub(super) fn file_key(attribute: &Attribute) -> Option<String> {
    (attribute.file || matches!(attribute.kind, Kind::Text)).then(|| format!("{}_file", attribute.name))
}

/// Adds the defaults of what is not set.
pub(super) fn add_defaults(attributes: &'static [Attribute], values: &mut Attributes) {
    for attribute in attributes {
        if let Some(default) = attribute.default
            && !values.contains_key(attribute.name)
        {
            values.insert(attribute.name.to_owned(), default.value());
        }
    }
}
