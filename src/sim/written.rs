//! Elements of lists that are written as JSON once and copied from then on. Does not know what they are, nor when they are
//! good no longer.

use std::collections::HashMap;
use std::sync::Arc;

/// Some elements of a list as JSON, with commas between them: a part of a text that holds many.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Written {
    text: Arc<str>,
    from: u32,
    until: u32,
}

impl Written {
    pub(super) fn as_str(&self) -> &str {
        &self.text[self.from as usize..self.until as usize]
    }

    /// Takes in the elements that follow at once in the same text; whether these did.
    fn takes_in(&mut self, next: &Written) -> bool {
        let follows = Arc::ptr_eq(&self.text, &next.text) && next.from == self.until + 1;
        if follows {
            self.until = next.until;
        }
        follows
    }
}

/// Elements by their place in the order of creation. What was written for one answer stands together, so that another one
/// like it is copied in one go, however many there are: one by one, each would be fetched from a place of its own.
#[derive(Debug, Default)]
pub(super) struct WrittenParts(HashMap<u64, Written>);

impl WrittenParts {
    /// The elements at these places, in this order, in as few pieces as they stand in. `write` adds the one at a place to
    /// a text; it is asked for those that are not written yet.
    pub(super) fn of(&mut self, places: &[u64], mut write: impl FnMut(usize, &mut String)) -> Vec<Written> {
        let mut text = String::new();
        let mut new = Vec::new();
        for (index, place) in places.iter().enumerate() {
            if self.0.contains_key(place) {
                continue;
            }
            if !text.is_empty() {
                text.push(',');
            }
            let from = text.len();
            write(index, &mut text);
            new.push((*place, from, text.len()));
        }
        let text: Arc<str> = Arc::from(text);
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        for (place, from, until) in new {
            let written = Written {
                text: Arc::clone(&text),
                from: offset(from),
                until: offset(until),
            };
            self.0.insert(place, written);
        }
        let mut pieces: Vec<Written> = Vec::new();
        for written in places.iter().filter_map(|place| self.0.get(place)) {
            if !pieces.last_mut().is_some_and(|last| last.takes_in(written)) {
                pieces.push(written.clone());
            }
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(parts: &mut WrittenParts, places: &[u64], asked: &mut Vec<u64>) -> Vec<String> {
        let pieces = parts.of(places, |index, text| {
            asked.push(places[index]);
            text.push_str(&format!("<{}>", places[index]));
        });
        pieces.iter().map(|piece| piece.as_str().to_owned()).collect()
    }

    #[test]
    fn what_was_written_together_is_one_piece_and_is_written_once() {
        let (mut parts, mut asked) = (WrittenParts::default(), Vec::new());
        assert_eq!(texts(&mut parts, &[9, 7, 4], &mut asked), ["<9>,<7>,<4>"]);
        assert_eq!(texts(&mut parts, &[9, 7], &mut asked), ["<9>,<7>"]);
        assert_eq!(texts(&mut parts, &[7, 4, 3], &mut asked), ["<7>,<4>", "<3>"]);
        assert_eq!(texts(&mut parts, &[4, 9], &mut asked), ["<4>", "<9>"]);
        assert_eq!(texts(&mut parts, &[], &mut asked), [""; 0]);
        assert_eq!(asked, [9, 7, 4, 3]);
        parts = WrittenParts::default();
        assert_eq!(texts(&mut parts, &[4, 9], &mut asked), ["<4>,<9>"]);
        assert_eq!(asked, [9, 7, 4, 3, 4, 9]);
    }
}
