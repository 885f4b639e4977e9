//! The simulator as a server.

use std::str::FromStr;
use std::time::Duration;

use super::failure::{Exit, Failure};
use crate::cli::SimServeArgs;
use crate::diagnostic::{Diagnostic, codes};
use crate::env::Env;
use crate::sim;
use crate::ui::Ui;

/// Serve the ECS and VPC API on this machine, until SIGINT or SIGTERM
pub(crate) async fn serve(args: &SimServeArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
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
        latency: latency(&args.latency)?,
        ca_out: args.ca_out.as_ref().map(|file| env.cwd.join(file)),
        ..sim::Options::default()
    };
    if args.access_key_id.len() != args.access_key_secret.len() {
        return Err(usage(
            "--access-key-id and --access-key-secret come in pairs".to_owned(),
        ));
    }
    if let Some(seed) = args.seed {
        options.seed = seed;
    }
    for quota in &args.quota {
        options.quotas.push(parse("--quota", quota)?);
    }
    for fault in &args.fault {
        options.faults.push(parse("--fault", fault)?);
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

/// `50ms`, `2s`, or a bare number of milliseconds.
fn latency(text: &str) -> Result<Duration, Failure> {
    let (number, scale) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1),
        (None, Some(number)) => (number, 1000),
        (None, None) => (text, 1),
    };
    let milliseconds: Option<u64> = number
        .parse()
        .ok()
        .and_then(|number: u64| number.checked_mul(scale));
    milliseconds
        .filter(|milliseconds| *milliseconds <= 3_600_000)
        .map(Duration::from_millis)
        .ok_or_else(|| usage(format!("--latency {text}: a time such as 50ms or 2s")))
}

fn usage(message: String) -> Failure {
    Failure::error(Diagnostic::error(codes::USAGE, message)).with(Exit::Usage)
}

/// A simulator that cannot be started.
pub(super) fn start_error(error: sim::StartError) -> Failure {
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
