//! How a call can end without success. Does not know how calls are made.

use std::fmt;
use std::time::Duration;

use crate::api::Action;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{self, Code};

/// A call that did not succeed, after all tries. Holds no secret: messages are scrubbed.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) kind: ErrorKind,
    pub(crate) action: &'static Action,
    /// The API's code, or empty if no answer of the API came.
    pub(crate) code: String,
    /// The API's message, or ours if no answer of the API came.
    pub(crate) message: String,
    pub(crate) request_id: Option<String>,
    pub(crate) http_status: Option<u16>,
    /// The API's link to its own explanation.
    pub(crate) recommend: Option<String>,
    pub(crate) tries: u32,
    pub(crate) elapsed: Duration,
}

/// What the end of a call means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// A definite no: nothing happened and nothing can happen any more.
    Refused,
    /// Something that the request names does not exist. Read again before concluding that it is gone.
    NotFound,
    /// Nothing happened: take a new slot, write a new intent, try again.
    Throttled,
    /// Nothing happened; the state that was in the way passes by itself. Read, wait, try again.
    WrongState,
    /// The API is still working on an earlier call with this token, and the window has ended.
    TokenProcessing,
    /// An earlier call used this token with other parameters: look up what it made.
    TokenMismatch,
    /// A change may have taken effect, now or soon: look it up under the rules of `window`. A read: no answer.
    Ambiguous,
    /// The window had closed before a try that may have taken effect: nothing happened, a new intent is needed.
    WindowClosed,
    /// The key pair is refused; nothing happened.
    Credentials,
    /// The run may only read, and this was none: nothing was sent.
    ReadOnly,
    /// No connection: nothing was sent.
    Unreachable,
    /// An answer that is none of this API's. Only of reads.
    Malformed,
}

impl ApiError {
    /// What a table of outcomes shows: the API's code, or a word for why there is none.
    pub(crate) fn outcome(&self) -> String {
        if !self.code.is_empty() {
            return self.code.clone();
        }
        match self.kind {
            ErrorKind::Unreachable => "no connection",
            ErrorKind::ReadOnly => "--read-only",
            ErrorKind::Malformed => "unreadable answer",
            ErrorKind::WindowClosed => "window closed",
            _ => "no answer",
        }
        .to_owned()
    }

    /// What it means to somebody who runs a command.
    pub(crate) fn diagnostic_code(&self) -> Code {
        match self.kind {
            ErrorKind::Refused | ErrorKind::NotFound | ErrorKind::WrongState | ErrorKind::TokenMismatch => {
                codes::REFUSED
            }
            ErrorKind::Credentials => codes::KEY_REFUSED,
            ErrorKind::ReadOnly => codes::READ_ONLY,
            ErrorKind::Unreachable => codes::UNREACHABLE,
            ErrorKind::Malformed => codes::DAMAGED,
            ErrorKind::Throttled => codes::THROTTLED,
            ErrorKind::Ambiguous | ErrorKind::TokenProcessing | ErrorKind::WindowClosed => {
                codes::NO_CLEAR_ANSWER
            }
        }
    }

    /// Where and how often it was tried, as facts for a report.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut api = format!(
            "api: {} {}",
            self.action.product.name.to_lowercase(),
            self.action.name
        );
        if let Some(status) = self.http_status {
            api.push_str(&format!(", HTTP {status}"));
        }
        if !self.code.is_empty() {
            api.push_str(&format!(", {}", self.code));
        }
        let mut notes = vec![api];
        if let Some(request_id) = &self.request_id {
            notes.push(format!("request id: {request_id}"));
        }
        if self.tries > 1 {
            notes.push(format!(
                "tried {} times over {} s",
                self.tries,
                self.elapsed.as_secs()
            ));
        }
        notes
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.kind {
            ErrorKind::Refused
            | ErrorKind::NotFound
            | ErrorKind::Throttled
            | ErrorKind::WrongState
            | ErrorKind::TokenMismatch
            | ErrorKind::Credentials => "was refused",
            ErrorKind::TokenProcessing => "is still being worked on",
            ErrorKind::Ambiguous => "got no clear answer",
            ErrorKind::WindowClosed => "was not sent in time",
            ErrorKind::ReadOnly => "was not sent",
            ErrorKind::Unreachable => "could not be sent",
            ErrorKind::Malformed => "got an answer that is not the API's",
        };
        write!(f, "{} {verb}: ", self.action.name)?;
        if !self.code.is_empty() {
            write!(f, "{}: ", self.code)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

impl From<&ApiError> for Diagnostic {
    fn from(error: &ApiError) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(error.diagnostic_code(), error.to_string());
        diagnostic.notes = error.notes();
        if let Some(recommend) = &error.recommend {
            diagnostic = diagnostic.help(recommend.clone());
        }
        diagnostic
    }
}
