//! When things go wrong: every file operation and every request asks here first whether it happens, and whether the
//! process still exists. Does not know what the operations are for.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{Chance, lock};
use crate::env::{BoxFuture, SignalStream, Signals};

/// An instant of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instant {
    /// Before the n-th change of the disk, counted from 1.
    BeforeFile(u64),
    /// Just after it.
    AfterFile(u64),
    /// Before the n-th request leaves.
    BeforeRequest(u64),
    /// When the cloud has carried out the n-th request and its answer is on the way.
    AfterRequest(u64),
    /// When the n-th changing request has left; it arrives this many seconds later.
    Underway(u64, u64),
}

impl Instant {
    /// Those at which an enumeration kills: each takes the n.
    pub(super) const KINDS: [fn(u64) -> Instant; 4] = [
        Instant::BeforeRequest,
        Instant::AfterRequest,
        Instant::BeforeFile,
        Instant::AfterFile,
    ];
}

/// How file operations fail.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileFault {
    /// Which operation, counted from 1; looking counts as well.
    pub(super) at: u64,
    /// The error number of the operating system.
    pub(super) errno: i32,
    /// Whether all later changes fail too, as on a full disk.
    pub(super) stays: bool,
}

/// What is destined for a run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Plan {
    pub(super) kill: Option<Instant>,
    pub(super) file_fault: Option<FileFault>,
    /// Somebody asks it to stop when these requests leave, counted from 1.
    pub(super) signals: [Option<u64>; 2],
    /// When this request has been signed, the process stands still for so many seconds.
    pub(super) freeze: Option<(u64, u64)>,
    /// Before this request leaves, somebody else changes something, drawn from the second number.
    pub(super) meddle: Option<(u64, u64)>,
    /// The same with what stands around servers.
    pub(super) tamper: Option<(u64, u64)>,
    /// When this request has left, the folder of the state disappears.
    pub(super) vanish: Option<u64>,
    /// It begins so many milliseconds later.
    pub(super) delay: u64,
}

/// The fate of one run.
#[derive(Debug)]
pub(super) struct Fate {
    plan: Plan,
    changes: AtomicU64,
    operations: AtomicU64,
    requests: AtomicU64,
    sent: AtomicU64,
    written: AtomicU64,
    dead: AtomicBool,
    died: Notify,
    /// How often it was asked to stop.
    asked: watch::Sender<u64>,
    /// When it was first asked.
    asked_at: OnceLock<tokio::time::Instant>,
    /// For how much of a failed write is on the disk.
    chance: Mutex<Chance>,
}

/// What kind of file operation asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Look,
    Change,
}

impl Fate {
    pub(super) fn new(plan: Plan, seed: u64) -> Fate {
        Fate {
            plan,
            changes: AtomicU64::new(0),
            operations: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            written: AtomicU64::new(0),
            dead: AtomicBool::new(false),
            died: Notify::new(),
            asked: watch::Sender::new(0),
            asked_at: OnceLock::new(),
            chance: Mutex::new(Chance::new(seed)),
        }
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    pub(super) fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
    }

    /// Ends when the process does.
    pub(super) async fn death(&self) {
        self.died.notified().await;
    }

    /// How many requests have left.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    /// How many changes of the disk there were.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// How many file operations there were, looking included.
    pub(super) fn operations(&self) -> u64 {
        self.operations.load(Ordering::SeqCst)
    }

    /// Carries out a file operation, unless the process ends before it, or it is destined to fail; then `partly`
    /// says what it leaves on the disk.
    pub(super) fn file<T>(
        &self,
        kind: Kind,
        run: impl FnOnce() -> io::Result<T>,
        partly: impl FnOnce(&mut Chance),
    ) -> io::Result<T> {
        let gone = || io::Error::other("the process is gone");
        if self.is_dead() {
            return Err(gone());
        }
        let operation = self.operations.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(fault) = self.plan.file_fault
            && (operation == fault.at || (fault.stays && operation > fault.at && kind == Kind::Change))
        {
            partly(&mut lock(&self.chance));
            return Err(io::Error::from_raw_os_error(fault.errno));
        }
        if kind == Kind::Look {
            return run();
        }
        let change = self.changes.fetch_add(1, Ordering::SeqCst) + 1;
        if self.plan.kill == Some(Instant::BeforeFile(change)) {
            self.die();
            return Err(gone());
        }
        let result = run();
        if self.plan.kill == Some(Instant::AfterFile(change)) {
            self.die();
        }
        result
    }

    /// The number of a request that is about to leave; none when the process ends before.
    pub(super) fn request(&self) -> Option<u64> {
        if self.is_dead() {
            return None;
        }
        let request = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        if self.plan.kill == Some(Instant::BeforeRequest(request)) {
            self.die();
            return None;
        }
        for _ in self.plan.signals.iter().filter(|at| **at == Some(request)) {
            self.asked.send_modify(|asked| *asked += 1);
            self.asked_at.get_or_init(tokio::time::Instant::now);
        }
        Some(request)
    }

    /// When the run was first asked to stop.
    pub(super) fn asked_at(&self) -> Option<tokio::time::Instant> {
        self.asked_at.get().copied()
    }

    /// How long the process stands still now that a request has been signed.
    pub(super) fn stands_still(&self, request: u64) -> Option<Duration> {
        let (_, seconds) = self.plan.freeze.filter(|(at, _)| *at == request)?;
        Some(Duration::from_secs(seconds))
    }

    /// Whether the folder of the state disappears now that a request has left.
    pub(super) fn takes_the_folder(&self, request: u64) -> bool {
        self.plan.vanish == Some(request)
    }

    /// What somebody else does before a request leaves.
    pub(super) fn meddling(&self, request: u64) -> Option<u64> {
        let (_, what) = self.plan.meddle.filter(|(at, _)| *at == request)?;
        Some(what)
    }

    /// The same with what stands around servers.
    pub(super) fn tampering(&self, request: u64) -> Option<u64> {
        let (_, what) = self.plan.tamper.filter(|(at, _)| *at == request)?;
        Some(what)
    }

    /// How many bytes were written to files.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }

    /// Bytes are written to a file.
    pub(super) fn writes(&self, bytes: &[u8]) {
        self.written.fetch_add(bytes.len() as u64, Ordering::SeqCst);
    }

    /// How many changing requests have left.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// A changing request leaves; if the process ends with that, after how many seconds it arrives.
    pub(super) fn leaves_late(&self) -> Option<u64> {
        let change = self.sent.fetch_add(1, Ordering::SeqCst) + 1;
        match self.plan.kill {
            Some(Instant::Underway(at, seconds)) if at == change => {
                self.die();
                Some(seconds)
            }
            _ => None,
        }
    }

    /// The cloud has carried out a request.
    pub(super) fn carried_out(&self, request: u64) {
        if self.plan.kill == Some(Instant::AfterRequest(request)) {
            self.die();
        }
    }
}

/// The signals of one run.
pub(super) struct Asking(pub(super) Arc<Fate>);

impl Signals for Asking {
    fn listen(&self) -> io::Result<Box<dyn SignalStream>> {
        Ok(Box::new(Asked {
            asked: self.0.asked.subscribe(),
            heard: *self.0.asked.borrow(),
        }))
    }
}

struct Asked {
    asked: watch::Receiver<u64>,
    heard: u64,
}

impl SignalStream for Asked {
    fn next(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let heard = self.heard;
            if self.asked.wait_for(|asked| *asked > heard).await.is_err() {
                std::future::pending::<()>().await;
            }
            self.heard += 1;
        })
    }
}
