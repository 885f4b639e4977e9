//! Lines of a file as they may be shown: without what is secret, and with the places in them that are marked.

use std::borrow::Cow;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Snippet};

use super::text::{escape, is_dangerous};
use crate::diagnostic::{Label, Source, Sources};

/// The marked lines of one file.
pub(super) struct Excerpt<'a> {
    name: Cow<'a, str>,
    first_line: usize,
    text: String,
    /// Place in `text`, and the label; the first one of the first excerpt is the place at fault.
    pub(super) labels: Vec<(Range<usize>, &'a Label)>,
    is_primary: bool,
}

/// How far apart, in lines, two marks of a file may be to be shown together.
const TOGETHER: usize = 400;

pub(super) fn excerpts_of<'a>(labels: &'a [Label], sources: &'a Sources) -> Vec<Excerpt<'a>> {
    let mut groups: Vec<(&Source, Vec<&Label>)> = Vec::new();
    for label in labels {
        let Some(source) = sources.find(&label.location.file) else {
            continue;
        };
        let near = groups.iter_mut().find(|(known, members)| {
            known.name() == source.name()
                && members
                    .iter()
                    .all(|member| member.location.line.abs_diff(label.location.line) <= TOGETHER)
        });
        match near {
            Some((_, members)) => members.push(label),
            None => groups.push((source, vec![label])),
        }
    }
    groups
        .into_iter()
        .enumerate()
        .map(|(index, (source, labels))| Excerpt::new(source, labels, index == 0))
        .collect()
}

impl<'a> Excerpt<'a> {
    fn new(source: &'a Source, labels: Vec<&'a Label>, is_primary: bool) -> Excerpt<'a> {
        let first_line = labels.iter().map(|label| label.location.line).min().unwrap_or(1);
        let last_line = labels
            .iter()
            .map(|label| label.location.line)
            .max()
            .unwrap_or(first_line);
        let bytes = source.line(first_line).start..source.line(last_line).end;
        let masked = mask(source, bytes.clone());
        let labels = labels
            .into_iter()
            .map(|label| {
                // A mark ends with the line that it begins in: the rest of a long value says nothing new.
                let line = source.line(label.location.line);
                let end = label.location.end.min(line.end).max(label.location.start);
                (masked.place(label.location.start)..masked.place(end), label)
            })
            .collect();
        Excerpt {
            name: escape(source.name()),
            first_line,
            text: masked.text,
            labels,
            is_primary,
        }
    }

    /// The words that stand apart are left out.
    pub(super) fn snippet(&self, apart: &[&str]) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
        let annotations = self.labels.iter().enumerate().map(|(index, (place, label))| {
            let kind = if self.is_primary && index == 0 {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let annotation = kind.span(place.clone());
            if label.text.is_empty() || apart.contains(&label.text.as_str()) {
                annotation
            } else {
                annotation.label(escape(&label.text))
            }
        });
        Snippet::source(self.text.as_str())
            .line_start(self.first_line)
            .path(&*self.name)
            .annotations(annotations)
    }
}

/// A part of a file as it may be shown.
pub(super) struct Masked {
    pub(super) text: String,
    /// Pieces as (first byte in the file, first byte here, same on both sides), in order.
    pieces: Vec<(usize, usize, bool)>,
}

/// What stands in place of a secret. Its length tells nothing.
const MASK: &str = "***";

pub(super) fn mask(source: &Source, bytes: Range<usize>) -> Masked {
    let whole = source.text();
    let mut masked = Masked {
        text: String::new(),
        pieces: Vec::new(),
    };
    let mut from = bytes.start;
    for secret in source.hidden(bytes.clone()) {
        let secret = secret.start.max(from)..secret.end.min(bytes.end);
        let start = secret.start;
        masked.copy(whole, from..start);
        masked.pieces.push((start, masked.text.len(), false));
        masked.text.push_str(MASK);
        // The lines below keep their numbers.
        let lines = whole
            .get(start..secret.end)
            .unwrap_or_default()
            .matches('\n')
            .count();
        masked.text.push_str(&"\n".repeat(lines));
        from = secret.end;
    }
    masked.copy(whole, from..bytes.end);
    masked
}

impl Masked {
    fn copy(&mut self, whole: &str, bytes: Range<usize>) {
        let text = whole.get(bytes.clone()).unwrap_or_default();
        self.pieces.push((bytes.start, self.text.len(), true));
        let mut from = 0;
        for (at, found) in text.match_indices(is_dangerous) {
            // What ends and indents a line is the renderer's.
            let after = at + found.len();
            if matches!(found, "\n" | "\t") || (found == "\r" && text[after..].starts_with('\n')) {
                continue;
            }
            self.text.push_str(&text[from..at]);
            self.pieces.push((bytes.start + at, self.text.len(), false));
            self.text.push_str(&escape(found));
            self.pieces.push((bytes.start + after, self.text.len(), true));
            from = after;
        }
        self.text.push_str(&text[from..]);
    }

    /// Where a byte of the file is here.
    fn place(&self, byte: usize) -> usize {
        let index = self.pieces.partition_point(|(first, _, _)| *first <= byte);
        let Some((first, here, same)) = index.checked_sub(1).map(|index| self.pieces[index]) else {
            return 0;
        };
        let place = if same { here + (byte - first) } else { here };
        let next = self
            .pieces
            .get(index)
            .map_or(self.text.len(), |(_, here, _)| *here);
        place.min(next)
    }
}
