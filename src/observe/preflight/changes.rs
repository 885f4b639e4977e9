//! Whether what a plan changes in place is to be had: another type in the zone of its server. The server would have to be
//! stopped before the cloud says no.
//!
//! Does not know what is made anew.

use std::collections::BTreeSet;

use super::Outset;
use super::finding::{Ahead, Objection, Refusal};
use super::stock::{Stock, stocked};
use crate::address::Address;
use crate::cloud::Cloud;
use crate::step::StepKind;
use crate::task::{Phase, Task};
use crate::value::Value;

/// Type, zone, way of paying.
type Wanted = (String, String, String);

/// Checks what a plan changes.
pub(super) async fn check(question: &Outset<'_>, cloud: &Cloud) -> Ahead {
    let mut ahead = Ahead::default();
    if question.only_destructive {
        return ahead;
    }
    let wanted: Vec<(&Address, Wanted)> = question
        .tasks
        .iter()
        .filter(|task| task.phase == Phase::Change)
        .filter_map(|task| Some((&task.object.address, wanted(task, question)?)))
        .collect();
    let distinct: BTreeSet<Wanted> = wanted.iter().map(|(_, one)| one.clone()).collect();
    let stock = stocked(&distinct, cloud).await;
    for (address, one) in wanted {
        let (kind, zone, _) = &one;
        let (code, words) = match stock.get(&one) {
            Some(Ok(Stock::SoldOut)) => ("OperationDenied.NoStock", format!("{kind} is sold out in {zone}")),
            Some(Ok(Stock::NotOffered)) => (
                "InvalidInstanceType.NotSupported",
                format!("{kind} is not offered in {zone}"),
            ),
            Some(Err(why)) => {
                ahead.unchecked(address, why.clone());
                continue;
            }
            Some(Ok(Stock::Some)) | None => continue,
        };
        ahead.refusals.push(Refusal {
            address: address.clone(),
            attribute: Some("instance_type".to_owned()),
            code: code.to_owned(),
            why: Objection::Create(words),
            notes: Vec::new(),
        });
    }
    ahead
}

/// What a task wants another type to be.
pub(super) fn wanted(task: &Task, question: &Outset<'_>) -> Option<Wanted> {
    let kind = task.steps.iter().find_map(|step| match &step.kind {
        StepKind::Call(call) => call.params.get("InstanceType").and_then(Value::as_str),
        StepKind::Wait(_) => None,
    })?;
    let observed = question.live.resources.get(&task.object.address)?;
    let text = |name: &str| observed.attributes.get(name).and_then(Value::as_str);
    let charge = text("instance_charge_type").unwrap_or("PostPaid");
    Some((kind.to_owned(), text("zone_id")?.to_owned(), charge.to_owned()))
}
