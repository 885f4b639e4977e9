//! The way of a call: a place under the limiter, the intent on disk, the request, and what an answer, an error or no
//! answer means for going on. One loop for all; what may be repeated says [`Repeat`].
//!
//! Does not know how a doubt is settled.

use std::collections::BTreeMap;
use std::time::Duration;

use data_encoding::BASE32_NOPAD;

use super::doubt::{Doubt, Settled};
use super::meaning::{IN_USE_PATIENCE, Meaning, PATIENCE, THROTTLE_PATIENCE};
use super::outcome::{Cause, StepError, internal};
use super::run::Run;
use super::sending::Sending;
use super::task::Job;
use crate::address::Object;
use crate::api::Repeat;
use crate::cloud::window::Window;
use crate::cloud::{ApiError, ErrorKind, Reply, Request};
use crate::live::Observed;
use crate::state::{Effect, IntentDraft};
use crate::step::{Call, Shows, Step, Yield};
use crate::task::{Phase, Task};
use crate::value::{Attributes, Value};

/// Whether calls of this kind make something that is found by the token in its tags.
fn is_create(repeat: Repeat) -> bool {
    matches!(repeat, Repeat::Token | Repeat::Key | Repeat::Look)
}

/// What comes after a try.
enum Next {
    /// It is done; the request's id, if its own answer says so.
    Done(Option<String>),
    /// What it did is settled after a pause.
    Settle(Doubt),
    /// It did nothing, and there is another after a pause.
    Afresh,
    /// It did nothing; the same is sent again as soon as the limiter lets it go.
    Again(Doubt),
    /// It did nothing, and there is another as soon as the limiter lets it go.
    AtOnce,
    /// It was refused, or not answered.
    Refused(Doubt, ApiError),
}

/// The code and the message of the first resource in the list to which nothing was done.
fn refused_one(reply: &Reply, list: &str) -> Option<(String, String)> {
    let items = list.split('.').fold(&reply.body, |value, name| &value[name]);
    let refused = items.as_array()?.iter().find(|item| {
        // One action writes a truth, another a word.
        item["Success"] == false || item["Success"] == "false"
    })?;
    let text = |field: &str| refused[field].as_str().unwrap_or_default().to_owned();
    Some((text("Code"), text("Message")))
}

impl Run<'_> {
    /// Sends a call until what it asks for is so; without a parameter that is refused as things are now.
    pub(super) async fn send(
        &self,
        job: &Job<'_>,
        step: &Step,
        call: &Call,
        is_last: bool,
    ) -> Result<Option<String>, StepError> {
        let sent = self.send_as(job, step, call, is_last).await;
        match (&sent, call.unless) {
            (Err(StepError::Cause(cause)), Some(unless)) if cause.code() == unless.code => {
                let mut params = call.params.clone();
                params.remove(unless.param);
                let without = Call {
                    params,
                    unless: None,
                    ..call.clone()
                };
                self.send_as(job, step, &without, is_last).await
            }
            _ => sent,
        }
    }

    async fn send_as(
        &self,
        job: &Job<'_>,
        step: &Step,
        call: &Call,
        is_last: bool,
    ) -> Result<Option<String>, StepError> {
        let sending = &Sending {
            job,
            step,
            call,
            is_last,
        };
        let begun = self.context.clock.elapsed();
        let mut attempt = 0;
        let mut doubt = self.inherited(sending);
        let mut again = None;
        self.complete(sending).await?;
        loop {
            // An earlier try, of this run or of one that was interrupted, is settled first.
            let resend = match doubt.take() {
                None => again.take(),
                Some(open) => match self.settle(sending, open).await? {
                    Settled::Done { as_planned: true, .. } => return Ok(None),
                    Settled::Done { id, .. } => {
                        self.has_changed();
                        return Err(Cause::Adopted { id }.into());
                    }
                    Settled::Resend(open) => Some(open),
                    Settled::NotDone => None,
                },
            };
            let is_repetition = resend.as_ref().is_some_and(|open| open.may_have_worked);
            let (open, sent) = self.try_once(sending, resend).await?;
            let next = match sent {
                Ok(reply) => self.after_reply(sending, open, reply).await?,
                Err(error) => Next::Refused(open, error),
            };
            let next = match next {
                Next::Refused(open, error) => {
                    let elapsed = self.context.clock.elapsed().saturating_sub(begun);
                    self.after_error(sending, open, error, is_repetition, elapsed)
                        .await?
                }
                next => next,
            };
            match next {
                Next::Done(request_id) => return Ok(request_id),
                Next::Again(open) => {
                    again = Some(open);
                    continue;
                }
                Next::AtOnce => continue,
                Next::Afresh | Next::Refused(..) => {}
                Next::Settle(open) => doubt = Some(open),
            }
            self.pause(&mut attempt).await?;
        }
    }

    /// Sends the call once, with an intent of its own or as the repetition of an open try.
    async fn try_once(
        &self,
        sending: &Sending<'_>,
        resend: Option<Doubt>,
    ) -> Result<(Doubt, Result<Reply, ApiError>), StepError> {
        let slot = self.context.cloud.slot(sending.call.action).await;
        if self.context.stop.is_raised() {
            return Err(StepError::Stopped);
        }
        let open = match resend {
            Some(open) if !open.may_have_worked && !open.window.may_sign(self.server_time()?) => {
                self.context
                    .session
                    .failed(open.seq, "WindowClosed", true)
                    .await?;
                self.open(sending).await?
            }
            Some(open) => open,
            None => self.open(sending).await?,
        };
        let flat = self
            .memory
            .flatten(sending.job.task, sending.call, open.token.as_deref())?;
        let request = Request {
            action: sending.call.action,
            params: flat.sent,
        };
        // Even a refusal may have been heard by the cloud: from here on the run has changed something, or may have.
        self.has_changed();
        let sent = self.context.cloud.change(&slot, &request, open.window).await;
        Ok((open, sent))
    }

    /// Writes the intent of a first try.
    async fn open(&self, sending: &Sending<'_>) -> Result<Doubt, StepError> {
        // What is made without a token of the API's is found by the same one in its tags.
        let is_found = matches!(sending.repeat(), Repeat::Key | Repeat::Look);
        let token = (sending.call.action.token || is_found).then(|| self.new_token());
        let flat = self
            .memory
            .flatten(sending.job.task, sending.call, token.as_deref())?;
        let window = self.context.cloud.window(self.server_time()?);
        let draft = self.draft(sending, token.clone(), window, flat.sealed.clone());
        let seq = self.context.session.intent(draft).await?;
        Ok(Doubt {
            seq,
            token,
            window,
            sealed: flat.sealed,
            may_have_worked: false,
        })
    }

    /// The intent of a call, as it goes to disk before the call leaves.
    fn draft(
        &self,
        sending: &Sending<'_>,
        token: Option<String>,
        window: Window,
        sealed_params: BTreeMap<String, String>,
    ) -> IntentDraft {
        let Sending { job, step, call, .. } = sending;
        let task = job.task;
        let makes = call.yields.makes();
        let resource = makes.then(|| {
            let mut resource = self.memory.entry(task, job.resource_type);
            resource.token.clone_from(&token);
            resource.created_at = Some(window.opened);
            Box::new(resource)
        });
        IntentDraft {
            object: self.in_state(task),
            step: step.name.clone(),
            product: call.action.product.name.to_owned(),
            action: call.action.name.to_owned(),
            class: sending.repeat(),
            token,
            created_at: window.opened,
            plain: window.is_plain(),
            sealed_params,
            resource,
            owes: task.owes.clone(),
            members: Vec::new(),
        }
    }

    /// The object as the state knows it at this moment: what was the current one may have been moved aside since.
    fn in_state(&self, task: &Task) -> Object {
        let address = task.object.address.clone();
        let current = self.context.session.with_state(|state| {
            let known = state.resources.get(&address)?;
            (!known.id.is_empty()).then(|| known.id.clone())
        });
        match (self.memory.id_of(task), current) {
            (Some(id), Some(current)) if id != current => Object::old(address, id),
            (None, Some(_)) => Object::next(address),
            _ => Object::now(address),
        }
    }

    async fn after_reply(&self, sending: &Sending<'_>, open: Doubt, reply: Reply) -> Result<Next, StepError> {
        let address = &sending.job.task.object.address;
        match sending.call.yields {
            Yield::Id { field } => match reply.body[field].as_str().filter(|id| !id.is_empty()) {
                Some(id) => {
                    self.made(sending, &open, id, None).await?;
                    Ok(Next::Done(reply.request_id))
                }
                // Something was made, and only looking can tell what.
                None => Ok(Next::Settle(open.in_doubt())),
            },
            Yield::Named(ref id) => {
                let id = self.memory.resolve(id);
                let Some(id) = id.as_str() else {
                    return Err(internal(format!("nobody knows the id of {address}")));
                };
                self.made(sending, &open, id, None).await?;
                Ok(Next::Done(reply.request_id))
            }
            Yield::Each { list } => match refused_one(&reply, list) {
                None => {
                    self.done(sending, Some(open.seq), Vec::new()).await?;
                    Ok(Next::Done(reply.request_id))
                }
                Some((code, message)) => Ok(Next::Refused(
                    open,
                    ApiError {
                        kind: ErrorKind::Refused,
                        action: sending.call.action,
                        code,
                        message,
                        request_id: reply.request_id,
                        http_status: Some(200),
                        recommend: None,
                        tries: 1,
                        elapsed: Duration::ZERO,
                    },
                )),
            },
            Yield::Attribute { field, attribute } => {
                let text = reply.body[field].as_str();
                let effects = text.map(|text| self.yielded(sending, attribute, text));
                self.done(sending, Some(open.seq), effects.into_iter().collect())
                    .await?;
                Ok(Next::Done(reply.request_id))
            }
            Yield::Nothing => {
                self.done(sending, Some(open.seq), Vec::new()).await?;
                Ok(Next::Done(reply.request_id))
            }
        }
    }

    async fn after_error(
        &self,
        sending: &Sending<'_>,
        open: Doubt,
        error: ApiError,
        is_repetition: bool,
        elapsed: Duration,
    ) -> Result<Next, StepError> {
        let session = self.context.session;
        let meaning = Meaning::of(&error, sending.job);
        let patience = if is_create(sending.repeat()) {
            PATIENCE * 2
        } else {
            PATIENCE
        };
        // What is made by what it is may be there already: by a try that nobody heard of.
        if meaning == Meaning::Passing
            && let Some(observed) = self.at_place(sending, self.context.cloud).await?
        {
            if self.is_made(sending, &observed) {
                self.made(sending, &open, &observed.id, Some(&observed)).await?;
                return Ok(Next::Done(None));
            }
            if sending.job.resource_type.codes.is_there(&error.code) {
                session.failed(open.seq, &error.code, true).await?;
                let id = observed.id;
                return Err(Cause::There { id, error }.into());
            }
        }
        match (meaning, sending.repeat()) {
            // A payment is never sent twice on a doubt: its intent stays open, and the next run settles it.
            (Meaning::Unclear, Repeat::Meter) => {
                if self.is_done(sending, self.context.cloud).await? {
                    self.done(sending, Some(open.seq), Vec::new()).await?;
                    return Ok(Next::Done(None));
                }
                return Err(error.into());
            }
            (Meaning::Unclear, repeat) if elapsed <= patience => {
                // Looked at now, with every patience, and once more behind the pause: a network that breaks in step
                // with one look and its repetition would break every repetition.
                if repeat == Repeat::Absolute && self.is_done(sending, self.context.cloud).await? {
                    self.done(sending, Some(open.seq), Vec::new()).await?;
                    return Ok(Next::Done(None));
                }
                return Ok(Next::Settle(open.in_doubt()));
            }
            (Meaning::Unclear, repeat) if is_create(repeat) => return Err(error.into()),
            (Meaning::Unclear, _) => {
                session.failed(open.seq, &error.code, false).await?;
                return Err(error.into());
            }
            // What stands against a repetition says nothing about an earlier try with the same token, so there may
            // be no other token until looking has settled that one.
            (Meaning::Throttled | Meaning::Passing, _) if is_repetition && elapsed <= patience => {
                return Ok(Next::Settle(open));
            }
            _ if is_repetition => {
                // The intent stays open if nothing is found, and the next run goes on from it.
                let Some(observed) = self.find_by_token(sending, &open).await? else {
                    return Err(error.into());
                };
                self.found(sending, &open, &observed).await?;
                return Ok(Next::Done(None));
            }
            // Inside its window a create keeps its token while the API asks to slow down.
            (Meaning::Throttled, Repeat::Token) if elapsed <= THROTTLE_PATIENCE => {
                return Ok(Next::Again(open));
            }
            _ => session.failed(open.seq, &error.code, true).await?,
        }
        if sending
            .call
            .unless
            .is_some_and(|unless| unless.code == error.code)
        {
            return Err(error.into());
        }
        match meaning {
            Meaning::Throttled if elapsed <= THROTTLE_PATIENCE => return Ok(Next::AtOnce),
            Meaning::Throttled | Meaning::Final | Meaning::Unclear => {}
            Meaning::Gone => {
                let id = self.memory.id_of(sending.job.task).unwrap_or_default();
                if self.is_gone(sending.job, &id).await? {
                    return match sending.job.task.phase {
                        // Gone satisfies every step of a removal.
                        Phase::Remove | Phase::LetGo => Err(StepError::Gone),
                        _ => Err(Cause::Vanished { id }.into()),
                    };
                }
            }
            Meaning::Passing | Meaning::InUse => {
                let patience = if meaning == Meaning::InUse {
                    let by = self.others_in(sending.job).await;
                    if !by.is_empty() {
                        return Err(Cause::InUse { error, by }.into());
                    }
                    self.patience_in_use(sending.job.task)
                } else {
                    PATIENCE
                };
                // Perhaps it is already as it should be: then nothing is left to do.
                if !is_create(sending.repeat()) && self.is_done(sending, self.context.cloud).await? {
                    self.done(sending, None, Vec::new()).await?;
                    return Ok(Next::Done(None));
                }
                if elapsed <= patience {
                    return Ok(Next::Afresh);
                }
            }
        }
        Err(error.into())
    }

    /// How long a removal is tried again while something unseen uses it: what this plan takes out of it may leave later
    /// than its answer says.
    fn patience_in_use(&self, task: &Task) -> Duration {
        let is_taken_out = |after: &usize| {
            let before = self.tasks.get(*after);
            before.is_some_and(|before| !matches!(before.phase, Phase::Note | Phase::Make))
        };
        if task.after.iter().any(is_taken_out) {
            PATIENCE
        } else {
            IN_USE_PATIENCE
        }
    }

    /// What a call has told of an attribute.
    fn yielded(&self, sending: &Sending<'_>, attribute: &str, text: &str) -> Effect {
        let attributes = Attributes::from([(attribute, Value::from(text))]);
        let object = &sending.job.task.object;
        self.memory.learn(object, attributes.clone());
        Effect::Merge {
            address: object.address.clone(),
            attributes,
        }
    }

    /// Writes down what a create made whose answer nobody has heard.
    pub(super) async fn found(
        &self,
        sending: &Sending<'_>,
        open: &Doubt,
        observed: &Observed,
    ) -> Result<(), StepError> {
        match sending.call.yields {
            Yield::Attribute { attribute, .. } => {
                let effect = self.yielded(sending, attribute, &observed.id);
                self.done(sending, Some(open.seq), vec![effect]).await
            }
            _ => self.made(sending, open, &observed.id, Some(observed)).await,
        }
    }

    /// Writes down what a create made.
    pub(super) async fn made(
        &self,
        sending: &Sending<'_>,
        open: &Doubt,
        id: &str,
        observed: Option<&Observed>,
    ) -> Result<(), StepError> {
        let task = sending.job.task;
        match observed {
            Some(observed) => self.memory.learn_observed(&task.object, observed),
            None => self.memory.learn(
                &task.object,
                Attributes::from([("id".to_owned(), Value::from(id))]),
            ),
        }
        let effect = Effect::Made {
            address: task.object.address.clone(),
            id: id.to_owned(),
            // What an earlier run made may be older than this answer.
            created_at: observed.is_none().then(|| self.server_time()).transpose()?,
        };
        // What the intent says of it is all that there is to say, unless more steps follow.
        self.context.session.done(open.seq, vec![effect]).await?;
        self.at_step(task, &sending.step.name);
        Ok(())
    }

    /// Writes down that a call has done its work; with the state's last word, if it is the last of its task.
    pub(super) async fn done(
        &self,
        sending: &Sending<'_>,
        seq: Option<u64>,
        mut effects: Vec<Effect>,
    ) -> Result<(), StepError> {
        if sending.is_last {
            effects.extend(self.last_word(sending.job.task));
        }
        match seq {
            Some(seq) => self.context.session.done(seq, effects).await?,
            None => self.note(effects).await?,
        }
        Ok(())
    }

    /// Whether the cloud already shows what the call asks for.
    pub(super) async fn is_done(
        &self,
        sending: &Sending<'_>,
        cloud: &crate::cloud::Cloud,
    ) -> Result<bool, StepError> {
        let Some(id) = self.memory.id_of(sending.job.task) else {
            return Ok(false);
        };
        if sending.step.shows == Shows::Nothing {
            return Ok(false);
        }
        let shows = &sending.step.shows;
        match self.look_for(sending.job, &id, shows, cloud).await? {
            Some((is_seen, _)) => Ok(is_seen),
            // Gone counts when it is asked for by id, twice.
            None => Ok(*shows == Shows::Gone && self.read_with(sending.job, cloud, &id).await?.is_none()),
        }
    }

    /// `infra-` and 20 random bytes in base 32: within the 64 characters that a ClientToken may have.
    fn new_token(&self) -> String {
        let mut bytes = [0_u8; 20];
        self.context.random.fill(&mut bytes);
        format!("infra-{}", BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
    }
}
