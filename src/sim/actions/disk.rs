//! Disks.

use super::super::clock::{minutes, seconds};
use super::super::node::{Node, map};
use super::super::refusal::{Refusal, refuse};
use super::super::world::Disk;
use super::key_pair::wildcard;
use super::{Call, ECS, Entry, Search, ecs_tags};

pub(super) const ACTIONS: &[Entry] = &[(ECS, "DescribeDisks", describe)];

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params
        .json_list("DiskIds", 100)
        .map_err(|_| call.code(&["InvalidDiskIds.ValueNotSupported"]))?;
    let kind = params.text_or("DiskType", "all").to_ascii_lowercase();
    if !["all", "system", "data"].contains(&kind.as_str()) {
        return refuse("InvalidDiskType.ValueNotSupported");
    }
    let instance_id = params.text("InstanceId");
    let is = |name: &str, value: &str| params.text(name).is_none_or(|wanted| wanted == value);
    let flag = |name: &str, value: bool| params.bool(name).is_none_or(|wanted| wanted == value);
    let page = call.page(
        &call.world.disks,
        Search::ids(ids).or_link("instance", instance_id),
        |disk| {
            (kind == "all" || (kind == "system") == disk.system)
                && is("InstanceId", &disk.instance_id)
                && is("ZoneId", &disk.zone)
                && (params.text("Category") == Some("all") || is("Category", &disk.category))
                && (params.text("Status") == Some("All") || is("Status", disk.status.text()))
                && is("SnapshotId", &disk.snapshot_id)
                && is("KMSKeyId", &disk.kms_key_id)
                && is("ResourceGroupId", &disk.resource_group)
                && is("DiskChargeType", disk_charge(disk))
                && params
                    .text("DiskName")
                    .is_none_or(|name| wildcard(name, &disk.name))
                && params.text("AutoSnapshotPolicyId").is_none()
                && flag("DeleteWithInstance", disk.delete_with_instance)
                && flag("DeleteAutoSnapshot", disk.delete_auto_snapshot)
                && flag("EnableAutoSnapshot", disk.enable_auto_snapshot)
                && flag("Encrypted", disk.encrypted)
                && flag("Portable", disk.portable)
        },
    )?;
    Ok(call.listed(&page, "Disks", "Disk", node))
}

fn disk_charge(disk: &Disk) -> &'static str {
    if disk.expires.is_some() {
        "PrePaid"
    } else {
        "PostPaid"
    }
}

fn node(disk: &Disk) -> Node {
    let attached = disk
        .attached
        .filter(|_| !disk.instance_id.is_empty())
        .map(seconds)
        .unwrap_or_default();
    let attachments = if disk.instance_id.is_empty() {
        Vec::new()
    } else {
        vec![map! { "InstanceId": &disk.instance_id, "Device": &disk.device, "AttachedTime": &attached }]
    };
    map! {
        "DiskId": &disk.id,
        "DiskName": &disk.name,
        "Description": &disk.description,
        "RegionId": &disk.region,
        "ZoneId": &disk.zone,
        "Type": if disk.system { "system" } else { "data" },
        "Category": &disk.category,
        "PerformanceLevel": &disk.performance_level,
        "Size": disk.size,
        "Status": disk.status.text(),
        "InstanceId": &disk.instance_id,
        "Device": &disk.device,
        "ImageId": &disk.image_id,
        "SourceSnapshotId": &disk.snapshot_id,
        "SourceDiskId": "",
        "ProductCode": "",
        "Portable": disk.portable,
        "Encrypted": disk.encrypted,
        "KMSKeyId": &disk.kms_key_id,
        "DeleteWithInstance": disk.delete_with_instance,
        "DeleteAutoSnapshot": disk.delete_auto_snapshot,
        "EnableAutoSnapshot": disk.enable_auto_snapshot,
        "EnableAutomatedSnapshotPolicy": false,
        "AutoSnapshotPolicyId": "",
        "BurstingEnabled": disk.bursting,
        "ProvisionedIops": disk.provisioned_iops,
        "MultiAttach": "Disabled",
        "MountInstanceNum": attachments.len(),
        "MountInstances": map! { "MountInstance": attachments.clone() },
        "Attachments": map! { "Attachment": attachments },
        "DiskChargeType": disk_charge(disk),
        "CreationTime": seconds(disk.created),
        "AttachedTime": attached,
        "DetachedTime": disk.detached.map(seconds).unwrap_or_default(),
        "ExpiredTime": disk.expires.map_or_else(|| "2999-09-08T16:00Z".to_owned(), minutes),
        "SerialNumber": disk.id.trim_start_matches("d-"),
        "ResourceGroupId": &disk.resource_group,
        "StorageSetId": "",
        "StorageClusterId": "",
        "StorageSetPartitionNumber": 0,
        "OperationLocks": map! { "OperationLock": Vec::new() },
        "Tags": ecs_tags(&disk.tags),
    }
}
