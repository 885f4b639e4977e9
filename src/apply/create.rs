//! Creates: the calls whose loss or repetition would cost most.
//!
//! A lost answer is settled by the send-window rule: the same token inside the window, looking by the token's tag
//! behind it, and a new token only when looking has proved that nothing was made.

use std::time::Duration;

use super::{Cause, Job, PATIENCE, Run, StepError, THROTTLE_PATIENCE, internal};
use crate::cloud::window::{Decision, LookUp, Window, decide};
use crate::cloud::{ApiError, ErrorKind, Product, Request};
use crate::live::{Observed, TAG_OPERATION};
use crate::plan::Operation;
use crate::resources;
use crate::state::{Effect, Intent};
use crate::step::{Call, Class, Step, Yield};
use crate::value::{Attributes, Value};

/// An operation whose effect is not known.
struct Doubt {
    seq: u64,
    token: String,
    window: Window,
    /// The parameters as the journal keeps them.
    sealed: std::collections::BTreeMap<String, String>,
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
                    Settled::Made { id, as_planned } => return self.made(id, as_planned),
                    Settled::Resend(open) => Some(open),
                    Settled::NotMade => None,
                },
            };
            let product = Product::from_name(call.product).ok_or_else(|| internal("no such product"))?;
            let slot = self.context.cloud.slot(product, call.action).await;
            if self.context.stop.is_raised() {
                return Err(StepError::Stopped);
            }
            let is_repetition = resend.is_some();
            let open = match resend {
                Some(open) => open,
                None => self.open(job, step, call).await?,
            };
            let flat = self.flatten(job, call, Some(&open.token)).await?;
            let request = Request {
                product,
                action: call.action,
                params: flat.sent,
            };
            let error = match self.transmit(&slot, &request, open.window).await {
                Ok(reply) => {
                    let Yield::Id { field } = call.yields else {
                        return Err(internal("a create without an id"));
                    };
                    match reply.body[field].as_str().filter(|id| !id.is_empty()) {
                        Some(id) => {
                            self.record(job, &open, id, None).await?;
                            return Ok(reply.request_id);
                        }
                        // Something was made, and only looking can tell what.
                        None => {
                            doubt = Some(open);
                            self.pause(&mut attempt).await?;
                            continue;
                        }
                    }
                }
                Err(error) => error,
            };
            drop(slot);
            let elapsed = self.context.clock.elapsed().saturating_sub(begun);
            match error.kind {
                // The effect is not known, or an earlier call with this token had one.
                ErrorKind::Ambiguous
                | ErrorKind::Malformed
                | ErrorKind::TokenMismatch
                | ErrorKind::TokenProcessing => {
                    if elapsed > PATIENCE * 2 {
                        return Err(error.into());
                    }
                    doubt = Some(open);
                    self.pause(&mut attempt).await?;
                }
                // What stands against this try says nothing about an earlier one with the same token, so there may
                // be no other token until looking has settled that one.
                _ if is_repetition => {
                    if !self.passes(job, &error) || elapsed > PATIENCE * 2 {
                        // The intent stays open, and the next run goes on from it.
                        let Some(observed) = self.find_by_token(job, &open.token).await? else {
                            return Err(error.into());
                        };
                        self.record(job, &open, &observed.id, Some(&observed)).await?;
                        return Ok(None);
                    }
                    doubt = Some(open);
                    self.pause(&mut attempt).await?;
                }
                ErrorKind::Throttled => {
                    self.context.session.failed(open.seq, &error.code, true).await?;
                    if elapsed > THROTTLE_PATIENCE {
                        return Err(error.into());
                    }
                }
                _ => {
                    self.context.session.failed(open.seq, &error.code, true).await?;
                    if !self.passes(job, &error) || elapsed > PATIENCE {
                        return Err(error.into());
                    }
                    self.pause(&mut attempt).await?;
                }
            }
        }
    }

    /// Whether it is worth trying again because what stands against it passes.
    fn passes(&self, job: &Job<'_>, error: &ApiError) -> bool {
        matches!(
            error.kind,
            ErrorKind::Throttled | ErrorKind::WrongState | ErrorKind::Unreachable | ErrorKind::WindowClosed
        ) || job.resource_type.codes().passes(&error.code)
    }

    fn made(&self, id: String, as_planned: bool) -> Result<Option<String>, StepError> {
        if as_planned {
            Ok(None)
        } else {
            Err(StepError::Cause(Box::new(Cause::Adopted { id })))
        }
    }

    /// The open intent that an interrupted run left for this create.
    fn inherited(&self, job: &Job<'_>, call: &Call) -> Option<Doubt> {
        let intent = self.open_intent(job, call)?;
        Some(Doubt {
            seq: intent.seq,
            token: intent.token.clone()?,
            window: Window::of(intent.created_at, intent.plain),
            sealed: intent.sealed_params.clone(),
        })
    }

    fn open_intent(&self, job: &Job<'_>, call: &Call) -> Option<&Intent> {
        self.context
            .open
            .iter()
            .find(|intent| intent.address == job.work.address && intent.action == call.action)
    }

    /// Writes the intent of a first try.
    async fn open(&self, job: &Job<'_>, step: &Step, call: &Call) -> Result<Doubt, StepError> {
        let token = self.new_token();
        let flat = self.flatten(job, call, Some(&token)).await?;
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

    /// Finds out what an open create did.
    async fn settle(&self, job: &Job<'_>, call: &Call, open: Doubt) -> Result<Settled, StepError> {
        let flat = self.flatten(job, call, Some(&open.token)).await?;
        let as_planned = flat.sealed == open.sealed;
        let mut look_up = LookUp::NotYet;
        loop {
            let now = self.server_time()?;
            match decide(now, open.window, look_up) {
                // The request of another configuration is never sent again; what it did is looked for.
                Decision::Resend if as_planned => return Ok(Settled::Resend(open)),
                Decision::Renew => {
                    self.context.session.failed(open.seq, "NotMade", true).await?;
                    return Ok(Settled::NotMade);
                }
                Decision::LookUpAgainAt(time) => self.wait_until(time).await?,
                Decision::Resend if look_up != LookUp::NotYet => {
                    self.wait_until(open.window.believed()).await?
                }
                Decision::Resend | Decision::LookUp | Decision::Adopt => {}
            }
            // The time of a look is the time before it: it shows at least what had happened by then.
            let at = self.server_time()?;
            if let Some(observed) = self.find_by_token(job, &open.token).await? {
                let id = observed.id.clone();
                self.record(job, &open, &id, Some(&observed)).await?;
                return Ok(Settled::Made { id, as_planned });
            }
            look_up = LookUp::NotFound { at };
        }
    }

    async fn wait_until(&self, time: jiff::Timestamp) -> Result<(), StepError> {
        let now = self.server_time()?;
        let pause = Duration::try_from(time.duration_since(now)).unwrap_or_default();
        tokio::select! {
            () = self.context.clock.sleep(pause + Duration::from_millis(100)) => Ok(()),
            () = self.context.stop.raised() => Err(StepError::Stopped),
        }
    }

    /// The resource that a create with this token made, if there is one.
    async fn find_by_token(&self, job: &Job<'_>, token: &str) -> Result<Option<Observed>, StepError> {
        let stack = self.context.session.with_state(|state| state.lineage.clone());
        let listed = resources::list_by_stack(job.resource_type, self.context.cloud, &stack).await?;
        Ok(listed
            .into_iter()
            .find(|one| one.tags.get(TAG_OPERATION).is_some_and(|tag| tag == token)))
    }

    /// Writes down what a create made.
    async fn record(
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
            Some(observed) => self.learn_observed(&job.work.address, observed),
            None => self.learn(
                &job.work.address,
                Attributes::from([("id".to_owned(), Value::from(id))]),
            ),
        }
        self.at_step(job.work, "create");
        Ok(())
    }

    /// An interrupted payment is never repeated on a doubt: inside its window the old request may still arrive, so
    /// it is waited out; what then exists tells.
    /// Whether what exists shows that it took effect.
    pub(super) async fn settle_payment(&self, job: &Job<'_>, call: &Call) -> Result<bool, StepError> {
        debug_assert!(call.class == Class::M && !matches!(job.work.operation, Operation::Create { .. }));
        let Some(intent) = self.open_intent(job, call) else {
            return Ok(false);
        };
        let window = Window::of(intent.created_at, intent.plain);
        let is_done = loop {
            // The time of a look is the time before it.
            let now = self.server_time()?;
            if self.is_done_already(job, call, self.context.cloud).await? {
                break true;
            }
            if now >= window.believed() {
                break false;
            }
            self.wait_until(window.believed()).await?;
        };
        self.context
            .session
            .failed(intent.seq, "SettledByReading", false)
            .await?;
        Ok(is_done)
    }
}

/// What became of an open create.
enum Settled {
    Made { id: String, as_planned: bool },
    Resend(Doubt),
    NotMade,
}
