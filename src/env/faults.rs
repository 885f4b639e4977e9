//! Failures on purpose: the n-th operation fails, is cut short, or is the last one that the process does.
//!
//! Operations on files and any others that a test names share one count, so a crash point is a number. A process
//! that is gone does nothing more: every later operation fails. So thousands of crash points run in one test
//! process. Does not know what the operations are for.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{AppendFile, FileKind, FileLock, FileSystem};

/// What happens at an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails with this error number and does nothing.
    Fails(i32),
    /// A write does half of its work and fails, as on a full disk; anything else fails.
    Short,
    /// The process is gone before it.
    DiesBefore,
    /// It is done, and the process is gone before it knows.
    DiesAfter,
}

/// Counts operations and says what happens at them. Shared by all wrappers of a run.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    count: AtomicU64,
    dead: AtomicBool,
    plan: Vec<(u64, Fault)>,
    /// The names of the operations so far, to explain a failure.
    names: Mutex<Vec<&'static str>>,
}

/// How to go on with an operation.
enum Verdict {
    Go,
    Fail(io::Error),
    Half,
    GoAndDie,
}

impl Faults {
    /// At operation `n` (from 1) this happens; nothing else goes wrong.
    pub(crate) fn at(n: u64, fault: Fault) -> Arc<Faults> {
        Faults::of(vec![(n, fault)])
    }

    /// No fault: counts only.
    pub(crate) fn none() -> Arc<Faults> {
        Faults::of(Vec::new())
    }

    /// Several faults, each at its operation.
    pub(crate) fn of(plan: Vec<(u64, Fault)>) -> Arc<Faults> {
        Arc::new(Faults {
            plan,
            ..Faults::default()
        })
    }

    /// How many operations there were.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether the process is gone.
    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }

    /// The last operation's name.
    pub(crate) fn last(&self) -> &'static str {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.last().copied().unwrap_or("nothing")
    }

    fn step(&self, name: &'static str) -> Verdict {
        if self.is_dead() {
            return Verdict::Fail(gone());
        }
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        self.names
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(name);
        let fault = self.plan.iter().find(|(at, _)| *at == number);
        match fault.map(|(_, fault)| *fault) {
            None => Verdict::Go,
            Some(Fault::Fails(number)) => Verdict::Fail(io::Error::from_raw_os_error(number)),
            Some(Fault::Short) => Verdict::Half,
            Some(Fault::DiesBefore) => {
                self.dead.store(true, Ordering::Relaxed);
                Verdict::Fail(gone())
            }
            Some(Fault::DiesAfter) => Verdict::GoAndDie,
        }
    }

    fn run<T>(
        &self,
        name: &'static str,
        half: impl FnOnce() -> io::Result<()>,
        whole: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        match self.step(name) {
            Verdict::Go => whole(),
            Verdict::Fail(error) => Err(error),
            Verdict::Half => {
                half()?;
                Err(io::ErrorKind::StorageFull.into())
            }
            Verdict::GoAndDie => {
                let _ = whole();
                self.dead.store(true, Ordering::Relaxed);
                Err(gone())
            }
        }
    }

    /// Counts an operation of another kind, and does it if nothing speaks against it.
    pub(crate) fn operation<T>(
        &self,
        name: &'static str,
        whole: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        self.run(name, || Ok(()), whole)
    }
}

fn gone() -> io::Error {
    io::Error::other("the process is gone")
}

/// Files with faults.
#[derive(Clone)]
pub(crate) struct FaultyFiles {
    files: Arc<dyn FileSystem>,
    faults: Arc<Faults>,
}

impl FaultyFiles {
    pub(crate) fn new(files: Arc<dyn FileSystem>, faults: Arc<Faults>) -> FaultyFiles {
        FaultyFiles { files, faults }
    }
}

impl FileSystem for FaultyFiles {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        self.faults.operation("read", || self.files.read(path, limit))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.faults.operation("list", || self.files.list(folder))
    }

    fn kind(&self, path: &Path) -> io::Result<Option<FileKind>> {
        self.faults.operation("kind", || self.files.kind(path))
    }

    fn real_path(&self, path: &Path) -> io::Result<std::path::PathBuf> {
        self.files.real_path(path)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.faults
            .operation("create_folder", || self.files.create_folder(folder))
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let half = || self.files.write_new(path, &bytes[..bytes.len() / 2]);
        self.faults
            .run("write_new", half, || self.files.write_new(path, bytes))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let file = self
            .faults
            .operation("open_append", || self.files.open_append(path))?;
        Ok(Box::new(FaultyAppend {
            file,
            faults: self.faults.clone(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.faults.operation("rename", || self.files.rename(from, to))
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.faults
            .operation("hard_link", || self.files.hard_link(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.faults.operation("remove", || self.files.remove(path))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.faults
            .operation("sync_folder", || self.files.sync_folder(folder))
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        let lock = self.faults.operation("try_lock", || self.files.try_lock(path))?;
        Ok(lock.map(|lock| {
            Box::new(FaultyLock {
                lock,
                faults: self.faults.clone(),
            }) as Box<dyn FileLock>
        }))
    }
}

struct FaultyAppend {
    file: Box<dyn AppendFile>,
    faults: Arc<Faults>,
}

impl AppendFile for FaultyAppend {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = std::cell::RefCell::new(&mut self.file);
        self.faults.run(
            "append",
            || file.borrow_mut().append(&bytes[..bytes.len() / 2]),
            || file.borrow_mut().append(bytes),
        )
    }

    fn sync(&mut self) -> io::Result<()> {
        self.faults.operation("sync", || self.file.sync())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.faults.operation("truncate", || self.file.truncate(length))
    }
}

struct FaultyLock {
    lock: Box<dyn FileLock>,
    faults: Arc<Faults>,
}

impl FileLock for FaultyLock {
    fn note(&mut self, text: &str) -> io::Result<()> {
        self.faults.operation("note", || self.lock.note(text))
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        self.faults.operation("is_at", || self.lock.is_at(path))
    }
}
