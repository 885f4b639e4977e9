//! A plain map of rows with the indexes that keep every look-up short. Does not know what a row means.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A name and a value that a user put on something.
pub(super) type Tag = (String, String);

/// Something that exists in the cloud.
pub(super) trait Row: Serialize + DeserializeOwned {
    fn id(&self) -> &str;
    /// Empty for what belongs to no region.
    fn region(&self) -> &str;
    fn tags(&self) -> &[Tag];
    fn created(&self) -> i64;
    /// The life-cycle moment of its next transition.
    fn due(&self) -> Option<i64>;
    /// The moment of real time at which it changes by itself, such as the end of a subscription.
    fn deadline(&self) -> Option<i64> {
        None
    }
    /// Everything else that it is looked up by, as kind and value.
    fn links(&self, link: &mut dyn FnMut(&str, &str));
}

/// Rows in the order of their creation, found by id, by tag, by link and by their next transition.
#[derive(Debug)]
pub(super) struct Table<T> {
    rows: BTreeMap<u64, T>,
    by_id: HashMap<String, u64>,
    index: HashMap<u64, BTreeSet<u64>>,
    agenda: BTreeSet<(i64, u64)>,
    deadlines: BTreeSet<(i64, u64)>,
    changed: BTreeSet<u64>,
    removed: BTreeSet<String>,
    /// Whether changes are remembered for the log on disk.
    tracked: bool,
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

fn keys<T: Row>(row: &T) -> BTreeSet<u64> {
    let mut keys = BTreeSet::new();
    for (name, value) in row.tags() {
        keys.insert(tag_name_key(name));
        keys.insert(tag_key(name, value));
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
    pub(super) fn track(&mut self) {
        self.tracked = true;
    }

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
    pub(super) fn insert(&mut self, sequence: u64, row: T) {
        for key in keys(&row) {
            self.index.entry(key).or_default().insert(sequence);
        }
        move_to(&mut self.agenda, sequence, None, row.due());
        move_to(&mut self.deadlines, sequence, None, row.deadline());
        self.by_id.insert(row.id().to_owned(), sequence);
        if self.tracked {
            self.changed.insert(sequence);
            self.removed.remove(row.id());
        }
        self.rows.insert(sequence, row);
    }

    /// Changes a row in place and keeps the indexes true; nothing happens when there is no such row.
    pub(super) fn update<R>(&mut self, id: &str, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let sequence = *self.by_id.get(id)?;
        let row = self.rows.get_mut(&sequence)?;
        let (keys_before, due_before, deadline_before) = (keys(row), row.due(), row.deadline());
        let result = change(row);
        let (keys_after, due_after, deadline_after) = (keys(row), row.due(), row.deadline());
        for gone in keys_before.difference(&keys_after) {
            self.unlink(*gone, sequence);
        }
        for new in keys_after.difference(&keys_before) {
            self.index.entry(*new).or_default().insert(sequence);
        }
        move_to(&mut self.agenda, sequence, due_before, due_after);
        move_to(&mut self.deadlines, sequence, deadline_before, deadline_after);
        if self.tracked {
            self.changed.insert(sequence);
        }
        Some(result)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<T> {
        let sequence = self.by_id.remove(id)?;
        let row = self.rows.remove(&sequence)?;
        for key in keys(&row) {
            self.unlink(key, sequence);
        }
        move_to(&mut self.agenda, sequence, row.due(), None);
        move_to(&mut self.deadlines, sequence, row.deadline(), None);
        if self.tracked {
            self.changed.remove(&sequence);
            self.removed.insert(id.to_owned());
        }
        Some(row)
    }

    fn unlink(&mut self, key: u64, sequence: u64) {
        if let Some(members) = self.index.get_mut(&key) {
            members.remove(&sequence);
            if members.is_empty() {
                self.index.remove(&key);
            }
        }
    }

    /// The id of a row whose next transition is due at `now`, the earliest first.
    pub(super) fn next_due(&self, now: i64) -> Option<(i64, &str)> {
        let (due, sequence) = self.agenda.first()?;
        if *due > now {
            None
        } else {
            Some((*due, self.rows.get(sequence)?.id()))
        }
    }

    /// The earliest deadline that has passed at `now`, in real time, with the id of its row.
    pub(super) fn next_deadline(&self, now: i64) -> Option<(i64, &str)> {
        let (deadline, sequence) = self.deadlines.first()?;
        if *deadline > now {
            None
        } else {
            Some((*deadline, self.rows.get(sequence)?.id()))
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

    /// The places of the rows under an index key, if there are any.
    pub(super) fn indexed(&self, key: u64) -> Option<&BTreeSet<u64>> {
        self.index.get(&key)
    }

    /// The rows that are linked to this value, oldest first.
    pub(super) fn linked<'a>(&'a self, kind: &'static str, value: &'a str) -> impl Iterator<Item = &'a T> {
        self.index
            .get(&key(kind, value))
            .into_iter()
            .flatten()
            .filter_map(move |sequence| {
                let row = self.rows.get(sequence)?;
                let mut hit = false;
                row.links(&mut |row_kind, row_value| hit |= row_kind == kind && row_value == value);
                hit.then_some(row)
            })
    }

    /// How many rows are linked to this value, by the index alone.
    pub(super) fn count_linked(&self, kind: &'static str, value: &str) -> usize {
        self.index.get(&key(kind, value)).map_or(0, BTreeSet::len)
    }

    pub(super) fn link_key(kind: &'static str, value: &str) -> u64 {
        key(kind, value)
    }

    /// Changes since the last call as `"put":[[place,row],...]` and `"del":[id,...]`; `None` when there are none.
    pub(super) fn take_changes(&mut self) -> Option<String> {
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
    pub(super) fn all(&self) -> Option<String> {
        let put: Vec<(u64, &T)> = self.rows.iter().map(|(at, row)| (*at, row)).collect();
        serde_json::to_string(&TableChange { put, del: Vec::new() }).ok()
    }

    /// Takes in what `take_changes` or `all` wrote.
    pub(super) fn replay(&mut self, change: serde_json::Value) -> Result<(), serde_json::Error> {
        let change: TableChange<T> = serde_json::from_value(change)?;
        for id in &change.del {
            self.remove(id);
        }
        for (sequence, row) in change.put {
            self.remove(row.id());
            self.insert(sequence, row);
        }
        self.changed.clear();
        self.removed.clear();
        Ok(())
    }

    /// Whether the indexes agree with the rows; `None` when they do.
    pub(super) fn misindexed(&self) -> Option<String> {
        let mut entries = 0;
        for (sequence, row) in &self.rows {
            if self.by_id.get(row.id()) != Some(sequence) {
                return Some(format!("{} is not found by its id", row.id()));
            }
            let keys = keys(row);
            entries += keys.len();
            if keys.iter().any(|key| {
                !self
                    .index
                    .get(key)
                    .is_some_and(|members| members.contains(sequence))
            }) {
                return Some(format!("{} is not found by all of its links", row.id()));
            }
            let scheduled = |agenda: &BTreeSet<(i64, u64)>, moment: Option<i64>| {
                moment.is_none_or(|moment| agenda.contains(&(moment, *sequence)))
            };
            if !scheduled(&self.agenda, row.due()) || !scheduled(&self.deadlines, row.deadline()) {
                return Some(format!("{} is not on the agenda", row.id()));
            }
        }
        let indexed: usize = self.index.values().map(BTreeSet::len).sum();
        let waiting = self.rows.values().filter(|row| row.due().is_some()).count();
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
