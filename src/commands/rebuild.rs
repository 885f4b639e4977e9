//! Put a lost state together again from what exists.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};

use super::connect::{self, Connection};
use super::decide::{Asked, Goal, decide};
use super::failure::{Exit, Failure};
use super::look::{self, Seen};
use super::project::{self, Project};
use super::{data, report, secrets, whose};
use crate::address::Address;
use crate::cli::{Global, OwnerArgs};
use crate::cloud::window::{FLIGHT, LAG};
use crate::diagnostic::{Advice, Diagnostic, codes, run};
use crate::env::Env;
use crate::live::{Live, Stray, TAG_PROJECT, TAG_STACK};
use crate::observe::read::read_by_id;
use crate::observe::recover::Recovery;
use crate::observe::{account, belonging, hidden};
use crate::plan::{self, Fingerprints, Rebuilt, Selection, Tagless};
use crate::state::State;
use crate::task::Phase;
use crate::types::REGISTRY;
use crate::ui::Ui;

/// For how long a request that a killed run has sent may still be carried out, and what it makes be invisible.
const SETTLING: SignedDuration = FLIGHT.checked_add(LAG).expect("minutes");
/// How often it is looked meanwhile.
const PAUSE: Duration = Duration::from_secs(15);
/// How many addresses are named.
const NAMED_MAX: usize = 3;

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
    let connection = connect::connect(global, env, ui, &project, connect::progress(global, env, ui)?)?;
    let began = State::begin(&*env.random);
    let project = data::complete(project, &began, &connection, false, global, env, ui).await?;
    let lineage = match lineage {
        Some(lineage) => lineage.to_owned(),
        None => only_lineage(&project, &connection).await?,
    };
    let mut begun = State::begin(&*env.random);
    begun.lineage = lineage;

    // 3. What a state would say of it.
    let (mut state, rebuilt, tagless) = settled(begun, &project, &connection, env, ui).await?;
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
    tell(&rebuilt, &tagless, serial, global, ui);
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

/// The state of all that exists, once nothing can be under way any more of which a plan would make a second one. If every
/// resource of the files is there, nothing can.
async fn settled(
    begun: State,
    project: &Project,
    connection: &Connection,
    env: &Env,
    ui: &Ui,
) -> Result<(State, Rebuilt, Tagless), Failure> {
    let wanted = look::costly_parts(&project.config);
    let mut until: Option<Timestamp> = None;
    loop {
        let mut found = tagged(connection, TAG_STACK, &begun.lineage, &wanted).await?;
        if found.is_empty() {
            return Err(nothing_of(&begun.lineage, connection));
        }
        let tagless = tagless(&found, project, connection).await?;
        found.extend(tagless.ours.iter().cloned());
        reveal(&mut found, &begun, project, connection).await?;
        let (state, rebuilt) = remembered(&begun, found.clone(), project, env);
        let mut missing = missing(&state, &rebuilt.live(found), project, connection, env);
        // What is there is not on its way.
        missing.retain(|address| !tagless.elsewhere.contains_key(address));
        let now = connection.cloud.server_time();
        let (false, Some(now)) = (missing.is_empty(), now) else {
            return Ok((state, rebuilt, tagless));
        };
        let until = *until.get_or_insert_with(|| {
            ui.talk(&waiting(&missing));
            now.checked_add(SETTLING).unwrap_or(now)
        });
        let Some(left) = Duration::try_from(until.duration_since(now))
            .ok()
            .filter(|left| !left.is_zero())
        else {
            return Ok((state, rebuilt, tagless));
        };
        env.clock.sleep(left.min(PAUSE)).await;
    }
}

fn nothing_of(lineage: &str, connection: &Connection) -> Failure {
    let message = format!("nothing in {} carries {TAG_STACK} = {lineage}", connection.region);
    Failure::error(Diagnostic::error(codes::WHICH_STACK, message).help("check the lineage and the region"))
}

/// Reads what no plan reads, where it may be read: what is known of it need not be taken on trust.
async fn reveal(
    found: &mut [Stray],
    begun: &State,
    project: &Project,
    connection: &Connection,
) -> Result<(), Failure> {
    let fingerprint = |bytes: &[u8]| begun.hash_key.fingerprint(bytes);
    let reads = found.iter_mut().filter_map(|stray| {
        let block = project.config.resources.get(stray.address.as_ref()?)?;
        let of_type = block.resource_type;
        (of_type.name == stray.type_name).then(|| {
            hidden::read(
                of_type,
                &connection.cloud,
                &mut stray.observed,
                &block.attributes,
                &fingerprint,
            )
        })
    });
    try_join_all(reads)
        .await
        .map_err(|error| Failure::error(report::api_error("the cloud could not be read", &error)))?;
    Ok(())
}

/// What a state would say.
fn remembered(begun: &State, found: Vec<Stray>, project: &Project, env: &Env) -> (State, Rebuilt) {
    let mut state = begun.clone();
    let (secrets, _) = secrets::fingerprints(env, project, &state);
    let text = |bytes: &[u8]| begun.hash_key.fingerprint(bytes);
    let fingerprints = Fingerprints {
        secrets: &secrets,
        text: &text,
    };
    let rebuilt = plan::rebuild(found, &project.config, &fingerprints);
    state.resources.clone_from(&rebuilt.resources);
    state.outputs.clone_from(&rebuilt.outputs);
    (state, rebuilt)
}

/// What the next plan would make, which a run that was killed may be about to make; everything if there is no plan.
fn missing(
    state: &State,
    live: &Live,
    project: &Project,
    connection: &Connection,
    env: &Env,
) -> BTreeSet<Address> {
    let seen = Seen {
        live: live.clone(),
        recovery: Recovery::default(),
        account: None,
        others: BTreeMap::new(),
    };
    let everything = Selection::default();
    let asked = Asked {
        goal: Goal::Configuration,
        selection: &everything,
        owner: OwnerArgs::default(),
    };
    match decide(env, project, state, &seen, connection, asked, &BTreeMap::new()) {
        Ok(plan) => {
            let made = plan.tasks.into_iter().filter(|task| task.phase == Phase::Make);
            made.map(|task| task.object.address).collect()
        }
        Err(_) => project.config.resources.keys().cloned().collect(),
    }
}

fn waiting(missing: &BTreeSet<Address>) -> String {
    let named: Vec<String> = missing.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    let more = match missing.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "The files want what is not there: {}{more}. A run that was killed may still be making it, so this looks again \
         for up to {} s. Nothing is written before.",
        named.join(", "),
        SETTLING.as_secs()
    )
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

/// What has no tags and stands in what was found.
async fn tagless(found: &[Stray], project: &Project, connection: &Connection) -> Result<Tagless, Failure> {
    let failed = |error| Failure::error(report::api_error("the cloud could not be read", &error));
    let cloud = &connection.cloud;
    let inside = belonging::inside(cloud, &plan::parents(found))
        .await
        .map_err(failed)?;
    let mut tagless = plan::tagless(found, inside, &project.config);
    let mut there: BTreeSet<String> = BTreeSet::new();
    for resource_type in REGISTRY {
        let of_type = tagless.elsewhere.iter();
        let of_type = of_type.filter(|(address, _)| address.type_name() == resource_type.name);
        let ids: Vec<String> = of_type.map(|(_, id)| id.clone()).collect();
        if !ids.is_empty() {
            let read = read_by_id(resource_type, cloud, &ids).await.map_err(failed)?;
            there.extend(read.into_iter().map(|one| one.id));
        }
    }
    tagless.elsewhere.retain(|_, id| there.contains(id));
    Ok(tagless)
}

/// What the state says now, and what of it was taken on trust.
fn tell(rebuilt: &Rebuilt, tagless: &Tagless, serial: u64, global: &Global, ui: &Ui) {
    if global.json {
        ui.document(&serde_json::json!({
            "serial": serial,
            "resources": rebuilt.resources,
            "assumed": rebuilt.assumed,
            "unknown": rebuilt.unknown,
            "unplaced": rebuilt.unplaced.iter().map(|stray| &stray.observed.id).collect::<Vec<_>>(),
            "unclaimed": tagless.unclaimed.iter().map(|stray| &stray.observed.id).collect::<Vec<_>>(),
            "elsewhere": tagless.elsewhere,
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
        ui.say(&format!(
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
    for stray in &tagless.unclaimed {
        ui.talk(&format!(
            "{} {} stands in what is ours and has no tags, and no block names it: if it was of a block that is gone, \
             delete it where it is shown; else it is somebody else's and stays.",
            stray.type_name, stray.observed.id
        ));
    }
    for (address, id) in &tagless.elsewhere {
        ui.advise(
            &Advice::from(format!(
                "{address}: {id} exists, in what is not of this stack, and has no tags. If it is yours: "
            ))
            .run("import")
            .arg(address)
            .arg(id),
        );
    }
    ui.say(&format!(
        "The state is there again (serial {serial}, {} resources). Nothing was changed in the cloud.",
        rebuilt.resources.len()
    ));
    ui.advise(
        &Advice::from("Next: ")
            .run("plan")
            .then("   (shows what differs from the files)"),
    );
}
