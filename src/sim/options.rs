//! What a simulator is started with, and the small languages of its flags. Does not know how any of it is used.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clock::{Speed, UnixMillis};
use super::faults::FaultSpec;
use super::trouble::Trouble;

/// One access key. Keys belong to accounts, and accounts are separate clouds.
#[derive(Clone)]
pub struct KeyPair {
    /// The access key id, `LTAI...` at the vendor.
    pub id: String,
    /// The access key secret.
    pub secret: String,
    /// The token that must come with every request of a temporary (STS) key.
    pub security_token: Option<String>,
    /// An inactive key is refused.
    pub active: bool,
    /// When the security token ends, in milliseconds since 1970; never when `None`.
    pub expires: Option<UnixMillis>,
}

impl KeyPair {
    /// An active key without a token.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
            security_token: None,
            active: true,
            expires: None,
        }
    }
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "KeyPair({})", self.id)
    }
}

/// How often an API may be called in a window, `API=N/60s`; `*` stands for each API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// The action's name, or `*`.
    pub action: String,
    /// Calls allowed in a window.
    pub calls: u32,
    /// Length of the window in seconds of real time.
    pub window_s: u32,
}

impl std::fmt::Display for Quota {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}={}/{}s", self.action, self.calls, self.window_s)
    }
}

/// The text given for a quota is not of the form `API=N/60s`.
#[derive(Debug, thiserror::Error)]
#[error("a quota is written API=N/60s, for example RunInstances=100/60s, not `{given}`")]
pub struct QuotaError {
    given: String,
}

impl FromStr for Quota {
    type Err = QuotaError;

    fn from_str(text: &str) -> Result<Self, QuotaError> {
        let parse = || {
            let (action, rate) = text.split_once('=')?;
            let (calls, window) = rate.split_once('/')?;
            let window_s: u32 = window.strip_suffix('s')?.parse().ok()?;
            let named = action == "*" || action.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if action.is_empty() || !named || window_s == 0 {
                return None;
            }
            Some(Self {
                action: action.to_owned(),
                calls: calls.parse().ok()?,
                window_s,
            })
        };
        parse().ok_or_else(|| QuotaError {
            given: text.to_owned(),
        })
    }
}

/// A type that is sold out: everywhere, in a zone, or all types of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldOut {
    /// The instance type, or `*`.
    pub instance_type: String,
    /// The zone, or `*`.
    pub zone: String,
}

impl SoldOut {
    pub(super) fn covers(&self, instance_type: &str, zone: &str) -> bool {
        (self.instance_type == "*" || self.instance_type == instance_type)
            && (self.zone == "*" || self.zone == zone)
    }
}

impl std::fmt::Display for SoldOut {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}@{}", self.instance_type, self.zone)
    }
}

/// The text given for a sold-out type is not of the form `TYPE@ZONE`.
#[derive(Debug, thiserror::Error)]
#[error("what is sold out is written TYPE@ZONE, either of them may be *, not `{given}`")]
pub struct SoldOutError {
    given: String,
}

impl FromStr for SoldOut {
    type Err = SoldOutError;

    fn from_str(text: &str) -> Result<Self, SoldOutError> {
        match text.split_once('@') {
            Some((kind, zone)) if !kind.is_empty() && !zone.is_empty() => Ok(Self {
                instance_type: kind.to_owned(),
                zone: zone.to_owned(),
            }),
            _ => Err(SoldOutError {
                given: text.to_owned(),
            }),
        }
    }
}

/// A ready-made set of behaviours, `--scenario NAME`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scenario {
    /// Everything works.
    #[default]
    Calm,
    /// A describe right after a create may miss it for a few seconds.
    Laggy,
    /// One request in ten is throttled, one in fifty fails, one in a hundred answers is lost.
    Rough,
    /// Every instance type is sold out in every zone.
    SoldOut,
}

/// There is no scenario of this name.
#[derive(Debug, thiserror::Error)]
#[error("there is no scenario `{given}`; there are calm, laggy, rough and sold-out")]
pub struct ScenarioError {
    given: String,
}

impl FromStr for Scenario {
    type Err = ScenarioError;

    fn from_str(text: &str) -> Result<Self, ScenarioError> {
        match text {
            "calm" => Ok(Self::Calm),
            "laggy" => Ok(Self::Laggy),
            "rough" => Ok(Self::Rough),
            "sold-out" => Ok(Self::SoldOut),
            _ => Err(ScenarioError {
                given: text.to_owned(),
            }),
        }
    }
}

/// How long a connection may keep the server waiting, and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; who waits longest is closed for a newcomer. Never more than the process may have files.
    pub connections: usize,
    /// From the first moment, or from the first byte of a later request, to the end of the request's head.
    pub head: Duration,
    /// From the end of the head to the end of the body.
    pub body: Duration,
    /// From an answer to the next request, and for each stretch in which no byte of an answer is taken.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(60),
        }
    }
}

/// The text given for a length of time cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("a time is written 50ms, 2s, 10m or 1h, at most a day, not `{given}`")]
pub struct DurationError {
    given: String,
}

/// Reads `50ms`, `2s`, `10m`, `1h`, or a bare number of milliseconds; at most a day.
///
/// # Errors
/// When the text is none of these.
pub fn duration(text: &str) -> Result<Duration, DurationError> {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("", 1)];
    let millis = units.iter().find_map(|(unit, factor)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(*factor)
    });
    millis
        .filter(|millis| *millis <= 86_400_000)
        .map(Duration::from_millis)
        .ok_or_else(|| DurationError {
            given: text.to_owned(),
        })
}

/// Everything that `infra sim serve` can be told.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Listening on anything but loopback is refused without this.
    pub allow_remote: bool,
    /// Where the cloud is kept; in memory when `None`.
    pub data: Option<PathBuf>,
    /// The keys that may sign. When empty, one pair is generated; see [`super::Server::key_pairs`].
    pub key_pairs: Vec<KeyPair>,
    /// The region assumed when a request names none.
    pub region: String,
    /// Speed of asynchronous life cycles.
    pub speed: Speed,
    /// Ids, addresses and faults follow from it. [`super::Server`] draws one when there is none; a [`super::Cloud`]
    /// of its own takes 0.
    pub seed: Option<u64>,
    /// How long every answer is held back.
    pub latency: Duration,
    /// Throttling; none by default.
    pub quotas: Vec<Quota>,
    /// What goes wrong on purpose.
    pub faults: Vec<FaultSpec>,
    /// A ready-made set of the above.
    pub scenario: Scenario,
    /// How long a create may stay invisible to lists, in real time.
    pub read_lag: Duration,
    /// What is sold out.
    pub sold_out: Vec<SoldOut>,
    /// What is wrong with the account and its things.
    pub troubles: Vec<Trouble>,
    /// Texts of catalogues that add to what is on offer, in this order.
    pub catalogues: Vec<String>,
    /// How long a client token is remembered, in real time. The vendor publishes no figure for ECS and VPC; the
    /// only published one, ten minutes, belongs to another product and is the default here.
    pub token_lifetime: Duration,
    /// Where to record what comes and what is answered; see [`super::replay()`].
    pub record: Option<PathBuf>,
    /// Where to write the certificate of the throw-away authority that vouches for TLS on the same port.
    pub ca_out: Option<PathBuf>,
    /// What connections may take.
    pub limits: Limits,
    /// What an account may have and pay.
    pub account: AccountLimits,
    /// Everything is in stock, and no account has limits: for a cloud that stands for one of which these are not known.
    pub boundless: bool,
}

/// What an account may have and pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountLimits {
    /// Cores of all pay-as-you-go servers of a region.
    pub vcpus: i64,
    /// Cores of all spot servers of a region.
    pub spot_vcpus: i64,
    /// What there is to pay with, in yuan.
    pub balance: i64,
    /// Servers of all regions that are paid by use.
    pub instances: i64,
    /// Disks of all regions that are paid by use.
    pub disks: i64,
    /// GiB of these disks.
    pub disk_gib: i64,
    /// Key pairs of all regions.
    pub key_pairs: i64,
    /// Security groups of all regions.
    pub security_groups: i64,
}

/// The text given for a limit of an account is none.
#[derive(Debug, thiserror::Error)]
#[error(
    "a limit is written NAME=N, where NAME is vcpus, spot_vcpus, balance, instances, disks, disk_gib, key_pairs or \
     security_groups, not `{given}`"
)]
pub struct AccountLimitError {
    given: String,
}

impl Default for AccountLimits {
    fn default() -> Self {
        Self {
            vcpus: 1_000_000,
            spot_vcpus: 100_000,
            balance: 1_000_000,
            instances: 1_000_000,
            disks: 1_000_000,
            disk_gib: 1_000_000_000,
            key_pairs: 1_000_000,
            security_groups: 1_000_000,
        }
    }
}

impl AccountLimits {
    /// Takes one limit, `vcpus=8`.
    ///
    /// # Errors
    /// When it is none, or no whole number.
    pub fn set(&mut self, text: &str) -> Result<(), AccountLimitError> {
        let wrong = || AccountLimitError {
            given: text.to_owned(),
        };
        let (name, number) = text.split_once('=').ok_or_else(wrong)?;
        let number = number
            .parse()
            .ok()
            .filter(|number| *number >= 0)
            .ok_or_else(wrong)?;
        match name {
            "vcpus" => self.vcpus = number,
            "spot_vcpus" => self.spot_vcpus = number,
            "balance" => self.balance = number,
            "instances" => self.instances = number,
            "disks" => self.disks = number,
            "disk_gib" => self.disk_gib = number,
            "key_pairs" => self.key_pairs = number,
            "security_groups" => self.security_groups = number,
            _ => return Err(wrong()),
        }
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            allow_remote: false,
            data: None,
            key_pairs: Vec::new(),
            region: "cn-hangzhou".to_owned(),
            speed: Speed::Times(1),
            seed: None,
            latency: Duration::ZERO,
            quotas: Vec::new(),
            faults: Vec::new(),
            scenario: Scenario::Calm,
            read_lag: Duration::ZERO,
            sold_out: Vec::new(),
            troubles: Vec::new(),
            catalogues: Vec::new(),
            token_lifetime: Duration::from_secs(600),
            record: None,
            ca_out: None,
            limits: Limits::default(),
            account: AccountLimits::default(),
            boundless: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_read_from_their_flag() {
        let quota: Quota = "RunInstances=100/60s".parse().unwrap();
        assert_eq!(
            (quota.action.as_str(), quota.calls, quota.window_s),
            ("RunInstances", 100, 60)
        );
        for wrong in [
            "RunInstances",
            "RunInstances=1",
            "RunInstances=x/60s",
            "=1/60s",
            "A=1/0s",
            "A=1/60",
        ] {
            assert!(wrong.parse::<Quota>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_read_from_their_flags() {
        for (text, millis) in [
            ("0", 0),
            ("50ms", 50),
            ("2s", 2000),
            ("10m", 600_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(duration(text).unwrap(), Duration::from_millis(millis), "{text}");
        }
        for wrong in [
            "",
            "s",
            "-1s",
            "1.5s",
            "2 s",
            "25h",
            "99999999999999999999s",
            "1d",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_not_in_the_debug_text() {
        let shown = format!("{:?}", KeyPair::new("LTAI", "hush"));
        assert_eq!(shown, "KeyPair(LTAI)");
    }
}
