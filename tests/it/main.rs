//! The only test binary.

mod commands;
mod harness;
mod sim;
mod tidy;
