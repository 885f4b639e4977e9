//! The text of the files that diagnostics point into, and which bytes of it are secret.
//!
//! Does not know how a file came to be read.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::location::Location;

/// The text of the files that diagnostics point into, in the order in which they were read.
#[derive(Clone, Default)]
pub(crate) struct Sources {
    files: Vec<Source>,
}

/// One file.
#[derive(Clone)]
pub(crate) struct Source {
    name: Arc<str>,
    text: Arc<str>,
    /// Byte at which each line begins.
    lines: Vec<usize>,
    /// How many characters come before every [`STRIDE`] bytes, so that a column costs the same at the end of a
    /// very long line as at its beginning.
    characters: Vec<usize>,
    /// Bytes that are secret and must not be shown: start and end of ranges that do not touch.
    hidden: BTreeMap<usize, usize>,
}

const STRIDE: usize = 256;

impl Sources {
    /// Adds a file and gives its number.
    pub(crate) fn add(&mut self, name: Arc<str>, text: Arc<str>) -> usize {
        self.files.push(Source::new(name, text));
        self.files.len() - 1
    }

    /// The file of this number.
    pub(crate) fn source(&self, number: usize) -> &Source {
        &self.files[number]
    }

    /// All of them.
    pub(crate) fn files(&self) -> &[Source] {
        &self.files
    }

    /// The file of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Source> {
        self.files.iter().find(|source| &*source.name == name)
    }

    /// The texts that are hidden, for [`mask`](super::Diagnostic::mask); the longest first.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut secrets: Vec<String> = self
            .files
            .iter()
            .flat_map(|source| {
                source
                    .hidden
                    .iter()
                    .filter_map(|(start, end)| source.text.get(*start..*end))
            })
            .flat_map(written_secrets)
            .collect();
        secrets.sort_by(|left, right| right.len().cmp(&left.len()).then(left.cmp(right)));
        secrets.dedup();
        secrets
    }

    /// Never show these bytes of a file.
    pub(crate) fn hide(&mut self, number: usize, bytes: Range<usize>) {
        self.files[number].hide(bytes);
    }
}

/// The shortest text that is looked for in sentences: shorter ones would take ordinary words with them.
const SECRET_MIN: usize = 4;

/// What may stand in a sentence of a hidden value: each of its lines without quotes, as written and as meant.
fn written_secrets(value: &str) -> Vec<String> {
    let value = value.trim();
    if matches!(value, "true" | "false") {
        return Vec::new();
    }
    value
        .lines()
        .map(|line| line.trim().trim_matches(['"', '\'']))
        .flat_map(|line| [line.to_owned(), line.replace("\\\"", "\"").replace("\\\\", "\\")])
        .filter(|line| line.chars().count() >= SECRET_MIN)
        .collect()
}

impl Source {
    fn new(name: Arc<str>, text: Arc<str>) -> Source {
        let mut lines = vec![0];
        let mut characters = Vec::with_capacity(text.len() / STRIDE + 1);
        let mut count = 0;
        for (index, byte) in text.bytes().enumerate() {
            if index % STRIDE == 0 {
                characters.push(count);
            }
            if is_first_of_character(byte) {
                count += 1;
            }
            if byte == b'\n' {
                lines.push(index + 1);
            }
        }
        characters.push(count);
        Source {
            name,
            text,
            lines,
            characters,
            hidden: BTreeMap::new(),
        }
    }

    /// As the user would name it.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The secret places that have a byte in this range, in order; they do not touch each other.
    pub(crate) fn hidden(&self, bytes: Range<usize>) -> impl Iterator<Item = Range<usize>> + '_ {
        let before = self.hidden.range(..=bytes.start).next_back();
        let first = before.filter(|(_, end)| **end > bytes.start);
        let from = first.map_or(bytes.start, |(start, _)| *start);
        let to = if bytes.is_empty() { from } else { bytes.end };
        self.hidden.range(from..to).map(|(start, end)| *start..*end)
    }

    fn hide(&mut self, bytes: Range<usize>) {
        if bytes.is_empty() {
            return;
        }
        let (mut start, mut end) = (bytes.start, bytes.end);
        while let Some((other_start, other_end)) = self
            .hidden
            .range(..=end)
            .next_back()
            .map(|(start, end)| (*start, *end))
            && other_end >= start
        {
            self.hidden.remove(&other_start);
            start = start.min(other_start);
            end = end.max(other_end);
        }
        self.hidden.insert(start, end);
    }

    /// A place in it; bytes that are out of range or inside a character are moved to the nearest place before.
    pub(crate) fn location(&self, bytes: Range<usize>) -> Location {
        let start = self.boundary(bytes.start);
        let end = self.boundary(bytes.end).max(start);
        let line = self.lines.partition_point(|&first| first <= start);
        let first = self.lines.get(line - 1).copied().unwrap_or(0);
        Location {
            file: self.name.clone(),
            start,
            end,
            line,
            column: self.characters_before(start) - self.characters_before(first) + 1,
        }
    }

    /// The bytes of a line (from 1), without its end.
    pub(crate) fn line(&self, line: usize) -> Range<usize> {
        let first = self.lines.get(line - 1).copied().unwrap_or(self.text.len());
        let end = self
            .lines
            .get(line)
            .map_or(self.text.len(), |next| next - 1)
            .max(first);
        first..end
    }

    fn boundary(&self, index: usize) -> usize {
        let mut index = index.min(self.text.len());
        while !self.text.is_char_boundary(index) {
            index -= 1;
        }
        index
    }

    fn characters_before(&self, index: usize) -> usize {
        let block = index / STRIDE;
        let known = self.characters.get(block).copied().unwrap_or(0);
        let rest = &self.text.as_bytes()[block * STRIDE..index];
        known + rest.iter().filter(|&&byte| is_first_of_character(byte)).count()
    }
}

fn is_first_of_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

/// Shows names only: the texts may hold secrets.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.files.iter().map(|source| &source.name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_at_any_distance() {
        let text = format!("a = 1\n名字 = \"{}\" # x", "李".repeat(500));
        let source = Source::new("infra.toml".into(), text.as_str().into());
        let start = text.find('#').unwrap();
        let location = source.location(start..start + 1);
        assert_eq!((location.line, location.column), (2, 5 + 1 + 500 + 2 + 1));
        assert_eq!(&text[source.line(1)], "a = 1");
        assert!(source.line(2).contains(&start));
    }

    #[test]
    fn hidden_places_are_joined() {
        let mut source = Source::new("x".into(), "0123456789abcdef".into());
        for bytes in [10..12, 2..4, 4..4, 3..6, 8..9, 12..14] {
            source.hide(bytes);
        }
        let hidden = |bytes| source.hidden(bytes).collect::<Vec<_>>();
        assert_eq!(hidden(0..16), [2..6, 8..9, 10..14]);
        assert_eq!(hidden(5..10), [2..6, 8..9]);
        assert!(hidden(6..8).is_empty());
        assert!(hidden(13..13).is_empty());
    }

    #[test]
    fn places_outside_are_moved_inside() {
        let source = Source::new("infra.toml".into(), "李".into());
        let location = source.location(2..99);
        assert_eq!((location.start, location.end, location.line), (0, 3, 1));
        assert_eq!(Source::new("x".into(), "".into()).location(5..5).column, 1);
    }
}
