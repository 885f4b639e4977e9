//! Values with their places, as they are between the file and the schema.
//!
//! Does not know how they came about or what they are for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::report::Span;
use crate::types::Kind;
use crate::value::{Attributes, Part, Reference, Value};

/// A value with its place; what could be looked up has been.
#[derive(Debug, Clone)]
pub(super) struct Located {
    pub(super) span: Span,
    pub(super) thing: Thing,
    /// It stands there by a reference, not literally.
    pub(super) derived: bool,
    /// A sensitive variable is in it.
    pub(super) sensitive: bool,
    /// The sensitive variable that it is, whole.
    pub(super) variable: Option<Arc<str>>,
    /// It needs a resource, in a place where resources are not known yet.
    pub(super) early: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Thing {
    Bool(bool),
    Integer(i64),
    Text(String),
    List(Vec<Located>),
    Map(BTreeMap<String, Member>),
    Reference(Reference),
    Template(Vec<Part>),
    /// What a data block shows that has not been read yet: its kind, where that is known.
    Unread(Option<Kind>),
    /// What no key takes, in words.
    Other(&'static str),
    /// It has been complained about.
    Broken,
}

/// An entry of a map.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) key: Span,
    pub(super) value: Located,
}

impl Located {
    /// A value that stands there literally.
    pub(super) fn new(span: Span, thing: Thing) -> Located {
        Located {
            span,
            thing,
            derived: false,
            sensitive: false,
            variable: None,
            early: false,
        }
    }

    /// Anything that a data block may show, before it has been read.
    pub(super) const fn unread() -> Located {
        Located {
            span: Span {
                file: 0,
                start: 0,
                end: 0,
            },
            thing: Thing::Unread(None),
            derived: true,
            sensitive: false,
            variable: None,
            early: false,
        }
    }

    /// A value that was read.
    pub(super) fn read(span: Span, value: &Value) -> Located {
        let thing = match value {
            Value::Bool(truth) => Thing::Bool(*truth),
            Value::Integer(number) => Thing::Integer(*number),
            Value::String(text) => Thing::Text(text.to_string()),
            Value::List(items) => Thing::List(items.iter().map(|item| Located::read(span, item)).collect()),
            Value::Map(members) => Thing::Map(read_members(span, members)),
            _ => Thing::Unread(None),
        };
        Located {
            derived: true,
            ..Located::new(span, thing)
        }
    }

    pub(super) fn broken(span: Span) -> Located {
        Located::new(span, Thing::Broken)
    }

    /// Moves it to where it is used.
    pub(super) fn at(mut self, span: Span) -> Located {
        self.move_to(span);
        self
    }

    fn move_to(&mut self, span: Span) {
        self.span = span;
        self.derived = true;
        match &mut self.thing {
            Thing::List(items) => items.iter_mut().for_each(|item| item.move_to(span)),
            Thing::Map(members) => members.values_mut().for_each(|member| {
                member.key = span;
                member.value.move_to(span);
            }),
            _ => {}
        }
    }

    /// Roughly what it takes in memory.
    pub(super) fn size(&self) -> usize {
        64 + match &self.thing {
            Thing::Text(text) => text.len(),
            Thing::List(items) => items.iter().map(Located::size).sum(),
            Thing::Map(members) => members
                .iter()
                .map(|(name, member)| 32 + name.len() + member.value.size())
                .sum(),
            Thing::Template(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => 32 + text.len(),
                    Part::Reference(_) => 96,
                })
                .sum(),
            Thing::Reference(_) => 96,
            Thing::Bool(_) | Thing::Integer(_) | Thing::Unread(_) | Thing::Other(_) | Thing::Broken => 0,
        }
    }

    /// What it is, for people. Never the value itself: it may be secret.
    pub(super) fn kind_in_words(&self) -> &'static str {
        match &self.thing {
            Thing::Bool(_) => "true or false",
            Thing::Integer(_) => "a number",
            Thing::Text(_) | Thing::Template(_) => "a text",
            Thing::List(_) => "a list",
            Thing::Map(_) => "a table",
            Thing::Reference(_) => "a reference",
            Thing::Unread(Some(Kind::Integer { .. })) => "a number",
            Thing::Unread(Some(Kind::Bool)) => "true or false",
            Thing::Unread(Some(
                Kind::IdSet(_) | Kind::StringSet | Kind::IntegerSet { .. } | Kind::TableSet(_),
            )) => "a list",
            Thing::Unread(Some(Kind::Table(_) | Kind::Tags)) => "a table",
            Thing::Unread(_) => "a text",
            Thing::Other(words) => words,
            Thing::Broken => "a mistake",
        }
    }

    /// As a plain value, for outputs; none if there is a mistake in it.
    pub(super) fn into_value(self) -> Option<Value> {
        Some(match self.thing {
            Thing::Bool(truth) => Value::Bool(truth),
            Thing::Integer(number) => Value::Integer(number),
            Thing::Text(text) => Value::from(text),
            Thing::List(items) => Value::List(
                items
                    .into_iter()
                    .map(Located::into_value)
                    .collect::<Option<_>>()?,
            ),
            Thing::Map(members) => Value::Map(
                members
                    .into_iter()
                    .map(|(name, member)| Some((name, member.value.into_value()?)))
                    .collect::<Option<_>>()?,
            ),
            Thing::Reference(reference) => Value::from(reference),
            Thing::Template(parts) => Value::Template(parts),
            Thing::Unread(_) => Value::unknown(),
            Thing::Other(_) | Thing::Broken => return None,
        })
    }

    /// Anything in it that has been complained about.
    pub(super) fn is_broken(&self) -> bool {
        match &self.thing {
            Thing::Broken => true,
            Thing::List(items) => items.iter().any(Located::is_broken),
            Thing::Map(members) => members.values().any(|member| member.value.is_broken()),
            _ => false,
        }
    }
}

fn read_members(span: Span, members: &Attributes) -> BTreeMap<String, Member> {
    members
        .iter()
        .map(|(name, value)| {
            let member = Member {
                key: span,
                value: Located::read(span, value),
            };
            (name.to_string(), member)
        })
        .collect()
}
