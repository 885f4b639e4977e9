//! Lists of addresses that a listener of a classic load balancer lets in, or keeps out.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, ecs_tags};
use super::super::clock::seconds;
use super::super::head::{Head, row};
use super::super::net::{Cidr, Cidr6};
use super::super::node::{Node, map};
use super::super::products::SLB;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::slb_listener::Listener;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AccessControlList {
    #[serde(flatten)]
    pub(super) head: Head,
    /// `ipv4` or `ipv6`.
    pub(super) ip_version: String,
    entries: Vec<AclEntry>,
}

/// An address or a network, as it is told in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AclEntry {
    #[serde(default)]
    entry: String,
    #[serde(default)]
    comment: String,
}

row!(AccessControlList);

impl Kind for AccessControlList {
    const NAME: &'static str = "slb_acl";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(SLB, "acl")];
}

pub(super) const ACTIONS: &[Entry] = &[
    (SLB, "CreateAccessControlList", create),
    (SLB, "DescribeAccessControlLists", describe),
    (SLB, "DescribeAccessControlListAttribute", describe_one),
    (SLB, "SetAccessControlListAttribute", set),
    (SLB, "DeleteAccessControlList", delete),
    (SLB, "AddAccessControlListEntry", add),
    (SLB, "RemoveAccessControlListEntry", remove),
];

/// The vendor's limits: lists in a region, entries in a list, entries in one call.
const LISTS_MAX: usize = 50;
const ENTRIES_MAX: usize = 300;
const AT_ONCE_MAX: usize = 50;
/// The longest comment, in characters.
const COMMENT_MAX: usize = 100;

const ABSENT: &str = "AclNotExist";
const NAME: &[&str] = &["InvalidParameter"];

fn named<'t>(call: &'t Call<'_>) -> Result<&'t AccessControlList, Refusal> {
    call.find::<AccessControlList>(call.params.required("AclId")?, ABSENT)
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    call.params.required("AclName")?;
    let name = call.free_text("AclName", 1, 80, NAME)?;
    let ip_version = match call.params.text_or("AddressIPVersion", "ipv4") {
        version @ ("ipv4" | "ipv6") => version.to_owned(),
        _ => return Err(Refusal::invalid("AddressIPVersion")),
    };
    let all = call.world.all::<AccessControlList>().iter();
    if all.filter(|own| own.region == call.region).count() >= LISTS_MAX {
        return refuse("AclNumberOverLimit");
    }
    let tags = call.tags()?;
    let (mut head, _) = call.head("acl-");
    head.rename(name, None);
    head.tags = tags;
    let answer = map! { "AclId": &head.id };
    call.world.insert(AccessControlList {
        head,
        ip_version,
        entries: Vec::new(),
    });
    Ok(answer)
}

fn node(acl: &AccessControlList) -> Node {
    map! {
        "AclId": &acl.id,
        "AclName": &acl.name,
        "AddressIPVersion": &acl.ip_version,
        "CreateTime": seconds(acl.created),
        "ResourceGroupId": &acl.resource_group,
        "Tags": ecs_tags(&acl.tags),
    }
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let page = call.page::<AccessControlList>(Search::default().whole(), |acl| {
        call.is("AclName", &acl.name)
            && call.is("AddressIPVersion", &acl.ip_version)
            && call.is("ResourceGroupId", &acl.resource_group)
    })?;
    let count = page.rows.len();
    let mut answer = call.listed(&page, "Acls", "Acl", node);
    answer.push("Count", count);
    Ok(answer)
}

fn describe_one(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let acl = call.find_visible::<AccessControlList>(params.required("AclId")?, ABSENT)?;
    let comment = params.text("AclEntryComment");
    let fits = |entry: &&AclEntry| comment.is_none_or(|comment| entry.comment == comment);
    let found: Vec<&AclEntry> = acl.entries.iter().filter(fits).collect();
    let number = params.int("Page")?;
    let size = params.int("PageSize")?;
    if number.is_some_and(|number| number < 1) {
        return Err(Refusal::invalid("Page"));
    }
    if size.is_some_and(|size| !(1..=50).contains(&size)) {
        return Err(Refusal::invalid("PageSize"));
    }
    // Who asks for no page gets all of it.
    let (skip, take) = match (number, size) {
        (None, None) => (0, found.len()),
        (number, size) => {
            let size = usize::try_from(size.unwrap_or(10)).unwrap_or(10);
            let before = usize::try_from(number.unwrap_or(1) - 1).unwrap_or(usize::MAX);
            (before.saturating_mul(size), size)
        }
    };
    let shown = found.iter().skip(skip).take(take);
    let entries = shown.map(|own| map! { "AclEntryIP": &own.entry, "AclEntryComment": &own.comment });
    let entries = entries.collect::<Vec<_>>();
    let listeners = call.world.linked::<Listener>(AccessControlList::NAME, &acl.id);
    let listeners = listeners.map(|listener| {
        map! {
            "LoadBalancerId": &listener.balancer_id,
            "ListenerPort": listener.port,
            "Protocol": &listener.protocol,
            "AclType": listener.value("AclType").unwrap_or(""),
        }
    });
    let listeners = listeners.collect::<Vec<_>>();
    let mut node = node(acl);
    node.push("AclEntrys", map! { "AclEntry": entries });
    node.push("RelatedListeners", map! { "RelatedListener": listeners });
    node.push("TotalAclEntry", found.len());
    Ok(node)
}

fn set(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = named(call)?.id.clone();
    call.params.required("AclName")?;
    let name = call.free_text("AclName", 1, 80, NAME)?;
    call.world
        .update::<AccessControlList, _>(&id, |acl| acl.rename(name, None));
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = named(call)?.id.clone();
    call.unheld::<AccessControlList>(&id)?;
    call.remove::<AccessControlList>(&id);
    done()
}

/// The entries that a request names.
fn told(call: &Call<'_>) -> Result<Vec<AclEntry>, Refusal> {
    let text = call.params.required("AclEntrys")?;
    let told: Vec<AclEntry> = serde_json::from_str(text).map_err(|_| Refusal::invalid("AclEntrys"))?;
    if told.is_empty() || told.len() > AT_ONCE_MAX {
        return Err(Refusal::invalid("AclEntrys"));
    }
    Ok(told)
}

/// What an entry stands for, the same for all ways to write it; a single address is a network of its own.
fn meaning(entry: &str) -> Option<(&'static str, String)> {
    let whole = |bits: u32| match entry.contains('/') {
        true => entry.to_owned(),
        false => format!("{entry}/{bits}"),
    };
    let four = Cidr::parse(&whole(32)).map(|network| ("ipv4", network.to_string()));
    four.or_else(|| Some(("ipv6", Cidr6::parse(&whole(128))?.to_string())))
}

fn add(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let acl = named(call)?;
    let id = acl.id.clone();
    let told = told(call)?;
    let mut known: Vec<_> = acl.entries.iter().filter_map(|own| meaning(&own.entry)).collect();
    for own in &told {
        let Some(meant) = meaning(&own.entry) else {
            return refuse("AclEntryIllegal");
        };
        if meant.0 != acl.ip_version {
            return refuse("IllegalEntry");
        }
        if own.comment.chars().count() > COMMENT_MAX {
            return refuse("InvalidParam.Comment");
        }
        if known.contains(&meant) {
            return refuse("InvalidParam.AclEntryExists");
        }
        known.push(meant);
    }
    if known.len() > ENTRIES_MAX {
        return refuse("AclEntryExceedLimit");
    }
    call.world
        .update::<AccessControlList, _>(&id, |acl| acl.entries.extend(told));
    done()
}

fn remove(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let acl = named(call)?;
    let id = acl.id.clone();
    let told = told(call)?;
    if acl.entries.is_empty() {
        return refuse("AclEntryEmpty");
    }
    let gone: Vec<_> = told.iter().map(|own| meaning(&own.entry)).collect();
    let has = |meant: &Option<_>| {
        let mut own = acl.entries.iter();
        meant.is_some() && own.any(|own| meaning(&own.entry) == *meant)
    };
    if !gone.iter().all(has) {
        return Err(Refusal::invalid("AclEntrys"));
    }
    call.world.update::<AccessControlList, _>(&id, |acl| {
        acl.entries.retain(|own| !gone.contains(&meaning(&own.entry)));
    });
    done()
}
