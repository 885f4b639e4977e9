//! Decides what happens to one resource: a file for each kind of decision.
//!
//! Does not know in which order the resources are asked about, nor in which order the work is done.

mod create;
mod delete;
mod drift;
mod replace;
mod strays;
mod tags;
mod update;

pub(super) use self::delete::{leftover, unwanted};
pub(super) use self::strays::strays;

use super::arrange::Half;
use super::context::{Context, Decided};
use super::diff;
use super::{Drift, Forbidden, ResourceChange, Target, Work};
use crate::config;
use crate::diagnostic::Diagnostic;
use crate::live::Observed;
use crate::value::{Attributes, Value};

/// What has been decided about one resource. Neither a change nor a diagnostic means that it stays as it is.
#[derive(Default)]
pub(super) struct Decision<'a> {
    pub(super) change: Option<ResourceChange>,
    pub(super) work: Vec<(Half, Work)>,
    /// What others see of it; none if it is not in the configuration.
    pub(super) decided: Option<Decided<'a>>,
    pub(super) drift: Vec<Drift>,
    pub(super) forbidden: Vec<Forbidden>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Decision<'_> {
    /// Nothing can be decided, and the plan is of no use.
    fn unusable(error: Diagnostic) -> Self {
        Decision {
            diagnostics: vec![error],
            ..Decision::default()
        }
    }
}

/// A resource of the configuration, with everything filled in that is known now.
struct Wanted<'a> {
    resource: &'a config::Resource,
    attributes: Attributes,
}

/// Decides about a resource of the configuration. What it needs has been decided before.
pub(super) fn wanted<'a>(context: &Context<'a>, resource: &'a config::Resource) -> Decision<'a> {
    let inputs = context.inputs;
    let address = &resource.address;
    let wanted = Wanted::new(context, resource);
    let remembered = inputs.state.resources.get(address);
    let live = inputs.live.resources.get(address);
    let drift = match (remembered, live) {
        (Some(remembered), Some(live)) => drift::drift(context, &wanted, remembered, live),
        _ => Vec::new(),
    };
    let adopted = context.adopted.get(address).copied();
    let mut decision = match live.or(adopted) {
        None => create::create(context, wanted),
        Some(observed) => {
            let nothing = Attributes::new();
            let differences = diff::compare(
                resource.resource_type,
                &observed.attributes,
                remembered.map_or(&nothing, |known| &known.attributes),
                &wanted.attributes,
                inputs.fingerprints,
            );
            if differences.force_replacement() {
                replace::replace(context, wanted, observed, differences)
            } else if adopted.is_some() {
                update::adopt(context, wanted, observed, differences)
            } else {
                update::update_or_keep(context, wanted, observed, differences)
            }
        }
    };
    decision.drift.extend(drift);
    decision
}

impl<'a> Wanted<'a> {
    fn new(context: &Context<'a>, resource: &'a config::Resource) -> Wanted<'a> {
        let mut attributes: Attributes = resource
            .attributes
            .iter()
            .map(|(name, value)| (name.clone(), context.resolve(value)))
            .collect();
        (resource.resource_type.normalise)(&mut attributes);
        Wanted { resource, attributes }
    }

    /// What the state says of it when its change is finished.
    fn target(&self, context: &Context<'_>) -> Box<Target> {
        let address = &self.resource.address;
        Box::new(Target {
            attributes: self.attributes.clone(),
            dependencies: context.needs(address).cloned().collect(),
            prevent_destroy: self.resource.prevent_destroy,
        })
    }
}

/// The observed attributes with the id among them, for sentences.
fn with_id(observed: &Observed) -> Attributes {
    let mut attributes = observed.attributes.clone();
    attributes.insert("id".to_owned(), Value::from(observed.id.as_str()));
    attributes
}
