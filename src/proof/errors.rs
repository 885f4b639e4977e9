//! Level D: each file operation fails once with each error a disk gives, or all changes fail from then on. Nothing
//! is sent whose intent could not be written (the network checks that), the run says what is wrong, and the next
//! one makes everything right.

use super::disk::Leaves;
use super::fate::{FileFault, Plan};
use super::oracle::{Oracle, check};
use super::scenarios::{CREATE, DESTROY, REPLACE, Scenario, UPDATE};

/// No space left, input/output error, too many open files.
const ERRORS: [(i32, bool); 4] = [(28, false), (28, true), (5, false), (24, false)];

fn every_operation_fails(scenario: &Scenario) {
    let stack = (scenario.after)();
    let mut points = 0;
    for (errno, stays) in ERRORS {
        for at in 1.. {
            let place = format!(
                "{} operation {at} fails with {errno}, stays: {stays}",
                scenario.name
            );
            let mut world = scenario.world(at);
            let mut oracle = Oracle::new(&world);
            let file_fault = Some(FileFault { at, errno, stays });
            let ended = world.apply(Plan {
                file_fault,
                ..Plan::default()
            });
            if ended.operations < at {
                assert_eq!(ended.code, Some(0), "{place}:\n{}\n{}", ended.out, ended.err);
                break;
            }
            points += 1;
            // What the process had written is still there, or the machine went down as well.
            world.crash(
                [Leaves::Everything, Leaves::Nothing][usize::from(at % 2 == 0 && ended.code != Some(0))],
            );
            let result = oracle.look(&world, &ended).and_then(|()| match ended.code {
                // It did not matter, so nothing may be left to do.
                Some(0) => check(&mut world, &stack),
                _ => oracle.converges(&mut world, &stack),
            });
            if let Err(error) = result {
                panic!("{place}: {error}\nthat run: {:?} {}", ended.code, ended.err);
            }
        }
    }
    println!("figure: I/O error points, level D, {}: {points}", scenario.name);
    assert!(points >= 100, "only {points} points in {}", scenario.name);
}

#[test]
fn a_create_survives_every_disk_error() {
    every_operation_fails(&CREATE);
}

#[test]
fn an_update_survives_every_disk_error() {
    every_operation_fails(&UPDATE);
}

#[test]
fn a_replacement_survives_every_disk_error() {
    every_operation_fails(&REPLACE);
}

#[test]
fn a_destroy_survives_every_disk_error() {
    every_operation_fails(&DESTROY);
}
