//! What holds up something that is to be removed: servers, networks, gateways, load balancers, addresses, routes and rules
//! in the cloud, ours or anybody's.
//!
//! Does not know why it is to be removed.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};

use super::Outset;
use super::finding::{Ahead, Dependent, Objection, Refusal};
use super::lists::{
    ADDRESSES_OF_GATEWAYS, FORWARD_ENTRIES, GROUPS, INTERFACES, LOAD_BALANCERS, List, NAT_GATEWAYS,
    NETWORK_ACLS, ROUTE_TABLES, SERVERS, Standing, VSWITCHES,
};
use super::references;
use super::routes::{self, Route};
use crate::address::Address;
use crate::cloud::{ApiError, Cloud};
use crate::live::Observed;
use crate::observe::read::read_by_id;
use crate::task::{Phase, Task};
use crate::types;
use crate::value::Value;

/// What others can stand in.
struct Holder {
    type_name: &'static str,
    /// The lists that have them, and the filter that names the holder; with none, what one stands in tells.
    lists: &'static [(&'static List, Option<&'static str>)],
}

const HOLDERS: &[Holder] = &[
    Holder {
        type_name: GROUP,
        lists: &[
            (&SERVERS, Some("SecurityGroupId")),
            (&INTERFACES, Some("SecurityGroupId")),
        ],
    },
    // DeleteKeyPairs, InvalidParameter.KeypairAlreadyAttachedInstance.
    Holder {
        type_name: "key_pair",
        lists: &[(&SERVERS, Some("KeyPairName"))],
    },
    Holder {
        type_name: "vpc",
        lists: &[
            (&SERVERS, Some("VpcId")),
            (&GROUPS, Some("VpcId")),
            (&VSWITCHES, Some("VpcId")),
            (&INTERFACES, Some("VpcId")),
            (&NAT_GATEWAYS, Some("VpcId")),
            (&LOAD_BALANCERS, Some("VpcId")),
            (&ROUTE_TABLES, Some("VpcId")),
            (&NETWORK_ACLS, Some("VpcId")),
        ],
    },
    Holder {
        type_name: "vswitch",
        lists: &[
            (&SERVERS, Some("VSwitchId")),
            (&INTERFACES, Some("VSwitchId")),
            // DescribeNatGateways knows no vSwitches.
            (&NAT_GATEWAYS, None),
            (&LOAD_BALANCERS, Some("VSwitchId")),
        ],
    },
    // DeleteNatGateway, DependencyViolation.EIPS and DependencyViolation.ForwardEntry.
    Holder {
        type_name: GATEWAY,
        lists: &[
            (&ADDRESSES_OF_GATEWAYS, Some("AssociatedInstanceId")),
            (&FORWARD_ENTRIES, Some("NatGatewayId")),
        ],
    },
];

fn holder(type_name: &str) -> Option<&'static Holder> {
    HOLDERS.iter().find(|holder| holder.type_name == type_name)
}

const GATEWAY: &str = "nat_gateway";
const GROUP: &str = "security_group";
const SERVER: &str = "instance";

/// What routes stand in or lead to.
const ROUTED: &[&str] = &[SERVER, "network_interface", GATEWAY, "route_table"];

/// More servers than stand on one page are counted before they are listed.
const COUNTED_FROM: usize = 100;

/// Everything that holds up the one of this type with this id, as far as it can be listed.
pub(crate) async fn standing_in(type_name: &str, id: &str, cloud: &Cloud) -> Vec<Standing> {
    let inside = async {
        let looks = beside(0, type_name, id, cloud).await.into_iter();
        looks.filter_map(Result::ok).flatten().collect::<Vec<_>>()
    };
    let routes = async {
        if !ROUTED.contains(&type_name) {
            return Vec::new();
        }
        let routes = around(type_name, id, cloud).await.unwrap_or_default().into_iter();
        routes
            .filter(|route| route.holds().any(|held| held == id))
            .map(|route| route.standing)
            .collect()
    };
    let naming = async {
        if type_name != GROUP {
            return Vec::new();
        }
        references::naming(&[id], cloud).await.unwrap_or_default()
    };
    let (inside, routes, naming) = tokio::join!(inside, routes, naming);
    let naming = naming.into_iter().map(|(_, dependent)| Standing::from(dependent));
    inside.into_iter().chain(routes).chain(naming).collect()
}

/// The routes in the VPC of something.
async fn around(type_name: &str, id: &str, cloud: &Cloud) -> Result<Vec<Route>, ApiError> {
    let Some(resource_type) = types::find(type_name) else {
        return Ok(Vec::new());
    };
    let Some(observed) = read_by_id(resource_type, cloud, &[id.to_owned()]).await?.pop() else {
        return Ok(Vec::new());
    };
    let mut vpc = text(&observed, "vpc_id").map(str::to_owned);
    if let (None, Some(vswitch)) = (&vpc, text(&observed, "vswitch_id")) {
        vpc = vpcs_of_vswitches(&[vswitch.to_owned()], cloud)
            .await?
            .into_values()
            .next();
    }
    match vpc {
        Some(vpc) => routes::in_vpc(&vpc, cloud).await,
        None => Ok(Vec::new()),
    }
}

/// The VPCs of vSwitches, by the ids of these.
async fn vpcs_of_vswitches(ids: &[String], cloud: &Cloud) -> Result<BTreeMap<String, String>, ApiError> {
    let Some(vswitch) = types::find("vswitch").filter(|_| !ids.is_empty()) else {
        return Ok(BTreeMap::new());
    };
    let found = read_by_id(vswitch, cloud, ids).await?.into_iter();
    let pairs = found.filter_map(|one| Some((one.id.clone(), text(&one, "vpc_id")?.to_owned())));
    Ok(pairs.collect())
}

fn text<'a>(observed: &'a Observed, name: &str) -> Option<&'a str> {
    observed.attributes.get(name)?.as_str()
}

/// What stands in something, list by list, where so many servers of ours stand in it: if there are no more than these, they
/// are not listed.
async fn beside(
    servers: usize,
    type_name: &str,
    id: &str,
    cloud: &Cloud,
) -> Vec<Result<Vec<Standing>, ApiError>> {
    let lists = holder(type_name).map_or(&[][..], |holder| holder.lists).iter();
    let looks = lists.map(async |(list, param)| {
        let filter: Vec<(&str, &str)> = param.iter().map(|param| (*param, id)).collect();
        let is_many = list.kind == SERVER && servers > COUNTED_FROM;
        if is_many && list.count(&filter, cloud).await? == Some(servers) {
            return Ok(Vec::new());
        }
        let mut standing = list.read(&filter, cloud).await?;
        standing.retain(|one| param.is_some() || one.inside.contains(id));
        Ok(standing)
    });
    join_all(looks).await
}

/// The groups of a server.
fn groups(observed: &Observed) -> impl Iterator<Item = &str> {
    let groups = observed
        .attributes
        .get("security_group_ids")
        .and_then(Value::as_list);
    groups.into_iter().flatten().filter_map(Value::as_str)
}

/// The ids that a plan removes or takes out of where they stand.
pub(crate) fn moving(tasks: &[Task]) -> BTreeSet<&str> {
    tasks
        .iter()
        .filter(|task| !matches!(task.phase, Phase::Note | Phase::Make))
        .filter_map(|task| task.id.as_deref())
        .collect()
}

/// What holds up what, and what could not be asked.
#[derive(Default)]
struct Found<'a> {
    occupied: BTreeMap<&'a Address, BTreeSet<Dependent>>,
    unchecked: BTreeMap<&'a Address, String>,
}

impl<'a> Found<'a> {
    fn occupied(&mut self, address: &'a Address, by: Dependent) {
        self.occupied.entry(address).or_default().insert(by);
    }

    fn all_unchecked(&mut self, addresses: impl IntoIterator<Item = &'a Address>, error: &ApiError) {
        let addresses = addresses.into_iter();
        addresses.for_each(|address| self.unchecked(address, error));
    }

    fn unchecked(&mut self, address: &'a Address, error: &ApiError) {
        let why = || format!("{} ended with {}", error.action.name, error.outcome());
        self.unchecked.entry(address).or_insert_with(why);
    }
}

/// Checks what a plan removes.
pub(super) async fn check(question: &Outset<'_>, cloud: &Cloud) -> Ahead {
    let removed: BTreeMap<&str, &Address> = question
        .tasks
        .iter()
        .filter(|task| task.phase == Phase::Remove)
        .filter_map(|task| Some((task.id.as_deref()?, &task.object.address)))
        .collect();
    let moving = moving(question.tasks);
    let seen = seen(question);
    let vpcs = vpcs_of(&seen);
    // A VPC that goes as a whole is asked about once, not once more for each of its parts.
    let goes_as_a_whole = |id: &str| vpcs.get(id).is_some_and(|vpc| removed.contains_key(vpc));
    let removal = Removal {
        question,
        cloud,
        removed: &removed,
        moving: &moving,
        seen: &seen,
        vpcs: &vpcs,
    };
    let asked: Vec<_> = removed
        .iter()
        .map(|(id, address)| (*id, *address))
        .filter(|(id, address)| address.type_name() == GATEWAY || !goes_as_a_whole(id))
        .collect();
    let (mut found, routed, named, forwarded) = tokio::join!(
        removal.stand_inside(&asked),
        removal.are_routed(),
        removal.are_named(&asked),
        removal.are_forwarded()
    );
    for more in [routed, named, forwarded] {
        found.unchecked.extend(more.unchecked);
        for (address, by) in more.occupied {
            found.occupied.entry(address).or_default().extend(by);
        }
    }
    let mut ahead = Ahead::default();
    for (address, why) in found.unchecked {
        ahead.unchecked(address, why);
    }
    ahead
        .refusals
        .extend(found.occupied.into_iter().map(|(address, by)| Refusal {
            address: address.clone(),
            attribute: None,
            code: "DependencyViolation".to_owned(),
            why: Objection::Occupied(by.into_iter().collect()),
            notes: Vec::new(),
        }));
    ahead
}

/// What is removed, with what is known of it.
struct Removal<'a> {
    question: &'a Outset<'a>,
    cloud: &'a Cloud,
    removed: &'a BTreeMap<&'a str, &'a Address>,
    moving: &'a BTreeSet<&'a str>,
    seen: &'a BTreeMap<&'a str, &'a Observed>,
    vpcs: &'a BTreeMap<&'a str, &'a str>,
}

impl<'a> Removal<'a> {
    /// Things that stand in it.
    async fn stand_inside(&self, asked: &[(&'a str, &'a Address)]) -> Found<'a> {
        let holders = asked
            .iter()
            .filter(|(_, address)| holder(address.type_name()).is_some());
        let looks: Vec<_> = stream::iter(holders)
            .map(async |(id, address)| {
                let servers = self.ours(id, address);
                (
                    *address,
                    beside(servers, address.type_name(), id, self.cloud).await,
                )
            })
            .buffered(self.cloud.parallelism())
            .collect()
            .await;
        let mut found = Found::default();
        for (address, look) in looks
            .into_iter()
            .flat_map(|(address, looks)| looks.into_iter().map(move |look| (address, look)))
        {
            match look {
                Ok(standing) => {
                    for one in standing.into_iter().filter(|one| !one.is_among(self.moving)) {
                        // Where a part of a network that goes holds it, that part is named; of several the vSwitch.
                        let is_whole = address.type_name() == "vpc";
                        let parts = one.inside.iter().filter(|_| is_whole);
                        let holders = parts.filter_map(|id| self.removed.get(id.as_str()));
                        let inner = holders.max_by_key(|address| address.type_name() == "vswitch");
                        found.occupied(inner.copied().unwrap_or(address), one.dependent);
                    }
                }
                Err(error) => found.unchecked(address, &error),
            }
        }
        found
    }

    /// Routes that lead to it, or stand in it.
    async fn are_routed(&self) -> Found<'a> {
        let mut found = Found::default();
        let mut by_vpc: BTreeMap<String, Vec<&'a Address>> = BTreeMap::new();
        let mut by_vswitch: BTreeMap<&str, Vec<&'a Address>> = BTreeMap::new();
        for (id, address) in self.of_types(ROUTED) {
            if let Some(vpc) = self.vpcs.get(id) {
                by_vpc.entry((*vpc).to_owned()).or_default().push(address);
            } else if let Some(vswitch) = self.text(id, "vswitch_id") {
                by_vswitch.entry(vswitch).or_default().push(address);
            }
        }
        let vswitches: Vec<String> = by_vswitch.keys().map(|id| (*id).to_owned()).collect();
        match vpcs_of_vswitches(&vswitches, self.cloud).await {
            Ok(vpcs) => {
                for (vswitch, vpc) in vpcs {
                    let there = by_vswitch.remove(vswitch.as_str()).unwrap_or_default();
                    by_vpc.entry(vpc).or_default().extend(there);
                }
            }
            Err(error) => found.all_unchecked(by_vswitch.into_values().flatten(), &error),
        }
        for (vpc, addresses) in by_vpc {
            match routes::in_vpc(&vpc, self.cloud).await {
                Ok(routes) => {
                    for route in routes
                        .iter()
                        .filter(|route| !route.standing.is_among(self.moving))
                    {
                        for address in route.holds().filter_map(|id| self.removed.get(id)) {
                            found.occupied(address, route.standing.dependent.clone());
                        }
                    }
                }
                Err(error) => found.all_unchecked(addresses, &error),
            }
        }
        found
    }

    /// Groups whose rules name it.
    async fn are_named(&self, asked: &[(&'a str, &'a Address)]) -> Found<'a> {
        let mut found = Found::default();
        let groups = asked.iter().filter(|(_, address)| address.type_name() == GROUP);
        let ids: Vec<&str> = groups.clone().map(|(id, _)| *id).collect();
        // A rule of its own is called by its group.
        let losing: BTreeSet<&str> = self
            .moving
            .iter()
            .filter_map(|id| Some(id.split_once('/')?.0))
            .collect();
        match references::naming(&ids, self.cloud).await {
            Ok(naming) => {
                for (id, by) in naming {
                    let is_ours = [self.moving, &losing]
                        .iter()
                        .any(|ids| ids.contains(by.id.as_str()));
                    if let Some(address) = self.removed.get(id.as_str()).filter(|_| !is_ours && by.id != id) {
                        found.occupied(address, by);
                    }
                }
            }
            Err(error) => groups.for_each(|(_, address)| found.unchecked(address, &error)),
        }
        found
    }

    /// Addresses at which a gateway takes packets in, which cannot leave it.
    async fn are_forwarded(&self) -> Found<'a> {
        let mut found = Found::default();
        let prefix = types::find(GATEWAY).map_or("", |one| one.id_prefix);
        for (id, address) in self.of_types(&["eip"]) {
            let gateway = self.text(id, "instance_id").filter(|id| id.starts_with(prefix));
            let Some((gateway, ip)) = gateway.zip(self.text(id, "ip_address")) else {
                continue;
            };
            let filter = [("NatGatewayId", gateway), ("ExternalIp", ip)];
            match FORWARD_ENTRIES.read(&filter, self.cloud).await {
                Ok(entries) => {
                    for one in entries {
                        found.occupied(address, one.dependent);
                    }
                }
                Err(error) => found.unchecked(address, &error),
            }
        }
        found
    }

    /// What is removed of some types, by id.
    fn of_types(&self, types: &'static [&'static str]) -> impl Iterator<Item = (&'a str, &'a Address)> {
        let of_type = |(_, address): &(&&str, &&Address)| types.contains(&address.type_name());
        let found = self.removed.iter().filter(of_type);
        found.map(|(id, address)| (*id, *address))
    }

    /// An attribute of something that was seen.
    fn text(&self, id: &str, name: &str) -> Option<&'a str> {
        text(self.seen.get(id)?, name)
    }

    /// How many of the servers that the plan removes or takes out stand in something.
    fn ours(&self, id: &str, holder: &Address) -> usize {
        let stands_in = |observed: &&Observed| match holder.type_name() {
            GROUP => groups(observed).any(|group| group == id),
            "vswitch" => text(observed, "vswitch_id") == Some(id),
            "key_pair" => text(observed, "key_pair_name") == Some(id),
            _ => self.vpcs.get(observed.id.as_str()) == Some(&id),
        };
        let live = &self.question.live.resources;
        live.iter()
            .filter(|(address, observed)| {
                address.type_name() == SERVER && self.moving.contains(observed.id.as_str())
            })
            .filter(|(_, observed)| stands_in(observed))
            .count()
    }
}

/// Everything that was seen of what the state knows, by id.
fn seen<'a>(question: &'a Outset<'_>) -> BTreeMap<&'a str, &'a Observed> {
    let live = question.live;
    let all = live.resources.values().chain(live.deposed.values().flatten());
    all.map(|observed| (observed.id.as_str(), observed)).collect()
}

/// The VPC of everything that was seen, by id.
fn vpcs_of<'a>(seen: &BTreeMap<&'a str, &'a Observed>) -> BTreeMap<&'a str, &'a str> {
    let vpc_of = |observed: &'a Observed| {
        let vswitch = || seen.get(text(observed, "vswitch_id")?).copied();
        text(observed, "vpc_id").or_else(|| text(vswitch()?, "vpc_id"))
    };
    let all = seen.iter();
    all.filter_map(|(id, observed)| Some((*id, vpc_of(observed)?)))
        .collect()
}
