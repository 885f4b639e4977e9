//! Values as a plan file holds them: with what is not known yet, with the names of secrets, and with the hash of a text
//! in the place of the text.
//!
//! A value that is no plain one is a table with one key that begins with `$`. Does not know what a value is for.

use serde_json::{Map, Value as Json, json};

use super::Seal;
use crate::value::{Attributes, Part, Reference, SecretSource, Value};

/// What a plan file shows of a text that it does not hold: its keyed hash, and how long it is.
fn sealed(bytes: &[u8], seal: Seal<'_>) -> String {
    let lines = bytes.split(|byte| *byte == b'\n').count() - usize::from(bytes.ends_with(b"\n"));
    let noun = if lines == 1 { "line" } else { "lines" };
    format!("{} ({lines} {noun}, {} bytes)", seal(bytes), bytes.len())
}

/// A value; `is_text` seals every text in it.
pub(super) fn encode(value: &Value, is_text: bool, seal: Seal<'_>) -> Json {
    let inner = |value: &Value, is_text: bool| encode(value, is_text, seal);
    match value {
        Value::Bool(_) | Value::Integer(_) => value.to_json(),
        // What stands for a text already is not sealed once more: it would not be found again.
        Value::String(text) if is_text && !text.starts_with("hmac-sha256:") => {
            json!({ "$sealed": sealed(text.as_bytes(), seal) })
        }
        Value::String(text) => text.as_str().into(),
        Value::Bytes(bytes) => json!({ "$sealed": sealed(bytes, seal) }),
        Value::List(items) => items.iter().map(|item| inner(item, is_text)).collect(),
        Value::Map(map) => {
            let encoded: Map<String, Json> = map
                .iter()
                .map(|(name, item)| (name.to_string(), inner(item, is_text)))
                .collect();
            if map.keys().any(|name| name.starts_with('$')) {
                json!({ "$map": encoded })
            } else {
                encoded.into()
            }
        }
        Value::Secret(source) => json!({ "$secret": source }),
        Value::Reference(reference) => json!({ "$reference": reference }),
        Value::Template(parts) => {
            let parts: Vec<Json> = parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => inner(&Value::from(text.as_str()), is_text),
                    Part::Reference(reference) => json!({ "$reference": reference }),
                })
                .collect();
            json!({ "$template": parts })
        }
        Value::Token => json!({ "$token": true }),
        // Texts that go over the wire as base64 are scripts.
        Value::Base64(value) => json!({ "$base64": inner(value, true) }),
        Value::JsonText(value) => json!({ "$json": inner(value, is_text) }),
    }
}

/// Values by name.
pub(super) fn encode_all(attributes: &Attributes, is_text: &dyn Fn(&str) -> bool, seal: Seal<'_>) -> Json {
    let encoded: Map<String, Json> = attributes
        .iter()
        .map(|(name, value)| (name.to_string(), encode(value, is_text(name), seal)))
        .collect();
    encoded.into()
}

/// A value that was encoded; none if it is no such thing. A sealed one comes back as its hash.
pub(super) fn decode(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Array(items) => Value::List(items.iter().map(decode).collect::<Option<_>>()?),
        Json::Object(map) => match map.iter().next() {
            Some((key, inner)) if key.starts_with('$') && map.len() == 1 => special(key, inner)?,
            _ => Value::Map(decode_all(map)?),
        },
        plain => Value::from_json(plain)?,
    })
}

fn decode_all(map: &Map<String, Json>) -> Option<Attributes> {
    map.iter()
        .map(|(name, item)| Some((name.clone(), decode(item)?)))
        .collect()
}

fn special(key: &str, inner: &Json) -> Option<Value> {
    Some(match key {
        "$sealed" => Value::from(inner.as_str()?),
        "$map" => Value::Map(decode_all(inner.as_object()?)?),
        "$secret" => Value::Secret(serde_json::from_value::<SecretSource>(inner.clone()).ok()?),
        "$reference" => Value::from(serde_json::from_value::<Reference>(inner.clone()).ok()?),
        "$template" => Value::Template(inner.as_array()?.iter().map(part).collect::<Option<_>>()?),
        "$token" => Value::Token,
        "$base64" => Value::Base64(Box::new(decode(inner)?)),
        "$json" => Value::JsonText(Box::new(decode(inner)?)),
        _ => return None,
    })
}

fn part(json: &Json) -> Option<Part> {
    match decode(json)? {
        Value::Reference(reference) => Some(Part::Reference(*reference)),
        Value::String(text) => Some(Part::Text(text.into_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(_: &[u8]) -> String {
        "hmac-sha256:00".to_owned()
    }

    fn round(value: &Value) -> Option<Value> {
        decode(&encode(value, false, &seal))
    }

    #[test]
    fn what_is_written_is_read_back() {
        let reference = Reference {
            address: "vpc.main".parse().unwrap(),
            attribute: "id".to_owned(),
        };
        let odd = Attributes::from([("$secret".to_owned(), Value::from("no secret"))]);
        let nested = Attributes::from([
            ("$a".to_owned(), Value::Map(odd.clone())),
            ("b".to_owned(), 1.into()),
        ]);
        for value in [
            Value::Bool(true),
            Value::Integer(-3),
            Value::from("${x}"),
            Value::List(vec![Value::Map(Attributes::new()), Value::from("")]),
            Value::Map(odd),
            Value::Map(nested),
            Value::Secret(SecretSource::Env("X".to_owned())),
            Value::from(reference.clone()),
            Value::unknown(),
            Value::Template(vec![Part::Text("a-".to_owned()), Part::Reference(reference)]),
            Value::Token,
            Value::JsonText(Box::new(Value::List(vec![Value::from("a")]))),
        ] {
            assert_eq!(round(&value), Some(value.clone()), "{value:?}");
        }
    }

    #[test]
    fn no_text_is_held_that_is_a_script() {
        let script = Value::from("#!/bin/sh\necho hunter2\n");
        let template = Value::Template(vec![Part::Text("echo hunter2".to_owned())]);
        for value in [
            encode(&script, true, &seal),
            encode(&template, true, &seal),
            encode(&Value::Base64(Box::new(script.clone())), false, &seal),
            encode(&Value::Bytes(b"hunter2".to_vec()), false, &seal),
            encode(&Value::List(vec![script.clone()]), true, &seal),
        ] {
            assert!(!value.to_string().contains("hunter2"), "{value}");
        }
        let shown = round(&Value::Bytes(b"a\nb".to_vec()));
        assert_eq!(shown, Some(Value::from("hmac-sha256:00 (2 lines, 3 bytes)")));
    }
}
