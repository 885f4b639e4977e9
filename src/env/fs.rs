//! The machine's own files.
//!
//! Nothing here follows a symbolic link when it writes, and what it makes is only for the user: 0600 files, 0700
//! folders. Does not know what the files hold.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::{AppendFile, FileKind, FileLock, FileSystem};

/// The operating system's file system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemFiles;

struct SystemAppendFile(File);

struct SystemFileLock(File);

/// Whether so many more files may be open as the runtime opens before it can tell anybody about an error.
pub(crate) fn room_for_files() -> io::Result<()> {
    const NEEDED: usize = 8;
    if cfg!(unix) {
        let open: io::Result<Vec<std::fs::File>> =
            (0..NEEDED).map(|_| std::fs::File::open("/dev/null")).collect();
        open.map(drop)
    } else {
        Ok(())
    }
}

/// Writes a file that belongs to the user, whole or not at all: an instant without power or room leaves what was there.
/// Its rights stay. What is there and no regular file (a link, a pipe) is left alone, which is an error, and so is a
/// folder on the way below `root` that is a link: a cloned repository may have laid them.
pub(crate) fn put_file(root: &Path, name: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    let refused = |path: &Path, what: &str| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{} is {what}", path.display()),
        )
    };
    let mut folder = root.to_path_buf();
    for part in name.parent().into_iter().flat_map(Path::components) {
        folder.push(part);
        match folder.symlink_metadata() {
            Ok(found) if !found.is_dir() => return Err(refused(&folder, "no folder of its own")),
            Ok(_) => {}
            Err(_) => std::fs::create_dir(&folder)?,
        }
    }
    let path = root.join(name);
    let rights = match path.symlink_metadata() {
        Ok(found) if !found.is_file() => return Err(refused(&path, "no regular file")),
        Ok(found) => Some(found.permissions()),
        Err(_) => None,
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(".infra-").tempfile_in(&folder)?;
    file.write_all(bytes)?;
    if let Some(rights) = rights {
        file.as_file().set_permissions(rights)?;
    }
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}

impl FileSystem for SystemFiles {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut bytes = Vec::with_capacity(usize::try_from(length.min(limit)).unwrap_or_default());
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it is larger than {limit} bytes"),
            ));
        }
        Ok(bytes)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            // A name that is no text is none that we could have made or could be asked about.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn kind(&self, path: &Path) -> io::Result<Option<FileKind>> {
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        Ok(Some(FileKind {
            is_link: metadata.file_type().is_symlink(),
            is_folder: metadata.is_dir(),
            is_regular: metadata.is_file(),
            length: metadata.len(),
            mode: mode(&metadata),
        }))
    }

    fn real_path(&self, path: &Path) -> io::Result<PathBuf> {
        path.canonicalize()
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        let parent = folder.parent();
        if let Some(parent) = parent {
            self.create_folder(parent)?;
        }
        match make_folder(folder) {
            // Somebody else may have made it at the same time.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => return Ok(()),
            made => made?,
        }
        // A folder that is lost with the power takes everything in it along.
        parent.map_or(Ok(()), |parent| self.sync_folder(parent))
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        let mut file = private(&mut options).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let mut options = OpenOptions::new();
        // Not the append flag: a file that is opened with it cannot be cut on every system.
        options.read(true).write(true).create(true).truncate(false);
        let mut file = private(&mut options).open(path)?;
        file.seek(io::SeekFrom::End(0))?;
        Ok(Box::new(SystemAppendFile(file)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::hard_link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Elsewhere a folder cannot be opened as a file, and renaming is durable by itself.
        if cfg!(unix) {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = private(&mut options).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(SystemFileLock(file)))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(without_locks(error)),
        }
    }
}

impl AppendFile for SystemAppendFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)?;
        self.0.seek(io::SeekFrom::End(0)).map(|_| ())
    }
}

impl FileLock for SystemFileLock {
    fn note(&mut self, text: &str) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.rewind()?;
        self.0.write_all(text.as_bytes())
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        match path.symlink_metadata() {
            Ok(there) => Ok(is_same_file(&self.0.metadata()?, &there)),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(unix)]
fn is_same_file(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Elsewhere a file that is open cannot be removed, so what has its name is it.
#[cfg(not(unix))]
fn is_same_file(_one: &std::fs::Metadata, _other: &std::fs::Metadata) -> bool {
    true
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let no_follow = rustix::fs::OFlags::NOFOLLOW.bits();
    options
        .mode(0o600)
        .custom_flags(i32::try_from(no_follow).unwrap_or(0))
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn mode(metadata: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(_metadata: &std::fs::Metadata) -> u32 {
    0o600
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir(folder)
}

/// Some network mounts say only by a number of their own that they have no locks.
fn without_locks(error: io::Error) -> io::Error {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error()) {
        return io::Error::new(io::ErrorKind::Unsupported, error);
    }
    error
}
