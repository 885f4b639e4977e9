//! Security groups: their rules, and who may be in them.

use std::collections::BTreeSet;

use super::super::super::call::Call;
use super::super::super::params::Params;
use super::super::instance_row::Instance;
use super::super::network_interface::NetworkInterface;
use super::super::security_group::SecurityGroup;
use super::super::security_group_rule::{cidr4, cidr6};
use super::{Unfit, asks, server};

const BOTH: &[&str] = &["AuthorizeSecurityGroup", "RevokeSecurityGroup"];
const MEMBERS: &[&str] = &["JoinSecurityGroup", "LeaveSecurityGroup"];

pub(super) const TABLE: &[Unfit] = &[
    Unfit(BOTH, "InvalidParamter.Conflict", |call| {
        any(call, |rule| {
            asks_in(rule, "SourceCidrIp") && asks_in(rule, "SourceGroupId")
        })
    }),
    Unfit(BOTH, "InvalidNicType.Mismatch", |call| {
        any(call, |rule| {
            rule.peek("NicType") == "internet" && asks_in(rule, "SourceGroupId")
        })
    }),
    Unfit(BOTH, "InvalidParam.Permissions", |call| {
        listed(call, |rule| {
            !asks_in(rule, "SecurityGroupRuleId") && !asks_in(rule, "IpProtocol")
        })
    }),
    Unfit(BOTH, "InvalidParam.SourceIp", |call| {
        listed(call, |rule| {
            [
                "SourceCidrIp",
                "Ipv6SourceCidrIp",
                "SourceGroupId",
                "SourcePrefixListId",
            ]
            .iter()
            .all(|name| !asks_in(rule, name))
        })
    }),
    Unfit(BOTH, "InvalidParam.PortRange", |call| {
        listed(call, |rule| !ports_fit(rule.peek("PortRange")))
    }),
    Unfit(BOTH, "InvalidParam.SourceCidrIp", |call| {
        listed(call, |rule| {
            wrong(rule, "SourceCidrIp", |text| cidr4(text).is_some())
        })
    }),
    Unfit(BOTH, "InvalidParam.DestCidrIp", |call| {
        listed(call, |rule| {
            wrong(rule, "DestCidrIp", |text| cidr4(text).is_some())
        })
    }),
    Unfit(BOTH, "InvalidParam.Ipv6SourceCidrIp", |call| {
        listed(call, |rule| {
            wrong(rule, "Ipv6SourceCidrIp", |text| cidr6(text).is_some())
        })
    }),
    Unfit(BOTH, "InvalidParam.Ipv6DestCidrIp", |call| {
        listed(call, |rule| {
            wrong(rule, "Ipv6DestCidrIp", |text| cidr6(text).is_some())
        })
    }),
    Unfit(BOTH, "InvalidParam.DuplicatePermissions", |call| {
        let mut seen = BTreeSet::new();
        let groups = call.params.peek_groups("Permissions");
        groups.iter().any(|rule| {
            let own: Vec<(String, String)> = rule
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_ascii_lowercase()))
                .collect();
            !seen.insert(own)
        })
    }),
    Unfit(BOTH, "ILLEGAL_IPV6_CIDR", |call| {
        any(call, |rule| {
            let text = rule.peek("Ipv6SourceCidrIp");
            text.contains(':') && cidr6(text).is_none()
        })
    }),
    Unfit(BOTH, "InvalidParam.Ipv4ProtocolConflictWithIpv6Address", |call| {
        any(call, |rule| {
            rule.peek("IpProtocol").eq_ignore_ascii_case("icmp")
                && (asks_in(rule, "Ipv6SourceCidrIp") || asks_in(rule, "Ipv6DestCidrIp"))
        })
    }),
    Unfit(BOTH, "InvalidParam.Ipv6ProtocolConflictWithIpv4Address", |call| {
        any(call, |rule| {
            rule.peek("IpProtocol").eq_ignore_ascii_case("icmpv6")
                && (asks_in(rule, "SourceCidrIp") || asks_in(rule, "DestCidrIp"))
        })
    }),
    // Enterprise groups neither take groups in their rules nor stand in those of others.
    Unfit(BOTH, "InvalidGroupAuthParameter.OperationDenied", |call| {
        kind(call, call.params.peek("SecurityGroupId")) == "enterprise"
            && any(call, |rule| asks_in(rule, "SourceGroupId"))
    }),
    Unfit(BOTH, "InvalidGroupParameter.OperationDenied", |call| {
        any(call, |rule| {
            kind(call, rule.peek("SourceGroupId")) == "enterprise"
        })
    }),
    Unfit(
        &["AuthorizeSecurityGroup"],
        "InvalidNetworkType.Conflict",
        |call| {
            let own = vpc(call, call.params.peek("SecurityGroupId"));
            any(call, |rule| {
                let peer = vpc(call, rule.peek("SourceGroupId"));
                matches!((&own, &peer), (Some(own), Some(peer)) if own.is_empty() != peer.is_empty())
            })
        },
    ),
    Unfit(BOTH, "NotSupported.ClassicNetworkPrefixList", |call| {
        vpc(call, call.params.peek("SecurityGroupId")).is_some_and(|vpc| vpc.is_empty())
            && any(call, |rule| asks_in(rule, "SourcePrefixListId"))
    }),
    Unfit(
        &["RevokeSecurityGroup"],
        "InvalidParam.SecurityGroupRuleIdRepeated",
        |call| {
            let ids: Vec<&str> = call
                .params
                .iter()
                .filter(|(name, _)| name.starts_with("SecurityGroupRuleId."))
                .map(|(_, value)| value)
                .collect();
            ids.iter()
                .enumerate()
                .any(|(place, id)| ids[..place].contains(id))
        },
    ),
    Unfit(&["CreateSecurityGroup"], "InvalidParams.VpcIdGroupType", |call| {
        call.params.peek("SecurityGroupType") == "enterprise" && !asks(call, "VpcId")
    }),
    Unfit(MEMBERS, "InvalidParam.Malformed", |call| {
        let card = call.params.peek("NetworkInterfaceId");
        !card.is_empty() && !card.starts_with("eni-")
    }),
    // All groups of a server are of one kind.
    Unfit(
        &["JoinSecurityGroup"],
        "InvalidOperation.MultiGroupType",
        |call| {
            let wanted = kind(call, call.params.peek("SecurityGroupId"));
            let own = server(call).map(|row| &row.security_groups);
            !wanted.is_empty() && own.into_iter().flatten().any(|id| kind(call, id) != wanted)
        },
    ),
    Unfit(
        &["JoinSecurityGroup"],
        "InvalidOperation.NotSupportEnterpriseGroup",
        |call| {
            kind(call, call.params.peek("SecurityGroupId")) == "enterprise"
                && server(call).is_some_and(|row| old_type(call, row))
        },
    ),
    Unfit(
        &["LeaveSecurityGroup"],
        "InvalidOperation.AtLeastInOneGroup",
        |call| {
            let card: Option<&NetworkInterface> = call.world.get(call.params.peek("NetworkInterfaceId"));
            let group = call.params.peek("SecurityGroupId");
            card.is_some_and(|card| !card.is_primary() && card.security_groups.iter().all(|own| own == group))
        },
    ),
    Unfit(
        &[
            "ModifyInstanceAttribute",
            "ModifyInstanceVpcAttribute",
            "RunInstances",
        ],
        "EnterpriseGroupLimited.MutliGroupType",
        |call| {
            let kinds: BTreeSet<String> = call
                .params
                .iter()
                .filter(|(name, _)| name.starts_with("SecurityGroupId"))
                .map(|(_, id)| kind(call, id))
                .filter(|kind| !kind.is_empty())
                .collect();
            kinds.len() > 1
        },
    ),
    Unfit(&["RunInstances"], "EnterpriseGroupLimited.InstanceType", |call| {
        let kind_of = call
            .settings
            .catalogue
            .find_instance_type(call.params.peek("InstanceType"));
        kind(call, call.params.peek("SecurityGroupId")) == "enterprise"
            && kind_of.is_some_and(|kind| kind.family.old)
    }),
];

fn old_type(call: &Call<'_>, row: &Instance) -> bool {
    call.settings
        .catalogue
        .find_instance_type(&row.instance_type)
        .is_some_and(|kind| kind.family.old)
}

fn kind(call: &Call<'_>, id: &str) -> String {
    let group = call.world.get::<SecurityGroup>(id);
    group.map(|group| group.kind.clone()).unwrap_or_default()
}

fn vpc(call: &Call<'_>, id: &str) -> Option<String> {
    let group = call.world.get::<SecurityGroup>(id);
    group.map(|group| group.vpc_id.clone())
}

fn asks_in(rule: &Params, name: &str) -> bool {
    !rule.peek(name).is_empty()
}

fn wrong(rule: &Params, name: &str, fits: impl Fn(&str) -> bool) -> bool {
    let text = rule.peek(name);
    !text.is_empty() && !fits(text)
}

/// Whether one of the rules of a request is so, listed or single.
fn any(call: &Call<'_>, so: impl Fn(&Params) -> bool) -> bool {
    let rules = call.params.peek_groups("Permissions");
    if rules.is_empty() {
        so(call.params)
    } else {
        rules.iter().any(so)
    }
}

/// Whether one of the rules that a request lists is so.
fn listed(call: &Call<'_>, so: impl Fn(&Params) -> bool) -> bool {
    call.params.peek_groups("Permissions").iter().any(so)
}

/// `FROM/TO` with both from 1 to 65535, or `-1/-1`; nothing is no wrong one.
fn ports_fit(text: &str) -> bool {
    let Some((from, to)) = text.split_once('/') else {
        return text.is_empty();
    };
    match (from.parse::<i32>(), to.parse::<i32>()) {
        (Ok(-1), Ok(-1)) => true,
        (Ok(from), Ok(to)) => from >= 1 && to <= 65_535 && from <= to,
        _ => false,
    }
}
