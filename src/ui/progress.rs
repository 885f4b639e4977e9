//! What happens while a plan is carried out, a line for each step that ends, and a sign of life in between.
//!
//! Does not know how steps are run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::text::clock as time;
use super::{Ui, lock};
use crate::env::{Clock, Env};
use crate::event::{Event, Listener};

/// How often a run that is still working says so.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Writes progress as lines.
pub(crate) struct Progress {
    ui: Ui,
    clock: Arc<dyn Clock>,
    verbose: bool,
    log: Option<Mutex<std::fs::File>>,
    run: Mutex<Run>,
}

#[derive(Default)]
struct Run {
    started: Option<Duration>,
    /// Steps under way, by address: the step, its status, when it began.
    steps: BTreeMap<String, (String, String, Duration)>,
    resources_done: usize,
    changes: usize,
}

impl Progress {
    /// Progress on standard error; API calls too when `verbose`, and into the log when there is one.
    pub(crate) fn new(ui: &Ui, env: &Env, verbose: bool, log: Option<std::fs::File>) -> Progress {
        let clock = env.clock.clone();
        Progress {
            ui: ui.clone(),
            clock,
            verbose,
            log: log.map(Mutex::new),
            run: Mutex::default(),
        }
    }

    /// Says every half minute that the run goes on; never ends by itself.
    pub(crate) async fn beat(&self) {
        loop {
            self.clock.sleep(HEARTBEAT).await;
            let run = lock(&self.run);
            let Some(started) = run.started else { continue };
            let now = self.clock.elapsed();
            let steps: Vec<String> = run
                .steps
                .iter()
                .take(3)
                .map(|(address, (step, status, since))| {
                    let status = if status.is_empty() {
                        String::new()
                    } else {
                        format!(" ({status})")
                    };
                    format!("{address} {step}{status} {}", time(now.saturating_sub(*since)))
                })
                .collect();
            let more = run.steps.len().saturating_sub(steps.len());
            let more = if more == 0 {
                String::new()
            } else {
                format!(", and {more} more")
            };
            let line = format!(
                "[{}] still working: {} of {} done; {}{more}",
                time(now.saturating_sub(started)),
                run.resources_done,
                run.changes,
                steps.join(", ")
            );
            drop(run);
            self.ui.talk(&line);
        }
    }

    fn line(&self, run: &Run, text: &str) {
        let since = run.started.map_or(Duration::ZERO, |started| {
            self.clock.elapsed().saturating_sub(started)
        });
        self.ui
            .talk(&format!("[{}] {}", time(since), super::text::escape(text)));
    }

    fn call(&self, text: &str) {
        if self.verbose {
            self.ui.talk(&super::text::escape(text));
        }
        if let Some(log) = &self.log {
            use std::io::Write as _;
            let _ = writeln!(lock(log), "{} {}", self.clock.now(), super::text::escape(text));
        }
    }
}

impl Listener for Progress {
    fn event(&self, event: &Event) {
        let mut run = lock(&self.run);
        match event {
            Event::RunStarted { changes } => {
                run.started = Some(self.clock.elapsed());
                run.changes = *changes;
            }
            Event::StepStarted { address, step, .. } => {
                run.steps.insert(
                    address.to_string(),
                    (step.clone(), String::new(), self.clock.elapsed()),
                );
            }
            Event::StepStatus { address, status } => {
                if let Some(step) = run.steps.get_mut(&address.to_string()) {
                    step.1.clone_from(status);
                }
            }
            Event::StepDone {
                address, step, id, ..
            } => {
                let id = id
                    .as_ref()
                    .filter(|_| step == "create")
                    .map_or_else(String::new, |id| format!(", {id}"));
                self.line(&run, &format!("{address} {step}: ok{id}"));
            }
            Event::StepFailed {
                address, step, code, ..
            } => {
                run.steps.remove(&address.to_string());
                self.line(&run, &format!("{address} {step}: failed, {code}"));
            }
            Event::ResourceDone { address, .. } => {
                run.steps.remove(&address.to_string());
                run.resources_done += 1;
            }
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
                self.call(&format!(
                    "{product} {action} {outcome}{status}{tries} {} ms{id}",
                    duration.as_millis()
                ));
            }
            Event::Throttled {
                product,
                action,
                pause,
            } => {
                self.call(&format!(
                    "{product} {action} throttled; waiting {} s",
                    pause.as_secs()
                ));
            }
            Event::Notice(text) => self.ui.talk(&super::text::escape(text)),
        }
    }
}
