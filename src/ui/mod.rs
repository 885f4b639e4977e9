//! What people and programs see.
//!
//! Does not know the cloud or how a plan is carried out.

pub(crate) mod diagnostics;
