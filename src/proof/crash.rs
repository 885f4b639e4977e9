//! Level A: the process ends before and after each change of the disk and each request, with the disk keeping all,
//! part or nothing of what was not synced; the next run makes everything right.

use std::time::Duration;

use super::Chance;
use super::disk::Leaves;
use super::fate::{Instant, Plan};
use super::net::{LATEST, Weather};
use super::oracle::Oracle;
use super::scenarios::{CREATE, DESTROY, REPLACE, SCENARIOS, SUCCEED, Scenario, UPDATE};

/// How long until somebody runs it again: inside the send window, at its edges and behind it.
const PAUSES: [u64; 6] = [0, 1, 290, 310, 430, 3600];

/// Ends a run at each of these instants until one is not reached; the number of points.
fn enumerate(scenario: &Scenario, instant: impl Fn(u64) -> Instant) -> usize {
    enumerate_each(scenario, 1, instant)
}

/// The same at each so manieth; where not at each one, the disk keeps all, part or nothing in turn.
fn enumerate_each(scenario: &Scenario, step: usize, instant: impl Fn(u64) -> Instant) -> usize {
    let stack = (scenario.after)();
    let mut points = 0;
    for (turn, n) in (1..).step_by(step).enumerate() {
        let all = [Leaves::Everything, Leaves::Nothing, Leaves::Part(n)];
        let some = if step == 1 {
            &all[..]
        } else {
            &all[turn % 3..=turn % 3]
        };
        for &leaves in some {
            let instant = instant(n);
            let place = format!("{} {instant:?} {leaves:?}", scenario.name);
            let mut world = scenario.world(n);
            let mut oracle = Oracle::new(&world);
            let kill = Some(instant);
            let ended = world.apply(Plan {
                kill,
                ..Plan::default()
            });
            if let Some(code) = ended.code {
                assert_eq!(code, 0, "{place}:\n{}\n{}", ended.out, ended.err);
                assert!(n > 1, "{place}: nothing to end");
                return points;
            }
            world.crash(leaves);
            points += 1;
            let result = oracle.look(&world, &ended).and_then(|()| {
                let pause = Chance::new(n).next() as usize % PAUSES.len();
                world.wait(Duration::from_secs(PAUSES[pause]));
                oracle.converges(&mut world, &stack)
            });
            if let Err(error) = result {
                panic!("{place}: {error}");
            }
        }
    }
    points
}

fn everywhere(scenario: &Scenario) {
    let points = [
        enumerate(scenario, Instant::BeforeFile),
        enumerate(scenario, Instant::AfterFile),
        enumerate(scenario, Instant::BeforeRequest),
        enumerate(scenario, Instant::AfterRequest),
    ];
    let total: usize = points.iter().sum();
    println!(
        "figure: crash points, level A, {}: {total} {points:?}",
        scenario.name
    );
    // All scenarios together have at least 1,500.
    assert!(total >= 200, "only {total} points in {}", scenario.name);
}

/// The same of a scenario with so much in it that each point takes its time: each fifth, or with `INFRA_LONG=1` each.
pub(super) fn everywhere_in(scenario: &Scenario) {
    let step = if std::env::var_os("INFRA_LONG").is_some() {
        1
    } else {
        5
    };
    let points = [
        enumerate_each(scenario, step, Instant::BeforeFile),
        enumerate_each(scenario, step, Instant::AfterFile),
        enumerate_each(scenario, step, Instant::BeforeRequest),
        enumerate_each(scenario, step, Instant::AfterRequest),
    ];
    let total: usize = points.iter().sum();
    println!(
        "figure: crash points, level A, {}: {total} {points:?}",
        scenario.name
    );
    assert!(total >= 30, "only {total} points in {}", scenario.name);
}

/// Ends a run while a changing request is on its way, which arrives before, during or after the next run; the number
/// of points.
fn underway(scenario: &Scenario) -> usize {
    let stack = (scenario.after)();
    let mut points = 0;
    for n in 1.. {
        for (arrives, pause, lag) in [
            (1, 0, 0),
            (50, 1, 0),
            (110, 60, 40),
            (118, 290, 0),
            (110, 0, 55),
            (900, 30, 0),
            (115, 100, 59),
            (4000, 3600, 0),
        ] {
            // A window that is over for a fresh run, and one that closes while it waits.
            for patience in [0, 200] {
                let place = format!(
                    "{} request {n} arrives after {arrives} s, next run after {pause} + {patience} s, lag {lag} s",
                    scenario.name
                );
                let mut world = scenario.world_with(n, |options| options.read_lag = Duration::from_secs(lag));
                let mut oracle = Oracle::new(&world);
                let ended = world.apply(Plan {
                    kill: Some(Instant::Underway(n, arrives)),
                    ..Plan::default()
                });
                if ended.code.is_some() {
                    return points;
                }
                points += 1;
                world.crash(Leaves::Everything);
                world.wait(Duration::from_secs(pause + patience));
                let result = oracle
                    .look(&world, &ended)
                    .and_then(|()| {
                        let again = world.apply(Plan::default());
                        oracle.look(&world, &again)
                    })
                    .and_then(|()| {
                        world.wait(Duration::from_secs(arrives));
                        oracle.converges(&mut world, &stack)
                    });
                if let Err(error) = result {
                    panic!("{place}: {error}");
                }
            }
        }
    }
    points
}

#[test]
fn a_request_may_arrive_when_its_process_is_gone() {
    let points: usize = SCENARIOS.iter().map(underway).sum();
    println!("figure: crash points, level A, request on its way: {points}");
    assert!(points >= 300, "only {points} points");
}

#[test]
fn a_repetition_at_the_end_of_its_window_may_arrive_behind_it() {
    let stack = (CREATE.after)();
    let mut behind = 0;
    for n in (1..400).step_by(3) {
        let mut world = CREATE.world_with(n, |options| options.read_lag = Duration::from_secs(50));
        let mut oracle = Oracle::new(&world);
        // Nothing arrives, so the first create is repeated until its window closes; its n-th try is late.
        world.weather = Weather {
            dark: 900_000,
            deaf: true,
            ..Weather::default()
        };
        let ended = world.apply(Plan {
            kill: Some(Instant::Underway(n, 110)),
            ..Plan::default()
        });
        if ended.code.is_some() {
            break;
        }
        world.weather = Weather::default();
        world.crash(Leaves::Everything);
        let age = world.age();
        behind += u32::from(age.as_secs() > 200);
        world.wait(Duration::from_secs(305).saturating_sub(age));
        let result = oracle
            .look(&world, &ended)
            .and_then(|()| oracle.converges(&mut world, &stack))
            .and_then(|()| {
                world.wait(LATEST);
                oracle.converges(&mut world, &stack)
            });
        if let Err(error) = result {
            panic!("try {n}, after {age:?}: {error}");
        }
    }
    assert!(behind > 0, "no try was so late that it arrives behind the window");
}

/// Ends a run, and then the run that goes on from there, at random instants; the number of pairs that hit twice.
fn twice(scenario: &Scenario, pairs: u64) -> u64 {
    let stack = (scenario.after)();
    let mut hits = 0;
    for pair in 0..pairs {
        let chance = &mut Chance::new(pair);
        let mut instant = || {
            let (file, request) = (1 + chance.below(30), 1 + chance.below(24));
            match chance.below(4) {
                0 => Instant::BeforeFile(file),
                1 => Instant::AfterFile(file),
                2 => Instant::BeforeRequest(request),
                _ => Instant::AfterRequest(request),
            }
        };
        let kills = [instant(), instant()];
        let place = format!("{} {kills:?}, pair {pair}", scenario.name);
        let mut world = scenario.world(pair);
        let mut oracle = Oracle::new(&world);
        let mut killed = 0;
        for kill in kills {
            let ended = world.apply(Plan {
                kill: Some(kill),
                ..Plan::default()
            });
            killed += u64::from(ended.code.is_none());
            world.crash([Leaves::Everything, Leaves::Nothing, Leaves::Part(pair)][chance.below(3) as usize]);
            if let Err(error) = oracle.look(&world, &ended) {
                panic!("{place}: {error}");
            }
            world.wait(Duration::from_secs(PAUSES[chance.below(6) as usize]));
        }
        hits += u64::from(killed == 2);
        if let Err(error) = oracle.converges(&mut world, &stack) {
            panic!("{place}: {error}");
        }
    }
    hits
}

#[test]
fn a_recovery_may_be_killed_as_well() {
    let hits: u64 = SCENARIOS.iter().map(|scenario| twice(scenario, 75)).sum();
    println!("figure: crash points, level A, killed twice: {hits}");
    assert!(hits >= 60, "only {hits} runs were killed twice");
}

#[test]
fn a_create_may_be_killed_anywhere() {
    everywhere(&CREATE);
}

#[test]
fn an_update_may_be_killed_anywhere() {
    everywhere(&UPDATE);
}

#[test]
fn a_replacement_may_be_killed_anywhere() {
    everywhere(&REPLACE);
}

#[test]
fn a_succession_may_be_killed_anywhere() {
    everywhere(&SUCCEED);
}

#[test]
fn a_destroy_may_be_killed_anywhere() {
    everywhere(&DESTROY);
}
