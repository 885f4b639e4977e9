//! Something by name, attributes say: a map that is made once and read often, of which there are several for each of many
//! thousand resources. It is a sorted list, and a name is kept once for all.
//!
//! Does not know what has the names.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::shared::shared;

/// The name of an attribute or a parameter.
#[derive(Clone)]
pub(crate) struct AttributeName(Arc<str>);

/// Something by name, in the order of the names.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Named<V> {
    entries: Vec<(AttributeName, V)>,
}

impl<V> Default for Named<V> {
    fn default() -> Named<V> {
        Named::new()
    }
}

impl<V> Named<V> {
    pub(crate) const fn new() -> Named<V> {
        Named { entries: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|(known, _)| (**known).cmp(name))
    }

    pub(crate) fn get(&self, name: &(impl AsRef<str> + ?Sized)) -> Option<&V> {
        let place = self.place(name.as_ref()).ok()?;
        Some(&self.entries[place].1)
    }

    pub(crate) fn get_mut(&mut self, name: &(impl AsRef<str> + ?Sized)) -> Option<&mut V> {
        let place = self.place(name.as_ref()).ok()?;
        Some(&mut self.entries[place].1)
    }

    pub(crate) fn contains_key(&self, name: &(impl AsRef<str> + ?Sized)) -> bool {
        self.place(name.as_ref()).is_ok()
    }

    /// Sets one; what it was before.
    pub(crate) fn insert(&mut self, name: impl Into<AttributeName>, value: V) -> Option<V> {
        let name = name.into();
        // They mostly come in order.
        if self.entries.last().is_none_or(|(last, _)| *last < name) {
            self.entries.push((name, value));
            return None;
        }
        match self.place(&name) {
            Ok(place) => Some(std::mem::replace(&mut self.entries[place].1, value)),
            Err(place) => {
                self.entries.insert(place, (name, value));
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, name: &(impl AsRef<str> + ?Sized)) -> Option<V> {
        let place = self.place(name.as_ref()).ok()?;
        Some(self.entries.remove(place).1)
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn iter(&self) -> Iter<'_, V> {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    pub(crate) fn keys(&self) -> impl ExactSizeIterator<Item = &AttributeName> + DoubleEndedIterator + Clone {
        self.entries.iter().map(|(name, _)| name)
    }

    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = &V> + DoubleEndedIterator + Clone {
        self.entries.iter().map(|(_, value)| value)
    }

    #[cfg(test)]
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&AttributeName, &mut V) -> bool) {
        self.entries.retain_mut(|(name, value)| keep(name, value));
    }

    /// The value of this name, set first if there is none.
    pub(crate) fn get_or_insert_with(
        &mut self,
        name: impl Into<AttributeName>,
        value: impl FnOnce() -> V,
    ) -> &mut V {
        let name = name.into();
        let place = match self.place(&name) {
            Ok(place) => place,
            Err(place) => {
                self.entries.insert(place, (name, value()));
                place
            }
        };
        &mut self.entries[place].1
    }
}

/// Goes through all of them.
pub(crate) type Iter<'a, V> = std::iter::Map<
    std::slice::Iter<'a, (AttributeName, V)>,
    fn(&'a (AttributeName, V)) -> (&'a AttributeName, &'a V),
>;

impl<'a, V> IntoIterator for &'a Named<V> {
    type Item = (&'a AttributeName, &'a V);
    type IntoIter = Iter<'a, V>;

    fn into_iter(self) -> Iter<'a, V> {
        self.iter()
    }
}

impl<V> IntoIterator for Named<V> {
    type Item = (AttributeName, V);
    type IntoIter = std::vec::IntoIter<(AttributeName, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<N: Into<AttributeName>, V> FromIterator<(N, V)> for Named<V> {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(all: I) -> Named<V> {
        let mut attributes = Named::new();
        attributes.extend(all);
        attributes
    }
}

impl<N: Into<AttributeName>, V> Extend<(N, V)> for Named<V> {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, all: I) {
        let all = all.into_iter();
        self.entries.reserve(all.size_hint().0);
        for (name, value) in all {
            self.insert(name, value);
        }
    }
}

impl<N: Into<AttributeName>, V, const COUNT: usize> From<[(N, V); COUNT]> for Named<V> {
    fn from(all: [(N, V); COUNT]) -> Named<V> {
        all.into_iter().collect()
    }
}

/// Panics where there is none of this name; tests know what is there.
#[cfg(test)]
impl<V> std::ops::Index<&str> for Named<V> {
    type Output = V;

    fn index(&self, name: &str) -> &V {
        self.get(name).unwrap()
    }
}

impl<V: fmt::Debug> fmt::Debug for Named<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<V: Serialize> Serialize for Named<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(name, value)| (&**name, value)))
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Named<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Named<V>, D::Error> {
        struct Entries<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> serde::de::Visitor<'de> for Entries<V> {
            type Value = Named<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("something by name")
            }

            fn visit_map<M: serde::de::MapAccess<'de>>(self, mut map: M) -> Result<Named<V>, M::Error> {
                let mut named = Named::new();
                while let Some((name, value)) = map.next_entry::<Cow<'de, str>, V>()? {
                    named.insert(&*name, value);
                }
                Ok(named)
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

impl AttributeName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for AttributeName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for AttributeName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for AttributeName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for AttributeName {
    fn from(name: &str) -> AttributeName {
        AttributeName(shared(name))
    }
}

impl From<String> for AttributeName {
    fn from(name: String) -> AttributeName {
        AttributeName(shared(&name))
    }
}

impl From<&String> for AttributeName {
    fn from(name: &String) -> AttributeName {
        AttributeName(shared(name))
    }
}

impl From<AttributeName> for String {
    fn from(name: AttributeName) -> String {
        (*name).to_owned()
    }
}

impl PartialEq for AttributeName {
    fn eq(&self, other: &AttributeName) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for AttributeName {}

impl PartialEq<str> for AttributeName {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for AttributeName {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl Ord for AttributeName {
    fn cmp(&self, other: &AttributeName) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) {
            Ordering::Equal
        } else {
            self.0.cmp(&other.0)
        }
    }
}

impl PartialOrd for AttributeName {
    fn partial_cmp(&self, other: &AttributeName) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_in_the_order_of_their_names_and_the_last_word_counts() {
        let mut named: Named<u8> = [("b", 1), ("a", 2), ("b", 3)].into();
        named.insert("c", 4);
        named.insert("aa", 5);
        let all: Vec<(&str, u8)> = named.iter().map(|(name, value)| (&**name, *value)).collect();
        assert_eq!(all, [("a", 2), ("aa", 5), ("b", 3), ("c", 4)]);
        assert_eq!(named.remove("aa"), Some(5));
        assert_eq!(named.get("aa"), None);
        assert_eq!(named.len(), 3);
    }
}
