//! One poller for everybody who waits.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::*;
use crate::cloud::wait::{Ending, Poller, Verdict, WaitError};

/// A poller over resources that get ready at a time, with a count of the ids in each look.
struct Watched {
    poller: Poller<String>,
    looks: Arc<Mutex<Vec<usize>>>,
}

fn watch(world: &World, ready_after: fn(&str) -> Option<u64>) -> Watched {
    let looks = Arc::new(Mutex::new(Vec::new()));
    let (counter, clock) = (Arc::clone(&looks), world.clock());
    let poller = Poller::new(
        world.clock(),
        Arc::new(move |ids: Vec<String>| {
            lock(&counter).push(ids.len());
            let elapsed = clock.elapsed().as_secs();
            let seen: BTreeMap<String, String> = ids
                .into_iter()
                .filter_map(|id| {
                    let ready = ready_after(&id)?;
                    let status = if elapsed >= ready { "Running" } else { "Pending" };
                    Some((id, status.to_owned()))
                })
                .collect();
            Box::pin(async move { Ok(seen) })
        }),
    );
    Watched { poller, looks }
}

fn running(status: Option<&String>) -> Verdict {
    match status.map(String::as_str) {
        Some("Running") => Verdict::Done,
        Some(status) => Verdict::NotYet {
            status: status.to_owned(),
        },
        None => Verdict::Missing,
    }
}

#[tokio::test(start_paused = true)]
async fn many_waits_share_their_looks_and_each_ends_in_its_own_time() {
    let world = World::new();
    let watched = watch(&world, |id| Some(if id == "i-0" { 2 } else { 40 }));
    let mut waits = tokio::task::JoinSet::new();
    for number in 0..250 {
        let (poller, world) = (watched.poller.clone(), world.clone());
        waits.spawn(async move {
            let id = format!("i-{number}");
            let timeout = Duration::from_secs(600);
            let seen = poller.wait(&id, running, timeout, |_| {}).await.unwrap();
            assert_eq!(seen, Ending::Reached(Some("Running".to_owned())));
            (number, world.clock().elapsed())
        });
    }
    while let Some(done) = waits.join_next().await {
        let (number, at) = done.unwrap();
        let latest = if number == 0 { 5 } else { 46 };
        assert!(at <= Duration::from_secs(latest), "i-{number} at {at:?}");
    }
    let looks = lock(&watched.looks).clone();
    assert!(looks.iter().all(|ids| *ids <= 100), "{looks:?}");
    assert!(looks.len() <= 40, "{} looks for 250 waits of 40 s", looks.len());
    // Nobody waits: nobody looks.
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(lock(&watched.looks).len() <= looks.len() + 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_gives_up_with_the_last_status() {
    let world = World::new();
    let watched = watch(&world, |_| Some(10_000));
    let told = Mutex::new(Vec::new());
    let timeout = Duration::from_secs(30);
    let error = watched
        .poller
        .wait("i-1", running, timeout, |status| {
            lock(&told).push(status.to_owned())
        })
        .await
        .unwrap_err();
    let WaitError::TimedOut { last_status, after } = error else {
        panic!("{error:?}");
    };
    assert_eq!(last_status, "Pending");
    assert!(
        after >= timeout && after < timeout + Duration::from_secs(1),
        "{after:?}"
    );
    assert_eq!(*lock(&told), ["Pending"], "each status is told once");
}

#[tokio::test(start_paused = true)]
async fn what_stays_invisible_is_an_error_and_not_gone() {
    let world = World::new();
    let watched = watch(&world, |_| None);
    let timeout = Duration::from_secs(600);
    let error = watched
        .poller
        .wait("i-1", running, timeout, |_| {})
        .await
        .unwrap_err();
    assert!(matches!(error, WaitError::NotVisible { .. }), "{error:?}");
    assert!(world.clock().elapsed() < Duration::from_secs(70));
    let gone = |seen: Option<&String>| match seen {
        None => Verdict::Gone,
        Some(status) => Verdict::NotYet {
            status: status.clone(),
        },
    };
    let looks = lock(&watched.looks).len();
    assert_eq!(
        watched.poller.wait("i-1", gone, timeout, |_| {}).await.unwrap(),
        Ending::Reached(None)
    );
    assert_eq!(
        lock(&watched.looks).len() - looks,
        2,
        "gone is seen twice, by the shared look"
    );
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_for_a_while_is_sat_out_and_a_refusal_is_not() {
    let world = World::new();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let poller: Poller<String> = Poller::new(
        world.clock(),
        Arc::new(move |ids: Vec<String>| {
            let kind = match counter.fetch_add(1, Ordering::SeqCst) {
                0 | 1 => Some(ErrorKind::Unreachable),
                2 => None,
                _ => Some(ErrorKind::Refused),
            };
            Box::pin(async move {
                match kind {
                    None => Ok(BTreeMap::from([(ids[0].clone(), "Running".to_owned())])),
                    Some(kind) => Err(ApiError {
                        kind,
                        action: &action::DESCRIBE_INSTANCES,
                        code: String::new(),
                        message: "words".to_owned(),
                        request_id: None,
                        http_status: None,
                        recommend: None,
                        tries: 8,
                        elapsed: Duration::ZERO,
                    }),
                }
            })
        }),
    );
    let timeout = Duration::from_secs(600);
    poller.wait("i-1", running, timeout, |_| {}).await.unwrap();
    let error = poller.wait("i-1", running, timeout, |_| {}).await.unwrap_err();
    assert!(matches!(error, WaitError::Api(_)), "{error:?}");
}

/// A poller over one resource whose status follows a script by the time in milliseconds.
fn scripted(world: &World, script: &'static [(u64, Option<&'static str>)]) -> Poller<String> {
    let clock = world.clock();
    Poller::new(
        world.clock(),
        Arc::new(move |ids: Vec<String>| {
            let now = clock.elapsed().as_millis();
            let last = script.iter().rfind(|(from, _)| u128::from(*from) <= now);
            let status = last.and_then(|(_, status)| *status);
            let seen = status.map(|status| (ids[0].clone(), status.to_owned()));
            Box::pin(async move { Ok(seen.into_iter().collect()) })
        }),
    )
}

/// As somebody waits who has stopped a server.
fn stopped(status: Option<&String>) -> Verdict {
    let told = |status: &str| status.to_owned();
    match status.map(String::as_str) {
        Some("Stopped") => Verdict::Done,
        Some("Stopping") => Verdict::NotYet {
            status: told("Stopping"),
        },
        Some("Starting") => Verdict::Past {
            status: told("Starting"),
        },
        Some(other) => Verdict::Elsewhere { status: told(other) },
        None => Verdict::Missing,
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_soon_when_somebody_else_has_made_it_pointless() {
    /// The script, how the wait ends, and within how many seconds.
    type Case = (&'static [(u64, Option<&'static str>)], &'static str, u64);
    let cases: [Case; 6] = [
        // A read that lags behind the stop.
        (
            &[
                (0, Some("Running")),
                (30_000, Some("Stopping")),
                (40_000, Some("Stopped")),
            ],
            "Stopped",
            46,
        ),
        // Started again by somebody.
        (
            &[
                (0, Some("Stopping")),
                (5000, Some("Starting")),
                (9000, Some("Running")),
            ],
            "Running",
            30,
        ),
        // It never stops.
        (&[(0, Some("Running"))], "Running", 70),
        // A word that nobody knows.
        (&[(0, Some("Hibernating"))], "Hibernating", 70),
        // Reads that flicker between two copies.
        (
            &[
                (0, Some("Stopping")),
                (3000, Some("Running")),
                (6000, Some("Stopping")),
                (9000, Some("Stopped")),
            ],
            "Stopped",
            15,
        ),
        (
            &[(0, Some("Stopping")), (3000, None), (5000, Some("Stopped"))],
            "Stopped",
            12,
        ),
    ];
    for (script, ending, seconds) in cases {
        let world = World::new();
        let poller = scripted(&world, script);
        let timeout = Duration::from_secs(600);
        let ended = poller.wait("i-1", stopped, timeout, |_| {}).await.unwrap();
        let status = match ended {
            Ending::Reached(Some(seen)) => seen,
            Ending::Otherwise { status, .. } => status,
            Ending::Reached(None) => panic!("{script:?}"),
        };
        let took = world.clock().elapsed();
        assert_eq!(status, ending, "{script:?}");
        assert!(took <= Duration::from_secs(seconds), "{script:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_look_comes_at_once_and_many_waits_share_full_requests() {
    let world = World::new();
    let watched = watch(&world, |_| Some(0));
    let timeout = Duration::from_secs(600);
    watched
        .poller
        .wait("i-1", running, timeout, |_| {})
        .await
        .unwrap();
    let took = world.clock().elapsed();
    assert!(took <= Duration::from_millis(150), "{took:?}");
    // A thousand waits that begin one after the other, ten at a time every ten milliseconds.
    let before = lock(&watched.looks).len();
    let mut waits = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let (poller, clock) = (watched.poller.clone(), world.clock());
        waits.spawn(async move {
            clock.sleep(Duration::from_millis(number / 10 * 10)).await;
            let id = format!("i-{number}");
            poller.wait(&id, running, timeout, |_| {}).await.unwrap();
        });
    }
    while waits.join_next().await.transpose().unwrap().is_some() {}
    let looks = lock(&watched.looks).len() - before;
    println!("figure: looks for 1,000 waits within a second: {looks}");
    assert!(looks <= 20, "{looks} requests");
}
