//! The one door for output: results to standard output, talk to standard error.
//!
//! Does not know the cloud, nor how anything comes about.

mod attribute_lines;
pub(crate) mod diagnostics;
mod literal;
pub(crate) mod outcome;
pub(crate) mod plan_view;
pub(crate) mod progress;
pub(crate) mod prompt;
pub(crate) mod table;
#[cfg(test)]
mod testing;
mod text;
mod text_diff;

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::diagnostics::Style;
pub(crate) use self::plan_view::{Detail, Header};
pub(crate) use self::text::Look;
use crate::diagnostic::{Diagnostic, Sources};
use crate::env::Env;
use crate::plan::Plan;

/// When to use colour, as asked for by flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// Where text goes; `Ui` is cheap to clone, and clones write to the same places.
#[derive(Clone)]
pub(crate) struct Ui {
    out: Arc<Mutex<Box<dyn Write + Send>>>,
    err: Arc<Mutex<Box<dyn Write + Send>>>,
    /// How results and talk are written.
    out_look: Look,
    err_look: Look,
    /// The texts that diagnostics point into.
    sources: Arc<Mutex<Sources>>,
}

impl Ui {
    /// The terminal, or what stands in its place.
    pub(crate) fn new(env: &Env, color: Color) -> Ui {
        Ui::writing(
            env,
            color,
            Box::new(std::io::stdout()),
            Box::new(std::io::stderr()),
        )
    }

    /// The same with other places to write to.
    pub(crate) fn writing(
        env: &Env,
        color: Color,
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
    ) -> Ui {
        let look = |is_terminal: bool| {
            let columns = env.terminal.columns.filter(|_| is_terminal);
            Look::new(uses_color(env, color, is_terminal), columns)
        };
        Ui {
            out: Arc::new(Mutex::new(out)),
            err: Arc::new(Mutex::new(err)),
            out_look: look(env.terminal.stdout),
            err_look: look(env.terminal.stderr),
            sources: Arc::default(),
        }
    }

    /// A line of the result.
    pub(crate) fn result(&self, line: &str) {
        write_line(&self.out, line);
    }

    /// A line beside the result.
    pub(crate) fn talk(&self, line: &str) {
        write_line(&self.err, line);
    }

    /// Text beside the result that has been laid out.
    fn print_talk(&self, text: &str) {
        write_line(&self.err, text.trim_end_matches('\n'));
    }

    /// The files that diagnostics point into from now on.
    pub(crate) fn set_sources(&self, sources: &Sources) {
        *lock(&self.sources) = sources.clone();
    }

    /// What is wrong or worth knowing, in place.
    pub(crate) fn diagnostics(&self, found: &[Diagnostic], all: bool) {
        let style = Style {
            color: self.err_look.color,
            width: self.err_look.prose,
            all,
        };
        let text = diagnostics::render(found, &lock(&self.sources), style);
        if !text.is_empty() {
            self.talk(text.trim_end());
        }
    }

    /// A plan.
    pub(crate) fn plan(&self, plan: &Plan, header: &Header, detail: Detail) {
        self.result(plan_view::render(plan, header, detail, self.out_look).trim_end());
    }

    /// How talk is written.
    pub(crate) fn err_look(&self) -> Look {
        self.err_look
    }

    /// How results are written.
    pub(crate) fn out_look(&self) -> Look {
        self.out_look
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A reader that has gone away is no reason to stop: what the run does matters more than who watches.
fn write_line(place: &Mutex<Box<dyn Write + Send>>, line: &str) {
    let mut place = lock(place);
    let _ = writeln!(place, "{line}").and_then(|()| place.flush());
}

/// The order of ux: flag, `INFRA_COLOR`, `NO_COLOR`, `CLICOLOR_FORCE` and `FORCE_COLOR`, a dumb terminal, a terminal.
fn uses_color(env: &Env, flag: Color, is_terminal: bool) -> bool {
    let set = |name: &str| env.vars.get(name).filter(|value| !value.is_empty());
    match flag {
        Color::Always => return true,
        Color::Never => return false,
        Color::Auto => {}
    }
    match set("INFRA_COLOR").map(String::as_str) {
        Some("always") => return true,
        Some("never") => return false,
        _ => {}
    }
    if set("NO_COLOR").is_some() {
        return false;
    }
    if ["CLICOLOR_FORCE", "FORCE_COLOR"]
        .iter()
        .any(|name| set(name).is_some_and(|value| value != "0"))
    {
        return true;
    }
    is_terminal && env.vars.get("TERM").is_none_or(|term| term != "dumb")
}
