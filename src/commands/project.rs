//! What most commands begin with: the folder, the configuration, the state and the cloud.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::failure::{Exit, Failure};
use super::sim::start_error;
use crate::cli::{DetailArgs, Global};
use crate::cloud::{Cloud, CloudOptions, Credentials, Product};
use crate::config::{self, Config, Sources};
use crate::diagnostic::Diagnostic;
use crate::env::Env;
use crate::event::Listener;
use crate::live::Live;
use crate::observe::recover::{self, Recovery};
use crate::observe::{Wanted, account, refresh};
use crate::plan;
use crate::resources;
use crate::schema::{Kind, Schemas};
use crate::sim;
use crate::state::{Effect, Loaded, LocalStore, LockNote, Session, State, resolve};
use crate::ui::progress::Progress;
use crate::ui::{Detail, Header, Ui};
use crate::value::{SecretSource, Value};

/// How much faster the embedded simulator lives, unless `INFRA_SIM_SPEED` says otherwise.
const SIM_SPEED: &str = "20";

/// A folder with a configuration that has no mistakes.
pub(crate) struct Project {
    /// The folder of `infra.toml`.
    pub(crate) folder: PathBuf,
    pub(crate) schemas: Schemas,
    pub(crate) config: Config,
}

/// The folder of `infra.toml`: the one that was given, or the nearest one upwards.
pub(crate) fn folder(global: &Global, env: &Env) -> PathBuf {
    if let Some(directory) = &global.directory {
        return env.cwd.join(directory);
    }
    let has_config = |folder: &&Path| matches!(env.fs.kind(&folder.join("infra.toml")), Ok(Some(_)));
    env.cwd
        .ancestors()
        .find(has_config)
        .unwrap_or(&env.cwd)
        .to_owned()
}

/// Reads the configuration: its sources, what is wrong or doubtful in it, and the configuration if nothing is wrong.
pub(crate) fn read(global: &Global, env: &Env) -> (Sources, Vec<Diagnostic>, Option<Config>) {
    let loaded = read_as_it_is(global, env);
    let sound = !loaded.diagnostics.iter().any(Diagnostic::is_error);
    (loaded.sources, loaded.diagnostics, sound.then_some(loaded.config))
}

fn read_as_it_is(global: &Global, env: &Env) -> config::Loaded {
    let folder = folder(global, env);
    let request = config::LoadRequest {
        fs: &*env.fs,
        folder: &folder,
        vars: &env.vars,
        set: &global.variables,
        environment: global.environment.as_deref(),
    };
    config::load(&request, &resources::schemas())
}

/// Reads a configuration without mistakes; all its mistakes are one failure. Warnings are told at once.
pub(crate) fn load(global: &Global, env: &Env, ui: &Ui) -> Result<Project, Failure> {
    let (sources, diagnostics, config) = read(global, env);
    ui.set_sources(&sources);
    let Some(config) = config else {
        return Err(Failure::errors(diagnostics));
    };
    ui.diagnostics(&diagnostics, false);
    if let Err(cycle) = plan::order(&config) {
        return Err(Failure::error(*cycle));
    }
    Ok(Project {
        folder: folder(global, env),
        schemas: resources::schemas(),
        config,
    })
}

/// The store of the state of the environment that is chosen, whether or not the configuration has mistakes.
pub(crate) fn store(global: &Global, env: &Env) -> LocalStore {
    let chosen = global
        .environment
        .clone()
        .or_else(|| read_as_it_is(global, env).config.project.environment);
    store_of(global, env, &folder(global, env), chosen.as_deref())
}

impl Project {
    /// The store of the state of this project's environment.
    pub(crate) fn store(&self, global: &Global, env: &Env) -> LocalStore {
        store_of(global, env, &self.folder, self.environment())
    }

    /// The environment that was chosen: by the flag, by `INFRA_ENV`, or by `[infra] default_env`.
    pub(crate) fn environment(&self) -> Option<&str> {
        self.config.project.environment.as_deref()
    }
}

fn store_of(global: &Global, env: &Env, folder: &Path, environment: Option<&str>) -> LocalStore {
    let mut path = folder.join(".infra");
    if global.sim {
        path.push("sim");
    }
    path.push("state");
    let name = environment.unwrap_or("default");
    LocalStore::new(env.fs.clone(), env.random.clone(), env.clock.clone(), path, name)
}

/// A connection, and the simulator behind it if there is one.
pub(crate) struct Connection {
    pub(crate) cloud: Cloud,
    pub(crate) region: String,
    simulator: Option<sim::Server>,
}

impl Connection {
    /// Whether this is the embedded simulator.
    pub(crate) fn is_simulated(&self) -> bool {
        self.simulator.is_some()
    }
}

/// Connects to the account, or to the simulator inside this process.
pub(crate) fn connect(
    global: &Global,
    env: &Env,
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
    };
    let cloud =
        Cloud::connect(env, options, listener).map_err(|error| Failure::error(Diagnostic::from(&error)))?;
    Ok(Connection {
        cloud,
        region,
        simulator,
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
                Diagnostic::error("E0401", "no region")
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
            Failure::error(Diagnostic::error("E0901", message)).with(Exit::Usage)
        })?,
        ..sim::Options::default()
    };
    sim::Server::start(options).map_err(start_error)
}

/// What a look at the cloud has shown.
pub(crate) struct Seen {
    pub(crate) live: Live,
    pub(crate) recovery: Recovery,
    pub(crate) account: Option<String>,
}

/// Reads everything once, and settles what an interrupted run left as far as looking can.
pub(crate) async fn look(
    env: &Env,
    project: &Project,
    loaded: &Loaded,
    connection: &Connection,
) -> Result<Seen, Failure> {
    let wanted = costly_parts(&project.config);
    let started = env.clock.elapsed();
    let (live, account) = tokio::join!(
        refresh::read(&loaded.state, &wanted, &connection.cloud, &*env.clock),
        account::of(&connection.cloud, &loaded.state)
    );
    let mut live = live
        .map_err(|error| Failure::error(super::report::api_error("the cloud could not be read", &error)))?;
    let took = env.clock.elapsed().saturating_sub(started);
    let looked_at = connection
        .cloud
        .server_time()
        .and_then(|now| now.checked_sub(took).ok());
    let recovery = recover::settle(loaded.open.clone(), &mut live, looked_at);
    Ok(Seen {
        live,
        recovery,
        account,
    })
}

/// Nested attributes that some resource of a type manages; only then are they worth a request of their own.
fn costly_parts(config: &Config) -> BTreeMap<String, Wanted> {
    let mut parts: BTreeMap<String, Wanted> = BTreeMap::new();
    for resource in config.resources.values() {
        let nested = resource.schema.attributes.iter().filter(|attribute| {
            matches!(attribute.kind, Kind::Table(_) | Kind::TableSet(_))
                && resource.attributes.contains_key(attribute.name)
        });
        let wanted = parts.entry(resource.schema.type_name.to_owned()).or_default();
        wanted
            .nested
            .extend(nested.map(|attribute| attribute.name.to_owned()));
    }
    parts
}

/// The state with what recovery found, in memory.
pub(crate) fn with_recovery(mut state: State, recovery: &Recovery) -> State {
    for (intent, effect) in &recovery.found {
        if let Some(effect) = resolve(effect, Some(intent)) {
            state.apply(&effect);
        }
    }
    state
}

/// Reads a secret from where the configuration says. The text of the error never holds the secret.
pub(crate) fn read_secret(env: &Env, folder: &Path, source: &SecretSource) -> Result<String, String> {
    const LIMIT: u64 = 64 * 1024;
    match source {
        SecretSource::Env(name) => env
            .vars
            .get(name)
            .filter(|value| !value.is_empty())
            .cloned()
            .ok_or_else(|| format!("the environment variable {name} is not set")),
        SecretSource::File(path) => {
            let bytes = env
                .fs
                .read(&folder.join(path), LIMIT)
                .map_err(|error| format!("the file {path} cannot be read: {error}"))?;
            let text = String::from_utf8(bytes).map_err(|_| format!("the file {path} is not UTF-8 text"))?;
            Ok(text
                .strip_suffix('\n')
                .map(|text| text.strip_suffix('\r').unwrap_or(text))
                .unwrap_or(&text)
                .to_owned())
        }
    }
}

/// The fingerprints of the secrets that can be read, and the sources that cannot, with the reason.
pub(crate) fn secret_fingerprints(
    env: &Env,
    project: &Project,
    state: &State,
) -> (BTreeMap<SecretSource, String>, BTreeMap<SecretSource, String>) {
    let (mut known, mut missing) = (BTreeMap::new(), BTreeMap::new());
    for resource in project.config.resources.values() {
        for value in resource.attributes.values() {
            let Value::Secret(source) = value else { continue };
            if known.contains_key(source) || missing.contains_key(source) {
                continue;
            }
            match read_secret(env, &project.folder, source) {
                Ok(text) => known.insert(source.clone(), state.hash_key.fingerprint(text.as_bytes())),
                Err(reason) => missing.insert(source.clone(), reason),
            };
        }
    }
    (known, missing)
}

/// Fills in the account when the state does not know it yet; another account or region is refused.
pub(crate) fn check_cloud(
    state: &State,
    connection: &Connection,
    account: Option<&str>,
) -> Result<Option<Effect>, Failure> {
    let kind = connection.cloud.endpoint_kind();
    let known = &state.cloud;
    let differs = |what: &str, known: &str, now: &str| {
        Failure::error(
            Diagnostic::error("E0803", format!("this state belongs to {what} {known}, and this run is about {now}"))
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
    }))
}

/// Refuses to change anything for a state that knows its account, or in Alibaba Cloud, while nobody has said whose
/// account this is: what is not seen in another account is not gone.
pub(crate) fn demand_account(
    state: &State,
    connection: &Connection,
    account: Option<&str>,
) -> Result<(), Failure> {
    let is_vendor = connection.cloud.endpoint_kind() == "alibaba_cloud";
    if account.is_some() || (state.cloud.account_id.is_none() && !is_vendor) {
        return Ok(());
    }
    let message = match &state.cloud.account_id {
        Some(known) => {
            format!("this state belongs to account {known}, and the account could not be confirmed")
        }
        None => "the account could not be confirmed".to_owned(),
    };
    let address = connection.cloud.address(Product::Sts);
    Err(Failure::error(
        Diagnostic::error("E0716", message)
            .note("nothing was changed")
            .help(format!(
                "{address} must be reachable (GetCallerIdentity; needs no permission)"
            )),
    ))
}

/// The state of an open session, as a look needs it.
pub(crate) fn loaded(session: &Session) -> Loaded {
    Loaded {
        state: session.with_state(Clone::clone),
        open: session.open_intents(),
        exists: true,
    }
}

/// Writes down what looking has settled, and which cloud this state belongs to.
pub(crate) async fn adopt(session: &Session, connection: &Connection, seen: &Seen) -> Result<(), Failure> {
    let account = seen.account.as_deref();
    let cloud = session.with_state(|state| {
        let cloud = check_cloud(state, connection, account)?;
        demand_account(state, connection, account).map(|()| cloud)
    })?;
    for (intent, effect) in &seen.recovery.found {
        session.done(intent.seq, vec![effect.clone()]).await?;
    }
    for seq in &seen.recovery.moot {
        session.failed(*seq, "SettledByReading", false).await?;
    }
    if let Some(effect) = cloud {
        session.note(vec![effect]).await?;
    }
    Ok(())
}

/// Who takes the lock, for the message to whoever finds it taken.
pub(crate) fn lock_note(env: &Env, command: &str) -> LockNote {
    LockNote::new(env, command)
}

/// The head of a plan.
pub(crate) fn header(
    command: &'static str,
    env: &Env,
    global: &Global,
    project: &Project,
    connection: &Connection,
    seen: &Seen,
    elapsed: Duration,
) -> Header {
    let simulated = connection.is_simulated();
    let cloud = match (simulated, connection.cloud.endpoint_kind()) {
        (true, _) => "simulator",
        (false, "alibaba_cloud") => "Alibaba Cloud",
        (false, _) => "another endpoint",
    };
    let next = (command == "plan" && !global.no_input && !env.vars.contains_key("CI")).then(|| {
        let sim = if global.sim { " --sim" } else { "" };
        format!("infra apply{sim}")
    });
    Header {
        command,
        project: project.config.project.name.clone(),
        environment: project.environment().map(str::to_owned),
        region: connection.region.clone(),
        cloud: cloud.to_owned(),
        account: seen.account.clone().filter(|_| !simulated),
        credentials: if simulated {
            String::new()
        } else {
            connection.cloud.credential_source()
        },
        files: project.config.files.clone(),
        checked: seen.live.resources.len(),
        elapsed,
        next,
    }
}

/// How much of a plan is shown.
pub(crate) fn detail(args: DetailArgs) -> Detail {
    match (args.compact, args.full) {
        (true, _) => Detail::Compact,
        (false, true) => Detail::Full,
        (false, false) => Detail::Normal,
    }
}

/// Whoever listens to calls and steps: the screen, and the log file if one is asked for.
pub(crate) fn progress(global: &Global, env: &Env, ui: &Ui) -> Result<Arc<Progress>, Failure> {
    let log = match &global.log_file {
        None => None,
        Some(path) => {
            let path = env.cwd.join(path);
            let mut options = std::fs::OpenOptions::new();
            options.create(true).append(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            Some(options.open(&path).map_err(|error| {
                let message = format!("the log file {} cannot be opened: {error}", path.display());
                Failure::error(Diagnostic::error("E0903", message))
            })?)
        }
    };
    Ok(Arc::new(Progress::new(ui, env, global.verbose, log)))
}

/// What was sent in all, for `--verbose`.
pub(crate) fn tell_totals(global: &Global, connection: &Connection, ui: &Ui) {
    if !global.verbose {
        return;
    }
    let totals = connection.cloud.totals();
    let requests: u64 = totals.requests.values().sum();
    let each: Vec<String> = totals
        .requests
        .iter()
        .map(|((product, action), count)| format!("{} {action} {count}", product.name()))
        .collect();
    ui.talk(&format!(
        "{requests} requests ({}); {} repeated, {} throttled, {:.1} s waited",
        each.join(", "),
        totals.retries,
        totals.throttled,
        totals.waited.as_secs_f64()
    ));
}
