//! A plan as a file: everything that was decided, what it was decided from, and for which state, so that exactly this is
//! carried out later, or nothing.
//!
//! The planner is pure, so a file does not bring the calls that are sent: it brings what was seen, and its tasks are made
//! again from that and held against those that the file tells. Nothing in a file can make infra send what it would not
//! have planned itself. Does not know how a file is read from a disk, nor what is carried out.

mod basis;
mod encoding;
mod envelope;
mod tasks;
mod told;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub(crate) use self::basis::Basis;
pub(crate) use self::envelope::is_plan;
use self::told::Told;
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::live::{Live, Stray};
use crate::plan::{Plan, Selection};
use crate::state::{Effect, Intent};
use crate::value::Value;

/// The format that this version writes and reads.
const FORMAT: u64 = 1;

/// The keyed hash of bytes, by the key of the state: `hmac-sha256:` and 64 digits.
pub(crate) type Seal<'a> = &'a dyn Fn(&[u8]) -> String;

/// A plan file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PlanFile {
    format: u64,
    pub(crate) basis: Basis,
    pub(crate) request: PlanRequest,
    pub(crate) sight: Sight,
    told: Told,
    /// The tasks, to be told and compared.
    tasks: Json,
    pub(crate) summary: Summary,
}

/// What the plan was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlanRequest {
    /// Everything is to be deleted.
    #[serde(default)]
    pub(crate) destroy: bool,
    #[serde(default)]
    pub(crate) new_stack: bool,
    #[serde(default)]
    pub(crate) take_over: bool,
    #[serde(default)]
    pub(crate) no_preflight: bool,
    #[serde(default)]
    pub(crate) selection: Selection,
}

/// What was seen before the plan was made.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Sight {
    pub(crate) live: Live,
    /// What belongs to other states of the project, by lineage.
    #[serde(default)]
    pub(crate) others: BTreeMap<String, Vec<Stray>>,
    /// Calls of an interrupted run whose effect was found.
    #[serde(default)]
    pub(crate) found: Vec<(Intent, Effect)>,
    /// Those that need no answer.
    #[serde(default)]
    pub(crate) moot: Vec<u64>,
    /// Those that looking could not settle.
    #[serde(default)]
    pub(crate) open: Vec<Intent>,
    /// What a look ahead has found to be impossible.
    #[serde(default)]
    pub(crate) impossible: BTreeMap<Address, Diagnostic>,
    /// What data blocks have shown, by kind and name.
    #[serde(default)]
    pub(crate) data: BTreeMap<Address, Value>,
}

/// What stands above a plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// `Alibaba Cloud`, `simulator`, or the address of another endpoint.
    pub(crate) cloud: String,
    /// The files that were read.
    pub(crate) files: Vec<String>,
    /// How many resources were looked at.
    pub(crate) checked: usize,
    /// How long it took, in milliseconds.
    pub(crate) took_ms: u64,
}

/// A plan file as it was read: its checksum is right, and nobody has said yet whose seal it carries.
#[derive(Debug)]
pub(crate) struct ReadPlan {
    pub(crate) file: PlanFile,
    /// `sha256:` and 64 hexadecimal digits, over the whole file.
    pub(crate) digest: String,
    seal: String,
    body: Vec<u8>,
}

/// Why bytes are no plan file that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PlanDefect {
    /// They do not begin as one.
    NotAPlan,
    /// They are not as they were written.
    Damaged,
    /// Another version wrote it.
    OtherFormat { format: u64 },
}

impl PlanFile {
    /// What there is to write about a plan.
    pub(crate) fn new(
        plan: &Plan,
        basis: Basis,
        request: PlanRequest,
        sight: Sight,
        summary: Summary,
        seal: Seal<'_>,
    ) -> PlanFile {
        PlanFile {
            format: FORMAT,
            basis,
            request,
            sight,
            told: Told::of(plan, seal),
            tasks: tasks::tell(&plan.tasks, seal),
            summary,
        }
    }

    /// The bytes of the file, and its digest.
    pub(crate) fn bytes(&self, seal: Seal<'_>) -> Result<(Vec<u8>, String), serde_json::Error> {
        let body = serde_json::to_vec(self)?;
        Ok(envelope::close(&body, &seal(&body)))
    }

    /// The plan as it was shown: to be shown, not to be carried out.
    pub(crate) fn shown(&self) -> Option<Plan> {
        self.told.plan()
    }

    /// The tasks with every call, as they are told.
    pub(crate) fn tasks(&self) -> &Json {
        &self.tasks
    }

    /// The first address about which these tasks are not those of the file; none if they are the same.
    pub(crate) fn differs(&self, plan: &Plan, seal: Seal<'_>) -> Option<String> {
        let now = tasks::tell(&plan.tasks, seal);
        if now == self.tasks {
            return None;
        }
        let (then, now) = (self.tasks.as_array()?, now.as_array()?.clone());
        let at = (0..then.len().max(now.len())).find(|index| then.get(*index) != now.get(*index))?;
        let object = then
            .get(at)
            .or(now.get(at))
            .and_then(|task| task["object"].as_str());
        Some(object.unwrap_or("the plan").to_owned())
    }
}

impl ReadPlan {
    /// Reads the bytes of a plan file.
    pub(crate) fn of(bytes: &[u8]) -> Result<ReadPlan, PlanDefect> {
        if !is_plan(bytes) {
            return Err(PlanDefect::NotAPlan);
        }
        let opened = envelope::open(bytes).ok_or(PlanDefect::Damaged)?;
        #[derive(Deserialize)]
        struct Format {
            format: u64,
        }
        let Format { format } = serde_json::from_slice(opened.body).map_err(|_| PlanDefect::Damaged)?;
        if format != FORMAT {
            return Err(PlanDefect::OtherFormat { format });
        }
        let file: PlanFile = serde_json::from_slice(opened.body).map_err(|_| PlanDefect::Damaged)?;
        Ok(ReadPlan {
            file,
            digest: opened.digest,
            seal: opened.seal.to_owned(),
            body: opened.body.to_owned(),
        })
    }

    /// Whether the owner of this key has written it, and nobody else has changed anything.
    pub(crate) fn is_sealed_by(&self, seal: Seal<'_>) -> bool {
        seal(&self.body) == self.seal
    }
}
