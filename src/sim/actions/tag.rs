//! Tags of everything that can be tagged, for both products: their spellings differ, their meaning does not.

use super::super::call::{Call, Entry, done, read_token, write_token};
use super::super::head::{Head, Tag, regional_id};
use super::super::node::{Node, map};
use super::super::products::{ECS, SLB, VPC};
use super::super::refusal::Refusal;
use super::super::table::{AnyTable, tag_key, tag_name_key};

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "TagResources", tag),
    (ECS, "UntagResources", untag),
    (ECS, "ListTagResources", list),
    (VPC, "TagResources", tag),
    (VPC, "UnTagResources", untag),
    (VPC, "ListTagResources", list),
    (SLB, "TagResources", tag),
    (SLB, "UntagResources", untag),
    (SLB, "ListTagResources", list),
];

const TAGS_MAX: usize = 20;

/// A table and the ids in it that a request names.
fn ids(call: &Call<'_>, kind: &str) -> Vec<String> {
    let ids = call.params.list("ResourceId");
    // Key pairs go by their name in a region.
    let by_name = kind.eq_ignore_ascii_case("keypair");
    ids.into_iter()
        .map(|id| {
            if by_name {
                regional_id(&call.region, id)
            } else {
                id.to_owned()
            }
        })
        .collect()
}

/// The table of the resource type that a request names.
fn table<'t>(call: &'t Call<'_>, kind: &str) -> Result<&'t dyn AnyTable, Refusal> {
    let codes = ["InvalidResourceType.NotFound", "InvalidInstanceType.NotFound"];
    call.world
        .resource(&call.facts.version, kind)
        .ok_or_else(|| call.code(&codes))
}

/// Refuses unless all of these are in the region.
fn present(call: &Call<'_>, kind: &str, ids: &[String]) -> Result<(), Refusal> {
    let table = table(call, kind)?;
    let here = |id: &String| table.head(id).is_some_and(|head| head.region == call.region);
    if ids.iter().all(here) {
        Ok(())
    } else {
        Err(call.code(&["InvalidResourceId.NotFound", "InvalidInstanceIds.NotFound"]))
    }
}

fn change(call: &mut Call<'_>, kind: &str, ids: &[String], change: &mut dyn FnMut(&mut Head)) {
    if let Some(table) = call.world.resource_mut(&call.facts.version, kind) {
        ids.iter().for_each(|id| table.change_head(id, change));
    }
}

fn tag(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let kind = call.params.required("ResourceType")?;
    let tags = call.tags()?;
    if tags.is_empty() {
        return Err(call.code(&["MissingParameter.Tags", "MissingParam.Tags"]));
    }
    let ids = ids(call, kind);
    present(call, kind, &ids)?;
    let table = table(call, kind)?;
    for head in ids.iter().filter_map(|id| table.head(id)) {
        let new = tags
            .iter()
            .filter(|(key, _)| head.tags.iter().all(|(own, _)| own != key))
            .count();
        if head.tags.len() + new > TAGS_MAX {
            return Err(call.code(&["QuotaExceed.Tags", "QuotaExceeded.TagNum"]));
        }
    }
    change(call, kind, &ids, &mut |head| add(&mut head.tags, &tags));
    done()
}

/// Puts tags on something; a key that is there gets the new value.
fn add(tags: &mut Vec<Tag>, more: &[Tag]) {
    for (key, value) in more {
        match tags.iter_mut().find(|(own, _)| own == key) {
            Some(own) => own.1.clone_from(value),
            None => tags.push((key.clone(), value.clone())),
        }
    }
}

fn untag(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let kind = call.params.required("ResourceType")?;
    let keys = call.params.list("TagKey");
    // `All` counts only when no key is named.
    let all = keys.is_empty() && call.params.flag("All");
    let ids = ids(call, kind);
    present(call, kind, &ids)?;
    change(call, kind, &ids, &mut |head| {
        head.tags.retain(|(key, _)| !all && !keys.contains(&key.as_str()));
    });
    done()
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let kind = call.params.required("ResourceType")?;
    let ids = ids(call, kind);
    let filters: Vec<(String, Option<String>)> = call
        .params
        .groups("Tag")
        .iter()
        .filter_map(|group| {
            Some((
                group.text("Key")?.to_owned(),
                group.text("Value").map(str::to_owned),
            ))
        })
        .collect();
    let chosen = call.params.groups("TagFilter");
    if ids.is_empty() && filters.is_empty() && chosen.is_empty() {
        return Err(call.code(&["BothEmpty.TagsAndResources"]));
    }
    let size = usize::try_from(call.params.int("MaxResults")?.unwrap_or(50)).unwrap_or(50);
    let from = match call.params.text("NextToken") {
        None => 0,
        Some(token) => {
            read_token(token).ok_or_else(|| call.code(&["Invalid.NextToken", "InvalidParameter"]))?
        }
    };
    let mut found = matching(table(call, kind)?, &call.region, &ids, &filters);
    // Of each filter a resource has the key with one of the values, or with any when there are none.
    found.retain(|head| {
        chosen.iter().all(|filter| {
            let (key, values) = (filter.text_or("TagKey", ""), filter.list("TagValues"));
            head.tags
                .iter()
                .any(|(own, value)| own == key && (values.is_empty() || values.contains(&value.as_str())))
        })
    });
    let kind = kind.to_ascii_lowercase();
    let mut nodes = Vec::new();
    let mut next = String::new();
    // A page ends between two resources, so that none is cut in half.
    for head in found.into_iter().filter(|head| head.place > from) {
        if nodes.len() >= size {
            next = write_token(head.place - 1);
            break;
        }
        let id = head.id.rsplit('/').next().unwrap_or(&head.id);
        nodes.extend(head.tags.iter().map(|(key, value)| {
            map! { "ResourceId": id, "ResourceType": &kind, "TagKey": key, "TagValue": value }
        }));
    }
    Ok(map! { "NextToken": next, "TagResources": map! { "TagResource": nodes } })
}

/// The things of a region among these ids, if any are named, that carry these tags; oldest first.
fn matching<'t>(
    table: &'t dyn AnyTable,
    region: &str,
    ids: &[String],
    filters: &[(String, Option<String>)],
) -> Vec<&'t Head> {
    let has = |head: &Head, key: &String, value: &Option<String>| {
        head.tags
            .iter()
            .any(|(own, own_value)| own == key && value.as_ref().is_none_or(|value| value == own_value))
    };
    let fits =
        |head: &&Head| head.region == region && filters.iter().all(|(key, value)| has(head, key, value));
    if ids.is_empty() {
        let keys = filters.iter().map(|(key, value)| match value {
            Some(value) => tag_key(key, value),
            None => tag_name_key(key),
        });
        let keys: Vec<u64> = keys.collect();
        return table.heads_indexed(&keys).filter(fits).collect();
    }
    let mut found: Vec<&Head> = ids.iter().filter_map(|id| table.head(id)).filter(fits).collect();
    found.sort_by_key(|head| head.place);
    found.dedup_by_key(|head| head.place);
    found
}
