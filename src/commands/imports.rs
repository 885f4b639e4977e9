//! What `[[import]]` names: it must exist, and be nobody else's.
//!
//! Does not know what a plan does about it.

use std::collections::BTreeMap;

use super::connect::Connection;
use super::failure::{Exit, Failure};
use super::look::Seen;
use super::project::Project;
use super::report;
use crate::address::Address;
use crate::cli::OwnerArgs;
use crate::config::ImportBlock;
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::live::{Observed, TAG_PROJECT};
use crate::observe::read::read_by_id;
use crate::state::State;
use crate::types::REGISTRY;

/// Reads what the configuration wants to import and the state does not know yet, in one request for a hundred of a type.
pub(super) async fn read(
    seen: &mut Seen,
    project: &Project,
    state: &State,
    connection: &Connection,
    owner: OwnerArgs,
) -> Result<(), Failure> {
    let mut wanted: BTreeMap<&str, Vec<&ImportBlock>> = BTreeMap::new();
    let mut errors = Vec::new();
    for block in &project.config.transitions.imports {
        let known = state
            .resources
            .get(&block.to)
            .filter(|known| !known.id.is_empty());
        match known {
            Some(known) if known.id == block.id => continue,
            Some(known) => errors.push(
                Diagnostic::error(codes::TAKEN, format!("{} is {} already", block.to, known.id))
                    .at(block.location.clone(), "")
                    .about(&block.to),
            ),
            None => wanted.entry(block.to.type_name()).or_default().push(block),
        }
    }
    let mut found: BTreeMap<Address, Observed> = BTreeMap::new();
    for resource_type in REGISTRY {
        let Some(blocks) = wanted.get(resource_type.name) else {
            continue;
        };
        let ids: Vec<String> = blocks.iter().map(|block| block.id.clone()).collect();
        let there = read_by_id(resource_type, &connection.cloud, &ids)
            .await
            .map_err(|error| {
                Failure::error(report::api_error(
                    "what is to be imported could not be read",
                    &error,
                ))
            })?;
        for block in blocks {
            match there.iter().find(|one| one.id == block.id) {
                None => errors.push(
                    Diagnostic::error(
                        codes::NO_SUCH_OBJECT,
                        format!("there is no {} {}", block.to.type_name(), block.id),
                    )
                    .at(block.location.clone(), "")
                    .help(format!(
                        "looked in {}; check the id and the region",
                        connection.region
                    ))
                    .about(&block.to),
                ),
                Some(observed) => match in_the_way(block, observed, state, owner) {
                    Some(error) => errors.push(error),
                    None => {
                        found.insert(block.to.clone(), observed.clone());
                    }
                },
            }
        }
    }
    if !errors.is_empty() {
        let is_foreign = errors.iter().all(|error| error.code == codes::FOREIGN);
        let exit = if is_foreign { Exit::Forbidden } else { Exit::Error };
        return Err(Failure::errors(errors).with(exit));
    }
    seen.live.imports = found;
    Ok(())
}

/// Why something that exists may not be taken over.
fn in_the_way(
    block: &ImportBlock,
    observed: &Observed,
    state: &State,
    owner: OwnerArgs,
) -> Option<Diagnostic> {
    let other = state
        .resources
        .iter()
        .find(|(_, known)| known.type_name == block.to.type_name() && known.ids().any(|id| id == block.id));
    if let Some((address, _)) = other {
        let message = format!("{} is {address} already", block.id);
        return Some(
            Diagnostic::error(codes::TWICE, message)
                .at(block.location.clone(), "")
                .help("if it only has another address now, write [[moved]]")
                .about(&block.to),
        );
    }
    let stack = observed
        .stack()
        .filter(|stack| *stack != state.lineage && !owner.take_over)?;
    let whose = observed
        .tags
        .get(TAG_PROJECT)
        .map_or("another stack", String::as_str);
    let message = format!("{} belongs to {whose} (infra:stack = {stack})", block.id);
    Some(
        Diagnostic::error(codes::FOREIGN, message)
            .at(block.location.clone(), "")
            .note("two stacks that know one object delete it for each other")
            .help(Advice::from("let that stack forget it first, there: ").run("state rm ADDRESS"))
            .help(Advice::from("or take it over: ").run("apply --take-over"))
            .about(&block.to),
    )
}
