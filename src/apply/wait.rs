//! Waits for a state of a resource.
//!
//! Does not know why it is waited for, nor how often is looked.

use std::time::Duration;

use super::outcome::{Cause, StepError, internal};
use super::run::Run;
use super::task::Job;
use crate::cloud::wait::{Verdict, WaitError};
use crate::event::Event;
use crate::live::Observed;
use crate::step::{Condition, Wait};
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
        let poller = self
            .pollers
            .get(job.resource_type.name)
            .ok_or_else(|| internal(format!("nothing polls {address}")))?;
        let is_met = |observed: Option<&Observed>| verdict(&wait.until, observed);
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
            Ok(Some(observed)) => {
                self.memory.learn_observed(&task.object, &observed);
                Ok(())
            }
            Ok(None) => self.seen_gone(job, &id).await,
            Err(WaitError::Api(error)) => Err(error.into()),
            Err(error) => {
                let wanted = wanted(&wait.until);
                Err(Cause::Wait { wanted, error }.into())
            }
        }
    }

    /// Not seen once by id; a second look makes it certain.
    async fn seen_gone(&self, job: &Job<'_>, id: &str) -> Result<(), StepError> {
        if self.read_with(job, self.context.cloud, id).await?.is_some() {
            return Err(internal(format!("{id} was gone and is there again")));
        }
        Ok(())
    }
}

/// What a look means to a wait.
fn verdict(until: &Condition, observed: Option<&Observed>) -> Verdict {
    match (until, observed) {
        (Condition::Gone, None) => Verdict::Done,
        (Condition::Is { .. }, None) => Verdict::Missing,
        (Condition::Is { attribute, value }, Some(observed))
            if observed.attributes.get(*attribute).and_then(Value::as_str) == Some(value) =>
        {
            Verdict::Done
        }
        (_, Some(observed)) => {
            let status = observed
                .attributes
                .get("status")
                .and_then(Value::as_str)
                .unwrap_or("there");
            Verdict::NotYet {
                status: status.to_owned(),
            }
        }
    }
}

fn wanted(until: &Condition) -> String {
    match until {
        Condition::Is { value, .. } => (*value).to_owned(),
        Condition::Gone => "gone".to_owned(),
    }
}
