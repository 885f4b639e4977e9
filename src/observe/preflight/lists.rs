//! Lists of what can stand in something else, each as a row.
//!
//! Does not know what it stands in, nor why anybody asks.

use std::collections::BTreeSet;

use serde::Deserializer;
use serde::de::Error as _;

use super::finding::Dependent;
use crate::api::{Action, Pages, action};
use crate::cloud::{ApiError, Cloud, Decode, Paging, Request};
use crate::observe::fields::Fields;
use crate::value::Value;

/// A list, and the fields of its items that matter here.
pub(super) struct List {
    /// What it lists, in the words of types.
    pub(super) kind: &'static str,
    action: &'static Action,
    paging: Paging,
    /// What every question to it says besides.
    only: &'static [(&'static str, &'static str)],
    id: &'static str,
    name: &'static str,
    /// Ids of what one stands in, each an id or a list of ids.
    inside: &'static [&'static str],
    /// The server that one hangs on.
    on: Option<&'static str>,
    /// Where this holds, one belongs to a service of the cloud and goes with it.
    managed: Option<&'static str>,
}

pub(super) static SERVERS: List = List {
    kind: "instance",
    action: &action::DESCRIBE_INSTANCES,
    paging: numbered("Instances.Instance", 100),
    only: &[],
    id: "InstanceId",
    name: "InstanceName",
    inside: &["VpcAttributes.VSwitchId", "SecurityGroupIds.SecurityGroupId"],
    on: None,
    managed: None,
};

pub(super) static GROUPS: List = List {
    kind: "security_group",
    action: &action::DESCRIBE_SECURITY_GROUPS,
    paging: numbered("SecurityGroups.SecurityGroup", 100),
    id: "SecurityGroupId",
    name: "SecurityGroupName",
    inside: &[],
    ..SERVERS
};

pub(super) static VSWITCHES: List = List {
    kind: "vswitch",
    action: &action::DESCRIBE_VSWITCHES,
    paging: numbered("VSwitches.VSwitch", 50),
    id: "VSwitchId",
    name: "VSwitchName",
    inside: &[],
    ..SERVERS
};

/// Those that somebody has made: a server's first goes with it.
pub(super) static INTERFACES: List = List {
    kind: "network_interface",
    action: &action::DESCRIBE_NETWORK_INTERFACES,
    paging: numbered("NetworkInterfaceSets.NetworkInterfaceSet", 100),
    only: &[("Type", "Secondary")],
    id: "NetworkInterfaceId",
    name: "NetworkInterfaceName",
    inside: &["VSwitchId"],
    on: Some("InstanceId"),
    managed: Some("ServiceManaged"),
};

pub(super) static NAT_GATEWAYS: List = List {
    kind: "nat_gateway",
    action: &action::DESCRIBE_NAT_GATEWAYS,
    paging: numbered("NatGateways.NatGateway", 50),
    id: "NatGatewayId",
    name: "Name",
    inside: &["NatGatewayPrivateInfo.VswitchId"],
    ..SERVERS
};

pub(super) static LOAD_BALANCERS: List = List {
    kind: "slb",
    action: &action::DESCRIBE_LOAD_BALANCERS,
    paging: numbered("LoadBalancers.LoadBalancer", 100),
    id: "LoadBalancerId",
    name: "LoadBalancerName",
    inside: &["VSwitchId"],
    ..SERVERS
};

/// Those that somebody has made: its own goes with a VPC.
pub(super) static ROUTE_TABLES: List = List {
    kind: "route_table",
    action: &action::DESCRIBE_ROUTE_TABLE_LIST,
    paging: numbered("RouterTableList.RouterTableListType", 50),
    only: &[("RouteTableType", "Custom")],
    id: "RouteTableId",
    name: "RouteTableName",
    inside: &[],
    ..SERVERS
};

/// The same with those that VPCs come with: anybody may have added a route to these.
pub(super) static ALL_TABLES: List = List {
    only: &[],
    ..ROUTE_TABLES
};

pub(super) static NETWORK_ACLS: List = List {
    kind: "network_acl",
    action: &action::DESCRIBE_NETWORK_ACLS,
    paging: numbered("NetworkAcls.NetworkAcl", 50),
    id: "NetworkAclId",
    name: "NetworkAclName",
    inside: &[],
    ..SERVERS
};

/// The addresses that a NAT gateway has.
pub(super) static ADDRESSES_OF_GATEWAYS: List = List {
    kind: "eip",
    action: &action::DESCRIBE_EIP_ADDRESSES,
    paging: numbered("EipAddresses.EipAddress", 100),
    only: &[("AssociatedInstanceType", "Nat")],
    id: "AllocationId",
    name: "Name",
    inside: &[],
    ..SERVERS
};

pub(super) static FORWARD_ENTRIES: List = List {
    kind: "forward_entry",
    action: &action::DESCRIBE_FORWARD_TABLE_ENTRIES,
    paging: numbered("ForwardTableEntries.ForwardTableEntry", 50),
    id: "ForwardEntryId",
    name: "ForwardEntryName",
    inside: &[],
    ..SERVERS
};

const fn numbered(list: &'static str, max: u32) -> Paging {
    let pages = Pages::ByNumber { max };
    Paging { list, pages }
}

/// Something that stands in a holder.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) dependent: Dependent,
    /// Ids of what it stands in, as far as the list tells.
    pub(super) inside: BTreeSet<String>,
    /// The server that a network interface hangs on.
    pub(super) on: Option<String>,
}

impl From<Dependent> for Standing {
    fn from(dependent: Dependent) -> Standing {
        Standing {
            dependent,
            inside: BTreeSet::new(),
            on: None,
        }
    }
}

impl Standing {
    /// Whether it is one of these, or hangs on one of these.
    pub(crate) fn is_among(&self, ids: &BTreeSet<&str>) -> bool {
        let is_in = |id: &str| ids.contains(id);
        is_in(&self.dependent.id) || self.on.as_deref().is_some_and(is_in)
    }
}

impl List {
    /// What it shows where these filters hold.
    pub(super) async fn read(
        &self,
        filter: &[(&str, &str)],
        cloud: &Cloud,
    ) -> Result<Vec<Standing>, ApiError> {
        let request = self.request(filter, cloud);
        let listed = cloud.pages(&request, self.paging, &Item::new(self)).await?;
        Ok(listed.into_iter().flatten().collect())
    }

    /// How many there are where these filters hold; none where the answer does not say.
    pub(super) async fn count(
        &self,
        filter: &[(&str, &str)],
        cloud: &Cloud,
    ) -> Result<Option<usize>, ApiError> {
        let request = self.request(filter, cloud).param("PageSize", "1");
        let reply = cloud.read(&request).await?;
        let total = reply.body["TotalCount"].as_u64();
        Ok(total.and_then(|total| usize::try_from(total).ok()))
    }

    fn request(&self, filter: &[(&str, &str)], cloud: &Cloud) -> Request {
        let request = Request::new(self.action).param("RegionId", cloud.region());
        let params = filter.iter().chain(self.only);
        params.fold(request, |request, (name, value)| request.param(*name, *value))
    }
}

/// How an item of a list is read.
struct Item<'a> {
    list: &'a List,
    fields: Fields,
    id: usize,
    name: usize,
    inside: Vec<usize>,
    on: Option<usize>,
    managed: Option<usize>,
}

impl Item<'_> {
    fn new(list: &List) -> Item<'_> {
        let mut fields = Fields::default();
        Item {
            list,
            id: fields.add(list.id),
            name: fields.add(list.name),
            inside: list.inside.iter().map(|field| fields.add(field)).collect(),
            on: list.on.map(|field| fields.add(field)),
            managed: list.managed.map(|field| fields.add(field)),
            fields,
        }
    }
}

impl Decode for Item<'_> {
    type Item = Option<Standing>;

    fn item<'de, D: Deserializer<'de>>(&self, item: D) -> Result<(String, Option<Standing>), D::Error> {
        let found = self.fields.read(item)?;
        let at = |place: usize| found[place].as_ref();
        let text = |place: usize| {
            let text = at(place).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let Some(id) = text(self.id) else {
            let kind = self.list.kind.replace('_', " ");
            return Err(D::Error::custom(format!("a {kind} in the answer has no id")));
        };
        let is_managed = self
            .managed
            .is_some_and(|place| at(place) == Some(&Value::Bool(true)));
        let several = |place: &usize| {
            let listed = at(*place).and_then(Value::as_list).into_iter().flatten();
            listed.filter_map(Value::as_str).map(str::to_owned)
        };
        let inside = self
            .inside
            .iter()
            .flat_map(|place| several(place).chain(text(*place)));
        let standing = (!is_managed).then(|| Standing {
            dependent: Dependent {
                kind: self.list.kind,
                id: id.clone(),
                name: text(self.name).unwrap_or_default(),
            },
            inside: inside.collect(),
            on: self.on.and_then(text),
        });
        Ok((id, standing))
    }
}
