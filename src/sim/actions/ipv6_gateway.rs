//! IPv6 gateways, the IPv6 addresses of interfaces as a VPC sees them, and what makes one of them public.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, vpc_tags};
use super::super::clock::{Now, seconds};
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::network_interface::NetworkInterface;
use super::vpc::Vpc;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ipv6Gateway {
    #[serde(flatten)]
    pub(super) head: Head,
    vpc_id: String,
}

row!(Ipv6Gateway, links: |row, link| link("vpc", &row.vpc_id));

impl Kind for Ipv6Gateway {
    const NAME: &'static str = "ipv6_gateway";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(VPC, "ipv6gateway")];
    const HOLDS: &'static [(&'static str, &'static [&'static str])] =
        &[("vpc", &["DependencyViolation.Ipv6Gateway"])];
}

/// The way of one address to the internet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ipv6Bandwidth {
    #[serde(flatten)]
    pub(super) head: Head,
    gateway_id: String,
    address_id: String,
    address: String,
    /// Mbit/s.
    bandwidth: i64,
    internet_charge: String,
}

row!(Ipv6Bandwidth, links: |row, link| {
    link(Ipv6Gateway::NAME, &row.gateway_id);
    link("ipv6", &row.address);
});

impl Kind for Ipv6Bandwidth {
    const NAME: &'static str = "ipv6_bandwidth";
    const HOLDS: &'static [(&'static str, &'static [&'static str])] =
        &[(Ipv6Gateway::NAME, &["DependencyViolation.Ipv6InternetBandwidth"])];

    fn bereft(world: &mut World, kind: &'static str, _id: &str, now: Now) {
        if kind == NetworkInterface::NAME {
            let lost: Vec<String> = world
                .all::<Ipv6Bandwidth>()
                .iter()
                .filter(|own| {
                    let mut holders = world.linked::<NetworkInterface>("ipv6", &own.address);
                    holders.next().is_none()
                })
                .map(|own| own.id.clone())
                .collect();
            for id in lost {
                world.remove::<Ipv6Bandwidth>(&id, now);
            }
        }
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateIpv6Gateway", create),
    (VPC, "DescribeIpv6Gateways", describe),
    (VPC, "DescribeIpv6GatewayAttribute", describe_one),
    (VPC, "ModifyIpv6GatewayAttribute", modify),
    (VPC, "DeleteIpv6Gateway", delete),
    (VPC, "DescribeIpv6Addresses", describe_addresses),
    (VPC, "AllocateIpv6InternetBandwidth", allocate),
    (VPC, "ModifyIpv6InternetBandwidth", modify_bandwidth),
    (VPC, "DeleteIpv6InternetBandwidth", delete_bandwidth),
];

/// Simulated delays, in milliseconds of life-cycle time.
const CREATING_MS: i64 = 2_000;
const DELETING_MS: i64 = 1_000;

const ABSENT: &str = "InvalidIpv6GatewayId.NotFound";
const NAME: &[&str] = &["IllegalParam.Name"];
const DESCRIPTION: &[&str] = &["IllegalParam.Description"];

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let vpc_id = call.params.required("VpcId")?;
    let vpc = call.find::<Vpc>(vpc_id, "InvalidVpcId.NotFound")?;
    if vpc.status != Status::Available {
        return refuse("InvalidVpcId.NotFound");
    }
    if vpc.ipv6.is_none() {
        return refuse("OperationFailed.VpcIpv6Disabled");
    }
    if call.world.linked::<Ipv6Gateway>("vpc", vpc_id).next().is_some() {
        return refuse("OperationUnsupported.OnlyOneIpv6GatewayInVpc");
    }
    let name = call.name("Name", 1, NAME)?;
    let description = call.description(1, DESCRIPTION)?;
    let tags = call.tags()?;
    call.validated()?;
    let (mut head, _) = call.head("ipv6gw-");
    head.rename(name, description);
    head.tags = tags;
    head.pass(Status::Pending, CREATING_MS, Status::Available, call.now);
    let answer = map! { "Ipv6GatewayId": &head.id, "ResourceGroupId": &head.resource_group };
    call.world.insert(Ipv6Gateway {
        head,
        vpc_id: vpc_id.to_owned(),
    });
    Ok(answer)
}

fn node(call: &Call<'_>, gateway: &Ipv6Gateway) -> Node {
    map! {
        "Ipv6GatewayId": &gateway.id,
        "Name": &gateway.name,
        "Description": &gateway.description,
        "VpcId": &gateway.vpc_id,
        "RegionId": &gateway.region,
        "Status": gateway.status.text(),
        "BusinessStatus": "Normal",
        "InstanceChargeType": "PostPaid",
        "CreationTime": seconds(gateway.created),
        "ExpiredTime": "",
        "OwnerId": call.world.account_id.parse::<i64>().unwrap_or(0),
        "ResourceGroupId": &gateway.resource_group,
        "Tags": vpc_tags(&gateway.tags),
    }
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.text("Ipv6GatewayId").map(|id| vec![id]);
    let search = Search::ids(ids).or_link("vpc", params.text("VpcId"));
    let page = call.page::<Ipv6Gateway>(search, |gateway| {
        call.is("VpcId", &gateway.vpc_id)
            && call.is("Name", &gateway.name)
            && call.is("ResourceGroupId", &gateway.resource_group)
    })?;
    Ok(call.listed(&page, "Ipv6Gateways", "Ipv6Gateway", |gateway| {
        node(call, gateway)
    }))
}

fn describe_one(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("Ipv6GatewayId")?;
    let gateway = call.find_visible::<Ipv6Gateway>(id, ABSENT)?;
    let mut node = node(call, gateway);
    node.push("GatewayRouteTableId", "");
    Ok(node)
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("Ipv6GatewayId")?;
    call.find::<Ipv6Gateway>(id, ABSENT)?;
    let name = call.name("Name", 1, NAME)?;
    let description = call.description(1, DESCRIPTION)?;
    call.validated()?;
    call.world
        .update::<Ipv6Gateway, _>(id, |gateway| gateway.rename(name, description));
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("Ipv6GatewayId")?;
    let gateway = call.find::<Ipv6Gateway>(id, ABSENT)?;
    if gateway.status != Status::Available {
        return refuse("IncorrectStatus.Ipv6Gateway");
    }
    call.unheld::<Ipv6Gateway>(id)?;
    call.validated()?;
    let now = call.now;
    call.world
        .update::<Ipv6Gateway, _>(id, |gateway| gateway.leave(Status::Deleting, DELETING_MS, now));
    done()
}

// ── addresses ────────────────────────────────────────────────────────────────────────────────────────────────────

/// The id of an address: it is the same as long as the interface has it.
fn address_id(call: &Call<'_>, row: &NetworkInterface, address: &str) -> String {
    let mut numbers = call.world.numbers_of(&format!("{} {address}", row.id));
    format!("ipv6-{}{}", call.region_facts().infix, numbers.letters(17))
}

/// All addresses of the region with their interfaces, newest interface first.
fn addresses<'t>(call: &'t Call<'_>) -> Vec<(String, &'t str, &'t NetworkInterface)> {
    let rows = call.world.all::<NetworkInterface>().iter().rev();
    rows.filter(|row| row.region == call.region)
        .flat_map(|row| {
            row.ipv6
                .iter()
                .map(move |address| (address_id(call, row, address), address.as_str(), row))
        })
        .collect()
}

fn bandwidth_of<'t>(call: &'t Call<'_>, address: &'t str) -> Option<&'t Ipv6Bandwidth> {
    call.world.linked::<Ipv6Bandwidth>("ipv6", address).next()
}

fn describe_addresses(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let whole = match params.text_or("AddressType", "IPv6Address") {
        "IPv6Address" => true,
        // No interface has any.
        "IPv6Prefix" => false,
        _ => return Err(Refusal::invalid("AddressType")),
    };
    if !matches!(params.text("NetworkType"), None | Some("Private" | "Public")) {
        return refuse("IllegalParam.NetworkType");
    }
    let wanted = match params.text("Ipv6Address") {
        None => None,
        Some(text) => {
            let address = text.parse::<std::net::Ipv6Addr>();
            Some(
                address
                    .map_err(|_| Refusal::new("IllegalParam.Ipv6Address"))?
                    .to_string(),
            )
        }
    };
    let tags = params.groups("Tag");
    let (number, size) = call.number_and_size(100)?;
    let mut found = Vec::new();
    for (id, address, row) in addresses(call) {
        let bandwidth = bandwidth_of(call, address);
        let (kind, owner) = match row.kind.as_str() {
            "Primary" => ("EcsInstance", &row.instance_id),
            _ => ("NetworkInterface", &row.id),
        };
        let network = if bandwidth.is_some() { "Public" } else { "Private" };
        let fits = whole
            && call.is("Ipv6AddressId", &id)
            && wanted.as_ref().is_none_or(|wanted| wanted == address)
            && call.is("AssociatedInstanceId", owner)
            && call.is("AssociatedInstanceType", kind)
            && call.is("Ipv6InternetBandwidthId", bandwidth.map_or("", |own| &own.id))
            && call.is("NetworkType", network)
            && call.is("VSwitchId", &row.vswitch_id)
            && call.is("VpcId", &row.vpc_id)
            && call.is("ResourceGroupId", &row.resource_group)
            // Addresses have neither names nor tags of their own here, and no other service manages them.
            && params.text("Name").is_none()
            && tags.is_empty()
            && !params.flag("ServiceManaged");
        if fits {
            found.push((id, address, row, kind, owner, network, bandwidth));
        }
    }
    let skip = usize::try_from(number - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(size);
    let reserved = params.flag("IncludeReservationData");
    let nodes =
        found
            .iter()
            .skip(skip)
            .take(size)
            .map(|(id, address, row, kind, owner, network, bandwidth)| {
                let mut way = map! {
                    "Ipv6InternetBandwidthId": bandwidth.map_or("", |own| &own.id),
                    "Bandwidth": bandwidth.map_or(0, |own| own.bandwidth),
                    "BusinessStatus": if bandwidth.is_some() { "Normal" } else { "" },
                    "InstanceChargeType": if bandwidth.is_some() { "PostPaid" } else { "" },
                    "InternetChargeType": bandwidth.map_or("", |own| &own.internet_charge),
                };
                if reserved {
                    way.push("HasReservationData", false);
                }
                let gateway = call.world.linked::<Ipv6Gateway>("vpc", &row.vpc_id).next();
                map! {
                    "Ipv6AddressId": id,
                    "Ipv6Address": *address,
                    "Ipv6AddressName": "",
                    "Ipv6AddressDescription": "",
                    "AddressType": "IPv6Address",
                    "Status": "Available",
                    "NetworkType": *network,
                    "RealBandwidth": bandwidth.map_or(0, |own| own.bandwidth),
                    "VSwitchId": &row.vswitch_id,
                    "VpcId": &row.vpc_id,
                    "Ipv6GatewayId": gateway.map_or("", |own| &own.id),
                    "Ipv6InternetBandwidth": way,
                    "Ipv6Isp": "BGP",
                    "AssociatedInstanceId": *owner,
                    "AssociatedInstanceType": *kind,
                    "AllocationTime": seconds(row.created),
                    "ResourceGroupId": &row.resource_group,
                    "ServiceManaged": 0,
                    "Tags": vpc_tags(&[]),
                }
            });
    let mut answer = map! { "Ipv6Addresses": map! { "Ipv6Address": nodes.collect::<Vec<_>>() } };
    let size = i64::try_from(size).unwrap_or(100);
    call.paging(&mut answer, found.len(), number, size, "");
    Ok(answer)
}

fn mbits(call: &Call<'_>) -> Result<i64, Refusal> {
    match call.params.int("Bandwidth")? {
        Some(bandwidth) if (1..=1000).contains(&bandwidth) => Ok(bandwidth),
        Some(_) => refuse("IllegalParam.Bandwidth"),
        None => Err(Refusal::missing("Bandwidth")),
    }
}

fn allocate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let wanted = params.required("Ipv6AddressId")?;
    let bandwidth = mbits(call)?;
    let internet_charge = match params.text_or("InternetChargeType", "PayByBandwidth") {
        charge @ ("PayByBandwidth" | "PayByTraffic") => charge.to_owned(),
        _ => return refuse("IllegalParam.InternetChargeType"),
    };
    let found = addresses(call).into_iter().find(|(id, ..)| id == wanted);
    let Some((_, address, row)) = found else {
        return refuse("ResourceNotFound.Ipv6Address");
    };
    if bandwidth_of(call, address).is_some() {
        return refuse("OperationFailed.InternetBandwidthAlreadyExisted");
    }
    let Some(gateway) = call.world.linked::<Ipv6Gateway>("vpc", &row.vpc_id).next() else {
        return refuse("OperationFailed.Ipv6GatewayNotExist");
    };
    if params.text("Ipv6GatewayId").is_some_and(|id| id != gateway.id) {
        return refuse("OperationFailed.Ipv6GatewayDisMatchIpv6Address");
    }
    let (address, gateway_id) = (address.to_owned(), gateway.id.clone());
    let address_id = wanted.to_owned();
    call.validated()?;
    let (head, _) = call.head("ipv6bw-");
    let answer = map! { "InternetBandwidthId": &head.id, "Ipv6AddressId": &address_id };
    call.world.insert(Ipv6Bandwidth {
        head,
        gateway_id,
        address_id,
        address,
        bandwidth,
        internet_charge,
    });
    Ok(answer)
}

/// The way that a request names by its own id or by its address's.
fn own(call: &Call<'_>, neither: &'static str) -> Result<String, Refusal> {
    let params = call.params;
    let (own, address) = (
        params.text("Ipv6InternetBandwidthId"),
        params.text("Ipv6AddressId"),
    );
    if own.is_none() && address.is_none() {
        return refuse(neither);
    }
    let mut all = call.world.all::<Ipv6Bandwidth>().iter();
    let found = all.find(|row| {
        row.region == call.region
            && own.is_none_or(|id| id == row.id)
            && address.is_none_or(|id| id == row.address_id)
    });
    let absent = || {
        call.code(&[
            "OperationFailed.InternetBandwidthNonExist",
            "InvalidIpv6Instance.NotFound",
        ])
        .with_status(404)
    };
    Ok(found.ok_or_else(absent)?.id.clone())
}

fn modify_bandwidth(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let bandwidth = mbits(call)?;
    let both = ["Ipv6InternetBandwidthId", "Ipv6AddressId"];
    if both.iter().all(|name| call.params.text(name).is_some()) {
        return refuse("ParamExclusive.Ipv6AddressIdAndIpv6InternetBandwidthId");
    }
    let id = own(call, "MissingParam.Ipv6InstanceId")?;
    call.validated()?;
    call.world
        .update::<Ipv6Bandwidth, _>(&id, |own| own.bandwidth = bandwidth);
    done()
}

fn delete_bandwidth(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = own(call, "BothEmptyParam.Ipv6AddressIdAndIpv6InternetBandwidthId")?;
    call.validated()?;
    call.remove::<Ipv6Bandwidth>(&id);
    done()
}
