//! The two standard streams, and the live rows that may stand at the end of the screen.
//!
//! Does not know what is written.

use std::io::{self, Write};

/// Where one stream ends.
pub(super) struct Stream {
    to: Box<dyn Write + Send>,
    /// Why nothing more is written.
    ended: Option<io::Error>,
    has_text: bool,
}

/// Standard output and standard error. They may be the same terminal, so whatever is written to either first takes
/// the live rows away.
pub(super) struct Streams {
    pub(super) out: Stream,
    err: Stream,
    /// How many live rows stand below everything else.
    live: usize,
}

impl Stream {
    pub(super) fn new(to: Box<dyn Write + Send>) -> Stream {
        Stream {
            to,
            ended: None,
            has_text: false,
        }
    }

    /// What the run does matters more than who watches: a stream that cannot be written to is left alone.
    fn write(&mut self, text: &str) {
        if self.ended.is_some() {
            return;
        }
        self.has_text |= !text.is_empty();
        if let Err(error) = self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush()) {
            self.ended = Some(error);
        }
    }

    /// The error that ended it, unless its reader just went away.
    pub(super) fn error(&self) -> Option<&io::Error> {
        self.ended
            .as_ref()
            .filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
    }
}

impl Streams {
    pub(super) fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Streams {
        Streams {
            out: Stream::new(out),
            err: Stream::new(err),
            live: 0,
        }
    }

    /// Whether there is anything on standard output yet.
    pub(super) fn has_printed(&self) -> bool {
        self.out.has_text
    }

    pub(super) fn print(&mut self, text: &str) {
        self.clear_live();
        self.out.write(text);
    }

    pub(super) fn talk(&mut self, text: &str) {
        if self.live == 0 {
            self.err.write(text);
        } else {
            let up = self.live;
            self.live = 0;
            self.err.write(&format!("\r\u{1b}[{up}A\u{1b}[J{text}"));
        }
    }

    /// Takes the live rows away.
    pub(super) fn clear_live(&mut self) {
        if self.live > 0 {
            self.talk("");
        }
    }

    /// Writes the live rows anew, over the old ones. The cursor is hidden only within this one write, so there is
    /// nothing to restore whatever ends the program.
    pub(super) fn draw_live(&mut self, rows: &[String]) {
        let mut frame = String::from("\u{1b}[?25l");
        if self.live > 0 {
            frame.push_str(&format!("\r\u{1b}[{}A", self.live));
        }
        for row in rows {
            frame.push_str(row);
            frame.push_str("\u{1b}[K\n");
        }
        frame.push_str("\u{1b}[J\u{1b}[?25h");
        self.live = rows.len();
        self.err.write(&frame);
    }
}
