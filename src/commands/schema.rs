//! The JSON Schema for editors, or the keys of one type.

use super::failure::{Exit, Failure};
use crate::cli::SchemaArgs;
use crate::config::editor_schema::{Audience, editor_schema};
use crate::diagnostic::Diagnostic;
use crate::resources;
use crate::schema::{Attribute, Kind, Schema, Schemas};
use crate::ui::Ui;

/// Print the JSON Schema for editors, or the keys of one type
pub(crate) fn schema(args: &SchemaArgs, ui: &Ui) -> Result<Exit, Failure> {
    let schemas = resources::schemas();
    let Some(type_name) = &args.type_name else {
        let audience = if args.strict {
            Audience::Strict
        } else {
            Audience::Editor
        };
        ui.result(&json(&schemas, audience));
        return Ok(Exit::Success);
    };
    let schema = schemas.get(type_name).ok_or_else(|| {
        let known: Vec<&str> = schemas.iter().map(|schema| schema.type_name).collect();
        let unknown = Diagnostic::error("E0202", format!("unknown resource type \"{type_name}\""));
        Failure::error(unknown.help(format!("types: {}", known.join(", "))))
    })?;
    ui.result(&keys(schema));
    Ok(Exit::Success)
}

fn json(schemas: &Schemas, audience: Audience) -> String {
    format!("{:#}", editor_schema(schemas, audience))
}

/// The keys of a type, as text: settable ones first, then what the cloud computes.
fn keys(schema: &Schema) -> String {
    let mut text = format!("[{}.NAME]  {}\n", schema.type_name, schema.doc);
    let (computed, settable): (Vec<_>, Vec<_>) =
        schema.attributes.iter().partition(|attribute| attribute.computed);
    settable
        .into_iter()
        .for_each(|attribute| describe(attribute, 2, &mut text));
    text.push_str("computed:\n");
    computed
        .into_iter()
        .for_each(|attribute| describe(attribute, 2, &mut text));
    text.trim_end().to_owned()
}

fn describe(attribute: &Attribute, indent: usize, text: &mut String) {
    let required = if attribute.required { " (required)" } else { "" };
    text.push_str(&format!(
        "{:indent$}{:<28} {}{required}\n",
        "", attribute.name, attribute.doc
    ));
    if let Kind::Table(nested) | Kind::TableSet(nested) = &attribute.kind {
        nested.iter().for_each(|key| describe(key, indent + 2, text));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_committed_schemas_are_those_of_the_tables() {
        for (name, audience) in [
            ("infra.schema.json", Audience::Editor),
            ("infra.strict.schema.json", Audience::Strict),
        ] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(name);
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            let strict = if audience == Audience::Strict {
                " --strict"
            } else {
                ""
            };
            assert!(
                committed.trim_end() == json(&resources::schemas(), audience),
                "stale: cargo run -- schema{strict} > schema/{name}"
            );
        }
    }
}
