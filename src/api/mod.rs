//! The words of the vendor's APIs that we use: products, actions, and what error codes say.
//!
//! Data only. Does not know parameters, resource types, nor how a request is sent.

pub(crate) mod action;
mod codes;
pub(crate) mod product;

pub(crate) use self::action::{Action, Pages, Repeat};
pub(crate) use self::codes::Codes;
pub(crate) use self::product::Product;
