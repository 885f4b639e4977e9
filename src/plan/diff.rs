//! What differs between what is there and what is wanted, attribute by attribute.
//!
//! Pure; knows tables, not types.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::AttributeChange;
use crate::types::{Attribute, Changeable, Kind, Needs, ResourceType};
use crate::value::{Attributes, SecretSource, Value};

/// Turns secrets and long text into what the state remembers of them.
pub(crate) struct Fingerprints<'a> {
    /// The fingerprints of the secrets that could be read.
    pub(crate) secrets: &'a BTreeMap<SecretSource, String>,
    /// The keyed hash of a text.
    pub(crate) text: &'a dyn Fn(&[u8]) -> String,
}

/// One difference, with what it means.
pub(super) struct Difference {
    pub(super) change: AttributeChange,
    pub(super) changeable: Changeable,
}

/// The differences and how many managed attributes are equal.
pub(super) struct Differences {
    pub(super) found: Vec<Difference>,
    pub(super) equal: usize,
}

impl Differences {
    /// Lets a difference in this attribute be one that cannot be changed where it stands.
    pub(super) fn force(&mut self, name: &str) {
        for difference in self.found.iter_mut().filter(|one| one.change.path == name) {
            difference.changeable = Changeable::Replaces;
            difference.change.forces_replacement = true;
        }
    }

    /// Whether one of them cannot be changed on a resource that exists.
    pub(super) fn force_replacement(&self) -> bool {
        self.found
            .iter()
            .any(|difference| difference.change.forces_replacement)
    }
}

/// What two sides of a comparison are held against.
pub(super) struct Memory<'a> {
    /// What the state says of attributes that the cloud does not tell.
    pub(super) attributes: &'a Attributes,
    /// What an earlier run began and did not end, attribute by attribute.
    pub(super) unsettled: &'a BTreeMap<String, String>,
}

/// Compares what is wanted with what is there, but for what joins it to others.
pub(super) fn compare(
    resource_type: &'static ResourceType,
    observed: &Attributes,
    memory: &Memory<'_>,
    wanted: &Attributes,
    fingerprints: &Fingerprints<'_>,
) -> Differences {
    let mut differences = Differences {
        found: Vec::new(),
        equal: 0,
    };
    for attribute in resource_type.attributes {
        let Some(after) = wanted.get(attribute.name) else {
            continue;
        };
        if attribute.is_own_tags() || resource_type.is_joined(attribute.name) {
            continue;
        }
        let before = if attribute.remembered {
            memory.attributes.get(attribute.name)
        } else {
            observed.get(attribute.name)
        };
        let context = Comparison {
            resource_type,
            observed,
            remembered: memory.attributes,
            wanted,
            fingerprints,
            is_owed: is_owed(attribute, memory.unsettled),
        };
        context.attribute(
            attribute,
            attribute.name.to_owned(),
            before,
            after,
            &mut differences,
        );
    }
    for name in (resource_type.implied)(wanted, observed) {
        let after = Some(Value::Template(Vec::new()));
        differences.found.push(Difference {
            change: AttributeChange::plain(name, None, after),
            changeable: Changeable::Special,
        });
    }
    differences
}

struct Comparison<'a> {
    resource_type: &'static ResourceType,
    observed: &'a Attributes,
    remembered: &'a Attributes,
    wanted: &'a Attributes,
    fingerprints: &'a Fingerprints<'a>,
    /// Whether an earlier run left it in the middle of a change that a look does not show.
    is_owed: bool,
}

/// Whether a step of an earlier run is still owed to the attribute and its effect cannot be seen: it is done again.
fn is_owed(attribute: &Attribute, unsettled: &BTreeMap<String, String>) -> bool {
    let unseen = attribute.remembered
        || matches!(attribute.change, Changeable::InPlace(update) if update.needs == Needs::Reboot);
    unseen && unsettled.contains_key(attribute.name)
}

impl Comparison<'_> {
    fn attribute(
        &self,
        attribute: &'static Attribute,
        path: String,
        before: Option<&Value>,
        after: &Value,
        differences: &mut Differences,
    ) {
        if let (Kind::Table(nested), Value::Map(after)) = (&attribute.kind, after) {
            for key in *nested {
                if let Some(after) = after.get(key.name) {
                    let before = before.and_then(|before| before.at(key.name));
                    self.attribute(key, format!("{path}.{}", key.name), before, after, differences);
                }
            }
            return;
        }
        let changeable =
            (self.resource_type.change_rule)(&path, self.observed, self.wanted).unwrap_or(attribute.change);
        if attribute.ordered && self.is_ordered(attribute, before, after) {
            differences.equal += 1;
            return;
        }
        if !self.is_owed && self.is_equal(attribute, before, after, changeable) {
            differences.equal += 1;
            return;
        }
        differences.found.push(Difference {
            change: AttributeChange {
                forces_replacement: matches!(changeable, Changeable::Replaces),
                ..AttributeChange::of(attribute, path, before.cloned(), Some(after.clone()))
            },
            changeable,
        });
    }

    fn is_equal(
        &self,
        attribute: &Attribute,
        before: Option<&Value>,
        after: &Value,
        changeable: Changeable,
    ) -> bool {
        match &attribute.kind {
            Kind::Secret => match (self.comparable_secret(after), before) {
                (Some(after), Some(before)) => before.as_str() == Some(after.as_str()),
                // A secret that cannot be read now cannot have been changed by this configuration.
                (None, Some(_)) => true,
                (_, None) => false,
            },
            Kind::Text => {
                after.is_known()
                    && before.and_then(Value::as_str)
                        == bytes_of(after).map(self.fingerprints.text).as_deref()
            }
            Kind::Tags => {
                before
                    .map(|before| self.without_inherited(before, after))
                    .as_ref()
                    == Some(after)
            }
            _ if attribute.remembered && before.is_none() => matches!(changeable, Changeable::Refused(_)),
            Kind::IdSet(_) | Kind::StringSet | Kind::IntegerSet { .. } => {
                as_set(before) == as_set(Some(after)) && after.is_known()
            }
            Kind::TableSet(keys) => rules(keys, before) == rules(keys, Some(after)) && after.is_known(),
            _ => match before {
                Some(before) => before == after,
                // An API that shows nothing for an empty text.
                None => after.as_str() == Some(""),
            },
        }
    }

    /// The tags of what hangs on it, without those that it may have given them when it was made: they are there whether they
    /// are wanted or not.
    fn without_inherited(&self, before: &Value, after: &Value) -> Value {
        let (Value::Map(tags), Some(Value::Map(own))) = (before, self.observed.get("tags")) else {
            return before.clone();
        };
        let is_told = |key: &str, value: &Value| {
            after.as_map().is_some_and(|after| after.contains_key(key)) || own.get(key) != Some(value)
        };
        let told = tags.iter().filter(|(key, value)| is_told(key, value));
        Value::Map(told.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// Whether nothing has to be ordered: it is as it was, nobody knows what it was, or what an interrupted run ordered has
    /// come. An order that may have been placed is never placed again.
    fn is_ordered(&self, attribute: &Attribute, before: Option<&Value>, after: &Value) -> bool {
        let is_later = |moved: &str| {
            let at = |side: &Attributes| side.get(moved).and_then(Value::as_str).map(str::to_owned);
            at(self.observed) > at(self.remembered)
        };
        before.is_none_or(|before| before == after) || self.is_owed && attribute.moves.is_some_and(is_later)
    }

    fn comparable_secret(&self, value: &Value) -> Option<String> {
        match value {
            Value::Secret(source) => self.fingerprints.secrets.get(source).cloned(),
            _ => None,
        }
    }
}

/// The bytes of a text value.
pub(crate) fn bytes_of(value: &Value) -> Option<&[u8]> {
    match value {
        Value::String(text) => Some(text.as_bytes()),
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

fn as_set(value: Option<&Value>) -> BTreeSet<String> {
    let items = value.and_then(Value::as_list).unwrap_or_default();
    items.iter().map(|item| item.to_json().to_string()).collect()
}

/// A set of tables, each reduced to the keys that the table has (an observed rule carries its id as well).
fn rules(keys: &[Attribute], value: Option<&Value>) -> BTreeSet<String> {
    let items = value.and_then(Value::as_list).unwrap_or_default();
    items
        .iter()
        .filter_map(Value::as_map)
        .map(|item| {
            keys.iter()
                .map(|key| {
                    item.get(key.name)
                        .map(|value| value.to_json().to_string())
                        .unwrap_or_default()
                        + "|"
                })
                .collect()
        })
        .collect()
}
