//! VSwitches: subnets of one VPC in one zone. A VPC takes one change of its vSwitches at a time.

use super::super::call::{Call, Entry, Search, done, vpc_tags};
use super::super::clock::seconds;
use super::super::head::{Head, Status, Tag, row};
use super::super::net::{Cidr, Cidr6};
use super::super::node::{Node, map};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::vpc::Vpc;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct VSwitch {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) zone: String,
    pub(super) vpc_id: String,
    pub(super) cidr_block: Cidr,
    #[serde(default)]
    pub(super) ipv6: Option<Cidr6>,
    /// Its own route table; empty with the VPC's.
    #[serde(default)]
    pub(super) route_table_id: String,
    #[serde(default)]
    pub(super) network_acl_id: String,
    #[serde(default)]
    pub(super) is_default: bool,
}

row!(VSwitch, links: |row, link| {
    link("vpc", &row.vpc_id);
    if !row.route_table_id.is_empty() {
        link("route_table", &row.route_table_id);
    }
    if !row.network_acl_id.is_empty() {
        link("network_acl", &row.network_acl_id);
    }
});

impl Kind for VSwitch {
    const NAME: &'static str = "vswitch";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(VPC, "vswitch")];
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[
        ("vpc", &["DependencyViolation.VSwitch"]),
        (
            "route_table",
            &["DependencyViolation.VSwitch", "IncorrectRouteTableStatus"],
        ),
        ("network_acl", &["NetworkAclExistBinding"]),
    ];
    const LIMITS: &'static [(&'static str, usize, &'static [&'static str])] =
        &[("vpc", 150, &["QuotaExceeded.VSwitch"])];

    fn faults(world: &World) -> Vec<String> {
        let lost = |vswitch: &&VSwitch| {
            let vpc = world.get::<Vpc>(&vswitch.vpc_id);
            !vpc.is_some_and(|vpc| vpc.covers(vswitch.cidr_block))
        };
        let lost = world.all::<VSwitch>().iter().filter(lost);
        lost.map(|vswitch| format!("{} lies in no VPC", vswitch.id))
            .collect()
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateVSwitch", create),
    (VPC, "DeleteVSwitch", delete),
    (VPC, "DescribeVSwitches", describe),
    (VPC, "DescribeVSwitchAttributes", describe_attributes),
    (VPC, "ModifyVSwitchAttribute", modify),
];

/// How many addresses of a vSwitch are free.
pub(super) fn free_addresses(world: &World, vswitch: &VSwitch) -> usize {
    let usable = vswitch.cidr_block.usable().count();
    usable.saturating_sub(world.used_addresses(&vswitch.id))
}

/// The lowest free address of a vSwitch.
pub(super) fn free_address(world: &mut World, vswitch_id: &str) -> Option<u32> {
    let usable = world.get::<VSwitch>(vswitch_id)?.cidr_block.usable();
    world.free_address(vswitch_id, usable)
}

/// Simulated: how long a new vSwitch is Pending.
const PENDING_MS: i64 = 2_000;
/// Simulated: how long a deletion takes, during which no other vSwitch of its VPC changes.
const DELETING_MS: i64 = 1_000;

const NAME: &[&str] = &["InvalidVSwitchName.Malformed"];
const DESCRIPTION: &[&str] = &[
    "InvalidVSwitchDiscription.Malformed",
    "InvalidDescription.Malformed",
];

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let vpc_id = params.required("VpcId")?;
    let vpc = call.find::<Vpc>(vpc_id, "InvalidVpcId.NotFound")?;
    if vpc.status != Status::Available {
        return refuse("IncorrectVpcStatus");
    }
    // An id tells its region: without one in the request, the VPC's counts.
    let region = vpc.region.clone();
    let zone = params.required("ZoneId")?;
    if !super::super::catalogue::find_region(&region).is_some_and(|region| region.has_zone(zone)) {
        return refuse("InvalidZoneId.NotFound");
    }
    let cidr_block = Cidr::parse(params.required("CidrBlock")?)
        .ok_or_else(|| Refusal::new("InvalidCidrBlock.Malformed"))?;
    if !(16..=29).contains(&cidr_block.bits) {
        return refuse("InvalidCirdrBlock.MaskLength");
    }
    if !vpc.covers(cidr_block) {
        return refuse("InvalidCidrBlock.Malformed");
    }
    let name = call.name("VSwitchName", 1, NAME)?.unwrap_or_default();
    let description = call.description(1, DESCRIPTION)?.unwrap_or_default();
    let tags = call.tags()?;
    for other in call.world.linked::<VSwitch>("vpc", vpc_id) {
        if other.status == Status::Pending {
            return refuse(if other.is_leaving() {
                "TaskConflict"
            } else {
                "OperationDenied.OtherSubnetCreating"
            });
        }
        if other.cidr_block.overlaps(cidr_block) {
            return refuse("InvalidCidrBlock.Overlapped");
        }
    }
    call.within_limit::<VSwitch>("vpc", vpc_id)?;
    let ipv6 = match params.int("Ipv6CidrBlock")? {
        None if params.text("VpcIpv6CidrBlock").is_some() => return refuse("MissingParam.Ipv6CidrBlock"),
        None => None,
        Some(number) => Some(ipv6_part(call, vpc, number)?),
    };
    let order = Order {
        vpc_id: vpc_id.to_owned(),
        region,
        zone: zone.to_owned(),
        cidr_block,
        ipv6,
        name,
        description,
        resource_group: vpc.resource_group.clone(),
        is_default: false,
        tags,
    };
    let id = insert(call, order);
    Ok(map! { "VSwitchId": id })
}

/// What a new vSwitch is to be.
pub(super) struct Order {
    pub(super) vpc_id: String,
    pub(super) region: String,
    pub(super) zone: String,
    pub(super) cidr_block: Cidr,
    pub(super) ipv6: Option<Cidr6>,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) resource_group: String,
    pub(super) is_default: bool,
    pub(super) tags: Vec<Tag>,
}

/// Makes a vSwitch and says its id.
pub(super) fn insert(call: &mut Call<'_>, order: Order) -> String {
    call.region = order.region;
    let (mut head, _) = call.head("vsw-");
    head.name = order.name;
    head.description = order.description;
    head.resource_group = order.resource_group;
    head.tags = order.tags;
    head.pass(Status::Pending, PENDING_MS, Status::Available, call.now);
    let id = head.id.clone();
    call.world.insert(VSwitch {
        head,
        zone: order.zone,
        vpc_id: order.vpc_id,
        cidr_block: order.cidr_block,
        ipv6: order.ipv6,
        route_table_id: String::new(),
        network_acl_id: String::new(),
        is_default: order.is_default,
    });
    id
}

/// The n-th part of a VPC's IPv6 network for a vSwitch.
pub(super) fn ipv6_part(call: &Call<'_>, vpc: &Vpc, number: i64) -> Result<Cidr6, Refusal> {
    let Some(block) = vpc.ipv6 else {
        return refuse("OperationFailed.VpcIpv6Disabled");
    };
    if call
        .params
        .text("VpcIpv6CidrBlock")
        .is_some_and(|text| Cidr6::parse(text) != Some(block))
    {
        return refuse("IllegalParam.VpcIpv6CidrBlock");
    }
    let number = u8::try_from(number).map_err(|_| Refusal::new("IllegalParam.Ipv6CidrBlock"))?;
    let part = block.part(number);
    let mut others = call.world.linked::<VSwitch>("vpc", &vpc.id);
    if others.any(|other| other.ipv6 == Some(part)) {
        return refuse("OperationFailed.Ipv6CidrBlockExisted");
    }
    Ok(part)
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("VSwitchId")?;
    let vswitch = call.find::<VSwitch>(id, "InvalidVSwitchId.NotFound")?;
    if vswitch.status != Status::Available {
        return refuse("IncorrectVSwitchStatus");
    }
    let pending = |other: &VSwitch| other.status == Status::Pending;
    if call.world.linked::<VSwitch>("vpc", &vswitch.vpc_id).any(pending) {
        return refuse("OperationDenied.OtherSubnetProcessing");
    }
    if !vswitch.network_acl_id.is_empty() {
        return refuse("DependencyViolation.NetworkAcl");
    }
    call.unheld::<VSwitch>(id)?;
    call.validated()?;
    let now = call.now;
    call.world
        .update::<VSwitch, _>(id, |vswitch| vswitch.leave(Status::Pending, DELETING_MS, now));
    done()
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.comma_list("VSwitchId", 20)?;
    let vpc_id = params.text("VpcId");
    let page = call.page::<VSwitch>(Search::ids(ids).or_link("vpc", vpc_id).whole(), |vswitch| {
        vpc_id.is_none_or(|vpc_id| vpc_id == vswitch.vpc_id)
            && params.text("ZoneId").is_none_or(|zone| zone == vswitch.zone)
            && params.text("VSwitchName").is_none_or(|name| name == vswitch.name)
            && params
                .text("ResourceGroupId")
                .is_none_or(|group| group == vswitch.resource_group)
            && params
                .bool("IsDefault")
                .is_none_or(|wanted| wanted == vswitch.is_default)
            && params
                .bool("EnableIpv6")
                .is_none_or(|wanted| wanted == vswitch.ipv6.is_some())
            && call.is("VSwitchOwnerId", &call.world.account_id)
            && params.text("RouteTableId").is_none_or(|id| {
                let system = call.world.get::<Vpc>(&vswitch.vpc_id);
                match vswitch.route_table_id.as_str() {
                    "" => system.is_some_and(|vpc| vpc.route_table_id == id),
                    own => own == id,
                }
            })
    })?;
    Ok(call.listed(&page, "VSwitches", "VSwitch", |vswitch| node(call, vswitch)))
}

fn describe_attributes(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("VSwitchId")?;
    let vswitch = call.find_visible::<VSwitch>(id, "InvalidVSwitchId.NotFound")?;
    Ok(node(call, vswitch))
}

fn node(call: &Call<'_>, vswitch: &VSwitch) -> Node {
    let system = call.world.get::<Vpc>(&vswitch.vpc_id);
    let system = system.map_or("", |vpc| vpc.route_table_id.as_str());
    let (route_table, kind) = match vswitch.route_table_id.as_str() {
        "" => (system, "System"),
        own => (own, "Custom"),
    };
    map! {
        "VSwitchId": &vswitch.id,
        "VpcId": &vswitch.vpc_id,
        "Status": vswitch.status.text(),
        "CidrBlock": vswitch.cidr_block.to_string(),
        "ZoneId": &vswitch.zone,
        "AvailableIpAddressCount": free_addresses(call.world, vswitch),
        "Description": &vswitch.description,
        "VSwitchName": &vswitch.name,
        "CreationTime": seconds(vswitch.created),
        "IsDefault": vswitch.is_default,
        "Ipv6CidrBlock": vswitch.ipv6.map(|block| block.to_string()).unwrap_or_default(),
        "EnabledIpv6": vswitch.ipv6.is_some(),
        "NetworkAclId": &vswitch.network_acl_id,
        "ShareType": "",
        "OwnerId": call.world.account_id.parse::<i64>().unwrap_or(0),
        "ResourceGroupId": &vswitch.resource_group,
        "RouteTable": map! { "RouteTableId": route_table, "RouteTableType": kind },
        "Tags": vpc_tags(&vswitch.tags),
    }
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("VSwitchId")?;
    let vswitch = call.find::<VSwitch>(id, "InvalidVSwitchId.NotFound")?;
    if vswitch.status != Status::Available {
        return refuse("IncorrectStatus.VSwitch");
    }
    let name = call.name("VSwitchName", 1, NAME)?;
    let description = call.description(1, DESCRIPTION)?;
    let number = params.int("Ipv6CidrBlock")?;
    let ipv6 = match (params.bool("EnableIPv6"), number) {
        (None, None) => vswitch.ipv6,
        (Some(false), Some(_)) => return refuse("ParamExclusive.DisableIpv6AndIpv6CidrBlock"),
        (Some(false), None) => {
            let mut used = call.world.heads_linked("network_interface", "ipv6 vswitch", id);
            if used.next().is_some() {
                return refuse("OperationFailed.Ipv6InstanceExist");
            }
            None
        }
        (_, number) => {
            let vpc = call.find::<Vpc>(&vswitch.vpc_id, "InvalidVSwitchId.NotFound")?;
            // Without a number the first free one is taken.
            let number = number.or_else(|| {
                let taken = |number: &u8| {
                    let part = vpc.ipv6.map(|block| block.part(*number));
                    call.world
                        .linked::<VSwitch>("vpc", &vpc.id)
                        .any(|other| other.ipv6 == part)
                };
                (0..=255).find(|number| !taken(number)).map(i64::from)
            });
            if vswitch.ipv6.is_some() && params.text("Ipv6CidrBlock").is_none() {
                vswitch.ipv6
            } else {
                Some(ipv6_part(call, vpc, number.unwrap_or(256))?)
            }
        }
    };
    call.world.update::<VSwitch, _>(id, |vswitch| {
        vswitch.ipv6 = ipv6;
        if let Some(name) = name.or_else(|| params.given("VSwitchName").map(str::to_owned)) {
            vswitch.name = name;
        }
        if let Some(description) = description.or_else(|| params.given("Description").map(str::to_owned)) {
            vswitch.description = description;
        }
    });
    done()
}
