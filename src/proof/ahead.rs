//! Nothing is given up for what cannot be had: a replacement whose create is refused, in rough weather and ended at any
//! instant, leaves the old one where it is; and what somebody else changes between the look and the first change is
//! told, and nothing is done on top of it.

use std::time::Duration;

use serde_json::Value;

use super::disk::Leaves;
use super::fate::{Instant, Plan};
use super::lock;
use super::net::Weather;
use super::oracle::{Oracle, check};
use super::scenarios::{Piece, REPLACE, UPDATE, server};
use super::world::World;

/// The zone to which everything is to move has nothing left.
fn sold_out(seed: u64) -> World {
    REPLACE.world_with(seed, |options| {
        options.sold_out = vec!["ecs.g7.large@cn-hangzhou-i".parse().unwrap()];
    })
}

/// Id and status of every server and every vSwitch.
fn standing(world: &World) -> Vec<(String, String)> {
    let inventory: Value = serde_json::from_str(&lock(&world.site).cloud.world_json(world.now)).unwrap();
    ["instance", "vswitch"]
        .iter()
        .flat_map(|table| inventory["accounts"][0][table].as_array().into_iter().flatten())
        .map(|row| (row["id"].to_string(), row["status"].to_string()))
        .collect()
}

#[test]
fn a_refused_successor_leaves_the_old_one_whatever_the_weather() {
    for seed in 0..40 {
        let mut world = sold_out(seed);
        let before = standing(&world);
        world.weather = Weather {
            lost_request: 40,
            lost_answer: 40,
            error_before: 40,
            throttled: 60,
            cut: 20,
            ..Weather::default()
        };
        let ended = world.apply(Plan::default());
        let told = format!("seed {seed}: {:?}\n{}\n{}", ended.code, ended.out, ended.err);
        // 1 where the weather let nothing be read at all.
        assert!(matches!(ended.code, Some(1 | 5)), "{told}");
        assert_eq!((ended.sent, standing(&world)), (0, before), "{told}");
    }
}

#[test]
fn a_refused_successor_leaves_the_old_one_wherever_the_run_ends() {
    for instant in [
        Instant::BeforeRequest as fn(u64) -> Instant,
        Instant::AfterRequest,
    ] {
        for at in 1.. {
            let mut world = sold_out(at);
            let before = standing(&world);
            let ended = world.apply(Plan {
                kill: Some(instant(at)),
                ..Plan::default()
            });
            assert_eq!(ended.sent, 0, "request {at}");
            if ended.code.is_some() {
                assert_eq!(ended.code, Some(5), "{}\n{}", ended.out, ended.err);
                assert!(at > 8, "only {at} requests");
                break;
            }
            world.crash(Leaves::Nothing);
            assert_eq!(standing(&world), before, "request {at}");
            // The file is taken back, and nothing is left to do.
            let stack = (REPLACE.before)();
            world.configure(&stack.text());
            check(&mut world, &stack).unwrap();
        }
    }
}

#[test]
fn what_moves_before_the_first_change_is_told_and_left_alone() {
    let stack = (UPDATE.after)();
    let mut told = 0;
    for at in 1..60 {
        for what in 0..6 {
            let mut world = UPDATE.world(at);
            let mut oracle = Oracle::new(&world);
            let ended = world.apply(Plan {
                meddle: Some((at, what)),
                ..Plan::default()
            });
            if ended.err.contains("E0532") {
                told += 1;
                assert_eq!(
                    (ended.code, ended.sent),
                    (Some(1), 0),
                    "{}\n{}",
                    ended.out,
                    ended.err
                );
                oracle.look(&world, &ended).unwrap();
                // What somebody else has begun, a delete of a running server say, comes to its end first.
                world.wait(Duration::from_secs(120));
                oracle
                    .converges(&mut world, &stack)
                    .unwrap_or_else(|error| panic!("{at} {what}: {error}\n{}", ended.err));
            }
        }
    }
    println!("figure: moved before the first change: {told}");
    assert!(told > 3, "only {told}");
}

/// A new key and a new server that names it, in a network that is there: the key's name is known beforehand and the key is
/// not there yet, which is no reason to refuse the server.
#[test]
fn a_server_is_not_refused_for_a_key_that_the_same_plan_makes() {
    let mut stack = (UPDATE.before)();
    let mut world = World::new(1, &stack.text(), |_| {});
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    let mut late = server("late", "ecs.g7.large", "Running");
    late.text
        .push_str("key_pair_name = \"${key_pair.office.name}\"\n");
    late.fields.push(("key_pair", "office".to_owned()));
    stack.pieces.push(late);
    stack.pieces.push(Piece {
        address: "key_pair.office".to_owned(),
        text: "[key_pair.office]\nname = \"office\"\npublic_key_body = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA\"\n"
            .to_owned(),
        ..Piece::default()
    });
    world.configure(&stack.text());
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    check(&mut world, &stack).unwrap();
}
