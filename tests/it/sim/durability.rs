//! What was acknowledged survives the end of the process.

use infra::sim::{Cloud, Options};

use super::{ECS, Sim, options, signed, stamp, text};

fn open(folder: &std::path::Path) -> Sim {
    Sim::with(Options {
        data: Some(folder.to_owned()),
        ..options()
    })
}

#[test]
fn a_cloud_is_found_again_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut sim = open(folder.path());
    let net = sim.network();
    let id = sim.instance(
        &net,
        &[
            ("ClientToken", "t1"),
            ("Password", "Hush-hush-1"),
            ("Tag.1.Key", "k"),
        ],
    );
    sim.wait(1);
    let before = sim.show(&id);
    let now = sim.now;
    let used = signed(
        "GET",
        ECS,
        "DescribeRegions",
        &[],
        "once",
        &stamp(now),
        "testid",
        "testsecret",
    );
    assert_eq!(sim.cloud.handle(&used, now).status, 200);
    sim.ecs("CreateKeyPair", &[("KeyPairName", "after")]).ok();
    // No shutdown of any kind.
    drop(sim);
    let log = std::fs::read_to_string(folder.path().join("cloud.log")).unwrap();
    assert!(!log.contains("Hush-hush-1"));

    let mut sim = open(folder.path());
    sim.now = now;
    assert_eq!(sim.show(&id), before);
    assert_eq!(
        sim.instance(
            &net,
            &[
                ("ClientToken", "t1"),
                ("Password", "Hush-hush-1"),
                ("Tag.1.Key", "k")
            ]
        ),
        id
    );
    let again = sim.cloud.handle(&used, now);
    assert!(
        String::from_utf8(again.body)
            .unwrap()
            .contains("SignatureNonceUsed")
    );
    // Life cycles go on where they were.
    sim.wait(10);
    assert_eq!(sim.show(&id)["Status"], "Stopped");
    assert_eq!(
        sim.ecs("DescribeInstances", &[("Tag.1.Key", "k")]).ok()["TotalCount"],
        1
    );
    let second = sim.instance(&net, &[]);
    assert_ne!(sim.show(&second)["VpcAttributes"], sim.show(&id)["VpcAttributes"]);
    sim.ecs("DeleteInstance", &[("InstanceId", &id)]).ok();
    sim.wait(30);
    assert_eq!(sim.show(&id), serde_json::Value::Null);
    drop(sim);

    let mut sim = open(folder.path());
    sim.now = now + 60_000;
    assert_eq!(sim.show(&id), serde_json::Value::Null);
    assert_eq!(text(&sim.show(&second)["Status"]), "Stopped");
}

#[test]
fn a_log_cut_anywhere_gives_a_whole_world() {
    let folder = tempfile::tempdir().unwrap();
    let mut sim = open(folder.path());
    let net = sim.network();
    let _ = sim.instance(&net, &[]);
    sim.wait(10);
    let id = sim.instance(&net, &[("ClientToken", "t2")]);
    sim.wait(10);
    sim.ecs("DeleteInstance", &[("InstanceId", &id)]).ok();
    sim.wait(10);
    sim.vpc("CreateVpc", &[]).ok();
    let now = sim.now;
    drop(sim);
    let path = folder.path().join("cloud.log");
    let log = std::fs::read(&path).unwrap();
    for cut in (0..log.len()).step_by(97) {
        std::fs::write(&path, &log[..cut]).unwrap();
        let mut cloud = Cloud::new(&Options {
            data: Some(folder.path().to_owned()),
            ..options()
        })
        .unwrap();
        let _ = cloud.world_json(now);
        let faults = cloud.check();
        assert!(faults.is_empty(), "cut at {cut}: {faults:?}");
    }
}

#[test]
fn a_log_full_of_history_is_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    let mut sim = open(folder.path());
    let vpc = text(&sim.vpc("CreateVpc", &[]).ok()["VpcId"]);
    sim.wait(5);
    let long = "x".repeat(250);
    for _ in 0..2500 {
        let _ = sim.raw(
            super::VPC,
            "ModifyVpcAttribute",
            &[("VpcId", &vpc), ("Description", &long)],
        );
        sim.wait(60);
    }
    let size = std::fs::metadata(folder.path().join("cloud.log")).unwrap().len();
    assert!(size < 1_200_000, "{size} bytes");
    let now = sim.now;
    drop(sim);
    let mut sim = open(folder.path());
    sim.now = now;
    assert_eq!(
        sim.vpc("DescribeVpcAttribute", &[("VpcId", &vpc)]).ok()["Description"],
        long.as_str()
    );
}

#[test]
fn a_read_leaves_no_line_and_its_nonce_goes_with_the_next_change() {
    let folder = tempfile::tempdir().unwrap();
    let mut sim = open(folder.path());
    let _ = sim.network();
    let log = folder.path().join("cloud.log");
    let before = std::fs::read(&log).unwrap();
    let now = sim.now;
    let read = |nonce: &str| {
        signed(
            "GET",
            ECS,
            "DescribeRegions",
            &[],
            nonce,
            &stamp(now),
            "testid",
            "testsecret",
        )
    };
    for number in 0..50 {
        let asked = read(&format!("read-{number}"));
        assert_eq!(sim.cloud.handle(&asked, now).status, 200);
    }
    assert_eq!(std::fs::read(&log).unwrap(), before);
    sim.vpc("CreateVpc", &[]).ok();
    drop(sim);
    let mut sim = open(folder.path());
    for number in [0, 49] {
        let again = sim.cloud.handle(&read(&format!("read-{number}")), now);
        assert!(
            String::from_utf8(again.body)
                .unwrap()
                .contains("SignatureNonceUsed")
        );
    }
}
