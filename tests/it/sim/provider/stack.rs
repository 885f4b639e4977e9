//! One VPC with a vSwitch, a group with one rule, one server, and an address that is bound to it: created, read again
//! without a difference, and destroyed, in exactly as many requests as the provider needs.

use serde_json::{Value, json};

use super::readers::Rule;
use super::{ECS, Provider, REGION, State, VPC, no_difference, text};

const SSH: Rule<'_> = Rule {
    direction: "ingress",
    ip_protocol: "tcp",
    port_range: "22/22",
    cidr_ip: "10.0.0.0/8",
    policy: "accept",
};

const IMAGE: &str = "aliyun_3_x64_20G_alibase_20240819.vhd";

/// The ids of the stack.
#[derive(Default)]
struct Stack {
    vpc: String,
    vswitch: String,
    group: String,
    instance: String,
    address: String,
}

impl Stack {
    /// Everything that a refresh stores, resource by resource.
    fn refresh(&self, provider: &mut Provider) -> [State; 7] {
        [
            provider.read_vpc(&self.vpc),
            provider.read_vswitch(&self.vswitch),
            provider.read_group(&self.group),
            provider.read_rule(&self.group, &SSH).unwrap(),
            provider.read_instance(&self.instance, false),
            provider.read_address(&self.address),
            provider.read_association(&self.address),
        ]
    }
}

fn create_vpc(provider: &mut Provider, stack: &mut Stack) {
    let form = [
        REGION,
        ("ClientToken", "TF-CreateVpc-1"),
        ("CidrBlock", "10.0.0.0/16"),
        ("VpcName", "demo"),
    ];
    stack.vpc = text(&provider.tea(VPC, "CreateVpc", &[], &form)["VpcId"]);
    let waited = provider.tea(VPC, "DescribeVpcAttribute", &[("VpcId", &stack.vpc), REGION], &[]);
    assert_eq!(waited["Status"], "Available");
    provider.system_route_table(&stack.vpc);
    provider.read_vpc(&stack.vpc);
    assert_eq!(provider.calls(), 5);
}

fn create_vswitch(provider: &mut Provider, stack: &mut Stack) {
    let form = [
        REGION,
        ("ClientToken", "TF-CreateVSwitch-1"),
        ("CidrBlock", "10.0.1.0/24"),
        ("VpcId", &stack.vpc),
        ("VSwitchName", "demo-a"),
        ("ZoneId", "cn-hangzhou-h"),
    ];
    stack.vswitch = text(&provider.tea(VPC, "CreateVSwitch", &[], &form)["VSwitchId"]);
    // Once to wait, once to read.
    for _ in 0..2 {
        assert_eq!(provider.read_vswitch(&stack.vswitch)["status"], "Available");
    }
    assert_eq!(provider.calls(), 3);
}

fn create_group(provider: &mut Provider, stack: &mut Stack) {
    let form = [
        REGION,
        ("ClientToken", "TF-CreateSecurityGroup-1"),
        ("SecurityGroupName", "web"),
        ("VpcId", &stack.vpc),
    ];
    let made = provider.tea(ECS, "CreateSecurityGroup", &[], &form);
    stack.group = text(&made["SecurityGroupId"]);
    provider.group_attribute(&stack.group);
    provider.read_group(&stack.group);
    assert_eq!(provider.calls(), 4);
}

fn create_rule(provider: &mut Provider, stack: &Stack) {
    // Looked for first; a configuration without a network card type sends the text of nothing as one.
    for nic_type in ["<nil>", "intranet"] {
        let form = [
            REGION,
            ("SecurityGroupId", stack.group.as_str()),
            ("Direction", "ingress"),
            ("NicType", nic_type),
        ];
        let shown = provider.tea(ECS, "DescribeSecurityGroupAttribute", &[], &form);
        assert_eq!(shown["Permissions"]["Permission"], json!([]));
    }
    let form = [
        REGION,
        ("ClientToken", "TF-AuthorizeSecurityGroup-1"),
        ("SecurityGroupId", stack.group.as_str()),
        ("Permissions.1.IpProtocol", SSH.ip_protocol),
        ("Permissions.1.NicType", "intranet"),
        ("Permissions.1.Policy", SSH.policy),
        ("Permissions.1.PortRange", SSH.port_range),
        ("Permissions.1.Priority", "1"),
        ("Permissions.1.SourceCidrIp", SSH.cidr_ip),
    ];
    provider.tea(ECS, "AuthorizeSecurityGroup", &[], &form);
    assert!(provider.read_rule(&stack.group, &SSH).is_some());
    // One more than the configuration of the stack costs, for the two card types.
    assert_eq!(provider.calls(), 3 + 1);
}

fn create_instance(provider: &mut Provider, stack: &mut Stack) {
    let form = [
        REGION,
        (
            "ClientToken",
            "TF-RunInstances-1795507200-5f0c5a0e-6b0e-4c6e-9d8e-1f2e3d4c5b6a",
        ),
        ("DryRun", "false"),
        ("ImageId", IMAGE),
        ("InstanceChargeType", "PostPaid"),
        ("InstanceName", "web-1"),
        ("InstanceType", "ecs.g7.large"),
        ("InternetChargeType", "PayByTraffic"),
        ("InternetMaxBandwidthOut", "0"),
        ("IoOptimized", "optimized"),
        ("SecurityGroupIds.1", &stack.group),
        ("SystemDisk.Category", "cloud_essd"),
        ("SystemDisk.Size", "40"),
        ("VSwitchId", &stack.vswitch),
    ];
    let form = form.map(|(name, value)| (name, value.get(..64).unwrap_or(value)));
    let made = provider.tea(ECS, "RunInstances", &[], &form);
    stack.instance = text(&made["InstanceIdSets"]["InstanceIdSet"][0]);
    let waited = provider.one_instance(&stack.instance).unwrap();
    assert_eq!(waited["Status"], "Running");
    provider.read_instance(&stack.instance, true);
    assert_eq!(provider.calls(), 11);
}

fn create_address(provider: &mut Provider, stack: &mut Stack) {
    // The instance id goes along empty.
    let query = [("InstanceId", "")];
    let form = [
        REGION,
        ("Bandwidth", "5"),
        ("ClientToken", "TF-AllocateEipAddress-1"),
        ("InternetChargeType", "PayByTraffic"),
        ("Name", "web-1"),
    ];
    let made = provider.tea(VPC, "AllocateEipAddress", &query, &form);
    stack.address = text(&made["AllocationId"]);
    let waited = provider.one_address(&stack.address).unwrap();
    assert_eq!(waited["Status"], "Available");
    provider.read_address(&stack.address);
    assert_eq!(provider.calls(), 3);
}

fn associate(provider: &mut Provider, stack: &Stack) {
    let query = [
        ("AllocationId", stack.address.as_str()),
        ("InstanceId", stack.instance.as_str()),
    ];
    let form = [
        REGION,
        ("ClientToken", "TF-AssociateEipAddress-1"),
        ("InstanceType", "EcsInstance"),
    ];
    provider.tea(VPC, "AssociateEipAddress", &query, &form);
    // Nothing is waited for: the instance must show at once.
    let state = provider.read_association(&stack.address);
    no_difference(&state, &[("instance_id", json!(stack.instance))]);
    assert_eq!(provider.calls(), 2);
}

/// What the configuration says, and what is neither said nor computed: there the provider expects nothing.
fn compare(stack: &Stack, [vpc, vswitch, group, rule, instance, address, association]: &[State; 7]) {
    let nothing = json!("");
    no_difference(
        vpc,
        &[
            ("vpc_name", json!("demo")),
            ("cidr_block", json!("10.0.0.0/16")),
            ("classic_link_enabled", json!(false)),
            ("description", nothing.clone()),
            ("enable_ipv6", json!(false)),
            ("is_default", json!(false)),
            ("secondary_cidr_blocks", json!([])),
            ("system_route_table_description", nothing.clone()),
            ("system_route_table_name", nothing.clone()),
            ("tags", json!({})),
        ],
    );
    no_difference(
        vswitch,
        &[
            ("vswitch_name", json!("demo-a")),
            ("vpc_id", json!(stack.vpc)),
            ("cidr_block", json!("10.0.1.0/24")),
            ("zone_id", json!("cn-hangzhou-h")),
            ("description", nothing.clone()),
            ("ipv6_cidr_block", nothing.clone()),
            ("is_default", json!(false)),
            ("tags", json!({})),
        ],
    );
    no_difference(
        group,
        &[
            ("security_group_name", json!("web")),
            ("vpc_id", json!(stack.vpc)),
            ("description", nothing.clone()),
            ("inner_access_policy", json!("Accept")),
            ("security_group_type", json!("normal")),
            ("tags", json!({})),
        ],
    );
    no_difference(
        rule,
        &[
            ("type", json!("ingress")),
            ("nic_type", json!("intranet")),
            ("port_range", json!("22/22")),
            ("priority", json!(1)),
            ("cidr_ip", json!("10.0.0.0/8")),
            ("description", nothing.clone()),
            ("ipv6_source_cidr_ip", nothing.clone()),
            ("prefix_list_id", nothing.clone()),
            ("source_group_owner_account", nothing.clone()),
            ("source_security_group_id", nothing.clone()),
        ],
    );
    compare_instance(stack, instance);
    no_difference(
        address,
        &[
            ("address_name", json!("web-1")),
            ("bandwidth", json!("5")),
            ("internet_charge_type", json!("PayByTraffic")),
            ("payment_type", json!("PostPaid")),
            ("description", nothing.clone()),
            ("deletion_protection", json!(false)),
            // With this on, one more action would be asked for.
            ("high_definition_monitor_log_status", json!("OFF")),
            ("public_ip_address_pool_id", nothing.clone()),
            ("security_protection_types", json!([])),
            ("tags", json!({})),
        ],
    );
    no_difference(
        association,
        &[
            ("allocation_id", json!(stack.address)),
            ("instance_id", json!(stack.instance)),
            ("instance_type", json!("EcsInstance")),
            ("private_ip_address", nothing.clone()),
            ("vpc_id", nothing),
        ],
    );
}

fn compare_instance(stack: &Stack, instance: &State) {
    let nothing = json!("");
    no_difference(
        instance,
        &[
            ("instance_name", json!("web-1")),
            ("image_id", json!(IMAGE)),
            ("instance_type", json!("ecs.g7.large")),
            ("system_disk_category", json!("cloud_essd")),
            ("system_disk_size", json!(40)),
            ("vswitch_id", json!(stack.vswitch)),
            ("security_groups", json!([stack.group])),
            ("status", json!("Running")),
            ("availability_zone", json!("cn-hangzhou-h")),
            // Exactly this text keeps the renewal of subscriptions out of the plan.
            ("instance_charge_type", json!("PostPaid")),
            ("auto_release_time", nothing.clone()),
            ("credit_specification", nothing.clone()),
            ("dedicated_host_id", nothing.clone()),
            ("deletion_protection", json!(false)),
            ("deployment_set_id", nothing.clone()),
            ("description", nothing.clone()),
            ("enable_high_density_mode", json!(false)),
            ("enable_jumbo_frame", json!(false)),
            ("hpc_cluster_id", nothing.clone()),
            // Bound addresses are no bandwidth of the server's own.
            ("internet_max_bandwidth_out", json!(0)),
            ("public_ip", nothing.clone()),
            ("ipv6_addresses", json!([])),
            ("key_name", nothing.clone()),
            ("login_as_non_root", json!(false)),
            ("maintenance_notify", json!(false)),
            ("maintenance_time", json!([])),
            ("secondary_private_ips", json!([])),
            ("spot_duration", json!(0)),
            ("spot_price_limit", json!(0)),
            ("spot_strategy", json!("NoSpot")),
            ("system_disk_auto_snapshot_policy_id", nothing.clone()),
            ("system_disk_bursting_enabled", json!(false)),
            ("system_disk_description", nothing.clone()),
            ("system_disk_encrypted", json!(false)),
            ("system_disk_kms_key_id", nothing.clone()),
            ("system_disk_name", nothing.clone()),
            ("system_disk_performance_level", json!("PL1")),
            ("system_disk_provisioned_iops", json!(0)),
            ("system_disk_storage_cluster_id", nothing.clone()),
            ("tags", json!({})),
            ("user_data", nothing),
            ("volume_tags", json!({})),
        ],
    );
}

/// In the provider's order: what depends on others first.
fn destroy(provider: &mut Provider, stack: &Stack) {
    let query = [
        ("AllocationId", stack.address.as_str()),
        ("InstanceId", stack.instance.as_str()),
    ];
    let form = [
        REGION,
        ("ClientToken", "TF-UnassociateEipAddress-1"),
        ("InstanceType", "EcsInstance"),
    ];
    provider.tea(VPC, "UnassociateEipAddress", &query, &form);
    let waited = provider.one_address(&stack.address).unwrap();
    assert_eq!(
        (&waited["InstanceId"], &waited["Status"]),
        (&json!(""), &json!("Available"))
    );

    provider.tea(
        VPC,
        "ReleaseEipAddress",
        &[("AllocationId", &stack.address)],
        &[REGION],
    );
    assert_eq!(provider.one_address(&stack.address), None);

    let params = [("InstanceId", stack.instance.as_str()), ("Force", "true"), REGION];
    provider.legacy(ECS, "DeleteInstance", &params);
    assert_eq!(provider.one_instance(&stack.instance), None);

    // The rule is looked for once more, and taken back with flat parameters, the empty description among them.
    provider.group_attribute(&stack.group);
    let params = [
        REGION,
        ("Description", ""),
        ("IpProtocol", SSH.ip_protocol),
        ("NicType", "intranet"),
        ("Policy", SSH.policy),
        ("PortRange", SSH.port_range),
        ("Priority", "1"),
        ("SecurityGroupId", &stack.group),
        ("SourceCidrIp", SSH.cidr_ip),
    ];
    provider.common(ECS, "RevokeSecurityGroup", &params);

    provider.tea(
        ECS,
        "DeleteSecurityGroup",
        &[],
        &[("SecurityGroupId", &stack.group), REGION],
    );

    provider.tea(
        VPC,
        "DeleteVSwitch",
        &[],
        &[("VSwitchId", &stack.vswitch), REGION],
    );
    provider.gone(
        VPC,
        "DescribeVSwitchAttributes",
        &[("VSwitchId", &stack.vswitch)],
        &[REGION],
    );

    let form = [
        ("VpcId", stack.vpc.as_str()),
        ("ClientToken", "TF-DeleteVpc-1"),
        REGION,
    ];
    provider.tea(VPC, "DeleteVpc", &[], &form);
    provider.gone(VPC, "DescribeVpcAttribute", &[("VpcId", &stack.vpc), REGION], &[]);
}

#[test]
fn seven_resources_are_made_read_again_without_a_difference_and_destroyed() {
    let mut provider = Provider::new();
    let mut stack = Stack::default();

    // 31 requests, and one more for the second card type of the rule.
    create_vpc(&mut provider, &mut stack);
    create_vswitch(&mut provider, &mut stack);
    create_group(&mut provider, &mut stack);
    create_rule(&mut provider, &stack);
    create_instance(&mut provider, &mut stack);
    create_address(&mut provider, &mut stack);
    associate(&mut provider, &stack);

    let first = stack.refresh(&mut provider);
    assert_eq!(provider.calls(), 18);
    compare(&stack, &first);
    assert_eq!(stack.refresh(&mut provider), first);
    provider.calls();

    destroy(&mut provider, &stack);
    assert_eq!(provider.calls(), 13);
    let world: Value = serde_json::from_str(&provider.sim.cloud.world_json(provider.sim.now)).unwrap();
    for table in ["vpc", "vswitch", "security_group", "instance", "disk", "eip"] {
        assert_eq!(world["accounts"][0][table], json!([]), "{table}");
    }
}
