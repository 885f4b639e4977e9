//! Say who holds the lock.

use super::failure::{Exit, Failure};
use super::project;
use crate::cli::{Global, UnlockArgs};
use crate::env::Env;
use crate::ui::Ui;

/// Say who holds the lock of the local state; it dies with its holder, so there is nothing to break
pub(crate) fn unlock(_args: &UnlockArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let store = project::store(global, env, ui)?;
    if !project::has_states(global, env) {
        ui.result("The state is not locked: there is none.");
        return Ok(Exit::Success);
    }
    // Taking it proves that nobody else has it; whoever has it is named by the failure.
    drop(store.lock(project::lock_note(env, "unlock"))?);
    ui.result("The state is not locked. A local lock is freed when its holder ends, whatever the reason.");
    Ok(Exit::Success)
}
