//! The JSON Schema for editors, or the keys of one type.

use super::failure::{Exit, Failure};
use crate::cli::SchemaArgs;
use crate::diagnostic::Diagnostic;
use crate::resources;
use crate::schema::{Attribute, Kind, Schema};
use crate::ui::Ui;

/// Print the keys of one type, or of all
pub(crate) fn schema(args: &SchemaArgs, ui: &Ui) -> Result<Exit, Failure> {
    let schemas = resources::schemas();
    let Some(type_name) = &args.type_name else {
        schemas
            .iter()
            .for_each(|schema| ui.result(&format!("[{}.NAME]  {}", schema.type_name, schema.doc)));
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
