//! What `[[import]]` names: it must exist, and be nobody else's.
//!
//! Does not know what a plan does about it.

use std::collections::BTreeMap;

use super::connect::Connection;
use super::failure::{Exit, Failure};
use super::look::{Seen, costly_parts};
use super::project::Project;
use super::report;
use crate::address::Address;
use crate::cli::OwnerArgs;
use crate::cloud::ApiError;
use crate::config::ImportBlock;
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::live::{Observed, TAG_ADDRESS, TAG_PROJECT};
use crate::observe::read::read_by_id;
use crate::observe::{details, hidden};
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
        let known = state.resources.get(&block.to);
        if known.is_none_or(|known| known.ids().all(|id| id != block.id)) {
            wanted.entry(block.to.type_name()).or_default().push(block);
        }
    }
    let mut found: BTreeMap<Address, Observed> = BTreeMap::new();
    let parts = costly_parts(&project.config);
    let fingerprint = |bytes: &[u8]| state.hash_key.fingerprint(bytes);
    for resource_type in REGISTRY {
        let Some(blocks) = wanted.get(resource_type.name) else {
            continue;
        };
        let ids: Vec<String> = blocks.iter().map(|block| block.id.clone()).collect();
        let failed = |error: ApiError| {
            Failure::error(report::api_error(
                "what is to be imported could not be read",
                &error,
            ))
        };
        let cloud = &connection.cloud;
        let mut there = read_by_id(resource_type, cloud, &ids).await.map_err(failed)?;
        if let Some(parts) = parts.get(resource_type.name) {
            details::complete(resource_type, cloud, &mut there, parts)
                .await
                .map_err(failed)?;
        }
        for one in &mut there {
            let block = blocks.iter().find(|block| block.id == one.id);
            let block = block.and_then(|block| project.config.resources.get(&block.to));
            if let Some(block) = block {
                hidden::read(resource_type, cloud, one, &block.attributes, &fingerprint)
                    .await
                    .map_err(failed)?;
            }
        }
        for block in blocks {
            let one = there.iter().find(|one| one.id == block.id);
            let known = state.resources.get(&block.to);
            if let Some(known) = known.filter(|known| !known.id.is_empty()) {
                // It was taken over and has been made anew since: it is gone, or on its way out.
                let own = block.to.to_string();
                let was_taken = |one: &Observed| {
                    one.stack() == Some(&state.lineage) && one.tags.get(TAG_ADDRESS) == Some(&own)
                };
                if one.is_some_and(|one| !was_taken(one)) {
                    let message = format!("{} is {} already", block.to, known.id);
                    let error = Diagnostic::error(codes::TAKEN, message)
                        .at(block.location.clone(), "")
                        .help(format!(
                            "give {} another address, or take the block out",
                            block.id
                        ));
                    errors.push(error.about(&block.to));
                }
                continue;
            }
            match one {
                None => errors.push(
                    Diagnostic::error(
                        codes::NO_SUCH_OBJECT,
                        format!("there is no {} {}", block.to.type_name(), block.id),
                    )
                    .at(block.location.clone(), "")
                    .help(format!(
                        "looked in {}; check the id and the region, or take the block out if it was deleted",
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
