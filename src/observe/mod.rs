//! All reads: what exists for a state, and what an interrupted run really did. Nothing is sent that changes anything.
//!
//! Does not know what is wanted, nor the plan or the screen.

pub(crate) mod account;
pub(crate) mod again;
pub(crate) mod belonging;
pub(crate) mod data;
pub(crate) mod details;
mod fields;
pub(crate) mod funds;
#[cfg(test)]
mod fuzz;
pub(crate) mod hidden;
pub(crate) mod items;
mod offer;
pub(crate) mod poll;
pub(crate) mod preflight;
pub(crate) mod prices;
pub(crate) mod read;
pub(crate) mod recover;
pub(crate) mod refresh;

pub(crate) use self::details::Wanted;
