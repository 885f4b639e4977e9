//! The recorded requests of official clients: each is believed as it is, and no signed byte of it can be changed.

use std::borrow::Cow;

use infra::sim::{Cloud, KeyPair, Options, RawRequest};
use serde::Deserialize;
use serde_json::Value;

use super::options;

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    access_key_id: String,
    access_key_secret: String,
    security_token: Option<String>,
    scheme: String,
    request: Sent,
    string_to_sign: String,
}

#[derive(Deserialize)]
struct Sent {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

fn vectors() -> Vec<Vector> {
    let text = include_str!("../../vectors/signatures.json");
    serde_json::from_str::<Vectors>(text).unwrap().vectors
}

impl Vector {
    fn is_rpc(&self) -> bool {
        self.scheme.starts_with("RPC")
    }

    fn request(&self) -> RawRequest {
        let sent = &self.request;
        let mut headers = sent.headers.clone();
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            headers.push(("Host".to_owned(), "ecs.aliyuncs.com".to_owned()));
        }
        RawRequest {
            method: sent.method.clone(),
            target: sent.target.clone(),
            headers,
            body: sent.body.clone().into(),
        }
    }

    /// A cloud that knows the key of this vector under the secret.
    fn cloud(&self, secret: &str) -> Cloud {
        let mut pair = KeyPair::new(&self.access_key_id, secret);
        pair.security_token.clone_from(&self.security_token);
        Cloud::new(&Options {
            key_pairs: vec![pair],
            ..options()
        })
        .unwrap()
    }

    /// The time of sending, in milliseconds.
    fn sent_at(&self) -> i64 {
        let request = self.request();
        let stamp = if self.is_rpc() {
            let pairs = pairs(&request).unwrap();
            pairs
                .iter()
                .find(|(name, _)| name == "Timestamp")
                .unwrap()
                .1
                .clone()
        } else {
            header(&request, "x-acs-date").unwrap().to_owned()
        };
        stamp.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }
}

fn header<'a>(request: &'a RawRequest, wanted: &str) -> Option<&'a str> {
    request
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        .map(|(_, value)| value.as_str())
}

/// Query and form, decoded by the test's own means; `None` when a percent sign is followed by nonsense.
fn pairs(request: &RawRequest) -> Option<Vec<(String, String)>> {
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let form = header(request, "content-type").is_some_and(|kind| kind.contains("form-urlencoded"));
    let body = if form {
        String::from_utf8_lossy(&request.body)
    } else {
        Cow::Borrowed("")
    };
    let decode = |text: &str| {
        let parts: Vec<&str> = text.split('%').collect();
        let mut bytes = parts[0].replace('+', " ").into_bytes();
        for part in &parts[1..] {
            bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
            bytes.extend(part[2..].replace('+', " ").bytes());
        }
        String::from_utf8(bytes).ok()
    };
    let both = [query, &body];
    both.iter()
        .flat_map(|text| text.split('&'))
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        })
        .collect()
}

fn code(cloud: &mut Cloud, request: &RawRequest, now: i64) -> (String, String) {
    let answer = cloud.handle(request, now);
    let body = String::from_utf8(answer.body).unwrap();
    if answer.status == 200 {
        return (String::new(), String::new());
    }
    match serde_json::from_str::<Value>(&body) {
        Ok(body) => (
            body["Code"].as_str().unwrap().to_owned(),
            body["Message"].as_str().unwrap().to_owned(),
        ),
        Err(_) => {
            let between = |tag: &str| {
                let after = body.split_once(&format!("<{tag}>")).unwrap().1;
                after
                    .split_once(&format!("</{tag}>"))
                    .unwrap()
                    .0
                    .replace("&amp;", "&")
            };
            (between("Code"), between("Message"))
        }
    }
}

/// Whether a code says that the sender was not believed.
fn is_disbelief(code: &str) -> bool {
    [
        "Signature",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidTimeStamp",
        "InvalidSecurityToken",
        "InvalidSignature",
    ]
    .iter()
    .any(|prefix| code.starts_with(prefix))
        || (code.starts_with("Missing") && !code.starts_with("MissingParam"))
}

#[test]
fn all_58_vectors_verify_and_with_another_secret_none() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 58);
    for vector in &vectors {
        let now = vector.sent_at();
        let request = vector.request();
        let (found, message) = code(&mut vector.cloud(&vector.access_key_secret), &request, now);
        assert!(!is_disbelief(&found), "{}: {found} {message}", vector.id);
        let (found, message) = code(&mut vector.cloud("another"), &request, now);
        assert_eq!(found, "SignatureDoesNotMatch", "{}", vector.id);
        // The message shows the stage before the last one.
        let to_sign = message.split_once("is:").unwrap().1;
        assert_eq!(to_sign, vector.string_to_sign, "{}", vector.id);
    }
}

/// The code that a tampered request must be refused with.
fn expected(vector: &Vector, request: &RawRequest) -> String {
    let Some(pairs) = pairs(request) else {
        return "InvalidParameter".to_owned();
    };
    let get = |name: &str| {
        pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    if get("Format").is_some_and(|format| !["json", "xml"].contains(&format.to_ascii_lowercase().as_str())) {
        return "InvalidParameter.Format".to_owned();
    }
    if request.target.split('?').next() != Some("/") {
        return "InvalidAction.NotFound".to_owned();
    }
    if !["GET", "POST"].contains(&request.method.as_str()) {
        return "UnsupportedHTTPMethod".to_owned();
    }
    let host = header(request, "host").unwrap();
    let loopback = host
        .strip_prefix("127.0.0.1:")
        .is_some_and(|port| port.parse::<u16>().is_ok());
    if !loopback && !host.ends_with(".aliyuncs.com") {
        return "InvalidProduct.NotFound".to_owned();
    }
    let (id, token) = if vector.is_rpc() {
        for name in [
            "Action",
            "Version",
            "AccessKeyId",
            "Signature",
            "SignatureMethod",
            "SignatureVersion",
            "Timestamp",
            "SignatureNonce",
        ] {
            if get(name).is_none_or(str::is_empty) {
                return format!("Missing{name}");
            }
        }
        if get("SignatureMethod") != Some("HMAC-SHA1") || get("SignatureVersion") != Some("1.0") {
            return "InvalidSignatureMethod".to_owned();
        }
        (get("AccessKeyId").unwrap(), get("SecurityToken"))
    } else {
        let authorization = header(request, "authorization").unwrap();
        let rest = authorization.strip_prefix("ACS3-HMAC-SHA256 ").unwrap();
        let parts: Vec<_> = rest.split(',').map(|part| part.trim().split_once('=')).collect();
        let names: Vec<_> = parts
            .iter()
            .map(|part| part.map_or("", |(name, _)| name))
            .collect();
        if names != ["Credential", "SignedHeaders", "Signature"] {
            return "IncompleteSignature".to_owned();
        }
        (parts[0].unwrap().1, header(request, "x-acs-security-token"))
    };
    if id != vector.access_key_id {
        return "InvalidAccessKeyId.NotFound".to_owned();
    }
    match (token, &vector.security_token) {
        (Some(token), Some(own)) if token != own => "InvalidSecurityToken.MismatchWithAccessKey".to_owned(),
        (None, Some(_)) => "MissingSecurityToken".to_owned(),
        _ => "SignatureDoesNotMatch".to_owned(),
    }
}

/// Every request that differs from this one in a signed byte, with a word on where.
fn tampered(vector: &Vector) -> Vec<(String, RawRequest)> {
    let request = vector.request();
    let other = |byte: u8| if byte == b'x' { 'y' } else { 'x' };
    let changed =
        |text: &str, at: usize| format!("{}{}{}", &text[..at], other(text.as_bytes()[at]), &text[at + 1..]);
    let mut all = Vec::new();
    for at in 0..request.target.len() {
        // The question mark begins the query; without it there is none.
        let target = changed(&request.target, at);
        all.push((
            format!("target byte {at}"),
            RawRequest {
                target,
                ..request.clone()
            },
        ));
    }
    // A body that is no form is signed by the newer scheme only.
    let form = header(&request, "content-type").is_some_and(|kind| kind.contains("form-urlencoded"));
    let signed_bytes = if form || !vector.is_rpc() {
        request.body.len()
    } else {
        0
    };
    for at in 0..signed_bytes {
        let mut body = request.body.clone();
        body[at] = if body[at] == b'x' { b'y' } else { b'x' };
        all.push((
            format!("body byte {at}"),
            RawRequest {
                body,
                ..request.clone()
            },
        ));
    }
    let method = if request.method == "GET" { "POST" } else { "GET" }.to_owned();
    all.push((
        "method".to_owned(),
        RawRequest {
            method,
            ..request.clone()
        },
    ));
    if vector.is_rpc() {
        return all;
    }
    let authorization = header(&request, "authorization").unwrap().to_owned();
    let signed: Vec<&str> = authorization
        .split_once("SignedHeaders=")
        .and_then(|(_, rest)| rest.split_once(','))
        .map(|(list, _)| list.split(';').collect())
        .unwrap();
    for (index, (name, value)) in request.headers.iter().enumerate() {
        let lower = name.to_ascii_lowercase();
        let scheme = "ACS3-HMAC-SHA256 ".len();
        let from = match lower.as_str() {
            "authorization" => scheme,
            _ if signed.contains(&lower.as_str()) => 0,
            _ => continue,
        };
        for at in from..value.len() {
            let mut headers = request.headers.clone();
            headers[index].1 = changed(value, at);
            all.push((
                format!("{lower} byte {at}"),
                RawRequest {
                    headers,
                    ..request.clone()
                },
            ));
        }
    }
    all
}

#[test]
fn no_signed_byte_can_be_changed() {
    let mut count = 0;
    for vector in vectors() {
        let now = vector.sent_at();
        let mut cloud = vector.cloud(&vector.access_key_secret);
        for (place, request) in tampered(&vector) {
            let want = expected(&vector, &request);
            let (found, _) = code(&mut cloud, &request, now);
            assert_eq!(
                found, want,
                "{}: {place} of {} {}",
                vector.id, request.method, request.target
            );
            count += 1;
        }
    }
    assert!(count > 29_000, "{count}");
}

/// What may be changed because nothing signs it.
#[test]
fn headers_are_not_signed_by_the_older_scheme() {
    let vector = vectors()
        .into_iter()
        .find(|vector| vector.id == "legacy-get-1")
        .unwrap();
    let mut request = vector.request();
    request.headers.push(("X-Anything".to_owned(), "else".to_owned()));
    let (found, _) = code(
        &mut vector.cloud(&vector.access_key_secret),
        &request,
        vector.sent_at(),
    );
    assert!(!is_disbelief(&found), "{found}");
}

#[test]
fn an_unsigned_common_header_is_refused_by_the_newer_scheme() {
    let vector = vectors()
        .into_iter()
        .find(|vector| vector.id == "modern-v3-1")
        .unwrap();
    let mut request = vector.request();
    request
        .headers
        .push(("x-acs-something".to_owned(), "else".to_owned()));
    let (found, _) = code(
        &mut vector.cloud(&vector.access_key_secret),
        &request,
        vector.sent_at(),
    );
    assert_eq!(found, "SignatureDoesNotMatch");
}
