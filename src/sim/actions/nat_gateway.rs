//! NAT gateways.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, ecs_tags};
use super::super::clock::{add_months, seconds};
use super::super::head::{Head, Status, row};
use super::super::net::ip_text;
use super::super::node::{Node, map, texts};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::eip::Eip;
use super::nat_ip;
use super::route_entry;
use super::vswitch::{VSwitch, free_address};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct NatGateway {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) vpc_id: String,
    pub(super) vswitch_id: String,
    private_ip: u32,
    /// `internet` or `intranet`.
    pub(super) network_type: String,
    spec: String,
    internet_charge: String,
    expires: Option<i64>,
    eip_bind_mode: String,
    icmp_reply: bool,
    security_protection: bool,
    pub(super) snat_table: String,
    pub(super) forward_table: String,
    pub(super) interface_id: String,
    zone: String,
    pub(super) protected: bool,
}

row!(NatGateway, links: |row, link| {
    link("vpc", &row.vpc_id);
    link("vswitch", &row.vswitch_id);
    link("snat table", &row.snat_table);
    link("forward table", &row.forward_table);
}, addresses: |row, note| note(&row.vswitch_id, row.private_ip));

impl Kind for NatGateway {
    const NAME: &'static str = "nat_gateway";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(VPC, "natgateway")];
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[
        (
            "vswitch",
            &["DependencyViolation.NatGateway", "DependencyViolation"],
        ),
        ("vpc", &["DependencyViolation.NatGateway"]),
    ];
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateNatGateway", create),
    (VPC, "DescribeNatGateways", describe),
    (VPC, "GetNatGatewayAttribute", get),
    (VPC, "ModifyNatGatewayAttribute", modify),
    (VPC, "ModifyNatGatewaySpec", modify_spec),
    (VPC, "UpdateNatGatewayNatType", convert),
    (VPC, "DeleteNatGateway", delete),
    (VPC, "ListEnhanhcedNatGatewayAvailableZones", list_zones),
];

/// Simulated delays, in milliseconds of life-cycle time.
const CREATING_MS: i64 = 5_000;
const MODIFYING_MS: i64 = 2_000;
const DELETING_MS: i64 = 3_000;

const ABSENT: &str = "InvalidNatGatewayId.NotFound";
const NAME: &[&str] = &[
    "InvalidParameter.Name.Malformed",
    "InvalidNatGatewayName.MalFormed",
];
const DESCRIPTION: &[&str] = &[
    "InvalidParameter.Description.Malformed",
    "InvalidNatGatewayDescription.MalFormed",
];

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let vpc_id = params.required("VpcId")?;
    let vpc = call
        .world
        .head("vpc", vpc_id)
        .filter(|head| head.is_in(&call.region));
    let vpc = vpc.ok_or_else(|| Refusal::new("InvalidVpcId.NotFound"))?;
    if vpc.status != Status::Available {
        return refuse("VpcStatusError");
    }
    if params.text_or("NatType", "Enhanced") != "Enhanced" {
        return refuse("OperationFailed.NormalInventoryNotEnough");
    }
    let Some(vswitch_id) = params.text("VSwitchId") else {
        return Err(Refusal::missing("VSwitchId"));
    };
    let vswitch = call.find::<VSwitch>(vswitch_id, "InvalidVSwitchId.NotFound")?;
    if vswitch.vpc_id != vpc_id {
        return refuse("OperationFailed.VswNotBelongToVpc");
    }
    if vswitch.status != Status::Available {
        return refuse("VswitchStatusError");
    }
    let network_type = match params.text_or("NetworkType", "internet") {
        kind @ ("internet" | "intranet") => kind,
        _ => return Err(call.code(&["ParameterIllegal"])),
    };
    let expires = match params.text_or("InstanceChargeType", "PostPaid") {
        "PostPaid" => None,
        "PrePaid" => {
            let duration = params
                .int("Duration")?
                .ok_or_else(|| Refusal::missing("Duration"))?;
            let months = if params
                .text_or("PricingCycle", "Month")
                .eq_ignore_ascii_case("year")
            {
                12
            } else {
                1
            };
            Some(add_months(call.now.real, duration.clamp(1, 60) * months))
        }
        _ => return Err(Refusal::invalid("InstanceChargeType")),
    };
    let charge = match params.text_or("InternetChargeType", "PayByLcu") {
        "PayByLcu" if expires.is_some() => return refuse("OperationUnsupported.PrePaidPyByLcu"),
        charge @ ("PayByLcu" | "PayBySpec") => charge,
        _ => return refuse("UnsupportedFeature.InternetChargeType"),
    };
    let spec = match params.text_or("Spec", "Small") {
        spec @ ("Small" | "Middle" | "Large" | "XLarge.1") => spec,
        _ => return refuse("InvalidParameter.Spec.ValueNotSupported"),
    };
    if params.flag("PrivateLinkEnabled") || params.text("AccessMode").is_some() {
        return refuse("UnsupportedFeature.PrivateLink");
    }
    let eip_bind_mode = match params.text_or("EipBindMode", "MULTI_BINDED") {
        mode @ ("MULTI_BINDED" | "NAT") => mode,
        _ => return Err(call.code(&["ParameterIllegal"])),
    };
    let wanted = match params.text("NatIp") {
        None => None,
        Some(text) => {
            let address = text.parse::<std::net::Ipv4Addr>().map(u32::from);
            let address = address.map_err(|_| call.code(&["ParameterIllegal"]))?;
            let free = vswitch.cidr_block.usable().contains(&address)
                && !call.world.address_is_used(vswitch_id, address);
            Some(if free {
                address
            } else {
                return refuse("AllocateIpFailed");
            })
        }
    };
    if params.text("Ipv4Prefix").is_some() {
        return Err(call.code(&["ParameterIllegal"]));
    }
    let name = call.name("Name", 2, NAME)?.unwrap_or_default();
    let description = call.description(2, DESCRIPTION)?.unwrap_or_default();
    let tags = call.tags()?;
    let cidr = vswitch.cidr_block;
    let (zone, resource_group) = (vswitch.zone.clone(), vpc.resource_group.clone());
    let Some(private_ip) = wanted.or_else(|| free_address(call.world, vswitch_id)) else {
        return refuse("ZONE_NO_AVAILABLE_IP");
    };
    let (mut head, mut numbers) = call.head("ngw-");
    head.name = name;
    head.description = description;
    head.tags = tags;
    head.resource_group = resource_group;
    head.pass(Status::Creating, CREATING_MS, Status::Available, call.now);
    let infix = call.region_facts().infix;
    let gateway = NatGateway {
        vpc_id: vpc_id.to_owned(),
        vswitch_id: vswitch_id.to_owned(),
        private_ip,
        network_type: network_type.to_owned(),
        spec: spec.to_owned(),
        internet_charge: charge.to_owned(),
        expires,
        eip_bind_mode: eip_bind_mode.to_owned(),
        icmp_reply: params.bool("IcmpReplyEnabled").unwrap_or(true),
        security_protection: params.flag("SecurityProtectionEnabled"),
        snat_table: format!("stb-{infix}{}", numbers.letters(17)),
        forward_table: format!("ftb-{infix}{}", numbers.letters(17)),
        interface_id: format!("eni-{infix}{}", numbers.letters(17)),
        zone,
        protected: false,
        head,
    };
    let id = gateway.id.clone();
    let answer = map! {
        "NatGatewayId": &id,
        "SnatTableIds": map! { "SnatTableId": texts([&gateway.snat_table]) },
        "ForwardTableIds": map! { "ForwardTableId": texts([&gateway.forward_table]) },
        "FullNatTableIds": map! { "FullNatTableId": Vec::new() },
    };
    let leads_out = network_type == "internet";
    call.world.insert(gateway);
    if leads_out {
        route_entry::lead_out(call, vpc_id, "NatGateway", &id);
    } else {
        nat_ip::begin(call, &id, cidr, private_ip);
    }
    Ok(answer)
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.text("NatGatewayId").map(|id| vec![id]);
    let page = call.page::<NatGateway>(
        Search::ids(ids).or_link("vpc", params.text("VpcId")).whole(),
        |gateway| {
            call.is("VpcId", &gateway.vpc_id)
                && call.is("Name", &gateway.name)
                && call.is("Status", gateway.status.text())
                && call.is("NetworkType", &gateway.network_type)
                && call.is("NatType", "Enhanced")
                && call.is("InstanceChargeType", charge(gateway))
                && call.is("Spec", &gateway.spec)
                && call.is("ZoneId", &gateway.zone)
                && call.is("ResourceGroupId", &gateway.resource_group)
        },
    )?;
    Ok(call.listed(&page, "NatGateways", "NatGateway", |gateway| node(call, gateway)))
}

fn charge(gateway: &NatGateway) -> &'static str {
    if gateway.expires.is_some() {
        "PrePaid"
    } else {
        "PostPaid"
    }
}

fn addresses(call: &Call<'_>, gateway: &NatGateway) -> Vec<Node> {
    call.world
        .linked::<Eip>(NatGateway::NAME, &gateway.id)
        .map(|eip| {
            let used = call
                .world
                .heads_linked("snat_entry", "eip", &eip.id)
                .next()
                .is_some()
                || call
                    .world
                    .heads_linked("forward_entry", "eip", &eip.id)
                    .next()
                    .is_some();
            map! {
                "AllocationId": &eip.id,
                "IpAddress": &eip.address,
                "PrivateIpAddress": ip_text(gateway.private_ip),
                "SnatEntryEnabled": true,
                "UsingStatus": if used { "UsedBySnatTable" } else { "Idle" },
            }
        })
        .collect()
}

fn node(call: &Call<'_>, gateway: &NatGateway) -> Node {
    map! {
        "NatGatewayId": &gateway.id,
        "Name": &gateway.name,
        "Description": &gateway.description,
        "Status": gateway.status.text(),
        "RegionId": &gateway.region,
        "VpcId": &gateway.vpc_id,
        "NatType": "Enhanced",
        "NetworkType": &gateway.network_type,
        "Spec": if gateway.internet_charge == "PayBySpec" { gateway.spec.as_str() } else { "" },
        "InternetChargeType": &gateway.internet_charge,
        "InstanceChargeType": charge(gateway),
        "AutoPay": false,
        "BusinessStatus": "Normal",
        "CreationTime": seconds(gateway.created),
        "ExpiredTime": gateway.expires.map(seconds).unwrap_or_default(),
        "DeletionProtection": gateway.protected,
        "EcsMetricEnabled": false,
        "EipBindMode": &gateway.eip_bind_mode,
        "EnableSessionLog": "false",
        "IcmpReplyEnabled": gateway.icmp_reply,
        "PrivateLinkEnabled": false,
        "SecurityProtectionEnabled": gateway.security_protection,
        "ResourceGroupId": &gateway.resource_group,
        "SnatTableIds": map! { "SnatTableId": texts([&gateway.snat_table]) },
        "ForwardTableIds": map! { "ForwardTableId": texts([&gateway.forward_table]) },
        "FullNatTableIds": map! { "FullNatTableId": Vec::new() },
        "IpLists": map! { "IpList": addresses(call, gateway) },
        "NatGatewayPrivateInfo": map! {
            "EniInstanceId": &gateway.interface_id,
            "EniType": "Secondary",
            "IzNo": &gateway.zone,
            "MaxBandwidth": 5120,
            "MaxSessionEstablishRate": 100_000,
            "MaxSessionQuota": 2_000_000,
            "PrivateIpAddress": ip_text(gateway.private_ip),
            "VswitchId": &gateway.vswitch_id,
        },
        "Tags": ecs_tags(&gateway.tags),
    }
}

fn get(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("NatGatewayId")?;
    let gateway = call.find_visible::<NatGateway>(id, ABSENT)?;
    let count = |kind: &str| call.world.heads_linked(kind, NatGateway::NAME, id).count();
    let mut node = node(call, gateway);
    node.push(
        "BillingConfig",
        map! {
            "AutoPay": "false",
            "InstanceChargeType": charge(gateway),
            "InternetChargeType": &gateway.internet_charge,
            "Spec": &gateway.spec,
        },
    );
    node.push("DeletionProtectionInfo", map! { "Enabled": gateway.protected });
    node.push(
        "SnatTable",
        map! {
            "SnatTableId": &gateway.snat_table,
            "SnatEntryCount": count("snat_entry"),
        },
    );
    node.push(
        "ForwardTable",
        map! {
            "ForwardTableId": &gateway.forward_table,
            "ForwardEntryCount": count("forward_entry"),
        },
    );
    node.push("IpList", addresses(call, gateway));
    node.push(
        "PrivateInfo",
        map! {
            "EniInstanceId": &gateway.interface_id,
            "IzNo": &gateway.zone,
            "MaxBandwidth": 5120,
            "PrivateIpAddress": ip_text(gateway.private_ip),
            "VswitchId": &gateway.vswitch_id,
        },
    );
    // The list words it as a text, this one as a truth.
    let mut node = call.trimmed(node);
    if let Node::Map(fields) = &mut node {
        fields.retain(|(name, _)| name != "EnableSessionLog");
    }
    node.push("EnableSessionLog", false);
    Ok(node)
}

/// A gateway at rest.
pub(super) fn settled<'t>(call: &'t Call<'_>, id: &str) -> Result<&'t NatGateway, Refusal> {
    let gateway = call.find::<NatGateway>(
        id,
        call.facts.code_among(&[ABSENT, "ResourceNotFound.NatGateway"]),
    )?;
    if gateway.status == Status::Available {
        Ok(gateway)
    } else {
        Err(call.code(&["IncorrectStatus.NATGW", "IncorrectStatus.NatGateway"]))
    }
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("NatGatewayId")?;
    let gateway = settled(call, id)?;
    let name = call.name("Name", 2, NAME)?;
    let description = call.description(2, DESCRIPTION)?;
    let mode = match params.text("EipBindMode") {
        None => None,
        Some("NAT") if gateway.eip_bind_mode == "NAT" => {
            return refuse("OperationDenied.EipBondTypeIsAlreadyNAT");
        }
        Some("NAT") => Some("NAT".to_owned()),
        Some(_) => return Err(call.code(&["UnsupportedFeature.NormalNatModifyEipBindMode"])),
    };
    if params.flag("EnableSessionLog") || params.text("LogDelivery").is_some() {
        return refuse("UnsupportedFeature.EnableSessionLog");
    }
    call.world.update::<NatGateway, _>(id, |gateway| {
        gateway.rename(
            name,
            description.or_else(|| params.given("Description").map(str::to_owned)),
        );
        gateway.icmp_reply = params.bool("IcmpReplyEnabled").unwrap_or(gateway.icmp_reply);
        if let Some(mode) = mode {
            gateway.eip_bind_mode = mode;
        }
    });
    done()
}

fn modify_spec(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("NatGatewayId")?;
    let gateway = call.find::<NatGateway>(id, ABSENT)?;
    if gateway.status != Status::Available {
        return refuse("IncorrectStatus.NatGateway");
    }
    if gateway.internet_charge == "PayByLcu" {
        return refuse("OperationUnsupported.PayByLcuNatModifySpec");
    }
    let spec = match call.params.required("Spec")? {
        spec if spec == gateway.spec => return refuse("NATGW_MODIFY_SPEC_SAME"),
        spec @ ("Small" | "Middle" | "Large" | "XLarge.1") => spec.to_owned(),
        _ => return refuse("InvalidParameter.Spec.ValueNotSupported"),
    };
    let now = call.now;
    call.world.update::<NatGateway, _>(id, |gateway| {
        gateway.spec = spec;
        gateway.pass(Status::Modifying, MODIFYING_MS, Status::Available, now);
    });
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("NatGatewayId")?;
    let gateway = call.find::<NatGateway>(id, ABSENT)?;
    if gateway.protected {
        return refuse("InvalidOperation.DeletionProtection");
    }
    if gateway.status != Status::Available {
        return refuse("IncorrectStatus.NatGateway");
    }
    // By force, entries and bindings go with it.
    if !call.params.flag("Force") {
        call.unheld::<NatGateway>(id)?;
    }
    let now = call.now;
    call.world
        .update::<NatGateway, _>(id, |gateway| gateway.leave(Status::Deleting, DELETING_MS, now));
    done()
}

/// Makes an old gateway one of today's. All that there are here are of today, so that none gets through.
fn convert(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let gateway = call.find::<NatGateway>(params.required("NatGatewayId")?, "NATGW_NOT_EXIST")?;
    if params.required("NatType")? != "Enhanced" {
        return refuse("OperationFailed.NatTypeNotEnhanced");
    }
    let vswitch = call.find::<VSwitch>(params.required("VSwitchId")?, "OperationFailed.VswNotExist")?;
    if vswitch.vpc_id != gateway.vpc_id {
        return refuse("OperationFailed.VswNotBelongToVpc");
    }
    if gateway.status != Status::Available {
        return refuse("IncorrectStatus.NatGateway");
    }
    refuse("OperationUnsupported.NatConvert")
}

fn list_zones(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let zones = call.region_facts().zones();
    let zones = zones.map(|zone| map! { "ZoneId": &zone, "LocalName": &zone });
    Ok(map! { "Zones": zones.collect::<Vec<_>>() })
}
