//! Saved plans: exactly what was reviewed is done, once, or nothing; and what has moved is named.

use std::path::PathBuf;

use hmac::{KeyInit as _, Mac as _};
use infra::sim;
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::harness::{Output, World};

const STACK: &str = r#"[infra]
name = "shop"

[var.size]
type = "string"
default = "ecs.t6-c1m1.large"

[vpc.main]
cidr_block = "10.0.0.0/16"
name = "first"

[vswitch.main]
vpc_id = "${vpc.main.id}"
zone_id = "${infra.region}-h"
cidr_block = "10.0.16.0/20"

[security_group.web]
vpc_id = "${vpc.main.id}"

[instance.web]
name = "web"
instance_type = "${var.size}"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.main.id}"
security_group_ids = ["${security_group.web.id}"]
password = { env = "WEB_PW" }
user_data_file = "init.sh"
"#;

const PASSWORD: &str = "Canary-Zq7-old";
const SCRIPT: &str = "#!/bin/sh\necho canary-script\n";

/// A folder with the stack, in a cloud that may have a second account.
fn fresh() -> World {
    let mut world = World::with(|options| {
        options
            .key_pairs
            .push(sim::KeyPair::new("LTAI-other", "other-secret-Zq7"));
    });
    world.write("infra.toml", STACK).write("init.sh", SCRIPT);
    world.vars.insert("WEB_PW".to_owned(), PASSWORD.to_owned());
    world
        .vars
        .insert("ALIBABA_CLOUD_REGION_ID".to_owned(), "cn-hangzhou".to_owned());
    world
}

/// The same where the stack is there.
fn running() -> World {
    let world = fresh();
    world.apply().exits(0);
    world
}

fn set(world: &mut World, name: &str, value: &str) {
    world.vars.insert(name.to_owned(), value.to_owned());
}

/// Changes the file and saves a plan.
fn plan(world: &World, from: &str, to: &str) {
    let text = world.read("infra.toml");
    assert!(text.contains(from), "{from}");
    world.write("infra.toml", &text.replace(from, to));
    world.run(&["plan", "-o", "p.plan"]).exits(0).says("p.plan");
}

fn apply(world: &World) -> Output {
    world.run(&["apply", "p.plan"])
}

fn path(world: &World) -> PathBuf {
    world.path().join("p.plan")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Changes what stands in the plan, and writes it as somebody would who has the key of the state, or has none.
fn edit(world: &World, with_key: bool, change: impl FnOnce(&mut Value)) {
    let text = std::fs::read_to_string(path(world)).unwrap();
    let mut lines = text.splitn(3, '\n');
    let (_, seal, body) = (lines.next(), lines.next().unwrap(), lines.next().unwrap());
    let mut body: Value = serde_json::from_str(body).unwrap();
    change(&mut body);
    let body = body.to_string();
    let mut seal = seal.to_owned();
    if with_key {
        let state: Value = serde_json::from_str(&world.read(".infra/state/default.json")).unwrap();
        let key = base64::Engine::decode(
            &base64::engine::general_purpose::STANDARD,
            state["hash_key"].as_str().unwrap(),
        );
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key.unwrap()).unwrap();
        mac.update(body.as_bytes());
        seal = format!("hmac-sha256:{}", hex(&mac.finalize().into_bytes()));
    }
    let rest = format!("{seal}\n{body}\n");
    let digest = hex(&sha2::Sha256::digest(rest.as_bytes()));
    std::fs::write(path(world), format!("infra-plan sha256:{digest}\n{rest}")).unwrap();
}

/// Everything that changes something.
fn changing_requests(world: &World) -> u64 {
    let stats = world.stats();
    let products = stats["requests"]["by_product"].as_object().unwrap();
    products
        .values()
        .flat_map(|actions| actions.as_object().unwrap())
        .filter(|(name, _)| {
            !["Describe", "List", "Get"]
                .iter()
                .any(|read| name.starts_with(read))
        })
        .map(|(_, count)| count.as_u64().unwrap())
        .sum()
}

/// Everything of a kind, in either account.
fn rows(world: &World, kind: &str) -> Vec<Value> {
    let inventory = world.inventory();
    let accounts = inventory["accounts"].as_array().unwrap();
    let rows = accounts.iter().filter_map(|account| account[kind].as_array());
    rows.flatten().cloned().collect()
}

fn count(world: &World, kind: &str) -> usize {
    rows(world, kind).len()
}

fn id(world: &World, kind: &str) -> String {
    rows(world, kind)[0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn what_was_reviewed_is_done_once_and_nobody_is_asked() {
    let world = fresh();
    let planned = world
        .run(&["plan", "-o", "p.plan"])
        .exits(0)
        .says("4 to create")
        .says("sha256:");
    assert_eq!(count(&world, "vpc"), 0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path(&world)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let digest = planned
        .stdout
        .lines()
        .find(|line| line.contains("sha256:"))
        .unwrap()
        .trim();
    world
        .run(&["show", "p.plan"])
        .exits(0)
        .says(digest)
        .says("+ create   instance.web");
    apply(&world).exits(0).says(digest);
    assert_eq!((count(&world, "instance"), count(&world, "vpc")), (1, 1));
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    let sent = changing_requests(&world);
    apply(&world).exits(7).tells("E0533").tells("serial");
    assert_eq!(changing_requests(&world), sent);
    // It can still be looked at.
    world
        .run(&["show", "p.plan"])
        .exits(0)
        .tells("cannot be applied any more")
        .says(digest);
    // A new plan takes its place.
    world.run(&["plan", "-o", "p.plan"]).exits(0);
    apply(&world).exits(0).says("No changes");
}

#[test]
fn losses_need_no_flag_when_they_were_reviewed() {
    let world = running();
    plan(&world, "region}-h", "region}-i");
    world.apply().exits(5);
    let before = id(&world, "instance");
    apply(&world).exits(0);
    assert_ne!(id(&world, "instance"), before);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    world.run(&["plan", "--destroy", "-o", "p.plan"]).exits(0);
    apply(&world).exits(0);
    assert_eq!(count(&world, "instance"), 0);
}

#[test]
fn no_secret_and_no_script_stands_in_a_plan() {
    let world = fresh();
    world.run(&["plan", "-o", "p.plan"]).exits(0);
    for canary in ["Canary-Zq7", "canary-script", crate::harness::KEY_SECRET] {
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, SCRIPT);
        let text = world.read("p.plan");
        assert!(!text.contains(canary) && !text.contains(&encoded), "{canary}");
    }
    world
        .run(&["show", "p.plan"])
        .exits(0)
        .says("2 lines")
        .says("(sensitive)");
}

#[test]
fn what_is_no_plan_is_never_written_over_and_never_read() {
    let world = fresh();
    world.run(&["plan", "-o", "infra.toml"]).exits(1).tells("E0535");
    assert_eq!(world.read("infra.toml"), STACK);
    world
        .run(&["plan", "-o", "no/such/folder.plan"])
        .exits(1)
        .tells("E0535");
    world.run(&["apply", "infra.toml"]).exits(1).tells("E0534");
    world.run(&["apply", "nothing.plan"]).exits(1).tells("E0534");
    world.run(&["show", "infra.toml"]).exits(1).tells("E0534");
    world.run(&["apply", "p.plan", "--take-over"]).exits(64);
}

#[test]
fn a_plan_that_somebody_has_changed_is_refused() {
    let world = running();
    plan(&world, "name = \"first\"", "name = \"second\"");
    let sound = std::fs::read(path(&world)).unwrap();
    let bits = sound.len() * 8;
    for bit in (0..bits).step_by(bits / 24) {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(path(&world), &flipped).unwrap();
        apply(&world).exits(1).tells("E0534");
        world.run(&["show", "p.plan"]).exits(1).tells("E0534");
    }
    std::fs::write(path(&world), &sound).unwrap();
    let grow = |body: &mut Value| body["request"]["destroy"] = true.into();
    edit(&world, false, grow);
    apply(&world).exits(1).tells("E0534");
    world.run(&["show", "p.plan"]).exits(1).tells("E0534");
    // Whoever has the key is the owner; even then nothing is sent that was not planned from what was seen.
    edit(&world, true, grow);
    apply(&world).exits(7).tells("something else");
    assert_eq!(count(&world, "vpc"), 1);
}

/// What has moved between the plan and its apply, and the words that name it.
type Cause = (&'static str, fn(&mut World), &'static str);

#[rustfmt::skip]
const CAUSES: &[Cause] = &[
    ("the format", |world| edit(world, true, |body| body["format"] = 2.into()), "format 2"),
    ("the version", |world| edit(world, true, |body| body["basis"]["tool"] = "0.0.9".into()), "infra 0.0.9"),
    ("the project", |world| {
        let text = world.read("infra.toml");
        world.write("infra.toml", &text.replace("\"shop\"", "\"other\""));
    }, "project shop"),
    ("the environment", |world| {
        world.write("env/prod.toml", "");
        set(world, "INFRA_ENV", "prod");
    }, "environment default"),
    ("the account", |world| {
        set(world, "ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI-other");
        set(world, "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "other-secret-Zq7");
    }, "account"),
    ("the region", |world| set(world, "ALIBABA_CLOUD_REGION_ID", "cn-beijing"), "region cn-hangzhou"),
    ("the endpoint", |world| {
        let url = world.server().url().replace("127.0.0.1", "localhost");
        set(world, "INFRA_ENDPOINT", &url);
    }, "endpoint"),
    ("the lineage", |world| {
        std::fs::remove_dir_all(world.path().join(".infra")).unwrap();
    }, "lineage"),
    ("the serial", |world| {
        let text = world.read("infra.toml");
        world.write("infra.toml", &text.replace("\"web\"", "\"web-2\""));
        world.apply().exits(0);
        world.write("infra.toml", &text);
    }, "used in between"),
    ("the state", |world| {
        let before = world.read(".infra/state/default.json");
        world.run(&["state", "rm", "instance.web"]).exits(0);
        assert_ne!(before, world.read(".infra/state/default.json"));
    }, "infra state rm"),
    ("a file", |world| {
        let text = world.read("infra.toml");
        world.write("infra.toml", &(text + "# a remark\n"));
    }, "infra.toml has changed"),
    ("a file more", |world| { world.write("more.infra.toml", ""); }, "more.infra.toml was not there"),
    ("a file less", |world| std::fs::remove_file(world.path().join("kept.infra.toml")).unwrap(), "kept.infra.toml is not there any more"),
    ("a script", |world| { world.write("init.sh", "#!/bin/sh\n"); }, "init.sh has changed"),
    ("a variable", |world| set(world, "INFRA_VAR_size", "ecs.g7.large"), "the variable size has changed"),
    ("a secret", |world| set(world, "WEB_PW", "Canary-Zq7-new"), "the secret from env WEB_PW has changed"),
    ("a secret less", |world| drop(world.vars.remove("WEB_PW")), "the secret from env WEB_PW is not there any more"),
    ("its age", |world| edit(world, true, |body| body["basis"]["made_at"] = "2026-01-01T00:00:00Z".into()), "hours old"),
    ("its youth", |world| edit(world, true, |body| body["basis"]["made_at"] = "2226-01-01T00:00:00Z".into()), "in the future"),
    ("an object that is changed", |world| {
        let vpc = id(world, "vpc");
        world.call("Vpc", "ModifyVpcAttribute", &[("RegionId", "cn-hangzhou"), ("VpcId", &vpc), ("VpcName", "theirs")]);
    }, "has name = \"theirs\""),
    ("an object that is removed", |world| {
        let server = id(world, "instance");
        world.call("Ecs", "ModifyInstanceAttribute", &[("InstanceId", &server), ("InstanceName", "theirs")]);
    }, "has name = \"theirs\""),
    ("an object that is removed and gone", |world| {
        let server = id(world, "instance");
        world.call("Ecs", "DeleteInstance", &[("InstanceId", &server), ("Force", "true")]);
    }, "is gone"),
    ("somebody's tags", |world| {
        let vpc = id(world, "vpc");
        world.call("Vpc", "TagResources", &[
            ("RegionId", "cn-hangzhou"), ("ResourceType", "VPC"), ("ResourceId.1", &vpc),
            ("Tag.1.Key", "infra:stack"), ("Tag.1.Value", "theirs"),
        ]);
    }, "tags of infra"),
];

/// A text without the breaks of its lines.
fn unbroken(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Twenty-three ways in which the world can move, each refused with exit 7 and the thing named; nothing is changed.
#[test]
fn every_cause_of_staleness_is_refused_and_named() {
    assert!(CAUSES.len() >= 20);
    for (cause, moves, words) in CAUSES {
        let mut world = running();
        world.write("kept.infra.toml", "");
        // The network is renamed and the server removed.
        let text = world.read("infra.toml");
        let without = text.split("[instance.web]").next().unwrap().to_owned();
        let server = text.replace("name = \"first\"", "name = \"second\"");
        let is_removal = cause.contains("removed");
        world.write("infra.toml", if is_removal { &without } else { &server });
        world.run(&["plan", "-o", "p.plan"]).exits(0);
        moves(&mut world);
        let sent = changing_requests(&world);
        let refused = apply(&world);
        let told = format!(
            "{cause}: exit {:?}\n{}\n{}",
            refused.code, refused.stdout, refused.stderr
        );
        assert_eq!(refused.code, Some(7), "{told}");
        assert!(
            refused.stderr.contains("E0533") && unbroken(&refused.stderr).contains(words),
            "{told}"
        );
        assert!(!refused.stderr.contains("Canary-Zq7"), "{told}");
        assert_eq!(changing_requests(&world), sent, "{told}");
    }
}

#[test]
fn a_plan_on_nothing_is_not_applied_twice() {
    let world = fresh();
    world.run(&["plan", "-o", "p.plan"]).exits(0);
    let state: Value = serde_json::from_str(&world.read(".infra/state/default.json")).unwrap();
    assert_eq!(state["serial"], json!(0));
    assert_eq!(state["resources"], json!({}));
    std::fs::copy(path(&world), world.path().join("q.plan")).unwrap();
    apply(&world).exits(0);
    world.run(&["apply", "q.plan"]).exits(7);
    assert_eq!(count(&world, "vpc"), 1);
}
