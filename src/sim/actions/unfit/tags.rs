//! Tags as they are given and asked for.

use super::super::super::call::Call;
use super::Unfit;

/// The most tags of a request.
const TAGS_MAX: u32 = 20;

pub(super) const TABLE: &[Unfit] = &[
    Unfit(
        &["TagResources", "UntagResources"],
        "MissingParameter.ResourceIds",
        |call| {
            !call
                .params
                .iter()
                .any(|(name, _)| name.starts_with("ResourceId."))
        },
    ),
    Unfit(
        &["TagResources", "UntagResources"],
        "NumberExceed.ResourceIds",
        |call| highest(call, "ResourceId.") > 50,
    ),
    Unfit(&["TagResources"], "MissingParameter.Tags", |call| {
        highest(call, "Tag.") == 0
    }),
    Unfit(&["UntagResources"], "MissingParameter.Tags", |call| {
        highest(call, "TagKey.") == 0 && call.params.peek("All").is_empty()
    }),
    Unfit(&["TagResources", "UntagResources"], "NumberExceed.Tags", |call| {
        highest(call, "Tag.").max(highest(call, "TagKey.")) > TAGS_MAX
    }),
    Unfit(&[], "InvalidTagCount", |call| highest(call, "Tag.") > TAGS_MAX),
    Unfit(&[], "QuotaExceed.Tags", |call| highest(call, "Tag.") > TAGS_MAX),
    Unfit(&[], "InvalidTag.Mismatch", without_key),
    Unfit(&["UntagResources"], "InvalidTagKey.Malformed", |call| {
        call.params.iter().any(|(name, value)| {
            name.starts_with("TagKey.") && (value.starts_with("acs:") || value.starts_with("aliyun"))
        })
    }),
    Unfit(&["UntagResources"], "Duplicate.TagKey", |call| {
        let keys: Vec<&str> = call
            .params
            .iter()
            .filter(|(name, _)| name.starts_with("TagKey."))
            .map(|(_, value)| value)
            .collect();
        keys.iter()
            .enumerate()
            .any(|(place, key)| keys[..place].contains(key))
    }),
];

/// The highest number behind a prefix; 0 without one.
fn highest(call: &Call<'_>, prefix: &str) -> u32 {
    call.params
        .iter()
        .filter_map(|(name, _)| {
            let number = name.strip_prefix(prefix)?.split('.').next()?;
            number.parse().ok()
        })
        .max()
        .unwrap_or(0)
}

/// A tag has a value and no key.
fn without_key(call: &Call<'_>) -> bool {
    call.params.iter().any(|(name, value)| {
        let Some(own) = name
            .strip_prefix("Tag.")
            .and_then(|rest| rest.strip_suffix(".Value"))
        else {
            return false;
        };
        !value.is_empty() && call.params.peek(&format!("Tag.{own}.Key")).is_empty()
    })
}
