//! Waiting for resources: who looks, and what a status means to whoever waits for another.
//!
//! Does not know how often is looked, nor what follows when a wait does not end well.

use std::sync::Arc;

use super::read::read_by_id;
use crate::cloud::Cloud;
use crate::cloud::wait::{Poller, Verdict};
use crate::env::{BoxFuture, Clock};
use crate::live::Observed;
use crate::step::Condition;
use crate::types::ResourceType;
use crate::value::Value;

/// Looks at resources of one type for everybody who waits for one.
pub(crate) fn poller(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    clock: Arc<dyn Clock>,
) -> Poller<Observed> {
    let cloud = cloud.clone();
    let read = move |ids: Vec<String>| -> BoxFuture<'static, _> {
        let cloud = cloud.clone();
        Box::pin(async move {
            let observed = read_by_id(resource_type, &cloud, &ids).await?;
            Ok(observed.into_iter().map(|one| (one.id.clone(), one)).collect())
        })
    };
    Poller::new(clock, Arc::new(read))
}

/// What a look means to a wait.
pub(crate) fn verdict(until: &Condition, observed: Option<&Observed>) -> Verdict {
    let (attribute, value) = match until {
        Condition::Gone if observed.is_none() => return Verdict::Gone,
        Condition::Gone => ("status", ""),
        Condition::Is { attribute, value } => (*attribute, value.as_ref()),
        // A list does not tell.
        Condition::Shown(_) => ("status", "shown"),
    };
    let Some(observed) = observed else {
        return Verdict::Missing;
    };
    let status = observed.attributes.get(attribute).and_then(Value::as_str);
    let status = status.unwrap_or("there");
    // What is no status has no course: it is there, or not yet.
    if attribute != "status" && status != value {
        return Verdict::NotYet {
            status: status.to_owned(),
        };
    }
    course(value, status)
}

/// Where something with this status is on its way to another one; an empty one for gone.
fn course(wanted: &str, status: &str) -> Verdict {
    let told = || status.to_owned();
    match (wanted, status) {
        (wanted, status) if wanted == status => Verdict::Done,
        // Nothing that still exists is past being gone.
        ("", _) | (_, "Pending" | "Creating") => Verdict::NotYet { status: told() },
        ("Running", "Starting") | ("Stopped", "Stopping") => Verdict::NotYet { status: told() },
        ("Running", "Stopping") | ("Stopped", "Starting") => Verdict::Past { status: told() },
        // Another state that rests, or a word that nobody knows: either may be what was before.
        _ => Verdict::Elsewhere { status: told() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_on_its_way_or_past_or_elsewhere() {
        let text = |verdict: Verdict| match verdict {
            Verdict::NotYet { .. } => "on its way",
            Verdict::Past { .. } => "past",
            Verdict::Elsewhere { .. } => "elsewhere",
            Verdict::Done => "done",
            Verdict::Gone => "gone",
            Verdict::Missing => "missing",
        };
        for (wanted, status, expected) in [
            ("Stopped", "Pending", "on its way"),
            ("Stopped", "Stopping", "on its way"),
            ("Stopped", "Running", "elsewhere"),
            ("Stopped", "Starting", "past"),
            ("Stopped", "Stopped", "done"),
            ("Running", "Starting", "on its way"),
            ("Running", "Stopping", "past"),
            ("Running", "Stopped", "elsewhere"),
            ("Running", "Expired", "elsewhere"),
            ("Available", "Pending", "on its way"),
            ("", "Running", "on its way"),
        ] {
            assert_eq!(text(course(wanted, status)), expected, "{wanted} {status}");
        }
        assert_eq!(verdict(&Condition::Gone, None), Verdict::Gone);
        let until = Condition::Is {
            attribute: "status",
            value: "Running".into(),
        };
        assert_eq!(verdict(&until, None), Verdict::Missing);
    }
}
