//! Diagnostics for people (with the lines of the file and carets) and for programs.
//!
//! Does not know what any code means, and prints nothing itself.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level as Severity, Renderer, Snippet};
use anstyle::{AnsiColor, Style as TextStyle};
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::text::{breakable, escape, escape_lines, is_dangerous};
use crate::diagnostic::{Advice, Diagnostic, Label, Level, Location, Source, Sources};

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

/// One diagnostic for programs, as an object of the event stream.
pub(crate) fn to_json(diagnostic: &Diagnostic, sources: &Sources) -> serde_json::Value {
    let mut object = json!({
        "type": "diagnostic",
        "level": level_word(diagnostic),
        "code": diagnostic.code,
        "message": diagnostic.message,
    });
    if let Some(label) = diagnostic.labels.first() {
        place_to_json(&mut object, &label.location, sources);
        if !label.text.is_empty() {
            object["label"] = json!(label.text);
        }
    }
    let others: Vec<serde_json::Value> = diagnostic
        .labels
        .iter()
        .skip(1)
        .map(|label| {
            let mut other = json!({ "label": label.text });
            place_to_json(&mut other, &label.location, sources);
            other
        })
        .collect();
    if !others.is_empty() {
        object["related"] = json!(others);
    }
    if !diagnostic.notes.is_empty() {
        object["notes"] = json!(diagnostic.notes);
    }
    if !diagnostic.help.is_empty() {
        let help: Vec<String> = diagnostic.help.iter().map(Advice::to_string).collect();
        object["help"] = json!(help);
        let commands: Vec<&str> = diagnostic.help.iter().flat_map(Advice::commands).collect();
        if !commands.is_empty() {
            object["commands"] = json!(commands);
        }
    }
    if let Some(address) = &diagnostic.address {
        object["address"] = json!(address);
    }
    if let Some(fix) = &diagnostic.fix {
        object["replacements"] = json!([{
            "file": &*fix.location.file,
            "start": fix.location.start,
            "end": fix.location.end,
            "text": fix.replacement,
        }]);
    }
    object
}

fn place_to_json(object: &mut serde_json::Value, location: &Location, sources: &Sources) {
    let end = end_of(location, sources);
    object["file"] = json!(&*location.file);
    object["line"] = json!(location.line);
    object["column"] = json!(location.column);
    object["end_line"] = json!(end.0);
    object["end_column"] = json!(end.1);
}

/// Line and column behind a place.
fn end_of(location: &Location, sources: &Sources) -> (usize, usize) {
    match sources.find(&location.file) {
        Some(source) => {
            let end = source.location(location.end..location.end);
            (end.line, end.column)
        }
        None => (location.line, location.column),
    }
}

/// Workflow commands that GitHub shows on the changed lines; `prefix` leads from the repository's root to the
/// configuration folder (`deploy/`, or nothing).
pub(crate) fn to_github(diagnostics: &[Diagnostic], sources: &Sources, prefix: &str) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let mut properties = String::new();
        if let Some(label) = diagnostic.labels.first() {
            let location = &label.location;
            let (end_line, end_column) = end_of(location, sources);
            let file = escape_property(&format!("{prefix}{}", location.file));
            let _ = write!(
                properties,
                "file={file},line={},col={}",
                location.line, location.column
            );
            // Columns of a mark over several lines would be taken for those of its first line.
            if end_line == location.line && end_column > location.column {
                let _ = write!(properties, ",endColumn={}", end_column - 1);
            }
            properties.push(',');
        }
        let mut message = diagnostic.message.clone();
        let help: Vec<String> = diagnostic.help.iter().map(Advice::to_string).collect();
        let label = diagnostic.labels.first().map(|label| label.text.as_str());
        for line in label
            .into_iter()
            .filter(|label| !label.is_empty())
            .chain(diagnostic.notes.iter().map(String::as_str))
            .chain(help.iter().map(String::as_str))
        {
            message.push('\n');
            message.push_str(line);
        }
        let _ = writeln!(
            text,
            "::{} {properties}title={}::{}",
            level_word(diagnostic),
            diagnostic.code,
            escape_message(&message)
        );
    }
    text
}

fn level_word(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.level {
        Level::Error => "error",
        Level::Warning => "warning",
    }
}

fn escape_message(text: &str) -> String {
    escape_lines(text).replace('%', "%25").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_message(text).replace(':', "%3A").replace(',', "%2C")
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

/// The marked lines of one file.
struct Excerpt<'a> {
    name: Cow<'a, str>,
    first_line: usize,
    text: String,
    /// Place in `text`, and the label; the first one of the first excerpt is the place at fault.
    labels: Vec<(Range<usize>, &'a Label)>,
    is_primary: bool,
}

/// How far apart, in lines, two marks of a file may be to be shown together.
const TOGETHER: usize = 400;

fn excerpts_of<'a>(labels: &'a [Label], sources: &'a Sources) -> Vec<Excerpt<'a>> {
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
    fn snippet(&self, apart: &[&str]) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
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
struct Masked {
    text: String,
    /// Pieces as (first byte in the file, first byte here, same on both sides), in order.
    pieces: Vec<(usize, usize, bool)>,
}

/// What stands in place of a secret. Its length tells nothing.
const MASK: &str = "***";

fn mask(source: &Source, bytes: Range<usize>) -> Masked {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::codes;

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

    #[test]
    fn programs_get_places_and_replacements() {
        let sample = Sample::new();
        let diagnostic = Diagnostic::error(codes::SYNTAX, "text, in 100%")
            .at(sample.at("web }"), "here")
            .at(sample.at("[instance.web]"), "first")
            .help("line")
            .fix(sample.at("web }"), "\"web\" }");
        let start = TEXT.find("web }").unwrap();
        assert_eq!(
            to_json(&diagnostic, &sample.sources),
            json!({
                "type": "diagnostic", "level": "error", "code": codes::SYNTAX, "message": "text, in 100%",
                "file": "infra.toml", "line": 3, "column": 29, "end_line": 3, "end_column": 34, "label": "here",
                "related": [{
                    "file": "infra.toml", "line": 1, "column": 1, "end_line": 1, "end_column": 15, "label": "first",
                }],
                "help": ["line"],
                "replacements": [{
                    "file": "infra.toml", "start": start, "end": start + 5, "text": "\"web\" }",
                }],
            })
        );
        assert_eq!(
            to_github(&[diagnostic], &sample.sources, "a,b/"),
            "::error file=a%2Cb/infra.toml,line=3,col=29,endColumn=33,title=E0111::text, in 100%25%0Ahere%0Aline\n"
        );
    }
}
