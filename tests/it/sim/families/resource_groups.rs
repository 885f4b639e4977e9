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
    Step::of(
        RESOURCE_MANAGER,
        "DeleteResourceGroup",
        &[("ResourceGroupId", "$made-group")],
    ),
];

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
