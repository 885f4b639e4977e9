//! Ends of a run that no command can provoke by itself: something else has to happen in the middle of it.

use std::time::Duration;

use super::fate::{FileFault, Instant, Plan};
use super::lock;
use super::net::Weather;
use super::oracle::{Oracle, check};
use super::scenarios::{CREATE, DESTROY, Piece, Stack, group, server, servers, vpc, vswitch};
use super::world::{Ended, World};
use crate::sim;

const TYPE: &str = "ecs.g7.large";

fn told(ended: &Ended) -> String {
    format!("exit {:?}\n{}\n{}", ended.code, ended.out, ended.err)
}

/// A server that never comes up is waited for as long as is right, told, and left as it is for the next run.
#[test]
fn what_never_gets_there_is_told_with_what_was_waited_for() {
    let stack = servers(1);
    let mut world = World::new(1, &stack.text(), |options| {
        options.faults = vec!["StartInstance:hang@1".parse::<sim::FaultSpec>().unwrap()];
    });
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(3), "{}", told(&ended));
    for words in [
        "E0605",
        "waited until it is Running",
        "the last status was Starting",
    ] {
        assert!(ended.err.contains(words), "{words}: {}", told(&ended));
    }
}

/// A create that was cut off has happened, and the file has been edited since: the object is taken into the state as it
/// is, and the run after this one changes it.
#[test]
fn what_an_older_file_has_made_is_adopted_and_told() {
    let with = |kind| Stack {
        pieces: vec![
            vpc("proof"),
            vswitch("cn-hangzhou-h"),
            group(80),
            server("a", kind, "Running"),
        ],
        ..Stack::default()
    };
    let mut adopted = 0;
    for at in 1..200 {
        let mut world = World::new(at, &with(TYPE).text(), |options| {
            options.read_lag = Duration::from_secs(40);
        });
        let killed = world.apply(Plan {
            kill: Some(Instant::AfterRequest(at)),
            ..Plan::default()
        });
        if killed.code.is_some() {
            break;
        }
        world.crash(super::disk::Leaves::Everything);
        let after = with("ecs.g7.xlarge");
        world.configure(&after.text());
        let ended = world.apply(Plan::default());
        if ended.err.contains("E0606") {
            adopted += 1;
            assert_eq!(ended.code, Some(3), "{}", told(&ended));
            assert!(ended.err.contains("run the same again"), "{}", told(&ended));
        }
        let mut oracle = Oracle::new(&world);
        oracle
            .converges(&mut world, &after)
            .unwrap_or_else(|error| panic!("killed after request {at}: {error}"));
    }
    assert!(adopted > 0, "nothing was adopted");
}

/// Somebody deletes a server while it is being changed.
#[test]
fn what_is_deleted_under_a_run_is_told_as_such() {
    let before = Stack {
        pieces: vec![
            vpc("proof"),
            vswitch("cn-hangzhou-h"),
            group(80),
            server("a", TYPE, "Running"),
        ],
        ..Stack::default()
    };
    let after = before.text().replace(TYPE, "ecs.g7.xlarge");
    let mut seen = 0;
    for (at, what) in (1..40).flat_map(|at| (0..12).map(move |what| (at, what))) {
        let mut world = World::new(at, &before.text(), |_| {});
        assert_eq!(world.apply(Plan::default()).code, Some(0));
        world.wait(Duration::from_secs(120));
        world.configure(&after);
        let ended = world.apply(Plan {
            meddle: Some((at, what)),
            ..Plan::default()
        });
        if ended.err.contains("E0607") {
            seen += 1;
            assert!(matches!(ended.code, Some(1 | 3)), "{}", told(&ended));
            assert!(ended.err.contains("shows what is there now"), "{}", told(&ended));
            break;
        }
    }
    assert!(seen > 0, "nobody was in time");
}

/// Somebody deletes what the run is about to delete: that it is gone is what was wanted, and no failure.
#[test]
fn what_somebody_deletes_before_us_is_deleted() {
    let mut deleted = 0;
    for (at, what) in (8..60).flat_map(|at| (0..6).map(move |what| (at, 100 * at + what))) {
        let mut world = DESTROY.world(at);
        lock(&world.site).log.words = Some(Vec::new());
        let ended = world.apply(Plan {
            meddle: Some((at, what)),
            ..Plan::default()
        });
        let is_deleted = {
            let words = &lock(&world.site).log.words;
            let is_deletion = |line: &&String| {
                line.contains("somebody else") && line.contains("\"Delete") && line.ends_with(": 200")
            };
            words.iter().flatten().filter(is_deletion).count() > 0
        };
        deleted += usize::from(is_deleted);
        assert!(
            !ended.err.contains("NotFound"),
            "request {at}, {what}: {}",
            told(&ended)
        );
        assert!(
            !is_deleted || ended.code == Some(0),
            "request {at}, {what}: {}",
            told(&ended)
        );
    }
    assert!(deleted > 10, "only {deleted} were in time");
}

/// What a killed run left open is part of the plan that is saved behind it, and that plan finishes it.
#[test]
fn a_killed_run_is_finished_by_a_saved_plan() {
    let stack = (CREATE.after)();
    for at in 1..6 {
        let mut world = CREATE.world(at);
        let killed = world.apply(Plan {
            kill: Some(Instant::Underway(at, 5)),
            ..Plan::default()
        });
        assert_eq!(killed.code, None, "{}", told(&killed));
        world.crash(super::disk::Leaves::Everything);
        let saved = world.run(&["plan", "-o", "p.plan"], Plan::default());
        assert_eq!(saved.code, Some(0), "killed at {at}: {}", told(&saved));
        let ended = world.run(&["apply", "p.plan", "--no-input"], Plan::default());
        assert_eq!(ended.code, Some(0), "killed at {at}: {}", told(&ended));
        check(&mut world, &stack).unwrap_or_else(|error| panic!("killed at {at}: {error}"));
    }
}

/// A value that another resource needs is not in the cloud's answers.
#[test]
fn what_is_needed_and_not_there_is_told_by_name() {
    let mut stack = Stack {
        pieces: vec![vpc("proof"), vswitch("cn-hangzhou-h"), group(80)],
        ..Stack::default()
    };
    let web = server("a", TYPE, "Running");
    let mut behind = server("b", TYPE, "Running");
    behind
        .text
        .push_str("description = \"behind ${instance.a.private_ip}\"\n");
    stack.pieces.extend([web, behind]);
    let mut world = World::new(3, &stack.text(), |_| {});
    world.weather = Weather {
        lacks: Some(("DescribeInstances", "PrivateIpAddress")),
        ..Weather::default()
    };
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(3), "{}", told(&ended));
    for words in ["E0608", "needs instance.a.private_ip"] {
        assert!(ended.err.contains(words), "{words}: {}", told(&ended));
    }
    world.weather = Weather::default();
    assert_eq!(world.apply(Plan::default()).code, Some(0));
    check(&mut world, &stack).unwrap();
}

/// A network through which nothing comes, and a cloud that only ever asks to slow down.
#[test]
fn a_cloud_that_cannot_be_asked_is_told_with_the_reason() {
    for (weather, code) in [
        (
            Weather {
                lost_request: 1000,
                ..Weather::default()
            },
            "E0715",
        ),
        (
            Weather {
                throttled: 1000,
                ..Weather::default()
            },
            "E0714",
        ),
    ] {
        let mut world = World::new(4, &servers(1).text(), |_| {});
        world.weather = weather;
        let ended = world.apply(Plan::default());
        assert_eq!((ended.code, ended.sent), (Some(1), 0), "{}", told(&ended));
        assert!(ended.err.contains(code), "{code}: {}", told(&ended));
    }
}

/// A network mount that has no locks refuses them: no run begins there, and nothing is asked of the cloud.
#[test]
fn a_folder_without_locks_is_refused_before_anything_is_asked() {
    let errno = if cfg!(target_os = "linux") { 95 } else { 102 };
    let mut refused = 0;
    for at in 1..40 {
        let mut world = World::new(at, &servers(1).text(), |_| {});
        let ended = world.apply(Plan {
            file_fault: Some(FileFault {
                at,
                errno,
                stays: false,
            }),
            ..Plan::default()
        });
        if ended.err.contains("E0810") {
            refused += 1;
            assert_eq!(
                (ended.code, ended.requests),
                (Some(1), 0),
                "operation {at}: {}",
                told(&ended)
            );
            assert!(
                ended.err.contains("keep the folder on a local disk"),
                "{}",
                told(&ended)
            );
        }
    }
    assert_eq!(refused, 1, "there is one attempt to lock");
}

/// A gateway that answers one create with what it has answered another: that two addresses have one object is never
/// written down, and the next run finds what was really made.
#[test]
fn an_id_that_another_address_has_is_not_believed() {
    let piece = |name: &str, block: u8| Piece {
        address: format!("vpc.{name}"),
        text: format!("[vpc.{name}]\nname = \"{name}\"\ncidr_block = \"10.{block}.0.0/16\"\n"),
        fields: vec![("name", name.to_owned())],
        ..Piece::default()
    };
    let stack = Stack {
        pieces: vec![piece("a", 1), piece("b", 2)],
        ..Stack::default()
    };
    let mut world = World::new(5, &stack.text(), |_| {});
    world.weather = Weather {
        repeats: Some("CreateVpc"),
        ..Weather::default()
    };
    let mut oracle = Oracle::new(&world);
    let ended = world.apply(Plan::default());
    assert!(matches!(ended.code, Some(1 | 3)), "{}", told(&ended));
    for words in ["E0814", "have the same id vpc-"] {
        assert!(ended.err.contains(words), "{words}: {}", told(&ended));
    }
    oracle.look(&world, &ended).unwrap();
    world.weather = Weather::default();
    oracle.converges(&mut world, &stack).unwrap();
}
