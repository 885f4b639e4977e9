//! Whether there is room for all that a plan makes: cores within the account's quotas, and free addresses in the vSwitches.
//! Each create alone may be fine where all together are not.
//!
//! Does not know stock, nor money.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};

use super::Outset;
use super::draft::Draft;
use super::finding::{Ahead, Objection, Refusal};
use crate::address::Address;
use crate::api::action;
use crate::cloud::{Cloud, Request};
use crate::live::Observed;
use crate::task::Phase;
use crate::value::Value;

/// Types of servers in one DescribeInstanceTypes call (facts of the action: 10).
const TYPES_MAX: usize = 10;
/// Addresses of a vSwitch that belong to the network itself: the first and the last three.
const OWN_ADDRESSES: u64 = 4;

/// A pay-as-you-go quota of the account: the attributes that tell how many cores there may be and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Quota {
    PostPaid,
    Spot,
}

impl Quota {
    /// What a server counts against; none for a subscription.
    fn of(charge: Option<&str>, spot: Option<&str>) -> Option<Quota> {
        match (charge, spot) {
            (Some("PrePaid"), _) => None,
            (_, None | Some("NoSpot")) => Some(Quota::PostPaid),
            (_, Some(_)) => Some(Quota::Spot),
        }
    }

    fn attributes(self) -> (&'static str, &'static str) {
        match self {
            Quota::PostPaid => (
                "max-postpaid-instance-vcpu-count",
                "used-postpaid-instance-vcpu-count",
            ),
            Quota::Spot => ("max-spot-instance-vcpu-count", "used-spot-instance-vcpu-count"),
        }
    }
}

/// Checks everything that is made.
pub(super) async fn check(question: &Outset<'_>, cloud: &Cloud) -> Ahead {
    let makes = question.tasks.iter().filter(|task| task.phase == Phase::Make);
    let drafts: Vec<Draft<'_>> = makes.filter_map(|task| Draft::of(task, false)).collect();
    // Just before the first change only what makes way for something is looked at once more.
    if drafts.is_empty() || question.only_destructive {
        return Ahead::default();
    }
    let going: BTreeSet<&str> = question
        .tasks
        .iter()
        .filter(|task| task.phase == Phase::Remove)
        .filter_map(|task| task.id.as_deref())
        .collect();
    let live = question.live;
    let all = live.resources.iter();
    let aside = live.deposed.iter();
    let aside = aside.flat_map(|(address, all)| all.iter().map(move |one| (address, one)));
    let leaving: Vec<&Observed> = all
        .chain(aside)
        .map(|(_, observed)| observed)
        .filter(|observed| going.contains(observed.id.as_str()))
        .collect();
    let (cores, addresses) = tokio::join!(
        cores(&drafts, &leaving, cloud),
        addresses(&drafts, &leaving, cloud)
    );
    cores.join(addresses)
}

fn text<'a>(observed: &'a Observed, name: &str) -> Option<&'a str> {
    observed.attributes.get(name).and_then(Value::as_str)
}

fn refusal(address: &Address, attribute: &str, code: &str, notes: Vec<String>) -> Refusal {
    Refusal {
        address: address.clone(),
        attribute: Some(attribute.to_owned()),
        code: code.to_owned(),
        why: Objection::Create(String::new()),
        notes,
    }
}

async fn cores(drafts: &[Draft<'_>], leaving: &[&Observed], cloud: &Cloud) -> Ahead {
    let made: Vec<(&Draft<'_>, Quota, &str)> = drafts
        .iter()
        .filter(|draft| draft.resource_type.name == "instance")
        .filter_map(|draft| {
            let quota = Quota::of(draft.text("InstanceChargeType"), draft.text("SpotStrategy"))?;
            Some((draft, quota, draft.text("InstanceType")?))
        })
        .collect();
    if made.is_empty() {
        return Ahead::default();
    }
    let left: Vec<(Quota, &str)> = leaving
        .iter()
        .filter_map(|observed| {
            let charge = text(observed, "instance_charge_type");
            let quota = Quota::of(charge, text(observed, "spot_strategy"))?;
            Some((quota, text(observed, "instance_type")?))
        })
        .collect();
    let types: BTreeSet<&str> = made.iter().map(|(.., kind)| *kind).collect();
    let types: BTreeSet<&str> = types
        .into_iter()
        .chain(left.iter().map(|(_, kind)| *kind))
        .collect();
    let (sizes, quotas) = tokio::join!(sizes(&types, cloud), quotas(cloud));
    let (Some(sizes), Some(quotas)) = (sizes, quotas) else {
        // Who may not ask is told by the create itself.
        return Ahead::default();
    };
    let mut ahead = Ahead::default();
    for quota in [Quota::PostPaid, Quota::Spot] {
        let (max, used) = quota.attributes();
        let Some((max, used)) = quotas.get(max).zip(quotas.get(used)) else {
            continue;
        };
        let freed: i64 = left
            .iter()
            .filter(|(own, _)| *own == quota)
            .filter_map(|(_, kind)| sizes.get(*kind))
            .fold(0, |sum: i64, size| sum.saturating_add(*size));
        // Whatever the numbers of an answer are.
        let mut taken = used.saturating_sub(freed);
        for (draft, _, kind) in made.iter().filter(|(_, own, _)| *own == quota) {
            let Some(size) = sizes.get(*kind) else { continue };
            if taken.saturating_add(*size) <= *max {
                taken = taken.saturating_add(*size);
                continue;
            }
            ahead.refusals.push(refusal(
                &draft.task.object.address,
                "instance_type",
                "QuotaExceed.ElasticQuota",
                vec![
                    format!(
                        "it has {size} cores, and {} of the {max} that the account may have here are left",
                        max.saturating_sub(taken)
                    ),
                    format!("{used} are in use now"),
                ],
            ));
        }
    }
    ahead
}

/// How many cores these types have; none if nobody tells.
async fn sizes(types: &BTreeSet<&str>, cloud: &Cloud) -> Option<BTreeMap<String, i64>> {
    let types: Vec<&str> = types.iter().copied().collect();
    let mut found = BTreeMap::new();
    for chunk in types.chunks(TYPES_MAX) {
        let mut request = Request::new(&action::DESCRIBE_INSTANCE_TYPES);
        for (place, kind) in chunk.iter().enumerate() {
            request
                .params
                .insert(format!("InstanceTypes.{}", place + 1), (*kind).to_owned());
        }
        let reply = cloud.read(&request).await.ok()?;
        for one in reply.body["InstanceTypes"]["InstanceType"].as_array()? {
            if let (Some(kind), Some(cores)) = (one["InstanceTypeId"].as_str(), one["CpuCoreCount"].as_i64())
            {
                found.insert(kind.to_owned(), cores);
            }
        }
    }
    Some(found)
}

/// What the account may have and has, by the API's names; none if nobody tells.
async fn quotas(cloud: &Cloud) -> Option<BTreeMap<String, i64>> {
    let mut request = Request::new(&action::DESCRIBE_ACCOUNT_ATTRIBUTES).param("RegionId", cloud.region());
    let names = [Quota::PostPaid, Quota::Spot].map(Quota::attributes);
    for (place, name) in names.iter().flat_map(|(max, used)| [max, used]).enumerate() {
        request
            .params
            .insert(format!("AttributeName.{}", place + 1), (*name).to_owned());
    }
    let reply = cloud.read(&request).await.ok()?;
    let items = reply.body["AccountAttributeItems"]["AccountAttributeItem"].as_array()?;
    let number = |item: &serde_json::Value| {
        let name = item["AttributeName"].as_str()?.to_owned();
        let value = item["AttributeValues"]["ValueItem"][0]["Value"].as_str()?;
        Some((name, value.parse().ok()?))
    };
    Some(items.iter().filter_map(number).collect())
}

/// Where something gets its address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Room<'a> {
    /// A vSwitch that exists.
    There(&'a str),
    /// One that the plan makes.
    New(&'a Address),
}

async fn addresses(made: &[Draft<'_>], leaving: &[&Observed], cloud: &Cloud) -> Ahead {
    const INSIDE: [&str; 4] = ["instance", "network_interface", "nat_gateway", "slb"];
    let mut wanted: BTreeMap<Room<'_>, Vec<&Draft<'_>>> = BTreeMap::new();
    for draft in made
        .iter()
        .filter(|draft| INSIDE.contains(&draft.resource_type.name))
    {
        let new = || {
            draft
                .reference("VSwitchId")
                .map(|reference| Room::New(&reference.address))
        };
        let room = draft.text("VSwitchId").map(Room::There).or_else(new);
        if let Some(room) = room {
            wanted.entry(room).or_default().push(draft);
        }
    }
    let there = wanted.keys().filter_map(|room| match room {
        Room::There(id) => Some(*id),
        Room::New(_) => None,
    });
    let free: BTreeMap<&str, (u64, String)> = stream::iter(there)
        .map(async |id| Some((id, free_in(id, cloud).await?)))
        .buffered(cloud.parallelism())
        .filter_map(async |found| found)
        .collect()
        .await;
    let mut ahead = Ahead::default();
    for (room, drafts) in &wanted {
        let room = match room {
            Room::There(id) => free.get(id).map(|(free, cidr)| {
                let left = leaving.iter().filter(|one| text(one, "vswitch_id") == Some(id));
                (free.saturating_add(left.count() as u64), format!("{id} ({cidr})"))
            }),
            Room::New(address) => {
                let own = made.iter().find(|draft| draft.task.object.address == **address);
                let cidr = own.and_then(|draft| draft.text("CidrBlock"));
                cidr.and_then(|cidr| Some((capacity(cidr)?, format!("{address} ({cidr})"))))
            }
        };
        let Some((room, name)) = room else { continue };
        let beyond = drafts.iter().skip(usize::try_from(room).unwrap_or(usize::MAX));
        ahead.refusals.extend(beyond.map(|draft| {
            let note = format!(
                "{name} has room for {room} more, and this plan wants {} in it",
                drafts.len()
            );
            let address = &draft.task.object.address;
            refusal(address, "vswitch_id", "InvalidVSwitchId.IpNotEnough", vec![note])
        }));
    }
    ahead
}

/// How many addresses of a vSwitch are free, and its network; none if nobody tells.
async fn free_in(id: &str, cloud: &Cloud) -> Option<(u64, String)> {
    let request = Request::new(&action::DESCRIBE_VSWITCHES)
        .param("RegionId", cloud.region())
        .param("VSwitchId", id);
    let reply = cloud.read(&request).await.ok()?;
    let vswitch = &reply.body["VSwitches"]["VSwitch"][0];
    let free = vswitch["AvailableIpAddressCount"].as_u64()?;
    Some((free, vswitch["CidrBlock"].as_str().unwrap_or_default().to_owned()))
}

/// How many things a new vSwitch with this network has addresses for.
fn capacity(cidr: &str) -> Option<u64> {
    let net: ipnet::Ipv4Net = cidr.parse().ok()?;
    Some((1_u64 << (32 - u32::from(net.prefix_len()))).saturating_sub(OWN_ADDRESSES))
}
