//! Whether all is there that a run needs: keys, region, clock, account, balance and rights.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use jiff::SignedDuration;

use super::connect::{self, Connection};
use super::failure::{Exit, Failure};
use super::project;
use crate::api::product;
use crate::change::amount;
use crate::cli::Global;
use crate::diagnostic::Diagnostic;
use crate::env::Env;
use crate::live::TAG_PROJECT;
use crate::observe::{account, belonging, funds};
use crate::state::State;
use crate::types::REGISTRY;
use crate::ui::{Check, Grade, Ui};

/// From which difference of the clocks on something should be done; at 15 minutes requests are refused.
const CLOCK_DOUBTFUL: SignedDuration = SignedDuration::from_secs(60);

/// Whether keys, region, clock, account, balance and rights are as a run needs them; changes nothing
pub(crate) async fn doctor(global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let mut checks = Vec::new();

    // 1. The files, or a folder that has none yet.
    let project = if project::has_file(global, env) {
        let project = project::load(global, env, ui)?;
        let count = project.config.resources.len();
        checks.push(Check::new(
            "files",
            Grade::Good,
            format!("{} resources, no mistakes", count),
        ));
        project
    } else {
        checks.push(Check::new(
            "files",
            Grade::Doubtful,
            "no infra.toml in this folder yet; the command init writes one",
        ));
        project::without_files(global, env)
    };

    // 2. Keys and region: without them nothing can be asked.
    let connection = match connect::connect(global, env, ui, &project, connect::progress(global, env, ui)?) {
        Ok(connection) => connection,
        Err(failure) => {
            ui.checks(&checks);
            return Err(failure);
        }
    };
    checks.push(Check::new("keys", Grade::Good, keys(&connection)));
    checks.push(Check::new("region", Grade::Good, connection.region.clone()));
    checks.push(Check::new("endpoint", Grade::Good, endpoints(&connection)));

    // 3. What the cloud answers.
    let nobody = State::begin(&*env.random);
    let account = account::of(&connection.cloud, &nobody).await;
    checks.push(match account {
        Some(account) => Check::new("account", Grade::Good, account),
        None => {
            let address = connection.cloud.address(&product::STS);
            let words =
                format!("not confirmed: {address} must answer GetCallerIdentity before anything is changed");
            Check::new("account", Grade::Bad, words)
        }
    });
    checks.push(balance(&connection).await);
    checks.extend(rights(&connection).await);
    // The answers have told the time.
    checks.push(clock(&connection, env));
    connect::tell_totals(global, &connection, ui);

    // 4. The verdict.
    let is_bad = checks.iter().any(|check| check.grade == Grade::Bad);
    if global.json {
        ui.document(&checks.iter().map(Check::json).collect());
    } else {
        ui.checks(&checks);
    }
    Ok(if is_bad { Exit::Error } else { Exit::Success })
}

fn keys(connection: &Connection) -> String {
    if connection.is_simulated() {
        "the simulator's own".to_owned()
    } else {
        format!("from {}", connection.cloud.credential_source())
    }
}

/// Where requests go; whoever does not answer there is told with the rights.
fn endpoints(connection: &Connection) -> String {
    let mut addresses: Vec<String> = product::Product::ALL
        .into_iter()
        .map(|product| connection.cloud.address(product))
        .collect();
    addresses.sort();
    addresses.dedup();
    addresses.join(", ")
}

/// What the account can pay with; what nobody tells stops no run.
async fn balance(connection: &Connection) -> Check {
    match funds::read(&connection.cloud).await {
        Some(funds) => {
            let words = format!("{} {} to pay with", amount(funds.available), funds.currency);
            if funds.available > 0 {
                Check::new("balance", Grade::Good, words)
            } else {
                let words = format!("{words}; subscriptions and new servers are refused");
                Check::new("balance", Grade::Doubtful, words)
            }
        }
        None => {
            let address = connection.cloud.address(&product::BSS);
            let words = format!("not known: {address} has not answered QueryAccountBalance");
            Check::new("balance", Grade::Doubtful, words)
        }
    }
}

/// Whether everything that can be listed may be listed.
async fn rights(connection: &Connection) -> Vec<Check> {
    let looks = REGISTRY.iter().map(|resource_type| async move {
        let nothing = BTreeMap::new();
        let found = belonging::of_type(
            resource_type,
            &connection.cloud,
            TAG_PROJECT,
            "doctor/none",
            &nothing,
        )
        .await;
        (resource_type.name, found.err())
    });
    let mut refused: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut count = 0;
    for (name, error) in join_all(looks).await {
        match error {
            None => count += 1,
            Some(error) => {
                let told: Diagnostic = super::report::api_error("it cannot be read", &error);
                refused.entry(told.message).or_default().push(name);
            }
        }
    }
    let mut checks = Vec::new();
    if count > 0 {
        let words = format!("{count} of {} resource types can be read", REGISTRY.len());
        checks.push(Check::new("rights", Grade::Good, words));
    }
    for (why, names) in refused {
        checks.push(Check::new(
            "rights",
            Grade::Bad,
            format!("{}: {why}", names.join(", ")),
        ));
    }
    checks
}

/// How far this machine's clock is from the cloud's.
fn clock(connection: &Connection, env: &Env) -> Check {
    let Some(there) = connection.cloud.server_time() else {
        return Check::new("clock", Grade::Bad, "the cloud has not told its time");
    };
    let off = env.clock.now().duration_since(there);
    let words = format!("{} s from the cloud's", off.as_secs());
    if off.abs() < CLOCK_DOUBTFUL {
        Check::new("clock", Grade::Good, words)
    } else {
        let words =
            format!("{words}; infra signs with the cloud's time, other tools are refused from 900 s on");
        Check::new("clock", Grade::Doubtful, words)
    }
}
