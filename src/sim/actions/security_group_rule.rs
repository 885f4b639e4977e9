//! Rules of security groups. Two rules are the same when everything but their priority and description is.

use super::super::call::{Call, Entry, done};
use super::super::net::Cidr;
use super::super::node::Node;
use super::super::params::Params;
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::security_group::ABSENT;
use super::security_group::{Direction, Rule, RuleKey, SecurityGroup};

pub(super) const ACTIONS: &[Entry] = &[
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
];

/// The vendor's limit of rules in a group.
const RULES_MAX: usize = 200;

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
    let port_list = params.text_or("PortRangeListId", "").to_owned();
    if !port_list.is_empty() && call.world.head("port_range_list", &port_list).is_none() {
        return Err(call.code(&["InvalidPortRangeListId.NotFound", "InvalidParameter"]));
    }
    let ports = match params.text("PortRange") {
        None if !port_list.is_empty() => String::new(),
        _ => ports(params.required("PortRange")?, &protocol).ok_or_else(|| {
            call.code(&[
                "InvalidPortRange.Malformed",
                "InvalidIpPortRange.Malformed",
                "InvalidParam.PortRange",
            ])
        })?,
    };
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
        let peer = call.world.get::<SecurityGroup>(&peer_group).ok_or_else(|| {
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
    let owner_param = match direction {
        Direction::Ingress => "SourceGroupOwnerId",
        Direction::Egress => "DestGroupOwnerId",
    };
    // No other account's group is seen from here.
    if params
        .text(owner_param)
        .is_some_and(|owner| owner != call.world.account_id)
    {
        return Err(call.code(&[
            "InvalidSourceGroupId.NotFound",
            "InvalidDestGroupId.NotFound",
            ABSENT,
        ]));
    }
    let prefix_list = params.text_or(list_param, "").to_owned();
    if !prefix_list.is_empty() {
        if group.vpc_id.is_empty() {
            return Err(call.code(&["NotSupported.ClassicNetworkPrefixList"]));
        }
        let known = call.world.head("prefix_list", &prefix_list);
        if known.is_none_or(|head| head.region != group.region) {
            return Err(call.code(&["InvalidPrefixListId.NotFound"]));
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
        prefix_list,
        port_list,
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
pub(super) fn cidr4(text: &str) -> Option<String> {
    let (address, bits) = text.split_once('/').unwrap_or((text, "32"));
    address.parse::<std::net::Ipv4Addr>().ok()?;
    let bits: u32 = bits.parse().ok()?;
    Cidr::parse(&format!("0.0.0.0/{bits}"))?;
    Some(text.to_owned())
}

pub(super) fn cidr6(text: &str) -> Option<String> {
    let (address, bits) = text.split_once('/').unwrap_or((text, "128"));
    // Answered in its shortest form, however it was written.
    let address = address.parse::<std::net::Ipv6Addr>().ok()?;
    let bits = bits.parse::<u32>().ok().filter(|bits| *bits <= 128)?;
    Some(if text.contains('/') {
        format!("{address}/{bits}")
    } else {
        address.to_string()
    })
}

fn authorize(call: &mut Call<'_>, direction: Direction) -> Result<Node, Refusal> {
    let id = call.params.required("SecurityGroupId")?;
    let group = call.find::<SecurityGroup>(id, ABSENT)?;
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
        .update::<SecurityGroup, _>(id, |group| group.rules.extend(made));
    done()
}

fn revoke(call: &mut Call<'_>, direction: Direction) -> Result<Node, Refusal> {
    let id = call.params.required("SecurityGroupId")?;
    let group = call.find::<SecurityGroup>(id, ABSENT)?;
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
        call.world.update::<SecurityGroup, _>(id, |group| {
            group.rules.retain(|rule| !rule_ids.contains(&rule.id.as_str()))
        });
        return done();
    }
    // Revoking what is not there is a success.
    let unwanted = wordings(call, group, direction)?;
    call.world.update::<SecurityGroup, _>(id, |group| {
        group
            .rules
            .retain(|rule| unwanted.iter().all(|wording| wording.key != rule.key));
    });
    done()
}

fn modify_rule(call: &mut Call<'_>, direction: Direction) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("SecurityGroupId")?;
    let group = call.find::<SecurityGroup>(id, ABSENT)?;
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
    call.world.update::<SecurityGroup, _>(id, |group| {
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
        ("PortRangeListId", &key.port_list),
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
