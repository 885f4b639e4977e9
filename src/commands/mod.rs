//! One file for each command, read top to bottom; this one only finds it.

mod ahead;
mod apply;
mod apply_file;
mod approve;
mod carry_out;
mod completions;
mod connect;
mod correct;
mod data;
mod decide;
mod demo;
mod destroy;
mod doctor;
mod drift;
mod elsewhere;
mod explain;
mod failure;
mod fmt;
mod forget_stray;
mod graph;
mod head;
mod import;
mod imports;
mod init;
mod look;
mod man;
mod meanings;
mod output;
mod own_address;
mod plan;
mod plan_file;
mod project;
mod rebuild;
pub(crate) mod rehearse;
mod report;
mod results;
mod schema;
mod secrets;
mod show;
mod sim;
mod state;
mod status;
mod survey;
pub(crate) mod twin;
mod typed;
mod unlock;
mod unset;
mod validate;
mod version;
mod whose;
mod written_block;

pub(crate) use self::failure::{Exit, Failure};
pub(crate) use self::typed::typed;
use crate::cli::{Cli, Command, Global, StateCommand};
use crate::env::Env;
use crate::ui::Ui;

/// Runs what was typed. Where a variable lacks its value, nothing has been done yet: it is asked for, and all begins anew.
pub(crate) async fn run(cli: &Cli, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let failure = match carried_out(&cli.command, &cli.global, env, ui).await {
        Err(failure) => failure,
        done => return done,
    };
    match unset::asked_for(&failure, &cli.global, env, ui).await {
        Some(global) => carried_out(&cli.command, &global, env, ui).await,
        None => Err(failure),
    }
}

async fn carried_out(command: &Command, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    match command {
        Command::Validate(args) => validate::validate(args, global, env, ui),
        Command::Plan(args) => plan::plan(args, global, env, ui).await,
        Command::Apply(args) => apply::apply(args, global, env, ui).await,
        Command::Destroy(args) => destroy::destroy(args, global, env, ui).await,
        Command::Show(args) => show::show(args, global, env, ui),
        Command::Output(args) => output::output(args, global, env, ui),
        Command::Status => status::status(global, env, ui).await,
        Command::Drift(args) => drift::drift(args, global, env, ui).await,
        Command::Graph(args) => graph::graph(args, global, env, ui),
        Command::Fmt(args) => fmt::fmt(args, global, env, ui),
        Command::Doctor => doctor::doctor(global, env, ui).await,
        Command::Init(args) => init::init(args, global, env, ui).await,
        Command::Demo(args) => demo::demo(args, global, env, ui).await,
        Command::Completions(args) => Ok(completions::completions(args, global, env, ui)),
        Command::Man(args) => man::man(args, env, ui),
        Command::State(StateCommand::List) => state::list(global, env, ui),
        Command::State(StateCommand::Show { address }) => state::show(address, global, env, ui),
        Command::State(StateCommand::Mv { from, to }) => state::mv(from, to, global, env, ui).await,
        Command::State(StateCommand::Rm { address }) => state::rm(address, global, env, ui).await,
        Command::State(StateCommand::Pull) => state::pull(global, env, ui),
        Command::State(StateCommand::Push { file }) => state::push(file, global, env, ui),
        Command::State(StateCommand::Rebuild { lineage }) => {
            rebuild::rebuild(lineage.as_deref(), global, env, ui).await
        }
        Command::State(StateCommand::ForgetStray(args)) => {
            forget_stray::forget_stray(args, global, env, ui).await
        }
        Command::State(StateCommand::Restore { list: true, .. }) => state::generations(global, env, ui),
        Command::State(StateCommand::Restore { serial, list: false }) => {
            state::restore(*serial, global, env, ui)
        }
        Command::Import(args) => import::import(args, global, env, ui).await,
        Command::Unlock(args) => unlock::unlock(args, global, env, ui),
        Command::Schema(args) => schema::schema(args, ui),
        Command::Sim(command) => sim::run(command, global.sim, env, ui).await,
        Command::Explain(args) => explain::explain(args, global, ui),
        Command::Version => Ok(version::version(global, ui)),
    }
}
