//! The simulator over real HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use std::time::Duration;

use infra::sim::{Limits, Options, RawRequest, Server, Speed};

use super::{ECS, VPC, options, signed, stamp};

pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// The whole answer as text; empty when there is none.
fn exchange(server: &Server, request: &RawRequest) -> String {
    exchange_with(&server.addr().to_string(), request).unwrap()
}

/// The whole answer as text, empty when there is none; `None` when the server is not there.
pub(super) fn exchange_with(address: &str, request: &RawRequest) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    let mut text = format!(
        "{} {} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n",
        request.method,
        request.target,
        request.body.len()
    );
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    stream.write_all(text.as_bytes()).ok()?;
    stream.write_all(&request.body).ok()?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Some(String::from_utf8(answer).unwrap())
}

fn call(server: &Server, version: &str, action: &str, params: &[(&str, &str)], nonce: &str) -> String {
    exchange(
        server,
        &signed(
            "POST",
            version,
            action,
            params,
            nonce,
            &stamp(now()),
            "testid",
            "testsecret",
        ),
    )
}

fn get(server: &Server, target: &str, host: &str) -> String {
    let headers = vec![("Host".to_owned(), host.to_owned())];
    exchange(
        server,
        &RawRequest {
            method: "GET".into(),
            target: target.into(),
            headers,
            body: Vec::new(),
        },
    )
}

#[test]
fn it_answers_over_http_and_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        data: Some(folder.path().to_owned()),
        speed: Speed::Max,
        ..options()
    };
    let server = Server::start(options.clone()).unwrap();
    assert!(server.url().starts_with("http://127.0.0.1:"));
    let made = call(&server, VPC, "CreateVpc", &[("VpcName", "kept")], "1");
    assert!(
        made.starts_with("HTTP/1.1 200") && made.contains("\"VpcId\":\"vpc-bp1"),
        "{made}"
    );
    assert!(made.to_ascii_lowercase().contains("\r\ndate: "), "{made}");
    server.shutdown();
    let server = Server::start(options).unwrap();
    assert!(call(&server, VPC, "DescribeVpcs", &[], "2").contains("\"VpcName\":\"kept\""));
}

#[test]
fn the_control_plane_answers_on_loopback_names_only() {
    let server = Server::start(options()).unwrap();
    let _ = call(&server, ECS, "DescribeRegions", &[], "1");
    assert!(get(&server, "/_sim/stats", "127.0.0.1").contains("\"DescribeRegions\":1"));
    assert!(get(&server, "/_sim/world", "localhost").contains("\"vpc\":[]"));
    assert!(get(&server, "/", "127.0.0.1").contains("<h1>infra sim</h1>"));
    assert!(get(&server, "/_sim/world", "ecs.aliyuncs.com").starts_with("HTTP/1.1 403"));
    assert!(get(&server, "/_sim/nothing", "127.0.0.1").starts_with("HTTP/1.1 404"));
}

#[test]
fn the_page_is_given_what_was_asked_what_it_costs_and_what_is_to_go_wrong() {
    let server = Server::start(options()).unwrap();
    let _ = call(&server, VPC, "CreateVpc", &[("VpcName", "seen")], "1");
    let _ = call(&server, ECS, "StopInstance", &[("InstanceId", "i-none")], "2");
    let _ = call(
        &server,
        ECS,
        "ModifyInstanceAttribute",
        &[("InstanceId", "i-none"), ("Password", "Geheim-123")],
        "3",
    );
    let page = get(&server, "/", "127.0.0.1");
    assert!(
        page.contains("script-src 'sha256-") && page.contains("frame-ancestors 'none'"),
        "{page}"
    );
    let asked = get(&server, "/_sim/requests", "127.0.0.1");
    assert!(
        asked.contains("\"count\":3") && asked.contains("[\"VpcName\",\"seen\"]"),
        "{asked}"
    );
    assert!(
        asked.contains("[\"Password\",\"(sensitive)\"]") && !asked.contains("Geheim"),
        "{asked}"
    );
    assert!(
        asked.contains("\"code\":\"InvalidInstanceId.NotFound\"") && asked.contains("\"status\":404"),
        "{asked}"
    );
    let later = get(&server, "/_sim/requests?after=1", "127.0.0.1");
    assert!(
        !later.contains("CreateVpc") && later.contains("StopInstance"),
        "{later}"
    );
    assert!(get(&server, "/_sim/requests?after=x", "127.0.0.1").starts_with("HTTP/1.1 400"));
    assert!(get(&server, "/_sim/requests", "ecs.aliyuncs.com").starts_with("HTTP/1.1 403"));
    assert!(get(&server, "/_sim/costs", "127.0.0.1").ends_with("{}"));
    assert!(get(&server, "/_sim/faults", "127.0.0.1").ends_with("{\"faults\":[]}"));
}

#[test]
fn faults_are_ordered_and_the_world_is_reset_over_the_control_plane() {
    let server = Server::start(options()).unwrap();
    let post = |target: &str, body: &str| {
        let headers = vec![("Host".to_owned(), "127.0.0.1".to_owned())];
        exchange(
            &server,
            &RawRequest {
                method: "POST".into(),
                target: target.into(),
                headers,
                body: body.into(),
            },
        )
    };
    let ordered = post(
        "/_sim/faults",
        r#"{"faults": ["CreateVpc:drop-answer@1", "DescribeVpcs:refuse=InternalError/500@1"]}"#,
    );
    assert!(ordered.contains("\"added\":2"), "{ordered}");
    assert!(post("/_sim/faults", "nonsense").starts_with("HTTP/1.1 400"));
    assert_eq!(call(&server, VPC, "CreateVpc", &[], "1"), "");
    assert!(call(&server, VPC, "DescribeVpcs", &[], "2").starts_with("HTTP/1.1 500"));
    assert!(call(&server, VPC, "DescribeVpcs", &[], "3").contains("\"TotalCount\":1"));
    assert!(post("/_sim/reset", "").contains("true"));
    assert!(call(&server, VPC, "DescribeVpcs", &[], "4").contains("\"TotalCount\":0"));
}

#[test]
fn it_refuses_to_listen_beyond_this_machine() {
    let listen = "0.0.0.0:0".parse().unwrap();
    let error = Server::start(Options { listen, ..options() }).unwrap_err();
    assert!(error.to_string().contains("not a loopback address"), "{error}");
}

#[test]
fn it_generates_a_key_pair_when_none_is_given() {
    let server = Server::start(Options::default()).unwrap();
    let [pair] = server.key_pairs() else {
        panic!("one pair")
    };
    let request = signed(
        "GET",
        ECS,
        "DescribeRegions",
        &[],
        "1",
        &stamp(now()),
        &pair.id,
        &pair.secret,
    );
    assert!(exchange(&server, &request).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_generated_key_pair_is_kept_with_its_cloud() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        data: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let keys = |server: &Server| {
        server
            .key_pairs()
            .iter()
            .map(|pair| (pair.id.clone(), pair.secret.clone()))
            .collect::<Vec<_>>()
    };
    let first = Server::start(options.clone()).unwrap();
    let made = keys(&first);
    first.shutdown();
    assert_eq!(keys(&Server::start(options).unwrap()), made);
}

/// Reads one answer that has a length, and leaves the connection open.
fn read_answer(stream: &mut TcpStream) -> (String, String) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

#[test]
fn a_connection_is_kept_and_bodies_come_in_pieces_or_after_an_invitation() {
    let server = Server::start(options()).unwrap();
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    let form = |nonce: &str| {
        let now = stamp(now());
        let request = signed(
            "POST",
            ECS,
            "DescribeZones",
            &[],
            nonce,
            &now,
            "testid",
            "testsecret",
        );
        String::from_utf8(request.body).unwrap()
    };
    let head = "POST / HTTP/1.1\r\nHost: 127.0.0.1:7070\r\nAccept-Encoding: gzip\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n";

    let body = form("in pieces");
    let (one, two) = body.split_at(40);
    let pieces = format!(
        "{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
        one.len(),
        two.len()
    );
    stream.write_all(pieces.as_bytes()).unwrap();
    let (status, answer) = read_answer(&mut stream);
    // Compression is offered, and an answer may do without.
    assert!(
        status.starts_with("http/1.1 200") && !status.contains("content-encoding"),
        "{status}"
    );
    assert!(answer.contains("\"ZoneId\":\"cn-hangzhou-h\""), "{answer}");

    let body = form("after an invitation");
    let invited = format!(
        "{head}Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(invited.as_bytes()).unwrap();
    assert!(read_answer(&mut stream).0.starts_with("http/1.1 100"));
    stream.write_all(body.as_bytes()).unwrap();
    assert!(read_answer(&mut stream).0.starts_with("http/1.1 200"));
}

#[test]
fn the_same_port_speaks_tls_with_a_certificate_that_its_authority_vouches_for() {
    use std::sync::Arc;
    let folder = tempfile::tempdir().unwrap();
    let ca_out = folder.path().join("ca.pem");
    let server = Server::start(Options {
        ca_out: Some(ca_out.clone()),
        ..options()
    })
    .unwrap();
    let pem = std::fs::read_to_string(&ca_out).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, base64).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(der.into()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from("127.0.0.1").unwrap();
    let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(server.addr()).unwrap());
    let request = signed(
        "GET",
        ECS,
        "DescribeRegions",
        &[],
        "1",
        &stamp(now()),
        "testid",
        "testsecret",
    );
    write!(
        stream,
        "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
        request.target
    )
    .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(String::from_utf8(answer).unwrap().starts_with("HTTP/1.1 200"));
    // Strict clients insist on these: the authority's key identifier, the key's use, and that it is a server's.
    let certificate = stream.conn.peer_certificates().unwrap()[0].clone();
    for extension in [[0x55, 0x1d, 0x23], [0x55, 0x1d, 0x0f], [0x55, 0x1d, 0x25]] {
        assert!(certificate.windows(3).any(|bytes| bytes == extension));
    }
    // Plain HTTP goes on beside it.
    assert!(call(&server, ECS, "DescribeRegions", &[], "2").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_page_of_another_origin_cannot_order_anything() {
    let server = Server::start(options()).unwrap();
    let send = |method: &str, target: &str, name: &str, value: &str| {
        let headers = vec![
            ("Host".to_owned(), "127.0.0.1".to_owned()),
            (name.to_owned(), value.to_owned()),
        ];
        exchange(
            &server,
            &RawRequest {
                method: method.into(),
                target: target.into(),
                headers,
                body: Vec::new(),
            },
        )
    };
    let _ = call(&server, VPC, "CreateVpc", &[], "1");
    for (name, value) in [
        ("Origin", "https://example.com"),
        ("Origin", "http://127.0.0.1.example.com"),
        ("Origin", "http://localhost@example.com"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        for (method, target) in [
            ("POST", "/_sim/reset"),
            ("POST", "/_sim/faults"),
            ("GET", "/_sim/world"),
        ] {
            let answer = send(method, target, name, value);
            assert!(
                answer.starts_with("HTTP/1.1 403"),
                "{method} {target} {value}: {answer}"
            );
        }
    }
    assert!(call(&server, VPC, "DescribeVpcs", &[], "2").contains("\"TotalCount\":1"));
    assert!(send("POST", "/_sim/reset", "Origin", "http://localhost:8080").starts_with("HTTP/1.1 200"));
    assert!(send("GET", "/", "Sec-Fetch-Site", "cross-site").starts_with("HTTP/1.1 200"));
}

fn limits(head_ms: u64, body_ms: u64, idle_ms: u64) -> Limits {
    Limits {
        connections: 16,
        head: Duration::from_millis(head_ms),
        body: Duration::from_millis(body_ms),
        idle: Duration::from_millis(idle_ms),
    }
}

const LONG: u64 = 3_600_000;

/// Blocks until the server closes the connection, and returns what came until then.
fn until_closed(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset is a close as well.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn who_says_half_a_head_half_a_body_or_nothing_more_is_closed_in_time() {
    let open = |limits: Limits, begin: &str| {
        let server = Server::start(Options { limits, ..options() }).unwrap();
        let mut stream = TcpStream::connect(server.addr()).unwrap();
        stream.write_all(begin.as_bytes()).unwrap();
        until_closed(&mut stream)
    };
    assert_eq!(open(limits(20, LONG, LONG), ""), "");
    assert_eq!(open(limits(20, LONG, LONG), "GET / HTTP/1.1\r\nHost: 127"), "");
    // The first byte of a handshake, and no second one.
    assert_eq!(open(limits(20, LONG, LONG), "\u{16}"), "");
    let half_body = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nAction";
    assert_eq!(open(limits(LONG, 20, LONG), half_body), "");
    let whole = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    assert!(open(limits(LONG, LONG, 20), whole).contains("<h1>infra sim</h1>"));
    // After a first request the head of the next one has its time again.
    let limits = limits(20, LONG, LONG);
    let server = Server::start(Options { limits, ..options() }).unwrap();
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    stream.write_all(whole.as_bytes()).unwrap();
    assert!(read_answer(&mut stream).1.contains("<h1>infra sim</h1>"));
    stream.write_all(b"GET / HT").unwrap();
    assert_eq!(until_closed(&mut stream), "");
}

#[test]
fn an_answer_that_takes_long_is_not_the_clients_fault() {
    let server = Server::start(Options {
        limits: limits(20, 20, 20),
        latency: Duration::from_millis(200),
        ..options()
    })
    .unwrap();
    assert!(call(&server, ECS, "DescribeRegions", &[], "1").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_newcomer_takes_the_place_of_who_waits_longest() {
    let limits = limits(LONG, LONG, LONG);
    let server = Server::start(Options { limits, ..options() }).unwrap();
    // One that has asked before is kept as long as there are others.
    let mut kept = TcpStream::connect(server.addr()).unwrap();
    let ask = |stream: &mut TcpStream| {
        stream
            .write_all(b"GET /_sim/stats HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            .unwrap();
        read_answer(stream).0
    };
    assert!(ask(&mut kept).starts_with("http/1.1 200"));
    let mut half_open: Vec<TcpStream> = (0..200)
        .map(|_| TcpStream::connect(server.addr()).unwrap())
        .collect();
    for nonce in 0..20 {
        let answer = call(&server, ECS, "DescribeRegions", &[], &nonce.to_string());
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert!(ask(&mut kept).starts_with("http/1.1 200"));
    for stream in &mut half_open[..150] {
        assert_eq!(until_closed(stream), "");
    }
}

#[test]
fn the_limits_are_those_that_are_promised() {
    let told = Limits::default();
    assert_eq!(
        (told.connections, told.head, told.body, told.idle),
        (
            1024,
            Duration::from_secs(10),
            Duration::from_secs(30),
            Duration::from_secs(60)
        )
    );
}

#[test]
fn two_fresh_clouds_make_different_ids_and_a_seed_makes_the_same() {
    let id = |seed| {
        let server = Server::start(Options { seed, ..options() }).unwrap();
        let made = call(&server, VPC, "CreateVpc", &[], "1");
        made.split("\"VpcId\":\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap()
            .to_owned()
    };
    assert_ne!(id(None), id(None));
    assert_eq!(id(Some(7)), id(Some(7)));
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("cloud.log");
    std::fs::write(&log, "the log of another program").unwrap();
    let told = Options {
        data: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let error = Server::start(told).unwrap_err();
    assert!(
        error.to_string().contains("not a file of the simulator"),
        "{error}"
    );
    assert_eq!(
        std::fs::read_to_string(&log).unwrap(),
        "the log of another program"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_flags_told_is_told_anew_at_run_time() {
    let server = Server::start(options()).unwrap();
    let post = |body: &str| {
        let headers = vec![("Host".to_owned(), "127.0.0.1".to_owned())];
        exchange(
            &server,
            &RawRequest {
                method: "POST".into(),
                target: "/_sim/settings".into(),
                headers,
                body: body.into(),
            },
        )
    };
    let told = post(
        r#"{"sold_out": ["ecs.g7.large@*"], "read_lag": "1h", "token_life": "20m",
            "catalogue": {"images": [{"id": "own.vhd", "os_name": "Own", "os_name_en": "Own", "platform": "Own",
            "size": 33, "created": "2026-11-01T00:00:00Z"}]}}"#,
    );
    for part in [
        "\"sold_out\":[\"ecs.g7.large@*\"]",
        "\"read_lag\":\"3600000ms\"",
        "\"token_life\":\"1200000ms\"",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(
        get(&server, "/_sim/settings", "127.0.0.1").lines().last(),
        told.lines().last()
    );
    let images = call(&server, ECS, "DescribeImages", &[("ImageId", "own.vhd")], "1");
    assert!(images.contains("\"TotalCount\":1"), "{images}");
    let _ = call(&server, VPC, "CreateVpc", &[], "2");
    assert!(call(&server, VPC, "DescribeVpcs", &[], "3").contains("\"TotalCount\":0"));
    let kind = [
        ("DestinationResource", "InstanceType"),
        ("InstanceType", "ecs.g7.large"),
    ];
    assert!(call(&server, ECS, "DescribeAvailableResource", &kind, "4").contains("SoldOut"));
    // Nothing of an order that cannot be read counts.
    for wrong in [
        r#"{"read_lag": "0ms", "sold_out": ["ecs.g7.large"]}"#,
        r#"{"read_lag": "0ms", "catalogue": {"familys": []}}"#,
        r#"{"read_lag": "0ms", "colour": "red"}"#,
        r#"{"read_lag": "soon"}"#,
        "",
    ] {
        assert!(post(wrong).starts_with("HTTP/1.1 400"), "{wrong}");
    }
    assert!(call(&server, VPC, "DescribeVpcs", &[], "5").contains("\"TotalCount\":0"));
    assert!(post(r#"{"read_lag": "0ms", "sold_out": []}"#).contains("\"sold_out\":[]"));
    assert!(call(&server, VPC, "DescribeVpcs", &[], "6").contains("\"TotalCount\":1"));
}

#[test]
fn a_made_up_key_is_told_and_a_given_one_is_not() {
    let told = get(&Server::start(options()).unwrap(), "/_sim/env", "127.0.0.1");
    assert!(told.contains("\"access_key_secret\":null"), "{told}");
    assert!(!told.contains("testsecret"), "{told}");
    let server = Server::start(Options::default()).unwrap();
    let [pair] = server.key_pairs() else {
        panic!("one pair")
    };
    let told = get(&server, "/_sim/env", "127.0.0.1");
    assert!(told.contains(&pair.id) && told.contains(&pair.secret), "{told}");
    assert!(get(&server, "/_sim/env", "ecs.aliyuncs.com").starts_with("HTTP/1.1 403"));
    assert!(get(&server, "/_sim/ca", "127.0.0.1").contains("-----BEGIN CERTIFICATE-----"));
    assert!(get(&server, "/_sim/ca", "ecs.aliyuncs.com").starts_with("HTTP/1.1 403"));
}

#[test]
fn a_recording_of_a_server_is_made_in_a_new_file_and_told_again() {
    let folder = tempfile::tempdir().unwrap();
    let record = Some(folder.path().join("day.jsonl"));
    let told = Options { record, ..options() };
    let server = Server::start(told.clone()).unwrap();
    let _ = call(&server, VPC, "CreateVpc", &[("VpcName", "kept")], "1");
    let _ = call(&server, VPC, "DescribeVpcs", &[], "2");
    server.shutdown();
    let recording = std::fs::read(told.record.as_ref().unwrap()).unwrap();
    let outcome = infra::sim::replay(&recording[..]).unwrap();
    assert_eq!((outcome.requests, outcome.differences), (2, Vec::new()));
    // What is there is not overwritten.
    assert!(Server::start(told.clone()).is_err());
    assert_eq!(std::fs::read(told.record.unwrap()).unwrap(), recording);
}
