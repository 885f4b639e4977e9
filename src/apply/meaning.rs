//! What an error of a call means for going on with the task.
//!
//! Does not know what is done about it.

use std::time::Duration;

use super::task::Job;
use crate::cloud::{ApiError, ErrorKind};
use crate::task::Phase;

/// How long a step goes on trying while the cloud says that something has to pass first.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);
/// How long a removal goes on trying while the cloud says that something uses it, nobody can be found that does, and
/// this plan has taken nothing out of it that could still be on its way.
pub(super) const IN_USE_PATIENCE: Duration = Duration::from_secs(60);
/// How long a throttled step goes on; throttling always passes, so only a broken quota gets there.
pub(super) const THROTTLE_PATIENCE: Duration = Duration::from_secs(3600);

/// What an error means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The call, or an earlier one with its token, may have taken effect.
    Unclear,
    /// Refused only because of too many requests.
    Throttled,
    /// Refused because of something that passes.
    Passing,
    /// Refused because something still uses what is to be removed.
    InUse,
    /// The object is not there.
    Gone,
    /// Refused for good.
    Final,
}

impl Meaning {
    pub(super) fn of(error: &ApiError, job: &Job<'_>) -> Meaning {
        let codes = &job.resource_type.codes;
        let removing = matches!(job.task.phase, Phase::Remove | Phase::LetGo);
        match error.kind {
            ErrorKind::Ambiguous
            | ErrorKind::TokenMismatch
            | ErrorKind::TokenProcessing
            | ErrorKind::Malformed => Meaning::Unclear,
            ErrorKind::Throttled => Meaning::Throttled,
            _ if removing && codes.is_in_use(&error.code) => Meaning::InUse,
            ErrorKind::WrongState | ErrorKind::Unreachable | ErrorKind::WindowClosed => Meaning::Passing,
            _ if codes.passes(&error.code) => Meaning::Passing,
            ErrorKind::NotFound if removing => Meaning::Gone,
            _ if job.task.phase != Phase::Make && codes.is_absent(&error.code) => Meaning::Gone,
            _ => Meaning::Final,
        }
    }
}
