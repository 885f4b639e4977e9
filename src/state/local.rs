//! The state as files beside the configuration: a snapshot, the journal since then, the newest generations, a lock.
//!
//! A snapshot is written beside the old one, synced, read back, renamed over it, and the folder synced; so there is
//! a whole one at every instant.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::record::{self, Journal, Record};
use super::session::Session;
use super::{Effect, FORMAT, HashKey, Intent, State, StateError, check};
use crate::env::{Clock, FileLock, FileSystem, Random};

/// The largest state that is read, in bytes: 10,000 servers need about 10 MB.
const STATE_BYTES_MAX: u64 = 1 << 30;
/// How many generations are kept, the current one included.
const GENERATIONS: usize = 10;

/// The files of one state.
#[derive(Clone)]
pub(crate) struct LocalStore {
    pub(super) fs: Arc<dyn FileSystem>,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
    pub(super) folder: PathBuf,
    name: String,
}

/// A state as it was read, journal included.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub(crate) state: State,
    /// Operations whose outcome is not known.
    pub(crate) open: Vec<Intent>,
    /// Whether there was one; else this is the empty beginning.
    pub(crate) exists: bool,
}

/// Who takes a lock.
#[derive(Debug, Clone)]
pub(crate) struct LockNote {
    /// What is being done, e.g. `infra apply`.
    pub(crate) command: String,
    pub(crate) user: String,
}

/// The lock of a state; it ends with its holder.
pub(crate) struct Lock {
    _file: Box<dyn FileLock>,
}

/// What the files say.
pub(super) struct Files {
    pub(super) state: State,
    /// The SHA-256 of the snapshot's bytes.
    pub(super) sha256: String,
    pub(super) snapshot_length: u64,
    pub(super) exists: bool,
    pub(super) journal: Journal,
    pub(super) open: Vec<Intent>,
    pub(super) next_seq: u64,
}

impl LocalStore {
    /// The state of this name in this folder.
    pub(crate) fn new(
        fs: Arc<dyn FileSystem>,
        random: Arc<dyn Random>,
        clock: Arc<dyn Clock>,
        folder: PathBuf,
        name: &str,
    ) -> LocalStore {
        LocalStore {
            fs,
            random,
            clock,
            folder,
            name: name.to_owned(),
        }
    }

    pub(super) fn path(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.name))
    }

    fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StateError + use<> {
        let path = path.to_owned();
        move |source| StateError::Io { doing, path, source }
    }

    /// Reads the state without a lock: the snapshot and, in memory, the journal. Writes nothing.
    pub(crate) fn load(&self) -> Result<Loaded, StateError> {
        let files = self.read()?;
        Ok(Loaded {
            state: files.state,
            open: files.open,
            exists: files.exists,
        })
    }

    /// Takes the lock, or says who has it.
    pub(crate) fn lock(&self, note: LockNote) -> Result<Lock, StateError> {
        let path = self.path("lock");
        self.fs
            .create_folder(&self.folder)
            .map_err(Self::io("making", &self.folder))?;
        self.safe(&path)?;
        let Some(mut file) = self.fs.try_lock(&path).map_err(Self::io("locking", &path))? else {
            let holder = self
                .fs
                .read(&path, 64 * 1024)
                .ok()
                .and_then(|bytes| holder(&bytes))
                .unwrap_or_default();
            return Err(StateError::Locked { path, holder });
        };
        let text = serde_json::json!({
            "command": note.command, "user": note.user, "pid": std::process::id(),
            "since": self.clock.now().to_string(),
        });
        file.note(&format!("{text}\n"))
            .map_err(Self::io("writing", &path))?;
        Ok(Lock { _file: file })
    }

    /// Opens the state for changes. A first run writes a state of serial 0 before anything else.
    pub(crate) fn open(&self, lock: Lock) -> Result<Session, StateError> {
        let mut files = self.read()?;
        self.remove_leftovers()?;
        if !files.exists {
            let (sha256, length) = self.write_snapshot(&files.state)?;
            (files.sha256, files.snapshot_length, files.exists) = (sha256, length, true);
        }
        Session::new(self.clone(), lock, files)
    }

    /// The state as JSON, journal included.
    pub(crate) fn pull(&self) -> Result<String, StateError> {
        Ok(String::from_utf8_lossy(&encode(&self.read()?.state)).into_owned())
    }

    /// Goes back to a generation; the newest sound one if none is named. What was there is kept beside it.
    pub(crate) fn restore(&self, _lock: Lock, serial: Option<u64>) -> Result<u64, StateError> {
        let mut generations = self.generations()?;
        generations.retain(|known| serial.is_none_or(|serial| serial == *known));
        for generation in generations.into_iter().rev() {
            let path = self.path(&format!("{generation}.bak"));
            let Ok(bytes) = self.fs.read(&path, STATE_BYTES_MAX) else {
                continue;
            };
            if decode(&path, &bytes).is_err() {
                continue;
            }
            let current = self.path("json");
            if self.kind(&current)?.is_some() {
                let mut tag = [0_u8; 4];
                self.random.fill(&mut tag);
                let aside = self.path(&format!("damaged-{:08x}", u32::from_le_bytes(tag)));
                self.fs
                    .rename(&current, &aside)
                    .map_err(Self::io("moving aside", &current))?;
            }
            // The journal of another generation would be taken for damage.
            let journal = self.path("journal");
            let keeps_journal = match self.fs.read(&journal, STATE_BYTES_MAX) {
                Ok(lines) => record::decode(&lines).is_ok_and(|read| match read.records.first() {
                    Some(Record::Begin { base_sha256, .. }) => *base_sha256 == sha256(&bytes),
                    _ => true,
                }),
                Err(_) => true,
            };
            if !keeps_journal {
                let aside = self.path(&format!("journal-before-{generation}"));
                self.fs
                    .rename(&journal, &aside)
                    .map_err(Self::io("moving aside", &journal))?;
            }
            let temporary = self.path("json.tmp");
            self.remove_leftovers()?;
            self.fs
                .write_new(&temporary, &bytes)
                .map_err(Self::io("writing", &temporary))?;
            self.fs
                .rename(&temporary, &current)
                .map_err(Self::io("renaming", &temporary))?;
            self.fs
                .sync_folder(&self.folder)
                .map_err(Self::io("syncing", &self.folder))?;
            return Ok(generation);
        }
        Err(StateError::NoGeneration(
            serial.map_or_else(String::new, |serial| format!(" with serial {serial}")),
        ))
    }

    /// The serials of the generations that are kept, oldest first.
    fn generations(&self) -> Result<Vec<u64>, StateError> {
        let names = match self.fs.list(&self.folder) {
            Ok(names) => names,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(Self::io("listing", &self.folder)(error)),
        };
        let prefix = format!("{}.", self.name);
        let mut serials: Vec<u64> = names
            .iter()
            .filter_map(|name| name.strip_prefix(&prefix)?.strip_suffix(".bak")?.parse().ok())
            .collect();
        serials.sort_unstable();
        Ok(serials)
    }

    fn kind(&self, path: &Path) -> Result<Option<crate::env::FileKind>, StateError> {
        self.fs.kind(path).map_err(Self::io("looking at", path))
    }

    /// Refuses a link, a folder, and a file that others may write.
    fn safe(&self, path: &Path) -> Result<Option<u64>, StateError> {
        let Some(kind) = self.kind(path)? else {
            return Ok(None);
        };
        let reason = if kind.is_link {
            "it is a symbolic link"
        } else if kind.is_folder {
            "it is a folder"
        } else if kind.mode & 0o022 != 0 {
            "others may write to it"
        } else {
            return Ok(Some(kind.length));
        };
        Err(StateError::Unsafe {
            path: path.to_owned(),
            reason: reason.to_owned(),
        })
    }

    /// Reads snapshot and journal together. A reader without a lock may meet a checkpoint between the two reads;
    /// then it reads again.
    pub(super) fn read(&self) -> Result<Files, StateError> {
        const TRIES: usize = 5;
        let mut tries = 0;
        loop {
            tries += 1;
            match self.read_once() {
                Err(StateError::Damaged { .. }) if tries < TRIES => {}
                read => return read,
            }
        }
    }

    fn read_once(&self) -> Result<Files, StateError> {
        let (path, journal_path) = (self.path("json"), self.path("journal"));
        let journal_bytes = match self.safe(&journal_path)? {
            Some(_) => self
                .fs
                .read(&journal_path, STATE_BYTES_MAX)
                .map_err(Self::io("reading", &journal_path))?,
            None => Vec::new(),
        };
        let journal = record::decode(&journal_bytes).map_err(|reason| StateError::Damaged {
            path: journal_path.clone(),
            reason,
        })?;
        let Some(_) = self.safe(&path)? else {
            return self.read_nothing(&path, journal);
        };
        let bytes = self
            .fs
            .read(&path, STATE_BYTES_MAX)
            .map_err(Self::io("reading", &path))?;
        let state = decode(&path, &bytes)?;
        let mut files = Files {
            sha256: sha256(&bytes),
            snapshot_length: bytes.len() as u64,
            state,
            exists: true,
            journal,
            open: Vec::new(),
            next_seq: 1,
        };
        replay(&mut files).map_err(|reason| StateError::Damaged {
            path: journal_path,
            reason,
        })?;
        Ok(files)
    }

    /// No snapshot: the beginning, unless something shows that there was one.
    fn read_nothing(&self, path: &Path, journal: Journal) -> Result<Files, StateError> {
        let trace = match (self.generations()?.last(), journal.records.first()) {
            (Some(serial), _) => Some(format!("generation {serial} beside it")),
            (None, Some(_)) => Some("the journal beside it".to_owned()),
            (None, None) => None,
        };
        if let Some(trace) = trace {
            return Err(StateError::Lost {
                path: path.to_owned(),
                trace,
            });
        }
        let (mut lineage, mut key) = ([0_u8; 16], [0_u8; 32]);
        self.random.fill(&mut lineage);
        self.random.fill(&mut key);
        let lineage = uuid::Builder::from_random_bytes(lineage).into_uuid().to_string();
        Ok(Files {
            state: State::new(lineage, HashKey::new(key)),
            sha256: String::new(),
            snapshot_length: 0,
            exists: false,
            journal,
            open: Vec::new(),
            next_seq: 1,
        })
    }

    /// A temporary snapshot that an interrupted write left.
    fn remove_leftovers(&self) -> Result<(), StateError> {
        let temporary = self.path("json.tmp");
        match self.fs.remove(&temporary) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Self::io("removing", &temporary)(error))
            }
            _ => Ok(()),
        }
    }

    /// Writes a snapshot in the one safe way; its checksum and its length.
    pub(super) fn write_snapshot(&self, state: &State) -> Result<(String, u64), StateError> {
        let (path, temporary) = (self.path("json"), self.path("json.tmp"));
        let damaged = |reason: String| StateError::Damaged {
            path: path.clone(),
            reason,
        };
        check::check(state).map_err(|reason| damaged(format!("it would be written unsound: {reason}")))?;
        let bytes = encode(state);
        self.remove_leftovers()?;
        self.fs
            .write_new(&temporary, &bytes)
            .map_err(Self::io("writing", &temporary))?;
        let read_back = self
            .fs
            .read(&temporary, STATE_BYTES_MAX)
            .map_err(Self::io("reading", &temporary))?;
        if read_back != bytes {
            return Err(damaged("what was read back is not what was written".to_owned()));
        }
        let generation = self.path(&format!("{}.bak", state.serial));
        match self.fs.hard_link(&temporary, &generation) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                // An interrupted checkpoint got this far; its content may be another one.
                self.fs
                    .remove(&generation)
                    .map_err(Self::io("removing", &generation))?;
                self.fs
                    .hard_link(&temporary, &generation)
                    .map_err(Self::io("linking", &generation))?;
            }
            linked => linked.map_err(Self::io("linking", &generation))?,
        }
        self.fs
            .rename(&temporary, &path)
            .map_err(Self::io("renaming", &temporary))?;
        self.fs
            .sync_folder(&self.folder)
            .map_err(Self::io("syncing", &self.folder))?;
        let generations = self.generations()?;
        for old in generations.iter().rev().skip(GENERATIONS) {
            let path = self.path(&format!("{old}.bak"));
            self.fs.remove(&path).map_err(Self::io("removing", &path))?;
        }
        Ok((sha256(&bytes), bytes.len() as u64))
    }
}

fn holder(bytes: &[u8]) -> Option<String> {
    let note: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let (command, pid, since) = (
        note["command"].as_str()?,
        note["pid"].as_u64()?,
        note["since"].as_str()?,
    );
    let user = note["user"]
        .as_str()
        .filter(|user| !user.is_empty())
        .map_or_else(String::new, |user| format!(" by {user}"));
    Some(format!(": {command}{user}, process {pid}, since {since}"))
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A state as the bytes of its file: JSON with a checksum over all the rest.
fn encode(state: &State) -> Vec<u8> {
    let mut json = serde_json::to_value(state).expect("a state has only text for keys");
    let sum = sha256(&canonical(&json));
    json["checksum"] = sum.into();
    let mut bytes = serde_json::to_vec_pretty(&json).expect("JSON can be written");
    bytes.push(b'\n');
    bytes
}

fn canonical(json: &serde_json::Value) -> Vec<u8> {
    serde_json::to_vec(json).expect("JSON can be written")
}

fn decode(path: &Path, bytes: &[u8]) -> Result<State, StateError> {
    let damaged = |reason: String| StateError::Damaged {
        path: path.to_owned(),
        reason,
    };
    if bytes.iter().all(|byte| *byte == 0 || byte.is_ascii_whitespace()) {
        return Err(damaged("it is empty".to_owned()));
    }
    let mut json: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    match json["format"].as_u64() {
        Some(format) if format > FORMAT => {
            return Err(StateError::Newer {
                path: path.to_owned(),
                format,
            });
        }
        Some(_) => {}
        None => return Err(damaged("it has no format number".to_owned())),
    }
    let sum = json.as_object_mut().and_then(|object| object.remove("checksum"));
    if sum.as_ref().and_then(serde_json::Value::as_str) != Some(sha256(&canonical(&json)).as_str()) {
        return Err(damaged("its checksum is wrong".to_owned()));
    }
    let state: State = serde_json::from_value(json).map_err(|error| damaged(error.to_string()))?;
    check::check(&state).map_err(damaged)?;
    Ok(state)
}

/// Brings the state up to what the journal says, and finds the operations that are open.
fn replay(files: &mut Files) -> Result<(), String> {
    let records = std::mem::take(&mut files.journal.records);
    let Some((first, rest)) = records.split_first() else {
        return Ok(());
    };
    let Record::Begin {
        lineage,
        base_serial,
        base_sha256,
    } = first
    else {
        return Err("the journal does not say which state it goes with".to_owned());
    };
    if *lineage != files.state.lineage {
        return Err("the journal belongs to another state".to_owned());
    }
    if *base_sha256 != files.sha256 {
        // The snapshot after the journal's was written, and the journal not yet emptied.
        if *base_serial < files.state.serial {
            files.journal.sound_length = 0;
            return Ok(());
        }
        return Err(format!(
            "the journal goes on from serial {base_serial}, the state has {}",
            files.state.serial
        ));
    }
    for record in rest {
        replay_one(files, record)?;
    }
    Ok(())
}

fn replay_one(files: &mut Files, record: &Record) -> Result<(), String> {
    match record {
        Record::Begin { .. } => return Err("the journal begins twice".to_owned()),
        Record::Intent { members } => {
            for intent in members {
                files.next_seq = files.next_seq.max(intent.seq + 1);
                files.open.push(intent.clone());
            }
        }
        Record::Done { seq, effects } => {
            let index = files.open.iter().position(|intent| intent.seq == *seq);
            let intent = index.map(|index| files.open.remove(index));
            for effect in effects {
                let effect =
                    resolve(effect, intent.as_ref()).ok_or("the journal has a result without its intent")?;
                files.state.apply(&effect);
            }
        }
        Record::Failed { seq, .. } => files.open.retain(|intent| intent.seq != *seq),
        Record::Note { effects } => effects.iter().for_each(|effect| files.state.apply(effect)),
    }
    Ok(())
}

/// A `Made` with the entry that its intent holds; any other effect as it is.
pub(crate) fn resolve(effect: &Effect, intent: Option<&Intent>) -> Option<Effect> {
    let Effect::Made { address, id } = effect else {
        return Some(effect.clone());
    };
    let intent = intent?;
    let mut resource = intent.resource.clone()?;
    resource.id.clone_from(id);
    resource.token.clone_from(&intent.token);
    Some(Effect::Put {
        address: address.clone(),
        resource,
    })
}
