//! What plan, apply and destroy cost for 100, 1,000 and 10,000 servers: CPU time and memory of the tool, requests, bytes
//! of state; for servers of which each needs the one before; and how long a plan takes when every request takes 50 ms.
//!
//! `cargo bench --bench scale`. The simulator runs in this process, the tool in its own, so their times do not mix.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints what it measured"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use infra::sim;

const KEY_ID: &str = "LTAI-bench";
const KEY_SECRET: &str = "bench";
/// Servers whose plans are measured together, because one plan is shorter than the clock's tick.
const PLANNED: u32 = 20_000;

fn main() {
    let costs = [100, 1000, 10_000].map(measure);
    println!("{:<34}{:>12}{:>12}{:>12}", "", "100", "1,000", "10,000");
    let row = |name: &str, of: fn(&Cost) -> f64| {
        let [small, middle, large] = [0, 1, 2].map(|place| of(&costs[place]));
        println!("{name:<34}{small:>12.3}{middle:>12.3}{large:>12.3}");
    };
    row("apply, CPU seconds", |cost| cost.apply_cpu);
    row("apply, requests", |cost| cost.apply_requests);
    row("plan without changes, CPU seconds", |cost| cost.plan_cpu);
    row("plan without changes, peak MB", |cost| cost.plan_memory);
    row("plan without changes, requests", |cost| cost.plan_requests);
    row("destroy, CPU seconds", |cost| cost.destroy_cpu);
    row("destroy, DescribeInstances", |cost| cost.destroy_looks);
    row("state, bytes a server", |cost| cost.state_bytes);
    let [small, ..] = &costs;
    println!("\napply of 100, seconds of wall: {:.2}", small.apply_wall);
    chain();
    slow();
}

/// Servers of which each needs the one before.
fn chain() {
    const LINKS: u32 = 1000;
    let server = start();
    let folder = tempfile::tempdir().unwrap();
    let servers: String = (0..LINKS).map(link).collect();
    let whole = configuration(1);
    let (net, _) = whole.split_once("[instance.web]").unwrap();
    std::fs::write(folder.path().join("infra.toml"), format!("{net}{servers}")).unwrap();
    let begun = children_cpu();
    run(&["plan"], folder.path(), &server);
    let planned = children_cpu();
    let clock = Instant::now();
    run(&["apply", "--auto-approve"], folder.path(), &server);
    println!(
        "a chain of {LINKS}: plan {:.2} CPU seconds, apply {:.2} CPU seconds and {:.3} s a link",
        planned - begun,
        children_cpu() - planned,
        clock.elapsed().as_secs_f64() / f64::from(LINKS)
    );
}

fn link(index: u32) -> String {
    let after = match index {
        0 => String::new(),
        _ => format!("depends_on = [\"instance.c{}\"]\n", index - 1),
    };
    format!(
        "[instance.c{index}]\ninstance_type = \"ecs.g7.large\"\n\
         image_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\nvswitch_id = \"${{vswitch.main.id}}\"\n\
         security_group_ids = [\"${{security_group.web.id}}\"]\n{after}"
    )
}

/// A plan without changes through a slow network.
fn slow() {
    const SERVERS: u32 = 10_000;
    let (server, folder) = applied(SERVERS);
    ask(&server, "POST", "/_sim/settings", r#"{"latency": "50ms"}"#);
    let clock = Instant::now();
    run(&["plan", "--detailed-exitcode"], folder.path(), &server);
    println!(
        "plan without changes of {SERVERS} at 50 ms a request: {:.2} s of wall",
        clock.elapsed().as_secs_f64()
    );
}

struct Cost {
    apply_cpu: f64,
    apply_wall: f64,
    apply_requests: f64,
    plan_cpu: f64,
    plan_memory: f64,
    plan_requests: f64,
    destroy_cpu: f64,
    destroy_looks: f64,
    state_bytes: f64,
}

fn measure(servers: u32) -> Cost {
    let plans = PLANNED / servers;
    let (begun, clock) = (children_cpu(), Instant::now());
    let (server, folder) = applied(servers);
    let (applied, apply_wall) = (children_cpu(), clock.elapsed().as_secs_f64());
    let apply_requests = stats(&server)["requests"]["total"].as_f64().unwrap();
    let mut plan_memory = 0.0_f64;
    for _ in 0..plans {
        plan_memory = plan_memory.max(run(&["plan", "--detailed-exitcode"], folder.path(), &server));
    }
    let planned = children_cpu();
    let before = stats(&server);
    let state = std::fs::metadata(folder.path().join(".infra/state/default.json"))
        .unwrap()
        .len();
    run(
        &["destroy", "--auto-approve", "--allow-destroy"],
        folder.path(),
        &server,
    );
    let looks = |stats: &serde_json::Value| {
        stats["requests"]["by_product"]["Ecs"]["DescribeInstances"]
            .as_f64()
            .unwrap()
    };
    Cost {
        apply_cpu: applied - begun,
        apply_wall,
        apply_requests,
        plan_cpu: (planned - applied) / f64::from(plans),
        plan_memory,
        plan_requests: (before["requests"]["total"].as_f64().unwrap() - apply_requests) / f64::from(plans),
        destroy_cpu: children_cpu() - planned,
        destroy_looks: looks(&stats(&server)) - looks(&before),
        state_bytes: state as f64 / f64::from(servers),
    }
}

fn start() -> sim::Server {
    let options = sim::Options {
        key_pairs: vec![sim::KeyPair::new(KEY_ID, KEY_SECRET)],
        speed: "max".parse().unwrap(),
        ..sim::Options::default()
    };
    sim::Server::start(options).unwrap()
}

/// A cloud in which so many servers are there, and the project that made them.
fn applied(servers: u32) -> (sim::Server, tempfile::TempDir) {
    let server = start();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("infra.toml"), configuration(servers)).unwrap();
    run(&["apply", "--auto-approve"], folder.path(), &server);
    (server, folder)
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
cidr_block = "10.0.0.0/17"
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

/// Runs the tool to its end; the peak of its memory in MB, as far as looking every few milliseconds shows it.
fn run(arguments: &[&str], folder: &Path, server: &sim::Server) -> f64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_infra"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("INFRA_ENDPOINT", server.url())
        .env("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID)
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", KEY_SECRET)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0.0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        peak = peak_memory(child.id()).unwrap_or(peak);
        // The peak of a process that has ended is told to nobody, so it is sampled while it runs; nothing but how fine
        // the figure is depends on the pause, and no time is asserted.
        std::thread::sleep(std::time::Duration::from_millis(2));
    };
    assert!(status.success(), "infra {arguments:?} ended with {status}");
    peak
}

/// The most memory that a process that still runs has had, in MB (proc(5), VmHWM of status).
fn peak_memory(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// User and system seconds of all children that have ended (proc(5), fields 16 and 17 of stat, in ticks of 10 ms).
fn children_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[13].parse::<f64>().unwrap() + fields[14].parse::<f64>().unwrap();
    ticks / 100.0
}

fn stats(server: &sim::Server) -> serde_json::Value {
    ask(server, "GET", "/_sim/stats", "")
}

fn ask(server: &sim::Server, method: &str, path: &str, body: &str) -> serde_json::Value {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(server.addr()).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        server.addr(),
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let body = &answer[answer.find('{').unwrap()..=answer.rfind('}').unwrap()];
    serde_json::from_str(body).unwrap()
}
