//! Policies by which snapshots are made by themselves. Most of their parameters begin with a small letter.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, ecs_tags};
use super::super::catalogue;
use super::super::clock::seconds;
use super::super::head::{Head, Tag, row};
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::disk_row::Disk;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SnapshotPolicy {
    #[serde(flatten)]
    pub(super) head: Head,
    /// Hours of the day, and days of the week, as texts.
    hours: Vec<String>,
    weekdays: Vec<String>,
    /// Days; -1 is for ever.
    retention: i64,
    cross_region: bool,
    target_regions: String,
    copy_retention: i64,
    copy_encrypted: bool,
    copy_key: String,
    association: String,
    target_tags: Vec<Tag>,
}

row!(SnapshotPolicy);

impl Kind for SnapshotPolicy {
    const NAME: &'static str = "snapshot_policy";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ECS, "snapshotpolicy")];
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "CreateAutoSnapshotPolicy", create),
    (ECS, "ModifyAutoSnapshotPolicyEx", modify),
    (ECS, "DeleteAutoSnapshotPolicy", delete),
    (ECS, "ApplyAutoSnapshotPolicy", apply),
    (ECS, "CancelAutoSnapshotPolicy", cancel),
    (ECS, "DescribeAutoSnapshotPolicyEx", describe),
    (
        ECS,
        "DescribeAutoSnapshotPolicyAssociations",
        describe_associations,
    ),
];

const WRONG: &str = "ParameterInvalid";
/// The vendor's limit of policies in a region.
const PER_REGION_MAX: usize = 100;

fn numbers(
    call: &Call<'_>,
    name: &str,
    within: std::ops::RangeInclusive<i64>,
) -> Result<Option<Vec<String>>, Refusal> {
    let list = call.params.json_list(name, 24).map_err(|_| Refusal::new(WRONG))?;
    let good = |text: &String| text.parse().is_ok_and(|number| within.contains(&number));
    match list {
        Some(list) if list.is_empty() || !list.iter().all(good) => refuse(WRONG),
        list => Ok(list),
    }
}

fn retention(call: &Call<'_>, name: &str, code: &str) -> Result<Option<i64>, Refusal> {
    match call.params.int(name)? {
        Some(days) if days != -1 && !(1..=65_535).contains(&days) => refuse(code),
        days => Ok(days),
    }
}

fn target_regions(call: &Call<'_>) -> Result<Option<String>, Refusal> {
    const CODE: &str = "InvalidParameter.TargetCopyRegions";
    let Some(text) = call.params.text("TargetCopyRegions") else {
        return Ok(None);
    };
    let list = call
        .params
        .json_list("TargetCopyRegions", 1)
        .map_err(|_| Refusal::new(CODE))?;
    let known = |region: &String| catalogue::find_region(region).is_some() && *region != call.region;
    if list.unwrap_or_default().iter().all(known) {
        Ok(Some(text.to_owned()))
    } else {
        refuse(CODE)
    }
}

fn target_tags(call: &Call<'_>) -> Vec<Tag> {
    let groups = call.params.groups("TargetTags");
    let tags = groups.iter().map(|group| {
        let part = |name: &str| group.text_or(name, "").to_owned();
        (part("Key"), part("Value"))
    });
    tags.collect()
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    // The region is written small here, so the request has not told it yet.
    call.region = region(call)?;
    let hours = numbers(call, "timePoints", 0..=23)?.ok_or_else(|| Refusal::missing("timePoints"))?;
    let weekdays =
        numbers(call, "repeatWeekdays", 1..=7)?.ok_or_else(|| Refusal::missing("repeatWeekdays"))?;
    let retention = retention(call, "retentionDays", WRONG)?.unwrap_or(-1);
    let copy_retention = self::retention(
        call,
        "CopiedSnapshotsRetentionDays",
        "InvalidParameter.CopiedSnapshotsRetentionDays",
    )?;
    let own = call
        .world
        .all::<SnapshotPolicy>()
        .iter()
        .filter(|own| own.region == call.region);
    if own.count() >= PER_REGION_MAX {
        return refuse("AutoSnapshotPolicy.QuotaExceed");
    }
    let association = match params.text_or("AssociationType", "AssociatedWithDisk") {
        word @ ("AssociatedWithDisk" | "AssociatedWithInstanceTag") => word,
        _ => return refuse(WRONG),
    };
    let name = call.name(
        "autoSnapshotPolicyName",
        2,
        &["InvalidSnapshotPolicyName.Malformed"],
    )?;
    let target_regions = target_regions(call)?.unwrap_or_default();
    let tags = call.tags()?;
    let (mut head, _) = call.head("sp-");
    head.name = name.unwrap_or_default();
    head.tags = tags;
    let answer = map! { "AutoSnapshotPolicyId": &head.id };
    call.world.insert(SnapshotPolicy {
        head,
        hours,
        weekdays,
        retention,
        cross_region: params.flag("EnableCrossRegionCopy"),
        target_regions,
        copy_retention: copy_retention.unwrap_or(-1),
        copy_encrypted: params.flag("CopyEncryptionConfiguration.Encrypted"),
        copy_key: params
            .text_or("CopyEncryptionConfiguration.KMSKeyId", "")
            .to_owned(),
        association: association.to_owned(),
        target_tags: target_tags(call),
    });
    Ok(answer)
}

fn region(call: &Call<'_>) -> Result<String, Refusal> {
    match call.params.text("regionId") {
        None => Ok(call.region.clone()),
        Some(region) if catalogue::find_region(region).is_some() => Ok(region.to_owned()),
        Some(_) => refuse("InvalidRegionId.NotFound"),
    }
}

/// The policy that a request names, in the region that it names.
fn policy<'t>(call: &'t Call<'_>) -> Result<&'t SnapshotPolicy, Refusal> {
    let id = call.params.required("autoSnapshotPolicyId")?;
    let region = region(call)?;
    let found = call
        .world
        .get::<SnapshotPolicy>(id)
        .filter(|own| own.region == region);
    found.ok_or_else(|| Refusal::new(WRONG).with_status(404))
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    call.region = region(call)?;
    let id = policy(call)?.id.clone();
    let hours = numbers(call, "timePoints", 0..=23)?;
    let weekdays = numbers(call, "repeatWeekdays", 1..=7)?;
    let retention = retention(call, "retentionDays", WRONG)?;
    let copy_retention = self::retention(
        call,
        "CopiedSnapshotsRetentionDays",
        "InvalidParameter.CopiedSnapshotsRetentionDays",
    )?;
    let name = call.name("autoSnapshotPolicyName", 2, &[WRONG])?;
    let target_regions = target_regions(call)?;
    let tags = target_tags(call);
    call.world.update::<SnapshotPolicy, _>(&id, |own| {
        own.rename(name, None);
        if let Some(hours) = hours {
            own.hours = hours;
        }
        if let Some(weekdays) = weekdays {
            own.weekdays = weekdays;
        }
        own.retention = retention.unwrap_or(own.retention);
        own.copy_retention = copy_retention.unwrap_or(own.copy_retention);
        own.cross_region = params.bool("EnableCrossRegionCopy").unwrap_or(own.cross_region);
        if let Some(regions) = target_regions {
            own.target_regions = regions;
        }
        let encrypted = params.bool("CopyEncryptionConfiguration.Encrypted");
        own.copy_encrypted = encrypted.unwrap_or(own.copy_encrypted);
        if let Some(key) = params.text("CopyEncryptionConfiguration.KMSKeyId") {
            own.copy_key = key.to_owned();
        }
        if !tags.is_empty() {
            own.target_tags = tags;
        }
    });
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = policy(call)?.id.clone();
    call.remove::<SnapshotPolicy>(&id);
    done()
}

fn disks(call: &Call<'_>) -> Result<Vec<String>, Refusal> {
    let ids = call
        .params
        .json_list("diskIds", 200)
        .map_err(|_| Refusal::new(WRONG))?;
    let ids = ids.unwrap_or_default();
    for id in &ids {
        call.find::<Disk>(id, "InvalidDiskId.NotFound")?;
    }
    if ids.is_empty() { refuse(WRONG) } else { Ok(ids) }
}

fn apply(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = policy(call)?.id.clone();
    for disk in disks(call)? {
        call.world
            .update::<Disk, _>(&disk, |disk| disk.snapshot_policy.clone_from(&id));
    }
    done()
}

fn cancel(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let only = call.params.text("autoSnapshotPolicyId");
    for disk in disks(call)? {
        call.world.update::<Disk, _>(&disk, |disk| {
            if only.is_none_or(|id| id == disk.snapshot_policy) {
                disk.snapshot_policy.clear();
            }
        });
    }
    done()
}

fn list_text(list: &[String]) -> String {
    let quoted: Vec<String> = list.iter().map(|item| format!("\"{item}\"")).collect();
    format!("[{}]", quoted.join(","))
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.text("AutoSnapshotPolicyId").map(|id| vec![id]);
    let page = call.page::<SnapshotPolicy>(Search::ids(ids), |own| {
        call.is("AutoSnapshotPolicyName", &own.name) && call.is("ResourceGroupId", &own.resource_group)
    })?;
    Ok(call.listed(&page, "AutoSnapshotPolicies", "AutoSnapshotPolicy", |own| {
        let disks = call.world.all::<Disk>().count_linked(SnapshotPolicy::NAME, &own.id);
        let targets = own.target_tags.iter().map(|(key, value)| map! { "TagKey": key, "TagValue": value });
        map! {
            "AutoSnapshotPolicyId": &own.id,
            "AutoSnapshotPolicyName": &own.name,
            "RegionId": &own.region,
            "Status": "Normal",
            "Type": "Normal",
            "TimePoints": list_text(&own.hours),
            "RepeatWeekdays": list_text(&own.weekdays),
            "RetentionDays": own.retention,
            "DiskNums": disks,
            "VolumeNums": 0,
            "EnableCrossRegionCopy": own.cross_region,
            // A list as a text, also when it is empty: the vendor's provider reads it as JSON.
            "TargetCopyRegions": if own.target_regions.is_empty() { "[]" } else { own.target_regions.as_str() },
            "CopiedSnapshotsRetentionDays": own.copy_retention,
            "CopyEncryptionConfiguration": map! { "Encrypted": own.copy_encrypted, "KMSKeyId": &own.copy_key },
            "AssociationType": &own.association,
            "TargetTags": map! { "TargetTag": targets.collect::<Vec<_>>() },
            "CreationTime": seconds(own.created),
            "ResourceGroupId": &own.resource_group,
            "Tags": ecs_tags(&own.tags),
        }
    }))
}

fn describe_associations(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let (policy, disk) = (params.text("AutoSnapshotPolicyId"), params.text("DiskId"));
    if policy.is_some() && disk.is_some() {
        return refuse("ParameterConflict.AutoSnapshotPolicyIdAndDiskId");
    }
    if let Some(id) = policy {
        call.find::<SnapshotPolicy>(id, "InvalidAutoSnapshotPolicyId.NotFound")?;
    }
    if let Some(id) = disk {
        call.find::<Disk>(id, "InvalidDiskId.NotFound")?;
    }
    let ids = disk.map(|id| vec![id]);
    let page = call.page::<Disk>(Search::ids(ids).or_link(SnapshotPolicy::NAME, policy), |disk| {
        !disk.snapshot_policy.is_empty()
    })?;
    Ok(call.listed(
        &page,
        "AutoSnapshotPolicyAssociations",
        "AutoSnapshotPolicyAssociation",
        |disk| map! { "AutoSnapshotPolicyId": &disk.snapshot_policy, "DiskId": &disk.id },
    ))
}
