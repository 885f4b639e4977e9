//! One run of the executor: what all its pieces of work share.
//!
//! Does not know what any of them does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Context;
use super::memory::Memory;
use super::outcome::{StepError, internal};
use crate::address::Address;
use crate::cloud::wait::{Poller, Read};
use crate::env::BoxFuture;
use crate::live::Observed;
use crate::observe::read::read_by_id;
use crate::plan::Work;
use crate::resources::{REGISTRY, ResourceType};
use crate::state::Effect;

/// One run of the executor.
pub(super) struct Run<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) memory: Memory<'a>,
    /// Who waits for resources, by type.
    pub(super) pollers: BTreeMap<&'static str, Poller<Observed>>,
    /// Work that is under way, with the step it is at.
    under_way: Mutex<BTreeMap<Address, (String, Option<String>)>>,
    changed: AtomicBool,
}

impl<'a> Run<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Run<'a> {
        let poller = |resource_type: &'static dyn ResourceType| {
            let poller = Poller::new(context.clock.clone(), read(context, resource_type));
            (resource_type.schema().type_name, poller)
        };
        Run {
            context,
            memory: Memory::new(context.session, context.secrets),
            pollers: REGISTRY.iter().copied().map(poller).collect(),
            under_way: Mutex::new(BTreeMap::new()),
            changed: AtomicBool::new(false),
        }
    }

    /// Whether anything in the cloud or the state was changed, or may have been.
    pub(super) fn changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed)
    }

    pub(super) fn has_changed(&self) {
        self.changed.store(true, Ordering::Relaxed);
    }

    /// Work that was left in the middle: address, step, id.
    pub(super) fn half_made(&self) -> Vec<(Address, String, Option<String>)> {
        let under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way
            .iter()
            .map(|(address, (step, id))| (address.clone(), step.clone(), id.clone()))
            .collect()
    }

    pub(super) fn at_step(&self, work: &Work, step: &str) {
        let id = self.memory.id_of(work);
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(work.address.clone(), (step.to_owned(), id));
    }

    /// The work is done or has failed, so it is not in the middle of anything.
    pub(super) fn not_under_way(&self, work: &Work) {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&work.address);
    }

    /// Writes down what became known without a call.
    pub(super) async fn note(&self, effects: Vec<Effect>) -> Result<(), StepError> {
        self.context.session.note(effects).await?;
        self.has_changed();
        Ok(())
    }

    pub(super) fn server_time(&self) -> Result<jiff::Timestamp, StepError> {
        let unknown = || internal("the server's time is not known, although something was read before");
        self.context.cloud.server_time().ok_or_else(unknown)
    }

    /// A pause that grows, with chance in it, between two tries.
    pub(super) async fn pause(&self, attempt: &mut u32) -> Result<(), StepError> {
        *attempt += 1;
        let ceiling = (500_u64 << (*attempt).min(4)).min(5000);
        let mut bytes = [0_u8; 8];
        self.context.random.fill(&mut bytes);
        let milliseconds = ceiling / 2 + u64::from_le_bytes(bytes) % (ceiling / 2);
        tokio::select! {
            () = self.context.clock.sleep(Duration::from_millis(milliseconds)) => Ok(()),
            () = self.context.stop.raised() => Err(StepError::Stopped),
        }
    }

    /// Waits until the server's clock shows a time.
    pub(super) async fn wait_until(&self, time: jiff::Timestamp) -> Result<(), StepError> {
        let now = self.server_time()?;
        let pause = Duration::try_from(time.duration_since(now)).unwrap_or_default();
        tokio::select! {
            () = self.context.clock.sleep(pause + Duration::from_millis(100)) => Ok(()),
            () = self.context.stop.raised() => Err(StepError::Stopped),
        }
    }
}

/// How a poller looks at resources of a type.
fn read(context: &Context<'_>, resource_type: &'static dyn ResourceType) -> Read<Observed> {
    let cloud = context.cloud.clone();
    Arc::new(move |ids: Vec<String>| -> BoxFuture<'static, _> {
        let cloud = cloud.clone();
        Box::pin(async move {
            let observed = read_by_id(resource_type, &cloud, &ids).await?;
            Ok(observed.into_iter().map(|one| (one.id.clone(), one)).collect())
        })
    })
}
