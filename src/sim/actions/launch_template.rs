//! Launch templates: what RunInstances is to be told, kept in versions.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, ecs_tags};
use super::super::clock::seconds;
use super::super::head::{Head, row};
use super::super::node::{Node, map, texts};
use super::super::params::{Params, pattern};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::instance_order::user_data;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LaunchTemplate {
    #[serde(flatten)]
    pub(super) head: Head,
    versions: Vec<Version>,
    default: i64,
    latest: i64,
    modified: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Version {
    number: i64,
    description: String,
    created: i64,
    /// What RunInstances is told, by its own names.
    params: Vec<(String, String)>,
}

row!(LaunchTemplate, links: |row, link| link("name", &row.name));

impl Kind for LaunchTemplate {
    const NAME: &'static str = "launch_template";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ECS, "launchtemplate")];
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "CreateLaunchTemplate", create),
    (ECS, "CreateLaunchTemplateVersion", create_version),
    (ECS, "ModifyLaunchTemplateDefaultVersion", modify_default),
    (ECS, "DeleteLaunchTemplateVersion", delete_version),
    (ECS, "DeleteLaunchTemplate", delete),
    (ECS, "DescribeLaunchTemplates", describe),
    (ECS, "DescribeLaunchTemplateVersions", describe_versions),
];

const ABSENT: &str = "InvalidLaunchTemplate.NotFound";
/// The vendor's limits.
const PER_REGION_MAX: usize = 30;
const VERSIONS_MAX: usize = 30;
/// Parameters that are about the template and not about servers.
const OWN: &[&str] = &[
    "LaunchTemplateId",
    "LaunchTemplateName",
    "RegionId",
    "TemplateResourceGroupId",
    "VersionDescription",
];

/// What a request says of servers.
fn content(call: &Call<'_>) -> Result<Vec<(String, String)>, Refusal> {
    user_data(call)?;
    let about_servers = |name: &str| !OWN.contains(&name) && !name.starts_with("TemplateTag.");
    let content = call.params.kept(about_servers);
    Ok(content
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

fn description(call: &Call<'_>) -> Result<String, Refusal> {
    let text = call.name("VersionDescription", 2, &["InvalidDescription.Malformed"])?;
    Ok(text.unwrap_or_default())
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let malformed: &[&str] = &["InvalidLaunchTemplateName.Malformed"];
    let Some(name) = call.name("LaunchTemplateName", 2, malformed)? else {
        return Err(Refusal::missing("LaunchTemplateName"));
    };
    let here = |own: &&LaunchTemplate| own.region == call.region;
    if call
        .world
        .linked::<LaunchTemplate>("name", &name)
        .any(|own| own.region == call.region)
    {
        return refuse("LaunchTemplateName.Duplicated");
    }
    if call.world.all::<LaunchTemplate>().iter().filter(here).count() >= PER_REGION_MAX {
        return refuse("LaunchTemplateLimitExceed");
    }
    if let Some(group) = params.text("TemplateResourceGroupId") {
        call.check_group(group)?;
    }
    let version = Version {
        number: 1,
        description: description(call)?,
        created: call.now.real,
        params: content(call)?,
    };
    let tags = call.tags_of("TemplateTag")?;
    let (mut head, _) = call.head("lt-");
    if let Some(group) = params.text("TemplateResourceGroupId") {
        head.resource_group = group.to_owned();
    }
    head.name = name;
    head.tags = tags;
    let answer = map! { "LaunchTemplateId": &head.id, "LaunchTemplateVersionNumber": 1 };
    call.world.insert(LaunchTemplate {
        head,
        versions: vec![version],
        default: 1,
        latest: 1,
        modified: call.now.real,
    });
    Ok(answer)
}

/// The template that a request names by id or by name.
fn named<'t>(call: &'t Call<'_>) -> Result<&'t LaunchTemplate, Refusal> {
    let params = call.params;
    let absent = || Refusal::new(ABSENT).with_status(404);
    match (params.text("LaunchTemplateId"), params.text("LaunchTemplateName")) {
        (Some(id), None) => call.find::<LaunchTemplate>(id, ABSENT).map_err(|_| absent()),
        (None, Some(name)) => {
            let mut all = call.world.all::<LaunchTemplate>().iter();
            let found = all.find(|own| own.name == name && own.region == call.region);
            found.ok_or_else(absent)
        }
        (Some(_), Some(_)) => Err(Refusal::invalid("LaunchTemplateName")),
        (None, None) => Err(Refusal::missing("LaunchTemplateId")),
    }
}

fn create_version(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let template = named(call)?;
    let (id, number) = (template.id.clone(), template.latest + 1);
    if template.versions.len() >= VERSIONS_MAX {
        return refuse("LaunchTemplateVersionLimitExceed");
    }
    let version = Version {
        number,
        description: description(call)?,
        created: call.now.real,
        params: content(call)?,
    };
    let now = call.now.real;
    call.world.update::<LaunchTemplate, _>(&id, |template| {
        template.versions.push(version);
        template.latest = number;
        template.modified = now;
    });
    Ok(map! { "LaunchTemplateId": id, "LaunchTemplateVersionNumber": number })
}

fn modify_default(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let template = named(call)?;
    let id = template.id.clone();
    let number = call.params.int("DefaultVersionNumber")?.unwrap_or(0);
    if template.versions.iter().all(|version| version.number != number) {
        return refuse("InvalidLaunchTemplateVersion.NotFound");
    }
    let now = call.now.real;
    call.world.update::<LaunchTemplate, _>(&id, |template| {
        template.default = number;
        template.modified = now;
    });
    Ok(map! { "LaunchTemplateId": id })
}

fn delete_version(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let template = named(call)?;
    let id = template.id.clone();
    let mut numbers = Vec::new();
    for text in call.params.list("DeleteVersion") {
        let number: i64 = text.parse().map_err(|_| Refusal::invalid("DeleteVersion"))?;
        if number == template.default {
            return refuse("InvalidOperation.DeleteDefaultVersion");
        }
        if template.versions.iter().all(|version| version.number != number) {
            return Err(Refusal::invalid("DeleteVersion"));
        }
        numbers.push(number);
    }
    call.world.update::<LaunchTemplate, _>(&id, |template| {
        template
            .versions
            .retain(|version| !numbers.contains(&version.number));
    });
    let gone = numbers
        .iter()
        .map(|number| map! { "LaunchTemplateId": &id, "LaunchTemplateVersionNumber": *number });
    Ok(map! { "LaunchTemplateVersions": map! { "LaunchTemplateVersion": gone.collect::<Vec<_>>() } })
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let template = named(call)?;
    let id = template.id.clone();
    let numbers: Vec<Node> = template
        .versions
        .iter()
        .map(|version| version.number.into())
        .collect();
    call.remove::<LaunchTemplate>(&id);
    Ok(map! { "LaunchTemplateId": id, "LaunchTemplateVersionNumbers": map! { "versionNumbers": numbers } })
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.list("LaunchTemplateId");
    let names = params.list("LaunchTemplateName");
    let tags = params.groups("TemplateTag");
    let page = call.page::<LaunchTemplate>(Search::ids((!ids.is_empty()).then_some(ids)), |template| {
        (names.is_empty() || names.contains(&template.name.as_str()))
            && call.is("TemplateResourceGroupId", &template.resource_group)
            && tags.iter().all(|tag| {
                template.tags.iter().any(|(key, value)| {
                    tag.text("Key") == Some(key) && tag.text("Value").is_none_or(|wanted| wanted == value)
                })
            })
    })?;
    Ok(
        call.listed(&page, "LaunchTemplateSets", "LaunchTemplateSet", |template| {
            map! {
                "LaunchTemplateId": &template.id,
                "LaunchTemplateName": &template.name,
                "DefaultVersionNumber": template.default,
                "LatestVersionNumber": template.latest,
                "CreatedBy": &call.world.account_id,
                "CreateTime": seconds(template.created),
                "ModifiedTime": seconds(template.modified),
                "ResourceGroupId": &template.resource_group,
                "Tags": ecs_tags(&template.tags),
            }
        }),
    )
}

fn describe_versions(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let template = named(call)?;
    let wanted = params.list("LaunchTemplateVersion");
    let (low, high) = (params.int("MinVersion")?, params.int("MaxVersion")?);
    let default = params.bool("DefaultVersion");
    let found: Vec<&Version> = template
        .versions
        .iter()
        .rev()
        .filter(|version| {
            (wanted.is_empty() || wanted.contains(&version.number.to_string().as_str()))
                && low.is_none_or(|low| version.number >= low)
                && high.is_none_or(|high| version.number <= high)
                && default.is_none_or(|default| default == (version.number == template.default))
        })
        .collect();
    let (number, size) = call.number_and_size(50)?;
    let from = usize::try_from(number - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(size);
    let detailed = params.bool("DetailFlag").unwrap_or(true);
    let nodes: Vec<Node> = found
        .iter()
        .skip(from)
        .take(size)
        .map(|version| {
            let mut node = map! {
                "LaunchTemplateId": &template.id,
                "LaunchTemplateName": &template.name,
                "VersionNumber": version.number,
                "DefaultVersion": version.number == template.default,
                "VersionDescription": &version.description,
                "CreatedBy": &call.world.account_id,
                "CreateTime": seconds(version.created),
                "ModifiedTime": seconds(version.created),
            };
            if detailed {
                node.push("LaunchTemplateData", data(call, version));
            }
            node
        })
        .collect();
    let mut answer = map! { "LaunchTemplateVersionSets": map! { "LaunchTemplateVersionSet": nodes } };
    call.paging(
        &mut answer,
        found.len(),
        number,
        i64::try_from(size).unwrap_or(50),
        "",
    );
    Ok(answer)
}

/// A version's parameters in the form of an answer: the tree says which fields there are and of which type.
fn data(call: &Call<'_>, version: &Version) -> Node {
    let params: Params = version.params.iter().cloned().collect();
    let tree = &call.facts.response["LaunchTemplateVersionSets"]["LaunchTemplateVersionSet"][0]["LaunchTemplateData"];
    let mut node = scalars(tree, &params);
    let list = |outer: &str, inner: &str, name: &str| {
        let tree = &tree[outer][inner][0];
        let groups = params.groups(name);
        groups
            .iter()
            .map(|group| scalars(tree, group))
            .collect::<Vec<_>>()
    };
    node.push(
        "DataDisks",
        map! { "DataDisk": list("DataDisks", "DataDisk", "DataDisk") },
    );
    let cards = params.groups("NetworkInterface");
    let cards = cards.iter().map(|card| {
        let mut node = scalars(&tree["NetworkInterfaces"]["NetworkInterface"][0], card);
        node.push(
            "SecurityGroupIds",
            map! { "SecurityGroupId": texts(card.list("SecurityGroupIds")) },
        );
        node
    });
    node.push(
        "NetworkInterfaces",
        map! { "NetworkInterface": cards.collect::<Vec<_>>() },
    );
    node.push(
        "SecurityGroupIds",
        map! { "SecurityGroupId": texts(params.list("SecurityGroupIds")) },
    );
    node.push("Tags", map! { "InstanceTag": list("Tags", "InstanceTag", "Tag") });
    node.push(
        "ImageOptions",
        map! { "LoginAsNonRoot": params.flag("ImageOptions.LoginAsNonRoot") },
    );
    node
}

/// The plain fields of a tree that the parameters have, each in its type.
fn scalars(tree: &serde_json::Value, params: &Params) -> Node {
    let mut fields = Vec::new();
    for (name, kind) in tree.as_object().into_iter().flatten() {
        let Some(text) = params.text(name) else {
            continue;
        };
        let value = match kind.as_str() {
            Some("string") => Node::from(text),
            Some("integer") => Node::from(text.parse::<i64>().unwrap_or(0)),
            Some("number") => Node::from(text.parse::<f64>().unwrap_or(0.0)),
            Some("boolean") => Node::from(text.eq_ignore_ascii_case("true")),
            _ => continue,
        };
        fields.push((name.clone().into(), value));
    }
    Node::Map(fields)
}

/// The parameters of a request with those of the template that it names below them; `None` without a template.
pub(super) fn under(call: &Call<'_>) -> Result<Option<Params>, Refusal> {
    let params = call.params;
    if params.text("LaunchTemplateId").is_none() && params.text("LaunchTemplateName").is_none() {
        return Ok(None);
    }
    let template = named(call)?;
    let number = params.int("LaunchTemplateVersion")?.unwrap_or(template.default);
    let version = template.versions.iter().find(|version| version.number == number);
    let version = version.ok_or_else(|| Refusal::new("InvalidLaunchTemplateVersion.NotFound"))?;
    let known =
        |name: &str| call.facts.params.contains_key(name) || call.facts.params.contains_key(&pattern(name));
    // A list or an alternative that the request speaks of is the request's alone.
    let spoken = |name: &str| {
        let list = |text: &str| text.split('.').next().unwrap_or(text).to_owned();
        let own = list(name);
        let indexed = name.contains('.') && !name.starts_with("SystemDisk.");
        let groups = ["SecurityGroupId", "SecurityGroupIds", "NetworkInterface"];
        params.iter().any(|(other, value)| {
            let other = list(other);
            !value.is_empty()
                && ((indexed && other == own)
                    || (groups.contains(&own.as_str()) && groups.contains(&other.as_str()))
                    || (own == "ImageId" && other == "ImageFamily"))
        })
    };
    let below = version
        .params
        .iter()
        .filter(|(name, _)| known(name) && !spoken(name))
        .cloned();
    let above = params.iter().filter(|(_, value)| !value.is_empty());
    let above = above.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(Some(below.chain(above).collect()))
}
