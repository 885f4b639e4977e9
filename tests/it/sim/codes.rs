//! The vendor's codes, one by one: `codes.rows` says for each action a request that is answered and, for each code, what
//! of it has to be otherwise to be refused with that code.
//!
//! A line that begins a block is an action with its parameters, `NAME=VALUE`; the lines below it are its refusals, a
//! code and what is otherwise:
//!
//! * `NAME=VALUE` gives a parameter another value, `-NAME` leaves one out;
//! * `!TROUBLE` and `!TROUBLE@ID` are what is wrong with the account or a thing, `~KIND` is a fault of that kind;
//! * `^NAME=N` is a limit of the account, `@HOST` the host that is asked;
//! * `+Action,NAME=VALUE,...` is done before.
//!
//! `let NAME PATH Action NAME=VALUE ...` makes something and keeps what the answer has at a path as `$NAME`; `do` is the
//! same and keeps nothing. Values are written as in a URL where they have blanks or commas.

use std::collections::{BTreeMap, BTreeSet};

use infra::sim::{Options, RawRequest, Speed};
use serde_json::Value;

use super::{ECS, Sim, VPC, options, text};

const ROWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/sim/codes.rows");

type Params = Vec<(String, String)>;

/// One line about a code.
struct Row {
    number: usize,
    action: String,
    base: Params,
    code: String,
    changes: Vec<String>,
}

fn unescaped(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let hex: String = bytes.by_ref().take(2).map(char::from).collect();
            out.push(u8::from_str_radix(&hex, 16).unwrap());
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).unwrap()
}

/// A value with what was kept put in.
fn filled(value: &str, kept: &BTreeMap<String, String>) -> String {
    let mut out = value.to_owned();
    // The longest names first: one may begin with another.
    let mut names: Vec<&String> = kept.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        out = out.replace(&format!("${name}"), &kept[name]);
    }
    let out = unescaped(&out);
    // A long value is written as what is repeated, and how often.
    match out.rsplit_once("**") {
        Some((part, times)) if times.parse::<usize>().is_ok() => part.repeat(times.parse().unwrap()),
        _ => out,
    }
}

fn params(words: &[&str], kept: &BTreeMap<String, String>) -> Params {
    words
        .iter()
        .map(|word| word.split_once('=').unwrap_or_else(|| panic!("{word}")))
        .map(|(name, value)| (name.to_owned(), filled(value, kept)))
        .collect()
}

/// A request without a region, sent to a host.
fn call_at(sim: &mut Sim, host: &str, action: &str, params: &Params) -> (u16, Value) {
    let given: Vec<(&str, &str)> = params
        .iter()
        .filter(|(name, _)| name != "RegionId")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    sim.nonce += 1;
    let nonce = format!("host-{}", sim.nonce);
    let time = super::stamp(sim.now);
    let mut request = super::signed("GET", ECS, action, &given, &nonce, &time, "testid", "testsecret");
    request.headers = vec![("Host".to_owned(), host.to_owned())];
    let raw = sim.cloud.handle(&request, sim.now);
    (raw.status, serde_json::from_slice(&raw.body).unwrap())
}

fn call(sim: &mut Sim, action: &str, params: &Params) -> (u16, Value) {
    let given: Vec<(&str, &str)> = params
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let (version, action) = match action.split_once(':') {
        Some(("Vpc", action)) => (VPC, action),
        Some((product, action)) => {
            let all = infra::sim::actions();
            let own = all.iter().find(|(own, _, name)| own == product && name == action);
            let version = own.unwrap_or_else(|| panic!("{product} {action}")).1.clone();
            let raw = sim.raw(&version, action, &super::with_region(&given));
            return (raw.status, serde_json::from_slice(&raw.body).unwrap());
        }
        None => (ECS, action),
    };
    let raw = sim.raw(version, action, &super::with_region(&given));
    (raw.status, serde_json::from_slice(&raw.body).unwrap())
}

fn order(sim: &mut Sim, path: &str, body: &str) {
    let request = RawRequest {
        method: "POST".to_owned(),
        target: path.to_owned(),
        headers: vec![("Host".to_owned(), "127.0.0.1".to_owned())],
        body: body.as_bytes().to_vec(),
    };
    let answer = sim.cloud.control(&request, sim.now).unwrap();
    assert_eq!(
        answer.status,
        200,
        "{body}: {}",
        String::from_utf8_lossy(&answer.body)
    );
}

fn snapshot(sim: &mut Sim) -> String {
    let request = RawRequest {
        method: "GET".to_owned(),
        target: "/_sim/snapshot".to_owned(),
        headers: vec![("Host".to_owned(), "127.0.0.1".to_owned())],
        body: Vec::new(),
    };
    String::from_utf8(sim.cloud.control(&request, sim.now).unwrap().body).unwrap()
}

/// Says what else came, if the refusal is not the one of the row.
fn tried(sim: &mut Sim, row: &Row, kept: &BTreeMap<String, String>, saved: &str) -> Option<String> {
    let mut sent = row.base.clone();
    let mut troubles = Vec::new();
    let mut faults = Vec::new();
    let mut limits = serde_json::Map::new();
    let mut host = None;
    let mut touched = false;
    for change in &row.changes {
        if let Some(trouble) = change.strip_prefix('!') {
            troubles.push(filled(trouble, kept));
        } else if let Some(kind) = change.strip_prefix('~') {
            faults.push(format!("{}:{kind}", row.action));
        } else if let Some(limit) = change.strip_prefix('^') {
            let (name, most) = limit.split_once('=').unwrap();
            limits.insert(name.to_owned(), most.parse::<i64>().unwrap().into());
        } else if let Some(name) = change.strip_prefix('@') {
            host = Some(name);
        } else if let Some(before) = change.strip_prefix('+') {
            let words: Vec<&str> = before.split(',').collect();
            let (status, answer) = call(sim, words[0], &params(&words[1..], kept));
            touched = true;
            if status != 200 {
                order(sim, "/_sim/snapshot", saved);
                return Some(format!("{before}: {answer}"));
            }
        } else if let Some(name) = change.strip_prefix('-') {
            sent.retain(|(own, _)| own != name);
        } else {
            for (name, value) in params(&[change.as_str()], kept) {
                sent.retain(|(own, _)| *own != name);
                sent.push((name, value));
            }
        }
    }
    let told = |troubles: &[String]| serde_json::json!({ "troubles": troubles }).to_string();
    if !troubles.is_empty() {
        order(sim, "/_sim/settings", &told(&troubles));
    }
    if !limits.is_empty() {
        order(
            sim,
            "/_sim/settings",
            &serde_json::json!({ "account": limits }).to_string(),
        );
    }
    if !faults.is_empty() {
        order(
            sim,
            "/_sim/faults",
            &serde_json::json!({ "faults": faults }).to_string(),
        );
    }
    let (status, answer) = match host {
        Some(host) => call_at(sim, host, &row.action, &sent),
        None => call(sim, &row.action, &sent),
    };
    if !limits.is_empty() {
        order(sim, "/_sim/settings", r#"{"account": {}}"#);
    }
    if !troubles.is_empty() {
        order(sim, "/_sim/settings", &told(&[]));
    }
    if !faults.is_empty() {
        order(sim, "/_sim/faults", r#"{"clear": true}"#);
    }
    if touched || status == 200 {
        order(sim, "/_sim/snapshot", saved);
    }
    let came = answer["Code"].as_str().unwrap_or("an answer");
    (came != row.code).then(|| format!("{came} {}", answer["Message"].as_str().unwrap_or("")))
}

/// Reads the rows, making what they need.
fn prepared() -> (Sim, Vec<Row>, BTreeMap<String, String>, Vec<String>) {
    let mut sim = Sim::with(Options {
        speed: Speed::Max,
        seed: Some(3),
        ..options()
    });
    let text_of_rows = std::fs::read_to_string(ROWS).unwrap();
    let mut kept = BTreeMap::new();
    let mut rows = Vec::new();
    let mut bases: Vec<(usize, String, Params)> = Vec::new();
    for (index, line) in text_of_rows.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [] => {}
            [first, ..] if first.starts_with('#') => {}
            ["let", name, path, action, ref rest @ ..] => {
                let (status, answer) = call(&mut sim, action, &params(rest, &kept));
                assert_eq!(status, 200, "line {}: {answer}", index + 1);
                kept.insert(name.to_owned(), text(answer.pointer(path).unwrap()));
                sim.wait(400);
            }
            ["do", action, ref rest @ ..] => {
                let (status, answer) = call(&mut sim, action, &params(rest, &kept));
                assert_eq!(status, 200, "line {}: {answer}", index + 1);
                sim.wait(400);
            }
            [code, ref changes @ ..] if line.starts_with(' ') => {
                let (_, action, base) = bases.last().unwrap();
                rows.push(Row {
                    number: index + 1,
                    action: action.clone(),
                    base: base.clone(),
                    code: code.to_owned(),
                    changes: changes.iter().map(|change| (*change).to_owned()).collect(),
                });
            }
            [action, ref rest @ ..] => bases.push((index + 1, action.to_owned(), params(rest, &kept))),
        }
    }
    let saved = snapshot(&mut sim);
    let mut wrong = Vec::new();
    for (number, action, base) in &bases {
        let (status, answer) = call(&mut sim, action, base);
        if status == 200 {
            order(&mut sim, "/_sim/snapshot", &saved);
        } else {
            wrong.push(format!("line {number}: {action}: {answer}"));
        }
    }
    (sim, rows, kept, wrong)
}

/// The codes that the rows raise, by action of ECS.
pub(super) fn raised() -> BTreeMap<String, BTreeSet<String>> {
    let mut raised: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut action = String::new();
    for line in std::fs::read_to_string(ROWS).unwrap().lines() {
        let first = line.split_whitespace().next().unwrap_or("#");
        match first {
            "let" | "do" => {}
            first if first.starts_with('#') => {}
            code if line.starts_with(' ') => {
                raised.entry(action.clone()).or_default().insert(code.to_owned());
            }
            own => own.clone_into(&mut action),
        }
    }
    raised
}

#[test]
fn every_row_is_refused_with_its_code() {
    let (mut sim, rows, kept, mut wrong) = prepared();
    let saved = snapshot(&mut sim);
    for row in &rows {
        if let Some(came) = tried(&mut sim, row, &kept, &saved) {
            wrong.push(format!(
                "line {}: {} {}: {came}",
                row.number, row.action, row.code
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        rows.len(),
        wrong.join("\n")
    );
}
