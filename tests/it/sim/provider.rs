//! The requests of the Terraform provider's seven-resource stack, in the shapes that it sends, and the fields that it
//! reads from the answers: what is absent, null or of another type there crashes it or shows a difference.

use infra::sim::{Options, RawRequest, Speed};
use serde_json::Value;

use super::{ECS, Sim, VPC, options, signed, stamp, text};

/// The provider's three ways of sending.
#[derive(Clone, Copy)]
enum Path {
    /// POST, business parameters in the form body, system parameters in the query.
    Tea,
    /// POST with everything in the query and an empty form.
    Legacy,
    /// GET with everything in the query.
    Common,
}

impl Sim {
    fn send(&mut self, path: Path, version: &str, action: &str, params: &[(&str, &str)]) -> (u16, Value) {
        self.nonce += 1;
        let nonce = format!("tf-{}", self.nonce);
        let mut all = params.to_vec();
        if matches!(path, Path::Legacy) {
            all.push(("SignatureType", ""));
        }
        let method = if matches!(path, Path::Common) {
            "GET"
        } else {
            "POST"
        };
        let signed = signed(
            method,
            version,
            action,
            &all,
            &nonce,
            &stamp(self.now),
            "testid",
            "testsecret",
        );
        let request = match path {
            Path::Common => signed,
            Path::Legacy | Path::Tea => split(signed, path),
        };
        let answer = self.cloud.handle(&request, self.now);
        assert!(self.cloud.check().is_empty(), "after {action}");
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    #[track_caller]
    fn good(&mut self, path: Path, version: &str, action: &str, params: &[(&str, &str)]) -> Value {
        let (status, body) = self.send(path, version, action, params);
        assert_eq!(status, 200, "{action}: {body}");
        // The provider takes an answer with a code in it for a failure.
        assert!(
            body.is_object() && body.get("Code").is_none() && body["RequestId"].is_string(),
            "{body}"
        );
        assert_no_null(&body, action);
        body
    }
}

/// Moves the parameters of a signed form to where this path puts them; the signature does not mind.
fn split(request: RawRequest, path: Path) -> RawRequest {
    const SYSTEM: [&str; 10] = [
        "AccessKeyId",
        "Action",
        "Format",
        "RegionId",
        "Signature",
        "SignatureMethod",
        "SignatureNonce",
        "SignatureVersion",
        "Timestamp",
        "Version",
    ];
    let form = String::from_utf8(request.body).unwrap();
    let in_query =
        |pair: &&str| matches!(path, Path::Legacy) || SYSTEM.contains(&pair.split('=').next().unwrap());
    let (query, body): (Vec<&str>, Vec<&str>) = form.split('&').partition(in_query);
    RawRequest {
        target: format!("/?{}", query.join("&")),
        body: body.join("&").into(),
        ..request
    }
}

fn assert_no_null(value: &Value, path: &str) {
    match value {
        Value::Null => panic!("{path} is null"),
        Value::Array(items) => items.iter().for_each(|item| assert_no_null(item, path)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| assert_no_null(value, &format!("{path}.{key}"))),
        _ => {}
    }
}

#[test]
fn the_seven_resources_are_made_read_again_without_a_difference_and_destroyed() {
    use Path::{Common, Legacy, Tea};
    let mut sim = Sim::with(Options {
        speed: Speed::Max,
        ..options()
    });
    let region = ("RegionId", "cn-hangzhou");

    // vpc
    let made = sim.good(
        Tea,
        VPC,
        "CreateVpc",
        &[
            region,
            ("ClientToken", "TF-CreateVpc-1"),
            ("CidrBlock", "10.0.0.0/16"),
            ("VpcName", "demo"),
            ("EnableIpv6", "false"),
        ],
    );
    let vpc = text(&made["VpcId"]);
    let read_vpc = |sim: &mut Sim| {
        let shown = sim.good(Tea, VPC, "DescribeVpcAttribute", &[region, ("VpcId", &vpc)]);
        assert_eq!(
            (&shown["VpcId"], &shown["Status"]),
            (&vpc.as_str().into(), &"Available".into())
        );
        assert_eq!(
            (&shown["ClassicLinkEnabled"], &shown["Description"]),
            (&false.into(), &"".into())
        );
        for key in [
            "VRouterId",
            "ResourceGroupId",
            "CreationTime",
            "DnsHostnameStatus",
            "RegionId",
        ] {
            assert!(shown[key].is_string(), "{key}");
        }
        assert!(
            shown["Tags"]["Tag"].is_array() && shown["SecondaryCidrBlocks"]["SecondaryCidrBlock"].is_array()
        );
        let tables = sim.good(
            Tea,
            VPC,
            "DescribeRouteTableList",
            &[region, ("VpcId", &vpc), ("PageNumber", "1"), ("PageSize", "50")],
        );
        let table = &tables["RouterTableList"]["RouterTableListType"][0];
        assert_eq!(
            (&table["RouteTableType"], &table["VpcId"]),
            (&"System".into(), &vpc.as_str().into())
        );
        assert_eq!(
            (&table["RouteTableName"], &table["Description"]),
            (&"".into(), &"".into())
        );
    };
    read_vpc(&mut sim);

    // vswitch, its id in the query and the region in the body
    let params = [
        region,
        ("VpcId", vpc.as_str()),
        ("CidrBlock", "10.0.1.0/24"),
        ("ZoneId", "cn-hangzhou-h"),
        ("VSwitchName", "demo-a"),
        ("ClientToken", "TF-1"),
    ];
    let vswitch = text(&sim.good(Tea, VPC, "CreateVSwitch", &params)["VSwitchId"]);
    let read_vswitch = |sim: &mut Sim| {
        let shown = sim.good(
            Tea,
            VPC,
            "DescribeVSwitchAttributes",
            &[region, ("VSwitchId", &vswitch)],
        );
        assert_eq!(
            (&shown["Status"], &shown["Ipv6CidrBlock"]),
            (&"Available".into(), &"".into())
        );
        assert_eq!(
            (&shown["Description"], &shown["ZoneId"]),
            (&"".into(), &"cn-hangzhou-h".into())
        );
    };
    read_vswitch(&mut sim);

    // group and rule; without a network card type the text "<nil>" goes over the wire
    let group = sim.good(
        Tea,
        ECS,
        "CreateSecurityGroup",
        &[
            region,
            ("VpcId", &vpc),
            ("SecurityGroupName", "web"),
            ("ClientToken", "TF-2"),
        ],
    );
    let group = text(&group["SecurityGroupId"]);
    let read_group = |sim: &mut Sim| {
        let shown = sim.good(
            Tea,
            ECS,
            "DescribeSecurityGroups",
            &[region, ("SecurityGroupId", &group)],
        );
        let shown = &shown["SecurityGroups"]["SecurityGroup"][0];
        assert_eq!(
            (&shown["SecurityGroupId"], &shown["SecurityGroupName"]),
            (&group.as_str().into(), &"web".into())
        );
        assert!(shown["Tags"]["Tag"].is_array());
        sim.good(
            Tea,
            ECS,
            "DescribeSecurityGroupAttribute",
            &[
                region,
                ("SecurityGroupId", &group),
                ("NicType", "<nil>"),
                ("Direction", "ingress"),
            ],
        )
    };
    assert_eq!(read_group(&mut sim)["InnerAccessPolicy"], "Accept");
    let rule = [
        region,
        ("SecurityGroupId", group.as_str()),
        ("Permissions.1.IpProtocol", "tcp"),
        ("Permissions.1.PortRange", "22/22"),
        ("Permissions.1.NicType", "intranet"),
        ("Permissions.1.Policy", "accept"),
        ("Permissions.1.Priority", "1"),
        ("Permissions.1.SourceCidrIp", "10.0.0.0/8"),
    ];
    sim.good(Tea, ECS, "AuthorizeSecurityGroup", &rule);
    let read_rule = |sim: &mut Sim| {
        let params = [
            region,
            ("SecurityGroupId", group.as_str()),
            ("NicType", "intranet"),
            ("Direction", "ingress"),
        ];
        let shown = sim.good(Legacy, ECS, "DescribeSecurityGroupAttribute", &params);
        shown["Permissions"]["Permission"][0].clone()
    };
    let shown = read_rule(&mut sim);
    assert!(text(&shown["Priority"]).parse::<i64>().is_ok());
    assert_eq!(
        (&shown["SourceCidrIp"], &shown["NicType"]),
        (&"10.0.0.0/8".into(), &"intranet".into())
    );
    assert_eq!(shown["SourceGroupOwnerAccount"], "");

    // instance
    let params = [
        region,
        ("ClientToken", "TF-RunInstances-1"),
        ("DryRun", "false"),
        ("ImageId", "aliyun_3_x64_20G_alibase_20240819.vhd"),
        ("InstanceType", "ecs.g7.large"),
        ("InstanceName", "web-1"),
        ("SystemDisk.Category", "cloud_essd"),
        ("SystemDisk.Size", "40"),
        ("SecurityGroupIds.1", group.as_str()),
        ("VSwitchId", vswitch.as_str()),
        ("InstanceChargeType", "PostPaid"),
        ("SpotStrategy", "NoSpot"),
        ("IoOptimized", "optimized"),
    ];
    let made = sim.good(Tea, ECS, "RunInstances", &params);
    let id = text(&made["InstanceIdSets"]["InstanceIdSet"][0]);
    let ids = format!("[\"{id}\"]");
    let describe = |sim: &mut Sim, path: Path| {
        let params = [
            region,
            ("InstanceIds", ids.as_str()),
            ("AdditionalAttributes.1", "META_OPTIONS"),
            ("AdditionalAttributes.2", "NETWORK_PRIMARY_ENI_IP"),
        ];
        sim.good(path, ECS, "DescribeInstances", &params)["Instances"]["Instance"][0].clone()
    };
    let read_instance = |sim: &mut Sim| {
        let shown = describe(sim, Legacy);
        assert_eq!(
            (&shown["Status"], &shown["InstanceChargeType"]),
            (&"Running".into(), &"PostPaid".into())
        );
        for key in [
            "HpcClusterId",
            "DeploymentSetId",
            "AutoReleaseTime",
            "KeyPairName",
            "Description",
            "CreditSpecification",
        ] {
            assert_eq!(shown[key], "", "{key}");
        }
        assert_eq!(shown["DedicatedHostAttribute"]["DedicatedHostId"], "");
        assert_eq!(shown["AdditionalInfo"]["EnableHighDensityMode"], false);
        assert!(shown["CpuOptions"].is_object());
        let cards = shown["NetworkInterfaces"]["NetworkInterface"].as_array().unwrap();
        assert_eq!((cards.len(), &cards[0]["Type"]), (1, &"Primary".into()));
        for key in [
            "Cpu",
            "Memory",
            "InternetMaxBandwidthOut",
            "InternetMaxBandwidthIn",
            "SpotDuration",
        ] {
            assert!(shown[key].is_i64(), "{key}");
        }
        let disks = sim.good(
            Tea,
            ECS,
            "DescribeDisks",
            &[region, ("InstanceId", &id), ("DiskType", "system")],
        );
        let disk = &disks["Disks"]["Disk"][0];
        assert_eq!(
            (&disk["InstanceId"], &disk["Size"], &disk["Category"]),
            (&id.as_str().into(), &40.into(), &"cloud_essd".into())
        );
        assert_eq!(
            (
                &disk["StorageClusterId"],
                &disk["ProvisionedIops"],
                &disk["BurstingEnabled"]
            ),
            (&"".into(), &0.into(), &false.into())
        );
        assert_eq!(
            (&disk["DeleteAutoSnapshot"], &disk["PerformanceLevel"]),
            (&true.into(), &"PL1".into())
        );
        assert_eq!(
            sim.good(Legacy, ECS, "DescribeUserData", &[region, ("InstanceId", &id)])["UserData"],
            ""
        );
        let roles = sim.good(
            Legacy,
            ECS,
            "DescribeInstanceRamRole",
            &[region, ("InstanceIds", &ids)],
        );
        assert!(roles["InstanceRamRoleSets"]["InstanceRamRoleSet"].is_array());
        let card = text(&cards[0]["NetworkInterfaceId"]);
        for _ in 0..2 {
            let shown = sim.good(
                Tea,
                ECS,
                "DescribeNetworkInterfaces",
                &[region, ("NetworkInterfaceId.1", &card)],
            );
            let shown = &shown["NetworkInterfaceSets"]["NetworkInterfaceSet"][0];
            assert_eq!(shown["NetworkInterfaceId"], card.as_str());
            assert!(shown["Attachment"].is_object() && shown["Ipv6Sets"]["Ipv6Set"].is_array());
            assert!(shown["PrivateIpSets"]["PrivateIpSet"][0]["Primary"].is_boolean());
        }
        let shown = sim.good(
            Tea,
            ECS,
            "DescribeInstanceMaintenanceAttributes",
            &[region, ("InstanceId.1", &id)],
        );
        let shown = &shown["MaintenanceAttributes"]["MaintenanceAttribute"][0];
        assert!(
            shown["MaintenanceWindows"]["MaintenanceWindow"]
                .as_array()
                .unwrap()
                .is_empty()
        );
        assert_eq!(shown["NotifyOnMaintenance"], false);
        let shown = sim.good(
            Legacy,
            ECS,
            "DescribeInstanceAttribute",
            &[region, ("InstanceId", &id)],
        );
        assert_eq!(
            (&shown["InstanceId"], &shown["EnableJumboFrame"]),
            (&id.as_str().into(), &false.into())
        );
        let shown = sim.good(
            Tea,
            ECS,
            "DescribeInstanceAttachmentAttributes",
            &[region, ("InstanceIds", &ids)],
        );
        assert!(shown["Instances"]["Instance"][0]["PrivatePoolOptionsMatchCriteria"].is_string());
        let _ = describe(sim, Tea);
    };
    read_instance(&mut sim);

    // elastic address, with an empty instance id in the query
    let params = [
        region,
        ("InstanceId", ""),
        ("Bandwidth", "5"),
        ("InternetChargeType", "PayByTraffic"),
        ("Name", "web-1"),
        ("ClientToken", "TF-3"),
    ];
    let eip = text(&sim.good(Tea, VPC, "AllocateEipAddress", &params)["AllocationId"]);
    let read_eip = |sim: &mut Sim| {
        let shown = sim.good(
            Tea,
            VPC,
            "DescribeEipAddresses",
            &[region, ("AllocationId", &eip)],
        );
        shown["EipAddresses"]["EipAddress"][0].clone()
    };
    let shown = read_eip(&mut sim);
    assert_eq!(
        (&shown["Status"], &shown["Bandwidth"], &shown["ISP"]),
        (&"Available".into(), &"5".into(), &"BGP".into())
    );
    let bind = [
        region,
        ("AllocationId", eip.as_str()),
        ("InstanceId", id.as_str()),
        ("InstanceType", "EcsInstance"),
        ("ClientToken", "TF-4"),
    ];
    sim.good(Tea, VPC, "AssociateEipAddress", &bind);
    // No wait follows: the instance must show at once.
    let shown = read_eip(&mut sim);
    assert_eq!(
        (&shown["InstanceId"], &shown["InstanceType"]),
        (&id.as_str().into(), &"EcsInstance".into())
    );
    assert_eq!(
        (
            &shown["PrivateIpAddress"],
            &shown["VpcId"],
            &shown["PublicIpAddressPoolId"]
        ),
        (&"".into(), &"".into(), &"".into())
    );

    // a second read of everything is the same
    let again = |sim: &mut Sim| {
        read_vpc(sim);
        read_vswitch(sim);
        let group = read_group(sim);
        let rule = read_rule(sim);
        read_instance(sim);
        let eip = read_eip(sim);
        (group["Permissions"].clone(), rule, eip, describe(sim, Legacy))
    };
    let first = again(&mut sim);
    assert_eq!(again(&mut sim), first);

    // destroy, the rule by GET with flat parameters
    sim.good(
        Tea,
        VPC,
        "UnassociateEipAddress",
        &[
            region,
            ("AllocationId", &eip),
            ("InstanceId", &id),
            ("InstanceType", "EcsInstance"),
        ],
    );
    assert_eq!(read_eip(&mut sim)["InstanceId"], "");
    sim.good(Tea, VPC, "ReleaseEipAddress", &[region, ("AllocationId", &eip)]);
    assert_eq!(read_eip(&mut sim), Value::Null);
    sim.good(
        Legacy,
        ECS,
        "DeleteInstance",
        &[region, ("InstanceId", &id), ("Force", "true")],
    );
    assert_eq!(describe(&mut sim, Legacy), Value::Null);
    let flat = [
        region,
        ("SecurityGroupId", group.as_str()),
        ("IpProtocol", "tcp"),
        ("PortRange", "22/22"),
        ("NicType", "intranet"),
        ("Policy", "accept"),
        ("Priority", "1"),
        ("SourceCidrIp", "10.0.0.0/8"),
    ];
    sim.good(Common, ECS, "RevokeSecurityGroup", &flat);
    assert_eq!(read_rule(&mut sim), Value::Null);
    sim.good(
        Tea,
        ECS,
        "DeleteSecurityGroup",
        &[region, ("SecurityGroupId", &group)],
    );
    sim.good(Tea, VPC, "DeleteVSwitch", &[region, ("VSwitchId", &vswitch)]);
    sim.good(
        Tea,
        VPC,
        "DeleteVpc",
        &[region, ("VpcId", &vpc), ("ClientToken", "TF-5")],
    );
    let (status, body) = sim.send(Tea, VPC, "DescribeVpcAttribute", &[region, ("VpcId", &vpc)]);
    assert_eq!((status, &body["Code"]), (404, &"InvalidVpcId.NotFound".into()));
    let gone = sim.good(
        Tea,
        ECS,
        "DescribeSecurityGroups",
        &[region, ("SecurityGroupId", &group)],
    );
    assert_eq!(gone["SecurityGroups"]["SecurityGroup"], serde_json::json!([]));
}

#[test]
fn the_start_up_call_of_the_provider_is_answered() {
    let mut sim = Sim::new();
    let params = [
        ("PageSize", "20"),
        ("PageNum", "1"),
        ("ProductCode", "vipcloudfw"),
        ("ProductType", "vipcloudfw"),
        ("SubscriptionType", "Subscription"),
    ];
    let (status, body) = sim.send(Path::Tea, "2017-12-14", "QueryAvailableInstances", &params);
    assert_eq!((status, &body["Code"]), (200, &"Success".into()));
}
