//! Networks and addresses as numbers. Does not know who has them.

use serde::{Deserialize, Serialize};

/// An IPv4 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct Cidr {
    pub(super) base: u32,
    pub(super) bits: u32,
}

impl Cidr {
    /// Reads `a.b.c.d/n`; the address must be the first of its network.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let base = u32::from(address.parse::<std::net::Ipv4Addr>().ok()?);
        let plain = !bits.is_empty() && bits.len() <= 2 && bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits: u32 = bits.parse().ok()?;
        let cidr = Self { base, bits };
        (plain && bits <= 32 && base & !cidr.mask() == 0).then_some(cidr)
    }

    fn mask(self) -> u32 {
        u32::MAX.checked_shl(32 - self.bits).unwrap_or(0)
    }

    /// How many addresses it spans.
    pub(super) fn size(self) -> u64 {
        1 << (32 - self.bits)
    }

    pub(super) fn contains(self, address: u32) -> bool {
        address & self.mask() == self.base
    }

    pub(super) fn covers(self, other: Self) -> bool {
        self.bits <= other.bits && self.contains(other.base)
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// Its parts of so many bits, the lowest first.
    pub(super) fn parts(self, bits: u32) -> impl Iterator<Item = Self> {
        let count = if bits < self.bits {
            0
        } else {
            1_u64 << (bits - self.bits)
        };
        (0..count).map(move |number| Self {
            base: self.base | u32::try_from(number << (32 - bits)).unwrap_or(0),
            bits,
        })
    }

    /// All of its addresses.
    pub(super) fn span(self) -> std::ops::RangeInclusive<u32> {
        self.base..=self.base | !self.mask()
    }

    /// The addresses that may be given to something: not the first one and not the last three.
    pub(super) fn usable(self) -> std::ops::RangeInclusive<u32> {
        let last = u32::try_from(u64::from(self.base) + self.size() - 1).unwrap_or(u32::MAX);
        self.base + 1..=last.saturating_sub(3)
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", std::net::Ipv4Addr::from(self.base), self.bits)
    }
}

impl From<Cidr> for String {
    fn from(cidr: Cidr) -> Self {
        cidr.to_string()
    }
}

impl TryFrom<String> for Cidr {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or(text)
    }
}

/// An IPv6 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct Cidr6 {
    pub(super) base: u128,
    pub(super) bits: u32,
}

impl Cidr6 {
    /// Reads `a:b::/n`; the address must be the first of its network.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let base = u128::from(address.parse::<std::net::Ipv6Addr>().ok()?);
        let bits: u32 = bits.parse().ok().filter(|bits| *bits <= 128)?;
        let cidr = Self { base, bits };
        cidr.contains(base).then_some(cidr)
    }

    fn mask(self) -> u128 {
        u128::MAX.checked_shl(128 - self.bits).unwrap_or(0)
    }

    pub(super) fn contains(self, address: u128) -> bool {
        address & self.mask() == self.base
    }

    /// The n-th of the networks of 64 bits in this one.
    pub(super) fn part(self, number: u8) -> Self {
        Self {
            base: self.base | u128::from(number) << 64,
            bits: 64,
        }
    }
}

impl std::fmt::Display for Cidr6 {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", std::net::Ipv6Addr::from(self.base), self.bits)
    }
}

impl From<Cidr6> for String {
    fn from(cidr: Cidr6) -> Self {
        cidr.to_string()
    }
}

impl TryFrom<String> for Cidr6 {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or(text)
    }
}

/// An IPv4 address as text.
pub(super) fn ip_text(address: u32) -> String {
    std::net::Ipv4Addr::from(address).to_string()
}

/// An address that nobody else has: it follows from a place in the order of creation.
pub(super) fn public_ip(sequence: u64) -> String {
    ip_text(0x2F60_0000 + (sequence as u32 & 0x001F_FFFF))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_knows_its_bounds() {
        let cidr = Cidr::parse("10.0.1.0/24").unwrap();
        assert_eq!(
            (ip_text(*cidr.usable().start()), ip_text(*cidr.usable().end())),
            ("10.0.1.1".into(), "10.0.1.252".into())
        );
        assert!(Cidr::parse("10.0.0.0/16").unwrap().covers(cidr));
        assert!(!cidr.covers(Cidr::parse("10.0.0.0/16").unwrap()));
        assert!(!cidr.overlaps(Cidr::parse("10.0.2.0/24").unwrap()));
        for wrong in [
            "10.0.1.1/24",
            "10.0.1.0",
            "10.0.1.0/33",
            "10.0.1.0/+8",
            "x/8",
            "10.0.1.0/008",
        ] {
            assert_eq!(Cidr::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Cidr::parse("0.0.0.0/0").unwrap().size(), 1 << 32);
    }
}
