//! Whether a kind of disk is to be had: for a type of server in a zone, as its system disk or beside it.
//!
//! Does not know whether there is room for one more.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};

use super::Outset;
use super::draft::Draft;
use super::finding::{Ahead, Objection, Refusal};
use super::offer::zone;
use super::stock::{in_short, in_stock};
use crate::address::Address;
use crate::api::action;
use crate::cloud::{Cloud, Request};
use crate::step::{Call, StepKind};
use crate::task::{Phase, Task};
use crate::value::Value;

/// Where disks are wanted: what is asked for, for which type, where and how it is paid.
type Place = (&'static str, String, String, String);

const SYSTEM: &str = "SystemDisk";
const DATA: &str = "DataDisk";

/// A disk that a server is to have.
struct Wanted<'a> {
    address: &'a Address,
    place: Place,
    category: String,
}

/// Checks the disks that these creates of servers bring.
pub(super) async fn made(drafts: &[&Draft<'_>], question: &Outset<'_>, cloud: &Cloud) -> Ahead {
    let mut all = Vec::new();
    for draft in drafts {
        let (Some(kind), Some(zone)) = (draft.text("InstanceType"), zone(draft, question)) else {
            continue;
        };
        let charge = draft.text("InstanceChargeType").unwrap_or("PostPaid");
        let mut want = |what: &'static str, category: &str| {
            all.push(Wanted {
                address: &draft.task.object.address,
                place: (what, kind.to_owned(), zone.to_owned(), charge.to_owned()),
                category: category.to_owned(),
            });
        };
        let system = draft.known.get("SystemDisk").and_then(|disk| disk.at("Category"));
        if let Some(category) = system.and_then(Value::as_str) {
            want(SYSTEM, category);
        }
        if let Some(Value::List(disks)) = draft.known.get("DataDisk") {
            let category = |disk: &Value| disk.at("Category")?.as_str().map(str::to_owned);
            disks
                .iter()
                .filter_map(category)
                .for_each(|category| want(DATA, &category));
        }
    }
    ask(all, cloud).await
}

/// Checks the disks that servers get, and what disks of theirs are to become.
pub(super) async fn changed(question: &Outset<'_>, cloud: &Cloud) -> Ahead {
    if question.only_destructive {
        return Ahead::default();
    }
    let changes = question.tasks.iter().filter(|task| task.phase == Phase::Change);
    ask(
        changes.flat_map(|task| of_change(task, question)).collect(),
        cloud,
    )
    .await
}

fn of_change<'a>(task: &'a Task, question: &'a Outset<'_>) -> Vec<Wanted<'a>> {
    let address = &task.object.address;
    let Some(observed) = question.live.resources.get(address) else {
        return Vec::new();
    };
    let text = |name: &str| observed.attributes.get(name).and_then(Value::as_str);
    let calls: Vec<&Call> = task
        .steps
        .iter()
        .filter_map(|step| match &step.kind {
            StepKind::Call(call) => Some(call),
            StepKind::Wait(_) => None,
        })
        .collect();
    let param = |call: &Call, name: &str| call.params.get(name).and_then(Value::as_str).map(str::to_owned);
    let new_type = calls.iter().find_map(|call| param(call, "InstanceType"));
    let (Some(kind), Some(zone)) = (
        new_type.or_else(|| text("instance_type").map(str::to_owned)),
        text("zone_id"),
    ) else {
        return Vec::new();
    };
    let charge = text("instance_charge_type").unwrap_or("PostPaid");
    let system = observed
        .attributes
        .get("system_disk")
        .and_then(|disk| disk.at("id"));
    let disk = |call: &&Call| {
        let category = param(call, "DiskCategory")?;
        let is_system = system.is_some() && call.params.get("DiskId") == system;
        let what = if is_system { SYSTEM } else { DATA };
        Some(Wanted {
            address,
            place: (what, kind.clone(), zone.to_owned(), charge.to_owned()),
            category,
        })
    };
    calls.iter().filter_map(disk).collect()
}

/// Asks for each place once. A list that shows nothing at all says nothing.
async fn ask(wanted: Vec<Wanted<'_>>, cloud: &Cloud) -> Ahead {
    let places: BTreeSet<&Place> = wanted.iter().map(|one| &one.place).collect();
    let found: BTreeMap<&Place, Result<BTreeSet<String>, String>> = stream::iter(places)
        .map(async |place| (place, offered(place, cloud).await))
        .buffered(cloud.parallelism())
        .collect()
        .await;
    let mut ahead = Ahead::default();
    for Wanted {
        address,
        place,
        category,
    } in &wanted
    {
        let (what, kind, zone, _) = place;
        let offered = match found.get(place) {
            Some(Ok(offered)) if !offered.is_empty() => offered,
            Some(Err(why)) => {
                ahead.unchecked(address, why.clone());
                continue;
            }
            Some(Ok(_)) | None => continue,
        };
        if offered.contains(category) {
            continue;
        }
        let (attribute, code, noun) = if *what == SYSTEM {
            (
                "system_disk.category",
                "InvalidSystemDiskCategory.ValueNotSupported",
                "system",
            )
        } else {
            ("data_disks", "InvalidDataDiskCategory.ValueNotSupported", "data")
        };
        let offered: Vec<&str> = offered.iter().map(String::as_str).collect();
        ahead.refusals.push(Refusal {
            address: (*address).clone(),
            attribute: Some(attribute.to_owned()),
            code: code.to_owned(),
            why: Objection::Create(format!(
                "{kind} takes no {noun} disk of category {category} in {zone}"
            )),
            notes: vec![format!("there it takes {}", offered.join(", "))],
        });
    }
    ahead
}

/// The categories that are to be had.
async fn offered((what, kind, zone, charge): &Place, cloud: &Cloud) -> Result<BTreeSet<String>, String> {
    let request = Request::new(&action::DESCRIBE_AVAILABLE_RESOURCE)
        .param("RegionId", cloud.region())
        .param("DestinationResource", *what)
        .param("InstanceChargeType", charge)
        .param("InstanceType", kind)
        .param("ZoneId", zone);
    let reply = cloud.read(&request).await.map_err(|error| in_short(&error))?;
    let there = in_stock(&reply.body).into_iter().filter(|(at, _)| at == zone);
    Ok(there.map(|(_, category)| category).collect())
}
