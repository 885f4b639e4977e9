//! Looks at single objects while a task runs.
//!
//! Does not know what is done about what is seen.

use super::outcome::{Cause, StepError};
use super::run::Run;
use super::send::Sending;
use super::task::Job;
use crate::address::Address;
use crate::cloud::Cloud;
use crate::live::Observed;
use crate::observe::read::read_by_id;
use crate::types;

impl Run<'_> {
    /// What the cloud shows of the object with this id.
    pub(super) async fn read_with(
        &self,
        job: &Job<'_>,
        cloud: &Cloud,
        id: &str,
    ) -> Result<Option<Observed>, StepError> {
        let ids = [id.to_owned()];
        Ok(read_by_id(job.resource_type, cloud, &ids).await?.pop())
    }

    /// Whether it is not there: asked for by id, twice.
    pub(super) async fn is_gone(&self, job: &Job<'_>, id: &str) -> Result<bool, StepError> {
        let cloud = self.context.cloud;
        Ok(
            self.read_with(job, cloud, id).await?.is_none()
                && self.read_with(job, cloud, id).await?.is_none(),
        )
    }

    /// Reads what a call names and nobody has learnt on the way: the zone that the cloud has chosen, say.
    pub(super) async fn complete(&self, sending: &Sending<'_>) -> Result<(), StepError> {
        for reference in self.memory.missing(sending.call) {
            let address = &reference.address;
            let object = self.memory.meant(address);
            let id = self.memory.id(&object).or_else(|| self.remembered_id(address));
            if let (Some(id), Some(resource_type)) = (id, types::find(address.type_name())) {
                let ids = [id];
                if let Some(observed) = read_by_id(resource_type, self.context.cloud, &ids).await?.pop() {
                    self.memory.learn_observed(&object, &observed);
                }
            }
            if self.memory.missing(sending.call).contains(&reference) {
                let action = sending.call.action.name;
                let what = format!("{action} needs {reference}, and {address} has none");
                return Err(Cause::Missing { what }.into());
            }
        }
        Ok(())
    }

    fn remembered_id(&self, address: &Address) -> Option<String> {
        self.context.session.with_state(|state| {
            let known = state.resources.get(address)?;
            (!known.id.is_empty()).then(|| known.id.clone())
        })
    }
}
