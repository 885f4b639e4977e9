//! Families of actions, request by request as the vendor's own suites walk them. Each family has a walk that
//! `catalogue.rs` takes for the shape of the answers, and tests of what follows from what.

mod access;
mod assistant;
mod consoles;
mod gateways;
mod interfaces;
mod load_balancer_parts;
mod load_balancers;
mod names;
mod nat;
mod old;
mod planned_tags;
mod private_nat;
mod recommended;
mod resource_groups;
mod snapshots;
mod system_events;
mod templates;

use super::catalogue::{Step, ecs, vpc};

/// All walks, in this order: each may use what an earlier one left.
pub(super) const WALKS: &[&[Step]] = &[
    GROUND,
    FLAT,
    resource_groups::RESOURCE_GROUP_WALK,
    interfaces::INTERFACE_WALK,
    nat::NAT_WALK,
    private_nat::PRIVATE_NAT_WALK,
    snapshots::SNAPSHOT_WALK,
    templates::TEMPLATE_WALK,
    assistant::ASSISTANT_WALK,
    load_balancers::LOAD_BALANCER_WALK,
    load_balancers::HTTPS_WALK,
    load_balancer_parts::PARTS_WALK,
    old::OLD_WALK,
    access::ACCESS_WALK,
    gateways::GATEWAY_WALK,
    names::NAME_WALK,
    system_events::SYSTEM_EVENT_WALK,
    consoles::CONSOLE_WALK,
    recommended::OFFER_WALK,
    planned_tags::TAG_WALK,
];

const IMAGE: &str = "aliyun_3_x64_20G_alibase_20240819.vhd";

/// A network with IPv6 and two servers, one of them stopped.
const GROUND: &[Step] = &[
    Step::of(
        "2020-03-31",
        "CreateResourceGroup",
        &[("Name", "another"), ("DisplayName", "Another")],
    )
    .keep("another-group", "/ResourceGroup/Id"),
    vpc(
        "CreateVpc",
        &[("CidrBlock", "10.0.0.0/16"), ("EnableIpv6", "true")],
    )
    .keep("vpc", "/VpcId"),
    vpc(
        "CreateVSwitch",
        &[
            ("VpcId", "$vpc"),
            ("ZoneId", "cn-hangzhou-h"),
            ("CidrBlock", "10.0.1.0/24"),
            ("Ipv6CidrBlock", "1"),
        ],
    )
    .keep("vswitch", "/VSwitchId"),
    ecs("CreateSecurityGroup", &[("VpcId", "$vpc")]).keep("group", "/SecurityGroupId"),
    ecs("CreateSecurityGroup", &[("VpcId", "$vpc")]).keep("group2", "/SecurityGroupId"),
    ecs(
        "RunInstances",
        &[
            ("ImageId", IMAGE),
            ("InstanceType", "ecs.g7.xlarge"),
            ("SecurityGroupIds.1", "$group"),
            ("VSwitchId", "$vswitch"),
            ("Ipv6AddressCount", "1"),
        ],
    )
    .keep("running", "/InstanceIdSets/InstanceIdSet/0"),
    ecs(
        "CreateInstance",
        &[
            ("ImageId", IMAGE),
            ("InstanceType", "ecs.g7.xlarge"),
            ("SecurityGroupId", "$group"),
            ("VSwitchId", "$vswitch"),
        ],
    )
    .keep("stopped", "/InstanceId"),
];

const FLAT_IN: &[(&str, &str)] = &[
    ("SecurityGroupId", "$group"),
    ("IpProtocol", "tcp"),
    ("PortRange", "8080/8080"),
    ("SourceCidrIp", "192.168.0.0/16"),
];
const FLAT_OUT: &[(&str, &str)] = &[
    ("SecurityGroupId", "$group"),
    ("IpProtocol", "tcp"),
    ("PortRange", "8080/8080"),
    ("DestCidrIp", "192.168.0.0/16"),
];

/// Rules as they were written before there were lists of them, and a subscription.
const FLAT: &[Step] = &[
    ecs("AuthorizeSecurityGroup", FLAT_IN),
    ecs("AuthorizeSecurityGroupEgress", FLAT_OUT),
    ecs("RevokeSecurityGroup", FLAT_IN),
    ecs("RevokeSecurityGroupEgress", FLAT_OUT),
    ecs(
        "CreateInstance",
        &[
            ("ImageId", IMAGE),
            ("InstanceType", "ecs.g7.large"),
            ("SecurityGroupId", "$group"),
            ("VSwitchId", "$vswitch"),
        ],
    )
    .keep("monthly", "/InstanceId"),
    ecs(
        "ModifyInstanceChargeType",
        &[
            ("InstanceIds", "[\"$monthly\"]"),
            ("InstanceChargeType", "PrePaid"),
            ("Period", "1"),
        ],
    ),
    Step::of(
        "2017-12-14",
        "SetRenewal",
        &[
            ("ProductCode", "ecs"),
            ("InstanceIDs", "$monthly"),
            ("RenewalStatus", "AutoRenewal"),
            ("RenewalPeriod", "1"),
        ],
    ),
];
