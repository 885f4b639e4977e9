//! Classic load balancers, their listeners and what is behind them.

use crate::harness::{CERTIFICATE, PRIVATE_KEY};
use serde_json::{Value, json};

use super::super::catalogue::Step;
use super::super::{Sim, instance_params, text};

const SLB: &str = "2014-05-15";

const fn slb(action: &'static str, params: &'static [(&'static str, &'static str)]) -> Step {
    Step::of(SLB, action, params)
}

const HTTPS: &[(&str, &str)] = &[
    ("LoadBalancerId", "$secured"),
    ("ListenerPort", "443"),
    ("ListenerProtocol", "https"),
];

/// A load balancer that speaks HTTPS.
pub(super) const HTTPS_WALK: &[Step] = &[
    slb("DescribeAvailableResource", &[]),
    slb(
        "CreateLoadBalancer",
        &[("LoadBalancerSpec", "slb.s2.small"), ("VSwitchId", "$vswitch")],
    )
    .keep("secured", "/LoadBalancerId"),
    slb(
        "UploadServerCertificate",
        &[
            ("ServerCertificate", CERTIFICATE),
            ("PrivateKey", PRIVATE_KEY),
            ("ServerCertificateName", "first"),
        ],
    )
    .keep("certificate", "/ServerCertificateId"),
    slb("DescribeServerCertificates", &[]),
    slb(
        "SetServerCertificateName",
        &[
            ("ServerCertificateId", "$certificate"),
            ("ServerCertificateName", "second"),
        ],
    ),
    slb(
        "CreateVServerGroup",
        &[("LoadBalancerId", "$secured"), ("VServerGroupName", "web")],
    )
    .keep("pages", "/VServerGroupId"),
    slb(
        "CreateLoadBalancerHTTPSListener",
        &[
            ("LoadBalancerId", "$secured"),
            ("ListenerPort", "443"),
            ("Bandwidth", "-1"),
            ("HealthCheck", "off"),
            ("ServerCertificateId", "$certificate"),
            ("VServerGroupId", "$pages"),
        ],
    ),
    slb(
        "DescribeLoadBalancerHTTPSListenerAttribute",
        &[("LoadBalancerId", "$secured"), ("ListenerPort", "443")],
    ),
    slb(
        "SetLoadBalancerHTTPSListenerAttribute",
        &[
            ("LoadBalancerId", "$secured"),
            ("ListenerPort", "443"),
            ("EnableHttp2", "off"),
        ],
    ),
    slb(
        "CreateRules",
        &[
            ("LoadBalancerId", "$secured"),
            ("ListenerPort", "443"),
            (
                "RuleList",
                r#"[{"RuleName":"a","Domain":"a.example.com","VServerGroupId":"$pages"}]"#,
            ),
        ],
    )
    .keep("rule", "/Rules/Rule/0/RuleId"),
    slb("DescribeVServerGroups", &[("LoadBalancerId", "$secured")]),
    slb("DescribeRules", HTTPS),
    slb("DescribeRuleAttribute", &[("RuleId", "$rule")]),
    slb("SetRule", &[("RuleId", "$rule"), ("RuleName", "b")]),
    slb("DeleteRules", &[("RuleIds", "[\"$rule\"]")]),
    slb("DeleteLoadBalancerListener", HTTPS),
    slb(
        "DeleteServerCertificate",
        &[("ServerCertificateId", "$certificate")],
    ),
    slb("DeleteLoadBalancer", &[("LoadBalancerId", "$secured")]),
];

pub(super) const LOAD_BALANCER_WALK: &[Step] = &[
    slb("DescribeRegions", &[]),
    slb("DescribeZones", &[]),
    slb(
        "CreateLoadBalancer",
        &[
            ("LoadBalancerName", "front"),
            ("LoadBalancerSpec", "slb.s2.small"),
            ("VSwitchId", "$vswitch"),
        ],
    )
    .keep("balancer", "/LoadBalancerId"),
    slb("DescribeLoadBalancers", &[("LoadBalancerId", "$balancer")]),
    slb(
        "SetLoadBalancerName",
        &[("LoadBalancerId", "$balancer"), ("LoadBalancerName", "back")],
    ),
    slb(
        "SetLoadBalancerStatus",
        &[("LoadBalancerId", "$balancer"), ("LoadBalancerStatus", "active")],
    ),
    slb(
        "SetLoadBalancerDeleteProtection",
        &[("LoadBalancerId", "$balancer"), ("DeleteProtection", "off")],
    ),
    slb(
        "SetLoadBalancerModificationProtection",
        &[
            ("LoadBalancerId", "$balancer"),
            ("ModificationProtectionStatus", "NonProtection"),
        ],
    ),
    slb(
        "ModifyLoadBalancerInstanceSpec",
        &[
            ("LoadBalancerId", "$balancer"),
            ("LoadBalancerSpec", "slb.s3.small"),
        ],
    ),
    slb(
        "TagResources",
        &[
            ("ResourceType", "instance"),
            ("ResourceId.1", "$balancer"),
            ("Tag.1.Key", "k"),
        ],
    ),
    slb(
        "ListTagResources",
        &[("ResourceType", "instance"), ("ResourceId.1", "$balancer")],
    ),
    slb(
        "UntagResources",
        &[
            ("ResourceType", "instance"),
            ("ResourceId.1", "$balancer"),
            ("TagKey.1", "k"),
        ],
    ),
    slb(
        "AddBackendServers",
        &[
            ("LoadBalancerId", "$balancer"),
            (
                "BackendServers",
                "[{\"ServerId\":\"$running\",\"Weight\":\"50\"}]",
            ),
        ],
    ),
    slb(
        "SetBackendServers",
        &[
            ("LoadBalancerId", "$balancer"),
            ("BackendServers", "[{\"ServerId\":\"$running\",\"Weight\":60}]"),
        ],
    ),
    slb(
        "CreateVServerGroup",
        &[
            ("LoadBalancerId", "$balancer"),
            ("VServerGroupName", "web"),
            ("BackendServers", "[{\"ServerId\":\"$running\",\"Port\":8080}]"),
        ],
    )
    .keep("server-group", "/VServerGroupId"),
    slb(
        "AddVServerGroupBackendServers",
        &[
            ("VServerGroupId", "$server-group"),
            ("BackendServers", "[{\"ServerId\":\"$running\",\"Port\":8081}]"),
        ],
    ),
    slb(
        "ModifyVServerGroupBackendServers",
        &[
            ("VServerGroupId", "$server-group"),
            ("OldBackendServers", "[{\"ServerId\":\"$running\",\"Port\":8081}]"),
            ("NewBackendServers", "[{\"ServerId\":\"$running\",\"Port\":8082}]"),
        ],
    ),
    slb(
        "SetVServerGroupAttribute",
        &[("VServerGroupId", "$server-group"), ("VServerGroupName", "app")],
    ),
    slb(
        "RemoveVServerGroupBackendServers",
        &[
            ("VServerGroupId", "$server-group"),
            ("BackendServers", "[{\"ServerId\":\"$running\",\"Port\":8082}]"),
        ],
    ),
    slb("DescribeVServerGroups", &[("LoadBalancerId", "$balancer")]),
    slb(
        "DescribeVServerGroupAttribute",
        &[("VServerGroupId", "$server-group")],
    ),
    slb(
        "CreateLoadBalancerTCPListener",
        &[
            ("LoadBalancerId", "$balancer"),
            ("ListenerPort", "22"),
            ("BackendServerPort", "22"),
            ("Bandwidth", "-1"),
            ("healthCheckInterval", "5"),
        ],
    ),
    slb(
        "CreateLoadBalancerUDPListener",
        &[
            ("LoadBalancerId", "$balancer"),
            ("ListenerPort", "53"),
            ("BackendServerPort", "53"),
            ("Bandwidth", "-1"),
        ],
    ),
    slb(
        "CreateLoadBalancerHTTPListener",
        &[
            ("LoadBalancerId", "$balancer"),
            ("ListenerPort", "80"),
            ("VServerGroupId", "$server-group"),
            ("HealthCheck", "off"),
        ],
    ),
    slb(
        "SetLoadBalancerTCPListenerAttribute",
        &[
            ("LoadBalancerId", "$balancer"),
            ("ListenerPort", "22"),
            ("Scheduler", "rr"),
        ],
    ),
    slb(
        "SetLoadBalancerUDPListenerAttribute",
        &[
            ("LoadBalancerId", "$balancer"),
            ("ListenerPort", "53"),
            ("Scheduler", "rr"),
        ],
    ),
    slb(
        "SetLoadBalancerHTTPListenerAttribute",
        &[
            ("LoadBalancerId", "$balancer"),
            ("ListenerPort", "80"),
            ("HealthCheck", "off"),
            ("Gzip", "off"),
        ],
    ),
    slb(
        "DescribeLoadBalancerTCPListenerAttribute",
        &[("LoadBalancerId", "$balancer"), ("ListenerPort", "22")],
    ),
    slb(
        "DescribeLoadBalancerUDPListenerAttribute",
        &[("LoadBalancerId", "$balancer"), ("ListenerPort", "53")],
    ),
    slb(
        "DescribeLoadBalancerHTTPListenerAttribute",
        &[("LoadBalancerId", "$balancer"), ("ListenerPort", "80")],
    ),
    slb(
        "DescribeLoadBalancerListeners",
        &[("LoadBalancerId.1", "$balancer")],
    ),
    slb(
        "StartLoadBalancerListener",
        &[
            ("LoadBalancerId", "$balancer"),
            ("ListenerPort", "80"),
            ("ListenerProtocol", "http"),
        ],
    ),
    slb(
        "DescribeLoadBalancerAttribute",
        &[("LoadBalancerId", "$balancer")],
    ),
    slb("DescribeHealthStatus", &[("LoadBalancerId", "$balancer")]),
    slb(
        "StopLoadBalancerListener",
        &[
            ("LoadBalancerId", "$balancer"),
            ("ListenerPort", "80"),
            ("ListenerProtocol", "http"),
        ],
    ),
    slb(
        "DeleteLoadBalancerListener",
        &[
            ("LoadBalancerId", "$balancer"),
            ("ListenerPort", "80"),
            ("ListenerProtocol", "http"),
        ],
    ),
    slb("DeleteVServerGroup", &[("VServerGroupId", "$server-group")]),
    slb(
        "RemoveBackendServers",
        &[
            ("LoadBalancerId", "$balancer"),
            ("BackendServers", "[\"$running\"]"),
        ],
    ),
    slb("DeleteLoadBalancer", &[("LoadBalancerId", "$balancer")]),
    slb(
        "CreateLoadBalancer",
        &[("AddressType", "internet"), ("LoadBalancerSpec", "slb.s1.small")],
    )
    .keep("public-balancer", "/LoadBalancerId"),
    slb(
        "ModifyLoadBalancerInternetSpec",
        &[("LoadBalancerId", "$public-balancer"), ("Bandwidth", "10")],
    ),
    slb("DeleteLoadBalancer", &[("LoadBalancerId", "$public-balancer")]),
];

fn call(sim: &mut Sim, action: &str, params: &[(&str, &str)]) -> super::super::Answer {
    sim.call(SLB, action, &[&[("RegionId", "cn-hangzhou")], params].concat())
}

#[test]
fn a_listener_is_stopped_until_it_is_started_and_health_follows_the_servers() {
    let mut sim = Sim::new();
    let net = sim.network();
    let made = sim.ecs("RunInstances", &instance_params(&net, &[])).ok();
    let server = text(&made["InstanceIdSets"]["InstanceIdSet"][0]);
    sim.wait(30);
    let order = [
        ("LoadBalancerSpec", "slb.s2.small"),
        ("VSwitchId", net.vswitch.as_str()),
        ("DeleteProtection", "on"),
    ];
    call(&mut sim, "CreateLoadBalancer", &order[1..]).refused(400, "ShareSlbHaltSales");
    let made = call(&mut sim, "CreateLoadBalancer", &order).ok();
    let id = text(&made["LoadBalancerId"]);
    assert_eq!(made["NetworkType"], "vpc");
    let own = ("LoadBalancerId", id.as_str());
    let servers = format!("[{{\"ServerId\":\"{server}\",\"Weight\":100,\"Port\":8080}}]");
    let group = [own, ("BackendServers", servers.as_str())];
    let group = text(&call(&mut sim, "CreateVServerGroup", &group).ok()["VServerGroupId"]);
    let listener = [own, ("ListenerPort", "80"), ("ListenerProtocol", "http")];
    let told = [
        own,
        listener[1],
        ("VServerGroupId", group.as_str()),
        ("HealthCheck", "on"),
        ("HealthCheckURI", "/up"),
    ];
    call(&mut sim, "CreateLoadBalancerHTTPListener", &told).ok();
    call(&mut sim, "CreateLoadBalancerHTTPListener", &told)
        .refused(400, "InvalidParameter.ListenerPortConflict");
    let show = |sim: &mut Sim| call(sim, "DescribeLoadBalancerHTTPListenerAttribute", &told[..2]).ok();
    let health = |sim: &mut Sim| -> Value {
        call(sim, "DescribeHealthStatus", &told[..1]).ok()["BackendServers"]["BackendServer"][0]
            ["ServerHealthStatus"]
            .clone()
    };
    let shown = show(&mut sim);
    assert_eq!(
        (
            &shown["Status"],
            &shown["HealthCheckURI"],
            &shown["IdleTimeout"],
            &shown["Gzip"]
        ),
        (&json!("stopped"), &json!("/up"), &json!(15), &json!("on"))
    );
    assert_eq!(health(&mut sim), "unavailable");
    call(&mut sim, "StartLoadBalancerListener", &listener).ok();
    assert_eq!(show(&mut sim)["Status"], "starting");
    sim.wait(2);
    assert_eq!(
        (show(&mut sim)["Status"].clone(), health(&mut sim)),
        (json!("running"), json!("normal"))
    );
    sim.ecs("StopInstance", &[("InstanceId", &server)]).ok();
    sim.wait(20);
    assert_eq!(health(&mut sim), "abnormal");
    call(&mut sim, "DeleteVServerGroup", &[("VServerGroupId", &group)]).refused(400, "RspoolVipExist");
    let shown = call(&mut sim, "DescribeLoadBalancerAttribute", &told[..1]).ok();
    assert_eq!(
        shown["ListenerPortsAndProtocol"]["ListenerPortAndProtocol"][0]["ListenerProtocol"],
        "http"
    );
    call(&mut sim, "DeleteLoadBalancer", &told[..1]).refused(400, "OperationDenied.DeleteProtectionIsOn");
    call(
        &mut sim,
        "SetLoadBalancerDeleteProtection",
        &[own, ("DeleteProtection", "off")],
    )
    .ok();
    // A server that goes leaves its group.
    sim.ecs("DeleteInstance", &[("InstanceId", &server)]).ok();
    sim.wait(20);
    let shown = call(
        &mut sim,
        "DescribeVServerGroupAttribute",
        &[("VServerGroupId", &group)],
    )
    .ok();
    assert_eq!(shown["BackendServers"]["BackendServer"], json!([]));
    call(&mut sim, "DeleteLoadBalancer", &told[..1]).ok();
    call(&mut sim, "DescribeLoadBalancerAttribute", &told[..1])
        .refused(404, "InvalidLoadBalancerId.NotFound");
    sim.vpc("DeleteVSwitch", &[("VSwitchId", &net.vswitch)]).ok();
}

#[test]
fn a_listener_with_a_certificate_keeps_it_and_sorts_by_domain_and_path() {
    let mut sim = Sim::new();
    let net = sim.network();
    let order = [
        ("LoadBalancerSpec", "slb.s2.small"),
        ("VSwitchId", net.vswitch.as_str()),
    ];
    let id = text(&call(&mut sim, "CreateLoadBalancer", &order).ok()["LoadBalancerId"]);
    for certificate in [
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    ] {
        let params = [("ServerCertificate", certificate), ("PrivateKey", PRIVATE_KEY)];
        call(&mut sim, "UploadServerCertificate", &params).refused(400, "CertificateFormatInvalid");
    }
    let params = [("ServerCertificate", CERTIFICATE), ("PrivateKey", PRIVATE_KEY)];
    let made = call(&mut sim, "UploadServerCertificate", &params).ok();
    assert_eq!(
        (
            &made["CommonName"],
            &made["SubjectAlternativeNames"]["SubjectAlternativeName"][0]
        ),
        (&json!("a.example.com"), &json!("a.example.com"))
    );
    let certificate = text(&made["ServerCertificateId"]);
    let group = [("LoadBalancerId", id.as_str()), ("VServerGroupName", "web")];
    let group = text(&call(&mut sim, "CreateVServerGroup", &group).ok()["VServerGroupId"]);
    let listener = |certificate: &'static str| {
        [
            ("ListenerPort", "443"),
            ("Bandwidth", "-1"),
            ("HealthCheck", "off"),
            ("BackendServerPort", "80"),
            ("ServerCertificateId", certificate),
        ]
    };
    let own = ("LoadBalancerId", id.as_str());
    let wrong = [&[own][..], &listener("1_no")].concat();
    call(&mut sim, "CreateLoadBalancerHTTPSListener", &wrong).refused(400, "CertificateNotExist");
    let mut right = wrong.clone();
    right[5].1 = &certificate;
    call(&mut sim, "CreateLoadBalancerHTTPSListener", &right).ok();
    let of = [own, ("ListenerPort", "443")];
    let shown = call(&mut sim, "DescribeLoadBalancerHTTPSListenerAttribute", &of).ok();
    assert_eq!(
        (&shown["ServerCertificateId"], &shown["EnableHttp2"]),
        (&json!(certificate), &json!("on"))
    );
    let policy = [of[0], of[1], ("TLSCipherPolicy", "none")];
    call(&mut sim, "SetLoadBalancerHTTPSListenerAttribute", &policy)
        .refused(400, "InvalidTLSPolicyId.NotExist");
    let of_certificate = [("ServerCertificateId", certificate.as_str())];
    call(&mut sim, "DeleteServerCertificate", &of_certificate)
        .refused(400, "CertificateAndPrivateKeyIsRefered");
    let list = format!("[{{\"RuleName\":\"a\",\"Url\":\"/a\",\"VServerGroupId\":\"{group}\"}}]");
    let rules = [of[0], of[1], ("RuleList", list.as_str())];
    let made = call(&mut sim, "CreateRules", &rules).ok();
    call(&mut sim, "CreateRules", &rules).refused(400, "DomainExist");
    let rule = text(&made["Rules"]["Rule"][0]["RuleId"]);
    let set = [
        ("RuleId", rule.as_str()),
        ("ListenerSync", "off"),
        ("HealthCheck", "on"),
        ("HealthCheckURI", "/up"),
    ];
    call(&mut sim, "SetRule", &set).ok();
    let shown = call(&mut sim, "DescribeRules", &of).ok();
    assert_eq!(shown["Rules"]["Rule"][0]["HealthCheckURI"], "/up");
    call(&mut sim, "DeleteVServerGroup", &[("VServerGroupId", &group)]).refused(400, "RspoolVipExist");
    let ids = format!("[\"{rule}\"]");
    call(&mut sim, "DeleteRules", &[("RuleIds", &ids)]).ok();
    call(&mut sim, "DescribeRuleAttribute", &set[..1]).refused(404, "InvalidRuleId.NotFound");
    call(&mut sim, "DeleteVServerGroup", &[("VServerGroupId", &group)]).ok();
}
