//! The folder of the state disappears at every request of a run: nothing more is begun, what was done is written again,
//! and the next run doubles and forgets nothing.

use super::disk::Leaves;
use super::fate::Plan;
use super::oracle::Oracle;
use super::scenarios::{SCENARIOS, Scenario};

/// Takes the folder away at each request of a run; how often that kept the run from going on.
fn everywhere(scenario: &Scenario) -> u64 {
    let stack = (scenario.after)();
    let mut ended_early = 0;
    for at in 1.. {
        let place = format!("{} without its folder from request {at} on", scenario.name);
        let mut world = scenario.world(at);
        let mut oracle = Oracle::new(&world);
        let ended = world.apply(Plan {
            vanish: Some(at),
            ..Plan::default()
        });
        if ended.requests < at {
            return ended_early;
        }
        match ended.code {
            // Only reading was left, or all that was to be begun had been.
            Some(0) => {}
            Some(1 | 3) => {
                ended_early += 1;
                assert!(ended.err.contains("disappeared"), "{place}:\n{}", ended.err);
            }
            other => panic!("{place}: exit {other:?}\n{}\n{}", ended.out, ended.err),
        }
        world.crash(Leaves::Nothing);
        let result = oracle
            .look(&world, &ended)
            .and_then(|()| oracle.converges(&mut world, &stack));
        if let Err(error) = result {
            panic!("{place}: {error}\nthat run: {:?} {}", ended.code, ended.err);
        }
    }
    ended_early
}

#[test]
fn a_folder_that_disappears_is_made_again_with_all_that_is_known() {
    for scenario in SCENARIOS {
        let ended_early = everywhere(scenario);
        println!(
            "figure: the folder disappears, {}: {ended_early} runs ended early",
            scenario.name
        );
        assert!(ended_early > 5, "{}: only {ended_early}", scenario.name);
    }
}
