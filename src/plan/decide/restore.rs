//! Restores: a file that was reverted before the old one of a replacement was deleted gets the old one back.
//!
//! Does not know why the replacement did not come to its end.

use std::collections::{BTreeMap, BTreeSet};

use super::super::context::Context;
use super::super::diff::{self, Memory};
use super::{Decision, Wanted, delete, update, with_id};
use crate::change::{Change, Fate};
use crate::config;
use crate::live::Observed;
use crate::state::Effect;

/// One that was moved aside, still exists and can be what is wanted without being made anew; and what is wanted of it.
pub(super) fn find<'a>(
    context: &Context<'a>,
    resource: &'a config::Resource,
) -> Option<(&'a Observed, Wanted<'a>)> {
    let address = &resource.address;
    let known = context.known(address)?;
    let aside = context.inputs.live.deposed.get(address)?;
    aside.iter().rev().find_map(|observed| {
        let wanted = Wanted::new(context, resource).if_it_stays(observed);
        let old = known.deposed.iter().find(|old| old.id == observed.id);
        let nothing = (Default::default(), BTreeMap::new());
        let memory = Memory {
            attributes: old.map_or(&nothing.0, |old| &old.attributes),
            unsettled: old.map_or(&nothing.1, |old| &old.unsettled),
        };
        let differences = diff::compare(
            resource.resource_type,
            &observed.attributes,
            &memory,
            &wanted.attributes,
            context.inputs.fingerprints,
        );
        (!differences.force_replacement()).then_some((observed, wanted))
    })
}

/// Decides that the old one takes its place again, and that the new one goes.
pub(super) fn restore<'a>(
    context: &Context<'a>,
    wanted: Wanted<'a>,
    new: &'a Observed,
    old: &'a Observed,
) -> Decision<'a> {
    let resource = wanted.resource;
    let address = &resource.address;
    let nothing = (Default::default(), BTreeMap::new());
    let memory = context
        .known(address)
        .and_then(|known| known.deposed.iter().find(|one| one.id == old.id));
    let differences = diff::compare(
        resource.resource_type,
        &old.attributes,
        &Memory {
            attributes: memory.map_or(&nothing.0, |one| &one.attributes),
            unsettled: memory.map_or(&nothing.1, |one| &one.unsettled),
        },
        &wanted.attributes,
        context.inputs.fingerprints,
    );
    let removal = delete::task(context, address, resource.resource_type, new);
    let mut decision = update::update_or_keep(context, wanted, old, differences);
    decision.note(Effect::Restore {
        address: address.clone(),
        id: old.id.clone(),
    });
    decision.change = Change {
        fate: Fate::Replace { create_first: true },
        reasons: vec![format!(
            "{} has not been deleted yet and is what the configuration wants again; {} goes",
            old.id, new.id
        )],
        lost: (resource.resource_type.losses)(&with_id(new)),
        id: Some(new.id.clone()),
        attributes: BTreeSet::from([(new.id.as_str(), old.id.as_str())])
            .into_iter()
            .map(|(new, old)| crate::change::AttributeChange::plain("id", Some(new.into()), Some(old.into())))
            .chain(decision.change.attributes)
            .collect(),
        ..decision.change
    };
    decision.put(removal);
    decision
}
