//! What must never be shown of a file: whatever looks like a secret that is written out, and the values of sensitive
//! variables. It is found in the text itself, before anything is said about the file, because a mistake on the same line
//! must not show it and may be the reason why nothing else can be understood.
//!
//! Does not know what is shown.

use std::collections::BTreeSet;

use super::report::{Report, Span};

/// Hides the values behind keys that look secret, and behind these keys.
pub(super) fn hide(file: u32, text: &str, sensitive: &BTreeSet<String>, report: &mut Report) {
    for (begin, end) in words(text) {
        let key = &text[begin..end];
        let Some(value) = value_behind(text, begin, end) else {
            continue;
        };
        let is_secret = report.is_secret_key(key);
        if !is_secret && !sensitive.contains(key) && !report.looks_secret(key) {
            continue;
        }
        // A named source is no secret, and is worth showing.
        let named = value.strip_prefix('{').map(str::trim_start);
        if named.is_some_and(|named| named.starts_with("env") || named.starts_with("file")) {
            continue;
        }
        let start = text.len() - value.len();
        let span = Span::new(file, start..start + length_of_value(value));
        if is_secret {
            report.hide_secret(span);
        } else {
            report.hide(span);
        }
    }
}

/// Words that may be keys: where each begins and ends.
fn words(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() && !is_part(bytes[at]) {
            at += 1;
        }
        let begin = at;
        while at < bytes.len() && is_part(bytes[at]) {
            at += 1;
        }
        (begin < at).then_some((begin, at))
    })
}

/// The text from the value on, if the word is a key.
fn value_behind(text: &str, begin: usize, end: usize) -> Option<&str> {
    let rest = &text[end..];
    let is_quoted = text[..begin].ends_with(['"', '\'']);
    let rest = rest
        .strip_prefix(['"', '\''])
        .filter(|_| is_quoted)
        .unwrap_or(rest);
    let value = rest.trim_start_matches(BLANKS);
    if let Some(value) = value.strip_prefix('=') {
        return Some(value.trim_start_matches(BLANKS));
    }
    if !is_key_place(&text[..begin]) {
        return None;
    }
    // Where a key stands, another sign or none is a slip, and what follows is meant as the value.
    if value.len() < rest.len() {
        Some(value.trim_start_matches([' ', '\t', ':', '-', '>']))
    } else {
        value.starts_with(['"', '\'', ':']).then_some(value)
    }
}

/// The names of the variables that a text declares as sensitive, and hides their values in it. Only `sensitive = false`
/// says that one is not.
pub(super) fn hide_variables(file: u32, text: &str, report: &mut Report) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (start, block) in blocks(text) {
        let header = block.lines().next().unwrap_or_default().trim_start();
        let path: Vec<&str> = match header.strip_prefix('[') {
            Some(header) => {
                let inner = header.trim_start_matches('[');
                inner
                    .split(']')
                    .next()
                    .unwrap_or(inner)
                    .split('.')
                    .map(bare)
                    .collect()
            }
            None => Vec::new(),
        };
        let declares = path
            .first()
            .map_or(block.contains("var"), |first| *first == "var");
        if !declares || !says_sensitive(block) {
            continue;
        }
        if let Some(name) = path.get(1) {
            names.insert((*name).to_owned());
        } else {
            // Several variables in one table: which of them is meant is not worth the risk.
            let keys = words(block).filter(|(begin, end)| {
                let is_path = block[*end..].starts_with('.') || block[..*begin].ends_with('.');
                is_path || value_behind(block, *begin, *end).is_some()
            });
            let keys = keys.map(|(begin, end)| block[begin..end].to_owned());
            names.extend(keys.filter(|key| key != "var" && !OF_A_VARIABLE.contains(&key.as_str())));
        }
        for (begin, end) in
            words(block).filter(|(begin, end)| matches!(&block[*begin..*end], "default" | "allowed"))
        {
            if let Some(value) = value_behind(block, begin, end) {
                let from = start + block.len() - value.len();
                let length = if value.starts_with(['[', '{']) {
                    end_of_brackets(value)
                } else {
                    length_of_value(value)
                };
                report.hide(Span::new(file, from..from + length));
            }
        }
    }
    names
}

/// The keys of a variable's own table.
const OF_A_VARIABLE: &[&str] = &["type", "default", "description", "allowed", "sensitive"];

/// The tables of a text, each from its header to the next, with the place where it begins.
fn blocks(text: &str) -> Vec<(usize, &str)> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > 0 && line.trim_start().starts_with('[') {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| (*start, &text[*start..end]))
        .collect()
}

/// One part of a header, without quotes.
fn bare(part: &str) -> &str {
    part.trim().trim_matches(['"', '\''])
}

fn says_sensitive(block: &str) -> bool {
    block.match_indices("sensitive").any(|(begin, word)| {
        let rest = block[begin + word.len()..].trim_start_matches(['"', '\'', ' ', '\t', '=', ':']);
        !rest.starts_with("false")
    })
}

/// How far a list or a table in braces reaches; to the end of the text if it is not closed.
fn end_of_brackets(value: &str) -> usize {
    let mut depth = 0_usize;
    for (index, letter) in value.char_indices() {
        match letter {
            '[' | '{' => depth += 1,
            ']' | '}' => {
                depth -= 1;
                if depth == 0 {
                    return index + 1;
                }
            }
            _ => {}
        }
    }
    value.len()
}

const BLANKS: [char; 2] = [' ', '\t'];

/// Whether a key may stand behind this: at the beginning of a line, or in a table in braces.
fn is_key_place(before: &str) -> bool {
    let before = before.strip_suffix(['"', '\'']).unwrap_or(before);
    let before = before.trim_end_matches(BLANKS);
    before.is_empty() || before.ends_with(['\n', '{', ',', '#'])
}

/// How far a value reaches, at least: to the end of its text, or of its line.
fn length_of_value(value: &str) -> usize {
    for quotes in ["\"\"\"", "'''"] {
        if let Some(inner) = value.strip_prefix(quotes) {
            return inner
                .find(quotes)
                .map_or(value.len(), |end| end + 2 * quotes.len());
        }
    }
    let line = value.find('\n').unwrap_or(value.len());
    let closed = value
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))
        .and_then(|quote| Some(value[1..line].find(quote)? + 2));
    match closed {
        // What follows shows that the text ends there.
        Some(end)
            if value[end..line]
                .trim_start()
                .chars()
                .next()
                .is_none_or(|next| matches!(next, ',' | '}' | '#')) =>
        {
            end
        }
        _ => line,
    }
}
