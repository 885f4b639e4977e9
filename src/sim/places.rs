//! A sorted set of places in the order of creation that knows how many come before one: what stands so many from the end
//! is found without walking there. Does not know what is at a place.

/// How many places lie together. What is found in a set costs as many steps as it has such parts.
const TOGETHER: usize = 512;

/// Places in rising order, in parts of which none is empty.
#[derive(Debug, Default)]
pub(super) struct Places {
    parts: Vec<Vec<u64>>,
    len: usize,
}

impl Places {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The part that holds a place if any does; the last one for what is newer than all.
    fn part_of(&self, place: u64) -> usize {
        let before = self
            .parts
            .partition_point(|part| part.last().is_some_and(|last| *last < place));
        before.min(self.parts.len().saturating_sub(1))
    }

    pub(super) fn insert(&mut self, place: u64) {
        let at = self.part_of(place);
        let last = at + 1 == self.parts.len();
        let Some(part) = self.parts.get_mut(at) else {
            // Most sets are of one thing only.
            self.parts = vec![vec![place]];
            self.len = 1;
            return;
        };
        let Err(position) = part.binary_search(&place) else {
            return;
        };
        self.len += 1;
        if part.len() < TOGETHER {
            part.insert(position, place);
        } else if last && position == part.len() {
            // Things come newest last; full parts stay full.
            self.parts.push(vec![place]);
        } else {
            part.insert(position, place);
            let upper = part.split_off(TOGETHER / 2);
            self.parts.insert(at + 1, upper);
        }
    }

    pub(super) fn remove(&mut self, place: u64) {
        let at = self.part_of(place);
        let Some(part) = self.parts.get_mut(at) else {
            return;
        };
        let Ok(position) = part.binary_search(&place) else {
            return;
        };
        part.remove(position);
        self.len -= 1;
        if part.is_empty() {
            self.parts.remove(at);
        }
    }

    pub(super) fn contains(&self, place: u64) -> bool {
        let part = self.parts.get(self.part_of(place));
        part.is_some_and(|part| part.binary_search(&place).is_ok())
    }

    /// All of them, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.parts.iter().flatten().copied()
    }

    /// At most so many behind so many, newest first.
    pub(super) fn newest(&self, skip: usize, count: usize) -> Vec<u64> {
        let mut skip = skip;
        let mut parts = self.parts.iter().rev();
        for part in parts.by_ref() {
            if skip < part.len() {
                let rest = parts.flat_map(|part| part.iter().rev());
                return part
                    .iter()
                    .rev()
                    .skip(skip)
                    .chain(rest)
                    .take(count)
                    .copied()
                    .collect();
            }
            skip -= part.len();
        }
        Vec::new()
    }

    /// At most so many that are older than a place, newest first.
    pub(super) fn newest_below(&self, place: u64, count: usize) -> Vec<u64> {
        let parts = self
            .parts
            .partition_point(|part| part.first().is_some_and(|first| *first < place));
        let mut below = self.parts[..parts].iter().rev();
        let Some(last) = below.next() else {
            return Vec::new();
        };
        let own = &last[..last.partition_point(|own| *own < place)];
        let rest = below.flat_map(|part| part.iter().rev());
        own.iter().rev().chain(rest).take(count).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::seed::Numbers;
    use super::*;

    #[test]
    fn it_is_a_set_that_can_be_entered_anywhere() {
        let mut numbers = Numbers::new(7);
        let mut places = Places::default();
        let mut model = BTreeSet::new();
        for round in 0..6_000_u64 {
            // First mostly at the end, as things are made; then anywhere; then mostly away.
            let random = numbers.next() % 4_000;
            let place = if round < 2_000 { round * 2 } else { random };
            if round > 4_000 || (round > 2_000 && round.is_multiple_of(3)) {
                places.remove(place);
                model.remove(&place);
            } else {
                places.insert(place);
                model.insert(place);
            }
            if !round.is_multiple_of(97) {
                continue;
            }
            assert_eq!(places.len(), model.len());
            assert_eq!(places.is_empty(), model.is_empty());
            assert!(places.iter().eq(model.iter().copied()));
            assert_eq!(places.contains(random), model.contains(&random));
            for skip in [0, 1, 511, 512, 513, model.len() / 2, model.len(), usize::MAX] {
                let wanted: Vec<u64> = model.iter().rev().skip(skip).take(10).copied().collect();
                assert_eq!(places.newest(skip, 10), wanted, "behind {skip}");
            }
            for below in [0, 1, random, 4_000, u64::MAX] {
                let wanted: Vec<u64> = model.range(..below).rev().take(600).copied().collect();
                assert_eq!(places.newest_below(below, 600), wanted, "below {below}");
            }
        }
        let all: Vec<u64> = places.iter().collect();
        all.iter().for_each(|place| places.remove(*place));
        assert!(places.is_empty() && places.newest(0, 1).is_empty());
    }
}
