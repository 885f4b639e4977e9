//! What the provider asks to refresh each resource, in its order, and what it stores of the answers. A field is taken
//! as strictly as the provider's code takes it: where that asserts a type, so does this.

use serde_json::{Value, json};

use super::{ECS, Provider, REGION, State, VPC, text};

/// A field that must be there.
#[track_caller]
fn field<'a>(object: &'a Value, key: &str) -> &'a Value {
    object.get(key).unwrap_or_else(|| panic!("no {key} in {object}"))
}

#[track_caller]
fn list<'a>(object: &'a Value, key: &str, item: &str) -> &'a Vec<Value> {
    field(field(object, key), item)
        .as_array()
        .unwrap_or_else(|| panic!("{key}.{item} is no list in {object}"))
}

/// Stores fields under the names of attributes; all must be there.
#[track_caller]
fn stored(object: &Value, fields: &[(&'static str, &str)]) -> State {
    fields
        .iter()
        .map(|(attribute, key)| (*attribute, field(object, key).clone()))
        .collect()
}

/// Tags are `TagKey`, `TagValue` in ECS, and `Key`, `Value` in VPC.
#[track_caller]
fn tags(object: &Value, key: &str, value: &str) -> Value {
    let pairs = list(object, "Tags", "Tag")
        .iter()
        .map(|tag| (text(field(tag, key)), field(tag, value).clone()));
    Value::Object(pairs.collect())
}

impl Provider {
    /// Two calls. The description of a system route table and its name are attributes that are not computed.
    #[track_caller]
    pub(super) fn read_vpc(&mut self, id: &str) -> State {
        let query = [("VpcId", id), REGION];
        let shown = self.tea(VPC, "DescribeVpcAttribute", &query, &[]);
        assert_eq!(field(&shown, "VpcId"), id);
        let mut state = stored(
            &shown,
            &[
                ("cidr_block", "CidrBlock"),
                ("classic_link_enabled", "ClassicLinkEnabled"),
                ("create_time", "CreationTime"),
                ("description", "Description"),
                ("dns_hostname_status", "DnsHostnameStatus"),
                ("enable_ipv6", "EnabledIpv6"),
                ("ipv6_cidr_block", "Ipv6CidrBlock"),
                ("is_default", "IsDefault"),
                ("region_id", "RegionId"),
                ("status", "Status"),
                ("vpc_name", "VpcName"),
            ],
        );
        state.insert(
            "ipv6_cidr_blocks",
            list(&shown, "Ipv6CidrBlocks", "Ipv6CidrBlock").clone().into(),
        );
        let more = list(&shown, "SecondaryCidrBlocks", "SecondaryCidrBlock");
        state.insert("secondary_cidr_blocks", more.clone().into());
        state.insert("user_cidrs", list(&shown, "UserCidrs", "UserCidr").clone().into());
        state.insert("tags", tags(&shown, "Key", "Value"));
        state.extend(stored(
            &self.system_route_table(id),
            &[
                ("resource_group_id", "ResourceGroupId"),
                ("route_table_id", "RouteTableId"),
                ("router_id", "RouterId"),
                ("system_route_table_description", "Description"),
                ("system_route_table_name", "RouteTableName"),
                (
                    "system_route_table_route_propagation_enable",
                    "RoutePropagationEnable",
                ),
            ],
        ));
        state
    }

    /// One call; a VPC without its system table fails to be created.
    #[track_caller]
    pub(super) fn system_route_table(&mut self, vpc_id: &str) -> Value {
        let query = [("VpcId", vpc_id), REGION];
        let tables = self.tea(VPC, "DescribeRouteTableList", &query, &[]);
        list(&tables, "RouterTableList", "RouterTableListType")
            .iter()
            .find(|table| field(table, "RouteTableType") == "System" && field(table, "VpcId") == vpc_id)
            .unwrap_or_else(|| panic!("no system table in {tables}"))
            .clone()
    }

    /// One call, the id in the query and the region in the form. `Ipv6CidrBlock` must be there and empty, else the
    /// vSwitch is taken for one with IPv6.
    #[track_caller]
    pub(super) fn read_vswitch(&mut self, id: &str) -> State {
        let shown = self.tea(VPC, "DescribeVSwitchAttributes", &[("VSwitchId", id)], &[REGION]);
        assert_eq!(field(&shown, "VSwitchId"), id);
        let mut state = stored(
            &shown,
            &[
                ("cidr_block", "CidrBlock"),
                ("create_time", "CreationTime"),
                ("description", "Description"),
                ("ipv6_cidr_block", "Ipv6CidrBlock"),
                ("is_default", "IsDefault"),
                ("status", "Status"),
                ("vswitch_name", "VSwitchName"),
                ("vpc_id", "VpcId"),
                ("zone_id", "ZoneId"),
            ],
        );
        state.insert("tags", tags(&shown, "Key", "Value"));
        state
    }

    /// Two calls.
    #[track_caller]
    pub(super) fn read_group(&mut self, id: &str) -> State {
        let shown = self.tea(
            ECS,
            "DescribeSecurityGroups",
            &[],
            &[("SecurityGroupId", id), REGION],
        );
        let groups = list(&shown, "SecurityGroups", "SecurityGroup");
        assert_eq!(
            (groups.len(), field(&groups[0], "SecurityGroupId")),
            (1, &id.into())
        );
        let mut state = stored(
            &groups[0],
            &[
                ("create_time", "CreationTime"),
                ("description", "Description"),
                ("resource_group_id", "ResourceGroupId"),
                ("security_group_name", "SecurityGroupName"),
                ("security_group_type", "SecurityGroupType"),
                ("vpc_id", "VpcId"),
            ],
        );
        state.insert("tags", tags(&groups[0], "TagKey", "TagValue"));
        let policy = self.group_attribute(id)["InnerAccessPolicy"].clone();
        state.insert("inner_access_policy", policy);
        state
    }

    /// One call.
    #[track_caller]
    pub(super) fn group_attribute(&mut self, id: &str) -> Value {
        let form = [("SecurityGroupId", id), REGION];
        let shown = self.tea(ECS, "DescribeSecurityGroupAttribute", &[], &form);
        assert_eq!(field(&shown, "SecurityGroupId"), id);
        shown
    }

    /// One call: the whole list of a group, out of which the rule is picked by comparing it field by field.
    #[track_caller]
    pub(super) fn read_rule(&mut self, group_id: &str, rule: &Rule<'_>) -> Option<State> {
        let params = [
            ("SecurityGroupId", group_id),
            ("Direction", rule.direction),
            ("NicType", "intranet"),
            REGION,
        ];
        let shown = self.legacy(ECS, "DescribeSecurityGroupAttribute", &params);
        let other_side = match rule.direction {
            "ingress" => "SourceCidrIp",
            _ => "DestCidrIp",
        };
        let found = list(&shown, "Permissions", "Permission")
            .iter()
            .find(|permission| {
                text(field(permission, "IpProtocol")).to_lowercase() == rule.ip_protocol
                    && field(permission, "PortRange") == rule.port_range
                    && field(permission, other_side) == rule.cidr_ip
                    && text(field(permission, "Policy")).to_lowercase() == rule.policy
                    && field(permission, "Priority") == "1"
            })?;
        let mut state = stored(
            found,
            &[
                ("cidr_ip", other_side),
                ("description", "Description"),
                ("ipv6_source_cidr_ip", "Ipv6SourceCidrIp"),
                ("nic_type", "NicType"),
                ("port_range", "PortRange"),
                ("prefix_list_id", "SourcePrefixListId"),
                ("security_group_rule_id", "SecurityGroupRuleId"),
                ("source_group_owner_account", "SourceGroupOwnerAccount"),
                ("source_security_group_id", "SourceGroupId"),
                ("type", "Direction"),
            ],
        );
        // The priority is a text that must be a number.
        let priority: i64 = text(field(found, "Priority")).parse().unwrap();
        state.insert("priority", priority.into());
        Some(state)
    }

    /// Ten calls; nine when the instance is new, for the role is not asked for then.
    #[track_caller]
    pub(super) fn read_instance(&mut self, id: &str, is_new: bool) -> State {
        let ids = format!("[\"{id}\"]");
        let instance = self.one_instance(id).unwrap();
        let mut state = instance_state(&instance);
        state.extend(self.system_disk(id));
        let data = self.legacy(ECS, "DescribeUserData", &[("InstanceId", id), REGION]);
        state.insert("user_data", field(&data, "UserData").clone());
        if !is_new {
            let roles = self.legacy(ECS, "DescribeInstanceRamRole", &[("InstanceIds", &ids), REGION]);
            assert!(list(&roles, "InstanceRamRoleSets", "InstanceRamRoleSet").is_empty());
        }
        let cards = list(&instance, "NetworkInterfaces", "NetworkInterface");
        assert_eq!((cards.len(), field(&cards[0], "Type")), (1, &"Primary".into()));
        state.extend(self.primary_card(&text(field(&cards[0], "NetworkInterfaceId"))));
        state.extend(self.maintenance(id));
        let attribute = self.legacy(ECS, "DescribeInstanceAttribute", &[("InstanceId", id), REGION]);
        assert_eq!(field(&attribute, "InstanceId"), id);
        state.insert(
            "enable_jumbo_frame",
            field(&attribute, "EnableJumboFrame").clone(),
        );
        let pools = self.tea(
            ECS,
            "DescribeInstanceAttachmentAttributes",
            &[],
            &[("InstanceIds", &ids), REGION],
        );
        state.extend(stored(
            &list(&pools, "Instances", "Instance")[0],
            &[
                ("private_pool_options_id", "PrivatePoolOptionsId"),
                (
                    "private_pool_options_match_criteria",
                    "PrivatePoolOptionsMatchCriteria",
                ),
            ],
        ));
        let form = [
            ("InstanceIds", ids.as_str()),
            ("AdditionalAttributes.1", "CPU_OPTIONS_TOPOLOGY_TYPE"),
            REGION,
        ];
        let again = self.tea(ECS, "DescribeInstances", &[], &form);
        let again = &list(&again, "Instances", "Instance")[0];
        // A null here ends the provider.
        assert!(again.get("CpuOptions").is_none_or(Value::is_object));
        state
    }

    /// The look of the waiters and the first of a refresh.
    #[track_caller]
    pub(super) fn one_instance(&mut self, id: &str) -> Option<Value> {
        let ids = format!("[\"{id}\"]");
        let params = [
            ("InstanceIds", ids.as_str()),
            ("AdditionalAttributes.1", "META_OPTIONS"),
            ("AdditionalAttributes.2", "NETWORK_PRIMARY_ENI_IP"),
            ("AdditionalAttributes.3", "LOGIN_AS_NON_ROOT"),
            ("AdditionalAttributes.4", "DISK_HIGH_DENSITY_MODE"),
            REGION,
        ];
        let shown = self.legacy(ECS, "DescribeInstances", &params);
        list(&shown, "Instances", "Instance").first().cloned()
    }

    fn system_disk(&mut self, instance_id: &str) -> State {
        let form = [("InstanceId", instance_id), ("DiskType", "system"), REGION];
        let shown = self.tea(ECS, "DescribeDisks", &[], &form);
        let disk = &list(&shown, "Disks", "Disk")[0];
        // Without it the provider panics.
        assert_eq!(field(disk, "InstanceId"), instance_id);
        let mut state = stored(
            disk,
            &[
                ("system_disk_auto_snapshot_policy_id", "AutoSnapshotPolicyId"),
                ("system_disk_bursting_enabled", "BurstingEnabled"),
                ("system_disk_category", "Category"),
                ("system_disk_description", "Description"),
                ("system_disk_encrypted", "Encrypted"),
                ("system_disk_id", "DiskId"),
                ("system_disk_kms_key_id", "KMSKeyId"),
                ("system_disk_name", "DiskName"),
                ("system_disk_performance_level", "PerformanceLevel"),
                ("system_disk_provisioned_iops", "ProvisionedIops"),
                ("system_disk_size", "Size"),
                ("system_disk_storage_cluster_id", "StorageClusterId"),
            ],
        );
        state.insert("volume_tags", tags(disk, "TagKey", "TagValue"));
        state
    }

    /// The same card is asked for twice.
    fn primary_card(&mut self, id: &str) -> State {
        let form = [("NetworkInterfaceId.1", id), REGION];
        let ask = |provider: &mut Self| {
            let shown = provider.tea(ECS, "DescribeNetworkInterfaces", &[], &form);
            list(&shown, "NetworkInterfaceSets", "NetworkInterfaceSet")[0].clone()
        };
        let card = ask(self);
        assert_eq!(field(&card, "NetworkInterfaceId"), id);
        let mut state = stored(
            &card,
            &[
                ("network_interface_traffic_mode", "NetworkInterfaceTrafficMode"),
                ("queue_pair_number", "QueuePairNumber"),
                ("source_dest_check", "SourceDestCheck"),
            ],
        );
        state.extend(stored(
            field(&card, "Attachment"),
            &[("network_card_index", "NetworkCardIndex")],
        ));
        let card = ask(self);
        let secondary: Vec<Value> = list(&card, "PrivateIpSets", "PrivateIpSet")
            .iter()
            .filter(|address| !field(address, "Primary").as_bool().unwrap())
            .map(|address| field(address, "PrivateIpAddress").clone())
            .collect();
        state.insert("secondary_private_ips", secondary.into());
        state.insert(
            "ipv6_addresses",
            list(&card, "Ipv6Sets", "Ipv6Set").clone().into(),
        );
        state
    }

    fn maintenance(&mut self, instance_id: &str) -> State {
        let form = [("InstanceId.1", instance_id), REGION];
        let shown = self.tea(ECS, "DescribeInstanceMaintenanceAttributes", &[], &form);
        // An empty list fails the plan.
        let shown = &list(&shown, "MaintenanceAttributes", "MaintenanceAttribute")[0];
        let mut state = stored(shown, &[("maintenance_notify", "NotifyOnMaintenance")]);
        let windows = list(shown, "MaintenanceWindows", "MaintenanceWindow");
        state.insert("maintenance_time", windows.clone().into());
        state.extend(stored(
            field(shown, "ActionOnMaintenance"),
            &[("maintenance_action", "Value")],
        ));
        state
    }

    /// One call, which the address and its association make each for itself.
    #[track_caller]
    pub(super) fn one_address(&mut self, id: &str) -> Option<Value> {
        let shown = self.tea(VPC, "DescribeEipAddresses", &[("AllocationId", id), REGION], &[]);
        list(&shown, "EipAddresses", "EipAddress").first().cloned()
    }

    #[track_caller]
    pub(super) fn read_address(&mut self, id: &str) -> State {
        let shown = self.one_address(id).unwrap();
        let mut state = stored(
            &shown,
            &[
                ("address_name", "Name"),
                ("allocation_id", "AllocationId"),
                ("bandwidth", "Bandwidth"),
                ("create_time", "AllocationTime"),
                ("deletion_protection", "DeletionProtection"),
                ("description", "Description"),
                ("high_definition_monitor_log_status", "HDMonitorStatus"),
                ("internet_charge_type", "InternetChargeType"),
                ("ip_address", "IpAddress"),
                ("isp", "ISP"),
                ("mode", "Mode"),
                ("netmode", "Netmode"),
                ("payment_type", "ChargeType"),
                ("public_ip_address_pool_id", "PublicIpAddressPoolId"),
                ("resource_group_id", "ResourceGroupId"),
                ("zone", "Zone"),
            ],
        );
        let types = list(&shown, "SecurityProtectionTypes", "SecurityProtectionType");
        state.insert("security_protection_types", types.clone().into());
        state.insert("tags", tags(&shown, "Key", "Value"));
        state
    }

    /// `private_ip_address` and `vpc_id` replace the association when they differ, and must stay empty.
    #[track_caller]
    pub(super) fn read_association(&mut self, id: &str) -> State {
        stored(
            &self.one_address(id).unwrap(),
            &[
                ("allocation_id", "AllocationId"),
                ("instance_id", "InstanceId"),
                ("instance_type", "InstanceType"),
                ("mode", "Mode"),
                ("private_ip_address", "PrivateIpAddress"),
                ("vpc_id", "VpcId"),
            ],
        )
    }
}

/// A rule as the provider's id of it holds it.
pub(super) struct Rule<'a> {
    pub(super) direction: &'a str,
    pub(super) ip_protocol: &'a str,
    pub(super) port_range: &'a str,
    pub(super) cidr_ip: &'a str,
    pub(super) policy: &'a str,
}

/// What is stored of DescribeInstances, into typed structures: a number must be a number, a flag a flag.
#[track_caller]
fn instance_state(instance: &Value) -> State {
    for key in [
        "Cpu",
        "Memory",
        "InternetMaxBandwidthIn",
        "InternetMaxBandwidthOut",
        "SpotDuration",
    ] {
        assert!(field(instance, key).is_i64(), "{key}");
    }
    let mut state = stored(
        instance,
        &[
            ("auto_release_time", "AutoReleaseTime"),
            ("availability_zone", "ZoneId"),
            ("cpu", "Cpu"),
            ("create_time", "CreationTime"),
            ("credit_specification", "CreditSpecification"),
            ("deletion_protection", "DeletionProtection"),
            ("deployment_set_id", "DeploymentSetId"),
            ("description", "Description"),
            ("expired_time", "ExpiredTime"),
            ("host_name", "HostName"),
            ("hpc_cluster_id", "HpcClusterId"),
            ("image_id", "ImageId"),
            ("instance_charge_type", "InstanceChargeType"),
            ("instance_name", "InstanceName"),
            ("instance_type", "InstanceType"),
            ("internet_charge_type", "InternetChargeType"),
            ("internet_max_bandwidth_out", "InternetMaxBandwidthOut"),
            ("key_name", "KeyPairName"),
            ("memory", "Memory"),
            ("os_name", "OSName"),
            ("os_type", "OSType"),
            ("resource_group_id", "ResourceGroupId"),
            ("spot_duration", "SpotDuration"),
            ("spot_price_limit", "SpotPriceLimit"),
            ("spot_strategy", "SpotStrategy"),
            ("start_time", "StartTime"),
            ("status", "Status"),
            ("stopped_mode", "StoppedMode"),
        ],
    );
    let inside = |key: &str, inner: &str| field(field(instance, key), inner).clone();
    state.insert(
        "dedicated_host_id",
        inside("DedicatedHostAttribute", "DedicatedHostId"),
    );
    state.insert(
        "enable_high_density_mode",
        inside("AdditionalInfo", "EnableHighDensityMode"),
    );
    state.insert("http_endpoint", inside("MetadataOptions", "HttpEndpoint"));
    state.insert("http_tokens", inside("MetadataOptions", "HttpTokens"));
    state.insert("login_as_non_root", inside("ImageOptions", "LoginAsNonRoot"));
    state.insert("vpc_id", inside("VpcAttributes", "VpcId"));
    state.insert("vswitch_id", inside("VpcAttributes", "VSwitchId"));
    let private = list(field(instance, "VpcAttributes"), "PrivateIpAddress", "IpAddress").first();
    state.insert("private_ip", private.cloned().unwrap_or(json!("")));
    let public = list(instance, "PublicIpAddress", "IpAddress").first().cloned();
    state.insert("public_ip", public.unwrap_or(json!("")));
    state.insert(
        "security_groups",
        list(instance, "SecurityGroupIds", "SecurityGroupId")
            .clone()
            .into(),
    );
    state.insert("tags", tags(instance, "TagKey", "TagValue"));
    state
}
