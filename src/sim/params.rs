//! The business parameters of one request, read by name. Does not know which action they belong to.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::refusal::Refusal;

/// Decoded parameters; a later one of the same name wins.
#[derive(Debug, Clone, Default)]
pub(super) struct Params {
    values: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, Default)]
struct Value {
    text: String,
    /// Whether anything has asked for it.
    read: Cell<bool>,
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self {
            text,
            read: Cell::new(false),
        }
    }
}

impl FromIterator<(String, String)> for Params {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self {
            values: pairs
                .into_iter()
                .map(|(name, text)| (name, Value::from(text)))
                .collect(),
        }
    }
}

impl Params {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value.text.as_str()))
    }

    /// Those with a wanted name, for who keeps them as they are: each counts as asked for.
    pub(super) fn kept(&self, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .filter(move |(name, value)| !value.text.is_empty() && wanted(name))
            .map(|(name, value)| {
                value.read.set(true);
                (name.as_str(), value.text.as_str())
            })
    }

    /// The names of those that nothing has asked for: whatever they say has had no effect.
    pub(super) fn unread(&self) -> impl Iterator<Item = &str> {
        self.values
            .iter()
            .filter(|(_, value)| !value.text.is_empty() && !value.read.get())
            .map(|(name, _)| name.as_str())
    }

    /// The value, empty when not given, for who only looks: it does not count as asked for.
    pub(super) fn peek(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |value| value.text.as_str())
    }

    /// The value as given, also when it is empty.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        let value = self.values.get(name)?;
        value.read.set(true);
        Some(&value.text)
    }

    /// The value, with an empty one counting as not given.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    pub(super) fn text_or<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.text(name).unwrap_or(default)
    }

    pub(super) fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| Refusal::missing(name))
    }

    pub(super) fn int(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.text(name) {
            None => Ok(None),
            Some(text) => text.trim().parse().map(Some).map_err(|_| Refusal::invalid(name)),
        }
    }

    pub(super) fn bool(&self, name: &str) -> Option<bool> {
        self.text(name).map(|text| text.eq_ignore_ascii_case("true"))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.bool(name).unwrap_or(false)
    }

    /// `name.1`, `name.2`, ... in the order of their numbers.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let mut found = BTreeMap::new();
        for (number, rest, value) in self.numbered(name) {
            if rest.is_empty() && !value.is_empty() {
                found.insert(number, value);
            }
        }
        found.into_values().collect()
    }

    /// `name.1.Field`, `name.2.Field`, ... as one group of parameters for each number.
    pub(super) fn groups(&self, name: &str) -> Vec<Params> {
        let mut found: BTreeMap<u32, Params> = BTreeMap::new();
        for (number, rest, value) in self.numbered(name) {
            if !rest.is_empty() {
                found
                    .entry(number)
                    .or_default()
                    .values
                    .insert(rest.to_owned(), Value::from(value.to_owned()));
            }
        }
        found.into_values().collect()
    }

    /// The same for who only looks.
    pub(super) fn peek_groups(&self, name: &str) -> Vec<Params> {
        let read: Vec<bool> = self.values.values().map(|value| value.read.get()).collect();
        let groups = self.groups(name);
        self.values
            .values()
            .zip(read)
            .for_each(|(value, read)| value.read.set(read));
        groups
    }

    fn numbered<'a>(&'a self, name: &str) -> impl Iterator<Item = (u32, &'a str, &'a str)> {
        let prefix = format!("{name}.");
        self.values.iter().filter_map(move |(key, value)| {
            let tail = key.strip_prefix(&prefix)?;
            let (number, rest) = tail.split_once('.').unwrap_or((tail, ""));
            let number = number.parse().ok()?;
            value.read.set(true);
            Some((number, rest, value.text.as_str()))
        })
    }

    /// A JSON array of texts inside one value; `None` when not given. At most `max` items.
    pub(super) fn json_list(&self, name: &str, max: usize) -> Result<Option<Vec<String>>, Refusal> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let items: Vec<String> = serde_json::from_str(text)
            .ok()
            .or_else(|| single_quoted(text))
            .ok_or_else(|| Refusal::invalid(name))?;
        if items.len() > max {
            Err(Refusal::invalid(name))
        } else {
            Ok(Some(items))
        }
    }

    /// Values separated by commas; `None` when not given. At most `max` items.
    pub(super) fn comma_list(&self, name: &str, max: usize) -> Result<Option<Vec<&str>>, Refusal> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let items: Vec<&str> = text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect();
        if items.len() > max {
            Err(Refusal::invalid(name))
        } else {
            Ok(Some(items))
        }
    }
}

/// A list whose texts stand in single quotes, `['i-1', 'i-2']`: the gateway's JSON reader takes it, and a popular
/// autoscaler sends it.
fn single_quoted(text: &str) -> Option<Vec<String>> {
    let inside = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    inside
        .split(',')
        .map(|item| {
            let item = item.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            let plain = !item.contains(['\'', '"', '\\']);
            plain.then(|| item.to_owned())
        })
        .collect()
}

/// The name as `schema/api` writes it: every number is `N`, but the fixed names of old filters keep theirs.
pub(super) fn pattern(name: &str) -> String {
    let parts: Vec<&str> = name
        .split('.')
        .map(|part| {
            if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
                "N"
            } else {
                part
            }
        })
        .collect();
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn lists_come_in_the_order_of_their_numbers() {
        let given = params(&[
            ("Id.10", "c"),
            ("Id.2", "b"),
            ("Id.1", "a"),
            ("Id.x", "no"),
            ("Idx.1", "no"),
        ]);
        assert_eq!(given.list("Id"), ["a", "b", "c"]);
    }

    #[test]
    fn booleans_are_read_in_any_case_and_empty_values_count_as_not_given() {
        let given = params(&[("A", "True"), ("B", ""), ("C", "false")]);
        assert_eq!(
            (given.bool("A"), given.bool("B"), given.bool("C")),
            (Some(true), None, Some(false))
        );
        assert_eq!((given.text("B"), given.given("B")), (None, Some("")));
    }

    #[test]
    fn the_five_encodings_of_id_lists_keep_their_limits() {
        let given = params(&[("J", r#"["a","b"]"#), ("E", "[]"), ("C", "a, b,"), ("W", "a")]);
        assert_eq!(given.json_list("J", 2).unwrap().unwrap(), ["a", "b"]);
        assert_eq!(given.json_list("E", 2).unwrap(), Some(vec![]));
        assert!(given.json_list("J", 1).is_err());
        assert!(given.json_list("W", 1).is_err());
        let quoted = params(&[
            ("S", "['a', 'b']"),
            ("M", "['a',\"b\"]"),
            ("O", "['a"),
            ("Q", "['a'b']"),
        ]);
        assert_eq!(quoted.json_list("S", 2).unwrap().unwrap(), ["a", "b"]);
        for wrong in ["M", "O", "Q"] {
            assert!(quoted.json_list(wrong, 2).is_err(), "{wrong}");
        }
        assert_eq!(given.comma_list("C", 2).unwrap().unwrap(), ["a", "b"]);
    }
}
