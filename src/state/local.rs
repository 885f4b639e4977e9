//! The state on local files: `NAME.json`, and beside it `.journal`, `.lock` and `.<serial>.bak`.
//!
//! Does not know which name an environment has, nor what the state is used for.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::env::{Clock, FileSystem, Random};

use super::files::{self, Files, Relation, View};
use super::journal::{self, Journal, Open};
use super::snapshot::{self, Contained, Snapshot, Trust};
use super::{Loaded, Lock, LockNote, Session, State, StateError};

/// A state on local files.
#[derive(Clone)]
pub(crate) struct LocalStore {
    pub(super) files: Files,
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

/// What a restoration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restored {
    /// The serial of the generation that was brought back.
    pub(crate) from: u64,
    /// The serial that the state has now.
    pub(crate) serial: u64,
    /// Intents that are still open: the next apply looks for what they did.
    pub(crate) open: usize,
    /// Damaged files that were kept under another name.
    pub(crate) aside: Vec<PathBuf>,
}

impl fmt::Display for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The state is generation {} again", self.from)?;
        if self.serial != self.from {
            write!(f, ", as serial {}", self.serial)?;
        }
        write!(f, ".")?;
        for aside in &self.aside {
            write!(f, "\nWhat was there is kept as {}.", aside.display())?;
        }
        match self.open {
            0 => Ok(()),
            1 => write!(
                f,
                "\nOne call was under way; the next apply looks what became of it."
            ),
            open => write!(
                f,
                "\n{open} calls were under way; the next apply looks what became of them."
            ),
        }
    }
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

    /// The state file, for messages.
    pub(crate) fn path(&self) -> PathBuf {
        self.files.state_path()
    }

    fn try_lock(&self) -> Result<Option<Box<dyn crate::env::FileLock>>, StateError> {
        let path = self.files.lock_path();
        self.files.fs.try_lock(&path).map_err(|error| match error.kind() {
            io::ErrorKind::Unsupported => StateError::LockUnsupported {
                path,
                source: Arc::new(error),
            },
            _ => StateError::io("lock", path, error),
        })
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
        self.files
            .fs
            .create_folder(&self.files.folder)
            .map_err(|error| StateError::io("make", &self.files.folder, error))?;
        match self.try_lock()? {
            Some(file) => Ok(Lock::new(file, note)),
            None => {
                let path = self.files.lock_path();
                let holder = LockNote::read(&*self.files.fs, &path).map(Box::new);
                Err(StateError::Locked { path, holder })
            }
        }
    }

    /// Who holds the lock now, if anybody does: the note, as far as it can be read.
    pub(crate) fn holder(&self) -> Result<Option<LockNote>, StateError> {
        self.files.check_name()?;
        let path = self.files.lock_path();
        if !self.files.is_there(&path)? {
            return Ok(None);
        }
        match self.try_lock()? {
            Some(_) => Ok(None),
            None => Ok(Some(LockNote::read(&*self.files.fs, &path).unwrap_or_default())),
        }
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
        let serials = self.files.backups()?;
        Ok(serials
            .into_iter()
            .map(|serial| Generation {
                serial,
                content: self
                    .files
                    .read_backup(serial)
                    .ok()
                    .map(|(_, snapshot, _)| GenerationContent {
                        written_at: snapshot.written_at,
                        resources: snapshot.state.resources.len(),
                    }),
            })
            .collect())
    }

    /// Brings back a generation: this one, or the newest that is whole. Nothing that cannot be read is thrown
    /// away: it stays beside the state under another name.
    pub(crate) fn restore(&self, _lock: Lock, serial: Option<u64>) -> Result<Restored, StateError> {
        self.files.remove_temps()?;
        let found = Found::look(&self.files)?;
        let chosen = found.choose(&self.files, serial)?;
        found.bring_back(&self.files, chosen)
    }

    /// The state as a document, the journal's results included.
    pub(crate) fn pull(&self) -> Result<String, StateError> {
        self.files.check_name()?;
        let view = self.files.view()?;
        let (bytes, _) = self.files.encode_state(&view.state, None)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Replaces the state by a document that was pulled from it; the new serial is given back.
    pub(crate) fn push(&self, _lock: Lock, document: &[u8]) -> Result<u64, StateError> {
        let refuse = |reason: String| Err(StateError::PushRefused { reason });
        let pushed = match snapshot::decode(document, Trust::Edited) {
            Ok((pushed, _)) => pushed.state,
            Err(defect) => {
                let error = files::state_error(std::path::Path::new("document"), defect);
                return refuse(error.to_string());
            }
        };
        self.files.remove_temps()?;
        let view = self.files.view()?;
        if view.exists && (pushed.lineage != view.state.lineage || pushed.serial != view.state.serial) {
            return refuse(format!(
                "it was made from lineage {} serial {}, the state is at lineage {} serial {}",
                pushed.lineage, pushed.serial, view.state.lineage, view.state.serial
            ));
        }
        if view.exists {
            self.files.keep_current(view.state.serial)?;
        }
        let mut state = pushed;
        state.serial += 1;
        install(
            &self.files,
            &state,
            &view.journal,
            &view.open,
            view.has_journal_file,
        )?;
        Ok(state.serial)
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

/// What a restoration finds, however damaged it is.
struct Found {
    current: Option<(Vec<u8>, Snapshot)>,
    has_state_file: bool,
    journal: Option<Journal>,
    journal_is_whole: bool,
    serials: Vec<u64>,
}

/// A generation that will be brought back.
struct Chosen {
    bytes: Vec<u8>,
    snapshot: Snapshot,
    is_current: bool,
}

impl Found {
    fn look(files: &Files) -> Result<Found, StateError> {
        let state = files.read_own(&files.state_path())?;
        let has_state_file = state.is_some();
        let current = state.and_then(|bytes| {
            let (snapshot, _) = snapshot::decode(&bytes, Trust::Checksum).ok()?;
            Some((bytes, snapshot))
        });
        let (journal, journal_is_whole) = match files.read_own(&files.journal_path())? {
            None => (None, true),
            Some(bytes) => match journal::decode(&bytes) {
                Ok(journal) => (Some(journal), true),
                Err(_) => (Some(journal::salvage(&bytes)), false),
            },
        };
        Ok(Found {
            current,
            has_state_file,
            journal,
            journal_is_whole,
            serials: files.backups()?,
        })
    }

    fn fits(&self, snapshot: &Snapshot) -> bool {
        self.journal
            .as_ref()
            .is_none_or(|journal| files::relation(snapshot, journal).is_ok())
    }

    /// The generation that was asked for. If none was: the current one if it is whole and the journal goes with
    /// it, else one that the journal goes with, else the newest that is whole.
    fn choose(&self, files: &Files, serial: Option<u64>) -> Result<Chosen, StateError> {
        let current = self.current.as_ref().map(|(bytes, snapshot)| Chosen {
            bytes: bytes.clone(),
            snapshot: snapshot.clone(),
            is_current: true,
        });
        let current =
            current.filter(|chosen| serial.is_none_or(|serial| chosen.snapshot.state.serial == serial));
        if let Some(current) = current {
            if serial.is_some() || self.fits(&current.snapshot) {
                return Ok(current);
            }
            return Ok(self.search(files, None, true).unwrap_or(current));
        }
        self.search(files, serial, true)
            .or_else(|| self.search(files, serial, false))
            .ok_or_else(|| StateError::NoGeneration {
                serial,
                there: self
                    .serials
                    .iter()
                    .copied()
                    .filter(|&serial| files.read_backup(serial).is_ok())
                    .collect(),
            })
    }

    fn search(&self, files: &Files, serial: Option<u64>, must_fit: bool) -> Option<Chosen> {
        self.serials
            .iter()
            .filter(|&&there| serial.is_none_or(|serial| serial == there))
            .filter_map(|&there| files.read_backup(there).ok())
            .find(|(_, snapshot, _)| !must_fit || self.fits(snapshot))
            .map(|(bytes, snapshot, _)| Chosen {
                bytes,
                snapshot,
                is_current: false,
            })
    }

    /// Replaces what is there by the chosen generation. Nothing is thrown away that could not be read.
    fn bring_back(self, files: &Files, chosen: Chosen) -> Result<Restored, StateError> {
        let mut aside = Vec::new();
        if self.has_state_file && self.current.is_none() {
            aside.push(files.put_aside(&files.state_path())?);
        }
        if let Some((_, current)) = &self.current {
            files.keep_current(current.state.serial)?;
        }
        let from = chosen.snapshot.state.serial;
        let fits = self.fits(&chosen.snapshot);
        let (_, ids) = snapshot::decode(&chosen.bytes, Trust::Checksum)
            .map_err(|defect| files::state_error(&files.backup_path(from), defect))?;
        let journal = self.journal.clone().unwrap_or_default();
        if fits && self.journal_is_whole {
            let view = files.assemble(chosen.snapshot, ids, self.journal)?;
            if !chosen.is_current {
                files.place("json", &files.state_path(), &chosen.bytes)?;
                files.sync_folder()?;
            }
            return Ok(Restored {
                from,
                serial: from,
                open: view.open.intents.len(),
                aside,
            });
        }
        if self.journal.is_some() {
            aside.push(files.put_aside(&files.journal_path())?);
        }
        let base = journal.begin.as_ref().map_or(0, |begin| begin.base_serial);
        let current = self
            .current
            .as_ref()
            .map_or(0, |(_, current)| current.state.serial);
        let highest = self
            .serials
            .iter()
            .copied()
            .chain([base, current, from])
            .max()
            .unwrap_or(from);
        let mut open = Open::default();
        let mut state = if fits {
            let view = files.assemble(chosen.snapshot, ids, Some(journal.clone()))?;
            open = view.open;
            view.state
        } else {
            // Its results are about another generation; what it was doing still has to be looked for.
            for record in &journal.records {
                if open.track(record).is_err() {
                    break;
                }
            }
            chosen.snapshot.state
        };
        state.serial = highest + 1;
        install(files, &state, &journal, &open, self.journal.is_some())?;
        Ok(Restored {
            from,
            serial: state.serial,
            open: open.intents.len(),
            aside,
        })
    }
}

/// Makes a state the current one. It counts as containing the journal, so a crash in between leaves both readable.
fn install(
    files: &Files,
    state: &State,
    journal: &Journal,
    open: &Open,
    has_journal_file: bool,
) -> Result<(), StateError> {
    files::check_before_writing(state)?;
    let contained = journal.begin.as_ref().map(|begin| Contained {
        run: begin.run.clone(),
        records: journal.records.len() as u64,
    });
    let (bytes, checksum) = files.encode_state(state, contained.as_ref())?;
    files.write_state(&bytes)?;
    files.restart_journal(state, &checksum, open, has_journal_file)?;
    files.back_up(state.serial, &bytes)
}
