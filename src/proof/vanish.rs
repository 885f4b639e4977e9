//! The folder of the state disappears at every request of a run, of whatever command: nothing more is begun, what was done is written again,
//! and the next run doubles and forgets nothing.

use super::disk::Leaves;
use super::fate::Plan;
use super::oracle::Oracle;
use super::scenarios::{CREATE, SCENARIOS, Scenario, Stack, UPDATE};
use super::world::Ended;
use super::{lock, meddle};

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

/// How a run ended whose folder disappeared at this request.
fn told(at: u64, ended: &Ended) -> String {
    format!(
        "request {at}: exit {:?}\n{}\n{}",
        ended.code, ended.out, ended.err
    )
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

/// A scenario in which nothing is to be done.
const STANDING: Scenario = Scenario {
    name: "standing",
    before: CREATE.after,
    after: CREATE.after,
};

#[test]
fn a_folder_that_disappears_under_a_destroy_keeps_what_is_known() {
    let gone = Stack::default();
    let mut ended_early = 0;
    for at in 1.. {
        let mut world = STANDING.world(at);
        let mut oracle = Oracle::new(&world);
        let command = ["destroy", "--auto-approve", "--allow-destroy", "--no-input"];
        let ended = world.run(
            &command,
            Plan {
                vanish: Some(at),
                ..Plan::default()
            },
        );
        if ended.requests < at {
            break;
        }
        let place = told(at, &ended);
        if ended.code != Some(0) {
            ended_early += 1;
            assert!(
                matches!(ended.code, Some(1 | 3)) && ended.err.contains("disappeared"),
                "{place}"
            );
        }
        world.crash(Leaves::Nothing);
        world.configure(&gone.text());
        let result = oracle
            .look(&world, &ended)
            .and_then(|()| oracle.converges(&mut world, &gone));
        result.unwrap_or_else(|error| panic!("{error}\n{place}"));
    }
    assert!(ended_early > 5, "only {ended_early}");
}

#[test]
fn a_folder_that_disappears_under_a_saved_plan_keeps_what_is_known() {
    let stack = (UPDATE.after)();
    let mut ended_early = 0;
    for at in 1.. {
        let mut world = UPDATE.world(at);
        let mut oracle = Oracle::new(&world);
        let saved = world.run(&["plan", "-o", "p.plan"], Plan::default());
        assert_eq!(saved.code, Some(0), "{}", saved.err);
        let ended = world.run(
            &["apply", "p.plan", "--no-input"],
            Plan {
                vanish: Some(at),
                ..Plan::default()
            },
        );
        if ended.requests < at {
            break;
        }
        let place = told(at, &ended);
        ended_early += u64::from(ended.code != Some(0));
        assert!(matches!(ended.code, Some(0 | 1 | 3)), "{place}");
        world.crash(Leaves::Nothing);
        let result = oracle
            .look(&world, &ended)
            .and_then(|()| oracle.converges(&mut world, &stack));
        result.unwrap_or_else(|error| panic!("{error}\n{place}"));
    }
    assert!(ended_early > 5, "only {ended_early}");
}

#[test]
fn a_folder_that_disappears_under_an_import_changes_nothing() {
    let mut stack = (STANDING.after)();
    stack.pieces.push(super::scenarios::Piece {
        address: "vpc.more".to_owned(),
        text: "[vpc.more]\ncidr_block = \"10.7.0.0/16\"\n".to_owned(),
        ..super::scenarios::Piece::default()
    });
    let mut refused = 0;
    for at in 1.. {
        let mut world = STANDING.world(at);
        world.configure(&stack.text());
        let params = [("Action", "CreateVpc"), ("CidrBlock", "10.7.0.0/16")];
        let (status, made) = meddle::call(&mut lock(&world.site), world.now, "Vpc", &params);
        assert_eq!(status, 200, "{made}");
        let made: serde_json::Value = serde_json::from_str(&made).unwrap();
        let id = made["VpcId"].as_str().unwrap();
        world.wait(std::time::Duration::from_secs(60));
        let before = world.inventory();
        let command = ["import", "vpc.more", id];
        let ended = world.run(
            &command,
            Plan {
                vanish: Some(at),
                ..Plan::default()
            },
        );
        if ended.requests < at {
            assert!(refused > 0, "nobody has noticed");
            break;
        }
        let place = told(at, &ended);
        assert!(matches!(ended.code, Some(0 | 1)) && ended.sent == 0, "{place}");
        refused += u64::from(ended.code == Some(1) && ended.err.contains("E0819"));
        assert_eq!(world.inventory(), before, "{place}");
        // What can be done next: the state is put together again, or is there; then it is imported.
        let _ = world.run(&["state", "rebuild"], Plan::default());
        let again = world.run(&command, Plan::default());
        assert!(
            again.code == Some(0) || again.err.contains("E0206"),
            "{place}\nagain: {}",
            again.err
        );
        let mut oracle = Oracle::new(&world);
        oracle
            .converges(&mut world, &stack)
            .unwrap_or_else(|error| panic!("{error}\n{place}"));
    }
}
