//! The default VPC of a region and its vSwitches: made on demand, with networks that the service chooses.

use super::super::call::{Call, Entry};
use super::super::head::Status;
use super::super::net::Cidr;
use super::super::node::{Node, map};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::vpc::{self, Vpc};
use super::vpc_ipv6_cidr::reserved;
use super::vswitch::{self, VSwitch, ipv6_part};

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateDefaultVpc", create),
    (VPC, "CreateDefaultVSwitch", create_vswitch),
];

/// The default VPC of the request's region.
fn default_vpc<'t>(call: &'t Call<'_>) -> Option<&'t Vpc> {
    let mut all = call.world.all::<Vpc>().iter();
    all.find(|vpc| vpc.is_default && vpc.region == call.region)
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    if default_vpc(call).is_some() {
        return refuse("OperationFailed.DefaultVpcExist");
    }
    let reserved = reserved(call, "Ipv6CidrBlock")?;
    if reserved.is_some() && !call.params.flag("EnableIpv6") {
        return refuse("MissingParam.EnableIpv6");
    }
    let order = vpc::Order {
        cidr_block: Cidr::parse("172.16.0.0/12").ok_or_else(|| Refusal::invalid("CidrBlock"))?,
        name: String::new(),
        description: "System created default VPC.".to_owned(),
        user_cidr: String::new(),
        dns_host_names: false,
        with_ipv6: call.params.flag("EnableIpv6"),
        reserved: reserved.map(|(block, _)| block),
        ipv6_isp: "BGP".to_owned(),
        is_default: true,
        tags: Vec::new(),
    };
    let answer = vpc::insert(call, order);
    Ok(call.trimmed(answer))
}

fn create_vswitch(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let zone = call.params.required("ZoneId")?;
    if !call.region_facts().has_zone(zone) {
        return refuse("InvalidZoneId.NotFound");
    }
    let Some(vpc) = default_vpc(call) else {
        return refuse("OperationFailed.DefaultVpcNotExist");
    };
    if vpc.status != Status::Available {
        return refuse("IncorrectVpcStatus");
    }
    let others: Vec<&VSwitch> = call.world.linked("vpc", &vpc.id).collect();
    if others.iter().any(|other| other.is_default && other.zone == zone) {
        return refuse("OperationFailed.DefaultVSwitchExist");
    }
    if others.iter().any(|other| other.status == Status::Pending) {
        return refuse("OperationDenied.OtherSubnetCreating");
    }
    let free = |cidr: &Cidr| !others.iter().any(|other| other.cidr_block.overlaps(*cidr));
    let Some(cidr_block) = vpc.cidr_block.parts(20).find(free) else {
        return refuse("InvalidCidrBlock.Overlapped");
    };
    let ipv6 = match call.params.int("Ipv6CidrBlock")? {
        None => None,
        Some(number) => Some(ipv6_part(call, vpc, number)?),
    };
    let order = vswitch::Order {
        vpc_id: vpc.id.clone(),
        region: vpc.region.clone(),
        zone: zone.to_owned(),
        cidr_block,
        ipv6,
        name: String::new(),
        description: "System created default virtual switch.".to_owned(),
        resource_group: vpc.resource_group.clone(),
        is_default: true,
        tags: Vec::new(),
    };
    let id = vswitch::insert(call, order);
    Ok(map! { "VSwitchId": id })
}
