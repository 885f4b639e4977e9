//! Waiting until resources are in a state: one poller asks for all pending ids at once and wakes each waiter when
//! its own condition holds.
//!
//! Does not know resource types or what is waited for.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;

use super::api_error::{ApiError, ErrorKind};
use super::lock;
use crate::env::{BoxFuture, Clock};

/// Ids in one request; the limit of the API's id lists.
const CHUNK: usize = 100;

/// The first pause between two looks, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// How long something that was just made may stay invisible.
const VISIBLE_WITHIN: Duration = Duration::from_secs(60);

/// Reads resources by id; one that is not there is missing in the answer.
pub(crate) type Read<T> =
    Arc<dyn Fn(Vec<String>) -> BoxFuture<'static, Result<BTreeMap<String, T>, ApiError>> + Send + Sync>;

/// What a look at a resource means to the one who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The wait is over.
    Done,
    /// Not yet; the status is told to whoever watches.
    NotYet { status: String },
    /// It should be there and is not: not visible yet, if it stays so only for a short while.
    Missing,
}

/// Why a wait ended without success.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum WaitError {
    /// The time is up.
    #[error("gave up after {} s; the last status was {last_status}", .after.as_secs())]
    TimedOut { last_status: String, after: Duration },
    /// It was not to be seen for so long that it cannot be there.
    #[error("it cannot be seen {} s after it was made or changed", .after.as_secs())]
    NotVisible { after: Duration },
    /// It cannot be read.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// Waits for resources of one type in one region. Cheap to clone.
pub(crate) struct Poller<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    clock: Arc<dyn Clock>,
    read: Read<T>,
    table: Mutex<Table<T>>,
}

/// What is waited for, and what the last look showed.
struct Table<T> {
    waiters: BTreeMap<u64, Waiter<T>>,
    next_key: u64,
    /// The task that looks; ends when nobody waits.
    is_running: bool,
    /// Looks since somebody joined last.
    looks: u32,
}

struct Waiter<T> {
    id: String,
    seen: Option<Result<Option<T>, ApiError>>,
    news: Arc<Notify>,
}

impl<T> Clone for Poller<T> {
    fn clone(&self) -> Poller<T> {
        Poller {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<T> fmt::Debug for Poller<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Poller")
    }
}

impl<T: Clone + Send + Sync + 'static> Poller<T> {
    /// A poller that reads in this way.
    pub(crate) fn new(clock: Arc<dyn Clock>, read: Read<T>) -> Poller<T> {
        Poller {
            inner: Arc::new(Inner {
                clock,
                read,
                table: Mutex::new(Table {
                    waiters: BTreeMap::new(),
                    next_key: 0,
                    is_running: false,
                    looks: 0,
                }),
            }),
        }
    }

    /// Waits until the condition is met, looking first after half a second and then ever more rarely, up to every
    /// five seconds. Returns the resource as it was seen then. `on_status` hears of every new status.
    pub(crate) async fn wait(
        &self,
        id: &str,
        condition: impl Fn(Option<&T>) -> Verdict + Send,
        timeout: Duration,
        mut on_status: impl FnMut(&str) + Send,
    ) -> Result<Option<T>, WaitError> {
        let started = self.inner.clock.elapsed();
        let ticket = self.join(id);
        let mut last_status = "not seen".to_owned();
        let mut missing_since = None;
        loop {
            let waited = self.inner.clock.elapsed().saturating_sub(started);
            let Some(left) = timeout.checked_sub(waited).filter(|left| !left.is_zero()) else {
                return Err(WaitError::TimedOut {
                    last_status,
                    after: waited,
                });
            };
            tokio::select! {
                () = ticket.news.notified() => {}
                () = self.inner.clock.sleep(left) => {}
            }
            let seen = match ticket.take() {
                None => continue,
                Some(Err(error)) if is_passing(&error) => {
                    last_status = error.to_string();
                    continue;
                }
                Some(Err(error)) => return Err(error.into()),
                Some(Ok(seen)) => seen,
            };
            match condition(seen.as_ref()) {
                Verdict::Done => return Ok(seen),
                Verdict::NotYet { status } => {
                    missing_since = None;
                    if status != last_status {
                        on_status(&status);
                        last_status = status;
                    }
                }
                Verdict::Missing => {
                    let now = self.inner.clock.elapsed();
                    let after = now.saturating_sub(*missing_since.get_or_insert(now));
                    if after >= VISIBLE_WITHIN {
                        return Err(WaitError::NotVisible { after });
                    }
                    last_status = "not visible yet".to_owned();
                }
            }
        }
    }

    fn join(&self, id: &str) -> Ticket<T> {
        let news = Arc::new(Notify::new());
        let mut table = lock(&self.inner.table);
        let key = table.next_key;
        table.next_key += 1;
        table.looks = 0;
        table.waiters.insert(
            key,
            Waiter {
                id: id.to_owned(),
                seen: None,
                news: Arc::clone(&news),
            },
        );
        if !table.is_running {
            table.is_running = true;
            tokio::spawn(Arc::clone(&self.inner).look_until_nobody_waits());
        }
        Ticket {
            inner: Arc::clone(&self.inner),
            key,
            news,
        }
    }
}

/// Whether to go on looking: the wait has a time limit of its own.
fn is_passing(error: &ApiError) -> bool {
    matches!(
        error.kind,
        ErrorKind::Ambiguous | ErrorKind::Unreachable | ErrorKind::Throttled | ErrorKind::Malformed
    )
}

/// A place in the table; leaving it is automatic, also when a wait is cancelled.
struct Ticket<T> {
    inner: Arc<Inner<T>>,
    key: u64,
    news: Arc<Notify>,
}

impl<T> Ticket<T> {
    fn take(&self) -> Option<Result<Option<T>, ApiError>> {
        let mut table = lock(&self.inner.table);
        table
            .waiters
            .get_mut(&self.key)
            .and_then(|waiter| waiter.seen.take())
    }
}

impl<T> Drop for Ticket<T> {
    fn drop(&mut self) {
        lock(&self.inner.table).waiters.remove(&self.key);
    }
}

impl<T: Clone + Send + Sync + 'static> Inner<T> {
    async fn look_until_nobody_waits(self: Arc<Inner<T>>) {
        loop {
            let pause = {
                let mut table = lock(&self.table);
                table.looks += 1;
                PAUSE_MIN
                    .saturating_mul(1 << (table.looks - 1).min(8))
                    .min(PAUSE_MAX)
            };
            self.clock.sleep(pause).await;
            let ids: Vec<String> = {
                let mut table = lock(&self.table);
                if table.waiters.is_empty() {
                    table.is_running = false;
                    return;
                }
                let mut ids: Vec<String> = table.waiters.values().map(|waiter| waiter.id.clone()).collect();
                ids.sort_unstable();
                ids.dedup();
                ids
            };
            let mut reads = tokio::task::JoinSet::new();
            for chunk in ids.chunks(CHUNK).map(<[String]>::to_vec) {
                let read = (self.read)(chunk.clone());
                reads.spawn(async move { (chunk, read.await) });
            }
            while let Some(read) = reads.join_next().await {
                if let Ok((chunk, seen)) = read {
                    self.tell(&chunk, &seen);
                }
            }
        }
    }

    /// Hands a look to everybody who asked for one of these ids before it began.
    fn tell(&self, asked: &[String], seen: &Result<BTreeMap<String, T>, ApiError>) {
        let mut table = lock(&self.table);
        for waiter in table.waiters.values_mut() {
            if asked.binary_search(&waiter.id).is_err() {
                continue;
            }
            waiter.seen = Some(match seen {
                Ok(found) => Ok(found.get(&waiter.id).cloned()),
                Err(error) => Err(error.clone()),
            });
            waiter.news.notify_one();
        }
    }
}
