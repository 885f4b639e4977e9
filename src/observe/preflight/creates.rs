//! Whether what a plan makes can be made: by the action's own dry run where it has one and all that it needs is known,
//! one for each distinct set of parameters; else by what reads can tell.
//!
//! Does not know what is removed.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};

use super::draft::Draft;
use super::fault::{self, Bearing};
use super::finding::{Ahead, Objection, Refusal};
use super::{Outset, disks, offer, successors};
use crate::api::Action;
use crate::cloud::{ApiError, Cloud, Request};
use crate::observe::read::read_by_id;
use crate::step::{Shows, Step, StepKind, Yield};
use crate::task::{Phase, Task};
use crate::value::Value;

/// Creates that differ in nothing that a dry run would tell.
type Alike<'d> =
    BTreeMap<(&'static Action, BTreeMap<String, String>), Vec<(&'d Draft<'d>, BTreeMap<String, String>)>>;

/// Checks the creates of a plan.
pub(super) async fn check(question: &Outset<'_>, cloud: &Cloud) -> Ahead {
    let successors = successors(question.tasks);
    let makes = || {
        question
            .tasks
            .iter()
            .enumerate()
            .filter(|(_, task)| task.phase == Phase::Make)
    };
    let all: Vec<Draft<'_>> = makes().filter_map(|(_, task)| Draft::of(task, false)).collect();
    let made: BTreeSet<(&str, &str)> = all.iter().filter_map(Draft::named).collect();
    let mut drafts: Vec<Draft<'_>> = makes()
        .filter(|(index, _)| !question.only_destructive || successors.contains(index))
        .filter_map(|(index, task)| Draft::of(task, successors.contains(&index)))
        .collect();
    drafts.iter_mut().for_each(|draft| draft.await_named(&made));
    let drafts = drafts;
    let mut ahead = Ahead::default();
    let mut alike: Alike<'_> = BTreeMap::new();
    let mut others = Vec::new();
    for draft in &drafts {
        // A dry run of a change is no read.
        if cloud.is_read_only() || !draft.call.action.dry_run || !draft.open.is_empty() {
            others.push(draft);
            continue;
        }
        match (question.flatten)(&draft.known) {
            Ok(flat) => {
                let key = (draft.call.action, draft.common(&flat));
                alike.entry(key).or_default().push((draft, flat));
            }
            Err(missing) => ahead.unchecked(&draft.task.object.address, missing),
        }
    }
    let tried = stream::iter(alike.into_values())
        .map(|members| try_out(members, question, cloud))
        .buffered(cloud.parallelism())
        .fold(Ahead::default(), async |all, one| all.join(one));
    let (tried, read, disks) = tokio::join!(
        tried,
        offer::check(&others, question, cloud),
        disks::made(&others, question, cloud)
    );
    ahead.join(tried).join(read).join(disks)
}

/// One dry run, for all that it speaks for.
async fn try_out(
    members: Vec<(&Draft<'_>, BTreeMap<String, String>)>,
    question: &Outset<'_>,
    cloud: &Cloud,
) -> Ahead {
    let mut ahead = Ahead::default();
    let Some((first, flat)) = members.first() else {
        return ahead;
    };
    let request = Request {
        action: first.call.action,
        params: flat.clone(),
    };
    let Err(error) = cloud.dry_run(&request).await else {
        return ahead;
    };
    if let Some(id) = taken(first, &error, question, cloud).await {
        ahead.refusals.extend(members.iter().map(|(draft, _)| Refusal {
            address: draft.task.object.address.clone(),
            attribute: None,
            code: error.code.clone(),
            why: Objection::There { id: id.clone() },
            notes: error.notes(),
        }));
        return ahead;
    }
    let attribute = fault::attribute(first.resource_type, &error.code);
    // What is wrong with one's own name says nothing about the others.
    let is_own = attribute.as_deref().is_some_and(Draft::is_own);
    for (draft, _) in members.iter().take(if is_own { 1 } else { members.len() }) {
        let address = &draft.task.object.address;
        match fault::verdict(
            draft.resource_type,
            &error,
            draft.is_successor,
            draft.is_incomplete,
        ) {
            Bearing::Nothing(why) => {
                ahead.unchecked(
                    address,
                    format!("the dry run of {} ended with {why}", error.action.name),
                );
            }
            Bearing::Refused => ahead.refusals.push(Refusal {
                address: address.clone(),
                attribute: attribute.clone(),
                code: error.code.clone(),
                why: Objection::Create(error.message.clone()),
                notes: error.notes(),
            }),
        }
    }
    ahead
}

/// The id of what is at the place of a create, that this plan does not remove, and that is not as the create would make it.
async fn taken(draft: &Draft<'_>, error: &ApiError, question: &Outset<'_>, cloud: &Cloud) -> Option<String> {
    let Yield::Named(id) = &draft.call.yields else {
        return None;
    };
    let id = id
        .as_str()
        .filter(|_| draft.resource_type.codes.is_there(&error.code))?;
    let is_removed = |task: &Task| task.phase == Phase::Remove && task.id.as_deref() == Some(id);
    if question.tasks.iter().any(is_removed) {
        return None;
    }
    let ids = [id.to_owned()];
    let seen = read_by_id(draft.resource_type, cloud, &ids).await.ok()?.pop()?;
    let is_create =
        |step: &&Step| matches!(&step.kind, StepKind::Call(call) if std::ptr::eq(call, draft.call));
    let create = draft.task.steps.iter().find(is_create)?;
    let is_it = match &create.shows {
        // What is not known yet may be what is there.
        Shows::Attributes(shown) if !shown.values().all(Value::is_known) => true,
        shows => shows.is_seen(&seen, &Value::clone),
    };
    (!is_it).then(|| id.to_owned())
}
