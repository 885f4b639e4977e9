//! What the TOML parser has to say, in the words of this project.
//!
//! Does not know which tables and keys there are. What must not be shown has been hidden before it says anything.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use toml::de::DeTable;

use super::raw::{self, Table};
use super::report::{Report, Span};
use crate::diagnostic::{Diagnostic, codes};

/// From this size on, only the first mistake of a file is reported: a file that is not TOML at all would give
/// one for every few bytes.
const RECOVERY_MAX: usize = 256 * 1024;

/// How many mistakes of one file are looked at.
const MISTAKES_MAX: usize = 200;

/// How often a file is read again without the lines at which the parser gave up.
const ROUNDS_MAX: usize = 20;

/// Reads a file's text. The tables hold what could be understood even when there are mistakes.
pub(super) fn parse(file: u32, text: &str, report: &mut Report) -> Table {
    if let Some((line, language)) = other_language(text) {
        let at = report.source(file).line(line);
        let diagnostic =
            Diagnostic::error(codes::SYNTAX, format!("this is {language}, and infra reads TOML"))
                .help("[vpc.main]")
                .help("cidr_block = \"10.0.0.0/16\"");
        report.say(Span::new(file, at), "", diagnostic);
        return Table::default();
    }
    if text.len() > RECOVERY_MAX {
        return match DeTable::parse(text) {
            Ok(parsed) => raw::table(parsed.get_ref(), file, report),
            Err(mistake) => {
                explain(file, text, &[mistake], report);
                Table::default()
            }
        };
    }
    let (parsed, mut mistakes) = DeTable::parse_recoverable(text);
    if mistakes.is_empty() {
        return raw::table(parsed.get_ref(), file, report);
    }
    // At a key without a value the parser gives up, so what follows is read without that line.
    let mut rest = text.to_owned();
    let mut seen = 0;
    for _ in 0..ROUNDS_MAX {
        let lines: Vec<Range<usize>> = mistakes[seen..]
            .iter()
            .filter(|mistake| mistake.message().starts_with("key with no value"))
            .filter_map(|mistake| {
                let source = report.source(file);
                Some(source.line(source.location(mistake.span()?).line))
            })
            .filter(|line| !rest[line.clone()].trim().is_empty())
            .collect();
        if lines.is_empty() {
            break;
        }
        for line in lines {
            rest.replace_range(line.clone(), &" ".repeat(line.len()));
        }
        seen = mistakes.len();
        let known: HashSet<(Option<usize>, String)> = mistakes.iter().map(identity).collect();
        let again = DeTable::parse_recoverable(&rest).1;
        mistakes.extend(
            again
                .into_iter()
                .filter(|mistake| !known.contains(&identity(mistake))),
        );
    }
    let (parsed, _) = DeTable::parse_recoverable(&rest);
    let table = raw::table(parsed.get_ref(), file, report);
    explain(file, text, &mistakes, report);
    table
}

/// Another language that a text is written in, and the first line that shows it.
fn other_language(text: &str) -> Option<(usize, &'static str)> {
    const BLOCKS: &[&str] = &[
        "resource",
        "data",
        "variable",
        "provider",
        "module",
        "output",
        "locals",
        "terraform",
    ];
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with(['#', '/']));
    let (number, first) = lines.next()?;
    if first.starts_with('{') {
        return Some((number, "JSON"));
    }
    let word = first.split([' ', '{', '"']).next().unwrap_or_default();
    let rest = first[word.len()..].trim_start();
    if BLOCKS.contains(&word) && rest.starts_with(['"', '{']) {
        return Some((number, "HCL, the language of Terraform"));
    }
    let key = first.split(':').next().unwrap_or_default();
    let is_key = !key.is_empty()
        && key.len() < first.len()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    let behind = first.get(key.len() + 1..).unwrap_or_default();
    // `key: value` with a slip in one line is still TOML; with a second one it is meant.
    let is_yaml = first == "---"
        || (is_key
            && (behind.is_empty() || behind.starts_with(' '))
            && !first.contains('=')
            && !lines.any(|(_, line)| line.contains('=') || line.starts_with('[')));
    is_yaml.then_some((number, "YAML"))
}

fn identity(mistake: &toml::de::Error) -> (Option<usize>, String) {
    (
        mistake.span().map(|span| span.start),
        mistake.message().to_owned(),
    )
}

/// One diagnostic a line: what follows on the same line follows from the first.
fn explain(file: u32, text: &str, mistakes: &[toml::de::Error], report: &mut Report) {
    let mut by_line: BTreeMap<usize, (Range<usize>, &str)> = BTreeMap::new();
    for mistake in mistakes.iter().take(MISTAKES_MAX) {
        let span = mistake.span().unwrap_or(0..0);
        let line = report.source(file).location(span.clone()).line;
        let message = mistake.message();
        let better = is_telling(message);
        match by_line.get(&line) {
            Some((_, earlier)) if !better || is_telling(earlier) => {}
            _ => {
                by_line.insert(line, (span, message));
            }
        }
    }
    let mut repeated_header: Option<usize> = None;
    for (line, (span, message)) in by_line {
        let bytes = report.source(file).line(line);
        let line_text = text.get(bytes.clone()).unwrap_or_default();
        let is_header = line_text.trim_start().starts_with('[');
        if message.starts_with("duplicate key") {
            // The keys below a repeated header repeat too; that is no mistake of its own.
            if !is_header && repeated_header.is_some_and(|header| !has_header(text, header, bytes.start)) {
                continue;
            }
            if is_header {
                repeated_header = Some(bytes.end);
            }
            twice(file, text, span, line_text, report);
        } else {
            not_toml(file, bytes.start, span, line_text, message, report);
        }
    }
}

/// Whether a message says what to do, so that it is preferred to another one on the same line.
fn is_telling(message: &str) -> bool {
    message.starts_with("string values must be quoted") || message.starts_with("invalid unquoted key")
}

fn has_header(text: &str, from: usize, to: usize) -> bool {
    text.get(from..to)
        .unwrap_or_default()
        .lines()
        .any(|line| line.trim_start().starts_with('['))
}

fn twice(file: u32, text: &str, span: Range<usize>, line: &str, report: &mut Report) {
    let key = text.get(span.clone()).unwrap_or_default().to_owned();
    let is_header = line.trim_start().starts_with('[');
    let (name, first) = if is_header {
        let header = header_of(line);
        let first = lines_with_offset(&text[..span.start])
            .find(|(_, earlier)| {
                earlier.trim_start().starts_with('[') && normal(header_of(earlier)) == normal(header)
            })
            .map(|(offset, earlier)| offset..offset + earlier.trim_end().len());
        (format!("[{}]", header.trim()), first)
    } else {
        let table = text[..span.start].rfind("\n[").map_or(0, |newline| newline + 1);
        let first = lines_with_offset(&text[table..span.start])
            .filter_map(|(offset, earlier)| {
                let start = earlier.len() - earlier.trim_start().len();
                let rest = earlier.trim_start().strip_prefix(key.as_str())?;
                rest.trim_start()
                    .starts_with(['=', '.'])
                    .then(|| table + offset + start..table + offset + start + key.len())
            })
            .next();
        (key, first)
    };
    let diagnostic = Diagnostic::error(codes::TWICE, format!("{name} is defined twice"))
        .help("give one of them another name, or put them together");
    let span = Span::new(file, span);
    let diagnostic = match first {
        Some(first) => diagnostic.at(report.location(Span::new(file, first)), "first here"),
        None => diagnostic,
    };
    report.say(span, "again here", diagnostic);
}

fn lines_with_offset(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |offset, line| {
        let start = *offset;
        *offset += line.len();
        Some((start, line))
    })
}

/// What stands between the brackets of a header.
fn header_of(line: &str) -> &str {
    let inner = line.trim_start().trim_start_matches('[');
    inner.split(']').next().unwrap_or(inner)
}

fn normal(header: &str) -> String {
    header
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '"' && *character != '\'')
        .collect()
}

fn not_toml(
    file: u32,
    line_start: usize,
    span: Range<usize>,
    line: &str,
    message: &str,
    report: &mut Report,
) {
    // An empty place at the end of a line gets a caret under the last character's successor.
    let at = |bytes: Range<usize>| Span::new(file, bytes);
    if message.starts_with("string values must be quoted") {
        return unquoted(file, line_start, span, line, report);
    }
    if message.starts_with("invalid unquoted key") {
        let key = line
            .get(span.start.saturating_sub(line_start)..span.end.saturating_sub(line_start))
            .unwrap_or_default();
        if report.is_hidden(at(span.clone())) {
            report.say(
                at(span),
                "",
                Diagnostic::error(codes::SYNTAX, "TOML wants quotes around this key"),
            );
            return;
        }
        let mut diagnostic = Diagnostic::error(codes::SYNTAX, "TOML wants quotes around this key");
        if !key.contains(['"', '\'']) {
            diagnostic = diagnostic
                .help(format!("\"{key}\" = ..."))
                .fix(report.location(at(span.clone())), format!("\"{key}\""));
        }
        report.say(at(span), "not a bare key", diagnostic);
        return;
    }
    let is_word = [
        "invalid boolean",
        "invalid float",
        "invalid integer",
        "invalid number",
        "invalid datetime",
        "invalid mantissa",
        "invalid exponent",
    ]
    .iter()
    .any(|begin| message.starts_with(begin));
    if let Some(start) = is_word
        .then(|| start_of_value(line, span.start.saturating_sub(line_start)))
        .flatten()
    {
        let start = line_start + start;
        return unquoted(file, line_start, start..start, line, report);
    }
    let (sentence, expected) = match message.split_once(", expected ") {
        Some((sentence, expected)) => (sentence, Some(expected)),
        None => (message, None),
    };
    let sentence = match sentence {
        "invalid basic string" | "invalid literal string" if span.is_empty() => "this text is not closed",
        "invalid multi-line basic string" | "invalid multi-line literal string" if span.is_empty() => {
            "this text of several lines is not closed"
        }
        "unclosed table" => "this header is not closed",
        "unclosed array" => "this list is not closed",
        "unclosed inline table" => "this table is not closed",
        "missing escaped value" | "too few unicode value digits" | "invalid escape sequence" => {
            "there is no such escape"
        }
        "key with no value" => "this key has no value",
        "unexpected key or value" => "there is something behind the value that does not belong there",
        other => other,
    };
    let label = match expected {
        Some("nothing") | None => String::new(),
        Some(_) if sentence == "there is no such escape" => String::new(),
        Some(expected) => format!("expected {}", expected.replace('`', "")),
    };
    let diagnostic = Diagnostic::error(codes::SYNTAX, sentence);
    let diagnostic = match sentence {
        "there is no such escape" => diagnostic.help("a backslash is written \\\\, or use '...' quotes"),
        "this key has no value" => diagnostic.help("key = value, or [type.name] to begin a table"),
        _ => diagnostic,
    };
    report.say(at(span), label, diagnostic);
}

/// Where the value begins that stands at a place of a line.
fn start_of_value(line: &str, at: usize) -> Option<usize> {
    let before = line.get(..at)?;
    let sign = before.rfind(['=', ',', '['])?;
    let blanks = line[sign + 1..].len() - line[sign + 1..].trim_start().len();
    Some(sign + 1 + blanks)
}

/// A text or a reference without quotes.
fn unquoted(file: u32, line_start: usize, span: Range<usize>, line: &str, report: &mut Report) {
    let start = span.start.saturating_sub(line_start);
    let rest = line.get(start..).unwrap_or_default();
    let (value, help) = match rest.strip_prefix("${").and_then(|inner| inner.find('}')) {
        Some(end) => (&rest[..end + 3], "references are text: "),
        None => {
            let end = rest.find(['#', ',', ']', '}', '\n', '\r']).unwrap_or(rest.len());
            (rest[..end].trim_end(), "")
        }
    };
    let value = if value.is_empty() { rest.trim_end() } else { value };
    if value.is_empty() {
        let diagnostic = Diagnostic::error(codes::SYNTAX, "this key has no value")
            .help("key = value, or [type.name] to begin a table");
        report.say(Span::new(file, span), "", diagnostic);
        return;
    }
    let at = Span::new(file, span.start..span.start + value.len());
    let what = match value {
        "True" | "TRUE" | "False" | "FALSE" => "true and false are written in small letters",
        _ => "text must stand in quotes",
    };
    let mut diagnostic = Diagnostic::error(codes::SYNTAX, what);
    if report.is_hidden(at) {
        diagnostic = diagnostic.help("and a secret must not be written here: { env = \"NAME\" }");
    } else if !value.contains(['"', '\\']) {
        let quoted = match value {
            "True" | "TRUE" | "yes" | "on" => "true".to_owned(),
            "False" | "FALSE" | "no" | "off" => "false".to_owned(),
            _ => format!("\"{value}\""),
        };
        diagnostic = diagnostic
            .help(format!("{help}{quoted}"))
            .fix(report.location(at), quoted);
    }
    report.say(at, "", diagnostic);
}

/// Warns about line ends and trailing commas inside `{...}`: TOML 1.1 allows them, editors and other parsers
/// mostly do not yet.
pub(super) fn warn_of_newer_toml(file: u32, text: &str, report: &mut Report) {
    let bytes = text.as_bytes();
    let mut open: Vec<(u8, usize)> = Vec::new();
    let mut index = 0;
    let mut last = b' ';
    while index < bytes.len() {
        let byte = bytes[index];
        match byte {
            b'#' => {
                index += text[index..].find('\n').unwrap_or(text.len() - index);
                continue;
            }
            b'"' | b'\'' => {
                index = end_of_text(bytes, index);
                last = byte;
                continue;
            }
            b'[' | b'{' => open.push((byte, index)),
            b'\n' | b'}' => {
                let newer = (byte == b'\n' || last == b',')
                    && open.last().is_some_and(|(bracket, _)| *bracket == b'{');
                if newer && let Some((_, start)) = open.last() {
                    let diagnostic = Diagnostic::warning(
                        codes::NEWER_TOML,
                        "a table in braces over several lines or with a comma at its end is TOML 1.1",
                    )
                    .help("many editors show this as a mistake; put it on one line, or use a [table]");
                    report.say(Span::new(file, *start..*start + 1), "", diagnostic);
                }
                if byte == b'}' {
                    open.pop();
                }
            }
            b']' => {
                open.pop();
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
        index += 1;
    }
}

/// The byte behind a text that begins here.
fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let long = bytes.get(start..start + 3) == Some(&[quote; 3]);
    let mut index = start + if long { 3 } else { 1 };
    while index < bytes.len() {
        match bytes[index] {
            b'\\' if quote == b'"' => index += 1,
            byte if byte == quote && !long => return index + 1,
            byte if byte == quote && bytes.get(index..index + 3) == Some(&[quote; 3]) => return index + 3,
            b'\n' if !long => return index,
            _ => {}
        }
        index += 1;
    }
    bytes.len()
}
