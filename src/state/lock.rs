//! The lock of a state, and the note of its holder.
//!
//! The lock is the operating system's: it dies with the process that holds it, so there is no stale lock and
//! nothing to guess about. The note is only for people; no decision is made by it. The lock file is never removed:
//! two processes could otherwise hold locks on two files of the same name. Does not know what is locked.

use std::fmt;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::env::{Env, FileLock, FileSystem};

use super::StateError;
use super::hash_key::hex;

/// Small files that say something about the machine are read up to this many bytes.
const NOTE_LIMIT: u64 = 16 * 1024;

/// Who holds a lock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LockNote {
    /// Names this holding of the lock.
    pub(crate) id: String,
    pub(crate) pid: u32,
    pub(crate) host: String,
    /// Tells two boots of a host apart; empty where the system has none.
    #[serde(default)]
    pub(crate) boot_id: String,
    pub(crate) user: String,
    /// What it does, e.g. `apply`.
    pub(crate) command: String,
    /// Since when.
    pub(crate) started: Timestamp,
}

/// A lock that is held until this is dropped.
pub(crate) struct Lock {
    file: Box<dyn FileLock>,
    pub(crate) note: LockNote,
}

impl LockNote {
    /// The note of this process.
    pub(crate) fn new(env: &Env, command: &str) -> LockNote {
        let variable = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| env.vars.get(*name))
                .cloned()
                .unwrap_or_else(|| "unknown".to_owned())
        };
        let mut id = [0_u8; 8];
        env.random.fill(&mut id);
        LockNote {
            id: hex(&id),
            pid: std::process::id(),
            host: first_line(&*env.fs, "/proc/sys/kernel/hostname")
                .unwrap_or_else(|| variable(&["HOSTNAME", "COMPUTERNAME", "HOST"])),
            boot_id: first_line(&*env.fs, "/proc/sys/kernel/random/boot_id").unwrap_or_default(),
            user: variable(&["USER", "LOGNAME", "USERNAME"]),
            command: command.to_owned(),
            started: env.clock.now(),
        }
    }

    /// The note in a lock file, if there is a whole one.
    pub(crate) fn read(fs: &dyn FileSystem, path: &Path) -> Option<LockNote> {
        // Whoever reads a pipe waits for somebody to write.
        let is_regular = fs.kind(path).ok()?.is_some_and(|kind| kind.is_regular);
        let bytes = is_regular.then(|| fs.read(path, NOTE_LIMIT).ok())??;
        serde_json::from_slice(&bytes).ok()
    }
}

impl Lock {
    pub(crate) fn new(mut file: Box<dyn FileLock>, note: LockNote) -> Lock {
        // A lock whose note cannot be written is still a lock.
        let text = serde_json::to_string_pretty(&note).unwrap_or_default();
        let _ = file.note(&format!("{text}\n"));
        Lock { file, note }
    }

    /// Whether the file that is locked still has this path.
    pub(super) fn is_at(&self, path: &Path) -> Result<bool, StateError> {
        self.file
            .is_at(path)
            .map_err(|error| StateError::io("look at", path, error))
    }
}

impl fmt::Display for LockNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}@{} (process {}), infra {}, since {}",
            self.user,
            self.host,
            self.pid,
            self.command,
            self.started.strftime("%Y-%m-%dT%H:%M:%SZ")
        )
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock")
            .field("note", &self.note)
            .finish_non_exhaustive()
    }
}

fn first_line(fs: &dyn FileSystem, path: &str) -> Option<String> {
    let bytes = fs.read(Path::new(path), NOTE_LIMIT).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}
