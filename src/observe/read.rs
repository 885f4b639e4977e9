//! Reading of any type: one list by our stack tag, by id what that did not show, and an item of an answer as an
//! observation.
//!
//! Does not know which resources a state knows, nor what is done with what is seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::{ApiError, Cloud, ErrorKind, Paging, Request};
use crate::live::{Observed, TAG_STACK};
use crate::resources::{IdFilter, ResourceType, TagShape};
use crate::schema::{Attribute, Kind};
use crate::value::{Attributes, Value};

/// Everything of this type that carries the stack tag with this value.
pub(crate) async fn list_by_stack(
    resource_type: &dyn ResourceType,
    cloud: &Cloud,
    stack: &str,
) -> Result<Vec<Observed>, ApiError> {
    let tag = [
        ("Tag.1.Key".to_owned(), TAG_STACK.to_owned()),
        ("Tag.1.Value".to_owned(), stack.to_owned()),
    ];
    list(resource_type, cloud, tag.into_iter().collect()).await
}

/// Those of these ids that exist.
pub(crate) async fn read_by_id(
    resource_type: &dyn ResourceType,
    cloud: &Cloud,
    ids: &[String],
) -> Result<Vec<Observed>, ApiError> {
    let (chunk, param) = match resource_type.reading().ids {
        IdFilter::Json { param, max } | IdFilter::Comma { param, max } => (max, param),
        IdFilter::One { param } => (1, param),
    };
    let mut found = Vec::new();
    for ids in ids.chunks(chunk) {
        let value = match resource_type.reading().ids {
            IdFilter::Json { .. } => serde_json::json!(ids).to_string(),
            IdFilter::Comma { .. } | IdFilter::One { .. } => ids.join(","),
        };
        match list(resource_type, cloud, BTreeMap::from([(param.to_owned(), value)])).await {
            Ok(observed) => found.extend(observed),
            // Some list actions answer an unknown id with an error; nobody is there then.
            Err(error)
                if error.kind == ErrorKind::NotFound || resource_type.codes().is_absent(&error.code) => {}
            Err(error) => return Err(error),
        }
    }
    // A filter that the API ignored would show others.
    let asked: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    found.retain(|one| asked.contains(one.id.as_str()));
    Ok(found)
}

async fn list(
    resource_type: &dyn ResourceType,
    cloud: &Cloud,
    filter: BTreeMap<String, String>,
) -> Result<Vec<Observed>, ApiError> {
    let reading = resource_type.reading();
    let mut params = filter;
    params.insert("RegionId".to_owned(), cloud.region().to_owned());
    let request = Request {
        product: reading.product,
        action: reading.action,
        params,
    };
    let paging = Paging {
        list: reading.list,
        id: reading.id_field,
        style: reading.page,
    };
    let items = cloud.pages(request, paging).await?;
    Ok(items
        .iter()
        .filter_map(|item| observe(resource_type, item))
        .collect())
}

/// One item of a list as an observation; none if it has no id.
pub(crate) fn observe(resource_type: &dyn ResourceType, item: &serde_json::Value) -> Option<Observed> {
    let reading = resource_type.reading();
    let id = item[reading.id_field]
        .as_str()
        .filter(|id| !id.is_empty())?
        .to_owned();
    let tags = tags_of(item, reading.tags);
    let mut attributes = attributes_of(resource_type.schema().attributes, item);
    let own: Attributes = tags
        .iter()
        .filter(|(key, _)| !is_foreign_tag(key))
        .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
        .collect();
    attributes.insert("tags".to_owned(), Value::Map(own));
    (resource_type.schema().normalise)(&mut attributes);
    Some(Observed { id, attributes, tags })
}

/// Tags that are not the user's: ours, and those that the cloud puts on by itself.
pub(crate) fn is_foreign_tag(key: &str) -> bool {
    key.starts_with("infra:") || key.starts_with("acs:") || key.starts_with("aliyun")
}

fn tags_of(item: &serde_json::Value, shape: TagShape) -> BTreeMap<String, String> {
    let (key_field, value_field) = match shape {
        TagShape::Ecs => ("TagKey", "TagValue"),
        TagShape::Vpc => ("Key", "Value"),
    };
    let tags = item["Tags"]["Tag"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    tags.iter()
        .filter_map(|tag| {
            Some((
                tag[key_field].as_str()?.to_owned(),
                tag[value_field].as_str().unwrap_or_default().to_owned(),
            ))
        })
        .collect()
}

/// The readable attributes of a table, out of one item of an answer. What is missing or empty in the answer is
/// left out, but for texts that may be empty.
pub(super) fn attributes_of(table: &'static [Attribute], item: &serde_json::Value) -> Attributes {
    table
        .iter()
        .filter_map(|attribute| Some((attribute.name.to_owned(), field_value(attribute, item)?)))
        .collect()
}

fn field_value(attribute: &Attribute, item: &serde_json::Value) -> Option<Value> {
    let path = attribute.field_path()?;
    path.split('|').find_map(|path| {
        let found = path.split('.').try_fold(item, |value, name| value.get(name))?;
        match (&attribute.kind, found) {
            (Kind::IdSet(_), serde_json::Value::Array(_)) => Value::from_json(found),
            (_, serde_json::Value::Array(items)) => items.first().and_then(Value::from_json),
            (_, serde_json::Value::String(text)) if text.is_empty() && attribute.computed => None,
            (_, found) => Value::from_json(found),
        }
        .filter(|value| !(path.contains('.') && value.as_str() == Some("")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources;

    #[test]
    fn an_instance_is_read_out_of_an_answer() {
        let item = serde_json::json!({
            "InstanceId": "i-1", "InstanceName": "web", "Description": "", "IoOptimized": true, "Status": "Running",
            "PublicIpAddress": {"IpAddress": ["47.98.1.1"]}, "EipAddress": {"IpAddress": ""},
            "VpcAttributes": {"VSwitchId": "vsw-1", "PrivateIpAddress": {"IpAddress": ["10.0.1.5"]}},
            "SecurityGroupIds": {"SecurityGroupId": ["sg-1"]}, "InternetMaxBandwidthOut": 5,
            "Tags": {"Tag": [{"TagKey": "infra:addr", "TagValue": "instance.web"}, {"TagKey": "team", "TagValue": "a"}]},
        });
        let observed = observe(resources::find("instance").unwrap(), &item).unwrap();
        assert_eq!(observed.id, "i-1");
        assert_eq!(observed.attributes["public_ip"], Value::from("47.98.1.1"));
        assert_eq!(observed.attributes["private_ip"], Value::from("10.0.1.5"));
        assert_eq!(observed.attributes["io_optimized"], Value::from("optimized"));
        assert_eq!(observed.attributes["description"], Value::from(""));
        assert_eq!(
            observed.attributes["tags"].to_json(),
            serde_json::json!({"team": "a"})
        );
        assert_eq!(observed.tags["infra:addr"], "instance.web");
    }
}
