//! One run of the executor: what all its tasks share.
//!
//! Does not know what any of them does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Context;
use super::memory::Memory;
use super::outcome::{StepError, internal};
use crate::address::{Address, Object};
use crate::cloud::wait::Poller;
use crate::live::Observed;
use crate::observe::poll::poller;
use crate::observe::preflight::dependents::moving;
use crate::plan::Plan;
use crate::state::Effect;
use crate::task::Task;
use crate::types::{REGISTRY, ResourceType};

/// One run of the executor.
pub(super) struct Run<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) memory: Memory<'a>,
    /// Who waits for resources, by type.
    pub(super) pollers: BTreeMap<&'static str, Poller<Observed>>,
    /// All tasks of the plan.
    pub(super) tasks: &'a [Task],
    /// The ids that the plan removes or takes out of where they stand.
    pub(super) moving: BTreeSet<&'a str>,
    /// Tasks that are under way, with the step they are at.
    under_way: Mutex<BTreeMap<Object, (String, Option<String>)>>,
    changed: AtomicBool,
}

impl<'a> Run<'a> {
    pub(super) fn new(plan: &'a Plan, context: &'a Context<'a>) -> Run<'a> {
        let named = |resource_type: &'static ResourceType| {
            let poller = poller(resource_type, context.cloud, context.clock.clone());
            (resource_type.name, poller)
        };
        Run {
            context,
            memory: Memory::new(plan, context.session, context.secrets),
            tasks: &plan.tasks,
            moving: moving(&plan.tasks),
            pollers: REGISTRY.iter().copied().map(named).collect(),
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

    /// Tasks that were left in the middle: address, step, id.
    pub(super) fn half_made(&self) -> Vec<(Address, String, Option<String>)> {
        let under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way
            .iter()
            .map(|(object, (step, id))| (object.address.clone(), step.clone(), id.clone()))
            .collect()
    }

    pub(super) fn at_step(&self, task: &Task, step: &str) {
        let id = self.memory.id_of(task);
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(task.object.clone(), (step.to_owned(), id));
    }

    /// The task is done or has failed, so it is not in the middle of anything.
    pub(super) fn not_under_way(&self, task: &Task) {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&task.object);
    }

    /// Writes down what became known without a call.
    pub(super) async fn note(&self, effects: Vec<Effect>) -> Result<(), StepError> {
        if effects.is_empty() {
            return Ok(());
        }
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
