//! The rows of a world: what is known of each thing that exists. Does not know where they are kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::clock::{Now, add_months};
use super::table::{Row, Tag};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum NetworkStatus {
    Pending,
    Available,
}

impl NetworkStatus {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Available => "Available",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Vpc {
    pub(super) id: String,
    pub(super) region: String,
    pub(super) cidr_block: Cidr,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) status: NetworkStatus,
    pub(super) due: Option<i64>,
    pub(super) created: i64,
    pub(super) router_id: String,
    pub(super) route_table_id: String,
    pub(super) user_cidr: String,
    pub(super) dns_host_names: bool,
    pub(super) resource_group: String,
    pub(super) tags: Vec<Tag>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct VSwitch {
    pub(super) id: String,
    pub(super) region: String,
    pub(super) zone: String,
    pub(super) vpc_id: String,
    pub(super) cidr_block: Cidr,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) status: NetworkStatus,
    pub(super) due: Option<i64>,
    /// It is being deleted.
    pub(super) leaving: bool,
    pub(super) created: i64,
    pub(super) resource_group: String,
    pub(super) tags: Vec<Tag>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SecurityGroup {
    pub(super) id: String,
    pub(super) region: String,
    /// Empty on the classic network.
    pub(super) vpc_id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) kind: String,
    pub(super) inner_access: String,
    pub(super) created: i64,
    pub(super) resource_group: String,
    pub(super) rules: Vec<Rule>,
    pub(super) tags: Vec<Tag>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

/// What makes two rules the same rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RuleKey {
    pub(super) direction: Direction,
    pub(super) policy: String,
    pub(super) protocol: String,
    pub(super) ports: String,
    pub(super) source_ports: String,
    pub(super) nic_type: String,
    pub(super) source_cidr: String,
    pub(super) dest_cidr: String,
    pub(super) ipv6_source_cidr: String,
    pub(super) ipv6_dest_cidr: String,
    /// The group on the other side.
    pub(super) peer_group: String,
    pub(super) peer_account: String,
    pub(super) prefix_list: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) key: RuleKey,
    pub(super) priority: i64,
    pub(super) description: String,
    pub(super) created: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum InstanceStatus {
    Pending,
    Stopped,
    Starting,
    Running,
    Stopping,
}

impl InstanceStatus {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Stopped => "Stopped",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Stopping => "Stopping",
        }
    }
}

/// What comes next for an instance, and how long it lasts from when the one before is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Next {
    Status(InstanceStatus),
    Gone,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Network {
    Classic {
        inner_ip: u32,
    },
    Vpc {
        vpc_id: String,
        vswitch_id: String,
        private_ip: u32,
        eni_id: String,
        mac: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Subscription {
    pub(super) expires: i64,
    pub(super) auto_renew: bool,
    /// Renewal is switched off for good, also the reminder.
    pub(super) not_renewed: bool,
    pub(super) renew_period: i64,
    pub(super) renew_unit: String,
}

impl Subscription {
    /// Goes on for its own period.
    pub(super) fn renew(&mut self) {
        let period = self.renew_period.max(1);
        self.expires = match self.renew_unit.to_ascii_lowercase().as_str() {
            "week" => self.expires + period * 7 * 86_400_000,
            "year" => add_months(self.expires, period * 12),
            _ => add_months(self.expires, period),
        };
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) region: String,
    pub(super) zone: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) host_name: String,
    pub(super) image_id: String,
    pub(super) instance_type: String,
    pub(super) status: InstanceStatus,
    pub(super) due: Option<i64>,
    /// What follows the current status, each with the life-cycle milliseconds that it takes from the one before.
    pub(super) path: Vec<(i64, Next)>,
    pub(super) network: Network,
    pub(super) security_groups: Vec<String>,
    pub(super) bandwidth_in: i64,
    pub(super) bandwidth_out: i64,
    pub(super) internet_charge: String,
    pub(super) public_ip: Option<String>,
    /// An address given to a running machine carries traffic from its next start on.
    pub(super) public_ip_works: bool,
    /// `None` is pay-as-you-go.
    pub(super) subscription: Option<Subscription>,
    pub(super) deletion_protection: bool,
    pub(super) io_optimized: bool,
    pub(super) created: i64,
    pub(super) started: Option<i64>,
    pub(super) auto_release: Option<i64>,
    pub(super) stopped_mode: String,
    pub(super) key_pair: String,
    pub(super) has_password: bool,
    pub(super) user_data: String,
    pub(super) ram_role: String,
    pub(super) credit: String,
    pub(super) spot_strategy: String,
    pub(super) http_endpoint: String,
    pub(super) http_tokens: String,
    pub(super) maintenance_action: String,
    pub(super) maintenance_window: Option<(String, String)>,
    pub(super) maintenance_notify: bool,
    pub(super) jumbo_frame: bool,
    pub(super) serial_number: String,
    pub(super) resource_group: String,
    /// Life-cycle moments of the last change of each kind that must rest five minutes.
    pub(super) last_changes: BTreeMap<String, i64>,
    pub(super) lock_reason: String,
    pub(super) tags: Vec<Tag>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum DiskStatus {
    Creating,
    Available,
    Attaching,
    InUse,
    Detaching,
    ReIniting,
}

impl DiskStatus {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Creating => "Creating",
            Self::Available => "Available",
            Self::Attaching => "Attaching",
            Self::InUse => "In_use",
            Self::Detaching => "Detaching",
            Self::ReIniting => "ReIniting",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Disk {
    pub(super) id: String,
    pub(super) region: String,
    pub(super) zone: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) category: String,
    pub(super) performance_level: String,
    pub(super) size: i64,
    pub(super) system: bool,
    pub(super) status: DiskStatus,
    pub(super) next_status: Option<DiskStatus>,
    pub(super) due: Option<i64>,
    pub(super) instance_id: String,
    pub(super) device: String,
    pub(super) image_id: String,
    pub(super) snapshot_id: String,
    pub(super) encrypted: bool,
    pub(super) kms_key_id: String,
    pub(super) bursting: bool,
    pub(super) provisioned_iops: i64,
    pub(super) delete_with_instance: bool,
    pub(super) delete_auto_snapshot: bool,
    pub(super) enable_auto_snapshot: bool,
    pub(super) portable: bool,
    /// The end of a subscription; `None` is pay-as-you-go.
    pub(super) expires: Option<i64>,
    pub(super) created: i64,
    pub(super) attached: Option<i64>,
    pub(super) detached: Option<i64>,
    pub(super) resource_group: String,
    pub(super) tags: Vec<Tag>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum EipStatus {
    Available,
    Associating,
    InUse,
    Unassociating,
    Releasing,
}

impl EipStatus {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Available => "Available",
            Self::Associating => "Associating",
            Self::InUse => "InUse",
            Self::Unassociating => "Unassociating",
            Self::Releasing => "Releasing",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Eip {
    pub(super) id: String,
    pub(super) region: String,
    pub(super) address: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) status: EipStatus,
    pub(super) due: Option<i64>,
    /// Mbit/s.
    pub(super) bandwidth: i64,
    pub(super) internet_charge: String,
    pub(super) isp: String,
    /// The end of a subscription; `None` is pay-as-you-go.
    pub(super) expires: Option<i64>,
    pub(super) instance_id: String,
    pub(super) created: i64,
    pub(super) resource_group: String,
    pub(super) tags: Vec<Tag>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeyPair {
    /// Region and name: names are unique in a region only.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) region: String,
    pub(super) fingerprint: String,
    pub(super) public_key: String,
    pub(super) created: i64,
    pub(super) resource_group: String,
    pub(super) tags: Vec<Tag>,
}

impl KeyPair {
    pub(super) fn id_of(region: &str, name: &str) -> String {
        format!("{region}/{name}")
    }
}

/// The answer that a client token stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Token {
    /// Action and token.
    pub(super) id: String,
    /// A hash of everything that must be the same in a repeated request.
    pub(super) fingerprint: String,
    /// The answer's fields as JSON.
    pub(super) answer: String,
    pub(super) created: i64,
    /// Until this moment of real time the first request counts as still in flight.
    pub(super) in_flight_until: i64,
}

/// How long an expired subscription is kept before it is released.
const KEPT_MS: i64 = 15 * 86_400_000;

impl Instance {
    /// When something happens to it by the calendar.
    fn next_deadline(&self) -> Option<i64> {
        let end = self.subscription.as_ref().map(|paid| {
            if self.lock_reason == "financial" {
                paid.expires + KEPT_MS
            } else {
                paid.expires
            }
        });
        // Once it is on its way out nothing else comes.
        if self.is_leaving() {
            None
        } else {
            [end, self.auto_release].into_iter().flatten().min()
        }
    }

    /// Whether it is being released.
    pub(super) fn is_leaving(&self) -> bool {
        self.path.iter().any(|(_, next)| *next == Next::Gone)
    }

    /// Begins the way to another status, or out.
    pub(super) fn set_out(&mut self, path: Vec<(i64, Next)>, now: Now) {
        self.due = path.first().map(|(millis, _)| now.after(*millis));
        self.path = path;
    }

    /// Begins its release.
    pub(super) fn release(&mut self, now: Now) {
        let mut path = vec![(RELEASE_MS, Next::Gone)];
        if self.status != InstanceStatus::Stopped {
            self.status = InstanceStatus::Stopping;
            path.insert(0, (STOPPING_MS, Next::Status(InstanceStatus::Stopped)));
        }
        self.set_out(path, now);
    }
}

/// Simulated delays, in milliseconds of life-cycle time.
pub(super) const STOPPING_MS: i64 = 8_000;
const RELEASE_MS: i64 = 3_000;

macro_rules! row {
    ($type:ty, due: $due:expr, links: $links:expr) => {
        row!($type, due: $due, deadline: |_| None, links: $links);
    };
    ($type:ty, due: $due:expr, deadline: $deadline:expr, links: $links:expr) => {
        impl Row for $type {
            fn id(&self) -> &str {
                &self.id
            }
            fn region(&self) -> &str {
                &self.region
            }
            fn tags(&self) -> &[Tag] {
                &self.tags
            }
            fn created(&self) -> i64 {
                self.created
            }
            fn due(&self) -> Option<i64> {
                let due: fn(&Self) -> Option<i64> = $due;
                due(self)
            }
            fn deadline(&self) -> Option<i64> {
                let deadline: fn(&Self) -> Option<i64> = $deadline;
                deadline(self)
            }
            fn links(&self, link: &mut dyn FnMut(&str, &str)) {
                let links: fn(&Self, &mut dyn FnMut(&str, &str)) = $links;
                links(self, link);
            }
        }
    };
}

row!(Vpc, due: |row| row.due, links: |_, _| {});
row!(VSwitch, due: |row| row.due, links: |row, link| link("vpc", &row.vpc_id));
row!(SecurityGroup, due: |_| None, links: |row, link| {
    link("vpc", &row.vpc_id);
    for rule in &row.rules {
        if !rule.key.peer_group.is_empty() {
            link("peer", &rule.key.peer_group);
        }
    }
});
row!(Instance, due: |row| row.due, deadline: Instance::next_deadline, links: |row, link| {
    for group in &row.security_groups {
        link("group", group);
    }
    if !row.key_pair.is_empty() {
        link("key pair", &KeyPair::id_of(&row.region, &row.key_pair));
    }
    if let Network::Vpc { vpc_id, vswitch_id, eni_id, .. } = &row.network {
        link("vpc", vpc_id);
        link("vswitch", vswitch_id);
        link("eni", eni_id);
    }
    if let Some(address) = &row.public_ip {
        link("public ip", address);
    }
});
row!(Disk, due: |row| row.due, links: |row, link| {
    if !row.instance_id.is_empty() {
        link("instance", &row.instance_id);
    }
});
row!(Eip, due: |row| row.due, links: |row, link| {
    link("address", &row.address);
    if !row.instance_id.is_empty() {
        link("instance", &row.instance_id);
    }
});
row!(KeyPair, due: |_| None, links: |_, _| {});

impl Row for Token {
    fn id(&self) -> &str {
        &self.id
    }
    fn region(&self) -> &str {
        ""
    }
    fn tags(&self) -> &[Tag] {
        &[]
    }
    fn created(&self) -> i64 {
        self.created
    }
    fn due(&self) -> Option<i64> {
        None
    }
    fn links(&self, _link: &mut dyn FnMut(&str, &str)) {}
}

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

/// An IPv4 address as text.
pub(super) fn ip_text(address: u32) -> String {
    std::net::Ipv4Addr::from(address).to_string()
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
