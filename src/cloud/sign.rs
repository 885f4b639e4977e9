//! The RPC signature 1.0 (HMAC-SHA1), from the vendor's own description; proved stage by stage by the requests of
//! official clients in `tests/vectors/rpc.json`.
//!
//! Does not know time, chance, actions or how a request is sent: every parameter is given.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

use super::secret::Credentials;

/// Percent-encodes UTF-8: letters, digits and `-_.~` stay, every other byte becomes `%XX`.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + text.len() / 4);
    encode_into(text, &mut encoded);
    encoded
}

fn encode_into(text: &str, encoded: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// The canonical form: names in byte order, each `name=value` encoded, joined by `&`. Also a valid form body.
pub(crate) fn canonical<'a>(params: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut sorted: Vec<(&str, &str)> = params.into_iter().collect();
    sorted.sort_unstable();
    let mut form = String::new();
    for (name, value) in sorted {
        if !form.is_empty() {
            form.push('&');
        }
        encode_into(name, &mut form);
        form.push('=');
        encode_into(value, &mut form);
    }
    form
}

/// What is signed; the path of an RPC request is always `/`.
pub(crate) fn string_to_sign(method: &str, canonical: &str) -> String {
    format!("{method}&%2F&{}", encode(canonical))
}

/// The signature of a string to sign, as base64.
pub(crate) fn signature(credentials: &Credentials, string_to_sign: &str) -> String {
    let key = credentials.signing_key();
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(string_to_sign.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// One request of an official client: what was sent, and each stage of its signature.
    #[derive(Deserialize)]
    struct Vector {
        id: String,
        access_key_secret: String,
        method: String,
        params: Vec<(String, String)>,
        canonical: String,
        string_to_sign: String,
        signature: String,
    }

    #[test]
    fn every_vector_agrees_at_every_stage() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../tests/vectors/rpc.json")).unwrap();
        assert!(vectors.len() >= 34, "only {} vectors", vectors.len());
        for vector in vectors {
            let credentials = Credentials::new("unused", vector.access_key_secret, None);
            let params = vector
                .params
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            let canonical = canonical(params);
            assert_eq!(canonical, vector.canonical, "canonical form of {}", vector.id);
            let text = string_to_sign(&vector.method, &canonical);
            assert_eq!(text, vector.string_to_sign, "string to sign of {}", vector.id);
            assert_eq!(
                signature(&credentials, &text),
                vector.signature,
                "signature of {}",
                vector.id
            );
        }
    }

    #[test]
    fn names_sort_by_bytes_and_not_as_people_count() {
        let form = canonical([("Tag.10.Key", "a"), ("Tag.2.Key", "b"), ("Tag.1.Key", "")]);
        assert_eq!(form, "Tag.1.Key=&Tag.10.Key=a&Tag.2.Key=b");
    }

    #[test]
    fn every_byte_is_encoded_as_the_vendor_wants_it() {
        assert_eq!(encode("aZ09-_.~"), "aZ09-_.~");
        assert_eq!(encode(" *+/=&%\u{6d4b}\n"), "%20%2A%2B%2F%3D%26%25%E6%B5%8B%0A");
    }
}
