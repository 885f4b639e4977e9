//! What goes with a server that is to be removed although no plan says so: disks and network interfaces that somebody else
//! has attached to it, or that came with its image, and that the cloud deletes together with it.
//!
//! Does not know what the plan tells of those that it knows.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde::Deserializer;
use serde::de::Error as _;

use super::Outset;
use super::finding::{Ahead, Loss};
use crate::address::Address;
use crate::api::{Action, Pages, action};
use crate::cloud::{ApiError, Cloud, Decode, Paging, Request};
use crate::observe::fields::Fields;
use crate::step::StepKind;
use crate::task::Phase;
use crate::types;
use crate::value::Value;

/// More servers than these are not asked about one by one, since the lists take one InstanceId only.
const ONE_BY_ONE_MAX: usize = 2;

/// A kind of thing that can go with a server.
struct Kind {
    noun: &'static str,
    action: &'static Action,
    paging: Paging,
    /// The parameter that leaves out those that are the server's own.
    only: (&'static str, &'static str),
    /// The field of its id, and the parameter that names it in our own calls.
    id: &'static str,
    /// The field that says whether it goes.
    goes: &'static str,
    /// The field by which people know it, and what follows the value.
    known_by: (&'static str, &'static str),
}

static KINDS: [Kind; 2] = [
    Kind {
        noun: "disk",
        action: &action::DESCRIBE_DISKS,
        paging: Paging {
            list: "Disks.Disk",
            pages: Pages::ByToken { max: 500 },
        },
        only: ("DiskType", "data"),
        id: "DiskId",
        goes: "DeleteWithInstance",
        known_by: ("Size", " GiB"),
    },
    Kind {
        noun: "network interface",
        action: &action::DESCRIBE_NETWORK_INTERFACES,
        paging: Paging {
            list: "NetworkInterfaceSets.NetworkInterfaceSet",
            pages: Pages::ByNumber { max: 100 },
        },
        only: ("Type", "Secondary"),
        id: "NetworkInterfaceId",
        goes: "DeleteOnRelease",
        known_by: ("PrivateIpAddress", ""),
    },
];

/// Looks at what hangs on all servers that are removed.
pub(super) async fn check(question: &Outset<'_>, cloud: &Cloud) -> Ahead {
    let removed: BTreeMap<&str, &Address> = question
        .tasks
        .iter()
        .filter(|task| task.phase == Phase::Remove && task.object.address.type_name() == "instance")
        .filter_map(|task| Some((task.id.as_deref()?, &task.object.address)))
        .collect();
    let mut ahead = Ahead::default();
    if removed.is_empty() {
        return ahead;
    }
    let known = known(question);
    let looks = KINDS.iter().map(|kind| hanging(kind, &removed, cloud));
    // What one list does not tell leaves the other as it is.
    for look in join_all(looks).await {
        match look {
            Ok(hanging) => {
                let going = hanging
                    .into_iter()
                    .filter(|one| one.goes && !known.contains(&*one.id));
                ahead.losses.extend(going.filter_map(|one| {
                    let address = *removed.get(one.instance.as_str())?;
                    Some(Loss {
                        address: address.clone(),
                        words: format!(
                            "{} {} ({}), which nobody manages, is deleted with it",
                            one.noun, one.id, one.known_by
                        ),
                    })
                }));
            }
            Err(error) => {
                let why = format!("{} ended with {}", error.action.name, error.outcome());
                let all = removed.values();
                all.for_each(|address| ahead.unchecked(address, why.clone()));
            }
        }
    }
    ahead
}

/// Those of which the plan itself says what becomes of them.
fn known<'a>(question: &'a Outset<'_>) -> BTreeSet<&'a str> {
    let live = question.live;
    let there = live.resources.iter();
    let aside = live.deposed.iter();
    let aside = aside.flat_map(|(address, all)| all.iter().map(move |observed| (address, observed)));
    let all: Vec<_> = there.chain(aside).collect();
    let own = all.iter().map(|(_, observed)| observed.id.as_str());
    let parts = all.iter().flat_map(|(address, observed)| {
        let parts = types::find(address.type_name()).map_or(&[][..], |one| one.parts);
        parts.iter().filter_map(|part| {
            let (key, _) = part.member_id?;
            let members = observed.attributes.get(part.attribute)?.as_list()?;
            Some(members.iter().filter_map(move |member| member.at(key)?.as_str()))
        })
    });
    let steps = question.tasks.iter().flat_map(|task| &task.steps);
    let named = steps.filter_map(|step| match &step.kind {
        StepKind::Call(call) => KINDS.iter().find_map(|kind| call.params.get(kind.id)?.as_str()),
        StepKind::Wait(_) => None,
    });
    own.chain(parts.flatten()).chain(named).collect()
}

/// Everything of a kind that hangs on these servers, and perhaps on others.
async fn hanging(
    kind: &'static Kind,
    servers: &BTreeMap<&str, &Address>,
    cloud: &Cloud,
) -> Result<Vec<Hanging>, ApiError> {
    let (param, only) = kind.only;
    let request = Request::new(kind.action)
        .param("RegionId", cloud.region())
        .param(param, only);
    let decode = Item::new(kind);
    if servers.len() > ONE_BY_ONE_MAX {
        return cloud.pages(&request, kind.paging, &decode).await;
    }
    let mut hanging = Vec::new();
    for id in servers.keys() {
        let own = request.clone().param("InstanceId", *id);
        hanging.extend(cloud.pages(&own, kind.paging, &decode).await?);
    }
    Ok(hanging)
}

/// Something that hangs on a server.
struct Hanging {
    noun: &'static str,
    id: String,
    instance: String,
    goes: bool,
    /// Its size or its address.
    known_by: String,
}

/// How an item of a list is read.
struct Item {
    kind: &'static Kind,
    fields: Fields,
    id: usize,
    instance: usize,
    goes: usize,
    known_by: usize,
}

impl Item {
    fn new(kind: &'static Kind) -> Item {
        let mut fields = Fields::default();
        Item {
            kind,
            id: fields.add(kind.id),
            instance: fields.add("InstanceId"),
            goes: fields.add(kind.goes),
            known_by: fields.add(kind.known_by.0),
            fields,
        }
    }
}

impl Decode for Item {
    type Item = Hanging;

    fn item<'de, D: Deserializer<'de>>(&self, item: D) -> Result<(String, Hanging), D::Error> {
        let found = self.fields.read(item)?;
        let text = |place: usize| found[place].as_ref().and_then(Value::to_text).unwrap_or_default();
        let one = Hanging {
            noun: self.kind.noun,
            id: text(self.id),
            instance: text(self.instance),
            goes: found[self.goes] == Some(Value::Bool(true)),
            known_by: format!("{}{}", text(self.known_by), self.kind.known_by.1),
        };
        if one.id.is_empty() {
            return Err(D::Error::custom(format!(
                "a {} in the answer has no id",
                one.noun
            )));
        }
        Ok((one.id.clone(), one))
    }
}
