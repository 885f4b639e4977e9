//! Tags of everything that can be tagged, for both products: their spellings differ, their meaning does not.

use std::collections::BTreeSet;

use super::super::node::{Node, map};
use super::super::refusal::Refusal;
use super::super::rows::KeyPair;
use super::super::table::{Row, Table, Tag, tag_key, tag_name_key};
use super::{Call, ECS, Entry, VPC, done, read_token, write_token};

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "TagResources", tag),
    (ECS, "UntagResources", untag),
    (ECS, "ListTagResources", list),
    (VPC, "TagResources", tag),
    (VPC, "UnTagResources", untag),
    (VPC, "ListTagResources", list),
];

const TAGS_MAX: usize = 20;

/// Does something with the table of the resource type that a request names.
macro_rules! with_table {
    ($call:expr, $kind:expr, $table:ident => $body:expr) => {{
        let world = &mut $call.world;
        match ($call.facts.version.as_str(), $kind.to_ascii_lowercase().as_str()) {
            (ECS, "instance") => {
                let $table = &mut world.instances;
                $body
            }
            (ECS, "disk") => {
                let $table = &mut world.disks;
                $body
            }
            (ECS, "securitygroup") => {
                let $table = &mut world.security_groups;
                $body
            }
            (ECS, "keypair") => {
                let $table = &mut world.key_pairs;
                $body
            }
            (VPC, "vpc") => {
                let $table = &mut world.vpcs;
                $body
            }
            (VPC, "eip") => {
                let $table = &mut world.eips;
                $body
            }
            (VPC, "vswitch") => {
                let $table = &mut world.vswitches;
                $body
            }
            _ => Err(Refusal::new($call.facts.code_among(&[
                "InvalidResourceType.NotFound",
                "InvalidInstanceType.NotFound",
            ]))),
        }
    }};
}

/// Rows whose tags can be changed.
pub(super) trait Tagged: Row {
    fn tags_mut(&mut self) -> &mut Vec<Tag>;
}

macro_rules! tagged {
    ($($type:ident),*) => {
        $(impl Tagged for super::super::rows::$type {
            fn tags_mut(&mut self) -> &mut Vec<Tag> {
                &mut self.tags
            }
        })*
    };
}
tagged!(Instance, Disk, Eip, SecurityGroup, KeyPair, Vpc, VSwitch);

/// A row's id in its table: key pairs go by their name in a region.
fn row_id(call: &Call<'_>, kind: &str, id: &str) -> String {
    if kind.eq_ignore_ascii_case("keypair") {
        KeyPair::id_of(&call.region, id)
    } else {
        id.to_owned()
    }
}

fn ids(call: &Call<'_>, kind: &str) -> Vec<String> {
    call.params
        .list("ResourceId")
        .iter()
        .map(|id| row_id(call, kind, id))
        .collect()
}

fn absent(call: &Call<'_>) -> Refusal {
    call.code(&["InvalidResourceId.NotFound", "InvalidInstanceIds.NotFound"])
}

fn tag(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let kind = call.params.required("ResourceType")?;
    let tags = call.tags()?;
    if tags.is_empty() {
        return Err(call.code(&["MissingParameter.Tags", "MissingParam.Tags"]));
    }
    let ids = ids(call, kind);
    let (absent, full) = (
        absent(call),
        call.code(&["QuotaExceed.Tags", "QuotaExceeded.TagNum"]),
    );
    let region = call.region.clone();
    with_table!(call, kind, table => add(table, &region, &ids, &tags, &absent, &full))?;
    done()
}

fn add<T: Tagged>(
    table: &mut Table<T>,
    region: &str,
    ids: &[String],
    tags: &[Tag],
    absent: &Refusal,
    full: &Refusal,
) -> Result<(), Refusal> {
    for id in ids {
        let row = table
            .get(id)
            .filter(|row| row.region() == region)
            .ok_or_else(|| absent.clone())?;
        let new = tags
            .iter()
            .filter(|(key, _)| row.tags().iter().all(|(own, _)| own != key))
            .count();
        if row.tags().len() + new > TAGS_MAX {
            return Err(full.clone());
        }
    }
    for id in ids {
        table.update(id, |row| {
            for (key, value) in tags {
                match row.tags_mut().iter_mut().find(|(own, _)| own == key) {
                    Some(own) => own.1.clone_from(value),
                    None => row.tags_mut().push((key.clone(), value.clone())),
                }
            }
        });
    }
    Ok(())
}

fn untag(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let kind = call.params.required("ResourceType")?;
    let keys: Vec<String> = call
        .params
        .list("TagKey")
        .into_iter()
        .map(str::to_owned)
        .collect();
    // `All` counts only when no key is named.
    let all = keys.is_empty() && call.params.flag("All");
    let ids = ids(call, kind);
    let absent = absent(call);
    let region = call.region.clone();
    with_table!(call, kind, table => remove(table, &region, &ids, &keys, all, &absent))?;
    done()
}

fn remove<T: Tagged>(
    table: &mut Table<T>,
    region: &str,
    ids: &[String],
    keys: &[String],
    all: bool,
    absent: &Refusal,
) -> Result<(), Refusal> {
    if ids
        .iter()
        .any(|id| table.get(id).is_none_or(|row| row.region() != region))
    {
        return Err(absent.clone());
    }
    for id in ids {
        table.update(id, |row| {
            row.tags_mut().retain(|(key, _)| !all && !keys.contains(key))
        });
    }
    Ok(())
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
    if ids.is_empty() && filters.is_empty() {
        return Err(call.code(&["BothEmpty.TagsAndResources"]));
    }
    let size = usize::try_from(call.params.int("MaxResults")?.unwrap_or(50)).unwrap_or(50);
    let from = match call.params.text("NextToken") {
        None => 0,
        Some(token) => {
            read_token(token).ok_or_else(|| call.code(&["Invalid.NextToken", "InvalidParameter"]))?
        }
    };
    let region = call.region.clone();
    let found = with_table!(call, kind, table => Ok(matching(table, &region, &ids, &filters)))?;
    let kind = kind.to_ascii_lowercase();
    let mut nodes = Vec::new();
    let mut next = String::new();
    // A page ends between two resources, so that none is cut in half.
    for (sequence, id, tags) in found.into_iter().filter(|(sequence, ..)| *sequence > from) {
        if nodes.len() >= size {
            next = write_token(sequence - 1);
            break;
        }
        let id = id.rsplit('/').next().unwrap_or(&id).to_owned();
        nodes.extend(tags.iter().map(|(key, value)| {
            map! { "ResourceId": &id, "ResourceType": &kind, "TagKey": key, "TagValue": value }
        }));
    }
    Ok(map! { "NextToken": next, "TagResources": map! { "TagResource": nodes } })
}

fn matching<T: Row>(
    table: &Table<T>,
    region: &str,
    ids: &[String],
    filters: &[(String, Option<String>)],
) -> Vec<(u64, String, Vec<Tag>)> {
    let places: BTreeSet<u64> = if ids.is_empty() {
        let keys = filters.iter().map(|(key, value)| match value {
            Some(value) => tag_key(key, value),
            None => tag_name_key(key),
        });
        keys.filter_map(|key| table.indexed(key))
            .min_by_key(|set| set.len())
            .cloned()
            .unwrap_or_default()
    } else {
        ids.iter().filter_map(|id| table.sequence(id)).collect()
    };
    let has = |row: &T, key: &String, value: &Option<String>| {
        row.tags()
            .iter()
            .any(|(own, own_value)| own == key && value.as_ref().is_none_or(|value| value == own_value))
    };
    places
        .into_iter()
        .filter_map(|sequence| Some((sequence, table.at(sequence)?)))
        .filter(|(_, row)| row.region() == region && filters.iter().all(|(key, value)| has(row, key, value)))
        .map(|(sequence, row)| (sequence, row.id().to_owned(), row.tags().to_vec()))
        .collect()
}
