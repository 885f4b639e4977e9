//! Faults on purpose: which request meets which, seeded and repeatable. Does not know how a fault is carried out.

use std::fmt;
use std::str::FromStr;

use super::clock::UnixMillis;
use super::head::Status;
use super::options::duration;
use super::seed::mix;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultKind {
    /// The request is refused with this code and status.
    Refuse {
        /// The error code of the answer.
        code: String,
        /// The HTTP status of the answer; that of the vendor's tables when `None`.
        status: Option<u16>,
    },
    /// The connection closes and nothing has happened.
    DropRequest,
    /// It happens, and the connection closes without an answer.
    DropAnswer,
    /// The answer comes this many milliseconds later.
    Delay(u64),
    /// The request is delivered twice; the second answer is sent.
    Duplicate,
    /// What the request begins comes later, or otherwise, or not at all.
    Later(Later),
}

/// What goes wrong after the answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Later {
    /// What has begun never ends: Starting stays Starting.
    Hang,
    /// Each step takes this many times as long.
    Slow(u32),
    /// The first step takes this many milliseconds of life-cycle time more.
    Wait(u64),
    /// What has begun ends in this status, not in its own.
    End(String),
    /// What has begun fails when this much of its time, in percent, is over.
    Fail(u8),
    /// What has begun is taken away again this many milliseconds of life-cycle time after it began: spot reclaim.
    Reclaim(u64),
    /// Reads see everything as it was before the request for this many milliseconds of real time.
    Lag(u64),
}

/// Which requests meet a fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FaultWhen {
    /// Each one.
    Always,
    /// The n-th one that matches, counted from 1.
    Call(u64),
    /// Each one with this probability, from 0 to 1.
    Chance(f64),
}

/// One fault, written `ACTION[NAME=VALUE,...]:KIND[@N|%P][;FROM..TO]`.
///
/// `ACTION` may be `*`. Behind it, in brackets, may stand parameters that the request must have; a `*` at the end of a
/// value stands for anything, and the name `*` for any parameter, so that `*[*=i-123]` is whatever is done to one
/// resource. `KIND` is `refuse=CODE[/STATUS]`, `throttle`, `5xx`, `drop-request`, `drop-answer`, `delay=TIME`,
/// `duplicate`, or what comes later: `hang`, `slow=FACTORx`, `slow=TIME`, `end=STATUS`, `reclaim=TIME`, `lag=TIME`.
/// `@3` is the third matching call, `%25` one in four. `;5m..10m` is from the fifth to the tenth minute after the first
/// request; either end may be left out.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultSpec {
    /// The action's name, or `*`.
    pub action: String,
    /// Parameters that the request must have, as name and value.
    pub params: Vec<(String, String)>,
    /// What goes wrong.
    pub kind: FaultKind,
    /// For which of the matching requests.
    pub when: FaultWhen,
    /// From and to which millisecond of real time after the first request.
    pub window: (u64, u64),
}

/// The text given for a fault cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "a fault is written ACTION[NAME=VALUE,...]:KIND[@N|%P][;FROM..TO] with KIND one of refuse=CODE[/STATUS], throttle, \
     5xx, drop-request, drop-answer, delay=TIME, duplicate, hang, slow=FACTORx, slow=TIME, end=STATUS, reclaim=TIME or \
     lag=TIME, not `{given}`"
)]
pub struct FaultError {
    given: String,
}

impl FromStr for FaultSpec {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        parse(text).ok_or_else(|| FaultError {
            given: text.to_owned(),
        })
    }
}

impl fmt::Display for FaultSpec {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.action)?;
        if !self.params.is_empty() {
            let params: Vec<String> = self
                .params
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            write!(out, "[{}]", params.join(","))?;
        }
        out.write_str(":")?;
        match &self.kind {
            FaultKind::Refuse { code, status: None } => write!(out, "refuse={code}")?,
            FaultKind::Refuse {
                code,
                status: Some(status),
            } => write!(out, "refuse={code}/{status}")?,
            FaultKind::DropRequest => out.write_str("drop-request")?,
            FaultKind::DropAnswer => out.write_str("drop-answer")?,
            FaultKind::Delay(millis) => write!(out, "delay={millis}ms")?,
            FaultKind::Duplicate => out.write_str("duplicate")?,
            FaultKind::Later(Later::Hang) => out.write_str("hang")?,
            FaultKind::Later(Later::Slow(factor)) => write!(out, "slow={factor}x")?,
            FaultKind::Later(Later::Wait(millis)) => write!(out, "slow={millis}ms")?,
            FaultKind::Later(Later::End(status)) => write!(out, "end={status}")?,
            FaultKind::Later(Later::Fail(percent)) => write!(out, "fail={percent}")?,
            FaultKind::Later(Later::Reclaim(millis)) => write!(out, "reclaim={millis}ms")?,
            FaultKind::Later(Later::Lag(millis)) => write!(out, "lag={millis}ms")?,
        }
        match self.when {
            FaultWhen::Always => {}
            FaultWhen::Call(call) => write!(out, "@{call}")?,
            FaultWhen::Chance(chance) => write!(out, "%{}", chance * 100.0)?,
        }
        match self.window {
            (0, u64::MAX) => Ok(()),
            (from, u64::MAX) => write!(out, ";{from}ms.."),
            (from, to) => write!(out, ";{from}ms..{to}ms"),
        }
    }
}

fn parse(text: &str) -> Option<FaultSpec> {
    let (text, window) = match text.rsplit_once(';') {
        Some((text, window)) => (text, parse_window(window)?),
        None => (text, (0, u64::MAX)),
    };
    let ((action, params), rest) = parse_target(text)?;
    let (kind, when) = if let Some((kind, call)) = rest.split_once('@') {
        (kind, FaultWhen::Call(call.parse().ok().filter(|call| *call > 0)?))
    } else if let Some((kind, percent)) = rest.split_once('%') {
        let percent: f64 = percent.parse().ok()?;
        (0.0..=100.0).contains(&percent).then_some(())?;
        (kind, FaultWhen::Chance(percent / 100.0))
    } else {
        (rest, FaultWhen::Always)
    };
    Some(FaultSpec {
        action,
        params,
        kind: parse_kind(kind)?,
        when,
        window,
    })
}

/// `FROM..TO`; either may be left out.
fn parse_window(text: &str) -> Option<(u64, u64)> {
    let (from, to) = text.split_once("..")?;
    let from = if from.is_empty() { 0 } else { millis(from)? };
    let to = if to.is_empty() { u64::MAX } else { millis(to)? };
    (from < to).then_some((from, to))
}

/// An action, and the parameters that a call of it must have.
type Target = (String, Vec<(String, String)>);

/// What stands before the colon, and what stands behind it.
fn parse_target(text: &str) -> Option<(Target, &str)> {
    let (action, params, rest) = match text.split_once('[') {
        // A bracket behind the colon would be part of a code.
        Some((action, rest)) if !action.contains(':') => {
            let (params, rest) = rest.split_once("]:")?;
            (action, params, rest)
        }
        _ => {
            let (action, rest) = text.split_once(':')?;
            (action, "", rest)
        }
    };
    let params = params
        .split(',')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=')?;
            (!name.is_empty()).then(|| (name.to_owned(), value.to_owned()))
        })
        .collect::<Option<Vec<_>>>()?;
    let named =
        action == "*" || (!action.is_empty() && action.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    named.then(|| ((action.to_owned(), params), rest))
}

fn parse_kind(text: &str) -> Option<FaultKind> {
    let (kind, detail) = text
        .split_once('=')
        .map_or((text, None), |(kind, detail)| (kind, Some(detail)));
    let refuse = |code: &str, status| FaultKind::Refuse {
        code: code.to_owned(),
        status,
    };
    Some(match (kind, detail) {
        ("refuse", Some(detail)) => {
            let (code, status) = match detail.split_once('/') {
                None => (detail, None),
                Some((code, status)) => (
                    code,
                    Some(
                        status
                            .parse()
                            .ok()
                            .filter(|status| (400..=599).contains(status))?,
                    ),
                ),
            };
            (!code.is_empty()).then(|| refuse(code, status))?
        }
        ("throttle", None) => refuse("Throttling", None),
        ("5xx", None) => refuse("ServiceUnavailable", Some(503)),
        ("drop-request", None) => FaultKind::DropRequest,
        ("drop-answer", None) => FaultKind::DropAnswer,
        ("duplicate", None) => FaultKind::Duplicate,
        ("delay", Some(detail)) => FaultKind::Delay(millis(detail)?),
        ("hang", None) => FaultKind::Later(Later::Hang),
        ("slow", Some(detail)) => FaultKind::Later(match detail.strip_suffix('x') {
            Some(factor) => Later::Slow(
                factor
                    .parse()
                    .ok()
                    .filter(|factor| (1..=1_000_000).contains(factor))?,
            ),
            None => Later::Wait(millis(detail)?),
        }),
        ("end", Some(status)) => {
            Status::of_text(status)?;
            FaultKind::Later(Later::End(status.to_owned()))
        }
        ("fail", Some(detail)) => {
            let percent = detail
                .parse()
                .ok()
                .filter(|percent| (0..=100).contains(percent))?;
            FaultKind::Later(Later::Fail(percent))
        }
        ("reclaim", Some(detail)) => FaultKind::Later(Later::Reclaim(millis(detail)?)),
        ("lag", Some(detail)) => FaultKind::Later(Later::Lag(millis(detail)?)),
        _ => return None,
    })
}

fn millis(text: &str) -> Option<u64> {
    let time = duration(text).ok()?;
    u64::try_from(time.as_millis()).ok()
}

impl FaultSpec {
    fn is_about(&self, action: &str, params: &[(String, String)]) -> bool {
        let has = |name: &str, value: &str| {
            let fits = |given: &str| match value.strip_suffix('*') {
                Some(begin) => given.starts_with(begin),
                None => given == value || (name == "*" && holds(given, value)),
            };
            params
                .iter()
                .any(|(own, given)| (name == "*" || own == name) && fits(given))
        };
        (self.action == "*" || self.action == action)
            && self.params.iter().all(|(name, value)| has(name, value))
    }
}

/// Whether a list in one text, as JSON or with commas, holds an item.
fn holds(list: &str, item: &str) -> bool {
    let plain = |part: &str| part.trim_matches(['[', ']', '"', '\'', ' ']).to_owned();
    list.split(',').any(|part| plain(part) == item)
}

/// The faults in force, each with how many matching requests it has seen.
#[derive(Debug, Default)]
pub(super) struct Faults {
    seed: u64,
    /// When the first request came.
    begin: Option<UnixMillis>,
    specs: Vec<(FaultSpec, u64)>,
}

impl Faults {
    pub(super) fn new(seed: u64, specs: Vec<FaultSpec>) -> Self {
        Self {
            seed,
            begin: None,
            specs: specs.into_iter().map(|spec| (spec, 0)).collect(),
        }
    }

    pub(super) fn add(&mut self, spec: FaultSpec) {
        self.specs.push((spec, 0));
    }

    /// All of them, as they are written.
    pub(super) fn shown(&self) -> Vec<String> {
        self.specs.iter().map(|(spec, _)| spec.to_string()).collect()
    }

    pub(super) fn clear(&mut self) {
        self.specs.clear();
    }

    /// What this call of `action` with these parameters meets.
    pub(super) fn meet(
        &mut self,
        action: &str,
        params: &[(String, String)],
        now: UnixMillis,
    ) -> Vec<FaultKind> {
        let since = u64::try_from(now - *self.begin.get_or_insert(now)).unwrap_or(0);
        let mut met = Vec::new();
        for (place, (spec, seen)) in self.specs.iter_mut().enumerate() {
            let in_time = (spec.window.0..spec.window.1).contains(&since);
            if !in_time || !spec.is_about(action, params) {
                continue;
            }
            *seen += 1;
            let hit = match spec.when {
                FaultWhen::Always => true,
                FaultWhen::Call(call) => *seen == call,
                FaultWhen::Chance(chance) => {
                    let number = mix(mix(self.seed ^ place as u64) ^ *seen);
                    // 53 bits are what a float holds exactly.
                    ((number >> 11) as f64) < chance * (1u64 << 53) as f64
                }
            };
            if hit {
                met.push(spec.kind.clone());
            }
        }
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_from_their_flag() {
        let fault: FaultSpec = "RunInstances:drop-answer@2".parse().unwrap();
        assert_eq!(
            (fault.kind, fault.when),
            (FaultKind::DropAnswer, FaultWhen::Call(2))
        );
        let fault: FaultSpec = "*:refuse=InternalError/500%50".parse().unwrap();
        assert_eq!(
            fault.kind,
            FaultKind::Refuse {
                code: "InternalError".into(),
                status: Some(500)
            }
        );
        assert_eq!(
            "A:delay=2s".parse::<FaultSpec>().unwrap().kind,
            FaultKind::Delay(2000)
        );
        assert_eq!(
            "A:delay=20ms".parse::<FaultSpec>().unwrap().kind,
            FaultKind::Delay(20)
        );
        for wrong in [
            "A",
            "A:",
            "A:5xx@0",
            "A:5xx%101",
            "A:delay",
            "A:delay=x",
            "A:refuse=",
            ":5xx",
            "A b:5xx",
        ] {
            assert!(wrong.parse::<FaultSpec>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        for text in [
            "RunInstances:drop-answer@2",
            "*:refuse=InternalError/500%50",
            "A:delay=20ms",
            "StartInstance[InstanceId=i-1]:hang",
            "*[*=i-1,RegionId=cn-*]:slow=10x%25",
            "CreateInstance:slow=300000ms;5000ms..",
            "StartInstance:end=Stopped@1;0ms..60000ms",
            "RunInstances[SpotStrategy=Spot*]:reclaim=60000ms",
            "TagResources:lag=5000ms",
        ] {
            let fault: FaultSpec = text.parse().unwrap();
            assert_eq!(fault.to_string(), text);
        }
        for wrong in [
            "A[:hang",
            "A[]hang",
            "A[x]:hang",
            "A[=x]:hang",
            "A:hang=1",
            "A:slow",
            "A:slow=0x",
            "A:end=Dancing",
            "A:lag",
            "A:hang;5m",
            "A:hang;5m..1m",
            "A:hang;x..",
        ] {
            assert!(wrong.parse::<FaultSpec>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fault_is_about_its_parameters_and_its_time() {
        let given = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        let met = |spec: &str, pairs: &[(&str, &str)], at: i64| {
            let mut faults = Faults::new(0, vec![spec.parse().unwrap()]);
            let _ = faults.meet("First", &[], 1_000);
            faults.meet("X", &given(pairs), 1_000 + at).len()
        };
        assert_eq!(met("X[Id=a]:5xx", &[("Id", "a")], 0), 1);
        assert_eq!(met("X[Id=a]:5xx", &[("Id", "ab")], 0), 0);
        assert_eq!(met("X[Id=a*]:5xx", &[("Id", "ab")], 0), 1);
        assert_eq!(met("X[Id=a]:5xx", &[("Other", "a")], 0), 0);
        assert_eq!(met("*[*=a]:5xx", &[("Ids", "[\"b\",\"a\"]")], 0), 1);
        assert_eq!(met("*[*=a]:5xx", &[("Ids", "[\"b\",\"aa\"]")], 0), 0);
        assert_eq!(met("X[Id=a,No=1]:5xx", &[("Id", "a")], 0), 0);
        assert_eq!(met("X:5xx;1s..2s", &[], 999), 0);
        assert_eq!(met("X:5xx;1s..2s", &[], 1_000), 1);
        assert_eq!(met("X:5xx;1s..2s", &[], 2_000), 0);
    }

    #[test]
    fn the_same_seed_meets_the_same_faults() {
        let run = |seed| {
            let mut faults = Faults::new(seed, vec!["*:5xx%30".parse().unwrap()]);
            (0..200)
                .map(|_| faults.meet("X", &[], 0).len())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!((30..90).contains(&run(7).iter().sum::<usize>()));
    }
}
