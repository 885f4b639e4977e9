//! Who is connected, and how long each part of a connection may take. A connection that keeps the server waiting is
//! closed: after its time, or at once when a newcomer finds every place taken. Does not know HTTP or the API.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use super::options::Limits;

/// All connections of a server.
#[derive(Debug)]
pub(super) struct Connections {
    limits: Limits,
    table: Mutex<Table>,
    /// Told when a place comes free or a connection begins to wait.
    moved: Notify,
}

#[derive(Debug, Default)]
struct Table {
    open: usize,
    /// The next place in the order of waiting.
    next: u64,
    /// Those that have not sent a whole request yet, the longest waiting first.
    half_open: BTreeMap<u64, AbortHandle>,
    /// Those that were answered and have not asked again.
    idle: BTreeMap<u64, AbortHandle>,
}

impl Table {
    /// Takes the one that may best be closed: who never asked anything before who may ask again.
    fn take_waiting(&mut self) -> Option<AbortHandle> {
        let half_open = self.half_open.pop_first();
        half_open.or_else(|| self.idle.pop_first()).map(|(_, task)| task)
    }
}

impl Connections {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        let most = most_files().map_or(limits.connections, |files| {
            // The log, the listener and the rest of the process need some.
            limits.connections.min(files.saturating_sub(64)).max(1)
        });
        Arc::new(Self {
            limits: Limits {
                connections: most,
                ..limits
            },
            table: Mutex::default(),
            moved: Notify::new(),
        })
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is a place for one more; somebody who keeps us waiting is closed for it.
    pub(super) async fn place(self: &Arc<Self>) -> Place {
        loop {
            let moved = self.moved.notified();
            let closed = {
                let mut table = self.lock();
                if table.open < self.limits.connections {
                    table.open += 1;
                    return Place {
                        connections: Arc::clone(self),
                    };
                }
                table.take_waiting()
            };
            if let Some(task) = closed {
                task.abort();
            }
            moved.await;
        }
    }

    /// Closes somebody who keeps us waiting, if there is anybody: the process is out of files.
    pub(super) fn make_room(&self) {
        if let Some(task) = self.lock().take_waiting() {
            task.abort();
        }
    }
}

/// How many files the process may hold open; `None` where there is no such limit.
fn most_files() -> Option<usize> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    usize::try_from(limit.current?).ok()
}

/// The right of one connection to be there; free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    connections: Arc<Connections>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.connections.lock();
        table.open -= 1;
        drop(table);
        self.connections.moved.notify_one();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The head of a request is to come.
    Head,
    /// An answer was sent; another request may come.
    Idle,
    /// A request is being answered.
    Busy,
}

/// Where one connection stands, shared by its stream and by what answers its requests.
#[derive(Debug)]
pub(super) struct Pulse {
    place: Place,
    state: Mutex<PulseState>,
    /// Told when the time that counts becomes another one.
    changed: Notify,
}

#[derive(Debug)]
struct PulseState {
    phase: Phase,
    since: Instant,
    /// Its place in the order of those that wait, while it waits.
    waiting: Option<u64>,
    task: Option<AbortHandle>,
}

impl Pulse {
    pub(super) fn new(place: Place) -> Arc<Self> {
        Arc::new(Self {
            place,
            state: Mutex::new(PulseState {
                phase: Phase::Head,
                since: Instant::now(),
                waiting: None,
                task: None,
            }),
            changed: Notify::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, PulseState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names the task that carries the connection; from now on it may be closed for a newcomer.
    pub(super) fn carried_by(&self, task: AbortHandle) {
        let mut state = self.lock();
        if state.phase != Phase::Busy && state.waiting.is_none() {
            state.waiting = Some(self.queue(state.phase, &task));
        }
        state.task = Some(task);
    }

    /// Joins those that keep us waiting.
    fn queue(&self, phase: Phase, task: &AbortHandle) -> u64 {
        let connections = &self.place.connections;
        let mut table = connections.lock();
        let order = table.next;
        table.next += 1;
        let queue = match phase {
            Phase::Idle => &mut table.idle,
            Phase::Head | Phase::Busy => &mut table.half_open,
        };
        queue.insert(order, task.clone());
        drop(table);
        connections.moved.notify_one();
        order
    }

    fn unqueue(&self, waiting: Option<u64>) {
        if let Some(order) = waiting {
            let mut table = self.place.connections.lock();
            table.half_open.remove(&order);
            table.idle.remove(&order);
        }
    }

    /// A whole head has come: now it is we who are waited for.
    pub(super) fn busy(&self) {
        let mut state = self.lock();
        self.unqueue(state.waiting.take());
        state.phase = Phase::Busy;
    }

    /// The answer is on its way: another request may come.
    pub(super) fn idle(&self) {
        let mut state = self.lock();
        state.phase = Phase::Idle;
        state.since = Instant::now();
        state.waiting = state.task.as_ref().map(|task| self.queue(Phase::Idle, task));
        drop(state);
        self.changed.notify_one();
    }

    /// Bytes came.
    fn received(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Idle {
            state.phase = Phase::Head;
            state.since = Instant::now();
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Bytes of an answer went.
    fn sent(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Idle {
            state.since = Instant::now();
        }
    }

    /// When the one on the other side has waited long enough; `None` while it is our turn.
    fn deadline(&self) -> Option<Instant> {
        let state = self.lock();
        let limits = self.place.connections.limits;
        match state.phase {
            Phase::Head => Some(state.since + limits.head),
            Phase::Idle => Some(state.since + limits.idle),
            Phase::Busy => None,
        }
    }

    /// Returns when the one on the other side has kept us waiting for too long.
    pub(super) async fn overdue(&self) {
        loop {
            match self.deadline() {
                Some(deadline) if deadline <= Instant::now() => return,
                Some(deadline) => {
                    tokio::select! {
                        () = sleep_until(deadline) => {}
                        () = self.changed.notified() => {}
                    }
                }
                None => self.changed.notified().await,
            }
        }
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        let waiting = self.lock().waiting.take();
        self.unqueue(waiting);
    }
}

/// A stream that tells of each move on it.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    pulse: Arc<Pulse>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, pulse: Arc<Pulse>) -> Self {
        Self { stream, pulse }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let watched = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut watched.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            watched.pulse.received();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let watched = self.get_mut();
        let written = Pin::new(&mut watched.stream).poll_write(context, bytes);
        if written.is_ready() {
            watched.pulse.sent();
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
