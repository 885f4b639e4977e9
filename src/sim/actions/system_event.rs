//! System events of servers: what the cloud has planned for one or is doing to it. Those that a user has planned as an
//! exercise pass without touching the server unless they were told to; those of a subscription that ends are real.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, done};
use super::super::catalogue::find_region;
use super::super::clock::{Now, parse_utc};
use super::super::head::{Head, Next, Status, row};
use super::super::node::{Node, map, texts};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::instance_power::{REBOOT_MS, STARTING_MS};
use super::instance_row::{ABSENT, Instance, STOPPING_MS};
use super::task;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SystemEvent {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) instance_id: String,
    /// Reason and what is done, as in `SystemMaintenance.Reboot`.
    pub(super) kind: String,
    /// Real time: when it is to begin, or to be over where it has begun already.
    pub(super) not_before: i64,
    /// Real time.
    pub(super) finished: Option<i64>,
    /// A user has planned it.
    simulated: bool,
    /// What it says is done to the server.
    real: bool,
    /// It was asked whether it may be done.
    pub(super) inquired: bool,
}

row!(SystemEvent, links: |row, link| {
    if !row.is_over() {
        link("instance", &row.instance_id);
    }
    link("event of", &row.instance_id);
}, deadline: |row| match row.status {
    Status::Scheduled => Some(row.not_before),
    Status::Executing if row.due.is_none() => Some(row.not_before),
    _ => None,
});

impl Kind for SystemEvent {
    const NAME: &'static str = "system_event";

    fn arrived(world: &mut World, id: &str, _status: Status, now: Now) {
        world.update::<SystemEvent, _>(id, |event| event.finished = Some(now.real));
    }

    fn over(world: &mut World, id: &str, now: Now) {
        let Some(event) = world.get::<SystemEvent>(id) else {
            return;
        };
        if event.status == Status::Scheduled && event.real {
            carry_out(world, id, now);
        } else {
            world.update::<SystemEvent, _>(id, |event| event.end(Status::Executed, now));
        }
    }

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        if kind == "instance" {
            for own in world.ids_linked::<SystemEvent>("instance", id) {
                world.update::<SystemEvent, _>(&own, |event| {
                    let done = event.kind == "InstanceExpiration.Delete";
                    event.end(if done { Status::Executed } else { Status::Avoided }, now);
                });
            }
        }
    }

    fn faults(world: &World) -> Vec<String> {
        let lost = world
            .all::<SystemEvent>()
            .iter()
            .filter(|event| !event.is_over() && world.get::<Instance>(&event.instance_id).is_none());
        lost.map(|event| format!("{} is about a server that does not exist", event.id))
            .collect()
    }
}

impl SystemEvent {
    /// Whether nothing comes of it any more.
    pub(super) fn is_over(&self) -> bool {
        !matches!(
            self.status,
            Status::Scheduled | Status::Executing | Status::Inquiring
        )
    }

    /// What is done to the server: `Reboot`, `Stop`, `Redeploy` or `Delete`.
    fn what(&self) -> &str {
        self.kind.split_once('.').map_or("", |(_, what)| what)
    }

    fn end(&mut self, status: Status, now: Now) {
        self.settle_as(status);
        self.finished = Some(now.real);
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "CreateSimulatedSystemEvents", create),
    (ECS, "CancelSimulatedSystemEvents", cancel),
    (ECS, "AcceptInquiredSystemEvent", accept),
    (ECS, "RedeployInstance", redeploy),
];

/// What a user may plan.
const PLANNED: &[&str] = &[
    "SystemMaintenance.Reboot",
    "SystemMaintenance.Redeploy",
    "SystemMaintenance.Stop",
    "SystemFailure.Reboot",
    "SystemFailure.Redeploy",
    "SystemFailure.Stop",
    "InstanceFailure.Reboot",
];

/// Simulated: how many planned exercises a region may have at once; the vendor's number is not public.
const ACTIVE_MAX: usize = 200;

/// What a server does when it is put on other hardware: the status that it has at once, and what follows.
fn moved(status: Status) -> (Status, Vec<(i64, Next)>) {
    match status {
        Status::Running => (
            Status::Stopping,
            vec![
                (STOPPING_MS, Next::Status(Status::Starting)),
                (STARTING_MS, Next::Status(Status::Running)),
            ],
        ),
        _ => (
            Status::Starting,
            vec![(STARTING_MS, Next::Status(Status::Running))],
        ),
    }
}

fn is_steady(row: &Instance) -> bool {
    matches!(row.status, Status::Running | Status::Stopped) && !row.is_leaving()
}

/// Begins to do what an event says; it is over when the server is there again.
fn carry_out(world: &mut World, id: &str, now: Now) {
    let Some(event) = world.get::<SystemEvent>(id) else {
        return;
    };
    let (server, what) = (event.instance_id.clone(), event.what().to_owned());
    let Some(row) = world.get::<Instance>(&server) else {
        return;
    };
    let runs = row.status == Status::Running;
    let way = match what.as_str() {
        "Redeploy" => Some(moved(row.status)),
        "Reboot" if runs => Some((Status::Starting, vec![(REBOOT_MS, Next::Status(Status::Running))])),
        "Stop" if runs => Some((
            Status::Stopping,
            vec![(STOPPING_MS, Next::Status(Status::Stopped))],
        )),
        // What does not run is not stopped or started.
        _ => None,
    };
    let millis: i64 = way
        .iter()
        .flat_map(|(_, path)| path)
        .map(|(millis, _)| *millis)
        .sum();
    match way.filter(|_| is_steady(row)) {
        Some((status, path)) => {
            world.update::<Instance, _>(&server, |row| {
                row.status = status;
                row.set_out(path, now);
            });
            world.update::<SystemEvent, _>(id, |event| {
                event.pass(Status::Executing, millis, Status::Executed, now);
            });
        }
        None => {
            world.update::<SystemEvent, _>(id, |event| event.end(Status::Failed, now));
        }
    }
}

/// Something has come over a server that nobody has planned.
pub(super) fn happen(world: &mut World, server: &str, kind: &str, now: Now) {
    let Some(row) = world.get::<Instance>(server) else {
        return;
    };
    let (region, resource_group) = (row.region.clone(), row.resource_group.clone());
    let (place, mut numbers) = world.make();
    let infix = find_region(&region).map_or("", |region| region.infix);
    let mut head = Head {
        id: format!("e-{infix}{}", numbers.letters(17)),
        place,
        region,
        resource_group,
        created: now.real,
        ..Head::default()
    };
    head.pass(Status::Executing, STOPPING_MS, Status::Executed, now);
    world.insert(SystemEvent {
        head,
        instance_id: server.to_owned(),
        kind: kind.to_owned(),
        not_before: now.real,
        finished: None,
        simulated: false,
        real: true,
        inquired: false,
    });
}

/// A server is restarted by its owner: what was planned as a restart need not be done.
pub(super) fn restarted(world: &mut World, server: &str, now: Now) {
    avoid(world, server, now, |event| {
        event.kind == "SystemMaintenance.Reboot"
    });
}

fn avoid(world: &mut World, server: &str, now: Now, which: impl Fn(&SystemEvent) -> bool) {
    for id in world.ids_linked::<SystemEvent>("instance", server) {
        world.update::<SystemEvent, _>(&id, |event| {
            if matches!(event.status, Status::Scheduled | Status::Inquiring) && which(event) {
                event.end(Status::Avoided, now);
            }
        });
    }
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let kind = params.required("EventType")?;
    if !PLANNED.contains(&kind) {
        return Err(Refusal::invalid("EventType"));
    }
    let not_before = params.required("NotBefore")?;
    let not_before = parse_utc(not_before, true).ok_or_else(|| Refusal::invalid("NotBefore"))?;
    if not_before <= call.now.real {
        return refuse("InvalidNotBefore.Passed");
    }
    let real = params.flag("TriggerRealOps");
    let servers = params.list("InstanceId");
    let mut inquired = Vec::new();
    for id in &servers {
        let row = call.find::<Instance>(id, ABSENT)?;
        // What is on local disks is lost on other hardware: the owner is asked first.
        let has_local = call
            .settings
            .catalogue
            .find_instance_type(&row.instance_type)
            .is_some_and(|kind| kind.local.is_some());
        inquired.push(has_local && kind.ends_with(".Redeploy"));
    }
    let active = call.world.all::<SystemEvent>().iter();
    let active = active.filter(|event| event.simulated && !event.is_over() && event.is_in(&call.region));
    if active.count() + servers.len() > ACTIVE_MAX {
        return refuse("SimulatedEventLimitExceeded");
    }
    call.validated()?;
    let mut ids = Vec::new();
    for (server, inquired) in servers.iter().zip(inquired) {
        let (mut head, _) = call.head("e-");
        head.status = if inquired {
            Status::Inquiring
        } else if kind.starts_with("SystemMaintenance.") {
            Status::Scheduled
        } else {
            Status::Executing
        };
        let begins = head.status == Status::Executing;
        let id = head.id.clone();
        call.world.insert(SystemEvent {
            head,
            instance_id: (*server).to_owned(),
            kind: kind.to_owned(),
            not_before,
            finished: None,
            simulated: true,
            real,
            inquired,
        });
        if begins && real {
            carry_out(call.world, &id, call.now);
        }
        ids.push(id);
    }
    Ok(map! { "EventIdSet": map! { "EventId": texts(ids) } })
}

fn cancel(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let ids = call.params.list("EventId");
    for id in &ids {
        let event = call.find::<SystemEvent>(id, "InvalidEventId.NotFound")?;
        if !event.simulated {
            return refuse("CannotCancelSystemEvent.NotSimulated");
        }
        // Nothing is left to cancel, or the server is already under way.
        if event.is_over() || event.due.is_some() {
            return Err(Refusal::invalid("EventId"));
        }
    }
    call.validated()?;
    let now = call.now;
    for id in &ids {
        call.world
            .update::<SystemEvent, _>(id, |event| event.end(Status::Canceled, now));
    }
    done()
}

fn accept(call: &mut Call<'_>) -> Result<Node, Refusal> {
    const NONE: &str = "InvalidEventId.NoInquiringEventFound";
    let id = call.params.required("EventId")?;
    let event = call.find::<SystemEvent>(id, NONE)?;
    if !event.inquired {
        return refuse("OperationDenied.AcceptNotSupported");
    }
    if event.status != Status::Inquiring {
        return refuse(NONE);
    }
    let server = call.find::<Instance>(&event.instance_id, NONE)?;
    if !is_steady(server) {
        return Err(call.code(&[
            "OperationFail.InstanceStatusNotSupported",
            "IncorrectInstanceStatus",
        ]));
    }
    let real = event.real;
    call.validated()?;
    let now = call.now;
    if real {
        carry_out(call.world, id, now);
    } else {
        let millis = STOPPING_MS + STARTING_MS;
        call.world.update::<SystemEvent, _>(id, |event| {
            event.pass(Status::Executing, millis, Status::Executed, now);
        });
    }
    done()
}

fn redeploy(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("InstanceId")?;
    let row = call.find::<Instance>(id, ABSENT)?;
    if !is_steady(row) {
        return refuse("IncorrectInstanceStatus");
    }
    if row.lock_reason == "financial" {
        return refuse("InstanceExpiredOrInArrears");
    }
    // An exercise is not to be handled in earnest.
    let is_exercise = |event: &SystemEvent| !event.real;
    if call.world.linked::<SystemEvent>("instance", id).any(is_exercise) {
        return refuse("InvalidOperation.RedeployInstance");
    }
    let (status, path) = moved(row.status);
    call.validated()?;
    let now = call.now;
    avoid(call.world, id, now, |event| {
        matches!(
            event.kind.as_str(),
            "SystemMaintenance.Reboot" | "SystemMaintenance.Redeploy" | "SystemFailure.Redeploy"
        )
    });
    let millis = path.iter().map(|(millis, _)| *millis).sum();
    call.world.update::<Instance, _>(id, |row| {
        row.status = status;
        row.set_out(path, now);
        row.stopped_mode.clear();
    });
    let task = task::make(call, "RedeployInstance", id, millis);
    Ok(map! { "TaskId": task })
}
