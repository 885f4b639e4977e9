//! `infra sim` as it is typed: a server, what others need to reach it, snapshots, recordings, and what is covered.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use super::server::{exchange_with, now};
use super::{VPC, signed, stamp};

fn infra(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_infra"));
    command.current_dir(folder).args(args).env_clear();
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    infra(folder, args).output().unwrap()
}

/// What a command that succeeds says on stdout.
#[track_caller]
fn said(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A server in a process of its own.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(folder: &Path, more: &[&str]) -> Self {
        let mut args = vec!["sim", "serve", "--listen", "127.0.0.1:0"];
        args.extend(more);
        let mut child = infra(folder, &args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim_end()
            .strip_prefix("infra sim listening on ")
            .unwrap()
            .to_owned();
        Self { child, url }
    }

    fn call(&self, action: &str, params: &[(&str, &str)], nonce: &str, key: (&str, &str)) -> String {
        let at = stamp(now());
        let request = signed("POST", VPC, action, params, nonce, &at, key.0, key.1);
        exchange_with(self.url.strip_prefix("http://").unwrap(), &request).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The value of a variable in lines for a shell.
fn exported(lines: &str, name: &str) -> Option<String> {
    let begin = format!("export {name}='");
    let line = lines.lines().find_map(|line| line.strip_prefix(&begin))?;
    line.strip_suffix('\'').map(str::to_owned)
}

#[test]
fn others_are_told_how_to_reach_the_simulator() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    let args = ["sim", "env", "--endpoint", &served.url, "--ca-out", "ca.pem"];
    let lines = said(&run(folder.path(), &args));
    assert_eq!(
        exported(&lines, "INFRA_ENDPOINT").as_deref(),
        Some(served.url.as_str())
    );
    let id = exported(&lines, "ALIBABA_CLOUD_ACCESS_KEY_ID").unwrap();
    let secret = exported(&lines, "ALIBABA_CLOUD_ACCESS_KEY_SECRET").unwrap();
    let made = served.call("CreateVpc", &[], "1", (&id, &secret));
    assert!(made.starts_with("HTTP/1.1 200"), "{made}");
    let file = exported(&lines, "SSL_CERT_FILE").unwrap();
    assert!(
        std::fs::read_to_string(file)
            .unwrap()
            .contains("BEGIN CERTIFICATE")
    );
    // What is there is not overwritten.
    assert!(!run(folder.path(), &args).status.success());
    let given = Served::start(
        folder.path(),
        &["--access-key-id", "testid", "--access-key-secret", "testsecret"],
    );
    let lines = said(&run(folder.path(), &["sim", "env", "--endpoint", &given.url]));
    assert!(!lines.contains("testsecret"), "{lines}");
}

#[test]
fn a_cloud_is_saved_under_a_name_and_brought_back() {
    let folder = tempfile::tempdir().unwrap();
    let key = ("testid", "testsecret");
    let pair = ["--access-key-id", key.0, "--access-key-secret", key.1];
    let first = Served::start(folder.path(), &pair);
    let _ = first.call("CreateVpc", &[("VpcName", "kept")], "1", key);
    let args = ["sim", "snapshot", "save", "one", "--endpoint", &first.url];
    let _ = said(&run(folder.path(), &args));
    assert!(folder.path().join(".infra/sim/snapshots/one.json").is_file());
    // Saved again under the same name, it is the new one.
    let _ = first.call("CreateVpc", &[("VpcName", "later")], "2", key);
    let _ = said(&run(folder.path(), &args));
    let second = Served::start(folder.path(), &pair);
    let _ = said(&run(
        folder.path(),
        &["sim", "snapshot", "load", "one", "--endpoint", &second.url],
    ));
    let found = second.call("DescribeVpcs", &[], "3", key);
    assert!(
        found.contains("\"kept\"") && found.contains("\"later\""),
        "{found}"
    );
    // The same for the cloud of --sim.
    let _ = said(&run(folder.path(), &["--sim", "sim", "snapshot", "load", "one"]));
    let _ = said(&run(folder.path(), &["--sim", "sim", "snapshot", "save", "two"]));
    let two = std::fs::read_to_string(folder.path().join(".infra/sim/snapshots/two.json")).unwrap();
    assert!(two.contains("\"kept\""));
    for wrong in ["../one", "", ".one", "a/b", "a b"] {
        let refused = run(folder.path(), &["--sim", "sim", "snapshot", "save", wrong]);
        assert_eq!(refused.status.code(), Some(64), "{wrong}");
    }
    let absent = run(folder.path(), &["--sim", "sim", "snapshot", "load", "none"]);
    assert_eq!(absent.status.code(), Some(1));
    let nobody = run(
        folder.path(),
        &["sim", "snapshot", "save", "x", "--endpoint", "http://127.0.0.1:1"],
    );
    assert_eq!(nobody.status.code(), Some(1));
}

#[test]
fn a_recording_is_told_again_and_a_changed_one_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let key = ("testid", "testsecret");
    let served = Served::start(
        folder.path(),
        &[
            "--access-key-id",
            key.0,
            "--access-key-secret",
            key.1,
            "--record",
            "day.jsonl",
            "--sold-out",
            "ecs.g6.large@*",
            "--read-lag",
            "0ms",
            "--token-life",
            "20m",
        ],
    );
    let _ = served.call("CreateVpc", &[("VpcName", "one")], "1", key);
    let _ = served.call("DescribeVpcs", &[], "2", key);
    drop(served);
    let told = said(&run(folder.path(), &["sim", "replay", "day.jsonl"]));
    assert_eq!(told.trim_end(), "2 requests, every answer the same");
    let recording = std::fs::read_to_string(folder.path().join("day.jsonl")).unwrap();
    std::fs::write(
        folder.path().join("changed.jsonl"),
        recording.replace("\\\"VpcName\\\":\\\"one\\\"", "\\\"VpcName\\\":\\\"two\\\""),
    )
    .unwrap();
    let output = run(folder.path(), &["sim", "replay", "changed.jsonl"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("line 3, DescribeVpcs")
    );
}

#[test]
fn a_catalogue_of_ones_own_is_served_and_a_wrong_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.json");
    std::fs::write(&own, "{\"familys\": []}").unwrap();
    let refused = run(
        folder.path(),
        &[
            "sim",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--catalogue",
            "own.json",
        ],
    );
    assert!(!refused.status.success());
    std::fs::write(&own, "{\"images\": []}").unwrap();
    let _ = Served::start(folder.path(), &["--catalogue", "own.json"]);
}

#[test]
fn the_page_of_what_is_covered_names_actions_and_tests() {
    let folder = tempfile::tempdir().unwrap();
    let page = said(&run(folder.path(), &["sim", "coverage"]));
    assert!(
        page.contains("### CreateInstance") && page.contains("sim::"),
        "{page}"
    );
    let data = said(&run(folder.path(), &["sim", "coverage", "--data"]));
    let data: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert!(data["actions"]["Ecs 2014-05-26"]["CreateInstance"].is_object());
}
