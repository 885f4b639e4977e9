//! What is on offer: which types are in stock, and what they cost.
//!
//! Does not know who asks.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value as Json;

use crate::api::action;
use crate::cloud::{ApiError, Cloud, Request};
use crate::data::{Filter, Question};
use crate::value::{Attributes, Value};

/// Of how many types the price is asked; each takes a request. They are the smallest of those that match.
const PRICES_MAX: usize = 60;

/// Leaves out of what matches each question what is sold out, and adds prices where they decide.
pub(super) async fn narrow(
    meant: &mut [(&Question, Vec<Attributes>)],
    cloud: &Cloud,
) -> Result<(), ApiError> {
    let zones: BTreeSet<String> = meant
        .iter()
        .filter(|(question, _)| asks_for_stock(question))
        .map(|(question, _)| zone(question))
        .collect();
    let mut stocked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut reads = stream::iter(zones)
        .map(async |zone| {
            let found = in_stock(&zone, cloud).await?;
            Ok::<_, ApiError>((zone, found))
        })
        .buffered(cloud.parallelism());
    while let Some((zone, found)) = reads.try_next().await? {
        stocked.insert(zone, found);
    }
    for (question, matching) in meant.iter_mut().filter(|(question, _)| asks_for_stock(question)) {
        let stocked = stocked.get(&zone(question));
        matching.retain(|one| stocked.is_some_and(|stocked| stocked.contains(&text(one, "id"))));
    }
    let wanted: BTreeSet<(String, String)> = meant
        .iter_mut()
        .filter(|(question, _)| wants_prices(question))
        .flat_map(|(question, matching)| {
            let number = |one: &Attributes, name: &str| one.get(name).and_then(Value::as_integer);
            matching.sort_by_key(|one| (number(one, "cpu"), number(one, "memory"), text(one, "id")));
            matching
                .iter()
                .take(PRICES_MAX)
                .map(|one| (text(one, "id"), zone(question)))
                .collect::<Vec<_>>()
        })
        .collect();
    let prices: BTreeMap<(String, String), String> = stream::iter(wanted)
        .map(async |kind| {
            let found = price(&kind.0, &kind.1, cloud).await;
            (kind, found)
        })
        .buffered(cloud.parallelism())
        .filter_map(async |(kind, found)| Some((kind, found?)))
        .collect()
        .await;
    for (question, matching) in meant.iter_mut().filter(|(question, _)| wants_prices(question)) {
        let zone = zone(question);
        for one in matching.iter_mut() {
            if let Some(price) = prices.get(&(text(one, "id"), zone.clone())) {
                one.insert("price".to_owned(), Value::from(price.as_str()));
            }
        }
    }
    Ok(())
}

fn text(one: &Attributes, name: &str) -> String {
    one.get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// The zone that a question names; empty for all zones.
fn zone(question: &Question) -> String {
    text(&question.keys, "zone")
}

fn wants_prices(question: &Question) -> bool {
    question.keys.get("sort_by").and_then(Value::as_str) == Some("price")
}

/// Whether a question wants to know what is sold out.
fn asks_for_stock(question: &Question) -> bool {
    question.kind.filters.iter().any(|(key, filter)| {
        let value = question.keys.get(*key);
        *filter == Filter::Stock && value.is_some_and(|value| *value != Value::Bool(false))
    })
}

/// The types that are to be had in a zone, or in any.
async fn in_stock(zone: &str, cloud: &Cloud) -> Result<BTreeSet<String>, ApiError> {
    let mut request = Request::new(&action::DESCRIBE_AVAILABLE_RESOURCE)
        .param("RegionId", cloud.region())
        .param("DestinationResource", "InstanceType")
        .param("InstanceChargeType", "PostPaid");
    if !zone.is_empty() {
        request = request.param("ZoneId", zone);
    }
    let reply = cloud.read(&request).await?;
    let items = |value: &Json| value.as_array().cloned().unwrap_or_default();
    let offers = items(&reply.body["AvailableZones"]["AvailableZone"])
        .into_iter()
        .filter(|one| zone.is_empty() || one["ZoneId"] == zone)
        .flat_map(|one| items(&one["AvailableResources"]["AvailableResource"]))
        .flat_map(|one| items(&one["SupportedResources"]["SupportedResource"]))
        .filter(|one| one["Status"] != "SoldOut" && one["StatusCategory"] != "WithoutStock");
    Ok(offers
        .filter_map(|one| one["Value"].as_str().map(str::to_owned))
        .collect())
}

/// What an hour of a type costs; none where the cloud does not say, as for types that are not sold there.
async fn price(kind: &str, zone: &str, cloud: &Cloud) -> Option<String> {
    let mut request = Request::new(&action::DESCRIBE_PRICE)
        .param("RegionId", cloud.region())
        .param("ResourceType", "instance")
        .param("InstanceType", kind)
        .param("PriceUnit", "Hour");
    if !zone.is_empty() {
        request = request.param("ZoneId", zone);
    }
    let reply = cloud.read(&request).await.ok()?;
    let info = &reply.body["PriceInfo"];
    // The disk that comes with it costs the same for every type.
    let parts = info["Price"]["DetailInfos"]["DetailInfo"].as_array();
    let own = parts
        .into_iter()
        .flatten()
        .find(|part| part["Resource"] == "instanceType")
        .map_or(&info["Price"]["TradePrice"], |part| &part["TradePrice"]);
    match own {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        number => Some(number.to_string()),
    }
}
