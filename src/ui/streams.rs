//! The two standard streams, and the live rows that may stand at the end of the screen.
//!
//! Does not know what is written.

use std::io::{self, Write};
use std::sync::Arc;

use unicode_width::UnicodeWidthStr as _;

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
    /// What is held back of standard output, while it is.
    held: Option<String>,
    /// How wide the live rows are that stand below everything else, in columns.
    live: Vec<usize>,
    /// The share of the run that the terminal was told last.
    share: Option<usize>,
    size: Arc<ScreenSize>,
}

/// The size of the screen now, as columns and rows; it changes while a run goes on.
pub(super) type ScreenSize = dyn Fn() -> Option<(usize, usize)> + Send + Sync;

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
    pub(super) fn new(
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
        size: Arc<ScreenSize>,
    ) -> Streams {
        Streams {
            out: Stream::new(out),
            err: Stream::new(err),
            held: None,
            live: Vec::new(),
            share: None,
            size,
        }
    }

    /// Whether there is anything on standard output yet.
    pub(super) fn has_printed(&self) -> bool {
        self.out.has_text || self.held.as_ref().is_some_and(|held| !held.is_empty())
    }

    pub(super) fn print(&mut self, text: &str) {
        self.clear_live();
        match &mut self.held {
            Some(held) => held.push_str(text),
            None => self.out.write(text),
        }
    }

    /// From now on results are held back.
    pub(super) fn hold(&mut self) {
        self.held = Some(String::new());
    }

    /// What was held back; from now on nothing is any more.
    pub(super) fn release(&mut self) -> String {
        self.held.take().unwrap_or_default()
    }

    pub(super) fn talk(&mut self, text: &str) {
        let up = self.up_to_live();
        self.live.clear();
        if up.is_empty() {
            self.err.write(text);
        } else {
            self.err.write(&format!("{up}\u{1b}[J{text}"));
        }
    }

    /// Takes the live rows away.
    pub(super) fn clear_live(&mut self) {
        if !self.live.is_empty() {
            self.talk("");
        }
    }

    /// Writes the live rows anew, over the old ones. The cursor is hidden only within this one write, so there is
    /// nothing to restore whatever ends the program.
    pub(super) fn draw_live(&mut self, rows: &[String]) {
        let mut frame = String::from("\u{1b}[?25l");
        frame.push_str(&self.up_to_live());
        for row in rows {
            // Emptied first: what is emptied behind a row counts as a part of it when a terminal breaks it anew.
            frame.push_str("\u{1b}[2K");
            frame.push_str(row);
            frame.push('\n');
        }
        frame.push_str("\u{1b}[J\u{1b}[?25h");
        self.live = rows
            .iter()
            .map(|row| console::strip_ansi_codes(row).width())
            .collect();
        self.err.write(&frame);
    }

    /// Tells the terminal how much of a hundred is done, or that nothing runs any more: it shows it in its tab (OSC 9;4).
    pub(super) fn tell_share(&mut self, share: Option<usize>) {
        if share == self.share {
            return;
        }
        self.share = share;
        let told = share.map_or_else(|| "0".to_owned(), |percent| format!("1;{percent}"));
        self.err.write(&format!("\u{1b}]9;4;{told}\u{1b}\\"));
    }

    /// Takes the cursor to the first live row. A terminal that has become narrower breaks the rows that stand there, so
    /// that they take more of its lines than they did.
    fn up_to_live(&self) -> String {
        if self.live.is_empty() {
            return String::new();
        }
        let columns = (self.size)().map_or(usize::MAX, |(columns, _)| columns.max(1));
        let lines: usize = self.live.iter().map(|width| width.div_ceil(columns).max(1)).sum();
        format!("\r\u{1b}[{lines}A")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use proptest::prelude::*;

    use super::*;

    /// A terminal that breaks long lines anew when its width changes, as most do. It keeps what scrolls away.
    struct Screen {
        columns: usize,
        /// What was written between two ends of a line.
        lines: Vec<String>,
        /// The line of the cursor, and the place in it.
        at: (usize, usize),
    }

    impl Screen {
        fn new(columns: usize) -> Screen {
            Screen {
                columns,
                lines: vec![String::new()],
                at: (0, 0),
            }
        }

        fn rows_of(&self, line: usize) -> usize {
            self.lines[line].width().div_ceil(self.columns).max(1)
        }

        /// The cursor moves over rows, which are parts of lines.
        fn up(&mut self, rows: usize) {
            let (mut line, column) = self.at;
            let mut row = column / self.columns;
            for _ in 0..rows {
                if row > 0 {
                    row -= 1;
                } else if line > 0 {
                    line -= 1;
                    row = self.rows_of(line) - 1;
                }
            }
            self.at = (line, row * self.columns);
        }

        fn erase_below(&mut self) {
            let (line, column) = self.at;
            self.lines.truncate(line + 1);
            self.lines[line].truncate(column);
        }

        fn write(&mut self, text: &str) {
            let mut rest = text;
            while let Some(letter) = rest.chars().next() {
                if let Some(sequence) = rest.strip_prefix("\u{1b}[") {
                    let end = sequence
                        .find(|letter: char| letter.is_ascii_alphabetic())
                        .unwrap();
                    let (number, kind) = (&sequence[..end], &sequence[end..=end]);
                    match kind {
                        "A" => self.up(number.parse().unwrap()),
                        "J" => self.erase_below(),
                        "K" => {
                            assert_eq!((number, self.at.1), ("2", 0));
                            let line = self.at.0;
                            self.lines[line].clear();
                        }
                        "h" | "l" => assert_eq!(number, "?25"),
                        other => panic!("{other}"),
                    }
                    rest = &sequence[end + 1..];
                    continue;
                }
                let (line, column) = self.at;
                match letter {
                    '\r' => self.at = (line, column - column % self.columns),
                    '\n' => {
                        if line + 1 == self.lines.len() {
                            self.lines.push(String::new());
                        }
                        self.at = (line + 1, 0);
                    }
                    letter => {
                        assert!(letter.is_ascii(), "{letter}");
                        let line = &mut self.lines[line];
                        if column < line.len() {
                            line.replace_range(column..=column, letter.encode_utf8(&mut [0; 4]));
                        } else {
                            line.push(letter);
                        }
                        self.at.1 += 1;
                    }
                }
                rest = &rest[letter.len_utf8()..];
            }
        }

        fn text(&self) -> String {
            self.lines.join("\n")
        }
    }

    #[derive(Clone)]
    struct Shared(Arc<Mutex<Screen>>);

    impl Shared {
        fn with<T>(&self, use_it: impl FnOnce(&mut Screen) -> T) -> T {
            use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }
    }

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
            self.with(|screen| screen.write(text));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[derive(Debug, Clone)]
    enum Act {
        Resize(usize),
        Draw(Vec<usize>),
        Talk,
        Print,
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            (20..140_usize).prop_map(Act::Resize),
            prop::collection::vec(0..140_usize, 1..8).prop_map(Act::Draw),
            Just(Act::Talk),
            Just(Act::Print),
        ]
    }

    proptest! {
        /// However the window changes between frames: when the live rows go away nothing of them is left, and nothing else
        /// is gone.
        #[test]
        fn resizing_leaves_no_ghost(acts in prop::collection::vec(act(), 1..30)) {
            let screen = Shared(Arc::new(Mutex::new(Screen::new(80))));
            let size = screen.clone();
            let mut streams = Streams::new(
                Box::new(screen.clone()),
                Box::new(screen.clone()),
                Arc::new(move || Some((size.with(|screen| screen.columns), 24))),
            );
            let mut lasting = String::new();
            for (number, act) in acts.into_iter().enumerate() {
                match act {
                    Act::Resize(columns) => screen.with(|screen| screen.columns = columns),
                    Act::Draw(widths) => {
                        let columns = screen.with(|screen| screen.columns);
                        let rows: Vec<String> =
                            widths.into_iter().map(|width| "x".repeat(width.min(columns - 1))).collect();
                        streams.draw_live(&rows);
                        let shown = screen.with(|screen| screen.text());
                        prop_assert_eq!(shown, format!("{lasting}{}\n", rows.join("\n")));
                    }
                    Act::Talk => {
                        streams.talk(&format!("line {number}\n"));
                        lasting.push_str(&format!("line {number}\n"));
                    }
                    Act::Print => {
                        streams.print(&format!("result {number}\n"));
                        lasting.push_str(&format!("result {number}\n"));
                    }
                }
            }
            streams.clear_live();
            prop_assert_eq!(screen.with(|screen| screen.text()), lasting);
        }
    }
}
