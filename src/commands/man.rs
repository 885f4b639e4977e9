//! Write the manual as man pages.

use clap::CommandFactory as _;

use super::failure::{Exit, Failure};
use crate::cli::{Cli, ManArgs};
use crate::diagnostic::{Diagnostic, codes};
use crate::env::Env;
use crate::ui::Ui;

/// Write a man page for each command
pub(crate) fn man(args: &ManArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let folder = env.cwd.join(&args.folder);
    let written = std::fs::create_dir_all(&folder).and_then(|()| {
        clap_mangen::generate_to(Cli::command(), &folder)?;
        Ok(std::fs::read_dir(&folder)?.count())
    });
    let count = written.map_err(|error| {
        let message = format!("the man pages cannot be written to {}: {error}", folder.display());
        Failure::error(Diagnostic::error(codes::NOT_WRITTEN, message))
    })?;
    ui.say(&format!("{count} pages are in {}.", folder.display()));
    ui.talk(&format!("Read one: man -l {}", folder.join("infra.1").display()));
    Ok(Exit::Success)
}
