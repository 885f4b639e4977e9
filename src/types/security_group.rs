//! Security group: the firewall of the instances in it, with its rules.
//!
//! A rule is known by direction, policy, protocol, ports and peer; its priority and description can be changed.
//! Each direction is managed only when its key is in the configuration, and then as a whole.

use compact_str::format_compact;

use super::attribute::{Attribute, Kind, Literal, Update, attr};
use super::base::{BASE, SERVER_TAGS};
use super::form;
use super::part::{Calls, PART, Part};
use super::resource_type::{
    Complaint, Create, Delete, IdFilter, Read, Replacement, ResourceType, TagShape, Tagging,
};
use super::rule;
use crate::api::{Codes, Pages, action};
use crate::diagnostic::codes;
use crate::value::{Attributes, Value};

static MODIFY: Update = Update::by(&action::MODIFY_SECURITY_GROUP_ATTRIBUTE, "change attributes");

static MODIFY_POLICY: Update = Update::by(
    &action::MODIFY_SECURITY_GROUP_POLICY,
    "change inner access policy",
);

pub(super) static SECURITY_GROUP: ResourceType = ResourceType {
    name: "security_group",
    doc: "The firewall of the instances in it.",
    id_prefix: "sg-",
    id_param: "SecurityGroupId",
    attributes: ATTRIBUTES,
    read: Read {
        action: &action::DESCRIBE_SECURITY_GROUPS,
        list: "SecurityGroups.SecurityGroup",
        id_field: "SecurityGroupId",
        pages: Pages::ByNumber { max: 100 },
        ids: IdFilter::Json {
            param: "SecurityGroupIds",
            max: 100,
        },
        tags: TagShape::Ecs,
        ..BASE.read
    },
    create: Create {
        action: &action::CREATE_SECURITY_GROUP,
        id_field: "SecurityGroupId",
        ready: None,
    },
    delete: Delete {
        action: &action::DELETE_SECURITY_GROUP,
        gone: None,
    },
    tagging: Some(Tagging {
        kind: "securitygroup",
        ..SERVER_TAGS
    }),
    codes: Codes {
        there: &[],
        absent: &["InvalidSecurityGroupId.NotFound"],
        retry: &["OperationConflict", "TaskConflict", "IncorrectVpcStatus"],
        in_use: &["DependencyViolation"],
    },
    // Members must be moved to the new one before the old one can go.
    replacement: Replacement::CreateFirst,
    parts: PARTS,
    normalise,
    check,
    member_rule: |part, member| rule::complaints(part == "ingress", member),
    ..BASE
};

/// Groups of the enterprise kind take no rules with groups (AuthorizeSecurityGroup,
/// InvalidGroupAuthParameter.OperationDenied).
fn check(attributes: &Attributes) -> Vec<Complaint> {
    let kind = attributes.get("security_group_type").and_then(Value::as_str);
    let names_a_group = |part: &&Part| {
        let members = part.members(attributes);
        let mut keys = members.iter().flat_map(Attributes::keys);
        keys.any(|key| matches!(key.as_str(), "source_group_id" | "dest_group_id"))
    };
    let parts = PARTS.iter().filter(|_| kind == Some("enterprise"));
    let complaint = |part: &Part| Complaint {
        code: codes::PAIR,
        attribute: part.attribute,
        message: format!(
            "{} of an enterprise group cannot name another group",
            part.attribute
        ),
        help: "name a network instead, or take security_group_type out".to_owned(),
    };
    parts.filter(names_a_group).map(complaint).collect()
}

/// The rules, by direction.
static PARTS: &[Part] = &[
    Part {
        attribute: "ingress",
        key: &[
            "policy",
            "ip_protocol",
            "port_range",
            "source_cidr_ip",
            "ipv6_source_cidr_ip",
            "source_group_id",
            "source_prefix_list_id",
        ],
        calls: Calls::Many {
            add: &action::AUTHORIZE_SECURITY_GROUP,
            remove: &action::REVOKE_SECURITY_GROUP,
            modify: Some(&action::MODIFY_SECURITY_GROUP_RULE),
            list_param: "Permissions",
        },
        noun: "ingress rule",
        ..RULES
    },
    Part {
        attribute: "egress",
        key: &[
            "policy",
            "ip_protocol",
            "port_range",
            "dest_cidr_ip",
            "ipv6_dest_cidr_ip",
            "dest_group_id",
            "dest_prefix_list_id",
        ],
        calls: Calls::Many {
            add: &action::AUTHORIZE_SECURITY_GROUP_EGRESS,
            remove: &action::REVOKE_SECURITY_GROUP_EGRESS,
            modify: Some(&action::MODIFY_SECURITY_GROUP_EGRESS_RULE),
            list_param: "Permissions",
        },
        noun: "egress rule",
        ..RULES
    },
];

/// What the rules of both directions have in common.
const RULES: Part = Part {
    attribute: "",
    key: &[],
    calls: Calls::Many {
        add: &action::AUTHORIZE_SECURITY_GROUP,
        remove: &action::REVOKE_SECURITY_GROUP,
        modify: None,
        list_param: "Permissions",
    },
    member_id: Some(("security_group_rule_id", "SecurityGroupRuleId")),
    // ECS metadata.
    per_call: 100,
    // Of both directions together, in a group of the basic kind.
    limit: 200,
    noun: "",
    ..PART
};

static INGRESS: &[Attribute] = &[
    attr("port_range", Kind::Form(&form::PORTS))
        .required()
        .doc("\"443\", \"8000-8100\", \"all\", or the API's form \"443/443\"."),
    attr("ip_protocol", Kind::Enum(PROTOCOLS))
        .default(Literal::String("TCP"))
        .doc("The protocol; TCP if not given."),
    attr("source_cidr_ip", Kind::Form(&form::IPV4_PEER))
        .doc("From which IPv4 network, e.g. \"203.0.113.0/24\"."),
    attr("ipv6_source_cidr_ip", Kind::Form(&form::IPV6_PEER)).doc("From which IPv6 network."),
    attr("source_group_id", Kind::Id("security_group")).doc("From members of which security group."),
    attr("source_prefix_list_id", Kind::String).doc("From which prefix list."),
    attr("policy", Kind::Enum(&["accept", "drop"]))
        .default(Literal::String("accept"))
        .doc("accept or drop."),
    attr("priority", Kind::Integer { min: 1, max: 100 })
        .default(Literal::Integer(1))
        .doc("1 (first) to 100 (last)."),
    attr("description", Kind::Form(&form::RULE_NOTE)).doc("A note, up to 512 characters."),
];

static EGRESS: &[Attribute] = &[
    attr("port_range", Kind::Form(&form::PORTS))
        .required()
        .doc("\"443\", \"8000-8100\", \"all\", or the API's form \"443/443\"."),
    attr("ip_protocol", Kind::Enum(PROTOCOLS))
        .default(Literal::String("TCP"))
        .doc("The protocol; TCP if not given."),
    attr("dest_cidr_ip", Kind::Form(&form::IPV4_PEER)).doc("To which IPv4 network, e.g. \"0.0.0.0/0\"."),
    attr("ipv6_dest_cidr_ip", Kind::Form(&form::IPV6_PEER)).doc("To which IPv6 network."),
    attr("dest_group_id", Kind::Id("security_group")).doc("To members of which security group."),
    attr("dest_prefix_list_id", Kind::String).doc("To which prefix list."),
    attr("policy", Kind::Enum(&["accept", "drop"]))
        .default(Literal::String("accept"))
        .doc("accept or drop."),
    attr("priority", Kind::Integer { min: 1, max: 100 })
        .default(Literal::Integer(1))
        .doc("1 (first) to 100 (last)."),
    attr("description", Kind::Form(&form::RULE_NOTE)).doc("A note, up to 512 characters."),
];

pub(super) const PROTOCOLS: &[&str] = &["TCP", "UDP", "ICMP", "ICMPv6", "GRE", "ALL"];

static ATTRIBUTES: &[Attribute] = &[
    attr("vpc_id", Kind::Id("vpc"))
        .replaces()
        .always()
        .doc("The VPC of its members; none for the classic network."),
    attr("security_group_type", Kind::Enum(&["normal", "enterprise"]))
        .replaces()
        .doc("normal (members reach each other) or enterprise."),
    attr("name", Kind::Form(&form::NAME))
        .updated_by(&MODIFY)
        .param("SecurityGroupName")
        .field("SecurityGroupName")
        .always()
        .doc("The name shown in the console, 2 to 128 characters."),
    attr("description", Kind::Form(&form::NOTE))
        .updated_by(&MODIFY)
        .doc("A note, 2 to 256 characters."),
    attr("inner_access_policy", Kind::Enum(&["Accept", "Drop"]))
        .updated_by(&MODIFY_POLICY)
        .param("")
        .update_param("InnerAccessPolicy")
        .costly()
        .doc("Whether members of a normal group reach each other: Accept, as if not given, or Drop."),
    attr("ingress", Kind::TableSet(INGRESS))
        .param("")
        .field("")
        .doc("Who may connect to its members; all of it, when given."),
    attr("egress", Kind::TableSet(EGRESS))
        .param("")
        .field("")
        .doc("Where its members may connect to; all of it, when given."),
    attr("tags", Kind::Tags)
        .field("")
        .doc("Tags, up to 16: { team = \"web\" }."),
    attr("id", Kind::String)
        .computed()
        .field("SecurityGroupId")
        .doc("The id, e.g. \"sg-bp1...\"."),
];

/// One spelling for each rule: `443/443`, upper-case protocol, lower-case policy, a number for the priority, and
/// no key without a text.
fn normalise(attributes: &mut Attributes) {
    for part in PARTS {
        let Some(Value::List(rules)) = attributes.get_mut(part.attribute) else {
            continue;
        };
        for rule in rules.iter_mut() {
            if let Value::Map(rule) = rule {
                normalise_rule(rule);
            }
        }
        rules.sort_by_cached_key(|rule| rule.as_map().map(|rule| part.identity(rule)));
    }
}

pub(super) fn normalise_rule(rule: &mut Attributes) {
    rule.retain(|_, value| value.as_str() != Some(""));
    if let Some(Value::String(protocol)) = rule.get_mut("ip_protocol")
        && !protocol.eq_ignore_ascii_case("icmpv6")
    {
        *protocol = protocol.to_ascii_uppercase();
    }
    if let Some(Value::String(policy)) = rule.get_mut("policy") {
        *policy = policy.to_ascii_lowercase();
    }
    if let Some(Value::String(priority)) = rule.get("priority")
        && let Ok(number) = priority.parse::<i64>()
    {
        rule.insert("priority".to_owned(), Value::Integer(number));
    }
    let has_ports = matches!(
        rule.get("ip_protocol").and_then(Value::as_str),
        Some("TCP" | "UDP")
    );
    if let Some(Value::String(ports)) = rule.get_mut("port_range") {
        *ports = match ports.as_str() {
            "all" if has_ports => "1/65535".into(),
            "all" => "-1/-1".into(),
            text if text.contains('/') => text.into(),
            text => match text.split_once('-') {
                Some((first, last)) if !first.is_empty() => format_compact!("{first}/{last}"),
                _ => format_compact!("{text}/{text}"),
            },
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::joining::{Members, change_members};
    use crate::types::part::Owner;

    fn rule(entries: &[(&str, &str)]) -> Value {
        Value::Map(
            entries
                .iter()
                .map(|(key, value)| ((*key).to_owned(), Value::from(*value)))
                .collect(),
        )
    }

    fn normal(entries: &[(&str, &str)]) -> Attributes {
        let mut attributes = Attributes::from([("ingress".to_owned(), Value::List(vec![rule(entries)]))]);
        normalise(&mut attributes);
        PARTS[0].members(&attributes).remove(0)
    }

    #[test]
    fn a_rule_read_back_equals_the_rule_as_written() {
        let written = normal(&[
            ("ip_protocol", "TCP"),
            ("port_range", "443"),
            ("policy", "accept"),
            ("priority", "1"),
        ]);
        let read = normal(&[
            ("ip_protocol", "tcp"),
            ("port_range", "443/443"),
            ("policy", "Accept"),
            ("priority", "1"),
            ("description", ""),
            ("security_group_rule_id", "sgr-1"),
        ]);
        assert!(PARTS[0].is_equal(&written, &read));
    }

    #[test]
    fn port_ranges_have_one_spelling() {
        for (protocol, written, expected) in [
            ("TCP", "22", "22/22"),
            ("UDP", "8000-8100", "8000/8100"),
            ("TCP", "all", "1/65535"),
            ("ICMP", "all", "-1/-1"),
            ("ALL", "-1/-1", "-1/-1"),
        ] {
            let rule = normal(&[("ip_protocol", protocol), ("port_range", written)]);
            assert_eq!(rule["port_range"], Value::from(expected));
        }
    }

    /// 150 rules exchanged for 150 others under a limit of 200.
    #[test]
    fn rules_are_exchanged_without_passing_the_limit() {
        let rules = |first: u32| {
            let list = (first..first + 150)
                .map(|port| rule(&[("port_range", &port.to_string()), ("ip_protocol", "TCP")]))
                .collect();
            let mut attributes = Attributes::from([("ingress".to_owned(), Value::List(list))]);
            normalise(&mut attributes);
            attributes
        };
        let (before, after) = (rules(1000), rules(2000));
        let (was, will) = (PARTS[0].members(&before), PARTS[0].members(&after));
        let members = Members::between(&PARTS[0], &was, &will);
        let owner = Owner {
            region: "cn-hangzhou",
            address: &"instance.x".parse().unwrap(),
            tags: &[],
            own: &|_| Value::from("sg-1"),
        };
        let steps = change_members(&SECURITY_GROUP, &PARTS[0], &owner, &members, was.len());
        let mut there: i64 = 150;
        for step in &steps {
            let words: Vec<&str> = step.name.split(' ').collect();
            let count: i64 = words[1].parse().unwrap();
            there += if words[0] == "add" { count } else { -count };
            assert!((0..=200).contains(&there), "{} rules after {}", there, step.name);
        }
        assert_eq!(there, 150);
    }

    #[test]
    fn the_priority_of_a_rule_is_modified_and_never_revoked() {
        let rules = |priority: &str| {
            let mut attributes = Attributes::from([(
                "ingress".to_owned(),
                Value::List(vec![rule(&[
                    ("port_range", "22"),
                    ("ip_protocol", "TCP"),
                    ("priority", priority),
                ])]),
            )]);
            normalise(&mut attributes);
            attributes
        };
        let (before, after) = (rules("1"), rules("5"));
        let (was, will) = (PARTS[0].members(&before), PARTS[0].members(&after));
        let members = Members::between(&PARTS[0], &was, &will);
        let owner = Owner {
            region: "cn-hangzhou",
            address: &"instance.x".parse().unwrap(),
            tags: &[],
            own: &|_| Value::from("sg-1"),
        };
        let steps = change_members(&SECURITY_GROUP, &PARTS[0], &owner, &members, was.len());
        let names: Vec<String> = steps.into_iter().map(|step| step.name).collect();
        assert_eq!(names, ["change 1 ingress rule"]);
    }
}
