//! What a list does not show and costs more: rules of security groups, system disks of instances.
//!
//! Does not know why somebody wants it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;

use super::read::attributes_of;
use crate::cloud::{ApiError, Cloud, Paging, Product, Request, Style};
use crate::live::Observed;
use crate::resources::ResourceType;
use crate::schema::Kind;
use crate::value::{Attributes, Value};

/// Which costly parts somebody manages: names of nested attributes that are set anywhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) nested: BTreeSet<String>,
}

/// The key under which an observed rule carries its id; no attribute, so it is never compared.
const RULE_ID: &str = "security_group_rule_id";

/// Reads what the list did not show of many resources of one type.
pub(super) async fn complete(
    resource_type: &dyn ResourceType,
    cloud: &Cloud,
    observed: &mut [Observed],
    wanted: &Wanted,
) -> Result<(), ApiError> {
    match resource_type.schema().type_name {
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
    resource_type: &dyn ResourceType,
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
        product: Product::Ecs,
        action: "DescribeSecurityGroupAttribute",
        params,
    };
    let paging = Paging {
        list: "Permissions.Permission",
        id: "SecurityGroupRuleId",
        style: Style::NextToken { max: 1000 },
    };
    let permissions = cloud.pages(request, paging).await?;
    // The word in an answer's `Direction` is the attribute's name.
    for attribute in resource_type.schema().attributes {
        let Kind::TableSet(table) = attribute.kind else {
            continue;
        };
        let rules = permissions
            .iter()
            .filter(|permission| permission["Direction"].as_str() == Some(attribute.name))
            .map(|permission| {
                let mut rule = attributes_of(table, permission);
                if let Some(id) = permission["SecurityGroupRuleId"].as_str() {
                    rule.insert(RULE_ID.to_owned(), Value::from(id));
                }
                Value::Map(rule)
            })
            .collect();
        observed
            .attributes
            .insert(attribute.name.to_owned(), Value::List(rules));
    }
    (resource_type.schema().normalise)(&mut observed.attributes);
    Ok(())
}

/// System disks, 100 disks in a request (500 where the listing by tag can be used), only where a disk key is set.
async fn instances(cloud: &Cloud, observed: &mut [Observed], wanted: &Wanted) -> Result<(), ApiError> {
    if !wanted.nested.contains("system_disk") || observed.is_empty() {
        return Ok(());
    }
    let disks = system_disks(cloud, observed).await?;
    for instance in observed {
        if let Some(disk) = disks.get(&instance.id) {
            instance
                .attributes
                .insert("system_disk".to_owned(), Value::Map(disk.clone()));
        }
    }
    Ok(())
}

/// The system disks by instance. All system disks of the region are listed 500 at a time when there are many
/// instances; a few are asked for one by one, since DescribeDisks takes one InstanceId only.
async fn system_disks(
    cloud: &Cloud,
    observed: &[Observed],
) -> Result<BTreeMap<String, Attributes>, ApiError> {
    const ONE_BY_ONE_MAX: usize = 2;
    let base = BTreeMap::from([
        ("RegionId".to_owned(), cloud.region().to_owned()),
        ("DiskType".to_owned(), "system".to_owned()),
    ]);
    let paging = || Paging {
        list: "Disks.Disk",
        id: "DiskId",
        style: Style::NextToken { max: 500 },
    };
    let mut items = Vec::new();
    if observed.len() <= ONE_BY_ONE_MAX {
        for instance in observed {
            let mut params = base.clone();
            params.insert("InstanceId".to_owned(), instance.id.clone());
            let request = Request {
                product: Product::Ecs,
                action: "DescribeDisks",
                params,
            };
            items.extend(cloud.pages(request, paging()).await?);
        }
    } else {
        let request = Request {
            product: Product::Ecs,
            action: "DescribeDisks",
            params: base,
        };
        items = cloud.pages(request, paging()).await?;
    }
    let disk = |item: &serde_json::Value| {
        let mut disk = Attributes::new();
        if let Some(category) = item["Category"].as_str() {
            disk.insert("category".to_owned(), Value::from(category));
        }
        if let Some(size) = item["Size"].as_i64() {
            disk.insert("size".to_owned(), Value::Integer(size));
        }
        if let Some(level) = item["PerformanceLevel"]
            .as_str()
            .filter(|level| !level.is_empty())
        {
            disk.insert("performance_level".to_owned(), Value::from(level));
        }
        disk
    };
    Ok(items
        .iter()
        .filter_map(|item| Some((item["InstanceId"].as_str()?.to_owned(), disk(item))))
        .collect())
}
