//! The schema of the tables that are no resources: the project, variables, outputs, moves, rules.
//!
//! Does not know the types of resources.

use serde_json::{Value, json};

/// Who the schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// People who are typing.
    Editor,
    /// Tools that check finished files.
    Strict,
}

/// Anything with a reference in it.
pub(super) const REFERENCE: &str = r"\$\{[^}]+\}";

/// A copy's key behind a name: `[0]`, `[blue]`.
pub(super) const KEY: &str = r"(\[[^\]]+\])?";

pub(super) const NAME: &str = "[A-Za-z0-9_-]+";

/// `[[moved]]`, `[[import]]` and `[[removed]]`.
pub(super) fn transitions(audience: Audience) -> [(String, Value); 3] {
    let address = |words: &str| json!({ "type": "string", "pattern": format!(r"^[a-z_]+\.{NAME}{KEY}$"), "description": words });
    let list = |words: &str, properties: Value, required: &[&str]| {
        let table = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        json!({ "type": "array", "items": with_required(audience, table, required), "description": words })
    };
    [
        (
            "moved".to_owned(),
            list(
                "What had one address has another now, and keeps its object.",
                json!({ "from": address("The address that it had."), "to": address("The address that it has.") }),
                &["from", "to"],
            ),
        ),
        (
            "import".to_owned(),
            list(
                "What exists is to be this resource.",
                json!({ "to": address("The resource."), "id": { "type": "string", "description": "The id of what exists." } }),
                &["to", "id"],
            ),
        ),
        (
            "removed".to_owned(),
            list(
                "What is not wanted any more.",
                json!({
                    "from": address("The address that it had."),
                    "destroy": { "type": ["boolean", "string"], "pattern": format!("^{REFERENCE}$"), "description": "false: forget it, and let it go on existing." },
                }),
                &["from"],
            ),
        ),
    ]
}

/// `[policy]`.
pub(super) fn policy() -> Value {
    let number = |words: &str| json!({ "type": ["integer", "string"], "minimum": 0, "pattern": format!("^{REFERENCE}$"), "description": words });
    let texts = |words: &str| json!({ "type": "array", "items": { "type": "string" }, "description": words });
    json!({
        "type": "object",
        "description": "What no plan may do, whoever agrees to it.",
        "properties": {
            "max_monthly_cost": number("The most that everything may cost in a month of 730 hours."),
            "require_tags": texts("Tags that everything must have that can have tags."),
            "deny_public_ports": {
                "type": "array",
                "items": { "type": ["integer", "string"], "minimum": 1, "maximum": 65535 },
                "description": "Ports that no rule may open to everybody, e.g. [22, \"8000-8100\"].",
            },
            "allowed_regions": texts("The regions that may be used."),
            "allowed_instance_types": texts("The instance types that may be used, e.g. [\"ecs.g7.*\"]."),
            "max_destroy": number("How many things may be deleted or replaced at once."),
            "accounts": texts("The accounts for which this may be used."),
            "no_replace": texts("Resources that may not be replaced."),
        },
        "additionalProperties": false,
    })
}

/// `[infra]`.
pub(super) fn infra(audience: Audience) -> Value {
    let table = json!({
        "type": "object",
        "description": "The project; in infra.toml only.",
        "properties": {
            "name": {
                "type": "string",
                "description": "The project's name, e.g. \"shop\"; it marks everything that is made.",
                "pattern": format!("^({NAME}|.*{REFERENCE}.*)$"),
            },
            "region": {
                "type": "string",
                "description": "Where everything is made, e.g. \"cn-hangzhou\".",
                "pattern": format!("^([a-z]{{2,3}}(-[a-z0-9]+)+|.*{REFERENCE}.*)$"),
            },
            "profile": {
                "type": "string",
                "description": "The profile of ~/.aliyun/config.json whose credentials are used.",
            },
            "endpoint": {
                "type": "string",
                "description": "One base URL for every product; on this machine or under aliyuncs.com.",
            },
            "requires": {
                "type": "string",
                "description": "The versions of infra that may be used, e.g. \">=0.3\".",
            },
            "default_env": {
                "type": "string",
                "description": "The environment that is used when none is chosen.",
            },
        },
        "additionalProperties": false,
        "x-taplo": { "initKeys": ["name", "region"] },
    });
    with_required(audience, table, &["name"])
}

/// `[var.NAME]`.
pub(super) fn variables() -> Value {
    json!({
        "type": "object",
        "description": "Values that come from outside: -v NAME=VALUE, INFRA_VAR_NAME, env/ENV.toml.",
        "additionalProperties": {
            "type": "object",
            "properties": {
                "type": {
                    "description": "The type of its values; by default that of its default.",
                    "enum": ["string", "integer", "boolean", "list", "map"],
                },
                "default": { "description": "Its value when none is given." },
                "description": { "type": "string", "description": "What it is for; shown when it has no value." },
                "allowed": { "type": "array", "description": "The only values it may have." },
                "sensitive": { "type": "boolean", "description": "Never show its value." },
            },
            "additionalProperties": false,
        },
        "x-tombi-additional-key-label": "NAME",
    })
}

/// `[output]`.
pub(super) fn outputs(audience: Audience) -> Value {
    let output = json!({
        "type": ["string", "integer", "boolean", "array", "object"],
        "description": "A value, or a table with value, description and sensitive.",
        "properties": {
            "value": { "description": "What is printed, e.g. \"${instance.web.public_ip}\"." },
            "description": { "type": "string", "description": "What it is good for." },
            "sensitive": { "type": "boolean", "description": "Show it only when asked for by name." },
        },
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "description": "What is printed after an apply, and by infra output.",
        "additionalProperties": with_required(audience, output, &["value"]),
        "x-tombi-additional-key-label": "NAME",
    })
}

/// The table, with the keys that must be there, for whom that is said.
pub(super) fn with_required(audience: Audience, mut table: Value, required: &[&str]) -> Value {
    if audience == Audience::Strict && !required.is_empty() {
        table["required"] = json!(required);
    }
    table
}
