//! Launch templates, and lists that rules of security groups name.

use serde_json::json;

use super::super::catalogue::{Step, ecs};
use super::super::{Sim, text};

pub(super) const TEMPLATE_WALK: &[Step] = &[
    ecs(
        "CreateLaunchTemplate",
        &[
            ("LaunchTemplateName", "web"),
            ("ImageId", super::IMAGE),
            ("InstanceType", "ecs.g7.large"),
            ("SecurityGroupId", "$group"),
            ("VSwitchId", "$vswitch"),
            ("SystemDisk.Category", "cloud_essd"),
            ("SystemDisk.Size", "60"),
            ("DataDisk.1.Size", "20"),
            ("Tag.1.Key", "k"),
            ("Tag.1.Value", "v"),
            ("TemplateTag.1.Key", "t"),
        ],
    )
    .keep("template", "/LaunchTemplateId"),
    ecs("DescribeLaunchTemplates", &[("LaunchTemplateId.1", "$template")]),
    ecs(
        "CreateLaunchTemplateVersion",
        &[
            ("LaunchTemplateId", "$template"),
            ("VersionDescription", "second"),
            ("InstanceType", "ecs.g7.xlarge"),
        ],
    ),
    ecs(
        "DescribeLaunchTemplateVersions",
        &[("LaunchTemplateId", "$template")],
    ),
    ecs(
        "ModifyLaunchTemplateDefaultVersion",
        &[("LaunchTemplateId", "$template"), ("DefaultVersionNumber", "1")],
    ),
    ecs(
        "DeleteLaunchTemplateVersion",
        &[("LaunchTemplateId", "$template"), ("DeleteVersion.1", "2")],
    ),
    ecs("DeleteLaunchTemplate", &[("LaunchTemplateId", "$template")]),
    ecs(
        "CreatePrefixList",
        &[
            ("PrefixListName", "offices"),
            ("AddressFamily", "IPv4"),
            ("MaxEntries", "3"),
            ("Entry.1.Cidr", "192.168.1.0/24"),
        ],
    )
    .keep("prefix-list", "/PrefixListId"),
    ecs(
        "ModifyPrefixList",
        &[
            ("PrefixListId", "$prefix-list"),
            ("AddEntry.1.Cidr", "192.168.2.0/24"),
            ("RemoveEntry.1.Cidr", "192.168.1.0/24"),
        ],
    ),
    ecs("DescribePrefixLists", &[("PrefixListId.1", "$prefix-list")]),
    ecs(
        "DescribePrefixListAttributes",
        &[("PrefixListId", "$prefix-list")],
    ),
    ecs(
        "DescribePrefixListAssociations",
        &[("PrefixListId", "$prefix-list")],
    ),
    ecs("DeletePrefixList", &[("PrefixListId", "$prefix-list")]),
    ecs(
        "CreatePortRangeList",
        &[
            ("PortRangeListName", "web"),
            ("MaxEntries", "5"),
            ("Entry.1.PortRange", "80/80"),
        ],
    )
    .keep("port-list", "/PortRangeListId"),
    ecs(
        "ModifyPortRangeList",
        &[
            ("PortRangeListId", "$port-list"),
            ("AddEntry.1.PortRange", "443/443"),
        ],
    ),
    ecs("DescribePortRangeLists", &[("PortRangeListId.1", "$port-list")]),
    ecs(
        "DescribePortRangeListEntries",
        &[("PortRangeListId", "$port-list")],
    ),
    ecs(
        "DescribePortRangeListAssociations",
        &[("PortRangeListId", "$port-list")],
    ),
    ecs("DeletePortRangeList", &[("PortRangeListId", "$port-list")]),
];

#[test]
fn servers_are_made_as_a_template_says_and_as_the_request_says_over_it() {
    let mut sim = Sim::new();
    let net = sim.network();
    let order = [
        ("LaunchTemplateName", "web"),
        ("ImageId", super::IMAGE),
        ("InstanceType", "ecs.g7.large"),
        ("InstanceName", "from-template"),
        ("SecurityGroupId", &net.group),
        ("VSwitchId", &net.vswitch),
        ("SystemDisk.Category", "cloud_essd"),
        ("SystemDisk.Size", "60"),
        ("DataDisk.1.Size", "20"),
        ("Tag.1.Key", "k"),
        ("Tag.1.Value", "v"),
    ];
    let made = sim.ecs("CreateLaunchTemplate", &order).ok();
    let template = text(&made["LaunchTemplateId"]);
    sim.ecs("CreateLaunchTemplate", &order)
        .refused(403, "LaunchTemplateName.Duplicated");
    let versions = sim
        .ecs("DescribeLaunchTemplateVersions", &[("LaunchTemplateName", "web")])
        .ok();
    let data = &versions["LaunchTemplateVersionSets"]["LaunchTemplateVersionSet"][0]["LaunchTemplateData"];
    assert_eq!(
        (
            &json!([data["SystemDisk.Category"], data["SystemDisk.Size"]]),
            &data["DataDisks"]["DataDisk"],
            &data["Tags"]["InstanceTag"]
        ),
        (
            &json!(["cloud_essd", 60]),
            &json!([{"Size": 20}]),
            &json!([{"Key": "k", "Value": "v"}])
        )
    );
    let mut run = |more: &[(&str, &str)]| {
        let params = [&[("LaunchTemplateId", template.as_str())], more].concat();
        let made = sim.ecs("RunInstances", &params).ok();
        let id = text(&made["InstanceIdSets"]["InstanceIdSet"][0]);
        let disks = sim.ecs("DescribeDisks", &[("InstanceId", &id)]).ok();
        (sim.show(&id), disks["TotalCount"].clone())
    };
    let (plain, disks) = run(&[]);
    assert_eq!(
        (
            &plain["InstanceType"],
            &plain["InstanceName"],
            &plain["Tags"]["Tag"],
            disks
        ),
        (
            &json!("ecs.g7.large"),
            &json!("from-template"),
            &json!([{"TagKey": "k", "TagValue": "v"}]),
            json!(2)
        )
    );
    let (over, _) = run(&[("InstanceType", "ecs.g7.xlarge"), ("Tag.1.Key", "mine")]);
    assert_eq!(
        (&over["InstanceType"], &over["Tags"]["Tag"][0]["TagKey"]),
        (&json!("ecs.g7.xlarge"), &json!("mine"))
    );
    sim.ecs("DeleteLaunchTemplate", &[("LaunchTemplateName", "web")])
        .ok();
    sim.ecs("RunInstances", &[("LaunchTemplateId", &template)])
        .refused(404, "InvalidLaunchTemplate.NotFound");
}

#[test]
fn lists_are_named_by_rules_and_held_by_them() {
    let mut sim = Sim::new();
    let net = sim.network();
    let networks = [
        ("PrefixListName", "offices"),
        ("AddressFamily", "IPv4"),
        ("MaxEntries", "1"),
        ("Entry.1.Cidr", "192.168.1.0/24"),
    ];
    let list = text(&sim.ecs("CreatePrefixList", &networks).ok()["PrefixListId"]);
    sim.ecs(
        "ModifyPrefixList",
        &[("PrefixListId", &list), ("AddEntry.1.Cidr", "192.168.2.0/24")],
    )
    .refused(400, "LimitExceed.Entry");
    let ports = [
        ("PortRangeListName", "web"),
        ("MaxEntries", "5"),
        ("Entry.1.PortRange", "80/443"),
    ];
    let port_list = text(&sim.ecs("CreatePortRangeList", &ports).ok()["PortRangeListId"]);
    let rule = [
        ("SecurityGroupId", net.group.as_str()),
        ("Permissions.1.IpProtocol", "TCP"),
        ("Permissions.1.PortRangeListId", &port_list),
        ("Permissions.1.SourcePrefixListId", &list),
    ];
    sim.ecs("AuthorizeSecurityGroup", &rule).ok();
    let shown = sim.ecs("DescribeSecurityGroupAttribute", &rule[..1]).ok();
    let shown = &shown["Permissions"]["Permission"][0];
    assert_eq!(
        (
            &shown["SourcePrefixListName"],
            &shown["PortRangeListName"],
            &shown["PortRange"]
        ),
        (&json!("offices"), &json!("web"), &json!(""))
    );
    sim.ecs("DeletePrefixList", &[("PrefixListId", &list)])
        .refused(400, "NotAllowed.AssociationExist");
    sim.ecs("DeletePortRangeList", &[("PortRangeListId", &port_list)])
        .refused(400, "InvalidPortRangeListId.AssociationExist");
    let users = sim
        .ecs("DescribePrefixListAssociations", &[("PrefixListId", &list)])
        .ok();
    assert_eq!(
        users["PrefixListAssociations"]["PrefixListAssociation"],
        json!([{"ResourceId": net.group, "ResourceType": "securitygroup"}])
    );
    let wrong = [
        rule[0],
        rule[1],
        ("Permissions.1.PortRange", "1/2"),
        ("Permissions.1.SourcePrefixListId", "pl-no"),
    ];
    sim.ecs("AuthorizeSecurityGroup", &wrong)
        .refused(404, "InvalidPrefixListId.NotFound");
    sim.ecs("RevokeSecurityGroup", &rule).ok();
    sim.ecs("DeletePrefixList", &[("PrefixListId", &list)]).ok();
    sim.ecs("DeletePortRangeList", &[("PortRangeListId", &port_list)])
        .ok();
}
