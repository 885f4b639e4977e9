//! The attributes of copies that are told as one: what all share, and what each has of its own.
//!
//! A value is left out only where the first and the last show what it is: it holds the copy's key, or is its id.

use super::attribute_lines::{self as attributes, AttributeLine};
use super::copies::{Copies, without_key};
use super::literal;
use super::text::{DIM, PLAIN, Run, quoted};
use crate::address::Key;
use crate::change::AttributeChange;
use crate::value::Value;

/// The lines of all differences of a change, or of copies: shared ones first.
pub(super) fn lines_of(copies: &Copies<'_>, full: bool) -> Vec<AttributeLine> {
    let change = copies.first();
    if copies.own.is_empty() {
        return attributes::lines_of(&change.attributes, change.fate, full);
    }
    let shared: Vec<AttributeChange> = (0..change.attributes.len())
        .filter(|place| !copies.own.contains(place))
        .map(|place| change.attributes[place].clone())
        .collect();
    let mut lines = attributes::lines_of(&shared, change.fate, full);
    for place in &copies.own {
        let [before, after] = both_of_each(copies, *place);
        let one = &change.attributes[*place];
        lines.push(attributes::common_line(one, change.fate, before, after));
    }
    lines
}

/// What an attribute is before and after, for copies of which each has a value of its own.
pub(super) fn both_of_each(copies: &Copies<'_>, place: usize) -> [Vec<Run>; 2] {
    let keys: Vec<Option<&Key>> = copies.members.iter().map(|one| one.address.key()).collect();
    let each: Vec<&AttributeChange> = copies.members.iter().map(|one| &one.attributes[place]).collect();
    [
        values_of(&each, &keys, |one| one.before.as_ref()),
        values_of(&each, &keys, |one| one.after.as_ref()),
    ]
}

/// The line of the ids; none where there is no id.
pub(super) fn ids(copies: &Copies<'_>) -> Option<AttributeLine> {
    let ids: Vec<Run> = copies
        .members
        .iter()
        .filter_map(|one| one.id.as_deref())
        .map(|id| Run::new(PLAIN, quoted(id)))
        .collect();
    let runs = match ids.as_slice() {
        [] => return None,
        [first, _, _, .., last] => vec![first.clone(), Run::new(DIM, " .. "), last.clone()],
        few => listed(few.iter().map(|id| vec![id.clone()])),
    };
    let sign = copies.first().fate.symbol();
    Some(attributes::runs_line(sign, "id".to_owned(), runs))
}

/// What each copy has there, in as few words as tell it.
fn values_of(
    each: &[&AttributeChange],
    keys: &[Option<&Key>],
    of: fn(&AttributeChange) -> Option<&Value>,
) -> Vec<Run> {
    let is_secret = |one: &&AttributeChange| one.sensitive || matches!(of(one), Some(Value::Secret(_)));
    if each.iter().any(is_secret) {
        let words = format!("{}, each its own", literal::SENSITIVE);
        return vec![Run::new(DIM, words)];
    }
    if each[0].is_text {
        return vec![Run::new(DIM, "text, the same but for the key of each")];
    }
    let texts: Vec<String> = each.iter().map(|one| literal::text(of(one))).collect();
    let runs = |one: &AttributeChange| literal::runs(of(one));
    if texts.iter().all(|text| *text == texts[0]) {
        return runs(each[0]);
    }
    let mut patterns = texts.iter().zip(keys).map(|(text, key)| without_key(text, *key));
    let first = patterns.next();
    match each {
        [one, .., last] if each.len() > 3 && patterns.all(|pattern| Some(pattern) == first) => {
            let mut span = runs(one);
            span.push(Run::new(DIM, " .. "));
            span.extend(runs(last));
            span
        }
        _ => listed(each.iter().map(|one| runs(one))),
    }
}

/// One after the other, with commas behind which a line may end.
fn listed(values: impl Iterator<Item = Vec<Run>>) -> Vec<Run> {
    let mut all: Vec<Run> = Vec::new();
    for runs in values {
        if !all.is_empty() {
            all.push(Run {
                may_break: true,
                ..Run::new(DIM, ", ")
            });
        }
        all.extend(runs);
    }
    all
}
