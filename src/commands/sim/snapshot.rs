//! The simulated cloud, kept under a name and brought back.

use std::path::PathBuf;

use super::{address, ask, embedded, embedded_folder, failure, usage};
use crate::cli::SimSnapshotArgs;
use crate::commands::failure::{Exit, Failure};
use crate::env::Env;
use crate::sim::Server;
use crate::ui::Ui;

const SNAPSHOT_BYTES_MAX: u64 = 1 << 30;

/// Saves everything that exists.
pub(super) async fn save(
    args: &SimSnapshotArgs,
    is_embedded: bool,
    environment: &Env,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let path = path(&args.name, environment)?;
    let (url, server) = server(args, is_embedded, environment).await?;
    let snapshot = ask(environment, "GET", format!("{url}/_sim/snapshot"), Vec::new()).await?;
    stop(server).await;
    let fs = &environment.fs;
    let draft = path.with_extension("json.new");
    let written = path
        .parent()
        .map_or(Ok(()), |folder| fs.create_folder(folder))
        .and_then(|()| match fs.remove(&draft) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => fs.write_new(&draft, &snapshot),
        })
        .and_then(|()| fs.rename(&draft, &path));
    written.map_err(|error| Failure::error(failure(format!("cannot write {}: {error}", path.display()))))?;
    ui.result(&format!("Saved as {}", path.display()));
    Ok(Exit::Success)
}

/// Puts what was saved in the place of everything that exists.
pub(super) async fn load(
    args: &SimSnapshotArgs,
    is_embedded: bool,
    environment: &Env,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let path = path(&args.name, environment)?;
    let snapshot = environment
        .fs
        .read(&path, SNAPSHOT_BYTES_MAX)
        .map_err(|error| Failure::error(failure(format!("cannot read {}: {error}", path.display()))))?;
    let (url, server) = server(args, is_embedded, environment).await?;
    ask(environment, "POST", format!("{url}/_sim/snapshot"), snapshot).await?;
    stop(server).await;
    ui.result(&format!("Loaded {}", args.name));
    Ok(Exit::Success)
}

/// Where snapshots are kept: beside the cloud of `--sim`.
fn path(name: &str, environment: &Env) -> Result<PathBuf, Failure> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > 100 || name.starts_with('.') || !name.bytes().all(plain) {
        return Err(usage(format!(
            "a snapshot's name is made of letters, digits, `-`, `_` and `.`, not `{name}`"
        )));
    }
    let folder = embedded_folder(environment).join("snapshots");
    Ok(folder.join(format!("{name}.json")))
}

/// The server that is meant, and the one that was started for it.
async fn server(
    args: &SimSnapshotArgs,
    is_embedded: bool,
    environment: &Env,
) -> Result<(String, Option<Server>), Failure> {
    if !is_embedded {
        return Ok((address(args.endpoint.as_deref(), environment), None));
    }
    if args.endpoint.is_some() {
        return Err(usage("--sim and --endpoint name two clouds".to_owned()));
    }
    let environment = environment.clone();
    let server = tokio::task::spawn_blocking(move || embedded(&environment))
        .await
        .map_err(|error| Failure::error(failure(format!("the simulator could not be started: {error}"))))??;
    Ok((server.url(), Some(server)))
}

async fn stop(server: Option<Server>) {
    if let Some(server) = server {
        // It waits for its thread.
        let _ = tokio::task::spawn_blocking(move || server.shutdown()).await;
    }
}
