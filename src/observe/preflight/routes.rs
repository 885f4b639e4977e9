//! Routes: lines of route tables that stand in a table, or lead to something, that is to be removed. The cloud deletes
//! neither while they are there.
//!
//! Does not know whose they are.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};
use serde::Deserializer;
use serde::de::Error as _;

use super::finding::Dependent;
use super::lists::{ALL_TABLES, Standing};
use crate::api::{Pages, action};
use crate::cloud::{ApiError, Cloud, Decode, Paging, Request};
use crate::observe::fields::Fields;
use crate::value::Value;

/// A line of a table, with what it leads to.
pub(super) struct Route {
    pub(super) standing: Standing,
    table: String,
    leads_to: BTreeSet<String>,
}

impl Route {
    /// The ids of what cannot be deleted while it is there.
    pub(super) fn holds(&self) -> impl Iterator<Item = &str> {
        let table = std::iter::once(self.table.as_str());
        table.chain(self.leads_to.iter().map(String::as_str))
    }
}

/// What somebody has put into a table.
pub(super) async fn in_table(id: &str, cloud: &Cloud) -> Result<Vec<Route>, ApiError> {
    let request = Request::new(&action::DESCRIBE_ROUTE_ENTRY_LIST)
        .param("RegionId", cloud.region())
        .param("RouteTableId", id)
        .param("RouteEntryType", "Custom");
    let paging = Paging {
        list: "RouteEntrys.RouteEntry",
        pages: Pages::ByTokenOf { max: 100 },
    };
    cloud.pages(&request, paging, &Item::new(id)).await
}

/// What somebody has put into the tables of a VPC.
pub(super) async fn in_vpc(id: &str, cloud: &Cloud) -> Result<Vec<Route>, ApiError> {
    let tables = ALL_TABLES.read(&[("VpcId", id)], cloud).await?;
    let looks: Vec<_> = stream::iter(&tables)
        .map(async |table| in_table(&table.dependent.id, cloud).await)
        .buffered(cloud.parallelism())
        .collect()
        .await;
    let mut routes = Vec::new();
    for look in looks {
        routes.extend(look?);
    }
    Ok(routes)
}

/// How an item of DescribeRouteEntryList is read.
struct Item<'a> {
    table: &'a str,
    fields: Fields,
    destination: usize,
    name: usize,
    hops: usize,
}

impl Item<'_> {
    fn new(table: &str) -> Item<'_> {
        let mut fields = Fields::default();
        Item {
            table,
            destination: fields.add("DestinationCidrBlock"),
            name: fields.add("RouteEntryName"),
            hops: fields.add("NextHops.NextHop"),
            fields,
        }
    }
}

impl Decode for Item<'_> {
    type Item = Route;

    fn item<'de, D: Deserializer<'de>>(&self, item: D) -> Result<(String, Route), D::Error> {
        let found = self.fields.read(item)?;
        let text = |place: usize| found[place].as_ref().and_then(Value::as_str);
        let Some(destination) = text(self.destination) else {
            return Err(D::Error::custom("a route entry in the answer has no destination"));
        };
        // As the type calls its own.
        let id = format!("{}/{destination}", self.table);
        let hops = found[self.hops].as_ref();
        let hops = match hops.and_then(Value::as_list) {
            Some(hops) => hops.iter().collect(),
            None => Vec::from_iter(hops),
        };
        let leads_to = hops.into_iter().filter_map(|hop| {
            let hop = hop.as_map()?;
            // A gateway comes with the way out to it, and takes it along.
            let is_gateway = hop.get("NextHopType").and_then(Value::as_str) == Some("NatGateway");
            let id = hop.get("NextHopId").and_then(Value::as_str)?;
            (!is_gateway || destination != "0.0.0.0/0").then(|| id.to_owned())
        });
        let route = Route {
            leads_to: leads_to.collect(),
            standing: Standing::from(Dependent {
                kind: "route_entry",
                id: id.clone(),
                name: text(self.name).unwrap_or_default().to_owned(),
            }),
            table: self.table.to_owned(),
        };
        Ok((id, route))
    }
}
