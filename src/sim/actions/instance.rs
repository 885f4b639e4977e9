//! Instances as they are seen.

use super::super::call::{Call, Entry, Search, ecs_tags};
use super::super::clock::minutes;
use super::super::head::Status;
use super::super::net::ip_text;
use super::super::node::{Node, map, texts};
use super::super::params::Params;
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::trouble::Trouble;
use super::eip::Eip;
use super::image;
use super::instance_options;
use super::instance_row::ABSENT;
use super::instance_row::{Instance, Network};
use super::instance_tuning::WEIGHTING;
use super::key_pair::wildcard;
use super::network_interface::{NetworkInterface, address_sets};

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "DescribeInstances", describe),
    (ECS, "DescribeInstanceStatus", describe_status),
    (ECS, "DescribeInstanceAttribute", describe_attribute),
    (ECS, "DescribeUserData", describe_user_data),
];

/// The end of what never ends: pay-as-you-go instances show it as their expiry.
const NEVER: &str = "2099-12-31T15:59Z";

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let lists = |name: &str| params.json_list(name, 100);
    let ids = lists("InstanceIds")?;
    let private = lists("PrivateIpAddresses")?;
    let public = lists("PublicIpAddresses")?;
    let inner = lists("InnerIpAddresses")?;
    let elastic = lists("EipAddresses")?;
    if let Some(status) = params.text("Status")
        && !["Pending", "Running", "Starting", "Stopping", "Stopped"].contains(&status)
    {
        return refuse("InvalidStatus.NotFound");
    }
    let times = time_filters(params)?;
    let link = ["SecurityGroupId", "VSwitchId", "VpcId"]
        .iter()
        .zip(["security_group", "vswitch", "vpc"])
        .find_map(|(name, kind)| Some((kind, params.text(name)?)));
    let search = match link {
        Some((kind, value)) => Search::ids(ids).or_link(kind, Some(value)),
        None => Search::ids(ids).from("InstanceIds"),
    };
    let is = |name: &str, value: &str| params.text(name).is_none_or(|wanted| wanted == value);
    let among = |list: &Option<Vec<String>>, value: Option<&str>| {
        list.as_ref()
            .is_none_or(|list| value.is_some_and(|value| list.iter().any(|item| item == value)))
    };
    let rdma = lists("RdmaIpAddresses")?;
    let hop_limit = params.int("HttpPutResponseHopLimit")?;
    let ipv6: Vec<String> = params
        .list("Ipv6Address")
        .iter()
        .map(|text| {
            text.parse::<std::net::Ipv6Addr>()
                .map_or_else(|_| (*text).to_owned(), |own| own.to_string())
        })
        .collect();
    let page = call.page::<Instance>(search.whole(), |row| {
        let (vpc_id, vswitch_id, private_ip, inner_ip) = match &row.network {
            Network::Classic { inner_ip } => ("", "", None, Some(ip_text(*inner_ip))),
            Network::Vpc {
                vpc_id,
                vswitch_id,
                private_ip,
                ..
            } => (
                vpc_id.as_str(),
                vswitch_id.as_str(),
                Some(ip_text(*private_ip)),
                None,
            ),
        };
        is("Status", row.status.text())
            && is("ZoneId", &row.zone)
            && is("ImageId", &row.image_id)
            && is("InstanceType", &row.instance_type)
            && is("InstanceChargeType", charge_type(row))
            && is("InternetChargeType", &row.internet_charge)
            && is(
                "InstanceNetworkType",
                if vpc_id.is_empty() { "classic" } else { "vpc" },
            )
            && is("KeyPairName", &row.key_pair)
            && is("VpcId", vpc_id)
            && is("VSwitchId", vswitch_id)
            && is("LockReason", lock_reason(call, row))
            && is("HttpEndpoint", &row.http_endpoint)
            && is("HttpTokens", &row.http_tokens)
            && hop_limit.is_none_or(|wanted| wanted == row.hop_limit)
            // None is in a cluster, and none has addresses for RDMA; all devices can be had.
            && params.text("HpcClusterId").is_none()
            && rdma.as_ref().is_none_or(Vec::is_empty)
            && params.bool("DeviceAvailable").unwrap_or(true)
            && (ipv6.is_empty()
                || call
                    .world
                    .linked::<NetworkInterface>("instance", &row.id)
                    .any(|card| card.ipv6.iter().any(|own| ipv6.contains(own))))
            && is("ResourceGroupId", &row.resource_group)
            && params
                .text("InstanceName")
                .is_none_or(|name| wildcard(name, &row.name))
            && params.text("InstanceTypeFamily").is_none_or(|family| {
                call.settings
                    .catalogue
                    .find_instance_type(&row.instance_type)
                    .is_some_and(|kind| kind.family.id == family)
            })
            && params
                .bool("IoOptimized")
                .is_none_or(|wanted| wanted == row.io_optimized)
            && params
                .text("SecurityGroupId")
                .is_none_or(|id| row.security_groups.iter().any(|own| own == id))
            && among(&private, private_ip.as_deref())
            && among(&inner, inner_ip.as_deref())
            && among(&public, row.public_ip.as_deref())
            && (elastic.is_none() || among(&elastic, eip_of(call, row).map(|eip| eip.address.as_str())))
            && times.iter().all(|(expiry, after, moment)| {
                let at = if *expiry {
                    row.subscription.as_ref().map(|paid| paid.expires)
                } else {
                    Some(row.created)
                };
                at.is_some_and(|at| if *after { at >= *moment } else { at <= *moment })
            })
    })?;
    Ok(call.listed_once(&page, "Instances", "Instance", |row| node(call, row)))
}

/// The four old filters: by creation or expiry, from or until a minute.
fn time_filters(params: &Params) -> Result<Vec<(bool, bool, i64)>, Refusal> {
    let mut filters = Vec::new();
    for number in 1..=4 {
        let Some(key) = params.text(&format!("Filter.{number}.Key")) else {
            continue;
        };
        let (expiry, after) = match key {
            "CreationStartTime" => (false, true),
            "CreationEndTime" => (false, false),
            "ExpiredStartTime" => (true, true),
            "ExpiredEndTime" => (true, false),
            _ => return refuse("InvalidFilterKey.NotFound"),
        };
        let value = params.text_or(&format!("Filter.{number}.Value"), "").to_owned();
        let moment =
            super::super::clock::parse_utc(&value, true).ok_or_else(|| Refusal::new("InvalidFilterValue"))?;
        filters.push((expiry, after, moment));
    }
    Ok(filters)
}

pub(super) fn charge_type(row: &Instance) -> &'static str {
    if row.subscription.is_some() {
        "PrePaid"
    } else {
        "PostPaid"
    }
}

/// The elastic address on an instance.
pub(super) fn eip_of<'t>(call: &'t Call<'_>, row: &'t Instance) -> Option<&'t Eip> {
    call.world.linked::<Eip>("instance", &row.id).next()
}

fn eip_node(call: &Call<'_>, row: &Instance) -> Node {
    let eip = eip_of(call, row);
    map! {
        "AllocationId": eip.map_or("", |eip| &eip.id),
        "IpAddress": eip.map_or("", |eip| &eip.address),
        "Bandwidth": eip.map_or(0, |eip| eip.bandwidth),
        "InternetChargeType": eip.map_or("", |eip| &eip.internet_charge),
    }
}

/// Why nothing may be done with a server; empty when it may.
fn lock_reason<'t>(call: &Call<'_>, row: &'t Instance) -> &'t str {
    let locked = |trouble: &Trouble| trouble.name == "locked" && trouble.id == row.id;
    if call.settings.troubles.iter().any(locked) {
        "security"
    } else {
        &row.lock_reason
    }
}

fn lock_node(call: &Call<'_>, row: &Instance) -> Node {
    let reason = lock_reason(call, row);
    let reason = (!reason.is_empty()).then(|| map! { "LockReason": reason });
    map! { "LockReason": reason.into_iter().collect::<Vec<_>>() }
}

fn vpc_attributes(row: &Instance) -> Node {
    let (vpc_id, vswitch_id, address) = match &row.network {
        Network::Classic { .. } => ("", "", None),
        Network::Vpc {
            vpc_id,
            vswitch_id,
            private_ip,
            ..
        } => (vpc_id.as_str(), vswitch_id.as_str(), Some(ip_text(*private_ip))),
    };
    map! {
        "VpcId": vpc_id,
        "VSwitchId": vswitch_id,
        "NatIpAddress": "",
        "PrivateIpAddress": map! { "IpAddress": texts(address) },
    }
}

fn inner_address(row: &Instance) -> Node {
    let address = match &row.network {
        Network::Classic { inner_ip } => Some(ip_text(*inner_ip)),
        Network::Vpc { .. } => None,
    };
    map! { "IpAddress": texts(address) }
}

fn expired_time(row: &Instance) -> String {
    row.subscription
        .as_ref()
        .map_or_else(|| NEVER.to_owned(), |paid| minutes(paid.expires))
}

fn node(call: &Call<'_>, row: &Instance) -> Node {
    let kind = call.settings.catalogue.find_instance_type(&row.instance_type);
    let image = image::find(call, &row.image_id);
    let image = image.as_ref();
    let (cpu, memory) = kind.as_ref().map_or((0, 0), |kind| (kind.cpu, kind.memory));
    let mut node = map! {
        "InstanceId": &row.id,
        "InstanceName": &row.name,
        "Description": &row.description,
        "HostName": &row.host_name,
        "Status": row.status.text(),
        "RegionId": &row.region,
        "ZoneId": &row.zone,
        "ClusterId": "",
        "ImageId": &row.image_id,
        "OSName": image.map_or("", |image| &image.os_name),
        "OSNameEn": image.map_or("", |image| &image.os_name_en),
        "OSType": image.map_or("linux", |image| &image.os_type),
        "InstanceType": &row.instance_type,
        "InstanceTypeFamily": kind.map_or("", |kind| kind.family.id.as_str()),
        "Cpu": cpu,
        "Memory": memory,
        "InstanceNetworkType": if matches!(row.network, Network::Vpc { .. }) { "vpc" } else { "classic" },
        "VpcAttributes": vpc_attributes(row),
        // A client that sets attributes in the order of the answer looks for the elastic address at the public one.
        "EipAddress": eip_node(call, row),
        "InnerIpAddress": inner_address(row),
        "PublicIpAddress": map! { "IpAddress": texts(&row.public_ip) },
        "RdmaIpAddress": map! { "IpAddress": Vec::new() },
        "SecurityGroupIds": map! { "SecurityGroupId": texts(&row.security_groups) },
        "InternetChargeType": &row.internet_charge,
        "InternetMaxBandwidthIn": row.bandwidth_in,
        "InternetMaxBandwidthOut": row.bandwidth_out,
        "IoOptimized": row.io_optimized,
        "InstanceChargeType": charge_type(row),
        "SaleCycle": row.subscription.as_ref().map_or("", |paid| paid.renew_unit.as_str()),
        "CreationTime": minutes(row.created),
        "StartTime": row.started.map(minutes).unwrap_or_default(),
        "ExpiredTime": expired_time(row),
        "AutoReleaseTime": row.auto_release.map(minutes).unwrap_or_default(),
        "StoppedMode": stopped_mode(row),
        "KeyPairName": &row.key_pair,
        "DeletionProtection": row.deletion_protection,
        "DeviceAvailable": true,
        "Recyclable": false,
        "SerialNumber": &row.serial_number,
        "SpotStrategy": &row.spot_strategy,
        "SpotPriceLimit": row.spot.price_limit,
        "SpotDuration": row.spot.duration,
        "SpotInterruptionBehavior": &row.spot.interruption,
        "CreditSpecification": &row.credit,
        "HpcClusterId": "",
        "DeploymentSetId": &row.deployment_set,
        "DeploymentSetGroupNo": row.deployment_group,
        "VlanId": "",
        "GPUAmount": 0,
        "GPUSpec": "",
        "LocalStorageAmount": 0,
        "LocalStorageCapacity": 0,
        "ISP": "",
    };
    node.push("ResourceGroupId", &row.resource_group);
    node.push("OperationLocks", lock_node(call, row));
    node.push(
        "DedicatedHostAttribute",
        map! { "DedicatedHostId": "", "DedicatedHostName": "", "DedicatedHostClusterId": "" },
    );
    node.push(
        "DedicatedInstanceAttribute",
        map! { "Affinity": "", "Tenancy": "" },
    );
    node.push(
        "EcsCapacityReservationAttr",
        map! { "CapacityReservationId": "", "CapacityReservationPreference": "" },
    );
    for (name, value) in instance_options::nodes(&row.options, cpu) {
        node.push(name, value);
    }
    node.push(
        "MetadataOptions",
        map! { "HttpEndpoint": &row.http_endpoint, "HttpTokens": &row.http_tokens, "HttpPutResponseHopLimit": row.hop_limit,
            "InstanceMetadataTags": row.options.get("InstanceMetadataTags").map_or("disabled", String::as_str) },
    );
    node.push("ImageOptions", map! { "LoginAsNonRoot": false });
    node.push("AdditionalInfo", map! { "EnableHighDensityMode": false });
    node.push("NetworkInterfaces", map! { "NetworkInterface": cards(call, row) });
    node.push("Tags", ecs_tags(&row.tags));
    node
}

/// The network interfaces, the primary one first.
fn cards(call: &Call<'_>, row: &Instance) -> Vec<Node> {
    let mut own: Vec<&NetworkInterface> = call.world.linked("instance", &row.id).collect();
    own.sort_by_key(|own| !own.is_primary());
    own.iter()
        .map(|own| {
            let mut node = map! {
                "NetworkInterfaceId": &own.id,
                "MacAddress": &own.mac,
                "Type": &own.kind,
                "PrimaryIpAddress": ip_text(own.private_ip),
            };
            for (name, value) in address_sets(own) {
                node.push(name, value);
            }
            node
        })
        .collect()
}

fn stopped_mode(row: &Instance) -> &str {
    match (row.status, row.stopped_mode.as_str()) {
        (Status::Stopped, "") => "KeepCharging",
        (Status::Stopped, mode) => mode,
        _ => "Not-applicable",
    }
}

fn describe_status(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.list("InstanceId");
    let ids = (!ids.is_empty()).then_some(ids);
    if params
        .text("ZoneId")
        .is_some_and(|zone| !call.region_facts().has_zone(zone))
    {
        return refuse("InvalidZoneId.NotFound");
    }
    let page = call.page::<Instance>(Search::ids(ids).whole(), |row| {
        params.text("ZoneId").is_none_or(|zone| zone == row.zone)
    })?;
    Ok(call.listed(&page, "InstanceStatuses", "InstanceStatus", |row| {
        map! { "InstanceId": &row.id, "Status": row.status.text() }
    }))
}

fn describe_attribute(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = call.find_visible::<Instance>(call.params.required("InstanceId")?, ABSENT)?;
    let kind = call.settings.catalogue.find_instance_type(&row.instance_type);
    let (cpu, memory) = kind.map_or((0, 0), |kind| (kind.cpu, kind.memory));
    Ok(map! {
        "InstanceId": &row.id,
        "InstanceName": &row.name,
        "Description": &row.description,
        "HostName": &row.host_name,
        "Status": row.status.text(),
        "RegionId": &row.region,
        "ZoneId": &row.zone,
        "ClusterId": "",
        "VlanId": "",
        "ImageId": &row.image_id,
        "InstanceType": &row.instance_type,
        "Cpu": cpu,
        "Memory": memory,
        "InstanceNetworkType": if matches!(row.network, Network::Vpc { .. }) { "vpc" } else { "classic" },
        "VpcAttributes": vpc_attributes(row),
        "EipAddress": eip_node(call, row),
        "InnerIpAddress": inner_address(row),
        "PublicIpAddress": map! { "IpAddress": texts(&row.public_ip) },
        "SecurityGroupIds": map! { "SecurityGroupId": texts(&row.security_groups) },
        "InternetChargeType": &row.internet_charge,
        "InternetMaxBandwidthIn": row.bandwidth_in,
        "InternetMaxBandwidthOut": row.bandwidth_out,
        "IoOptimized": if row.io_optimized { "optimized" } else { "none" },
        "InstanceChargeType": charge_type(row),
        "CreationTime": minutes(row.created),
        "ExpiredTime": expired_time(row),
        "StoppedMode": stopped_mode(row),
        "SerialNumber": &row.serial_number,
        "CreditSpecification": &row.credit,
        "EnableJumboFrame": row.jumbo_frame,
        "NetworkOptions": map! {
            "BandwidthWeighting": row.options.get(WEIGHTING).map_or("Default", String::as_str),
            "EnableJumboFrame": row.jumbo_frame,
            "EnableNetworkEncryption": false,
        },
        "OperationLocks": lock_node(call, row),
        "DedicatedHostAttribute": map! { "DedicatedHostId": "", "DedicatedHostName": "" },
    })
}

fn describe_user_data(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = call.find::<Instance>(call.params.required("InstanceId")?, ABSENT)?;
    Ok(map! { "RegionId": &row.region, "InstanceId": &row.id, "UserData": &row.user_data })
}
