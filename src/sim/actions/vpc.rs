//! VPCs. Does not know what lies in them beyond that it blocks a deletion.

use super::super::call::{Call, Entry, Search, done, vpc_tags};
use super::super::clock::seconds;
use super::super::head::{Head, Status, Tag, row};
use super::super::net::{Cidr, Cidr6};
use super::super::node::{Node, map, texts};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::ipv4_gateway::Ipv4Gateway;
use super::ipv6_gateway::Ipv6Gateway;
use super::route_entry::RouteEntry;
use super::route_table::{self, RouteTable};
use super::vpc_ipv6_cidr::{BLOCK, free_block, reserved, take};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Vpc {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) cidr_block: Cidr,
    pub(super) router_id: String,
    pub(super) route_table_id: String,
    pub(super) user_cidr: String,
    pub(super) dns_host_names: bool,
    #[serde(default)]
    pub(super) ipv6: Option<Cidr6>,
    #[serde(default)]
    pub(super) ipv6_isp: String,
    /// Further networks, in the order of their coming.
    #[serde(default)]
    pub(super) secondary: Vec<Cidr>,
    #[serde(default)]
    pub(super) is_default: bool,
    /// The set of DHCP options that it has; empty without one.
    #[serde(default)]
    pub(super) dhcp_options: String,
    /// Whether servers of the classic network may be linked to it.
    #[serde(default)]
    pub(super) classic_link: bool,
    /// What became of its way to the internet when its gateway went: `public`, `private`, or nothing yet.
    #[serde(default)]
    pub(super) internet_mode: String,
}

impl Vpc {
    /// Whether a network lies in one of its own.
    pub(super) fn covers(&self, cidr: Cidr) -> bool {
        std::iter::once(&self.cidr_block)
            .chain(&self.secondary)
            .any(|own| own.covers(cidr))
    }
}

row!(Vpc, links: |row, link| {
    if !row.dhcp_options.is_empty() {
        link("dhcp_options", &row.dhcp_options);
    }
    if let Some(block) = row.ipv6 {
        link(BLOCK, &block.to_string());
    }
});

impl Kind for Vpc {
    const NAME: &'static str = "vpc";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(VPC, "vpc")];
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateVpc", create),
    (VPC, "DeleteVpc", delete),
    (VPC, "DescribeVpcs", describe),
    (VPC, "DescribeVpcAttribute", describe_attribute),
];

/// Simulated: how long a new VPC is Pending.
const PENDING_MS: i64 = 2_000;
/// The networks that a VPC may be cut from.
pub(super) const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

pub(super) const NAME: &[&str] = &["InvalidVpcName.Malformed"];
pub(super) const DESCRIPTION: &[&str] = &["InvalidVpcDiscription.Malformed"];

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let cidr_block = cidr(call.params.text_or("CidrBlock", "172.16.0.0/12"))
        .ok_or_else(|| Refusal::invalid("CidrBlock"))?;
    let ipv6_isp = ipv6_isp(call)?;
    let reserved = reserved(call, "Ipv6CidrBlock")?;
    if reserved.is_some() && !call.params.flag("EnableIpv6") {
        return refuse("MissingParam.EnableIpv6");
    }
    for pool in ["Ipv4IpamPoolId", "Ipv6IpamPoolId"] {
        if call.params.text(pool).is_some() {
            return refuse("ResourceNotFound.IpamPool");
        }
    }
    for mask in ["Ipv4CidrMask", "Ipv6CidrMask"] {
        if call.params.text(mask).is_some() {
            return refuse("IllegalParam.IpamPool");
        }
    }
    let with_ipv6 = call.params.flag("EnableIpv6");
    let name = call.name("VpcName", 1, NAME)?.unwrap_or_default();
    let description = call.description(1, DESCRIPTION)?.unwrap_or_default();
    let tags = call.tags()?;
    call.validated()?;
    let order = Order {
        cidr_block,
        name,
        description,
        user_cidr: call.params.text_or("UserCidr", "").to_owned(),
        dns_host_names: call.params.flag("EnableDnsHostname"),
        with_ipv6,
        reserved: reserved.map(|(block, _)| block),
        ipv6_isp,
        is_default: false,
        tags,
    };
    Ok(insert(call, order))
}

/// What a new VPC is to be.
pub(super) struct Order {
    pub(super) cidr_block: Cidr,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) user_cidr: String,
    pub(super) dns_host_names: bool,
    pub(super) with_ipv6: bool,
    /// The network that was kept for it, if any was.
    pub(super) reserved: Option<Cidr6>,
    pub(super) ipv6_isp: String,
    pub(super) is_default: bool,
    pub(super) tags: Vec<Tag>,
}

/// Makes a VPC with its route table; the answer names them.
pub(super) fn insert(call: &mut Call<'_>, order: Order) -> Node {
    let (mut head, mut numbers) = call.head("vpc-");
    head.name = order.name;
    head.description = order.description;
    head.tags = order.tags;
    head.pass(Status::Pending, PENDING_MS, Status::Available, call.now);
    let infix = call.region_facts().infix;
    if let Some(block) = order.reserved {
        take(call, block);
    }
    let ipv6 = order
        .reserved
        .or_else(|| order.with_ipv6.then(|| free_block(call.world, head.place)));
    let vpc = Vpc {
        cidr_block: order.cidr_block,
        router_id: format!("vrt-{infix}{}", numbers.letters(17)),
        route_table_id: format!("vtb-{infix}{}", numbers.letters(17)),
        user_cidr: order.user_cidr,
        dns_host_names: order.dns_host_names,
        ipv6,
        ipv6_isp: order.ipv6_isp,
        secondary: Vec::new(),
        is_default: order.is_default,
        dhcp_options: String::new(),
        classic_link: false,
        internet_mode: String::new(),
        head,
    };
    let answer = map! {
        "VpcId": &vpc.id,
        "VRouterId": &vpc.router_id,
        "RouteTableId": &vpc.route_table_id,
        "ResourceGroupId": &vpc.resource_group,
    };
    route_table::make_system(call, &vpc.head, &vpc.router_id, &vpc.route_table_id);
    call.world.insert(vpc);
    answer
}

pub(super) fn ipv6_isp(call: &Call<'_>) -> Result<String, Refusal> {
    match call.params.text_or("Ipv6Isp", "BGP") {
        "BGP" => Ok("BGP".to_owned()),
        "ChinaMobile" | "ChinaUnicom" | "ChinaTelecom" => refuse("UnsupportedFeature.Ipv6Isp"),
        _ => Err(call.code(&["UnsupportedFeature.Ipv6Isp"])),
    }
}

/// A network that a VPC may have: private, with a mask of 8 to 28 bits.
pub(super) fn cidr(text: &str) -> Option<Cidr> {
    let cidr = Cidr::parse(text)?;
    let private = PRIVATE
        .iter()
        .filter_map(|text| Cidr::parse(text))
        .any(|private| private.covers(cidr));
    (private && (8..=28).contains(&cidr.bits)).then_some(cidr)
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("VpcId")?;
    let vpc = call.find::<Vpc>(id, "InvalidVpcId.NotFound")?;
    if vpc.status != Status::Available {
        return refuse("IncorrectVpcStatus");
    }
    if call.params.flag("ForceDelete") {
        return delete_with_gateways(call, id);
    }
    call.unheld::<Vpc>(id)?;
    without_own_tables(call, id)?;
    call.validated()?;
    call.remove::<Vpc>(id);
    done()
}

/// Its own table goes with a VPC; those that somebody has made hold it.
fn without_own_tables(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    if call
        .world
        .linked::<RouteTable>(Vpc::NAME, id)
        .any(|table| !table.system)
    {
        return Err(call.code(&[
            "DependencyViolation.CustomRouteTable",
            "DependencyViolation.RouteTable",
        ]));
    }
    Ok(())
}

/// By force go its doors to the internet and the routes through them; anything else holds it still.
fn delete_with_gateways(call: &mut Call<'_>, id: &str) -> Result<Node, Refusal> {
    let doors = [Ipv4Gateway::NAME, Ipv6Gateway::NAME, RouteEntry::NAME];
    if let Some(codes) = call.world.holder_besides::<Vpc>(id, &doors) {
        return Err(call.code(codes));
    }
    without_own_tables(call, id)?;
    let gateways = call.world.ids_linked::<Ipv6Gateway>(Vpc::NAME, id);
    for gateway in &gateways {
        call.unheld::<Ipv6Gateway>(gateway)?;
    }
    call.validated()?;
    for gateway in call.world.ids_linked::<Ipv4Gateway>(Vpc::NAME, id) {
        call.remove::<Ipv4Gateway>(&gateway);
    }
    for gateway in gateways {
        call.remove::<Ipv6Gateway>(&gateway);
    }
    call.remove::<Vpc>(id);
    done()
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params
        .comma_list("VpcId", 20)
        .map_err(|_| Refusal::new("InvalidVpcIdNumber.NotSupported"))?;
    let page = call.page::<Vpc>(Search::ids(ids).whole(), |vpc| {
        params.text("VpcName").is_none_or(|name| name == vpc.name)
            && params
                .text("ResourceGroupId")
                .is_none_or(|group| group == vpc.resource_group)
            && params
                .bool("IsDefault")
                .is_none_or(|wanted| wanted == vpc.is_default)
            && params
                .bool("EnableIpv6")
                .is_none_or(|wanted| wanted == vpc.ipv6.is_some())
            && call.is("DhcpOptionsSetId", &vpc.dhcp_options)
            && call.is("VpcOwnerId", &call.world.account_id)
    })?;
    Ok(call.listed(&page, "Vpcs", "Vpc", |vpc| {
        let mut node = common(call, vpc);
        let tables = call
            .world
            .heads_linked("route_table", "vpc", &vpc.id)
            .map(|head| &head.id);
        let gateways = call
            .world
            .heads_linked("nat_gateway", "vpc", &vpc.id)
            .map(|head| &head.id);
        node.push("RouterTableIds", map! { "RouterTableIds": texts(tables) });
        node.push("NatGatewayIds", map! { "NatGatewayIds": texts(gateways) });
        node.push("CenStatus", "Detached");
        node
    }))
}

fn describe_attribute(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("VpcId")?;
    let vpc = call.find_visible::<Vpc>(id, "InvalidVpcId.NotFound")?;
    if call
        .params
        .bool("IsDefault")
        .is_some_and(|wanted| wanted != vpc.is_default)
    {
        return refuse("InvalidVpcId.NotFound");
    }
    let mut node = common(call, vpc);
    node.push("ClassicLinkEnabled", vpc.classic_link);
    node.push("AssociatedCens", map! { "AssociatedCen": Vec::new() });
    let count = |kind: &str, count: usize| map! { "ResourceType": kind, "ResourceCount": count };
    let resources = vec![
        count("VSwitch", call.world.heads_linked("vswitch", "vpc", id).count()),
        count("VRouter", 1),
        count(
            "RouteTable",
            call.world.heads_linked("route_table", "vpc", id).count(),
        ),
        count(
            "SecurityGroup",
            call.world.heads_linked("security_group", "vpc", id).count(),
        ),
    ];
    let mut gateways = call.world.heads_linked("ipv4_gateway", "vpc", id);
    let gateway = gateways.next().map(|head| head.id.clone());
    node.push("Ipv4GatewayId", gateway.unwrap_or_default());
    node.push("SupportIpv4Gateway", true);
    node.push("CloudResources", map! { "CloudResourceSetType": resources });
    Ok(node)
}

/// What both descriptions of a VPC hold.
fn common(call: &Call<'_>, vpc: &Vpc) -> Node {
    let vswitches = call
        .world
        .heads_linked("vswitch", "vpc", &vpc.id)
        .map(|head| &head.id);
    let ipv6_blocks = vpc
        .ipv6
        .iter()
        .map(|block| map! { "Ipv6CidrBlock": block.to_string(), "Ipv6Isp": &vpc.ipv6_isp })
        .collect::<Vec<_>>();
    let user_cidrs: Vec<&str> = vpc.user_cidr.split(',').filter(|cidr| !cidr.is_empty()).collect();
    map! {
        "VpcId": &vpc.id,
        "RegionId": &vpc.region,
        "Status": vpc.status.text(),
        "VpcName": &vpc.name,
        "Description": &vpc.description,
        "CidrBlock": vpc.cidr_block.to_string(),
        "CreationTime": seconds(vpc.created),
        "VRouterId": &vpc.router_id,
        "VSwitchIds": map! { "VSwitchId": texts(vswitches) },
        "UserCidrs": map! { "UserCidr": texts(user_cidrs) },
        "SecondaryCidrBlocks": map! { "SecondaryCidrBlock": texts(vpc.secondary.iter().map(Cidr::to_string)) },
        "Ipv6CidrBlock": vpc.ipv6.map(|block| block.to_string()).unwrap_or_default(),
        "Ipv6CidrBlocks": map! { "Ipv6CidrBlock": ipv6_blocks },
        "EnabledIpv6": vpc.ipv6.is_some(),
        "IsDefault": vpc.is_default,
        "DnsHostnameStatus": if vpc.dns_host_names { "ENABLED" } else { "DISABLED" },
        "DhcpOptionsSetId": &vpc.dhcp_options,
        "DhcpOptionsSetStatus": if vpc.dhcp_options.is_empty() { "" } else { "InUse" },
        "OwnerId": call.world.account_id.parse::<i64>().unwrap_or(0),
        "ResourceGroupId": &vpc.resource_group,
        "Tags": vpc_tags(&vpc.tags),
    }
}
