//! Files that are nowhere but in memory, and a clock that does not wait: the world of a run that is only tried out.
//!
//! Does not know what is tried.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{AppendFile, BoxFuture, Clock, FileKind, FileLock, FileSystem};

/// Files in memory; clones are the same files.
#[derive(Clone, Default)]
pub(crate) struct VolatileFiles(Arc<Mutex<Tree>>);

#[derive(Default)]
struct Tree {
    files: BTreeMap<PathBuf, Arc<Mutex<Vec<u8>>>>,
    locked: BTreeSet<PathBuf>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl VolatileFiles {
    fn find(&self, path: &Path) -> io::Result<Arc<Mutex<Vec<u8>>>> {
        let found = held(&self.0).files.get(path).cloned();
        found.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl FileSystem for VolatileFiles {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let bytes = held(&*self.find(path)?).clone();
        if bytes.len() as u64 > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let tree = held(&self.0);
        let inside = tree.files.keys().filter(|path| path.parent() == Some(folder));
        let name = |path: &PathBuf| Some(path.file_name()?.to_str()?.to_owned());
        Ok(inside.filter_map(name).collect())
    }

    fn kind(&self, path: &Path) -> io::Result<Option<FileKind>> {
        let tree = held(&self.0);
        let length = tree.files.get(path).map(|bytes| held(bytes).len() as u64);
        let is_folder = length.is_none() && tree.files.keys().any(|file| file.starts_with(path));
        Ok((is_folder || length.is_some()).then(|| FileKind {
            is_link: false,
            is_folder,
            is_regular: !is_folder,
            length: length.unwrap_or_default(),
            mode: 0o600,
        }))
    }

    fn real_path(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }

    fn create_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut tree = held(&self.0);
        if tree.files.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        tree.files
            .insert(path.to_owned(), Arc::new(Mutex::new(bytes.to_vec())));
        Ok(())
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let file = held(&self.0).files.entry(path.to_owned()).or_default().clone();
        Ok(Box::new(VolatileFile(file)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut tree = held(&self.0);
        let file = tree.files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        tree.files.insert(to.to_owned(), file);
        Ok(())
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let file = self.find(from)?;
        held(&self.0).files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let removed = held(&self.0).files.remove(path);
        removed.map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        let mut tree = held(&self.0);
        tree.files.entry(path.to_owned()).or_default();
        let is_free = tree.locked.insert(path.to_owned());
        let lock = || -> Box<dyn FileLock> {
            Box::new(VolatileLock {
                files: self.clone(),
                path: path.to_owned(),
            })
        };
        Ok(is_free.then(lock))
    }
}

struct VolatileFile(Arc<Mutex<Vec<u8>>>);

impl AppendFile for VolatileFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        held(&self.0).extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        held(&self.0).truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(())
    }
}

struct VolatileLock {
    files: VolatileFiles,
    path: PathBuf,
}

impl FileLock for VolatileLock {
    fn note(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        Ok(path == self.path && held(&self.files.0).files.contains_key(path))
    }
}

impl Drop for VolatileLock {
    fn drop(&mut self) {
        held(&self.files.0).locked.remove(&self.path);
    }
}

/// A clock on which whoever waits has waited: it goes on by that much. Clones are the same clock.
#[derive(Clone)]
pub(crate) struct SwiftClock {
    inner: Arc<dyn Clock>,
    ahead: Arc<Mutex<Duration>>,
}

impl SwiftClock {
    /// One that begins with another's time.
    pub(crate) fn new(inner: Arc<dyn Clock>) -> SwiftClock {
        SwiftClock {
            inner,
            ahead: Arc::default(),
        }
    }
}

impl Clock for SwiftClock {
    fn now(&self) -> Timestamp {
        let ahead = SignedDuration::try_from(*held(&self.ahead)).unwrap_or(SignedDuration::MAX);
        self.inner.now().saturating_add(ahead).unwrap_or(Timestamp::MAX)
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed().saturating_add(*held(&self.ahead))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let ahead = Arc::clone(&self.ahead);
        Box::pin(async move {
            // Whoever else could go on does so before time passes.
            tokio::task::yield_now().await;
            let mut ahead = held(&ahead);
            *ahead = ahead.saturating_add(duration);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_kept_while_somebody_has_them() {
        let files = VolatileFiles::default();
        let (one, other) = (Path::new("/a/one"), Path::new("/a/other"));
        files.write_new(one, b"x").unwrap();
        assert!(files.write_new(one, b"y").is_err());
        files.open_append(one).unwrap().append(b"y").unwrap();
        files.rename(one, other).unwrap();
        assert_eq!(files.read(other, 9).unwrap(), b"xy");
        assert!(files.read(other, 1).is_err() && files.read(one, 9).is_err());
        assert_eq!(files.list(Path::new("/a")).unwrap(), ["other"]);
        let lock = files.try_lock(one).unwrap();
        assert!(lock.is_some() && files.try_lock(one).unwrap().is_none());
        drop(lock);
        assert!(files.try_lock(one).unwrap().is_some());
    }

    #[tokio::test]
    async fn nobody_waits_and_time_has_passed() {
        let clock = SwiftClock::new(Arc::new(super::super::SystemClock::new()));
        let before = clock.elapsed();
        clock.sleep(Duration::from_secs(3600)).await;
        assert!(clock.elapsed() - before >= Duration::from_secs(3600));
    }
}
