//! A first look: a server on the simulator, in a folder of its own, from nothing to its address.

use std::path::Path;

use clap::Parser as _;

use super::failure::{Exit, Failure};
use super::typed::typed_in;
use super::{apply, plan};
use crate::cli::{Cli, Command, DemoArgs, Global};
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::env::{Env, put_file};
use crate::ui::{Ui, ask};

/// What is put up.
const EXAMPLE: &str = include_str!("../../examples/quickstart/infra.toml");

/// Try it: no account, nothing outside one new folder
pub(crate) async fn demo(args: &DemoArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    // 1. A folder of its own, never over something.
    let base = global
        .directory
        .as_ref()
        .map_or_else(|| env.cwd.clone(), |folder| env.cwd.join(folder));
    let folder = base.join(&args.folder);
    let name = folder
        .strip_prefix(&env.cwd)
        .unwrap_or(&folder)
        .display()
        .to_string();
    ui.talk(&format!(
        "This is {name}/infra.toml, for a simulator on this machine:\n"
    ));
    let file = folder.join("infra.toml");
    if !matches!(env.fs.kind(&file), Ok(None)) {
        let there = Diagnostic::error(
            codes::THERE_ALREADY,
            format!("there is {name}/infra.toml already"),
        );
        return Err(Failure::error(
            there.help("remove the folder, or give another one: demo DIR"),
        ));
    }
    std::fs::create_dir_all(&folder)
        .and_then(|()| put_file(&folder, Path::new("infra.toml"), EXAMPLE.as_bytes()))
        .map_err(|error| {
            let message = format!("{} cannot be written: {error}", file.display());
            Failure::error(Diagnostic::error(codes::NOT_WRITTEN, message))
        })?;
    ui.result(EXAMPLE.trim_end());

    // 2. What would be done.
    ui.set_typed(typed_in(&name, true));
    let path = folder.display().to_string();
    let planning = inner(&["plan", "-C", &path, "--sim", "--no-input"])?;
    ui.result("");
    if let Command::Plan(plan_args) = &planning.command {
        plan::plan(plan_args, &planning.global, env, ui).await?;
    }
    if !args.yes && ask::nobody(global.no_input || global.json, env).is_none() {
        let answer = ask::line("", "Enter goes ahead", None, env, ui).await;
        if answer.is_none() {
            ui.talk("Nothing was made.");
            return Ok(Exit::NotApproved);
        }
    }

    // 3. Done.
    let applying = inner(&["apply", "-C", &path, "--sim", "--auto-approve", "--compact"])?;
    let Command::Apply(apply_args) = &applying.command else {
        return Ok(Exit::Error);
    };
    let exit = apply::apply(apply_args, &applying.global, env, ui).await?;
    ui.talk("\nThis was the simulator. Nothing was made in any account.");
    ui.advise(&Advice::from("  look:     ").run("status"));
    ui.advise(&Advice::from(format!("  change:   edit {name}/infra.toml, then ")).run("plan"));
    ui.advise(&Advice::from("  remove:   ").run("destroy"));
    ui.set_typed(crate::diagnostic::Typed::default());
    ui.advise(
        &Advice::from("  for real: ")
            .run("doctor")
            .then(", then ")
            .run("init"),
    );
    Ok(exit)
}

/// A command line of our own.
fn inner(words: &[&str]) -> Result<Cli, Failure> {
    let line = ["infra"].iter().chain(words).copied();
    Cli::try_parse_from(line).map_err(|error| {
        Failure::error(Diagnostic::error(codes::BUG, error.to_string()).help("please report it"))
    })
}
