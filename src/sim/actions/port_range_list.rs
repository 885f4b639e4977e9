//! Port range lists: ports under one name, for rules of security groups.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, list_page};
use super::super::clock::seconds;
use super::super::head::{Head, Tag, row};
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PortRangeList {
    #[serde(flatten)]
    pub(super) head: Head,
    max: i64,
    /// Ports and description.
    entries: Vec<(String, String)>,
}

row!(PortRangeList);

impl Kind for PortRangeList {
    const NAME: &'static str = "port_range_list";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ECS, "portrangelist")];
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "CreatePortRangeList", create),
    (ECS, "ModifyPortRangeList", modify),
    (ECS, "DeletePortRangeList", delete),
    (ECS, "DescribePortRangeLists", describe),
    (ECS, "DescribePortRangeListEntries", describe_entries),
    (ECS, "DescribePortRangeListAssociations", describe_associations),
];

const ABSENT: &str = "InvalidPortRangeListId.NotFound";
const NAME: &[&str] = &["InvalidParameter.PortRangeListName"];
const DESCRIPTION: &[&str] = &["InvalidDescription.Malformed"];
/// The vendor's limits.
const ENTRIES_MAX: i64 = 2000;
const PER_REGION_MAX: usize = 100;

/// Ports as the API writes them.
fn ports(text: &str) -> Result<String, Refusal> {
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    match text.split_once('/') {
        Some((low, high)) if matches!((number(low), number(high)), (Some(low), Some(high)) if low <= high) => {
            Ok(text.to_owned())
        }
        _ => refuse("InvalidParameter.PortRange"),
    }
}

/// The entries that a request names.
fn entries(call: &Call<'_>, list: &str) -> Result<Vec<(String, String)>, Refusal> {
    let mut found: Vec<(String, String)> = Vec::new();
    for entry in call.params.groups(list) {
        let ports = ports(entry.required("PortRange")?)?;
        if found.iter().any(|(own, _)| *own == ports) {
            return refuse("InvalidParameter.PortRangeDuplicated");
        }
        let description = entry.text_or("Description", "");
        if description.chars().count() > 32 {
            return refuse("InvalidDescription.Malformed");
        }
        found.push((ports, description.to_owned()));
    }
    Ok(found)
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let max = call.params.int("MaxEntries")?.unwrap_or(0);
    if !(1..=ENTRIES_MAX).contains(&max) {
        return refuse("LimitExceed.MaxEntries");
    }
    let name = call.name("PortRangeListName", 2, NAME)?.unwrap_or_default();
    let description = call.description(2, DESCRIPTION)?.unwrap_or_default();
    let entries = entries(call, "Entry")?;
    if i64::try_from(entries.len()).unwrap_or(i64::MAX) > max {
        return refuse("LimitExceed.Entry");
    }
    let here = |own: &&PortRangeList| own.region == call.region;
    if call.world.all::<PortRangeList>().iter().filter(here).count() >= PER_REGION_MAX {
        return refuse("InvalidOperation.MaxCountExceed");
    }
    let tags = call.tags()?;
    let (mut head, _) = call.head("prl-");
    head.name = name;
    head.description = description;
    head.tags = tags;
    let answer = map! { "PortRangeListId": &head.id };
    call.world.insert(PortRangeList { head, max, entries });
    Ok(answer)
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("PortRangeListId")?;
    let list = call.find::<PortRangeList>(id, ABSENT)?;
    let name = call.name("PortRangeListName", 2, NAME)?;
    let description = call.description(2, DESCRIPTION)?;
    let add = entries(call, "AddEntry")?;
    let remove = entries(call, "RemoveEntry")?;
    if add
        .iter()
        .any(|(ports, _)| remove.iter().any(|(other, _)| other == ports))
    {
        return refuse("InvalidParameter.PortRangeDuplicated");
    }
    let mut after = list.entries.clone();
    after.retain(|(ports, _)| remove.iter().all(|(other, _)| other != ports));
    for (ports, text) in add {
        // Ports that are there get the new description.
        match after.iter_mut().find(|(own, _)| *own == ports) {
            Some(own) => own.1 = text,
            None => after.push((ports, text)),
        }
    }
    if i64::try_from(after.len()).unwrap_or(i64::MAX) > list.max {
        return refuse("LimitExceed.Entry");
    }
    call.world.update::<PortRangeList, _>(id, |list| {
        list.rename(name, description);
        list.entries = after;
    });
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("PortRangeListId")?;
    call.find::<PortRangeList>(id, ABSENT)?;
    call.unheld::<PortRangeList>(id)?;
    call.remove::<PortRangeList>(id);
    done()
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let ids = call.params.list("PortRangeListId");
    let page = call.page::<PortRangeList>(Search::ids((!ids.is_empty()).then_some(ids)), |list| {
        call.is("PortRangeListName", &list.name) && call.is("ResourceGroupId", &list.resource_group)
    })?;
    Ok(call.listed_plain(&page, "PortRangeLists", |list| {
        map! {
            "PortRangeListId": &list.id,
            "PortRangeListName": &list.name,
            "Description": &list.description,
            "MaxEntries": list.max,
            "AssociationCount": users(call, &list.id).len(),
            "CreationTime": seconds(list.created),
            "ResourceGroupId": &list.resource_group,
            "Tags": tags(&list.tags),
        }
    }))
}

fn users(call: &Call<'_>, id: &str) -> Vec<String> {
    let groups = call.world.heads_linked("security_group", PortRangeList::NAME, id);
    groups.map(|head| head.id.clone()).collect()
}

fn tags(tags: &[Tag]) -> Vec<Node> {
    tags.iter()
        .map(|(key, value)| map! { "TagKey": key, "TagValue": value })
        .collect()
}

fn describe_entries(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let list = call.find_visible::<PortRangeList>(call.params.required("PortRangeListId")?, ABSENT)?;
    let entries = list
        .entries
        .iter()
        .map(|(ports, text)| map! { "PortRange": ports, "Description": text });
    Ok(map! { "Entries": entries.collect::<Vec<_>>() })
}

fn describe_associations(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("PortRangeListId")?;
    call.find_visible::<PortRangeList>(id, ABSENT)?;
    let users = users(call, id);
    let (shown, next) = list_page(call, &users)?;
    let shown = shown
        .iter()
        .map(|id| map! { "ResourceId": id, "ResourceType": "securitygroup" });
    Ok(map! { "PortRangeListAssociations": shown.collect::<Vec<_>>(), "NextToken": next })
}
