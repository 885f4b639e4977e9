//! Recordings that are told again, and snapshots that are loaded elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Arc, Mutex};

use infra::sim::{Cloud, Options, RawRequest, RecordError, Speed, replay};
use serde_json::Value;

use super::catalogue::{filled, steps};
use super::{ECS, Net, START, Sim, VPC, options, signed, stamp, text};

/// A file in memory that can be looked at while it is written.
#[derive(Clone, Default)]
pub(super) struct Tape(Arc<Mutex<Vec<u8>>>);

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Tape {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn recorded(options: Options) -> (Sim, Tape) {
    let mut sim = Sim::with(options);
    let tape = Tape::default();
    sim.cloud.record_to(Box::new(tape.clone()), [7; 32]).unwrap();
    (sim, tape)
}

fn post(sim: &mut Sim, path: &str, body: &str) {
    let request = RawRequest {
        method: "POST".into(),
        target: path.into(),
        headers: vec![("Host".into(), "127.0.0.1".into())],
        body: body.into(),
    };
    let answer = sim.cloud.control(&request, sim.now).unwrap();
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

const PASSWORD: &str = "Tr0ub4dor-Zebra";
const SCRIPT: &str = "IyEvYmluL3NoCmVjaG8gc2VjcmV0LXRva2VuLXp6Cg==";

/// A day in the life of a cloud, with all that may be told.
fn day(sim: &mut Sim) {
    let net = sim.network();
    let more = [
        ("Password", PASSWORD),
        ("UserData", SCRIPT),
        ("ClientToken", "token-1"),
        ("Tag.1.Key", "k"),
        ("Tag.1.Value", "v"),
    ];
    let id = sim.instance(&net, &more);
    assert_eq!(sim.instance(&net, &more), id);
    let params = super::instance_params(&net, &[("Password", "short"), ("ClientToken", "token-2")]);
    let _ = sim.ecs("CreateInstance", &params);
    sim.wait(10);
    sim.ecs("StartInstance", &[("InstanceId", &id)]).ok();
    let data = sim.ecs("DescribeUserData", &[("InstanceId", &id)]).ok();
    assert_eq!(data["UserData"], SCRIPT);
    let key = sim.ecs("CreateKeyPair", &[("KeyPairName", "own")]).ok();
    assert!(text(&key["PrivateKeyBody"]).contains("PRIVATE KEY"));
    // Not believed, and believed but refused.
    let wrong = signed(
        "GET",
        ECS,
        "DescribeRegions",
        &[],
        "wrong",
        &stamp(sim.now),
        "testid",
        "othersecret",
    );
    assert_eq!(sim.cloud.handle(&wrong, sim.now).status, 400);
    sim.ecs("StartInstance", &[("InstanceId", "i-nothing")])
        .refused(404, "InvalidInstanceId.NotFound");
    post(
        sim,
        "/_sim/faults",
        "DescribeVpcs:5xx@1\nDescribeVSwitches:throttle%50",
    );
    post(
        sim,
        "/_sim/settings",
        r#"{"sold_out": ["ecs.g6.*@cn-hangzhou-h"], "read_lag": "3s"}"#,
    );
    for _ in 0..8 {
        let _ = sim.vpc("DescribeVpcs", &[]);
        let _ = sim.vpc("DescribeVSwitches", &[]);
        sim.wait(1);
    }
    let xml = signed(
        "POST",
        VPC,
        "DescribeVpcs",
        &[],
        "xml",
        &stamp(sim.now),
        "testid",
        "testsecret",
    );
    let _ = sim.cloud.handle(&xml, sim.now);
    sim.wait(30);
    let _ = sim.show(&id);
    sim.ecs("DeleteInstance", &[("InstanceId", &id), ("Force", "true")])
        .ok();
    sim.wait(60);
    let _ = sim.ecs("DescribeInstances", &[]).ok();
}

#[test]
fn a_recorded_day_is_answered_again_byte_for_byte() {
    for speed in [Speed::Times(1), Speed::Times(20), Speed::Max] {
        let (mut sim, tape) = recorded(Options {
            speed,
            seed: Some(11),
            quotas: vec!["DescribeVSwitches=3/60s".parse().unwrap()],
            faults: vec!["DescribeVpcs:delay=5ms%50".parse().unwrap()],
            ..options()
        });
        day(&mut sim);
        let outcome = replay(tape.text().as_bytes()).unwrap();
        assert_eq!(outcome.differences, [], "{speed}");
        assert!(outcome.requests > 25, "{}", outcome.requests);
        assert_eq!(outcome.unbelieved, 1);
    }
}

#[test]
fn nothing_secret_is_in_a_recording() {
    let (mut sim, tape) = recorded(options());
    day(&mut sim);
    let told = tape.text();
    for secret in [
        PASSWORD,
        SCRIPT,
        "secret-token-zz",
        "testsecret",
        "Signature",
        "PRIVATE KEY",
    ] {
        assert!(!told.contains(secret), "{secret}");
    }
    // What stands for a secret is another in the next recording.
    let mut other = Sim::new();
    let second = Tape::default();
    other.cloud.record_to(Box::new(second.clone()), [8; 32]).unwrap();
    day(&mut other);
    assert_ne!(second.text(), told);
}

#[test]
fn an_answer_that_is_another_one_is_told_with_its_line() {
    let (mut sim, tape) = recorded(options());
    sim.vpc("CreateVpc", &[("VpcName", "one")]).ok();
    let _ = sim.vpc("DescribeVpcs", &[]).ok();
    let told = tape.text();
    let changed = told.replace("\\\"VpcName\\\":\\\"one\\\"", "\\\"VpcName\\\":\\\"two\\\"");
    assert_ne!(told, changed);
    let outcome = replay(changed.as_bytes()).unwrap();
    let [difference] = &outcome.differences[..] else {
        panic!("{:?}", outcome.differences)
    };
    assert_eq!((difference.line, difference.action.as_str()), (3, "DescribeVpcs"));
    assert!(difference.recorded.1.contains("two") && difference.answered.1.contains("one"));
}

#[test]
fn a_recording_cut_anywhere_is_told_as_far_as_it_goes() {
    let (mut sim, tape) = recorded(options());
    sim.vpc("CreateVpc", &[]).ok();
    let _ = sim.vpc("DescribeVpcs", &[]).ok();
    let told = tape.text();
    let whole = told.lines().next().unwrap().len() + 1;
    for cut in whole..told.len() {
        if told.is_char_boundary(cut) {
            let outcome = replay(&told.as_bytes()[..cut]).unwrap();
            assert_eq!(outcome.differences, [], "cut at {cut}");
        }
    }
    for nonsense in ["", "{}", "{\"infra_sim_recording\":2}", "nonsense"] {
        assert!(replay(nonsense.as_bytes()).is_err(), "{nonsense}");
    }
    let spoiled = told.replacen("\"action\"", "\"actoin\"", 1);
    assert!(replay(spoiled.as_bytes()).is_err());
}

#[test]
fn a_recording_begins_with_an_empty_cloud() {
    let mut sim = Sim::new();
    let _ = sim.network();
    let refused = sim.cloud.record_to(Box::new(std::io::sink()), [0; 32]);
    assert!(matches!(refused, Err(RecordError::NotFresh)));
}

/// Every describe that answers without being told an id, and what it answers.
fn everything(sim: &mut Sim) -> Vec<(String, Value)> {
    infra::sim::actions()
        .into_iter()
        .filter(|(_, _, name)| name.starts_with("Describe") || name.starts_with("List"))
        .map(|(product, version, name)| {
            let mut answer = sim.call(
                &version,
                &name,
                &super::with_region(&[("ResourceType", "instance")]),
            );
            if let Some(body) = answer.body.as_object_mut() {
                body.remove("RequestId");
                body.remove("Recommend");
            }
            (format!("{product} {name} {}", answer.status), answer.body)
        })
        .collect()
}

fn busy() -> (Sim, Net) {
    let mut sim = Sim::with(Options {
        seed: Some(5),
        ..options()
    });
    let net = sim.network();
    for number in 0..3 {
        let name = format!("web-{number}");
        let id = sim.instance(&net, &[("InstanceName", &name), ("UserData", SCRIPT)]);
        sim.wait(7);
        sim.ecs("StartInstance", &[("InstanceId", &id)]).ok();
    }
    sim.vpc("AllocateEipAddress", &[]).ok();
    sim.ecs("CreateKeyPair", &[("KeyPairName", "own")]).ok();
    post(
        &mut sim,
        "/_sim/settings",
        r#"{"sold_out": ["ecs.g6.large@*"], "catalogue": {"images": [{"id": "own.vhd",
        "os_name": "Own", "os_name_en": "Own", "platform": "Own", "size": 33, "created": "2026-11-01T00:00:00Z"}]}}"#,
    );
    (sim, net)
}

fn snapshot(sim: &mut Sim) -> String {
    let request = RawRequest {
        method: "GET".into(),
        target: "/_sim/snapshot".into(),
        headers: vec![("Host".into(), "127.0.0.1".into())],
        body: Vec::new(),
    };
    String::from_utf8(sim.cloud.control(&request, sim.now).unwrap().body).unwrap()
}

#[test]
fn a_snapshot_loaded_elsewhere_is_described_the_same_and_lives_on() {
    let (mut sim, net) = busy();
    let saved = snapshot(&mut sim);
    assert!(!saved.contains("testsecret"));
    let folder = tempfile::tempdir().unwrap();
    for data in [None, Some(folder.path().to_owned())] {
        let told = Options {
            seed: Some(99),
            data,
            ..options()
        };
        let mut other = Sim::with(told.clone());
        other.now = sim.now;
        post(&mut other, "/_sim/snapshot", &saved);
        assert_eq!(everything(&mut other), everything(&mut sim));
        assert_eq!(snapshot(&mut other), saved);
        if told.data.is_some() {
            // It is on disk when it is acknowledged.
            let now = other.now;
            drop(other);
            other = Sim::with(told);
            other.now = now;
        }
        // What was under way goes on, and the next ids are those that would have come.
        let mut twin = Sim::with(Options {
            seed: Some(5),
            ..options()
        });
        twin.now = sim.now;
        post(&mut twin, "/_sim/snapshot", &saved);
        let (one, two) = (&mut other, &mut twin);
        one.wait(20);
        two.wait(20);
        assert_eq!(one.instance(&net, &[]), two.instance(&net, &[]));
        assert_eq!(
            one.ecs("DescribeInstances", &[]).ok()["Instances"],
            two.ecs("DescribeInstances", &[]).ok()["Instances"]
        );
    }
}

/// Each kind of the registry, at the first step of the walk over all actions that leaves one.
#[test]
fn every_kind_of_thing_survives_a_snapshot() {
    let mut sim = Sim::with(Options {
        seed: Some(5),
        speed: Speed::Max,
        ..options()
    });
    let fresh = || Options {
        seed: Some(99),
        speed: Speed::Max,
        ..options()
    };
    let mut kept: BTreeMap<&str, String> = BTreeMap::new();
    let mut waiting: BTreeSet<&str> = infra::sim::kinds().into_iter().collect();
    for (number, step) in steps().enumerate() {
        let filled: Vec<(&str, String)> = step
            .params
            .iter()
            .map(|(name, value)| (*name, filled(value, &kept)))
            .collect();
        let token = format!("token-{number}");
        let mut params: Vec<(&str, &str)> = filled.iter().map(|(name, value)| (*name, &**value)).collect();
        params.extend([("RegionId", "cn-hangzhou"), ("ClientToken", &token)]);
        let body = sim.call(step.version, step.action, &params).ok();
        if let Some((name, path)) = step.keep {
            kept.insert(name, text(body.pointer(path).unwrap()));
        }
        let saved = snapshot(&mut sim);
        let whole: Value = serde_json::from_str(&saved).unwrap();
        let tables = whole["accounts"][0]["tables"].as_object().unwrap();
        let before = waiting.len();
        waiting.retain(|kind| tables[*kind]["put"].as_array().unwrap().is_empty());
        if waiting.len() == before {
            continue;
        }
        let mut other = Sim::with(fresh());
        post(&mut other, "/_sim/snapshot", &saved);
        assert_eq!(snapshot(&mut other), saved, "after {}", step.action);
        // What is described follows from what is saved; now and then all of it is looked at.
        if waiting.len().is_multiple_of(5) {
            assert_eq!(
                everything(&mut other),
                everything(&mut sim),
                "after {}",
                step.action
            );
        }
    }
    assert!(waiting.is_empty(), "never there to be saved: {waiting:?}");
}

#[test]
fn time_stands_still_in_a_snapshot() {
    let mut sim = Sim::new();
    sim.vpc("CreateVpc", &[]).ok();
    let saved = snapshot(&mut sim);
    let mut other = Sim::new();
    other.now = START + 3_600_000;
    post(&mut other, "/_sim/snapshot", &saved);
    let status = |sim: &mut Sim| sim.vpc("DescribeVpcs", &[]).ok()["Vpcs"]["Vpc"][0]["Status"].clone();
    assert_eq!(status(&mut other), "Pending");
    other.wait(5);
    assert_eq!(status(&mut other), "Available");
}

#[test]
fn a_snapshot_that_cannot_be_is_refused_and_changes_nothing() {
    let (mut sim, _) = busy();
    let saved = snapshot(&mut sim);
    let before = snapshot(&mut sim);
    let mut try_to = |body: &str| {
        let request = RawRequest {
            method: "POST".into(),
            target: "/_sim/snapshot".into(),
            headers: vec![("Host".into(), "127.0.0.1".into())],
            body: body.into(),
        };
        sim.cloud.control(&request, sim.now).unwrap().status
    };
    let mut document: Value = serde_json::from_str(&saved).unwrap();
    // A vSwitch without its VPC contradicts itself.
    document["accounts"][0]["tables"]["vpc"]["put"] = Value::Array(Vec::new());
    let contradiction = document.to_string();
    let two = {
        let mut document: Value = serde_json::from_str(&saved).unwrap();
        let mut account = document["accounts"][0].clone();
        account["access_key_id"] = "another".into();
        document["accounts"].as_array_mut().unwrap().push(account);
        document.to_string()
    };
    for wrong in [
        "",
        "{}",
        &saved[..saved.len() / 2],
        &saved.replace("\"infra_sim_snapshot\":1", "\"infra_sim_snapshot\":2"),
        &contradiction,
        &two,
    ] {
        assert_eq!(try_to(wrong), 400, "{}", &wrong[..wrong.len().min(80)]);
    }
    assert_eq!(snapshot(&mut sim), before);
    let (mut sim, _) = recorded(options());
    let request = RawRequest {
        method: "POST".into(),
        target: "/_sim/snapshot".into(),
        headers: vec![("Host".into(), "127.0.0.1".into())],
        body: saved.into(),
    };
    assert_eq!(sim.cloud.control(&request, sim.now).unwrap().status, 409);
}

#[test]
fn a_snapshot_of_another_key_becomes_the_cloud_of_the_only_one() {
    let (mut sim, _) = busy();
    let saved = snapshot(&mut sim).replace("\"access_key_id\":\"testid\"", "\"access_key_id\":\"gone\"");
    let mut cloud = Cloud::new(&options()).unwrap();
    let mut other = Sim::new();
    std::mem::swap(&mut other.cloud, &mut cloud);
    other.now = sim.now;
    post(&mut other, "/_sim/snapshot", &saved);
    assert_eq!(other.ecs("DescribeInstances", &[]).ok()["TotalCount"], 3);
    assert_eq!(
        other.call("2015-04-01", "GetCallerIdentity", &[]).ok()["AccountId"],
        sim.call("2015-04-01", "GetCallerIdentity", &[]).ok()["AccountId"]
    );
}
