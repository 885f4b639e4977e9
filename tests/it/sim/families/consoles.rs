//! Consoles of servers, what is set on their hardware, and chains of snapshots.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::catalogue::{Step, ecs};
use super::super::{Sim, instance_params, text};

pub(super) const CONSOLE_WALK: &[Step] = &[
    ecs("DescribeInstanceVncUrl", &[("InstanceId", "$running")]),
    ecs(
        "ModifyInstanceVncPasswd",
        &[("InstanceId", "$running"), ("VncPassword", "Ab1234")],
    ),
    ecs("GetInstanceConsoleOutput", &[("InstanceId", "$running")]),
    ecs("GetInstanceScreenshot", &[("InstanceId", "$running")]),
    ecs(
        "RunInstances",
        &[
            ("ImageId", super::IMAGE),
            ("InstanceType", "ecs.g8i.large"),
            ("SecurityGroupId", "$group"),
            ("VSwitchId", "$vswitch"),
        ],
    )
    .keep("newest", "/InstanceIdSets/InstanceIdSet/0"),
    ecs(
        "ModifyInstanceNetworkOptions",
        &[("InstanceId", "$newest"), ("BandwidthWeighting", "Vpc-L1")],
    ),
    ecs(
        "ModifyInstanceClockOptions",
        &[("InstanceId", "$newest"), ("PtpStatus", "enabled")],
    ),
    ecs(
        "ModifyInstanceAttachmentAttributes",
        &[
            ("InstanceId", "$newest"),
            ("PrivatePoolOptions.MatchCriteria", "Open"),
        ],
    ),
    ecs(
        "DescribeInstanceAttachmentAttributes",
        &[("InstanceId.1", "$newest")],
    ),
    ecs(
        "DescribeDisks",
        &[("InstanceId", "$newest"), ("DiskType", "system")],
    )
    .keep("newest-disk", "/Disks/Disk/0/DiskId"),
    ecs("CreateSnapshot", &[("DiskId", "$newest-disk")]).keep("newest-snapshot", "/SnapshotId"),
    ecs("DescribeSnapshotLinks", &[]),
    ecs("DescribeSnapshotsUsage", &[]),
    ecs("DescribeSnapshotPackage", &[]),
];

fn running(sim: &mut Sim, more: &[(&str, &str)]) -> String {
    let net = sim.network();
    let made = sim.ecs("RunInstances", &instance_params(&net, more)).ok();
    sim.wait(30);
    text(&made["InstanceIdSets"]["InstanceIdSet"][0])
}

fn decoded(value: &Value) -> Vec<u8> {
    STANDARD.decode(text(value)).unwrap()
}

#[test]
fn a_console_is_there_while_its_server_runs() {
    let mut sim = Sim::new();
    let server = running(&mut sim, &[("HostName", "web")]);
    let own = [("InstanceId", server.as_str())];
    let url = text(&sim.ecs("DescribeInstanceVncUrl", &own).ok()["VncUrl"]);
    assert!(url.starts_with("wss%3A%2F%2Fcn-hangzhou-vncproxy."), "{url}");
    // A moment later it is another one.
    sim.wait(20);
    assert_ne!(url, text(&sim.ecs("DescribeInstanceVncUrl", &own).ok()["VncUrl"]));
    let said = sim.ecs("GetInstanceConsoleOutput", &own).ok();
    let colourful = String::from_utf8(decoded(&said["ConsoleOutput"])).unwrap();
    assert!(
        colourful.ends_with("web login: ") && colourful.contains('\u{1b}'),
        "{colourful}"
    );
    let plain = [own[0], ("RemoveSymbols", "true")];
    let said = sim.ecs("GetInstanceConsoleOutput", &plain).ok();
    let plain = String::from_utf8(decoded(&said["ConsoleOutput"])).unwrap();
    assert!(
        plain.ends_with("web login: ") && !plain.contains(['\u{1b}', '\r']),
        "{plain}"
    );
    let asleep = decoded(&sim.ecs("GetInstanceScreenshot", &own).ok()["Screenshot"]);
    assert_eq!(&asleep[..3], &[0xff, 0xd8, 0xff]);
    let woken = sim
        .ecs("GetInstanceScreenshot", &[own[0], ("WakeUp", "true")])
        .ok();
    assert_ne!(decoded(&woken["Screenshot"]), asleep);
    sim.ecs("StopInstance", &own).ok();
    sim.wait(30);
    sim.ecs("DescribeInstanceVncUrl", &own)
        .refused(403, "IncorrectInstanceStatus");
    for action in ["GetInstanceConsoleOutput", "GetInstanceScreenshot"] {
        sim.ecs(action, &own).refused(405, "IncorrectInstanceStatus");
        sim.ecs(action, &[("InstanceId", "i-no")])
            .refused(404, "InvalidParameter");
    }
    sim.ecs("DescribeInstanceVncUrl", &[("InstanceId", "i-no")])
        .refused(404, "InvalidInstanceId.NotFound");
}

#[test]
fn a_console_password_has_six_letters_and_digits() {
    let mut sim = Sim::new();
    let server = running(&mut sim, &[]);
    for wrong in ["Ab123", "Ab12345", "Ab-123"] {
        let params = [("InstanceId", server.as_str()), ("VncPassword", wrong)];
        sim.ecs("ModifyInstanceVncPasswd", &params)
            .refused(400, "IncorrectVncPassword.Malformed");
    }
    let params = [("InstanceId", server.as_str()), ("VncPassword", "Ab1234")];
    sim.ecs("ModifyInstanceVncPasswd", &params).ok();
    // It is kept from everybody.
    assert!(!sim.cloud.world_json(sim.now).contains("Ab1234"));
}

#[test]
fn hardware_is_set_where_it_can_be_and_a_task_says_so() {
    let mut sim = Sim::new();
    let server = running(&mut sim, &[("InstanceType", "ecs.g8i.large")]);
    let own = ("InstanceId", server.as_str());
    let task = sim
        .ecs(
            "ModifyInstanceNetworkOptions",
            &[own, ("BandwidthWeighting", "Ebs-L1")],
        )
        .ok();
    sim.wait(10);
    let shown = sim
        .ecs("DescribeTaskAttribute", &[("TaskId", &text(&task["TaskId"]))])
        .ok();
    assert_eq!(
        (&shown["TaskAction"], &shown["TaskStatus"]),
        (&json!("ModifyInstanceNetworkOptions"), &json!("Finished"))
    );
    let shown = sim.ecs("DescribeInstanceAttribute", &[own]).ok();
    assert_eq!(shown["NetworkOptions"]["BandwidthWeighting"], "Ebs-L1");
    sim.ecs(
        "ModifyInstanceNetworkOptions",
        &[own, ("BandwidthWeighting", "Vpc-L9")],
    )
    .refused(400, "InvalidParameter.NetworkOptionsBandwidthWeighting");
    let on = [own, ("PtpStatus", "enabled")];
    sim.ecs("ModifyInstanceClockOptions", &on).ok();
    assert_eq!(sim.show(&server)["ClockOptions"]["PtpStatus"], "enabled");
    sim.ecs("ModifyInstanceClockOptions", &on)
        .refused(403, "InvalidOperation.PtpStatusAlreadyEnabled");
    sim.ecs("ModifyInstanceClockOptions", &[own, ("PtpStatus", "disabled")])
        .ok();
    sim.ecs("ModifyInstanceClockOptions", &[own])
        .refused(403, "InvalidOperation.PtpStatusAlreadyDisabled");
    sim.ecs("ModifyInstanceClockOptions", &[own, ("PtpStatus", "on")])
        .refused(400, "InvalidParameter.PtpStatus");
    let old = running(&mut sim, &[("InstanceType", "ecs.g6.large")]);
    sim.ecs(
        "ModifyInstanceNetworkOptions",
        &[("InstanceId", &old), ("BandwidthWeighting", "Vpc-L1")],
    )
    .refused(
        400,
        "InvalidInstanceType.NetworkOptionsBandwidthWeightingUnsupported",
    );
}

#[test]
fn a_server_says_what_reserved_capacity_it_may_come_from() {
    let mut sim = Sim::new();
    let server = running(&mut sim, &[]);
    let mut set = |criteria: &str, more: &[(&str, &str)]| {
        let own = [
            ("InstanceId", server.as_str()),
            ("PrivatePoolOptions.MatchCriteria", criteria),
        ];
        sim.ecs("ModifyInstanceAttachmentAttributes", &[&own[..], more].concat())
    };
    set("Target", &[]).refused(400, "MissingParameter.PrivatePoolOptions.Id");
    set("Target", &[("PrivatePoolOptions.Id", "eap-1")]).refused(400, "Invalid.PrivatePoolOptions.Id");
    set("Any", &[]).refused(400, "Invalid.PrivatePoolOptions.MatchCriteria");
    set("None", &[]).ok();
    let shown = sim
        .ecs(
            "DescribeInstanceAttachmentAttributes",
            &[("InstanceId.1", &server)],
        )
        .ok();
    let shown = &shown["Instances"]["Instance"][0];
    assert_eq!(shown["PrivatePoolOptionsMatchCriteria"], "None");
    let spot = running(&mut sim, &[("SpotStrategy", "SpotAsPriceGo")]);
    for (id, status, code) in [
        (spot.as_str(), 400, "SpotNotSupported"),
        ("server", 400, "InvalidInstanceId.MalFormed"),
        ("i-no", 400, "Invalid.InstanceId"),
    ] {
        let params = [("InstanceId", id), ("PrivatePoolOptions.MatchCriteria", "Open")];
        sim.ecs("ModifyInstanceAttachmentAttributes", &params)
            .refused(status, code);
    }
}

#[test]
fn snapshots_of_a_disk_are_one_chain() {
    let mut sim = Sim::new();
    let server = running(&mut sim, &[("InstanceName", "web")]);
    let disks = sim.ecs("DescribeDisks", &[("InstanceId", &server)]).ok();
    let disk = text(&disks["Disks"]["Disk"][0]["DiskId"]);
    for _ in 0..2 {
        sim.ecs("CreateSnapshot", &[("DiskId", &disk)]).ok();
        sim.wait(60);
    }
    let links = sim.ecs("DescribeSnapshotLinks", &[("InstanceId", &server)]).ok();
    assert_eq!(links["TotalCount"], 1);
    let link = links["SnapshotLinks"]["SnapshotLink"][0].clone();
    let size = disks["Disks"]["Disk"][0]["Size"].as_i64().unwrap();
    assert_eq!(
        (
            &link["TotalCount"],
            &link["TotalSize"],
            &link["SourceDiskId"],
            &link["InstanceName"]
        ),
        (&json!(2), &json!(2 * (size << 30)), &json!(disk), &json!("web"))
    );
    let usage = sim.ecs("DescribeSnapshotsUsage", &[]).ok();
    assert_eq!(
        (&usage["SnapshotCount"], &usage["SnapshotSize"]),
        (&json!(2), &link["TotalSize"])
    );
    let chain = text(&link["SnapshotLinkId"]);
    let listed = sim.ecs("DescribeSnapshots", &[("SnapshotLinkId", &chain)]).ok();
    assert_eq!(listed["TotalCount"], 2);
    let mut count = |name: &str, value: &str| {
        let shown = sim.ecs("DescribeSnapshotLinks", &[(name, value)]).ok();
        shown["TotalCount"].as_i64().unwrap()
    };
    assert_eq!(count("DiskIds", &format!("[\"{disk}\"]")), 1);
    assert_eq!(count("DiskIds", "[\"d-no\"]"), 0);
    assert_eq!(count("SnapshotLinkIds", &format!("[\"{chain}\"]")), 1);
    assert_eq!(count("SnapshotLinkIds", "[\"sl-no\"]"), 0);
    for (name, value, code) in [
        ("DiskIds", "d-1", "InvalidDiskIds"),
        ("SnapshotLinkIds", "sl-1", "InvalidSnapshotLinkIds"),
    ] {
        sim.ecs("DescribeSnapshotLinks", &[(name, value)])
            .refused(400, code);
    }
    sim.ecs("DescribeSnapshotLinks", &[("InstanceId", "i-no")])
        .refused(404, "InvalidInstanceId.NotFound");
    let packages = sim.ecs("DescribeSnapshotPackage", &[("PageSize", "5")]).ok();
    assert_eq!(
        (&packages["TotalCount"], &packages["PageSize"]),
        (&json!(0), &json!(5))
    );
}
