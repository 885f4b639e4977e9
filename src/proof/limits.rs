//! The limits of every attribute, from its table: what is outside of them, or of another kind, is refused by `validate` at
//! its line and never reaches the API; what is just inside is taken by the simulator, which knows the vendor's limits by
//! itself.

use serde_json::Value;

use super::fate::Plan;
use super::lives::{LIVES, Life};
use super::world::World;
use crate::types::{Attribute, Kind, find};

/// What a table needs to be right, by type and attribute; the key in question wins.
const TABLES: &[(&str, &str, &[&str])] = &[
    (
        "instance",
        "system_disk",
        &["size = 1261", "category = \"cloud_essd\""],
    ),
    ("instance", "metadata", &[]),
    (
        "instance",
        "data_disks",
        &["name = \"data\"", "size = 1261", "category = \"cloud_essd\""],
    ),
    (
        "nat_gateway",
        "snat",
        &[
            "source_cidr = \"10.0.2.0/24\"",
            "snat_ip = \"${eip.nat.ip_address}\"",
        ],
    ),
    (
        "security_group",
        "ingress",
        &["port_range = \"80\"", "source_cidr_ip = \"10.0.0.0/8\""],
    ),
    (
        "security_group",
        "egress",
        &["port_range = \"80\"", "dest_cidr_ip = \"10.0.0.0/8\""],
    ),
    (
        "slb",
        "listeners",
        &["protocol = \"http\"", "port = 80", "backend_port = 80"],
    ),
    ("slb", "backends", &["server_id = \"${instance.main.id}\""]),
];

/// Values that are wrong for a kind, as TOML.
fn wrong(kind: &Kind) -> Vec<String> {
    let text = |length: usize| format!("\"{}\"", "a".repeat(length));
    let mut values: Vec<String> = Vec::new();
    match *kind {
        Kind::Integer { min, max } => {
            values.extend([
                (min - 1).to_string(),
                (max + 1).to_string(),
                "\"many\"".to_owned(),
            ]);
        }
        Kind::IntegerSet { min, max } => {
            values.extend([
                format!("[{}]", min - 1),
                format!("[{}]", max + 1),
                "[\"one\"]".to_owned(),
            ]);
        }
        Kind::Enum(_) => values.extend(["\"no-such-word\"".to_owned(), "7".to_owned()]),
        Kind::Form(form) => {
            let (min, max) = form.length;
            values.extend((min > 1).then(|| text(min - 1)));
            values.extend([text(max + 1), "7".to_owned(), "\"\"".to_owned()]);
        }
        Kind::Cidr => {
            values.extend(["\"10.0.0.0/33\"", "\"10.0.0.1/8\"", "\"network\"", "7"].map(str::to_owned))
        }
        Kind::Id("key_pair") | Kind::String | Kind::Text => values.push("7".to_owned()),
        // An id of another type.
        Kind::Id("vpc") => values.extend(["\"vsw-bp1aaaaaaaaaaaaaaaaaa\"", "7"].map(str::to_owned)),
        Kind::Id(_) | Kind::IdOf(_) => {
            values.extend(["\"vpc-bp1aaaaaaaaaaaaaaaaaa\"", "7"].map(str::to_owned))
        }
        Kind::IdSet(_) => values.extend(["[\"vpc-bp1aaaaaaaaaaaaaaaaaa\"]", "[7]", "7"].map(str::to_owned)),
        Kind::StringSet => values.extend(["[7]", "7"].map(str::to_owned)),
        Kind::Bool => values.extend(["\"yes\"", "1"].map(str::to_owned)),
        Kind::Table(_) | Kind::TableSet(_) | Kind::Tags => values.extend(["7", "\"all\""].map(str::to_owned)),
        Kind::Secret => values.extend(["\"written\"", "7"].map(str::to_owned)),
    }
    values
}

/// Values that are just inside the limits.
fn inside(kind: &Kind) -> Vec<String> {
    match *kind {
        Kind::Integer { min, max } => vec![min.to_string(), max.to_string()],
        Kind::IntegerSet { min, max } => vec![format!("[{min}]"), format!("[{max}]")],
        Kind::Enum(words) => words.iter().map(|word| format!("\"{word}\"")).collect(),
        _ => Vec::new(),
    }
}

/// Each attribute of a type that may be set, and the line that gives it a value; keys of tables inside their table.
fn each(life: &Life, values: fn(&Kind) -> Vec<String>, then: &mut dyn FnMut(&str, String)) {
    let resource_type = find(life.type_name).unwrap();
    for attribute in resource_type.attributes.iter().filter(|one| !one.computed) {
        let name = attribute.name;
        for value in values(&attribute.kind) {
            then(name, format!("{name} = {value}"));
        }
        let inner = |key: &Attribute, value: &str, others: &[&str]| {
            let own = format!("{} = {value}", key.name);
            let begins = format!("{} = ", key.name);
            let others = others.iter().filter(|other| !other.starts_with(&begins));
            let keys: Vec<&str> = others.copied().chain([own.as_str()]).collect();
            format!("{{ {} }}", keys.join(", "))
        };
        let (keys, is_set) = match attribute.kind {
            Kind::Table(keys) => (keys, false),
            Kind::TableSet(keys) => (keys, true),
            _ => continue,
        };
        let is_own = |row: &&(&str, &str, &[&str])| row.0 == life.type_name && row.1 == name;
        let (_, _, others) = TABLES.iter().find(is_own).unwrap();
        for key in keys.iter().filter(|key| !key.computed) {
            for value in values(&key.kind) {
                let table = inner(key, &value, others);
                let value = if is_set { format!("[{table}]") } else { table };
                then(&format!("{name}.{}", key.name), format!("{name} = {value}"));
            }
        }
    }
}

/// One life of each type.
fn lives() -> impl Iterator<Item = &'static Life> {
    let is_first = |at: usize| at == 0 || LIVES[at - 1].type_name != LIVES[at].type_name;
    LIVES
        .iter()
        .enumerate()
        .filter(move |(at, _)| is_first(*at))
        .map(|(_, life)| life)
}

#[test]
fn what_is_outside_the_limits_of_an_attribute_is_refused_at_its_line() {
    let (mut tried, mut taken) = (0, Vec::new());
    for life in lives() {
        let mut world = World::new(1, "", |_| {});
        each(life, wrong, &mut |path, line| {
            let file = life.file(&line);
            let at = file.lines().position(|other| other == line).unwrap() as u64 + 1;
            world.configure(&file);
            let ended = world.run(&["validate", "--format", "json", "--all"], Plan::default());
            let is_it = |told: &Value| {
                told["code"].as_str().is_some_and(|code| code.starts_with('E')) && told["line"] == at
            };
            let told = ended
                .out
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok());
            if ended.code != Some(1) || !told.into_iter().any(|told| is_it(&told)) || ended.requests > 0 {
                taken.push(format!("{}.{path}: {line}\n{}", life.type_name, ended.out));
            }
            tried += 1;
        });
    }
    assert!(
        taken.is_empty(),
        "{} of {tried} are not refused at their line:\n{}",
        taken.len(),
        taken.join("\n")
    );
    println!("figure: mistakes drawn from the limits of attributes: {tried}, all refused at their line");
}

/// Lines that are right only with others, by how they begin: what is written instead of them.
const TOGETHER: &[(&str, &str)] = &[
    (
        "period",
        "instance_charge_type = \"PrePaid\"\ninternet_charge_type = \"PayByBandwidth\"",
    ),
    ("period_unit", "period = 1\ninstance_charge_type = \"PrePaid\""),
    (
        "auto_renew_period",
        "period = 1\nauto_renew = true\ninstance_charge_type = \"PrePaid\"",
    ),
    ("performance_level", "size = 1261"),
    ("spot_duration", "spot_strategy = \"SpotAsPriceGo\""),
    (
        "internet_max_bandwidth_out",
        "internet_charge_type = \"PayByTraffic\"",
    ),
];

/// What the rest of the table does not fit, with why.
const APART: &[(&str, &str)] = &[
    (
        "instance_charge_type = \"PrePaid\"",
        "it wants a period, which is drawn with it",
    ),
    (
        "disk_category = \"cloud\"",
        "no type of today takes it, so it cannot be attached in this life",
    ),
    ("instance_network_type = \"classic\"", "examples/classic is on it"),
    ("category = \"cloud\" }", "no type of today takes it"),
    (
        "protocol = \"https\"",
        "it wants a certificate; the tests of the binary have one",
    ),
    (
        "ipv6_address_count = 10",
        "it wants a network that has IPv6; attributes.txt has one",
    ),
    (
        "next_hop_type",
        "each wants a hop of its own; attributes.txt has them",
    ),
    (
        "direction = \"egress\"",
        "attributes.txt has it, with the other side",
    ),
    ("ip_protocol", "some have no ports; mistakes.txt has them"),
    (
        "address_type = \"intranet\"",
        "it wants a vswitch; attributes.txt has it",
    ),
];

/// What the client lets through and the simulator refuses is a limit that one of them has wrong.
#[test]
fn what_is_just_inside_the_limits_is_taken() {
    let (mut tried, mut refused) = (0, Vec::new());
    for life in lives() {
        each(life, inside, &mut |path, line| {
            if APART.iter().any(|(fragment, _)| line.contains(fragment)) {
                return;
            }
            let with = TOGETHER
                .iter()
                .find(|(name, _)| line.starts_with(&format!("{name} = ")));
            let line = format!("{line}\n{}", with.map_or("", |(_, with)| with));
            let mut world = World::new(1, &life.file(line.trim_end()), |_| {});
            let ended = world.apply(Plan::default());
            if ended.code != Some(0) {
                let told: Vec<&str> = ended
                    .err
                    .lines()
                    .chain(ended.out.lines())
                    .filter(|line| line.contains('E') || line.contains("= "))
                    .collect();
                refused.push(format!("{}.{path}: {line}\n{}", life.type_name, told.join("\n")));
            }
            tried += 1;
        });
    }
    assert!(
        refused.is_empty(),
        "{} of {tried} are refused:\n{}",
        refused.len(),
        refused.join("\n")
    );
    println!("figure: values at the limits of attributes: {tried}, all taken");
}
