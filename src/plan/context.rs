//! What is known when a decision is made: the inputs, and what was decided about the resources before it.
//!
//! Does not know how a decision is made, nor what the others will be.

use std::collections::{BTreeMap, BTreeSet};

use super::dependencies::dependencies;
use super::planner::Inputs;
use crate::address::Address;
use crate::config;
use crate::diagnostic::Location;
use crate::live::Observed;
use crate::schema::Replacement;
use crate::value::{Attributes, Reference, Value};

/// What has been decided about one resource of the configuration, as far as others depend on it.
pub(super) struct Decided<'a> {
    pub(super) attributes: Attributes,
    /// What stays, with its values; none if it is made anew.
    pub(super) kept: Option<&'a Observed>,
    /// Observed attributes that this plan makes obsolete.
    pub(super) obsolete: BTreeSet<String>,
    /// Which half comes first, if it is replaced.
    pub(super) replaced: Option<Replacement>,
}

/// Everything a decision may look at.
pub(super) struct Context<'a> {
    pub(super) inputs: &'a Inputs<'a>,
    /// What each resource of the configuration needs.
    pub(super) dependencies: BTreeMap<Address, BTreeSet<Address>>,
    /// The strays that are taken over, by address.
    pub(super) adopted: BTreeMap<&'a Address, &'a Observed>,
    /// The open intents, as address and action.
    open: BTreeSet<(&'a Address, &'a str)>,
    decided: BTreeMap<Address, Decided<'a>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(inputs: &'a Inputs<'a>, adopted: BTreeMap<&'a Address, &'a Observed>) -> Context<'a> {
        let open = inputs
            .open
            .iter()
            .map(|intent| (&intent.object.address, intent.action.as_str()));
        Context {
            inputs,
            dependencies: dependencies(inputs.config),
            adopted,
            open: open.collect(),
            decided: BTreeMap::new(),
        }
    }

    /// Lets later decisions see this one.
    pub(super) fn remember(&mut self, address: Address, decided: Decided<'a>) {
        self.decided.insert(address, decided);
    }

    /// The resource in the configuration.
    pub(super) fn wanted(&self, address: &Address) -> Option<&'a config::Resource> {
        self.inputs.config.resources.get(address)
    }

    /// Where its block is, if it is in the configuration.
    pub(super) fn location(&self, address: &Address) -> Option<Location> {
        self.wanted(address).map(|resource| resource.location.clone())
    }

    /// What the resource needs, as the configuration has it.
    pub(super) fn needs(&self, address: &Address) -> impl Iterator<Item = &Address> {
        self.dependencies.get(address).into_iter().flatten()
    }

    /// Which half comes first, if it has been decided that the resource is replaced.
    pub(super) fn replaced(&self, address: &Address) -> Option<Replacement> {
        self.decided.get(address)?.replaced
    }

    /// Whether it has been decided that the resource is made, for the first time or anew.
    pub(super) fn is_made(&self, address: &Address) -> bool {
        self.decided
            .get(address)
            .is_some_and(|decided| decided.kept.is_none())
    }

    /// Whether an interrupted run may have sent this action for the resource.
    pub(super) fn is_open(&self, address: &Address, action: &str) -> bool {
        self.open.contains(&(address, action))
    }

    /// The value with every reference filled in whose value after this plan is known now.
    pub(super) fn resolve(&self, value: &Value) -> Value {
        value.resolve(&|reference| self.look_up(reference))
    }

    fn look_up(&self, reference: &Reference) -> Option<Value> {
        let decided = self.decided.get(&reference.address)?;
        if reference.attribute == "id" {
            return decided.kept.map(|observed| Value::from(observed.id.as_str()));
        }
        match reference.find_in(&decided.attributes) {
            Some(value) => value.is_known().then(|| value.clone()),
            None if decided.obsolete.contains(reference.attribute_name()) => None,
            None => reference.find_in(&decided.kept?.attributes).cloned(),
        }
    }
}
