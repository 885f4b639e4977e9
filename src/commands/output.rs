//! Print outputs.

use super::failure::{Exit, Failure};
use super::project;
use crate::cli::{Global, OutputArgs};
use crate::diagnostic::Diagnostic;
use crate::env::Env;
use crate::ui::Ui;
use crate::value::Value;

/// Print outputs as the last apply left them
pub(crate) fn output(args: &OutputArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = project::store(global, env).load()?;
    let outputs = &loaded.state.outputs;
    let Some(name) = &args.name else {
        if global.json {
            ui.document(&serde_json::json!(outputs));
        } else {
            let known = outputs
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), (Value::from_json(value)?, false))))
                .collect();
            ui.outputs(&known);
        }
        return Ok(Exit::Success);
    };
    let Some(value) = outputs.get(name) else {
        let known: Vec<&str> = outputs.keys().map(String::as_str).collect();
        let known = if known.is_empty() {
            "there are none yet".to_owned()
        } else {
            known.join(", ")
        };
        let missing = Diagnostic::error("E0307", format!("no output \"{name}\" has been applied"));
        return Err(Failure::error(
            missing
                .note(format!("outputs: {known}"))
                .help("infra apply   (outputs change when it runs)"),
        ));
    };
    match value {
        serde_json::Value::String(text) if args.raw => ui.raw(text),
        value if args.raw && (value.is_array() || value.is_object()) => {
            let wrong = Diagnostic::error(
                "E0308",
                format!("output \"{name}\" is a list or a table, which has no raw form"),
            );
            return Err(Failure::error(wrong.help(format!("infra output {name} --json"))));
        }
        value => ui.document(value),
    }
    Ok(Exit::Success)
}
