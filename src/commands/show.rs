//! The state, for people.

use super::failure::{Exit, Failure};
use super::{elsewhere, project, state};
use crate::cli::{Global, ShowArgs};
use crate::env::Env;
use crate::ui::Ui;

/// Show the state, or one resource of it
pub(crate) fn show(args: &ShowArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    if let Some(address) = &args.address {
        return state::show(address, global, env, ui);
    }
    let loaded = project::store(global, env, ui)?.load()?;
    let state = &loaded.state;
    if global.json {
        // Without the key that protects the hashes of secrets.
        ui.document(&serde_json::json!({
            "lineage": state.lineage,
            "serial": state.serial,
            "resources": state.resources,
            "outputs": state.outputs,
        }));
    } else if state.resources.is_empty() {
        ui.result("The state is empty.");
        elsewhere::tell(global, env, ui);
    } else {
        ui.state(state);
    }
    Ok(Exit::Success)
}
