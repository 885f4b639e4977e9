//! Secret keys that are written out, wherever they stand: an access key, a private key. They are hidden, and told.
//!
//! Does not know where secrets may stand.

use super::report::{Report, Span};
use crate::diagnostic::{Diagnostic, codes};

/// How ids of access keys begin, and how many characters follow at least.
const ACCESS_KEYS: &[(&str, usize)] = &[("LTAI", 12), ("AKIA", 16), ("ASIA", 16)];

const BEGIN: &str = "-----BEGIN ";
const PRIVATE: &str = "PRIVATE KEY-----";

/// Tells of what looks like a key in a text, and hides it.
pub(super) fn find(file: u32, text: &str, report: &mut Report) {
    for (prefix, least) in ACCESS_KEYS {
        for (start, _) in text.match_indices(prefix) {
            let is_part = |letter: char| letter.is_ascii_alphanumeric();
            if text[..start].ends_with(is_part) {
                continue;
            }
            let rest = &text[start + prefix.len()..];
            let length = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
            let has_digit = rest[..length].bytes().any(|byte| byte.is_ascii_digit());
            if length >= *least && length <= 64 && has_digit {
                let span = Span::new(file, start..start + prefix.len() + length);
                tell(span, "an access key", report);
            }
        }
    }
    for (start, _) in text.match_indices(BEGIN) {
        let line = text[start..].lines().next().unwrap_or_default();
        if !line.contains(PRIVATE) {
            continue;
        }
        let end = text[start + line.len()..]
            .find("-----END ")
            .map_or(text.len(), |end| start + line.len() + end);
        report.hide(Span::new(file, start..end));
        tell(
            Span::new(file, start..start + line.len()),
            "a private key",
            report,
        );
    }
}

fn tell(span: Span, what: &str, report: &mut Report) {
    report.hide(span);
    let diagnostic = Diagnostic::warning(codes::LIKE_A_KEY, format!("this looks like {what}"))
        .help("take it out, and revoke it: whoever can read this file can use it");
    report.say(span, "", diagnostic);
}
