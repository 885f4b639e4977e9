//! VPCs, vSwitches and security groups.

use super::{Sim, text};

#[test]
fn a_vpc_and_a_vswitch_are_pending_then_available() {
    let mut sim = Sim::new();
    let made = sim
        .vpc(
            "CreateVpc",
            &[
                ("CidrBlock", "10.0.0.0/8"),
                ("VpcName", "shop"),
                ("Tag.1.Key", "a"),
                ("Tag.1.Value", "b"),
            ],
        )
        .ok();
    let vpc = text(&made["VpcId"]);
    let status = |sim: &mut Sim| sim.vpc("DescribeVpcAttribute", &[("VpcId", &vpc)]).ok()["Status"].clone();
    assert_eq!(status(&mut sim), "Pending");
    let subnet = [
        ("VpcId", vpc.as_str()),
        ("CidrBlock", "10.0.1.0/24"),
        ("ZoneId", "cn-hangzhou-i"),
    ];
    sim.vpc("CreateVSwitch", &subnet)
        .refused(400, "IncorrectVpcStatus");
    sim.wait(5);
    assert_eq!(status(&mut sim), "Available");
    let shown = sim.vpc("DescribeVpcs", &[("Tag.1.Key", "a")]).ok();
    assert_eq!(
        shown["Vpcs"]["Vpc"][0]["Tags"]["Tag"][0],
        serde_json::json!({"Key": "a", "Value": "b"})
    );
    let tables = sim.vpc("DescribeRouteTableList", &[("VpcId", &vpc)]).ok();
    assert_eq!(
        tables["RouterTableList"]["RouterTableListType"][0]["RouteTableType"],
        "System"
    );
    let vswitch = text(&sim.vpc("CreateVSwitch", &subnet).ok()["VSwitchId"]);
    let other = [
        ("VpcId", vpc.as_str()),
        ("CidrBlock", "10.0.2.0/24"),
        ("ZoneId", "cn-hangzhou-i"),
    ];
    sim.vpc("CreateVSwitch", &other)
        .refused(400, "OperationDenied.OtherSubnetCreating");
    sim.vpc("DeleteVSwitch", &[("VSwitchId", &vswitch)])
        .refused(400, "IncorrectVSwitchStatus");
    sim.wait(5);
    sim.vpc("CreateVSwitch", &subnet)
        .refused(400, "InvalidCidrBlock.Overlapped");
    let shown = sim
        .vpc("DescribeVSwitchAttributes", &[("VSwitchId", &vswitch)])
        .ok();
    assert_eq!(
        (&shown["Status"], &shown["AvailableIpAddressCount"]),
        (&"Available".into(), &252.into())
    );
    assert_eq!(shown["Ipv6CidrBlock"], "");
    sim.vpc("DeleteVpc", &[("VpcId", &vpc)])
        .refused(400, "DependencyViolation.VSwitch");
    let second = text(&sim.vpc("CreateVSwitch", &other).ok()["VSwitchId"]);
    sim.wait(5);
    sim.vpc("DeleteVSwitch", &[("VSwitchId", &vswitch)]).ok();
    sim.vpc("DeleteVSwitch", &[("VSwitchId", &second)])
        .refused(400, "OperationDenied.OtherSubnetProcessing");
    let third = [
        ("VpcId", vpc.as_str()),
        ("CidrBlock", "10.0.3.0/24"),
        ("ZoneId", "cn-hangzhou-i"),
    ];
    sim.vpc("CreateVSwitch", &third).refused(400, "TaskConflict");
    sim.wait(2);
    sim.vpc("DescribeVSwitchAttributes", &[("VSwitchId", &vswitch)])
        .refused(404, "InvalidVSwitchId.NotFound");
    sim.vpc("DeleteVSwitch", &[("VSwitchId", &second)]).ok();
}

#[test]
fn networks_that_cannot_be_are_refused() {
    let mut sim = Sim::new();
    let net = sim.network();
    sim.vpc("CreateVpc", &[("CidrBlock", "8.8.8.0/24")])
        .refused(400, "InvalidParameter");
    let mut subnet = |cidr: &str, zone: &str| {
        sim.vpc(
            "CreateVSwitch",
            &[("VpcId", &net.vpc), ("CidrBlock", cidr), ("ZoneId", zone)],
        )
    };
    subnet("10.0.0.0/30", "cn-hangzhou-h").refused(400, "InvalidCirdrBlock.MaskLength");
    subnet("10.1.0.0/24", "cn-hangzhou-h").refused(400, "InvalidCidrBlock.Malformed");
    subnet("10.0.3.0/24", "cn-hangzhou-z").refused(404, "InvalidZoneId.NotFound");
    sim.vpc("DescribeVpcAttribute", &[("VpcId", "vpc-no")])
        .refused(404, "InvalidVpcId.NotFound");
    sim.vpc("DescribeVpcs", &[("RegionId", "cn-nowhere")])
        .refused(404, "InvalidRegionId.NotFound");
    sim.vpc(
        "DescribeVpcAttribute",
        &[("VpcId", &net.vpc), ("RegionId", "cn-beijing")],
    )
    .refused(404, "InvalidVpcId.NotFound");
}

#[test]
fn a_description_with_everything_in_it_comes_back_unharmed() {
    let mut sim = Sim::new();
    let description = "a ~*+/=&?%中文 (x)!";
    let made = sim.vpc("CreateVpc", &[("Description", description)]).ok();
    let vpc = text(&made["VpcId"]);
    let shown = sim.vpc("DescribeVpcAttribute", &[("VpcId", &vpc)]).ok();
    assert_eq!(shown["Description"], description);
    sim.wait(5);
    sim.vpc("ModifyVpcAttribute", &[("VpcId", &vpc), ("VpcName", description)])
        .ok();
    assert_eq!(
        sim.vpc("DescribeVpcAttribute", &[("VpcId", &vpc)]).ok()["VpcName"],
        description
    );
}

const SSH: [(&str, &str); 4] = [
    ("Permissions.1.IpProtocol", "tcp"),
    ("Permissions.1.PortRange", "22/22"),
    ("Permissions.1.SourceCidrIp", "10.0.0.0/8"),
    ("Permissions.1.Priority", "10"),
];

#[test]
fn the_same_rule_is_authorised_once_whatever_its_priority() {
    let mut sim = Sim::new();
    let group = sim.network().group;
    let with = |more: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> {
        let mut params = vec![("SecurityGroupId", group.as_str())];
        params.extend(
            SSH.iter()
                .filter(|(name, _)| more.iter().all(|(other, _)| other != name)),
        );
        params.extend(more);
        params
    };
    let rules = |sim: &mut Sim| {
        let shown = sim
            .ecs(
                "DescribeSecurityGroupAttribute",
                &[("SecurityGroupId", &group), ("NicType", "<nil>")],
            )
            .ok();
        shown["Permissions"]["Permission"].as_array().unwrap().clone()
    };
    sim.ecs("AuthorizeSecurityGroup", &with(&[])).ok();
    sim.ecs(
        "AuthorizeSecurityGroup",
        &with(&[
            ("Permissions.1.Priority", "20"),
            ("Permissions.1.IpProtocol", "TCP"),
        ]),
    )
    .ok();
    let found = rules(&mut sim);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (
            &found[0]["Priority"],
            &found[0]["IpProtocol"],
            &found[0]["Policy"]
        ),
        (&"10".into(), &"TCP".into(), &"Accept".into())
    );
    assert_eq!(
        (&found[0]["NicType"], &found[0]["Direction"]),
        (&"intranet".into(), &"ingress".into())
    );
    let flat = [
        ("SecurityGroupId", group.as_str()),
        ("IpProtocol", "tcp"),
        ("PortRange", "22/22"),
        ("SourceCidrIp", "10.0.0.0/8"),
        ("Priority", "30"),
        ("Description", "ssh"),
    ];
    sim.ecs("ModifySecurityGroupRule", &flat).ok();
    let found = rules(&mut sim);
    assert_eq!(
        (&found[0]["Priority"], &found[0]["Description"]),
        (&"30".into(), &"ssh".into())
    );
    let rule_id = text(&found[0]["SecurityGroupRuleId"]);
    let by_id = [
        ("SecurityGroupId", group.as_str()),
        ("SecurityGroupRuleId", rule_id.as_str()),
        ("PortRange", "2222/2222"),
    ];
    sim.ecs("ModifySecurityGroupRule", &by_id).ok();
    assert_eq!(rules(&mut sim)[0]["PortRange"], "2222/2222");
    // Revoking what is not there is a success; an unknown id is not.
    sim.ecs("RevokeSecurityGroup", &flat).ok();
    assert_eq!(rules(&mut sim).len(), 1);
    let revoke = |id: &str| {
        [
            ("SecurityGroupId".to_owned(), group.clone()),
            ("SecurityGroupRuleId.1".to_owned(), id.to_owned()),
        ]
    };
    let mut call = |id: &str| {
        let params = revoke(id);
        let params: Vec<(&str, &str)> = params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        sim.ecs("RevokeSecurityGroup", &params)
    };
    call("sgr-no").refused(400, "InvalidParam.SecurityGroupRuleId");
    call(&rule_id).ok();
    assert!(rules(&mut sim).is_empty());
}

#[test]
fn rules_that_cannot_be_are_refused() {
    let mut sim = Sim::new();
    let group = sim.network().group;
    let mut call = |changes: &[(&str, &str)]| {
        let mut params = vec![("SecurityGroupId", group.as_str())];
        params.extend(
            SSH.iter()
                .filter(|(name, _)| changes.iter().all(|(other, _)| other != name)),
        );
        params.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        sim.ecs("AuthorizeSecurityGroup", &params)
    };
    call(&[("Permissions.1.PortRange", "22")]).refused(400, "InvalidParam.PortRange");
    call(&[("Permissions.1.PortRange", "80/22")]).refused(400, "InvalidParam.PortRange");
    call(&[("Permissions.1.IpProtocol", "sctp")]).refused(400, "InvalidIpProtocol.ValueNotSupported");
    call(&[("Permissions.1.Priority", "101")]).refused(400, "InvalidPriority.ValueNotSupported");
    call(&[("Permissions.1.Policy", "maybe")]).refused(400, "InvalidPolicy.Malformed");
    call(&[("Permissions.1.SourceCidrIp", "10.0.0.0/64")]).refused(400, "InvalidParam.SourceCidrIp");
    call(&[("Permissions.1.SourceCidrIp", "")]).refused(400, "InvalidParam.SourceIp");
    call(&[
        ("Permissions.1.SourceGroupId", "sg-no"),
        ("Permissions.1.SourceCidrIp", ""),
    ])
    .refused(404, "InvalidSourceGroupId.NotFound");
}

#[test]
fn a_group_that_is_used_or_named_by_another_stays() {
    let mut sim = Sim::new();
    let net = sim.network();
    let other = text(&sim.ecs("CreateSecurityGroup", &[("VpcId", &net.vpc)]).ok()["SecurityGroupId"]);
    let id = sim.instance(&net, &[]);
    sim.wait(10);
    let pair = |group: &str| {
        [
            ("InstanceId".to_owned(), id.clone()),
            ("SecurityGroupId".to_owned(), group.to_owned()),
        ]
    };
    let call = |sim: &mut Sim, action: &str, group: &str| {
        let params = pair(group);
        let params: Vec<(&str, &str)> = params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        sim.ecs(action, &params)
    };
    call(&mut sim, "LeaveSecurityGroup", &net.group).refused(403, "InstanceLastSecurityGroup");
    call(&mut sim, "LeaveSecurityGroup", &other).refused(400, "InvalidSecurityGroupAssociation.NotFound");
    call(&mut sim, "JoinSecurityGroup", &other).ok();
    call(&mut sim, "JoinSecurityGroup", &other).refused(403, "InvalidInstanceId.AlreadyExists");
    call(&mut sim, "LeaveSecurityGroup", &other).ok();
    let rule = [
        ("SecurityGroupId", net.group.as_str()),
        ("Permissions.1.IpProtocol", "all"),
        ("Permissions.1.PortRange", "-1/-1"),
        ("Permissions.1.SourceGroupId", other.as_str()),
    ];
    sim.ecs("AuthorizeSecurityGroup", &rule).ok();
    sim.ecs("DeleteSecurityGroup", &[("SecurityGroupId", &other)])
        .refused(403, "DependencyViolation");
    sim.ecs("RevokeSecurityGroup", &rule).ok();
    sim.ecs("DeleteSecurityGroup", &[("SecurityGroupId", &other)])
        .ok();
    sim.vpc("DeleteVpc", &[("VpcId", &net.vpc)])
        .refused(400, "DependencyViolation.VSwitch");
}

/// Its own table goes with it.
#[test]
fn a_table_that_somebody_has_made_holds_its_vpc() {
    let mut sim = Sim::new();
    let vpc = text(&sim.vpc("CreateVpc", &[("CidrBlock", "10.0.0.0/16")]).ok()["VpcId"]);
    let of = [("VpcId", vpc.as_str())];
    sim.wait(5);
    let table = text(&sim.vpc("CreateRouteTable", &of).ok()["RouteTableId"]);
    sim.wait(5);
    for by_force in ["false", "true"] {
        sim.vpc("DeleteVpc", &[of[0], ("ForceDelete", by_force)])
            .refused(400, "DependencyViolation.CustomRouteTable");
    }
    sim.vpc("DeleteRouteTable", &[("RouteTableId", &table)]).ok();
    sim.wait(5);
    sim.vpc("DeleteVpc", &of).ok();
}
