//! `infra`: plan and apply for Alibaba Cloud ECS.

mod address;
mod apply;
mod cli;
mod cloud;
mod commands;
mod config;
mod diagnostic;
mod env;
mod event;
mod graph;
mod live;
mod plan;
#[cfg(test)]
mod proof;
mod recover;
mod refresh;
mod resources;
mod schema;
mod state;
mod step;
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
    let runs = matches!(
        cli.command,
        cli::Command::Plan(_) | cli::Command::Apply(_) | cli::Command::Destroy(_)
    );
    let events_file = match cli
        .global
        .json_file
        .as_ref()
        .map(|path| std::fs::File::create(env.cwd.join(path)))
    {
        Some(Err(error)) => {
            ui::Ui::new(&env, ui::Options::default())
                .talk(&format!("error: --json-file cannot be written: {error}"));
            return ExitCode::from(64);
        }
        Some(Ok(file)) => Some(Box::new(file) as Box<dyn std::io::Write + Send>),
        None => None,
    };
    let options = ui::Options {
        color,
        events: cli.global.json && runs,
        events_file,
    };
    let ui = ui::Ui::new(&env, options);
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
        Err(error) if exit.code() == 0 => {
            ui.talk(&format!("error: the result could not be written: {error}"));
            ExitCode::from(1)
        }
        _ => ExitCode::from(exit.code()),
    }
}
