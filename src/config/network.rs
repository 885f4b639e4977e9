//! IPv4 networks: `10.0.0.0/16`.
//!
//! Does not know what they are the networks of.

use std::fmt;
use std::net::Ipv4Addr;

/// A network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    address: u32,
    length: u32,
}

/// Why a text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotANetwork {
    /// An address alone.
    NoLength(Ipv4Addr),
    /// It has bits behind its length; the network that it lies in is this.
    HostBits(Network),
    /// An IPv6 network.
    Ipv6,
    Form,
}

impl Network {
    /// Reads `a.b.c.d/n`.
    pub(super) fn parse(text: &str) -> Result<Network, NotANetwork> {
        let Some((address, length)) = text.split_once('/') else {
            return Err(match text.parse::<Ipv4Addr>() {
                Ok(address) => NotANetwork::NoLength(address),
                Err(_) if text.parse::<std::net::Ipv6Addr>().is_ok() => NotANetwork::Ipv6,
                Err(_) => NotANetwork::Form,
            });
        };
        if address.parse::<std::net::Ipv6Addr>().is_ok() {
            return Err(NotANetwork::Ipv6);
        }
        let address: Ipv4Addr = address.parse().map_err(|_| NotANetwork::Form)?;
        let is_number = length.len() <= 2 && length.bytes().all(|byte| byte.is_ascii_digit());
        let length: u32 = match length.parse() {
            Ok(length) if is_number && length <= 32 => length,
            _ => return Err(NotANetwork::Form),
        };
        let network = Network {
            address: u32::from(address) & mask(length),
            length,
        };
        if network.address == u32::from(address) {
            Ok(network)
        } else {
            Err(NotANetwork::HostBits(network))
        }
    }

    /// Whether the other one lies wholly in this one.
    pub(super) fn contains(self, other: Network) -> bool {
        self.length <= other.length && other.address & mask(self.length) == self.address
    }

    /// Whether an address lies in it.
    pub(super) fn holds(self, address: Ipv4Addr) -> bool {
        u32::from(address) & mask(self.length) == self.address
    }

    /// Whether an address in it is its first, or one of so many at its end.
    pub(super) fn is_edge(self, address: Ipv4Addr, at_end: u32) -> bool {
        let last = self.address | !mask(self.length);
        let address = u32::from(address);
        address == self.address || last - address < at_end
    }

    /// Whether they have an address in common.
    pub(super) fn overlaps(self, other: Network) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// First address and length: networks in this order have every network directly behind one that contains it.
    pub(super) fn order(self) -> (u32, u32) {
        (self.address, self.length)
    }
}

fn mask(length: u32) -> u32 {
    u32::MAX.checked_shl(32 - length).unwrap_or(0)
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.address), self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_and_compared() {
        let network = |text| Network::parse(text).unwrap();
        assert!(network("10.0.0.0/8").contains(network("10.1.0.0/16")));
        assert!(!network("10.1.0.0/16").contains(network("10.0.0.0/8")));
        assert!(network("10.1.0.0/16").overlaps(network("10.0.0.0/8")));
        assert!(!network("10.1.0.0/16").overlaps(network("10.2.0.0/16")));
        assert!(network("0.0.0.0/0").contains(network("203.0.113.7/32")));
    }

    #[test]
    fn what_is_no_network_says_why() {
        let meant = Network::parse("10.0.1.0/24").unwrap();
        assert_eq!(Network::parse("10.0.1.5/24"), Err(NotANetwork::HostBits(meant)));
        assert_eq!(
            Network::parse("10.0.1.5"),
            Err(NotANetwork::NoLength(Ipv4Addr::new(10, 0, 1, 5)))
        );
        assert_eq!(Network::parse("2001:db8::/32"), Err(NotANetwork::Ipv6));
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
            assert_eq!(Network::parse(text), Err(NotANetwork::Form), "{text}");
        }
    }
}
