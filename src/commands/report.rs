//! Failures of the cloud in the user's words: what it said, what that means here, what to do.

use crate::apply::{Cause, Failure};
use crate::cloud::ApiError;
use crate::diagnostic::Diagnostic;

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
        code: "InvalidAccountStatus.NotEnoughBalance",
        sentence: "the account's balance is too low",
        help: "top it up; pay-as-you-go needs a positive balance",
    },
    Meaning {
        code: "Forbidden",
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
        help: "run infra apply again; it goes on from what it finds",
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

fn meaning(code: &str) -> Option<&'static Meaning> {
    MEANINGS.iter().find(|meaning| {
        code.strip_prefix(meaning.code)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// An error of the API, with what we were doing.
pub(super) fn api_error(doing: &str, error: &ApiError) -> Diagnostic {
    let mut diagnostic = match meaning(&error.code) {
        Some(meaning) => {
            Diagnostic::error("E0604", format!("{doing}: {}", meaning.sentence)).help(meaning.help)
        }
        None => Diagnostic::error("E0603", format!("{doing}: {}", error.message)),
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

/// A piece of work that failed.
pub(super) fn failure(failure: &Failure) -> Diagnostic {
    let doing = format!("{}: step \"{}\" failed", failure.object, failure.step);
    let mut diagnostic = match &failure.cause {
        Cause::Api(error) => api_error(&doing, error),
        Cause::Wait { wanted, error } => Diagnostic::error("E0605", doing)
            .note(format!("waited until it is {wanted}"))
            .note(error.to_string())
            .help("run infra apply again; it goes on from what it finds"),
        Cause::State(error) => {
            let state = error.diagnostic();
            let mut diagnostic = Diagnostic::error(state.code, format!("{doing}: {}", state.message));
            diagnostic.help = state.help;
            diagnostic.notes = state.notes;
            diagnostic
        }
        Cause::Adopted { .. } => {
            Diagnostic::error("E0606", format!("{doing}: {}", failure.cause)).help("run infra apply again")
        }
        Cause::Vanished { .. } | Cause::Settled { .. } => {
            Diagnostic::error("E0607", format!("{doing}: {}", failure.cause))
                .help("run infra plan to see what is there now")
        }
        Cause::Missing { .. } => Diagnostic::error("E0608", format!("{doing}: {}", failure.cause))
            .help("run infra apply again; it goes on from what it finds"),
        Cause::Internal(_) => Diagnostic::error("E0699", format!("{doing}: {}", failure.cause))
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
