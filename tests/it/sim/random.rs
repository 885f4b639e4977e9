//! Calls at random, with parameters at random: whatever comes, the cloud stays whole and answers in the vendor's shape.

use std::collections::BTreeSet;

use infra::sim::{Cloud, Options, RawRequest, Speed};
use serde_json::Value;

use super::{Sim, options, schema_files, signed, stamp};

/// A small generator, so that a failing seed can be run again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Values that mean something to somebody.
const WORDS: &[&str] = &[
    "",
    "0",
    "1",
    "3",
    "20",
    "40",
    "101",
    "-1",
    "99999999999999999999",
    "true",
    "False",
    "tcp",
    "ALL",
    "22/22",
    "-1/-1",
    "10.0.0.0/8",
    "10.0.0.0/16",
    "10.0.1.0/24",
    "10.0.2.0/24",
    "10.0.1.9",
    "::/0",
    "cn-hangzhou-h",
    "ecs.g7.large",
    "ecs.g7.xlarge",
    "ecs.s2.large",
    "aliyun_3_x64_20G_alibase_20240819.vhd",
    "cloud_essd",
    "cloud_efficiency",
    "PrePaid",
    "PostPaid",
    "Month",
    "instance",
    "VPC",
    "vswitch",
    "securitygroup",
    "disk",
    "keypair",
    "eip",
    "Running",
    "Available",
    "accept",
    "InstanceType",
    "EcsInstance",
    "system",
    "[]",
    "[\"i-x\"]",
    "{",
    "[1",
    "name",
    "a ~*+/=&?%中文 (x)!",
    "\u{0}\u{1}",
    "2027-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "c3NoLXJzYQ==",
    "ssh-rsa AAAAB3NzaC1yc2E= me",
    "Abcdefg1",
    "YWZ0ZXIvMw",
    "web[1,3]x",
    "*",
];

/// Parameters without which little succeeds.
const LIKELY: &[&str] = &[
    "AllocationId",
    "CidrBlock",
    "DestCidrIp",
    "DiskId",
    "ImageId",
    "InstanceId",
    "InstanceId.N",
    "InstanceIds",
    "InstanceType",
    "IpProtocol",
    "NewSize",
    "PortRange",
    "ResourceId.N",
    "ResourceType",
    "SecurityGroupId",
    "Size",
    "SourceCidrIp",
    "Tag.N.Key",
    "VSwitchId",
    "VpcId",
    "ZoneId",
];

/// The parameters of all actions, by action.
fn actions() -> Vec<(String, String, Vec<String>)> {
    let mut all = Vec::new();
    for file in schema_files() {
        for (name, action) in file["actions"].as_object().unwrap() {
            let version = file["version"].as_str().unwrap();
            let params = action["params"].as_object().unwrap().keys().cloned().collect();
            all.push((version.to_owned(), name.clone(), params));
        }
    }
    all
}

/// Ids in an answer, to be used in later calls.
fn harvest(value: &Value, ids: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let id = ["i-", "vpc-", "vsw-", "sg-", "sgr-", "d-", "eip-", "eni-"]
                .iter()
                .any(|kind| text.starts_with(kind));
            if id && !ids.contains(text) {
                ids.push(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| harvest(item, ids)),
        Value::Object(fields) => fields.values().for_each(|field| harvest(field, ids)),
        _ => {}
    }
}

fn value(random: &mut Random, name: &str, ids: &[String]) -> String {
    // A parameter's own name says what kind of id it takes.
    let kind = [
        ("VpcId", "vpc-"),
        ("VSwitchId", "vsw-"),
        ("GroupId", "sg-"),
        ("RuleId", "sgr-"),
        ("DiskId", "d-"),
        ("AllocationId", "eip-"),
        ("InstanceId", "i-"),
    ]
    .iter()
    .find(|(part, _)| name.contains(part))
    .map_or("", |(_, prefix)| prefix);
    let fitting: Vec<&String> = ids.iter().filter(|id| id.starts_with(kind)).collect();
    if !kind.is_empty() && !fitting.is_empty() && random.below(8) > 0 {
        // The first of its kind is the network that fits together.
        let id = if random.below(2) == 0 {
            &fitting[0]
        } else {
            random.pick(&fitting)
        };
        return if name.ends_with("Ids") {
            format!("[\"{id}\"]")
        } else {
            (**id).clone()
        };
    }
    if name == "CidrBlock" && random.below(2) == 0 {
        return format!("10.0.{}.0/24", random.below(200));
    }
    let sensible = match name.rsplit('.').next().unwrap_or(name) {
        "ImageId" => "aliyun_3_x64_20G_alibase_20240819.vhd",
        "InstanceType" => "ecs.g7.large",
        "ZoneId" => "cn-hangzhou-h",
        "ResourceType" => "instance",
        "KeyPairName" => "pair",
        "CidrBlock" => "10.0.0.0/16",
        "IpProtocol" => "tcp",
        "PortRange" => "22/22",
        "SourceCidrIp" | "DestCidrIp" => "10.0.0.0/8",
        "Amount" => "2",
        "Key" => "k",
        "NewSize" => "60",
        "PublicKeyBody" => "ssh-rsa AAAAB3NzaC1yc2E= me",
        "Size" => "40",
        "Force" => "true",
        _ => "",
    };
    if !sensible.is_empty() && random.below(4) > 0 {
        return sensible.to_owned();
    }
    (*random.pick(WORDS)).to_owned()
}

fn walk(seed: u64, steps: usize) -> BTreeSet<String> {
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let told = Options {
        speed: Speed::Times(20),
        seed: Some(seed),
        data: Some(folder.path().to_owned()),
        ..options()
    };
    let mut sim = Sim::with(told.clone());
    let net = sim.network();
    let mut ids = vec![
        net.vpc.clone(),
        net.vswitch.clone(),
        net.group.clone(),
        sim.instance(&net, &[]),
    ];
    let actions = actions();
    // Makers come more often than their number, or nothing is there to work on.
    let makers: Vec<_> = actions
        .iter()
        .filter(|(_, name, _)| {
            ["Create", "Run", "Start", "Allocate", "Authorize"]
                .iter()
                .any(|start| name.starts_with(start))
        })
        .collect();
    let mut succeeded = BTreeSet::new();
    for step in 0..steps {
        let (version, name, params) = if random.below(3) == 0 {
            random.pick(&makers)
        } else {
            random.pick(&actions)
        };
        if name.starts_with("Delete") && random.below(4) > 0 {
            continue;
        }
        let mut chosen: Vec<(String, String)> = Vec::new();
        for param in params {
            let chance = if LIKELY.contains(&param.as_str()) {
                random.below(8) > 0
            } else {
                random.below(60) == 0
            };
            if chance {
                let wire = param.replace(".N", &format!(".{}", 1 + random.below(2)));
                let text = value(&mut random, param, &ids);
                chosen.push((wire, text));
            }
        }
        let chosen: Vec<(&str, &str)> = chosen
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| *name != "RegionId")
            .collect();
        let raw = sim.raw(version, name, &chosen);
        let body: Value = serde_json::from_slice(&raw.body).unwrap();
        assert!(
            raw.status < 500,
            "seed {seed}, step {step}: {name} {chosen:?}: {body}"
        );
        let faults = sim.cloud.check();
        assert!(
            faults.is_empty(),
            "seed {seed}, step {step}: after {name} {chosen:?}: {faults:?}"
        );
        if raw.status == 200 {
            succeeded.insert(name.clone());
            harvest(&body, &mut ids);
            if ids.len() > 60 {
                ids.drain(4..24);
            }
        }
        sim.wait(random.below(3) as i64);
    }
    // What the log tells is the same world, however often it was looked at on the way.
    let (now, seen) = (sim.now, sim.cloud.world_json(sim.now));
    drop(sim);
    let again = Cloud::new(&told).unwrap().world_json(now);
    assert_eq!(again, seen, "seed {seed}");
    succeeded
}

#[test]
fn random_calls_leave_a_whole_world_and_answers_that_fit() {
    let mut succeeded = BTreeSet::new();
    for seed in [1, 2, 3] {
        succeeded.extend(walk(seed, 1_200));
    }
    // The walk is worth something only when it gets somewhere.
    assert!(
        succeeded.len() > 70,
        "{} of {}: {succeeded:?}",
        succeeded.len(),
        actions().len()
    );
}

#[test]
fn requests_of_random_bytes_are_answered() {
    let mut random = Random(9);
    let mut sim = Sim::new();
    let good = signed(
        "POST",
        super::ECS,
        "DescribeInstances",
        &[("Tag.1.Key", "k")],
        "n",
        &stamp(sim.now),
        "testid",
        "testsecret",
    );
    for _ in 0..20_000 {
        let mut request: RawRequest = good.clone();
        for _ in 0..=random.below(4) {
            let byte = (random.next() & 0xff) as u8;
            let at = random.below(request.body.len());
            match random.below(4) {
                0 => request.body[at] = byte,
                1 => request.body.truncate(at.max(1)),
                2 => request.target.push(char::from(byte)),
                _ => {
                    let header = random.below(request.headers.len());
                    request.headers[header].1.push(char::from(byte));
                }
            }
        }
        let answer = sim.cloud.handle(&request, sim.now);
        assert!(
            (200..500).contains(&answer.status),
            "{request:?}: {}",
            answer.status
        );
    }
}
