//! Monitor data. The figures are simulated: they follow from the thing and the moment, and are 0 while it rests.

use super::super::call::{Call, Entry};
use super::super::clock::{parse_utc, seconds};
use super::super::head::Status;
use super::super::node::{Node, map};
use super::super::products::{ECS, VPC};
use super::super::refusal::{Refusal, refuse};
use super::super::seed::{Numbers, mix};
use super::disk_row::Disk;
use super::eip::Eip;
use super::instance_row::Instance;
use super::network_interface::NetworkInterface;

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "DescribeInstanceMonitorData", instance),
    (ECS, "DescribeDiskMonitorData", disk),
    (ECS, "DescribeEniMonitorData", interface),
    (VPC, "DescribeEipMonitorData", address),
];

/// How many points one answer holds.
const POINTS_MAX: i64 = 400;
/// How far back there is data.
const KEPT_MS: i64 = 30 * 86_400_000;

/// The moments that a request asks for, each a period from the one before.
fn moments(call: &Call<'_>) -> Result<Vec<i64>, Refusal> {
    let params = call.params;
    let start = parse_utc(params.required("StartTime")?, true);
    let start = start.ok_or_else(|| Refusal::new("InvalidStartTime.Malformed"))?;
    let end = parse_utc(params.required("EndTime")?, true);
    let end = end.ok_or_else(|| Refusal::new("InvalidEndTime.Malformed"))?;
    let period = params.int("Period")?.unwrap_or(60);
    // Seconds.
    let periods: &[i64] = if call.facts.version == VPC {
        &[60, 300, 900, 3600]
    } else {
        &[60, 600, 3600]
    };
    if !periods.contains(&period) {
        return refuse("InvalidPeriod.ValueNotSupported");
    }
    if start < call.now.real - KEPT_MS {
        return refuse("InvalidStartTime.TooEarly");
    }
    if end <= start {
        return Err(call.code(&["InvalidParameter.EndTime", "InvalidEndTime.Malformed"]));
    }
    let step = period * 1000;
    let first = start + (step - start.rem_euclid(step)) % step;
    if (end - first) / step > POINTS_MAX {
        return Err(call.code(&[
            "InvalidParameter.TooManyDataQueried",
            "OperationDenied.TooManyDataQueried",
        ]));
    }
    let last = end.min(call.now.real);
    Ok((0..)
        .map(|number| first + number * step)
        .take_while(|at| *at <= last)
        .collect())
}

/// The figures of a thing at a moment.
fn numbers(place: u64, at: i64) -> Numbers {
    Numbers::new(mix(place) ^ at as u64)
}

fn below(numbers: &mut Numbers, bound: i64) -> i64 {
    i64::try_from(numbers.next() % bound.unsigned_abs().max(1)).unwrap_or(0)
}

fn instance(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("InstanceId")?;
    let row = call.find::<Instance>(id, "InvalidInstanceId.NotFound")?;
    let since = row.started.filter(|_| row.status == Status::Running);
    let points = moments(call)?.into_iter().map(|at| {
        let runs = since.is_some_and(|since| since <= at);
        let mut figures = numbers(row.place, at);
        let mut figure = |bound| if runs { below(&mut figures, bound) } else { 0 };
        map! {
            "InstanceId": id,
            "TimeStamp": seconds(at),
            "CPU": figure(40),
            "IntranetRX": figure(5_000),
            "IntranetTX": figure(5_000),
            "IntranetBandwidth": figure(100),
            "InternetRX": figure(2_000),
            "InternetTX": figure(2_000),
            "InternetBandwidth": figure(50),
            "IOPSRead": figure(100),
            "IOPSWrite": figure(200),
            "BPSRead": figure(1_000_000),
            "BPSWrite": figure(2_000_000),
        }
    });
    Ok(map! { "MonitorData": map! { "InstanceMonitorData": points.collect::<Vec<_>>() } })
}

fn disk(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("DiskId")?;
    let row = call.find::<Disk>(id, "InvalidDiskId.NotFound")?;
    let since = row.attached.filter(|_| row.status == Status::Attached);
    let points: Vec<Node> = moments(call)?
        .into_iter()
        .map(|at| {
            let runs = since.is_some_and(|since| since <= at);
            let mut figures = numbers(row.place, at);
            let mut figure = |bound| if runs { below(&mut figures, bound) } else { 0 };
            let (read, write) = (figure(100), figure(200));
            let (bytes_read, bytes_written) = (read * 4096, write * 4096);
            map! {
                "DiskId": id,
                "TimeStamp": seconds(at),
                "IOPSRead": read,
                "IOPSWrite": write,
                "IOPSTotal": read + write,
                "BPSRead": bytes_read,
                "BPSWrite": bytes_written,
                "BPSTotal": bytes_read + bytes_written,
                "LatencyRead": figure(900),
                "LatencyWrite": figure(900),
            }
        })
        .collect();
    Ok(map! { "TotalCount": points.len(), "MonitorData": map! { "DiskMonitorData": points } })
}

fn interface(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = match (params.text("EniId"), params.text("InstanceId")) {
        (Some(id), _) => id.to_owned(),
        (None, Some(server)) => {
            call.find::<Instance>(server, "InvalidInstanceId.NotFound")?;
            call.world
                .ids_linked::<NetworkInterface>("instance", server)
                .into_iter()
                .next()
                .unwrap_or_default()
        }
        (None, None) => return Err(Refusal::missing("EniId")),
    };
    let row = call.find::<NetworkInterface>(&id, "InvalidEniId.NotFound")?;
    let runs = row.status == Status::InUse;
    let points: Vec<Node> = moments(call)?
        .into_iter()
        .map(|at| {
            let mut figures = numbers(row.place, at);
            let mut figure = |bound| if runs { below(&mut figures, bound) } else { 0 }.to_string();
            map! {
                "EniId": &id,
                "TimeStamp": seconds(at),
                "PacketRx": figure(500),
                "PacketTx": figure(500),
                "DropPacketRx": "0",
                "DropPacketTx": "0",
                "IntranetRx": figure(5_000),
                "IntranetTx": figure(5_000),
            }
        })
        .collect();
    Ok(map! { "TotalCount": points.len(), "MonitorData": map! { "EniMonitorData": points } })
}

fn address(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("AllocationId")?;
    let row = call.find::<Eip>(id, "InvalidAllocationId.NotFound")?;
    let runs = row.status == Status::InUse;
    let points = moments(call)?.into_iter().map(|at| {
        let mut figures = numbers(row.place, at);
        let mut figure = |bound| if runs { below(&mut figures, bound) } else { 0 };
        // Bytes in and out within the period, and what follows from them.
        let (received, sent) = (figure(2_000_000), figure(2_000_000));
        map! {
            "TimeStamp": seconds(at),
            "EipRX": received,
            "EipTX": sent,
            "EipFlow": received + sent,
            "EipPackets": (received + sent) / 1000,
            "EipBandwidth": figure(row.bandwidth * 1_000_000),
        }
    });
    Ok(map! { "EipMonitorDatas": map! { "EipMonitorData": points.collect::<Vec<_>>() } })
}
