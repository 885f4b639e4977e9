//! A plan tried out: its very steps, by the very executor, on a twin of what was seen, before anybody agrees to it.
//!
//! The twin is a simulator of its own that is loaded with what the cloud shows; state and journal are in memory, and
//! the clock goes fast. Nothing is written, and nothing leaves the machine but reads. What the twin cannot hold is not rehearsed,
//! which is no refusal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::ahead::Looking;
use super::connect::Connection;
use super::decide::Goal;
use super::failure::Failure;
use super::twin::{self, Twin};
use super::{data, look, report, results, secrets};
use crate::apply::{self, Context, Stop};
use crate::cloud::{Cloud, CloudOptions};
use crate::diagnostic::{Diagnostic, codes};
use crate::env::volatile::{SwiftClock, VolatileFiles};
use crate::env::{Clock, Env};
use crate::event::{Event, Listener};
use crate::live::Live;
use crate::observe::items::{self, Asked};
use crate::plan::{Plan, Selection};
use crate::state::{LocalStore, LockNote, State};
use crate::step::StepKind;
use crate::ui::Ui;
use crate::value::{SecretSource, Value};

/// Codes by which a twin says that it does not know what is named: nothing follows from that.
const UNKNOWN_TO_TWIN: &[&str] = &[
    "InvalidInstanceType",
    "InvalidImageId",
    "InvalidZoneId",
    "InvalidAction",
    "InvalidApi",
    "InvalidSystemDiskCategory",
    "InvalidRamRole",
];

/// Nobody listens to a rehearsal.
struct Deaf;

impl Listener for Deaf {
    fn event(&self, _: &Event) {}
}

/// What a rehearsal has shown.
pub(super) struct Rehearsed {
    /// What was refused, with its place, and what was not tried.
    pub(super) findings: Vec<Diagnostic>,
    /// How it went, in a line each.
    pub(super) told: Vec<String>,
}

/// Tries a plan out, made from this state. An error says why it could not be tried.
pub(super) async fn rehearse(
    plan: &Plan,
    state: &State,
    goal: Goal,
    looking: &Looking<'_>,
) -> Result<Rehearsed, Failure> {
    let Looking {
        env,
        project,
        seen,
        connection,
        ..
    } = *looking;
    #[cfg(test)]
    let plan = &mistaken(plan);

    // 1. The twin, with everything that was seen.
    let found = match items::of(&asked(plan, looking), &connection.cloud).await {
        Ok(found) => found,
        Err(error) => {
            return Ok(not_rehearsed(&format!(
                "{} ended with {}",
                error.action.name,
                error.outcome()
            )));
        }
    };
    let body = serde_json::json!({
        "account": state.cloud.account_id.as_ref().or(seen.account.as_ref()),
        "region": connection.region,
        "items": found,
    });
    let clock: Arc<dyn Clock> = Arc::new(SwiftClock::new(env.clock.clone()));
    let twin = match Twin::holding(&connection.region, &body.to_string(), clock.clone()) {
        Ok(twin) => Arc::new(twin),
        Err(why) => return Ok(not_rehearsed(&why)),
    };
    let twin_env = Env {
        fs: Arc::new(VolatileFiles::default()),
        transport: twin.clone(),
        clock,
        ..env.clone()
    };
    let twin = Connection::of_twin(&connection.region, cloud(&twin, &twin_env, connection)?);

    // 2. The same state, in memory.
    let store = LocalStore::new(
        twin_env.fs.clone(),
        twin_env.random.clone(),
        twin_env.clock.clone(),
        PathBuf::from("/twin/state"),
        "twin",
    );
    store.rebuild(store.lock(LockNote::default())?, state.clone())?;
    let session = store.open(store.lock(LockNote::default())?)?;

    // 3. The very steps. What time it is there is learnt from an answer.
    let _ = twin.cloud.caller_identity().await;
    let read = |source: &SecretSource| secrets::read(env, project, source);
    let stop = Stop::default();
    let outcome = apply::execute(
        plan,
        &Context {
            cloud: &twin.cloud,
            session: &session,
            clock: twin_env.clock.clone(),
            random: twin_env.random.clone(),
            secrets: &read,
            listener: &Deaf,
            stop: &stop,
            open: &[],
        },
    )
    .await;
    // Two products may call an action alike.
    let mut requests: BTreeMap<&str, u64> = BTreeMap::new();
    for (action, count) in twin.cloud.totals().requests {
        if action.repeat != crate::api::Repeat::Read {
            *requests.entry(action.name).or_default() += count;
        }
    }
    if outcome.failed.is_empty() && !outcome.interrupted {
        let observed = results::look_again(plan, project, &session, &twin).await;
        let outputs = results::outputs(project, &session, seen, &observed);
        results::note_outputs(goal, project, &session, &outputs).await?;
        data::note(goal, project, &session).await?;
    }

    // 4. What the next plan would be.
    let loaded = look::loaded(&session);
    let after = look::look(&twin_env, project, &loaded, &twin).await?;
    // What was asked to be made anew has been, and is not asked for again.
    let selection = Selection {
        replaces: BTreeSet::new(),
        ..looking.selection.clone()
    };
    let next = Looking {
        env: &twin_env,
        seen: &after,
        selection: &selection,
        connection: &twin,
        preflight: false,
        ..*looking
    }
    .decide_without(&loaded.state, goal, &BTreeMap::new());
    session.close()?;
    Ok(tell(plan, &outcome, &requests, &after.live, next.ok().as_ref()))
}

/// What there is, by type and status.
fn there(live: &Live) -> String {
    let mut found: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for (address, observed) in &live.resources {
        let status = observed.attributes.get("status").and_then(Value::as_str);
        let by_status = found.entry(address.type_name()).or_default();
        *by_status.entry(status.unwrap_or_default()).or_default() += 1;
    }
    let told = found.into_iter().map(|(type_name, by_status)| {
        let all: usize = by_status.values().sum();
        let named = by_status.iter().filter(|(status, _)| !status.is_empty());
        let statuses: Vec<String> = named.map(|(status, count)| format!("{count} {status}")).collect();
        if statuses.is_empty() {
            format!("{type_name} {all}")
        } else {
            format!("{type_name} {all} ({})", statuses.join(", "))
        }
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        "nothing".to_owned()
    } else {
        told.join(", ")
    }
}

fn cloud(twin: &Twin, env: &Env, connection: &Connection) -> Result<Cloud, Failure> {
    let options = CloudOptions {
        region: Some(connection.region.clone()),
        endpoint_file: None,
        sim_endpoint: Some((twin::ENDPOINT.to_owned(), twin.keys())),
        profile: None,
        parallelism: connection.cloud.parallelism(),
        read_only: false,
    };
    Cloud::connect(env, options, Arc::new(Deaf)).map_err(|error| Failure::error(Diagnostic::from(&error)))
}

/// What the twin needs: all that was seen, all that the configuration names by id, and the images and types that the
/// plan names.
fn asked(plan: &Plan, looking: &Looking<'_>) -> Asked {
    let mut asked = Asked::default();
    asked.seen(&looking.seen.live);
    for resource in looking.project.config.resources.values() {
        asked.named(resource.resource_type.attributes, &resource.attributes);
    }
    for step in plan.tasks.iter().flat_map(|task| &task.steps) {
        if let StepKind::Call(call) = &step.kind {
            let text = |name: &str| call.params.get(name).and_then(Value::as_str).map(str::to_owned);
            asked.images.extend(text("ImageId"));
            asked.instance_types.extend(text("InstanceType"));
        }
    }
    asked
}

/// A mistake that is put into a plan before it is rehearsed.
#[cfg(test)]
pub(crate) type Mistake = fn(&mut Plan);

#[cfg(test)]
thread_local! {
    /// The one of this thread's plans.
    pub(crate) static MISTAKE: std::cell::Cell<Option<Mistake>> = const { std::cell::Cell::new(None) };
}

#[cfg(test)]
fn mistaken(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    if let Some(mistake) = MISTAKE.get() {
        mistake(&mut plan);
    }
    plan
}

fn not_rehearsed(why: &str) -> Rehearsed {
    let warning = Diagnostic::warning(codes::NOT_REHEARSED, format!("the plan was not rehearsed: {why}"));
    Rehearsed {
        findings: vec![warning],
        told: Vec::new(),
    }
}

fn tell(
    plan: &Plan,
    outcome: &apply::Outcome,
    requests: &BTreeMap<&str, u64>,
    live: &Live,
    next: Option<&Plan>,
) -> Rehearsed {
    let mut findings = Vec::new();
    let is_unknown = |failure: &apply::Failure| match &failure.cause {
        apply::Cause::Api(error) => UNKNOWN_TO_TWIN.iter().any(|code| error.code.starts_with(code)),
        _ => false,
    };
    for failure in &outcome.failed {
        let told = report::failure(failure);
        let mut finding = if is_unknown(failure) {
            Diagnostic::warning(codes::NOT_REHEARSED, format!("not rehearsed: {}", told.message))
        } else {
            Diagnostic::error(codes::REHEARSAL, format!("in the rehearsal {}", told.message))
        };
        finding.labels = told.labels;
        finding.notes = told.notes;
        findings.push(finding.about(&failure.object.address));
    }
    let listed: Vec<String> = requests
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let sent: u64 = requests.values().sum();
    let mut told = vec![if sent == 0 {
        "Rehearsal: nothing would be sent.".to_owned()
    } else {
        format!(
            "Rehearsal: {sent} requests change something ({}).",
            listed.join(", ")
        )
    }];
    for change in plan.shown() {
        if let Some(down) = &change.down {
            told.push(format!("  {} cannot be used: {down}", change.address));
        }
    }
    told.push(format!("Rehearsal: at its end there is {}.", there(live)));
    let is_whole = outcome.failed.is_empty() && !outcome.interrupted;
    told.push(match next {
        Some(next) if next.is_empty() && is_whole => {
            "Rehearsal: nothing is refused, and the next plan is empty.".to_owned()
        }
        Some(next) if is_whole => {
            let left: Vec<String> = next
                .shown()
                .take(5)
                .map(|change| change.address.to_string())
                .collect();
            let outputs = next
                .outputs
                .iter()
                .map(|output| format!("output.{}", output.name));
            let left: Vec<String> = left.into_iter().chain(outputs).collect();
            format!(
                "Rehearsal: nothing is refused; the next plan still changes {}.",
                left.join(", ")
            )
        }
        _ => "Rehearsal: it does not come to its end.".to_owned(),
    });
    Rehearsed { findings, told }
}

/// Tells what a rehearsal has shown; whether it found something that would be refused.
pub(super) fn show(rehearsed: &Rehearsed, ui: &Ui) -> bool {
    ui.diagnostics(&rehearsed.findings, false);
    rehearsed.told.iter().for_each(|line| ui.say(line));
    rehearsed.findings.iter().any(Diagnostic::is_error)
}
