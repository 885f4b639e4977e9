//! Elastic addresses: kept apart from any instance, bound to one at a time.

use super::super::call::{Call, Entry, Search, done, vpc_tags};
use super::super::clock::Now;
use super::super::clock::{add_months, seconds};
use super::super::head::Status;
use super::super::head::{Head, row};
use super::super::net::ip_text;
use super::super::net::public_ip;
use super::super::node::{Node, map, texts};
use super::super::products::{ECS, VPC};
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::eip_released::Released;
use super::instance_row::{Instance, Network};
use super::nat_gateway::NatGateway;
use super::network_interface::NetworkInterface;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Eip {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) address: String,
    /// Mbit/s.
    pub(super) bandwidth: i64,
    pub(super) internet_charge: String,
    pub(super) isp: String,
    /// The end of a subscription; `None` is pay-as-you-go.
    pub(super) expires: Option<i64>,
    pub(super) instance_id: String,
    /// The vendor's word for the kind of thing that it is bound to.
    #[serde(default)]
    pub(super) instance_type: String,
    /// The address of a network interface that it stands for.
    #[serde(default)]
    pub(super) private_ip: String,
    #[serde(default)]
    pub(super) mode: String,
    /// The bandwidth package that it shares, with the package's Mbit/s.
    #[serde(default)]
    pub(super) package: Option<(String, i64)>,
    /// How many of the package's Mbit/s it may take; `None` for all of them.
    #[serde(default)]
    pub(super) package_limit: Option<i64>,
    #[serde(default)]
    pub(super) protected: bool,
    /// The zone that it was asked for; empty for any.
    #[serde(default)]
    pub(super) zone: String,
    /// What protects it beyond what protects all.
    #[serde(default)]
    pub(super) protections: Vec<String>,
}

/// The kind of thing behind a word for it, as far as addresses can be bound to it.
fn kind_of(instance_type: &str) -> Option<&'static str> {
    match instance_type {
        "EcsInstance" | "" => Some("instance"),
        "NetworkInterface" => Some("network_interface"),
        "Nat" => Some("nat_gateway"),
        "SlbInstance" => Some("load_balancer"),
        _ => None,
    }
}

row!(Eip, links: |row, link| {
    link("address", &row.address);
    if let Some(kind) = kind_of(&row.instance_type).filter(|_| !row.instance_id.is_empty()) {
        link(kind, &row.instance_id);
        link("bound", &row.instance_id);
    }
    if let Some((package, _)) = &row.package {
        link("bandwidth_package", package);
    }
});

impl Kind for Eip {
    const NAME: &'static str = "eip";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(VPC, "eip")];
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[
        ("nat_gateway", &["DependencyViolation.EIPS"]),
        ("bandwidth_package", &["OperationFailed.BandwidthPackageNotEmpty"]),
    ];

    fn arrived(world: &mut World, id: &str, status: Status, _now: Now) {
        if status == Status::Available {
            world.update::<Eip, _>(id, Eip::unbind);
        }
    }

    fn bereft(world: &mut World, kind: &'static str, id: &str, _now: Now) {
        if kind == "bandwidth_package" {
            for own in world.ids_linked::<Eip>(kind, id) {
                world.update::<Eip, _>(&own, Eip::leave_package);
            }
            return;
        }
        for own in world.ids_linked::<Eip>(kind, id) {
            world.update::<Eip, _>(&own, |eip| {
                eip.unbind();
                eip.settle_as(Status::Available);
            });
        }
    }

    fn faults(world: &World) -> Vec<String> {
        let lost = |eip: &&Eip| {
            !eip.instance_id.is_empty()
                && kind_of(&eip.instance_type).is_none_or(|kind| world.head(kind, &eip.instance_id).is_none())
        };
        let lost = world.all::<Eip>().iter().filter(lost);
        lost.map(|eip| format!("{} is bound to what does not exist", eip.id))
            .collect()
    }
}

impl Eip {
    fn unbind(&mut self) {
        self.instance_id.clear();
        self.instance_type.clear();
        self.private_ip.clear();
        self.mode.clear();
    }

    pub(super) fn leave_package(&mut self) {
        self.package = None;
        self.package_limit = None;
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "AllocateEipAddress", allocate),
    (VPC, "AssociateEipAddress", associate),
    (VPC, "UnassociateEipAddress", unassociate),
    (VPC, "ReleaseEipAddress", release),
    (VPC, "DescribeEipAddresses", describe),
    (VPC, "ModifyEipAddressAttribute", modify),
    (VPC, "ModifyEipForwardMode", set_mode),
    (ECS, "ConvertNatPublicIpToEip", convert),
];

/// Simulated delays, in milliseconds of life-cycle time.
const ASSOCIATING_MS: i64 = 3_000;
const UNASSOCIATING_MS: i64 = 3_000;
const RELEASING_MS: i64 = 1_000;

const ABSENT: &str = "InvalidAllocationId.NotFound";

fn allocate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    make(call, None)
}

/// Makes an address as a request says, or takes one that was given back, of this line.
pub(super) fn make(call: &mut Call<'_>, again: Option<(String, String)>) -> Result<Node, Refusal> {
    let params = call.params;
    let bandwidth = bandwidth(params.text_or("Bandwidth", "5"))?;
    let internet_charge = match params.text_or("InternetChargeType", "PayByBandwidth") {
        charge @ ("PayByBandwidth" | "PayByTraffic") => charge.to_owned(),
        _ => return Err(Refusal::invalid("InternetChargeType")),
    };
    let expires = match params.text_or("InstanceChargeType", "PostPaid") {
        "PostPaid" => None,
        "PrePaid" => {
            let period = params.int("Period")?.ok_or_else(|| Refusal::missing("Period"))?;
            let months = if params.text_or("PricingCycle", "Month") == "Year" {
                12
            } else {
                1
            };
            if !(1..=9).contains(&period) {
                return Err(Refusal::invalid("Period"));
            }
            Some(add_months(call.now.real, period * months))
        }
        _ => return Err(Refusal::invalid("InstanceChargeType")),
    };
    let protections = params.list("SecurityProtectionTypes");
    if protections.iter().any(|name| *name != "AntiDDoS_Enhanced") {
        return Err(Refusal::invalid("SecurityProtectionTypes"));
    }
    let name = call.name("Name", 1, &["InvalidParameter"])?.unwrap_or_default();
    let description = call.description(2, &["InvalidParameter"])?.unwrap_or_default();
    let tags = call.tags()?;
    let (mut head, _) = call.head("eip-");
    head.name = name;
    head.description = description;
    head.tags = tags;
    let (address, isp) =
        again.unwrap_or_else(|| (public_ip(head.place), params.text_or("ISP", "BGP").to_owned()));
    let mut answer =
        map! { "AllocationId": &head.id, "EipAddress": &address, "ResourceGroupId": &head.resource_group };
    if expires.is_some() {
        answer.push("OrderId", i64::try_from(20_000_000 + head.place).unwrap_or(0));
    }
    let eip = Eip {
        head,
        address,
        bandwidth,
        internet_charge,
        isp,
        expires,
        instance_id: String::new(),
        instance_type: String::new(),
        private_ip: String::new(),
        mode: String::new(),
        package: None,
        package_limit: None,
        protected: false,
        zone: params.text_or("Zone", "").to_owned(),
        protections: protections.iter().map(|&name| name.to_owned()).collect(),
    };
    call.world.insert(eip);
    Ok(answer)
}

fn bandwidth(text: &str) -> Result<i64, Refusal> {
    match text.parse() {
        Ok(bandwidth) if (1..=1000).contains(&bandwidth) => Ok(bandwidth),
        _ => refuse("InvalidBandwidth.Malformed"),
    }
}

fn associate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("AllocationId")?;
    let instance_id = params.required("InstanceId")?;
    let eip = call.find::<Eip>(id, ABSENT)?;
    let instance_type = params.text_or("InstanceType", "EcsInstance");
    let Some(kind) = kind_of(instance_type) else {
        return refuse("InvalidInstanceType.ValueNotSupported");
    };
    if params
        .text("InstanceRegionId")
        .is_some_and(|region| region != eip.region)
    {
        return refuse("InvalidParameter.BindingInstanceRegion");
    }
    if eip.status != Status::Available {
        return refuse("IncorrectEipStatus");
    }
    let mode = params.text_or("Mode", "NAT");
    if !matches!(mode, "NAT" | "MULTI_BINDED" | "BINDED") {
        return refuse("IllegalParam.Mode");
    }
    if mode != "NAT" && kind != "network_interface" {
        return refuse("Mode.NotSupport");
    }
    let private_ip = match kind {
        "instance" => {
            bindable_instance(call, instance_id)?;
            String::new()
        }
        "network_interface" => bindable_interface(call, instance_id)?,
        _ => {
            let head = call
                .world
                .head(kind, instance_id)
                .filter(|head| head.region == eip.region);
            let head = head.ok_or_else(|| Refusal::new("InvalidInstance.NotExist").with_status(404))?;
            if head.is_leaving() || !matches!(head.status, Status::Available | Status::Active) {
                return Err(call.code(&["IncorrectInstanceStatus"]));
            }
            let gateway = call
                .world
                .get::<NatGateway>(instance_id)
                .filter(|_| kind == NatGateway::NAME);
            if gateway.is_some_and(|gateway| gateway.network_type == "intranet") {
                return refuse("BindInstance.NotSupported");
            }
            String::new()
        }
    };
    // A gateway takes many; the others one.
    if kind != "nat_gateway"
        && params.text("PrivateIpAddress").is_none()
        && call
            .world
            .linked::<Eip>(kind, instance_id)
            .any(|other| other.private_ip == private_ip)
    {
        return refuse("InvalidAssociation.Duplicated");
    }
    let private_ip = match params.text("PrivateIpAddress") {
        Some(address) if kind == "network_interface" => {
            let own = call.find::<NetworkInterface>(instance_id, "InvalidInstance.NotExist")?;
            let mut addresses = std::iter::once(&own.private_ip).chain(&own.secondary_ips);
            if !addresses.any(|own| ip_text(*own) == address) {
                return refuse("OperationFailed.PrivateIpAddressNotExist");
            }
            if call
                .world
                .linked::<Eip>(kind, instance_id)
                .any(|other| other.private_ip == address)
            {
                return refuse("InvalidAssociation.Duplicated");
            }
            address.to_owned()
        }
        Some(address) if kind == "instance" => {
            let row = call.find::<Instance>(instance_id, "InvalidInstanId.NotFound")?;
            let own = match &row.network {
                Network::Vpc { private_ip, .. } => ip_text(*private_ip),
                Network::Classic { .. } => String::new(),
            };
            if own != address {
                return refuse("OperationFailed.PrivateIpAddressNotExist");
            }
            private_ip
        }
        Some(_) => return refuse("OperationUnsupported.MultiIp"),
        _ => private_ip,
    };
    let now = call.now;
    call.world.update::<Eip, _>(id, |eip| {
        eip.pass(Status::Associating, ASSOCIATING_MS, Status::InUse, now);
        eip.instance_id = instance_id.to_owned();
        eip.instance_type = instance_type.to_owned();
        eip.private_ip = private_ip;
        eip.mode = mode.to_owned();
    });
    done()
}

fn bindable_instance(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let row = call.find::<Instance>(id, "InvalidInstanId.NotFound")?;
    if row.network.vpc_id().is_empty() {
        return refuse("OperationDenied");
    }
    if !matches!(row.status, Status::Running | Status::Stopped) || row.is_leaving() {
        return Err(Refusal::new("IncorrectInstanceStatus")
            .with_message("Current instance status does not support this operation."));
    }
    if row.public_ip.is_some() {
        return refuse("EIP_CAN_NOT_ASSOCIATE_WITH_PUBLIC_IP");
    }
    if row.bandwidth_out > 0 {
        return refuse("Forbidden.InstanceBandwidthNotZero");
    }
    Ok(())
}

/// The interface's first address, when an elastic one can stand for it.
fn bindable_interface(call: &Call<'_>, id: &str) -> Result<String, Refusal> {
    let row = call.find::<NetworkInterface>(id, "InvalidInstance.NotExist");
    let row = row.map_err(|refusal| refusal.with_status(404))?;
    if row.is_primary() {
        return refuse("InvalidParameter.EniInstanceId");
    }
    if !matches!(row.status, Status::Available | Status::InUse) || row.is_leaving() {
        return refuse("InvalidStatus.EniStatusNotSupport");
    }
    Ok(ip_text(row.private_ip))
}

fn unassociate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("AllocationId")?;
    let eip = call.find::<Eip>(id, ABSENT)?;
    if eip.status != Status::InUse {
        return refuse("IncorrectEipStatus");
    }
    let other = |name: &str, own: &str| params.text(name).is_some_and(|wanted| wanted != own);
    if other("InstanceId", &eip.instance_id) || other("PrivateIpAddress", &eip.private_ip) {
        return refuse("InvalidBindInstance.NotFound");
    }
    if other("InstanceType", &eip.instance_type) {
        return refuse("InvalidInstanceType.ValueNotSupported");
    }
    if !params.flag("Force") {
        call.unheld::<Eip>(id)?;
    }
    let now = call.now;
    call.world.update::<Eip, _>(id, |eip| {
        eip.pass(Status::Unassociating, UNASSOCIATING_MS, Status::Available, now);
    });
    done()
}

fn release(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("AllocationId")?;
    let eip = call.find::<Eip>(id, ABSENT)?;
    if eip.expires.is_some_and(|expires| expires > call.now.real) {
        return refuse("Forbidden.ChargeTypeIsPrepaid");
    }
    if eip.protected {
        return refuse("InvalidOperation.DeletionProtection");
    }
    if eip.status != Status::Available {
        return refuse("IncorrectEipStatus");
    }
    let released = Released::of(eip, call.now);
    call.world.insert(released);
    let now = call.now;
    call.world
        .update::<Eip, _>(id, |eip| eip.leave(Status::Releasing, RELEASING_MS, now));
    done()
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("AllocationId")?;
    let eip = call.find::<Eip>(id, ABSENT)?;
    if !matches!(eip.status, Status::Available | Status::InUse) {
        return refuse("IncorrectEipStatus");
    }
    let bandwidth = params.text("Bandwidth").map(bandwidth).transpose()?;
    let name = call.name("Name", 1, &["InvalidEipAddressName.Malformed"])?;
    let description = call.description(2, &["InvalidDescription.Malformed"])?;
    call.world.update::<Eip, _>(id, |eip| {
        eip.bandwidth = bandwidth.unwrap_or(eip.bandwidth);
        if let Some(name) = name {
            eip.name = name;
        }
        if let Some(description) = description {
            eip.description = description;
        }
    });
    done()
}

/// How an address stands for the interface that it is bound to.
fn set_mode(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("InstanceId")?;
    let eip = call.find::<Eip>(id, ABSENT)?;
    let mode = match call.params.required("Mode")? {
        mode @ ("NAT" | "MULTI_BINDED" | "BINDED") => mode.to_owned(),
        _ => return refuse("Instance.ModeError"),
    };
    if !matches!(eip.status, Status::Available | Status::InUse) {
        return refuse("Instance.StatusError");
    }
    if !matches!(eip.instance_type.as_str(), "" | "NetworkInterface") {
        return refuse("BindInstance.NotSupport");
    }
    if mode == "BINDED" && eip.expires.is_some() {
        return refuse("Forbidden.PrePaidBindedEip");
    }
    call.world.update::<Eip, _>(id, |eip| eip.mode = mode);
    done()
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.comma_list("AllocationId", 50)?;
    let addresses = params.comma_list("EipAddress", 50)?;
    let instance_id = params
        .text("AssociatedInstanceId")
        .or_else(|| params.text("InstanceId"));
    let kind = params.text("AssociatedInstanceType");
    let is = |name: &str, value: &str| params.text(name).is_none_or(|wanted| wanted == value);
    let mut times = Vec::new();
    for number in 1..=2 {
        let Some(key) = params.text(&format!("Filter.{number}.Key")) else {
            continue;
        };
        let after = match key {
            "CreationStartTime" => true,
            "CreationEndTime" => false,
            _ => return Err(Refusal::invalid("Filter.1.Key")),
        };
        let text = params.text_or(&format!("Filter.{number}.Value"), "").to_owned();
        let at = super::super::clock::parse_utc(&text, true);
        times.push((after, at.ok_or_else(|| Refusal::invalid("Filter.1.Value"))?));
    }
    let page = call.page::<Eip>(Search::ids(ids).or_link("bound", instance_id).whole(), |eip| {
        addresses
            .as_ref()
            .is_none_or(|addresses| addresses.contains(&eip.address.as_str()))
            && instance_id.is_none_or(|instance_id| instance_id == eip.instance_id)
            && kind.is_none_or(|kind| kind == eip.instance_type)
            && is("Status", eip.status.text())
            && is("EipName", &eip.name)
            && is("ISP", &eip.isp)
            && is("ChargeType", charge(eip))
            && is("ResourceGroupId", &eip.resource_group)
            && params.text("LockReason").is_none()
            && !params.flag("ServiceManaged")
            && params
                .bool("SecurityProtectionEnabled")
                .is_none_or(|wanted| wanted != eip.protections.is_empty())
            && times.iter().all(|(after, at)| {
                if *after {
                    eip.created >= *at
                } else {
                    eip.created <= *at
                }
            })
            && params.text("SegmentInstanceId").is_none()
            && params.text("PublicIpAddressPoolId").is_none()
    })?;
    Ok(call.listed(&page, "EipAddresses", "EipAddress", |eip| node(call, eip)))
}

fn charge(eip: &Eip) -> &'static str {
    if eip.expires.is_some() {
        "PrePaid"
    } else {
        "PostPaid"
    }
}

fn node(call: &Call<'_>, eip: &Eip) -> Node {
    let bound = !eip.instance_id.is_empty();
    let package = eip.package.as_ref();
    map! {
        "AllocationId": &eip.id,
        "IpAddress": &eip.address,
        "Name": &eip.name,
        "Description": &eip.description,
        "Status": eip.status.text(),
        "RegionId": &eip.region,
        "Bandwidth": eip.bandwidth.to_string(),
        "EipBandwidth": eip.bandwidth.to_string(),
        "InternetChargeType": &eip.internet_charge,
        "ChargeType": charge(eip),
        "ISP": &eip.isp,
        "Netmode": "public",
        "Mode": &eip.mode,
        "InstanceId": &eip.instance_id,
        "InstanceType": &eip.instance_type,
        "InstanceRegionId": if bound { call.region.as_str() } else { "" },
        // For an instance the private address and the VPC are left empty by the vendor.
        "PrivateIpAddress": &eip.private_ip,
        "VpcId": "",
        "AllocationTime": seconds(eip.created),
        "ExpiredTime": eip.expires.map(seconds).unwrap_or_default(),
        "ResourceGroupId": &eip.resource_group,
        "BusinessStatus": "Normal",
        "BandwidthPackageId": package.map_or("", |(id, _)| id),
        "BandwidthPackageType": if package.is_some() { "CommonBandwidthPackage" } else { "" },
        "BandwidthPackageBandwidth": package
            .map(|(_, bandwidth)| eip.package_limit.unwrap_or(*bandwidth).to_string())
            .unwrap_or_default(),
        "HDMonitorStatus": "OFF",
        "HasReservationData": "false",
        "SecondLimited": false,
        "DeletionProtection": eip.protected,
        "SegmentInstanceId": "",
        "ServiceManaged": 0,
        "PublicIpAddressPoolId": "",
        "Zone": &eip.zone,
        "AvailableRegions": map! { "AvailableRegion": texts([&eip.region]) },
        "OperationLocks": map! { "LockReason": Vec::new() },
        "SecurityProtectionTypes": map! { "SecurityProtectionType": texts(&eip.protections) },
        "Tags": vpc_tags(&eip.tags),
    }
}

fn convert(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("InstanceId")?;
    let row = call.find::<Instance>(id, super::instance_row::ABSENT)?;
    if !matches!(row.status, Status::Running | Status::Stopped) || row.is_leaving() {
        return refuse("IncorrectInstanceStatus");
    }
    if row.network.vpc_id().is_empty() || row.subscription.is_some() {
        return refuse("OperationDenied");
    }
    let Some(address) = row.public_ip.clone() else {
        return refuse("InvalidInstance.IpAddressMissing");
    };
    let (bandwidth, internet_charge) = (row.bandwidth_out, row.internet_charge.clone());
    let (region, resource_group) = (row.region.clone(), row.resource_group.clone());
    let (head, _) = call.head("eip-");
    let eip = Eip {
        head: Head {
            region,
            resource_group,
            status: Status::InUse,
            ..head
        },
        address,
        bandwidth,
        internet_charge,
        isp: "BGP".to_owned(),
        expires: None,
        instance_id: id.to_owned(),
        instance_type: "EcsInstance".to_owned(),
        private_ip: String::new(),
        mode: "NAT".to_owned(),
        package: None,
        package_limit: None,
        protected: false,
        zone: String::new(),
        protections: Vec::new(),
    };
    call.world.update::<Instance, _>(id, |row| {
        row.public_ip = None;
        row.public_ip_works = false;
        row.bandwidth_out = 0;
    });
    call.world.insert(eip);
    done()
}
