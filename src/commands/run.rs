//! What apply and destroy share behind the plan: asking, the rules, carrying out, and saying what happened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::apply::Goal;
use super::failure::{Exit, Failure};
use super::project::{self, Connection, Project, Seen};
use super::report;
use crate::address::Address;
use crate::apply::{self, Context, Outcome, Stop};
use crate::cli::{ApprovalArgs, Global};
use crate::diagnostic::Diagnostic;
use crate::env::{Env, SignalStream};
use crate::live::Observed;
use crate::observe::read::read_by_id;
use crate::plan::{Counts, Plan};
use crate::state::{Effect, Session, State, StateError};
use crate::types::REGISTRY;
use crate::ui::outcome::Finished;
use crate::ui::progress::Progress;
use crate::ui::prompt::{self, Question};
use crate::ui::{Header, Row, Ui};
use crate::value::{Reference, SecretSource, Value};

/// Whether a plan may be carried out: first somebody must agree (exit 4), then the rules must allow it (exit 5).
pub(super) fn approve(
    plan: &Plan,
    approval: &ApprovalArgs,
    global: &Global,
    env: &Env,
    ui: &Ui,
    header: &Header,
) -> Result<(), Failure> {
    let question = Question {
        plan,
        header,
        no_input: global.no_input || global.json,
    };
    if !approval.auto_approve {
        prompt::can_ask(&question, env)
            .map_err(|refusal| Failure::error(*refusal).with(Exit::NotApproved))?;
    }
    let broken = broken_rules(plan, approval);
    if !broken.is_empty() {
        return Err(Failure::errors(broken).with(Exit::Forbidden));
    }
    if approval.auto_approve || prompt::confirm(&question, ui) {
        return Ok(());
    }
    let declined = Diagnostic::error("E0513", "not approved; nothing was changed");
    Err(Failure::error(declined).with(Exit::NotApproved))
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

/// A plan that was agreed to, with what carrying it out needs.
pub(super) struct Run<'a> {
    pub(super) goal: Goal,
    pub(super) plan: &'a Plan,
    pub(super) header: &'a Header,
    pub(super) seen: &'a Seen,
    pub(super) connection: &'a Connection,
    pub(super) project: &'a Project,
    pub(super) env: &'a Env,
    pub(super) ui: &'a Ui,
    pub(super) progress: Arc<Progress>,
}

impl Run<'_> {
    /// Carries out the plan, saves, and says what happened.
    pub(super) async fn execute(&self, session: Session) -> Result<Exit, Failure> {
        let Run {
            plan,
            seen,
            connection,
            project,
            env,
            ui,
            ..
        } = self;
        let stop = Arc::new(Stop::default());
        // Where nobody can listen, a signal ends the process, which is safe at any instant.
        let signals = env.signals.listen().ok();
        let signals =
            signals.map(|signals| tokio::spawn(listen_for_signals(signals, stop.clone(), (*ui).clone())));
        let secrets = |source: &SecretSource| project::read_secret(env, &project.folder, source);
        let started = env.clock.elapsed();
        let context = Context {
            cloud: &connection.cloud,
            session: &session,
            clock: env.clock.clone(),
            random: env.random.clone(),
            secrets: &secrets,
            listener: &*self.progress,
            stop: &stop,
            open: &seen.recovery.open,
        };
        self.progress.begin(plan, self.header);
        let outcome = tokio::select! {
            outcome = apply::execute(plan, &context) => outcome,
            () = self.progress.beat() => unreachable!("it never ends by itself"),
        };
        // Only for the screen and the outputs, so not for somebody who wants it to end.
        let observed = tokio::select! {
            biased;
            () = stop.raised() => BTreeMap::new(),
            observed = look_again(plan, &session, connection) => observed,
        };
        let outputs = outputs(project, &session, seen, &observed);
        let complete = outcome.failed.is_empty() && !outcome.interrupted;
        let noted = if complete {
            self.note_outputs(&session, &outputs).await
        } else {
            Ok(())
        };
        let rows = rows(plan, &session, &observed);
        let serial = session.close();
        if let Some(signals) = signals {
            signals.abort();
        }
        self.progress.end();
        ui.outcome(&Finished {
            command: self.header.command,
            counts: counts(plan, &outcome),
            failures: outcome.failed.iter().map(report::failure).collect(),
            done: outcome.done.clone(),
            failed: outcome
                .failed
                .iter()
                .map(|failure| (failure.address.clone(), failure.id.clone()))
                .collect(),
            half_made: outcome.half_made.clone(),
            not_begun: outcome
                .not_begun
                .iter()
                .map(|unbegun| (unbegun.address.clone(), unbegun.waits_for.clone()))
                .collect(),
            interrupted: outcome.interrupted,
            rows,
            outputs: if complete && self.goal == Goal::Configuration {
                outputs
            } else {
                BTreeMap::new()
            },
            serial: serial.as_ref().ok().copied(),
            elapsed: env.clock.elapsed().saturating_sub(started),
        });
        let saved = noted.and(serial.map(|_| ()));
        match saved {
            Ok(()) => Ok(exit_of(&outcome)),
            Err(error) if outcome.changed => Err(Failure::from(error).with(Exit::Partial)),
            Err(error) => Err(error.into()),
        }
    }

    async fn note_outputs(
        &self,
        session: &Session,
        outputs: &BTreeMap<String, (Value, bool)>,
    ) -> Result<(), StateError> {
        let stored = if self.goal == Goal::Nothing {
            BTreeMap::new()
        } else {
            stored_outputs(self.project, outputs)
        };
        if session.with_state(|state| state.outputs == stored) {
            return Ok(());
        }
        session.note(vec![Effect::Outputs { outputs: stored }]).await
    }
}

/// Changes that are done altogether, by kind.
fn counts(plan: &Plan, outcome: &Outcome) -> Counts {
    let unfinished: BTreeSet<&Address> = outcome
        .failed
        .iter()
        .map(|failure| &failure.address)
        .chain(outcome.half_made.iter().map(|(address, _, _)| address))
        .chain(outcome.not_begun.iter().map(|unbegun| &unbegun.address))
        .collect();
    let mut done = plan.clone();
    done.changes
        .retain(|change| !unfinished.contains(&change.address));
    done.counts()
}

/// The table of what was touched and exists.
fn rows(plan: &Plan, session: &Session, observed: &BTreeMap<Address, Observed>) -> Vec<Row> {
    let touched: BTreeSet<&Address> = plan.work.iter().map(|work| &work.address).collect();
    session.with_state(|state| {
        touched
            .into_iter()
            .filter_map(|address| {
                let known = state
                    .resources
                    .get(address)
                    .filter(|known| !known.id.is_empty())?;
                let attributes = observed
                    .get(address)
                    .map_or(&known.attributes, |observed| &observed.attributes);
                let text = |name: &str| {
                    attributes
                        .get(name)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                Some(Row {
                    address: address.to_string(),
                    id: known.id.clone(),
                    status: text("status"),
                    private_ip: text("private_ip"),
                    public_ip: text("public_ip"),
                    zone: text("zone_id"),
                    drifted: None,
                })
            })
            .collect()
    })
}

/// The outputs of a run that had nothing to do.
pub(super) fn tell_outputs(project: &Project, session: &Session, seen: &Seen, ui: &Ui) {
    ui.outputs(&outputs(project, session, seen, &BTreeMap::new()));
}

/// Turns signals into requests to stop: the first starts nothing new, the second stops at once.
async fn listen_for_signals(mut signals: Box<dyn SignalStream>, stop: Arc<Stop>, ui: Ui) {
    loop {
        signals.next().await;
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
        let type_name = resource_type.name;
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
        if let Ok(observed) = read_by_id(resource_type, &connection.cloud, &wanted).await {
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
) -> BTreeMap<String, (Value, bool)> {
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
    let pick = |attributes| reference.find_in(attributes).cloned();
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
