//! Plans to look at in tests.

use std::sync::Arc;
use std::time::Duration;

use super::header::Header;
use crate::address::{Address, Object};
use crate::change::{AttributeChange, Change, Drift, Fate, OutputChange};
use crate::diagnostic::{Diagnostic, Location, codes};
use crate::event::Event;
use crate::plan::Plan;
use crate::step::Step;
use crate::task::{Phase, Task};
use crate::value::{Attributes, Reference, SecretSource, Value};

pub(super) fn header() -> Header {
    Header {
        command: "plan",
        project: "shop".to_owned(),
        environment: Some("prod".to_owned()),
        region: "cn-hangzhou".to_owned(),
        cloud: "Alibaba Cloud".to_owned(),
        account: Some("1034567890127781".to_owned()),
        credentials: "profile default".to_owned(),
        files: vec!["infra.toml".to_owned(), "network.infra.toml".to_owned()],
        checked: 9,
        elapsed: Duration::from_millis(1412),
        saved: None,
        next: Some("infra apply".to_owned()),
    }
}

pub(super) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub(super) fn at(file: &str, line: usize) -> Location {
    Location {
        file: Arc::from(file),
        start: 0,
        end: 0,
        line,
        column: 1,
    }
}

pub(super) fn change(fate: Fate, of: &str) -> Change {
    Change::new(&address(of), fate)
}

/// As many resources that stay.
pub(super) fn kept(count: usize) -> impl Iterator<Item = Change> {
    (0..count).map(|index| change(Fate::Keep, &format!("vpc.kept[{index}]")))
}

pub(super) fn attribute(path: &str, before: Option<Value>, after: Option<Value>) -> AttributeChange {
    AttributeChange {
        path: path.to_owned(),
        before,
        after,
        forces_replacement: false,
        sensitive: false,
        is_text: false,
    }
}

pub(super) fn set(path: &str, value: impl Into<Value>) -> AttributeChange {
    attribute(path, None, Some(value.into()))
}

pub(super) fn text(value: &str) -> Option<Value> {
    Some(Value::from(value))
}

pub(super) fn unknown() -> Option<Value> {
    Some(Value::from(Reference {
        address: address("vpc.main"),
        attribute: "id".to_owned(),
    }))
}

pub(super) fn rule(port: &str, from: &str, priority: i64) -> Value {
    Value::Map(Attributes::from([
        ("port_range".to_owned(), Value::from(port)),
        ("ip_protocol".to_owned(), Value::from("TCP")),
        ("source_cidr_ip".to_owned(), Value::from(from)),
        ("policy".to_owned(), Value::from("accept")),
        ("priority".to_owned(), Value::from(priority)),
    ]))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A plan with something of everything.
pub(super) fn plan() -> Plan {
    Plan {
        changes: [deleted(), replaced(), updated(), created(), group()]
            .into_iter()
            .chain(kept(5))
            .collect(),
        drift: vec![
            Drift {
                address: address("instance.web[1]"),
                path: "instance_type".to_owned(),
                remembered: text("ecs.g7.large"),
                observed: text("ecs.g7.xlarge"),
                effect: "this plan changes it back".into(),
            },
            Drift {
                address: address("instance.web[1]"),
                path: "tags.负责人".to_owned(),
                remembered: None,
                observed: text("李雷 (运维)"),
                effect: "not managed, stays".into(),
            },
        ],
        outputs: vec![
            OutputChange {
                name: "web_ips".to_owned(),
                before: Some(Value::List(vec!["47.98.1.1".into()])),
                after: Some(Value::List(vec!["47.98.1.1".into(), Value::Token])),
                sensitive: false,
            },
            OutputChange {
                name: "login".to_owned(),
                before: None,
                after: text("hunter2"),
                sensitive: true,
            },
        ],
        findings: vec![
            Diagnostic::warning(codes::NEW_REGION, "security_group.web opens port 22 to 0.0.0.0/0")
                .at(at("network.infra.toml", 19), ""),
        ],
        ..Plan::default()
    }
}

fn created() -> Change {
    let mut password = set(
        "password",
        Value::Secret(SecretSource::Env("WEB_PASSWORD".to_owned())),
    );
    password.sensitive = true;
    Change {
        location: Some(at("infra.toml", 24)),
        attributes: vec![
            set("name", "shop-web-2"),
            set("instance_type", "ecs.g7.large"),
            set("image_id", "ubuntu_22_04_x64_20G_alibase_20240819.vhd"),
            attribute("vswitch_id", None, unknown()),
            attribute(
                "security_group_ids",
                None,
                Some(Value::List(vec![
                    "sg-bp1k9m2u7tq0x3c5d8e1".into(),
                    "sg-bp1k9m2u7tq0x3c5d8e2".into(),
                    "sg-bp1k9m2u7tq0x3c5d8e3".into(),
                    "sg-bp1k9m2u7tq0x3c5d8e4".into(),
                ])),
            ),
            set("system_disk.size", 40),
            password,
            set("tags.负责人", "李雷"),
            attribute("id", None, unknown()),
            attribute("public_ip", None, unknown()),
        ],
        steps: words(&["create", "allocate public IP", "start", "wait until running"]),
        ..change(Fate::Create, "instance.web[2]")
    }
}

fn updated() -> Change {
    let mut user_data = attribute(
        "user_data",
        text("#cloud-config\npackages:\n  - nginx\nruncmd:\n  - systemctl restart nginx\n"),
        text("#cloud-config\npackages:\n  - nginx\n  - htop\nruncmd:\n  - systemctl restart nginx\n"),
    );
    user_data.is_text = true;
    Change {
        location: Some(at("infra.toml", 24)),
        attributes: vec![
            attribute("instance_type", text("ecs.g7.xlarge"), text("ecs.g7.large")),
            attribute(
                "description",
                text("订单服务的前端机器，由运维组维护，请不要在控制台里修改这台机器"),
                text("订单服务的前端机器，由平台组维护"),
            ),
            user_data,
        ],
        unchanged: 17,
        steps: words(&["stop", "change type", "set user data", "start"]),
        down: Some("about 2 min while it is stopped".to_owned()),
        id: Some("i-bp1aaa".to_owned()),
        ..change(Fate::Update, "instance.web[1]")
    }
}

fn group() -> Change {
    Change {
        location: Some(at("network.infra.toml", 12)),
        attributes: vec![attribute(
            "ingress",
            Some(Value::List(vec![
                rule("443/443", "0.0.0.0/0", 1),
                rule("22/22", "203.0.113.0/24", 1),
                rule("80/80", "0.0.0.0/0", 1),
            ])),
            Some(Value::List(vec![
                rule("80/80", "0.0.0.0/0", 5),
                rule("8000/8100", "10.0.0.0/8", 1),
                rule("443/443", "0.0.0.0/0", 1),
            ])),
        )],
        steps: words(&["authorize ingress", "change rule", "revoke ingress"]),
        ..change(Fate::Update, "security_group.web")
    }
}

fn replaced() -> Change {
    let mut zone = attribute("zone_id", text("cn-hangzhou-h"), text("cn-hangzhou-i"));
    zone.forces_replacement = true;
    Change {
        location: Some(at("infra.toml", 41)),
        reasons: words(&["zone_id cannot change on a live instance"]),
        attributes: vec![attribute("id", text("i-bp1db7x5w3y1z9a8b7c"), unknown()), zone],
        unchanged: 14,
        lost: words(&[
            "the 40 GiB system disk of i-bp1db7x5w3y1z9a8b7c is erased",
            "private IP 10.20.4.11 is released",
        ]),
        kept: words(&["disk.db_data (500 GiB) is detached, kept and attached to the new instance"]),
        steps: words(&[
            "stop old",
            "detach disk.db_data",
            "delete old",
            "create",
            "attach disk.db_data",
            "start",
        ]),
        down: Some("about 4 min".to_owned()),
        id: Some("i-bp1db7x5w3y1z9a8b7c".to_owned()),
        ..change(Fate::Replace { create_first: false }, "instance.db")
    }
}

fn deleted() -> Change {
    Change {
        reasons: words(&["it is no longer in the configuration"]),
        attributes: vec![attribute("ip_address", text("47.98.12.201"), None)],
        lost: words(&["47.98.12.201 goes back to the pool and cannot be asked for again"]),
        steps: words(&["unbind", "release"]),
        id: Some("eip-bp1x".to_owned()),
        ..change(Fate::Delete, "eip.old")
    }
}

/// A task that comes after others.
pub(super) fn task(of: &str, after: &[usize]) -> Task {
    Task {
        after: after.to_vec(),
        ..Task::new(Object::now(address(of)), Some("id-1"), Phase::Remove)
    }
}

/// The step of so many, of four, begins.
pub(super) fn started(of: &str, step: &str, index: usize) -> Event {
    Event::StepStarted {
        address: address(of),
        step: step.to_owned(),
        index,
        of: 4,
    }
}

/// A step is done.
pub(super) fn step_done(of: &str, step: &str, id: Option<&str>) -> Event {
    Event::StepDone {
        address: address(of),
        step: step.to_owned(),
        id: id.map(str::to_owned),
        seconds: 1.0,
        request_id: None,
    }
}

/// A resource is done.
pub(super) fn resource_done(of: &str) -> Event {
    Event::ResourceDone {
        address: address(of),
        id: None,
        seconds: 1.0,
    }
}

/// A plan of four, of which three need another.
pub(super) fn four() -> Plan {
    Plan {
        changes: ["vpc.main", "vswitch.a", "instance.web[0]", "instance.web[1]"]
            .map(|name| change(Fate::Create, name))
            .into(),
        tasks: vec![
            task("vpc.main", &[]),
            task("vswitch.a", &[0]),
            task("instance.web[0]", &[1]),
            task("instance.web[1]", &[1]),
        ],
        ..Plan::default()
    }
}

/// So many seconds.
pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Waits as steps, each for the status that its last word names.
pub(super) fn waits(names: &[&'static str]) -> Vec<Step> {
    let one = |name: &&'static str| {
        let status = name.rsplit(' ').next().unwrap_or(name);
        Step::wait_status(*name, status, 600)
    };
    names.iter().map(one).collect()
}
