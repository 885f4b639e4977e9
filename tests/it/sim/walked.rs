//! Every declared parameter of every action that changes something has an effect in the world, or is refused: none is
//! accepted and dropped. The walks of `catalogue.rs` are walked once more, each step with each parameter besides.

use std::collections::{BTreeMap, BTreeSet};

use infra::sim::{Options, RawRequest, Speed};
use serde_json::Value;

use super::catalogue::{self, Step};
use super::{Sim, options, schema_files, text};

/// What a request says in any case, or says about itself.
const ABOUT: &[&str] = &["RegionId", "ClientToken", "DryRun", "regionId"];

/// What came of a parameter, over all its values and steps.
#[derive(Debug, Default)]
struct Outcome {
    effects: usize,
    refusals: BTreeSet<String>,
    dropped: BTreeSet<String>,
}

/// The parameters of all actions that change something, by version and name.
fn parameters() -> BTreeMap<(String, String), BTreeMap<String, Value>> {
    let mut found = BTreeMap::new();
    for file in schema_files() {
        for (name, action) in file["actions"].as_object().unwrap() {
            let reads = ["Describe", "Get", "List", "Query"];
            if reads.iter().any(|verb| name.starts_with(verb)) {
                continue;
            }
            let params = action["params"]
                .as_object()
                .unwrap()
                .clone()
                .into_iter()
                .collect();
            found.insert((text(&file["version"]), name.clone()), params);
        }
    }
    found
}

fn snapshot(sim: &mut Sim) -> String {
    let request = RawRequest {
        method: "GET".into(),
        target: "/_sim/snapshot".into(),
        headers: vec![("Host".into(), "127.0.0.1".into())],
        body: Vec::new(),
    };
    let answer = sim.cloud.control(&request, sim.now).unwrap();
    String::from_utf8(answer.body).unwrap()
}

fn restore(sim: &mut Sim, saved: &str) {
    let request = RawRequest {
        method: "POST".into(),
        target: "/_sim/snapshot".into(),
        headers: vec![("Host".into(), "127.0.0.1".into())],
        body: saved.into(),
    };
    let answer = sim.cloud.control(&request, sim.now).unwrap();
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

/// The values to try for a parameter, besides the ones that it is when it is not told.
fn values(name: &str, facts: &Value, kept: &BTreeMap<&str, String>) -> Vec<String> {
    let own = |words: &[&str]| -> Vec<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    let last = name.rsplit('.').find(|part| *part != "N").unwrap_or(name);
    let default = facts["default"].as_str();
    let listed = facts["enum"].as_array().or(facts["enum_hint"].as_array());
    let mut values: Vec<String> = match facts["type"].as_str().unwrap_or("") {
        "Boolean" => own(&["true", "false"]),
        "Integer" | "Long" | "Float" => {
            let mut numbers: Vec<i64> = vec![
                -1,
                0,
                1_000_000_000,
                1,
                2,
                3,
                5,
                7,
                12,
                20,
                40,
                60,
                100,
                500,
                1000,
            ];
            numbers.extend(facts["min"].as_i64());
            numbers.extend(facts["max"].as_i64());
            numbers.iter().map(ToString::to_string).collect()
        }
        _ if listed.is_some() => listed
            .into_iter()
            .flatten()
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect(),
        _ => {
            // What is kept from earlier steps, when the name asks for an id.
            let mut found: Vec<String> = Vec::new();
            if last.ends_with("Id") || last.ends_with("ARN") || last.ends_with("id") {
                found.extend(kept.values().cloned());
            }
            if last.ends_with("Ids") {
                found.extend(kept.values().map(|id| format!("[\"{id}\"]")));
            }
            found.extend(own(&[
                "a-name",
                "10.0.1.77",
                "10.0.9.0/24",
                "2027-01-01T00:00:00Z",
                "cn-hangzhou-h",
                "cn-hangzhou",
                "22/22",
                "tcp",
                "on",
                "off",
                "5",
                "Passw0rd-x",
                "IyEvYmluL3NoCg==",
                "example.com",
                "24h",
                "RAMTestName",
                "cloud_essd",
                "ecs.g7.2xlarge",
                "/dev/xvdz",
                "[\"1\"]",
                "[\"7\"]",
                "7",
                "443/443",
                "drop",
                "intranet",
                "fd00::/64",
                "cloud_auto",
                "HighPerformance",
                "Year",
                "1.5",
                "{\"a\":\"b\"}",
                "[{\"Key\":\"a\",\"Value\":\"b\"}]",
                "[{\"TagKey\":\"a\",\"TagValue\":\"b\"}]",
            ]));
            found
        }
    };
    values.retain(|value| default.is_none_or(|default| !default.eq_ignore_ascii_case(value)));
    values
}

fn body(sim: &mut Sim, step: &Step, params: &[(String, String)]) -> (u16, String) {
    let params: Vec<(&str, &str)> = params.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let answer = sim.raw(step.version, step.action, &params);
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
    let code = body["Code"].as_str().unwrap_or("").to_owned();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("RequestId");
    }
    if answer.status == 200 {
        (200, body.to_string())
    } else {
        (answer.status, code)
    }
}

type Companion = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// What a parameter needs beside it to mean something: the action, `*` for all, or `+` for all where it is not told; what the parameter's name begins with, and
/// what goes with it.
const COMPANIONS: &[Companion] = &[
    ("+", "Tag.N.Key", &[("Tag.1.Value", "v9")]),
    ("+", "Tag.N.Value", &[("Tag.1.Key", "k9")]),
    (
        "*",
        "Tag.N.key",
        &[("Tag.1.Key", ""), ("Tag.1.Value", ""), ("Tag.1.value", "v9")],
    ),
    (
        "*",
        "Tag.N.value",
        &[("Tag.1.Key", ""), ("Tag.1.Value", ""), ("Tag.1.key", "k9")],
    ),
    ("RemoveTags", "Tag.N.value", &[("Tag.1.key", "k")]),
    ("ModifyDiskSpec", "DiskCategory", &[("PerformanceLevel", "")]),
    (
        "*",
        "DataDisk.N.",
        &[("DataDisk.1.Size", "40"), ("DataDisk.1.Category", "cloud_auto")],
    ),
    (
        "*",
        "SystemDisk.BurstingEnabled",
        &[("SystemDisk.Category", "cloud_auto")],
    ),
    (
        "*",
        "SystemDisk.ProvisionedIops",
        &[("SystemDisk.Category", "cloud_auto")],
    ),
    (
        "CreateDisk",
        "ProvisionedIops",
        &[("DiskCategory", "cloud_auto"), ("PerformanceLevel", "")],
    ),
    (
        "ModifyDiskSpec",
        "ProvisionedIops",
        &[("DiskCategory", "cloud_auto"), ("PerformanceLevel", "")],
    ),
    // Only the first generations do without.
    (
        "RunInstances",
        "IoOptimized",
        &[
            ("InstanceType", "ecs.s2.large"),
            ("SystemDisk.Category", "cloud_efficiency"),
            ("DataDisk.1.Category", "cloud_efficiency"),
            ("KeyPairName", ""),
        ],
    ),
    ("*", "SpotPriceLimit", &[("SpotStrategy", "SpotWithPriceLimit")]),
    ("*", "SpotDuration", &[("SpotStrategy", "SpotAsPriceGo")]),
    (
        "*",
        "SpotInterruptionBehavior",
        &[("SpotStrategy", "SpotAsPriceGo")],
    ),
    (
        "RunInstances",
        "Period",
        &[("InstanceChargeType", "PrePaid"), ("Period", "1")],
    ),
    (
        "RunInstances",
        "AutoRenew",
        &[("InstanceChargeType", "PrePaid"), ("Period", "1")],
    ),
    (
        "RunInstances",
        "AutoRenewPeriod",
        &[
            ("AutoRenew", "true"),
            ("InstanceChargeType", "PrePaid"),
            ("Period", "1"),
        ],
    ),
    ("CreateInstance", "AutoRenewPeriod", &[("AutoRenew", "true")]),
    (
        "RunInstances",
        "PeriodUnit",
        &[("InstanceChargeType", "PrePaid"), ("Period", "1")],
    ),
    (
        "RunInstances",
        "UniqueSuffix",
        &[("Amount", "2"), ("InstanceName", "web")],
    ),
    (
        "RunInstances",
        "NetworkInterface.N.",
        &[
            ("NetworkInterface.1.InstanceType", "Secondary"),
            ("NetworkInterface.1.VSwitchId", "$vswitch"),
            ("NetworkInterface.1.SecurityGroupId", "$group"),
        ],
    ),
    (
        "RunInstances",
        "NetworkInterface.N.SecurityGroupIds",
        &[("NetworkInterface.1.SecurityGroupId", "")],
    ),
    (
        "RunInstances",
        "LaunchTemplateVersion",
        &[("LaunchTemplateId", "$template")],
    ),
    (
        "CreateNatGateway",
        "Duration",
        &[("InstanceChargeType", "PrePaid"), ("Duration", "1")],
    ),
    (
        "CreateNatGateway",
        "PricingCycle",
        &[("InstanceChargeType", "PrePaid"), ("Duration", "1")],
    ),
    (
        "AllocateEipAddress",
        "Period",
        &[("InstanceChargeType", "PrePaid"), ("Period", "1")],
    ),
    (
        "AllocateEipAddress",
        "PricingCycle",
        &[("InstanceChargeType", "PrePaid"), ("Period", "1")],
    ),
    (
        "AllocateEipAddressPro",
        "Period",
        &[("InstanceChargeType", "PrePaid"), ("Period", "1")],
    ),
    (
        "AllocateEipAddressPro",
        "PricingCycle",
        &[("InstanceChargeType", "PrePaid"), ("Period", "1")],
    ),
    (
        "*",
        "ModificationProtectionReason",
        &[("ModificationProtectionStatus", "ConsoleProtection")],
    ),
    ("*", "Priority", &[("Type", "MX"), ("Value", "mail.example.com")]),
    ("AssociateVpcCidrBlock", "IPv6CidrBlock", &[("IpVersion", "IPv6")]),
    ("AssociateVpcCidrBlock", "Ipv6Isp", &[("IpVersion", "IPv6")]),
    ("UpdateNetworkAclEntries", "EgressAclEntries.N.", OUTWARD),
    (
        "ModifyCloudAssistantSettings",
        "OssDeliveryConfig",
        &[("SettingType", "SessionManagerDelivery")],
    ),
    ("UntagResources", "All", &[("TagKey.1", "")]),
    ("UnTagResources", "All", &[("TagKey.1", "")]),
    (
        "ModifyInstanceAutoRenewAttribute",
        "AutoRenew",
        &[("RenewalStatus", "")],
    ),
    (
        "SetRenewal",
        "RenewalPeriod",
        &[("RenewalStatus", "AutoRenewal"), ("RenewalPeriod", "1")],
    ),
    ("AssociateEipAddress", "PrivateIpAddress", &[]),
];

const OUTWARD: &[(&str, &str)] = &[
    ("UpdateEgressAclEntries", "true"),
    ("EgressAclEntries.1.Policy", "accept"),
    ("EgressAclEntries.1.Protocol", "tcp"),
    ("EgressAclEntries.1.Port", "22/22"),
    ("EgressAclEntries.1.DestinationCidrIp", "10.0.0.0/8"),
];

/// What may be taken without an effect in these walks: the action or `*`, the parameter, and why.
const EXPLAINED: &[(&str, &str, &str)] = &[
    ("*", "NetworkCardIndex", "there is one card"),
    ("*", "NetworkInterface.N.NetworkCardIndex", "there is one card"),
    ("*", "AutoPay", "orders are paid at once"),
    ("*", "Lang", "the language of texts that are not here"),
    ("*", "UserClientIp", "who asks for somebody else"),
    ("*", "ForceStop", "how hard a server is stopped is not to be seen"),
    (
        "*",
        "ForceReboot",
        "how hard a server is stopped is not to be seen",
    ),
    ("*", "ConfirmStop", "given up long ago"),
    ("*", "BatchOptimization", "what can be done to one is done to it"),
    ("*", "UseAdditionalService", "given up long ago"),
    (
        "*",
        "WaitForNetworkConfigurationReady",
        "the guest's configuration is not here",
    ),
    ("*", "DetectionStrategy", "what is imported is not looked into"),
    ("*", "RoleName", "the bucket is not here"),
    ("ExportImage", "OSSPrefix", "the bucket is not here"),
    ("ExportImage", "ImageFormat", "the bucket is not here"),
    ("*", "Timed", "given up long ago"),
    ("SendFile", "Timeout", "no server is slow to take a file"),
    ("StartInstance", "InitLocalDisk", "local disks keep nothing"),
    ("ResizeDisk", "Type", "the file system is not here"),
    ("ModifyInstanceSpec", "Async", "a change is seen when it is done"),
    (
        "ModifyPrepayInstanceSpec",
        "OperatorType",
        "it follows from the types",
    ),
    (
        "*",
        "Force",
        "nothing is in the way here; where something is, a test of its own says so",
    ),
    ("DeletePolicy", "CascadingDelete", "nothing is in the way here"),
    ("CreatePolicyVersion", "RotateStrategy", "there is room here"),
    ("*", "TerminateSubscription", "nothing is subscribed to here"),
    ("RunInstances", "MinAmount", "all of them can be had here"),
    (
        "CreateNetworkInterface",
        "Visible",
        "it is, and cannot be otherwise",
    ),
    (
        "AssociateVpcCidrBlock",
        "IpVersion",
        "the other way to write what is so",
    ),
    (
        "RunInstances",
        "NetworkInterface.N.InstanceType",
        "the place and the groups say the same",
    ),
    (
        "DeleteRouteEntries",
        "RouteEntries.N.DstCidrBlock",
        "once more: the id says which",
    ),
    (
        "DeleteRouteEntries",
        "RouteEntries.N.NextHop",
        "once more: the id says which",
    ),
    (
        "DeleteRouteEntries",
        "RouteEntries.N.RouteTableId",
        "once more: the id says which",
    ),
    ("RemoveTags", "Tag.N.value", "the other way to write what is so"),
    ("*", "NicType", "a VPC has one kind of card"),
    ("*", "Permissions.N.NicType", "a VPC has one kind of card"),
    (
        "RevokeSecurityGroup",
        "Description",
        "no part of what makes a rule",
    ),
    ("RevokeSecurityGroup", "Priority", "no part of what makes a rule"),
    (
        "RevokeSecurityGroupEgress",
        "Description",
        "no part of what makes a rule",
    ),
    (
        "RevokeSecurityGroupEgress",
        "Priority",
        "no part of what makes a rule",
    ),
    (
        "RevokeSecurityGroup",
        "Permissions.N.Description",
        "no part of what makes a rule",
    ),
    (
        "RevokeSecurityGroup",
        "Permissions.N.Priority",
        "no part of what makes a rule",
    ),
    (
        "RevokeSecurityGroupEgress",
        "Permissions.N.Description",
        "no part of what makes a rule",
    ),
    (
        "RevokeSecurityGroupEgress",
        "Permissions.N.Priority",
        "no part of what makes a rule",
    ),
    (
        "CreateImage",
        "Architecture",
        "it follows from the server; of a snapshot it is told",
    ),
    (
        "CreateImage",
        "Platform",
        "it follows from the server; of a snapshot it is told",
    ),
    (
        "*",
        "PrivatePoolOptions.MatchCriteria",
        "without a reservation any of the two is so",
    ),
    (
        "ModifyInstanceSpec",
        "InternetMaxBandwidthOut",
        "the server of the walk has an elastic address: all but nothing is refused",
    ),
    ("CreateSnapshotGroup", "DiskId.N", "there is one disk"),
    ("CreateSnapshotGroup", "ExcludeDiskId.N", "there is one disk"),
    (
        "ModifyCloudAssistantSettings",
        "ResourceUsageConfig",
        "another type of setting",
    ),
    (
        "ModifyCloudAssistantSettings",
        "SessionManagerConfig",
        "another type of setting",
    ),
    (
        "ModifyCloudAssistantSettings",
        "SlsDeliveryConfig",
        "another type of setting",
    ),
    (
        "ModifyInstanceDeployment",
        "DeploymentSetGroupNo",
        "it is taken out of its set",
    ),
    (
        "ModifyPortRangeList",
        "RemoveEntry.N.PortRange",
        "it is not in the list",
    ),
    // What says once more what the request is about: another value is refused.
    ("*", "ListenerProtocol", "once more"),
    ("*", "GatewayType", "once more"),
    ("*", "VpcId", "once more"),
    ("*", "InstanceRegionId", "once more"),
    ("JoinResourceGroup", "ResourceType", "once more"),
    ("*", "ZoneId", "once more"),
    ("SetRule", "VServerGroupId", "once more"),
    (
        "ModifyNetworkInterfaceAttribute",
        "NetworkInterfaceTrafficConfig.NetworkInterfaceTrafficMode",
        "once more",
    ),
    ("CreateNatGateway", "NatType", "there is one type"),
    ("RevokeSecurityGroup", "SecurityGroupRuleId.N", "once more"),
    ("*", "VpcIpv6CidrBlock", "once more"),
    ("DeleteNatIp", "NatGatewayId", "once more"),
    ("UnassociateEipAddress", "InstanceId", "once more"),
    ("ReleasePublicIpAddress", "InstanceId", "once more"),
    ("AllocateIpv6InternetBandwidth", "Ipv6GatewayId", "once more"),
    ("DeleteIpv6InternetBandwidth", "Ipv6AddressId", "once more"),
    ("DeleteRouteEntry", "NextHopId", "once more"),
    ("DeleteRouteEntry", "DestinationCidrBlock", "once more"),
    ("DeleteRouteEntry", "RouteTableId", "once more"),
    ("DeleteRouteEntry", "NextHopList.N.NextHopId", "once more"),
    ("DeleteRouteEntry", "NextHopList.N.NextHopType", "once more"),
    ("ModifyRouteEntry", "DestinationCidrBlock", "once more"),
    ("ModifyRouteEntry", "RouteTableId", "once more"),
];

fn explained(action: &str, param: &str) -> bool {
    EXPLAINED
        .iter()
        .any(|(own, name, _)| (*own == "*" || *own == action) && *name == param)
}

/// What a step meets when it is taken again, elsewhere, or with something that does not exist.
fn refusals_of(
    sim: &mut Sim,
    step: &Step,
    base: &[(String, String)],
    kept: &BTreeMap<&str, String>,
    saved: &str,
) -> BTreeSet<String> {
    let mut variants: Vec<Vec<(String, String)>> = Vec::new();
    let replaced = |place: usize, value: String| {
        let mut params = base.to_vec();
        params[place].1 = value;
        params
    };
    for (place, (name, value)) in base.iter().enumerate() {
        let mut without = base.to_vec();
        without.remove(place);
        variants.push(without);
        if name == "RegionId" {
            variants.push(replaced(place, "cn-beijing".to_owned()));
        }
        for id in kept.values().filter(|id| value.contains(id.as_str())) {
            variants.push(replaced(place, value.replace(id.as_str(), &format!("{id}x"))));
            // Something of another kind, or of the same.
            let others = kept.values().filter(|other| *other != id).take(40);
            variants.extend(others.map(|other| replaced(place, value.replace(id.as_str(), other))));
        }
        if value.parse::<i64>().is_ok() {
            variants.extend(["-1", "0", "1000000000", "x"].map(|value| replaced(place, value.to_owned())));
        }
        variants.extend(
            ["http://x", "", "?", "10.0.0.1/33", &"long".repeat(200)]
                .map(|value| replaced(place, value.to_owned())),
        );
    }
    let mut met = BTreeSet::new();
    restore(sim, saved);
    for params in variants {
        let (status, answer) = body(sim, step, &params);
        if status == 200 {
            restore(sim, saved);
        } else {
            met.insert(answer);
        }
    }
    // The same once more, and once more.
    for _ in 0..2 {
        let (status, answer) = body(sim, step, base);
        if status != 200 {
            met.insert(answer);
        }
    }
    restore(sim, saved);
    met
}

/// Walks and gives what came of each parameter.
fn walk() -> BTreeMap<String, Outcome> {
    let mut sim = Sim::with(Options {
        speed: Speed::Max,
        ..options()
    });
    let facts = parameters();
    let mut outcomes: BTreeMap<String, Outcome> = BTreeMap::new();
    let mut kept: BTreeMap<&str, String> = BTreeMap::new();
    for step in catalogue::steps() {
        let mut base: Vec<(String, String)> = step
            .params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), catalogue::filled(value, &kept)))
            .collect();
        base.push(("RegionId".to_owned(), "cn-hangzhou".to_owned()));
        if let Some(params) = facts.get(&(step.version.to_owned(), step.action.to_owned())) {
            let saved = snapshot(&mut sim);
            let met = outcomes
                .entry(format!("{} {} *", step.version, step.action))
                .or_default();
            met.refusals
                .extend(refusals_of(&mut sim, &step, &base, &kept, &saved));
            let mut plain: BTreeMap<Vec<(String, String)>, (u16, String, String)> = BTreeMap::new();
            for (name, facts) in params {
                let parts = name.split('.').map(|part| if part == "N" { "1" } else { part });
                let sent = parts.collect::<Vec<_>>().join(".");
                // Where a request lists rules it says nothing of a single one beside the list.
                let listed = base.iter().any(|(own, _)| own.starts_with("Permissions.1."));
                if listed && params.contains_key(&format!("Permissions.N.{name}")) {
                    continue;
                }
                let is_group = params
                    .keys()
                    .any(|other| other != name && other.starts_with(&format!("{name}.")));
                if ABOUT.contains(&name.as_str()) || is_group {
                    continue;
                }
                let key = format!("{} {} {name}", step.version, step.action);
                let outcome = outcomes.entry(key).or_default();
                // What the step says itself is left out instead; if that is refused, it is needed.
                let mut with: Vec<(String, String)> =
                    base.iter().filter(|(own, _)| *own != sent).cloned().collect();
                let company = COMPANIONS
                    .iter()
                    .filter(|(action, begin, _)| {
                        (["*", "+", step.action].contains(action))
                            && (name == begin || (begin.ends_with('.') && name.starts_with(begin)))
                    })
                    .flat_map(|(action, _, company)| {
                        company.iter().map(move |(other, value)| (action, other, value))
                    });
                for (action, other, value) in company {
                    if *other == sent || !params.contains_key(&other.replace(".1", ".N")) {
                        continue;
                    }
                    let there = with.iter().any(|(own, _)| own == other);
                    if value.is_empty() || (there && *action != "+") {
                        with.retain(|(own, _)| own != other);
                    }
                    if !value.is_empty() && (!there || *action != "+") {
                        with.push(((*other).to_owned(), catalogue::filled(value, &kept)));
                    }
                }
                let (status, answer, world) = plain
                    .entry(with.clone())
                    .or_insert_with(|| {
                        restore(&mut sim, &saved);
                        let (status, answer) = body(&mut sim, &step, &with);
                        (status, answer, sim.cloud.world_json(sim.now))
                    })
                    .clone();
                let mut candidates: Vec<String> = base
                    .iter()
                    .filter(|(own, _)| *own == sent)
                    .map(|(_, value)| value.clone())
                    .collect();
                candidates.extend(values(name, facts, &kept));
                let default = facts["default"].as_str();
                candidates.retain(|value| !value.is_empty() && default != Some(value.as_str()));
                restore(&mut sim, &saved);
                let mut clean = true;
                if status != 200 {
                    outcome.refusals.insert(answer.clone());
                }
                let mut same: BTreeMap<String, usize> = BTreeMap::new();
                for value in candidates {
                    // Where so many are refused for one reason, so are the others.
                    if same.values().any(|times| *times >= 25) {
                        break;
                    }
                    if !clean {
                        restore(&mut sim, &saved);
                    }
                    let mut params = with.clone();
                    params.push((sent.clone(), value.clone()));
                    let (own_status, own_answer) = body(&mut sim, &step, &params);
                    clean = own_status != 200;
                    if own_status != 200 {
                        *same.entry(own_answer.clone()).or_default() += 1;
                    }
                    if own_status != 200 && status == 200 {
                        outcome.refusals.insert(own_answer);
                    } else if own_status == 200
                        && (status != 200 || own_answer != answer || sim.cloud.world_json(sim.now) != world)
                    {
                        outcome.effects += 1;
                        break;
                    } else if own_status == 200 && !(facts["type"] == "Boolean" && value == "false") {
                        outcome.dropped.insert(value);
                    } else {
                        outcome.refusals.insert(own_answer);
                    }
                }
            }
            restore(&mut sim, &saved);
        }
        let params: Vec<(&str, &str)> = base.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let body = sim.call(step.version, step.action, &params).ok();
        if let Some((name, path)) = step.keep {
            kept.insert(name, text(body.pointer(path).unwrap()));
        }
    }
    outcomes
}

/// Which codes the walk raises, by version and action.
const RAISED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/sim/raised.json");

/// The codes of each action that the vendor lists and the walk has met; kept beside, for the page of what is covered.
fn check_raised(outcomes: &BTreeMap<String, Outcome>) {
    let mut listed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in schema_files() {
        for (name, action) in file["actions"].as_object().unwrap() {
            let errors = action["errors"].as_object().into_iter().flatten();
            let codes = errors.flat_map(|(_, codes)| codes.as_array().unwrap());
            let key = format!("{} {name}", text(&file["version"]));
            listed.entry(key).or_default().extend(codes.map(text));
        }
    }
    let mut raised: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, outcome) in outcomes {
        let key: Vec<&str> = name.split(' ').take(2).collect();
        let key = key.join(" ");
        let own = outcome
            .refusals
            .iter()
            .filter(|code| listed[&key].contains(*code));
        raised.entry(key.clone()).or_default().extend(own.cloned());
    }
    raised.retain(|_, codes| !codes.is_empty());
    if std::env::var_os("INFRA_BLESS").is_some() {
        let mut text = serde_json::to_string_pretty(&raised).unwrap();
        text.push('\n');
        std::fs::write(RAISED, text).unwrap();
    }
    let kept = std::fs::read_to_string(RAISED).unwrap();
    let kept: BTreeMap<String, BTreeSet<String>> = serde_json::from_str(&kept).unwrap();
    for (action, codes) in &kept {
        let lost: Vec<_> = codes.difference(&raised[action]).collect();
        assert!(
            lost.is_empty(),
            "{action} raises no longer {lost:?}: INFRA_BLESS=1 cargo test --test it sim::walked"
        );
    }
}

#[test]
fn every_parameter_of_every_change_has_an_effect_or_is_refused() {
    let outcomes = walk();
    check_raised(&outcomes);
    let dropped: Vec<String> = outcomes
        .iter()
        .filter(|(_, outcome)| outcome.effects == 0 && !outcome.dropped.is_empty())
        .filter(|(name, _)| {
            let mut parts = name.split(' ').skip(1);
            !explained(parts.next().unwrap(), parts.next().unwrap())
        })
        .map(|(name, outcome)| format!("{name} {:?}", outcome.dropped.iter().take(3).collect::<Vec<_>>()))
        .collect();
    let with_effect = outcomes.values().filter(|outcome| outcome.effects > 0).count();
    let refused = outcomes.len() - with_effect - dropped.len();
    assert!(
        dropped.is_empty(),
        "{} have an effect, {refused} are refused, {} are dropped:\n{}",
        with_effect,
        dropped.len(),
        dropped.join("\n")
    );
}
