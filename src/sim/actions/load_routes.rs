//! What is loaded of route tables and their entries.

use serde_json::Value;

use super::super::products::VPC;
use super::super::world::Kind as _;
use super::load_item::{Loading, dress, needed, params, text, texts, time};
use super::route_entry::RouteEntry;
use super::route_table::{RouteTable, system_of};
use super::vpc::Vpc;
use super::vswitch::VSwitch;

pub(super) fn take_table(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "RouteTableId")?;
    if loading.world.get::<RouteTable>(&id).is_some() {
        return Ok(());
    }
    if text(item, "RouteTableType") == "System" {
        return take_system_table(loading, item, &id);
    }
    let params = params(
        item,
        &[
            ("VpcId", "VpcId"),
            ("RouteTableName", "RouteTableName"),
            ("Description", "Description"),
            ("AssociateType", "AssociateType"),
        ],
    );
    loading.make(VPC, "CreateRouteTable", params, &[("vtb-", id.clone())])?;
    loading.world.update::<RouteTable, _>(&id, |row| {
        dress(row, item, &text(item, "Status"));
        row.router_id = text(item, "RouterId");
    });
    for vswitch in texts(item, "VSwitchIds.VSwitchId") {
        loading
            .world
            .update::<VSwitch, _>(&vswitch, |row| row.route_table_id.clone_from(&id));
    }
    Ok(())
}

/// Every VPC has been made with one; it gets the name that it has there.
fn take_system_table(loading: &mut Loading<'_>, item: &Value, id: &str) -> Result<(), String> {
    let vpc_id = needed(item, "VpcId")?;
    let Some(made) = system_of(&loading.world, &vpc_id).cloned() else {
        return Err(format!("there is no VPC {vpc_id}"));
    };
    let router = text(item, "RouterId");
    let mut table = made.clone();
    id.clone_into(&mut table.head.id);
    if !router.is_empty() {
        table.router_id.clone_from(&router);
    }
    table.head.rename(
        Some(text(item, "RouteTableName")),
        Some(text(item, "Description")),
    );
    dress(&mut table.head, item, &text(item, "Status"));
    loading.world.remove::<RouteTable>(&made.head.id, loading.now);
    loading.world.update::<Vpc, _>(&vpc_id, |row| {
        row.route_table_id.clone_from(&table.head.id);
        row.router_id.clone_from(&table.router_id);
    });
    loading.world.insert(table);
    Ok(())
}

pub(super) fn take_entry(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let (table, destination) = (
        needed(item, "RouteTableId")?,
        needed(item, "DestinationCidrBlock")?,
    );
    let is_there = |own: &RouteEntry| own.destination == destination;
    let there = loading
        .world
        .linked::<RouteEntry>(RouteTable::NAME, &table)
        .any(is_there);
    // Those of the system come with the table, and others with what they lead to.
    if there || text(item, "Type") == "System" {
        return Ok(());
    }
    let id = needed(item, "RouteEntryId")?;
    let mut params = params(
        item,
        &[
            ("RouteTableId", "RouteTableId"),
            ("DestinationCidrBlock", "DestinationCidrBlock"),
            ("RouteEntryName", "RouteEntryName"),
            ("Description", "Description"),
        ],
    );
    let hops = item.pointer("/NextHops/NextHop").and_then(Value::as_array);
    let hops = hops.map(Vec::as_slice).unwrap_or_default();
    match hops {
        [one] => params.extend(self::params(
            one,
            &[("NextHopType", "NextHopType"), ("NextHopId", "NextHopId")],
        )),
        several => {
            for (place, hop) in several.iter().enumerate() {
                for name in ["NextHopType", "NextHopId", "Weight"] {
                    params.push((format!("NextHopList.{}.{name}", place + 1), text(hop, name)));
                }
            }
        }
    }
    loading.make(VPC, "CreateRouteEntry", params, &[("rte-", id.clone())])?;
    loading.world.update::<RouteEntry, _>(&id, |row| {
        dress(row, item, &text(item, "Status"));
        row.created = time(item, "GmtModified").unwrap_or(row.created);
    });
    Ok(())
}
