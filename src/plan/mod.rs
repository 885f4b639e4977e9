//! The plan: every decision of a run, as data, made before anything is changed.
//!
//! Does not know the cloud, the resource types' code, the clock or the screen; it is synchronous and pure, so the
//! same configuration, state and observation give the same plan, byte for byte.

use std::collections::BTreeSet;

mod arrange;
mod check;
mod context;
mod decide;
mod dependencies;
mod diff;
mod outputs;
mod planner;

pub(crate) use self::check::check;
pub(crate) use self::dependencies::{dependencies, order};
pub(crate) use self::diff::{Fingerprints, bytes_of};
pub(crate) use self::planner::{Inputs, make};

use crate::address::Address;
use crate::diagnostic::{Diagnostic, Location};
use crate::step::Step;
use crate::types::{Attribute, Kind};
use crate::value::{Attributes, Value};

/// What a run would do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// One entry for each resource that is touched, sorted by address.
    pub(crate) changes: Vec<ResourceChange>,
    /// What the executor does, each after all that it waits for.
    pub(crate) work: Vec<Work>,
    /// How many resources stay as they are.
    pub(crate) unchanged: usize,
    /// What somebody else changed since the last run, attribute by attribute.
    pub(crate) drift: Vec<Drift>,
    pub(crate) outputs: Vec<OutputChange>,
    /// Errors make the plan unusable (a change that is refused, a stray that is in the way).
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Resources that the plan would delete or replace although a rule forbids it.
    pub(crate) forbidden: Vec<Forbidden>,
}

/// What happens to one resource.
#[derive(Debug, Clone)]
pub(crate) struct ResourceChange {
    pub(crate) address: Address,
    pub(crate) action: Action,
    /// Where its block is; none when it is no longer in the configuration.
    pub(crate) location: Option<Location>,
    /// Why, a line each; always given for a delete and a replacement.
    pub(crate) reasons: Vec<String>,
    /// What differs, in the order of the table.
    pub(crate) attributes: Vec<AttributeChange>,
    /// How many managed attributes stay.
    pub(crate) unchanged: usize,
    /// What cannot be got back, a line each.
    pub(crate) lost: Vec<String>,
    /// What survives although it looks endangered.
    pub(crate) kept: Vec<String>,
    /// The names of the steps, in order; those of both halves for a replacement.
    pub(crate) steps: Vec<String>,
    /// How long it cannot be used, in words.
    pub(crate) down: Option<String>,
    /// The id of what exists now.
    pub(crate) id: Option<String>,
}

impl ResourceChange {
    /// A change that says no more than what it does and by which steps.
    fn new(address: &Address, action: Action, steps: &[Step]) -> ResourceChange {
        ResourceChange {
            address: address.clone(),
            action,
            location: None,
            reasons: Vec::new(),
            attributes: Vec::new(),
            unchanged: 0,
            lost: Vec::new(),
            kept: Vec::new(),
            steps: steps.iter().map(|step| step.name.clone()).collect(),
            down: None,
            id: None,
        }
    }
}

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    /// Takes over something that exists and carries our tags.
    Import,
    Create,
    Update,
    Replace {
        create_first: bool,
    },
    Delete,
    /// Removes it from the state only: it no longer exists.
    Forget,
}

impl Action {
    /// The sign in front of a change.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Action::Import => "&",
            Action::Create => "+",
            Action::Update => "~",
            Action::Replace { create_first: false } => "-/+",
            Action::Replace { create_first: true } => "+/-",
            Action::Delete => "-",
            Action::Forget => ".",
        }
    }

    /// The word for it.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Action::Import => "import",
            Action::Create => "create",
            Action::Update => "update",
            Action::Replace { .. } => "replace",
            Action::Delete => "delete",
            Action::Forget => "forget",
        }
    }

    /// Whether something that exists goes away.
    pub(crate) fn is_loss(self) -> bool {
        matches!(self, Action::Replace { .. } | Action::Delete)
    }
}

/// A difference in one attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AttributeChange {
    /// Its name, nested with dots.
    pub(crate) path: String,
    /// What it is now; none if it is not set.
    pub(crate) before: Option<Value>,
    /// What it will be; a value that is not known yet is shown as such.
    pub(crate) after: Option<Value>,
    /// It makes the resource be replaced.
    pub(crate) forces_replacement: bool,
    /// Neither value is shown.
    pub(crate) sensitive: bool,
    /// Text of several lines, shown as a line diff.
    pub(crate) is_text: bool,
}

impl AttributeChange {
    /// A change of something that is shown as it is.
    fn plain(path: impl Into<String>, before: Option<Value>, after: Option<Value>) -> AttributeChange {
        AttributeChange {
            path: path.into(),
            before,
            after,
            forces_replacement: false,
            sensitive: false,
            is_text: false,
        }
    }

    /// A change of this attribute, shown as its table says.
    fn of(
        attribute: &Attribute,
        path: impl Into<String>,
        before: Option<Value>,
        after: Option<Value>,
    ) -> AttributeChange {
        AttributeChange {
            sensitive: attribute.is_sensitive(),
            is_text: matches!(attribute.kind, Kind::Text),
            ..AttributeChange::plain(path, before, after)
        }
    }
}

/// A difference between what the state remembers and what exists.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Drift {
    pub(crate) address: Address,
    /// Empty when the resource itself is gone.
    pub(crate) path: String,
    pub(crate) remembered: Option<Value>,
    pub(crate) observed: Option<Value>,
    /// What this plan does about it, in words.
    pub(crate) effect: &'static str,
}

/// A difference in one output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OutputChange {
    pub(crate) name: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
    pub(crate) sensitive: bool,
}

/// A loss that a rule forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forbidden {
    pub(crate) address: Address,
    /// Which rule, and the way out, in words.
    pub(crate) rule: String,
}

/// One node of what the executor does: all steps of one half of a change.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) address: Address,
    pub(crate) operation: Operation,
    pub(crate) steps: Vec<Step>,
    /// Positions in [`Plan::work`] that must be done before this starts; all smaller than its own.
    pub(crate) after: Vec<usize>,
    /// Where the resource's block is, for error reports.
    pub(crate) location: Option<Location>,
}

/// What a node does to the state, apart from its steps.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    /// Makes a new one; `depose` first moves the id of the old one aside (create-first replacement).
    Create { target: Box<Target>, depose: bool },
    /// Changes one that exists; `adopt` is a stray whose id is first written into the state.
    Update {
        id: String,
        target: Box<Target>,
        adopt: bool,
    },
    /// Removes one; `deposed` tells one that was moved aside from the current one.
    Delete { id: String, deposed: bool },
    /// Removes the entry from the state.
    Forget,
}

/// What the state says of a resource when its change is finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The configured attributes; references are filled in by the executor, secrets and text are fingerprints.
    pub(crate) attributes: Attributes,
    pub(crate) dependencies: BTreeSet<Address>,
    pub(crate) prevent_destroy: bool,
}

/// How many changes of each kind a plan holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) import: usize,
    pub(crate) create: usize,
    pub(crate) update: usize,
    pub(crate) replace: usize,
    pub(crate) delete: usize,
    pub(crate) forget: usize,
}

impl Plan {
    /// Whether there is nothing to do. Changed outputs count as something to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.outputs.is_empty()
    }

    /// The changes by kind.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for change in &self.changes {
            match change.action {
                Action::Import => counts.import += 1,
                Action::Create => counts.create += 1,
                Action::Update => counts.update += 1,
                Action::Replace { .. } => counts.replace += 1,
                Action::Delete => counts.delete += 1,
                Action::Forget => counts.forget += 1,
            }
        }
        counts
    }

    /// The changes that take away something that exists.
    pub(crate) fn losses(&self) -> impl Iterator<Item = &ResourceChange> {
        self.changes.iter().filter(|change| change.action.is_loss())
    }
}
