//! Security group: the firewall of the instances in it, with its rules.
//!
//! A rule is known by direction, policy, protocol, ports and peer; its priority and description can be changed.
//! Each direction is managed only when its key is in the configuration, and then as a whole.

use super::steps;
use super::{Codes, IdFilter, Reading, ResourceType, TagShape};
use crate::cloud::{Product, Style};
use crate::schema::{
    self, Attribute, Change, Create, Delete, Kind, Literal, Needs, Replacement, Schema, Steps, Tagging,
    Update, attr,
};
use crate::step::{Call, Class, Step, Yield};
use crate::value::{Attributes, Value};

pub(super) struct SecurityGroup;

/// Rules in one Authorize or Revoke call (ECS metadata: 100).
const RULES_PER_CALL: usize = 100;

static MODIFY: Update = Update {
    action: "ModifySecurityGroupAttribute",
    label: "change attributes",
    class: Class::A,
    needs: Needs::Nothing,
    region: true,
    token: false,
};

static INGRESS: &[Attribute] = &[
    attr("port_range", Kind::String)
        .required()
        .doc("\"443\", \"8000-8100\", \"all\", or the API's form \"443/443\"."),
    attr("ip_protocol", Kind::Enum(PROTOCOLS))
        .default(Literal::String("TCP"))
        .doc("The protocol; TCP if not given."),
    attr("source_cidr_ip", Kind::String).doc("From which IPv4 network, e.g. \"203.0.113.0/24\"."),
    attr("ipv6_source_cidr_ip", Kind::String).doc("From which IPv6 network."),
    attr("source_group_id", Kind::Id("security_group")).doc("From members of which security group."),
    attr("source_prefix_list_id", Kind::String).doc("From which prefix list."),
    attr("policy", Kind::Enum(&["accept", "drop"]))
        .default(Literal::String("accept"))
        .doc("accept or drop."),
    attr("priority", Kind::Integer { min: 1, max: 100 })
        .default(Literal::Integer(1))
        .doc("1 (first) to 100 (last)."),
    attr("description", Kind::String).doc("A note, up to 512 characters."),
];

static EGRESS: &[Attribute] = &[
    attr("port_range", Kind::String)
        .required()
        .doc("\"443\", \"8000-8100\", \"all\", or the API's form \"443/443\"."),
    attr("ip_protocol", Kind::Enum(PROTOCOLS))
        .default(Literal::String("TCP"))
        .doc("The protocol; TCP if not given."),
    attr("dest_cidr_ip", Kind::String).doc("To which IPv4 network, e.g. \"0.0.0.0/0\"."),
    attr("ipv6_dest_cidr_ip", Kind::String).doc("To which IPv6 network."),
    attr("dest_group_id", Kind::Id("security_group")).doc("To members of which security group."),
    attr("dest_prefix_list_id", Kind::String).doc("To which prefix list."),
    attr("policy", Kind::Enum(&["accept", "drop"]))
        .default(Literal::String("accept"))
        .doc("accept or drop."),
    attr("priority", Kind::Integer { min: 1, max: 100 })
        .default(Literal::Integer(1))
        .doc("1 (first) to 100 (last)."),
    attr("description", Kind::String).doc("A note, up to 512 characters."),
];

const PROTOCOLS: &[&str] = &["TCP", "UDP", "ICMP", "ICMPv6", "GRE", "ALL"];

static ATTRIBUTES: &[Attribute] = &[
    attr("vpc_id", Kind::Id("vpc"))
        .replaces()
        .doc("The VPC of its members; none for the classic network."),
    attr("security_group_type", Kind::Enum(&["normal", "enterprise"]))
        .replaces()
        .doc("normal (members reach each other) or enterprise."),
    attr("name", Kind::String)
        .updated_by(&MODIFY)
        .param("SecurityGroupName")
        .field("SecurityGroupName")
        .doc("The name shown in the console, 2 to 128 characters."),
    attr("description", Kind::String)
        .updated_by(&MODIFY)
        .doc("A note, 2 to 256 characters."),
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
        .doc("Tags, up to 17: { team = \"web\" }."),
    attr("id", Kind::String)
        .computed()
        .field("SecurityGroupId")
        .doc("The id, e.g. \"sg-bp1...\"."),
];

static SCHEMA: Schema = Schema {
    type_name: "security_group",
    doc: "The firewall of the instances in it.",
    product: "Ecs",
    attributes: ATTRIBUTES,
    id_param: "SecurityGroupId",
    create: Create {
        action: "CreateSecurityGroup",
        id_field: "SecurityGroupId",
        ready: None,
    },
    delete: Delete {
        action: "DeleteSecurityGroup",
        region: true,
        gone: None,
    },
    tagging: Tagging {
        resource_type: "securitygroup",
        untag_action: "UntagResources",
    },
    // Members must be moved to the new one before the old one can go.
    replacement: Replacement::CreateFirst,
    normalise,
    check: steps::no_complaints,
    change_rule: steps::table_decides,
    implied: steps::nothing_implied,
    undeletable: steps::always_deletable,
    steps: Steps {
        create,
        update,
        delete: steps::delete,
    },
    downtime: steps::no_downtime,
    losses: steps::no_losses,
};

static CODES: Codes = Codes {
    absent: &["InvalidSecurityGroupId.NotFound"],
    retry: &["OperationConflict", "TaskConflict", "IncorrectVpcStatus"],
    in_use: &["DependencyViolation"],
};

static READING: Reading = Reading {
    product: Product::Ecs,
    action: "DescribeSecurityGroups",
    list: "SecurityGroups.SecurityGroup",
    id_field: "SecurityGroupId",
    page: Style::NextToken { max: 100 },
    ids: IdFilter::Json {
        param: "SecurityGroupIds",
        max: 100,
    },
    tags: TagShape::Ecs,
};

/// The two directions: the attribute, and the actions that add, take away and change a rule.
struct Direction {
    attribute: &'static str,
    authorize: &'static str,
    revoke: &'static str,
    modify: &'static str,
    table: &'static [Attribute],
}

static DIRECTIONS: [Direction; 2] = [
    Direction {
        attribute: "ingress",
        authorize: "AuthorizeSecurityGroup",
        revoke: "RevokeSecurityGroup",
        modify: "ModifySecurityGroupRule",
        table: INGRESS,
    },
    Direction {
        attribute: "egress",
        authorize: "AuthorizeSecurityGroupEgress",
        revoke: "RevokeSecurityGroupEgress",
        modify: "ModifySecurityGroupEgressRule",
        table: EGRESS,
    },
];

/// The key under which an observed rule carries its id; no attribute, so it is never compared.
const RULE_ID: &str = "security_group_rule_id";

impl ResourceType for SecurityGroup {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn codes(&self) -> &'static Codes {
        &CODES
    }

    fn reading(&self) -> &'static Reading {
        &READING
    }
}

/// One spelling for each rule: `443/443`, upper-case protocol, lower-case policy, a number for the priority, and
/// no key without a text.
fn normalise(attributes: &mut Attributes) {
    for direction in &DIRECTIONS {
        let Some(Value::List(rules)) = attributes.get_mut(direction.attribute) else {
            continue;
        };
        for rule in rules.iter_mut() {
            if let Value::Map(rule) = rule {
                normalise_rule(rule);
            }
        }
        rules.sort_by_cached_key(|rule| rule.as_map().map(identity));
    }
}

fn normalise_rule(rule: &mut Attributes) {
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
            "all" if has_ports => "1/65535".to_owned(),
            "all" => "-1/-1".to_owned(),
            text if text.contains('/') => text.to_owned(),
            text => match text.split_once('-') {
                Some((first, last)) if !first.is_empty() => format!("{first}/{last}"),
                _ => format!("{text}/{text}"),
            },
        };
    }
}

/// What makes a rule the same rule.
fn identity(rule: &Attributes) -> String {
    const PARTS: [&str; 11] = [
        "policy",
        "ip_protocol",
        "port_range",
        "source_cidr_ip",
        "ipv6_source_cidr_ip",
        "source_group_id",
        "source_prefix_list_id",
        "dest_cidr_ip",
        "ipv6_dest_cidr_ip",
        "dest_group_id",
        "dest_prefix_list_id",
    ];
    PARTS
        .iter()
        .map(|part| {
            rule.get(*part)
                .map(|value| value.to_json().to_string())
                .unwrap_or_default()
                + "|"
        })
        .collect()
}

/// The group, then its rules.
fn create(wanted: &schema::Wanted<'_>) -> Vec<Step> {
    let mut steps = steps::create(wanted);
    let group = Value::Reference(crate::value::Reference {
        address: wanted.address.clone(),
        attribute: "id".to_owned(),
    });
    for direction in &DIRECTIONS {
        let rules = rules_of(wanted.attributes, direction.attribute);
        let rules: Vec<&Attributes> = rules.iter().collect();
        steps.extend(permission_steps(
            wanted.region,
            &group,
            direction,
            direction.authorize,
            "add",
            &rules,
        ));
    }
    steps
}

fn rules_of(attributes: &Attributes, direction: &str) -> Vec<Attributes> {
    let rules = attributes
        .get(direction)
        .and_then(Value::as_list)
        .unwrap_or_default();
    rules.iter().filter_map(Value::as_map).cloned().collect()
}

/// New rules first, so that nobody is shut out for a moment; then what changes; then what goes.
fn update(change: &Change<'_>) -> Vec<Step> {
    let mut steps = steps::update(change);
    let group = Value::from(change.id);
    let region = change.wanted.region;
    for direction in DIRECTIONS
        .iter()
        .filter(|direction| change.changed.contains(&direction.attribute))
    {
        let wanted = rules_of(change.wanted.attributes, direction.attribute);
        let before = rules_of(change.before, direction.attribute);
        let find = |rules: &'_ [Attributes], rule: &Attributes| -> Option<usize> {
            rules.iter().position(|other| identity(other) == identity(rule))
        };
        let added: Vec<&Attributes> = wanted
            .iter()
            .filter(|rule| find(&before, rule).is_none())
            .collect();
        let removed: Vec<&Attributes> = before
            .iter()
            .filter(|rule| find(&wanted, rule).is_none())
            .collect();
        steps.extend(permission_steps(
            region,
            &group,
            direction,
            direction.authorize,
            "add",
            &added,
        ));
        for rule in &wanted {
            let Some(old) = find(&before, rule).map(|index| &before[index]) else {
                continue;
            };
            if !same_rule(old, rule) {
                steps.push(modify_step(region, &group, direction, old, rule));
            }
        }
        steps.extend(permission_steps(
            region,
            &group,
            direction,
            direction.revoke,
            "remove",
            &removed,
        ));
    }
    steps
}

fn same_rule(left: &Attributes, right: &Attributes) -> bool {
    let bare = |rule: &Attributes| {
        let mut rule = rule.clone();
        rule.remove(RULE_ID);
        rule
    };
    bare(left) == bare(right)
}

fn permission_steps(
    region: &str,
    group: &Value,
    direction: &Direction,
    action: &'static str,
    verb: &str,
    rules: &[&Attributes],
) -> Vec<Step> {
    rules
        .chunks(RULES_PER_CALL)
        .map(|chunk| {
            let permissions = chunk
                .iter()
                .map(|rule| Value::Map(rule_params(direction, rule)))
                .collect();
            let params = Attributes::from([
                ("RegionId".to_owned(), Value::from(region)),
                ("SecurityGroupId".to_owned(), group.clone()),
                ("Permissions".to_owned(), Value::List(permissions)),
            ]);
            let noun = if chunk.len() == 1 { "rule" } else { "rules" };
            let name = format!("{verb} {} {} {noun}", chunk.len(), direction.attribute);
            Step::call(
                name,
                Call {
                    product: "Ecs",
                    action,
                    class: Class::A,
                    params,
                    yields: Yield::Nothing,
                },
            )
        })
        .collect()
}

fn modify_step(
    region: &str,
    group: &Value,
    direction: &Direction,
    old: &Attributes,
    rule: &Attributes,
) -> Step {
    let mut params = rule_params(direction, rule);
    params.insert("RegionId".to_owned(), Value::from(region));
    params.insert("SecurityGroupId".to_owned(), group.clone());
    // An empty text takes a description away.
    params
        .entry("Description".to_owned())
        .or_insert_with(|| Value::from(""));
    if let Some(id) = old.get(RULE_ID) {
        params.insert("SecurityGroupRuleId".to_owned(), id.clone());
    }
    let name = format!("change 1 {} rule", direction.attribute);
    Step::call(
        name,
        Call {
            product: "Ecs",
            action: direction.modify,
            class: Class::A,
            params,
            yields: Yield::Nothing,
        },
    )
}

fn rule_params(direction: &Direction, rule: &Attributes) -> Attributes {
    direction
        .table
        .iter()
        .filter_map(|attribute| Some((attribute.param_path()?, rule.get(attribute.name)?.clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        rules_of(&attributes, "ingress").remove(0)
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
            (RULE_ID, "sgr-1"),
        ]);
        assert!(same_rule(&written, &read));
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

    #[test]
    fn the_priority_of_a_rule_is_modified_and_never_revoked() {
        let address = "security_group.web".parse().unwrap();
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
        let change = Change {
            wanted: schema::Wanted {
                schema: &SCHEMA,
                address: &address,
                region: "cn-hangzhou",
                attributes: &after,
                tags: &[],
            },
            id: "sg-1",
            before: &before,
            changed: &["ingress"],
            tags_set: &[],
            tags_removed: &[],
        };
        let names: Vec<String> = update(&change).into_iter().map(|step| step.name).collect();
        assert_eq!(names, ["change 1 ingress rule"]);
    }
}
