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

/// Until the first look of a wait; each further pause is twice as long, up to the longest.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The longest pause between two looks that many waits share: rather a fuller request than one for each wait.
const SPACING_MAX: Duration = Duration::from_secs(1);

/// How long something that was just made may stay invisible, and how long a read may show what was before: what is
/// seen for longer is so.
const BELIEVED_AFTER: Duration = Duration::from_secs(60);

/// How long something must rest where it was not going, once it has been seen on its way.
const SETTLED_AFTER: Duration = Duration::from_secs(10);

/// Looks in a row that show nothing, until something is believed to be gone.
const GONE_LOOKS: u32 = 2;

/// Reads resources by id; one that is not there is missing in the answer.
pub(crate) type Read<T> =
    Arc<dyn Fn(Vec<String>) -> BoxFuture<'static, Result<BTreeMap<String, T>, ApiError>> + Send + Sync>;

/// What a look at a resource means to the one who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The wait is over.
    Done,
    /// It is to be gone and was not seen: the wait is over if the next look shows the same.
    Gone,
    /// On its way; the status is told to whoever watches.
    NotYet { status: String },
    /// It is beyond what is waited for, or on its way to somewhere else.
    Past { status: String },
    /// It rests in another state than the one that is waited for. May still be a read that lags behind.
    Elsewhere { status: String },
    /// It should be there and is not: not visible yet, if it stays so only for a short while.
    Missing,
}

/// How a wait ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending<T> {
    /// As it was waited for; none if it is gone.
    Reached(Option<T>),
    /// It went past it, or settled elsewhere: somebody else is at work, and waiting on would bring nothing. What that
    /// means is the caller's business.
    Otherwise { seen: T, status: String },
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
    /// Told when somebody joins.
    joined: Notify,
}

/// What is waited for, and what the last look showed.
struct Table<T> {
    waiters: BTreeMap<u64, Waiter<T>>,
    next_key: u64,
    /// The task that looks; ends when nobody waits.
    is_running: bool,
}

struct Waiter<T> {
    id: String,
    /// When it is to be looked at, by the monotonic clock.
    due: Duration,
    looks: u32,
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
                }),
                joined: Notify::new(),
            }),
        }
    }

    /// Waits until the condition is met or cannot be met any more, looking first after a tenth of a second and then
    /// ever more rarely, up to every five seconds. `on_status` hears of every new status.
    pub(crate) async fn wait(
        &self,
        id: &str,
        condition: impl Fn(Option<&T>) -> Verdict + Send,
        timeout: Duration,
        mut on_status: impl FnMut(&str) + Send,
    ) -> Result<Ending<T>, WaitError> {
        let started = self.inner.clock.elapsed();
        let ticket = self.join(id);
        let mut course = Course::default();
        loop {
            let waited = self.inner.clock.elapsed().saturating_sub(started);
            let Some(left) = timeout.checked_sub(waited).filter(|left| !left.is_zero()) else {
                return Err(WaitError::TimedOut {
                    last_status: course.last_status(),
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
                    course.unread(&error);
                    continue;
                }
                Some(Err(error)) => return Err(error.into()),
                Some(Ok(seen)) => seen,
            };
            let verdict = condition(seen.as_ref());
            if let Verdict::NotYet { status } | Verdict::Past { status } | Verdict::Elsewhere { status } =
                &verdict
                && course.is_news(status)
            {
                on_status(status);
            }
            match (course.judge(verdict, self.inner.clock.elapsed()), seen) {
                (Judgement::GoOn, _) => {}
                (Judgement::Reached, seen) => return Ok(Ending::Reached(seen)),
                (Judgement::Otherwise(status), Some(seen)) => return Ok(Ending::Otherwise { seen, status }),
                (Judgement::Otherwise(_), None) => {}
                (Judgement::NotVisible(after), _) => return Err(WaitError::NotVisible { after }),
            }
        }
    }

    fn join(&self, id: &str) -> Ticket<T> {
        let news = Arc::new(Notify::new());
        let mut table = lock(&self.inner.table);
        let key = table.next_key;
        table.next_key += 1;
        table.waiters.insert(
            key,
            Waiter {
                id: id.to_owned(),
                due: self.inner.clock.elapsed() + PAUSE_MIN,
                looks: 0,
                seen: None,
                news: Arc::clone(&news),
            },
        );
        if !table.is_running {
            table.is_running = true;
            tokio::spawn(Arc::clone(&self.inner).look_until_nobody_waits());
        }
        self.inner.joined.notify_one();
        Ticket {
            inner: Arc::clone(&self.inner),
            key,
            news,
        }
    }
}

/// What has been seen in one wait; told time.
#[derive(Debug, Default)]
struct Course {
    last_status: Option<String>,
    /// Whether it has been on its way.
    has_moved: bool,
    /// Looks in a row that showed nothing where nothing is wanted.
    absent: u32,
    /// Since when it is not to be seen; a single sighting in between changes nothing, for reads flicker.
    missing_since: Option<Duration>,
    sightings: u32,
    /// Where it rests or has gone, and since when it is seen there without a break.
    otherwise: Option<(String, Duration)>,
}

/// What follows from all looks so far.
#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    GoOn,
    Reached,
    Otherwise(String),
    NotVisible(Duration),
}

impl Course {
    fn last_status(self) -> String {
        self.last_status.unwrap_or_else(|| "not seen".to_owned())
    }

    fn unread(&mut self, error: &ApiError) {
        self.last_status = Some(error.to_string());
    }

    /// Takes note of a status; whether it is a new one.
    fn is_news(&mut self, status: &str) -> bool {
        let is_news = self.last_status.as_deref() != Some(status);
        if is_news {
            self.last_status = Some(status.to_owned());
        }
        is_news
    }

    fn judge(&mut self, verdict: Verdict, now: Duration) -> Judgement {
        if verdict != Verdict::Gone {
            self.absent = 0;
        }
        if verdict == Verdict::Missing {
            self.sightings = 0;
        } else {
            self.sightings += 1;
            if self.sightings > 1 {
                self.missing_since = None;
            }
        }
        match verdict {
            Verdict::Done => Judgement::Reached,
            Verdict::Gone => {
                self.absent += 1;
                match self.absent >= GONE_LOOKS {
                    true => Judgement::Reached,
                    false => Judgement::GoOn,
                }
            }
            Verdict::NotYet { .. } => {
                self.has_moved = true;
                self.otherwise = None;
                Judgement::GoOn
            }
            Verdict::Past { status } => self.otherwise(status, now, BELIEVED_AFTER),
            // What has been on its way and rests again is hardly a read that lags behind.
            Verdict::Elsewhere { status } if self.has_moved => self.otherwise(status, now, SETTLED_AFTER),
            Verdict::Elsewhere { status } => self.otherwise(status, now, BELIEVED_AFTER),
            Verdict::Missing => {
                let after = now.saturating_sub(*self.missing_since.get_or_insert(now));
                self.last_status = Some("not visible yet".to_owned());
                match after >= BELIEVED_AFTER {
                    true => Judgement::NotVisible(after),
                    false => Judgement::GoOn,
                }
            }
        }
    }

    /// Believed when it is seen for so long without a break.
    fn otherwise(&mut self, status: String, now: Duration, patience: Duration) -> Judgement {
        match &self.otherwise {
            Some((known, since)) if *known == status => match now.saturating_sub(*since) >= patience {
                true => Judgement::Otherwise(status),
                false => Judgement::GoOn,
            },
            _ => {
                self.otherwise = Some((status, now));
                Judgement::GoOn
            }
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

/// The waits that one look is about: key and id of each.
type Batch = Vec<(u64, String)>;

impl<T> Table<T> {
    /// The waits that are due, and to fill their requests those that nearly are; sorted by id.
    fn batch(&self, now: Duration) -> Batch {
        let mut waiters: Vec<(u64, &Waiter<T>)> =
            self.waiters.iter().map(|(key, waiter)| (*key, waiter)).collect();
        waiters.sort_unstable_by_key(|(_, waiter)| waiter.due);
        let due = waiters.partition_point(|(_, waiter)| waiter.due <= now);
        let nearly = waiters.partition_point(|(_, waiter)| waiter.due <= now + waiter.pause() / 4);
        waiters.truncate(nearly.min(due.next_multiple_of(CHUNK)));
        let mut batch: Batch = waiters
            .into_iter()
            .map(|(key, waiter)| (key, waiter.id.clone()))
            .collect();
        batch.sort_unstable_by(|(_, one), (_, other)| one.cmp(other));
        batch
    }
}

impl<T> Waiter<T> {
    /// The pause before its next look.
    fn pause(&self) -> Duration {
        PAUSE_MIN.saturating_mul(1 << self.looks.min(8)).min(PAUSE_MAX)
    }
}

impl<T: Clone + Send + Sync + 'static> Inner<T> {
    async fn look_until_nobody_waits(self: Arc<Inner<T>>) {
        // Not before this is the next look.
        let mut earliest = Duration::ZERO;
        loop {
            let due = {
                let mut table = lock(&self.table);
                let Some(due) = table.waiters.values().map(|waiter| waiter.due).min() else {
                    table.is_running = false;
                    return;
                };
                due.max(earliest)
            };
            let now = self.clock.elapsed();
            if due > now {
                tokio::select! {
                    () = self.clock.sleep(due - now) => {}
                    () = self.joined.notified() => {}
                }
                continue;
            }
            let batch = lock(&self.table).batch(now);
            let many = u32::try_from(batch.len() / 10).unwrap_or(u32::MAX);
            self.look(batch).await;
            let spacing = PAUSE_MIN.saturating_mul(many.saturating_add(1)).min(SPACING_MAX);
            earliest = self.clock.elapsed() + spacing;
        }
    }

    /// Looks at these, so many in a request.
    async fn look(&self, batch: Batch) {
        let mut reads = tokio::task::JoinSet::new();
        for asked in batch.chunks(CHUNK).map(<[_]>::to_vec) {
            let mut ids: Vec<String> = asked.iter().map(|(_, id)| id.clone()).collect();
            ids.dedup();
            let read = (self.read)(ids);
            reads.spawn(async move { (asked, read.await) });
        }
        while let Some(read) = reads.join_next().await {
            if let Ok((asked, seen)) = read {
                self.tell(&asked, &seen);
            }
        }
    }

    /// Hands a look to those who asked for it before it began.
    fn tell(&self, asked: &[(u64, String)], seen: &Result<BTreeMap<String, T>, ApiError>) {
        let now = self.clock.elapsed();
        let mut table = lock(&self.table);
        for (key, _) in asked {
            let Some(waiter) = table.waiters.get_mut(key) else {
                continue;
            };
            waiter.looks += 1;
            waiter.due = now + waiter.pause();
            waiter.seen = Some(match seen {
                Ok(found) => Ok(found.get(&waiter.id).cloned()),
                Err(error) => Err(error.clone()),
            });
            waiter.news.notify_one();
        }
    }
}
