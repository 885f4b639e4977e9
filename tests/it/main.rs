//! The only test binary.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod canary;
mod client;
mod commands;
mod harness;
mod hostile;
mod kill;
mod sim;
mod state;
mod tidy;
