//! What a plan is made from.
//!
//! Does not know what follows from it.

use std::collections::BTreeMap;

use super::diff::Fingerprints;
use super::selection::Selection;
use crate::address::Address;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::live::Live;
use crate::state::{Intent, State};
use crate::types::Types;

/// Everything a plan is made from.
pub(crate) struct Inputs<'a> {
    pub(crate) config: &'a Config,
    pub(crate) types: &'a Types,
    pub(crate) state: &'a State,
    /// Operations of an interrupted run that could not be settled by looking.
    pub(crate) open: &'a [Intent],
    pub(crate) live: &'a Live,
    pub(crate) region: &'a str,
    pub(crate) fingerprints: &'a Fingerprints<'a>,
    /// Whether what carries another stack's tags may be taken over.
    pub(crate) take_over: bool,
    /// Plan to delete everything.
    pub(crate) destroy: bool,
    /// What is to be done of it.
    pub(crate) selection: &'a Selection,
    /// What a look ahead has found to be impossible, by the resource that it concerns.
    pub(crate) impossible: &'a BTreeMap<Address, Diagnostic>,
}
