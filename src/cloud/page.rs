//! One page of a list, read as it comes: each item becomes what the caller keeps of it, the rest is skipped.
//!
//! Does not know what an item is.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Reply;
use super::outcome::BadBody;

/// How one item of a list is read.
pub(crate) trait Decode: Sync {
    /// What is kept of it.
    type Item: Send;

    /// Reads an item: what tells it apart from others, and what is kept. What it must have and has not is an error in
    /// words; the answer then counts as damaged.
    fn item<'de, D: Deserializer<'de>>(&self, item: D) -> Result<(String, Self::Item), D::Error>;
}

/// One page.
pub(super) struct Page<T> {
    pub(super) items: Vec<(String, T)>,
    pub(super) total: Option<usize>,
    /// The token of the next page; empty behind the last.
    pub(super) next: String,
}

/// Reads a page whose items stand at this dotted place. An answer without its list is no empty list.
pub(super) fn read<D: Decode>(body: &[u8], list: &str, decode: &D) -> Result<Reply<Page<D::Item>>, BadBody> {
    let mut reading = Reading {
        decode,
        items: None,
        request_id: None,
        total: None,
        next: String::new(),
    };
    let path: Vec<&str> = list.split('.').collect();
    let mut from = serde_json::Deserializer::from_slice(body);
    let whole = At {
        path: &path,
        is_top: true,
        reading: &mut reading,
    };
    whole
        .deserialize(&mut from)
        .and_then(|()| from.end())
        .map_err(|error| BadBody::of(&error))?;
    let missing = || BadBody::Damaged(format!("the answer has no list {list}"));
    Ok(Reply {
        body: Page {
            items: reading.items.ok_or_else(missing)?,
            total: reading.total,
            next: reading.next,
        },
        request_id: reading.request_id,
    })
}

/// What has been read so far.
struct Reading<'a, D: Decode> {
    decode: &'a D,
    items: Option<Vec<(String, D::Item)>>,
    request_id: Option<String>,
    total: Option<usize>,
    next: String,
}

/// A place on the way to the list, or the list itself when no name is left.
struct At<'a, 'r, D: Decode> {
    path: &'a [&'a str],
    is_top: bool,
    reading: &'a mut Reading<'r, D>,
}

impl<'de, D: Decode> DeserializeSeed<'de> for At<'_, '_, D> {
    type Value = ();

    fn deserialize<F: Deserializer<'de>>(self, from: F) -> Result<(), F::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, D: Decode> Visitor<'de> for At<'_, '_, D> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if !self.path.is_empty() {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(One(self.reading.decode))? {
            list.push(item);
        }
        self.reading.items = Some(list);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((wanted, rest)) = self.path.split_first() else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        while let Some(name) = map.next_key_seed(Name(wanted, self.is_top))? {
            match name {
                Field::Wanted => map.next_value_seed(At {
                    path: rest,
                    is_top: false,
                    reading: self.reading,
                })?,
                Field::RequestId => {
                    let id: Value = map.next_value()?;
                    self.reading.request_id = id.as_str().filter(|id| !id.is_empty()).map(str::to_owned);
                }
                Field::TotalCount => {
                    let total: Value = map.next_value()?;
                    self.reading.total = total.as_u64().and_then(|total| usize::try_from(total).ok());
                }
                Field::NextToken => {
                    let next: Value = map.next_value()?;
                    self.reading.next = next.as_str().unwrap_or_default().to_owned();
                }
                Field::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// One item.
struct One<'a, D>(&'a D);

impl<'de, D: Decode> DeserializeSeed<'de> for One<'_, D> {
    type Value = (String, D::Item);

    fn deserialize<F: Deserializer<'de>>(self, item: F) -> Result<Self::Value, F::Error> {
        self.0.item(item)
    }
}

/// What a key is: the name on the way to the list, at the top a field of the page, or something else.
struct Name<'a>(&'a str, bool);

enum Field {
    Wanted,
    RequestId,
    TotalCount,
    NextToken,
    Other,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Field;

    fn deserialize<F: Deserializer<'de>>(self, key: F) -> Result<Field, F::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Field, E> {
        Ok(match key {
            key if key == self.0 => Field::Wanted,
            "RequestId" if self.1 => Field::RequestId,
            "TotalCount" if self.1 => Field::TotalCount,
            "NextToken" if self.1 => Field::NextToken,
            _ => Field::Other,
        })
    }
}
