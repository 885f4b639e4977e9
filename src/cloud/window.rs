//! The send window: when a token may be sent, when a look-up that finds nothing may be believed.
//!
//! Pure: times in, decision out, so that the client, recovery, the executor and the model checker decide by the
//! same code. Does not know requests, clocks or journals.
//!
//! `i` is the server time in the intent. A token is sent only until `i + S`, every request with it expires by
//! itself at `i + S + F`, and what it made is visible to reads at `i + S + F + L`. Because `S + F` is shorter than
//! the life of a token, the API itself merges whatever arrives with the same token.

#[cfg(test)]
mod model;

use jiff::{SignedDuration, Timestamp};

/// S: how long after the intent a token may be sent.
pub(crate) const SEND: SignedDuration = SignedDuration::from_secs(300);

/// F: how long after its nominal time a back-dated request can still be executed.
pub(crate) const FLIGHT: SignedDuration = SignedDuration::from_secs(120);

/// L: how long a read may lag behind a change.
pub(crate) const LAG: SignedDuration = SignedDuration::from_secs(60);

/// T: the shortest life of a ClientToken that the vendor publishes for any product.
#[cfg(test)]
pub(crate) const TOKEN_LIFE: SignedDuration = SignedDuration::from_secs(600);

/// How far a request's Timestamp may be from server time before the API refuses it.
pub(crate) const TOLERANCE: SignedDuration = SignedDuration::from_secs(900);

/// How far changing calls are back-dated, so that they expire F after they were signed.
pub(crate) const BACK_DATE: SignedDuration = SignedDuration::from_secs(780);

/// The Timestamp of requests of an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum WindowPolicy {
    /// Requests are back-dated, so the server itself lets them expire after F.
    #[default]
    BackDated,
    /// The server refuses back-dated requests: they carry the intent's own time and live 15 minutes from then,
    /// longer than a token may live, so a token is never sent again once an earlier send is in doubt.
    Plain,
}

/// An intent's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// `i`: server time when the intent was written.
    pub(crate) opened: Timestamp,
    pub(crate) policy: WindowPolicy,
}

/// What looking for the effect of an intent has shown so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LookUp {
    /// Nobody has looked yet.
    NotYet,
    /// A read that began at this server time did not show it.
    NotFound { at: Timestamp },
}

/// What may be done about an intent whose outcome is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Send the same token with the same parameters.
    Resend,
    /// Look now.
    LookUp,
    /// Finding nothing is not yet proof: look again at this server time, not earlier.
    LookUpAgainAt(Timestamp),
    /// It took no effect and cannot any more: a new intent with a new token is safe.
    Renew,
}

impl Window {
    /// The window of an intent that was written at this server time; `plain` if its requests are not back-dated.
    pub(crate) fn of(opened: Timestamp, plain: bool) -> Window {
        let policy = match plain {
            true => WindowPolicy::Plain,
            false => WindowPolicy::BackDated,
        };
        Window { opened, policy }
    }

    /// Whether its requests are not back-dated.
    pub(crate) fn is_plain(&self) -> bool {
        self.policy == WindowPolicy::Plain
    }

    /// Whether a request with the intent's token may be signed at server time `t`.
    ///
    /// A time before the intent means that the idea of server time has changed since; by more than L it cannot be
    /// trusted.
    pub(crate) fn may_sign(&self, t: Timestamp) -> bool {
        let age = t.duration_since(self.opened);
        age <= SEND && age >= -LAG
    }

    /// The Timestamp of a request that is signed at server time `t`. Computed from the same `t` that was checked,
    /// so that a pause in between cannot lengthen the request's life.
    pub(crate) fn timestamp(&self, t: Timestamp) -> Timestamp {
        match self.policy {
            WindowPolicy::BackDated => shift(t, -BACK_DATE),
            WindowPolicy::Plain => self.opened,
        }
    }

    /// When the last request that could carry the token has expired.
    pub(crate) fn expires(&self) -> Timestamp {
        match self.policy {
            WindowPolicy::BackDated => shift(self.opened, SEND + FLIGHT),
            WindowPolicy::Plain => shift(self.opened, TOLERANCE),
        }
    }

    /// From when on a look-up that finds nothing is proof.
    pub(crate) fn believed(&self) -> Timestamp {
        shift(self.expires(), LAG)
    }

    /// Whether the token may be sent again although an earlier send may have taken effect.
    pub(crate) fn may_resend(&self, t: Timestamp) -> bool {
        self.policy == WindowPolicy::BackDated && self.may_sign(t)
    }
}

/// What to do at server time `now` about an intent whose outcome is not known.
pub(crate) fn decide(now: Timestamp, window: Window, look_up: LookUp) -> Decision {
    match look_up {
        LookUp::NotFound { at } if at >= window.believed() => Decision::Renew,
        _ if window.may_resend(now) => Decision::Resend,
        LookUp::NotFound { .. } if now < window.believed() => Decision::LookUpAgainAt(window.believed()),
        LookUp::NotFound { .. } | LookUp::NotYet => Decision::LookUp,
    }
}

fn shift(time: Timestamp, by: SignedDuration) -> Timestamp {
    // Saturates at the ends of time, which no server's clock shows.
    time.saturating_add(by).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn the_three_numbers_fit_the_life_of_a_token() {
        assert!(SEND + FLIGHT < TOKEN_LIFE);
        assert_eq!(TOLERANCE - BACK_DATE, FLIGHT);
    }

    #[test]
    fn inside_the_window_the_same_token_is_sent_again() {
        let window = Window::of(at(0), false);
        for now in [0, 1, 300] {
            assert_eq!(decide(at(now), window, LookUp::NotYet), Decision::Resend);
            assert_eq!(
                decide(at(now), window, LookUp::NotFound { at: at(now) }),
                Decision::Resend
            );
        }
        assert_eq!(decide(at(301), window, LookUp::NotYet), Decision::LookUp);
    }

    #[test]
    fn finding_nothing_is_believed_only_when_the_read_began_late_enough() {
        let window = Window::of(at(0), false);
        let early = LookUp::NotFound { at: at(479) };
        assert_eq!(decide(at(479), window, early), Decision::LookUpAgainAt(at(480)));
        assert_eq!(decide(at(480), window, early), Decision::LookUp);
        assert_eq!(decide(at(9_000), window, early), Decision::LookUp);
        assert_eq!(
            decide(at(480), window, LookUp::NotFound { at: at(480) }),
            Decision::Renew
        );
    }

    #[test]
    fn without_back_dating_a_token_is_never_sent_again_and_the_wait_is_sixteen_minutes() {
        let window = Window {
            opened: at(0),
            policy: WindowPolicy::Plain,
        };
        assert_eq!(decide(at(1), window, LookUp::NotYet), Decision::LookUp);
        assert_eq!(
            decide(at(2), window, LookUp::NotFound { at: at(2) }),
            Decision::LookUpAgainAt(at(960))
        );
        assert_eq!(window.timestamp(at(200)), at(0));
    }

    #[test]
    fn a_back_dated_request_expires_inside_the_window_whenever_it_was_signed() {
        let window = Window::of(at(0), false);
        for t in 0..=300 {
            assert!(window.may_sign(at(t)));
            let expires = window.timestamp(at(t)).checked_add(TOLERANCE).unwrap();
            assert!(expires <= window.expires());
        }
        assert!(!window.may_sign(at(301)));
        assert!(!window.may_sign(at(-61)), "a clock that fell back is not trusted");
    }
}
