//! Classic load balancers.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, ecs_tags};
use super::super::clock::{add_months, seconds};
use super::super::head::{Head, Status, row};
use super::super::net::{ip_text, public_ip};
use super::super::node::{Node, map};
use super::super::products::SLB;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::vswitch::{VSwitch, free_address};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LoadBalancer {
    #[serde(flatten)]
    pub(super) head: Head,
    internet: bool,
    pub(super) address: String,
    private_ip: Option<u32>,
    pub(super) vswitch_id: String,
    pub(super) vpc_id: String,
    spec: String,
    charge: String,
    internet_charge: String,
    /// Mbit/s, -1 when it is not limited.
    bandwidth: i64,
    expires: Option<i64>,
    zones: (String, String),
    protected: bool,
    modification: (String, String),
    /// Servers by default, each with a weight.
    pub(super) servers: Vec<Backend>,
}

/// A server behind a load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Backend {
    pub(super) id: String,
    /// `ecs` or `eni`.
    pub(super) kind: String,
    pub(super) weight: i64,
    /// 0 with the port of the listener.
    pub(super) port: i64,
    pub(super) description: String,
    pub(super) ip: String,
}

row!(LoadBalancer, links: |row, link| {
    if !row.vswitch_id.is_empty() {
        link("vswitch", &row.vswitch_id);
        link("vpc", &row.vpc_id);
    }
    row.servers.iter().for_each(|server| link("server", &server.id));
}, addresses: |row, note| {
    if let Some(address) = row.private_ip {
        note(&row.vswitch_id, address);
    }
});

impl Kind for LoadBalancer {
    const NAME: &'static str = "load_balancer";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(SLB, "instance")];
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[(
        "vswitch",
        &["DependencyViolation.CloudServiceResource", "DependencyViolation"],
    )];

    fn bereft(
        world: &mut super::super::world::World,
        kind: &'static str,
        id: &str,
        _now: super::super::clock::Now,
    ) {
        if kind == "instance" || kind == "network_interface" {
            for own in world.ids_linked::<LoadBalancer>("server", id) {
                world.update::<LoadBalancer, _>(&own, |row| row.servers.retain(|server| server.id != id));
            }
        }
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (SLB, "CreateLoadBalancer", create),
    (SLB, "DescribeLoadBalancers", describe),
    (SLB, "DescribeLoadBalancerAttribute", describe_attribute),
    (SLB, "SetLoadBalancerName", set_name),
    (SLB, "SetLoadBalancerStatus", set_status),
    (SLB, "SetLoadBalancerDeleteProtection", set_protection),
    (SLB, "SetLoadBalancerModificationProtection", set_modification),
    (SLB, "ModifyLoadBalancerInternetSpec", modify_internet),
    (SLB, "ModifyLoadBalancerInstanceSpec", modify_spec),
    (SLB, "ModifyLoadBalancerPayType", modify_pay_type),
    (SLB, "DeleteLoadBalancer", delete),
    (SLB, "DescribeZones", describe_zones),
    (SLB, "DescribeAvailableResource", describe_available),
    (SLB, "DescribeRegions", describe_regions),
];

const SPECS: &[&str] = &[
    "slb.s1.small",
    "slb.s2.small",
    "slb.s2.medium",
    "slb.s3.small",
    "slb.s3.medium",
    "slb.s3.large",
    "slb.lcu.elastic",
];

/// A load balancer by id.
pub(super) fn find<'t>(call: &'t Call<'_>, id: &str) -> Result<&'t LoadBalancer, Refusal> {
    let found = call.find::<LoadBalancer>(id, "InvalidLoadBalancerId.NotFound");
    found.map_err(|refusal| {
        refusal
            .with_status(404)
            .with_message("The specified LoadBalancerId does not exist.")
    })
}

/// The same when it may be changed.
pub(super) fn changeable<'t>(call: &'t Call<'_>) -> Result<&'t LoadBalancer, Refusal> {
    let row = find(call, call.params.required("LoadBalancerId")?)?;
    if row.modification.0 == "ConsoleProtection" && call.facts.name == "DeleteLoadBalancer" {
        return refuse("OperationDenied.DeleteProtectionIsOn");
    }
    Ok(row)
}

fn bandwidth(call: &Call<'_>) -> Result<Option<i64>, Refusal> {
    match call.params.int("Bandwidth")? {
        Some(bandwidth) if bandwidth != -1 && !(1..=5120).contains(&bandwidth) => {
            Err(call.code(&["InvalidParameter.Bandwidth", "InvalidParameter"]))
        }
        bandwidth => Ok(bandwidth),
    }
}

fn internet_charge(call: &Call<'_>) -> Result<Option<String>, Refusal> {
    match call.params.text("InternetChargeType") {
        None => Ok(None),
        Some(charge @ ("paybytraffic" | "paybybandwidth")) => Ok(Some(charge.to_owned())),
        Some(_) => Err(call.code(&["Instance.InternetChargeTypeNotAllowed"])),
    }
}

fn modification(call: &Call<'_>) -> Result<Option<(String, String)>, Refusal> {
    let reason = call.params.text_or("ModificationProtectionReason", "");
    match call.params.text("ModificationProtectionStatus") {
        None => Ok(None),
        Some("NonProtection") => Ok(Some(("NonProtection".to_owned(), String::new()))),
        Some("ConsoleProtection") if reason.is_empty() || (2..=80).contains(&reason.chars().count()) => {
            Ok(Some(("ConsoleProtection".to_owned(), reason.to_owned())))
        }
        Some("ConsoleProtection") => refuse("InvalidParam.ModificationProtectionReason"),
        Some(_) => refuse("InvalidParam.ModificationProtectionStatus"),
    }
}

/// The end of what a request pays for, from now.
fn paid_until(call: &Call<'_>) -> Result<i64, Refusal> {
    let params = call.params;
    let duration = params
        .int("Duration")?
        .ok_or_else(|| Refusal::missing("Duration"))?;
    let months = match params.text_or("PricingCycle", "month") {
        "year" => 12,
        "month" => 1,
        _ => return Err(Refusal::invalid("PricingCycle")),
    };
    Ok(add_months(call.now.real, duration.clamp(1, 60) * months))
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let internet = match params.text_or(
        "AddressType",
        if params.text("VSwitchId").is_some() {
            "intranet"
        } else {
            "internet"
        },
    ) {
        "internet" => true,
        "intranet" => false,
        _ => return Err(Refusal::invalid("AddressType")),
    };
    if params.text_or("AddressIPVersion", "ipv4") != "ipv4" {
        return refuse("RegionOrZonesNotSupportIpv6");
    }
    let mut zones: Vec<String> = call.region_facts().zones().take(2).collect();
    if zones.len() < 2 {
        zones.push(zones.first().cloned().unwrap_or_default());
    }
    let zone = |name: &str, otherwise: &str| match params.text(name) {
        Some(zone) if !call.region_facts().has_zone(zone) => Err(Refusal::invalid(name)),
        zone => Ok(zone.unwrap_or(otherwise).to_owned()),
    };
    let (mut vswitch_id, mut vpc_id, mut private_ip) = (String::new(), String::new(), None);
    let mut master = zone("MasterZoneId", &zones[0])?;
    let slave = zone("SlaveZoneId", &zones[1])?;
    let mut wanted = None;
    if let Some(id) = params.text("VSwitchId") {
        if internet {
            return refuse("InvalidParameter.Mismatch");
        }
        let vswitch = call.find::<VSwitch>(id, "VSwitchNotExist")?;
        if params.text("VpcId").is_some_and(|vpc| vpc != vswitch.vpc_id) {
            return refuse("InvalidVpcId.NotExist");
        }
        if let Some(text) = params.text("Address") {
            let address = text.parse::<std::net::Ipv4Addr>().map(u32::from);
            let address = address.map_err(|_| Refusal::invalid("Address"))?;
            let free =
                vswitch.cidr_block.usable().contains(&address) && !call.world.address_is_used(id, address);
            wanted = Some(if free {
                address
            } else {
                return Err(Refusal::invalid("Address"));
            });
        }
        vswitch_id = id.to_owned();
        vpc_id.clone_from(&vswitch.vpc_id);
        if params.text("MasterZoneId").is_none() {
            master.clone_from(&vswitch.zone);
        }
    } else if params.text("VpcId").is_some() {
        return refuse("MissingParam.VSwitchId");
    }
    let charge = match params.text_or("InstanceChargeType", "PayBySpec") {
        charge @ ("PayBySpec" | "PayByCLCU") => charge,
        _ => return Err(Refusal::invalid("InstanceChargeType")),
    };
    let spec = match params.text("LoadBalancerSpec") {
        Some(spec) if SPECS.contains(&spec) => spec,
        Some(_) => return Err(Refusal::invalid("LoadBalancerSpec")),
        None if charge == "PayByCLCU" => "slb.lcu.elastic",
        None => return refuse("ShareSlbHaltSales"),
    };
    let expires = match params.text_or("PayType", "PayOnDemand") {
        "PayOnDemand" => None,
        "PrePay" => Some(paid_until(call)?),
        _ => return Err(Refusal::invalid("PayType")),
    };
    let bandwidth = bandwidth(call)?.unwrap_or(-1);
    let internet_charge = internet_charge(call)?.unwrap_or_else(|| "paybytraffic".to_owned());
    let protected = match params.text_or("DeleteProtection", "off") {
        "on" => true,
        "off" => false,
        _ => return Err(Refusal::invalid("DeleteProtection")),
    };
    let modification = modification(call)?.unwrap_or_else(|| ("NonProtection".to_owned(), String::new()));
    let name = call.name("LoadBalancerName", 1, &["InvalidParameter"])?;
    let tags = call.tags()?;
    if !vswitch_id.is_empty() {
        let Some(address) = wanted.or_else(|| free_address(call.world, &vswitch_id)) else {
            return refuse("VSwitchAvailableIpNotExist");
        };
        private_ip = Some(address);
    }
    let (mut head, _) = call.head("lb-");
    head.name = name.unwrap_or_else(|| "auto_named_slb".to_owned());
    head.tags = tags;
    head.status = Status::Active;
    let address = match private_ip {
        Some(address) => ip_text(address),
        None if internet => public_ip(head.place),
        None => ip_text(0x0A80_0000 + (head.place as u32 & 0x000F_FFFF)),
    };
    let network = if vpc_id.is_empty() { "classic" } else { "vpc" };
    let mut answer = map! {
        "LoadBalancerId": &head.id,
        "LoadBalancerName": &head.name,
        "Address": &address,
        "AddressIPVersion": "ipv4",
        "NetworkType": network,
        "VpcId": &vpc_id,
        "VSwitchId": &vswitch_id,
        "ResourceGroupId": &head.resource_group,
    };
    if expires.is_some() {
        answer.push("OrderId", i64::try_from(30_000_000 + head.place).unwrap_or(0));
    }
    call.world.insert(LoadBalancer {
        head,
        internet,
        address,
        private_ip,
        vswitch_id,
        vpc_id,
        spec: spec.to_owned(),
        charge: charge.to_owned(),
        internet_charge,
        bandwidth,
        expires,
        zones: (master, slave),
        protected,
        modification,
        servers: Vec::new(),
    });
    Ok(answer)
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.comma_list("LoadBalancerId", 50)?;
    let in_json: Vec<(String, String)> = match params.text("Tags") {
        None => Vec::new(),
        Some(text) => {
            let list: Vec<serde_json::Value> =
                serde_json::from_str(text).map_err(|_| Refusal::invalid("Tags"))?;
            let part = |tag: &serde_json::Value, name: &str| tag[name].as_str().unwrap_or("").to_owned();
            list.iter()
                .map(|tag| (part(tag, "TagKey"), part(tag, "TagValue")))
                .collect()
        }
    };
    let search = Search::ids(ids).or_link("server", params.text("ServerId"));
    let page = call.page::<LoadBalancer>(search.whole(), |row| {
        call.is("LoadBalancerName", &row.name)
            && call.is("LoadBalancerStatus", row.status.text())
            && call.is("Address", &row.address)
            && call.is("AddressType", address_type(row))
            && call.is("AddressIPVersion", "ipv4")
            && params
                .text("NetworkType")
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(network(row)))
            && call.is("VpcId", &row.vpc_id)
            && call.is("VSwitchId", &row.vswitch_id)
            && call.is("InternetChargeType", &row.internet_charge)
            && call.is("PayType", pay_type(row))
            && call.is("MasterZoneId", &row.zones.0)
            && call.is("SlaveZoneId", &row.zones.1)
            && call.is("ResourceGroupId", &row.resource_group)
            && params
                .text("ServerId")
                .is_none_or(|id| row.servers.iter().any(|server| server.id == id))
            && params
                .text("ServerIntranetAddress")
                .is_none_or(|ip| row.servers.iter().any(|server| server.ip == ip))
            && in_json.iter().all(|(key, value)| {
                row.tags
                    .iter()
                    .any(|(own, own_value)| own == key && (value.is_empty() || own_value == value))
            })
    })?;
    Ok(call.listed(&page, "LoadBalancers", "LoadBalancer", |row| {
        call.trimmed_to(&["LoadBalancers", "LoadBalancer"], node(row))
    }))
}

fn address_type(row: &LoadBalancer) -> &'static str {
    if row.internet { "internet" } else { "intranet" }
}

fn network(row: &LoadBalancer) -> &'static str {
    if row.vpc_id.is_empty() { "classic" } else { "vpc" }
}

fn pay_type(row: &LoadBalancer) -> &'static str {
    if row.expires.is_some() {
        "PrePay"
    } else {
        "PayOnDemand"
    }
}

fn node(row: &LoadBalancer) -> Node {
    map! {
        "LoadBalancerId": &row.id,
        "LoadBalancerName": &row.name,
        "LoadBalancerStatus": row.status.text(),
        "LoadBalancerSpec": &row.spec,
        "Address": &row.address,
        "AddressType": address_type(row),
        "AddressIPVersion": "ipv4",
        "NetworkType": network(row),
        "VpcId": &row.vpc_id,
        "VSwitchId": &row.vswitch_id,
        "RegionId": &row.region,
        "RegionIdAlias": &row.region,
        "MasterZoneId": &row.zones.0,
        "SlaveZoneId": &row.zones.1,
        "PayType": pay_type(row),
        "InstanceChargeType": &row.charge,
        "InternetChargeType": &row.internet_charge,
        "InternetChargeTypeAlias": &row.internet_charge,
        "Bandwidth": row.bandwidth,
        "DeleteProtection": if row.protected { "on" } else { "off" },
        "ModificationProtectionStatus": &row.modification.0,
        "ModificationProtectionReason": &row.modification.1,
        "CreateTime": seconds(row.created),
        "CreateTimeStamp": row.created,
        "EndTime": row.expires.map_or_else(|| "2999-09-08T16:00:00Z".to_owned(), seconds),
        "EndTimeStamp": row.expires.unwrap_or(32_493_801_600_000),
        "ResourceGroupId": &row.resource_group,
        "Tags": ecs_tags(&row.tags),
    }
}

fn describe_attribute(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = find(call, call.params.required("LoadBalancerId")?)?;
    let mut node = node(row);
    let servers = row.servers.iter().map(|server| {
        map! {
            "ServerId": &server.id,
            "ServerIp": &server.ip,
            "Type": &server.kind,
            "Weight": server.weight,
            "Description": &server.description,
        }
    });
    node.push(
        "BackendServers",
        map! { "BackendServer": servers.collect::<Vec<_>>() },
    );
    // A listener's name is `protocol_port`.
    let listeners: Vec<(String, i64, String)> = call
        .world
        .heads_linked("slb_listener", LoadBalancer::NAME, &row.id)
        .filter_map(|head| {
            let (protocol, port) = head.name.split_once('_')?;
            Some((protocol.to_owned(), port.parse().ok()?, head.description.clone()))
        })
        .collect();
    let ports: Vec<Node> = listeners.iter().map(|(_, port, _)| (*port).into()).collect();
    let old = listeners
        .iter()
        .map(|(protocol, port, _)| map! { "ListenerPort": *port, "ListenerProtocal": protocol });
    let new = listeners.iter().map(|(protocol, port, text)| {
        map! { "ListenerPort": *port, "ListenerProtocol": protocol, "Description": text }
    });
    let (old, new): (Vec<Node>, Vec<Node>) = (old.collect(), new.collect());
    node.push("ListenerPorts", map! { "ListenerPort": ports });
    node.push(
        "ListenerPortsAndProtocal",
        map! { "ListenerPortAndProtocal": old },
    );
    node.push(
        "ListenerPortsAndProtocol",
        map! { "ListenerPortAndProtocol": new },
    );
    Ok(call.trimmed(node))
}

fn set_name(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = changeable(call)?.id.clone();
    let name = call.name("LoadBalancerName", 1, &["InvalidParameter"])?;
    call.world
        .update::<LoadBalancer, _>(&id, |row| row.rename(name, None));
    done()
}

fn set_status(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = changeable(call)?.id.clone();
    let status = match call.params.required("LoadBalancerStatus")? {
        "active" => Status::Active,
        "inactive" => Status::Inactive,
        _ => return Err(Refusal::invalid("LoadBalancerStatus")),
    };
    call.world
        .update::<LoadBalancer, _>(&id, |row| row.status = status);
    done()
}

fn set_protection(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = changeable(call)?;
    let id = row.id.clone();
    let on = match call.params.required("DeleteProtection")? {
        "on" if row.expires.is_some() => {
            return refuse("OperationUnsupported.DeleteProtectionForPrePayInstance");
        }
        "on" => true,
        "off" => false,
        _ => return Err(Refusal::invalid("DeleteProtection")),
    };
    call.world
        .update::<LoadBalancer, _>(&id, |row| row.protected = on);
    done()
}

fn set_modification(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = find(call, call.params.required("LoadBalancerId")?)?.id.clone();
    if let Some(modification) = modification(call)? {
        call.world
            .update::<LoadBalancer, _>(&id, |row| row.modification = modification);
    }
    done()
}

fn modify_internet(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = changeable(call)?;
    if !row.internet {
        return refuse("Operation.NotAllowed");
    }
    let id = row.id.clone();
    let (bandwidth, charge) = (bandwidth(call)?, internet_charge(call)?);
    call.world.update::<LoadBalancer, _>(&id, |row| {
        row.bandwidth = bandwidth.unwrap_or(row.bandwidth);
        if let Some(charge) = charge {
            row.internet_charge = charge;
        }
    });
    done()
}

fn modify_spec(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = changeable(call)?;
    let id = row.id.clone();
    if row.charge == "PayByCLCU" {
        return refuse("OperationDenied.PayByCLCU");
    }
    let spec = call.params.required("LoadBalancerSpec")?;
    if !SPECS.contains(&spec) {
        return refuse("ModifySpecNotAllowed");
    }
    call.world
        .update::<LoadBalancer, _>(&id, |row| row.spec = spec.to_owned());
    done()
}

/// From now on it is paid for beforehand; there is no way back.
fn modify_pay_type(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = changeable(call)?;
    if call.params.text_or("PayType", "PrePay") != "PrePay" {
        return Err(Refusal::invalid("PayType"));
    }
    if row.charge == "PayByCLCU" {
        return refuse("OperationDenied.PayByCLCU");
    }
    if row.expires.is_some() || row.protected {
        return refuse("Operation.NotAllowed");
    }
    let (id, order) = (row.id.clone(), 31_000_000 + row.place);
    let expires = paid_until(call)?;
    call.world
        .update::<LoadBalancer, _>(&id, |row| row.expires = Some(expires));
    Ok(map! { "OrderId": i64::try_from(order).unwrap_or(0) })
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = changeable(call)?;
    if row.protected {
        return refuse("OperationDenied.DeleteProtectionIsOn");
    }
    if row.expires.is_some_and(|expires| expires > call.now.real) {
        return refuse("InvalidChargeType");
    }
    let id = row.id.clone();
    call.remove::<LoadBalancer>(&id);
    done()
}

fn describe_zones(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let zones: Vec<String> = call.region_facts().zones().collect();
    let nodes = zones.iter().map(|zone| {
        let slaves = zones
            .iter()
            .filter(|other| *other != zone)
            .map(|other| map! { "ZoneId": other, "LocalName": other });
        let slaves = map! { "SlaveZone": slaves.collect::<Vec<_>>() };
        map! { "ZoneId": zone, "LocalName": zone, "SlaveZones": slaves }
    });
    Ok(map! { "Zones": map! { "Zone": nodes.collect::<Vec<_>>() } })
}

fn describe_available(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    if !matches!(params.text("AddressIPVersion"), None | Some("ipv4" | "ipv6")) {
        return Err(Refusal::invalid("AddressIPVersion"));
    }
    if !matches!(
        params.text("AddressType"),
        None | Some("vpc" | "classic-internet" | "classic-intranet")
    ) {
        return Err(Refusal::invalid("AddressType"));
    }
    // On the classic network there is nothing any more, and public ones have IPv4 only.
    let offers = [("vpc", "ipv4"), ("vpc", "ipv6"), ("classic-internet", "ipv4")];
    let offered: Vec<Node> = offers
        .iter()
        .filter(|(kind, version)| call.is("AddressType", kind) && call.is("AddressIPVersion", version))
        .map(|(kind, version)| map! { "AddressType": *kind, "AddressIPVersion": *version })
        .collect();
    let zones: Vec<String> = call.region_facts().zones().collect();
    let pairs = zones.iter().flat_map(|master| {
        let others = zones.iter().filter(move |slave| *slave != master);
        others.map(move |slave| (master, slave))
    });
    let nodes = pairs.filter(|_| !offered.is_empty()).map(|(master, slave)| {
        map! {
            "MasterZoneId": master,
            "SlaveZoneId": slave,
            "SupportResources": map! { "SupportResource": offered.clone() },
        }
    });
    Ok(map! { "AvailableResources": map! { "AvailableResource": nodes.collect::<Vec<_>>() } })
}

fn describe_regions(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let english = call.params.text_or("AcceptLanguage", "zh-CN").starts_with("en");
    let regions = super::super::catalogue::regions().iter().map(|region| {
        map! {
            "RegionId": region.id,
            "LocalName": if english { region.id } else { region.name },
            "RegionEndpoint": format!("slb.{}.aliyuncs.com", region.id),
        }
    });
    Ok(map! { "Regions": map! { "Region": regions.collect::<Vec<_>>() } })
}
