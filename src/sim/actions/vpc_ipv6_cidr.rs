//! Networks of IPv6 that are kept for VPCs to come: a VPC that asks for one by name gets it, and nothing else does.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry};
use super::super::head::{Head, row};
use super::super::net::Cidr6;
use super::super::node::{Node, map};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::vpc::{Vpc, ipv6_isp};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ReservedIpv6Cidr {
    #[serde(flatten)]
    head: Head,
    block: Cidr6,
    isp: String,
}

row!(ReservedIpv6Cidr, links: |row, link| link(BLOCK, &row.block.to_string()));

impl Kind for ReservedIpv6Cidr {
    const NAME: &'static str = "vpc_ipv6_cidr";
}

pub(super) const ACTIONS: &[Entry] = &[(VPC, "AllocateVpcIpv6Cidr", allocate)];

/// The link from a network to what has it.
pub(super) const BLOCK: &str = "ipv6 block";

/// The networks that are the vendor's to give, in this cloud: their first 40 bits.
const POOL: &str = "2408:4005:300::/40";

/// The network of 56 bits that belongs to a place in the order of creation.
fn block_at(place: u64) -> Cidr6 {
    let number = u128::from(place & 0xffff);
    let segments = [0x2408, 0x4005, 0x300 | number >> 8, (number & 0xff) << 8];
    Cidr6 {
        base: segments.iter().fold(0, |base, segment| base << 16 | segment) << 64,
        bits: 56,
    }
}

fn is_free(world: &World, block: Cidr6) -> bool {
    let text = block.to_string();
    let mut kept = world.linked::<ReservedIpv6Cidr>(BLOCK, &text);
    kept.next().is_none() && world.linked::<Vpc>(BLOCK, &text).next().is_none()
}

/// A network that nothing has, that of this place in the order of creation if it can be.
pub(super) fn free_block(world: &World, place: u64) -> Cidr6 {
    let mut blocks = (place..=place | 0xffff).chain(0..=0xffff).map(block_at);
    blocks
        .find(|block| is_free(world, *block))
        .unwrap_or_else(|| block_at(place))
}

/// The network that a request asks for by this parameter, with its line; it has to be kept for the account.
pub(super) fn reserved(call: &Call<'_>, param: &str) -> Result<Option<(Cidr6, String)>, Refusal> {
    let Some(text) = call.params.text(param) else {
        return Ok(None);
    };
    let block = Cidr6::parse(text)
        .map(|block| block.to_string())
        .unwrap_or_default();
    let mut all = call.world.linked::<ReservedIpv6Cidr>(BLOCK, &block);
    match all.find(|own| own.region == call.region) {
        None => refuse("OperationFailed.IPv6CidrNotReserved"),
        Some(own) if call.params.text("Ipv6Isp").is_some_and(|isp| isp != own.isp) => {
            refuse("OperationFailed.IPv6CidrNotReserved")
        }
        Some(own) => Ok(Some((own.block, own.isp.clone()))),
    }
}

/// A VPC has it now.
pub(super) fn take(call: &mut Call<'_>, block: Cidr6) {
    let block = block.to_string();
    for id in call.world.ids_linked::<ReservedIpv6Cidr>(BLOCK, &block) {
        call.remove::<ReservedIpv6Cidr>(&id);
    }
}

fn allocate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    match call.params.text_or("AddressPoolType", "aliyun") {
        "aliyun" => {}
        // Nobody has brought any network.
        "custom" => return refuse("ResourceNotEnough.Ipv6Cidr"),
        _ => return refuse("IllegalParam.AddressPoolType"),
    }
    let isp = ipv6_isp(call)?;
    let wanted = match call.params.text("Ipv6CidrBlock") {
        None => None,
        Some(text) => {
            let block = Cidr6::parse(text).filter(|block| block.bits == 56);
            let block = block.ok_or_else(|| Refusal::new("IllegalParam.Ipv6Cidr"))?;
            let of_the_pool = Cidr6::parse(POOL).is_some_and(|pool| pool.contains(block.base));
            if !of_the_pool || !is_free(call.world, block) {
                return refuse("Unavailable.Ipv6Cidr");
            }
            Some(block)
        }
    };
    let (head, _) = call.head("vpcipv6-");
    let block = wanted.unwrap_or_else(|| free_block(call.world, head.place));
    call.world.insert(ReservedIpv6Cidr { head, block, isp });
    Ok(map! { "Ipv6CidrBlock": block.to_string() })
}
