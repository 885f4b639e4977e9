//! How disks are. None has events of its own here; one that is told to fail shows it.

use super::super::call::{Call, Entry, Search};
use super::super::head::Status;
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::Refusal;
use super::disk_row::Disk;
use super::system_event_list::Span;

pub(super) const ACTIONS: &[Entry] = &[(ECS, "DescribeDisksFullStatus", describe)];

const STATES: &[&str] = &[
    "In_use",
    "Available",
    "Attaching",
    "Detaching",
    "Creating",
    "ReIniting",
];
const HEALTH: &[&str] = &[
    "Ok",
    "Impaired",
    "Warning",
    "Initializing",
    "InsufficientData",
    "NotApplicable",
];
const EVENTS: &[&str] = &["Degraded", "SeverelyDegraded", "Stalled", "ErrorDetected"];

/// The numbers beside the names: those of Ok, Impaired and Available are in the vendor's examples, the others are
/// simulated.
fn number(name: &str) -> i64 {
    let of = |words: &[&str]| {
        words
            .iter()
            .position(|word| *word == name)
            .map(|place| place as i64)
    };
    match (name, of(STATES), of(HEALTH)) {
        ("Ok", ..) => 0,
        ("Impaired", ..) => 128,
        (_, Some(place), _) => 128 + place,
        (_, _, Some(place)) => 128 + 64 * place,
        _ => 0,
    }
}

fn health(call: &Call<'_>, disk: &Disk) -> &'static str {
    let troubles = &call.settings.troubles;
    if troubles
        .iter()
        .any(|trouble| trouble.name == "disk-fails" && trouble.id == disk.id)
    {
        return "Impaired";
    }
    match disk.status {
        Status::Attached => "Ok",
        Status::Creating | Status::ReIniting => "Initializing",
        _ => "NotApplicable",
    }
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    for (name, words) in [
        ("Status", STATES),
        ("HealthStatus", HEALTH),
        ("EventType", EVENTS),
    ] {
        if params.text(name).is_some_and(|word| !words.contains(&word)) {
            return Err(Refusal::invalid(name));
        }
    }
    let about_events = !Span::told(call, "EventTime")?.is_open()
        || params.text("EventType").is_some()
        || !params.list("EventId").is_empty();
    let ids = params.list("DiskId");
    let page = call.page::<Disk>(Search::ids((!ids.is_empty()).then_some(ids)), |disk| {
        !about_events
            && call.is("Status", disk.status.text())
            && call.is("HealthStatus", health(call, disk))
            && call.is("ResourceGroupId", &disk.resource_group)
    })?;
    let numbered = |name: &str| map! { "Code": number(name), "Name": name };
    Ok(
        call.listed(&page, "DiskFullStatusSet", "DiskFullStatusType", |disk| {
            map! {
                "DiskId": &disk.id,
                "InstanceId": &disk.instance_id,
                "Device": &disk.device,
                "Status": numbered(disk.status.text()),
                "HealthStatus": numbered(health(call, disk)),
                "DiskEventSet": map! { "DiskEventType": Vec::new() },
            }
        }),
    )
}
