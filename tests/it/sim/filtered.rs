//! Every declared filter of every list filters, or is refused. The walks of `catalogue.rs` are walked once more, and
//! each read of them is asked again with each parameter besides.

use std::collections::{BTreeMap, BTreeSet};

use infra::sim::{Options, Speed};
use serde_json::Value;

use super::catalogue;
use super::{Sim, options, schema_files, text};

/// What a request says in any case.
const ABOUT: &[&str] = &["RegionId", "ClientToken", "DryRun"];

/// What filters nothing here: the action or `*`, the parameter, and why.
const EXPLAINED: &[(&str, &str, &str)] = &[
    (
        "*",
        "Tag.N.Value",
        "the code of all lists; nothing has the tag here",
    ),
    (
        "*",
        "Tag.N.value",
        "the code of all lists; nothing has the tag here",
    ),
    (
        "*",
        "Tag.N.key",
        "the code of all lists; nothing has the tag here",
    ),
    ("*", "Tag.N.Key", "the code of all lists; nothing has a tag here"),
    (
        "*",
        "Tags.N.Value",
        "the code of all lists; nothing has the tag here",
    ),
    ("*", "MaxResults", "it is one page"),
    ("*", "MaxResult", "it is one page"),
    ("*", "PageSize", "it is one page"),
    ("*", "NextToken", "it is one page"),
    ("*", "AcceptLanguage", "zones have one name"),
    ("*", "Lang", "the language of texts that are not here"),
    ("*", "UserClientIp", "who asks for somebody else"),
    ("*", "AdditionalAttributes.N", "what it adds is answered anyway"),
    ("*", "IncludeReservationData", "nothing is reserved"),
    ("*", "IncludeHistory", "nothing is that old"),
    (
        "*",
        "ServiceManaged",
        "no other service manages anything, and what is not managed stays",
    ),
    ("*", "DryRun", "a read that would be allowed"),
    ("*", "ListenerProtocol", "once more"),
    ("*", "Namespace", "endpoints are the same for all"),
    (
        "DescribeEndpoints",
        "Password",
        "it is no secret of anything here",
    ),
    ("DescribeRegions", "*", "every region sells everything"),
    ("DescribeZones", "*", "every zone sells everything"),
    (
        "DescribeAccountAttributes",
        "ZoneId",
        "the limits of all zones are the same",
    ),
    (
        "DescribeAvailableResource",
        "*",
        "what is asked for is sold; what is not, is refused",
    ),
    (
        "DescribeBandwidthLimitation",
        "InstanceChargeType",
        "the limits are the same",
    ),
    (
        "DescribeBandwidthLimitation",
        "SpotStrategy",
        "the limits are the same",
    ),
    ("DescribePrice", "*", "the price is the same"),
    ("DescribeResourcesModification", "*", "what is asked for is sold"),
    ("DescribeImages", "ActionType", "every image can be used for both"),
    ("DescribeImages", "ShowExpired", "none has expired"),
    ("DescribeInstanceStatus", "ClusterId", "there is one cluster"),
    ("DescribeInstances", "NeedSaleCycle", "it is answered anyway"),
    ("DescribeInstanceAutoRenewAttribute", "InstanceId", "there is one"),
    (
        "DescribeInstanceMonitorData",
        "Period",
        "nothing is measured in so short a time",
    ),
    (
        "DescribeAutoSnapshotPolicyAssociations",
        "AutoSnapshotPolicyId",
        "there is one",
    ),
    ("DescribeNetworkInterfaceAttribute", "*", "there is one"),
    (
        "DescribeSecurityGroupAttribute",
        "Attribute",
        "its rules are all of it",
    ),
    (
        "DescribeSecurityGroups",
        "FuzzyQuery",
        "it is about a name, and none is told",
    ),
    (
        "DescribeSecurityGroups",
        "IsQueryEcsCount",
        "it is answered anyway",
    ),
    ("DescribeTags", "Category", "all are of users"),
    ("DescribeDomainRecords", "Direction", "there is one"),
    (
        "DescribeDomainRecords",
        "SearchMode",
        "it is about a word, and none is told",
    ),
    (
        "DescribeDomains",
        "SearchMode",
        "it is about a word, and none is told",
    ),
    ("DescribeSupportLines", "DomainName", "all have the same"),
    ("ListTLSCipherPolicies", "*", "no set of one's own can be made"),
    ("DescribeEipAddresses", "SecurityProtectionEnabled", "none has it"),
    ("DescribeNatGateways", "AvailabilityMode", "there is one"),
    ("DescribeVpcAttribute", "IsDefault", "once more"),
    ("GetSubscriptionPrice", "InstanceId", "it is about no new order"),
    (
        "QueryAvailableInstances",
        "*",
        "nothing is there yet; a test of its own filters",
    ),
    ("ListResourcesByTag", "IncludeAllTags", "there is one tag"),
    ("ListTagKeys", "FuzzyType", "it is about a word, and none is told"),
    (
        "ListTagValues",
        "FuzzyType",
        "it is about a word, and none is told",
    ),
    ("ListTagResources", "Tags", "there is one"),
    ("DescribeInstanceTypes", "MaximumGPUAmount", "the family has none"),
    ("ListTagValues", "QueryType", "the other type is refused"),
    (
        "GetSubscriptionPrice",
        "ModuleList.N.ModuleStatus",
        "the other one is refused",
    ),
    (
        "DescribeImageSupportInstanceTypes",
        "ActionType",
        "the other one is refused",
    ),
    (
        "DescribeInstanceAttachmentAttributes",
        "InstanceId.N",
        "it adds to what is listed",
    ),
    (
        "DescribeInstanceTypes",
        "InstanceTypeFamilies.N",
        "it adds to what is named",
    ),
];

fn is_read(action: &str) -> bool {
    ["Describe", "Get", "List", "Query"]
        .iter()
        .any(|verb| action.starts_with(verb))
}

fn values(name: &str, facts: &Value, kept: &BTreeMap<&str, String>) -> Vec<String> {
    let mut values: Vec<String> = match facts["type"].as_str().unwrap_or("") {
        "Boolean" => vec!["true".to_owned(), "false".to_owned()],
        "Integer" | "Long" => ["1", "2", "50", "100000000", "0"].map(str::to_owned).to_vec(),
        _ => {
            let listed = facts["enum"].as_array().or(facts["enum_hint"].as_array());
            let listed = listed.into_iter().flatten();
            listed
                .filter_map(|value| value.as_str().map(str::to_owned))
                .collect()
        }
    };
    if !matches!(facts["type"].as_str(), Some("Boolean" | "Integer" | "Long")) {
        let own = [
            "nothing-like-it",
            "[\"nothing-like-it\"]",
            "10.9.9.9",
            "[\"10.9.9.9\"]",
            "2019-01-01T00:00:00Z",
            "2019-01-01T00:00Z",
            "2099-01-01T00:00:00Z",
            "cn-hangzhou-b",
            "ecs.g7.large",
            "en-US",
            "CreationStartTime",
            "7",
            "0.5",
            "internet",
            "2000000",
        ];
        values.extend(own.map(str::to_owned));
        if name.ends_with("Id") || name.ends_with("Ids") {
            values.extend(kept.values().cloned());
        }
    }
    values
}

/// What goes with a parameter so that it means something.
const COMPANIONS: &[(&str, &str, &str)] = &[
    ("Tag.N.Value", "Tag.1.Key", "k"),
    ("Tag.N.value", "Tag.1.key", "k"),
    ("Tags.N.Value", "Tags.1.Key", "k"),
    ("Filter.1.Value", "Filter.1.Key", "CreationStartTime"),
    ("Filter.2.Value", "Filter.2.Key", "CreationStartTime"),
    ("Filter.3.Value", "Filter.3.Key", "CreationStartTime"),
    ("Filter.4.Value", "Filter.4.Key", "CreationStartTime"),
    ("Filter.N.Value", "Filter.1.Key", "CreationStartTime"),
    ("Filter.N.Key", "Filter.1.Value", "2099-01-01T00:00Z"),
    ("Filter.1.Key", "Filter.1.Value", "2099-01-01T00:00Z"),
    ("Filter.2.Key", "Filter.2.Value", "2099-01-01T00:00Z"),
    ("Filter.3.Key", "Filter.3.Value", "2099-01-01T00:00Z"),
    ("Filter.4.Key", "Filter.4.Value", "2099-01-01T00:00Z"),
];

#[derive(Debug, Default)]
struct Outcome {
    effects: usize,
    refusals: usize,
    idle: BTreeSet<String>,
}

fn ask(sim: &mut Sim, version: &str, action: &str, params: &[(String, String)]) -> (u16, String) {
    let params: Vec<(&str, &str)> = params.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let answer = sim.raw(version, action, &params);
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("RequestId");
    }
    (answer.status, body.to_string())
}

#[test]
fn every_filter_of_every_list_filters_or_is_refused() {
    let mut facts: BTreeMap<(String, String), BTreeMap<String, Value>> = BTreeMap::new();
    for file in schema_files() {
        for (name, action) in file["actions"].as_object().unwrap() {
            let params = action["params"]
                .as_object()
                .unwrap()
                .clone()
                .into_iter()
                .collect();
            facts.insert((text(&file["version"]), name.clone()), params);
        }
    }
    let mut sim = Sim::with(Options {
        speed: Speed::Max,
        ..options()
    });
    let mut kept: BTreeMap<&str, String> = BTreeMap::new();
    let mut outcomes: BTreeMap<String, Outcome> = BTreeMap::new();
    for step in catalogue::steps() {
        let mut base: Vec<(String, String)> = step
            .params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), catalogue::filled(value, &kept)))
            .collect();
        base.push(("RegionId".to_owned(), "cn-hangzhou".to_owned()));
        if is_read(step.action) {
            let params = &facts[&(step.version.to_owned(), step.action.to_owned())];
            for (name, facts) in params {
                let is_group = params
                    .keys()
                    .any(|other| other != name && other.starts_with(&format!("{name}.")));
                if ABOUT.contains(&name.as_str()) || is_group {
                    continue;
                }
                let parts = name.split('.').map(|part| if part == "N" { "1" } else { part });
                let sent = parts.collect::<Vec<_>>().join(".");
                let key = format!("{} {} {name}", step.version, step.action);
                let outcome = outcomes.entry(key).or_default();
                let mut with: Vec<(String, String)> =
                    base.iter().filter(|(own, _)| *own != sent).cloned().collect();
                for (own, other, value) in COMPANIONS {
                    if own == name
                        && [other.replace(".1", ".N"), (*other).to_owned()]
                            .iter()
                            .any(|own| params.contains_key(own))
                    {
                        with.push(((*other).to_owned(), (*value).to_owned()));
                    }
                }
                let plain = ask(&mut sim, step.version, step.action, &with);
                let told = base
                    .iter()
                    .filter(|(own, _)| *own == sent)
                    .map(|(_, value)| value.clone());
                for value in told.chain(values(name, facts, &kept)) {
                    let mut params = with.clone();
                    params.push((sent.clone(), value.clone()));
                    let own = ask(&mut sim, step.version, step.action, &params);
                    if own.0 != 200 {
                        outcome.refusals += 1;
                    } else if own != plain {
                        outcome.effects += 1;
                        break;
                    } else {
                        outcome.idle.insert(value);
                    }
                }
            }
        }
        let params: Vec<(&str, &str)> = base.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let body = sim.call(step.version, step.action, &params).ok();
        if let Some((name, path)) = step.keep {
            kept.insert(name, text(body.pointer(path).unwrap()));
        }
    }
    let explained = |action: &str, param: &str| {
        EXPLAINED
            .iter()
            .any(|(own, name, _)| (*own == "*" || *own == action) && (*name == "*" || *name == param))
    };
    let idle: Vec<String> = outcomes
        .iter()
        .filter(|(name, outcome)| {
            let mut parts = name.split(' ').skip(1);
            let (action, param) = (parts.next().unwrap(), parts.next().unwrap());
            outcome.effects == 0 && !outcome.idle.is_empty() && !explained(action, param)
        })
        .map(|(name, outcome)| format!("{name} {:?}", outcome.idle.iter().take(3).collect::<Vec<_>>()))
        .collect();
    let good = outcomes.values().filter(|outcome| outcome.effects > 0).count();
    assert!(
        idle.is_empty(),
        "{good} of {} filter, {} do nothing:\n{}",
        outcomes.len(),
        idle.len(),
        idle.join("\n")
    );
}
