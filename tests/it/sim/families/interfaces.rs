//! Network interfaces, IPv6 and parts of vSwitches that are kept for prefixes.

use serde_json::json;

use super::super::catalogue::{Step, ecs, vpc};
use super::super::{Sim, instance_params, text};

pub(super) const INTERFACE_WALK: &[Step] = &[
    ecs(
        "CreateNetworkInterface",
        &[
            ("VSwitchId", "$vswitch"),
            ("SecurityGroupId", "$group"),
            ("NetworkInterfaceName", "second"),
            ("SecondaryPrivateIpAddressCount", "2"),
            ("Ipv6AddressCount", "1"),
        ],
    )
    .keep("eni", "/NetworkInterfaceId"),
    ecs(
        "DescribeNetworkInterfaceAttribute",
        &[("NetworkInterfaceId", "$eni")],
    ),
    ecs(
        "ModifyNetworkInterfaceAttribute",
        &[
            ("NetworkInterfaceId", "$eni"),
            ("NetworkInterfaceName", "renamed"),
            ("SecurityGroupId.1", "$group2"),
        ],
    ),
    ecs(
        "AttachNetworkInterface",
        &[("NetworkInterfaceId", "$eni"), ("InstanceId", "$running")],
    ),
    ecs("DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", "$eni")]),
    ecs(
        "AssignPrivateIpAddresses",
        &[
            ("NetworkInterfaceId", "$eni"),
            ("PrivateIpAddress.1", "10.0.1.200"),
        ],
    ),
    ecs(
        "UnassignPrivateIpAddresses",
        &[
            ("NetworkInterfaceId", "$eni"),
            ("PrivateIpAddress.1", "10.0.1.200"),
        ],
    ),
    ecs(
        "AssignIpv6Addresses",
        &[("NetworkInterfaceId", "$eni"), ("Ipv6AddressCount", "1")],
    )
    .keep("ipv6", "/Ipv6Sets/Ipv6Address/0"),
    ecs(
        "UnassignIpv6Addresses",
        &[("NetworkInterfaceId", "$eni"), ("Ipv6Address.1", "$ipv6")],
    ),
    vpc(
        "CreateVSwitchCidrReservation",
        &[
            ("VSwitchId", "$vswitch"),
            ("VSwitchCidrReservationCidr", "10.0.1.128/27"),
        ],
    )
    .keep("reservation", "/VSwitchCidrReservationId"),
    vpc(
        "ModifyVSwitchCidrReservationAttribute",
        &[
            ("VSwitchCidrReservationId", "$reservation"),
            ("VSwitchCidrReservationName", "pods"),
        ],
    ),
    ecs(
        "AssignPrivateIpAddresses",
        &[("NetworkInterfaceId", "$eni"), ("Ipv4PrefixCount", "1")],
    )
    .keep(
        "prefix",
        "/AssignedPrivateIpAddressesSet/Ipv4PrefixSet/Ipv4Prefixes/0",
    ),
    vpc("ListVSwitchCidrReservations", &[("VSwitchId", "$vswitch")]),
    vpc(
        "GetVSwitchCidrReservationUsage",
        &[("VSwitchCidrReservationId", "$reservation")],
    ),
    ecs(
        "UnassignPrivateIpAddresses",
        &[("NetworkInterfaceId", "$eni"), ("Ipv4Prefix.1", "$prefix")],
    ),
    vpc(
        "DeleteVSwitchCidrReservation",
        &[("VSwitchCidrReservationId", "$reservation")],
    ),
    ecs(
        "DetachNetworkInterface",
        &[("NetworkInterfaceId", "$eni"), ("InstanceId", "$running")],
    ),
    ecs("DeleteNetworkInterface", &[("NetworkInterfaceId", "$eni")]),
];

#[test]
fn an_interface_is_made_put_on_a_server_taken_off_and_deleted() {
    let mut sim = Sim::new();
    let net = sim.network();
    let server = sim.instance(&net, &[("InstanceType", "ecs.g7.large")]);
    let order = [
        ("VSwitchId", net.vswitch.as_str()),
        ("SecurityGroupId", net.group.as_str()),
        ("PrimaryIpAddress", "10.0.1.20"),
        ("PrivateIpAddress.1", "10.0.1.21"),
    ];
    let made = sim.ecs("CreateNetworkInterface", &order).ok();
    let id = text(&made["NetworkInterfaceId"]);
    assert_eq!(
        (&made["Status"], &made["PrivateIpAddress"], &made["Type"]),
        (&json!("Creating"), &json!("10.0.1.20"), &json!("Secondary"))
    );
    sim.ecs("CreateNetworkInterface", &order)
        .refused(400, "InvalidPrivateIpAddress.Duplicated");
    let own = [("NetworkInterfaceId", id.as_str())];
    let both = [own[0], ("InstanceId", server.as_str())];
    sim.ecs("AttachNetworkInterface", &both)
        .refused(400, "InvalidOperation.InvalidEcsState");
    sim.wait(10);
    sim.ecs("AttachNetworkInterface", &both).ok();
    sim.ecs("DeleteNetworkInterface", &own)
        .refused(400, "InvalidOperation.InvalidEniState");
    sim.wait(5);
    let cards = &sim.show(&server)["NetworkInterfaces"]["NetworkInterface"];
    assert_eq!(
        (&cards[0]["Type"], &cards[1]["NetworkInterfaceId"]),
        (&json!("Primary"), &json!(id))
    );
    assert_eq!(
        cards[1]["PrivateIpSets"]["PrivateIpSet"],
        json!([
            {"PrivateIpAddress": "10.0.1.20", "Primary": true},
            {"PrivateIpAddress": "10.0.1.21", "Primary": false},
        ])
    );
    // The type has place for two.
    let third = text(&sim.ecs("CreateNetworkInterface", &order[..2]).ok()["NetworkInterfaceId"]);
    sim.wait(5);
    sim.ecs(
        "AttachNetworkInterface",
        &[("NetworkInterfaceId", &third), both[1]],
    )
    .refused(403, "EniPerInstanceLimitExceeded");
    let primary = text(&cards[0]["NetworkInterfaceId"]);
    sim.ecs(
        "DetachNetworkInterface",
        &[("NetworkInterfaceId", &primary), both[1]],
    )
    .refused(400, "InvalidOperation.DetachPrimaryEniNotAllowed");
    sim.ecs("DetachNetworkInterface", &both).ok();
    sim.wait(5);
    let shown = sim.ecs("DescribeNetworkInterfaceAttribute", &own).ok();
    assert_eq!(
        (&shown["Status"], &shown["InstanceId"]),
        (&json!("Available"), &json!(""))
    );
    sim.vpc("DeleteVSwitch", &[("VSwitchId", &net.vswitch)])
        .refused(400, "DependencyViolation");
    sim.ecs("DeleteNetworkInterface", &own).ok();
    sim.wait(5);
    sim.ecs("DescribeNetworkInterfaceAttribute", &own)
        .refused(404, "InvalidEniId.NotFound");
}

#[test]
fn groups_and_place_of_a_server_and_of_its_primary_interface_are_one() {
    let mut sim = Sim::new();
    let net = sim.network();
    let server = sim.instance(&net, &[]);
    sim.wait(10);
    let second = text(&sim.ecs("CreateSecurityGroup", &[("VpcId", &net.vpc)]).ok()["SecurityGroupId"]);
    sim.ecs(
        "JoinSecurityGroup",
        &[("InstanceId", &server), ("SecurityGroupId", &second)],
    )
    .ok();
    let eni = |sim: &mut Sim| {
        let shown = sim
            .ecs("DescribeNetworkInterfaces", &[("InstanceId", &server)])
            .ok();
        shown["NetworkInterfaceSets"]["NetworkInterfaceSet"][0].clone()
    };
    let shown = eni(&mut sim);
    assert_eq!(
        shown["SecurityGroupIds"]["SecurityGroupId"],
        json!([net.group, second])
    );
    let id = text(&shown["NetworkInterfaceId"]);
    sim.ecs(
        "ModifyNetworkInterfaceAttribute",
        &[("NetworkInterfaceId", &id), ("SecurityGroupId.1", &second)],
    )
    .ok();
    assert_eq!(
        sim.show(&server)["SecurityGroupIds"]["SecurityGroupId"],
        json!([second])
    );
    sim.ecs("DeleteSecurityGroup", &[("SecurityGroupId", &second)])
        .refused(403, "DependencyViolation");
    sim.ecs("DeleteSecurityGroup", &[("SecurityGroupId", &net.group)])
        .ok();
}

#[test]
fn servers_are_ordered_with_several_interfaces() {
    let mut sim = Sim::new();
    let net = sim.network();
    let order = [
        ("ImageId", super::IMAGE),
        ("InstanceType", "ecs.g7.large"),
        ("Amount", "2"),
        ("NetworkInterface.1.InstanceType", "Primary"),
        ("NetworkInterface.1.VSwitchId", &net.vswitch),
        ("NetworkInterface.1.SecurityGroupIds.1", &net.group),
        ("NetworkInterface.2.InstanceType", "Secondary"),
        ("NetworkInterface.2.VSwitchId", &net.vswitch),
        ("NetworkInterface.2.SecurityGroupId", &net.group),
        ("NetworkInterface.2.SecondaryPrivateIpAddressCount", "3"),
    ];
    let made = sim.ecs("RunInstances", &order).ok();
    let ids = made["InstanceIdSets"]["InstanceIdSet"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(ids.len(), 2);
    for id in ids {
        let cards = sim.show(&text(&id))["NetworkInterfaces"]["NetworkInterface"].clone();
        assert_eq!(cards.as_array().unwrap().len(), 2);
        let sets = cards[1]["PrivateIpSets"]["PrivateIpSet"].as_array().unwrap();
        assert_eq!((sets.len(), &cards[1]["Type"]), (4, &json!("Secondary")));
    }
    let shown = sim
        .vpc("DescribeVSwitchAttributes", &[("VSwitchId", &net.vswitch)])
        .ok();
    assert_eq!(shown["AvailableIpAddressCount"], 252 - 10);
    let too_many = [&order[..], &[("NetworkInterface.3.VSwitchId", &net.vswitch)]].concat();
    sim.ecs("RunInstances", &too_many)
        .refused(400, "InvalidOperation.EniCountExceeded");
}

#[test]
fn ipv6_is_of_the_network_and_of_its_servers() {
    let mut sim = Sim::new();
    let net = sim.network();
    let vswitch = ("VSwitchId", net.vswitch.as_str());
    let attributes = |sim: &mut Sim| sim.vpc("DescribeVSwitchAttributes", &[vswitch]).ok();
    sim.vpc(
        "ModifyVSwitchAttribute",
        &[vswitch, ("EnableIPv6", "true"), ("Ipv6CidrBlock", "7")],
    )
    .refused(400, "OperationFailed.VpcIpv6Disabled");
    sim.vpc(
        "ModifyVpcAttribute",
        &[("VpcId", &net.vpc), ("EnableIPv6", "true")],
    )
    .ok();
    let vpc = sim.vpc("DescribeVpcAttribute", &[("VpcId", &net.vpc)]).ok();
    let block = text(&vpc["Ipv6CidrBlock"]);
    assert!(block.ends_with("::/56") && vpc["EnabledIpv6"] == true, "{block}");
    sim.ecs(
        "RunInstances",
        &instance_params(&net, &[("Ipv6AddressCount", "1")]),
    )
    .refused(403, "InvalidVSwitch.Ipv6NotTurnOn");
    sim.vpc(
        "ModifyVSwitchAttribute",
        &[vswitch, ("EnableIPv6", "true"), ("Ipv6CidrBlock", "7")],
    )
    .ok();
    let own = text(&attributes(&mut sim)["Ipv6CidrBlock"]);
    assert_eq!(own, block.replace("00::/56", "07::/64"));
    let made = sim
        .ecs(
            "RunInstances",
            &instance_params(&net, &[("Ipv6AddressCount", "2")]),
        )
        .ok();
    let id = text(&made["InstanceIdSets"]["InstanceIdSet"][0]);
    let sets = sim.show(&id)["NetworkInterfaces"]["NetworkInterface"][0]["Ipv6Sets"]["Ipv6Set"].clone();
    let address = text(&sets[0]["Ipv6Address"]);
    assert!(
        address.starts_with(own.trim_end_matches(":/64")),
        "{address} in {own}"
    );
    assert_eq!(sets.as_array().unwrap().len(), 2);
    let found = sim
        .ecs("DescribeNetworkInterfaces", &[("Ipv6Address.1", &address)])
        .ok();
    assert_eq!(found["TotalCount"], 1);
    sim.vpc("ModifyVSwitchAttribute", &[vswitch, ("EnableIPv6", "false")])
        .refused(400, "OperationFailed.Ipv6InstanceExist");
    sim.vpc(
        "ModifyVpcAttribute",
        &[("VpcId", &net.vpc), ("EnableIPv6", "false")],
    )
    .refused(400, "OperationFailed.IpV6VSwitchInuse");
}
