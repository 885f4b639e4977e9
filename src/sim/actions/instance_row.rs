//! What is known of an instance, and what time does to it. Does not know requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::clock::{Now, add_months};
use super::super::head::{Head, Next, Status, regional_id, row};
use super::super::products::ECS;
use super::super::world::{Kind, World};
use super::system_event;

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

impl Network {
    /// The VPC; empty on the classic network.
    pub(super) fn vpc_id(&self) -> &str {
        match self {
            Self::Classic { .. } => "",
            Self::Vpc { vpc_id, .. } => vpc_id,
        }
    }
}

/// What was agreed on for a spot server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Spot {
    /// The most that is paid for an hour, in yuan; 0 without a limit.
    pub(super) price_limit: f64,
    /// For how many hours it is not taken back.
    pub(super) duration: i64,
    /// `Terminate` or `Stop`; empty for what is no spot server.
    pub(super) interruption: String,
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
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) zone: String,
    pub(super) host_name: String,
    pub(super) image_id: String,
    pub(super) instance_type: String,
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
    pub(super) started: Option<i64>,
    pub(super) auto_release: Option<i64>,
    pub(super) stopped_mode: String,
    pub(super) key_pair: String,
    pub(super) has_password: bool,
    #[serde(default)]
    pub(super) has_vnc_password: bool,
    pub(super) user_data: String,
    pub(super) ram_role: String,
    pub(super) credit: String,
    pub(super) spot_strategy: String,
    #[serde(default)]
    pub(super) spot: Spot,
    /// How many hops an answer of the metadata service may take; 0 when never told.
    #[serde(default)]
    pub(super) hop_limit: i64,
    pub(super) http_endpoint: String,
    pub(super) http_tokens: String,
    pub(super) maintenance_action: String,
    pub(super) maintenance_window: Option<(String, String)>,
    pub(super) maintenance_notify: bool,
    pub(super) jumbo_frame: bool,
    pub(super) serial_number: String,
    /// Life-cycle moments of the last change of each kind that must rest five minutes.
    pub(super) last_changes: BTreeMap<String, i64>,
    pub(super) lock_reason: String,
    /// The deployment set that it is in; empty without one.
    #[serde(default)]
    pub(super) deployment_set: String,
    /// Its group there, when the set has groups.
    #[serde(default)]
    pub(super) deployment_group: i64,
    /// What it was told and only shows again, by the names of the requests.
    #[serde(default)]
    pub(super) options: BTreeMap<String, String>,
}

/// The link by which servers that are paid by the hour are counted.
pub(super) const COUNTED: &str = "counted as";

/// What a server counts as: those that are paid in one way have a limit of their own in each region.
pub(super) fn counted_as(region: &str, is_spot: bool, instance_type: &str) -> String {
    format!("{region} {is_spot} {instance_type}")
}

row!(Instance, links: |row, link| {
    for group in &row.security_groups {
        link("security_group", group);
    }
    link("image", &row.image_id);
    if !row.deployment_set.is_empty() {
        link("deployment_set", &row.deployment_set);
    }
    if !row.key_pair.is_empty() {
        link("key_pair", &regional_id(&row.region, &row.key_pair));
    }
    if let Network::Vpc { vpc_id, vswitch_id, .. } = &row.network {
        link("vpc", vpc_id);
        link("vswitch", vswitch_id);
    }
    if let Some(address) = &row.public_ip {
        link("public ip", address);
    }
    if row.subscription.is_none() {
        let is_spot = row.spot_strategy != "NoSpot";
        link(COUNTED, &counted_as(&row.region, is_spot, &row.instance_type));
    }
}, deadline: Instance::next_deadline);

impl Kind for Instance {
    const NAME: &'static str = "instance";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ECS, "instance")];
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[
        ("vswitch", &["DependencyViolation"]),
        ("security_group", &["DependencyViolation"]),
        ("image", &["ImageUsingByInstance"]),
        ("key_pair", &["InvalidParameter.KeypairAlreadyAttachedInstance"]),
        ("deployment_set", &["DependencyViolation.NotEmpty"]),
    ];

    fn arrived(world: &mut World, id: &str, status: Status, now: Now) {
        if status == Status::Running {
            world.update::<Instance, _>(id, |row| {
                row.started = Some(now.real);
                row.public_ip_works = row.public_ip.is_some();
            });
        }
    }

    fn over(world: &mut World, id: &str, now: Now) {
        let Some(row) = world.get::<Instance>(id) else {
            return;
        };
        let was_locked = row.lock_reason == "financial";
        let has_expired = |row: &Instance| {
            let paid = row.subscription.as_ref();
            paid.is_some_and(|paid| paid.expires <= now.real)
                && row.auto_release.is_none_or(|at| at > now.real)
        };
        let has_expired = has_expired(row);
        world.update::<Instance, _>(id, |row| row.calendar(now));
        let is_locked = world
            .get::<Instance>(id)
            .is_some_and(|row| row.lock_reason == "financial");
        if has_expired && is_locked {
            let what = if was_locked {
                "InstanceExpiration.Delete"
            } else {
                "InstanceExpiration.Stop"
            };
            system_event::happen(world, id, what, now);
        }
    }

    fn faults(world: &World) -> Vec<String> {
        let mut faults = Vec::new();
        for row in world.all::<Instance>().iter() {
            if row.security_groups.is_empty() {
                faults.push(format!("{} is in no security group", row.id));
            }
            let gone = |id: &&String| world.head("security_group", id).is_none();
            for group in row.security_groups.iter().filter(gone) {
                faults.push(format!("{} is in {group}, which does not exist", row.id));
            }
        }
        faults
    }
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

    /// Lets something happen that the calendar holds.
    fn calendar(&mut self, now: Now) {
        if self.auto_release.is_some_and(|at| at <= now.real) {
            self.auto_release = None;
            self.release(now);
            return;
        }
        let Some(paid) = &mut self.subscription else {
            return;
        };
        if self.lock_reason == "financial" {
            self.release(now);
        } else if paid.auto_renew {
            paid.renew();
        } else {
            self.lock_reason = "financial".to_owned();
            if self.status != Status::Stopped {
                self.pass(Status::Stopping, STOPPING_MS, Status::Stopped, now);
            }
        }
    }

    /// Begins its release.
    pub(super) fn release(&mut self, now: Now) {
        let mut path = vec![(RELEASE_MS, Next::Gone)];
        if self.status != Status::Stopped {
            self.status = Status::Stopping;
            path.insert(0, (STOPPING_MS, Next::Status(Status::Stopped)));
        }
        self.set_out(path, now);
    }
}

/// Simulated delays, in milliseconds of life-cycle time.
pub(super) const STOPPING_MS: i64 = 8_000;
const RELEASE_MS: i64 = 3_000;

pub(super) const ABSENT: &str = "InvalidInstanceId.NotFound";
