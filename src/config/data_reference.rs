//! References to data blocks: `${data.image.ubuntu.id}`.
//!
//! Does not know how a data block is read.

use super::located::{Located, Thing};
use super::names::walk;
use super::reference::{Path, PathStep};
use super::report::Span;
use super::scope::Scope;
use super::suggest;
use super::words::there_are;
use crate::data::{self, DataKind, KINDS};
use crate::diagnostic::{Advice, Diagnostic, codes};

/// An attribute of what a data block shows, or of each of many.
pub(super) fn look_up(scope: &mut Scope<'_>, path: &Path, span: Span) -> Located {
    let (kind_name, name, rest) = match path.steps.as_slice() {
        [PathStep::Name(kind), PathStep::Name(name), rest @ ..] => (kind, name, rest),
        [PathStep::Name(kind), ..] if data::find(kind).is_some() => {
            let diagnostic = Diagnostic::error(
                codes::MALFORMED_REFERENCE,
                format!("this reference does not say which {kind}"),
            )
            .help(format!("${{data.{kind}.NAME.id}}"));
            return scope.wrong(span, "", diagnostic);
        }
        [PathStep::Name(kind), ..] => return no_such_kind(scope, kind, span),
        _ => {
            let diagnostic = Diagnostic::error(
                codes::MALFORMED_REFERENCE,
                "this reference does not say which data",
            )
            .help("${data.image.NAME.id}");
            return scope.wrong(span, "", diagnostic);
        }
    };
    let Some(kind) = data::find(kind_name) else {
        return no_such_kind(scope, kind_name, span);
    };
    let block = scope
        .data
        .blocks
        .get(kind_name)
        .and_then(|blocks| blocks.get(name));
    let Some(block) = block else {
        return no_such_block(scope, kind, name, path, span);
    };
    let (is_many, is_broken, value) = (block.many, block.broken, block.value.clone());
    let named = format!("data.{kind_name}.{name}");
    let (item, attribute) = match rest {
        [
            item @ (PathStep::Index(_) | PathStep::Counted(_) | PathStep::All),
            attribute @ ..,
        ] => (Some(item), attribute),
        attribute => (None, attribute),
    };
    let diagnostic = match (is_many, item) {
        (true, None) if !attribute.is_empty() => Diagnostic::error(
            codes::WHICH_COPY,
            format!("{named} has many = true, so it is a list"),
        )
        .help(format!("one: ${{{named}[0].id}}   all: ${{{named}[*].id}}")),
        (false, Some(_)) => Diagnostic::error(
            codes::WHICH_COPY,
            format!("{named} is one {kind_name} and no list"),
        )
        .help(format!("\"${{{named}.id}}\""))
        .help("many = true in its block makes it a list"),
        _ => match attribute.first() {
            Some(PathStep::Name(wanted) | PathStep::Key(wanted)) if kind.attribute(wanted).is_none() => {
                return no_such_attribute(scope, kind, &named, wanted, span);
            }
            None if !is_many => Diagnostic::error(
                codes::WHOLE_BLOCK,
                format!("${{{named}}} is a whole {kind_name}; a reference names one of its attributes"),
            )
            .help(format!("\"${{{named}.id}}\"")),
            _ if is_broken => return Located::broken(span),
            wanted => {
                let Some(value) = value else {
                    let wanted = match wanted {
                        Some(PathStep::Name(wanted) | PathStep::Key(wanted)) => kind.kind_of(wanted),
                        _ => None,
                    };
                    // Behind `[*]` it is a list, and inside an attribute it is anything.
                    let is_one = !matches!(item, Some(PathStep::All)) && attribute.len() == 1;
                    return Located::new(span, Thing::Unread(wanted.filter(|_| is_one)));
                };
                return walk(scope, &value, rest, &named, span);
            }
        },
    };
    scope.wrong(span, "", diagnostic)
}

fn no_such_kind(scope: &mut Scope<'_>, kind: &str, span: Span) -> Located {
    if scope.data.unknown.contains(kind) {
        return Located::broken(span);
    }
    let diagnostic = Diagnostic::error(
        codes::UNKNOWN_TYPE,
        format!("there is no data of the kind \"{kind}\""),
    );
    let names = || KINDS.iter().map(|kind| kind.name);
    let (label, diagnostic) = match suggest::guess(kind, names()) {
        Some(guess) => (format!("did you mean {}?", guess.name), diagnostic),
        None => (String::new(), diagnostic.note(there_are(names()))),
    };
    scope.wrong(span, &label, diagnostic)
}

fn no_such_block(
    scope: &mut Scope<'_>,
    kind: &'static DataKind,
    name: &str,
    path: &Path,
    span: Span,
) -> Located {
    let kind_name = kind.name;
    if scope.data.unknown.contains(kind_name) {
        return Located::broken(span);
    }
    let mut diagnostic = Diagnostic::error(
        codes::NO_SUCH_BLOCK,
        format!("no data block named [data.{kind_name}.{name}]"),
    );
    let mut label = String::new();
    let blocks = scope.data.blocks.get(kind_name);
    let names = || {
        blocks
            .into_iter()
            .flat_map(|blocks| blocks.keys().map(String::as_str))
    };
    match suggest::guess(name, names()) {
        Some(guess) => {
            let mut meant = path.clone();
            if let Some(PathStep::Name(first)) = meant.steps.get_mut(1) {
                first.clone_from(&guess.name);
            }
            label = format!("did you mean ${{{meant}}}?");
            if let Some(block) = blocks.and_then(|blocks| blocks.get(&guess.name)) {
                let place = scope.report.place(block.header);
                diagnostic = diagnostic.note(format!("data.{kind_name}.{} is at {place}", guess.name));
            }
        }
        None if names().next().is_none() => {
            diagnostic = diagnostic.help(format!("to begin one: [data.{kind_name}.{name}]"));
        }
        None => diagnostic = diagnostic.help(there_are(names().take(6))),
    }
    scope.wrong(span, &label, diagnostic)
}

fn no_such_attribute(
    scope: &mut Scope<'_>,
    kind: &'static DataKind,
    named: &str,
    wanted: &str,
    span: Span,
) -> Located {
    let diagnostic = Diagnostic::error(
        codes::NO_SUCH_ATTRIBUTE,
        format!("data of the kind {} has no attribute \"{wanted}\"", kind.name),
    );
    let names = || kind.attributes().map(|attribute| attribute.name);
    let label = match suggest::guess(wanted, names()) {
        Some(guess) => format!("did you mean ${{{named}.{}}}?", guess.name),
        None => String::new(),
    };
    let schema = Advice::from("all attributes: ")
        .run("schema")
        .arg(format!("data.{}", kind.name));
    scope.wrong(span, &label, diagnostic.help(schema))
}
