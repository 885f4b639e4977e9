//! Calls whose effect is not known: how it is found out.
//!
//! The send-window rule: the same token inside the window, looking by the token's tag behind it, and a new token only
//! when looking has proved that nothing was made. What sets an absolute state is looked at and, where the look does
//! not show it, sent again. Does not know what is done with what is found out.

use std::collections::BTreeMap;

use super::outcome::StepError;
use super::run::Run;
use super::sending::Sending;
use crate::api::Repeat;
use crate::cloud::Cloud;
use crate::cloud::window::{Decision, LookUp, Window, decide};
use crate::live::{Observed, TAG_OPERATION};
use crate::observe::read::list_by_stack;
use crate::state::Intent;
use crate::step::Yield;
use crate::types::{REGISTRY, ResourceType};

/// A call whose effect is not known.
pub(super) struct Doubt {
    pub(super) seq: u64,
    pub(super) token: Option<String>,
    pub(super) window: Window,
    /// The parameters as the journal keeps them.
    pub(super) sealed: BTreeMap<String, String>,
    /// Whether a request of it may have taken effect; one that was only throttled has not.
    pub(super) may_have_worked: bool,
}

impl Doubt {
    /// A request of it may have taken effect.
    pub(super) fn in_doubt(self) -> Doubt {
        Doubt {
            may_have_worked: true,
            ..self
        }
    }
}

/// What became of an open call.
pub(super) enum Settled {
    Done { id: String, as_planned: bool },
    Resend(Doubt),
    NotDone,
}

impl Run<'_> {
    /// The open intent that an interrupted run left for this call.
    pub(super) fn inherited(&self, sending: &Sending<'_>) -> Option<Doubt> {
        if matches!(sending.repeat(), Repeat::Absolute | Repeat::Read) {
            return None;
        }
        let intent = self.open_intent(sending)?;
        Some(Doubt {
            seq: intent.seq,
            token: Some(intent.token.clone()?),
            window: Window::of(intent.created_at, intent.plain),
            sealed: intent.sealed_params.clone(),
            may_have_worked: true,
        })
    }

    fn open_intent(&self, sending: &Sending<'_>) -> Option<&Intent> {
        let address = &sending.job.task.object.address;
        let action = sending.call.action.name;
        self.context
            .open
            .iter()
            .find(|intent| intent.object.address == *address && intent.action == action)
    }

    /// Finds out what an open call did.
    pub(super) async fn settle(&self, sending: &Sending<'_>, open: Doubt) -> Result<Settled, StepError> {
        match sending.repeat() {
            Repeat::Token | Repeat::Key | Repeat::Look => self.settle_create(sending, open).await,
            Repeat::Meter => self.settle_payment(sending, open).await,
            Repeat::Absolute | Repeat::Read => self.settle_change(sending, open).await,
        }
    }

    async fn settle_create(&self, sending: &Sending<'_>, open: Doubt) -> Result<Settled, StepError> {
        let flat = self
            .memory
            .flatten(sending.job.task, sending.call, open.token.as_deref())?;
        let as_planned = flat.sealed == open.sealed;
        // Nothing keeps the same request from making another one: only a look tells.
        let may_resend = as_planned && sending.repeat() != Repeat::Look;
        let mut look_up = LookUp::NotYet;
        loop {
            let now = self.server_time()?;
            match decide(now, open.window, look_up) {
                // The request of another configuration is never sent again; what it did is looked for.
                Decision::Resend if may_resend => return Ok(Settled::Resend(open)),
                Decision::Renew => {
                    self.context.session.failed(open.seq, "NotMade", true).await?;
                    return Ok(Settled::NotDone);
                }
                Decision::LookUpAgainAt(time) => self.wait_until(time).await?,
                Decision::Resend if look_up != LookUp::NotYet => {
                    self.wait_until(open.window.believed()).await?
                }
                Decision::Resend | Decision::LookUp => {}
            }
            // The time of a look is the time before it: it shows at least what had happened by then.
            let at = self.server_time()?;
            if let Some(observed) = self.find_by_token(sending, &open).await? {
                let id = observed.id.clone();
                self.found(sending, &open, &observed).await?;
                return Ok(Settled::Done { id, as_planned });
            }
            look_up = LookUp::NotFound { at };
        }
    }

    /// What is made by what it is, a line of a table, if it is there as the call would have made it: it has no tags.
    pub(super) async fn find_named(
        &self,
        sending: &Sending<'_>,
        cloud: &Cloud,
    ) -> Result<Option<Observed>, StepError> {
        let seen = self.at_place(sending, cloud).await?;
        Ok(seen.filter(|seen| self.is_made(sending, seen)))
    }

    /// What is at the place at which the call makes something by what it is.
    pub(super) async fn at_place(
        &self,
        sending: &Sending<'_>,
        cloud: &Cloud,
    ) -> Result<Option<Observed>, StepError> {
        let Yield::Named(id) = &sending.call.yields else {
            return Ok(None);
        };
        let id = self.memory.resolve(id);
        let Some(id) = id.as_str() else { return Ok(None) };
        self.read_with(sending.job, cloud, id).await
    }

    /// Whether it is as the call would have made it.
    pub(super) fn is_made(&self, sending: &Sending<'_>, seen: &Observed) -> bool {
        let shows = &sending.step.shows;
        shows.is_seen(seen, &|value| self.memory.resolve(value))
    }

    /// What a create with this token made, if there is such a thing. It may be made for another: a data disk.
    pub(super) async fn find_by_token(
        &self,
        sending: &Sending<'_>,
        open: &Doubt,
    ) -> Result<Option<Observed>, StepError> {
        if matches!(sending.call.yields, Yield::Named(_)) {
            return self.find_named(sending, self.context.cloud).await;
        }
        let makes_it = |one: &&&ResourceType| std::ptr::eq(one.create.action, sending.call.action);
        let made_type = match sending.call.yields {
            Yield::Attribute { .. } => REGISTRY.iter().find(makes_it).copied(),
            _ => None,
        };
        let made_type = made_type.unwrap_or(sending.job.resource_type);
        let stack = self.context.session.with_state(|state| state.lineage.clone());
        let listed = list_by_stack(made_type, self.context.cloud, &stack).await?;
        Ok(listed
            .into_iter()
            .find(|one| one.tags.get(TAG_OPERATION) == open.token.as_ref()))
    }

    /// Whether a payment took effect. It is never repeated on a doubt: inside its window the old request may still
    /// arrive, so it is waited out, and what then exists tells.
    async fn settle_payment(&self, sending: &Sending<'_>, open: Doubt) -> Result<Settled, StepError> {
        let is_done = loop {
            // The time of a look is the time before it.
            let now = self.server_time()?;
            if self.is_done(sending, self.context.cloud).await? {
                break true;
            }
            if now >= open.window.believed() {
                break false;
            }
            self.wait_until(open.window.believed()).await?;
        };
        self.settled_by_looking(sending, &open, is_done).await
    }

    /// Whether an absolute state was set; the look before this one may have come too early, so there is a second one
    /// after the pause, which may fail: a network that breaks in step with look and repetition must not break every
    /// repetition.
    async fn settle_change(&self, sending: &Sending<'_>, open: Doubt) -> Result<Settled, StepError> {
        let once = self.context.cloud.once();
        if let Some(observed) = self.find_named(sending, &once).await.unwrap_or(None) {
            let id = observed.id.clone();
            self.made(sending, &open, &id, Some(&observed)).await?;
            return Ok(Settled::Done { id, as_planned: true });
        }
        let is_done = self.is_done(sending, &once).await.unwrap_or(false);
        self.settled_by_looking(sending, &open, is_done).await
    }

    async fn settled_by_looking(
        &self,
        sending: &Sending<'_>,
        open: &Doubt,
        is_done: bool,
    ) -> Result<Settled, StepError> {
        if is_done {
            self.done(sending, Some(open.seq), Vec::new()).await?;
            let id = self.memory.id_of(sending.job.task).unwrap_or_default();
            return Ok(Settled::Done { id, as_planned: true });
        }
        let session = self.context.session;
        session.failed(open.seq, "SettledByReading", false).await?;
        Ok(Settled::NotDone)
    }
}
