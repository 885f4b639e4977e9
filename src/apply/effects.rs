//! What the success of a call means for the state.
//!
//! Does not know how it was found out that the call has succeeded.

use super::outcome::StepError;
use super::run::Run;
use super::work::Job;
use crate::cloud::Reply;
use crate::plan::Operation;
use crate::state::Effect;
use crate::step::{Call, Yield};
use crate::value::{Attributes, Value};

impl Run<'_> {
    /// Records what a successful answer means.
    pub(super) async fn done(
        &self,
        job: &Job<'_>,
        call: &Call,
        seq: u64,
        reply: &Reply,
    ) -> Result<(), StepError> {
        let effects = match &call.yields {
            Yield::Attribute { field, attribute } => match reply.body[*field].as_str() {
                Some(text) => {
                    let attributes = Attributes::from([((*attribute).to_owned(), Value::from(text))]);
                    self.memory.learn(&job.work.address, attributes.clone());
                    vec![Effect::Merge {
                        address: job.work.address.clone(),
                        attributes,
                    }]
                }
                None => Vec::new(),
            },
            Yield::Nothing | Yield::Id { .. } | Yield::Removed => self.effects_without_answer(job, call),
        };
        self.context.session.done(seq, effects).await?;
        Ok(())
    }

    /// What a call means whose success was seen without its answer.
    pub(super) fn effects_without_answer(&self, job: &Job<'_>, call: &Call) -> Vec<Effect> {
        match call.yields {
            Yield::Removed => self.removal(job).into_iter().collect(),
            Yield::Nothing | Yield::Id { .. } | Yield::Attribute { .. } => Vec::new(),
        }
    }

    /// What it means that the resource is gone.
    pub(super) fn removal(&self, job: &Job<'_>) -> Option<Effect> {
        match &job.work.operation {
            Operation::Delete { id, deposed: _ } => Some(Effect::Remove {
                address: job.work.address.clone(),
                id: id.clone(),
            }),
            Operation::Create { .. } | Operation::Update { .. } | Operation::Forget => None,
        }
    }
}
