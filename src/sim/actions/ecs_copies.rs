//! The copies of VPC and EIP actions that the ECS product has had since before there was a VPC product. They do the
//! same; their answers know fewer fields.

use super::super::call::{Call, Entry, Run, Search, done};
use super::super::clock::seconds;
use super::super::node::{Node, map, texts};
use super::super::products::{ECS, VPC};
use super::super::refusal::Refusal;
use super::super::world::Kind as _;
use super::route_table::RouteTable;
use super::{eip, route_entry, vpc, vpc_change, vswitch};

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "CreateVpc", |call| copy(call, vpc::ACTIONS, "CreateVpc")),
    (ECS, "DeleteVpc", |call| copy(call, vpc::ACTIONS, "DeleteVpc")),
    (ECS, "DescribeVpcs", |call| {
        copy(call, vpc::ACTIONS, "DescribeVpcs")
    }),
    (ECS, "ModifyVpcAttribute", |call| {
        copy(call, vpc_change::ACTIONS, "ModifyVpcAttribute")
    }),
    (ECS, "CreateVSwitch", |call| {
        copy(call, vswitch::ACTIONS, "CreateVSwitch")
    }),
    (ECS, "DeleteVSwitch", |call| {
        copy(call, vswitch::ACTIONS, "DeleteVSwitch")
    }),
    (ECS, "DescribeVSwitches", |call| {
        copy(call, vswitch::ACTIONS, "DescribeVSwitches")
    }),
    (ECS, "ModifyVSwitchAttribute", |call| {
        copy(call, vswitch::ACTIONS, "ModifyVSwitchAttribute")
    }),
    (ECS, "AllocateEipAddress", |call| {
        copy(call, eip::ACTIONS, "AllocateEipAddress")
    }),
    (ECS, "AssociateEipAddress", |call| {
        copy(call, eip::ACTIONS, "AssociateEipAddress")
    }),
    (ECS, "UnassociateEipAddress", |call| {
        copy(call, eip::ACTIONS, "UnassociateEipAddress")
    }),
    (ECS, "ReleaseEipAddress", |call| {
        copy(call, eip::ACTIONS, "ReleaseEipAddress")
    }),
    (ECS, "DescribeEipAddresses", |call| {
        copy(call, eip::ACTIONS, "DescribeEipAddresses")
    }),
    (ECS, "ModifyEipAddressAttribute", |call| {
        copy(call, eip::ACTIONS, "ModifyEipAddressAttribute")
    }),
    (ECS, "DescribeRouteTables", |call| {
        copy(call, route_entry::ACTIONS, "DescribeRouteTables")
    }),
    (ECS, "CreateRouteEntry", |call| {
        copy(call, route_entry::ACTIONS, "CreateRouteEntry")
    }),
    (ECS, "DeleteRouteEntry", |call| {
        copy(call, route_entry::ACTIONS, "DeleteRouteEntry")
    }),
    (ECS, "DescribeVRouters", describe_routers),
    (VPC, "DescribeVRouters", describe_routers),
    (ECS, "ModifyVRouterAttribute", modify_router),
    (VPC, "ModifyVRouterAttribute", modify_router),
];

/// Does what the action of this name in a table of the VPC product does.
fn copy(call: &mut Call<'_>, table: &[Entry], name: &str) -> Result<Node, Refusal> {
    let run: Option<Run> = table
        .iter()
        .find(|(_, own, _)| *own == name)
        .map(|(_, _, run)| *run);
    let run = run.ok_or_else(|| Refusal::new("InvalidAction.NotFound"))?;
    let node = run(call)?;
    Ok(call.trimmed(node))
}

fn describe_routers(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let router = call.params.text("VRouterId");
    let page = call.page::<RouteTable>(Search::default().or_link("router", router), |table| {
        table.system && call.is("VRouterId", &table.router_id)
    })?;
    Ok(call.listed(&page, "VRouters", "VRouter", |table| {
        let tables = call.world.heads_linked(RouteTable::NAME, "vpc", &table.vpc_id);
        map! {
            "VRouterId": &table.router_id,
            "VRouterName": &table.router_name,
            "Description": &table.router_description,
            "VpcId": &table.vpc_id,
            "RegionId": &table.region,
            "CreationTime": seconds(table.created),
            "RouteTableIds": map! { "RouteTableId": texts(tables.map(|head| &head.id)) },
        }
    }))
}

fn modify_router(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("VRouterId")?;
    let name = call.name("VRouterName", 2, &["InvalidVRouterName.Malformed"])?;
    let description = call.description(2, &["InvalidVRouterDiscription.Malformed"])?;
    let tables = call.world.ids_linked::<RouteTable>("router", id);
    if tables.is_empty() {
        return Err(Refusal::new("InvalidVRouterId.NotFound"));
    }
    for table in tables {
        call.world.update::<RouteTable, _>(&table, |table| {
            if let Some(name) = &name {
                table.router_name.clone_from(name);
            }
            if let Some(description) = &description {
                table.router_description.clone_from(description);
            }
        });
    }
    done()
}
