//! When and how often to try again. Does not know why.

use std::sync::Mutex;
use std::time::Duration;

use super::lock;
use crate::env::Random;

/// Tries of one call that may use up its patience; waiting for a throttled API is not counted.
pub(crate) const TRIES_MAX: u32 = 8;

/// How long the first pause is at most; each further one at most twice as long.
const PAUSE_BASE: Duration = Duration::from_millis(200);

/// No pause is longer.
const PAUSE_MAX: Duration = Duration::from_secs(20);

/// What a host's failures may cost until calls to it are no longer repeated.
const BUDGET: u32 = 500;

/// What one repetition costs.
const COST: u32 = 14;

/// The pause before the try that follows `failures` failed ones: anything between nothing and the step's maximum,
/// so that callers who failed together do not come back together.
pub(crate) fn pause(random: &dyn Random, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let longest = PAUSE_BASE.saturating_mul(1 << doublings).min(PAUSE_MAX);
    longest.mul_f64(fraction(random))
}

/// A number from 0 up to, but without, 1.
pub(crate) fn fraction(random: &dyn Random) -> f64 {
    let mut bytes = [0_u8; 4];
    random.fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}

/// The retries that a host is still good for. A host that answers wins them back; one that does not is spared.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Mutex<u32>,
}

impl Budget {
    /// A full budget.
    pub(crate) fn new() -> Budget {
        Budget {
            left: Mutex::new(BUDGET),
        }
    }

    /// Pays for a repetition; false if there is not enough left.
    pub(crate) fn spend(&self) -> bool {
        let mut left = lock(&self.left);
        match left.checked_sub(COST) {
            Some(rest) => {
                *left = rest;
                true
            }
            None => false,
        }
    }

    /// Gives back what a call that succeeded in the end had paid for its repetitions; one that succeeded at once
    /// earns a little.
    pub(crate) fn refund(&self, repetitions: u32) {
        let mut left = lock(&self.left);
        let back = repetitions.saturating_mul(COST).max(1);
        *left = left.saturating_add(back).min(BUDGET);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::SystemRandom;

    struct Highest;

    impl Random for Highest {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(u8::MAX);
        }
    }

    #[test]
    fn pauses_double_up_to_twenty_seconds() {
        let longest: Vec<u64> = (1..=9)
            .map(|failures| (pause(&Highest, failures).as_secs_f64() * 1000.0).round() as u64)
            .collect();
        assert_eq!(longest, [200, 400, 800, 1600, 3200, 6400, 12_800, 20_000, 20_000]);
        for failures in [0, 1, 5, 1000, u32::MAX] {
            assert!(pause(&SystemRandom, failures) <= PAUSE_MAX);
        }
    }

    #[test]
    fn a_host_that_only_fails_is_given_up_and_one_that_answers_is_not() {
        let budget = Budget::new();
        let paid = (0..100).filter(|_| budget.spend()).count();
        assert_eq!(paid, 35);
        budget.refund(2);
        assert!(budget.spend() && budget.spend() && !budget.spend());
        let steady = Budget::new();
        for _ in 0..10_000 {
            assert!(steady.spend());
            steady.refund(1);
        }
    }
}
