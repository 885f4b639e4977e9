//! One call on its way: the task and the step that it belongs to.
//!
//! Does not know how it is sent.

use super::task::Job;
use crate::api::Repeat;
use crate::step::{Call, Step, Yield};

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
        match (&self.call.yields, self.call.action.repeat) {
            // What is made without tags is known only by its intent until the state has it: that stays open until a look
            // can tell, as for anything that is made.
            (Yield::Named(_), Repeat::Absolute) => Repeat::Key,
            (_, repeat) => repeat,
        }
    }
}
