//! The entries of a state that was lost, out of what exists and what the configuration says.
//!
//! The addresses stand in the objects' tags; what they have is read; what the cloud does not tell is taken from the
//! configuration. Pure. Does not know how anything was read, nor where a state is kept.

use std::collections::{BTreeMap, BTreeSet};

use super::dependencies::dependencies;
use super::diff::{Fingerprints, Memory, bytes_of, compare};
use crate::address::Address;
use crate::config::{self, Config};
use crate::live::{Live, Observed, Stray};
use crate::state::{Deposed, Resource};
use crate::types::{self, Attribute, Kind};
use crate::value::{Attributes, Reference, Value};

/// What a state would say.
#[derive(Debug, Default)]
pub(crate) struct Rebuilt {
    pub(crate) resources: BTreeMap<Address, Resource>,
    /// Attributes that the cloud does not tell: they are taken to be as the configuration has them.
    pub(crate) assumed: BTreeMap<Address, BTreeSet<String>>,
    /// Attributes that neither the cloud nor the configuration tells now.
    pub(crate) unknown: BTreeMap<Address, BTreeSet<String>>,
    /// The outputs, as far as they are known; sensitive ones are not stored.
    pub(crate) outputs: BTreeMap<String, serde_json::Value>,
    /// Objects that say no address of their type.
    pub(crate) unplaced: Vec<Stray>,
}

impl Rebuilt {
    /// What was found, as a look with this state would sort it.
    pub(crate) fn live(&self, found: Vec<Stray>) -> Live {
        let mut by_id: BTreeMap<String, Stray> = found
            .into_iter()
            .map(|stray| (stray.observed.id.clone(), stray))
            .collect();
        let mut live = Live::default();
        for (address, entry) in &self.resources {
            if let Some(current) = by_id.remove(&entry.id) {
                live.resources.insert(address.clone(), current.observed);
            }
            let old = entry.deposed.iter().filter_map(|old| by_id.remove(&old.id));
            let old: Vec<Observed> = old.map(|stray| stray.observed).collect();
            if !old.is_empty() {
                live.deposed.insert(address.clone(), old);
            }
        }
        live.strays = by_id.into_values().collect();
        live
    }
}

/// Puts a state's entries together. Of several objects at one address the youngest is the current one.
pub(crate) fn rebuild(found: Vec<Stray>, config: &Config, fingerprints: &Fingerprints<'_>) -> Rebuilt {
    let mut rebuilt = Rebuilt::default();
    let mut places: BTreeMap<Address, Vec<Stray>> = BTreeMap::new();
    for stray in found {
        match &stray.address {
            Some(address) if address.type_name() == stray.type_name => {
                places.entry(address.clone()).or_default().push(stray);
            }
            _ => rebuilt.unplaced.push(stray),
        }
    }
    let known = Known::new(&places);
    let needs = dependencies(config);
    // Two that are equally old are told apart by the configuration, so the others must be known by then.
    let mut current: BTreeMap<&Address, &Observed> = places
        .iter()
        .filter_map(|(address, all)| Some((address, &all.first()?.observed)))
        .collect();
    let mut order = BTreeMap::new();
    for (address, all) in &places {
        let mut all: Vec<&Stray> = all.iter().collect();
        let differences = |stray: &&Stray| {
            let wanted = config.resources.get(address);
            wanted.map_or(0, |wanted| {
                count_differences(wanted, &stray.observed, &current, fingerprints)
            })
        };
        all.sort_by_cached_key(|stray| {
            let fit = usize::MAX - differences(stray);
            (stray.observed.created, fit, stray.observed.id.clone())
        });
        if let Some(youngest) = all.last() {
            current.insert(address, &youngest.observed);
        }
        order.insert(address, all);
    }
    for (name, output) in config.outputs.iter().filter(|(_, output)| !output.sensitive) {
        let value = output.value.resolve(&|reference| look_up(&current, reference));
        if value.is_known() {
            rebuilt.outputs.insert(name.clone(), value.to_json());
        }
    }
    for (address, mut all) in order {
        let Some(youngest) = all.pop() else { continue };
        let older = all.into_iter().map(|stray| Deposed {
            id: stray.observed.id.clone(),
            attributes: readable(&stray.observed),
            dependencies: known.named_by(address, &stray.observed),
            ..Deposed::default()
        });
        let mut entry = Resource {
            type_name: youngest.type_name.clone(),
            id: youngest.observed.id.clone(),
            token: youngest.token.clone(),
            deposed: older.collect(),
            ..Resource::default()
        };
        match config.resources.get(address) {
            Some(wanted) => {
                let mut of_one = OfOne {
                    wanted,
                    observed: &youngest.observed,
                    current: &current,
                    fingerprints,
                    known: &known,
                    assumed: BTreeSet::new(),
                    unknown: BTreeSet::new(),
                };
                entry.attributes = of_one.attributes();
                // What it still uses goes after it, whatever the configuration says by now.
                entry.dependencies = known.named_by(address, &youngest.observed);
                entry
                    .dependencies
                    .extend(needs.get(address).into_iter().flatten().cloned());
                entry.lifecycle.prevent_destroy = wanted.lifecycle.prevent_destroy;
                let OfOne { assumed, unknown, .. } = of_one;
                for (names, told) in [(assumed, &mut rebuilt.assumed), (unknown, &mut rebuilt.unknown)] {
                    if !names.is_empty() {
                        told.insert(address.clone(), names);
                    }
                }
            }
            None => {
                entry.attributes = readable(&youngest.observed);
                entry.dependencies = known.named_by(address, &youngest.observed);
            }
        }
        rebuilt.resources.insert(address.clone(), entry);
    }
    rebuilt
}

/// The attributes of one that the configuration has.
struct OfOne<'a> {
    wanted: &'a config::Resource,
    observed: &'a Observed,
    current: &'a BTreeMap<&'a Address, &'a Observed>,
    fingerprints: &'a Fingerprints<'a>,
    known: &'a Known<'a>,
    assumed: BTreeSet<String>,
    unknown: BTreeSet<String>,
}

impl OfOne<'_> {
    fn attributes(&mut self) -> Attributes {
        let mut attributes = Attributes::new();
        for attribute in self.wanted.resource_type.attributes {
            if let Some(value) = self.attribute(attribute) {
                attributes.insert(attribute.name.to_owned(), value);
            }
        }
        attributes
    }

    fn attribute(&mut self, attribute: &Attribute) -> Option<Value> {
        let name = attribute.name;
        let seen = self.observed.attributes.get(name);
        if attribute.computed {
            return seen.filter(|_| name != "id").cloned();
        }
        let Some(wanted) = self.wanted.attributes.get(name) else {
            return seen.filter(|seen| self.joins_ours(name, seen)).cloned();
        };
        // What is hidden from a plan may have been read all the same.
        if !is_hidden(attribute) || seen.is_some() {
            return seen.cloned();
        }
        let value = wanted.resolve(&|reference| look_up(self.current, reference));
        let value = match (&attribute.kind, &value) {
            (_, Value::Secret(source)) => {
                let fingerprint = self.fingerprints.secrets.get(source);
                fingerprint.map(|fingerprint| Value::from(fingerprint.as_str()))
            }
            (Kind::Text, _) => bytes_of(&value).map(|bytes| Value::from((self.fingerprints.text)(bytes))),
            _ => value.is_known().then_some(value),
        };
        let told = match &value {
            Some(_) => &mut self.assumed,
            None => &mut self.unknown,
        };
        told.insert(name.to_owned());
        value
    }
}

impl OfOne<'_> {
    /// Whether a relation joins it to something that carries our tags as well: that was ours to join, and is ours to part.
    fn joins_ours(&self, name: &str, seen: &Value) -> bool {
        let mut relations = self.wanted.resource_type.relations.iter();
        relations.any(|relation| relation.attribute == name)
            && seen.as_str().is_some_and(|id| self.known.0.contains_key(id))
    }
}

/// Whether the cloud does not tell it.
fn is_hidden(attribute: &Attribute) -> bool {
    attribute.remembered || matches!(attribute.kind, Kind::Secret | Kind::Text)
}

/// How much one that exists differs from what is wanted at its address.
fn count_differences(
    wanted: &config::Resource,
    observed: &Observed,
    current: &BTreeMap<&Address, &Observed>,
    fingerprints: &Fingerprints<'_>,
) -> usize {
    let attributes: Attributes = wanted
        .attributes
        .iter()
        .map(|(name, value)| {
            (
                name.clone(),
                value.resolve(&|reference| look_up(current, reference)),
            )
        })
        .collect();
    let memory = Memory {
        attributes: &attributes,
        unsettled: &BTreeMap::new(),
    };
    let differences = compare(
        wanted.resource_type,
        &observed.attributes,
        &memory,
        &attributes,
        fingerprints,
    );
    differences.found.len()
}

fn look_up(current: &BTreeMap<&Address, &Observed>, reference: &Reference) -> Option<Value> {
    let observed = current.get(&reference.address)?;
    if reference.attribute == "id" {
        return Some(Value::from(observed.id.as_str()));
    }
    reference.find_in(&observed.attributes).cloned()
}

/// All that can be read of one that the configuration does not have, or not any more.
fn readable(observed: &Observed) -> Attributes {
    let mut attributes = observed.attributes.clone();
    attributes.remove("id");
    attributes
}

/// Which address an id belongs to.
struct Known<'a>(BTreeMap<&'a str, &'a Address>);

impl<'a> Known<'a> {
    fn new(places: &'a BTreeMap<Address, Vec<Stray>>) -> Known<'a> {
        let ids = places
            .iter()
            .flat_map(|(address, all)| all.iter().map(move |stray| (stray.observed.id.as_str(), address)));
        Known(ids.collect())
    }

    /// The addresses whose ids an object's attributes name. What only joins it to others is no dependency: groups may
    /// name each other, and a disk lets go of its server.
    fn named_by(&self, own: &Address, observed: &Observed) -> BTreeSet<Address> {
        let mut named = BTreeSet::new();
        let resource_type = types::find(own.type_name());
        let joins = |name: &str| resource_type.is_some_and(|resource_type| resource_type.is_joined(name));
        for (name, value) in &observed.attributes {
            if name != "tags" && !joins(name) {
                self.named_in(value, &mut named);
            }
        }
        named.remove(own);
        named
    }

    fn named_in(&self, value: &Value, named: &mut BTreeSet<Address>) {
        match value {
            Value::String(text) => named.extend(self.0.get(text.as_str()).map(|address| (*address).clone())),
            Value::List(items) => items.iter().for_each(|item| self.named_in(item, named)),
            Value::Map(map) => map.values().for_each(|item| self.named_in(item, named)),
            _ => {}
        }
    }
}
