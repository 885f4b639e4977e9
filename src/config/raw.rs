//! The configuration as typed: a tree of values, each with its place in a file.
//!
//! Does not know what a table or a key means.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::reference::{self, Hole, Path, PathStep, Piece, Text};
use super::report::{Report, Span};
use crate::diagnostic::{Diagnostic, codes};

/// The longest text in a file.
pub(super) const TEXT_MAX: usize = 1024 * 1024;

/// A value as typed.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) kind: NodeKind,
    /// Whether `count.` or `each.` occurs in it, so that it differs from copy to copy.
    pub(super) per_copy: bool,
}

#[derive(Debug, Clone)]
pub(super) enum NodeKind {
    Bool(bool),
    Integer(i64),
    Text(Text),
    List(Vec<Node>),
    Table(Table),
    /// What no key takes: a fraction, a date, a number that is too large; in words.
    Other(&'static str),
}

/// A table as typed.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) entries: BTreeMap<String, Entry>,
    /// Whether it was opened by `[[...]]` or is an item of such a list.
    pub(super) listed: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: Span,
    pub(super) value: Node,
}

impl Table {
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }
}

impl Node {
    pub(super) fn as_table(&self) -> Option<&Table> {
        match &self.kind {
            NodeKind::Table(table) => Some(table),
            _ => None,
        }
    }

    /// A text without references.
    pub(super) fn as_plain(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Text(Text::Plain(text)) => Some(text),
            _ => None,
        }
    }
}

impl Node {
    /// Tells every reference in it, keys that are references themselves included.
    pub(super) fn paths(&self, tell: &mut dyn FnMut(&Path)) {
        fn of_path(path: &Path, tell: &mut dyn FnMut(&Path)) {
            tell(path);
            for step in &path.steps {
                if let PathStep::Dynamic(path) = step {
                    of_path(path, tell);
                }
            }
        }
        match &self.kind {
            NodeKind::Text(Text::Mixed(pieces)) => {
                for piece in pieces {
                    if let Piece::Reference(Hole { path: Ok(path), .. }) = piece {
                        of_path(path, tell);
                    }
                }
            }
            NodeKind::List(items) => items.iter().for_each(|item| item.paths(tell)),
            NodeKind::Table(table) => table.entries.values().for_each(|entry| entry.value.paths(tell)),
            _ => {}
        }
    }
}

/// Takes over a parsed file.
pub(super) fn table(parsed: &DeTable<'_>, file: u32, report: &mut Report) -> Table {
    let entries = parsed
        .iter()
        .map(|(key, value)| {
            let entry = Entry {
                key: Span::new(file, key.span()),
                value: node(value, file, report),
            };
            (key.get_ref().to_string(), entry)
        })
        .collect();
    Table {
        entries,
        listed: false,
    }
}

/// Takes over one value; its place is relative to the text that was parsed.
pub(super) fn node(parsed: &toml::Spanned<DeValue<'_>>, file: u32, report: &mut Report) -> Node {
    let span = Span::new(file, parsed.span());
    let kind = match parsed.get_ref() {
        DeValue::String(text) if text.len() > TEXT_MAX => {
            let what = format!(
                "this text has {} bytes, at most {TEXT_MAX} are allowed",
                text.len()
            );
            report.say(span, "", Diagnostic::error(codes::TOO_LARGE, what));
            NodeKind::Other("a text that is too long")
        }
        DeValue::String(text) => {
            // Ends of lines are the editor's, not the text's: a file saved in another way says the same.
            let text = match report.text(span).contains("\r\n") {
                true => text.replace("\r\n", "\n"),
                false => text.to_string(),
            };
            NodeKind::Text(reference::parse(text))
        }
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => NodeKind::Integer(number),
            Err(_) => NodeKind::Other("a number that is too large"),
        },
        DeValue::Boolean(truth) => NodeKind::Bool(*truth),
        DeValue::Float(_) => NodeKind::Other("a fraction"),
        DeValue::Datetime(_) => NodeKind::Other("a date"),
        DeValue::Array(items) => {
            let listed = report.text(span).starts_with("[[");
            let mut nodes: Vec<Node> = items.iter().map(|item| node(item, file, report)).collect();
            if listed {
                for node in &mut nodes {
                    if let NodeKind::Table(table) = &mut node.kind {
                        table.listed = true;
                    }
                }
            }
            NodeKind::List(nodes)
        }
        DeValue::Table(entries) => NodeKind::Table(table(entries, file, report)),
    };
    let per_copy = is_per_copy(&kind);
    Node { span, kind, per_copy }
}

fn is_per_copy(kind: &NodeKind) -> bool {
    match kind {
        NodeKind::Text(Text::Mixed(pieces)) => pieces.iter().any(|piece| match piece {
            Piece::Text(_) => false,
            Piece::Reference(hole) => hole.path.as_ref().is_ok_and(|path| path.depends_on_copy()),
        }),
        NodeKind::List(items) => items.iter().any(|item| item.per_copy),
        NodeKind::Table(table) => table.entries.values().any(|entry| entry.value.per_copy),
        NodeKind::Text(Text::Plain(_)) | NodeKind::Bool(_) | NodeKind::Integer(_) | NodeKind::Other(_) => {
            false
        }
    }
}
