//! The client of Alibaba Cloud: never lost, never doubled, never blocked.
//!
//! Signs and sends requests, says what an answer means, repeats what may be repeated, keeps to the pace that the
//! APIs ask for, and learns server time. Does not know resource types, state, plans or the screen.

mod actions;
mod api_error;
mod attempt;
mod client;
mod connect;
mod endpoint;
mod error_code;
mod identity;
mod limiter;
mod outcome;
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
    actions::{ACTIONS, Action, Effect, Find, find as find_action},
    api_error::{ApiError, ErrorKind},
    client::{Cloud, Identity},
    connect::{CloudError, CloudOptions},
    endpoint::may_stand_in_a_file,
    limiter::Slot,
    paginate::{Paging, Style},
    secret::Credentials,
    window::{Window, WindowPolicy},
};

/// A product of Alibaba Cloud that we call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Product {
    /// Servers, disks, images, security groups.
    Ecs,
    /// Who am I.
    Sts,
    /// Networks.
    Vpc,
}

impl Product {
    pub(crate) const ALL: [Product; 3] = [Product::Ecs, Product::Sts, Product::Vpc];

    /// The product of this name: `Ecs`, `Sts`, `Vpc`.
    pub(crate) fn from_name(name: &str) -> Option<Product> {
        Product::ALL.into_iter().find(|product| product.name() == name)
    }

    /// As steps and the journal name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Product::Ecs => "Ecs",
            Product::Sts => "Sts",
            Product::Vpc => "Vpc",
        }
    }

    /// The version of its API.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Product::Ecs => "2014-05-26",
            Product::Sts => "2015-04-01",
            Product::Vpc => "2016-04-28",
        }
    }
}

/// One call. `Debug` shows no parameter: some are secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) product: Product,
    pub(crate) action: &'static str,
    /// Flat, under their wire names: `Tag.1.Key`. Without the common ones (Action, Version, Timestamp, ...).
    pub(crate) params: BTreeMap<String, String>,
}

impl Request {
    /// A call without parameters.
    pub(crate) fn new(product: Product, action: &'static str) -> Request {
        Request {
            product,
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
        write!(f, "{} {}", self.product.name(), self.action)
    }
}

/// The answer of a call that succeeded.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) body: serde_json::Value,
    pub(crate) request_id: Option<String>,
}

/// What was sent during a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// HTTP requests by product and action, repetitions included.
    pub(crate) requests: BTreeMap<(Product, &'static str), u64>,
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
