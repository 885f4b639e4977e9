//! Write the files as everybody writes them: comments and order stay.

use std::path::{Path, PathBuf};

use super::failure::{Exit, Failure};
use super::project;
use crate::cli::{FmtArgs, Global};
use crate::config::layout;
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::env::{Env, put_file};
use crate::ui::Ui;

/// The largest file that is read, in bytes; the same as for the configuration.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Write the files as everybody writes them, or only say which are not
pub(crate) fn fmt(args: &FmtArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let folder = project::folder(global, env);
    let mut changed = Vec::new();
    for path in files(&folder, env) {
        let name = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
        let bytes = env.fs.read(&path, FILE_BYTES_MAX).map_err(|error| {
            let unread = Diagnostic::error(codes::UNREADABLE, format!("could not read {name}"));
            Failure::error(unread.note(error.to_string()))
        })?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Failure::error(Diagnostic::error(
                codes::UNREADABLE,
                format!("{name} is no UTF-8"),
            ))
        })?;
        let laid_out = layout::lay_out(&text).map_err(|error| {
            let broken = Diagnostic::error(codes::SYNTAX, format!("{name} is not TOML: {error}"));
            Failure::error(broken.help(Advice::from("all mistakes, with their places: ").run("validate")))
        })?;
        if laid_out == text {
            continue;
        }
        if !args.check {
            put_file(&folder, Path::new(&name), laid_out.as_bytes()).map_err(|error| {
                let unwritten = format!("{name} cannot be written: {error}");
                Failure::error(Diagnostic::error(codes::NOT_WRITTEN, unwritten))
            })?;
        }
        changed.push(name);
    }
    if global.json {
        ui.document(&serde_json::json!({ "changed": changed, "written": !args.check }));
    } else {
        changed.iter().for_each(|name| ui.result(name));
        if args.check && !changed.is_empty() {
            ui.advise(&Advice::from("To write them so: ").run("fmt"));
        }
    }
    Ok(if args.check && !changed.is_empty() {
        Exit::Error
    } else {
        Exit::Success
    })
}

/// `infra.toml`, `*.infra.toml` and `env/*.toml`, as far as they are regular files.
fn files(folder: &Path, env: &Env) -> Vec<PathBuf> {
    // A folder that is not there has no files.
    let names = |folder: &Path| env.fs.list(folder).unwrap_or_default();
    let own = names(folder)
        .into_iter()
        .filter(|name| name == "infra.toml" || name.ends_with(".infra.toml"))
        .map(|name| folder.join(name));
    let environments = folder.join("env");
    let of_environments = names(&environments)
        .into_iter()
        .filter(|name| name.ends_with(".toml"))
        .map(|name| environments.join(name));
    let mut all: Vec<PathBuf> = own.chain(of_environments).collect();
    let is_plain = |path: &PathBuf| matches!(env.fs.kind(path), Ok(Some(kind)) if kind.is_regular);
    all.retain(is_plain);
    all.sort();
    all
}
