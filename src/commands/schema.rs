//! The JSON Schema for editors, or the keys of one type.

use super::failure::{Exit, Failure};
use crate::cli::SchemaArgs;
use crate::diagnostic::Diagnostic;
use crate::resources;
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
    ui.keys(schema);
    Ok(Exit::Success)
}
