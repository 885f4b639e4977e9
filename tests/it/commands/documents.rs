//! What others read: a saved plan as JSON, Markdown and HTML, and the events, each held against its schema.

use serde_json::{Value, json};

use crate::harness::World;

const STACK: &str = r#"[infra]
name = "shop"
region = "cn-hangzhou"

[vpc.main]
cidr_block = "10.0.0.0/16"
tags = { owner = "us" }

[vswitch.main]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.16.0/20"

[security_group.web]
vpc_id = "${vpc.main.id}"

[instance.web]
count = 2
name = "web"
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.main.id}"
security_group_ids = ["${security_group.web.id}"]
password = { env = "WEB_PW" }
"#;

/// Whether a value is what a schema says; what is wrong, with its place. Knows as much of JSON Schema as ours use.
fn mistakes(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(kinds) = schema.get("oneOf").and_then(Value::as_array) {
        let fits = |one: &&Value| {
            let mut own = Vec::new();
            mistakes(one, value, at, &mut own);
            own.is_empty()
        };
        if kinds.iter().filter(fits).count() != 1 {
            found.push(format!("{at}: it is none of those, or several: {value}"));
        }
        return;
    }
    let is_a = |kind: &Value| match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other}"),
    };
    let fits = match schema.get("type") {
        None => true,
        Some(Value::Array(kinds)) => kinds.iter().any(is_a),
        Some(kind) => is_a(kind),
    };
    if !fits {
        found.push(format!("{at}: {value} is no {}", schema["type"]));
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array)
        && !words.contains(value)
    {
        found.push(format!("{at}: {value} is none of {words:?}"));
    }
    for name in schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        if value.is_object() && value.get(name.as_str().unwrap()).is_none() {
            found.push(format!("{at}: no {name}"));
        }
    }
    for (name, inner) in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if let Some(value) = value.get(name) {
            mistakes(inner, value, &format!("{at}.{name}"), found);
        }
    }
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        for (index, value) in values.iter().enumerate() {
            mistakes(items, value, &format!("{at}[{index}]"), found);
        }
    }
}

#[track_caller]
fn fits(schema: &Value, value: &Value) {
    let mut found = Vec::new();
    mistakes(schema, value, "$", &mut found);
    assert!(found.is_empty(), "{found:#?}");
}

fn committed(name: &str) -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/");
    serde_json::from_str(&std::fs::read_to_string(format!("{path}{name}")).unwrap()).unwrap()
}

/// A world in which something is to be made, changed, replaced and deleted.
fn mixed() -> World {
    let mut world = World::new();
    world
        .vars
        .insert("WEB_PW".to_owned(), "Canary-Zq7-old".to_owned());
    world.write("infra.toml", STACK);
    world.apply().exits(0);
    let text = STACK
        .replace("count = 2", "count = 1")
        .replace("owner = \"us\"", "owner = \"them\"")
        .replace("cn-hangzhou-h", "cn-hangzhou-i");
    world.write(
        "infra.toml",
        &format!("{text}\n[vpc.new]\ncidr_block = \"10.9.0.0/16\"\n"),
    );
    world.run(&["plan", "-o", "p.plan"]).exits(0);
    world
}

#[test]
fn the_document_fits_its_schema_and_a_program_for_terraform_reads_it() {
    let world = mixed();
    let schema: Value = serde_json::from_str(&world.run(&["schema", "--plan"]).exits(0).stdout).unwrap();
    assert_eq!(
        schema,
        committed("plan.schema.json"),
        "stale: cargo run -- schema --plan > schema/plan.schema.json"
    );
    let text = world.run(&["show", "p.plan", "--format", "json"]).exits(0).stdout;
    assert!(!text.contains("Canary-Zq7"));
    let document: Value = serde_json::from_str(&text).unwrap();
    fits(&schema, &document);
    assert_eq!(world.run(&["show", "p.plan", "--json"]).exits(0).stdout, text);
    // What such a program looks at.
    let actions = |address: &str| {
        let changes = document["resource_changes"].as_array().unwrap();
        changes.iter().find(|one| one["address"] == address).unwrap()["change"]["actions"].clone()
    };
    assert_eq!(actions("vpc.new"), json!(["create"]));
    assert_eq!(actions("vpc.main"), json!(["update"]));
    assert_eq!(actions("instance.web[0]"), json!(["delete", "create"]));
    assert_eq!(actions("instance.web[1]"), json!(["delete"]));
    assert_eq!(actions("security_group.web"), json!(["no-op"]));
    let changes = document["resource_changes"].as_array().unwrap();
    let main = changes.iter().find(|one| one["address"] == "vpc.main").unwrap();
    assert_eq!(main["change"]["before"]["tags"]["owner"], "us");
    assert_eq!(main["change"]["after"]["tags"]["owner"], "them");
    // A usual question to a plan of Terraform, in the language in which it is asked.
    let jq = std::process::Command::new("jq")
        .args(["-r", "[.resource_changes[] | select(.change.actions | index(\"delete\")) | .address] | sort | join(\" \")"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn();
    if let Ok(mut jq) = jq {
        std::io::Write::write_all(&mut jq.stdin.take().unwrap(), text.as_bytes()).unwrap();
        let told = String::from_utf8(jq.wait_with_output().unwrap().stdout).unwrap();
        assert!(told.contains("instance.web[0] instance.web[1]"), "{told}");
    }
}

#[test]
fn every_event_fits_its_schema() {
    let world = mixed();
    let schema: Value = serde_json::from_str(&world.run(&["schema", "--events"]).exits(0).stdout).unwrap();
    assert_eq!(
        schema,
        committed("events.schema.json"),
        "stale: cargo run -- schema --events > schema/events.schema.json"
    );
    let plan = world.run(&["plan", "--json", "-o", "p.plan"]).exits(0).stdout;
    world.faults(&["DeleteInstance:refuse=InvalidOperation.Denied/403"]);
    let apply = world.run(&["apply", "p.plan", "--json"]).stdout;
    let mut kinds = std::collections::BTreeSet::new();
    for line in plan.lines().chain(apply.lines()) {
        let event: Value = serde_json::from_str(line).unwrap();
        fits(&schema, &event);
        kinds.insert(event["type"].as_str().unwrap().to_owned());
        if event["type"] == "step_failed" {
            assert!(event["request_id"].is_string() && event["http"] == 403, "{event}");
        }
    }
    for kind in [
        "version",
        "planned_change",
        "change_summary",
        "plan_file",
        "step_start",
        "step_done",
        "step_failed",
        "end",
    ] {
        assert!(kinds.contains(kind), "no {kind} in {kinds:?}");
    }
}

#[test]
fn pages_are_for_reading() {
    let world = mixed();
    let md = world.run(&["show", "p.plan", "--format", "md"]).exits(0).stdout;
    assert!(
        md.starts_with("<!-- infra-plan shop -->") && md.contains("Cannot be undone"),
        "{md}"
    );
    let short = world
        .run(&["show", "p.plan", "--format", "md", "--budget", "600"])
        .exits(0)
        .stdout;
    assert!(short.len() < md.len() && short.contains("HTML report"), "{short}");
    let html = world.run(&["show", "p.plan", "--format", "html"]).exits(0).stdout;
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("Cannot be undone"));
    for page in [&md, &html] {
        assert!(!page.contains("Canary-Zq7"));
    }
}
