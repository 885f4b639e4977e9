//! Raw requests and answers, and the text forms of the wire: form data, percent encoding. Does not know any action.

/// A request as it came from the socket.
#[derive(Debug, Clone)]
pub struct RawRequest {
    /// The HTTP verb in capitals.
    pub method: String,
    /// Path and query as sent, for example `/?Action=DescribeVpcs`.
    pub target: String,
    /// Header names in any case, with their values, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body, undecoded.
    pub body: Vec<u8>,
}

impl RawRequest {
    /// The first header of this name, whatever its case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(self.target.as_str(), |(path, _)| path)
    }

    pub(super) fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

/// What happens to an answer on its way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// It is sent.
    #[default]
    Send,
    /// The connection is closed without a byte of it.
    Drop,
}

/// An answer as it goes to the socket.
#[derive(Debug, Clone, Default)]
pub struct RawAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Headers, `Date` included.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether it is sent at all; a fault may drop it.
    pub delivery: Delivery,
    /// How long the answer is held back, in milliseconds of real time.
    pub delay_ms: u64,
}

/// Decodes `application/x-www-form-urlencoded` text: `+` is a space, `%XX` a byte. `None` when it is malformed.
pub(super) fn decode_form(text: &str) -> Option<Vec<(String, String)>> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        })
        .collect()
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (high, low) = (rest.next()?, rest.next()?);
                let digit = |byte: u8| char::from(byte).to_digit(16);
                bytes.push((digit(high)? * 16 + digit(low)?) as u8);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// Percent-encodes UTF-8 text for a signature: letters, digits and `-_.~` stay, the rest is `%XX` in capitals.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode_into(&mut out, text);
    out
}

pub(super) fn encode_into(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_text_decodes_plus_and_percent_and_keeps_empty_values() {
        let got = decode_form("a=x+y%20z&b=&c&%E4%B8%AD=%2B").unwrap();
        let want = [("a", "x y z"), ("b", ""), ("c", ""), ("中", "+")];
        assert_eq!(got, want.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(decode_form("a=%4"), None);
        assert_eq!(decode_form("a=%zz"), None);
        assert_eq!(decode_form("a=%ff"), None);
    }

    #[test]
    fn signature_encoding_leaves_only_the_unreserved_characters() {
        assert_eq!(encode("aZ09-_.~ *+/中"), "aZ09-_.~%20%2A%2B%2F%E4%B8%AD");
    }
}
