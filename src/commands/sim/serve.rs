//! The simulator as a server.

use std::str::FromStr;
use std::time::Duration;

use super::usage;
use crate::cli::SimServeArgs;
use crate::commands::failure::{Exit, Failure};
use crate::diagnostic::{Diagnostic, codes};
use crate::env::Env;
use crate::sim;
use crate::ui::Ui;

const CATALOGUE_BYTES_MAX: u64 = 64 << 20;

/// Serve the ECS and VPC API on this machine, until SIGINT or SIGTERM
pub(super) async fn serve(args: &SimServeArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let options = options(args, env)?;
    let told_keys = !options.key_pairs.is_empty();
    let mut signals = env
        .signals
        .listen()
        .map_err(|error| usage(format!("signals cannot be received: {error}")))?;
    let server = tokio::task::spawn_blocking(move || sim::Server::start(options))
        .await
        .map_err(|error| usage(format!("the simulator could not be started: {error}")))?
        .map_err(start_error)?;
    if !told_keys {
        for pair in server.key_pairs() {
            ui.talk(&format!("access key id:     {}", pair.id));
            ui.talk(&format!("access key secret: {}", pair.secret));
        }
    }
    ui.result(&format!("infra sim listening on {}", server.url()));
    signals.next().await;
    server.shutdown();
    Ok(Exit::Success)
}

fn options(args: &SimServeArgs, env: &Env) -> Result<sim::Options, Failure> {
    let listen = parse("--listen", &args.listen)?;
    let mut options = sim::Options {
        listen,
        allow_remote: args.allow_remote,
        data: args.data.as_ref().map(|data| env.cwd.join(data)),
        key_pairs: args
            .access_key_id
            .iter()
            .zip(&args.access_key_secret)
            .map(|(id, secret)| sim::KeyPair::new(id, secret))
            .collect(),
        region: args.region.clone(),
        speed: parse("--speed", &args.speed)?,
        latency: time("--latency", &args.latency)?,
        read_lag: time("--read-lag", &args.read_lag)?,
        token_lifetime: time("--token-life", &args.token_life)?,
        seed: args.seed,
        record: args.record.as_ref().map(|file| env.cwd.join(file)),
        ca_out: args.ca_out.as_ref().map(|file| env.cwd.join(file)),
        ..sim::Options::default()
    };
    if args.access_key_id.len() != args.access_key_secret.len() {
        return Err(usage(
            "--access-key-id and --access-key-secret come in pairs".to_owned(),
        ));
    }
    for quota in &args.quota {
        options.quotas.push(parse("--quota", quota)?);
    }
    for fault in &args.fault {
        options.faults.push(parse("--fault", fault)?);
    }
    for sold_out in &args.sold_out {
        options.sold_out.push(parse("--sold-out", sold_out)?);
    }
    for trouble in &args.trouble {
        options.troubles.push(parse("--trouble", trouble)?);
    }
    for limit in &args.account {
        let told = options.account.set(limit);
        told.map_err(|error| usage(format!("--account: {error}")))?;
    }
    for file in &args.catalogue {
        let path = env.cwd.join(file);
        let text = env
            .fs
            .read(&path, CATALOGUE_BYTES_MAX)
            .and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other))
            .map_err(|error| usage(format!("--catalogue {}: {error}", file.display())))?;
        options.catalogues.push(text);
    }
    if let Some(scenario) = &args.scenario {
        options.scenario = parse("--scenario", scenario)?;
    }
    Ok(options)
}

fn parse<T: FromStr>(flag: &str, text: &str) -> Result<T, Failure>
where
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error| usage(format!("{flag} {text}: {error}")))
}

fn time(flag: &str, text: &str) -> Result<Duration, Failure> {
    sim::duration(text).map_err(|error| usage(format!("{flag}: {error}")))
}

/// A simulator that cannot be started.
pub(in crate::commands) fn start_error(error: sim::StartError) -> Failure {
    let exit = if error.is_locked() {
        Exit::Locked
    } else {
        Exit::Error
    };
    Failure::error(Diagnostic::error(
        codes::SIMULATOR,
        format!("the simulator cannot start: {error}"),
    ))
    .with(exit)
}
