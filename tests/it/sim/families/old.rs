//! What clients of the first years send: the ECS product's own copies of VPC and EIP actions, and its older tags.

use serde_json::json;

use super::super::catalogue::{Step, ecs, vpc};
use super::super::{Sim, text};

pub(super) const OLD_WALK: &[Step] = &[
    ecs("CreateVpc", &[("CidrBlock", "10.0.0.0/16")]).keep("old-vpc", "/VpcId"),
    ecs("DescribeVpcs", &[("VpcId", "$old-vpc")]).keep("router", "/Vpcs/Vpc/0/VRouterId"),
    ecs("ModifyVpcAttribute", &[("VpcId", "$old-vpc"), ("VpcName", "old")]),
    ecs(
        "CreateVSwitch",
        &[
            ("VpcId", "$old-vpc"),
            ("ZoneId", "cn-hangzhou-h"),
            ("CidrBlock", "10.0.1.0/24"),
        ],
    )
    .keep("old-vswitch", "/VSwitchId"),
    ecs("DescribeVSwitches", &[("VSwitchId", "$old-vswitch")]),
    ecs(
        "ModifyVSwitchAttribute",
        &[("VSwitchId", "$old-vswitch"), ("VSwitchName", "old")],
    ),
    ecs("DescribeVRouters", &[("VRouterId", "$router")]),
    ecs(
        "ModifyVRouterAttribute",
        &[("VRouterId", "$router"), ("VRouterName", "old")],
    ),
    ecs("DescribeRouteTables", &[("VRouterId", "$router")]),
    vpc("DescribeRouteTableList", &[("VpcId", "$vpc")]).keep(
        "main-table",
        "/RouterTableList/RouterTableListType/0/RouteTableId",
    ),
    ecs(
        "CreateRouteEntry",
        &[
            ("RouteTableId", "$main-table"),
            ("DestinationCidrBlock", "192.168.7.0/24"),
            ("NextHopId", "$running"),
        ],
    ),
    ecs(
        "DeleteRouteEntry",
        &[
            ("RouteTableId", "$main-table"),
            ("DestinationCidrBlock", "192.168.7.0/24"),
            ("NextHopId", "$running"),
        ],
    ),
    ecs("DeleteVSwitch", &[("VSwitchId", "$old-vswitch")]),
    ecs("DeleteVpc", &[("VpcId", "$old-vpc")]),
    ecs("AllocateEipAddress", &[("Bandwidth", "5")]).keep("old-eip", "/AllocationId"),
    ecs(
        "ModifyEipAddressAttribute",
        &[("AllocationId", "$old-eip"), ("Bandwidth", "6")],
    ),
    ecs(
        "AssociateEipAddress",
        &[("AllocationId", "$old-eip"), ("InstanceId", "$running")],
    ),
    ecs("DescribeEipAddresses", &[("AllocationId", "$old-eip")]),
    ecs(
        "UnassociateEipAddress",
        &[("AllocationId", "$old-eip"), ("InstanceId", "$running")],
    ),
    ecs("ReleaseEipAddress", &[("AllocationId", "$old-eip")]),
    ecs(
        "AddTags",
        &[
            ("ResourceType", "instance"),
            ("ResourceId", "$running"),
            ("Tag.1.Key", "old"),
            ("Tag.1.Value", "yes"),
        ],
    ),
    ecs("DescribeTags", &[("ResourceType", "instance")]),
    ecs("DescribeResourceByTags", &[("Tag.1.Key", "old")]),
    ecs(
        "RemoveTags",
        &[
            ("ResourceType", "instance"),
            ("ResourceId", "$running"),
            ("Tag.1.Key", "old"),
        ],
    ),
];

#[test]
fn one_cloud_is_seen_through_both_products() {
    let mut sim = Sim::new();
    let vpc = text(
        &sim.ecs("CreateVpc", &[("CidrBlock", "10.0.0.0/16"), ("VpcName", "old")])
            .ok()["VpcId"],
    );
    sim.wait(5);
    let own = [("VpcId", vpc.as_str())];
    let new = sim.vpc("DescribeVpcs", &own).ok()["Vpcs"]["Vpc"][0].clone();
    let old = sim.ecs("DescribeVpcs", &own).ok()["Vpcs"]["Vpc"][0].clone();
    assert_eq!((&new["VpcName"], &old["VpcName"]), (&json!("old"), &json!("old")));
    // The older answer knows fewer fields.
    assert!(new.get("ResourceGroupId").is_some() && old.get("ResourceGroupId").is_none());
    sim.vpc("DeleteVpc", &own).ok();
    assert_eq!(sim.ecs("DescribeVpcs", &own).ok()["TotalCount"], 0);
}

#[test]
fn tags_are_counted_by_kind_of_thing() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(&net, &[("Tag.1.Key", "team"), ("Tag.1.Value", "web")]);
    sim.ecs(
        "AddTags",
        &[
            ("ResourceType", "securitygroup"),
            ("ResourceId", &net.group),
            ("Tag.1.key", "team"),
            ("Tag.1.value", "web"),
        ],
    )
    .ok();
    let shown = sim.ecs("DescribeTags", &[("Tag.1.Key", "team")]).ok();
    let counts = &shown["Tags"]["Tag"][0]["ResourceTypeCount"];
    assert_eq!(
        (
            &shown["TotalCount"],
            &counts["Instance"],
            &counts["Securitygroup"],
            &counts["Disk"]
        ),
        (&json!(1), &json!(1), &json!(1), &json!(0))
    );
    let gone = [
        ("ResourceType", "instance"),
        ("ResourceId", id.as_str()),
        ("Tag.1.Key", "team"),
    ];
    sim.ecs("RemoveTags", &gone).ok();
    let found = sim.ecs("DescribeResourceByTags", &[("Tag.1.Key", "team")]).ok();
    assert_eq!(
        found["Resources"]["Resource"],
        json!([{"ResourceId": net.group, "ResourceType": "securitygroup", "RegionId": "cn-hangzhou"}])
    );
    sim.ecs("AddTags", &[gone[0], ("ResourceId", "i-no"), gone[2]])
        .refused(404, "InvalidResourceId.NotFound");
}
