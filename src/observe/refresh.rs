//! One look at everything that exists for a state: each type listed once by the stack tag, then by id only what
//! the list did not show. The same listing finds strays.
//!
//! Does not know what is wanted; which costly parts are worth reading is an argument. Writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::try_join_all;
use jiff::SignedDuration;

use super::details::{self, Wanted};
use super::read::{list_by_stack, read_known};
use crate::address::Address;
use crate::cloud::window::LAG;
use crate::cloud::{ApiError, Cloud};
use crate::env::Clock;
use crate::live::{Live, Observed, Stray};
use crate::state::State;
use crate::types::{Part, REGISTRY, ResourceType};
use crate::value::Attributes;

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
    let all = known().flat_map(|(_, resource)| {
        let old = resource.deposed.iter();
        let old = old.map(|old| (old.id.as_str(), &old.attributes));
        let now = (!resource.id.is_empty()).then_some((resource.id.as_str(), &resource.attributes));
        now.into_iter().chain(old)
    });
    let mut all: BTreeMap<&str, Option<&str>> = all
        .map(|(id, attributes)| (id, resource_type.lasting_id(attributes)))
        .collect();
    // What was forgotten before a list had to show it would be made a second time.
    let forgotten: BTreeMap<&str, jiff::Timestamp> = forgotten(resource_type, state, cloud.server_time())
        .filter(|(id, _)| !all.contains_key(id))
        .collect();
    all.extend(forgotten.keys().map(|id| (*id, None)));
    let born = || {
        let known = known().filter_map(|(_, resource)| resource.born());
        known.chain(forgotten.iter().map(|(id, at)| (*id, *at)))
    };
    // A list never proves that something is gone: what it does not show is asked for by id, twice.
    for look in 0..2 {
        let mut asked = all.clone();
        asked.retain(|id, _| !found.contains_key(*id));
        if asked.is_empty() {
            break;
        }
        let missing: Vec<String> = asked.keys().map(|id| (*id).to_owned()).collect();
        if look == 1
            && let Some(pause) = until_visible(born(), &missing, cloud.server_time())
        {
            cloud.notice(format!(
                "{} was made a moment ago and does not show yet; looking again in {:.0} s",
                words(type_name, &missing),
                pause.as_secs_f64().ceil()
            ));
            clock.sleep(pause).await;
        }
        let mut more = read_known(resource_type, cloud, &asked).await?;
        // Somebody may have made something else of what is not known any more.
        more.retain(|one| !forgotten.contains_key(one.id.as_str()) || one.stack() == Some(&state.lineage));
        found.extend(more.into_iter().map(|observed| (observed.id.clone(), observed)));
    }
    let mut observed: Vec<Observed> = found.into_values().collect();
    let mut wanted = wanted.get(type_name).cloned().unwrap_or_default();
    // Of what has no block, or another address from now on, everything may be asked.
    let said = known().filter_map(|(address, resource)| Some((wanted.by.get(address)?, resource)));
    wanted.by_id = said
        .flat_map(|(own, resource)| resource.ids().map(|id| (id.to_owned(), own.clone())))
        .collect();
    let wanted = &wanted;
    details::complete(resource_type, cloud, &mut observed, wanted).await?;
    // What is made with it may show later than it does.
    let late = late(resource_type, known(), &observed, wanted, cloud.server_time());
    if let Some((pause, incomplete)) = late {
        cloud.notice(format!(
            "{} was made a moment ago and not all of it shows yet; looking again in {:.0} s",
            words(type_name, &incomplete),
            pause.as_secs_f64().ceil()
        ));
        clock.sleep(pause).await;
        details::complete(resource_type, cloud, &mut observed, wanted).await?;
    }
    Ok(sort_out(type_name, known(), observed))
}

/// How long to wait until all parts that were made a moment ago must be visible, and of whom.
fn late<'a>(
    resource_type: &ResourceType,
    known: impl Iterator<Item = (&'a Address, &'a crate::state::Resource)> + Clone,
    observed: &[Observed],
    wanted: &Wanted,
    now: Option<jiff::Timestamp>,
) -> Option<(Duration, Vec<String>)> {
    let parts = resource_type.parts.iter().filter(|part| {
        part.with_create && part.member_id.is_some() && wanted.nested.contains(part.attribute)
    });
    let parts: Vec<&Part> = parts.collect();
    if parts.is_empty() {
        return None;
    }
    let seen: BTreeMap<&str, &Observed> = observed.iter().map(|one| (one.id.as_str(), one)).collect();
    let lacking = |lacks: &dyn Fn(&Part, &crate::state::Resource, &[Attributes]) -> bool| -> Vec<String> {
        let is_lacking = |known: &crate::state::Resource| {
            seen.get(known.id.as_str()).is_some_and(|seen| {
                let mut parts = parts.iter();
                parts.any(|part| lacks(part, known, &part.members(&seen.attributes)))
            })
        };
        let lacking = known.clone().filter(|(_, known)| is_lacking(known));
        lacking.map(|(_, known)| known.id.clone()).collect()
    };
    // What an interrupted run has made at some time.
    let begun = lacking(&|part, known, members| {
        let made = known
            .attributes
            .get(part.made_as)
            .filter(|_| known.unsettled.contains_key(part.attribute));
        let id = part.member_id.map_or("", |(key, _)| key);
        made.is_some_and(|made| members.iter().all(|member| member.get(id) != Some(made)))
    });
    if !begun.is_empty() {
        return Some((Duration::try_from(LAG + CLOCK_ERROR).ok()?, begun));
    }
    // What came with a create.
    let made = lacking(&|part, known, members| {
        let remembered = part.members(&known.attributes).len();
        members.len() < remembered || (members.is_empty() && !known.unsettled.is_empty())
    });
    let born = known.filter_map(|(_, resource)| resource.born());
    Some((until_visible(born, &made, now)?, made))
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

/// What was forgotten and may not be visible yet, with when it was made.
fn forgotten<'a>(
    resource_type: &ResourceType,
    state: &'a State,
    now: Option<jiff::Timestamp>,
) -> impl Iterator<Item = (&'a str, jiff::Timestamp)> {
    let own = state.forgotten.iter().filter(move |(_, one)| {
        one.type_name == resource_type.name
            && resource_type.tagging.is_some()
            && now.is_none_or(|now| visible(one.created_at).is_none_or(|visible| visible > now))
    });
    own.map(|(id, one)| (id.as_str(), one.created_at))
}

/// From when on what was made at this time must be visible.
fn visible(created_at: jiff::Timestamp) -> Option<jiff::Timestamp> {
    created_at.checked_add(LAG + CLOCK_ERROR).ok()
}

/// How long to wait until the youngest of these ids must be visible, if it is that young. `born` says when they were
/// made.
fn until_visible<'a>(
    born: impl Iterator<Item = (&'a str, jiff::Timestamp)>,
    missing: &[String],
    now: Option<jiff::Timestamp>,
) -> Option<Duration> {
    let missing: BTreeSet<&str> = missing.iter().map(String::as_str).collect();
    let youngest = born
        .filter(|(id, _)| missing.contains(id))
        .map(|(_, created_at)| created_at)
        .max()?;
    // A state that was edited may name any time: nobody waits longer than for what is made this moment.
    let pause = visible(youngest)?.duration_since(now?).min(LAG + CLOCK_ERROR);
    Duration::try_from(pause).ok()
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
