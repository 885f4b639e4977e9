//! Signatures, checked from the vendor's description alone: RPC 1.0 (HMAC-SHA1) and ACS3-HMAC-SHA256.
//! Does not know accounts or actions, and repairs nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::refusal::Refusal;
use super::wire::{RawRequest, encode, encode_into};

/// Checks a version 1.0 signature over every decoded query and form parameter except `Signature` itself.
pub(super) fn rpc(method: &str, params: &[(String, String)], secret: &str) -> Result<(), Refusal> {
    let to_sign = rpc_string_to_sign(method, params);
    let given = params
        .iter()
        .find(|(name, _)| name == "Signature")
        .map_or("", |(_, value)| value.as_str());
    let given = STANDARD.decode(given).map_err(|_| mismatch(&to_sign))?;
    // The key of this scheme is the secret with one `&` behind it.
    let mut mac = Hmac::<Sha1>::new_from_slice(format!("{secret}&").as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(to_sign.as_bytes());
    mac.verify_slice(&given).map_err(|_| mismatch(&to_sign))
}

fn rpc_string_to_sign(method: &str, params: &[(String, String)]) -> String {
    let mut pairs: Vec<(&str, &str)> = params
        .iter()
        .filter(|(name, _)| name != "Signature")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    pairs.sort_unstable();
    format!("{method}&%2F&{}", encode(&canonical_pairs(&pairs)))
}

fn canonical_pairs(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        encode_into(&mut out, name);
        out.push('=');
        encode_into(&mut out, value);
    }
    out
}

/// The parts of an `Authorization: ACS3-HMAC-SHA256 ...` header.
#[derive(Debug)]
pub(super) struct Authorization<'a> {
    pub(super) access_key_id: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

/// Reads the header; `None` when a part is missing or unknown.
pub(super) fn authorization(header: &str) -> Option<Authorization<'_>> {
    let rest = header.strip_prefix("ACS3-HMAC-SHA256")?.trim_start();
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for part in rest.split(',') {
        let (name, value) = part.trim().split_once('=')?;
        match name {
            "Credential" => credential = Some(value),
            "SignedHeaders" => signed_headers = Some(value.split(';').collect()),
            "Signature" => signature = Some(value),
            _ => return None,
        }
    }
    Some(Authorization {
        access_key_id: credential?,
        signed_headers: signed_headers?,
        signature: signature?,
    })
}

/// Checks an ACS3 signature over method, path, query, the listed headers and the hash of the raw body.
pub(super) fn acs3(
    request: &RawRequest,
    query: &[(String, String)],
    authorization: &Authorization<'_>,
    secret: &str,
) -> Result<(), Refusal> {
    let body_hash = hex(&Sha256::digest(&request.body));
    let canonical = acs3_canonical_request(request, query, &authorization.signed_headers, &body_hash);
    let to_sign = format!("ACS3-HMAC-SHA256\n{}", hex(&Sha256::digest(canonical.as_bytes())));
    let listed = |name: &str| authorization.signed_headers.contains(&name);
    let unsigned = request.headers.iter().any(|(name, _)| {
        let name = name.to_ascii_lowercase();
        // Every common header that is present must be signed.
        (name == "host" || name.starts_with("x-acs-")) && !listed(&name)
    });
    if unsigned || !listed("host") || request.header("x-acs-content-sha256") != Some(body_hash.as_str()) {
        return Err(mismatch(&to_sign));
    }
    let given = unhex(authorization.signature).ok_or_else(|| mismatch(&to_sign))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(to_sign.as_bytes());
    mac.verify_slice(&given).map_err(|_| mismatch(&to_sign))
}

fn acs3_canonical_request(
    request: &RawRequest,
    query: &[(String, String)],
    signed_headers: &[&str],
    body_hash: &str,
) -> String {
    let mut pairs: Vec<(&str, &str)> = query
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    pairs.sort_unstable();
    let mut headers = String::new();
    for name in signed_headers {
        headers.push_str(name);
        headers.push(':');
        headers.push_str(request.header(name).unwrap_or("").trim());
        headers.push('\n');
    }
    [
        request.method.as_str(),
        request.path(),
        &canonical_pairs(&pairs),
        &headers,
        &signed_headers.join(";"),
        body_hash,
    ]
    .join("\n")
}

fn mismatch(to_sign: &str) -> Refusal {
    // SDKs cut this message at its first colon and compare the rest with their own string to sign.
    Refusal::new("SignatureDoesNotMatch").with_message(format!(
        "Specified signature is not matched with our calculation. server string to sign is:{to_sign}"
    ))
}

/// Lower-case hexadecimal text.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let lower_hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    if !text.len().is_multiple_of(2) || !text.as_bytes().iter().all(lower_hex) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}
