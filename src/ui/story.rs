//! The story of a code, and the list of all.
//!
//! Does not know which codes there are.

use super::text::{BOLD, Look, PLAIN, Sheet};
use crate::diagnostic::codes::Story;

/// The words above the causes and above the way out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Headings {
    pub(crate) causes: &'static str,
    pub(crate) way_out: &'static str,
}

impl Headings {
    pub(crate) const ENGLISH: Headings = Headings {
        causes: "Usual causes",
        way_out: "The way out",
    };
    pub(crate) const CHINESE: Headings = Headings {
        causes: "常见原因",
        way_out: "解决办法",
    };
}

/// One story.
pub(super) fn render(story: &Story, headings: Headings, look: Look) -> String {
    let mut sheet = Sheet::new(look);
    let title = format!("{}: {}", story.code, story.title);
    sheet.sentence(BOLD, &title, 7);
    sheet.end_line();
    sheet.sentence(PLAIN, story.meaning, 0);
    for (label, lines) in [(headings.causes, story.causes), (headings.way_out, story.way_out)] {
        sheet.end_line();
        sheet.sentence(BOLD, label, 0);
        for line in lines {
            sheet.to(2);
            sheet.plain("-");
            sheet.to(4);
            sheet.sentence(PLAIN, line, 4);
        }
    }
    sheet.finish()
}

/// A line for each.
pub(super) fn list(stories: &[Story], look: Look) -> String {
    let mut sheet = Sheet::new(look);
    for story in stories {
        sheet.put(BOLD, story.code.number());
        sheet.to(7);
        sheet.sentence(PLAIN, story.title, 7);
    }
    sheet.finish()
}
