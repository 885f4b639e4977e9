//! What to do after a failed try: the retry table, as one pure function with its memory.
//!
//! The memory matters because a later answer does not undo an earlier one: a refusal says nothing about a first try
//! that may still be on its way. Does not know time, transport or signing.

use super::api_error::ErrorKind;
use super::error_code::Meaning;
use super::outcome::{Cause, Fault};
use super::retry::TRIES_MAX;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// It changes nothing.
    Read { tries_max: u32 },
    /// It changes something; with a token, the API merges repetitions.
    Change { has_token: bool },
}

/// Whether an earlier try may have taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Doubt {
    None,
    /// It may have; but the server has answered it, so nothing of it is still on its way.
    Answered,
    /// It may have, or may yet.
    InFlight,
}

/// What has happened so far.
#[derive(Debug)]
pub(crate) struct Attempts {
    call: Call,
    pub(crate) doubt: Doubt,
    /// Failed tries that count against [`TRIES_MAX`].
    failures: u32,
    /// Answers that an earlier call with the token is still being worked on.
    busy: u32,
    timestamps_refused: u32,
    credentials_renewed: bool,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Give up.
    Stop(ErrorKind),
    /// Try again after a pause with this many failures behind it, if the host's budget allows.
    Retry { failures: u32, kind: ErrorKind },
    /// Try again after a pause, as often as time allows.
    Wait { failures: u32, kind: ErrorKind },
    /// Try again when the API's pace allows.
    Pace,
    /// Learn server time from this answer, then try again at once.
    AdoptServerTime,
    /// Stop back-dating for the whole run; this call ends, for its intent says that its requests are back-dated.
    StopBackDating,
    /// Get a new temporary key pair, then try again at once.
    RenewCredentials,
}

impl Attempts {
    pub(crate) fn new(call: Call) -> Attempts {
        Attempts {
            call,
            doubt: Doubt::None,
            failures: 0,
            busy: 0,
            timestamps_refused: 0,
            credentials_renewed: false,
        }
    }

    /// Takes note of a failed try and says what to do.
    pub(crate) fn failed(&mut self, fault: &Fault) -> Next {
        self.note_doubt(fault.cause);
        match fault.cause {
            Cause::NotSent => self.retry(ErrorKind::Unreachable),
            Cause::Lost => self.retry(ErrorKind::Ambiguous),
            // Asking again would bring the same.
            Cause::Redirect | Cause::TooLarge => Next::Stop(self.settle(ErrorKind::Malformed)),
            Cause::Answer(meaning) => self.answered(meaning),
        }
    }

    fn answered(&mut self, meaning: Meaning) -> Next {
        match meaning {
            Meaning::Failing | Meaning::NonceUsed => self.retry(ErrorKind::Ambiguous),
            Meaning::Unreadable => self.retry(ErrorKind::Malformed),
            Meaning::Throttled => match (self.call, self.doubt) {
                // Only the same token may follow a try in doubt, so there is no new intent to be had.
                (Call::Change { .. }, Doubt::None) => Next::Stop(ErrorKind::Throttled),
                _ => Next::Pace,
            },
            Meaning::TokenProcessing => {
                self.busy += 1;
                Next::Wait {
                    failures: self.busy,
                    kind: ErrorKind::TokenProcessing,
                }
            }
            Meaning::TimestampExpired => {
                self.timestamps_refused += 1;
                match (self.timestamps_refused, self.call) {
                    (1, _) => Next::AdoptServerTime,
                    (2, Call::Change { .. }) if self.doubt == Doubt::None => Next::StopBackDating,
                    _ => Next::Stop(self.settle(ErrorKind::Refused)),
                }
            }
            Meaning::CredentialsExpired if !self.credentials_renewed => {
                self.credentials_renewed = true;
                Next::RenewCredentials
            }
            Meaning::Credentials | Meaning::CredentialsExpired => {
                Next::Stop(self.settle(ErrorKind::Credentials))
            }
            Meaning::TokenMismatch => Next::Stop(ErrorKind::TokenMismatch),
            Meaning::WrongState => Next::Stop(self.settle(ErrorKind::WrongState)),
            Meaning::NotFound => Next::Stop(self.settle(ErrorKind::NotFound)),
            Meaning::Refused => Next::Stop(self.settle(ErrorKind::Refused)),
        }
    }

    /// What giving up now means.
    pub(crate) fn settle(&self, kind: ErrorKind) -> ErrorKind {
        match (self.call, self.doubt) {
            (Call::Read { .. }, _) => kind,
            // A refusal of a repetition says nothing about the copy that is still on its way.
            (Call::Change { .. }, Doubt::InFlight) => ErrorKind::Ambiguous,
            (Call::Change { .. }, Doubt::Answered) => match kind {
                // The earlier copy has been dealt with: had it taken effect, its token would have been answered
                // with its result.
                ErrorKind::Refused | ErrorKind::NotFound | ErrorKind::WrongState | ErrorKind::Credentials => {
                    kind
                }
                ErrorKind::TokenProcessing | ErrorKind::TokenMismatch => kind,
                _ => ErrorKind::Ambiguous,
            },
            (Call::Change { .. }, Doubt::None) => kind,
        }
    }

    fn note_doubt(&mut self, cause: Cause) {
        let doubt = match cause {
            Cause::Lost => Doubt::InFlight,
            Cause::Redirect
            | Cause::TooLarge
            | Cause::Answer(
                Meaning::Failing | Meaning::Unreadable | Meaning::NonceUsed | Meaning::TokenProcessing,
            ) => Doubt::Answered,
            Cause::NotSent | Cause::Answer(_) => Doubt::None,
        };
        self.doubt = self.doubt.max(doubt);
    }

    fn retry(&mut self, kind: ErrorKind) -> Next {
        self.failures += 1;
        let tries_max = match self.call {
            Call::Read { tries_max } => tries_max,
            Call::Change { has_token: false } if self.doubt != Doubt::None => {
                return Next::Stop(ErrorKind::Ambiguous);
            }
            Call::Change { .. } => TRIES_MAX,
        };
        let kind = self.settle(kind);
        if self.failures >= tries_max {
            return Next::Stop(kind);
        }
        Next::Retry {
            failures: self.failures,
            kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::error_code::meaning;

    const READ: Call = Call::Read { tries_max: TRIES_MAX };
    const WITH_TOKEN: Call = Call::Change { has_token: true };
    const WITHOUT_TOKEN: Call = Call::Change { has_token: false };

    fn fault(cause: Cause) -> Fault {
        Fault {
            cause,
            code: String::new(),
            message: String::new(),
            request_id: None,
            http_status: None,
            recommend: None,
            retry_after: None,
        }
    }

    fn answer(status: u16, code: &str) -> Fault {
        fault(Cause::Answer(meaning(code, status)))
    }

    fn first(call: Call, fault: &Fault) -> Next {
        Attempts::new(call).failed(fault)
    }

    fn retry(kind: ErrorKind) -> Next {
        Next::Retry { failures: 1, kind }
    }

    fn wait(kind: ErrorKind) -> Next {
        Next::Wait { failures: 1, kind }
    }

    /// One row of the retry table of the design: the answer, and what follows for a read, a change with a token
    /// and one without.
    #[test]
    fn every_row_of_the_retry_table() {
        use ErrorKind::{Ambiguous, Credentials, Malformed, NotFound, Refused, Throttled, TokenMismatch};
        use ErrorKind::{TokenProcessing, Unreachable, WrongState};
        let stop = Next::Stop;
        let unknown = |read: ErrorKind| (retry(read), retry(Ambiguous), stop(Ambiguous));
        let definite = |kind: ErrorKind| (stop(kind), stop(kind), stop(kind));
        let throttled = (Next::Pace, stop(Throttled), stop(Throttled));
        let processing = (
            wait(TokenProcessing),
            wait(TokenProcessing),
            wait(TokenProcessing),
        );
        let unreachable = (retry(Unreachable), retry(Unreachable), retry(Unreachable));
        let once = (
            Next::AdoptServerTime,
            Next::AdoptServerTime,
            Next::AdoptServerTime,
        );
        let rows = [
            ("no connection", fault(Cause::NotSent), unreachable),
            (
                "reset, time-out or end after bytes",
                fault(Cause::Lost),
                unknown(Ambiguous),
            ),
            ("500", answer(500, "InternalError"), unknown(Ambiguous)),
            ("502 page", answer(502, ""), unknown(Ambiguous)),
            ("504 page", answer(504, ""), unknown(Ambiguous)),
            (
                "200 that cannot be read",
                fault(Cause::Answer(Meaning::Unreadable)),
                unknown(Malformed),
            ),
            ("404 page", answer(404, ""), unknown(Malformed)),
            ("503", answer(503, "ServiceUnavailable"), unknown(Ambiguous)),
            ("busy", answer(503, "SystemBusy"), unknown(Ambiguous)),
            ("throttled", answer(400, "Throttling"), throttled),
            ("throttled by user", answer(400, "Throttling.User"), throttled),
            ("throttled by api", answer(400, "Throttling.Api"), throttled),
            (
                "throttled, rejected",
                answer(503, "Rejected.Throttling"),
                throttled,
            ),
            (
                "throttled, concurrent",
                answer(400, "Throttling.ConcurrentLimitExceeded"),
                throttled,
            ),
            (
                "throttled, resource",
                answer(429, "Throttling.Resource"),
                throttled,
            ),
            ("429 page", answer(429, ""), throttled),
            ("processing", answer(403, "LastTokenProcessing"), processing),
            ("processing", answer(400, "IdempotenceProcessing"), processing),
            (
                "processing",
                answer(400, "OperationFailed.LastTokenProcessing"),
                processing,
            ),
            (
                "processing",
                answer(400, "OperationFailed.IdempotentTokenProcessing"),
                processing,
            ),
            (
                "processing",
                answer(400, "OperationFailed.TokenIsProcessing"),
                processing,
            ),
            ("processing", answer(400, "TokenProcessing"), processing),
            (
                "wrong state",
                answer(403, "IncorrectInstanceStatus"),
                definite(WrongState),
            ),
            (
                "wrong state",
                answer(403, "IncorrectInstanceStatus.Initializing"),
                definite(WrongState),
            ),
            (
                "wrong state",
                answer(400, "IncorrectVpcStatus"),
                definite(WrongState),
            ),
            ("wrong state", answer(400, "TaskConflict"), definite(WrongState)),
            (
                "wrong state",
                answer(409, "OperationConflict"),
                definite(WrongState),
            ),
            (
                "wrong state",
                answer(400, "OperationFailed.DistibuteLock"),
                definite(WrongState),
            ),
            (
                "in use",
                answer(400, "DependencyViolation.VSwitch"),
                definite(WrongState),
            ),
            (
                "mismatch",
                answer(400, "IdempotentParameterMismatch"),
                definite(TokenMismatch),
            ),
            ("expired", answer(400, "InvalidTimeStamp.Expired"), once),
            ("nonce", answer(400, "SignatureNonceUsed"), unknown(Ambiguous)),
            (
                "gone",
                answer(404, "InvalidInstanceId.NotFound"),
                definite(NotFound),
            ),
            (
                "no stock",
                answer(403, "OperationDenied.NoStock"),
                definite(Refused),
            ),
            (
                "quota",
                answer(403, "QuotaExceed.ElasticQuota"),
                definite(Refused),
            ),
            (
                "balance",
                answer(403, "InvalidAccountStatus.NotEnoughBalance"),
                definite(Refused),
            ),
            ("validation", answer(400, "InvalidParameter"), definite(Refused)),
            ("rights", answer(403, "Forbidden.RAM"), definite(Refused)),
            (
                "signature",
                answer(400, "SignatureDoesNotMatch"),
                definite(Credentials),
            ),
            (
                "key",
                answer(404, "InvalidAccessKeyId.NotFound"),
                definite(Credentials),
            ),
        ];
        for (name, fault, (read, with_token, without_token)) in rows {
            assert_eq!(first(READ, &fault), read, "{name}, a read");
            assert_eq!(
                first(WITH_TOKEN, &fault),
                with_token,
                "{name}, a change with a token"
            );
            assert_eq!(
                first(WITHOUT_TOKEN, &fault),
                without_token,
                "{name}, a change without"
            );
        }
    }

    #[test]
    fn a_refusal_after_a_lost_try_settles_nothing() {
        for (status, code) in [
            (403, "OperationDenied.NoStock"),
            (404, "InvalidVpcId.NotFound"),
            (400, "TaskConflict"),
            (400, "SignatureDoesNotMatch"),
        ] {
            let mut attempts = Attempts::new(WITH_TOKEN);
            assert_eq!(attempts.failed(&fault(Cause::Lost)), retry(ErrorKind::Ambiguous));
            let next = attempts.failed(&answer(status, code));
            assert_eq!(next, Next::Stop(ErrorKind::Ambiguous), "{code}");
        }
    }

    #[test]
    fn a_refusal_after_an_answered_failure_is_definite() {
        let mut attempts = Attempts::new(WITH_TOKEN);
        assert_eq!(
            attempts.failed(&answer(503, "ServiceUnavailable")),
            retry(ErrorKind::Ambiguous)
        );
        let next = attempts.failed(&answer(403, "OperationDenied.NoStock"));
        assert_eq!(next, Next::Stop(ErrorKind::Refused));
    }

    #[test]
    fn throttling_after_a_try_in_doubt_keeps_the_token() {
        let mut attempts = Attempts::new(WITH_TOKEN);
        attempts.failed(&fault(Cause::Lost));
        assert_eq!(attempts.failed(&answer(400, "Throttling")), Next::Pace);
    }

    #[test]
    fn a_second_expired_timestamp_ends_back_dating_and_a_third_ends_the_call() {
        let expired = answer(400, "InvalidTimeStamp.Expired");
        let mut change = Attempts::new(WITH_TOKEN);
        assert_eq!(change.failed(&expired), Next::AdoptServerTime);
        assert_eq!(change.failed(&expired), Next::StopBackDating);
        assert_eq!(change.failed(&expired), Next::Stop(ErrorKind::Refused));
        let mut read = Attempts::new(READ);
        assert_eq!(read.failed(&expired), Next::AdoptServerTime);
        assert_eq!(read.failed(&expired), Next::Stop(ErrorKind::Refused));
    }

    #[test]
    fn eight_failures_are_enough_and_throttling_is_not_one_of_them() {
        let mut attempts = Attempts::new(READ);
        for _ in 0..100 {
            assert_eq!(attempts.failed(&answer(400, "Throttling")), Next::Pace);
        }
        for failures in 1..TRIES_MAX {
            let next = attempts.failed(&fault(Cause::NotSent));
            let kind = ErrorKind::Unreachable;
            assert_eq!(next, Next::Retry { failures, kind });
        }
        assert_eq!(
            attempts.failed(&fault(Cause::NotSent)),
            Next::Stop(ErrorKind::Unreachable)
        );
    }

    #[test]
    fn a_temporary_key_pair_is_renewed_once() {
        let expired = answer(400, "InvalidSecurityToken.Expired");
        let mut attempts = Attempts::new(READ);
        assert_eq!(attempts.failed(&expired), Next::RenewCredentials);
        assert_eq!(attempts.failed(&expired), Next::Stop(ErrorKind::Credentials));
    }
}
