//! The simulator for those who use it without `infra plan`: as a server, with what other tools need to reach it, its
//! snapshots, its recordings, and what it covers. Here is how a server that runs is asked.

mod coverage;
mod env;
mod replay;
mod serve;
mod snapshot;

use std::path::PathBuf;
use std::time::Duration;

use super::failure::{Exit, Failure};
use crate::cli::{SimCommand, SimSnapshotCommand};
use crate::diagnostic::{Diagnostic, codes};
use crate::env::{Env, HttpRequest};
use crate::sim;
use crate::ui::Ui;

pub(super) use serve::start_error;

/// Where `infra sim serve` listens when it is not told.
const ADDRESS: &str = "http://127.0.0.1:7070";
/// A snapshot of a large cloud is large.
const ANSWER_BYTES_MAX: usize = 1 << 30;
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs one of the simulator's commands. `embedded` is whether the cloud of `--sim` is meant.
pub(crate) async fn run(
    command: &SimCommand,
    embedded: bool,
    environment: &Env,
    ui: &Ui,
) -> Result<Exit, Failure> {
    match command {
        SimCommand::Serve(args) => serve::serve(args, environment, ui).await,
        SimCommand::Env(args) => env::env(args, environment, ui).await,
        SimCommand::Snapshot(SimSnapshotCommand::Save(args)) => {
            snapshot::save(args, embedded, environment, ui).await
        }
        SimCommand::Snapshot(SimSnapshotCommand::Load(args)) => {
            snapshot::load(args, embedded, environment, ui).await
        }
        SimCommand::Replay(args) => replay::replay(args, environment, ui),
        SimCommand::Coverage(args) => coverage::coverage(args, ui),
    }
}

/// The address of the server that is meant: told, or in `INFRA_ENDPOINT`, or the usual one.
fn address(told: Option<&str>, environment: &Env) -> String {
    let address = told
        .or_else(|| environment.vars.get("INFRA_ENDPOINT").map(String::as_str))
        .unwrap_or(ADDRESS);
    let address = address.trim_end_matches('/');
    if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    }
}

/// Asks the control plane of a server.
async fn ask(
    environment: &Env,
    method: &'static str,
    url: String,
    body: Vec<u8>,
) -> Result<Vec<u8>, Failure> {
    let request = HttpRequest {
        method,
        url: url.clone(),
        headers: Vec::new(),
        body,
        timeout: PATIENCE,
        body_limit: ANSWER_BYTES_MAX,
    };
    let answer = environment.transport.send(request).await.map_err(|error| {
        failure(format!("no simulator answers at {url}: {}", error.message))
            .help("`infra sim serve` starts one; --endpoint names another address")
    });
    let answer = answer.map_err(Failure::error)?;
    if answer.status == 200 {
        return Ok(answer.body);
    }
    let told = String::from_utf8_lossy(&answer.body).trim().to_owned();
    Err(Failure::error(failure(format!(
        "the simulator at {url} answers {}: {told}",
        answer.status
    ))))
}

/// The cloud of `--sim` in this folder, served while it is needed.
fn embedded(environment: &Env) -> Result<sim::Server, Failure> {
    let options = sim::Options {
        data: Some(embedded_folder(environment)),
        ..sim::Options::default()
    };
    sim::Server::start(options).map_err(start_error)
}

fn embedded_folder(environment: &Env) -> PathBuf {
    environment.cwd.join(".infra").join("sim")
}

fn failure(message: String) -> Diagnostic {
    Diagnostic::error(codes::SIM_TOOL, message)
}

fn usage(message: String) -> Failure {
    Failure::error(Diagnostic::error(codes::USAGE, message)).with(Exit::Usage)
}
