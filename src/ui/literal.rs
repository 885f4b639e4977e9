//! Values as people write them: strings quoted, numbers bare, what is not known in words.
//!
//! Does not know where a value stands.

use sha2::{Digest as _, Sha256};

use super::text::{DIM, PLAIN, Run, quoted, toml_key};
use crate::value::Value;

/// The words for a value that only a step will give; people search for exactly these.
pub(super) const UNKNOWN: &str = "(known after apply)";
pub(super) const NONE: &str = "(none)";
pub(super) const SENSITIVE: &str = "(sensitive)";

/// How the state marks the keyed hash that it keeps instead of a text.
const FINGERPRINT: &str = "hmac-sha256:";

/// Whether a value is only the keyed hash of what it stands for.
pub(super) fn is_fingerprint(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(FINGERPRINT))
}

/// A value, or the word for none, in pieces between which a line may be broken.
pub(super) fn runs(value: Option<&Value>) -> Vec<Run> {
    match value {
        None => vec![Run::new(DIM, NONE)],
        Some(value) => {
            let mut runs = Vec::new();
            write(value, &mut runs);
            runs
        }
    }
}

/// A value on one line.
pub(super) fn text(value: Option<&Value>) -> String {
    runs(value).into_iter().map(|run| run.text).collect()
}

fn write(value: &Value, runs: &mut Vec<Run>) {
    match value {
        Value::Bool(truth) => runs.push(Run::new(PLAIN, truth.to_string())),
        Value::Integer(number) => runs.push(Run::new(PLAIN, number.to_string())),
        Value::String(text) if is_fingerprint(value) => {
            // A plan file says how long the text was.
            let length = text
                .split_once(" (")
                .map_or("", |(_, length)| length.trim_end_matches(')'));
            let comma = if length.is_empty() { "" } else { "; " };
            runs.push(Run::new(DIM, format!("({length}{comma}only its hash is kept)")));
        }
        Value::String(text) => runs.push(Run::new(PLAIN, quoted(text))),
        Value::Bytes(bytes) => runs.push(Run::new(PLAIN, bytes_in_words(bytes))),
        Value::List(items) => {
            runs.push(Run::new(PLAIN, "["));
            for (index, item) in items.iter().enumerate() {
                write(item, runs);
                if index + 1 < items.len() {
                    comma(runs);
                }
            }
            runs.push(Run::new(PLAIN, "]"));
        }
        Value::Map(map) if map.is_empty() => runs.push(Run::new(PLAIN, "{}")),
        Value::Map(map) => {
            runs.push(Run::new(PLAIN, "{ "));
            for (index, (name, item)) in map.iter().enumerate() {
                runs.push(Run::new(PLAIN, format!("{} = ", toml_key(name))));
                write(item, runs);
                if index + 1 < map.len() {
                    comma(runs);
                }
            }
            runs.push(Run::new(PLAIN, " }"));
        }
        Value::Secret(source) => {
            runs.push(Run::new(DIM, format!("{SENSITIVE}  ({source})")));
        }
        Value::Reference(_) | Value::Template(_) | Value::Token => runs.push(Run::new(DIM, UNKNOWN)),
        Value::Base64(inner) | Value::JsonText(inner) => write(inner, runs),
    }
}

/// A comma, behind which a line may end.
fn comma(runs: &mut Vec<Run>) {
    runs.push(Run {
        style: PLAIN,
        text: ", ".to_owned(),
        may_break: true,
    });
}

/// What can be told of bytes that are no text: `sha256:1f3a9c0e (2.1 KB)`.
pub(super) fn bytes_in_words(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let start: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{start} ({})", size(bytes.len()))
}

/// `312 B`, `2.1 KB`.
#[expect(clippy::cast_precision_loss, reason = "one digit behind the point is shown")]
fn size(bytes: usize) -> String {
    if bytes < 1000 {
        format!("{bytes} B")
    } else {
        format!("{:.1} KB", bytes as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Attributes, SecretSource};

    #[test]
    fn values_look_like_toml() {
        let map: Attributes = [
            ("size".to_owned(), Value::from(40)),
            ("负责人".to_owned(), Value::from("李雷")),
        ]
        .into();
        for (value, expected) in [
            (Value::from(true), "true"),
            (Value::from(-3), "-3"),
            (Value::from(""), "\"\""),
            (Value::from("a \"b\"\n"), "\"a \\\"b\\\"\\n\""),
            (
                Value::List(vec!["a".into(), Value::Token, 1.into()]),
                "[\"a\", (known after apply), 1]",
            ),
            (Value::List(vec![]), "[]"),
            (Value::Map(map), "{ size = 40, \"负责人\" = \"李雷\" }"),
            (Value::Map(Attributes::new()), "{}"),
            (
                Value::Secret(SecretSource::Env("WEB_PASSWORD".into())),
                "(sensitive)  (env WEB_PASSWORD)",
            ),
            (Value::from("hmac-sha256:0123456789"), "(only its hash is kept)"),
            (Value::Bytes(vec![0; 2100]), "sha256:8dd6c05a (2.1 KB)"),
        ] {
            let shown = text(Some(&value));
            assert_eq!(shown, expected);
        }
        assert_eq!(text(None), "(none)");
    }
}
