//! A plan as a document for others: what the three formats of it share.
//!
//! Does not know any format.

use std::collections::BTreeMap;

use super::header::{Header, SavedAs};
use crate::address::Address;
use crate::change::{AttributeChange, Change, Fate};
use crate::live::Observed;
use crate::plan::Plan;
use crate::value::Value;

/// A plan with what surrounds it.
#[derive(Clone, Copy)]
pub(crate) struct Document<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) header: &'a Header,
    /// What was there.
    pub(crate) before: &'a BTreeMap<Address, Observed>,
    /// When it was made, as text.
    pub(crate) made_at: &'a str,
    /// The tasks with their calls, as the plan file tells them.
    pub(crate) tasks: &'a serde_json::Value,
}

/// The order in which a reviewer reads: what is lost first.
pub(super) fn worst_first(plan: &Plan) -> Vec<&Change> {
    let mut changes: Vec<&Change> = plan.shown().collect();
    changes.sort_by_key(|change| {
        let rank = match change.fate {
            Fate::Delete => 0,
            Fate::Replace { .. } => 1,
            _ if change.is_loss() => 2,
            Fate::Withheld => 3,
            Fate::Update => 4,
            Fate::Create => 5,
            _ => 6,
        };
        (rank, &change.address)
    });
    changes
}

/// Every loss: what it concerns, and the sentence.
pub(super) fn losses(plan: &Plan) -> Vec<(&Address, String)> {
    let mut losses = Vec::new();
    for change in worst_first(plan) {
        if change.fate == Fate::Withheld {
            continue;
        }
        losses.extend(change.lost.iter().map(|lost| (&change.address, lost.clone())));
        if change.lost.is_empty() && change.fate.is_loss() {
            losses.push((&change.address, format!("it is {}d", change.fate.verb())));
        }
    }
    losses
}

/// Whether a value may not be shown.
pub(super) fn is_hidden(change: &AttributeChange) -> bool {
    let is_secret = |value: &Option<Value>| matches!(value, Some(Value::Secret(_)));
    change.sensitive || is_secret(&change.before) || is_secret(&change.after)
}

/// A value before or after, in words on one line.
pub(super) fn words(change: &AttributeChange, value: Option<&Value>) -> String {
    if is_hidden(change) && value.is_some() {
        return super::literal::SENSITIVE.to_owned();
    }
    super::literal::text(value).replace(['\n', '\r'], " ")
}

/// The digest by which everybody names the plan; empty if it is kept nowhere.
pub(super) fn digest(header: &Header) -> &str {
    header
        .saved
        .as_ref()
        .map_or("", |SavedAs { digest, .. }| digest.as_str())
}

/// `about 2 min while it is stopped` in seconds; none where the words say no time.
pub(super) fn seconds(down: &str) -> Option<u64> {
    let mut words = down.split_whitespace();
    while let Some(word) = words.next() {
        if let Ok(number) = word.parse::<u64>() {
            return match words.next()?.trim_end_matches([',', ';']) {
                "s" | "second" | "seconds" => Some(number),
                "min" | "minute" | "minutes" => Some(number * 60),
                "h" | "hour" | "hours" => Some(number * 3600),
                _ => None,
            };
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn downtime_is_read_from_its_words() {
        for (words, expected) in [
            ("about 2 min while it is stopped", Some(120)),
            ("about 30 s", Some(30)),
            ("until it is joined again", None),
            ("about 3 furlongs", None),
        ] {
            assert_eq!(seconds(words), expected, "{words}");
        }
    }
}
