//! The simulator: a cloud that speaks the API of Alibaba Cloud ECS and VPC over real HTTP and checks real signatures.
//!
//! It is a stranger to the rest of this program: it names no other module of ours, writes the wire formats and the
//! canonical forms itself from the vendor's facts, and forgives only what the real gateway forgives. [`Cloud`] is the
//! whole machine, synchronous and deterministic; [`Server`] puts it behind a socket.
//!
//! A request passes the gates of `gates.rs` in order. A product more is a row of `products.rs`. An action more is one
//! line in its file of `actions/` and one function over the [`Call`](call::Call); parameters, paging, id lists, error
//! statuses and the shape of the answer come from `schema/api` and shared code. A kind of thing more is one file of
//! `actions/` and one row of its registry: the file holds what is known of a thing, what keeps others from being
//! deleted, limits, tags, what time does to it, and what must never be true of it.

mod actions;
mod api;
mod call;
mod catalogue;
mod check;
mod clock;
mod cloud;
mod connections;
mod control;
mod der;
mod faults;
mod folder;
mod gates;
mod head;
mod lately;
mod net;
mod node;
mod nonces;
mod options;
mod page;
mod params;
mod places;
mod products;
mod recording;
mod refusal;
mod replay;
mod seed;
mod server;
mod snapshot;
mod stale;
mod stats;
mod store;
mod table;
mod tls;
mod tokens;
mod trouble;
mod unsimulated;
mod verify;
mod wire;
mod world;
mod written;

pub use actions::load::LoadError;
pub use catalogue::CatalogueError;
pub use clock::{Speed, SpeedError, UnixMillis};
pub use cloud::{Cloud, RecordError};
pub use faults::{FaultError, FaultKind, FaultSpec, FaultWhen, Later};
pub use options::{
    AccountLimitError, AccountLimits, DurationError, KeyPair, Limits, Options, Quota, QuotaError, Scenario,
    ScenarioError, SoldOut, SoldOutError, duration,
};
pub use replay::{Difference, Replay, ReplayError, replay};
pub use server::{Server, StartError};
pub use snapshot::SnapshotError;
pub use store::StoreError;
pub use trouble::{Trouble, TroubleError};
pub use wire::{Delivery, RawAnswer, RawRequest};

/// Which test shows what, as JSON; made from the text of the tests.
pub const COVERAGE: &str = include_str!("coverage.json");

/// The names of all kinds of things, as a snapshot and the log call their tables.
pub fn kinds() -> Vec<&'static str> {
    actions::kinds().map(|kind| kind.name()).collect()
}

/// Every action that is served, as product, version and name, in that order.
pub fn actions() -> Vec<(String, String, String)> {
    let mut all: Vec<_> = api::api()
        .actions()
        .filter(|facts| actions::find(&facts.version, &facts.name).is_some())
        .map(|facts| (facts.product.clone(), facts.version.clone(), facts.name.clone()))
        .collect();
    all.sort();
    all
}
