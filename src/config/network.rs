//! IPv4 networks: `10.0.0.0/16`.
//!
//! Does not know what they are the networks of.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv4Net;

/// Why a text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotANetwork {
    /// An address alone.
    NoLength(Ipv4Addr),
    /// It has bits behind its length; the network that it lies in is this.
    HostBits(Ipv4Net),
    /// An IPv6 network.
    Ipv6,
    Form,
}

/// Reads `a.b.c.d/n`.
pub(super) fn parse(text: &str) -> Result<Ipv4Net, NotANetwork> {
    let Some((address, length)) = text.split_once('/') else {
        return Err(match text.parse::<Ipv4Addr>() {
            Ok(address) => NotANetwork::NoLength(address),
            Err(_) if text.parse::<Ipv6Addr>().is_ok() => NotANetwork::Ipv6,
            Err(_) => NotANetwork::Form,
        });
    };
    if address.parse::<Ipv6Addr>().is_ok() {
        return Err(NotANetwork::Ipv6);
    }
    let is_number = length.len() <= 2 && length.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<Ipv4Net>() {
        Ok(network) if is_number && network == network.trunc() => Ok(network),
        Ok(network) if is_number => Err(NotANetwork::HostBits(network.trunc())),
        _ => Err(NotANetwork::Form),
    }
}

/// Whether an address of a network is its first, or one of so many at its end.
pub(super) fn is_edge(network: Ipv4Net, address: Ipv4Addr, at_end: u32) -> bool {
    address == network.network() || u32::from(network.broadcast()) - u32::from(address) < at_end
}

/// Whether they have an address in common.
pub(super) fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_and_compared() {
        let network = |text| parse(text).unwrap();
        assert!(network("10.0.0.0/8").contains(&network("10.1.0.0/16")));
        assert!(!network("10.1.0.0/16").contains(&network("10.0.0.0/8")));
        assert!(overlap(network("10.1.0.0/16"), network("10.0.0.0/8")));
        assert!(!overlap(network("10.1.0.0/16"), network("10.2.0.0/16")));
        assert!(network("0.0.0.0/0").contains(&network("203.0.113.7/32")));
    }

    #[test]
    fn what_is_no_network_says_why() {
        let meant = parse("10.0.1.0/24").unwrap();
        assert_eq!(parse("10.0.1.5/24"), Err(NotANetwork::HostBits(meant)));
        assert_eq!(
            parse("10.0.1.5"),
            Err(NotANetwork::NoLength(Ipv4Addr::new(10, 0, 1, 5)))
        );
        assert_eq!(parse("2001:db8::/32"), Err(NotANetwork::Ipv6));
        for text in [
            "",
            "/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0/8",
            "10.0.0.0/008",
            "a/8",
        ] {
            assert_eq!(parse(text), Err(NotANetwork::Form), "{text}");
        }
    }
}
