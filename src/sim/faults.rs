//! Faults on purpose: which request meets which, seeded and repeatable. Does not know how a fault is carried out.

use std::str::FromStr;

use super::seed::mix;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

/// Which requests meet a fault.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultWhen {
    /// Each one.
    Always,
    /// The n-th one that matches, counted from 1.
    Call(u64),
    /// Each one with this probability, from 0 to 1.
    Chance(f64),
}

/// One fault, written `ACTION:KIND[@N|%P]`.
///
/// `ACTION` may be `*`. `KIND` is `refuse=CODE[/STATUS]`, `throttle`, `5xx`, `drop-request`, `drop-answer`,
/// `delay=MILLIS` (`ms` or `s` may follow) or `duplicate`. `@3` is the third matching call, `%25` one in four.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultSpec {
    /// The action's name, or `*`.
    pub action: String,
    /// What goes wrong.
    pub kind: FaultKind,
    /// For which of the matching requests.
    pub when: FaultWhen,
}

/// The text given for a fault cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "a fault is written ACTION:KIND[@N|%P] with KIND one of refuse=CODE[/STATUS], throttle, 5xx, drop-request, \
     drop-answer, delay=MILLIS or duplicate, not `{given}`"
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

fn parse(text: &str) -> Option<FaultSpec> {
    let (action, rest) = text.split_once(':')?;
    let (kind, when) = if let Some((kind, call)) = rest.split_once('@') {
        (kind, FaultWhen::Call(call.parse().ok().filter(|call| *call > 0)?))
    } else if let Some((kind, percent)) = rest.split_once('%') {
        let percent: f64 = percent.parse().ok()?;
        (0.0..=100.0).contains(&percent).then_some(())?;
        (kind, FaultWhen::Chance(percent / 100.0))
    } else {
        (rest, FaultWhen::Always)
    };
    let (kind, detail) = kind
        .split_once('=')
        .map_or((kind, None), |(kind, detail)| (kind, Some(detail)));
    let refuse = |code: &str, status| FaultKind::Refuse {
        code: code.to_owned(),
        status,
    };
    let kind = match (kind, detail) {
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
        ("delay", Some(detail)) => {
            let (digits, factor) = match detail.strip_suffix("ms") {
                Some(digits) => (digits, 1),
                None => detail
                    .strip_suffix('s')
                    .map_or((detail, 1), |digits| (digits, 1000)),
            };
            let millis: u32 = digits.parse().ok()?;
            FaultKind::Delay(u64::from(millis) * factor)
        }
        _ => return None,
    };
    let named =
        action == "*" || (!action.is_empty() && action.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    named.then(|| FaultSpec {
        action: action.to_owned(),
        kind,
        when,
    })
}

/// The faults in force, each with how many matching requests it has seen.
#[derive(Debug, Default)]
pub(super) struct Faults {
    seed: u64,
    specs: Vec<(FaultSpec, u64)>,
}

impl Faults {
    pub(super) fn new(seed: u64, specs: Vec<FaultSpec>) -> Self {
        Self {
            seed,
            specs: specs.into_iter().map(|spec| (spec, 0)).collect(),
        }
    }

    pub(super) fn add(&mut self, spec: FaultSpec) {
        self.specs.push((spec, 0));
    }

    pub(super) fn clear(&mut self) {
        self.specs.clear();
    }

    /// What this call of `action` meets.
    pub(super) fn meet(&mut self, action: &str) -> Vec<FaultKind> {
        let mut met = Vec::new();
        for (place, (spec, seen)) in self.specs.iter_mut().enumerate() {
            if spec.action != "*" && spec.action != action {
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
    fn the_same_seed_meets_the_same_faults() {
        let run = |seed| {
            let mut faults = Faults::new(seed, vec!["*:5xx%30".parse().unwrap()]);
            (0..200).map(|_| faults.meet("X").len()).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!((30..90).contains(&run(7).iter().sum::<usize>()));
    }
}
