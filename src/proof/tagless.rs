//! What has no tags and was made by a run that was killed: whatever the file says by then, it is there once and as the
//! file says, or not at all.

use std::time::Duration;

use serde_json::Value;

use super::disk::Leaves;
use super::fate::{Instant, Plan};
use super::lock;
use super::scenarios::{Stack, network, server};
use super::world::World;

/// A network with two servers, and more.
fn with(more: &str) -> String {
    let mut pieces = network();
    pieces.push(server("a", "ecs.g7.large", "Running"));
    pieces.push(server("b", "ecs.g7.large", "Running"));
    let stack = Stack {
        pieces,
        tail: more.to_owned(),
        ..Stack::default()
    };
    stack.text()
}

fn route(to: &str) -> String {
    format!(
        "[route_entry.way]\nroute_table_id = \"${{vpc.main.route_table_id}}\"\n\
         destination_cidr_block = \"192.168.9.0/24\"\nnext_hop_type = \"Instance\"\n\
         next_hop_id = \"${{instance.{to}.id}}\"\n"
    )
}

/// Where the packets go, once for each line.
fn hops(world: &World) -> Vec<String> {
    let cloud = &mut lock(&world.site).cloud;
    let inventory: Value = serde_json::from_str(&cloud.world_json(world.now)).unwrap();
    let rows = inventory["accounts"][0]["route_entry"].as_array().unwrap().iter();
    rows.filter(|row| row["destination"] == "192.168.9.0/24")
        .map(|row| row["hops"][0]["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_line_that_a_killed_run_has_made_is_there_once_and_as_the_file_says_by_then() {
    let (none, to_a, to_b) = (with(""), with(&route("a")), with(&route("b")));
    // The file is as it was, turned to another server, or without the line.
    for (what, then) in [("the same", &to_a), ("another", &to_b), ("none", &none)] {
        let mut killed_runs = 0;
        for at in 2.. {
            let mut world = World::new(at, &none, |_| {});
            let ended = world.apply(Plan::default());
            assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
            world.wait(Duration::from_secs(3600));
            world.configure(&to_a);
            let instant = match at % 2 {
                0 => Instant::BeforeRequest(at / 2),
                _ => Instant::AfterRequest(at / 2),
            };
            let killed = world.apply(Plan {
                kill: Some(instant),
                ..Plan::default()
            });
            if killed.code.is_some() {
                break;
            }
            killed_runs += 1;
            world.crash(Leaves::Everything);
            world.wait(Duration::from_secs(
                [0, 30, 600][usize::try_from(at % 3).unwrap()],
            ));
            world.configure(then);
            let place = format!("{what}, {instant:?}");
            for attempt in 1..=2 {
                let ended = world.apply(Plan::default());
                if ended.code == Some(0) {
                    break;
                }
                assert!(attempt == 1, "{place}: {}{}", ended.out, ended.err);
            }
            assert_eq!(hops(&world).len(), usize::from(what != "none"), "{place}");
            let plan = world.run(&["plan", "--detailed-exitcode"], Plan::default());
            assert_eq!(plan.code, Some(0), "{place}: {}{}", plan.out, plan.err);
        }
        assert!(killed_runs > 10, "{killed_runs}");
    }
}

/// Nobody hears an answer, the line does not show at once, and then the run is killed.
#[test]
fn a_line_whose_answers_were_all_lost_is_found_when_the_run_is_killed() {
    let (none, to_a) = (with(""), with(&route("a")));
    let mut killed_runs = 0;
    for at in (1..400).step_by(3) {
        let mut world = World::new(at, &none, |options| options.read_lag = Duration::from_secs(20));
        let ended = world.apply(Plan::default());
        assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
        world.wait(Duration::from_secs(3600));
        world.configure(&to_a);
        world.weather.dark = 900_000;
        let killed = world.apply(Plan {
            kill: Some(Instant::BeforeFile(at)),
            ..Plan::default()
        });
        world.weather.dark = 0;
        if killed.code.is_some() {
            break;
        }
        killed_runs += 1;
        world.crash(Leaves::Everything);
        world.wait(Duration::from_secs(1200));
        world.configure(&none);
        let ended = world.apply(Plan::default());
        assert_eq!(ended.code, Some(0), "{at}: {}{}", ended.out, ended.err);
        assert_eq!(hops(&world).len(), 0, "{at}: {}{}", ended.out, ended.err);
    }
    assert!(killed_runs > 3, "{killed_runs}");
}
