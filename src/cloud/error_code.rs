//! What an API error means for the one who sent the request, as data: code first, status second.
//!
//! Codes are matched whole, by their family (`Throttling.User` belongs to `Throttling`) or by their last part;
//! never by a piece of the message, and an empty code matches nothing. Does not know codes of one resource type
//! only: those are in the type's own file.

/// What an error answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Too many calls; nothing happened.
    Throttled,
    /// An earlier call with the same token is still being worked on.
    TokenProcessing,
    /// An earlier call used the token with other parameters.
    TokenMismatch,
    /// The resource, or one that it belongs to, is busy or in a state that passes by itself; nothing happened.
    WrongState,
    /// Something that the request names does not exist; nothing happened.
    NotFound,
    /// The key pair is refused; nothing happened.
    Credentials,
    /// A temporary key pair has run out; nothing happened.
    CredentialsExpired,
    /// The Timestamp is too far from server time; nothing happened.
    TimestampExpired,
    /// The server has seen this request before: the network doubled it, and the other copy counts.
    NonceUsed,
    /// The server failed; the request may have taken effect.
    Failing,
    /// Refused for good; nothing happened.
    Refused,
    /// No answer of this API: an error page, a redirect, half a body. The request may have taken effect.
    Unreadable,
}

enum Codes {
    /// The code itself.
    Exact(&'static str),
    /// The code itself or anything that follows it after a dot.
    Family(&'static str),
    /// The part behind the last dot, or the whole code if it has none.
    Last(&'static str),
}

use Codes::{Exact, Family, Last};

/// The first line that fits decides. From the vendor's error tables and from codes that clients report from the
/// real service; misspelled ones are spelled so there.
const MEANINGS: &[(Codes, Meaning)] = &[
    (Family("Throttling"), Meaning::Throttled),
    (Family("Rejected.Throttling"), Meaning::Throttled),
    (Exact("LastTokenProcessing"), Meaning::TokenProcessing),
    (Exact("TokenProcessing"), Meaning::TokenProcessing),
    (Exact("TOKEN_PROCESSING"), Meaning::TokenProcessing),
    (Exact("IdempotentProcessing"), Meaning::TokenProcessing),
    (Exact("IdempotenceProcessing"), Meaning::TokenProcessing),
    (Exact("Idempotence.Processing"), Meaning::TokenProcessing),
    (Last("LastTokenProcessing"), Meaning::TokenProcessing),
    (Last("IdempotentTokenProcessing"), Meaning::TokenProcessing),
    (Last("TokenIsProcessing"), Meaning::TokenProcessing),
    (Last("TokenProcessing"), Meaning::TokenProcessing),
    (Exact("IdempotentParameterMismatch"), Meaning::TokenMismatch),
    (Exact("IdempotenceParamNotMatch"), Meaning::TokenMismatch),
    (Exact("Idempotence.SignatureMismatch"), Meaning::TokenMismatch),
    (
        Exact("InvalidIdempotenceParameter.Mismatch"),
        Meaning::TokenMismatch,
    ),
    (Family("IncorrectInstanceStatus"), Meaning::WrongState),
    (Exact("InvalidInstanceStatus.NotStopped"), Meaning::WrongState),
    (Exact("InvalidStatus.NotStopped"), Meaning::WrongState),
    (Family("IncorrectVpcStatus"), Meaning::WrongState),
    (Family("IncorrectVSwitchStatus"), Meaning::WrongState),
    (Family("IncorrectEipStatus"), Meaning::WrongState),
    (Family("IncorrectDiskStatus"), Meaning::WrongState),
    (Exact("IncorrectStatus"), Meaning::WrongState),
    (Exact("LastOrderProcessing"), Meaning::WrongState),
    (Exact("TaskConflict"), Meaning::WrongState),
    (Exact("OperationConflict"), Meaning::WrongState),
    (Exact("InvalidOperation.Conflict"), Meaning::WrongState),
    (Exact("OperationFailed.DistibuteLock"), Meaning::WrongState),
    (Exact("OperationDenied.OtherSubnetCreating"), Meaning::WrongState),
    (Family("DependencyViolation"), Meaning::WrongState),
    (Exact("InvalidSecurityToken.Expired"), Meaning::CredentialsExpired),
    (Family("InvalidSecurityToken"), Meaning::Credentials),
    (Family("InvalidAccessKeyId"), Meaning::Credentials),
    (Exact("InvalidAccessKeySecret"), Meaning::Credentials),
    (Exact("MissingAccessKeyId"), Meaning::Credentials),
    (Exact("MissingSecurityToken"), Meaning::Credentials),
    (Exact("SignatureDoesNotMatch"), Meaning::Credentials),
    (Exact("IncompleteSignature"), Meaning::Credentials),
    (Exact("InvalidTimeStamp.Expired"), Meaning::TimestampExpired),
    (Exact("SignatureNonceUsed"), Meaning::NonceUsed),
    (Family("InternalError"), Meaning::Failing),
    (Family("ServiceUnavailable"), Meaning::Failing),
    (Exact("SystemBusy"), Meaning::Failing),
    (Exact("UnknownError"), Meaning::Failing),
    // These say that the request itself names something that the API does not have; no resource has gone.
    (Exact("InvalidAction.NotFound"), Meaning::Refused),
    (Exact("InvalidApi.NotFound"), Meaning::Refused),
    (Exact("InvalidProduct.NotFound"), Meaning::Refused),
    (Exact("InvalidRegionId.NotFound"), Meaning::Refused),
    (Exact("InvalidZoneId.NotFound"), Meaning::Refused),
    (Last("NotFound"), Meaning::NotFound),
];

/// What an error answer with this code and HTTP status means; an empty code stands for a body without one.
pub(crate) fn meaning(code: &str, status: u16) -> Meaning {
    if code.is_empty() {
        return match status {
            429 => Meaning::Throttled,
            500..=599 => Meaning::Failing,
            _ => Meaning::Unreadable,
        };
    }
    let listed = MEANINGS
        .iter()
        .find(|(codes, _)| codes.match_code(code))
        .map(|(_, meaning)| *meaning);
    listed.unwrap_or(match status {
        429 => Meaning::Throttled,
        500..=599 => Meaning::Failing,
        400..=499 => Meaning::Refused,
        _ => Meaning::Unreadable,
    })
}

impl Codes {
    fn match_code(&self, code: &str) -> bool {
        match self {
            Exact(exact) => code == *exact,
            Family(family) => code
                .strip_prefix(family)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.')),
            Last(last) => code.rsplit('.').next() == Some(*last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_code_is_never_a_missing_resource() {
        for status in [200, 301, 400, 403, 404, 410, 429, 500, 502, 503, 504] {
            assert_ne!(meaning("", status), Meaning::NotFound, "{status}");
            assert_ne!(meaning("", status), Meaning::Refused, "{status}");
        }
    }

    #[test]
    fn codes_are_matched_whole_or_by_family() {
        assert_eq!(meaning("Throttling.User", 400), Meaning::Throttled);
        assert_eq!(meaning("ThrottlingOfSomethingElse", 400), Meaning::Refused);
        assert_eq!(meaning("InvalidInstanceId.NotFound", 404), Meaning::NotFound);
        assert_eq!(meaning("NotFound.Almost", 404), Meaning::Refused);
        assert_eq!(meaning("InvalidAccessKeyId.NotFound", 404), Meaning::Credentials);
    }

    #[test]
    fn the_code_comes_before_the_status() {
        assert_eq!(meaning("OperationDenied.NoStock", 403), Meaning::Refused);
        assert_eq!(meaning("IncorrectInstanceStatus", 403), Meaning::WrongState);
        assert_eq!(meaning("IncorrectInstanceStatus", 400), Meaning::WrongState);
        assert_eq!(meaning("IncorrectInstanceStatus", 500), Meaning::WrongState);
        assert_eq!(meaning("SomethingNew", 500), Meaning::Failing);
        assert_eq!(meaning("SomethingNew", 400), Meaning::Refused);
    }
}
