//! What one rule of a security group may say, whether it stands in its group or apart from it.
//!
//! Does not know how rules are told apart.

use super::form;
use super::resource_type::Complaint;
use crate::diagnostic::codes::{self, Code};
use crate::value::{Attributes, Value};

/// The keys that name the other side, by direction.
const PEERS: [[&str; 4]; 2] = [
    [
        "source_cidr_ip",
        "ipv6_source_cidr_ip",
        "source_group_id",
        "source_prefix_list_id",
    ],
    [
        "dest_cidr_ip",
        "ipv6_dest_cidr_ip",
        "dest_group_id",
        "dest_prefix_list_id",
    ],
];

/// What is wrong or doubtful with a rule in its normal form.
pub(super) fn complaints(incoming: bool, rule: &Attributes) -> Vec<Complaint> {
    let mut found = Vec::from_iter(sides(incoming, rule));
    found.extend(ports(incoming, rule));
    found
}

fn complaint(code: Code, attribute: &'static str, message: String, help: &str) -> Complaint {
    Complaint {
        code,
        attribute,
        message,
        help: help.to_owned(),
    }
}

/// A rule names one side.
fn sides(incoming: bool, rule: &Attributes) -> Option<Complaint> {
    let peers = &PEERS[usize::from(!incoming)];
    let named: Vec<&'static str> = peers
        .iter()
        .copied()
        .filter(|peer| rule.contains_key(*peer))
        .collect();
    let first = peers[0];
    match named.as_slice() {
        [] => Some(complaint(
            codes::MISSING_KEY,
            "",
            format!("this rule names nobody: it needs {}", peers.join(", ")),
            &format!("{first} = \"10.0.0.0/8\""),
        )),
        [_] => None,
        [one, other, ..] => Some(complaint(
            codes::PAIR,
            other,
            format!("a rule names one side: {one} or {other}, not both"),
            "write two rules",
        )),
    }
}

/// What is wrong with the ports of a rule in its normal form, and whether they are open to everybody.
pub(super) fn ports(incoming: bool, rule: &Attributes) -> Vec<Complaint> {
    let mut found = Vec::new();
    let peers = &PEERS[usize::from(!incoming)];
    let text = |name: &str| rule.get(name).and_then(Value::as_str).unwrap_or_default();
    let (protocol, ports) = (text("ip_protocol"), text("port_range"));
    let has_ports = matches!(protocol, "TCP" | "UDP");
    if !has_ports && !protocol.is_empty() && !ports.is_empty() && ports != "-1/-1" {
        found.push(complaint(
            codes::FORM,
            "port_range",
            format!("{protocol} has no ports, so port_range can only be \"all\""),
            "port_range = \"all\"; for TCP and UDP both: two rules",
        ));
    }
    if let (true, "accept", Some(open)) = (incoming, text("policy"), open_ports(protocol, ports))
        && let Some(peer) = peers.iter().copied().find(|peer| is_everybody(text(peer)))
    {
        found.push(complaint(
            codes::OPEN_TO_WORLD,
            peer,
            format!("{open} is open to everybody on the internet"),
            &format!("name who needs it: {peer} = \"203.0.113.7/32\""),
        ));
    }
    found
}

/// What of these ports should not be open to everybody, in words.
fn open_ports(protocol: &str, ports: &str) -> Option<&'static str> {
    if !matches!(protocol, "TCP" | "ALL") {
        return None;
    }
    if matches!(ports, "-1/-1" | "1/65535") {
        return Some("every port");
    }
    let (first, last) = ports.split_once('/')?;
    let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
    let has = |port: u32| (first..=last).contains(&port);
    match (has(22), has(3389)) {
        (true, true) => Some("SSH (22) and remote desktop (3389)"),
        (true, false) => Some("SSH (port 22)"),
        (false, true) => Some("remote desktop (port 3389)"),
        (false, false) => None,
    }
}

fn is_everybody(peer: &str) -> bool {
    form::net(peer).is_ok_and(|net| net.prefix_len() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(incoming: bool, pairs: &[(&str, &str)], expected: &[&str]) {
        let mut rule: Attributes = [("ip_protocol", "TCP"), ("policy", "accept")]
            .iter()
            .chain(pairs)
            .map(|(name, text)| ((*name).to_owned(), Value::from(*text)))
            .collect();
        rule.retain(|_, value| value.as_str() != Some(""));
        let found: Vec<String> = complaints(incoming, &rule)
            .into_iter()
            .map(|one| format!("{} {}: {}", one.code, one.attribute, one.message))
            .collect();
        assert_eq!(found, expected, "{pairs:?}");
    }

    #[test]
    fn a_rule_names_one_side() {
        check(
            true,
            &[("port_range", "80/80"), ("source_cidr_ip", "10.0.0.0/8")],
            &[],
        );
        check(
            true,
            &[("port_range", "80/80")],
            &[
                "E0204 : this rule names nobody: it needs source_cidr_ip, ipv6_source_cidr_ip, source_group_id, source_prefix_list_id",
            ],
        );
        check(
            false,
            &[
                ("port_range", "80/80"),
                ("dest_cidr_ip", "10.0.0.0/8"),
                ("dest_group_id", "sg-1"),
            ],
            &["E0205 dest_group_id: a rule names one side: dest_cidr_ip or dest_group_id, not both"],
        );
    }

    #[test]
    fn ports_go_with_their_protocol() {
        let peer = ("source_cidr_ip", "10.0.0.0/8");
        for protocol in ["ICMP", "GRE", "ALL", "ICMPv6"] {
            check(
                true,
                &[("ip_protocol", protocol), ("port_range", "-1/-1"), peer],
                &[],
            );
            let message =
                format!("E0410 port_range: {protocol} has no ports, so port_range can only be \"all\"");
            check(
                true,
                &[("ip_protocol", protocol), ("port_range", "22/22"), peer],
                &[&message],
            );
        }
    }

    #[test]
    fn what_is_open_to_everybody_is_told() {
        for (pairs, expected) in [
            (
                &[("port_range", "22/22"), ("source_cidr_ip", "0.0.0.0/0")][..],
                Some("source_cidr_ip: SSH (port 22)"),
            ),
            (
                &[("port_range", "20/30"), ("ipv6_source_cidr_ip", "::/0")],
                Some("ipv6_source_cidr_ip: SSH (port 22)"),
            ),
            (
                &[("port_range", "3000/4000"), ("source_cidr_ip", "0.0.0.0/0")],
                Some("source_cidr_ip: remote desktop (port 3389)"),
            ),
            (
                &[("port_range", "1/65535"), ("source_cidr_ip", "0.0.0.0/0")],
                Some("source_cidr_ip: every port"),
            ),
            (
                &[
                    ("ip_protocol", "ALL"),
                    ("port_range", "-1/-1"),
                    ("source_cidr_ip", "0.0.0.0/0"),
                ],
                Some("source_cidr_ip: every port"),
            ),
            (
                &[
                    ("port_range", "22/22"),
                    ("source_cidr_ip", "0.0.0.0/0"),
                    ("policy", "drop"),
                ],
                None,
            ),
            (&[("port_range", "22/22"), ("source_cidr_ip", "10.0.0.0/8")], None),
            (
                &[
                    ("ip_protocol", "UDP"),
                    ("port_range", "22/22"),
                    ("source_cidr_ip", "0.0.0.0/0"),
                ],
                None,
            ),
            (
                &[("port_range", "443/443"), ("source_cidr_ip", "0.0.0.0/0")],
                None,
            ),
        ] {
            let told =
                expected.map(|expected| format!("W031 {expected} is open to everybody on the internet"));
            let told: Vec<&str> = told.iter().map(String::as_str).collect();
            check(true, pairs, &told);
        }
        check(
            false,
            &[("port_range", "22/22"), ("dest_cidr_ip", "0.0.0.0/0")],
            &[],
        );
    }
}
