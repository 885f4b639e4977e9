//! The network between a run and the simulated cloud: requests are really signed and really checked, and on the way
//! anything may happen to them. What the cloud was asked is kept, and what must hold for every request is checked
//! when it arrives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::disk::Disk;
use super::fate::Fate;
use super::{Chance, lock};
use crate::env::{BoxFuture, HttpRequest, HttpResponse, Sent, Transport, TransportError};
use crate::sim;

/// How long a request and its answer are on the way.
const WAY: Duration = Duration::from_millis(20);
/// A late request arrives at most this much later.
pub(super) const LATEST: Duration = Duration::from_secs(20 * 60);

/// How likely, in thousandths, each of these is for a request.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weather {
    pub(super) lost_request: u64,
    pub(super) lost_answer: u64,
    pub(super) error_before: u64,
    pub(super) error_after: u64,
    pub(super) throttled: u64,
    pub(super) slow: u64,
    pub(super) late: u64,
    pub(super) twice: u64,
    pub(super) cut: u64,
    pub(super) foreign: u64,
    /// From the beginning of a run, for this many milliseconds, no change is answered.
    pub(super) dark: u64,
    /// In that time no change arrives either.
    pub(super) deaf: bool,
    /// Times of more than five minutes ago are refused, so nothing can be back-dated.
    pub(super) strict: bool,
    /// Of so many creates of servers the first answer is lost, and the repetition is asked to come later.
    pub(super) lost_then_throttled: usize,
    /// Nobody says who the caller is.
    pub(super) silent_sts: bool,
    /// A field that the items of this action's answers lack.
    pub(super) lacks: Option<(&'static str, &'static str)>,
    /// An action whose answers are all the first one.
    pub(super) repeats: Option<&'static str>,
    /// An action that is refused for good, with the code.
    pub(super) refused: Option<(&'static str, &'static str)>,
    /// Lists of actions that begin so show nothing, as to somebody who may not see it.
    pub(super) blind: Option<&'static str>,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mishap {
    None,
    LostRequest,
    LostAnswer,
    ErrorBefore,
    ErrorAfter,
    Throttled,
    Slow(u64),
    Late(u64),
    Twice,
    Cut,
    Foreign,
}

impl Weather {
    fn draw(&self, chance: &mut Chance) -> Mishap {
        let mut draw = chance.below(1000);
        let (slow, late) = (chance.below(25_000), chance.below(LATEST.as_millis() as u64));
        for (odds, mishap) in [
            (self.lost_request, Mishap::LostRequest),
            (self.lost_answer, Mishap::LostAnswer),
            (self.error_before, Mishap::ErrorBefore),
            (self.error_after, Mishap::ErrorAfter),
            (self.throttled, Mishap::Throttled),
            (self.slow, Mishap::Slow(slow)),
            (self.late, Mishap::Late(late)),
            (self.twice, Mishap::Twice),
            (self.cut, Mishap::Cut),
            (self.foreign, Mishap::Foreign),
        ] {
            if draw < odds {
                return mishap;
            }
            draw -= odds;
        }
        Mishap::None
    }
}

/// The cloud and all that was ever asked of it.
pub(super) struct Site {
    pub(super) cloud: sim::Cloud,
    disk: Disk,
    pub(super) journal: PathBuf,
    /// Whether the folder of the state has disappeared once.
    folder_is_gone: bool,
    /// Requests that are on their way for longer, by the time at which they arrive.
    late: Vec<(i64, sim::RawRequest)>,
    /// What was first asked with each token.
    tokens: BTreeMap<String, BTreeMap<String, String>>,
    /// How often each server was asked for, by token, in the order of the tokens' first use.
    asked: Vec<(String, u32)>,
    /// How often each action was asked for that changes something.
    pub(super) changes: BTreeMap<String, u64>,
    /// Data disks that somebody else has taken off a server.
    pub(super) taken_off: BTreeSet<String>,
    /// Ids of which the end was asked for, whether or not it has come.
    pub(super) doomed: BTreeSet<String>,
    /// Somebody else has deleted something, and what went with it.
    pub(super) is_thinned: bool,
    /// The first answer of the action that is always answered so.
    repeated: Option<Vec<u8>>,
    /// How often somebody else was let change what stands around servers.
    pub(super) tampered: u64,
    /// Rules that a request has broken.
    pub(super) broken: Vec<String>,
    /// A fingerprint of everything that happened, in order.
    pub(super) log: Log,
}

/// A running FNV-1a hash of what happened; with words, when somebody wants to read it.
#[derive(Debug, Default)]
pub(super) struct Log {
    hash: u64,
    pub(super) words: Option<Vec<String>>,
}

impl Log {
    pub(super) fn note(&mut self, what: &str) {
        for byte in what.bytes().chain([b'\n']) {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if let Some(words) = &mut self.words {
            words.push(what.to_owned());
        }
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }
}

impl Site {
    pub(super) fn new(options: &sim::Options, disk: Disk, journal: PathBuf) -> Site {
        Site {
            cloud: sim::Cloud::new(options).unwrap(),
            disk,
            journal,
            folder_is_gone: false,
            late: Vec::new(),
            tokens: BTreeMap::new(),
            asked: Vec::new(),
            changes: BTreeMap::new(),
            taken_off: BTreeSet::new(),
            doomed: BTreeSet::new(),
            is_thinned: false,
            repeated: None,
            tampered: 0,
            broken: Vec::new(),
            log: Log::default(),
        }
    }

    /// The folder of the state disappears, with all that is in `.infra`.
    fn lose_folder(&mut self) {
        let root = self.journal.ancestors().nth(2);
        self.disk.remove_folder(root.unwrap());
        self.folder_is_gone = true;
    }

    /// Lets everything arrive that is due.
    pub(super) fn deliver_until(&mut self, now: i64) {
        self.late.sort_by_key(|(at, _)| *at);
        let due = self.late.partition_point(|(at, _)| *at <= now);
        for (at, request) in self.late.drain(..due).collect::<Vec<_>>() {
            let answer = self.cloud.handle(&request, at);
            self.log.note(&format!("{at} arrives late: {}", answer.status));
        }
    }

    /// The cloud answers a request.
    fn handle(&mut self, request: &sim::RawRequest, now: i64) -> sim::RawAnswer {
        self.deliver_until(now);
        self.cloud.handle(request, now)
    }

    /// Counts one more try to make a server: which of the servers it is, and which try.
    fn asked_again(&mut self, token: &str) -> (usize, u32) {
        let known = self.asked.iter().position(|(other, _)| other == token);
        let at = known.unwrap_or_else(|| {
            self.asked.push((token.to_owned(), 0));
            self.asked.len() - 1
        });
        self.asked[at].1 += 1;
        (at, self.asked[at].1)
    }

    /// Checks what must hold for every request that leaves; whether it is one that changes something.
    fn inspect(&mut self, params: &BTreeMap<String, String>) -> bool {
        let action = params.get("Action").map_or("", String::as_str);
        if ["Describe", "List", "Get", "Query"]
            .iter()
            .any(|read| action.starts_with(read))
        {
            return false;
        }
        // A dry run changes nothing: it needs no intent, and may have no token.
        if params.get("DryRun").is_some_and(|text| text == "true") {
            if params.contains_key("ClientToken") {
                self.broken.push(format!("{action}: a dry run with a token"));
            }
            return false;
        }
        *self.changes.entry(action.to_owned()).or_default() += 1;
        let own: BTreeMap<String, String> = params
            .iter()
            .filter(|(name, _)| !COMMON.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if super::meddle::is_end(action) {
            let ids = own.iter().filter(|(name, _)| name.contains("Id"));
            self.doomed.extend(ids.map(|(_, id)| id.clone()));
        }
        if let Some(token) = own.get("ClientToken") {
            let first = self.tokens.entry(token.clone()).or_insert_with(|| own.clone());
            if *first != own {
                self.broken
                    .push(format!("{action}: the token {token} with other parameters"));
            }
        }
        let journal = self.disk.durable(&self.journal);
        // What was begun before the folder disappeared may leave now; the journal that comes again has it.
        if journal.is_none() && self.folder_is_gone {
            return true;
        }
        let journal = journal.unwrap_or_default();
        if !is_intended(&journal, action, &own) {
            self.broken.push(format!(
                "{action} {own:?} was sent without a durable open intent: {}",
                String::from_utf8_lossy(&journal)
            ));
        }
        true
    }
}

/// What every request has, and no intent.
const COMMON: &[&str] = &[
    "Action",
    "Version",
    "Format",
    "AccessKeyId",
    "SignatureMethod",
    "SignatureVersion",
    "SignatureNonce",
    "Signature",
    "Timestamp",
    "SecurityToken",
];

/// Whether a journal has an intent for exactly this request that has no result yet.
fn is_intended(journal: &[u8], action: &str, own: &BTreeMap<String, String>) -> bool {
    let mut open = BTreeMap::new();
    for line in String::from_utf8_lossy(journal).lines() {
        let Some((_, json)) = line.split_once(' ') else {
            continue;
        };
        let Ok(serde_json::Value::Array(records)) = serde_json::from_str(json) else {
            continue;
        };
        for record in records {
            if let Some(intent) = record.get("intent") {
                open.insert(intent["seq"].as_u64(), intent.clone());
            }
            for end in ["done", "failed"] {
                if let Some(end) = record.get(end) {
                    open.remove(&end["seq"].as_u64());
                }
            }
        }
    }
    open.values().any(|intent| {
        let sealed = intent["sealed_params"].as_object();
        intent["action"] == action
            && sealed.is_some_and(|sealed| {
                sealed.len() == own.len()
                    && sealed.iter().all(|(name, value)| {
                        let text = value.as_str().unwrap_or_default();
                        text.starts_with("hmac-sha256:") || own.get(name).map(String::as_str) == Some(text)
                    })
            })
    })
}

/// The network of one run.
pub(super) struct Net {
    pub(super) site: Arc<Mutex<Site>>,
    pub(super) fate: Arc<Fate>,
    pub(super) weather: Weather,
    pub(super) chance: Mutex<Chance>,
    /// Server time when the run began, in milliseconds, and the moment of that.
    pub(super) base: i64,
    pub(super) started: tokio::time::Instant,
}

impl Net {
    fn now(&self) -> i64 {
        self.base + i64::try_from(self.started.elapsed().as_millis()).unwrap()
    }
}

impl Transport for Net {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let Some(number) = self.fate.request() else {
                return std::future::pending().await;
            };
            if let Some(what) = self.fate.meddling(number) {
                super::meddle::meddle(&mut lock(&self.site), self.now(), what);
            }
            if let Some(what) = self.fate.tampering(number) {
                let site = &mut lock(&self.site);
                site.tampered += u64::from(super::tamper::tamper(site, self.now(), what));
            }
            let deadline = tokio::time::Instant::now() + request.timeout;
            let params = super::form(&request.body);
            let mut mishap = self.weather.draw(&mut lock(&self.chance));
            let raw = crate::commands::twin::raw(&request);
            {
                let site = &mut *lock(&self.site);
                let is_change = site.inspect(&params);
                if self.fate.takes_the_folder(number) {
                    site.lose_folder();
                }
                if is_change && self.started.elapsed() < Duration::from_millis(self.weather.dark) {
                    mishap = [Mishap::LostAnswer, Mishap::LostRequest][usize::from(self.weather.deaf)];
                }
                if self.weather.silent_sts && params["Action"] == "GetCallerIdentity" {
                    mishap = Mishap::LostRequest;
                }
                if self.weather.lost_then_throttled > 0
                    && params["Action"] == "CreateInstance"
                    && is_change
                    && let (which, tries) = site.asked_again(&params["ClientToken"])
                    && which < self.weather.lost_then_throttled
                {
                    mishap = match tries {
                        1 => Mishap::LostAnswer,
                        2 => Mishap::Throttled,
                        _ => mishap,
                    };
                }
                if is_change && let Some(seconds) = self.fate.leaves_late() {
                    let at = self.now() + i64::try_from(seconds * 1000).unwrap();
                    site.late.push((at, raw.clone()));
                }
                let (action, now) = (params.get("Action").map_or("", String::as_str), self.now());
                site.log
                    .note(&format!("{now} {number} {action} {mishap:?} {params:?}"));
            }
            if self.fate.is_dead() {
                return std::future::pending().await;
            }
            // Its time is in its signature already.
            if let Some(stillness) = self.fate.stands_still(number) {
                tokio::time::advance(stillness).await;
            }
            tokio::time::sleep(WAY).await;
            if self.fate.is_dead() {
                return std::future::pending().await;
            }
            if self.weather.strict && is_old(&params, self.now()) {
                let date = jiff::Timestamp::from_millisecond(self.now()).unwrap();
                let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
                return Ok(HttpResponse {
                    headers: vec![("date".to_owned(), date)],
                    ..response(400, EXPIRED)
                });
            }
            if let Some((action, code)) = self.weather.refused
                && params["Action"] == action
            {
                let body = format!(r#"{{"RequestId":"0","Code":"{code}","Message":"It cannot be done."}}"#);
                return Ok(response(403, &body));
            }
            let mut answer = match mishap {
                Mishap::LostRequest => {
                    return Err(lost());
                }
                Mishap::ErrorBefore => return Ok(response(503, UNAVAILABLE)),
                Mishap::Throttled => return Ok(response(400, THROTTLED)),
                Mishap::Late(by) => {
                    let at = self.now() + i64::try_from(by).unwrap();
                    lock(&self.site).late.push((at, raw));
                    tokio::time::sleep_until(deadline).await;
                    return Err(lost());
                }
                Mishap::Twice => {
                    let site = &mut *lock(&self.site);
                    let answer = site.handle(&raw, self.now());
                    site.handle(&raw, self.now());
                    answer
                }
                _ => lock(&self.site).handle(&raw, self.now()),
            };
            if let Some((action, field)) = self.weather.lacks
                && params["Action"] == action
            {
                let text = String::from_utf8(answer.body).unwrap();
                answer.body = text
                    .replace(&format!("\"{field}\""), "\"Elsewhere\"")
                    .into_bytes();
            }
            let is_repeated = self
                .weather
                .repeats
                .is_some_and(|action| params["Action"] == action);
            if is_repeated && answer.status == 200 {
                let first = &mut lock(&self.site).repeated;
                answer.body = first.get_or_insert(answer.body).clone();
            }
            let hidden = self.weather.blind;
            if hidden.is_some_and(|begins| params["Action"].starts_with(begins)) {
                answer.body = unseen(&answer.body);
            }
            self.fate.carried_out(number);
            if self.fate.is_dead() {
                return std::future::pending().await;
            }
            match mishap {
                Mishap::LostAnswer => return Err(lost()),
                Mishap::ErrorAfter => return Ok(response(500, "")),
                Mishap::Foreign => return Ok(response(502, "<html><h1>502 Bad Gateway</h1></html>")),
                Mishap::Cut => answer.body.truncate(answer.body.len() / 2),
                Mishap::Slow(by) => tokio::time::sleep(Duration::from_millis(by)).await,
                _ => {}
            }
            if tokio::time::Instant::now() > deadline {
                return Err(lost());
            }
            Ok(HttpResponse {
                status: answer.status,
                headers: answer
                    .headers
                    .iter()
                    .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
                    .collect(),
                body: answer.body,
            })
        })
    }
}

/// An answer that lists nothing.
fn unseen(body: &[u8]) -> Vec<u8> {
    let mut answer: serde_json::Value = serde_json::from_slice(body).unwrap();
    for field in answer.as_object_mut().unwrap().values_mut() {
        let lists = field.as_object_mut().into_iter().flat_map(|one| one.values_mut());
        lists
            .filter_map(serde_json::Value::as_array_mut)
            .for_each(Vec::clear);
    }
    answer["TotalCount"] = 0.into();
    serde_json::to_vec(&answer).unwrap()
}

/// Whether a request was signed more than five minutes ago.
fn is_old(params: &BTreeMap<String, String>, now: i64) -> bool {
    let signed: jiff::Timestamp = params["Timestamp"].parse().unwrap();
    now - signed.as_millisecond() > 300_000
}

const EXPIRED: &str = r#"{"RequestId":"0","Code":"InvalidTimeStamp.Expired","Message":"Specified time stamp or date value is expired."}"#;
const UNAVAILABLE: &str = r#"{"RequestId":"0","Code":"ServiceUnavailable","Message":"The request has failed due to a temporary failure of the server."}"#;
const THROTTLED: &str =
    r#"{"RequestId":"0","Code":"Throttling.User","Message":"Request was denied due to user flow control."}"#;

fn response(status: u16, body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    }
}

fn lost() -> TransportError {
    TransportError {
        sent: Sent::Perhaps,
        message: "the connection was closed before there was an answer".to_owned(),
    }
}
