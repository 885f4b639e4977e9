//! What the lists and the tags of the access control product have in common: markers instead of pages, and tags as
//! one JSON array. Does not know what is listed.

use serde::Deserialize;

use super::super::call::{Call, read_token, write_token};
use super::super::head::Tag;
use super::super::node::{Node, map};
use super::super::refusal::Refusal;

/// A tag as the two products that send arrays of them write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonTag {
    #[serde(alias = "Key")]
    #[serde(rename = "TagKey")]
    key: String,
    #[serde(alias = "Value", default)]
    #[serde(rename = "TagValue")]
    value: String,
}

/// The tags of a parameter that holds them as a JSON array; `None` when it is not given.
pub(super) fn json_tags(call: &Call<'_>, param: &str) -> Result<Option<Vec<Tag>>, Refusal> {
    let Some(text) = call.params.text(param) else {
        return Ok(None);
    };
    let tags: Vec<JsonTag> = serde_json::from_str(text).map_err(|_| Refusal::invalid(param))?;
    let forbidden = |text: &str| text.chars().count() > 128 || text.contains("://");
    let mut keys: Vec<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    let sound = tags.len() <= 20
        && keys.len() == tags.len()
        && tags.iter().all(|tag| {
            let reserved = tag.key.starts_with("aliyun") || tag.key.starts_with("acs:");
            !tag.key.is_empty() && !reserved && !forbidden(&tag.key) && !forbidden(&tag.value)
        });
    if !sound {
        return Err(Refusal::invalid(param));
    }
    Ok(Some(tags.into_iter().map(|tag| (tag.key, tag.value)).collect()))
}

/// Whether something has all the tags that a filter names; an empty value stands for any.
pub(super) fn has_tags(own: &[Tag], wanted: Option<&[Tag]>) -> bool {
    let has = |(key, value): &Tag| {
        own.iter()
            .any(|(name, other)| name == key && (value.is_empty() || value == other))
    };
    wanted.is_none_or(|wanted| wanted.iter().all(has))
}

pub(super) fn tag_nodes(tags: &[Tag]) -> Node {
    let nodes = tags
        .iter()
        .map(|(key, value)| map! { "TagKey": key, "TagValue": value });
    map! { "Tag": nodes.collect::<Vec<_>>() }
}

/// The answer of a list from Marker on, MaxItems long.
pub(super) fn marked(
    call: &Call<'_>,
    all: Vec<Node>,
    outer: &'static str,
    inner: &'static str,
) -> Result<Node, Refusal> {
    let size = call.params.int("MaxItems")?.unwrap_or(100);
    if !(1..=1000).contains(&size) {
        return Err(Refusal::invalid("MaxItems"));
    }
    let from = match call.params.text("Marker") {
        None => 0,
        Some(token) => read_token(token).ok_or_else(|| Refusal::invalid("Marker"))?,
    };
    let total = all.len();
    let from = usize::try_from(from).unwrap_or(usize::MAX).min(total);
    let until = from
        .saturating_add(usize::try_from(size).unwrap_or(100))
        .min(total);
    let page: Vec<Node> = all.into_iter().take(until).skip(from).collect();
    let mut answer = Node::Map(Vec::new());
    answer.push(outer, Node::Map(vec![(inner.into(), Node::List(page))]));
    answer.push("IsTruncated", until < total);
    if until < total {
        answer.push("Marker", write_token(until as u64));
    }
    Ok(answer)
}
