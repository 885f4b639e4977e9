//! Things in the shape of the vendor's answers, loaded under their own ids.

use infra::sim::{LoadError, Options};
use serde_json::{Value, json};

use super::{ECS, Sim, VPC, options, text};
use crate::harness::{CERTIFICATE, PRIVATE_KEY};

/// What a list shows, without what belongs to the request.
fn shown(sim: &mut Sim, version: &str, action: &str, path: &str, more: &[(&str, &str)]) -> Vec<Value> {
    let params = super::with_region(more);
    let answer = sim.call(version, action, &params).ok();
    let mut rows = answer.pointer(path).unwrap().as_array().unwrap().clone();
    let id = |row: &Value| row.as_object().unwrap().values().map(Value::to_string).max();
    rows.sort_by_key(id);
    rows
}

const LISTS: &[(&str, &str, &str)] = &[
    (VPC, "DescribeVpcs", "/Vpcs/Vpc"),
    (VPC, "DescribeVSwitches", "/VSwitches/VSwitch"),
    (ECS, "DescribeSecurityGroups", "/SecurityGroups/SecurityGroup"),
    (ECS, "DescribeKeyPairs", "/KeyPairs/KeyPair"),
    (ECS, "DescribeInstances", "/Instances/Instance"),
    (ECS, "DescribeDisks", "/Disks/Disk"),
    (VPC, "DescribeEipAddresses", "/EipAddresses/EipAddress"),
];

/// Version, action, where the items stand, and what is asked besides.
type List<'a> = (&'a str, &'a str, &'a str, Vec<(&'a str, &'a str)>);

/// A VPC with everything that one can have, a vSwitch in its second network, and an address that is protected.
fn wide(sim: &mut Sim) {
    let wide = [
        ("CidrBlock", "172.16.0.0/12"),
        ("EnableIpv6", "true"),
        ("UserCidr", "1.1.1.0/24,2.2.2.0/24"),
        ("EnableDnsHostname", "true"),
    ];
    let wide = text(&sim.vpc("CreateVpc", &wide).ok()["VpcId"]);
    sim.wait(5);
    let of_wide = ("VpcId", wide.as_str());
    sim.vpc(
        "AssociateVpcCidrBlock",
        &[of_wide, ("SecondaryCidrBlock", "192.168.0.0/16")],
    )
    .ok();
    sim.vpc(
        "CreateVSwitch",
        &[
            of_wide,
            ("CidrBlock", "192.168.1.0/24"),
            ("ZoneId", "cn-hangzhou-h"),
            ("Ipv6CidrBlock", "7"),
        ],
    )
    .ok();
    sim.wait(5);
    let safe = ("SecurityProtectionTypes.1", "AntiDDoS_Enhanced");
    sim.vpc("AllocateEipAddress", &[safe]).ok();
}

/// A cloud with some of everything, and the same as an order to load.
fn busy(begin: fn(&mut Sim)) -> (Sim, Vec<Value>, Vec<String>) {
    let mut sim = Sim::with(Options {
        seed: Some(21),
        ..options()
    });
    let net = sim.network();
    begin(&mut sim);
    let other = text(&sim.ecs("CreateSecurityGroup", &[("VpcId", &net.vpc)]).ok()["SecurityGroupId"]);
    for (group, peer) in [(&net.group, "SourceCidrIp"), (&other, "SourceGroupId")] {
        let value = if peer == "SourceCidrIp" {
            "10.0.0.0/8"
        } else {
            &net.group
        };
        sim.ecs(
            "AuthorizeSecurityGroup",
            &[
                ("SecurityGroupId", group),
                ("IpProtocol", "tcp"),
                ("PortRange", "22/22"),
                ("Priority", "5"),
                (peer, value),
            ],
        )
        .ok();
    }
    sim.ecs(
        "ImportKeyPair",
        &[("KeyPairName", "own"), ("PublicKeyBody", "ssh-rsa AAAAB3Nza1234")],
    )
    .ok();
    let order = [
        ("InstanceName", "web"),
        ("KeyPairName", "own"),
        ("SystemDisk.Category", "cloud_essd"),
        ("SystemDisk.Size", "60"),
        ("Tag.1.Key", "k"),
        ("Tag.1.Value", "v"),
        ("DeletionProtection", "true"),
    ];
    let web = sim.instance(&net, &order);
    let paid = sim.instance(&net, &[("InstanceChargeType", "PrePaid"), ("Period", "1")]);
    sim.wait(10);
    sim.ecs("StartInstance", &[("InstanceId", &web)]).ok();
    let disk = [
        ("ZoneId", "cn-hangzhou-h"),
        ("Size", "20"),
        ("DiskCategory", "cloud_essd"),
        ("DiskName", "data"),
    ];
    let disk = text(&sim.ecs("CreateDisk", &disk).ok()["DiskId"]);
    sim.wait(60);
    sim.ecs("AttachDisk", &[("InstanceId", &web), ("DiskId", &disk)])
        .ok();
    let eip = text(&sim.vpc("AllocateEipAddress", &[("Bandwidth", "5")]).ok()["AllocationId"]);
    sim.wait(60);
    sim.vpc(
        "AssociateEipAddress",
        &[("AllocationId", &eip), ("InstanceId", &web)],
    )
    .ok();
    sim.wait(60);
    let mut items = Vec::new();
    for (version, action, path) in LISTS {
        for row in shown(&mut sim, version, action, path, &[("PageSize", "50")]) {
            items.push(json!({ "product": "any", "version": version, "action": action, "item": row }));
        }
    }
    for group in [&net.group, &other] {
        let answer = sim
            .ecs("DescribeSecurityGroupAttribute", &[("SecurityGroupId", group)])
            .ok();
        items.push(json!({
            "product": "Ecs", "version": ECS, "action": "DescribeSecurityGroupAttribute", "item": answer,
        }));
    }
    let _ = paid;
    (sim, items, vec![net.group, other])
}

fn order(sim: &mut Sim, items: &[Value]) -> String {
    let account = sim.call("2015-04-01", "GetCallerIdentity", &[]).ok()["AccountId"].clone();
    json!({ "account": account, "region": "cn-hangzhou", "items": items }).to_string()
}

#[test]
fn what_was_described_is_loaded_and_described_the_same() {
    let (mut sim, mut items, groups) = busy(wide);
    // The order of the items is nobody's affair.
    items.reverse();
    let body = order(&mut sim, &items);
    let mut twin = Sim::with(Options {
        seed: Some(77),
        ..options()
    });
    twin.now = sim.now;
    assert_eq!(twin.cloud.load(&body, twin.now).unwrap(), items.len());
    // Ids of parts that no item told of are new.
    let plain = |rows: Vec<Value>| -> Vec<Value> {
        rows.into_iter()
            .map(|mut row| {
                let fields = row.as_object_mut().unwrap();
                for new in [
                    "VRouterId",
                    "RouterTableIds",
                    "RouteTable",
                    "NetworkInterfaces",
                    "SerialNumber",
                    "KeyPairId",
                ] {
                    fields.remove(new);
                }
                row
            })
            .collect()
    };
    for (version, action, path) in LISTS {
        assert_eq!(
            plain(shown(&mut twin, version, action, path, &[])),
            plain(shown(&mut sim, version, action, path, &[])),
            "{action}"
        );
    }
    for group in &groups {
        let rules = |sim: &mut Sim| {
            let params = [("SecurityGroupId", group.as_str())];
            sim.ecs("DescribeSecurityGroupAttribute", &params).ok()["Permissions"].clone()
        };
        assert_eq!(rules(&mut twin), rules(&mut sim));
    }
    assert_eq!(
        order(&mut twin, &[]),
        order(&mut sim, &[]),
        "it is the same account"
    );
    // It lives: what is protected stays, what is not goes.
    let web = text(
        &shown(
            &mut twin,
            ECS,
            "DescribeInstances",
            "/Instances/Instance",
            &[("InstanceName", "web")],
        )[0]["InstanceId"],
    );
    twin.ecs("DeleteInstance", &[("InstanceId", &web), ("Force", "true")])
        .refused(403, "InvalidOperation.DeletionProtection");
}

#[test]
fn what_cannot_be_held_is_named_and_nothing_is_loaded() {
    let (mut sim, items, _) = busy(|_| {});
    let without = |action: &str| -> Vec<Value> {
        items
            .iter()
            .filter(|item| item["action"] != action)
            .cloned()
            .collect()
    };
    for (missing, named) in [
        ("DescribeVpcs", "DescribeVSwitches"),
        ("DescribeVSwitches", "DescribeInstances"),
        ("DescribeSecurityGroups", "DescribeSecurityGroupAttribute"),
        ("DescribeInstances", "DescribeDisks"),
    ] {
        let body = order(&mut sim, &without(missing));
        let mut twin = Sim::new();
        let error = twin.cloud.load(&body, twin.now).unwrap_err();
        assert!(
            matches!(&error, LoadError::Item { action, .. } if action == named),
            "without {missing}: {error}"
        );
        assert_eq!(twin.vpc("DescribeVpcs", &[]).ok()["TotalCount"], 0);
        assert_eq!(twin.ecs("DescribeKeyPairs", &[]).ok()["TotalCount"], 0);
    }
    let strange = [json!({ "product": "Ecs", "version": ECS, "action": "DescribeNothing", "item": {} })];
    let body = order(&mut sim, &strange);
    assert!(Sim::new().cloud.load(&body, sim.now).is_err());
    for wrong in ["", "{}", "[]", r#"{"region": "cn-hangzhou", "items": [{}]}"#] {
        assert!(Sim::new().cloud.load(wrong, sim.now).is_err(), "{wrong}");
    }
}

#[test]
fn gateways_load_balancers_and_snapshots_are_loaded_as_they_were() {
    const SLB: &str = "2014-05-15";
    let (mut sim, mut items, _) = busy(|_| {});
    let one = |sim: &mut Sim, version: &str, action: &str, path: &str| -> Value {
        shown(sim, version, action, path, &[])[0].clone()
    };
    let vswitch = text(&one(&mut sim, VPC, "DescribeVSwitches", "/VSwitches/VSwitch")["VSwitchId"]);
    let vpc = text(&one(&mut sim, VPC, "DescribeVpcs", "/Vpcs/Vpc")["VpcId"]);
    let web = shown(
        &mut sim,
        ECS,
        "DescribeInstances",
        "/Instances/Instance",
        &[("InstanceName", "web")],
    );
    let (web, address) = (
        text(&web[0]["InstanceId"]),
        text(&web[0]["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0]),
    );
    let nat = [("VpcId", vpc.as_str()), ("VSwitchId", &vswitch), ("Name", "way")];
    let nat = sim.vpc("CreateNatGateway", &nat).ok();
    sim.wait(60);
    let eip = sim.vpc("AllocateEipAddress", &[("Bandwidth", "5")]).ok();
    let (eip, public) = (text(&eip["AllocationId"]), text(&eip["EipAddress"]));
    let bind = [
        ("AllocationId", eip.as_str()),
        ("InstanceId", nat["NatGatewayId"].as_str().unwrap()),
        ("InstanceType", "Nat"),
    ];
    sim.vpc("AssociateEipAddress", &bind).ok();
    sim.wait(60);
    let snat = [
        (
            "SnatTableId",
            nat["SnatTableIds"]["SnatTableId"][0].as_str().unwrap(),
        ),
        ("SnatIp", public.as_str()),
        ("SourceVSwitchId", &vswitch),
    ];
    sim.vpc("CreateSnatEntry", &snat).ok();
    let forward = [
        (
            "ForwardTableId",
            nat["ForwardTableIds"]["ForwardTableId"][0].as_str().unwrap(),
        ),
        ("ExternalIp", public.as_str()),
        ("ExternalPort", "80"),
        ("InternalIp", &address),
        ("InternalPort", "8080"),
        ("IpProtocol", "tcp"),
    ];
    sim.vpc("CreateForwardEntry", &forward).ok();
    let call = |sim: &mut Sim, action: &str, params: &[(&str, &str)]| {
        sim.call(SLB, action, &super::with_region(params)).ok()
    };
    let balancer = [
        ("LoadBalancerSpec", "slb.s2.small"),
        ("VSwitchId", vswitch.as_str()),
    ];
    let balancer = text(&call(&mut sim, "CreateLoadBalancer", &balancer)["LoadBalancerId"]);
    let own = ("LoadBalancerId", balancer.as_str());
    let servers = format!("[{{\"ServerId\":\"{web}\",\"Weight\":50,\"Port\":8080}}]");
    let group = [
        own,
        ("BackendServers", servers.as_str()),
        ("VServerGroupName", "web"),
    ];
    let group = text(&call(&mut sim, "CreateVServerGroup", &group)["VServerGroupId"]);
    let listener = [
        own,
        ("ListenerPort", "80"),
        ("VServerGroupId", group.as_str()),
        ("HealthCheck", "on"),
        ("HealthCheckURI", "/up"),
    ];
    call(&mut sim, "CreateLoadBalancerHTTPListener", &listener);
    call(&mut sim, "StartLoadBalancerListener", &listener[..2]);
    let disk = shown(
        &mut sim,
        ECS,
        "DescribeDisks",
        "/Disks/Disk",
        &[("InstanceId", &web), ("DiskType", "system")],
    );
    let disk = text(&disk[0]["DiskId"]);
    sim.ecs(
        "CreateSnapshot",
        &[
            ("DiskId", &disk),
            ("SnapshotName", "before"),
            ("RetentionDays", "7"),
        ],
    )
    .ok();
    sim.wait(600);
    items.retain(|item| item["action"] != "DescribeEipAddresses");
    let lists = [
        (VPC, "DescribeEipAddresses", "/EipAddresses/EipAddress"),
        (VPC, "DescribeNatGateways", "/NatGateways/NatGateway"),
        (SLB, "DescribeLoadBalancers", "/LoadBalancers/LoadBalancer"),
        (ECS, "DescribeSnapshots", "/Snapshots/Snapshot"),
    ];
    let tables = [
        (
            "DescribeSnatTableEntries",
            "/SnatTableEntries/SnatTableEntry",
            snat[0],
        ),
        (
            "DescribeForwardTableEntries",
            "/ForwardTableEntries/ForwardTableEntry",
            forward[0],
        ),
    ];
    let add = |items: &mut Vec<Value>, version: &str, action: &str, item: Value| {
        items.push(json!({ "product": "any", "version": version, "action": action, "item": item }));
    };
    for (version, action, path) in lists {
        for row in shown(&mut sim, version, action, path, &[]) {
            add(&mut items, version, action, row);
        }
    }
    for (action, path, table) in tables {
        for row in shown(&mut sim, VPC, action, path, &[table]) {
            add(&mut items, VPC, action, row);
        }
    }
    let parts = [
        (
            "DescribeVServerGroupAttribute",
            vec![("VServerGroupId", group.as_str())],
        ),
        (
            "DescribeLoadBalancerHTTPListenerAttribute",
            listener[..2].to_vec(),
        ),
    ];
    for (action, params) in &parts {
        let item = call(&mut sim, action, params);
        add(&mut items, SLB, action, item);
    }
    let body = order(&mut sim, &items);
    let mut twin = Sim::with(Options {
        seed: Some(77),
        ..options()
    });
    twin.now = sim.now;
    assert_eq!(twin.cloud.load(&body, twin.now).unwrap(), items.len());
    for (version, action, path) in lists {
        let plain = |rows: Vec<Value>| -> Vec<Value> {
            let mut rows: Vec<Value> = rows
                .into_iter()
                .map(|mut row| {
                    // When it was changed last is told nobody.
                    row.as_object_mut().unwrap().remove("LastModifiedTime");
                    row.as_object_mut().unwrap().remove("SnapshotLinkId");
                    row
                })
                .collect();
            rows.sort_by_key(Value::to_string);
            rows
        };
        let (twins, own) = (
            shown(&mut twin, version, action, path, &[]),
            shown(&mut sim, version, action, path, &[]),
        );
        assert_eq!(plain(twins), plain(own), "{action}");
    }
    for (action, path, table) in tables {
        assert_eq!(
            shown(&mut twin, VPC, action, path, &[table]),
            shown(&mut sim, VPC, action, path, &[table]),
            "{action}"
        );
    }
    for (action, params) in &parts {
        let mut twins = call(&mut twin, action, params);
        let mut own = call(&mut sim, action, params);
        for answer in [&mut twins, &mut own] {
            for new in ["RequestId", "CreateTime"] {
                answer.as_object_mut().unwrap().remove(new);
            }
        }
        assert_eq!(twins, own, "{action}");
    }
}

#[test]
fn routes_interfaces_policies_and_certificates_are_loaded_as_they_were() {
    const SLB: &str = "2014-05-15";
    let (mut sim, _, _) = busy(|_| {});
    let first = |sim: &mut Sim, version: &str, action: &str, path: &str, field: &str| -> String {
        text(&shown(sim, version, action, path, &[])[0][field])
    };
    let vpc = first(&mut sim, VPC, "DescribeVpcs", "/Vpcs/Vpc", "VpcId");
    let vswitch = first(
        &mut sim,
        VPC,
        "DescribeVSwitches",
        "/VSwitches/VSwitch",
        "VSwitchId",
    );
    let group = first(
        &mut sim,
        ECS,
        "DescribeSecurityGroups",
        "/SecurityGroups/SecurityGroup",
        "SecurityGroupId",
    );
    let web = shown(
        &mut sim,
        ECS,
        "DescribeInstances",
        "/Instances/Instance",
        &[("InstanceName", "web")],
    );
    let web = text(&web[0]["InstanceId"]);
    // 1. A table of its own that serves the vSwitch, a line in it and one in the VPC's.
    let table = [("VpcId", vpc.as_str()), ("RouteTableName", "own")];
    let table = text(&sim.vpc("CreateRouteTable", &table).ok()["RouteTableId"]);
    sim.wait(10);
    sim.vpc(
        "AssociateRouteTable",
        &[("RouteTableId", &table), ("VSwitchId", &vswitch)],
    )
    .ok();
    sim.wait(10);
    let tables = shown(
        &mut sim,
        VPC,
        "DescribeRouteTableList",
        "/RouterTableList/RouterTableListType",
        &[("VpcId", &vpc)],
    );
    assert_eq!(tables.len(), 2);
    for (place, one) in tables.iter().enumerate() {
        let network = format!("192.168.{place}.0/24");
        sim.vpc(
            "CreateRouteEntry",
            &[
                ("RouteTableId", one["RouteTableId"].as_str().unwrap()),
                ("DestinationCidrBlock", &network),
                ("NextHopType", "Instance"),
                ("NextHopId", &web),
                ("RouteEntryName", "to-web"),
            ],
        )
        .ok();
        sim.wait(10);
    }
    // 2. An interface on a server with a second address, and one on none.
    for name in ["on", "off"] {
        let made = sim
            .ecs(
                "CreateNetworkInterface",
                &[
                    ("VSwitchId", &vswitch),
                    ("SecurityGroupIds.1", &group),
                    ("NetworkInterfaceName", name),
                    ("SecondaryPrivateIpAddressCount", "1"),
                    ("Tag.1.Key", "k"),
                    ("Tag.1.Value", name),
                ],
            )
            .ok();
        sim.wait(10);
        if name == "on" {
            let id = text(&made["NetworkInterfaceId"]);
            sim.ecs(
                "AttachNetworkInterface",
                &[("NetworkInterfaceId", &id), ("InstanceId", &web)],
            )
            .ok();
            sim.wait(10);
        }
    }
    // 3. A policy, applied.
    let policy = [
        ("regionId", "cn-hangzhou"),
        ("autoSnapshotPolicyName", "nightly"),
        ("timePoints", "[\"1\",\"2\"]"),
        ("repeatWeekdays", "[\"1\"]"),
        ("retentionDays", "7"),
        ("TargetTags.1.Key", "backup"),
        ("TargetTags.1.Value", "yes"),
    ];
    let policy = text(&sim.ecs("CreateAutoSnapshotPolicy", &policy).ok()["AutoSnapshotPolicyId"]);
    let disk = first(&mut sim, ECS, "DescribeDisks", "/Disks/Disk", "DiskId");
    let disks = format!("[\"{disk}\"]");
    sim.ecs(
        "ApplyAutoSnapshotPolicy",
        &[
            ("regionId", "cn-hangzhou"),
            ("autoSnapshotPolicyId", &policy),
            ("diskIds", &disks),
        ],
    )
    .ok();
    // 4. A load balancer that speaks HTTPS.
    let call = |sim: &mut Sim, action: &str, params: &[(&str, &str)]| {
        sim.call(SLB, action, &super::with_region(params)).ok()
    };
    let certificate = [
        ("ServerCertificate", CERTIFICATE),
        ("PrivateKey", PRIVATE_KEY),
        ("ServerCertificateName", "site"),
    ];
    let certificate = text(&call(&mut sim, "UploadServerCertificate", &certificate)["ServerCertificateId"]);
    let balancer = [
        ("LoadBalancerSpec", "slb.s2.small"),
        ("VSwitchId", vswitch.as_str()),
    ];
    let balancer = text(&call(&mut sim, "CreateLoadBalancer", &balancer)["LoadBalancerId"]);
    let listener = [
        ("LoadBalancerId", balancer.as_str()),
        ("ListenerPort", "443"),
        ("ServerCertificateId", &certificate),
        ("HealthCheck", "off"),
        ("StickySession", "off"),
        ("Bandwidth", "-1"),
        ("BackendServerPort", "80"),
    ];
    call(&mut sim, "CreateLoadBalancerHTTPSListener", &listener);
    call(&mut sim, "StartLoadBalancerListener", &listener[..2]);
    sim.wait(60);

    let mut lists: Vec<List<'_>> = vec![
        (VPC, "DescribeVpcs", "/Vpcs/Vpc", vec![]),
        (VPC, "DescribeVSwitches", "/VSwitches/VSwitch", vec![]),
        (
            VPC,
            "DescribeRouteTableList",
            "/RouterTableList/RouterTableListType",
            vec![("VpcId", vpc.as_str())],
        ),
        (
            ECS,
            "DescribeSecurityGroups",
            "/SecurityGroups/SecurityGroup",
            vec![],
        ),
        (ECS, "DescribeKeyPairs", "/KeyPairs/KeyPair", vec![]),
        (
            ECS,
            "DescribeAutoSnapshotPolicyEx",
            "/AutoSnapshotPolicies/AutoSnapshotPolicy",
            vec![],
        ),
        (ECS, "DescribeInstances", "/Instances/Instance", vec![]),
        (ECS, "DescribeDisks", "/Disks/Disk", vec![]),
        (
            ECS,
            "DescribeNetworkInterfaces",
            "/NetworkInterfaceSets/NetworkInterfaceSet",
            vec![("Type", "Secondary")],
        ),
        (
            SLB,
            "DescribeLoadBalancers",
            "/LoadBalancers/LoadBalancer",
            vec![],
        ),
        (
            SLB,
            "DescribeServerCertificates",
            "/ServerCertificates/ServerCertificate",
            vec![],
        ),
    ];
    let ids: Vec<String> = tables.iter().map(|one| text(&one["RouteTableId"])).collect();
    lists.extend(ids.iter().map(|id| {
        (
            VPC,
            "DescribeRouteEntryList",
            "/RouteEntrys/RouteEntry",
            vec![("RouteTableId", id.as_str())],
        )
    }));
    let mut items = Vec::new();
    for (version, action, path, more) in &lists {
        for row in shown(&mut sim, version, action, path, more) {
            items.push(json!({ "product": "any", "version": version, "action": action, "item": row }));
        }
    }
    let https = "DescribeLoadBalancerHTTPSListenerAttribute";
    let item = call(&mut sim, https, &listener[..2]);
    let alone = (https, item);
    let all = "DescribeLoadBalancerListeners";
    let item = call(&mut sim, all, &[("LoadBalancerId.1", &balancer)])["Listeners"][0].clone();
    // As it is told alone, and as the list tells it.
    for (action, item) in [alone, (all, item)] {
        let mut items = items.clone();
        items.push(json!({ "product": "any", "version": SLB, "action": action, "item": item }));
        let body = order(&mut sim, &items);
        let mut twin = Sim::with(Options {
            seed: Some(78),
            ..options()
        });
        twin.now = sim.now;
        assert_eq!(twin.cloud.load(&body, twin.now).unwrap(), items.len());
        // What is told of nobody, or of parts that no item told of.
        let plain = |mut rows: Vec<Value>| -> Vec<Value> {
            for row in &mut rows {
                let fields = row.as_object_mut().unwrap();
                for new in [
                    "LastModifiedTime",
                    "NetworkInterfaces",
                    "SerialNumber",
                    "RuleCount",
                    "GroupToGroupRuleCount",
                    "EipAddress",
                ] {
                    fields.remove(new);
                }
            }
            rows.sort_by_key(Value::to_string);
            rows
        };
        for (version, action, path, more) in &lists {
            let (twins, own) = (
                shown(&mut twin, version, action, path, more),
                shown(&mut sim, version, action, path, more),
            );
            assert_eq!(plain(twins), plain(own), "{action}");
        }
        let answers = [&mut twin, &mut sim].map(|one| {
            let mut answer = call(one, https, &listener[..2]);
            answer.as_object_mut().unwrap().remove("RequestId");
            answer
        });
        assert_eq!(answers[0], answers[1]);
    }
}
