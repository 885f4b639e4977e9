//! A disk in memory that knows what would be left of it if the power failed at any moment.
//!
//! Every change is recorded. From a prefix of the record it makes every disk image that the rules of file systems
//! allow: what was not synced is there, or lost, or torn at 512 bytes; a name that was not synced is the old or
//! the new one. Does not know what the files hold.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{AppendFile, FileKind, FileLock, FileSystem};

/// What a write never tears.
const SECTOR: usize = 512;

/// A disk; clones are the same disk.
#[derive(Clone, Default)]
pub(crate) struct MemoryDisk(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    files: Vec<Vec<u8>>,
    names: BTreeMap<PathBuf, usize>,
    folders: BTreeSet<PathBuf>,
    locked: BTreeSet<PathBuf>,
    notes: BTreeMap<PathBuf, Vec<u8>>,
    record: Vec<Change>,
}

/// One recorded change.
#[derive(Debug, Clone)]
enum Change {
    Write {
        file: usize,
        bytes: Vec<u8>,
    },
    Cut {
        file: usize,
        length: usize,
    },
    Sync {
        file: usize,
    },
    /// Names that change together.
    Names(Vec<(PathBuf, Option<usize>)>),
    SyncFolder,
}

impl MemoryDisk {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A disk of its own with the same files and names, as if everything were durable.
    pub(crate) fn fork(&self) -> MemoryDisk {
        let inner = self.inner();
        MemoryDisk(Arc::new(Mutex::new(Inner {
            files: inner.files.clone(),
            names: inner.names.clone(),
            folders: inner.folders.clone(),
            ..Inner::default()
        })))
    }

    /// How many changes were recorded.
    pub(crate) fn changes(&self) -> usize {
        self.inner().record.len()
    }

    /// Bytes written into files so far.
    pub(crate) fn bytes_written(&self) -> usize {
        let written = |change: &Change| match change {
            Change::Write { bytes, .. } => bytes.len(),
            _ => 0,
        };
        self.inner().record.iter().map(written).sum()
    }

    /// The files by path, locks left out.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let inner = self.inner();
        inner
            .names
            .iter()
            .map(|(path, &file)| (path.clone(), inner.files[file].clone()))
            .collect()
    }

    /// The disk that a loss of power after `prefix` changes may leave, once for each legal image.
    pub(crate) fn images(&self, prefix: usize) -> Vec<MemoryDisk> {
        let inner = self.inner();
        let past = Past::of(&inner.record[..prefix]);
        let mut contents: Vec<Vec<Vec<u8>>> = vec![Vec::new()];
        for file in &past.files {
            let variants = file.variants();
            let with_next = |before: &Vec<Vec<u8>>| {
                let with = |next: &Vec<u8>| [before.as_slice(), std::slice::from_ref(next)].concat();
                variants.iter().map(with).collect::<Vec<_>>()
            };
            contents = contents.iter().flat_map(with_next).collect();
        }
        let disk = |names: &BTreeMap<PathBuf, usize>, files: &Vec<Vec<u8>>| {
            MemoryDisk(Arc::new(Mutex::new(Inner {
                files: files.clone(),
                names: names.clone(),
                folders: inner.folders.clone(),
                ..Inner::default()
            })))
        };
        past.name_variants()
            .iter()
            .flat_map(|names| contents.iter().map(move |files| disk(names, files)))
            .collect()
    }
}

/// What is known to be on disk after some changes, and what may be.
#[derive(Default)]
struct Past {
    files: Vec<PastFile>,
    names: BTreeMap<PathBuf, usize>,
    names_pending: Vec<Vec<(PathBuf, Option<usize>)>>,
}

#[derive(Default)]
struct PastFile {
    durable: Vec<u8>,
    current: Vec<u8>,
    has_pending: bool,
}

impl Past {
    fn of(changes: &[Change]) -> Past {
        let mut past = Past::default();
        for change in changes {
            match change {
                Change::Write { file, bytes } => {
                    let file = past.file(*file);
                    file.current.extend_from_slice(bytes);
                    file.has_pending = true;
                }
                Change::Cut { file, length } => {
                    let file = past.file(*file);
                    file.current.truncate(*length);
                    file.has_pending = true;
                }
                Change::Sync { file } => {
                    let file = past.file(*file);
                    file.durable = file.current.clone();
                    file.has_pending = false;
                }
                Change::Names(names) => past.names_pending.push(names.clone()),
                Change::SyncFolder => {
                    let pending = std::mem::take(&mut past.names_pending);
                    for names in &pending {
                        rename(&mut past.names, names);
                    }
                }
            }
        }
        let used = past.names_pending.iter().flatten().filter_map(|(_, file)| *file);
        let last = used.chain(past.names.values().copied()).max();
        if let Some(last) = last {
            past.file(last);
        }
        past
    }

    fn file(&mut self, file: usize) -> &mut PastFile {
        while self.files.len() <= file {
            self.files.push(PastFile::default());
        }
        &mut self.files[file]
    }

    /// Every subset of the pending changes of names may have reached the disk.
    fn name_variants(&self) -> Vec<BTreeMap<PathBuf, usize>> {
        let pending = &self.names_pending;
        assert!(
            pending.len() < 8,
            "so many unsynced names: {pending:?} cannot be enumerated"
        );
        (0..1_usize << pending.len())
            .map(|subset| {
                let mut names = self.names.clone();
                for (index, change) in pending.iter().enumerate() {
                    if subset & (1 << index) != 0 {
                        rename(&mut names, change);
                    }
                }
                names
            })
            .collect()
    }
}

fn rename(names: &mut BTreeMap<PathBuf, usize>, change: &[(PathBuf, Option<usize>)]) {
    for (path, file) in change {
        match file {
            Some(file) => names.insert(path.clone(), *file),
            None => names.remove(path),
        };
    }
}

impl PastFile {
    fn variants(&self) -> Vec<Vec<u8>> {
        let mut variants = BTreeSet::from([self.durable.clone()]);
        if !self.has_pending {
            return variants.into_iter().collect();
        }
        let (old, new) = (self.durable.len(), &self.current);
        variants.insert(new.clone());
        let first = old.min(new.len()) / SECTOR;
        let sectors: Vec<usize> = (first..new.len().div_ceil(SECTOR)).collect();
        // Cut short at a sector, or, by a file system that keeps the length apart, anywhere.
        let even = (1..8).map(|eighth| old + new.len().saturating_sub(old) * eighth / 8);
        for length in sectors
            .iter()
            .map(|sector| sector * SECTOR)
            .chain(even)
            .chain([old + 1, new.len().saturating_sub(1)])
        {
            if (old..new.len()).contains(&length) {
                variants.insert(new[..length].to_vec());
            }
        }
        // The length is there and some sectors are not: every subset of a few, else each alone and all before it.
        let subsets: Vec<Vec<usize>> = if sectors.len() <= 4 {
            (1..1_usize << sectors.len())
                .map(|subset| {
                    let chosen = |index: &usize| subset & (1 << index) != 0;
                    (0..sectors.len())
                        .filter(chosen)
                        .map(|index| sectors[index])
                        .collect()
                })
                .collect()
        } else {
            let alone = sectors.iter().map(|&sector| vec![sector]);
            let before = (1..=sectors.len()).map(|count| sectors[..count].to_vec());
            alone.chain(before).collect()
        };
        for lost in subsets {
            let mut torn = new.clone();
            for sector in lost {
                let end = ((sector + 1) * SECTOR).min(torn.len());
                torn[(sector * SECTOR).max(old.min(end))..end].fill(0);
            }
            variants.insert(torn);
        }
        variants.into_iter().collect()
    }
}

impl Inner {
    fn file(&self, path: &Path) -> io::Result<usize> {
        self.names
            .get(path)
            .copied()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn set_names(&mut self, names: Vec<(PathBuf, Option<usize>)>) {
        rename(&mut self.names, &names);
        self.record.push(Change::Names(names));
    }

    fn create(&mut self, path: &Path) -> usize {
        self.files.push(Vec::new());
        let file = self.files.len() - 1;
        self.set_names(vec![(path.to_owned(), Some(file))]);
        file
    }

    fn write(&mut self, file: usize, bytes: &[u8]) {
        self.files[file].extend_from_slice(bytes);
        self.record.push(Change::Write {
            file,
            bytes: bytes.to_vec(),
        });
    }
}

impl FileSystem for MemoryDisk {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let inner = self.inner();
        if let Some(note) = inner.notes.get(path) {
            return Ok(note.clone());
        }
        let bytes = &inner.files[inner.file(path)?];
        if bytes.len() as u64 > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes.clone())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let inner = self.inner();
        if !inner.folders.contains(folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(inner
            .names
            .keys()
            .filter(|path| path.parent() == Some(folder))
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .collect())
    }

    fn kind(&self, path: &Path) -> io::Result<Option<FileKind>> {
        let inner = self.inner();
        let is_folder = inner.folders.contains(path);
        let is_lock = inner.notes.contains_key(path);
        let file = inner.names.get(path).copied();
        if file.is_none() && !is_folder && !is_lock {
            return Ok(None);
        }
        Ok(Some(FileKind {
            is_link: false,
            is_folder,
            is_regular: !is_folder,
            length: file.map_or(0, |file| inner.files[file].len() as u64),
            mode: 0o600,
        }))
    }

    /// There are no links, and nobody asks for `..`.
    fn real_path(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.inner().folders.insert(folder.to_owned());
        Ok(())
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.inner();
        if inner.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = inner.create(path);
        inner.write(file, bytes);
        inner.record.push(Change::Sync { file });
        Ok(())
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let mut inner = self.inner();
        let file = match inner.names.get(path) {
            Some(&file) => file,
            None => inner.create(path),
        };
        Ok(Box::new(MemoryAppend {
            disk: self.clone(),
            file,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        let file = inner.file(from)?;
        inner.set_names(vec![(from.to_owned(), None), (to.to_owned(), Some(file))]);
        Ok(())
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        let file = inner.file(from)?;
        if inner.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        inner.set_names(vec![(to.to_owned(), Some(file))]);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        inner.file(path)?;
        inner.set_names(vec![(path.to_owned(), None)]);
        Ok(())
    }

    fn sync_folder(&self, _folder: &Path) -> io::Result<()> {
        self.inner().record.push(Change::SyncFolder);
        Ok(())
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        let mut inner = self.inner();
        inner.notes.entry(path.to_owned()).or_default();
        if !inner.locked.insert(path.to_owned()) {
            return Ok(None);
        }
        Ok(Some(Box::new(MemoryLock {
            disk: self.clone(),
            path: path.to_owned(),
        })))
    }
}

struct MemoryAppend {
    disk: MemoryDisk,
    file: usize,
}

impl AppendFile for MemoryAppend {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.disk.inner().write(self.file, bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.inner().record.push(Change::Sync { file: self.file });
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let mut inner = self.disk.inner();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        inner.files[self.file].truncate(length);
        inner.record.push(Change::Cut {
            file: self.file,
            length,
        });
        Ok(())
    }
}

struct MemoryLock {
    disk: MemoryDisk,
    path: PathBuf,
}

impl FileLock for MemoryLock {
    fn note(&mut self, text: &str) -> io::Result<()> {
        let path = self.path.clone();
        self.disk.inner().notes.insert(path, text.as_bytes().to_vec());
        Ok(())
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        Ok(path == self.path && self.disk.inner().notes.contains_key(path))
    }
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.disk.inner().locked.remove(&self.path);
    }
}
