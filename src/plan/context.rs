//! What is known when a decision is made: the inputs, and what was decided about the resources before it.
//!
//! Does not know how a decision is made, nor what the others will be.

use std::collections::{BTreeMap, BTreeSet};

use super::dependencies::dependencies;
use super::inputs::Inputs;
use crate::address::Address;
use crate::config;
use crate::diagnostic::Location;
use crate::live::Observed;
use crate::state;
use crate::types::Replacement;
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

/// What an attribute will be after the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outlook {
    Known(Value),
    /// Only the run will tell.
    Later,
    /// Nothing will be there.
    Never,
}

/// Everything a decision may look at.
pub(super) struct Context<'a> {
    pub(super) inputs: &'a Inputs<'a>,
    /// What each resource of the configuration needs before it can be made.
    pub(super) dependencies: BTreeMap<Address, BTreeSet<Address>>,
    /// What moves from one place to another and cannot, since each needs the other first.
    given_up: &'a BTreeSet<Address>,
    /// The strays that are taken over, by address.
    pub(super) adopted: BTreeMap<&'a Address, &'a Observed>,
    /// Whose id it is, of all that the state knows.
    owners: BTreeMap<&'a str, &'a Address>,
    /// Attributes that resources have only while another one is joined to them.
    lent: Lent<'a>,
    /// The open intents, as address and action.
    open: BTreeSet<(&'a Address, &'a str)>,
    decided: BTreeMap<Address, Decided<'a>>,
    /// Resources of which something changes.
    changed: BTreeSet<Address>,
    /// Ids that this plan removes.
    going: BTreeSet<&'a str>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        inputs: &'a Inputs<'a>,
        adopted: BTreeMap<&'a Address, &'a Observed>,
        given_up: &'a BTreeSet<Address>,
    ) -> Context<'a> {
        let open = inputs
            .open
            .iter()
            .map(|intent| (&intent.object.address, intent.action.as_str()));
        let known = inputs.state.resources.iter();
        let owners = known.flat_map(|(address, known)| known.ids().map(move |id| (id, address)));
        Context {
            inputs,
            dependencies: dependencies(inputs.config),
            owners: owners
                .chain(
                    adopted
                        .iter()
                        .map(|(address, observed)| (observed.id.as_str(), *address)),
                )
                .collect(),
            given_up,
            adopted,
            lent: Lent::new(inputs),
            open: open.collect(),
            decided: BTreeMap::new(),
            changed: BTreeSet::new(),
            going: BTreeSet::new(),
        }
    }

    /// Lets later decisions see this one.
    pub(super) fn remember(&mut self, address: Address, decided: Decided<'a>) {
        self.decided.insert(address, decided);
    }

    /// Whether it cannot move where it is to go.
    pub(super) fn is_given_up(&self, address: &Address) -> bool {
        self.given_up.contains(address)
    }

    /// Lets later decisions see that something of it changes.
    pub(super) fn changes(&mut self, address: &Address) {
        self.changed.insert(address.clone());
    }

    /// Whether something of it changes.
    pub(super) fn is_changed(&self, address: &Address) -> bool {
        self.changed.contains(address)
    }

    /// Lets later decisions see that this id is removed.
    pub(super) fn removes(&mut self, id: &'a str) {
        self.going.insert(id);
    }

    /// Whether this plan removes the id.
    pub(super) fn is_going(&self, id: &str) -> bool {
        self.going.contains(id)
    }

    /// Whose id it is, if the state knows it.
    pub(super) fn owner(&self, id: &str) -> Option<&'a Address> {
        self.owners.get(id).copied()
    }

    /// The resource in the configuration, unless everything is to go.
    pub(super) fn wanted(&self, address: &Address) -> Option<&'a config::Resource> {
        self.inputs.config.resources.get(address)
    }

    /// What the state knows of a resource that has an id.
    pub(super) fn known(&self, address: &Address) -> Option<&'a state::Resource> {
        let known = self.inputs.state.resources.get(address)?;
        (!known.id.is_empty()).then_some(known)
    }

    /// Where its block is, if it is in the configuration.
    pub(super) fn location(&self, address: &Address) -> Option<Location> {
        self.wanted(address).map(|resource| resource.location.clone())
    }

    /// What the resource needs, as the configuration has it.
    pub(super) fn needs(&self, address: &Address) -> impl Iterator<Item = &Address> {
        self.dependencies.get(address).into_iter().flatten()
    }

    /// Whether what the state remembers of the one names the id of the other.
    pub(super) fn holds(&self, dependent: &Address, needed: &Address) -> bool {
        let id = self.known(needed).map(|needed| needed.id.as_str());
        let held = self
            .known(dependent)
            .into_iter()
            .flat_map(|known| known.attributes.values());
        id.is_some_and(|id| held.into_iter().any(|value| value.names(id)))
    }

    /// Whether what is seen of one names the id of the other.
    pub(super) fn is_in(&self, needed: &Address, observed: &Observed) -> bool {
        let id = self.known(needed).map(|needed| needed.id.as_str());
        id.is_some_and(|id| observed.attributes.values().any(|value| value.names(id)))
    }

    /// What was decided about it.
    pub(super) fn decided(&self, address: &Address) -> Option<&Decided<'a>> {
        self.decided.get(address)
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

    /// Whether it goes to another place, where it is given an address anew.
    pub(super) fn moves(&self, address: &Address) -> bool {
        let resource_type = self.inputs.types.get(address.type_name());
        resource_type
            .zip(self.decided.get(address))
            .is_some_and(|(resource_type, decided)| {
                let mut obsolete = decided.obsolete.iter().map(String::as_str);
                decided.kept.is_some()
                    && !resource_type.given_there.is_empty()
                    && obsolete.any(|name| {
                        Some(name) == resource_type.stays_with || resource_type.given_there.contains(&name)
                    })
            })
    }

    /// Whether `[[import]]` names what is taken over at this address.
    pub(super) fn is_imported(&self, address: &Address) -> bool {
        self.inputs.live.imports.contains_key(address)
    }

    /// Whether the configuration joins one to another by a relation, and the two are not joined yet.
    pub(super) fn joins(&self, one: &Address, other: &Address) -> bool {
        let Some(resource) = self.wanted(one) else {
            return false;
        };
        let there = self.inputs.live.resources.get(one);
        let other_id = self.known(other).map(|known| known.id.as_str());
        resource.resource_type.relations.iter().any(|relation| {
            let names_it = matches!(
                resource.attributes.get(relation.attribute),
                Some(Value::Reference(reference)) if reference.address == *other
            );
            let has = there.and_then(|there| there.attributes.get(relation.attribute)?.as_str());
            names_it && (has.is_none() || has != other_id || self.is_made(other) || self.is_made(one))
        })
    }

    /// Whether an interrupted run may have sent this action for the resource.
    pub(super) fn is_open(&self, address: &Address, action: &str) -> bool {
        self.open.contains(&(address, action))
    }

    /// The value with every reference filled in whose value after this plan is known now.
    pub(super) fn resolve(&self, value: &Value) -> Value {
        value.resolve(&|reference| match self.outlook(reference) {
            Outlook::Known(value) => Some(value),
            Outlook::Later | Outlook::Never => None,
        })
    }

    /// What an attribute will be after this plan.
    pub(super) fn outlook(&self, reference: &Reference) -> Outlook {
        let Some(decided) = self.decided.get(&reference.address) else {
            return Outlook::Later;
        };
        let known = |value: &Value| Outlook::Known(value.clone());
        if reference.attribute == "id" {
            let kept = decided.kept.filter(|_| !decided.obsolete.contains("id"));
            return kept.map_or(Outlook::Later, |observed| {
                Outlook::Known(Value::from(observed.id.as_str()))
            });
        }
        if let Some(value) = reference.find_in(&decided.attributes) {
            return if value.is_known() {
                known(value)
            } else {
                Outlook::Later
            };
        }
        if decided.obsolete.contains(reference.attribute_name()) {
            return Outlook::Later;
        }
        let lent = (&reference.address, reference.attribute_name());
        if let Some(value) = decided
            .kept
            .filter(|_| !self.lent.leaving.contains(&lent))
            .and_then(|observed| reference.find_in(&observed.attributes))
        {
            return known(value);
        }
        if self.may_appear(reference, decided) {
            Outlook::Later
        } else {
            Outlook::Never
        }
    }

    /// Whether an attribute that nobody sets will be there after the run.
    fn may_appear(&self, reference: &Reference, decided: &Decided<'_>) -> bool {
        let Some(resource) = self.wanted(&reference.address) else {
            return false;
        };
        let name = reference.attribute_name();
        if !resource.resource_type.conditional.contains(&name) {
            return decided.kept.is_none();
        }
        (resource.resource_type.implied)(&decided.attributes, &Attributes::new()).contains(&name)
            || self.lent.coming.contains(&(&reference.address, name))
    }
}

/// Attributes that come and go with what is joined, each with the resource that has it.
struct Lent<'a> {
    coming: BTreeSet<(&'a Address, &'a str)>,
    leaving: BTreeSet<(&'a Address, &'a str)>,
}

impl<'a> Lent<'a> {
    fn new(inputs: &Inputs<'a>) -> Lent<'a> {
        let mut lent = Lent {
            coming: BTreeSet::new(),
            leaving: BTreeSet::new(),
        };
        let live = &inputs.live.resources;
        let by_id: BTreeMap<&str, &Address> = live
            .iter()
            .map(|(address, observed)| (observed.id.as_str(), address))
            .collect();
        for resource in inputs.config.resources.values() {
            for relation in resource.resource_type.relations {
                if let Some(partner) = partner(resource.attributes.get(relation.attribute), &by_id) {
                    lent.coming
                        .extend(relation.lends.iter().map(|name| (partner, *name)));
                }
            }
        }
        for (address, observed) in live {
            let Some(known) = inputs.state.resources.get(address) else {
                continue;
            };
            let relations = crate::types::find(&known.type_name).map_or(&[][..], |found| found.relations);
            for relation in relations {
                let now = partner(observed.attributes.get(relation.attribute), &by_id);
                let wanted = inputs.config.resources.get(address);
                let then =
                    wanted.and_then(|wanted| partner(wanted.attributes.get(relation.attribute), &by_id));
                // What nobody manages stays as somebody else has joined it.
                let is_managed = then.is_some()
                    || wanted.is_none()
                    || known.attributes.contains_key(relation.attribute)
                    || known.unsettled.contains_key(relation.attribute);
                if let Some(left) = now.filter(|now| is_managed && then != Some(*now)) {
                    lent.leaving
                        .extend(relation.lends.iter().map(|name| (left, *name)));
                }
            }
        }
        lent
    }
}

/// Which of ours this value of a relation names.
fn partner<'a>(value: Option<&'a Value>, by_id: &BTreeMap<&str, &'a Address>) -> Option<&'a Address> {
    match value? {
        Value::Reference(reference) => Some(&reference.address),
        Value::String(id) => by_id.get(id.as_str()).copied(),
        _ => None,
    }
}
