//! What outlives its owner is never lost between the two: a server is made anew, killed around every request and every
//! change of the disk, and the disk that was to stay is the one that the new server has.

use std::time::Duration;

use serde_json::Value;

use super::disk::Leaves;
use super::fate::{Instant, Plan};
use super::lock;
use super::scenarios::{Stack, network, server};
use super::world::World;

/// A server with a disk that stays, and one that goes.
fn with_disks(more: &str, first: bool) -> Stack {
    let mut web = server("a", "ecs.g7.large", "Running");
    web.text.push_str(&format!(
        "data_disks = [{{ name = \"data\", size = 40, delete_with_instance = false }}, {{ name = \"logs\", size = 20 }}]\n\
         lifecycle = {{ create_before_destroy = {first} }}\n{more}"
    ));
    let mut pieces = network();
    pieces.push(web);
    Stack {
        pieces,
        ..Stack::default()
    }
}

/// The ids of the data disks with this name, each with its server.
fn disks(world: &World, name: &str) -> Vec<(String, String)> {
    let cloud = &mut lock(&world.site).cloud;
    let inventory: Value = serde_json::from_str(&cloud.world_json(world.now)).unwrap();
    let rows = inventory["accounts"][0]["disk"].as_array().unwrap().iter();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    rows.filter(|row| row["name"] == name)
        .map(|row| (text(row, "id"), text(row, "instance_id")))
        .collect()
}

/// Kills the run that makes the server anew at one instant, and lets it be finished; whether there was such an instant.
fn killed_at(first: bool, at: u64, instant: Instant) -> bool {
    let (old, new) = (
        with_disks("", first),
        with_disks("io_optimized = \"none\"\n", first),
    );
    let mut world = World::new(at, &old.text(), |_| {});
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    world.wait(Duration::from_secs(3600));
    let [(kept, _)] = &disks(&world, "data")[..] else {
        panic!("one disk is made")
    };
    world.configure(&new.text());
    let killed = world.apply(Plan {
        kill: Some(instant),
        ..Plan::default()
    });
    if killed.code.is_some() {
        return false;
    }
    let place = format!("create first: {first}, {instant:?}");
    let leaves = [Leaves::Everything, Leaves::Nothing, Leaves::Part(at)];
    world.crash(leaves[usize::try_from(at / 3 % 3).unwrap()]);
    world.wait(Duration::from_secs(
        [0, 30, 600][usize::try_from(at % 3).unwrap()],
    ));
    for attempt in 1..=2 {
        let ended = world.apply(Plan::default());
        if ended.code == Some(0) {
            break;
        }
        assert!(attempt == 1, "{place}: {}{}", ended.out, ended.err);
    }
    let now = disks(&world, "data");
    assert!(
        now.len() == 1 && now[0].0 == *kept && !now[0].1.is_empty(),
        "{place}: {kept} was to be kept: {now:?}"
    );
    assert_eq!(disks(&world, "logs").len(), 1, "{place}");
    let plan = world.run(&["plan", "--detailed-exitcode"], Plan::default());
    assert_eq!(plan.code, Some(0), "{place}: {}{}", plan.out, plan.err);
    true
}

#[test]
fn a_disk_that_stays_is_the_one_that_the_new_server_has() {
    let kinds: [fn(u64) -> Instant; 4] = [
        Instant::BeforeFile,
        Instant::AfterFile,
        Instant::BeforeRequest,
        Instant::AfterRequest,
    ];
    for first in [false, true] {
        let points: usize = kinds
            .iter()
            .map(|kind| (1..).take_while(|&at| killed_at(first, at, kind(at))).count())
            .sum();
        println!("figure: a disk that stays, create first {first}: {points} crash points");
        assert!(points > 80, "{points}");
    }
}
