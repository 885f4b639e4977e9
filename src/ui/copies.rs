//! Copies of one block to which the same happens, told as one.
//!
//! Does not know how a change is written.

use std::collections::{BTreeMap, BTreeSet};

use unicode_width::UnicodeWidthStr as _;

use super::text::cut;
use crate::address::{Address, Key};
use crate::change::{Change, Fate};

/// From how many on equal copies are told as one.
const TOGETHER_FROM: usize = 3;
/// How much of the names of copies stands in a title, in columns.
const NAMES_MAX: usize = 40;
/// The columns of a title of copies, so that it has room on the narrowest screen; a long name of a block may take more.
const TITLE_MAX: usize = 52;
/// What of them is never the names': brackets, and how many there are.
const AROUND_NAMES: usize = 8;

/// Changes that are told as one; of most there is one alone.
pub(super) struct Copies<'a> {
    /// By address; never empty.
    pub(super) members: Vec<&'a Change>,
    /// The places of the attributes of which each has a value of its own.
    pub(super) own: BTreeSet<usize>,
}

impl<'a> Copies<'a> {
    /// What is told alone.
    pub(super) fn of_one(change: &'a Change) -> Copies<'a> {
        Copies {
            members: vec![change],
            own: BTreeSet::new(),
        }
    }

    /// Whose words stand for all.
    pub(super) fn first(&self) -> &'a Change {
        self.members[0]
    }

    /// The address; of several with how many there are: `instance.web[0..16,18..29] x29`.
    pub(super) fn title(&self) -> String {
        let addresses: Vec<&Address> = self.members.iter().map(|one| &one.address).collect();
        title(&addresses)
    }

    /// What is lost, each sentence once, with of how many.
    pub(super) fn lost(&self) -> Vec<String> {
        let mut order: Vec<&str> = Vec::new();
        let mut of: BTreeMap<&str, usize> = BTreeMap::new();
        for sentence in self.members.iter().flat_map(|one| &one.lost) {
            let many = of.entry(sentence).or_default();
            *many += 1;
            if *many == 1 {
                order.push(sentence);
            }
        }
        let told = |sentence: &str| match of[sentence] {
            1 => sentence.to_owned(),
            many => format!("{sentence} (x{many})"),
        };
        order.into_iter().map(told).collect()
    }
}

/// An address, or copies of one block with how many there are.
pub(super) fn title(addresses: &[&Address]) -> String {
    match addresses {
        [] => String::new(),
        [one] => one.to_string(),
        [first, ..] => {
            let keys: Vec<&Key> = addresses.iter().filter_map(|one| one.key()).collect();
            let block = first.block().to_string();
            let room = TITLE_MAX.saturating_sub(block.width() + AROUND_NAMES);
            format!(
                "{block}[{}] x{}",
                listed_in(&keys, room.clamp(12, NAMES_MAX)),
                keys.len()
            )
        }
    }
}

/// Items with an address, those together that are of one block and alike by a word of theirs, where there are three and
/// more of them. Each group stands where its first one stood.
pub(super) fn alike<T>(
    items: Vec<T>,
    address: impl Fn(&T) -> &Address,
    word: impl Fn(&T) -> String,
) -> Vec<Vec<T>> {
    let key = |item: &T| {
        let address = address(item);
        address.key().map(|_| (address.block().to_string(), word(item)))
    };
    let mut many: BTreeMap<(String, String), usize> = BTreeMap::new();
    for key in items.iter().filter_map(&key) {
        *many.entry(key).or_default() += 1;
    }
    let mut groups: Vec<Vec<T>> = Vec::new();
    let mut place: BTreeMap<(String, String), usize> = BTreeMap::new();
    for item in items {
        match key(&item).filter(|key| many[key] >= TOGETHER_FROM) {
            None => groups.push(vec![item]),
            Some(key) => match place.get(&key) {
                Some(at) => groups[*at].push(item),
                None => {
                    place.insert(key, groups.len());
                    groups.push(vec![item]);
                }
            },
        }
    }
    groups
}

/// A text with a mark in place of the key of its copy, where that stands as a word or a number of its own.
pub(super) fn without_key(text: &str, key: Option<&Key>) -> String {
    let key = match key {
        Some(Key::Index(index)) => index.to_string(),
        Some(Key::Name(name)) => name.to_string(),
        None => String::new(),
    };
    if key.is_empty() {
        return text.to_owned();
    }
    let mut pattern = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(&key) {
        let (before, behind) = (&rest[..at], &rest[at + key.len()..]);
        let is_in_word = pattern
            .chars()
            .chain(before.chars())
            .next_back()
            .is_some_and(char::is_alphanumeric)
            || behind.chars().next().is_some_and(char::is_alphanumeric);
        pattern.push_str(before);
        pattern.push_str(if is_in_word { &key } else { "\u{0}" });
        rest = behind;
    }
    pattern + rest
}

/// Keys in few words: `0..16,18..29`, or names as far as there is room.
pub(super) fn listed(keys: &[&Key]) -> String {
    listed_in(keys, NAMES_MAX)
}

/// The same in so many columns.
fn listed_in(keys: &[&Key], columns: usize) -> String {
    let mut indices: Vec<usize> = keys
        .iter()
        .filter_map(|key| match key {
            Key::Index(index) => Some(*index),
            Key::Name(_) => None,
        })
        .collect();
    indices.sort_unstable();
    let parts: Vec<String> = if indices.len() == keys.len() {
        indices
            .chunk_by(|one, next| one + 1 == *next)
            .map(|run| match run {
                [one] => one.to_string(),
                [one, other] => format!("{one},{other}"),
                [one, .., last] => format!("{one}..{last}"),
                [] => String::new(),
            })
            .collect()
    } else {
        let names = keys.iter().filter_map(|key| match key {
            Key::Name(name) => Some(name.to_string()),
            Key::Index(_) => None,
        });
        names.collect()
    };
    let all = parts.join(",");
    if all.width() <= columns {
        return all;
    }
    let begun = cut(&all, columns.saturating_sub(3));
    let whole = begun.rfind(',').map_or(begun, |comma| &begun[..=comma]);
    format!("{whole}...")
}

/// The changes, with equal copies of one block together. Each of them stands where its first one stood.
pub(super) fn together(changes: Vec<&Change>) -> Vec<Copies<'_>> {
    let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, change) in changes.iter().enumerate() {
        if let Some(shape) = shape_of(change) {
            alike.entry(shape).or_default().push(place);
        }
    }
    // By the place of the first.
    let mut groups: BTreeMap<usize, (Vec<usize>, BTreeSet<usize>)> = BTreeMap::new();
    for places in alike.into_values().filter(|places| places.len() >= TOGETHER_FROM) {
        let members: Vec<&Change> = places.iter().map(|place| changes[*place]).collect();
        let own = own_values(&members);
        let mut same: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for place in places {
            same.entry(values_of(changes[place], &own))
                .or_default()
                .push(place);
        }
        for places in same.into_values().filter(|places| places.len() >= TOGETHER_FROM) {
            groups.insert(places[0], (places, own.clone()));
        }
    }
    let grouped: BTreeSet<usize> = groups
        .values()
        .flat_map(|(places, _)| places.iter().copied())
        .collect();
    let told = |place: usize| match groups.remove(&place) {
        Some((places, own)) => {
            let mut members: Vec<&Change> = places.into_iter().map(|place| changes[place]).collect();
            members.sort_by_key(|one| &one.address);
            Some(Copies { members, own })
        }
        None if grouped.contains(&place) => None,
        None => Some(Copies::of_one(changes[place])),
    };
    (0..changes.len()).filter_map(told).collect()
}

/// All that is told of a copy but its address, its id, its values and what is lost; none of what stands alone.
fn shape_of(change: &Change) -> Option<String> {
    change.address.key()?;
    if change.moved_from.is_some() {
        return None;
    }
    let attributes: Vec<_> = change
        .attributes
        .iter()
        .map(|one| {
            let both = (one.before.is_some(), one.after.is_some());
            (
                &one.path,
                both,
                one.forces_replacement,
                one.sensitive,
                one.is_text,
            )
        })
        .collect();
    let words = (
        &change.reasons,
        &change.kept,
        &change.hints,
        &change.steps,
        &change.down,
    );
    let block = change.address.block();
    Some(format!(
        "{block} {:?} {:?} {words:?} {} {attributes:?}",
        change.fate, change.location, change.unchanged
    ))
}

/// The places of the attributes that differ in each of these: names, addresses. Their values are no difference; but
/// texts of several lines are, unless they differ by the key alone, since nobody would see how they differ.
fn own_values(members: &[&Change]) -> BTreeSet<usize> {
    let is_own = |place: &usize| {
        let values: BTreeSet<String> = members.iter().map(|one| value_of(one, *place)).collect();
        let is_each = values.len() == members.len();
        if !is_each || !members[0].attributes[*place].is_text {
            return is_each;
        }
        let patterns: BTreeSet<String> = members
            .iter()
            .map(|one| without_key(&value_of(one, *place), one.address.key()))
            .collect();
        patterns.len() == 1
    };
    (0..members[0].attributes.len()).filter(is_own).collect()
}

fn values_of(change: &Change, own: &BTreeSet<usize>) -> String {
    let places = (0..change.attributes.len()).filter(|place| !own.contains(place));
    places.map(|place| value_of(change, place) + "\n").collect()
}

fn value_of(change: &Change, place: usize) -> String {
    let attribute = &change.attributes[place];
    format!("{:?} {:?}", attribute.before, attribute.after)
}

/// The blocks of which no copy can be used while the plan is carried out, with how many copies each has. Copies do not
/// wait for each other: `--parallelism` spreads calls over seconds, while what they cause lasts for minutes.
pub(super) fn down_at_once(changes: &[Change]) -> Vec<(Address, usize)> {
    let mut blocks: BTreeMap<String, (Address, usize, usize)> = BTreeMap::new();
    let exists = |change: &&Change| {
        change.address.key().is_some()
            && change.id.is_some()
            && !matches!(change.fate, Fate::Delete | Fate::Forget)
    };
    for change in changes.iter().filter(exists) {
        let block = change.address.block();
        let (_, all, down) = blocks.entry(block.to_string()).or_insert((block, 0, 0));
        *all += 1;
        *down += usize::from(change.down.is_some() && change.fate.needs_approval());
    }
    blocks
        .into_values()
        .filter(|(_, all, down)| *all > 1 && all == down)
        .map(|(block, all, _)| (block, all))
        .collect()
}
