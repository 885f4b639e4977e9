//! Plan files: what is written into one, where, and what is read from one.
//!
//! Does not know how a plan is carried out.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::connect::Connection;
use super::decide::Goal;
use super::failure::{Exit, Failure};
use super::look::Seen;
use super::project::Project;
use super::secrets;
use crate::address::Address;
use crate::api::product;
use crate::cli::OwnerArgs;
use crate::diagnostic::{Diagnostic, codes, run};
use crate::env::Env;
use crate::observe::recover::Recovery;
use crate::saved::{self, Basis, PlanDefect, PlanFile, PlanRequest, ReadPlan, Sight};
use crate::state::{self, Loaded};

/// The largest file that is read as a plan, in bytes: about that of a hundred thousand servers.
const PLAN_MAX: u64 = 1 << 30;

/// What a plan of this project, made now, is made from.
pub(super) fn basis(
    env: &Env,
    project: &Project,
    connection: &Connection,
    loaded: &Loaded,
    account: Option<&str>,
) -> Result<Basis, Failure> {
    let state = &loaded.state;
    let hash = |bytes: &[u8]| state.hash_key.fingerprint(bytes);
    let (secrets, _) = secrets::fingerprints(env, project, state);
    let config = &project.config;
    let endpoint = if connection.is_simulated() {
        "simulator".to_owned()
    } else {
        connection.cloud.address(&product::ECS)
    };
    let state_hash = state::fingerprint(state, &loaded.open).map_err(|error| unsaved(&error.to_string()))?;
    Ok(Basis {
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        project: config.project.name.clone(),
        environment: config.project.environment_name().to_owned(),
        account: account.map(str::to_owned),
        region: connection.region.clone(),
        endpoint,
        lineage: state.lineage.clone(),
        serial: state.serial,
        state: state_hash,
        read: config
            .origin
            .digests()
            .map(|(what, digest)| (what.to_owned(), hash(digest)))
            .collect(),
        secrets: secrets
            .into_iter()
            .map(|(source, fingerprint)| (source.to_string(), fingerprint))
            .collect(),
        made_at: env.clock.now(),
    })
}

/// What was seen, as a file holds it.
pub(super) fn sight(seen: &Seen, impossible: &BTreeMap<Address, Diagnostic>, project: &Project) -> Sight {
    let Recovery { found, moot, open } = &seen.recovery;
    Sight {
        live: seen.live.clone(),
        others: seen.others.clone(),
        found: found.clone(),
        moot: moot.clone(),
        open: open.clone(),
        impossible: impossible.clone(),
        data: project.data.shown.clone(),
    }
}

/// What a file says was seen.
pub(super) fn seen(sight: &Sight, account: Option<String>) -> Seen {
    Seen {
        live: sight.live.clone(),
        recovery: Recovery {
            found: sight.found.clone(),
            moot: sight.moot.clone(),
            open: sight.open.clone(),
        },
        account,
        others: sight.others.clone(),
    }
}

/// The goal of a plan that was asked for so.
pub(super) fn goal(request: &PlanRequest) -> Goal {
    if request.destroy {
        Goal::Nothing
    } else {
        Goal::Configuration
    }
}

/// What it was allowed to do about things of another stack.
pub(super) fn owner(request: &PlanRequest) -> OwnerArgs {
    OwnerArgs {
        new_stack: request.new_stack,
        take_over: request.take_over,
    }
}

/// Writes a plan file, for its owner only; its digest is given back.
pub(super) fn write(
    file: &PlanFile,
    path: &Path,
    env: &Env,
    seal: saved::Seal<'_>,
) -> Result<String, Failure> {
    let (bytes, digest) = file.bytes(seal).map_err(|error| unsaved(&error.to_string()))?;
    let fs = &*env.fs;
    let failed = |error: std::io::Error| unsaved(&format!("{} cannot be written: {error}", path.display()));
    let kind = fs.kind(path).map_err(failed)?;
    let is_free = match kind {
        None => true,
        Some(kind) if kind.is_regular => {
            kind.length == 0 || saved::is_plan(&fs.read(path, PLAN_MAX).map_err(failed)?)
        }
        Some(_) => false,
    };
    if !is_free {
        return Err(unsaved(&format!("{} is there and is no plan", path.display())));
    }
    let mut name = [0_u8; 8];
    env.random.fill(&mut name);
    let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = path.parent().unwrap_or(Path::new("."));
    let beside = folder.join(format!(".{name}.plan.tmp"));
    let written = fs
        .write_new(&beside, &bytes)
        .and_then(|()| fs.rename(&beside, path))
        .and_then(|()| fs.sync_folder(folder));
    if let Err(error) = written {
        let _ = fs.remove(&beside);
        return Err(failed(error));
    }
    Ok(digest)
}

/// Reads a plan file.
pub(super) fn read(path: &Path, env: &Env) -> Result<ReadPlan, Failure> {
    let bytes = env.fs.read(path, PLAN_MAX).map_err(|error| {
        let message = format!("the plan {} cannot be read: {error}", path.display());
        Failure::error(Diagnostic::error(codes::PLAN_DAMAGED, message))
    })?;
    ReadPlan::of(&bytes).map_err(|defect| match defect {
        PlanDefect::NotAPlan => damaged(&format!("{} is no plan of infra", path.display())),
        PlanDefect::Damaged => damaged(&format!("{} is not as it was written", path.display())),
        PlanDefect::OtherFormat { format } => stale(
            path,
            &[format!(
                "it has format {format}, which this version does not know"
            )],
        ),
    })
}

/// A file that is no plan, or not as it was written.
pub(super) fn damaged(message: &str) -> Failure {
    Failure::error(
        Diagnostic::error(codes::PLAN_DAMAGED, message)
            .note("nothing was changed")
            .help(run("plan").arg("-o").arg("FILE").then(" makes a new one")),
    )
}

/// A plan that does not fit any more, and why.
pub(super) fn stale(path: &Path, differences: &[String]) -> Failure {
    let message = format!("{} does not fit any more", path.display());
    let error = differences.iter().fold(
        Diagnostic::error(codes::STALE_PLAN, message),
        |error, difference| error.note(difference.clone()),
    );
    Failure::error(
        error
            .note("nothing was changed")
            .help(run("plan").arg("-o").arg(path.display()).then(" makes a new one")),
    )
    .with(Exit::Stale)
}

fn unsaved(message: &str) -> Failure {
    Failure::error(Diagnostic::error(codes::PLAN_UNSAVED, message))
}

/// How long something took, in whole milliseconds.
pub(super) fn milliseconds(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
