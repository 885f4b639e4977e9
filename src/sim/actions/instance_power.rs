//! Power and release of instances: who may call what when.

use super::super::call::{Call, Entry, done};
use super::super::head::{Next, Status};
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::instance_row::ABSENT;
use super::instance_row::{Instance, Network, STOPPING_MS};
use super::system_event;

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "StartInstance", |call| one(call, start)),
    (ECS, "StopInstance", |call| one(call, stop)),
    (ECS, "RebootInstance", |call| one(call, reboot)),
    (ECS, "DeleteInstance", delete),
    (ECS, "StartInstances", |call| batch(call, start)),
    (ECS, "StopInstances", |call| batch(call, stop)),
    (ECS, "RebootInstances", |call| batch(call, reboot)),
    (ECS, "DeleteInstances", delete_batch),
];

/// Simulated delays, in milliseconds of life-cycle time.
pub(super) const STARTING_MS: i64 = 10_000;
pub(super) const REBOOT_MS: i64 = 15_000;

/// Checks whether an instance may be switched, and says how.
type Switch = fn(&Call<'_>, &Instance) -> Result<Change, Refusal>;

struct Change {
    status: Status,
    path: Vec<(i64, Next)>,
    stopped_mode: Option<String>,
    /// It is a restart, which may come before one that was planned.
    is_restart: bool,
}

fn in_status(row: &Instance, status: Status) -> Result<(), Refusal> {
    if row.status == status && !row.is_leaving() {
        Ok(())
    } else {
        refuse("IncorrectInstanceStatus")
    }
}

fn start(call: &Call<'_>, row: &Instance) -> Result<Change, Refusal> {
    in_status(row, Status::Stopped)?;
    if row.lock_reason == "financial" {
        return refuse("InstanceExpired");
    }
    let sold_out = !call.settings.is_stocked(&row.instance_type, &row.zone);
    // Only an instance that gave its place back has to find a new one.
    if row.stopped_mode == "StopCharging" && sold_out {
        return refuse("OperationDenied.NoStock");
    }
    let path = vec![(STARTING_MS, Next::Status(Status::Running))];
    Ok(Change {
        status: Status::Starting,
        path,
        stopped_mode: Some(String::new()),
        is_restart: false,
    })
}

fn stop(call: &Call<'_>, row: &Instance) -> Result<Change, Refusal> {
    in_status(row, Status::Running)?;
    let mode = match call.params.text_or("StoppedMode", "KeepCharging") {
        mode @ ("KeepCharging" | "StopCharging") => mode,
        // What DescribeInstances says of a running server may be sent back: it asks for nothing.
        "Not-applicable" => "KeepCharging",
        _ => return Err(Refusal::invalid("StoppedMode")),
    };
    // Where it is not supported, saving is ignored without a word.
    let saves =
        mode == "StopCharging" && row.subscription.is_none() && matches!(row.network, Network::Vpc { .. });
    let mode = if saves { "StopCharging" } else { "KeepCharging" };
    let path = vec![(STOPPING_MS, Next::Status(Status::Stopped))];
    Ok(Change {
        status: Status::Stopping,
        path,
        stopped_mode: Some(mode.to_owned()),
        is_restart: false,
    })
}

fn reboot(_call: &Call<'_>, row: &Instance) -> Result<Change, Refusal> {
    in_status(row, Status::Running)?;
    let path = vec![(REBOOT_MS, Next::Status(Status::Running))];
    Ok(Change {
        status: Status::Starting,
        path,
        stopped_mode: None,
        is_restart: true,
    })
}

fn apply(call: &mut Call<'_>, id: &str, change: Change) {
    let now = call.now;
    if change.is_restart {
        system_event::restarted(call.world, id, now);
    }
    call.world.update::<Instance, _>(id, |row| {
        row.status = change.status;
        row.set_out(change.path, now);
        if let Some(mode) = change.stopped_mode {
            row.stopped_mode = mode;
        }
    });
}

fn one(call: &mut Call<'_>, switch: Switch) -> Result<Node, Refusal> {
    let id = call.params.required("InstanceId")?;
    let row = call.find::<Instance>(id, ABSENT)?;
    let change = switch(call, row)?;
    call.validated()?;
    apply(call, id, change);
    done()
}

/// The plural forms: all or, with `BatchOptimization=SuccessFirst`, as many as can be.
fn batch(call: &mut Call<'_>, switch: Switch) -> Result<Node, Refusal> {
    let ids: Vec<String> = call
        .params
        .list("InstanceId")
        .into_iter()
        .map(str::to_owned)
        .collect();
    let success_first = call.params.text("BatchOptimization") == Some("SuccessFirst");
    let mut outcomes = Vec::new();
    for id in &ids {
        let row = call.find::<Instance>(id, ABSENT)?;
        let status = row.status;
        let outcome = switch(call, row);
        if !success_first && let Err(refusal) = outcome {
            return Err(refusal);
        }
        outcomes.push((id, status, outcome));
    }
    if call.params.flag("DryRun") {
        return refuse("DRYRUN.SUCCESS");
    }
    let mut responses = Vec::new();
    for (id, previous, outcome) in outcomes {
        let (code, current) = match outcome {
            Ok(change) => {
                let status = change.status;
                apply(call, id, change);
                ("200".to_owned(), status)
            }
            Err(refusal) => (refusal.code, previous),
        };
        let message = if code == "200" { "success" } else { "failed" };
        responses.push(map! {
            "InstanceId": id,
            "Code": code,
            "Message": message,
            "PreviousStatus": previous.text(),
            "CurrentStatus": current.text(),
        });
    }
    Ok(map! { "InstanceResponses": map! { "InstanceResponse": responses } })
}

// ── releasing ────────────────────────────────────────────────────────────────────────────────────────────────────

fn may_delete(call: &Call<'_>, row: &Instance) -> Result<(), Refusal> {
    if row.deletion_protection {
        return refuse("InvalidOperation.DeletionProtection");
    }
    if let Some(paid) = &row.subscription {
        let over = paid.expires <= call.now.real && call.params.flag("TerminateSubscription");
        if !over {
            return refuse("ChargeTypeViolation");
        }
    }
    if row.status == Status::Pending {
        return refuse("IncorrectInstanceStatus.Initializing");
    }
    call.unheld::<Instance>(&row.id)?;
    let by_force = call.params.flag("Force");
    if row.is_leaving() || (row.status != Status::Stopped && !by_force) {
        return refuse("IncorrectInstanceStatus");
    }
    Ok(())
}

fn release(call: &mut Call<'_>, id: &str) {
    let now = call.now;
    call.world.update::<Instance, _>(id, |row| row.release(now));
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("InstanceId")?;
    may_delete(call, call.find::<Instance>(id, ABSENT)?)?;
    call.validated()?;
    release(call, id);
    done()
}

fn delete_batch(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let ids: Vec<String> = call
        .params
        .list("InstanceId")
        .into_iter()
        .map(str::to_owned)
        .collect();
    for id in &ids {
        may_delete(call, call.find::<Instance>(id, ABSENT)?)?;
    }
    if call.params.flag("DryRun") {
        return refuse("DRYRUN.SUCCESS");
    }
    for id in &ids {
        release(call, id);
    }
    done()
}
