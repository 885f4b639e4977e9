//! The life of a request: build, sign, send, classify, retry, in one function ([`Cloud::exchange`]).
//!
//! Does not know what a request is for; whether a change may be repeated is decided by its token, its window and
//! the table in `attempt`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::api_error::{ApiError, ErrorKind};
use super::attempt::{Attempts, Call, Doubt, Next};
use super::endpoint::{Endpoint, Endpoints};
use super::identity::Identity as KeyPair;
use super::limiter::{Limiter, Slot};
use super::outcome::{self, BODY_LIMIT, BadBody, Cause, Fault, RetryAfter};
use super::retry::{self, Budget, TRIES_MAX};
use super::secret::Credentials;
use super::server_clock::{NOTABLE_OFFSET, ServerClock, parse_date};
use super::window::{Window, WindowPolicy};
use super::{Reply, Request, Totals, lock, sign};
use crate::api::{Action, Product, Repeat, action};
use crate::env::{Clock, Env, HttpRequest, HttpResponse, Random, Transport, TransportError};
use crate::event::{Event, Listener};

/// How long a read may go on, waiting for a throttled API included: the longest pause that the API is known to ask
/// for is five minutes.
const READ_DEADLINE: Duration = Duration::from_secs(600);

/// What the API answers when a dry run has found nothing against a change (facts of ECS: an error answer in any case).
const DRY_RUN_PASSED: [&str; 2] = ["DryRunOperation", "DRYRUN.SUCCESS"];

/// Asking who we are must not hold up a plan.
const IDENTITY_TRIES: u32 = 3;

/// The client. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Cloud {
    inner: Arc<Inner>,
    /// How often a read is tried.
    read_tries_max: u32,
}

struct Inner {
    region: String,
    endpoints: Endpoints,
    key_pair: KeyPair,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    listener: Arc<dyn Listener>,
    limiter: Limiter,
    parallelism: usize,
    /// Nothing that is not a read is sent.
    read_only: bool,
    server_clock: ServerClock,
    /// By host, since hosts fail, not actions.
    budgets: BTreeMap<Endpoint, Budget>,
    /// The API refuses back-dated requests.
    plain: AtomicBool,
    offset_told: AtomicBool,
    nonces: AtomicU64,
    totals: Mutex<Totals>,
}

/// Who signs the requests, as the API sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) account_id: String,
    /// `acs:ram::<account>:user/<name>` and the like.
    pub(crate) arn: String,
    /// `Account`, `RAMUser` or `AssumedRoleUser`.
    pub(crate) identity_type: String,
}

/// What a call is, seen from its tries.
#[derive(Clone, Copy)]
enum Purpose<'a> {
    Read { tries_max: u32 },
    Change { slot: &'a Slot, window: Window },
}

impl Cloud {
    pub(super) fn new(
        env: &Env,
        region: String,
        endpoints: Endpoints,
        key_pair: KeyPair,
        parallelism: usize,
        read_only: bool,
        listener: Arc<dyn Listener>,
    ) -> Cloud {
        let budgets = Product::ALL
            .into_iter()
            .map(|product| (endpoints.get(product).clone(), Budget::new()))
            .collect();
        Cloud {
            read_tries_max: TRIES_MAX,
            inner: Arc::new(Inner {
                region,
                endpoints,
                key_pair,
                transport: Arc::clone(&env.transport),
                clock: Arc::clone(&env.clock),
                random: Arc::clone(&env.random),
                listener,
                limiter: Limiter::new(Arc::clone(&env.clock), parallelism),
                parallelism: parallelism.max(1),
                read_only,
                server_clock: ServerClock::new(Arc::clone(&env.clock)),
                budgets,
                plain: AtomicBool::new(false),
                offset_told: AtomicBool::new(false),
                nonces: AtomicU64::new(0),
                totals: Mutex::default(),
            }),
        }
    }

    /// The same client for looks that may fail: a read is tried once.
    pub(crate) fn once(&self) -> Cloud {
        Cloud {
            inner: Arc::clone(&self.inner),
            read_tries_max: 1,
        }
    }

    /// Calls an action that changes nothing; repeated freely, within ten minutes.
    pub(crate) async fn read(&self, request: &Request) -> Result<Reply, ApiError> {
        self.read_as(request, outcome::tree).await
    }

    /// The same for a body that is read in another way than as a tree.
    pub(super) async fn read_as<T>(
        &self,
        request: &Request,
        decode: impl Fn(&[u8]) -> Result<Reply<T>, BadBody>,
    ) -> Result<Reply<T>, ApiError> {
        let tries_max = self.read_tries_max;
        self.exchange(request, Purpose::Read { tries_max }, decode).await
    }

    /// Asks whether a change would be accepted, without making it: the action's `DryRun`. Nothing changes, so it is
    /// repeated freely; it has no token and needs no intent. A refusal is the error that the change itself would meet.
    pub(crate) async fn dry_run(&self, request: &Request) -> Result<(), ApiError> {
        let mut request = request.clone().param("DryRun", "true");
        request.params.remove("ClientToken");
        match self.read(&request).await {
            Err(error) if DRY_RUN_PASSED.contains(&error.code.as_str()) => Ok(()),
            Err(error) => Err(error),
            // Whatever answers there does not know what a dry run is.
            Ok(reply) => Err(ApiError {
                kind: ErrorKind::Malformed,
                action: request.action,
                code: String::new(),
                message: "the answer to a dry run says that it was done".to_owned(),
                request_id: reply.request_id,
                http_status: None,
                recommend: None,
                tries: 1,
                elapsed: Duration::ZERO,
            }),
        }
    }

    /// Takes a place for a change: one of the calls in flight, at the pace that the action bears. Taken before the
    /// intent is written, so that standing in line never eats the send window. Given back when dropped.
    pub(crate) async fn slot(&self, action: &'static Action) -> Slot {
        let slot = self.inner.limiter.slot(action).await;
        lock(&self.inner.totals).waited += slot.waited;
        slot
    }

    /// Calls an action that changes something, within the send window of its intent.
    ///
    /// Every try has the same parameters, a fresh nonce and its own time. With a `ClientToken` among the parameters
    /// a try that may have taken effect is repeated inside the window, and the API merges the repetitions; without
    /// one it is not, and the call ends as [`ErrorKind::Ambiguous`]. [`ErrorKind::Throttled`] comes back once the
    /// pause is over that the API asked for this very request; nothing happened, so the same request with the same
    /// token and window may be sent again with a new slot, until [`ErrorKind::WindowClosed`] says that a new intent is
    /// needed. It comes back, rather than waiting here, so that a run that is asked to stop can.
    pub(crate) async fn change(
        &self,
        slot: &Slot,
        request: &Request,
        window: Window,
    ) -> Result<Reply, ApiError> {
        let purpose = Purpose::Change { slot, window };
        self.exchange(request, purpose, outcome::tree).await
    }

    /// The window of an intent that is written at this server time, under what is known about the API by now.
    pub(crate) fn window(&self, opened: Timestamp) -> Window {
        Window::of(opened, self.inner.plain.load(Ordering::Relaxed))
    }

    /// Server time, as soon as the first answer has come.
    pub(crate) fn server_time(&self) -> Option<Timestamp> {
        self.inner.server_clock.now()
    }

    /// Tells whoever listens to the calls something worth a line.
    pub(crate) fn notice(&self, words: String) {
        self.inner.notice(words);
    }

    pub(crate) fn region(&self) -> &str {
        &self.inner.region
    }

    /// Whether nothing that is not a read is sent, a dry run of a change included.
    pub(crate) fn is_read_only(&self) -> bool {
        self.inner.read_only
    }

    /// How many calls may be in flight, at least one.
    pub(crate) fn parallelism(&self) -> usize {
        self.inner.parallelism
    }

    /// `alibaba_cloud`, or `other` for a simulator or a gateway of somebody's own.
    pub(crate) fn endpoint_kind(&self) -> &'static str {
        match self.inner.endpoints.are_vendor() {
            true => "alibaba_cloud",
            false => "other",
        }
    }

    /// Where the requests of a product go: `https://sts.cn-hangzhou.aliyuncs.com`.
    pub(crate) fn address(&self, product: &'static Product) -> String {
        self.inner.endpoints.get(product).to_string()
    }

    /// Where the key pair comes from, in words that follow "credentials from".
    pub(crate) fn credential_source(&self) -> String {
        self.inner.key_pair.describe()
    }

    /// Asks which account the key pair belongs to. Needs no permission; gives up sooner than other reads.
    pub(crate) async fn caller_identity(&self) -> Result<Identity, ApiError> {
        let request = Request::new(&action::GET_CALLER_IDENTITY);
        let tries_max = IDENTITY_TRIES;
        let reply = self
            .exchange(&request, Purpose::Read { tries_max }, outcome::tree)
            .await?;
        let text = |name: &str| reply.body[name].as_str().unwrap_or_default().to_owned();
        Ok(Identity {
            account_id: text("AccountId"),
            arn: text("Arn"),
            identity_type: text("IdentityType"),
        })
    }

    /// What has been sent so far.
    pub(crate) fn totals(&self) -> Totals {
        lock(&self.inner.totals).clone()
    }

    /// The life of a request.
    async fn exchange<T>(
        &self,
        request: &Request,
        purpose: Purpose<'_>,
        decode: impl Fn(&[u8]) -> Result<Reply<T>, BadBody>,
    ) -> Result<Reply<T>, ApiError> {
        let inner = &*self.inner;
        if !purpose.fits(request) {
            let fault = Fault::of_ours("a change was about to be sent as a read, or a read as a change");
            return inner.finish(request, Err((ErrorKind::Refused, fault)), 0, Duration::ZERO);
        }
        if inner.read_only && request.action.repeat != Repeat::Read {
            let fault = Fault::of_ours("this run may only read");
            return inner.finish(request, Err((ErrorKind::ReadOnly, fault)), 0, Duration::ZERO);
        }
        let started = inner.clock.elapsed();
        let mut attempts = Attempts::new(purpose.call(request));
        let mut tries = 0;
        let mut last = Fault::of_ours("the send window had closed");
        let outcome = loop {
            // 1. A place and a key pair. A change has brought its place; a read takes one for each try.
            let own;
            let slot = match purpose {
                Purpose::Change { slot, .. } => slot,
                Purpose::Read { .. } => {
                    own = self.slot(request.action).await;
                    &own
                }
            };
            let credentials = match inner.key_pair.current().await {
                Ok(credentials) => credentials,
                Err(error) => {
                    let kind = attempts.settle(ErrorKind::Credentials);
                    break Err((kind, Fault::of_ours(error.to_string())));
                }
            };

            // 2. Build and sign, at one moment of server time that decides whether the request may leave and until
            //    when it lives.
            let t = inner.server_clock.now_or_local();
            let timestamp = match inner.timestamp(t, purpose, attempts.doubt) {
                Ok(timestamp) => timestamp,
                Err(kind) => break Err((last.kind_when_closed(kind), last)),
            };
            let signed = inner.sign(request, &credentials, timestamp);

            // 3. Send.
            tries += 1;
            inner.count(request, tries);
            let answer = inner.send(request, &signed.body).await;

            // 4. Classify.
            let mut fault = match outcome::read(answer, &decode) {
                Ok(reply) => {
                    slot.passed();
                    inner.budget(request).refund(tries - 1);
                    break Ok(reply);
                }
                Err(fault) => fault,
            };
            inner.scrub(&mut fault, request, &credentials, &signed.string_to_sign);
            let next = attempts.failed(&fault);

            // 5. Give up, or get ready for the next try.
            if let Some(kind) = inner
                .get_ready(next, &fault, slot, request, purpose, &credentials)
                .await
            {
                break Err((kind, fault));
            }
            let spent = inner.clock.elapsed().saturating_sub(started);
            if matches!(purpose, Purpose::Read { .. }) && spent > READ_DEADLINE {
                break Err((fault.kind_at_deadline(), fault));
            }
            last = fault;
        };
        let elapsed = inner.clock.elapsed().saturating_sub(started);
        inner.finish(request, outcome, tries, elapsed)
    }
}

impl Purpose<'_> {
    /// Whether the table of actions says the same about the request: a change that passed for a read would be
    /// repeated freely.
    fn fits(&self, request: &Request) -> bool {
        let is_dry_run =
            request.action.dry_run && request.params.get("DryRun").is_some_and(|text| text == "true");
        let is_read = request.action.repeat == Repeat::Read || is_dry_run;
        is_read == matches!(self, Purpose::Read { .. })
    }

    fn call(&self, request: &Request) -> Call {
        match *self {
            Purpose::Read { tries_max } => Call::Read { tries_max },
            Purpose::Change { .. } => Call::Change {
                has_token: request
                    .params
                    .get("ClientToken")
                    .is_some_and(|token| !token.is_empty()),
            },
        }
    }
}

/// A request that is ready to leave.
struct Signed {
    body: Zeroizing<String>,
    string_to_sign: Zeroizing<String>,
}

impl Inner {
    /// The Timestamp of a try at server time `t`, or what it means that there may be none.
    fn timestamp(&self, t: Timestamp, purpose: Purpose<'_>, doubt: Doubt) -> Result<Timestamp, ErrorKind> {
        let Purpose::Change { mut window, .. } = purpose else {
            return Ok(t);
        };
        if self.plain.load(Ordering::Relaxed) {
            window.policy = WindowPolicy::Plain;
        }
        match doubt {
            Doubt::None if window.may_sign(t) => Ok(window.timestamp(t)),
            Doubt::None => Err(ErrorKind::WindowClosed),
            _ if window.may_resend(t) => Ok(window.timestamp(t)),
            _ => Err(ErrorKind::Ambiguous),
        }
    }

    /// Everything goes into the form body, as one of the vendor's own clients does it: nothing that is secret, and
    /// no signature, stands in an address that somebody may log.
    fn sign(&self, request: &Request, credentials: &Credentials, timestamp: Timestamp) -> Signed {
        let timestamp = timestamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let nonce = self.nonce();
        let mut common = vec![
            ("Action", request.action.name),
            ("Version", request.action.product.version),
            ("Format", "JSON"),
            ("AccessKeyId", credentials.access_key_id()),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", &nonce),
            ("Timestamp", &timestamp),
        ];
        if let Some(token) = credentials.security_token() {
            common.push(("SecurityToken", token));
        }
        let own = request
            .params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let mut body = Zeroizing::new(sign::canonical(own.chain(common)));
        let string_to_sign = Zeroizing::new(sign::string_to_sign("POST", &body));
        let signature = sign::signature(credentials, &string_to_sign);
        body.push_str("&Signature=");
        body.push_str(&sign::encode(&signature));
        Signed { body, string_to_sign }
    }

    /// 128 random bits, and a count that keeps nonces apart within the process even if chance should fail.
    fn nonce(&self) -> String {
        let mut bytes = [0_u8; 16];
        self.random.fill(&mut bytes);
        let count = self.nonces.fetch_add(1, Ordering::Relaxed);
        format!("{:032x}{count:x}", u128::from_be_bytes(bytes))
    }

    /// One HTTP exchange; whatever answers, its `Date` is learnt.
    async fn send(&self, request: &Request, body: &str) -> Result<HttpResponse, TransportError> {
        let sent = self.clock.now();
        let began = self.clock.elapsed();
        let answer = self.transport.send(HttpRequest {
            method: "POST",
            url: format!("{}/", self.endpoints.get(request.action.product)),
            headers: vec![
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("accept", "application/json".to_owned()),
                (
                    "user-agent",
                    concat!("infra/", env!("CARGO_PKG_VERSION")).to_owned(),
                ),
            ],
            body: body.as_bytes().to_vec(),
            timeout: request.action.timeout(),
            body_limit: BODY_LIMIT,
        });
        let answer = answer.await;
        let date = answer.as_ref().ok().and_then(|response| response.header("date"));
        if let Some(date) = date.and_then(parse_date) {
            let took = self.clock.elapsed().saturating_sub(began);
            self.server_clock.learn(date, sent, took);
            self.tell_offset();
        }
        answer
    }

    /// Says once that this machine's clock is off.
    fn tell_offset(&self) {
        let Some(offset) = self.server_clock.offset() else {
            return;
        };
        if offset.abs() > NOTABLE_OFFSET && !self.offset_told.swap(true, Ordering::Relaxed) {
            let direction = if offset.is_positive() {
                "behind"
            } else {
                "ahead of"
            };
            self.notice(format!(
                "this machine's clock is {} s {direction} the server's; the server's time is used",
                offset.abs().as_secs()
            ));
        }
    }

    /// Makes a message fit to be shown. A refused signature repeats all that was signed, passwords included: what
    /// it proves is said in words instead.
    fn scrub(&self, fault: &mut Fault, request: &Request, credentials: &Credentials, string_to_sign: &str) {
        if let Some((words, theirs)) = fault.message.split_once("server string to sign is:") {
            let verdict = if theirs == string_to_sign {
                "The server signs the same text, so the access key secret does not belong to this access key id."
            } else {
                "The server received another text than was signed: something changed the request on its way."
            };
            fault.message = format!("{} {verdict}", words.trim_end());
        }
        fault.message = credentials.scrub(&fault.message, &request.params);
    }

    /// Tells the limiter how the try went, and waits or learns what the next one needs. Returns how the call ends,
    /// if it ends.
    async fn get_ready(
        &self,
        next: Next,
        fault: &Fault,
        slot: &Slot,
        request: &Request,
        purpose: Purpose<'_>,
        credentials: &Credentials,
    ) -> Option<ErrorKind> {
        let own_pause = match fault.retry_after {
            Some(RetryAfter::ThisRequest(pause)) => Some(pause),
            _ => None,
        };
        self.tell_limiter(fault, slot, request);
        match next {
            Next::Stop(ErrorKind::Throttled) => {
                if let Some(pause) = own_pause {
                    slot.give_up_place();
                    self.tell_throttled(request, pause);
                    self.wait(pause).await;
                }
                return Some(ErrorKind::Throttled);
            }
            Next::Stop(kind) => return Some(kind),
            Next::Retry { failures, kind } => {
                if !self.budget(request).spend() {
                    return Some(kind);
                }
                let pause = retry::pause(&*self.random, failures);
                self.pause(slot, purpose, pause).await;
            }
            Next::Wait { failures, .. } => {
                let pause = retry::pause(&*self.random, failures);
                self.pause(slot, purpose, pause).await;
            }
            Next::Pace => {
                if let Some(pause) = own_pause {
                    self.tell_throttled(request, pause);
                }
                self.pause(slot, purpose, own_pause.unwrap_or_default()).await;
            }
            Next::AdoptServerTime => self.server_clock.trust_newest(),
            Next::StopBackDating => {
                self.server_clock.trust_newest();
                if !self.plain.swap(true, Ordering::Relaxed) {
                    self.notice(
                        "the API refuses back-dated requests; lost answers take longer to settle".to_owned(),
                    );
                }
                return Some(ErrorKind::WindowClosed);
            }
            Next::RenewCredentials => self.key_pair.forget(credentials).await,
        }
        None
    }

    fn tell_limiter(&self, fault: &Fault, slot: &Slot, request: &Request) {
        if !fault.is_throttled() {
            if matches!(fault.cause, Cause::Answer(_)) {
                slot.passed();
            }
            return;
        }
        lock(&self.totals).throttled += 1;
        let shut = match fault.retry_after {
            Some(RetryAfter::ThisRequest(_)) => {
                slot.passed();
                None
            }
            Some(RetryAfter::Everyone(pause)) => slot.throttled(Some(pause)),
            None => slot.throttled(None),
        };
        if let Some(pause) = shut {
            self.tell_throttled(request, pause);
        }
    }

    fn tell_throttled(&self, request: &Request, pause: Duration) {
        self.listener.event(&Event::Throttled {
            product: request.action.product.name,
            action: request.action.name,
            pause,
        });
    }

    /// Waits, without a place, until the next try may leave. A read takes a new place by itself.
    async fn pause(&self, slot: &Slot, purpose: Purpose<'_>, pause: Duration) {
        slot.give_up_place();
        self.wait(pause).await;
        if matches!(purpose, Purpose::Change { .. }) {
            let waited = slot.again().await;
            lock(&self.totals).waited += waited;
        }
    }

    async fn wait(&self, pause: Duration) {
        lock(&self.totals).waited += pause;
        self.clock.sleep(pause).await;
    }

    fn budget(&self, request: &Request) -> &Budget {
        &self.budgets[self.endpoints.get(request.action.product)]
    }

    fn count(&self, request: &Request, tries: u32) {
        let mut totals = lock(&self.totals);
        *totals.requests.entry(request.action).or_default() += 1;
        totals.retries += u64::from(tries > 1);
    }

    fn notice(&self, words: String) {
        self.listener.event(&Event::Notice(words));
    }

    /// Reports the call to whoever listens.
    fn finish<T>(
        &self,
        request: &Request,
        outcome: Result<Reply<T>, (ErrorKind, Fault)>,
        tries: u32,
        elapsed: Duration,
    ) -> Result<Reply<T>, ApiError> {
        let result = outcome.map_err(|(kind, fault)| ApiError {
            kind,
            action: request.action,
            code: fault.code,
            message: fault.message,
            request_id: fault.request_id,
            http_status: fault.http_status,
            recommend: fault.recommend,
            tries,
            elapsed,
        });
        let (outcome, http_status, request_id) = match &result {
            Ok(reply) => ("ok".to_owned(), Some(200), reply.request_id.clone()),
            Err(error) => (error.outcome(), error.http_status, error.request_id.clone()),
        };
        self.listener.event(&Event::ApiCall {
            product: request.action.product.name,
            action: request.action.name,
            outcome,
            http_status,
            request_id,
            tries,
            duration: elapsed,
        });
        result
    }
}
