//! The client as a whole: against a scripted network with paused time, and against the simulator over loopback.

mod credentials;
mod fuzz;
mod network;
mod paging;
mod simulated;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::testing::{Exchange, Params, World};
use super::*;
use crate::api::{Pages, Repeat, action};
use crate::env::{HttpResponse, Sent, SystemClock, SystemRandom, SystemTransport, TransportError};
use crate::event::{Event, Silent};
use crate::sim;

fn options() -> CloudOptions {
    CloudOptions {
        region: Some("cn-beijing".to_owned()),
        endpoint_file: None,
        sim_endpoint: None,
        profile: None,
        parallelism: 20,
        read_only: false,
    }
}

/// A world with credentials in the environment, and a client in it.
fn connect() -> (World, Cloud) {
    let mut world = World::new().with_credentials();
    let token = "canary-token".to_owned();
    world
        .vars
        .insert("ALIBABA_CLOUD_SECURITY_TOKEN".to_owned(), token);
    let listener = Arc::clone(&world.events) as Arc<dyn crate::event::Listener>;
    let cloud = Cloud::connect(&world.env(), options(), listener).unwrap();
    (world, cloud)
}

fn exchange(answer: Result<HttpResponse, TransportError>) -> Exchange {
    Exchange {
        takes: Duration::from_millis(100),
        answer,
    }
}

/// An answer with the server's date `offset` seconds from the test's clock.
fn answer_at(world: &World, offset: i64, status: u16, body: &str) -> Exchange {
    let date = world.clock().now() + SignedDuration::from_secs(offset);
    exchange(Ok(HttpResponse {
        status,
        headers: vec![(
            "date".to_owned(),
            date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
        )],
        body: body.as_bytes().to_vec(),
    }))
}

fn answer(world: &World, status: u16, body: &str) -> Exchange {
    answer_at(world, 0, status, body)
}

fn error(code: &str) -> String {
    format!("{{\"RequestId\":\"R-1\",\"Code\":\"{code}\",\"Message\":\"words\"}}")
}

fn lost() -> Exchange {
    exchange(Err(TransportError {
        sent: Sent::Perhaps,
        message: "connection reset".to_owned(),
    }))
}

const OK: &str = "{\"RequestId\":\"R-2\",\"InstanceId\":\"i-1\"}";

fn describe() -> Request {
    Request::new(&action::DESCRIBE_INSTANCES).param("RegionId", "cn-beijing")
}

fn create() -> Request {
    Request::new(&action::CREATE_INSTANCE)
        .param("ClientToken", "infra-token")
        .param("Password", "Canary#123")
}

/// Sends a change whose intent is written now.
async fn change(cloud: &Cloud, world: &World, request: &Request) -> Result<Reply, ApiError> {
    let slot = cloud.slot(request.action).await;
    let opened = cloud.server_time().unwrap_or_else(|| world.clock().now());
    cloud.change(&slot, request, cloud.window(opened)).await
}

#[tokio::test(start_paused = true)]
async fn a_request_has_everything_in_its_body_and_nothing_in_its_address() {
    let (world, cloud) = connect();
    let answers = world.clone();
    world.net.answer_with(move |_| answer(&answers, 200, OK));
    cloud.read(&describe()).await.unwrap();
    let sent = lock(&world.net.sent);
    let (request, params) = &sent[0];
    assert_eq!(request.url, "https://ecs.cn-beijing.aliyuncs.com/");
    assert_eq!(request.timeout, Duration::from_secs(10));
    for (name, value) in [
        ("Action", "DescribeInstances"),
        ("Version", "2014-05-26"),
        ("Format", "JSON"),
        ("AccessKeyId", "LTAIcanaryid"),
        ("SecurityToken", "canary-token"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("RegionId", "cn-beijing"),
        ("Timestamp", "2027-01-15T08:00:00Z"),
    ] {
        assert_eq!(params.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(params["Signature"].len(), 28);
    assert_eq!(params.len(), 11, "{params:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_create_is_repeated_with_its_token_and_everything_else_new() {
    let (world, cloud) = connect();
    let answers = world.clone();
    let mut count = 0;
    world.net.answer_with(move |_| {
        count += 1;
        if count < 3 {
            lost()
        } else {
            answer(&answers, 200, OK)
        }
    });
    let reply = change(&cloud, &world, &create()).await.unwrap();
    assert_eq!(reply.body["InstanceId"], "i-1");
    let sent = world.net.params();
    assert_eq!(sent.len(), 3);
    for name in ["ClientToken", "Password", "Action"] {
        assert!(sent.iter().all(|params| params[name] == sent[0][name]), "{name}");
    }
    for name in ["SignatureNonce", "Signature"] {
        assert_ne!(sent[0][name], sent[1][name], "{name}");
        assert_ne!(sent[1][name], sent[2][name], "{name}");
    }
    assert_eq!(cloud.totals().retries, 2);
}

#[tokio::test(start_paused = true)]
async fn a_lost_change_without_a_token_is_never_repeated() {
    let (world, cloud) = connect();
    world.net.answer_with(|_| lost());
    let start = Request::new(&action::START_INSTANCE).param("InstanceId", "i-1");
    let error = change(&cloud, &world, &start).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Ambiguous);
    assert_eq!(world.net.params().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn changes_are_back_dated_and_reads_are_not() {
    let (world, cloud) = connect();
    let answers = world.clone();
    // The server is an hour ahead, so the machine's own time must not be used once that is known.
    world.net.answer_with(move |_| answer_at(&answers, 3600, 200, OK));
    cloud.read(&describe()).await.unwrap();
    change(&cloud, &world, &create()).await.unwrap();
    cloud.read(&describe()).await.unwrap();
    let stamps: Vec<Timestamp> = world
        .net
        .params()
        .iter()
        .map(|params| params["Timestamp"].parse().unwrap())
        .collect();
    let start: Timestamp = "2027-01-15T08:00:00Z".parse().unwrap();
    let offsets: Vec<i64> = stamps
        .iter()
        .map(|stamp| stamp.duration_since(start).as_secs())
        .collect();
    assert_eq!(offsets, [0, 3600 - 780, 3600]);
    let notices = lock(&world.events.0)
        .iter()
        .filter(|event| matches!(event, Event::Notice(_)))
        .count();
    assert_eq!(notices, 1, "a clock that is off is told once");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_sent_inside_its_window_only() {
    let (world, cloud) = connect();
    let answers = world.clone();
    // Every answer is lost after a minute.
    world.net.answer_with(move |_| Exchange {
        takes: Duration::from_secs(60),
        ..lost()
    });
    let error = change(&cloud, &world, &create()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Ambiguous);
    let start = answers.net.params()[0]["Timestamp"].parse::<Timestamp>().unwrap();
    for params in world.net.params() {
        let stamp: Timestamp = params["Timestamp"].parse().unwrap();
        assert!(stamp.duration_since(start) <= window::SEND);
    }
    assert!(world.net.params().len() < 7, "the window allows five minutes");
    // A window that has closed lets nothing out at all.
    let before = world.net.params().len();
    let slot = cloud.slot(&action::CREATE_INSTANCE).await;
    let opened = world.clock().now() - SignedDuration::from_secs(301);
    let error = cloud
        .change(&slot, &create(), Window::of(opened, false))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::WindowClosed);
    assert_eq!(world.net.params().len(), before);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_clock_is_learnt_from_the_refusal() {
    let (world, cloud) = connect();
    let answers = world.clone();
    world.net.answer_with(move |params| {
        let now = answers.clock().now() + SignedDuration::from_secs(7200);
        let stamp: Timestamp = params["Timestamp"].parse().unwrap();
        let off = now.duration_since(stamp).abs();
        if off > SignedDuration::from_secs(900) {
            answer_at(&answers, 7200, 400, &error("InvalidTimeStamp.Expired"))
        } else {
            answer_at(&answers, 7200, 200, OK)
        }
    });
    cloud.read(&describe()).await.unwrap();
    assert_eq!(world.net.params().len(), 2);
    let behind = cloud.server_time().unwrap().duration_since(world.clock().now());
    assert!((behind.as_secs() - 7200).abs() <= 1, "{behind:?}");
    // The next calls need no second try.
    cloud.read(&describe()).await.unwrap();
    change(&cloud, &world, &create()).await.unwrap();
    assert_eq!(world.net.params().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_back_dating_gets_plain_times_and_no_token_twice() {
    let (world, cloud) = connect();
    let answers = world.clone();
    let mut lose = false;
    world.net.answer_with(move |params| {
        let stamp: Timestamp = params["Timestamp"].parse().unwrap();
        let age = answers.clock().now().duration_since(stamp);
        if age > SignedDuration::from_secs(300) {
            return answer(&answers, 400, &error("InvalidTimeStamp.Expired"));
        }
        lose = !lose;
        if lose { answer(&answers, 200, OK) } else { lost() }
    });
    let error = change(&cloud, &world, &create()).await.unwrap_err();
    assert_eq!(
        error.kind,
        ErrorKind::WindowClosed,
        "its intent says something else"
    );
    assert_eq!(world.net.params().len(), 2, "back-dated twice");
    change(&cloud, &world, &create()).await.unwrap();
    assert_eq!(world.net.params().len(), 3);
    let opened = world.clock().now();
    assert_eq!(cloud.window(opened).policy, WindowPolicy::Plain);
    let error = change(&cloud, &world, &create()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Ambiguous);
    assert_eq!(world.net.params().len(), 4, "a token in doubt is not sent again");
}

#[tokio::test(start_paused = true)]
async fn a_throttled_change_comes_back_and_a_throttled_read_waits() {
    let (world, cloud) = connect();
    let answers = world.clone();
    world.net.answer_with(move |_| {
        // Shut for the first half minute.
        let age = answers.clock().elapsed();
        if age < Duration::from_secs(30) {
            answer(&answers, 400, &error("Throttling"))
        } else {
            answer(&answers, 200, OK)
        }
    });
    let error = change(&cloud, &world, &create()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Throttled);
    assert_eq!(error.tries, 1);
    cloud.read(&describe()).await.unwrap();
    assert!(world.clock().elapsed() >= Duration::from_secs(30));
    let asked = world.net.params().len();
    assert!(
        (25..=33).contains(&asked),
        "{asked} requests: asked once a second"
    );
    let told = lock(&world.events.0)
        .iter()
        .filter(|event| matches!(event, Event::Throttled { .. }))
        .count();
    assert_eq!(told, 2, "once for each action");
    assert!(cloud.totals().waited >= Duration::from_secs(25));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_change_keeps_its_token_and_window_until_that_closes() {
    let (world, cloud) = connect();
    let answers = world.clone();
    world
        .net
        .answer_with(move |_| answer(&answers, 400, &error("Throttling")));
    let window = cloud.window(world.clock().now());
    let request = create().param("ClientToken", "infra-throttled");
    let ended = loop {
        let slot = cloud.slot(request.action).await;
        let error = cloud.change(&slot, &request, window).await.unwrap_err();
        if error.kind != ErrorKind::Throttled {
            break error.kind;
        }
    };
    assert_eq!(ended, ErrorKind::WindowClosed);
    let took = world.clock().elapsed();
    assert!(
        took >= Duration::from_secs(290) && took < Duration::from_secs(310),
        "{took:?}"
    );
    let tokens: std::collections::BTreeSet<String> = world
        .net
        .params()
        .iter()
        .map(|params| params["ClientToken"].clone())
        .collect();
    assert_eq!(tokens.len(), 1);
    assert!(world.net.params().len() > 200, "asked once a second");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_must_rest_five_minutes_does_so_without_holding_others_up() {
    let (world, mut_cloud) = connect();
    let cloud = mut_cloud;
    let answers = world.clone();
    world.net.answer_with(move |params| {
        if params["InstanceId"] == "i-tired" {
            let message = "Request was denied due to request throttling, please try again after 5 minutes.";
            let body = format!("{{\"Code\":\"Throttling\",\"Message\":\"{message}\"}}");
            answer(&answers, 400, &body)
        } else {
            answer(&answers, 200, OK)
        }
    });
    let spec = |id: &str| Request::new(&action::MODIFY_INSTANCE_SPEC).param("InstanceId", id);
    let (tired, fresh) = (spec("i-tired"), spec("i-fresh"));
    let (result, ()) = tokio::join!(change(&cloud, &world, &tired), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        change(&cloud, &world, &fresh).await.unwrap();
        assert!(world.clock().elapsed() < Duration::from_secs(2));
    });
    assert_eq!(result.unwrap_err().kind, ErrorKind::Throttled);
    assert!(world.clock().elapsed() >= Duration::from_secs(300));
}

#[tokio::test(start_paused = true)]
async fn two_hundred_creates_under_a_quota_all_succeed_inside_their_windows() {
    let (world, cloud) = connect();
    let answers = world.clone();
    let mut window_start = Duration::ZERO;
    let mut used = 0;
    // Twenty creates in two seconds, refused answers not counted.
    world.net.answer_with(move |_| {
        let now = answers.clock().elapsed();
        if now.saturating_sub(window_start) >= Duration::from_secs(2) {
            (window_start, used) = (now, 0);
        }
        used += 1;
        if used > 20 {
            answer(&answers, 400, &error("Throttling"))
        } else {
            answer(&answers, 200, OK)
        }
    });
    let mut tasks = tokio::task::JoinSet::new();
    let refused = Arc::new(AtomicUsize::new(0));
    for number in 0..200 {
        let (cloud, world, refused) = (cloud.clone(), world.clone(), Arc::clone(&refused));
        tasks.spawn(async move {
            loop {
                let request = create().param("ClientToken", format!("infra-{number}"));
                match change(&cloud, &world, &request).await {
                    Ok(_) => return,
                    Err(error) if error.kind == ErrorKind::Throttled => {
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let took = world.clock().elapsed();
    assert!(took < Duration::from_secs(60), "{took:?}; the quota allows 20 s");
    let refused = refused.load(Ordering::Relaxed);
    assert!(refused < 60, "{refused} refusals");
}

#[tokio::test(start_paused = true)]
async fn strange_answers_end_in_clear_errors() {
    let cases: [(u16, String, ErrorKind, &str); 7] = [
        (200, String::new(), ErrorKind::Malformed, "an empty answer"),
        (200, "{\"RequestId\":\"R".into(), ErrorKind::Malformed, "cut off"),
        (200, "<html>hello</html>".into(), ErrorKind::Malformed, "a page"),
        (
            502,
            "<html>bad gateway</html>".into(),
            ErrorKind::Ambiguous,
            "a page",
        ),
        (
            404,
            "<html>not here</html>".into(),
            ErrorKind::Malformed,
            "a page",
        ),
        (307, String::new(), ErrorKind::Malformed, "a redirect"),
        (
            200,
            " ".repeat((16 << 20) + 1),
            ErrorKind::Malformed,
            "larger than 16 MiB",
        ),
    ];
    for (status, body, kind, words) in cases {
        let (world, cloud) = connect();
        let answers = world.clone();
        world.net.answer_with(move |_| answer(&answers, status, &body));
        let error = cloud.read(&describe()).await.unwrap_err();
        assert_eq!(error.kind, kind, "{status} {words}");
        assert!(error.message.contains(words), "{}", error.message);
        let error = change(&cloud, &world, &create()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Ambiguous, "a change, {status} {words}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_host_ends_the_call_after_eight_tries() {
    let (world, cloud) = connect();
    world.net.answer_with(|_| {
        exchange(Err(TransportError {
            sent: Sent::No,
            message: "connection refused".to_owned(),
        }))
    });
    let error = change(&cloud, &world, &create()).await.unwrap_err();
    assert_eq!((error.kind, error.tries), (ErrorKind::Unreachable, 8));
    assert!(error.elapsed < Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn no_secret_shows_in_errors_or_events() {
    let (world, cloud) = connect();
    let answers = world.clone();
    world.net.answer_with(move |params: &Params| {
        let signed = format!("{params:?}").replace(['"', '\\'], "'");
        let body = serde_json::json!({
            "Code": "SignatureDoesNotMatch",
            "Message": format!("Specified signature is not matched with our calculation. server string to sign is:{signed}"),
        });
        answer(&answers, 400, &body.to_string())
    });
    let refused = change(&cloud, &world, &create()).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Credentials);
    let answers = world.clone();
    world.net.answer_with(move |params| {
        let body = serde_json::json!({
            "Code": "InvalidPassword.Malformed",
            "Message": format!("\"{}\" is too short, {}", params["Password"], params["AccessKeyId"]),
        });
        answer(&answers, 400, &body.to_string())
    });
    let malformed = change(&cloud, &world, &create()).await.unwrap_err();
    let diagnostics = [
        crate::diagnostic::Diagnostic::from(&refused),
        crate::diagnostic::Diagnostic::from(&malformed),
    ];
    let events = lock(&world.events.0).clone();
    let shown = format!("{refused} {refused:?} {malformed} {malformed:?} {events:?} {diagnostics:?}");
    for canary in ["canary-secret", "Canary#123", "canary-token", "LTAIcanaryid"] {
        assert!(!shown.contains(canary), "{canary} in {shown}");
    }
    let request = format!("{:?} {:?}", create(), lock(&world.net.sent)[0].0);
    assert!(!request.contains("anary"), "{request}");
}

#[tokio::test(start_paused = true)]
async fn every_call_is_reported_once_with_its_tries() {
    let (world, cloud) = connect();
    let answers = world.clone();
    let mut first = true;
    world.net.answer_with(move |_| {
        if std::mem::take(&mut first) {
            answer(&answers, 503, &error("ServiceUnavailable"))
        } else {
            answer(&answers, 200, OK)
        }
    });
    cloud.read(&describe()).await.unwrap();
    let events = lock(&world.events.0).clone();
    let [
        Event::ApiCall {
            product,
            action,
            outcome,
            http_status,
            request_id,
            tries,
            duration,
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!((*product, *action), ("Ecs", "DescribeInstances"));
    assert_eq!((outcome.as_str(), *http_status, *tries), ("ok", Some(200), 2));
    assert_eq!(request_id.as_deref(), Some("R-2"));
    assert!(*duration >= Duration::from_millis(200));
    let totals = cloud.totals();
    assert_eq!(totals.requests[&action::DESCRIBE_INSTANCES], 2);
    assert_eq!(totals.retries, 1);
}
