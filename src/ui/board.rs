//! Where a run stands: what is done, what is under way since when, what waits for what; and the lines of a log about it.
//!
//! Does not know the time, nor where lines go.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use super::copies;
use super::header::Header;
use super::pace::{Pace, rounded};
use super::text::{clock, count, escape};
use crate::address::Address;
use crate::change::Fate;
use crate::event::Event;
use crate::plan::Plan;

/// How many running steps the sign of life names.
const NAMED_MAX: usize = 3;
/// The widest column of addresses among the rows.
const ADDRESS_MAX: usize = 36;

/// What is known of a run.
pub(super) struct Board {
    title: String,
    started: Duration,
    changes: usize,
    done: usize,
    failed: usize,
    /// How many will not begin, since what they need has failed.
    given_up: usize,
    rows: BTreeMap<Address, UnderWay>,
    /// How many pieces of work each address still has.
    left: BTreeMap<Address, usize>,
    /// What has not begun, in the order of the plan, with what it needs.
    waiting: BTreeMap<usize, (Address, Vec<Address>)>,
    first_task: BTreeMap<Address, usize>,
    pace: Pace,
    /// The widest address of all, up to a limit.
    pub(super) address_column: usize,
}

/// A resource that is under way.
pub(super) struct UnderWay {
    started: Duration,
    step: String,
    pub(super) step_started: Duration,
    index: usize,
    of: usize,
    /// As the API says it; empty where nobody asked.
    pub(super) status: String,
    pub(super) id: Option<String>,
    steps_done: Vec<String>,
}

impl Board {
    pub(super) fn new(plan: &Plan, header: &Header, now: Duration) -> Board {
        let mut board = Board {
            title: format!("{} {}", header.command, header.target()),
            started: now,
            // What is withheld will never be done.
            changes: plan
                .shown()
                .filter(|change| change.fate != Fate::Withheld)
                .count(),
            done: 0,
            failed: 0,
            given_up: 0,
            rows: BTreeMap::new(),
            left: BTreeMap::new(),
            waiting: BTreeMap::new(),
            first_task: BTreeMap::new(),
            pace: Pace::new(plan, header.cloud == "Alibaba Cloud"),
            address_column: 0,
        };
        for (index, task) in plan.tasks.iter().enumerate().filter(|(_, task)| !task.is_note()) {
            let address = &task.object.address;
            *board.left.entry(address.clone()).or_default() += 1;
            if board.first_task.contains_key(address) {
                continue;
            }
            board.first_task.insert(address.clone(), index);
            let needs: BTreeSet<&Address> = task
                .after
                .iter()
                .map(|after| &plan.tasks[*after])
                .filter(|needed| !needed.is_note() && needed.object.address != *address)
                .map(|needed| &needed.object.address)
                .collect();
            board
                .waiting
                .insert(index, (address.clone(), needs.into_iter().cloned().collect()));
            let width = escape(&address.to_string()).width();
            board.address_column = board.address_column.max(width.min(ADDRESS_MAX));
        }
        board
    }

    /// Takes note of an event; what is worth a line for good is given back.
    pub(super) fn take(&mut self, event: &Event, now: Duration) -> Option<Fact> {
        match event {
            Event::StepStarted {
                address,
                step,
                index,
                of,
            } => {
                if let Some(first) = self.first_task.get(address) {
                    self.waiting.remove(first);
                }
                self.pace.began(address, *index, now);
                let row = self
                    .rows
                    .entry(address.clone())
                    .or_insert_with(|| UnderWay::new(now));
                row.step.clone_from(step);
                row.step_started = now;
                row.status.clear();
                (row.index, row.of) = (*index, *of);
                Some(Fact::StepStarted(address.to_string(), step.clone()))
            }
            Event::StepStatus { address, status } => {
                if let Some(row) = self.rows.get_mut(address) {
                    row.status.clone_from(status);
                }
                None
            }
            Event::StepDone {
                address, step, id, ..
            } => {
                self.pace.ended(address, step, now);
                let mut new_id = None;
                if let Some(row) = self.rows.get_mut(address) {
                    row.steps_done.push(step.clone());
                    if row.id != *id && id.is_some() {
                        row.id.clone_from(id);
                        new_id.clone_from(id);
                    }
                }
                Some(Fact::StepDone(address.to_string(), step.clone(), new_id))
            }
            Event::StepFailed {
                address, step, code, ..
            } => {
                self.failed += 1;
                self.rows.remove(address);
                self.pace.failed(address);
                self.give_up(address);
                Some(Fact::Failed(address.to_string(), step.clone(), code.clone()))
            }
            Event::ResourceDone { address, id, .. } => {
                let row = self.rows.remove(address);
                self.pace.over(address);
                let left = self.left.get_mut(address);
                let is_last = left.is_none_or(|left| {
                    *left = left.saturating_sub(1);
                    *left == 0
                });
                self.done += usize::from(is_last);
                let row = row?;
                let id = id.clone().or(row.id);
                Some(Fact::Done(
                    address.to_string(),
                    row.steps_done.join(", "),
                    now.saturating_sub(row.started),
                    id,
                ))
            }
            Event::ApiCall { .. } | Event::Throttled { .. } | Event::Notice(_) => None,
        }
    }

    /// The first line of a run.
    pub(super) fn first_line(&self) -> String {
        format!("{}: {}", self.title, count(self.changes, "change"))
    }

    /// `[0:09] `, before every line of a run without live rows.
    pub(super) fn stamp(&self, now: Duration) -> String {
        format!("[{}] ", clock(now.saturating_sub(self.started)))
    }

    /// What waits for something that has failed will not begin, nor what waits for that.
    fn give_up(&mut self, failed: &Address) {
        let mut without = BTreeSet::from([failed.clone()]);
        let before = self.waiting.len();
        self.waiting.retain(|_, (address, needs)| {
            let begins = !needs.iter().any(|needed| without.contains(needed));
            if !begins {
                without.insert(address.clone());
            }
            begins
        });
        self.given_up += before - self.waiting.len();
    }

    /// The line that a run writes now and then so that nobody takes it for dead.
    pub(super) fn sign_of_life(&self, now: Duration) -> String {
        let running = self.running(true);
        let mut steps: Vec<String> = running
            .iter()
            .take(NAMED_MAX)
            .map(|Together { name, first: row, .. }| {
                let status = if row.status.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", row.status)
                };
                let time = clock(now.saturating_sub(row.step_started));
                format!("{name} {}{status} {time}", row.step)
            })
            .collect();
        let named: usize = running
            .iter()
            .take(NAMED_MAX)
            .map(|one| one.addresses.len())
            .sum();
        if let Some(more @ 1..) = self.rows.len().checked_sub(named) {
            steps.push(format!("{more} more"));
        }
        let steps = if steps.is_empty() {
            String::new()
        } else {
            format!("; {}", steps.join(", "))
        };
        let left = self
            .left_in_words(now)
            .map_or_else(String::new, |left| format!("; {left}"));
        format!(
            "still working: {} of {} done{steps}{left}",
            self.done, self.changes
        )
    }

    /// How much is done, of a hundred.
    pub(super) fn percent(&self) -> usize {
        (self.done * 100)
            .checked_div(self.changes)
            .unwrap_or(100)
            .min(100)
    }

    /// How many are done, running and waiting.
    pub(super) fn sums(&self) -> [usize; 3] {
        [self.done, self.rows.len(), self.waiting.len()]
    }

    /// The last row: the sums, the time, and about how long it still takes; with fewer words where it would be wider than
    /// so many columns.
    pub(super) fn sums_in_words(&self, now: Duration, columns: usize) -> String {
        let [done, running, waiting] = self.sums();
        let left = self
            .left_in_words(now)
            .map_or_else(String::new, |left| format!(", {left}"));
        let time = clock(now.saturating_sub(self.started));
        let parts = [
            (self.failed, "failed"),
            (self.given_up, "will not begin"),
            (running, "running"),
            (waiting, "waiting"),
        ];
        let with = |parts: &[(usize, &str)]| {
            let parts: String = parts
                .iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, words)| format!(", {count} {words}"))
                .collect();
            format!("{done} of {} done{parts}; {time}{left}", self.changes)
        };
        (1..=parts.len())
            .rev()
            .map(|count| with(&parts[..count]))
            .find(|words| words.width() <= columns)
            .unwrap_or_else(|| with(&[]))
    }

    /// `about 1:10 left`; none where nobody knows.
    fn left_in_words(&self, now: Duration) -> Option<String> {
        let left = self.pace.left(now).filter(|left| !left.is_zero())?;
        Some(format!("about {} left", clock(rounded(left))))
    }

    /// What runs, the longest first. Copies of one block that stand alike are one if asked for.
    pub(super) fn running(&self, together: bool) -> Vec<Together<'_>> {
        let mut running: Vec<(&Address, &UnderWay)> = self.rows.iter().collect();
        running.sort_by_key(|(_, row)| (row.started, row.step_started));
        let groups = if together {
            copies::alike(
                running,
                |(address, _)| address,
                |(_, row)| format!("{} {} {}", row.step_in_words(), row.status, row.of),
            )
        } else {
            running.into_iter().map(|one| vec![one]).collect()
        };
        let mut told = Vec::with_capacity(groups.len());
        for group in groups {
            let first = group[0].1;
            let addresses: Vec<&Address> = group.into_iter().map(|(address, _)| address).collect();
            told.push(Together {
                name: self.name_of(&addresses),
                addresses,
                first,
            });
        }
        told
    }

    /// About how long the step takes that runs at an address.
    pub(super) fn takes(&self, address: &Address) -> Option<Duration> {
        self.pace.of_current(address).map(rounded)
    }

    /// What waits, in the order of the plan: a name, how many, and what for. Copies of one block that wait for the same are
    /// one if asked for.
    pub(super) fn waiting(&self, together: bool) -> Vec<(String, usize, String)> {
        let waiting = self.waiting.values();
        let waiting: Vec<(&Address, String)> = waiting
            .map(|(address, needs)| (address, self.needs_in_words(needs)))
            .collect();
        let groups = if together {
            copies::alike(waiting, |(address, _)| address, |(_, words)| words.clone())
        } else {
            waiting.into_iter().map(|one| vec![one]).collect()
        };
        let told = |group: Vec<(&Address, String)>| {
            let addresses: Vec<&Address> = group.iter().map(|(address, _)| *address).collect();
            let words = group
                .into_iter()
                .next()
                .map_or_else(String::new, |(_, words)| words);
            (self.name_of(&addresses), addresses.len(), words)
        };
        groups.into_iter().map(told).collect()
    }

    /// `after vswitch.a`, `after vswitch.a and 2 more`.
    fn needs_in_words(&self, needs: &[Address]) -> String {
        let is_open = |needed: &&Address| self.left.get(*needed).is_some_and(|left| *left > 0);
        let open: Vec<&Address> = needs.iter().filter(is_open).collect();
        match open.as_slice() {
            [] => String::new(),
            [one] => format!("after {one}"),
            [first, more @ ..] => format!("after {first} and {} more", more.len()),
        }
    }

    /// The title of addresses where it fits into the column of addresses, or the block with how many.
    fn name_of(&self, addresses: &[&Address]) -> String {
        let title = copies::title(addresses);
        match addresses {
            [first, _, ..] if escape(&title).width() > self.address_column => {
                format!("{} x{}", first.block(), addresses.len())
            }
            _ => title,
        }
    }
}

/// What runs and has a line of its own: a resource, or copies of a block that stand alike.
pub(super) struct Together<'a> {
    pub(super) name: String,
    pub(super) addresses: Vec<&'a Address>,
    /// How the oldest of them stands.
    pub(super) first: &'a UnderWay,
}

impl UnderWay {
    fn new(now: Duration) -> UnderWay {
        UnderWay {
            started: now,
            step: String::new(),
            step_started: now,
            index: 0,
            of: 0,
            status: String::new(),
            id: None,
            steps_done: Vec::new(),
        }
    }

    /// `2/4 start`.
    pub(super) fn step_in_words(&self) -> String {
        format!("{} {}", self.step_number(), self.step)
    }

    /// `2/4`.
    pub(super) fn step_number(&self) -> String {
        format!("{}/{}", self.index, self.of)
    }
}

/// Something that is worth a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fact {
    /// Address, step.
    StepStarted(String, String),
    /// Address, step, the id if it is new.
    StepDone(String, String, Option<String>),
    /// Address, steps, time, id.
    Done(String, String, Duration, Option<String>),
    /// Address, step, code.
    Failed(String, String, String),
}

impl Fact {
    /// As a line of a log; none for what earlier lines have said.
    pub(super) fn line(&self) -> Option<String> {
        match self {
            Fact::StepStarted(address, step) => Some(format!("{address} {step}: start")),
            Fact::StepDone(address, step, None) => Some(format!("{address} {step}: ok")),
            Fact::StepDone(address, step, Some(id)) => Some(format!("{address} {step}: ok, {id}")),
            Fact::Failed(address, step, code) => Some(format!("{address} {step}: failed, {code}")),
            Fact::Done(..) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{change, four, header, resource_done, seconds, started, step_done, task};
    use super::*;

    #[test]
    fn a_replacement_counts_when_both_halves_are_done() {
        let plan = Plan {
            changes: vec![change(Fate::Replace { create_first: false }, "instance.db")],
            tasks: vec![task("instance.db", &[]), task("instance.db", &[0])],
            ..Plan::default()
        };
        let mut board = Board::new(&plan, &header(), seconds(0));
        board.take(&started("instance.db", "delete", 1), seconds(0));
        board.take(&resource_done("instance.db"), seconds(1));
        assert_eq!(board.sums(), [0, 0, 0]);
        board.take(&started("instance.db", "create", 1), seconds(1));
        board.take(&resource_done("instance.db"), seconds(2));
        assert_eq!(board.sums(), [1, 0, 0]);
    }

    #[test]
    fn what_is_withheld_is_not_waited_for() {
        let mut plan = four();
        plan.changes[3].fate = Fate::Withheld;
        let board = Board::new(&plan, &header(), seconds(0));
        assert!(board.first_line().contains("3 changes"), "{}", board.first_line());
    }

    #[test]
    fn a_sign_of_life_names_the_longest_steps() {
        let mut board = Board::new(&four(), &header(), seconds(0));
        board.take(&started("vpc.main", "create", 1), seconds(2));
        board.take(&started("vswitch.a", "create", 1), seconds(9));
        assert_eq!(
            board.sign_of_life(seconds(30)),
            "still working: 0 of 4 done; vpc.main create 0:28, vswitch.a create 0:21"
        );
    }

    #[test]
    fn facts_become_lines() {
        let mut board = Board::new(&four(), &header(), seconds(0));
        let lines: Vec<Option<String>> = [
            started("vpc.main", "create", 1),
            step_done("vpc.main", "create", Some("vpc-1")),
            started("vpc.main", "wait until available", 2),
            step_done("vpc.main", "wait until available", Some("vpc-1")),
        ]
        .iter()
        .map(|event| board.take(event, seconds(1)).and_then(|fact| fact.line()))
        .collect();
        assert_eq!(
            lines.into_iter().flatten().collect::<Vec<_>>(),
            [
                "vpc.main create: start",
                "vpc.main create: ok, vpc-1",
                "vpc.main wait until available: start",
                "vpc.main wait until available: ok",
            ]
        );
    }
}
