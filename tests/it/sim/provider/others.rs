//! The provider's other resources as far as the simulated actions reach, its updates in place, and its data sources.

use serde_json::{Value, json};

use super::{ECS, Provider, REGION, VPC, text};

const IMAGE: &str = "aliyun_3_x64_20G_alibase_20240819.vhd";

/// A network and a server with data disks, made as the provider makes them.
struct Ground {
    vpc: String,
    vswitch: String,
    group: String,
    instance: String,
}

fn ground(provider: &mut Provider) -> Ground {
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
    super::no_difference(
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
fn no_image_of_the_catalogue_lets_others_than_root_log_in() {
    let mut provider = Provider::new();
    let ground = ground(&mut provider);
    let form = [
        REGION,
        ("ImageId", IMAGE),
        ("ImageOptions.LoginAsNonRoot", "true"),
        ("InstanceType", "ecs.g7.large"),
        ("SecurityGroupIds.1", &ground.group),
        ("VSwitchId", &ground.vswitch),
    ];
    let (status, body) = provider.send(super::Path::Tea, (ECS, "RunInstances"), &[], &form);
    assert_eq!(
        (status, &body["Code"]),
        (400, &"LoginAsNonRoot.ImageNotSupport".into())
    );
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
        &[("DiskId", &id), ("PerformanceLevel", "PL2")],
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
        (&json!(40), &json!("PL2"), &json!("data-2"))
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
        let (got, body) = provider.send(super::Path::Tea, (ECS, "DescribeDisks"), &[], &form);
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
    let (status, body) = provider.send(super::Path::Tea, (ECS, "DeleteKeyPairs"), &[], &names);
    assert_eq!(
        (status, &body["Code"]),
        (400, &"InvalidParameter.KeypairAlreadyAttachedInstance".into())
    );
    provider.tea(ECS, "DetachKeyPair", &[], &pair);
    provider.tea(ECS, "DeleteKeyPairs", &[], &names);
    assert_eq!(read(&mut provider), None);
}

#[test]
fn a_server_is_changed_in_place_in_the_order_of_the_provider() {
    let mut provider = Provider::new();
    let ground = ground(&mut provider);
    let id = ("InstanceId", ground.instance.as_str());
    let ids = format!("[\"{}\"]", ground.instance);
    let tagged = [REGION, ("ResourceType", "instance"), ("ResourceId.1", id.1)];
    let form = [&tagged[..], &[("TagKey.1", "team")]].concat();
    provider.tea(ECS, "UntagResources", &[], &form);
    let form = [&tagged[..], &[("Tag.1.Key", "tier"), ("Tag.1.Value", "")]].concat();
    provider.legacy(ECS, "TagResources", &form);
    let names = [
        REGION,
        id,
        ("InstanceName", "web-2"),
        ("Description", "second"),
        ("DeletionProtection", "true"),
    ];
    provider.legacy(ECS, "ModifyInstanceAttribute", &names);
    let names = [REGION, id, ("DeletionProtection", "false")];
    provider.legacy(ECS, "ModifyInstanceAttribute", &names);
    provider.legacy(ECS, "StopInstance", &[REGION, id, ("ForceStop", "false")]);
    let form = [
        REGION,
        id,
        ("ImageId", IMAGE),
        ("SystemDisk.Size", "60"),
        ("ClientToken", "u1"),
    ];
    provider.legacy(ECS, "ReplaceSystemDisk", &form);
    let form = [
        REGION,
        id,
        ("VSwitchId", &ground.vswitch),
        ("PrivateIpAddress", "10.0.1.78"),
    ];
    provider.legacy(ECS, "ModifyInstanceVpcAttribute", &form);
    let form = [id, ("InstanceType", "ecs.g7.xlarge"), ("ClientToken", "u2")];
    provider.legacy(ECS, "ModifyInstanceSpec", &form);
    provider.legacy(ECS, "StartInstance", &[id]);
    let form = [id, ("InternetMaxBandwidthOut", "20"), ("ClientToken", "u3")];
    provider.legacy(ECS, "ModifyInstanceNetworkSpec", &form);
    let form = [
        REGION,
        ("InstanceId.1", id.1),
        ("ActionOnMaintenance", "AutoRecover"),
        ("MaintenanceWindow.1.EndTime", "03:00:00"),
        ("MaintenanceWindow.1.StartTime", "02:00:00"),
        ("NotifyOnMaintenance", "true"),
    ];
    provider.tea(ECS, "ModifyInstanceMaintenanceAttributes", &[], &form);
    let form = [
        REGION,
        id,
        ("HttpEndpoint", "enabled"),
        ("HttpTokens", "optional"),
    ];
    provider.tea(ECS, "ModifyInstanceMetadataOptions", &[], &form);

    let state = provider.read_instance(id.1, false);
    super::no_difference(
        &state,
        &[
            ("status", json!("Running")),
            ("instance_name", json!("web-2")),
            ("description", json!("second")),
            ("deletion_protection", json!(false)),
            ("tags", json!({"tier": ""})),
            ("system_disk_size", json!(60)),
            ("private_ip", json!("10.0.1.78")),
            ("instance_type", json!("ecs.g7.xlarge")),
            ("internet_max_bandwidth_out", json!(20)),
            ("maintenance_notify", json!(true)),
            ("http_tokens", json!("optional")),
        ],
    );
    assert_eq!(state["maintenance_time"].as_array().unwrap().len(), 1);

    // The only group cannot be left, and one that is joined cannot be joined again; the provider swallows both.
    for (action, code) in [
        ("LeaveSecurityGroup", "InstanceLastSecurityGroup"),
        ("JoinSecurityGroup", "InvalidInstanceId.AlreadyExists"),
    ] {
        let params = [REGION, id, ("SecurityGroupId", ground.group.as_str())];
        let (status, body) = provider.send(super::Path::Legacy, (ECS, action), &params, &[]);
        assert_eq!((status, &body["Code"]), (403, &code.into()));
    }
    let params = [
        REGION,
        ("InstanceIds", ids.as_str()),
        ("InstanceChargeType", "PrePaid"),
        ("Period", "1"),
        ("PeriodUnit", "Month"),
        ("AutoPay", "true"),
        ("IncludeDataDisks", "true"),
        ("ClientToken", "u4"),
    ];
    provider.legacy(ECS, "ModifyInstanceChargeType", &params);
    let renewal = provider.legacy(ECS, "DescribeInstanceAutoRenewAttribute", &[REGION, id]);
    let renewal = &renewal["InstanceRenewAttributes"]["InstanceRenewAttribute"][0];
    assert_eq!(
        (&renewal["RenewalStatus"], &renewal["PeriodUnit"]),
        (&json!("Normal"), &json!("Month"))
    );
    assert!(renewal["Duration"].is_i64());
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

#[test]
fn the_network_and_the_address_are_changed_in_place() {
    let mut provider = Provider::new();
    let ground = ground(&mut provider);
    let form = [
        REGION,
        ("VpcId", ground.vpc.as_str()),
        ("VpcName", "demo-2"),
        ("Description", "second"),
    ];
    provider.tea(VPC, "ModifyVpcAttribute", &[], &form);
    let tagged = [
        REGION,
        ("ResourceType", "VPC"),
        ("ResourceId.1", ground.vpc.as_str()),
    ];
    let form = [&tagged[..], &[("Tag.1.Key", "team"), ("Tag.1.Value", "web")]].concat();
    // Sent twice for a new VPC.
    for _ in 0..2 {
        provider.tea(VPC, "TagResources", &[], &form);
    }
    let state = provider.read_vpc(&ground.vpc);
    super::no_difference(
        &state,
        &[
            ("vpc_name", json!("demo-2")),
            ("description", json!("second")),
            ("tags", json!({"team": "web"})),
        ],
    );
    let form = [&tagged[..], &[("TagKey.1", "team")]].concat();
    provider.tea(VPC, "UnTagResources", &[], &form);
    assert_eq!(provider.read_vpc(&ground.vpc)["tags"], json!({}));

    let form = [
        REGION,
        ("VSwitchId", ground.vswitch.as_str()),
        ("VSwitchName", "b"),
        ("Description", "second"),
    ];
    let (status, _) = provider.send(super::Path::Tea, (VPC, "ModifyVSwitchAttribute"), &[], &form);
    assert_eq!(status, 200);

    let form = [
        REGION,
        ("SecurityGroupId", ground.group.as_str()),
        ("InnerAccessPolicy", "Drop"),
        ("ClientToken", "p"),
    ];
    provider.tea(ECS, "ModifySecurityGroupPolicy", &[], &form);
    assert_eq!(provider.read_group(&ground.group)["inner_access_policy"], "Drop");

    let made = provider.tea(
        VPC,
        "AllocateEipAddress",
        &[("InstanceId", "")],
        &[REGION, ("ClientToken", "a")],
    );
    let address = text(&made["AllocationId"]);
    let form = [
        REGION,
        ("AllocationId", address.as_str()),
        ("Bandwidth", "10"),
        ("Name", "edge"),
        ("Description", "one"),
    ];
    provider.tea(VPC, "ModifyEipAddressAttribute", &[], &form);
    super::no_difference(
        &provider.read_address(&address),
        &[
            ("bandwidth", json!("10")),
            ("address_name", json!("edge")),
            ("description", json!("one")),
            ("internet_charge_type", json!("PayByBandwidth")),
        ],
    );
}

#[test]
fn zones_types_and_images_are_found_by_the_data_sources() {
    let mut provider = Provider::new();
    let asked = [
        REGION,
        ("InstanceChargeType", "PostPaid"),
        ("IoOptimized", "optimized"),
        ("SpotStrategy", "NoSpot"),
    ];
    let with = |what| [&asked[..], &[("DestinationResource", what)]].concat();
    let zones = provider.legacy(ECS, "DescribeAvailableResource", &with("Zone"));
    let zones = zones["AvailableZones"]["AvailableZone"].as_array().unwrap();
    assert!(
        zones
            .iter()
            .any(|zone| zone["ZoneId"] == "cn-hangzhou-h" && zone["Status"] == "Available")
    );
    // A zone counts only when it lists types and disks.
    let shown = provider.legacy(ECS, "DescribeZones", &[asked[0], asked[1], asked[3]]);
    for zone in shown["Zones"]["Zone"].as_array().unwrap() {
        assert!(
            !zone["AvailableInstanceTypes"]["InstanceTypes"]
                .as_array()
                .unwrap()
                .is_empty()
        );
        assert!(
            !zone["AvailableDiskCategories"]["DiskCategories"]
                .as_array()
                .unwrap()
                .is_empty()
        );
        assert!(zone["AvailableResourceCreation"]["ResourceTypes"].is_array());
    }

    let types = provider.legacy(ECS, "DescribeAvailableResource", &with("InstanceType"));
    let types = &types["AvailableZones"]["AvailableZone"][0]["AvailableResources"]["AvailableResource"];
    let supported = types[0]["SupportedResources"]["SupportedResource"]
        .as_array()
        .unwrap();
    assert!(supported.iter().any(|item| item["Value"] == "ecs.g7.large"));
    // No region goes with this one; pages end with an empty token.
    let types = provider.tea(
        ECS,
        "DescribeInstanceTypes",
        &[],
        &[("InstanceTypeFamily", "ecs.g7")],
    );
    assert_eq!(types["NextToken"], "");
    let large = types["InstanceTypes"]["InstanceType"]
        .as_array()
        .unwrap()
        .iter()
        .find(|kind| kind["InstanceTypeId"] == "ecs.g7.large")
        .unwrap();
    assert_eq!(
        (&large["CpuCoreCount"], large["MemorySize"].as_f64()),
        (&json!(2), Some(8.0))
    );
    assert!(large["LocalStorageCapacity"].is_number() && large["EniQuantity"].is_number());

    let params = [
        REGION,
        ("ImageOwnerAlias", "system"),
        ("OSType", "linux"),
        ("PageNumber", "1"),
        ("PageSize", "100"),
        ("Status", "Available"),
    ];
    let images = provider.legacy(ECS, "DescribeImages", &params);
    let image = &images["Images"]["Image"][0];
    assert_eq!(
        (&image["ImageId"], &image["OSNameEn"]),
        (&json!(IMAGE), &json!("Alibaba Cloud Linux 3.2104 LTS 64 bit"))
    );
    for key in [
        "ImageName",
        "CreationTime",
        "Architecture",
        "Usage",
        "IsSelfShared",
    ] {
        assert!(image[key].is_string(), "{key}");
    }
}
