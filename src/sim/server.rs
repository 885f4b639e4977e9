//! The cloud behind a socket: HTTP on a thread of its own, group commit of the log. The only place of the simulator
//! that reads clocks and draws random numbers. Does not know the API.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{oneshot, watch};

use super::clock::UnixMillis;
use super::cloud::{Cloud, RecordError};
use super::connections::{Connections, Pulse, Watched};
use super::control;
use super::options::{KeyPair, Limits, Options};
use super::store::StoreError;
use super::tls::Identity;
use super::wire::{Delivery, RawAnswer, RawRequest};

/// The largest request body that is read; user data of 32 KiB is the largest legitimate part.
const BODY_BYTES_MAX: usize = 4 << 20;

/// The largest body for the control plane: a snapshot of a large cloud.
const CONTROL_BODY_BYTES_MAX: usize = 1 << 30;

/// Why a simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is not loopback, and `allow_remote` is not set.
    #[error(
        "{address} is not a loopback address; the simulator is for this machine only unless --allow-remote is given"
    )]
    NotLoopback {
        /// The address asked for.
        address: IpAddr,
    },
    /// The region is not one that is served.
    #[error("there is no region `{region}`")]
    UnknownRegion {
        /// The region asked for.
        region: String,
    },
    /// The socket cannot be opened.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// A file cannot be written, or a thread cannot be started.
    #[error("cannot {doing}")]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// A recording cannot begin.
    #[error(transparent)]
    Record(RecordError),
    /// The cloud on disk cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StartError {
    /// Whether another process serves the same folder.
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Store(StoreError::Locked { .. }))
    }
}

/// A running simulator; it stops when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    key_pairs: Vec<KeyPair>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts serving; when this returns, connections are accepted.
    ///
    /// # Errors
    /// When the address may not or cannot be listened on, or the data folder cannot be used. Blocks up to ten seconds
    /// while another process holds the folder.
    pub fn start(mut options: Options) -> Result<Self, StartError> {
        let address = options.listen;
        if !options.allow_remote && !address.ip().is_loopback() {
            return Err(StartError::NotLoopback {
                address: address.ip(),
            });
        }
        if super::catalogue::find_region(&options.region).is_none() {
            return Err(StartError::UnknownRegion {
                region: options.region,
            });
        }
        let mut made_up = false;
        if options.key_pairs.is_empty() {
            options.key_pairs.push(own_key_pair(options.data.as_deref())?);
            made_up = true;
        }
        if options.seed.is_none() {
            options.seed = Some(uuid::Uuid::new_v4().as_u64_pair().0);
        }
        let mut cloud = Cloud::new(&options)?;
        cloud.offers_key = made_up;
        if let Some(path) = &options.record {
            record(&mut cloud, path)?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| StartError::Io {
                doing: "start the simulator's runtime",
                source,
            })?;
        let listener = {
            let _entered = runtime.enter();
            listen(address).map_err(|source| StartError::Listen { address, source })?
        };
        let address = listener
            .local_addr()
            .map_err(|source| StartError::Listen { address, source })?;
        let (stop, stopped) = oneshot::channel();
        let limits = options.limits;
        let site = Site::new(cloud)?;
        if let Some(path) = &options.ca_out {
            site.identity()
                .ok_or_else(|| io::Error::other("no certificate could be made"))
                .and_then(|identity| std::fs::write(path, &identity.authority))
                .map_err(|source| StartError::Io {
                    doing: "write the certificate of the authority",
                    source,
                })?;
        }
        let thread = std::thread::Builder::new()
            .name("infra-sim".to_owned())
            .spawn(move || {
                runtime.block_on(async move {
                    tokio::select! {
                        () = accept(listener, site, Connections::new(limits)) => {}
                        _ = stopped => {}
                    }
                });
            })
            .map_err(|source| StartError::Io {
                doing: "start the simulator's thread",
                source,
            })?;
        Ok(Self {
            address,
            key_pairs: options.key_pairs,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens, with the port that was picked.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The keys that may sign; one generated pair when none was given.
    pub fn key_pairs(&self) -> &[KeyPair] {
        &self.key_pairs
    }

    /// Stops it and waits until it has.
    pub fn shutdown(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Begins a recording in a new file: there is nothing that it could overwrite.
fn record(cloud: &mut Cloud, path: &Path) -> Result<(), StartError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|source| StartError::Io {
        doing: "make the file of the recording",
        source,
    })?;
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| StartError::Io {
        doing: "draw random numbers",
        source: io::Error::other(error),
    })?;
    cloud.record_to(Box::new(file), key).map_err(StartError::Record)
}

/// A generated key pair; with a data folder it is kept there, so that the same account is found again.
fn own_key_pair(folder: Option<&Path>) -> Result<KeyPair, StartError> {
    let random = || uuid::Uuid::new_v4().simple().to_string();
    let fresh = || (format!("LTAIsim{}", &random()[..17]), random()[..30].to_owned());
    let Some(folder) = folder else {
        let (id, secret) = fresh();
        return Ok(KeyPair::new(id, secret));
    };
    let path: PathBuf = folder.join("key");
    let io = |doing| move |source| StartError::Io { doing, source };
    super::folder::prepare(folder)?;
    if let Some(pair) = read_key_pair(&path) {
        return Ok(pair);
    }
    let (id, secret) = fresh();
    // Another process may be doing the same: whoever links first has made the pair for both.
    let draft = folder.join(format!("key.{}", random()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let linked = options
        .open(&draft)
        .and_then(|mut file| io::Write::write_all(&mut file, format!("{id}\n{secret}\n").as_bytes()))
        .and_then(|()| std::fs::hard_link(&draft, &path));
    let _ = std::fs::remove_file(&draft);
    match linked {
        Ok(()) => Ok(KeyPair::new(id, secret)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_key_pair(&path)
            .ok_or_else(|| io("read the kept key pair")(io::Error::from(io::ErrorKind::InvalidData))),
        Err(error) => Err(io("keep the generated key pair")(error)),
    }
}

fn read_key_pair(path: &Path) -> Option<KeyPair> {
    let text = std::fs::read_to_string(path).ok()?;
    let (id, secret) = text.trim_end().split_once('\n')?;
    Some(KeyPair::new(id, secret))
}

/// What all connections share.
struct Site {
    cloud: Mutex<Cloud>,
    /// Number of the last change that is in the log.
    written: AtomicU64,
    commit: Option<Commit>,
    /// Made when it is first needed; `None` inside when it cannot be made.
    identity: OnceLock<Option<Identity>>,
}

/// The thread that syncs the log, once for all changes that wait for it.
struct Commit {
    order: mpsc::Sender<u64>,
    synced: watch::Receiver<u64>,
    failed: Arc<AtomicBool>,
}

impl Site {
    fn new(cloud: Cloud) -> Result<Arc<Self>, StartError> {
        let durable = cloud.log_handle().is_some();
        let (order, orders) = mpsc::channel();
        let (done, synced) = watch::channel(0);
        let failed = Arc::new(AtomicBool::new(false));
        let commit = durable.then(|| Commit {
            order,
            synced,
            failed: Arc::clone(&failed),
        });
        let site = Arc::new(Self {
            cloud: Mutex::new(cloud),
            written: AtomicU64::new(0),
            commit,
            identity: OnceLock::new(),
        });
        if durable {
            // Weak, so that the thread ends with the server.
            let weak = Arc::downgrade(&site);
            std::thread::Builder::new()
                .name("infra-sim-log".to_owned())
                .spawn(move || {
                    while let Ok(mut number) = orders.recv() {
                        while let Ok(later) = orders.try_recv() {
                            number = later;
                        }
                        let Some(site) = weak.upgrade() else { break };
                        // The handle is asked for each time: a rewritten log is another file, and a synced one.
                        let handle = site.lock().log_handle();
                        let good = matches!(handle, Some(Ok(file)) if file.sync_data().is_ok());
                        if !good {
                            site.lock().break_down();
                            failed.store(true, Ordering::Release);
                        }
                        if done.send(number).is_err() {
                            break;
                        }
                    }
                })
                .map_err(|source| StartError::Io {
                    doing: "start the simulator's log thread",
                    source,
                })?;
        }
        Ok(site)
    }

    fn identity(&self) -> Option<&Identity> {
        self.identity.get_or_init(|| Identity::new().ok()).as_ref()
    }

    fn lock(&self) -> MutexGuard<'_, Cloud> {
        self.cloud.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request; an answer leaves only when everything that it could tell of is on disk.
    async fn answer(&self, request: &RawRequest) -> RawAnswer {
        let (answer, number) = {
            let mut cloud = self.lock();
            // The clock is read under the lock: requests are handled in the order of their times.
            let now = unix_millis();
            let certificate = || self.identity().map(|identity| identity.authority.clone());
            if let Some(answer) = control::authority(request, certificate) {
                return answer;
            }
            if let Some(answer) = cloud.control(request, now) {
                return answer;
            }
            let (answer, changed) = cloud.handle_deferred(request, now);
            tell(&cloud.stats.take_untold());
            let number = if changed {
                self.written.fetch_add(1, Ordering::AcqRel) + 1
            } else {
                self.written.load(Ordering::Acquire)
            };
            if changed && let Some(commit) = &self.commit {
                // When the thread is gone, waiting below fails as well.
                let _ = commit.order.send(number);
            }
            (answer, number)
        };
        if let Some(commit) = &self.commit {
            let mut synced = commit.synced.clone();
            let waited = synced.wait_for(|synced| *synced >= number).await.is_ok();
            if !waited || commit.failed.load(Ordering::Acquire) {
                return self.lock().broken_answer(unix_millis());
            }
        }
        answer
    }
}

fn unix_millis() -> UnixMillis {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis::try_from(since.as_millis()).unwrap_or(UnixMillis::MAX)
}

/// Says on standard error which parameters are not simulated: each once.
fn tell(names: &[String]) {
    use std::io::Write as _;
    for name in names {
        // Who has closed it does not want to hear.
        let _ = writeln!(std::io::stderr(), "infra sim: not simulated: {name}");
    }
}

/// How many may wait to be let in. Whoever finds no room there is made to knock again a second later, by the operating
/// system: also somebody honest, while others open connections by the thousand.
const KNOCKING: u32 = 4_096;

/// A listener, in a runtime's context; as the standard library makes one, but for the number of those that may wait.
fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(KNOCKING)?.into_std()
}

async fn accept(listener: std::net::TcpListener, site: Arc<Site>, connections: Arc<Connections>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let pulse = Pulse::new(connections.place().await);
                let serving = serve(
                    stream,
                    Arc::clone(&site),
                    Arc::clone(&pulse),
                    connections.limits(),
                );
                let watch = Arc::clone(&pulse);
                let task = tokio::spawn(async move {
                    tokio::select! {
                        () = serving => {}
                        () = watch.overdue() => {}
                    }
                });
                pulse.carried_by(task.abort_handle());
            }
            // Too many open files, or a client that was gone already: the next one may fare better.
            Err(_) => {
                connections.make_room();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// The first byte of a TLS connection: a handshake record.
const TLS_HANDSHAKE: u8 = 0x16;

async fn serve(stream: TcpStream, site: Arc<Site>, pulse: Arc<Pulse>, limits: Limits) {
    // Answers are written in one piece; waiting to fill a packet only costs time.
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    let peeked = stream.peek(&mut first).await;
    let watched = Watched::new(stream, Arc::clone(&pulse));
    match peeked {
        Ok(1) if first[0] == TLS_HANDSHAKE => {
            let Some(acceptor) = site.identity().map(|identity| identity.acceptor.clone()) else {
                return;
            };
            // A client that does not trust the authority breaks off here.
            if let Ok(stream) = acceptor.accept(watched).await {
                serve_http(TokioIo::new(stream), site, pulse, limits).await;
            }
        }
        Ok(1) => serve_http(TokioIo::new(watched), site, pulse, limits).await,
        _ => {}
    }
}

async fn serve_http<T: hyper::rt::Read + hyper::rt::Write + Unpin>(
    stream: T,
    site: Arc<Site>,
    pulse: Arc<Pulse>,
    limits: Limits,
) {
    let service = service_fn(move |request| {
        let (site, pulse) = (Arc::clone(&site), Arc::clone(&pulse));
        async move {
            pulse.busy();
            let answer = respond(&site, request, limits).await;
            pulse.idle();
            answer
        }
    });
    // A broken connection is the client's affair, and a dropped answer ends here on purpose.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(stream, service)
        .await;
}

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer is dropped")]
struct Dropped;

async fn respond(
    site: &Site,
    request: hyper::Request<Incoming>,
    limits: Limits,
) -> Result<hyper::Response<Full<Bytes>>, Dropped> {
    let (parts, body) = request.into_parts();
    let most = if parts.uri.path().starts_with("/_sim/") {
        CONTROL_BODY_BYTES_MAX
    } else {
        BODY_BYTES_MAX
    };
    let body = Limited::new(body, most).collect();
    let Ok(body) = tokio::time::timeout(limits.body, body).await else {
        return Err(Dropped);
    };
    let Ok(body) = body else {
        return Ok(response(RawAnswer {
            status: 413,
            ..RawAnswer::default()
        }));
    };
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let raw = RawRequest {
        method: parts.method.as_str().to_owned(),
        target: target.to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body: body.to_bytes().to_vec(),
    };
    let answer = site.answer(&raw).await;
    if answer.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
    }
    match answer.delivery {
        Delivery::Send => Ok(response(answer)),
        Delivery::Drop => Err(Dropped),
    }
}

fn response(answer: RawAnswer) -> hyper::Response<Full<Bytes>> {
    let mut builder = hyper::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        builder = builder.header(name, value);
    }
    builder
        .body(Full::new(Bytes::from(answer.body)))
        .unwrap_or_else(|_| {
            let mut failed = hyper::Response::new(Full::default());
            *failed.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
            failed
        })
}
