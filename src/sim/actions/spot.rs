//! What spot servers cost and how long they last. All figures are simulated: they follow from the type, the zone and the
//! hour, and are nobody's.

use super::super::call::{Call, Entry};
use super::super::catalogue::InstanceType;
use super::super::clock::{parse_utc, seconds};
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::seed::{Numbers, mix};

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "DescribeSpotPriceHistory", history),
    (ECS, "DescribeSpotAdvice", advice),
];

const HOUR_MS: i64 = 3_600_000;
/// How far back there are prices.
const KEPT_MS: i64 = 30 * 24 * HOUR_MS;
/// The hours that are told when a request does not say from when on.
const LATELY_MS: i64 = 3 * HOUR_MS;
/// A client's clock may be ahead of the cloud's by so much.
const AHEAD_MS: i64 = 15 * 60_000;
/// How many prices one answer holds.
const ROWS_MAX: usize = 1000;
/// For how many hours a server may be kept from being taken back.
const PROTECTED_HOURS: std::ops::RangeInclusive<i64> = 0..=6;

/// Numbers of a type in a zone at an hour.
fn numbers(kind: &InstanceType, zone: &str, hour: i64) -> Numbers {
    let text = kind.id.bytes().chain(zone.bytes());
    let mixed = text.fold(hour.unsigned_abs(), |mixed, byte| mix(mixed ^ u64::from(byte)));
    Numbers::new(mixed)
}

/// What part of the price of an hour is paid, in percent.
fn percent(kind: &InstanceType, zone: &str, hour: i64) -> i64 {
    10 + i64::try_from(numbers(kind, zone, hour).next() % 30).unwrap_or(0)
}

fn yuan(thousandths: i64) -> f64 {
    thousandths as f64 / 1000.0
}

fn moment(call: &Call<'_>, name: &str, code: &str) -> Result<Option<i64>, Refusal> {
    match call.params.text(name) {
        None => Ok(None),
        Some(text) => parse_utc(text, true).map(Some).ok_or_else(|| Refusal::new(code)),
    }
}

fn history(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let catalogue = &call.settings.catalogue;
    let kind = catalogue
        .find_instance_type(params.required("InstanceType")?)
        .ok_or_else(|| Refusal::new("InvalidInstanceType.ValueNotSupported"))?;
    let network = match params.required("NetworkType")? {
        "vpc" => "vpc",
        // What stands on the newer hardware is on no classic network.
        "classic" if kind.family.old => "classic",
        _ => return refuse("InvalidParams.NetworkType"),
    };
    let optimized = match params.text_or("IoOptimized", "optimized") {
        "optimized" => "optimized",
        "none" if kind.family.old => "none",
        "none" => return refuse("Abs.IoOptimized.ValueNotSupported"),
        _ => return refuse("InvalidParams.IoOptimized"),
    };
    // A licence is paid for with the system.
    let licence = match params.text_or("OSType", "linux") {
        "linux" => 0,
        "windows" => 40 * kind.cpu,
        _ => return refuse("InvalidParams.OSType"),
    };
    let protected = params.int("SpotDuration")?.unwrap_or(1);
    if !PROTECTED_HOURS.contains(&protected) {
        return refuse("InvalidSpotDuration");
    }
    let zones: Vec<String> = match params.text("ZoneId") {
        Some(zone) if !call.region_facts().has_zone(zone) => return refuse("InvalidZoneId.NotFound"),
        Some(zone) => vec![zone.to_owned()],
        None => call.region_facts().zones().collect(),
    };
    let now = call.now.real;
    let end = moment(call, "EndTime", "InvalidParams.EndTime")?;
    if end.is_some_and(|end| end > now + AHEAD_MS) {
        return refuse("InvalidParams.EndTime");
    }
    let end = end.unwrap_or(now);
    let start = moment(call, "StartTime", "InvalidParams.StartTime")?;
    if start.is_some_and(|start| start < now - KEPT_MS || start > end) {
        return refuse("InvalidParams.StartTime");
    }
    let start = start.unwrap_or(end - LATELY_MS);
    if end < now - KEPT_MS {
        return refuse("InvalidParams.EndTime");
    }
    let offset = params.int("Offset")?.unwrap_or(0);
    let Ok(offset) = usize::try_from(offset) else {
        return refuse("InvalidParams.Offset");
    };
    let first = start + (HOUR_MS - start.rem_euclid(HOUR_MS)) % HOUR_MS;
    let hours: Vec<i64> = (0..)
        .map(|number| first + number * HOUR_MS)
        .take_while(|at| *at <= end)
        .collect();
    let whole = catalogue.price_per_hour(kind) + licence;
    let total = hours.len() * zones.len();
    let rows = hours
        .iter()
        .rev()
        .flat_map(|at| zones.iter().map(move |zone| (at, zone)));
    let rows = rows.skip(offset).take(ROWS_MAX).map(|(at, zone)| {
        // An hour without being taken back costs a tenth more, and so on.
        let part = percent(kind, zone, at / HOUR_MS) * (10 + protected) / 10;
        map! {
            "InstanceType": &kind.id,
            "NetworkType": network,
            "IoOptimized": optimized,
            "ZoneId": zone,
            "OriginPrice": yuan(whole),
            "SpotPrice": yuan(whole * part / 100),
            "Timestamp": seconds(*at),
        }
    });
    let rows: Vec<Node> = rows.collect();
    let next = offset.saturating_add(rows.len());
    Ok(map! {
        "Currency": "CNY",
        // Behind the last one there is nothing, which 0 says.
        "NextOffset": if next < total { next } else { 0 },
        "SpotPrices": map! { "SpotPriceType": rows },
    })
}

fn number(call: &Call<'_>, name: &str) -> Option<f64> {
    call.params.text(name).and_then(|text| text.parse().ok())
}

fn advice(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let wanted = params.list("InstanceTypes");
    let (cores, memory) = (number(call, "Cores"), number(call, "Memory"));
    let (least_cores, least_memory) = (number(call, "MinCores"), number(call, "MinMemory"));
    let sized = [cores, memory, least_cores, least_memory];
    if !wanted.is_empty() && sized.iter().any(Option::is_some) {
        return refuse("InvalidParam.TypeAndCpuMem.Conflict");
    }
    for (name, value) in [
        ("Cores", cores.or(least_cores)),
        ("Memory", memory.or(least_memory)),
    ] {
        if value.is_some_and(|value| value <= 0.0) {
            return refuse(format!("InvalidParam.{name}"));
        }
    }
    let gpus = params.int("GpuAmount")?;
    let fits = |kind: &&InstanceType| {
        let gigabytes = kind.memory as f64 / 1024.0;
        let gpu = kind.gpu.as_ref();
        (wanted.is_empty() || wanted.contains(&kind.id.as_str()))
            && cores.is_none_or(|cores| cores == kind.cpu as f64)
            && memory.is_none_or(|memory| memory == gigabytes)
            && least_cores.is_none_or(|cores| kind.cpu as f64 >= cores)
            && least_memory.is_none_or(|memory| gigabytes >= memory)
            && gpus.is_none_or(|gpus| gpus == gpu.map_or(0, |gpu| gpu.amount))
            && call.is("GpuSpec", gpu.map_or("", |gpu| &gpu.spec))
            && call.is("InstanceFamilyLevel", &kind.family.level)
            && call.is("InstanceTypeFamily", &kind.family.id)
    };
    let hour = call.now.real / HOUR_MS;
    let zones = call.region_facts().zones();
    let zones = zones.filter(|zone| call.is("ZoneId", zone)).map(|zone| {
        let kinds = call.settings.catalogue.instance_types();
        let kinds = kinds
            .filter(fits)
            .filter(|kind| call.settings.is_stocked(&kind.id, &zone));
        let kinds = kinds.map(|kind| {
            let rate = i64::try_from(numbers(kind, &zone, hour / (24 * 30)).next() % 12).unwrap_or(0);
            let words = match rate {
                0..=2 => "0-3%",
                3..=4 => "3-5%",
                5..=9 => "5-10%",
                _ => "10-100%",
            };
            map! {
                "InstanceType": &kind.id,
                // What is paid of the whole, not what is saved.
                "AverageSpotDiscount": percent(kind, &zone, hour),
                "InterruptionRate": rate as f64 / 100.0,
                "InterruptRateDesc": words,
            }
        });
        let kinds: Vec<Node> = kinds.collect();
        map! {
            "ZoneId": &zone,
            "AvailableSpotResources": map! { "AvailableSpotResource": kinds },
        }
    });
    Ok(map! {
        "RegionId": call.region.as_str(),
        "AvailableSpotZones": map! { "AvailableSpotZone": zones.collect::<Vec<_>>() },
    })
}
