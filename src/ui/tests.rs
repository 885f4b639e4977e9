//! The door as a whole: what arrives on which stream.

mod places;
mod widths;

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::progress::Progress;
use super::testing::{address, change, header, task};
use super::*;
use crate::change::Fate;
use crate::env::{
    BoxFuture, Clock, HttpRequest, HttpResponse, Random, SystemFiles, SystemSignals, Terminal, Transport,
    TransportError,
};
use crate::event::{Event, Listener as _};
use crate::plan::Counts;

/// What was written to a stream.
#[derive(Clone, Default)]
struct Caught(Arc<Mutex<Vec<u8>>>);

impl Caught {
    fn text(&self) -> String {
        String::from_utf8(lock(&self.0).clone()).unwrap()
    }

    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut lock(&self.0))).unwrap()
    }
}

impl Write for Caught {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream that cannot be written to.
struct Closed(io::ErrorKind);

impl Write for Closed {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A clock that moves when it is told to.
#[derive(Clone, Default)]
struct Hands(Arc<Mutex<Duration>>);

impl Hands {
    fn forward(&self, seconds: f64) {
        *lock(&self.0) += Duration::from_secs_f64(seconds);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        "2026-11-23T08:10:00Z".parse::<Timestamp>().unwrap() + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *lock(&self.0)
    }

    /// Time passes by sleeping, a little for each waker.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let hands = self.clone();
        Box::pin(async move {
            tokio::task::yield_now().await;
            *lock(&hands.0) += duration;
        })
    }
}

struct Nothing;

impl Random for Nothing {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

impl Transport for Nothing {
    fn send(&self, _request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        unreachable!("the screen sends nothing")
    }
}

#[derive(Default)]
struct Scene {
    out: Caught,
    err: Caught,
    file: Caught,
    hands: Hands,
}

impl Scene {
    fn env(&self, vars: &[(&str, &str)], terminal: bool) -> Env {
        Env {
            vars: vars
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            cwd: PathBuf::from("/"),
            terminal: Terminal {
                stdin: terminal,
                stdout: terminal,
                stderr: terminal,
                columns: terminal.then_some(80),
            },
            clock: Arc::new(self.hands.clone()),
            random: Arc::new(Nothing),
            fs: Arc::new(SystemFiles),
            transport: Arc::new(Nothing),
            signals: Arc::new(SystemSignals),
        }
    }

    fn ui(&self, terminal: bool, options: Options) -> Ui {
        let (out, err) = (Box::new(self.out.clone()), Box::new(self.err.clone()));
        Ui::writing(&self.env(&[], terminal), options, out, err)
    }
}

fn plan() -> Plan {
    Plan {
        changes: vec![
            change(Fate::Create, "vpc.main"),
            change(Fate::Create, "vswitch.a"),
        ],
        tasks: vec![task("vpc.main", &[]), task("vswitch.a", &[0])],
        ..Plan::default()
    }
}

fn started(of: &str, step: &str) -> Event {
    Event::StepStarted {
        address: address(of),
        step: step.to_owned(),
        index: 1,
        of: 1,
    }
}

fn step_done(of: &str, step: &str, id: &str) -> Event {
    Event::StepDone {
        address: address(of),
        step: step.to_owned(),
        id: Some(id.to_owned()),
        seconds: 1.26,
        request_id: Some("R-1".to_owned()),
    }
}

fn resource_done(of: &str, id: &str) -> Event {
    Event::ResourceDone {
        address: address(of),
        id: Some(id.to_owned()),
        seconds: 1.26,
    }
}

fn lines(text: &str) -> Vec<serde_json::Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn results_and_talk_keep_apart_and_are_escaped() {
    let scene = Scene::default();
    let ui = scene.ui(false, Options::default());
    ui.result("one\u{1b}[2J\ntwo");
    ui.talk("three\r");
    assert_eq!(scene.out.text(), "one\\u001b[2J\ntwo\n");
    assert_eq!(scene.err.text(), "three\\r\n");
}

#[test]
fn a_raw_value_is_escaped_for_a_terminal_only() {
    for (terminal, expected) in [(false, "a\u{1b}[2J\tb\n"), (true, "a\\u001b[2J\\tb\n")] {
        let scene = Scene::default();
        scene.ui(terminal, Options::default()).raw("a\u{1b}[2J\tb");
        assert_eq!(scene.out.text(), expected);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error_but_a_full_disk_is() {
    let scene = Scene::default();
    for (kind, is_error) in [
        (io::ErrorKind::BrokenPipe, false),
        (io::ErrorKind::StorageFull, true),
    ] {
        let env = scene.env(&[], false);
        let ui = Ui::writing(
            &env,
            Options::default(),
            Box::new(Closed(kind)),
            Box::new(scene.err.clone()),
        );
        ui.result("x");
        ui.result("y");
        ui.talk("still here");
        ui.end(0);
        assert_eq!(ui.unwritten().is_some(), is_error, "{kind:?}");
    }
    assert_eq!(scene.err.text(), "still here\nstill here\n");
}

/// A run of two, of which one is done.
fn half_a_run(scene: &Scene, vars: &[(&str, &str)], terminal: bool, quiet: bool) {
    let env = scene.env(vars, terminal);
    let options = Options {
        quiet,
        ..Options::default()
    };
    let (out, err) = (Box::new(scene.out.clone()), Box::new(scene.err.clone()));
    let ui = Ui::writing(&env, options, out, err);
    let progress = Progress::new(&ui, &env, false, None);
    progress.begin(&plan(), &header());
    scene.hands.forward(1.0);
    progress.event(&started("vpc.main", "create"));
    progress.event(&step_done("vpc.main", "create", "vpc-1"));
    progress.event(&resource_done("vpc.main", "vpc-1"));
    progress.end();
    ui.result("a result");
    ui.talk("a hint");
    let error = Diagnostic::error(codes::USAGE, "an error");
    ui.diagnostics(&[error], false);
}

#[test]
fn a_terminal_that_shows_a_share_is_told_it_and_others_are_not() {
    let scene = Scene::default();
    half_a_run(&scene, &[("TERM_PROGRAM", "WezTerm")], true, false);
    let told = scene.err.take();
    let (half, end) = ("\u{1b}]9;4;1;50\u{1b}\\", "\u{1b}]9;4;0\u{1b}\\");
    assert!(
        told.find(half) < told.find(end) && told.contains(half),
        "{told:?}"
    );
    for (vars, terminal, quiet) in [
        (&[("TERM_PROGRAM", "iTerm.app")][..], true, false),
        (&[("TERM_PROGRAM", "WezTerm")][..], false, false),
        (&[("TERM_PROGRAM", "WezTerm")][..], true, true),
    ] {
        half_a_run(&scene, vars, terminal, quiet);
        let told = scene.err.take();
        assert!(!told.contains("]9;4"), "{told:?}");
    }
}

#[test]
fn a_workflow_of_github_gets_a_group_and_its_errors_once_more() {
    let scene = Scene::default();
    half_a_run(
        &scene,
        &[("GITHUB_ACTIONS", "true"), ("CI", "true")],
        false,
        false,
    );
    let told = scene.err.take();
    assert!(told.starts_with("::group::"), "{told}");
    let places = [
        "vpc.main create: ok",
        "\n::endgroup::\n",
        "a hint",
        "]: an error",
        "::error ",
    ];
    let places = places.map(|text| told.find(text));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{told}");
    half_a_run(&scene, &[("CI", "true")], false, false);
    assert!(!scene.err.take().contains("::"));
}

#[test]
fn who_wants_quiet_gets_results_and_errors() {
    let scene = Scene::default();
    for terminal in [false, true] {
        half_a_run(&scene, &[("TERM", "dumb")], terminal, true);
        assert_eq!(scene.out.take(), "a result\n");
        let told = scene.err.take();
        assert!(
            told.starts_with("error[") && told.contains("]: an error"),
            "{told}"
        );
        assert!(!told.contains("hint") && !told.contains("vpc.main"), "{told}");
    }
}

#[test]
fn without_a_terminal_every_step_has_a_line_when_it_starts_and_when_it_ends() {
    let scene = Scene::default();
    let ui = scene.ui(false, Options::default());
    let progress = Progress::new(&ui, &scene.env(&[], false), false, None);
    progress.begin(&plan(), &header());
    scene.hands.forward(9.0);
    progress.event(&started("vpc.main", "create"));
    scene.hands.forward(2.0);
    progress.event(&step_done("vpc.main", "create", "vpc-1"));
    progress.event(&resource_done("vpc.main", "vpc-1"));
    progress.end();
    assert_eq!(
        scene.err.text(),
        "\
[0:00] plan shop/prod: 2 changes
[0:09] vpc.main create: start
[0:11] vpc.main create: ok, vpc-1
"
    );
    assert_eq!(scene.out.text(), "");
}

#[tokio::test]
async fn a_long_run_gives_a_sign_of_life_every_half_minute() {
    let scene = Scene::default();
    let ui = scene.ui(false, Options::default());
    let progress = Progress::new(&ui, &scene.env(&[], false), false, None);
    progress.begin(&plan(), &header());
    progress.event(&started("vpc.main", "create"));
    scene.err.take();
    let mut yields = VecDeque::from([(); 3]);
    tokio::select! {
        () = progress.beat() => unreachable!("it never ends"),
        () = async { while yields.pop_front().is_some() { tokio::task::yield_now().await } } => {}
    }
    let text = scene.err.take();
    let first = text.lines().next();
    assert_eq!(
        first,
        Some("[0:30] still working: 0 of 2 done; vpc.main create 0:30"),
        "{text}"
    );
}

#[test]
fn at_a_terminal_done_rows_stay_and_live_rows_are_written_over() {
    let scene = Scene::default();
    let ui = scene.ui(true, Options::default());
    let env = scene.env(&[("TERM", "xterm")], true);
    let progress = Progress::new(&ui, &env, false, None);
    progress.begin(&plan(), &header());
    scene.hands.forward(0.2);
    progress.event(&started("vpc.main", "create"));
    let frame = scene.err.take();
    assert!(
        frame.starts_with("\nplan shop/prod: 2 changes\n\u{1b}[?25l"),
        "{frame:?}"
    );
    assert!(frame.ends_with("\u{1b}[J\u{1b}[?25h"), "{frame:?}");
    // Ten times a second at most.
    progress.event(&step_done("vpc.main", "create", "vpc-1"));
    assert_eq!(scene.err.take(), "");
    progress.event(&resource_done("vpc.main", "vpc-1"));
    let frame = scene.err.take();
    assert!(
        frame.starts_with("\r\u{1b}[3A\u{1b}[J"),
        "the old rows go first: {frame:?}"
    );
    let shown = console::strip_ansi_codes(&frame).into_owned();
    assert!(shown.contains("done   vpc.main"), "{shown}");
    // Whatever else is said comes above the rows, and the end takes them away.
    ui.talk("Stopping.");
    assert!(scene.err.take().ends_with("\u{1b}[JStopping.\n"));
    progress.end();
    assert_eq!(scene.err.take(), "");
}

#[test]
fn every_frame_shows_the_cursor_again() {
    let scene = Scene::default();
    let ui = scene.ui(true, Options::default());
    let progress = Progress::new(&ui, &scene.env(&[], true), false, None);
    progress.begin(&plan(), &header());
    for _ in 0..20 {
        scene.hands.forward(0.15);
        progress.event(&started("vpc.main", "create"));
        let text = scene.err.text();
        assert_eq!(
            text.matches("\u{1b}[?25l").count(),
            text.matches("\u{1b}[?25h").count()
        );
    }
    assert!(!scene.err.text().contains("\u{1b}[?1049h"), "no other screen");
}

#[test]
fn events_begin_with_a_version_and_end_with_an_end() {
    let scene = Scene::default();
    let options = Options {
        events: true,
        ..Options::default()
    };
    let ui = scene.ui(false, options);
    ui.plan(&super::testing::plan(), &header(), Detail::Normal);
    ui.diagnostics(
        &[Diagnostic::error(codes::NOBODY_TO_ASK, "no\u{1b}\u{202e}")],
        false,
    );
    ui.talk("Stopping.");
    let progress = Progress::new(&ui, &scene.env(&[], false), true, None);
    progress.begin(&plan(), &header());
    progress.event(&started("vpc.main", "create"));
    progress.event(&step_done("vpc.main", "create", "vpc-1"));
    scene.hands.forward(1.25);
    ui.end(4);
    let text = scene.out.text();
    assert!(text.bytes().all(|byte| byte == b'\n' || byte >= b' ') && !text.contains('\u{202e}'));
    assert_eq!(scene.err.text(), "");
    let events = lines(&text);
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "version",
            "diagnostic",
            "drift",
            "drift",
            "planned_change",
            "planned_change",
            "planned_change",
            "planned_change",
            "planned_change",
            "planned_output",
            "planned_output",
            "change_summary",
            "diagnostic",
            "notice",
            "step_start",
            "step_done",
            "end",
        ]
    );
    assert!(
        events
            .iter()
            .all(|event| event["ts"].is_string() && event["message"].is_string())
    );
    let end = events.last().unwrap();
    assert_eq!((&end["exit_code"], &end["seconds"]), (&4.into(), &1.3.into()));
    assert_eq!(end["ts"], "2026-11-23T08:10:01.250Z");
}

#[test]
fn what_is_sensitive_is_null_and_marked() {
    let scene = Scene::default();
    let options = Options {
        events_file: Some(Box::new(scene.file.clone())),
        ..Options::default()
    };
    let ui = scene.ui(false, options);
    ui.plan(&super::testing::plan(), &header(), Detail::Full);
    ui.outputs(&BTreeMap::from([(
        "login".to_owned(),
        (Value::from("hunter2"), true),
    )]));
    for text in [scene.out.text(), scene.err.text(), scene.file.text()] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    // The screen and the file beside it tell the same.
    assert!(scene.out.text().contains("login = (sensitive)"));
    let events = lines(&scene.file.text());
    let output = events.iter().find(|event| event["type"] == "outputs").unwrap();
    assert_eq!(output["outputs"]["login"]["value"], serde_json::Value::Null);
    assert_eq!(output["outputs"]["login"]["sensitive"], true);
    let created = events.iter().find(|event| event["action"] == "create").unwrap();
    let password = created["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|attribute| attribute["path"] == "password")
        .unwrap();
    assert_eq!(password["after"], serde_json::Value::Null);
    assert_eq!(password["sensitive"], true);
}

#[test]
fn a_failed_run_is_reported_beside_the_result() {
    let scene = Scene::default();
    let ui = scene.ui(false, Options::default());
    ui.outcome(&Finished {
        command: "apply",
        again: "infra apply".to_owned(),
        counts: Counts::default(),
        failures: vec![Diagnostic::error(
            codes::REFUSED,
            "vpc.main: step \"create\" failed: quota",
        )],
        done: Vec::new(),
        failed: vec![(address("vpc.main"), None)],
        half_made: Vec::new(),
        not_begun: vec![(address("vswitch.a"), Some(address("vpc.main")))],
        interrupted: false,
        rows: Vec::new(),
        outputs: BTreeMap::new(),
        serial: Some(3),
        elapsed: Duration::from_secs(4),
    });
    assert_eq!(scene.out.text(), "");
    assert_eq!(
        scene.err.text(),
        "
error[E0604]: vpc.main: step \"create\" failed: quota

  failed     vpc.main
  not begun  vswitch.a  needs vpc.main

Failed after 4.0 s. Nothing was finished.
State saved (serial 3). To go on: infra apply (finished resources are not touched).
"
    );
}

#[test]
fn nobody_is_asked_where_nobody_is() {
    let scene = Scene::default();
    let (plan, header) = (plan(), header());
    let question = |no_input| prompt::Question {
        plan: &plan,
        header: &header,
        no_input,
    };
    assert!(prompt::can_ask(&question(false), &scene.env(&[], true)).is_ok());
    for (vars, terminal, no_input) in [
        (vec![], false, false),
        (vec![], true, true),
        (vec![("CI", "true")], true, false),
        (vec![("INFRA_NO_INPUT", "1")], true, false),
    ] {
        let refusal = prompt::can_ask(&question(no_input), &scene.env(&vars, terminal)).unwrap_err();
        assert_eq!(refusal.code, "E0511");
    }
    assert!(prompt::can_ask(&question(false), &scene.env(&[("CI", "false")], true)).is_ok());
}
