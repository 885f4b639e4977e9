//! What plan and apply cost for 100 and for 1,000 servers: CPU time of the tool, requests, bytes of state.
//!
//! `cargo bench --bench scale`. The simulator runs in this process, the tool in its own, so their times do not mix.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints what it measured"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use infra::sim;

const KEY_ID: &str = "LTAI-bench";
const KEY_SECRET: &str = "bench";
/// Plans that are measured together, because one is shorter than the clock's tick.
const PLANS: u32 = 20;

fn main() {
    let small = measure(100);
    let large = measure(1000);
    println!("{:<34}{:>12}{:>12}{:>9}", "", "100", "1,000", "ratio");
    let row = |name: &str, small: f64, large: f64| {
        println!("{name:<34}{small:>12.3}{large:>12.3}{:>9.2}", large / small);
    };
    row("apply, CPU seconds", small.apply_cpu, large.apply_cpu);
    row("apply, requests", small.apply_requests, large.apply_requests);
    row(
        "plan without changes, CPU seconds",
        small.plan_cpu,
        large.plan_cpu,
    );
    row(
        "plan without changes, requests",
        small.plan_requests,
        large.plan_requests,
    );
    row("state, bytes a server", small.state_bytes, large.state_bytes);
}

struct Cost {
    apply_cpu: f64,
    apply_requests: f64,
    plan_cpu: f64,
    plan_requests: f64,
    state_bytes: f64,
}

fn measure(servers: u32) -> Cost {
    let options = sim::Options {
        key_pairs: vec![sim::KeyPair::new(KEY_ID, KEY_SECRET)],
        speed: "max".parse().unwrap(),
        ..sim::Options::default()
    };
    let server = sim::Server::start(options).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("infra.toml"), configuration(servers)).unwrap();
    let before = children_cpu();
    run(&["apply", "--auto-approve"], folder.path(), &server);
    let applied = children_cpu();
    let apply_requests = requests(&server);
    for _ in 0..PLANS {
        run(&["plan", "--detailed-exitcode"], folder.path(), &server);
    }
    let planned = children_cpu();
    let state = std::fs::metadata(folder.path().join(".infra/state/default.json"))
        .unwrap()
        .len();
    Cost {
        apply_cpu: applied - before,
        apply_requests,
        plan_cpu: (planned - applied) / f64::from(PLANS),
        plan_requests: (requests(&server) - apply_requests) / f64::from(PLANS),
        state_bytes: state as f64 / f64::from(servers),
    }
}

fn configuration(servers: u32) -> String {
    format!(
        r#"
[infra]
name = "scale"
region = "cn-hangzhou"
[vpc.main]
cidr_block = "10.0.0.0/16"
[vswitch.main]
vpc_id = "${{vpc.main.id}}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.0.0/18"
[security_group.web]
vpc_id = "${{vpc.main.id}}"
ingress = [{{ port_range = "80", source_cidr_ip = "0.0.0.0/0" }}]
[instance.web]
count = {servers}
name = "web-${{count.index}}"
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${{vswitch.main.id}}"
security_group_ids = ["${{security_group.web.id}}"]
"#
    )
}

fn run(arguments: &[&str], folder: &Path, server: &sim::Server) {
    let status = Command::new(env!("CARGO_BIN_EXE_infra"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("INFRA_ENDPOINT", server.url())
        .env("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID)
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", KEY_SECRET)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "infra {arguments:?} ended with {status}");
}

/// User and system seconds of all children that have ended (proc(5), fields 16 and 17 of stat, in ticks of 10 ms).
fn children_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[13].parse::<f64>().unwrap() + fields[14].parse::<f64>().unwrap();
    ticks / 100.0
}

fn requests(server: &sim::Server) -> f64 {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(server.addr()).unwrap();
    write!(
        stream,
        "GET /_sim/stats HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        server.addr()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let body = &answer[answer.find('{').unwrap()..=answer.rfind('}').unwrap()];
    let stats: serde_json::Value = serde_json::from_str(body).unwrap();
    stats["requests"]["total"].as_f64().unwrap()
}
