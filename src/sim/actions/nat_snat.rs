//! Entries by which a NAT gateway lets servers out.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done};
use super::super::clock::Now;
use super::super::head::{Head, Status, row};
use super::super::net::Cidr;
use super::super::node::{Node, map};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::eip::Eip;
use super::nat_gateway::{NatGateway, settled};
use super::nat_ip::{self, NatIp};
use super::network_interface::NetworkInterface;
use super::vswitch::VSwitch;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SnatEntry {
    #[serde(flatten)]
    pub(super) head: Head,
    gateway_id: String,
    table_id: String,
    /// Public addresses, and the ids of the elastic ones.
    addresses: Vec<String>,
    eips: Vec<String>,
    /// The ids of private ones.
    #[serde(default)]
    nat_ips: Vec<String>,
    vswitch_id: String,
    cidr: String,
    interface_id: String,
    affinity: i64,
}

row!(SnatEntry, links: |row, link| {
    link(NatGateway::NAME, &row.gateway_id);
    link("snat table", &row.table_id);
    row.eips.iter().for_each(|eip| link("eip", eip));
    row.nat_ips.iter().for_each(|own| link(NatIp::NAME, own));
    if !row.vswitch_id.is_empty() {
        link("vswitch", &row.vswitch_id);
    }
});

impl Kind for SnatEntry {
    const NAME: &'static str = "snat_entry";
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[
        (NatGateway::NAME, &["DependencyViolation.SnatEntry"]),
        ("eip", &["InvalidIpStatus.HasBeenUsedBySnatTable"]),
        (NatIp::NAME, &["DependencyViolation.NatIp"]),
        (
            "vswitch",
            &["DependencyViolation.SnatEntry", "DependencyViolation"],
        ),
    ];
    const LIMITS: &'static [(&'static str, usize, &'static [&'static str])] =
        &[(NatGateway::NAME, 40, &["QuotaExceeded.SnatEntry"])];

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        if kind == NatGateway::NAME {
            for own in world.ids_linked::<SnatEntry>(kind, id) {
                world.remove::<SnatEntry>(&own, now);
            }
        }
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateSnatEntry", create),
    (VPC, "ModifySnatEntry", modify),
    (VPC, "DeleteSnatEntry", delete),
    (VPC, "DescribeSnatTableEntries", describe),
];

/// Simulated delays, in milliseconds of life-cycle time.
const PENDING_MS: i64 = 2_000;
const DELETING_MS: i64 = 1_000;

const NO_TABLE: &str = "InvalidSnatTableId.NotFound";
const ABSENT: &str = "InvalidSnatEntryId.NotFound";
const NAME: &[&str] = &["InvalidParameter.Name.Malformed"];

fn gateway_of<'t>(call: &'t Call<'_>, table_id: &str) -> Result<&'t NatGateway, Refusal> {
    let id = call
        .world
        .heads_linked(NatGateway::NAME, "snat table", table_id)
        .next()
        .map(|head| head.id.clone());
    settled(call, &id.ok_or_else(|| Refusal::new(NO_TABLE))?)
}

/// The addresses of an entry.
#[derive(Default)]
struct Addresses {
    texts: Vec<String>,
    eips: Vec<String>,
    nat_ips: Vec<String>,
}

/// The addresses that a list names: elastic ones bound to the gateway, or the own ones of one between private networks.
fn addresses(call: &Call<'_>, gateway: &NatGateway, text: &str) -> Result<Addresses, Refusal> {
    let mut found = Addresses::default();
    for address in text
        .split(',')
        .map(str::trim)
        .filter(|address| !address.is_empty())
    {
        if address.parse::<std::net::Ipv4Addr>().is_err() {
            return refuse("InvalidSnatIp.Malformed");
        }
        found.texts.push(address.to_owned());
        if gateway.network_type == "intranet" {
            let own = nat_ip::of_entry(call, gateway, address)?;
            found.nat_ips.push(own.id.clone());
            continue;
        }
        let mut bound = call.world.linked::<Eip>("address", address);
        let eip = bound
            .next()
            .ok_or_else(|| Refusal::new("InvalidSnatIp.NotFound"))?;
        if eip.status == Status::Associating {
            return refuse("OperationUnsupported.EipInBinding");
        }
        if eip.instance_id != gateway.id || eip.status != Status::InUse {
            return refuse("EIP_NOT_IN_GATEWAY");
        }
        found.eips.push(eip.id.clone());
    }
    if found.texts.is_empty() {
        return Err(Refusal::missing("SnatIp"));
    }
    if found.texts.len() > 64 {
        return refuse("QuotaExceeded.SnatIp");
    }
    Ok(found)
}

fn affinity(call: &Call<'_>) -> Result<Option<i64>, Refusal> {
    match call.params.int("EipAffinity")? {
        Some(value) if !(0..=1).contains(&value) => Err(Refusal::invalid("EipAffinity")),
        value => Ok(value),
    }
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let table_id = params.required("SnatTableId")?;
    let gateway = gateway_of(call, table_id)?;
    let addresses = addresses(call, gateway, params.required("SnatIp")?)?;
    let sources = ["SourceVSwitchId", "SourceCIDR", "NetworkInterfaceId"];
    match sources.iter().filter(|name| params.text(name).is_some()).count() {
        0 => return Err(Refusal::missing("SourceVSwitchId")),
        1 => {}
        _ => return refuse("CreateSnatEntry.ParamExclusive.sourceVSwitchIdAndsourceCIDR"),
    }
    let (mut vswitch_id, mut cidr, mut interface_id) = (String::new(), String::new(), String::new());
    if let Some(id) = params.text("SourceVSwitchId") {
        let vswitch = call.find::<VSwitch>(id, "InvalidVSwitchId.NotFound")?;
        if vswitch.vpc_id != gateway.vpc_id {
            return refuse("OperationFailed.VSwitchNotInVpc");
        }
        vswitch_id = id.to_owned();
        cidr = vswitch.cidr_block.to_string();
    }
    if let Some(text) = params.text("SourceCIDR") {
        let parsed = Cidr::parse(text).ok_or_else(|| Refusal::new("InvalidSourceCIDR.Malformed"))?;
        cidr = parsed.to_string();
    }
    if let Some(id) = params.text("NetworkInterfaceId") {
        let own = call.find::<NetworkInterface>(id, "INVALID_PARAMETER")?;
        if own.vpc_id != gateway.vpc_id {
            return refuse("INVALID_PARAMETER");
        }
        interface_id = id.to_owned();
    }
    if call
        .world
        .linked::<SnatEntry>("snat table", table_id)
        .any(|other| other.cidr == cidr && other.interface_id == interface_id)
    {
        return refuse("OperationUnsupported.CidrConflict");
    }
    call.within_limit::<SnatEntry>(NatGateway::NAME, &gateway.id)?;
    let name = call.name("SnatEntryName", 2, NAME)?.unwrap_or_default();
    let affinity = affinity(call)?.unwrap_or(0);
    call.validated()?;
    let gateway_id = gateway.id.clone();
    let (mut head, _) = call.head("snat-");
    head.name = name;
    head.pass(Status::Pending, PENDING_MS, Status::Available, call.now);
    let answer = map! { "SnatEntryId": &head.id };
    call.world.insert(SnatEntry {
        head,
        gateway_id,
        table_id: table_id.to_owned(),
        addresses: addresses.texts,
        eips: addresses.eips,
        nat_ips: addresses.nat_ips,
        vswitch_id,
        cidr,
        interface_id,
        affinity,
    });
    Ok(answer)
}

/// The entry, when no entry of its table is in a change.
fn changeable<'t>(call: &'t Call<'_>) -> Result<&'t SnatEntry, Refusal> {
    let table_id = call.params.required("SnatTableId")?;
    let id = call.params.required("SnatEntryId")?;
    gateway_of(call, table_id)?;
    let entry = call.find::<SnatEntry>(id, ABSENT)?;
    if entry.table_id != table_id {
        return refuse(ABSENT);
    }
    if call
        .world
        .linked::<SnatEntry>("snat table", table_id)
        .any(|other| other.status != Status::Available)
    {
        return Err(call.code(&["IncorretSnatEntryStatus"]));
    }
    Ok(entry)
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let entry = changeable(call)?;
    let id = entry.id.clone();
    let name = call.name("SnatEntryName", 2, NAME)?;
    let affinity = affinity(call)?;
    let wanted = match params.text("SnatIp") {
        None => None,
        Some(text) => Some(addresses(call, gateway_of(call, &entry.table_id)?, text)?),
    };
    if params
        .text("NetworkInterfaceId")
        .is_some_and(|id| id != entry.interface_id)
    {
        return refuse("InvalidParameter.SnatIp");
    }
    call.validated()?;
    let now = call.now;
    call.world.update::<SnatEntry, _>(&id, |entry| {
        entry.rename(name, None);
        entry.affinity = affinity.unwrap_or(entry.affinity);
        if let Some(wanted) = wanted {
            entry.addresses = wanted.texts;
            entry.eips = wanted.eips;
            entry.nat_ips = wanted.nat_ips;
            entry.pass(Status::Modifying, PENDING_MS, Status::Available, now);
        }
    });
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = changeable(call)?.id.clone();
    let now = call.now;
    call.world
        .update::<SnatEntry, _>(&id, |entry| entry.leave(Status::Deleting, DELETING_MS, now));
    done()
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.text("SnatEntryId").map(|id| vec![id]);
    let table = params.text("SnatTableId");
    if ids.is_none() && table.is_none() && params.text("NatGatewayId").is_none() {
        return refuse("DESCRIBE_SNAT_PARAM_INVALID");
    }
    if table.is_some_and(|id| {
        call.world
            .heads_linked(NatGateway::NAME, "snat table", id)
            .next()
            .is_none()
    }) {
        return refuse(NO_TABLE);
    }
    let interfaces = params.list("NetworkInterfaceIds");
    let page = call.page::<SnatEntry>(Search::ids(ids).or_link("snat table", table), |entry| {
        call.is("SnatTableId", &entry.table_id)
            && call.is("NatGatewayId", &entry.gateway_id)
            && call.is("SnatEntryName", &entry.head.name)
            && call.is("SourceCIDR", &entry.cidr)
            && call.is("SourceVSwitchId", &entry.vswitch_id)
            && params
                .text("SnatIp")
                .is_none_or(|wanted| entry.addresses.iter().any(|own| own == wanted))
            && (interfaces.is_empty() || interfaces.contains(&entry.interface_id.as_str()))
    })?;
    Ok(call.listed(&page, "SnatTableEntries", "SnatTableEntry", |entry| {
        map! {
            "SnatEntryId": &entry.id,
            "SnatEntryName": &entry.head.name,
            "SnatTableId": &entry.table_id,
            "NatGatewayId": &entry.gateway_id,
            "SnatIp": entry.addresses.join(","),
            "SourceCIDR": &entry.cidr,
            "SourceVSwitchId": &entry.vswitch_id,
            "NetworkInterfaceId": &entry.interface_id,
            "EipAffinity": entry.affinity.to_string(),
            "Status": entry.status.text(),
        }
    }))
}
