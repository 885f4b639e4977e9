//! The tag product: tags of whatever any other product has, named by its whole resource name.

use std::collections::BTreeSet;

use super::super::call::{Call, Entry, read_token, write_token};
use super::super::catalogue;
use super::super::head::{Head, Tag, regional_id};
use super::super::node::{Node, map, texts};
use super::super::products::{ALIDNS, ECS, SLB, TAG, VPC};
use super::super::refusal::{Refusal, refuse};
use super::super::table::AnyTable;
use super::tag_meta::MetaTag;

pub(super) const ACTIONS: &[Entry] = &[
    (TAG, "TagResources", tag),
    (TAG, "UntagResources", untag),
    (TAG, "ListTagResources", list),
    (TAG, "ListTagKeys", list_keys),
    (TAG, "ListTagValues", list_values),
    (TAG, "ListResourcesByTag", list_by_tag),
    (TAG, "DescribeRegions", describe_regions),
];

/// The word for a product in a resource name, with the version under which its resource types are known.
pub(super) const SERVICES: &[(&str, &str)] = &[
    ("ecs", ECS),
    ("vpc", VPC),
    ("eip", VPC),
    ("slb", SLB),
    ("alidns", ALIDNS),
];

const TAGS_MAX: usize = 20;

/// What a resource name means: the version and type of its table, and the id in it.
struct Named<'t> {
    version: &'static str,
    kind: &'t str,
    id: String,
}

/// The parts of `arn:acs:service:region:account:type/id`.
fn named<'t>(call: &Call<'_>, arn: &'t str) -> Result<Named<'t>, Refusal> {
    let mut parts = arn.splitn(6, ':');
    let mut next = || parts.next().unwrap_or("");
    let (begin, service, region, account, rest) = ((next(), next()), next(), next(), next(), next());
    let (kind, id) = rest.split_once('/').unwrap_or(("", ""));
    if begin != ("arn", "acs") || kind.is_empty() || id.is_empty() {
        return refuse("InvalidResourceARN.FormatError");
    }
    if !matches!(account, "" | "*") && account != call.world.account_id {
        return refuse("InvalidResourceARN.Account");
    }
    // What belongs to no region has none in its name.
    if !region.is_empty() && region != "*" && region != call.region {
        return refuse("InvalidResourceARN.Region");
    }
    let Some((_, version)) = SERVICES.iter().find(|(own, _)| *own == service) else {
        return refuse("InvalidParameter.ServiceCode");
    };
    // Key pairs go by their name in a region.
    let id = match kind.eq_ignore_ascii_case("keypair") {
        true => regional_id(&call.region, id),
        false => id.to_owned(),
    };
    Ok(Named { version, kind, id })
}

fn tags(call: &Call<'_>) -> Result<Option<Vec<Tag>>, Refusal> {
    let Some(text) = call.params.text("Tags") else {
        return Ok(None);
    };
    let Ok(pairs) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) else {
        return refuse("InvalidParameter.Tags");
    };
    let mut tags = Vec::new();
    for (key, value) in pairs {
        let Some(value) = value.as_str() else {
            return refuse("InvalidParameter.TagValue");
        };
        let forbidden = |text: &str| text.chars().count() > 128 || text.contains("://");
        if key.is_empty() || forbidden(&key) || key.starts_with("aliyun") || key.starts_with("acs:") {
            return refuse("InvalidParameter.TagKey");
        }
        if forbidden(value) {
            return refuse("InvalidParameter.TagValue");
        }
        tags.push((key, value.to_owned()));
    }
    if tags.len() > TAGS_MAX {
        return refuse("NumberExceed.Tags");
    }
    Ok(Some(tags))
}

/// Does something to each resource of the request; says which of them it could not be done to.
fn each(
    call: &mut Call<'_>,
    mut change: impl FnMut(&mut Vec<Tag>) -> Result<(), &'static str>,
) -> Result<Node, Refusal> {
    let names: Vec<String> = call
        .params
        .list("ResourceARN")
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    let mut found = Vec::new();
    // A name of another form refuses the whole request.
    for name in &names {
        found.push(named(call, name)?);
    }
    let region = call.region.clone();
    let mut failed = Vec::new();
    for (name, own) in names.iter().zip(found) {
        let table = call.world.resource_mut(own.version, own.kind);
        let outcome = match table {
            None => Err("InvalidParameter.ResourceType"),
            Some(table) if table.head(&own.id).is_none_or(|head| !head.is_in(&region)) => {
                Err("InvalidResourceId.NotFound")
            }
            Some(table) => {
                let mut outcome = Ok(());
                table.change_head(&own.id, &mut |head| outcome = change(&mut head.tags));
                outcome
            }
        };
        if let Err(code) = outcome {
            let message = super::super::refusal::sentence(code);
            failed.push(map! { "ResourceARN": name, "Result": map! { "Code": code, "Message": message } });
        }
    }
    Ok(map! { "FailedResources": map! { "FailedResource": failed } })
}

fn tag(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let tags = tags(call)?.unwrap_or_default();
    if tags.is_empty() {
        return refuse("InvalidParameter.Tags");
    }
    each(call, |own| {
        let new = tags
            .iter()
            .filter(|(key, _)| own.iter().all(|(other, _)| other != key));
        if own.len() + new.count() > TAGS_MAX {
            return Err("QuotaExceed.TagsPerResource");
        }
        for (key, value) in &tags {
            own.retain(|(other, _)| other != key);
            own.push((key.clone(), value.clone()));
        }
        Ok(())
    })
}

fn untag(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let keys: Vec<String> = call
        .params
        .list("TagKey")
        .iter()
        .map(|key| (*key).to_owned())
        .collect();
    each(call, |own| {
        own.retain(|(key, _)| !keys.contains(key));
        Ok(())
    })
}

/// Everything in the region that can have tags, with its resource name.
fn all<'t>(call: &'t Call<'_>) -> Vec<(String, &'t Head)> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (version, kind, table) in call.world.resources() {
        let service = match kind {
            "eip" => "eip",
            _ => SERVICES
                .iter()
                .find(|(_, own)| *own == version)
                .map_or("", |(service, _)| service),
        };
        let table: &dyn AnyTable = table;
        for head in table.heads_indexed(&[]).filter(|head| head.is_in(&call.region)) {
            // Some things have two words for what they are.
            if service.is_empty() || !seen.insert(head.id.as_str()) {
                continue;
            }
            let id = match kind {
                "keypair" => head.id.rsplit('/').next().unwrap_or(&head.id),
                _ => &head.id,
            };
            let account = &call.world.account_id;
            let name = format!("arn:acs:{service}:{}:{account}:{kind}/{id}", head.region);
            found.push((name, head));
        }
    }
    found.sort_by_key(|(_, head)| head.place);
    found
}

/// The part of a list that PageSize and NextToken ask for, and the token of what follows.
pub(super) fn cut<T>(call: &Call<'_>, all: Vec<T>, size_param: &str) -> Result<(Vec<T>, String), Refusal> {
    let size = call.params.int(size_param)?.unwrap_or(50);
    if !(1..=1000).contains(&size) {
        return Err(Refusal::invalid(size_param));
    }
    let from = match call.params.text("NextToken") {
        None => 0,
        Some(token) => read_token(token).ok_or_else(|| Refusal::new("Invalid.NextToken"))?,
    };
    let (from, size) = (
        usize::try_from(from).unwrap_or(usize::MAX),
        usize::try_from(size).unwrap_or(50),
    );
    let total = all.len();
    let page: Vec<T> = all.into_iter().skip(from).take(size).collect();
    let until = from.saturating_add(page.len());
    let next = if until < total {
        write_token(until as u64)
    } else {
        String::new()
    };
    Ok((page, next))
}

/// Whether the request asks for tags that users made; the cloud itself has made none.
fn custom(call: &Call<'_>) -> Result<bool, Refusal> {
    match call
        .params
        .text_or("Category", "All")
        .to_ascii_lowercase()
        .as_str()
    {
        "all" | "custom" => Ok(true),
        "system" => Ok(false),
        _ => refuse("InvalidParameter.Category"),
    }
}

fn tag_list(tags: &[Tag]) -> Vec<Node> {
    tags.iter()
        .map(|(key, value)| map! { "Category": "Custom", "Key": key, "Value": value })
        .collect()
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let names = call.params.list("ResourceARN");
    for name in &names {
        named(call, name)?;
    }
    let filters = tags(call)?.unwrap_or_default();
    let custom = custom(call)?;
    let has = |head: &Head, (key, value): &Tag| {
        head.tags
            .iter()
            .any(|(own, other)| own == key && (value.is_empty() || value == other))
    };
    let found = all(call).into_iter().filter(|(name, head)| {
        custom
            && !head.tags.is_empty()
            && (names.is_empty() || names.iter().any(|wanted| same(wanted, name)))
            && filters.iter().all(|filter| has(head, filter))
    });
    let (page, next) = cut(call, found.collect(), "PageSize")?;
    let nodes = page
        .into_iter()
        .map(|(name, head)| map! { "ResourceARN": name, "Tags": tag_list(&head.tags) });
    Ok(map! { "NextToken": next, "TagResources": nodes.collect::<Vec<_>>() })
}

/// Whether two resource names mean the same: region and account may be left open.
fn same(wanted: &str, own: &str) -> bool {
    let mut wanted = wanted.splitn(6, ':');
    own.splitn(6, ':').enumerate().all(|(place, part)| {
        let given = wanted.next().unwrap_or("");
        given.eq_ignore_ascii_case(part) || (matches!(place, 3 | 4) && matches!(given, "" | "*"))
    })
}

/// Whether a text is the wanted one, as exactly as FuzzyType says.
fn fits(call: &Call<'_>, filter: &str, text: &str) -> Result<bool, Refusal> {
    let Some(wanted) = call.params.text(filter) else {
        return Ok(true);
    };
    match call.params.text_or("FuzzyType", "EQUAL") {
        "EQUAL" => Ok(text == wanted),
        "PREFIX" => Ok(text.starts_with(wanted)),
        _ => refuse("FuzzyQuery.NotSupport"),
    }
}

/// The tags that lists of keys and values are about.
fn asked<'t>(call: &'t Call<'_>) -> Result<Vec<&'t Tag>, Refusal> {
    if !custom(call)? {
        return Ok(Vec::new());
    }
    match call.params.text_or("QueryType", "ResourceTag") {
        "ResourceTag" => {}
        // It is about none that anything has.
        "MetaTag" => return Ok(Vec::new()),
        _ => return Err(Refusal::invalid("QueryType")),
    }
    let kind = call.params.text("ResourceType");
    let of_kind = |name: &str| kind.is_none_or(|kind| is_kind(name, kind));
    let found = all(call).into_iter().filter(|(name, _)| of_kind(name));
    Ok(found.flat_map(|(_, head)| &head.tags).collect())
}

/// Whether a request asks for tags that were planned, and not for those that things have.
fn planned(call: &Call<'_>) -> bool {
    call.params.text("QueryType") == Some("MetaTag")
}

/// Whether a resource name is of a type in the form `ALIYUN::ECS::INSTANCE`.
fn is_kind(name: &str, kind: &str) -> bool {
    let (service, rest) = (name.split(':').nth(2), name.splitn(6, ':').nth(5));
    let own = rest.and_then(|rest| rest.split('/').next());
    let mut parts = kind.split("::").skip(1);
    let equal = |one: Option<&str>, other: Option<&str>| match (one, other) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    };
    equal(service, parts.next()) && equal(own, parts.next())
}

fn list_keys(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let mut keys: Vec<(&str, &str)> = asked(call)?
        .into_iter()
        .map(|(key, _)| (key.as_str(), ""))
        .collect();
    if planned(call) && custom(call)? {
        let own = call.world.all::<MetaTag>().iter();
        keys.extend(own.map(|meta| (meta.name.as_str(), meta.description.as_str())));
    }
    let mut found = Vec::new();
    for key in keys {
        if fits(call, "TagFilter.Key", key.0)? {
            found.push(key);
        }
    }
    found.sort_unstable();
    found.dedup();
    let (page, next) = cut(call, found, "PageSize")?;
    let nodes = page
        .into_iter()
        .map(|(key, description)| map! { "Category": "custom", "Description": description, "Key": key });
    Ok(map! { "NextToken": next, "Keys": map! { "Key": nodes.collect::<Vec<_>>() } })
}

fn list_values(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let wanted = call.params.required("Key")?;
    let mut all: Vec<&str> = Vec::new();
    if planned(call) {
        let own = call.world.get::<MetaTag>(wanted);
        let own = own.ok_or_else(|| Refusal::new("MetaTagKeyNotFound"))?;
        all.extend(own.values.iter().map(|(value, _)| value.as_str()));
    } else {
        let own = asked(call)?.into_iter().filter(|(key, _)| key == wanted);
        all.extend(own.map(|(_, value)| value.as_str()));
    }
    let mut values: Vec<&str> = Vec::new();
    for value in all {
        if fits(call, "TagFilter.Value", value)? {
            values.push(value);
        }
    }
    values.sort_unstable();
    values.dedup();
    let (page, next) = cut(call, values, "PageSize")?;
    Ok(map! { "NextToken": next, "Values": map! { "Value": texts(page) } })
}

fn list_by_tag(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let kind = params.required("ResourceType")?;
    let (key, value) = (params.required("TagFilter.Key")?, params.text("TagFilter.Value"));
    let wanted = match params.text_or("FuzzyType", "EQUAL") {
        "EQUAL" => true,
        "NOT" => false,
        _ => return refuse("FuzzyQuery.NotSupport"),
    };
    let whole = params.flag("IncludeAllTags");
    let is = |(own, other): &Tag| own == key && value.is_none_or(|value| value == other);
    let found = all(call)
        .into_iter()
        .filter(|(name, head)| is_kind(name, kind) && head.tags.iter().any(is) == wanted);
    let (page, next) = cut(call, found.collect(), "MaxResult")?;
    let nodes = page.into_iter().map(|(name, head)| {
        let shown: Vec<Tag> = head.tags.iter().filter(|tag| whole || is(tag)).cloned().collect();
        let id = name.rsplit('/').next().unwrap_or("");
        map! { "ResourceId": id, "Tags": tag_list(&shown) }
    });
    Ok(map! { "NextToken": next, "Resources": nodes.collect::<Vec<_>>() })
}

fn describe_regions(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let english = match call.params.text_or("AcceptLanguage", "zh-CN") {
        "zh-CN" => false,
        "en-US" | "ja" => true,
        _ => return refuse("InvalidParameter.AcceptLanguage"),
    };
    let regions = catalogue::regions().iter().map(|region| {
        map! {
            "RegionId": region.id,
            "LocalName": if english { region.id } else { region.name },
            "RegionEndpoint": format!("tag.{}.aliyuncs.com", region.id),
        }
    });
    Ok(map! { "Regions": map! { "Region": regions.collect::<Vec<_>>() } })
}
