//! What moves money on a server that exists: what the plan says of it, what is asked and allowed, and what the cloud was
//! asked for.

use serde_json::Value;

use crate::harness::World;

/// A world in which the server of the example is paid for a month.
fn subscribed() -> (World, String) {
    let world = World::new();
    world.example("subscription");
    world.apply().exits(0);
    let text = world.read("infra.toml");
    (world, text)
}

fn server(world: &World) -> Value {
    world.instances_in("cn-beijing").remove(0)
}

fn orders(world: &World) -> [u64; 3] {
    [
        "RenewInstance",
        "ModifyPrepayInstanceSpec",
        "ModifyInstanceChargeType",
    ]
    .map(|action| world.requests("Ecs", action))
}

fn is_settled(world: &World) {
    world
        .run(&["plan", "--detailed-exitcode"])
        .exits(0)
        .says("No changes");
}

#[test]
fn a_longer_period_is_one_renewal_that_the_plan_prices() {
    let (world, text) = subscribed();
    let before = server(&world)["ExpiredTime"].clone();
    world.write("infra.toml", &text.replace("period = 1", "period = 3"));
    let plan = world
        .run(&["plan"])
        .exits(0)
        .says("renew for 3 months, until ")
        .says("Charged at once: ");
    let told = plan.stdout.split(", until ").nth(1).unwrap()[..10].to_owned();
    world.run(&["plan", "--json"]).exits(0).says("\"at_once\":");
    assert_eq!(orders(&world), [0, 0, 0], "a plan orders nothing");
    world.apply().exits(0);
    let after = server(&world)["ExpiredTime"].clone();
    assert_ne!(before, after);
    let until = after.as_str().unwrap();
    assert_eq!(&until[..10], told);
    // The output has the new end.
    world.run(&["output", "paid_until"]).exits(0).says(until);
    is_settled(&world);
    world.apply().exits(0);
    assert_eq!(orders(&world), [1, 0, 0]);
}

#[test]
fn another_size_of_a_subscription_is_an_order_in_both_directions() {
    let (world, text) = subscribed();
    let id = server(&world)["InstanceId"].clone();
    for (kind, requests) in [("ecs.r7.2xlarge", 2), ("ecs.g7.large", 3)] {
        world.write("infra.toml", &text.replace("ecs.r7.xlarge", kind));
        world.run(&["plan"]).exits(0).says(&format!(
            "stop > wait until stopped > change type of subscription > wait until {kind}"
        ));
        world.apply().exits(0);
        let server = server(&world);
        assert_eq!(
            (&server["InstanceType"], &server["InstanceId"]),
            (&kind.into(), &id)
        );
        assert_eq!(server["Status"], "Running");
        assert_eq!(server["InstanceChargeType"], "PrePaid");
        is_settled(&world);
        // Less is tried first; more is what it is without the word.
        assert_eq!(orders(&world), [0, requests, 0]);
    }
}

#[test]
fn a_server_becomes_pay_as_you_go_and_a_subscription_again() {
    let (world, text) = subscribed();
    let paygo = text.replace(
        "instance_charge_type = \"PrePaid\"\nperiod = 1\nperiod_unit = \"Month\"",
        "instance_charge_type = \"PostPaid\"",
    );
    world.write("infra.toml", &paygo);
    let plan = world.run(&["plan"]).exits(0).says("change to pay-as-you-go");
    assert!(!plan.stdout.contains("Charged at once"), "{}", plan.stdout);
    world.apply().exits(0);
    assert_eq!(server(&world)["InstanceChargeType"], "PostPaid");
    is_settled(&world);
    let again = text.replace("period = 1", "period = 2\nauto_renew = true");
    world.write("infra.toml", &again);
    // The vendor lets a change rest for five minutes, which go fast here.
    world
        .run(&["plan"])
        .exits(0)
        .says("change to subscription > wait until PrePaid > change renewal")
        .says("Charged at once: ");
    world.apply().exits(0);
    assert_eq!(server(&world)["InstanceChargeType"], "PrePaid");
    is_settled(&world);
    assert_eq!(orders(&world)[0], 0, "the period is that of the order");
}

#[cfg(unix)]
#[test]
fn the_question_names_the_amount() {
    let (world, text) = subscribed();
    world.write("infra.toml", &text.replace("period = 1", "period = 3"));
    let (code, shown) = world.at_terminal("apply", "Only yes goes ahead", b"no\n");
    assert_eq!(code, Some(4));
    assert!(
        shown.contains("It charges ") && shown.contains(" CNY at once."),
        "{shown}"
    );
    assert_eq!(orders(&world), [0, 0, 0]);
}

#[test]
fn an_amount_that_nobody_tells_needs_leave() {
    let (world, text) = subscribed();
    world.write("infra.toml", &text.replace("period = 1", "period = 3"));
    world.faults(&["DescribeRenewalPrice:refuse=Forbidden.RAM/403"]);
    world
        .run(&["plan"])
        .exits(0)
        .says("without instance.db (amount not known)");
    for arguments in [
        &["apply", "--auto-approve"][..],
        &["apply", "--auto-approve", "--allow-cost=instance.other"],
    ] {
        world
            .run(arguments)
            .exits(5)
            .tells("E0525")
            .tells("--allow-cost=instance.db");
    }
    assert_eq!(orders(&world), [0, 0, 0]);
    world
        .run(&["apply", "--auto-approve", "--allow-cost=instance.db"])
        .exits(0);
    assert_eq!(orders(&world), [1, 0, 0]);
    is_settled(&world);
}

/// It is repeated with its token, inside its window, and looked at behind it; the plan's day is the day.
#[test]
fn an_order_whose_answer_is_lost_is_not_placed_again() {
    let (world, text) = subscribed();
    world.write("infra.toml", &text.replace("period = 1", "period = 3"));
    let plan = world.run(&["plan"]).exits(0);
    let until = plan.stdout.split(", until ").nth(1).unwrap()[..10].to_owned();
    world.faults(&["RenewInstance:drop-answer"]);
    let ended = world.apply();
    assert!(matches!(ended.code, Some(0 | 3)), "{ended:?}");
    world.faults(&[]);
    world.apply().exits(0);
    is_settled(&world);
    assert_eq!(server(&world)["ExpiredTime"].as_str().unwrap()[..10], until);
}
