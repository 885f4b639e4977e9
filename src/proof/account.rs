//! Not seen is not absent: what a state knows is not made again in another account, nor while nobody says whose
//! account it is.

use super::fate::Plan;
use super::lock;
use super::net::Weather;
use super::oracle::check;
use super::scenarios::servers;
use super::world::World;
use crate::sim;

const STRANGER: (&str, &str) = ("LTAI-stranger", "stranger-secret");

fn silent() -> Weather {
    Weather {
        silent_sts: true,
        ..Weather::default()
    }
}

/// Two servers of the first account, and a second account.
fn world() -> World {
    let mut world = World::new(3, &servers(2).text(), |options| {
        options.key_pairs.push(sim::KeyPair::new(STRANGER.0, STRANGER.1));
    });
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    world
}

fn inventory(world: &World) -> String {
    lock(&world.site).cloud.world_json(world.now)
}

#[test]
fn with_the_keys_of_another_account_nothing_is_made() {
    for (weather, word) in [(Weather::default(), "E0844"), (silent(), "E0716")] {
        let mut world = world();
        world.signer = STRANGER;
        world.weather = weather;
        for arguments in [
            &["apply", "--auto-approve", "--allow-destroy", "--no-input"],
            &["destroy", "--auto-approve", "--allow-destroy", "--no-input"],
        ] {
            let ended = world.run(arguments, Plan::default());
            assert_eq!(ended.code, Some(1), "{}\n{}", ended.out, ended.err);
            assert_eq!(ended.sent, 0, "{}\n{}", ended.out, ended.err);
            assert!(ended.err.contains(word), "{}", ended.err);
        }
        // As if it had not been: the next run with the right keys has nothing to do.
        world.signer = (super::KEY_ID, super::KEY_SECRET);
        world.weather = Weather::default();
        check(&mut world, &servers(2)).unwrap();
    }
}

#[test]
fn a_network_of_ours_says_whose_account_it_is_when_nobody_else_does() {
    let mut world = world();
    world.weather = silent();
    let stack = servers(3);
    world.configure(&stack.text());
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    check(&mut world, &stack).unwrap();
}

#[test]
fn reading_goes_on_without_an_account() {
    let mut world = world();
    world.signer = STRANGER;
    world.weather = silent();
    let before = inventory(&world);
    let ended = world.run(&["plan"], Plan::default());
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    assert_eq!(inventory(&world), before);
}
