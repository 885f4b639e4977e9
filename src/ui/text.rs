//! Text for a screen: widths as columns, colours, wrapping, and nothing in it that could move a cursor.
//!
//! Does not know what it writes about.

use std::borrow::Cow;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

pub(super) const PLAIN: Style = Style::new();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const GREEN: Style = AnsiColor::Green.on_default();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(super) const RED: Style = AnsiColor::Red.on_default();
pub(super) const CYAN: Style = AnsiColor::Cyan.on_default();

/// How a stream is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) color: bool,
    /// Columns for sentences.
    pub(crate) prose: usize,
    /// Columns for values, which may be wider.
    pub(crate) values: usize,
}

impl Look {
    /// For a terminal of so many columns; none for what is no terminal.
    pub(crate) fn new(color: bool, columns: Option<usize>) -> Look {
        let columns = columns.unwrap_or(100).max(60);
        Look {
            color,
            prose: columns.min(120),
            values: columns.min(160),
        }
    }
}

/// Text with one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) style: Style,
    pub(super) text: String,
    /// Whether a line may end behind it.
    pub(super) may_break: bool,
}

impl Run {
    pub(super) fn new(style: Style, text: impl Into<String>) -> Run {
        Run {
            style,
            text: text.into(),
            may_break: false,
        }
    }
}

/// The columns that runs take, side by side.
pub(super) fn width_of(runs: &[Run]) -> usize {
    runs.iter().map(|run| run.text.width()).sum()
}

/// Text that is being laid out. Whatever is put in is escaped first.
pub(super) struct Sheet {
    text: String,
    look: Look,
    column: usize,
    /// Spaces that are written only if something follows, so that no line ends with one.
    gap: usize,
}

impl Sheet {
    pub(super) fn new(look: Look) -> Sheet {
        Sheet {
            text: String::new(),
            look,
            column: 0,
            gap: 0,
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    pub(super) fn look(&self) -> Look {
        self.look
    }

    /// Whether anything stands in it.
    pub(super) fn has_lines(&self) -> bool {
        !self.text.trim().is_empty()
    }

    /// The column that comes next, from 0.
    pub(super) fn column(&self) -> usize {
        self.column + self.gap
    }

    pub(super) fn put(&mut self, style: Style, text: &str) {
        if text.is_empty() {
            return;
        }
        let text = escape(text);
        self.text.extend(std::iter::repeat_n(' ', self.gap));
        let written = text.trim_end_matches(' ');
        let columns = text.width();
        let trailing = text.len() - written.len();
        if self.look.color && style != PLAIN && !written.is_empty() {
            self.text.push_str(&format!("{style}{written}{style:#}"));
        } else {
            self.text.push_str(written);
        }
        self.column += self.gap + columns - trailing;
        self.gap = trailing;
    }

    pub(super) fn plain(&mut self, text: &str) {
        self.put(PLAIN, text);
    }

    /// Goes to a column, if the line is not there yet.
    pub(super) fn to(&mut self, column: usize) {
        self.gap = column.saturating_sub(self.column).max(self.gap);
    }

    pub(super) fn end_line(&mut self) {
        self.text.push('\n');
        self.column = 0;
        self.gap = 0;
    }

    /// A sentence from here on, wrapped; further lines begin at `indent`. Ends the line.
    pub(super) fn sentence(&mut self, style: Style, text: &str, indent: usize) {
        self.flow(style, text, indent);
        self.end_line();
    }

    /// A sentence from here on, wrapped; further lines begin at `indent`.
    pub(super) fn flow(&mut self, style: Style, text: &str, indent: usize) {
        let text = escape(text);
        let limit = self.look.prose;
        // What has one style on one line is written at once, to keep the escapes few.
        let mut line = String::new();
        let mut column = self.column();
        for part in breakable(&text) {
            let columns = part.trim_end_matches(' ').width();
            if column + columns > limit && column > indent {
                self.put(style, &line);
                self.end_line();
                self.to(indent);
                line.clear();
                column = indent;
            }
            line.push_str(part);
            column += part.width();
        }
        self.put(style, &line);
    }

    /// Runs from here on; further lines begin at `indent`.
    pub(super) fn runs(&mut self, runs: &[Run], indent: usize, limit: usize) {
        for piece in runs.split_inclusive(|run| run.may_break) {
            let columns = width_of(piece) - trailing_spaces(piece);
            if self.column() + columns > limit && self.column() > indent {
                self.end_line();
                self.to(indent);
            }
            for run in piece {
                self.put(run.style, &run.text);
            }
        }
    }
}

fn trailing_spaces(runs: &[Run]) -> usize {
    runs.last()
        .map_or(0, |run| run.text.len() - run.text.trim_end_matches(' ').len())
}

/// The widest piece of runs that no line break divides.
pub(super) fn widest_of(runs: &[Run]) -> usize {
    runs.split_inclusive(|run| run.may_break)
        .map(|piece| width_of(piece) - trailing_spaces(piece))
        .max()
        .unwrap_or(0)
}

/// Pieces of a text, behind each of which a line may end: after spaces, and between wide characters, since Chinese
/// has no spaces. A closing sign never begins a line.
pub(super) fn breakable(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut characters = rest.char_indices().peekable();
        let mut end = rest.len();
        while let Some((_, character)) = characters.next() {
            let Some(&(at, next)) = characters.peek() else {
                break;
            };
            let after_space = character == ' ' && next != ' ';
            let between_wide = (is_wide(character) || is_wide(next))
                && next != ' '
                && !matches!(
                    next,
                    '，' | '。' | '、' | '；' | '：' | '？' | '！' | '）' | '」' | '』' | '》' | '”' | '’'
                )
                && !next.is_ascii_punctuation()
                && !character.is_ascii_punctuation()
                && next.width() != Some(0);
            if after_space || between_wide {
                end = at;
                break;
            }
        }
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

fn is_wide(character: char) -> bool {
    character.width() == Some(2)
}

/// Whether a character could move the cursor, change colours, turn text around or hide in it.
pub(super) fn is_dangerous(character: char) -> bool {
    matches!(character,
        '\u{0}'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// The text with dangerous characters written the way TOML escapes them.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            dangerous if is_dangerous(dangerous) => {
                let code = u32::from(dangerous);
                escaped.push_str(&if code > 0xffff {
                    format!("\\U{code:08x}")
                } else {
                    format!("\\u{code:04x}")
                });
            }
            harmless => escaped.push(harmless),
        }
    }
    Cow::Owned(escaped)
}

/// JSON text with dangerous characters inside its strings escaped; what JSON itself escapes is done already.
pub(super) fn escape_json(text: &str) -> Cow<'_, str> {
    if !text.contains(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_dangerous(character) && character != '\n' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Text of several lines, each escaped.
pub(super) fn escape_lines(text: &str) -> Cow<'_, str> {
    if !text.contains(|character| is_dangerous(character) && character != '\n') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split('\n').map(escape).collect::<Vec<_>>().join("\n"))
}

/// The first columns of a text that has no escapes.
pub(super) fn cut(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += character.width().unwrap_or(0);
        if used > columns {
            return &text[..at];
        }
    }
    text
}

/// `0:48`, `2:10`, `1:02:03`.
pub(super) fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// `1.4 s`, `12 s`, `2:10`.
pub(super) fn short_time(duration: Duration) -> String {
    match duration.as_secs() {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{} s", duration.as_secs()),
        _ => clock(duration),
    }
}

/// `1 resource`, `7 resources`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// Whether a text can stand unquoted as a key in TOML.
fn is_bare_key(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// A key as TOML wants it.
pub(super) fn toml_key(text: &str) -> Cow<'_, str> {
    if is_bare_key(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(quoted(text))
    }
}

/// A dotted path as TOML wants it. Below `tags` everything is one key, dots included.
pub(super) fn toml_path(path: &str) -> String {
    if let Some(key) = path.strip_prefix("tags.") {
        return format!("tags.{}", toml_key(key));
    }
    path.split('.').map(toml_key).collect::<Vec<_>>().join(".")
}

/// A text in double quotes, with TOML's escapes.
pub(super) fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escape(&escaped))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Look = Look {
        color: false,
        prose: 20,
        values: 20,
    };

    fn sentence(text: &str) -> String {
        let mut sheet = Sheet::new(NARROW);
        sheet.plain("  ");
        sheet.sentence(PLAIN, text, 4);
        sheet.finish()
    }

    #[test]
    fn sentences_wrap_at_spaces_and_between_chinese_characters() {
        assert_eq!(
            sentence("one two three four five"),
            "  one two three four\n    five\n"
        );
        assert_eq!(
            sentence("一二三四五六七八九，十一二"),
            "  一二三四五六七八\n    九，十一二\n"
        );
        assert_eq!(
            sentence("vsw-bp1k9m2u7tq0x3c5d8e1f is new"),
            "  vsw-bp1k9m2u7tq0x3c5d8e1f\n    is new\n"
        );
    }

    #[test]
    fn a_sentence_keeps_a_closing_sign_with_its_character() {
        let text = sentence("一二三四五六七八九，十");
        assert!(
            text.lines().all(|line| !line.trim_start().starts_with('，')),
            "{text}"
        );
        assert!(text.lines().all(|line| line.width() <= 20), "{text}");
    }

    #[test]
    fn what_could_move_the_cursor_is_escaped() {
        assert_eq!(
            escape("a\u{1b}[2J\u{9b}\u{202e}\u{200b}\nb\u{e0041}"),
            "a\\u001b[2J\\u009b\\u202e\\u200b\\nb\\U000e0041"
        );
        assert_eq!(escape("李雷 (运维) é"), "李雷 (运维) é");
        assert_eq!(quoted("say \"hi\" \\ \t"), "\"say \\\"hi\\\" \\\\ \\t\"");
    }

    #[test]
    fn escaped_json_means_the_same() {
        let value = serde_json::json!("a\u{1b}\u{202e}\u{9b}\u{e0041}李");
        let text = value.to_string();
        let escaped = escape_json(&text);
        assert!(!escaped.contains(is_dangerous), "{escaped}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&escaped).unwrap(),
            value
        );
    }

    #[test]
    fn keys_are_written_as_toml_wants_them() {
        assert_eq!(toml_path("tags.负责人"), "tags.\"负责人\"");
        assert_eq!(toml_path("tags.infra:stack"), "tags.\"infra:stack\"");
        assert_eq!(toml_path("tags.a.b"), "tags.\"a.b\"");
        assert_eq!(toml_path("system_disk.size"), "system_disk.size");
    }

    #[test]
    fn times_are_short() {
        assert_eq!(clock(Duration::from_secs(48)), "0:48");
        assert_eq!(clock(Duration::from_secs(3723)), "1:02:03");
        assert_eq!(short_time(Duration::from_millis(1412)), "1.4 s");
        assert_eq!(short_time(Duration::from_secs(59)), "59 s");
    }
}
