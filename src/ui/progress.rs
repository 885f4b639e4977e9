//! What happens while a plan is carried out: live rows at a terminal, lines elsewhere, events for programs.
//!
//! Does not know how steps are run.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::board::Board;
use super::events::{Line, SideFile};
use super::header::Header;
use super::text::escape;
use super::{Ui, json, live_rows, lock};
use crate::env::{Clock, Env};
use crate::event::{Event, Listener};
use crate::plan::Plan;

/// How often a run that is still working says so.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How often live rows are drawn at most.
const FRAME: Duration = Duration::from_millis(100);
/// How often they are drawn when nothing happens, so that the seconds move.
const IDLE_FRAME: Duration = Duration::from_secs(1);
/// How many live rows a screen takes: so few that it still holds them when its window becomes half as wide, which breaks
/// each of them in two. What has left the screen cannot be written over.
fn height_on(screen_rows: usize) -> usize {
    (screen_rows.saturating_sub(2) / 2).max(3)
}

/// Tells of calls and steps.
pub(crate) struct Progress {
    ui: Ui,
    clock: Arc<dyn Clock>,
    verbose: bool,
    log: Option<Mutex<SideFile>>,
    run: Mutex<Option<Run>>,
}

/// A run of the executor.
struct Run {
    board: Board,
    drawn: Duration,
    /// Whether something happened that is not drawn yet.
    is_stale: bool,
    /// When it last gave a sign of life.
    said: Duration,
}

impl Progress {
    /// Progress on standard error; API calls too when `verbose`, and into the log when there is one.
    pub(crate) fn new(ui: &Ui, env: &Env, verbose: bool, log: Option<Box<dyn Write + Send>>) -> Progress {
        Progress {
            ui: ui.clone(),
            clock: env.clock.clone(),
            verbose,
            log: log.map(|log| Mutex::new(SideFile::new(log))),
            run: Mutex::new(None),
        }
    }

    /// A plan begins to be carried out.
    pub(crate) fn begin(&self, plan: &Plan, header: &Header) {
        let now = self.clock.elapsed();
        let board = Board::new(plan, header, now);
        if self.ui.is_live() {
            self.ui.talk(&format!("\n{}", board.first_line()));
        } else {
            if self.ui.err_is_terminal {
                self.ui.talk_people("");
            }
            if self.ui.place.has_workflow_commands {
                self.ui.talk_people(&format!("::group::{}", board.first_line()));
            }
            self.ui.talk_people(&(board.stamp(now) + &board.first_line()));
        }
        *lock(&self.run) = Some(Run {
            board,
            drawn: now,
            is_stale: true,
            said: now,
        });
    }

    /// Keeps live rows moving, or says every half minute that the run goes on; never ends by itself.
    pub(crate) async fn beat(&self) {
        let pause = if self.ui.is_live() { FRAME } else { HEARTBEAT };
        loop {
            self.clock.sleep(pause).await;
            let mut run = lock(&self.run);
            let Some(run) = &mut *run else { continue };
            let now = self.clock.elapsed();
            let is_due = run.is_stale || now.saturating_sub(run.drawn) >= IDLE_FRAME;
            if self.ui.is_live() && is_due {
                self.draw(run, now);
            }
            if now.saturating_sub(run.said) >= HEARTBEAT {
                run.said = now;
                self.say_alive(&run.board, now);
            }
        }
    }

    fn say_alive(&self, board: &Board, now: Duration) {
        let sentence = board.sign_of_life(now);
        if !self.ui.is_live() {
            self.ui.talk_people(&(board.stamp(now) + &sentence));
        }
        let [done, running, waiting] = board.sums();
        self.ui.emit(
            &Line::new("progress", sentence)
                .with("done", done)
                .with("running", running)
                .with("waiting", waiting),
        );
    }

    /// The run has ended: the live rows go away.
    pub(crate) fn end(&self) {
        if lock(&self.run).take().is_none() {
            return;
        }
        if self.ui.is_live() {
            let mut streams = lock(&self.ui.streams);
            streams.clear_live();
            streams.tell_share(None);
        } else if self.ui.place.has_workflow_commands {
            self.ui.talk_people("::endgroup::");
        }
    }

    fn draw(&self, run: &mut Run, now: Duration) {
        let (look, rows) = self.ui.screen();
        let rows = live_rows::render(&run.board, now, height_on(rows), look);
        let mut streams = lock(&self.ui.streams);
        streams.draw_live(&rows);
        if self.ui.place.has_share {
            streams.tell_share(Some(run.board.percent()));
        }
        (run.drawn, run.is_stale) = (now, false);
    }

    fn tell_step(&self, event: &Event) {
        let mut run = lock(&self.run);
        let Some(run) = &mut *run else { return };
        let now = self.clock.elapsed();
        let Some(fact) = run.board.take(event, now) else {
            run.is_stale = true;
            return;
        };
        run.is_stale = true;
        if !self.ui.is_live() {
            if let Some(line) = fact.line() {
                self.ui.talk_people(&(run.board.stamp(now) + &line));
            }
            return;
        }
        let (look, _) = self.ui.screen();
        if let Some(row) = live_rows::lasting(&fact, run.board.address_column, look) {
            lock(&self.ui.streams).talk(&format!("{row}\n"));
            self.draw(run, now);
        } else if now.saturating_sub(run.drawn) >= FRAME {
            self.draw(run, now);
        }
    }

    fn tell_call(&self, text: &str) {
        if self.verbose {
            self.ui.talk_people(text);
        }
        if let Some(log) = &self.log {
            let line = format!("{} {}\n", self.clock.now(), escape(text));
            let written = lock(log).write(&line);
            if let Err(error) = written {
                self.ui.warn_of_file("the log file", &error);
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

impl Listener for Progress {
    fn event(&self, event: &Event) {
        if let Some(line) = json::step(event) {
            self.ui.emit(&line);
        }
        match event {
            Event::StepStarted { .. }
            | Event::StepStatus { .. }
            | Event::StepDone { .. }
            | Event::StepFailed { .. }
            | Event::ResourceDone { .. } => self.tell_step(event),
            Event::ApiCall {
                product,
                action,
                outcome,
                http_status,
                request_id,
                tries,
                duration,
            } => {
                let status = http_status.map_or_else(String::new, |status| format!(" HTTP {status}"));
                let id = request_id
                    .as_deref()
                    .map_or_else(String::new, |id| format!(" {id}"));
                let tries = if *tries > 1 {
                    format!(" tries={tries}")
                } else {
                    String::new()
                };
                let time = duration.as_millis();
                self.tell_call(&format!(
                    "{product} {action} {outcome}{status}{tries} {time} ms{id}"
                ));
            }
            Event::Throttled {
                product,
                action,
                pause,
            } => {
                let pause = pause.as_secs_f64();
                self.tell_call(&format!("{product} {action} throttled; waiting {pause:.1} s"));
            }
            Event::Notice(text) => self.ui.talk_people(text),
        }
    }
}
