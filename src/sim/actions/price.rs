//! Prices. All figures are simulated: plausible in size and order, and nobody's.

use super::super::call::{Call, Entry};
use super::super::catalogue::{self, Catalogue};
use super::super::head::Status;
use super::super::node::{Node, map};
use super::super::params::Params;
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::World;
use super::disk_row::Disk;
use super::instance_row::ABSENT;
use super::instance_row::Instance;

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "DescribePrice", describe_price),
    (ECS, "DescribeRenewalPrice", describe_renewal_price),
    (
        ECS,
        "DescribeInstanceModificationPrice",
        describe_modification_price,
    ),
];

/// Parts of a price, each in thousandths of a yuan for an hour.
type Parts = Vec<(&'static str, i64)>;

fn describe_price(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let amount = params
        .int("Amount")?
        .or(params.int("InstanceAmount")?)
        .unwrap_or(1);
    if !(1..=1000).contains(&amount) {
        return refuse("InvalidAmount.Malformed");
    }
    let parts = match params.text_or("ResourceType", "instance") {
        "instance" => instance_parts(call)?,
        "disk" => data_disk_parts(&call.settings.catalogue, params)?,
        "bandwidth" => bandwidth_part(&call.settings.catalogue, params)?
            .into_iter()
            .collect(),
        _ => return refuse("InvalidResourceType.ValueNotSupported"),
    };
    let hours = hours(params, "Hour")?;
    Ok(price_info(&parts, hours * amount, true))
}

fn instance_parts(call: &Call<'_>) -> Result<Parts, Refusal> {
    let params = call.params;
    let kind = call
        .settings
        .catalogue
        .find_instance_type(params.required("InstanceType")?)
        .ok_or_else(|| Refusal::new("InvalidInstanceType.ValueNotSupported"))?;
    let category = params.text_or("SystemDisk.Category", "cloud_efficiency");
    if catalogue::disk_sizes(category).is_none() {
        return refuse("InvalidSystemDiskCategory.ValueNotSupported");
    }
    let size = params.int("SystemDisk.Size")?.unwrap_or(40);
    if !catalogue::SYSTEM_DISK_SIZES.contains(&size) {
        return refuse("InvalidSystemDiskSize.ValueNotSupported");
    }
    let mut parts = vec![
        ("instanceType", call.settings.catalogue.price_per_hour(kind)),
        ("systemDisk", disk_part(&call.settings.catalogue, category, size)),
    ];
    parts.extend(data_disk_parts(&call.settings.catalogue, params)?);
    parts.extend(bandwidth_part(&call.settings.catalogue, params)?);
    Ok(parts)
}

fn disk_part(catalogue: &Catalogue, category: &str, size: i64) -> i64 {
    size * catalogue.disk_price_per_gib_hour(category) / 1000
}

fn data_disk_parts(catalogue: &Catalogue, params: &Params) -> Result<Parts, Refusal> {
    let mut parts = Vec::new();
    for disk in params.groups("DataDisk") {
        let category = disk.text_or("Category", "cloud_efficiency");
        let Some(sizes) = catalogue::disk_sizes(category) else {
            return refuse("InvalidDataDiskCategory.ValueNotSupported");
        };
        let size = disk.int("Size")?.unwrap_or(*sizes.start());
        if !sizes.contains(&size) {
            return refuse("InvalidDataDiskSize.ValueNotSupported");
        }
        parts.push(("dataDisk", disk_part(catalogue, category, size)));
    }
    Ok(parts)
}

fn bandwidth_part(catalogue: &Catalogue, params: &Params) -> Result<Option<(&'static str, i64)>, Refusal> {
    let bandwidth = params.int("InternetMaxBandwidthOut")?.unwrap_or(0);
    if !(0..=100).contains(&bandwidth) {
        return refuse("InvalidInternetMaxBandwidthOut.ValueNotSupported");
    }
    // By traffic, nothing is paid before something flows.
    let fixed = params.text_or("InternetChargeType", "PayByTraffic") == "PayByBandwidth" && bandwidth > 0;
    Ok(fixed.then_some(("bandwidth", bandwidth * catalogue.bandwidth_price_per_hour())))
}

/// What each server costs with its disks in thousandths of a yuan for an hour.
pub(in super::super) fn costs<'w>(
    world: &'w World,
    catalogue: &Catalogue,
) -> impl Iterator<Item = (&'w str, i64)> {
    world.all::<Instance>().iter().map(|row| {
        let is_free = row.status == Status::Stopped && row.stopped_mode == "StopCharging";
        let kind = catalogue.find_instance_type(&row.instance_type);
        let own = match kind {
            Some(kind) if !is_free => catalogue.price_per_hour(kind),
            _ => 0,
        };
        let disks: i64 = world
            .linked::<Disk>("instance", &row.id)
            .map(|disk| disk_part(catalogue, &disk.category, disk.size))
            .sum();
        (row.id.as_str(), own + disks)
    })
}

/// How many hours are paid for; a longer commitment counts fewer.
pub(super) fn hours(params: &Params, unit: &str) -> Result<i64, Refusal> {
    let period = params.int("Period")?.unwrap_or(1);
    if !(1..=60).contains(&period) {
        return refuse("InvalidPeriod");
    }
    match params.text_or("PriceUnit", unit) {
        "Hour" => Ok(period),
        "Day" => Ok(period * 24),
        "Week" => Ok(period * 24 * 7),
        "Month" => Ok(period * 480),
        "Year" => Ok(period * 480 * 10),
        _ => refuse("InvalidPriceUnit.ValueNotSupported"),
    }
}

fn price_info(parts: &[(&'static str, i64)], hours: i64, with_hour_price: bool) -> Node {
    let yuan = |thousandths: i64| (thousandths * hours) as f64 / 1000.0;
    let details = parts
        .iter()
        .map(|(resource, price)| {
            map! {
                "Resource": *resource,
                "OriginalPrice": yuan(*price),
                "DiscountPrice": 0.0,
                "TradePrice": yuan(*price),
                "SubRules": map! { "Rule": Vec::new() },
            }
        })
        .collect::<Vec<_>>();
    let total: i64 = parts.iter().map(|(_, price)| price).sum();
    let mut price = map! {
        "Currency": "CNY",
        "OriginalPrice": yuan(total),
        "DiscountPrice": 0.0,
        "TradePrice": yuan(total),
        "DetailInfos": map! { "DetailInfo": details },
    };
    if with_hour_price {
        price.push("ReservedInstanceHourPrice", 0.0);
    }
    map! { "PriceInfo": map! { "Price": price, "Rules": map! { "Rule": Vec::new() } } }
}

fn describe_renewal_price(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    if params.text_or("ResourceType", "instance") != "instance" {
        return refuse("InvalidResourceType.ValueNotSupported");
    }
    let row = call.find::<Instance>(params.required("ResourceId")?, ABSENT)?;
    if row.subscription.is_none() {
        return refuse("ChargeTypeViolation");
    }
    let catalogue = &call.settings.catalogue;
    let kind = catalogue
        .find_instance_type(&row.instance_type)
        .map_or(0, |kind| catalogue.price_per_hour(kind));
    let disks: i64 = call
        .world
        .linked::<Disk>("instance", &row.id)
        .map(|disk| disk_part(catalogue, &disk.category, disk.size))
        .sum();
    Ok(price_info(
        &[("instanceType", kind), ("disk", disks)],
        hours(params, "Month")?,
        false,
    ))
}

fn describe_modification_price(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let row = call.find::<Instance>(params.required("InstanceId")?, ABSENT)?;
    if row.subscription.is_none() {
        return refuse("ChargeTypeViolation");
    }
    let catalogue = &call.settings.catalogue;
    let disks = data_disk_parts(catalogue, params)?;
    let Some(wanted) = params.text("InstanceType") else {
        if disks.is_empty() {
            return refuse("MissingParameter.InstanceTypeOrDataDisk");
        }
        return Ok(price_info(&disks, 480, false));
    };
    let price = |id: &str| {
        catalogue
            .find_instance_type(id)
            .map(|kind| catalogue.price_per_hour(kind))
    };
    let wanted = price(wanted).ok_or_else(|| Refusal::new("InvalidInstanceType.ValueNotSupported"))?;
    let more = wanted - price(&row.instance_type).unwrap_or(0);
    let mut parts = vec![("instanceType", more.max(0))];
    parts.extend(disks);
    Ok(price_info(&parts, 480, false))
}
