//! Server time, learnt from the `Date` of answers. Does not know requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};

use super::lock;
use crate::env::Clock;

/// How many samples the offset is the median of.
const SAMPLES: usize = 3;

/// A clock that is off by more is worth telling.
pub(crate) const NOTABLE_OFFSET: SignedDuration = SignedDuration::from_secs(60);

/// The offset between this machine's clock and the server's.
pub(crate) struct ServerClock {
    clock: Arc<dyn Clock>,
    offsets: Mutex<VecDeque<SignedDuration>>,
}

impl ServerClock {
    /// A clock that has not heard from the server yet.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> ServerClock {
        ServerClock {
            clock,
            offsets: Mutex::new(VecDeque::with_capacity(SAMPLES)),
        }
    }

    /// Learns from an answer: its `Date`, when the request left by this machine's clock, and how long the
    /// exchange took. The server read its clock somewhere in the middle, and cut off the fraction of a second.
    pub(crate) fn learn(&self, date: Timestamp, sent: Timestamp, took: Duration) {
        let middle = SignedDuration::try_from(took / 2).unwrap_or_default();
        let server = date
            .saturating_add(SignedDuration::from_millis(500))
            .unwrap_or(date);
        let offset = server.duration_since(sent) - middle;
        let mut offsets = lock(&self.offsets);
        if offsets.len() == SAMPLES {
            offsets.pop_front();
        }
        offsets.push_back(offset);
    }

    /// Forgets all samples but the newest: the server has just said that the others are wrong.
    pub(crate) fn trust_newest(&self) {
        let mut offsets = lock(&self.offsets);
        while offsets.len() > 1 {
            offsets.pop_front();
        }
    }

    /// Server minus local time, once an answer has come.
    pub(crate) fn offset(&self) -> Option<SignedDuration> {
        let offsets = lock(&self.offsets);
        let mut sorted: Vec<SignedDuration> = offsets.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    /// Server time now, once an answer has come.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        let offset = self.offset()?;
        self.clock.now().saturating_add(offset).ok()
    }

    /// Server time now, or local time as long as nothing better is known.
    pub(crate) fn now_or_local(&self) -> Timestamp {
        self.now().unwrap_or_else(|| self.clock.now())
    }
}

/// Reads a `Date` header.
pub(crate) fn parse_date(text: &str) -> Option<Timestamp> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    PARSER.parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::testing::World;

    #[test]
    fn the_offset_is_the_median_of_the_last_three() {
        let world = World::new();
        let clock = ServerClock::new(world.clock());
        assert_eq!(clock.now(), None);
        let sent = world.clock().now();
        for seconds in [10, 1_000, 12, 14] {
            let date = sent.checked_add(SignedDuration::from_secs(seconds)).unwrap();
            clock.learn(date, sent, Duration::from_secs(1));
        }
        // Half a second up for the cut fraction, half a second down for the way.
        assert_eq!(clock.offset(), Some(SignedDuration::from_secs(14)));
    }

    #[test]
    fn a_date_header_is_read_and_nonsense_is_not() {
        let date = parse_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(date.to_string(), "1994-11-06T08:49:37Z");
        for text in ["", "yesterday", "1994-11-06", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
