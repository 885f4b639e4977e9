//! The rows of a run on a screen: what runs, what waits and the sums, which are written over; and what is done, which
//! stays.
//!
//! Does not know what happens, nor where rows go.

use std::time::Duration;

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::board::{Board, Fact, Together};
use super::text::{BOLD, DIM, GREEN, Look, PLAIN, RED, Sheet, YELLOW, clock, cut, escape, short_time};

/// How many waiting resources have a row.
const WAITING_MAX: usize = 3;
/// Screens with fewer columns get the sums alone.
const NARROW: usize = 50;

/// The live rows, at most so many: what runs, the longest first, what comes next, and the sums. Where there are more rows
/// than room, copies that stand alike share one.
pub(super) fn render(board: &Board, now: Duration, height: usize, look: Look) -> Vec<String> {
    let sums = board.sums_in_words(now, look.prose.saturating_sub(2));
    let sums = shortened(&format!("  {sums}"), look.prose);
    if look.prose < NARROW {
        return vec![sums];
    }
    let [_, running, waiting] = board.sums();
    let waits = board.waiting(waiting > WAITING_MAX);
    let waits_shown = waits.len().min(WAITING_MAX).min(height.saturating_sub(3));
    let room = height.saturating_sub(waits_shown + 1).max(1);
    let runs = board.running(running > room);
    let runs_shown = if runs.len() > room {
        room.saturating_sub(1)
    } else {
        runs.len()
    };
    let mut rows = Vec::new();
    for Together {
        name,
        addresses,
        first: row,
    } in &runs[..runs_shown]
    {
        let shown = Shown {
            is_live: true,
            cells: [&row.step_in_words(), &row.status],
            number: &row.step_number(),
            time: clock(now.saturating_sub(row.step_started)),
            about: board.takes(addresses[0]).map(clock),
            id: row.id.as_deref().filter(|_| addresses.len() == 1),
            ..Shown::new("run", YELLOW, name)
        };
        rows.push(shown.row(board.address_column, look));
    }
    let unseen: usize = runs[runs_shown..].iter().map(|one| one.addresses.len()).sum();
    if unseen > 0 {
        rows.push(format!("  and {unseen} more running"));
    }
    for (name, _, words) in &waits[..waits_shown] {
        let shown = Shown {
            cells: [words, ""],
            ..Shown::new("wait", DIM, name)
        };
        rows.push(shown.row(board.address_column, look));
    }
    rows.push(sums);
    rows
}

/// A fact as a line above the live rows; none for what the rows show anyway.
pub(super) fn lasting(fact: &Fact, address_column: usize, look: Look) -> Option<String> {
    match fact {
        Fact::StepStarted(..) | Fact::StepDone(..) => None,
        Fact::Done(address, steps, time, id) => {
            let shown = Shown {
                cells: [steps, ""],
                time: short_time(*time),
                id: id.as_deref(),
                ..Shown::new("done", GREEN, address)
            };
            Some(shown.row(address_column, look))
        }
        Fact::Failed(address, step, code) => {
            let shown = Shown {
                cells: [&format!("{step}: {code}"), ""],
                ..Shown::new("fail", RED, address)
            };
            Some(shown.row(address_column, look))
        }
    }
}

/// What stands in one row.
struct Shown<'a> {
    word: &'static str,
    /// Whether it is written over, with a time that goes on.
    is_live: bool,
    style: Style,
    address: &'a str,
    cells: [&'a str; 2],
    /// What stands for the first of them where there is room for the second only.
    number: &'a str,
    /// How long it has taken.
    time: String,
    /// How long it takes as a whole.
    about: Option<String>,
    id: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn new(word: &'static str, style: Style, address: &'a str) -> Shown<'a> {
        Shown {
            word,
            is_live: false,
            style,
            address,
            cells: ["", ""],
            number: "",
            time: String::new(),
            about: None,
            id: None,
        }
    }

    /// `run    ADDRESS  STEP  STATUS  0:41 of ~0:50  ID`, never wider than the screen.
    fn row(&self, address_column: usize, look: Look) -> String {
        const ADDRESS: usize = 9;
        const TIME: usize = 7;
        /// ` of ~1:10`, with a space to spare for ten minutes and more.
        const ABOUT: usize = 10;
        const ID_MIN: usize = 11;
        /// Room for a step and a status, such as `2/5 wait until stopped  Stopping`.
        const CELLS: usize = 34;
        let address_wide = address_column.min(look.prose / 3);
        let cell_column = ADDRESS + address_wide + 2;
        let room = look.prose.saturating_sub(cell_column + 2 + TIME);
        // Step and status come first, then the time it takes; the id is told by the end anyway.
        let about = if self.is_live && room >= CELLS + ABOUT {
            ABOUT
        } else {
            0
        };
        let shows_id = room >= CELLS + ABOUT + 2 + ID_MIN;
        let cells_wide = if shows_id {
            CELLS + ABOUT - about
        } else {
            room.saturating_sub(about).clamp(12, CELLS + ABOUT)
        };
        let time_column = cell_column + cells_wide + 2;
        let mut sheet = Sheet::new(look);
        sheet.to(2);
        sheet.put(self.style, self.word);
        sheet.to(ADDRESS);
        sheet.put(BOLD, &shortened(&escape(self.address), address_wide));
        sheet.to(cell_column);
        let [first, second] = self.cells;
        let is_tight = !second.is_empty() && first.width() + 2 + second.width() > cells_wide;
        let first = if is_tight { self.number } else { first };
        sheet.put(PLAIN, &shortened(&escape(first), cells_wide));
        if !second.is_empty() {
            // The status has a column of its own where the step leaves it one.
            let gap = if is_tight { 1 } else { 2 };
            let own = if is_tight { 0 } else { cell_column + 16 };
            sheet.to(own.max(sheet.column() + gap));
            let room = (cell_column + cells_wide).saturating_sub(sheet.column());
            sheet.put(PLAIN, &shortened(&escape(second), room));
        }
        if !self.time.is_empty() {
            sheet.to(time_column + TIME.saturating_sub(self.time.len()));
            sheet.put(DIM, &self.time);
        }
        if let (Some(time), 1..) = (&self.about, about) {
            sheet.put(DIM, &format!(" of ~{time}"));
        }
        if let (Some(id), true) = (self.id, shows_id) {
            let column = time_column + TIME + about + 2;
            sheet.to(column);
            sheet.put(DIM, &shortened(&escape(id), look.prose.saturating_sub(column)));
        }
        sheet.finish()
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
    use super::super::board::Board;
    use super::super::testing::{
        address, change, four, header, resource_done, seconds, started, step_done, task, waits,
    };
    use super::*;
    use crate::change::Fate;
    use crate::event::Event;
    use crate::plan::Plan;

    const LOOK: Look = Look {
        color: false,
        prose: 80,
        values: 80,
    };

    fn status(of: &str, status: &str) -> Event {
        Event::StepStatus {
            address: address(of),
            status: status.to_owned(),
        }
    }

    #[test]
    fn live_rows_show_what_runs_and_what_waits() {
        let mut board = Board::new(&four(), &header(), seconds(10));
        for event in [
            started("vpc.main", "create", 1),
            step_done("vpc.main", "create", Some("vpc-1")),
            resource_done("vpc.main"),
            started("vswitch.a", "create", 1),
        ] {
            board.take(&event, seconds(12));
        }
        board.take(&status("vswitch.a", "Pending"), seconds(12));
        assert_eq!(
            render(&board, seconds(58), 18, LOOK),
            [
                "  run    vswitch.a        1/4 create      Pending                 0:46",
                "  wait   instance.web[0]  after vswitch.a",
                "  wait   instance.web[1]  after vswitch.a",
                "  1 of 4 done, 1 running, 2 waiting; 0:48",
            ]
        );
        assert_eq!(board.sums(), [1, 1, 2]);
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
            let rows = render(&board, seconds(5000), height, look);
            assert!(rows.len() <= height, "{} rows", rows.len());
            for row in rows {
                assert!(row.width() <= columns, "{columns}: {row}");
            }
        }
    }

    #[test]
    fn what_is_done_keeps_a_row() {
        let mut board = Board::new(&four(), &header(), seconds(0));
        for step in ["create", "wait until available"] {
            board.take(&started("vpc.main", step, 1), seconds(1));
            board.take(&step_done("vpc.main", step, Some("vpc-1")), seconds(1));
        }
        let done = board.take(&resource_done("vpc.main"), seconds(4)).unwrap();
        let wide = Look::new(false, Some(100));
        assert_eq!(
            lasting(&done, board.address_column, wide).unwrap(),
            "  done   vpc.main         create, wait until available                    3.0 s  vpc-1"
        );
        assert_eq!(
            lasting(&done, board.address_column, LOOK).unwrap(),
            "  done   vpc.main         create, wait until available                    3.0 s"
        );
    }

    /// Servers of one block, of which so many have begun; the third of them is a step further.
    fn servers(all: usize, begun: usize) -> Board {
        let names: Vec<String> = (0..all).map(|index| format!("instance.web[{index}]")).collect();
        let waiting = |name: &String| {
            let mut task = task(name, &[0]);
            task.steps = waits(&["wait until running", "wait until stopped"]);
            task
        };
        let vpc = task("vpc.main", &[]);
        let plan = Plan {
            changes: ["vpc.main"]
                .into_iter()
                .chain(names.iter().map(String::as_str))
                .map(|name| change(Fate::Create, name))
                .collect(),
            tasks: [vpc].into_iter().chain(names.iter().map(waiting)).collect(),
            ..Plan::default()
        };
        let mut board = Board::new(&plan, &header(), seconds(0));
        board.take(&started("vpc.main", "create", 1), seconds(0));
        board.take(&resource_done("vpc.main"), seconds(0));
        for (index, name) in names[..begun].iter().enumerate() {
            board.take(&started(name, "wait until running", 1), seconds(1));
            board.take(&status(name, "Pending"), seconds(2));
            if index == 2 {
                board.take(&started(name, "wait until stopped", 2), seconds(9));
            }
        }
        board
    }

    #[test]
    fn copies_that_stand_alike_share_a_row_where_there_is_no_room_for_each() {
        let shown = render(&servers(30, 20), seconds(21), 12, LOOK).join("\n");
        expect_test::expect![[r#"
            rows
              run    instance.web x19  1/4 wait until running  Pending        0:20 of ~0:40
              run    instance.web[2]   2/4 wait until stopped                 0:12 of ~0:30
              wait   instance.web x10
              1 of 31 done, 20 running, 10 waiting; 0:21, about 1:10 left
        "#]]
        .assert_eq(&format!("rows\n{shown}\n"));
        let shown = render(&servers(30, 4), seconds(21), 12, LOOK).join("\n");
        expect_test::expect![[r#"
            rows
              run    instance.web[0]   1/4 wait until running  Pending        0:20 of ~0:40
              run    instance.web[1]   1/4 wait until running  Pending        0:20 of ~0:40
              run    instance.web[3]   1/4 wait until running  Pending        0:20 of ~0:40
              run    instance.web[2]   2/4 wait until stopped                 0:12 of ~0:30
              wait   instance.web x26
              1 of 31 done, 4 running, 26 waiting; 0:21, about 1:10 left
        "#]]
        .assert_eq(&format!("rows\n{shown}\n"));
    }

    #[test]
    fn the_status_and_the_time_that_is_left_are_seen_on_the_narrowest_screen() {
        let shown = render(&servers(30, 20), seconds(21), 12, Look::new(false, Some(60))).join("\n");
        expect_test::expect![[r#"
            rows
              run    instance.web x19  1/4 Pending                  0:20
              run    instance.web[2]   2/4 wait until stopped       0:12
              wait   instance.web x10
              1 of 31 done, 20 running; 0:21, about 1:10 left
        "#]]
        .assert_eq(&format!("rows\n{shown}\n"));
    }

    #[test]
    fn what_will_not_begin_does_not_wait() {
        let mut board = Board::new(&four(), &header(), seconds(0));
        board.take(&started("vpc.main", "create", 1), seconds(0));
        board.take(&resource_done("vpc.main"), seconds(1));
        board.take(&started("vswitch.a", "create", 1), seconds(1));
        let failed = Event::StepFailed {
            address: address("vswitch.a"),
            step: "create".to_owned(),
            code: "InvalidZoneId.NotFound".to_owned(),
            message: String::new(),
            told: None,
            http_status: Some(404),
            request_id: None,
        };
        let fact = board.take(&failed, seconds(3)).unwrap();
        assert_eq!(
            lasting(&fact, board.address_column, LOOK).unwrap(),
            "  fail   vswitch.a        create: InvalidZoneId.NotFound"
        );
        assert_eq!(
            render(&board, seconds(4), 18, LOOK),
            ["  1 of 4 done, 1 failed, 2 will not begin; 0:04"]
        );
    }

    #[test]
    fn colour_changes_no_character() {
        for columns in [60, 80, 100, 140] {
            let rows = |color| render(&servers(30, 20), seconds(21), 12, Look::new(color, Some(columns)));
            let plain = rows(false);
            let coloured = rows(true);
            assert_ne!(plain, coloured);
            let stripped: Vec<String> = coloured
                .iter()
                .map(|row| console::strip_ansi_codes(row).into_owned())
                .collect();
            assert_eq!(stripped, plain);
            assert!(plain.iter().all(|row| row.width() <= columns), "{plain:#?}");
        }
    }
}
