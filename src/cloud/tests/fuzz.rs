//! Answers that no API gives, and parameters that nobody expected.
//!
//! `INFRA_FUZZ_CASES` sets how many cases each test tries.

use super::super::error_code::Meaning;
use super::super::outcome::{self, Cause};
use super::super::{secret::Credentials, sign};
use super::*;
use crate::env::chance::{Chance, fuzz_cases};

const BODIES: &[&str] = &[
    r#"{"RequestId":"1","TotalCount":1,"PageNumber":1,"PageSize":50,"Vpcs":{"Vpc":[{"VpcId":"vpc-1","Status":"Available"}]}}"#,
    r#"{"RequestId":"2","InstanceId":"i-1","Instances":{"Instance":[{"InstanceId":"i-1","Cpu":2,"Tags":{"Tag":[]}}]}}"#,
    r#"{"RequestId":"3","HostId":"h","Code":"InvalidVpcId.NotFound","Message":"The specified VPC does not exist.","Recommend":"https://error-center.example/x"}"#,
    r#"{"RequestId":"4","Code":"Throttling.User","Message":"Request was denied due to user flow control. Please try again after 5 minutes."}"#,
    r#"{"RequestId":"5","Code":"IdempotentParameterMismatch","Message":""}"#,
    "<html><body>502 Bad Gateway NotFound</body></html>",
    "",
    "[]",
    "null",
    "{}",
];
const STATUSES: &[u16] = &[
    0, 100, 200, 204, 301, 307, 400, 403, 404, 408, 409, 429, 499, 500, 502, 503, 504, 599, 999,
];
const HEADERS: &[(&str, &[&str])] = &[
    (
        "date",
        &[
            "Mon, 23 Nov 2026 08:10:00 GMT",
            "",
            "yesterday",
            "Mon, 99 Nov 9999999 25:61:61 GMT",
        ],
    ),
    (
        "x-acs-retry-after",
        &["0", "1500", "-1", "99999999999999999999", "soon"],
    ),
    (
        "location",
        &[
            "https://user:secret@elsewhere.example/a?b",
            "://",
            "",
            "http://[::1",
        ],
    ),
];

#[test]
fn any_answer_is_read_for_what_it_is() {
    let chance = &mut Chance::new(31);
    let (mut replies, mut absences) = (0, 0);
    let cases = fuzz_cases(5_000);
    for case in 0..cases {
        let mut body = chance.pick(BODIES).as_bytes().to_vec();
        if chance.below(4) > 0 {
            chance.damage(&mut body);
        }
        let mut headers = Vec::new();
        for (name, values) in HEADERS {
            if chance.below(3) == 0 {
                headers.push(((*name).to_owned(), (*chance.pick(values)).to_owned()));
            }
        }
        let response = HttpResponse {
            status: *chance.pick(STATUSES),
            headers,
            body: body.clone(),
        };
        let status = response.status;
        let shown = || format!("case {case}: {status} {}", String::from_utf8_lossy(&body));
        match outcome::read(Ok(response), outcome::tree) {
            Ok(reply) => {
                replies += 1;
                assert!((200..300).contains(&status), "{}", shown());
                assert!(reply.body.is_object(), "{}", shown());
            }
            Err(fault) => {
                assert!(!fault.message.contains("secret"), "{}", fault.message);
                if fault.cause == Cause::Answer(Meaning::NotFound) {
                    absences += 1;
                    assert!(fault.code.contains("NotFound"), "{} {}", fault.code, shown());
                }
            }
        }
    }
    assert!(
        replies > 0 && absences > 0,
        "{replies} replies, {absences} absences"
    );
    println!("figure: fuzz: answers: {cases} cases, {replies} replies, {absences} absences");
}

/// Texts that have tripped signers.
const TEXTS: &[&str] = &[
    "",
    " ",
    "+",
    "*",
    "~",
    "%7E",
    "%",
    "&",
    "=",
    "/",
    "?",
    "a b",
    "中文",
    "\u{1f980}",
    "\u{0}",
    "\n",
    "\r\n",
    "\"",
    "'",
    "\\",
    "é",
    "e\u{301}",
    "\u{202e}",
    "\u{feff}",
    "ſ",
    "İ",
    "a=b&c=d",
    "Signature",
];

#[test]
fn any_parameters_are_signed_as_somebody_else_would() {
    let options = sim::Options {
        key_pairs: vec![sim::KeyPair::new("LTAI-fuzz", "fuzz-secret")],
        ..sim::Options::default()
    };
    let mut cloud = sim::Cloud::new(&options).unwrap();
    let credentials = Credentials::new("LTAI-fuzz", "fuzz-secret", None);
    let chance = &mut Chance::new(32);
    let cases = fuzz_cases(3_000);
    for case in 0..cases {
        let mut text = |most: u64| -> String {
            let pieces = 1 + chance.below(most);
            (0..pieces)
                .map(|_| match chance.below(3) {
                    0 => (*chance.pick(TEXTS)).to_owned(),
                    1 => char::from_u32(chance.next() as u32 % 0x11_0000)
                        .map_or_else(String::new, String::from),
                    _ => char::from(chance.below(128) as u8).to_string(),
                })
                .collect()
        };
        let now = 1_800_000_000_000 + i64::try_from(case * 10).unwrap();
        let time = Timestamp::from_millisecond(now).unwrap();
        let mut params: Params = [
            ("Action", "GetCallerIdentity"),
            ("Version", "2015-04-01"),
            ("Format", "JSON"),
            ("AccessKeyId", "LTAI-fuzz"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        params.insert("SignatureNonce".to_owned(), format!("{case}-{}", text(4)));
        params.insert(
            "Timestamp".to_owned(),
            time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        );
        for number in 0..case % 4 {
            params.insert(format!("X{number}{}", text(3)), text(8));
        }
        let pairs = || params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let canonical = sign::canonical(pairs());
        assert!(
            canonical.is_ascii() && !canonical.contains(['+', ' ', '*']),
            "{canonical}"
        );
        let signature = sign::signature(&credentials, &sign::string_to_sign("POST", &canonical));
        let body = format!("{canonical}&Signature={}", sign::encode(&signature));
        let answer = cloud.handle(
            &sim::RawRequest {
                method: "POST".to_owned(),
                target: "/".to_owned(),
                headers: vec![
                    ("Host".to_owned(), "127.0.0.1".to_owned()),
                    (
                        "Content-Type".to_owned(),
                        "application/x-www-form-urlencoded".to_owned(),
                    ),
                ],
                body: body.into_bytes(),
            },
            now,
        );
        assert_eq!(
            answer.status,
            200,
            "case {case} {params:?}: {}",
            String::from_utf8_lossy(&answer.body)
        );
    }
    println!("figure: fuzz: signatures: {cases} cases");
}
