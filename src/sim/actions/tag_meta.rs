//! Tags that are planned before anything has them, and what can have tags at all.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, done};
use super::super::head::{Head, row};
use super::super::node::{Node, map};
use super::super::products::TAG;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::tag_central::{SERVICES, cut};

/// A planned key, which is its id and its name, with its planned values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MetaTag {
    #[serde(flatten)]
    pub(super) head: Head,
    /// Each with its description.
    pub(super) values: Vec<(String, String)>,
}

row!(MetaTag);

impl Kind for MetaTag {
    const NAME: &'static str = "meta_tag";
}

pub(super) const ACTIONS: &[Entry] = &[
    (TAG, "CreateTags", create),
    (TAG, "DeleteTag", delete),
    (TAG, "ListSupportResourceTypes", types),
];

/// Planned tags belong to the account and are kept in one region.
const CENTER: &str = "cn-hangzhou";
/// The longest key, value or description, in letters.
const TEXT_MAX: usize = 128;
/// How many values a request may have for one key.
const VALUES_MAX: usize = 10;

/// What a request says of one key.
struct Planned {
    key: String,
    description: Option<String>,
    /// Each with its description.
    values: Vec<(String, String)>,
}

fn central(call: &Call<'_>) -> Result<(), Refusal> {
    match call.region == CENTER {
        true => Ok(()),
        false => refuse("WrongEndpoint"),
    }
}

fn is_forbidden(text: &str) -> bool {
    text.chars().count() > TEXT_MAX || text.contains("http://") || text.contains("https://")
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    central(call)?;
    let mut told: Vec<Planned> = Vec::new();
    let keys = call.params.groups("TagKeyValueParamList");
    if keys.is_empty() {
        return refuse("MissingParameter.TagKeyValueParamList");
    }
    let described = |text: Option<&str>| match text {
        Some(text) if text.chars().count() > TEXT_MAX => Err(Refusal::invalid("Description")),
        text => Ok(text.map(str::to_owned)),
    };
    for group in &keys {
        let key = group
            .text("Key")
            .ok_or_else(|| Refusal::new("MissingParameter.Key"))?;
        let is_reserved = key.starts_with("aliyun") || key.starts_with("acs:");
        if is_forbidden(key) || is_reserved || told.iter().any(|own| own.key == key) {
            return refuse("InvalidParameter.Key");
        }
        let mut values = Vec::new();
        for own in group.groups("TagValueParamList") {
            // A value may be empty, but it is told.
            let value = own.given("Value");
            let value = value.ok_or_else(|| Refusal::new("MissingParameter.Value"))?;
            if is_forbidden(value) {
                return refuse("InvalidParameter.Value");
            }
            let description = described(own.text("Description"))?.unwrap_or_default();
            values.push((value.to_owned(), description));
        }
        if values.len() > VALUES_MAX {
            return refuse("InvalidParameter.Value");
        }
        told.push(Planned {
            key: key.to_owned(),
            description: described(group.text("Description"))?,
            values,
        });
    }
    call.validated()?;
    for Planned {
        key,
        description,
        values,
    } in told
    {
        if call.world.get::<MetaTag>(&key).is_none() {
            let (head, _) = call.head("");
            let head = Head {
                id: key.clone(),
                name: key.clone(),
                region: String::new(),
                resource_group: String::new(),
                ..head
            };
            let values = Vec::new();
            call.world.insert(MetaTag { head, values });
        }
        call.world.update::<MetaTag, _>(&key, |own| {
            own.rename(None, description);
            for (value, description) in values {
                own.values.retain(|(other, _)| *other != value);
                own.values.push((value, description));
            }
        });
    }
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    central(call)?;
    let key = call.params.text("Key");
    let key = key.ok_or_else(|| Refusal::new("MissingParameter.Key"))?;
    let own = call.world.get::<MetaTag>(key);
    let own = own.ok_or_else(|| Refusal::new("MetaTagKeyNotFound"))?;
    match call.params.text("Value") {
        None if !own.values.is_empty() => refuse("MetaTagKeyHasValue"),
        None => {
            call.validated()?;
            call.remove::<MetaTag>(key);
            done()
        }
        Some(value) if !own.values.iter().any(|(other, _)| other == value) => refuse("MetaTagKeyNotFound"),
        Some(value) => {
            call.validated()?;
            call.world.update::<MetaTag, _>(key, |own| {
                own.values.retain(|(other, _)| other != value);
            });
            done()
        }
    }
}

/// What is said of every type that can have tags, and whether it is so: there are lists and changes of tags, and no
/// policies, bills or tags of who has made something.
const ITEMS: &[(&str, bool)] = &[
    ("TAG_CONSOLE_SUPPORT", true),
    ("TAG_API_SUPPORT", true),
    ("CLOUD_RESOURCE_API_SUPPORT", true),
    ("TAG_BILL_SUPPORT", false),
    ("CREATED_BY_TAG_CONSOLE_SUPPORT", false),
    ("TAG_POLICY_PREVENTATIVE_CHECK_SUPPORT", false),
];

fn types(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let supported = params.text("SupportCode").is_none_or(|code| {
        let own = ITEMS.iter().find(|(own, _)| *own == code);
        own.is_some_and(|(_, support)| *support)
    });
    let mut found: Vec<(&str, &str)> = Vec::new();
    for (version, kind, _) in call.world.resources() {
        let Some((service, _)) = SERVICES.iter().find(|(_, own)| *own == version) else {
            continue;
        };
        // The filter is spelled so.
        if supported && call.is("ProductCode", service) && call.is("ResourceTye", kind) {
            found.push((service, kind));
        }
    }
    found.sort_unstable();
    let with_items = params.flag("ShowItems");
    let (page, next) = cut(call, found, "MaxResult")?;
    let nodes = page.into_iter().map(|(service, kind)| {
        let mut node = map! {
            "ProductCode": service,
            "ResourceType": kind,
            "ArnTemplate": format!("arn:acs:{service}:${{Region}}:${{Account}}:{kind}/${{ResourceId}}"),
        };
        if with_items {
            let items = ITEMS
                .iter()
                .map(|(code, support)| map! { "SupportCode": *code, "Support": *support });
            node.push("SupportItems", items.collect::<Vec<_>>());
        }
        node
    });
    Ok(map! { "NextToken": next, "SupportResourceTypes": nodes.collect::<Vec<_>>() })
}
