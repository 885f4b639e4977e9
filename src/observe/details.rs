//! What a list does not show and costs more: rules of security groups, system disks of instances.
//!
//! Does not know why somebody wants it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use serde::Deserializer;
use serde::de::Error as _;

use super::fields::Fields;
use super::read::Table;
use crate::api::{Pages, action};
use crate::cloud::{ApiError, Cloud, Decode, Paging, Request};
use crate::live::Observed;
use crate::types::{Kind, Part, ResourceType};
use crate::value::{Attributes, Value};

/// Which costly parts somebody manages: names of nested attributes that are set anywhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) nested: BTreeSet<String>,
}

/// Reads what the list did not show of many resources of one type.
pub(super) async fn complete(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    observed: &mut [Observed],
    wanted: &Wanted,
) -> Result<(), ApiError> {
    match resource_type.name {
        "instance" => instances(cloud, observed, wanted).await,
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

/// One DescribeSecurityGroupAttribute for each group whose rules are managed.
async fn security_group(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    observed: &mut Observed,
    wanted: &Wanted,
) -> Result<(), ApiError> {
    if !wanted.nested.contains("ingress") && !wanted.nested.contains("egress") {
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
                id
            }
            // A rule without an id is told apart by what it says.
            _ => format!("{word} {rule:?}"),
        };
        Ok((id, (part.attribute, Value::Map(rule))))
    }
}

/// System disks, 500 in a request, only where a disk key is set. All system disks of the region are listed when there
/// are many instances; a few are asked for one by one, since DescribeDisks takes one InstanceId only.
async fn instances(cloud: &Cloud, observed: &mut [Observed], wanted: &Wanted) -> Result<(), ApiError> {
    const ONE_BY_ONE_MAX: usize = 2;
    if !wanted.nested.contains("system_disk") || observed.is_empty() {
        return Ok(());
    }
    let request = Request {
        action: &action::DESCRIBE_DISKS,
        params: BTreeMap::from([
            ("RegionId".to_owned(), cloud.region().to_owned()),
            ("DiskType".to_owned(), "system".to_owned()),
        ]),
    };
    let paging = Paging {
        list: "Disks.Disk",
        pages: Pages::ByToken { max: 500 },
    };
    let decode = Disks::new();
    let mut disks: BTreeMap<String, Attributes> = BTreeMap::new();
    if observed.len() <= ONE_BY_ONE_MAX {
        for instance in &*observed {
            let request = request.clone().param("InstanceId", instance.id.clone());
            disks.extend(cloud.pages(&request, paging, &decode).await?);
        }
    } else {
        disks.extend(cloud.pages(&request, paging, &decode).await?);
    }
    for instance in observed {
        if let Some(disk) = disks.remove(&instance.id) {
            instance
                .attributes
                .insert("system_disk".to_owned(), Value::Map(disk));
        }
    }
    Ok(())
}

/// How a disk becomes the value of an instance's system disk.
struct Disks {
    fields: Fields,
}

/// The fields of a disk that are read; behind the first two, what they are called in the configuration.
const DISK_FIELDS: [(&str, &str); 5] = [
    ("DiskId", ""),
    ("InstanceId", ""),
    ("Category", "category"),
    ("Size", "size"),
    ("PerformanceLevel", "performance_level"),
];

impl Disks {
    fn new() -> Disks {
        let mut fields = Fields::default();
        for (field, _) in DISK_FIELDS {
            fields.add(field);
        }
        Disks { fields }
    }
}

impl Decode for Disks {
    type Item = (String, Attributes);

    fn item<'de, D: Deserializer<'de>>(&self, item: D) -> Result<(String, Self::Item), D::Error> {
        let mut found = self.fields.read(item)?.into_iter();
        let mut text = || match found.next() {
            Some(Some(Value::String(text))) => text,
            _ => String::new(),
        };
        let (id, instance) = (text(), text());
        if id.is_empty() {
            return Err(D::Error::custom("a disk in the answer has no DiskId"));
        }
        let attributes = DISK_FIELDS[2..].iter().zip(found);
        let disk = attributes
            .filter_map(|((_, name), value)| Some(((*name).to_owned(), value?)))
            .filter(|(_, value)| value.as_str() != Some(""))
            .collect();
        Ok((id, (instance, disk)))
    }
}
