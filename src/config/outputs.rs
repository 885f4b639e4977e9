//! `[output]`: what is printed after an apply.
//!
//! Does not know resources.

use std::collections::BTreeMap;

use super::Output;
use super::evaluate::evaluate;
use super::located::Thing;
use super::raw::NodeKind;
use super::report::Span;
use super::scope::{Place, Scope, Stage};
use super::sections::Sections;
use super::suggest;
use super::words::shorten;
use crate::diagnostic::{Diagnostic, codes};

const OUTPUT_KEYS: &[&str] = &["value", "description", "sensitive"];

pub(super) fn outputs(sections: &Sections<'_>, scope: &mut Scope<'_>) -> BTreeMap<String, Output> {
    let mut outputs = BTreeMap::new();
    for (name, entry) in &sections.outputs {
        let mut sensitive = false;
        let node = match entry.value.as_table() {
            None => &entry.value,
            Some(table) => {
                for (key, member) in &table.entries {
                    let value = &member.value;
                    match (key.as_str(), &value.kind) {
                        ("value", _) => {}
                        ("sensitive", NodeKind::Bool(truth)) => sensitive = *truth,
                        ("description", _) if value.as_plain().is_some() => {}
                        ("sensitive", _) => {
                            let diagnostic =
                                Diagnostic::error(codes::WRONG_TYPE, "sensitive is true or false");
                            scope.report.say(value.span, "", diagnostic);
                        }
                        ("description", _) => {
                            let diagnostic = Diagnostic::error(codes::WRONG_TYPE, "description is a text");
                            scope.report.say(value.span, "", diagnostic);
                        }
                        (key, _) => unknown_output_key(name, key, member.key, scope),
                    }
                }
                match table.get("value") {
                    Some(member) => &member.value,
                    None => {
                        let diagnostic =
                            Diagnostic::error(codes::MISSING_KEY, format!("output {name} needs value"))
                                .help(format!("{name} = \"${{instance.web.public_ip}}\""))
                                .help(format!("{name} = {{ value = \"...\", description = \"...\" }}"));
                        scope.report.say(entry.key, "", diagnostic);
                        continue;
                    }
                }
            }
        };
        let value = evaluate(scope, node, &Place::new(Stage::Output));
        sensitive |= value.sensitive;
        if let Thing::Other(words) = value.thing {
            let what = format!("an output cannot be {words}");
            let diagnostic = Diagnostic::error(codes::WRONG_TYPE, what);
            scope.report.say(node.span, "", diagnostic);
        }
        if let Some(value) = value.into_value() {
            let output = Output { value, sensitive };
            outputs.insert((*name).to_owned(), output);
        }
    }
    outputs
}

fn unknown_output_key(name: &str, key: &str, span: Span, scope: &mut Scope<'_>) {
    let diagnostic = Diagnostic::error(
        codes::UNKNOWN_KEY,
        format!("unknown key \"{}\" in output {name}", shorten(key)),
    )
    .note(format!("all keys: {}", OUTPUT_KEYS.join(", ")))
    .help(format!(
        "for a table as the value: {name} = {{ value = {{ ... }} }}"
    ));
    let (label, diagnostic) = match suggest::guess(key, OUTPUT_KEYS.iter().copied()) {
        Some(guess) => (
            format!("did you mean {}?", guess.name),
            scope
                .report
                .corrected(diagnostic, &guess, span, guess.name.as_str()),
        ),
        None => (String::new(), diagnostic),
    };
    scope.report.say(span, label, diagnostic);
}
