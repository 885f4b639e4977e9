//! Prefix lists: networks under one name, for rules of security groups.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, ecs_tags, list_page};
use super::super::clock::seconds;
use super::super::head::{Head, row};
use super::super::net::Cidr;
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PrefixList {
    #[serde(flatten)]
    pub(super) head: Head,
    ipv6: bool,
    max: i64,
    /// Network and description.
    entries: Vec<(String, String)>,
}

row!(PrefixList);

impl Kind for PrefixList {
    const NAME: &'static str = "prefix_list";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ECS, "prefixlist")];
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "CreatePrefixList", create),
    (ECS, "ModifyPrefixList", modify),
    (ECS, "DeletePrefixList", delete),
    (ECS, "DescribePrefixLists", describe),
    (ECS, "DescribePrefixListAttributes", describe_attributes),
    (ECS, "DescribePrefixListAssociations", describe_associations),
];

const ABSENT: &str = "InvalidPrefixListId.NotFound";
const NAME: &[&str] = &["InvalidParameter.PrefixListName"];
const DESCRIPTION: &[&str] = &["InvalidDescription.Malformed"];
/// The vendor's limits.
const ENTRIES_MAX: i64 = 200;
const PER_REGION_MAX: usize = 100;

/// A network as the API writes it.
fn cidr(text: &str, ipv6: bool) -> Result<String, Refusal> {
    let (address, bits) = text
        .split_once('/')
        .unwrap_or((text, if ipv6 { "128" } else { "32" }));
    let bits: u32 = bits
        .parse()
        .map_err(|_| Refusal::new("InvalidParameter.CidrMalformed"))?;
    let good = if ipv6 {
        bits <= 128 && address.parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        Cidr::parse(&format!("{address}/{bits}")).is_some()
    };
    if good {
        Ok(format!("{address}/{bits}"))
    } else {
        refuse("InvalidParameter.CidrMalformed")
    }
}

/// The entries that a request names.
fn entries(call: &Call<'_>, list: &str, ipv6: bool) -> Result<Vec<(String, String)>, Refusal> {
    let mut found: Vec<(String, String)> = Vec::new();
    for entry in call.params.groups(list) {
        let network = cidr(entry.required("Cidr")?, ipv6)?;
        if found.iter().any(|(own, _)| *own == network) {
            return refuse("InvalidParameter.CidrDuplicated");
        }
        let description = entry.text_or("Description", "");
        if description.chars().count() > 32 {
            return refuse("InvalidDescription.Malformed");
        }
        found.push((network, description.to_owned()));
    }
    Ok(found)
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let ipv6 = match call.params.required("AddressFamily")? {
        "IPv4" => false,
        "IPv6" => true,
        _ => return refuse("InvalidParameter.AddressFamily"),
    };
    let max = call.params.int("MaxEntries")?.unwrap_or(0);
    if !(1..=ENTRIES_MAX).contains(&max) {
        return refuse("LimitExceed.MaxEntries");
    }
    let name = call.name("PrefixListName", 2, NAME)?.unwrap_or_default();
    let description = call.description(2, DESCRIPTION)?.unwrap_or_default();
    let entries = entries(call, "Entry", ipv6)?;
    if i64::try_from(entries.len()).unwrap_or(i64::MAX) > max {
        return refuse("LimitExceed.Entry");
    }
    let here = |own: &&PrefixList| own.region == call.region;
    if call.world.all::<PrefixList>().iter().filter(here).count() >= PER_REGION_MAX {
        return refuse("LimitExceed.PrefixListPerRegion");
    }
    let tags = call.tags()?;
    let (mut head, _) = call.head("pl-");
    head.name = name;
    head.description = description;
    head.tags = tags;
    let answer = map! { "PrefixListId": &head.id };
    call.world.insert(PrefixList {
        head,
        ipv6,
        max,
        entries,
    });
    Ok(answer)
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("PrefixListId")?;
    let list = call.find::<PrefixList>(id, ABSENT)?;
    let name = call.name("PrefixListName", 2, NAME)?;
    let description = call.description(2, DESCRIPTION)?;
    let add = entries(call, "AddEntry", list.ipv6)?;
    let remove = entries(call, "RemoveEntry", list.ipv6)?;
    if add
        .iter()
        .any(|(network, _)| remove.iter().any(|(other, _)| other == network))
    {
        return refuse("InvalidParameter.CidrDuplicated");
    }
    let mut after = list.entries.clone();
    after.retain(|(network, _)| remove.iter().all(|(other, _)| other != network));
    for (network, text) in add {
        // A network that is there gets the new description.
        match after.iter_mut().find(|(own, _)| *own == network) {
            Some(own) => own.1 = text,
            None => after.push((network, text)),
        }
    }
    if i64::try_from(after.len()).unwrap_or(i64::MAX) > list.max {
        return refuse("LimitExceed.Entry");
    }
    call.world.update::<PrefixList, _>(id, |list| {
        list.rename(name, description);
        list.entries = after;
    });
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("PrefixListId")?;
    call.find::<PrefixList>(id, ABSENT)?;
    call.unheld::<PrefixList>(id)?;
    call.remove::<PrefixList>(id);
    done()
}

fn family(list: &PrefixList) -> &'static str {
    if list.ipv6 { "IPv6" } else { "IPv4" }
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let ids = call.params.list("PrefixListId");
    let page = call.page::<PrefixList>(Search::ids((!ids.is_empty()).then_some(ids)), |list| {
        call.is("PrefixListName", &list.name)
            && call.is("AddressFamily", family(list))
            && call.is("ResourceGroupId", &list.resource_group)
    })?;
    Ok(call.listed(&page, "PrefixLists", "PrefixList", |list| {
        map! {
            "PrefixListId": &list.id,
            "PrefixListName": &list.name,
            "Description": &list.description,
            "AddressFamily": family(list),
            "MaxEntries": list.max,
            "AssociationCount": users(call, &list.id).len(),
            "CreationTime": seconds(list.created),
            "ResourceGroupId": &list.resource_group,
            "Tags": ecs_tags(&list.tags),
        }
    }))
}

fn users(call: &Call<'_>, id: &str) -> Vec<String> {
    let groups = call.world.heads_linked("security_group", PrefixList::NAME, id);
    groups.map(|head| head.id.clone()).collect()
}

fn describe_attributes(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let list = call.find_visible::<PrefixList>(call.params.required("PrefixListId")?, ABSENT)?;
    let entries = list
        .entries
        .iter()
        .map(|(network, text)| map! { "Cidr": network, "Description": text });
    Ok(map! {
        "PrefixListId": &list.id,
        "PrefixListName": &list.name,
        "Description": &list.description,
        "AddressFamily": family(list),
        "MaxEntries": list.max,
        "CreationTime": seconds(list.created),
        "Entries": map! { "Entry": entries.collect::<Vec<_>>() },
    })
}

fn describe_associations(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("PrefixListId")?;
    call.find_visible::<PrefixList>(id, ABSENT)?;
    let users = users(call, id);
    let (shown, next) = list_page(call, &users)?;
    let shown = shown
        .iter()
        .map(|id| map! { "ResourceId": id, "ResourceType": "securitygroup" });
    let shown = shown.collect::<Vec<_>>();
    Ok(map! { "PrefixListAssociations": map! { "PrefixListAssociation": shown }, "NextToken": next })
}
