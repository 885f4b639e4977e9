//! Network interfaces: each server in a VPC has a primary one, and others come and go.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, ecs_tags};
use super::super::clock::{Now, seconds};
use super::super::head::{Head, Status, row};
use super::super::net::{Cidr, ip_text};
use super::super::node::{Node, map, texts};
use super::super::params::Params;
use super::super::products::{ECS, VPC};
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::instance_row::{Instance, Network};
use super::security_group::SecurityGroup;
use super::vswitch::VSwitch;
use super::vswitch_reservation::Reservation;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct NetworkInterface {
    #[serde(flatten)]
    pub(super) head: Head,
    /// `Primary`, `Secondary` or `Trunk`.
    pub(super) kind: String,
    pub(super) zone: String,
    pub(super) vpc_id: String,
    pub(super) vswitch_id: String,
    pub(super) private_ip: u32,
    pub(super) secondary_ips: Vec<u32>,
    prefixes: Vec<Prefix>,
    pub(super) ipv6: Vec<String>,
    pub(super) ipv6_prefixes: Vec<String>,
    pub(super) mac: String,
    pub(super) security_groups: Vec<String>,
    /// Empty while it is on no server.
    pub(super) instance_id: String,
    card_index: i64,
    traffic_mode: String,
    queues: i64,
    queue_pairs: i64,
    pub(super) source_dest_check: bool,
    pub(super) delete_on_release: bool,
    /// Seconds until a connection is forgotten: TCP established, TCP closed and waiting, UDP.
    timeouts: (i64, i64, i64),
}

/// A network of sixteen addresses out of a reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Prefix {
    cidr: Cidr,
    reservation: String,
}

row!(NetworkInterface, links: |row, link| {
    link("vpc", &row.vpc_id);
    link("vswitch", &row.vswitch_id);
    row.security_groups.iter().for_each(|group| link("security_group", group));
    if !row.instance_id.is_empty() {
        link("instance", &row.instance_id);
    }
    for prefix in &row.prefixes {
        link(Reservation::NAME, &prefix.reservation);
        link("prefix", &prefix.cidr.to_string());
    }
    for address in &row.ipv6 {
        link("ipv6", address);
        link("ipv6 vswitch", &row.vswitch_id);
    }
}, addresses: |row, note| {
    note(&row.vswitch_id, row.private_ip);
    row.secondary_ips.iter().for_each(|address| note(&row.vswitch_id, *address));
});

impl Kind for NetworkInterface {
    const NAME: &'static str = "network_interface";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ECS, "eni")];
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[
        (
            "vswitch",
            &["DependencyViolation.NetworkInterface", "DependencyViolation"],
        ),
        ("security_group", &["DependencyViolation"]),
        (Reservation::NAME, &["DependencyViolation.IpPrefix"]),
    ];

    fn arrived(world: &mut World, id: &str, status: Status, _now: Now) {
        if status == Status::Available {
            world.update::<NetworkInterface, _>(id, |row| row.instance_id.clear());
        }
    }

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        if kind != Instance::NAME {
            return;
        }
        for own in world.ids_linked::<NetworkInterface>(Instance::NAME, id) {
            let goes = world
                .get::<NetworkInterface>(&own)
                .is_some_and(|row| row.is_primary() || row.delete_on_release);
            if goes {
                world.remove::<NetworkInterface>(&own, now);
            } else {
                world.update::<NetworkInterface, _>(&own, |row| {
                    row.instance_id.clear();
                    row.settle_as(Status::Available);
                });
            }
        }
    }

    /// The primary interface is where its server is, and in the same groups.
    fn touched(world: &mut World, kind: &'static str, id: &str) {
        if kind != Instance::NAME {
            return;
        }
        let Some(row) = world.get::<Instance>(id) else {
            return;
        };
        let Network::Vpc {
            vpc_id,
            vswitch_id,
            private_ip,
            eni_id,
            ..
        } = &row.network
        else {
            return;
        };
        let agrees = world.get::<NetworkInterface>(eni_id).is_none_or(|own| {
            own.vswitch_id == *vswitch_id
                && own.private_ip == *private_ip
                && own.security_groups == row.security_groups
        });
        if agrees {
            return;
        }
        let (vpc_id, vswitch_id, private_ip, eni_id) =
            (vpc_id.clone(), vswitch_id.clone(), *private_ip, eni_id.clone());
        let (groups, zone) = (row.security_groups.clone(), row.zone.clone());
        world.update::<NetworkInterface, _>(&eni_id, |own| {
            if own.vswitch_id != vswitch_id {
                own.secondary_ips.clear();
                own.prefixes.clear();
                own.ipv6.clear();
            }
            own.vpc_id = vpc_id;
            own.vswitch_id = vswitch_id;
            own.private_ip = private_ip;
            own.security_groups = groups;
            own.zone = zone;
        });
    }

    fn faults(world: &World) -> Vec<String> {
        let mut faults = Vec::new();
        for row in world.all::<NetworkInterface>().iter() {
            let usable = world
                .get::<VSwitch>(&row.vswitch_id)
                .map(|vswitch| vswitch.cidr_block.usable());
            let inside = |address: &u32| usable.as_ref().is_some_and(|usable| usable.contains(address));
            if !inside(&row.private_ip) || !row.secondary_ips.iter().all(inside) {
                faults.push(format!("{} has an address that it must not have", row.id));
            }
            let gone = |id: &&String| world.get::<SecurityGroup>(id).is_none();
            if row.security_groups.is_empty() || row.security_groups.iter().any(|id| gone(&id)) {
                faults.push(format!(
                    "{} is in no group, or in one that does not exist",
                    row.id
                ));
            }
            if !row.instance_id.is_empty() && world.get::<Instance>(&row.instance_id).is_none() {
                faults.push(format!("{} is on an instance that does not exist", row.id));
            }
        }
        for instance in world.all::<Instance>().iter() {
            if let Network::Vpc {
                vswitch_id,
                private_ip,
                eni_id,
                ..
            } = &instance.network
            {
                let agrees = world.get::<NetworkInterface>(eni_id).is_some_and(|row| {
                    row.vswitch_id == *vswitch_id
                        && row.private_ip == *private_ip
                        && row.instance_id == instance.id
                        && row.security_groups == instance.security_groups
                });
                if !agrees {
                    faults.push(format!("{} and its primary interface disagree", instance.id));
                }
            }
        }
        faults
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "DescribeNetworkInterfaces", describe),
    (ECS, "DescribeNetworkInterfaceAttribute", describe_attribute),
    (ECS, "CreateNetworkInterface", create),
    (ECS, "DeleteNetworkInterface", delete),
    (ECS, "AttachNetworkInterface", attach),
    (ECS, "DetachNetworkInterface", detach),
    (ECS, "ModifyNetworkInterfaceAttribute", modify),
    (ECS, "AssignPrivateIpAddresses", assign),
    (ECS, "UnassignPrivateIpAddresses", unassign),
    (ECS, "AssignIpv6Addresses", assign_ipv6),
    (ECS, "UnassignIpv6Addresses", unassign_ipv6),
    (VPC, "GetVSwitchCidrReservationUsage", describe_reservation_usage),
];

/// Simulated delays, in milliseconds of life-cycle time.
const CREATING_MS: i64 = 2_000;
const ATTACHING_MS: i64 = 3_000;
const DETACHING_MS: i64 = 3_000;
const DELETING_MS: i64 = 1_000;

/// The vendor's limits of one interface.
const SECONDARY_MAX: usize = 49;
const IPV6_MAX: usize = 10;
const GROUPS_MAX: usize = 10;

const ABSENT: &str = "InvalidEniId.NotFound";
/// The first bits of a prefix are those of a network of sixteen addresses.
const PREFIX_BITS: u32 = 28;

impl NetworkInterface {
    pub(super) fn is_primary(&self) -> bool {
        self.kind == "Primary"
    }
}

/// How many interfaces a server of this type can have.
pub(super) fn interfaces_max(call: &Call<'_>, instance_type: &str) -> usize {
    let kind = call.settings.catalogue.find_instance_type(instance_type);
    kind.and_then(|kind| usize::try_from(kind.interfaces).ok())
        .unwrap_or(2)
}

/// A checked order of an interface.
#[derive(Clone)]
pub(super) struct Order {
    vswitch_id: String,
    private_ip: Option<u32>,
    secondary: Vec<u32>,
    secondary_count: usize,
    ipv6: Vec<String>,
    ipv6_count: usize,
    groups: Vec<String>,
    name: String,
    description: String,
    traffic_mode: String,
    queues: i64,
    queue_pairs: i64,
    source_dest_check: bool,
    delete_on_release: bool,
    card_index: i64,
    prefixes: Vec<Prefix>,
    timeouts: (i64, i64, i64),
}

impl Order {
    pub(super) fn vswitch_id(&self) -> &str {
        &self.vswitch_id
    }

    /// How many IPv4 addresses it takes.
    pub(super) fn addresses(&self) -> usize {
        1 + self.secondary.len() + self.secondary_count
    }

    /// Whether it wants certain addresses.
    pub(super) fn names_addresses(&self) -> bool {
        self.private_ip.is_some() || !self.secondary.is_empty() || !self.ipv6.is_empty()
    }
}

/// Checks the order of an interface in a vSwitch with these groups, by the names that CreateNetworkInterface and the
/// cards of RunInstances share.
pub(super) fn order(
    call: &Call<'_>,
    params: &Params,
    vswitch_id: &str,
    groups: Vec<String>,
) -> Result<Order, Refusal> {
    let vswitch = call.find::<VSwitch>(vswitch_id, "InvalidVSwitchId.NotFound")?;
    if vswitch.status != Status::Available {
        return refuse("IncorrectVSwitchStatus");
    }
    check_groups(call, &groups, &vswitch.vpc_id)?;
    let mut taken = Vec::new();
    let private_ip = match params.text("PrimaryIpAddress") {
        None => None,
        Some(text) => Some(wanted_ip(call, vswitch, text, &mut taken)?),
    };
    let listed = params.list("PrivateIpAddress");
    let count = count(call, params, "SecondaryPrivateIpAddressCount", SECONDARY_MAX)?;
    if !listed.is_empty() && count > 0 {
        return Err(call.code(&["InvalidParameter.Conflict", "InvalidParam.SecondaryIp"]));
    }
    let mut secondary = Vec::new();
    for text in listed {
        secondary.push(wanted_ip(call, vswitch, text, &mut taken)?);
    }
    let mut prefixes = Vec::new();
    for text in params.list("Ipv4Prefix") {
        prefixes.push(wanted_prefix(call, vswitch, text, &prefixes)?);
    }
    for _ in 0..params.int("Ipv4PrefixCount")?.unwrap_or(0).clamp(0, 10) {
        prefixes.push(free_prefix(call, vswitch, &prefixes)?);
    }
    for param in ["Ipv6Prefix", "Ipv6PrefixCount"] {
        if params.text(param).is_some() || !params.list(param).is_empty() {
            return Err(call.code(&["InvalidOperation.RegionNotSupportIpPrefix", "InvalidParameter"]));
        }
    }
    let (ipv6, ipv6_count) = ipv6_order(call, params, vswitch)?;
    let traffic = |name: &str| {
        params
            .text(&format!("NetworkInterfaceTrafficConfig.{name}"))
            .or_else(|| params.text(name))
    };
    let traffic_mode = match traffic("NetworkInterfaceTrafficMode").unwrap_or("Standard") {
        mode @ ("Standard" | "HighPerformance") => mode.to_owned(),
        _ => return Err(call.code(&["InvalidParameter.EniTrafficMode"])),
    };
    let number = |name: &'static str, codes: &[&'static str]| match traffic(name).map(str::parse::<i64>) {
        None => Ok(None),
        Some(Ok(number)) if number > 0 => Ok(Some(number)),
        Some(_) => Err(call.code(codes)),
    };
    let queue_pairs = number("QueuePairNumber", &["InvalidParameter.InvalidQueuePairNumber"])?;
    if queue_pairs.is_some() && traffic_mode == "Standard" {
        return Err(call.code(&["InvalidParameter.QueuePairNumberMustEmpty"]));
    }
    let wanted_name = params.text_or("NetworkInterfaceName", "").to_owned();
    if !wanted_name.is_empty() && !(2..=128).contains(&wanted_name.chars().count()) {
        return Err(call.code(&[
            "InvalidParams.NetworkInterfaceName",
            "InvalidParam.NetworkInterface",
        ]));
    }
    let timeout = |name: &str, otherwise: i64| {
        let value = params.int(&format!("ConnectionTrackingConfiguration.{name}"));
        value.map(|value| value.unwrap_or(otherwise))
    };
    let timeouts = (
        timeout("TcpEstablishedTimeout", 910)?,
        timeout("TcpClosedAndTimeWaitTimeout", 3)?,
        timeout("UdpTimeout", 30)?,
    );
    check_timeouts(call, timeouts)?;
    Ok(Order {
        vswitch_id: vswitch_id.to_owned(),
        private_ip,
        secondary,
        secondary_count: count,
        ipv6,
        ipv6_count,
        groups,
        name: wanted_name,
        description: params.text_or("Description", "").to_owned(),
        traffic_mode,
        queues: number("QueueNumber", &["InvalidParameter.InvalidEniQueueNumber"])?.unwrap_or(1),
        queue_pairs: queue_pairs.unwrap_or(0),
        source_dest_check: params.flag("SourceDestCheck"),
        delete_on_release: params.bool("DeleteOnRelease").unwrap_or(true),
        card_index: params.int("NetworkCardIndex")?.unwrap_or(0),
        prefixes,
        timeouts,
    })
}

fn check_timeouts(call: &Call<'_>, (established, closed, udp): (i64, i64, i64)) -> Result<(), Refusal> {
    let good = [30, 60, 80, 100, 200, 300, 500, 700, 910].contains(&established)
        && (3..=15).contains(&closed)
        && [10, 20, 30, 60, 80, 100].contains(&udp);
    if good {
        Ok(())
    } else {
        Err(call.code(&["InvalidParameter.EniConnectionTrackingConfiguration"]))
    }
}

fn count(call: &Call<'_>, params: &Params, name: &'static str, max: usize) -> Result<usize, Refusal> {
    match params.int(name)? {
        None => Ok(0),
        Some(count) => usize::try_from(count)
            .ok()
            .filter(|count| (1..=max).contains(count))
            .ok_or_else(|| {
                call.code(&[
                    "InvalidSecondaryPrivateIpAddressCount.Malformed",
                    "MaxEniPrivateIpsCountExceeded",
                    "MaxEniIpv6IpsCountExceeded",
                    "InvalidParam.IpCount",
                    "InvalidParameter",
                ])
            }),
    }
}

fn wanted_ip(call: &Call<'_>, vswitch: &VSwitch, text: &str, taken: &mut Vec<u32>) -> Result<u32, Refusal> {
    let address = text.parse::<std::net::Ipv4Addr>().map(u32::from).map_err(|_| {
        call.code(&[
            "InvalidPrivateIpAddress.Malformed",
            "InvalidIp.Address",
            "InvalidVSwitchId.IpInvalid",
        ])
    })?;
    if !vswitch.cidr_block.usable().contains(&address) {
        return Err(call.code(&["InvalidVSwitchId.IpInvalid", "InvalidIp.Address"]));
    }
    if taken.contains(&address) {
        return Err(call.code(&["InvalidIp.IpRepeated", "InvalidPrivateIpAddress.Duplicated"]));
    }
    if call.world.address_is_used(&vswitch.id, address) {
        return Err(call.code(&["InvalidIp.IpAssigned", "InvalidPrivateIpAddress.Duplicated"]));
    }
    taken.push(address);
    Ok(address)
}

/// The reservation of a vSwitch that covers a network.
fn reservation_of(call: &Call<'_>, vswitch: &VSwitch, cidr: Cidr) -> Option<String> {
    let mut reservations = call.world.linked::<Reservation>(VSwitch::NAME, &vswitch.id);
    let reservation = reservations.find(|own| own.cidr_block.covers(cidr))?;
    Some(reservation.id.clone())
}

fn is_taken(call: &Call<'_>, cidr: Cidr, others: &[Prefix]) -> bool {
    let text = cidr.to_string();
    others.iter().any(|other| other.cidr == cidr)
        || call
            .world
            .linked::<NetworkInterface>("prefix", &text)
            .next()
            .is_some()
}

fn wanted_prefix(
    call: &Call<'_>,
    vswitch: &VSwitch,
    text: &str,
    others: &[Prefix],
) -> Result<Prefix, Refusal> {
    let Some(cidr) = Cidr::parse(text) else {
        return Err(call.code(&["InvalidIp.IpPrefixIllegal"]));
    };
    if cidr.bits != PREFIX_BITS {
        return Err(call.code(&["InvalidIp.IpPrefixMaskInvalid"]));
    }
    let Some(reservation) = reservation_of(call, vswitch, cidr) else {
        return Err(call.code(&["InvalidIp.IpPrefixMustInReserveSegment"]));
    };
    if is_taken(call, cidr, others) {
        return Err(call.code(&["InvalidIp.IpPrefixNotAvailable"]));
    }
    Ok(Prefix { cidr, reservation })
}

fn free_prefix(call: &Call<'_>, vswitch: &VSwitch, others: &[Prefix]) -> Result<Prefix, Refusal> {
    call.world
        .linked::<Reservation>(VSwitch::NAME, &vswitch.id)
        .flat_map(|own| {
            own.cidr_block
                .parts(PREFIX_BITS)
                .map(|cidr| (cidr, own.id.clone()))
        })
        .find(|(cidr, _)| !is_taken(call, *cidr, others))
        .map(|(cidr, reservation)| Prefix { cidr, reservation })
        .ok_or_else(|| call.code(&["InvalidVSwitchId.IpPrefixNotEnough"]))
}

fn describe_reservation_usage(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("VSwitchCidrReservationId")?;
    call.find_visible::<Reservation>(id, "ResourceNotFound.CidrReservation")?;
    let search = Search::default().or_link(Reservation::NAME, Some(id));
    let page = call.page::<NetworkInterface>(search, |row| {
        row.prefixes.iter().any(|prefix| prefix.reservation == id)
    })?;
    Ok(call.listed_plain(&page, "CidrReservationUsages", |row| {
        let mut own = row.prefixes.iter().filter(|prefix| prefix.reservation == id);
        map! {
            "VSwitchCidrReservationId": id,
            "VSwitchId": &row.vswitch_id,
            "ResourceId": &row.id,
            "ResourceType": "NetworkInterface",
            "IpPrefixCidr": own.next().map(|prefix| prefix.cidr.to_string()).unwrap_or_default(),
        }
    }))
}

/// The IPv6 addresses that are named, and how many more are wanted.
fn ipv6_order(call: &Call<'_>, params: &Params, vswitch: &VSwitch) -> Result<(Vec<String>, usize), Refusal> {
    let mut named = params.list("Ipv6Address");
    // The cards of RunInstances write one without a number.
    named.extend(params.text("Ipv6Address"));
    let wanted = count(call, params, "Ipv6AddressCount", IPV6_MAX)?;
    if named.is_empty() && wanted == 0 {
        return Ok((Vec::new(), 0));
    }
    let Some(block) = vswitch.ipv6 else {
        return Err(call.code(&[
            "InvalidVSwitch.Ipv6NotTurnOn",
            "InvalidOperation.VSwitchIpv6Disabled",
        ]));
    };
    if !named.is_empty() && wanted > 0 {
        return Err(call.code(&["InvalidParameter.Conflict", "InvalidParam.IpAssign"]));
    }
    if named.len() > IPV6_MAX {
        return Err(call.code(&[
            "MaxEniIpv6IpsCountExceeded",
            "InvalidOperation.MaxEniIpv6IpsCountExceeded",
        ]));
    }
    let mut addresses: Vec<String> = Vec::new();
    for text in named {
        let address = text
            .parse::<std::net::Ipv6Addr>()
            .map_err(|_| call.code(&["InvalidIp.Address", "InvalidParameter"]))?;
        if !block.contains(u128::from(address)) {
            return Err(call.code(&["InvalidIp.Address", "InvalidOperation.AddressNotInVSwitchCidr"]));
        }
        let address = address.to_string();
        if addresses.contains(&address) {
            return Err(call.code(&["InvalidIp.IpRepeated"]));
        }
        if call
            .world
            .linked::<NetworkInterface>("ipv6", &address)
            .next()
            .is_some()
        {
            return Err(call.code(&["InvalidIp.IpAssigned", "InvalidOperation.AddressAlreadyAllocated"]));
        }
        addresses.push(address);
    }
    Ok((addresses, wanted))
}

/// Some new IPv6 addresses of a vSwitch, as they follow from a place in the order of creation.
fn new_ipv6(world: &mut World, vswitch_id: &str, count: usize) -> Vec<String> {
    let Some(block) = world.get::<VSwitch>(vswitch_id).and_then(|vswitch| vswitch.ipv6) else {
        return Vec::new();
    };
    let mut addresses = Vec::new();
    while addresses.len() < count {
        let (_, mut numbers) = world.make();
        let address = std::net::Ipv6Addr::from(block.base | u128::from(numbers.next())).to_string();
        if !addresses.contains(&address)
            && world
                .linked::<NetworkInterface>("ipv6", &address)
                .next()
                .is_none()
        {
            addresses.push(address);
        }
    }
    addresses
}

fn check_groups(call: &Call<'_>, groups: &[String], vpc_id: &str) -> Result<(), Refusal> {
    if groups.is_empty() {
        return Err(Refusal::missing("SecurityGroupId"));
    }
    if groups.len() > GROUPS_MAX {
        return Err(call.code(&["JoinedGroupLimitExceed"]));
    }
    for (index, id) in groups.iter().enumerate() {
        let group = call.find::<SecurityGroup>(id, "InvalidSecurityGroupId.NotFound")?;
        if group.vpc_id.is_empty() {
            return Err(call.code(&[
                "InvalidSecurityGroupId.NotVpc",
                "InvalidSecurityGroup.NetworkType",
            ]));
        }
        if group.vpc_id != vpc_id {
            return Err(call.code(&["InvalidOperation.VpcMismatch", "InvalidSecurityGroup.VpcMismatch"]));
        }
        if groups[..index].contains(id) {
            return Err(call.code(&["InvalidParameter.SecurityGroupIdRepeated"]));
        }
    }
    Ok(())
}

/// The hardware address that belongs to a place in the order of creation.
fn mac(place: u64) -> String {
    let byte = |shift: u32| place >> shift & 255;
    format!("00:16:3e:{:02x}:{:02x}:{:02x}", byte(16), byte(8), byte(0))
}

/// Makes an interface; on a server when its id is given.
pub(super) fn make(
    call: &mut Call<'_>,
    order: &Order,
    kind: &str,
    instance_id: &str,
) -> Result<String, Refusal> {
    let (vpc_id, zone, usable, region) = {
        let vswitch = call.find::<VSwitch>(&order.vswitch_id, "InvalidVSwitchId.NotFound")?;
        let usable = vswitch.cidr_block.usable();
        (
            vswitch.vpc_id.clone(),
            vswitch.zone.clone(),
            usable,
            vswitch.region.clone(),
        )
    };
    let (mut taken, count) = (order.secondary.clone(), order.secondary_count);
    taken.extend(order.private_ip);
    let wanted = count + usize::from(order.private_ip.is_none());
    let free = call
        .world
        .free_addresses(&order.vswitch_id, usable, &taken, wanted);
    let Some(mut free) = free else {
        return Err(call.code(&[
            "InvalidVSwitchId.IpNotEnough",
            "InvalidVSwitchId.IpInvalid",
            "QuotaExceeded.PrivateIpAddress",
        ]));
    };
    let private_ip = order.private_ip.unwrap_or_else(|| free.remove(0));
    let mut ipv6 = order.ipv6.clone();
    ipv6.extend(new_ipv6(call.world, &order.vswitch_id, order.ipv6_count));
    call.region = region;
    let (mut head, _) = call.head("eni-");
    head.name.clone_from(&order.name);
    head.description.clone_from(&order.description);
    if instance_id.is_empty() {
        head.pass(Status::Creating, CREATING_MS, Status::Available, call.now);
    } else {
        head.status = Status::InUse;
    }
    let id = head.id.clone();
    let row = NetworkInterface {
        kind: kind.to_owned(),
        zone,
        vpc_id,
        vswitch_id: order.vswitch_id.clone(),
        private_ip,
        secondary_ips: order.secondary.iter().copied().chain(free).collect(),
        prefixes: order.prefixes.clone(),
        ipv6,
        ipv6_prefixes: Vec::new(),
        mac: mac(head.place),
        security_groups: order.groups.clone(),
        instance_id: instance_id.to_owned(),
        card_index: order.card_index,
        traffic_mode: order.traffic_mode.clone(),
        queues: order.queues,
        queue_pairs: order.queue_pairs,
        source_dest_check: order.source_dest_check,
        delete_on_release: order.delete_on_release || kind == "Primary",
        timeouts: order.timeouts,
        head,
    };
    call.world.insert(row);
    Ok(id)
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let mut groups: Vec<String> = params
        .list("SecurityGroupIds")
        .into_iter()
        .map(str::to_owned)
        .collect();
    if let Some(id) = params.text("SecurityGroupId") {
        if !groups.is_empty() {
            return refuse("InvalidSecurityGroupId.SingleIdAndMultiIdConflict");
        }
        groups.push(id.to_owned());
    }
    let kind = match params.text_or("InstanceType", "Secondary") {
        kind @ ("Secondary" | "Trunk") => kind,
        _ => return refuse("InvalidOperation.InvalidEniType"),
    };
    call.name("NetworkInterfaceName", 2, &["InvalidParams.NetworkInterfaceName"])?;
    call.description(2, &["InvalidParameter"])?;
    let order = order(call, params, params.required("VSwitchId")?, groups)?;
    let tags = call.tags()?;
    let id = make(call, &order, kind, "")?;
    call.world
        .update::<NetworkInterface, _>(&id, |row| row.tags = tags);
    let row = call.find::<NetworkInterface>(&id, ABSENT)?;
    Ok(call.trimmed(node(call, row)))
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("NetworkInterfaceId")?;
    let row = call.find::<NetworkInterface>(id, ABSENT)?;
    if row.is_primary() {
        return refuse("InvalidOperation.InvalidEniType");
    }
    if row.status != Status::Available || !row.path.is_empty() {
        return refuse("InvalidOperation.InvalidEniState");
    }
    call.unheld::<NetworkInterface>(id)?;
    let now = call.now;
    call.world
        .update::<NetworkInterface, _>(id, |row| row.leave(Status::Deleting, DELETING_MS, now));
    done()
}

/// A server that interfaces may be put on and taken from.
fn steady<'t>(call: &'t Call<'_>, id: &str) -> Result<&'t Instance, Refusal> {
    let absent = call
        .facts
        .code_among(&["InvalidInstanceId.NotFound", "InvalidEcsId.NotFound"]);
    let row = call.find::<Instance>(id, absent)?;
    match row.status {
        Status::Running | Status::Stopped if !row.is_leaving() => Ok(row),
        _ => Err(call.code(&["InvalidOperation.InvalidEcsState", "IncorrectInstanceStatus"])),
    }
}

fn attach(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("NetworkInterfaceId")?;
    let instance_id = params.required("InstanceId")?;
    let row = call.find::<NetworkInterface>(id, ABSENT)?;
    let instance = steady(call, instance_id)?;
    if row.status != Status::Available || !row.path.is_empty() {
        return refuse("InvalidOperation.InvalidEniState");
    }
    let Network::Vpc { vpc_id, .. } = &instance.network else {
        return refuse("InvalidInstance.NetworkType");
    };
    if row.zone != instance.zone {
        return refuse("InvalidOperation.AvailabilityZoneMismatch");
    }
    if row.vpc_id != *vpc_id {
        return refuse("InvalidOperation.VpcMismatch");
    }
    let count = call
        .world
        .linked::<NetworkInterface>(Instance::NAME, instance_id)
        .count();
    if count >= interfaces_max(call, &instance.instance_type) {
        return refuse("EniPerInstanceLimitExceeded");
    }
    if row.kind == "Trunk" {
        return refuse("InvalidOperation.InstanceTypeNotSupportEniTrunking");
    }
    let card = params.int("NetworkCardIndex")?.unwrap_or(0);
    if card != 0 {
        return refuse("InvalidParameter.NetworkCardIndexInvalid");
    }
    let now = call.now;
    call.world.update::<NetworkInterface, _>(id, |row| {
        row.pass(Status::Attaching, ATTACHING_MS, Status::InUse, now);
        row.instance_id = instance_id.to_owned();
    });
    done()
}

fn detach(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("NetworkInterfaceId")?;
    let instance_id = params.required("InstanceId")?;
    let row = call.find::<NetworkInterface>(id, ABSENT)?;
    steady(call, instance_id)?;
    if row.is_primary() {
        return refuse("InvalidOperation.DetachPrimaryEniNotAllowed");
    }
    if row.instance_id != instance_id {
        return refuse("InvalidParameter.EniNotBelongEcs");
    }
    if row.status != Status::InUse {
        return refuse("InvalidOperation.InvalidEniState");
    }
    let now = call.now;
    call.world.update::<NetworkInterface, _>(id, |row| {
        row.pass(Status::Detaching, DETACHING_MS, Status::Available, now);
    });
    done()
}

/// An interface at rest, whose server is at rest as well.
fn settled<'t>(call: &'t Call<'_>, id: &str) -> Result<&'t NetworkInterface, Refusal> {
    let row = call.find::<NetworkInterface>(id, ABSENT)?;
    if !matches!(row.status, Status::Available | Status::InUse) {
        return Err(call.code(&["InvalidOperation.InvalidEniState"]));
    }
    if row.is_primary() {
        steady(call, &row.instance_id)?;
    }
    Ok(row)
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("NetworkInterfaceId")?;
    let row = call.find::<NetworkInterface>(id, ABSENT)?;
    let name = call.name("NetworkInterfaceName", 2, &["InvalidParams.NetworkInterfaceName"])?;
    let description = call.description(2, &["InvalidParameter"])?;
    let groups: Vec<String> = params
        .list("SecurityGroupId")
        .into_iter()
        .map(str::to_owned)
        .collect();
    if !groups.is_empty() {
        check_groups(call, &groups, &row.vpc_id)?;
    }
    let traffic = |name: &str| {
        params
            .text(&format!("NetworkInterfaceTrafficConfig.{name}"))
            .or_else(|| params.text(name))
    };
    let queues = match traffic("QueueNumber").map(str::parse::<i64>) {
        None => None,
        Some(_) if row.is_primary() => return refuse("InvalidOperation.ModifyPrimaryEniQueueNumber"),
        Some(Ok(queues)) if queues > 0 => Some(queues),
        Some(_) => return refuse("InvalidParameter.InvalidEniQueueNumber"),
    };
    match traffic("NetworkInterfaceTrafficMode") {
        None => {}
        Some(mode) if mode == row.traffic_mode => {}
        Some("Standard") => return refuse("InvalidTrafficMode.ModifyToStandardNotSupported"),
        Some(_) => return refuse("InvalidOperation.InstanceTypeNotSupportHighPerformance"),
    }
    if traffic("QueuePairNumber").is_some() && row.traffic_mode == "Standard" {
        return refuse("InvalidParameter.QueuePairNumberMustEmpty");
    }
    let timeout = |name: &str, now: i64| {
        let value = params.int(&format!("ConnectionTrackingConfiguration.{name}"));
        value.map(|value| value.unwrap_or(now))
    };
    let timeouts = (
        timeout("TcpEstablishedTimeout", row.timeouts.0)?,
        timeout("TcpClosedAndTimeWaitTimeout", row.timeouts.1)?,
        timeout("UdpTimeout", row.timeouts.2)?,
    );
    check_timeouts(call, timeouts)?;
    let check = params.bool("SourceDestCheck");
    let delete_on_release = params.bool("DeleteOnRelease");
    if delete_on_release == Some(false) && row.is_primary() {
        return refuse("InvalidOperation.PrimaryEniOnlySupportModifyNameAndDesc");
    }
    let server = (row.is_primary() && !groups.is_empty()).then(|| row.instance_id.clone());
    call.world.update::<NetworkInterface, _>(id, |row| {
        if let Some(name) = name {
            row.name = name;
        }
        if let Some(description) = description.or_else(|| params.given("Description").map(str::to_owned)) {
            row.description = description;
        }
        if !groups.is_empty() {
            row.security_groups.clone_from(&groups);
        }
        row.queues = queues.unwrap_or(row.queues);
        row.source_dest_check = check.unwrap_or(row.source_dest_check);
        row.delete_on_release = delete_on_release.unwrap_or(row.delete_on_release);
        row.timeouts = timeouts;
    });
    if let Some(server) = server {
        call.world
            .update::<Instance, _>(&server, |row| row.security_groups = groups);
    }
    done()
}

fn assign(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("NetworkInterfaceId")?;
    let row = settled(call, id)?;
    let vswitch = call.find::<VSwitch>(&row.vswitch_id, "InvalidVSwitchId.NotFound")?;
    let listed = params.list("PrivateIpAddress");
    let count = count(call, params, "SecondaryPrivateIpAddressCount", SECONDARY_MAX)?;
    let prefix_list = params.list("Ipv4Prefix");
    let prefix_count = params.int("Ipv4PrefixCount")?;
    let asked = [
        !listed.is_empty(),
        count > 0,
        !prefix_list.is_empty(),
        prefix_count.is_some(),
    ];
    match asked.iter().filter(|asked| **asked).count() {
        0 => return Err(Refusal::missing("PrivateIpAddress")),
        1 => {}
        _ => return refuse("InvalidParameter.Conflict"),
    }
    if row.secondary_ips.len() + listed.len() + count > SECONDARY_MAX {
        return refuse("MaxEniPrivateIpsCountExceeded");
    }
    let mut taken = Vec::new();
    for text in listed {
        wanted_ip(call, vswitch, text, &mut taken)?;
    }
    let mut prefixes = Vec::new();
    for text in prefix_list {
        prefixes.push(wanted_prefix(call, vswitch, text, &prefixes)?);
    }
    for _ in 0..prefix_count.unwrap_or(0).clamp(0, 10) {
        prefixes.push(free_prefix(call, vswitch, &prefixes)?);
    }
    let usable = vswitch.cidr_block.usable();
    let Some(free) = call.world.free_addresses(&vswitch.id, usable, &taken, count) else {
        return refuse("InvalidVSwitchId.IpNotEnough");
    };
    taken.extend(free);
    let shown = texts(taken.iter().map(|address| ip_text(*address)));
    let shown_prefixes = texts(prefixes.iter().map(|prefix| prefix.cidr.to_string()));
    call.world.update::<NetworkInterface, _>(id, |row| {
        row.secondary_ips.extend(taken);
        row.prefixes.extend(prefixes);
    });
    let set = map! {
        "NetworkInterfaceId": id,
        "PrivateIpSet": map! { "PrivateIpAddress": shown },
        "Ipv4PrefixSet": map! { "Ipv4Prefixes": shown_prefixes },
    };
    Ok(map! { "AssignedPrivateIpAddressesSet": set })
}

fn unassign(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("NetworkInterfaceId")?;
    let row = settled(call, id)?;
    let mut addresses = Vec::new();
    for text in params.list("PrivateIpAddress") {
        let address = text
            .parse::<std::net::Ipv4Addr>()
            .map_err(|_| Refusal::new("InvalidPrivateIpAddress.Malformed"))?;
        if !row.secondary_ips.contains(&u32::from(address)) {
            return refuse("InvalidIp.IpUnassigned");
        }
        addresses.push(u32::from(address));
    }
    let mut prefixes = Vec::new();
    for text in params.list("Ipv4Prefix") {
        match Cidr::parse(text) {
            Some(cidr) if row.prefixes.iter().any(|own| own.cidr == cidr) => prefixes.push(cidr),
            Some(_) => return refuse("InvalidIp.IpUnassigned"),
            None => return refuse("InvalidIp.IpPrefixIllegal"),
        }
    }
    if addresses.is_empty() && prefixes.is_empty() {
        return Err(Refusal::missing("PrivateIpAddress"));
    }
    call.world.update::<NetworkInterface, _>(id, |row| {
        row.secondary_ips.retain(|own| !addresses.contains(own));
        row.prefixes.retain(|own| !prefixes.contains(&own.cidr));
    });
    done()
}

fn assign_ipv6(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("NetworkInterfaceId")?;
    let row = settled(call, id)?;
    let vswitch = call.find::<VSwitch>(&row.vswitch_id, "InvalidVSwitchId.NotFound")?;
    if params.int("Ipv6PrefixCount")?.is_some() || !params.list("Ipv6Prefix").is_empty() {
        return Err(call.code(&["InvalidOperation.RegionNotSupportIpPrefix"]));
    }
    let (mut addresses, count) = ipv6_order(call, params, vswitch)?;
    if addresses.is_empty() && count == 0 {
        return Err(Refusal::missing("Ipv6AddressCount"));
    }
    if row.ipv6.len() + addresses.len() + count > IPV6_MAX {
        return refuse("MaxEniIpv6IpsCountExceeded");
    }
    let vswitch_id = row.vswitch_id.clone();
    addresses.extend(new_ipv6(call.world, &vswitch_id, count));
    let shown = texts(&addresses);
    call.world
        .update::<NetworkInterface, _>(id, |row| row.ipv6.extend(addresses));
    Ok(map! {
        "NetworkInterfaceId": id,
        "Ipv6Sets": map! { "Ipv6Address": shown },
        "Ipv6PrefixSets": map! { "Ipv6Prefix": Vec::new() },
    })
}

fn unassign_ipv6(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("NetworkInterfaceId")?;
    let row = settled(call, id)?;
    if !params.list("Ipv6Prefix").is_empty() {
        return refuse("InvalidIp.IpUnassigned");
    }
    let mut addresses = Vec::new();
    for text in params.list("Ipv6Address") {
        let address = text
            .parse::<std::net::Ipv6Addr>()
            .map_err(|_| Refusal::new("InvalidIp.Address"))?
            .to_string();
        if !row.ipv6.contains(&address) {
            return refuse("InvalidIp.IpUnassigned");
        }
        addresses.push(address);
    }
    if addresses.is_empty() {
        return Err(Refusal::missing("Ipv6Address"));
    }
    call.world
        .update::<NetworkInterface, _>(id, |row| row.ipv6.retain(|own| !addresses.contains(own)));
    done()
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.list("NetworkInterfaceId");
    let ids = (!ids.is_empty()).then_some(ids);
    let private = params.list("PrivateIpAddress");
    let ipv6: Vec<String> = params
        .list("Ipv6Address")
        .into_iter()
        .map(|text| match text.parse::<std::net::Ipv6Addr>() {
            Ok(address) => address.to_string(),
            Err(_) => text.to_owned(),
        })
        .collect();
    let link = ["InstanceId", "SecurityGroupId", "VSwitchId", "VpcId"]
        .iter()
        .zip([Instance::NAME, SecurityGroup::NAME, VSwitch::NAME, "vpc"])
        .find_map(|(name, kind)| Some((kind, params.text(name)?)));
    let search = match link {
        Some((kind, value)) => Search::ids(ids).or_link(kind, Some(value)),
        None => Search::ids(ids),
    };
    let page = call.page::<NetworkInterface>(search.whole(), |row| {
        let has = |text: &&str| {
            let own = std::iter::once(&row.private_ip).chain(&row.secondary_ips);
            own.map(|address| ip_text(*address)).any(|own| own == **text)
        };
        call.is("InstanceId", &row.instance_id)
            && call.is("VpcId", &row.vpc_id)
            && call.is("VSwitchId", &row.vswitch_id)
            && call.is("PrimaryIpAddress", &ip_text(row.private_ip))
            && (private.is_empty() || private.iter().any(has))
            && (ipv6.is_empty() || ipv6.iter().any(|address| row.ipv6.contains(address)))
            && call.is("Type", &row.kind)
            && call.is("Status", row.status.text())
            && call.is("ResourceGroupId", &row.resource_group)
            && call.is("NetworkInterfaceName", &row.name)
            && params.bool("ServiceManaged") != Some(true)
            && params
                .text("SecurityGroupId")
                .is_none_or(|id| row.security_groups.iter().any(|own| own == id))
    })?;
    Ok(
        call.listed(&page, "NetworkInterfaceSets", "NetworkInterfaceSet", |row| {
            call.trimmed_to(&["NetworkInterfaceSets", "NetworkInterfaceSet"], node(call, row))
        }),
    )
}

fn describe_attribute(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("NetworkInterfaceId")?;
    let row = call.find_visible::<NetworkInterface>(id, ABSENT)?;
    Ok(call.trimmed(node(call, row)))
}

/// The addresses of an interface, as servers and interfaces show them.
pub(super) fn address_sets(row: &NetworkInterface) -> [(&'static str, Node); 4] {
    let private = |address: u32, primary: bool| {
        map! { "PrivateIpAddress": ip_text(address), "Primary": primary }
    };
    let secondary = row.secondary_ips.iter().map(|address| private(*address, false));
    let private: Vec<Node> = std::iter::once(private(row.private_ip, true))
        .chain(secondary)
        .collect();
    let ipv6 = row
        .ipv6
        .iter()
        .map(|address| map! { "Ipv6Address": address, "Primary": false });
    let prefixes = row
        .prefixes
        .iter()
        .map(|prefix| map! { "Ipv4Prefix": prefix.cidr.to_string() });
    let prefixes6 = row
        .ipv6_prefixes
        .iter()
        .map(|prefix| map! { "Ipv6Prefix": prefix });
    [
        ("PrivateIpSets", map! { "PrivateIpSet": private }),
        ("Ipv6Sets", map! { "Ipv6Set": ipv6.collect::<Vec<_>>() }),
        (
            "Ipv4PrefixSets",
            map! { "Ipv4PrefixSet": prefixes.collect::<Vec<_>>() },
        ),
        (
            "Ipv6PrefixSets",
            map! { "Ipv6PrefixSet": prefixes6.collect::<Vec<_>>() },
        ),
    ]
}

fn node(call: &Call<'_>, row: &NetworkInterface) -> Node {
    let instance = call.world.get::<Instance>(&row.instance_id);
    let public = instance
        .filter(|_| row.is_primary())
        .and_then(|row| row.public_ip.clone())
        .unwrap_or_default();
    let mut device = call
        .world
        .linked::<NetworkInterface>(Instance::NAME, &row.instance_id);
    let device = device.position(|other| other.id == row.id).unwrap_or(0);
    let mut node = map! {
        "NetworkInterfaceId": &row.id,
        "NetworkInterfaceName": &row.name,
        "Description": &row.description,
        "Type": &row.kind,
        "Status": row.status.text(),
        "InstanceId": &row.instance_id,
        "VpcId": &row.vpc_id,
        "VSwitchId": &row.vswitch_id,
        "ZoneId": &row.zone,
        "MacAddress": &row.mac,
        "PrivateIpAddress": ip_text(row.private_ip),
        "AssociatedPublicIp": map! { "PublicIpAddress": public, "AllocationId": "" },
        "Attachment": map! {
            "DeviceIndex": device,
            "InstanceId": &row.instance_id,
            "NetworkCardIndex": row.card_index,
            "TrunkNetworkInterfaceId": "",
        },
        "SecurityGroupIds": map! { "SecurityGroupId": texts(&row.security_groups) },
        "NetworkInterfaceTrafficMode": &row.traffic_mode,
        "QueueNumber": row.queues,
        "QueuePairNumber": row.queue_pairs,
        "NetworkInterfaceTrafficConfig": map! {
            "NetworkInterfaceTrafficMode": &row.traffic_mode,
            "QueueNumber": row.queues,
            "QueuePairNumber": row.queue_pairs,
        },
        "ConnectionTrackingConfiguration": map! {
            "TcpEstablishedTimeout": row.timeouts.0,
            "TcpClosedAndTimeWaitTimeout": row.timeouts.1,
            "UdpTimeout": row.timeouts.2,
        },
        "SourceDestCheck": row.source_dest_check,
        "DeleteOnRelease": row.delete_on_release,
        "ServiceManaged": false,
        "OwnerId": &call.world.account_id,
        "CreationTime": seconds(row.created),
        "ResourceGroupId": &row.resource_group,
        "Tags": ecs_tags(&row.tags),
    };
    for (name, value) in address_sets(row) {
        node.push(name, value);
    }
    node
}
