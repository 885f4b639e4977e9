//! The JSON Schema for editors, or the keys of one type.

use super::failure::{Exit, Failure};
use crate::cli::SchemaArgs;
use crate::config;
use crate::diagnostic::Diagnostic;
use crate::resources;
use crate::ui::Ui;

/// Print the JSON Schema for editors, or the keys of one type
pub(crate) fn schema(args: &SchemaArgs, ui: &Ui) -> Result<Exit, Failure> {
    let schemas = resources::schemas();
    match &args.type_name {
        None if args.strict => ui.result(config::editor_schema::strict(&schemas).trim_end()),
        None => ui.result(config::editor_schema::editor(&schemas).trim_end()),
        Some(type_name) => {
            let schema = schemas.get(type_name).ok_or_else(|| {
                let known: Vec<&str> = schemas.iter().map(|schema| schema.type_name).collect();
                let unknown = Diagnostic::error("E0202", format!("unknown resource type \"{type_name}\""));
                Failure::error(unknown.help(format!("types: {}", known.join(", "))))
            })?;
            ui.keys(schema);
        }
    }
    Ok(Exit::Success)
}
