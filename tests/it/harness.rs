//! One world for a test: a folder, a simulator, the binary in a cleared environment, and a client of somebody else.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use hmac::{KeyInit as _, Mac as _};
use infra::sim;
use serde_json::Value;

pub(crate) const KEY_ID: &str = "LTAI-test";
pub(crate) const KEY_SECRET: &str = "test-secret-Zq7";

/// A certificate that signs itself, for `a.example.com`.
pub(crate) const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
    MIIBojCCAUegAwIBAgIUR+EHGUtRpbVN16gpVorv5O2qADUwCgYIKoZIzj0EAwIw\n\
    GDEWMBQGA1UEAwwNYS5leGFtcGxlLmNvbTAgFw0yNjExMjcwNjA0MjdaGA8yMTI2\n\
    MTEwMzA2MDQyN1owGDEWMBQGA1UEAwwNYS5leGFtcGxlLmNvbTBZMBMGByqGSM49\n\
    AgEGCCqGSM49AwEHA0IABLr6ijwFuCbJpFW9XVFDA+Q7VZA6DSuZDIUN9TLLny/d\n\
    zehdocHNAFBJVD/yPi6lQsJ/Owh69rOM8ZlcaqY9ZrSjbTBrMB0GA1UdDgQWBBSN\n\
    wwl7q/vHKq+WNBdhhkTT1aKgOzAfBgNVHSMEGDAWgBSNwwl7q/vHKq+WNBdhhkTT\n\
    1aKgOzAPBgNVHRMBAf8EBTADAQH/MBgGA1UdEQQRMA+CDWEuZXhhbXBsZS5jb20w\n\
    CgYIKoZIzj0EAwIDSQAwRgIhAKVGHwXaYlfE6+BK2sMBlAkA+rcEzBqhhBTvge0I\n\
    GstHAiEAz8Z/Uxf9VH+A6GiVx1EhR80j9h+AwBkfFW4yaQ3Cqd4=\n\
    -----END CERTIFICATE-----";
/// Only its form is looked at.
pub(crate) const PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// Insists on an exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Output {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Insists on a text in the result.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Output {
        assert!(
            self.stdout.contains(text),
            "no {text:?} in stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Insists on a text in what it says beside the result.
    #[track_caller]
    pub(crate) fn tells(self, text: &str) -> Output {
        assert!(
            self.stderr.contains(text),
            "no {text:?} in stderr:\n{}\nstdout:\n{}",
            self.stderr,
            self.stdout
        );
        self
    }
}

/// A folder, a simulator and the binary.
pub(crate) struct World {
    folder: tempfile::TempDir,
    server: Option<sim::Server>,
    /// More environment variables for the binary.
    pub(crate) vars: BTreeMap<String, String>,
    /// Flags behind every command that names no folder of its own.
    pub(crate) flags: Vec<String>,
}

impl World {
    /// A simulator in memory at full speed.
    pub(crate) fn new() -> World {
        World::with(|_| {})
    }

    /// The same with other options.
    pub(crate) fn with(change: impl FnOnce(&mut sim::Options)) -> World {
        let mut options = sim::Options {
            key_pairs: vec![sim::KeyPair::new(KEY_ID, KEY_SECRET)],
            speed: "max".parse().unwrap(),
            ..sim::Options::default()
        };
        change(&mut options);
        World {
            folder: tempfile::tempdir().unwrap(),
            server: Some(sim::Server::start(options).unwrap()),
            vars: BTreeMap::new(),
            flags: Vec::new(),
        }
    }

    /// No simulator: for what needs no network, or brings its own with `--sim`.
    pub(crate) fn offline() -> World {
        World {
            folder: tempfile::tempdir().unwrap(),
            server: None,
            vars: BTreeMap::new(),
            flags: Vec::new(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn server(&self) -> &sim::Server {
        self.server.as_ref().unwrap()
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> &World {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Reads a file of the folder.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Copies an example of the project into the folder.
    pub(crate) fn example(&self, name: &str) -> &World {
        let from = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("examples")
            .join(name);
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            self.write(name, &std::fs::read_to_string(&path).unwrap());
        }
        self
    }

    /// The binary, ready to be started in the folder with a cleared environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_infra"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .stdin(Stdio::null());
        command.env("HOME", self.path());
        if let Some(server) = &self.server {
            command.env("INFRA_ENDPOINT", server.url());
            command.env("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID);
            command.env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", KEY_SECRET);
        }
        command.envs(&self.vars);
        if !arguments.is_empty() && !arguments.contains(&"-C") {
            command.args(&self.flags);
        }
        command
    }

    /// Runs the binary.
    #[must_use]
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().unwrap();
        Output {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Applies without asking.
    #[must_use]
    pub(crate) fn apply(&self) -> Output {
        self.run(&["apply", "--auto-approve"])
    }

    /// Runs the binary at a terminal, waits for a text and types something. Code, and all that the screen showed.
    #[cfg(unix)]
    pub(crate) fn at_terminal(&self, arguments: &str, wait_for: &str, keys: &[u8]) -> (Option<i32>, String) {
        self.in_conversation(arguments, &[(wait_for, keys)])
    }

    /// The same with several answers.
    #[cfg(unix)]
    pub(crate) fn in_conversation(&self, arguments: &str, turns: &[(&str, &[u8])]) -> (Option<i32>, String) {
        self.at_shell(
            &format!("exec {} {arguments}", env!("CARGO_BIN_EXE_infra")),
            turns,
        )
    }

    /// The same at a terminal of so many columns.
    #[cfg(unix)]
    pub(crate) fn on_screen(
        &self,
        columns: usize,
        arguments: &str,
        turns: &[(&str, &[u8])],
    ) -> (Option<i32>, String) {
        let binary = env!("CARGO_BIN_EXE_infra");
        self.at_shell(
            &format!("stty columns {columns} rows 40; exec {binary} {arguments}"),
            turns,
        )
    }

    /// A line of a shell at a terminal.
    #[cfg(unix)]
    pub(crate) fn at_shell(&self, line: &str, turns: &[(&str, &[u8])]) -> (Option<i32>, String) {
        let inner = self.command(&[]);
        let mut command = Command::new("script");
        command
            .args(["-q", "-e", "-c", line, "/dev/null"])
            .current_dir(self.path())
            .env_clear()
            .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .envs([("SHELL", "/bin/sh"), ("TERM", "dumb"), ("PATH", "/usr/bin:/bin")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        let mut input = child.stdin.take().unwrap();
        let (mut shown, mut read) = (Vec::new(), 0);
        for (wait_for, keys) in turns {
            let mut byte = [0];
            while !String::from_utf8_lossy(&shown[read..]).contains(wait_for) {
                let told = String::from_utf8_lossy(&shown).into_owned();
                assert_eq!(output.read(&mut byte).unwrap(), 1, "{told}");
                shown.push(byte[0]);
            }
            read = shown.len();
            input.write_all(keys).unwrap();
        }
        output.read_to_end(&mut shown).unwrap();
        drop(input);
        (
            child.wait().unwrap().code(),
            String::from_utf8_lossy(&shown).into_owned(),
        )
    }

    /// One call of a client that shares no code with ours.
    pub(crate) fn call(&self, product: &str, action: &str, params: &[(&str, &str)]) -> Value {
        let version = match product {
            "Ecs" => "2014-05-26",
            "Vpc" => "2016-04-28",
            "Slb" => "2014-05-15",
            _ => "2015-04-01",
        };
        static NONCE: AtomicU64 = AtomicU64::new(0);
        let nonce = format!("{}-{}", std::process::id(), NONCE.fetch_add(1, Ordering::Relaxed));
        let time = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut all: BTreeMap<&str, &str> = params.iter().copied().collect();
        all.extend([
            ("Action", action),
            ("Version", version),
            ("Format", "JSON"),
            ("AccessKeyId", KEY_ID),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", nonce.as_str()),
            ("Timestamp", time.as_str()),
        ]);
        let query: Vec<String> = all
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        let query = query.join("&");
        let mut mac = hmac::Hmac::<sha1::Sha1>::new_from_slice(format!("{KEY_SECRET}&").as_bytes()).unwrap();
        mac.update(format!("GET&%2F&{}", encode(&query)).as_bytes());
        let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        let answer = http(
            self.server(),
            "GET",
            &format!("/?{query}&Signature={}", encode(&signature)),
        );
        serde_json::from_str(&answer).unwrap()
    }

    /// All instances, as the foreign client sees them.
    pub(crate) fn instances(&self) -> Vec<Value> {
        self.instances_in("cn-hangzhou")
    }

    pub(crate) fn instances_in(&self, region: &str) -> Vec<Value> {
        let answer = self.call(
            "Ecs",
            "DescribeInstances",
            &[("RegionId", region), ("PageSize", "100")],
        );
        answer["Instances"]["Instance"].as_array().unwrap().clone()
    }

    /// The simulator's counters.
    pub(crate) fn stats(&self) -> Value {
        serde_json::from_str(&http(self.server(), "GET", "/_sim/stats")).unwrap()
    }

    /// How often an action has been asked for.
    pub(crate) fn requests(&self, product: &str, action: &str) -> u64 {
        let stats = self.stats();
        let products = stats["requests"]["by_product"].as_object().unwrap();
        let named = |name: &str| name.eq_ignore_ascii_case(product);
        let counts = products.iter().find(|(name, _)| named(name));
        counts.map_or(0, |(_, counts)| counts[action].as_u64().unwrap_or(0))
    }

    /// Lets these go wrong from now on, and nothing else.
    pub(crate) fn faults(&self, specs: &[&str]) -> &World {
        let order = serde_json::json!({ "faults": specs, "clear": true });
        let answer = exchange(self.server(), "POST", "/_sim/faults", &order.to_string());
        assert_eq!(answer, format!("{{\"added\":{}}}", specs.len()));
        self
    }

    /// Sells these out, and nothing else: `ecs.g7.large@*`.
    pub(crate) fn sold_out(&self, spec: &str) -> &World {
        let order = serde_json::json!({ "sold_out": [spec] });
        let answer = exchange(self.server(), "POST", "/_sim/settings", &order.to_string());
        assert!(answer.contains(spec), "{answer}");
        self
    }

    /// Everything that exists, without what changes from look to look.
    pub(crate) fn inventory(&self) -> Value {
        serde_json::from_str(&http(self.server(), "GET", "/_sim/world")).unwrap()
    }

    /// How many things of this kind exist.
    pub(crate) fn count(&self, kind: &str) -> usize {
        self.inventory()["accounts"][0][kind]
            .as_array()
            .map_or(0, Vec::len)
    }
}

/// Percent-encoding as the signature wants it.
pub(crate) fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => (byte as char).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// One exchange over a connection of its own; the body of the answer.
fn http(server: &sim::Server, method: &str, target: &str) -> String {
    exchange(server, method, target, "")
}

/// The same with a body.
fn exchange(server: &sim::Server, method: &str, target: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        server.addr(),
        body.len(),
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        return unchunk(body);
    }
    body.to_owned()
}

fn unchunk(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        whole.push_str(&rest[..size]);
        body = &rest[size + 2..];
    }
    whole
}
