//! Failures of the cloud in the user's words: what it said, what that means here, what to do.

use std::collections::BTreeMap;

use super::meanings::meaning;
use crate::address::Address;
use crate::apply::{Cause, Failure};
use crate::cloud::ApiError;
use crate::config::Resource;
use crate::diagnostic::{Diagnostic, codes, run};
use crate::observe::preflight::Dependent;

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

/// What to do about something that is there already.
pub(super) fn there(diagnostic: Diagnostic, address: &Address, id: &str) -> Diagnostic {
    diagnostic
        .help(run("import").arg(address).arg(id).then(" takes it over"))
        .help("or delete it where it was made")
}

/// A piece of work that failed, with the mark under the value at fault where the block has it.
pub(super) fn failure_in(failed: &Failure, resources: &BTreeMap<Address, Resource>) -> Diagnostic {
    let mut diagnostic = failure(failed);
    let keys = match &failed.cause {
        Cause::Api(error) => meaning(&error.code).map_or(&[][..], |meaning| meaning.keys),
        _ => &[],
    };
    let block = resources.get(&failed.object.address);
    let place = block.and_then(|block| keys.iter().find_map(|key| block.locations.get(*key)));
    if let (Some(place), Some(label)) = (place, diagnostic.labels.first_mut()) {
        label.location = place.clone();
    }
    diagnostic
}

/// A piece of work that failed.
pub(super) fn failure(failure: &Failure) -> Diagnostic {
    let Failure { object, step, .. } = failure;
    let doing = match step.as_str() {
        // Which of its lives it is about goes without saying.
        "create" => format!("{} could not be created", object.address),
        "delete" => format!("{object} could not be deleted"),
        _ => format!("{object}: step \"{step}\" failed"),
    };
    let mut diagnostic = match &failure.cause {
        Cause::Api(error) => api_error(&doing, error),
        Cause::InUse { error, by } => in_use(&doing, error, by),
        Cause::There { id, error } => {
            let mut diagnostic =
                Diagnostic::error(error.diagnostic_code(), format!("{doing}: {}", failure.cause));
            diagnostic.notes = error.notes();
            there(diagnostic, &object.address, id)
        }
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
                told.message.contains("instance.web could not be created"),
                "{told:?}"
            );
        }
    }
}
