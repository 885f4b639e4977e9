//! The life of one piece of work: what the state says before the first step, the steps, and the last word.
//!
//! Does not know when it is begun, nor what makes a step succeed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::outcome::{Cause, Failure, StepError, internal};
use super::run::Run;
use crate::address::Address;
use crate::event::Event;
use crate::plan::{Operation, Work};
use crate::resources::{self, ResourceType};
use crate::schema::Schema;
use crate::state::{Effect, Lifecycle};
use crate::step::{Class, Step, StepKind};

/// A piece of work with what its steps need.
pub(super) struct Job<'a> {
    pub(super) work: &'a Work,
    pub(super) resource_type: &'static dyn ResourceType,
}

impl Job<'_> {
    pub(super) fn schema(&self) -> &'static Schema {
        self.resource_type.schema()
    }
}

/// How a piece of work ended.
pub(super) enum End {
    Done,
    Failed(Box<Failure>),
    Stopped,
}

impl Run<'_> {
    /// All of one piece of work.
    pub(super) async fn work(&self, work: &Work) -> End {
        let begun = self.context.clock.elapsed();
        match self.all_steps(work).await {
            Ok(()) => {
                self.not_under_way(work);
                self.context.listener.event(&Event::ResourceDone {
                    address: work.address.clone(),
                    id: self.memory.id_of(work),
                    seconds: self.seconds_since(begun),
                });
                End::Done
            }
            Err((_, StepError::Stopped)) => End::Stopped,
            Err((step, StepError::Cause(cause))) => self.failed(work, step, *cause),
        }
    }

    /// The error is told with the step that did not succeed.
    async fn all_steps<'w>(&self, work: &'w Work) -> Result<(), (&'w str, StepError)> {
        let type_name = work.address.type_name();
        let unknown = || ("begin", internal(format!("no type {type_name}")));
        let resource_type = resources::find(type_name).ok_or_else(unknown)?;
        let job = Job { work, resource_type };
        self.prepare(&job).await.map_err(|error| ("begin", error))?;
        for (index, step) in work.steps.iter().enumerate() {
            let told = self.told_step(&job, index, step).await;
            told.map_err(|error| (step.name.as_str(), error))?;
        }
        self.finish(&job)
            .await
            .map_err(|error| ("save the result", error))
    }

    /// One step, with what the listener is told of it.
    async fn told_step(&self, job: &Job<'_>, index: usize, step: &Step) -> Result<(), StepError> {
        if self.context.stop.is_raised() {
            return Err(StepError::Stopped);
        }
        let work = job.work;
        self.at_step(work, &step.name);
        self.context.listener.event(&Event::StepStarted {
            address: work.address.clone(),
            step: step.name.clone(),
            index: index + 1,
            of: work.steps.len(),
        });
        let started = self.context.clock.elapsed();
        let request_id = self.step(job, step).await?;
        self.context.listener.event(&Event::StepDone {
            address: work.address.clone(),
            step: step.name.clone(),
            id: self.memory.id_of(work),
            seconds: self.seconds_since(started),
            request_id,
        });
        Ok(())
    }

    /// One step; the request's id, if its own call succeeded.
    async fn step(&self, job: &Job<'_>, step: &Step) -> Result<Option<String>, StepError> {
        match &step.kind {
            StepKind::Wait(wait) => self.wait(job, wait).await.map(|()| None),
            StepKind::Call(call) if call.class == Class::T => self.create(job, step, call).await,
            StepKind::Call(call) => self.change(job, step, call).await,
        }
    }

    fn seconds_since(&self, begun: Duration) -> f64 {
        self.context.clock.elapsed().saturating_sub(begun).as_secs_f64()
    }

    fn failed(&self, work: &Work, step: &str, cause: Cause) -> End {
        self.not_under_way(work);
        self.context.listener.event(&Event::StepFailed {
            address: work.address.clone(),
            step: step.to_owned(),
            code: cause.code().to_owned(),
            message: cause.to_string(),
        });
        End::Failed(Box::new(Failure {
            address: work.address.clone(),
            location: work.location.clone(),
            step: step.to_owned(),
            id: self.memory.id_of(work),
            cause,
        }))
    }

    /// What the state says before the first step.
    async fn prepare(&self, job: &Job<'_>) -> Result<(), StepError> {
        let address = job.work.address.clone();
        match &job.work.operation {
            // The one that is there stays until the result of the create is there too.
            Operation::Create { depose: true, .. } => Ok(()),
            Operation::Update {
                id,
                target,
                adopt: true,
            } => {
                let mut resource = self.memory.entry(job.schema(), target);
                resource.id = id.clone();
                let mut effects = self.forget_gone(&address, Some(id));
                effects.push(Effect::Put {
                    address,
                    resource: Box::new(resource),
                });
                self.note(effects).await
            }
            Operation::Forget | Operation::Create { depose: false, .. } => {
                match self.forget_gone(&address, None) {
                    effects if effects.is_empty() => Ok(()),
                    effects => self.note(effects).await,
                }
            }
            Operation::Update { adopt: false, .. } | Operation::Delete { .. } => Ok(()),
        }
    }

    /// An id that the state still has although the plan found it gone, because somebody deleted it or because a
    /// delete of ours was interrupted before its result was written.
    fn forget_gone(&self, address: &Address, new: Option<&String>) -> Vec<Effect> {
        let known = self.context.session.with_state(|state| {
            let known = state.resources.get(address)?;
            (!known.id.is_empty() && Some(&known.id) != new).then(|| known.id.clone())
        });
        let forget = known.map(|id| Effect::Remove {
            address: address.clone(),
            id,
        });
        forget.into_iter().collect()
    }

    /// The state's last word on a finished change.
    async fn finish(&self, job: &Job<'_>) -> Result<(), StepError> {
        let (Operation::Create { target, .. } | Operation::Update { target, .. }) = &job.work.operation
        else {
            return Ok(());
        };
        let address = job.work.address.clone();
        let effect = Effect::Settle {
            attributes: self.memory.settled(&address, job.schema(), target),
            address,
            dependencies: target.dependencies.clone(),
            lifecycle: Lifecycle::preventing_destroy(target.prevent_destroy),
            imported: None,
            unsettled: BTreeMap::new(),
        };
        self.note(vec![effect]).await
    }
}
