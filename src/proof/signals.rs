//! Being asked to stop at every request: nothing new is begun, running calls come to their end or stay open intents,
//! the state is saved, and the next run goes on.

use std::time::Duration;

use super::fate::Plan;
use super::lock;
use super::oracle::Oracle;
use super::scenarios::{SCENARIOS, Scenario};

/// How many requests later the second signal comes; none: it does not.
const SECOND: [Option<u64>; 3] = [None, Some(0), Some(1)];

/// Asks a run to stop at each of its requests; how often it did.
fn everywhere(scenario: &Scenario) -> u64 {
    let stack = (scenario.after)();
    let mut stopped = 0;
    for at in 1.. {
        let mut reached = false;
        for second in SECOND {
            let place = format!("{} asked at request {at}, again after {second:?}", scenario.name);
            let mut world = scenario.world(at);
            let mut oracle = Oracle::new(&world);
            let ended = world.apply(Plan {
                signals: [Some(at), second.map(|later| at + later)],
                ..Plan::default()
            });
            reached |= ended.requests >= at;
            match ended.code {
                Some(130) => stopped += 1,
                // The reads before the plan, or the very end: there was nothing to stop.
                Some(0) => {}
                other => panic!("{place}: exit {other:?}\n{}\n{}", ended.out, ended.err),
            }
            if ended.code == Some(130) {
                assert!(ended.err.contains("Stop"), "{place}: {}", ended.err);
                let late = ended.elapsed.saturating_sub(ended.asked_at.unwrap());
                assert!(
                    late <= Duration::from_secs(11),
                    "{place}: it ended {late:?} later"
                );
            }
            // The process is gone, but the machine is not.
            world.crash(super::disk::Leaves::Nothing);
            let result = oracle
                .look(&world, &ended)
                .and_then(|()| oracle.converges(&mut world, &stack));
            if let Err(error) = result {
                panic!("{place}: {error}\nthat run: {:?} {}", ended.code, ended.err);
            }
            assert!(lock(&world.site).broken.is_empty());
        }
        if !reached {
            return stopped;
        }
    }
    stopped
}

#[test]
fn a_run_can_be_asked_to_stop_at_any_request() {
    for scenario in SCENARIOS {
        let stopped = everywhere(scenario);
        println!("figure: asked to stop, {}: {stopped} times it did", scenario.name);
        assert!(stopped > 5, "{}: only {stopped}", scenario.name);
    }
}
