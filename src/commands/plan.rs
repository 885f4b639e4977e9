//! What apply would do.

use std::collections::{BTreeMap, BTreeSet};

use super::failure::{Exit, Failure};
use super::project::{self, Connection, Project, Seen};
use crate::cli::{Global, PlanArgs};
use crate::diagnostic::Diagnostic;
use crate::env::Env;
use crate::observe::recover::Recovery;
use crate::plan::{self, Inputs, Plan};
use crate::state::State;
use crate::step::StepKind;
use crate::ui::Ui;
use crate::value::{Attributes, SecretSource, Value};

/// Show what apply would do; changes nothing, neither in the cloud nor on the disk
pub(crate) async fn plan(args: &PlanArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    // 1. What is wanted.
    let started = env.clock.elapsed();
    let project = project::load(global, env, ui)?;

    // 2. What we remember. Reading needs no lock.
    let loaded = project.store(global, env).load()?;

    // 3. What is really there, and what an interrupted run really did; in memory only.
    let connection = project::connect(global, env, &project, project::progress(global, env, ui)?)?;
    let seen = project::look(env, &project, &loaded, &connection).await?;
    project::check_cloud(&loaded.state, &connection, seen.account.as_deref())?;
    let state = project::with_recovery(loaded.state, &seen.recovery);

    // 4. What must change. Pure: same inputs, same bytes.
    let plan = decide(env, &project, &state, &seen, &connection, args.destroy)?;
    let elapsed = env.clock.elapsed().saturating_sub(started);
    let header = project::header("plan", env, global, &project, &connection, &seen, elapsed);
    ui.plan(&plan, &header, project::detail(args.detail));
    project::tell_totals(global, &connection, ui);

    let changes = args.detailed_exitcode && !plan.is_empty();
    Ok(if changes { Exit::Changes } else { Exit::Success })
}

/// Makes the plan and has it checked by code that did not make it.
pub(super) fn decide(
    env: &Env,
    project: &Project,
    state: &State,
    seen: &Seen,
    connection: &Connection,
    destroy: bool,
) -> Result<Plan, Failure> {
    let (secrets, missing) = project::secret_fingerprints(env, project, state);
    let text = |bytes: &[u8]| state.hash_key.fingerprint(bytes);
    let Recovery { open, .. } = &seen.recovery;
    let plan = plan::make(&Inputs {
        config: &project.config,
        types: &project.types,
        state,
        open,
        live: &seen.live,
        region: &connection.region,
        fingerprints: &plan::Fingerprints {
            secrets: &secrets,
            text: &text,
        },
        destroy,
    });
    let mut errors: Vec<Diagnostic> = plan
        .diagnostics
        .iter()
        .filter(|found| found.is_error())
        .cloned()
        .collect();
    errors.extend(missing_secrets(&plan, &missing));
    if errors.is_empty() {
        errors = plan::check(&plan, state);
    }
    if errors.is_empty() {
        Ok(plan)
    } else {
        Err(Failure::errors(errors))
    }
}

/// Secrets that a step would send and that cannot be read.
fn missing_secrets(plan: &Plan, missing: &BTreeMap<SecretSource, String>) -> Vec<Diagnostic> {
    let mut needed: BTreeSet<(&SecretSource, String)> = BTreeSet::new();
    for work in &plan.work {
        for step in &work.steps {
            if let StepKind::Call(call) = &step.kind {
                let mut sources = Vec::new();
                secrets_in(&call.params, &mut sources);
                needed.extend(
                    sources
                        .into_iter()
                        .map(|source| (source, work.address.to_string())),
                );
            }
        }
    }
    needed
        .into_iter()
        .filter_map(|(source, address)| Some((missing.get(source)?, address)))
        .map(|(reason, address)| {
            Diagnostic::error("E0512", format!("{address} needs a secret, and {reason}"))
                .help("set it and run again")
        })
        .collect()
}

fn secrets_in<'a>(params: &'a Attributes, found: &mut Vec<&'a SecretSource>) {
    for value in params.values() {
        match value {
            Value::Secret(source) => found.push(source),
            Value::Map(inner) => secrets_in(inner, found),
            _ => {}
        }
    }
}
