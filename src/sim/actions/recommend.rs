//! Which type to take, and how much bandwidth a server may have.

use super::super::call::{Call, Entry};
use super::super::catalogue::{InstanceType, disk_sizes};
use super::super::node::{Node, map, texts};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::instance_row::Instance;

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "DescribeRecommendInstanceType", recommend),
    (ECS, "DescribeBandwidthLimitation", bandwidth),
];

/// Simulated: how many types are recommended.
const RECOMMENDED_MAX: usize = 10;

/// The most Mbit/s that a server may send.
const OUT_MAX: i64 = 100;

/// Refuses what is none of a few words.
fn one_of(call: &Call<'_>, name: &str, words: &[&str], code: &'static str) -> Result<(), Refusal> {
    match call.params.text(name) {
        Some(word) if !words.contains(&word) => Err(call.code(&[code, "InvalidParameter"])),
        _ => Ok(()),
    }
}

/// What kind of type a request asks for.
struct Wanted<'t> {
    /// The type that others are to stand in for.
    like: Option<&'t InstanceType>,
    cpu: i64,
    /// MiB.
    memory: i64,
    upgrade: bool,
}

impl<'t> Wanted<'t> {
    fn told(call: &'t Call<'_>) -> Result<Self, Refusal> {
        let params = call.params;
        let upgrade = params.text("Scene") == Some("UPGRADE");
        let cores = params.int("Cores")?;
        let memory = params.text("Memory").and_then(|text| text.parse::<f64>().ok());
        match (params.text("InstanceType"), cores, memory) {
            (Some(id), None, None) => {
                let kind = call.settings.catalogue.find_instance_type(id);
                let kind = kind.ok_or_else(|| Refusal::new("InvalidInstanceType.NotSupported"))?;
                Ok(Self {
                    like: Some(kind),
                    cpu: kind.cpu,
                    memory: kind.memory,
                    upgrade,
                })
            }
            (None, Some(cores), Some(memory)) if cores > 0 && memory > 0.0 => Ok(Self {
                like: None,
                cpu: cores,
                memory: (memory * 1024.0) as i64,
                upgrade,
            }),
            (None, None, None) | (Some(_), ..) => refuse("InvalidParam.TypeAndCpuMem.Conflict"),
            _ => refuse("InvalidCoreAndMemory.ValueNotSupported"),
        }
    }

    fn fits(&self, kind: &InstanceType) -> bool {
        let sized = match self.upgrade {
            true => {
                kind.cpu >= self.cpu
                    && kind.memory >= self.memory
                    && (kind.cpu, kind.memory) != (self.cpu, self.memory)
            }
            false => (kind.cpu, kind.memory) == (self.cpu, self.memory),
        };
        sized && self.like.is_none_or(|like| like.id != kind.id)
    }
}

fn check_words(call: &Call<'_>) -> Result<(), Refusal> {
    let rows: [(&str, &[&str], &'static str); 7] = [
        (
            "NetworkType",
            &["vpc", "classic"],
            "InvalidNetworkType.ValueNotSupported",
        ),
        (
            "SpotStrategy",
            &["NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo"],
            "InvalidSpotStrategy.ValueNotSupported",
        ),
        (
            "InstanceChargeType",
            &["PrePaid", "PostPaid"],
            "InvalidInstanceChargeType.NotFound",
        ),
        (
            "PriorityStrategy",
            &["InventoryFirst", "PriceFirst", "NewProductFirst"],
            "InvalidPriorityStrategy.ValueNotSupported",
        ),
        (
            "IoOptimized",
            &["optimized", "none"],
            "InvalidIoOptimized.NotFound",
        ),
        ("Scene", &["UPGRADE", "CREATE"], "InvalidScene.ValueNotSupported"),
        (
            "InstanceFamilyLevel",
            &["EntryLevel", "EnterpriseLevel", "CreditEntryLevel"],
            "InvalidInstanceFamilyLevel.NotSupported",
        ),
    ];
    for (name, words, code) in rows {
        one_of(call, name, words, code)?;
    }
    one_of(call, "ZoneMatchMode", &["Strict", "Include"], "InvalidParameter")
}

/// Leaves of some types what can be; says with this code when nothing is left.
fn narrow(
    kinds: &mut Vec<&InstanceType>,
    code: &str,
    keep: impl Fn(&InstanceType) -> bool,
) -> Result<(), Refusal> {
    kinds.retain(|kind| keep(kind));
    if kinds.is_empty() {
        return refuse(code);
    }
    Ok(())
}

fn recommend(call: &mut Call<'_>) -> Result<Node, Refusal> {
    check_words(call)?;
    let params = call.params;
    let catalogue = &call.settings.catalogue;
    let charge = params.text_or("InstanceChargeType", "PostPaid");
    let spot = params.text_or("SpotStrategy", "NoSpot");
    if charge == "PrePaid" && spot != "NoSpot" {
        return refuse("InvalidSpotStrategy.ValueNotSupported");
    }
    let network = params.required("NetworkType")?;
    let disk = params.text("SystemDiskCategory");
    if disk.is_some_and(|category| disk_sizes(category).is_none()) {
        return refuse("InvalidDiskCategory.NotFound");
    }
    let families = params.list("InstanceTypeFamily");
    if families
        .iter()
        .any(|name| !catalogue.families().any(|family| family.id == *name))
    {
        return refuse("InvalidInstanceTypeFamily.NotFound");
    }
    let max_price = params.text("MaxPrice").and_then(|text| text.parse::<f64>().ok());
    // It is the most that is paid for a spot server.
    if max_price.is_some_and(|price| price <= 0.0) || (max_price.is_some() && spot != "SpotWithPriceLimit") {
        return refuse("InvalidMaxPrice.NotSupported");
    }
    let strict = params.text("ZoneMatchMode") == Some("Strict");
    let zone = params.text("ZoneId");
    if zone.is_some_and(|zone| !call.region_facts().has_zone(zone)) {
        return refuse("InvalidZoneId.ValueNotSupported");
    }
    if strict && zone.is_none() {
        return Err(Refusal::missing("ZoneId"));
    }
    let zones: Vec<String> = call
        .region_facts()
        .zones()
        .filter(|own| !strict || zone == Some(own.as_str()))
        .collect();
    let wanted = Wanted::told(call)?;
    let mut kinds: Vec<&InstanceType> = catalogue.instance_types().collect();
    narrow(&mut kinds, "RecommendEmpty.InstanceTypeNotMatched", |kind| {
        wanted.fits(kind)
    })?;
    narrow(
        &mut kinds,
        "RecommendEmpty.InstanceTypeFamilyNotMatched",
        |kind| {
            (families.is_empty() || families.contains(&kind.family.id.as_str()))
                && call.is("InstanceFamilyLevel", &kind.family.level)
        },
    )?;
    narrow(&mut kinds, "RecommendEmpty.NetworkTypeNotSupported", |kind| {
        kind.family.old || (network == "vpc" && params.text("IoOptimized") != Some("none"))
    })?;
    narrow(&mut kinds, "RecommendEmpty.DiskCategoryNotRecommended", |kind| {
        disk.is_none_or(|category| kind.family.takes(category))
    })?;
    narrow(&mut kinds, "RecommendEmpty.PriceNotSatisfied", |kind| {
        max_price.is_none_or(|price| catalogue.price_per_hour(kind) as f64 / 1000.0 <= price)
    })?;
    let stocked = |kind: &InstanceType| -> Vec<&String> {
        let own = zones.iter();
        own.filter(|zone| call.settings.is_stocked(&kind.id, zone))
            .collect()
    };
    narrow(&mut kinds, "RecommendEmpty.InstanceTypeSoldOut", |kind| {
        !stocked(kind).is_empty()
    })?;
    match params.text_or("PriorityStrategy", "InventoryFirst") {
        "PriceFirst" => kinds.sort_by_key(|kind| catalogue.price_per_hour(kind)),
        "NewProductFirst" => kinds.sort_by(|one, other| other.family.generation.cmp(&one.family.generation)),
        _ => kinds.sort_by_key(|kind| std::cmp::Reverse(stocked(kind).len())),
    }
    let rows = kinds
        .iter()
        .take(RECOMMENDED_MAX)
        .enumerate()
        .map(|(place, kind)| {
            let own = stocked(kind);
            // The zone that was named comes first where it has any.
            let first = own.iter().find(|own| zone == Some(own.as_str())).or(own.first());
            let zones = own.iter().map(|zone| {
                map! { "ZoneNo": *zone, "NetworkTypes": map! { "NetworkType": texts([network]) } }
            });
            map! {
                "CommodityCode": "ecs",
                "Priority": place + 1,
                "RegionId": call.region.as_str(),
                "ZoneId": first.map_or("", |zone| zone.as_str()),
                "Zones": map! { "zone": zones.collect::<Vec<_>>() },
                "InstanceChargeType": charge,
                "SpotStrategy": spot,
                "NetworkType": network,
                "Scene": params.text_or("Scene", "CREATE"),
                "InstanceType": map! {
                    "InstanceType": &kind.id,
                    "InstanceTypeFamily": &kind.family.id,
                    "Generation": &kind.family.generation,
                    "Cores": kind.cpu,
                    "Memory": kind.memory,
                    "SupportIoOptimized": params.text_or("IoOptimized", "optimized"),
                },
            }
        });
    Ok(map! { "Data": map! { "RecommendInstanceType": rows.collect::<Vec<_>>() } })
}

fn bandwidth(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    one_of(
        call,
        "InstanceChargeType",
        &["PrePaid", "PostPaid"],
        "Invalid.InstanceChargeType",
    )?;
    one_of(
        call,
        "OperationType",
        &["Upgrade", "Downgrade", "Create"],
        "Invalid.OperationType",
    )?;
    one_of(
        call,
        "SpotStrategy",
        &["NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo"],
        "Invalid.SpotStrategy",
    )?;
    let prepaid = params.text("InstanceChargeType") == Some("PrePaid");
    // Only what is paid as it is used can be a spot server.
    if prepaid && params.text_or("SpotStrategy", "NoSpot") != "NoSpot" {
        return refuse("Invalid.SpotStrategy");
    }
    let kind = params.required("InstanceType")?;
    if call.settings.catalogue.find_instance_type(kind).is_none() {
        return refuse("InvalidInstanceType.ValueNotSupported");
    }
    let operation = params.text_or("OperationType", "Create");
    let now = match params.text("ResourceId") {
        None if operation == "Create" => None,
        None => return refuse("Invalid.ResourceId"),
        Some(id) => Some(
            call.find::<Instance>(id, "InvalidInstanceId.NotFound")?
                .bandwidth_out,
        ),
    };
    let (least, most) = match (operation, now) {
        ("Upgrade", Some(now)) => (now, OUT_MAX),
        ("Downgrade", Some(now)) => (0, now),
        _ => (0, OUT_MAX),
    };
    let rows = ["PayByTraffic", "PayByBandwidth"].map(|charge| {
        map! { "InternetChargeType": charge, "Min": least, "Max": most, "Unit": "Mbps" }
    });
    Ok(map! { "Bandwidths": map! { "Bandwidth": rows.to_vec() } })
}
