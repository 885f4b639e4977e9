//! Repairs of the state between a run that was killed and the next: what an open call is about stays where it is.

use super::disk::Leaves;
use super::fate::{Instant, Plan};
use super::oracle::Oracle;
use super::scenarios::{CREATE, DESTROY, Scenario, UPDATE};

/// Kills a run at each of its changing requests; what `repair` asks for is refused if a call is open for its address,
/// and the next run makes everything right in any case. How often it was refused.
fn everywhere(scenario: &Scenario, repair: &[&str]) -> u64 {
    let stack = (scenario.after)();
    let mut refused = 0;
    for at in 1.. {
        let place = format!("{} killed at {at}, then {repair:?}", scenario.name);
        let mut world = scenario.world(at);
        let mut oracle = Oracle::new(&world);
        let ended = world.apply(Plan {
            kill: Some(Instant::Underway(at, 5)),
            ..Plan::default()
        });
        if ended.code.is_some() {
            return refused;
        }
        world.crash(Leaves::Everything);
        let ended = world.run(repair, Plan::default());
        if ended.err.contains("E0820") {
            refused += 1;
            assert_eq!((ended.code, ended.sent), (Some(1), 0), "{place}: {}", ended.err);
            let result = oracle
                .look(&world, &ended)
                .and_then(|()| oracle.converges(&mut world, &stack));
            if let Err(error) = result {
                panic!("{place}: {error}");
            }
        }
    }
    refused
}

#[test]
fn what_a_call_is_under_way_for_is_neither_moved_nor_forgotten_nor_taken_over() {
    for (scenario, repair) in [
        (&CREATE, &["import", "vpc.main", "vpc-foreign"][..]),
        (&UPDATE, &["state", "mv", "instance.a", "instance.z"][..]),
        (&UPDATE, &["state", "mv", "instance.b", "instance.d"][..]),
        (&DESTROY, &["state", "rm", "instance.c"][..]),
    ] {
        let refused = everywhere(scenario, repair);
        assert!(refused > 0, "{repair:?} was never refused");
    }
}
