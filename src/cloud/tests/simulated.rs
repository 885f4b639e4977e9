//! The client against the simulator's own machine, in told time: faults, quotas and clocks by the hundred.

use std::collections::BTreeSet;

use super::*;
use crate::cloud::testing::Simulated;
use crate::cloud::testing::Trees;

/// A client of a simulator with these options, whose clock is `offset` seconds ahead.
fn simulate(offset: i64, options: sim::Options) -> (World, Cloud, Arc<Simulated>) {
    let world = World::new().with_credentials();
    let server = Arc::new(Simulated::new(&world, SignedDuration::from_secs(offset), options));
    let mut env = world.env();
    env.transport = Arc::clone(&server) as Arc<dyn crate::env::Transport>;
    let listener = Arc::clone(&world.events) as Arc<dyn crate::event::Listener>;
    let cloud = Cloud::connect(&env, super::options(), listener).unwrap();
    (world, cloud, server)
}

fn faults(specs: &[&str]) -> sim::Options {
    sim::Options {
        faults: specs.iter().map(|spec| spec.parse().unwrap()).collect(),
        ..sim::Options::default()
    }
}

fn create_vpc(number: usize) -> Request {
    Request::new(&action::CREATE_VPC)
        .param("RegionId", "cn-beijing")
        .param("CidrBlock", "10.0.0.0/16")
        .param("VpcName", format!("n{number}"))
}

fn list_vpcs() -> (Request, Paging) {
    let paging = Paging {
        list: "Vpcs.Vpc",
        pages: Pages::ByNumber { max: 50 },
    };
    let request = Request::new(&action::DESCRIBE_VPCS).param("RegionId", "cn-beijing");
    (request, paging)
}

/// Makes this many networks at once, each as an executor would: a refused or throttled call gets a new intent, one in
/// doubt is settled by the rules of the window.
async fn create_all(cloud: &Cloud, world: &World, count: usize) -> Vec<String> {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..count {
        let (cloud, world) = (cloud.clone(), world.clone());
        tasks.spawn(async move {
            for generation in 0..50 {
                let token = format!("infra-{number}-{generation}");
                let request = create_vpc(number).param("ClientToken", token);
                let slot = cloud.slot(&action::CREATE_VPC).await;
                let opened = cloud.server_time().unwrap_or_else(|| world.clock().now());
                let window = cloud.window(opened);
                match cloud.change(&slot, &request, window).await {
                    Ok(reply) => return reply.body["VpcId"].as_str().unwrap().to_owned(),
                    Err(error) if error.kind == ErrorKind::Throttled => {}
                    Err(error) if error.kind == ErrorKind::Unreachable => {}
                    Err(error) => panic!("{error}"),
                }
            }
            panic!("fifty generations were not enough");
        });
    }
    let mut ids = Vec::new();
    while let Some(id) = tasks.join_next().await {
        ids.push(id.unwrap());
    }
    ids
}

fn vpcs_that_exist(server: &Simulated) -> usize {
    server.world()["accounts"][0]["vpc"]
        .as_array()
        .map_or(0, Vec::len)
}

#[tokio::test(start_paused = true)]
async fn no_fault_loses_or_doubles_a_network() {
    for specs in [
        vec!["*:drop-request%50"],
        vec!["*:drop-answer%50"],
        vec!["*:5xx%50"],
        vec!["*:duplicate%50"],
        vec!["*:delay=30s%30"],
        vec![
            "*:drop-request%20",
            "*:drop-answer%20",
            "*:5xx%20",
            "*:throttle%10",
            "*:duplicate%20",
        ],
    ] {
        let (world, cloud, server) = simulate(0, faults(&specs));
        let (request, paging) = list_vpcs();
        cloud.pages(&request, paging, &Trees("VpcId")).await.unwrap();
        let ids = create_all(&cloud, &world, 8).await;
        let distinct: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(distinct.len(), 8, "{specs:?}");
        assert_eq!(vpcs_that_exist(&server), 8, "{specs:?}");
        assert_eq!(
            cloud
                .pages(&request, paging, &Trees("VpcId"))
                .await
                .unwrap()
                .len(),
            8,
            "{specs:?}"
        );
        let stats = server.stats();
        assert_eq!(stats["unknown_parameters"]["total"], 0, "{stats}");
        assert_eq!(
            stats["errors"]["SignatureDoesNotMatch"],
            serde_json::Value::Null,
            "{stats}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_quota_of_twenty_in_two_seconds_delays_two_hundred_creates_and_refuses_none() {
    let options = sim::Options {
        quotas: vec!["CreateVpc=20/2s".parse().unwrap()],
        ..sim::Options::default()
    };
    let (world, cloud, server) = simulate(0, options);
    let (request, paging) = list_vpcs();
    cloud.pages(&request, paging, &Trees("VpcId")).await.unwrap();
    create_all(&cloud, &world, 200).await;
    assert_eq!(vpcs_that_exist(&server), 200);
    let took = world.clock().elapsed();
    assert!(
        took < Duration::from_secs(60),
        "{took:?}; the quota alone takes 20 s"
    );
}

#[tokio::test(start_paused = true)]
async fn a_minute_quota_is_learnt_and_kept() {
    let options = sim::Options {
        quotas: vec!["CreateVpc=30/60s".parse().unwrap()],
        ..sim::Options::default()
    };
    let (world, cloud, server) = simulate(0, options);
    let (request, paging) = list_vpcs();
    cloud.pages(&request, paging, &Trees("VpcId")).await.unwrap();
    create_all(&cloud, &world, 90).await;
    assert_eq!(vpcs_that_exist(&server), 90);
    let took = world.clock().elapsed();
    assert!(
        took < Duration::from_secs(300),
        "{took:?}; the quota alone takes 120 s"
    );
    let refused = server.stats()["errors"]["Throttling.User"]
        .as_u64()
        .unwrap_or_default();
    assert!(refused < 120, "{refused} refusals");
}

#[tokio::test(start_paused = true)]
async fn a_machine_whose_clock_is_hours_off_works() {
    for offset in [-7200, -1000, 1000, 7200, 90_000] {
        let (world, cloud, server) = simulate(offset, sim::Options::default());
        let (request, paging) = list_vpcs();
        cloud.pages(&request, paging, &Trees("VpcId")).await.unwrap();
        create_all(&cloud, &world, 3).await;
        assert_eq!(vpcs_that_exist(&server), 3, "{offset} s");
        let refused = server.stats()["errors"]["InvalidTimeStamp.Expired"].clone();
        assert_eq!(refused, 1, "only the first request, {offset} s");
    }
}

#[tokio::test(start_paused = true)]
async fn lists_longer_than_a_page_are_whole() {
    let (world, cloud, _server) = simulate(0, sim::Options::default());
    create_all(&cloud, &world, 120).await;
    let (request, paging) = list_vpcs();
    let items = cloud.pages(&request, paging, &Trees("VpcId")).await.unwrap();
    assert_eq!(items.len(), 120);
    let names: BTreeSet<&str> = items.iter().filter_map(|item| item["VpcName"].as_str()).collect();
    assert_eq!(names.len(), 120);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_is_named_as_such() {
    let world = World::new().with_credentials();
    let server = Arc::new(Simulated::new(
        &world,
        SignedDuration::ZERO,
        sim::Options::default(),
    ));
    let mut env = world.env();
    let secret = "another-secret".to_owned();
    env.vars
        .insert("ALIBABA_CLOUD_ACCESS_KEY_SECRET".to_owned(), secret);
    env.transport = server;
    let cloud = Cloud::connect(&env, super::options(), Arc::new(Silent)).unwrap();
    let error = cloud.read(&list_vpcs().0).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Credentials);
    assert!(
        error.message.contains("the access key secret does not belong"),
        "{}",
        error.message
    );
}

/// The table of actions against a stranger's: a name or a product that is wrong here is missing there.
#[test]
fn every_action_that_we_send_exists() {
    let served = sim::actions();
    let missing: Vec<String> = action::ALL
        .iter()
        .filter(|action| {
            !served.iter().any(|(product, version, name)| {
                product == action.product.name && version == action.product.version && name == action.name
            })
        })
        .map(ToString::to_string)
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn no_change_outlives_its_signed_request() {
    for action in action::ALL {
        if action.repeat != Repeat::Read {
            let seconds = action.timeout().as_secs();
            assert!(seconds <= window::FLIGHT.as_secs().unsigned_abs(), "{action}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_is_no_read_and_a_read_is_no_change() {
    let (_, cloud, server) = simulate(0, sim::Options::default());
    let (list, _) = list_vpcs();
    let slot = cloud.slot(list.action).await;
    let window = Window::of(Timestamp::from_second(1_800_000_000).unwrap(), false);
    let error = cloud.change(&slot, &list, window).await.unwrap_err();
    assert_eq!((error.kind, error.tries), (ErrorKind::Refused, 0));
    let error = cloud.read(&create_vpc(1)).await.unwrap_err();
    assert_eq!((error.kind, error.tries), (ErrorKind::Refused, 0));
    assert_eq!(server.stats()["requests"]["total"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_is_repeated_and_makes_nothing() {
    let specs = [
        "CreateVpc:drop-answer@1",
        "CreateVpc:5xx@2",
        "CreateVpc:throttle@3",
        "CreateVpc:drop-request@4",
    ];
    let (_world, cloud, server) = simulate(0, faults(&specs));
    let token = create_vpc(1).param("ClientToken", "infra-1");
    cloud.dry_run(&token).await.unwrap();
    assert_eq!(vpcs_that_exist(&server), 0);
    let wrong = create_vpc(1).param("CidrBlock", "10.0.0.0/33");
    let error = cloud.dry_run(&wrong).await.unwrap_err();
    assert!(
        !error.code.is_empty() && !error.code.starts_with("DryRun"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_is_never_sent_as_a_change_nor_of_an_action_without_one() {
    let (_world, cloud, server) = simulate(0, sim::Options::default());
    let vswitch = Request::new(&action::CREATE_VSWITCH).param("VpcId", "vpc-1");
    assert_eq!(
        cloud.dry_run(&vswitch).await.unwrap_err().kind,
        ErrorKind::Refused
    );
    cloud.read(&list_vpcs().0).await.unwrap();
    let slot = cloud.slot(&action::CREATE_VPC).await;
    let window = cloud.window(cloud.server_time().unwrap());
    let dry = create_vpc(1).param("DryRun", "true");
    assert!(cloud.change(&slot, &dry, window).await.is_err());
    let requests = &server.stats()["requests"];
    assert_eq!(requests["total"], 1, "{requests}");
}
