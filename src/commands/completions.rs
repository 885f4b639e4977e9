//! Print what makes a shell complete commands and flags.

use clap::CommandFactory as _;

use super::failure::Exit;
use crate::cli::{Cli, CompletionsArgs};
use crate::ui::Ui;

/// Print what makes a shell complete commands and flags
pub(crate) fn completions(args: &CompletionsArgs, ui: &Ui) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "infra", &mut script);
    ui.raw(String::from_utf8_lossy(&script).trim_end());
    Exit::Success
}
