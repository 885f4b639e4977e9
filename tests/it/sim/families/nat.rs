//! Routes, NAT gateways and what elastic addresses are bound to.

use serde_json::json;

use super::super::catalogue::{Step, ecs, vpc};
use super::super::{Sim, text};

pub(super) const NAT_WALK: &[Step] = &[
    vpc(
        "CreateRouteTable",
        &[("VpcId", "$vpc"), ("RouteTableName", "own")],
    )
    .keep("table", "/RouteTableId"),
    vpc(
        "ModifyRouteTableAttributes",
        &[("RouteTableId", "$table"), ("Description", "told")],
    ),
    vpc(
        "CreateRouteEntry",
        &[
            ("RouteTableId", "$table"),
            ("DestinationCidrBlock", "192.168.9.0/24"),
            ("NextHopType", "Instance"),
            ("NextHopId", "$running"),
        ],
    )
    .keep("entry", "/RouteEntryId"),
    vpc(
        "ModifyRouteEntry",
        &[("RouteEntryId", "$entry"), ("RouteEntryName", "named")],
    ),
    vpc("DescribeRouteEntryList", &[("RouteTableId", "$table")]),
    vpc("DescribeRouteTables", &[("RouteTableId", "$table")]),
    vpc("DeleteRouteEntry", &[("RouteEntryId", "$entry")]),
    vpc(
        "CreateRouteEntries",
        &[
            ("RouteEntries.1.RouteTableId", "$table"),
            ("RouteEntries.1.DstCidrBlock", "192.168.8.0/24"),
            ("RouteEntries.1.NextHop", "$running"),
            ("RouteEntries.1.NextHopType", "Instance"),
            ("RouteEntries.2.RouteTableId", "$table"),
            ("RouteEntries.2.DstCidrBlock", "nowhere"),
            ("RouteEntries.2.NextHop", "$running"),
            ("RouteEntries.2.NextHopType", "Instance"),
        ],
    )
    .keep("entry", "/RouteEntryIds/0"),
    vpc(
        "DeleteRouteEntries",
        &[
            ("RouteEntries.1.RouteTableId", "$table"),
            ("RouteEntries.1.RouteEntryId", "$entry"),
        ],
    ),
    vpc(
        "AssociateRouteTable",
        &[("RouteTableId", "$table"), ("VSwitchId", "$vswitch")],
    ),
    vpc(
        "UnassociateRouteTable",
        &[("RouteTableId", "$table"), ("VSwitchId", "$vswitch")],
    ),
    vpc("DeleteRouteTable", &[("RouteTableId", "$table")]),
    vpc(
        "AssociateVpcCidrBlock",
        &[("VpcId", "$vpc"), ("SecondaryCidrBlock", "192.168.0.0/16")],
    ),
    vpc(
        "UnassociateVpcCidrBlock",
        &[("VpcId", "$vpc"), ("SecondaryCidrBlock", "192.168.0.0/16")],
    ),
    vpc("CreateDefaultVpc", &[]).keep("default-vpc", "/VpcId"),
    vpc("CreateDefaultVSwitch", &[("ZoneId", "cn-hangzhou-h")]),
    vpc("ListEnhanhcedNatGatewayAvailableZones", &[]),
    vpc(
        "CreateNatGateway",
        &[
            ("VpcId", "$vpc"),
            ("VSwitchId", "$vswitch"),
            ("NatType", "Enhanced"),
            ("InternetChargeType", "PayBySpec"),
        ],
    )
    .keep("nat", "/NatGatewayId"),
    vpc("DescribeNatGateways", &[("NatGatewayId", "$nat")]).keep(
        "snat-table",
        "/NatGateways/NatGateway/0/SnatTableIds/SnatTableId/0",
    ),
    vpc("GetNatGatewayAttribute", &[("NatGatewayId", "$nat")])
        .keep("forward-table", "/ForwardTable/ForwardTableId"),
    vpc(
        "ModifyNatGatewayAttribute",
        &[("NatGatewayId", "$nat"), ("Name", "out")],
    ),
    vpc(
        "ModifyNatGatewaySpec",
        &[("NatGatewayId", "$nat"), ("Spec", "Middle")],
    ),
    vpc("AllocateEipAddress", &[]).keep("nat-eip", "/AllocationId"),
    vpc("DescribeEipAddresses", &[("AllocationId", "$nat-eip")])
        .keep("nat-address", "/EipAddresses/EipAddress/0/IpAddress"),
    vpc(
        "AssociateEipAddress",
        &[
            ("AllocationId", "$nat-eip"),
            ("InstanceId", "$nat"),
            ("InstanceType", "Nat"),
        ],
    ),
    vpc(
        "DescribeEipMonitorData",
        &[
            ("AllocationId", "$nat-eip"),
            ("StartTime", "2026-11-24T07:00:00Z"),
            ("EndTime", "2026-11-24T08:00:00Z"),
            ("Period", "300"),
        ],
    ),
    vpc(
        "CreateSnatEntry",
        &[
            ("SnatTableId", "$snat-table"),
            ("SourceVSwitchId", "$vswitch"),
            ("SnatIp", "$nat-address"),
        ],
    )
    .keep("snat", "/SnatEntryId"),
    vpc("DescribeSnatTableEntries", &[("SnatTableId", "$snat-table")]),
    vpc(
        "ModifySnatEntry",
        &[
            ("SnatTableId", "$snat-table"),
            ("SnatEntryId", "$snat"),
            ("SnatEntryName", "all"),
        ],
    ),
    vpc(
        "DeleteSnatEntry",
        &[("SnatTableId", "$snat-table"), ("SnatEntryId", "$snat")],
    ),
    vpc(
        "CreateForwardEntry",
        &[
            ("ForwardTableId", "$forward-table"),
            ("ExternalIp", "$nat-address"),
            ("ExternalPort", "80"),
            ("InternalIp", "10.0.1.1"),
            ("InternalPort", "8080"),
            ("IpProtocol", "TCP"),
        ],
    )
    .keep("forward", "/ForwardEntryId"),
    vpc(
        "DescribeForwardTableEntries",
        &[("ForwardTableId", "$forward-table")],
    ),
    vpc(
        "ModifyForwardEntry",
        &[
            ("ForwardTableId", "$forward-table"),
            ("ForwardEntryId", "$forward"),
            ("ExternalPort", "81"),
        ],
    ),
    vpc(
        "DeleteForwardEntry",
        &[
            ("ForwardTableId", "$forward-table"),
            ("ForwardEntryId", "$forward"),
        ],
    ),
    vpc(
        "DeletionProtection",
        &[
            ("InstanceId", "$nat"),
            ("Type", "NATGW"),
            ("ProtectionEnable", "false"),
        ],
    ),
    vpc("DeleteNatGateway", &[("NatGatewayId", "$nat"), ("Force", "true")]),
    ecs("DescribeInstanceStatus", &[("InstanceId.1", "$running")]),
    vpc("CreateCommonBandwidthPackage", &[("Bandwidth", "10")]).keep("package", "/BandwidthPackageId"),
    vpc(
        "ModifyCommonBandwidthPackageAttribute",
        &[("BandwidthPackageId", "$package"), ("Name", "shared")],
    ),
    vpc(
        "AddCommonBandwidthPackageIp",
        &[("BandwidthPackageId", "$package"), ("IpInstanceId", "$nat-eip")],
    ),
    vpc(
        "ModifyCommonBandwidthPackageSpec",
        &[("BandwidthPackageId", "$package"), ("Bandwidth", "20")],
    ),
    vpc(
        "DescribeCommonBandwidthPackages",
        &[("BandwidthPackageId", "$package")],
    ),
    vpc(
        "RemoveCommonBandwidthPackageIp",
        &[("BandwidthPackageId", "$package"), ("IpInstanceId", "$nat-eip")],
    ),
    vpc(
        "AddCommonBandwidthPackageIps",
        &[
            ("BandwidthPackageId", "$package"),
            ("IpInstanceIds.1", "$nat-eip"),
        ],
    ),
    vpc(
        "ModifyCommonBandwidthPackageIpBandwidth",
        &[
            ("BandwidthPackageId", "$package"),
            ("EipId", "$nat-eip"),
            ("Bandwidth", "7"),
        ],
    ),
    vpc(
        "CancelCommonBandwidthPackageIpBandwidth",
        &[("BandwidthPackageId", "$package"), ("EipId", "$nat-eip")],
    ),
    vpc(
        "DeleteCommonBandwidthPackage",
        &[("BandwidthPackageId", "$package"), ("Force", "true")],
    ),
    vpc("ReleaseEipAddress", &[("AllocationId", "$nat-eip")]),
    vpc("AllocateEipAddressPro", &[("IpAddress", "$nat-address")]).keep("again-eip", "/AllocationId"),
    vpc("ReleaseEipAddress", &[("AllocationId", "$again-eip")]),
    vpc("AllocateEipAddressPro", &[("InstanceId", "$again-eip")]).keep("third-eip", "/AllocationId"),
    vpc("ReleaseEipAddress", &[("AllocationId", "$third-eip")]),
];

#[test]
fn a_gateway_lets_a_vswitch_out_and_holds_what_it_needs() {
    let mut sim = Sim::new();
    let net = sim.network();
    let order = [("VpcId", net.vpc.as_str()), ("VSwitchId", net.vswitch.as_str())];
    let made = sim.vpc("CreateNatGateway", &order).ok();
    let (nat, table) = (
        text(&made["NatGatewayId"]),
        text(&made["SnatTableIds"]["SnatTableId"][0]),
    );
    let eip = sim.vpc("AllocateEipAddress", &[]).ok();
    let (eip, address) = (text(&eip["AllocationId"]), text(&eip["EipAddress"]));
    let bind = [
        ("AllocationId", eip.as_str()),
        ("InstanceId", nat.as_str()),
        ("InstanceType", "Nat"),
    ];
    sim.vpc("AssociateEipAddress", &bind)
        .refused(400, "IncorrectInstanceStatus");
    let entry = [
        ("SnatTableId", table.as_str()),
        ("SourceVSwitchId", net.vswitch.as_str()),
        ("SnatIp", address.as_str()),
    ];
    sim.vpc("CreateSnatEntry", &entry)
        .refused(400, "IncorrectStatus.NATGW");
    sim.wait(10);
    sim.vpc("CreateSnatEntry", &entry)
        .refused(400, "EIP_NOT_IN_GATEWAY");
    sim.vpc("AssociateEipAddress", &bind).ok();
    sim.vpc("CreateSnatEntry", &entry)
        .refused(400, "OperationUnsupported.EipInBinding");
    sim.wait(5);
    let snat = text(&sim.vpc("CreateSnatEntry", &entry).ok()["SnatEntryId"]);
    let show = |sim: &mut Sim| sim.vpc("DescribeSnatTableEntries", &entry[..1]).ok();
    assert_eq!(
        show(&mut sim)["SnatTableEntries"]["SnatTableEntry"][0]["Status"],
        "Pending"
    );
    let gone = [("SnatTableId", table.as_str()), ("SnatEntryId", snat.as_str())];
    sim.vpc("DeleteSnatEntry", &gone)
        .refused(400, "IncorretSnatEntryStatus");
    sim.wait(5);
    let shown = show(&mut sim)["SnatTableEntries"]["SnatTableEntry"][0].clone();
    assert_eq!(
        (&shown["Status"], &shown["SourceCIDR"], &shown["SnatIp"]),
        (&json!("Available"), &json!("10.0.1.0/24"), &json!(address))
    );
    sim.vpc("UnassociateEipAddress", &bind)
        .refused(400, "InvalidIpStatus.HasBeenUsedBySnatTable");
    sim.vpc("DeleteNatGateway", &[("NatGatewayId", &nat)])
        .refused(400, "DependencyViolation.EIPS");
    // The VPC got a way out, and loses it with the gateway.
    let routes = |sim: &mut Sim| {
        let tables = sim.vpc("DescribeRouteTableList", &[("VpcId", &net.vpc)]).ok();
        let id = text(&tables["RouterTableList"]["RouterTableListType"][0]["RouteTableId"]);
        let shown = sim.vpc(
            "DescribeRouteEntryList",
            &[("RouteTableId", &id), ("RouteEntryType", "Custom")],
        );
        shown.ok()["RouteEntrys"]["RouteEntry"].clone()
    };
    assert_eq!(
        routes(&mut sim)[0]["NextHops"]["NextHop"][0]["NextHopId"],
        nat.as_str()
    );
    sim.vpc("DeleteSnatEntry", &gone).ok();
    sim.wait(5);
    sim.vpc("UnassociateEipAddress", &bind).ok();
    sim.wait(5);
    sim.vpc("DeleteNatGateway", &[("NatGatewayId", &nat)]).ok();
    sim.vpc("DeleteVSwitch", &[("VSwitchId", &net.vswitch)])
        .refused(400, "DependencyViolation");
    sim.wait(5);
    assert_eq!(routes(&mut sim), json!([]));
    sim.vpc("DeleteVSwitch", &[("VSwitchId", &net.vswitch)]).ok();
}

#[test]
fn routes_are_of_a_table_and_hold_what_they_lead_to() {
    let mut sim = Sim::new();
    let net = sim.network();
    let server = sim.instance(&net, &[]);
    sim.wait(10);
    let table = text(&sim.vpc("CreateRouteTable", &[("VpcId", &net.vpc)]).ok()["RouteTableId"]);
    sim.wait(5);
    let route = [
        ("RouteTableId", table.as_str()),
        ("DestinationCidrBlock", "192.168.1.0/24"),
        ("NextHopId", server.as_str()),
    ];
    let entry = text(&sim.vpc("CreateRouteEntry", &route).ok()["RouteEntryId"]);
    sim.vpc("CreateRouteEntry", &route)
        .refused(400, "InvalidCIDRBlock.Duplicate");
    sim.vpc(
        "CreateRouteEntry",
        &[route[0], ("DestinationCidrBlock", "10.0.1.0/24"), route[2]],
    )
    .refused(400, "InvalidCIDRBlock.Duplicate");
    sim.vpc(
        "CreateRouteEntry",
        &[
            route[0],
            ("DestinationCidrBlock", "10.9.0.0/16"),
            ("NextHopId", "i-no"),
        ],
    )
    .refused(400, "InvalidNextHop.NotFound");
    sim.wait(5);
    sim.ecs("DeleteInstance", &[("InstanceId", &server)])
        .refused(400, "DependencyViolation.RouteEntry");
    sim.vpc("DeleteRouteTable", &route[..1])
        .refused(400, "IncorrectRouteTableStatus.RouteEntryExist");
    let listed = sim.vpc("DescribeRouteEntryList", &route[..1]).ok();
    let kinds: Vec<_> = listed["RouteEntrys"]["RouteEntry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (text(&entry["DestinationCidrBlock"]), text(&entry["Type"])))
        .collect();
    let want = [
        ("192.168.1.0/24", "Custom"),
        ("10.0.1.0/24", "System"),
        ("100.64.0.0/10", "System"),
    ];
    assert_eq!(kinds, want.map(|(cidr, kind)| (cidr.to_owned(), kind.to_owned())));
    let bind = [route[0], ("VSwitchId", net.vswitch.as_str())];
    sim.vpc("AssociateRouteTable", &bind).ok();
    sim.wait(5);
    let shown = sim.vpc("DescribeVSwitchAttributes", &bind[1..]).ok();
    assert_eq!(
        shown["RouteTable"],
        json!({"RouteTableId": table, "RouteTableType": "Custom"})
    );
    sim.vpc("DeleteRouteEntry", &[("RouteEntryId", &entry)]).ok();
    sim.wait(5);
    sim.vpc("DeleteRouteTable", &route[..1])
        .refused(404, "IncorrectRouteTableStatus");
    sim.vpc("UnassociateRouteTable", &bind).ok();
    sim.wait(5);
    sim.vpc("DeleteRouteTable", &route[..1]).ok();
}

#[test]
fn addresses_are_bound_to_interfaces_and_share_a_package() {
    let mut sim = Sim::new();
    let net = sim.network();
    let order = [
        ("VSwitchId", net.vswitch.as_str()),
        ("SecurityGroupId", net.group.as_str()),
    ];
    let made = sim.ecs("CreateNetworkInterface", &order).ok();
    let (eni, private) = (text(&made["NetworkInterfaceId"]), text(&made["PrivateIpAddress"]));
    sim.wait(5);
    let eip = text(&sim.vpc("AllocateEipAddress", &[("Bandwidth", "5")]).ok()["AllocationId"]);
    let bind = [
        ("AllocationId", eip.as_str()),
        ("InstanceId", eni.as_str()),
        ("InstanceType", "NetworkInterface"),
    ];
    sim.vpc("AssociateEipAddress", &bind).ok();
    let package = text(
        &sim.vpc("CreateCommonBandwidthPackage", &[("Bandwidth", "30")])
            .ok()["BandwidthPackageId"],
    );
    let share = [
        ("BandwidthPackageId", package.as_str()),
        ("IpInstanceId", eip.as_str()),
    ];
    sim.wait(5);
    sim.vpc("AddCommonBandwidthPackageIp", &share).ok();
    sim.vpc("AddCommonBandwidthPackageIp", &share)
        .refused(400, "IpInstanceId.AlreadyInBandwidthPackage");
    let shown = sim
        .vpc("DescribeEipAddresses", &[("AssociatedInstanceId", &eni)])
        .ok();
    let shown = &shown["EipAddresses"]["EipAddress"][0];
    assert_eq!(
        (
            &shown["InstanceType"],
            &shown["PrivateIpAddress"],
            &shown["BandwidthPackageBandwidth"]
        ),
        (&json!("NetworkInterface"), &json!(private), &json!("30"))
    );
    sim.vpc("DeleteCommonBandwidthPackage", &share[..1])
        .refused(400, "OperationFailed.BandwidthPackageNotEmpty");
    sim.ecs("DeleteNetworkInterface", &[("NetworkInterfaceId", &eni)])
        .ok();
    sim.wait(5);
    let shown = sim.vpc("DescribeEipAddresses", &bind[..1]).ok();
    assert_eq!(shown["EipAddresses"]["EipAddress"][0]["Status"], "Available");
}
