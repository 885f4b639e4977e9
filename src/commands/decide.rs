//! What must change, from what is wanted, remembered and seen.

use std::collections::BTreeMap;

use super::connect::Connection;
use super::failure::Failure;
use super::look::Seen;
use super::project::Project;
use super::secrets;
use crate::address::Address;
use crate::cli::{OwnerArgs, SelectionArgs};
use crate::diagnostic::Diagnostic;
use crate::env::Env;
use crate::observe::recover::Recovery;
use crate::plan::{self, Inputs, Plan, Selection};
use crate::state::State;
use crate::value::SecretSource;

/// What should be there in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// What the configuration says.
    Configuration,
    /// Nothing at all.
    Nothing,
}

impl Goal {
    /// The command that has this goal.
    pub(super) fn command(self) -> &'static str {
        match self {
            Goal::Configuration => "apply",
            Goal::Nothing => "destroy",
        }
    }
}

/// What was typed, as the planner takes it.
pub(super) fn selection(args: &SelectionArgs) -> Selection {
    Selection {
        targets: args.target.iter().cloned().collect(),
        excludes: args.exclude.iter().cloned().collect(),
        replaces: args.replace.iter().cloned().collect(),
        refresh_only: args.refresh_only,
    }
}

/// What somebody asks a run for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) goal: Goal,
    pub(super) selection: &'a Selection,
    /// What it may do about things of another stack.
    pub(super) owner: OwnerArgs,
}

/// Makes the plan, whether or not it can be carried out.
pub(super) fn draft(
    env: &Env,
    project: &Project,
    state: &State,
    seen: &Seen,
    connection: &Connection,
    asked: Asked<'_>,
    impossible: &BTreeMap<Address, Diagnostic>,
) -> (Plan, BTreeMap<SecretSource, String>) {
    let (secrets, missing) = secrets::fingerprints(env, project, state);
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
        take_over: asked.owner.take_over,
        destroy: asked.goal == Goal::Nothing,
        selection: asked.selection,
        impossible,
    });
    (plan, missing)
}

/// Makes the plan and has it checked by code that did not make it.
pub(super) fn decide(
    env: &Env,
    project: &Project,
    state: &State,
    seen: &Seen,
    connection: &Connection,
    asked: Asked,
    impossible: &BTreeMap<Address, Diagnostic>,
) -> Result<Plan, Failure> {
    let (plan, missing) = draft(env, project, state, seen, connection, asked, impossible);
    let mut errors = plan.errors.clone();
    errors.extend(secrets::needed_but_missing(&plan, &missing));
    if errors.is_empty() {
        errors = plan::check(&plan, state);
    }
    if errors.is_empty() {
        Ok(plan)
    } else {
        Err(Failure::errors(errors))
    }
}
