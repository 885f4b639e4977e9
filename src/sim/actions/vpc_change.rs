//! Changes of a VPC. What lies in it has a say.

use super::super::call::{Call, Entry, done};
use super::super::head::Status;
use super::super::net::Cidr;
use super::super::node::{Node, map};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::vpc::{DESCRIPTION, NAME, Vpc, cidr, ipv6_isp};
use super::vpc_ipv6_cidr::{free_block, reserved, take};
use super::vswitch::VSwitch;

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "ModifyVpcAttribute", modify),
    (VPC, "AssociateVpcCidrBlock", associate),
    (VPC, "UnassociateVpcCidrBlock", unassociate),
    (VPC, "EnableVpcClassicLink", enable_classic_link),
    (VPC, "DisableVpcClassicLink", disable_classic_link),
];

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("VpcId")?;
    let vpc = call.find::<Vpc>(id, "InvalidVpcId.NotFound")?;
    if vpc.status != Status::Available {
        return refuse("IncorrectVpcStatus");
    }
    let name = call.name("VpcName", 1, NAME)?;
    let description = call.description(1, DESCRIPTION)?;
    let cidr_block = match params.text("CidrBlock") {
        None => None,
        Some(text) => Some(cidr(text).ok_or_else(|| Refusal::new("InvalidCidrBlock.Malformed"))?),
    };
    if let Some(wanted) = cidr_block
        && call.world.linked::<VSwitch>("vpc", id).any(|vswitch| {
            let elsewhere = vpc.secondary.iter().any(|own| own.covers(vswitch.cidr_block));
            !elsewhere && !wanted.covers(vswitch.cidr_block)
        })
    {
        return refuse("IllegalCidrBlock");
    }
    let enable_ipv6 = params.bool("EnableIPv6");
    // What it has already it may be told again.
    let own = vpc.ipv6.map(|own| own.to_string());
    let reserved = match params.text("Ipv6CidrBlock") {
        Some(text) if own.as_deref() == Some(text) => None,
        _ => reserved(call, "Ipv6CidrBlock")?,
    };
    if reserved.is_some() && enable_ipv6 != Some(true) {
        return refuse("ExclusiveParam.EnableIpv6AndCidrBlock");
    }
    if reserved.is_some() && own.is_some() {
        return refuse("IllegalParam.Ipv6Cidr");
    }
    let ipv6_isp = ipv6_isp(call)?;
    if enable_ipv6 == Some(false)
        && call
            .world
            .linked::<VSwitch>("vpc", id)
            .any(|own| own.ipv6.is_some())
    {
        return refuse("OperationFailed.IpV6VSwitchInuse");
    }
    let block = match reserved {
        Some((block, _)) => {
            take(call, block);
            block
        }
        None => free_block(call.world, vpc.place),
    };
    call.world.update::<Vpc, _>(id, |vpc| {
        match enable_ipv6 {
            Some(true) if vpc.ipv6.is_none() => {
                vpc.ipv6 = Some(block);
                vpc.ipv6_isp = ipv6_isp;
            }
            Some(false) => vpc.ipv6 = None,
            _ => {}
        }
        if let Some(name) = name.or_else(|| params.given("VpcName").map(str::to_owned)) {
            vpc.name = name;
        }
        if let Some(description) = description.or_else(|| params.given("Description").map(str::to_owned)) {
            vpc.description = description;
        }
        if let Some(cidr_block) = cidr_block {
            vpc.cidr_block = cidr_block;
        }
        if let Some(cidr) = params.text("UserCidr") {
            cidr.clone_into(&mut vpc.user_cidr);
        }
        if let Some(on) = params.bool("EnableDnsHostname") {
            vpc.dns_host_names = on;
        }
    });
    done()
}

/// The vendor's limit of further networks.
const SECONDARY_MAX: usize = 5;

fn associate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("VpcId")?;
    let vpc = call.find::<Vpc>(id, "InvalidVpc.NotFound")?;
    if vpc.status != Status::Available {
        return refuse("IncorrectStatus.Vpc");
    }
    match params.text_or("IpVersion", "IPV4") {
        version if version.eq_ignore_ascii_case("ipv4") => {}
        version if version.eq_ignore_ascii_case("ipv6") => {
            if vpc.ipv6.is_some() {
                return refuse("OperationFailed.Ipv6CidrBlockExisted");
            }
            let isp = ipv6_isp(call)?;
            let block = match reserved(call, "IPv6CidrBlock")? {
                Some((block, _)) => {
                    take(call, block);
                    block
                }
                None => free_block(call.world, vpc.place),
            };
            call.world.update::<Vpc, _>(id, |vpc| {
                vpc.ipv6 = Some(block);
                vpc.ipv6_isp = isp;
            });
            return Ok(map! { "CidrBlock": block.to_string(), "IpVersion": "IPV6" });
        }
        _ => return refuse("IllegalParam.IpVersion"),
    }
    if params.text("IpamPoolId").is_some() {
        return refuse("ResourceNotFound.IpamPool");
    }
    for mask in ["SecondaryCidrMask", "Ipv6CidrMask"] {
        if params.text(mask).is_some() {
            return refuse("IllegalParam.IpamPool");
        }
    }
    let Some(text) = params.text("SecondaryCidrBlock") else {
        return refuse("MissingParam.SecondaryCidrOrIpv6Cidr");
    };
    let block = Cidr::parse(text).filter(|block| (8..=28).contains(&block.bits));
    let block = block.ok_or_else(|| call.code(&["InvalidCidrBlock.Malformed", "InvalidParameter"]))?;
    let reserved = ["100.64.0.0/10", "224.0.0.0/4", "127.0.0.0/8", "169.254.0.0/16"];
    if reserved
        .iter()
        .filter_map(|text| Cidr::parse(text))
        .any(|other| other.overlaps(block))
    {
        return Err(call.code(&["InvalidCidrBlock.Malformed", "InvalidParameter"]));
    }
    let mut own = std::iter::once(&vpc.cidr_block).chain(&vpc.secondary);
    if own.any(|own| own.overlaps(block)) {
        return refuse("Duplicated.SecondaryCidrBlock");
    }
    if vpc.secondary.len() >= SECONDARY_MAX {
        return refuse("QuotaExceeded.VpcMultiCidr");
    }
    call.world.update::<Vpc, _>(id, |vpc| vpc.secondary.push(block));
    Ok(map! { "CidrBlock": block.to_string(), "IpVersion": "IPV4" })
}

fn unassociate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("VpcId")?;
    let vpc = call.find::<Vpc>(id, "InvalidVpc.NotFound")?;
    if let Some(text) = params.text("IPv6CidrBlock") {
        if vpc.ipv6.is_none_or(|block| block.to_string() != text) {
            return refuse("InvalidIpv6CidrBlock.NotFound");
        }
        if call
            .world
            .linked::<VSwitch>("vpc", id)
            .any(|vswitch| vswitch.ipv6.is_some())
        {
            return refuse("OperationFailed.IpV6VSwitchInuse");
        }
        call.world.update::<Vpc, _>(id, |vpc| vpc.ipv6 = None);
        return done();
    }
    let Some(text) = params.text("SecondaryCidrBlock") else {
        return refuse("MissingParam.SecondaryCidrOrIpv6Cidr");
    };
    let block = Cidr::parse(text);
    let block = block.filter(|block| vpc.secondary.contains(block));
    let block = block.ok_or_else(|| Refusal::new("InvalidSecondaryCidrBlock.NotFound"))?;
    if call
        .world
        .linked::<VSwitch>("vpc", id)
        .any(|vswitch| block.covers(vswitch.cidr_block))
    {
        return refuse("OperationFailed.CidrInUse");
    }
    call.world
        .update::<Vpc, _>(id, |vpc| vpc.secondary.retain(|own| *own != block));
    done()
}

fn enable_classic_link(call: &mut Call<'_>) -> Result<Node, Refusal> {
    set_classic_link(call, true)
}

fn disable_classic_link(call: &mut Call<'_>) -> Result<Node, Refusal> {
    set_classic_link(call, false)
}

/// No server of the classic network is ever linked here, so that both ways are free.
fn set_classic_link(call: &mut Call<'_>, on: bool) -> Result<Node, Refusal> {
    let id = call.params.required("VpcId")?;
    let vpc = call.find::<Vpc>(id, "InvalidVpcId.NotFound")?;
    if vpc.status != Status::Available {
        return refuse("IncorrectVpcStatus");
    }
    call.world.update::<Vpc, _>(id, |vpc| vpc.classic_link = on);
    done()
}
