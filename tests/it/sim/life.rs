//! What the calendar, disks and elastic addresses do to instances.

use infra::sim::{Options, Speed};
use serde_json::Value;

use super::{Sim, options, text};

const DAY: i64 = 86_400;

#[test]
fn a_subscription_that_runs_out_stops_and_is_gone_a_fortnight_later() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(
        &net,
        &[
            ("InstanceChargeType", "PrePaid"),
            ("Period", "1"),
            ("PeriodUnit", "Week"),
        ],
    );
    sim.wait(10);
    sim.ecs("StartInstance", &[("InstanceId", &id)]).ok();
    sim.wait(9 * DAY);
    let shown = sim.show(&id);
    assert_eq!(
        (
            &shown["Status"],
            &shown["OperationLocks"]["LockReason"][0]["LockReason"]
        ),
        (&"Stopped".into(), &"financial".into())
    );
    sim.ecs("StartInstance", &[("InstanceId", &id)])
        .refused(403, "InstanceExpired");
    sim.ecs("RenewInstance", &[("InstanceId", &id), ("Period", "1")])
        .ok();
    sim.ecs("StartInstance", &[("InstanceId", &id)]).ok();
    sim.wait(60);
    assert_eq!(sim.show(&id)["Status"], "Running");
    sim.wait(50 * DAY);
    let _ = sim.show(&id);
    sim.wait(60);
    assert_eq!(sim.show(&id), Value::Null);
}

#[test]
fn a_subscription_that_renews_itself_goes_on() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(
        &net,
        &[
            ("InstanceChargeType", "PrePaid"),
            ("Period", "1"),
            ("AutoRenew", "true"),
        ],
    );
    sim.wait(100 * DAY);
    let shown = sim.show(&id);
    assert_eq!(
        (&shown["Status"], &shown["ExpiredTime"]),
        (&"Stopped".into(), &"2027-03-24T16:00Z".into())
    );
}

#[test]
fn an_instance_is_released_when_its_time_comes() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    sim.wait(10);
    let set = |sim: &mut Sim, at: &str| {
        sim.ecs(
            "ModifyInstanceAutoReleaseTime",
            &[("InstanceId", &id), ("AutoReleaseTime", at)],
        )
    };
    set(&mut sim, "2026-11-24T08:10:00Z").refused(400, "InvalidAutoReleaseTime.Malformed");
    set(&mut sim, "2026-11-24T09:00:30Z").ok();
    assert_eq!(sim.show(&id)["AutoReleaseTime"], "2026-11-24T09:00Z");
    sim.wait(2 * 3600);
    let _ = sim.show(&id);
    sim.wait(60);
    assert_eq!(sim.show(&id), Value::Null);
}

#[test]
fn a_disk_comes_and_goes_in_steps() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    sim.wait(10);
    let disk = |sim: &mut Sim, zone: &str, size: &str| {
        sim.ecs(
            "CreateDisk",
            &[
                ("ZoneId", zone),
                ("Size", size),
                ("DiskCategory", "cloud_essd"),
                ("Tag.1.Key", "k"),
            ],
        )
    };
    disk(&mut sim, "cn-hangzhou-h", "70000").refused(400, "InvalidDataDiskSize.ValueNotSupported");
    let there = text(&disk(&mut sim, "cn-hangzhou-h", "20").ok()["DiskId"]);
    let elsewhere = text(&disk(&mut sim, "cn-hangzhou-i", "20").ok()["DiskId"]);
    let status = |sim: &mut Sim, id: &str| {
        let ids = format!("[\"{id}\"]");
        sim.ecs("DescribeDisks", &[("DiskIds", &ids), ("Tag.1.Key", "k")])
            .ok()["Disks"]["Disk"][0]["Status"]
            .clone()
    };
    assert_eq!(status(&mut sim, &there), "Creating");
    sim.ecs("DeleteDisk", &[("DiskId", &there)])
        .refused(403, "IncorrectDiskStatus.Initializing");
    sim.wait(10);
    assert_eq!(status(&mut sim, &there), "Available");
    let attach = |sim: &mut Sim, disk: &str| sim.ecs("AttachDisk", &[("InstanceId", &id), ("DiskId", disk)]);
    attach(&mut sim, &elsewhere).refused(403, "ResourcesNotInSameZone");
    attach(&mut sim, &there).ok();
    assert_eq!(status(&mut sim, &there), "Attaching");
    sim.wait(10);
    assert_eq!(status(&mut sim, &there), "In_use");
    attach(&mut sim, &there).refused(403, "IncorrectDiskStatus");
    sim.ecs("DeleteDisk", &[("DiskId", &there)])
        .refused(403, "IncorrectDiskStatus");
    sim.ecs("ResizeDisk", &[("DiskId", &there), ("NewSize", "10")])
        .refused(403, "InvalidDiskSize.TooSmall");
    sim.ecs("ResizeDisk", &[("DiskId", &there), ("NewSize", "30")])
        .ok();
    sim.ecs("DetachDisk", &[("InstanceId", &id), ("DiskId", &there)])
        .ok();
    assert_eq!(status(&mut sim, &there), "Detaching");
    sim.wait(90);
    assert_eq!(status(&mut sim, &there), "Available");
    sim.ecs("DeleteDisk", &[("DiskId", &there)]).ok();
    assert_eq!(status(&mut sim, &there), Value::Null);
}

#[test]
fn a_data_disk_outlives_its_instance_when_it_is_told_to() {
    let mut sim = Sim::with(Options {
        speed: Speed::Max,
        ..options()
    });
    let net = sim.network();
    let id = sim.instance(
        &net,
        &[
            ("DataDisk.1.Size", "20"),
            ("DataDisk.1.DeleteWithInstance", "false"),
            ("DataDisk.2.Size", "30"),
        ],
    );
    assert_eq!(
        sim.ecs("DescribeDisks", &[("InstanceId", &id)]).ok()["TotalCount"],
        3
    );
    sim.ecs("DeleteInstance", &[("InstanceId", &id)]).ok();
    assert_eq!(sim.show(&id), Value::Null);
    let left = sim.ecs("DescribeDisks", &[]).ok();
    assert_eq!(left["TotalCount"], 1);
    let left = &left["Disks"]["Disk"][0];
    assert_eq!(
        (&left["Size"], &left["Status"], &left["InstanceId"]),
        (&20.into(), &"Available".into(), &"".into())
    );
}

#[test]
fn a_new_system_disk_takes_the_old_ones_place() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    let image = "ubuntu_22_04_x64_20G_alibase_20240819.vhd";
    let swap = [
        ("InstanceId", id.as_str()),
        ("ImageId", image),
        ("SystemDisk.Size", "60"),
    ];
    sim.ecs("ReplaceSystemDisk", &swap)
        .refused(403, "IncorrectInstanceStatus");
    sim.wait(10);
    let disk = text(&sim.ecs("ReplaceSystemDisk", &swap).ok()["DiskId"]);
    assert_eq!(sim.show(&id)["ImageId"], image);
    let disks = sim.ecs("DescribeDisks", &[("InstanceId", &id)]).ok();
    assert_eq!(disks["TotalCount"], 1);
    let shown = &disks["Disks"]["Disk"][0];
    assert_eq!(
        (&shown["DiskId"], &shown["Size"], &shown["Type"]),
        (&disk.as_str().into(), &60.into(), &"system".into())
    );
}

#[test]
fn an_elastic_address_is_on_one_instance_and_excludes_another_address() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    let public = sim.instance(&net, &[("InternetMaxBandwidthOut", "1")]);
    let allocate =
        |sim: &mut Sim| text(&sim.vpc("AllocateEipAddress", &[("Tag.1.Key", "k")]).ok()["AllocationId"]);
    let (first, second) = (allocate(&mut sim), allocate(&mut sim));
    let bind = |sim: &mut Sim, eip: &str, id: &str| {
        sim.vpc(
            "AssociateEipAddress",
            &[("AllocationId", eip), ("InstanceId", id)],
        )
    };
    bind(&mut sim, &first, &id).refused(400, "IncorrectInstanceStatus");
    sim.wait(10);
    bind(&mut sim, &first, "i-no").refused(404, "InvalidInstanId.NotFound");
    bind(&mut sim, &first, &public).refused(400, "Forbidden.InstanceBandwidthNotZero");
    bind(&mut sim, &first, &id).ok();
    bind(&mut sim, &second, &id).refused(400, "InvalidAssociation.Duplicated");
    let show = |sim: &mut Sim| {
        sim.vpc("DescribeEipAddresses", &[("AllocationId", &first)]).ok()["EipAddresses"]["EipAddress"][0]
            .clone()
    };
    assert_eq!(show(&mut sim)["Status"], "Associating");
    sim.vpc("ReleaseEipAddress", &[("AllocationId", &first)])
        .refused(400, "IncorrectEipStatus");
    sim.wait(10);
    let shown = show(&mut sim);
    assert_eq!(shown["Status"], "InUse");
    assert_eq!(sim.show(&id)["EipAddress"]["IpAddress"], shown["IpAddress"]);
    assert_eq!(
        sim.vpc("DescribeEipAddresses", &[("Tag.1.Key", "k")]).ok()["TotalCount"],
        2
    );
    sim.ecs(
        "ModifyInstanceNetworkSpec",
        &[("InstanceId", &id), ("InternetMaxBandwidthOut", "5")],
    )
    .refused(400, "BandwidthUpgradeDenied.EipBoundInstance");
    // It survives its instance.
    sim.ecs("DeleteInstance", &[("InstanceId", &id)]).ok();
    sim.wait(60);
    let shown = show(&mut sim);
    assert_eq!(
        (&shown["Status"], &shown["InstanceId"]),
        (&"Available".into(), &"".into())
    );
    sim.vpc("ReleaseEipAddress", &[("AllocationId", &first)]).ok();
    sim.wait(10);
    assert_eq!(show(&mut sim), Value::Null);
}

#[test]
fn a_token_in_flight_is_answered_as_such() {
    let latency = std::time::Duration::from_secs(2);
    let mut sim = Sim::with(Options { latency, ..options() });
    sim.vpc("CreateVpc", &[("ClientToken", "t")]).ok();
    sim.wait(1);
    sim.vpc("CreateVpc", &[("ClientToken", "t")])
        .refused(400, "TOKEN_PROCESSING");
    sim.wait(1);
    sim.vpc("CreateVpc", &[("ClientToken", "t")]).ok();
    assert_eq!(sim.vpc("DescribeVpcs", &[]).ok()["TotalCount"], 1);
}

#[test]
fn faults_hit_the_calls_that_they_name() {
    let faults = [
        "CreateVpc:drop-request@1",
        "CreateVpc:drop-answer@2",
        "CreateVpc:duplicate@3",
        "DescribeVpcs:throttle@1",
        "CreateVpc:delay=1500ms@4",
    ];
    let faults = faults.map(|fault| fault.parse().unwrap()).to_vec();
    let mut sim = Sim::with(Options { faults, ..options() });
    let call = |sim: &mut Sim| sim.raw(super::VPC, "CreateVpc", &[]);
    let count = |sim: &mut Sim| sim.vpc("DescribeVpcs", &[]).ok()["TotalCount"].clone();
    sim.vpc("DescribeVpcs", &[]).refused(400, "Throttling");
    assert_eq!(call(&mut sim).delivery, infra::sim::Delivery::Drop);
    assert_eq!(count(&mut sim), 0);
    assert_eq!(call(&mut sim).delivery, infra::sim::Delivery::Drop);
    assert_eq!(count(&mut sim), 1);
    assert_eq!(call(&mut sim).delivery, infra::sim::Delivery::Send);
    assert_eq!(count(&mut sim), 3);
    assert_eq!(call(&mut sim).delay_ms, 1500);
}
