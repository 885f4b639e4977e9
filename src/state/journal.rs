//! The journal: one line for everything that was made durable together, `crc32 of the JSON, blank, JSON array of
//! records, newline`.
//!
//! A line is the unit that is written and synced, so only the last one can be torn; that one is cut off, because
//! nothing that depends on it was done. A line that is bad in any other way was changed after it was durable: that
//! is never cut off and never guessed at. Does not know where the journal is kept, nor when to write.

use serde::{Deserialize, Serialize};

use super::check::{self, Ids, Violation};
use super::migrate::{self, FORMAT};
use super::{Effect, Intent, State, resolve};

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
    let mut journal = Journal::default();
    let mut offset = 0;
    let mut number = 0;
    while offset < bytes.len() {
        number += 1;
        let rest = &bytes[offset..];
        let end = rest.iter().position(|&byte| byte == b'\n');
        let line = &rest[..end.unwrap_or(rest.len())];
        let json = end.and_then(|_| payload(line));
        let Some(json) = json else {
            let is_last = end.is_none_or(|end| end + 1 == rest.len());
            if is_last && is_torn(rest, offset) {
                journal.torn = true;
                return Ok(journal);
            }
            return Err(JournalDefect::Line { line: number });
        };
        let records: Vec<Record> = serde_json::from_slice(json).map_err(|_| match newer(json) {
            Some(format) => JournalDefect::Newer { format },
            None => JournalDefect::Line { line: number },
        })?;
        for record in records {
            match (record, &journal.begin) {
                (Record::Begin(begin), None) => {
                    migrate::check(begin.format)
                        .map_err(|newer| JournalDefect::Newer { format: newer.format })?;
                    journal.begin = Some(begin);
                }
                (Record::Begin(_), Some(_)) | (_, None) => {
                    return Err(JournalDefect::Line { line: number });
                }
                (record, Some(_)) => journal.records.push(record),
            }
        }
        offset += line.len() + 1;
        journal.good_length = offset;
    }
    Ok(journal)
}

/// The records of the lines up to the first bad one: what can be saved of a journal that cannot be trusted.
pub(crate) fn salvage(bytes: &[u8]) -> Journal {
    let mut end = 0;
    let mut journal = Journal::default();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        end += line.len();
        match decode(&bytes[..end]) {
            Ok(longer) if !longer.torn => journal = longer,
            Ok(_) | Err(_) => break,
        }
    }
    journal
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

/// The format number of a `begin` that this version cannot read otherwise.
fn newer(json: &[u8]) -> Option<u64> {
    let value: serde_json::Value = serde_json::from_slice(json).ok()?;
    let format = value.get(0)?.get("begin")?.get("format")?.as_u64()?;
    (format > FORMAT).then_some(format)
}

impl Open {
    /// The open intents as the records of another journal.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.intents.values().cloned().map(Record::Intent).collect()
    }

    /// Follows one record; its effects are checked against the state and applied to it.
    pub(crate) fn follow(
        &mut self,
        record: &Record,
        state: &mut State,
        ids: &mut Ids,
    ) -> Result<(), Violation> {
        let intent = self.track(record)?;
        for effect in record.effects() {
            let resolved;
            let effect = if matches!(effect, Effect::Made { .. }) {
                resolved = resolve(effect, intent.as_ref());
                resolved.as_ref().unwrap_or(effect)
            } else {
                effect
            };
            check::effect(state, ids, effect)?;
            state.apply(effect);
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
