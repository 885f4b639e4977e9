//! Why a command did not succeed: what kind it is, which decides the exit code, and what to tell.

use crate::diagnostic::Diagnostic;
use crate::state::StateError;

/// The exit codes, as the manual lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and nothing was changed.
    Success,
    /// Done, and something was changed: in the cloud, or in the state.
    Done,
    /// An error, and nothing was changed.
    Error,
    /// Only with `--detailed-exitcode`: there are changes.
    Changes,
    /// Stopped part way; the state is saved.
    Partial,
    /// Not approved.
    NotApproved,
    /// A rule forbids it.
    Forbidden,
    /// Somebody else holds the lock.
    Locked,
    /// A saved plan does not fit any more.
    Stale,
    /// Wrong flags or arguments.
    Usage,
    /// Ctrl-C; the state is saved.
    Interrupted,
}

impl Exit {
    /// What is left of it when the result could not be written: what was changed is changed, and nobody was told.
    pub(crate) fn untold(self) -> Exit {
        match self {
            Exit::Success => Exit::Error,
            Exit::Done => Exit::Partial,
            other => other,
        }
    }

    /// The number for the shell.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Success | Exit::Done => 0,
            Exit::Error => 1,
            Exit::Changes => 2,
            Exit::Partial => 3,
            Exit::NotApproved => 4,
            Exit::Forbidden => 5,
            Exit::Locked => 6,
            Exit::Stale => 7,
            Exit::Usage => 64,
            Exit::Interrupted => 130,
        }
    }
}

/// A command that did not succeed: what to tell, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Failure {
    /// An error before anything was changed.
    pub(crate) fn error(diagnostic: Diagnostic) -> Failure {
        Failure {
            exit: Exit::Error,
            diagnostics: vec![diagnostic],
        }
    }

    /// Several at once.
    pub(crate) fn errors(diagnostics: Vec<Diagnostic>) -> Failure {
        Failure {
            exit: Exit::Error,
            diagnostics,
        }
    }

    /// With another exit code.
    #[must_use]
    pub(crate) fn with(mut self, exit: Exit) -> Failure {
        self.exit = exit;
        self
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Failure {
        let exit = if error.is_locked() {
            Exit::Locked
        } else {
            Exit::Error
        };
        Failure::error(error.diagnostic()).with(exit)
    }
}
