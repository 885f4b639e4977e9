//! References to other resources: which block, which copy, which attribute.
//!
//! Does not know what the value is used for.

use super::index::Shape;
use super::located::{Located, Thing};
use super::names::needs_name;
use super::reference::{Path, PathStep};
use super::report::Span;
use super::scope::Scope;
use super::suggest;
use super::words::{join, there_are};
use crate::address::{Address, Key};
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::types::{Attribute, Kind, ResourceType};
use crate::value::Reference;

/// An attribute of a resource, or of all copies of a block.
pub(super) fn look_up(
    scope: &mut Scope<'_>,
    path: &Path,
    resource_type: &'static ResourceType,
    span: Span,
) -> Located {
    let type_name = resource_type.name;
    let Some((PathStep::Name(name), rest)) = path.steps.split_first() else {
        return needs_name(scope, span, type_name, type_name);
    };
    let Some(index) = &scope.index else {
        return Located {
            early: true,
            ..Located::broken(span)
        };
    };
    let Some(block) = index.get(type_name, name) else {
        if index.is_meant(type_name, name) {
            return Located::broken(span);
        }
        return no_such_block(scope, type_name, name, path, span);
    };
    let address = block.address.clone();
    let shape = block.shape.clone();
    let header = block.header;
    let (key, rest) = match rest.split_first() {
        Some((PathStep::Name(_), _)) | None => (None, rest),
        Some((PathStep::Counted(index), rest)) => (Some(PathStep::Index(*index)), rest),
        Some((key, rest)) => (Some(key.clone()), rest),
    };
    let attribute: Vec<String> = rest
        .iter()
        .map(|step| match step {
            PathStep::Name(name) | PathStep::Key(name) => name.clone(),
            PathStep::Index(index) | PathStep::Counted(index) => index.to_string(),
            PathStep::All | PathStep::Dynamic(_) => "*".to_owned(),
        })
        .collect();
    let attribute = attribute.join(".");
    let Some(kind) = kind_of(scope, resource_type, &address, &attribute, key.as_ref(), span) else {
        return Located::broken(span);
    };
    let at = |address: Address| {
        Located::new(
            span,
            Thing::Reference(Reference {
                address,
                attribute: attribute.clone(),
            }),
        )
    };
    match (&shape, key) {
        (Shape::Broken, _) => Located::broken(span),
        (Shape::Unread { .. }, Some(PathStep::All)) => Located::new(span, Thing::Unread(None)),
        (Shape::Unread { .. }, Some(_)) => Located::new(span, Thing::Unread(Some(kind))),
        (Shape::Single, None) => at(address),
        (Shape::Count(count), Some(PathStep::Index(index))) if index < *count => {
            at(address.with_key(Key::Index(index)))
        }
        (Shape::Each(keys), Some(PathStep::Key(key))) if keys.contains_key(key.as_str()) => {
            at(address.with_key(Key::Name(key.into())))
        }
        (Shape::Each(keys), Some(PathStep::Index(index)))
            if keys.contains_key(index.to_string().as_str()) =>
        {
            at(address.with_key(Key::Name(index.to_string().into())))
        }
        (Shape::Count(_) | Shape::Each(_), Some(PathStep::All)) => {
            if !scope.spend(shape.len() * 160, span) {
                return Located::broken(span);
            }
            let items = shape.keys().map(|key| at(address.with_key(key))).collect();
            Located::new(span, Thing::List(items))
        }
        (_, key) => which_copy(scope, &address, &shape, key.as_ref(), &attribute, header, span),
    }
}

fn no_such_block(scope: &mut Scope<'_>, type_name: &str, name: &str, path: &Path, span: Span) -> Located {
    let mut diagnostic = Diagnostic::error(codes::NO_SUCH_BLOCK, format!("no {type_name} named \"{name}\""));
    let mut label = String::new();
    if let Some(index) = &scope.index {
        let names = index.names(type_name);
        match suggest::guess(name, names.iter().copied()) {
            Some(guess) => {
                let mut meant = path.clone();
                if let Some(PathStep::Name(first)) = meant.steps.first_mut() {
                    first.clone_from(&guess.name);
                }
                let meant = format!("${{{meant}}}");
                label = format!("did you mean {meant}?");
                // Only where the reference stands as it is written, and not in a value that came from elsewhere.
                if scope.report.text(span) == format!("${{{path}}}") {
                    diagnostic = scope.report.corrected(diagnostic, &guess, span, meant);
                }
                if let Some(block) = index.get(type_name, &guess.name) {
                    diagnostic = diagnostic.note(format!(
                        "{} is at {}",
                        block.address,
                        scope.report.place(block.header)
                    ));
                }
            }
            None if names.is_empty() => {
                diagnostic = diagnostic.help(format!(
                    "there is no {type_name} at all; begin one: [{type_name}.{name}]"
                ));
            }
            None if names.len() <= 6 => {
                diagnostic = diagnostic.help(there_are(names.iter().copied()));
            }
            None => {}
        }
    }
    scope.wrong(span, &label, diagnostic)
}

/// The kind of the attribute, if there is one and it may be referred to; says so if not.
fn kind_of(
    scope: &mut Scope<'_>,
    resource_type: &'static ResourceType,
    address: &Address,
    attribute: &str,
    key: Option<&PathStep>,
    span: Span,
) -> Option<Kind> {
    let type_name = resource_type.name;
    let key = match key {
        Some(PathStep::Index(index)) => format!("[{index}]"),
        Some(PathStep::Key(key)) => format!("[{key}]"),
        Some(PathStep::All) => "[*]".to_owned(),
        _ => String::new(),
    };
    let diagnostic = if attribute.is_empty() {
        Diagnostic::error(
            codes::WHOLE_BLOCK,
            format!("${{{address}{key}}} is a whole {type_name}; a reference names one of its attributes"),
        )
        .help(format!("\"${{{address}{key}.id}}\""))
    } else if resource_type
        .attribute(attribute)
        .is_some_and(Attribute::is_sensitive)
    {
        Diagnostic::error(
            codes::SENSITIVE,
            format!("{address}.{attribute} is secret and cannot be referred to"),
        )
    } else if let Some(kind) = resource_type.kind_at(attribute) {
        return Some(kind);
    } else if attribute == "id" {
        return Some(Kind::Id(type_name));
    } else {
        return no_such_attribute(scope, resource_type, &format!("{address}{key}"), attribute, span);
    };
    scope.report.say(span, "", diagnostic);
    None
}

fn no_such_attribute(
    scope: &mut Scope<'_>,
    resource_type: &'static ResourceType,
    named: &str,
    attribute: &str,
    span: Span,
) -> Option<Kind> {
    let type_name = resource_type.name;
    let outer = attribute.split('.').next().unwrap_or_default();
    // The attribute is there, and what is asked for inside it is not.
    let inside = resource_type
        .attribute(outer)
        .filter(|_| attribute.contains('.'))
        .map(|attribute| &attribute.kind);
    let diagnostic = match inside {
        Some(Kind::IdSet(_) | Kind::StringSet | Kind::IntegerSet { .. }) => Diagnostic::error(
            codes::MALFORMED_REFERENCE,
            format!("{named}.{outer} is a list: one of it is [0], [1], ..., all of it has nothing behind it"),
        )
        .help(format!("\"${{{named}.{outer}[0]}}\"")),
        Some(Kind::TableSet(_)) => Diagnostic::error(
            codes::MALFORMED_REFERENCE,
            format!("{named}.{outer} is a set of tables, which have no order: none of them can be named"),
        )
        .help("a value that is needed twice can stand in [local] or [var]"),
        _ => Diagnostic::error(
            codes::NO_SUCH_ATTRIBUTE,
            format!("a {type_name} has no attribute \"{attribute}\""),
        )
        .help(Advice::from("all attributes: ").run("schema").arg(type_name)),
    };
    let names = resource_type.attributes.iter().map(|attribute| attribute.name);
    let label = match suggest::guess(attribute, names) {
        Some(guess) => format!("did you mean ${{{named}.{}}}?", guess.name),
        None => String::new(),
    };
    scope.report.say(span, label, diagnostic);
    None
}

fn which_copy(
    scope: &mut Scope<'_>,
    address: &Address,
    shape: &Shape,
    key: Option<&PathStep>,
    attribute: &str,
    header: Span,
    span: Span,
) -> Located {
    let place = scope.report.place(header);
    let example = |key: &str| format!("${{{address}{key}.{attribute}}}");
    let first = shape.keys().next().map(|key| format!("[{key}]"));
    let mut label = String::new();
    let (what, help) = match (shape, key) {
        (Shape::Single | Shape::Broken, _) => (
            format!("{address} has neither count nor for_each, so it has no copies ({place})"),
            example(""),
        ),
        (Shape::Count(0), _) => (
            format!("{address} has no copies at all: count = 0 ({place})"),
            example("[*]"),
        ),
        (Shape::Count(count), Some(PathStep::Index(index))) => (
            format!("{address}[{index}] is past count = {count} ({place})"),
            format!("the last one: {}", example(&format!("[{}]", count - 1))),
        ),
        (Shape::Each(keys), Some(PathStep::Key(key))) => {
            if let Some(guess) = suggest::guess(key, keys.keys().map(|key| &**key)) {
                label = format!("did you mean {}?", example(&format!("[{}]", guess.name)));
            }
            let keys = join(keys.keys().take(8).map(|key| &**key));
            (
                format!("{address} has no copy [{key}] ({place})"),
                format!("its for_each has {keys}"),
            )
        }
        (Shape::Unread { .. }, _) => (
            format!("{address} has copies ({place})"),
            format!("all: {}", example("[*]")),
        ),
        (Shape::Count(_) | Shape::Each(_), _) => {
            let by = if matches!(shape, Shape::Count(_)) {
                "count"
            } else {
                "for_each"
            };
            let one = first
                .map(|key| format!("one: {}   ", example(&key)))
                .unwrap_or_default();
            (
                format!("{address} has {} ({by}, {place})", copies(shape.len())),
                format!("{one}all: {}", example("[*]")),
            )
        }
    };
    let diagnostic = Diagnostic::error(codes::WHICH_COPY, what).help(help);
    scope.wrong(span, &label, diagnostic)
}

fn copies(number: usize) -> String {
    if number == 1 {
        "1 copy".to_owned()
    } else {
        format!("{number} copies")
    }
}
