//! Repositories of strangers: whatever stands in one, no byte of a secret of the person who tries it leaves the machine
//! or is printed, no other file is read or written, and nothing waits for ever.
#![cfg(unix)]

mod corpus;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use base64::Engine as _;

use self::corpus::{Case, endpoints, files, kept_files, lines, own_files, server, texts, variables};
use crate::harness::{KEY_SECRET, World, encode};

/// What must not come out. Each would pass for a password, so that only the rules keep it in.
const TOKEN: &str = "Canary-Token-1x";
const AWS: &str = "Canary-Aws-2y";
const SSH: &str = "Canary-Ssh-3z";
const PROFILE: &str = "Canary-Profile-4w";
const OUTSIDE: &str = "Canary-Outside-5v";
const LINE: &str = "Canary-Line-6u";
/// What may: the person has said so.
const GIVEN: &str = "Given-Password-7t";

/// A place for what goes over the wire: passes on to the simulator and keeps what was sent.
struct Recorder {
    address: SocketAddr,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Recorder {
    /// Passes on to an address, or answers nothing.
    fn to(target: Option<SocketAddr>) -> Recorder {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sent = Arc::new(Mutex::new(Vec::new()));
        let kept = sent.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let kept = kept.clone();
                std::thread::spawn(move || pass_on(client, target, &kept));
            }
        });
        Recorder { address, sent }
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }
}

fn pass_on(mut client: TcpStream, target: Option<SocketAddr>, kept: &Mutex<Vec<u8>>) {
    // A connection alone says that somebody was asked.
    kept.lock().unwrap().push(b'\n');
    let server = target.map(|target| TcpStream::connect(target).unwrap());
    if let Some(server) = &server {
        let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        kept.lock().unwrap().extend(&buffer[..length]);
        if let Some(mut server) = server.as_ref() {
            let _ = server.write_all(&buffer[..length]);
        }
    }
    if let Some(server) = server {
        let _ = server.shutdown(Shutdown::Both);
    }
}

/// A secret in a text, as it is or encoded.
fn found(secret: &str, bytes: &[u8]) -> bool {
    let base64 = base64::engine::general_purpose::STANDARD.encode(secret);
    [secret.to_owned(), base64, encode(secret)]
        .iter()
        .any(|form| bytes.windows(form.len()).any(|window| window == form.as_bytes()))
}

/// Runs the binary; what takes half a minute waits for ever.
fn run(world: &World, arguments: &[&str], trusted: Option<SocketAddr>) -> (Option<i32>, Vec<u8>) {
    let mut command = world.command(arguments);
    match trusted {
        Some(address) => command.env("INFRA_ENDPOINT", format!("http://{address}")),
        None => command.env_remove("INFRA_ENDPOINT"),
    };
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || {
        let mut told = Vec::new();
        let errors = std::thread::spawn(move || {
            let mut told = Vec::new();
            err.read_to_end(&mut told).map(|_| told)
        });
        out.read_to_end(&mut told).unwrap();
        told.extend(errors.join().unwrap().unwrap());
        let _ = ended.send((child.wait().unwrap().code(), told));
    });
    end.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| {
        let _ = std::process::Command::new("kill")
            .arg("-9")
            .arg(id.to_string())
            .status();
        panic!("infra {arguments:?} did not end");
    })
}

/// Everything below a folder, with its content.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.display().to_string(), std::fs::read(path).unwrap());
            }
        }
    }
    found
}

/// Whether a character speaks to the terminal, or turns the direction of the writing.
fn speaks(one: char) -> bool {
    one.is_control() && !matches!(one, '\n' | '\t')
        || matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Commands that refuse a repository for the same reason.
const TOLD_ALIKE: [&str; 3] = ["validate", "plan", "apply"];

/// Tries a repository with each command; says what came out.
fn try_out(case: &Case) -> Vec<String> {
    let mut world = World::new();
    let outside = tempfile::tempdir().unwrap();
    let (out, home) = (outside.path().join("out"), outside.path().join("home"));
    for (path, text) in [
        (out.join("secret.txt"), format!("{OUTSIDE}\n")),
        (out.join("secret.toml"), format!("password = {OUTSIDE}\n")),
        (home.join(".ssh/id"), format!("{SSH}\n")),
        (
            home.join(".aliyun/config.json"),
            format!("{{\"password\": \"{PROFILE}\", \"profiles\": []}}\n"),
        ),
    ] {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let trusted = Recorder::to(Some(world.server().addr()));
    let stranger = Recorder::to(None);
    let place = |text: &str| {
        text.replace("OUT", &out.display().to_string())
            .replace("HOME", &home.display().to_string())
            .replace("PORT", &stranger.address.port().to_string())
    };
    if !case.text.is_empty() {
        world.write("infra.toml", &place(&case.text));
    }
    for (path, text) in case.files {
        world.write(path, text);
    }
    for (link, target) in case.links {
        let link = world.path().join(link);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(place(target), link).unwrap();
    }
    if let Some(fifo) = case.fifo {
        let path = world.path().join(fifo);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    }
    if let Some(vast) = case.vast {
        let path = world.path().join(vast);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path).unwrap().set_len(1 << 40).unwrap();
    }
    for (name, value) in [
        ("GITHUB_TOKEN", TOKEN),
        ("OPENAI_API_KEY", TOKEN),
        ("AWS_SECRET_ACCESS_KEY", AWS),
        ("ALICLOUD_SECRET_KEY", KEY_SECRET),
        ("WEB_PASSWORD", GIVEN),
        ("HOME", &home.display().to_string()),
        ("PATH", "/usr/bin:/bin"),
    ] {
        world.vars.insert(name.to_owned(), value.to_owned());
    }
    let before = content(outside.path());
    let is_about_endpoints = case.code == Some("E0414");
    let through = (!is_about_endpoints).then_some(trusted.address);
    let mut wrong = Vec::new();
    for arguments in [
        &["validate"][..],
        &["validate", "--format", "json"],
        &["validate", "--format", "github"],
        &["plan"],
        &["apply", "--auto-approve", "--json"],
        &["apply", "--auto-approve", "p.plan"],
        &["plan", "-o", "p.plan"],
        &["plan", "--rehearse", "--no-input"],
        &["drift"],
        &["graph"],
        &["show"],
        &["output"],
        &["state", "list"],
        &["fmt", "--check"],
        &["fmt"],
        &["explain", "E0409"],
        &["doctor"],
    ] {
        let (code, told) = run(&world, arguments, through);
        let sent = trusted.take();
        for secret in [KEY_SECRET, TOKEN, AWS, SSH, PROFILE, OUTSIDE, LINE] {
            if found(secret, &told) {
                wrong.push(format!(
                    "{}: {arguments:?} prints {secret}:\n{}",
                    case.name,
                    String::from_utf8_lossy(&told)
                ));
            }
            if found(secret, &sent) {
                wrong.push(format!("{}: {arguments:?} sends {secret}", case.name));
            }
        }
        if !stranger.take().is_empty() {
            wrong.push(format!("{}: {arguments:?} asks a stranger", case.name));
        }
        let told = String::from_utf8_lossy(&told);
        if let Some(control) = told.chars().find(|&one| speaks(one)) {
            wrong.push(format!(
                "{}: {arguments:?} prints {control:?}: {told:?}",
                case.name
            ));
        }
        if !matches!(code, Some(0..=7)) || told.contains("panicked") {
            wrong.push(format!(
                "{}: {arguments:?} ends with {code:?}:\n{told}",
                case.name
            ));
        }
        if !TOLD_ALIKE.contains(&arguments[0])
            || arguments.contains(&"p.plan")
            || arguments.contains(&"--rehearse")
        {
            continue;
        }
        match case.code {
            Some(expected) if code != Some(1) || !told.contains(expected) => {
                wrong.push(format!(
                    "{}: {arguments:?} ends with {code:?}:\n{told}",
                    case.name
                ));
            }
            None if arguments[0] == "validate" && code != Some(0) => {
                wrong.push(format!(
                    "{}: {arguments:?} ends with {code:?}:\n{told}",
                    case.name
                ));
            }
            _ => {}
        }
    }
    if content(outside.path()) != before {
        wrong.push(format!("{}: something was written outside", case.name));
    }
    wrong
}

fn try_all(cases: &[Case]) {
    let wrong: Vec<String> = cases.iter().flat_map(try_out).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn variables_with_credentials_stay_here() {
    try_all(&variables());
}

#[test]
fn files_of_others_stay_here() {
    try_all(&files());
}

#[test]
fn endpoints_of_strangers_are_not_asked() {
    try_all(&endpoints());
}

#[test]
fn lines_with_secrets_are_not_shown() {
    try_all(&lines());
}

#[test]
fn links_and_pipes_in_the_place_of_our_own_files_are_not_followed() {
    try_all(&own_files());
}

#[test]
fn what_others_keep_in_the_folder_stays_here() {
    try_all(&kept_files());
}

#[test]
fn texts_neither_speak_to_the_terminal_nor_take_all_memory() {
    try_all(&texts());
}

#[test]
fn the_corpus_is_large() {
    let kinds = [variables, files, endpoints, lines, own_files, kept_files, texts];
    let all: usize = kinds.iter().map(|cases| cases().len()).sum();
    println!("figure: hostile repositories: {all}");
    assert!(all >= 110, "{all} repositories");
}

/// The recorder sees what is sent, and what the person opens is read.
#[test]
fn what_was_opened_is_sent() {
    let mut world = World::new();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("password"), format!("{OUTSIDE}\n")).unwrap();
    let folder = outside.path().display().to_string();
    let recorder = Recorder::to(Some(world.server().addr()));
    world.vars.insert("WEB_SECRET".to_owned(), GIVEN.to_owned());
    for (source, flag, secret) in [
        (
            "env = \"WEB_SECRET\"".to_owned(),
            ["--allow-env", "WEB_SECRET"],
            GIVEN,
        ),
        (
            format!("file = \"{folder}/password\""),
            ["--allow-file", folder.as_str()],
            OUTSIDE,
        ),
    ] {
        world.write("infra.toml", &server(&format!("password = {{ {source} }}")));
        let (code, told) = run(&world, &["plan"], Some(recorder.address));
        assert_eq!(code, Some(1), "{}", String::from_utf8_lossy(&told));
        recorder.take();
        let arguments = ["apply", "--auto-approve", "--allow-destroy", flag[0], flag[1]];
        let (code, told) = run(&world, &arguments, Some(recorder.address));
        assert_eq!(code, Some(0), "{}", String::from_utf8_lossy(&told));
        assert!(found(secret, &recorder.take()), "{secret} was not sent");
    }
}
