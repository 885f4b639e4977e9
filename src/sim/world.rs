//! Everything that exists in one account's cloud, as plain rows. Does not know requests, parameters or error codes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::clock::{Now, add_months};
use super::seed::{Numbers, mix};
use super::table::{Row, Table, Tag};

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
    fn renew(&mut self) {
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

/// The cloud of one account.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) account_id: String,
    seed: u64,
    /// How many things were ever made; the source of ids and of the order of creation.
    made: u64,
    pub(super) vpcs: Table<Vpc>,
    pub(super) vswitches: Table<VSwitch>,
    pub(super) security_groups: Table<SecurityGroup>,
    pub(super) instances: Table<Instance>,
    pub(super) disks: Table<Disk>,
    pub(super) eips: Table<Eip>,
    pub(super) key_pairs: Table<KeyPair>,
    pub(super) tokens: Table<Token>,
    /// Addresses in use, by vSwitch. Follows from the instances.
    used_ips: HashMap<String, BTreeSet<u32>>,
}

/// Does the same with every table of a world, under its name in the log.
macro_rules! each_table {
    ($world:expr, $name:ident, $table:ident => $body:expr) => {{
        let world = $world;
        {
            let ($name, $table) = ("vpc", &mut world.vpcs);
            $body;
        }
        {
            let ($name, $table) = ("vswitch", &mut world.vswitches);
            $body;
        }
        {
            let ($name, $table) = ("security_group", &mut world.security_groups);
            $body;
        }
        {
            let ($name, $table) = ("instance", &mut world.instances);
            $body;
        }
        {
            let ($name, $table) = ("disk", &mut world.disks);
            $body;
        }
        {
            let ($name, $table) = ("eip", &mut world.eips);
            $body;
        }
        {
            let ($name, $table) = ("key_pair", &mut world.key_pairs);
            $body;
        }
        {
            let ($name, $table) = ("token", &mut world.tokens);
            $body;
        }
    }};
}

impl World {
    pub(super) fn new(seed: u64, account_id: String) -> Self {
        let salt = account_id
            .bytes()
            .fold(seed, |salt, byte| mix(salt ^ u64::from(byte)));
        Self {
            account_id,
            seed: salt,
            ..Self::default()
        }
    }

    /// Remembers changes from now on, for the log on disk.
    pub(super) fn track(&mut self) {
        each_table!(self, _name, table => table.track());
    }

    /// The next place in the order of creation, with the numbers that its ids are made from.
    pub(super) fn make(&mut self) -> (u64, Numbers) {
        self.made += 1;
        (self.made, Numbers::new(mix(self.seed) ^ self.made))
    }

    /// How many things were ever made.
    pub(super) fn made(&self) -> u64 {
        self.made
    }

    /// Brings everything to its state at `now`: transitions happen in the order of their moments.
    pub(super) fn settle(&mut self, now: Now) {
        while self.settle_one(now) || self.settle_deadline(now) {}
    }

    /// Lets one thing happen that the calendar holds.
    fn settle_deadline(&mut self, now: Now) -> bool {
        let Some(id) = self.instances.next_deadline(now.real).map(str::to_owned) else {
            return false;
        };
        self.instances.update(&id, |row| {
            if row.auto_release.is_some_and(|at| at <= now.real) {
                row.auto_release = None;
                row.release(now);
                return;
            }
            let Some(paid) = &mut row.subscription else { return };
            if row.lock_reason == "financial" {
                row.release(now);
            } else if paid.auto_renew {
                paid.renew();
            } else {
                row.lock_reason = "financial".to_owned();
                if row.status != InstanceStatus::Stopped {
                    row.status = InstanceStatus::Stopping;
                    row.set_out(vec![(STOPPING_MS, Next::Status(InstanceStatus::Stopped))], now);
                }
            }
        });
        true
    }

    fn settle_one(&mut self, now: Now) -> bool {
        let due = [
            self.vpcs
                .next_due(now.life)
                .map(|(at, id)| (at, 0, id.to_owned())),
            self.vswitches
                .next_due(now.life)
                .map(|(at, id)| (at, 1, id.to_owned())),
            self.disks
                .next_due(now.life)
                .map(|(at, id)| (at, 2, id.to_owned())),
            self.instances
                .next_due(now.life)
                .map(|(at, id)| (at, 3, id.to_owned())),
            self.eips
                .next_due(now.life)
                .map(|(at, id)| (at, 4, id.to_owned())),
        ];
        let Some((_, kind, id)) = due.into_iter().flatten().min() else {
            return false;
        };
        match kind {
            0 => self.vpcs.update(&id, |vpc| {
                vpc.status = NetworkStatus::Available;
                vpc.due = None;
            }),
            1 => self.vswitches.update(&id, |vswitch| {
                vswitch.status = NetworkStatus::Available;
                vswitch.due = None;
            }),
            4 => {
                self.settle_eip(&id);
                None
            }
            2 => self.disks.update(&id, |disk| {
                disk.due = None;
                if disk.status == DiskStatus::Detaching {
                    disk.instance_id.clear();
                    disk.device.clear();
                    disk.detached = Some(now.real);
                }
                if let Some(status) = disk.next_status.take() {
                    disk.status = status;
                }
            }),
            _ => {
                self.settle_instance(&id, now);
                None
            }
        };
        true
    }

    fn settle_eip(&mut self, id: &str) {
        let gone = self.eips.update(id, |eip| {
            eip.due = None;
            match eip.status {
                EipStatus::Associating => eip.status = EipStatus::InUse,
                EipStatus::Unassociating => {
                    eip.status = EipStatus::Available;
                    eip.instance_id.clear();
                }
                EipStatus::Available | EipStatus::InUse => {}
                EipStatus::Releasing => return true,
            }
            false
        });
        if gone == Some(true) {
            self.eips.remove(id);
        }
    }

    fn settle_instance(&mut self, id: &str, now: Now) {
        let gone = self.instances.update(id, |instance| {
            let due = instance.due.take();
            let next = if instance.path.is_empty() {
                None
            } else {
                Some(instance.path.remove(0).1)
            };
            match next {
                Some(Next::Gone) => return true,
                Some(Next::Status(status)) => {
                    instance.status = status;
                    if status == InstanceStatus::Running {
                        instance.started = Some(now.real);
                        instance.public_ip_works = instance.public_ip.is_some();
                    }
                }
                None => {}
            }
            if let Some((millis, _)) = instance.path.first() {
                // At full speed the whole path is walked at once.
                instance.due = due.map(|due| {
                    if now.after(1) == now.life {
                        due
                    } else {
                        due + millis
                    }
                });
            }
            false
        });
        if gone == Some(true) {
            self.remove_instance(id, now);
        }
    }

    /// Releases an instance: its addresses come free; disks go with it or become free.
    fn remove_instance(&mut self, id: &str, now: Now) {
        let Some(instance) = self.instances.remove(id) else {
            return;
        };
        self.forget_address(&instance.network);
        let disks: Vec<(String, bool)> = self
            .disks
            .linked("instance", id)
            .map(|disk| (disk.id.clone(), disk.system || disk.delete_with_instance))
            .collect();
        let eips: Vec<String> = self
            .eips
            .linked("instance", id)
            .map(|eip| eip.id.clone())
            .collect();
        for eip_id in eips {
            self.eips.update(&eip_id, |eip| {
                eip.instance_id.clear();
                eip.status = EipStatus::Available;
                eip.due = None;
            });
        }
        for (disk_id, goes) in disks {
            if goes {
                self.disks.remove(&disk_id);
            } else {
                self.disks.update(&disk_id, |disk| {
                    disk.instance_id.clear();
                    disk.device.clear();
                    disk.status = DiskStatus::Available;
                    disk.next_status = None;
                    disk.due = None;
                    disk.expires = None;
                    disk.portable = true;
                    disk.detached = Some(now.real);
                });
            }
        }
    }

    pub(super) fn insert_instance(&mut self, sequence: u64, instance: Instance) {
        self.note_address(&instance.network);
        self.instances.insert(sequence, instance);
    }

    /// Puts an instance into another place of the network.
    pub(super) fn move_instance(&mut self, id: &str, network: Network) {
        let before = self
            .instances
            .update(id, |row| std::mem::replace(&mut row.network, network.clone()));
        if let Some(before) = before {
            self.forget_address(&before);
            self.note_address(&network);
        }
    }

    fn note_address(&mut self, network: &Network) {
        if let Network::Vpc {
            vswitch_id,
            private_ip,
            ..
        } = network
        {
            self.used_ips
                .entry(vswitch_id.clone())
                .or_default()
                .insert(*private_ip);
        }
    }

    fn forget_address(&mut self, network: &Network) {
        if let Network::Vpc {
            vswitch_id,
            private_ip,
            ..
        } = network
            && let Some(used) = self.used_ips.get_mut(vswitch_id)
        {
            used.remove(private_ip);
        }
    }

    pub(super) fn address_is_used(&self, vswitch_id: &str, address: u32) -> bool {
        self.used_ips
            .get(vswitch_id)
            .is_some_and(|used| used.contains(&address))
    }

    /// How many addresses of a vSwitch are free.
    pub(super) fn free_addresses(&self, vswitch: &VSwitch) -> usize {
        let used = self.used_ips.get(&vswitch.id).map_or(0, BTreeSet::len);
        vswitch.cidr_block.usable().count().saturating_sub(used)
    }

    /// The next free address of a vSwitch: after the highest one in use, then the lowest gap.
    pub(super) fn free_address(&self, vswitch: &VSwitch) -> Option<u32> {
        let usable = vswitch.cidr_block.usable();
        let Some(used) = self.used_ips.get(&vswitch.id) else {
            return Some(*usable.start());
        };
        let next = used.last().map_or(*usable.start(), |last| last + 1);
        if usable.contains(&next) {
            return Some(next);
        }
        usable.into_iter().find(|address| !used.contains(address))
    }

    /// Forgets client tokens that are older than `moment`. Rows are in the order of their creation.
    pub(super) fn forget_tokens_before(&mut self, moment: i64) {
        loop {
            let oldest = self.tokens.iter().next().filter(|token| token.created < moment);
            let Some(id) = oldest.map(|token| token.id.clone()) else {
                break;
            };
            self.tokens.remove(&id);
        }
    }

    /// Changes since the last call as one JSON map from table to change; `None` when nothing changed.
    pub(super) fn take_changes(&mut self) -> Option<String> {
        let mut parts = Vec::new();
        each_table!(&mut *self, name, table => {
            if let Some(change) = table.take_changes() {
                parts.push(format!("\"{name}\":{change}"));
            }
        });
        (!parts.is_empty()).then(|| format!("{{{}}}", parts.join(",")))
    }

    /// Everything, in the same form.
    pub(super) fn all(&mut self) -> String {
        let mut parts = Vec::new();
        each_table!(&mut *self, name, table => {
            if let Some(change) = table.all() {
                parts.push(format!("\"{name}\":{change}"));
            }
        });
        format!("{{{}}}", parts.join(","))
    }

    /// Takes in what `take_changes` or `all` wrote, and the number of things made until then.
    pub(super) fn replay(
        &mut self,
        mut changes: BTreeMap<String, serde_json::Value>,
        made: u64,
    ) -> Result<(), serde_json::Error> {
        each_table!(&mut *self, name, table => {
            if let Some(change) = changes.remove(name) {
                table.replay(change)?;
            }
        });
        self.made = made;
        Ok(())
    }

    /// Rebuilds what follows from the rows, after the last `replay`.
    pub(super) fn rebuild(&mut self) {
        self.used_ips.clear();
        let networks: Vec<Network> = self.instances.iter().map(|row| row.network.clone()).collect();
        for network in &networks {
            self.note_address(network);
        }
    }

    /// What contradicts itself in this world; empty when all is well.
    pub(super) fn check(&mut self) -> Vec<String> {
        let mut faults = Vec::new();
        each_table!(&mut *self, name, table => {
            if let Some(fault) = table.misindexed() {
                faults.push(format!("{name}: {fault}"));
            }
        });
        for vswitch in self.vswitches.iter() {
            let fits = self
                .vpcs
                .get(&vswitch.vpc_id)
                .is_some_and(|vpc| vpc.cidr_block.covers(vswitch.cidr_block));
            if !fits {
                faults.push(format!("{} lies in no VPC", vswitch.id));
            }
        }
        let mut addresses = BTreeSet::new();
        for instance in self.instances.iter() {
            if instance.security_groups.is_empty() {
                faults.push(format!("{} is in no security group", instance.id));
            }
            for group in &instance.security_groups {
                if self.security_groups.get(group).is_none() {
                    faults.push(format!("{} is in {group}, which does not exist", instance.id));
                }
            }
            if let Network::Vpc {
                vswitch_id,
                private_ip,
                ..
            } = &instance.network
            {
                let inside = self
                    .vswitches
                    .get(vswitch_id)
                    .is_some_and(|vswitch| vswitch.cidr_block.usable().contains(private_ip));
                if !inside || !addresses.insert((vswitch_id.clone(), *private_ip)) {
                    faults.push(format!("{} has an address that it must not have", instance.id));
                }
                if !self.address_is_used(vswitch_id, *private_ip) {
                    faults.push(format!("the address of {} is not noted as used", instance.id));
                }
            }
            let systems = self
                .disks
                .linked("instance", &instance.id)
                .filter(|disk| disk.system)
                .count();
            if systems != 1 {
                faults.push(format!("{} has {systems} system disks", instance.id));
            }
        }
        for eip in self.eips.iter() {
            if !eip.instance_id.is_empty() && self.instances.get(&eip.instance_id).is_none() {
                faults.push(format!("{} is bound to an instance that does not exist", eip.id));
            }
        }
        for disk in self.disks.iter() {
            if !disk.instance_id.is_empty() && self.instances.get(&disk.instance_id).is_none() {
                faults.push(format!("{} hangs on an instance that does not exist", disk.id));
            }
        }
        faults
    }

    /// Everything that exists, for looking: names of tables with their rows as JSON.
    pub(super) fn picture(&mut self) -> String {
        let mut parts = vec![format!("\"account_id\":\"{}\"", self.account_id)];
        each_table!(&mut *self, name, table => {
            if name != "token" {
                let rows: Vec<_> = table.iter().collect();
                if let Ok(rows) = serde_json::to_string(&rows) {
                    parts.push(format!("\"{name}\":{rows}"));
                }
            }
        });
        format!("{{{}}}", parts.join(","))
    }
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
