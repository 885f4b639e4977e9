//! The real network over loopback: sockets, time-outs, broken answers, and the simulator as a server.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use super::*;
use crate::cloud::testing::Trees;
use crate::env::{HttpRequest, Transport as _};

/// A server that does this with each connection.
fn serve(on_connection: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            on_connection(stream);
        }
    });
    address
}

/// Reads a request to its end.
fn read_request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut chunk = [0_u8; 4096];
    loop {
        let count = stream.read(&mut chunk).unwrap_or(0);
        text.extend_from_slice(&chunk[..count]);
        if count == 0 || text.ends_with(b"end") {
            return String::from_utf8(text).unwrap();
        }
    }
}

async fn send(address: SocketAddr, timeout: Duration) -> Result<HttpResponse, TransportError> {
    let transport = SystemTransport::new();
    let request = HttpRequest {
        method: "POST",
        url: format!("http://{address}/"),
        headers: vec![("accept", "application/json".to_owned())],
        body: b"the end".to_vec(),
        timeout,
        body_limit: 1000,
    };
    transport.send(request).await
}

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn an_answer_comes_with_its_headers_in_lower_case() {
    let address = serve(|mut stream| {
        let request = read_request(&mut stream);
        assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
        assert!(!request.to_lowercase().contains("accept-encoding"), "{request}");
        stream
            .write_all(b"HTTP/1.1 400 Bad\r\nX-Acs-Retry-After: 7\r\nContent-Length: 2\r\n\r\n{}")
            .unwrap();
    });
    let response = send(address, SOON).await.unwrap();
    assert_eq!(
        (response.status, response.body.as_slice()),
        (400, b"{}".as_slice())
    );
    assert_eq!(response.header("x-acs-retry-after"), Some("7"));
}

#[tokio::test]
async fn nobody_listening_means_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = send(address, SOON).await.unwrap_err();
    assert_eq!(error.sent, Sent::No, "{error}");
}

#[tokio::test]
async fn a_connection_that_closes_or_stalls_leaves_doubt() {
    let closing = serve(|mut stream| drop(read_request(&mut stream)));
    let error = send(closing, SOON).await.unwrap_err();
    assert_eq!(error.sent, Sent::Perhaps, "{error}");
    let half = serve(|mut stream| {
        read_request(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"RequestId\"")
            .unwrap();
    });
    let error = send(half, SOON).await.unwrap_err();
    assert_eq!(error.sent, Sent::Perhaps, "{error}");
    // Held open without a byte; the streams must outlive the request.
    let held = std::sync::Mutex::new(Vec::new());
    let stalling = serve(move |stream| held.lock().unwrap().push(stream));
    let error = send(stalling, Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(
        (error.sent, error.message.as_str()),
        (Sent::Perhaps, "no answer in time")
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let followed = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&followed);
    let target = serve(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    let address = serve(move |mut stream| {
        read_request(&mut stream);
        let answer = format!("HTTP/1.1 307 Go\r\nLocation: http://{target}/\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let response = send(address, SOON).await.unwrap();
    assert_eq!(response.status, 307);
    assert_eq!(followed.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_body_without_end_is_read_up_to_the_limit_only() {
    let address = serve(|mut stream| {
        read_request(&mut stream);
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n";
        let mut result = stream.write_all(head);
        while result.is_ok() {
            result = stream.write_all(&[b' '; 65536]);
        }
    });
    let response = send(address, SOON).await.unwrap();
    assert_eq!(response.body.len(), 1001);
}

#[tokio::test]
async fn plain_http_never_goes_through_a_proxy_and_tls_needs_a_known_authority() {
    // A TLS connection to a server that speaks none fails before anything of the request has left.
    let address = serve(|mut stream| {
        let mut hello = [0_u8; 512];
        let _ = stream.read(&mut hello);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    });
    let transport = SystemTransport::new();
    let request = HttpRequest {
        method: "POST",
        url: format!("https://{address}/"),
        headers: Vec::new(),
        body: b"secret".to_vec(),
        timeout: SOON,
        body_limit: 1000,
    };
    let error = transport.send(request).await.unwrap_err();
    assert_eq!(error.sent, Sent::No, "{error}");
}

/// A client on the real network, against a simulator of its own.
fn simulated(server: &sim::Server) -> Cloud {
    simulated_at(server, server.url())
}

fn simulated_at(server: &sim::Server, url: String) -> Cloud {
    let key = &server.key_pairs()[0];
    let mut env = World::new().env();
    env.clock = Arc::new(SystemClock::new());
    env.random = Arc::new(SystemRandom);
    env.transport = Arc::new(SystemTransport::new());
    let credentials = Credentials::new(key.id.clone(), key.secret.clone(), None);
    let options = CloudOptions {
        sim_endpoint: Some((url, credentials)),
        ..options()
    };
    Cloud::connect(&env, options, Arc::new(Silent)).unwrap()
}

#[tokio::test]
async fn the_simulator_accepts_what_is_signed_with_awkward_text() {
    let server = sim::Server::start(sim::Options::default()).unwrap();
    let cloud = simulated(&server);
    let identity = cloud.caller_identity().await.unwrap();
    assert!(!identity.account_id.is_empty(), "{identity:?}");
    assert!(cloud.server_time().is_some());
    assert_eq!(cloud.endpoint_kind(), "other");
    let request = Request::new(&action::CREATE_VPC)
        .param("RegionId", "cn-beijing")
        .param("CidrBlock", "10.0.0.0/16")
        .param("VpcName", "web 01*~\u{6d4b}\u{8bd5}+%")
        .param("ClientToken", "infra-awkward");
    let slot = cloud.slot(&action::CREATE_VPC).await;
    let window = cloud.window(cloud.server_time().unwrap());
    let made = cloud.change(&slot, &request, window).await.unwrap();
    let again = cloud.change(&slot, &request, window).await.unwrap();
    assert_eq!(
        made.body["VpcId"], again.body["VpcId"],
        "the same token, the same network"
    );
    let paging = Paging {
        list: "Vpcs.Vpc",
        pages: Pages::ByNumber { max: 50 },
    };
    let list = Request::new(&action::DESCRIBE_VPCS).param("RegionId", "cn-beijing");
    let vpcs = cloud.pages(&list, paging, &Trees("VpcId")).await.unwrap();
    assert_eq!(vpcs.len(), 1);
    assert_eq!(vpcs[0]["VpcName"], "web 01*~\u{6d4b}\u{8bd5}+%");
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = sim::Server::start(sim::Options::default()).unwrap();
    let (made, target) = (Arc::new(AtomicUsize::new(0)), server.addr());
    let counter = Arc::clone(&made);
    let relay = serve(move |mut near| {
        counter.fetch_add(1, Ordering::SeqCst);
        let mut far = TcpStream::connect(target).unwrap();
        let (mut back, mut forth) = (far.try_clone().unwrap(), near.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut near, &mut far));
        thread::spawn(move || std::io::copy(&mut back, &mut forth));
    });
    let cloud = simulated_at(&server, format!("http://{relay}"));
    let list = Request::new(&crate::api::action::DESCRIBE_VPCS).param("RegionId", "cn-beijing");
    for _ in 0..20 {
        cloud.read(&list).await.unwrap();
    }
    assert_eq!(made.load(Ordering::SeqCst), 1, "one after the other");
    let reads = (0..100).map(|_| cloud.read(&list));
    futures_util::future::try_join_all(reads).await.unwrap();
    let made = made.load(Ordering::SeqCst);
    assert!(
        made <= 2 * cloud.parallelism(),
        "{made} connections for {} at once",
        cloud.parallelism()
    );
}
