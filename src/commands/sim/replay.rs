//! A recording, told to a fresh simulator.

use super::failure;
use crate::cli::SimReplayArgs;
use crate::commands::failure::{Exit, Failure};
use crate::env::Env;
use crate::sim;
use crate::ui::Ui;

const RECORDING_BYTES_MAX: u64 = 4 << 30;
/// How much of an answer is shown.
const SHOWN_CHARS: usize = 400;

/// Tells the recording and compares every answer byte for byte.
pub(super) fn replay(args: &SimReplayArgs, environment: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let path = environment.cwd.join(&args.file);
    let recording = environment
        .fs
        .read(&path, RECORDING_BYTES_MAX)
        .map_err(|error| Failure::error(failure(format!("cannot read {}: {error}", path.display()))))?;
    let told = sim::replay(&recording[..]).map_err(|error| {
        Failure::error(failure(format!(
            "{} cannot be told again: {error}",
            path.display()
        )))
    })?;
    if told.differences.is_empty() {
        ui.result(&format!("{} requests, every answer the same", told.requests));
        return Ok(Exit::Success);
    }
    for difference in &told.differences {
        ui.result(&format!("line {}, {}", difference.line, difference.action));
        for (word, (status, body)) in [
            ("recorded", &difference.recorded),
            ("answered", &difference.answered),
        ] {
            let body: String = body.chars().take(SHOWN_CHARS).collect();
            ui.result(&format!("  {word}: {status} {body}"));
        }
    }
    Err(Failure::error(failure(format!(
        "{} of {} answers differ",
        told.differences.len(),
        told.requests
    ))))
}
