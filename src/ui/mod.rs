//! The one door for output: results to standard output, talk to standard error, events for programs.
//!
//! Whatever comes from the API or from files is escaped before it reaches a terminal. Does not know the cloud, nor
//! how anything comes about.

pub(crate) mod ask;
mod attribute_lines;
pub(crate) mod blast;
pub(crate) mod blast_svg;
mod board;
mod checks;
mod copies;
mod copy_lines;
mod corrections;
pub(crate) mod diagnostic_forms;
pub(crate) mod diagnostics;
pub(crate) mod document;
mod events;
mod excerpts;
pub(crate) mod graph_svg;
pub(crate) mod graph_view;
mod header;
mod json;
mod links;
mod literal;
mod live_rows;
pub(crate) mod outcome;
mod pace;
mod pager;
mod palette;
mod place;
mod plan_blocks;
mod plan_drift;
pub(crate) mod plan_html;
pub(crate) mod plan_json;
pub(crate) mod plan_md;
mod plan_order;
mod plan_summary;
mod plan_view;
pub(crate) mod progress;
pub(crate) mod prompt;
pub(crate) mod reach;
pub(crate) mod sarif;
pub(crate) mod schemas;
mod story;
mod streams;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;
mod text_diff;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value as Json;

pub(crate) use self::checks::{Check, Grade};
use self::diagnostics::Style;
pub(crate) use self::events::EVENTS_VERSION;
use self::events::{Events, Line};
pub(crate) use self::header::{Header, SavedAs};
use self::links::Targets;
use self::outcome::Finished;
use self::place::{Place, is_dumb, is_on, uses_color, uses_links};
pub(crate) use self::plan_blocks::Detail;
pub(crate) use self::story::Headings;
use self::streams::{ScreenSize, Streams};
pub(crate) use self::table::Row;
use self::text::{Look, PLAIN, Sheet, escape_json, escape_lines, is_dangerous};
use crate::address::Address;
use crate::change::Drift;
use crate::diagnostic::codes::Story;
use crate::diagnostic::{Advice, Diagnostic, Source, Sources, Typed, codes};
use crate::env::Env;
use crate::plan::Plan;
use crate::state::{Resource, State};
use crate::types::Attribute;
use crate::value::Value;

/// When to use colours, or links, as asked for by flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum When {
    #[default]
    Auto,
    Always,
    Never,
}

/// What was asked of the screen.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) color: When,
    /// When places and ids lead somewhere.
    pub(crate) links: When,
    /// Neither progress nor hints.
    pub(crate) quiet: bool,
    /// Events take the place of everything for people.
    pub(crate) events: bool,
    /// Events go into this file, beside the screen.
    pub(crate) events_file: Option<Box<dyn Write + Send>>,
    /// The flags that suggested commands repeat.
    pub(crate) typed: Typed,
}

/// Where text goes; cheap to clone, and clones write to the same places.
#[derive(Clone)]
pub(crate) struct Ui {
    streams: Arc<Mutex<Streams>>,
    /// Whether results and talk have colours.
    colors: (bool, bool),
    /// Whether results and talk have links, and where these lead.
    links: (bool, bool),
    targets: Arc<Mutex<Targets>>,
    /// Whether results go to somebody who looks at them, rather than into a file or a program; and whether talk does.
    out_is_terminal: bool,
    err_is_terminal: bool,
    /// Whether standard error can show rows that change.
    live: bool,
    /// Whether nothing is said beside results, questions, warnings and errors.
    quiet: bool,
    /// What else the place understands where it runs.
    place: Place,
    size: Arc<ScreenSize>,
    /// The stream in place of the screen, and the one beside it.
    events: Option<Events>,
    events_file: Option<Events>,
    /// The texts that diagnostics point into.
    sources: Arc<Mutex<Sources>>,
    typed: Arc<Mutex<Typed>>,
    /// Whether a warning has been told.
    has_warned: Arc<AtomicBool>,
}

impl Ui {
    /// The terminal, or what stands in its place.
    pub(crate) fn new(env: &Env, options: Options) -> Ui {
        let at_first = env.terminal.columns;
        let size = || {
            let of = |term: console::Term| term.size_checked();
            let (rows, columns) = of(console::Term::stderr()).or_else(|| of(console::Term::stdout()))?;
            Some((usize::from(columns), usize::from(rows)))
        };
        let size = move || size().or_else(|| Some((at_first?, 24)));
        let (out, err) = (Box::new(io::stdout()), Box::new(io::stderr()));
        Ui::on_screen(env, options, out, err, Arc::new(size))
    }

    /// The same with other places to write to.
    #[cfg(test)]
    pub(crate) fn writing(
        env: &Env,
        options: Options,
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
    ) -> Ui {
        let columns = env.terminal.columns;
        Ui::on_screen(env, options, out, err, Arc::new(move || Some((columns?, 24))))
    }

    fn on_screen(
        env: &Env,
        options: Options,
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
        size: Arc<ScreenSize>,
    ) -> Ui {
        let terminal = &env.terminal;
        let color = |is_terminal| uses_color(env, options.color, is_terminal);
        let links = |is_terminal| uses_links(env, options.links, is_terminal);
        let is_quiet = ["INFRA_ACCESSIBLE", "ACCESSIBLE", "CI"]
            .into_iter()
            .any(|name| is_on(env, name));
        let events = |file| Events::new(file, env.clock.clone());
        let ui = Ui {
            streams: Arc::new(Mutex::new(Streams::new(out, err, Arc::clone(&size)))),
            colors: (color(terminal.stdout), color(terminal.stderr)),
            links: (links(terminal.stdout), links(terminal.stderr)),
            targets: Arc::new(Mutex::new(Targets::of(env))),
            out_is_terminal: terminal.stdout,
            err_is_terminal: terminal.stderr,
            live: terminal.stderr && !is_dumb(env) && !is_quiet && !options.events && !options.quiet,
            quiet: options.quiet,
            place: Place::of(env, options.links),
            size,
            events: options.events.then(|| events(None)),
            events_file: options.events_file.map(|file| events(Some(file))),
            sources: Arc::default(),
            typed: Arc::new(Mutex::new(options.typed)),
            has_warned: Arc::default(),
        };
        if let Some(events) = ui.events.as_ref().or(ui.events_file.as_ref()) {
            ui.emit(&events.version());
        }
        ui
    }

    /// The end of everything.
    pub(crate) fn end(&self, exit_code: u8) {
        if let Some(events) = self.events.as_ref().or(self.events_file.as_ref()) {
            self.emit(&events.end(exit_code));
        }
    }

    /// Why results could not be written; that a reader went away is no reason.
    pub(crate) fn unwritten(&self) -> Option<String> {
        lock(&self.streams).out.error().map(io::Error::to_string)
    }

    /// A line of the result, or several.
    pub(crate) fn result(&self, line: &str) {
        if self.events.is_some() {
            self.emit(&Line::new("message", line));
        } else {
            self.print(&format!("{}\n", escape_lines(line)));
        }
    }

    /// A sentence of the result, broken where the screen ends; whatever is no screen gets it whole.
    pub(crate) fn say(&self, sentence: &str) {
        if self.events.is_some() || !self.out_is_terminal {
            return self.result(sentence);
        }
        let mut sheet = Sheet::new(self.out_look());
        sentence
            .split('\n')
            .for_each(|line| sheet.sentence(PLAIN, line, 2));
        self.print(&sheet.finish());
    }

    /// A value for scripts, byte by byte; only a terminal gets it escaped.
    pub(crate) fn raw(&self, value: &str) {
        let value = if self.out_is_terminal {
            escape_lines(value)
        } else {
            value.into()
        };
        lock(&self.streams).print(&format!("{value}\n"));
    }

    /// One JSON document.
    pub(crate) fn document(&self, document: &Json) {
        self.long_document(document);
    }

    /// The same of one that is made while it is written.
    pub(crate) fn long_document(&self, document: &impl Serialize) {
        // What is printed here has no keys but texts, and nothing in it fails.
        let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
        text.push('\n');
        // The ends of its lines are its own; there are many of them, and seldom anything else.
        let is_plain = !text.contains(|character| character != '\n' && is_dangerous(character));
        let shown = if is_plain {
            Cow::Borrowed(text.as_str())
        } else {
            escape_json(&text)
        };
        lock(&self.streams).print(&shown);
    }

    /// A page that was laid out and escaped for where it is read, as it is.
    pub(crate) fn page(&self, page: &str) {
        lock(&self.streams).print(page);
    }

    /// A line beside the result, or several.
    pub(crate) fn talk(&self, line: &str) {
        self.emit(&Line::new("notice", line));
        self.talk_people(line);
    }

    /// Whether a warning has been told so far.
    pub(crate) fn has_warned(&self) -> bool {
        self.has_warned.load(Ordering::Relaxed)
    }

    /// The files that diagnostics point into from now on, and the folder that they are in.
    pub(crate) fn set_sources(&self, sources: &Sources, folder: &Path) {
        *lock(&self.sources) = sources.clone();
        lock(&self.targets).folder = Some(folder.to_owned());
    }

    /// From now on ids are those of this region of Alibaba Cloud, and have pages in its console.
    pub(crate) fn set_console(&self, region: &str) {
        lock(&self.targets).region = Some(region.to_owned());
    }

    /// The files that diagnostics point into.
    pub(crate) fn sources(&self) -> Sources {
        lock(&self.sources).clone()
    }

    /// Variables whose values are no secrets, so that suggested commands may repeat them.
    pub(crate) fn may_show(&self, variables: BTreeSet<String>) {
        lock(&self.typed).shown = variables;
    }

    /// The flags that suggested commands repeat.
    pub(crate) fn typed(&self) -> Typed {
        lock(&self.typed).clone()
    }

    /// A line with commands, beside the result.
    pub(crate) fn advise(&self, advice: &Advice) {
        let mut advice = advice.clone();
        advice.resolve(&self.typed());
        let commands: Vec<&str> = advice.commands().collect();
        let line = advice.to_string();
        self.emit(&Line::new("notice", line.as_str()).with("commands", commands));
        self.talk_people(&line);
    }

    /// Diagnostics as they may be shown, in whatever form: without what is hidden in the files, and with commands as they
    /// are to be typed.
    pub(crate) fn fit_to_show(&self, found: &[Diagnostic]) -> Vec<Diagnostic> {
        let typed = self.typed();
        let secrets = lock(&self.sources).secrets();
        let mut found = found.to_vec();
        for one in &mut found {
            one.mask(&secrets);
            one.resolve(&typed);
        }
        found
    }

    /// What is wrong or worth knowing, in place; twenty of them unless all are asked for.
    pub(crate) fn diagnostics(&self, found: &[Diagnostic], all: bool) {
        let sources = self.sources();
        let found = self.fit_to_show(found);
        if found.iter().any(|one| !one.is_error()) {
            self.has_warned.store(true, Ordering::Relaxed);
        }
        if self.has_events() {
            found
                .iter()
                .for_each(|one| self.emit(&json::diagnostic(one, &sources)));
        }
        self.print_talk(&diagnostics::render(&found, &sources, self.style(all)));
        if self.place.has_workflow_commands {
            // Beside the words: at the line of the file, on the page of what is reviewed.
            let errors: Vec<Diagnostic> = found.into_iter().filter(Diagnostic::is_error).collect();
            let prefix = self.typed().folder_prefix();
            self.print_talk(&diagnostic_forms::to_github(&errors, &sources, &prefix));
        }
    }

    /// What was written into a file in place of what stood there; in the results, or beside them.
    pub(crate) fn correction(&self, before: &Source, after: &Source, is_result: bool) {
        let look = if is_result {
            self.out_look()
        } else {
            self.err_look()
        };
        let text = corrections::render(before, after, look);
        if is_result {
            self.print(&text);
        } else {
            self.print_talk(&text);
        }
    }

    /// A plan.
    pub(crate) fn plan(&self, plan: &Plan, header: &Header, detail: Detail) {
        if self.has_events() {
            let sources = self.sources();
            let findings = plan.findings.iter();
            findings.for_each(|finding| self.emit(&json::diagnostic(finding, &sources)));
            json::plan(plan, header).iter().for_each(|line| self.emit(line));
        }
        if self.events.is_none() {
            self.print(&plan_view::render(plan, header, detail, self.out_look()));
            let left_out: Vec<Diagnostic> = plan
                .findings
                .iter()
                .filter(|finding| finding.is_error())
                .cloned()
                .collect();
            self.diagnostics(&left_out, false);
        }
    }

    /// How a run ended.
    pub(crate) fn outcome(&self, finished: &Finished) {
        self.paragraph(&outcome::result(finished, self.out_look()));
        if !finished.is_complete() {
            // The report comes last: on a screen, the last lines are the ones that are read.
            self.print_talk("\n");
            self.diagnostics(&outcome::grouped(&finished.failures), false);
            self.print_talk(&outcome::report(finished, self.err_look()));
        }
        if self.has_events() {
            json::finished(finished).iter().for_each(|line| self.emit(line));
        }
    }

    /// Outputs with their values, and whether they are sensitive.
    pub(crate) fn outputs(&self, outputs: &BTreeMap<String, (Value, bool)>) {
        if self.has_events() {
            self.emit(&json::outputs(outputs));
        }
        self.paragraph(&table::outputs(outputs, self.out_look()));
    }

    /// The whole state.
    pub(crate) fn state(&self, state: &State) {
        self.print(&table::state(state, self.out_look()));
    }

    /// A table of resources.
    pub(crate) fn resources(&self, rows: &[Row]) {
        self.print(&table::resources(rows, self.out_look()));
    }

    /// What was looked at and how it is.
    pub(crate) fn checks(&self, checks: &[Check]) {
        self.print(&checks::render(checks, self.out_look()));
    }

    /// What is in what.
    pub(crate) fn tree(&self, nodes: &graph_view::Nodes) {
        self.print(&graph_view::tree(nodes, self.out_look()));
    }

    /// What a plan reaches.
    pub(crate) fn blast(&self, reach: &blast::Reach) {
        self.print(&blast::text(reach, self.out_look()));
    }

    /// From now on suggested commands repeat other flags.
    pub(crate) fn set_typed(&self, typed: Typed) {
        *lock(&self.typed) = typed;
    }

    /// What somebody changed outside.
    pub(crate) fn drift(&self, drift: &[Drift]) {
        self.print(&plan_drift::render(drift, self.out_look()));
    }

    /// One resource of the state.
    pub(crate) fn resource(&self, address: &Address, resource: &Resource) {
        self.print(&table::resource(address, resource, self.out_look()));
    }

    /// The keys that may be set, and what there is for references.
    pub(crate) fn keys<'a>(
        &self,
        name: &str,
        doc: &str,
        keys: impl IntoIterator<Item = &'a Attribute>,
        shown: &[&'a Attribute],
    ) {
        let keys: Vec<&Attribute> = keys.into_iter().collect();
        self.print(&table::keys((name, doc), &keys, shown, self.out_look()));
    }

    /// The story of a code.
    pub(crate) fn story(&self, story: &Story, headings: Headings) {
        self.print(&story::render(story, headings, self.out_look()));
    }

    /// A line for each code.
    pub(crate) fn stories(&self, stories: &[Story]) {
        self.print(&story::list(stories, self.out_look()));
    }

    /// Text of the result, below an empty line unless it is the first.
    fn paragraph(&self, text: &str) {
        if !text.is_empty() && lock(&self.streams).has_printed() {
            self.print("\n");
        }
        self.print(text);
    }

    /// Text of the result that has been laid out and escaped. Programs get events instead.
    fn print(&self, text: &str) {
        if self.events.is_none() && !text.is_empty() {
            lock(&self.streams).print(&self.linked(text, self.links.0));
        }
    }

    /// Text beside the result that has been laid out and escaped.
    fn print_talk(&self, text: &str) {
        if self.events.is_none() && !text.is_empty() {
            lock(&self.streams).talk(&self.linked(text, self.links.1));
        }
    }

    /// The text with links, where there are any.
    fn linked<'a>(&self, text: &'a str, has_links: bool) -> Cow<'a, str> {
        if !has_links {
            return Cow::Borrowed(text);
        }
        let sources = lock(&self.sources);
        let names = sources.files().iter().map(|source| &**source.name());
        links::add(text, &lock(&self.targets), names)
    }

    /// A line that only people get, broken where the screen ends; a log gets it whole.
    fn talk_people(&self, line: &str) {
        if self.quiet {
            return;
        }
        if !self.err_is_terminal {
            self.print_talk(&format!("{}\n", escape_lines(line)));
            return;
        }
        let mut sheet = Sheet::new(self.err_look());
        line.split('\n').for_each(|line| sheet.sentence(PLAIN, line, 2));
        self.print_talk(&sheet.finish());
    }

    fn emit(&self, line: &Line) {
        for events in [&self.events, &self.events_file].into_iter().flatten() {
            match events.write(line) {
                Ok(Some(text)) => lock(&self.streams).print(&text),
                Ok(None) => {}
                Err(error) => self.warn_of_file("the file of --json-file", &error),
            }
        }
    }

    /// Says that a file beside the screen is cut off; the run itself goes on.
    fn warn_of_file(&self, what: &str, error: &io::Error) {
        let warning = Diagnostic::warning(
            codes::SIDE_FILE_ENDED,
            format!("{what} cannot be written any more: {error}"),
        )
        .note("what follows is missing in it");
        let style = self.style(false);
        self.print_talk(&diagnostics::render(&[warning], &Sources::default(), style));
    }

    fn style(&self, all: bool) -> Style {
        Style {
            color: self.colors.1,
            width: self.err_look().prose,
            all,
        }
    }

    fn has_events(&self) -> bool {
        self.events.is_some() || self.events_file.is_some()
    }

    fn is_live(&self) -> bool {
        self.live
    }

    /// How results are written now.
    fn out_look(&self) -> Look {
        Look::new(self.colors.0, self.columns().filter(|_| self.out_is_terminal))
    }

    /// How talk is written now.
    fn err_look(&self) -> Look {
        Look::new(self.colors.1, self.columns().filter(|_| self.err_is_terminal))
    }

    fn columns(&self) -> Option<usize> {
        (self.size)().map(|(columns, _)| columns)
    }

    /// How live rows are written now, and how many rows the screen has.
    fn screen(&self) -> (Look, usize) {
        let (columns, rows) = (self.size)().unwrap_or((80, 24));
        // The last column stays free: some terminals break the line when it is used.
        let mut look = Look::new(self.colors.1, Some(columns.saturating_sub(1)));
        look.prose = look.prose.min(columns.saturating_sub(1).max(20));
        (look, rows)
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
