//! Failures of the cloud in the user's words: what it said, what that means here, what to do.

use crate::apply::{Cause, Failure};
use crate::cloud::ApiError;
use crate::diagnostic::{Diagnostic, codes, run};
use crate::observe::preflight::Dependent;

/// What a code of the API means to somebody who wrote a configuration.
struct Meaning {
    /// Matches itself and everything below it.
    code: &'static str,
    sentence: &'static str,
    help: &'static str,
}

/// The codes that people meet; any other is shown as the API words it.
static MEANINGS: &[Meaning] = &[
    Meaning {
        code: "OperationDenied.NoStock",
        sentence: "the type is sold out in this zone",
        help: "take another zone or another instance_type, or try again later",
    },
    Meaning {
        code: "Zone.NotOnSale",
        sentence: "the zone sells nothing new",
        help: "take another zone_id",
    },
    Meaning {
        code: "InvalidInstanceType.NotSupported",
        sentence: "the instance type is not offered here",
        help: "take another instance_type, or another zone",
    },
    Meaning {
        code: "InvalidInstanceType.ValueNotSupported",
        sentence: "the instance type does not exist or is not offered here",
        help: "check instance_type; types look like ecs.g7.large",
    },
    Meaning {
        code: "InvalidImageId.NotFound",
        sentence: "there is no such image in this region",
        help: "check image_id; images differ from region to region",
    },
    Meaning {
        code: "InvalidVpcId.NotFound",
        sentence: "there is no such VPC",
        help: "check the id and the region",
    },
    Meaning {
        code: "InvalidVSwitchId.NotFound",
        sentence: "there is no such vswitch",
        help: "check the id and the region",
    },
    Meaning {
        code: "InvalidSecurityGroupId.NotFound",
        sentence: "there is no such security group",
        help: "check the id and the region",
    },
    Meaning {
        code: "InvalidKeyPairName.NotFound",
        sentence: "there is no such key pair",
        help: "check key_pair_name; key pairs belong to a region",
    },
    Meaning {
        code: "InvalidPassword.Malformed",
        sentence: "the password is not strong enough",
        help: "8 to 30 characters with three of: upper case, lower case, digits, ()`~!@#$%^&*-+=|{}[]:;'<>,.?/",
    },
    Meaning {
        code: "InvalidCidrBlock.Overlapped",
        sentence: "the network overlaps one that exists",
        help: "take another cidr_block",
    },
    Meaning {
        code: "QuotaExceeded",
        sentence: "a quota of the account is used up",
        help: "ask for a higher one in the console's Quota Center, or delete something",
    },
    Meaning {
        code: "InvalidVSwitchId.IpNotEnough",
        sentence: "its vSwitch has no free address left",
        help: "put it into another vSwitch, or take a larger cidr_block for a new one",
    },
    Meaning {
        code: "QuotaExceed",
        sentence: "a quota of the account is used up",
        help: "take a smaller type, or ask for more in the console's Quota Center",
    },
    Meaning {
        code: "InvalidAccountStatus.NotEnoughBalance",
        sentence: "the account's balance is too low",
        help: "top it up, or pay as you go (instance_charge_type = \"PostPaid\"), which needs a positive balance",
    },
    Meaning {
        code: "Forbidden.InstanceBandwidthNotZero",
        sentence: "a server that has a public address of its own takes no elastic one",
        help: "bind it to a server that was made without internet_max_bandwidth_out",
    },
    Meaning {
        code: RIGHTS[0],
        sentence: "the account or user may not do this",
        help: "give the RAM user the right that the message names",
    },
    Meaning {
        code: "InvalidAccessKeyId.NotFound",
        sentence: "the access key does not exist",
        help: "check ALIBABA_CLOUD_ACCESS_KEY_ID",
    },
    Meaning {
        code: "SignatureDoesNotMatch",
        sentence: "the access key's secret is wrong",
        help: "check ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    },
    Meaning {
        code: "DependencyViolation",
        sentence: "something still uses it",
        help: "delete what uses it first; it may have been made outside infra",
    },
    Meaning {
        code: "IncorrectInstanceStatus",
        sentence: "its status does not allow this now",
        help: "run the same again; it goes on from what it finds",
    },
    Meaning {
        code: "InstanceLockedForSecurity",
        sentence: "the instance is locked by the cloud for security",
        help: "see the notice in the console",
    },
    Meaning {
        code: "ChargeTypeViolation",
        sentence: "the way it is paid for does not allow this",
        help: "see instance_charge_type",
    },
    Meaning {
        code: "Throttling",
        sentence: "the API kept asking to slow down",
        help: "try again later, or with a smaller --parallelism",
    },
];

/// Codes that are about rights. Others that begin alike are about what is asked for.
const RIGHTS: [&str; 5] = [
    "Forbidden",
    "Forbidden.RAM",
    "Forbidden.SubUser",
    "Forbidden.NotSupportRAM",
    "Forbidden.NoPermission",
];

fn meaning(code: &str) -> Option<&'static Meaning> {
    MEANINGS.iter().find(|meaning| {
        if meaning.code == RIGHTS[0] {
            return RIGHTS.contains(&code);
        }
        code.strip_prefix(meaning.code)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// What a code means in a sentence, and what to do; none for a code that few people meet.
pub(super) fn meaning_of(code: &str) -> Option<(&'static str, &'static str)> {
    meaning(code).map(|meaning| (meaning.sentence, meaning.help))
}

/// An error of the API, with what we were doing.
pub(super) fn api_error(doing: &str, error: &ApiError) -> Diagnostic {
    let code = error.diagnostic_code();
    let mut diagnostic = match meaning(&error.code) {
        Some(meaning) => Diagnostic::error(code, format!("{doing}: {}", meaning.sentence)).help(meaning.help),
        None => Diagnostic::error(code, format!("{doing}: {}", error.message)),
    };
    diagnostic.notes = error.notes();
    if meaning(&error.code).is_some() && !error.message.is_empty() {
        diagnostic = diagnostic.note(format!("message: {}", error.message));
    }
    if let (None, Some(link)) = (meaning(&error.code), &error.recommend) {
        diagnostic = diagnostic.help(format!("see {link}"));
    }
    diagnostic
}

/// A removal that was refused because of what somebody else has in it.
fn in_use(doing: &str, error: &ApiError, by: &[Dependent]) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(
        codes::IN_USE,
        format!("{doing}: things are in it that this plan does not remove"),
    );
    for one in by.iter().take(20) {
        diagnostic = diagnostic.note(one.to_string());
    }
    if by.len() > 20 {
        diagnostic = diagnostic.note(format!("and {} more", by.len() - 20));
    }
    diagnostic.notes.extend(error.notes());
    diagnostic.help("delete them first if nobody needs them any more, or let their owner move them away")
}

/// A piece of work that failed.
pub(super) fn failure(failure: &Failure) -> Diagnostic {
    let doing = format!("{}: step \"{}\" failed", failure.object, failure.step);
    let mut diagnostic = match &failure.cause {
        Cause::Api(error) => api_error(&doing, error),
        Cause::InUse { error, by } => in_use(&doing, error, by),
        Cause::Wait { wanted, error } => Diagnostic::error(codes::NOT_REACHED, doing)
            .note(format!("waited until it is {wanted}"))
            .note(error.to_string())
            .help("run the same again; it goes on from what it finds"),
        Cause::State(error) => {
            let state = error.diagnostic();
            let mut diagnostic = Diagnostic::error(state.code, format!("{doing}: {}", state.message));
            diagnostic.help = state.help;
            diagnostic.notes = state.notes;
            diagnostic
        }
        Cause::Adopted { .. } => Diagnostic::error(codes::ADOPTED, format!("{doing}: {}", failure.cause))
            .help("run the same again"),
        Cause::Vanished { .. } | Cause::Settled { .. } => {
            Diagnostic::error(codes::NOT_AS_PLANNED, format!("{doing}: {}", failure.cause))
                .help(run("plan").then(" shows what is there now"))
        }
        Cause::Missing { .. } => {
            Diagnostic::error(codes::INPUT_MISSING, format!("{doing}: {}", failure.cause))
                .help("run the same again; it goes on from what it finds")
        }
        Cause::Internal(_) => Diagnostic::error(codes::BUG, format!("{doing}: {}", failure.cause))
            .help("please report it with the configuration"),
    };
    if let Some(location) = &failure.location {
        diagnostic = diagnostic.at(location.clone(), "");
    }
    match failure.restored {
        Some(true) => {
            diagnostic = diagnostic.note("it was stopped for this change and has been started again")
        }
        Some(false) => {
            diagnostic = diagnostic.note("it was stopped for this change and could not be started again")
        }
        None => {}
    }
    diagnostic.about(&failure.object.address)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::address::Object;
    use crate::api::action;
    use crate::cloud::ErrorKind;
    use crate::cloud::wait::WaitError;
    use crate::diagnostic::codes::Code;
    use crate::state::{StateError, Violation};

    fn api(kind: ErrorKind) -> Cause {
        Cause::Api(ApiError {
            kind,
            action: &action::CREATE_INSTANCE,
            code: String::new(),
            message: "no".to_owned(),
            request_id: None,
            http_status: None,
            recommend: None,
            tries: 1,
            elapsed: Duration::ZERO,
        })
    }

    #[test]
    fn only_what_is_about_rights_is_told_so() {
        let is_right =
            |code: &str| meaning_of(code).is_some_and(|(sentence, _)| sentence.contains("may not"));
        assert!(is_right("Forbidden.RAM") && is_right("Forbidden"));
        for code in [
            "Forbidden.InstanceBandwidthNotZero",
            "Forbidden.RiskControl",
            "Forbidden.RegionId",
        ] {
            assert!(!is_right(code), "{code}");
        }
    }

    #[test]
    fn every_end_has_its_code() {
        let path = std::path::PathBuf::from("/x");
        let wait = Cause::Wait {
            wanted: "Running".to_owned(),
            error: WaitError::NotVisible {
                after: Duration::from_secs(9),
            },
        };
        let source = Arc::new(io::Error::from(io::ErrorKind::Unsupported));
        let unlocked = StateError::LockUnsupported { path, source };
        let inconsistent = StateError::Inconsistent {
            violation: Violation::NoId {
                address: "instance.web".parse().unwrap(),
            },
        };
        let adopted = Cause::Adopted { id: "i-1".to_owned() };
        let table: Vec<(Cause, Code)> = vec![
            (api(ErrorKind::Refused), codes::REFUSED),
            (api(ErrorKind::Credentials), codes::KEY_REFUSED),
            (api(ErrorKind::Unreachable), codes::UNREACHABLE),
            (api(ErrorKind::Malformed), codes::DAMAGED),
            (api(ErrorKind::Throttled), codes::THROTTLED),
            (api(ErrorKind::Ambiguous), codes::NO_CLEAR_ANSWER),
            (wait, codes::NOT_REACHED),
            (adopted, codes::ADOPTED),
            (Cause::Vanished { id: "i-1".to_owned() }, codes::NOT_AS_PLANNED),
            (
                Cause::Missing {
                    what: "no id".to_owned(),
                },
                codes::INPUT_MISSING,
            ),
            (Cause::Internal("a step was lost".to_owned()), codes::BUG),
            (Cause::State(StateError::Closed), codes::STATE_CLOSED),
            (Cause::State(unlocked), codes::NO_LOCKS),
            (Cause::State(inconsistent), codes::STATE_INCONSISTENT),
        ];
        for (cause, code) in table {
            let failure = Failure {
                object: Object::now("instance.web".parse().unwrap()),
                restored: None,
                location: None,
                step: "create".to_owned(),
                id: None,
                cause,
            };
            let told = super::failure(&failure);
            assert_eq!(told.code, code, "{told:?}");
            assert!(
                told.message.contains("instance.web: step \"create\" failed"),
                "{told:?}"
            );
        }
    }
}
