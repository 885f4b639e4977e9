//! Work that goes on behind a request that was answered, to be looked at.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done};
use super::super::clock::{Now, parse_utc, seconds};
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Task {
    #[serde(flatten)]
    pub(super) head: Head,
    action: String,
    resource_id: String,
    group: String,
    finished: Option<i64>,
    millis: i64,
    /// The life-cycle moment of its begin.
    #[serde(default)]
    begun: i64,
    /// How far it had come when it failed, in percent.
    #[serde(default)]
    reached: Option<i64>,
}

row!(Task, links: |row, link| {
    link("resource", &row.resource_id);
    if !row.group.is_empty() {
        link("group", &row.group);
    }
});

impl Kind for Task {
    const NAME: &'static str = "task";

    fn arrived(world: &mut World, id: &str, status: Status, now: Now) {
        world.update::<Task, _>(id, |task| {
            task.finished = Some(now.real);
            if status == Status::Failed {
                let part = (now.life - task.begun) * 100 / task.millis.max(1);
                task.reached = Some(part.clamp(0, 100));
            }
        });
    }
}

impl Task {
    /// How far it has come, in percent.
    fn progress(&self, now: Now) -> i64 {
        match (self.reached, self.due) {
            (Some(reached), _) => reached,
            (None, None) => 100,
            (None, Some(_)) => ((now.life - self.begun) * 100 / self.millis.max(1)).clamp(0, 99),
        }
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "DescribeTasks", describe),
    (ECS, "DescribeTaskAttribute", describe_attribute),
    (ECS, "CancelTask", cancel),
];

/// Begins a task that is finished after some life-cycle milliseconds, and says its id.
pub(super) fn make(call: &mut Call<'_>, action: &str, resource_id: &str, millis: i64) -> String {
    make_in(call, action, resource_id, millis, String::new())
}

/// The same as one of a group.
pub(super) fn make_in(
    call: &mut Call<'_>,
    action: &str,
    resource_id: &str,
    millis: i64,
    group: String,
) -> String {
    let (mut head, _) = call.head("t-");
    head.pass(Status::Processing, millis, Status::Finished, call.now);
    let id = head.id.clone();
    call.world.insert(Task {
        head,
        action: action.to_owned(),
        resource_id: resource_id.to_owned(),
        group,
        finished: None,
        millis,
        begun: call.now.life,
        reached: None,
    });
    id
}

/// Whether something is the subject of a task of this kind that goes on.
pub(super) fn is_busy(world: &World, action: &str, resource_id: &str) -> bool {
    world
        .linked::<Task>("resource", resource_id)
        .any(|task| task.action == action && task.status == Status::Processing)
}

fn can_be_cancelled(task: &Task) -> bool {
    matches!(task.action.as_str(), "ImportImage" | "ExportImage")
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.comma_list("TaskIds", 100)?;
    let resources = params.list("ResourceIds");
    let moment = |name: &str| match params.text(name) {
        None => Ok(None),
        Some(text) => parse_utc(text, true)
            .map(Some)
            .ok_or_else(|| Refusal::invalid(name)),
    };
    let (from, until) = (moment("StartTime")?, moment("EndTime")?);
    let page = call.page::<Task>(
        Search::ids(ids).or_link("group", params.text("TaskGroupId")),
        |task| {
            call.is("TaskAction", &task.action)
                && call.is("TaskStatus", task.status.text())
                && call.is("TaskGroupId", &task.group)
                && (resources.is_empty() || resources.contains(&task.resource_id.as_str()))
                && from.is_none_or(|from| task.created >= from)
                && until.is_none_or(|until| task.created <= until)
        },
    )?;
    Ok(call.listed(&page, "TaskSet", "Task", |task| {
        map! {
            "TaskId": &task.id,
            "TaskAction": &task.action,
            "TaskStatus": task.status.text(),
            "ResourceId": &task.resource_id,
            "SupportCancel": can_be_cancelled(task).to_string(),
            "CreationTime": seconds(task.created),
            "FinishedTime": task.finished.map(seconds).unwrap_or_default(),
        }
    }))
}

fn describe_attribute(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("TaskId")?;
    let task = call.find_visible::<Task>(id, "InvalidTaskId.NotFound")?;
    let good = usize::from(task.status == Status::Finished);
    let bad = usize::from(matches!(task.status, Status::Failed | Status::Cancelled));
    let item = map! { "Name": "ResourceId", "Value": &task.resource_id };
    let progress = map! {
        "OperationStatus": if good == 1 { "Success" } else { task.status.text() },
        "ErrorCode": "",
        "ErrorMsg": "",
        "RelatedItemSet": map! { "RelatedItem": vec![item] },
    };
    Ok(map! {
        "TaskId": id,
        "RegionId": &task.region,
        "TaskAction": &task.action,
        "TaskStatus": task.status.text(),
        "TaskProcess": format!("{}%", task.progress(call.now)),
        "SupportCancel": can_be_cancelled(task).to_string(),
        "TotalCount": 1,
        "SuccessCount": good,
        "FailedCount": bad,
        "CreationTime": seconds(task.created),
        "FinishedTime": task.finished.map(seconds).unwrap_or_default(),
        "OperationProgressSet": map! { "OperationProgress": vec![progress] },
    })
}

fn cancel(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("TaskId")?;
    let task = call.find::<Task>(id, "InvalidTaskId.NotFound")?;
    if !can_be_cancelled(task) {
        return refuse("InvalidTaskId.TaskActionNotSupport");
    }
    if task.status != Status::Processing {
        return refuse("InvalidTaskId.IncorrectTaskStatus");
    }
    let now = call.now.real;
    call.world.update::<Task, _>(id, |task| {
        task.settle_as(Status::Cancelled);
        task.finished = Some(now);
    });
    done()
}
