//! What there is to show behind a run: the table of what was touched, and the outputs.

use std::collections::{BTreeMap, BTreeSet};

use super::connect::Connection;
use super::decide::Goal;
use super::look::Seen;
use super::project::Project;
use crate::address::Address;
use crate::live::Observed;
use crate::observe::read::read_by_id;
use crate::plan::Plan;
use crate::state::{Effect, Session, State, StateError};
use crate::types::REGISTRY;
use crate::ui::{Row, Ui};
use crate::value::{Reference, Value};

/// The table of what was touched and exists.
pub(super) fn rows(plan: &Plan, session: &Session, observed: &BTreeMap<Address, Observed>) -> Vec<Row> {
    let touched: BTreeSet<&Address> = plan.tasks.iter().map(|task| &task.object.address).collect();
    session.with_state(|state| {
        touched
            .into_iter()
            .filter_map(|address| {
                let known = state
                    .resources
                    .get(address)
                    .filter(|known| !known.id.is_empty())?;
                let looked = observed.get(address).map(|observed| &observed.attributes);
                // Where nobody has looked, as behind Ctrl-C, the state knows what is wanted and not whether it came to that.
                let is_seen =
                    |name: &str| looked.is_some() || name != "status" && !known.unsettled.contains_key(name);
                let text = |name: &str| {
                    looked
                        .unwrap_or(&known.attributes)
                        .get(name)
                        .filter(|_| is_seen(name))
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                Some(Row {
                    address: address.to_string(),
                    id: known.id.clone(),
                    status: text("status"),
                    private_ip: text("private_ip"),
                    public_ip: text("public_ip"),
                    zone: text("zone_id"),
                    drifted: None,
                })
            })
            .collect()
    })
}

/// What was touched and exists, old ones that are still to delete included, a line each.
pub(super) fn existing(plan: &Plan, session: &Session) -> Vec<String> {
    let touched: BTreeSet<&Address> = plan.tasks.iter().map(|task| &task.object.address).collect();
    session.with_state(|state| {
        let known = touched.into_iter().filter_map(|address| {
            let known = state.resources.get(address)?;
            Some(known.ids().map(move |id| format!("{address} is {id}")))
        });
        known.flatten().collect()
    })
}

/// The outputs of a run that had nothing to do.
pub(super) fn tell_outputs(project: &Project, session: &Session, seen: &Seen, ui: &Ui) {
    ui.outputs(&outputs(project, session, seen, &BTreeMap::new()));
}

/// What exists now of all that was touched, and of what an output names that may differ now: about one request for a
/// hundred resources of a type.
pub(super) async fn look_again(
    plan: &Plan,
    project: &Project,
    session: &Session,
    connection: &Connection,
) -> BTreeMap<Address, Observed> {
    let mut named = BTreeSet::new();
    for change in &plan.outputs {
        if let Some(output) = project.config.outputs.get(&change.name) {
            output.value.references(&mut named);
        }
    }
    // A server shows an address that was bound to it, though nothing was done to the server.
    let mut touched: BTreeSet<&Address> = named.iter().map(|reference| &reference.address).collect();
    touched.extend(plan.tasks.iter().map(|task| &task.object.address));
    let mut found = BTreeMap::new();
    for resource_type in REGISTRY {
        let type_name = resource_type.name;
        let ids: BTreeMap<String, Address> = session.with_state(|state| {
            touched
                .iter()
                .filter(|address| address.type_name() == type_name)
                .filter_map(|address| Some((state.resources.get(*address)?.id.clone(), (*address).clone())))
                .filter(|(id, _)| !id.is_empty())
                .collect()
        });
        let wanted: Vec<String> = ids.keys().cloned().collect();
        if wanted.is_empty() {
            continue;
        }
        // Only for the screen and the outputs: what cannot be read now is left out, the state is saved already.
        if let Ok(observed) = read_by_id(resource_type, &connection.cloud, &wanted).await {
            found.extend(
                observed
                    .into_iter()
                    .filter_map(|one| Some((ids.get(&one.id)?.clone(), one))),
            );
        }
    }
    found
}

/// The value of every output, as far as it is known.
pub(super) fn outputs(
    project: &Project,
    session: &Session,
    seen: &Seen,
    observed: &BTreeMap<Address, Observed>,
) -> BTreeMap<String, (Value, bool)> {
    session.with_state(|state| {
        let look_up = |reference: &Reference| look_up(reference, project, state, seen, observed);
        let value = |value: &Value| value.resolve(&look_up);
        project
            .config
            .outputs
            .iter()
            .map(|(name, output)| (name.clone(), (value(&output.value), output.sensitive)))
            .collect()
    })
}

fn look_up(
    reference: &Reference,
    project: &Project,
    state: &State,
    seen: &Seen,
    observed: &BTreeMap<Address, Observed>,
) -> Option<Value> {
    let known = state
        .resources
        .get(&reference.address)
        .filter(|known| !known.id.is_empty())?;
    if reference.attribute == "id" {
        return Some(Value::from(known.id.as_str()));
    }
    let pick = |attributes| reference.find_in(attributes).cloned();
    let wanted = project
        .config
        .resources
        .get(&reference.address)
        .and_then(|wanted| pick(&wanted.attributes));
    let wanted = wanted.filter(|value| value.is_known() && !matches!(value, Value::Secret(_)));
    if wanted.is_some() {
        return wanted;
    }
    // What a look after the run does not show is not there any more, whatever was known before.
    if let Some(observed) = observed.get(&reference.address) {
        return pick(&observed.attributes);
    }
    let before = seen
        .live
        .resources
        .get(&reference.address)
        .filter(|observed| observed.id == known.id);
    before
        .and_then(|observed| pick(&observed.attributes))
        .or_else(|| pick(&known.attributes))
}

/// Lets the state keep the outputs of a run that has come to its end. An error is one of writing.
pub(super) async fn note_outputs(
    goal: Goal,
    project: &Project,
    session: &Session,
    outputs: &BTreeMap<String, (Value, bool)>,
) -> Result<(), StateError> {
    let stored = if goal == Goal::Nothing {
        BTreeMap::new()
    } else {
        stored_outputs(project, outputs)
    };
    if session.with_state(|state| state.outputs == stored) {
        return Ok(());
    }
    session.note(vec![Effect::Outputs { outputs: stored }]).await
}

/// Outputs as the state keeps them: known ones, and none that are sensitive.
fn stored_outputs(
    project: &Project,
    outputs: &BTreeMap<String, (Value, bool)>,
) -> BTreeMap<String, serde_json::Value> {
    outputs
        .iter()
        .filter(|(name, (value, sensitive))| {
            !sensitive && value.is_known() && project.config.outputs.contains_key(*name)
        })
        .map(|(name, (value, _))| (name.clone(), value.to_json()))
        .collect()
}
