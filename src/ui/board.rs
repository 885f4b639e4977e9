//! Where a run stands: what is done, what is under way since when, what waits for what; as lines and as live rows.
//!
//! Does not know the time, nor where lines go.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::header::Header;
use super::text::{BOLD, DIM, GREEN, Look, PLAIN, RED, Sheet, YELLOW, clock, count, cut, escape};
use crate::address::Address;
use crate::event::Event;
use crate::plan::Plan;

/// How many waiting resources have a row.
const WAITING_MAX: usize = 3;
/// How many running steps the sign of life names.
const NAMED_MAX: usize = 3;
/// The widest column of addresses among the rows.
const ADDRESS_MAX: usize = 36;

/// Screens with fewer columns get the sums alone.
const NARROW: usize = 50;

/// What is known of a run.
pub(super) struct Board {
    title: String,
    started: Duration,
    changes: usize,
    done: usize,
    failed: usize,
    rows: BTreeMap<Address, Row>,
    /// How many pieces of work each address still has.
    left: BTreeMap<Address, usize>,
    /// What has not begun, in the order of the plan, with what it needs.
    waiting: BTreeMap<usize, (Address, Vec<Address>)>,
    first_task: BTreeMap<Address, usize>,
    address_column: usize,
}

/// A resource that is under way.
struct Row {
    started: Duration,
    step: String,
    step_started: Duration,
    index: usize,
    of: usize,
    status: String,
    id: Option<String>,
    steps_done: Vec<String>,
}

impl Board {
    pub(super) fn new(plan: &Plan, header: &Header, now: Duration) -> Board {
        let mut board = Board {
            title: format!("{} {}", header.command, header.target()),
            started: now,
            changes: plan.shown().count(),
            done: 0,
            failed: 0,
            rows: BTreeMap::new(),
            left: BTreeMap::new(),
            waiting: BTreeMap::new(),
            first_task: BTreeMap::new(),
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
                let row = self.rows.entry(address.clone()).or_insert_with(|| Row::new(now));
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
                Some(Fact::Failed(address.to_string(), step.clone(), code.clone()))
            }
            Event::ResourceDone { address, id, .. } => {
                let row = self.rows.remove(address);
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

    /// The line that a run writes now and then so that nobody takes it for dead.
    pub(super) fn sign_of_life(&self, now: Duration) -> String {
        let mut running: Vec<(&Address, &Row)> = self.rows.iter().collect();
        running.sort_by_key(|(_, row)| row.step_started);
        let mut steps: Vec<String> = running
            .iter()
            .take(NAMED_MAX)
            .map(|(address, row)| {
                let status = if row.status.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", row.status)
                };
                let time = clock(now.saturating_sub(row.step_started));
                format!("{address} {}{status} {time}", row.step)
            })
            .collect();
        if let Some(more @ 1..) = running.len().checked_sub(NAMED_MAX) {
            steps.push(format!("{more} more"));
        }
        let steps = if steps.is_empty() {
            String::new()
        } else {
            format!("; {}", steps.join(", "))
        };
        format!("still working: {} of {} done{steps}", self.done, self.changes)
    }

    /// How many are done, running and waiting.
    pub(super) fn sums(&self) -> [usize; 3] {
        [self.done, self.rows.len(), self.waiting.len()]
    }

    /// The live rows, at most so many: what runs, the longest first, what comes next, and the sums.
    pub(super) fn live_rows(&self, now: Duration, height: usize, look: Look) -> Vec<String> {
        let sums = shortened(&self.sums_in_words(now), look.prose);
        if look.prose < NARROW {
            return vec![sums];
        }
        let mut rows = Vec::new();
        let waiting = self.waiting.len().min(WAITING_MAX).min(height.saturating_sub(3));
        let room = height.saturating_sub(waiting + 1).max(1);
        let mut running: Vec<(&Address, &Row)> = self.rows.iter().collect();
        running.sort_by_key(|(_, row)| row.started);
        let shown = if running.len() > room {
            room.saturating_sub(1)
        } else {
            running.len()
        };
        for (address, row) in &running[..shown] {
            let shown = Shown {
                cells: [&format!("{}/{} {}", row.index, row.of, row.step), &row.status],
                time: clock(now.saturating_sub(row.step_started)),
                id: row.id.as_deref(),
                ..Shown::new("run", YELLOW, address.to_string())
            };
            rows.push(self.row(&shown, look));
        }
        if let more @ 1.. = running.len() - shown {
            rows.push(format!("  and {more} more running"));
        }
        for (address, needs) in self.waiting.values().take(waiting) {
            let needed = needs
                .iter()
                .find(|needed| self.left.get(*needed).is_some_and(|left| *left > 0));
            let words = needed.map_or_else(String::new, |needed| format!("after {needed}"));
            let shown = Shown {
                cells: [&words, ""],
                ..Shown::new("wait", DIM, address.to_string())
            };
            rows.push(self.row(&shown, look));
        }
        rows.push(sums);
        rows
    }

    fn sums_in_words(&self, now: Duration) -> String {
        let failed = if self.failed > 0 {
            format!(", {} failed", self.failed)
        } else {
            String::new()
        };
        let [done, running, waiting] = self.sums();
        let time = clock(now.saturating_sub(self.started));
        let changes = self.changes;
        format!("  {done} of {changes} done{failed}, {running} running, {waiting} waiting; {time}")
    }

    /// `done   ADDRESS  CELLS  TIME  ID`, never wider than the screen.
    fn row(&self, shown: &Shown<'_>, look: Look) -> String {
        const ADDRESS: usize = 9;
        const TIME: usize = 7;
        const ID_MIN: usize = 11;
        /// Room for a step and a status, such as `2/5 wait until stopped  Stopping`.
        const CELLS: usize = 34;
        let address_wide = self.address_column.min(look.prose / 3);
        let cell_column = ADDRESS + address_wide + 2;
        let room = look.prose.saturating_sub(cell_column + 2 + TIME);
        // Step and status come before the id, which the end tells anyway.
        let shows_id = room >= CELLS + 2 + ID_MIN;
        let cells_wide = if shows_id { CELLS } else { room.clamp(12, 44) };
        let time_column = cell_column + cells_wide + 2;
        let mut sheet = Sheet::new(look);
        sheet.to(2);
        sheet.put(shown.style, shown.word);
        sheet.to(ADDRESS);
        sheet.put(BOLD, &shortened(&escape(&shown.address), address_wide));
        sheet.to(cell_column);
        for (index, cell) in shown.cells.iter().enumerate() {
            // The status has a column of its own where the step leaves it one.
            if index > 0 {
                sheet.to((cell_column + 16).max(sheet.column() + 2));
            }
            let room = (cell_column + cells_wide).saturating_sub(sheet.column());
            if room >= 4 {
                sheet.put(PLAIN, &shortened(&escape(cell), room));
            }
        }
        if !shown.time.is_empty() {
            sheet.to(time_column + TIME.saturating_sub(shown.time.len()));
            sheet.put(DIM, &shown.time);
        }
        if let (Some(id), true) = (shown.id, shows_id) {
            let column = time_column + TIME + 2;
            sheet.to(column);
            sheet.put(DIM, &shortened(&escape(id), look.prose.saturating_sub(column)));
        }
        sheet.finish()
    }

    /// A fact as a line above the live rows; none for what the rows show anyway.
    pub(super) fn lasting_row(&self, fact: &Fact, look: Look) -> Option<String> {
        match fact {
            Fact::StepStarted(..) | Fact::StepDone(..) => None,
            Fact::Done(address, steps, time, id) => {
                let time = if time.as_secs() < 60 {
                    format!("{:.1}s", time.as_secs_f64())
                } else {
                    clock(*time)
                };
                let shown = Shown {
                    cells: [steps, ""],
                    time,
                    id: id.as_deref(),
                    ..Shown::new("done", GREEN, address.clone())
                };
                Some(self.row(&shown, look))
            }
            Fact::Failed(address, step, code) => {
                let shown = Shown {
                    cells: [&format!("{step}: {code}"), ""],
                    ..Shown::new("fail", RED, address.clone())
                };
                Some(self.row(&shown, look))
            }
        }
    }
}

/// What stands in one row.
struct Shown<'a> {
    word: &'static str,
    style: Style,
    address: String,
    cells: [&'a str; 2],
    time: String,
    id: Option<&'a str>,
}

impl Shown<'_> {
    fn new(word: &'static str, style: Style, address: String) -> Shown<'static> {
        Shown {
            word,
            style,
            address,
            cells: ["", ""],
            time: String::new(),
            id: None,
        }
    }
}

impl Row {
    fn new(now: Duration) -> Row {
        Row {
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

/// A text in so many columns, with dots for what is left out.
fn shortened(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    format!("{}...", cut(text, columns.saturating_sub(3)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{address, change, header, task};
    use super::*;
    use crate::change::Fate;

    const LOOK: Look = Look {
        color: false,
        prose: 80,
        values: 80,
    };

    fn started(of: &str, step: &str, index: usize) -> Event {
        Event::StepStarted {
            address: address(of),
            step: step.to_owned(),
            index,
            of: 4,
        }
    }

    fn step_done(of: &str, step: &str, id: Option<&str>) -> Event {
        Event::StepDone {
            address: address(of),
            step: step.to_owned(),
            id: id.map(str::to_owned),
            seconds: 1.0,
            request_id: None,
        }
    }

    fn resource_done(of: &str) -> Event {
        Event::ResourceDone {
            address: address(of),
            id: None,
            seconds: 1.0,
        }
    }

    fn plan() -> Plan {
        Plan {
            changes: ["vpc.main", "vswitch.a", "instance.web[0]", "instance.web[1]"]
                .map(|name| change(Fate::Create, name))
                .into(),
            tasks: vec![
                task("vpc.main", &[]),
                task("vswitch.a", &[0]),
                task("instance.web[0]", &[1]),
                task("instance.web[1]", &[1]),
            ],
            ..Plan::default()
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn live_rows_show_what_runs_and_what_waits() {
        let mut board = Board::new(&plan(), &header(), seconds(10));
        for event in [
            started("vpc.main", "create", 1),
            step_done("vpc.main", "create", Some("vpc-1")),
            resource_done("vpc.main"),
            started("vswitch.a", "create", 1),
        ] {
            board.take(&event, seconds(12));
        }
        board.take(
            &Event::StepStatus {
                address: address("vswitch.a"),
                status: "Pending".to_owned(),
            },
            seconds(12),
        );
        assert_eq!(
            board.live_rows(seconds(58), 18, LOOK),
            [
                "  run    vswitch.a        1/4 create      Pending                          0:46",
                "  wait   instance.web[0]  after vswitch.a",
                "  wait   instance.web[1]  after vswitch.a",
                "  1 of 4 done, 1 running, 2 waiting; 0:48",
            ]
        );
        assert_eq!(board.sums(), [1, 1, 2]);
    }

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
    fn rows_fit_on_any_screen() {
        let names: Vec<String> = (0..500)
            .map(|index| format!("instance.web[\"李雷 {index} and a long key\"]"))
            .collect();
        let plan = Plan {
            changes: names.iter().map(|name| change(Fate::Create, name)).collect(),
            tasks: names.iter().map(|name| task(name, &[])).collect(),
            ..Plan::default()
        };
        let mut board = Board::new(&plan, &header(), seconds(0));
        for name in &names[..100] {
            board.take(
                &started(name, "wait until it is running and reachable", 1),
                seconds(0),
            );
            board.take(
                &step_done(name, "create", Some("i-bp1h3v9k2m4n6p8q0r1s")),
                seconds(0),
            );
        }
        for (columns, height) in [(30, 5), (60, 5), (80, 18), (120, 40)] {
            let look = Look {
                prose: columns,
                ..Look::new(false, Some(columns))
            };
            let rows = board.live_rows(seconds(5000), height, look);
            assert!(rows.len() <= height, "{} rows", rows.len());
            for row in rows {
                assert!(row.width() <= columns, "{columns}: {row}");
            }
        }
    }

    #[test]
    fn a_sign_of_life_names_the_longest_steps() {
        let mut board = Board::new(&plan(), &header(), seconds(0));
        board.take(&started("vpc.main", "create", 1), seconds(2));
        board.take(&started("vswitch.a", "create", 1), seconds(9));
        assert_eq!(
            board.sign_of_life(seconds(30)),
            "still working: 0 of 4 done; vpc.main create 0:28, vswitch.a create 0:21"
        );
    }

    #[test]
    fn facts_become_lines() {
        let mut board = Board::new(&plan(), &header(), seconds(0));
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
        let done = board.take(&resource_done("vpc.main"), seconds(4)).unwrap();
        let wide = Look::new(false, Some(100));
        assert_eq!(
            board.lasting_row(&done, wide).unwrap(),
            "  done   vpc.main         create, wait until available           3.0s  vpc-1"
        );
        assert_eq!(
            board.lasting_row(&done, LOOK).unwrap(),
            "  done   vpc.main         create, wait until available                     3.0s"
        );
    }
}
