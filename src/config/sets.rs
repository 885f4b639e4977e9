//! Sets of numbers and of texts.
//!
//! Does not know other values.

use super::fit::{found_in_words, wrong_type};
use super::located::{Located, Thing};
use super::scope::Scope;
use crate::diagnostic::{Diagnostic, codes};
use crate::types::Kind;
use crate::value::Value;

/// A set of numbers or texts.
pub(super) fn plain_set(
    scope: &mut Scope<'_>,
    kind: &'static Kind,
    path: &str,
    value: Located,
) -> Option<Value> {
    let items = match value.thing {
        Thing::List(items) => items,
        Thing::Reference(ref reference)
            if scope.kind_of(reference).is_some_and(|of| is_same_set(&of, kind)) =>
        {
            return Some(Value::from(reference.clone()));
        }
        _ => return wrong_type(scope, kind, path, &value),
    };
    let mut set = Vec::with_capacity(items.len());
    let mut fits = true;
    for (position, item) in items.into_iter().enumerate() {
        let path = format!("{path}[{position}]");
        let one = match (kind, item.thing) {
            (_, Thing::Broken) => None,
            (_, Thing::Unread(_)) => Some(Value::unknown()),
            (_, Thing::Reference(reference)) => Some(Value::from(reference)),
            (Kind::IntegerSet { min, max }, Thing::Integer(number)) if (*min..=*max).contains(&number) => {
                Some(Value::Integer(number))
            }
            (Kind::IntegerSet { min, max }, thing) => {
                let found = found_in_words(&Located::new(item.span, thing));
                let what = format!("{path} is a number from {min} to {max}, found {found}");
                scope
                    .report
                    .say(item.span, "", Diagnostic::error(codes::WRONG_TYPE, what));
                None
            }
            (_, Thing::Text(text)) => Some(Value::from(text)),
            (_, Thing::Template(parts)) => Some(Value::Template(parts)),
            (_, thing) => {
                let found = found_in_words(&Located::new(item.span, thing));
                let what = format!("{path} is a text, found {found}");
                scope
                    .report
                    .say(item.span, "", Diagnostic::error(codes::WRONG_TYPE, what));
                None
            }
        };
        match one {
            Some(one) => set.push(one),
            None => fits = false,
        }
    }
    fits.then_some(Value::List(set))
}

fn is_same_set(one: &Kind, other: &Kind) -> bool {
    matches!(
        (one, other),
        (Kind::StringSet, Kind::StringSet) | (Kind::IntegerSet { .. }, Kind::IntegerSet { .. })
    )
}
