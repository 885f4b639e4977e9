//! Every action of the vendor's catalogue, once: it exists, it answers, and its answer fits the vendor's tree.

use std::collections::{BTreeMap, BTreeSet};

use infra::sim::{Options, Speed};
use serde_json::Value;

use super::families;
use super::{ECS, Sim, VPC, instance_params, options, schema_files, text};

/// One call of the walk. `$name` stands for what an earlier call left; `keep` is what this one leaves, as a name and
/// the path to it.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) version: &'static str,
    pub(super) action: &'static str,
    pub(super) params: &'static [(&'static str, &'static str)],
    pub(super) keep: Option<(&'static str, &'static str)>,
}

/// All steps of all walks, in their order.
pub(super) fn steps() -> impl Iterator<Item = Step> {
    [WALK]
        .into_iter()
        .chain(families::WALKS.iter().copied())
        .flatten()
        .copied()
}

pub(super) const fn ecs(action: &'static str, params: &'static [(&'static str, &'static str)]) -> Step {
    Step {
        version: ECS,
        action,
        params,
        keep: None,
    }
}

pub(super) const fn vpc(action: &'static str, params: &'static [(&'static str, &'static str)]) -> Step {
    Step {
        version: VPC,
        action,
        params,
        keep: None,
    }
}

impl Step {
    pub(super) const fn of(
        version: &'static str,
        action: &'static str,
        params: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            version,
            action,
            params,
            keep: None,
        }
    }

    pub(super) const fn keep(mut self, name: &'static str, path: &'static str) -> Self {
        self.keep = Some((name, path));
        self
    }
}

const SSH: &[(&str, &str)] = &[
    ("SecurityGroupId", "$group"),
    ("Permissions.1.IpProtocol", "TCP"),
    ("Permissions.1.PortRange", "22/22"),
    ("Permissions.1.SourceCidrIp", "10.0.0.0/8"),
];
const OUT: &[(&str, &str)] = &[
    ("SecurityGroupId", "$group"),
    ("Permissions.1.IpProtocol", "ALL"),
    ("Permissions.1.PortRange", "-1/-1"),
    ("Permissions.1.DestCidrIp", "0.0.0.0/0"),
];

const WALK: &[Step] = &[
    Step {
        version: "2015-04-01",
        action: "GetCallerIdentity",
        params: &[],
        keep: None,
    },
    Step {
        version: "2015-06-12",
        action: "DescribeEndpoints",
        params: &[("Id", "cn-beijing"), ("ServiceCode", "ecs"), ("Type", "openAPI")],
        keep: None,
    },
    Step {
        version: "2017-12-14",
        action: "QueryAccountBalance",
        params: &[],
        keep: None,
    },
    Step {
        version: "2017-12-14",
        action: "QueryAvailableInstances",
        params: &[("PageSize", "20")],
        keep: None,
    },
    Step::of("2020-03-31", "ListResourceGroups", &[])
        .keep("resource-group", "/ResourceGroups/ResourceGroup/0/Id"),
    Step::of(
        "2020-03-31",
        "CreateResourceGroup",
        &[("Name", "first"), ("DisplayName", "First")],
    )
    .keep("first-group", "/ResourceGroup/Id"),
    ecs("DescribeRegions", &[]),
    ecs("DescribeZones", &[]),
    vpc("DescribeRegions", &[]),
    vpc("DescribeZones", &[]),
    ecs("DescribeImages", &[("OSType", "linux")]),
    ecs(
        "DescribeImageFromFamily",
        &[("ImageFamily", "acs:ubuntu_22_04_x64")],
    ),
    ecs("DescribeInstanceTypes", &[("InstanceTypeFamily", "ecs.g7")]),
    ecs("DescribeInstanceTypeFamilies", &[]),
    ecs(
        "DescribeAvailableResource",
        &[("DestinationResource", "InstanceType")],
    ),
    ecs(
        "DescribePrice",
        &[
            ("InstanceType", "ecs.g7.large"),
            ("SystemDisk.Size", "40"),
            ("DataDisk.1.Size", "20"),
        ],
    ),
    ecs("DescribeAccountAttributes", &[]),
    ecs("DescribeTasks", &[]),
    // networks
    vpc(
        "CreateVpc",
        &[
            ("CidrBlock", "10.0.0.0/16"),
            ("Tag.1.Key", "k"),
            ("Tag.1.Value", "v"),
        ],
    )
    .keep("vpc", "/VpcId"),
    vpc("DescribeVpcs", &[("VpcId", "$vpc")]),
    vpc("DescribeVpcAttribute", &[("VpcId", "$vpc")]),
    vpc("ModifyVpcAttribute", &[("VpcId", "$vpc"), ("VpcName", "main")]),
    vpc("EnableVpcClassicLink", &[("VpcId", "$vpc")]),
    vpc("DisableVpcClassicLink", &[("VpcId", "$vpc")]),
    vpc("DescribeRouteTableList", &[("VpcId", "$vpc")]),
    vpc(
        "CreateVSwitch",
        &[
            ("VpcId", "$vpc"),
            ("ZoneId", "cn-hangzhou-h"),
            ("CidrBlock", "10.0.1.0/24"),
        ],
    )
    .keep("vswitch", "/VSwitchId"),
    vpc(
        "CreateVSwitch",
        &[
            ("VpcId", "$vpc"),
            ("ZoneId", "cn-hangzhou-h"),
            ("CidrBlock", "10.0.2.0/24"),
        ],
    )
    .keep("vswitch2", "/VSwitchId"),
    vpc("DescribeVSwitches", &[("VpcId", "$vpc")]),
    vpc("DescribeVSwitchAttributes", &[("VSwitchId", "$vswitch")]),
    vpc(
        "ModifyVSwitchAttribute",
        &[("VSwitchId", "$vswitch"), ("VSwitchName", "a")],
    ),
    vpc(
        "TagResources",
        &[
            ("ResourceType", "VSWITCH"),
            ("ResourceId.1", "$vswitch"),
            ("Tag.1.Key", "k"),
        ],
    ),
    vpc(
        "ListTagResources",
        &[("ResourceType", "VSWITCH"), ("ResourceId.1", "$vswitch")],
    ),
    vpc(
        "UnTagResources",
        &[
            ("ResourceType", "VSWITCH"),
            ("ResourceId.1", "$vswitch"),
            ("All", "true"),
        ],
    ),
    // groups
    ecs(
        "CreateSecurityGroup",
        &[("VpcId", "$vpc"), ("SecurityGroupName", "web")],
    )
    .keep("group", "/SecurityGroupId"),
    ecs("CreateSecurityGroup", &[("VpcId", "$vpc")]).keep("group2", "/SecurityGroupId"),
    ecs(
        "ModifySecurityGroupAttribute",
        &[("SecurityGroupId", "$group"), ("Description", "front")],
    ),
    ecs(
        "ModifySecurityGroupPolicy",
        &[("SecurityGroupId", "$group"), ("InnerAccessPolicy", "Accept")],
    ),
    ecs("AuthorizeSecurityGroup", SSH),
    ecs("AuthorizeSecurityGroupEgress", OUT),
    ecs(
        "AuthorizeSecurityGroup",
        &[
            ("SecurityGroupId", "$group2"),
            ("Permissions.1.IpProtocol", "TCP"),
            ("Permissions.1.PortRange", "80/80"),
            ("Permissions.1.SourceGroupId", "$group"),
        ],
    ),
    ecs(
        "DescribeSecurityGroupReferences",
        &[("SecurityGroupId.1", "$group")],
    ),
    ecs("DescribeSecurityGroups", &[("VpcId", "$vpc")]),
    ecs("DescribeSecurityGroupAttribute", &[("SecurityGroupId", "$group")])
        .keep("rule", "/Permissions/Permission/0/SecurityGroupRuleId"),
    ecs(
        "ModifySecurityGroupRule",
        &[
            ("SecurityGroupId", "$group"),
            ("SecurityGroupRuleId", "$rule"),
            ("Description", "ssh"),
        ],
    ),
    ecs(
        "ModifySecurityGroupEgressRule",
        &[
            ("SecurityGroupId", "$group"),
            ("IpProtocol", "ALL"),
            ("PortRange", "-1/-1"),
            ("DestCidrIp", "0.0.0.0/0"),
            ("Description", "out"),
        ],
    ),
    // key pairs
    ecs("CreateKeyPair", &[("KeyPairName", "made")]),
    ecs(
        "ImportKeyPair",
        &[
            ("KeyPairName", "brought"),
            ("PublicKeyBody", "ssh-rsa AAAAB3NzaC1yc2E= me"),
        ],
    ),
    ecs("DescribeKeyPairs", &[("IncludePublicKey", "true")]),
    // instances
    ecs(
        "CreateInstance",
        &[
            ("ImageId", "aliyun_3_x64_20G_alibase_20240819.vhd"),
            ("InstanceType", "ecs.g7.large"),
            ("SecurityGroupId", "$group"),
            ("VSwitchId", "$vswitch"),
            ("InternetMaxBandwidthOut", "5"),
        ],
    )
    .keep("stopped", "/InstanceId"),
    ecs(
        "CreateInstance",
        &[
            ("ImageId", "aliyun_3_x64_20G_alibase_20240819.vhd"),
            ("InstanceType", "ecs.g7.large"),
            ("SecurityGroupId", "$group"),
            ("VSwitchId", "$vswitch"),
            ("InstanceChargeType", "PrePaid"),
            ("Period", "1"),
            ("DataDisk.1.Size", "20"),
        ],
    )
    .keep("paid", "/InstanceId"),
    ecs(
        "RunInstances",
        &[
            ("ImageId", "aliyun_3_x64_20G_alibase_20240819.vhd"),
            ("InstanceType", "ecs.g7.large"),
            ("SecurityGroupIds.1", "$group"),
            ("VSwitchId", "$vswitch"),
            ("SystemDisk.Category", "cloud_essd"),
        ],
    )
    .keep("running", "/InstanceIdSets/InstanceIdSet/0"),
    ecs("DescribeInstances", &[]),
    ecs("DescribeInstanceStatus", &[("InstanceId.1", "$running")]),
    ecs("DescribeInstanceAttribute", &[("InstanceId", "$running")]),
    ecs("DescribeUserData", &[("InstanceId", "$running")]),
    ecs("DescribeNetworkInterfaces", &[("InstanceId", "$running")]),
    ecs(
        "DescribeInstanceMaintenanceAttributes",
        &[("InstanceId.1", "$running")],
    ),
    ecs(
        "DescribeInstanceAttachmentAttributes",
        &[("InstanceIds", "[\"$running\"]")],
    ),
    ecs(
        "ModifyInstanceAttribute",
        &[("InstanceId", "$running"), ("InstanceName", "web-1")],
    ),
    ecs(
        "ModifyInstanceMetadataOptions",
        &[("InstanceId", "$running"), ("HttpEndpoint", "enabled")],
    ),
    ecs(
        "ModifyInstanceMaintenanceAttributes",
        &[("InstanceId.1", "$running"), ("ActionOnMaintenance", "Stop")],
    ),
    ecs("AllocatePublicIpAddress", &[("InstanceId", "$stopped")]).keep("address", "/IpAddress"),
    ecs(
        "ReleasePublicIpAddress",
        &[("InstanceId", "$stopped"), ("PublicIpAddress", "$address")],
    ),
    ecs(
        "ModifyInstanceNetworkSpec",
        &[
            ("InstanceId", "$stopped"),
            ("InternetMaxBandwidthOut", "3"),
            ("AllocatePublicIp", "true"),
        ],
    ),
    ecs("ConvertNatPublicIpToEip", &[("InstanceId", "$stopped")]),
    ecs(
        "ModifyInstanceSpec",
        &[("InstanceId", "$stopped"), ("InstanceType", "ecs.g7.xlarge")],
    ),
    ecs(
        "ModifyInstanceVpcAttribute",
        &[("InstanceId", "$stopped"), ("VSwitchId", "$vswitch2")],
    ),
    ecs(
        "ModifyInstanceAutoReleaseTime",
        &[
            ("InstanceId", "$stopped"),
            ("AutoReleaseTime", "2027-01-01T00:00:00Z"),
        ],
    ),
    ecs("ModifyInstanceAutoReleaseTime", &[("InstanceId", "$stopped")]),
    ecs(
        "ReplaceSystemDisk",
        &[
            ("InstanceId", "$stopped"),
            ("ImageId", "ubuntu_22_04_x64_20G_alibase_20240819.vhd"),
        ],
    )
    .keep("system", "/DiskId"),
    ecs("ReInitDisk", &[("DiskId", "$system")]),
    ecs(
        "DescribeResourcesModification",
        &[
            ("ResourceId", "$stopped"),
            ("DestinationResource", "InstanceType"),
        ],
    ),
    ecs(
        "AttachKeyPair",
        &[("KeyPairName", "made"), ("InstanceIds", "[\"$running\"]")],
    ),
    ecs(
        "DetachKeyPair",
        &[("KeyPairName", "made"), ("InstanceIds", "[\"$running\"]")],
    ),
    ecs("DeleteKeyPairs", &[("KeyPairNames", "[\"made\",\"brought\"]")]),
    ecs(
        "AttachInstanceRamRole",
        &[("RamRoleName", "RAMTestName"), ("InstanceIds", "[\"$running\"]")],
    ),
    ecs("DescribeInstanceRamRole", &[("InstanceIds", "[\"$running\"]")]),
    ecs(
        "DetachInstanceRamRole",
        &[("RamRoleName", "RAMTestName"), ("InstanceIds", "[\"$running\"]")],
    ),
    ecs(
        "JoinResourceGroup",
        &[("ResourceGroupId", "$resource-group"), ("ResourceId", "$running")],
    ),
    ecs(
        "TagResources",
        &[
            ("ResourceType", "instance"),
            ("ResourceId.1", "$running"),
            ("Tag.1.Key", "k"),
        ],
    ),
    ecs(
        "ListTagResources",
        &[("ResourceType", "instance"), ("Tag.1.Key", "k")],
    ),
    ecs(
        "UntagResources",
        &[
            ("ResourceType", "instance"),
            ("ResourceId.1", "$running"),
            ("TagKey.1", "k"),
        ],
    ),
    ecs(
        "JoinSecurityGroup",
        &[("InstanceId", "$running"), ("SecurityGroupId", "$group2")],
    ),
    ecs(
        "LeaveSecurityGroup",
        &[("InstanceId", "$running"), ("SecurityGroupId", "$group2")],
    ),
    // subscriptions
    ecs(
        "ModifyPrepayInstanceSpec",
        &[("InstanceId", "$paid"), ("InstanceType", "ecs.g7.xlarge")],
    ),
    ecs(
        "ModifyInstanceAutoRenewAttribute",
        &[("InstanceId", "$paid"), ("RenewalStatus", "AutoRenewal")],
    ),
    ecs("DescribeInstanceAutoRenewAttribute", &[("InstanceId", "$paid")]),
    ecs("DescribeRenewalPrice", &[("ResourceId", "$paid")]),
    ecs(
        "DescribeInstanceModificationPrice",
        &[("InstanceId", "$paid"), ("InstanceType", "ecs.g7.2xlarge")],
    ),
    ecs("RenewInstance", &[("InstanceId", "$paid"), ("Period", "1")]),
    ecs("DescribeDisks", &[("InstanceId", "$paid"), ("DiskType", "data")])
        .keep("paid-disk", "/Disks/Disk/0/DiskId"),
    ecs(
        "ModifyDiskChargeType",
        &[("InstanceId", "$paid"), ("DiskIds", "[\"$paid-disk\"]")],
    ),
    ecs(
        "ModifyInstanceChargeType",
        &[("InstanceIds", "[\"$paid\"]"), ("InstanceChargeType", "PostPaid")],
    ),
    // disks
    ecs(
        "CreateDisk",
        &[
            ("ZoneId", "cn-hangzhou-h"),
            ("Size", "20"),
            ("DiskCategory", "cloud_essd"),
        ],
    )
    .keep("disk", "/DiskId"),
    ecs(
        "ModifyDiskAttribute",
        &[("DiskId", "$disk"), ("DiskName", "data")],
    ),
    ecs(
        "ModifyDiskSpec",
        &[("DiskId", "$disk"), ("PerformanceLevel", "PL0")],
    ),
    ecs("ResizeDisk", &[("DiskId", "$disk"), ("NewSize", "40")]),
    ecs("AttachDisk", &[("DiskId", "$disk"), ("InstanceId", "$running")]),
    ecs("DetachDisk", &[("DiskId", "$disk"), ("InstanceId", "$running")]),
    ecs("DeleteDisk", &[("DiskId", "$disk")]),
    // elastic addresses
    vpc("AllocateEipAddress", &[("Bandwidth", "5"), ("InstanceId", "")]).keep("eip", "/AllocationId"),
    vpc(
        "ModifyEipAddressAttribute",
        &[("AllocationId", "$eip"), ("Bandwidth", "10")],
    ),
    vpc("ModifyEipForwardMode", &[("InstanceId", "$eip"), ("Mode", "NAT")]),
    vpc(
        "AssociateEipAddress",
        &[("AllocationId", "$eip"), ("InstanceId", "$running")],
    ),
    vpc("DescribeEipAddresses", &[("AllocationId", "$eip")]),
    vpc(
        "UnassociateEipAddress",
        &[("AllocationId", "$eip"), ("InstanceId", "$running")],
    ),
    vpc("ReleaseEipAddress", &[("AllocationId", "$eip")]),
    // power and the end
    ecs("RebootInstance", &[("InstanceId", "$running")]),
    ecs("RebootInstances", &[("InstanceId.1", "$running")]),
    ecs("StopInstance", &[("InstanceId", "$running")]),
    ecs("StartInstance", &[("InstanceId", "$running")]),
    ecs("StopInstances", &[("InstanceId.1", "$running")]),
    ecs("StartInstances", &[("InstanceId.1", "$running")]),
    ecs("DeleteInstance", &[("InstanceId", "$running"), ("Force", "true")]),
    ecs(
        "DeleteInstances",
        &[("InstanceId.1", "$stopped"), ("InstanceId.2", "$paid")],
    ),
    ecs("RevokeSecurityGroupEgress", OUT),
    ecs("RevokeSecurityGroup", SSH),
    ecs("DeleteSecurityGroup", &[("SecurityGroupId", "$group2")]),
    ecs("DeleteSecurityGroup", &[("SecurityGroupId", "$group")]),
    vpc("DeleteVSwitch", &[("VSwitchId", "$vswitch")]),
    vpc("DeleteVSwitch", &[("VSwitchId", "$vswitch2")]),
    vpc("DeleteVpc", &[("VpcId", "$vpc")]),
];

/// Actions that can only refuse here: what they work on never comes about.
type Never = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    u16,
    &'static str,
);

const NEVER_OK: &[Never] = &[
    (
        ECS,
        "ReActivateInstances",
        &[("InstanceId", "$stopped")],
        400,
        "ReopenInstance.InstanceStatusNotValid",
    ),
    // Only while it is being copied, or at work, or two weeks old: life is at full speed here, and no time goes by.
    (
        ECS,
        "CancelCopyImage",
        &[("ImageId", "m-no")],
        404,
        "InvalidImageId.NotFound",
    ),
    // All gateways are of the new type.
    (
        VPC,
        "UpdateNatGatewayNatType",
        &[
            ("RegionId", "cn-hangzhou"),
            ("NatGatewayId", "$private-nat"),
            ("NatType", "Enhanced"),
            ("VSwitchId", "$vswitch"),
        ],
        400,
        "NATGW_NOT_EXIST",
    ),
    (
        ECS,
        "CancelTask",
        &[("TaskId", "$clone-task")],
        403,
        "InvalidTaskId.TaskActionNotSupport",
    ),
    (
        ECS,
        "ModifySnapshotCategory",
        &[("SnapshotId", "s-no"), ("Category", "Archive")],
        404,
        "InvalidSnapshotId.NotFound",
    ),
];

pub(super) fn filled(text: &str, kept: &BTreeMap<&str, String>) -> String {
    let mut filled = text.to_owned();
    // The longest names first, so that none is taken for a shorter one.
    for (name, value) in kept.iter().rev() {
        filled = filled.replace(&format!("${name}"), value);
    }
    filled
}

/// The answer trees of `schema/api`, read by this test on its own.
fn trees() -> BTreeMap<(String, String), Value> {
    let mut trees = BTreeMap::new();
    for file in schema_files() {
        for (name, action) in file["actions"].as_object().unwrap() {
            let version = file["version"].as_str().unwrap();
            trees.insert((version.to_owned(), name.clone()), action["response"].clone());
        }
    }
    trees
}

#[track_caller]
fn assert_fits(tree: &Value, body: &Value, path: &str) {
    match (tree, body) {
        (Value::Object(tree), Value::Object(body)) => {
            for (key, value) in body {
                let path = format!("{path}.{key}");
                assert_fits(
                    tree.get(key)
                        .unwrap_or_else(|| panic!("{path} is not in the tree")),
                    value,
                    &path,
                );
            }
        }
        (Value::Array(tree), Value::Array(body)) => {
            body.iter().for_each(|value| assert_fits(&tree[0], value, path));
        }
        (Value::String(kind), value) => {
            let fits = match kind.as_str() {
                "string" => value.is_string(),
                "integer" => value.is_i64(),
                "number" => value.is_number(),
                "boolean" => value.is_boolean(),
                other => panic!("{other}"),
            };
            assert!(fits, "{path} is {value}, not a {kind}");
        }
        _ => panic!("{path} is {body}, the tree has {tree}"),
    }
}

#[test]
fn every_action_answers_in_the_shape_of_its_tree() {
    let mut sim = Sim::with(Options {
        speed: Speed::Max,
        ..options()
    });
    let trees = trees();
    let mut kept: BTreeMap<&str, String> = BTreeMap::new();
    let mut done: BTreeSet<(String, String)> = BTreeSet::new();
    for step in steps() {
        let params: Vec<(&str, String)> = step
            .params
            .iter()
            .map(|(name, value)| (*name, filled(value, &kept)))
            .collect();
        let mut params: Vec<(&str, &str)> = params
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        params.push(("RegionId", "cn-hangzhou"));
        let body = sim.call(step.version, step.action, &params).ok();
        let key = (step.version.to_owned(), step.action.to_owned());
        assert_fits(&trees[&key], &body, step.action);
        if let Some((name, path)) = step.keep {
            kept.insert(
                name,
                text(
                    body.pointer(path)
                        .unwrap_or_else(|| panic!("{}: {path} in {body}", step.action)),
                ),
            );
        }
        done.insert(key);
    }
    for (version, action, params, status, code) in NEVER_OK {
        let params: Vec<(&str, String)> = params
            .iter()
            .map(|(name, value)| (*name, filled(value, &kept)))
            .collect();
        let params: Vec<(&str, &str)> = params
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        sim.call(version, action, &params).refused(*status, code);
        done.insert(((*version).to_owned(), (*action).to_owned()));
    }
    let missed: Vec<_> = trees.keys().filter(|key| !done.contains(*key)).collect();
    assert!(missed.is_empty(), "not walked: {missed:?}");
    let served: BTreeSet<(String, String)> = infra::sim::actions()
        .into_iter()
        .map(|(_, version, name)| (version, name))
        .collect();
    assert_eq!(served, done);
    let stats: Value = serde_json::from_str(&sim.cloud.stats_json()).unwrap();
    assert_eq!(stats["unknown_parameters"]["total"], 0, "{stats}");
}

#[test]
fn an_action_that_is_not_served_is_never_an_empty_success() {
    let mut sim = Sim::new();
    for (version, action) in [
        (ECS, "CreateElasticityAssurance"),
        (ECS, "CreateNatGateway"),
        (VPC, "CreateVpnGateway"),
    ] {
        sim.call(version, action, &[])
            .refused(404, "InvalidAction.NotFound");
    }
}

/// A dry run says that it could be done, and nothing has changed.
#[test]
fn dry_runs_of_all_actions_leave_the_world_as_it_was() {
    let mut sim = Sim::with(Options {
        speed: Speed::Max,
        ..options()
    });
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    let running = sim.instance(&net, &[]);
    sim.ecs("StartInstance", &[("InstanceId", &running)]).ok();
    let _ = sim.show(&running);
    let spare = text(&sim.vpc("CreateVpc", &[]).ok()["VpcId"]);
    let ids = format!("[\"{id}\"]");
    let image = "aliyun_3_x64_20G_alibase_20240819.vhd";
    let make = [
        ("ImageId", image),
        ("InstanceType", "ecs.g7.large"),
        ("SecurityGroupId", net.group.as_str()),
        ("VSwitchId", net.vswitch.as_str()),
    ];
    type Params<'a> = Vec<(&'a str, &'a str)>;
    let calls: Vec<(&str, &str, Params<'_>)> = vec![
        (ECS, "CreateInstance", make.to_vec()),
        (ECS, "RunInstances", make.to_vec()),
        (ECS, "StartInstance", vec![("InstanceId", &id)]),
        (ECS, "StopInstance", vec![("InstanceId", &running)]),
        (ECS, "RebootInstance", vec![("InstanceId", &running)]),
        (ECS, "DeleteInstance", vec![("InstanceId", &id)]),
        (ECS, "StartInstances", vec![("InstanceId.1", &id)]),
        (ECS, "StopInstances", vec![("InstanceId.1", &running)]),
        (ECS, "RebootInstances", vec![("InstanceId.1", &running)]),
        (ECS, "DeleteInstances", vec![("InstanceId.1", &id)]),
        (
            ECS,
            "ModifyInstanceSpec",
            vec![("InstanceId", &id), ("InstanceType", "ecs.g7.xlarge")],
        ),
        (
            ECS,
            "ModifyInstanceChargeType",
            vec![("InstanceIds", &ids), ("Period", "1")],
        ),
        (VPC, "CreateVpc", vec![]),
        (VPC, "DeleteVpc", vec![("VpcId", &spare)]),
    ];
    let before = sim.cloud.world_json(sim.now);
    for (version, action, mut params) in calls {
        params.extend([
            ("DryRun", "true"),
            ("RegionId", "cn-hangzhou"),
            ("ClientToken", action),
        ]);
        params.retain(|(name, _)| {
            *name != "ClientToken" || action.starts_with("Create") || action == "RunInstances"
        });
        let code = if action.ends_with("Instances") && action != "RunInstances" {
            "DRYRUN.SUCCESS"
        } else {
            "DryRunOperation"
        };
        sim.call(version, action, &params).refused(400, code);
    }
    assert_eq!(sim.cloud.world_json(sim.now), before);
}

const OWN: &str = r#"{
    "families": [{"id": "ecs.x1", "price": 7, "disk_categories": ["cloud_essd"],
        "types": [{"id": "ecs.x1.large", "cpu": 3, "memory": 5, "interfaces": 4}]}],
    "images": [{"id": "own.vhd", "family": "acs:own", "os_name": "Own", "os_name_en": "Own", "platform": "Own",
        "size": 33, "created": "2026-11-01T00:00:00Z"}],
    "stock": [{"types": "ecs.x1.*", "zones": "h"}]
}"#;

#[test]
fn a_catalogue_of_ones_own_is_on_offer_and_can_be_bought() {
    let mut sim = Sim::with(Options {
        catalogues: vec![OWN.to_owned()],
        ..options()
    });
    let net = sim.network();
    let shown = sim
        .ecs("DescribeInstanceTypes", &[("InstanceTypes.1", "ecs.x1.large")])
        .ok();
    let shown = &shown["InstanceTypes"]["InstanceType"][0];
    assert_eq!(
        (&shown["CpuCoreCount"], &shown["EniQuantity"]),
        (&Value::from(3), &Value::from(4))
    );
    let image = sim
        .ecs("DescribeImageFromFamily", &[("ImageFamily", "acs:own")])
        .ok();
    assert_eq!(image["Image"]["ImageId"], "own.vhd");
    let order = [
        ("InstanceType", "ecs.x1.large"),
        ("ImageId", "own.vhd"),
        ("SystemDisk.Category", "cloud_essd"),
    ];
    let id = sim.instance(&net, &order);
    assert_eq!(sim.show(&id)["Memory"], 5120);
    // It is in stock in zone h alone.
    let available = sim
        .ecs(
            "DescribeAvailableResource",
            &[
                ("DestinationResource", "InstanceType"),
                ("InstanceType", "ecs.x1.large"),
            ],
        )
        .ok();
    for zone in available["AvailableZones"]["AvailableZone"].as_array().unwrap() {
        let status = &zone["AvailableResources"]["AvailableResource"][0]["SupportedResources"]["SupportedResource"]
            [0]["Status"];
        let wanted = if zone["ZoneId"] == "cn-hangzhou-h" {
            "Available"
        } else {
            "SoldOut"
        };
        assert_eq!(status, wanted, "{zone}");
    }
}

#[test]
fn a_catalogue_that_cannot_be_is_refused_at_the_start() {
    let told = Options {
        catalogues: vec!["{\"familys\": []}".to_owned()],
        ..options()
    };
    assert!(infra::sim::Cloud::new(&told).is_err());
}

#[test]
fn an_image_of_another_architecture_is_refused() {
    let mut sim = Sim::new();
    let net = sim.network();
    let arm = ("ImageId", "aliyun_3_arm64_20G_alibase_20240819.vhd");
    for (kind, image) in [
        ("ecs.g7.large", arm.1),
        ("ecs.g8y.large", "aliyun_3_x64_20G_alibase_20240819.vhd"),
    ] {
        for action in ["CreateInstance", "RunInstances"] {
            let params = instance_params(&net, &[("InstanceType", kind), ("ImageId", image)]);
            sim.ecs(action, &params)
                .refused(403, "ImageNotSupportInstanceType");
        }
    }
    let _ = sim.instance(&net, &[("InstanceType", "ecs.g8y.large"), arm]);
}

#[test]
fn a_zone_may_be_left_to_the_cloud_by_the_word_random() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(&net, &[("ZoneId", "random")]);
    assert_eq!(sim.show(&id)["ZoneId"], "cn-hangzhou-h");
    sim.vpc(
        "CreateVSwitch",
        &[
            ("VpcId", &net.vpc),
            ("CidrBlock", "10.0.9.0/24"),
            ("ZoneId", "random"),
        ],
    )
    .refused(404, "InvalidZoneId.NotFound");
}
