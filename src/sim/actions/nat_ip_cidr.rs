//! Networks that a NAT gateway between private networks has addresses of: that of its vSwitch, and those that it is given.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done};
use super::super::clock::{Now, seconds};
use super::super::head::{Head, Status, row};
use super::super::net::Cidr;
use super::super::node::{Node, map};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::nat_gateway::{NatGateway, settled};
use super::vpc::{PRIVATE, Vpc};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct NatIpCidr {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) gateway_id: String,
    pub(super) cidr: Cidr,
    /// It is the vSwitch's, and comes and goes with the gateway.
    pub(super) is_default: bool,
}

row!(NatIpCidr, links: |row, link| {
    link(GATEWAY, &row.gateway_id);
    if !row.is_default {
        link(NatGateway::NAME, &row.gateway_id);
    }
});

impl Kind for NatIpCidr {
    const NAME: &'static str = "nat_ip_cidr";
    const HOLDS: &'static [(&'static str, &'static [&'static str])] =
        &[(NatGateway::NAME, &["DependencyViolation.NatIpCidr"])];
    // Simulated: the vendor's figure stands in no table.
    const LIMITS: &'static [(&'static str, usize, &'static [&'static str])] =
        &[(NatGateway::NAME, 10, &["QuotaExceeded.NatIpCidr"])];

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        if kind == NatGateway::NAME {
            for own in world.ids_linked::<NatIpCidr>(GATEWAY, id) {
                world.remove::<NatIpCidr>(&own, now);
            }
        }
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateNatIpCidr", create),
    (VPC, "ListNatIpCidrs", list),
    (VPC, "DeleteNatIpCidr", delete),
];

/// The link to the gateway, also of what it has by itself.
pub(super) const GATEWAY: &str = "gateway";

const ABSENT: &str = "ResourceNotFound.NatIpCidr";

/// The gateway between private networks that a request names.
pub(super) fn gateway<'t>(call: &'t Call<'_>) -> Result<&'t NatGateway, Refusal> {
    let gateway = settled(call, call.params.required("NatGatewayId")?)?;
    if gateway.network_type == "intranet" {
        Ok(gateway)
    } else {
        refuse("ResourceNotFound.NatGateway")
    }
}

/// A network of a gateway.
pub(super) fn of_gateway<'t>(call: &'t Call<'_>, gateway_id: &'t str) -> Result<&'t NatIpCidr, Refusal> {
    let cidr = Cidr::parse(call.params.required("NatIpCidr")?);
    let cidr = cidr.ok_or_else(|| Refusal::invalid("NatIpCidr"))?;
    let mut all = call.world.linked::<NatIpCidr>(GATEWAY, gateway_id);
    all.find(|own| own.cidr == cidr)
        .ok_or_else(|| Refusal::new(ABSENT))
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let gateway = gateway(call)?;
    let cidr = Cidr::parse(call.params.required("NatIpCidr")?).filter(|cidr| (16..=32).contains(&cidr.bits));
    let cidr = cidr.ok_or_else(|| Refusal::invalid("NatIpCidr"))?;
    let vpc = call.find::<Vpc>(&gateway.vpc_id, "ResourceNotFound.VPC")?;
    let mut networks = std::iter::once(&vpc.cidr_block).chain(&vpc.secondary);
    if networks.any(|own| own.overlaps(cidr)) {
        return refuse("OperationFailed.CreateNatIpCidrInVpcCidrBlock");
    }
    let of_user = vpc.user_cidr.split(',');
    let mut allowed = PRIVATE.iter().copied().chain(of_user).filter_map(Cidr::parse);
    if !allowed.any(|allowed| allowed.covers(cidr)) {
        return refuse("OperationFailed.CreateNatIpCidrNotInUserCidr");
    }
    for own in call.world.linked::<NatIpCidr>(GATEWAY, &gateway.id) {
        if own.cidr == cidr {
            return refuse("ResourceAlreadyExist.NatIpCidr");
        }
        if own.cidr.overlaps(cidr) {
            return refuse("OperationFailed.NatIpCidrInUse");
        }
    }
    call.within_limit::<NatIpCidr>(NatGateway::NAME, &gateway.id)?;
    let name = call.name("NatIpCidrName", 2, &["InvalidParameter"])?;
    let description = call.free_text("NatIpCidrDescription", 2, 256, &["InvalidParameter"])?;
    call.validated()?;
    let gateway_id = gateway.id.clone();
    let (mut head, _) = call.head("vpcnatcidr-");
    head.rename(name, description);
    head.status = Status::Available;
    let answer = map! { "NatIpCidrId": &head.id };
    call.world.insert(NatIpCidr {
        head,
        gateway_id,
        cidr,
        is_default: false,
    });
    Ok(answer)
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let gateway = params.required("NatGatewayId")?;
    let (networks, names) = (params.list("NatIpCidrs"), params.list("NatIpCidrName"));
    let page = call.page::<NatIpCidr>(Search::default().or_link(GATEWAY, Some(gateway)), |own| {
        let cidr = own.cidr.to_string();
        own.gateway_id == gateway
            && call.is("NatIpCidr", &cidr)
            && call.is("NatIpCidrStatus", own.status.text())
            && (networks.is_empty() || networks.contains(&cidr.as_str()))
            && (names.is_empty() || names.contains(&own.name.as_str()))
    })?;
    let nodes = page.rows.iter().map(|own| {
        map! {
            "NatIpCidrId": &own.id,
            "NatIpCidrName": &own.name,
            "NatIpCidrDescription": &own.description,
            "NatIpCidr": own.cidr.to_string(),
            "NatIpCidrStatus": own.status.text(),
            "NatGatewayId": &own.gateway_id,
            "IsDefault": own.is_default,
            "CreationTime": seconds(own.created),
        }
    });
    // The count is a text.
    Ok(map! {
        "NatIpCidrs": nodes.collect::<Vec<_>>(),
        "NextToken": page.next_token.as_str(),
        "TotalCount": page.total.to_string(),
    })
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let gateway_id = gateway(call)?.id.clone();
    let own = of_gateway(call, &gateway_id)?;
    if own.is_default {
        return refuse("OperationFailed.DefaultNatIpCidr");
    }
    let id = own.id.clone();
    call.unheld::<NatIpCidr>(&id)?;
    call.validated()?;
    call.remove::<NatIpCidr>(&id);
    done()
}
