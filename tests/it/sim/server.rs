//! The simulator over real HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use infra::sim::{Options, RawRequest, Server, Speed};

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
