//! What needs what in a configuration, and the order that follows from it.
//!
//! Does not know state, observation, or what happens to any resource.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::graph::Graph;

/// What each resource of the configuration needs: by reference, or by `depends_on`.
pub(crate) fn dependencies(config: &Config) -> BTreeMap<Address, BTreeSet<Address>> {
    let mut all = BTreeMap::new();
    for (address, resource) in &config.resources {
        let mut references = BTreeSet::new();
        resource
            .attributes
            .values()
            .for_each(|value| value.references(&mut references));
        let mut needed: BTreeSet<Address> = references
            .into_iter()
            .map(|reference| reference.address.clone())
            .collect();
        needed.extend(resource.depends_on.iter().cloned());
        all.insert(address.clone(), needed);
    }
    all
}

/// The resources in an order in which each comes after all that it needs. The error shows a cycle as a path.
pub(crate) fn order(config: &Config) -> Result<Vec<Address>, Box<Diagnostic>> {
    let dependencies = dependencies(config);
    let edges = dependencies
        .iter()
        .flat_map(|(address, needed)| needed.iter().map(move |other| (address.clone(), other.clone())));
    Graph::new(config.resources.keys().cloned(), edges)
        .order()
        .map_err(|cycle| Box::new(cycle_error(config, &cycle)))
}

fn cycle_error(config: &Config, cycle: &[Address]) -> Diagnostic {
    let mut error = Diagnostic::error("E0306", "these need each other, so none can be first");
    for (index, address) in cycle.iter().enumerate() {
        let next = &cycle[(index + 1) % cycle.len()];
        let Some(resource) = config.resources.get(address) else {
            continue;
        };
        let guilty = resource.attributes.iter().find(|(_, value)| {
            let mut references = BTreeSet::new();
            value.references(&mut references);
            references.iter().any(|reference| reference.address == *next)
        });
        let location = guilty
            .and_then(|(name, _)| resource.locations.get(name))
            .unwrap_or(&resource.location)
            .clone();
        let key = guilty.map_or("depends_on", |(name, _)| name.as_str());
        let place = format!("{}:{}", location.file, location.line);
        error = error.note(format!("{address} needs {next} ({key}, {place})"));
        error = error.at(location, format!("{address} needs {next}"));
    }
    error.help("take one of these references out")
}
