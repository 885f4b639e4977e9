//! Ids of resources: references to a resource, or ids written out.
//!
//! Does not know other values.

use super::fit::wrong_type;
use super::located::{Located, Thing};
use super::report::Span;
use super::scope::Scope;
use super::words::{shorten, there_are};
use crate::diagnostic::{Diagnostic, codes};
use crate::types::{Kind, ResourceType};
use crate::value::Value;

/// The beginnings of ids, by type: only so much that an id of another type is noticed.
pub(super) const ID_PREFIXES: &[(&str, &str)] = &[
    ("vpc-", "vpc"),
    ("vsw-", "vswitch"),
    ("sg-", "security_group"),
    ("i-", "instance"),
    ("d-", "disk"),
    ("eip-", "eip"),
    ("eni-", "network_interface"),
    ("ngw-", "nat_gateway"),
    ("lb-", "slb"),
    ("sp-", "snapshot_policy"),
    ("vtb-", "route_table"),
];

pub(super) fn id(scope: &mut Scope<'_>, kind: &Kind, of: &str, path: &str, value: Located) -> Option<Value> {
    let span = value.span;
    match value.thing {
        Thing::Reference(reference) => {
            let is_chosen = scope
                .types
                .get(of)
                .is_some_and(|one| one.is_chosen(&reference.attribute));
            let is_its_own = reference.attribute == "id" || is_chosen;
            let fits = (is_its_own && reference.address.type_name() == of)
                || match scope.kind_of(&reference) {
                    Some(Kind::Id(other)) => other == of,
                    Some(Kind::IdOf(others)) => others.contains(&of),
                    _ => false,
                };
            if fits {
                return Some(Value::from(reference));
            }
            let this = match reference.attribute.as_str() {
                "id" => format!("this is a {}", reference.address.type_name()),
                attribute => format!("this is the {attribute} of {}", reference.address),
            };
            let diagnostic = Diagnostic::error(
                codes::WRONG_KIND,
                format!("{path} wants the id of a {of}, {this}"),
            );
            let help = if reference.address.type_name() == of {
                Some(format!("\"${{{}.id}}\"", reference.address))
            } else {
                example_of_id(scope, of).map(|(reference, _)| reference)
            };
            let diagnostic = match help {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            };
            scope.report.say(span, "", diagnostic);
            None
        }
        Thing::Unread(None | Some(Kind::String)) => Some(Value::unknown()),
        Thing::Unread(Some(Kind::Id(found))) if found == of => Some(Value::unknown()),
        // What is known by a name that somebody has chosen may have any.
        Thing::Text(text) if scope.types.get(of).is_some_and(ResourceType::is_named) && !text.is_empty() => {
            Some(Value::from(text))
        }
        Thing::Text(text) => literal_id(scope, of, path, text, span),
        Thing::Template(parts) => Some(Value::Template(parts)),
        _ => wrong_type(scope, kind, path, &value),
    }
}

/// An id of one of several types: of that which the value speaks of, else of the first.
pub(super) fn id_of_one(
    scope: &mut Scope<'_>,
    kind: &Kind,
    types: &[&'static str],
    path: &str,
    value: Located,
) -> Option<Value> {
    let spoken_of = match &value.thing {
        Thing::Reference(reference) => {
            let name = reference.address.type_name();
            types.iter().find(|one| **one == name)
        }
        Thing::Text(text) => {
            let begins = ID_PREFIXES.iter().find(|(prefix, _)| text.starts_with(prefix));
            types.iter().find(|one| begins.is_some_and(|(_, of)| of == *one))
        }
        _ => None,
    };
    let of = spoken_of.or(types.first())?;
    id(scope, kind, of, path, value)
}

fn literal_id(scope: &mut Scope<'_>, of: &str, path: &str, text: String, span: Span) -> Option<Value> {
    let other = ID_PREFIXES
        .iter()
        .find(|(prefix, _)| text.starts_with(prefix))
        .map(|(_, type_name)| *type_name);
    let knows_type = ID_PREFIXES.iter().any(|(_, type_name)| *type_name == of);
    let has_form = !text.is_empty()
        && text.len() <= 128
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let shown = shorten(&text);
    // `vswitch.main` and `vswitch.main.id` without the braces, or the bare name.
    let path_like = text
        .strip_prefix(of)
        .and_then(|rest| rest.strip_prefix('.'))
        .map(|rest| rest.trim_end_matches(".id"));
    let what = match other {
        Some(other) if knows_type && other != of => {
            format!("{path} wants the id of a {of}, \"{shown}\" is the id of a {other}")
        }
        _ if path_like.is_some() => {
            format!("{path} wants the id of a {of}, \"{shown}\" is a reference without ${{}}")
        }
        _ if !has_form => format!("{path} wants the id of a {of}, \"{shown}\" is none"),
        _ => match names_a_block(scope, of, &text) {
            true => format!("{path} wants the id of a {of}, \"{shown}\" is the name of one"),
            false => return Some(Value::from(text)),
        },
    };
    let diagnostic = Diagnostic::error(codes::WRONG_KIND, what);
    let named = path_like.unwrap_or(&text);
    let diagnostic = if names_a_block(scope, of, named) {
        let better = format!("\"${{{of}.{named}.id}}\"");
        diagnostic
            .help(better.clone())
            .fix(scope.report.location(span), better)
    } else {
        match example_of_id(scope, of) {
            Some((reference, note)) => diagnostic.help(format!("{reference}{note}")),
            None => diagnostic,
        }
    };
    scope.report.say(span, "", diagnostic);
    None
}

fn names_a_block(scope: &Scope<'_>, type_name: &str, name: &str) -> bool {
    scope
        .index
        .as_ref()
        .is_some_and(|index| index.get(type_name, name).is_some())
}

/// A reference to a resource of the type, and why this one, if there are few.
pub(super) fn example_of_id(scope: &Scope<'_>, type_name: &str) -> Option<(String, String)> {
    let index = scope.index.as_ref()?;
    let names = index.names(type_name);
    let first = index.get(type_name, names.first()?)?;
    let address = match first.shape.keys().next() {
        Some(key) => first.address.with_key(key),
        None => first.address.clone(),
    };
    let note = if names.len() == 1 {
        format!("   (the only {type_name} here)")
    } else {
        format!("   ({})", there_are(names.iter().copied().take(6)))
    };
    Some((format!("\"${{{address}.id}}\""), note))
}

pub(super) fn id_set(
    scope: &mut Scope<'_>,
    kind: &'static Kind,
    of: &'static str,
    path: &str,
    value: Located,
) -> Option<Value> {
    match value.thing {
        Thing::List(items) => {
            let mut ids = Vec::with_capacity(items.len());
            let mut fits = true;
            for (position, item) in items.into_iter().enumerate() {
                // `"${security_group.web[*].id}"` inside a list adds all of them.
                if matches!(item.thing, Thing::List(_)) && item.derived {
                    match id_set(scope, kind, of, path, item) {
                        Some(Value::List(inner)) => ids.extend(inner),
                        _ => fits = false,
                    }
                    continue;
                }
                match item.thing {
                    Thing::Broken => {
                        fits = false;
                        continue;
                    }
                    // It may be several, which is seen when it is read.
                    Thing::Unread(None) => {
                        ids.push(Value::unknown());
                        continue;
                    }
                    Thing::Unread(Some(Kind::IdSet(other))) if other == of => {
                        ids.push(Value::unknown());
                        continue;
                    }
                    _ => {}
                }
                let item_path = format!("{path}[{position}]");
                match id(scope, &Kind::Id(of), of, &item_path, item) {
                    Some(id) => ids.push(id),
                    None => fits = false,
                }
            }
            fits.then_some(Value::List(ids))
        }
        Thing::Reference(ref reference) if matches!(scope.kind_of(reference), Some(Kind::IdSet(other)) if other == of) => {
            Some(Value::from(reference.clone()))
        }
        _ => wrong_type(scope, kind, path, &value),
    }
}
