//! Addresses of a NAT gateway between private networks: its first one, and those that it is given.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done};
use super::super::clock::Now;
use super::super::head::{Head, Status, row};
use super::super::net::{Cidr, ip_text};
use super::super::node::{Node, map};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::nat_gateway::{NatGateway, settled};
use super::nat_ip_cidr::{GATEWAY, NatIpCidr, gateway, of_gateway};
use super::vswitch::free_address;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct NatIp {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) gateway_id: String,
    cidr_id: String,
    cidr: Cidr,
    pub(super) address: u32,
    /// It is the gateway's own, and comes and goes with it.
    is_default: bool,
    /// The vSwitch that it is taken from; empty for the gateway's own, and for those of other networks.
    vswitch_id: String,
}

row!(NatIp, links: |row, link| {
    link(GATEWAY, &row.gateway_id);
    link(NatIpCidr::NAME, &row.cidr_id);
    if !row.is_default {
        link(NatGateway::NAME, &row.gateway_id);
    }
}, addresses: |row, note| {
    if !row.vswitch_id.is_empty() {
        note(&row.vswitch_id, row.address);
    }
});

impl Kind for NatIp {
    const NAME: &'static str = "nat_ip";
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[
        (NatGateway::NAME, &["DependencyViolation.NatIp"]),
        (NatIpCidr::NAME, &["DependencyViolation.NatIp"]),
    ];
    // Simulated: the vendor's figure stands in no table.
    const LIMITS: &'static [(&'static str, usize, &'static [&'static str])] =
        &[(NatGateway::NAME, 50, &["QuotaExceeded.NatIp"])];

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        if kind == NatGateway::NAME {
            for own in world.ids_linked::<NatIp>(GATEWAY, id) {
                world.remove::<NatIp>(&own, now);
            }
        }
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateNatIp", create),
    (VPC, "ListNatIps", list),
    (VPC, "ModifyNatIpAttribute", modify),
    (VPC, "DeleteNatIp", delete),
];

/// Simulated delays, in milliseconds of life-cycle time.
const CREATING_MS: i64 = 1_000;
const DELETING_MS: i64 = 1_000;

const ABSENT: &str = "ResourceNotFound.NatIp";
const NAME: &[&str] = &["InvalidParameter"];

/// Makes what a gateway between private networks has from the beginning: the network of its vSwitch and an address there.
pub(super) fn begin(call: &mut Call<'_>, gateway_id: &str, cidr: Cidr, address: u32) {
    let (mut head, _) = call.head("vpcnatcidr-");
    head.status = Status::Available;
    let cidr_id = head.id.clone();
    call.world.insert(NatIpCidr {
        head,
        gateway_id: gateway_id.to_owned(),
        cidr,
        is_default: true,
    });
    let (mut head, _) = call.head("vpcnatip-");
    head.status = Status::Available;
    call.world.insert(NatIp {
        head,
        gateway_id: gateway_id.to_owned(),
        cidr_id,
        cidr,
        address,
        is_default: true,
        vswitch_id: String::new(),
    });
}

/// The address of a gateway that an entry of its tables names.
pub(super) fn of_entry<'t>(
    call: &'t Call<'_>,
    gateway: &'t NatGateway,
    address: &str,
) -> Result<&'t NatIp, Refusal> {
    let mut all = call.world.linked::<NatIp>(GATEWAY, &gateway.id);
    let own = all.find(|own| ip_text(own.address) == address);
    let own = own.ok_or_else(|| Refusal::new(ABSENT))?;
    if own.status == Status::Available {
        Ok(own)
    } else {
        refuse("IncorrectStatus.NatIp")
    }
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let gateway = gateway(call)?;
    let network = of_gateway(call, &gateway.id)?;
    let (gateway_id, vswitch_id) = (gateway.id.clone(), gateway.vswitch_id.clone());
    let (cidr_id, cidr, of_vswitch) = (network.id.clone(), network.cidr, network.is_default);
    call.within_limit::<NatIp>(NatGateway::NAME, &gateway_id)?;
    let others = call.world.linked::<NatIp>(GATEWAY, &gateway_id);
    let taken: Vec<u32> = others.map(|own| own.address).collect();
    let wanted = match params.text("NatIp") {
        None => None,
        Some(text) => {
            let address = text.parse::<std::net::Ipv4Addr>().map(u32::from);
            let address = address.map_err(|_| Refusal::invalid("NatIp"))?;
            if !cidr.contains(address) || (of_vswitch && !cidr.usable().contains(&address)) {
                return refuse("Mismatch.NatIpAndNatIpCidr");
            }
            let used = of_vswitch && call.world.address_is_used(&vswitch_id, address);
            if used || taken.contains(&address) {
                return refuse("ResourceAlreadyExist.NatIp");
            }
            Some(address)
        }
    };
    let name = call.name("NatIpName", 2, NAME)?;
    let description = call.free_text("NatIpDescription", 2, 256, NAME)?;
    let address = match wanted {
        Some(address) => address,
        None if of_vswitch => {
            let free = free_address(call.world, &vswitch_id);
            free.ok_or_else(|| Refusal::new("ResourceNotEnough.SwitchAvailableIps"))?
        }
        None => {
            let free = cidr.span().find(|address| !taken.contains(address));
            free.ok_or_else(|| Refusal::new("ResourceNotEnough.NatIp"))?
        }
    };
    call.validated()?;
    let (mut head, _) = call.head("vpcnatip-");
    head.rename(name, description);
    head.pass(Status::Creating, CREATING_MS, Status::Available, call.now);
    let shown = map! { "NatIp": ip_text(address), "NatIpId": &head.id };
    let answer = map! {
        "NatIp": ip_text(address),
        "NatIpId": &head.id,
        "NatIps": vec![shown],
    };
    call.world.insert(NatIp {
        head,
        gateway_id,
        cidr_id,
        cidr,
        address,
        is_default: false,
        vswitch_id: if of_vswitch { vswitch_id } else { String::new() },
    });
    Ok(answer)
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let gateway = params.required("NatGatewayId")?;
    let (ids, names) = (params.list("NatIpIds"), params.list("NatIpName"));
    let page = call.page::<NatIp>(Search::default().or_link(GATEWAY, Some(gateway)), |own| {
        own.gateway_id == gateway
            && (ids.is_empty() || ids.contains(&own.id.as_str()))
            && (names.is_empty() || names.contains(&own.name.as_str()))
            && call.is("NatIpCidr", &own.cidr.to_string())
            && call.is("NatIpStatus", own.status.text())
            // None is a part of a prefix.
            && call.is("IpOrigin", "cidr")
            && params.text("Ipv4Prefix").is_none()
    })?;
    let nodes = page.rows.iter().map(|own| {
        map! {
            "NatIpId": &own.id,
            "NatIpName": &own.name,
            "NatIpDescription": &own.description,
            "NatIp": ip_text(own.address),
            "NatIpCidr": own.cidr.to_string(),
            "NatIpStatus": own.status.text(),
            "NatGatewayId": &own.gateway_id,
            "IsDefault": own.is_default,
        }
    });
    // The count is a text.
    Ok(map! {
        "NatIps": nodes.collect::<Vec<_>>(),
        "NextToken": page.next_token.as_str(),
        "TotalCount": page.total.to_string(),
    })
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("NatIpId")?;
    call.find::<NatIp>(id, ABSENT)?;
    let name = call.name("NatIpName", 2, NAME)?;
    let description = call.free_text("NatIpDescription", 2, 256, NAME)?;
    call.validated()?;
    call.world
        .update::<NatIp, _>(id, |own| own.rename(name, description));
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("NatIpId")?;
    let own = call.find::<NatIp>(id, ABSENT)?;
    if call
        .params
        .text("NatGatewayId")
        .is_some_and(|gateway| gateway != own.gateway_id)
    {
        return refuse("ResourceNotFound.NatGateway");
    }
    settled(call, &own.gateway_id)?;
    if own.is_default {
        return refuse("OperationFailed.DefaultNatIp");
    }
    if own.status != Status::Available {
        return refuse("IncorrectStatus.NatIp");
    }
    call.unheld::<NatIp>(id)?;
    call.validated()?;
    let now = call.now;
    call.world
        .update::<NatIp, _>(id, |own| own.leave(Status::Deleting, DELETING_MS, now));
    done()
}
