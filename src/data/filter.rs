//! Which of what is listed a question means.
//!
//! Does not know how the list was read.

use regex_lite::Regex;

use super::kind::{DataKind, Filter};
use crate::value::{Attributes, Value};

/// The parameters with which a list shows only what fits these keys.
pub(crate) fn sent(kind: &DataKind, keys: &Attributes) -> Vec<(String, String)> {
    let mut params = Vec::new();
    for (key, filter) in kind.filters {
        let (Filter::Sent(param), Some(value)) = (filter, keys.get(*key)) else {
            continue;
        };
        if let Some(text) = value.to_text() {
            params.push(((*param).to_owned(), text));
        }
    }
    params
}

/// Whether one that is listed is meant. Stock is not looked at here.
pub(crate) fn keep(kind: &DataKind, keys: &Attributes, one: &Attributes) -> bool {
    kind.filters.iter().all(|(key, filter)| {
        let Some(wanted) = keys.get(*key) else {
            return true;
        };
        match filter {
            Filter::Sent(_) | Filter::Stock => true,
            Filter::Is(attribute) => one.get(*attribute).is_some_and(|found| is_same(found, wanted)),
            Filter::Matches(attribute) => {
                let text = one.get(*attribute).and_then(Value::as_str).unwrap_or_default();
                // What is no pattern has been complained about.
                let pattern = wanted.as_str().and_then(|wanted| Regex::new(wanted).ok());
                pattern.is_some_and(|pattern| pattern.is_match(text))
            }
            Filter::Holds(attribute) => one
                .get(*attribute)
                .and_then(Value::as_list)
                .is_some_and(|items| items.contains(wanted)),
            Filter::Tags => has_tags(one, wanted),
        }
    })
}

/// Answers are not of one mind whether a number is a text.
fn is_same(found: &Value, wanted: &Value) -> bool {
    found == wanted || (found.to_text().is_some() && found.to_text() == wanted.to_text())
}

fn has_tags(one: &Attributes, wanted: &Value) -> bool {
    let found = one.get("tags").and_then(Value::as_map);
    let wanted = wanted.as_map().into_iter().flatten();
    wanted
        .into_iter()
        .all(|(key, value)| found.and_then(|found| found.get(key)) == Some(value))
}
