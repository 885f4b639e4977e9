//! Everything ambient that `infra` may touch: time, chance, variables, files, signals and the network, each a small trait,
//! so that tests, fault injection and simulation need no other seam.
//!
//! Does not know what any of it is used for.

#[cfg(test)]
pub(crate) mod chance;
mod clock;
mod edited;
#[cfg(test)]
pub(crate) mod faults;
mod fs;
#[cfg(test)]
pub(crate) mod memory;
mod pager;
mod random;
mod signals;
mod transport;
pub(crate) mod volatile;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub(crate) use self::{
    clock::SystemClock,
    edited::EditedFiles,
    fs::{SystemFiles, put_file, room_for_files},
    pager::show_with,
    random::SystemRandom,
    signals::SystemSignals,
    transport::SystemTransport,
};

/// A boxed future, so that traits with asynchronous methods can be used behind a pointer.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The ambient world of one run.
#[derive(Clone)]
pub struct Env {
    /// Environment variables.
    pub(crate) vars: BTreeMap<String, String>,
    /// The working directory.
    pub(crate) cwd: PathBuf,
    pub(crate) terminal: Terminal,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) signals: Arc<dyn Signals>,
}

impl Env {
    /// The world of this process.
    pub fn system() -> Env {
        use std::io::IsTerminal as _;
        // A variable that is not UTF-8 is none of ours.
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let columns = console::Term::stderr()
            .size_checked()
            .map(|(_, columns)| usize::from(columns));
        Env {
            vars: std::env::vars_os().filter_map(text).collect(),
            cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            terminal: Terminal {
                stdin: std::io::stdin().is_terminal(),
                stdout: std::io::stdout().is_terminal(),
                stderr: std::io::stderr().is_terminal(),
                columns,
            },
            clock: Arc::new(SystemClock::new()),
            random: Arc::new(SystemRandom),
            fs: Arc::new(SystemFiles),
            transport: Arc::new(SystemTransport::new()),
            signals: Arc::new(SystemSignals),
        }
    }
}

/// Which standard streams are terminals, and how wide the screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Terminal {
    pub(crate) stdin: bool,
    pub(crate) stdout: bool,
    pub(crate) stderr: bool,
    /// Columns, if there is a terminal.
    pub(crate) columns: Option<usize>,
}

/// Time: of the wall, and waiting.
pub(crate) trait Clock: Send + Sync {
    /// The local wall clock. Server time is learnt from answers, not from here.
    fn now(&self) -> Timestamp;
    /// A clock that never goes back, as the time since some fixed moment.
    fn elapsed(&self) -> Duration;
    /// Waits.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// Chance.
pub(crate) trait Random: Send + Sync {
    /// Fills the bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// What asks a process from outside to stop: Ctrl-C, SIGTERM, and SIGHUP when its terminal goes away.
pub(crate) trait Signals: Send + Sync {
    /// Begins to listen. From then on such a signal no longer ends the process by itself.
    fn listen(&self) -> io::Result<Box<dyn SignalStream>>;
}

/// The signals since somebody listens.
pub(crate) trait SignalStream: Send {
    /// Ends at the next signal.
    fn next(&mut self) -> BoxFuture<'_, ()>;
}

/// An open file that is only ever appended to.
pub(crate) trait AppendFile: Send {
    /// Writes all bytes at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes what was written durable (fdatasync).
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file to this length.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

/// A lock that dies with its holder.
pub(crate) trait FileLock: Send + Sync {
    /// Replaces the note in the lock file (who holds it, since when, doing what).
    fn note(&mut self, text: &str) -> io::Result<()>;
    /// Whether the file that is locked is the one with this path: it may have been removed or moved away meanwhile.
    fn is_at(&self, path: &Path) -> io::Result<bool>;
}

/// Files. Paths are absolute. Created files have mode 0600 and folders 0700 on Unix.
pub(crate) trait FileSystem: Send + Sync {
    /// The bytes of a file of at most `limit` bytes; a larger one is an error of kind `FileTooLarge`.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;
    /// The names in a folder, sorted.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// Whether something is there; a symbolic link counts as what it is, not as what it points to.
    fn kind(&self, path: &Path) -> io::Result<Option<FileKind>>;
    /// Where a path leads when every symbolic link is followed and every `..` taken back.
    fn real_path(&self, path: &Path) -> io::Result<PathBuf>;
    /// Makes a folder and its parents.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;
    /// Writes a new file in one go and makes it durable; fails if it exists (O_EXCL) and follows no link.
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Opens a file for appending, and makes it if it is not there; follows no link.
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>>;
    /// Renames over what is there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// A second name for the same file.
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Takes the lock on a file, made if it is not there and never removed; none if somebody else holds it.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>>;
}

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileKind {
    pub(crate) is_link: bool,
    pub(crate) is_folder: bool,
    /// No link, no folder, and no device, FIFO or socket either.
    pub(crate) is_regular: bool,
    pub(crate) length: u64,
    /// The permission bits on Unix, 0o600 elsewhere.
    pub(crate) mode: u32,
}

/// One HTTP request. `Debug` shows no query and no body: both may hold secrets.
#[derive(Clone)]
pub(crate) struct HttpRequest {
    pub(crate) method: &'static str,
    /// The whole address, query included.
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// How long the whole exchange may take.
    pub(crate) timeout: Duration,
    /// The largest body that is read.
    pub(crate) body_limit: usize,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.url.split('?').next().unwrap_or_default();
        write!(f, "{} {address}", self.method)
    }
}

/// One HTTP answer.
#[derive(Debug, Clone)]
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    /// The headers, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl HttpResponse {
    /// The first header of this name (lower case).
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub(crate) struct TransportError {
    /// Whether the request may have reached the other side.
    pub(crate) sent: Sent,
    /// What happened, in words, without the address's query.
    pub(crate) message: String,
}

/// Whether a request may have reached the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// No byte of the request left.
    No,
    /// Some or all of it may have arrived.
    Perhaps,
}

/// The network. Follows no redirect, keeps no cookie.
pub(crate) trait Transport: Send + Sync {
    /// Sends a request and reads the whole answer.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>>;
}
