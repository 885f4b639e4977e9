//! The journal: one line for everything that was made durable together, `crc32 of the JSON, blank, JSON array of
//! records, newline`.
//!
//! A line is the unit that is written and synced, so only the last one can be torn; that one is cut off, because
//! nothing that depends on it was done. A line that is bad in any other way was changed after it was durable: that
//! is never cut off and never guessed at. Does not know where the journal is kept, nor when to write.

use serde::{Deserialize, Serialize};

use super::check::{self, Ids, Violation};
use super::migrate::{self, FORMAT};
use super::snapshot::Contained;
use super::{Effect, Intent, State};

/// What tears do not cross: a disk writes at least this many bytes or none of them.
const SECTOR: usize = 512;

/// One thing that was intended or that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    /// The first record of a journal: which state it continues.
    Begin(Begin),
    /// A call is about to be made.
    Intent(Intent),
    /// The call took effect.
    Done { seq: u64, effects: Vec<Effect> },
    /// The call took no effect (`definite`), or what it did is known otherwise. The intent is closed.
    Failed { seq: u64, code: String, definite: bool },
    /// Something was learnt without a call of ours.
    Note { effects: Vec<Effect> },
}

/// Which state a journal continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begin {
    pub(crate) format: u64,
    /// Names this journal (a UUID).
    pub(crate) run: String,
    pub(crate) lineage: String,
    pub(crate) base_serial: u64,
    /// The checksum of the state with that serial.
    pub(crate) base_sha256: String,
    /// How many intents follow that an earlier journal held: what they owe is in that state already.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) carried: u64,
}

/// A journal as it was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Journal {
    /// None if not even the first line is whole.
    pub(crate) begin: Option<Begin>,
    /// Everything behind `begin`.
    pub(crate) records: Vec<Record>,
    /// Up to where it is good; what follows is torn.
    pub(crate) good_length: usize,
    pub(crate) torn: bool,
}

/// Why a journal cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JournalDefect {
    /// This line was changed after it was written.
    Line { line: usize },
    /// A newer version wrote it.
    Newer { format: u64 },
}

/// What a journal leaves.
#[derive(Debug, Default)]
pub(crate) struct Open {
    /// Intents without a result, in order.
    pub(crate) intents: std::collections::BTreeMap<u64, Intent>,
    /// The highest number so far.
    pub(crate) last_seq: u64,
}

impl Begin {
    pub(crate) fn new(run: String, state: &State, checksum: &str) -> Begin {
        Begin {
            format: FORMAT,
            run,
            lineage: state.lineage.clone(),
            base_serial: state.serial,
            base_sha256: checksum.to_owned(),
            carried: 0,
        }
    }
}

impl Record {
    /// What it changes in the state.
    pub(crate) fn effects(&self) -> &[Effect] {
        match self {
            Record::Done { effects, .. } | Record::Note { effects } => effects,
            Record::Begin(_) | Record::Intent { .. } | Record::Failed { .. } => &[],
        }
    }

    /// Whether the state is another one with it.
    pub(crate) fn changes_state(&self) -> bool {
        match self {
            Record::Intent(intent) => !intent.owes.is_empty(),
            other => !other.effects().is_empty(),
        }
    }
}

impl Journal {
    /// What a snapshot says that has all of it.
    pub(super) fn contained(&self) -> Option<Contained> {
        self.begin.as_ref().map(|begin| Contained {
            run: begin.run.clone(),
            records: self.records.len() as u64,
        })
    }

    /// How many records the state that it continues contains already.
    pub(crate) fn carried(&self) -> usize {
        let carried = self.begin.as_ref().map_or(0, |begin| begin.carried);
        usize::try_from(carried).unwrap_or(usize::MAX)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Adds one line that holds these records.
pub(crate) fn encode(records: &[Record], line: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    line_of(&serde_json::to_vec(records)?, line);
    Ok(())
}

/// Adds one line that holds this JSON.
pub(super) fn line_of(json: &[u8], line: &mut Vec<u8>) {
    line.extend_from_slice(format!("{:08x} ", crc32(json)).as_bytes());
    line.extend_from_slice(json);
    line.push(b'\n');
}

/// Reads a journal. Never panics, whatever the bytes are.
pub(crate) fn decode(bytes: &[u8]) -> Result<Journal, JournalDefect> {
    match read(bytes) {
        (journal, None) => Ok(journal),
        (_, Some(defect)) => Err(defect),
    }
}

/// The records of the lines up to the first bad one: what can be saved of a journal that cannot be trusted.
pub(crate) fn salvage(bytes: &[u8]) -> Journal {
    read(bytes).0
}

/// The records up to the first line that cannot be read, and what is wrong with that one.
fn read(bytes: &[u8]) -> (Journal, Option<JournalDefect>) {
    let mut journal = Journal::default();
    let mut number = 0;
    while journal.good_length < bytes.len() {
        number += 1;
        let offset = journal.good_length;
        let rest = &bytes[offset..];
        let end = rest.iter().position(|&byte| byte == b'\n');
        let line = &rest[..end.unwrap_or(rest.len())];
        let Some(json) = end.and_then(|_| payload(line)) else {
            let is_last = end.is_none_or(|end| end + 1 == rest.len());
            journal.torn = is_last && is_torn(rest, offset);
            let defect = (!journal.torn).then_some(JournalDefect::Line { line: number });
            return (journal, defect);
        };
        let records = match records(json, journal.begin.as_ref()) {
            Ok(records) => records,
            Err(format) => {
                let line = JournalDefect::Line { line: number };
                let defect = format.map_or(line, |format| JournalDefect::Newer { format });
                return (journal, Some(defect));
            }
        };
        for record in records {
            match record {
                Record::Begin(begin) => journal.begin = Some(begin),
                record => journal.records.push(record),
            }
        }
        journal.good_length = offset + line.len() + 1;
    }
    (journal, None)
}

/// The records of a line, brought to this format. The journal's `begin` is the first of the first line, and nowhere
/// else. The error is the number of a newer format, if that is what is wrong.
fn records(json: &[u8], begin: Option<&Begin>) -> Result<Vec<Record>, Option<u64>> {
    let format = match begin {
        Some(begin) => begin.format,
        None => format_of(json).unwrap_or(FORMAT),
    };
    migrate::check(format).map_err(|newer| Some(newer.format))?;
    let records: Vec<Record> = if format == FORMAT {
        serde_json::from_slice(json).map_err(|_| None)?
    } else {
        let mut line = serde_json::from_slice(json).map_err(|_| None)?;
        migrate::records(format, &mut line);
        serde_json::from_value(line).map_err(|_| None)?
    };
    let begins = |record: &Record| matches!(record, Record::Begin(_));
    let rest = match begin {
        Some(_) => &records[..],
        None => match records.split_first() {
            Some((first, rest)) if begins(first) => rest,
            _ => return Err(None),
        },
    };
    if rest.iter().any(begins) {
        return Err(None);
    }
    Ok(records)
}

/// The format number in the `begin` of a first line, whatever the rest looks like.
fn format_of(json: &[u8]) -> Option<u64> {
    let value: serde_json::Value = serde_json::from_slice(json).ok()?;
    value.get(0)?.get("begin")?.get("format")?.as_u64()
}

/// The JSON of a line without its newline, if the checksum says that it is what was written.
fn payload(line: &[u8]) -> Option<&[u8]> {
    let (crc, json) = (line.get(..8)?, line.get(9..)?);
    (line[8] == b' ' && crc == format!("{:08x}", crc32(json)).as_bytes()).then_some(json)
}

/// Whether the last, bad line (with its newline, if that is there) is what a write leaves that was cut short by a
/// crash: its end is missing, or whole sectors of it are zeros.
///
/// A line that has its newline and all its text was durable once, so a wrong bit in it is damage. The same goes
/// for a line whose text is right and whose newline became something else.
fn is_torn(tail: &[u8], offset: usize) -> bool {
    if has_lost_sectors(tail, offset) {
        return true;
    }
    let newline_changed = tail.split_last().is_some_and(|(_, text)| payload(text).is_some());
    tail.last() != Some(&b'\n') && !newline_changed && !tail.contains(&0)
}

/// Whether every run of zeros begins and ends where a sector or the line does, and there is one.
fn has_lost_sectors(tail: &[u8], offset: usize) -> bool {
    let mut found = false;
    let mut index = 0;
    while index < tail.len() {
        if tail[index] != 0 {
            index += 1;
            continue;
        }
        let length = tail[index..].iter().take_while(|&&byte| byte == 0).count();
        let starts = index == 0 || (offset + index).is_multiple_of(SECTOR);
        let ends = index + length == tail.len() || (offset + index + length).is_multiple_of(SECTOR);
        if !(starts && ends) {
            return false;
        }
        found = true;
        index += length;
    }
    found
}

impl Open {
    /// The open intents as the records of another journal.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.intents.values().cloned().map(Record::Intent).collect()
    }

    /// Follows one record; what it says is checked against the state and applied to it.
    pub(crate) fn follow(
        &mut self,
        record: &Record,
        state: &mut State,
        ids: &mut Ids,
    ) -> Result<(), Violation> {
        if let Record::Intent(intent) = record {
            check::intent(intent)?;
        }
        let closed = self.track(record)?;
        if let Record::Intent(intent) = record {
            state.owe(intent);
        }
        for effect in record.effects() {
            check::effect(state, ids, effect, closed.as_ref())?;
            state.apply(effect, closed.as_ref());
        }
        Ok(())
    }

    /// Follows one record whose effects are in the state already; the intent that it closes is given back.
    pub(crate) fn track(&mut self, record: &Record) -> Result<Option<Intent>, Violation> {
        match record {
            Record::Intent(intent) => {
                let seq = intent.seq;
                if seq <= self.last_seq {
                    return Err(Violation::OutOfOrder { seq });
                }
                self.last_seq = seq;
                self.intents.insert(seq, intent.clone());
                Ok(None)
            }
            Record::Done { seq, .. } | Record::Failed { seq, .. } => match self.intents.remove(seq) {
                Some(intent) => Ok(Some(intent)),
                None => Err(Violation::NoIntent { seq: *seq }),
            },
            Record::Begin(_) | Record::Note { .. } => Ok(None),
        }
    }
}

/// CRC-32 as in gzip and zlib (reflected polynomial 0xEDB88320): it finds every change of up to three bits.
fn crc32(bytes: &[u8]) -> u32 {
    static TABLES: [[u32; 256]; 8] = crc_tables();
    let step = |crc: u32, byte: u8| (crc >> 8) ^ TABLES[0][usize::from(crc.to_le_bytes()[0] ^ byte)];
    let mut chunks = bytes.chunks_exact(8);
    let crc = chunks.by_ref().fold(u32::MAX, |crc, chunk| {
        let head = crc.to_le_bytes();
        (0..8).fold(0, |sum, index| {
            let byte = chunk[index] ^ if index < 4 { head[index] } else { 0 };
            sum ^ TABLES[7 - index][usize::from(byte)]
        })
    });
    !chunks.remainder().iter().fold(crc, |crc, &byte| step(crc, byte))
}

const fn crc_tables() -> [[u32; 256]; 8] {
    let mut tables = [[0_u32; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = (before >> 8) ^ tables[0][(before & 255) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"The quick brown fox jumps over the lazy dog"), 0x414F_A339);
    }
}
