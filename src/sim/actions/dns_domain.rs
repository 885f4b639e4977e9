//! Domains whose names are resolved here. Does not know their records beyond how many there are.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, plain_vpc_tags, read_token, write_token};
use super::super::clock::{minutes, seconds};
use super::super::head::{Head, row};
use super::super::node::{Node, map, texts};
use super::super::products::ALIDNS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;

/// A domain; its id in the table is its name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Domain {
    #[serde(flatten)]
    pub(super) head: Head,
    domain_id: String,
}

row!(Domain);

impl Kind for Domain {
    const NAME: &'static str = "dns_domain";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ALIDNS, "domain")];
}

pub(super) const ACTIONS: &[Entry] = &[
    (ALIDNS, "AddDomain", add),
    (ALIDNS, "DeleteDomain", delete),
    (ALIDNS, "DescribeDomains", describe),
    (ALIDNS, "DescribeDomainInfo", describe_info),
    (ALIDNS, "DescribeDomainNs", describe_ns),
    (ALIDNS, "DescribeSupportLines", describe_lines),
    (ALIDNS, "GetMainDomainName", main_name),
    (ALIDNS, "TagResources", tag),
    (ALIDNS, "UntagResources", untag),
    (ALIDNS, "ListTagResources", list_tags),
];

const ABSENT: &str = "InvalidDomainName.NoExist";
const SERVERS: [&str; 2] = ["dns1.hichina.com", "dns2.hichina.com"];
/// What a resolution may depend on: code, name, what it lies in.
const LINES: &[(&str, &str, &str)] = &[
    ("default", "Default", ""),
    ("telecom", "China Telecom", ""),
    ("unicom", "China Unicom", ""),
    ("mobile", "China Mobile", ""),
    ("edu", "CERNET", ""),
    ("oversea", "Outside Mainland China", ""),
    ("search", "Search engines", ""),
    ("baidu", "Baidu", "search"),
    ("google", "Google", "search"),
    ("biying", "Bing", "search"),
];
/// Endings under which names are registered a level deeper.
const DOUBLE: &[&str] = &[
    "com.cn", "net.cn", "org.cn", "gov.cn", "co.uk", "org.uk", "com.hk", "com.tw", "co.jp", "com.au",
    "com.sg",
];

pub(super) fn is_line(line: &str) -> bool {
    LINES.iter().any(|(code, ..)| *code == line)
}

/// Whether a text is a name of labels of letters, digits and hyphens, or of other scripts.
pub(super) fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|symbol| symbol.is_alphanumeric() || symbol == '-' || symbol == '_')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// The domain and what stands before it in a name.
fn split(name: &str) -> Option<(String, String)> {
    let labels: Vec<&str> = name.split('.').collect();
    let ending = labels.len().checked_sub(2).map(|from| labels[from..].join("."));
    let own = match ending {
        Some(ending) if DOUBLE.contains(&ending.as_str()) => 3,
        _ => 2,
    };
    let from = labels.len().checked_sub(own)?;
    Some((labels[from..].join("."), labels[..from].join(".")))
}

pub(super) fn find<'t>(call: &'t Call<'_>) -> Result<&'t Domain, Refusal> {
    let name = call.params.required("DomainName")?.to_ascii_lowercase();
    call.world
        .get::<Domain>(&name)
        .ok_or_else(|| Refusal::new(ABSENT).with_status(400))
}

fn add(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let name = call.params.required("DomainName")?.to_ascii_lowercase();
    if !is_name(&name) || split(&name).is_none_or(|(_, before)| !before.is_empty()) {
        return Err(Refusal::new("InvalidDomainName.Format").with_status(400));
    }
    if call.params.text("GroupId").is_some() {
        return Err(Refusal::new("InvalidDomainGroup.NotExist").with_status(400));
    }
    if call.world.get::<Domain>(&name).is_some() {
        return Err(Refusal::new("InvalidDomainName.Duplicate").with_status(400));
    }
    let group = call.resource_group();
    let (place, mut numbers) = call.world.make();
    let domain = Domain {
        head: Head {
            id: name.clone(),
            place,
            name: name.clone(),
            resource_group: group,
            created: call.now.real,
            ..Head::default()
        },
        domain_id: numbers.uuid().to_ascii_lowercase(),
    };
    let answer = map! {
        "DomainId": &domain.domain_id,
        "DomainName": &name,
        "PunyCode": &name,
        "GroupId": "",
        "GroupName": "",
        "DnsServers": map! { "DnsServer": texts(SERVERS) },
    };
    call.world.insert(domain);
    Ok(answer)
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let name = find(call)?.id.clone();
    call.remove::<Domain>(&name);
    Ok(map! { "DomainName": name })
}

fn records(call: &Call<'_>, domain: &Domain) -> usize {
    call.world
        .heads_linked("dns_record", Domain::NAME, &domain.id)
        .count()
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let exact = match params.text_or("SearchMode", "LIKE") {
        "LIKE" => false,
        "EXACT" => true,
        _ => return Err(Refusal::invalid("SearchMode")),
    };
    let word = params.text("KeyWord");
    // Nobody has marked any, or put it into a group.
    let none = params.flag("Starmark") || params.text("GroupId").is_some_and(|group| group != "0");
    let page = call.page::<Domain>(Search::default(), |domain| {
        !none
            && call.is("ResourceGroupId", &domain.resource_group)
            && word.is_none_or(|word| {
                if exact {
                    domain.id == word
                } else {
                    domain.id.contains(word)
                }
            })
    })?;
    Ok(call.listed(&page, "Domains", "Domain", |domain| {
        map! {
            "DomainId": &domain.domain_id,
            "DomainName": &domain.id,
            "PunyCode": &domain.id,
            "AliDomain": false,
            "CreateTime": minutes(domain.created),
            "CreateTimestamp": domain.created,
            "DnsServers": map! { "DnsServer": texts(SERVERS) },
            "RecordCount": records(call, domain),
            "ResourceGroupId": &domain.resource_group,
            "Remark": "",
            "Starmark": false,
            "InstanceExpired": false,
            "VersionCode": "mianfei",
            "VersionName": "Alibaba Cloud DNS",
            "Tags": map! { "Tag": plain_vpc_tags(&domain.tags) },
        }
    }))
}

fn lines() -> Node {
    let lines = LINES.iter().map(|(code, name, father)| {
        map! { "LineCode": *code, "LineName": *name, "LineDisplayName": *name, "FatherCode": *father }
    });
    map! { "RecordLine": lines.collect::<Vec<_>>() }
}

fn describe_info(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let domain = find(call)?;
    let mut node = map! {
        "DomainId": &domain.domain_id,
        "DomainName": &domain.id,
        "PunyCode": &domain.id,
        "AliDomain": false,
        "CreateTime": seconds(domain.created),
        "DnsServers": map! { "DnsServer": texts(SERVERS) },
        "GroupId": "",
        "GroupName": "",
        "Remark": "",
        "ResourceGroupId": &domain.resource_group,
        "MinTtl": 600,
        "InBlackHole": false,
        "InClean": false,
        "SlaveDns": false,
        "SubDomain": false,
        "LineType": "region_province",
        "RegionLines": false,
        "VersionCode": "mianfei",
        "VersionName": "Alibaba Cloud DNS",
    };
    if call.params.flag("NeedDetailAttributes") {
        let ttls = ["600", "1800", "3600", "43200", "86400"];
        node.push("AvailableTtls", map! { "AvailableTtl": texts(ttls) });
        node.push("RecordLines", lines());
    }
    Ok(node)
}

fn describe_ns(call: &mut Call<'_>) -> Result<Node, Refusal> {
    find(call)?;
    Ok(map! {
        "AllAliDns": true,
        "IncludeAliDns": true,
        "DnsServers": map! { "DnsServer": texts(SERVERS) },
        "ExpectDnsServers": map! { "ExpectDnsServer": texts(SERVERS) },
    })
}

fn describe_lines(call: &mut Call<'_>) -> Result<Node, Refusal> {
    if call.params.text("DomainName").is_some() {
        find(call)?;
    }
    Ok(map! { "RecordLines": lines() })
}

fn main_name(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let input = call.params.required("InputString")?.to_ascii_lowercase();
    let Some((domain, before)) = split(&input).filter(|_| is_name(&input)) else {
        return Err(Refusal::new("InvalidDomainName.Format").with_status(400));
    };
    let level = before.split('.').filter(|label| !label.is_empty()).count();
    Ok(map! {
        "DomainName": domain,
        "RR": if before.is_empty() { "@".to_owned() } else { before },
        "DomainLevel": level + 1,
    })
}

// ── tags ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/// The domains whose tags a request is about.
fn tagged(call: &Call<'_>) -> Result<Vec<String>, Refusal> {
    if !call
        .params
        .required("ResourceType")?
        .eq_ignore_ascii_case("domain")
    {
        return refuse("InvalidResourceType.NotFound");
    }
    let names: Vec<String> = call
        .params
        .list("ResourceId")
        .iter()
        .map(|name| name.to_ascii_lowercase())
        .collect();
    if names.iter().any(|name| call.world.get::<Domain>(name).is_none()) {
        return refuse("InvalidResourceId.NotFound");
    }
    Ok(names)
}

fn tag(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let tags = call.tags()?;
    let names = tagged(call)?;
    if tags.is_empty() {
        return refuse("MissingParameter.Tags");
    }
    for name in names {
        call.world.update::<Domain, _>(&name, |domain| {
            for (key, value) in &tags {
                domain.tags.retain(|(own, _)| own != key);
                domain.tags.push((key.clone(), value.clone()));
            }
        });
    }
    done()
}

fn untag(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let keys = call.params.list("TagKey");
    let all = keys.is_empty() && call.params.flag("All");
    for name in tagged(call)? {
        call.world.update::<Domain, _>(&name, |domain| {
            domain
                .tags
                .retain(|(own, _)| !all && !keys.contains(&own.as_str()));
        });
    }
    done()
}

fn list_tags(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let names = tagged(call)?;
    let filters = call.params.groups("Tag");
    let has = |domain: &Domain| {
        filters.iter().all(|filter| {
            domain.tags.iter().any(|(key, value)| {
                filter.text("Key").is_none_or(|wanted| wanted == key)
                    && filter.text("Value").is_none_or(|wanted| wanted == value)
            })
        })
    };
    let all = call.world.all::<Domain>().iter();
    let found: Vec<&Domain> = all
        .filter(|domain| (names.is_empty() || names.contains(&domain.id)) && has(domain))
        .collect();
    const SIZE: usize = 50;
    let from = match call.params.text("NextToken") {
        None => 0,
        Some(token) => read_token(token).ok_or_else(|| Refusal::invalid("NextToken"))?,
    };
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let until = from.saturating_add(SIZE);
    let nodes = found.iter().skip(from).take(SIZE).flat_map(|domain| {
        domain.tags.iter().map(|(key, value)| {
            map! { "ResourceId": &domain.id, "ResourceType": "DOMAIN", "TagKey": key, "TagValue": value }
        })
    });
    let next = if until < found.len() {
        write_token(until as u64)
    } else {
        String::new()
    };
    Ok(map! { "NextToken": next, "TagResources": nodes.collect::<Vec<_>>() })
}
