//! The older tag actions of ECS: one thing at a time, and the tags themselves as a list.

use std::collections::BTreeMap;

use super::super::call::{Call, Entry, done};
use super::super::head::regional_id;
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "AddTags", add),
    (ECS, "RemoveTags", remove),
    (ECS, "DescribeTags", describe),
    (ECS, "DescribeResourceByTags", describe_resources),
];

const TAGS_MAX: usize = 20;

/// Resource types, as requests write them and as the counts of an answer do.
const TYPES: &[(&str, &str)] = &[
    ("instance", "Instance"),
    ("disk", "Disk"),
    ("image", "Image"),
    ("snapshot", "Snapshot"),
    ("securitygroup", "Securitygroup"),
    ("keypair", "KeyPair"),
    ("eni", "Eni"),
    ("launchtemplate", "LaunchTemplate"),
    ("snapshotpolicy", "SnapshotPolicy"),
    ("volume", "Volume"),
    ("ddh", "Ddh"),
    ("reservedinstance", "ReservedInstance"),
];

/// The resource type and the id in its table that a request names.
fn resource(call: &Call<'_>) -> Result<(String, String), Refusal> {
    let kind = call.params.required("ResourceType")?.to_ascii_lowercase();
    let id = call.params.required("ResourceId")?;
    let id = if kind == "keypair" {
        regional_id(&call.region, id)
    } else {
        id.to_owned()
    };
    let Some(table) = call.world.resource(ECS, &kind) else {
        return Err(Refusal::new("InvalidResourceType.NotFound").with_status(404));
    };
    if table.head(&id).is_none_or(|head| head.region != call.region) {
        return Err(Refusal::new("InvalidResourceId.NotFound").with_status(404));
    }
    Ok((kind, id))
}

fn add(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (kind, id) = resource(call)?;
    let tags = call.tags()?;
    if tags.is_empty() {
        return Err(Refusal::missing("Tag.1.Key"));
    }
    let own = call.world.resource(ECS, &kind).and_then(|table| table.head(&id));
    let own = own.map_or(&[][..], |head| &head.tags);
    let new = tags
        .iter()
        .filter(|(key, _)| own.iter().all(|(other, _)| other != key))
        .count();
    if own.len() + new > TAGS_MAX {
        return refuse("QuotaExceed.Tags");
    }
    if let Some(table) = call.world.resource_mut(ECS, &kind) {
        table.change_head(&id, &mut |head| {
            for (key, value) in &tags {
                head.tags.retain(|(own, _)| own != key);
                head.tags.push((key.clone(), value.clone()));
            }
        });
    }
    done()
}

fn remove(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (kind, id) = resource(call)?;
    let tags = call.tags()?;
    if let Some(table) = call.world.resource_mut(ECS, &kind) {
        table.change_head(&id, &mut |head| {
            // Without a value a tag goes whatever its value; without any tag all of them go.
            head.tags.retain(|(key, value)| {
                !tags.is_empty()
                    && tags
                        .iter()
                        .all(|(gone, wanted)| gone != key || !(wanted.is_empty() || wanted == value))
            });
        });
    }
    done()
}

/// The tags of a request as filters: keys, and values where there are any.
fn filters(call: &Call<'_>) -> Vec<(String, Option<String>)> {
    let groups = call.params.groups("Tag");
    let filters = groups.iter().filter_map(|group| {
        let key = group.text("Key").or_else(|| group.text("key"))?;
        let value = group.text("Value").or_else(|| group.text("value"));
        Some((key.to_owned(), value.map(str::to_owned)))
    });
    filters.collect()
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let wanted = params.text("ResourceType").map(str::to_ascii_lowercase);
    if wanted
        .as_ref()
        .is_some_and(|kind| TYPES.iter().all(|(own, _)| own != kind))
    {
        return refuse("InvalidResourceType.NotFound");
    }
    let only = params.text("ResourceId");
    let filters = filters(call);
    let mut counts: BTreeMap<(String, String), BTreeMap<&'static str, usize>> = BTreeMap::new();
    for (kind, shown) in TYPES {
        if wanted.as_ref().is_some_and(|wanted| wanted != kind) {
            continue;
        }
        let Some(table) = call.world.resource(ECS, kind) else {
            continue;
        };
        for head in table.heads_indexed(&[]).filter(|head| head.region == call.region) {
            let id = head.id.rsplit('/').next().unwrap_or(&head.id);
            if only.is_some_and(|only| only != id) {
                continue;
            }
            for (key, value) in &head.tags {
                let fits = |(name, wanted): &(String, Option<String>)| {
                    name == key && wanted.as_ref().is_none_or(|wanted| wanted == value)
                };
                if filters.is_empty() || filters.iter().any(fits) {
                    let own = counts.entry((key.clone(), value.clone())).or_default();
                    *own.entry(shown).or_default() += 1;
                }
            }
        }
    }
    let (number, size) = call.number_and_size(100)?;
    let from = usize::try_from(number - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(size);
    let nodes: Vec<Node> = counts
        .iter()
        .skip(from)
        .take(size)
        .map(|((key, value), own)| {
            let each = TYPES
                .iter()
                .map(|(_, shown)| ((*shown).into(), own.get(shown).copied().unwrap_or(0).into()));
            let each = Node::Map(each.collect());
            map! { "TagKey": key, "TagValue": value, "ResourceTypeCount": each }
        })
        .collect();
    let mut answer = map! { "Tags": map! { "Tag": nodes } };
    call.paging(
        &mut answer,
        counts.len(),
        number,
        i64::try_from(size).unwrap_or(100),
        "",
    );
    Ok(answer)
}

fn describe_resources(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let wanted = call.params.text("ResourceType").map(str::to_ascii_lowercase);
    if wanted
        .as_ref()
        .is_some_and(|kind| TYPES.iter().all(|(own, _)| own != kind))
    {
        return refuse("InvalidResourceType.NotFound");
    }
    let filters = filters(call);
    let mut found = Vec::new();
    for (kind, _) in TYPES {
        if wanted.as_ref().is_some_and(|wanted| wanted != kind) {
            continue;
        }
        let Some(table) = call.world.resource(ECS, kind) else {
            continue;
        };
        for head in table.heads_indexed(&[]).filter(|head| head.region == call.region) {
            let has = |(name, wanted): &(String, Option<String>)| {
                head.tags
                    .iter()
                    .any(|(key, value)| key == name && wanted.as_ref().is_none_or(|wanted| wanted == value))
            };
            if filters.iter().all(has) && !(filters.is_empty() && head.tags.is_empty()) {
                let id = head.id.rsplit('/').next().unwrap_or(&head.id);
                found.push((id.to_owned(), *kind));
            }
        }
    }
    let (number, size) = call.number_and_size(100)?;
    let from = usize::try_from(number - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(size);
    let nodes = found.iter().skip(from).take(size).map(|(id, kind)| {
        map! { "ResourceId": id, "ResourceType": *kind, "RegionId": call.region.as_str() }
    });
    let mut answer = map! { "Resources": map! { "Resource": nodes.collect::<Vec<_>>() } };
    call.paging(
        &mut answer,
        found.len(),
        number,
        i64::try_from(size).unwrap_or(100),
        "",
    );
    Ok(answer)
}
