//! The steps of a plan: every API call and every wait, as data.
//!
//! The screen, the journal and the executor use the same steps, so what was shown is what is done. Does not know
//! how a call is signed or sent, nor who decides which steps are needed.

use std::borrow::Cow;

use crate::api::{Action, action};
use crate::live::Observed;
use crate::value::{Attributes, Value};

/// One step of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// A short verb phrase for the screen and the journal: `create`, `allocate public IP`, `wait until running`.
    pub(crate) name: String,
    pub(crate) kind: StepKind,
    /// How a look at the object tells that a call is done; a wait is its own look.
    pub(crate) shows: Shows,
}

/// What a look at an object shows when a call has done its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shows {
    /// Nothing: it is sent again when its answer was lost, and owed until it was answered.
    Nothing,
    /// These attributes.
    Attributes(Attributes),
    /// One of these statuses.
    Status(&'static [&'static str]),
    /// An attribute that was not there.
    With(&'static str),
    /// One that was there is not.
    Without(&'static str),
    /// A time behind this one; both as the cloud writes times.
    Later { attribute: &'static str, than: String },
    /// These tags, and none of those keys.
    Tags {
        set: Vec<(String, Value)>,
        removed: Vec<String>,
    },
    /// These members of a set of parts, and none of those.
    Members {
        attribute: &'static str,
        with: Vec<Attributes>,
        without: Vec<Attributes>,
    },
    /// This value of an attribute that takes a request of its own to read; of a table, these keys.
    Detail { attribute: &'static str, value: Value },
    /// It is not there any more.
    Gone,
}

impl Shows {
    /// The part that a look must show as well.
    pub(crate) fn part(&self) -> Option<&'static str> {
        match self {
            Shows::Members { attribute, .. } | Shows::Detail { attribute, .. } => Some(attribute),
            _ => None,
        }
    }

    /// Whether this look at it shows that the call has done its work.
    pub(crate) fn is_seen(&self, observed: &Observed, resolve: &dyn Fn(&Value) -> Value) -> bool {
        let text = |name: &str| observed.attributes.get(name).and_then(Value::as_str);
        match self {
            Shows::Nothing | Shows::Gone => false,
            Shows::Attributes(attributes) => attributes
                .iter()
                .all(|(name, value)| observed.attributes.get(name) == Some(&resolve(value))),
            Shows::Status(statuses) => text("status").is_some_and(|status| statuses.contains(&status)),
            Shows::Members {
                attribute,
                with,
                without,
            } => {
                let there = observed.attributes.get(*attribute).and_then(Value::as_list);
                let has = |member: &Attributes| {
                    let is_it = |one: &Value| {
                        let mut keys = member.iter();
                        keys.all(|(key, value)| one.at(key) == Some(&resolve(value)))
                    };
                    there.unwrap_or_default().iter().any(is_it)
                };
                there.is_some() && with.iter().all(has) && !without.iter().any(has)
            }
            Shows::Detail { attribute, value } => match (observed.attributes.get(*attribute), value) {
                (Some(there), Value::Map(keys)) => {
                    let mut keys = keys.iter();
                    keys.all(|(key, value)| there.at(key) == Some(&resolve(value)))
                }
                (there, value) => there == Some(&resolve(value)),
            },
            Shows::With(name) => observed.attributes.contains_key(*name),
            Shows::Without(name) => text(name).is_none_or(str::is_empty),
            Shows::Later { attribute, than } => text(attribute).is_some_and(|time| time > than.as_str()),
            Shows::Tags { set, removed } => {
                let has = |(key, value): &(String, Value)| {
                    observed.tags.get(key).map(String::as_str) == resolve(value).as_str()
                };
                set.iter().all(has) && !removed.iter().any(|key| observed.tags.contains_key(key))
            }
        }
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StepKind {
    Call(Call),
    Wait(Wait),
}

/// One API call that changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) action: &'static Action,
    /// Parameters under the API's own names, nested as the API nests them (`SystemDisk` holds `Size`, `Tag` is a
    /// list of maps). The executor fills in what is not known yet and flattens them.
    pub(crate) params: Attributes,
    pub(crate) yields: Yield,
    /// A parameter without which it is sent again when the cloud refuses it with this code: which of the two it takes
    /// depends on what is so at that moment.
    pub(crate) unless: Option<Unless>,
}

/// A parameter that may be refused, and the code with which that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unless {
    pub(crate) param: &'static str,
    pub(crate) code: &'static str,
}

/// What the answer of a call, or its success, puts into the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Yield {
    /// Nothing that is kept.
    Nothing,
    /// The id of the new resource, in this field of the answer.
    Id { field: &'static str },
    /// The new resource has this id by what it is; the answer tells none.
    Named(Value),
    /// Nothing, but the answer is a success that tells in this list of each resource whether it was done to it.
    Each { list: &'static str },
    /// A field of the answer becomes an attribute.
    Attribute {
        field: &'static str,
        attribute: &'static str,
    },
}

/// A wait for a state of the resource itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) until: Condition,
    /// How long to wait before giving up, in seconds.
    pub(crate) timeout_s: u64,
}

/// What a wait waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// An attribute has this text.
    Is {
        attribute: &'static str,
        value: Cow<'static, str>,
    },
    /// A look at it shows this, which may take a request of its own.
    Shown(Shows),
    /// The resource is no longer there.
    Gone,
}

impl Call {
    /// Whether it places an order, which may have to be paid; pay-as-you-go costs nothing at once.
    pub(crate) fn is_order(&self) -> bool {
        let ends = self.params.get("InstanceChargeType").and_then(Value::as_str) == Some("PostPaid");
        let orders = [
            &action::MODIFY_INSTANCE_CHARGE_TYPE,
            &action::MODIFY_PREPAY_INSTANCE_SPEC,
            &action::RENEW_INSTANCE,
        ];
        orders.contains(&self.action) && !ends
    }
}

impl Yield {
    /// Whether the call makes a resource.
    pub(crate) fn makes(&self) -> bool {
        matches!(self, Yield::Id { .. } | Yield::Named(_))
    }
}

impl Step {
    /// A call.
    pub(crate) fn call(name: impl Into<String>, call: Call) -> Step {
        Step {
            name: name.into(),
            kind: StepKind::Call(call),
            shows: Shows::Nothing,
        }
    }

    /// A wait until `status` has this value.
    pub(crate) fn wait_status(name: impl Into<String>, value: &'static str, timeout_s: u64) -> Step {
        Step::wait_for(name, "status", value, timeout_s)
    }

    /// A wait until an attribute has this text.
    pub(crate) fn wait_for(
        name: impl Into<String>,
        attribute: &'static str,
        value: impl Into<Cow<'static, str>>,
        timeout_s: u64,
    ) -> Step {
        let until = Condition::Is {
            attribute,
            value: value.into(),
        };
        Step {
            name: name.into(),
            kind: StepKind::Wait(Wait { until, timeout_s }),
            shows: Shows::Nothing,
        }
    }

    /// A wait until a look shows what a call does in its own time.
    pub(crate) fn wait_shown(name: impl Into<String>, shows: Shows, timeout_s: u64) -> Step {
        Step {
            name: name.into(),
            kind: StepKind::Wait(Wait {
                until: Condition::Shown(shows),
                timeout_s,
            }),
            shows: Shows::Nothing,
        }
    }

    /// A wait until the resource is gone.
    pub(crate) fn wait_gone(name: impl Into<String>, timeout_s: u64) -> Step {
        Step {
            name: name.into(),
            kind: StepKind::Wait(Wait {
                until: Condition::Gone,
                timeout_s,
            }),
            shows: Shows::Gone,
        }
    }

    /// The same, whose work shows in this way.
    pub(crate) fn shows(self, shows: Shows) -> Step {
        Step { shows, ..self }
    }
}

/// What gives back a state that the steps of a task take away for a while.
#[derive(Debug, Clone)]
pub(crate) struct Restore {
    /// It is owed when a step behind this position is refused ...
    pub(crate) behind: usize,
    /// ... and before this one, which gives it back by itself.
    pub(crate) before: usize,
    pub(crate) steps: Vec<Step>,
}
