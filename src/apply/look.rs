//! Looks at single objects while a task runs.
//!
//! Does not know what is done about what is seen.

use super::outcome::{Cause, StepError};
use super::run::Run;
use super::sending::Sending;
use super::task::Job;
use crate::address::Address;
use crate::cloud::Cloud;
use crate::live::Observed;
use crate::observe::preflight::Dependent;
use crate::observe::preflight::dependents::standing_in;
use crate::observe::read::{read_by_id, read_known};
use crate::observe::{Wanted, details};
use crate::types;

impl Run<'_> {
    /// What the cloud shows of the object with this id.
    pub(super) async fn read_with(
        &self,
        job: &Job<'_>,
        cloud: &Cloud,
        id: &str,
    ) -> Result<Option<Observed>, StepError> {
        let lasting = self.context.session.with_state(|state| {
            let known = state.resources.get(&job.task.object.address)?;
            let old = known.deposed.iter().find(|old| old.id == id);
            let attributes = match old {
                Some(old) => &old.attributes,
                None if known.id == id => &known.attributes,
                None => return None,
            };
            job.resource_type.lasting_id(attributes).map(str::to_owned)
        });
        let known = [(id, lasting.as_deref())].into();
        Ok(read_known(job.resource_type, cloud, &known).await?.pop())
    }

    /// Whether it is not there: asked for by id, twice.
    pub(super) async fn is_gone(&self, job: &Job<'_>, id: &str) -> Result<bool, StepError> {
        let cloud = self.context.cloud;
        Ok(
            self.read_with(job, cloud, id).await?.is_none()
                && self.read_with(job, cloud, id).await?.is_none(),
        )
    }

    /// What stands in the object and is not on its way out in this run, as far as it can be listed.
    pub(super) async fn others_in(&self, job: &Job<'_>) -> Vec<Dependent> {
        let Some(id) = self.memory.id_of(job.task) else {
            return Vec::new();
        };
        let standing = standing_in(job.resource_type.name, &id, self.context.cloud).await;
        standing
            .into_iter()
            .filter(|one| !one.is_among(&self.moving))
            .map(|one| one.dependent)
            .collect()
    }

    /// Reads what a call names and nobody has learnt on the way: the zone that the cloud has chosen, say.
    pub(super) async fn complete(&self, sending: &Sending<'_>) -> Result<(), StepError> {
        for reference in self.memory.missing(sending.call) {
            let address = &reference.address;
            let object = self.memory.meant(address);
            let id = self.memory.id(&object).or_else(|| self.remembered_id(address));
            if let (Some(id), Some(resource_type)) = (id, types::find(address.type_name())) {
                let ids = [id];
                if let Some(mut observed) = read_by_id(resource_type, self.context.cloud, &ids).await?.pop() {
                    if reference.attribute.contains('.') {
                        let wanted = Wanted::of([reference.attribute_name().to_owned()]);
                        let one = std::slice::from_mut(&mut observed);
                        details::complete(resource_type, self.context.cloud, one, &wanted).await?;
                    }
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
