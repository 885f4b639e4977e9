//! Deployment sets, network ACLs, DHCP options, and the gateways of both address families.

use super::super::catalogue::{Step, ecs, vpc};
use super::super::{Sim, text};

const ACL: &[(&str, &str)] = &[("NetworkAclId", "$acl")];
const BIND: &[(&str, &str)] = &[
    ("NetworkAclId", "$acl"),
    ("Resource.1.ResourceId", "$vswitch"),
    ("Resource.1.ResourceType", "VSwitch"),
];
const SET: &[(&str, &str)] = &[("DhcpOptionsSetId", "$dhcp")];
const SET_OF_VPC: &[(&str, &str)] = &[("DhcpOptionsSetId", "$dhcp"), ("VpcId", "$vpc")];
const FOUR: &[(&str, &str)] = &[("Ipv4GatewayId", "$four")];
const TABLE_OF_FOUR: &[(&str, &str)] = &[
    ("GatewayId", "$four"),
    ("GatewayType", "IPv4Gateway"),
    ("RouteTableId", "$inward"),
];
const SIX: &[(&str, &str)] = &[("Ipv6GatewayId", "$six")];

pub(super) const GATEWAY_WALK: &[Step] = &[
    ecs("CreateDeploymentSet", &[("DeploymentSetName", "apart")]).keep("set", "/DeploymentSetId"),
    ecs("DescribeDeploymentSets", &[]),
    ecs(
        "ModifyDeploymentSetAttribute",
        &[("DeploymentSetId", "$set"), ("Description", "far apart")],
    ),
    ecs("DescribeDeploymentSetSupportedInstanceTypeFamily", &[]),
    ecs(
        "ModifyInstanceDeployment",
        &[("InstanceId", "$stopped"), ("DeploymentSetId", "$set")],
    ),
    ecs(
        "ModifyInstanceDeployment",
        &[("InstanceId", "$stopped"), ("RemoveFromDeploymentSet", "true")],
    ),
    ecs("DeleteDeploymentSet", &[("DeploymentSetId", "$set")]),
    vpc("CreateNetworkAcl", &[("VpcId", "$vpc")]).keep("acl", "/NetworkAclId"),
    vpc("CreateNetworkAcl", &[("VpcId", "$vpc")]).keep("acl2", "/NetworkAclId"),
    vpc("DescribeNetworkAcls", &[("VpcId", "$vpc")]),
    vpc("DescribeNetworkAclAttributes", ACL),
    vpc(
        "ModifyNetworkAclAttributes",
        &[("NetworkAclId", "$acl"), ("NetworkAclName", "closed")],
    ),
    vpc(
        "UpdateNetworkAclEntries",
        &[
            ("NetworkAclId", "$acl"),
            ("UpdateIngressAclEntries", "true"),
            ("IngressAclEntries.1.Policy", "accept"),
            ("IngressAclEntries.1.Protocol", "tcp"),
            ("IngressAclEntries.1.Port", "22/22"),
            ("IngressAclEntries.1.SourceCidrIp", "10.0.0.0/8"),
        ],
    ),
    vpc(
        "CopyNetworkAclEntries",
        &[("NetworkAclId", "$acl2"), ("SourceNetworkAclId", "$acl")],
    ),
    vpc("AssociateNetworkAcl", BIND),
    vpc("UnassociateNetworkAcl", BIND),
    vpc("DeleteNetworkAcl", ACL),
    vpc(
        "CreateDhcpOptionsSet",
        &[("DomainName", "example.com"), ("DomainNameServers", "10.0.0.2")],
    )
    .keep("dhcp", "/DhcpOptionsSetId"),
    vpc("GetDhcpOptionsSet", SET),
    vpc("ListDhcpOptionsSets", &[]),
    vpc(
        "UpdateDhcpOptionsSetAttribute",
        &[("DhcpOptionsSetId", "$dhcp"), ("LeaseTime", "48h")],
    ),
    vpc("AttachDhcpOptionsSetToVpc", SET_OF_VPC),
    vpc("ReplaceVpcDhcpOptionsSet", SET_OF_VPC),
    vpc("DetachDhcpOptionsSetFromVpc", SET_OF_VPC),
    vpc("DeleteDhcpOptionsSet", SET),
    vpc("CreateIpv4Gateway", &[("VpcId", "$vpc")]).keep("four", "/Ipv4GatewayId"),
    vpc("GetIpv4GatewayAttribute", FOUR),
    vpc("ListIpv4Gateways", &[]),
    vpc(
        "UpdateIpv4GatewayAttribute",
        &[("Ipv4GatewayId", "$four"), ("Ipv4GatewayName", "door")],
    ),
    vpc("EnableVpcIpv4Gateway", FOUR),
    vpc(
        "CreateRouteTable",
        &[("VpcId", "$vpc"), ("AssociateType", "Gateway")],
    )
    .keep("inward", "/RouteTableId"),
    vpc("AssociateRouteTableWithGateway", TABLE_OF_FOUR),
    vpc("DissociateRouteTableFromGateway", TABLE_OF_FOUR),
    vpc("DeleteIpv4Gateway", FOUR),
    vpc(
        "CreatePublicIpAddressPool",
        &[("Name", "own"), ("Isp", "BGP"), ("Tag.1.Key", "k")],
    )
    .keep("pool", "/PulbicIpAddressPoolId"),
    vpc(
        "ListPublicIpAddressPools",
        &[("PublicIpAddressPoolIds.1", "$pool")],
    ),
    vpc(
        "UpdatePublicIpAddressPoolAttribute",
        &[("PublicIpAddressPoolId", "$pool"), ("Description", "told")],
    ),
    vpc("DeletePublicIpAddressPool", &[("PublicIpAddressPoolId", "$pool")]),
    // A door is no reason to stay.
    vpc("CreateVpc", &[("CidrBlock", "10.99.0.0/16")]).keep("doored", "/VpcId"),
    vpc("DescribeVpcAttribute", &[("VpcId", "$doored")]),
    vpc("CreateIpv4Gateway", &[("VpcId", "$doored")]),
    vpc("DeleteVpc", &[("VpcId", "$doored"), ("ForceDelete", "true")]),
    vpc("CreateIpv6Gateway", &[("VpcId", "$vpc")]).keep("six", "/Ipv6GatewayId"),
    vpc("DescribeIpv6Gateways", &[]),
    vpc("DescribeIpv6GatewayAttribute", SIX),
    vpc(
        "ModifyIpv6GatewayAttribute",
        &[("Ipv6GatewayId", "$six"), ("Name", "door")],
    ),
    vpc("DescribeIpv6Addresses", &[("VpcId", "$vpc")])
        .keep("address6", "/Ipv6Addresses/Ipv6Address/0/Ipv6AddressId"),
    vpc(
        "AllocateIpv6InternetBandwidth",
        &[("Ipv6AddressId", "$address6"), ("Bandwidth", "5")],
    )
    .keep("way6", "/InternetBandwidthId"),
    vpc(
        "ModifyIpv6InternetBandwidth",
        &[("Ipv6InternetBandwidthId", "$way6"), ("Bandwidth", "6")],
    ),
    vpc(
        "DeleteIpv6InternetBandwidth",
        &[("Ipv6InternetBandwidthId", "$way6")],
    ),
    vpc("DeleteIpv6Gateway", SIX),
    vpc("DescribeVRouters", &[]).keep("router", "/VRouters/VRouter/0/VRouterId"),
    vpc(
        "ModifyVRouterAttribute",
        &[("VRouterId", "$router"), ("VRouterName", "main")],
    ),
];

#[test]
fn a_set_takes_so_many_servers_of_a_zone_and_is_kept_by_them() {
    let mut sim = Sim::new();
    let net = sim.network();
    let made = sim
        .ecs(
            "CreateDeploymentSet",
            &[("Strategy", "AvailabilityGroup"), ("GroupCount", "2")],
        )
        .ok();
    let set = text(&made["DeploymentSetId"]);
    let many = [
        ("InstanceType", "ecs.g7.large"),
        ("ImageId", "aliyun_3_x64_20G_alibase_20240819.vhd"),
        ("SecurityGroupId", net.group.as_str()),
        ("VSwitchId", net.vswitch.as_str()),
        ("DeploymentSetId", &set),
    ];
    let with = |more: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> {
        let mut params = many.to_vec();
        params.extend(more);
        params
    };
    let answer = sim.ecs("RunInstances", &with(&[("Amount", "39")])).ok();
    let ids: Vec<String> = answer["InstanceIdSets"]["InstanceIdSet"]
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect();
    // They are spread over the groups.
    assert_eq!(
        (
            &sim.show(&ids[0])["DeploymentSetGroupNo"],
            &sim.show(&ids[1])["DeploymentSetGroupNo"]
        ),
        (&1.into(), &2.into())
    );
    sim.ecs("RunInstances", &with(&[("Amount", "2")]))
        .refused(403, "QuotaExceed.DeploymentSetInstanceQuotaFull");
    sim.ecs("RunInstances", &with(&[("DeploymentSetGroupNo", "3")]))
        .refused(404, "InvalidParameter.DeploymentSetGroupNo");
    let shown = sim.ecs("DescribeDeploymentSets", &[]).ok();
    let shown = &shown["DeploymentSets"]["DeploymentSet"][0];
    assert_eq!(
        (&shown["InstanceAmount"], &shown["GroupCount"]),
        (&39.into(), &2.into())
    );
    sim.ecs("DeleteDeploymentSet", &[("DeploymentSetId", &set)])
        .refused(403, "DependencyViolation.NotEmpty");
    sim.wait(60);
    let leave = [
        ("InstanceId", ids[0].as_str()),
        ("RemoveFromDeploymentSet", "true"),
    ];
    // To leave is no move, to join is one; the set may be named, but not another one.
    let join = [leave[0], ("DeploymentSetId", set.as_str())];
    sim.ecs("ModifyInstanceDeployment", &join)
        .refused(400, "OperationDenied.UnstoppedInstance");
    sim.ecs(
        "ModifyInstanceDeployment",
        &[&leave[..], &[("DeploymentSetId", "ds-other")]].concat(),
    )
    .refused(400, "InvalidParameter.Param");
    sim.ecs(
        "ModifyInstanceDeployment",
        &[&leave[..], &[("DeploymentSetId", &set)]].concat(),
    )
    .ok();
    assert_eq!(sim.show(&ids[0])["Status"], "Running");
    assert_eq!(sim.show(&ids[0])["DeploymentSetId"], "");
}

#[test]
fn an_acl_lets_everything_through_until_it_is_told_and_holds_its_vpc() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = text(&sim.vpc("CreateNetworkAcl", &[("VpcId", &net.vpc)]).ok()["NetworkAclId"]);
    let own = ("NetworkAclId", id.as_str());
    sim.vpc("ModifyNetworkAclAttributes", &[own, ("NetworkAclName", "a")])
        .refused(400, "NetworkStatus.Modifying");
    sim.wait(2);
    let rules = |sim: &mut Sim| {
        let shown = sim.vpc("DescribeNetworkAclAttributes", &[own]).ok();
        shown["NetworkAclAttribute"]["IngressAclEntries"]["IngressAclEntry"]
            .as_array()
            .unwrap()
            .clone()
    };
    assert_eq!(rules(&mut sim)[0]["Policy"], "accept");
    let rule = |name: &'static str, value: &'static str| {
        let mut params = vec![
            own,
            ("UpdateIngressAclEntries", "true"),
            ("IngressAclEntries.1.Policy", "drop"),
            ("IngressAclEntries.1.Protocol", "tcp"),
            ("IngressAclEntries.1.Port", "22/22"),
            ("IngressAclEntries.1.SourceCidrIp", "0.0.0.0/0"),
        ];
        params.retain(|(own, _)| *own != name);
        params.push((name, value));
        params
    };
    for (name, value, code) in [
        ("IngressAclEntries.1.Policy", "ask", "ParameterIllegal.Policy"),
        (
            "IngressAclEntries.1.Protocol",
            "http",
            "ParameterIllegal.Protocol",
        ),
        ("IngressAclEntries.1.Port", "-1/-1", "ParameterIllegal.Port"),
        (
            "IngressAclEntries.1.SourceCidrIp",
            "all",
            "ParameterIllegal.SourceCidrIp",
        ),
        (
            "IngressAclEntries.1.SourceCidrIp",
            "::/0",
            "OperationDenied.VpcIpv6NotEnabled",
        ),
        ("IngressAclEntries.1.IpVersion", "IPv6", "IllegalParam.IpVersion"),
        (
            "IngressAclEntries.1.NetworkAclEntryId",
            "nae-1",
            "IllegalParam.IngressAclEntryId",
        ),
        ("IngressAclEntries.1.Policy", "", "ParameterMissing.Policy"),
    ] {
        sim.vpc("UpdateNetworkAclEntries", &rule(name, value))
            .refused(400, code);
    }
    sim.vpc("UpdateNetworkAclEntries", &rule("Dummy", "")).ok();
    assert_eq!(rules(&mut sim)[0]["Policy"], "drop");
    sim.wait(2);
    let bind = [
        own,
        ("Resource.1.ResourceType", "VSwitch"),
        ("Resource.1.ResourceId", &net.vswitch),
    ];
    sim.vpc("UnassociateNetworkAcl", &bind)
        .refused(400, "InvalidResource.NotBinding");
    sim.vpc("AssociateNetworkAcl", &bind).ok();
    sim.wait(2);
    sim.vpc("AssociateNetworkAcl", &bind)
        .refused(400, "InvalidResource.BindingExist");
    let shown = sim
        .vpc("DescribeVSwitchAttributes", &[("VSwitchId", &net.vswitch)])
        .ok();
    assert_eq!(shown["NetworkAclId"], id.as_str());
    sim.vpc("DeleteNetworkAcl", &[own])
        .refused(400, "NetworkAclExistBinding");
    sim.vpc("UnassociateNetworkAcl", &bind).ok();
    sim.wait(2);
    sim.vpc("DeleteNetworkAcl", &[own]).ok();
    sim.vpc("DescribeNetworkAclAttributes", &[own])
        .refused(404, "InvalidNetworkAcl.NotFound");
}

#[test]
fn a_vpc_has_one_set_of_dhcp_options_and_one_door_of_each_kind() {
    let mut sim = Sim::new();
    let net = sim.network();
    let of_vpc = ("VpcId", net.vpc.as_str());
    sim.vpc("CreateDhcpOptionsSet", &[("DomainNameServers", "10.0.0")])
        .refused(400, "InvalidDomainNameServers.Malformed");
    let id = text(
        &sim.vpc("CreateDhcpOptionsSet", &[("DomainName", "example.com")])
            .ok()["DhcpOptionsSetId"],
    );
    let set = ("DhcpOptionsSetId", id.as_str());
    sim.vpc("DetachDhcpOptionsSetFromVpc", &[set, of_vpc])
        .refused(400, "OperationFailed.AttachmentNotExist");
    sim.vpc("AttachDhcpOptionsSetToVpc", &[set, of_vpc]).ok();
    sim.vpc("AttachDhcpOptionsSetToVpc", &[set, of_vpc])
        .refused(400, "OperationFailed.AttachmentExist");
    let shown = sim.vpc("GetDhcpOptionsSet", &[set]).ok();
    assert_eq!(
        (&shown["Status"], &shown["AssociateVpcs"][0]["VpcId"]),
        (&"InUse".into(), &net.vpc.as_str().into())
    );
    assert_eq!(
        sim.vpc("DescribeVpcAttribute", &[of_vpc]).ok()["DhcpOptionsSetId"],
        id.as_str()
    );
    sim.vpc("DeleteDhcpOptionsSet", &[set])
        .refused(400, "DependencyViolation.VpcAttachment");
    sim.vpc("DetachDhcpOptionsSetFromVpc", &[set, of_vpc]).ok();
    assert_eq!(sim.vpc("GetDhcpOptionsSet", &[set]).ok()["Status"], "Available");
    sim.vpc("DeleteDhcpOptionsSet", &[set]).ok();
    // The door for IPv4 leads nowhere until it is activated.
    let four = text(&sim.vpc("CreateIpv4Gateway", &[of_vpc]).ok()["Ipv4GatewayId"]);
    sim.vpc("CreateIpv4Gateway", &[of_vpc])
        .refused(400, "OperationDenied.VpcExistIpv4Gateway");
    let four = ("Ipv4GatewayId", four.as_str());
    sim.vpc("EnableVpcIpv4Gateway", &[four])
        .refused(400, "IncorrectStatus.Ipv4Gateway");
    sim.wait(3);
    let table =
        text(&sim.vpc("DescribeVpcs", &[]).ok()["Vpcs"]["Vpc"][0]["RouterTableIds"]["RouterTableIds"][0]);
    sim.vpc("EnableVpcIpv4Gateway", &[four, ("RouteTableList.1", &table)])
        .ok();
    sim.wait(3);
    assert_eq!(sim.vpc("GetIpv4GatewayAttribute", &[four]).ok()["Enabled"], true);
    let routes = sim
        .vpc("DescribeRouteEntryList", &[("RouteTableId", &table)])
        .ok();
    let route = routes["RouteEntrys"]["RouteEntry"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["DestinationCidrBlock"] == "0.0.0.0/0")
        .unwrap()
        .clone();
    assert_eq!(route["NextHops"]["NextHop"][0]["NextHopId"], four.1);
    sim.vpc("DeleteIpv4Gateway", &[four])
        .refused(400, "OperationDenied.RouteEntryExist");
    sim.vpc("DeleteVpc", &[of_vpc])
        .refused(400, "DependencyViolation.VSwitch");
    let entry = text(&route["RouteEntryId"]);
    sim.vpc("DeleteRouteEntry", &[("RouteEntryId", &entry)]).ok();
    sim.wait(3);
    sim.vpc("DeleteIpv4Gateway", &[four]).ok();
    sim.wait(3);
    sim.vpc("GetIpv4GatewayAttribute", &[four])
        .refused(404, "ResourceNotFound.Ipv4Gateway");
    sim.vpc("CreateIpv6Gateway", &[of_vpc])
        .refused(400, "OperationFailed.VpcIpv6Disabled");
    sim.vpc("ModifyVpcAttribute", &[of_vpc, ("EnableIPv6", "true")])
        .ok();
    let six = text(&sim.vpc("CreateIpv6Gateway", &[of_vpc]).ok()["Ipv6GatewayId"]);
    sim.vpc("CreateIpv6Gateway", &[of_vpc])
        .refused(400, "OperationUnsupported.OnlyOneIpv6GatewayInVpc");
    sim.wait(3);
    sim.vpc("DeleteIpv6Gateway", &[("Ipv6GatewayId", &six)]).ok();
}
