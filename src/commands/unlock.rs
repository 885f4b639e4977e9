//! Say who holds the lock.

use super::failure::{Exit, Failure};
use super::project;
use crate::cli::{Global, UnlockArgs};
use crate::env::Env;
use crate::state::StateError;
use crate::ui::Ui;

/// Say who holds the lock of the local state; it dies with its holder, so there is nothing to break
pub(crate) fn unlock(args: &UnlockArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let Some(locked) = project::store(global, env, ui)?.holder()? else {
        ui.say("The state is not locked. A local lock is freed when its holder ends, whatever the reason.");
        return Ok(Exit::Success);
    };
    let holder = match &locked {
        StateError::Locked { holder, .. } => holder.clone(),
        _ => None,
    };
    let mut failure = Failure::from(locked);
    if let (Some(holder), Some(diagnostic)) = (holder, failure.diagnostics.first_mut()) {
        diagnostic
            .notes
            .push(format!("the run that holds it: {}", holder.id));
        if let Some(id) = args.id.as_ref().filter(|id| **id != holder.id) {
            diagnostic
                .notes
                .push(format!("it is not the run {id}, which holds it no longer"));
        }
        diagnostic
            .help
            .push("a local lock belongs to a process that is alive, and cannot be taken from it".into());
    }
    Err(failure)
}
