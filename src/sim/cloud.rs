//! The whole simulated cloud as a synchronous, deterministic machine: a raw request and the time go in, a raw answer
//! comes out. The same seed and the same requests at the same times give the same bytes. Does not read clocks, does
//! not draw random numbers, does not know sockets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::actions;
use super::actions::load::{LoadError, load};
use super::catalogue::{Catalogue, CatalogueError};
use super::clock::{LifeClock, Now, UnixMillis, http_date};
use super::control;
use super::faults::{FaultSpec, Faults};
use super::gates;
use super::lately::Lately;
use super::nonces::Nonces;
use super::options::{AccountLimits, KeyPair, Options, Quota, Scenario, SoldOut};
use super::recording::{self, Begin, Recorder, Told, What};
use super::seed::{Numbers, mix};
use super::stale::Stale;
use super::stats::Stats;
use super::store::{Store, StoreError};
use super::trouble::Trouble;
use super::wire::{RawAnswer, RawRequest};
use super::world::World;

/// How long another process may hold the data folder before starting fails.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
/// Twice the signature's tolerance: a nonce cannot come again with a timestamp that is still good.
const NONCE_MEMORY_MS: i64 = 30 * 60 * 1000;

/// The simulated cloud, for driving in process. [`super::Server`] is the same over HTTP.
#[derive(Debug)]
pub struct Cloud {
    pub(super) settings: Settings,
    pub(super) keys: Vec<KeyPair>,
    /// Whether whoever asks on this machine may have the key pair: it was made up and is good nowhere else.
    pub(super) offers_key: bool,
    /// By access key id.
    pub(super) accounts: BTreeMap<String, World>,
    /// What reads that lag behind see.
    pub(super) stale: Stale,
    pub(super) clock: LifeClock,
    pub(super) nonces: Nonces,
    pub(super) faults: Faults,
    pub(super) quotas: Quotas,
    pub(super) stats: Stats,
    /// The last requests, for the page.
    pub(super) lately: Lately,
    /// How many requests came; with the time it makes their ids.
    requests: u64,
    store: Option<Store>,
    recorder: Option<Recorder>,
    /// Set when the disk refused: what is in memory may no longer be what is kept.
    broken: bool,
}

/// Why a recording cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Something exists already: what is replayed begins with an empty cloud.
    #[error("a recording begins with an empty cloud, and this one is not empty")]
    NotFresh,
    /// The begin cannot be written.
    #[error("the recording cannot be written")]
    Io(#[source] std::io::Error),
}

/// What the actions may ask about how the cloud was set up.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) region: String,
    pub(super) latency_ms: i64,
    pub(super) read_lag_ms: i64,
    pub(super) token_lifetime_ms: i64,
    pub(super) sold_out: Vec<SoldOut>,
    pub(super) troubles: Vec<Trouble>,
    pub(super) account: AccountLimits,
    pub(super) catalogue: Arc<Catalogue>,
    /// Counts changes of the catalogue.
    pub(super) offer_version: u64,
    /// The texts that were added to the standard one.
    pub(super) catalogues: Vec<String>,
    pub(super) allow_remote: bool,
    /// Everything is in stock, and no account has limits: so it is for what is loaded, which is there already.
    boundless: bool,
    seed: u64,
}

impl Settings {
    /// Whether a type can be had in a zone now.
    pub(super) fn is_stocked(&self, instance_type: &str, zone: &str) -> bool {
        let stocked = || {
            self.catalogue.is_stocked(instance_type, zone)
                && !self
                    .sold_out
                    .iter()
                    .any(|sold_out| sold_out.covers(instance_type, zone))
        };
        self.boundless || stocked()
    }

    /// What an account may have and pay; nothing limits what comes from elsewhere.
    pub(super) fn limits(&self) -> Option<AccountLimits> {
        (!self.boundless).then_some(self.account)
    }

    /// The same for things that come from elsewhere.
    pub(super) fn for_loading(&self) -> Self {
        Self {
            boundless: true,
            troubles: Vec::new(),
            ..self.clone()
        }
    }

    /// What can be told at run time, as `GET /_sim/settings` shows it.
    pub(super) fn to_json(&self) -> String {
        let sold_out: Vec<String> = self.sold_out.iter().map(ToString::to_string).collect();
        let troubles: Vec<String> = self.troubles.iter().map(ToString::to_string).collect();
        serde_json::json!({
            "region": self.region,
            "latency": format!("{}ms", self.latency_ms),
            "read_lag": format!("{}ms", self.read_lag_ms),
            "token_life": format!("{}ms", self.token_lifetime_ms),
            "sold_out": sold_out,
            "troubles": troubles,
            "account": self.account,
            "instance_types": self.catalogue.instance_types().count(),
            "images": self.catalogue.images().len(),
        })
        .to_string()
    }

    /// Adds to the catalogue, or replaces entries.
    ///
    /// # Errors
    /// When the text is not a catalogue.
    pub(super) fn add_to_catalogue(&mut self, text: &str) -> Result<(), CatalogueError> {
        let mut catalogue = (*self.catalogue).clone();
        catalogue.add(text)?;
        self.catalogue = Arc::new(catalogue);
        self.offer_version += 1;
        self.catalogues.push(text.to_owned());
        Ok(())
    }

    /// Puts these texts in the place of all that were added.
    ///
    /// # Errors
    /// When one of them is not a catalogue; nothing is changed then.
    pub(super) fn set_catalogues(&mut self, texts: Vec<String>) -> Result<(), CatalogueError> {
        let mut catalogue = (*Catalogue::standard()).clone();
        texts.iter().try_for_each(|text| catalogue.add(text))?;
        self.catalogue = Arc::new(catalogue);
        self.offer_version += 1;
        self.catalogues = texts;
        Ok(())
    }
}

/// One line of the log.
#[derive(Serialize, Deserialize)]
struct Line {
    account: String,
    /// 0 before the first request.
    real: UnixMillis,
    life: i64,
    made: u64,
    /// In the first line of an account: whose it is, and what its ids follow from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restored: Option<(String, u64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    nonces: Vec<(UnixMillis, String)>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tables: BTreeMap<String, serde_json::Value>,
}

impl Cloud {
    /// A cloud as told, read back from its folder when it has one.
    ///
    /// # Errors
    /// When the folder is held by another process for ten seconds, cannot be read, or holds a damaged log.
    pub fn new(options: &Options) -> Result<Self, StoreError> {
        let mut settings = Settings {
            region: options.region.clone(),
            latency_ms: i64::try_from(options.latency.as_millis()).unwrap_or(i64::MAX),
            read_lag_ms: i64::try_from(options.read_lag.as_millis()).unwrap_or(i64::MAX),
            token_lifetime_ms: i64::try_from(options.token_lifetime.as_millis()).unwrap_or(i64::MAX),
            sold_out: options.sold_out.clone(),
            troubles: options.troubles.clone(),
            account: options.account,
            catalogue: Catalogue::standard(),
            offer_version: 0,
            catalogues: Vec::new(),
            allow_remote: options.allow_remote,
            boundless: options.boundless,
            seed: options.seed.unwrap_or(0),
        };
        for text in &options.catalogues {
            settings.add_to_catalogue(text)?;
        }
        let mut faults = options.faults.clone();
        match options.scenario {
            Scenario::Calm => {}
            Scenario::Laggy => settings.read_lag_ms = settings.read_lag_ms.max(5_000),
            Scenario::SoldOut => {
                settings.sold_out.push(SoldOut {
                    instance_type: "*".to_owned(),
                    zone: "*".to_owned(),
                });
            }
            Scenario::Rough => {
                faults.extend(
                    ["*:throttle%10", "*:5xx%2", "*:drop-answer%1"]
                        .iter()
                        .filter_map(|spec| spec.parse().ok()),
                );
            }
        }
        let mut cloud = Self {
            accounts: options
                .key_pairs
                .iter()
                .map(|pair| {
                    (
                        pair.id.clone(),
                        World::new(actions::kinds(), settings.seed, account_id(&pair.id)),
                    )
                })
                .collect(),
            keys: options.key_pairs.clone(),
            offers_key: false,
            stale: Stale::default(),
            clock: LifeClock::new(options.speed),
            nonces: Nonces::default(),
            faults: Faults::new(settings.seed, faults),
            quotas: Quotas::new(options.quotas.clone()),
            stats: Stats::default(),
            lately: Lately::default(),
            requests: 0,
            store: None,
            recorder: None,
            broken: false,
            settings,
        };
        if let Some(folder) = &options.data {
            let (store, lines) = Store::open(folder, LOCK_PATIENCE)?;
            let mut known = BTreeSet::new();
            for (index, line) in lines.iter().enumerate() {
                let account = cloud.replay(line).map_err(|_| StoreError::Damaged {
                    path: folder.join("cloud.log"),
                    line: index + 1,
                })?;
                known.extend(account);
            }
            for world in cloud.accounts.values_mut() {
                world.rebuild();
                world.track();
            }
            cloud.store = Some(store);
            let (real, life) = cloud.clock.last().unwrap_or_default();
            if cloud.accounts.keys().all(|key| known.contains(key)) {
                cloud.compact(real, life)?;
            } else {
                // What the ids of an account follow from is kept from its first moment on.
                cloud.rewrite(real, life)?;
            }
        }
        Ok(cloud)
    }

    /// Takes in a line of the log; says whose cloud it begins, if it begins one.
    fn replay(&mut self, line: &str) -> Result<Option<String>, serde_json::Error> {
        let line: Line = serde_json::from_str(line)?;
        let seed = self.settings.seed;
        // Clouds of keys that are not served now are kept for the day they are again.
        let world = self
            .accounts
            .entry(line.account.clone())
            .or_insert_with(|| World::new(actions::kinds(), seed, account_id(&line.account)));
        let begins = line.restored.is_some().then_some(line.account);
        if let Some((account_id, seed)) = line.restored {
            *world = World::restored(actions::kinds(), seed, account_id);
        }
        world.replay(line.tables, line.made)?;
        if line.real > 0 {
            self.clock.resume(line.real, line.life);
        }
        for (at, nonce) in line.nonces {
            let nonce = u128::from_str_radix(&nonce, 16).map_err(serde::de::Error::custom)?;
            self.nonces.note(nonce, at);
        }
        self.nonces.all_are_written();
        Ok(begins)
    }

    /// Answers one request. With a data folder, what it changed is on disk when this returns.
    pub fn handle(&mut self, request: &RawRequest, now: UnixMillis) -> RawAnswer {
        let (answer, changed) = self.handle_deferred(request, now);
        if changed && !self.sync() {
            return self.broken_answer(now);
        }
        answer
    }

    /// Answers one request; the answer must not leave before a sync of the log when the flag says that it changed
    /// something.
    pub(super) fn handle_deferred(&mut self, request: &RawRequest, now: UnixMillis) -> (RawAnswer, bool) {
        if self.broken {
            return (self.broken_answer(now), false);
        }
        let times = self.clock.at(now);
        self.nonces.forget_before(now - NONCE_MEMORY_MS);
        let mut passage = gates::pass(self, request, times);
        let told = passage.told.take();
        let what = told.map_or(What::Unbelieved(passage.answer.status), What::Request);
        if !self.record(now, what) {
            return (self.broken_answer(now), false);
        }
        self.settle_passage(passage, request.target.len() + request.body.len(), now, times)
    }

    /// Answers a recorded request as it was answered then, if nothing has changed.
    pub(super) fn handle_again(&mut self, told: &Told, now: UnixMillis) -> RawAnswer {
        let times = self.clock.at(now);
        let passage = gates::pass_again(self, told, times);
        self.settle_passage(passage, 0, now, times).0
    }

    fn settle_passage(
        &mut self,
        passage: gates::Passage,
        received: usize,
        now: UnixMillis,
        times: Now,
    ) -> (RawAnswer, bool) {
        let mut answer = passage.answer;
        answer.headers.push(("Date".to_owned(), http_date(now)));
        answer.delay_ms += u64::try_from(self.settings.latency_ms).unwrap_or(0);
        self.stats.bytes(received, answer.body.len());
        let Some(account) = passage.account else {
            return (answer, false);
        };
        match self.log(&account, now, times.life, passage.may_change) {
            Ok(changed) => (answer, changed),
            Err(_) => (self.broken_answer(now), false),
        }
    }

    /// Begins a recording of everything that comes from now on. What stands for secrets in it follows from `key`,
    /// which must be nobody's and is kept nowhere.
    ///
    /// # Errors
    /// When something exists already, or the begin cannot be written.
    pub fn record_to(&mut self, out: Box<dyn Write + Send>, key: [u8; 32]) -> Result<(), RecordError> {
        if self.requests > 0 || self.accounts.values().any(|world| world.made() > 0) {
            return Err(RecordError::NotFresh);
        }
        let settings = &self.settings;
        let millis = |millis: i64| u64::try_from(millis).unwrap_or(0);
        let begin = Begin {
            infra_sim_recording: recording::FORMAT,
            seed: settings.seed,
            region: settings.region.clone(),
            speed: self.clock.speed().to_string(),
            latency_ms: millis(settings.latency_ms),
            read_lag_ms: millis(settings.read_lag_ms),
            token_life_ms: millis(settings.token_lifetime_ms),
            sold_out: settings.sold_out.iter().map(ToString::to_string).collect(),
            troubles: settings.troubles.iter().map(ToString::to_string).collect(),
            catalogues: settings.catalogues.clone(),
            quotas: self.quotas.rules.iter().map(ToString::to_string).collect(),
            faults: self.faults.shown(),
            access_key_ids: self.keys.iter().map(|key| key.id.clone()).collect(),
            account: settings.account,
        };
        self.recorder = Some(Recorder::new(out, key, &begin).map_err(RecordError::Io)?);
        Ok(())
    }

    pub(super) fn is_recorded(&self) -> bool {
        self.recorder.is_some()
    }

    /// Adds to the recording, if there is one; `false` when it cannot be written.
    pub(super) fn record(&mut self, now: UnixMillis, what: What) -> bool {
        let done = match &mut self.recorder {
            Some(recorder) => recorder.note(now, what).is_ok(),
            None => true,
        };
        self.broken |= !done;
        done
    }

    /// Time passes without a request.
    pub(super) fn pass_until(&mut self, now: UnixMillis) {
        self.clock.at(now);
    }

    /// A request came whose sender was not believed: it only counts.
    pub(super) fn count_unbelieved(&mut self, now: UnixMillis) {
        self.clock.at(now);
        let _ = self.next_request_id(now);
    }

    /// Writes what the last request changed; says whether that was anything.
    fn log(
        &mut self,
        account: &str,
        now: UnixMillis,
        life: i64,
        may_change: bool,
    ) -> Result<bool, StoreError> {
        let Some(store) = &mut self.store else {
            return Ok(false);
        };
        let Some(world) = self.accounts.get_mut(account) else {
            return Ok(false);
        };
        // What only time has changed follows again from what is kept, so reads leave it for the next change.
        let Some(tables) = (if may_change { world.take_changes() } else { None }) else {
            return Ok(false);
        };
        let nonces = self.nonces.take_unwritten();
        let line = line_text(account, (now, life), (None, world.made()), &nonces, &tables);
        let written = store.append(&line).and_then(|()| self.compact(now, life));
        self.broken |= written.is_err();
        written.map(|()| true)
    }

    /// Writes the log anew when most of it is history.
    fn compact(&mut self, now: UnixMillis, life: i64) -> Result<(), StoreError> {
        match &self.store {
            Some(store) if store.is_bloated() => self.rewrite(now, life),
            _ => Ok(()),
        }
    }

    /// Writes the log anew.
    fn rewrite(&mut self, now: UnixMillis, life: i64) -> Result<(), StoreError> {
        let Some(store) = &mut self.store else {
            return Ok(());
        };
        self.nonces.all_are_written();
        store.rewrite(&snapshot(&mut self.accounts, &self.nonces, now, life))
    }

    /// Syncs the log to disk; `false` when the disk refuses.
    fn sync(&mut self) -> bool {
        let done = match self.log_handle() {
            Some(Ok(file)) => file.sync_data().is_ok(),
            Some(Err(_)) => false,
            None => true,
        };
        self.broken |= !done;
        done
    }

    /// A handle to sync the log with; `None` without a data folder.
    pub(super) fn log_handle(&self) -> Option<Result<File, StoreError>> {
        self.store.as_ref().map(Store::handle)
    }

    /// From now on every request is answered with an error: the disk refused.
    pub(super) fn break_down(&mut self) {
        self.broken = true;
    }

    pub(super) fn broken_answer(&mut self, now: UnixMillis) -> RawAnswer {
        let mut answer = gates::plain_refusal("InternalError", &self.next_request_id(now));
        answer.headers.push(("Date".to_owned(), http_date(now)));
        answer
    }

    /// A request of the control plane, `/` or `/_sim/...`; `None` when it is not one.
    pub fn control(&mut self, request: &RawRequest, now: UnixMillis) -> Option<RawAnswer> {
        control::respond(self, request, now)
    }

    /// Forgets everything that exists, also on disk; keys and faults stay.
    pub(super) fn reset(&mut self, now: UnixMillis) -> Result<(), StoreError> {
        self.stats = Stats::default();
        self.quotas.clear();
        self.replace_worlds(BTreeMap::new(), now)
    }

    /// Puts a cloud in the place of one account's, also on disk.
    pub(super) fn replace_world(
        &mut self,
        account: &str,
        mut world: World,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        if self.store.is_some() {
            world.track();
        }
        self.accounts.insert(account.to_owned(), world);
        let life = self.clock.at(now).life;
        self.rewrite(now, life)
    }

    /// Loads things in the shape of the vendor's answers, as `POST /_sim/load` does, and says how many.
    ///
    /// # Errors
    /// When the text has another form, or an item cannot be held; nothing is loaded then.
    pub fn load(&mut self, body: &str, now: UnixMillis) -> Result<usize, LoadError> {
        load(self, body, now)
    }

    /// Puts these clouds in the place of everything that exists, also on disk; an account without one begins anew.
    pub(super) fn replace_worlds(
        &mut self,
        mut worlds: BTreeMap<String, World>,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        self.stale = Stale::default();
        for (key, world) in &mut self.accounts {
            *world = worlds
                .remove(key)
                .unwrap_or_else(|| World::new(actions::kinds(), self.settings.seed, account_id(key)));
            if self.store.is_some() {
                world.track();
            }
        }
        let life = self.clock.at(now).life;
        self.rewrite(now, life)
    }

    /// An id that no other request has, also after a restart.
    pub(super) fn next_request_id(&mut self, now: UnixMillis) -> String {
        self.requests += 1;
        Numbers::new(mix(self.settings.seed ^ self.requests) ^ mix(now as u64)).uuid()
    }

    /// Adds a fault, as `POST /_sim/faults` does.
    pub fn add_fault(&mut self, fault: FaultSpec) {
        self.faults.add(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// What contradicts itself in any account, for tests; empty when all is well.
    pub fn check(&mut self) -> Vec<String> {
        self.accounts.values().flat_map(World::check).collect()
    }

    /// Everything that exists as JSON, the body of `GET /_sim/world`.
    pub fn world_json(&mut self, now: UnixMillis) -> String {
        self.record(now, What::Look(()));
        let times = self.clock.at(now);
        let worlds: Vec<String> = self
            .accounts
            .values_mut()
            .map(|world| {
                world.settle(times);
                world.picture()
            })
            .collect();
        format!("{{\"accounts\":[{}]}}", worlds.join(","))
    }

    /// What others need to reach it, the body of `GET /_sim/env`.
    pub(super) fn env_json(&self) -> String {
        let key = self.keys.first();
        serde_json::json!({
            "region": self.settings.region,
            "access_key_id": key.map(|key| &key.id),
            "access_key_secret": key.filter(|_| self.offers_key).map(|key| &key.secret),
        })
        .to_string()
    }

    /// What the servers of all accounts cost with their disks, by id in thousandths of a yuan for an hour, the body of
    /// `GET /_sim/costs`.
    pub(super) fn costs_json(&self) -> String {
        let costs: BTreeMap<&str, i64> = self
            .accounts
            .values()
            .flat_map(|world| actions::price::costs(world, &self.settings.catalogue))
            .collect();
        serde_json::json!(costs).to_string()
    }

    /// Counts since the start as JSON, the body of `GET /_sim/stats`.
    pub fn stats_json(&self) -> String {
        self.stats.to_json()
    }
}

fn snapshot(
    accounts: &mut BTreeMap<String, World>,
    nonces: &Nonces,
    now: UnixMillis,
    life: i64,
) -> Vec<String> {
    let mut own = nonces.all();
    accounts
        .iter_mut()
        .map(|(account, world)| {
            // What waits to be written is part of the whole.
            world.take_changes();
            // Nonces belong to no cloud; the first line holds them all.
            let nonces = std::mem::take(&mut own);
            let restored = Some((world.account_id.as_str(), world.seed()));
            line_text(
                account,
                (now, life),
                (restored, world.made()),
                &nonces,
                &world.everything(),
            )
        })
        .collect()
}

fn line_text(
    account: &str,
    (real, life): (UnixMillis, i64),
    (restored, made): (Option<(&str, u64)>, u64),
    nonces: &[(UnixMillis, String)],
    tables: &str,
) -> String {
    let mut line = serde_json::json!({
        "account": account, "real": real, "life": life, "restored": restored, "made": made, "nonces": nonces,
    })
    .to_string();
    line.pop();
    line.push_str(",\"tables\":");
    line.push_str(tables);
    line.push('}');
    line
}

/// The account that a key belongs to: sixteen digits that follow from the key's id.
fn account_id(access_key_id: &str) -> String {
    let number = access_key_id
        .bytes()
        .fold(17, |number, byte| mix(number ^ u64::from(byte)));
    format!("1{:015}", number % 1_000_000_000_000_000)
}

/// Calls counted in fixed windows, for each account, region and API on its own.
#[derive(Debug)]
pub(super) struct Quotas {
    rules: Vec<Quota>,
    counts: HashMap<(String, String, String), (i64, u32)>,
}

impl Quotas {
    fn new(rules: Vec<Quota>) -> Self {
        Self {
            rules,
            counts: HashMap::new(),
        }
    }

    fn clear(&mut self) {
        self.counts.clear();
    }

    /// Counts a call and says whether it is within its quota. Over the limit, calls open again in the next window.
    pub(super) fn admit(&mut self, account: &str, region: &str, action: &str, now: UnixMillis) -> bool {
        let rule = self
            .rules
            .iter()
            .find(|rule| rule.action == action)
            .or_else(|| self.rules.iter().find(|rule| rule.action == "*"));
        let Some(rule) = rule else { return true };
        let window = now.div_euclid(i64::from(rule.window_s) * 1000);
        let key = (account.to_owned(), region.to_owned(), action.to_owned());
        let count = self.counts.entry(key).or_insert((window, 0));
        if count.0 != window {
            *count = (window, 0);
        }
        count.1 = count.1.saturating_add(1);
        count.1 <= rule.calls
    }
}
