//! What needs what in a configuration, and the order that follows from it.
//!
//! What stands in a relation or a part (a disk's server, a rule's peer) is needed only when the two are joined, so
//! groups that name each other are no cycle. Does not know state, observation, or what happens to any resource.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::config::{Config, Resource};
use crate::diagnostic::{Diagnostic, codes};
use crate::graph::Graph;
use crate::value::{AttributeName, Reference, Value};

/// What each resource of the configuration needs before it can be made: by reference, or by `depends_on`.
pub(crate) fn dependencies(config: &Config) -> BTreeMap<Address, BTreeSet<Address>> {
    let needs = |resource: &Resource| {
        let mut needed: BTreeSet<Address> = early_references(resource)
            .map(|(_, reference)| reference.address.clone())
            .collect();
        needed.extend(resource.depends_on.iter().cloned());
        needed
    };
    config
        .resources
        .iter()
        .map(|(address, resource)| (address.clone(), needs(resource)))
        .collect()
}

/// The references that must be known when it is made, each with the attribute in which it stands.
fn early_references(resource: &Resource) -> impl Iterator<Item = (&AttributeName, &Reference)> {
    let early = resource
        .attributes
        .iter()
        .filter(|(name, _)| !resource.resource_type.is_joined_later(name));
    early.flat_map(|(name, value)| references(value).into_iter().map(move |found| (name, found)))
}

/// Every reference in a value.
pub(super) fn references(value: &Value) -> BTreeSet<&Reference> {
    let mut found = BTreeSet::new();
    value.references(&mut found);
    found
}

/// The resources in an order in which each comes after all that it needs. The error shows a cycle as a path.
pub(crate) fn order(config: &Config) -> Result<Vec<Address>, Box<Diagnostic>> {
    ordered(config, &dependencies(config))
}

/// The same, of dependencies that are known.
pub(super) fn ordered(
    config: &Config,
    dependencies: &BTreeMap<Address, BTreeSet<Address>>,
) -> Result<Vec<Address>, Box<Diagnostic>> {
    let edges = dependencies
        .iter()
        .flat_map(|(address, needed)| needed.iter().map(move |other| (address.clone(), other.clone())));
    Graph::new(config.resources.keys().cloned(), edges)
        .order()
        .map_err(|cycle| Box::new(cycle_error(config, &cycle)))
}

fn cycle_error(config: &Config, cycle: &[Address]) -> Diagnostic {
    let mut error = Diagnostic::error(codes::CYCLE, "these need each other, so none can be first");
    for (index, address) in cycle.iter().enumerate() {
        let next = &cycle[(index + 1) % cycle.len()];
        let Some(resource) = config.resources.get(address) else {
            continue;
        };
        let guilty = early_references(resource).find(|(_, reference)| reference.address == *next);
        let location = guilty
            .and_then(|(name, _)| resource.locations.get(name.as_str()))
            .unwrap_or(&resource.location)
            .clone();
        let key = guilty.map_or("depends_on", |(name, _)| name.as_str());
        let place = format!("{}:{}", location.file, location.line);
        error = error.note(format!("{address} needs {next} ({key}, {place})"));
        error = error.at(location, format!("{address} needs {next}"));
    }
    error.help("take one of these references out")
}
