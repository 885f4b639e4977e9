//! What the simulator costs: requests per second of CPU, creates per second, bytes per instance.
//!
//! `cargo bench --bench sim` prints one line for each figure, `cargo bench --bench sim -- 1000` those of so many servers.
//! The cloud is driven in process, on one thread; signatures are checked as always, and making them is not counted.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use infra::sim::{Cloud, KeyPair, Options, RawRequest, Speed};

const START: i64 = 1_795_507_200_000;

struct Client {
    cloud: Cloud,
    count: u64,
}

impl Client {
    fn request(&mut self, version: &str, action: &str, params: &[(&str, &str)]) -> RawRequest {
        self.count += 1;
        let nonce = self.count.to_string();
        let mut all: BTreeMap<&str, &str> = params.iter().copied().collect();
        all.extend([
            ("AccessKeyId", "testid"),
            ("Action", action),
            ("Format", "JSON"),
            ("RegionId", "cn-hangzhou"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", &nonce),
            ("SignatureVersion", "1.0"),
            ("Timestamp", "2026-11-24T08:00:00Z"),
            ("Version", version),
        ]);
        let pairs: Vec<String> = all
            .iter()
            .map(|(name, value)| format!("{}={}", percent(name), percent(value)))
            .collect();
        let query = pairs.join("&");
        let mut mac = Hmac::<sha1::Sha1>::new_from_slice(b"testsecret&").unwrap();
        mac.update(format!("GET&%2F&{}", percent(&query)).as_bytes());
        let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        RawRequest {
            method: "GET".to_owned(),
            target: format!("/?{query}&Signature={}", percent(&signature)),
            headers: vec![("Host".to_owned(), "127.0.0.1".to_owned())],
            body: Vec::new(),
        }
    }

    fn call(&mut self, version: &str, action: &str, params: &[(&str, &str)]) -> serde_json::Value {
        let request = self.request(version, action, params);
        self.send(&request)
    }

    fn send(&mut self, request: &RawRequest) -> serde_json::Value {
        let answer = self.cloud.handle(request, START);
        let body = String::from_utf8(answer.body).unwrap();
        assert_eq!(answer.status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }
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

/// CPU seconds of this process and its resident bytes, from Linux's own books.
fn cpu_and_memory() -> (f64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    let pages: u64 = fields[21].parse().unwrap();
    (ticks as f64 / 100.0, pages * 4096)
}

/// Runs something and returns the CPU seconds that it took.
fn cpu(work: impl FnOnce()) -> f64 {
    let (before, _) = cpu_and_memory();
    work();
    let (after, _) = cpu_and_memory();
    (after - before).max(0.01)
}

/// A cloud with so many servers in it, and their ids.
fn cloud(servers: usize) -> (Client, Vec<String>) {
    let options = Options {
        key_pairs: vec![KeyPair::new("testid", "testsecret")],
        speed: Speed::Max,
        ..Options::default()
    };
    let mut client = Client {
        cloud: Cloud::new(&options).unwrap(),
        count: 0,
    };
    let made = client.call(VPC, "CreateVpc", &[("CidrBlock", "10.0.0.0/8")]);
    let vpc_id = made["VpcId"].as_str().unwrap().to_owned();
    let subnet = [
        ("VpcId", vpc_id.as_str()),
        ("ZoneId", "cn-hangzhou-h"),
        ("CidrBlock", "10.0.0.0/16"),
    ];
    let vswitch = client.call(VPC, "CreateVSwitch", &subnet)["VSwitchId"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut groups = Vec::new();
    for _ in 0..5 {
        let group = client.call(ECS, "CreateSecurityGroup", &[("VpcId", &vpc_id)]);
        groups.push(group["SecurityGroupId"].as_str().unwrap().to_owned());
    }
    let creates: Vec<RawRequest> = (0..servers)
        .map(|index| {
            let address = format!("instance.web[{index}]");
            let token = format!("token-{index}");
            let params = [
                ("ImageId", "aliyun_3_x64_20G_alibase_20240819.vhd"),
                ("InstanceType", "ecs.g7.large"),
                ("SecurityGroupId", groups[index % groups.len()].as_str()),
                ("VSwitchId", vswitch.as_str()),
                ("InstanceName", address.as_str()),
                ("ClientToken", token.as_str()),
                ("Tag.1.Key", "infra:stack"),
                ("Tag.1.Value", "bench"),
                ("Tag.2.Key", "infra:addr"),
                ("Tag.2.Value", address.as_str()),
            ];
            client.request(ECS, "CreateInstance", &params)
        })
        .collect();
    let mut ids = Vec::new();
    let (_, memory_before) = cpu_and_memory();
    let seconds = cpu(|| {
        for request in &creates {
            ids.push(client.send(request)["InstanceId"].as_str().unwrap().to_owned());
        }
    });
    let (_, memory_after) = cpu_and_memory();
    figure(servers, "creates", servers, seconds);
    println!(
        "{servers} servers: bytes of a server: {}",
        memory_after.saturating_sub(memory_before) / servers as u64
    );
    (client, ids)
}

fn figure(servers: usize, what: &str, requests: usize, seconds: f64) {
    println!(
        "{servers} servers: {what} per CPU second: {:.0}",
        requests as f64 / seconds
    );
}

/// Sends all of them and prints how many are answered in a second of CPU.
fn rate(client: &mut Client, servers: usize, what: &str, requests: &[RawRequest]) {
    let mut bytes = 0;
    let seconds = cpu(|| {
        for request in requests {
            let answer = client.cloud.handle(request, START);
            assert_eq!(answer.status, 200);
            bytes += answer.body.len();
        }
    });
    figure(servers, what, requests.len(), seconds);
    println!(
        "{servers} servers: bytes of such an answer: {}",
        bytes / requests.len()
    );
}

const ECS: &str = "2014-05-26";
const VPC: &str = "2016-04-28";
/// Requests of each kind.
const REQUESTS: usize = 10_000;

fn main() {
    let asked: Vec<usize> = std::env::args().filter_map(|one| one.parse().ok()).collect();
    let sizes = if asked.is_empty() {
        vec![1_000, 10_000]
    } else {
        asked
    };
    for servers in sizes {
        let (mut client, ids) = cloud(servers);
        let by_id: Vec<RawRequest> = (0..REQUESTS)
            .map(|index| {
                let at = index * 37 % (ids.len() - 100);
                let wanted = serde_json::to_string(&ids[at..at + 100]).unwrap();
                client.request(
                    ECS,
                    "DescribeInstances",
                    &[("InstanceIds", &wanted), ("PageSize", "100")],
                )
            })
            .collect();
        rate(&mut client, servers, "DescribeInstances of 100 ids", &by_id);
        drop(by_id);
        let pages = servers / 100;
        // The first ten cost the same however many there are; the texts of all may be more than a processor keeps at hand.
        for (what, pages, tag) in [
            ("the first ten pages of 100", pages.min(10), false),
            ("pages of 100", pages, false),
            ("pages of 100 by a tag", pages, true),
        ] {
            let lists: Vec<RawRequest> = (0..REQUESTS)
                .map(|index| {
                    let page = (index % pages + 1).to_string();
                    let mut params = vec![("PageNumber", page.as_str()), ("PageSize", "100")];
                    if tag {
                        params.extend([("Tag.1.Key", "infra:stack"), ("Tag.1.Value", "bench")]);
                    }
                    client.request(ECS, "DescribeInstances", &params)
                })
                .collect();
            rate(&mut client, servers, what, &lists);
        }
        // A change before each of them: nothing that was written before is good any more.
        let changed: Vec<RawRequest> = (0..REQUESTS / 10)
            .flat_map(|index| {
                let name = format!("name-{index}");
                let id = ids[index % ids.len()].as_str();
                let change = client.request(
                    ECS,
                    "ModifyInstanceAttribute",
                    &[("InstanceId", id), ("InstanceName", &name)],
                );
                let page = client.request(ECS, "DescribeInstances", &[("PageSize", "100")]);
                [change, page]
            })
            .collect();
        rate(&mut client, servers, "a change or a page of 100", &changed);
    }
}
