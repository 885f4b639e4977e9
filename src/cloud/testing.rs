//! A small world for tests: told time, seeded chance, a transport that answers from a script.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize as _, Deserializer};

use super::{Decode, lock};
use crate::env::{
    AppendFile, BoxFuture, Clock, Env, FileKind, FileLock, FileSystem, HttpRequest, HttpResponse, Random,
    Sent, SystemSignals, Terminal, Transport, TransportError,
};
use crate::event::{Event, Listener};
use crate::sim;

pub(crate) const ACCESS_KEY_ID: &str = "LTAIcanaryid";
pub(crate) const ACCESS_KEY_SECRET: &str = "canary-secret";

/// Everything ambient, as a test wants it.
#[derive(Clone)]
pub(crate) struct World {
    clock: Arc<TestClock>,
    pub(crate) net: Arc<Net>,
    pub(crate) events: Arc<Events>,
    pub(crate) vars: BTreeMap<String, String>,
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
}

impl World {
    pub(crate) fn new() -> World {
        World {
            clock: Arc::new(TestClock {
                started: tokio::time::Instant::now(),
            }),
            net: Arc::default(),
            events: Arc::default(),
            vars: BTreeMap::new(),
            files: BTreeMap::new(),
        }
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }

    /// Puts credentials into the environment.
    pub(crate) fn with_credentials(mut self) -> World {
        for (name, value) in [
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", ACCESS_KEY_ID),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ACCESS_KEY_SECRET),
        ] {
            self.vars.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    pub(crate) fn env(&self) -> Env {
        Env {
            vars: self.vars.clone(),
            cwd: PathBuf::from("/project"),
            terminal: Terminal::default(),
            clock: self.clock(),
            random: Arc::new(Seeded(Mutex::new(1))),
            fs: Arc::new(Files(self.files.clone())),
            transport: Arc::clone(&self.net) as Arc<dyn Transport>,
            signals: Arc::new(SystemSignals),
        }
    }
}

/// Follows the runtime's clock, which tests pause.
struct TestClock {
    started: tokio::time::Instant,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.elapsed()).unwrap();
        Timestamp::from_second(1_800_000_000).unwrap() + elapsed
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The same numbers every time (xorshift).
struct Seeded(Mutex<u64>);

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = lock(&self.0);
        for byte in bytes {
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            *byte = state.to_le_bytes()[3];
        }
    }
}

/// The simulator as a network: no socket, no time of its own, every signature checked by a stranger.
pub(crate) struct Simulated {
    cloud: Mutex<sim::Cloud>,
    clock: Arc<dyn Clock>,
    /// How far the server's clock is from the machine's.
    offset: SignedDuration,
}

impl Simulated {
    pub(crate) fn new(world: &World, offset: SignedDuration, options: sim::Options) -> Simulated {
        let options = sim::Options {
            key_pairs: vec![sim::KeyPair::new(ACCESS_KEY_ID, ACCESS_KEY_SECRET)],
            ..options
        };
        Simulated {
            cloud: Mutex::new(sim::Cloud::new(&options).unwrap()),
            clock: world.clock(),
            offset,
        }
    }

    /// What the simulator has counted.
    pub(crate) fn stats(&self) -> serde_json::Value {
        serde_json::from_str(&lock(&self.cloud).stats_json()).unwrap()
    }

    /// Everything that exists.
    pub(crate) fn world(&self) -> serde_json::Value {
        let now = self.now();
        serde_json::from_str(&lock(&self.cloud).world_json(now)).unwrap()
    }

    fn now(&self) -> i64 {
        (self.clock.now() + self.offset).as_millisecond()
    }
}

impl Transport for Simulated {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            // The way there and the way back take ten milliseconds each.
            tokio::time::sleep(Duration::from_millis(10)).await;
            let host = request.url.trim_start_matches("https://").trim_end_matches('/');
            let mut headers = vec![("host".to_owned(), host.to_owned())];
            headers.extend(
                request
                    .headers
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value)),
            );
            let raw = sim::RawRequest {
                method: request.method.to_owned(),
                target: "/".to_owned(),
                headers,
                body: request.body,
            };
            let answer = lock(&self.cloud).handle(&raw, self.now());
            let delay = Duration::from_millis(answer.delay_ms);
            if delay >= request.timeout {
                tokio::time::sleep(request.timeout).await;
                return Err(lost("no answer in time"));
            }
            tokio::time::sleep(delay + Duration::from_millis(10)).await;
            match answer.delivery {
                sim::Delivery::Drop => Err(lost("connection closed")),
                sim::Delivery::Send => Ok(HttpResponse {
                    status: answer.status,
                    headers: answer
                        .headers
                        .iter()
                        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_string()))
                        .collect(),
                    body: answer.body,
                }),
            }
        })
    }
}

fn lost(message: &str) -> TransportError {
    TransportError {
        sent: Sent::Perhaps,
        message: message.to_owned(),
    }
}

/// The parameters of a request, as a server would read them.
pub(crate) type Params = BTreeMap<String, String>;

type Script = Box<dyn FnMut(&Params) -> Exchange + Send>;

/// How an exchange goes: how long it takes, and what comes back.
pub(crate) struct Exchange {
    pub(crate) takes: Duration,
    pub(crate) answer: Result<HttpResponse, TransportError>,
}

/// A network that answers from a script and keeps what was sent.
#[derive(Default)]
pub(crate) struct Net {
    script: Mutex<Option<Script>>,
    pub(crate) sent: Mutex<Vec<(HttpRequest, Params)>>,
}

impl Net {
    pub(crate) fn answer_with(&self, script: impl FnMut(&Params) -> Exchange + Send + 'static) {
        *lock(&self.script) = Some(Box::new(script));
    }

    pub(crate) fn params(&self) -> Vec<Params> {
        lock(&self.sent)
            .iter()
            .map(|(_, params)| params.clone())
            .collect()
    }
}

impl Transport for Net {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let params = decode(&String::from_utf8(request.body.clone()).unwrap());
        lock(&self.sent).push((request, params.clone()));
        let exchange = lock(&self.script).as_mut().expect("the test has a script")(&params);
        Box::pin(async move {
            tokio::time::sleep(exchange.takes).await;
            exchange.answer
        })
    }
}

fn decode(form: &str) -> Params {
    let text = |encoded: &str| {
        let mut bytes = Vec::new();
        let mut rest = encoded.bytes();
        while let Some(byte) = rest.next() {
            if byte == b'%' {
                let pair = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap());
            } else {
                bytes.push(byte);
            }
        }
        String::from_utf8(bytes).unwrap()
    };
    form.split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

/// Items of a list as they are; the field that tells them apart.
pub(crate) struct Trees(pub(crate) &'static str);

impl Decode for Trees {
    type Item = serde_json::Value;

    fn item<'de, D: Deserializer<'de>>(&self, item: D) -> Result<(String, serde_json::Value), D::Error> {
        let item = serde_json::Value::deserialize(item)?;
        let id = item[self.0].as_str().unwrap_or_default().to_owned();
        Ok((id, item))
    }
}

/// Keeps events.
#[derive(Default)]
pub(crate) struct Events(pub(crate) Mutex<Vec<Event>>);

impl Listener for Events {
    fn event(&self, event: &Event) {
        lock(&self.0).push(event.clone());
    }
}

/// Files that are only read.
struct Files(BTreeMap<PathBuf, Vec<u8>>);

impl FileSystem for Files {
    fn read(&self, path: &Path, _limit: u64) -> io::Result<Vec<u8>> {
        self.0
            .get(path)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, _folder: &Path) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn kind(&self, _path: &Path) -> io::Result<Option<FileKind>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn real_path(&self, _path: &Path) -> io::Result<PathBuf> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn create_folder(&self, _folder: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn write_new(&self, _path: &Path, _bytes: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn open_append(&self, _path: &Path) -> io::Result<Box<dyn AppendFile>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn rename(&self, _from: &Path, _to: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn hard_link(&self, _from: &Path, _to: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn remove(&self, _path: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync_folder(&self, _folder: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn try_lock(&self, _path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
