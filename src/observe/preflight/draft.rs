//! What a create would send, as far as it is known beforehand.
//!
//! Does not know what is asked with it.

use std::collections::{BTreeMap, BTreeSet};

use crate::step::{Call, StepKind};
use crate::task::Task;
use crate::types::{self, Identity, Kind, ResourceType};
use crate::value::{Attributes, Reference, Value};

/// How parameters become what is sent; an error says in words what is missing.
pub(crate) type Flatten<'a> = &'a dyn Fn(&Attributes) -> Result<BTreeMap<String, String>, String>;

/// Attributes that differ between servers that are otherwise the same: they decide nothing about stock, quota or rights,
/// so those that differ in no other share one dry run.
const OWN: &[&str] = &["name", "description", "host_name", "user_data"];
/// Parameters that a dry run goes without: the token belongs to an intent, the tags to what is made, and a private
/// address may still be taken by what makes room for it.
const ASIDE: &[&str] = &["ClientToken", "Tag", "PrivateIpAddress"];

/// A create that is looked at beforehand.
pub(super) struct Draft<'a> {
    pub(super) task: &'a Task,
    pub(super) resource_type: &'static ResourceType,
    pub(super) call: &'a Call,
    /// Whether something is removed for it.
    pub(super) is_successor: bool,
    /// What is known of its parameters.
    pub(super) known: Attributes,
    /// Parameters without which the question would be another one, and which only the run will know.
    pub(super) open: Vec<&'a str>,
    /// Whether something was left out that the create itself will have.
    pub(super) is_incomplete: bool,
}

impl<'a> Draft<'a> {
    /// The create of a task, if it makes something.
    pub(super) fn of(task: &'a Task, is_successor: bool) -> Option<Draft<'a>> {
        let resource_type = types::find(task.object.address.type_name())?;
        let call = task.steps.iter().find_map(|step| match &step.kind {
            StepKind::Call(call) if call.yields.makes() => Some(call),
            _ => None,
        })?;
        let mut draft = Draft {
            task,
            resource_type,
            call,
            is_successor,
            known: Attributes::new(),
            open: Vec::new(),
            is_incomplete: false,
        };
        for (name, value) in &call.params {
            if ASIDE.contains(&name.as_str()) {
                continue;
            }
            if value.is_known() {
                draft.known.insert(name.clone(), value.clone());
            } else if draft.is_needed(name, value) {
                draft.open.push(name);
            } else {
                draft.is_incomplete = true;
            }
        }
        Some(draft)
    }

    /// What it makes, where somebody has chosen its name: the type and the name.
    pub(super) fn named(&self) -> Option<(&'static str, &'a str)> {
        let Identity::Chosen(attribute) = self.resource_type.identity else {
            return None;
        };
        let param = self.resource_type.attribute(attribute)?.param_path()?;
        let name = self.call.params.get(&param)?.as_str()?;
        Some((self.resource_type.name, name))
    }

    /// Takes back what names something that is only made in the same plan, under a name that is known before: until then it
    /// is not there.
    pub(super) fn await_named(&mut self, made: &BTreeSet<(&str, &str)>) {
        for attribute in self.resource_type.attributes {
            let (Kind::Id(of), Some(param)) = (&attribute.kind, attribute.param_path()) else {
                continue;
            };
            let Some((param, value)) = self.call.params.iter().find(|(name, _)| **name == *param) else {
                continue;
            };
            let is_made = value.as_str().is_some_and(|name| made.contains(&(*of, name)));
            if is_made && self.known.remove(param).is_some() {
                self.open.push(param);
            }
        }
    }

    /// Whether leaving a parameter out would ask something else: it names another object, or has to be there.
    fn is_needed(&self, name: &str, value: &Value) -> bool {
        let mut references = BTreeSet::new();
        value.references(&mut references);
        let names_object = references.iter().any(|reference| reference.attribute == "id");
        names_object
            || self
                .resource_type
                .attributes
                .iter()
                .any(|attribute| attribute.required && attribute.param_path().as_deref() == Some(name))
    }

    /// The text of a parameter that is known.
    pub(super) fn text(&self, param: &str) -> Option<&str> {
        self.known.get(param).and_then(Value::as_str)
    }

    /// What a parameter names, if only the run will know it.
    pub(super) fn reference(&self, param: &str) -> Option<&'a Reference> {
        match self.call.params.get(param) {
            Some(Value::Reference(reference)) => Some(reference),
            _ => None,
        }
    }

    /// The parameters without what differs between servers that are otherwise the same.
    pub(super) fn common(&self, flat: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let own = self.own_params();
        flat.iter()
            .filter(|(name, _)| !own.iter().any(|own| own == *name))
            .map(|(name, text)| (name.clone(), text.clone()))
            .collect()
    }

    /// Whether an attribute may differ between servers that share a dry run.
    pub(super) fn is_own(attribute: &str) -> bool {
        OWN.contains(&attribute)
    }

    fn own_params(&self) -> Vec<String> {
        let attributes = self.resource_type.attributes.iter();
        attributes
            .filter(|attribute| Draft::is_own(attribute.name))
            .filter_map(|attribute| attribute.param_path())
            .collect()
    }
}
