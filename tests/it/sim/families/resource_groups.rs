//! Resource groups.

use super::super::catalogue::{Step, vpc};
use super::super::{RESOURCE_MANAGER, Sim, text};

pub(super) const RESOURCE_GROUP_WALK: &[Step] = &[
    Step::of(
        RESOURCE_MANAGER,
        "CreateResourceGroup",
        &[("Name", "team"), ("DisplayName", "The team")],
    )
    .keep("made-group", "/ResourceGroup/Id"),
    Step::of(
        RESOURCE_MANAGER,
        "GetResourceGroup",
        &[("ResourceGroupId", "$made-group"), ("IncludeTags", "true")],
    ),
    Step::of(
        RESOURCE_MANAGER,
        "UpdateResourceGroup",
        &[("ResourceGroupId", "$made-group"), ("NewDisplayName", "Team")],
    ),
    vpc(
        "MoveResourceGroup",
        &[
            ("ResourceType", "Vpc"),
            ("ResourceId", "$vpc"),
            ("NewResourceGroupId", "$made-group"),
        ],
    ),
    vpc(
        "MoveResourceGroup",
        &[
            ("ResourceType", "Vpc"),
            ("ResourceId", "$vpc"),
            ("NewResourceGroupId", "$resource-group"),
        ],
    ),
    Step::of(RESOURCE_MANAGER, "ListResources", &[("PageSize", "100")]),
    Step::of(
        RESOURCE_MANAGER,
        "MoveResources",
        &[
            ("ResourceGroupId", "$another-group"),
            ("Resources.1.Service", "vpc"),
            ("Resources.1.ResourceType", "vpc"),
            ("Resources.1.ResourceId", "$vpc"),
            ("Resources.1.RegionId", "cn-hangzhou"),
        ],
    ),
    Step::of(
        RESOURCE_MANAGER,
        "DeleteResourceGroup",
        &[("ResourceGroupId", "$made-group")],
    ),
];

#[test]
fn things_of_all_products_are_listed_and_moved_together() {
    let mut sim = Sim::new();
    let manager =
        |sim: &mut Sim, action: &str, params: &[(&str, &str)]| sim.call(RESOURCE_MANAGER, action, params);
    let names = [("Name", "team"), ("DisplayName", "The team")];
    let made = manager(&mut sim, "CreateResourceGroup", &names).ok();
    let group = text(&made["ResourceGroup"]["Id"]);
    let net = sim.network();
    let server = sim.instance(&net, &[]);
    let listed = manager(&mut sim, "ListResources", &[("PageSize", "100")]).ok();
    let total = listed["TotalCount"].as_u64().unwrap();
    let all = listed["Resources"]["Resource"].as_array().unwrap();
    assert_eq!(all.len() as u64, total);
    let own = all
        .iter()
        .find(|thing| thing["ResourceId"] == server.as_str())
        .unwrap();
    assert_eq!(
        (&own["Service"], &own["ResourceType"], &own["RegionId"]),
        (&"ecs".into(), &"instance".into(), &"cn-hangzhou".into())
    );
    let order = [
        ("ResourceGroupId", group.as_str()),
        ("Resources.1.Service", "ecs"),
        ("Resources.1.ResourceType", "instance"),
        ("Resources.1.ResourceId", server.as_str()),
        ("Resources.1.RegionId", "cn-hangzhou"),
        ("Resources.2.Service", "vpc"),
        ("Resources.2.ResourceType", "vpc"),
        ("Resources.2.ResourceId", "vpc-no"),
        ("Resources.2.RegionId", "cn-hangzhou"),
    ];
    let moved = manager(&mut sim, "MoveResources", &order).ok();
    assert_eq!(
        (&moved["Responses"][0]["Status"], &moved["Responses"][1]["Status"]),
        (&"SUCCESS".into(), &"FAIL".into())
    );
    assert_eq!(moved["Responses"][1]["ErrorCode"], "EntityNotExists.Resource");
    assert_eq!(sim.show(&server)["ResourceGroupId"], group.as_str());
    let mut count = |params: &[(&str, &str)]| {
        let listed = manager(&mut sim, "ListResources", params).ok();
        listed["TotalCount"].as_u64().unwrap()
    };
    assert_eq!(count(&[("ResourceGroupId", &group)]), 1);
    assert_eq!(count(&[("Region", "cn-beijing")]), 0);
    assert_eq!(count(&[("Service", "vpc"), ("ResourceType", "vswitch")]), 1);
    let pairs = [
        ("ResourceTypes.1.Service", "vpc"),
        ("ResourceTypes.1.ResourceType", "vswitch"),
        ("ResourceTypes.2.Service", "ecs"),
        ("ResourceTypes.2.ResourceType", "instance"),
    ];
    assert_eq!(count(&pairs), 2);
    let uncounted = manager(&mut sim, "ListResources", &[("Count", "false")]).ok();
    assert!(uncounted.get("TotalCount").is_none(), "{uncounted}");
    let nowhere = [&[("ResourceGroupId", "rg-no")], &order[1..5]].concat();
    manager(&mut sim, "MoveResources", &nowhere).refused(404, "EntityNotExists.ResourceGroup");
    manager(&mut sim, "MoveResources", &order[..4]).refused(400, "MissingParameter");
}

#[test]
fn what_is_made_without_a_group_is_in_the_default_one() {
    let mut sim = Sim::new();
    let listed = sim.call(RESOURCE_MANAGER, "ListResourceGroups", &[]).ok();
    assert_eq!(listed["TotalCount"], 1);
    let group = text(&listed["ResourceGroups"]["ResourceGroup"][0]["Id"]);
    assert_eq!(listed["ResourceGroups"]["ResourceGroup"][0]["Status"], "OK");
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    assert_eq!(sim.show(&id)["ResourceGroupId"], group.as_str());
    for (action, list, item, version) in [
        ("DescribeVpcs", "Vpcs", "Vpc", super::super::VPC),
        ("DescribeVSwitches", "VSwitches", "VSwitch", super::super::VPC),
        (
            "DescribeSecurityGroups",
            "SecurityGroups",
            "SecurityGroup",
            super::super::ECS,
        ),
        ("DescribeDisks", "Disks", "Disk", super::super::ECS),
        (
            "DescribeNetworkInterfaces",
            "NetworkInterfaceSets",
            "NetworkInterfaceSet",
            super::super::ECS,
        ),
    ] {
        let shown = sim.call(version, action, &[("ResourceGroupId", &group)]).ok();
        assert_eq!(
            shown[list][item][0]["ResourceGroupId"],
            group.as_str(),
            "{action}"
        );
    }
}

#[test]
fn a_group_is_created_filled_emptied_and_deleted() {
    let mut sim = Sim::new();
    let manager =
        |sim: &mut Sim, action: &str, params: &[(&str, &str)]| sim.call(RESOURCE_MANAGER, action, params);
    let names = [("Name", "team"), ("DisplayName", "The team")];
    let made = manager(&mut sim, "CreateResourceGroup", &names).ok();
    let id = text(&made["ResourceGroup"]["Id"]);
    assert_eq!(made["ResourceGroup"]["Status"], "Creating");
    manager(&mut sim, "CreateResourceGroup", &names).refused(409, "EntityAlreadyExists.ResourceGroup");
    sim.wait(5);
    let own = [("ResourceGroupId", id.as_str())];
    assert_eq!(
        manager(&mut sim, "GetResourceGroup", &own).ok()["ResourceGroup"]["Status"],
        "OK"
    );
    let vpc = text(&sim.vpc("CreateVpc", &own).ok()["VpcId"]);
    manager(&mut sim, "DeleteResourceGroup", &own).refused(409, "DeleteConflict.ResourceGroup.Resource");
    sim.wait(5);
    sim.vpc("DeleteVpc", &[("VpcId", &vpc)]).ok();
    manager(&mut sim, "DeleteResourceGroup", &own).ok();
    sim.wait(5);
    manager(&mut sim, "GetResourceGroup", &own).refused(404, "EntityNotExists.ResourceGroup");
    sim.vpc("CreateVpc", &own).refused(400, "InvalidResourceGroupId");
}
