//! Not seen is not absent: what a state knows is not made again in another account, nor while nobody says whose
//! account it is.

use super::STRANGER;
use super::fate::Plan;
use super::lock;
use super::net::Weather;
use super::oracle::check;
use super::scenarios::servers;
use super::world::World;
use crate::sim;

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

/// Whatever the reason is that nothing of ours is seen, nothing changes, and the message says which it is, or may be.
#[test]
fn why_nothing_is_seen_is_told() {
    type Change = fn(&mut World);
    let reasons: [(&str, Change, u8, &[&str]); 4] = [
        (
            "another region",
            |world| {
                let text = servers(3).text();
                world.configure(&text.replace("cn-hangzhou", "cn-beijing"));
            },
            1,
            &["E0844", "region cn-hangzhou", "cn-beijing"],
        ),
        (
            "another account",
            |world| world.signer = STRANGER,
            1,
            &["E0844", "account"],
        ),
        (
            "nobody says whose account it is",
            |world| {
                world.signer = STRANGER;
                world.weather = silent();
            },
            1,
            &["E0716", "account"],
        ),
        (
            "no right to see anything",
            |world| {
                world.weather = Weather {
                    blind: Some("Describe"),
                    ..Weather::default()
                };
            },
            5,
            &["E0522", "are account, region and rights those of this state"],
        ),
    ];
    for (why, change, code, words) in reasons {
        let mut world = world();
        world.configure(&servers(3).text());
        change(&mut world);
        let before = inventory(&world);
        let apply = ["apply", "--auto-approve", "--allow-destroy", "--no-input"];
        let ended = world.run(&apply, Plan::default());
        let told = format!("{why}: {:?}\n{}\n{}", ended.code, ended.out, ended.err);
        assert_eq!((ended.code, ended.sent), (Some(code), 0), "{told}");
        assert!(words.iter().all(|word| ended.err.contains(word)), "{told}");
        assert_eq!(inventory(&world), before, "{told}");
    }
}
