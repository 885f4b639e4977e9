//! Security groups, their rules and their members.

use super::super::clock::seconds;
use super::super::node::{Node, map};
use super::super::params::Params;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{
    Cidr, Direction, Instance, InstanceStatus, Network, NetworkStatus, Rule, RuleKey, SecurityGroup,
};
use super::{Call, ECS, Entry, Search, done, ecs_tags, read_token, write_token};

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "CreateSecurityGroup", create),
    (ECS, "DeleteSecurityGroup", delete),
    (ECS, "DescribeSecurityGroups", describe),
    (ECS, "DescribeSecurityGroupAttribute", describe_attribute),
    (ECS, "ModifySecurityGroupAttribute", modify),
    (ECS, "AuthorizeSecurityGroup", |call| {
        authorize(call, Direction::Ingress)
    }),
    (ECS, "AuthorizeSecurityGroupEgress", |call| {
        authorize(call, Direction::Egress)
    }),
    (ECS, "RevokeSecurityGroup", |call| {
        revoke(call, Direction::Ingress)
    }),
    (ECS, "RevokeSecurityGroupEgress", |call| {
        revoke(call, Direction::Egress)
    }),
    (ECS, "ModifySecurityGroupRule", |call| {
        modify_rule(call, Direction::Ingress)
    }),
    (ECS, "ModifySecurityGroupEgressRule", |call| {
        modify_rule(call, Direction::Egress)
    }),
    (ECS, "ModifySecurityGroupPolicy", modify_policy),
    (ECS, "DescribeSecurityGroupReferences", describe_references),
    (ECS, "JoinSecurityGroup", join),
    (ECS, "LeaveSecurityGroup", leave),
];

/// The vendor's limits of a basic group.
const MEMBERS_MAX: usize = 2_000;
const RULES_MAX: usize = 200;
/// How many groups an instance may be in.
pub(super) const PER_INSTANCE_MAX: usize = 5;

const NAME: &[&str] = &["InvalidSecurityGroupName.Malformed"];
const DESCRIPTION: &[&str] = &["InvalidSecurityGroupDiscription.Malformed"];
const ABSENT: &str = "InvalidSecurityGroupId.NotFound";

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let vpc_id = params.text_or("VpcId", "");
    if !vpc_id.is_empty() {
        let vpc = call.find(&call.world.vpcs, vpc_id, "InvalidVpcId.NotFound")?;
        if vpc.status != NetworkStatus::Available {
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
    let (sequence, id, _) = call.make("sg-");
    let answer = map! { "SecurityGroupId": &id };
    let group = SecurityGroup {
        id,
        region: call.region.clone(),
        vpc_id,
        name,
        description,
        inner_access: if kind == "enterprise" { "Drop" } else { "Accept" }.to_owned(),
        kind,
        created: call.now.real,
        resource_group: params.text_or("ResourceGroupId", "").to_owned(),
        rules: Vec::new(),
        tags,
    };
    call.world.security_groups.insert(sequence, group);
    Ok(answer)
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("SecurityGroupId")?;
    let group = call.find(&call.world.security_groups, id, "InvalidSecurityGroup.NotFound")?;
    let used = call.world.instances.linked("group", id).next().is_some();
    let referenced = call
        .world
        .security_groups
        .linked("peer", id)
        .any(|other| other.id != group.id);
    if used || referenced {
        return refuse("DependencyViolation");
    }
    call.world.security_groups.remove(id);
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
    let page = call.page(
        &call.world.security_groups,
        Search::ids(ids).or_link("vpc", vpc_id),
        |group| {
            let named = params.text("SecurityGroupName").is_none_or(|name| {
                name == group.name
                    || (params.flag("FuzzyQuery") && group.name.contains(name.trim_matches('*')))
            });
            named
                && vpc_id.is_none_or(|vpc_id| vpc_id == group.vpc_id)
                && network.is_none_or(|network| (network == "vpc") != group.vpc_id.is_empty())
                && params
                    .text("SecurityGroupType")
                    .is_none_or(|kind| kind == group.kind)
                && params
                    .text("ResourceGroupId")
                    .is_none_or(|own| own == group.resource_group)
        },
    )?;
    Ok(call.listed(&page, "SecurityGroups", "SecurityGroup", |group| {
        let members = call.world.instances.linked("group", &group.id).count();
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
    let group = call.find(&call.world.security_groups, id, ABSENT)?;
    if !call.is_visible(group.created) {
        return refuse(ABSENT);
    }
    let direction = match params.text_or("Direction", "all") {
        text if text.eq_ignore_ascii_case("ingress") => Some(Direction::Ingress),
        text if text.eq_ignore_ascii_case("egress") => Some(Direction::Egress),
        _ => None,
    };
    let rules: Vec<&Rule> = group
        .rules
        .iter()
        .filter(|rule| direction.is_none_or(|direction| direction == rule.key.direction))
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
        .security_groups
        .get(&key.peer_group)
        .map_or("", |group| group.name.as_str());
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
        "SourcePrefixListName": "",
        "DestPrefixListId": side(!ingress, &key.prefix_list),
        "DestPrefixListName": "",
        "Description": &rule.description,
        "CreateTime": seconds(rule.created),
    }
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("SecurityGroupId")?;
    call.find(&call.world.security_groups, id, ABSENT)?;
    let name = call.name("SecurityGroupName", 2, NAME)?;
    let description = call.description(2, DESCRIPTION)?;
    call.world.security_groups.update(id, |group| {
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
    call.find(&call.world.security_groups, id, ABSENT)?;
    let policy = match call.params.required("InnerAccessPolicy")? {
        text if text.eq_ignore_ascii_case("accept") => "Accept",
        text if text.eq_ignore_ascii_case("drop") => "Drop",
        _ => return refuse("InvalidPolicy.Malformed"),
    };
    call.world
        .security_groups
        .update(id, |group| group.inner_access = policy.to_owned());
    done()
}

fn describe_references(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let mut references = Vec::new();
    for id in call.params.list("SecurityGroupId") {
        call.find(&call.world.security_groups, id, ABSENT)?;
        let by: Vec<Node> = call
            .world
            .security_groups
            .linked("peer", id)
            .map(|group| map! { "SecurityGroupId": &group.id, "AliUid": &call.world.account_id })
            .collect();
        if !by.is_empty() {
            let by = map! { "ReferencingSecurityGroup": by };
            references.push(map! { "SecurityGroupId": id, "ReferencingSecurityGroups": by });
        }
    }
    Ok(map! { "SecurityGroupReferences": map! { "SecurityGroupReference": references } })
}

// ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A rule as a request words it.
struct Wording {
    key: RuleKey,
    priority: i64,
    description: String,
}

/// The rules of a request: `Permissions.N.*`, or the older flat parameters.
fn wordings(call: &Call<'_>, group: &SecurityGroup, direction: Direction) -> Result<Vec<Wording>, Refusal> {
    let permissions = call.params.groups("Permissions");
    if permissions.is_empty() {
        return Ok(vec![wording(call, group, direction, call.params)?]);
    }
    permissions
        .iter()
        .map(|params| wording(call, group, direction, params))
        .collect()
}

fn wording(
    call: &Call<'_>,
    group: &SecurityGroup,
    direction: Direction,
    params: &Params,
) -> Result<Wording, Refusal> {
    let protocol = params.required("IpProtocol")?.to_ascii_uppercase();
    if !matches!(
        protocol.as_str(),
        "TCP" | "UDP" | "ICMP" | "ICMPV6" | "GRE" | "ALL"
    ) {
        return refuse("InvalidIpProtocol.ValueNotSupported");
    }
    let ports = ports(params.required("PortRange")?, &protocol).ok_or_else(|| {
        call.code(&[
            "InvalidPortRange.Malformed",
            "InvalidIpPortRange.Malformed",
            "InvalidParam.PortRange",
        ])
    })?;
    let source_ports = match params.text("SourcePortRange") {
        None => String::new(),
        Some(text) => {
            self::ports(text, &protocol).ok_or_else(|| Refusal::new("InvalidSourcePortRange.Malformed"))?
        }
    };
    let policy = match params.text_or("Policy", "accept").to_ascii_lowercase().as_str() {
        "accept" => "Accept",
        "drop" => "Drop",
        _ => return refuse("InvalidPolicy.Malformed"),
    };
    let cidr = |name: &str, codes: &[&'static str]| match params.text(name) {
        None => Ok(String::new()),
        Some(text) => cidr4(text).ok_or_else(|| call.code(codes)),
    };
    let cidr6 = |name: &str| match params.text(name) {
        None => Ok(String::new()),
        Some(text) => cidr6(text).ok_or_else(|| Refusal::new("InvalidParameter.Ipv6CidrIp")),
    };
    let (group_param, account_param, list_param) = match direction {
        Direction::Ingress => ("SourceGroupId", "SourceGroupOwnerAccount", "SourcePrefixListId"),
        Direction::Egress => ("DestGroupId", "DestGroupOwnerAccount", "DestPrefixListId"),
    };
    let peer_group = params.text_or(group_param, "").to_owned();
    if !peer_group.is_empty() && params.text(account_param).is_none() {
        let peer = call.world.security_groups.get(&peer_group).ok_or_else(|| {
            Refusal::new(call.facts.code_among(&[
                "InvalidSourceGroupId.NotFound",
                "InvalidDestGroupId.NotFound",
                ABSENT,
            ]))
        })?;
        if peer.vpc_id != group.vpc_id {
            return Err(call.code(&["InvalidSourceGroupId.Mismatch", "InvalidDestGroupId.Mismatch"]));
        }
    }
    let key = RuleKey {
        direction,
        policy: policy.to_owned(),
        protocol,
        ports,
        source_ports,
        // A group in a VPC has one kind of card only; what is asked for does not matter there.
        nic_type: if group.vpc_id.is_empty() {
            params.text_or("NicType", "internet")
        } else {
            "intranet"
        }
        .to_owned(),
        source_cidr: cidr(
            "SourceCidrIp",
            &["InvalidSourceCidrIp.Malformed", "InvalidParam.SourceCidrIp"],
        )?,
        dest_cidr: cidr(
            "DestCidrIp",
            &["InvalidDestCidrIp.Malformed", "InvalidParam.DestCidrIp"],
        )?,
        ipv6_source_cidr: cidr6("Ipv6SourceCidrIp")?,
        ipv6_dest_cidr: cidr6("Ipv6DestCidrIp")?,
        peer_group,
        peer_account: params.text_or(account_param, "").to_owned(),
        prefix_list: params.text_or(list_param, "").to_owned(),
    };
    let peers = match direction {
        Direction::Ingress => [
            &key.source_cidr,
            &key.ipv6_source_cidr,
            &key.peer_group,
            &key.prefix_list,
        ],
        Direction::Egress => [
            &key.dest_cidr,
            &key.ipv6_dest_cidr,
            &key.peer_group,
            &key.prefix_list,
        ],
    };
    if peers.iter().all(|peer| peer.is_empty()) {
        return Err(call.code(&[
            "MissingParameter.Source",
            "MissingParameter.Dest",
            "MissingParameter",
        ]));
    }
    let description = params.text_or("Description", "").to_owned();
    if description.chars().count() > 512
        || description.starts_with("http://")
        || description.starts_with("https://")
    {
        return refuse("InvalidSecurityGroupDiscription.Malformed");
    }
    Ok(Wording {
        key,
        priority: priority(params)?.unwrap_or(1),
        description,
    })
}

fn priority(params: &Params) -> Result<Option<i64>, Refusal> {
    let Some(text) = params.text("Priority") else {
        return Ok(None);
    };
    let priority: i64 = text
        .parse()
        .map_err(|_| Refusal::new("InvalidPriority.Malformed"))?;
    if (1..=100).contains(&priority) {
        Ok(Some(priority))
    } else {
        refuse("InvalidPriority.ValueNotSupported")
    }
}

/// `a/b` with 1 to 65535 for TCP and UDP, `-1/-1` for the rest.
fn ports(text: &str, protocol: &str) -> Option<String> {
    let (low, high) = text.split_once('/')?;
    let (low, high): (i64, i64) = (low.parse().ok()?, high.parse().ok()?);
    let fits = match protocol {
        "TCP" | "UDP" => (low, high) == (-1, -1) || (1 <= low && low <= high && high <= 65_535),
        _ => (low, high) == (-1, -1),
    };
    fits.then(|| format!("{low}/{high}"))
}

/// An address or a network, as it was written; host bits may be set.
fn cidr4(text: &str) -> Option<String> {
    let (address, bits) = text.split_once('/').unwrap_or((text, "32"));
    address.parse::<std::net::Ipv4Addr>().ok()?;
    let bits: u32 = bits.parse().ok()?;
    Cidr::parse(&format!("0.0.0.0/{bits}"))?;
    Some(text.to_owned())
}

fn cidr6(text: &str) -> Option<String> {
    let (address, bits) = text.split_once('/').unwrap_or((text, "128"));
    address.parse::<std::net::Ipv6Addr>().ok()?;
    (bits.parse::<u32>().ok()? <= 128).then(|| text.to_owned())
}

fn authorize(call: &mut Call<'_>, direction: Direction) -> Result<Node, Refusal> {
    let id = call.params.required("SecurityGroupId")?;
    let group = call.find(&call.world.security_groups, id, ABSENT)?;
    let wanted = wordings(call, group, direction)?;
    for (index, wording) in wanted.iter().enumerate() {
        if wanted[..index].iter().any(|other| other.key == wording.key) {
            return refuse("InvalidParam.DuplicatePermissions");
        }
    }
    // A rule that is there already is left as it is, also when its priority or description differ.
    let new: Vec<Wording> = wanted
        .into_iter()
        .filter(|wording| group.rules.iter().all(|rule| rule.key != wording.key))
        .collect();
    if group.rules.len() + new.len() > RULES_MAX {
        return Err(call.code(&["AuthorizationLimitExceed", "AuthorizedGroupRule.LimitExceed"]));
    }
    let made: Vec<Rule> = new
        .into_iter()
        .map(|wording| {
            let (_, id, _) = call.make("sgr-");
            let Wording {
                key,
                priority,
                description,
            } = wording;
            Rule {
                id,
                key,
                priority,
                description,
                created: call.now.real,
            }
        })
        .collect();
    call.world
        .security_groups
        .update(id, |group| group.rules.extend(made));
    done()
}

fn revoke(call: &mut Call<'_>, direction: Direction) -> Result<Node, Refusal> {
    let id = call.params.required("SecurityGroupId")?;
    let group = call.find(&call.world.security_groups, id, ABSENT)?;
    let rule_ids = call.params.list("SecurityGroupRuleId");
    if !rule_ids.is_empty() {
        let owns = |rule_id: &str| {
            group
                .rules
                .iter()
                .any(|rule| rule.id == rule_id && rule.key.direction == direction)
        };
        if !rule_ids.iter().all(|rule_id| owns(rule_id)) {
            return refuse("InvalidParam.SecurityGroupRuleId");
        }
        call.world.security_groups.update(id, |group| {
            group.rules.retain(|rule| !rule_ids.contains(&rule.id.as_str()))
        });
        return done();
    }
    // Revoking what is not there is a success.
    let unwanted = wordings(call, group, direction)?;
    call.world.security_groups.update(id, |group| {
        group
            .rules
            .retain(|rule| unwanted.iter().all(|wording| wording.key != rule.key));
    });
    done()
}

fn modify_rule(call: &mut Call<'_>, direction: Direction) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("SecurityGroupId")?;
    let group = call.find(&call.world.security_groups, id, ABSENT)?;
    let priority = priority(params)?;
    let description = params.given("Description").map(str::to_owned);
    let (rule_id, key) = match params.text("SecurityGroupRuleId") {
        Some(rule_id) => {
            let rule = group
                .rules
                .iter()
                .find(|rule| rule.id == rule_id && rule.key.direction == direction)
                .ok_or_else(|| Refusal::new("InvalidParam.SecurityGroupRuleId"))?;
            // What the request does not name stays; the peer stays as a whole unless it names one.
            let key = wording(call, group, direction, &filled(params, &rule.key))?.key;
            (rule_id.to_owned(), key)
        }
        None => {
            let key = wording(call, group, direction, params)?.key;
            let rule = group
                .rules
                .iter()
                .find(|rule| rule.key == key)
                .ok_or_else(|| Refusal::new("SecurityGroupRule.NotFound").with_status(404))?;
            (rule.id.clone(), key)
        }
    };
    if group
        .rules
        .iter()
        .any(|rule| rule.id != rule_id && rule.key == key)
    {
        return Err(call.code(&["InvalidParamter.Conflict", "InvalidParameter.Conflict"]));
    }
    call.world.security_groups.update(id, |group| {
        if let Some(rule) = group.rules.iter_mut().find(|rule| rule.id == rule_id) {
            rule.key = key;
            rule.priority = priority.unwrap_or(rule.priority);
            if let Some(description) = description {
                rule.description = description;
            }
        }
    });
    done()
}

/// The request's parameters with what it leaves out taken from the rule as it is.
fn filled(params: &Params, key: &RuleKey) -> Params {
    const PEERS: [&str; 8] = [
        "SourceCidrIp",
        "DestCidrIp",
        "Ipv6SourceCidrIp",
        "Ipv6DestCidrIp",
        "SourceGroupId",
        "DestGroupId",
        "SourcePrefixListId",
        "DestPrefixListId",
    ];
    let ingress = key.direction == Direction::Ingress;
    let mut known = vec![
        ("IpProtocol", &key.protocol),
        ("PortRange", &key.ports),
        ("SourcePortRange", &key.source_ports),
        ("Policy", &key.policy),
        ("NicType", &key.nic_type),
    ];
    if PEERS.iter().all(|peer| params.text(peer).is_none()) {
        known.extend([
            ("SourceCidrIp", &key.source_cidr),
            ("DestCidrIp", &key.dest_cidr),
            ("Ipv6SourceCidrIp", &key.ipv6_source_cidr),
            ("Ipv6DestCidrIp", &key.ipv6_dest_cidr),
            (
                if ingress { "SourceGroupId" } else { "DestGroupId" },
                &key.peer_group,
            ),
            (
                if ingress {
                    "SourceGroupOwnerAccount"
                } else {
                    "DestGroupOwnerAccount"
                },
                &key.peer_account,
            ),
            (
                if ingress {
                    "SourcePrefixListId"
                } else {
                    "DestPrefixListId"
                },
                &key.prefix_list,
            ),
        ]);
    }
    let known = known
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.clone()));
    let given = params.iter().filter(|(_, value)| !value.is_empty());
    known
        .chain(given.map(|(name, value)| (name.to_owned(), value.to_owned())))
        .collect()
}

// ── members ──────────────────────────────────────────────────────────────────────────────────────────────────────

fn join(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let group_id = call.params.required("SecurityGroupId")?;
    let id = call.params.required("InstanceId")?;
    let group = call.find(&call.world.security_groups, group_id, ABSENT)?;
    let instance = call.find(&call.world.instances, id, "InvalidInstanceId.NotFound")?;
    steady(instance)?;
    if instance.security_groups.iter().any(|own| own == group_id) {
        return refuse("InvalidInstanceId.AlreadyExists");
    }
    if network_of(instance) != group.vpc_id {
        return refuse("InvalidInstanceId.Mismatch");
    }
    if instance.security_groups.len() >= PER_INSTANCE_MAX {
        return Err(call.code(&["InstanceSecurityGroupLimitExceeded"]));
    }
    if call.world.instances.linked("group", group_id).count() >= MEMBERS_MAX {
        return refuse("SecurityGroupInstanceLimitExceeded");
    }
    call.world
        .instances
        .update(id, |instance| instance.security_groups.push(group_id.to_owned()));
    done()
}

fn leave(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let group_id = call.params.required("SecurityGroupId")?;
    let id = call.params.required("InstanceId")?;
    call.find(&call.world.security_groups, group_id, ABSENT)?;
    let instance = call.find(&call.world.instances, id, "InvalidInstanceId.NotFound")?;
    steady(instance)?;
    if !instance.security_groups.iter().any(|own| own == group_id) {
        return refuse("InvalidSecurityGroupAssociation.NotFound");
    }
    if instance.security_groups.len() == 1 {
        return refuse("InstanceLastSecurityGroup");
    }
    call.world.instances.update(id, |instance| {
        instance.security_groups.retain(|own| own != group_id)
    });
    done()
}

/// Members change while an instance is Running or Stopped.
fn steady(instance: &Instance) -> Result<(), Refusal> {
    match instance.status {
        InstanceStatus::Running | InstanceStatus::Stopped => Ok(()),
        _ => refuse("IncorrectInstanceStatus"),
    }
}

/// The VPC of an instance; empty on the classic network.
pub(super) fn network_of(instance: &Instance) -> &str {
    match &instance.network {
        Network::Classic { .. } => "",
        Network::Vpc { vpc_id, .. } => vpc_id,
    }
}
