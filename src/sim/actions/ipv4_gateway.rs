//! IPv4 gateways: the one door of a VPC to the internet, once it is active.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, plain_vpc_tags};
use super::super::clock::seconds;
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::route_entry;
use super::route_table::RouteTable;
use super::vpc::Vpc;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ipv4Gateway {
    #[serde(flatten)]
    pub(super) head: Head,
    vpc_id: String,
    enabled: bool,
    /// The table of what comes in; empty without one.
    route_table_id: String,
}

row!(Ipv4Gateway, links: |row, link| {
    link("vpc", &row.vpc_id);
    if !row.route_table_id.is_empty() {
        link(RouteTable::NAME, &row.route_table_id);
    }
});

impl Kind for Ipv4Gateway {
    const NAME: &'static str = "ipv4_gateway";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(VPC, "ipv4gateway")];
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[
        ("vpc", &["DependencyViolation.Ipv4Gateway"]),
        (RouteTable::NAME, &["OperationDenied.GatewayAssociated"]),
    ];
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateIpv4Gateway", create),
    (VPC, "EnableVpcIpv4Gateway", enable),
    (VPC, "GetIpv4GatewayAttribute", get),
    (VPC, "ListIpv4Gateways", list),
    (VPC, "UpdateIpv4GatewayAttribute", update),
    (VPC, "DeleteIpv4Gateway", delete),
    (VPC, "AssociateRouteTableWithGateway", associate),
    (VPC, "DissociateRouteTableFromGateway", dissociate),
];

/// Simulated delays, in milliseconds of life-cycle time.
const CREATING_MS: i64 = 2_000;
const ACTIVATING_MS: i64 = 2_000;
const DELETING_MS: i64 = 2_000;

const ABSENT: &str = "ResourceNotFound.Ipv4Gateway";
const MALFORMED: &[&str] = &["IllegalParam.Ipv4GatewayName", "InvalidParameter"];

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let vpc_id = call.params.required("VpcId")?;
    let vpc = call.find::<Vpc>(vpc_id, "OperationFailed.VpcNotExist")?;
    if vpc.status != Status::Available {
        return refuse("IncorrectStatus.Vpc");
    }
    if call.world.linked::<Ipv4Gateway>("vpc", vpc_id).next().is_some() {
        return refuse("OperationDenied.VpcExistIpv4Gateway");
    }
    let name = call.name("Ipv4GatewayName", 1, MALFORMED)?;
    let description = call.name("Ipv4GatewayDescription", 1, MALFORMED)?;
    let tags = call.tags()?;
    call.validated()?;
    let (mut head, _) = call.head("ipv4gw-");
    head.rename(name, description);
    head.tags = tags;
    head.pass(Status::Creating, CREATING_MS, Status::Created, call.now);
    let answer = map! { "Ipv4GatewayId": &head.id, "ResourceGroupId": &head.resource_group };
    call.world.insert(Ipv4Gateway {
        head,
        vpc_id: vpc_id.to_owned(),
        enabled: false,
        route_table_id: String::new(),
    });
    Ok(answer)
}

/// The gateway that a request names, when nothing else is done to it.
fn settled<'t>(call: &'t Call<'_>, param: &'static str) -> Result<&'t Ipv4Gateway, Refusal> {
    let gateway = call.find::<Ipv4Gateway>(call.params.required(param)?, ABSENT)?;
    if gateway.status == Status::Created {
        Ok(gateway)
    } else {
        refuse("IncorrectStatus.Ipv4Gateway")
    }
}

fn enable(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let gateway = settled(call, "Ipv4GatewayId")?;
    if gateway.enabled {
        return refuse("OperationFailed.Ipv4GatewayAlreadyActive.");
    }
    let (id, vpc_id) = (gateway.id.clone(), gateway.vpc_id.clone());
    let tables: Vec<String> = call
        .params
        .list("RouteTableList")
        .iter()
        .map(|table| (*table).to_owned())
        .collect();
    for table in &tables {
        let own = call.world.get::<RouteTable>(table);
        if own.is_none_or(|own| own.vpc_id != vpc_id) {
            return refuse("ResourceNotFound.RouteTable");
        }
        if route_entry::leads_everywhere(call.world, table) {
            return refuse("OperationDenied.ConflictOfAllZeroRouting");
        }
    }
    call.validated()?;
    let now = call.now;
    call.world.update::<Ipv4Gateway, _>(&id, |gateway| {
        gateway.enabled = true;
        gateway.pass(Status::Activating, ACTIVATING_MS, Status::Created, now);
    });
    for table in &tables {
        route_entry::lead_everywhere(call, table, "Ipv4Gateway", &id);
    }
    done()
}

fn node(gateway: &Ipv4Gateway) -> Node {
    map! {
        "Ipv4GatewayId": &gateway.id,
        "Ipv4GatewayName": &gateway.name,
        "Ipv4GatewayDescription": &gateway.description,
        "VpcId": &gateway.vpc_id,
        "Status": gateway.status.text(),
        // It counts once the way there is open.
        "Enabled": gateway.enabled && gateway.status == Status::Created,
        "Ipv4GatewayRouteTableId": &gateway.route_table_id,
        "ResourceGroupId": &gateway.resource_group,
        "Tags": plain_vpc_tags(&gateway.tags),
    }
}

fn get(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("Ipv4GatewayId")?;
    let gateway = call
        .find_visible::<Ipv4Gateway>(id, ABSENT)
        .map_err(|refusal| refusal.with_status(404))?;
    let mut node = node(gateway);
    node.push("CreateTime", seconds(gateway.created));
    Ok(node)
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.text("Ipv4GatewayId").map(|id| vec![id]);
    let search = Search::ids(ids).or_link("vpc", params.text("VpcId"));
    let page = call.page::<Ipv4Gateway>(search, |gateway| {
        call.is("VpcId", &gateway.vpc_id)
            && call.is("Ipv4GatewayName", &gateway.name)
            && call.is("ResourceGroupId", &gateway.resource_group)
    })?;
    let nodes = page.rows.iter().map(|gateway| {
        let mut node = node(gateway);
        node.push("GmtCreate", seconds(gateway.created));
        node
    });
    Ok(map! {
        "Ipv4GatewayModels": nodes.collect::<Vec<_>>(),
        "TotalCount": page.total.to_string(),
        "NextToken": &page.next_token,
    })
}

fn update(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = settled(call, "Ipv4GatewayId")?.id.clone();
    let name = call.name("Ipv4GatewayName", 1, MALFORMED)?;
    let description = call.name("Ipv4GatewayDescription", 1, MALFORMED)?;
    call.validated()?;
    call.world
        .update::<Ipv4Gateway, _>(&id, |gateway| gateway.rename(name, description));
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let gateway = settled(call, "Ipv4GatewayId")?;
    let (id, vpc_id) = (gateway.id.clone(), gateway.vpc_id.clone());
    if !gateway.route_table_id.is_empty() {
        return refuse("OperationDenied.GatewayAlreadyAssociated");
    }
    let mode = match call.params.text_or("InternetMode", "public") {
        mode @ ("public" | "private") => mode.to_owned(),
        _ => return Err(Refusal::invalid("InternetMode")),
    };
    call.unheld::<Ipv4Gateway>(&id)?;
    call.validated()?;
    let now = call.now;
    call.world
        .update::<Ipv4Gateway, _>(&id, |gateway| gateway.leave(Status::Deleting, DELETING_MS, now));
    call.world
        .update::<Vpc, _>(&vpc_id, |vpc| vpc.internet_mode = mode);
    done()
}

// ── the table of what comes in ───────────────────────────────────────────────────────────────────────────────────

/// The gateway and the table of a request.
fn pair<'t>(call: &'t Call<'_>) -> Result<(&'t Ipv4Gateway, &'t RouteTable), Refusal> {
    let params = call.params;
    match params.text("GatewayType") {
        None | Some("IPv4Gateway" | "Ipv4Gateway") => {}
        Some("IPv6Gateway" | "Ipv6Gateway") => {
            return Err(call.code(&[
                "UnsupportedFeature.Ipv6GatewayRouteTable",
                "IncorrectStatus.Ipv6Gateway",
            ]));
        }
        Some(_) => return Err(call.code(&["IllegalParam.GatewayType", "InvalidParameter"])),
    }
    let table = call.find::<RouteTable>(params.required("RouteTableId")?, "ResourceNotFound.RouteTable")?;
    let gateway = settled(call, "GatewayId")?;
    if table.associate_type != "Gateway" {
        return refuse("OperationDenied.RouteTableTypeIncorrect");
    }
    if table.status != Status::Available {
        return Err(call.code(&["IncorrectStatus.RouteTable", "IncorrectStatus.GatewayRouteTable"]));
    }
    Ok((gateway, table))
}

fn associate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (gateway, table) = pair(call)?;
    if gateway.vpc_id != table.vpc_id {
        return refuse("OperationDenied.GatewayAndTableNotInOneVpc");
    }
    if !gateway.enabled {
        return refuse("OperationDenied.Ipv4GatewayNotActive");
    }
    if !gateway.route_table_id.is_empty() {
        return refuse("ResourceAlreadyAssociated.Ipv4Gateway");
    }
    if call
        .world
        .linked::<Ipv4Gateway>(RouteTable::NAME, &table.id)
        .next()
        .is_some()
    {
        return refuse("ResourceAlreadyAssociated.GatewayRouteTable");
    }
    let (id, table_id) = (gateway.id.clone(), table.id.clone());
    call.validated()?;
    call.world
        .update::<Ipv4Gateway, _>(&id, |gateway| gateway.route_table_id = table_id);
    done()
}

fn dissociate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (gateway, table) = pair(call)?;
    if gateway.route_table_id != table.id {
        return refuse("OperationFailed.NotExistAssociateRelation");
    }
    let id = gateway.id.clone();
    call.validated()?;
    call.world
        .update::<Ipv4Gateway, _>(&id, |gateway| gateway.route_table_id.clear());
    done()
}
