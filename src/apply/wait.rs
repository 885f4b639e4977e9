//! Waits for a state of a resource.
//!
//! Does not know why it is waited for, nor how often is looked.

use std::time::Duration;

use super::outcome::{Cause, StepError, internal};
use super::run::Run;
use super::task::Job;
use crate::cloud::Cloud;
use crate::cloud::wait::{Ending, Verdict, WaitError};
use crate::event::Event;
use crate::live::Observed;
use crate::observe::{Wanted, details, poll};
use crate::step::{Condition, Shows, StepKind, Wait};
use crate::task::Phase;
use crate::value::Value;

impl Run<'_> {
    /// Waits for a state of the resource.
    pub(super) async fn wait(&self, job: &Job<'_>, wait: &Wait) -> Result<(), StepError> {
        let task = job.task;
        let address = &task.object.address;
        let id = self
            .memory
            .id_of(task)
            .ok_or_else(|| internal(format!("{address} has no id to wait for")))?;
        if let Condition::Shown(shows) = &wait.until {
            return self
                .wait_shown(job, &id, shows, Duration::from_secs(wait.timeout_s))
                .await;
        }
        let poller = self
            .pollers
            .get(job.resource_type.name)
            .ok_or_else(|| internal(format!("nothing polls {address}")))?;
        let is_met = |observed: Option<&Observed>| match poll::verdict(&wait.until, observed) {
            // What was just made has no earlier state, so somebody else has taken it on already.
            Verdict::Past { .. } | Verdict::Elsewhere { .. } if is_wanted_later(job, wait, observed) => {
                Verdict::Done
            }
            // Somebody else has removed what was to be removed, on the way there.
            Verdict::Missing if task.phase == Phase::Remove => Verdict::Gone,
            verdict => verdict,
        };
        let on_status = |status: &str| {
            self.context.listener.event(&Event::StepStatus {
                address: address.clone(),
                status: status.to_owned(),
            });
        };
        let timeout = Duration::from_secs(wait.timeout_s);
        let waited = tokio::select! {
            waited = poller.wait(&id, is_met, timeout, on_status) => waited,
            () = self.context.stop.raised() => return Err(StepError::Stopped),
        };
        let wanted = || match &wait.until {
            Condition::Is { value, .. } => value.clone().into_owned(),
            Condition::Shown(_) | Condition::Gone => "gone".to_owned(),
        };
        match waited {
            Ok(Ending::Reached(Some(observed))) => {
                self.memory.learn_observed(&task.object, &observed);
                Ok(())
            }
            Ok(Ending::Reached(None)) if wait.until == Condition::Gone => Ok(()),
            Ok(Ending::Reached(None)) => Err(StepError::Gone),
            Ok(Ending::Otherwise { status, .. }) => {
                let wanted = wanted();
                Err(Cause::Settled { wanted, status }.into())
            }
            Err(WaitError::Api(error)) => Err(error.into()),
            Err(error) => {
                let wanted = wanted();
                Err(Cause::Wait { wanted, error }.into())
            }
        }
    }
}

impl Run<'_> {
    /// The same for what a list of many does not tell: nobody else waits for it, so it is looked at alone.
    async fn wait_shown(
        &self,
        job: &Job<'_>,
        id: &str,
        shows: &Shows,
        timeout: Duration,
    ) -> Result<(), StepError> {
        let task = job.task;
        let begun = self.context.clock.elapsed();
        let mut attempt = 0;
        loop {
            match self.look_for(job, id, shows, self.context.cloud).await? {
                None => return Err(StepError::Gone),
                Some((true, observed)) => {
                    self.memory.learn_observed(&task.object, &observed);
                    return Ok(());
                }
                Some((false, observed)) => {
                    let after = self.context.clock.elapsed().saturating_sub(begun);
                    if after >= timeout {
                        let error = WaitError::TimedOut {
                            last_status: status_of(&observed),
                            after,
                        };
                        let wanted = "as it is wanted".to_owned();
                        return Err(Cause::Wait { wanted, error }.into());
                    }
                }
            }
            self.pause(&mut attempt).await?;
        }
    }

    /// Whether a look at it shows this, and what was seen; none if it is not there.
    pub(super) async fn look_for(
        &self,
        job: &Job<'_>,
        id: &str,
        shows: &Shows,
        cloud: &Cloud,
    ) -> Result<Option<(bool, Observed)>, StepError> {
        let Some(mut observed) = self.read_with(job, cloud, id).await? else {
            return Ok(None);
        };
        if let Some(part) = shows.part() {
            let wanted = Wanted::of([part.to_owned()]);
            let one = std::slice::from_mut(&mut observed);
            details::complete(job.resource_type, cloud, one, &wanted).await?;
        }
        let is_seen = shows.is_seen(&observed, &|value| self.memory.resolve(value));
        Ok(Some((is_seen, observed)))
    }
}

fn status_of(observed: &Observed) -> String {
    let status = observed.attributes.get("status").and_then(Value::as_str);
    status.unwrap_or("there").to_owned()
}

/// Whether a wait that comes later in a create is met already.
fn is_wanted_later(job: &Job<'_>, wait: &Wait, observed: Option<&Observed>) -> bool {
    let later = job
        .task
        .steps
        .iter()
        .filter_map(|step| match &step.kind {
            StepKind::Wait(wait) => Some(wait),
            StepKind::Call(_) => None,
        })
        .skip_while(|other| *other != wait)
        .skip(1);
    job.task.phase == Phase::Make
        && later
            .into_iter()
            .any(|later| poll::verdict(&later.until, observed) == Verdict::Done)
}
