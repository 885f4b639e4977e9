//! `[var.NAME]` and the values that variables get: default, `env/NAME.toml`, `INFRA_VAR_NAME`, `-v NAME=VALUE`,
//! the later ones win.
//!
//! Does not know what the variables are used for.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use toml::de::DeValue;

use super::located::{Located, Member, Thing};
use super::raw::{self, Entry, Node, NodeKind, Table};
use super::reference::Text;
use super::report::Span;
use super::scope::Scope;
use super::sections::{Document, Sections, header_of};
use super::suggest;
use super::words::{join, shorten};
use crate::diagnostic::{Diagnostic, codes};

/// The type of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    String,
    Integer,
    Boolean,
    List,
    Map,
}

const TYPES: &[(&str, Type)] = &[
    ("string", Type::String),
    ("integer", Type::Integer),
    ("boolean", Type::Boolean),
    ("list", Type::List),
    ("map", Type::Map),
];

const KEYS: &[&str] = &["type", "default", "description", "allowed", "sensitive"];

/// A variable as declared.
struct Declared<'a> {
    header: Span,
    type_: Type,
    default: Option<&'a Node>,
    description: Option<&'a str>,
    allowed: Option<&'a Node>,
    sensitive: bool,
    /// There is a mistake in its table: nothing more is said about its value.
    broken: bool,
}

/// Where values come from besides the defaults.
pub(super) struct Given<'a> {
    pub(super) vars: &'a BTreeMap<String, String>,
    pub(super) set: &'a [(String, String)],
    /// `env/NAME.toml`, if there is one, with its name.
    pub(super) environment: Option<(&'a str, &'a Document)>,
}

/// A variable that has no value, and needs one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unset {
    pub(crate) name: String,
    /// What the file says it is for.
    pub(crate) description: Option<String>,
    pub(crate) sensitive: bool,
}

/// What is known of the variables behind their values.
pub(super) struct Known {
    /// The names of those whose values may be shown.
    pub(super) plain: BTreeSet<String>,
    /// In the order of the files.
    pub(super) unset: Vec<Unset>,
}

/// Gives every variable its value.
pub(super) fn read(sections: &Sections<'_>, given: &Given<'_>, scope: &mut Scope<'_>) -> Known {
    let declared: BTreeMap<&str, Declared<'_>> = sections
        .variables
        .iter()
        .map(|(name, entry)| (*name, declare(name, entry, scope)))
        .collect();
    check_names(&declared, given, scope);
    let mut missing = Vec::new();
    for (name, variable) in &declared {
        let value = value_of(name, variable, given, scope);
        let value = match value {
            Some(value) => value,
            None if variable.broken => Located::broken(variable.header),
            None => {
                missing.push((*name, variable));
                Located::broken(variable.header)
            }
        };
        let value = Located {
            sensitive: variable.sensitive,
            variable: variable.sensitive.then(|| Arc::from(*name)),
            ..value
        };
        scope.variables.insert((*name).to_owned(), Rc::new(value));
    }
    // The file of the right environment might set them.
    if !scope.project.is_environment_wrong {
        missing.sort_by_key(|(_, variable)| (variable.header.file, variable.header.start));
        say_missing(&missing, scope);
    }
    let is_plain =
        |name: &str, variable: &Declared<'_>| !variable.sensitive && !scope.report.looks_secret(name);
    let unset = |(name, variable): (&str, &Declared<'_>)| Unset {
        name: name.to_owned(),
        description: variable.description.map(str::to_owned),
        sensitive: !is_plain(name, variable),
    };
    Known {
        plain: declared
            .iter()
            .filter(|(name, variable)| is_plain(name, variable))
            .map(|(name, _)| (*name).to_owned())
            .collect(),
        unset: missing.into_iter().map(unset).collect(),
    }
}

fn declare<'a>(name: &str, entry: &'a Entry, scope: &mut Scope<'_>) -> Declared<'a> {
    let report = &mut scope.report;
    let header = header_of(entry, report);
    let empty = Table::default();
    let table = entry.value.as_table();
    let errors = report.errors();
    for (key, member) in &table.unwrap_or(&empty).entries {
        if !KEYS.contains(&key.as_str()) {
            let diagnostic = Diagnostic::error(
                codes::UNKNOWN_KEY,
                format!("unknown key \"{}\" in [var.{name}]", shorten(key)),
            )
            .note(format!("all keys: {}", KEYS.join(", ")));
            let (label, diagnostic) = match suggest::guess(key, KEYS.iter().copied()) {
                Some(guess) => (
                    format!("did you mean {}?", guess.name),
                    report.corrected(diagnostic, &guess, member.key, guess.name.as_str()),
                ),
                None => (String::new(), diagnostic),
            };
            report.say(member.key, label, diagnostic);
        }
    }
    let node = |key: &str| table.and_then(|table| table.get(key)).map(|entry| &entry.value);
    let sensitive = match node("sensitive").map(|node| (&node.kind, node.span)) {
        None => false,
        Some((NodeKind::Bool(truth), _)) => *truth,
        Some((_, span)) => {
            let diagnostic = Diagnostic::error(codes::WRONG_TYPE, "sensitive is true or false");
            report.say(span, "", diagnostic);
            // Rather hide too much.
            true
        }
    };
    let default = node("default");
    let allowed = node("allowed");
    if sensitive {
        default
            .into_iter()
            .chain(allowed)
            .for_each(|node| report.hide(node.span));
    }
    let description = match node("description") {
        Some(node) if node.as_plain().is_none() => {
            report.say(
                node.span,
                "",
                Diagnostic::error(codes::WRONG_TYPE, "description is a text"),
            );
            None
        }
        node => node.and_then(Node::as_plain),
    };
    let given = node("type").and_then(|node| read_type(node, scope));
    let inferred = default.or_else(|| match allowed.map(|node| &node.kind) {
        Some(NodeKind::List(items)) => items.first(),
        _ => None,
    });
    let type_ = given.unwrap_or_else(|| match inferred.map(|node| &node.kind) {
        Some(NodeKind::Integer(_)) => Type::Integer,
        Some(NodeKind::Bool(_)) => Type::Boolean,
        Some(NodeKind::List(_)) => Type::List,
        Some(NodeKind::Table(_)) => Type::Map,
        _ => Type::String,
    });
    if let Some(node) = allowed
        && !matches!(node.kind, NodeKind::List(_))
    {
        let diagnostic = Diagnostic::error(codes::WRONG_TYPE, "allowed is a list of values");
        scope.report.say(node.span, "", diagnostic);
    }
    Declared {
        header,
        type_,
        default,
        description,
        allowed,
        sensitive,
        broken: scope.report.errors() > errors,
    }
}

fn read_type(node: &Node, scope: &mut Scope<'_>) -> Option<Type> {
    let names = || TYPES.iter().map(|(name, _)| *name);
    let word = node.as_plain();
    if let Some((_, found)) = TYPES.iter().find(|(name, _)| Some(*name) == word) {
        return Some(*found);
    }
    let diagnostic = Diagnostic::error(
        codes::NOT_ONE_OF,
        format!("the type of a variable is one of {}", join(names())),
    );
    let (label, diagnostic) = match word.and_then(|word| suggest::guess(word, names())) {
        Some(guess) => {
            let quoted = format!("\"{}\"", guess.name);
            let corrected = scope
                .report
                .corrected(diagnostic, &guess, node.span, quoted.as_str());
            (format!("did you mean {quoted}?"), corrected)
        }
        None => (String::new(), diagnostic),
    };
    scope.report.say(node.span, label, diagnostic);
    None
}

/// Values for variables that do not exist.
fn check_names(declared: &BTreeMap<&str, Declared<'_>>, given: &Given<'_>, scope: &mut Scope<'_>) {
    let guess = |name: &str| suggest::guess(name, declared.keys().copied());
    for (name, _) in given.set {
        if !declared.contains_key(name.as_str()) {
            let diagnostic = Diagnostic::error(
                codes::NO_SUCH_VARIABLE_SET,
                format!("-v {}=...: no variable has this name", shorten(name)),
            );
            scope.report.push(match guess(name) {
                Some(guess) => diagnostic.help(format!("did you mean -v {}=...?", guess.name)),
                None => diagnostic.help(format!("to add it to infra.toml: [var.{}]", shorten(name))),
            });
        }
    }
    let Some((_, document)) = given.environment else {
        return;
    };
    for (key, entry) in &document.table.entries {
        if key == "$schema" || declared.contains_key(key.as_str()) {
            continue;
        }
        let file = scope.report.source(document.file).name().to_string();
        let is_table = entry.value.as_table().is_some();
        let diagnostic = if is_table {
            let inner = entry.value.as_table().and_then(|table| {
                let (name, inner) = table.entries.first_key_value()?;
                inner.value.as_table().map(|_| format!(".{}", shorten(name)))
            });
            let inner = inner.unwrap_or_default();
            Diagnostic::error(
                codes::ENVIRONMENT_FILE,
                format!("{file} sets variables only, found [{}{inner}]", shorten(key)),
            )
        } else {
            Diagnostic::error(
                codes::ENVIRONMENT_FILE,
                format!("{file} sets \"{}\", and no variable has this name", shorten(key)),
            )
            .help(format!("to add it to infra.toml: [var.{}]", shorten(key)))
        };
        let (label, diagnostic) = match guess(key) {
            Some(guess) => (
                format!("did you mean {}?", guess.name),
                scope
                    .report
                    .corrected(diagnostic, &guess, entry.key, guess.name.as_str()),
            ),
            None => (String::new(), diagnostic),
        };
        if scope.report.looks_secret(key) {
            scope.report.hide(entry.value.span);
        }
        scope.report.say(entry.key, label, diagnostic);
    }
}

fn value_of(
    name: &str,
    variable: &Declared<'_>,
    given: &Given<'_>,
    scope: &mut Scope<'_>,
) -> Option<Located> {
    let from_flag = given
        .set
        .iter()
        .rev()
        .find(|(set, _)| set == name)
        .map(|(_, value)| (format!("-v {name}"), value));
    let exact = format!("INFRA_VAR_{name}");
    let upper = exact.to_ascii_uppercase().replace('-', "_");
    let from_text = from_flag.or_else(|| {
        [exact, upper]
            .into_iter()
            .find_map(|key| given.vars.get(&key).map(|value| (key, value)))
    });
    let from_file = given
        .environment
        .and_then(|(_, document)| document.table.get(name))
        .map(|entry| &entry.value);
    if variable.sensitive
        && let Some(node) = from_file
    {
        scope.report.hide(node.span);
    }
    if let Some((source, text)) = from_text {
        return Some(from_words(name, variable, &source, text, scope));
    }
    let node = from_file.or(variable.default)?;
    let value = plain(node, scope);
    Some(check(name, variable, value, scope))
}

/// A value that was given as text: by a flag or an environment variable.
fn from_words(
    name: &str,
    variable: &Declared<'_>,
    source: &str,
    text: &str,
    scope: &mut Scope<'_>,
) -> Located {
    let file = scope.report.add_file(source, text);
    let span = Span::new(file, 0..text.len());
    if variable.sensitive || scope.report.looks_secret(name) {
        scope.report.hide(span);
    } else {
        super::masking::hide(file, text, &BTreeSet::new(), &mut scope.report);
    }
    if variable.type_ == Type::String {
        let value = Located::new(span, Thing::Text(text.to_owned()));
        return check(name, variable, value, scope);
    }
    let (parsed, mistakes) = DeValue::parse_recoverable(text);
    let is_shaped = matches!(
        (parsed.get_ref(), variable.type_),
        (DeValue::Integer(_), Type::Integer)
            | (DeValue::Boolean(_), Type::Boolean)
            | (DeValue::Array(_), Type::List)
            | (DeValue::Table(_), Type::Map)
    );
    if !mistakes.is_empty() || !is_shaped || text.len() > raw::TEXT_MAX {
        let example = match variable.type_ {
            Type::String => "text",
            Type::Integer => "3",
            Type::Boolean => "true",
            Type::List => "[\"a\", \"b\"]",
            Type::Map => "{ a = 1, b = 2 }",
        };
        let diagnostic = Diagnostic::error(
            codes::VARIABLE_VALUE,
            format!("{source}: variable {name} is {}", words(variable.type_)),
        )
        .help(format!("for example: -v '{name}={example}'"));
        scope.report.say(span, "", diagnostic);
        return Located::broken(span);
    }
    let node = raw::node(&parsed, file, &mut scope.report);
    let value = plain(&node, scope);
    check(name, variable, value, scope)
}

/// A value without references: variables stand before everything else.
fn plain(node: &Node, scope: &mut Scope<'_>) -> Located {
    let thing = match &node.kind {
        NodeKind::Text(Text::Mixed(_)) => {
            let diagnostic = Diagnostic::error(
                codes::OUT_OF_PLACE,
                "the value of a variable cannot refer to anything",
            )
            .help("[local] can: NAME = \"...${var.NAME}...\"")
            .help("for a plain ${ write $${");
            scope.report.say(node.span, "", diagnostic);
            Thing::Broken
        }
        NodeKind::Text(Text::Plain(text)) => Thing::Text(text.clone()),
        NodeKind::Bool(truth) => Thing::Bool(*truth),
        NodeKind::Integer(number) => Thing::Integer(*number),
        NodeKind::Other(words) => Thing::Other(words),
        NodeKind::List(items) => Thing::List(items.iter().map(|item| plain(item, scope)).collect()),
        NodeKind::Table(table) => Thing::Map(
            table
                .entries
                .iter()
                .map(|(name, entry)| {
                    let member = Member {
                        key: entry.key,
                        value: plain(&entry.value, scope),
                    };
                    (name.clone(), member)
                })
                .collect(),
        ),
    };
    Located::new(node.span, thing)
}

fn words(type_: Type) -> &'static str {
    match type_ {
        Type::String => "a text",
        Type::Integer => "a whole number",
        Type::Boolean => "true or false",
        Type::List => "a list",
        Type::Map => "a table",
    }
}

/// Whether a value fits the type and the allowed values.
fn check(name: &str, variable: &Declared<'_>, value: Located, scope: &mut Scope<'_>) -> Located {
    if value.is_broken() || variable.broken {
        return Located::broken(value.span);
    }
    let fits = matches!(
        (variable.type_, &value.thing),
        (Type::String, Thing::Text(_))
            | (Type::Integer, Thing::Integer(_))
            | (Type::Boolean, Thing::Bool(_))
            | (Type::List, Thing::List(_))
            | (Type::Map, Thing::Map(_))
    );
    if !fits {
        let diagnostic = Diagnostic::error(
            codes::VARIABLE_VALUE,
            format!(
                "variable {name} is {}, found {}",
                words(variable.type_),
                value.kind_in_words()
            ),
        );
        scope.report.say(value.span, "", diagnostic);
        return Located::broken(value.span);
    }
    let Some(NodeKind::List(allowed)) = variable.allowed.map(|node| &node.kind) else {
        return value;
    };
    let is_allowed = allowed.iter().any(|node| match (&node.kind, &value.thing) {
        (NodeKind::Text(Text::Plain(allowed)), Thing::Text(text)) => allowed == text,
        (NodeKind::Integer(allowed), Thing::Integer(number)) => allowed == number,
        (NodeKind::Bool(allowed), Thing::Bool(truth)) => allowed == truth,
        _ => false,
    });
    if is_allowed {
        return value;
    }
    let mut diagnostic = Diagnostic::error(
        codes::VARIABLE_VALUE,
        format!("this is not one of the values that are allowed for variable {name}"),
    );
    if !variable.sensitive {
        let shown: Vec<String> = allowed
            .iter()
            .take(12)
            .map(|node| scope.report.text(node.span).to_owned())
            .collect();
        diagnostic = diagnostic.note(format!("allowed: {}", shown.join(", ")));
    }
    scope.report.say(value.span, "", diagnostic);
    Located::broken(value.span)
}

/// One error for all variables without a value.
fn say_missing(missing: &[(&str, &Declared<'_>)], scope: &mut Scope<'_>) {
    let Some(((first, variable), rest)) = missing.split_first() else {
        return;
    };
    let what = match rest.len() {
        0 => format!("variable {first} has no value"),
        _ => format!("{} variables have no value", missing.len()),
    };
    let mut diagnostic = Diagnostic::error(codes::NO_VALUE, what);
    for (_, variable) in rest {
        diagnostic = diagnostic.at(scope.report.location(variable.header), "");
    }
    for (name, variable) in missing {
        let description = variable
            .description
            .map(|description| format!("   {}", shorten(description)))
            .unwrap_or_default();
        diagnostic = diagnostic.help(format!("-v {name}=...{description}"));
    }
    diagnostic = diagnostic.help("or as INFRA_VAR_NAME, in env/NAME.toml, or as default in its table");
    scope.report.say(variable.header, "", diagnostic);
}
