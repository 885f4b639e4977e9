//! One line of the journal: a checksum, a space, a JSON record.
//!
//! A last line that is torn or wrong is what an interrupted write leaves and is cut off; a wrong line with sound
//! lines behind it is damage, which nobody repairs by guessing.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Effect, Intent};

/// What a line says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record {
    /// The journal goes with this generation of this state.
    Begin {
        lineage: String,
        base_serial: u64,
        base_sha256: String,
    },
    /// Operations that are about to be sent in one request; more than one is a batch with one token.
    Intent { members: Vec<Intent> },
    /// An operation took effect.
    Done { seq: u64, effects: Vec<Effect> },
    /// An operation took no effect (`definite`), or it no longer matters what it did.
    Failed { seq: u64, code: String, definite: bool },
    /// Something was found out.
    Note { effects: Vec<Effect> },
}

/// What a journal holds.
pub(super) struct Journal {
    pub(super) records: Vec<Record>,
    /// How many bytes of the file are sound; the rest is a torn tail.
    pub(super) sound_length: u64,
}

/// Half of a SHA-256 in hexadecimal digits.
const CHECKSUM_LENGTH: usize = 16;

fn checksum(json: &[u8]) -> String {
    Sha256::digest(json)[..CHECKSUM_LENGTH / 2]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A record as a line.
pub(super) fn encode(record: &Record) -> Vec<u8> {
    let json = serde_json::to_vec(record).expect("a record has only text for keys");
    let mut line = checksum(&json).into_bytes();
    line.push(b' ');
    line.extend_from_slice(&json);
    line.push(b'\n');
    line
}

fn decode_line(line: &[u8]) -> Option<Record> {
    let (sum, json) = line.split_at_checked(CHECKSUM_LENGTH)?;
    let json = json.strip_prefix(b" ")?;
    (checksum(json).as_bytes() == sum)
        .then(|| serde_json::from_slice(json).ok())
        .flatten()
}

/// Reads a journal. The error names the line that is damaged although sound ones follow.
pub(super) fn decode(bytes: &[u8]) -> Result<Journal, String> {
    let mut journal = Journal {
        records: Vec::new(),
        sound_length: 0,
    };
    let mut bad: Option<usize> = None;
    let mut start = 0;
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let record = line.strip_suffix(b"\n").and_then(decode_line);
        start += line.len();
        match (record, bad) {
            (Some(_), Some(bad)) => {
                return Err(format!(
                    "line {bad} of the journal is damaged, and sound lines follow it"
                ));
            }
            (Some(record), None) => {
                journal.records.push(record);
                journal.sound_length = start as u64;
            }
            (None, None) => bad = Some(number + 1),
            (None, Some(_)) => {}
        }
    }
    Ok(journal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(seq: u64) -> Record {
        Record::Failed {
            seq,
            code: "X".to_owned(),
            definite: true,
        }
    }

    #[test]
    fn a_torn_tail_is_cut_and_damage_before_sound_lines_is_refused() {
        let (first, second) = (encode(&failed(1)), encode(&failed(2)));
        let whole = [first.clone(), second.clone()].concat();
        for cut in first.len()..whole.len() {
            let journal = decode(&whole[..cut]).unwrap();
            assert_eq!(
                (journal.records.len(), journal.sound_length),
                (1, first.len() as u64),
                "cut at {cut}"
            );
        }
        for index in 0..first.len() - 1 {
            let mut damaged = whole.clone();
            damaged[index] ^= 1;
            // A newline that appears splits a line in two; either way nothing is accepted.
            assert!(decode(&damaged).is_err(), "a flipped bit at {index} was accepted");
        }
    }
}
