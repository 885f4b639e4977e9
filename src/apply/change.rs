//! Changing calls that may be repeated after a look: sent until they are done, refused, or out of time.
//!
//! Does not know creates, whose repetition would make a second one.

use super::meaning::{Meaning, PATIENCE, THROTTLE_PATIENCE};
use super::outcome::StepError;
use super::run::Run;
use super::work::Job;
use crate::api::Repeat;
use crate::step::{Call, Step};

impl Run<'_> {
    /// Sends the call until what it asks for is so.
    pub(super) async fn change(
        &self,
        job: &Job<'_>,
        step: &Step,
        call: &Call,
    ) -> Result<Option<String>, StepError> {
        let session = self.context.session;
        let cloud = self.context.cloud;
        let begun = self.context.clock.elapsed();
        let mut attempt = 0;
        if call.action.repeat == Repeat::Meter && self.settle_payment(job, call).await? {
            return Ok(None);
        }
        loop {
            let (seq, sent) = self.send(job, step, call).await?;
            let error = match sent {
                Ok(reply) => {
                    self.done(job, call, seq, &reply).await?;
                    return Ok(reply.request_id);
                }
                Err(error) => error,
            };
            let elapsed = self.context.clock.elapsed().saturating_sub(begun);
            let meaning = Meaning::of(&error, job);
            let unclear = meaning == Meaning::Unclear;
            if !unclear {
                session.failed(seq, &error.code, true).await?;
            }
            match meaning {
                Meaning::Throttled if elapsed < THROTTLE_PATIENCE => continue,
                Meaning::Throttled | Meaning::Final => return Err(error.into()),
                Meaning::Unclear | Meaning::Passing | Meaning::Absent => {}
            }
            // Perhaps it is already as it should be: then nothing is left to do.
            if self.is_done_already(job, call, cloud).await? {
                let effects = self.effects_without_answer(job, call);
                if unclear {
                    session.done(seq, effects).await?;
                } else {
                    self.note(effects).await?;
                }
                return Ok(None);
            }
            if unclear {
                // A payment is never sent twice on a doubt: its intent stays open, and the next run settles it.
                if call.action.repeat == Repeat::Meter {
                    return Err(error.into());
                }
                session.failed(seq, &error.code, false).await?;
            }
            if meaning == Meaning::Absent || elapsed > PATIENCE {
                return Err(error.into());
            }
            self.pause(&mut attempt).await?;
            // A lost request may take effect only now. The look is tried once and may fail, so that a network that
            // breaks in step with look and repetition does not break every repetition.
            if unclear
                && self
                    .is_done_already(job, call, &cloud.once())
                    .await
                    .unwrap_or(false)
            {
                self.note(self.effects_without_answer(job, call)).await?;
                return Ok(None);
            }
        }
    }
}
