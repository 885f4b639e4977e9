//! The stream of events for programs: one JSON object on each line, a version first and an end last.
//!
//! Does not know where a line comes from.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::text::escape_json;
use crate::env::Clock;

/// The version of the stream: a minor one adds fields and types, a major one changes what is there.
pub(crate) const EVENTS_VERSION: &str = "1.0";

/// One event without its time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) kind: &'static str,
    /// For people.
    pub(super) message: String,
    pub(super) fields: Map<String, Json>,
}

impl Line {
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Line {
        Line {
            kind,
            message: message.into(),
            fields: Map::new(),
        }
    }

    #[must_use]
    pub(super) fn with(mut self, name: &str, value: impl Into<Json>) -> Line {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Nothing is written for what there is none of.
    #[must_use]
    pub(super) fn with_some(self, name: &str, value: Option<impl Into<Json>>) -> Line {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// As it is written, without the end of the line. The keys that every event has come first.
    fn text(&self, ts: &str) -> String {
        let head = format!(
            "{{\"type\":{},\"ts\":{},\"message\":{}",
            json!(self.kind),
            json!(ts),
            json!(self.message)
        );
        let fields = Json::Object(self.fields.clone()).to_string();
        let rest = if self.fields.is_empty() {
            "}"
        } else {
            &format!(",{}", &fields[1..])
        };
        escape_json(&format!("{head}{rest}")).into_owned()
    }
}

/// A file beside the screen.
pub(super) struct SideFile {
    to: Box<dyn Write + Send>,
    /// It could not be written to; a stream with a hole in it would be worse than one that ends.
    has_ended: bool,
}

impl SideFile {
    pub(super) fn new(to: Box<dyn Write + Send>) -> SideFile {
        SideFile { to, has_ended: false }
    }

    /// Adds a text. The error comes once; from then on the file is left alone.
    pub(super) fn write(&mut self, text: &str) -> io::Result<()> {
        if self.has_ended {
            return Ok(());
        }
        let written = self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush());
        self.has_ended = written.is_err();
        written
    }
}

/// Writes the stream; clones write to the same file.
#[derive(Clone)]
pub(super) struct Events {
    /// A file beside the screen; none when the stream takes the place of the screen.
    file: Option<Arc<Mutex<SideFile>>>,
    clock: Arc<dyn Clock>,
    started: Duration,
}

impl Events {
    pub(super) fn new(file: Option<Box<dyn Write + Send>>, clock: Arc<dyn Clock>) -> Events {
        Events {
            file: file.map(|file| Arc::new(Mutex::new(SideFile::new(file)))),
            started: clock.elapsed(),
            clock,
        }
    }

    /// A line with its time; written into the file if there is one, otherwise given back for the screen.
    pub(super) fn write(&self, line: &Line) -> io::Result<Option<String>> {
        let text = line.text(&format!("{:.3}", self.clock.now())) + "\n";
        let Some(file) = &self.file else {
            return Ok(Some(text));
        };
        super::lock(file).write(&text).map(|()| None)
    }

    /// The first line.
    pub(super) fn version(&self) -> Line {
        let version = env!("CARGO_PKG_VERSION");
        Line::new("version", format!("infra {version}"))
            .with("infra", version)
            .with("events", EVENTS_VERSION)
    }

    /// The last line; without it the stream was cut off.
    pub(super) fn end(&self, exit_code: u8) -> Line {
        let elapsed = self.clock.elapsed().saturating_sub(self.started);
        Line::new("end", format!("exit code {exit_code}"))
            .with("exit_code", exit_code)
            .with("seconds", seconds(elapsed.as_secs_f64()))
    }
}

/// Seconds with one digit behind the point.
pub(super) fn seconds(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}
