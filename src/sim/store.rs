//! The cloud on disk: a log that grows by one line for each change, and is written anew when it holds too much that
//! is no longer true. One process at a time. Does not know what a line means.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::folder;
use super::verify::hex;

/// Why the cloud on disk cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has served this folder for the whole wait.
    #[error("another process serves the simulated cloud in {}", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// A file of another program lies under a name of ours.
    #[error("{} is not a file of the simulator; it stays as it is, and another folder is needed", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A catalogue that was given cannot be used.
    #[error("a catalogue was given that cannot be used")]
    Catalogue(#[from] super::catalogue::CatalogueError),
    /// The file system refused.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Its answer.
        #[source]
        source: std::io::Error,
    },
    /// The log is damaged before its last line.
    #[error("line {line} of {} is damaged", path.display())]
    Damaged {
        /// The log.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
}

/// An open log, held by this process.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    log: File,
    /// Bytes in the log, and how many of them a fresh one would have had when it was last written.
    length: u64,
    fresh_length: u64,
    _lock: File,
}

const CHECKSUM_LENGTH: usize = 16;
/// Below this a log is not worth rewriting.
const SMALL_LOG: u64 = 1 << 20;

impl Store {
    /// Opens the cloud in `folder` and returns its lines. Waits up to `patience` for another process to let go.
    pub(super) fn open(folder: &Path, patience: Duration) -> Result<(Self, Vec<String>), StoreError> {
        let io = |doing, path: &Path| {
            let path = path.to_path_buf();
            move |source| StoreError::Io { doing, path, source }
        };
        folder::prepare(folder)?;
        let lock = acquire(folder, patience)?;
        let path = folder.join("cloud.log");
        // Left behind by a process that ended while it wrote a fresh log.
        let draft = folder.join("cloud.log.new");
        match std::fs::remove_file(&draft) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io("remove", &draft)(error));
            }
            _ => {}
        }
        let mut log = private_file(&path, false).map_err(io("open", &path))?;
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes).map_err(io("read", &path))?;
        let (lines, whole) = checked_lines(&bytes, &path)?;
        if whole < bytes.len() as u64 {
            // The last line was being written when the process ended: nothing of it was acknowledged.
            log.set_len(whole)
                .and_then(|()| log.sync_all())
                .map_err(io("trim", &path))?;
        }
        sync_folder(folder).map_err(io("sync", folder))?;
        Ok((
            Self {
                path,
                log,
                length: whole,
                // How much of it is history is not known; a large one is written anew.
                fresh_length: 0,
                _lock: lock,
            },
            lines,
        ))
    }

    /// Adds a line. It is in the file when this returns, and safe from a power loss after a sync of `handle`.
    pub(super) fn append(&mut self, line: &str) -> Result<(), StoreError> {
        let framed = frame(line);
        self.log
            .write_all(framed.as_bytes())
            .map_err(|source| StoreError::Io {
                doing: "write",
                path: self.path.clone(),
                source,
            })?;
        self.length += framed.len() as u64;
        Ok(())
    }

    /// A second handle of the log, to sync it without holding up writers.
    pub(super) fn handle(&self) -> Result<File, StoreError> {
        self.log.try_clone().map_err(|source| StoreError::Io {
            doing: "open",
            path: self.path.clone(),
            source,
        })
    }

    /// Whether most of the log is history.
    pub(super) fn is_bloated(&self) -> bool {
        self.length > SMALL_LOG && self.length > self.fresh_length.saturating_mul(4)
    }

    /// Replaces the log by these lines. Whoever holds a `handle` needs a new one.
    pub(super) fn rewrite(&mut self, lines: &[String]) -> Result<(), StoreError> {
        let draft = self.path.with_extension("log.new");
        let write = || -> std::io::Result<(File, u64)> {
            let mut file = private_file(&draft, true)?;
            let mut length = 0;
            for line in lines {
                let framed = frame(line);
                file.write_all(framed.as_bytes())?;
                length += framed.len() as u64;
            }
            file.sync_all()?;
            std::fs::rename(&draft, &self.path)?;
            if let Some(folder) = self.path.parent() {
                sync_folder(folder)?;
            }
            Ok((file, length))
        };
        let (log, length) = write().map_err(|source| StoreError::Io {
            doing: "write",
            path: draft.clone(),
            source,
        })?;
        self.log = log;
        self.length = length;
        self.fresh_length = length;
        Ok(())
    }
}

fn private_file(path: &Path, fresh: bool) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).create(true);
    if fresh {
        options.write(true).truncate(true);
    } else {
        options.append(true);
    }
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    // Only where a folder can be opened does its list of files need a sync of its own.
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

fn acquire(folder: &Path, patience: Duration) -> Result<File, StoreError> {
    let path = folder.join("lock");
    let io = |doing, source| StoreError::Io {
        doing,
        path: path.clone(),
        source,
    };
    let file = private_file(&path, false).map_err(|source| io("open", source))?;
    let begin = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(source)) => return Err(io("lock", source)),
            Err(TryLockError::WouldBlock) if begin.elapsed() >= patience => {
                return Err(StoreError::Locked {
                    path: folder.to_path_buf(),
                });
            }
            // The lock is another process's, whom no clock of ours moves, and std has no lock with a time limit: it is
            // looked at again. This runs once when a data folder is opened, on the thread that has nothing else to do.
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn frame(line: &str) -> String {
    format!("{} {line}\n", checksum(line))
}

fn checksum(line: &str) -> String {
    hex(&Sha256::digest(line.as_bytes())[..CHECKSUM_LENGTH / 2])
}

/// The lines whose checksums hold, and how many bytes they take. Only the last line may be broken.
fn checked_lines(bytes: &[u8], path: &Path) -> Result<(Vec<String>, u64), StoreError> {
    let mut lines = Vec::new();
    let mut whole = 0;
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, behind) = (&rest[..end], &rest[end + 1..]);
        match unframe(line) {
            Some(text) => lines.push(text.to_owned()),
            None if behind.is_empty() => break,
            None => {
                return Err(StoreError::Damaged {
                    path: path.to_path_buf(),
                    line: lines.len() + 1,
                });
            }
        }
        whole += end as u64 + 1;
        rest = behind;
    }
    Ok((lines, whole))
}

fn unframe(line: &[u8]) -> Option<&str> {
    let (sum, text) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    (checksum(text) == sum).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(folder: &Path) -> Vec<String> {
        Store::open(folder, Duration::ZERO).unwrap().1
    }

    #[test]
    fn lines_come_back_and_a_torn_last_one_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, found) = Store::open(folder.path(), Duration::ZERO).unwrap();
        assert!(found.is_empty());
        store.append("one").unwrap();
        store.append("two").unwrap();
        drop(store);
        let log = folder.path().join("cloud.log");
        let whole = std::fs::read(&log).unwrap();
        for cut in 0..=whole.len() {
            std::fs::write(&log, &whole[..cut]).unwrap();
            let kept = lines(folder.path());
            assert_eq!(kept, ["one", "two"][..kept.len()], "cut at {cut}");
            assert_eq!(
                kept.len(),
                whole[..cut].iter().filter(|byte| **byte == b'\n').count()
            );
        }
    }

    #[test]
    fn damage_in_the_middle_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, _) = Store::open(folder.path(), Duration::ZERO).unwrap();
        store.append("one").unwrap();
        store.append("two").unwrap();
        drop(store);
        let log = folder.path().join("cloud.log");
        let mut bytes = std::fs::read(&log).unwrap();
        bytes[CHECKSUM_LENGTH + 1] = b'O';
        std::fs::write(&log, bytes).unwrap();
        let result = Store::open(folder.path(), Duration::ZERO);
        assert!(matches!(result, Err(StoreError::Damaged { line: 1, .. })));
    }

    #[test]
    fn a_rewritten_log_holds_the_new_lines_only() {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, _) = Store::open(folder.path(), Duration::ZERO).unwrap();
        store.append("one").unwrap();
        store.rewrite(&["all".to_owned()]).unwrap();
        store.append("two").unwrap();
        drop(store);
        assert_eq!(lines(folder.path()), ["all", "two"]);
    }

    #[test]
    fn one_process_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let _held = Store::open(folder.path(), Duration::ZERO).unwrap();
        let second = Store::open(folder.path(), Duration::ZERO);
        assert!(matches!(second, Err(StoreError::Locked { .. })));
    }
}
