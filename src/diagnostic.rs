//! What is wrong or worth knowing, where, and what to write instead.
//!
//! Does not know terminals, colours or JSON; `ui` renders it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::address::Address;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Error,
    Warning,
}

/// A place in a file of the user's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location {
    /// The file as the user would name it, relative to the configuration folder.
    pub(crate) file: Arc<str>,
    /// First byte in the file, from 0.
    pub(crate) start: usize,
    /// Byte behind the last one.
    pub(crate) end: usize,
    /// Line of `start`, from 1.
    pub(crate) line: usize,
    /// Column of `start` in characters, from 1.
    pub(crate) column: usize,
}

/// A marked place with a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) location: Location,
    pub(crate) text: String,
}

/// A replacement of the bytes of a place that is sure to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fix {
    pub(crate) location: Location,
    pub(crate) replacement: String,
}

/// One error or warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    pub(crate) level: Level,
    /// `E0201`, `W031`; the meaning of a code never changes.
    pub(crate) code: &'static str,
    /// One sentence without a full stop.
    pub(crate) message: String,
    /// The first label is the place that is at fault; others help to understand it.
    pub(crate) labels: Vec<Label>,
    /// Facts, a line each (rendered as `= ...`).
    pub(crate) notes: Vec<String>,
    /// What to do or to write, a line each.
    pub(crate) help: Vec<String>,
    /// The resource it is about.
    pub(crate) address: Option<Address>,
    /// A sure correction, if there is one.
    pub(crate) fix: Option<Fix>,
}

impl Diagnostic {
    /// An error.
    pub(crate) fn error(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            level: Level::Error,
            code,
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            address: None,
            fix: None,
        }
    }

    /// A warning.
    pub(crate) fn warning(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            level: Level::Warning,
            ..Diagnostic::error(code, message)
        }
    }

    /// Marks a place; the first call marks the place that is at fault.
    #[must_use]
    pub(crate) fn at(mut self, location: Location, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label {
            location,
            text: text.into(),
        });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help.push(help.into());
        self
    }

    /// Says which resource it is about.
    #[must_use]
    pub(crate) fn about(mut self, address: &Address) -> Diagnostic {
        self.address = Some(address.clone());
        self
    }

    /// Adds a sure correction.
    #[must_use]
    pub(crate) fn fix(mut self, location: Location, replacement: impl Into<String>) -> Diagnostic {
        self.fix = Some(Fix {
            location,
            replacement: replacement.into(),
        });
        self
    }

    /// Whether it is an error.
    pub(crate) fn is_error(&self) -> bool {
        self.level == Level::Error
    }
}

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

    /// The file of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Source> {
        self.files.iter().find(|source| &*source.name == name)
    }

    /// Never show these bytes of a file.
    pub(crate) fn hide(&mut self, number: usize, bytes: Range<usize>) {
        self.files[number].hide(bytes);
    }
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
