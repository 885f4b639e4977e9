//! Route tables: each VPC has one of its own from the beginning, and others can be bound to vSwitches.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, vpc_tags};
use super::super::clock::{Now, seconds};
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map, texts};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RouteTable {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) vpc_id: String,
    pub(super) router_id: String,
    pub(super) system: bool,
    pub(super) associate_type: String,
    propagates: bool,
    /// The router's own name and description, on the VPC's own table only.
    #[serde(default)]
    pub(super) router_name: String,
    #[serde(default)]
    pub(super) router_description: String,
}

row!(RouteTable, links: |row, link| {
    link("vpc", &row.vpc_id);
    link("router", &row.router_id);
});

impl Kind for RouteTable {
    const NAME: &'static str = "route_table";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(VPC, "routetable")];
    // Nine besides the VPC's own.
    const LIMITS: &'static [(&'static str, usize, &'static [&'static str])] =
        &[("vpc", 10, &["QuotaExceeded.RouteTable"])];

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        if kind == "vpc" {
            for own in world.ids_linked::<RouteTable>("vpc", id) {
                world.remove::<RouteTable>(&own, now);
            }
        }
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateRouteTable", create),
    (VPC, "DeleteRouteTable", delete),
    (VPC, "ModifyRouteTableAttributes", modify),
    (VPC, "DescribeRouteTableList", list),
];

/// Simulated: how long a new table is not yet usable.
const CREATING_MS: i64 = 1_000;

pub(super) const ABSENT: &str = "InvalidRouteTableId.NotFound";
const NAME: &[&str] = &["InvalidParameter.RouteTableName.Malformed", "InvalidParameter"];
const DESCRIPTION: &[&str] = &[
    "InvalidParameter.Description.Malformed",
    "InvalidDescription.Malformed",
];

/// Makes the table that a new VPC comes with; its ids are those that the VPC has given away.
pub(super) fn make_system(call: &mut Call<'_>, vpc: &Head, router_id: &str, table_id: &str) {
    let (place, _) = call.world.make();
    let head = Head {
        id: table_id.to_owned(),
        place,
        region: vpc.region.clone(),
        resource_group: vpc.resource_group.clone(),
        created: vpc.created,
        ..Head::default()
    };
    call.world.insert(RouteTable {
        head,
        vpc_id: vpc.id.clone(),
        router_id: router_id.to_owned(),
        system: true,
        associate_type: "VSwitch".to_owned(),
        propagates: true,
        router_name: String::new(),
        router_description: String::new(),
    });
}

/// The system table of a VPC.
pub(super) fn system_of<'t>(world: &'t World, vpc_id: &'t str) -> Option<&'t RouteTable> {
    world
        .linked::<RouteTable>("vpc", vpc_id)
        .find(|table| table.system)
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let vpc_id = params.required("VpcId")?;
    let vpc = call
        .world
        .head("vpc", vpc_id)
        .filter(|head| head.is_in(&call.region));
    if vpc.is_none_or(|vpc| vpc.status != Status::Available) {
        return refuse("InvalidVpcId.NotFound");
    }
    let router_id = system_of(call.world, vpc_id).map(|table| table.router_id.clone());
    let associate_type = match params.text_or("AssociateType", "VSwitch") {
        kind @ ("VSwitch" | "Gateway") => kind.to_owned(),
        _ => return Err(Refusal::invalid("AssociateType")),
    };
    call.within_limit::<RouteTable>("vpc", vpc_id)?;
    let name = call.name("RouteTableName", 1, NAME)?.unwrap_or_default();
    let description = call.description(1, DESCRIPTION)?.unwrap_or_default();
    let tags = call.tags()?;
    let (mut head, _) = call.head("vtb-");
    head.name = name;
    head.description = description;
    head.tags = tags;
    head.pass(Status::Creating, CREATING_MS, Status::Available, call.now);
    let answer = map! { "RouteTableId": &head.id };
    call.world.insert(RouteTable {
        head,
        vpc_id: vpc_id.to_owned(),
        router_id: router_id.unwrap_or_default(),
        system: false,
        associate_type,
        propagates: true,
        router_name: String::new(),
        router_description: String::new(),
    });
    Ok(answer)
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("RouteTableId")?;
    let table = call.find::<RouteTable>(id, ABSENT)?;
    if table.system {
        return refuse("IncorrectRouteTableType");
    }
    if table.status != Status::Available {
        return refuse("IncorrectRouteTableStatus");
    }
    call.unheld::<RouteTable>(id)?;
    call.remove::<RouteTable>(id);
    done()
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("RouteTableId")?;
    call.find::<RouteTable>(id, ABSENT)?;
    let name = call.name("RouteTableName", 1, NAME)?;
    let description = call.description(1, DESCRIPTION)?;
    call.world.update::<RouteTable, _>(id, |table| {
        table.rename(
            name,
            description.or_else(|| params.given("Description").map(str::to_owned)),
        );
        table.propagates = params.bool("RoutePropagationEnable").unwrap_or(table.propagates);
    });
    done()
}

/// The vSwitches that a table serves.
pub(super) fn vswitches<'t>(world: &'t World, table: &'t RouteTable) -> Vec<&'t str> {
    let own = world.heads_linked("vswitch", RouteTable::NAME, &table.id);
    let own: Vec<&str> = own.map(|head| head.id.as_str()).collect();
    if !table.system {
        return own;
    }
    // What is bound to no table of its own is served by the system's.
    let bound: Vec<&str> = world
        .linked::<RouteTable>("vpc", &table.vpc_id)
        .filter(|other| !other.system)
        .flat_map(|other| world.heads_linked("vswitch", RouteTable::NAME, &other.id))
        .map(|head| head.id.as_str())
        .collect();
    world
        .heads_linked("vswitch", "vpc", &table.vpc_id)
        .map(|head| head.id.as_str())
        .filter(|id| !bound.contains(id))
        .collect()
}

/// The gateways that a table serves.
fn gateways(call: &Call<'_>, table: &RouteTable) -> Vec<String> {
    let own = call
        .world
        .heads_linked("ipv4_gateway", RouteTable::NAME, &table.id);
    own.map(|head| head.id.clone()).collect()
}

pub(super) fn kind(table: &RouteTable) -> &'static str {
    if table.system { "System" } else { "Custom" }
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.text("RouteTableId").map(|id| vec![id]);
    let search = Search::ids(ids).or_link("vpc", params.text("VpcId"));
    let page = call.page::<RouteTable>(search, |table| {
        call.is("VpcId", &table.vpc_id)
            && call.is("RouterId", &table.router_id)
            && call.is("RouteTableName", &table.name)
            && call.is("RouteTableType", kind(table))
            && call.is("RouterType", "VRouter")
            && call.is("ResourceGroupId", &table.resource_group)
    })?;
    Ok(
        call.listed(&page, "RouterTableList", "RouterTableListType", |table| {
            map! {
                "RouteTableId": &table.id,
                "RouteTableType": kind(table),
                "RouteTableName": &table.name,
                "Description": &table.description,
                "RouterId": &table.router_id,
                "RouterType": "VRouter",
                "VpcId": &table.vpc_id,
                "VSwitchIds": map! { "VSwitchId": texts(vswitches(call.world, table)) },
                "GatewayIds": map! { "GatewayIds": texts(gateways(call, table)) },
                "AssociateType": &table.associate_type,
                "Status": table.status.text(),
                "CreationTime": seconds(table.created),
                "OwnerId": call.world.account_id.parse::<i64>().unwrap_or(0),
                "ResourceGroupId": &table.resource_group,
                "RoutePropagationEnable": table.propagates,
                "Tags": vpc_tags(&table.tags),
            }
        }),
    )
}
