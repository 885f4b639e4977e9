//! The simulator, from outside: raw requests in, raw answers out.
// What tests share may fail like a test.
#![allow(clippy::unwrap_used)]

mod behaviour;
mod catalogue;
mod codes;
mod commands;
mod coverage;
mod durability;
mod families;
mod filtered;
mod flows;
mod instance;
mod killed;
mod later;
mod life;
mod load;
mod matched;
mod network;
mod provider;
mod random;
mod recording;
mod server;
mod signature;
mod walked;
mod wire;

use std::collections::BTreeMap;

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use infra::sim::{Cloud, KeyPair, Options, RawAnswer, RawRequest, Speed};
use serde_json::Value;

/// 2026-11-24T08:00:00Z.
const START: i64 = 1_795_507_200_000;

const ECS: &str = "2014-05-26";
const VPC: &str = "2016-04-28";
const RESOURCE_MANAGER: &str = "2020-03-31";

/// A cloud with told time and a client that signs with a form of its own.
struct Sim {
    cloud: Cloud,
    now: i64,
    nonce: u64,
}

/// Status and body of an answer.
#[must_use]
#[derive(Debug)]
struct Answer {
    status: u16,
    body: Value,
}

impl Answer {
    #[track_caller]
    fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    #[track_caller]
    fn refused(self, status: u16, code: &str) {
        assert_eq!(
            (self.status, self.body["Code"].as_str()),
            (status, Some(code)),
            "{}",
            self.body
        );
    }
}

fn options() -> Options {
    Options {
        key_pairs: vec![KeyPair::new("testid", "testsecret")],
        speed: Speed::Times(1),
        ..Options::default()
    }
}

impl Sim {
    fn new() -> Self {
        Self::with(options())
    }

    fn with(options: Options) -> Self {
        Self {
            cloud: Cloud::new(&options).unwrap(),
            now: START,
            nonce: 0,
        }
    }

    /// Lets time pass.
    fn wait(&mut self, seconds: i64) {
        self.now += seconds * 1000;
    }

    fn raw(&mut self, version: &str, action: &str, params: &[(&str, &str)]) -> RawAnswer {
        self.nonce += 1;
        let nonce = format!("nonce-{}-{}", self.now, self.nonce);
        let request = signed(
            "GET",
            version,
            action,
            params,
            &nonce,
            &stamp(self.now),
            "testid",
            "testsecret",
        );
        self.cloud.handle(&request, self.now)
    }

    fn call(&mut self, version: &str, action: &str, params: &[(&str, &str)]) -> Answer {
        let raw = self.raw(version, action, params);
        let faults = self.cloud.check();
        assert!(faults.is_empty(), "after {action}: {faults:?}");
        Answer {
            status: raw.status,
            body: serde_json::from_slice(&raw.body).unwrap(),
        }
    }

    fn ecs(&mut self, action: &str, params: &[(&str, &str)]) -> Answer {
        self.call(ECS, action, &with_region(params))
    }

    fn vpc(&mut self, action: &str, params: &[(&str, &str)]) -> Answer {
        self.call(VPC, action, &with_region(params))
    }

    /// A VPC, a vSwitch and a group, all ready: their ids.
    fn network(&mut self) -> Net {
        let vpc = self.vpc("CreateVpc", &[("CidrBlock", "10.0.0.0/16")]).ok();
        let vpc = text(&vpc["VpcId"]);
        self.wait(5);
        let vswitch = self
            .vpc(
                "CreateVSwitch",
                &[
                    ("VpcId", &vpc),
                    ("CidrBlock", "10.0.1.0/24"),
                    ("ZoneId", "cn-hangzhou-h"),
                ],
            )
            .ok();
        let vswitch = text(&vswitch["VSwitchId"]);
        self.wait(5);
        let group = self.ecs("CreateSecurityGroup", &[("VpcId", &vpc)]).ok();
        Net {
            vpc,
            vswitch,
            group: text(&group["SecurityGroupId"]),
        }
    }

    /// Makes an instance and returns its id.
    fn instance(&mut self, net: &Net, more: &[(&str, &str)]) -> String {
        let params = instance_params(net, more);
        let made = self.ecs("CreateInstance", &params).ok();
        text(&made["InstanceId"])
    }

    /// The instance as DescribeInstances shows it.
    #[track_caller]
    fn show(&mut self, id: &str) -> Value {
        let ids = format!("[\"{id}\"]");
        let answer = self.ecs("DescribeInstances", &[("InstanceIds", &ids)]).ok();
        answer["Instances"]["Instance"][0].clone()
    }
}

/// The files of `schema/api`, read by the tests on their own.
fn schema_files() -> Vec<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/api");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let texts = paths.iter().map(|path| std::fs::read_to_string(path).unwrap());
    texts.map(|text| serde_json::from_str(&text).unwrap()).collect()
}

struct Net {
    vpc: String,
    vswitch: String,
    group: String,
}

fn instance_params<'a>(net: &'a Net, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut params = vec![
        ("InstanceType", "ecs.g7.large"),
        ("ImageId", "aliyun_3_x64_20G_alibase_20240819.vhd"),
        ("SecurityGroupId", net.group.as_str()),
        ("VSwitchId", net.vswitch.as_str()),
    ];
    params.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    params.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    params
}

fn with_region<'a>(params: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut params = params.to_vec();
    if params.iter().all(|(name, _)| *name != "RegionId") {
        params.push(("RegionId", "cn-hangzhou"));
    }
    params
}

#[track_caller]
fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is not a text"))
        .to_owned()
}

/// The form of timestamps, from a count of seconds by way of jiff.
fn stamp(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis)
        .unwrap()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[allow(clippy::too_many_arguments)]
fn signed(
    method: &str,
    version: &str,
    action: &str,
    params: &[(&str, &str)],
    nonce: &str,
    timestamp: &str,
    id: &str,
    secret: &str,
) -> RawRequest {
    let mut params = params.to_vec();
    params.push(("Format", "JSON"));
    signed_as(method, version, action, &params, nonce, timestamp, id, secret)
}

/// The same without asking for a format.
#[allow(clippy::too_many_arguments)]
fn signed_as(
    method: &str,
    version: &str,
    action: &str,
    params: &[(&str, &str)],
    nonce: &str,
    timestamp: &str,
    id: &str,
    secret: &str,
) -> RawRequest {
    let mut all: BTreeMap<&str, &str> = params.iter().copied().collect();
    all.extend([
        ("Action", action),
        ("Version", version),
        ("AccessKeyId", id),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("SignatureNonce", nonce),
        ("Timestamp", timestamp),
    ]);
    let pairs: Vec<String> = all
        .iter()
        .map(|(name, value)| format!("{}={}", percent(name), percent(value)))
        .collect();
    let query = pairs.join("&");
    let to_sign = format!("{method}&%2F&{}", percent(&query));
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(format!("{secret}&").as_bytes()).unwrap();
    mac.update(to_sign.as_bytes());
    let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    let query = format!("{query}&Signature={}", percent(&signature));
    let host = ("Host".to_owned(), "127.0.0.1:7070".to_owned());
    if method == "GET" {
        RawRequest {
            method: "GET".into(),
            target: format!("/?{query}"),
            headers: vec![host],
            body: Vec::new(),
        }
    } else {
        let kind = (
            "Content-Type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        );
        RawRequest {
            method: method.into(),
            target: "/".into(),
            headers: vec![host, kind],
            body: query.into_bytes(),
        }
    }
}
