//! Everything of an account by its resource groups, whatever product and region it is of.

use std::collections::BTreeSet;

use super::super::call::{Call, Entry, GROUP};
use super::super::clock::seconds;
use super::super::head::{Head, regional_id};
use super::super::node::{Node, map};
use super::super::products::RESOURCE_MANAGER;
use super::super::refusal::{Refusal, sentence};
use super::resource_group::put;
use super::tag_central::SERVICES;

pub(super) const ACTIONS: &[Entry] = &[
    (RESOURCE_MANAGER, "ListResources", list),
    (RESOURCE_MANAGER, "MoveResources", move_all),
];

/// How many things one request may move.
const MOVED_MAX: usize = 10;

/// A thing with its product, its type and the id by which it is known there.
struct Thing<'t> {
    service: &'static str,
    kind: &'static str,
    id: &'t str,
    head: &'t Head,
}

/// Everything that is in a resource group, newest first.
fn all<'t>(call: &'t Call<'_>) -> Vec<Thing<'t>> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (version, kind, table) in call.world.resources() {
        let Some((service, _)) = SERVICES.iter().find(|(_, own)| *own == version) else {
            continue;
        };
        for head in table.heads_indexed(&[]) {
            // Some things have two words for what they are.
            if head.resource_group.is_empty() || !seen.insert(head.id.as_str()) {
                continue;
            }
            let id = match kind {
                "keypair" => head.id.rsplit('/').next().unwrap_or(&head.id),
                _ => &head.id,
            };
            found.push(Thing {
                service,
                kind,
                id,
                head,
            });
        }
    }
    found.sort_by_key(|thing| std::cmp::Reverse(thing.head.place));
    found
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let pairs = params.groups("ResourceTypes");
    let same = |wanted: Option<&str>, own: &str| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(own));
    let fits = |thing: &Thing<'_>| {
        same(params.text("Service"), thing.service)
            && same(params.text("ResourceType"), thing.kind)
            && call.is("ResourceId", thing.id)
            && call.is("ResourceGroupId", &thing.head.resource_group)
            && params
                .text("Region")
                .is_none_or(|region| thing.head.is_in(region))
            && call.is_visible(thing.head.created)
            && (pairs.is_empty()
                || pairs.iter().any(|pair| {
                    same(pair.text("Service"), thing.service) && same(pair.text("ResourceType"), thing.kind)
                }))
    };
    let found: Vec<Thing<'_>> = all(call).into_iter().filter(fits).collect();
    let (number, size) = call.number_and_size(100)?;
    let skip = usize::try_from(number - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(size);
    let nodes = found.iter().skip(skip).take(size).map(|thing| {
        map! {
            "Service": thing.service,
            "ResourceType": thing.kind,
            "ResourceId": thing.id,
            "ResourceGroupId": &thing.head.resource_group,
            "RegionId": &thing.head.region,
            "CreateDate": seconds(thing.head.created),
        }
    });
    let mut answer = map! {
        "Resources": map! { "Resource": nodes.collect::<Vec<_>>() },
        "PageNumber": number,
        "PageSize": i64::try_from(size).unwrap_or(10),
    };
    // Who does not want them counted is not told how many there are.
    if params.bool("Count").unwrap_or(true) {
        answer.push("TotalCount", found.len());
    }
    Ok(answer)
}

/// The version and the row of a thing that is to be moved.
fn found(
    call: &Call<'_>,
    thing: &super::super::params::Params,
) -> Result<(&'static str, String), &'static str> {
    let service = thing.text_or("Service", "");
    let Some((_, version)) = SERVICES.iter().find(|(own, _)| own.eq_ignore_ascii_case(service)) else {
        return Err("InvalidParameter.Service");
    };
    let (kind, id) = (thing.text_or("ResourceType", ""), thing.text_or("ResourceId", ""));
    let region = thing.text_or("RegionId", "");
    let Some(table) = call.world.resource(version, kind) else {
        return Err("InvalidParameter.ResourceType");
    };
    // Key pairs go by their name in a region.
    let id = match kind.eq_ignore_ascii_case("keypair") {
        true => regional_id(region, id),
        false => id.to_owned(),
    };
    match table.head(&id) {
        Some(head) if head.is_in(region) && !head.resource_group.is_empty() => Ok((version, id)),
        _ => Err("EntityNotExists.Resource"),
    }
}

fn move_all(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let group = call.params.required("ResourceGroupId")?;
    if call.world.head(GROUP, group).is_none() {
        return Err(Refusal::new("EntityNotExists.ResourceGroup").with_status(404));
    }
    let things = call.params.groups("Resources");
    if things.len() > MOVED_MAX {
        return Err(Refusal::invalid("Resources"));
    }
    for thing in &things {
        for name in ["Service", "ResourceType", "ResourceId", "RegionId"] {
            if thing.text(name).is_none() {
                return Err(Refusal::missing(name));
            }
        }
    }
    call.validated()?;
    // Each is moved or not, and the answer says which.
    let mut responses = Vec::new();
    for thing in &things {
        let outcome = found(call, thing);
        if let Ok((version, id)) = &outcome {
            put(call.world, version, thing.text_or("ResourceType", ""), id, group);
        }
        let code = outcome.err().unwrap_or("");
        let message = if code.is_empty() {
            String::new()
        } else {
            sentence(code)
        };
        responses.push(map! {
            "Service": thing.text_or("Service", ""),
            "ResourceType": thing.text_or("ResourceType", ""),
            "ResourceId": thing.text_or("ResourceId", ""),
            "RegionId": thing.text_or("RegionId", ""),
            "Status": if code.is_empty() { "SUCCESS" } else { "FAIL" },
            "ErrorCode": code,
            "ErrorMsg": message,
        });
    }
    Ok(map! { "Responses": responses })
}
