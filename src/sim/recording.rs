//! Recordings: what came and what was answered, line by line, so that it can be told to a fresh cloud and compared byte
//! for byte. No signature, key secret, password or text for a server is in one: what stands for such a text in the
//! recording has its length and its kinds of characters, and is another in each recording. Does not know actions.

use std::fmt;
use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::clock::UnixMillis;
use super::node::write_json_text;
use super::options::AccountLimits;

/// The number of this form.
pub(super) const FORMAT: u32 = 1;

/// Parameters and fields that hold what is nobody's business, by the last part of their names.
const SECRET: &[&str] = &[
    "Password",
    "UserData",
    "CommandContent",
    "Plaintext",
    "SecretData",
];
/// Those of them that hold base64.
const ENCODED: &[&str] = &["UserData", "CommandContent"];
/// Fields that the cloud makes up itself: they are left out on both sides.
const MADE_UP: &[&str] = &["PrivateKeyBody", "AccessKeySecret"];

/// The first line: what the cloud was told at the start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    pub(super) infra_sim_recording: u32,
    pub(super) seed: u64,
    pub(super) region: String,
    pub(super) speed: String,
    pub(super) latency_ms: u64,
    pub(super) read_lag_ms: u64,
    pub(super) token_life_ms: u64,
    pub(super) sold_out: Vec<String>,
    pub(super) catalogues: Vec<String>,
    pub(super) quotas: Vec<String>,
    pub(super) faults: Vec<String>,
    pub(super) access_key_ids: Vec<String>,
    #[serde(default)]
    pub(super) account: AccountLimits,
    #[serde(default)]
    pub(super) troubles: Vec<String>,
}

/// One line behind the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    pub(super) at: UnixMillis,
    #[serde(flatten)]
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum What {
    /// A request whose sender was believed, and its answer.
    Request(Told),
    /// A request that was not believed. It is not kept; it only counts.
    Unbelieved(u16),
    /// Somebody looked at the world: time has passed until then.
    Look(()),
    /// An order to the control plane, as path and body.
    Control((String, String)),
}

/// What is kept of a request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    pub(super) access_key_id: String,
    pub(super) host: String,
    /// Whether the answer is JSON; XML otherwise.
    pub(super) json: bool,
    pub(super) version: String,
    pub(super) action: String,
    /// Parameters without those of the wire.
    pub(super) params: Vec<(String, String)>,
    #[serde(default)]
    pub(super) status: u16,
    #[serde(default)]
    pub(super) body: String,
}

/// Writes a recording.
pub(super) struct Recorder {
    out: Box<dyn Write + Send>,
    key: [u8; 32],
}

impl fmt::Debug for Recorder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Recorder")
    }
}

impl Recorder {
    /// Begins a recording. What stands for secrets follows from `key`, which is kept nowhere.
    pub(super) fn new(mut out: Box<dyn Write + Send>, key: [u8; 32], begin: &Begin) -> std::io::Result<Self> {
        write_line(&mut out, begin)?;
        Ok(Self { out, key })
    }

    pub(super) fn note(&mut self, at: UnixMillis, what: What) -> std::io::Result<()> {
        let what = match what {
            What::Request(mut told) => {
                for (name, value) in &mut told.params {
                    if let Some(secret) = secret_name(name) {
                        *value = self.stand_in(secret, value);
                    }
                }
                told.body = self.without_secrets(&told.body);
                What::Request(told)
            }
            other => other,
        };
        write_line(&mut self.out, &Event { at, what })
    }

    /// A text of the same length and kinds of characters, which follows from the text and the recording's key.
    fn stand_in(&self, name: &str, text: &str) -> String {
        if ENCODED.contains(&name)
            && let Ok(bytes) = STANDARD.decode(text)
        {
            return STANDARD.encode(self.alike(name, &bytes));
        }
        String::from_utf8(self.alike(name, text.as_bytes())).unwrap_or_default()
    }

    /// Letters and digits are exchanged for others of their kind, all else stays.
    fn alike(&self, name: &str, bytes: &[u8]) -> Vec<u8> {
        let block = |number: usize| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
            mac.update(&(number as u64).to_le_bytes());
            mac.update(name.as_bytes());
            mac.update(&[0]);
            mac.update(bytes);
            mac.finalize().into_bytes()
        };
        let mut current = block(0);
        bytes
            .iter()
            .enumerate()
            .map(|(place, byte)| {
                if place > 0 && place % 32 == 0 {
                    current = block(place / 32);
                }
                let number = current[place % 32];
                match byte {
                    b'A'..=b'Z' => b'A' + number % 26,
                    b'a'..=b'z' => b'a' + number % 26,
                    b'0'..=b'9' => b'0' + number % 10,
                    other => *other,
                }
            })
            .collect()
    }

    /// An answer with stand-ins for the secrets in it, and without what the cloud makes up.
    fn without_secrets(&self, body: &str) -> String {
        let names = SECRET.iter().filter(|name| body.contains(**name));
        names.fold(without_made_up(body), |body, name| {
            exchange(&body, name, |text| self.stand_in(name, text))
        })
    }
}

/// An answer without the secrets that the cloud makes up itself.
pub(super) fn without_made_up(body: &str) -> String {
    let names = MADE_UP.iter().filter(|name| body.contains(**name));
    names.fold(body.to_owned(), |body, name| {
        exchange(&body, name, |_| String::new())
    })
}

/// The entry of the list of secrets that a parameter's name ends with.
fn secret_name(name: &str) -> Option<&'static str> {
    let last = name.rsplit('.').next().unwrap_or(name);
    SECRET.iter().copied().find(|secret| last.ends_with(secret))
}

/// Whether a parameter's value is nobody's business.
pub(super) fn is_secret(name: &str) -> bool {
    secret_name(name).is_some()
}

/// The body with another text in each text field of this name, in JSON and in XML.
fn exchange(body: &str, name: &str, other: impl Fn(&str) -> String) -> String {
    let json = format!("\"{name}\":\"");
    let xml = format!("<{name}>");
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    loop {
        let found = [(rest.find(&json), true), (rest.find(&xml), false)]
            .into_iter()
            .filter_map(|(at, is_json)| Some((at?, is_json)))
            .min();
        let Some((at, is_json)) = found else { break };
        let begin = at + if is_json { json.len() } else { xml.len() };
        let end = begin
            + if is_json {
                end_of_json_text(&rest[begin..])
            } else {
                rest[begin..].find('<').unwrap_or(rest.len() - begin)
            };
        out.push_str(&rest[..begin]);
        let text = &rest[begin..end];
        if is_json {
            let plain: String = serde_json::from_str(&format!("\"{text}\"")).unwrap_or_default();
            let mut quoted = String::new();
            write_json_text(&mut quoted, &other(&plain));
            out.push_str(&quoted[1..quoted.len() - 1]);
        } else {
            out.push_str(&other(text));
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// How long a JSON text is, up to its closing quote.
fn end_of_json_text(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    text.len()
}

fn write_line(out: &mut Box<dyn Write + Send>, line: &impl Serialize) -> std::io::Result<()> {
    let mut text = serde_json::to_string(line).map_err(std::io::Error::other)?;
    text.push('\n');
    out.write_all(text.as_bytes())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorder(key: u8) -> Recorder {
        Recorder {
            out: Box::new(std::io::sink()),
            key: [key; 32],
        }
    }

    #[test]
    fn a_stand_in_has_the_form_of_what_it_stands_for_and_nothing_else() {
        let one = recorder(1);
        let secret = "Geheim-123/xyZ 中";
        let stand_in = one.stand_in("Password", secret);
        assert_ne!(stand_in, secret);
        let kinds = |text: &str| {
            text.chars()
                .map(|symbol| match symbol {
                    'A'..='Z' => 'A',
                    'a'..='z' => 'a',
                    '0'..='9' => '0',
                    other => other,
                })
                .collect::<String>()
        };
        assert_eq!(kinds(&stand_in), kinds(secret));
        assert_eq!(one.stand_in("Password", secret), stand_in);
        assert_ne!(recorder(2).stand_in("Password", secret), stand_in);
        assert_ne!(one.stand_in("Password", "Geheim-124/xyZ 中"), stand_in);
        let long = "#!/bin/sh\necho hello\n".repeat(20);
        let encoded = one.stand_in("UserData", &STANDARD.encode(&long));
        let plain = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
        assert_eq!(kinds(&plain), kinds(&long));
        assert_ne!(plain, long);
    }

    #[test]
    fn answers_lose_their_secrets_in_both_forms() {
        let one = recorder(1);
        let body = r#"{"A":[{"UserData":"aGVsbG8h","B":"UserData"},{"UserData":""}],"PrivateKeyBody":"-----\n\"x\""}"#;
        let told = one.without_secrets(body);
        let want = one.stand_in("UserData", "aGVsbG8h");
        assert_eq!(
            told,
            format!(
                r#"{{"A":[{{"UserData":"{want}","B":"UserData"}},{{"UserData":""}}],"PrivateKeyBody":""}}"#
            )
        );
        let xml = "<R><UserData>aGVsbG8h</UserData><PrivateKeyBody>secret</PrivateKeyBody></R>";
        assert_eq!(
            one.without_secrets(xml),
            format!("<R><UserData>{want}</UserData><PrivateKeyBody></PrivateKeyBody></R>")
        );
        // What stands in is not exchanged again when the answer of a replay is compared.
        assert_eq!(without_made_up(&told), told);
    }

    #[test]
    fn passwords_are_found_by_the_end_of_their_names() {
        for name in [
            "Password",
            "LaunchTemplateData.Password",
            "VncPassword",
            "LaunchConfig.1.UserData",
        ] {
            assert!(secret_name(name).is_some(), "{name}");
        }
        assert!(secret_name("PasswordInherit").is_none());
    }
}
