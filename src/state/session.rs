//! A run that may write: intents before calls, results after them, checkpoints in between and at the end.
//!
//! Many tasks write at once. Whoever comes first writes and syncs for all who queued meanwhile, so a hundred
//! records may cost one fdatasync. The first failed write ends all writing of the session, because a call whose
//! intent may not be durable must not be made. Does not know what is done between an intent and its result.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::env::AppendFile;

use super::check::{Ids, Violation};
use super::files::{self, Files, Head, Relation, View};
use super::journal::{self, Begin, Open, Record};
use super::snapshot::Contained;
use super::{Effect, Intent, IntentDraft, Lock, State, StateError};

/// A state that is open for writing; tasks share it.
pub(crate) struct Session {
    files: Files,
    memory: Mutex<Memory>,
    queue: Mutex<Queue>,
    // Asynchronous, and held while writing: those who wait for it are the group of the next write.
    writer: tokio::sync::Mutex<Writer>,
}

/// The state as it is with everything that was ever handed in.
struct Memory {
    state: State,
    ids: Ids,
    open: Open,
}

/// Records that wait to be written.
struct Queue {
    records: Vec<Record>,
    /// How many records were ever queued; the ticket of the next one.
    tickets: u64,
    next_seq: u64,
}

struct Writer {
    lock: Lock,
    /// Set when the folder has disappeared and was made again: no intent is written from then on.
    gone: Option<StateError>,
    /// The journal on disk; none until the first record.
    head: Option<Head>,
    file: Option<Box<dyn AppendFile>>,
    /// Whether the journal holds anything that changes the state.
    changed: bool,
    /// Whether state or journal are on the disk in an older format; the first write brings them to this one.
    is_old: bool,
    /// The snapshot on disk.
    checksum: String,
    state_bytes: u64,
    /// Bytes of the snapshot that this session wrote and that has no backup yet.
    without_backup: Option<Vec<u8>>,
    /// Every record with a lower ticket was handled.
    handled: u64,
    /// From which ticket on everything fails, and why.
    failed: Option<(u64, StateError)>,
}

impl Session {
    pub(super) fn new(files: Files, lock: Lock, view: View, head: Option<Head>) -> Session {
        let changed = view.relation == Relation::Continues
            && view
                .journal
                .records
                .iter()
                .skip(view.journal.carried())
                .any(Record::changes_state);
        let next_seq = view.open.last_seq + 1;
        let writer = Writer {
            lock,
            gone: None,
            head,
            file: None,
            changed,
            is_old: view.is_old,
            checksum: view.checksum,
            state_bytes: 0,
            without_backup: None,
            handled: 0,
            failed: None,
        };
        Session {
            files,
            memory: Mutex::new(Memory {
                state: view.state,
                ids: view.ids,
                open: view.open,
            }),
            queue: Mutex::new(Queue {
                records: Vec::new(),
                tickets: 0,
                next_seq,
            }),
            writer: tokio::sync::Mutex::new(writer),
        }
    }

    /// Looks at the state. It may be ahead of the disk by what is being written at this moment.
    pub(crate) fn with_state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&held(&self.memory).state)
    }

    /// The intents without a result, in order.
    pub(crate) fn open_intents(&self) -> Vec<Intent> {
        held(&self.memory).open.intents.values().cloned().collect()
    }

    /// Writes that a call is about to be made. Only when this has returned may its first byte leave.
    pub(crate) async fn intent(&self, draft: IntentDraft) -> Result<u64, StateError> {
        let (ticket, seq) = {
            let mut queue = held(&self.queue);
            let seq = queue.next_seq;
            queue.next_seq += 1;
            (queue.push(Record::Intent(Intent { seq, draft })), seq)
        };
        self.commit(ticket).await?;
        self.taken(seq).await
    }

    /// Whether an intent was written: not any more when the folder has disappeared.
    async fn taken(&self, seq: u64) -> Result<u64, StateError> {
        // Only its writer closes an intent, so one that is not open was not taken.
        if held(&self.memory).open.intents.contains_key(&seq) {
            return Ok(seq);
        }
        let gone = self.writer.lock().await.gone.clone();
        Err(gone.unwrap_or(StateError::Inconsistent {
            violation: Violation::NoIntent { seq },
        }))
    }

    /// Writes that a call took effect. Nothing that depends on it may begin before this has returned.
    ///
    /// If the disk refuses, the state in memory has the effects all the same, so that they can be told.
    pub(crate) async fn done(&self, seq: u64, effects: Vec<Effect>) -> Result<(), StateError> {
        self.write(Record::Done { seq, effects }).await
    }

    /// Writes that a call took no effect (`definite`), or that what it did is known otherwise. Closes the intent.
    pub(crate) async fn failed(&self, seq: u64, code: &str, definite: bool) -> Result<(), StateError> {
        let code = code.to_owned();
        self.write(Record::Failed { seq, code, definite }).await
    }

    /// Writes what was learnt without a call of ours.
    pub(crate) async fn note(&self, effects: Vec<Effect>) -> Result<(), StateError> {
        if effects.is_empty() {
            return Ok(());
        }
        self.write(Record::Note { effects }).await
    }

    /// Writes the last checkpoint with its backup, if anything changed, and gives the lock back in any case.
    pub(crate) fn close(self) -> Result<u64, StateError> {
        blocking(|| self.finish())
    }

    async fn write(&self, record: Record) -> Result<(), StateError> {
        let ticket = held(&self.queue).push(record);
        self.commit(ticket).await
    }

    async fn commit(&self, ticket: u64) -> Result<(), StateError> {
        // Whoever is ready to write, too, may join before the first of them does.
        tokio::task::yield_now().await;
        let mut writer = self.writer.lock().await;
        if writer.handled <= ticket {
            // A failure is kept in the writer, for every ticket that it concerns.
            let _ = blocking(|| self.flush(&mut writer));
        }
        match &writer.failed {
            // Whose change makes no sense hears that; for all others the writing has ended.
            Some((first, StateError::Poisoned { cause }))
                if ticket == *first && matches!(**cause, StateError::Inconsistent { .. }) =>
            {
                Err(StateError::clone(cause))
            }
            Some((first, error)) if ticket >= *first => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Writes everything that is queued as one line and makes it durable.
    fn flush(&self, writer: &mut Writer) -> Result<(), StateError> {
        let mut records = std::mem::take(&mut held(&self.queue).records);
        if records.is_empty() {
            return writer.usable();
        }
        let first = writer.handled;
        writer.handled += records.len() as u64;
        if let Err(error) = writer.usable() {
            self.remember(&records);
            return Err(error);
        }
        if let Err(error) = self.keep_folder(writer) {
            self.remember(&records);
            return Err(writer.fail(first, error));
        }
        if writer.gone.is_some() {
            records.retain(|record| !matches!(record, Record::Intent(_)));
        }
        // The journal that this version continues must be one of its own format.
        if writer.is_old
            && let Err(error) = self.try_checkpoint(writer)
        {
            self.remember(&records);
            return Err(writer.fail(first, error));
        }
        let (fit, violation) = self.follow(&records);
        let written = self.append(writer, &records[..fit]);
        let result = match (written, violation) {
            (Err(error), _) => Err(writer.fail(first, error)),
            (Ok(()), Some(violation)) => {
                let error = StateError::Inconsistent { violation };
                Err(writer.fail(first + fit as u64, error))
            }
            (Ok(()), None) => Ok(()),
        };
        result?;
        let bytes = writer.head.as_ref().map_or(0, |head| head.bytes);
        if writer.changed && bytes > self.files.journal_bytes.max(writer.state_bytes) {
            self.checkpoint(writer)?;
        }
        Ok(())
    }

    /// Sees whether the folder is still there, and if not makes it again with all that is known in it.
    fn keep_folder(&self, writer: &mut Writer) -> Result<(), StateError> {
        if writer.lock.is_at(&self.files.lock_path())? {
            return Ok(());
        }
        let gone = |cause| StateError::FolderGone {
            folder: self.files.folder.clone(),
            cause,
        };
        let memory = &mut *held(&self.memory);
        memory.state.serial += 1;
        match self
            .files
            .remake(writer.lock.note.clone(), &memory.state, &memory.open)
        {
            Ok(remade) => {
                writer.lock = remade.lock;
                writer.head = remade.head;
                writer.file = None;
                writer.changed = false;
                writer.is_old = false;
                writer.state_bytes = remade.bytes.len() as u64;
                writer.checksum = remade.checksum;
                writer.without_backup = Some(remade.bytes);
                writer.gone = Some(gone(None));
                Ok(())
            }
            Err(cause) => {
                memory.state.serial -= 1;
                Err(gone(Some(Arc::new(cause))))
            }
        }
    }

    /// Checks records and brings them into memory, up to the first that makes no sense.
    fn follow(&self, records: &[Record]) -> (usize, Option<super::Violation>) {
        let memory = &mut *held(&self.memory);
        for (index, record) in records.iter().enumerate() {
            if let Err(violation) = memory.open.follow(record, &mut memory.state, &mut memory.ids) {
                return (index, Some(violation));
            }
        }
        (records.len(), None)
    }

    /// Keeps in memory what is known although it cannot be written; an intent is not known to be anything.
    fn remember(&self, records: &[Record]) {
        let memory = &mut *held(&self.memory);
        for record in records {
            if !matches!(record, Record::Intent(_)) {
                let _ = memory.open.follow(record, &mut memory.state, &mut memory.ids);
            }
        }
    }

    fn append(&self, writer: &mut Writer, records: &[Record]) -> Result<(), StateError> {
        if records.is_empty() {
            return Ok(());
        }
        let path = self.files.journal_path();
        let changed = records.iter().any(Record::changes_state);
        let mut line = Vec::with_capacity(records.len() * 1024);
        let encoded = match &writer.head {
            Some(_) => journal::encode(records, &mut line),
            None => {
                let begin = Begin::new(self.files.new_run(), &held(&self.memory).state, &writer.checksum);
                writer.head = Some(Head {
                    begin: begin.clone(),
                    records: 0,
                    bytes: 0,
                });
                let mut all = vec![Record::Begin(begin)];
                all.extend_from_slice(records);
                journal::encode(&all, &mut line)
            }
        };
        encoded.map_err(|error| StateError::io("encode", &path, error.into()))?;
        let mut file = match writer.file.take() {
            Some(file) => file,
            None => self.files.open_journal()?,
        };
        file.append(&line)
            .map_err(|error| StateError::io("write", &path, error))?;
        file.sync()
            .map_err(|error| StateError::io("make durable", &path, error))?;
        writer.file = Some(file);
        writer.changed |= changed;
        let Some(head) = &mut writer.head else {
            return Ok(());
        };
        let is_new = head.bytes == 0;
        head.records += records.len() as u64;
        head.bytes += line.len() as u64;
        if is_new {
            self.files.sync_folder()?;
        }
        Ok(())
    }

    /// Writes the state, then a journal that holds only what is still open. Everything handed in was flushed.
    fn checkpoint(&self, writer: &mut Writer) -> Result<u64, StateError> {
        writer.usable()?;
        if !writer.changed {
            return Ok(held(&self.memory).state.serial);
        }
        let result = self.try_checkpoint(writer);
        let next = writer.handled;
        result.map_err(|error| writer.fail(next, error))
    }

    fn try_checkpoint(&self, writer: &mut Writer) -> Result<u64, StateError> {
        let contained = writer.head.as_ref().map(|head| Contained {
            run: head.begin.run.clone(),
            records: head.records,
        });
        let before = held(&self.memory).state.serial;
        self.files.keep_current(before)?;
        // Only the holder of `writer` changes the memory, so it need not be held while the disk works.
        let (bytes, checksum, intents) = {
            let memory = &mut *held(&self.memory);
            files::check_before_writing(&memory.state)?;
            memory.state.serial = before + 1;
            let encoded = self.files.encode_state(&memory.state, contained.as_ref());
            memory.state.serial = before;
            let (bytes, checksum) = encoded?;
            (bytes, checksum, memory.open.records())
        };
        self.files.write_state(&bytes)?;
        writer.file = None;
        writer.changed = false;
        writer.is_old = false;
        writer.state_bytes = bytes.len() as u64;
        writer.without_backup = Some(bytes);
        writer.checksum = checksum;
        let begin = {
            let memory = &mut *held(&self.memory);
            memory.state.serial = before + 1;
            Begin::new(self.files.new_run(), &memory.state, &writer.checksum)
        };
        writer.head = self
            .files
            .replace_journal(begin, intents, writer.head.is_some())?;
        Ok(before + 1)
    }

    fn finish(&self) -> Result<u64, StateError> {
        let writer = self.writer.try_lock();
        let writer = &mut *writer.expect("nobody writes: the session belongs to its closer");
        self.flush(writer)?;
        let next = writer.handled;
        if let Err(error) = self.keep_folder(writer) {
            return Err(writer.fail(next, error));
        }
        let serial = self.checkpoint(writer)?;
        if let Some(bytes) = writer.without_backup.take() {
            self.files.back_up(serial, &bytes)?;
        }
        let memory = held(&self.memory);
        if writer.head.is_some() && memory.open.intents.is_empty() {
            // Only refused calls are in it: it changes nothing and leaves nothing open.
            writer.file = None;
            self.files
                .restart_journal(&memory.state, &writer.checksum, &memory.open, true)?;
        }
        Ok(serial)
    }
}

impl Queue {
    fn push(&mut self, record: Record) -> u64 {
        let ticket = self.tickets;
        self.tickets += 1;
        self.records.push(record);
        ticket
    }
}

impl Writer {
    fn usable(&self) -> Result<(), StateError> {
        match &self.failed {
            None => Ok(()),
            Some((_, error)) => Err(error.clone()),
        }
    }

    /// Ends all writing: from this ticket on everything fails. The first to see it gets the cause itself.
    fn fail(&mut self, ticket: u64, error: StateError) -> StateError {
        let poisoned = StateError::Poisoned {
            cause: Arc::new(error.clone()),
        };
        self.failed.get_or_insert((ticket, poisoned));
        error
    }
}

/// Locks a mutex whose content is right even if a thread died while it held it: there is no unwinding inside.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs what blocks on the disk. In a runtime of one thread it runs in line, which keeps simulations repeatable;
/// elsewhere other tasks move to another thread meanwhile.
fn blocking<T>(run: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(run),
        _ => run(),
    }
}
