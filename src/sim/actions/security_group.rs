//! Security groups, their rules and their members.

use super::super::call::{Call, Entry, Search, done, ecs_tags, read_token, write_token};
use super::super::clock::seconds;
use super::super::head::Status;
use super::super::head::{Head, row};
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::instance_row::Instance;
use super::vpc::Vpc;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SecurityGroup {
    #[serde(flatten)]
    pub(super) head: Head,
    /// Empty on the classic network.
    pub(super) vpc_id: String,
    pub(super) kind: String,
    pub(super) inner_access: String,
    pub(super) rules: Vec<Rule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

/// What makes two rules the same rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RuleKey {
    pub(super) direction: Direction,
    pub(super) policy: String,
    pub(super) protocol: String,
    pub(super) ports: String,
    pub(super) source_ports: String,
    pub(super) nic_type: String,
    pub(super) source_cidr: String,
    pub(super) dest_cidr: String,
    pub(super) ipv6_source_cidr: String,
    pub(super) ipv6_dest_cidr: String,
    /// The group on the other side.
    pub(super) peer_group: String,
    pub(super) peer_account: String,
    pub(super) prefix_list: String,
    #[serde(default)]
    pub(super) port_list: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) key: RuleKey,
    pub(super) priority: i64,
    pub(super) description: String,
    pub(super) created: i64,
}

row!(SecurityGroup, links: |row, link| {
    link("vpc", &row.vpc_id);
    for rule in &row.rules {
        if !rule.key.peer_group.is_empty() {
            link("security_group", &rule.key.peer_group);
        }
        if !rule.key.prefix_list.is_empty() {
            link("prefix_list", &rule.key.prefix_list);
        }
        if !rule.key.port_list.is_empty() {
            link("port_range_list", &rule.key.port_list);
        }
    }
});

impl Kind for SecurityGroup {
    const NAME: &'static str = "security_group";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ECS, "securitygroup")];
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[
        ("vpc", &["DependencyViolation.SecurityGroup"]),
        ("security_group", &["DependencyViolation"]),
        ("prefix_list", &["NotAllowed.AssociationExist"]),
        ("port_range_list", &["InvalidPortRangeListId.AssociationExist"]),
    ];
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "CreateSecurityGroup", create),
    (ECS, "DeleteSecurityGroup", delete),
    (ECS, "DescribeSecurityGroups", describe),
    (ECS, "DescribeSecurityGroupAttribute", describe_attribute),
    (ECS, "ModifySecurityGroupAttribute", modify),
    (ECS, "ModifySecurityGroupPolicy", modify_policy),
    (ECS, "DescribeSecurityGroupReferences", describe_references),
];

/// The vendor's limit of instances in a basic group; told, and not enforced: quotas are for `--quota`.
const MEMBERS_MAX: usize = 2_000;
/// How many groups an instance may be in.
pub(super) const PER_INSTANCE_MAX: usize = 5;

const NAME: &[&str] = &["InvalidSecurityGroupName.Malformed"];
const DESCRIPTION: &[&str] = &["InvalidSecurityGroupDiscription.Malformed"];
pub(super) const ABSENT: &str = "InvalidSecurityGroupId.NotFound";

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    // Without a VPC it belongs to the region's default one, and to the classic network where there is none.
    let default = || {
        let own = |vpc: &&Vpc| vpc.is_default && vpc.region == call.region;
        call.world.all::<Vpc>().iter().find(own).map(|vpc| vpc.id.clone())
    };
    let vpc_id = match params.text("VpcId") {
        Some(id) => id.to_owned(),
        None => default().unwrap_or_default(),
    };
    let vpc_id = vpc_id.as_str();
    if !vpc_id.is_empty() {
        let vpc = call.find::<Vpc>(vpc_id, "InvalidVpcId.NotFound")?;
        if vpc.status != Status::Available {
            return refuse("IncorrectVpcStatus");
        }
    }
    let kind = params.text_or("SecurityGroupType", "normal");
    if !matches!(kind, "normal" | "enterprise") {
        return refuse("InvalidParams.GroupType");
    }
    if kind == "enterprise" && vpc_id.is_empty() {
        return refuse("InvalidParams.VpcIdGroupType");
    }
    let name = call.name("SecurityGroupName", 2, NAME)?.unwrap_or_default();
    let description = call.description(2, DESCRIPTION)?.unwrap_or_default();
    let tags = call.tags()?;
    let (vpc_id, kind) = (vpc_id.to_owned(), kind.to_owned());
    let (mut head, _) = call.head("sg-");
    head.name = name;
    head.description = description;
    head.tags = tags;
    let answer = map! { "SecurityGroupId": &head.id };
    let group = SecurityGroup {
        head,
        vpc_id,
        inner_access: if kind == "enterprise" { "Drop" } else { "Accept" }.to_owned(),
        kind,
        rules: Vec::new(),
    };
    call.world.insert(group);
    Ok(answer)
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("SecurityGroupId")?;
    call.find::<SecurityGroup>(id, "InvalidSecurityGroup.NotFound")?;
    call.unheld::<SecurityGroup>(id)?;
    call.remove::<SecurityGroup>(id);
    done()
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let mut ids = params.json_list("SecurityGroupIds", 100)?;
    if let Some(id) = params.text("SecurityGroupId") {
        ids.get_or_insert_default().push(id.to_owned());
    }
    let vpc_id = params.text("VpcId");
    let network = params.text("NetworkType");
    let page = call.page::<SecurityGroup>(Search::ids(ids).or_link("vpc", vpc_id).whole(), |group| {
        let named = params.text("SecurityGroupName").is_none_or(|name| {
            name == group.name || (params.flag("FuzzyQuery") && group.name.contains(name.trim_matches('*')))
        });
        named
            && vpc_id.is_none_or(|vpc_id| vpc_id == group.vpc_id)
            && network.is_none_or(|network| (network == "vpc") != group.vpc_id.is_empty())
            && !params.flag("ServiceManaged")
            && params
                .text("SecurityGroupType")
                .is_none_or(|kind| kind == group.kind)
            && params
                .text("ResourceGroupId")
                .is_none_or(|own| own == group.resource_group)
    })?;
    Ok(call.listed(&page, "SecurityGroups", "SecurityGroup", |group| {
        let members = call.world.all::<Instance>().count_linked("security_group", &group.id);
        map! {
            "SecurityGroupId": &group.id,
            "SecurityGroupName": &group.name,
            "Description": &group.description,
            "SecurityGroupType": &group.kind,
            "VpcId": &group.vpc_id,
            "CreationTime": seconds(group.created),
            "ResourceGroupId": &group.resource_group,
            "EcsCount": members,
            "AvailableInstanceAmount": MEMBERS_MAX.saturating_sub(members),
            "RuleCount": group.rules.len(),
            "GroupToGroupRuleCount": group.rules.iter().filter(|rule| !rule.key.peer_group.is_empty()).count(),
            "ServiceManaged": false,
            "Tags": ecs_tags(&group.tags),
        }
    }))
}

fn describe_attribute(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("SecurityGroupId")?;
    let group = call.find_visible::<SecurityGroup>(id, ABSENT)?;
    let direction = match params.text_or("Direction", "all") {
        text if text.eq_ignore_ascii_case("ingress") => Some(Direction::Ingress),
        text if text.eq_ignore_ascii_case("egress") => Some(Direction::Egress),
        _ => None,
    };
    // Clients send other words as well, and get all rules.
    let nic_type = params
        .text("NicType")
        .filter(|kind| matches!(*kind, "internet" | "intranet"));
    let rules: Vec<&Rule> = group
        .rules
        .iter()
        .filter(|rule| {
            direction.is_none_or(|direction| direction == rule.key.direction)
                && nic_type.is_none_or(|kind| kind == rule.key.nic_type)
        })
        .collect();
    let size = usize::try_from(params.int("MaxResults")?.unwrap_or(500)).unwrap_or(500);
    let from = match params.text("NextToken") {
        None => 0,
        Some(token) => {
            let token = read_token(token).ok_or_else(|| Refusal::invalid("NextToken"))?;
            usize::try_from(token).unwrap_or(usize::MAX)
        }
    };
    let next = from.saturating_add(size);
    let shown: Vec<Node> = rules
        .iter()
        .skip(from)
        .take(size)
        .map(|rule| rule_node(call, rule))
        .collect();
    Ok(map! {
        "RegionId": &group.region,
        "SecurityGroupId": &group.id,
        "SecurityGroupName": &group.name,
        "Description": &group.description,
        "VpcId": &group.vpc_id,
        "InnerAccessPolicy": &group.inner_access,
        "Permissions": map! { "Permission": shown },
        "NextToken": if next < rules.len() { write_token(next as u64) } else { String::new() },
    })
}

fn rule_node(call: &Call<'_>, rule: &Rule) -> Node {
    let key = &rule.key;
    let peer_name = call
        .world
        .get::<SecurityGroup>(&key.peer_group)
        .map_or("", |group| group.name.as_str());
    let list_name = |kind: &str, id: &str| call.world.head(kind, id).map_or("", |head| &head.name);
    let ingress = key.direction == Direction::Ingress;
    let side = |mine: bool, text: &str| if mine { text.to_owned() } else { String::new() };
    map! {
        "SecurityGroupRuleId": &rule.id,
        "Direction": if ingress { "ingress" } else { "egress" },
        "Policy": &key.policy,
        "IpProtocol": &key.protocol,
        "PortRange": &key.ports,
        "SourcePortRange": &key.source_ports,
        "Priority": rule.priority.to_string(),
        "NicType": &key.nic_type,
        "SourceCidrIp": &key.source_cidr,
        "DestCidrIp": &key.dest_cidr,
        "Ipv6SourceCidrIp": &key.ipv6_source_cidr,
        "Ipv6DestCidrIp": &key.ipv6_dest_cidr,
        "SourceGroupId": side(ingress, &key.peer_group),
        "SourceGroupName": side(ingress, peer_name),
        "SourceGroupOwnerAccount": side(ingress, &key.peer_account),
        "DestGroupId": side(!ingress, &key.peer_group),
        "DestGroupName": side(!ingress, peer_name),
        "DestGroupOwnerAccount": side(!ingress, &key.peer_account),
        "SourcePrefixListId": side(ingress, &key.prefix_list),
        "SourcePrefixListName": side(ingress, list_name("prefix_list", &key.prefix_list)),
        "DestPrefixListId": side(!ingress, &key.prefix_list),
        "DestPrefixListName": side(!ingress, list_name("prefix_list", &key.prefix_list)),
        "PortRangeListId": &key.port_list,
        "PortRangeListName": list_name("port_range_list", &key.port_list),
        "Description": &rule.description,
        "CreateTime": seconds(rule.created),
    }
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("SecurityGroupId")?;
    call.find::<SecurityGroup>(id, ABSENT)?;
    let name = call.name("SecurityGroupName", 2, NAME)?;
    let description = call.description(2, DESCRIPTION)?;
    call.world.update::<SecurityGroup, _>(id, |group| {
        if let Some(name) = name {
            group.name = name;
        }
        if let Some(description) = description.or_else(|| params.given("Description").map(str::to_owned)) {
            group.description = description;
        }
    });
    done()
}

fn modify_policy(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("SecurityGroupId")?;
    call.find::<SecurityGroup>(id, ABSENT)?;
    let policy = match call.params.required("InnerAccessPolicy")? {
        text if text.eq_ignore_ascii_case("accept") => "Accept",
        text if text.eq_ignore_ascii_case("drop") => "Drop",
        _ => return refuse("InvalidPolicy.Malformed"),
    };
    call.world
        .update::<SecurityGroup, _>(id, |group| group.inner_access = policy.to_owned());
    done()
}

fn describe_references(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let mut references = Vec::new();
    for id in call.params.list("SecurityGroupId") {
        call.find::<SecurityGroup>(id, ABSENT)?;
        let by: Vec<Node> = call
            .world
            .linked::<SecurityGroup>("security_group", id)
            .map(|group| map! { "SecurityGroupId": &group.id, "AliUid": &call.world.account_id })
            .collect();
        if !by.is_empty() {
            let by = map! { "ReferencingSecurityGroup": by };
            references.push(map! { "SecurityGroupId": id, "ReferencingSecurityGroups": by });
        }
    }
    Ok(map! { "SecurityGroupReferences": map! { "SecurityGroupReference": references } })
}
