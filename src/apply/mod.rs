//! The executor: does what the plan says, each piece of work as soon as what it waits for is done.
//!
//! Decides nothing. Intent is on disk before a call leaves, its result before the step counts as done. Does not
//! know configuration or the screen.

mod create;
mod outcome;
mod params;
mod stop;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

pub(crate) use self::outcome::{Cause, Failure, Outcome, Unbegun};
pub(crate) use self::params::SecretReader;
pub(crate) use self::stop::Stop;
use crate::address::Address;
use crate::cloud::wait::{Poller, Verdict, WaitError};
use crate::cloud::window::Window;
use crate::cloud::{ApiError, Cloud, ErrorKind, Product, Reply, Request, Slot};
use crate::env::{Clock, Random};
use crate::event::{Event, Listener};
use crate::live::Observed;
use crate::plan::{Operation, Plan, Target, Work};
use crate::resources::{self, REGISTRY, ResourceType};
use crate::schema::Kind;
use crate::state::{Effect, Intent, IntentDraft, Resource, Session, StateError};
use crate::step::{Call, Class, Condition, Step, StepKind, Wait, Yield};
use crate::value::{Attributes, Reference, Value};

/// How long a step goes on trying while the cloud says that something has to pass first.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a throttled step goes on; throttling always passes, so only a broken quota gets there.
const THROTTLE_PATIENCE: Duration = Duration::from_secs(3600);

/// What the executor works with.
pub(crate) struct Context<'a> {
    pub(crate) cloud: &'a Cloud,
    pub(crate) session: &'a Session,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) secrets: SecretReader<'a>,
    pub(crate) listener: &'a dyn Listener,
    pub(crate) stop: &'a Stop,
    /// Operations of an interrupted run that looking could not settle.
    pub(crate) open: &'a [Intent],
}

/// Carries out a plan. Whatever happens is in the outcome; what is known is on disk.
pub(crate) async fn execute(plan: &Plan, context: &Context<'_>) -> Outcome {
    let run = Run::new(context);
    let mut outcome = Outcome::default();
    let mut waits_for: Vec<usize> = plan.work.iter().map(|work| work.after.len()).collect();
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); plan.work.len()];
    for (index, work) in plan.work.iter().enumerate() {
        work.after.iter().for_each(|after| dependents[*after].push(index));
    }
    context.listener.event(&Event::RunStarted {
        changes: plan.changes.len(),
    });
    let mut running = FuturesUnordered::new();
    let start = |index: usize| {
        let run = &run;
        async move { (index, run.work(&plan.work[index]).await) }
    };
    let mut begun = vec![false; plan.work.len()];
    for index in (0..plan.work.len()).filter(|index| waits_for[*index] == 0) {
        begun[index] = true;
        running.push(start(index));
    }
    loop {
        let (index, end) = tokio::select! {
            biased;
            next = running.next() => match next {
                Some(next) => next,
                None => break,
            },
            () = context.stop.at_once(&*context.clock) => {
                outcome.interrupted = true;
                break;
            }
        };
        match end {
            End::Done => {
                outcome.done.push(plan.work[index].address.clone());
                for dependent in &dependents[index] {
                    waits_for[*dependent] -= 1;
                    if waits_for[*dependent] == 0 && !context.stop.is_raised() {
                        begun[*dependent] = true;
                        running.push(start(*dependent));
                    }
                }
            }
            End::Failed(failure) => outcome.failed.push(*failure),
            End::Stopped => outcome.interrupted = true,
        }
    }
    drop(running);
    outcome.interrupted |= context.stop.is_raised() && begun.iter().any(|begun| !begun);
    outcome.half_made = run.half_made();
    outcome.not_begun = unbegun(plan, &begun, &outcome);
    outcome.changed = run.changed();
    outcome
}

fn unbegun(plan: &Plan, begun: &[bool], outcome: &Outcome) -> Vec<Unbegun> {
    let failed = |index: usize| {
        outcome
            .failed
            .iter()
            .find(|failure| failure.address == plan.work[index].address)
    };
    plan.work
        .iter()
        .enumerate()
        .filter(|(index, _)| !begun[*index])
        .map(|(_, work)| {
            let cause = work
                .after
                .iter()
                .find(|after| failed(**after).is_some() || !begun[**after]);
            Unbegun {
                address: work.address.clone(),
                waits_for: cause.map(|after| plan.work[*after].address.clone()),
            }
        })
        .collect()
}

/// How a piece of work ended.
enum End {
    Done,
    Failed(Box<Failure>),
    Stopped,
}

/// One run of the executor.
struct Run<'a> {
    context: &'a Context<'a>,
    pollers: BTreeMap<&'static str, Poller<Observed>>,
    /// What this run has learnt: ids and observed attributes, by address.
    learnt: Mutex<BTreeMap<Address, Attributes>>,
    /// Work that is under way, with the step it is at.
    under_way: Mutex<BTreeMap<Address, (String, Option<String>)>>,
    changed: std::sync::atomic::AtomicBool,
}

/// Why a step did not succeed.
enum StepError {
    Cause(Box<Cause>),
    Stopped,
}

impl From<StateError> for StepError {
    fn from(error: StateError) -> StepError {
        StepError::Cause(Box::new(Cause::State(error)))
    }
}

impl From<ApiError> for StepError {
    fn from(error: ApiError) -> StepError {
        StepError::Cause(Box::new(Cause::Api(error)))
    }
}

/// A piece of work with what its steps need.
struct Job<'a> {
    work: &'a Work,
    resource_type: &'static dyn ResourceType,
    started: Duration,
}

impl<'a> Run<'a> {
    fn new(context: &'a Context<'a>) -> Run<'a> {
        let poller = |resource_type: &'static dyn ResourceType| {
            let cloud = context.cloud.clone();
            let read = move |ids: Vec<String>| -> crate::env::BoxFuture<
                'static,
                Result<BTreeMap<String, Observed>, ApiError>,
            > {
                let cloud = cloud.clone();
                Box::pin(async move {
                    let observed = resources::read_by_id(resource_type, &cloud, &ids).await?;
                    Ok(observed.into_iter().map(|one| (one.id.clone(), one)).collect())
                })
            };
            (
                resource_type.schema().type_name,
                Poller::new(context.clock.clone(), Arc::new(read)),
            )
        };
        Run {
            context,
            pollers: REGISTRY.iter().copied().map(poller).collect(),
            learnt: Mutex::new(BTreeMap::new()),
            under_way: Mutex::new(BTreeMap::new()),
            changed: std::sync::atomic::AtomicBool::new(false),
        }
    }

    fn changed(&self) -> bool {
        self.changed.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn half_made(&self) -> Vec<(Address, String, Option<String>)> {
        let under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way
            .iter()
            .map(|(address, (step, id))| (address.clone(), step.clone(), id.clone()))
            .collect()
    }

    /// All of one piece of work.
    async fn work(&self, work: &Work) -> End {
        let Some(resource_type) = resources::find(work.address.type_name()) else {
            return self.failed(
                work,
                "begin",
                &[],
                Cause::Internal(format!("no type {}", work.address.type_name())),
            );
        };
        let job = Job {
            work,
            resource_type,
            started: self.context.clock.elapsed(),
        };
        let mut done: Vec<String> = Vec::new();
        if let Err(error) = self.prepare(&job).await {
            return self.ended(work, "begin", &done, error);
        }
        for (index, step) in work.steps.iter().enumerate() {
            if self.context.stop.is_raised() {
                return End::Stopped;
            }
            self.at_step(work, &step.name);
            self.context.listener.event(&Event::StepStarted {
                address: work.address.clone(),
                step: step.name.clone(),
                index: index + 1,
                of: work.steps.len(),
            });
            let started = self.context.clock.elapsed();
            match self.step(&job, step).await {
                Ok(request_id) => {
                    done.push(step.name.clone());
                    self.context.listener.event(&Event::StepDone {
                        address: work.address.clone(),
                        step: step.name.clone(),
                        id: self.id_of(work),
                        seconds: self.context.clock.elapsed().saturating_sub(started).as_secs_f64(),
                        request_id,
                    });
                }
                Err(error) => return self.ended(work, &step.name, &done, error),
            }
        }
        if let Err(error) = self.finish(&job).await {
            return self.ended(work, "save the result", &done, error);
        }
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&work.address);
        self.context.listener.event(&Event::ResourceDone {
            address: work.address.clone(),
            id: self.id_of(work),
            seconds: self
                .context
                .clock
                .elapsed()
                .saturating_sub(job.started)
                .as_secs_f64(),
        });
        End::Done
    }

    fn at_step(&self, work: &Work, step: &str) {
        let id = self.id_of(work);
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(work.address.clone(), (step.to_owned(), id));
    }

    fn ended(&self, work: &Work, step: &str, done: &[String], error: StepError) -> End {
        match error {
            StepError::Stopped => End::Stopped,
            StepError::Cause(cause) => self.failed(work, step, done, *cause),
        }
    }

    fn failed(&self, work: &Work, step: &str, done: &[String], cause: Cause) -> End {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&work.address);
        self.context.listener.event(&Event::StepFailed {
            address: work.address.clone(),
            step: step.to_owned(),
            code: cause.code().to_owned(),
            message: cause.to_string(),
        });
        End::Failed(Box::new(Failure {
            address: work.address.clone(),
            location: work.location.clone(),
            step: step.to_owned(),
            steps_done: done.to_vec(),
            id: self.id_of(work),
            cause,
        }))
    }

    /// What the state says before the first step.
    async fn prepare(&self, job: &Job<'_>) -> Result<(), StepError> {
        let address = job.work.address.clone();
        match &job.work.operation {
            Operation::Create { depose: true, .. } => self.note(vec![Effect::Depose { address }]).await,
            Operation::Update {
                id,
                target,
                adopt: true,
            } => {
                let mut resource = self.entry(job, target);
                resource.id = id.clone();
                let mut effects = self.forget_gone(&address, Some(id));
                effects.push(Effect::Put {
                    address,
                    resource: Box::new(resource),
                });
                self.note(effects).await
            }
            Operation::Forget => self.note(vec![Effect::Remove { address }]).await,
            Operation::Create { depose: false, .. } => match self.forget_gone(&address, None) {
                effects if effects.is_empty() => Ok(()),
                effects => self.note(effects).await,
            },
            Operation::Update { adopt: false, .. } | Operation::Delete { .. } => Ok(()),
        }
    }

    /// An id that the state still has although the plan found it gone, because somebody deleted it or because a
    /// delete of ours was interrupted before its result was written.
    fn forget_gone(&self, address: &Address, new: Option<&String>) -> Vec<Effect> {
        let is_known = self.context.session.with_state(|state| {
            let known = state.resources.get(address);
            known.is_some_and(|known| !known.id.is_empty() && Some(&known.id) != new)
        });
        let forget = is_known.then(|| Effect::Remove {
            address: address.clone(),
        });
        forget.into_iter().collect()
    }

    async fn note(&self, effects: Vec<Effect>) -> Result<(), StepError> {
        self.context.session.note(effects).await?;
        self.has_changed();
        Ok(())
    }

    fn has_changed(&self) {
        self.changed.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    async fn step(&self, job: &Job<'_>, step: &Step) -> Result<Option<String>, StepError> {
        match &step.kind {
            StepKind::Wait(wait) => self.wait(job, wait).await.map(|()| None),
            StepKind::Call(call) if call.class == Class::T => self.create(job, step, call).await,
            StepKind::Call(call) => self.change(job, step, call).await,
        }
    }

    /// A changing call that may be repeated after a look: sends it until it is done, refused, or out of time.
    async fn change(&self, job: &Job<'_>, step: &Step, call: &Call) -> Result<Option<String>, StepError> {
        let begun = self.context.clock.elapsed();
        let mut attempt = 0;
        if call.class == Class::M && self.settle_payment(job, call).await? {
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
            let removing = matches!(job.work.operation, Operation::Delete { .. });
            let codes = job.resource_type.codes();
            let unclear = matches!(
                error.kind,
                ErrorKind::Ambiguous
                    | ErrorKind::TokenMismatch
                    | ErrorKind::TokenProcessing
                    | ErrorKind::Malformed
            );
            if !unclear {
                self.context.session.failed(seq, &error.code, true).await?;
            }
            if error.kind == ErrorKind::Throttled {
                if elapsed < THROTTLE_PATIENCE {
                    continue;
                }
                return Err(error.into());
            }
            // Perhaps it is already as it should be: then nothing is left to do.
            let absent = removing && (error.kind == ErrorKind::NotFound || codes.is_absent(&error.code));
            let passes = unclear
                || matches!(
                    error.kind,
                    ErrorKind::WrongState | ErrorKind::Unreachable | ErrorKind::WindowClosed
                )
                || codes.passes(&error.code)
                || (removing && codes.is_in_use(&error.code));
            let cloud = self.context.cloud;
            if (absent || passes) && self.is_done_already(job, call, cloud).await? {
                if unclear {
                    self.done_without_answer(job, call, seq).await?;
                } else {
                    self.note(self.effects_without_answer(job, call)).await?;
                }
                return Ok(None);
            }
            // A payment is never sent twice on a doubt: its intent stays open, and the next run settles it.
            if unclear && call.class == Class::M {
                return Err(error.into());
            }
            if unclear {
                self.context.session.failed(seq, &error.code, false).await?;
            }
            if !passes || elapsed > PATIENCE {
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

    /// One call: a place under the limiter, the intent on disk, then the request.
    async fn send(
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
        let flat = self.flatten(job, call, token.as_deref()).await?;
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

    async fn transmit(&self, slot: &Slot, request: &Request, window: Window) -> Result<Reply, ApiError> {
        // Even a refusal may have been heard by the cloud: from here on the run has changed something, or may have.
        self.has_changed();
        self.context.cloud.change(slot, request, window).await
    }

    fn needs_token(&self, call: &Call) -> bool {
        call.params.get("ClientToken") == Some(&Value::Token)
    }

    fn server_time(&self) -> Result<jiff::Timestamp, StepError> {
        let unknown = || internal("the server's time is not known, although something was read before");
        self.context.cloud.server_time().ok_or_else(unknown)
    }

    /// `infra-` and 20 random bytes in base 32: within the 64 characters that a ClientToken may have.
    fn new_token(&self) -> String {
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

    fn draft(
        &self,
        job: &Job<'_>,
        step: &Step,
        call: &Call,
        token: Option<String>,
        window: Window,
        sealed_params: BTreeMap<String, String>,
    ) -> IntentDraft {
        let operation = match job.work.operation {
            Operation::Create { .. } => crate::state::Operation::Create,
            Operation::Update { .. } => crate::state::Operation::Update,
            Operation::Delete { .. } | Operation::Forget => crate::state::Operation::Delete,
        };
        let resource = match (&job.work.operation, &call.yields) {
            (Operation::Create { target, .. }, Yield::Id { .. }) => {
                let mut resource = self.entry(job, target);
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

    /// The state's entry for a target, without an id.
    fn entry(&self, job: &Job<'_>, target: &Target) -> Resource {
        Resource {
            type_name: job.resource_type.schema().type_name.to_owned(),
            id: String::new(),
            attributes: self.sealed(job, &target.attributes),
            dependencies: target.dependencies.clone(),
            token: None,
            deposed: Vec::new(),
            prevent_destroy: target.prevent_destroy,
            ..Resource::default()
        }
    }

    /// Attributes as the state may keep them: filled in, secrets and long text as fingerprints, what is not known
    /// left out.
    fn sealed(&self, job: &Job<'_>, attributes: &Attributes) -> Attributes {
        let mut sealed = Attributes::new();
        for (name, value) in attributes {
            let value = value.resolve(&|reference| self.look_up(reference));
            let kind = job
                .resource_type
                .schema()
                .attribute(name)
                .map(|attribute| &attribute.kind);
            let value = match (kind, &value) {
                (Some(Kind::Text), _) => {
                    crate::plan::bytes_of(&value).map(|bytes| Value::from(self.fingerprint(bytes)))
                }
                (_, Value::Secret(source)) => (self.context.secrets)(source)
                    .ok()
                    .map(|text| Value::from(self.fingerprint(text.as_bytes()))),
                _ => value.is_known().then_some(value),
            };
            if let Some(value) = value {
                sealed.insert(name.clone(), value);
            }
        }
        sealed
    }

    fn fingerprint(&self, bytes: &[u8]) -> String {
        self.context
            .session
            .with_state(|state| state.hash_key.fingerprint(bytes))
    }

    async fn flatten(
        &self,
        job: &Job<'_>,
        call: &Call,
        token: Option<&str>,
    ) -> Result<params::Flat, StepError> {
        let resolved: Attributes = call
            .params
            .iter()
            .map(|(name, value)| (name.clone(), value.resolve(&|reference| self.look_up(reference))))
            .collect();
        params::flatten(&resolved, token, self.context.secrets, &|bytes| {
            self.fingerprint(bytes)
        })
        .map_err(|missing| internal(format!("{} of {}: {missing}", call.action, job.work.address)))
    }

    /// What a reference has become: learnt in this run, or in the state.
    fn look_up(&self, reference: &Reference) -> Option<Value> {
        let (name, rest) = reference
            .attribute
            .split_once('.')
            .map_or((reference.attribute.as_str(), None), |(name, rest)| {
                (name, Some(rest))
            });
        let pick = |attributes: &Attributes| {
            let value = attributes.get(name)?;
            rest.map_or(Some(value), |rest| value.at(rest)).cloned()
        };
        let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = learnt.get(&reference.address).and_then(pick) {
            return Some(value);
        }
        drop(learnt);
        self.context.session.with_state(|state| {
            let resource = state.resources.get(&reference.address)?;
            if name == "id" {
                Some(Value::from(resource.id.as_str()))
            } else {
                pick(&resource.attributes)
            }
        })
    }

    fn learn(&self, address: &Address, attributes: Attributes) {
        self.learnt
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(address.clone())
            .or_default()
            .extend(attributes);
    }

    fn learn_observed(&self, address: &Address, observed: &Observed) {
        let mut attributes = observed.attributes.clone();
        attributes.insert("id".to_owned(), Value::from(observed.id.as_str()));
        self.learn(address, attributes);
    }

    fn id_of(&self, work: &Work) -> Option<String> {
        match &work.operation {
            Operation::Update { id, .. } | Operation::Delete { id, .. } => Some(id.clone()),
            Operation::Create { .. } => {
                let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
                learnt.get(&work.address)?.get("id")?.as_str().map(str::to_owned)
            }
            Operation::Forget => None,
        }
    }

    /// Records what a successful answer means.
    async fn done(&self, job: &Job<'_>, call: &Call, seq: u64, reply: &Reply) -> Result<(), StepError> {
        let effects = match &call.yields {
            Yield::Attribute { field, attribute } => match reply.body[*field].as_str() {
                Some(text) => {
                    let attributes = Attributes::from([((*attribute).to_owned(), Value::from(text))]);
                    self.learn(&job.work.address, attributes.clone());
                    vec![Effect::Merge {
                        address: job.work.address.clone(),
                        attributes,
                    }]
                }
                None => Vec::new(),
            },
            Yield::Nothing | Yield::Id { .. } | Yield::Removed => self.effects_without_answer(job, call),
        };
        self.context.session.done(seq, effects).await?;
        Ok(())
    }

    async fn done_without_answer(&self, job: &Job<'_>, call: &Call, seq: u64) -> Result<(), StepError> {
        self.context
            .session
            .done(seq, self.effects_without_answer(job, call))
            .await?;
        Ok(())
    }

    fn effects_without_answer(&self, job: &Job<'_>, call: &Call) -> Vec<Effect> {
        match call.yields {
            Yield::Removed => self.removal(job).into_iter().collect(),
            Yield::Nothing | Yield::Id { .. } | Yield::Attribute { .. } => Vec::new(),
        }
    }

    fn removal(&self, job: &Job<'_>) -> Option<Effect> {
        let address = job.work.address.clone();
        match &job.work.operation {
            Operation::Delete { id, deposed: true } => Some(Effect::RemoveDeposed {
                address,
                id: id.clone(),
            }),
            Operation::Delete { id, deposed: false } => {
                // A create-first replacement has moved it aside in the meantime.
                let aside = self.context.session.with_state(|state| {
                    state
                        .resources
                        .get(&address)
                        .is_some_and(|resource| resource.deposed.contains(id))
                });
                Some(if aside {
                    Effect::RemoveDeposed {
                        address,
                        id: id.clone(),
                    }
                } else {
                    Effect::Remove { address }
                })
            }
            Operation::Create { .. } | Operation::Update { .. } | Operation::Forget => None,
        }
    }

    /// Whether the cloud already shows what a call asks for.
    async fn is_done_already(&self, job: &Job<'_>, call: &Call, cloud: &Cloud) -> Result<bool, StepError> {
        let Some(id) = self.id_of(job.work) else {
            return Ok(false);
        };
        let observed = read_one(job, cloud, &id).await?;
        let Some(observed) = observed else {
            // Gone counts when it is asked for by id, twice.
            return Ok(call.action == job.resource_type.schema().delete.action
                && read_one(job, cloud, &id).await?.is_none());
        };
        Ok(job.resource_type.is_done(call, &observed))
    }

    /// A pause that grows, with chance in it, between two tries.
    async fn pause(&self, attempt: &mut u32) -> Result<(), StepError> {
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

    /// Waits for a state of the resource.
    async fn wait(&self, job: &Job<'_>, wait: &Wait) -> Result<(), StepError> {
        let address = &job.work.address;
        let id = self
            .id_of(job.work)
            .ok_or_else(|| internal(format!("{address} has no id to wait for")))?;
        let poller = self
            .pollers
            .get(job.resource_type.schema().type_name)
            .ok_or_else(|| internal(format!("nothing polls {address}")))?;
        let is_met = |observed: Option<&Observed>| verdict(&wait.until, observed);
        let on_status = |status: &str| {
            self.context.listener.event(&Event::StepStatus {
                address: address.clone(),
                status: status.to_owned(),
            });
        };
        let timeout = Duration::from_secs(wait.timeout_s);
        let waited = tokio::select! {
            waited = poller.wait(&id, is_met, timeout, on_status) => waited,
            () = self.context.stop.raised() => return Err(StepError::Stopped),
        };
        match waited {
            Ok(Some(observed)) => {
                self.learn_observed(address, &observed);
                Ok(())
            }
            Ok(None) => self.seen_gone(job, &id).await,
            Err(WaitError::Api(error)) => Err(error.into()),
            Err(error) => {
                let wanted = wanted(&wait.until);
                Err(StepError::Cause(Box::new(Cause::Wait { wanted, error })))
            }
        }
    }

    /// Not seen once by id; a second look makes it certain.
    async fn seen_gone(&self, job: &Job<'_>, id: &str) -> Result<(), StepError> {
        if read_one(job, self.context.cloud, id).await?.is_some() {
            return Err(internal(format!("{id} was gone and is there again")));
        }
        let effects = self.removal(job).into_iter().collect();
        self.note(effects).await
    }

    /// The state's last word on a finished change.
    async fn finish(&self, job: &Job<'_>) -> Result<(), StepError> {
        let (Operation::Create { target, .. } | Operation::Update { target, .. }) = &job.work.operation
        else {
            return Ok(());
        };
        let address = job.work.address.clone();
        let mut attributes = self.sealed(job, &target.attributes);
        let learnt = self
            .learnt
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&address)
            .cloned();
        let known = self.context.session.with_state(|state| {
            state
                .resources
                .get(&address)
                .map(|resource| resource.attributes.clone())
                .unwrap_or_default()
        });
        for attribute in job
            .resource_type
            .schema()
            .attributes
            .iter()
            .filter(|attribute| attribute.computed)
        {
            let value = learnt
                .as_ref()
                .and_then(|learnt| learnt.get(attribute.name))
                .or_else(|| known.get(attribute.name));
            if let Some(value) = value.filter(|_| attribute.name != "id") {
                attributes.insert(attribute.name.to_owned(), value.clone());
            }
        }
        let effect = Effect::Settle {
            address,
            attributes,
            dependencies: target.dependencies.clone(),
            prevent_destroy: target.prevent_destroy,
        };
        self.note(vec![effect]).await
    }
}

/// What a look means to a wait.
fn verdict(until: &Condition, observed: Option<&Observed>) -> Verdict {
    match (until, observed) {
        (Condition::Gone, None) => Verdict::Done,
        (Condition::Is { .. }, None) => Verdict::Missing,
        (Condition::Is { attribute, value }, Some(observed))
            if observed.attributes.get(*attribute).and_then(Value::as_str) == Some(value) =>
        {
            Verdict::Done
        }
        (_, Some(observed)) => {
            let status = observed
                .attributes
                .get("status")
                .and_then(Value::as_str)
                .unwrap_or("there");
            Verdict::NotYet {
                status: status.to_owned(),
            }
        }
    }
}

fn wanted(until: &Condition) -> String {
    match until {
        Condition::Is { value, .. } => (*value).to_owned(),
        Condition::Gone => "gone".to_owned(),
    }
}

async fn read_one(job: &Job<'_>, cloud: &Cloud, id: &str) -> Result<Option<Observed>, StepError> {
    let ids = [id.to_owned()];
    Ok(resources::read_by_id(job.resource_type, cloud, &ids).await?.pop())
}

fn internal(message: impl Into<String>) -> StepError {
    StepError::Cause(Box::new(Cause::Internal(message.into())))
}
