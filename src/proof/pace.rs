//! Many calls at once through few places, at a pace that the cloud sets: none is lost, none is made twice, and no run
//! stands still.

use super::fate::Plan;
use super::net::Weather;
use super::oracle::check;
use super::scenarios::servers;
use super::world::World;

/// Forty creates; the answers of twenty are lost and their repetitions throttled.
#[test]
fn lost_creates_whose_repetitions_are_throttled_are_made_once_each() {
    for parallelism in [1, 2, 20] {
        let stack = servers(40);
        let mut world = World::new(7, &stack.text(), |_| {});
        world.parallelism = parallelism;
        world.weather = Weather {
            lost_then_throttled: 20,
            ..Weather::default()
        };
        let ended = world.apply(Plan::default());
        let told = format!("parallelism {parallelism}:\n{}\n{}", ended.out, ended.err);
        assert_eq!(ended.code, Some(0), "{told}");
        world.weather = Weather::default();
        check(&mut world, &stack).unwrap_or_else(|error| panic!("{error}\n{told}"));
        println!(
            "figure: 40 creates, 20 answers lost, parallelism {parallelism}: {} s, {} requests",
            ended.elapsed.as_secs(),
            ended.requests
        );
    }
}
