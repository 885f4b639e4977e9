//! What was looked at and how it is, a line each.

use serde_json::Value as Json;

use super::text::{BOLD, GREEN, Look, PLAIN, RED, Sheet, YELLOW};

/// Something that was looked at.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) grade: Grade,
    words: String,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grade {
    Good,
    /// It works, and somebody should know.
    Doubtful,
    /// A run would fail.
    Bad,
}

impl Grade {
    fn word(self) -> &'static str {
        match self {
            Grade::Good => "ok",
            Grade::Doubtful => "note",
            Grade::Bad => "bad",
        }
    }
}

impl Check {
    pub(crate) fn new(name: &'static str, grade: Grade, words: impl Into<String>) -> Check {
        Check {
            name,
            grade,
            words: words.into(),
        }
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::json!({ "check": self.name, "grade": self.grade.word(), "message": self.words })
    }
}

/// `ok    keys      from environment variables`.
pub(super) fn render(checks: &[Check], look: Look) -> String {
    let mut sheet = Sheet::new(look);
    for check in checks {
        let style = match check.grade {
            Grade::Good => GREEN,
            Grade::Doubtful => YELLOW,
            Grade::Bad => RED,
        };
        sheet.put(style, check.grade.word());
        sheet.to(6);
        sheet.put(BOLD, check.name);
        sheet.to(15);
        sheet.sentence(PLAIN, &check.words, 15);
    }
    sheet.finish()
}
