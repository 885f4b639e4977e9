//! Some fields of a JSON object, read as it comes: what nobody asked for is skipped and never kept.
//!
//! Does not know which fields, nor what they mean.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::value::{Value, Whole};

/// Which fields are read, by their dotted paths: `VpcAttributes.VSwitchId`.
#[derive(Debug, Default)]
pub(super) struct Fields {
    root: Node,
    count: usize,
}

/// What is wanted of one value.
#[derive(Debug, Default)]
struct Node {
    /// Fields inside it, sorted by name.
    inside: Vec<(String, Node)>,
    /// Where the value itself is put.
    places: Vec<usize>,
}

/// What was read, in the order in which the paths were added; none for a field that is missing or `null`.
pub(super) type Found = Vec<Option<Value>>;

impl Fields {
    /// Adds a path; returns its place in what is found.
    pub(super) fn add(&mut self, path: &str) -> usize {
        let mut node = &mut self.root;
        for name in path.split('.') {
            let at = match node
                .inside
                .binary_search_by(|(known, _)| known.as_str().cmp(name))
            {
                Ok(at) => at,
                Err(at) => {
                    node.inside.insert(at, (name.to_owned(), Node::default()));
                    at
                }
            };
            node = &mut node.inside[at].1;
        }
        node.places.push(self.count);
        self.count += 1;
        self.count - 1
    }

    /// Reads them out of the next value.
    pub(super) fn read<'de, D: Deserializer<'de>>(&self, item: D) -> Result<Found, D::Error> {
        let mut found = vec![None; self.count];
        Inside {
            node: &self.root,
            found: &mut found,
        }
        .deserialize(item)?;
        Ok(found)
    }
}

/// Reads a value for a node.
struct Inside<'a> {
    node: &'a Node,
    found: &'a mut Found,
}

impl Inside<'_> {
    /// The same for a value that is kept whole as well.
    fn pick(&mut self, value: Value) {
        if let Value::Map(map) = &value {
            for (name, node) in &self.node.inside {
                if let Some(inner) = map.get(name) {
                    let found = &mut *self.found;
                    Inside { node, found }.pick(inner.clone());
                }
            }
        }
        let Some((last, others)) = self.node.places.split_last() else {
            return;
        };
        for place in others {
            self.found[*place] = Some(value.clone());
        }
        self.found[*last] = Some(value);
    }
}

impl<'de> DeserializeSeed<'de> for Inside<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(mut self, value: D) -> Result<(), D::Error> {
        if self.node.places.is_empty() {
            return value.deserialize_any(self);
        }
        if let Some(value) = value.deserialize_any(Whole)? {
            self.pick(value);
        }
        Ok(())
    }
}

/// Skips what is no object: nothing can be inside it.
macro_rules! skip {
    ($result:expr) => {
        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($result)
        }
        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($result)
        }
        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($result)
        }
        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($result)
        }
        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok($result)
        }
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($result)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok($result)
        }
    };
}

impl<'de> Visitor<'de> for Inside<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    skip!(());

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(known) = map.next_key_seed(Name(&self.node.inside))? {
            match known {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(at) => {
                    let found = &mut *self.found;
                    let node = &self.node.inside[at].1;
                    map.next_value_seed(Inside { node, found })?;
                }
            }
        }
        Ok(())
    }
}

/// Which of these names a key is.
struct Name<'a>(&'a [(String, Node)]);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Option<usize>, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Option<usize>, E> {
        let found = self.0.binary_search_by(|(known, _)| known.as_str().cmp(key));
        Ok(found.ok())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(paths: &[&str], item: serde_json::Value) -> Vec<Option<serde_json::Value>> {
        let mut fields = Fields::default();
        for (place, path) in paths.iter().enumerate() {
            assert_eq!(fields.add(path), place);
        }
        let text = item.to_string();
        let mut from_text = serde_json::Deserializer::from_str(&text);
        let found = fields.read(&mut from_text).unwrap();
        from_text.end().unwrap();
        found
            .iter()
            .map(|value| value.as_ref().map(Value::to_json))
            .collect()
    }

    #[test]
    fn only_what_is_asked_for_is_read_wherever_it_stands() {
        let item = json!({
            "Skipped": {"Deep": [1, {"VSwitchId": "no"}]},
            "VpcAttributes": {"VSwitchId": "vsw-1", "More": [1.5, null], "Ip": {"IpAddress": ["10.0.0.1"]}},
            "Empty": "", "Nothing": null, "Truth": true, "Large": u64::MAX, "Small": -3,
        });
        let found = read(
            &[
                "VpcAttributes.VSwitchId",
                "VpcAttributes.Ip.IpAddress",
                "VpcAttributes.Ip",
                "Empty",
                "Nothing",
                "Truth",
                "Large",
                "Small",
                "Truth.Inside",
                "VpcAttributes.More",
                "Missing.Inside",
                "Empty",
            ],
            item,
        );
        let expected = json!([
            "vsw-1",
            ["10.0.0.1"],
            {"IpAddress": ["10.0.0.1"]},
            "",
            null,
            true,
            "18446744073709551615",
            -3,
            null,
            ["1.5"],
            null,
            "",
        ]);
        assert_eq!(json!(found), expected);
    }

    #[test]
    fn what_is_no_object_holds_nothing() {
        for item in [json!(null), json!(1), json!("x"), json!([{"A": 1}]), json!(true)] {
            assert_eq!(read(&["A"], item), [None]);
        }
    }
}
