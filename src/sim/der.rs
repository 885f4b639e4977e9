//! As much of a certificate as lists of certificates show, read from its DER form. Checks no signature.

use super::clock::{UnixMillis, parse_utc};

/// What is read of a certificate.
pub(super) struct Certificate {
    pub(super) common_name: String,
    pub(super) expires: UnixMillis,
    pub(super) names: Vec<String>,
}

const SEQUENCE: u8 = 0x30;
const OBJECT: u8 = 0x06;
/// Common name, 2.5.4.3, and subject alternative name, 2.5.29.17.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// The first element: its tag, what is in it, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = if length & 0x80 == 0 {
        (usize::from(*length), rest)
    } else {
        let count = usize::from(length & 0x7f);
        let digits = rest.get(..count).filter(|_| (1..=4).contains(&count))?;
        let length = digits
            .iter()
            .fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
        (length, rest.get(count..)?)
    };
    Some((*tag, rest.get(..length)?, rest.get(length..)?))
}

/// The elements of a sequence.
fn elements(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    while let Some((tag, inside, rest)) = element(bytes) {
        found.push((tag, inside));
        bytes = rest;
    }
    found
}

/// A time of a validity, in either form.
fn time(tag: u8, text: &[u8]) -> Option<UnixMillis> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    // Two digits of a year mean one from 1950 to 2049.
    let text = match tag {
        0x17 if text.get(..2)? < "50" => format!("20{text}"),
        0x17 => format!("19{text}"),
        0x18 => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| text.get(from..to);
    let stamp = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?
    );
    parse_utc(&stamp, false)
}

/// The value under an object identifier in a name or among extensions.
fn valued<'t>(sequence: &'t [u8], object: &[u8]) -> Option<&'t [u8]> {
    elements(sequence).into_iter().find_map(|(_, inside)| {
        // A name is a sequence of sets of pairs, extensions are a sequence of pairs.
        let pair = match element(inside)? {
            (SEQUENCE, pair, _) => pair,
            _ => inside,
        };
        let parts = elements(pair);
        let is = parts.first() == Some(&(OBJECT, object));
        parts.last().filter(|_| is).map(|(_, value)| *value)
    })
}

/// Reads a certificate.
pub(super) fn certificate(bytes: &[u8]) -> Option<Certificate> {
    let (_, whole, _) = element(bytes).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (_, signed, _) = element(whole).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let parts = elements(signed);
    // The version stands first in its own wrapping, where it is told.
    let from = usize::from(parts.first()?.0 == 0xa0);
    let (validity, subject) = (parts.get(from + 3)?.1, parts.get(from + 4)?.1);
    let (tag, end) = *elements(validity).get(1)?;
    let common_name = valued(subject, COMMON_NAME).unwrap_or_default();
    let extensions = parts.iter().find(|(tag, _)| *tag == 0xa3);
    let names = extensions.and_then(|(_, wrapped)| {
        let (_, extensions, _) = element(wrapped)?;
        let (_, names, _) = element(valued(extensions, ALTERNATIVE_NAMES)?)?;
        let dns = elements(names).into_iter().filter(|(tag, _)| *tag == 0x82);
        Some(
            dns.map(|(_, name)| String::from_utf8_lossy(name).into_owned())
                .collect(),
        )
    });
    Some(Certificate {
        common_name: String::from_utf8_lossy(common_name).into_owned(),
        expires: time(tag, end)?,
        names: names.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_read_and_a_broken_one_is_none() {
        let made = rcgen::generate_simple_self_signed(vec!["a.example.com".to_owned()]).unwrap();
        let der = made.cert.der().to_vec();
        let read = certificate(&der).unwrap();
        assert_eq!(read.common_name, "rcgen self signed cert");
        assert_eq!(read.names, ["a.example.com"]);
        assert!(read.expires > 0);
        for end in 0..der.len() {
            assert!(certificate(&der[..end]).is_none(), "{end}");
        }
        for place in 0..der.len() {
            let mut broken = der.clone();
            broken[place] ^= 0x5a;
            let _ = certificate(&broken);
        }
    }
}
