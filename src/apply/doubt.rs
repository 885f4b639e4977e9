//! Calls whose effect is not known: how it is found out.
//!
//! The send-window rule: the same token inside the window, looking by the token's tag behind it, and a new token only
//! when looking has proved that nothing was made. Does not know what is done with what is found out.

use std::collections::BTreeMap;

use super::outcome::StepError;
use super::run::Run;
use super::work::Job;
use crate::cloud::window::{Decision, LookUp, Window, decide};
use crate::live::{Observed, TAG_OPERATION};
use crate::observe::read::list_by_stack;
use crate::plan::Operation;
use crate::state::Intent;
use crate::step::{Call, Class};

/// A create whose effect is not known.
pub(super) struct Doubt {
    pub(super) seq: u64,
    pub(super) token: String,
    pub(super) window: Window,
    /// The parameters as the journal keeps them.
    pub(super) sealed: BTreeMap<String, String>,
}

/// What became of an open create.
pub(super) enum Settled {
    Made { id: String, as_planned: bool },
    Resend(Doubt),
    NotMade,
}

impl Run<'_> {
    /// The open intent that an interrupted run left for this create.
    pub(super) fn inherited(&self, job: &Job<'_>, call: &Call) -> Option<Doubt> {
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

    /// Finds out what an open create did.
    pub(super) async fn settle(&self, job: &Job<'_>, call: &Call, open: Doubt) -> Result<Settled, StepError> {
        let flat = self.memory.flatten(job.work, call, Some(&open.token))?;
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
                Decision::Resend | Decision::LookUp => {}
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

    /// The resource that a create with this token made, if there is one.
    pub(super) async fn find_by_token(
        &self,
        job: &Job<'_>,
        token: &str,
    ) -> Result<Option<Observed>, StepError> {
        let stack = self.context.session.with_state(|state| state.lineage.clone());
        let listed = list_by_stack(job.resource_type, self.context.cloud, &stack).await?;
        Ok(listed
            .into_iter()
            .find(|one| one.tags.get(TAG_OPERATION).is_some_and(|tag| tag == token)))
    }

    /// Whether an interrupted payment took effect. It is never repeated on a doubt: inside its window the old request
    /// may still arrive, so it is waited out, and what then exists tells.
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
