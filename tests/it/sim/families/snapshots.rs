//! Snapshots, their groups and policies, clones, images of one's own, monitor data and tasks.

use serde_json::json;

use super::super::catalogue::{Step, ecs};
use super::super::{Sim, instance_params, text};

pub(super) const SNAPSHOT_WALK: &[Step] = &[
    ecs("DescribeDisks", &[("InstanceId", "$running")]).keep("disk", "/Disks/Disk/0/DiskId"),
    ecs(
        "CreateSnapshot",
        &[
            ("DiskId", "$disk"),
            ("SnapshotName", "before"),
            ("RetentionDays", "30"),
        ],
    )
    .keep("snapshot", "/SnapshotId"),
    ecs("DescribeSnapshots", &[("SnapshotIds", "[\"$snapshot\"]")]),
    ecs(
        "ModifySnapshotAttribute",
        &[("SnapshotId", "$snapshot"), ("SnapshotName", "renamed")],
    ),
    ecs(
        "CopySnapshot",
        &[
            ("SnapshotId", "$snapshot"),
            ("DestinationRegionId", "cn-beijing"),
            ("DestinationSnapshotName", "copy"),
            ("DestinationSnapshotDescription", "a copy"),
        ],
    ),
    ecs(
        "CloneDisks",
        &[
            ("SourceDiskId", "$disk"),
            ("DiskCategory", "cloud_essd"),
            ("Size", "60"),
            ("MultiAttach", "Disabled"),
        ],
    )
    .keep("clone-group", "/TaskGroupId"),
    ecs("DescribeTasks", &[("TaskGroupId", "$clone-group")]).keep("clone-task", "/TaskSet/Task/0/TaskId"),
    ecs("DescribeTaskAttribute", &[("TaskId", "$clone-task")]),
    ecs("StopInstance", &[("InstanceId", "$running")]),
    ecs("ResetDisk", &[("DiskId", "$disk"), ("SnapshotId", "$snapshot")]),
    ecs(
        "ResetDisks",
        &[("Disk.1.DiskId", "$disk"), ("Disk.1.SnapshotId", "$snapshot")],
    ),
    ecs("StartInstance", &[("InstanceId", "$running")]),
    ecs(
        "CreateSnapshotGroup",
        &[("InstanceId", "$running"), ("Name", "all of it")],
    )
    .keep("snapshot-group", "/SnapshotGroupId"),
    ecs(
        "ModifySnapshotGroup",
        &[("SnapshotGroupId", "$snapshot-group"), ("Description", "told")],
    ),
    ecs(
        "DescribeSnapshotGroups",
        &[("SnapshotGroupId.1", "$snapshot-group")],
    ),
    ecs("DeleteSnapshotGroup", &[("SnapshotGroupId", "$snapshot-group")]),
    ecs(
        "CreateAutoSnapshotPolicy",
        &[
            ("regionId", "cn-hangzhou"),
            ("autoSnapshotPolicyName", "nightly"),
            ("timePoints", "[\"1\"]"),
            ("repeatWeekdays", "[\"1\",\"7\"]"),
            ("retentionDays", "7"),
        ],
    )
    .keep("policy", "/AutoSnapshotPolicyId"),
    ecs(
        "ModifyAutoSnapshotPolicyEx",
        &[
            ("regionId", "cn-hangzhou"),
            ("autoSnapshotPolicyId", "$policy"),
            ("retentionDays", "-1"),
        ],
    ),
    ecs(
        "ApplyAutoSnapshotPolicy",
        &[
            ("regionId", "cn-hangzhou"),
            ("autoSnapshotPolicyId", "$policy"),
            ("diskIds", "[\"$disk\"]"),
        ],
    ),
    ecs(
        "DescribeAutoSnapshotPolicyEx",
        &[("AutoSnapshotPolicyId", "$policy")],
    ),
    ecs(
        "DescribeAutoSnapshotPolicyAssociations",
        &[("AutoSnapshotPolicyId", "$policy")],
    ),
    ecs(
        "CancelAutoSnapshotPolicy",
        &[("regionId", "cn-hangzhou"), ("diskIds", "[\"$disk\"]")],
    ),
    ecs(
        "DeleteAutoSnapshotPolicy",
        &[("regionId", "cn-hangzhou"), ("autoSnapshotPolicyId", "$policy")],
    ),
    ecs(
        "DescribeInstanceMonitorData",
        &[
            ("InstanceId", "$running"),
            ("StartTime", "2026-11-24T07:00:00Z"),
            ("EndTime", "2026-11-24T08:00:00Z"),
            ("Period", "60"),
        ],
    ),
    ecs(
        "DescribeDiskMonitorData",
        &[
            ("DiskId", "$disk"),
            ("StartTime", "2026-11-24T07:00:00Z"),
            ("EndTime", "2026-11-24T08:00:00Z"),
        ],
    ),
    ecs(
        "DescribeEniMonitorData",
        &[
            ("InstanceId", "$running"),
            ("StartTime", "2026-11-24T07:00:00Z"),
            ("EndTime", "2026-11-24T08:00:00Z"),
        ],
    ),
    ecs(
        "CreateImage",
        &[("InstanceId", "$running"), ("ImageName", "golden")],
    )
    .keep("image", "/ImageId"),
    ecs(
        "DescribeImages",
        &[("ImageId", "$image"), ("Status", "Creating,Available")],
    ),
    ecs(
        "ModifyImageAttribute",
        &[
            ("ImageId", "$image"),
            ("Description", "told"),
            ("ImageFamily", "own"),
        ],
    ),
    ecs("DescribeImageFromFamily", &[("ImageFamily", "own")]),
    ecs("DescribeImageSupportInstanceTypes", &[("ImageId", "$image")]),
    ecs(
        "ModifyImageSharePermission",
        &[("ImageId", "$image"), ("AddAccount.1", "1234567890")],
    ),
    ecs("DescribeImageSharePermission", &[("ImageId", "$image")]),
    ecs(
        "ModifyImageSharePermission",
        &[("ImageId", "$image"), ("RemoveAccount.1", "1234567890")],
    ),
    ecs(
        "CopyImage",
        &[
            ("ImageId", "$image"),
            ("DestinationRegionId", "cn-beijing"),
            ("DestinationImageName", "golden"),
        ],
    ),
    ecs(
        "ExportImage",
        &[
            ("ImageId", "$image"),
            ("OSSBucket", "bucket"),
            ("ImageFormat", "qcow2"),
        ],
    ),
    ecs(
        "ImportImage",
        &[
            ("ImageName", "brought"),
            ("DiskDeviceMapping.1.OSSBucket", "bucket"),
            ("DiskDeviceMapping.1.OSSObject", "image.qcow2"),
        ],
    )
    .keep("import", "/ImageId"),
    ecs("DeleteImage", &[("ImageId", "$import")]),
    ecs("DeleteImage", &[("ImageId", "$image"), ("Force", "true")]),
    ecs(
        "DeleteSnapshot",
        &[("SnapshotId", "$snapshot"), ("Force", "true")],
    ),
];

/// A server that runs, and its system disk.
fn server(sim: &mut Sim) -> (super::super::Net, String, String) {
    let net = sim.network();
    let made = sim.ecs("RunInstances", &instance_params(&net, &[])).ok();
    let id = text(&made["InstanceIdSets"]["InstanceIdSet"][0]);
    sim.wait(30);
    let disks = sim.ecs("DescribeDisks", &[("InstanceId", &id)]).ok();
    let disk = text(&disks["Disks"]["Disk"][0]["DiskId"]);
    (net, id, disk)
}

#[test]
fn a_snapshot_is_made_used_and_kept_from_deletion() {
    let mut sim = Sim::new();
    let (_, id, disk) = server(&mut sim);
    let made = sim
        .ecs("CreateSnapshot", &[("DiskId", &disk), ("SnapshotName", "one")])
        .ok();
    let snapshot = text(&made["SnapshotId"]);
    sim.ecs("CreateSnapshot", &[("DiskId", &disk)])
        .refused(403, "IncorrectDiskStatus.CreatingSnapshot");
    let ids = format!("[\"{snapshot}\"]");
    let show = |sim: &mut Sim| {
        sim.ecs("DescribeSnapshots", &[("SnapshotIds", &ids)]).ok()["Snapshots"]["Snapshot"][0].clone()
    };
    let shown = show(&mut sim);
    assert_eq!(
        (
            &shown["Status"],
            &shown["Progress"],
            &shown["SourceDiskType"],
            &shown["Usage"]
        ),
        (
            &json!("progressing"),
            &json!("0%"),
            &json!("system"),
            &json!("none")
        )
    );
    let from = [
        ("ZoneId", "cn-hangzhou-h"),
        ("SnapshotId", snapshot.as_str()),
        ("DiskCategory", "cloud_essd"),
    ];
    sim.ecs("CreateDisk", &from)
        .refused(403, "InvalidSnapshotId.NotReady");
    sim.wait(5);
    assert_eq!(show(&mut sim)["Progress"], "50%");
    sim.wait(10);
    assert_eq!(show(&mut sim)["Status"], "accomplished");
    sim.ecs("ResetDisk", &[("DiskId", &disk), ("SnapshotId", &snapshot)])
        .refused(403, "IncorrectInstanceStatus");
    sim.ecs("StopInstance", &[("InstanceId", &id)]).ok();
    sim.wait(30);
    sim.ecs("ResetDisk", &[("DiskId", &disk), ("SnapshotId", &snapshot)])
        .ok();
    let made = sim.ecs("CreateDisk", &from).ok();
    let ids = format!("[\"{}\"]", text(&made["DiskId"]));
    let shown = sim.ecs("DescribeDisks", &[("DiskIds", &ids)]).ok();
    assert_eq!(
        (
            &shown["Disks"]["Disk"][0]["Size"],
            &shown["Disks"]["Disk"][0]["SourceSnapshotId"]
        ),
        (&json!(40), &json!(snapshot))
    );
    assert_eq!(show(&mut sim)["Usage"], "disk");
    let gone = [("SnapshotId", snapshot.as_str())];
    sim.ecs("DeleteSnapshot", &gone)
        .refused(403, "SnapshotCreatedDisk");
    sim.ecs("DeleteSnapshot", &[gone[0], ("Force", "true")]).ok();
    sim.ecs("DeleteSnapshot", &gone)
        .refused(404, "InvalidSnapshotId.NotFound");
}

#[test]
fn a_disk_that_never_was_on_a_running_server_has_nothing_to_keep() {
    let mut sim = Sim::new();
    let net = sim.network();
    let order = [
        ("ZoneId", "cn-hangzhou-h"),
        ("Size", "40"),
        ("DiskCategory", "cloud_essd"),
    ];
    let disk = text(&sim.ecs("CreateDisk", &order).ok()["DiskId"]);
    let id = sim.instance(&net, &[]);
    sim.wait(10);
    sim.ecs("CreateSnapshot", &[("DiskId", &disk)])
        .refused(403, "IncorrectDiskStatus.NeverAttached");
    let disks = sim.ecs("DescribeDisks", &[("InstanceId", &id)]).ok();
    let system = text(&disks["Disks"]["Disk"][0]["DiskId"]);
    sim.ecs("CreateSnapshot", &[("DiskId", &system)])
        .refused(403, "IncorrectDiskStatus.NeverUsed");
}

#[test]
fn an_image_is_made_of_a_server_used_by_another_and_held_by_it() {
    let mut sim = Sim::new();
    let (net, id, _) = server(&mut sim);
    let order = [
        ("InstanceId", id.as_str()),
        ("ImageName", "golden"),
        ("ImageFamily", "own"),
    ];
    let image = text(&sim.ecs("CreateImage", &order).ok()["ImageId"]);
    sim.ecs("CreateImage", &order)
        .refused(403, "IncorrectDiskStatus.CreatingSnapshot");
    let own = [("ImageId", image.as_str())];
    assert_eq!(sim.ecs("DescribeImages", &own).ok()["TotalCount"], 0);
    let waiting = sim.ecs("DescribeImages", &[own[0], ("Status", "Creating")]).ok();
    assert_eq!(waiting["Images"]["Image"][0]["Progress"], "0%");
    let with = instance_params(&net, &[("ImageId", &image)]);
    sim.ecs("RunInstances", &with)
        .refused(404, "InvalidImageId.NotFound");
    sim.wait(30);
    let shown = sim.ecs("DescribeImages", &[("ImageOwnerAlias", "self")]).ok();
    let shown = &shown["Images"]["Image"][0];
    assert_eq!(
        (
            &shown["Status"],
            &shown["Size"],
            &shown["OSType"],
            &shown["DiskDeviceMappings"]["DiskDeviceMapping"][0]["Type"]
        ),
        (&json!("Available"), &json!(40), &json!("linux"), &json!("system"))
    );
    let snapshot = text(&shown["DiskDeviceMappings"]["DiskDeviceMapping"][0]["SnapshotId"]);
    sim.ecs("DeleteSnapshot", &[("SnapshotId", &snapshot)])
        .refused(403, "SnapshotCreatedImage");
    sim.ecs("RunInstances", &with).ok();
    sim.ecs("DeleteImage", &own).refused(403, "ImageUsingByInstance");
    let used = sim.ecs("DescribeImages", &own).ok();
    assert_eq!(used["Images"]["Image"][0]["Usage"], "instance");
    sim.ecs("DeleteImage", &[own[0], ("Force", "true")]).ok();
    assert_eq!(sim.ecs("DescribeImages", &own).ok()["TotalCount"], 0);
    sim.ecs("DeleteSnapshot", &[("SnapshotId", &snapshot)]).ok();
}

#[test]
fn an_import_is_a_task_with_progress_that_can_be_looked_at() {
    let mut sim = Sim::new();
    let made = sim
        .ecs(
            "ImportImage",
            &[
                ("DiskDeviceMapping.1.OSSBucket", "bucket"),
                ("DiskDeviceMapping.1.OSSObject", "image.raw"),
                ("DiskDeviceMapping.1.DiskImageSize", "20"),
            ],
        )
        .ok();
    let task = text(&made["TaskId"]);
    let look = |sim: &mut Sim| sim.ecs("DescribeTaskAttribute", &[("TaskId", &task)]).ok();
    sim.wait(15);
    let shown = look(&mut sim);
    assert_eq!(
        (&shown["TaskStatus"], &shown["TaskProcess"], &shown["TaskAction"]),
        (&json!("Processing"), &json!("50%"), &json!("ImportImage"))
    );
    sim.wait(20);
    let shown = look(&mut sim);
    assert_eq!(
        (&shown["TaskStatus"], &shown["SuccessCount"]),
        (&json!("Finished"), &json!(1))
    );
    sim.ecs("CancelTask", &[("TaskId", &task)])
        .refused(403, "InvalidTaskId.IncorrectTaskStatus");
}

#[test]
fn a_policy_is_of_its_region_and_on_its_disks() {
    let mut sim = Sim::new();
    let (_, _, disk) = server(&mut sim);
    let order = [
        ("regionId", "cn-hangzhou"),
        ("timePoints", "[\"1\",\"13\"]"),
        ("repeatWeekdays", "[\"5\"]"),
        ("retentionDays", "-1"),
    ];
    let wrong = [order[0], ("timePoints", "[\"24\"]"), order[2], order[3]];
    sim.ecs("CreateAutoSnapshotPolicy", &wrong)
        .refused(403, "ParameterInvalid");
    let policy = text(&sim.ecs("CreateAutoSnapshotPolicy", &order).ok()["AutoSnapshotPolicyId"]);
    let disks = format!("[\"{disk}\"]");
    let apply = [
        order[0],
        ("autoSnapshotPolicyId", policy.as_str()),
        ("diskIds", disks.as_str()),
    ];
    sim.ecs("ApplyAutoSnapshotPolicy", &apply).ok();
    let shown = sim
        .ecs(
            "DescribeAutoSnapshotPolicyEx",
            &[("AutoSnapshotPolicyId", &policy)],
        )
        .ok();
    let shown = &shown["AutoSnapshotPolicies"]["AutoSnapshotPolicy"][0];
    assert_eq!(
        (&shown["TimePoints"], &shown["DiskNums"], &shown["RetentionDays"]),
        (&json!("[\"1\",\"13\"]"), &json!(1), &json!(-1))
    );
    let found = sim
        .ecs("DescribeDisks", &[("AutoSnapshotPolicyId", &policy)])
        .ok();
    assert_eq!(found["Disks"]["Disk"][0]["DiskId"], disk.as_str());
    sim.ecs("DeleteAutoSnapshotPolicy", &apply[..2]).ok();
    let found = sim.ecs("DescribeDisks", &[("DiskIds", &disks)]).ok();
    assert_eq!(found["Disks"]["Disk"][0]["AutoSnapshotPolicyId"], "");
}
