//! Behaviour that other people's clients take for granted.

use serde_json::Value;

use super::{Sim, instance_params, text};

fn sim_with_server(more: &[(&str, &str)]) -> (Sim, super::Net, String) {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(&net, more);
    sim.wait(10);
    (sim, net, id)
}

#[test]
fn a_stop_takes_what_describe_says_of_a_running_server() {
    let (mut sim, _, id) = sim_with_server(&[]);
    sim.ecs("StartInstance", &[("InstanceId", &id)]).ok();
    sim.wait(20);
    let mode = text(&sim.show(&id)["StoppedMode"]);
    assert_eq!(mode, "Not-applicable");
    sim.ecs("StopInstance", &[("InstanceId", &id), ("StoppedMode", &mode)])
        .ok();
    sim.wait(20);
    assert_eq!(sim.show(&id)["StoppedMode"], "KeepCharging");
}

#[test]
fn user_data_may_be_changed_while_the_server_runs() {
    let (mut sim, _, id) = sim_with_server(&[]);
    sim.ecs("StartInstance", &[("InstanceId", &id)]).ok();
    let change = [("InstanceId", id.as_str()), ("UserData", "aGVsbG8=")];
    sim.ecs("ModifyInstanceAttribute", &change)
        .refused(403, "IncorrectInstanceStatus");
    sim.wait(20);
    sim.ecs("ModifyInstanceAttribute", &change).ok();
    let shown = sim.ecs("DescribeUserData", &[("InstanceId", &id)]).ok();
    assert_eq!(shown["UserData"], "aGVsbG8=");
}

#[test]
fn what_is_agreed_on_for_a_spot_server_is_kept() {
    let (mut sim, net, id) = sim_with_server(&[
        ("SpotStrategy", "SpotWithPriceLimit"),
        ("SpotPriceLimit", "0.25"),
        ("SpotDuration", "0"),
        ("SpotInterruptionBehavior", "Stop"),
        ("HttpPutResponseHopLimit", "3"),
    ]);
    let shown = sim.show(&id);
    assert_eq!(
        (
            &shown["SpotPriceLimit"],
            &shown["SpotDuration"],
            &shown["SpotInterruptionBehavior"],
            &shown["MetadataOptions"]["HttpPutResponseHopLimit"]
        ),
        (
            &Value::from(0.25),
            &Value::from(0),
            &"Stop".into(),
            &Value::from(3)
        )
    );
    sim.ecs(
        "ModifyInstanceMetadataOptions",
        &[
            ("InstanceId", &id),
            ("HttpEndpoint", "enabled"),
            ("HttpPutResponseHopLimit", "5"),
        ],
    )
    .ok();
    assert_eq!(sim.show(&id)["MetadataOptions"]["HttpPutResponseHopLimit"], 5);
    let params = instance_params(
        &net,
        &[
            ("SpotStrategy", "SpotWithPriceLimit"),
            ("SpotPriceLimit", "cheap"),
        ],
    );
    assert_eq!(sim.ecs("CreateInstance", &params).status, 400);
}

#[test]
fn host_names_are_sequences_as_names_are() {
    let (mut sim, net, _) = sim_with_server(&[]);
    let params = instance_params(&net, &[("Amount", "2"), ("HostName", "web[7,3]x")]);
    let made = sim.ecs("RunInstances", &params).ok();
    let names: Vec<Value> = made["InstanceIdSets"]["InstanceIdSet"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| sim.show(&text(id))["HostName"].clone())
        .collect();
    assert_eq!(names, ["web007x", "web008x"]);
}

#[test]
fn attributes_of_disks_are_kept_wherever_they_are_told() {
    let (mut sim, _, id) = sim_with_server(&[]);
    let order = [
        ("ZoneId", "cn-hangzhou-h"),
        ("Size", "20"),
        ("DiskCategory", "cloud_essd"),
        ("MultiAttach", "Enabled"),
    ];
    let free = text(&sim.ecs("CreateDisk", &order).ok()["DiskId"]);
    sim.wait(30);
    sim.ecs(
        "ModifyDiskAttribute",
        &[("DiskId", &free), ("DeleteWithInstance", "true")],
    )
    .ok();
    let show = |sim: &mut Sim, id: &str| {
        let ids = format!("[\"{id}\"]");
        sim.ecs("DescribeDisks", &[("DiskIds", &ids)]).ok()["Disks"]["Disk"][0].clone()
    };
    let shown = show(&mut sim, &free);
    assert_eq!(
        (&shown["DeleteWithInstance"], &shown["MultiAttach"]),
        (&Value::from(true), &"Enabled".into())
    );
    let with_server = [
        ("InstanceId", id.as_str()),
        ("Size", "20"),
        ("DiskCategory", "cloud_essd"),
        ("Tag.1.Key", "k"),
        ("Tag.1.Value", "v"),
    ];
    // A server may be ordered to take a subscription alone; this one is paid as it goes.
    let answer = sim.ecs("CreateDisk", &with_server);
    if answer.status == 200 {
        let id = text(&answer.body["DiskId"]);
        sim.wait(30);
        assert_eq!(show(&mut sim, &id)["Tags"]["Tag"][0]["TagKey"], "k");
    }
    let plain = [
        ("ZoneId", "cn-hangzhou-h"),
        ("Size", "20"),
        ("DiskCategory", "cloud_efficiency"),
        ("MultiAttach", "Enabled"),
    ];
    assert_ne!(sim.ecs("CreateDisk", &plain).status, 200);
}

#[test]
fn a_public_key_is_judged_by_its_form() {
    let mut sim = Sim::new();
    let import = |sim: &mut Sim, name: &str, key: &str| {
        sim.ecs("ImportKeyPair", &[("KeyPairName", name), ("PublicKeyBody", key)])
    };
    let _ = import(&mut sim, "one", "ssh-rsa AAAAB3Nza12345678qwertyuudsfsg").ok();
    for wrong in [
        "ssh-rsa",
        "ssh-rsa BBBB",
        "AAAAB3Nza12345678",
        "rsa AAAAB3",
        "ssh-rsa AAAA!",
    ] {
        import(&mut sim, "two", wrong).refused(400, "InvalidPublicKeyBody.Malformed");
    }
}

#[test]
fn an_elastic_address_tells_its_regions_and_keeps_its_zone() {
    let mut sim = Sim::new();
    sim.vpc("AllocateEipAddress", &[("Zone", "cn-hangzhou-h")]).ok();
    let shown = sim.vpc("DescribeEipAddresses", &[]).ok()["EipAddresses"]["EipAddress"][0].clone();
    assert_eq!(shown["AvailableRegions"]["AvailableRegion"][0], "cn-hangzhou");
    assert_eq!(shown["Zone"], "cn-hangzhou-h");
}

#[test]
fn ipv6_in_rules_is_answered_in_its_shortest_form() {
    let mut sim = Sim::new();
    let net = sim.network();
    sim.ecs(
        "AuthorizeSecurityGroup",
        &[
            ("SecurityGroupId", &net.group),
            ("IpProtocol", "tcp"),
            ("PortRange", "22/22"),
            ("Ipv6SourceCidrIp", "2001:0DB8:0000:0000:0000:0000:0000:0000/32"),
        ],
    )
    .ok();
    let shown = sim
        .ecs(
            "DescribeSecurityGroupAttribute",
            &[("SecurityGroupId", &net.group)],
        )
        .ok();
    assert_eq!(
        shown["Permissions"]["Permission"][0]["Ipv6SourceCidrIp"],
        "2001:db8::/32"
    );
}

#[test]
fn a_group_without_a_vpc_is_the_default_ones_where_there_is_one() {
    let mut sim = Sim::new();
    let vpc_of = |sim: &mut Sim| {
        let made = sim.ecs("CreateSecurityGroup", &[]).ok();
        let id = text(&made["SecurityGroupId"]);
        let shown = sim
            .ecs("DescribeSecurityGroupAttribute", &[("SecurityGroupId", &id)])
            .ok();
        text(&shown["VpcId"])
    };
    assert_eq!(vpc_of(&mut sim), "");
    let vpc = text(&sim.vpc("CreateDefaultVpc", &[]).ok()["VpcId"]);
    sim.wait(5);
    assert_eq!(vpc_of(&mut sim), vpc);
}

#[test]
fn a_renewal_that_is_off_has_no_length() {
    let (mut sim, _, id) = sim_with_server(&[("InstanceChargeType", "PrePaid"), ("Period", "1")]);
    let shown = |sim: &mut Sim| {
        sim.ecs("DescribeInstanceAutoRenewAttribute", &[("InstanceId", &id)])
            .ok()["InstanceRenewAttributes"]["InstanceRenewAttribute"][0]
            .clone()
    };
    assert_eq!(shown(&mut sim)["Duration"], 0);
    sim.ecs(
        "ModifyInstanceAutoRenewAttribute",
        &[("InstanceId", &id), ("AutoRenew", "true"), ("Duration", "3")],
    )
    .ok();
    assert_eq!(shown(&mut sim)["Duration"], 3);
}

#[test]
fn a_parameter_that_is_not_simulated_is_refused_and_counted() {
    let (mut sim, net, _) = sim_with_server(&[("InstanceName", "web")]);
    let counts = |sim: &Sim| -> Value {
        let stats: Value = serde_json::from_str(&sim.cloud.stats_json()).unwrap();
        stats["not_simulated"].clone()
    };
    assert_eq!(counts(&sim)["total"], 0, "{}", counts(&sim));
    // What only says what is so anyway is taken.
    let _ = sim.instance(&net, &[("Affinity", "default"), ("Nonsense", "1")]);
    assert_eq!(counts(&sim)["total"], 0, "{}", counts(&sim));
    let params = instance_params(&net, &[("Affinity", "host")]);
    sim.ecs("CreateInstance", &params)
        .refused(400, "InvalidParameter.Affinity");
    assert_eq!(
        counts(&sim)["by_name"]["CreateInstance.Affinity"],
        1,
        "{}",
        counts(&sim)
    );
    // What the action does not have is another count.
    assert_eq!(counts(&sim)["total"], 1);
}

#[test]
fn no_refusal_speaks_of_what_refuses() {
    let mut sim = Sim::new();
    let net = sim.network();
    let mut messages = Vec::new();
    for (name, value) in [
        ("InstanceType", "ecs.nothing"),
        ("ImageId", "nothing"),
        ("SystemDisk.Category", "floppy"),
        ("SystemDisk.Size", "1"),
        ("ZoneId", "cn-nowhere"),
        ("SecurityGroupId", "sg-nothing"),
        ("InternetMaxBandwidthOut", "100000"),
        ("Password", "short"),
        ("UserData", "###"),
        ("Period", "99"),
        ("KeyPairName", "nothing"),
    ] {
        let answer = sim.ecs("CreateInstance", &instance_params(&net, &[(name, value)]));
        if answer.status != 200 {
            messages.push(text(&answer.body["Message"]));
        }
    }
    assert!(messages.len() > 6, "{messages:?}");
    for message in messages {
        let lower = message.to_lowercase();
        assert!(!lower.contains("simulat") && lower.ends_with('.'), "{message}");
    }
}

/// The community's Ansible modules take an answer's fields in their order, and look for the elastic address of a server
/// when they come to its public one: behind it they would never stop looking.
#[test]
fn the_elastic_address_comes_before_the_public_one() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    let ids = format!("[\"{id}\"]");
    for (action, param) in [
        ("DescribeInstances", ("InstanceIds", ids.as_str())),
        ("DescribeInstanceAttribute", ("InstanceId", id.as_str())),
    ] {
        let answer = sim.raw(super::ECS, action, &[param, ("RegionId", "cn-hangzhou")]);
        let body = String::from_utf8(answer.body).unwrap();
        let at = |field: &str| body.find(&format!("\"{field}\":")).unwrap();
        assert!(at("EipAddress") < at("PublicIpAddress"), "{body}");
    }
}
