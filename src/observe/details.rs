//! What a list does not show and costs more: rules of security groups, system disks of instances.
//!
//! Does not know why somebody wants it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use serde::Deserializer;
use serde::de::Error as _;

use super::fields::Fields;
use super::read::{Table, own_tags, tags_of};
use crate::address::Address;
use crate::api::{Action, Pages, action};
use crate::cloud::{ApiError, Cloud, Decode, ErrorKind, Paging, Request};
use crate::live::{Observed, TAG_ADDRESS, TAG_STACK};
use crate::types::{APART, Kind, Part, ResourceType, TagShape};
use crate::value::{Attributes, Tags, Value};

/// Which costly parts somebody manages: names of nested attributes that are set anywhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) nested: BTreeSet<String>,
    /// Who manages which of them, as far as that is known.
    pub(crate) by: BTreeMap<Address, BTreeSet<String>>,
    /// The same by id, where each costs a request of its own; whoever is not among these is read.
    pub(super) by_id: BTreeMap<String, BTreeSet<String>>,
}

impl Wanted {
    /// These of whatever is read.
    pub(crate) fn of(names: impl IntoIterator<Item = String>) -> Wanted {
        Wanted {
            nested: names.into_iter().collect(),
            ..Wanted::default()
        }
    }

    /// Whether somebody manages the attribute of this one.
    fn is_of(&self, id: &str, name: &str) -> bool {
        self.nested.contains(name) && self.by_id.get(id).is_none_or(|own| own.contains(name))
    }
}

/// Reads what the list did not show of many resources of one type.
pub(crate) async fn complete(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    observed: &mut [Observed],
    wanted: &Wanted,
) -> Result<(), ApiError> {
    match resource_type.name {
        "instance" => {
            roles(cloud, observed, wanted).await?;
            instances(resource_type, cloud, observed, wanted).await
        }
        // What is to be deleted must let go of its entries, whoever wrote them.
        "nat_gateway" => {
            let all = observed.iter_mut();
            try_join_all(all.map(|one| of_one(cloud, resource_type, one, &SNAT))).await?;
            Ok(())
        }
        "slb" => {
            each_of(cloud, resource_type, observed, &LISTENERS, wanted).await?;
            each_of(cloud, resource_type, observed, &BACKENDS, wanted).await
        }
        "security_group" => {
            try_join_all(
                observed
                    .iter_mut()
                    .map(|one| security_group(resource_type, cloud, one, wanted)),
            )
            .await?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Where the members of a part are listed.
struct MembersList {
    attribute: &'static str,
    action: &'static Action,
    list: &'static str,
    pages: Pages,
    /// The parameter that names the owner, and the attribute whose value it takes.
    owner: (&'static str, &'static str),
}

static SNAT: MembersList = MembersList {
    attribute: "snat",
    action: &action::DESCRIBE_SNAT_TABLE_ENTRIES,
    list: "SnatTableEntries.SnatTableEntry",
    pages: Pages::ByNumber { max: 50 },
    owner: ("SnatTableId", "snat_table_id"),
};

static LISTENERS: MembersList = MembersList {
    attribute: "listeners",
    action: &action::DESCRIBE_LOAD_BALANCER_LISTENERS,
    list: "Listeners",
    pages: Pages::ByToken { max: 100 },
    owner: ("LoadBalancerId.1", "id"),
};

static BACKENDS: MembersList = MembersList {
    attribute: "backends",
    action: &action::DESCRIBE_LOAD_BALANCER_ATTRIBUTE,
    list: "BackendServers.BackendServer",
    pages: Pages::Whole,
    owner: ("LoadBalancerId", "id"),
};

/// One list for each owner whose members are managed.
async fn each_of(
    cloud: &Cloud,
    resource_type: &'static ResourceType,
    observed: &mut [Observed],
    members: &'static MembersList,
    wanted: &Wanted,
) -> Result<(), ApiError> {
    let managed = observed
        .iter_mut()
        .filter(|one| wanted.is_of(&one.id, members.attribute));
    try_join_all(managed.map(|one| of_one(cloud, resource_type, one, members))).await?;
    Ok(())
}

async fn of_one(
    cloud: &Cloud,
    resource_type: &'static ResourceType,
    observed: &mut Observed,
    members: &'static MembersList,
) -> Result<(), ApiError> {
    let (param, attribute) = members.owner;
    let owner = match attribute {
        "id" => Some(observed.id.as_str()),
        name => observed.attributes.get(name).and_then(Value::as_str),
    };
    let params = BTreeMap::from([
        ("RegionId".to_owned(), cloud.region().to_owned()),
        (param.to_owned(), owner.unwrap_or_default().to_owned()),
    ]);
    let request = Request {
        action: members.action,
        params,
    };
    let paging = Paging {
        list: members.list,
        pages: members.pages,
    };
    let part = resource_type
        .parts
        .iter()
        .find(|part| part.attribute == members.attribute);
    let Some(part) = part else { return Ok(()) };
    let decode = Members::new(resource_type, part);
    let found = match cloud.pages(&request, paging, &decode).await {
        // Whoever has just gone has none.
        Err(error) if error.kind == ErrorKind::NotFound || resource_type.codes.is_absent(&error.code) => {
            Vec::new()
        }
        found => found?.into_iter().flatten().collect(),
    };
    observed
        .attributes
        .insert(part.attribute.to_owned(), Value::List(found));
    (resource_type.normalise)(&mut observed.attributes);
    Ok(())
}

/// How an item of a list becomes a member of a part.
struct Members {
    part: &'static Part,
    fields: Fields,
    table: Table,
    id: Option<usize>,
    status: usize,
}

impl Members {
    fn new(resource_type: &'static ResourceType, part: &'static Part) -> Members {
        let mut fields = Fields::default();
        Members {
            part,
            table: Table::new(resource_type.members_table(part), &mut fields),
            id: part.member_id.map(|(_, param)| fields.add(param)),
            status: fields.add("Status"),
            fields,
        }
    }
}

impl Decode for Members {
    type Item = Option<Value>;

    /// What is on its way out counts as gone.
    fn item<'de, D: Deserializer<'de>>(&self, item: D) -> Result<(String, Option<Value>), D::Error> {
        let mut found = self.fields.read(item)?;
        let is_leaving = found[self.status].as_ref().and_then(Value::as_str) == Some("Deleting");
        let id = self.id.and_then(|place| found[place].take());
        let mut member = self.table.attributes(&mut found);
        if let (Some((key, _)), Some(id)) = (self.part.member_id, id) {
            member.insert(key.to_owned(), id);
        }
        Ok((format!("{member:?}"), (!is_leaving).then_some(Value::Map(member))))
    }
}

/// One DescribeSecurityGroupAttribute for each group whose rules are managed.
async fn security_group(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    observed: &mut Observed,
    wanted: &Wanted,
) -> Result<(), ApiError> {
    if wanted.is_of(&observed.id, INNER) {
        let request = Request::new(&action::DESCRIBE_SECURITY_GROUP_ATTRIBUTE)
            .param("RegionId", cloud.region())
            .param("SecurityGroupId", observed.id.clone());
        let reply = cloud.read(&request).await?;
        if let Some(policy) = reply.body["InnerAccessPolicy"].as_str() {
            observed.attributes.insert(INNER.to_owned(), Value::from(policy));
        }
    }
    if !["ingress", "egress"]
        .iter()
        .any(|name| wanted.is_of(&observed.id, name))
    {
        return Ok(());
    }
    let params = BTreeMap::from([
        ("RegionId".to_owned(), cloud.region().to_owned()),
        ("SecurityGroupId".to_owned(), observed.id.clone()),
        ("NicType".to_owned(), "intranet".to_owned()),
    ]);
    let request = Request {
        action: &action::DESCRIBE_SECURITY_GROUP_ATTRIBUTE,
        params,
    };
    let paging = Paging {
        list: "Permissions.Permission",
        pages: Pages::ByToken { max: 1000 },
    };
    let rules = cloud.pages(&request, paging, &Rules::new(resource_type)).await?;
    for part in resource_type.parts {
        observed
            .attributes
            .insert(part.attribute.to_owned(), Value::List(Vec::new()));
    }
    for (direction, rule) in rules {
        if let Some(Value::List(list)) = observed.attributes.get_mut(direction) {
            list.push(rule);
        }
    }
    (resource_type.normalise)(&mut observed.attributes);
    Ok(())
}

/// Whether members of a group reach each other; told beside the rules only.
const INNER: &str = "inner_access_policy";

/// How a permission of a group becomes a rule of a direction. The word in an answer's `Direction` is the name of the
/// part's attribute.
struct Rules {
    fields: Fields,
    tables: Vec<(&'static Part, Table)>,
    direction: usize,
    id: usize,
}

impl Rules {
    fn new(resource_type: &'static ResourceType) -> Rules {
        let mut fields = Fields::default();
        let mut tables = Vec::new();
        for part in resource_type.parts {
            if let Some(Kind::TableSet(table)) =
                resource_type.attribute(part.attribute).map(|found| &found.kind)
            {
                tables.push((part, Table::new(table, &mut fields)));
            }
        }
        Rules {
            tables,
            direction: fields.add("Direction"),
            id: fields.add("SecurityGroupRuleId"),
            fields,
        }
    }
}

impl Decode for Rules {
    type Item = (&'static str, Value);

    fn item<'de, D: Deserializer<'de>>(&self, item: D) -> Result<(String, Self::Item), D::Error> {
        let mut found = self.fields.read(item)?;
        let direction = found[self.direction].take();
        let word = direction.as_ref().and_then(Value::as_str).unwrap_or_default();
        let Some((part, table)) = self.tables.iter().find(|(part, _)| part.attribute == word) else {
            return Err(D::Error::custom("the answer has a rule without its Direction"));
        };
        let id = found[self.id].take();
        let mut rule = table.attributes(&mut found);
        let id = match id {
            Some(Value::String(id)) => {
                if let Some((key, _)) = part.member_id {
                    rule.insert(key.to_owned(), Value::from(id.as_str()));
                }
                id.into_string()
            }
            // A rule without an id is told apart by what it says.
            _ => format!("{word} {rule:?}"),
        };
        Ok((id, (part.attribute, Value::Map(rule))))
    }
}

/// The roles of servers, by the hundred.
async fn roles(cloud: &Cloud, observed: &mut [Observed], wanted: &Wanted) -> Result<(), ApiError> {
    const ROLE: &str = "ram_role_name";
    if !wanted.nested.contains(ROLE) {
        return Ok(());
    }
    for some in observed.chunks_mut(100) {
        let ids: Vec<&str> = some.iter().map(|one| one.id.as_str()).collect();
        let request = Request::new(&action::DESCRIBE_INSTANCE_RAM_ROLE)
            .param("RegionId", cloud.region())
            .param("InstanceIds", serde_json::json!(ids).to_string());
        let paging = Paging {
            list: "InstanceRamRoleSets.InstanceRamRoleSet",
            pages: Pages::ByNumber { max: 50 },
        };
        let roles: BTreeMap<String, Value> = cloud
            .pages(&request, paging, &Roles::new())
            .await?
            .into_iter()
            .collect();
        for one in some {
            let role = roles.get(&one.id).cloned().unwrap_or_else(|| Value::from(""));
            one.attributes.insert(ROLE.to_owned(), role);
        }
    }
    Ok(())
}

/// How an item becomes the role of a server.
struct Roles(Fields);

impl Roles {
    fn new() -> Roles {
        let mut fields = Fields::default();
        fields.add("InstanceId");
        fields.add("RamRoleName");
        Roles(fields)
    }
}

impl Decode for Roles {
    type Item = (String, Value);

    fn item<'de, D: Deserializer<'de>>(&self, item: D) -> Result<(String, Self::Item), D::Error> {
        let mut found = self.0.read(item)?.into_iter();
        match (found.next().flatten(), found.next().flatten()) {
            (Some(Value::String(id)), Some(role)) => Ok((id.to_string(), (id.into_string(), role))),
            _ => Err(D::Error::custom("a role in the answer has no InstanceId")),
        }
    }
}

/// The disks of servers, 500 in a request, only where a key of theirs is set. All disks of the region are listed when there
/// are many servers; a few are asked for one by one, since DescribeDisks takes one InstanceId only.
async fn instances(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    observed: &mut [Observed],
    wanted: &Wanted,
) -> Result<(), ApiError> {
    const ONE_BY_ONE_MAX: usize = 2;
    let is_wanted = |name: &str| wanted.nested.contains(name);
    let (of_system, of_data) = (is_wanted(SYSTEM), is_wanted(DATA));
    let of_tags = is_wanted(VOLUME_TAGS) || is_wanted(DISKS);
    if !of_system && !of_data && !of_tags || observed.is_empty() {
        return Ok(());
    }
    let of_all = of_data || of_tags;
    let request = Request::new(&action::DESCRIBE_DISKS)
        .param("RegionId", cloud.region())
        .param("DiskType", if of_all { "all" } else { "system" });
    let paging = Paging {
        list: "Disks.Disk",
        pages: Pages::ByToken { max: 500 },
    };
    let decode = Disks::new(resource_type);
    let mut disks = Vec::new();
    if observed.len() <= ONE_BY_ONE_MAX {
        for instance in &*observed {
            let own = request.clone().param("InstanceId", instance.id.clone());
            disks.extend(cloud.pages(&own, paging, &decode).await?);
            // What was made for it and did not get there.
            if of_data
                && let (Some(stack), Some(address)) = (instance.stack(), instance.tags.get(TAG_ADDRESS))
            {
                let apart = request
                    .clone()
                    .param("Status", "Available")
                    .param("Tag.1.Key", TAG_STACK)
                    .param("Tag.1.Value", stack)
                    .param("Tag.2.Key", TAG_ADDRESS)
                    .param("Tag.2.Value", address.clone());
                disks.extend(cloud.pages(&apart, paging, &decode).await?);
            }
        }
    } else {
        disks = cloud.pages(&request, paging, &decode).await?;
    }
    for instance in observed.iter_mut() {
        let own: Vec<&FoundDisk> = disks.iter().filter(|disk| disk.belongs_to(instance)).collect();
        if of_tags {
            let there: Vec<&FoundDisk> = own
                .iter()
                .filter(|disk| !disk.instance.is_empty())
                .copied()
                .collect();
            let ids = there.iter().map(|disk| Value::from(disk.id.as_str()));
            let ids = Attributes::from([("ids".to_owned(), Value::List(ids.collect()))]);
            instance.attributes.insert(DISKS.to_owned(), Value::Map(ids));
            instance
                .attributes
                .insert(VOLUME_TAGS.to_owned(), Value::Map(common_tags(&there)));
        }
        let mut data = Vec::new();
        for disk in own {
            if disk.is_system {
                let system = Value::Map(disk.system.clone());
                instance.attributes.insert(SYSTEM.to_owned(), system);
            } else {
                data.push(Value::Map(disk.data.clone()));
            }
        }
        if of_data {
            instance.attributes.insert(DATA.to_owned(), Value::List(data));
        }
        (resource_type.normalise)(&mut instance.attributes);
    }
    Ok(())
}

/// The tags of disks; of one that not all have alike, that.
fn common_tags(disks: &[&FoundDisk]) -> Attributes {
    const NOT_ALL: &str = "(not on all disks)";
    let mut common = Attributes::new();
    let tags: Vec<Attributes> = disks.iter().map(|disk| own_tags(&disk.tags)).collect();
    for (key, value) in tags.iter().flatten() {
        let is_common = tags.iter().all(|tags| tags.get(key) == Some(value));
        let value = if is_common {
            value.clone()
        } else {
            Value::from(NOT_ALL)
        };
        common.insert(key.clone(), value);
    }
    common
}

const VOLUME_TAGS: &str = "volume_tags";
/// No attribute, but what a step asks for: the disks of a server, and their `ids`.
const DISKS: &str = "disks";
const SYSTEM: &str = "system_disk";
const DATA: &str = "data_disks";

/// A disk, as the system disk and as a data disk of a server would have it.
struct FoundDisk {
    id: String,
    instance: String,
    is_system: bool,
    system: Attributes,
    data: Attributes,
    tags: Tags,
}

impl FoundDisk {
    /// Whether it is attached to a server and has no block of its own, or was made for it and is attached to none.
    fn belongs_to(&self, instance: &Observed) -> bool {
        if !self.instance.is_empty() {
            let address = self.tags.get(TAG_ADDRESS);
            let is_own = address.is_none_or(|address| !address.starts_with("disk."));
            return self.instance == instance.id && is_own;
        }
        [TAG_STACK, TAG_ADDRESS]
            .iter()
            .all(|tag| self.tags.contains_key(*tag) && self.tags.get(*tag) == instance.tags.get(*tag))
    }
}

/// How an item of DescribeDisks is read.
struct Disks {
    fields: Fields,
    system: usize,
    table: Table,
    tags: usize,
}

/// The fields of a disk that are read; behind the first three, what they are called in the configuration of a system disk.
const DISK_FIELDS: [(&str, &str); 12] = [
    ("DiskId", ""),
    ("InstanceId", ""),
    ("Type", ""),
    ("DiskId", "id"),
    ("DiskName", "name"),
    ("Description", "description"),
    ("Encrypted", "encrypted"),
    ("KMSKeyId", "kms_key_id"),
    ("AutoSnapshotPolicyId", "auto_snapshot_policy_id"),
    ("Category", "category"),
    ("Size", "size"),
    ("PerformanceLevel", "performance_level"),
];

impl Disks {
    fn new(resource_type: &'static ResourceType) -> Disks {
        let mut fields = Fields::default();
        for (field, _) in DISK_FIELDS {
            fields.add(field);
        }
        let part = resource_type.parts.iter().find(|part| part.attribute == DATA);
        let table = part.map_or(&[][..], |part| resource_type.members_table(part));
        Disks {
            system: 3,
            table: Table::new(table, &mut fields),
            tags: fields.add("Tags.Tag"),
            fields,
        }
    }
}

impl Decode for Disks {
    type Item = FoundDisk;

    fn item<'de, D: Deserializer<'de>>(&self, item: D) -> Result<(String, Self::Item), D::Error> {
        let mut found = self.fields.read(item)?;
        let text = |found: &[Option<Value>], place: usize| {
            let text = found[place].as_ref().and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let (id, instance) = (text(&found, 0), text(&found, 1));
        if id.is_empty() {
            return Err(D::Error::custom("a disk in the answer has no DiskId"));
        }
        let is_system = text(&found, 2) == "system";
        let tags = tags_of(found[self.tags].take(), TagShape::Ecs);
        let mut data = self.table.attributes(&mut found);
        data.insert("disk_id".to_owned(), Value::from(id.as_str()));
        if instance.is_empty() {
            data.insert(APART.to_owned(), Value::Bool(true));
        }
        let system = DISK_FIELDS[self.system..].iter().zip(found.drain(self.system..));
        let system = system
            .filter_map(|((_, name), value)| Some(((*name).to_owned(), value?)))
            .filter(|(_, value)| value.as_str() != Some(""))
            .collect();
        Ok((
            id.clone(),
            FoundDisk {
                id,
                instance,
                is_system,
                system,
                data,
                tags,
            },
        ))
    }
}
