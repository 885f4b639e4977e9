//! Tables whose keys take plain values: what is wrong with one is said, and it is as if it were not there.
//!
//! Does not know what a key means.

use super::evaluate::evaluate;
use super::located::Thing;
use super::raw::{Entry, Node, NodeKind, Table};
use super::report::Span;
use super::scope::{Place, Scope, Stage};
use super::suggest;
use super::words::shorten;
use crate::address::Address;
use crate::diagnostic::{Diagnostic, codes};

/// A table with the words for it: `[policy]`, `lifecycle`.
#[derive(Clone, Copy)]
pub(super) struct PlainTable<'a> {
    pub(super) table: &'a Table,
    pub(super) words: &'static str,
}

impl<'a> PlainTable<'a> {
    /// Says which keys it should not have.
    pub(super) fn check_keys(&self, keys: &[&str], scope: &mut Scope<'_>) {
        for (key, entry) in &self.table.entries {
            if keys.contains(&key.as_str()) {
                continue;
            }
            let message = format!("unknown key \"{}\" in {}", shorten(key), self.words);
            let diagnostic =
                Diagnostic::error(codes::UNKNOWN_KEY, message).note(format!("all keys: {}", keys.join(", ")));
            let (label, diagnostic) = match suggest::guess(key, keys.iter().copied()) {
                Some(guess) => (
                    format!("did you mean {}?", guess.name),
                    scope
                        .report
                        .corrected(diagnostic, &guess, entry.key, guess.name.as_str()),
                ),
                None => (String::new(), diagnostic),
            };
            scope.report.say(entry.key, label, diagnostic);
        }
    }

    /// Says that a key is missing that must be there.
    pub(super) fn missing(&self, key: &str, at: Span, scope: &mut Scope<'_>) {
        let diagnostic = Diagnostic::error(codes::MISSING_KEY, format!("{} needs {key}", self.words));
        scope.report.say(at, "", diagnostic);
    }

    fn get(&self, key: &str) -> Option<&'a Entry> {
        self.table.get(key)
    }

    fn wrong(&self, span: Span, what: &str, scope: &mut Scope<'_>) {
        scope
            .report
            .say(span, "", Diagnostic::error(codes::WRONG_TYPE, what.to_owned()));
    }

    /// `true` or `false`.
    pub(super) fn truth(&self, key: &str, scope: &mut Scope<'_>) -> Option<(bool, Span)> {
        let node = &self.get(key)?.value;
        match evaluate(scope, node, &Place::new(Stage::Resource)).thing {
            Thing::Bool(truth) => Some((truth, node.span)),
            Thing::Broken => None,
            _ => {
                self.wrong(node.span, &format!("{key} is true or false"), scope);
                None
            }
        }
    }

    /// A whole number that is not below zero.
    pub(super) fn number(&self, key: &str, scope: &mut Scope<'_>) -> Option<(u64, Span)> {
        let node = &self.get(key)?.value;
        let thing = evaluate(scope, node, &Place::new(Stage::Resource)).thing;
        match thing {
            Thing::Integer(number) if number >= 0 => Some((number.unsigned_abs(), node.span)),
            Thing::Broken => None,
            _ => {
                self.wrong(node.span, &format!("{key} is a whole number from 0 on"), scope);
                None
            }
        }
    }

    /// A text.
    pub(super) fn text(&self, key: &str, scope: &mut Scope<'_>) -> Option<(String, Span)> {
        let node = &self.get(key)?.value;
        self.text_of(key, node, scope).map(|text| (text, node.span))
    }

    fn text_of(&self, key: &str, node: &Node, scope: &mut Scope<'_>) -> Option<String> {
        let value = evaluate(scope, node, &Place::new(Stage::Resource));
        match value.thing {
            Thing::Text(text) if !value.sensitive => Some(text),
            Thing::Broken => None,
            _ => {
                self.wrong(node.span, &format!("{key} takes texts that may be shown"), scope);
                None
            }
        }
    }

    /// The items of a list, each with its place.
    pub(super) fn items(&self, key: &str, scope: &mut Scope<'_>) -> Vec<&'a Node> {
        let Some(entry) = self.get(key) else {
            return Vec::new();
        };
        match &entry.value.kind {
            NodeKind::List(items) => items.iter().collect(),
            _ => {
                self.wrong(entry.value.span, &format!("{key} is a list"), scope);
                Vec::new()
            }
        }
    }

    /// A list of texts, each with its place.
    pub(super) fn texts(&self, key: &str, scope: &mut Scope<'_>) -> Vec<(String, Span)> {
        self.items(key, scope)
            .into_iter()
            .filter_map(|node| Some((self.text_of(key, node, scope)?, node.span)))
            .collect()
    }

    /// An address.
    pub(super) fn address(&self, key: &str, scope: &mut Scope<'_>) -> Option<(Address, Span)> {
        let (text, span) = self.text(key, scope)?;
        Some((address(&text, span, scope)?, span))
    }
}

/// The address that a text is; what is wrong is said.
pub(super) fn address(text: &str, span: Span, scope: &mut Scope<'_>) -> Option<Address> {
    let parsed = text.parse::<Address>().ok();
    if parsed.is_none() {
        let diagnostic = Diagnostic::error(codes::DEPENDS_ON, format!("\"{}\" is no address", shorten(text)))
            .help("an address looks like this: \"vpc.main\", \"instance.web[0]\"");
        scope.report.say(span, "", diagnostic);
    }
    parsed
}
