//! The folder of a state: made, kept out of git, locked; and made again if it disappears while a run goes on.
//!
//! Does not know what is in the files, nor what a run does.

use std::io;
use std::path::Path;

use super::files::{self, Files, Head};
use super::journal::{Begin, Open};
use super::{Lock, LockNote, State, StateError};
use crate::env::{FileLock, FileSystem};

/// The folder that holds all that `infra` keeps in a project.
const ROOT: &str = ".infra";

/// How often somebody who finds the lock taken looks for the note of its holder.
const LOOKS: usize = 2000;

/// Leaves a word for git that nothing of a folder is to be committed, unless somebody has left another one.
pub(crate) fn keep_out_of_git(fs: &dyn FileSystem, folder: &Path) -> io::Result<()> {
    let path = folder.join(".gitignore");
    match fs.kind(&path)? {
        // A crash in the middle of the write leaves an empty file.
        Some(kind) if kind.length == 0 && !kind.is_folder && !kind.is_link => fs.remove(&path)?,
        Some(_) => return Ok(()),
        None => {}
    }
    match fs.write_new(&path, b"*\n") {
        // Somebody else was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        written => written,
    }
}

/// A state that was written where its folder had disappeared.
pub(super) struct Remade {
    pub(super) lock: Lock,
    pub(super) bytes: Vec<u8>,
    pub(super) checksum: String,
    pub(super) head: Option<Head>,
}

impl Files {
    /// Makes the folder, if it is not there.
    pub(super) fn make_folder(&self) -> Result<(), StateError> {
        self.fs
            .create_folder(&self.folder)
            .map_err(|error| StateError::io("make", &self.folder, error))?;
        let root = self
            .folder
            .ancestors()
            .find(|folder| folder.file_name().is_some_and(|name| name == ROOT));
        root.map_or(Ok(()), |root| {
            keep_out_of_git(&*self.fs, root)
                .map_err(|error| StateError::io("write", root.join(".gitignore"), error))
        })
    }

    /// Takes the lock; [`StateError::Locked`] when somebody else has it.
    pub(super) fn lock(&self, note: LockNote) -> Result<Lock, StateError> {
        match self.try_lock()? {
            Some(file) => Ok(Lock::new(file, note)),
            None => Err(self.locked()),
        }
    }

    /// The lock, if nobody else has it.
    pub(super) fn try_lock(&self) -> Result<Option<Box<dyn FileLock>>, StateError> {
        let path = self.lock_path();
        self.fs.try_lock(&path).map_err(|error| match error.kind() {
            io::ErrorKind::Unsupported => StateError::LockUnsupported {
                path,
                source: std::sync::Arc::new(error),
            },
            _ => StateError::io("lock", path, error),
        })
    }

    /// Says who holds the lock. Whoever has just got it writes the note in the next moment.
    pub(super) fn locked(&self) -> StateError {
        let path = self.lock_path();
        let note = (0..LOOKS).find_map(|look| {
            if look > 0 {
                std::thread::yield_now();
            }
            LockNote::read(&*self.fs, &path)
        });
        StateError::Locked {
            path,
            holder: note.map(Box::new),
        }
    }

    /// Makes the folder again and writes a state into it. What is there by now is somebody else's and left alone.
    pub(super) fn remake(&self, note: LockNote, state: &State, open: &Open) -> Result<Remade, StateError> {
        files::check_before_writing(state)?;
        self.make_folder()?;
        let lock = self.lock(note)?;
        for path in [self.state_path(), self.journal_path()] {
            if self.is_there(&path)? {
                let error = io::Error::from(io::ErrorKind::AlreadyExists);
                return Err(StateError::io("write", path, error));
            }
        }
        let (bytes, checksum) = self.encode_state(state, None)?;
        self.write_state(&bytes)?;
        let begin = Begin::new(self.new_run(), state, &checksum);
        let head = self.replace_journal(begin, open.records(), false)?;
        Ok(Remade {
            lock,
            bytes,
            checksum,
            head,
        })
    }
}
