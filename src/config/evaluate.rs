//! From what was typed to values: every `${...}` is looked up.
//!
//! Does not know what a value is used for; whether it fits its key is checked in `conform`.

use std::collections::BTreeMap;

use super::data_reference;
use super::located::{Located, Member, Thing};
use super::lookup;
use super::names;
use super::raw::{Node, NodeKind, TEXT_MAX};
use super::reference::{Hole, Malformed, Path, PathStep, Piece, Text};
use super::report::Span;
use super::scope::{Place, Scope, Stage};
use super::suggest;
use crate::diagnostic::{Diagnostic, codes};
use crate::types::Kind;
use crate::value::{Part, Reference};

/// The value of what was typed.
pub(super) fn evaluate(scope: &mut Scope<'_>, node: &Node, place: &Place<'_>) -> Located {
    match &node.kind {
        NodeKind::Bool(truth) => Located::new(node.span, Thing::Bool(*truth)),
        NodeKind::Integer(number) => Located::new(node.span, Thing::Integer(*number)),
        NodeKind::Other(words) => Located::new(node.span, Thing::Other(words)),
        NodeKind::Text(Text::Plain(text)) => Located::new(node.span, Thing::Text(text.clone())),
        NodeKind::Text(Text::Mixed(pieces)) => text(scope, node, pieces, place),
        NodeKind::List(items) => {
            let items: Vec<Located> = items.iter().map(|item| evaluate(scope, item, place)).collect();
            Located {
                sensitive: items.iter().any(|item| item.sensitive),
                early: items.iter().any(|item| item.early),
                ..Located::new(node.span, Thing::List(items))
            }
        }
        NodeKind::Table(table) => {
            let members: BTreeMap<String, Member> = table
                .entries
                .iter()
                .map(|(name, entry)| {
                    let member = Member {
                        key: entry.key,
                        value: evaluate(scope, &entry.value, place),
                    };
                    (name.clone(), member)
                })
                .collect();
            Located {
                sensitive: members.values().any(|member| member.value.sensitive),
                early: members.values().any(|member| member.value.early),
                ..Located::new(node.span, Thing::Map(members))
            }
        }
    }
}

fn text(scope: &mut Scope<'_>, node: &Node, pieces: &[Piece], place: &Place<'_>) -> Located {
    if let [Piece::Reference(hole)] = pieces {
        let span = span_of(scope, node, hole);
        return look_up_hole(scope, hole, span, place).at(node.span);
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut whole = Located::broken(node.span);
    let mut is_broken = false;
    let mut is_unread = false;
    let mut length = 0;
    for piece in pieces {
        let text = match piece {
            Piece::Text(text) => text.clone(),
            Piece::Reference(hole) => {
                let span = span_of(scope, node, hole);
                let found = look_up_hole(scope, hole, span, place);
                whole.sensitive |= found.sensitive;
                whole.early |= found.early;
                match found.thing {
                    Thing::Text(text) => text,
                    Thing::Integer(number) => number.to_string(),
                    Thing::Bool(truth) => truth.to_string(),
                    Thing::Reference(reference) if is_text_like(scope, &reference) => {
                        parts.push(Part::Reference(reference));
                        continue;
                    }
                    Thing::Template(inner) => {
                        parts.extend(inner);
                        continue;
                    }
                    Thing::Broken => {
                        is_broken = true;
                        continue;
                    }
                    Thing::Unread(kind) if kind.is_none_or(|kind| stands_in_text(&kind)) => {
                        is_unread = true;
                        continue;
                    }
                    Thing::List(_)
                    | Thing::Map(_)
                    | Thing::Reference(_)
                    | Thing::Other(_)
                    | Thing::Unread(_) => {
                        let what = format!("${{{}}} is {} and cannot stand inside a text", hole.inner, {
                            match found.thing {
                                Thing::Map(_) => "a table",
                                _ => "a list",
                            }
                        });
                        let diagnostic = Diagnostic::error(codes::WRONG_TYPE, what);
                        scope.report.say(span, "", diagnostic);
                        is_broken = true;
                        continue;
                    }
                }
            }
        };
        length += text.len();
        match parts.last_mut() {
            Some(Part::Text(before)) => before.push_str(&text),
            _ => parts.push(Part::Text(text)),
        }
        if length > TEXT_MAX {
            let what = format!("with its references this text has more than {TEXT_MAX} bytes");
            let diagnostic = Diagnostic::error(codes::TOO_LARGE, what);
            return scope.wrong(node.span, "", diagnostic);
        }
    }
    whole.derived = true;
    if is_broken {
        return whole;
    }
    if is_unread {
        whole.thing = Thing::Unread(Some(Kind::String));
        return whole;
    }
    // Adjacent texts are joined, so one text alone means that everything is known.
    whole.thing = match parts.as_mut_slice() {
        [] => Thing::Text(String::new()),
        [Part::Text(text)] => Thing::Text(std::mem::take(text)),
        _ => Thing::Template(parts),
    };
    if !scope.spend(whole.size(), node.span) {
        whole.thing = Thing::Broken;
    }
    whole
}

/// Whether what a reference names can stand inside a text.
fn is_text_like(scope: &Scope<'_>, reference: &Reference) -> bool {
    scope.kind_of(reference).is_none_or(|kind| stands_in_text(&kind))
}

fn stands_in_text(kind: &Kind) -> bool {
    !matches!(
        kind,
        Kind::IdSet(_)
            | Kind::StringSet
            | Kind::IntegerSet { .. }
            | Kind::Table(_)
            | Kind::TableSet(_)
            | Kind::Tags
    )
}

/// Where a reference stands in the file. Inside a text with escapes the whole text is marked.
fn span_of(scope: &Scope<'_>, node: &Node, hole: &Hole) -> Span {
    let written = format!("${{{}", hole.inner);
    match scope.report.text(node.span).find(&written) {
        Some(offset) => {
            let start = node.span.start as usize + offset;
            let closed = usize::from(hole.path != Err(Malformed::NotClosed));
            Span::new(node.span.file, start..start + written.len() + closed)
        }
        None => node.span,
    }
}

fn look_up_hole(scope: &mut Scope<'_>, hole: &Hole, span: Span, place: &Place<'_>) -> Located {
    match &hole.path {
        Ok(path) => look_up(scope, path, hole, span, place),
        Err(_) if looks_like_shell(&hole.inner, place) => shell(scope, hole, span, place),
        Err(malformed) => {
            let what = format!("this reference cannot be read: {malformed}");
            let diagnostic = Diagnostic::error(codes::MALFORMED_REFERENCE, what)
                .note("references have the form ${type.name.attribute}, ${var.name} or ${local.name}")
                .help("for a plain ${ write $${");
            let diagnostic = match malformed {
                Malformed::Character('(' | ' ' | '+' | '*' | '/' | '?' | '=' | '&' | '|') => {
                    diagnostic.help("there are no functions and no operators: give the result by a variable")
                }
                _ => diagnostic,
            };
            scope.wrong(span, "", diagnostic)
        }
    }
}

fn shell(scope: &mut Scope<'_>, hole: &Hole, span: Span, place: &Place<'_>) -> Located {
    let shown: String = hole.inner.chars().take(40).collect();
    let diagnostic = Diagnostic::error(codes::SHELL, format!("${{{shown}}} is no infra name"));
    let diagnostic = if place.script {
        diagnostic
            .help(format!("for the shell write $${{{shown}}}"))
            .help("or move the script to a file of its own, which is sent as it is: user_data_file")
    } else {
        diagnostic
            .help(format!("for exactly this text write $${{{shown}}}"))
            .help("from the environment come variables: [var.x] is set by INFRA_VAR_x")
    };
    scope.wrong(span, "looks like a shell variable", diagnostic)
}

/// What a reference stands for. Keys that are references themselves are settled first.
fn look_up(scope: &mut Scope<'_>, path: &Path, hole: &Hole, span: Span, place: &Place<'_>) -> Located {
    let settled;
    let path = if path.steps.iter().any(|step| matches!(step, PathStep::Dynamic(_))) {
        match settle(scope, path, span, place) {
            Ok(path) => settled = path,
            Err(instead) => return instead,
        }
        &settled
    } else {
        path
    };
    match path.head.as_str() {
        "var" => names::variable(scope, path, span),
        "infra" => names::infra(scope, path, span),
        _ if place.stage == Stage::Project => {
            let diagnostic = Diagnostic::error(codes::OUT_OF_PLACE, "[infra] can refer to variables only")
                .help("${var.NAME} or ${infra.env}");
            scope.wrong(span, "", diagnostic)
        }
        "local" => names::local(scope, path, span),
        "count" => names::count(scope, path, span, place),
        "each" => names::each(scope, path, span, place),
        "data" => data_reference::look_up(scope, path, span),
        head => match scope.types.get(head) {
            Some(resource_type) => lookup::look_up(scope, path, resource_type, span),
            None => unknown_head(scope, path, hole, span, place),
        },
    }
}

fn unknown_head(scope: &mut Scope<'_>, path: &Path, hole: &Hole, span: Span, place: &Place<'_>) -> Located {
    let head = path.head.as_str();
    if scope
        .index
        .as_ref()
        .is_some_and(|index| index.unknown_types.contains(head))
    {
        return Located::broken(span);
    }
    if looks_like_shell(&hole.inner, place) {
        return shell(scope, hole, span, place);
    }
    let heads = scope
        .types
        .iter()
        .map(|resource_type| resource_type.name)
        .chain(["var", "local", "each", "count", "infra", "data"]);
    let mut diagnostic = Diagnostic::error(
        codes::UNKNOWN_TYPE,
        format!("unknown resource type \"{head}\" in ${{{path}}}"),
    );
    let label = match suggest::guess(head, heads) {
        Some(guess) => {
            let meant = Path {
                head: guess.name,
                steps: path.steps.clone(),
            };
            format!("did you mean ${{{meant}}}?")
        }
        None => {
            diagnostic = diagnostic.help("for a plain ${ write $${");
            String::new()
        }
    };
    scope.wrong(span, &label, diagnostic)
}

/// The path with its keys known; what stands in its place if one of them is not.
fn settle(scope: &mut Scope<'_>, path: &Path, span: Span, place: &Place<'_>) -> Result<Path, Located> {
    let mut settled = Path {
        head: path.head.clone(),
        steps: Vec::with_capacity(path.steps.len()),
    };
    for step in &path.steps {
        settled.steps.push(match step {
            PathStep::Dynamic(key) => known_key(scope, key, span, place)?,
            step => step.clone(),
        });
    }
    Ok(settled)
}

/// The key that a reference inside brackets stands for.
fn known_key(scope: &mut Scope<'_>, path: &Path, span: Span, place: &Place<'_>) -> Result<PathStep, Located> {
    if !matches!(
        path.head.as_str(),
        "var" | "local" | "each" | "count" | "infra" | "data"
    ) {
        let diagnostic = Diagnostic::error(
            codes::MALFORMED_REFERENCE,
            format!("[{path}] is no key that is known when the configuration is read"),
        )
        .help(format!("for a key with dots use quotes: [\\\"{path}\\\"]"));
        return Err(scope.wrong(span, "", diagnostic));
    }
    let hole = Hole {
        inner: path.to_string(),
        start: 0,
        end: 0,
        path: Ok(path.clone()),
    };
    let found = look_up(scope, path, &hole, span, place);
    match found.thing {
        Thing::Integer(index) if index >= 0 => {
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            Ok(match path.head.as_str() {
                "count" => PathStep::Counted(index),
                _ => PathStep::Index(index),
            })
        }
        Thing::Text(text) => Ok(PathStep::Key(text)),
        Thing::Broken => Err(Located {
            early: found.early,
            ..Located::broken(span)
        }),
        Thing::Unread(_) => Err(Located::new(span, Thing::Unread(None))),
        _ => {
            let diagnostic = Diagnostic::error(
                codes::WRONG_TYPE,
                format!("[{path}] is {} and cannot be a key", found.kind_in_words()),
            );
            Err(scope.wrong(span, "", diagnostic))
        }
    }
}

/// `${HOME}`, `${1}`, `${x:-y}`: nothing of ours looks like that.
fn looks_like_shell(inner: &str, place: &Place<'_>) -> bool {
    let plain = inner
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_constant = plain && !inner.is_empty() && !inner.bytes().any(|byte| byte.is_ascii_lowercase());
    let has_shell_operator = [":-", ":=", ":+", ":?", "##", "%%", "//"]
        .iter()
        .any(|operator| inner.contains(operator))
        || inner.starts_with(['#', '!']);
    let word = inner.split(['.', '[']).next().unwrap_or_default();
    let is_ours = matches!(word, "var" | "local" | "each" | "count" | "infra" | "data");
    is_constant || has_shell_operator || (place.script && !is_ours && !inner.contains('.'))
}
