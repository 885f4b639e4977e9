//! Blocks that have probably got a new name: what would be deleted and what would be made are alike.
//!
//! Only says so, with the command that keeps the object; what is decided stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::diff::{Memory, compare};
use crate::address::Address;
use crate::config;
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::live::Observed;
use crate::state;
use crate::value::{Attributes, Value};

/// How many of a type are compared, on each side: more were hardly renamed by hand.
const COMPARED_MAX: usize = 100;
/// How many commands are told.
const TOLD_MAX: usize = 10;

/// One warning about all pairs of which one would be deleted and the other made although they are alike. `order` is that
/// of the configuration: what is needed comes first.
pub(super) fn hint(context: &Context<'_>, order: &[Address]) -> Option<Diagnostic> {
    let pairs = pairs(context, order);
    let (first, more) = pairs.split_first()?;
    let (from, to) = first;
    let message = if more.is_empty() {
        format!("{to} is new and {from} is gone, and the two are alike")
    } else {
        format!(
            "{} resources are new, and as many that are gone are like them: {to} is like {from}",
            pairs.len()
        )
    };
    let mut warning = Diagnostic::warning(codes::RENAMED, message)
        .help("if it only has a new name, say so before you apply, and it is kept:");
    for (from, to) in pairs.iter().take(TOLD_MAX) {
        warning = warning.help(Advice::from("  ").run("state mv").arg(from).arg(to));
    }
    if let Some(more @ 1..) = pairs.len().checked_sub(TOLD_MAX) {
        warning = warning.help(format!("  and {more} more"));
    }
    if let Some(location) = context.location(to) {
        warning = warning.at(location, format!("like {from}"));
    }
    Some(warning.about(to))
}

/// Who is gone and who is new in its place.
fn pairs<'a>(context: &Context<'a>, order: &'a [Address]) -> Vec<(&'a Address, &'a Address)> {
    let inputs = context.inputs;
    // With what the state remembers of each.
    let mut gone: BTreeMap<&str, Vec<Gone<'a>>> = BTreeMap::new();
    for (address, observed) in &inputs.live.resources {
        if context.wanted(address).is_none() {
            let of_type = gone.entry(address.type_name()).or_default();
            if let Some(known) = context.known(address).filter(|_| of_type.len() < COMPARED_MAX) {
                of_type.push(Gone {
                    address,
                    known,
                    observed,
                });
            }
        }
    }
    let mut pairs = Vec::new();
    let mut taken: BTreeSet<&Address> = BTreeSet::new();
    // What a new name stands for, so that what names it is alike too.
    let mut now: BTreeMap<&Address, &Observed> = BTreeMap::new();
    let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
    for to in order {
        let Some(wanted) = context.wanted(to) else {
            continue;
        };
        let Some(gone) = gone.get(to.type_name()) else {
            continue;
        };
        if inputs.state.resources.contains_key(to) || context.adopted.contains_key(to) {
            continue;
        }
        let count = compared.entry(to.type_name()).or_default();
        *count += 1;
        if *count > COMPARED_MAX {
            continue;
        }
        let is_like = |one: &&Gone<'a>| !taken.contains(one.address) && one.is_like(context, wanted, &now);
        let same_block = gone
            .iter()
            .filter(|one| one.address.block() == to.block())
            .find(is_like);
        if let Some(one) = same_block.or_else(|| gone.iter().find(is_like)) {
            taken.insert(one.address);
            now.insert(to, one.observed);
            pairs.push((one.address, to));
        }
    }
    pairs
}

/// One that nothing wants any more.
struct Gone<'a> {
    address: &'a Address,
    known: &'a state::Resource,
    observed: &'a Observed,
}

impl Gone<'_> {
    /// Whether nothing would have to be changed if this object were the one that is wanted.
    fn is_like(
        &self,
        context: &Context<'_>,
        wanted: &config::Resource,
        now: &BTreeMap<&Address, &Observed>,
    ) -> bool {
        let value = |value: &Value| {
            let value = value.resolve(&|reference| {
                let observed = now.get(&reference.address)?;
                if reference.attribute == "id" {
                    return Some(Value::from(observed.id.as_str()));
                }
                reference.find_in(&observed.attributes).cloned()
            });
            context.resolve(&value)
        };
        let mut attributes: Attributes = wanted
            .attributes
            .iter()
            .map(|(name, one)| (name.clone(), value(one)))
            .collect();
        (wanted.resource_type.normalise)(&mut attributes);
        let memory = Memory {
            attributes: &self.known.attributes,
            unsettled: &BTreeMap::new(),
        };
        let fingerprints = context.inputs.fingerprints;
        let differences = compare(
            wanted.resource_type,
            &self.observed.attributes,
            &memory,
            &attributes,
            fingerprints,
        );
        differences.found.is_empty() && differences.equal > 0
    }
}
