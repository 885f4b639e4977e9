//! Print the version.

use super::failure::Exit;
use crate::cli::Global;
use crate::state;
use crate::types::REGISTRY;
use crate::ui::{EVENTS_VERSION, Ui};

/// Print the version; with --json, of every format as well
pub(crate) fn version(global: &Global, ui: &Ui) -> Exit {
    let version = env!("CARGO_PKG_VERSION");
    if global.json {
        let types: Vec<&str> = REGISTRY.iter().map(|one| one.name).collect();
        ui.document(&serde_json::json!({
            "infra": version,
            "events": EVENTS_VERSION,
            "state_format": state::FORMAT,
            "types": types,
        }));
    } else {
        ui.result(&format!("infra {version}"));
    }
    Exit::Success
}
