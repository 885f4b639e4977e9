//! Elastic addresses: kept apart from any instance, bound to one at a time.

use super::super::clock::{add_months, seconds};
use super::super::node::{Node, map};
use super::super::refusal::{Refusal, refuse};
use super::super::rows::{Eip, EipStatus, InstanceStatus};
use super::instance_create::public_ip;
use super::instance_power::unlocked;
use super::{Call, ECS, Entry, Search, VPC, done, vpc_tags};

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "AllocateEipAddress", allocate),
    (VPC, "AssociateEipAddress", associate),
    (VPC, "UnassociateEipAddress", unassociate),
    (VPC, "ReleaseEipAddress", release),
    (VPC, "DescribeEipAddresses", describe),
    (VPC, "ModifyEipAddressAttribute", modify),
    (ECS, "ConvertNatPublicIpToEip", convert),
];

/// Simulated delays, in milliseconds of life-cycle time.
const ASSOCIATING_MS: i64 = 3_000;
const UNASSOCIATING_MS: i64 = 3_000;
const RELEASING_MS: i64 = 1_000;

const ABSENT: &str = "InvalidAllocationId.NotFound";

fn allocate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let bandwidth = bandwidth(params.text_or("Bandwidth", "5"))?;
    let internet_charge = match params.text_or("InternetChargeType", "PayByBandwidth") {
        charge @ ("PayByBandwidth" | "PayByTraffic") => charge.to_owned(),
        _ => return Err(Refusal::invalid("InternetChargeType")),
    };
    let expires = match params.text_or("InstanceChargeType", "PostPaid") {
        "PostPaid" => None,
        "PrePaid" => {
            let period = params.int("Period")?.ok_or_else(|| Refusal::missing("Period"))?;
            let months = if params.text_or("PricingCycle", "Month") == "Year" {
                12
            } else {
                1
            };
            if !(1..=9).contains(&period) {
                return Err(Refusal::invalid("Period"));
            }
            Some(add_months(call.now.real, period * months))
        }
        _ => return Err(Refusal::invalid("InstanceChargeType")),
    };
    let name = call.name("Name", 1, &["InvalidParameter"])?.unwrap_or_default();
    let description = call.description(2, &["InvalidParameter"])?.unwrap_or_default();
    let tags = call.tags()?;
    let (sequence, id, _) = call.make("eip-");
    let address = public_ip(sequence);
    let resource_group = params.text_or("ResourceGroupId", "").to_owned();
    let mut answer = map! { "AllocationId": &id, "EipAddress": &address, "ResourceGroupId": &resource_group };
    if expires.is_some() {
        answer.push("OrderId", i64::try_from(20_000_000 + sequence).unwrap_or(0));
    }
    let eip = Eip {
        id,
        region: call.region.clone(),
        address,
        name,
        description,
        status: EipStatus::Available,
        due: None,
        bandwidth,
        internet_charge,
        isp: params.text_or("ISP", "BGP").to_owned(),
        expires,
        instance_id: String::new(),
        created: call.now.real,
        resource_group,
        tags,
    };
    call.world.eips.insert(sequence, eip);
    Ok(answer)
}

fn bandwidth(text: &str) -> Result<i64, Refusal> {
    match text.parse() {
        Ok(bandwidth) if (1..=1000).contains(&bandwidth) => Ok(bandwidth),
        _ => refuse("InvalidBandwidth.Malformed"),
    }
}

fn associate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("AllocationId")?;
    let instance_id = params.required("InstanceId")?;
    let eip = call.find(&call.world.eips, id, ABSENT)?;
    if params.text_or("InstanceType", "EcsInstance") != "EcsInstance" {
        return refuse("InvalidInstanceType.ValueNotSupported");
    }
    if eip.status != EipStatus::Available {
        return refuse("IncorrectEipStatus");
    }
    let row = call.find(&call.world.instances, instance_id, "InvalidInstanId.NotFound")?;
    unlocked(row)?;
    if super::security_group::network_of(row).is_empty() {
        return refuse("OperationDenied");
    }
    if !matches!(row.status, InstanceStatus::Running | InstanceStatus::Stopped) || row.is_leaving() {
        return Err(Refusal::new("IncorrectInstanceStatus")
            .with_message("Current instance status does not support this operation."));
    }
    if row.public_ip.is_some() {
        return refuse("EIP_CAN_NOT_ASSOCIATE_WITH_PUBLIC_IP");
    }
    if row.bandwidth_out > 0 {
        return refuse("Forbidden.InstanceBandwidthNotZero");
    }
    if call.world.eips.linked("instance", instance_id).next().is_some() {
        return refuse("InvalidAssociation.Duplicated");
    }
    let due = call.now.after(ASSOCIATING_MS);
    call.world.eips.update(id, |eip| {
        eip.status = EipStatus::Associating;
        eip.instance_id = instance_id.to_owned();
        eip.due = Some(due);
    });
    done()
}

fn unassociate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("AllocationId")?;
    let eip = call.find(&call.world.eips, id, ABSENT)?;
    if eip.status != EipStatus::InUse {
        return refuse("IncorrectEipStatus");
    }
    if params
        .text("InstanceId")
        .is_some_and(|instance_id| instance_id != eip.instance_id)
    {
        return refuse("InvalidBindInstance.NotFound");
    }
    let due = call.now.after(UNASSOCIATING_MS);
    call.world.eips.update(id, |eip| {
        eip.status = EipStatus::Unassociating;
        eip.due = Some(due);
    });
    done()
}

fn release(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("AllocationId")?;
    let eip = call.find(&call.world.eips, id, ABSENT)?;
    if eip.expires.is_some_and(|expires| expires > call.now.real) {
        return refuse("Forbidden.ChargeTypeIsPrepaid");
    }
    if eip.status != EipStatus::Available {
        return refuse("IncorrectEipStatus");
    }
    let due = call.now.after(RELEASING_MS);
    call.world.eips.update(id, |eip| {
        eip.status = EipStatus::Releasing;
        eip.due = Some(due);
    });
    done()
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("AllocationId")?;
    let eip = call.find(&call.world.eips, id, ABSENT)?;
    if !matches!(eip.status, EipStatus::Available | EipStatus::InUse) {
        return refuse("IncorrectEipStatus");
    }
    let bandwidth = params.text("Bandwidth").map(bandwidth).transpose()?;
    let name = call.name("Name", 1, &["InvalidEipAddressName.Malformed"])?;
    let description = call.description(2, &["InvalidDescription.Malformed"])?;
    call.world.eips.update(id, |eip| {
        eip.bandwidth = bandwidth.unwrap_or(eip.bandwidth);
        if let Some(name) = name {
            eip.name = name;
        }
        if let Some(description) = description {
            eip.description = description;
        }
    });
    done()
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.comma_list("AllocationId", 50)?;
    let addresses = params.comma_list("EipAddress", 50)?;
    let instance_id = params
        .text("AssociatedInstanceId")
        .or_else(|| params.text("InstanceId"));
    if params
        .text("AssociatedInstanceType")
        .is_some_and(|kind| kind != "EcsInstance")
    {
        // No other kind of thing can be bound here.
        return Ok(call.listed(
            &call.page(&call.world.eips, Search::ids(Some(Vec::<String>::new())), |_| {
                true
            })?,
            "EipAddresses",
            "EipAddress",
            |eip| node(call, eip),
        ));
    }
    let is = |name: &str, value: &str| params.text(name).is_none_or(|wanted| wanted == value);
    let page = call.page(
        &call.world.eips,
        Search::ids(ids).or_link("instance", instance_id),
        |eip| {
            addresses
                .as_ref()
                .is_none_or(|addresses| addresses.contains(&eip.address.as_str()))
                && instance_id.is_none_or(|instance_id| instance_id == eip.instance_id)
                && is("Status", eip.status.text())
                && is("EipName", &eip.name)
                && is("ISP", &eip.isp)
                && is("ChargeType", charge(eip))
                && is("ResourceGroupId", &eip.resource_group)
                && params.text("LockReason").is_none()
                && params.text("SegmentInstanceId").is_none()
                && params.text("PublicIpAddressPoolId").is_none()
        },
    )?;
    Ok(call.listed(&page, "EipAddresses", "EipAddress", |eip| node(call, eip)))
}

fn charge(eip: &Eip) -> &'static str {
    if eip.expires.is_some() {
        "PrePaid"
    } else {
        "PostPaid"
    }
}

fn node(call: &Call<'_>, eip: &Eip) -> Node {
    let bound = !eip.instance_id.is_empty();
    map! {
        "AllocationId": &eip.id,
        "IpAddress": &eip.address,
        "Name": &eip.name,
        "Description": &eip.description,
        "Status": eip.status.text(),
        "RegionId": &eip.region,
        "Bandwidth": eip.bandwidth.to_string(),
        "EipBandwidth": eip.bandwidth.to_string(),
        "InternetChargeType": &eip.internet_charge,
        "ChargeType": charge(eip),
        "ISP": &eip.isp,
        "Netmode": "public",
        "Mode": if bound { "NAT" } else { "" },
        "InstanceId": &eip.instance_id,
        "InstanceType": if bound { "EcsInstance" } else { "" },
        "InstanceRegionId": if bound { call.region.as_str() } else { "" },
        // For an instance the private address and the VPC are left empty by the vendor.
        "PrivateIpAddress": "",
        "VpcId": "",
        "AllocationTime": seconds(eip.created),
        "ExpiredTime": eip.expires.map(seconds).unwrap_or_default(),
        "ResourceGroupId": &eip.resource_group,
        "BusinessStatus": "Normal",
        "BandwidthPackageId": "",
        "BandwidthPackageType": "",
        "BandwidthPackageBandwidth": "",
        "HDMonitorStatus": "OFF",
        "HasReservationData": "false",
        "SecondLimited": false,
        "DeletionProtection": false,
        "SegmentInstanceId": "",
        "ServiceManaged": 0,
        "PublicIpAddressPoolId": "",
        "Zone": "",
        "OperationLocks": map! { "LockReason": Vec::new() },
        "SecurityProtectionTypes": map! { "SecurityProtectionType": Vec::new() },
        "Tags": vpc_tags(&eip.tags),
    }
}

fn convert(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("InstanceId")?;
    let row = call.find(&call.world.instances, id, super::instance::ABSENT)?;
    if !matches!(row.status, InstanceStatus::Running | InstanceStatus::Stopped) || row.is_leaving() {
        return refuse("IncorrectInstanceStatus");
    }
    if super::security_group::network_of(row).is_empty() || row.subscription.is_some() {
        return refuse("OperationDenied");
    }
    let Some(address) = row.public_ip.clone() else {
        return refuse("InvalidInstance.IpAddressMissing");
    };
    let eip = Eip {
        id: String::new(),
        region: row.region.clone(),
        address,
        name: String::new(),
        description: String::new(),
        status: EipStatus::InUse,
        due: None,
        bandwidth: row.bandwidth_out,
        internet_charge: row.internet_charge.clone(),
        isp: "BGP".to_owned(),
        expires: None,
        instance_id: id.to_owned(),
        created: call.now.real,
        resource_group: row.resource_group.clone(),
        tags: Vec::new(),
    };
    let (sequence, eip_id, _) = call.make("eip-");
    call.world.instances.update(id, |row| {
        row.public_ip = None;
        row.public_ip_works = false;
        row.bandwidth_out = 0;
    });
    call.world.eips.insert(sequence, Eip { id: eip_id, ..eip });
    done()
}
