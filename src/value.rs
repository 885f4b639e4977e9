//! Values of attributes and parameters: known, secret, or known only after a step has run.
//!
//! Does not know schemas, TOML or the API; a value is data and the names of what is still missing in it.

use std::collections::BTreeSet;
use std::fmt;

use compact_str::{CompactString, ToCompactString};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::address::Address;

pub(crate) use crate::named::AttributeName;
use crate::named::Named;

/// Attributes by name, or parameters by name.
pub(crate) type Attributes = Named<Value>;

/// The tags of something that exists.
pub(crate) type Tags = Named<String>;

/// A value of the configuration, of the state, of a plan or of a step's parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Bool(bool),
    Integer(i64),
    /// Held without an allocation up to 24 bytes, which ids and most names are: there are tens of values a resource.
    String(CompactString),
    /// Bytes of a file that are not text (binary user data).
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Map(Attributes),
    /// A secret that is named, never held: it is read when the request is built.
    Secret(SecretSource),
    /// An attribute that is known once the step that makes it has run. Boxed, because it is rare and large: there are
    /// tens of values a resource.
    Reference(Box<Reference>),
    /// Text with references in it.
    Template(Vec<Part>),
    /// The token of the operation, which the executor makes when it writes the intent
    /// (`ClientToken`, tag `infra:op`).
    Token,
    /// Bytes or text that the API wants as base64 text (`UserData`).
    Base64(Box<Value>),
    /// A list that the API wants as a JSON array inside one text (`InstanceIds`).
    JsonText(Box<Value>),
}

/// An attribute of a resource: `${vpc.main.id}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Reference {
    /// Which resource.
    pub(crate) address: Address,
    /// Which attribute; nested ones, and positions in a list, are joined by dots.
    pub(crate) attribute: String,
}

/// A piece of a [`Value::Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    Reference(Reference),
}

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file; the path is relative to the configuration folder.
    File(String),
    /// A sensitive variable of the configuration.
    Variable(String),
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretSource::Env(name) => write!(f, "env {name}"),
            SecretSource::File(path) => write!(f, "file {path}"),
            SecretSource::Variable(name) => write!(f, "variable {name}"),
        }
    }
}

impl Reference {
    /// The attribute it names, without what lies inside it.
    pub(crate) fn attribute_name(&self) -> &str {
        self.attribute.split('.').next().unwrap_or_default()
    }

    /// The value it names, if these are the attributes of its resource.
    pub(crate) fn find_in<'a>(&self, attributes: &'a Attributes) -> Option<&'a Value> {
        let mut names = self.attribute.split('.');
        let first = attributes.get(names.next()?)?;
        names.try_fold(first, |value, name| match value {
            Value::List(items) => items.get(name.parse::<usize>().ok()?),
            value => value.as_map()?.get(name),
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.address, self.attribute)
    }
}

impl Value {
    /// A value of which nothing is known before the run.
    pub(crate) fn unknown() -> Value {
        Value::Template(Vec::new())
    }

    /// The text of a string value.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number of an integer value.
    pub(crate) fn as_integer(&self) -> Option<i64> {
        match self {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The items of a list.
    pub(crate) fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a map.
    pub(crate) fn as_map(&self) -> Option<&Attributes> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The value at a dotted path inside this one, e.g. `size` of a system disk.
    pub(crate) fn at(&self, path: &str) -> Option<&Value> {
        path.split('.')
            .try_fold(self, |value, name| value.as_map()?.get(name))
    }

    /// Whether nothing in it waits for a step (secrets count as known, the operation's token does not).
    pub(crate) fn is_known(&self) -> bool {
        match self {
            Value::Reference(_) | Value::Template(_) | Value::Token => false,
            Value::List(items) => items.iter().all(Value::is_known),
            Value::Map(map) => map.values().all(Value::is_known),
            Value::Base64(inner) | Value::JsonText(inner) => inner.is_known(),
            Value::Bool(_) | Value::Integer(_) | Value::String(_) | Value::Bytes(_) | Value::Secret(_) => {
                true
            }
        }
    }

    /// Whether this id stands in it.
    pub(crate) fn names(&self, id: &str) -> bool {
        match self {
            Value::String(text) => text == id,
            Value::List(items) => items.iter().any(|item| item.names(id)),
            Value::Map(map) => map.values().any(|item| item.names(id)),
            _ => false,
        }
    }

    /// Adds every reference in it.
    pub(crate) fn references<'a>(&'a self, found: &mut BTreeSet<&'a Reference>) {
        match self {
            Value::Reference(reference) => {
                found.insert(reference);
            }
            Value::Template(parts) => {
                for part in parts {
                    if let Part::Reference(reference) = part {
                        found.insert(reference);
                    }
                }
            }
            Value::List(items) => items.iter().for_each(|item| item.references(found)),
            Value::Map(map) => map.values().for_each(|item| item.references(found)),
            Value::Base64(inner) | Value::JsonText(inner) => inner.references(found),
            Value::Bool(_)
            | Value::Integer(_)
            | Value::String(_)
            | Value::Bytes(_)
            | Value::Secret(_)
            | Value::Token => {}
        }
    }

    /// The same value with every reference replaced for which `look_up` knows a value. A template all of whose
    /// references are known becomes text.
    pub(crate) fn resolve(&self, look_up: &dyn Fn(&Reference) -> Option<Value>) -> Value {
        match self {
            Value::Reference(reference) => look_up(reference).unwrap_or_else(|| self.clone()),
            Value::Template(parts) => resolve_template(parts, look_up),
            Value::List(items) => Value::List(items.iter().map(|item| item.resolve(look_up)).collect()),
            Value::Map(map) => Value::Map(
                map.iter()
                    .map(|(name, item)| (name.clone(), item.resolve(look_up)))
                    .collect(),
            ),
            Value::Base64(inner) => Value::Base64(Box::new(inner.resolve(look_up))),
            Value::JsonText(inner) => Value::JsonText(Box::new(inner.resolve(look_up))),
            Value::Bool(_)
            | Value::Integer(_)
            | Value::String(_)
            | Value::Bytes(_)
            | Value::Secret(_)
            | Value::Token => self.clone(),
        }
    }

    /// How the value stands inside a longer text, if it can.
    pub(crate) fn to_text(&self) -> Option<String> {
        match self {
            Value::String(text) => Some(text.to_string()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }

    /// The value as JSON. Secrets and values that are not known yet become `null`: neither may be stored.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Bool(truth) => (*truth).into(),
            Value::Integer(number) => (*number).into(),
            Value::String(text) => text.as_str().into(),
            Value::List(items) => items.iter().map(Value::to_json).collect(),
            Value::Map(map) => serde_json::Value::Object(
                map.iter()
                    .map(|(name, item)| (name.to_string(), item.to_json()))
                    .collect(),
            ),
            Value::Bytes(_)
            | Value::Secret(_)
            | Value::Reference(_)
            | Value::Template(_)
            | Value::Token
            | Value::Base64(_)
            | Value::JsonText(_) => serde_json::Value::Null,
        }
    }

    /// A value from JSON; `null` gives none, and a fraction becomes text, since no attribute of ours is one.
    pub(crate) fn from_json(json: &serde_json::Value) -> Option<Value> {
        Some(match json {
            serde_json::Value::Null => return None,
            serde_json::Value::Bool(truth) => Value::Bool(*truth),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(integer) => Value::Integer(integer),
                None => Value::String(number.to_compact_string()),
            },
            serde_json::Value::String(text) => Value::from(text.as_str()),
            serde_json::Value::Array(items) => {
                Value::List(items.iter().filter_map(Value::from_json).collect())
            }
            serde_json::Value::Object(map) => Value::Map(
                map.iter()
                    .filter_map(|(name, item)| Some((name.clone(), Value::from_json(item)?)))
                    .collect(),
            ),
        })
    }
}

fn resolve_template(parts: &[Part], look_up: &dyn Fn(&Reference) -> Option<Value>) -> Value {
    let mut resolved: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts {
        let text = match part {
            Part::Text(text) => Some(text.clone()),
            Part::Reference(reference) => look_up(reference).and_then(|value| value.to_text()),
        };
        match (text, resolved.last_mut()) {
            (Some(text), Some(Part::Text(before))) => before.push_str(&text),
            (Some(text), _) => resolved.push(Part::Text(text)),
            (None, _) => resolved.push(part.clone()),
        }
    }
    match resolved.as_slice() {
        [] => Value::from(""),
        [Part::Text(text)] => Value::from(text.as_str()),
        _ => Value::Template(resolved),
    }
}

impl From<Reference> for Value {
    fn from(reference: Reference) -> Value {
        Value::Reference(Box::new(reference))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(text.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Integer(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Bool(truth)
    }
}

/// Serialised as JSON; what may not be stored becomes `null` (see [`Value::to_json`]).
impl Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Bool(truth) => truth.serialize(serializer),
            Value::Integer(number) => number.serialize(serializer),
            Value::String(text) => serializer.serialize_str(text),
            Value::List(items) => items.serialize(serializer),
            Value::Map(map) => map.serialize(serializer),
            Value::Bytes(_)
            | Value::Secret(_)
            | Value::Reference(_)
            | Value::Template(_)
            | Value::Token
            | Value::Base64(_)
            | Value::JsonText(_) => serializer.serialize_none(),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        let value = Whole.deserialize(deserializer)?;
        value.ok_or_else(|| D::Error::custom("a stored value may not be null"))
    }
}

/// Reads a value whole, as [`Value::from_json`] does: `null` is none, and a fraction is text.
pub(crate) struct Whole;

impl<'de> DeserializeSeed<'de> for Whole {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Option<Value>, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Whole {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Option<Value>, E> {
        Ok(Some(Value::Bool(truth)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Option<Value>, E> {
        Ok(Some(Value::Integer(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<Value>, E> {
        let integer = i64::try_from(number).map(Value::Integer);
        Ok(Some(integer.unwrap_or_else(|_| Value::from(number.to_string()))))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Option<Value>, E> {
        Ok(serde_json::Number::from_f64(number).map(|number| Value::from(number.to_string())))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<Value>, E> {
        Ok(Some(Value::from(text)))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Option<Value>, E> {
        Ok(Some(Value::from(text)))
    }

    fn visit_unit<E: Error>(self) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Option<Value>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Whole)? {
            list.extend(item);
        }
        Ok(Some(Value::List(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<Value>, A::Error> {
        let mut map = Attributes::new();
        while let Some(name) = fields.next_key::<String>()? {
            if let Some(value) = fields.next_value_seed(Whole)? {
                map.insert(name, value);
            }
        }
        Ok(Some(Value::Map(map)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(text: &str) -> Reference {
        let (address, attribute) = text.rsplit_once('.').unwrap();
        Reference {
            address: address.parse().unwrap(),
            attribute: attribute.to_owned(),
        }
    }

    #[test]
    fn a_template_becomes_text_when_all_of_it_is_known() {
        let template = Value::Template(vec![
            Part::Text("a-".into()),
            Part::Reference(reference("vpc.main.id")),
            Part::Text("-".into()),
            Part::Reference(reference("vswitch.main.id")),
        ]);
        let half = template.resolve(&|wanted| (wanted.address.type_name() == "vpc").then(|| "vpc-1".into()));
        assert!(!half.is_known());
        let whole = half.resolve(&|_| Some("vsw-1".into()));
        assert_eq!(whole, Value::from("a-vpc-1-vsw-1"));
    }

    #[test]
    fn what_may_not_be_stored_is_null() {
        let value = Value::List(vec![
            Value::Secret(SecretSource::Env("X".into())),
            Value::Token,
            1.into(),
        ]);
        assert_eq!(value.to_json(), serde_json::json!([null, null, 1]));
        assert_eq!(serde_json::to_value(&value).unwrap(), value.to_json());
    }

    #[test]
    fn a_value_is_the_same_by_way_of_a_tree_and_without_one() {
        let text = r#"[true, -1, 18446744073709551615, 1.5, "", "ä", [null, 1], {"b": 1, "a": {"c": null}}]"#;
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        let read: Value = serde_json::from_str(text).unwrap();
        assert_eq!(Some(&read), Value::from_json(&json).as_ref());
        assert_eq!(serde_json::to_value(&read).unwrap(), read.to_json());
        assert!(serde_json::from_str::<Value>("null").is_err());
    }
}
