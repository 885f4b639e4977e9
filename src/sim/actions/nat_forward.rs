//! Entries by which a NAT gateway lets requests in.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done};
use super::super::clock::Now;
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::eip::Eip;
use super::nat_gateway::{NatGateway, settled};
use super::nat_ip::{self, NatIp};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ForwardEntry {
    #[serde(flatten)]
    pub(super) head: Head,
    gateway_id: String,
    table_id: String,
    /// Empty for a private address.
    eip_id: String,
    /// Empty for a public address.
    #[serde(default)]
    nat_ip_id: String,
    external_ip: String,
    external_port: String,
    internal_ip: String,
    internal_port: String,
    protocol: String,
    /// Whether ports above 1024 of an address that others use as well may be taken.
    #[serde(default)]
    port_break: bool,
}

row!(ForwardEntry, links: |row, link| {
    link(NatGateway::NAME, &row.gateway_id);
    link("forward table", &row.table_id);
    if !row.eip_id.is_empty() {
        link("eip", &row.eip_id);
    }
    if !row.nat_ip_id.is_empty() {
        link(NatIp::NAME, &row.nat_ip_id);
    }
});

impl Kind for ForwardEntry {
    const NAME: &'static str = "forward_entry";
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[
        (NatGateway::NAME, &["DependencyViolation.ForwardEntry"]),
        ("eip", &["InvalidIpStatus.HasBeenUsedByForwardEntry"]),
        (NatIp::NAME, &["DependencyViolation.NatIp"]),
    ];
    const LIMITS: &'static [(&'static str, usize, &'static [&'static str])] = &[(
        NatGateway::NAME,
        100,
        &["QuotaExceeded.ForwardEntry", "QuotaExceeded"],
    )];

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        if kind == NatGateway::NAME {
            for own in world.ids_linked::<ForwardEntry>(kind, id) {
                world.remove::<ForwardEntry>(&own, now);
            }
        }
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateForwardEntry", create),
    (VPC, "ModifyForwardEntry", modify),
    (VPC, "DeleteForwardEntry", delete),
    (VPC, "DescribeForwardTableEntries", describe),
];

/// Simulated delays, in milliseconds of life-cycle time.
const PENDING_MS: i64 = 2_000;
const DELETING_MS: i64 = 1_000;

const NO_TABLE: &str = "InvalidForwardTableId.NotFound";
const ABSENT: &str = "InvalidForwardEntryId.NotFound";
const NAME: &[&str] = &["InvalidParameter.Name.Malformed"];

/// What an entry forwards.
struct Order {
    eip_id: String,
    nat_ip_id: String,
    external_ip: String,
    external_port: String,
    internal_ip: String,
    internal_port: String,
    protocol: String,
}

fn gateway_of<'t>(call: &'t Call<'_>, table_id: &str) -> Result<&'t NatGateway, Refusal> {
    let id = call
        .world
        .heads_linked(NatGateway::NAME, "forward table", table_id)
        .next()
        .map(|head| head.id.clone());
    settled(call, &id.ok_or_else(|| Refusal::new(NO_TABLE))?)
}

fn port(text: &str, code: &str) -> Result<String, Refusal> {
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    let good = match text.split_once('/') {
        Some((low, high)) => matches!((number(low), number(high)), (Some(low), Some(high)) if low <= high),
        None => text.eq_ignore_ascii_case("any") || number(text).is_some(),
    };
    if good { Ok(text.to_owned()) } else { refuse(code) }
}

/// Checks an entry; what a request leaves out is as it was.
fn order(call: &Call<'_>, gateway: &NatGateway, old: Option<&ForwardEntry>) -> Result<Order, Refusal> {
    let params = call.params;
    let value = |name: &'static str, old: Option<&str>| match (params.text(name), old) {
        (Some(given), _) => Ok(given.to_owned()),
        (None, Some(old)) => Ok(old.to_owned()),
        (None, None) => Err(Refusal::missing(name)),
    };
    let external_ip = value("ExternalIp", old.map(|old| old.external_ip.as_str()))?;
    let internal_ip = value("InternalIp", old.map(|old| old.internal_ip.as_str()))?;
    let external_port = value("ExternalPort", old.map(|old| old.external_port.as_str()))?;
    let internal_port = value("InternalPort", old.map(|old| old.internal_port.as_str()))?;
    let protocol = value("IpProtocol", old.map(|old| old.protocol.as_str()))?.to_ascii_lowercase();
    if external_ip.parse::<std::net::Ipv4Addr>().is_err() {
        return refuse("InvalidExternalIp.Malformed");
    }
    if internal_ip.parse::<std::net::Ipv4Addr>().is_err() {
        return refuse("InvalidInternalIp.Malformed");
    }
    if !matches!(protocol.as_str(), "tcp" | "udp" | "any") {
        return refuse("InvalidProtocal.ValueNotSupported");
    }
    let external_port = port(&external_port, "InvalidExternalPort.Malformed")?;
    let internal_port = port(&internal_port, "InvalidInternalPort.Malformed")?;
    let any = |text: &str| text.eq_ignore_ascii_case("any");
    if (protocol == "any") != any(&external_port) || any(&external_port) != any(&internal_port) {
        return Err(call.code(&["OperationFailed.AnyPortConfig"]));
    }
    let (mut eip_id, mut nat_ip_id) = (String::new(), String::new());
    if gateway.network_type == "intranet" {
        nat_ip_id.clone_from(&nat_ip::of_entry(call, gateway, &external_ip)?.id);
    } else {
        let eip = call.world.linked::<Eip>("address", &external_ip).next();
        let eip = eip.ok_or_else(|| Refusal::new("InvalidExternalIp.NotFound"))?;
        eip_id.clone_from(&eip.id);
        if eip.status == Status::Associating {
            return refuse("OperationUnsupported.EipInBinding");
        }
        if eip.instance_id != gateway.id || eip.status != Status::InUse {
            return refuse("InvalidIp.NotInNatgw");
        }
    }
    let mut others = call.world.linked::<ForwardEntry>(NatGateway::NAME, &gateway.id);
    let same = |other: &ForwardEntry| {
        old.is_none_or(|old| old.id != other.id)
            && other.external_ip == external_ip
            && other.external_port == external_port
            && (other.protocol == protocol || other.protocol == "any" || protocol == "any")
    };
    if others.any(same) {
        return refuse("ForwardEntry.Duplicated");
    }
    Ok(Order {
        eip_id,
        nat_ip_id,
        external_ip,
        external_port,
        internal_ip,
        internal_port,
        protocol,
    })
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let table_id = call.params.required("ForwardTableId")?;
    let gateway = gateway_of(call, table_id)?;
    let order = order(call, gateway, None)?;
    call.within_limit::<ForwardEntry>(NatGateway::NAME, &gateway.id)?;
    let name = call.name("ForwardEntryName", 2, NAME)?.unwrap_or_default();
    call.validated()?;
    let gateway_id = gateway.id.clone();
    let (mut head, _) = call.head("fwd-");
    head.name = name;
    head.pass(Status::Pending, PENDING_MS, Status::Available, call.now);
    let answer = map! { "ForwardEntryId": &head.id };
    call.world.insert(ForwardEntry {
        head,
        gateway_id,
        table_id: table_id.to_owned(),
        eip_id: order.eip_id,
        nat_ip_id: order.nat_ip_id,
        external_ip: order.external_ip,
        external_port: order.external_port,
        internal_ip: order.internal_ip,
        internal_port: order.internal_port,
        protocol: order.protocol,
        port_break: call.params.flag("PortBreak"),
    });
    Ok(answer)
}

/// The entry, when no entry of its table is in a change.
fn changeable<'t>(call: &'t Call<'_>) -> Result<&'t ForwardEntry, Refusal> {
    let table_id = call.params.required("ForwardTableId")?;
    let id = call.params.required("ForwardEntryId")?;
    gateway_of(call, table_id)?;
    let entry = call.find::<ForwardEntry>(id, ABSENT)?;
    if entry.table_id != table_id {
        return refuse(ABSENT);
    }
    if call
        .world
        .linked::<ForwardEntry>("forward table", table_id)
        .any(|other| other.status != Status::Available)
    {
        return refuse("IncorretForwardEntryStatus");
    }
    Ok(entry)
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let entry = changeable(call)?;
    let id = entry.id.clone();
    let order = order(call, gateway_of(call, &entry.table_id)?, Some(entry))?;
    let name = call.name("ForwardEntryName", 2, NAME)?;
    call.validated()?;
    let (now, params) = (call.now, call.params);
    call.world.update::<ForwardEntry, _>(&id, |entry| {
        entry.port_break = params.bool("PortBreak").unwrap_or(entry.port_break);
        entry.rename(name, None);
        entry.eip_id = order.eip_id;
        entry.nat_ip_id = order.nat_ip_id;
        entry.external_ip = order.external_ip;
        entry.external_port = order.external_port;
        entry.internal_ip = order.internal_ip;
        entry.internal_port = order.internal_port;
        entry.protocol = order.protocol;
        entry.pass(Status::Pending, PENDING_MS, Status::Available, now);
    });
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = changeable(call)?.id.clone();
    let now = call.now;
    call.world
        .update::<ForwardEntry, _>(&id, |entry| entry.leave(Status::Deleting, DELETING_MS, now));
    done()
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.text("ForwardEntryId").map(|id| vec![id]);
    let table = params.text("ForwardTableId");
    if ids.is_none() && table.is_none() && params.text("NatGatewayId").is_none() {
        return refuse("DESCRIBE_FORWARD_PARAM_INVALID");
    }
    if table.is_some_and(|id| {
        call.world
            .heads_linked(NatGateway::NAME, "forward table", id)
            .next()
            .is_none()
    }) {
        return refuse(NO_TABLE);
    }
    let page = call.page::<ForwardEntry>(Search::ids(ids).or_link("forward table", table), |entry| {
        call.is("ForwardTableId", &entry.table_id)
            && call.is("NatGatewayId", &entry.gateway_id)
            && call.is("ForwardEntryName", &entry.head.name)
            && call.is("ExternalIp", &entry.external_ip)
            && call.is("ExternalPort", &entry.external_port)
            && call.is("InternalIp", &entry.internal_ip)
            && call.is("InternalPort", &entry.internal_port)
            && params
                .text("IpProtocol")
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(&entry.protocol))
    })?;
    Ok(
        call.listed(&page, "ForwardTableEntries", "ForwardTableEntry", |entry| {
            map! {
                "ForwardEntryId": &entry.id,
                "ForwardEntryName": &entry.head.name,
                "ForwardTableId": &entry.table_id,
                "NatGatewayId": &entry.gateway_id,
                "ExternalIp": &entry.external_ip,
                "ExternalPort": &entry.external_port,
                "InternalIp": &entry.internal_ip,
                "InternalPort": &entry.internal_port,
                "IpProtocol": &entry.protocol,
                "Status": entry.status.text(),
            }
        }),
    )
}
