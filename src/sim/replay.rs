//! Recordings told again: a fresh cloud with the recorded seed is told the recorded times and requests, and what it
//! answers is compared byte for byte. Does not know actions.

use std::io::BufRead;
use std::time::Duration;

use super::clock::UnixMillis;
use super::cloud::Cloud;
use super::control;
use super::options::{KeyPair, Options};
use super::recording::{Begin, Event, FORMAT, Told, What, without_made_up};
use super::store::StoreError;
use super::wire::RawRequest;

/// Why a recording cannot be told again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be read.
    #[error("the recording cannot be read")]
    Io(#[from] std::io::Error),
    /// A line is none of a recording.
    #[error("line {line} is not one of a recording: {source}")]
    Form {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// It was made by another version.
    #[error("its format is {found}, and this version reads {FORMAT}")]
    Format {
        /// The number of its format.
        found: u32,
    },
    /// It begins with what cannot be told.
    #[error("its first line cannot be told: {0}")]
    Begin(String),
    /// No cloud can be made as its first line says.
    #[error(transparent)]
    Cloud(#[from] StoreError),
}

/// What came of a recording that was told again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Requests that were answered and compared.
    pub requests: u64,
    /// Requests that were not believed then; they are not in the recording.
    pub unbelieved: u64,
    /// Where the answers differ, in order; at most a hundred.
    pub differences: Vec<Difference>,
}

/// An answer that is another one now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The line of the recording, counted from 1.
    pub line: usize,
    /// The action.
    pub action: String,
    /// Status and body then.
    pub recorded: (u16, String),
    /// Status and body now.
    pub answered: (u16, String),
}

const DIFFERENCES_MAX: usize = 100;

/// Tells a recording to a fresh cloud and compares its answers.
///
/// # Errors
/// When the recording cannot be read. A last line that is torn is where it ends.
pub fn replay(recording: impl BufRead) -> Result<Replay, ReplayError> {
    let mut lines = recording.lines().enumerate().peekable();
    let first = lines
        .next()
        .map(|(_, line)| line)
        .transpose()?
        .unwrap_or_default();
    let begin: Begin =
        serde_json::from_str(&first).map_err(|source| ReplayError::Form { line: 1, source })?;
    if begin.infra_sim_recording != FORMAT {
        return Err(ReplayError::Format {
            found: begin.infra_sim_recording,
        });
    }
    let mut cloud = Cloud::new(&options(begin)?)?;
    let mut outcome = Replay {
        requests: 0,
        unbelieved: 0,
        differences: Vec::new(),
    };
    while let Some((number, text)) = lines.next() {
        let text = text?;
        let event: Event = match serde_json::from_str(&text) {
            Ok(event) => event,
            Err(error) if error.is_eof() && lines.peek().is_none() => break,
            Err(source) => {
                return Err(ReplayError::Form {
                    line: number + 1,
                    source,
                });
            }
        };
        match event.what {
            What::Unbelieved(_) => {
                cloud.count_unbelieved(event.at);
                outcome.unbelieved += 1;
            }
            What::Look(()) => cloud.pass_until(event.at),
            What::Control((path, body)) => order(&mut cloud, path, body, event.at),
            What::Request(told) => {
                outcome.requests += 1;
                if let Some(answered) = ask(&mut cloud, &told, event.at)
                    && outcome.differences.len() < DIFFERENCES_MAX
                {
                    outcome.differences.push(Difference {
                        line: number + 1,
                        action: told.action,
                        recorded: (told.status, told.body),
                        answered,
                    });
                }
            }
        }
    }
    Ok(outcome)
}

/// Asks again; `None` when the answer is the recorded one.
fn ask(cloud: &mut Cloud, told: &Told, at: UnixMillis) -> Option<(u16, String)> {
    let answer = cloud.handle_again(told, at);
    let body = without_made_up(&String::from_utf8_lossy(&answer.body));
    (answer.status != told.status || body != told.body).then_some((answer.status, body))
}

fn order(cloud: &mut Cloud, path: String, body: String, at: UnixMillis) {
    let request = RawRequest {
        method: "POST".to_owned(),
        target: path,
        headers: vec![("Host".to_owned(), "localhost".to_owned())],
        body: body.into_bytes(),
    };
    // It was an order that counted then.
    let _ = control::respond(cloud, &request, at);
}

fn options(begin: Begin) -> Result<Options, ReplayError> {
    fn all<T: std::str::FromStr>(texts: &[String]) -> Result<Vec<T>, ReplayError>
    where
        T::Err: std::fmt::Display,
    {
        texts.iter().map(|text| one(text)).collect()
    }
    fn one<T: std::str::FromStr>(text: &str) -> Result<T, ReplayError>
    where
        T::Err: std::fmt::Display,
    {
        text.parse()
            .map_err(|error: T::Err| ReplayError::Begin(error.to_string()))
    }
    Ok(Options {
        // Nobody signs here, so the secret is never asked for.
        key_pairs: begin
            .access_key_ids
            .iter()
            .map(|id| KeyPair::new(id, ""))
            .collect(),
        seed: Some(begin.seed),
        region: begin.region,
        speed: one(&begin.speed)?,
        latency: Duration::from_millis(begin.latency_ms),
        read_lag: Duration::from_millis(begin.read_lag_ms),
        token_lifetime: Duration::from_millis(begin.token_life_ms),
        sold_out: all(&begin.sold_out)?,
        troubles: all(&begin.troubles)?,
        quotas: all(&begin.quotas)?,
        faults: all(&begin.faults)?,
        catalogues: begin.catalogues,
        account: begin.account,
        ..Options::default()
    })
}
