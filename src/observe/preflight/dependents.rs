//! What stands in something that is to be removed: servers, vSwitches, groups, network interfaces and elastic addresses in
//! the cloud, ours or anybody's.
//!
//! Does not know why it is to be removed.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use futures_util::{StreamExt as _, stream};
use serde::Deserializer;
use serde::de::Error as _;

use super::Outset;
use super::finding::{Ahead, Dependent, Objection, Refusal};
use crate::address::Address;
use crate::api::{Pages, action};
use crate::cloud::{ApiError, Cloud, Decode, Paging, Request};
use crate::live::Observed;
use crate::observe::fields::Fields;
use crate::observe::read::list_by;
use crate::task::{Phase, Task};
use crate::types::{self, ResourceType};
use crate::value::Value;

/// What others can stand in.
struct Holder {
    type_name: &'static str,
    /// The filter of lists that names it, and what else they need then.
    param: &'static str,
    more: &'static [(&'static str, &'static str)],
    /// The types whose lists have it.
    types: &'static [&'static str],
    /// Whether it is a part of a network: then network interfaces stand in it as well.
    is_network: bool,
}

const HOLDERS: &[Holder] = &[
    Holder {
        type_name: "security_group",
        param: "SecurityGroupId",
        more: &[],
        types: &["instance"],
        is_network: true,
    },
    Holder {
        type_name: "vpc",
        param: "VpcId",
        more: &[],
        types: &["instance", "security_group", "vswitch"],
        is_network: true,
    },
    Holder {
        type_name: "vswitch",
        param: "VSwitchId",
        more: &[],
        types: &["instance"],
        is_network: true,
    },
    // DeleteNatGateway, DependencyViolation.EIPS.
    Holder {
        type_name: "nat_gateway",
        param: "AssociatedInstanceId",
        more: &[("AssociatedInstanceType", "Nat")],
        types: &["eip"],
        is_network: false,
    },
];

fn holder(type_name: &str) -> Option<&'static Holder> {
    HOLDERS.iter().find(|holder| holder.type_name == type_name)
}

/// Something that stands in a holder.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) dependent: Dependent,
    /// Ids of what it stands in, beside the holder that was asked about.
    inside: BTreeSet<String>,
    /// The server that a network interface hangs on.
    on: Option<String>,
}

impl Standing {
    /// Whether it is one of these, or hangs on one of these.
    pub(crate) fn is_among(&self, ids: &BTreeSet<&str>) -> bool {
        let is_in = |id: &str| ids.contains(id);
        is_in(&self.dependent.id) || self.on.as_deref().is_some_and(is_in)
    }
}

const INTERFACE: &str = "network_interface";
const SERVER: &str = "instance";

/// More servers than stand on one page are counted before they are listed.
const COUNTED_FROM: usize = 100;

/// Whether one of this type can hold others.
pub(crate) fn can_hold(resource_type: &ResourceType) -> bool {
    holder(resource_type.name).is_some()
}

/// Everything that stands in the one of this type with this id, as far as it can be listed.
pub(crate) async fn standing_in(type_name: &str, id: &str, cloud: &Cloud) -> Result<Vec<Standing>, ApiError> {
    beside(0, type_name, id, cloud).await
}

/// The same, where so many servers of ours stand in it: if there are no more than these, they are not listed.
async fn beside(servers: usize, type_name: &str, id: &str, cloud: &Cloud) -> Result<Vec<Standing>, ApiError> {
    let Some(holder) = holder(type_name) else {
        return Ok(Vec::new());
    };
    let mut filter = vec![(holder.param, id)];
    filter.extend(holder.more);
    let filter = &filter;
    let of_type = async |name: &&'static str| {
        let Some(resource_type) = types::find(name) else {
            return Ok(Vec::new());
        };
        let is_many = *name == SERVER && servers > COUNTED_FROM;
        if is_many && count(filter, cloud).await? == Some(servers) {
            return Ok(Vec::new());
        }
        let listed = list_by(resource_type, cloud, filter).await?;
        Ok(listed
            .into_iter()
            .map(|one| standing(resource_type, one))
            .collect())
    };
    let cards = async {
        if holder.is_network {
            interfaces(filter, cloud).await
        } else {
            Ok(Vec::new())
        }
    };
    let (listed, interfaces) = tokio::try_join!(try_join_all(holder.types.iter().map(of_type)), cards)?;
    Ok(listed.into_iter().flatten().chain(interfaces).collect())
}

fn standing(resource_type: &'static ResourceType, observed: Observed) -> Standing {
    let vswitch = observed.attributes.get("vswitch_id").and_then(Value::as_str);
    let inside = groups(&observed).chain(vswitch).map(str::to_owned).collect();
    let name = observed.attributes.get("name").and_then(Value::as_str);
    Standing {
        inside,
        on: None,
        dependent: Dependent {
            kind: resource_type.name,
            name: name.unwrap_or_default().to_owned(),
            id: observed.id,
        },
    }
}

/// The groups of a server.
fn groups(observed: &Observed) -> impl Iterator<Item = &str> {
    let groups = observed
        .attributes
        .get("security_group_ids")
        .and_then(Value::as_list);
    groups.into_iter().flatten().filter_map(Value::as_str)
}

/// How many servers stand in something; none where the answer does not say.
async fn count(filter: &[(&str, &str)], cloud: &Cloud) -> Result<Option<usize>, ApiError> {
    let request = Request::new(&action::DESCRIBE_INSTANCES)
        .param("RegionId", cloud.region())
        .param("PageSize", "1");
    let request = filtered(request, filter);
    let reply = cloud.read(&request).await?;
    let total = reply.body["TotalCount"].as_u64();
    Ok(total.and_then(|total| usize::try_from(total).ok()))
}

fn filtered(request: Request, filter: &[(&str, &str)]) -> Request {
    let filter = filter.iter();
    filter.fold(request, |request, (name, value)| request.param(*name, *value))
}

/// The network interfaces that belong to nobody else: those of servers go with their servers, those of cloud services
/// with the services.
async fn interfaces(filter: &[(&str, &str)], cloud: &Cloud) -> Result<Vec<Standing>, ApiError> {
    let request = Request::new(&action::DESCRIBE_NETWORK_INTERFACES)
        .param("RegionId", cloud.region())
        .param("Type", "Secondary");
    let request = filtered(request, filter);
    let paging = Paging {
        list: "NetworkInterfaceSets.NetworkInterfaceSet",
        pages: Pages::ByNumber { max: 100 },
    };
    let listed = cloud.pages(&request, paging, &Interfaces::new()).await?;
    Ok(listed.into_iter().flatten().collect())
}

/// How an item of DescribeNetworkInterfaces is read.
struct Interfaces {
    fields: Fields,
    id: usize,
    name: usize,
    instance: usize,
    vswitch: usize,
    managed: usize,
}

impl Interfaces {
    fn new() -> Interfaces {
        let mut fields = Fields::default();
        Interfaces {
            id: fields.add("NetworkInterfaceId"),
            name: fields.add("NetworkInterfaceName"),
            instance: fields.add("InstanceId"),
            vswitch: fields.add("VSwitchId"),
            managed: fields.add("ServiceManaged"),
            fields,
        }
    }
}

impl Decode for Interfaces {
    type Item = Option<Standing>;

    fn item<'de, D: Deserializer<'de>>(&self, item: D) -> Result<(String, Option<Standing>), D::Error> {
        let found = self.fields.read(item)?;
        let text = |place: usize| {
            let text = found[place].as_ref().and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let Some(id) = text(self.id) else {
            return Err(D::Error::custom("a network interface in the answer has no id"));
        };
        let is_managed = found[self.managed] == Some(Value::Bool(true));
        let standing = (!is_managed).then(|| Standing {
            dependent: Dependent {
                kind: INTERFACE,
                id: id.clone(),
                name: text(self.name).unwrap_or_default(),
            },
            inside: text(self.vswitch).into_iter().collect(),
            on: text(self.instance),
        });
        Ok((id, standing))
    }
}

/// The ids that a plan removes or takes out of where they stand.
pub(crate) fn moving(tasks: &[Task]) -> BTreeSet<&str> {
    tasks
        .iter()
        .filter(|task| !matches!(task.phase, Phase::Note | Phase::Make))
        .filter_map(|task| task.id.as_deref())
        .collect()
}

/// Checks what a plan removes.
pub(super) async fn check(question: &Outset<'_>, cloud: &Cloud) -> Ahead {
    let removed: BTreeMap<&str, &Address> = question
        .tasks
        .iter()
        .filter(|task| task.phase == Phase::Remove)
        .filter_map(|task| Some((task.id.as_deref()?, &task.object.address)))
        .filter(|(_, address)| types::find(address.type_name()).is_some_and(can_hold))
        .collect();
    let moving = moving(question.tasks);
    let outer = vpcs_of(question);
    // A VPC that goes as a whole is asked about once, not once more for each of its parts.
    let asked = removed.iter().filter(|(id, address)| {
        let in_network = holder(address.type_name()).is_some_and(|holder| holder.is_network);
        !in_network || outer.get(**id).is_none_or(|vpc| !removed.contains_key(vpc))
    });
    let looks: Vec<_> = stream::iter(asked)
        .map(async |(id, address)| {
            let servers = ours(id, address, &moving, &outer, question);
            (*address, beside(servers, address.type_name(), id, cloud).await)
        })
        .buffered(cloud.parallelism())
        .collect()
        .await;
    let mut ahead = Ahead::default();
    let mut occupied: BTreeMap<&Address, BTreeSet<Dependent>> = BTreeMap::new();
    for (address, look) in looks {
        match look {
            Ok(standing) => {
                for one in standing.into_iter().filter(|one| !one.is_among(&moving)) {
                    // Where a part of what goes holds it, that part is named; of several the network.
                    let holders = one.inside.iter().filter_map(|id| removed.get(id.as_str()));
                    let inner = holders.max_by_key(|address| address.type_name() == "vswitch");
                    occupied
                        .entry(inner.unwrap_or(&address))
                        .or_default()
                        .insert(one.dependent);
                }
            }
            Err(error) => {
                let why = format!("{} ended with {}", error.action.name, error.outcome());
                ahead.unchecked(address, why);
            }
        }
    }
    ahead
        .refusals
        .extend(occupied.into_iter().map(|(address, by)| Refusal {
            address: address.clone(),
            attribute: None,
            code: "DependencyViolation".to_owned(),
            why: Objection::Occupied(by.into_iter().collect()),
            notes: Vec::new(),
        }));
    ahead
}

/// How many of the servers that the plan removes or takes out stand in something.
fn ours(
    id: &str,
    holder: &Address,
    moving: &BTreeSet<&str>,
    vpcs: &BTreeMap<&str, &str>,
    question: &Outset<'_>,
) -> usize {
    let stands_in = |observed: &&Observed| {
        let vswitch = observed.attributes.get("vswitch_id").and_then(Value::as_str);
        match holder.type_name() {
            "security_group" => groups(observed).any(|group| group == id),
            "vswitch" => vswitch == Some(id),
            _ => vswitch.and_then(|vswitch| vpcs.get(vswitch)) == Some(&id),
        }
    };
    let live = &question.live.resources;
    live.iter()
        .filter(|(address, observed)| address.type_name() == SERVER && moving.contains(observed.id.as_str()))
        .filter(|(_, observed)| stands_in(observed))
        .count()
}

/// The VPC of everything that was seen, by id.
fn vpcs_of<'a>(question: &'a Outset<'_>) -> BTreeMap<&'a str, &'a str> {
    let live = question.live;
    live.resources
        .values()
        .chain(live.deposed.values().flatten())
        .filter_map(|observed| Some((observed.id.as_str(), observed.attributes.get("vpc_id")?.as_str()?)))
        .collect()
}
