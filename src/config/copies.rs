//! How many copies each block has: `count` and `for_each`.
//!
//! Does not know what stands inside a copy.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::evaluate::evaluate;
use super::index::{Index, Known, Shape};
use super::located::{Located, Thing};
use super::raw::Node;
use super::report::Span;
use super::scope::{Copy, Place, Scope, Stage};
use super::sections::{Block, Sections, fits};
use crate::address::{Address, Key};
use crate::diagnostic::{Diagnostic, codes};
use crate::types::Kind;

/// How many copies a block may have.
pub(super) const COPIES_MAX: i64 = 10_000;

/// Finds out how many copies each block has; from then on resources can be referred to.
pub(super) fn count_copies(sections: &Sections<'_>, scope: &mut Scope<'_>) {
    let mut index = Index::new(sections);
    for block in sections.blocks.values() {
        index.add(Known {
            address: block.address.clone(),
            header: block.header,
            shape: shape_of(block, scope),
        });
    }
    scope.index = Some(index);
}

fn shape_of(block: &Block<'_>, scope: &mut Scope<'_>) -> Shape {
    match (block.table.get("count"), block.table.get("for_each")) {
        (None, None) => Shape::Single,
        (Some(count), Some(for_each)) => {
            let diagnostic = Diagnostic::error(codes::PAIR, "give count or for_each, not both")
                .at(scope.report.location(count.key), "");
            scope.report.say(for_each.key, "", diagnostic);
            Shape::Broken
        }
        (Some(count), None) => shape_of_count(&count.value, block, scope),
        (None, Some(for_each)) => shape_of_each(&for_each.value, block, scope),
    }
}

/// The value of `count` or `for_each`: known before anything is made, and not secret.
fn early_value(node: &Node, key: &str, scope: &mut Scope<'_>) -> Option<Located> {
    let place = Place {
        copy: Copy::None,
        ..Place::new(Stage::Resource)
    };
    let value = evaluate(scope, node, &place);
    let diagnostic = if value.early {
        Diagnostic::error(
            codes::TOO_EARLY,
            format!("{key} decides what there is, so it cannot wait for a resource to be made"),
        )
        .help("use a variable, or write the number or the names")
    } else if value.sensitive {
        Diagnostic::error(
            codes::SENSITIVE,
            format!("{key} shows in every address, so it cannot be sensitive"),
        )
    } else if value.is_broken() {
        return None;
    } else {
        return Some(value);
    };
    scope.report.say(node.span, "", diagnostic);
    None
}

fn shape_of_count(node: &Node, block: &Block<'_>, scope: &mut Scope<'_>) -> Shape {
    let Some(value) = early_value(node, "count", scope) else {
        return Shape::Broken;
    };
    let diagnostic = match &value.thing {
        Thing::Unread(None | Some(Kind::Integer { .. })) => return Shape::Unread { each: false },
        Thing::Integer(count) if (0..=COPIES_MAX).contains(count) => {
            let count = usize::try_from(*count).unwrap_or(0);
            let last = block.address.with_key(Key::Index(count.saturating_sub(1)));
            return if fits(&last, block.header, &mut scope.report) {
                Shape::Count(count)
            } else {
                Shape::Broken
            };
        }
        Thing::Integer(count) => Diagnostic::error(
            codes::COPIES,
            format!("count is at least 0 and at most {COPIES_MAX}, this is {count}"),
        ),
        _ => {
            let found = value.kind_in_words();
            let diagnostic = Diagnostic::error(
                codes::WRONG_TYPE,
                format!("count is a whole number, found {found}"),
            );
            match (&value.thing, value.derived) {
                (Thing::Text(text), false) if text.parse::<u32>().is_ok() => diagnostic
                    .help(format!("count = {text}"))
                    .fix(scope.report.location(node.span), text.clone()),
                (Thing::Text(_), true) => {
                    diagnostic.help("if it is a variable: type = \"integer\" in its table")
                }
                (Thing::List(_) | Thing::Map(_), _) => diagnostic.help("for names there is for_each"),
                _ => diagnostic,
            }
        }
    };
    scope.report.say(node.span, "", diagnostic);
    Shape::Broken
}

fn shape_of_each(node: &Node, block: &Block<'_>, scope: &mut Scope<'_>) -> Shape {
    let Some(value) = early_value(node, "for_each", scope) else {
        return Shape::Broken;
    };
    let span = value.span;
    if let Thing::Unread(None | Some(Kind::IdSet(_) | Kind::StringSet | Kind::Tags)) = value.thing {
        return Shape::Unread { each: true };
    }
    let pairs: Vec<(String, Span, Located)> = match value.thing {
        Thing::Map(members) => members
            .into_iter()
            .map(|(key, member)| (key, member.key, member.value))
            .collect(),
        Thing::List(items) => {
            if items.iter().any(|item| matches!(item.thing, Thing::Unread(_))) {
                return Shape::Unread { each: true };
            }
            let mut pairs = Vec::with_capacity(items.len());
            for item in items {
                let Thing::Text(key) = &item.thing else {
                    let found = item.kind_in_words();
                    let diagnostic = Diagnostic::error(
                        codes::COPIES,
                        format!("for_each is a list of names or a table, found {found} in the list"),
                    )
                    .help("for_each = [\"blue\", \"green\"]")
                    .help("for_each = { blue = { size = 1 }, green = { size = 2 } }");
                    scope.report.say(item.span, "", diagnostic);
                    return Shape::Broken;
                };
                pairs.push((key.clone(), item.span, item));
            }
            pairs
        }
        _ => {
            let found = value.kind_in_words();
            let diagnostic = Diagnostic::error(
                codes::COPIES,
                format!("for_each is a table or a list of names, found {found}"),
            );
            let diagnostic = match value.thing {
                Thing::Integer(_) => diagnostic.help("for a number of equal copies there is count"),
                _ => diagnostic.help("for_each = [\"blue\", \"green\"]"),
            };
            scope.report.say(span, "", diagnostic);
            return Shape::Broken;
        }
    };
    if pairs.len() > usize::try_from(COPIES_MAX).unwrap_or(usize::MAX) {
        let what = format!(
            "for_each has {} keys, at most {COPIES_MAX} are allowed",
            pairs.len()
        );
        scope.report.say(span, "", Diagnostic::error(codes::COPIES, what));
        return Shape::Broken;
    }
    let mut keys: BTreeMap<Arc<str>, Located> = BTreeMap::new();
    let mut is_broken = false;
    for (key, span, value) in pairs {
        is_broken |= !is_usable_key(&key, span, block, scope);
        let key: Arc<str> = key.into();
        match keys.get(&key) {
            Some(first) => {
                let diagnostic = Diagnostic::error(codes::TWICE, format!("for_each names {key:?} twice"))
                    .at(scope.report.location(first.span), "first here");
                scope.report.say(span, "again here", diagnostic);
                is_broken = true;
            }
            None => {
                keys.insert(key, value);
            }
        }
    }
    if is_broken {
        Shape::Broken
    } else {
        Shape::Each(Rc::new(keys))
    }
}

/// Whether a key can stand in an address and be found in it again.
fn is_usable_key(key: &str, span: Span, block: &Block<'_>, scope: &mut Scope<'_>) -> bool {
    let address = block.address.with_key(Key::Name(key.into()));
    if !fits(&address, span, &mut scope.report) {
        return false;
    }
    let text = address.to_string();
    let is_usable = !key.is_empty()
        && !key.contains(['"', '\\', '[', ']', '*'])
        && text.parse::<Address>().as_ref() == Ok(&address);
    if !is_usable {
        let diagnostic = Diagnostic::error(codes::NAME, format!("{key:?} cannot be the key of a copy"))
            .help("letters, digits, '_' and '-' need no quotes anywhere");
        scope.report.say(span, "", diagnostic);
    }
    is_usable
}
