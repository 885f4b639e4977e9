//! One call: a place under the limiter, the intent on disk, then the request; and the look that tells whether it is
//! still needed.
//!
//! Does not know what is done about an answer.

use std::collections::BTreeMap;

use super::outcome::{StepError, internal};
use super::run::Run;
use super::work::Job;
use crate::cloud::window::Window;
use crate::cloud::{ApiError, Cloud, Product, Reply, Request, Slot};
use crate::live::Observed;
use crate::observe::read::read_by_id;
use crate::plan::Operation;
use crate::state::{self, IntentDraft};
use crate::step::{Call, Step, Yield};
use crate::value::Value;

impl Run<'_> {
    /// One call: a place under the limiter, the intent on disk, then the request.
    pub(super) async fn send(
        &self,
        job: &Job<'_>,
        step: &Step,
        call: &Call,
    ) -> Result<(u64, Result<Reply, ApiError>), StepError> {
        let product = Product::from_name(call.product)
            .ok_or_else(|| internal(format!("no product {}", call.product)))?;
        let slot = self.context.cloud.slot(product, call.action).await;
        if self.context.stop.is_raised() {
            return Err(StepError::Stopped);
        }
        let token = self.needs_token(call).then(|| self.new_token());
        let flat = self.memory.flatten(job.work, call, token.as_deref())?;
        let window = self.context.cloud.window(self.server_time()?);
        let seq = self
            .context
            .session
            .intent(self.draft(job, step, call, token, window, flat.sealed))
            .await?;
        let request = Request {
            product,
            action: call.action,
            params: flat.sent,
        };
        let sent = self.transmit(&slot, &request, window).await;
        Ok((seq, sent))
    }

    pub(super) async fn transmit(
        &self,
        slot: &Slot,
        request: &Request,
        window: Window,
    ) -> Result<Reply, ApiError> {
        // Even a refusal may have been heard by the cloud: from here on the run has changed something, or may have.
        self.has_changed();
        self.context.cloud.change(slot, request, window).await
    }

    fn needs_token(&self, call: &Call) -> bool {
        call.params.get("ClientToken") == Some(&Value::Token)
    }

    /// `infra-` and 20 random bytes in base 32: within the 64 characters that a ClientToken may have.
    pub(super) fn new_token(&self) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut bytes = [0_u8; 20];
        self.context.random.fill(&mut bytes);
        let mut token = String::from("infra-");
        for chunk in bytes.chunks(5) {
            let bits = chunk
                .iter()
                .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            token.extend(
                (0..8)
                    .rev()
                    .map(|place| ALPHABET[(bits >> (place * 5) & 31) as usize] as char),
            );
        }
        token
    }

    /// The intent of a call, as it goes to disk before the call leaves.
    pub(super) fn draft(
        &self,
        job: &Job<'_>,
        step: &Step,
        call: &Call,
        token: Option<String>,
        window: Window,
        sealed_params: BTreeMap<String, String>,
    ) -> IntentDraft {
        let operation = match job.work.operation {
            Operation::Create { .. } => state::Operation::Create,
            Operation::Update { .. } => state::Operation::Update,
            Operation::Delete { .. } | Operation::Forget => state::Operation::Delete,
        };
        let resource = match (&job.work.operation, &call.yields) {
            (Operation::Create { target, .. }, Yield::Id { .. }) => {
                let mut resource = self.memory.entry(job.schema(), target);
                resource.token = token.clone();
                resource.created_at = Some(window.opened);
                Some(Box::new(resource))
            }
            _ => None,
        };
        IntentDraft {
            address: job.work.address.clone(),
            operation,
            step: step.name.clone(),
            product: call.product.to_owned(),
            action: call.action.to_owned(),
            class: call.class,
            token,
            created_at: window.opened,
            plain: window.is_plain(),
            sealed_params,
            resource,
            members: Vec::new(),
        }
    }

    /// Whether the cloud already shows what a call asks for.
    pub(super) async fn is_done_already(
        &self,
        job: &Job<'_>,
        call: &Call,
        cloud: &Cloud,
    ) -> Result<bool, StepError> {
        let Some(id) = self.memory.id_of(job.work) else {
            return Ok(false);
        };
        let observed = read_one(job, cloud, &id).await?;
        let Some(observed) = observed else {
            // Gone counts when it is asked for by id, twice.
            return Ok(
                call.action == job.schema().delete.action && read_one(job, cloud, &id).await?.is_none()
            );
        };
        Ok(job.resource_type.is_done(call, &observed))
    }
}

/// What the cloud shows of the resource with this id.
pub(super) async fn read_one(job: &Job<'_>, cloud: &Cloud, id: &str) -> Result<Option<Observed>, StepError> {
    let ids = [id.to_owned()];
    Ok(read_by_id(job.resource_type, cloud, &ids).await?.pop())
}
