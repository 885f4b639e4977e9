//! NAT gateways between private networks, addresses that come back, and networks that are kept for VPCs.

use serde_json::json;

use super::super::catalogue::{Step, vpc};
use super::super::{Sim, text};

pub(super) const PRIVATE_NAT_WALK: &[Step] = &[
    vpc(
        "CreateNatGateway",
        &[
            ("VpcId", "$vpc"),
            ("VSwitchId", "$vswitch"),
            ("NatType", "Enhanced"),
            ("NetworkType", "intranet"),
        ],
    )
    .keep("private-nat", "/NatGatewayId"),
    vpc("GetNatGatewayAttribute", &[("NatGatewayId", "$private-nat")]),
    vpc(
        "CreateNatIpCidr",
        &[
            ("NatGatewayId", "$private-nat"),
            ("NatIpCidr", "192.168.50.0/24"),
            ("NatIpCidrName", "outer"),
            ("NatIpCidrDescription", "told"),
        ],
    ),
    vpc("ListNatIpCidrs", &[("NatGatewayId", "$private-nat")]),
    vpc(
        "CreateNatIp",
        &[
            ("NatGatewayId", "$private-nat"),
            ("NatIpCidr", "192.168.50.0/24"),
            ("NatIp", "192.168.50.9"),
            ("NatIpName", "nine"),
            ("NatIpDescription", "told"),
        ],
    )
    .keep("nat-ip", "/NatIpId"),
    vpc(
        "ListNatIps",
        &[("NatGatewayId", "$private-nat"), ("Ipv4Prefix", "")],
    ),
    vpc(
        "ModifyNatIpAttribute",
        &[("NatIpId", "$nat-ip"), ("NatIpName", "ten")],
    ),
    vpc(
        "DeleteNatIp",
        &[("NatGatewayId", "$private-nat"), ("NatIpId", "$nat-ip")],
    ),
    vpc(
        "DeleteNatIpCidr",
        &[("NatGatewayId", "$private-nat"), ("NatIpCidr", "192.168.50.0/24")],
    ),
    vpc("DeleteNatGateway", &[("NatGatewayId", "$private-nat")]),
    vpc("AllocateVpcIpv6Cidr", &[]).keep("ipv6-block", "/Ipv6CidrBlock"),
    vpc(
        "CreateVpc",
        &[
            ("CidrBlock", "10.98.0.0/16"),
            ("EnableIpv6", "true"),
            ("Ipv6CidrBlock", "$ipv6-block"),
        ],
    )
    .keep("sixth", "/VpcId"),
    vpc("DescribeVpcAttribute", &[("VpcId", "$sixth")]),
    vpc("DeleteVpc", &[("VpcId", "$sixth")]),
];

#[test]
fn a_private_gateway_has_addresses_of_its_vswitch_and_of_other_networks() {
    let mut sim = Sim::new();
    let net = sim.network();
    let order = [
        ("VpcId", net.vpc.as_str()),
        ("VSwitchId", net.vswitch.as_str()),
        ("NetworkType", "intranet"),
    ];
    let made = sim.vpc("CreateNatGateway", &order).ok();
    let nat = text(&made["NatGatewayId"]);
    let (snat, forward) = (
        text(&made["SnatTableIds"]["SnatTableId"][0]),
        text(&made["ForwardTableIds"]["ForwardTableId"][0]),
    );
    let of = ("NatGatewayId", nat.as_str());
    let network = [of, ("NatIpCidr", "192.168.50.0/30")];
    sim.vpc("CreateNatIpCidr", &network)
        .refused(400, "IncorrectStatus.NatGateway");
    sim.wait(10);
    // It leads to no place that knows an address of the internet.
    let eip = text(&sim.vpc("AllocateEipAddress", &[]).ok()["AllocationId"]);
    let bind = [
        ("AllocationId", eip.as_str()),
        ("InstanceId", nat.as_str()),
        ("InstanceType", "Nat"),
    ];
    sim.vpc("AssociateEipAddress", &bind)
        .refused(400, "BindInstance.NotSupported");
    let shown = sim.vpc("ListNatIpCidrs", &[of]).ok();
    assert_eq!(
        (
            &shown["TotalCount"],
            &shown["NatIpCidrs"][0]["NatIpCidr"],
            &shown["NatIpCidrs"][0]["IsDefault"]
        ),
        (&json!("1"), &json!("10.0.1.0/24"), &json!(true))
    );
    let first = sim.vpc("ListNatIps", &[of]).ok()["NatIps"][0].clone();
    assert_eq!(
        (&first["IsDefault"], &first["NatIpStatus"]),
        (&json!(true), &json!("Available"))
    );
    for (network, code) in [
        ("10.0.9.0/24", "OperationFailed.CreateNatIpCidrInVpcCidrBlock"),
        ("8.8.8.0/24", "OperationFailed.CreateNatIpCidrNotInUserCidr"),
        ("192.168.50.1/24", "InvalidParameter"),
    ] {
        sim.vpc("CreateNatIpCidr", &[of, ("NatIpCidr", network)])
            .refused(400, code);
    }
    sim.vpc("CreateNatIpCidr", &network).ok();
    sim.vpc("CreateNatIpCidr", &network)
        .refused(400, "ResourceAlreadyExist.NatIpCidr");
    sim.vpc("CreateNatIpCidr", &[of, ("NatIpCidr", "192.168.50.0/24")])
        .refused(400, "OperationFailed.NatIpCidrInUse");
    let wrong = [network[0], network[1], ("NatIp", "192.168.60.1")];
    sim.vpc("CreateNatIp", &wrong)
        .refused(400, "Mismatch.NatIpAndNatIpCidr");
    sim.vpc("CreateNatIp", &[of, ("NatIpCidr", "192.168.60.0/24")])
        .refused(400, "ResourceNotFound.NatIpCidr");
    let wanted = [
        network[0],
        network[1],
        ("NatIp", "192.168.50.2"),
        ("NatIpName", "two"),
        ("ClientToken", "once"),
    ];
    let made = sim.vpc("CreateNatIp", &wanted).ok();
    assert_eq!(sim.vpc("CreateNatIp", &wanted).ok()["NatIpId"], made["NatIpId"]);
    let id = text(&made["NatIpId"]);
    sim.vpc("CreateNatIp", &wanted[..4])
        .refused(400, "ResourceAlreadyExist.NatIp");
    let entry = [
        ("SnatTableId", snat.as_str()),
        ("SourceVSwitchId", net.vswitch.as_str()),
        ("SnatIp", "192.168.50.2"),
    ];
    sim.vpc("CreateSnatEntry", &entry)
        .refused(400, "IncorrectStatus.NatIp");
    sim.wait(5);
    let other = [entry[0], entry[1], ("SnatIp", "192.168.50.3")];
    sim.vpc("CreateSnatEntry", &other)
        .refused(404, "ResourceNotFound.NatIp");
    let entry = text(&sim.vpc("CreateSnatEntry", &entry).ok()["SnatEntryId"]);
    sim.wait(5);
    let gone = [of, ("NatIpId", id.as_str())];
    sim.vpc("DeleteNatIp", &gone)
        .refused(400, "DependencyViolation.NatIp");
    sim.vpc(
        "DeleteSnatEntry",
        &[("SnatTableId", snat.as_str()), ("SnatEntryId", entry.as_str())],
    )
    .ok();
    sim.wait(5);
    let inward = [
        ("ForwardTableId", forward.as_str()),
        ("ExternalIp", "192.168.50.2"),
        ("ExternalPort", "80"),
        ("InternalIp", "10.0.1.9"),
        ("InternalPort", "8080"),
        ("IpProtocol", "tcp"),
    ];
    let inward = text(&sim.vpc("CreateForwardEntry", &inward).ok()["ForwardEntryId"]);
    sim.wait(5);
    sim.vpc("DeleteNatIp", &gone)
        .refused(400, "DependencyViolation.NatIp");
    sim.vpc(
        "DeleteForwardEntry",
        &[
            ("ForwardTableId", forward.as_str()),
            ("ForwardEntryId", inward.as_str()),
        ],
    )
    .ok();
    sim.wait(5);
    // The rest of the network, and one more.
    for _ in 0..3 {
        sim.vpc("CreateNatIp", &network).ok();
    }
    sim.vpc("CreateNatIp", &network)
        .refused(400, "ResourceNotEnough.NatIp");
    sim.vpc("DeleteNatIpCidr", &network)
        .refused(400, "DependencyViolation.NatIp");
    sim.vpc("DeleteNatIpCidr", &[of, ("NatIpCidr", "10.0.1.0/24")])
        .refused(400, "OperationFailed.DefaultNatIpCidr");
    sim.vpc("DeleteNatIp", &[of, ("NatIpId", &text(&first["NatIpId"]))])
        .refused(400, "OperationFailed.DefaultNatIp");
    sim.vpc("DeleteNatGateway", &[of])
        .refused(400, "DependencyViolation.NatIpCidr");
    // An address of the vSwitch is nobody else's.
    let mine = [of, ("NatIpCidr", "10.0.1.0/24"), ("NatIp", "10.0.1.77")];
    sim.vpc("CreateNatIp", &mine).ok();
    sim.ecs(
        "CreateNetworkInterface",
        &[
            ("VSwitchId", net.vswitch.as_str()),
            ("SecurityGroupId", net.group.as_str()),
            ("PrimaryIpAddress", "10.0.1.77"),
        ],
    )
    .refused(400, "InvalidPrivateIpAddress.Duplicated");
    sim.wait(5);
    let renamed = [
        ("NatIpId", id.as_str()),
        ("NatIpName", "second"),
        ("DryRun", "true"),
    ];
    sim.vpc("ModifyNatIpAttribute", &renamed)
        .refused(400, "DryRunOperation");
    sim.vpc("ModifyNatIpAttribute", &renamed[..2]).ok();
    let shown = sim.vpc("ListNatIps", &[of, ("NatIpName.1", "second")]).ok();
    assert_eq!(
        (&shown["TotalCount"], &shown["NatIps"][0]["NatIp"]),
        (&json!("1"), &json!("192.168.50.2"))
    );
    // Page by page, newest first.
    let page = sim.vpc("ListNatIps", &[of, ("MaxResults", "4")]).ok();
    let next = text(&page["NextToken"]);
    let rest = sim
        .vpc("ListNatIps", &[of, ("MaxResults", "4"), ("NextToken", &next)])
        .ok();
    assert_eq!(
        (
            page["NatIps"].as_array().unwrap().len(),
            rest["NatIps"].as_array().unwrap().len()
        ),
        (4, 2)
    );
    sim.vpc("DeleteNatIp", &gone).ok();
    sim.vpc("DeleteNatIp", &gone)
        .refused(400, "IncorrectStatus.NatIp");
    sim.wait(5);
    sim.vpc("DeleteNatIp", &gone)
        .refused(404, "ResourceNotFound.NatIp");
    // There is no way from the old type where there is none.
    let convert = [of, ("NatType", "Enhanced"), ("VSwitchId", &net.vswitch)];
    sim.vpc("UpdateNatGatewayNatType", &convert)
        .refused(400, "OperationUnsupported.NatConvert");
    let convert = [of, ("NatType", "Normal"), ("VSwitchId", &net.vswitch)];
    sim.vpc("UpdateNatGatewayNatType", &convert)
        .refused(400, "OperationFailed.NatTypeNotEnhanced");
    sim.vpc("DeleteNatGateway", &[of, ("Force", "true")]).ok();
    sim.wait(10);
    assert_eq!(sim.vpc("ListNatIps", &[of]).ok()["NatIps"], json!([]));
}

#[test]
fn a_gateway_to_the_internet_has_no_private_addresses() {
    let mut sim = Sim::new();
    let net = sim.network();
    let order = [("VpcId", net.vpc.as_str()), ("VSwitchId", net.vswitch.as_str())];
    let nat = text(&sim.vpc("CreateNatGateway", &order).ok()["NatGatewayId"]);
    sim.wait(10);
    let of = ("NatGatewayId", nat.as_str());
    assert_eq!(sim.vpc("ListNatIps", &[of]).ok()["NatIps"], json!([]));
    sim.vpc("CreateNatIpCidr", &[of, ("NatIpCidr", "192.168.50.0/24")])
        .refused(404, "ResourceNotFound.NatGateway");
}

#[test]
fn a_share_of_a_package_has_a_bound_until_it_is_cancelled() {
    let mut sim = Sim::new();
    let package = text(
        &sim.vpc("CreateCommonBandwidthPackage", &[("Bandwidth", "20")])
            .ok()["BandwidthPackageId"],
    );
    let eip = text(&sim.vpc("AllocateEipAddress", &[]).ok()["AllocationId"]);
    let own = [("BandwidthPackageId", package.as_str()), ("EipId", eip.as_str())];
    let bound = |bandwidth: &'static str| [own[0], own[1], ("Bandwidth", bandwidth)];
    let shown = |sim: &mut Sim| {
        let shown = sim.vpc("DescribeEipAddresses", &[("AllocationId", &eip)]).ok();
        shown["EipAddresses"]["EipAddress"][0]["BandwidthPackageBandwidth"].clone()
    };
    sim.vpc("ModifyCommonBandwidthPackageIpBandwidth", &bound("7"))
        .refused(400, "OperationUnsupported.IpNotInCbwp");
    let join = [own[0], ("IpInstanceId", eip.as_str())];
    sim.vpc("AddCommonBandwidthPackageIp", &join).ok();
    for wrong in ["0", "21", "many"] {
        sim.vpc("ModifyCommonBandwidthPackageIpBandwidth", &bound(wrong))
            .refused(400, "InvalidParameter.Bandwidth");
    }
    sim.vpc("ModifyCommonBandwidthPackageIpBandwidth", &bound("7"))
        .ok();
    assert_eq!(shown(&mut sim), "7");
    // A smaller package bounds it further.
    sim.vpc("ModifyCommonBandwidthPackageSpec", &[own[0], ("Bandwidth", "5")])
        .ok();
    sim.vpc("ModifyCommonBandwidthPackageIpBandwidth", &bound("3"))
        .refused(400, "BandwidthPackageOperation.conflict");
    assert_eq!(shown(&mut sim), "5");
    sim.wait(5);
    sim.vpc("ModifyCommonBandwidthPackageIpBandwidth", &bound("3"))
        .ok();
    sim.vpc("CancelCommonBandwidthPackageIpBandwidth", &own).ok();
    assert_eq!(shown(&mut sim), "5");
    sim.vpc("ModifyCommonBandwidthPackageIpBandwidth", &bound("3"))
        .ok();
    sim.vpc("RemoveCommonBandwidthPackageIp", &join).ok();
    sim.vpc("AddCommonBandwidthPackageIp", &join).ok();
    assert_eq!(shown(&mut sim), "5");
}

#[test]
fn an_address_that_was_given_back_can_be_had_again_for_a_week() {
    let mut sim = Sim::new();
    let made = sim.vpc("AllocateEipAddress", &[("ISP", "BGP_PRO")]).ok();
    let (id, address) = (text(&made["AllocationId"]), text(&made["EipAddress"]));
    let by_address = ("IpAddress", address.as_str());
    sim.vpc("AllocateEipAddressPro", &[by_address])
        .refused(400, "Ip.Allocated");
    sim.vpc("ReleaseEipAddress", &[("AllocationId", &id)]).ok();
    sim.wait(5);
    for (params, code) in [
        (
            &[("IpAddress", "8.8.8.8")][..],
            "OperationFailed.AllocateUnfamiliarIp",
        ),
        (&[("IpAddress", "8.8")], "IllegalParam.IpAddress"),
        (&[("InstanceId", "eip-no")], "OperationFailed.InstanceNotExist"),
        (&[by_address, ("InstanceId", "eip-no")], "Invalid.Reserve.Ip"),
        (&[by_address, ("ISP", "BGP")], "Mismatch.IpAndIsp"),
        (
            &[("PublicIpAddressPoolId", "pippool-no")],
            "ResourceNotFound.PublicIpAddressPool",
        ),
    ] {
        sim.vpc("AllocateEipAddressPro", params).refused(400, code);
    }
    let again = sim
        .vpc(
            "AllocateEipAddressPro",
            &[("InstanceId", &id), ("Bandwidth", "9")],
        )
        .ok();
    assert_eq!(again["EipAddress"], json!(address));
    assert_ne!(again["AllocationId"], json!(id));
    let again = text(&again["AllocationId"]);
    let shown = sim.vpc("DescribeEipAddresses", &[("AllocationId", &again)]).ok();
    let shown = &shown["EipAddresses"]["EipAddress"][0];
    assert_eq!(
        (&shown["ISP"], &shown["Bandwidth"]),
        (&json!("BGP_PRO"), &json!("9"))
    );
    sim.vpc("AllocateEipAddressPro", &[("InstanceId", &id)])
        .refused(400, "OperationFailed.InstanceNotExist");
    sim.vpc("ReleaseEipAddress", &[("AllocationId", &again)]).ok();
    sim.wait(8 * 86_400);
    sim.vpc("AllocateEipAddressPro", &[by_address])
        .refused(400, "OperationFailed.AllocateUnfamiliarIp");
    // Without a wish any address will do.
    let other = sim.vpc("AllocateEipAddressPro", &[]).ok();
    assert_ne!(other["EipAddress"], json!(address));
}

#[test]
fn a_network_of_ipv6_is_kept_for_the_vpc_that_names_it() {
    let mut sim = Sim::new();
    let made = sim.vpc("AllocateVpcIpv6Cidr", &[("ClientToken", "once")]).ok();
    let block = text(&made["Ipv6CidrBlock"]);
    let again = sim.vpc("AllocateVpcIpv6Cidr", &[("ClientToken", "once")]).ok();
    assert_eq!(again["Ipv6CidrBlock"], made["Ipv6CidrBlock"]);
    for (params, code) in [
        (("AddressPoolType", "custom"), "ResourceNotEnough.Ipv6Cidr"),
        (("AddressPoolType", "own"), "IllegalParam.AddressPoolType"),
        (("Ipv6Isp", "ChinaMobile"), "UnsupportedFeature.Ipv6Isp"),
        (("Ipv6CidrBlock", "fd00::/64"), "IllegalParam.Ipv6Cidr"),
        (("Ipv6CidrBlock", "fd00::/56"), "Unavailable.Ipv6Cidr"),
        (("Ipv6CidrBlock", block.as_str()), "Unavailable.Ipv6Cidr"),
    ] {
        sim.vpc("AllocateVpcIpv6Cidr", &[params]).refused(400, code);
    }
    let named = ("Ipv6CidrBlock", "2408:4005:3ff:ff00::/56");
    sim.vpc("AllocateVpcIpv6Cidr", &[named]).ok();
    let own = ("Ipv6CidrBlock", block.as_str());
    sim.vpc("CreateVpc", &[own])
        .refused(400, "MissingParam.EnableIpv6");
    let vpc = text(&sim.vpc("CreateVpc", &[own, ("EnableIpv6", "true")]).ok()["VpcId"]);
    let show = |sim: &mut Sim, vpc: &str| {
        sim.vpc("DescribeVpcAttribute", &[("VpcId", vpc)]).ok()["Ipv6CidrBlock"].clone()
    };
    assert_eq!(show(&mut sim, &vpc), json!(block));
    // It is taken now.
    sim.vpc("CreateVpc", &[own, ("EnableIpv6", "true")])
        .refused(400, "OperationFailed.IPv6CidrNotReserved");
    sim.vpc("AllocateVpcIpv6Cidr", &[own])
        .refused(400, "Unavailable.Ipv6Cidr");
    let plain = text(&sim.vpc("CreateVpc", &[]).ok()["VpcId"]);
    sim.wait(5);
    let change = [("VpcId", plain.as_str()), named];
    sim.vpc("ModifyVpcAttribute", &change)
        .refused(400, "ExclusiveParam.EnableIpv6AndCidrBlock");
    let wider = [
        change[0],
        ("IpVersion", "IPV6"),
        ("IPv6CidrBlock", "2408:4005:3ff:ff00::/56"),
    ];
    sim.vpc("AssociateVpcCidrBlock", &wider).ok();
    assert_eq!(show(&mut sim, &plain), json!(named.1));
    let change = [change[0], named, ("EnableIPv6", "true")];
    sim.vpc("ModifyVpcAttribute", &change).ok();
}

#[test]
fn figures_of_an_address_are_there_while_it_is_in_use() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    sim.wait(30);
    let eip = text(&sim.vpc("AllocateEipAddress", &[]).ok()["AllocationId"]);
    let asked = [
        ("AllocationId", eip.as_str()),
        ("StartTime", "2026-11-24T06:00:00Z"),
        ("EndTime", "2026-11-24T07:00:00Z"),
        ("Period", "900"),
    ];
    let points = |sim: &mut Sim| {
        let shown = sim.vpc("DescribeEipMonitorData", &asked).ok();
        shown["EipMonitorDatas"]["EipMonitorData"]
            .as_array()
            .unwrap()
            .clone()
    };
    let idle = points(&mut sim);
    assert_eq!((idle.len(), &idle[0]["EipFlow"]), (5, &json!(0)));
    sim.vpc(
        "AssociateEipAddress",
        &[("AllocationId", &eip), ("InstanceId", &id)],
    )
    .ok();
    sim.wait(10);
    let busy = points(&mut sim);
    let sum = busy[0]["EipRX"].as_i64().unwrap() + busy[0]["EipTX"].as_i64().unwrap();
    assert!(sum > 0 && busy[0]["EipFlow"] == sum, "{busy:?}");
    for (name, value, code) in [
        ("Period", "600", "InvalidPeriod.ValueNotSupported"),
        ("StartTime", "soon", "InvalidStartTime.Malformed"),
        ("StartTime", "2026-01-01T00:00:00Z", "InvalidStartTime.TooEarly"),
    ] {
        let mut wrong = asked;
        let place = wrong.iter().position(|(own, _)| *own == name).unwrap();
        wrong[place].1 = value;
        sim.vpc("DescribeEipMonitorData", &wrong).refused(400, code);
    }
    let gone = [("AllocationId", "eip-no"), asked[1], asked[2]];
    sim.vpc("DescribeEipMonitorData", &gone)
        .refused(404, "InvalidAllocationId.NotFound");
    let long = [asked[0], ("StartTime", "2026-11-23T00:00:00Z"), asked[2]];
    sim.vpc("DescribeEipMonitorData", &long)
        .refused(400, "OperationDenied.TooManyDataQueried");
}
