//! What can be had: regions, zones, images, instance types.

use super::super::call::{Call, Entry, read_token, write_token};
use super::super::catalogue::{self, InstanceType};
use super::super::node::{Node, map, texts};
use super::super::products::{ECS, VPC};
use super::super::refusal::{Refusal, refuse};
use super::super::table::Table;
use super::instance_row::{COUNTED, Instance, counted_as};

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "DescribeRegions", describe_regions),
    (VPC, "DescribeRegions", describe_regions),
    (ECS, "DescribeZones", describe_zones),
    (VPC, "DescribeZones", describe_vpc_zones),
    (ECS, "DescribeInstanceTypes", describe_instance_types),
    (ECS, "DescribeInstanceTypeFamilies", describe_families),
    (ECS, "DescribeAvailableResource", describe_available),
    (ECS, "DescribeResourcesModification", describe_modification),
    (ECS, "DescribeAccountAttributes", describe_account),
];

fn describe_regions(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let ecs = call.facts.version == ECS;
    let english = call.params.text_or("AcceptLanguage", "zh-CN").starts_with("en");
    let regions = catalogue::regions()
        .iter()
        .map(|region| {
            let mut node = map! {
                "RegionId": region.id,
                "LocalName": if english { region.id } else { region.name },
                "RegionEndpoint": if ecs { region.ecs_endpoint } else { region.vpc_endpoint },
            };
            if ecs {
                node.push("Status", "available");
            }
            node
        })
        .collect::<Vec<_>>();
    Ok(map! { "Regions": map! { "Region": regions } })
}

fn describe_zones(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let zones = call
        .region_facts()
        .zones()
        .map(|zone| {
            let offer = &call.settings.catalogue;
            let types: Vec<&str> = offer
                .instance_types()
                .map(|kind| kind.id.as_str())
                .filter(|id| call.settings.is_stocked(id, &zone))
                .collect();
            let families = offer.families().map(|family| &family.id);
            let mut generations: Vec<&str> = offer.families().map(|family| family.generation.as_str()).collect();
            generations.sort_unstable();
            generations.dedup();
            let resources = map! {
                "IoOptimized": true,
                "InstanceTypes": map! { "supportedInstanceType": texts(&types) },
                "InstanceTypeFamilies": map! { "supportedInstanceTypeFamily": texts(families) },
                "InstanceGenerations": map! { "supportedInstanceGeneration": texts(generations) },
                "NetworkTypes": map! { "supportedNetworkCategory": texts(["vpc", "classic"]) },
                "SystemDiskCategories": map! { "supportedSystemDiskCategory": texts(catalogue::DISK_CATEGORIES) },
                "DataDiskCategories": map! { "supportedDataDiskCategory": texts(catalogue::DISK_CATEGORIES) },
            };
            map! {
                "ZoneId": &zone,
                "LocalName": &zone,
                "ZoneType": "AvailabilityZone",
                "AvailableInstanceTypes": map! { "InstanceTypes": texts(&types) },
                "AvailableDiskCategories": map! { "DiskCategories": texts(catalogue::DISK_CATEGORIES) },
                "AvailableResourceCreation": map! { "ResourceTypes": texts(["VSwitch", "IoOptimized", "Instance", "Disk"]) },
                "AvailableVolumeCategories": map! { "VolumeCategories": Vec::new() },
                "AvailableDedicatedHostTypes": map! { "DedicatedHostType": Vec::new() },
                "DedicatedHostGenerations": map! { "DedicatedHostGeneration": Vec::new() },
                "AvailableResources": map! { "ResourcesInfo": vec![resources] },
            }
        })
        .collect::<Vec<_>>();
    Ok(map! { "Zones": map! { "Zone": zones } })
}

fn describe_vpc_zones(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let zones = call
        .region_facts()
        .zones()
        .map(|zone| map! { "ZoneId": &zone, "LocalName": &zone, "ZoneType": "AvailabilityZone" })
        .collect::<Vec<_>>();
    Ok(map! { "Zones": map! { "Zone": zones } })
}

fn describe_instance_types(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let wanted = params.list("InstanceTypes");
    let mut families = params.list("InstanceTypeFamilies");
    families.extend(params.text("InstanceTypeFamily"));
    let within = |low: &str, high: &str, value: f64| -> Result<bool, Refusal> {
        let bound = |name: &str| match params.text(name) {
            None => Ok(None),
            Some(text) => text.parse::<f64>().map(Some).map_err(|_| Refusal::invalid(name)),
        };
        Ok(bound(low)?.is_none_or(|low| value >= low) && bound(high)?.is_none_or(|high| value <= high))
    };
    let among = |name: &str, value: &str| {
        let wanted = params.list(name);
        wanted.is_empty() || wanted.iter().any(|one| one.eq_ignore_ascii_case(value))
    };
    let least =
        |name: &str, value: i64| Ok::<bool, Refusal>(params.int(name)?.is_none_or(|least| value >= least));
    let nvme = params.text("NvmeSupport");
    let mut found = Vec::new();
    for kind in call.settings.catalogue.instance_types() {
        let named = wanted.is_empty() || wanted.contains(&kind.id.as_str());
        let in_family = families.is_empty() || families.contains(&kind.family.id.as_str());
        let is = |name: &str, value: &str| params.text(name).is_none_or(|wanted| wanted == value);
        let facts = is("CpuArchitecture", &kind.family.architecture)
            && is("InstanceCategory", &kind.family.category)
            && is("InstanceFamilyLevel", &kind.family.level)
            && within(
                "MinimumGPUAmount",
                "MaximumGPUAmount",
                kind.gpu.as_ref().map_or(0, |gpu| gpu.amount) as f64,
            )?
            && is("GPUSpec", kind.gpu.as_ref().map_or("", |gpu| &gpu.spec))
            && is(
                "LocalStorageCategory",
                kind.local.as_ref().map_or("", |local| &local.category),
            )
            && within("MinimumEniQuantity", "MaximumEniQuantity", kind.interfaces as f64)?
            && among("CpuArchitectures", &kind.family.architecture)
            && among("InstanceCategories", &kind.family.category)
            && among("GpuSpecs", kind.gpu.as_ref().map_or("", |gpu| &gpu.spec))
            && among(
                "LocalStorageCategories",
                kind.local.as_ref().map_or("", |local| &local.category),
            )
            && is("PhysicalProcessorModel", &kind.family.processor)
            && among("PhysicalProcessorModels", &kind.family.processor)
            && within(
                "MinimumCpuSpeedFrequency",
                "MaximumCpuSpeedFrequency",
                kind.family.ghz.0,
            )?
            && within(
                "MinimumCpuTurboFrequency",
                "MaximumCpuTurboFrequency",
                kind.family.ghz.1,
            )?
            && nvme.is_none_or(|wanted| wanted == "unsupported")
            && least("MinimumBaselineCredit", 0)?
            && least("MinimumInitialCredit", 0)?
            && least("MinimumEriQuantity", 0)?
            && least("MinimumQueuePairNumber", 0)?
            && least("MinimumDiskQuantity", kind.disks)?
            && least("MinimumEniIpv6AddressQuantity", 1)?
            && least("MinimumEniPrivateIpAddressQuantity", kind.addresses)?
            && least("MinimumInstanceBandwidthRx", kind.bandwidth)?
            && least("MinimumInstanceBandwidthTx", kind.bandwidth)?
            && least("MinimumInstancePpsRx", kind.cpu * 150_000)?
            && least("MinimumInstancePpsTx", kind.cpu * 150_000)?
            && least("MinimumPrimaryEniQueueNumber", (kind.cpu / 2).max(1))?
            && least("MinimumSecondaryEniQueueNumber", (kind.cpu / 2).max(1))?
            && least(
                "MinimumLocalStorageAmount",
                kind.local.as_ref().map_or(0, |local| local.amount),
            )?
            && least(
                "MinimumLocalStorageCapacity",
                kind.local.as_ref().map_or(0, |local| local.size),
            )?;
        let memory = kind.memory as f64 / 1024.0;
        if named
            && in_family
            && facts
            && within("MinimumCpuCoreCount", "MaximumCpuCoreCount", kind.cpu as f64)?
            && within("MinimumMemorySize", "MaximumMemorySize", memory)?
        {
            found.push(kind);
        }
    }
    let size = usize::try_from(params.int("MaxResults")?.unwrap_or(1600)).unwrap_or(1600);
    let from = match params.text("NextToken") {
        None => 0,
        Some(token) => {
            let token = read_token(token).ok_or_else(|| Refusal::invalid("NextToken"))?;
            usize::try_from(token).unwrap_or(usize::MAX)
        }
    };
    let next = from.saturating_add(size);
    let nodes: Vec<Node> = found
        .iter()
        .skip(from)
        .take(size)
        .map(|kind| type_node(kind))
        .collect();
    Ok(map! {
        "InstanceTypes": map! { "InstanceType": nodes },
        "NextToken": if next < found.len() { write_token(next as u64) } else { String::new() },
    })
}

fn type_node(kind: &InstanceType) -> Node {
    let (gpu, local) = (kind.gpu.as_ref(), kind.local.as_ref());
    map! {
        "InstanceTypeId": &kind.id,
        "InstanceTypeFamily": &kind.family.id,
        "InstanceFamilyLevel": &kind.family.level,
        "InstanceCategory": &kind.family.category,
        "CpuArchitecture": &kind.family.architecture,
        "CpuCoreCount": kind.cpu,
        "CpuSpeedFrequency": kind.family.ghz.0,
        "CpuTurboFrequency": kind.family.ghz.1,
        "PhysicalProcessorModel": &kind.family.processor,
        "MemorySize": kind.memory as f64 / 1024.0,
        "GPUAmount": gpu.map_or(0, |gpu| gpu.amount),
        "GPUSpec": gpu.map_or("", |gpu| &gpu.spec),
        "GPUMemorySize": gpu.map_or(0.0, |gpu| gpu.memory),
        "LocalStorageAmount": local.map_or(0, |local| local.amount),
        "LocalStorageCapacity": local.map_or(0, |local| local.size),
        "LocalStorageCategory": local.map_or("", |local| &local.category),
        "DiskQuantity": kind.disks,
        "EniQuantity": kind.interfaces,
        "EniTotalQuantity": kind.interfaces,
        "EniPrivateIpAddressQuantity": kind.addresses,
        "EniIpv6AddressQuantity": 1,
        "EniTrunkSupported": false,
        "EriQuantity": 0,
        "InstanceBandwidthRx": kind.bandwidth,
        "InstanceBandwidthTx": kind.bandwidth,
        "InstancePpsRx": kind.cpu * 150_000,
        "InstancePpsTx": kind.cpu * 150_000,
        "PrimaryEniQueueNumber": (kind.cpu / 2).max(1),
        "SecondaryEniQueueNumber": (kind.cpu / 2).max(1),
        "NvmeSupport": "unsupported",
        "BaselineCredit": 0,
        "InitialCredit": 0,
        "JumboFrameSupport": false,
    }
}

fn describe_families(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let generation = call.params.text("Generation");
    let families = call
        .settings
        .catalogue
        .families()
        .filter(|family| generation.is_none_or(|wanted| wanted == family.generation))
        .map(|family| map! { "InstanceTypeFamilyId": &family.id, "Generation": &family.generation })
        .collect::<Vec<_>>();
    Ok(map! { "InstanceTypeFamilies": map! { "InstanceTypeFamily": families } })
}

/// A value that can be had, or that is sold out.
fn supported(value: &str, stocked: bool, sizes: Option<std::ops::RangeInclusive<i64>>) -> Node {
    let mut node = map! {
        "Value": value,
        "Status": if stocked { "Available" } else { "SoldOut" },
        "StatusCategory": if stocked { "WithStock" } else { "WithoutStock" },
    };
    if let Some(sizes) = sizes {
        node.push("Min", *sizes.start());
        node.push("Max", *sizes.end());
        node.push("Unit", "GiB");
    }
    node
}

fn describe_available(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let wanted = params.required("DestinationResource")?;
    let kinds = [
        "Zone",
        "Network",
        "ddh",
        "IoOptimized",
        "InstanceType",
        "SystemDisk",
        "DataDisk",
        "ShareDisk",
    ];
    if !kinds.iter().any(|kind| kind.eq_ignore_ascii_case(wanted)) {
        return refuse("Invalid.DestinationResource");
    }
    if !matches!(
        params.text_or("InstanceChargeType", "PostPaid"),
        "PostPaid" | "PrePaid"
    ) {
        return refuse("Invalid.InstanceChargeType");
    }
    let choices: [(&str, &[&str], &str); 5] = [
        (
            "ResourceType",
            &["instance", "disk", "reservedinstance", "ddh"],
            "Invalid.ResourceType",
        ),
        ("NetworkCategory", &["vpc", "classic"], "Invalid.NetworkCategory"),
        ("IoOptimized", &["optimized", "none"], "Invalid.IoOptimized"),
        (
            "SpotStrategy",
            &["NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo"],
            "Invalid.SpotStrategy",
        ),
        ("Scope", &["Region", "Zone"], "Invalid.Scope"),
    ];
    for (name, values, code) in choices {
        if params
            .text(name)
            .is_some_and(|text| !values.iter().any(|value| value.eq_ignore_ascii_case(text)))
        {
            return Err(call.code(&[code, "InvalidParameter"]));
        }
    }
    let categories = ["SystemDiskCategory", "DataDiskCategory"];
    for (name, code) in categories
        .into_iter()
        .zip(["Invalid.SystemDiskCategory", "Invalid.DataDiskCategory"])
    {
        if params
            .text(name)
            .is_some_and(|category| catalogue::disk_sizes(category).is_none())
        {
            return Err(call.code(&[code, "InvalidParameter"]));
        }
    }
    let found = zones_with(call, wanted, |kind| {
        // What stands on the newer hardware is always optimised, and on no classic network.
        let takes = |name: &str| {
            params
                .text(name)
                .is_none_or(|category| kind.family.takes(category))
        };
        categories.into_iter().all(takes)
            && (kind.family.old
                || (params.text("IoOptimized") != Some("none")
                    && !params
                        .text("NetworkCategory")
                        .is_some_and(|network| network.eq_ignore_ascii_case("classic"))))
            && params
                .int("Cores")
                .ok()
                .flatten()
                .is_none_or(|cores| cores == kind.cpu)
            && params
                .text("Memory")
                .and_then(|text| text.parse::<f64>().ok())
                .is_none_or(|memory| memory * 1024.0 == kind.memory as f64)
            && params.text("InstanceType").is_none_or(|wanted| wanted == kind.id)
    });
    Ok(map! { "AvailableZones": map! { "AvailableZone": found } })
}

/// What there is of a kind, in each zone that is asked for.
fn zones_with(call: &Call<'_>, wanted: &str, keep: impl Fn(&InstanceType) -> bool) -> Vec<Node> {
    let params = call.params;
    let zones = call
        .region_facts()
        .zones()
        .filter(|zone| params.text("ZoneId").is_none_or(|wanted| wanted == zone));
    zones
        .map(|zone| {
            let family = params
                .text("InstanceType")
                .and_then(|id| call.settings.catalogue.find_instance_type(id));
            let categories = || {
                catalogue::DISK_CATEGORIES
                    .iter()
                    .filter(|category| family.as_ref().is_none_or(|kind| kind.family.takes(category)))
            };
            let resources: Vec<Node> = match wanted.to_ascii_lowercase().as_str() {
                "instancetype" => call
                    .settings
                    .catalogue
                    .instance_types()
                    .filter(|kind| keep(kind))
                    .map(|kind| supported(&kind.id, call.settings.is_stocked(&kind.id, &zone), None))
                    .collect(),
                "systemdisk" => categories()
                    .map(|category| supported(category, true, Some(catalogue::SYSTEM_DISK_SIZES)))
                    .collect(),
                "datadisk" => categories()
                    .map(|category| supported(category, true, catalogue::disk_sizes(category)))
                    .collect(),
                "ioptimized" | "iooptimized" => {
                    vec![supported("optimized", true, None), supported("none", true, None)]
                }
                "network" => vec![supported("vpc", true, None), supported("classic", true, None)],
                _ => Vec::new(),
            };
            let any = wanted.eq_ignore_ascii_case("zone") || !resources.is_empty();
            let mut node = map! {
                "RegionId": call.region.as_str(),
                "ZoneId": &zone,
                "Status": if any { "Available" } else { "SoldOut" },
                "StatusCategory": if any { "WithStock" } else { "WithoutStock" },
            };
            if !resources.is_empty() {
                let resource =
                    map! { "Type": wanted, "SupportedResources": map! { "SupportedResource": resources } };
                node.push("AvailableResources", map! { "AvailableResource": vec![resource] });
            }
            node
        })
        .collect()
}

fn describe_modification(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let row = call.find::<Instance>(params.required("ResourceId")?, "InvalidInstanceId.NotFound")?;
    let wanted = params.required("DestinationResource")?;
    if !matches!(wanted, "InstanceType" | "SystemDisk") {
        return refuse("Invalid.DestinationResource");
    }
    let (zone, current) = (row.zone.clone(), row.instance_type.clone());
    let found: Vec<Node> = zones_with(call, wanted, |kind| {
        kind.id != current && params.text("InstanceType").is_none_or(|wanted| wanted == kind.id)
    })
    .into_iter()
    .filter(|node| matches!(node, Node::Map(fields) if fields.iter().any(|(name, value)| name == "ZoneId" && *value == Node::from(&zone))))
    .collect();
    Ok(map! { "AvailableZones": map! { "AvailableZone": found } })
}

/// How many cores all servers of the region have that are paid for in this way, by the hour: counted by type, since a create
/// asks, and there may be any number of servers.
pub(super) fn cores(call: &Call<'_>, is_spot: bool) -> i64 {
    let servers = call.world.all::<Instance>();
    let types = call.settings.catalogue.instance_types();
    let mut counted = counted_as(&call.region, is_spot, "");
    let before = counted.len();
    let cores = types.map(|kind| {
        counted.truncate(before);
        counted.push_str(&kind.id);
        let own = servers.indexed(Table::<Instance>::link_key(COUNTED, &counted));
        own.map_or(0, |own| kind.cpu * i64::try_from(own.len()).unwrap_or(i64::MAX))
    });
    cores.sum()
}

/// Whether so many cores more cannot be too many, whatever the servers that are there have.
pub(super) fn is_far_below(call: &Call<'_>, more: i64, most: i64) -> bool {
    let largest = call
        .settings
        .catalogue
        .instance_types()
        .map(|kind| kind.cpu)
        .max();
    let servers = i64::try_from(call.world.all::<Instance>().len()).unwrap_or(i64::MAX);
    servers.saturating_mul(largest.unwrap_or(0)).saturating_add(more) <= most
}

fn describe_account(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let wanted = call.params.list("AttributeName");
    let limits = call.settings.account;
    let attributes = [
        ("instance-network-type", "vpc".to_owned()),
        ("max-security-groups", "100".to_owned()),
        ("max-elastic-network-interfaces", "5000".to_owned()),
        ("max-postpaid-instance-vcpu-count", limits.vcpus.to_string()),
        (
            "used-postpaid-instance-vcpu-count",
            cores(call, false).to_string(),
        ),
        ("max-spot-instance-vcpu-count", limits.spot_vcpus.to_string()),
        ("used-spot-instance-vcpu-count", cores(call, true).to_string()),
        ("real-name-authentication", "yes".to_owned()),
    ];
    let items = attributes
        .into_iter()
        .filter(|(name, _)| wanted.is_empty() || wanted.contains(name))
        .map(|(name, value)| {
            let values = vec![map! { "Value": value }];
            map! { "AttributeName": name, "AttributeValues": map! { "ValueItem": values } }
        })
        .collect::<Vec<_>>();
    Ok(map! { "AccountAttributeItems": map! { "AccountAttributeItem": items } })
}
