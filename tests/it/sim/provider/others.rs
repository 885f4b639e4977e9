//! The provider's other resources, as far as the simulated actions reach.

use serde_json::{Value, json};

use super::{ECS, Path, Provider, REGION, VPC, no_difference, text};

pub(super) const IMAGE: &str = "aliyun_3_x64_20G_alibase_20240819.vhd";

/// A network and a server with data disks, made as the provider makes them.
pub(super) struct Ground {
    pub(super) vpc: String,
    pub(super) vswitch: String,
    pub(super) group: String,
    pub(super) instance: String,
}

pub(super) fn ground(provider: &mut Provider) -> Ground {
    let form = [
        REGION,
        ("ClientToken", "g1"),
        ("CidrBlock", "10.0.0.0/16"),
        ("VpcName", "demo"),
    ];
    let vpc = text(&provider.tea(VPC, "CreateVpc", &[], &form)["VpcId"]);
    let form = [
        REGION,
        ("ClientToken", "g2"),
        ("CidrBlock", "10.0.1.0/24"),
        ("VpcId", &vpc),
        ("ZoneId", "cn-hangzhou-h"),
    ];
    let vswitch = text(&provider.tea(VPC, "CreateVSwitch", &[], &form)["VSwitchId"]);
    let form = [
        REGION,
        ("ClientToken", "g3"),
        ("VpcId", &vpc),
        ("SecurityGroupName", "web"),
    ];
    let group = text(&provider.tea(ECS, "CreateSecurityGroup", &[], &form)["SecurityGroupId"]);
    // Lists of structures are flattened; the network goes with a card when the configuration speaks of one.
    let form = [
        REGION,
        ("ClientToken", "g4"),
        ("DataDisk.1.Category", "cloud_essd"),
        ("DataDisk.1.DeleteWithInstance", "true"),
        ("DataDisk.1.DiskName", "data"),
        ("DataDisk.1.Encrypted", "false"),
        ("DataDisk.1.PerformanceLevel", "PL0"),
        ("DataDisk.1.Size", "20"),
        ("DeletionProtection", "false"),
        ("DryRun", "false"),
        ("HttpEndpoint", "enabled"),
        ("HttpTokens", "required"),
        ("ImageId", IMAGE),
        ("ImageOptions.LoginAsNonRoot", "false"),
        ("InstanceChargeType", "PostPaid"),
        ("InstanceName", "ECS-Instance"),
        ("InstanceType", "ecs.g7.large"),
        ("InternetChargeType", "PayByTraffic"),
        ("InternetMaxBandwidthOut", "10"),
        ("IoOptimized", "optimized"),
        ("NetworkInterface.1.InstanceType", "Primary"),
        ("NetworkInterface.1.NetworkInterfaceTrafficMode", "Standard"),
        ("NetworkInterface.1.PrimaryIpAddress", "10.0.1.77"),
        ("NetworkInterface.1.SecurityGroupIds.1", &group),
        ("NetworkInterface.1.VSwitchId", &vswitch),
        ("NetworkOptions.EnableJumboFrame", "false"),
        ("SpotStrategy", "NoSpot"),
        ("SystemDisk.Category", "cloud_essd"),
        ("SystemDisk.Encrypted", "false"),
        ("SystemDisk.Size", "40"),
        ("Tag.1.Key", "team"),
        ("Tag.1.Value", "web"),
        ("UserData", "IyEvYmluL3No"),
    ];
    let made = provider.tea(ECS, "RunInstances", &[], &form);
    let instance = text(&made["InstanceIdSets"]["InstanceIdSet"][0]);
    Ground {
        vpc,
        vswitch,
        group,
        instance,
    }
}

fn disk(provider: &mut Provider, id: &str) -> Option<Value> {
    let ids = format!("[\"{id}\"]");
    let shown = provider.tea(ECS, "DescribeDisks", &[], &[("DiskIds", &ids), REGION]);
    shown["Disks"]["Disk"].as_array().unwrap().first().cloned()
}

#[test]
fn a_server_with_everything_is_read_as_it_was_ordered() {
    let mut provider = Provider::new();
    let ground = ground(&mut provider);
    let state = provider.read_instance(&ground.instance, false);
    no_difference(
        &state,
        &[
            ("private_ip", json!("10.0.1.77")),
            ("vpc_id", json!(ground.vpc)),
            ("vswitch_id", json!(ground.vswitch)),
            ("security_groups", json!([ground.group])),
            ("network_interface_traffic_mode", json!("Standard")),
            ("internet_max_bandwidth_out", json!(10)),
            ("http_endpoint", json!("enabled")),
            ("http_tokens", json!("required")),
            ("tags", json!({"team": "web"})),
            ("user_data", json!("IyEvYmluL3No")),
            ("login_as_non_root", json!(false)),
        ],
    );
    assert_ne!(state["public_ip"], "");
}

#[test]
fn what_is_not_simulated_is_refused_and_not_left_out() {
    let mut provider = Provider::new();
    let ground = ground(&mut provider);
    for (more, code) in [
        // No image of the catalogue can.
        (
            &[("ImageOptions.LoginAsNonRoot", "true")][..],
            "LoginAsNonRoot.ImageNotSupport",
        ),
        // A certain address cannot be had in a region without the feature.
        (
            &[
                ("NetworkInterface.1.InstanceType", "Primary"),
                ("NetworkInterface.1.NetworkInterfaceId", "eni-1"),
            ][..],
            "InvalidOperation.RegionNotSupportNetworkInterfaceId",
        ),
    ] {
        let form = [
            REGION,
            ("ImageId", IMAGE),
            ("InstanceType", "ecs.g7.large"),
            ("SecurityGroupIds.1", &ground.group),
            ("VSwitchId", &ground.vswitch),
        ];
        let form = [&form[..], more].concat();
        let (status, body) = provider.send(Path::Tea, (ECS, "RunInstances"), &[], &form);
        assert_eq!((status / 100, &body["Code"]), (4, &code.into()));
    }
}

#[test]
fn a_disk_is_made_attached_grown_and_deleted() {
    let mut provider = Provider::new();
    let ground = ground(&mut provider);
    let form = [
        REGION,
        ("ClientToken", "d1"),
        ("Description", "for data"),
        ("DiskCategory", "cloud_essd"),
        ("DiskName", "data-1"),
        ("Encrypted", "false"),
        ("PerformanceLevel", "PL1"),
        ("Size", "20"),
        ("Tag.1.Key", "team"),
        ("Tag.1.Value", "web"),
        ("ZoneId", "cn-hangzhou-h"),
    ];
    let id = text(&provider.tea(ECS, "CreateDisk", &[], &form)["DiskId"]);
    let made = disk(&mut provider, &id).unwrap();
    let shown = [
        "Status",
        "Size",
        "DiskChargeType",
        "InstanceId",
        "MultiAttach",
        "SourceSnapshotId",
    ];
    assert_eq!(
        shown.map(|key| made[key].clone()),
        [
            json!("Available"),
            json!(20),
            json!("PostPaid"),
            json!(""),
            json!("Disabled"),
            json!("")
        ]
    );
    // The provider's default of the first and what it makes of the second; true would be a difference for ever.
    for key in ["DeleteAutoSnapshot", "DeleteWithInstance", "BurstingEnabled"] {
        assert_eq!(made[key], false, "{key}");
    }
    assert!(made["EnableAutoSnapshot"].is_boolean());

    let form = [
        ("Bootable", "false"),
        ("DeleteWithInstance", "false"),
        ("DiskId", id.as_str()),
        ("InstanceId", ground.instance.as_str()),
    ];
    provider.tea(ECS, "AttachDisk", &[], &form);
    let attached = disk(&mut provider, &id).unwrap();
    assert_eq!(
        (&attached["Status"], &attached["InstanceId"], &attached["Device"]),
        (&json!("In_use"), &json!(ground.instance), &json!("/dev/xvdc"))
    );
    assert_eq!(attached["DeleteAutoSnapshot"], made["DeleteAutoSnapshot"]);

    let form = [
        ("DiskId", id.as_str()),
        ("NewSize", "40"),
        ("Type", "online"),
        ("ClientToken", "d2"),
    ];
    provider.tea(ECS, "ResizeDisk", &[], &form);
    provider.tea(
        ECS,
        "ModifyDiskSpec",
        &[],
        &[("DiskId", &id), ("PerformanceLevel", "PL0")],
    );
    let form = [
        REGION,
        ("DiskId", id.as_str()),
        ("DiskName", "data-2"),
        ("Description", ""),
    ];
    provider.tea(ECS, "ModifyDiskAttribute", &[], &form);
    let changed = disk(&mut provider, &id).unwrap();
    assert_eq!(
        (
            &changed["Size"],
            &changed["PerformanceLevel"],
            &changed["DiskName"]
        ),
        (&json!(40), &json!("PL0"), &json!("data-2"))
    );

    let form = [("DiskId", id.as_str()), ("InstanceId", ground.instance.as_str())];
    provider.tea(ECS, "DetachDisk", &[], &form);
    assert_eq!(disk(&mut provider, &id).unwrap()["Status"], "Available");
    provider.tea(ECS, "DeleteDisk", &[], &[("DiskId", &id)]);
    assert_eq!(disk(&mut provider, &id), None);
}

#[test]
fn too_many_disk_ids_and_no_list_of_them_have_codes_of_their_own() {
    let mut provider = Provider::new();
    let many: Vec<String> = (0..101).map(|number| format!("d-{number}")).collect();
    let many = serde_json::to_string(&many).unwrap();
    for (ids, status, code) in [
        (many.as_str(), 403, "InvalidDiskIds.Malformed"),
        ("d-1", 404, "InvalidDiskIds.ValueNotSupported"),
    ] {
        let form = [REGION, ("DiskIds", ids)];
        let (got, body) = provider.send(Path::Tea, (ECS, "DescribeDisks"), &[], &form);
        assert_eq!((got, &body["Code"]), (status, &code.into()));
    }
}

#[test]
fn a_key_pair_is_made_bound_to_a_server_and_deleted() {
    let mut provider = Provider::new();
    let ground = ground(&mut provider);
    let ids = format!("[\"{}\"]", ground.instance);
    let form = [
        REGION,
        ("KeyPairName", "ops"),
        ("Tag.1.Key", "team"),
        ("Tag.1.Value", "web"),
    ];
    let made = provider.tea(ECS, "CreateKeyPair", &[], &form);
    assert!(text(&made["PrivateKeyBody"]).starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    let form = [
        REGION,
        ("KeyPairName", "imported"),
        (
            "PublicKeyBody",
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 ops@example",
        ),
    ];
    assert_eq!(
        provider.tea(ECS, "ImportKeyPair", &[], &form)["KeyPairName"],
        "imported"
    );
    let read = |provider: &mut Provider| {
        let shown = provider.tea(ECS, "DescribeKeyPairs", &[], &[REGION, ("KeyPairName", "ops")]);
        shown["KeyPairs"]["KeyPair"].as_array().unwrap().first().cloned()
    };
    let shown = read(&mut provider).unwrap();
    assert_eq!(shown["KeyPairFingerPrint"], made["KeyPairFingerPrint"]);
    assert_eq!(
        shown["Tags"]["Tag"],
        json!([{"TagKey": "team", "TagValue": "web"}])
    );

    let pair = [REGION, ("InstanceIds", ids.as_str()), ("KeyPairName", "ops")];
    provider.tea(ECS, "AttachKeyPair", &[], &pair);
    // Paged until a page is empty.
    for (number, count) in [("1", 1), ("2", 0)] {
        let form = [&pair[..], &[("PageSize", "50"), ("PageNumber", number)]].concat();
        let page = provider.tea(ECS, "DescribeInstances", &[], &form);
        assert_eq!(page["Instances"]["Instance"].as_array().unwrap().len(), count);
    }
    let names = [REGION, ("KeyPairNames", "[\"ops\"]")];
    let (status, body) = provider.send(Path::Tea, (ECS, "DeleteKeyPairs"), &[], &names);
    assert_eq!(
        (status, &body["Code"]),
        (400, &"InvalidParameter.KeypairAlreadyAttachedInstance".into())
    );
    provider.tea(ECS, "DetachKeyPair", &[], &pair);
    provider.tea(ECS, "DeleteKeyPairs", &[], &names);
    assert_eq!(read(&mut provider), None);
}

#[test]
fn rules_of_every_kind_are_described_twice_and_revoked_as_they_were_made() {
    let mut provider = Provider::new();
    let ground = ground(&mut provider);
    let group = ("SecurityGroupId", ground.group.as_str());
    let kinds: [(&str, &[(&str, &str)]); 3] = [
        (
            "Egress",
            &[
                ("IpProtocol", "all"),
                ("PortRange", "-1/-1"),
                ("Policy", "drop"),
                ("DestCidrIp", "0.0.0.0/0"),
            ],
        ),
        (
            "",
            &[
                ("IpProtocol", "icmp"),
                ("PortRange", "-1/-1"),
                ("Policy", "accept"),
                ("SourceGroupId", group.1),
            ],
        ),
        (
            "",
            &[
                ("IpProtocol", "tcp"),
                ("PortRange", "80/80"),
                ("Policy", "accept"),
                ("Ipv6SourceCidrIp", "2001:db8::/32"),
            ],
        ),
    ];
    for (number, (way, rule)) in kinds.into_iter().enumerate() {
        let token = format!("r{number}");
        let long: Vec<(String, &str)> = rule
            .iter()
            .map(|(name, value)| (format!("Permissions.1.{name}"), *value))
            .collect();
        let mut form = vec![
            REGION,
            group,
            ("ClientToken", &token),
            ("Permissions.1.Priority", "100"),
        ];
        form.extend(long.iter().map(|(name, value)| (name.as_str(), *value)));
        provider.tea(ECS, &format!("AuthorizeSecurityGroup{way}"), &[], &form);
        let flat = [&[REGION, group, ("Priority", "100")], rule].concat();
        // The change of a description is sent twice.
        for _ in 0..2 {
            let described = [&flat[..], &[("Description", "told")]].concat();
            provider.common(ECS, &format!("ModifySecurityGroup{way}Rule"), &described);
        }
        let shown = provider.group_attribute(group.1);
        let shown = &shown["Permissions"]["Permission"];
        assert_eq!(
            (shown.as_array().unwrap().len(), &shown[0]["Description"]),
            (1, &json!("told"))
        );
        provider.common(ECS, &format!("RevokeSecurityGroup{way}"), &flat);
        let shown = provider.group_attribute(group.1);
        assert_eq!(shown["Permissions"]["Permission"], json!([]), "{rule:?}");
    }
}
