//! What is to be had: a type in a zone; and where it is not, what else there is.
//!
//! Does not know who wants it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use serde_json::Value as Json;

use crate::api::action;
use crate::cloud::{ApiError, Cloud, Request};

/// What has been found out, by what was asked; an error in words where no answer came.
pub(super) type Answers<K, V> = BTreeMap<K, Result<V, String>>;

/// What is for sale: type, zone, way of paying.
type Sale<'d> = (&'d str, &'d str, &'d str);

/// How many alternatives are told.
const TOLD_MAX: usize = 3;

/// What there is of a type in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stock {
    Some,
    SoldOut,
    NotOffered,
}

/// The stock of each.
pub(super) async fn stocked(
    sales: &BTreeSet<(String, String, String)>,
    cloud: &Cloud,
) -> Answers<(String, String, String), Stock> {
    stream::iter(sales)
        .map(async |sale| {
            let found = stock((&sale.0, &sale.1, &sale.2), cloud).await;
            (sale.clone(), found)
        })
        .buffered(cloud.parallelism())
        .collect()
        .await
}

/// What there is of a type in a zone, by what is asked about all types there.
pub(super) async fn stock((kind, zone, charge): Sale<'_>, cloud: &Cloud) -> Result<Stock, String> {
    let request = Request::new(&action::DESCRIBE_AVAILABLE_RESOURCE)
        .param("RegionId", cloud.region())
        .param("DestinationResource", "InstanceType")
        .param("InstanceChargeType", charge)
        .param("InstanceType", kind)
        .param("ZoneId", zone);
    let reply = cloud.read(&request).await.map_err(|error| in_short(&error))?;
    let items = |value: &Json| value.as_array().cloned().unwrap_or_default();
    let Some(zones) = reply.body["AvailableZones"]["AvailableZone"].as_array() else {
        return Err("the answer of DescribeAvailableResource has no list".to_owned());
    };
    let offers = zones
        .iter()
        .filter(|one| one["ZoneId"] == zone)
        .flat_map(|one| items(&one["AvailableResources"]["AvailableResource"]))
        .flat_map(|one| items(&one["SupportedResources"]["SupportedResource"]))
        .filter(|one| one["Value"] == kind);
    let mut stock = Stock::NotOffered;
    for offer in offers {
        let is_there = offer["Status"] != "SoldOut" && offer["StatusCategory"] != "WithoutStock";
        stock = if is_there { Stock::Some } else { Stock::SoldOut };
        if is_there {
            break;
        }
    }
    Ok(stock)
}

/// What else there is, a line each: the same type in other zones, and types of the same size in the zone. What cannot be
/// asked is not told.
pub(super) async fn alternatives((kind, zone, charge): Sale<'_>, cloud: &Cloud) -> Vec<String> {
    let everywhere = Request::new(&action::DESCRIBE_AVAILABLE_RESOURCE)
        .param("RegionId", cloud.region())
        .param("DestinationResource", "InstanceType")
        .param("InstanceChargeType", charge)
        .param("InstanceType", kind);
    let (elsewhere, alike) = tokio::join!(cloud.read(&everywhere), alike(kind, zone, charge, cloud));
    let mut told = Vec::new();
    if let Ok(reply) = elsewhere {
        let zones: BTreeSet<String> = in_stock(&reply.body)
            .into_iter()
            .filter(|(other, value)| other != zone && value == kind)
            .map(|(other, _)| other)
            .collect();
        let zones: Vec<String> = zones.into_iter().take(TOLD_MAX).collect();
        if !zones.is_empty() {
            told.push(format!("{kind} is in stock in {}", zones.join(", ")));
        }
    }
    if !alike.is_empty() {
        told.push(format!(
            "of the same size there are {} in {zone}",
            alike.join(", ")
        ));
    }
    told
}

/// Types with as many cores and as much memory that are in stock in the zone.
async fn alike(kind: &str, zone: &str, charge: &str, cloud: &Cloud) -> Vec<String> {
    let request = Request::new(&action::DESCRIBE_INSTANCE_TYPES).param("InstanceTypes.1", kind);
    let Ok(reply) = cloud.read(&request).await else {
        return Vec::new();
    };
    let size = reply.body["InstanceTypes"]["InstanceType"]
        .as_array()
        .and_then(|listed| listed.iter().find(|one| one["InstanceTypeId"] == kind))
        .and_then(|one| Some((one["CpuCoreCount"].as_i64()?, one["MemorySize"].as_f64()?)));
    let Some((cores, memory)) = size else {
        return Vec::new();
    };
    let request = Request::new(&action::DESCRIBE_AVAILABLE_RESOURCE)
        .param("RegionId", cloud.region())
        .param("DestinationResource", "InstanceType")
        .param("InstanceChargeType", charge)
        .param("ZoneId", zone)
        .param("Cores", cores.to_string())
        .param("Memory", memory.to_string());
    let Ok(reply) = cloud.read(&request).await else {
        return Vec::new();
    };
    let types: BTreeSet<String> = in_stock(&reply.body)
        .into_iter()
        .filter(|(at, value)| at == zone && value != kind)
        .map(|(_, value)| value)
        .collect();
    types.into_iter().take(TOLD_MAX).collect()
}

/// Zone and value of everything that an answer of DescribeAvailableResource shows as available.
pub(super) fn in_stock(body: &Json) -> Vec<(String, String)> {
    let items = |value: &Json| value.as_array().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for zone in items(&body["AvailableZones"]["AvailableZone"]) {
        let Some(name) = zone["ZoneId"].as_str() else {
            continue;
        };
        let offers = items(&zone["AvailableResources"]["AvailableResource"])
            .into_iter()
            .flat_map(|one| items(&one["SupportedResources"]["SupportedResource"]));
        for offer in offers {
            let is_there = offer["Status"] != "SoldOut" && offer["StatusCategory"] != "WithoutStock";
            if let (true, Some(value)) = (is_there, offer["Value"].as_str()) {
                found.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    found
}

/// An error in a few words.
pub(super) fn in_short(error: &ApiError) -> String {
    format!("{} ended with {}", error.action.name, error.outcome())
}
