//! Put a lost state together again from what exists.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::connect::{self, Connection};
use super::failure::{Exit, Failure};
use super::project::{self, Project};
use super::{data, look, report, secrets, whose};
use crate::address::Address;
use crate::cli::Global;
use crate::diagnostic::{Advice, Diagnostic, codes, run};
use crate::env::Env;
use crate::live::{Stray, TAG_PROJECT, TAG_STACK};
use crate::observe::{account, belonging};
use crate::plan::{self, Fingerprints, Rebuilt};
use crate::state::State;
use crate::ui::Ui;

/// For how long after its youngest object a stack may still grow by what a killed run has sent: a request lives two
/// minutes, what it made may be invisible for one more, and creation times may be whole minutes.
const SETTLING: SignedDuration = SignedDuration::from_secs(4 * 60);

/// Put a lost state together again from what exists; changes nothing in the cloud
pub(crate) async fn rebuild(
    lineage: Option<&str>,
    global: &Global,
    env: &Env,
    ui: &Ui,
) -> Result<Exit, Failure> {
    // 1. Only where no state is.
    let project = project::load(global, env, ui)?;
    let store = project.store(global, env)?;
    store.can_rebuild()?;

    // 2. What there is of which stack.
    let connection = connect::connect(global, env, &project, connect::progress(global, env, ui)?)?;
    let began = State::begin(&*env.random);
    let project = data::complete(project, &began, &connection, false, global, env, ui).await?;
    let lineage = match lineage {
        Some(lineage) => lineage.to_owned(),
        None => only_lineage(&project, &connection).await?,
    };
    let found = settled(&lineage, &project, &connection, env, ui).await?;

    // 3. What a state would say of it.
    let mut state = State::begin(&*env.random);
    state.lineage = lineage;
    let (secrets, _) = secrets::fingerprints(env, &project, &state);
    let text = |bytes: &[u8]| state.hash_key.fingerprint(bytes);
    let fingerprints = Fingerprints {
        secrets: &secrets,
        text: &text,
    };
    let rebuilt = plan::rebuild(found, &project.config, &fingerprints);
    state.resources.clone_from(&rebuilt.resources);
    state.outputs.clone_from(&rebuilt.outputs);
    let account = account::of(&connection.cloud, &state).await;
    connect::demand_account(&state, &connection, account.as_deref())?;
    let effects = [
        connect::check_cloud(&state, &connection, account.as_deref())?,
        whose::belongs(&state, &project, &connection),
    ];
    for effect in effects.iter().flatten() {
        state.apply(effect, None);
    }

    // 4. The state says it.
    let lock = store.lock(project::lock_note(env, "state rebuild"))?;
    let serial = store.rebuild(lock, state)?;
    tell(&rebuilt, serial, global, ui);
    Ok(Exit::Done)
}

/// The stack of this project, if there is one and no other.
async fn only_lineage(project: &Project, connection: &Connection) -> Result<String, Failure> {
    let tag = project.config.project.tag();
    let found = tagged(connection, TAG_PROJECT, &tag, &BTreeMap::new()).await?;
    let mut stacks: BTreeMap<&str, Vec<Stray>> = BTreeMap::new();
    for stray in &found {
        if let Some(stack) = stray.observed.stack() {
            stacks.entry(stack).or_default().push(stray.clone());
        }
    }
    match stacks.len() {
        1 => Ok(stacks.into_keys().next().unwrap_or_default().to_owned()),
        0 => Err(Failure::error(
            Diagnostic::error(
                codes::WHICH_STACK,
                format!("nothing in {} carries {TAG_PROJECT} = {tag}", connection.region),
            )
            .note("what was made before this tag existed has only infra:stack")
            .help(run("state rebuild --lineage L").then(", with the value of that tag")),
        )),
        _ => {
            let mut several = Diagnostic::error(
                codes::WHICH_STACK,
                format!("{} stacks belong to {tag}", stacks.len()),
            );
            for (lineage, strays) in &stacks {
                several = several.note(format!("{lineage}: {}", whose::listed(strays)));
            }
            Err(Failure::error(several.help(
                run("state rebuild --lineage L").then(" takes one of them"),
            )))
        }
    }
}

/// Everything of the stack, once nothing can be under way any more that a run has sent before it was lost.
async fn settled(
    lineage: &str,
    project: &Project,
    connection: &Connection,
    env: &Env,
    ui: &Ui,
) -> Result<Vec<Stray>, Failure> {
    let wanted = look::costly_parts(&project.config);
    let mut found = tagged(connection, TAG_STACK, lineage, &wanted).await?;
    if found.is_empty() {
        return Err(Failure::error(
            Diagnostic::error(
                codes::WHICH_STACK,
                format!("nothing in {} carries {TAG_STACK} = {lineage}", connection.region),
            )
            .help("check the lineage and the region"),
        ));
    }
    let youngest: Option<Timestamp> = found.iter().filter_map(|stray| stray.observed.created).max();
    if let (Some(youngest), Some(now)) = (youngest, connection.cloud.server_time())
        && let Ok(pause) = Duration::try_from(SETTLING - now.duration_since(youngest))
        && !pause.is_zero()
    {
        ui.talk(&format!(
            "The youngest of them is new; waiting {} s for what may still be under way.",
            pause.as_secs()
        ));
        env.clock.sleep(pause).await;
        found = tagged(connection, TAG_STACK, lineage, &wanted).await?;
    }
    Ok(found)
}

async fn tagged(
    connection: &Connection,
    key: &str,
    value: &str,
    wanted: &BTreeMap<String, crate::observe::Wanted>,
) -> Result<Vec<Stray>, Failure> {
    let found = belonging::tagged(&connection.cloud, key, value, wanted).await;
    found.map_err(|error| Failure::error(report::api_error("the cloud could not be read", &error)))
}

/// What the state says now, and what of it was taken on trust.
fn tell(rebuilt: &Rebuilt, serial: u64, global: &Global, ui: &Ui) {
    if global.json {
        ui.document(&serde_json::json!({
            "serial": serial,
            "resources": rebuilt.resources,
            "assumed": rebuilt.assumed,
            "unknown": rebuilt.unknown,
            "unplaced": rebuilt.unplaced.iter().map(|stray| &stray.observed.id).collect::<Vec<_>>(),
        }));
        return;
    }
    let width = rebuilt
        .resources
        .keys()
        .map(|address| address.to_string().len())
        .max();
    for (address, resource) in &rebuilt.resources {
        let deposed: Vec<&str> = resource.deposed.iter().map(|old| old.id.as_str()).collect();
        let also = if deposed.is_empty() {
            String::new()
        } else {
            format!("  (still to delete: {})", deposed.join(", "))
        };
        ui.result(&format!(
            "{address:<width$}  {}{also}",
            resource.id,
            width = width.unwrap_or(0)
        ));
    }
    let lines = |names: &BTreeMap<Address, BTreeSet<String>>, words: &str| {
        for (address, names) in names {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            ui.talk(&format!("{address}: {} {words}", names.join(", ")));
        }
    };
    lines(
        &rebuilt.assumed,
        "cannot be read; taken to be as the files have it",
    );
    lines(
        &rebuilt.unknown,
        "cannot be read, and the files do not tell it now; the next apply sets it",
    );
    for stray in &rebuilt.unplaced {
        ui.talk(&format!(
            "{} says no address; the next plan names it.",
            stray.observed.id
        ));
    }
    ui.result(&format!(
        "The state is there again (serial {serial}, {} resources). Nothing was changed in the cloud.",
        rebuilt.resources.len()
    ));
    ui.advise(
        &Advice::from("Next: ")
            .run("plan")
            .then("   (shows what differs from the files)"),
    );
}
