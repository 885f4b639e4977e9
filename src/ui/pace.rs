//! How long steps take: as measured in this run where two of a kind are done, before that as they usually do. And from
//! that, how long a run still takes.
//!
//! Does not know the time, nor how it is shown.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::address::Address;
use crate::plan::Plan;
use crate::step::StepKind;
use crate::task::Task;

/// From how many steps of a kind on their times count more than what is usual.
const MEASURED_FROM: u32 = 2;

/// What a call takes, in seconds, with the look at what it did.
const CALL_S: u64 = 2;

/// What waits usually take, in seconds: the type, or none where it is much the same for all, and the step. From the vendor's
/// documentation of the calls before them ("Pending lasts a few seconds", "detaching takes about a minute").
const USUAL_S: &[(&str, &str, u64)] = &[
    ("instance", "wait until stopped", 30),
    ("instance", "wait until running", 40),
    ("instance", "wait until gone", 30),
    ("instance", "wait until moved", 30),
    ("disk", "wait until available", 30),
    ("disk", "wait until in use", 10),
    ("nat_gateway", "wait until available", 60),
    ("", "wait until available", 5),
    ("", "wait until gone", 5),
];

/// The times of a run.
pub(super) struct Pace {
    /// Whether what is usual at the vendor's counts; a simulator and other endpoints have times of their own.
    knows_usual: bool,
    /// How many of a kind were done, and the time of all of them; by type, and by step.
    measured: BTreeMap<String, BTreeMap<String, (u32, Duration)>>,
    /// The tasks, in the order of the plan.
    pieces: Vec<Piece>,
    /// The tasks of an address that are not over, in the order of the plan.
    open: BTreeMap<Address, VecDeque<usize>>,
}

/// A task, as far as its time goes.
struct Piece {
    type_name: String,
    /// What must be done before; all smaller than its own place.
    after: Vec<usize>,
    /// The name of each step, and whether it is a wait.
    steps: Vec<(String, bool)>,
    /// The step that is under way, from 0, and since when.
    at: Option<(usize, Duration)>,
    is_over: bool,
}

impl Pace {
    pub(super) fn new(plan: &Plan, knows_usual: bool) -> Pace {
        let mut open: BTreeMap<Address, VecDeque<usize>> = BTreeMap::new();
        for (place, task) in plan.tasks.iter().enumerate().filter(|(_, task)| !task.is_note()) {
            open.entry(task.object.address.clone())
                .or_default()
                .push_back(place);
        }
        let piece = |task: &Task| Piece {
            type_name: task.object.address.type_name().to_owned(),
            after: task.after.clone(),
            steps: task
                .steps
                .iter()
                .map(|step| (step.name.clone(), matches!(step.kind, StepKind::Wait(_))))
                .collect(),
            at: None,
            // A note takes no time.
            is_over: task.is_note(),
        };
        Pace {
            knows_usual,
            measured: BTreeMap::new(),
            pieces: plan.tasks.iter().map(piece).collect(),
            open,
        }
    }

    /// A step begins; its place in its task counts from 1.
    pub(super) fn began(&mut self, address: &Address, index: usize, now: Duration) {
        if let Some(place) = self.current(address) {
            self.pieces[place].at = Some((index.saturating_sub(1), now));
        }
    }

    /// A step is done.
    pub(super) fn ended(&mut self, address: &Address, step: &str, now: Duration) {
        let Some((_, since)) = self.current(address).and_then(|place| self.pieces[place].at) else {
            return;
        };
        let of_type = self.measured.entry(address.type_name().to_owned()).or_default();
        let (count, total) = of_type.entry(step.to_owned()).or_default();
        *count += 1;
        *total += now.saturating_sub(since);
    }

    /// A task is done.
    pub(super) fn over(&mut self, address: &Address) {
        if let Some(place) = self.open.get_mut(address).and_then(VecDeque::pop_front) {
            self.pieces[place].is_over = true;
        }
    }

    /// A task goes no further, and with it none that comes after it.
    pub(super) fn failed(&mut self, address: &Address) {
        let Some(failed) = self.current(address) else {
            return;
        };
        let mut given_up = BTreeSet::from([failed]);
        self.pieces[failed].is_over = true;
        for place in failed + 1..self.pieces.len() {
            if self.pieces[place]
                .after
                .iter()
                .any(|before| given_up.contains(before))
            {
                given_up.insert(place);
                self.pieces[place].is_over = true;
            }
        }
        let is_open = |place: &usize| !given_up.contains(place);
        self.open.values_mut().for_each(|places| places.retain(is_open));
    }

    /// The task of an address that is under way or comes next.
    fn current(&self, address: &Address) -> Option<usize> {
        self.open.get(address)?.front().copied()
    }

    /// How long the step takes that is under way at an address; none if nobody knows.
    pub(super) fn of_current(&self, address: &Address) -> Option<Duration> {
        let piece = &self.pieces[self.current(address)?];
        let (step, is_wait) = piece.steps.get(piece.at?.0)?;
        self.takes(&piece.type_name, step, *is_wait)
    }

    /// How long a step takes; none if nobody knows.
    fn takes(&self, type_name: &str, step: &str, is_wait: bool) -> Option<Duration> {
        let measured = self.measured.get(type_name).and_then(|steps| steps.get(step));
        if let Some((count @ MEASURED_FROM.., total)) = measured {
            return Some(*total / *count);
        }
        let usual = USUAL_S
            .iter()
            .find(|(of, name, _)| (*of == type_name || of.is_empty()) && *name == step)
            .map(|(_, _, seconds)| *seconds);
        let seconds = usual.or((!is_wait).then_some(CALL_S))?;
        self.knows_usual.then(|| Duration::from_secs(seconds))
    }

    /// How long the run still takes: what is on the longest way to the end; none if the time of a step on any way is not
    /// known.
    pub(super) fn left(&self, now: Duration) -> Option<Duration> {
        let mut ends: Vec<Duration> = Vec::with_capacity(self.pieces.len());
        for piece in &self.pieces {
            let before = piece.after.iter().filter_map(|before| ends.get(*before)).max();
            let mut end = before.copied().unwrap_or_default();
            if !piece.is_over {
                let (current, since) = piece.at.unwrap_or((0, now));
                for (place, (step, is_wait)) in piece.steps.iter().enumerate().skip(current) {
                    let takes = self.takes(&piece.type_name, step, *is_wait)?;
                    let gone = if place == current {
                        now.saturating_sub(since)
                    } else {
                        Duration::ZERO
                    };
                    end += takes.saturating_sub(gone);
                }
            }
            ends.push(end);
        }
        ends.into_iter().max()
    }
}

/// A time that is only about right, in steps of five seconds and of ten from a minute on.
pub(super) fn rounded(time: Duration) -> Duration {
    let seconds = time.as_secs_f64();
    let unit = if seconds < 60.0 { 5 } else { 10 };
    let units = time.as_secs().div_ceil(unit).max(1);
    Duration::from_secs(units * unit)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{address, task};
    use super::*;
    use crate::step::Step;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Servers that are waited for, each after the one before it.
    fn pace(names: &[&str], knows_usual: bool) -> Pace {
        let one = |(place, name): (usize, &&str)| {
            let after: Vec<usize> = place.checked_sub(1).into_iter().collect();
            let mut task = task(name, &after);
            task.steps = vec![Step::wait_status("wait until running", "Running", 600)];
            task
        };
        let plan = Plan {
            tasks: names.iter().enumerate().map(one).collect(),
            ..Plan::default()
        };
        Pace::new(&plan, knows_usual)
    }

    fn carry_out(pace: &mut Pace, name: &str, from: u64, to: u64) {
        pace.began(&address(name), 1, seconds(from));
        pace.ended(&address(name), "wait until running", seconds(to));
        pace.over(&address(name));
    }

    #[test]
    fn what_is_usual_counts_until_two_of_a_kind_are_done() {
        let mut pace = pace(&["instance.a", "instance.b", "instance.c"], true);
        assert_eq!(pace.left(seconds(0)), Some(seconds(120)));
        carry_out(&mut pace, "instance.a", 0, 10);
        assert_eq!(pace.left(seconds(10)), Some(seconds(80)));
        carry_out(&mut pace, "instance.b", 10, 30);
        assert_eq!(pace.left(seconds(30)), Some(seconds(15)));
        pace.began(&address("instance.c"), 1, seconds(30));
        assert_eq!(pace.of_current(&address("instance.c")), Some(seconds(15)));
        assert_eq!(pace.left(seconds(40)), Some(seconds(5)));
        // It takes longer than the others did: nobody knows how much.
        assert_eq!(pace.left(seconds(400)), Some(seconds(0)));
    }

    #[test]
    fn of_a_simulator_only_what_was_measured_is_known() {
        let mut pace = pace(&["instance.a", "instance.b", "instance.c"], false);
        assert_eq!(pace.left(seconds(0)), None);
        carry_out(&mut pace, "instance.a", 0, 10);
        carry_out(&mut pace, "instance.b", 10, 20);
        assert_eq!(pace.left(seconds(20)), Some(seconds(10)));
    }

    #[test]
    fn what_will_not_begin_takes_no_time() {
        let mut pace = pace(&["instance.a", "instance.b", "instance.c"], true);
        pace.began(&address("instance.a"), 1, seconds(0));
        pace.failed(&address("instance.a"));
        assert_eq!(pace.left(seconds(1)), Some(seconds(0)));
    }

    #[test]
    fn the_longest_way_counts() {
        let wait = |name: &str, after: &[usize], status| {
            let mut task = task(name, after);
            task.steps = vec![Step::wait_status(format!("wait until {status}"), status, 600)];
            task
        };
        let plan = Plan {
            tasks: vec![
                wait("vpc.main", &[], "available"),
                wait("instance.a", &[0], "running"),
                wait("nat_gateway.a", &[0], "available"),
                wait("instance.b", &[0], "stopped"),
            ],
            ..Plan::default()
        };
        assert_eq!(Pace::new(&plan, true).left(seconds(0)), Some(seconds(65)));
    }

    #[test]
    fn times_are_no_more_exact_than_they_are() {
        for (time, expected) in [(0, 5), (1, 5), (5, 5), (6, 10), (59, 60), (61, 70), (130, 130)] {
            assert_eq!(rounded(seconds(time)), seconds(expected), "{time}");
        }
    }
}
