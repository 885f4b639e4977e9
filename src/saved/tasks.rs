//! The tasks of a plan as a plan file tells them: every call with its parameters, every wait, and what the state learns.
//!
//! They are told to people and compared, and never read back: what is carried out is made again from what the plan was
//! made from. Does not know what a task is for.

use serde_json::{Map, Value as Json, json};

use super::Seal;
use super::encoding::{encode, encode_all};
use crate::state::Effect;
use crate::step::{Condition, Restore, Shows, Step, StepKind, Yield};
use crate::task::{Phase, Task};
use crate::types::{self, Kind};
use crate::value::{Attributes, Value};

/// All tasks, in their order.
pub(super) fn tell(tasks: &[Task], seal: Seal<'_>) -> Json {
    tasks.iter().map(|task| tell_one(task, seal)).collect()
}

fn tell_one(task: &Task, seal: Seal<'_>) -> Json {
    let mut told = Map::new();
    let mut put = |name: &str, value: Json| {
        let is_nothing = match &value {
            Json::Null => true,
            Json::Array(items) => items.is_empty(),
            Json::Object(map) => map.is_empty(),
            _ => false,
        };
        if !is_nothing {
            told.insert(name.to_owned(), value);
        }
    };
    let type_name = task.object.address.type_name();
    put("object", json!(task.object.to_string()));
    put("phase", json!(word(task.phase)));
    put("id", json!(task.id));
    put("after", json!(task.after));
    put("owes", json!(task.owes));
    put("steps", steps(&task.steps, type_name, seal));
    put(
        "restore",
        task.restore
            .as_ref()
            .map_or(Json::Null, |one| restore(one, type_name, seal)),
    );
    put("then", task.then.iter().map(|one| effect(one, seal)).collect());
    told.into()
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Note => "note",
        Phase::LetGo => "let_go",
        Phase::Make => "make",
        Phase::Change => "change",
        Phase::Join => "join",
        Phase::Remove => "remove",
    }
}

fn steps(steps: &[Step], type_name: &str, seal: Seal<'_>) -> Json {
    steps.iter().map(|one| step(one, type_name, seal)).collect()
}

fn restore(restore: &Restore, type_name: &str, seal: Seal<'_>) -> Json {
    json!({
        "behind": restore.behind,
        "before": restore.before,
        "steps": steps(&restore.steps, type_name, seal),
    })
}

fn step(step: &Step, type_name: &str, seal: Seal<'_>) -> Json {
    let told = |shows: &Shows| shown(shows, type_name, seal);
    let what = match &step.kind {
        StepKind::Call(call) => json!({
            "action": call.action,
            "params": encode_all(&call.params, &|_| false, seal),
            "yields": match &call.yields {
                Yield::Nothing => Json::Null,
                Yield::Id { field } => json!({ "id": field }),
                Yield::Named(value) => json!({ "named": encode(value, false, seal) }),
                Yield::Each { list } => json!({ "each": list }),
                Yield::Attribute { field, attribute } => json!({ "attribute": attribute, "field": field }),
            },
            "unless": call.unless.map(|unless| json!({ "param": unless.param, "code": unless.code })),
        }),
        StepKind::Wait(wait) => json!({
            "until": match &wait.until {
                Condition::Is { attribute, value } => json!({ *attribute: value }),
                Condition::Shown(shows) => told(shows),
                Condition::Gone => json!("gone"),
            },
            "timeout_seconds": wait.timeout_s,
        }),
    };
    json!({ "name": step.name, "does": what, "shows": told(&step.shows) })
}

/// What a look shows.
fn shown(shows: &Shows, type_name: &str, seal: Seal<'_>) -> Json {
    match shows {
        Shows::Nothing => Json::Null,
        Shows::Attributes(attributes) => attributes_of(attributes, type_name, seal),
        Shows::Status(statuses) => json!({ "status": statuses }),
        Shows::With(name) => json!({ "with": name }),
        Shows::Without(name) => json!({ "without": name }),
        Shows::Later { attribute, than } => json!({ "later": [attribute, than] }),
        Shows::Members {
            attribute,
            with,
            without,
        } => {
            let members = |all: &[Attributes]| -> Json {
                all.iter().map(|one| encode_all(one, &|_| false, seal)).collect()
            };
            json!({ "members": attribute, "with": members(with), "without": members(without) })
        }
        Shows::Tags { set, removed } => {
            let set: Map<String, Json> = set
                .iter()
                .map(|(key, value)| (key.clone(), encode(value, false, seal)))
                .collect();
            json!({ "tags": set, "removed": removed })
        }
        Shows::Detail { attribute, value } => {
            json!({ "detail": attribute, "value": encode(value, false, seal) })
        }
        Shows::Gone => json!("gone"),
    }
}

/// Attributes of a type, its long texts sealed.
pub(super) fn attributes_of(attributes: &Attributes, type_name: &str, seal: Seal<'_>) -> Json {
    let resource_type = types::find(type_name);
    let is_text = |name: &str| {
        let attribute = resource_type.and_then(|resource_type| resource_type.attribute(name));
        attribute.is_some_and(|attribute| matches!(attribute.kind, Kind::Text))
    };
    encode_all(attributes, &is_text, seal)
}

/// What the state learns. Everything but the attributes is plain.
fn effect(effect: &Effect, seal: Seal<'_>) -> Json {
    let mut bare = effect.clone();
    let taken = match &mut bare {
        Effect::Put { address, resource } => Some((
            address.type_name().to_owned(),
            std::mem::take(&mut resource.attributes),
        )),
        Effect::Merge { address, attributes }
        | Effect::Settle {
            address, attributes, ..
        } => Some((address.type_name().to_owned(), std::mem::take(attributes))),
        _ => None,
    };
    let mut told = match &bare {
        // The only one whose value may be something else than plain beside those.
        Effect::Data { address, value } => {
            let value = value.as_ref().map(|value: &Value| encode(value, false, seal));
            return json!({ "data": { "address": address, "value": value } });
        }
        bare => json!(bare),
    };
    if let Some((type_name, attributes)) = taken
        && let Some(fields) = told.as_object_mut().and_then(|map| map.values_mut().next())
    {
        let encoded = attributes_of(&attributes, &type_name, seal);
        match fields.get_mut("resource") {
            Some(resource) => resource["attributes"] = encoded,
            None => fields["attributes"] = encoded,
        }
    }
    told
}
