//! What became of a plan.

use crate::address::{Address, Object};
use crate::cloud::ApiError;
use crate::cloud::wait::WaitError;
use crate::diagnostic::Location;
use crate::observe::preflight::Dependent;
use crate::state::StateError;

/// How a run of the executor ended.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Addresses of finished tasks, in the order in which they finished.
    pub(crate) done: Vec<Address>,
    pub(crate) failed: Vec<Failure>,
    /// Tasks that were left in the middle: address, step, id.
    pub(crate) half_made: Vec<(Address, String, Option<String>)>,
    pub(crate) not_begun: Vec<Unbegun>,
    /// Whether anything in the cloud or the state was changed, or may have been.
    pub(crate) changed: bool,
    /// Whether somebody asked to stop before all was done.
    pub(crate) interrupted: bool,
}

/// A task that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) object: Object,
    /// Where its block is.
    pub(crate) location: Option<Location>,
    /// The step that failed.
    pub(crate) step: String,
    /// The id, if it exists.
    pub(crate) id: Option<String>,
    /// Whether what the steps had taken away for a while was given back; none if there was nothing to give back.
    pub(crate) restored: Option<bool>,
    pub(crate) cause: Cause,
}

/// A task that was not begun.
#[derive(Debug)]
pub(crate) struct Unbegun {
    pub(crate) address: Address,
    /// What it needed and did not get; none if it was not begun because of a request to stop.
    pub(crate) waits_for: Option<Address>,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    /// The cloud refused, or could not be asked.
    #[error("{0}")]
    Api(#[source] ApiError),
    /// It did not get there.
    #[error("it did not become {wanted}: {error}")]
    Wait {
        wanted: String,
        #[source]
        error: WaitError,
    },
    /// The state could not be written; nothing was sent after that.
    #[error("{0}")]
    State(#[source] StateError),
    /// An interrupted create turned out to have happened with an older configuration; it is in the state now.
    #[error(
        "an interrupted create had made {id} with the configuration of that time; it is in the state now"
    )]
    Adopted { id: String },
    /// It is not removed because of things that this plan does not touch.
    #[error("{error}")]
    InUse {
        #[source]
        error: ApiError,
        by: Vec<Dependent>,
    },
    /// Its place is taken by one that is not as it is wanted, and that the state does not know.
    #[error("{id} is there already, and is not as it is wanted")]
    There {
        id: String,
        #[source]
        error: ApiError,
    },
    /// What was to be changed is gone.
    #[error("{id} is gone: somebody else deleted it while this ran")]
    Vanished { id: String },
    /// Something that a call names did not come to be.
    #[error("{what}")]
    Missing { what: String },
    /// Somebody else moves it: it is past the state that is waited for, or settled in another.
    #[error("it was to become {wanted} and is {status}: somebody else changes it")]
    Settled { wanted: String, status: String },
    /// An error in `infra` itself.
    #[error("{0}; this is an error in infra")]
    Internal(String),
}

impl Cause {
    /// A code for machines: the API's own, or ours.
    pub(crate) fn code(&self) -> &str {
        match self {
            Cause::Api(error) | Cause::InUse { error, .. } | Cause::There { error, .. } => &error.code,
            Cause::Wait { .. } => "Wait",
            Cause::State(_) => "State",
            Cause::Adopted { .. } => "Adopted",
            Cause::Vanished { .. } => "Vanished",
            Cause::Missing { .. } => "Missing",
            Cause::Settled { .. } => "Settled",
            Cause::Internal(_) => "Internal",
        }
    }
}

/// Why a step did not succeed.
pub(super) enum StepError {
    Cause(Box<Cause>),
    /// Somebody asked to stop.
    Stopped,
    /// What was to be removed is not there any more.
    Gone,
}

impl From<StateError> for StepError {
    fn from(error: StateError) -> StepError {
        Cause::State(error).into()
    }
}

impl From<ApiError> for StepError {
    fn from(error: ApiError) -> StepError {
        Cause::Api(error).into()
    }
}

impl From<Cause> for StepError {
    fn from(cause: Cause) -> StepError {
        StepError::Cause(Box::new(cause))
    }
}

/// An error in `infra` itself.
pub(super) fn internal(message: impl Into<String>) -> StepError {
    Cause::Internal(message.into()).into()
}
