//! What apply and destroy share behind the plan: asking, the rules, carrying out, and saying what happened.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::failure::{Exit, Failure};
use super::project::{self, Connection, Project, Seen};
use super::report;
use crate::address::Address;
use crate::apply::{self, Context, Outcome, Stop};
use crate::cli::{ApprovalArgs, Global};
use crate::diagnostic::Diagnostic;
use crate::env::Env;
use crate::live::Observed;
use crate::plan::Plan;
use crate::resources::{self, REGISTRY};
use crate::state::{Effect, Session, State};
use crate::ui::{Header, Ui};
use crate::value::{Reference, Value};

/// Whether a plan may be carried out: first somebody must agree (exit 4), then the rules must allow it (exit 5).
pub(super) fn approve(
    plan: &Plan,
    approval: &ApprovalArgs,
    global: &Global,
    env: &Env,
    ui: &Ui,
    header: &Header,
) -> Result<(), Failure> {
    let _ = (global, env, header);
    if !approval.auto_approve {
        return Err(Failure::error(
            Diagnostic::error(
                "E0511",
                "infra apply needs an answer and there is no terminal to ask on",
            )
            .help("accept without looking:  infra apply --auto-approve"),
        )
        .with(Exit::NotApproved));
    }
    let broken = broken_rules(plan, approval);
    if !broken.is_empty() {
        return Err(Failure::errors(broken).with(Exit::Forbidden));
    }
    let _ = ui;
    Ok(())
}

/// Every rule that stands against this plan, each with its way out.
fn broken_rules(plan: &Plan, approval: &ApprovalArgs) -> Vec<Diagnostic> {
    let mut broken: Vec<Diagnostic> = plan
        .forbidden
        .iter()
        .map(|forbidden| {
            Diagnostic::error(
                "E0521",
                format!("{} may not be deleted or replaced", forbidden.address),
            )
            .help(forbidden.rule.clone())
            .about(&forbidden.address)
        })
        .collect();
    if !approval.auto_approve {
        return broken;
    }
    let allowed = |address: &Address| {
        let allowed = approval.allow_destroy.as_deref().unwrap_or_default();
        allowed
            .iter()
            .any(|one| one == "*" || *one == address.to_string())
    };
    let lost: Vec<String> = plan
        .losses()
        .filter(|change| !allowed(&change.address))
        .map(|change| change.address.to_string())
        .collect();
    if !lost.is_empty() {
        let listed = lost.join(",");
        broken.push(
            Diagnostic::error(
                "E0520",
                format!("this plan deletes or replaces {}", lost.join(", ")),
            )
            .note("--auto-approve does not approve a loss")
            .help(format!("allow exactly this:  --allow-destroy={listed}"))
            .help("allow any loss:      --allow-destroy"),
        );
    }
    broken
}

/// Carries out a plan, saves, and says what happened.
pub(super) async fn execute(
    plan: &Plan,
    session: Session,
    seen: &Seen,
    connection: &Connection,
    project: &Project,
    env: &Env,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let stop = Arc::new(Stop::default());
    let signals = tokio::spawn(listen_for_signals(stop.clone(), ui.clone()));
    let secrets = |source: &crate::value::SecretSource| project::read_secret(env, &project.folder, source);
    let listener = ui.listener();
    let started = env.clock.elapsed();
    let outcome = apply::execute(
        plan,
        &Context {
            cloud: &connection.cloud,
            session: &session,
            clock: env.clock.clone(),
            random: env.random.clone(),
            secrets: &secrets,
            listener: &*listener,
            stop: &stop,
            open: &seen.recovery.open,
        },
    )
    .await;
    signals.abort();
    let complete = outcome.failed.is_empty() && !outcome.interrupted;
    let observed = if outcome.interrupted {
        BTreeMap::new()
    } else {
        look_again(plan, &session, connection).await
    };
    let outputs = outputs(project, &session, seen, &observed, plan);
    if complete {
        let stored = stored_outputs(project, &outputs);
        if session.with_state(|state| state.outputs != stored) {
            session.note(vec![Effect::Outputs { outputs: stored }]).await?;
        }
    }
    let serial = session.close();
    let _ = started;
    ui.diagnostics(&outcome.failed.iter().map(report::failure).collect::<Vec<_>>());
    ui.rows(&observed);
    ui.outputs(&outputs);
    serial?;
    Ok(exit_of(&outcome))
}

/// Turns signals into requests to stop: the first starts nothing new, the second stops at once.
async fn listen_for_signals(stop: Arc<Stop>, ui: Ui) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if !stop.is_raised() {
                ui.talk(
                    "Stopping. Waiting for running calls to reach a safe point (once more to stop at once).",
                );
            }
            stop.raise();
        }
    }
    #[cfg(not(unix))]
    while tokio::signal::ctrl_c().await.is_ok() {
        if !stop.is_raised() {
            ui.talk("Stopping. Waiting for running calls to reach a safe point (once more to stop at once).");
        }
        stop.raise();
    }
}

/// What exists now of all that was touched: about one request for a hundred resources of a type.
async fn look_again(plan: &Plan, session: &Session, connection: &Connection) -> BTreeMap<Address, Observed> {
    let touched: Vec<&Address> = plan.work.iter().map(|work| &work.address).collect();
    let mut found = BTreeMap::new();
    for resource_type in REGISTRY {
        let type_name = resource_type.schema().type_name;
        let ids: BTreeMap<String, Address> = session.with_state(|state| {
            touched
                .iter()
                .filter(|address| address.type_name() == type_name)
                .filter_map(|address| Some((state.resources.get(*address)?.id.clone(), (*address).clone())))
                .filter(|(id, _)| !id.is_empty())
                .collect()
        });
        let wanted: Vec<String> = ids.keys().cloned().collect();
        if wanted.is_empty() {
            continue;
        }
        // Only for the screen and the outputs: what cannot be read now is left out, the state is saved already.
        if let Ok(observed) = resources::read_by_id(*resource_type, &connection.cloud, &wanted).await {
            found.extend(
                observed
                    .into_iter()
                    .filter_map(|one| Some((ids.get(&one.id)?.clone(), one))),
            );
        }
    }
    found
}

/// The value of every output, as far as it is known.
fn outputs(
    project: &Project,
    session: &Session,
    seen: &Seen,
    observed: &BTreeMap<Address, Observed>,
    plan: &Plan,
) -> BTreeMap<String, (Value, bool)> {
    if plan.work.iter().any(|_| true) && project.config.outputs.is_empty() {
        return BTreeMap::new();
    }
    session.with_state(|state| {
        let look_up = |reference: &Reference| look_up(reference, project, state, seen, observed);
        let value = |value: &Value| value.resolve(&look_up);
        project
            .config
            .outputs
            .iter()
            .map(|(name, output)| (name.clone(), (value(&output.value), output.sensitive)))
            .collect()
    })
}

fn look_up(
    reference: &Reference,
    project: &Project,
    state: &State,
    seen: &Seen,
    observed: &BTreeMap<Address, Observed>,
) -> Option<Value> {
    let known = state
        .resources
        .get(&reference.address)
        .filter(|known| !known.id.is_empty())?;
    if reference.attribute == "id" {
        return Some(Value::from(known.id.as_str()));
    }
    let pick = |attributes: &crate::value::Attributes| {
        let (name, rest) = reference
            .attribute
            .split_once('.')
            .map_or((reference.attribute.as_str(), None), |(name, rest)| {
                (name, Some(rest))
            });
        let value = attributes.get(name)?;
        rest.map_or(Some(value), |rest| value.at(rest)).cloned()
    };
    let fresh = observed.get(&reference.address).or_else(|| {
        seen.live
            .resources
            .get(&reference.address)
            .filter(|observed| observed.id == known.id)
    });
    let wanted = project
        .config
        .resources
        .get(&reference.address)
        .and_then(|wanted| pick(&wanted.attributes));
    wanted
        .filter(|value| value.is_known() && !matches!(value, Value::Secret(_)))
        .or_else(|| fresh.and_then(|observed| pick(&observed.attributes)))
        .or_else(|| pick(&known.attributes))
}

/// Outputs as the state keeps them: known ones, and none that are sensitive.
fn stored_outputs(
    project: &Project,
    outputs: &BTreeMap<String, (Value, bool)>,
) -> BTreeMap<String, serde_json::Value> {
    outputs
        .iter()
        .filter(|(name, (value, sensitive))| {
            !sensitive && value.is_known() && project.config.outputs.contains_key(*name)
        })
        .map(|(name, (value, _))| (name.clone(), value.to_json()))
        .collect()
}

fn exit_of(outcome: &Outcome) -> Exit {
    if outcome.interrupted {
        Exit::Interrupted
    } else if outcome.failed.is_empty() {
        Exit::Success
    } else if outcome.changed {
        Exit::Partial
    } else {
        Exit::Error
    }
}
