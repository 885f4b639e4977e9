//! Check the files, without any network.

use super::failure::{Exit, Failure};
use super::project;
use crate::cli::{Global, ValidateArgs};
use crate::env::Env;
use crate::plan;
use crate::ui::Ui;

/// Check the files, without any network
pub(crate) fn validate(args: &ValidateArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let (sources, mut diagnostics, config) = project::read(global, env);
    if let Some(config) = &config {
        diagnostics.extend(plan::order(config).err());
    }
    let sound = config.is_some() && !diagnostics.iter().any(crate::diagnostic::Diagnostic::is_error);
    ui.validation(&diagnostics, &sources, args.format, args.all);
    if let Some(config) = config.filter(|_| sound) {
        let (resources, files) = (config.resources.len(), config.files.join(", "));
        let noun = if resources == 1 { "resource" } else { "resources" };
        ui.validated(&format!("{files}: {resources} {noun}, no mistakes."), args.format);
        return Ok(Exit::Success);
    }
    Ok(Exit::Error)
}
