//! Variables without a value: whoever sits at a terminal is asked for them.
//!
//! Does not know what they are for.

use super::failure::Failure;
use super::project;
use crate::cli::Global;
use crate::diagnostic::{Diagnostic, codes};
use crate::env::Env;
use crate::ui::{Ui, ask};

/// The flags with a value for each variable that has none; none where a command has failed for another reason, where nobody
/// can be asked or one of them is sensitive (what is typed here is seen), and where whoever was asked does not want to.
pub(super) async fn asked_for(failure: &Failure, global: &Global, env: &Env, ui: &Ui) -> Option<Global> {
    let is_for_want_of_one = |one: &Diagnostic| one.code == codes::NO_VALUE;
    if !failure.diagnostics.iter().any(is_for_want_of_one)
        || ask::nobody(global.no_input || global.json, env).is_some()
    {
        return None;
    }
    let loaded = project::read_as_it_is(global, env, ui);
    let mut errors = loaded.diagnostics.iter().filter(|one| one.is_error());
    if !errors.all(is_for_want_of_one) || loaded.unset.iter().any(|one| one.sensitive) {
        return None;
    }
    let mut global = global.clone();
    for one in loaded.unset {
        if let Some(description) = &one.description {
            ui.talk(description);
        }
        let value = loop {
            let line = ask::line("", &format!("var.{}", one.name), None, env, ui).await?;
            match line.trim() {
                "" => {}
                value => break value.to_owned(),
            }
        };
        global.variables.push((one.name, value));
    }
    // What is suggested from now on repeats the answers.
    let mut typed = ui.typed();
    typed.variables = global.variables.clone();
    ui.set_typed(typed);
    Some(global)
}
