//! What every sound state keeps, checked when one is read and before one is written.

use std::collections::BTreeMap;

use super::State;

/// The first rule that is broken, in words.
pub(super) fn check(state: &State) -> Result<(), String> {
    if state.lineage.is_empty() {
        return Err("it has no lineage".to_owned());
    }
    let mut seen: BTreeMap<(&str, &str), String> = BTreeMap::new();
    for (address, resource) in &state.resources {
        if address.type_name() != resource.type_name {
            return Err(format!("{address} is said to be a {}", resource.type_name));
        }
        if resource.id.is_empty() && resource.deposed.is_empty() {
            return Err(format!("{address} has no id"));
        }
        for id in resource
            .deposed
            .iter()
            .chain(Some(&resource.id))
            .filter(|id| !id.is_empty())
        {
            if let Some(other) = seen.insert((&resource.type_name, id), address.to_string()) {
                return Err(format!("{address} and {other} are both {id}"));
            }
        }
    }
    Ok(())
}
