//! A disk in memory that knows what a crash leaves: what was written is there at once, and is sure to stay only
//! when it was synced, files by their own sync and names by that of their folder.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::fate::{Fate, Kind};
use super::{Chance, lock};
use crate::env::{AppendFile, FileKind, FileLock, FileSystem};

/// Writes are whole up to a multiple of this.
const SECTOR: usize = 512;

/// What a crash leaves of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaves {
    /// Everything: only the process ended.
    Everything,
    /// Nothing.
    Nothing,
    /// The first part of it: some changes of names, and files cut at a sector.
    Part(u64),
}

#[derive(Debug, Clone, Default)]
struct File {
    now: Vec<u8>,
    durable: Vec<u8>,
}

/// A change of names that may still be lost, as a whole: what each name stands for now.
type Naming = Vec<(PathBuf, Option<usize>)>;

#[derive(Debug, Clone, Default)]
struct Content {
    files: Vec<File>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    /// In order; what a sync of the folder makes durable.
    pending: Vec<Naming>,
    folders: BTreeSet<PathBuf>,
    /// Who holds which lock; a process that is gone holds none.
    locked: BTreeMap<PathBuf, Arc<Fate>>,
}

/// The disk; it outlives the runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk {
    content: Arc<Mutex<Content>>,
}

/// The disk as one run sees it.
pub(super) struct Files {
    disk: Disk,
    fate: Arc<Fate>,
}

impl Content {
    fn file(&self, path: &Path) -> io::Result<usize> {
        self.names
            .get(path)
            .copied()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn name(&mut self, naming: Naming) {
        Content::settle(&mut self.names, &naming);
        self.pending.push(naming);
    }

    fn make(&mut self, path: &Path, bytes: &[u8]) -> io::Result<usize> {
        if !path.parent().is_some_and(|folder| self.folders.contains(folder)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.files.push(File {
            now: bytes.to_vec(),
            durable: Vec::new(),
        });
        let file = self.files.len() - 1;
        self.name(vec![(path.to_owned(), Some(file))]);
        Ok(file)
    }

    fn settle(names: &mut BTreeMap<PathBuf, usize>, naming: &Naming) {
        for (path, file) in naming {
            match file {
                Some(file) => names.insert(path.clone(), *file),
                None => names.remove(path),
            };
        }
    }

    fn crash(&mut self, leaves: Leaves) {
        self.locked.clear();
        let mut chance = match leaves {
            Leaves::Everything => {
                return;
            }
            Leaves::Nothing => None,
            Leaves::Part(seed) => Some(Chance::new(seed)),
        };
        let mut names = std::mem::take(&mut self.durable_names);
        if let Some(chance) = &mut chance {
            let kept = chance.below(self.pending.len() as u64 + 1) as usize;
            for naming in &self.pending[..kept] {
                Content::settle(&mut names, naming);
            }
        }
        self.pending.clear();
        for file in &mut self.files {
            if let Some(chance) = &mut chance {
                let same = file
                    .now
                    .iter()
                    .zip(&file.durable)
                    .take_while(|(a, b)| a == b)
                    .count();
                // Only what grew can be there in part; what was cut or replaced is as it was, or as it became.
                if same == file.durable.len() && file.now.len() > same {
                    let end = same + chance.below((file.now.len() - same) as u64 + 1) as usize;
                    let end = if end == file.now.len() {
                        end
                    } else {
                        end / SECTOR * SECTOR
                    };
                    file.durable = file.now[..end.max(same)].to_vec();
                } else if chance.below(2) == 0 {
                    file.durable.clone_from(&file.now);
                }
            }
            file.now.clone_from(&file.durable);
        }
        self.names.clone_from(&names);
        self.durable_names = names;
    }
}

impl Disk {
    /// The disk as a new process finds it.
    pub(super) fn crash(&self, leaves: Leaves) {
        lock(&self.content).crash(leaves);
    }

    /// Puts a file there, durable, as an editor does.
    pub(super) fn put(&self, path: &Path, text: &str) {
        self.put_bytes(path, text.as_bytes());
    }

    /// The same of any bytes.
    pub(super) fn put_bytes(&self, path: &Path, bytes: &[u8]) {
        let content = &mut *lock(&self.content);
        for folder in path.ancestors().skip(1) {
            content.folders.insert(folder.to_owned());
        }
        content.files.push(File {
            now: bytes.to_vec(),
            durable: bytes.to_vec(),
        });
        let file = content.files.len() - 1;
        content.names.insert(path.to_owned(), file);
        content.durable_names.insert(path.to_owned(), file);
    }

    /// Removes a folder with all that is in it, as `rm -rf` does. What is open stays open, without a name.
    pub(super) fn remove_folder(&self, folder: &Path) {
        let content = &mut *lock(&self.content);
        content.folders.retain(|path| !path.starts_with(folder));
        content.names.retain(|path, _| !path.starts_with(folder));
        content.durable_names.retain(|path, _| !path.starts_with(folder));
        content
            .pending
            .retain(|naming| !naming.iter().any(|(path, _)| path.starts_with(folder)));
        content.locked.retain(|path, _| !path.starts_with(folder));
    }

    /// What a file has now.
    pub(super) fn now(&self, path: &Path) -> Option<Vec<u8>> {
        let content = lock(&self.content);
        Some(content.files[*content.names.get(path)?].now.clone())
    }

    /// What a file would have after a power cut.
    pub(super) fn durable(&self, path: &Path) -> Option<Vec<u8>> {
        let content = lock(&self.content);
        Some(content.files[*content.durable_names.get(path)?].durable.clone())
    }
}

impl Files {
    pub(super) fn new(disk: Disk, fate: Arc<Fate>) -> Files {
        Files { disk, fate }
    }

    fn look<T>(&self, run: impl FnOnce(&Content) -> io::Result<T>) -> io::Result<T> {
        self.fate
            .file(Kind::Look, || run(&lock(&self.disk.content)), |_| {})
    }

    fn change<T>(&self, run: impl FnOnce(&mut Content) -> io::Result<T>) -> io::Result<T> {
        self.fate
            .file(Kind::Change, || run(&mut lock(&self.disk.content)), |_| {})
    }
}

impl FileSystem for Files {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        self.look(|content| {
            let bytes = content.files[content.file(path)?].now.clone();
            if bytes.len() as u64 > limit {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            Ok(bytes)
        })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.look(|content| {
            if !content.folders.contains(folder) {
                return Err(io::ErrorKind::NotFound.into());
            }
            let inside = |path: &Path| {
                let name = (path.parent() == Some(folder)).then(|| path.file_name())??;
                Some(name.to_str()?.to_owned())
            };
            let mut names: Vec<String> = content.names.keys().filter_map(|path| inside(path)).collect();
            names.extend(content.folders.iter().filter_map(|path| inside(path)));
            names.sort();
            Ok(names)
        })
    }

    fn kind(&self, path: &Path) -> io::Result<Option<FileKind>> {
        self.look(|content| {
            let file = content.names.get(path);
            let is_folder = content.folders.contains(path);
            Ok((file.is_some() || is_folder).then(|| FileKind {
                is_link: false,
                is_folder,
                is_regular: !is_folder,
                length: file.map_or(0, |file| content.files[*file].now.len() as u64),
                mode: if is_folder { 0o700 } else { 0o600 },
            }))
        })
    }

    fn real_path(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.change(|content| {
            content.folders.extend(folder.ancestors().map(Path::to_owned));
            Ok(())
        })
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.fate.writes(bytes);
        let write = |content: &mut Content, length: usize, synced: bool| {
            if content.names.contains_key(path) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let file = content.make(path, &bytes[..length])?;
            if synced {
                content.files[file].durable = bytes.to_vec();
            }
            Ok(())
        };
        self.fate.file(
            Kind::Change,
            || write(&mut lock(&self.disk.content), bytes.len(), true),
            |chance| {
                let length = chance.below(bytes.len() as u64 + 1) as usize;
                let _ = write(&mut lock(&self.disk.content), length, false);
            },
        )
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let file = self.change(|content| match content.file(path) {
            Ok(file) => Ok(file),
            Err(_) => content.make(path, b""),
        })?;
        Ok(Box::new(Appending {
            disk: self.disk.clone(),
            fate: self.fate.clone(),
            file,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|content| {
            let file = content.file(from)?;
            content.name(vec![(to.to_owned(), Some(file)), (from.to_owned(), None)]);
            Ok(())
        })
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|content| {
            let file = content.file(from)?;
            if content.names.contains_key(to) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            content.name(vec![(to.to_owned(), Some(file))]);
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(|content| {
            content.file(path)?;
            content.name(vec![(path.to_owned(), None)]);
            Ok(())
        })
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.change(|content| {
            let pending = std::mem::take(&mut content.pending);
            for naming in pending {
                // Nothing is renamed from one folder to another here.
                if naming[0].0.parent() == Some(folder) {
                    Content::settle(&mut content.durable_names, &naming);
                } else {
                    content.pending.push(naming);
                }
            }
            Ok(())
        })
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        let file = self.change(|content| {
            let file = match content.file(path) {
                Ok(file) => file,
                Err(_) => content.make(path, b"")?,
            };
            let is_held = content.locked.get(path).is_some_and(|holder| !holder.is_dead());
            if !is_held {
                content.locked.insert(path.to_owned(), self.fate.clone());
            }
            Ok((!is_held).then_some(file))
        })?;
        Ok(file.map(|file| {
            Box::new(Locked {
                disk: self.disk.clone(),
                fate: self.fate.clone(),
                path: path.to_owned(),
                file,
            }) as Box<dyn FileLock>
        }))
    }
}

struct Appending {
    disk: Disk,
    fate: Arc<Fate>,
    file: usize,
}

impl AppendFile for Appending {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.fate.writes(bytes);
        let append = |part: &[u8]| {
            lock(&self.disk.content).files[self.file]
                .now
                .extend_from_slice(part)
        };
        self.fate.file(
            Kind::Change,
            || {
                append(bytes);
                Ok(())
            },
            |chance| append(&bytes[..chance.below(bytes.len() as u64 + 1) as usize]),
        )
    }

    fn sync(&mut self) -> io::Result<()> {
        let run = || {
            let file = &mut lock(&self.disk.content).files[self.file];
            file.durable.clone_from(&file.now);
            Ok(())
        };
        self.fate.file(Kind::Change, run, |_| {})
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let run = || {
            let length = usize::try_from(length).unwrap();
            lock(&self.disk.content).files[self.file].now.resize(length, 0);
            Ok(())
        };
        self.fate.file(Kind::Change, run, |_| {})
    }
}

struct Locked {
    disk: Disk,
    fate: Arc<Fate>,
    path: PathBuf,
    file: usize,
}

impl FileLock for Locked {
    fn note(&mut self, text: &str) -> io::Result<()> {
        let run = || {
            lock(&self.disk.content).files[self.file].now = text.as_bytes().to_vec();
            Ok(())
        };
        self.fate.file(Kind::Change, run, |_| {})
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        let run = || {
            Ok(lock(&self.disk.content)
                .file(path)
                .is_ok_and(|file| file == self.file))
        };
        self.fate.file(Kind::Look, run, |_| {})
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // A process that is gone has lost its locks already, and somebody else may have them.
        let locked = &mut lock(&self.disk.content).locked;
        if locked
            .get(&self.path)
            .is_some_and(|holder| Arc::ptr_eq(holder, &self.fate))
        {
            locked.remove(&self.path);
        }
    }
}
