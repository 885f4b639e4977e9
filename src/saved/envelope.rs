//! The bytes of a plan file: a line with a checksum over all that follows, a line with the seal of the state's key over
//! the rest, and the rest.
//!
//! The checksum tells whoever has no key that no bit has changed by accident; the seal tells the owner of the state that
//! nobody has changed any on purpose. Does not know what stands inside.

use sha2::{Digest as _, Sha256};

/// What a plan file begins with; 64 hexadecimal digits follow.
const HEAD: &[u8] = b"infra-plan sha256:";
const SEAL: &[u8] = b"hmac-sha256:";
const DIGITS: usize = 64;

/// Whether these bytes begin as a plan file does.
pub(crate) fn is_plan(bytes: &[u8]) -> bool {
    bytes.starts_with(HEAD)
}

/// What is in a plan file whose checksum is right.
#[derive(Debug)]
pub(super) struct Opened<'a> {
    /// `sha256:` and 64 digits.
    pub(super) digest: String,
    /// The seal as it stands there.
    pub(super) seal: &'a str,
    pub(super) body: &'a [u8],
}

/// Puts a body under its seal (`hmac-sha256:` and 64 digits) and its checksum; the digest is given back with it.
pub(super) fn close(body: &[u8], seal: &str) -> (Vec<u8>, String) {
    let mut rest = Vec::with_capacity(body.len() + seal.len() + 2);
    rest.extend_from_slice(seal.as_bytes());
    rest.push(b'\n');
    rest.extend_from_slice(body);
    rest.push(b'\n');
    let digits = digits_of(&rest);
    let mut bytes = Vec::with_capacity(rest.len() + HEAD.len() + DIGITS + 1);
    bytes.extend_from_slice(HEAD);
    bytes.extend_from_slice(digits.as_bytes());
    bytes.push(b'\n');
    bytes.extend_from_slice(&rest);
    (bytes, format!("sha256:{digits}"))
}

/// Looks into a plan file; none if any bit of it is not as it was written.
pub(super) fn open(bytes: &[u8]) -> Option<Opened<'_>> {
    let (digits, rest) = bytes.strip_prefix(HEAD)?.split_at_checked(DIGITS)?;
    let rest = rest.strip_prefix(b"\n")?;
    if digits_of(rest).as_bytes() != digits {
        return None;
    }
    let (seal, body) = rest.split_at_checked(SEAL.len() + DIGITS)?;
    let body = body.strip_prefix(b"\n")?.strip_suffix(b"\n")?;
    Some(Opened {
        digest: format!("sha256:{}", std::str::from_utf8(digits).ok()?),
        seal: std::str::from_utf8(seal)
            .ok()
            .filter(|_| seal.starts_with(SEAL))?,
        body,
    })
}

fn digits_of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_counts() {
        let seal = format!("hmac-sha256:{}", "0a".repeat(32));
        let (bytes, digest) = close(br#"{"a":1}"#, &seal);
        let opened = open(&bytes).unwrap();
        assert_eq!((opened.digest, opened.seal), (digest, seal.as_str()));
        assert_eq!(opened.body, br#"{"a":1}"#);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&flipped).is_none(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(open(&bytes[..length]).is_none(), "{length} bytes");
        }
        assert!(open(&[bytes.as_slice(), b"\n"].concat()).is_none());
    }
}
