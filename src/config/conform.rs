//! Whether a value fits its key, and what it becomes: the kinds of the schema tables.
//!
//! Does not know where the tables come from, and looks nothing up but what a reference names.

use std::collections::BTreeMap;

use super::fit::{found_in_words, text, wrong_type};
use super::ids::{id, id_of_one, id_set};
use super::keys::{Subject, add_defaults, check_keys};
use super::located::{Located, Member, Thing};
use super::network::{self, NotANetwork};
use super::report::Span;
use super::scope::Scope;
use super::secret::secret;
use super::sets::plain_set;
use super::suggest;
use super::tags::tags;
use super::words::shorten;
use crate::diagnostic::{Diagnostic, codes};
use crate::types::form::Form;
use crate::types::{Attribute, Kind};
use crate::value::{Attributes, Value};

/// The value for an attribute, with its defaults; none if it does not fit, which has then been said.
pub(super) fn conform(
    scope: &mut Scope<'_>,
    kind: &'static Kind,
    path: &str,
    value: Located,
    subject: Subject<'_>,
) -> Option<Value> {
    let span = value.span;
    if value.sensitive && !(matches!(kind, Kind::Secret) && value.variable.is_some()) {
        let diagnostic = Diagnostic::error(
            codes::SENSITIVE,
            format!("{path} would show a sensitive variable in the plan and in the state"),
        )
        .help("a sensitive variable may be a password, as a whole, and stand in outputs");
        scope.report.say(span, "", diagnostic);
        return None;
    }
    if matches!(value.thing, Thing::Broken) {
        return None;
    }
    if !matches!(kind, Kind::Secret) && scope.report.is_secret(span) && !holds_tables(kind) {
        let diagnostic = Diagnostic::error(
            codes::SECRET_IN_FILE,
            format!("{path} looks as if a secret stood in it"),
        );
        scope.report.say(span, "", diagnostic);
        return None;
    }
    if let Thing::Unread(found) = value.thing {
        return unread(scope, kind, path, found, &value);
    }
    match kind {
        Kind::Secret => secret(scope, path, value, subject),
        Kind::Table(attributes) => match value.thing {
            Thing::Map(members) => table(scope, attributes, path, members, span, subject),
            _ => wrong_type(scope, kind, path, &value),
        },
        Kind::TableSet(attributes) => table_set(scope, kind, attributes, path, value, subject),
        Kind::Tags => tags(scope, kind, path, value),
        Kind::IdSet(of) => id_set(scope, kind, of, path, value),
        Kind::IdOf(types) => id_of_one(scope, kind, types, path, value),
        Kind::IntegerSet { .. } | Kind::StringSet => plain_set(scope, kind, path, value),
        Kind::Id(of) => id(scope, kind, of, path, value),
        Kind::Integer { min, max } => match value.thing {
            Thing::Integer(number) if (*min..=*max).contains(&number) => Some(Value::Integer(number)),
            Thing::Integer(number) => {
                let what = format!("{path} is at least {min} and at most {max}, this is {number}");
                scope
                    .report
                    .say(span, "", Diagnostic::error(codes::OUT_OF_RANGE, what));
                None
            }
            Thing::Reference(ref reference)
                if matches!(scope.kind_of(reference), Some(Kind::Integer { .. })) =>
            {
                Some(Value::from(reference.clone()))
            }
            _ => wrong_type(scope, kind, path, &value),
        },
        Kind::Bool => match value.thing {
            Thing::Bool(truth) => Some(Value::Bool(truth)),
            Thing::Reference(ref reference) if matches!(scope.kind_of(reference), Some(Kind::Bool)) => {
                Some(Value::from(reference.clone()))
            }
            _ => wrong_type(scope, kind, path, &value),
        },
        Kind::String => match text(scope, kind, path, value)? {
            Value::String(text) if text.is_empty() => {
                let diagnostic = Diagnostic::error(codes::FORM, format!("{path} is empty"))
                    .help("leave the key out if nothing is wanted");
                scope.report.say(span, "", diagnostic);
                None
            }
            value => Some(value),
        },
        Kind::Text => text(scope, kind, path, value),
        Kind::Form(form) => match text(scope, kind, path, value)? {
            Value::String(text) => formed(scope, form, &text, path, span).then_some(Value::String(text)),
            value => Some(value),
        },
        Kind::Enum(words) => match text(scope, kind, path, value)? {
            Value::String(word) if !words.contains(&word.as_str()) => {
                not_one_of(scope, &word, words, path, span);
                None
            }
            value => Some(value),
        },
        Kind::Cidr => match text(scope, kind, path, value)? {
            Value::String(text) => network(scope, &text, path, span),
            value => Some(value),
        },
    }
}

/// What a data block will show: whether it can fit is known before it is read.
fn unread(
    scope: &mut Scope<'_>,
    kind: &Kind,
    path: &str,
    found: Option<Kind>,
    value: &Located,
) -> Option<Value> {
    let is_text = !matches!(
        kind,
        Kind::Integer { .. }
            | Kind::Bool
            | Kind::Id(_)
            | Kind::IdOf(_)
            | Kind::IdSet(_)
            | Kind::IntegerSet { .. }
            | Kind::StringSet
            | Kind::Table(_)
            | Kind::TableSet(_)
            | Kind::Tags
            | Kind::Secret
    );
    let fits = match (kind, found) {
        (Kind::Secret, _) => false,
        (_, None) => true,
        (Kind::Id(of), Some(Kind::Id(other))) if *of != other => {
            let diagnostic = Diagnostic::error(
                codes::WRONG_KIND,
                format!("{path} wants the id of a {of}, this is the id of a {other}"),
            );
            scope.report.say(value.span, "", diagnostic);
            return None;
        }
        (Kind::IdOf(types), Some(Kind::Id(other))) => types.contains(&other),
        (Kind::IdSet(of), Some(Kind::IdSet(other))) => *of == other,
        (Kind::Integer { .. }, Some(found)) => matches!(found, Kind::Integer { .. }),
        (Kind::Bool, Some(found)) => matches!(found, Kind::Bool),
        (Kind::Tags, Some(found)) => matches!(found, Kind::Tags),
        (
            Kind::IdSet(_) | Kind::IntegerSet { .. } | Kind::StringSet | Kind::Table(_) | Kind::TableSet(_),
            Some(_),
        ) => false,
        (_, Some(Kind::Integer { .. } | Kind::Bool)) => is_text,
        (_, Some(found)) => !matches!(
            found,
            Kind::IdSet(_) | Kind::Table(_) | Kind::TableSet(_) | Kind::Tags
        ),
    };
    if fits {
        Some(Value::unknown())
    } else {
        wrong_type(scope, kind, path, value)
    }
}

/// Whether a text has its form; says so if not.
fn formed(scope: &mut Scope<'_>, form: &Form, text: &str, path: &str, span: Span) -> bool {
    let Some(wrong) = form.wrong(text) else {
        return true;
    };
    let shown = match text {
        "" => String::new(),
        text => format!(" \"{}\"", shorten(text)),
    };
    let what = match wrong.what.strip_prefix("is none") {
        Some(rest) => format!("is not {}{rest}", form.noun),
        None => wrong.what,
    };
    let diagnostic = Diagnostic::error(form.code, format!("{path}{shown} {what}"));
    let (label, diagnostic) = match wrong.better {
        Some(better) => {
            // Another cloud's type has one that is like it, and it is anybody's guess whether that is wanted.
            let is_sure = form.code != codes::INSTANCE_TYPE || better.ends_with(text);
            let label = format!("did you mean \"{better}\"?");
            let place = scope.report.location(span);
            match is_sure {
                true => (label, diagnostic.fix(place, format!("\"{better}\""))),
                false => (label, diagnostic),
            }
        }
        None if text.is_empty() => (
            String::new(),
            diagnostic.help("leave the key out if nothing is wanted"),
        ),
        None => (
            String::new(),
            diagnostic.help(format!("for example: \"{}\"", form.example)),
        ),
    };
    scope.report.say(span, label, diagnostic);
    false
}

fn not_one_of(scope: &mut Scope<'_>, word: &str, words: &[&str], path: &str, span: Span) {
    let shown = shorten(word);
    let same = words.iter().find(|known| known.eq_ignore_ascii_case(word));
    let similar = suggest::guess(word, words.iter().copied());
    let is_sure = same.is_some() || similar.as_ref().is_some_and(suggest::Guess::is_sure);
    let guess = same
        .map(|known| (*known).to_owned())
        .or(similar.map(|guess| guess.name));
    let mut diagnostic = Diagnostic::error(codes::NOT_ONE_OF, format!("{path} cannot be \"{shown}\""))
        .note(format!("one of {}", words.join(", ")));
    let label = match guess {
        Some(guess) => {
            if is_sure {
                diagnostic = diagnostic.fix(scope.report.location(span), format!("\"{guess}\""));
            }
            format!("did you mean \"{guess}\"?")
        }
        None => String::new(),
    };
    scope.report.say(span, label, diagnostic);
}

fn network(scope: &mut Scope<'_>, text: &str, path: &str, span: Span) -> Option<Value> {
    let shown = shorten(text);
    let mut better = None;
    let what = match network::parse(text) {
        Ok(_) => return Some(Value::from(text)),
        Err(NotANetwork::HostBits(meant)) => {
            better = Some(meant.to_string());
            format!("{path} \"{shown}\" is an address inside a network, not the network")
        }
        Err(NotANetwork::NoLength(address)) => {
            // A last number of 0 means a network, and its length is anybody's guess.
            if address.octets()[3] != 0 {
                better = Some(format!("{address}/32"));
            }
            format!("{path} is a network, \"{shown}\" lacks its length")
        }
        Err(NotANetwork::Ipv6) => format!("{path} is an IPv4 network, \"{shown}\" is IPv6"),
        Err(NotANetwork::Form) => format!("{path} \"{shown}\" is no IPv4 network"),
    };
    let diagnostic = Diagnostic::error(codes::CIDR, what);
    let (label, diagnostic) = match better {
        Some(better) => {
            let fix = format!("\"{better}\"");
            (
                format!("did you mean {better}?"),
                diagnostic.fix(scope.report.location(span), fix),
            )
        }
        None => (
            String::new(),
            diagnostic.help("a network looks like this: 10.0.0.0/16"),
        ),
    };
    scope.report.say(span, label, diagnostic);
    None
}

fn table_set(
    scope: &mut Scope<'_>,
    kind: &'static Kind,
    attributes: &'static [Attribute],
    path: &str,
    value: Located,
    subject: Subject<'_>,
) -> Option<Value> {
    let Thing::List(items) = value.thing else {
        return wrong_type(scope, kind, path, &value);
    };
    let mut tables = Vec::with_capacity(items.len());
    let mut fits = true;
    for (position, item) in items.into_iter().enumerate() {
        let item_path = format!("{path}[{position}]");
        let span = item.span;
        let table = match item.thing {
            Thing::Map(members) => table(scope, attributes, &item_path, members, span, subject),
            Thing::Broken => None,
            _ => {
                let what = format!("{item_path} is a table, found {}", found_in_words(&item));
                scope
                    .report
                    .say(span, "", Diagnostic::error(codes::WRONG_TYPE, what));
                None
            }
        };
        match table {
            Some(table) => tables.push(table),
            None => fits = false,
        }
    }
    fits.then_some(Value::List(tables))
}

fn table(
    scope: &mut Scope<'_>,
    attributes: &'static [Attribute],
    path: &str,
    members: BTreeMap<String, Member>,
    span: Span,
    subject: Subject<'_>,
) -> Option<Value> {
    let keys: Vec<(&str, Span, Span)> = members
        .iter()
        .map(|(name, member)| (name.as_str(), member.key, member.value.span))
        .collect();
    let place = format!("{path} of {}", subject.block);
    let mut fits = check_keys(scope, attributes, &[], &keys, &place, span, subject);
    let mut values = Attributes::new();
    for (name, member) in members {
        let Some(attribute) = attributes.iter().find(|attribute| attribute.name == name) else {
            continue;
        };
        if attribute.computed {
            continue;
        }
        let member_path = format!("{path}.{name}");
        match conform(scope, &attribute.kind, &member_path, member.value, subject) {
            Some(value) => {
                values.insert(name, value);
            }
            None => fits = false,
        }
    }
    add_defaults(attributes, &mut values);
    fits.then_some(Value::Map(values))
}

fn holds_tables(kind: &Kind) -> bool {
    matches!(kind, Kind::Table(_) | Kind::TableSet(_) | Kind::Tags)
}
