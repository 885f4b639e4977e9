//! Creates: the calls whose loss or repetition would cost most.
//!
//! A try whose effect is not known is settled before there is another. Does not know how it is settled.

use std::time::Duration;

use super::doubt::{Doubt, Settled};
use super::meaning::{Meaning, PATIENCE, THROTTLE_PATIENCE};
use super::outcome::{Cause, StepError, internal};
use super::run::Run;
use super::work::Job;
use crate::cloud::{ApiError, Reply, Request};
use crate::live::Observed;
use crate::state::Effect;
use crate::step::{Call, Step, Yield};
use crate::value::{Attributes, Value};

/// What comes after a try that was not answered with an id.
enum Next {
    /// Looking showed that it was made.
    Made,
    /// What it did is settled after a pause.
    Settle(Doubt),
    /// It did nothing, and there is another after a pause.
    Afresh,
    /// It did nothing, and there is another as soon as the limiter lets it go.
    AtOnce,
}

impl Run<'_> {
    /// Makes one resource, once.
    pub(super) async fn create(
        &self,
        job: &Job<'_>,
        step: &Step,
        call: &Call,
    ) -> Result<Option<String>, StepError> {
        let begun = self.context.clock.elapsed();
        let mut attempt = 0;
        let mut doubt = self.inherited(job, call);
        loop {
            // An earlier try, of this run or of one that was interrupted, is settled first.
            let resend = match doubt.take() {
                None => None,
                Some(open) => match self.settle(job, call, open).await? {
                    Settled::Made { as_planned: true, .. } => return Ok(None),
                    Settled::Made {
                        id,
                        as_planned: false,
                    } => return Err(Cause::Adopted { id }.into()),
                    Settled::Resend(open) => Some(open),
                    Settled::NotMade => None,
                },
            };
            let is_repetition = resend.is_some();
            let (open, sent) = self.try_once(job, step, call, resend).await?;
            let next = match sent {
                Ok(reply) => match new_id(call, &reply)? {
                    Some(id) => {
                        self.record(job, &open, id, None).await?;
                        return Ok(reply.request_id);
                    }
                    // Something was made, and only looking can tell what.
                    None => Next::Settle(open),
                },
                Err(error) => {
                    let elapsed = self.context.clock.elapsed().saturating_sub(begun);
                    self.after_error(job, open, error, is_repetition, elapsed).await?
                }
            };
            match next {
                Next::Made => return Ok(None),
                Next::AtOnce => continue,
                Next::Afresh => {}
                Next::Settle(open) => doubt = Some(open),
            }
            self.pause(&mut attempt).await?;
        }
    }

    /// Sends the call once, with a new token or as the repetition of an open try.
    async fn try_once(
        &self,
        job: &Job<'_>,
        step: &Step,
        call: &Call,
        resend: Option<Doubt>,
    ) -> Result<(Doubt, Result<Reply, ApiError>), StepError> {
        let slot = self.context.cloud.slot(call.action).await;
        if self.context.stop.is_raised() {
            return Err(StepError::Stopped);
        }
        let open = match resend {
            Some(open) => open,
            None => self.open(job, step, call).await?,
        };
        let flat = self.memory.flatten(job.work, call, Some(&open.token))?;
        let request = Request {
            action: call.action,
            params: flat.sent,
        };
        let sent = self.transmit(&slot, &request, open.window).await;
        Ok((open, sent))
    }

    async fn after_error(
        &self,
        job: &Job<'_>,
        open: Doubt,
        error: ApiError,
        is_repetition: bool,
        elapsed: Duration,
    ) -> Result<Next, StepError> {
        let in_time = elapsed <= PATIENCE * 2;
        match Meaning::of(&error, job) {
            Meaning::Unclear if in_time => Ok(Next::Settle(open)),
            Meaning::Unclear => Err(error.into()),
            // What stands against a repetition says nothing about an earlier try with the same token, so there may be
            // no other token until looking has settled that one.
            Meaning::Throttled | Meaning::Passing if is_repetition && in_time => Ok(Next::Settle(open)),
            _ if is_repetition => {
                // The intent stays open if nothing is found, and the next run goes on from it.
                let Some(observed) = self.find_by_token(job, &open.token).await? else {
                    return Err(error.into());
                };
                self.record(job, &open, &observed.id, Some(&observed)).await?;
                Ok(Next::Made)
            }
            meaning => {
                self.context.session.failed(open.seq, &error.code, true).await?;
                match meaning {
                    Meaning::Throttled if elapsed <= THROTTLE_PATIENCE => Ok(Next::AtOnce),
                    Meaning::Passing if elapsed <= PATIENCE => Ok(Next::Afresh),
                    _ => Err(error.into()),
                }
            }
        }
    }

    /// Writes the intent of a first try.
    async fn open(&self, job: &Job<'_>, step: &Step, call: &Call) -> Result<Doubt, StepError> {
        let token = self.new_token();
        let flat = self.memory.flatten(job.work, call, Some(&token))?;
        let window = self.context.cloud.window(self.server_time()?);
        let draft = self.draft(job, step, call, Some(token.clone()), window, flat.sealed.clone());
        let seq = self.context.session.intent(draft).await?;
        Ok(Doubt {
            seq,
            token,
            window,
            sealed: flat.sealed,
        })
    }

    /// Writes down what a create made.
    pub(super) async fn record(
        &self,
        job: &Job<'_>,
        open: &Doubt,
        id: &str,
        observed: Option<&Observed>,
    ) -> Result<(), StepError> {
        let effect = Effect::Made {
            address: job.work.address.clone(),
            id: id.to_owned(),
            created_at: Some(self.server_time()?),
        };
        self.context.session.done(open.seq, vec![effect]).await?;
        match observed {
            Some(observed) => self.memory.learn_observed(&job.work.address, observed),
            None => self.memory.learn(
                &job.work.address,
                Attributes::from([("id".to_owned(), Value::from(id))]),
            ),
        }
        self.at_step(job.work, "create");
        Ok(())
    }
}

/// The id in the answer of a create; none if the answer lacks it.
fn new_id<'a>(call: &Call, reply: &'a Reply) -> Result<Option<&'a str>, StepError> {
    let Yield::Id { field } = call.yields else {
        return Err(internal("a create without an id"));
    };
    Ok(reply.body[field].as_str().filter(|id| !id.is_empty()))
}
