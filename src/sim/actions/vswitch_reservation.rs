//! Parts of a vSwitch that are kept for prefixes of network interfaces: nothing else gets an address there.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, plain_vpc_tags};
use super::super::clock::seconds;
use super::super::head::{Head, Status, row};
use super::super::net::Cidr;
use super::super::node::{Node, map};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::vswitch::VSwitch;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Reservation {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) vswitch_id: String,
    pub(super) vpc_id: String,
    pub(super) cidr_block: Cidr,
}

row!(Reservation, links: |row, link| {
    link("vswitch", &row.vswitch_id);
}, addresses: |row, note| {
    row.cidr_block.span().for_each(|address| note(&row.vswitch_id, address));
});

impl Kind for Reservation {
    const NAME: &'static str = "vswitch_reservation";
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[(
        "vswitch",
        &["DependencyViolation.CidrReservation", "DependencyViolation"],
    )];
    const LIMITS: &'static [(&'static str, usize, &'static [&'static str])] =
        &[("vswitch", 10, &["QuotaExceeded.CidrReservationCount"])];
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateVSwitchCidrReservation", create),
    (VPC, "DeleteVSwitchCidrReservation", delete),
    (VPC, "ModifyVSwitchCidrReservationAttribute", modify),
    (VPC, "ListVSwitchCidrReservations", list),
];

/// Simulated delays, in milliseconds of life-cycle time.
const ASSIGNING_MS: i64 = 1_000;
const RELEASING_MS: i64 = 1_000;

const ABSENT: &str = "ResourceNotFound.CidrReservation";
const MALFORMED: &[&str] = &["IllegalParamFormat"];

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let vswitch_id = params.required("VSwitchId")?;
    let vswitch = call.find::<VSwitch>(vswitch_id, "ResourceNotFound.VSwitch")?;
    if vswitch.status != Status::Available {
        return refuse("IncorrectStatus.VSWITCH");
    }
    match params.text_or("IpVersion", "IPv4") {
        "IPv4" => {}
        "IPv6" => return refuse("UnsupportedFeature.VSwitchIpv6"),
        _ => return Err(Refusal::invalid("IpVersion")),
    }
    if params.text_or("VSwitchCidrReservationType", "Prefix") != "Prefix" {
        return refuse("UnsupportedFeature.ReservedType");
    }
    call.within_limit::<Reservation>("vswitch", vswitch_id)?;
    let usable = vswitch.cidr_block.usable();
    let used = |cidr: Cidr| {
        cidr.span()
            .any(|address| call.world.address_is_used(vswitch_id, address))
    };
    let inside = |cidr: Cidr| usable.contains(&cidr.base) && usable.contains(cidr.span().end());
    let wanted = params.text("VSwitchCidrReservationCidr");
    let mask = params.text("VSwitchCidrReservationMask");
    let cidr_block = match (wanted, mask) {
        (Some(_), Some(_)) => return refuse("Conflict.CidrReservationMaskAndCidrReservationCidr"),
        (None, None) => return refuse("MissingParam.CidrReservationMaskOrCidrReservationCidr"),
        (Some(text), None) => {
            let cidr = Cidr::parse(text)
                .ok_or_else(|| Refusal::new("IllegalParamFormat.VSwitchCidrReservationCidr"))?;
            if !vswitch.cidr_block.covers(cidr) || cidr.bits > 28 {
                return refuse("OperationFailed.VSwitchCidrReservationCidr");
            }
            if !inside(cidr) {
                return refuse("OperationFailed.SystemReservedIpContained");
            }
            if used(cidr) {
                return refuse("OperationFailed.AlreadyUsedIpContained");
            }
            cidr
        }
        (None, Some(text)) => {
            let bits = text
                .parse()
                .ok()
                .filter(|bits| (vswitch.cidr_block.bits..=28).contains(bits));
            let bits = bits.ok_or_else(|| Refusal::new("IllegalParam.VSwitchCidrReservationMask"))?;
            let mut parts = vswitch.cidr_block.parts(bits);
            let free = parts.find(|cidr| inside(*cidr) && !used(*cidr));
            free.ok_or_else(|| Refusal::new("OperationFailed.CidrNotEnoughInVSwitch"))?
        }
    };
    let name = call.name("VSwitchCidrReservationName", 1, MALFORMED)?;
    let description = call.name("VSwitchCidrReservationDescription", 1, MALFORMED)?;
    let tags = call.tags()?;
    call.validated()?;
    let (vpc_id, region) = (vswitch.vpc_id.clone(), vswitch.region.clone());
    call.region = region;
    let (mut head, _) = call.head("vcr-");
    head.tags = tags;
    head.name = name.unwrap_or_default();
    head.description = description.unwrap_or_default();
    head.pass(Status::Assigning, ASSIGNING_MS, Status::Assigned, call.now);
    let answer = map! { "VSwitchCidrReservationId": &head.id };
    call.world.insert(Reservation {
        head,
        vswitch_id: vswitch_id.to_owned(),
        vpc_id,
        cidr_block,
    });
    Ok(answer)
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("VSwitchCidrReservationId")?;
    if call.find::<Reservation>(id, ABSENT)?.status != Status::Assigned {
        return refuse("IncorrectStatus.CidrReservation");
    }
    call.unheld::<Reservation>(id)?;
    call.validated()?;
    let now = call.now;
    call.world
        .update::<Reservation, _>(id, |row| row.leave(Status::Releasing, RELEASING_MS, now));
    done()
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("VSwitchCidrReservationId")?;
    call.find::<Reservation>(id, ABSENT)?;
    let name = call.name("VSwitchCidrReservationName", 1, MALFORMED)?;
    let description = call.name("VSwitchCidrReservationDescription", 1, MALFORMED)?;
    call.validated()?;
    call.world
        .update::<Reservation, _>(id, |row| row.rename(name, description));
    done()
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.list("VSwitchCidrReservationIds");
    let search = Search::ids((!ids.is_empty()).then_some(ids)).or_link("vswitch", params.text("VSwitchId"));
    let page = call.page::<Reservation>(search, |row| {
        call.is("VSwitchId", &row.vswitch_id)
            && call.is("IpVersion", "IPv4")
            && call.is("VSwitchCidrReservationType", "Prefix")
    })?;
    Ok(call.listed_plain(&page, "VSwitchCidrReservations", |row| {
        let parts = 1_usize << 28_u32.saturating_sub(row.cidr_block.bits);
        let used = call
            .world
            .heads_linked("network_interface", Reservation::NAME, &row.id)
            .count();
        map! {
            "VSwitchCidrReservationId": &row.id,
            "VSwitchCidrReservationName": &row.name,
            "VSwitchCidrReservationDescription": &row.description,
            "VSwitchCidrReservationCidr": row.cidr_block.to_string(),
            "VSwitchId": &row.vswitch_id,
            "VpcId": &row.vpc_id,
            "IpVersion": "IPv4",
            "Type": "Prefix",
            "Status": row.status.text(),
            "AssignedCidrCount": used,
            "AvailableCidrCount": parts.saturating_sub(used),
            "CreationTime": seconds(row.created),
            "Tags": plain_vpc_tags(&row.tags),
        }
    }))
}
