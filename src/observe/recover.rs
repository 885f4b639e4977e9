//! What an interrupted run really did: its open intents, held against what exists now.
//!
//! Only looks and concludes; nothing is sent. Does not know what is wanted.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::address::{Address, Life};
use crate::api::Repeat;
use crate::cloud::{ApiError, Cloud, Window};
use crate::live::{Live, Observed};
use crate::observe::read::read_by_id;
use crate::state::{Effect, Intent};
use crate::types::{Identity, ResourceType};

/// What became of the open intents of an earlier run.
#[derive(Debug, Default)]
pub(crate) struct Recovery {
    /// Intents whose effect was found, with what it puts into the state.
    pub(crate) found: Vec<(Intent, Effect)>,
    /// Intents that need no answer: the planner sees from what exists whether they are still needed.
    pub(crate) moot: Vec<u64>,
    /// Intents that looking could not settle; they enter the plan.
    pub(crate) open: Vec<Intent>,
}

/// Settles what can be settled by looking. A found resource moves from the strays to its address. `looked_at` is the
/// server time before the look, `known` the types of what the state knows, which a look should show.
pub(crate) fn settle(
    open: Vec<Intent>,
    live: &mut Live,
    looked_at: Option<Timestamp>,
    known: &BTreeSet<&str>,
) -> Recovery {
    let mut recovery = Recovery::default();
    // Who sees nothing of what is known, at all or of a type, may lack the right to see it: that proves nothing of what is
    // not known.
    let there = live.resources.keys().chain(live.deposed.keys());
    let seen: BTreeSet<String> = there
        .map(Address::type_name)
        .chain(live.strays.iter().map(|stray| stray.type_name.as_str()))
        .map(str::to_owned)
        .collect();
    let is_hidden = |type_name: &str| {
        (seen.is_empty() && !known.is_empty()) || (known.contains(type_name) && !seen.contains(type_name))
    };
    for intent in open {
        // Behind its window, what a look does not show was not done and cannot be done any more.
        let is_over = !is_hidden(intent.object.address.type_name())
            && looked_at.is_some_and(|at| at >= Window::of(intent.created_at, intent.plain).believed());
        match intent.class {
            // An absolute state: what exists tells whether it has to be set again.
            Repeat::Read | Repeat::Absolute => recovery.moot.push(intent.seq),
            Repeat::Meter if is_over => recovery.moot.push(intent.seq),
            Repeat::Meter => recovery.open.push(intent),
            Repeat::Token | Repeat::Key | Repeat::Look => match adopt(&intent, live) {
                Some(effect) => recovery.found.push((intent, effect)),
                None if is_over => recovery.moot.push(intent.seq),
                None => recovery.open.push(intent),
            },
        }
    }
    recovery
}

/// Takes out of the open intents those that made something without tags, which no list by tags shows: it is looked for
/// where it would stand, and it is what they made if all that they said of it is so. What is found gets its address.
pub(crate) async fn made_without_tags(
    open: &mut Vec<Intent>,
    live: &mut Live,
    cloud: &Cloud,
) -> Result<Vec<(Intent, Effect)>, ApiError> {
    let mut found = Vec::new();
    for intent in std::mem::take(open) {
        match would_be(&intent, live) {
            Some((resource_type, id)) => {
                let seen = read_by_id(resource_type, cloud, std::slice::from_ref(&id)).await?;
                let is_it = |observed: &Observed| {
                    let said = intent.resource.iter().flat_map(|resource| &resource.attributes);
                    said.into_iter()
                        .all(|(name, value)| observed.attributes.get(name).is_none_or(|seen| seen == value))
                };
                match seen
                    .into_iter()
                    .find(|observed| observed.id == id && is_it(observed))
                {
                    Some(observed) => {
                        let address = intent.object.address.clone();
                        live.resources.insert(address.clone(), observed);
                        let created_at = None;
                        found.push((
                            intent,
                            Effect::Made {
                                address,
                                id,
                                created_at,
                            },
                        ));
                    }
                    None => open.push(intent),
                }
            }
            None => open.push(intent),
        }
    }
    Ok(found)
}

/// What an intent would have made without tags, and its id.
fn would_be(intent: &Intent, live: &Live) -> Option<(&'static ResourceType, String)> {
    let resource = intent.resource.as_ref()?;
    let resource_type = crate::types::find(&resource.type_name)?;
    if !matches!(resource_type.identity, Identity::Joined { .. })
        || live.resources.contains_key(&intent.object.address)
    {
        return None;
    }
    Some((resource_type, resource_type.own_id(&resource.attributes)?))
}

fn adopt(intent: &Intent, live: &mut Live) -> Option<Effect> {
    let token = intent.token.as_ref()?;
    let resource = intent.resource.as_ref()?;
    let address = &intent.object.address;
    // Something else that has the address is not in the way of a successor, and of nothing else.
    if intent.object.life != Life::Next && live.resources.contains_key(address) {
        return None;
    }
    let index = live
        .strays
        .iter()
        .position(|stray| stray.token.as_ref() == Some(token) && stray.type_name == resource.type_name)?;
    let stray = live.strays.remove(index);
    let id = stray.observed.id.clone();
    if let Some(old) = live.resources.insert(address.clone(), stray.observed) {
        live.deposed.entry(address.clone()).or_default().push(old);
    }
    Some(Effect::Made {
        address: address.clone(),
        id,
        created_at: None,
    })
}
