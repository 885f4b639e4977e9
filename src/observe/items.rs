//! What exists, in the shape in which the API tells it: for a twin that is to have the same.
//!
//! Does not know who takes it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};
use serde_json::{Value as Json, json};

use crate::api::{Action, Pages, action};
use crate::cloud::{ApiError, Cloud, Decode, Paging, Request};
use crate::live::Live;
use crate::types::{IdFilter, REGISTRY};

/// Ids or names in one question.
const CHUNK: usize = 100;

/// Items of a list as they are.
struct Whole {
    id_field: &'static str,
}

impl Decode for Whole {
    type Item = Json;

    fn item<'de, D: Deserializer<'de>>(&self, item: D) -> Result<(String, Json), D::Error> {
        let item = Json::deserialize(item)?;
        let id = item[self.id_field].as_str().map(str::to_owned);
        let id = id.ok_or_else(|| D::Error::custom("an item in the answer has no id"))?;
        Ok((id, item))
    }
}

/// Everything that was seen, with what stands in it, and the images and types of these names.
pub(crate) async fn of(
    live: &Live,
    images: &BTreeSet<String>,
    kinds: &BTreeSet<String>,
    cloud: &Cloud,
) -> Result<Vec<Json>, ApiError> {
    let mut items = Vec::new();
    let mut ids: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let seen = live.resources.iter();
    let old = live
        .deposed
        .iter()
        .flat_map(|(address, all)| all.iter().map(move |one| (address, one)));
    for (address, observed) in seen.chain(old) {
        ids.entry(address.type_name()).or_default().insert(&observed.id);
    }
    for resource_type in REGISTRY {
        let Some(ids) = ids.get(resource_type.name) else {
            continue;
        };
        let ids: Vec<&str> = ids.iter().copied().collect();
        let reading = &resource_type.read;
        let (chunk, param) = match reading.ids {
            IdFilter::Json { param, max } | IdFilter::Comma { param, max } => (max, param),
            IdFilter::One { param } => (1, param),
            // What has no life of its own comes with what it stands in.
            IdFilter::Inside { .. } => continue,
        };
        let read = async |ids: &[&str]| {
            let value = match reading.ids {
                IdFilter::Json { .. } => json!(ids).to_string(),
                _ => ids.join(","),
            };
            let mut request = Request::new(reading.action)
                .param("RegionId", cloud.region())
                .param(param, value);
            let fixed = reading.params.iter();
            request
                .params
                .extend(fixed.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            let paging = Paging {
                list: reading.list,
                pages: reading.pages,
            };
            let id_field = reading.id_field;
            cloud.pages(&request, paging, &Whole { id_field }).await
        };
        let mut reads = stream::iter(ids.chunks(chunk))
            .map(read)
            .buffered(cloud.parallelism());
        while let Some(found) = reads.try_next().await? {
            items.extend(found.into_iter().map(|item| told(reading.action, item)));
        }
        drop(reads);
        match resource_type.name {
            "security_group" => {
                for id in &ids {
                    let request = Request::new(&action::DESCRIBE_SECURITY_GROUP_ATTRIBUTE)
                        .param("RegionId", cloud.region())
                        .param("SecurityGroupId", *id);
                    let reply = cloud.read(&request).await?;
                    items.push(told(&action::DESCRIBE_SECURITY_GROUP_ATTRIBUTE, reply.body));
                }
            }
            "instance" => items.extend(disks_of(&ids, cloud).await?),
            _ => {}
        }
    }
    for image in images.iter().collect::<Vec<_>>().chunks(CHUNK) {
        let names: Vec<&str> = image.iter().map(|name| name.as_str()).collect();
        let request = Request::new(&action::DESCRIBE_IMAGES)
            .param("RegionId", cloud.region())
            .param("ImageId", names.join(","))
            .param("PageSize", CHUNK.to_string());
        let reply = cloud.read(&request).await?;
        let found = reply.body["Images"]["Image"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        items.extend(found.into_iter().map(|item| told(&action::DESCRIBE_IMAGES, item)));
    }
    for kind in kinds {
        let request = Request::new(&action::DESCRIBE_INSTANCE_TYPES).param("InstanceTypes.1", kind);
        let reply = cloud.read(&request).await?;
        let found = reply.body["InstanceTypes"]["InstanceType"].as_array().cloned();
        let own = found
            .unwrap_or_default()
            .into_iter()
            .filter(|one| one["InstanceTypeId"] == kind.as_str());
        items.extend(own.map(|item| told(&action::DESCRIBE_INSTANCE_TYPES, item)));
    }
    Ok(items)
}

/// The disks of these servers.
async fn disks_of(servers: &[&str], cloud: &Cloud) -> Result<Vec<Json>, ApiError> {
    let request = Request::new(&action::DESCRIBE_DISKS).param("RegionId", cloud.region());
    let paging = Paging {
        list: "Disks.Disk",
        pages: Pages::ByNumber { max: 100 },
    };
    let found = cloud
        .pages(&request, paging, &Whole { id_field: "DiskId" })
        .await?;
    let is_of = |disk: &Json| {
        disk["InstanceId"]
            .as_str()
            .is_some_and(|id| servers.contains(&id))
    };
    let disks = found.into_iter().filter(is_of);
    Ok(disks.map(|disk| told(&action::DESCRIBE_DISKS, disk)).collect())
}

fn told(action: &'static Action, item: Json) -> Json {
    json!({
        "product": action.product.name,
        "version": action.product.version,
        "action": action.name,
        "item": item,
    })
}
