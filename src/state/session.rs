//! A state that is open for changes: intents and results go to the journal first, then to memory, and at checkpoints
//! to a new snapshot.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::journal::JournalFile;
use super::local::{Files, LocalStore, Lock, resolve};
use super::record::Record;
use super::{Effect, Intent, IntentDraft, State, StateError};

/// A journal smaller than this is not worth a snapshot, in bytes.
const CHECKPOINT_BYTES: u64 = 1 << 20;

/// An open state. All methods take `&self`; tasks share it.
pub(crate) struct Session {
    store: LocalStore,
    journal: JournalFile,
    inner: Mutex<Inner>,
    _lock: Lock,
}

struct Inner {
    state: State,
    open: BTreeMap<u64, Intent>,
    next_seq: u64,
    sha256: String,
    snapshot_length: u64,
    /// Whether the journal has its first line.
    begun: bool,
    /// Whether anything differs from the snapshot.
    changed: bool,
}

impl Session {
    pub(super) fn new(store: LocalStore, lock: Lock, files: Files) -> Result<Session, StateError> {
        let journal = JournalFile::open(&*store.fs, &store.path("journal"), files.journal.sound_length)?;
        store
            .fs
            .sync_folder(&store.folder)
            .map_err(|source| StateError::Io {
                doing: "syncing",
                path: store.folder.clone(),
                source,
            })?;
        let begun = files.journal.sound_length > 0;
        let inner = Inner {
            state: files.state,
            open: files
                .open
                .into_iter()
                .map(|intent| (intent.seq, intent))
                .collect(),
            next_seq: files.next_seq,
            sha256: files.sha256,
            snapshot_length: files.snapshot_length,
            begun,
            changed: begun,
        };
        Ok(Session {
            store,
            journal,
            inner: Mutex::new(inner),
            _lock: lock,
        })
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the state as it is now.
    pub(crate) fn with_state<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.inner().state)
    }

    /// Operations whose outcome is not known.
    pub(crate) fn open_intents(&self) -> Vec<Intent> {
        self.inner().open.values().cloned().collect()
    }

    /// Queues a record, after the journal's first line if that is missing. The order of the journal is the order of
    /// the changes in memory, because both happen under one lock.
    fn push(&self, inner: &mut Inner, record: &Record) -> Result<u64, StateError> {
        if !inner.begun {
            self.journal.push(&Record::Begin {
                lineage: inner.state.lineage.clone(),
                base_serial: inner.state.serial,
                base_sha256: inner.sha256.clone(),
            })?;
            inner.begun = true;
        }
        inner.changed = true;
        self.journal.push(record)
    }

    /// Writes down what is about to be sent; on disk when this returns. The number names it from now on.
    pub(crate) async fn intent(&self, draft: IntentDraft) -> Result<u64, StateError> {
        let (seq, number) = {
            let mut inner = self.inner();
            let seq = inner.next_seq;
            inner.next_seq += 1;
            let intent = Intent { seq, draft };
            let number = self.push(
                &mut inner,
                &Record::Intent {
                    members: vec![intent.clone()],
                },
            )?;
            inner.open.insert(seq, intent);
            (seq, number)
        };
        self.journal.durable(number).await?;
        Ok(seq)
    }

    /// Writes down that an operation took effect; on disk when this returns.
    pub(crate) async fn done(&self, seq: u64, effects: Vec<Effect>) -> Result<(), StateError> {
        let number = {
            let mut inner = self.inner();
            let intent = inner.open.remove(&seq);
            for effect in &effects {
                if let Some(effect) = resolve(effect, intent.as_ref()) {
                    inner.state.apply(&effect);
                }
            }
            self.push(&mut inner, &Record::Done { seq, effects })?
        };
        self.saved(number).await
    }

    /// Writes down that an operation took no effect, or that it no longer matters.
    pub(crate) async fn failed(&self, seq: u64, code: &str, definite: bool) -> Result<(), StateError> {
        let number = {
            let mut inner = self.inner();
            inner.open.remove(&seq);
            self.push(
                &mut inner,
                &Record::Failed {
                    seq,
                    code: code.to_owned(),
                    definite,
                },
            )?
        };
        self.saved(number).await
    }

    /// Writes down what was found out without an operation.
    pub(crate) async fn note(&self, effects: Vec<Effect>) -> Result<(), StateError> {
        if effects.is_empty() {
            return Ok(());
        }
        let number = {
            let mut inner = self.inner();
            effects.iter().for_each(|effect| inner.state.apply(effect));
            self.push(&mut inner, &Record::Note { effects })?
        };
        self.saved(number).await
    }

    async fn saved(&self, number: u64) -> Result<(), StateError> {
        self.journal.durable(number).await?;
        let worth = {
            let inner = self.inner();
            // Open intents live in the journal only, so it stays while there are any.
            inner.open.is_empty() && self.journal.length() > inner.snapshot_length.max(CHECKPOINT_BYTES)
        };
        if worth {
            self.checkpoint().map(|_| ())
        } else {
            Ok(())
        }
    }

    /// Writes a new generation and empties the journal; its serial. Without changes, or while an operation is open,
    /// nothing is written and the serial is the current one.
    fn checkpoint(&self) -> Result<u64, StateError> {
        // Nothing may be queued between the last write and the emptying of the journal.
        let mut inner = self.inner();
        self.journal.write()?;
        if !inner.changed || !inner.open.is_empty() {
            return Ok(inner.state.serial);
        }
        let mut next = inner.state.clone();
        next.serial += 1;
        next.tool = env!("CARGO_PKG_VERSION").to_owned();
        let (sha256, length) = self.store.write_snapshot(&next)?;
        inner.state = next;
        (inner.sha256, inner.snapshot_length) = (sha256, length);
        self.journal.reset()?;
        (inner.begun, inner.changed) = (false, false);
        Ok(inner.state.serial)
    }

    /// Ends the session with a checkpoint, and gives back the lock; the serial of the state.
    pub(crate) fn close(self) -> Result<u64, StateError> {
        self.checkpoint()
    }
}
