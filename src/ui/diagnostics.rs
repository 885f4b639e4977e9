//! Diagnostics for people, with the lines of the file and carets.
//!
//! Does not know what any code means, and prints nothing itself.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use annotate_snippets::{Group, Level as Severity, Renderer};
use anstyle::{AnsiColor, Style as TextStyle};
use unicode_width::UnicodeWidthStr;

use super::excerpts::{Excerpt, excerpts_of};
use super::text::{breakable, escape};
use crate::diagnostic::{Diagnostic, Level, Sources};

/// How many are shown unless all are asked for.
const SHOWN_MAX: usize = 20;

/// How diagnostics are shown to people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) color: bool,
    /// Columns.
    pub(crate) width: usize,
    /// Whether more than 20 are shown.
    pub(crate) all: bool,
}

/// The colours of the two levels, and of what stands beside the lines of the file.
const ERROR: TextStyle = AnsiColor::Red.on_default().bold();
const WARNING: TextStyle = AnsiColor::Yellow.on_default().bold();
const FRAME: TextStyle = AnsiColor::Blue.on_default().bold();
const HELP: TextStyle = AnsiColor::Cyan.on_default().bold();

/// The text for people: each diagnostic with its lines, an empty line between two, and how many are left out.
pub(crate) fn render(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let shown = if style.all { diagnostics.len() } else { SHOWN_MAX };
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(shown) {
        if !text.is_empty() {
            text.push('\n');
        }
        render_one(diagnostic, sources, style, &mut text);
    }
    let left = diagnostics.len().saturating_sub(shown);
    if left > 0 {
        let _ = writeln!(text, "\nand {left} more (--all)");
    }
    text
}

fn render_one(diagnostic: &Diagnostic, sources: &Sources, style: Style, text: &mut String) {
    let width = style.width.max(40);
    let excerpts = excerpts_of(&diagnostic.labels, sources);
    let severity = match diagnostic.level {
        Level::Error => Severity::ERROR,
        Level::Warning => Severity::WARNING,
    };
    let last_line = excerpts
        .iter()
        .filter_map(|excerpt| excerpt.labels.iter().map(|(_, label)| label.location.line).max())
        .max();
    title(diagnostic, width, style, text);
    let (drawn, apart) = draw(&excerpts, severity, width, style);
    text.push_str(&drawn);
    let margin = last_line.map_or(2, |line| line.to_string().len() + 1);
    let notes: Vec<&str> = apart
        .into_iter()
        .chain(diagnostic.notes.iter().map(String::as_str))
        .collect();
    if last_line.is_some() && !notes.is_empty() {
        let frame = paint(FRAME, style);
        let _ = writeln!(text, "{}{frame}|{frame:#}", " ".repeat(margin));
    }
    for note in notes {
        lines_under(&" ".repeat(margin), "=", FRAME, note, width, style, text);
    }
    for (index, help) in diagnostic.help.iter().enumerate() {
        let word = if index == 0 { "help:" } else { "     " };
        lines_under("  ", word, HELP, &help.to_string(), width, style, text);
    }
}

/// The lines of the files with what is marked in them, and the words beside marks for which there is no room there.
fn draw<'a>(
    excerpts: &[Excerpt<'a>],
    severity: Severity<'a>,
    width: usize,
    style: Style,
) -> (String, Vec<&'a str>) {
    let mut apart: Vec<&'a str> = Vec::new();
    loop {
        let mut text = String::new();
        if excerpts.is_empty() {
            return (text, apart);
        }
        let snippets = excerpts.iter().map(|excerpt| excerpt.snippet(&apart));
        let group = Group::with_level(severity.clone()).elements(snippets);
        let renderer = if style.color {
            Renderer::styled()
        } else {
            Renderer::plain()
        }
        .error(paint(ERROR, style))
        .warning(paint(WARNING, style))
        .line_num(paint(FRAME, style))
        .context(paint(FRAME, style))
        .hyperlink(false)
        .term_width(width);
        let drawn = renderer.render(&[group]);
        for line in drawn.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        let words: Vec<&'a str> = excerpts
            .iter()
            .flat_map(|excerpt| &excerpt.labels)
            .map(|(_, label)| label.text.as_str())
            .filter(|words| !words.is_empty())
            .collect();
        let beside = words.iter().filter(|words| !apart.contains(*words));
        match beside.max_by_key(|words| words.width()) {
            Some(longest) if text.lines().any(|line| is_wide(line, width)) => apart.push(*longest),
            _ => {
                let mut told = BTreeSet::new();
                let is_apart = |one: &&'a str| apart.contains(one) && told.insert(*one);
                return (text, words.into_iter().filter(is_apart).collect());
            }
        }
    }
}

/// Whether a line has no room, and could have; the name of a file has no other form.
fn is_wide(line: &str, width: usize) -> bool {
    let line = console::strip_ansi_codes(line);
    let names_file = ["--> ", "::: "]
        .iter()
        .any(|arrow| line.trim_start().starts_with(arrow));
    line.width() > width && !names_file
}

fn paint(text_style: TextStyle, style: Style) -> TextStyle {
    if style.color { text_style } else { TextStyle::new() }
}

/// `error[E0201]: one sentence`, wrapped.
fn title(diagnostic: &Diagnostic, width: usize, style: Style, text: &mut String) {
    let (word, word_style) = match diagnostic.level {
        Level::Error => ("error", ERROR),
        Level::Warning => ("warning", WARNING),
    };
    let head = format!("{word}[{}]", diagnostic.code);
    let indent = head.len() + 2;
    let message = escape(&diagnostic.message);
    let word_style = paint(word_style, style);
    let bold = paint(TextStyle::new().bold(), style);
    for (index, line) in wrap(&message, width.saturating_sub(indent)).iter().enumerate() {
        if index == 0 {
            let _ = writeln!(text, "{word_style}{head}{word_style:#}{bold}: {line}{bold:#}");
        } else {
            let _ = writeln!(text, "{}{bold}{line}{bold:#}", " ".repeat(indent));
        }
    }
}

/// A note or a help: its sign in front of the first line, the others below its text.
fn lines_under(
    margin: &str,
    sign: &str,
    sign_style: TextStyle,
    content: &str,
    width: usize,
    style: Style,
    text: &mut String,
) {
    let indent = margin.len() + sign.len() + 1;
    let sign_style = paint(sign_style, style);
    let sign_style = if sign.trim().is_empty() {
        TextStyle::new()
    } else {
        sign_style
    };
    for (index, line) in wrap(&escape(content), width.saturating_sub(indent))
        .iter()
        .enumerate()
    {
        let written = if index == 0 {
            format!("{margin}{sign_style}{sign}{sign_style:#} {line}")
        } else {
            format!("{}{line}", " ".repeat(indent))
        };
        let _ = writeln!(text, "{}", written.trim_end());
    }
}

/// Lines of at most this display width, broken at spaces and between wide characters; a word that is too long stands
/// alone. Spaces at the beginning and inside a line stay.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in breakable(text) {
        if !line.trim().is_empty() && line.width() + word.trim_end().width() > width {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
        }
        line.push_str(word);
    }
    lines.push(line.trim_end().to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Location, codes};
    use crate::ui::diagnostic_forms::to_github;

    const TEXT: &str = "[instance.web]
instance_tpye = \"李雷 ecs\" # 名
tags = { 负责人 = \"李雷\", role = web }
password = \"hunter2\" # changed in May
";

    /// Diagnostics about [`TEXT`], each at the first place that reads like this.
    struct Sample {
        sources: Sources,
    }

    impl Sample {
        fn new() -> Sample {
            let mut sources = Sources::default();
            sources.add("infra.toml".into(), TEXT.into());
            Sample { sources }
        }

        fn at(&self, needle: &str) -> Location {
            let start = TEXT.find(needle).unwrap();
            self.sources.source(0).location(start..start + needle.len())
        }

        #[track_caller]
        fn check(&self, diagnostic: Diagnostic, width: usize, expected: &str) {
            let style = |color| Style {
                color,
                width,
                all: false,
            };
            let text = render(std::slice::from_ref(&diagnostic), &self.sources, style(false));
            assert_eq!(text, expected, "{text}");
            let colored = render(&[diagnostic], &self.sources, style(true));
            assert_eq!(
                console::strip_ansi_codes(&colored),
                expected,
                "colour changes the text"
            );
        }
    }

    #[test]
    fn a_mistake_is_shown_in_its_line() {
        let sample = Sample::new();
        let diagnostic = Diagnostic::error(
            codes::UNKNOWN_KEY,
            "unknown key \"instance_tpye\" in [instance.web]",
        )
        .at(sample.at("instance_tpye"), "did you mean instance_type?")
        .note("all keys: infra schema instance")
        .help("first line")
        .help("second line");
        sample.check(
            diagnostic,
            80,
            "\
error[E0201]: unknown key \"instance_tpye\" in [instance.web]
 --> infra.toml:2:1
  |
2 | instance_tpye = \"李雷 ecs\" # 名
  | ^^^^^^^^^^^^^ did you mean instance_type?
  |
  = all keys: infra schema instance
  help: first line
        second line
",
        );
    }

    #[test]
    fn carets_stand_under_what_they_mean_in_chinese_text_too() {
        let sample = Sample::new();
        let diagnostic = Diagnostic::error(codes::SYNTAX, "text must stand in quotes")
            .at(sample.at("web }"), "here")
            .at(sample.at("[instance.web]"), "in this block");
        sample.check(
            diagnostic,
            80,
            "\
error[E0111]: text must stand in quotes
 --> infra.toml:3:29
  |
1 | [instance.web]
  | -------------- in this block
2 | instance_tpye = \"李雷 ecs\" # 名
3 | tags = { 负责人 = \"李雷\", role = web }
  |                                  ^^^^^ here
",
        );
    }

    #[test]
    fn a_secret_is_never_shown_nor_how_long_it_is() {
        let mut sample = Sample::new();
        let place = sample.at("\"hunter2\"");
        sample.sources.hide(0, place.start..place.end);
        let shown = "\
error[E0411]: a password must not be written here
 --> infra.toml:4:12
  |
4 | password = *** # changed in May
  |            ^^^
";
        let diagnostic = |place| {
            Diagnostic::error(codes::SECRET_IN_FILE, "a password must not be written here").at(place, "")
        };
        sample.check(diagnostic(place.clone()), 80, shown);
        // A mark that lies inside it, or reaches out of it, does not uncover it.
        for needle in ["hunter2", "unt", "password = \"hunter2\" # changed"] {
            let style = Style {
                color: false,
                width: 80,
                all: false,
            };
            let text = render(&[diagnostic(sample.at(needle))], &sample.sources, style);
            assert!(text.contains("***") && !text.contains("hunter"), "{text}");
        }
    }

    #[test]
    fn long_sentences_are_wrapped() {
        let sample = Sample::new();
        let diagnostic = Diagnostic::warning(
            codes::INDEXED_BY_COUNT,
            "one two three four five six seven eight nine ten",
        )
        .note("一二三 四五六 七八九 一二三 四五六 七八九")
        .help("--flag=a-word-that-is-longer-than-the-whole-line and more");
        sample.check(
            diagnostic,
            40,
            "\
warning[W012]: one two three four five
               six seven eight nine ten
  = 一二三 四五六 七八九 一二三 四五六
    七八九
  help: --flag=a-word-that-is-longer-than-the-whole-line
        and more
",
        );
    }

    #[test]
    fn escapes_in_names_do_not_reach_the_screen() {
        let sample = Sample::new();
        let diagnostic = Diagnostic::error(codes::UNKNOWN_KEY, "unknown key \"\u{1b}[2J\u{202e}x\"");
        sample.check(
            diagnostic,
            80,
            "error[E0201]: unknown key \"\\u001b[2J\\u202ex\"\n",
        );
    }

    #[test]
    fn escapes_in_a_file_do_not_reach_the_screen_and_marks_stay_in_place() {
        let text = "a = \"x\u{9b}2J\u{200b}\" # \u{202e}\r\nb = 1\n";
        let mut sources = Sources::default();
        sources.add("in\u{9b}.toml".into(), text.into());
        let place = |needle: &str| {
            let start = text.find(needle).unwrap();
            sources.source(0).location(start..start + needle.len())
        };
        let diagnostic = Diagnostic::error(codes::UNKNOWN_KEY, "x")
            .at(place("2J"), "two\u{9b}")
            .at(place("b = 1"), "one");
        let style = Style {
            color: false,
            width: 80,
            all: false,
        };
        let shown = render(std::slice::from_ref(&diagnostic), &sources, style);
        assert_eq!(
            shown,
            "\
error[E0201]: x
 --> in\\u009b.toml:1:13
  |
1 | a = \"x\\u009b2J\\u200b\" # \\u202e
  |             ^^ two\\u009b
2 | b = 1
  | ----- one
"
        );
        let github = to_github(&[diagnostic], &sources, "");
        assert!(github.contains("file=in\\u009b.toml,line=1"), "{github}");
    }

    #[test]
    fn twenty_are_enough() {
        let sample = Sample::new();
        let many = vec![Diagnostic::error(codes::UNKNOWN_KEY, "x"); 27];
        let lines = |all| {
            let style = Style {
                color: false,
                width: 80,
                all,
            };
            render(&many, &sample.sources, style)
        };
        assert!(lines(false).ends_with("\n\nand 7 more (--all)\n"));
        assert_eq!(lines(false).matches("E0201").count(), 20);
        assert_eq!(lines(true).matches("E0201").count(), 27);
    }
}
