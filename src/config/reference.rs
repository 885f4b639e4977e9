//! Texts with `${...}` in them: how they are written.
//!
//! Does not know what a name stands for or whether it exists.

use std::fmt;

/// A text as written, split at its references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    /// Without references; escapes are undone.
    Plain(String),
    Mixed(Vec<Piece>),
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Reference(Hole),
}

/// One `${...}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hole {
    /// What stands between the braces.
    pub(super) inner: String,
    /// Where it stands in the text, in bytes, from `$` to `}`.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) path: Result<Path, Malformed>,
}

/// What stands in a reference: `instance.web[0].id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) head: String,
    pub(super) steps: Vec<PathStep>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathStep {
    /// `.name`
    Name(String),
    /// `[0]`
    Index(usize),
    /// `[blue]` or `["blue sky"]`
    Key(String),
    /// `[*]`
    All,
    /// A position that `[count.index]` stands for.
    Counted(usize),
    /// `[count.index]`, `[each.key]`, `[var.name]`: a key that is itself a reference.
    Dynamic(Path),
}

/// Why a reference cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    NotClosed,
    Empty,
    /// A character that cannot stand there.
    Character(char),
    /// It ends where something must follow.
    Ends,
    TooDeep,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::NotClosed => f.write_str("it is not closed with }"),
            Malformed::Empty => f.write_str("there is nothing in it"),
            Malformed::Character(character) => write!(f, "{character:?} cannot stand there"),
            Malformed::Ends => f.write_str("it ends too early"),
            Malformed::TooDeep => f.write_str("it is nested too deeply"),
        }
    }
}

/// How long a reference may be, in steps, and how deep keys may be nested in it.
const STEPS_MAX: usize = 64;

/// Splits a text at its references.
pub(super) fn parse(text: String) -> Text {
    if !text.contains("${") {
        return Text::Plain(text);
    }
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some(dollar) = rest.find('$') {
        plain.push_str(&rest[..dollar]);
        rest = &rest[dollar..];
        if let Some(after) = rest.strip_prefix("$${") {
            plain.push_str("${");
            rest = after;
        } else if let Some(inner) = rest.strip_prefix("${") {
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            let start = text.len() - rest.len();
            let (inner, after, path) = match end_of_reference(inner) {
                Some(end) => (&inner[..end], &inner[end + 1..], parse_path(&inner[..end])),
                None => (inner, "", Err(Malformed::NotClosed)),
            };
            rest = after;
            pieces.push(Piece::Reference(Hole {
                inner: inner.to_owned(),
                start,
                end: text.len() - rest.len(),
                path,
            }));
        } else {
            plain.push('$');
            rest = &rest[1..];
        }
    }
    plain.push_str(rest);
    if pieces.is_empty() {
        return Text::Plain(plain);
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Text::Mixed(pieces)
}

/// The closing brace, outside of quotes. A line end closes the search: a forgotten brace must not swallow a script.
fn end_of_reference(text: &str) -> Option<usize> {
    let mut quoted = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'}' if !quoted => return Some(index),
            b'\n' => break,
            _ => {}
        }
    }
    text.lines().next().and_then(|line| line.find('}'))
}

/// Reads what stands between the braces.
pub(super) fn parse_path(text: &str) -> Result<Path, Malformed> {
    let mut cursor = Cursor {
        rest: text.trim(),
        depth: 0,
    };
    if cursor.rest.is_empty() {
        return Err(Malformed::Empty);
    }
    let path = cursor.path()?;
    match cursor.rest.chars().next() {
        None => Ok(path),
        Some(character) => Err(Malformed::Character(character)),
    }
}

struct Cursor<'a> {
    rest: &'a str,
    depth: usize,
}

impl Cursor<'_> {
    fn path(&mut self) -> Result<Path, Malformed> {
        let head = self.name()?;
        let mut steps = Vec::new();
        loop {
            if self.take('.') {
                steps.push(PathStep::Name(self.name()?));
            } else if self.take('[') {
                steps.push(self.key()?);
                if !self.take(']') {
                    return Err(self.unexpected());
                }
            } else {
                return Ok(Path { head, steps });
            }
            if steps.len() > STEPS_MAX {
                return Err(Malformed::TooDeep);
            }
        }
    }

    fn key(&mut self) -> Result<PathStep, Malformed> {
        if self.take('*') {
            return Ok(PathStep::All);
        }
        if self.take('"') {
            let end = self.rest.find('"').ok_or(Malformed::Ends)?;
            let text = self.rest[..end].to_owned();
            self.rest = &self.rest[end + 1..];
            return Ok(PathStep::Key(text));
        }
        let before = self.rest;
        let name = self.name()?;
        if self.rest.starts_with(['.', '[']) {
            self.depth += 1;
            if self.depth > 4 {
                return Err(Malformed::TooDeep);
            }
            self.rest = before;
            let path = self.path()?;
            self.depth -= 1;
            return Ok(PathStep::Dynamic(path));
        }
        // "007" is a name: as a number it would not come back the same.
        match name.parse::<usize>() {
            Ok(index) if index.to_string() == name => Ok(PathStep::Index(index)),
            _ => Ok(PathStep::Key(name)),
        }
    }

    fn name(&mut self) -> Result<String, Malformed> {
        let end = self
            .rest
            .find(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | '-')))
            .unwrap_or(self.rest.len());
        if end == 0 {
            return Err(self.unexpected());
        }
        let name = self.rest[..end].to_owned();
        self.rest = &self.rest[end..];
        Ok(name)
    }

    fn take(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn unexpected(&self) -> Malformed {
        self.rest
            .chars()
            .next()
            .map_or(Malformed::Ends, Malformed::Character)
    }
}

impl Path {
    /// The names behind the head, if it has no keys: `["index"]` of `count.index`.
    pub(super) fn names(&self) -> Option<Vec<&str>> {
        self.steps
            .iter()
            .map(|step| match step {
                PathStep::Name(name) => Some(name.as_str()),
                _ => None,
            })
            .collect()
    }

    /// Whether it stands for something else in every copy of a block.
    pub(super) fn depends_on_copy(&self) -> bool {
        self.head == "count"
            || self.head == "each"
            || self
                .steps
                .iter()
                .any(|step| matches!(step, PathStep::Dynamic(path) if path.depends_on_copy()))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.head)?;
        for step in &self.steps {
            match step {
                PathStep::Name(name) => write!(f, ".{name}")?,
                PathStep::Index(index) | PathStep::Counted(index) => write!(f, "[{index}]")?,
                PathStep::Key(key) if crate::address::is_plain_name(key) => write!(f, "[{key}]")?,
                PathStep::Key(key) => write!(f, "[\"{key}\"]")?,
                PathStep::All => f.write_str("[*]")?,
                PathStep::Dynamic(path) => write!(f, "[{path}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<String> {
        match parse(text.to_owned()) {
            Text::Plain(text) => vec![text],
            Text::Mixed(pieces) => pieces
                .into_iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text,
                    Piece::Reference(hole) => match hole.path {
                        Ok(path) => format!("<{path}>"),
                        Err(malformed) => format!("<! {malformed}>"),
                    },
                })
                .collect(),
        }
    }

    #[test]
    fn only_dollar_brace_is_special() {
        assert_eq!(pieces("cost: 5$ {x} $"), ["cost: 5$ {x} $"]);
        assert_eq!(pieces("$${HOME} and $$${x}"), ["${HOME} and $${x}"]);
        assert_eq!(pieces("${vpc.main.id}"), ["<vpc.main.id>"]);
        assert_eq!(pieces("a-${each.key}-z"), ["a-", "<each.key>", "-z"]);
        assert_eq!(pieces("$${a}${b.c}"), ["${a}", "<b.c>"]);
    }

    #[test]
    fn keys_need_no_quotes() {
        assert_eq!(pieces("${instance.web[0].id}"), ["<instance.web[0].id>"]);
        assert_eq!(pieces("${instance.node[blue].id}"), ["<instance.node[blue].id>"]);
        assert_eq!(
            pieces("${instance.node[\"a }b\"].id}"),
            ["<instance.node[\"a }b\"].id>"]
        );
        assert_eq!(pieces("${instance.web[*].id}"), ["<instance.web[*].id>"]);
        assert_eq!(pieces("${var.zones[count.index]}"), ["<var.zones[count.index]>"]);
        assert_eq!(pieces("${ vpc.main.id }"), ["<vpc.main.id>"]);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert_eq!(pieces("a ${"), ["a ", "<! it is not closed with }>"]);
        assert_eq!(pieces("${}"), ["<! there is nothing in it>"]);
        assert_eq!(pieces("${a.}"), ["<! it ends too early>"]);
        assert_eq!(pieces("${HOME:-x}"), ["<! ':' cannot stand there>"]);
        assert_eq!(pieces("${a + b}"), ["<! ' ' cannot stand there>"]);
        assert_eq!(
            pieces("${a[b[c[d[e[f[g.h].i].j].k].l].m].n]}"),
            ["<! it is nested too deeply>"]
        );
    }

    #[test]
    fn a_forgotten_brace_does_not_swallow_the_next_lines() {
        let text = "echo ${A\necho ${vpc.main.id}\n";
        let Text::Mixed(pieces) = parse(text.to_owned()) else {
            panic!("no references found");
        };
        assert!(matches!(&pieces[1], Piece::Reference(hole) if hole.path == Err(Malformed::NotClosed)));
    }
}
