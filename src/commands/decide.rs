//! What must change, from what is wanted, remembered and seen.

use std::collections::BTreeMap;

use super::connect::Connection;
use super::failure::Failure;
use super::look::Seen;
use super::project::Project;
use super::secrets;
use crate::address::Address;
use crate::cli::OwnerArgs;
use crate::diagnostic::Diagnostic;
use crate::env::Env;
use crate::observe::recover::Recovery;
use crate::plan::{self, Inputs, Plan};
use crate::state::State;

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

/// Makes the plan and has it checked by code that did not make it.
#[allow(clippy::too_many_arguments)]
pub(super) fn decide(
    env: &Env,
    project: &Project,
    state: &State,
    seen: &Seen,
    connection: &Connection,
    goal: Goal,
    owner: OwnerArgs,
    impossible: &BTreeMap<Address, Diagnostic>,
) -> Result<Plan, Failure> {
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
        take_over: owner.take_over,
        destroy: goal == Goal::Nothing,
        impossible,
    });
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
