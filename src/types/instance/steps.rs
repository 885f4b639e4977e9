//! What is done to a server, as steps: made, changed, stopped for what cannot be changed while it runs, and removed.
//!
//! Pure. Does not know why something differs.

use super::super::attribute::{Attribute, Needs, Update};
use super::super::resource_type::{ToChange, ToMake, ToRemove};
use super::super::steps;
use super::calls::{STARTED, STATUS_TIMEOUT_S, STOPPED, allocate, simple, start, stop, text, wait};
use super::table::{MODIFY, MODIFY_CREDIT, MODIFY_RENEWAL, MODIFY_TYPE, MOVE};
use super::{card, disks, money, volumes};
use crate::api::{Action, action};
use crate::step::{Call, Restore, Shows, Step, StepKind};
use crate::value::{Attributes, Value};

/// Bandwidth asks for a public address.
pub(super) fn implied(wanted: &Attributes, observed: &Attributes) -> Vec<&'static str> {
    let bandwidth = wanted
        .get("internet_max_bandwidth_out")
        .and_then(Value::as_integer)
        .unwrap_or(0);
    if bandwidth > 0 && !observed.contains_key("public_ip") {
        vec!["public_ip"]
    } else {
        Vec::new()
    }
}

/// A server that was stopped for a change is started again when the change is refused; one that was to make room for its
/// successor when it may not go.
pub(super) fn restore(steps: &[Step]) -> Option<Restore> {
    let behind = steps.iter().position(|step| step.shows == STOPPED)?;
    if let Some(before) = steps.iter().rposition(|step| step.shows == STARTED) {
        return (behind < before).then(|| Restore {
            behind,
            before,
            steps: steps[before..].to_vec(),
        });
    }
    steps
        .iter()
        .enumerate()
        .find_map(|(place, step)| match &step.kind {
            StepKind::Call(call) if call.action == &action::DELETE_INSTANCE => Some(Restore {
                behind,
                before: place + 1,
                steps: vec![start(call.params.get("InstanceId")?.clone()), wait("Running")],
            }),
            _ => None,
        })
}

/// create > wait until stopped > (more groups) > (allocate public IP) > (start > wait until running)
pub(super) fn create(wanted: &ToMake<'_>) -> Vec<Step> {
    let mut call = steps::create_call(wanted);
    let groups = wanted.attributes.get("security_group_ids");
    // CreateInstance takes one group; the others join by a call of their own.
    if let Some(first) = groups.and_then(Value::as_list).and_then(<[Value]>::first) {
        call.params.insert("SecurityGroupId".to_owned(), first.clone());
    }
    if wanted.attributes.get("auto_renew") == Some(&Value::Bool(true))
        && !wanted.attributes.contains_key("auto_renew_period")
        && let Some(period) = wanted.attributes.get("period")
    {
        call.params.insert("AutoRenewPeriod".to_owned(), period.clone());
    }
    disks::put_data_disks(&mut call, wanted.attributes);
    let mut steps = vec![Step::call("create", call), wait("Stopped")];
    if let Some(groups) = groups.filter(|groups| groups.as_list().is_some_and(|groups| groups.len() > 1)) {
        let params = Attributes::from([
            ("InstanceId".to_owned(), steps::own_id(wanted)),
            ("SecurityGroupIds".to_owned(), groups.clone()),
        ]);
        let call = steps::call(MODIFY.action, wanted.region, params);
        steps.push(Step::call("join security groups", call));
    }
    steps.extend(card::first_ipv6(wanted));
    steps.extend(volumes::tag_first(wanted));
    if !implied(wanted.attributes, &Attributes::new()).is_empty() {
        steps.push(allocate(steps::own_id(wanted)));
    }
    if text(wanted.attributes, "status") != Some("Stopped") {
        steps.push(start(steps::own_id(wanted)));
        steps.push(wait("Running"));
    }
    steps
}

/// Finishes what is under way, changes what can be changed live, stops for what cannot, and ends in the status
/// that is wanted.
pub(super) fn update(change: &ToChange<'_>) -> Vec<Step> {
    let id = || Value::from(change.id);
    let wanted = change.wanted.attributes;
    let mut steps = Vec::new();
    let mut status = match text(change.before, "status") {
        Some("Pending" | "Stopping") => {
            steps.push(wait("Stopped"));
            "Stopped"
        }
        Some("Starting") => {
            steps.push(wait("Running"));
            "Running"
        }
        Some("Running") => "Running",
        _ => "Stopped",
    };
    let (begins, ends) = (money::begins(change), money::ends(change));
    let is_subscription = money::is_subscription(change.before) && !ends;
    if ends {
        steps.extend(money::end(change.id, change.wanted.region));
    }
    let groups = steps::changed_by_action(change);
    let (stopped, live): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .partition(|(update, _)| update.needs == Needs::Stopped);
    // What only a running server takes, and what only a subscription does.
    let (late, live): (Vec<_>, Vec<_>) = live.into_iter().partition(|(update, _)| {
        std::ptr::eq(*update, &MODIFY_CREDIT) || begins && std::ptr::eq(*update, &MODIFY_RENEWAL)
    });
    let mut reboot = false;
    for (update, mut attributes) in live {
        // Groups of another network are taken with the move there.
        attributes.retain(|attribute| attribute.name != GROUPS || !leaves_network(change));
        if attributes.is_empty() {
            continue;
        }
        steps.push(live_step(change, update, &attributes));
        reboot |= update.needs == Needs::Reboot;
    }
    steps.extend(metadata(change));
    let is_swapped = disks::is_swapped(change);
    if !is_swapped {
        steps.extend(disks::change_system_disk(change, status == "Running"));
    }
    steps.extend(steps::tag_steps(change));
    let wants_stopped = text(wanted, "status") == Some("Stopped");
    let must_stop = !stopped.is_empty() || is_swapped;
    if status == "Running" && (must_stop || wants_stopped) {
        // Only a pay-as-you-go server in a VPC has the choice.
        let has_choice = change.before.contains_key("vswitch_id")
            && !is_subscription
            && change.before.contains_key("instance_charge_type");
        let mode = match (has_choice, wants_stopped) {
            (false, _) => None,
            (true, true) => text(wanted, "stopped_mode"),
            (true, false) => Some("KeepCharging"),
        };
        steps.push(stop(id(), mode));
        steps.push(wait("Stopped"));
        reboot = false;
        status = "Stopped";
    }
    for (update, attributes) in stopped {
        if is_subscription && std::ptr::eq(update, &MODIFY_TYPE) {
            steps.extend(money::change_type(change));
            continue;
        }
        let mut step = steps::update_step(change, update, &attributes);
        if std::ptr::eq(update, &MOVE) {
            steps.extend(card::leave_ipv6(change));
            destination(&mut step, change);
        }
        steps.push(step);
        // The next wait for a status shows the address that it is given there; without one it is asked for.
        if std::ptr::eq(update, &MOVE) && wants_stopped {
            steps.extend(until_moved(change));
        }
    }
    steps.extend(card::change_ipv6(change));
    if is_swapped {
        steps.extend(disks::swap(change));
    }
    steps.extend(volumes::change(change));
    if change.changed.contains(&"public_ip") {
        steps.push(allocate(id()));
    }
    if status == "Stopped" && !wants_stopped {
        steps.push(start(id()));
        steps.push(wait("Running"));
    } else if reboot && status == "Running" {
        steps.push(simple("reboot", &action::REBOOT_INSTANCE, id()));
        steps.push(wait("Running"));
    }
    // Paid last, when all else has gone well.
    if begins {
        steps.extend(money::begin(change));
    }
    for (update, attributes) in late {
        steps.push(live_step(change, update, &attributes));
    }
    steps.extend(money::renew(change));
    steps
}

/// A change that needs no stop.
fn live_step(change: &ToChange<'_>, update: &Update, attributes: &[&'static Attribute]) -> Step {
    let mut step = steps::update_step(change, update, attributes);
    if std::ptr::eq(update, &MODIFY_RENEWAL)
        && let StepKind::Call(call) = &mut step.kind
    {
        renewal(call, change.wanted.attributes);
    }
    step
}

/// A renewal says whether and for how long at once.
fn renewal(call: &mut Call, wanted: &Attributes) {
    for (param, names) in [
        ("AutoRenew", ["auto_renew", "auto_renew"]),
        ("Duration", ["auto_renew_period", "period"]),
    ] {
        if !call.params.contains_key(param)
            && let Some(value) = names.iter().find_map(|name| wanted.get(*name))
        {
            call.params.insert(param.to_owned(), value.clone());
        }
    }
}

fn until_moved(change: &ToChange<'_>) -> Option<Step> {
    let wanted = change.wanted.attributes.get("vswitch_id")?;
    let place = Attributes::from([("vswitch_id".to_owned(), wanted.clone())]);
    Some(Step::wait_shown(
        "wait until moved",
        Shows::Attributes(place),
        STATUS_TIMEOUT_S,
    ))
}

const GROUPS: &str = "security_group_ids";

/// Whether it moves to another VPC.
fn leaves_network(change: &ToChange<'_>) -> bool {
    change.changed.contains(&"vpc_id")
}

/// A move says where to, and with which address; into another VPC also with which groups, in the same call.
fn destination(step: &mut Step, change: &ToChange<'_>) {
    let StepKind::Call(call) = &mut step.kind else {
        return;
    };
    let wanted = change.wanted.attributes;
    if leaves_network(change)
        && let Some(groups) = wanted.get(GROUPS)
    {
        call.params.insert("SecurityGroupId".to_owned(), groups.clone());
        if let Shows::Attributes(shown) = &mut step.shows {
            shown.insert(GROUPS.to_owned(), groups.clone());
        }
    }
    for (param, name) in [("VSwitchId", "vswitch_id"), ("PrivateIpAddress", "private_ip")] {
        let value = match name {
            "vswitch_id" => wanted.get(name).or_else(|| change.before.get(name)),
            _ => wanted.get(name),
        };
        if let Some(value) = value {
            call.params.insert(param.to_owned(), value.clone());
        }
    }
}

/// The metadata service is told everything at once: what is not wanted stays as it is.
fn metadata(change: &ToChange<'_>) -> Option<Step> {
    const METADATA: &str = "metadata";
    if !change.changed.contains(&METADATA) {
        return None;
    }
    let wanted = change.wanted.attributes.get(METADATA)?;
    let of = |key: &str| {
        wanted
            .at(key)
            .or_else(|| change.before.get(METADATA)?.at(key))
            .cloned()
    };
    let mut params = Attributes::from([("InstanceId".to_owned(), Value::from(change.id))]);
    for (key, param) in [
        ("http_endpoint", "HttpEndpoint"),
        ("http_tokens", "HttpTokens"),
        ("hop_limit", "HttpPutResponseHopLimit"),
    ] {
        let value = of(key).filter(|value| *value != Value::Integer(0));
        let value = value.or_else(|| (key == "http_endpoint").then(|| Value::from("enabled")));
        params.extend(value.map(|value| (param.to_owned(), value)));
    }
    let call = steps::call(
        &action::MODIFY_INSTANCE_METADATA_OPTIONS,
        change.wanted.region,
        params,
    );
    let shows = Shows::Detail {
        attribute: METADATA,
        value: wanted.clone(),
    };
    Some(Step::call("change metadata service", call).shows(shows))
}

/// A subscription that runs becomes pay-as-you-go first: the API deletes no other. Then stop, if it runs, and
/// delete.
pub(super) fn delete(existing: &ToRemove<'_>) -> Vec<Step> {
    let id = || Value::from(existing.id);
    let mut steps = Vec::new();
    if money::is_subscription(existing.attributes) {
        steps.extend(money::end(existing.id, existing.region));
    }
    match text(existing.attributes, "status") {
        Some("Running") => {
            steps.push(stop(id(), None));
            steps.push(wait("Stopped"));
        }
        Some("Starting") => {
            steps.push(wait("Running"));
            steps.push(stop(id(), None));
            steps.push(wait("Stopped"));
        }
        Some("Pending" | "Stopping") => steps.push(wait("Stopped")),
        _ => {}
    }
    steps.extend(steps::delete(existing));
    steps
}

pub(super) fn downtime(steps: &[Step]) -> Option<&'static str> {
    let has = |action: &Action| {
        steps
            .iter()
            .any(|step| matches!(&step.kind, StepKind::Call(call) if call.action == action))
    };
    if has(&action::DELETE_INSTANCE) {
        return Some("about 4 min");
    }
    match (
        has(&action::STOP_INSTANCE),
        has(&action::START_INSTANCE),
        has(&action::REBOOT_INSTANCE),
    ) {
        (true, true, _) => Some("about 2 min while it is stopped"),
        (_, _, true) => Some("about 1 min while it reboots"),
        (true, false, _) => Some("from now on: it stays stopped"),
        _ => None,
    }
}
