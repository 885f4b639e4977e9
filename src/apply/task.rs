//! The life of one task: its steps, the state's last word, and what is given back when it cannot be done.
//!
//! Does not know when it is begun, nor what makes a step succeed.

use std::time::Duration;

use super::outcome::{Cause, Failure, StepError, internal};
use super::run::Run;
use crate::cloud::ApiError;
use crate::event::Event;
use crate::state::Effect;
use crate::step::{Step, StepKind};
use crate::task::Task;
use crate::types::{self, ResourceType};

/// A task with what its steps need.
pub(super) struct Job<'a> {
    pub(super) task: &'a Task,
    pub(super) resource_type: &'static ResourceType,
}

/// How a task ended.
pub(super) enum End {
    Done,
    Failed(Box<Failure>),
    Stopped,
}

impl Run<'_> {
    /// All of one task.
    pub(super) async fn task(&self, task: &Task) -> End {
        let begun = self.context.clock.elapsed();
        match self.all_steps(task).await {
            Ok(()) => {
                self.not_under_way(task);
                if !task.is_note() {
                    self.context.listener.event(&Event::ResourceDone {
                        address: task.object.address.clone(),
                        id: self.memory.id_of(task),
                        seconds: self.seconds_since(begun),
                    });
                }
                End::Done
            }
            Err((_, StepError::Stopped)) => End::Stopped,
            Err((index, StepError::Cause(cause))) => self.failed(task, index, *cause).await,
            // Somebody else has removed what was to be removed.
            Err((_, StepError::Gone)) => End::Done,
        }
    }

    /// The error is told with the position of the step that did not succeed.
    async fn all_steps(&self, task: &Task) -> Result<(), (usize, StepError)> {
        let type_name = task.object.address.type_name();
        if task.steps.is_empty() {
            let effects = self.last_word(task);
            return self.note(effects).await.map_err(|error| (0, error));
        }
        let unknown = || (0, internal(format!("no type {type_name}")));
        let resource_type = types::find(type_name).ok_or_else(unknown)?;
        let job = Job { task, resource_type };
        for (index, step) in task.steps.iter().enumerate() {
            match self.told_step(&job, index, step).await {
                Ok(()) => {}
                Err(StepError::Gone) => {
                    let effects = self.last_word(task);
                    return self.note(effects).await.map_err(|error| (index, error));
                }
                Err(error) => return Err((index, error)),
            }
        }
        Ok(())
    }

    /// One step, with what the listener is told of it.
    async fn told_step(&self, job: &Job<'_>, index: usize, step: &Step) -> Result<(), StepError> {
        if self.context.stop.is_raised() {
            return Err(StepError::Stopped);
        }
        let task = job.task;
        self.at_step(task, &step.name);
        self.context.listener.event(&Event::StepStarted {
            address: task.object.address.clone(),
            step: step.name.clone(),
            index: index + 1,
            of: task.steps.len(),
        });
        let started = self.context.clock.elapsed();
        let is_last = index + 1 == task.steps.len();
        let request_id = self.step(job, step, is_last).await?;
        self.context.listener.event(&Event::StepDone {
            address: task.object.address.clone(),
            step: step.name.clone(),
            id: self.memory.id_of(task),
            seconds: self.seconds_since(started),
            request_id,
        });
        Ok(())
    }

    /// One step; the request's id, if its own call succeeded. With the last one the state gets its last word.
    async fn step(&self, job: &Job<'_>, step: &Step, is_last: bool) -> Result<Option<String>, StepError> {
        match &step.kind {
            StepKind::Wait(wait) => {
                self.wait(job, wait).await?;
                if is_last {
                    self.note(self.last_word(job.task)).await?;
                }
                Ok(None)
            }
            StepKind::Call(call) => self.send(job, step, call, is_last).await,
        }
    }

    /// What the state says of the object when the task is done.
    pub(super) fn last_word(&self, task: &Task) -> Vec<Effect> {
        self.memory.last_word(task)
    }

    fn seconds_since(&self, begun: Duration) -> f64 {
        self.context.clock.elapsed().saturating_sub(begun).as_secs_f64()
    }

    async fn failed(&self, task: &Task, index: usize, cause: Cause) -> End {
        let restored = self.give_back(task, index, &cause).await;
        self.not_under_way(task);
        let step = task.steps.get(index).map_or("save", |step| &step.name);
        let answer = match &cause {
            Cause::Api(error) | Cause::InUse { error, .. } | Cause::There { error, .. } => Some(error),
            _ => None,
        };
        self.context.listener.event(&Event::StepFailed {
            address: task.object.address.clone(),
            step: step.to_owned(),
            code: cause.code().to_owned(),
            message: cause.to_string(),
            told: answer.map(ApiError::diagnostic_code),
            http_status: answer.and_then(|error| error.http_status),
            request_id: answer.and_then(|error| error.request_id.clone()),
        });
        End::Failed(Box::new(Failure {
            object: task.object.clone(),
            location: task.location.clone(),
            step: step.to_owned(),
            id: self.memory.id_of(task),
            restored,
            cause,
        }))
    }

    /// After a refusal in the middle: what the steps took away for a while is given back, as far as it can be.
    async fn give_back(&self, task: &Task, index: usize, cause: &Cause) -> Option<bool> {
        let restore = task.restore.as_ref()?;
        let is_refused = matches!(
            cause,
            Cause::Api(_) | Cause::InUse { .. } | Cause::Wait { .. } | Cause::Missing { .. }
        );
        if !is_refused || index <= restore.behind || index >= restore.before {
            return None;
        }
        let resource_type = types::find(task.object.address.type_name())?;
        let job = Job { task, resource_type };
        for step in &restore.steps {
            self.at_step(task, &step.name);
            if self.step(&job, step, false).await.is_err() {
                return Some(false);
            }
        }
        Some(true)
    }
}
