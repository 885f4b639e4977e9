//! A plain map of rows with the indexes that keep every look-up short. Does not know what a row means.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::clock::Now;
use super::head::{Head, Next};
use super::places::Places;

/// Something that exists in the cloud.
pub(super) trait Row: Serialize + DeserializeOwned + Debug + Send + 'static {
    fn head(&self) -> &Head;
    fn head_mut(&mut self) -> &mut Head;
    /// Everything besides id and tags that it is looked up by, as kind and value. What belongs to another thing is
    /// linked to it by the name of that thing's kind.
    fn links(&self, link: &mut dyn FnMut(&str, &str));
    /// The moment of real time at which it changes by itself, such as the end of a subscription.
    fn deadline(&self) -> Option<i64> {
        None
    }
    /// The private addresses that it takes, as vSwitch and address.
    fn addresses(&self, _note: &mut dyn FnMut(&str, u32)) {}
}

/// Rows in the order of their creation, found by id, by tag, by link and by their next transition.
#[derive(Debug)]
pub(super) struct Table<T> {
    rows: BTreeMap<u64, T>,
    by_id: HashMap<String, u64>,
    index: HashMap<u64, Places>,
    agenda: BTreeSet<(i64, u64)>,
    deadlines: BTreeSet<(i64, u64)>,
    changed: BTreeSet<u64>,
    removed: BTreeSet<String>,
    /// Whether changes are remembered for the log on disk.
    tracked: bool,
    /// Whether it is remembered what begins something.
    watched: bool,
    begun: Vec<String>,
    /// Counts changes.
    version: u64,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            by_id: HashMap::new(),
            index: HashMap::new(),
            agenda: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            changed: BTreeSet::new(),
            removed: BTreeSet::new(),
            tracked: false,
            watched: false,
            begun: Vec::new(),
            version: 0,
        }
    }
}

/// The index key of a kind and a value: FNV-1a. Two values may share one, so a hit is always compared again.
fn key(kind: &str, value: &str) -> u64 {
    let bytes = kind.bytes().chain([0]).chain(value.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The index key of a tag with this name, whatever its value.
pub(super) fn tag_name_key(name: &str) -> u64 {
    key("tag name", name)
}

/// The index key of a tag.
pub(super) fn tag_key(name: &str, value: &str) -> u64 {
    key("tag", &format!("{name}\0{value}"))
}

/// The index key of everything in a region; of what belongs to no region when it is empty.
pub(super) fn region_key(region: &str) -> u64 {
    key("region", region)
}

/// The index key of everything in a region with a tag.
pub(super) fn region_tag_key(region: &str, name: &str, value: &str) -> u64 {
    key("region tag", &format!("{region}\0{name}\0{value}"))
}

fn keys<T: Row>(row: &T) -> BTreeSet<u64> {
    let mut keys = BTreeSet::new();
    let head = row.head();
    keys.insert(region_key(&head.region));
    for (name, value) in &head.tags {
        keys.insert(tag_name_key(name));
        keys.insert(tag_key(name, value));
        keys.insert(region_tag_key(&head.region, name, value));
    }
    row.links(&mut |kind, value| {
        keys.insert(key(kind, value));
    });
    keys
}

/// Moves an entry of an agenda from one moment to another.
fn move_to(agenda: &mut BTreeSet<(i64, u64)>, sequence: u64, from: Option<i64>, to: Option<i64>) {
    if from != to {
        if let Some(from) = from {
            agenda.remove(&(from, sequence));
        }
        agenda.extend(to.map(|to| (to, sequence)));
    }
}

impl<T: Row> Table<T> {
    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.rows.get(self.by_id.get(id)?)
    }

    pub(super) fn sequence(&self, id: &str) -> Option<u64> {
        self.by_id.get(id).copied()
    }

    pub(super) fn at(&self, sequence: u64) -> Option<&T> {
        self.rows.get(&sequence)
    }

    /// Puts a row in under its place in the order of creation.
    pub(super) fn insert(&mut self, row: T) {
        self.version += 1;
        let sequence = row.head().place;
        for key in keys(&row) {
            self.index.entry(key).or_default().insert(sequence);
        }
        move_to(&mut self.agenda, sequence, None, row.head().next_moment());
        if self.watched && row.head().due.is_some() {
            self.begun.push(row.head().id.clone());
        }
        move_to(&mut self.deadlines, sequence, None, row.deadline());
        self.by_id.insert(row.head().id.clone(), sequence);
        if self.tracked {
            self.changed.insert(sequence);
            self.removed.remove(&row.head().id);
        }
        self.rows.insert(sequence, row);
    }

    /// Changes a row in place and keeps the indexes true; nothing happens when there is no such row.
    pub(super) fn update<R>(&mut self, id: &str, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let sequence = *self.by_id.get(id)?;
        let row = self.rows.get_mut(&sequence)?;
        self.version += 1;
        let (keys_before, due_before, deadline_before) =
            (keys(row), row.head().next_moment(), row.deadline());
        let result = change(row);
        let (keys_after, due_after, deadline_after) = (keys(row), row.head().next_moment(), row.deadline());
        let begins = due_before != due_after && row.head().due.is_some();
        for gone in keys_before.difference(&keys_after) {
            self.unlink(*gone, sequence);
        }
        for new in keys_after.difference(&keys_before) {
            self.index.entry(*new).or_default().insert(sequence);
        }
        move_to(&mut self.agenda, sequence, due_before, due_after);
        if self.watched && begins {
            self.begun.push(id.to_owned());
        }
        move_to(&mut self.deadlines, sequence, deadline_before, deadline_after);
        if self.tracked {
            self.changed.insert(sequence);
        }
        Some(result)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<T> {
        let sequence = self.by_id.remove(id)?;
        self.version += 1;
        let row = self.rows.remove(&sequence)?;
        for key in keys(&row) {
            self.unlink(key, sequence);
        }
        move_to(&mut self.agenda, sequence, row.head().next_moment(), None);
        move_to(&mut self.deadlines, sequence, row.deadline(), None);
        if self.tracked {
            self.changed.remove(&sequence);
            self.removed.insert(id.to_owned());
        }
        Some(row)
    }

    fn unlink(&mut self, key: u64, sequence: u64) {
        if let Some(members) = self.index.get_mut(&key) {
            members.remove(sequence);
            if members.is_empty() {
                self.index.remove(&key);
            }
        }
    }

    /// All rows, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.values()
    }

    /// The places of all rows, newest first.
    pub(super) fn sequences(&self) -> impl Iterator<Item = u64> + '_ {
        self.rows.keys().rev().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The places of the rows under an index key, if there are any.
    pub(super) fn indexed(&self, key: u64) -> Option<&Places> {
        self.index.get(&key)
    }

    /// The rows that are linked to this value, oldest first.
    pub(super) fn linked<'a>(&'a self, kind: &'static str, value: &'a str) -> impl Iterator<Item = &'a T> {
        self.index
            .get(&key(kind, value))
            .into_iter()
            .flat_map(Places::iter)
            .filter_map(move |sequence| {
                let row = self.rows.get(&sequence)?;
                let mut hit = false;
                row.links(&mut |row_kind, row_value| hit |= row_kind == kind && row_value == value);
                hit.then_some(row)
            })
    }

    /// How many rows are linked to this value, by the index alone.
    pub(super) fn count_linked(&self, kind: &'static str, value: &str) -> usize {
        self.index.get(&key(kind, value)).map_or(0, Places::len)
    }

    pub(super) fn link_key(kind: &'static str, value: &str) -> u64 {
        key(kind, value)
    }

    /// Changes since the last call as `"put":[[place,row],...]` and `"del":[id,...]`; `None` when there are none.
    fn take_changes(&mut self) -> Option<String> {
        if self.changed.is_empty() && self.removed.is_empty() {
            return None;
        }
        let changed = std::mem::take(&mut self.changed);
        let put: Vec<(u64, &T)> = changed
            .iter()
            .filter_map(|at| Some((*at, self.rows.get(at)?)))
            .collect();
        let del = std::mem::take(&mut self.removed);
        serde_json::to_string(&TableChange {
            put,
            del: del.into_iter().collect(),
        })
        .ok()
    }

    /// Everything, in the same form.
    fn all(&self) -> Option<String> {
        let put: Vec<(u64, &T)> = self.rows.iter().map(|(at, row)| (*at, row)).collect();
        serde_json::to_string(&TableChange { put, del: Vec::new() }).ok()
    }

    /// Takes in what `take_changes` or `all` wrote.
    fn replay(&mut self, change: serde_json::Value) -> Result<(), serde_json::Error> {
        let change: TableChange<T> = serde_json::from_value(change)?;
        for id in &change.del {
            self.remove(id);
        }
        for (sequence, mut row) in change.put {
            row.head_mut().place = sequence;
            self.remove(&row.head().id);
            self.insert(row);
        }
        self.changed.clear();
        self.removed.clear();
        Ok(())
    }

    /// Whether the indexes agree with the rows; `None` when they do.
    fn misindexed(&self) -> Option<String> {
        let mut entries = 0;
        for (sequence, row) in &self.rows {
            if self.by_id.get(&row.head().id) != Some(sequence) {
                return Some(format!("{} is not found by its id", row.head().id));
            }
            let keys = keys(row);
            entries += keys.len();
            if keys.iter().any(|key| {
                !self
                    .index
                    .get(key)
                    .is_some_and(|members| members.contains(*sequence))
            }) {
                return Some(format!("{} is not found by all of its links", row.head().id));
            }
            let scheduled = |agenda: &BTreeSet<(i64, u64)>, moment: Option<i64>| {
                moment.is_none_or(|moment| agenda.contains(&(moment, *sequence)))
            };
            if !scheduled(&self.agenda, row.head().next_moment())
                || !scheduled(&self.deadlines, row.deadline())
            {
                return Some(format!("{} is not on the agenda", row.head().id));
            }
        }
        let indexed: usize = self.index.values().map(Places::len).sum();
        let waiting = self
            .rows
            .values()
            .filter(|row| row.head().next_moment().is_some())
            .count();
        let ending = self.rows.values().filter(|row| row.deadline().is_some()).count();
        let stale = indexed != entries
            || self.agenda.len() != waiting
            || self.deadlines.len() != ending
            || self.by_id.len() != self.rows.len();
        stale.then(|| "an index names a row that is gone".to_owned())
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct TableChange<T> {
    put: Vec<(u64, T)>,
    del: Vec<String>,
}

/// A table, whatever is in it.
pub(super) trait AnyTable: Debug + Send {
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn track(&mut self);
    /// How often something in it was changed.
    fn version(&self) -> u64;
    /// Remembers from now on what begins something.
    fn watch(&mut self);
    /// The ids of what has begun something since, each once.
    fn take_begun(&mut self) -> Vec<String>;
    /// The earliest transition that is due at a life-cycle moment: when, and whose.
    fn next_due(&self, now: i64) -> Option<(i64, &str)>;
    /// The earliest deadline that has passed at a moment of real time: when, and whose.
    fn next_deadline(&self, now: i64) -> Option<(i64, &str)>;
    /// Takes the next step of a row's life; a row that is gone by it is still there.
    fn step(&mut self, id: &str, now: Now) -> Option<Next>;
    /// Takes a row out; the addresses that it had, or `None` when there is no such row.
    fn take_out(&mut self, id: &str) -> Option<Vec<(String, u32)>>;
    fn head(&self, id: &str) -> Option<&Head>;
    fn change_head(&mut self, id: &str, change: &mut dyn FnMut(&mut Head));
    /// The rows that are linked to this value, oldest first.
    fn heads_linked<'t>(
        &'t self,
        kind: &'static str,
        value: &'t str,
    ) -> Box<dyn Iterator<Item = &'t Head> + 't>;
    /// The rows under the shortest of these index keys, or all without keys, oldest first.
    fn heads_indexed<'t>(&'t self, keys: &[u64]) -> Box<dyn Iterator<Item = &'t Head> + 't>;
    fn addresses(&self, note: &mut dyn FnMut(&str, u32));
    fn take_changes(&mut self) -> Option<String>;
    fn all(&self) -> Option<String>;
    fn replay(&mut self, change: serde_json::Value) -> Result<(), serde_json::Error>;
    fn misindexed(&self) -> Option<String>;
    /// All rows as JSON.
    fn picture(&self) -> Option<String>;
}

impl<T: Row> AnyTable for Table<T> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn track(&mut self) {
        self.tracked = true;
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn watch(&mut self) {
        self.watched = true;
    }

    fn take_begun(&mut self) -> Vec<String> {
        self.watched = false;
        let mut begun = std::mem::take(&mut self.begun);
        begun.sort();
        begun.dedup();
        begun
    }

    fn next_due(&self, now: i64) -> Option<(i64, &str)> {
        let (due, sequence) = self.agenda.first().filter(|(due, _)| *due <= now)?;
        Some((*due, &self.rows.get(sequence)?.head().id))
    }

    fn next_deadline(&self, now: i64) -> Option<(i64, &str)> {
        let (deadline, sequence) = self.deadlines.first().filter(|(deadline, _)| *deadline <= now)?;
        Some((*deadline, &self.rows.get(sequence)?.head().id))
    }

    fn step(&mut self, id: &str, now: Now) -> Option<Next> {
        self.update(id, |row| row.head_mut().step(now))?
    }

    fn take_out(&mut self, id: &str) -> Option<Vec<(String, u32)>> {
        let row = self.remove(id)?;
        Some(addresses_of(&row))
    }

    fn head(&self, id: &str) -> Option<&Head> {
        Some(self.get(id)?.head())
    }

    fn change_head(&mut self, id: &str, change: &mut dyn FnMut(&mut Head)) {
        self.update(id, |row| change(row.head_mut()));
    }

    fn heads_linked<'t>(
        &'t self,
        kind: &'static str,
        value: &'t str,
    ) -> Box<dyn Iterator<Item = &'t Head> + 't> {
        Box::new(self.linked(kind, value).map(Row::head))
    }

    fn heads_indexed<'t>(&'t self, keys: &[u64]) -> Box<dyn Iterator<Item = &'t Head> + 't> {
        if keys.is_empty() {
            return Box::new(self.rows.values().map(Row::head));
        }
        let sets: Option<Vec<_>> = keys.iter().map(|key| self.index.get(key)).collect();
        let shortest = sets.and_then(|sets| sets.into_iter().min_by_key(|set| set.len()));
        let places = shortest.into_iter().flat_map(Places::iter);
        Box::new(places.filter_map(|place| Some(self.rows.get(&place)?.head())))
    }

    fn addresses(&self, note: &mut dyn FnMut(&str, u32)) {
        self.rows.values().for_each(|row| row.addresses(note));
    }

    fn take_changes(&mut self) -> Option<String> {
        Table::take_changes(self)
    }

    fn all(&self) -> Option<String> {
        Table::all(self)
    }

    fn replay(&mut self, change: serde_json::Value) -> Result<(), serde_json::Error> {
        Table::replay(self, change)
    }

    fn misindexed(&self) -> Option<String> {
        Table::misindexed(self)
    }

    fn picture(&self) -> Option<String> {
        let rows: Vec<&T> = self.rows.values().collect();
        serde_json::to_string(&rows).ok()
    }
}

/// The private addresses of a row, as vSwitch and address.
pub(super) fn addresses_of<T: Row>(row: &T) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    row.addresses(&mut |vswitch, address| found.push((vswitch.to_owned(), address)));
    found
}
