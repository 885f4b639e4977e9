//! What the values of a plan have become: learnt in this run, or remembered by the state. Fills them in for a call,
//! and turns them into what the state may keep.
//!
//! Does not know calls, nor when something is learnt.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::outcome::{StepError, internal};
use super::params::{self, SecretReader};
use crate::address::Address;
use crate::live::Observed;
use crate::plan::{Operation, Target, Work, bytes_of};
use crate::schema::{Kind, Schema};
use crate::state::{Lifecycle, Resource, Session};
use crate::step::Call;
use crate::value::{Attributes, Reference, Value};

pub(super) struct Memory<'a> {
    session: &'a Session,
    secrets: SecretReader<'a>,
    /// What this run has learnt: ids and observed attributes, by address.
    learnt: Mutex<BTreeMap<Address, Attributes>>,
}

impl<'a> Memory<'a> {
    pub(super) fn new(session: &'a Session, secrets: SecretReader<'a>) -> Memory<'a> {
        Memory {
            session,
            secrets,
            learnt: Mutex::new(BTreeMap::new()),
        }
    }

    pub(super) fn learn(&self, address: &Address, attributes: Attributes) {
        self.learnt
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(address.clone())
            .or_default()
            .extend(attributes);
    }

    pub(super) fn learn_observed(&self, address: &Address, observed: &Observed) {
        let mut attributes = observed.attributes.clone();
        attributes.insert("id".to_owned(), Value::from(observed.id.as_str()));
        self.learn(address, attributes);
    }

    /// The id of what the work changes; for a create from the moment in which it is known.
    pub(super) fn id_of(&self, work: &Work) -> Option<String> {
        match &work.operation {
            Operation::Update { id, .. } | Operation::Delete { id, .. } => Some(id.clone()),
            Operation::Create { .. } => {
                let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
                learnt.get(&work.address)?.get("id")?.as_str().map(str::to_owned)
            }
            Operation::Forget => None,
        }
    }

    /// What a reference has become.
    fn look_up(&self, reference: &Reference) -> Option<Value> {
        let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        let attributes = learnt.get(&reference.address);
        if let Some(value) = attributes.and_then(|attributes| reference.find_in(attributes)) {
            return Some(value.clone());
        }
        drop(learnt);
        self.session.with_state(|state| {
            let resource = state.resources.get(&reference.address)?;
            if reference.attribute == "id" {
                Some(Value::from(resource.id.as_str()))
            } else {
                reference.find_in(&resource.attributes).cloned()
            }
        })
    }

    fn resolve(&self, value: &Value) -> Value {
        value.resolve(&|reference| self.look_up(reference))
    }

    /// The parameters of a call, filled in.
    pub(super) fn flatten(
        &self,
        work: &Work,
        call: &Call,
        token: Option<&str>,
    ) -> Result<params::Flat, StepError> {
        let resolved: Attributes = call
            .params
            .iter()
            .map(|(name, value)| (name.clone(), self.resolve(value)))
            .collect();
        params::flatten(&resolved, token, self.secrets, &|bytes| self.fingerprint(bytes))
            .map_err(|missing| internal(format!("{} of {}: {missing}", call.action, work.address)))
    }

    /// The state's entry for a target, without an id.
    pub(super) fn entry(&self, schema: &'static Schema, target: &Target) -> Resource {
        Resource {
            type_name: schema.type_name.to_owned(),
            attributes: self.sealed(schema, &target.attributes),
            dependencies: target.dependencies.clone(),
            lifecycle: Lifecycle::preventing_destroy(target.prevent_destroy),
            ..Resource::default()
        }
    }

    /// What the state says of a finished change: the target's attributes, and the computed ones as seen last.
    pub(super) fn settled(&self, address: &Address, schema: &'static Schema, target: &Target) -> Attributes {
        let mut attributes = self.sealed(schema, &target.attributes);
        let computed = schema
            .attributes
            .iter()
            .filter(|attribute| attribute.computed && attribute.name != "id");
        for attribute in computed {
            let reference = Reference {
                address: address.clone(),
                attribute: attribute.name.to_owned(),
            };
            if let Some(value) = self.look_up(&reference) {
                attributes.insert(reference.attribute, value);
            }
        }
        attributes
    }

    /// Attributes as the state may keep them: filled in, secrets and long text as fingerprints, what is not known
    /// left out.
    fn sealed(&self, schema: &'static Schema, attributes: &Attributes) -> Attributes {
        let mut sealed = Attributes::new();
        for (name, value) in attributes {
            let value = self.resolve(value);
            let kind = schema.attribute(name).map(|attribute| &attribute.kind);
            let value = match (kind, &value) {
                (Some(Kind::Text), _) => bytes_of(&value).map(|bytes| Value::from(self.fingerprint(bytes))),
                (_, Value::Secret(source)) => (self.secrets)(source)
                    .ok()
                    .map(|text| Value::from(self.fingerprint(text.as_bytes()))),
                _ => value.is_known().then_some(value),
            };
            if let Some(value) = value {
                sealed.insert(name.clone(), value);
            }
        }
        sealed
    }

    fn fingerprint(&self, bytes: &[u8]) -> String {
        self.session.with_state(|state| state.hash_key.fingerprint(bytes))
    }
}
