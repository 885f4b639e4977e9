//! Parameters of a step as they go over the wire: filled in and flattened.
//!
//! Does not know which action they belong to.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::plan::bytes_of;
use crate::value::{Attributes, SecretSource, Value};

/// Reads a secret from where its source says.
pub(crate) type SecretReader<'a> = &'a dyn Fn(&SecretSource) -> Result<String, String>;

/// The parameters of one call, twice: as sent, and as the journal may keep them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flat {
    pub(super) sent: BTreeMap<String, String>,
    /// The same with secrets and long text replaced by their fingerprints.
    pub(super) sealed: BTreeMap<String, String>,
}

/// Parameters as they are sent, where there is no operation yet whose token they could carry. The error says what is
/// missing.
pub(crate) fn wire_params(
    params: &Attributes,
    secret: SecretReader<'_>,
) -> Result<BTreeMap<String, String>, String> {
    flatten(params, None, secret, &|_| String::new()).map(|flat| flat.sent)
}

/// Flattens parameters: lists become `Name.1`, maps `Name.Field`. The error says what is missing.
pub(super) fn flatten(
    params: &Attributes,
    token: Option<&str>,
    secret: SecretReader<'_>,
    fingerprint: &dyn Fn(&[u8]) -> String,
) -> Result<Flat, String> {
    let mut flattening = Flattening {
        token,
        secret,
        fingerprint,
        flat: Flat {
            sent: BTreeMap::new(),
            sealed: BTreeMap::new(),
        },
    };
    for (name, value) in params {
        flattening.value(name.as_str().to_owned(), value)?;
    }
    Ok(flattening.flat)
}

struct Flattening<'a> {
    token: Option<&'a str>,
    secret: SecretReader<'a>,
    fingerprint: &'a dyn Fn(&[u8]) -> String,
    flat: Flat,
}

impl Flattening<'_> {
    fn value(&mut self, name: String, value: &Value) -> Result<(), String> {
        match value {
            Value::Bool(truth) => self.put(name, truth.to_string()),
            Value::Integer(number) => self.put(name, number.to_string()),
            Value::String(text) => self.put(name, text.to_string()),
            Value::Token => {
                let token = self
                    .token
                    .ok_or_else(|| format!("{name} needs a token and there is none"))?;
                self.put(name, token.to_owned());
            }
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(format!("{name}.{}", index + 1), item)?;
                }
            }
            Value::Map(map) => {
                for (key, item) in map {
                    self.value(format!("{name}.{key}"), item)?;
                }
            }
            Value::Secret(source) => {
                let text = (self.secret)(source)?;
                self.flat
                    .sealed
                    .insert(name.clone(), (self.fingerprint)(text.as_bytes()));
                self.flat.sent.insert(name, text);
            }
            Value::Base64(inner) => {
                let bytes = bytes_of(inner).ok_or_else(|| format!("{name} is not known yet"))?;
                self.flat.sealed.insert(name.clone(), (self.fingerprint)(bytes));
                self.flat.sent.insert(name, STANDARD.encode(bytes));
            }
            Value::JsonText(inner) if !inner.is_known() => return Err(format!("{name} is not known yet")),
            Value::JsonText(inner) => self.put(name, inner.to_json().to_string()),
            Value::Bytes(_) => return Err(format!("{name} takes text, not bytes")),
            Value::Reference(reference) => {
                return Err(format!("{name} needs {reference}, which is not known yet"));
            }
            Value::Template(_) => return Err(format!("{name} is not known yet")),
        }
        Ok(())
    }

    fn put(&mut self, name: String, text: String) {
        self.flat.sealed.insert(name.clone(), text.clone());
        self.flat.sent.insert(name, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_maps_and_secrets_are_flattened() {
        let params = Attributes::from([
            (
                "InstanceIds".to_owned(),
                Value::JsonText(Box::new(Value::List(vec!["i-1".into()]))),
            ),
            (
                "Password".to_owned(),
                Value::Secret(SecretSource::Env("X".into())),
            ),
            (
                "Tag".to_owned(),
                Value::List(vec![Value::Map(Attributes::from([(
                    "Value".to_owned(),
                    Value::Token,
                )]))]),
            ),
            ("UserData".to_owned(), Value::Base64(Box::new("#!".into()))),
        ]);
        let flat = flatten(&params, Some("infra-t"), &|_| Ok("s3cret".into()), &|bytes| {
            format!("hash:{}", bytes.len())
        })
        .unwrap();
        assert_eq!(flat.sent["InstanceIds"], "[\"i-1\"]");
        assert_eq!(flat.sent["Tag.1.Value"], "infra-t");
        assert_eq!(flat.sent["UserData"], "IyE=");
        assert_eq!(flat.sent["Password"], "s3cret");
        assert_eq!(flat.sealed["Password"], "hash:6");
        assert_eq!(flat.sealed["UserData"], "hash:2");
    }

    #[test]
    fn what_is_not_known_is_an_error_and_never_sent() {
        let params = Attributes::from([("X".to_owned(), Value::Template(Vec::new()))]);
        assert!(flatten(&params, None, &|_| Err("no".into()), &|_| String::new()).is_err());
    }
}
