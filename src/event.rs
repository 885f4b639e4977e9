//! What happens while a command runs, told to whoever listens.
//!
//! Does not know who listens: a terminal, a log, a test.

use std::time::Duration;

use crate::address::Address;
use crate::diagnostic::codes::Code;

/// One thing that happened.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// A step of a resource begins; `index` counts from 1.
    StepStarted {
        address: Address,
        step: String,
        index: usize,
        of: usize,
    },
    /// A wait sees a status, e.g. `Pending`.
    StepStatus { address: Address, status: String },
    /// A step is done and its result is on disk.
    StepDone {
        address: Address,
        step: String,
        id: Option<String>,
        seconds: f64,
        request_id: Option<String>,
    },
    /// A step failed for good.
    StepFailed {
        address: Address,
        step: String,
        /// The API's code, or a word for what else it was.
        code: String,
        message: String,
        /// What it means to somebody who runs a command, if the API said no.
        told: Option<Code>,
        http_status: Option<u16>,
        request_id: Option<String>,
    },
    /// All steps of a resource are done.
    ResourceDone {
        address: Address,
        id: Option<String>,
        seconds: f64,
    },
    /// An API call ended, after `tries` tries; `outcome` is `ok` or the error's code.
    ApiCall {
        product: &'static str,
        action: &'static str,
        outcome: String,
        http_status: Option<u16>,
        request_id: Option<String>,
        tries: u32,
        duration: Duration,
    },
    /// The client waits because the API asked it to slow down.
    Throttled {
        product: &'static str,
        action: &'static str,
        pause: Duration,
    },
    /// Something worth a line, such as a clock that is off.
    Notice(String),
}

/// Whoever listens. Must not block.
pub(crate) trait Listener: Send + Sync {
    /// Takes note of an event.
    fn event(&self, event: &Event);
}

/// Listens to nothing.
#[cfg(test)]
pub(crate) struct Silent;

#[cfg(test)]
impl Listener for Silent {
    fn event(&self, _event: &Event) {}
}
