//! Waits for a state of a resource.
//!
//! Does not know why it is waited for, nor how often is looked.

use std::time::Duration;

use super::outcome::{Cause, StepError, internal};
use super::run::Run;
use super::work::Job;
use crate::cloud::wait::{Ending, Verdict, WaitError};
use crate::event::Event;
use crate::live::Observed;
use crate::observe::poll;
use crate::plan::Operation;
use crate::step::{Condition, StepKind, Wait};

impl Run<'_> {
    /// Waits for a state of the resource.
    pub(super) async fn wait(&self, job: &Job<'_>, wait: &Wait) -> Result<(), StepError> {
        let address = &job.work.address;
        let id = self
            .memory
            .id_of(job.work)
            .ok_or_else(|| internal(format!("{address} has no id to wait for")))?;
        let poller = self
            .pollers
            .get(job.schema().type_name)
            .ok_or_else(|| internal(format!("nothing polls {address}")))?;
        let is_met = |observed: Option<&Observed>| match poll::verdict(&wait.until, observed) {
            // What was just made has no earlier state, so somebody else has taken it on already.
            Verdict::Past { .. } | Verdict::Elsewhere { .. } if is_wanted_later(job, wait, observed) => {
                Verdict::Done
            }
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
        match waited {
            Ok(Ending::Reached(Some(observed))) => {
                self.memory.learn_observed(address, &observed);
                Ok(())
            }
            Ok(Ending::Reached(None)) => {
                let effects = self.removal(job).into_iter().collect();
                self.note(effects).await
            }
            Ok(Ending::Otherwise { status, .. }) => {
                let error = WaitError::Otherwise { status };
                let wanted = wanted(&wait.until);
                Err(Cause::Wait { wanted, error }.into())
            }
            Err(WaitError::Api(error)) => Err(error.into()),
            Err(error) => {
                let wanted = wanted(&wait.until);
                Err(Cause::Wait { wanted, error }.into())
            }
        }
    }
}

/// Whether a wait that comes later in a create is met already.
fn is_wanted_later(job: &Job<'_>, wait: &Wait, observed: Option<&Observed>) -> bool {
    let later = job
        .work
        .steps
        .iter()
        .filter_map(|step| match &step.kind {
            StepKind::Wait(wait) => Some(wait),
            StepKind::Call(_) => None,
        })
        .skip_while(|other| *other != wait)
        .skip(1);
    matches!(job.work.operation, Operation::Create { .. })
        && later
            .into_iter()
            .any(|later| poll::verdict(&later.until, observed) == Verdict::Done)
}

fn wanted(until: &Condition) -> String {
    match until {
        Condition::Is { value, .. } => (*value).to_owned(),
        Condition::Gone => "gone".to_owned(),
    }
}
