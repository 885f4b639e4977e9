//! VSwitches: subnets of one VPC in one zone. A VPC takes one change of its vSwitches at a time.

use super::super::clock::seconds;
use super::super::node::{Node, map};
use super::super::refusal::{Refusal, refuse};
use super::super::rows::{Cidr, NetworkStatus, VSwitch};
use super::{Call, Entry, Search, VPC, done, vpc_tags};

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateVSwitch", create),
    (VPC, "DeleteVSwitch", delete),
    (VPC, "DescribeVSwitches", describe),
    (VPC, "DescribeVSwitchAttributes", describe_attributes),
    (VPC, "ModifyVSwitchAttribute", modify),
];

/// Simulated: how long a new vSwitch is Pending.
const PENDING_MS: i64 = 2_000;
/// Simulated: how long a deletion takes, during which no other vSwitch of its VPC changes.
const DELETING_MS: i64 = 1_000;
/// The vendor's default quota of vSwitches in a VPC.
const PER_VPC_MAX: usize = 150;

const NAME: &[&str] = &["InvalidVSwitchName.Malformed"];
const DESCRIPTION: &[&str] = &[
    "InvalidVSwitchDiscription.Malformed",
    "InvalidDescription.Malformed",
];

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let vpc_id = params.required("VpcId")?;
    let vpc = call.find(&call.world.vpcs, vpc_id, "InvalidVpcId.NotFound")?;
    if vpc.status != NetworkStatus::Available {
        return refuse("IncorrectVpcStatus");
    }
    // An id tells its region: without one in the request, the VPC's counts.
    let region = vpc.region.clone();
    let zone = params.required("ZoneId")?;
    if !super::catalogue::find_region(&region).is_some_and(|region| region.has_zone(zone)) {
        return refuse("InvalidZoneId.NotFound");
    }
    let cidr_block = Cidr::parse(params.required("CidrBlock")?)
        .ok_or_else(|| Refusal::new("InvalidCidrBlock.Malformed"))?;
    if !(16..=29).contains(&cidr_block.bits) {
        return refuse("InvalidCirdrBlock.MaskLength");
    }
    if !vpc.cidr_block.covers(cidr_block) {
        return refuse("InvalidCidrBlock.Malformed");
    }
    let name = call.name("VSwitchName", 1, NAME)?.unwrap_or_default();
    let description = call.description(1, DESCRIPTION)?.unwrap_or_default();
    let tags = call.tags()?;
    let mut count = 0;
    for other in call.world.vswitches.linked("vpc", vpc_id) {
        if other.status == NetworkStatus::Pending {
            return refuse(if other.leaving {
                "TaskConflict"
            } else {
                "OperationDenied.OtherSubnetCreating"
            });
        }
        if other.cidr_block.overlaps(cidr_block) {
            return refuse("InvalidCidrBlock.Overlapped");
        }
        count += 1;
    }
    if count >= PER_VPC_MAX {
        return refuse("QuotaExceeded.VSwitch");
    }
    let resource_group = vpc.resource_group.clone();
    let (vpc_id, zone) = (vpc_id.to_owned(), zone.to_owned());
    call.region = region.clone();
    let (sequence, id, _) = call.make("vsw-");
    let answer = map! { "VSwitchId": &id };
    let vswitch = VSwitch {
        id,
        region,
        zone,
        vpc_id,
        cidr_block,
        name,
        description,
        status: NetworkStatus::Pending,
        due: Some(call.now.after(PENDING_MS)),
        leaving: false,
        created: call.now.real,
        resource_group,
        tags,
    };
    call.world.vswitches.insert(sequence, vswitch);
    Ok(answer)
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("VSwitchId")?;
    let vswitch = call.find(&call.world.vswitches, id, "InvalidVSwitchId.NotFound")?;
    if vswitch.status != NetworkStatus::Available {
        return refuse("IncorrectVSwitchStatus");
    }
    let pending = |other: &VSwitch| other.status == NetworkStatus::Pending;
    if call.world.vswitches.linked("vpc", &vswitch.vpc_id).any(pending) {
        return refuse("OperationDenied.OtherSubnetProcessing");
    }
    if call.world.instances.linked("vswitch", id).next().is_some() {
        return refuse("DependencyViolation");
    }
    call.validated()?;
    let due = call.now.after(DELETING_MS);
    call.world.vswitches.update(id, |vswitch| {
        vswitch.status = NetworkStatus::Pending;
        vswitch.leaving = true;
        vswitch.due = Some(due);
    });
    done()
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.comma_list("VSwitchId", 20)?;
    let vpc_id = params.text("VpcId");
    let page = call.page(
        &call.world.vswitches,
        Search::ids(ids).or_link("vpc", vpc_id),
        |vswitch| {
            vpc_id.is_none_or(|vpc_id| vpc_id == vswitch.vpc_id)
                && params.text("ZoneId").is_none_or(|zone| zone == vswitch.zone)
                && params.text("VSwitchName").is_none_or(|name| name == vswitch.name)
                && params
                    .text("ResourceGroupId")
                    .is_none_or(|group| group == vswitch.resource_group)
                && params.bool("IsDefault") != Some(true)
                && params.bool("EnableIpv6") != Some(true)
        },
    )?;
    Ok(call.listed(&page, "VSwitches", "VSwitch", |vswitch| node(call, vswitch)))
}

fn describe_attributes(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("VSwitchId")?;
    let vswitch = call.find(&call.world.vswitches, id, "InvalidVSwitchId.NotFound")?;
    if !call.is_visible(vswitch.created) {
        return refuse("InvalidVSwitchId.NotFound");
    }
    Ok(node(call, vswitch))
}

fn node(call: &Call<'_>, vswitch: &VSwitch) -> Node {
    let route_table = call
        .world
        .vpcs
        .get(&vswitch.vpc_id)
        .map_or("", |vpc| vpc.route_table_id.as_str());
    map! {
        "VSwitchId": &vswitch.id,
        "VpcId": &vswitch.vpc_id,
        "Status": vswitch.status.text(),
        "CidrBlock": vswitch.cidr_block.to_string(),
        "ZoneId": &vswitch.zone,
        "AvailableIpAddressCount": call.world.free_addresses(vswitch),
        "Description": &vswitch.description,
        "VSwitchName": &vswitch.name,
        "CreationTime": seconds(vswitch.created),
        "IsDefault": false,
        "Ipv6CidrBlock": "",
        "EnabledIpv6": false,
        "NetworkAclId": "",
        "ShareType": "",
        "OwnerId": call.world.account_id.parse::<i64>().unwrap_or(0),
        "ResourceGroupId": &vswitch.resource_group,
        "RouteTable": map! { "RouteTableId": route_table, "RouteTableType": "System" },
        "Tags": vpc_tags(&vswitch.tags),
    }
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("VSwitchId")?;
    let vswitch = call.find(&call.world.vswitches, id, "InvalidVSwitchId.NotFound")?;
    if vswitch.status != NetworkStatus::Available {
        return refuse("IncorrectStatus.VSwitch");
    }
    let name = call.name("VSwitchName", 1, NAME)?;
    let description = call.description(1, DESCRIPTION)?;
    call.world.vswitches.update(id, |vswitch| {
        if let Some(name) = name.or_else(|| params.given("VSwitchName").map(str::to_owned)) {
            vswitch.name = name;
        }
        if let Some(description) = description.or_else(|| params.given("Description").map(str::to_owned)) {
            vswitch.description = description;
        }
    });
    done()
}
