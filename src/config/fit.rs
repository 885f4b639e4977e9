//! Whether a value has the form that its key wants, in words for people.
//!
//! Does not know which kinds have rules of their own.

use super::located::{Located, Thing};
use super::scope::Scope;
use super::words::shorten;
use crate::diagnostic::{Diagnostic, codes};
use crate::types::Kind;
use crate::value::{Part, Value};

pub(super) fn wrong_type(scope: &mut Scope<'_>, kind: &Kind, path: &str, value: &Located) -> Option<Value> {
    let found = found_in_words(value);
    let diagnostic = Diagnostic::error(
        codes::WRONG_TYPE,
        format!("{path} is {}, found {found}", expected_in_words(kind)),
    );
    let key = path.rsplit('.').next().unwrap_or(path);
    let key = key.split('[').next().unwrap_or(key);
    // What to write instead, when it can be seen from what is there.
    let better = match (kind, &value.thing) {
        (Kind::Integer { .. }, Thing::Text(text)) if text.parse::<i64>().is_ok() => Some(text.clone()),
        (Kind::Bool, Thing::Text(text)) if text == "true" || text == "false" => Some(text.clone()),
        (
            Kind::String
            | Kind::Form(_)
            | Kind::Text
            | Kind::Enum(_)
            | Kind::Cidr
            | Kind::Id(_)
            | Kind::IdOf(_),
            Thing::Integer(number),
        ) => Some(format!("\"{number}\"")),
        (Kind::String | Kind::Form(_) | Kind::Text | Kind::Enum(_), Thing::Bool(truth)) => {
            Some(format!("\"{truth}\""))
        }
        (Kind::IdSet(_), Thing::Text(_) | Thing::Reference(_) | Thing::Template(_))
        | (Kind::TableSet(_), Thing::Map(_)) => {
            let written = scope.report.text(value.span);
            // A table with a header of its own cannot simply be put into brackets.
            (!written.starts_with('[') && !written.contains('\n')).then(|| format!("[{written}]"))
        }
        _ => None,
    };
    let diagnostic = match better {
        Some(better) if value.derived && !matches!(kind, Kind::IdSet(_)) => {
            let wanted = match kind {
                Kind::Integer { .. } => "integer",
                Kind::Bool => "boolean",
                _ => "string",
            };
            let _ = better;
            diagnostic.help(format!("if it is a variable: type = \"{wanted}\" in its table"))
        }
        Some(better) => diagnostic
            .help(format!("{key} = {better}"))
            .fix(scope.report.location(value.span), better),
        None => match (kind, &value.thing) {
            (Kind::TableSet(_), Thing::Map(_)) => diagnostic.help("write it with double brackets: [[...]]"),
            _ => diagnostic,
        },
    };
    scope.report.say(value.span, "", diagnostic);
    None
}

/// A text, known or not; numbers and truths that come from a reference are written out.
pub(super) fn text(scope: &mut Scope<'_>, kind: &Kind, path: &str, value: Located) -> Option<Value> {
    match value.thing {
        Thing::Text(text) => Some(Value::from(text)),
        Thing::Template(parts) => Some(Value::Template(parts)),
        Thing::Integer(number) if value.derived => Some(Value::from(number.to_string())),
        Thing::Bool(truth) if value.derived => Some(Value::from(truth.to_string())),
        Thing::Reference(ref reference) => match scope.kind_of(reference) {
            Some(Kind::Integer { .. } | Kind::Bool) => {
                Some(Value::Template(vec![Part::Reference(reference.clone())]))
            }
            Some(Kind::IdSet(_) | Kind::Table(_) | Kind::TableSet(_) | Kind::Tags | Kind::Secret) => {
                wrong_type(scope, kind, path, &value)
            }
            _ => Some(Value::from(reference.clone())),
        },
        _ => wrong_type(scope, kind, path, &value),
    }
}

fn expected_in_words(kind: &Kind) -> String {
    match kind {
        Kind::String | Kind::Form(_) | Kind::Text | Kind::Enum(_) => "a text".to_owned(),
        Kind::Integer { .. } => "a whole number".to_owned(),
        Kind::IntegerSet { min, max } => format!("a list of numbers from {min} to {max}"),
        Kind::StringSet => "a list of texts".to_owned(),
        Kind::IdOf(types) => format!("the id of a {}", types.join(" or ")),
        Kind::Bool => "true or false".to_owned(),
        Kind::Cidr => "a network such as \"10.0.0.0/16\"".to_owned(),
        Kind::Id(of) => format!("the id of a {of}"),
        Kind::IdSet(of) => format!("a list of {of} ids"),
        Kind::Table(_) => "a table".to_owned(),
        Kind::TableSet(_) => "a list of tables".to_owned(),
        Kind::Tags => "a table of texts".to_owned(),
        Kind::Secret => "{ env = \"NAME\" } or { file = \"path\" }".to_owned(),
    }
}

pub(super) fn found_in_words(value: &Located) -> String {
    match &value.thing {
        Thing::Text(text) => format!("the text \"{}\"", shorten(text)),
        Thing::Integer(number) => format!("the number {number}"),
        Thing::Bool(truth) => truth.to_string(),
        Thing::Reference(reference) => format!("${{{reference}}}"),
        _ => value.kind_in_words().to_owned(),
    }
}
