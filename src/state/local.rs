//! The state on local files: `NAME.json`, and beside it `.journal`, `.lock` and `.<serial>.bak`.
//!
//! Does not know which name an environment has, nor what the state is used for.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::env::{Clock, FileSystem, Random};

use super::files::{self, Files, Relation, View};
use super::restore::{self, Restored};
use super::snapshot::{self, Trust};
use super::{Intent, Lock, LockNote, Session, State, StateError};

/// A state on local files.
#[derive(Clone)]
pub(crate) struct LocalStore {
    pub(super) files: Files,
}

/// A state as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    /// The snapshot with the journal's results in it. Of a first run: empty, with a lineage that is not written.
    pub(crate) state: State,
    /// Intents without a result, in order.
    pub(crate) open: Vec<Intent>,
    /// Whether there is anything; false on a first run.
    pub(crate) exists: bool,
}

/// A generation of the state that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Generation {
    pub(crate) serial: u64,
    /// None if it is damaged.
    pub(crate) content: Option<GenerationContent>,
}

/// What is in a generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GenerationContent {
    pub(crate) written_at: Timestamp,
    pub(crate) resources: usize,
}

impl LocalStore {
    /// The state `name` in a folder (an absolute path, `.../.infra/state`).
    pub(crate) fn new(
        fs: Arc<dyn FileSystem>,
        random: Arc<dyn Random>,
        clock: Arc<dyn Clock>,
        folder: PathBuf,
        name: &str,
    ) -> LocalStore {
        LocalStore {
            files: Files {
                fs,
                random,
                clock,
                folder,
                name: name.to_owned(),
                journal_bytes: files::JOURNAL_BYTES,
            },
        }
    }

    /// Reads without a lock and writes nothing.
    pub(crate) fn load(&self) -> Result<Loaded, StateError> {
        self.files.check_name()?;
        let view = self.files.view()?;
        Ok(Loaded {
            exists: view.exists,
            open: view.open.intents.into_values().collect(),
            state: view.state,
        })
    }

    /// Takes the lock, which dies with its holder; [`StateError::Locked`] when somebody else has it.
    pub(crate) fn lock(&self, note: LockNote) -> Result<Lock, StateError> {
        self.files.check_name()?;
        self.files.make_folder()?;
        self.files.lock(note)
    }

    /// Who holds the lock, if anybody does. Writes nothing, also where there never was a lock.
    pub(crate) fn holder(&self) -> Result<Option<StateError>, StateError> {
        self.files.check_name()?;
        let path = self.files.lock_path();
        if !self.files.is_there(&path)? {
            return Ok(None);
        }
        // Taking it is the only proof that nobody else has it.
        let taken = self.files.try_lock()?;
        Ok(taken.is_none().then(|| self.files.locked()))
    }

    /// Who held the lock last, in a few words, if that is known.
    pub(crate) fn last_use(&self) -> Option<String> {
        let note = LockNote::read(&*self.files.fs, &self.files.lock_path())?;
        Some(format!(
            "{}@{}, infra {}, {}",
            note.user,
            note.host,
            note.command,
            note.started.strftime("%Y-%m-%dT%H:%M:%SZ")
        ))
    }

    /// Begins to write: reads, repairs what a crash left, and on a first run writes the empty state.
    pub(crate) fn open(&self, lock: Lock) -> Result<Session, StateError> {
        let files = &self.files;
        let mut view = files.view()?;
        files.remove_temps()?;
        // A process that ended between a write and the sync of the folder left names that are there now and may be
        // gone after a power cut; what is written from here on rests on them.
        files.sync_folder()?;
        if !view.exists {
            let (bytes, checksum) = files.encode_state(&view.state, None)?;
            files.write_state(&bytes)?;
            view.checksum = checksum;
        }
        let head = self.repair_journal(&view)?;
        if view.exists && view.state.serial > 0 && !files.is_there(&files.backup_path(view.state.serial))? {
            let bytes = files.read_own(&files.state_path())?.unwrap_or_default();
            files.back_up(view.state.serial, &bytes)?;
        }
        Ok(Session::new(files.clone(), lock, view, head))
    }

    /// The generations that are kept, newest first.
    pub(crate) fn generations(&self) -> Result<Vec<Generation>, StateError> {
        self.files.check_name()?;
        let mut generations = Vec::new();
        for serial in self.files.backups()? {
            let backup = self.files.read_backup(serial)?;
            generations.push(Generation {
                serial,
                content: backup.map(|(_, snapshot)| GenerationContent {
                    written_at: snapshot.written_at,
                    resources: snapshot.state.resources.len(),
                }),
            });
        }
        Ok(generations)
    }

    /// Whether there is something that [`LocalStore::restore`] can bring back. Writes nothing.
    pub(crate) fn can_restore(&self, serial: Option<u64>) -> Result<(), StateError> {
        self.files.check_name()?;
        restore::is_possible(&self.files, serial)
    }

    /// Brings back a generation: this one, or the newest that is whole. Nothing that cannot be read is thrown
    /// away: it stays beside the state under another name.
    pub(crate) fn restore(&self, _lock: Lock, serial: Option<u64>) -> Result<Restored, StateError> {
        restore::restore(&self.files, serial)
    }

    /// The state as a document, the journal's results included.
    pub(crate) fn pull(&self) -> Result<String, StateError> {
        self.files.check_name()?;
        let view = self.files.view()?;
        let contained = view.beyond(None).then(|| view.journal.contained()).flatten();
        let (bytes, _) = self.files.encode_state(&view.state, contained.as_ref())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Whether a document may replace the state. Writes nothing.
    pub(crate) fn can_push(&self, document: &[u8]) -> Result<(), StateError> {
        self.files.check_name()?;
        self.accept(document).map(|_| ())
    }

    /// Replaces the state by a document that was pulled from it; the new serial is given back.
    pub(crate) fn push(&self, _lock: Lock, document: &[u8]) -> Result<u64, StateError> {
        self.files.remove_temps()?;
        let (mut state, view) = self.accept(document)?;
        if view.exists {
            self.files.keep_current(view.state.serial)?;
        }
        state.lose_sight_of(&view.state);
        state.serial += 1;
        self.files
            .install(&state, &view.journal, &view.open, view.has_journal_file)?;
        Ok(state.serial)
    }

    /// The state in a document, and the one that it may replace.
    fn accept(&self, document: &[u8]) -> Result<(State, View), StateError> {
        let refuse = |reason: String| Err(StateError::PushRefused { reason });
        let (pushed, contained) = match snapshot::decode(document, Trust::Edited) {
            Ok((pushed, _)) => (pushed.state, pushed.contained),
            Err(defect) => {
                let error = files::state_error(std::path::Path::new("document"), defect);
                return refuse(error.to_string());
            }
        };
        let view = self.files.view()?;
        if view.exists && (pushed.lineage != view.state.lineage || pushed.serial != view.state.serial) {
            return refuse(format!(
                "it was made from lineage {} serial {}, the state is at lineage {} serial {}",
                pushed.lineage, pushed.serial, view.state.lineage, view.state.serial
            ));
        }
        if view.beyond(contained.as_ref()) {
            return refuse(
                "a run has gone on since it was pulled, and what that did is not in it".to_owned(),
            );
        }
        Ok((pushed, view))
    }

    /// Whether a rebuilt state has a place: there is no state, or one that remembers nothing. Writes nothing.
    pub(crate) fn can_rebuild(&self) -> Result<(), StateError> {
        self.files.check_name()?;
        self.blank().map(|_| ())
    }

    /// Makes a rebuilt state the current one; the new serial is given back.
    pub(crate) fn rebuild(&self, _lock: Lock, mut state: State) -> Result<u64, StateError> {
        self.files.remove_temps()?;
        let view = self.blank()?;
        if view.exists {
            self.files.keep_current(view.state.serial)?;
        }
        state.serial = view.state.serial + 1;
        self.files
            .install(&state, &view.journal, &view.open, view.has_journal_file)?;
        Ok(state.serial)
    }

    /// What is there, if it remembers nothing.
    fn blank(&self) -> Result<View, StateError> {
        let view = self.files.view()?;
        if view.state.is_blank() && view.open.intents.is_empty() {
            return Ok(view);
        }
        Err(StateError::InUse {
            path: self.files.state_path(),
            resources: view.state.resources.len(),
        })
    }

    /// Leaves a journal to which a session can append: torn ends are cut, and what the snapshot contains is
    /// not kept twice.
    fn repair_journal(&self, view: &View) -> Result<Option<files::Head>, StateError> {
        let files = &self.files;
        if !view.has_journal_file {
            return Ok(None);
        }
        let Some(begin) = view
            .journal
            .begin
            .clone()
            .filter(|_| view.relation == Relation::Continues)
        else {
            return files.restart_journal(&view.state, &view.checksum, &view.open, true);
        };
        let bytes = view.journal.good_length as u64;
        let path = files.journal_path();
        let mut file = files.open_journal()?;
        if view.journal.torn {
            file.truncate(bytes)
                .map_err(|error| StateError::io("cut", &path, error))?;
        }
        // What a killed run wrote and did not sync is read here as if it were durable, and calls rest on it.
        file.sync()
            .map_err(|error| StateError::io("make durable", path, error))?;
        Ok(Some(files::Head {
            begin,
            records: view.journal.records.len() as u64,
            bytes,
        }))
    }
}
