//! The client of Alibaba Cloud: never lost, never doubled, never blocked.
//!
//! Signs and sends requests, says what an answer means, repeats what may be repeated, keeps to the pace that the
//! APIs ask for, and learns server time. Does not know resource types, state, plans or the screen.

mod api_error;
mod attempt;
mod client;
mod connect;
mod endpoint;
mod error_code;
mod identity;
mod limiter;
mod outcome;
mod page;
mod paginate;
mod retry;
mod secret;
mod server_clock;
mod sign;
pub(crate) mod wait;
pub(crate) mod window;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[allow(unused_imports, reason = "the way in for the rest of the crate")]
pub(crate) use self::{
    api_error::{ApiError, ErrorKind},
    client::{Cloud, Identity},
    connect::{CloudError, CloudOptions},
    endpoint::may_stand_in_a_file,
    limiter::Slot,
    page::Decode,
    paginate::Paging,
    secret::Credentials,
    window::{Window, WindowPolicy},
};
use crate::api::Action;

/// One call. `Debug` shows no parameter: some are secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) action: &'static Action,
    /// Flat, under their wire names: `Tag.1.Key`. Without the common ones (Action, Version, Timestamp, ...).
    pub(crate) params: BTreeMap<String, String>,
}

impl Request {
    /// A call without parameters.
    pub(crate) fn new(action: &'static Action) -> Request {
        Request {
            action,
            params: BTreeMap::new(),
        }
    }

    /// Adds a parameter.
    #[must_use]
    pub(crate) fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Request {
        self.params.insert(name.into(), value.into());
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.action.fmt(f)
    }
}

/// The answer of a call that succeeded.
#[derive(Debug, Clone)]
pub(crate) struct Reply<T = serde_json::Value> {
    pub(crate) body: T,
    pub(crate) request_id: Option<String>,
}

/// What was sent during a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// HTTP requests by action, repetitions included.
    pub(crate) requests: BTreeMap<&'static Action, u64>,
    /// Requests that were repetitions.
    pub(crate) retries: u64,
    /// Answers that asked to slow down.
    pub(crate) throttled: u64,
    /// Time that calls spent waiting before a repetition or for a throttled API, added up.
    pub(crate) waited: Duration,
}

/// Locks without minding a panic elsewhere: what these locks guard is never left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
