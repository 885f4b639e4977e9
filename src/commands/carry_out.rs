//! A plan that was agreed to: carrying it out, saving, and saying what happened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::connect::Connection;
use super::decide::Goal;
use super::failure::{Exit, Failure};
use super::look::Seen;
use super::project::Project;
use super::{data, report, results, secrets};
use crate::address::Address;
use crate::apply::{self, Context, Outcome, Stop};
use crate::diagnostic::{Advice, run};
use crate::env::{Env, SignalStream};
use crate::plan::{Counts, Plan};
use crate::state::{Session, StateError};
use crate::ui::outcome::Finished;
use crate::ui::progress::Progress;
use crate::ui::{Header, Ui};
use crate::value::SecretSource;

/// A plan that was agreed to, with what carrying it out needs.
pub(super) struct Run<'a> {
    pub(super) goal: Goal,
    pub(super) plan: &'a Plan,
    pub(super) header: &'a Header,
    pub(super) seen: &'a Seen,
    pub(super) connection: &'a Connection,
    pub(super) project: &'a Project,
    pub(super) env: &'a Env,
    pub(super) ui: &'a Ui,
    pub(super) progress: Arc<Progress>,
}

impl Run<'_> {
    /// Carries out the plan, saves, and says what happened.
    pub(super) async fn execute(&self, session: Session) -> Result<Exit, Failure> {
        let Run {
            plan,
            seen,
            connection,
            project,
            env,
            ui,
            ..
        } = self;
        let stop = Arc::new(Stop::default());
        // Where nobody can listen, a signal ends the process, which is safe at any instant.
        let signals = env.signals.listen().ok();
        let signals =
            signals.map(|signals| tokio::spawn(listen_for_signals(signals, stop.clone(), (*ui).clone())));
        let secrets = |source: &SecretSource| secrets::read(env, project, source);
        let started = env.clock.elapsed();
        let context = Context {
            cloud: &connection.cloud,
            session: &session,
            clock: env.clock.clone(),
            random: env.random.clone(),
            secrets: &secrets,
            listener: &*self.progress,
            stop: &stop,
            open: &seen.recovery.open,
        };
        self.progress.begin(plan, self.header);
        let outcome = tokio::select! {
            outcome = apply::execute(plan, &context) => outcome,
            () = self.progress.beat() => unreachable!("it never ends by itself"),
        };
        // Only for the screen and the outputs, so not for somebody who wants it to end.
        let observed = tokio::select! {
            biased;
            () = stop.raised() => BTreeMap::new(),
            observed = results::look_again(plan, project, &session, connection) => observed,
        };
        let outputs = results::outputs(project, &session, seen, &observed);
        let complete = outcome.failed.is_empty() && !outcome.interrupted;
        let noted = if complete {
            results::note_outputs(self.goal, project, &session, &outputs).await
        } else {
            Ok(())
        };
        // What was made is made of what was chosen; what is not gone yet may still be.
        let noted = match (complete, self.goal) {
            (false, Goal::Nothing) => noted,
            _ => noted.and(data::note(self.goal, project, &session).await),
        };
        let rows = results::rows(plan, &session, &observed);
        let existing = results::existing(plan, &session);
        let serial = session.close();
        if let Some(signals) = signals {
            signals.abort();
        }
        self.progress.end();
        ui.outcome(&Finished {
            command: self.header.command,
            again: run(self.header.command).as_typed(&ui.typed()),
            counts: counts(plan, &outcome),
            failures: outcome
                .failed
                .iter()
                .map(|failure| report::failure_in(failure, &project.config.resources))
                .collect(),
            done: outcome.done.clone(),
            failed: outcome
                .failed
                .iter()
                .map(|failure| (failure.object.address.clone(), failure.id.clone()))
                .collect(),
            half_made: outcome.half_made.clone(),
            not_begun: outcome
                .not_begun
                .iter()
                .map(|unbegun| (unbegun.address.clone(), unbegun.waits_for.clone()))
                .collect(),
            interrupted: outcome.interrupted,
            rows,
            outputs: if complete && self.goal == Goal::Configuration {
                outputs
            } else {
                BTreeMap::new()
            },
            serial: serial.as_ref().ok().copied(),
            elapsed: env.clock.elapsed().saturating_sub(started),
        });
        let saved = noted.and(serial.map(|_| ()));
        match saved {
            Ok(()) => {
                let somebody_types = env.terminal.stderr && !env.vars.contains_key("CI");
                if complete && self.goal == Goal::Configuration && somebody_types {
                    ui.talk("");
                    ui.advise(&Advice::from("Next: ").run("status"));
                }
                Ok(exit_of(plan, exit_of_run(&outcome), outcome.changed))
            }
            Err(error) => {
                let mut failure = Failure::from(error);
                // What the disk may not say must be said here.
                if let Some(diagnostic) = failure.diagnostics.first_mut() {
                    diagnostic.notes.extend(existing);
                }
                Err(if outcome.changed {
                    failure.with(Exit::Partial)
                } else {
                    failure
                })
            }
        }
    }
}

/// Changes that are done altogether, by kind.
fn counts(plan: &Plan, outcome: &Outcome) -> Counts {
    let unfinished: BTreeSet<&Address> = outcome
        .failed
        .iter()
        .map(|failure| &failure.object.address)
        .chain(outcome.half_made.iter().map(|(address, _, _)| address))
        .chain(outcome.not_begun.iter().map(|unbegun| &unbegun.address))
        .collect();
    let mut counts = Counts::default();
    let finished = plan
        .changes
        .iter()
        .filter(|change| !unfinished.contains(&change.address));
    finished.for_each(|change| counts.add(change.fate));
    counts
}

/// Turns signals into requests to stop: the first starts nothing new, the second stops at once.
async fn listen_for_signals(mut signals: Box<dyn SignalStream>, stop: Arc<Stop>, ui: Ui) {
    loop {
        signals.next().await;
        if !stop.is_raised() {
            ui.talk("Stopping. Waiting for running calls to reach a safe point (once more to stop at once).");
        }
        stop.raise();
    }
}

/// Writes down what a plan lets the state learn where nothing is to be changed in the cloud.
pub(super) async fn note(
    plan: &Plan,
    session: &Session,
    env: &Env,
    project: &Project,
) -> Result<(), StateError> {
    let secrets = |source: &SecretSource| secrets::read(env, project, source);
    apply::note(plan, session, &secrets).await
}

/// The exit code of a run that ended so, with what the plan left out.
pub(super) fn exit_of(plan: &Plan, exit: Exit, changed: bool) -> Exit {
    if !matches!(exit, Exit::Success | Exit::Done) || !plan.withholds() {
        exit
    } else if changed {
        Exit::Partial
    } else if plan.changes.iter().any(|change| change.would_lose) {
        Exit::Forbidden
    } else {
        Exit::Error
    }
}

fn exit_of_run(outcome: &Outcome) -> Exit {
    if outcome.interrupted {
        Exit::Interrupted
    } else if outcome.failed.is_empty() {
        Exit::Done
    } else if outcome.changed {
        Exit::Partial
    } else {
        Exit::Error
    }
}
