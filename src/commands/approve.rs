//! Whether a plan may be carried out: somebody agrees, and the rules allow it.

use super::connect::Connection;
use super::failure::{Exit, Failure};
use super::project::Project;
use crate::address::Address;
use crate::cli::{ApprovalArgs, Global};
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::env::Env;
use crate::plan::{Plan, PolicyPlace, Vanished, broken_policy};
use crate::ui::prompt::{self, Question};
use crate::ui::{Header, Ui};

/// Whether a plan may be carried out: first somebody must be there to agree (exit 4), then the rules must allow it
/// (exit 5), then somebody must agree, or says no.
pub(super) async fn approve(
    plan: &Plan,
    approval: &ApprovalArgs,
    global: &Global,
    env: &Env,
    ui: &Ui,
    header: &Header,
    place: &Place<'_>,
) -> Result<bool, Failure> {
    let question = Question {
        plan,
        header,
        no_input: global.no_input || global.json,
    };
    if !approval.auto_approve {
        prompt::can_ask(&question, env)
            .map_err(|refusal| Failure::error(*refusal).with(Exit::NotApproved))?;
    }
    let mut broken = rules(plan, place);
    broken.extend(losses_without_leave(plan, approval, header.command));
    broken.extend(cost_without_leave(plan, approval, header.command));
    if !broken.is_empty() {
        return Err(Failure::errors(broken).with(Exit::Forbidden));
    }
    Ok(approval.auto_approve || prompt::confirm(&question, env, ui).await)
}

/// What is said of known resources that nobody finds.
fn gone(plan: &Plan, vanished: &[&Vanished], command: &'static str) -> Diagnostic {
    let listed: Vec<String> = vanished.iter().map(|one| one.address.to_string()).collect();
    let (count, known) = (plan.vanished.len(), plan.known);
    let mut error = Diagnostic::error(
        codes::VANISHED,
        format!(
            "{count} of {known} known resources are not there any more: {}",
            listed.join(", ")
        ),
    )
    .note("they are made again, or forgotten, only with leave");
    if count == known {
        error =
            error.note("none of them was seen at all: are account, region and rights those of this state?");
    }
    error
        .help(
            Advice::from("if they were deleted on purpose: ")
                .run(command)
                .arg("--auto-approve")
                .arg(format!("--allow-vanished={}", listed.join(","))),
        )
        .help(
            Advice::from("whichever they are:              ")
                .run(command)
                .arg("--auto-approve")
                .arg("--allow-vanished"),
        )
}

/// Where a plan would be carried out, and by which rules.
pub(super) struct Place<'a> {
    pub(super) project: &'a Project,
    pub(super) connection: &'a Connection,
    pub(super) account: Option<&'a str>,
}

/// What the configuration's own rules have against a plan, whoever makes it: errors, each with its way out, and warnings
/// about what could not be seen.
pub(super) fn own_rules(plan: &Plan, place: &Place<'_>) -> Vec<Diagnostic> {
    let prevented = plan.forbidden.iter().map(|forbidden| {
        Diagnostic::error(
            codes::PREVENTED,
            format!("{} may not be deleted or replaced", forbidden.address),
        )
        .help(forbidden.rule.clone())
        .about(&forbidden.address)
    });
    let here = PolicyPlace {
        region: &place.connection.region,
        account: place.account,
    };
    let policy = broken_policy(&place.project.config, plan, &here);
    prevented.chain(policy).collect()
}

/// Every rule that stands against this plan whatever anybody agrees to, each with its way out.
pub(super) fn rules(plan: &Plan, place: &Place<'_>) -> Vec<Diagnostic> {
    let mut broken = own_rules(plan, place);
    broken.retain(Diagnostic::is_error);
    if place.connection.cloud.is_read_only() && plan.tasks.iter().any(|task| !task.is_note()) {
        broken.push(
            Diagnostic::error(
                codes::READ_ONLY,
                "this run may only read, and the plan changes something",
            )
            .note("nothing was changed")
            .help("leave out --read-only and INFRA_READ_ONLY where changes are allowed"),
        );
    }
    broken
}

/// What is lost, or gone already, although no flag allows it. Where somebody is asked, the question says it.
fn losses_without_leave(plan: &Plan, approval: &ApprovalArgs, command: &'static str) -> Vec<Diagnostic> {
    let mut broken = Vec::new();
    if !approval.auto_approve {
        return broken;
    }
    let allowed = |address: &Address| {
        let allowed = approval.allow_destroy.as_deref().unwrap_or_default();
        allowed
            .iter()
            .any(|one| one == "*" || *one == address.to_string())
    };
    let vanished_allowed = approval.allow_vanished.as_deref().unwrap_or_default();
    let vanished: Vec<&Vanished> = plan
        .vanished
        .iter()
        .filter(|one| {
            !vanished_allowed
                .iter()
                .any(|allowed| allowed == "*" || *allowed == one.address.to_string())
        })
        .collect();
    if !vanished.is_empty() {
        broken.push(gone(plan, &vanished, command));
    }
    let lost: Vec<String> = plan
        .losses()
        .filter(|change| !allowed(&change.address))
        .map(|change| change.address.to_string())
        .collect();
    if !lost.is_empty() {
        let listed = lost.join(",");
        broken.push(
            Diagnostic::error(
                codes::LOSS,
                format!("this plan deletes or replaces {}", lost.join(", ")),
            )
            .note("--auto-approve does not approve a loss")
            .help(
                Advice::from("allow exactly this: ")
                    .run(command)
                    .arg("--auto-approve")
                    .arg(format!("--allow-destroy={listed}")),
            )
            .help(
                Advice::from("allow any loss:     ")
                    .run(command)
                    .arg("--auto-approve")
                    .arg("--allow-destroy"),
            ),
        );
    }
    broken
}

/// Orders of which nobody tells the amount, although no flag allows them: whoever is asked could not agree to it either.
fn cost_without_leave(plan: &Plan, approval: &ApprovalArgs, command: &'static str) -> Option<Diagnostic> {
    let allowed = approval.allow_cost.as_deref().unwrap_or_default();
    let is_allowed = |address: &&Address| {
        allowed
            .iter()
            .any(|one| one == "*" || *one == address.to_string())
    };
    let unpriced = plan.unpriced().into_iter();
    let unpriced: Vec<String> = unpriced
        .filter(|address| !is_allowed(address))
        .map(ToString::to_string)
        .collect();
    if unpriced.is_empty() {
        return None;
    }
    let listed = unpriced.join(",");
    let mut advice = Advice::from("allow exactly this: ").run(command);
    if approval.auto_approve {
        advice = advice.arg("--auto-approve");
    }
    Some(
        Diagnostic::error(
            codes::UNPRICED,
            format!(
                "this plan orders something for {} that is paid at once, and its amount is not known",
                unpriced.join(", ")
            ),
        )
        .note("nothing was changed")
        .help(advice.arg(format!("--allow-cost={listed}"))),
    )
}
