//! Where the mistakes of a run are collected, and the texts that they point into.
//!
//! Does not know what is a mistake.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::secrecy;
use super::suggest::Guess;
use crate::diagnostic::codes::Code;
use crate::diagnostic::{Diagnostic, Location, Source, Sources, codes};

/// How many diagnostics are kept; nobody reads more.
const DIAGNOSTICS_MAX: usize = 10_000;

/// With how many diagnostics guessing ends.
const GUESSES_MAX: usize = 1_000;

/// What may be said only because a part of the configuration could not be read.
const MAY_FOLLOW: &[Code] = &[
    codes::NO_INFRA,
    codes::MISSING_KEY,
    codes::NO_SUCH_BLOCK,
    codes::NO_SUCH_NAME,
    codes::NO_SUCH_VARIABLE_SET,
    codes::WHICH_COPY,
    codes::DEPENDS_ON,
    codes::ENVIRONMENT_FILE,
    codes::NO_VALUE,
];

/// A place in one of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Span {
    pub(super) file: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    /// A place in a file; files are at most a few MiB, so the numbers fit.
    pub(super) fn new(file: u32, bytes: Range<usize>) -> Span {
        let fit = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        Span {
            file,
            start: fit(bytes.start),
            end: fit(bytes.end),
        }
    }

    pub(super) fn bytes(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// What makes two diagnostics the same mistake.
#[derive(PartialEq, Eq, Hash)]
struct Said {
    code: Code,
    file: Arc<str>,
    start: usize,
    end: usize,
    /// Tells mistakes at one place apart.
    which: &'static str,
}

/// All mistakes and texts of a run.
#[derive(Default)]
pub(super) struct Report {
    pub(super) sources: Sources,
    diagnostics: Vec<Diagnostic>,
    /// What was said already: a mistake in a block is one mistake, however many copies it has.
    said: HashSet<Said>,
    errors: usize,
    /// The keys behind which a secret stands.
    secret_keys: Vec<&'static str>,
    /// Where one was written out: never to be used, whatever key it stands behind.
    secrets: Vec<Span>,
}

impl Report {
    /// Nothing yet; these keys hold secrets.
    pub(super) fn new(secret_keys: Vec<&'static str>) -> Report {
        Report {
            secret_keys,
            ..Report::default()
        }
    }

    /// Whether a key holds a secret.
    pub(super) fn is_secret_key(&self, key: &str) -> bool {
        self.secret_keys.contains(&key)
    }

    /// Whether a secret may stand behind a key: it holds one, is spelt nearly so, or sounds so. Such a value is never
    /// shown.
    pub(super) fn looks_secret(&self, key: &str) -> bool {
        secrecy::looks_secret(key, &self.secret_keys)
    }

    /// Adds a file and gives its number.
    pub(super) fn add_file(&mut self, name: &str, text: &str) -> u32 {
        let number = self.sources.add(Arc::from(name), Arc::from(text));
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    pub(super) fn source(&self, file: u32) -> &Source {
        self.sources.source(file as usize)
    }

    /// A mistake with its correction, where the guess is sure: what is to stand at that place.
    pub(super) fn corrected(
        &self,
        diagnostic: Diagnostic,
        guess: &Guess,
        span: Span,
        written: impl Into<String>,
    ) -> Diagnostic {
        match guess.is_sure() {
            true => diagnostic.fix(self.location(span), written),
            false => diagnostic,
        }
    }

    /// The place for people.
    pub(super) fn location(&self, span: Span) -> Location {
        self.source(span.file).location(span.bytes())
    }

    /// `infra.toml:31`, for use inside a sentence.
    pub(super) fn place(&self, span: Span) -> String {
        let location = self.location(span);
        format!("{}:{}", location.file, location.line)
    }

    /// The text at a place.
    pub(super) fn text(&self, span: Span) -> &str {
        self.source(span.file)
            .text()
            .get(span.bytes())
            .unwrap_or_default()
    }

    /// Never show what stands there.
    pub(super) fn hide(&mut self, span: Span) {
        self.sources.hide(span.file as usize, span.bytes());
    }

    /// The same for what is a secret for sure.
    pub(super) fn hide_secret(&mut self, span: Span) {
        self.hide(span);
        self.secrets.push(span);
    }

    /// Whether a secret is written out there.
    pub(super) fn is_secret(&self, span: Span) -> bool {
        self.is_hidden(span)
            && self.secrets.iter().any(|secret| {
                secret.file == span.file
                    && secret.start < span.end.max(span.start + 1)
                    && span.start < secret.end
            })
    }

    /// Whether something that must not be shown stands there.
    pub(super) fn is_hidden(&self, span: Span) -> bool {
        self.source(span.file).hidden(span.bytes()).next().is_some()
    }

    /// Says that something is wrong at a place, once. Returns whether it was new.
    pub(super) fn say(&mut self, span: Span, label: impl Into<String>, diagnostic: Diagnostic) -> bool {
        self.say_once(span, "", label.into(), diagnostic)
    }

    /// The same for one of several mistakes that share a place, such as the keys that a block lacks.
    pub(super) fn say_about(&mut self, span: Span, which: &'static str, diagnostic: Diagnostic) -> bool {
        self.say_once(span, which, String::new(), diagnostic)
    }

    fn say_once(&mut self, span: Span, which: &'static str, label: String, diagnostic: Diagnostic) -> bool {
        let location = self.location(span);
        self.say_at(&location, label, which, diagnostic)
    }

    /// The same for a place that is known already.
    pub(super) fn say_at(
        &mut self,
        location: &Location,
        label: impl Into<String>,
        which: &'static str,
        diagnostic: Diagnostic,
    ) -> bool {
        let said = Said {
            code: diagnostic.code,
            file: location.file.clone(),
            start: location.start,
            end: location.end,
            which,
        };
        if !self.said.insert(said) {
            return false;
        }
        let mut diagnostic = diagnostic.at(location.clone(), label);
        // The place at fault comes first, whatever was marked before.
        diagnostic.labels.rotate_right(1);
        self.push(diagnostic);
        true
    }

    /// Says something that has no place in a file.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        let is_first_error = diagnostic.is_error() && self.errors == 0;
        self.errors += usize::from(diagnostic.is_error());
        if self.diagnostics.len() < DIAGNOSTICS_MAX || is_first_error {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Whether there is so much wrong that guesses cost more than they help.
    pub(super) fn is_flooded(&self) -> bool {
        self.diagnostics.len() > GUESSES_MAX
    }

    /// How many errors there are so far.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    /// Takes back what may only follow from a file that could not be read as a whole: that something is missing,
    /// and what stands on a line that is no TOML.
    pub(super) fn silence_guesses(&mut self) {
        let broken: Vec<Location> = self
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.code == codes::SYNTAX)
            .filter_map(|diagnostic| diagnostic.labels.first())
            .map(|label| self.broken_lines(&label.location))
            .collect();
        let unreadable = self.diagnostics.iter().any(|diagnostic| {
            let has_place = !diagnostic.labels.is_empty();
            matches!(diagnostic.code, codes::UNREADABLE | codes::NO_PROJECT)
                || (diagnostic.code == codes::TOO_LARGE && !has_place)
        });
        if broken.is_empty() && !unreadable {
            return;
        }
        self.diagnostics.retain(|diagnostic| {
            let on_broken_line = diagnostic.labels.first().is_some_and(|label| {
                let place = &label.location;
                broken
                    .iter()
                    .any(|lines| lines.file == place.file && (lines.start..=lines.end).contains(&place.start))
            });
            diagnostic.code == codes::SYNTAX || !(on_broken_line || MAY_FOLLOW.contains(&diagnostic.code))
        });
    }

    /// The line of a mistake; for a header everything up to the next one.
    fn broken_lines(&self, place: &Location) -> Location {
        let Some(source) = self.sources.find(&place.file) else {
            return place.clone();
        };
        let line = source.line(place.line);
        let is_header = source.text()[line.clone()].trim_start().starts_with('[');
        let end = if is_header {
            let rest = &source.text()[line.end..];
            rest.find("\n[")
                .map_or(source.text().len(), |next| line.end + next)
        } else {
            line.end
        };
        Location {
            start: line.start,
            end,
            ..place.clone()
        }
    }

    /// Everything, by file and line; what has no place comes first.
    pub(super) fn finish(mut self) -> (Vec<Diagnostic>, Sources) {
        self.diagnostics.sort_by(|left, right| key(left).cmp(&key(right)));
        (self.diagnostics, self.sources)
    }
}

fn key(diagnostic: &Diagnostic) -> (Option<&Location>, Code, &str) {
    (
        diagnostic.labels.first().map(|label| &label.location),
        diagnostic.code,
        &diagnostic.message,
    )
}
