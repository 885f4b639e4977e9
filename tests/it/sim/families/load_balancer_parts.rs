//! What listeners of classic load balancers take from elsewhere: lists of addresses, certificates of authorities, pairs of
//! servers, further domains.

use serde_json::json;

use super::super::catalogue::Step;
use super::super::{Sim, instance_params, text};
use crate::harness::{CERTIFICATE, PRIVATE_KEY};

const SLB: &str = "2014-05-15";

const fn slb(action: &'static str, params: &'static [(&'static str, &'static str)]) -> Step {
    Step::of(SLB, action, params)
}

const PAIR: &str = r#"[{"ServerId":"$running","Port":25,"ServerType":"Master"},{"ServerId":"$stopped","Port":25,"ServerType":"Slave","Weight":50}]"#;
const TCP: &[(&str, &str)] = &[("LoadBalancerId", "$parts"), ("ListenerPort", "25")];
const HTTPS: &[(&str, &str)] = &[("LoadBalancerId", "$parts"), ("ListenerPort", "8443")];

pub(super) const PARTS_WALK: &[Step] = &[
    slb("ListTLSCipherPolicies", &[]),
    slb(
        "CreateLoadBalancer",
        &[("LoadBalancerSpec", "slb.s2.small"), ("VSwitchId", "$vswitch")],
    )
    .keep("parts", "/LoadBalancerId"),
    slb(
        "CreateAccessControlList",
        &[("AclName", "first"), ("Tag.1.Key", "k"), ("Tag.1.Value", "v")],
    )
    .keep("acl", "/AclId"),
    slb(
        "AddAccessControlListEntry",
        &[
            ("AclId", "$acl"),
            (
                "AclEntrys",
                r#"[{"entry":"10.0.0.0/8","comment":"inside"},{"entry":"192.168.1.7","comment":"one"}]"#,
            ),
        ],
    ),
    slb("DescribeAccessControlLists", &[]),
    slb("DescribeAccessControlListAttribute", &[("AclId", "$acl")]),
    slb(
        "SetAccessControlListAttribute",
        &[("AclId", "$acl"), ("AclName", "second")],
    ),
    slb(
        "RemoveAccessControlListEntry",
        &[("AclId", "$acl"), ("AclEntrys", r#"[{"entry":"192.168.1.7"}]"#)],
    ),
    slb(
        "CreateMasterSlaveServerGroup",
        &[
            ("LoadBalancerId", "$parts"),
            ("MasterSlaveServerGroupName", "pair"),
            ("MasterSlaveBackendServers", PAIR),
        ],
    )
    .keep("pair", "/MasterSlaveServerGroupId"),
    slb(
        "CreateLoadBalancerTCPListener",
        &[
            ("LoadBalancerId", "$parts"),
            ("ListenerPort", "25"),
            ("Bandwidth", "-1"),
            ("MasterSlaveServerGroupId", "$pair"),
            ("AclStatus", "on"),
            ("AclId", "$acl"),
            ("AclType", "white"),
        ],
    ),
    slb(
        "CreateLoadBalancerUDPListener",
        &[
            ("LoadBalancerId", "$parts"),
            ("ListenerPort", "25"),
            ("Bandwidth", "-1"),
            ("MasterSlaveServerGroupId", "$pair"),
        ],
    ),
    slb("DescribeMasterSlaveServerGroups", &[("LoadBalancerId", "$parts")]),
    slb(
        "DescribeMasterSlaveServerGroupAttribute",
        &[("MasterSlaveServerGroupId", "$pair")],
    ),
    slb("DescribeLoadBalancerTCPListenerAttribute", TCP),
    slb("DescribeLoadBalancerListeners", &[("LoadBalancerId.1", "$parts")]),
    slb(
        "SetLoadBalancerTCPListenerAttribute",
        &[
            ("LoadBalancerId", "$parts"),
            ("ListenerPort", "25"),
            ("MasterSlaveServerGroup", "off"),
            ("AclStatus", "off"),
        ],
    ),
    slb(
        "SetLoadBalancerTCPListenerAttribute",
        &[
            ("LoadBalancerId", "$parts"),
            ("ListenerPort", "25"),
            ("MasterSlaveServerGroup", "on"),
            ("MasterSlaveServerGroupId", "$pair"),
            ("AclStatus", "on"),
            ("AclId", "$acl"),
            ("AclType", "black"),
        ],
    ),
    slb(
        "SetLoadBalancerUDPListenerAttribute",
        &[
            ("LoadBalancerId", "$parts"),
            ("ListenerPort", "25"),
            ("MasterSlaveServerGroup", "off"),
        ],
    ),
    slb(
        "SetLoadBalancerUDPListenerAttribute",
        &[
            ("LoadBalancerId", "$parts"),
            ("ListenerPort", "25"),
            ("MasterSlaveServerGroup", "on"),
            ("MasterSlaveServerGroupId", "$pair"),
        ],
    ),
    slb(
        "UploadServerCertificate",
        &[
            ("ServerCertificate", CERTIFICATE),
            ("PrivateKey", PRIVATE_KEY),
            ("ServerCertificateName", "own"),
        ],
    )
    .keep("own-certificate", "/ServerCertificateId"),
    slb(
        "UploadCACertificate",
        &[("CACertificate", CERTIFICATE), ("CACertificateName", "one")],
    )
    .keep("authority", "/CACertificateId"),
    slb("UploadCACertificate", &[("CACertificate", CERTIFICATE)]).keep("authority2", "/CACertificateId"),
    slb("DescribeCACertificates", &[]),
    slb(
        "CreateLoadBalancerHTTPSListener",
        &[
            ("LoadBalancerId", "$parts"),
            ("ListenerPort", "8443"),
            ("BackendServerPort", "80"),
            ("Bandwidth", "-1"),
            ("HealthCheck", "off"),
            ("ServerCertificateId", "$own-certificate"),
            ("CACertificateId", "$authority"),
        ],
    ),
    slb(
        "SetLoadBalancerHTTPSListenerAttribute",
        &[
            ("LoadBalancerId", "$parts"),
            ("ListenerPort", "8443"),
            ("CACertificateId", "$authority2"),
        ],
    ),
    slb(
        "CreateDomainExtension",
        &[
            ("LoadBalancerId", "$parts"),
            ("ListenerPort", "8443"),
            ("Domain", "b.example.com"),
            ("ServerCertificateId", "$own-certificate"),
        ],
    )
    .keep("extension", "/DomainExtensionId"),
    slb("DescribeDomainExtensions", HTTPS),
    slb(
        "DescribeDomainExtensionAttribute",
        &[("DomainExtensionId", "$extension")],
    ),
    slb(
        "SetDomainExtensionAttribute",
        &[
            ("DomainExtensionId", "$extension"),
            ("ServerCertificateId", "$own-certificate"),
        ],
    ),
    slb("DescribeLoadBalancerHTTPSListenerAttribute", HTTPS),
    slb("DeleteDomainExtension", &[("DomainExtensionId", "$extension")]),
    slb("DeleteLoadBalancer", &[("LoadBalancerId", "$parts")]),
    slb("DeleteAccessControlList", &[("AclId", "$acl")]),
    slb("DeleteCACertificate", &[("CACertificateId", "$authority")]),
    slb(
        "CreateLoadBalancer",
        &[("LoadBalancerSpec", "slb.s2.small"), ("VSwitchId", "$vswitch")],
    )
    .keep("paired", "/LoadBalancerId"),
    slb(
        "CreateMasterSlaveServerGroup",
        &[("LoadBalancerId", "$paired"), ("MasterSlaveBackendServers", PAIR)],
    )
    .keep("pair2", "/MasterSlaveServerGroupId"),
    slb(
        "DeleteMasterSlaveServerGroup",
        &[("MasterSlaveServerGroupId", "$pair2")],
    ),
    slb("DeleteLoadBalancer", &[("LoadBalancerId", "$paired")]),
    slb(
        "CreateLoadBalancer",
        &[("AddressType", "internet"), ("LoadBalancerSpec", "slb.s1.small")],
    )
    .keep("monthly-balancer", "/LoadBalancerId"),
    slb(
        "ModifyLoadBalancerPayType",
        &[
            ("LoadBalancerId", "$monthly-balancer"),
            ("PayType", "PrePay"),
            ("PricingCycle", "month"),
            ("Duration", "1"),
        ],
    ),
];

fn call(sim: &mut Sim, action: &str, params: &[(&str, &str)]) -> super::super::Answer {
    sim.call(SLB, action, &[&[("RegionId", "cn-hangzhou")], params].concat())
}

fn balancer(sim: &mut Sim, vswitch: &str) -> String {
    let order = [("LoadBalancerSpec", "slb.s2.small"), ("VSwitchId", vswitch)];
    text(&call(sim, "CreateLoadBalancer", &order).ok()["LoadBalancerId"])
}

#[test]
fn a_list_of_addresses_keeps_its_entries_apart_and_its_listeners_hold_it() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = balancer(&mut sim, &net.vswitch);
    call(&mut sim, "CreateAccessControlList", &[]).refused(400, "MissingAclName");
    let acl = text(&call(&mut sim, "CreateAccessControlList", &[("AclName", "in")]).ok()["AclId"]);
    let of = ("AclId", acl.as_str());
    let entries = |list: &'static str| [of, ("AclEntrys", list)];
    call(
        &mut sim,
        "RemoveAccessControlListEntry",
        &entries(r#"[{"entry":"10.0.0.0/8"}]"#),
    )
    .refused(400, "AclEntryEmpty");
    let two = r#"[{"entry":"10.0.0.0/8","comment":"a"},{"entry":"192.168.1.7"}]"#;
    call(&mut sim, "AddAccessControlListEntry", &entries(two)).ok();
    for (list, code) in [
        (r#"[{"entry":"192.168.1.7/32"}]"#, "InvalidParam.AclEntryExists"),
        (r#"[{"entry":"10.0.0.1/8"}]"#, "AclEntryIllegal"),
        (r#"[{"entry":"2408::/32"}]"#, "IllegalEntry"),
        ("[]", "InvalidParameter"),
        ("10.0.0.0/8", "InvalidParameter"),
    ] {
        call(&mut sim, "AddAccessControlListEntry", &entries(list)).refused(400, code);
    }
    let comment = format!(r#"[{{"entry":"10.9.0.0/16","comment":"{}"}}]"#, "long".repeat(30));
    call(
        &mut sim,
        "AddAccessControlListEntry",
        &[of, ("AclEntrys", &comment)],
    )
    .refused(400, "InvalidParam.Comment");
    for round in 0..6 {
        let list: Vec<String> = (0..50)
            .map(|number| format!(r#"{{"entry":"172.16.{round}.{number}"}}"#))
            .collect();
        let list = format!("[{}]", list.join(","));
        let answer = call(&mut sim, "AddAccessControlListEntry", &[of, ("AclEntrys", &list)]);
        if round == 5 {
            answer.refused(400, "AclEntryExceedLimit");
        } else {
            answer.ok();
        }
    }
    call(
        &mut sim,
        "RemoveAccessControlListEntry",
        &entries(r#"[{"entry":"10.7.0.0/16"}]"#),
    )
    .refused(400, "InvalidParameter");
    call(
        &mut sim,
        "RemoveAccessControlListEntry",
        &entries(r#"[{"entry":"192.168.1.7"}]"#),
    )
    .ok();
    let shown = call(&mut sim, "DescribeAccessControlListAttribute", &[of]).ok();
    assert_eq!(
        (&shown["TotalAclEntry"], &shown["AclEntrys"]["AclEntry"][0]),
        (
            &json!(251),
            &json!({"AclEntryIP": "10.0.0.0/8", "AclEntryComment": "a"})
        )
    );
    let page = [of, ("Page", "6"), ("PageSize", "50")];
    let shown = call(&mut sim, "DescribeAccessControlListAttribute", &page).ok();
    assert_eq!(shown["AclEntrys"]["AclEntry"].as_array().unwrap().len(), 1);

    let own = [("LoadBalancerId", id.as_str()), ("ListenerPort", "80")];
    let listener = |more: &[(&'static str, &'static str)]| {
        let base = [
            own[0],
            own[1],
            ("BackendServerPort", "80"),
            ("HealthCheck", "off"),
        ];
        [&base[..], more].concat()
    };
    let create = "CreateLoadBalancerHTTPListener";
    call(&mut sim, create, &listener(&[("AclStatus", "on")])).refused(400, "MissingParameter");
    call(&mut sim, create, &listener(&[("AclId", "acl-no")])).refused(400, "AclNotExist");
    call(&mut sim, create, &listener(&[("AclType", "grey")])).refused(400, "InvalidParameter");
    let six = [("AclName", "six"), ("AddressIPVersion", "ipv6")];
    let six = text(&call(&mut sim, "CreateAccessControlList", &six).ok()["AclId"]);
    let with = |acl: &str| -> Vec<(&str, String)> {
        let mut all: Vec<(&str, String)> = listener(&[("AclStatus", "on"), ("AclType", "white")])
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        all.push(("AclId", acl.to_owned()));
        all
    };
    for (acl, code) in [(&six, Some("IpVersionConflict")), (&acl, None)] {
        let params = with(acl);
        let params: Vec<(&str, &str)> = params.iter().map(|(a, b)| (*a, b.as_str())).collect();
        let answer = call(&mut sim, create, &params);
        match code {
            Some(code) => answer.refused(400, code),
            None => assert!(answer.ok().is_object()),
        }
    }
    let shown = call(&mut sim, "DescribeLoadBalancerHTTPListenerAttribute", &own).ok();
    assert_eq!(
        (&shown["AclId"], &shown["AclType"], &shown["AclIds"]["AclId"]),
        (&json!(acl), &json!("white"), &json!([acl]))
    );
    let shown = call(&mut sim, "DescribeAccessControlListAttribute", &[of]).ok();
    assert_eq!(
        shown["RelatedListeners"]["RelatedListener"],
        json!([{"LoadBalancerId": id, "ListenerPort": 80, "Protocol": "http", "AclType": "white"}])
    );
    call(&mut sim, "DeleteAccessControlList", &[of]).refused(400, "OperationFailed.AclBindedWithVip");
    let off = [own[0], own[1], ("AclStatus", "off")];
    call(&mut sim, "SetLoadBalancerHTTPListenerAttribute", &off).ok();
    call(&mut sim, "DeleteAccessControlList", &[of]).ok();
    call(&mut sim, "DeleteAccessControlList", &[of]).refused(400, "AclNotExist");
    let shown = call(&mut sim, "DescribeAccessControlLists", &[("AclName", "six")]).ok();
    assert_eq!(
        (
            &shown["Count"],
            &shown["TotalCount"],
            &shown["Acls"]["Acl"][0]["AddressIPVersion"]
        ),
        (&json!(1), &json!(1), &json!("ipv6"))
    );
    for number in 1..50 {
        call(
            &mut sim,
            "CreateAccessControlList",
            &[("AclName", &number.to_string())],
        )
        .ok();
    }
    call(&mut sim, "CreateAccessControlList", &[("AclName", "more")]).refused(400, "AclNumberOverLimit");
}

#[test]
fn a_pair_has_one_that_works_and_one_that_stands_by() {
    let mut sim = Sim::new();
    let net = sim.network();
    let made = sim.ecs("RunInstances", &instance_params(&net, &[])).ok();
    let one = text(&made["InstanceIdSets"]["InstanceIdSet"][0]);
    let two = sim.instance(&net, &[]);
    sim.wait(30);
    let id = balancer(&mut sim, &net.vswitch);
    let own = ("LoadBalancerId", id.as_str());
    let server = |id: &str, port: i64, role: &str| json!({"ServerId": id, "Port": port, "ServerType": role, "Type": "ecs"});
    let create = |sim: &mut Sim, servers: &serde_json::Value| {
        let servers = servers.to_string();
        let params = [
            own,
            ("MasterSlaveServerGroupName", "pair"),
            ("MasterSlaveBackendServers", servers.as_str()),
        ];
        call(sim, "CreateMasterSlaveServerGroup", &params)
    };
    let (master, slave) = (server(&one, 80, "Master"), server(&two, 80, "Slave"));
    for (servers, code) in [
        (json!([master]), "BACKEND_SERVERS_NUM_MUST_BE_TWO"),
        (
            json!([master, server(&two, 80, "Master")]),
            "BACKEND_SERVERS_CAN_ONLY_CONTAIN_ONE_MASTER_AND_ONE_SLAVE",
        ),
        (
            json!([master, server(&one, 80, "Slave")]),
            "BACKEND_SERVERS_HAVE_SAME_PORT_AND_SERVERID",
        ),
        (json!([master, server(&two, 80, "Other")]), "INVALID_SERVER_TYPE"),
        (
            json!([master, server(&two, 0, "Slave")]),
            "RealServerPortNotSupport",
        ),
        (
            json!([master, server("", 80, "Slave")]),
            "BACKEND_SERVER_ID_CAN_NOT_EMPTY",
        ),
        (
            json!([master, {"ServerId": two, "ServerType": "Slave"}]),
            "BACKEND_SERVER_PORT_CAN_NOT_EMPTY",
        ),
    ] {
        create(&mut sim, &servers).refused(400, code);
    }
    let made = create(&mut sim, &json!([master, slave])).ok();
    let group = text(&made["MasterSlaveServerGroupId"]);
    let of = ("MasterSlaveServerGroupId", group.as_str());
    let listener = [own, ("ListenerPort", "80"), of, ("Bandwidth", "-1")];
    let create = "CreateLoadBalancerTCPListener";
    let closed = [&listener[..], &[("HealthCheckSwitch", "off")]].concat();
    call(&mut sim, create, &closed).refused(400, "OperationDenied.HealthCheckClosedForMasterSlaveMode");
    let mut no = listener;
    no[2].1 = "rsp-no";
    call(&mut sim, create, &no).refused(400, "InvalidParameter");
    call(&mut sim, create, &listener).ok();
    let servers = text(&call(&mut sim, "CreateVServerGroup", &[own]).ok()["VServerGroupId"]);
    let other = [own, listener[1], ("VServerGroupId", servers.as_str())];
    let set = "SetLoadBalancerTCPListenerAttribute";
    call(&mut sim, set, &other).refused(400, "MasterSlaveServerConflict");
    let flag = |value: &'static str| [own, listener[1], ("MasterSlaveServerGroup", value)];
    call(&mut sim, set, &flag("on")).refused(400, "MissingParameter");
    let shown = call(
        &mut sim,
        "DescribeMasterSlaveServerGroups",
        &[own, ("IncludeListener", "true")],
    )
    .ok();
    let shown = &shown["MasterSlaveServerGroups"]["MasterSlaveServerGroup"][0];
    assert_eq!(
        shown["AssociatedObjects"]["Listeners"]["Listener"],
        json!([{"Protocol": "tcp", "Port": 80}])
    );
    call(
        &mut sim,
        "StartLoadBalancerListener",
        &[own, listener[1], ("ListenerProtocol", "tcp")],
    )
    .ok();
    sim.wait(5);
    let shown = call(&mut sim, "DescribeHealthStatus", &[own]).ok();
    let shown = &shown["BackendServers"]["BackendServer"];
    assert_eq!(
        (&shown[0]["ServerHealthStatus"], &shown[1]["ServerHealthStatus"]),
        (&json!("normal"), &json!("abnormal"))
    );
    call(&mut sim, "DeleteMasterSlaveServerGroup", &[of]).refused(400, "RspoolVipExist");
    // A server that goes leaves its pair.
    sim.ecs("DeleteInstance", &[("InstanceId", &two)]).ok();
    sim.wait(20);
    let shown = call(&mut sim, "DescribeMasterSlaveServerGroupAttribute", &[of]).ok();
    let shown = &shown["MasterSlaveBackendServers"]["MasterSlaveBackendServer"];
    assert_eq!(
        (
            shown.as_array().unwrap().len(),
            &shown[0]["ServerType"],
            &shown[0]["Weight"]
        ),
        (1, &json!("Master"), &json!(100))
    );
    call(&mut sim, set, &flag("off")).ok();
    call(&mut sim, "DeleteMasterSlaveServerGroup", &[of]).ok();
    call(&mut sim, "DescribeMasterSlaveServerGroupAttribute", &[of]).refused(400, "InvalidParameter");
}

#[test]
fn a_listener_has_further_domains_and_an_authority_for_its_clients() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = balancer(&mut sim, &net.vswitch);
    let own = [("LoadBalancerId", id.as_str()), ("ListenerPort", "443")];
    call(&mut sim, "UploadCACertificate", &[("CACertificate", "none")])
        .refused(400, "CertificateFormatInvalid");
    let made = call(&mut sim, "UploadCACertificate", &[("CACertificate", CERTIFICATE)]).ok();
    assert_eq!(
        (&made["CommonName"], &made["CACertificateName"]),
        (&json!("a.example.com"), &json!("a.example.com"))
    );
    let authority = text(&made["CACertificateId"]);
    let params = [("ServerCertificate", CERTIFICATE), ("PrivateKey", PRIVATE_KEY)];
    let certificate = text(&call(&mut sim, "UploadServerCertificate", &params).ok()["ServerCertificateId"]);
    let other = text(&call(&mut sim, "UploadServerCertificate", &params).ok()["ServerCertificateId"]);
    let listener = [
        own[0],
        own[1],
        ("BackendServerPort", "80"),
        ("Bandwidth", "-1"),
        ("HealthCheck", "off"),
        ("ServerCertificateId", certificate.as_str()),
        ("CACertificateId", "1_no"),
    ];
    call(&mut sim, "CreateLoadBalancerHTTPSListener", &listener).refused(400, "CertificateNotExist");
    let mut right = listener;
    right[6].1 = &authority;
    call(&mut sim, "CreateLoadBalancerHTTPSListener", &right).ok();
    let of_authority = [("CACertificateId", authority.as_str())];
    call(&mut sim, "DeleteCACertificate", &of_authority).refused(400, "CertificateAndPrivateKeyIsRefered");
    let extension = |domain: &'static str, certificate: &'static str| {
        [
            own[0],
            own[1],
            ("Domain", domain),
            ("ServerCertificateId", certificate),
        ]
    };
    let create = "CreateDomainExtension";
    call(&mut sim, create, &extension("b.example.com", "1_no"))
        .refused(400, "InvalidParameter.ServerCertificateId");
    call(&mut sim, create, &extension("b", "1_no")).refused(400, "InvalidParameter.Domain");
    call(&mut sim, create, &extension("b.example.com", "")[..3])
        .refused(400, "MissingParameter.CertificateId");
    let mut made = Vec::new();
    for domain in ["b.example.com", "*.c.example.com", "d.example.com"] {
        let mut params = extension(domain, "");
        params[3].1 = &other;
        made.push(text(&call(&mut sim, create, &params).ok()["DomainExtensionId"]));
        call(&mut sim, create, &params).refused(400, "InvalidParameter.Domain");
    }
    let mut one_more = extension("e.example.com", "");
    one_more[3].1 = &other;
    call(&mut sim, create, &one_more).refused(400, "DomainExtensionNumberOverLimit");
    let shown = call(&mut sim, "DescribeLoadBalancerHTTPSListenerAttribute", &own).ok();
    assert_eq!(
        (
            &shown["CACertificateId"],
            &shown["DomainExtensions"]["DomainExtension"][1]
        ),
        (
            &json!(authority),
            &json!({
                "DomainExtensionId": made[1],
                "Domain": "*.c.example.com",
                "ServerCertificateId": other,
            })
        )
    );
    let of_other = [("ServerCertificateId", other.as_str())];
    call(&mut sim, "DeleteServerCertificate", &of_other).refused(400, "CertificateAndPrivateKeyIsRefered");
    let first = ("DomainExtensionId", made[0].as_str());
    let set = [first, ("ServerCertificateId", certificate.as_str())];
    call(&mut sim, "SetDomainExtensionAttribute", &set).ok();
    let shown = call(&mut sim, "DescribeDomainExtensionAttribute", &[first]).ok();
    assert_eq!(
        (
            &shown["ServerCertificateId"],
            &shown["ListenerPort"],
            &shown["LoadBalancerId"]
        ),
        (&json!(certificate), &json!(443), &json!(id))
    );
    // A rule for the domain keeps it.
    let group = text(&call(&mut sim, "CreateVServerGroup", &own[..1]).ok()["VServerGroupId"]);
    let list = format!(r#"[{{"RuleName":"b","Domain":"b.example.com","VServerGroupId":"{group}"}}]"#);
    let rules = call(&mut sim, "CreateRules", &[own[0], own[1], ("RuleList", &list)]).ok();
    call(&mut sim, "DeleteDomainExtension", &[first]).refused(400, "DomainExtensionRelatedRuleExist");
    let rules = format!(r#"["{}"]"#, text(&rules["Rules"]["Rule"][0]["RuleId"]));
    call(&mut sim, "DeleteRules", &[("RuleIds", &rules)]).ok();
    call(&mut sim, "DeleteDomainExtension", &[first]).ok();
    call(&mut sim, "DescribeDomainExtensionAttribute", &[first])
        .refused(400, "InvalidParameter.DomainExtensionId");
    let shown = call(&mut sim, "DescribeDomainExtensions", &own).ok();
    assert_eq!(
        shown["DomainExtensions"]["DomainExtension"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // Only what speaks HTTPS has any.
    let plain = [
        own[0],
        ("ListenerPort", "80"),
        ("BackendServerPort", "80"),
        ("HealthCheck", "off"),
    ];
    call(&mut sim, "CreateLoadBalancerHTTPListener", &plain).ok();
    one_more[1].1 = "80";
    call(&mut sim, create, &one_more).refused(400, "DomainExtensionNotSupport");
    // They go with their listener.
    call(&mut sim, "DeleteLoadBalancerListener", &own).ok();
    call(&mut sim, "DeleteServerCertificate", &of_other).ok();
    call(&mut sim, "DeleteCACertificate", &of_authority).ok();
    call(&mut sim, "DeleteCACertificate", &of_authority).refused(404, "CACertificateId.NotFound");
}

#[test]
fn a_load_balancer_that_is_paid_beforehand_stays_until_its_end() {
    let mut sim = Sim::new();
    let order = [("AddressType", "internet"), ("InstanceChargeType", "PayByCLCU")];
    let elastic = text(&call(&mut sim, "CreateLoadBalancer", &order).ok()["LoadBalancerId"]);
    let order = [("AddressType", "internet"), ("LoadBalancerSpec", "slb.s1.small")];
    let id = text(&call(&mut sim, "CreateLoadBalancer", &order).ok()["LoadBalancerId"]);
    let own = ("LoadBalancerId", id.as_str());
    let action = "ModifyLoadBalancerPayType";
    let month = [own, ("Duration", "2"), ("PricingCycle", "month")];
    let elastic = [("LoadBalancerId", elastic.as_str()), month[1]];
    call(&mut sim, action, &elastic).refused(400, "OperationDenied.PayByCLCU");
    call(&mut sim, action, &[own]).refused(400, "MissingParameter");
    call(&mut sim, action, &[own, month[1], ("PayType", "PayOnDemand")]).refused(400, "InvalidParameter");
    assert!(call(&mut sim, action, &month).ok()["OrderId"].is_i64());
    let shown = call(&mut sim, "DescribeLoadBalancerAttribute", &[own]).ok();
    assert_eq!(
        (&shown["PayType"], &shown["EndTime"]),
        (&json!("PrePay"), &json!("2027-01-24T08:00:00Z"))
    );
    call(&mut sim, action, &month).refused(400, "Operation.NotAllowed");
    call(&mut sim, "DeleteLoadBalancer", &[own]).refused(400, "InvalidChargeType");
    let shown = call(&mut sim, "ListTLSCipherPolicies", &[]).ok();
    assert_eq!(shown["TLSCipherPolicies"], json!([]));
    call(&mut sim, "ListTLSCipherPolicies", &[("NextToken", "x")]).refused(400, "QueryTokenInvalid");
}
