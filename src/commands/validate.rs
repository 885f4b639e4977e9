//! Check the files, without any network.

use super::failure::{Exit, Failure};
use super::{correct, project};
use crate::cli::{DiagnosticFormat, Global, ValidateArgs};
use crate::env::Env;
use crate::plan;
use crate::ui::{Ui, diagnostic_forms, sarif};

/// Check the files, without any network; with --fix, correct what is sure first
pub(crate) fn validate(args: &ValidateArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    if args.fix {
        let is_text = args.format == DiagnosticFormat::Text;
        let count = correct::correct(global, env, ui, is_text)?;
        let words = match count {
            0 => "Nothing could be corrected for sure.".to_owned(),
            1 => "1 mistake is corrected.".to_owned(),
            many => format!("{many} mistakes are corrected."),
        };
        ui.talk(&words);
    }
    let (mut diagnostics, config) = project::read(global, env, ui);
    if let Some(config) = &config {
        diagnostics.extend(plan::order(config).err().map(|cycle| *cycle));
    }
    let sound = config.is_some() && !diagnostics.iter().any(crate::diagnostic::Diagnostic::is_error);
    let sources = ui.sources();
    let diagnostics = ui.fit_to_show(&diagnostics);
    match args.format {
        DiagnosticFormat::Text => ui.diagnostics(&diagnostics, args.all),
        DiagnosticFormat::Github if diagnostics.is_empty() => {}
        DiagnosticFormat::Github => {
            let prefix = ui.typed().folder_prefix();
            ui.result(diagnostic_forms::to_github(&diagnostics, &sources, &prefix).trim_end());
        }
        DiagnosticFormat::Sarif => ui.document(&sarif::document(&diagnostics, &sources)),
        DiagnosticFormat::Json => {
            for found in &diagnostics {
                ui.result(&diagnostic_forms::to_json(found, &sources).to_string());
            }
        }
    }
    let Some(config) = config.filter(|_| sound) else {
        return Ok(Exit::Error);
    };
    if args.format == DiagnosticFormat::Text {
        let (resources, files) = (config.resources.len(), config.files.join(", "));
        let noun = if resources == 1 { "resource" } else { "resources" };
        ui.say(&format!("{files}: {resources} {noun}, no mistakes."));
    }
    Ok(Exit::Success)
}
