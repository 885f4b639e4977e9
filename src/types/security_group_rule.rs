//! Security group rule: one rule of a group, owned apart from the group.
//!
//! It has no tags and no id that the vendor's create would tell: it is known by its group, its direction and what it lets
//! through, so making it twice makes it once. What it lets through is changed on it by the id that a look tells, and by
//! that it is found again when a run was interrupted in between. A group that has rules of its own in that direction does
//! not go together with it: the group's are all that there are.

use super::attribute::{Attribute, Changeable, Kind, Literal, attr};
use super::base::BASE;
use super::form;
use super::resource_type::{
    Complaint, Create, Delete, IdFilter, Identity, Read, ResourceType, Steps, ToChange, ToMake, ToRemove,
};
use super::rule;
use super::security_group::{PROTOCOLS, normalise_rule};
use super::steps;
use crate::api::{Action, Codes, Pages, action};
use crate::diagnostic::codes;
use crate::step::{Call, Shows, Step, StepKind};
use crate::value::{Attributes, Value};

pub(super) static SECURITY_GROUP_RULE: ResourceType = ResourceType {
    name: "security_group_rule",
    doc: "One rule of a security group, owned apart from it.",
    id_param: "SecurityGroupId",
    attributes: ATTRIBUTES,
    read: Read {
        action: &action::DESCRIBE_SECURITY_GROUP_ATTRIBUTE,
        list: "Permissions.Permission",
        pages: Pages::ByToken { max: 1000 },
        ids: IdFilter::Inside {
            param: "SecurityGroupId",
        },
        params: &[("NicType", "intranet")],
        ..BASE.read
    },
    create: Create {
        action: &action::AUTHORIZE_SECURITY_GROUP,
        ..BASE.create
    },
    delete: Delete {
        action: &action::REVOKE_SECURITY_GROUP,
        gone: None,
    },
    identity: Identity::Joined {
        parent: "security_group_id",
        place: &[
            "direction",
            "policy",
            "ip_protocol",
            "port_range",
            "source_cidr_ip",
            "dest_cidr_ip",
            "ipv6_source_cidr_ip",
            "ipv6_dest_cidr_ip",
            "source_group_id",
            "dest_group_id",
            "source_prefix_list_id",
            "dest_prefix_list_id",
        ],
        lasting: "security_group_rule_id",
    },
    codes: Codes {
        there: &[],
        absent: &["InvalidSecurityGroupId.NotFound"],
        retry: &["OperationConflict", "TaskConflict"],
        in_use: &[],
    },
    normalise,
    check,
    partner_rule,
    change_rule,
    steps: Steps {
        create,
        update,
        delete,
    },
    ..BASE
};

static ATTRIBUTES: &[Attribute] = &[
    attr("security_group_id", Kind::Id("security_group"))
        .required()
        .replaces()
        .param("")
        .field("")
        .doc("The group whose rule it is: \"${security_group.web.id}\"."),
    attr("direction", Kind::Enum(&["ingress", "egress"]))
        .default(Literal::String("ingress"))
        .replaces()
        .param("")
        .always()
        .doc("ingress (who may connect to members) or egress (where members may connect to); ingress if not given."),
    attr("policy", Kind::Enum(&["accept", "drop"]))
        .default(Literal::String("accept"))
        .replaces()
        .always()
        .doc("accept or drop; accept if not given."),
    attr("ip_protocol", Kind::Enum(PROTOCOLS))
        .default(Literal::String("TCP"))
        .replaces()
        .always()
        .doc("The protocol; TCP if not given."),
    attr("port_range", Kind::Form(&form::PORTS))
        .required()
        .replaces()
        .always()
        .doc("\"443\", \"8000-8100\", \"all\", or the API's form \"443/443\"."),
    attr("priority", Kind::Integer { min: 1, max: 100 })
        .default(Literal::Integer(1))
        .always()
        .doc("1 (first) to 100 (last); 1 if not given."),
    attr("description", Kind::Form(&form::RULE_NOTE)).doc("A note, up to 512 characters."),
    attr("source_cidr_ip", Kind::Form(&form::IPV4_PEER))
        .replaces()
        .doc("From which IPv4 network, e.g. \"203.0.113.0/24\"."),
    attr("dest_cidr_ip", Kind::Form(&form::IPV4_PEER))
        .replaces()
        .doc("To which IPv4 network, e.g. \"0.0.0.0/0\"."),
    attr("ipv6_source_cidr_ip", Kind::Form(&form::IPV6_PEER))
        .replaces()
        .doc("From which IPv6 network."),
    attr("ipv6_dest_cidr_ip", Kind::Form(&form::IPV6_PEER))
        .replaces()
        .doc("To which IPv6 network."),
    attr("source_group_id", Kind::Id("security_group"))
        .replaces()
        .doc("From members of which security group."),
    attr("dest_group_id", Kind::Id("security_group"))
        .replaces()
        .doc("To members of which security group."),
    attr("source_prefix_list_id", Kind::String)
        .replaces()
        .doc("From which prefix list."),
    attr("dest_prefix_list_id", Kind::String)
        .replaces()
        .doc("To which prefix list."),
    attr("id", Kind::String)
        .computed()
        .field("")
        .doc("Its group and what it lets through: \"sg-bp1.../ingress,accept,TCP,443/443,0.0.0.0/0\"."),
    attr("security_group_rule_id", Kind::String)
        .computed()
        .doc("The vendor's id of it, e.g. \"sgr-bp1...\"."),
];

fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name).and_then(Value::as_str)
}

/// As the rules of a group. A description that is taken away is an empty text.
fn normalise(attributes: &mut Attributes) {
    let description = attributes.remove("description");
    normalise_rule(attributes);
    if let Some(description) = description {
        attributes.insert("description".to_owned(), description);
    }
}

/// The peers of each direction.
const PEERS: [(&str, [&str; 4]); 2] = [
    (
        "ingress",
        [
            "source_cidr_ip",
            "ipv6_source_cidr_ip",
            "source_group_id",
            "source_prefix_list_id",
        ],
    ),
    (
        "egress",
        [
            "dest_cidr_ip",
            "ipv6_dest_cidr_ip",
            "dest_group_id",
            "dest_prefix_list_id",
        ],
    ),
];

/// A rule has one peer, on the side that its direction means.
fn check(attributes: &Attributes) -> Vec<Complaint> {
    let direction = text(attributes, "direction").unwrap_or("ingress");
    let mut complaints = Vec::new();
    for (of, peers) in PEERS {
        let given: Vec<&'static str> = peers
            .into_iter()
            .filter(|peer| attributes.contains_key(*peer))
            .collect();
        if of == direction {
            let (attribute, message) = match given.as_slice() {
                [_] => continue,
                [] => ("", "a rule needs a peer".to_owned()),
                [first, second, ..] => (*second, format!("a rule has one peer: {first} or {second}")),
            };
            complaints.push(Complaint {
                code: if given.is_empty() {
                    codes::MISSING_KEY
                } else {
                    codes::PAIR
                },
                attribute,
                message,
                help: format!(
                    "{} = \"10.0.0.0/8\", or another of {}",
                    peers[0],
                    peers.join(", ")
                ),
            });
        } else if let Some(first) = given.first() {
            complaints.push(Complaint {
                code: codes::PAIR,
                attribute: first,
                message: format!("{first} is for rules of direction = \"{of}\""),
                help: format!(
                    "direction = \"{of}\", or one of {}",
                    PEERS[usize::from(of == "ingress")].1.join(", ")
                ),
            });
        }
    }
    let mut normal = attributes.clone();
    normalise(&mut normal);
    complaints.extend(rule::ports(direction == "ingress", &normal));
    complaints
}

/// The rules that a group has of its own are all that there are.
fn partner_rule(own: &Attributes, partner: &Attributes) -> Option<Complaint> {
    let direction = text(own, "direction").unwrap_or("ingress");
    partner.contains_key(direction).then(|| Complaint {
        code: codes::PAIR,
        attribute: "security_group_id",
        message: format!("the group has {direction} of its own, which are all of its {direction} rules"),
        help: format!("write the rule into the group's {direction}, or take {direction} out of the group"),
    })
}

/// All but its group, its direction and the kind of its peer is changed on it, by the vendor's id
/// (ModifySecurityGroupRule, InvalidOperation.ModifySgRuleEntityType).
fn change_rule(path: &str, before: &Attributes, after: &Attributes) -> Option<Changeable> {
    let same = |name: &str| before.get(name) == after.get(name);
    let is_found = before.contains_key("security_group_rule_id");
    let stays = is_found && same("security_group_id") && same("direction");
    let changes = match path {
        "priority" | "description" => true,
        "policy" | "ip_protocol" | "port_range" => stays,
        peer if PEERS.iter().any(|(_, peers)| peers.contains(&peer)) => stays && before.contains_key(peer),
        _ => false,
    };
    changes.then_some(Changeable::Special)
}

fn is_ingress(attributes: &Attributes) -> bool {
    text(attributes, "direction") != Some("egress")
}

/// What a rule lets through, as parameters.
fn permission(attributes: &Attributes) -> Attributes {
    let sent = ATTRIBUTES.iter().filter(|attribute| !attribute.computed);
    sent.filter_map(|attribute| Some((attribute.param_path()?, attributes.get(attribute.name)?.clone())))
        .collect()
}

fn call(action: &'static Action, region: &str, group: &Value, attributes: &Attributes) -> Call {
    let rules = Value::List(vec![Value::Map(permission(attributes))]);
    let params = Attributes::from([
        ("SecurityGroupId".to_owned(), group.clone()),
        ("Permissions".to_owned(), rules),
    ]);
    steps::call(action, region, params)
}

fn group(attributes: &Attributes) -> Value {
    attributes
        .get("security_group_id")
        .cloned()
        .unwrap_or_else(Value::unknown)
}

fn create(wanted: &ToMake<'_>) -> Vec<Step> {
    let action = if is_ingress(wanted.attributes) {
        &action::AUTHORIZE_SECURITY_GROUP
    } else {
        &action::AUTHORIZE_SECURITY_GROUP_EGRESS
    };
    let yields = steps::create_call(wanted).yields;
    let call = Call {
        yields,
        ..call(
            action,
            wanted.region,
            &group(wanted.attributes),
            wanted.attributes,
        )
    };
    vec![Step::call("create", call)]
}

fn update(change: &ToChange<'_>) -> Vec<Step> {
    if change.changed.is_empty() {
        return Vec::new();
    }
    let wanted = change.wanted.attributes;
    let action = if is_ingress(wanted) {
        &action::MODIFY_SECURITY_GROUP_RULE
    } else {
        &action::MODIFY_SECURITY_GROUP_EGRESS_RULE
    };
    let mut params = permission(wanted);
    params.insert("SecurityGroupId".to_owned(), group(wanted));
    if let Some(id) = change.before.get("security_group_rule_id") {
        params.insert("SecurityGroupRuleId".to_owned(), id.clone());
    }
    let shown = change.changed.iter().filter_map(|name| {
        let value = wanted.get(*name)?;
        Some(((*name).to_owned(), value.clone()))
    });
    let call = steps::call(action, change.wanted.region, params);
    vec![Step {
        shows: Shows::Attributes(shown.collect()),
        ..Step::call("change rule", call)
    }]
}

fn delete(existing: &ToRemove<'_>) -> Vec<Step> {
    let action = if is_ingress(existing.attributes) {
        &action::REVOKE_SECURITY_GROUP
    } else {
        &action::REVOKE_SECURITY_GROUP_EGRESS
    };
    let call = call(
        action,
        existing.region,
        &group(existing.attributes),
        existing.attributes,
    );
    vec![Step {
        name: "delete".to_owned(),
        kind: StepKind::Call(call),
        shows: Shows::Gone,
    }]
}
