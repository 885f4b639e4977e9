//! Reads an answer: a reply, or what went wrong. Does not know whether it will be tried again.

use std::time::Duration;

use serde_json::Value;

use super::Reply;
use super::api_error::ErrorKind;
use super::error_code::{Meaning, meaning};
use crate::env::{HttpResponse, Sent, TransportError};

/// The largest answer that is read; a thousand instances are about 3 MB.
pub(crate) const BODY_LIMIT: usize = 16 << 20;

/// Why a try brought no reply.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) cause: Cause,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) request_id: Option<String>,
    pub(crate) http_status: Option<u16>,
    pub(crate) recommend: Option<String>,
    pub(crate) retry_after: Option<RetryAfter>,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Nothing left this machine.
    NotSent,
    /// It may have arrived; no answer came, or half of one.
    Lost,
    /// Something between answered that the request should go elsewhere.
    Redirect,
    /// The answer is larger than any that the API gives.
    TooLarge,
    /// An answer with this meaning.
    Answer(Meaning),
}

/// A pause that the API asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    /// For every call of the action, by the header.
    Everyone(Duration),
    /// For this request's resource only, by the words of the message: other resources are not held up.
    ThisRequest(Duration),
}

/// Why the body of a success is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadBody {
    /// It is not JSON, or not all of it.
    Unreadable,
    /// It lacks what must be there, in words.
    Damaged(String),
}

impl BadBody {
    /// What an error of the parser means: one in words comes from whoever reads what is in the body.
    pub(crate) fn of(error: &serde_json::Error) -> BadBody {
        if !error.is_data() {
            return BadBody::Unreadable;
        }
        let words = error.to_string();
        let end = words.rfind(" at line ").unwrap_or(words.len());
        BadBody::Damaged(words[..end].to_owned())
    }
}

/// The body of a success as a tree.
pub(crate) fn tree(body: &[u8]) -> Result<Reply, BadBody> {
    let body = object(body).ok_or(BadBody::Unreadable)?;
    Ok(Reply {
        request_id: text(&body, "RequestId"),
        body,
    })
}

fn object(body: &[u8]) -> Option<Value> {
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    parsed.filter(|value| value.as_object().is_some_and(|object| !object.is_empty()))
}

fn text(body: &Value, name: &str) -> Option<String> {
    body[name]
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Reads what came back; `decode` reads the body of a success.
pub(crate) fn read<T>(
    answer: Result<HttpResponse, TransportError>,
    decode: impl FnOnce(&[u8]) -> Result<Reply<T>, BadBody>,
) -> Result<Reply<T>, Fault> {
    let response = match answer {
        Ok(response) => response,
        Err(error) => {
            let cause = match error.sent {
                Sent::No => Cause::NotSent,
                Sent::Perhaps => Cause::Lost,
            };
            return Err(Fault::without_answer(cause, None, error.message));
        }
    };
    let status = response.status;
    let plain = |cause: Cause, message: String| Err(Fault::without_answer(cause, Some(status), message));
    if response.body.len() > BODY_LIMIT {
        let message = format!("the answer is larger than {} MiB", BODY_LIMIT >> 20);
        return plain(Cause::TooLarge, message);
    }
    if (300..400).contains(&status) {
        let target = response.header("location").map(origin).unwrap_or_default();
        let message = format!("a redirect{target} (HTTP {status}), which is never followed with credentials");
        return plain(Cause::Redirect, message);
    }
    if (200..300).contains(&status) {
        let read = decode(&response.body);
        return read.or_else(|bad| {
            let message = match bad {
                BadBody::Unreadable => format!("{} (HTTP {status})", describe_body(&response.body)),
                BadBody::Damaged(words) => words,
            };
            plain(Cause::Answer(Meaning::Unreadable), message)
        });
    }
    let Some(body) = object(&response.body) else {
        let message = format!("{} (HTTP {status})", describe_body(&response.body));
        return plain(Cause::Answer(meaning("", status)), message);
    };
    let code = text(&body, "Code").unwrap_or_default();
    let message = text(&body, "Message").unwrap_or_else(|| format!("HTTP {status} without a message"));
    Err(Fault {
        cause: Cause::Answer(meaning(&code, status)),
        retry_after: retry_after(&response, &message),
        recommend: text(&body, "Recommend").filter(|link| link.starts_with("https://")),
        http_status: Some(status),
        request_id: text(&body, "RequestId"),
        message,
        code,
    })
}

impl Fault {
    /// A failure before anything was sent.
    pub(crate) fn of_ours(message: impl Into<String>) -> Fault {
        Fault::without_answer(Cause::NotSent, None, message.into())
    }

    pub(crate) fn is_throttled(&self) -> bool {
        self.cause == Cause::Answer(Meaning::Throttled)
    }

    /// What it means that the send window closes after this failure.
    pub(crate) fn kind_when_closed(&self, kind: ErrorKind) -> ErrorKind {
        match self.cause {
            Cause::Answer(Meaning::TokenProcessing) => ErrorKind::TokenProcessing,
            _ => kind,
        }
    }

    /// What it means that a read has taken too long after this failure.
    pub(crate) fn kind_at_deadline(&self) -> ErrorKind {
        match self.is_throttled() {
            true => ErrorKind::Throttled,
            false => ErrorKind::Ambiguous,
        }
    }

    fn without_answer(cause: Cause, http_status: Option<u16>, message: String) -> Fault {
        Fault {
            cause,
            code: String::new(),
            message,
            request_id: None,
            http_status,
            recommend: None,
            retry_after: None,
        }
    }
}

fn describe_body(body: &[u8]) -> &'static str {
    let start = body.trim_ascii_start();
    if start.is_empty() {
        "an empty answer"
    } else if start.starts_with(b"<") {
        "a page instead of an answer"
    } else if start.starts_with(b"{") {
        "an answer that is cut off or damaged"
    } else {
        "an answer that is not the API's"
    }
}

/// Scheme and host of a redirect's target; the rest may hold anything.
fn origin(location: &str) -> String {
    match location.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or_default();
            format!(" to {scheme}://{host}")
        }
        None => String::new(),
    }
}

/// The pause that an answer asks for: the header in milliseconds, or "try again after 5 minutes" in the message.
fn retry_after(response: &HttpResponse, message: &str) -> Option<RetryAfter> {
    let header = response.header("x-acs-retry-after");
    if let Some(millis) = header.and_then(|text| text.trim().parse::<u64>().ok()) {
        return (millis > 0).then(|| RetryAfter::Everyone(Duration::from_millis(millis)));
    }
    let (_, rest) = message.split_once("try again after ")?;
    let mut words = rest.split_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    let unit = match words.next()?.trim_end_matches('.') {
        "minute" | "minutes" => 60,
        "second" | "seconds" => 1,
        _ => return None,
    };
    let seconds = number.saturating_mul(unit).min(3600);
    Some(RetryAfter::ThisRequest(Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<HttpResponse, TransportError> {
        Ok(HttpResponse {
            status,
            headers: vec![("date".into(), "Sun, 06 Nov 1994 08:49:37 GMT".into())],
            body: body.as_bytes().to_vec(),
        })
    }

    fn cause(status: u16, body: &str) -> Cause {
        read(answer(status, body), tree).unwrap_err().cause
    }

    #[test]
    fn what_is_not_an_answer_of_the_api_never_becomes_one() {
        for body in [
            "",
            " \n",
            "null",
            "[]",
            "{}",
            "\"x\"",
            "<html>",
            "{\"RequestId\":",
            "\u{0}\u{1}",
        ] {
            assert_eq!(cause(200, body), Cause::Answer(Meaning::Unreadable), "{body:?}");
            assert_eq!(cause(404, body), Cause::Answer(Meaning::Unreadable), "{body:?}");
            assert_eq!(cause(502, body), Cause::Answer(Meaning::Failing), "{body:?}");
        }
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(cause(200, &deep), Cause::Answer(Meaning::Unreadable));
        assert_eq!(
            cause(404, "{\"Message\":\"x\"}"),
            Cause::Answer(Meaning::Unreadable)
        );
    }

    #[test]
    fn a_body_over_the_limit_is_an_error_of_its_own() {
        let body = " ".repeat(BODY_LIMIT + 1);
        assert_eq!(cause(200, &body), Cause::TooLarge);
    }

    #[test]
    fn a_redirect_names_its_host_and_nothing_more() {
        let mut response = answer(307, "").unwrap();
        let target = "https://user:word@login.example.com/path?token=canary".to_owned();
        response.headers.push(("location".into(), target));
        let fault = read(Ok(response), tree).unwrap_err();
        assert_eq!(fault.cause, Cause::Redirect);
        assert!(
            fault.message.contains("https://login.example.com "),
            "{}",
            fault.message
        );
        assert!(!fault.message.contains("canary"), "{}", fault.message);
    }

    #[test]
    fn a_reply_carries_its_request_id() {
        let body = "{\"RequestId\":\"R-1\",\"VpcId\":\"vpc-1\"}";
        let reply = read(answer(200, body), tree).unwrap();
        assert_eq!(reply.request_id.as_deref(), Some("R-1"));
    }

    #[test]
    fn pauses_are_read_from_the_header_and_from_the_words() {
        let message = "Request was denied due to request throttling, please try again after 5 minutes.";
        let body = format!("{{\"Code\":\"Throttling\",\"Message\":\"{message}\"}}");
        let fault = read(answer(400, &body), tree).unwrap_err();
        let five = Duration::from_secs(300);
        assert_eq!(fault.retry_after, Some(RetryAfter::ThisRequest(five)));
        let mut response = answer(429, "{\"Code\":\"Throttling\"}").unwrap();
        response.headers.push(("x-acs-retry-after".into(), "1500".into()));
        let fault = read(Ok(response), tree).unwrap_err();
        let pause = Duration::from_millis(1500);
        assert_eq!(fault.retry_after, Some(RetryAfter::Everyone(pause)));
    }
}
