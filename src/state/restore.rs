//! The way back: a generation of the state becomes the current one, whatever is damaged.
//!
//! Nothing that cannot be read is thrown away: it stays beside the state under another name. Does not know who
//! asked for it, nor whether the cloud still looks like that.

use std::fmt;
use std::path::PathBuf;

use super::files::{self, Files, Relation};
use super::journal::{self, Journal, Open, Record};
use super::snapshot::{self, Snapshot, Trust};
use super::{Effect, Forgotten, State, StateError};

/// What a restoration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restored {
    /// The serial of the generation that was brought back.
    pub(crate) from: u64,
    /// The serial that the state has now.
    pub(crate) serial: u64,
    /// Intents that are still open: the next apply looks for what they did.
    pub(crate) open: usize,
    /// Damaged files that were kept under another name.
    pub(crate) aside: Vec<PathBuf>,
}

impl fmt::Display for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The state is generation {} again", self.from)?;
        if self.serial != self.from {
            write!(f, ", as serial {}", self.serial)?;
        }
        write!(f, ".")?;
        for aside in &self.aside {
            write!(f, "\nWhat was there is kept as {}.", aside.display())?;
        }
        match self.open {
            0 => Ok(()),
            1 => write!(
                f,
                "\nOne call was under way; the next apply looks what became of it."
            ),
            open => write!(
                f,
                "\n{open} calls were under way; the next apply looks what became of them."
            ),
        }
    }
}

/// Brings back a generation: this one, or the newest that is whole.
pub(super) fn restore(files: &Files, serial: Option<u64>) -> Result<Restored, StateError> {
    files.remove_temps()?;
    let found = Found::look(files)?;
    let chosen = found.choose(serial)?;
    found.bring_back(files, chosen)
}

/// Whether there is such a generation. Nothing is written.
pub(super) fn is_possible(files: &Files, serial: Option<u64>) -> Result<(), StateError> {
    Found::look(files)?.choose(serial).map(|_| ())
}

/// What a restoration finds, however damaged it is.
struct Found {
    current: Option<(Vec<u8>, Snapshot)>,
    has_state_file: bool,
    journal: Option<Journal>,
    journal_is_whole: bool,
    /// The highest serial that anything shows.
    highest: u64,
    /// The backups that are whole, newest first.
    backups: Vec<(Vec<u8>, Snapshot)>,
}

/// A generation that will be brought back.
struct Chosen {
    bytes: Vec<u8>,
    snapshot: Snapshot,
    is_current: bool,
}

impl Found {
    fn look(files: &Files) -> Result<Found, StateError> {
        let state = files.read_own(&files.state_path())?;
        let has_state_file = state.is_some();
        let apparent = state.as_deref().and_then(apparent_serial);
        let current = state.and_then(|bytes| {
            let (snapshot, _) = snapshot::decode(&bytes, Trust::Checksum).ok()?;
            Some((bytes, snapshot))
        });
        let (journal, journal_is_whole) = match files.read_own(&files.journal_path())? {
            None => (None, true),
            Some(bytes) => match journal::decode(&bytes) {
                Ok(journal) => (Some(journal), true),
                Err(_) => (Some(journal::salvage(&bytes)), false),
            },
        };
        let serials = files.backups()?;
        let base = journal
            .as_ref()
            .and_then(|journal| Some(journal.begin.as_ref()?.base_serial));
        let highest = serials.iter().copied().chain(apparent).chain(base).max();
        let mut backups = Vec::new();
        for &serial in &serials {
            // What the disk fails to give now may be the one that is needed: that is an error, not a damage.
            backups.extend(files.read_backup(serial)?);
        }
        Ok(Found {
            current,
            has_state_file,
            journal,
            journal_is_whole,
            highest: highest.unwrap_or(0),
            backups,
        })
    }

    fn fits(&self, snapshot: &Snapshot) -> bool {
        self.journal
            .as_ref()
            .is_none_or(|journal| files::relation(snapshot, journal).is_ok())
    }

    /// The generation that was asked for. If none was: the current one if it is whole and the journal goes with
    /// it, else one that the journal goes with, else the newest that is whole.
    fn choose(&self, serial: Option<u64>) -> Result<Chosen, StateError> {
        let wanted = |snapshot: &Snapshot| serial.is_none_or(|serial| snapshot.state.serial == serial);
        let current = self.current.iter().filter(|(_, snapshot)| wanted(snapshot));
        let backups = || self.backups.iter().filter(|(_, snapshot)| wanted(snapshot));
        let fitting = current
            .clone()
            .chain(backups())
            .find(|(_, snapshot)| self.fits(snapshot));
        let any = || current.clone().chain(backups()).next();
        let (bytes, snapshot) = fitting.or_else(any).ok_or_else(|| StateError::NoGeneration {
            serial,
            there: self
                .backups
                .iter()
                .map(|(_, snapshot)| snapshot.state.serial)
                .collect(),
        })?;
        Ok(Chosen {
            bytes: bytes.clone(),
            snapshot: snapshot.clone(),
            is_current: self.current.as_ref().is_some_and(|(current, _)| current == bytes),
        })
    }

    /// Replaces what is there by the chosen generation. Nothing is thrown away that could not be read.
    fn bring_back(self, files: &Files, chosen: Chosen) -> Result<Restored, StateError> {
        let from = chosen.snapshot.state.serial;
        let mut aside = Vec::new();
        match &self.current {
            Some((_, current)) => files.keep_current(current.state.serial)?,
            None if self.has_state_file => aside.push(files.put_aside(&files.state_path())?),
            None => {}
        }
        let (mut state, open, is_followed) = self.replay(files, &chosen)?;
        let continues = is_followed
            && self
                .journal
                .as_ref()
                .is_some_and(|journal| journal.begin.is_some());
        if continues || (is_followed && from >= self.highest) {
            if !chosen.is_current {
                files.place("json", &files.state_path(), &chosen.bytes)?;
                files.sync_folder()?;
            }
            return Ok(Restored {
                from,
                serial: from,
                open: open.intents.len(),
                aside,
            });
        }
        if self.journal.is_some() && !is_followed {
            aside.push(files.put_aside(&files.journal_path())?);
        }
        for (_, snapshot) in self.current.iter().chain(&self.backups) {
            state.lose_sight_of(&snapshot.state);
        }
        state.remember_forgotten(self.made());
        state.serial = self.highest.max(from) + 1;
        let journal = self.journal.clone().unwrap_or_default();
        files.install(&state, &journal, &open, self.journal.is_some())?;
        Ok(Restored {
            from,
            serial: state.serial,
            open: open.intents.len(),
            aside,
        })
    }

    /// What the journal says was made, whatever state it belongs to: that one may be damaged.
    fn made(&self) -> impl Iterator<Item = (String, Forgotten)> {
        let records = self.journal.iter().flat_map(|journal| &journal.records);
        let effects = records.flat_map(|record| match record {
            Record::Done { effects, .. } => effects.as_slice(),
            _ => &[],
        });
        effects.filter_map(|effect| match effect {
            Effect::Made {
                address,
                id,
                created_at: Some(at),
            } => Some((id.clone(), Forgotten::new(address.type_name(), *at))),
            _ => None,
        })
    }

    /// The chosen generation with as much of the journal as goes with it, and whether that is all of it. Of a
    /// journal of another generation only what was under way is taken: it still has to be looked for.
    fn replay(&self, files: &Files, chosen: &Chosen) -> Result<(State, Open, bool), StateError> {
        let (snapshot, mut ids) = snapshot::decode(&chosen.bytes, Trust::Checksum)
            .map_err(|defect| files::state_error(&files.state_path(), defect))?;
        let (mut state, mut open) = (snapshot.state, Open::default());
        let Some(journal) = &self.journal else {
            return Ok((state, open, true));
        };
        let relation = files::relation(&chosen.snapshot, journal);
        let contained = match relation {
            Ok(Relation::Continues) => journal.carried(),
            Ok(Relation::Contained | Relation::None) | Err(_) => journal.records.len(),
        };
        let mut is_followed = relation.is_ok() && self.journal_is_whole;
        for (index, record) in journal.records.iter().enumerate() {
            let followed = if index < contained {
                open.track(record).map(|_| ())
            } else {
                open.follow(record, &mut state, &mut ids)
            };
            if followed.is_err() {
                is_followed = false;
                break;
            }
        }
        if relation.is_err() {
            open.intents.values().for_each(|intent| state.owe(intent));
        }
        Ok((state, open, is_followed))
    }
}

/// The serial that a damaged state seems to have had: only to give the next one a higher number.
fn apparent_serial(bytes: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(bytes);
    let (_, rest) = text.rsplit_once("\n  \"serial\": ")?;
    let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
    // A flipped bit could make any number of it; one that leaves no room for more is none of ours.
    digits.parse().ok().filter(|&serial| serial < u64::from(u32::MAX))
}
