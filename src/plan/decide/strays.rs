//! Strays: what carries the tags of this stack although the state does not know it.
//!
//! Does not know what becomes of one that is taken over; that is an update.

use std::collections::{BTreeMap, BTreeSet};

use super::super::inherit::is_member;
use super::super::inputs::Inputs;
use crate::address::Address;
use crate::config::RemovedBlock;
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::live::{Observed, Stray};
use crate::value::Attributes;

/// What is done about all strays.
pub(in crate::plan) struct Strays<'a> {
    /// Those that are taken over: their address is wanted and the state has nothing there.
    pub(in crate::plan) adopted: BTreeMap<&'a Address, &'a Observed>,
    /// A warning for each of the others.
    pub(in crate::plan) diagnostics: Vec<Diagnostic>,
}

/// Decides about all strays; of two for one address the first is taken over.
pub(in crate::plan) fn strays<'a>(inputs: &Inputs<'a>) -> Strays<'a> {
    let mut strays = Strays {
        adopted: inputs.live.imports.iter().collect(),
        diagnostics: Vec::new(),
    };
    let imported: BTreeSet<&str> = inputs.live.imports.values().map(|one| one.id.as_str()).collect();
    let is_removed = |stray: &Stray| {
        let blocks = &inputs.config.transitions.removed;
        stray.address.as_ref().is_some_and(|address| {
            let is_it = |block: &RemovedBlock| block.from == *address || block.from == address.block();
            blocks.iter().any(|block| !block.destroy && is_it(block))
        })
    };
    for stray in &inputs.live.strays {
        // It is known why the state does not know it.
        if imported.contains(stray.observed.id.as_str()) || is_removed(stray) {
            continue;
        }
        let free = wanted_address(inputs, stray).filter(|address| !strays.adopted.contains_key(address));
        match free {
            Some(address) => {
                strays.adopted.insert(address, &stray.observed);
            }
            // A part of what the configuration has comes to that.
            None if !inputs.destroy && is_member(inputs.config, stray) => {}
            // What becomes of it is told with what it is a part of.
            None if is_part(inputs, stray) => {}
            None => strays.diagnostics.push(warning(inputs, stray)),
        }
    }
    strays
}

/// Whether a stray was seen as a part of what has its address.
fn is_part(inputs: &Inputs<'_>, stray: &Stray) -> bool {
    let Some(address) = &stray.address else {
        return false;
    };
    let owner = inputs
        .live
        .resources
        .get(address)
        .zip(inputs.types.get(address.type_name()));
    owner.is_some_and(|(owner, resource_type)| {
        resource_type.parts.iter().any(|part| {
            let is_it = |member: &Attributes| {
                let id = part.member_id.and_then(|(key, _)| member.get(key)?.as_str());
                id == Some(stray.observed.id.as_str())
            };
            part.members(&owner.attributes).iter().any(is_it)
        })
    })
}

/// The address of a stray, if the configuration wants that and the state has nothing there.
fn wanted_address<'a>(inputs: &Inputs<'a>, stray: &'a Stray) -> Option<&'a Address> {
    let address = stray.address.as_ref()?;
    let known = inputs.state.resources.get(address);
    let is_wanted = !inputs.destroy
        && inputs.config.resources.contains_key(address)
        && address.type_name() == stray.type_name;
    (is_wanted && known.is_none_or(|known| known.id.is_empty())).then_some(address)
}

fn warning(inputs: &Inputs<'_>, stray: &Stray) -> Diagnostic {
    let id = &stray.observed.id;
    let type_name = &stray.type_name;
    let said = stray
        .address
        .as_ref()
        .map_or_else(|| "no address".to_owned(), ToString::to_string);
    let mut warning = Diagnostic::warning(
        codes::STRAY,
        format!("{type_name} {id} carries the tags of this stack ({said}) but the state does not know it"),
    );
    if let Some(address) = &stray.address {
        let known = inputs
            .state
            .resources
            .get(address)
            .filter(|known| !known.id.is_empty());
        let why = match known {
            Some(known) => format!("{address} is {} by now", known.id),
            None if inputs.config.resources.contains_key(address) => {
                format!("{address} is taken over from another one")
            }
            None => format!("the files have no {address}"),
        };
        warning = warning.note(why);
    }
    if let Some(created) = stray.observed.created {
        warning = warning.note(format!("it was made at {created:.0}"));
    }
    warning
        .help(Advice::from("take it over:  ").run("import ADDRESS").arg(id))
        .help(Advice::from("or let it go:  ").run("state forget-stray").arg(id))
        .help("or delete it where it was made; ADDRESS has a block and is free")
}
