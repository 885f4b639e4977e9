//! One change of a plan as text: its title, why, what differs, what is lost, and in which steps.
//!
//! Does not know the plan around it.

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::attribute_lines as attributes;
use super::copies::Copies;
use super::copy_lines;
use super::text::{self, BOLD, CYAN, DIM, GREEN, PLAIN, RED, Sheet, YELLOW};
use crate::change::Fate;
use crate::diagnostic::Location;
use crate::value::Attributes;

/// Where an address begins, behind sign and verb.
const ADDRESS_COLUMN: usize = 13;
/// Where one begins that has no room there.
const NARROW_COLUMN: usize = 4;

/// How much of a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Detail {
    /// One line for each change.
    Compact,
    #[default]
    Normal,
    /// Unchanged attributes and whole texts too.
    Full,
}

fn style_of(action: Fate) -> Style {
    match action {
        Fate::Import | Fate::Move | Fate::Read => CYAN,
        Fate::Create => GREEN,
        Fate::Update | Fate::Tag => YELLOW,
        Fate::Replace { .. } | Fate::Delete => RED,
        Fate::Forget | Fate::Note | Fate::Keep | Fate::LeftOut => DIM,
        Fate::Withheld => RED,
    }
}

/// Sign, verb, address, and the place of its block at the right edge.
pub(super) fn write_title(copies: &Copies<'_>, sheet: &mut Sheet) {
    let change = copies.first();
    let style = style_of(change.fate);
    sheet.put(PLAIN, &" ".repeat(3 - change.fate.symbol().len()));
    sheet.put(style, change.fate.symbol());
    sheet.to(4);
    sheet.put(style, change.fate.verb());
    let title = copies.title();
    let fits = ADDRESS_COLUMN + text::escape(&title).width() <= sheet.look().prose;
    let column = if fits { ADDRESS_COLUMN } else { NARROW_COLUMN };
    if !fits {
        sheet.end_line();
    }
    sheet.to(column);
    sheet.flow(BOLD, &title, column);
    if let Some(location) = &change.location {
        let place = place_of(location);
        let column = sheet.look().prose.saturating_sub(place.width());
        if sheet.column() + 2 > column {
            sheet.end_line();
        }
        sheet.to(column);
        sheet.put(DIM, &place);
    }
    sheet.end_line();
}

/// `infra.toml:24`.
pub(super) fn place_of(location: &Location) -> String {
    format!("{}:{}", text::escape(&location.file), location.line)
}

/// Everything about a change, or about copies that change alike.
pub(super) fn write(copies: &Copies<'_>, target: Option<&Attributes>, detail: Detail, sheet: &mut Sheet) {
    let change = copies.first();
    write_title(copies, sheet);
    for reason in &change.reasons {
        write_labelled("because", PLAIN, reason, PLAIN, sheet);
    }
    let mut lines = copy_lines::lines_of(copies, detail == Detail::Full);
    let names_id = change.attributes.iter().any(|attribute| attribute.path == "id");
    let is_about_an_id = matches!(change.fate, Fate::Import | Fate::Delete | Fate::Forget);
    if is_about_an_id && !names_id {
        lines.extend(copy_lines::ids(copies));
    }
    match target {
        Some(target) if detail == Detail::Full && change.unchanged > 0 => {
            lines.extend(attributes::kept_lines(target, &change.attributes));
            attributes::write(&lines, 4, sheet);
        }
        _ => {
            attributes::write(&lines, 4, sheet);
            if change.unchanged > 0 {
                sheet.to(6);
                sheet.put(
                    DIM,
                    &format!("({} unchanged, --full shows them)", change.unchanged),
                );
                sheet.end_line();
            }
        }
    }
    write_lost(copies, sheet);
    for kept in &change.kept {
        write_labelled("kept", PLAIN, kept, PLAIN, sheet);
    }
    for hint in &change.hints {
        write_labelled("note", PLAIN, hint, PLAIN, sheet);
    }
    if !change.steps.is_empty() {
        write_labelled("steps", DIM, &change.steps.join(" > "), DIM, sheet);
    }
    if let Some(down) = &change.down {
        write_labelled("down", YELLOW, down, PLAIN, sheet);
    }
}

/// What is lost is shown however little else is.
pub(super) fn write_lost(copies: &Copies<'_>, sheet: &mut Sheet) {
    for lost in copies.lost() {
        write_labelled("LOST", RED, &lost, RED, sheet);
    }
}

/// A word and a sentence beside it.
fn write_labelled(label: &str, label_style: Style, sentence: &str, style: Style, sheet: &mut Sheet) {
    let column = 4 + label.len().max(5) + 1;
    sheet.to(4);
    sheet.put(label_style, label);
    sheet.to(column);
    sheet.sentence(style, sentence, column);
}
