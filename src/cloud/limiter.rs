//! How many calls are in flight, and how fast an API may be called that has asked for less.
//!
//! No API has a rate until it throttles. Then it is shut for all its callers in this process, is asked once a
//! second until it lets a call through again, and from then on gets the rate that it has shown to bear; a later
//! refusal halves that rate, and it grows by a tenth a minute. Does not know what is called or why.
//!
//! The order of what is waited for is fixed: line, then front of the line, then the API's pace, then a place. Nobody
//! who has a place waits for anything that somebody in line must do first, so calls can never wait for each other in
//! a circle, however few places there are.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::lock;
use crate::api::Action;
use crate::env::Clock;

/// A throttled API is asked this often whether it is open again; the vendor advises one call a second.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// No answer may shut an API for longer.
const SHUT_MAX: Duration = Duration::from_secs(600);

/// The span over which the bearable rate is measured: the vendor counts calls by the minute.
const MEASURED: Duration = Duration::from_secs(60);

/// Growth of a learnt rate within one minute.
const GROWTH_PER_MINUTE: f64 = 1.1;

/// Calls a second; no API is slowed down further.
const RATE_MIN: f64 = 0.1;

/// Calls a second; a rate that has grown so far no longer limits anything.
const RATE_MAX: f64 = 1000.0;

/// The limiter of one client.
pub(crate) struct Limiter {
    clock: Arc<dyn Clock>,
    places: Arc<Semaphore>,
    gates: Mutex<BTreeMap<&'static Action, Arc<Gate>>>,
}

/// A place for one call; given back when dropped.
pub(crate) struct Slot {
    gate: Arc<Gate>,
    clock: Arc<dyn Clock>,
    places: Arc<Semaphore>,
    place: Mutex<Option<OwnedSemaphorePermit>>,
    /// When the call was let in, by the monotonic clock.
    admitted: Mutex<Duration>,
    /// Whether everybody else waits for what becomes of this call.
    probe: AtomicBool,
    /// How long it took to get the place.
    pub(crate) waited: Duration,
}

/// The way to one API.
struct Gate {
    /// New calls stand in line here, so that only the first of them competes with repetitions.
    line: tokio::sync::Mutex<()>,
    /// The front of the line, where one caller at a time watches the clock. Repetitions come here at once: the window
    /// in which they may be sent does not wait for new calls.
    front: tokio::sync::Mutex<()>,
    pace: Mutex<Pace>,
    /// Told when a probe has come back.
    changed: Notify,
}

impl Limiter {
    /// A limiter that lets this many calls be in flight, at least one.
    pub(crate) fn new(clock: Arc<dyn Clock>, parallelism: usize) -> Limiter {
        Limiter {
            clock,
            places: Arc::new(Semaphore::new(parallelism.clamp(1, Semaphore::MAX_PERMITS))),
            gates: Mutex::default(),
        }
    }

    /// Waits for a place and for the API's pace.
    pub(crate) async fn slot(&self, action: &'static Action) -> Slot {
        let started = self.clock.elapsed();
        let gate = Arc::clone(lock(&self.gates).entry(action).or_default());
        let line = gate.line.lock().await;
        let entry = gate.enter(&self.places, &*self.clock).await;
        drop(line);
        Slot {
            gate,
            clock: Arc::clone(&self.clock),
            places: Arc::clone(&self.places),
            place: Mutex::new(Some(entry.place)),
            admitted: Mutex::new(entry.at),
            probe: AtomicBool::new(entry.probe),
            waited: entry.at.saturating_sub(started),
        }
    }
}

impl Slot {
    /// The API let the call through, whatever came of it.
    pub(crate) fn passed(&self) {
        let probe = self.probe.swap(false, Ordering::Relaxed);
        lock(&self.gate.pace).passed(probe, self.clock.elapsed());
        if probe {
            self.gate.changed.notify_one();
        }
    }

    /// The API asked for fewer calls, at least for `pause` if it said so. Returns how long it is shut now, if it was
    /// not shut before.
    pub(crate) fn throttled(&self, pause: Option<Duration>) -> Option<Duration> {
        let probe = self.probe.swap(false, Ordering::Relaxed);
        let pause = pause.unwrap_or(PROBE_EVERY).clamp(PROBE_EVERY, SHUT_MAX);
        let admitted = *lock(&self.admitted);
        let is_new = lock(&self.gate.pace).throttled(probe, admitted, self.clock.elapsed(), pause);
        self.gate.changed.notify_one();
        is_new.then_some(pause)
    }

    /// Waits for a place and for the API's pace again, before another try of the same call. What place there was is
    /// given up first. Returns how long that took.
    pub(crate) async fn again(&self) -> Duration {
        self.give_up_place();
        let began = self.clock.elapsed();
        let entry = self.gate.enter(&self.places, &*self.clock).await;
        *lock(&self.place) = Some(entry.place);
        *lock(&self.admitted) = entry.at;
        self.probe.store(entry.probe, Ordering::Relaxed);
        entry.at.saturating_sub(began)
    }

    /// Gives the place to others before a pause. A probe that has not been answered lets somebody else ask.
    pub(crate) fn give_up_place(&self) {
        drop(lock(&self.place).take());
        if self.probe.swap(false, Ordering::Relaxed) {
            lock(&self.gate.pace).abandoned();
            self.gate.changed.notify_one();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.give_up_place();
    }
}

impl Default for Gate {
    fn default() -> Gate {
        Gate {
            line: tokio::sync::Mutex::new(()),
            front: tokio::sync::Mutex::new(()),
            pace: Mutex::new(Pace::default()),
            changed: Notify::new(),
        }
    }
}

/// How a caller got in.
struct Entry {
    place: OwnedSemaphorePermit,
    at: Duration,
    probe: bool,
}

impl Gate {
    /// Waits until the pace lets one more caller in, and for a place.
    async fn enter(&self, places: &Arc<Semaphore>, clock: &dyn Clock) -> Entry {
        let _front = self.front.lock().await;
        loop {
            self.opening(clock).await;
            let place = Arc::clone(places).acquire_owned().await;
            let place = place.expect("the semaphore is never closed");
            // Waiting for the place may have taken long enough for the gate to shut again.
            let at = clock.elapsed();
            if let Admission::Now { probe } = lock(&self.pace).admit(at) {
                return Entry { place, at, probe };
            }
        }
    }

    /// Waits until the next caller may be let in.
    async fn opening(&self, clock: &dyn Clock) {
        loop {
            let now = clock.elapsed();
            let opens = lock(&self.pace).opens(now);
            match opens {
                Opens::Now => return,
                Opens::At(time) => tokio::select! {
                    () = clock.sleep(time.saturating_sub(now)) => {}
                    () = self.changed.notified() => {}
                },
                Opens::AfterProbe => self.changed.notified().await,
            }
        }
    }
}

/// When the next caller may be let in. Times are those of the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Opens {
    Now,
    At(Duration),
    AfterProbe,
}

/// Whether a caller is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Admission {
    Now { probe: bool },
    NotYet,
}

/// What is known about the pace that an API bears; pure, told time.
#[derive(Debug, Default)]
struct Pace {
    /// When calls were let through, for the last minute before the API shut.
    passes: VecDeque<Duration>,
    shut: Option<Shut>,
    /// When it last opened again.
    opened: Duration,
    rate: Option<Rate>,
}

#[derive(Debug)]
struct Shut {
    until: Duration,
    probing: bool,
}

#[derive(Debug)]
struct Rate {
    per_second: f64,
    tokens: f64,
    filled: Duration,
}

impl Pace {
    fn opens(&mut self, now: Duration) -> Opens {
        match &self.shut {
            Some(shut) if shut.probing => return Opens::AfterProbe,
            Some(shut) if now < shut.until => return Opens::At(shut.until),
            Some(_) => return Opens::Now,
            None => {}
        }
        let Some(rate) = &mut self.rate else {
            return Opens::Now;
        };
        rate.fill(now);
        if rate.per_second > RATE_MAX {
            self.rate = None;
            return Opens::Now;
        }
        if rate.tokens >= 1.0 {
            return Opens::Now;
        }
        // Rounded up, so that the wait never ends a hair too early and starts again.
        let wait = (1.0 - rate.tokens) / rate.per_second + 0.001;
        Opens::At(now + Duration::from_secs_f64(wait))
    }

    fn admit(&mut self, now: Duration) -> Admission {
        if self.opens(now) != Opens::Now {
            return Admission::NotYet;
        }
        if let Some(shut) = &mut self.shut {
            shut.probing = true;
            return Admission::Now { probe: true };
        }
        if let Some(rate) = &mut self.rate {
            rate.tokens -= 1.0;
        }
        Admission::Now { probe: false }
    }

    fn passed(&mut self, probe: bool, now: Duration) {
        if self.shut.is_none() {
            let old = now.saturating_sub(MEASURED);
            while self.passes.front().is_some_and(|pass| *pass < old) {
                self.passes.pop_front();
            }
        }
        if probe && self.shut.is_some() {
            self.shut = None;
            self.opened = now;
            let per_second = match &self.rate {
                Some(rate) => rate.per_second,
                None => self.bearable(now),
            };
            self.rate = Some(Rate {
                per_second,
                tokens: 0.0,
                filled: now,
            });
            self.passes.clear();
        }
        self.passes.push_back(now);
    }

    /// What was let through between the first call of the measured span and now, when it lets calls through again:
    /// that is what the API grants in one of its own spans.
    fn bearable(&self, now: Duration) -> f64 {
        let first = self.passes.front().copied().unwrap_or(now);
        let span = now.saturating_sub(first).max(PROBE_EVERY).as_secs_f64();
        let count = u32::try_from(self.passes.len()).unwrap_or(u32::MAX).max(1);
        (f64::from(count) / span).max(RATE_MIN)
    }

    /// Returns whether this is news: one burst brings many refusals, and only the first says something.
    fn throttled(&mut self, probe: bool, admitted: Duration, now: Duration, pause: Duration) -> bool {
        if let Some(shut) = &mut self.shut {
            if probe {
                shut.probing = false;
            }
            shut.until = shut.until.max(now + pause);
            return false;
        }
        if admitted < self.opened {
            return false;
        }
        self.shut = Some(Shut {
            until: now + pause,
            probing: false,
        });
        if let Some(rate) = &mut self.rate {
            rate.per_second = (rate.per_second / 2.0).max(RATE_MIN);
        }
        true
    }

    fn abandoned(&mut self) {
        if let Some(shut) = &mut self.shut {
            shut.probing = false;
        }
    }
}

impl Rate {
    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.filled).as_secs_f64();
        self.filled = now;
        self.per_second *= GROWTH_PER_MINUTE.powf(passed / 60.0);
        // One second's worth may be used at once.
        let most = self.per_second.max(1.0);
        self.tokens = (self.tokens + passed * self.per_second).min(most);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::api::action;
    use crate::cloud::testing::World;
    use crate::env::chance::Chance;

    fn s(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// How many calls are let in per second in the long run.
    fn admitted_within(pace: &mut Pace, from: f64, to: f64) -> usize {
        let mut now = s(from);
        let mut count = 0;
        while now < s(to) {
            if let Admission::Now { probe } = pace.admit(now) {
                pace.passed(probe, now);
                count += 1;
            }
            now += s(0.01);
        }
        count
    }

    #[test]
    fn nothing_is_limited_until_an_api_throttles() {
        let mut pace = Pace::default();
        for _ in 0..10_000 {
            assert_eq!(pace.admit(s(0.0)), Admission::Now { probe: false });
        }
    }

    #[test]
    fn a_throttled_api_is_probed_and_then_gets_the_rate_it_bears() {
        let mut pace = Pace::default();
        for _ in 0..20 {
            assert_eq!(pace.admit(s(0.0)), Admission::Now { probe: false });
            pace.passed(false, s(0.0));
        }
        assert!(
            pace.throttled(false, s(0.0), s(0.1), s(1.0)),
            "the first refusal is news"
        );
        assert!(
            !pace.throttled(false, s(0.0), s(0.2), s(1.0)),
            "the rest of the burst is not"
        );
        assert_eq!(pace.opens(s(0.5)), Opens::At(s(1.2)));
        assert_eq!(pace.admit(s(1.2)), Admission::Now { probe: true });
        assert_eq!(pace.admit(s(1.2)), Admission::NotYet, "one probe at a time");
        assert!(!pace.throttled(true, s(1.2), s(1.2), s(1.0)));
        assert_eq!(pace.admit(s(2.2)), Admission::Now { probe: true });
        pace.passed(true, s(2.2));
        let count = admitted_within(&mut pace, 2.2, 12.2);
        assert!(
            (80..=100).contains(&count),
            "{count} in 10 s, 20 in 2.2 s were granted"
        );
    }

    #[test]
    fn a_second_refusal_halves_the_rate_and_a_quiet_time_restores_it() {
        let mut pace = Pace {
            rate: Some(Rate {
                per_second: 10.0,
                tokens: 0.0,
                filled: s(0.0),
            }),
            ..Pace::default()
        };
        assert!(pace.throttled(false, s(1.0), s(1.0), s(1.0)));
        assert_eq!(pace.admit(s(2.0)), Admission::Now { probe: true });
        pace.passed(true, s(2.0));
        let count = admitted_within(&mut pace, 2.0, 12.0);
        assert!((45..=56).contains(&count), "{count}");
        let later = admitted_within(&mut pace, 612.0, 622.0);
        assert!(later > 120, "{later}: a tenth more a minute, for ten minutes");
    }

    #[test]
    fn a_late_refusal_of_the_old_burst_does_not_shut_it_again() {
        let mut pace = Pace::default();
        assert!(pace.throttled(false, s(0.0), s(1.0), s(1.0)));
        assert_eq!(pace.admit(s(2.0)), Admission::Now { probe: true });
        pace.passed(true, s(2.0));
        assert!(!pace.throttled(false, s(0.5), s(2.1), s(1.0)));
        assert!(pace.shut.is_none());
    }

    #[test]
    fn a_probe_that_comes_to_nothing_lets_the_next_one_ask() {
        let mut pace = Pace::default();
        pace.throttled(false, s(0.0), s(0.0), s(1.0));
        assert_eq!(pace.admit(s(1.0)), Admission::Now { probe: true });
        pace.abandoned();
        assert_eq!(pace.admit(s(1.0)), Admission::Now { probe: true });
    }

    /// What a test's calls share.
    struct Site {
        limiter: Limiter,
        clock: Arc<dyn Clock>,
        parallelism: usize,
        in_flight: AtomicUsize,
        chance: Mutex<Chance>,
    }

    impl Site {
        /// Sends once; at most so many do at the same time.
        async fn send(&self) -> u64 {
            let others = self.in_flight.fetch_add(1, Ordering::Relaxed);
            assert!(
                others < self.parallelism,
                "{others} others, {} places",
                self.parallelism
            );
            self.clock.sleep(Duration::from_millis(50)).await;
            self.in_flight.fetch_sub(1, Ordering::Relaxed);
            lock(&self.chance).below(10)
        }

        /// One call through all its tries, as a client makes it.
        async fn call(&self, action: &'static Action) {
            loop {
                let slot = self.limiter.slot(action).await;
                let mut in_doubt = false;
                loop {
                    match self.send().await {
                        0..=2 => in_doubt = true,
                        3..=5 if in_doubt => drop(slot.throttled(None)),
                        3..=5 => {
                            slot.throttled(None);
                            break;
                        }
                        _ => return slot.passed(),
                    }
                    slot.again().await;
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn calls_never_wait_for_each_other_in_a_circle() {
        for seed in 0..400 {
            let chance = &mut Chance::new(seed);
            let parallelism = 1 + chance.index(4);
            let world = World::new();
            let site = Arc::new(Site {
                limiter: Limiter::new(world.clock(), parallelism),
                clock: world.clock(),
                parallelism,
                in_flight: AtomicUsize::new(0),
                chance: Mutex::new(Chance::new(seed)),
            });
            let mut calls = tokio::task::JoinSet::new();
            for _ in 0..parallelism + 1 + chance.index(12) {
                let action = *chance.pick(&[&action::CREATE_INSTANCE, &action::START_INSTANCE]);
                let site = Arc::clone(&site);
                calls.spawn(async move { site.call(action).await });
            }
            let all = async { while calls.join_next().await.transpose().unwrap().is_some() {} };
            let day = Duration::from_secs(86_400);
            let ended = tokio::time::timeout(day, all).await;
            assert!(
                ended.is_ok(),
                "seed {seed}, parallelism {parallelism}: nobody moves"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_repetition_comes_before_new_calls() {
        let world = World::new();
        let limiter = Arc::new(Limiter::new(world.clock(), 1));
        let first = limiter.slot(&action::CREATE_INSTANCE).await;
        first.throttled(None);
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (limiter, order) = (Arc::clone(&limiter), Arc::clone(&order));
            calls.spawn(async move {
                limiter.slot(&action::CREATE_INSTANCE).await.passed();
                lock(&order).push("new");
            });
        }
        tokio::task::yield_now().await;
        first.again().await;
        lock(&order).push("again");
        first.passed();
        drop(first);
        while calls.join_next().await.transpose().unwrap().is_some() {}
        let place = lock(&order).iter().position(|who| *who == "again");
        assert!(place <= Some(1), "{place:?}");
    }
}
