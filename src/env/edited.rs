//! Files of which some are read as they would be after a change that nobody has made yet.
//!
//! Does not know what is changed, and changes nothing.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{AppendFile, FileKind, FileLock, FileSystem};

/// Other files, with some in place of theirs. Nothing can be written.
pub(crate) struct EditedFiles {
    /// Where all others are read.
    pub(crate) under: Arc<dyn FileSystem>,
    /// What is read instead, by path.
    pub(crate) instead: BTreeMap<PathBuf, Vec<u8>>,
}

fn refused<T>() -> io::Result<T> {
    Err(io::ErrorKind::ReadOnlyFilesystem.into())
}

impl FileSystem for EditedFiles {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        match self.instead.get(path) {
            Some(bytes) if bytes.len() as u64 > limit => Err(io::ErrorKind::FileTooLarge.into()),
            Some(bytes) => Ok(bytes.clone()),
            None => self.under.read(path, limit),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.under.list(folder)
    }

    fn kind(&self, path: &Path) -> io::Result<Option<FileKind>> {
        self.under.kind(path)
    }

    fn real_path(&self, path: &Path) -> io::Result<PathBuf> {
        self.under.real_path(path)
    }

    fn create_folder(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn write_new(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        refused()
    }

    fn open_append(&self, _: &Path) -> io::Result<Box<dyn AppendFile>> {
        refused()
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        refused()
    }

    fn hard_link(&self, _: &Path, _: &Path) -> io::Result<()> {
        refused()
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn try_lock(&self, _: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        refused()
    }
}
