//! What 1,500 connections that never say a whole request do to a server that is asked by others meanwhile.
//!
//! `cargo bench --bench connections [-- PATH_TO_INFRA]` opens them against `infra sim serve` in a process of its own, calls
//! for up to forty seconds on one connection that is kept and on a new one each time, and prints how long that took at
//! most, and how long the longest of the 1,500 was open.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints what it measured"
)]

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const HALF_OPEN: usize = 1_500;
const WATCHED: Duration = Duration::from_secs(40);
const PAUSE: Duration = Duration::from_millis(20);
/// Nothing, half a head, and half a body.
const BEGINNINGS: [&str; 3] = [
    "",
    "GET / HTTP/1.1\r\nHost: 127",
    "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nAction",
];
const ASK: &[u8] = b"GET /_sim/stats HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/// The server's process, which ends with the benchmark.
struct Served(Child, String);

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(binary: &str) -> Served {
    let mut child = Command::new(binary)
        .args(["sim", "serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut addresses = lines.map_while(Result::ok);
    let address = addresses.find_map(|line| {
        let (_, address) = line.split_once("listening on http://")?;
        Some(address.trim().to_owned())
    });
    Served(child, address.unwrap())
}

/// Asks once and reads the whole answer.
fn ask(stream: &mut TcpStream) {
    stream.write_all(ASK).unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "an honest call was not answered");
        answer.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&answer).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        assert!(head.starts_with("http/1.1 200"), "{head}");
        let length = head.split("content-length: ").nth(1).unwrap();
        if body.len() >= length.lines().next().unwrap().trim().parse().unwrap() {
            return;
        }
    }
}

/// Whether the other side has closed it.
fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 64]) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    }
}

/// The half, the ninety-ninth in a hundred and the longest.
fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    format!(
        "{:.2} / {:.2} / {:.2} ms of {}",
        at(50),
        at(99),
        at(100),
        times.len()
    )
}

fn main() {
    let told = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let binary = told.unwrap_or_else(|| env!("CARGO_BIN_EXE_infra").to_owned());
    let most = getrlimit(Resource::Nofile).maximum;
    let wanted = Rlimit {
        current: most,
        maximum: most,
    };
    setrlimit(Resource::Nofile, wanted).unwrap();

    let served = serve(&binary);
    let mut kept = TcpStream::connect(&served.1).unwrap();
    ask(&mut kept);
    let begun = Instant::now();
    let mut open: Vec<(Instant, TcpStream)> = (0..HALF_OPEN)
        .map(|number| {
            let mut stream = TcpStream::connect(&served.1).unwrap();
            // What is closed for a newcomer already takes nothing.
            let _ = stream.write_all(BEGINNINGS[number % BEGINNINGS.len()].as_bytes());
            stream.set_nonblocking(true).unwrap();
            (Instant::now(), stream)
        })
        .collect();
    println!("{HALF_OPEN} half-open connections in {:.2?}", begun.elapsed());

    let (mut old, mut new) = (Vec::new(), Vec::new());
    let mut longest = Duration::ZERO;
    let opened = Instant::now();
    while opened.elapsed() < WATCHED && !open.is_empty() {
        let clock = Instant::now();
        ask(&mut kept);
        old.push(clock.elapsed());
        let clock = Instant::now();
        ask(&mut TcpStream::connect(&served.1).unwrap());
        new.push(clock.elapsed());
        open.retain_mut(|(since, stream)| {
            let closed = is_closed(stream);
            if closed {
                longest = longest.max(since.elapsed());
            }
            !closed
        });
        // The server is another process and closes by the real clock, which is what is measured: asking without a pause
        // would measure how it fares under load instead. Nothing is asserted of the time.
        std::thread::sleep(PAUSE);
    }
    println!(
        "honest calls, half / 99 of 100 / longest: {} on a kept connection",
        spread(old)
    );
    println!(
        "honest calls, half / 99 of 100 / longest: {} on a new one each",
        spread(new)
    );
    println!(
        "the longest was open for {longest:.1?}; {} are open still",
        open.len()
    );
}
