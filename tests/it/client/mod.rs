//! The client as its user meets it: through broken networks, under quotas, with strange answers.

pub(crate) mod relay;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use hmac::{KeyInit as _, Mac as _};

use self::relay::{Fate, Relay, answer};
use crate::harness::{KEY_SECRET, World};

const NETWORK: &str = r#"
[infra]
name = "shop"
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

fn servers(count: usize, more: &str) -> String {
    format!(
        r#"{NETWORK}
[instance.web]
count = {count}
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${{vswitch.main.id}}"
security_group_ids = ["${{security_group.web.id}}"]
{more}
"#
    )
}

/// Sends the binary through a relay.
fn through(world: &mut World, fate: impl Fn(usize, &str) -> Fate + Send + Sync + 'static) -> Relay {
    let relay = Relay::start(world.server().addr(), fate);
    world.vars.insert("INFRA_ENDPOINT".to_owned(), relay.url());
    relay
}

/// Applies until it succeeds, at most four times, then insists on exactly what was asked for.
#[track_caller]
fn converges(fate: impl Fn(usize, &str) -> Fate + Send + Sync + 'static) {
    let mut world = World::new();
    world.write("infra.toml", &servers(8, ""));
    let relay = through(&mut world, fate);
    let runs = (1..=4).find(|_| world.apply().code == Some(0));
    assert!(runs.is_some(), "four runs were not enough");
    let broken = relay.bodies().len();
    assert!(broken > 40, "only {broken} requests came through the relay");
    world.vars.clear();
    let counts = ["instance", "vpc", "vswitch", "security_group"].map(|kind| world.count(kind));
    assert_eq!(counts, [8, 1, 1, 1]);
    world
        .run(&["plan", "--detailed-exitcode"])
        .exits(0)
        .says("No changes");
}

#[test]
fn every_second_request_lost_loses_and_doubles_nothing() {
    converges(|number, _| {
        if number % 2 == 0 {
            Fate::DropRequest
        } else {
            Fate::Pass
        }
    });
}

#[test]
fn every_second_answer_lost_loses_and_doubles_nothing() {
    converges(|number, _| {
        if number % 2 == 0 {
            Fate::DropAnswer
        } else {
            Fate::Pass
        }
    });
}

#[test]
fn every_second_call_answered_503_loses_and_doubles_nothing() {
    converges(|number, _| match number % 2 {
        0 => answer("503 Service Unavailable", "<html>come back later</html>"),
        _ => Fate::Pass,
    });
}

#[test]
fn everything_mixed_loses_and_doubles_nothing() {
    converges(|number, _| match number % 8 {
        0 => Fate::DropRequest,
        2 => Fate::DropAnswer,
        4 => answer(
            "503 Service Unavailable",
            "{\"Code\":\"ServiceUnavailable\",\"Message\":\"x\"}",
        ),
        6 => Fate::Truncate,
        _ => Fate::Pass,
    });
}

#[test]
fn a_quota_is_waited_out_and_never_seen() {
    let world = World::with(|options| options.quotas = vec!["CreateInstance=20/2s".parse().unwrap()]);
    world.write("infra.toml", &servers(60, "status = \"Stopped\""));
    let output = world.apply().exits(0);
    assert!(!output.stderr.contains("error"), "{}", output.stderr);
    assert_eq!(world.count("instance"), 60);
    let refused = world.stats()["errors"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(code, _)| code.starts_with("Throttling"))
        .map(|(_, count)| count.as_u64().unwrap())
        .sum::<u64>();
    assert!((1..120).contains(&refused), "{refused} refusals");
}

/// The parameters of a form body, decoded by other code than the client's.
fn decode(form: &str) -> BTreeMap<String, String> {
    let text = |encoded: &str| {
        let mut bytes = Vec::new();
        let mut rest = encoded.replace('+', " ").into_bytes().into_iter();
        while let Some(byte) = rest.next() {
            if byte == b'%' {
                let pair = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap());
            } else {
                bytes.push(byte);
            }
        }
        String::from_utf8(bytes).unwrap()
    };
    form.split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

#[test]
fn every_signature_of_an_apply_is_recomputed_and_no_nonce_comes_twice() {
    let mut world = World::new();
    let awkward = "name = \"web 01*~测试+%&=/é\"\nuser_data = \"\"\"#!/bin/sh\necho 'a+b=c&d%20~*' \u{2028}\n\"\"\"\n\
                   tags = { \"a b*\" = \"c+d~%\" }";
    world.write("infra.toml", &servers(2, awkward));
    let relay = through(&mut world, |number, _| match number % 5 {
        4 => Fate::DropAnswer,
        _ => Fate::Pass,
    });
    world.apply().exits(0);
    let bodies = relay.bodies();
    assert!(bodies.len() > 15, "{}", bodies.len());
    let mut nonces = BTreeSet::new();
    for body in &bodies {
        let mut params = decode(body);
        let signature = params.remove("Signature").unwrap();
        let pairs: Vec<String> = params
            .iter()
            .map(|(name, value)| {
                format!(
                    "{}={}",
                    crate::harness::encode(name),
                    crate::harness::encode(value)
                )
            })
            .collect();
        let text = format!("POST&%2F&{}", crate::harness::encode(&pairs.join("&")));
        let key = format!("{KEY_SECRET}&");
        let mut mac = hmac::Hmac::<sha1::Sha1>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        let expected = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        assert_eq!(signature, expected, "{}", params["Action"]);
        assert!(
            nonces.insert(params["SignatureNonce"].clone()),
            "a nonce came twice"
        );
    }
    let creates: Vec<_> = bodies
        .iter()
        .map(|body| decode(body))
        .filter(|params| params["Action"] == "CreateInstance")
        .collect();
    assert!(
        creates
            .iter()
            .all(|params| params["InstanceName"].contains("测试+%&=/é"))
    );
}

#[test]
fn answers_that_are_none_are_asked_for_again() {
    for strange in [
        answer("200 OK", ""),
        answer("200 OK", "<html>please log in</html>"),
        answer("200 OK", "{\"RequestId\":\"half"),
        answer("404 Not Found", "<html>no such page</html>"),
        answer("502 Bad Gateway", ""),
        Fate::Truncate,
    ] {
        let mut world = World::new();
        world.write("infra.toml", &servers(1, ""));
        let fate = strange.clone();
        through(
            &mut world,
            move |number, _| if number < 2 { fate.clone() } else { Fate::Pass },
        );
        let output = world.run(&["plan"]).exits(0);
        assert!(
            output.stdout.contains("instance.web"),
            "{strange:?}: {}",
            output.stdout
        );
    }
}

#[test]
fn a_redirect_and_an_endless_body_end_in_clear_errors() {
    let redirect =
        "HTTP/1.1 307 Go\r\nLocation: https://login.example.com/x?y=z\r\nContent-Length: 0\r\n\r\n";
    let mut huge = b"HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n".to_vec();
    huge.resize(200_000_000, b' ');
    for (bytes, words) in [
        (redirect.as_bytes().to_vec(), "login.example.com"),
        (huge, "larger than 16 MiB"),
    ] {
        let mut world = World::new();
        world.write("infra.toml", &servers(1, ""));
        through(&mut world, move |_, _| Fate::Answer(bytes.clone()));
        let output = world.run(&["plan"]).exits(1);
        assert!(output.stderr.contains(words), "{}", output.stderr);
        assert!(!output.stderr.contains("y=z"), "{}", output.stderr);
    }
}

#[test]
fn no_secret_is_in_anything_that_a_traced_run_writes_or_prints() {
    const PASSWORD: &str = "Canary#4711";
    let mut world = World::new();
    world.vars.insert("WEB_PASSWORD".to_owned(), PASSWORD.to_owned());
    world.write("infra.toml", &servers(2, "password = { env = \"WEB_PASSWORD\" }"));
    through(&mut world, |number, _| match number % 4 {
        1 => Fate::DropAnswer,
        _ => Fate::Pass,
    });
    let mut written = String::new();
    for arguments in [
        &["--verbose", "--log-file", "run.log", "apply", "--auto-approve"][..],
        &["--verbose", "--log-file", "run.log", "plan"],
        &["--verbose", "show", "--format", "json"],
    ] {
        let output = world.run(arguments);
        written += &output.stdout;
        written += &output.stderr;
    }
    let mut folders = vec![world.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                written += &String::from_utf8_lossy(&std::fs::read(path).unwrap());
            }
        }
    }
    assert!(written.contains("instance.web"), "{written}");
    for secret in [PASSWORD, KEY_SECRET, "Canary%234711"] {
        assert!(!written.contains(secret), "{secret} is in it");
    }
}
