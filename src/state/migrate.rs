//! The format number of state and journal, and how a document of an older format becomes one of this.
//!
//! A number is raised only when an older version would misread a file. Fields that a version does not know inside
//! a format that it does are carried along unchanged, so adding a field needs no new number. Migrations work on JSON,
//! a step for each number, are pure, and leave alone what they do not understand: whether the result is a state is
//! asked afterwards. Does not know files.

use serde_json::{Map, Value, json};

/// The format that this version writes.
pub(crate) const FORMAT: u64 = 2;

/// A format that a newer version made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Newer {
    pub(crate) format: u64,
}

/// Whether this version can read a format. Number 0 was never written and is read as 1.
pub(crate) fn check(format: u64) -> Result<(), Newer> {
    if format > FORMAT {
        return Err(Newer { format });
    }
    Ok(())
}

/// Brings the document of a state to [`FORMAT`]; its own number stays in it.
pub(crate) fn document(format: u64, document: &mut Value) {
    if format < 2 {
        let resources = document.get_mut("resources").and_then(Value::as_object_mut);
        resources
            .into_iter()
            .flat_map(Map::values_mut)
            .for_each(entry_1_to_2);
    }
}

/// Brings the records of one line of a journal to [`FORMAT`].
pub(crate) fn records(format: u64, line: &mut Value) {
    if format < 2 {
        line.as_array_mut().into_iter().flatten().for_each(record_1_to_2);
    }
}

/// Deposed ones were ids only, and `prevent_destroy` stood in the entry itself.
fn entry_1_to_2(entry: &mut Value) {
    let Some(entry) = entry.as_object_mut() else {
        return;
    };
    prevent_destroy_1_to_2(entry);
    let is_alone = entry.get("id").and_then(Value::as_str) == Some("");
    let of_last = ["attributes", "dependencies"].map(|name| (name, entry.get(name).cloned()));
    let Some(deposed) = entry.get_mut("deposed").and_then(Value::as_array_mut) else {
        return;
    };
    for old in deposed.iter_mut().filter(|old| old.is_string()) {
        *old = json!({ "id": old.take() });
    }
    // Format 1 left what was known of the last one in the entry.
    if is_alone && let Some(last) = deposed.last_mut().and_then(Value::as_object_mut) {
        for (name, value) in of_last {
            last.extend(value.map(|value| (name.to_owned(), value)));
        }
        for gone in ["attributes", "token", "created_at"] {
            entry.remove(gone);
        }
    }
}

fn prevent_destroy_1_to_2(holder: &mut Map<String, Value>) {
    if holder.remove("prevent_destroy") == Some(Value::Bool(true)) {
        holder.insert("lifecycle".to_owned(), json!({ "prevent_destroy": true }));
    }
}

fn record_1_to_2(record: &mut Value) {
    let Some((kind, content)) = record.as_object_mut().and_then(|record| record.iter_mut().next()) else {
        return;
    };
    match kind.as_str() {
        "intent" => intent_1_to_2(content),
        "done" | "note" => {
            let effects = content.get_mut("effects").and_then(Value::as_array_mut);
            effects.into_iter().flatten().for_each(effect_1_to_2);
        }
        _ => {}
    }
}

/// An intent told by its operation what it acted on; format 1 had moved a predecessor aside before it.
fn intent_1_to_2(intent: &mut Value) {
    let Some(intent) = intent.as_object_mut() else {
        return;
    };
    intent.remove("operation");
    if let Some(address) = intent.remove("address") {
        intent.insert("object".to_owned(), address);
    }
    if let Some(resource) = intent.get_mut("resource") {
        entry_1_to_2(resource);
    }
    let members = intent.get_mut("members").and_then(Value::as_array_mut);
    members
        .into_iter()
        .flatten()
        .filter_map(|member| member.get_mut("resource"))
        .for_each(entry_1_to_2);
}

fn effect_1_to_2(effect: &mut Value) {
    let Some(object) = effect.as_object_mut() else {
        return;
    };
    let Some((kind, content)) = object.iter_mut().next() else {
        return;
    };
    match kind.as_str() {
        "put" => {
            if let Some(resource) = content.get_mut("resource") {
                entry_1_to_2(resource);
            }
        }
        "settle" => {
            if let Some(settle) = content.as_object_mut() {
                prevent_destroy_1_to_2(settle);
            }
        }
        "depose" => *effect = json!({ "format1": { "depose": content.take() } }),
        "remove" => *effect = json!({ "format1": { "remove_current": content.take() } }),
        "remove_deposed" => *effect = json!({ "remove": content.take() }),
        _ => {}
    }
}
