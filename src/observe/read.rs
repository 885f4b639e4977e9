//! Reading of any type: one list by our stack tag, by id what that did not show, and an item of an answer as an
//! observation.
//!
//! Does not know which resources a state knows, nor what is done with what is seen.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserializer;
use serde::de::Error as _;

use super::fields::Fields;
use crate::cloud::{ApiError, Cloud, Decode, ErrorKind, Paging, Request};
use crate::live::{Observed, TAG_ADDRESS, TAG_STACK};
use crate::types::{Attribute, IdFilter, Identity, Kind, ResourceType, TagShape};
use crate::value::{Attributes, Tags, Value};

/// A whole list is read rather than so many requests made for one id each.
const ONE_BY_ONE_MAX: usize = 2;

/// Everything of this type that carries the stack tag with this value.
pub(crate) async fn list_by_stack(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    stack: &str,
) -> Result<Vec<Observed>, ApiError> {
    list_by_tag(resource_type, cloud, TAG_STACK, stack).await
}

/// Everything of this type that carries a tag with this value.
pub(super) async fn list_by_tag(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    key: &str,
    value: &str,
) -> Result<Vec<Observed>, ApiError> {
    if resource_type.tagging.is_none() {
        return Ok(Vec::new());
    }
    let tag = [
        ("Tag.1.Key".to_owned(), key.to_owned()),
        ("Tag.1.Value".to_owned(), value.to_owned()),
    ];
    let mut found = list(resource_type, cloud, tag.into_iter().collect(), &BTreeSet::new()).await?;
    found.retain(|one| !belongs_to_another(resource_type, one));
    Ok(found)
}

/// Whether it is no resource of its own: made for one of another type, whose address it carries, and joined to it.
fn belongs_to_another(resource_type: &ResourceType, observed: &Observed) -> bool {
    let address = observed.tags.get(TAG_ADDRESS);
    let of = address.and_then(|address| address.split('.').next());
    of.is_some_and(|of| of != resource_type.name)
        && resource_type
            .relations
            .iter()
            .any(|relation| observed.attributes.contains_key(relation.attribute))
}

/// Those of these ids that exist. Asked for by id in any case: that a list does not show one proves nothing.
pub(crate) async fn read_by_id(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    ids: &[String],
) -> Result<Vec<Observed>, ApiError> {
    let known: BTreeMap<&str, Option<&str>> = ids.iter().map(|id| (id.as_str(), None)).collect();
    read_known(resource_type, cloud, &known).await
}

/// The same for ids that come, where one is called by what it is, with what stays the same of it when that changes. It
/// keeps the id by which it was asked for.
pub(crate) async fn read_known(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    known: &BTreeMap<&str, Option<&str>>,
) -> Result<Vec<Observed>, ApiError> {
    let mut found = Vec::new();
    let mut missing: BTreeSet<&str> = known.keys().copied().collect();
    if let IdFilter::Inside { param } = resource_type.read.ids {
        return read_inside(resource_type, cloud, param, known).await;
    }
    if let IdFilter::One { .. } = resource_type.read.ids
        && missing.len() > ONE_BY_ONE_MAX
    {
        found = list(resource_type, cloud, BTreeMap::new(), &missing).await?;
        found.retain(|one| missing.remove(one.id.as_str()));
    }
    let (chunk, param) = match resource_type.read.ids {
        IdFilter::Json { param, max } | IdFilter::Comma { param, max } => (max, param),
        IdFilter::One { param } | IdFilter::Inside { param } => (1, param),
    };
    let asked: Vec<&str> = missing.iter().copied().collect();
    let read = async |ids: &[&str]| {
        let value = match resource_type.read.ids {
            IdFilter::Json { .. } => serde_json::json!(ids).to_string(),
            IdFilter::Comma { .. } | IdFilter::One { .. } | IdFilter::Inside { .. } => ids.join(","),
        };
        let filter = BTreeMap::from([(param.to_owned(), value)]);
        match list(resource_type, cloud, filter, &missing).await {
            // Some list actions answer an unknown id with an error; nobody is there then.
            Err(error) if error.kind == ErrorKind::NotFound || resource_type.codes.is_absent(&error.code) => {
                Ok(Vec::new())
            }
            read => read,
        }
    };
    let mut reads = stream::iter(asked.chunks(chunk))
        .map(read)
        .buffered(cloud.parallelism());
    while let Some(more) = reads.try_next().await? {
        // A filter that the API ignored would show others.
        found.extend(more.into_iter().filter(|one| missing.contains(one.id.as_str())));
    }
    Ok(found)
}

/// Those of these ids that exist.
async fn read_inside(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    param: &str,
    known: &BTreeMap<&str, Option<&str>>,
) -> Result<Vec<Observed>, ApiError> {
    let parents: BTreeSet<&str> = known
        .keys()
        .filter_map(|id| Some(id.split_once('/')?.0))
        .filter(|parent| !parent.is_empty())
        .collect();
    let mut found = all_inside(resource_type, cloud, param, &parents).await?;
    let mut taken = Vec::new();
    for (id, lasting) in known.iter().filter_map(|(id, lasting)| Some((*id, (*lasting)?))) {
        let is_it = |one: &Observed| resource_type.lasting_id(&one.attributes) == Some(lasting);
        if let Some(position) = found.iter().position(is_it) {
            let one = found.swap_remove(position);
            taken.push(Observed {
                id: id.to_owned(),
                ..one
            });
        }
    }
    let is_left = |id: &str| known.contains_key(id) && !taken.iter().any(|one| one.id == id);
    found.retain(|one| is_left(&one.id));
    found.extend(taken);
    Ok(found)
}

/// All of a type that stands in these parents and has no tags.
pub(super) async fn inside(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    parents: &BTreeSet<&str>,
) -> Result<Vec<Observed>, ApiError> {
    match resource_type.read.ids {
        IdFilter::Inside { param } => all_inside(resource_type, cloud, param, parents).await,
        _ => Ok(Vec::new()),
    }
}

/// Each parent asked once.
async fn all_inside(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    param: &str,
    parents: &BTreeSet<&str>,
) -> Result<Vec<Observed>, ApiError> {
    let read = async |parent: &&str| {
        let filter = BTreeMap::from([(param.to_owned(), (*parent).to_owned())]);
        match list(resource_type, cloud, filter, &BTreeSet::from([*parent])).await {
            // Nothing stands in what is not there.
            Err(error) if error.kind == ErrorKind::NotFound || resource_type.codes.is_absent(&error.code) => {
                Ok(Vec::new())
            }
            read => read,
        }
    };
    let mut reads = stream::iter(parents).map(read).buffered(cloud.parallelism());
    let mut found = Vec::new();
    while let Some(more) = reads.try_next().await? {
        found.extend(more);
    }
    Ok(found)
}

/// Everything of this type that these filters of its list action let through.
pub(super) async fn list_by(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    filter: &[(&str, &str)],
) -> Result<Vec<Observed>, ApiError> {
    let filter = filter
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let filter = filter.collect();
    list(resource_type, cloud, filter, &BTreeSet::new()).await
}

/// A whole list. The ids that were asked for may have any form.
pub(super) async fn list(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    filter: BTreeMap<String, String>,
    asked: &BTreeSet<&str>,
) -> Result<Vec<Observed>, ApiError> {
    let reading = &resource_type.read;
    let mut params = filter;
    let fixed = reading.params.iter();
    params.extend(fixed.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    params.insert("RegionId".to_owned(), cloud.region().to_owned());
    let request = Request {
        action: reading.action,
        params,
    };
    let paging = Paging {
        list: reading.list,
        pages: reading.pages,
    };
    cloud
        .pages(&request, paging, &Observing::new(resource_type, asked))
        .await
}

/// How an item of a list becomes an observation.
pub(super) struct Observing<'a> {
    resource_type: &'static ResourceType,
    asked: &'a BTreeSet<&'a str>,
    table: Table,
    fields: Fields,
    id: usize,
    tags: usize,
    created: [usize; 2],
}

impl<'a> Observing<'a> {
    pub(super) fn new(resource_type: &'static ResourceType, asked: &'a BTreeSet<&'a str>) -> Observing<'a> {
        let mut fields = Fields::default();
        Observing {
            table: Table::new(resource_type.attributes, &mut fields),
            id: fields.add(resource_type.read.id_field),
            tags: fields.add("Tags.Tag"),
            created: ["CreationTime", "AllocationTime"].map(|field| fields.add(field)),
            resource_type,
            asked,
            fields,
        }
    }

    /// Whether an item tells its id.
    fn is_given(&self) -> bool {
        !matches!(self.resource_type.identity, Identity::Joined { .. })
    }

    /// The id of an item; an error in words if it has none that can be one.
    fn id_of(&self, found: Option<Value>, attributes: &Attributes) -> Result<String, String> {
        let type_name = self.resource_type.name;
        if let Identity::Joined { .. } = self.resource_type.identity {
            let id = self.resource_type.own_id(attributes);
            return id.ok_or_else(|| format!("a {type_name} in the answer lacks what tells it from others"));
        }
        let field = self.resource_type.read.id_field;
        match found {
            Some(Value::String(id))
                if self.asked.contains(id.as_str()) || has_form(self.resource_type.id_prefix, &id) =>
            {
                Ok(id.into_string())
            }
            Some(Value::String(id)) if !id.is_empty() => {
                Err(format!("{} cannot be the {field} of a {type_name}", shown(&id)))
            }
            _ => Err(format!("a {type_name} in the answer has no {field}")),
        }
    }
}

impl Decode for Observing<'_> {
    type Item = Observed;

    /// An item without an id, or without what every item has, is damaged: neither is a resource that is gone, nor one
    /// that differs.
    fn item<'de, D: Deserializer<'de>>(&self, item: D) -> Result<(String, Observed), D::Error> {
        let mut found = self.fields.read(item)?;
        let named = found[self.id].clone();
        let shown_id = named
            .as_ref()
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        if self.is_given() {
            self.id_of(named.clone(), &Attributes::new())
                .map_err(D::Error::custom)?;
        }
        if let Some(lacking) = self.table.lacking(&found) {
            return Err(D::Error::custom(format!(
                "the answer shows {} without its {lacking}",
                shown(&shown_id)
            )));
        }
        let created = self
            .created
            .iter()
            .find_map(|field| found[*field].as_ref()?.as_str()?.parse().ok());
        let tags = tags_of(found[self.tags].take(), self.resource_type.read.tags);
        let mut attributes = self.table.attributes(&mut found);
        attributes.insert("tags".to_owned(), Value::Map(own_tags(&tags)));
        if let (Identity::Joined { parent, .. }, Some(id)) =
            (&self.resource_type.identity, self.asked.first())
        {
            attributes.insert((*parent).to_owned(), Value::from(*id));
        }
        (self.resource_type.normalise)(&mut attributes);
        let id = self.id_of(named, &attributes).map_err(D::Error::custom)?;
        let observed = Observed {
            id: id.clone(),
            attributes,
            tags,
            created,
        };
        Ok((id, observed))
    }
}

/// Whether a text can be an id that begins like this.
fn has_form(prefix: &str, id: &str) -> bool {
    // A name that somebody has chosen.
    if prefix.is_empty() {
        return !id.is_empty() && id.chars().all(|letter| !letter.is_control());
    }
    let rest = id.strip_prefix(prefix).unwrap_or_default();
    (1..=64).contains(&rest.len())
        && rest
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// An id from an answer, short and without what would control the screen.
fn shown(id: &str) -> String {
    let short: String = id.chars().take(40).collect();
    format!("{short:?}")
}

/// Tags that are not the user's: ours, and those that the cloud puts on by itself.
pub(crate) fn is_foreign_tag(key: &str) -> bool {
    key.starts_with("infra:") || key.starts_with("acs:") || key.starts_with("aliyun")
}

/// The user's tags.
pub(super) fn own_tags(tags: &Tags) -> Attributes {
    tags.iter()
        .filter(|(key, _)| !is_foreign_tag(key))
        .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
        .collect()
}

pub(super) fn tags_of(found: Option<Value>, shape: TagShape) -> Tags {
    let (key_field, value_field) = match shape {
        TagShape::Ecs => ("TagKey", "TagValue"),
        TagShape::Vpc => ("Key", "Value"),
    };
    let Some(Value::List(tags)) = found else {
        return Tags::new();
    };
    tags.into_iter()
        .filter_map(|tag| {
            let Value::Map(mut tag) = tag else { return None };
            let mut text = |field: &str| match tag.remove(field) {
                Some(Value::String(text)) => Some(text.into_string()),
                _ => None,
            };
            Some((text(key_field)?, text(value_field).unwrap_or_default()))
        })
        .collect()
}

/// The readable attributes of a table, with the places of their fields.
pub(super) struct Table(Vec<(&'static Attribute, String, Range<usize>)>);

impl Table {
    /// Adds the fields of the attributes to those that are read.
    pub(super) fn new(attributes: &'static [Attribute], fields: &mut Fields) -> Table {
        let mut table = Vec::new();
        for attribute in attributes {
            let Some(paths) = attribute.field_path() else {
                continue;
            };
            let places: Vec<usize> = paths.split('|').map(|path| fields.add(path)).collect();
            if let (Some(first), Some(last)) = (places.first(), places.last()) {
                table.push((attribute, paths, *first..last + 1));
            }
        }
        Table(table)
    }

    /// The field of the first attribute that must be there and is not, not even as an empty text.
    pub(super) fn lacking(&self, found: &[Option<Value>]) -> Option<&str> {
        self.0
            .iter()
            .find(|(attribute, _, places)| {
                attribute.always && found[places.clone()].iter().all(Option::is_none)
            })
            .map(|(_, paths, _)| paths.as_str())
    }

    /// The attributes out of what was found. What is missing or empty in the answer is left out, but for texts that
    /// may be empty.
    pub(super) fn attributes(&self, found: &mut [Option<Value>]) -> Attributes {
        self.0
            .iter()
            .filter_map(|(attribute, paths, places)| {
                let value = paths
                    .split('|')
                    .zip(places.clone())
                    .find_map(|(path, place)| field_value(attribute, path, found[place].take()?));
                Some((attribute.name.to_owned(), value?))
            })
            .collect()
    }
}

fn field_value(attribute: &Attribute, path: &str, found: Value) -> Option<Value> {
    let value = match (&attribute.kind, found) {
        (Kind::IdSet(_) | Kind::StringSet, found @ Value::List(_)) => Some(found),
        (_, Value::List(items)) => items.into_iter().next(),
        (_, Value::String(text)) if text.is_empty() && attribute.computed => None,
        (_, found) => Some(found),
    };
    value.filter(|value| !(path.contains('.') && value.as_str() == Some("")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::types;

    fn observe(type_name: &str, item: &serde_json::Value) -> Result<Observed, String> {
        let asked = BTreeSet::from(["AY100"]);
        let observing = Observing::new(types::find(type_name).unwrap(), &asked);
        let read = observing.item(item).map_err(|error| error.to_string())?;
        assert_eq!(read.0, read.1.id);
        Ok(read.1)
    }

    fn server() -> serde_json::Value {
        json!({
            "InstanceId": "i-1", "InstanceName": "web", "CreationTime": "2026-11-27T03:04Z", "Description": "", "IoOptimized": true, "Status": "Running",
            "InstanceType": "ecs.g7.large", "ImageId": "m-1", "ZoneId": "cn-hangzhou-h", "InstanceChargeType": "PostPaid",
            "PublicIpAddress": {"IpAddress": ["47.98.1.1"]}, "EipAddress": {"IpAddress": ""},
            "VpcAttributes": {"VSwitchId": "vsw-1", "PrivateIpAddress": {"IpAddress": ["10.0.1.5"]}},
            "SecurityGroupIds": {"SecurityGroupId": ["sg-1"]}, "InternetMaxBandwidthOut": 5, "SpotStrategy": "NoSpot",
            "Tags": {"Tag": [{"TagKey": "infra:addr", "TagValue": "instance.web"}, {"TagKey": "team", "TagValue": "a"}]},
        })
    }

    #[test]
    fn an_instance_is_read_out_of_an_answer() {
        let observed = observe("instance", &server()).unwrap();
        assert_eq!(observed.id, "i-1");
        assert_eq!(observed.attributes["public_ip"], Value::from("47.98.1.1"));
        assert_eq!(observed.attributes["private_ip"], Value::from("10.0.1.5"));
        assert_eq!(observed.attributes["io_optimized"], Value::from("optimized"));
        assert_eq!(observed.attributes["description"], Value::from(""));
        assert_eq!(observed.created, Some("2026-11-27T03:04:00Z".parse().unwrap()));
        assert_eq!(
            observed.attributes["security_group_ids"].to_json(),
            json!(["sg-1"])
        );
        assert_eq!(observed.attributes["tags"].to_json(), json!({"team": "a"}));
        assert_eq!(observed.tags["infra:addr"], "instance.web");
    }

    #[test]
    fn what_lacks_a_field_is_damaged_and_no_difference() {
        for (pointer, word) in [
            ("VpcAttributes", "VpcAttributes.VSwitchId"),
            ("ImageId", "ImageId"),
            ("InstanceType", "InstanceType"),
            ("SecurityGroupIds", "SecurityGroupIds.SecurityGroupId"),
            ("Status", "Status"),
            ("InstanceId", "InstanceId"),
        ] {
            for instead in [None, Some(json!(null))] {
                let mut item = server();
                match instead {
                    None => drop(item.as_object_mut().unwrap().remove(pointer)),
                    Some(value) => item[pointer] = value,
                }
                let error = observe("instance", &item).unwrap_err();
                assert!(error.contains(word), "{error}");
            }
        }
        // In the classic network there is a vSwitch without a name, and a group has none to have a description.
        let mut classic = server();
        classic["VpcAttributes"] = json!({"VSwitchId": "", "PrivateIpAddress": {"IpAddress": []}});
        let observed = observe("instance", &classic).unwrap();
        assert!(!observed.attributes.contains_key("vswitch_id"));
    }

    #[test]
    fn what_cannot_be_an_id_is_none() {
        for id in [
            json!(""),
            json!(7),
            json!("vpc-1"),
            json!("i-"),
            json!("i-1\u{1b}[2J"),
            json!("i-1 2"),
        ] {
            let mut item = server();
            item["InstanceId"] = id.clone();
            assert!(observe("instance", &item).is_err(), "{id}");
        }
        // An old one that was asked for.
        let mut item = server();
        item["InstanceId"] = json!("AY100");
        assert_eq!(observe("instance", &item).unwrap().id, "AY100");
    }
}
