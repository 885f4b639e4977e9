//! The only test binary.

mod sim;
