//! Texts that have a form of their own: patterns, and what the API allows in names, addresses and times.
//!
//! Does not know which key has which form.

use regex_lite::Regex;

/// The form of a text.
pub(crate) struct Form {
    /// What such a text is: `an IPv4 address`.
    pub(crate) noun: &'static str,
    pub(crate) example: &'static str,
    /// The fewest and the most characters.
    pub(crate) length: (usize, usize),
    /// What is wrong with a text of that length.
    pub(crate) check: fn(&str) -> Option<Wrong>,
}

/// Why a text does not have its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// What is wrong with it, behind its key: `begins with http://`.
    pub(crate) what: String,
    /// The text that was meant.
    pub(crate) better: Option<String>,
}

impl Form {
    /// What is wrong with a text.
    pub(crate) fn wrong(&self, text: &str) -> Option<Wrong> {
        let length = text.chars().count();
        let (min, max) = self.length;
        if (min..=max).contains(&length) {
            return (self.check)(text);
        }
        Some(Wrong::new(match length {
            0 => "is empty".to_owned(),
            _ => format!("has {length} characters, and {min} to {max} are allowed"),
        }))
    }
}

impl Wrong {
    pub(crate) fn new(what: impl Into<String>) -> Wrong {
        Wrong {
            what: what.into(),
            better: None,
        }
    }
}

/// A regular expression.
pub(crate) static PATTERN: Form = Form {
    noun: "a pattern",
    example: "^ubuntu_22_04_x64",
    length: (1, 1024),
    check: |text| {
        let error = Regex::new(text).err()?;
        Some(Wrong::new(format!("is no pattern: {error}")))
    },
};
