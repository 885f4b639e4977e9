//! What can go wrong with a state, and the way out of it.
//!
//! Does not know exit codes; a command picks them (6 for [`StateError::Locked`], else 1 or 3).

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::codes::Code;
use crate::diagnostic::{Advice, Diagnostic, codes, run};

use super::check::Violation;
use super::lock::LockNote;
use super::migrate::FORMAT;

/// Why a state cannot be read or written. Files are left as they are in every case.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StateError {
    /// The state file's bytes are not those that were written.
    #[error("the state file {} is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    /// The state file is empty.
    #[error("the state file {} is empty", path.display())]
    Empty { path: PathBuf },
    /// There is no state file although something beside it shows that there was one.
    #[error("the state file {} is missing, but {} shows that there was one", path.display(), witness.display())]
    Missing { path: PathBuf, witness: PathBuf },
    /// The file is not a state of `infra`.
    #[error("{} is not a state file of infra", path.display())]
    NotAState { path: PathBuf },
    /// A newer version of `infra` wrote the file.
    #[error("{} has the format {format}, this version of infra reads formats up to {FORMAT}", path.display())]
    Newer { path: PathBuf, format: u64 },
    /// Somebody else could change the file, or it is not where it seems to be.
    #[error("{} {problem}", path.display())]
    Unsafe {
        path: PathBuf,
        problem: &'static str,
        remedy: String,
    },
    /// A line of the journal was changed after it had been written.
    #[error("the journal {} is damaged: {reason}", path.display())]
    JournalDamaged { path: PathBuf, reason: String },
    /// The journal does not continue this state.
    #[error("the journal {} does not belong to the state file beside it: {reason}", path.display())]
    JournalForeign { path: PathBuf, reason: String },
    /// Somebody else holds the lock.
    #[error("the state is locked{}", by(holder.as_deref()))]
    Locked {
        path: PathBuf,
        holder: Option<Box<LockNote>>,
    },
    /// The file system has no locks.
    #[error("the state cannot be locked: {} is on a file system without locks", path.display())]
    LockUnsupported {
        path: PathBuf,
        #[source]
        source: Arc<io::Error>,
    },
    /// The file system refused.
    #[error("could not {doing} {}", path.display())]
    Io {
        /// What was being done, e.g. `write`.
        doing: &'static str,
        path: PathBuf,
        #[source]
        source: Arc<io::Error>,
    },
    /// An earlier write failed, so nothing more may be begun in this run.
    #[error("the journal could not be written, so nothing more is begun: {cause}")]
    Poisoned { cause: Arc<StateError> },
    /// The folder of the state was removed or moved away while a run went on.
    #[error(
        "the folder {} disappeared during this run, so nothing more is begun{}",
        folder.display(),
        if cause.is_none() { "; what was done until then is written there again" } else { "" }
    )]
    FolderGone {
        folder: PathBuf,
        /// Why the state could not be written there again; none if it was.
        #[source]
        cause: Option<Arc<StateError>>,
    },
    /// A change or a state cannot be right.
    #[error("a change of the state makes no sense: {violation}")]
    Inconsistent { violation: Violation },
    /// The generation that was asked for is not there, or none is whole.
    #[error("{}", match serial { Some(serial) => format!("there is no whole backup with the serial {serial}"), None => "there is no whole backup".to_owned() })]
    NoGeneration {
        serial: Option<u64>,
        /// Serials that could be restored, newest first.
        there: Vec<u64>,
    },
    /// A state that knows something is not rebuilt.
    #[error("{} is there and knows {resources} resources; only a state that was lost is rebuilt", path.display())]
    InUse { path: PathBuf, resources: usize },
    /// A document may not replace the state.
    #[error("this document cannot replace the state: {reason}")]
    PushRefused { reason: String },
    /// A name that cannot be part of a file name.
    #[error("\"{name}\" cannot name a state")]
    Name { name: String },
}

impl StateError {
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>, source: io::Error) -> StateError {
        StateError::Io {
            doing,
            path: path.into(),
            source: Arc::new(source),
        }
    }

    /// The code of the diagnostic; the meaning of a code never changes.
    pub(crate) fn code(&self) -> Code {
        match self {
            StateError::Damaged { .. } => codes::STATE_DAMAGED,
            StateError::Empty { .. } => codes::STATE_EMPTY,
            StateError::Missing { .. } => codes::STATE_MISSING,
            StateError::NotAState { .. } => codes::NOT_A_STATE,
            StateError::Newer { .. } => codes::STATE_NEWER,
            StateError::Unsafe { .. } => codes::STATE_UNSAFE,
            StateError::JournalDamaged { .. } => codes::JOURNAL_DAMAGED,
            StateError::JournalForeign { .. } => codes::JOURNAL_FOREIGN,
            StateError::Locked { .. } => codes::LOCKED,
            StateError::LockUnsupported { .. } => codes::NO_LOCKS,
            StateError::Io { .. } => codes::STATE_IO,
            StateError::Poisoned { .. } => codes::JOURNAL_STOPPED,
            StateError::Inconsistent { .. } => codes::STATE_INCONSISTENT,
            StateError::NoGeneration { .. } => codes::NO_GENERATION,
            StateError::PushRefused { .. } => codes::PUSH_REFUSED,
            StateError::FolderGone { .. } => codes::FOLDER_GONE,
            StateError::InUse { .. } => codes::STATE_IN_USE,
            StateError::Name { .. } => codes::STATE_NAME,
        }
    }

    /// Whether somebody else holds the lock.
    pub(crate) fn is_locked(&self) -> bool {
        matches!(self, StateError::Locked { .. })
    }

    /// The error with its cause and its way out.
    pub(crate) fn diagnostic(&self) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(self.code(), self.to_string());
        let mut cause = std::error::Error::source(self);
        while let Some(source) = cause {
            diagnostic.notes.push(source.to_string());
            cause = source.source();
        }
        if let StateError::Poisoned { cause } = self {
            let cause = cause.diagnostic();
            diagnostic.notes.extend(cause.notes);
            diagnostic.help.extend(cause.help);
        }
        diagnostic.help.extend(self.help());
        diagnostic
    }

    /// Ways out, a line each.
    fn help(&self) -> Vec<Advice> {
        let restore = || {
            run("state restore")
                .then(" brings back the newest whole backup; the damaged file is kept beside it")
        };
        match self {
            StateError::Damaged { .. } => vec![restore()],
            StateError::Empty { .. } => vec![
                restore(),
                "if there never was anything in it, remove the empty file".into(),
            ],
            StateError::Missing { .. } => vec![
                run("state restore").then(" brings back the newest whole backup"),
                "if what it described is gone for good, remove the journal and the backups too".into(),
            ],
            StateError::NotAState { path } => vec![
                Advice::from(format!("move {} away, or use ", path.display()))
                    .run("state restore")
                    .then(" if it replaced your state"),
            ],
            StateError::Newer { .. } => vec![
                "update infra to the version that wrote it".into(),
                Advice::from("or ").run("state restore SERIAL").then(" for a backup from before"),
            ],
            StateError::Unsafe { remedy, .. } => vec![remedy.clone().into()],
            StateError::JournalDamaged { .. } => vec![
                run("state restore").then(" keeps what can be read of it and puts the damaged journal aside"),
                "the next plan names every resource that the state does not know".into(),
            ],
            StateError::JournalForeign { .. } => vec![
                run("state restore").then(" brings back the state that the journal continues, if it is among the backups"),
                run("state restore SERIAL").then(" takes that backup and puts the journal aside"),
            ],
            StateError::Locked { .. } => vec![
                "wait for it to end, or end that process: its lock ends with it".into(),
                run("unlock").then(" shows who holds it"),
            ],
            StateError::LockUnsupported { .. } => vec!["keep the folder on a local disk".into()],
            StateError::Io { source, .. } => io_help(source).into_iter().map(Advice::from).collect(),
            StateError::Poisoned { .. } => vec![
                "make the disk writable again and run the same command: it goes on from what is in the journal".into(),
            ],
            StateError::FolderGone { cause: None, .. } => {
                vec!["if it was moved away, look which of the two you need: the generations are in the old one".into()]
            }
            StateError::FolderGone { .. } => vec![
                "nothing of this run is on the disk: what exists is told here, and carries the tags of this stack".into(),
            ],
            StateError::Inconsistent { .. } => vec![
                "nothing of it was written: the same command looks again what is there".into(),
                "if it comes again, it is a mistake in infra; please report it".into(),
            ],
            StateError::NoGeneration { there, .. } if there.is_empty() => {
                vec![run("import ADDRESS ID").then(" takes over what exists, one by one")]
            }
            StateError::NoGeneration { there, .. } => vec![
                format!(
                    "there are: {}",
                    there.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
                )
                .into(),
            ],
            StateError::PushRefused { .. } => {
                vec![run("state pull").then(" writes a document that can be changed and pushed")]
            }
            StateError::InUse { path, .. } => vec![
                format!(
                    "if it is not the state of what exists, move {} and what lies beside it away",
                    path.display()
                )
                .into(),
            ],
            StateError::Name { .. } => vec!["a name has letters, digits, '_' and '-' only".into()],
        }
    }
}

fn io_help(source: &io::Error) -> Vec<String> {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            vec!["make room on the disk and run the same command again".to_owned()]
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            vec!["make the folder .infra writable for you".to_owned()]
        }
        _ => Vec::new(),
    }
}

fn by(holder: Option<&LockNote>) -> String {
    holder.map_or_else(String::new, |note| format!(" by {note}"))
}
