//! The tasks of a plan: each is a phase in the life of one object, its steps, and what the state says afterwards.
//!
//! Planner, screen and executor share it. Does not know how an order is found, nor how a step is carried out.

use std::collections::BTreeMap;

use crate::address::Object;
use crate::diagnostic::Location;
use crate::state::Effect;
use crate::step::{Call, Restore, Step, StepKind, Yield};
use crate::value::Reference;

/// A phase in the life of one object.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    /// What it is about.
    pub(crate) object: Object,
    /// Its id, if it is known before the task begins.
    pub(crate) id: Option<String>,
    pub(crate) phase: Phase,
    pub(crate) steps: Vec<Step>,
    /// What gives back a state that the steps took away, when one behind them is refused for good: a server that was
    /// stopped for a change is started again.
    pub(crate) restore: Option<Restore>,
    /// Positions in the plan of what must be done before; all smaller than its own.
    pub(crate) after: Vec<usize>,
    /// What the state learns when all steps are done. Values may name what only this run will know.
    pub(crate) then: Vec<Effect>,
    /// Attributes that are under way from the first request on, each with the step that it still needs; the state
    /// remembers them until the end.
    pub(crate) owes: BTreeMap<String, String>,
    /// Where the block is.
    pub(crate) location: Option<Location>,
}

/// What a task does to its object, in the order in which a life goes through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Phase {
    /// Only the state changes.
    Note,
    /// It lets go of a partner that goes away, or that it is to leave.
    LetGo,
    /// It comes into being.
    Make,
    /// It is brought into line where it stands.
    Change,
    /// It is joined to a partner.
    Join,
    /// It goes away.
    Remove,
}

impl Task {
    /// A task without steps.
    pub(crate) fn new(object: Object, id: Option<&str>, phase: Phase) -> Task {
        Task {
            object,
            id: id.map(str::to_owned),
            phase,
            steps: Vec::new(),
            restore: None,
            after: Vec::new(),
            then: Vec::new(),
            owes: BTreeMap::new(),
            location: None,
        }
    }

    /// Whether the task itself learns of an attribute of its object: a step tells it, or it is read when it is needed.
    pub(crate) fn learns(&self, reference: &Reference) -> bool {
        let is_told = |step: &Step| {
            matches!(
                &step.kind,
                StepKind::Call(Call { yields: Yield::Attribute { attribute, .. }, .. })
                    if *attribute == reference.attribute
            )
        };
        reference.address == self.object.address
            && (self.phase == Phase::Make
                || reference.attribute.contains('.')
                || self.steps.iter().any(is_told))
    }

    /// Whether only the state changes.
    pub(crate) fn is_note(&self) -> bool {
        self.phase == Phase::Note
    }
}
