//! What exists, in the shape in which the API tells it: for a twin that is to have the same.
//!
//! Ours, and what ours stands in or is bound to, whoever owns it. Does not know who takes it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};
use serde_json::{Value as Json, json};

use crate::api::{Action, Pages, action};
use crate::cloud::{ApiError, Cloud, Decode, Paging, Request};
use crate::live::Live;
use crate::types::{Attribute, IdFilter, Kind, REGISTRY, ResourceType};
use crate::value::{Attributes, Value};

/// Ids or names in one question.
const CHUNK: usize = 100;

/// Where items name others: a field, and the type of what it names; none if the id itself tells.
const NAMES: &[(&str, Option<&str>)] = &[
    ("VpcId", Some("vpc")),
    ("VpcAttributes.VpcId", Some("vpc")),
    ("VSwitchId", Some("vswitch")),
    ("VpcAttributes.VSwitchId", Some("vswitch")),
    ("NatGatewayPrivateInfo.VswitchId", Some("vswitch")),
    ("RouterTableIds.RouterTableIds", Some("route_table")),
    ("RouteTableId", Some("route_table")),
    ("SecurityGroupIds.SecurityGroupId", Some("security_group")),
    ("KeyPairName", Some("key_pair")),
    ("AutoSnapshotPolicyId", Some("snapshot_policy")),
    ("IpLists.IpList.AllocationId", Some("eip")),
    ("BackendServers.BackendServer.ServerId", Some("instance")),
    ("InstanceId", None),
];

/// Ids, or names that are ids, by type.
pub(crate) type Ids = BTreeMap<&'static str, BTreeSet<String>>;

/// What a twin is to have.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) ids: Ids,
    pub(crate) images: BTreeSet<String>,
    pub(crate) instance_types: BTreeSet<String>,
}

impl Asked {
    /// Adds everything that was seen, and what its attributes name.
    pub(crate) fn seen(&mut self, live: &Live) {
        let now = live.resources.iter();
        let old = live
            .deposed
            .iter()
            .flat_map(|(address, all)| all.iter().map(move |one| (address, one)));
        for (address, observed) in now.chain(old) {
            if let Some(resource_type) = crate::types::find(address.type_name()) {
                self.id(resource_type.name, &observed.id);
                self.named(resource_type.attributes, &observed.attributes);
            }
        }
    }

    /// Adds what attributes name by id.
    pub(crate) fn named(&mut self, attributes: &'static [Attribute], values: &Attributes) {
        for attribute in attributes.iter().filter(|attribute| attribute.name != "id") {
            let Some(value) = values.get(attribute.name) else {
                continue;
            };
            match &attribute.kind {
                Kind::Id(type_name) => self.texts(Some(type_name), value),
                Kind::IdSet(type_name) => self.texts(Some(type_name), value),
                Kind::IdOf(_) => self.texts(None, value),
                Kind::Table(inner) => {
                    if let Value::Map(inside) = value {
                        self.named(inner, inside);
                    }
                }
                Kind::TableSet(inner) => {
                    for member in value.as_list().unwrap_or_default() {
                        if let Value::Map(inside) = member {
                            self.named(inner, inside);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn texts(&mut self, type_name: Option<&str>, value: &Value) {
        let one = std::slice::from_ref(value);
        for text in value.as_list().unwrap_or(one).iter().filter_map(Value::as_str) {
            match type_name.and_then(crate::types::find).or_else(|| of_form(text)) {
                Some(found) if !text.is_empty() => self.id(found.name, text),
                _ => {}
            }
        }
    }

    fn id(&mut self, type_name: &'static str, id: &str) {
        self.ids.entry(type_name).or_default().insert(id.to_owned());
    }
}

/// The type whose ids look like this one.
fn of_form(id: &str) -> Option<&'static ResourceType> {
    REGISTRY
        .iter()
        .copied()
        .filter(|one| !one.id_prefix.is_empty())
        .find(|one| id.starts_with(one.id_prefix))
}

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

/// All of it, with what stands in it.
pub(crate) async fn of(asked: &Asked, cloud: &Cloud) -> Result<Vec<Json>, ApiError> {
    let mut reading = Reading {
        cloud,
        items: Vec::new(),
        asked: Ids::new(),
    };
    let mut next = asked.ids.clone();
    while !next.is_empty() {
        let mut found = Vec::new();
        for (type_name, ids) in &next {
            if let Some(resource_type) = crate::types::find(type_name) {
                found.extend(reading.of_type(resource_type, ids).await?);
            }
        }
        for (type_name, ids) in next {
            reading.asked.entry(type_name).or_default().extend(ids);
        }
        next = reading.unknown(&found);
        reading.items.extend(found);
    }
    reading.routes().await?;
    reading.images(&asked.images).await?;
    reading.instance_types(&asked.instance_types).await?;
    Ok(reading.items)
}

struct Reading<'c> {
    cloud: &'c Cloud,
    items: Vec<Json>,
    /// What has been asked for; what is not there is not asked for again.
    asked: Ids,
}

impl Reading<'_> {
    /// What these items name and nobody has asked for.
    fn unknown(&self, items: &[Json]) -> Ids {
        let mut named = Asked::default();
        for item in items.iter().map(|told| &told["item"]) {
            for (path, type_name) in NAMES {
                let mut found = Vec::new();
                collect(item, path, &mut found);
                for id in found {
                    named.texts(*type_name, &Value::from(id));
                }
            }
        }
        let is_new = |type_name: &str, id: &String| {
            let asked = self.asked.get(type_name);
            asked.is_none_or(|asked| !asked.contains(id))
        };
        let mut unknown = named.ids;
        for (type_name, ids) in &mut unknown {
            ids.retain(|id| is_new(type_name, id));
        }
        unknown.retain(|_, ids| !ids.is_empty());
        unknown
    }

    async fn of_type(
        &self,
        resource_type: &'static ResourceType,
        ids: &BTreeSet<String>,
    ) -> Result<Vec<Json>, ApiError> {
        let cloud = self.cloud;
        let reading = &resource_type.read;
        let (chunk, param) = match reading.ids {
            IdFilter::Json { param, max } | IdFilter::Comma { param, max } => (max, param),
            IdFilter::One { param } => (1, param),
            // What has no life of its own comes with what it stands in.
            IdFilter::Inside { .. } => return Ok(Vec::new()),
        };
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
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
        let mut items = Vec::new();
        let mut reads = stream::iter(ids.chunks(chunk))
            .map(read)
            .buffered(cloud.parallelism());
        while let Some(found) = reads.try_next().await? {
            items.extend(found.into_iter().map(|item| told(reading.action, item)));
        }
        drop(reads);
        let inside = match resource_type.name {
            "security_group" => {
                let action = &action::DESCRIBE_SECURITY_GROUP_ATTRIBUTE;
                self.whole(action, "SecurityGroupId", &ids).await?
            }
            "instance" => self.disks(&ids).await?,
            "nat_gateway" => self.snat(&items).await?,
            "slb" => self.balancers(&ids).await?,
            _ => Vec::new(),
        };
        items.extend(inside);
        Ok(items)
    }

    /// An answer for each of these.
    async fn whole(
        &self,
        action: &'static Action,
        param: &'static str,
        ids: &[&str],
    ) -> Result<Vec<Json>, ApiError> {
        let read = async |id: &&str| {
            let request = Request::new(action)
                .param("RegionId", self.cloud.region())
                .param(param, *id);
            let reply = self.cloud.read(&request).await?;
            Ok(told(action, reply.body))
        };
        let reads = stream::iter(ids).map(read);
        reads.buffered(self.cloud.parallelism()).try_collect().await
    }

    /// All of a list.
    async fn list(
        &self,
        action: &'static Action,
        params: &[(&str, &str)],
        paging: Paging,
        id_field: &'static str,
    ) -> Result<Vec<Json>, ApiError> {
        let mut request = Request::new(action).param("RegionId", self.cloud.region());
        let params = params.iter();
        request
            .params
            .extend(params.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let found = self.cloud.pages(&request, paging, &Whole { id_field }).await?;
        Ok(found.into_iter().map(|item| told(action, item)).collect())
    }

    /// The disks of these servers.
    async fn disks(&self, servers: &[&str]) -> Result<Vec<Json>, ApiError> {
        let paging = Paging {
            list: "Disks.Disk",
            pages: Pages::ByNumber { max: 100 },
        };
        let mut disks = self.list(&action::DESCRIBE_DISKS, &[], paging, "DiskId").await?;
        let servers: BTreeSet<&str> = servers.iter().copied().collect();
        disks.retain(|disk| {
            let server = disk["item"]["InstanceId"].as_str();
            server.is_some_and(|id| servers.contains(id))
        });
        Ok(disks)
    }

    /// The lines by which networks reach out through these gateways.
    async fn snat(&self, gateways: &[Json]) -> Result<Vec<Json>, ApiError> {
        let mut tables = Vec::new();
        for gateway in gateways {
            collect(&gateway["item"], "SnatTableIds.SnatTableId", &mut tables);
        }
        let mut items = Vec::new();
        for table in tables {
            let paging = Paging {
                list: "SnatTableEntries.SnatTableEntry",
                pages: Pages::ByNumber { max: 50 },
            };
            let own = [("SnatTableId", table)];
            let action = &action::DESCRIBE_SNAT_TABLE_ENTRIES;
            items.extend(self.list(action, &own, paging, "SnatEntryId").await?);
        }
        Ok(items)
    }

    /// The servers behind load balancers, their listeners and what those show.
    async fn balancers(&self, ids: &[&str]) -> Result<Vec<Json>, ApiError> {
        let action = &action::DESCRIBE_LOAD_BALANCER_ATTRIBUTE;
        let mut items = self.whole(action, "LoadBalancerId", ids).await?;
        for id in ids {
            let paging = Paging {
                list: "Listeners",
                pages: Pages::ByToken { max: 100 },
            };
            let own = [("LoadBalancerId.1", *id)];
            let action = &action::DESCRIBE_LOAD_BALANCER_LISTENERS;
            items.extend(self.list(action, &own, paging, "LoadBalancerId").await?);
        }
        let is_https = |told: &Json| told["item"]["ListenerProtocol"] == "https";
        if items.iter().any(is_https) {
            let action = &action::DESCRIBE_SERVER_CERTIFICATES;
            let request = Request::new(action).param("RegionId", self.cloud.region());
            let reply = self.cloud.read(&request).await?;
            items.extend(listed(
                &reply.body,
                "/ServerCertificates/ServerCertificate",
                action,
            ));
        }
        Ok(items)
    }

    /// Where packets go, in all tables that were asked for; what leads to something that a twin does not get is left out.
    async fn routes(&mut self) -> Result<(), ApiError> {
        let tables = self.asked.get("route_table").into_iter().flatten();
        let mut entries = Vec::new();
        for table in tables {
            let paging = Paging {
                list: "RouteEntrys.RouteEntry",
                pages: Pages::ByTokenOf { max: 100 },
            };
            let own = [("RouteTableId", table.as_str()), ("RouteEntryType", "Custom")];
            let action = &action::DESCRIBE_ROUTE_ENTRY_LIST;
            entries.extend(self.list(action, &own, paging, "RouteEntryId").await?);
        }
        let is_held = |id: &&str| self.asked.values().any(|ids| ids.contains(*id));
        entries.retain(|entry| {
            let mut hops = Vec::new();
            collect(&entry["item"], "NextHops.NextHop.NextHopId", &mut hops);
            hops.iter().all(is_held)
        });
        self.items.extend(entries);
        Ok(())
    }

    async fn images(&mut self, images: &BTreeSet<String>) -> Result<(), ApiError> {
        for image in images.iter().collect::<Vec<_>>().chunks(CHUNK) {
            let names: Vec<&str> = image.iter().map(|name| name.as_str()).collect();
            let request = Request::new(&action::DESCRIBE_IMAGES)
                .param("RegionId", self.cloud.region())
                .param("ImageId", names.join(","))
                .param("PageSize", CHUNK.to_string());
            let reply = self.cloud.read(&request).await?;
            self.items
                .extend(listed(&reply.body, "/Images/Image", &action::DESCRIBE_IMAGES));
        }
        Ok(())
    }

    async fn instance_types(&mut self, wanted: &BTreeSet<String>) -> Result<(), ApiError> {
        for name in wanted {
            let action = &action::DESCRIBE_INSTANCE_TYPES;
            let request = Request::new(action).param("InstanceTypes.1", name);
            let reply = self.cloud.read(&request).await?;
            let found = listed(&reply.body, "/InstanceTypes/InstanceType", action);
            self.items
                .extend(found.filter(|told| told["item"]["InstanceTypeId"] == name.as_str()));
        }
        Ok(())
    }
}

/// The texts at a path, through all members of the lists on the way.
fn collect<'j>(item: &'j Json, path: &str, found: &mut Vec<&'j str>) {
    match item {
        Json::Array(members) => members.iter().for_each(|member| collect(member, path, found)),
        Json::String(text) if path.is_empty() && !text.is_empty() => found.push(text),
        Json::Object(fields) if !path.is_empty() => {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(inside) = fields.get(first) {
                collect(inside, rest, found);
            }
        }
        _ => {}
    }
}

fn listed<'j>(body: &'j Json, pointer: &str, action: &'static Action) -> impl Iterator<Item = Json> + 'j {
    let members = body.pointer(pointer).and_then(Json::as_array);
    members
        .into_iter()
        .flatten()
        .map(move |item| told(action, item.clone()))
}

fn told(action: &'static Action, item: Json) -> Json {
    json!({
        "product": action.product.name,
        "version": action.product.version,
        "action": action.name,
        "item": item,
    })
}
