//! The state as a document: readable JSON with sorted keys, whose first field is a checksum over all other bytes.
//!
//! The checksum covers the bytes and not their meaning, so no bit of the file can change unnoticed. Does not know
//! where the document is kept.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::address::Address;
use crate::value::Value;

use super::check::{self, Ids, Violation};
use super::hash_key::hex;
use super::migrate::{self, FORMAT};
use super::{CloudIdentity, Forgotten, HashKey, Intent, More, Resource, State};

/// What a document begins with; 64 hexadecimal digits follow.
const HEAD: &str = "{\n  \"checksum\": \"sha256:";
const DIGITS: usize = 64;

/// A journal that a snapshot already contains: if a crash left it behind, its results must not be applied again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contained {
    /// The run that began the journal.
    pub(crate) run: String,
    /// How many of its records are in the snapshot.
    pub(crate) records: u64,
}

/// A state with what belongs to this document of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) state: State,
    pub(crate) contained: Option<Contained>,
    pub(crate) written_at: Timestamp,
    /// 64 hexadecimal digits.
    pub(crate) checksum: String,
    /// The format in which it was written.
    pub(crate) format: u64,
}

/// Why bytes are no state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Defect {
    /// There are no bytes, or nothing but zeros and blanks.
    Empty,
    /// Another program's file, or none of ours that could be recognised.
    NotAState,
    /// The bytes are not those that were written.
    Checksum,
    /// A newer version wrote it.
    Newer { format: u64 },
    /// The bytes are right and the meaning is not.
    Violation(Violation),
    /// The bytes are right but have not the shape of a state.
    Shape { reason: String },
}

/// Whether the checksum of a document must be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Every bit must be as it was written.
    Checksum,
    /// Somebody may have edited it by hand, on purpose.
    Edited,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    beside: &'a BTreeSet<String>,
    cloud: &'a CloudIdentity,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    data: &'a BTreeMap<Address, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    forgotten: &'a BTreeMap<String, Forgotten>,
    format: u64,
    hash_key: &'a HashKey,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<&'a Contained>,
    lineage: &'a str,
    outputs: &'a BTreeMap<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<&'a str>,
    resources: &'a BTreeMap<Address, Resource>,
    serial: u64,
    tool: &'static str,
    written_at: Timestamp,
    #[serde(flatten)]
    more: &'a More,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default, rename = "checksum")]
    _checksum: String,
    #[serde(default)]
    beside: BTreeSet<String>,
    #[serde(default)]
    cloud: CloudIdentity,
    #[serde(default)]
    data: BTreeMap<Address, Value>,
    #[serde(default)]
    environment: Option<String>,
    #[serde(default)]
    forgotten: BTreeMap<String, Forgotten>,
    format: u64,
    hash_key: HashKey,
    #[serde(default)]
    journal: Option<Contained>,
    lineage: String,
    #[serde(default)]
    outputs: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    project: Option<String>,
    resources: BTreeMap<Address, Resource>,
    serial: u64,
    #[serde(default, rename = "tool")]
    _tool: String,
    written_at: Timestamp,
    #[serde(flatten)]
    more: More,
}

/// Just enough to tell whose document it is, before its checksum is looked at.
#[derive(Deserialize)]
struct Header {
    format: u64,
    #[serde(rename = "lineage")]
    _lineage: String,
}

/// The keyed hash of all that a state says, and of the calls that are open.
pub(crate) fn fingerprint(state: &State, open: &[Intent]) -> Result<String, serde_json::Error> {
    let (mut bytes, _) = encode(state, None, Timestamp::UNIX_EPOCH)?;
    serde_json::to_writer(&mut bytes, open)?;
    Ok(state.hash_key.fingerprint(&bytes))
}

/// Writes a document; its checksum's digits are given back with it.
pub(crate) fn encode(
    state: &State,
    contained: Option<&Contained>,
    written_at: Timestamp,
) -> Result<(Vec<u8>, String), serde_json::Error> {
    let body = Body {
        beside: &state.beside,
        cloud: &state.cloud,
        data: &state.data,
        environment: state.environment.as_deref(),
        forgotten: &state.forgotten,
        format: FORMAT,
        hash_key: &state.hash_key,
        journal: contained,
        lineage: &state.lineage,
        outputs: &state.outputs,
        project: state.project.as_deref(),
        resources: &state.resources,
        serial: state.serial,
        tool: concat!("infra ", env!("CARGO_PKG_VERSION")),
        written_at,
        more: &state.more,
    };
    let mut bytes = Vec::with_capacity(4096 + state.resources.len() * 1024);
    bytes.extend_from_slice(HEAD.as_bytes());
    bytes.resize(HEAD.len() + DIGITS, b'0');
    bytes.extend_from_slice(b"\",");
    // The body's opening brace gives way to the head.
    let brace = bytes.len();
    serde_json::to_writer_pretty(&mut bytes, &body)?;
    bytes.remove(brace);
    bytes.push(b'\n');
    let checksum = checksum(&bytes);
    bytes[HEAD.len()..HEAD.len() + DIGITS].copy_from_slice(checksum.as_bytes());
    Ok((bytes, checksum))
}

/// Reads a document and checks it. Never panics, whatever the bytes are.
pub(crate) fn decode(bytes: &[u8], trust: Trust) -> Result<(Snapshot, Ids), Defect> {
    if bytes
        .iter()
        .all(|byte| matches!(byte, 0 | b' ' | b'\t' | b'\r' | b'\n'))
    {
        return Err(Defect::Empty);
    }
    let stored = bytes
        .strip_prefix(HEAD.as_bytes())
        .and_then(|rest| rest.get(..DIGITS));
    let actual = stored.map(|_| checksum(bytes));
    let intact = stored.is_some() && stored == actual.as_deref().map(str::as_bytes);
    if !intact {
        // A newer format may have another checksum; what only looks like one of ours is called damaged.
        match serde_json::from_slice::<Header>(bytes) {
            Ok(header) => newer(header.format)?,
            Err(_) if stored.is_none() => return Err(Defect::NotAState),
            Err(_) => return Err(Defect::Checksum),
        }
        if trust == Trust::Checksum {
            return Err(Defect::Checksum);
        }
    }
    let document = document(bytes)?;
    let state = State {
        lineage: document.lineage,
        serial: document.serial,
        project: document.project,
        environment: document.environment,
        cloud: document.cloud,
        beside: document.beside,
        hash_key: document.hash_key,
        resources: document.resources,
        forgotten: document.forgotten,
        data: document.data,
        outputs: document.outputs,
        more: document.more,
    };
    let ids = check::state(&state).map_err(Defect::Violation)?;
    let snapshot = Snapshot {
        state,
        contained: document.journal,
        written_at: document.written_at,
        checksum: actual.unwrap_or_default(),
        format: document.format,
    };
    Ok((snapshot, ids))
}

/// The document, brought to this format.
fn document(bytes: &[u8]) -> Result<Document, Defect> {
    let shape = |error: serde_json::Error| Defect::Shape {
        reason: error.to_string(),
    };
    let parsed = serde_json::from_slice::<Document>(bytes);
    let format = match &parsed {
        Ok(document) => document.format,
        // Another format need not have the shape of this one.
        Err(_) => serde_json::from_slice::<Header>(bytes).map_err(shape)?.format,
    };
    newer(format)?;
    if format == FORMAT {
        return parsed.map_err(shape);
    }
    let mut json = serde_json::from_slice(bytes).map_err(shape)?;
    migrate::document(format, &mut json);
    serde_json::from_value(json).map_err(shape)
}

fn newer(format: u64) -> Result<(), Defect> {
    migrate::check(format).map_err(|newer| Defect::Newer { format: newer.format })
}

/// The checksum of a document that begins with [`HEAD`] and [`DIGITS`] digits, which do not count.
fn checksum(bytes: &[u8]) -> String {
    let mut sha = Sha256::new();
    sha.update(HEAD.as_bytes());
    sha.update(bytes.get(HEAD.len() + DIGITS..).unwrap_or_default());
    hex(&sha.finalize())
}
