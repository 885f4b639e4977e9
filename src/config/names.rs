//! Names that stand for something known: variables, locals, the project, the copy that is being made.
//!
//! Does not know resources.

use super::located::{Located, Thing};
use super::reference::{Path, PathStep};
use super::report::Span;
use super::scope::{Copy, Place, Scope};
use super::suggest;
use super::words::{counted, join};
use crate::diagnostic::{Diagnostic, codes};
use crate::types::Kind;

/// `${var.NAME}`
pub(super) fn variable(scope: &mut Scope<'_>, path: &Path, span: Span) -> Located {
    let Some((PathStep::Name(name), rest)) = path.steps.split_first() else {
        return needs_name(scope, span, "var", "variable");
    };
    match scope.variables.get(name) {
        Some(value) => {
            let value = value.clone();
            walk(scope, &value, rest, &format!("var.{name}"), span)
        }
        None => {
            let mut diagnostic = Diagnostic::error(codes::NO_SUCH_NAME, format!("no variable \"{name}\""));
            let label = match suggest::guess(name, scope.variables.keys().map(String::as_str)) {
                Some(guess) => format!("did you mean var.{}?", guess.name),
                None => String::new(),
            };
            diagnostic = diagnostic.help(format!("to add it: [var.{name}]"));
            scope.wrong(span, &label, diagnostic)
        }
    }
}

/// A reference that ends where a name must follow.
pub(super) fn needs_name(scope: &mut Scope<'_>, span: Span, head: &str, what: &str) -> Located {
    let diagnostic = Diagnostic::error(
        codes::MALFORMED_REFERENCE,
        format!("this reference does not say which {what}"),
    )
    .help(format!("${{{head}.NAME}}"));
    scope.wrong(span, "", diagnostic)
}

/// `${infra.NAME}`
pub(super) fn infra(scope: &mut Scope<'_>, path: &Path, span: Span) -> Located {
    let names = path.names();
    let value = match names.as_deref() {
        Some(["name"]) => scope.project.name.clone(),
        Some(["env"]) => scope.project.environment.clone(),
        Some(["region"]) => scope.project.region.clone(),
        _ => {
            let diagnostic = Diagnostic::error(codes::NO_SUCH_NAME, format!("there is no ${{{path}}}"))
                .help("there are ${infra.name}, ${infra.env} and ${infra.region}");
            return scope.wrong(span, "", diagnostic);
        }
    };
    if let Some(value) = value {
        return Located::new(span, Thing::Text(value));
    }
    let diagnostic = match names.as_deref() {
        Some(["env"]) if !scope.project.is_environment_wrong => Diagnostic::error(
            codes::NO_ENVIRONMENT,
            "there is no environment that ${infra.env} could name",
        )
        .help("choose one: -e NAME, or INFRA_ENV=NAME"),
        Some(["region"]) => {
            Diagnostic::error(codes::MISSING_KEY, "${infra.region} needs a region in [infra]")
                .help("region = \"cn-hangzhou\"")
        }
        // A missing name and a wrong environment have been complained about.
        _ => return Located::broken(span),
    };
    scope.wrong(span, "", diagnostic)
}

/// `${count.index}`
pub(super) fn count(scope: &mut Scope<'_>, path: &Path, span: Span, place: &Place<'_>) -> Located {
    if path.names().as_deref() != Some(&["index"]) {
        let diagnostic = Diagnostic::error(codes::NO_SUCH_NAME, format!("there is no ${{{path}}}"))
            .help("there is ${count.index}, from 0");
        return scope.wrong(span, "", diagnostic);
    }
    match place.copy {
        Copy::Index(index) => Located::new(span, Thing::Integer(i64::try_from(index).unwrap_or(i64::MAX))),
        Copy::Unread { each: false } => Located::new(
            span,
            Thing::Unread(Some(Kind::Integer {
                min: 0,
                max: i64::MAX,
            })),
        ),
        _ => {
            let diagnostic = Diagnostic::error(
                codes::OUT_OF_PLACE,
                "${count.index} means something only in a block with count",
            );
            let diagnostic = match place.copy {
                Copy::Each(..) | Copy::Unread { .. } => {
                    diagnostic.help("this block has for_each: ${each.key}, ${each.value}")
                }
                _ => diagnostic,
            };
            scope.wrong(span, "", diagnostic)
        }
    }
}

/// `${each.key}` and what lies in `${each.value}`
pub(super) fn each(scope: &mut Scope<'_>, path: &Path, span: Span, place: &Place<'_>) -> Located {
    static UNREAD: Located = Located::unread();
    let (key, value) = match place.copy {
        Copy::Each(key, value) => (Some(key), value),
        Copy::Unread { each: true } => (None, &UNREAD),
        _ => return not_each(scope, path, span, place),
    };
    match path.steps.split_first() {
        Some((PathStep::Name(name), [])) if name == "key" => match key {
            Some(key) => Located::new(span, Thing::Text(key.to_owned())),
            None => Located::new(span, Thing::Unread(Some(Kind::String))),
        },
        Some((PathStep::Name(name), rest)) if name == "value" => {
            let name = format!("each.value of [{}]", key.unwrap_or("..."));
            walk(scope, value, rest, &name, span)
        }
        _ => {
            let diagnostic = Diagnostic::error(codes::NO_SUCH_NAME, format!("there is no ${{{path}}}"))
                .help("there are ${each.key} and ${each.value}");
            scope.wrong(span, "", diagnostic)
        }
    }
}

fn not_each(scope: &mut Scope<'_>, path: &Path, span: Span, place: &Place<'_>) -> Located {
    let diagnostic = Diagnostic::error(
        codes::OUT_OF_PLACE,
        format!("${{{path}}} means something only in a block with for_each"),
    );
    let diagnostic = match place.copy {
        Copy::Index(_) | Copy::Unread { .. } => diagnostic.help("this block has count: ${count.index}"),
        _ => diagnostic,
    };
    scope.wrong(span, "", diagnostic)
}

/// `${local.NAME}`
pub(super) fn local(scope: &mut Scope<'_>, path: &Path, span: Span) -> Located {
    let Some((PathStep::Name(name), rest)) = path.steps.split_first() else {
        return needs_name(scope, span, "local", "local");
    };
    match scope.locals.get(name.as_str()) {
        Some(value) => {
            let value = value.clone();
            walk(scope, &value, rest, &format!("local.{name}"), span)
        }
        None => {
            let diagnostic = Diagnostic::error(codes::NO_SUCH_NAME, format!("no local \"{name}\""))
                .help(format!("to add it: {name} = ... in [local]"));
            let label = match suggest::guess(name, scope.locals.keys().copied()) {
                Some(guess) => format!("did you mean local.{}?", guess.name),
                None => String::new(),
            };
            scope.wrong(span, &label, diagnostic)
        }
    }
}

/// Goes into a known value: `.name`, `[key]`, `[0]`; behind `[*]` into every item of a list.
pub(super) fn walk(
    scope: &mut Scope<'_>,
    value: &Located,
    steps: &[PathStep],
    name: &str,
    span: Span,
) -> Located {
    let mut here = value;
    let mut sensitive = value.sensitive;
    for (position, step) in steps.iter().enumerate() {
        let next = match (&here.thing, step) {
            (Thing::Broken, _) => {
                return Located {
                    early: here.early,
                    ..Located::broken(span)
                };
            }
            (Thing::Unread(_), _) => {
                return Located {
                    sensitive,
                    ..Located::new(span, Thing::Unread(None))
                };
            }
            (Thing::Map(members), PathStep::Name(key) | PathStep::Key(key)) => {
                members.get(key).map(|member| &member.value)
            }
            (Thing::Map(members), PathStep::Index(index) | PathStep::Counted(index)) => {
                members.get(&index.to_string()).map(|member| &member.value)
            }
            (Thing::List(items), PathStep::Index(index)) => items.get(*index),
            (Thing::List(items), PathStep::Counted(index)) => {
                warn_of_index(scope, name, span);
                items.get(*index)
            }
            (Thing::List(items), PathStep::All) => {
                let rest = &steps[position + 1..];
                if rest.is_empty() {
                    break;
                }
                let found: Vec<Located> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| walk(scope, item, rest, &format!("{name}[{index}]"), span))
                    .collect();
                return Located {
                    sensitive: sensitive || found.iter().any(|item| item.sensitive),
                    early: found.iter().any(|item| item.early),
                    ..Located::new(span, Thing::List(found)).at(span)
                };
            }
            _ => None,
        };
        let Some(next) = next else {
            return nothing_there(scope, here, step, name, span);
        };
        here = next;
        sensitive |= here.sensitive;
    }
    if !scope.spend(here.size(), span) {
        return Located::broken(span);
    }
    Located {
        sensitive,
        ..here.clone().at(span)
    }
}

fn warn_of_index(scope: &mut Scope<'_>, name: &str, span: Span) {
    let diagnostic = Diagnostic::warning(
        codes::INDEXED_BY_COUNT,
        format!("{name} is indexed by count.index: taking an item out of the middle changes all behind it"),
    )
    .help(format!(
        "for_each = \"${{{name}}}\" and ${{each.key}} keep the others as they are"
    ));
    scope.report.say(span, "", diagnostic);
}

fn nothing_there(scope: &mut Scope<'_>, here: &Located, step: &PathStep, name: &str, span: Span) -> Located {
    let (step_text, mut diagnostic) = match step {
        PathStep::Name(key) | PathStep::Key(key) => (key.clone(), format!("{name} has no key \"{key}\"")),
        PathStep::Index(index) | PathStep::Counted(index) => {
            (index.to_string(), format!("{name} has no item [{index}]"))
        }
        PathStep::All | PathStep::Dynamic(_) => (String::new(), format!("{name} is no list")),
    };
    let mut label = String::new();
    let mut help = None;
    match &here.thing {
        Thing::Map(members) => {
            if let Some(guess) = suggest::guess(&step_text, members.keys().map(String::as_str)) {
                label = format!("did you mean {}?", guess.name);
            } else if members.len() <= 12 && !here.sensitive {
                help = Some(format!("it has {}", join(members.keys().map(String::as_str))));
            }
        }
        Thing::List(items) if matches!(step, PathStep::Index(_) | PathStep::Counted(_)) => {
            diagnostic = format!("{diagnostic}: it has {}", counted(items.len(), "item"));
        }
        Thing::List(_) => diagnostic = format!("{name} is a list; its items are [0], [1], ..."),
        _ => diagnostic = format!("{name} is {} and has nothing inside", here.kind_in_words()),
    }
    let mut diagnostic = Diagnostic::error(codes::NO_SUCH_NAME, diagnostic);
    if let Some(help) = help {
        diagnostic = diagnostic.help(help);
    }
    scope.wrong(span, &label, diagnostic)
}
