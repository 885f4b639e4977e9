//! The way to the cloud: the account that the configuration and the environment name, or the simulator inside this
//! process; who listens to its calls; and whether it is the cloud that a state belongs to.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::failure::{Exit, Failure};
use super::project::Project;
use super::sim::start_error;
use crate::api::product;
use crate::cli::Global;
use crate::cloud::{Cloud, CloudOptions, Credentials};
use crate::diagnostic::{Diagnostic, codes};
use crate::env::Env;
use crate::event::Listener;
use crate::sim;
use crate::state::{Effect, State, keep_out_of_git};
use crate::ui::Ui;
use crate::ui::progress::Progress;

/// How much faster the embedded simulator lives, unless `INFRA_SIM_SPEED` says otherwise.
const SIM_SPEED: &str = "20";

/// What the cloud and a state call Alibaba Cloud itself.
pub(super) const VENDOR: &str = "alibaba_cloud";

/// A connection, and the simulator behind it if there is one.
pub(super) struct Connection {
    pub(super) cloud: Cloud,
    pub(super) region: String,
    is_simulated: bool,
    /// The simulator that lives as long as the connection.
    _simulator: Option<sim::Server>,
}

impl Connection {
    /// The connection to a twin of what exists, for a rehearsal.
    pub(super) fn of_twin(region: &str, cloud: Cloud) -> Connection {
        Connection {
            cloud,
            region: region.to_owned(),
            is_simulated: true,
            _simulator: None,
        }
    }

    /// Whether this is the embedded simulator.
    pub(super) fn is_simulated(&self) -> bool {
        self.is_simulated
    }
}

/// Connects to the account, or to the simulator inside this process.
pub(super) fn connect(
    global: &Global,
    env: &Env,
    ui: &Ui,
    project: &Project,
    listener: Arc<dyn Listener>,
) -> Result<Connection, Failure> {
    let region = region(env, project)?;
    let simulator = if global.sim {
        Some(start_simulator(env, &project.folder, &region)?)
    } else {
        None
    };
    let options = CloudOptions {
        region: Some(region.clone()),
        endpoint_file: project.config.project.endpoint.clone(),
        sim_endpoint: simulator.as_ref().and_then(|server| {
            let pair = server.key_pairs().first()?;
            Some((server.url(), Credentials::new(&pair.id, &pair.secret, None)))
        }),
        profile: project.config.project.profile.clone(),
        parallelism: usize::from(global.parallelism),
        read_only: global.read_only,
    };
    let cloud =
        Cloud::connect(env, options, listener).map_err(|error| Failure::error(Diagnostic::from(&error)))?;
    if simulator.is_none() && cloud.endpoint_kind() == VENDOR {
        ui.set_console(&region);
    }
    Ok(Connection {
        cloud,
        region,
        is_simulated: simulator.is_some(),
        _simulator: simulator,
    })
}

fn region(env: &Env, project: &Project) -> Result<String, Failure> {
    let configured = project.config.project.region.clone();
    configured
        .or_else(|| {
            env.vars
                .get("ALIBABA_CLOUD_REGION_ID")
                .filter(|region| !region.is_empty())
                .cloned()
        })
        .ok_or_else(|| {
            Failure::error(
                Diagnostic::error(codes::NO_REGION, "no region")
                    .help("in infra.toml:  [infra]  region = \"cn-hangzhou\"")
                    .help("or set ALIBABA_CLOUD_REGION_ID"),
            )
        })
}

fn start_simulator(env: &Env, folder: &Path, region: &str) -> Result<sim::Server, Failure> {
    let speed = env.vars.get("INFRA_SIM_SPEED").map_or(SIM_SPEED, String::as_str);
    let options = sim::Options {
        data: Some(folder.join(".infra").join("sim")),
        region: region.to_owned(),
        speed: speed.parse().map_err(|error| {
            let message = format!("INFRA_SIM_SPEED={speed}: {error}");
            Failure::error(Diagnostic::error(codes::USAGE, message)).with(Exit::Usage)
        })?,
        ..sim::Options::default()
    };
    // Best effort: where the folder cannot be written, the simulator says so in a moment.
    let root = folder.join(".infra");
    if env.fs.create_folder(&root).is_ok() {
        let _ = keep_out_of_git(&*env.fs, &root);
    }
    sim::Server::start(options).map_err(start_error)
}

/// Fills in the account when the state does not know it yet; another account or region is refused.
pub(super) fn check_cloud(
    state: &State,
    connection: &Connection,
    account: Option<&str>,
) -> Result<Option<Effect>, Failure> {
    let kind = connection.cloud.endpoint_kind();
    let known = &state.cloud;
    let differs = |what: &str, known: &str, now: &str| {
        Failure::error(
            Diagnostic::error(codes::OTHER_CLOUD, format!("this state belongs to {what} {known}, and this run is about {now}"))
                .help("use the credentials, the region and the endpoint of that state, or another environment (-e NAME)"),
        )
    };
    if known.endpoint_kind.as_deref().is_some_and(|known| known != kind) {
        return Err(differs(
            "the cloud",
            known.endpoint_kind.as_deref().unwrap_or_default(),
            kind,
        ));
    }
    if let (Some(known), Some(now)) = (known.account_id.as_deref(), account)
        && known != now
    {
        return Err(differs("account", known, now));
    }
    if let Some(known) = known.region.as_deref()
        && known != connection.region
    {
        return Err(differs("region", known, &connection.region));
    }
    let complete = known.endpoint_kind.is_some()
        && known.region.is_some()
        && (known.account_id.is_some() || account.is_none());
    Ok((!complete).then(|| Effect::Cloud {
        endpoint_kind: kind.to_owned(),
        account_id: account.map(str::to_owned).or_else(|| known.account_id.clone()),
        region: connection.region.clone(),
        project: None,
        environment: None,
    }))
}

/// Whoever listens to calls and steps: the screen, and the log file if one is asked for.
pub(super) fn progress(global: &Global, env: &Env, ui: &Ui) -> Result<Arc<Progress>, Failure> {
    let log = match &global.log_file {
        None => None,
        Some(path) => {
            let path = env.cwd.join(path);
            let mut options = std::fs::OpenOptions::new();
            options.create(true).append(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let file = options.open(&path).map_err(|error| {
                let message = format!("the log file {} cannot be opened: {error}", path.display());
                Failure::error(Diagnostic::error(codes::NO_SIDE_FILE, message))
            })?;
            Some(Box::new(file) as Box<dyn Write + Send>)
        }
    };
    Ok(Arc::new(Progress::new(ui, env, global.verbose, log)))
}

/// The ids of a state of Alibaba Cloud have pages in its console.
pub(super) fn set_console_of(state: &State, ui: &Ui) {
    let cloud = &state.cloud;
    if let (Some(VENDOR), Some(region)) = (cloud.endpoint_kind.as_deref(), &cloud.region) {
        ui.set_console(region);
    }
}

/// What was sent in all, for `--verbose`.
pub(super) fn tell_totals(global: &Global, connection: &Connection, ui: &Ui) {
    if !global.verbose {
        return;
    }
    let totals = connection.cloud.totals();
    let requests: u64 = totals.requests.values().sum();
    let each: Vec<String> = totals
        .requests
        .iter()
        .map(|(action, count)| format!("{action} {count}"))
        .collect();
    ui.talk(&format!(
        "{requests} requests ({}); {} repeated, {} throttled, {:.1} s waited",
        each.join(", "),
        totals.retries,
        totals.throttled,
        totals.waited.as_secs_f64()
    ));
}

/// Refuses to change anything for a state that knows its account, or in Alibaba Cloud, while nobody has said whose
/// account this is: what is not seen in another account is not gone.
pub(super) fn demand_account(
    state: &State,
    connection: &Connection,
    account: Option<&str>,
) -> Result<(), Failure> {
    let is_vendor = connection.cloud.endpoint_kind() == VENDOR;
    if account.is_some() || (state.cloud.account_id.is_none() && !is_vendor) {
        return Ok(());
    }
    let message = match &state.cloud.account_id {
        Some(known) => {
            format!("this state belongs to account {known}, and the account could not be confirmed")
        }
        None => "the account could not be confirmed".to_owned(),
    };
    let address = connection.cloud.address(&product::STS);
    Err(Failure::error(
        Diagnostic::error(codes::ACCOUNT_UNKNOWN, message)
            .note("nothing was changed")
            .help(format!(
                "{address} must be reachable (GetCallerIdentity; needs no permission)"
            )),
    ))
}
