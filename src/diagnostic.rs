//! What is wrong or worth knowing, where, and what to write instead.
//!
//! Does not know terminals, colours or JSON; `ui` renders it.

mod advice;
pub(crate) mod codes;
mod location;
mod sources;
pub(crate) mod zh;

pub(crate) use self::advice::{Advice, Typed, run};
use self::codes::Code;
pub(crate) use self::location::Location;
pub(crate) use self::sources::{Source, Sources};
use serde::{Deserialize, Serialize};

use crate::address::Address;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    Error,
    Warning,
}

/// A marked place with a few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Label {
    pub(crate) location: Location,
    pub(crate) text: String,
}

/// A replacement of the bytes of a place that is sure to be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fix {
    pub(crate) location: Location,
    pub(crate) replacement: String,
}

/// One error or warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Diagnostic {
    pub(crate) level: Level,
    pub(crate) code: Code,
    /// One sentence without a full stop.
    pub(crate) message: String,
    /// The first label is the place that is at fault; others help to understand it.
    pub(crate) labels: Vec<Label>,
    /// Facts, a line each (rendered as `= ...`).
    pub(crate) notes: Vec<String>,
    /// What to do or to write, a line each.
    pub(crate) help: Vec<Advice>,
    /// The resource it is about.
    pub(crate) address: Option<Address>,
    /// A sure correction, if there is one.
    pub(crate) fix: Option<Fix>,
}

/// What stands in the place of a secret.
const HIDDEN: &str = "(sensitive)";

impl Diagnostic {
    /// An error.
    pub(crate) fn error(code: Code, message: impl Into<String>) -> Diagnostic {
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
    pub(crate) fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
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
    pub(crate) fn help(mut self, help: impl Into<Advice>) -> Diagnostic {
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

    /// Writes the commands in its advice as they are to be typed.
    pub(crate) fn resolve(&mut self, typed: &Typed) {
        self.help.iter_mut().for_each(|help| help.resolve(typed));
    }

    /// Takes these texts out of every sentence; a correction that holds one is not offered.
    pub(crate) fn mask(&mut self, secrets: &[String]) {
        let hide = |text: &mut String| {
            for secret in secrets {
                if text.contains(secret.as_str()) {
                    *text = text.replace(secret.as_str(), HIDDEN);
                }
            }
        };
        hide(&mut self.message);
        self.labels.iter_mut().for_each(|label| hide(&mut label.text));
        self.notes.iter_mut().for_each(hide);
        self.help.iter_mut().for_each(|help| help.change_words(hide));
        let is_secret = |text: &str| secrets.iter().any(|secret| text.contains(secret.as_str()));
        if self.fix.as_ref().is_some_and(|fix| is_secret(&fix.replacement)) {
            self.fix = None;
        }
    }

    /// Whether it is an error.
    pub(crate) fn is_error(&self) -> bool {
        self.level == Level::Error
    }
}
