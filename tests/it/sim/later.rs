//! Failure that comes after the answer: what hangs, lasts, ends otherwise, is taken back, or is seen late.

use infra::sim::{Options, replay};
use serde_json::Value;

use super::recording::Tape;
use super::{Sim, options, text};

fn sim(faults: &[&str]) -> Sim {
    Sim::with(Options {
        faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
        ..options()
    })
}

#[track_caller]
fn status(sim: &mut Sim, id: &str) -> String {
    text(&sim.show(id)["Status"])
}

#[test]
fn a_start_that_hangs_stays_starting_for_ever() {
    let mut sim = sim(&["StartInstance:hang@1"]);
    let net = sim.network();
    let (one, two) = (sim.instance(&net, &[]), sim.instance(&net, &[]));
    sim.wait(10);
    for id in [&one, &two] {
        sim.ecs("StartInstance", &[("InstanceId", id)]).ok();
    }
    sim.wait(100_000);
    assert_eq!(status(&mut sim, &one), "Starting");
    assert_eq!(status(&mut sim, &two), "Running");
    // It can still be got rid of.
    sim.ecs("DeleteInstance", &[("InstanceId", &one), ("Force", "true")])
        .ok();
    sim.wait(60);
    assert_eq!(sim.show(&one), Value::Null);
}

#[test]
fn a_start_that_takes_long_takes_as_long_as_told() {
    let mut sim = sim(&["StartInstance:slow=10x@1", "StartInstance:slow=5m@2"]);
    let net = sim.network();
    let (one, two) = (sim.instance(&net, &[]), sim.instance(&net, &[]));
    sim.wait(10);
    for id in [&one, &two] {
        sim.ecs("StartInstance", &[("InstanceId", id)]).ok();
    }
    sim.wait(99);
    assert_eq!(status(&mut sim, &one), "Starting");
    sim.wait(1);
    assert_eq!(status(&mut sim, &one), "Running");
    sim.wait(209);
    assert_eq!(status(&mut sim, &two), "Starting");
    sim.wait(1);
    assert_eq!(status(&mut sim, &two), "Running");
}

#[test]
fn a_start_may_end_stopped_and_a_create_of_a_disk_may_hang() {
    let mut sim = sim(&["StartInstance:end=Stopped", "AttachDisk:hang"]);
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    sim.wait(10);
    sim.ecs("StartInstance", &[("InstanceId", &id)]).ok();
    assert_eq!(status(&mut sim, &id), "Starting");
    sim.wait(60);
    assert_eq!(status(&mut sim, &id), "Stopped");
    let disk = sim
        .ecs(
            "CreateDisk",
            &[
                ("ZoneId", "cn-hangzhou-h"),
                ("Size", "20"),
                ("DiskCategory", "cloud_essd"),
            ],
        )
        .ok();
    let disk = text(&disk["DiskId"]);
    sim.wait(60);
    sim.ecs("AttachDisk", &[("InstanceId", &id), ("DiskId", &disk)])
        .ok();
    sim.wait(10_000);
    let ids = format!("[\"{disk}\"]");
    let shown = sim.ecs("DescribeDisks", &[("DiskIds", &ids)]).ok();
    assert_eq!(shown["Disks"]["Disk"][0]["Status"], "Attaching");
}

#[test]
fn a_fault_is_about_one_resource_or_one_parameter_when_it_says_so() {
    let mut sim = sim(&[]);
    let net = sim.network();
    let (one, two) = (sim.instance(&net, &[]), sim.instance(&net, &[]));
    sim.wait(10);
    sim.cloud.add_fault(
        format!("*[*={one}]:refuse=IncorrectInstanceStatus")
            .parse()
            .unwrap(),
    );
    sim.ecs("StartInstance", &[("InstanceId", &one)])
        .refused(403, "IncorrectInstanceStatus");
    let ids = format!("[\"{one}\"]");
    sim.ecs("DescribeInstances", &[("InstanceIds", &ids)])
        .refused(403, "IncorrectInstanceStatus");
    sim.ecs("StartInstance", &[("InstanceId", &two)]).ok();
    sim.cloud.clear_faults();
    sim.cloud.add_fault(
        "CreateInstance[InstanceType=ecs.g7.*]:refuse=OperationDenied.NoStock"
            .parse()
            .unwrap(),
    );
    let params = super::instance_params(&net, &[]);
    sim.ecs("CreateInstance", &params)
        .refused(403, "OperationDenied.NoStock");
    let _ = sim.instance(&net, &[("InstanceType", "ecs.g6.large")]);
}

#[test]
fn a_fault_is_in_force_in_its_time_only() {
    let mut sim = sim(&["DescribeVpcs:5xx;10s..20s"]);
    sim.vpc("DescribeVpcs", &[]).ok();
    sim.wait(10);
    sim.vpc("DescribeVpcs", &[]).refused(503, "ServiceUnavailable");
    sim.wait(10);
    sim.vpc("DescribeVpcs", &[]).ok();
}

#[test]
fn a_spot_server_is_taken_back() {
    let mut sim = sim(&["RunInstances[SpotStrategy=Spot*]:reclaim=2m"]);
    let net = sim.network();
    let run = |sim: &mut Sim, strategy: &str| {
        let params = super::instance_params(&net, &[("SpotStrategy", strategy)]);
        let made = sim.ecs("RunInstances", &params).ok();
        text(&made["InstanceIdSets"]["InstanceIdSet"][0])
    };
    let (spot, own) = (run(&mut sim, "SpotAsPriceGo"), run(&mut sim, "NoSpot"));
    sim.wait(119);
    assert_eq!(status(&mut sim, &spot), "Running");
    // What it does by itself until then changes nothing.
    sim.ecs("StopInstance", &[("InstanceId", &spot)]).ok();
    sim.wait(1);
    assert_eq!(status(&mut sim, &spot), "Stopping");
    sim.wait(30);
    assert_eq!(sim.show(&spot), Value::Null);
    assert_eq!(status(&mut sim, &own), "Running");
}

#[test]
fn updates_deletes_and_tags_may_be_seen_late() {
    let mut sim = sim(&[
        "ModifyInstanceAttribute:lag=5s",
        "DeleteInstance:lag=60s",
        "TagResources:lag=5s@1",
    ]);
    let net = sim.network();
    let id = sim.instance(&net, &[("InstanceName", "before")]);
    sim.wait(10);
    let name = |sim: &mut Sim| text(&sim.show(&id)["InstanceName"]);
    sim.ecs(
        "ModifyInstanceAttribute",
        &[("InstanceId", &id), ("InstanceName", "after")],
    )
    .ok();
    assert_eq!(name(&mut sim), "before");
    sim.wait(4);
    assert_eq!(name(&mut sim), "before");
    sim.wait(1);
    assert_eq!(name(&mut sim), "after");
    let tag = [
        ("ResourceType", "instance"),
        ("ResourceId.1", id.as_str()),
        ("Tag.1.Key", "k"),
        ("Tag.1.Value", "v"),
    ];
    sim.ecs("TagResources", &tag).ok();
    let tagged =
        |sim: &mut Sim| sim.ecs("DescribeInstances", &[("Tag.1.Key", "k")]).ok()["TotalCount"].clone();
    assert_eq!(tagged(&mut sim), 0);
    // A change sees the truth all the same.
    sim.ecs("StartInstance", &[("InstanceId", &id)]).ok();
    sim.wait(5);
    assert_eq!(tagged(&mut sim), 1);
    sim.ecs("DeleteInstance", &[("InstanceId", &id), ("Force", "true")])
        .ok();
    sim.wait(59);
    assert_eq!(sim.show(&id)["InstanceId"], id.as_str());
    // It is gone, and only reads do not know yet.
    sim.ecs("StartInstance", &[("InstanceId", &id)])
        .refused(404, "InvalidInstanceId.NotFound");
    sim.wait(1);
    assert_eq!(sim.show(&id), Value::Null);
}

#[test]
fn the_same_seed_fails_the_same_way_and_is_told_again() {
    let run = || {
        let mut sim = Sim::with(Options {
            seed: Some(3),
            faults: vec![
                "StartInstance:hang%50".parse().unwrap(),
                "*:slow=3x%30".parse().unwrap(),
                "ModifyInstanceAttribute:lag=3s%50".parse().unwrap(),
                "CreateInstance:reclaim=1m%20".parse().unwrap(),
            ],
            ..options()
        });
        let tape = Tape::default();
        sim.cloud.record_to(Box::new(tape.clone()), [1; 32]).unwrap();
        let net = sim.network();
        sim.wait(30);
        let ids: Vec<String> = (0..12).map(|_| sim.instance(&net, &[])).collect();
        sim.wait(30);
        for (number, id) in ids.iter().enumerate() {
            let _ = sim.ecs("StartInstance", &[("InstanceId", id)]);
            let name = format!("name-{number}");
            let _ = sim.ecs(
                "ModifyInstanceAttribute",
                &[("InstanceId", id), ("InstanceName", &name)],
            );
            let _ = sim.ecs("DescribeInstances", &[]);
            sim.wait(2);
        }
        sim.wait(200);
        let shown = sim.ecs("DescribeInstances", &[("PageSize", "100")]).ok();
        (shown, tape)
    };
    let (shown, tape) = run();
    assert_eq!(shown, run().0);
    let count = |wanted: &str| {
        let rows = shown["Instances"]["Instance"].as_array().unwrap();
        rows.iter().filter(|row| row["Status"] == wanted).count()
    };
    assert!(count("Starting") > 0 && count("Running") > 0, "{shown}");
    assert!(shown["TotalCount"].as_u64().unwrap() < 12, "{shown}");
    assert_eq!(replay(tape.text().as_bytes()).unwrap().differences, []);
}

#[test]
fn a_task_that_fails_says_how_far_it_had_come() {
    let mut sim = sim(&["ImportImage:fail=60"]);
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
    let (task, image) = (text(&made["TaskId"]), text(&made["ImageId"]));
    let look = |sim: &mut Sim| {
        let shown = sim.ecs("DescribeTaskAttribute", &[("TaskId", &task)]).ok();
        (text(&shown["TaskStatus"]), text(&shown["TaskProcess"]))
    };
    sim.wait(15);
    assert_eq!(look(&mut sim), ("Processing".to_owned(), "50%".to_owned()));
    for _ in 0..2 {
        sim.wait(10);
        assert_eq!(look(&mut sim), ("Failed".to_owned(), "60%".to_owned()));
    }
    let failed = [("ImageId", image.as_str()), ("Status", "CreateFailed")];
    assert_eq!(sim.ecs("DescribeImages", &failed).ok()["TotalCount"], 1);
    // It can be deleted, and is of no use.
    let net = sim.network();
    let params = super::instance_params(&net, &[("ImageId", &image)]);
    sim.ecs("CreateInstance", &params)
        .refused(404, "InvalidImageId.NotFound");
}
