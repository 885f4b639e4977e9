//! The executor: does what the plan says, each task as soon as what it waits for is done.
//!
//! Decides nothing. Intent is on disk before a call leaves, its result before the step counts as done. Does not
//! know configuration or the screen.

mod doubt;
mod look;
mod meaning;
mod memory;
mod outcome;
mod params;
mod ready;
mod run;
mod send;
mod sending;
mod stop;
mod task;
mod wait;

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use self::memory::Memory;
pub(crate) use self::outcome::{Cause, Failure, Outcome};
pub(crate) use self::params::{SecretReader, wire_params};
use self::ready::Ready;
use self::run::Run;
pub(crate) use self::stop::Stop;
use self::task::End;
use crate::cloud::Cloud;
use crate::env::{Clock, Random};
use crate::event::Listener;
use crate::plan::Plan;
use crate::state::{Effect, Intent, Session, StateError};

/// What the executor works with.
pub(crate) struct Context<'a> {
    pub(crate) cloud: &'a Cloud,
    pub(crate) session: &'a Session,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) secrets: SecretReader<'a>,
    pub(crate) listener: &'a dyn Listener,
    pub(crate) stop: &'a Stop,
    /// Operations of an interrupted run that looking could not settle.
    pub(crate) open: &'a [Intent],
}

/// Writes down what a plan lets the state learn, where nothing is to be changed in the cloud.
pub(crate) async fn note(
    plan: &Plan,
    session: &Session,
    secrets: SecretReader<'_>,
) -> Result<(), StateError> {
    let memory = Memory::new(plan, session, secrets);
    let notes = plan.tasks.iter().filter(|task| task.is_note());
    let effects: Vec<Effect> = notes.flat_map(|task| memory.last_word(task)).collect();
    if effects.is_empty() {
        return Ok(());
    }
    session.note(effects).await
}

/// Carries out a plan. Whatever happens is in the outcome; what is known is on disk.
pub(crate) async fn execute(plan: &Plan, context: &Context<'_>) -> Outcome {
    let run = Run::new(plan, context);
    let mut ready = Ready::new(plan);
    let mut outcome = Outcome::default();
    let mut running = FuturesUnordered::new();
    let start = |index: usize| {
        let run = &run;
        async move { (index, run.task(&plan.tasks[index]).await) }
    };
    running.extend(ready.begin_first().into_iter().map(start));
    loop {
        let (index, end) = tokio::select! {
            biased;
            next = running.next() => match next {
                Some(next) => next,
                None => break,
            },
            () = context.stop.at_once(&*context.clock) => {
                outcome.interrupted = true;
                break;
            }
        };
        match end {
            End::Done => {
                outcome.done.push(plan.tasks[index].object.address.clone());
                let may_begin = !context.stop.is_raised();
                running.extend(ready.done(index, may_begin).into_iter().map(start));
            }
            End::Failed(failure) => outcome.failed.push(*failure),
            End::Stopped => outcome.interrupted = true,
        }
    }
    drop(running);
    outcome.interrupted |= context.stop.is_raised() && !ready.all_begun();
    outcome.half_made = run.half_made();
    outcome.not_begun = ready.unbegun(&outcome.failed);
    outcome.changed = run.changed();
    outcome
}
