//! `infra`: plan and apply for Alibaba Cloud ECS. This page is the project's architecture; the library promises no
//! stability to anybody but its own binary and tests.
//!
//! # What must stay true
//!
//! 1. The plan holds every decision. Synchronous, pure code makes it from configuration, state and observation; the
//!    executor does what it says. Same inputs, same bytes.
//! 2. Intent is on disk before a call that changes something leaves the machine; its result is on disk before the step
//!    counts as done.
//! 3. After an apply that succeeds the state says what the file says, and the next plan is empty.
//! 4. Nothing is given up before its successor is known to be possible, and nothing of an old life is read for the new
//!    one.
//! 5. The simulator is a stranger: it names no other module, and forgives nothing that the real gateway does not.
//! 6. Reads are plural: one list by the stack tag, then by id only what the list did not show. Waiting for many is one
//!    shared poll.
//! 7. Cost grows linearly with resources.
//! 8. One door for output (`ui`), one file for each command, one file for each resource type.
//!
//! # The way of an apply
//!
//! `commands/apply.rs` is the story: [`config`] reads what is wanted, [`state`] what is remembered (under its lock),
//! [`observe`] what exists and what an interrupted run really did, [`plan`] decides and has itself checked, [`observe`]
//! looks ahead for what the cloud would refuse (then [`plan`] decides again without it), [`ui`] shows and asks,
//! [`observe`] looks once more whether the world has moved, [`apply`] carries out with a journal under it. [`cloud`] is
//! the life of a request; all that is ambient (time, chance, files, network) comes through [`mod@env`].
//!
//! From `infra apply` to the line that decides on StartInstance: `commands::run`, `apply::reach`, `Looking::decide`,
//! `decide::decide`, `plan::make`, `Planner::decide_wanted`, `decide::wanted`, `create::task`, `instance::create`. From
//! there to the wire: `apply::execute`, `Run::task`, `Run::told_step`, `Run::send`, `Run::try_once`, `Cloud::change`, the
//! attempt, the transport.
//!
//! # The shape of a plan
//!
//! A plan is a list of tasks ([`task`]). Each is a phase in the life of one object, an address and which of those that
//! have it in turn: a note to the state, letting go of partners, making, changing, joining, removing. It is made of steps
//! ([`step`]), whole API calls with their parameters and how a look shows that they are done, and is followed by its
//! effects on the state. What becomes of each resource, for people, is a [`change`]. The order is a few rules over
//! phases (`plan/arrange.rs`).
//!
//! * A reference inside a relation (a disk's server) or a part (a rule's peer) is needed by the join only, so groups that
//!   name each other are no cycle, and a disk survives the replacement of its server: it lets go before the server goes
//!   and is joined when the new one is there.
//! * What is under way is owed: the intent of a call names the attributes that it changes, and the state remembers them
//!   as unsettled until the task's last word. They are never told as somebody else's drift, and what a look cannot show
//!   is done again.
//! * What is impossible or refused is withheld with all that waits for it; the rest goes on.
//!
//! * What was not asked for (`plan/selection.rs`) is left out like what is impossible, with all that waits for it, and
//!   stops nobody.
//!
//! # A plan that is kept
//!
//! [`saved`] writes what a plan was made from, what it decided and what it tells, under the seal of the state's key.
//! `commands/apply_file.rs` is the story of its apply: everything it was made from is held against what is so now (exit 7
//! and what has moved), the plan is made again from what the file says was seen, and its tasks must be those of the file;
//! then everything that they touch is read once more. A file never brings a call: the planner is pure, so nothing can be
//! sent that it would not have planned itself.
//!
//! `--rehearse` carries a plan out before anybody agrees: the same executor, on a simulator in this process that is loaded
//! with what was seen, with state and journal in memory and a clock that goes fast (`commands/rehearse.rs`).
//!
//! # What is told, and what is not
//!
//! * A code of an error or a warning is a name of [`diagnostic::codes`], with its story in one place; `explain` tells it.
//! * A command that a message suggests is `run("plan")`, not a text: it is written with the flags that were typed
//!   ([`diagnostic::Typed`]), so that it acts on the same project, environment and cloud.
//! * A cloned repository is not trusted: `config/trust.rs` decides which files and variables it may have read,
//!   `config/masking.rs` what of its lines is never shown, and [`cloud`] which hosts it may name. `tests/it/hostile` tries
//!   what strangers might put into one.
//!
//! # What moved against the designs, and why
//!
//! * Steps are whole API calls with their parameters, made by pure functions of the type's file or from its table. So the
//!   plan really is complete, and a resource type has no create, update or delete code: a table, and what it cannot say.
//! * A look ahead says what would be refused, never what would be accepted: an answer that does not come, `Forbidden*`, and
//!   room that the old one still takes are "not checked".
//! * That something is gone which was to be removed is no reason to stop: it is what was wanted. Only a saved plan stops:
//!   it was reviewed with it.
//! * A plan file holds what was seen and the tasks as they are told, not tasks that are read back and carried out.
//! * A step does not name another object than its task's: what concerns a partner is a task of the object that is joined
//!   (a server's key pair is changed by the server).
//! * A generation of the state is a copy, not a hard link: what damages the current file in place leaves it alone.
//! * A data block is read before the plan, and the configuration is evaluated again with what it shows, until nothing is
//!   asked any more: so data may decide how many copies there are, and `validate` needs no network.
//! * A change whose answer was lost is looked at, at once and behind the pause, and sent again if no look shows it: it
//!   sets an absolute state.
//!
//! # Adding a resource type
//!
//! `types/NAME.rs` with one static [`types::ResourceType`] and a line in the registry; rows for its actions in
//! `api/action.rs`; an example under `examples/`; a row for each attribute in `types/tests.rs`; its kind in the simulator,
//! one file under `sim/`. Validation, reading, comparing, updating, joining and the editor schema follow from the table.
//! An attribute more is one line there and its row in the test. Its life (create, no-op, update, replace, drift, vanish,
//! import, delete) is a line in `proof/lives.rs`. A kind of data is a row in `data/rows.rs`.
//!
//! What is unlike others has a word for it, and no code of its own:
//!
//! * `identity`: the cloud gives an id; or a name that the user chooses is the id (a key pair); or it is known by its parent
//!   and what it is (a rule, a route), has no tags, and is found through its parent alone. Where what it is can be changed on
//!   it, an id that only a look tells is its lasting one: by that it is found while it is called otherwise.
//! * [`api`]'s class of its create: with a token; under a name of its own (`Key`), where the same request again is refused;
//!   with neither (`Look`), where it is never sent again without a look. The last two are found by the token in their tags.
//! * A relation may be made by the create already (`with_create`), and a change of it be felt after something more
//!   (`follow_up`: a reboot). A part's members have a call for many or calls of their own; they may be made
//!   with their owner, hold fast what is joined to it (`out_first`), be refused a change, and be lost.
//! * What takes a request of its own to read is `costly`, or inside a table or a part: it is read where somebody manages it,
//!   and looked at by [`step::Shows`] `Detail` and `Members`.
//! * `stays_with` names what one stands in: it moves in place unless that is in another place, or has to go first. What
//!   follows from that place and is changed with the move is a computed attribute with an update of its own.
//! * A call may have a parameter that the cloud takes only as things are at that moment ([`step::Unless`]).
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
mod data;
mod diagnostic;
mod env;
mod event;
mod graph;
mod live;
mod named;
mod observe;
mod plan;
#[cfg(test)]
mod proof;
mod region;
mod saved;
mod shared;
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
use clap::error::{ContextKind, ContextValue, ErrorKind};

use diagnostic::{Diagnostic, codes};
pub use env::Env;

/// Runs one command line and gives its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, env: Env) -> ExitCode {
    // 1. What was typed. Help and version are results; anything else is wrong usage, whose code is not clap's 2.
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match cli::Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(message) => return not_followed(&message, &args, &env),
    };

    // 2. Who is told.
    let (ui, wrong) = screen(&cli, &env);
    if let Some(wrong) = wrong {
        ui.diagnostics(&[wrong], false);
        return ExitCode::from(commands::Exit::Usage.code());
    }

    // 3. The command.
    let mut exit = match runtime() {
        Ok(runtime) => runtime
            .block_on(commands::run(&cli, &env, &ui))
            .unwrap_or_else(|failure| {
                ui.diagnostics(&failure.diagnostics, false);
                failure.exit
            }),
        Err(error) => {
            let message = format!("the operating system gives no threads and files to run with: {error}");
            ui.diagnostics(&[Diagnostic::error(codes::NO_RESOURCES, message)], false);
            commands::Exit::Error
        }
    };

    // 4. A result that nobody got is none.
    if ui.unwritten().is_some() {
        exit = exit.untold();
    }
    ui.end(exit.code());
    if let Some(error) = ui.unwritten() {
        exit = exit.untold();
        let message = format!("the result could not be written: {error}");
        ui.diagnostics(&[Diagnostic::error(codes::UNTOLD, message)], false);
    }
    ExitCode::from(exit.code())
}

/// What is said of a command line that cannot be followed; help and version are results.
fn not_followed(message: &clap::Error, args: &[OsString], env: &Env) -> ExitCode {
    // The commands below these have names of their own.
    let is_below = args.iter().any(|word| word == "state" || word == "sim");
    let plain = || ui::Ui::new(env, ui::Options::default());
    match (message.kind(), message.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::InvalidSubcommand, Some(ContextValue::String(word))) if !is_below => {
            plain().diagnostics(&[cli::habits::no_command(word)], false);
            ExitCode::from(commands::Exit::Usage.code())
        }
        (ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, _) if args.len() == 1 => {
            plain().talk(cli::habits::OVERVIEW.trim_end());
            ExitCode::from(commands::Exit::Usage.code())
        }
        _ => {
            let wrong = message.use_stderr();
            let printed = message.print();
            ExitCode::from(if wrong || printed.is_err() { 64 } else { 0 })
        }
    }
}

/// The runtime. It panics where it does not get its files, so it is seen beforehand whether there are any.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    env::room_for_files()?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
}

/// The screen as it was asked for; what is wrong with that is told on a plain one.
fn screen(cli: &cli::Cli, env: &Env) -> (ui::Ui, Option<Diagnostic>) {
    let global = &cli.global;
    let path = global.json_file.as_ref().map(|path| env.cwd.join(path));
    let (events_file, wrong) = match path.map(|path| events_file(&path)).transpose() {
        Ok(file) => (file, None),
        Err(error) => {
            let message = format!("the file of --json-file cannot be written: {error}");
            (None, Some(Diagnostic::error(codes::NO_SIDE_FILE, message)))
        }
    };
    let streams_events = matches!(
        cli.command,
        cli::Command::Plan(_) | cli::Command::Apply(_) | cli::Command::Destroy(_) | cli::Command::Validate(_)
    );
    let options = ui::Options {
        color: when(global.color),
        links: when(global.hyperlinks),
        quiet: global.quiet,
        events: global.json && streams_events,
        events_file,
        typed: commands::typed(cli),
    };
    (ui::Ui::new(env, options), wrong)
}

fn when(typed: cli::When) -> ui::When {
    match typed {
        cli::When::Auto => ui::When::Auto,
        cli::When::Always => ui::When::Always,
        cli::When::Never => ui::When::Never,
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
