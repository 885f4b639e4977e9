//! The files of one state: how they are named, read and replaced so that a crash at any instant leaves either the
//! old or the new content.
//!
//! A backup of the current generation is a copy and not a second name, so that damage in place cannot take both.
//! Generations that a run replaces itself keep their file under a second name, which costs nothing. Does not know
//! when a state is read or written, nor who may.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::address::is_plain_name;
use crate::env::{AppendFile, Clock, FileSystem, Random};

use super::check::{self, Ids};
use super::hash_key::hex;
use super::journal::{self, Begin, Journal, JournalDefect, Open, Record};
use super::migrate::FORMAT;
use super::snapshot::{self, Contained, Defect, Snapshot, Trust};
use super::{State, StateError};

/// The largest state or journal that is read, in bytes; 10,000 instances are about 10 MB.
const FILE_LIMIT: u64 = 1024 * 1024 * 1024;

/// How long a journal may grow within a run, in bytes. Every checkpoint writes the whole state: with this figure a
/// run that makes ten thousand resources writes hardly more bytes for each than a run that makes a hundred, and a
/// journal of this size is replayed in well under a second.
pub(super) const JOURNAL_BYTES: u64 = 32 * 1024 * 1024;

/// How many generations are kept.
const GENERATIONS: usize = 10;

/// How often a reader looks again when a writer replaced the files under it.
const READS_MAX: usize = 8;

/// Where the files of a state are, and the ambient world to touch them with.
#[derive(Clone)]
pub(super) struct Files {
    pub(super) fs: Arc<dyn FileSystem>,
    pub(super) random: Arc<dyn Random>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) folder: PathBuf,
    pub(super) name: String,
    /// A journal of more bytes than this, and than the state has, makes a checkpoint in the middle of a run.
    pub(super) journal_bytes: u64,
}

/// How a journal and a snapshot go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// There is no journal, or not even its first line is whole.
    None,
    /// It continues the snapshot.
    Continues,
    /// The snapshot contains it already.
    Contained,
}

/// Snapshot and journal, put together.
pub(super) struct View {
    pub(super) state: State,
    pub(super) ids: Ids,
    pub(super) open: Open,
    /// The checksum of the snapshot; empty on a first run.
    pub(super) checksum: String,
    pub(super) exists: bool,
    pub(super) journal: Journal,
    pub(super) relation: Relation,
    /// Whether there is a journal file, however little is in it.
    pub(super) has_journal_file: bool,
    /// Whether something of it is on the disk in an older format.
    pub(super) is_old: bool,
}

impl View {
    /// Whether the journal has made the state another one than a document is that contains so much of it.
    pub(super) fn beyond(&self, contained: Option<&Contained>) -> bool {
        if self.relation != Relation::Continues {
            return false;
        }
        let run = self.journal.begin.as_ref().map(|begin| &begin.run);
        let known = match contained.filter(|contained| Some(&contained.run) == run) {
            Some(contained) => usize::try_from(contained.records).unwrap_or(usize::MAX),
            None => self.journal.carried(),
        };
        let mut more = self.journal.records.iter().skip(known);
        more.any(Record::changes_state)
    }
}

/// The journal file that a session appends to.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) begin: Begin,
    /// Records behind `begin`.
    pub(super) records: u64,
    pub(super) bytes: u64,
}

impl Files {
    pub(super) fn state_path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.name))
    }

    pub(super) fn journal_path(&self) -> PathBuf {
        self.folder.join(format!("{}.journal", self.name))
    }

    pub(super) fn lock_path(&self) -> PathBuf {
        self.folder.join(format!("{}.lock", self.name))
    }

    pub(super) fn backup_path(&self, serial: u64) -> PathBuf {
        self.folder.join(format!("{}.{serial}.bak", self.name))
    }

    fn temp_path(&self, of: &str) -> PathBuf {
        self.folder.join(format!("{}.{of}.tmp", self.name))
    }

    pub(super) fn check_name(&self) -> Result<(), StateError> {
        if is_plain_name(&self.name) {
            return Ok(());
        }
        Err(StateError::Name {
            name: self.name.clone(),
        })
    }

    /// A new name for a journal.
    pub(super) fn new_run(&self) -> String {
        let mut bytes = [0_u8; 16];
        self.random.fill(&mut bytes);
        hex(&bytes)
    }

    // ---- reading ----

    /// The bytes of a file that nobody else can change; none if there is no such file.
    pub(super) fn read_own(&self, path: &Path) -> Result<Option<Vec<u8>>, StateError> {
        let kind = self
            .fs
            .kind(path)
            .map_err(|error| StateError::io("look at", path, error))?;
        let Some(kind) = kind else { return Ok(None) };
        let problem = if kind.is_link {
            Some(("is a symbolic link", "put the file itself there".to_owned()))
        } else if kind.is_folder {
            Some(("is a folder", "move it away".to_owned()))
        } else if !kind.is_regular {
            // Whoever reads a pipe waits for somebody to write.
            Some(("is no regular file", "move it away".to_owned()))
        } else if kind.mode & 0o022 != 0 {
            Some((
                "can be changed by other users",
                format!("make sure that it is yours, then: chmod 600 {}", path.display()),
            ))
        } else {
            None
        };
        if let Some((problem, remedy)) = problem {
            return Err(StateError::Unsafe {
                path: path.to_owned(),
                problem,
                remedy,
            });
        }
        match self.fs.read(path, FILE_LIMIT) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StateError::io("read", path, error)),
        }
    }

    /// Snapshot and journal as they belong together. The journal is read first: a snapshot that is newer contains
    /// it, so a reader without lock sees one moment. Only if a writer was faster twice does it look again.
    pub(super) fn view(&self) -> Result<View, StateError> {
        let mut reads = 0;
        loop {
            reads += 1;
            match self.view_once() {
                Err(StateError::JournalForeign { .. }) if reads < READS_MAX => {}
                result => return result,
            }
        }
    }

    fn view_once(&self) -> Result<View, StateError> {
        let journal = match self.read_own(&self.journal_path())? {
            None => None,
            Some(bytes) => {
                Some(journal::decode(&bytes).map_err(|defect| journal_error(&self.journal_path(), defect))?)
            }
        };
        match self.read_own(&self.state_path())? {
            Some(bytes) => {
                let (snapshot, ids) = snapshot::decode(&bytes, Trust::Checksum)
                    .map_err(|defect| state_error(&self.state_path(), defect))?;
                self.assemble(snapshot, ids, journal)
            }
            None => self.first_run(journal),
        }
    }

    fn first_run(&self, journal: Option<Journal>) -> Result<View, StateError> {
        let missing = |witness: PathBuf| StateError::Missing {
            path: self.state_path(),
            witness,
        };
        if journal.as_ref().is_some_and(|journal| journal.begin.is_some()) {
            return Err(missing(self.journal_path()));
        }
        if let Some(serial) = self.backups()?.into_iter().find(|&serial| serial > 0) {
            return Err(missing(self.backup_path(serial)));
        }
        Ok(View {
            state: State::begin(&*self.random),
            ids: Ids::default(),
            open: Open::default(),
            checksum: String::new(),
            exists: false,
            is_old: false,
            has_journal_file: journal.is_some(),
            journal: journal.unwrap_or_default(),
            relation: Relation::None,
        })
    }

    /// Puts a journal on top of the snapshot that it belongs to.
    pub(super) fn assemble(
        &self,
        snapshot: Snapshot,
        mut ids: Ids,
        journal: Option<Journal>,
    ) -> Result<View, StateError> {
        let has_journal_file = journal.is_some();
        let journal = journal.unwrap_or_default();
        let relation = relation(&snapshot, &journal).map_err(|reason| StateError::JournalForeign {
            path: self.journal_path(),
            reason,
        })?;
        let is_old = snapshot.format < FORMAT
            || (relation == Relation::Continues
                && journal.begin.as_ref().is_some_and(|begin| begin.format < FORMAT));
        let mut state = snapshot.state;
        let mut open = Open::default();
        let contained = match relation {
            Relation::Contained => journal.records.len(),
            Relation::Continues | Relation::None => journal.carried(),
        };
        for (index, record) in journal.records.iter().enumerate() {
            let followed = if index < contained {
                open.track(record).map(|_| ())
            } else {
                open.follow(record, &mut state, &mut ids)
            };
            followed.map_err(|violation| StateError::JournalDamaged {
                path: self.journal_path(),
                reason: violation.to_string(),
            })?;
        }
        Ok(View {
            is_old,
            state,
            ids,
            open,
            checksum: snapshot.checksum,
            exists: true,
            journal,
            relation,
            has_journal_file,
        })
    }

    /// The serials of the backups, newest first.
    pub(super) fn backups(&self) -> Result<Vec<u64>, StateError> {
        let names = match self.fs.list(&self.folder) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StateError::io("list", &self.folder, error)),
        };
        let mut serials: Vec<u64> = names
            .iter()
            .filter_map(|name| {
                let serial = name
                    .strip_prefix(&self.name)?
                    .strip_prefix('.')?
                    .strip_suffix(".bak")?;
                let number: u64 = serial.parse().ok()?;
                (number.to_string() == serial).then_some(number)
            })
            .collect();
        serials.sort_unstable_by(|left, right| right.cmp(left));
        Ok(serials)
    }

    /// A backup; none if it is not whole.
    pub(super) fn read_backup(&self, serial: u64) -> Result<Option<(Vec<u8>, Snapshot)>, StateError> {
        let bytes = match self.read_own(&self.backup_path(serial)) {
            Ok(bytes) => bytes,
            Err(StateError::Unsafe { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(bytes.and_then(|bytes| {
            let (snapshot, _) = snapshot::decode(&bytes, Trust::Checksum).ok()?;
            (snapshot.state.serial == serial).then_some((bytes, snapshot))
        }))
    }

    // ---- writing: only the holder of the lock comes here ----

    /// Removes what a crash left half written.
    pub(super) fn remove_temps(&self) -> Result<(), StateError> {
        for of in ["json", "journal", "bak"] {
            let path = self.temp_path(of);
            if self
                .fs
                .kind(&path)
                .map_err(|error| StateError::io("look at", &path, error))?
                .is_some()
            {
                self.fs
                    .remove(&path)
                    .map_err(|error| StateError::io("remove", &path, error))?;
            }
        }
        Ok(())
    }

    /// Gives a file a new content: all of it or nothing, also after a crash. The name is durable only after
    /// [`Files::sync_folder`].
    pub(super) fn place(&self, temp: &str, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        let temp = self.temp_path(temp);
        self.fs
            .write_new(&temp, bytes)
            .map_err(|error| StateError::io("write", &temp, error))?;
        let written = self
            .fs
            .read(&temp, FILE_LIMIT)
            .map_err(|error| StateError::io("read back", &temp, error))?;
        if written != bytes {
            let error = io::Error::new(io::ErrorKind::InvalidData, "the disk gave back other bytes");
            return Err(StateError::io("read back", &temp, error));
        }
        self.fs
            .rename(&temp, path)
            .map_err(|error| StateError::io("replace", path, error))
    }

    pub(super) fn sync_folder(&self) -> Result<(), StateError> {
        self.fs
            .sync_folder(&self.folder)
            .map_err(|error| StateError::io("make durable", &self.folder, error))
    }

    /// The document of a state, and its checksum.
    pub(super) fn encode_state(
        &self,
        state: &State,
        contained: Option<&Contained>,
    ) -> Result<(Vec<u8>, String), StateError> {
        snapshot::encode(state, contained, self.clock.now())
            .map_err(|error| StateError::io("encode", self.state_path(), error.into()))
    }

    /// Makes a document the state, durable on return.
    pub(super) fn write_state(&self, bytes: &[u8]) -> Result<(), StateError> {
        self.place("json", &self.state_path(), bytes)?;
        self.sync_folder()
    }

    /// Makes a state the current one. It counts as containing the journal, so a crash in between leaves both readable.
    pub(super) fn install(
        &self,
        state: &State,
        journal: &Journal,
        open: &Open,
        has_journal_file: bool,
    ) -> Result<(), StateError> {
        check_before_writing(state)?;
        let (bytes, checksum) = self.encode_state(state, journal.contained().as_ref())?;
        self.write_state(&bytes)?;
        self.restart_journal(state, &checksum, open, has_journal_file)?;
        self.back_up(state.serial, &bytes)
    }

    /// Replaces the journal by one that holds just the open intents, or removes it if there are none. The state
    /// on disk contains all else.
    pub(super) fn restart_journal(
        &self,
        state: &State,
        checksum: &str,
        open: &Open,
        exists: bool,
    ) -> Result<Option<Head>, StateError> {
        let begin = Begin::new(self.new_run(), state, checksum);
        self.replace_journal(begin, open.records(), exists)
    }

    /// As [`Files::restart_journal`], with the parts taken out of the state before.
    pub(super) fn replace_journal(
        &self,
        mut begin: Begin,
        intents: Vec<Record>,
        exists: bool,
    ) -> Result<Option<Head>, StateError> {
        begin.carried = intents.len() as u64;
        let path = self.journal_path();
        let head = if intents.is_empty() {
            if !exists {
                return Ok(None);
            }
            self.fs
                .remove(&path)
                .map_err(|error| StateError::io("remove", &path, error))?;
            None
        } else {
            let mut records = vec![Record::Begin(begin.clone())];
            records.extend(intents);
            let mut line = Vec::new();
            journal::encode(&records, &mut line)
                .map_err(|error| StateError::io("encode", &path, error.into()))?;
            self.place("journal", &path, &line)?;
            Some(Head {
                begin,
                records: (records.len() - 1) as u64,
                bytes: line.len() as u64,
            })
        };
        self.sync_folder()?;
        Ok(head)
    }

    pub(super) fn open_journal(&self) -> Result<Box<dyn AppendFile>, StateError> {
        let path = self.journal_path();
        self.fs
            .open_append(&path)
            .map_err(|error| StateError::io("open", &path, error))
    }

    /// Keeps the current file as the backup of its serial, before it is replaced.
    pub(super) fn keep_current(&self, serial: u64) -> Result<(), StateError> {
        let path = self.backup_path(serial);
        if self.is_there(&path)? {
            return Ok(());
        }
        self.fs
            .hard_link(&self.state_path(), &path)
            .map_err(|error| StateError::io("back up to", &path, error))
    }

    /// Makes the backup of the current state, a file of its own, and forgets the oldest.
    pub(super) fn back_up(&self, serial: u64, bytes: &[u8]) -> Result<(), StateError> {
        self.place("bak", &self.backup_path(serial), bytes)?;
        for old in self.backups()?.into_iter().skip(GENERATIONS) {
            let path = self.backup_path(old);
            self.fs
                .remove(&path)
                .map_err(|error| StateError::io("remove", &path, error))?;
        }
        self.sync_folder()
    }

    /// Gives a file a second name that says when it was put aside.
    pub(super) fn put_aside(&self, path: &Path) -> Result<PathBuf, StateError> {
        let stamp = self.clock.now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let base = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        for number in 0..1000 {
            let suffix = if number == 0 {
                String::new()
            } else {
                format!("-{number}")
            };
            let aside = self.folder.join(format!("{base}.{stamp}{suffix}.aside"));
            if !self.is_there(&aside)? {
                self.fs
                    .hard_link(path, &aside)
                    .map_err(|error| StateError::io("put aside to", &aside, error))?;
                return Ok(aside);
            }
        }
        let error = io::Error::from(io::ErrorKind::AlreadyExists);
        Err(StateError::io("put aside", path, error))
    }

    pub(super) fn is_there(&self, path: &Path) -> Result<bool, StateError> {
        self.fs
            .kind(path)
            .map(|kind| kind.is_some())
            .map_err(|error| StateError::io("look at", path, error))
    }
}

/// How a journal goes together with a snapshot, or why it does not.
pub(super) fn relation(snapshot: &Snapshot, journal: &Journal) -> Result<Relation, String> {
    let Some(begin) = &journal.begin else {
        return Ok(Relation::None);
    };
    let state = &snapshot.state;
    if begin.lineage != state.lineage {
        return Err(format!(
            "it has the lineage {}, the state has {}",
            begin.lineage, state.lineage
        ));
    }
    if begin.base_serial == state.serial && begin.base_sha256 == snapshot.checksum {
        return Ok(Relation::Continues);
    }
    let contains = |contained: &Contained| {
        contained.run == begin.run && journal.records.len() as u64 <= contained.records
    };
    if snapshot.contained.as_ref().is_some_and(contains) {
        return Ok(Relation::Contained);
    }
    Err(format!(
        "it continues serial {}, the state has serial {}",
        begin.base_serial, state.serial
    ))
}

/// Says what is wrong with a state file.
pub(super) fn state_error(path: &Path, defect: Defect) -> StateError {
    let path = path.to_owned();
    match defect {
        Defect::Empty => StateError::Empty { path },
        Defect::NotAState => StateError::NotAState { path },
        Defect::Newer { format } => StateError::Newer { path, format },
        Defect::Checksum => StateError::Damaged {
            path,
            reason: "its checksum does not match its content".to_owned(),
        },
        Defect::Violation(violation) => StateError::Damaged {
            path,
            reason: violation.to_string(),
        },
        Defect::Shape { reason } => StateError::Damaged { path, reason },
    }
}

fn journal_error(path: &Path, defect: JournalDefect) -> StateError {
    let path = path.to_owned();
    match defect {
        JournalDefect::Line { line } => StateError::JournalDamaged {
            path,
            reason: format!("line {line} is not what was written"),
        },
        JournalDefect::Newer { format } => StateError::Newer { path, format },
    }
}

/// The last check before a state is written.
pub(super) fn check_before_writing(state: &State) -> Result<(), StateError> {
    match check::state(state) {
        Ok(_) => Ok(()),
        Err(violation) => Err(StateError::Inconsistent { violation }),
    }
}
