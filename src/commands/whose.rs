//! Whose things are: a state that was made for another project, and objects of this project whose state is not here.
//!
//! Does not know what a plan does about what it finds.

use std::collections::{BTreeMap, BTreeSet};

use super::connect::Connection;
use super::failure::{Exit, Failure};
use super::project::Project;
use super::report;
use crate::cli::OwnerArgs;
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::live::{Stray, TAG_PROJECT};
use crate::observe::belonging;
use crate::state::{Effect, Session, State};

/// How many objects are listed in words.
const LISTED_MAX: usize = 5;

/// Refuses a state that was made for another project or environment.
pub(super) fn check_project(state: &State, project: &Project, owner: OwnerArgs) -> Result<(), Failure> {
    let now = &project.config.project;
    let is_same = |known: &Option<String>, now: &str| known.as_deref().is_none_or(|known| known == now);
    if owner.take_over
        || (is_same(&state.project, &now.name) && is_same(&state.environment, now.environment_name()))
    {
        return Ok(());
    }
    let known = |known: &Option<String>| known.clone().unwrap_or_else(|| "?".to_owned());
    let message = format!(
        "this state belongs to {}/{}, and this run is about {}",
        known(&state.project),
        known(&state.environment),
        now.tag()
    );
    Err(Failure::error(
        Diagnostic::error(codes::OTHER_PROJECT, message)
            .note("with it, what belongs to the one would be changed or deleted for the other")
            .help("if it was copied here, remove the copy: each environment has a state of its own")
            .help(
                Advice::from("if the project or the environment has a new name: ").run("apply --take-over"),
            ),
    )
    .with(Exit::Forbidden))
}

/// What a state learns of the project that it belongs to; none if it knows.
pub(super) fn belongs(state: &State, project: &Project, connection: &Connection) -> Option<Effect> {
    let now = &project.config.project;
    let environment = now.environment_name();
    if state.project.as_ref() == Some(&now.name) && state.environment.as_deref() == Some(environment) {
        return None;
    }
    Some(Effect::Cloud {
        endpoint_kind: connection.cloud.endpoint_kind().to_owned(),
        account_id: None,
        region: connection.region.clone(),
        project: Some(now.name.clone()),
        environment: Some(environment.to_owned()),
    })
}

/// The objects of this project that another state knows, by its lineage. Only a state that knows nothing that it has made
/// asks: any other one was there when they were made. What was imported or pushed into an empty one says nothing of that.
pub(super) async fn others(
    state: &State,
    project: &Project,
    connection: &Connection,
) -> Result<BTreeMap<String, Vec<Stray>>, Failure> {
    let mut others: BTreeMap<String, Vec<Stray>> = BTreeMap::new();
    if state.resources.values().any(|known| !known.imported) {
        return Ok(others);
    }
    let tag = project.config.project.tag();
    let found = belonging::tagged(&connection.cloud, TAG_PROJECT, &tag, &BTreeMap::new()).await;
    let found =
        found.map_err(|error| Failure::error(report::api_error("the cloud could not be read", &error)))?;
    let known: BTreeSet<&str> = state.resources.values().flat_map(|known| known.ids()).collect();
    for stray in found {
        // Taken over already, whatever its tags still say.
        if known.contains(stray.observed.id.as_str()) {
            continue;
        }
        let Some(lineage) = stray.observed.stack().map(str::to_owned) else {
            continue;
        };
        if lineage != state.lineage && !state.beside.contains(&lineage) {
            others.entry(lineage).or_default().push(stray);
        }
    }
    Ok(others)
}

/// Refuses to make a second copy of what a state knows that is not here.
pub(super) fn refuse_second_copy(
    others: &BTreeMap<String, Vec<Stray>>,
    project: &Project,
    owner: OwnerArgs,
) -> Result<(), Failure> {
    if others.is_empty() || owner.new_stack {
        return Ok(());
    }
    let count: usize = others.values().map(Vec::len).sum();
    let message = format!(
        "{count} {} of {} belong to a state that is not here",
        if count == 1 { "resource" } else { "resources" },
        project.config.project.tag()
    );
    let mut refusal = Diagnostic::error(codes::STATE_ELSEWHERE, message);
    for (lineage, strays) in others {
        refusal = refusal.note(format!("stack {lineage}: {}", listed(strays)));
    }
    Err(Failure::error(
        refusal
            .help("bring the state back: it is .infra/state/ of the machine that made them")
            .help(Advice::from("or put it together again from what exists: ").run("state rebuild"))
            .help(Advice::from("or make another stack beside it, on purpose: ").run("apply --new-stack")),
    )
    .with(Exit::Forbidden))
}

/// Remembers that other stacks of this project are left alone.
pub(super) async fn leave_alone(
    session: &Session,
    others: &BTreeMap<String, Vec<Stray>>,
) -> Result<(), Failure> {
    let beside = others.keys().map(|lineage| Effect::Beside {
        lineage: lineage.clone(),
    });
    session.note(beside.collect()).await?;
    Ok(())
}

/// Objects in words, the first few by name.
pub(super) fn listed(strays: &[Stray]) -> String {
    let named = |stray: &Stray| match &stray.address {
        Some(address) => format!("{address} ({})", stray.observed.id),
        None => stray.observed.id.clone(),
    };
    let mut words: Vec<String> = strays.iter().take(LISTED_MAX).map(named).collect();
    if strays.len() > LISTED_MAX {
        words.push(format!("and {} more", strays.len() - LISTED_MAX));
    }
    words.join(", ")
}
