//! The JSON Schemas of what programs get: the document of a plan, and the lines of the event stream.
//!
//! Written beside the code that writes those, and held against what it writes by a test. Fields and types may be added;
//! what is here stays. Does not know who reads it.

use serde_json::{Map, Value as Json, json};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of `show FILE --format json`.
pub(crate) fn plan() -> Json {
    let text = || json!({ "type": "string" });
    let texts = || json!({ "type": "array", "items": { "type": "string" } });
    let any = || json!({});
    let change = json!({
        "type": "object",
        "required": ["actions", "before", "after", "after_unknown", "before_sensitive", "after_sensitive"],
        "properties": {
            "actions": {
                "type": "array",
                "items": { "enum": ["no-op", "create", "update", "delete", "forget", "read"] },
            },
            "before": { "type": ["object", "null"] },
            "after": { "type": ["object", "null"] },
            "after_unknown": { "type": "object" },
            "before_sensitive": { "type": ["object", "boolean"] },
            "after_sensitive": { "type": ["object", "boolean"] },
            "replace_paths": { "type": "array", "items": texts() },
            "importing": { "type": "object" },
        },
    });
    let resource_change = json!({
        "type": "object",
        "required": ["address", "mode", "type", "name", "provider_name", "change", "fate", "reasons", "steps", "lost", "kept"],
        "properties": {
            "address": text(),
            "mode": { "enum": ["managed"] },
            "type": text(),
            "name": text(),
            "index": { "type": ["integer", "string"] },
            "provider_name": text(),
            "previous_address": text(),
            "change": change,
            "action_reason": text(),
            "fate": text(),
            "id": text(),
            "reasons": texts(),
            "steps": texts(),
            "lost": texts(),
            "kept": texts(),
            "hints": texts(),
            "downtime_seconds": { "type": "integer" },
            "source": {
                "type": "object",
                "required": ["file", "line"],
                "properties": { "file": text(), "line": { "type": "integer" } },
            },
        },
    });
    json!({
        "$schema": DRAFT,
        "title": "A plan of infra, in the shape of Terraform's plan format 1.2",
        "type": "object",
        "required": [
            "format_version", "infra_version", "digest", "timestamp", "errored", "applyable", "complete",
            "resource_changes", "resource_drift", "output_changes", "prior_state", "planned_values", "summary",
        ],
        "properties": {
            "format_version": { "enum": ["1.2"] },
            "terraform_version": text(),
            "infra_version": text(),
            "digest": text(),
            "timestamp": text(),
            "errored": { "type": "boolean" },
            "applyable": { "type": "boolean" },
            "complete": { "type": "boolean" },
            "project": text(),
            "environment": { "type": ["string", "null"] },
            "region": text(),
            "account": { "type": ["string", "null"] },
            "cloud": text(),
            "variables": { "type": "object" },
            "planned_values": { "type": "object" },
            "resource_changes": { "type": "array", "items": resource_change },
            "resource_drift": { "type": "array", "items": { "type": "object", "required": ["address", "change", "effect"] } },
            "output_changes": { "type": "object" },
            "prior_state": { "type": "object" },
            "configuration": { "type": "object" },
            "summary": { "type": "object" },
            "cost": cost(),
            "forbidden": { "type": "array" },
            "vanished": { "type": "array" },
            "findings": { "type": "array" },
            "tasks": any(),
        },
    })
}

fn cost() -> Json {
    json!({
        "type": ["object", "null"],
        "required": ["currency", "before", "after", "at_once", "unknown"],
        "properties": {
            "currency": { "type": "string" },
            "before": { "type": "number" },
            "after": { "type": "number" },
            "at_once": { "type": "number" },
            "unknown": { "type": "array", "items": { "type": "string" } },
        },
    })
}

/// A field and the type of its values.
type Field = (&'static str, &'static str);

/// What each line of `--json` has: its type, what it always has, and what it may have, each with its type.
const EVENTS: &[(&str, &[Field], &[Field])] = &[
    ("version", &[("infra", "string"), ("events", "string")], &[]),
    ("message", &[], &[]),
    ("notice", &[], &[]),
    (
        "diagnostic",
        &[("level", "string"), ("code", "string")],
        &[
            ("file", "string"),
            ("line", "integer"),
            ("column", "integer"),
            ("address", "string"),
        ],
    ),
    (
        "drift",
        &[("address", "string"), ("path", "string"), ("effect", "string")],
        &[],
    ),
    (
        "planned_change",
        &[
            ("address", "string"),
            ("action", "string"),
            ("reasons", "array"),
            ("because", "array"),
            ("attributes", "array"),
            ("steps", "array"),
            ("lost", "array"),
            ("kept", "array"),
            ("hints", "array"),
        ],
        &[
            ("order", "string"),
            ("from", "string"),
            ("id", "string"),
            ("file", "string"),
            ("line", "integer"),
            ("down", "string"),
        ],
    ),
    (
        "planned_output",
        &[("name", "string"), ("sensitive", "boolean")],
        &[],
    ),
    (
        "change_summary",
        &[
            ("operation", "string"),
            ("create", "integer"),
            ("update", "integer"),
            ("replace", "integer"),
            ("delete", "integer"),
            ("import", "integer"),
            ("forget", "integer"),
        ],
        &[
            ("unchanged", "integer"),
            ("withheld", "integer"),
            ("cost", "object"),
            ("serial", "integer"),
        ],
    ),
    ("plan_file", &[("path", "string"), ("digest", "string")], &[]),
    (
        "step_start",
        &[
            ("address", "string"),
            ("step", "string"),
            ("index", "integer"),
            ("of", "integer"),
        ],
        &[],
    ),
    ("step_status", &[("address", "string"), ("status", "string")], &[]),
    (
        "step_done",
        &[("address", "string"), ("step", "string"), ("seconds", "number")],
        &[("id", "string"), ("request_id", "string")],
    ),
    (
        "step_failed",
        &[("address", "string"), ("step", "string"), ("api_code", "string")],
        &[("code", "string"), ("http", "integer"), ("request_id", "string")],
    ),
    (
        "resource_done",
        &[("address", "string"), ("seconds", "number")],
        &[("id", "string")],
    ),
    (
        "throttled",
        &[("product", "string"), ("action", "string"), ("seconds", "number")],
        &[],
    ),
    ("progress", &[], &[]),
    ("resources", &[("resources", "array")], &[]),
    ("outputs", &[("outputs", "object")], &[]),
    ("end", &[("exit_code", "integer"), ("seconds", "number")], &[]),
];

/// The schema of one line of `--json`.
pub(crate) fn events() -> Json {
    let kinds: Vec<Json> = EVENTS
        .iter()
        .map(|(name, always, sometimes)| {
            let mut properties = Map::new();
            properties.insert("type".to_owned(), json!({ "enum": [name] }));
            for (field, kind) in always.iter().chain(*sometimes) {
                properties.insert((*field).to_owned(), json!({ "type": kind }));
            }
            let own = always.iter().map(|(field, _)| *field);
            let required: Vec<&str> = ["type", "ts", "message"].into_iter().chain(own).collect();
            properties.insert("ts".to_owned(), json!({ "type": "string" }));
            properties.insert("message".to_owned(), json!({ "type": "string" }));
            json!({ "type": "object", "required": required, "properties": properties })
        })
        .collect();
    json!({
        "$schema": DRAFT,
        "title": "One line of the event stream of infra",
        "description": "The first line has the type version, the last one end. Ignore types and fields that are not here.",
        "oneOf": kinds,
    })
}
