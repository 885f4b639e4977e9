//! What is set on the hardware of a server, and from which reserved capacity it may come.

use super::super::call::{Call, Entry, done};
use super::super::catalogue::InstanceType;
use super::super::head::Status;
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::instance_change::steady;
use super::instance_row::{ABSENT, Instance, Network};
use super::task;

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "ModifyInstanceNetworkOptions", network),
    (ECS, "ModifyInstanceClockOptions", clock),
    (ECS, "ModifyInstanceAttachmentAttributes", attachment),
];

/// Simulated: how long a setting takes, in milliseconds of life-cycle time.
const SETTING_MS: i64 = 3_000;

/// Under which name a server keeps its weighting.
pub(super) const WEIGHTING: &str = "NetworkOptions.BandwidthWeighting";
/// Under which name a server keeps what reserved capacity it may come from.
pub(super) const POOL: &str = "PrivatePoolOptions.MatchCriteria";
const CLOCK: &str = "ClockOptions.PtpStatus";

/// Simulated: hardware of the newest generation can, as the vendor's is said to; which types do is not public.
fn is_newest(kind: &InstanceType) -> bool {
    matches!(kind.family.generation.as_str(), "ecs-7" | "ecs-8")
}

fn hardware<'t>(call: &'t Call<'_>, row: &Instance) -> Option<&'t InstanceType> {
    call.settings.catalogue.find_instance_type(&row.instance_type)
}

fn network(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("InstanceId")?;
    let row = call.find::<Instance>(id, ABSENT)?;
    let weighting = call.params.required("BandwidthWeighting")?;
    if !matches!(weighting, "Vpc-L1" | "Vpc-L2" | "Ebs-L1" | "Ebs-L2" | "Default") {
        return refuse("InvalidParameter.NetworkOptionsBandwidthWeighting");
    }
    if weighting != "Default" && !hardware(call, row).is_some_and(is_newest) {
        return refuse("InvalidInstanceType.NetworkOptionsBandwidthWeightingUnsupported");
    }
    steady(row)?;
    call.validated()?;
    call.world.update::<Instance, _>(id, |row| {
        row.options.insert(WEIGHTING.to_owned(), weighting.to_owned());
    });
    let task = task::make(call, "ModifyInstanceNetworkOptions", id, SETTING_MS);
    Ok(map! { "TaskId": task })
}

fn clock(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("InstanceId")?;
    let row = call.find::<Instance>(id, ABSENT)?;
    let status = match call.params.text_or("PtpStatus", "disabled") {
        status @ ("enabled" | "disabled") => status,
        _ => return refuse("InvalidParameter.PtpStatus"),
    };
    let own = row.options.get(CLOCK).map_or("disabled", String::as_str);
    if own == status {
        return refuse(match status {
            "enabled" => "InvalidOperation.PtpStatusAlreadyEnabled",
            _ => "InvalidOperation.PtpStatusAlreadyDisabled",
        });
    }
    if status == "enabled" && hardware(call, row).is_none_or(|kind| kind.family.old) {
        return refuse("InvalidInstanceType.NotSupportEnablePtp");
    }
    steady(row)?;
    call.validated()?;
    call.world.update::<Instance, _>(id, |row| {
        row.options.insert(CLOCK.to_owned(), status.to_owned());
    });
    let task = task::make(call, "ModifyInstanceClockOptions", id, SETTING_MS);
    Ok(map! { "TaskId": task })
}

fn attachment(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("InstanceId")?;
    if !id.starts_with("i-") {
        return refuse("InvalidInstanceId.MalFormed");
    }
    let row = call.find::<Instance>(id, "Invalid.InstanceId")?;
    let criteria = params.required("PrivatePoolOptions.MatchCriteria")?;
    let pool = params.text("PrivatePoolOptions.Id");
    match criteria {
        "Target" if pool.is_none() => return refuse("MissingParameter.PrivatePoolOptions.Id"),
        "Open" | "None" | "Target" => {}
        _ => return refuse("Invalid.PrivatePoolOptions.MatchCriteria"),
    }
    if matches!(row.network, Network::Classic { .. }) {
        return refuse("ClassicNetworkNotSupported");
    }
    if row.spot_strategy != "NoSpot" {
        return refuse("SpotNotSupported");
    }
    if row.subscription.is_some() {
        return refuse("Invalid.InstanceChargeType");
    }
    // Nobody has reserved any capacity.
    if pool.is_some() {
        return refuse("Invalid.PrivatePoolOptions.Id");
    }
    if row.status == Status::Pending || row.is_leaving() {
        return refuse("IncorrectInstanceStatus");
    }
    call.validated()?;
    call.world.update::<Instance, _>(id, |row| {
        row.options.insert(POOL.to_owned(), criteria.to_owned());
    });
    done()
}
