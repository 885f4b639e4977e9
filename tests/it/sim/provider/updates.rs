//! What the provider changes in place, in its order.

use serde_json::json;

use super::others::{IMAGE, ground};
use super::{ECS, Path, Provider, REGION, VPC, no_difference, text};

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
    no_difference(
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
        let (status, body) = provider.send(Path::Legacy, (ECS, action), &params, &[]);
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
    no_difference(
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
    let (status, _) = provider.send(Path::Tea, (VPC, "ModifyVSwitchAttribute"), &[], &form);
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
    no_difference(
        &provider.read_address(&address),
        &[
            ("bandwidth", json!("10")),
            ("address_name", json!("edge")),
            ("description", json!("one")),
            ("internet_charge_type", json!("PayByBandwidth")),
        ],
    );
}
