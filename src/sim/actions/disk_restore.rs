//! Disks made from disks, and disks set back to what they were.

use super::super::call::{Call, Entry, done};
use super::super::catalogue;
use super::super::head::{Head, Status};
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::disk_row::Disk;
use super::instance_order::performance_level;
use super::instance_row::Instance;
use super::snapshot::{ABSENT, Snapshot};
use super::task;

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "ResetDisk", reset),
    (ECS, "ResetDisks", reset_several),
    (ECS, "CloneDisks", clone),
];

/// Simulated delays, in milliseconds of life-cycle time.
const RESETTING_MS: i64 = 5_000;
const CLONING_MS: i64 = 10_000;

/// Whether a disk can be set back to a snapshot of it.
fn may_reset(call: &Call<'_>, disk_id: &str, snapshot_id: &str) -> Result<(), Refusal> {
    let disk = call.find::<Disk>(disk_id, "InvalidDiskId.NotFound")?;
    let snapshot = call.find::<Snapshot>(snapshot_id, ABSENT)?;
    if snapshot.disk_id != disk_id {
        return refuse("InvalidParameter.Mismatch");
    }
    if snapshot.status != Status::Accomplished {
        return refuse("InvalidSnapshotId.NotReady");
    }
    if !matches!(disk.status, Status::Available | Status::Attached) {
        return refuse("IncorrectDiskStatus");
    }
    let busy = |own: &Snapshot| own.status == Status::Progressing;
    if call.world.linked::<Snapshot>("disk", disk_id).any(busy) {
        return refuse("IncorrectDiskStatus.HasUnfinishedSnapshot");
    }
    if let Some(row) = call.world.get::<Instance>(&disk.instance_id)
        && (row.status != Status::Stopped || row.is_leaving())
    {
        return refuse("IncorrectInstanceStatus");
    }
    Ok(())
}

fn begin(call: &mut Call<'_>, disk_id: &str) {
    let now = call.now;
    call.world.update::<Disk, _>(disk_id, |disk| {
        let after = disk.status;
        disk.pass(Status::ReIniting, RESETTING_MS, after, now);
    });
}

fn reset(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let disk_id = call.params.required("DiskId")?;
    may_reset(call, disk_id, call.params.required("SnapshotId")?)?;
    call.validated()?;
    begin(call, disk_id);
    done()
}

fn reset_several(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let pairs: Vec<(String, String)> = call
        .params
        .groups("Disk")
        .iter()
        .map(|pair| {
            let disk = pair.required("DiskId")?.to_owned();
            Ok((disk, pair.required("SnapshotId")?.to_owned()))
        })
        .collect::<Result<_, Refusal>>()?;
    for (disk, snapshot) in &pairs {
        may_reset(call, disk, snapshot)?;
    }
    call.validated()?;
    let mut progress = Vec::new();
    for (disk, _) in &pairs {
        begin(call, disk);
        let item = map! { "Name": "DiskId", "Value": disk };
        progress.push(map! {
            "OperationStatus": "Success",
            "ErrorCode": "",
            "ErrorMsg": "",
            "RelatedItemSet": map! { "RelatedItem": vec![item] },
        });
    }
    Ok(map! { "OperationProgressSet": map! { "OperationProgress": progress } })
}

fn clone(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let source_id = params.required("SourceDiskId")?;
    let source = call.find::<Disk>(source_id, "InvalidDiskId.NotFound")?.clone();
    if !matches!(source.status, Status::Available | Status::Attached) {
        return refuse("IncorrectDiskStatus");
    }
    let category = params.required("DiskCategory")?;
    let Some(sizes) = catalogue::disk_sizes(category)
        .filter(|_| category.starts_with("cloud_essd") || category == "cloud_auto")
    else {
        return refuse("InvalidDiskCategory.NotSupported");
    };
    let size = params.int("Size")?.unwrap_or(source.size);
    if size < source.size || !sizes.contains(&size) {
        return refuse("InvalidDiskSize.NotSupported");
    }
    match params.required("MultiAttach")? {
        "Disabled" => {}
        "Enabled" => return refuse("InvalidParameter.MultiAttach"),
        _ => return Err(Refusal::invalid("MultiAttach")),
    }
    let key = params.text_or("KmsKeyId", "").to_owned();
    if !key.is_empty() && !params.flag("Encrypted") {
        return refuse("InvalidEncrypted.NotMatchKmsKeyId");
    }
    let level = performance_level(category, params.text("PerformanceLevel"))?;
    let name = call
        .name("DiskName", 2, &["InvalidDiskName.Malformed"])?
        .unwrap_or_default();
    let tags = call.tags()?;
    let iops = params.int("ProvisionedIops")?.unwrap_or(0);
    let bursting = params.flag("BurstingEnabled");
    if (iops > 0 || bursting) && category != "cloud_auto" {
        return refuse(if bursting {
            "BurstingEnabledForDiskCategoryUnsupported"
        } else {
            "ProvisionedIopsForDiskCategoryUnsupported"
        });
    }
    call.validated()?;
    call.region.clone_from(&source.region);
    let (mut head, _) = call.head("d-");
    head.name = name;
    head.tags = tags;
    head.pass(Status::Creating, CLONING_MS, Status::Available, call.now);
    let id = head.id.clone();
    let disk = Disk {
        head: Head { ..head },
        category: category.to_owned(),
        performance_level: level,
        size,
        system: false,
        instance_id: String::new(),
        device: String::new(),
        snapshot_id: String::new(),
        encrypted: source.encrypted || params.flag("Encrypted"),
        kms_key_id: key,
        bursting,
        provisioned_iops: iops,
        delete_with_instance: false,
        portable: true,
        expires: None,
        attached: None,
        detached: None,
        multi_attach: false,
        snapshot_policy: String::new(),
        source_disk: source_id.to_owned(),
        ..source
    };
    call.world.insert(disk);
    let (_, group, _) = call.make("tg-");
    task::make_in(call, "CloneDisk", &id, CLONING_MS, group.clone());
    Ok(map! { "TaskGroupId": group })
}
