//! What we remember of the resources that we made, and what is under way: the state and its journal.
//!
//! The state is a file that is replaced whole at checkpoints; between them every intent and every result is one
//! line in an append-only journal, so the bytes written grow with what changed and not with what exists. Reading
//! is snapshot plus journal. Does not know what is wanted, how a call is made, or what a resource type means.

mod check;
mod effect;
mod error;
mod files;
mod folder;
mod hash_key;
mod intent;
mod journal;
mod local;
mod lock;
mod migrate;
mod model;
mod restore;
mod session;
mod snapshot;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use check::Violation;
#[cfg(test)]
pub(crate) use check::state as sound;
pub(crate) use effect::Effect;
pub(crate) use error::StateError;
pub(crate) use folder::keep_out_of_git;
pub(crate) use hash_key::HashKey;
pub(crate) use intent::{Intent, IntentDraft};
pub(crate) use local::{Loaded, LocalStore};
pub(crate) use lock::{Lock, LockNote};
pub(crate) use migrate::FORMAT;
pub(crate) use model::{CloudIdentity, Deposed, Forgotten, Lifecycle, More, Resource, State};
pub(crate) use session::Session;
pub(crate) use snapshot::fingerprint;
