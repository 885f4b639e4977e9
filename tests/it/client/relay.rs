//! A relay between the binary and the simulator that keeps what passes and breaks some of it on purpose.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::thread;

/// What happens to one request.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    Pass,
    /// The connection closes and nothing reaches the server.
    DropRequest,
    /// The server does it, and the connection closes without an answer.
    DropAnswer,
    /// The relay answers this by itself and the server hears nothing.
    Answer(Vec<u8>),
    /// The server does it, and the answer breaks off in the middle.
    Truncate,
    /// The server does it, somebody hears of that, and the answer stays on the way.
    Withhold(Sender<()>),
}

/// The whole answer with this status and body.
pub(crate) fn answer(status: &str, body: &str) -> Fate {
    let length = body.len();
    Fate::Answer(format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes())
}

/// A running relay. Its threads end with the process.
pub(crate) struct Relay {
    address: SocketAddr,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    /// Relays to a server; `fate` decides about each request, which are counted from 0.
    pub(crate) fn start(
        server: SocketAddr,
        fate: impl Fn(usize, &str) -> Fate + Send + Sync + 'static,
    ) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let (kept, fate) = (Arc::clone(&bodies), Arc::new(fate));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, fate) = (Arc::clone(&kept), Arc::clone(&fate));
                thread::spawn(move || relay(stream, server, &kept, &*fate));
            }
        });
        Relay { address, bodies }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bodies of all requests so far.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.bodies.lock().unwrap().clone()
    }
}

/// Serves one connection until it closes or a fate closes it.
fn relay(
    stream: TcpStream,
    server: SocketAddr,
    kept: &Mutex<Vec<String>>,
    fate: &(dyn Fn(usize, &str) -> Fate + Send + Sync),
) -> Option<()> {
    let mut input = BufReader::new(stream.try_clone().ok()?);
    let mut output = stream;
    loop {
        let (head, body) = read_request(&mut input)?;
        let number = {
            let mut kept = kept.lock().unwrap();
            kept.push(body.clone());
            kept.len() - 1
        };
        match fate(number, &body) {
            Fate::Pass => output.write_all(&forward(server, &head, &body)?).ok()?,
            Fate::DropRequest => return None,
            Fate::DropAnswer => {
                forward(server, &head, &body)?;
                return None;
            }
            Fate::Answer(bytes) => output.write_all(&bytes).ok()?,
            Fate::Truncate => {
                let whole = forward(server, &head, &body)?;
                output.write_all(&whole[..whole.len() - 20]).ok()?;
                return None;
            }
            Fate::Withhold(done) => {
                forward(server, &head, &body)?;
                // Whoever wanted to hear of it may have heard enough.
                let _ = done.send(());
            }
        }
    }
}

fn read_request(input: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).ok()?))
}

/// Sends a request over a connection of its own and returns the whole answer, which says where it ends.
fn forward(server: SocketAddr, head: &str, body: &str) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(server).ok()?;
    write!(stream, "{head}Connection: close\r\n\r\n{body}").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(answer)
}
