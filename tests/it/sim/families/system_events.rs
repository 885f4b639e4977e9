//! System events: exercises that a user plans, what handles them, and what comes by itself.

use serde_json::{Value, json};

use super::super::catalogue::{Step, ecs};
use super::super::{Sim, instance_params, text};

pub(super) const SYSTEM_EVENT_WALK: &[Step] = &[
    ecs("RedeployInstance", &[("InstanceId", "$running")]),
    ecs(
        "CreateSimulatedSystemEvents",
        &[
            ("InstanceId.1", "$running"),
            ("EventType", "SystemMaintenance.Reboot"),
            ("NotBefore", "2027-01-01T00:00:00Z"),
        ],
    )
    .keep("system-event", "/EventIdSet/EventId/0"),
    ecs("DescribeInstancesFullStatus", &[]),
    ecs("DescribeDisksFullStatus", &[]),
    ecs(
        "DescribeInstanceHistoryEvents",
        &[
            ("InstanceEventCycleStatus.1", "Scheduled"),
            ("InstanceEventCycleStatus.2", "Canceled"),
        ],
    ),
    ecs("CancelSimulatedSystemEvents", &[("EventId.1", "$system-event")]),
    ecs("DescribeInstanceHistoryEvents", &[("InstanceId", "$running")]),
    // What is on local disks is asked about first.
    ecs(
        "RunInstances",
        &[
            ("ImageId", super::IMAGE),
            ("InstanceType", "ecs.i2.xlarge"),
            ("SecurityGroupId", "$group"),
            ("VSwitchId", "$vswitch"),
        ],
    )
    .keep("local", "/InstanceIdSets/InstanceIdSet/0"),
    ecs(
        "CreateSimulatedSystemEvents",
        &[
            ("InstanceId.1", "$local"),
            ("EventType", "SystemFailure.Redeploy"),
            ("NotBefore", "2027-01-01T00:00:00Z"),
        ],
    )
    .keep("inquiry", "/EventIdSet/EventId/0"),
    ecs("AcceptInquiredSystemEvent", &[("EventId", "$inquiry")]),
    ecs("DeleteInstance", &[("InstanceId", "$local"), ("Force", "true")]),
];

/// A running server.
fn running(sim: &mut Sim, more: &[(&str, &str)]) -> String {
    let net = sim.network();
    let made = sim.ecs("RunInstances", &instance_params(&net, more)).ok();
    sim.wait(30);
    text(&made["InstanceIdSets"]["InstanceIdSet"][0])
}

fn plan(sim: &mut Sim, server: &str, kind: &str, more: &[(&str, &str)]) -> String {
    // START is at 08:00.
    let order = [
        ("InstanceId.1", server),
        ("EventType", kind),
        ("NotBefore", "2026-11-24T09:00:00Z"),
    ];
    let made = sim
        .ecs("CreateSimulatedSystemEvents", &[&order[..], more].concat())
        .ok();
    text(&made["EventIdSet"]["EventId"][0])
}

/// State and end of an event.
fn told(sim: &mut Sim, id: &str) -> (String, String) {
    let mut params = vec![("EventId.1".to_owned(), id.to_owned())];
    let states = [
        "Scheduled",
        "Avoided",
        "Executing",
        "Executed",
        "Canceled",
        "Failed",
        "Inquiring",
    ];
    for (place, state) in states.iter().enumerate() {
        params.push((
            format!("InstanceEventCycleStatus.{}", place + 1),
            (*state).to_owned(),
        ));
    }
    let params: Vec<(&str, &str)> = params.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let shown = sim.ecs("DescribeInstanceHistoryEvents", &params).ok();
    let event = &shown["InstanceSystemEventSet"]["InstanceSystemEventType"][0];
    (
        text(&event["EventCycleStatus"]["Name"]),
        text(&event["EventFinishTime"]),
    )
}

fn status(sim: &mut Sim, server: &str) -> Value {
    let shown = sim
        .ecs("DescribeInstancesFullStatus", &[("InstanceId.1", server)])
        .ok();
    shown["InstanceFullStatusSet"]["InstanceFullStatusType"][0].clone()
}

#[test]
fn an_exercise_passes_at_its_time_and_a_restart_avoids_it() {
    let mut sim = Sim::new();
    let server = running(&mut sim, &[]);
    assert_eq!(
        status(&mut sim, &server)["HealthStatus"],
        json!({"Code": 0, "Name": "Ok"})
    );
    let event = plan(&mut sim, &server, "SystemMaintenance.Reboot", &[]);
    let shown = status(&mut sim, &server);
    assert_eq!(shown["HealthStatus"]["Name"], "Warning");
    let own = &shown["ScheduledSystemEventSet"]["ScheduledSystemEventType"][0];
    assert_eq!(own["EventId"], event.as_str());
    assert_eq!(own["EventCycleStatus"], json!({"Code": 24, "Name": "Scheduled"}));
    assert_eq!(
        own["EventType"],
        json!({"Code": 1, "Name": "SystemMaintenance.Reboot"})
    );
    assert_eq!(own["NotBefore"], "2026-11-24T09:00:00Z");
    // It is no history yet.
    let history = sim.ecs("DescribeInstanceHistoryEvents", &[]).ok();
    assert_eq!(history["TotalCount"], 0);
    sim.wait(3600);
    assert_eq!(sim.show(&server)["Status"], "Running");
    assert_eq!(
        told(&mut sim, &event),
        ("Executed".to_owned(), "2026-11-24T09:00:00Z".to_owned())
    );
    let history = sim
        .ecs("DescribeInstanceHistoryEvents", &[("MaxResults", "10")])
        .ok();
    assert_eq!(history["TotalCount"], 1);
    // A month later nobody knows of it.
    sim.wait(31 * 86_400);
    let history = sim.ecs("DescribeInstanceHistoryEvents", &[]).ok();
    assert_eq!(history["TotalCount"], 0);
}

#[test]
fn a_restart_avoids_a_planned_one_and_nothing_else() {
    let mut sim = Sim::new();
    let server = running(&mut sim, &[]);
    let restart = plan(&mut sim, &server, "SystemMaintenance.Reboot", &[]);
    let stop = plan(&mut sim, &server, "SystemMaintenance.Stop", &[]);
    sim.ecs("RebootInstance", &[("InstanceId", &server)]).ok();
    assert_eq!(told(&mut sim, &restart).0, "Avoided");
    assert_eq!(told(&mut sim, &stop).0, "Scheduled");
    sim.ecs("CancelSimulatedSystemEvents", &[("EventId.1", &restart)])
        .refused(403, "InvalidParameter");
    sim.ecs("CancelSimulatedSystemEvents", &[("EventId.1", &stop)])
        .ok();
    assert_eq!(told(&mut sim, &stop).0, "Canceled");
    sim.ecs("CancelSimulatedSystemEvents", &[("EventId.1", "e-no")])
        .refused(403, "InvalidEventId.NotFound");
    // What goes with its server need not be done.
    let last = plan(&mut sim, &server, "SystemMaintenance.Redeploy", &[]);
    sim.wait(60);
    sim.ecs("DeleteInstance", &[("InstanceId", &server), ("Force", "true")])
        .ok();
    sim.wait(60);
    assert_eq!(told(&mut sim, &last).0, "Avoided");
}

#[test]
fn a_failure_is_under_way_at_once_and_one_in_earnest_restarts_the_server() {
    let mut sim = Sim::new();
    let server = running(&mut sim, &[]);
    let failure = plan(&mut sim, &server, "SystemFailure.Reboot", &[]);
    assert_eq!(told(&mut sim, &failure).0, "Executing");
    assert_eq!(status(&mut sim, &server)["HealthStatus"]["Name"], "Impaired");
    assert_eq!(sim.show(&server)["Status"], "Running");
    sim.ecs("AcceptInquiredSystemEvent", &[("EventId", &failure)])
        .refused(403, "OperationDenied.AcceptNotSupported");
    sim.wait(3600);
    assert_eq!(told(&mut sim, &failure).0, "Executed");
    let again = [
        ("InstanceId.1", server.as_str()),
        ("EventType", "InstanceFailure.Reboot"),
        ("NotBefore", "2026-11-24T09:00:00Z"),
    ];
    sim.ecs("CreateSimulatedSystemEvents", &again)
        .refused(403, "InvalidNotBefore.Passed");
    let real = [
        ("InstanceId.1", server.as_str()),
        ("EventType", "SystemMaintenance.Stop"),
        ("NotBefore", "2026-11-24T11:00:00Z"),
        ("TriggerRealOps", "true"),
    ];
    let made = sim.ecs("CreateSimulatedSystemEvents", &real).ok();
    let real = text(&made["EventIdSet"]["EventId"][0]);
    sim.wait(2 * 3600 - 38);
    assert_eq!(told(&mut sim, &real).0, "Executing");
    assert_eq!(sim.show(&server)["Status"], "Stopping");
    sim.wait(60);
    assert_eq!(told(&mut sim, &real).0, "Executed");
    assert_eq!(sim.show(&server)["Status"], "Stopped");
    let one = sim
        .ecs(
            "DescribeInstancesFullStatus",
            &[("Status", "Stopped"), ("HealthStatus", "NotApplicable")],
        )
        .ok();
    assert_eq!(one["TotalCount"], 1);
}

#[test]
fn a_redeployment_is_asked_for_where_there_are_local_disks() {
    let mut sim = Sim::new();
    let server = running(&mut sim, &[("InstanceType", "ecs.i2.xlarge")]);
    let exercise = plan(&mut sim, &server, "SystemMaintenance.Redeploy", &[]);
    assert_eq!(told(&mut sim, &exercise).0, "Inquiring");
    // An exercise is not handled in earnest.
    sim.ecs("RedeployInstance", &[("InstanceId", &server)])
        .refused(403, "InvalidOperation.RedeployInstance");
    sim.ecs("AcceptInquiredSystemEvent", &[("EventId", &exercise)])
        .ok();
    assert_eq!(told(&mut sim, &exercise).0, "Executing");
    sim.ecs("AcceptInquiredSystemEvent", &[("EventId", &exercise)])
        .refused(404, "InvalidEventId.NoInquiringEventFound");
    sim.wait(60);
    assert_eq!(told(&mut sim, &exercise).0, "Executed");
    let real = plan(
        &mut sim,
        &server,
        "SystemMaintenance.Redeploy",
        &[("TriggerRealOps", "true")],
    );
    let moved = sim.ecs("RedeployInstance", &[("InstanceId", &server)]).ok();
    let task = text(&moved["TaskId"]);
    assert_eq!(told(&mut sim, &real).0, "Avoided");
    assert_eq!(sim.show(&server)["Status"], "Stopping");
    sim.ecs("RedeployInstance", &[("InstanceId", &server)])
        .refused(403, "IncorrectInstanceStatus");
    sim.wait(60);
    assert_eq!(sim.show(&server)["Status"], "Running");
    let shown = sim.ecs("DescribeTasks", &[("TaskIds", &task)]).ok();
    let shown = &shown["TaskSet"]["Task"][0];
    assert_eq!(
        (&shown["TaskStatus"], &shown["TaskAction"]),
        (&json!("Finished"), &json!("RedeployInstance"))
    );
}

#[test]
fn the_end_of_a_subscription_is_an_event_that_is_no_exercise() {
    let mut sim = Sim::new();
    let paid = [("InstanceChargeType", "PrePaid"), ("Period", "1")];
    let server = running(&mut sim, &paid);
    sim.wait(31 * 86_400);
    assert_eq!(sim.show(&server)["Status"], "Stopped");
    let shown = sim
        .ecs("DescribeInstanceHistoryEvents", &[("ResourceId.1", &server)])
        .ok();
    let event = &shown["InstanceSystemEventSet"]["InstanceSystemEventType"][0];
    assert_eq!(
        event["EventType"],
        json!({"Code": 34, "Name": "InstanceExpiration.Stop"})
    );
    assert_eq!(event["EventCycleStatus"]["Name"], "Executed");
    let id = text(&event["EventId"]);
    sim.ecs("CancelSimulatedSystemEvents", &[("EventId.1", &id)])
        .refused(403, "CannotCancelSystemEvent.NotSimulated");
    sim.wait(16 * 86_400);
    let deleted = [
        ("ResourceId.1", server.as_str()),
        ("EventType", "InstanceExpiration.Delete"),
    ];
    let shown = sim.ecs("DescribeInstanceHistoryEvents", &deleted).ok();
    assert_eq!(shown["TotalCount"], 1);
}

#[test]
fn events_are_filtered_by_what_they_are_and_whose() {
    let mut sim = Sim::new();
    let tagged = [("Tag.1.Key", "k"), ("Tag.1.Value", "v")];
    let server = running(&mut sim, &tagged);
    let event = plan(&mut sim, &server, "SystemMaintenance.Reboot", &[]);
    sim.ecs("CancelSimulatedSystemEvents", &[("EventId.1", &event)])
        .ok();
    let mut count = |params: &[(&str, &str)]| {
        let shown = sim.ecs("DescribeInstanceHistoryEvents", params).ok();
        shown["TotalCount"].as_i64().unwrap()
    };
    assert_eq!(count(&[("EventCycleStatus", "Canceled")]), 1);
    assert_eq!(count(&[("EventCycleStatus", "Executed")]), 0);
    // The list counts, and the single one only without it.
    let both = [
        ("EventCycleStatus", "Executed"),
        ("InstanceEventCycleStatus.1", "Canceled"),
    ];
    assert_eq!(count(&both), 1);
    assert_eq!(count(&[("ResourceType", "ddh")]), 0);
    assert_eq!(count(&[("Tag.1.Key", "k"), ("Tag.1.Value", "v")]), 1);
    assert_eq!(count(&[("Tag.1.Key", "k"), ("Tag.1.Value", "w")]), 0);
    let hour = [
        ("NotBefore.Start", "2026-11-24T08:30:00Z"),
        ("NotBefore.End", "2026-11-24T09:30:00Z"),
    ];
    assert_eq!(count(&hour), 1);
    let turned = [("NotBefore.Start", hour[1].1), ("NotBefore.End", hour[0].1)];
    for (params, code) in [
        (&turned[..], "InvalidParameter.TimeEndBeforeStart"),
        (&[("EventPublishTime.Start", "yesterday")], "InvalidParameter"),
        (&[("EventCycleStatus", "Over")], "InvalidParameter"),
        (&[("ImpactLevel", "100")], "OperationDenied.NotInWhiteList"),
    ] {
        sim.ecs("DescribeInstanceHistoryEvents", params)
            .refused(403, code);
    }
}

#[test]
fn a_region_has_room_for_so_many_exercises() {
    let mut sim = Sim::new();
    let server = running(&mut sim, &[]);
    let names: Vec<String> = (1..=101).map(|number| format!("InstanceId.{number}")).collect();
    let order = [
        ("EventType", "SystemMaintenance.Reboot"),
        ("NotBefore", "2026-11-24T09:00:00Z"),
    ];
    let of = |count: usize| -> Vec<(&str, &str)> {
        let servers = names[..count].iter().map(|name| (name.as_str(), server.as_str()));
        order.iter().copied().chain(servers).collect()
    };
    sim.ecs("CreateSimulatedSystemEvents", &of(101))
        .refused(403, "InstanceIdLimitExceeded");
    for _ in 0..2 {
        sim.ecs("CreateSimulatedSystemEvents", &of(100)).ok();
    }
    sim.ecs("CreateSimulatedSystemEvents", &of(1))
        .refused(403, "SimulatedEventLimitExceeded");
    sim.wait(3600);
    sim.ecs(
        "CreateSimulatedSystemEvents",
        &[
            &of(1)[..1],
            &[("NotBefore", "2026-11-25T09:00:00Z"), ("InstanceId.1", &server)],
        ]
        .concat(),
    )
    .ok();
    sim.ecs(
        "CreateSimulatedSystemEvents",
        &[&order[..], &[("InstanceId.1", "i-no")]].concat(),
    )
    .refused(403, "InvalidNotBefore.Passed");
}

#[test]
fn disks_are_as_healthy_as_their_state() {
    let mut sim = Sim::new();
    let server = running(&mut sim, &[]);
    let disks = |sim: &mut Sim, params: &[(&str, &str)]| {
        sim.ecs("DescribeDisksFullStatus", params).ok()["DiskFullStatusSet"]["DiskFullStatusType"].clone()
    };
    let all = disks(&mut sim, &[]);
    assert_eq!(all.as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &all[0]["InstanceId"],
            &all[0]["HealthStatus"],
            &all[0]["Status"]["Name"]
        ),
        (
            &json!(server),
            &json!({"Code": 0, "Name": "Ok"}),
            &json!("In_use")
        )
    );
    assert_eq!(disks(&mut sim, &[("Status", "Available")]), json!([]));
    // None has had an event.
    for event in [
        ("EventType", "Stalled"),
        ("EventId.1", "e-no"),
        ("EventTime.Start", "2026-11-01T00:00:00Z"),
        ("EventTime.End", "2099-01-01T00:00:00Z"),
    ] {
        assert_eq!(disks(&mut sim, &[event]), json!([]), "{event:?}");
    }
    sim.ecs("DescribeDisksFullStatus", &[("HealthStatus", "Poor")])
        .refused(403, "InvalidParameter");
}
