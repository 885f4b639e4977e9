//! A plan as a document for others: what the three formats of it share.
//!
//! Does not know any format.

use std::collections::BTreeMap;

use super::copies::{self, Copies};
use super::copy_lines;
use super::header::{Header, SavedAs};
use crate::address::Address;
use crate::change::{AttributeChange, Fate};
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

/// Something that is lost for good, by one resource or alike by copies of one block.
pub(super) struct Loss<'a> {
    /// By address; never empty.
    addresses: Vec<&'a Address>,
    pub(super) sentence: String,
}

impl Loss<'_> {
    /// The first that loses it.
    pub(super) fn first(&self) -> &Address {
        self.addresses[0]
    }

    /// Who loses it: `disk.data`, `instance.web[0..2] x3`.
    pub(super) fn title(&self) -> String {
        copies::title(&self.addresses)
    }
}

/// Every loss, in the order of the changes.
pub(super) fn losses<'a>(changes: &[Copies<'a>]) -> Vec<Loss<'a>> {
    let mut losses: Vec<(&Address, String)> = Vec::new();
    let members = changes.iter().flat_map(|copies| &copies.members);
    for change in members.filter(|change| change.fate != Fate::Withheld) {
        losses.extend(change.lost.iter().map(|lost| (&change.address, lost.clone())));
        if change.lost.is_empty() && change.fate.is_loss() {
            losses.push((&change.address, format!("it is {}d", change.fate.verb())));
        }
    }
    let told = |alike: Vec<(&'a Address, String)>| {
        let mut addresses: Vec<&Address> = alike.iter().map(|(address, _)| *address).collect();
        addresses.sort_unstable();
        let sentence = alike
            .into_iter()
            .next()
            .map_or_else(String::new, |(_, sentence)| sentence);
        Loss { addresses, sentence }
    };
    let alike = copies::alike(losses, |(address, _)| address, |(_, sentence)| sentence.clone());
    alike.into_iter().map(told).collect()
}

/// One attribute of a change, or of copies that are told as one, with its values in words.
pub(super) struct Worded<'a> {
    pub(super) attribute: &'a AttributeChange,
    pub(super) before: String,
    pub(super) after: String,
}

/// The attributes of a change; of copies first what all share, then what each has of its own.
pub(super) fn attributes_of<'a>(copies: &Copies<'a>) -> Vec<Worded<'a>> {
    let attributes = &copies.first().attributes;
    let (own, shared): (Vec<usize>, Vec<usize>) =
        (0..attributes.len()).partition(|place| copies.own.contains(place));
    let shared = shared.into_iter().map(|place| {
        let attribute = &attributes[place];
        Worded {
            attribute,
            before: words(attribute, attribute.before.as_ref()),
            after: words(attribute, attribute.after.as_ref()),
        }
    });
    let own = own.into_iter().map(|place| {
        let [before, after] = copy_lines::both_of_each(copies, place).map(|runs| {
            let texts = runs.into_iter().map(|run| run.text);
            on_one_line(&texts.collect::<String>())
        });
        Worded {
            attribute: &attributes[place],
            before,
            after,
        }
    });
    shared.chain(own).collect()
}

/// Whether a value may not be shown.
pub(super) fn is_hidden(change: &AttributeChange) -> bool {
    let is_secret = |value: &Option<Value>| matches!(value, Some(Value::Secret(_)));
    change.sensitive || is_secret(&change.before) || is_secret(&change.after)
}

/// A value before or after, in words on one line.
fn words(change: &AttributeChange, value: Option<&Value>) -> String {
    if is_hidden(change) && value.is_some() {
        return super::literal::SENSITIVE.to_owned();
    }
    on_one_line(&super::literal::text(value))
}

fn on_one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
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
