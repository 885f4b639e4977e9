//! The calls about one server that take little more than its id, and the waits for a status.
//!
//! Does not know when they are made.

use super::super::steps;
use crate::api::{Action, action};
use crate::step::{Call, Shows, Step, Yield};
use crate::value::{Attributes, Value};

/// How long a change of status may take, in seconds (some images need more than eight minutes to start).
pub(super) const STATUS_TIMEOUT_S: u64 = 600;

pub(super) fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name).and_then(Value::as_str)
}

/// A call about one instance that takes nothing but its id.
pub(super) fn simple(name: &str, action: &'static Action, id: Value) -> Step {
    Step::call(name, simple_call(action, id))
}

pub(super) fn simple_call(action: &'static Action, id: Value) -> Call {
    steps::call(action, "", Attributes::from([("InstanceId".to_owned(), id)]))
}

pub(super) fn allocate(id: Value) -> Step {
    let call = Call {
        yields: Yield::Attribute {
            field: "IpAddress",
            attribute: "public_ip",
        },
        ..simple_call(&action::ALLOCATE_PUBLIC_IP_ADDRESS, id)
    };
    Step::call("allocate public IP", call).shows(Shows::With("public_ip"))
}

pub(super) fn start(id: Value) -> Step {
    simple("start", &action::START_INSTANCE, id).shows(STARTED)
}

/// A stop that is for good leaves it as `stopped_mode` says. One that is not for good keeps what the server has: without KeepCharging a pay-as-you-go server in a VPC may lose
/// its public address, and its restart may find no stock.
pub(super) fn stop(id: Value, mode: Option<&str>) -> Step {
    let mut call = simple_call(&action::STOP_INSTANCE, id);
    if let Some(mode) = mode {
        call.params.insert("StoppedMode".to_owned(), Value::from(mode));
    }
    Step::call("stop", call).shows(STOPPED)
}

pub(super) const STARTED: Shows = Shows::Status(&["Starting", "Running"]);
pub(super) const STOPPED: Shows = Shows::Status(&["Stopping", "Stopped"]);

pub(super) fn wait(status: &'static str) -> Step {
    Step::wait_status(
        format!("wait until {}", status.to_lowercase()),
        status,
        STATUS_TIMEOUT_S,
    )
}

/// The reboot after which a server feels a change, unless it is to be stopped.
pub(super) fn reboot_if_running(wanted: &Attributes, id: &Value) -> Vec<Step> {
    if text(wanted, "status") == Some("Stopped") {
        return Vec::new();
    }
    vec![
        simple("reboot", &action::REBOOT_INSTANCE, id.clone()),
        wait("Running"),
    ]
}
