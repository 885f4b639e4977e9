//! A look ahead before anything is changed: what the cloud would refuse becomes a finding with its place in the files,
//! and what was planned is held against the world once more just before the first change.
//!
//! Does not know what a plan leaves out because of a finding.

use std::collections::{BTreeMap, BTreeSet};

use super::connect::Connection;
use super::decide::{Asked, Goal, decide};
use super::failure::{Exit, Failure};
use super::look::{Seen, costly_parts};
use super::project::Project;
use super::{report, secrets};
use crate::address::Address;
use crate::apply;
use crate::change::{Cost, amount};
use crate::cli::OwnerArgs;
use crate::diagnostic::{Diagnostic, Location, codes, run};
use crate::env::Env;
use crate::observe::preflight::{self, Ahead, Loss, Objection, Outset, Refusal};
use crate::observe::{again, funds, prices};
use crate::plan::{Plan, Selection};
use crate::state::{Effect, State};
use crate::step::StepKind;
use crate::task::{Phase, Task};
use crate::value::{Attributes, SecretSource, Value};

/// How many things a line or a finding names.
const NAMED_MAX: usize = 20;

/// What looking needs.
#[derive(Clone, Copy)]
pub(super) struct Looking<'a> {
    pub(super) env: &'a Env,
    pub(super) project: &'a Project,
    pub(super) seen: &'a Seen,
    pub(super) connection: &'a Connection,
    /// What may be taken from other states.
    pub(super) owner: OwnerArgs,
    /// What is to be done of the plan.
    pub(super) selection: &'a Selection,
    /// Whether the cloud is asked what it would refuse.
    pub(super) preflight: bool,
    /// The state, where the plan is a saved one: then everything that it touches must be as it was, what is removed
    /// included.
    pub(super) saved_for: Option<&'a State>,
}

/// What was decided, and what was found impossible before.
pub(super) struct Decided {
    pub(super) plan: Plan,
    pub(super) impossible: BTreeMap<Address, Diagnostic>,
}

impl Looking<'_> {
    /// Decides what must change, and once more without what a look ahead has found to be impossible.
    pub(super) async fn decide(&self, state: &State, goal: Goal) -> Result<Decided, Failure> {
        let mut impossible = BTreeMap::new();
        let mut plan = self.decide_without(state, goal, &impossible)?;
        if self.preflight {
            let ahead = self.ahead(&plan, false).await;
            impossible = self.findings(&plan, &ahead);
            if !impossible.is_empty() {
                plan = self.decide_without(state, goal, &impossible)?;
            }
            tell_losses(&mut plan, &ahead);
            plan.cost = self.cost(&plan).await;
            let unpaid = self.unpaid(&plan).await;
            if !unpaid.is_empty() {
                impossible.extend(unpaid);
                plan = self.decide_without(state, goal, &impossible)?;
                tell_losses(&mut plan, &ahead);
                // What is left out of it costs nothing.
                plan.cost = self.cost(&plan).await;
            }
            plan.findings.extend(unchecked(&ahead));
        }
        Ok(Decided { plan, impossible })
    }

    /// What the changes cost, by list prices.
    async fn cost(&self, plan: &Plan) -> Option<Cost> {
        let mut after: BTreeMap<&Address, &Attributes> = BTreeMap::new();
        for effect in plan.tasks.iter().flat_map(|task| &task.then) {
            if let Effect::Settle {
                address, attributes, ..
            } = effect
            {
                after.insert(address, attributes);
            }
        }
        let will_be = |address: &Address| after.get(address).map(|found| (*found).clone());
        prices::of(&plan.changes, &self.seen.live, &will_be, &self.connection.cloud).await
    }

    /// A finding about everything that is paid at once, where the account cannot pay it. A balance that nobody tells is
    /// no obstacle.
    async fn unpaid(&self, plan: &Plan) -> BTreeMap<Address, Diagnostic> {
        let none = BTreeMap::new;
        let Some(cost) = plan.cost.as_ref().filter(|cost| cost.charged() > 0) else {
            return none();
        };
        let Some(funds) = funds::read(&self.connection.cloud).await else {
            return none();
        };
        if funds.available >= cost.charged() || funds.currency != cost.currency {
            return none();
        }
        let is_subscription = |task: &&Task| {
            task.steps.iter().any(|step| match &step.kind {
                StepKind::Call(call) => {
                    let charge = call.params.get("InstanceChargeType").and_then(Value::as_str);
                    call.yields.makes() && charge == Some("PrePaid")
                }
                StepKind::Wait(_) => false,
            })
        };
        let made = plan.tasks.iter().filter(is_subscription);
        let paid: BTreeSet<&Address> = made
            .map(|task| &task.object.address)
            .chain(cost.orders.keys())
            .collect();
        let note = format!(
            "this plan is charged {} {} at once, and the account has {}",
            amount(cost.charged()),
            cost.currency,
            amount(funds.available)
        );
        let refused = paid.into_iter().map(|address| {
            let refusal = Refusal {
                address: address.clone(),
                attribute: Some("instance_charge_type".to_owned()),
                code: "InvalidAccountStatus.NotEnoughBalance".to_owned(),
                why: Objection::Create(String::new()),
                notes: vec![note.clone()],
            };
            (address.clone(), self.finding(plan, &refusal))
        });
        refused.collect()
    }

    /// Decides what must change, without what is known to be impossible.
    pub(super) fn decide_without(
        &self,
        state: &State,
        goal: Goal,
        impossible: &BTreeMap<Address, Diagnostic>,
    ) -> Result<Plan, Failure> {
        let asked = Asked {
            goal,
            selection: self.selection,
            owner: self.owner,
        };
        decide(
            self.env,
            self.project,
            state,
            self.seen,
            self.connection,
            asked,
            impossible,
        )
    }

    /// Between the approval and the first change: everything that is touched is still what the plan was made from, and
    /// what is removed can still be followed by what is to come.
    pub(super) async fn just_before(&self, plan: &Plan) -> Result<(), Failure> {
        let checks_again = self.preflight && preflight::destroys(&plan.tasks);
        let (moved, ahead) = tokio::join!(self.moved(plan), async {
            if checks_again {
                self.ahead(plan, true).await
            } else {
                Ahead::default()
            }
        });
        moved?;
        let refused = self.findings(plan, &ahead);
        if refused.is_empty() {
            return self.untold(plan, &ahead);
        }
        let told = refused.into_values().map(|one| one.note("nothing was changed"));
        Err(Failure::errors(told.collect()).with(Exit::Forbidden))
    }

    /// Fails if something would be lost of which the plan says nothing.
    fn untold(&self, plan: &Plan, ahead: &Ahead) -> Result<(), Failure> {
        let is_told = |loss: &&Loss| {
            let mut changes = plan
                .changes
                .iter()
                .filter(|change| change.address == loss.address);
            changes.any(|change| change.lost.contains(&loss.words))
        };
        let untold = ahead.losses.iter().filter(|loss| !is_told(loss));
        let told: Vec<Diagnostic> = untold
            .map(|Loss { address, words }| {
                let message = format!("{address} is not what this plan was made from: {words}");
                self.stale(address, &message)
            })
            .collect();
        if told.is_empty() {
            return Ok(());
        }
        Err(Failure::errors(told).with(self.stale_exit()))
    }

    /// What is said where the world has moved.
    fn stale(&self, address: &Address, message: &str) -> Diagnostic {
        let mut error = if self.saved_for.is_some() {
            Diagnostic::error(codes::STALE_PLAN, message).help(run("plan").then(" makes a new one"))
        } else {
            Diagnostic::error(codes::MOVED, message)
                .help("run it again; the plan is then made from what is there now")
        }
        .note("nothing was changed")
        .about(address);
        if let Some(location) = self.place(address, None) {
            error = error.at(location, "");
        }
        error
    }

    fn stale_exit(&self) -> Exit {
        if self.saved_for.is_some() {
            Exit::Stale
        } else {
            Exit::Error
        }
    }

    async fn ahead(&self, plan: &Plan, only_destructive: bool) -> Ahead {
        let touches = |phase| matches!(phase, Phase::Make | Phase::Change | Phase::Remove);
        if !plan.tasks.iter().any(|task| touches(task.phase)) {
            return Ahead::default();
        }
        let secrets = |source: &SecretSource| secrets::read(self.env, self.project, source);
        let outset = Outset {
            tasks: &plan.tasks,
            live: &self.seen.live,
            flatten: &|params: &Attributes| apply::wire_params(params, &secrets),
            only_destructive,
        };
        preflight::look(&outset, &self.connection.cloud).await
    }

    /// The finding about each resource that the cloud would refuse to make or to remove.
    fn findings(&self, plan: &Plan, ahead: &Ahead) -> BTreeMap<Address, Diagnostic> {
        let mut found: BTreeMap<Address, Diagnostic> = BTreeMap::new();
        for refusal in &ahead.refusals {
            found
                .entry(refusal.address.clone())
                .or_insert_with(|| self.finding(plan, refusal));
        }
        found
    }

    fn finding(&self, plan: &Plan, refusal: &Refusal) -> Diagnostic {
        let address = &refusal.address;
        let mut finding = match &refusal.why {
            Objection::Create(words) => {
                let (sentence, help) = report::meaning_of(&refusal.code).unwrap_or((words, ""));
                let mut finding = Diagnostic::error(
                    codes::WOULD_BE_REFUSED,
                    format!("{address} would be refused: {sentence}"),
                );
                if !words.is_empty() && words != sentence {
                    finding = finding.note(format!("message: {words}"));
                }
                if !help.is_empty() {
                    finding = finding.help(help);
                }
                finding
            }
            Objection::There { id } => report::there(
                Diagnostic::error(
                    codes::WOULD_BE_REFUSED,
                    format!("{address} cannot be made: {id} is there already, and is not as it is wanted"),
                ),
                address,
                id,
            ),
            Objection::Occupied(by) => {
                let named: Vec<String> = by.iter().take(NAMED_MAX).map(ToString::to_string).collect();
                let more = match by.len().saturating_sub(NAMED_MAX) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let message = format!(
                    "{address} cannot be deleted: this plan does not remove {}{more}, which {} on it",
                    named.join(", "),
                    if by.len() == 1 { "depends" } else { "depend" },
                );
                Diagnostic::error(codes::OCCUPIED, message)
                    .help("delete it first if nobody needs it any more, or let its owner move it away")
                    .help(format!("or keep {address}"))
            }
        };
        if !refusal.notes.iter().any(|note| note.contains(&refusal.code)) {
            finding = finding.note(format!("code: {}", refusal.code));
        }
        finding.notes.extend(refusal.notes.iter().cloned());
        let existing = plan
            .changes
            .iter()
            .find(|change| change.address == *address && change.is_loss())
            .and_then(|change| change.id.as_ref());
        if let Some(id) = existing {
            finding = finding.note(format!("{id} stays as it is"));
        }
        if let Some(location) = self.place(address, refusal.attribute.as_deref()) {
            finding = finding.at(location, "");
        }
        finding.about(address)
    }

    /// Where the attribute stands, or else the block; none if there is no block any more.
    fn place(&self, address: &Address, attribute: Option<&str>) -> Option<Location> {
        let resource = self.project.config.resources.get(address)?;
        let attribute = attribute.and_then(|path| {
            let top = path.split('.').next().unwrap_or(path);
            let places = &resource.locations;
            places.get(path).or_else(|| places.get(top))
        });
        Some(attribute.unwrap_or(&resource.location).clone())
    }

    /// Fails if something is not any more what the plan was made from.
    async fn moved(&self, plan: &Plan) -> Result<(), Failure> {
        let config = &self.project.config;
        let managed = |address: &Address| -> BTreeSet<String> {
            let resource = config.resources.get(address);
            let names = resource
                .into_iter()
                .flat_map(|resource| resource.attributes.keys());
            let known = self.saved_for.and_then(|state| state.resources.get(address));
            let known = known.filter(|_| resource.is_none()).into_iter();
            names
                .chain(known.flat_map(|known| known.attributes.keys()))
                .map(ToString::to_string)
                .collect()
        };
        let wanted = costly_parts(config);
        let (live, cloud) = (&self.seen.live, &self.connection.cloud);
        let moved = again::look(
            &plan.tasks,
            live,
            &managed,
            &wanted,
            self.saved_for.is_some(),
            cloud,
        )
        .await
        .map_err(|error| Failure::error(report::api_error("the cloud could not be read again", &error)))?;
        if moved.is_empty() {
            return Ok(());
        }
        let told = moved.iter().take(NAMED_MAX).map(|one| {
            let message = format!(
                "{} is not what this plan was made from: {} {}",
                one.address, one.id, one.how
            );
            self.stale(&one.address, &message)
        });
        Err(Failure::errors(told.collect()).with(self.stale_exit()))
    }
}

/// What goes with something is lost like that.
fn tell_losses(plan: &mut Plan, ahead: &Ahead) {
    for Loss { address, words } in &ahead.losses {
        let mut losing = plan.changes.iter_mut().filter(|change| change.is_loss());
        if let Some(change) = losing.find(|change| change.address == *address) {
            change.lost.push(words.clone());
        }
    }
}

/// What could not be checked, in one warning.
fn unchecked(ahead: &Ahead) -> Option<Diagnostic> {
    let mut reasons: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for one in &ahead.unchecked {
        reasons
            .entry(&one.why)
            .or_default()
            .insert(one.address.to_string());
    }
    if reasons.is_empty() {
        return None;
    }
    let told: Vec<String> = reasons
        .into_iter()
        .map(|(why, addresses)| {
            let named: Vec<String> = addresses.iter().take(3).cloned().collect();
            let more = match addresses.len().saturating_sub(named.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{}{more} ({why})", named.join(", "))
        })
        .collect();
    Some(Diagnostic::warning(
        codes::NOT_CHECKED,
        format!("not checked beforehand: {}", told.join("; ")),
    ))
}
