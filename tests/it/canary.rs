//! Secrets in every place where a user may put one, and whole days of work with them, good and bad: not one is in
//! anything that is printed or written.
//!
//! `INFRA_CANARIES=200 cargo test --test it canary -- --nocapture` tries that many days.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::harness::{World, encode};

/// How many days plain `cargo test` tries.
const USUAL: usize = 8;
/// Days at the same time: most of a run is waiting for the cloud.
const AT_ONCE: usize = 40;

/// What goes wrong on a day.
const FAULTS: &[&str] = &[
    "*:drop-answer%20",
    "*:drop-request%20",
    "*:5xx%20",
    "*:duplicate%30",
    "*:throttle@2",
    "CreateInstance:refuse=OperationDenied.NoStock",
    "CreateInstance:refuse=InvalidPassword.Malformed",
    "DescribeInstances:refuse=Forbidden.RAM/403",
    "StartInstance:refuse=InternalError/500@1",
];

/// The secrets of one day, in files and variables that are the user's own.
struct Secrets(Vec<String>);

impl Secrets {
    fn new(day: usize) -> Secrets {
        let name = |kind: &str| format!("Cnry{day:03}{kind}+/&=%7E \"'Zq7");
        Secrets(
            ["Key", "Token", "Pass", "File", "Plain", "Var", "Out"]
                .map(name)
                .into(),
        )
    }

    fn get(&self, kind: &str) -> &str {
        self.0.iter().find(|secret| secret.contains(kind)).unwrap()
    }

    /// Where one of them shows in a text: as it is, or as files, addresses and signatures write it.
    fn found_in(&self, text: &str) -> Option<String> {
        self.0.iter().find_map(|secret| {
            let json = serde_json::to_string(secret).unwrap();
            // The words in the middle of it, which no quoting changes, and all of it in other writings.
            let core = &secret[..secret.find('+').unwrap()];
            let base64 = STANDARD.encode(secret);
            let forms = [
                core.to_owned(),
                secret.clone(),
                json[1..json.len() - 1].to_owned(),
                encode(secret),
                encode(&encode(secret)),
                base64[..base64.len() - 4].to_owned(),
                STANDARD.encode(format!("{secret}&"))[..base64.len() - 4].to_owned(),
                secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
            ];
            let found = forms.into_iter().find(|form| text.contains(form.as_str()))?;
            Some(format!("{secret:?} as {found:?}"))
        })
    }
}

fn config(secrets: &Secrets, kind: &str, password: &str) -> String {
    format!(
        r#"
[infra]
name = "canary"
region = "cn-hangzhou"

[var.secret]
sensitive = true
default = '{}'

[output.told]
value = "${{var.secret}} and ${{instance.web.id}}"
sensitive = true

[vpc.main]
cidr_block = "10.0.0.0/16"

[vswitch.main]
vpc_id = "${{vpc.main.id}}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.0.0/20"

[security_group.web]
vpc_id = "${{vpc.main.id}}"

[instance.web]
instance_type = "{kind}"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${{vswitch.main.id}}"
security_group_ids = ["${{security_group.web.id}}"]
{password}
"#,
        secrets.get("Out").replace('\'', "")
    )
}

/// One day: work, mistakes and mishaps.
fn day(number: usize) -> Result<usize, String> {
    let secrets = Secrets::new(number);
    let mut world = World::with(|options| {
        let mut pair = infra::sim::KeyPair::new("LTAI-canary", secrets.get("Key"));
        pair.security_token = Some(secrets.get("Token").to_owned());
        options.key_pairs = vec![pair];
        options.seed = Some(number as u64);
        if !number.is_multiple_of(3) {
            options
                .faults
                .push(FAULTS[number % FAULTS.len()].parse().unwrap());
        }
    });
    for (name, value) in [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI-canary"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secrets.get("Key")),
        ("ALIBABA_CLOUD_SECURITY_TOKEN", secrets.get("Token")),
        ("WEB_PASSWORD", secrets.get("Pass")),
    ] {
        world.vars.insert(name.to_owned(), value.to_owned());
    }
    world.write("secret.txt", secrets.get("File"));
    let said = Mutex::new(String::new());
    let runs = AtomicUsize::new(0);
    let run = |world: &World, arguments: &[&str]| {
        let output = world.run(arguments);
        runs.fetch_add(1, Ordering::Relaxed);
        let said = &mut *said.lock().unwrap();
        let (command, code) = (arguments[0], output.code);
        said.push_str(&format!(
            "\n$ infra {command}: {code:?}\n{}{}",
            output.stdout, output.stderr
        ));
        assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
    };
    let by_variable = "password = { env = \"WEB_PASSWORD\" }";
    let by_file = "password = { file = \"secret.txt\" }";
    let written_here = format!("password = '{}'", secrets.get("Plain").replace('\'', ""));
    let (first, second) = [(by_variable, by_file), (by_file, by_variable)][number % 2];
    // A password that is written into the file, and one in a file that cannot be read any further.
    for text in [
        written_here.clone(),
        format!("{written_here}\n[["),
        written_here.replace(" = ", " "),
    ] {
        world.write("infra.toml", &config(&secrets, "ecs.g7.large", &text));
        run(
            &world,
            &["validate", "--format", ["text", "json", "github"][number % 3]],
        );
        run(&world, &["plan"]);
    }
    world.write("infra.toml", &config(&secrets, "ecs.g7.large", first));
    let variable = format!("secret={}", secrets.get("Var"));
    run(&world, &["validate", "-v", &variable]);
    run(&world, &["plan", "-v", &variable, "--verbose"]);
    run(&world, &["plan", "-v", &variable, "--json"]);
    let apply = ["apply", "--auto-approve", "--allow-destroy", "-v", &variable];
    run(
        &world,
        &[
            &apply[..],
            &["--verbose", "--log-file", "run.log", "--json-file", "events.json"],
        ]
        .concat(),
    );
    run(
        &world,
        &[&apply[..], &["--json", "--log-file", "again.log"]].concat(),
    );
    world.write("infra.toml", &config(&secrets, "ecs.g7.xlarge", second));
    run(&world, &["plan", "-v", &variable, "--verbose"]);
    run(&world, &apply);
    for arguments in [
        &["show"][..],
        &["show", "instance.web", "--format", "json"],
        &["output"],
        &["output", "--json"],
        &["state", "list"],
        &["state", "show", "instance.web"],
        &["state", "pull"],
        &["state", "restore", "--list"],
        &["import", "instance.web", "i-none"],
        &["unlock"],
        &["schema"],
        &["--nonsense"],
    ] {
        run(&world, arguments);
    }
    // Keys that do not fit: the answer quotes what was signed.
    let key = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
    let good = world
        .vars
        .insert(key.to_owned(), format!("{}x", secrets.get("Key")))
        .unwrap();
    run(&world, &["plan", "--verbose"]);
    world.vars.insert(key.to_owned(), good);
    world.vars.remove("WEB_PASSWORD");
    run(&world, &["apply", "--auto-approve"]);
    run(
        &world,
        &["destroy", "--auto-approve", "--allow-destroy", "--verbose"],
    );
    run(&world, &["state", "pull"]);
    let said = said.into_inner().unwrap();
    if let Some(found) = secrets.found_in(&said) {
        return Err(format!("day {number}: {found} was printed:\n{said}"));
    }
    if !said.contains("vpc.main") {
        return Err(format!("day {number}: nothing was done:\n{said}"));
    }
    look_into(world.path(), &secrets).map_err(|found| format!("day {number}: {found}"))?;
    Ok(runs.into_inner())
}

/// Every file but the two that the user wrote.
fn look_into(folder: &Path, secrets: &Secrets) -> Result<(), String> {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look_into(&path, secrets)?;
        } else if !path.ends_with("infra.toml") && !path.ends_with("secret.txt") {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            if let Some(found) = secrets.found_in(&text) {
                return Err(format!("{found} is in {}", path.display()));
            }
        }
    }
    Ok(())
}

#[test]
fn no_canary_is_in_anything_that_is_printed_or_written() {
    let days = std::env::var("INFRA_CANARIES").map_or(USUAL, |days| days.parse().unwrap());
    let (next, runs) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let hits = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= days {
                        break;
                    }
                    match day(number) {
                        Ok(more) => {
                            runs.fetch_add(more, Ordering::Relaxed);
                        }
                        Err(hit) => hits.lock().unwrap().push(hit),
                    }
                }
            });
        }
    });
    let hits = hits.into_inner().unwrap();
    println!(
        "figure: canaries: {days} days of {} commands, {} hits",
        runs.into_inner(),
        hits.len()
    );
    assert!(hits.is_empty(), "{}", hits.join("\n\n"));
}

#[test]
fn a_canary_would_be_seen() {
    let secrets = Secrets::new(7);
    assert!(secrets.found_in("nothing of that kind").is_none());
    for text in [
        format!("x{}y", secrets.get("Key")),
        encode(secrets.get("Token")),
        STANDARD.encode(secrets.get("Pass")),
        serde_json::to_string(secrets.get("Plain")).unwrap(),
    ] {
        assert!(secrets.found_in(&text).is_some(), "{text}");
    }
}
