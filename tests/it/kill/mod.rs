//! The real binary, ended by the system while it works, and several of it at once.
//!
//! `INFRA_KILLS=200 cargo test --test it kill::random -- --nocapture` kills applies of 200 servers that often; `INFRA_RACES=50 cargo test --test it kill::eight` starts eight applies at once that often.

mod syscalls;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;

use crate::client::relay::{Fate, Relay};
use crate::harness::World;

const NETWORK: &str = r#"
[infra]
name = "kill"
region = "cn-hangzhou"

[vpc.main]
cidr_block = "10.0.0.0/16"

[vswitch.main]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.0.0/20"

[security_group.web]
vpc_id = "${vpc.main.id}"
ingress = [{ port_range = "80", source_cidr_ip = "0.0.0.0/0" }]
"#;

fn stack(servers: usize) -> String {
    format!(
        r#"{NETWORK}
[instance.web]
count = {servers}
name = "kill-${{count.index}}"
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${{vswitch.main.id}}"
security_group_ids = ["${{security_group.web.id}}"]
"#
    )
}

/// The binary at work. Killed if a test ends before it does.
struct Running {
    child: Child,
    said: Option<JoinHandle<String>>,
}

impl Running {
    /// Starts it; `ended` is called when it has closed what it says, which is when it ends.
    fn start(world: &World, arguments: &[&str], ended: impl FnOnce() + Send + 'static) -> Running {
        let mut command = world.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stream = child.stderr.take().unwrap();
        let said = std::thread::spawn(move || {
            let mut said = String::new();
            stream.read_to_string(&mut said).unwrap();
            ended();
            said
        });
        Running {
            child,
            said: Some(said),
        }
    }

    /// SIGKILL; whether it was still at work.
    fn kill(mut self) -> bool {
        self.child.kill().unwrap();
        self.child.wait().unwrap().code().is_none()
    }

    /// Waits for its end; the exit code and what it said.
    fn end(mut self) -> (Option<i32>, String) {
        let said = self.said.take().unwrap().join().unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends the binary's requests through a relay.
fn through(world: &mut World, fate: impl Fn(usize, &str) -> Fate + Send + Sync + 'static) {
    let relay = Relay::start(world.server().addr(), fate);
    world.vars.insert("INFRA_ENDPOINT".to_owned(), relay.url());
}

const APPLY: &[&str] = &["apply", "--auto-approve"];

/// Whether a request asks for this.
fn is_action(body: &str, action: &str) -> bool {
    body.split('&')
        .any(|pair| pair.strip_prefix("Action=") == Some(action))
}

/// Replaces the simulator's faults.
fn set_faults(world: &World, faults: &str) {
    let body = format!("{{\"clear\":true,\"faults\":[{faults}]}}");
    let address = world.server().addr();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /_sim/faults HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Insists that the cloud has exactly these servers and their network, each once and each in the state.
fn has_exactly(world: &World, servers: usize) {
    let inventory = world.inventory();
    let mut in_cloud = BTreeMap::new();
    for table in ["vpc", "vswitch", "security_group", "instance"] {
        for row in inventory["accounts"][0][table].as_array().unwrap() {
            let tags = row["tags"].as_array().unwrap();
            let address = tags.iter().find(|tag| tag[0] == "infra:addr").unwrap()[1].as_str();
            let earlier = in_cloud.insert(address.unwrap().to_owned(), row["id"].clone());
            assert!(earlier.is_none(), "{address:?} is there twice");
        }
    }
    let state: Value = serde_json::from_str(&world.run(&["state", "pull"]).exits(0).stdout).unwrap();
    let in_state: BTreeMap<String, Value> = state["resources"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(address, resource)| (address.clone(), resource["id"].clone()))
        .collect();
    assert_eq!(in_state, in_cloud);
    assert_eq!(in_cloud.len(), servers + 3);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn after_a_kill_behind_each_create_of_three_servers_nothing_is_doubled() {
    let creates = [
        ("CreateVpc", 1),
        ("CreateVSwitch", 1),
        ("CreateSecurityGroup", 1),
        ("CreateInstance", 1),
        ("CreateInstance", 2),
        ("CreateInstance", 3),
    ];
    for (action, number) in creates {
        let mut world = World::new();
        world.write("infra.toml", &stack(3));
        // The effect is there, and its answer is still on the way when the process ends.
        let (done, is_done) = channel();
        let seen = Mutex::new(0);
        through(&mut world, move |_, body| {
            if !is_action(body, action) {
                return Fate::Pass;
            }
            let mut seen = seen.lock().unwrap();
            *seen += 1;
            if *seen == number {
                Fate::Withhold(done.clone())
            } else {
                Fate::Pass
            }
        });
        let running = Running::start(&world, APPLY, || {});
        is_done.recv().unwrap();
        assert!(running.kill(), "{action} {number}: it was not at work");
        world.vars.clear();
        world.apply().exits(0);
        has_exactly(&world, 3);
    }
    println!("figure: killed just behind each of 6 creates: 0 of 6 left something twice");
}

/// What a run is seen doing.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    Request,
    Ended,
}

#[test]
fn random_kills_of_an_apply_lose_and_double_nothing() {
    let (wanted, servers) = match std::env::var("INFRA_KILLS") {
        Ok(kills) => (kills.parse().unwrap(), 200),
        Err(_) => (4, 20),
    };
    let seed: u64 = std::env::var("INFRA_KILLS_SEED").map_or(1, |seed| seed.parse().unwrap());
    println!("INFRA_KILLS_SEED={seed}");
    let mut chance = seed;
    let mut below = |end: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (chance >> 33) % end
    };
    let (mut kills, mut rounds) = (0, 0);
    while kills < wanted {
        rounds += 1;
        let mut world = World::new();
        world.write("infra.toml", &stack(servers));
        let listener: Arc<Mutex<Option<Sender<Event>>>> = Arc::default();
        let heard = Arc::clone(&listener);
        through(&mut world, move |_, _| {
            if let Some(events) = &*heard.lock().unwrap() {
                // Nobody listens once it is killed.
                let _ = events.send(Event::Request);
            }
            Fate::Pass
        });
        // Killed again and again on its way, at instants that are counted in requests.
        loop {
            let (events, happened) = channel();
            *listener.lock().unwrap() = Some(events.clone());
            let running = Running::start(&world, APPLY, move || {
                // As above.
                let _ = events.send(Event::Ended);
            });
            let limit = 1 + below(servers as u64 + 30);
            let ended = (0..limit).any(|_| happened.recv().unwrap() == Event::Ended);
            if ended {
                let (code, said) = running.end();
                assert_eq!(code, Some(0), "{said}");
                break;
            }
            kills += u64::from(running.kill());
        }
        has_exactly(&world, servers);
    }
    println!(
        "figure: random kills: {kills} in {rounds} stacks of {servers} servers, nothing lost, doubled or left"
    );
}

#[test]
fn eight_applies_at_once_are_one_apply() {
    let races: usize = std::env::var("INFRA_RACES").map_or(2, |races| races.parse().unwrap());
    for _ in 0..races {
        let mut world = World::new();
        world.write("infra.toml", &stack(1));
        // Whoever proceeds is held up until the others have ended.
        set_faults(&world, "\"CreateVpc:throttle\"");
        let (proceeds, has_proceeded) = channel();
        through(&mut world, move |_, body| {
            if is_action(body, "CreateVpc") {
                // Once is enough to hear it.
                let _ = proceeds.send(());
            }
            Fate::Pass
        });
        let (ends, has_ended) = channel();
        let mut running: BTreeMap<usize, Running> = (0..8)
            .map(|number| {
                let ends = ends.clone();
                let ended = move || {
                    // The last of them ends when nobody listens any more.
                    let _ = ends.send(number);
                };
                (number, Running::start(&world, APPLY, ended))
            })
            .collect();
        for _ in 0..7 {
            let refused = running.remove(&has_ended.recv().unwrap()).unwrap();
            let (code, said) = refused.end();
            assert_eq!(code, Some(6), "{said}");
        }
        let (_, holder) = running.pop_first().unwrap();
        // By now it has written who it is.
        has_proceeded.recv().unwrap();
        let process = holder.child.id();
        let said = world.run(APPLY).exits(6).stderr;
        assert!(
            said.contains(&format!("process {process}")) && said.contains("apply"),
            "it does not say who holds the lock ({process}): {said}"
        );
        set_faults(&world, "");
        let (code, said) = holder.end();
        assert_eq!(code, Some(0), "{said}");
        has_exactly(&world, 1);
    }
    println!("figure: 8 applies at once, {races} times: exactly one proceeded each time");
}
