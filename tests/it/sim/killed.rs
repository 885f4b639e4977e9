//! A server in a process of its own, killed without warning.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;

use infra::sim::{Options, RawRequest, Server, Speed};
use serde_json::Value;

use super::server::{exchange_with, now};
use super::{ECS, VPC, options, signed, stamp, text};

/// Set in the process that serves: the folder of its cloud.
const FOLDER: &str = "INFRA_TEST_SIM_FOLDER";
const NAME: &str = "sim::killed::a_killed_server_has_lost_nothing_that_it_acknowledged";

/// The same test in another process, which sees that it is to serve.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(folder: &std::path::Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .find_map(|line| {
                line.unwrap()
                    .split_once("listening on http://")
                    .map(|(_, address)| address.to_owned())
            })
            .unwrap();
        Self { child, address }
    }

    /// Status and body; `None` when the connection broke.
    fn send(&self, request: &RawRequest) -> Option<(u16, Value)> {
        let answer = exchange_with(&self.address, request)?;
        let status = answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        let body = serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?;
        Some((status, body))
    }

    fn call(&self, version: &str, action: &str, params: &[(&str, &str)], nonce: &str) -> Option<Value> {
        let (status, body) = self.send(&request(version, action, params, nonce))?;
        assert_eq!(status, 200, "{action}: {body}");
        Some(body)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may be dead already: that is what this test is about.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn request(version: &str, action: &str, params: &[(&str, &str)], nonce: &str) -> RawRequest {
    signed(
        "POST",
        version,
        action,
        params,
        nonce,
        &stamp(now()),
        "testid",
        "testsecret",
    )
}

fn serve(folder: std::ffi::OsString) -> ! {
    let options = Options {
        data: Some(folder.into()),
        speed: Speed::Max,
        ..options()
    };
    let server = Server::start(options).unwrap();
    // Its parent reads the address from here.
    #[allow(clippy::print_stdout)]
    {
        println!("listening on {}", server.url());
    }
    loop {
        std::thread::park();
    }
}

#[test]
fn a_killed_server_has_lost_nothing_that_it_acknowledged() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        serve(folder);
    }
    let folder = tempfile::tempdir().unwrap();
    // Name and id of what was acknowledged, and the request that was.
    let mut acknowledged: Vec<(String, String, RawRequest)> = Vec::new();
    for round in 0..3 {
        let served = Served::start(folder.path());
        let (told, hears) = channel();
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let (served, told) = (&served, told.clone());
                scope.spawn(move || {
                    for index in 0.. {
                        let name = format!("vpc-{round}-{worker}-{index}");
                        let params = [("VpcName", name.as_str()), ("ClientToken", name.as_str())];
                        let sent = request(VPC, "CreateVpc", &params, &name);
                        // A connection that breaks is the kill.
                        let Some((200, body)) = served.send(&sent) else {
                            break;
                        };
                        told.send((name, text(&body["VpcId"]), sent)).unwrap();
                    }
                });
            }
            drop(told);
            acknowledged.extend(hears.iter().take(60));
            let kill = Command::new("kill")
                .args(["-9", &served.child.id().to_string()])
                .status()
                .unwrap();
            assert!(kill.success());
            acknowledged.extend(hears);
        });
    }
    let served = Served::start(folder.path());
    assert!(acknowledged.len() >= 180, "{}", acknowledged.len());
    let mut found = BTreeSet::new();
    for page in 1.. {
        let page_text = page.to_string();
        let params = [("PageSize", "50"), ("PageNumber", page_text.as_str())];
        let body = served
            .call(VPC, "DescribeVpcs", &params, &format!("page-{page}"))
            .unwrap();
        let rows = body["Vpcs"]["Vpc"].as_array().unwrap();
        if rows.is_empty() {
            break;
        }
        found.extend(
            rows.iter()
                .map(|row| (text(&row["VpcName"]), text(&row["VpcId"]))),
        );
    }
    for (name, id, sent) in &acknowledged {
        assert!(found.contains(&(name.clone(), id.clone())), "{name} is lost");
        // The nonce is remembered, and so is the token.
        let (status, body) = served.send(sent).unwrap();
        assert_eq!((status, &body["Code"]), (400, &"SignatureNonceUsed".into()));
        let params = [("VpcName", name.as_str()), ("ClientToken", name.as_str())];
        let again = served
            .call(VPC, "CreateVpc", &params, &format!("{name}-again"))
            .unwrap();
        assert_eq!(again["VpcId"], id.as_str());
    }
    assert!(served.call(ECS, "DescribeRegions", &[], "last").is_some());
}
