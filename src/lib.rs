//! `infra`: plan and apply for Alibaba Cloud ECS. This page is the project's architecture; the library promises no
//! stability to anybody but its own binary and tests.
//!
//! # What must stay true
//!
//! 1. The plan holds every decision. Synchronous, pure code makes it from configuration, state and observation; the
//!    executor does what it says. Same inputs, same bytes.
//! 2. Intent is on disk before a call that changes something leaves the machine; its result is on disk before the step
//!    counts as done.
//! 3. The simulator is a stranger: it names no other module, and forgives nothing that the real gateway does not.
//! 4. Reads are plural: one list by the stack tag, then by id only what the list did not show. Waiting for many is one
//!    shared poll.
//! 5. Cost grows linearly with resources.
//! 6. One door for output (`ui`), one file for each command, one file for each resource type.
//!
//! # The way of an apply
//!
//! `commands/apply.rs` is the story: [`config`] reads what is wanted, [`state`] what is remembered (under its lock),
//! [`observe`] what exists and what an interrupted run really did, [`plan`] decides and has itself checked,
//! [`ui`] shows and asks, [`apply`] carries out with a journal under it. [`cloud`] is the life of a request; all that is
//! ambient (time, chance, files, network) comes through [`env`].
//!
//! # What moved against the first design, and why
//!
//! * Steps are whole API calls with their parameters ([`step`]), made by pure functions of the type's file. So the plan
//!   really is complete, and a resource type has no create, update or delete code: a table, and what a table cannot say.
//! * [`live`] and [`step`] are vocabulary of their own, because planner, executor and resource types all speak of them.
//! * A generation of the state is a copy, not a hard link: what damages the current file in place leaves it alone.
//!
//! # Adding a resource type
//!
//! `types/NAME.rs` with its one static and a line in the registry of `types`; a row for each action in `api/action.rs`; an
//! example under `examples/`; actions of the simulator under `sim/actions/`. Validation, reading, comparing, updating and
//! the editor schema follow from the table.
//!
//! `tests/it/tidy.rs` holds the table of who may name whom.
#![allow(
    rustdoc::private_intra_doc_links,
    reason = "the page is for those who work on it"
)]

mod address;
mod api;
mod apply;
mod change;
mod cli;
mod cloud;
mod commands;
mod config;
mod diagnostic;
mod env;
mod event;
mod graph;
mod live;
mod observe;
mod plan;
#[cfg(test)]
mod proof;
mod state;
mod step;
mod task;
mod types;
mod ui;
mod value;

pub mod sim;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

pub use env::Env;

/// Runs one command line and gives its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, env: Env) -> ExitCode {
    let cli = match cli::Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(message) => {
            // Help and version are results; anything else is wrong usage, whose code is not clap's 2.
            let wrong = message.use_stderr();
            let printed = message.print();
            return ExitCode::from(if wrong || printed.is_err() { 64 } else { 0 });
        }
    };
    let color = match cli.global.color {
        cli::ColorChoice::Auto => ui::Color::Auto,
        cli::ColorChoice::Always => ui::Color::Always,
        cli::ColorChoice::Never => ui::Color::Never,
    };
    let events_file = match cli
        .global
        .json_file
        .as_ref()
        .map(|path| events_file(&env.cwd.join(path)))
    {
        None => None,
        Some(Ok(file)) => Some(file),
        Some(Err(error)) => {
            let ui = ui::Ui::new(
                &env,
                ui::Options {
                    color,
                    ..ui::Options::default()
                },
            );
            ui.talk(&format!(
                "error[E0903]: the file of --json-file cannot be written: {error}"
            ));
            return ExitCode::from(64);
        }
    };
    let streams_events = matches!(
        cli.command,
        cli::Command::Plan(_) | cli::Command::Apply(_) | cli::Command::Destroy(_) | cli::Command::Validate(_)
    );
    let options = ui::Options {
        color,
        events: cli.global.json && streams_events,
        events_file,
    };
    let ui = ui::Ui::new(&env, options);
    if let Err(error) = env::room_for_files() {
        ui.talk(&format!(
            "error: this process may open too few files: {error}; raise the limit (ulimit -n 256)"
        ));
        return ExitCode::from(1);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            ui.talk(&format!("error: no threads to run on: {error}"));
            return ExitCode::from(1);
        }
    };
    let exit = match runtime.block_on(commands::run(&cli, &env, &ui)) {
        Ok(exit) => exit,
        Err(failure) => {
            ui.diagnostics(&failure.diagnostics, false);
            failure.exit
        }
    };
    match ui.end(exit.code()) {
        Ok(()) => ExitCode::from(exit.code()),
        Err(error) => {
            ui.talk(&format!("error[E0904]: the result could not be written: {error}"));
            ExitCode::from(if exit.code() == 0 { 1 } else { exit.code() })
        }
    }
}

/// The file that gets the events, for its owner only: a plan may tell more than others should know.
fn events_file(path: &std::path::Path) -> std::io::Result<Box<dyn std::io::Write + Send>> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(Box::new(options.open(path)?))
}
