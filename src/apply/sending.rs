//! One call on its way: the task and the step that it belongs to.
//!
//! Does not know how it is sent.

use super::task::Job;
use crate::api::Repeat;
use crate::step::{Call, Step};

/// A call of a task, and whether the state gets its last word with it.
pub(super) struct Sending<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) step: &'a Step,
    pub(super) call: &'a Call,
    pub(super) is_last: bool,
}

impl Sending<'_> {
    /// What may be done when its answer is lost.
    pub(super) fn repeat(&self) -> Repeat {
        self.call.action.repeat
    }
}
