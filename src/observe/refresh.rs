//! One look at everything that exists for a state: each type listed once by the stack tag, then by id only what
//! the list did not show. The same listing finds strays.
//!
//! Does not know what is wanted; which costly parts are worth reading is an argument. Writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::try_join_all;
use jiff::SignedDuration;

use super::details::{self, Wanted};
use super::read::{list_by_stack, read_by_id};
use crate::address::Address;
use crate::cloud::window::LAG;
use crate::cloud::{ApiError, Cloud};
use crate::env::Clock;
use crate::live::{Live, Observed, Stray};
use crate::state::State;
use crate::types::{REGISTRY, ResourceType};

/// Reads everything that concerns this state. `wanted` names, by type, the nested attributes that somebody manages.
pub(crate) async fn read(
    state: &State,
    wanted: &BTreeMap<String, Wanted>,
    cloud: &Cloud,
    clock: &dyn Clock,
) -> Result<Live, ApiError> {
    let types = try_join_all(
        REGISTRY
            .iter()
            .map(|one| read_type(one, state, wanted, cloud, clock)),
    )
    .await?;
    let mut live = Live::default();
    for one in types {
        live.resources.extend(one.resources);
        live.deposed.extend(one.deposed);
        live.strays.extend(one.strays);
    }
    live.strays.sort_by(|a, b| a.observed.id.cmp(&b.observed.id));
    Ok(live)
}

async fn read_type(
    resource_type: &'static ResourceType,
    state: &State,
    wanted: &BTreeMap<String, Wanted>,
    cloud: &Cloud,
    clock: &dyn Clock,
) -> Result<Live, ApiError> {
    let type_name = resource_type.name;
    let mut found: BTreeMap<String, Observed> = list_by_stack(resource_type, cloud, &state.lineage)
        .await?
        .into_iter()
        .map(|observed| (observed.id.clone(), observed))
        .collect();
    let known = || {
        state
            .resources
            .iter()
            .filter(|(_, resource)| resource.type_name == type_name)
    };
    let ids: BTreeSet<&str> = known().flat_map(|(_, resource)| resource.ids()).collect();
    // A list never proves that something is gone: what it does not show is asked for by id, twice.
    let missing = |found: &BTreeMap<String, Observed>| -> Vec<String> {
        ids.iter()
            .filter(|id| !found.contains_key(**id))
            .map(|id| (*id).to_owned())
            .collect()
    };
    for look in 0..2 {
        let missing = missing(&found);
        if missing.is_empty() {
            break;
        }
        if look == 1
            && let Some(pause) = until_visible(known(), &missing, cloud.server_time())
        {
            cloud.notice(format!(
                "{} was made a moment ago and does not show yet; looking again in {:.0} s",
                words(type_name, &missing),
                pause.as_secs_f64().ceil()
            ));
            clock.sleep(pause).await;
        }
        let more = read_by_id(resource_type, cloud, &missing).await?;
        found.extend(more.into_iter().map(|observed| (observed.id.clone(), observed)));
    }
    let mut observed: Vec<Observed> = found.into_values().collect();
    let nothing = Wanted::default();
    let wanted = wanted.get(type_name).unwrap_or(&nothing);
    details::complete(resource_type, cloud, &mut observed, wanted).await?;
    Ok(sort_out(type_name, known(), observed))
}

/// What is looked for, in a few words.
fn words(type_name: &str, ids: &[String]) -> String {
    match ids {
        [id] => format!("{type_name} {id}"),
        _ => format!("one of {} of type {type_name}", ids.len()),
    }
}

/// How far two ideas of server time may be apart: it is learnt from whole seconds.
const CLOCK_ERROR: SignedDuration = SignedDuration::from_secs(2);

/// How long to wait until the youngest of these ids must be visible, if it is that young.
fn until_visible<'a>(
    known: impl Iterator<Item = (&'a Address, &'a crate::state::Resource)>,
    missing: &[String],
    now: Option<jiff::Timestamp>,
) -> Option<Duration> {
    let youngest = known
        .filter(|(_, resource)| missing.contains(&resource.id))
        .filter_map(|(_, resource)| resource.created_at)
        .max()?;
    let visible = youngest.checked_add(LAG + CLOCK_ERROR).ok()?;
    Duration::try_from(visible.duration_since(now?)).ok()
}

/// What belongs to an address, what an interrupted replacement left, and what is a stray.
fn sort_out<'a>(
    type_name: &str,
    known: impl Iterator<Item = (&'a Address, &'a crate::state::Resource)>,
    observed: Vec<Observed>,
) -> Live {
    let mut by_id: BTreeMap<String, Observed> = observed
        .into_iter()
        .map(|observed| (observed.id.clone(), observed))
        .collect();
    let mut live = Live::default();
    for (address, resource) in known {
        if let Some(observed) = by_id.remove(&resource.id) {
            live.resources.insert(address.clone(), observed);
        }
        let old: Vec<Observed> = resource
            .deposed
            .iter()
            .filter_map(|old| by_id.remove(&old.id))
            .collect();
        if !old.is_empty() {
            live.deposed.insert(address.clone(), old);
        }
    }
    live.strays = by_id
        .into_values()
        .map(|observed| Stray::of(type_name, observed))
        .collect();
    live
}
