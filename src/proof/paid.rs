//! A renewal is ordered once: wherever the run that orders it ends, whatever answer is lost, the subscription ends one
//! period later and not two, and the next runs make everything right.

use std::time::Duration;

use super::disk::Leaves;
use super::fate::{Instant, Plan};
use super::lock;
use super::scenarios::{Stack, network, server};
use super::world::World;

/// A server that is paid for so many months at a time.
fn subscribed(months: u8) -> Stack {
    let mut web = server("a", "ecs.g7.large", "Running");
    web.text.push_str(&format!(
        "instance_charge_type = \"PrePaid\"\nperiod = {months}\n"
    ));
    let mut pieces = network();
    pieces.push(web);
    Stack {
        pieces,
        ..Stack::default()
    }
}

/// When the subscription ends, as the cloud has it.
fn paid_until(world: &World) -> i64 {
    let cloud = &mut lock(&world.site).cloud;
    let inventory: serde_json::Value = serde_json::from_str(&cloud.world_json(world.now)).unwrap();
    let row = &inventory["accounts"][0]["instance"][0];
    row["subscription"]["expires"]
        .as_i64()
        .unwrap_or_else(|| panic!("{row}"))
}

/// A world in which it is paid for one month, and the file asks for two.
fn to_be_renewed(seed: u64) -> World {
    let mut world = World::new(seed, &subscribed(1).text(), |_| {});
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    world.wait(Duration::from_secs(3600));
    world.configure(&subscribed(2).text());
    world
}

/// How much later two months are.
fn two_months() -> i64 {
    let mut world = to_be_renewed(1);
    let before = paid_until(&world);
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    paid_until(&world) - before
}

fn ends_well(world: &mut World, before: i64, period: i64, place: &str) {
    for attempt in 1..=2 {
        let ended = world.apply(Plan::default());
        if ended.code == Some(0) {
            break;
        }
        assert!(attempt == 1, "{place}: {}{}", ended.out, ended.err);
    }
    assert_eq!(paid_until(world) - before, period, "{place}: ordered once");
    super::oracle::check(world, &subscribed(2)).unwrap_or_else(|error| panic!("{place}: {error}"));
}

/// What is killed at any request, and goes on after no time, inside and behind its window.
#[test]
fn a_renewal_that_is_killed_anywhere_is_ordered_once() {
    let period = two_months();
    assert!(period > 50 * 86_400_000, "{period}");
    let mut ordered = 0;
    for pause in [0, 30, 200, 3600] {
        for (name, instant) in [
            ("before", Instant::BeforeRequest as fn(u64) -> Instant),
            ("after", Instant::AfterRequest),
            ("underway", |at| Instant::Underway(at, 90)),
        ] {
            for at in 1.. {
                let place = format!("{name} request {at}, {pause} s");
                let mut world = to_be_renewed(at);
                let before = paid_until(&world);
                let killed = world.apply(Plan {
                    kill: Some(instant(at)),
                    ..Plan::default()
                });
                if killed.code.is_some() {
                    break;
                }
                world.crash(Leaves::Everything);
                ordered += u32::from(paid_until(&world) != before);
                world.wait(Duration::from_secs(pause));
                ends_well(&mut world, before, period, &place);
            }
        }
    }
    assert!(ordered >= 8, "{ordered} runs ended behind an order");
}

/// Whether the state knows that the renewal has come to its end.
fn is_settled(world: &mut World) -> bool {
    let pulled = world.run(&["state", "pull"], Plan::default());
    let state: serde_json::Value = serde_json::from_str(&pulled.out).unwrap();
    state["resources"]["instance.a"]["attributes"]["period"] == 2
}

/// What was given up in the file after it had begun is not ordered any more.
#[test]
fn a_renewal_that_nobody_wants_any_more_is_not_ordered() {
    let mut given_up = 0;
    for at in 1.. {
        let mut world = to_be_renewed(at);
        let killed = world.apply(Plan {
            kill: Some(Instant::BeforeRequest(at)),
            ..Plan::default()
        });
        if killed.code.is_some() {
            break;
        }
        world.crash(Leaves::Everything);
        world.wait(Duration::from_secs(3600));
        // From then on, one month again is another renewal.
        if is_settled(&mut world) {
            break;
        }
        given_up += 1;
        let before = paid_until(&world);
        world.configure(&subscribed(1).text());
        let ended = world.apply(Plan::default());
        assert_eq!(ended.code, Some(0), "{at}: {}{}", ended.out, ended.err);
        assert_eq!(paid_until(&world), before, "killed before request {at}");
    }
    assert!(given_up > 5, "{given_up}");
}
