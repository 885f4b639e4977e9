//! What this run has learnt of objects: ids and what was seen of them, by object, so that nothing of an old life is
//! taken for the new one. Fills in what a plan left open, and turns values into what the state may keep.
//!
//! Does not know calls, nor when something is learnt.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::outcome::{Cause, StepError};
use super::params::{self, SecretReader};
use crate::address::{Address, Object};
use crate::live::Observed;
use crate::plan::{Plan, bytes_of};
use crate::state::{Effect, Resource, Session, State};
use crate::step::Call;
use crate::task::{Phase, Task};
use crate::types::{self, Kind, ResourceType};
use crate::value::{Attributes, Reference, Value};

pub(super) struct Memory<'a> {
    session: &'a Session,
    secrets: SecretReader<'a>,
    /// The addresses at which the plan makes something: what names them means the new one.
    made: BTreeSet<&'a Address>,
    learnt: Mutex<BTreeMap<Object, Attributes>>,
}

impl<'a> Memory<'a> {
    pub(super) fn new(plan: &'a Plan, session: &'a Session, secrets: SecretReader<'a>) -> Memory<'a> {
        let makes = plan.tasks.iter().filter(|task| task.phase == Phase::Make);
        Memory {
            session,
            secrets,
            made: makes.map(|task| &task.object.address).collect(),
            learnt: Mutex::new(BTreeMap::new()),
        }
    }

    pub(super) fn learn(&self, object: &Object, attributes: Attributes) {
        self.learnt
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(object.clone())
            .or_default()
            .extend(attributes);
    }

    pub(super) fn learn_observed(&self, object: &Object, observed: &Observed) {
        let mut attributes = observed.attributes.clone();
        attributes.insert("id".to_owned(), Value::from(observed.id.as_str()));
        self.learn(object, attributes);
    }

    /// The id of what the task is about; of a new one from the moment in which it is known.
    pub(super) fn id_of(&self, task: &Task) -> Option<String> {
        task.id.clone().or_else(|| self.id(&task.object))
    }

    /// The id of an object that this run has made.
    pub(super) fn id(&self, object: &Object) -> Option<String> {
        let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        learnt.get(object)?.get("id")?.as_str().map(str::to_owned)
    }

    /// The object that a name means: the one that this plan makes there, else the one that is there.
    pub(super) fn meant(&self, address: &Address) -> Object {
        if self.made.contains(address) {
            Object::next(address.clone())
        } else {
            Object::now(address.clone())
        }
    }

    fn look_up(&self, reference: &Reference) -> Option<Value> {
        let object = self.meant(&reference.address);
        let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        reference.find_in(learnt.get(&object)?).cloned()
    }

    pub(super) fn resolve(&self, value: &Value) -> Value {
        value.resolve(&|reference| self.look_up(reference))
    }

    /// What a call names and nobody has learnt yet.
    pub(super) fn missing(&self, call: &Call) -> BTreeSet<Reference> {
        let mut named = BTreeSet::new();
        call.params
            .values()
            .for_each(|value| value.references(&mut named));
        named
            .into_iter()
            .filter(|reference| self.look_up(reference).is_none())
            .cloned()
            .collect()
    }

    /// The parameters of a call, filled in.
    pub(super) fn flatten(
        &self,
        task: &Task,
        call: &Call,
        token: Option<&str>,
    ) -> Result<params::Flat, StepError> {
        let resolved: Attributes = call
            .params
            .iter()
            .map(|(name, value)| (name.clone(), self.resolve(value)))
            .collect();
        params::flatten(&resolved, token, self.secrets, &|bytes| self.fingerprint(bytes)).map_err(|missing| {
            let what = format!("{} of {}: {missing}", call.action.name, task.object.address);
            Cause::Missing { what }.into()
        })
    }

    /// The state's entry for what a task makes, without an id.
    pub(super) fn entry(&self, task: &Task, resource_type: &'static ResourceType) -> Resource {
        let mut entry = Resource {
            type_name: resource_type.name.to_owned(),
            unsettled: task.owes.clone(),
            ..Resource::default()
        };
        let settle = task.then.iter().find_map(|effect| match effect {
            Effect::Settle {
                attributes,
                dependencies,
                lifecycle,
                unsettled,
                ..
            } => Some((attributes, dependencies, lifecycle, unsettled)),
            _ => None,
        });
        if let Some((attributes, dependencies, lifecycle, unsettled)) = settle {
            entry.attributes = self.sealed(resource_type, attributes);
            entry.dependencies.clone_from(dependencies);
            entry.lifecycle.clone_from(lifecycle);
            entry.unsettled.extend(unsettled.clone());
        }
        entry
    }

    /// What the state says of the object when the task is done.
    pub(super) fn last_word(&self, task: &Task) -> Vec<Effect> {
        let mut effects: Vec<Effect> = task
            .then
            .iter()
            .map(|effect| self.filled_in(task, effect))
            .collect();
        effects.extend(self.called_otherwise(&effects));
        effects
    }

    /// What is called by what it is, and is something else now.
    fn called_otherwise(&self, effects: &[Effect]) -> Option<Effect> {
        let (address, attributes) = effects.iter().find_map(|effect| match effect {
            Effect::Settle {
                address, attributes, ..
            } => Some((address, attributes)),
            _ => None,
        })?;
        let resource_type = types::find(address.type_name())?;
        let told = effects.iter().find_map(Effect::id).map(str::to_owned);
        let before = told.or_else(|| {
            let known = |state: &State| Some(state.resources.get(address)?.id.clone());
            self.session.with_state(known)
        });
        if !resource_type.is_called_otherwise(&before.unwrap_or_default(), attributes) {
            return None;
        }
        let id = resource_type.own_id(attributes)?;
        self.learn(
            &Object::now(address.clone()),
            Attributes::from([("id".to_owned(), Value::from(id.as_str()))]),
        );
        Some(Effect::Called {
            address: address.clone(),
            id,
        })
    }

    /// An effect with everything in it that this run has learnt; in the form that the state may keep.
    fn filled_in(&self, task: &Task, effect: &Effect) -> Effect {
        let mut effect = effect.clone();
        let resource_type = types::find(task.object.address.type_name());
        if let (Effect::Settle { attributes, .. }, Some(resource_type)) = (&mut effect, resource_type) {
            let mut sealed = self.sealed(resource_type, attributes);
            let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
            let computed = resource_type
                .attributes
                .iter()
                .filter(|attribute| attribute.computed && attribute.name != "id");
            for attribute in computed {
                let seen = learnt.get(&task.object);
                if let Some(value) = seen.and_then(|seen| seen.get(attribute.name)) {
                    sealed.insert(attribute.name.to_owned(), value.clone());
                }
            }
            *attributes = sealed;
        }
        effect
    }

    /// Attributes as the state may keep them: filled in, secrets and long text as fingerprints, what is not known
    /// left out.
    fn sealed(&self, resource_type: &'static ResourceType, attributes: &Attributes) -> Attributes {
        let mut sealed = Attributes::new();
        for (name, value) in attributes {
            let value = self.resolve(value);
            let kind = resource_type.attribute(name).map(|attribute| &attribute.kind);
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
        // What was filled in may change the order of a set.
        (resource_type.normalise)(&mut sealed);
        sealed
    }

    fn fingerprint(&self, bytes: &[u8]) -> String {
        self.session.with_state(|state| state.hash_key.fingerprint(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::tests::session;

    /// What names it means the one that is made, whatever is learnt of the old one, and whenever.
    #[test]
    fn nothing_of_an_old_life_is_taken_for_the_new_one() {
        let address: Address = "instance.web".parse().unwrap();
        let (old, new) = (
            Object::old(address.clone(), "i-old"),
            Object::next(address.clone()),
        );
        let settle = Effect::Settle {
            address: address.clone(),
            attributes: Attributes::new(),
            dependencies: BTreeSet::new(),
            lifecycle: crate::state::Lifecycle::default(),
            imported: None,
            unsettled: BTreeMap::new(),
        };
        let make = Task {
            then: vec![settle],
            ..Task::new(new.clone(), None, Phase::Make)
        };
        let plan = Plan {
            tasks: vec![make, Task::new(old.clone(), Some("i-old"), Phase::Remove)],
            ..Plan::default()
        };
        let session = session();
        let memory = Memory::new(&plan, &session, &|_| Ok(String::new()));
        let named = |attribute: &str| {
            Value::from(Reference {
                address: address.clone(),
                attribute: attribute.to_owned(),
            })
        };
        let learn = |object: &Object, id: &str, ip: &str| {
            let entries = [("id", id), ("public_ip", ip)];
            let entries = entries.map(|(name, value)| (name.to_owned(), Value::from(value)));
            memory.learn(object, entries.into());
        };
        learn(&old, "i-old", "10.0.0.1");
        learn(&Object::now(address.clone()), "i-old", "10.0.0.1");
        assert_eq!(memory.id_of(&plan.tasks[0]), None);
        assert!(!memory.resolve(&named("public_ip")).is_known());
        learn(&new, "i-new", "10.0.0.2");
        // It is looked at until it is gone.
        learn(&old, "i-old", "10.0.0.1");
        assert_eq!(memory.id_of(&plan.tasks[0]).as_deref(), Some("i-new"));
        assert_eq!(memory.resolve(&named("public_ip")), Value::from("10.0.0.2"));
        let said = memory.last_word(&plan.tasks[0]);
        let Some(Effect::Settle { attributes, .. }) = said.first() else {
            panic!("{said:?}");
        };
        assert_eq!(attributes.get("public_ip"), Some(&Value::from("10.0.0.2")));
    }
}
