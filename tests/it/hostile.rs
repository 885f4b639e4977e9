//! Repositories of strangers: whatever stands in one, no byte of a secret of the person who tries it leaves the machine
//! or is printed, no other file is read or written, and nothing waits for ever.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use base64::Engine as _;

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

/// A repository.
struct Case {
    name: &'static str,
    /// `HEAD` alone, or with a whole stack whose server gets these lines.
    text: String,
    files: &'static [(&'static str, &'static str)],
    /// Link and what it points to; `OUT/` and `HOME/` are places outside.
    links: &'static [(&'static str, &'static str)],
    fifo: Option<&'static str>,
    /// The code with which `validate` refuses it; none if there is nothing wrong with it.
    code: Option<&'static str>,
}

const HEAD: &str = "[infra]\nname = \"x\"\nregion = \"cn-hangzhou\"\n";

fn case(name: &'static str, text: String, code: &'static str) -> Case {
    Case {
        name,
        text,
        files: &[],
        links: &[],
        fifo: None,
        code: (!code.is_empty()).then_some(code),
    }
}

/// A stack whose server has these lines.
fn server(lines: &str) -> String {
    format!(
        "{HEAD}[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n\
         [vswitch.main]\nvpc_id = \"${{vpc.main.id}}\"\nzone_id = \"cn-hangzhou-h\"\ncidr_block = \"10.0.1.0/24\"\n\
         [security_group.web]\nvpc_id = \"${{vpc.main.id}}\"\n\
         [instance.web]\ninstance_type = \"ecs.t6-c1m1.large\"\n\
         image_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\nvswitch_id = \"${{vswitch.main.id}}\"\n\
         security_group_ids = [\"${{security_group.web.id}}\"]\n{lines}\n"
    )
}

/// The same behind `[infra]` with more tables or keys in front.
fn with(before: &str, lines: &str) -> String {
    server(lines).replacen(HEAD, &format!("{HEAD}{before}\n"), 1)
}

fn linked(name: &'static str, text: String, links: &'static [(&str, &str)], code: &'static str) -> Case {
    Case {
        links,
        ..case(name, text, code)
    }
}

fn filed(name: &'static str, text: String, files: &'static [(&str, &str)], code: &'static str) -> Case {
    Case {
        files,
        ..case(name, text, code)
    }
}

fn variables() -> Vec<Case> {
    let password = |name: &str| server(&format!("password = {{ env = \"{name}\" }}"));
    vec![
        case(
            "the key's own secret",
            password("ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
            "E0412",
        ),
        case(
            "the old name of the secret",
            password("ALICLOUD_SECRET_KEY"),
            "E0412",
        ),
        case("a token", password("GITHUB_TOKEN"), "E0412"),
        case(
            "another cloud's secret",
            password("AWS_SECRET_ACCESS_KEY"),
            "E0412",
        ),
        case("an api key", password("OPENAI_API_KEY"), "E0412"),
        case(
            "a token by way of a variable",
            with(
                "[var.name]\ndefault = \"GITHUB_TOKEN\"",
                "password = { env = \"${var.name}\" }",
            ),
            "E0412",
        ),
        case(
            "a token in two halves",
            with(
                "[local]\nhalf = \"GITHUB_\"",
                "password = { env = \"${local.half}TOKEN\" }",
            ),
            "E0412",
        ),
        case("something that is no password", password("PATH"), ""),
        case("a name with an equals sign", password("A=B"), ""),
    ]
}

fn files() -> Vec<Case> {
    let password = |path: &str| server(&format!("password = {{ file = \"{path}\" }}"));
    let data = |path: &str| server(&format!("user_data_file = \"{path}\""));
    let mut cases = vec![
        case(
            "a password from an absolute path",
            password("OUT/secret.txt"),
            "E0409",
        ),
        case("a password from above", password("../out/secret.txt"), "E0409"),
        case(
            "a password from above by a detour",
            password("env/../../out/secret.txt"),
            "E0409",
        ),
        case(
            "a password from the process",
            password("/proc/self/environ"),
            "E0409",
        ),
        case("a password from a device", password("/dev/stdin"), "E0409"),
        case("a password from the home", password("~/.ssh/id"), ""),
        case(
            "a password from a backslash path",
            password("..\\\\out\\\\secret.txt"),
            "E0409",
        ),
        case(
            "a password from above by way of a variable",
            with(
                "[var.up]\ndefault = \"..\"",
                "password = { file = \"${var.up}/out/secret.txt\" }",
            ),
            "E0409",
        ),
        linked(
            "a password behind a link",
            password("link"),
            &[("link", "OUT/secret.txt")],
            "E0409",
        ),
        linked(
            "a password behind a linked folder",
            password("dir/secret.txt"),
            &[("dir", "OUT")],
            "E0409",
        ),
        linked(
            "a password behind two links",
            password("a"),
            &[("a", "b"), ("b", "HOME/.ssh/id")],
            "E0409",
        ),
        case("user data from an absolute path", data("HOME/.ssh/id"), "E0409"),
        case("user data from above", data("../home/.ssh/id"), "E0409"),
        case("user data from the process", data("/proc/self/environ"), "E0409"),
        linked(
            "user data behind a link",
            data("link"),
            &[("link", "HOME/.ssh/id")],
            "E0409",
        ),
        linked(
            "user data behind a linked folder",
            data("dir/id"),
            &[("dir", "HOME/.ssh")],
            "E0409",
        ),
        linked(
            "user data from a linked device",
            data("zero"),
            &[("zero", "/dev/zero")],
            "E0409",
        ),
        linked(
            "a configuration that is a link",
            HEAD.to_owned(),
            &[("more.infra.toml", "HOME/.aliyun/config.json")],
            "E0102",
        ),
        linked(
            "a configuration of the process",
            HEAD.to_owned(),
            &[("more.infra.toml", "/proc/self/environ")],
            "E0102",
        ),
        linked(
            "a configuration on a device",
            HEAD.to_owned(),
            &[("more.infra.toml", "/dev/zero")],
            "E0102",
        ),
        linked(
            "an environment that is a link",
            format!("{HEAD}default_env = \"prod\"\n"),
            &[("env/prod.toml", "OUT/secret.txt")],
            "E0102",
        ),
        linked(
            "environments that are a link",
            format!("{HEAD}default_env = \"secret\"\n"),
            &[("env", "OUT")],
            "E0102",
        ),
        linked(
            "a root that is a link",
            String::new(),
            &[("infra.toml", "HOME/.aliyun/config.json")],
            "E0102",
        ),
        linked("a state elsewhere", server(""), &[(".infra", "OUT")], ""),
        linked("states elsewhere", server(""), &[(".infra/state", "OUT")], ""),
    ];
    for (name, file, text, code) in [
        ("a password from a pipe", "pipe", password("pipe"), "E0409"),
        ("user data from a pipe", "pipe", data("pipe"), "E0409"),
        (
            "a configuration that is a pipe",
            "more.infra.toml",
            HEAD.to_owned(),
            "E0102",
        ),
    ] {
        cases.push(Case {
            fifo: Some(file),
            ..case(name, text, code)
        });
    }
    cases
}

fn endpoints() -> Vec<Case> {
    [
        ("an endpoint on this machine", "http://127.0.0.1:PORT"),
        ("an endpoint called localhost", "http://localhost:PORT"),
        ("an endpoint with a user", "http://user@127.0.0.1:PORT"),
        (
            "an endpoint of a stranger",
            "https://ecs.cn-hangzhou.aliyuncs.com.evil.invalid",
        ),
        (
            "an endpoint of a customer",
            "https://mine.cn-hangzhou.fc.aliyuncs.com",
        ),
        (
            "an endpoint that only looks right",
            "https://ecs.cn-hangzhou.aliyuncs.com:PORT",
        ),
        ("an endpoint in a variable", "${var.where}"),
    ]
    .into_iter()
    .map(|(name, endpoint)| {
        case(
            name,
            with(
                &format!("endpoint = \"{endpoint}\"\n[var.where]\ndefault = \"http://127.0.0.1:PORT\""),
                "",
            ),
            "E0414",
        )
    })
    .collect()
}

/// Mistakes on lines with a secret, or next to one.
fn lines() -> Vec<Case> {
    let line = |line: &str| server(&line.replace("LINE", LINE));
    let variable = |text: &str, lines: &str| with(&text.replace("LINE", LINE), lines);
    const SENSITIVE: &str = "[var.db]\nsensitive = true\ndefault = \"LINE\"";
    const ENV: &[(&str, &str)] = &[("env/prod.toml", "db = Canary-Line-6u\n")];
    vec![
        case("a password", line("password = \"LINE\""), "E0411"),
        case("a password without quotes", line("password = LINE"), "E0111"),
        case(
            "a password whose text is not closed",
            line("password = \"LINE"),
            "E0111",
        ),
        case(
            "a password in the wrong table",
            line("password = { text = \"LINE\" }"),
            "E0201",
        ),
        case(
            "a password twice",
            line("password = \"LINE\"\npassword = \"LINE\""),
            "E0206",
        ),
        case("a misspelt password", line("pasword = \"LINE\""), "E0201"),
        case(
            "a misspelt password without quotes",
            line("passwrod = LINE"),
            "E0111",
        ),
        case(
            "a misspelt password in words",
            line("pass word = \"LINE\""),
            "E0111",
        ),
        case("a password in capitals", line("PASSWORD = LINE"), "E0111"),
        case("a key that sounds secret", line("root_secret = LINE"), "E0111"),
        case("a token without a sign", line("token \"LINE\""), "E0111"),
        case("a password behind a colon", line("password: LINE"), "E0111"),
        case(
            "a password in a comment",
            line("zone_id = 3 # password: LINE"),
            "E0203",
        ),
        case(
            "a password as the type",
            line("status = \"x\", password = \"LINE\""),
            "E0111",
        ),
        case("a password as a tag", line("tags = { password = LINE }"), "E0111"),
        case(
            "a secret in [infra]",
            variable("access_key_secret = LINE", ""),
            "E0111",
        ),
        case(
            "a sensitive variable as a name",
            variable(SENSITIVE, "name = \"${var.db}\""),
            "E0313",
        ),
        case(
            "a sensitive variable as a word",
            variable(SENSITIVE, "instance_charge_type = \"${var.db}\""),
            "E0313",
        ),
        case(
            "a sensitive variable as a project",
            variable(SENSITIVE, "").replace("name = \"x\"", "name = \"${var.db}\""),
            "E0313",
        ),
        case(
            "a sensitive default without quotes",
            variable("[var.db]\nsensitive = true\ndefault = LINE", ""),
            "E0111",
        ),
        case(
            "a sensitive default that is known only later",
            variable("[var.db]\ndefault = LINE\nsensitive = true", ""),
            "E0111",
        ),
        case(
            "a sensitive default in one line",
            variable("[var]\ndb = { sensitive = true, default = LINE }", ""),
            "E0111",
        ),
        case(
            "a sensitive default of the wrong type",
            variable(
                "[var.db]\nsensitive = true\ntype = \"integer\"\ndefault = \"LINE\"",
                "",
            ),
            "E0504",
        ),
        case(
            "a sensitive value that is not allowed",
            variable(
                "[var.db]\nsensitive = true\ndefault = \"other\"\nallowed = [\"LINE\"]",
                "",
            ),
            "E0504",
        ),
        filed(
            "a sensitive value in an environment",
            variable(&format!("default_env = \"prod\"\n{SENSITIVE}"), ""),
            ENV,
            "E0111",
        ),
        filed(
            "a sensitive value of a name that does not exist",
            variable("default_env = \"prod\"", ""),
            &[("env/prod.toml", "db_token = \"Canary-Line-6u\"\n")],
            "E0502",
        ),
        case(
            "a sensitive output",
            variable(
                SENSITIVE,
                "[output]\ndb = { value = \"${var.db}\", sensitive = true }",
            ),
            "",
        ),
        case(
            "a sensitive output that nobody called so",
            variable(SENSITIVE, "[output]\ndb = \"${var.db}\""),
            "",
        ),
    ]
}

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
        let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
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
fn the_corpus_is_large() {
    let all = variables().len() + files().len() + endpoints().len() + lines().len();
    assert!(all >= 60, "{all} repositories");
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
