//! The names of resources: `type.name`, or `type.name[key]` for a copy made by `count` or `for_each`; and of the objects
//! that have such a name one after the other.
//!
//! Does not know configuration, state or any cloud; an address is a name and nothing more.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::shared::shared;

/// The longest address, in characters: it is written into the tag `infra:addr`, whose value the API limits to 128.
pub(crate) const ADDRESS_LENGTH_MAX: usize = 128;

/// The key of one copy of a block.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Key {
    /// Position of a copy made by `count`, from 0.
    Index(usize),
    /// Key of a copy made by `for_each`.
    Name(Arc<str>),
}

/// The address of one resource, such as `vpc.main`, `instance.web[0]` or `instance.node[blue]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    type_name: Arc<str>,
    name: Arc<str>,
    key: Option<Key>,
}

/// Which of the objects that have one address after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Life {
    /// The one that has it.
    #[default]
    Now,
    /// The one that will have it when a replacement is done.
    Next,
    /// One that had it and must still be deleted, by its id.
    Old(String),
}

/// One object: an address, and which of its lives. Written `vpc.main`, `vpc.main (new)` or `vpc.main (old vpc-1)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Object {
    pub(crate) address: Address,
    pub(crate) life: Life,
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    /// It has no `type.name` form.
    #[error("an address has the form type.name, type.name[0] or type.name[key]")]
    Form,
    /// A part is empty or holds a character that names may not have.
    #[error("the part \"{part}\" of an address may hold only letters, digits, '_' and '-'")]
    Part { part: String },
    /// It is longer than [`ADDRESS_LENGTH_MAX`].
    #[error("an address has at most {ADDRESS_LENGTH_MAX} characters, this one has {length}")]
    Length { length: usize },
}

impl Address {
    /// The address of a block without copies.
    pub(crate) fn new(type_name: &str, name: &str) -> Address {
        Address {
            type_name: shared(type_name),
            name: shared(name),
            key: None,
        }
    }

    /// The address of one copy of this block.
    pub(crate) fn with_key(&self, key: Key) -> Address {
        Address {
            type_name: self.type_name.clone(),
            name: self.name.clone(),
            key: Some(key),
        }
    }

    /// The address without its key: the block that a copy comes from.
    pub(crate) fn block(&self) -> Address {
        Address {
            type_name: self.type_name.clone(),
            name: self.name.clone(),
            key: None,
        }
    }

    /// The resource type, e.g. `vswitch`.
    pub(crate) fn type_name(&self) -> &str {
        &self.type_name
    }

    /// The block's name, e.g. `main`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The key of a copy, if it is one.
    pub(crate) fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }
}

impl Object {
    /// The one that has this address.
    pub(crate) fn now(address: Address) -> Object {
        Object {
            address,
            life: Life::Now,
        }
    }

    /// The one that will have this address.
    pub(crate) fn next(address: Address) -> Object {
        Object {
            address,
            life: Life::Next,
        }
    }

    /// The one with this id, which had this address.
    pub(crate) fn old(address: Address, id: impl Into<String>) -> Object {
        Object {
            address,
            life: Life::Old(id.into()),
        }
    }
}

/// Whether a text can stand unquoted as a part of an address.
pub(crate) fn is_plain_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Index(index) => write!(f, "{index}"),
            Key::Name(name) if is_plain_name(name) && !name.bytes().all(|byte| byte.is_ascii_digit()) => {
                f.write_str(name)
            }
            Key::Name(name) => write!(f, "{name:?}"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            None => f.pad(&format!("{}.{}", self.type_name, self.name)),
            Some(key) => f.pad(&format!("{}.{}[{key}]", self.type_name, self.name)),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.life {
            Life::Now => fmt::Display::fmt(&self.address, f),
            Life::Next => f.pad(&format!("{} (new)", self.address)),
            Life::Old(id) => f.pad(&format!("{} (old {id})", self.address)),
        }
    }
}

impl FromStr for Object {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Object, AddressError> {
        if let Some(Ok(address)) = text.strip_suffix(" (new)").map(str::parse) {
            return Ok(Object::next(address));
        }
        // A key may hold what an ending begins with; only behind a whole address is it one.
        let old = text.match_indices(" (old ").find_map(|(index, begin)| {
            let id = text[index + begin.len()..].strip_suffix(')')?;
            Some(Object::old(text[..index].parse().ok()?, id))
        });
        match old {
            Some(old) => Ok(old),
            None => text.parse().map(Object::now),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        let length = text.chars().count();
        if length > ADDRESS_LENGTH_MAX {
            return Err(AddressError::Length { length });
        }
        let (type_name, rest) = text.split_once('.').ok_or(AddressError::Form)?;
        let (name, key) = match rest.split_once('[') {
            None => (rest, None),
            Some((name, key)) => (
                name,
                Some(parse_key(key.strip_suffix(']').ok_or(AddressError::Form)?)?),
            ),
        };
        for part in [type_name, name] {
            if !is_plain_name(part) {
                return Err(AddressError::Part {
                    part: part.to_owned(),
                });
            }
        }
        let address = Address::new(type_name, name);
        Ok(match key {
            None => address,
            Some(key) => address.with_key(key),
        })
    }
}

/// Compares two texts of addresses, which are often the same.
fn compare(left: &Arc<str>, right: &Arc<str>) -> Ordering {
    if Arc::ptr_eq(left, right) {
        Ordering::Equal
    } else {
        natural(left, right)
    }
}

fn parse_key(text: &str) -> Result<Key, AddressError> {
    if let Some(quoted) = text.strip_prefix('"') {
        let inner = serde_json::from_str::<String>(text).map_err(|_| AddressError::Part {
            part: quoted.trim_end_matches('"').to_owned(),
        })?;
        return Ok(Key::Name(inner.into()));
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(Key::Index).map_err(|_| AddressError::Form);
    }
    if is_plain_name(text) {
        return Ok(Key::Name(text.into()));
    }
    Err(AddressError::Part {
        part: text.to_owned(),
    })
}

/// Natural order: `web[2]` comes before `web[10]`, and `web2` before `web10`.
impl Ord for Address {
    fn cmp(&self, other: &Address) -> Ordering {
        compare(&self.type_name, &other.type_name)
            .then_with(|| compare(&self.name, &other.name))
            .then_with(|| match (&self.key, &other.key) {
                (Some(Key::Name(left)), Some(Key::Name(right))) => natural(left, right),
                (left, right) => left.cmp(right),
            })
    }
}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Address) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares two texts with runs of digits taken as numbers; texts that differ only in leading zeros fall back
/// to byte order, so that the order stays total and agrees with equality.
fn natural(left: &str, right: &str) -> Ordering {
    let (mut a, mut b) = (left.as_bytes(), right.as_bytes());
    // Most comparisons are of the same type and block, and of names with long beginnings in common. Numbers are looked
    // at whole.
    if a == b {
        return Ordering::Equal;
    }
    let mut same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    while same > 0 && a[same - 1].is_ascii_digit() {
        same -= 1;
    }
    (a, b) = (&a[same..], &b[same..]);
    while let (Some(&x), Some(&y)) = (a.first(), b.first()) {
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (number_a, rest_a) = take_number(a);
            let (number_b, rest_b) = take_number(b);
            let order = number_a
                .len()
                .cmp(&number_b.len())
                .then_with(|| number_a.cmp(number_b));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        } else if x != y {
            return x.cmp(&y);
        } else {
            (a, b) = (&a[1..], &b[1..]);
        }
    }
    a.len().cmp(&b.len()).then_with(|| left.cmp(right))
}

/// Splits off a leading run of digits, without its leading zeros.
fn take_number(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(bytes.len());
    let digits = &bytes[..end];
    let zeros = digits.iter().take_while(|&&byte| byte == b'0').count();
    (&digits[zeros..], &bytes[end..])
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_survives_being_printed_and_parsed() {
        for text in [
            "vpc.main",
            "instance.web[0]",
            "instance.node[\"a (old b) (new)\"]",
        ] {
            let address: Address = text.parse().unwrap();
            for object in [
                Object::now(address.clone()),
                Object::next(address.clone()),
                Object::old(address.clone(), "vpc-1"),
                Object::old(address.clone(), "a (old b) (new)"),
                Object::old(address.clone(), "x (new"),
                Object::old(address.clone(), ""),
            ] {
                assert_eq!(object.to_string().parse(), Ok(object));
            }
        }
        let old = Object::old(Address::new("vpc", "main"), "vpc-1");
        assert_eq!(old.to_string(), "vpc.main (old vpc-1)");
        for text in ["vpc.main (older)", "vpc (new)", "vpc.main (old vpc-1", " (new)"] {
            assert!(text.parse::<Object>().is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn an_address_survives_being_printed_and_parsed() {
        for text in [
            "vpc.main",
            "instance.web[0]",
            "instance.node[blue]",
            "instance.node[\"a b\"]",
            "instance.node[\"7\"]",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "vpc",
            "vpc.",
            ".main",
            "vpc.a b",
            "vpc.main[",
            "vpc.main[]",
            "vpc.main[a b]",
            "vpc.../x",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text} was accepted");
        }
        let long = format!("vpc.{}", "a".repeat(125));
        assert_eq!(long.parse::<Address>(), Err(AddressError::Length { length: 129 }));
    }

    #[test]
    fn addresses_sort_as_people_count() {
        let mut addresses: Vec<Address> = [
            "instance.web[10]",
            "instance.web[2]",
            "instance.db10",
            "instance.db9",
        ]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
        addresses.sort();
        let sorted: Vec<String> = addresses.iter().map(Address::to_string).collect();
        assert_eq!(
            sorted,
            [
                "instance.db9",
                "instance.db10",
                "instance.web[2]",
                "instance.web[10]"
            ]
        );
    }
}
