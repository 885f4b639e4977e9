//! What is longer than the screen, page by page.

use unicode_width::UnicodeWidthStr as _;

use super::place::{is_dumb, is_on};
use super::{Ui, lock};
use crate::env::{Env, show_with};

/// What is asked for where nobody says anything: it ends by itself where there is one page, finds words in whatever
/// letters, shows colours, and leaves the text on the screen.
const DEFAULT: [&str; 2] = ["less", "-FIRX"];
/// The same for one that was chosen, as far as it is that program; and that texts are UTF-8.
const VARIABLES: [(&str, &str); 2] = [("LESS", "FIRX"), ("LESSCHARSET", "utf-8")];

impl Ui {
    /// Shows results page by page where they are longer than the screen, and as always where they are not, where nobody
    /// looks, and where there is no program for it.
    pub(crate) fn paged<T>(&self, env: &Env, show: impl FnOnce() -> T) -> T {
        let program = program_of(env).filter(|_| self.out_is_terminal && self.events.is_none());
        let Some(program) = program else {
            return show();
        };
        lock(&self.streams).hold();
        let shown = show();
        let mut streams = lock(&self.streams);
        let text = streams.release();
        let is_long = (self.size)().is_some_and(|(columns, rows)| lines_on(&text, columns) >= rows);
        if !is_long || !is_shown_by(&program, env, &text) {
            streams.print(&text);
        }
        shown
    }
}

/// The program and its arguments; none where none is wanted, or none can be used.
fn program_of(env: &Env) -> Option<Vec<String>> {
    let is_plain = ["INFRA_ACCESSIBLE", "ACCESSIBLE", "CI"];
    if is_dumb(env) || is_plain.into_iter().any(|name| is_on(env, name)) {
        return None;
    }
    let chosen = ["INFRA_PAGER", "PAGER"]
        .into_iter()
        .find_map(|name| env.vars.get(name));
    let words: Vec<String> = match chosen {
        Some(chosen) => chosen.split_whitespace().map(str::to_owned).collect(),
        None => DEFAULT.map(str::to_owned).into(),
    };
    (!words.is_empty()).then_some(words)
}

/// The rows that a text takes on a screen of so many columns.
fn lines_on(text: &str, columns: usize) -> usize {
    let rows = |line: &str| {
        console::strip_ansi_codes(line)
            .width()
            .div_ceil(columns.max(1))
            .max(1)
    };
    text.lines().map(rows).sum()
}

fn is_shown_by(program: &[String], env: &Env, text: &str) -> bool {
    // Ctrl-C belongs to whoever has the screen.
    let _listens = env.signals.listen();
    let unset: Vec<(&str, &str)> = VARIABLES
        .into_iter()
        .filter(|(name, _)| !env.vars.contains_key(*name))
        .collect();
    show_with(program, &unset, text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_broken_takes_as_many_rows() {
        assert_eq!(lines_on("a\n\nb\n", 80), 3);
        assert_eq!(lines_on(&format!("{}\n", "x".repeat(161)), 80), 3);
        assert_eq!(lines_on("\u{1b}[1m李雷\u{1b}[0m\n", 2), 2);
    }
}
