//! The journal on disk: records are appended, and everybody who waits for the disk at the same time shares one sync.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::StateError;
use super::record::{Record, encode};
use crate::env::{AppendFile, FileSystem};

/// An open journal. After a failed write or sync nothing more is written: what the disk holds is not known.
pub(super) struct JournalFile {
    path: PathBuf,
    file: Mutex<Box<dyn AppendFile>>,
    state: Mutex<Queue>,
    /// Held by whoever writes for all.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Queue {
    pending: Vec<u8>,
    /// How many records have been queued, and how many of them are durable.
    queued: u64,
    durable: u64,
    length: u64,
    broken: bool,
}

impl JournalFile {
    /// Opens a journal for appending; `length` bytes of it are sound, the rest is cut off.
    pub(super) fn open(fs: &dyn FileSystem, path: &Path, length: u64) -> Result<JournalFile, StateError> {
        let failed = |doing| {
            move |source| StateError::Io {
                doing,
                path: path.to_owned(),
                source,
            }
        };
        let mut file = fs.open_append(path).map_err(failed("opening"))?;
        file.truncate(length).map_err(failed("cutting"))?;
        Ok(JournalFile {
            path: path.to_owned(),
            file: Mutex::new(file),
            state: Mutex::new(Queue {
                length,
                ..Queue::default()
            }),
            turn: tokio::sync::Mutex::new(()),
        })
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many bytes the journal has, those that wait included.
    pub(super) fn length(&self) -> u64 {
        let queue = self.queue();
        queue.length + queue.pending.len() as u64
    }

    /// Queues a record; the number is what [`JournalFile::durable`] waits for.
    pub(super) fn push(&self, record: &Record) -> Result<u64, StateError> {
        let line = encode(record);
        let mut queue = self.queue();
        if queue.broken {
            return Err(StateError::Poisoned);
        }
        queue.pending.extend_from_slice(&line);
        queue.queued += 1;
        Ok(queue.queued)
    }

    /// Ends when the record of this number is on disk.
    pub(super) async fn durable(&self, number: u64) -> Result<(), StateError> {
        // Whoever gets the turn first writes for all that queued up in the meantime.
        let _turn = self.turn.lock().await;
        if self.queue().durable >= number {
            return Ok(());
        }
        // Others that are ready now may join this sync.
        tokio::task::yield_now().await;
        blocking(|| self.write())
    }

    /// Writes and syncs all that is queued.
    pub(super) fn write(&self) -> Result<(), StateError> {
        let (bytes, queued) = {
            let mut queue = self.queue();
            if queue.broken {
                return Err(StateError::Poisoned);
            }
            (std::mem::take(&mut queue.pending), queue.queued)
        };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = file.append(&bytes).and_then(|()| file.sync());
        let mut queue = self.queue();
        match written {
            Ok(()) => {
                queue.length += bytes.len() as u64;
                queue.durable = queued;
                Ok(())
            }
            Err(source) => {
                queue.broken = true;
                Err(StateError::Io {
                    doing: "writing",
                    path: self.path.clone(),
                    source,
                })
            }
        }
    }

    /// Empties the journal: everything in it is in the state now.
    pub(super) fn reset(&self) -> Result<(), StateError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut queue = self.queue();
        match file.truncate(0).and_then(|()| file.sync()) {
            Ok(()) => {
                queue.length = 0;
                Ok(())
            }
            Err(source) => {
                queue.broken = true;
                Err(StateError::Io {
                    doing: "emptying",
                    path: self.path.clone(),
                    source,
                })
            }
        }
    }
}

/// Runs something that waits for the disk without holding up the other workers of a multi-thread runtime. On a
/// current-thread runtime it runs in place, which keeps a simulation repeatable.
fn blocking<R>(work: impl FnOnce() -> R) -> R {
    match tokio::runtime::Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(tokio::runtime::RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
