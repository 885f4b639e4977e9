//! The state is lost between a run that was killed and the next: nothing is doubled, and it is put together again from
//! what exists.

use std::time::Duration;

use super::Chance;
use super::disk::Leaves;
use super::fate::{Instant, Plan};
use super::oracle::Oracle;
use super::scenarios::{SCENARIOS, Stack, group, server, vpc, vswitch};
use super::world::World;

/// How many random worlds plain `cargo test` draws.
const WORLDS: u64 = 200;

/// A small stack, as chance wants it.
fn some_stack(chance: &mut Chance) -> Stack {
    let zone = *chance.pick(&["cn-hangzhou-h", "cn-hangzhou-i"]);
    let port = 80 + u16::try_from(chance.below(3)).unwrap();
    let mut pieces = vec![vpc("proof"), vswitch(zone), group(port)];
    for name in ["a", "b"] {
        let kind = *chance.pick(&["ecs.g7.large", "ecs.g7.xlarge"]);
        let status = *chance.pick(&["Running", "Running", "Stopped"]);
        if chance.below(5) > 0 {
            pieces.push(server(name, kind, status));
        }
    }
    Stack {
        pieces,
        ..Stack::default()
    }
}

/// What became of a lost state.
#[derive(Debug, Default)]
struct Tally {
    refused: u64,
    nothing_there: u64,
    waited: u64,
}

/// Takes the state away, sees that nothing is made twice, rebuilds it, and lets two runs make everything right.
fn lose(world: &mut World, stack: &Stack, tally: &mut Tally) -> Result<(), String> {
    world.disk.remove_folder(&World::path(".infra"));
    let refused = world.apply(Plan::default());
    let told = format!("{:?}\n{}\n{}", refused.code, refused.out, refused.err);
    let mut oracle = Oracle::new(world);
    if refused.code == Some(5) {
        tally.refused += 1;
        if refused.sent > 0 || !refused.err.contains("a state that is not here") {
            return Err(format!("a run without its state: {told}"));
        }
        let planned = world.run(&["plan", "--no-input"], Plan::default());
        if planned.code != Some(5) || planned.sent > 0 {
            return Err(format!(
                "a plan without its state: {:?}\n{}",
                planned.code, planned.err
            ));
        }
        let rebuilt = world.run(&["state", "rebuild"], Plan::default());
        if rebuilt.code != Some(0) || rebuilt.sent > 0 {
            return Err(format!(
                "no rebuild: {:?}\n{}\n{}",
                rebuilt.code, rebuilt.out, rebuilt.err
            ));
        }
        tally.waited += u64::from(rebuilt.err.contains("looks again"));
        oracle = Oracle::new(world);
    } else {
        // There was nothing yet, or nothing any more.
        tally.nothing_there += 1;
        oracle
            .look(world, &refused)
            .map_err(|error| format!("{error}\n{told}"))?;
    }
    oracle.converges(world, stack)
}

#[test]
fn a_state_that_is_lost_after_a_kill_anywhere_is_put_together_again() {
    let mut tally = Tally::default();
    for scenario in SCENARIOS {
        let stack = (scenario.after)();
        for at in 1.. {
            let place = format!("{} killed after request {at}, then its state lost", scenario.name);
            let mut world = scenario.world(at);
            let ended = world.apply(Plan {
                kill: Some(Instant::AfterRequest(at)),
                ..Plan::default()
            });
            world.crash(Leaves::Everything);
            world.wait(Duration::from_secs(
                [0, 30, 600][usize::try_from(at % 3).unwrap()],
            ));
            if let Err(error) = lose(&mut world, &stack, &mut tally) {
                panic!("{place}: {error}");
            }
            if ended.code.is_some() {
                break;
            }
        }
    }
    println!("figure: lost states, killed everywhere: {tally:?}");
    assert!(
        tally.refused > 100 && tally.waited > 20 && tally.nothing_there > 5,
        "{tally:?}"
    );
}

#[test]
fn lost_states_of_random_stacks_are_put_together_again() {
    let worlds = std::env::var("INFRA_WORLDS").map_or(WORLDS, |text| text.parse().unwrap());
    let mut tally = Tally::default();
    for seed in 0..worlds {
        let chance = &mut Chance::new(seed + 90_000);
        let mut stack = some_stack(chance);
        let mut world = World::new(seed, &stack.text(), |_| {});
        for _ in 0..=chance.below(2) {
            let kill = (chance.below(2) == 0).then(|| Instant::AfterRequest(1 + chance.below(40)));
            world.apply(Plan {
                kill,
                ..Plan::default()
            });
            world.crash(Leaves::Everything);
            world.wait(Duration::from_secs(chance.below(900)));
            stack = some_stack(chance);
            world.configure(&stack.text());
        }
        if let Err(error) = lose(&mut world, &stack, &mut tally) {
            panic!("seed {seed}: {error}");
        }
    }
    println!("figure: lost states, random stacks: {tally:?}");
    assert!(tally.refused > worlds / 2, "{tally:?}");
}
