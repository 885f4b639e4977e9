//! The JSON Schema for editors, or the keys of one type.

use super::failure::{Exit, Failure};
use crate::cli::SchemaArgs;
use crate::config::editor_schema::{Audience, editor_schema};
use crate::data;
use crate::diagnostic::{Diagnostic, codes};
use crate::types::{Attribute, Types};
use crate::ui::{Ui, schemas};

/// Print the JSON Schema for editors, or the keys of one type
pub(crate) fn schema(args: &SchemaArgs, ui: &Ui) -> Result<Exit, Failure> {
    if args.plan || args.events {
        let schema = if args.plan {
            schemas::plan()
        } else {
            schemas::events()
        };
        ui.raw(&format!("{schema:#}"));
        return Ok(Exit::Success);
    }
    let types = Types::all();
    let Some(type_name) = &args.type_name else {
        let audience = if args.strict {
            Audience::Strict
        } else {
            Audience::Editor
        };
        ui.raw(&json(&types, audience));
        return Ok(Exit::Success);
    };
    if let Some(name) = type_name.strip_prefix("data.") {
        let kind = data::find(name).ok_or_else(|| {
            let known: Vec<&str> = data::KINDS.iter().map(|kind| kind.name).collect();
            let unknown = Diagnostic::error(
                codes::UNKNOWN_TYPE,
                format!("there is no data of the kind \"{name}\""),
            );
            Failure::error(unknown.help(format!("kinds: {}", known.join(", "))))
        })?;
        ui.keys(
            type_name,
            kind.doc,
            kind.keys,
            &kind.attributes().collect::<Vec<_>>(),
        );
        return Ok(Exit::Success);
    }
    let resource_type = types.get(type_name).ok_or_else(|| {
        let known: Vec<&str> = types.iter().map(|resource_type| resource_type.name).collect();
        let unknown = Diagnostic::error(
            codes::UNKNOWN_TYPE,
            format!("unknown resource type \"{type_name}\""),
        );
        Failure::error(unknown.help(format!(
            "types: {}; kinds of data: data.image and others",
            known.join(", ")
        )))
    })?;
    let (set, made): (Vec<&Attribute>, Vec<&Attribute>) = resource_type
        .attributes
        .iter()
        .partition(|attribute| !attribute.computed);
    ui.keys(resource_type.name, resource_type.doc, set, &made);
    Ok(Exit::Success)
}

fn json(types: &Types, audience: Audience) -> String {
    format!("{:#}", editor_schema(types, audience))
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
                committed.trim_end() == json(&Types::all(), audience),
                "stale: cargo run -- schema{strict} > schema/{name}"
            );
        }
    }
}
