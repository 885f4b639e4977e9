//! Life cycles of instances.

use infra::sim::{Options, Speed};

use super::{Net, Sim, instance_params, options, text};

#[test]
fn a_created_instance_is_pending_then_stopped_and_never_starts_by_itself() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    assert_eq!(sim.show(&id)["Status"], "Pending");
    sim.wait(60);
    let shown = sim.show(&id);
    assert_eq!(shown["Status"], "Stopped");
    assert_eq!(shown["InstanceName"], id.as_str());
    assert_eq!(shown["PublicIpAddress"]["IpAddress"], serde_json::json!([]));
    assert_eq!(
        shown["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0],
        "10.0.1.1"
    );
    assert_eq!(shown["CreationTime"], "2026-11-24T08:00Z");
    assert_eq!(shown["ExpiredTime"], "2099-12-31T15:59Z");
}

#[test]
fn start_stop_and_reboot_take_their_time_and_their_states() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    sim.ecs("StartInstance", &[("InstanceId", &id)])
        .refused(403, "IncorrectInstanceStatus");
    sim.wait(10);
    sim.ecs("StartInstance", &[("InstanceId", &id)]).ok();
    assert_eq!(sim.show(&id)["Status"], "Starting");
    sim.ecs("StopInstance", &[("InstanceId", &id)])
        .refused(403, "IncorrectInstanceStatus");
    sim.wait(30);
    assert_eq!(sim.show(&id)["Status"], "Running");
    sim.ecs("RebootInstance", &[("InstanceId", &id)]).ok();
    assert_eq!(sim.show(&id)["Status"], "Starting");
    sim.wait(30);
    sim.ecs(
        "StopInstance",
        &[("InstanceId", &id), ("StoppedMode", "StopCharging")],
    )
    .ok();
    assert_eq!(sim.show(&id)["Status"], "Stopping");
    sim.wait(30);
    let shown = sim.show(&id);
    assert_eq!(
        (&shown["Status"], &shown["StoppedMode"]),
        (&"Stopped".into(), &"StopCharging".into())
    );
}

#[test]
fn at_full_speed_a_transition_is_visible_to_the_next_read() {
    let mut sim = Sim::with(Options {
        speed: Speed::Max,
        ..options()
    });
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    assert_eq!(sim.show(&id)["Status"], "Stopped");
    let params = instance_params(&net, &[("InternetMaxBandwidthOut", "5"), ("Amount", "2")]);
    let made = sim.ecs("RunInstances", &params).ok();
    let ids: Vec<String> = made["InstanceIdSets"]["InstanceIdSet"]
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect();
    assert_eq!(ids.len(), 2);
    for id in &ids {
        let shown = sim.show(id);
        assert_eq!(shown["Status"], "Running");
        assert_eq!(shown["PublicIpAddress"]["IpAddress"].as_array().unwrap().len(), 1);
    }
    assert_ne!(
        sim.show(&ids[0])["PublicIpAddress"],
        sim.show(&ids[1])["PublicIpAddress"]
    );
}

#[test]
fn a_public_address_needs_bandwidth_and_a_steady_state() {
    let mut sim = Sim::new();
    let net = sim.network();
    let bare = sim.instance(&net, &[]);
    let id = sim.instance(&net, &[("InternetMaxBandwidthOut", "5")]);
    sim.ecs("AllocatePublicIpAddress", &[("InstanceId", &id)])
        .refused(403, "IncorrectInstanceStatus");
    sim.wait(10);
    sim.ecs("AllocatePublicIpAddress", &[("InstanceId", &bare)])
        .refused(400, "AllocateIpInvalidInstanceBandwidth");
    let address = text(&sim.ecs("AllocatePublicIpAddress", &[("InstanceId", &id)]).ok()["IpAddress"]);
    sim.ecs("AllocatePublicIpAddress", &[("InstanceId", &id)])
        .refused(403, "AllocatedAlready");
    assert_eq!(sim.show(&id)["PublicIpAddress"]["IpAddress"][0], address.as_str());
    let world = sim.cloud.world_json(sim.now);
    assert!(world.contains("\"public_ip_works\":false") && !world.contains("\"public_ip_works\":true"));
    sim.ecs("StartInstance", &[("InstanceId", &id)]).ok();
    sim.wait(60);
    assert!(sim.cloud.world_json(sim.now).contains("\"public_ip_works\":true"));
}

#[test]
fn deletion_is_absence_and_frees_what_it_held() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(&net, &[("DeletionProtection", "True")]);
    sim.ecs("DeleteInstance", &[("InstanceId", &id)])
        .refused(403, "InvalidOperation.DeletionProtection");
    sim.ecs(
        "ModifyInstanceAttribute",
        &[("InstanceId", &id), ("DeletionProtection", "false")],
    )
    .ok();
    sim.ecs("DeleteInstance", &[("InstanceId", &id)])
        .refused(403, "IncorrectInstanceStatus.Initializing");
    sim.wait(10);
    sim.ecs("StartInstance", &[("InstanceId", &id)]).ok();
    sim.wait(60);
    sim.ecs("DeleteInstance", &[("InstanceId", &id)])
        .refused(403, "IncorrectInstanceStatus");
    sim.ecs("DeleteInstance", &[("InstanceId", &id), ("Force", "true")])
        .ok();
    sim.vpc("DeleteVSwitch", &[("VSwitchId", &net.vswitch)])
        .refused(400, "DependencyViolation");
    sim.ecs("DeleteSecurityGroup", &[("SecurityGroupId", &net.group)])
        .refused(403, "DependencyViolation");
    sim.ecs("StartInstance", &[("InstanceId", &id)])
        .refused(403, "IncorrectInstanceStatus");
    sim.wait(60);
    assert_eq!(sim.show(&id), serde_json::Value::Null);
    sim.ecs("StartInstance", &[("InstanceId", &id)])
        .refused(404, "InvalidInstanceId.NotFound");
    assert_eq!(sim.ecs("DescribeDisks", &[]).ok()["TotalCount"], 0);
    sim.vpc("DeleteVSwitch", &[("VSwitchId", &net.vswitch)]).ok();
    sim.wait(2);
    sim.ecs("DeleteSecurityGroup", &[("SecurityGroupId", &net.group)])
        .ok();
    sim.vpc("DeleteVpc", &[("VpcId", &net.vpc)]).ok();
}

#[test]
fn a_subscription_has_an_end_and_is_not_deleted_alive() {
    let mut sim = Sim::new();
    let net = sim.network();
    let params = instance_params(&net, &[("InstanceChargeType", "PrePaid")]);
    sim.ecs("CreateInstance", &params)
        .refused(400, "MissingParameter");
    let id = sim.instance(
        &net,
        &[
            ("InstanceChargeType", "PrePaid"),
            ("Period", "1"),
            ("AutoRenew", "true"),
        ],
    );
    sim.wait(10);
    let shown = sim.show(&id);
    assert_eq!(shown["InstanceChargeType"], "PrePaid");
    assert_eq!(shown["ExpiredTime"], "2026-12-24T16:00Z");
    sim.ecs("DeleteInstance", &[("InstanceId", &id)])
        .refused(403, "ChargeTypeViolation");
    sim.ecs(
        "ModifyInstanceSpec",
        &[("InstanceId", &id), ("InstanceType", "ecs.g7.xlarge")],
    )
    .refused(403, "ChargeTypeViolation");
    let renewal = sim
        .ecs("DescribeInstanceAutoRenewAttribute", &[("InstanceId", &id)])
        .ok();
    assert_eq!(
        renewal["InstanceRenewAttributes"]["InstanceRenewAttribute"][0]["RenewalStatus"],
        "AutoRenewal"
    );
    let ids = format!("[\"{id}\"]");
    let to_postpaid = [("InstanceIds", ids.as_str()), ("InstanceChargeType", "PostPaid")];
    sim.ecs("ModifyInstanceChargeType", &to_postpaid).ok();
    assert_eq!(sim.show(&id)["InstanceChargeType"], "PostPaid");
    sim.ecs("DeleteInstance", &[("InstanceId", &id)]).ok();
}

#[test]
fn a_type_changes_while_stopped_and_then_rests_five_minutes() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    sim.wait(10);
    let change = |kind| [("InstanceId", id.clone()), ("InstanceType", String::from(kind))];
    let call = |sim: &mut Sim, kind| {
        let params = change(kind);
        let params: Vec<(&str, &str)> = params
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        sim.ecs("ModifyInstanceSpec", &params)
    };
    call(&mut sim, "ecs.nothing.large").refused(400, "InvalidInstanceType.ValueNotSupported");
    call(&mut sim, "ecs.g7.xlarge").ok();
    assert_eq!(sim.show(&id)["InstanceType"], "ecs.g7.xlarge");
    call(&mut sim, "ecs.g7.large").refused(400, "Throttling");
    sim.wait(301);
    call(&mut sim, "ecs.g7.large").ok();
    sim.ecs("StartInstance", &[("InstanceId", &id)]).ok();
    sim.wait(301);
    call(&mut sim, "ecs.g7.xlarge").refused(400, "InvalidInstanceStatus.NotStopped");
}

#[test]
fn a_client_token_makes_one_instance() {
    let mut sim = Sim::new();
    let net = sim.network();
    let first = sim.instance(&net, &[("ClientToken", "t1")]);
    sim.wait(30);
    assert_eq!(sim.instance(&net, &[("ClientToken", "t1")]), first);
    assert_eq!(sim.ecs("DescribeInstances", &[]).ok()["TotalCount"], 1);
    let other = instance_params(&net, &[("ClientToken", "t1"), ("InstanceType", "ecs.g7.xlarge")]);
    sim.ecs("CreateInstance", &other)
        .refused(400, "IdempotentParameterMismatch");
    // The token of one action is another thing than that of another action.
    let run = instance_params(&net, &[("ClientToken", "t1")]);
    sim.ecs("RunInstances", &run).ok();
    sim.wait(601);
    assert_ne!(sim.instance(&net, &[("ClientToken", "t1")]), first);
}

#[test]
fn a_dry_run_changes_nothing() {
    let mut sim = Sim::new();
    let net = sim.network();
    let params = instance_params(&net, &[("DryRun", "true")]);
    sim.ecs("CreateInstance", &params).refused(400, "DryRunOperation");
    sim.ecs("RunInstances", &params).refused(400, "DryRunOperation");
    let wrong = instance_params(&net, &[("DryRun", "true"), ("ImageId", "no")]);
    sim.ecs("RunInstances", &wrong)
        .refused(404, "InvalidImageId.NotFound");
    assert_eq!(sim.ecs("DescribeInstances", &[]).ok()["TotalCount"], 0);
    sim.ecs("DescribeInstances", &[("DryRun", "true")])
        .refused(400, "DryRunOperation");
}

#[test]
fn two_hundred_and_fifty_instances_paged_both_ways_come_once_each() {
    let mut sim = Sim::new();
    let net = sim.network();
    let params = instance_params(&net, &[("Amount", "50")]);
    // Room for 250: the subnet has 252 addresses.
    for _ in 0..5 {
        sim.ecs("RunInstances", &params).ok();
    }
    let ids = |body: &serde_json::Value| -> Vec<String> {
        body["Instances"]["Instance"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| text(&row["InstanceId"]))
            .collect()
    };
    let mut by_number = Vec::new();
    for page in 1..=4 {
        let page = page.to_string();
        let body = sim
            .ecs("DescribeInstances", &[("PageSize", "100"), ("PageNumber", &page)])
            .ok();
        assert_eq!(body["TotalCount"], 250);
        by_number.extend(ids(&body));
    }
    let mut by_token = Vec::new();
    let mut token = String::new();
    loop {
        let body = sim
            .ecs(
                "DescribeInstances",
                &[("MaxResults", "33"), ("NextToken", &token)],
            )
            .ok();
        by_token.extend(ids(&body));
        token = text(&body["NextToken"]);
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(by_number, by_token);
    let unique: std::collections::BTreeSet<&String> = by_number.iter().collect();
    assert_eq!((by_number.len(), unique.len()), (250, 250));
    assert_eq!(ids(&sim.ecs("DescribeInstances", &[]).ok()).len(), 10);
    sim.ecs("DescribeInstances", &[("NextToken", "nonsense")])
        .refused(400, "InvalidParameter");
}

#[test]
fn a_hundred_and_one_ids_are_refused_and_none_finds_nothing() {
    let mut sim = Sim::new();
    let many = |count: usize| serde_json::to_string(&vec!["i-x"; count]).unwrap();
    sim.ecs("DescribeInstances", &[("InstanceIds", &many(101))])
        .refused(400, "InvalidParameter");
    assert_eq!(
        sim.ecs("DescribeInstances", &[("InstanceIds", &many(100))]).ok()["TotalCount"],
        0
    );
    let net = sim.network();
    let _ = sim.instance(&net, &[]);
    assert_eq!(
        sim.ecs("DescribeInstances", &[("InstanceIds", "[]")]).ok()["TotalCount"],
        0
    );
}

#[test]
fn instances_are_found_by_their_tags() {
    let mut sim = Sim::new();
    let net = sim.network();
    let tags = |address: &str| {
        vec![
            ("Tag.1.Key".to_owned(), "infra:stack".to_owned()),
            ("Tag.1.Value".to_owned(), "shop".to_owned()),
            ("Tag.2.Key".to_owned(), "infra:addr".to_owned()),
            ("Tag.2.Value".to_owned(), address.to_owned()),
        ]
    };
    let mut made = Vec::new();
    for address in ["instance.web[0]", "instance.web[1]"] {
        let tags = tags(address);
        let tags: Vec<(&str, &str)> = tags
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        made.push(sim.instance(&net, &tags));
    }
    let other = sim.instance(&net, &[]);
    let found = |sim: &mut Sim, filter: &[(&str, &str)]| {
        sim.ecs("DescribeInstances", filter).ok()["TotalCount"].clone()
    };
    assert_eq!(
        found(&mut sim, &[("Tag.1.Key", "infra:stack"), ("Tag.1.Value", "shop")]),
        2
    );
    assert_eq!(
        found(&mut sim, &[("Tag.1.Key", "infra:stack"), ("Tag.1.Value", "else")]),
        0
    );
    assert_eq!(found(&mut sim, &[("Tag.1.Key", "infra:addr")]), 2);
    assert_eq!(
        found(
            &mut sim,
            &[
                ("Tag.1.key", "infra:stack"),
                ("Tag.2.key", "infra:addr"),
                ("Tag.2.value", "instance.web[1]")
            ]
        ),
        1
    );
    let resource = [("ResourceType", "instance"), ("ResourceId.1", other.as_str())];
    let mut tag = resource.to_vec();
    tag.extend([("Tag.1.Key", "infra:stack"), ("Tag.1.Value", "shop")]);
    sim.ecs("TagResources", &tag).ok();
    assert_eq!(
        found(&mut sim, &[("Tag.1.Key", "infra:stack"), ("Tag.1.Value", "shop")]),
        3
    );
    let mut untag = resource.to_vec();
    untag.push(("TagKey.1", "infra:stack"));
    sim.ecs("UntagResources", &untag).ok();
    assert_eq!(
        found(&mut sim, &[("Tag.1.Key", "infra:stack"), ("Tag.1.Value", "shop")]),
        2
    );
    assert_eq!(sim.show(&made[0])["Tags"]["Tag"][0]["TagKey"], "infra:stack");
    let listed = sim
        .ecs(
            "ListTagResources",
            &[("ResourceType", "instance"), ("Tag.1.Key", "infra:stack")],
        )
        .ok();
    assert_eq!(listed["TagResources"]["TagResource"].as_array().unwrap().len(), 4);
}

#[test]
fn a_server_of_the_classic_network_has_no_vswitch() {
    let mut sim = Sim::new();
    let group = text(
        &sim.ecs("CreateSecurityGroup", &[("Description", "a ~*+/=&?%中文 (x)!")])
            .ok()["SecurityGroupId"],
    );
    let net = Net {
        vpc: String::new(),
        vswitch: String::new(),
        group,
    };
    let id = sim.instance(
        &net,
        &[
            ("VSwitchId", ""),
            ("InstanceType", "ecs.s2.large"),
            ("ImageId", "ubuntu1404_64_40G_cloudinit_20160727.raw"),
            ("IoOptimized", "optimized"),
            ("SystemDisk.Category", "cloud_ssd"),
            ("InternetMaxBandwidthOut", "1"),
        ],
    );
    sim.wait(10);
    sim.ecs("AllocatePublicIpAddress", &[("InstanceId", &id)]).ok();
    let shown = sim.show(&id);
    assert_eq!(
        (&shown["InstanceNetworkType"], &shown["IoOptimized"]),
        (&"classic".into(), &true.into())
    );
    assert_eq!(shown["InnerIpAddress"]["IpAddress"].as_array().unwrap().len(), 1);
    let groups = sim.ecs("DescribeSecurityGroups", &[]).ok();
    assert_eq!(
        groups["SecurityGroups"]["SecurityGroup"][0]["Description"],
        "a ~*+/=&?%中文 (x)!"
    );
}

#[test]
fn a_password_and_a_private_key_are_kept_nowhere() {
    let mut sim = Sim::new();
    let net = sim.network();
    let pair = sim.ecs("CreateKeyPair", &[("KeyPairName", "admin")]).ok();
    let private = text(&pair["PrivateKeyBody"]);
    assert!(private.starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    let _ = sim.instance(&net, &[("Password", "Hush-hush-1")]);
    let with_key = sim.instance(&net, &[("KeyPairName", "admin")]);
    let params = instance_params(&net, &[("KeyPairName", "nobody")]);
    sim.ecs("CreateInstance", &params)
        .refused(404, "InvalidKeyPairName.NotFound");
    assert_eq!(sim.show(&with_key)["KeyPairName"], "admin");
    let world = sim.cloud.world_json(sim.now);
    assert!(!world.contains("Hush-hush-1") && !world.contains("PRIVATE KEY"));
    sim.ecs("DeleteKeyPairs", &[("KeyPairNames", "[\"admin\"]")])
        .refused(400, "InvalidParameter.KeypairAlreadyAttachedInstance");
    let ids = format!("[\"{with_key}\",\"i-no\"]");
    sim.wait(10);
    let results = sim
        .ecs(
            "DetachKeyPair",
            &[("KeyPairName", "admin"), ("InstanceIds", &ids)],
        )
        .ok();
    assert_eq!(
        (&results["TotalCount"], &results["FailCount"]),
        (&"2".into(), &"1".into())
    );
    sim.ecs("DeleteKeyPairs", &[("KeyPairNames", "[\"admin\"]")]).ok();
}

#[test]
fn user_data_comes_back_as_given_and_is_empty_without() {
    let mut sim = Sim::new();
    let net = sim.network();
    let with = sim.instance(&net, &[("UserData", "IyEvYmluL3NoCg==")]);
    let without = sim.instance(&net, &[]);
    let shown =
        |sim: &mut Sim, id: &str| sim.ecs("DescribeUserData", &[("InstanceId", id)]).ok()["UserData"].clone();
    assert_eq!(shown(&mut sim, &with), "IyEvYmluL3NoCg==");
    assert_eq!(shown(&mut sim, &without), "");
    let params = instance_params(&net, &[("UserData", "not base64!")]);
    sim.ecs("CreateInstance", &params)
        .refused(403, "InvalidUserData.Base64FormatInvalid");
}

#[test]
fn what_is_sold_out_cannot_be_made() {
    let sold_out = vec!["ecs.g7.large@cn-hangzhou-h".parse().unwrap()];
    let mut sim = Sim::with(Options {
        sold_out,
        ..options()
    });
    let net = sim.network();
    let params = instance_params(&net, &[]);
    sim.ecs("CreateInstance", &params)
        .refused(403, "OperationDenied.NoStock");
    let _ = sim.instance(&net, &[("InstanceType", "ecs.g7.xlarge")]);
}

#[test]
fn a_create_may_stay_invisible_for_a_while() {
    let read_lag = std::time::Duration::from_secs(5);
    let mut sim = Sim::with(Options {
        read_lag,
        ..options()
    });
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    assert_eq!(sim.show(&id), serde_json::Value::Null);
    sim.wait(5);
    assert_eq!(sim.show(&id)["InstanceId"], id.as_str());
}
