//! Print outputs.

use super::failure::{Exit, Failure};
use super::{elsewhere, project};
use crate::cli::{Global, OutputArgs};
use crate::diagnostic::{Diagnostic, codes, run};
use crate::env::Env;
use crate::ui::Ui;
use crate::value::Value;

/// Print outputs as the last apply left them
pub(crate) fn output(args: &OutputArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = project::store(global, env, ui)?.load()?;
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
        if outputs.is_empty() {
            ui.talk("There are no outputs yet.");
            elsewhere::tell(global, env, ui);
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
        let mut missing = Diagnostic::error(
            codes::NO_SUCH_OUTPUT,
            format!("no output \"{name}\" has been applied"),
        )
        .note(format!("outputs: {known}"))
        .help(run("apply").then("   (outputs change when it runs)"));
        if outputs.is_empty() {
            for line in elsewhere::states(global, env, ui) {
                missing = missing.help(line);
            }
        }
        return Err(Failure::error(missing));
    };
    match value {
        serde_json::Value::String(text) if args.raw => ui.raw(text),
        value if args.raw && (value.is_array() || value.is_object()) => {
            let wrong = Diagnostic::error(
                codes::NO_RAW_FORM,
                format!("output \"{name}\" is a list or a table, which has no raw form"),
            );
            return Err(Failure::error(wrong.help(run("output --json").arg(name))));
        }
        value => ui.document(value),
    }
    Ok(Exit::Success)
}
