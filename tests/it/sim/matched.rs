//! Every filter of every list is honest both ways: what a row shows of itself keeps the row, and what no row shows leaves
//! it out. The walks of `catalogue.rs` and all flows are walked once more, and each list is asked again with each filter;
//! the values are taken from the answers themselves and from what was sent before.

use std::collections::{BTreeMap, BTreeSet};

use infra::sim::{Options, Speed};
use serde_json::Value;

use super::{Sim, catalogue, flows, options, schema_files, text};

/// What is no filter: where a list goes on, how it is shown, who asks.
const ABOUT: &[&str] = &[
    "RegionId",
    "ClientToken",
    "DryRun",
    "PageNumber",
    "PageSize",
    "PageNum",
    "MaxResults",
    "MaxResult",
    "MaxItems",
    "NextToken",
    "Marker",
    "Lang",
    "AcceptLanguage",
    "UserClientIp",
];

/// Values that no row shows.
const NOWHERE: &[&str] = &[
    "nothing-like-it",
    "[\"nothing-like-it\"]",
    "10.9.9.9",
    "[\"10.9.9.9\"]",
    "2019-01-01T00:00Z",
    "2099-01-01T00:00Z",
    "2019-01-01T00:00:00Z",
    "2099-01-01T00:00:00Z",
    "7777",
    "true",
    "false",
];

/// The longest list of objects in an answer.
fn rows(body: &Value) -> Option<&Vec<Value>> {
    match body {
        Value::Array(items) if items.iter().all(Value::is_object) => Some(items),
        Value::Object(fields) => fields.values().filter_map(rows).max_by_key(|rows| rows.len()),
        _ => None,
    }
}

/// Everything that an answer shows, as field and text.
fn shown(name: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| shown(name, value, found)),
        Value::Array(items) => items.iter().for_each(|item| shown(name, item, found)),
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => found.push((name.to_owned(), text.clone())),
        Value::Null => {}
        other => found.push((name.to_owned(), other.to_string())),
    }
}

/// How many letters two names have in common at their end, for trying the likeliest fields first.
fn likeness(one: &str, other: &str) -> usize {
    let single = |name: &str| {
        let name = name.to_lowercase();
        match (name.strip_suffix("sses"), name.strip_suffix('s')) {
            (Some(stem), _) => format!("{stem}ss"),
            (None, Some(stem)) if !stem.ends_with('s') => stem.to_owned(),
            _ => name,
        }
    };
    let (one, other) = (single(one), single(other));
    let ends = one.bytes().rev().zip(other.bytes().rev());
    ends.take_while(|(own, other)| own == other).count()
}

#[derive(Debug, Default)]
struct Outcome {
    asked: bool,
    keeps: bool,
    leaves_out: bool,
}

fn ask(sim: &mut Sim, version: &str, action: &str, params: &[(String, String)]) -> (u16, Value) {
    let params: Vec<(&str, &str)> = params.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let answer = sim.raw(version, action, &params);
    (answer.status, serde_json::from_slice(&answer.body).unwrap())
}

/// What the lists have, filter by filter.
#[derive(Default)]
struct Filters {
    /// The parameters of each list with the words that the vendor has for them, by version and action.
    lists: BTreeMap<(String, String), BTreeMap<String, Vec<String>>>,
    outcomes: BTreeMap<String, Outcome>,
}

impl Filters {
    fn new() -> Self {
        let mut lists = BTreeMap::new();
        for file in schema_files() {
            for (name, action) in file["actions"].as_object().unwrap() {
                // What has pages is a list of things.
                let answer = &action["response"];
                let is_list = ["TotalCount", "NextToken", "PageSize"]
                    .iter()
                    .any(|field| answer.get(field).is_some());
                if is_list && ["Describe", "List"].iter().any(|verb| name.starts_with(verb)) {
                    let params = action["params"].as_object().unwrap();
                    // What is told in parts is none of its own.
                    let in_parts = |name: &str| {
                        let begin = format!("{name}.");
                        params.keys().any(|other| other.starts_with(&begin))
                    };
                    // Tags and the old pairs of filters have tests of their own.
                    let filters = params.iter().filter(|(name, _)| {
                        !in_parts(name)
                            && !ABOUT.contains(&name.as_str())
                            && !name.contains("Tag")
                            && !name.starts_with("Filter.")
                            && !name.starts_with("AdditionalAttributes")
                    });
                    let words = |facts: &Value| -> Vec<String> {
                        let words = facts["enum"].as_array().or(facts["enum_hint"].as_array());
                        words.into_iter().flatten().map(text).collect()
                    };
                    let filters = filters.map(|(name, facts)| (name.clone(), words(facts)));
                    lists.insert((text(&file["version"]), name.clone()), filters.collect());
                }
            }
        }
        Self {
            lists,
            outcomes: BTreeMap::new(),
        }
    }

    /// Asks a list again with each of its filters.
    fn try_all(
        &mut self,
        sim: &mut Sim,
        (version, action): (&str, &str),
        base: &[(String, String)],
        sent: &BTreeSet<(String, String)>,
    ) {
        let Some(names) = self.lists.get(&(version.to_owned(), action.to_owned())) else {
            return;
        };
        for (name, words) in names {
            let outcome = self.outcomes.entry(format!("{action} {name}")).or_default();
            if !(outcome.keeps && outcome.leaves_out) {
                let param = name.replace(".N", ".1");
                let (own, with): (Vec<_>, Vec<_>) = base.iter().cloned().partition(|(own, _)| *own == param);
                let mut values = words.clone();
                values.extend(own.into_iter().map(|(_, value)| value));
                try_one(sim, (version, action), &with, (name, &values), sent, outcome);
            }
        }
    }
}

fn try_one(
    sim: &mut Sim,
    (version, action): (&str, &str),
    with: &[(String, String)],
    (name, words): (&str, &[String]),
    sent: &BTreeSet<(String, String)>,
    outcome: &mut Outcome,
) {
    let (status, plain) = ask(sim, version, action, with);
    let Some(all) = rows(&plain).filter(|rows| status == 200 && !rows.is_empty()) else {
        return;
    };
    let all = all.len();
    outcome.asked = true;
    let param = name.replace(".N", ".1");
    let last = name.trim_end_matches(".N").rsplit('.').next().unwrap();
    let mut found = Vec::new();
    shown("", &plain, &mut found);
    found.extend(sent.iter().cloned());
    found.sort_by_key(|(field, _)| std::cmp::Reverse(likeness(field, last)));
    let shown = found.iter().map(|(_, value)| value);
    let mut tried = BTreeSet::new();
    let with_value = |sim: &mut Sim, value: &str| {
        let mut params = with.to_vec();
        params.push((param.clone(), value.to_owned()));
        let (status, body) = ask(sim, version, action, &params);
        let left = rows(&body).map_or(0, Vec::len);
        // A refusal of the value leaves out everything.
        (status == 200 && left > 0, status != 200 || left < all)
    };
    for value in words.iter().chain(shown) {
        if outcome.keeps && outcome.leaves_out || tried.len() > 80 {
            break;
        }
        if tried.insert(value) {
            for value in [value.clone(), format!("[\"{value}\"]")] {
                let (keeps, leaves_out) = with_value(sim, &value);
                outcome.keeps |= keeps;
                outcome.leaves_out |= leaves_out;
            }
        }
    }
    for value in NOWHERE {
        let (keeps, leaves_out) = with_value(sim, value);
        outcome.keeps |= keeps;
        outcome.leaves_out |= leaves_out;
    }
}

#[test]
fn every_filter_keeps_what_fits_and_leaves_out_what_does_not() {
    let mut filters = Filters::new();
    let mut sim = Sim::with(Options {
        speed: Speed::Max,
        ..options()
    });
    let mut kept: BTreeMap<&str, String> = BTreeMap::new();
    let mut sent = BTreeSet::new();
    for step in catalogue::steps() {
        let mut base: Vec<(String, String)> = step
            .params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), catalogue::filled(value, &kept)))
            .collect();
        base.push(("RegionId".to_owned(), "cn-hangzhou".to_owned()));
        filters.try_all(&mut sim, (step.version, step.action), &base, &sent);
        let params: Vec<(&str, &str)> = base.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let body = sim.call(step.version, step.action, &params).ok();
        if let Some((name, path)) = step.keep {
            kept.insert(name, text(body.pointer(path).unwrap()));
        }
        sent.extend(base);
    }
    for (name, flow) in flows::all() {
        let mut walk = flows::Walk::new();
        let mut sent = BTreeSet::new();
        let calls = |line: &&str| !line.is_empty() && !line.starts_with(['#', ' ']);
        for line in flow.lines().filter(calls) {
            if !line.starts_with("wait ") {
                let (request, _) = walk.request(line).unwrap();
                let params = request.params();
                let call = (request.version, request.action.as_str());
                filters.try_all(walk.provider.sim(), call, &params, &sent);
                sent.extend(params);
            }
            walk.line(line)
                .unwrap_or_else(|what| panic!("{name}: {line}: {what}"));
        }
    }
    let says = |outcome: &Outcome| match (outcome.keeps, outcome.leaves_out) {
        (true, true) => None,
        (true, false) => Some("leaves nothing out"),
        (false, _) => Some("keeps nothing"),
    };
    let known = |name: &str| {
        EXPLAINED.iter().any(|(own, _)| {
            *own == name
                || own
                    .strip_prefix("* ")
                    .is_some_and(|own| name.ends_with(&format!(" {own}")))
        })
    };
    let tried = filters.outcomes.iter().filter(|(_, outcome)| outcome.asked);
    let wrong: Vec<String> = tried
        .clone()
        .filter_map(|(name, outcome)| Some(format!("{name} {}", says(outcome)?)).filter(|_| !known(name)))
        .collect();
    let good = tried
        .clone()
        .filter(|(_, outcome)| says(outcome).is_none())
        .count();
    assert!(
        wrong.is_empty(),
        "{good} of {} filter both ways; {} do not:\n{}",
        tried.count(),
        wrong.len(),
        wrong.join("\n")
    );
}

/// What filters one way only here: the action, or `*`, and the parameter; and why.
const EXPLAINED: &[(&str, &str)] = &[
    ("* ContentEncoding", "how a text is shown"),
    (
        "DescribeDisksFullStatus EventTime.Start",
        "no disk has had an event",
    ),
    ("DescribeDisksFullStatus EventType", "no disk has had an event"),
    ("DescribeImages ActionType", "every image can be used for both"),
    (
        "DescribeInstanceHistoryEvents ImpactLevel",
        "it is refused to who is on no list",
    ),
    ("DescribeInstanceStatus ClusterId", "there is one cluster"),
    ("DescribeIpv6Addresses Name", "no address has a name"),
    (
        "DescribeLaunchTemplateVersions LaunchTemplateName",
        "it is told instead of the id",
    ),
    (
        "DescribeNetworkAcls ResourceType",
        "it is about the thing of ResourceId, which needs it",
    ),
    ("DescribeNatGateways AvailabilityMode", "there is one"),
    (
        "DescribeSecurityGroupAttribute Attribute",
        "its rules are all of it",
    ),
    ("DescribeTags Category", "all are of users"),
    ("ListTagKeys FuzzyType", "it is about a word, and none is told"),
];
