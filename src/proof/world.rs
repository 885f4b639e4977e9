//! A world for runs of the tool: a disk, a cloud, time and chance, all in memory and all repeatable.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Parser as _;
use jiff::Timestamp;
use serde_json::Value;

use super::disk::{Disk, Files, Leaves};
use super::fate::{Asking, Fate, Plan};
use super::net::{Net, Site, Weather};
use super::scenarios::Stack;
use super::{Chance, lock};
use crate::env::{BoxFuture, Clock, Env, Random, Terminal};
use crate::sim;
use crate::ui::{Options, Ui, When};

/// The folder of the project on the simulated disk.
const FOLDER: &str = "/project";
/// When the world begins, in milliseconds: a day in 2027.
const BEGIN: i64 = 1_800_000_000_000;

/// No run takes longer, whatever happens to it.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

const APPLY: &[&str] = &[
    "apply",
    "--auto-approve",
    "--allow-destroy",
    "--allow-vanished",
    "--no-input",
];

/// What outlives the runs.
pub(super) struct World {
    pub(super) disk: Disk,
    pub(super) site: Arc<Mutex<Site>>,
    chance: Arc<Mutex<Chance>>,
    /// Server time, in milliseconds.
    pub(super) now: i64,
    /// How far the local clock is off, in milliseconds.
    pub(super) skew: i64,
    pub(super) weather: Weather,
    /// How many calls of one run are in flight at most.
    pub(super) parallelism: u16,
    /// Who signs: the id and the secret.
    pub(super) signer: (&'static str, &'static str),
    /// The environment that the user has chosen, if there are any.
    environment: Option<&'static str>,
    /// What is somebody else's and stays as it is: rows of the inventory by table and id.
    pub(super) foreign: BTreeMap<(String, String), Value>,
    /// Blocks that were let go of at some time, by the file or the state.
    pub(super) let_go: BTreeSet<String>,
    /// Those of one address that the state was made to forget together.
    pub(super) orphans: BTreeSet<String>,
    /// What the file lets go of now: ids that are there for good.
    pub(super) stays: BTreeSet<String>,
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// The exit code; none if the process was killed.
    pub(super) code: Option<u8>,
    pub(super) out: String,
    pub(super) err: String,
    /// How many changes of the disk, how many requests, and how many file operations there were.
    pub(super) changes: u64,
    pub(super) requests: u64,
    pub(super) operations: u64,
    /// Changing requests that have left, and bytes that were written to files.
    pub(super) sent: u64,
    pub(super) written: u64,
    /// When it was first asked to stop, and when it ended, since all began.
    pub(super) asked_at: Option<Duration>,
    pub(super) elapsed: Duration,
}

impl World {
    /// A world with this configuration. Ids, tokens and pauses follow from the seed.
    pub(super) fn new(seed: u64, config: &str, change: impl FnOnce(&mut sim::Options)) -> World {
        let mut options = sim::Options {
            key_pairs: vec![sim::KeyPair::new(super::KEY_ID, super::KEY_SECRET)],
            speed: sim::Speed::Times(10),
            seed: Some(seed),
            ..sim::Options::default()
        };
        change(&mut options);
        let disk = Disk::default();
        let journal = Path::new(FOLDER).join(".infra/state/default.journal");
        let world = World {
            site: Arc::new(Mutex::new(Site::new(&options, disk.clone(), journal))),
            disk,
            chance: Arc::new(Mutex::new(Chance::new(seed))),
            now: BEGIN,
            skew: 0,
            weather: Weather::default(),
            parallelism: 10,
            signer: (super::KEY_ID, super::KEY_SECRET),
            environment: None,
            foreign: BTreeMap::new(),
            let_go: BTreeSet::new(),
            orphans: BTreeSet::new(),
            stays: BTreeSet::new(),
        };
        world.configure(config);
        world
    }

    /// Puts another configuration there.
    pub(super) fn configure(&self, config: &str) {
        self.disk.put(&Path::new(FOLDER).join("infra.toml"), config);
    }

    /// Puts the file of this stack there, which may let go of something.
    pub(super) fn put(&mut self, stack: &Stack) {
        self.let_go.extend(stack.let_go.union(&stack.let_go_as).cloned());
        self.configure(&stack.text());
    }

    pub(super) fn path(name: &str) -> PathBuf {
        Path::new(FOLDER).join(name)
    }

    /// Chooses one of the environments of the project, which has these two from now on.
    pub(super) fn choose(&mut self, chosen: &'static str, other: &str) {
        for name in [chosen, other] {
            self.disk.put(&World::path(&format!("env/{name}.toml")), "");
        }
        self.environment = Some(chosen);
        let journal = self.state_file("journal");
        lock(&self.site).journal = journal;
    }

    /// A file of the state: `json`, `journal` or `lock`.
    pub(super) fn state_file(&self, extension: &str) -> PathBuf {
        let name = self.environment.unwrap_or("default");
        World::path(&format!(".infra/state/{name}.{extension}"))
    }

    /// Lets time pass between runs.
    pub(super) fn wait(&mut self, time: Duration) {
        self.now += i64::try_from(time.as_millis()).unwrap();
        lock(&self.site).deliver_until(self.now);
    }

    /// How much time has passed.
    pub(super) fn age(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now - BEGIN).unwrap())
    }

    /// All rows of the first account, by table.
    pub(super) fn inventory(&self) -> Value {
        let picture = lock(&self.site).cloud.world_json(self.now);
        let mut inventory: Value = serde_json::from_str(&picture).unwrap();
        inventory["accounts"][0].take()
    }

    /// Adds to the log of what happened.
    pub(super) fn log(&self, what: &str) {
        lock(&self.site).log.note(what);
    }

    /// Applies without asking.
    pub(super) fn apply(&mut self, plan: Plan) -> Ended {
        self.run(APPLY, plan)
    }

    /// The process of the last run is gone, and so is what the disk did not keep.
    pub(super) fn crash(&self, leaves: Leaves) {
        self.disk.crash(leaves);
    }

    /// Runs one command to its end, or to the end of its process.
    pub(super) fn run(&mut self, arguments: &[&str], plan: Plan) -> Ended {
        let mut ended = self.run_together(&[(arguments, plan)]);
        ended.remove(0)
    }

    /// Runs several commands at the same time, each as a process of its own.
    pub(super) fn run_together(&mut self, runs: &[(&[&str], Plan)]) -> Vec<Ended> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let processes = tokio::task::LocalSet::new();
        let (ended, took) = processes.block_on(&runtime, async {
            let started = tokio::time::Instant::now();
            let running: Vec<_> = runs
                .iter()
                .map(|(arguments, plan)| {
                    let fate = Arc::new(Fate::new(*plan, lock(&self.chance).next()));
                    let env = self.env(&fate, started);
                    let parallelism = self.parallelism.to_string();
                    let line = ["infra", "--parallelism", &parallelism];
                    let line = line.into_iter().chain(arguments.iter().copied());
                    let cli = crate::cli::Cli::try_parse_from(line).unwrap();
                    tokio::task::spawn_local(process(cli, env, fate, *plan, started))
                })
                .collect();
            let mut ended = Vec::new();
            for process in running {
                ended.push(process.await.unwrap());
            }
            (ended, started.elapsed())
        });
        drop(processes);
        drop(runtime);
        self.wait(took);
        ended
    }

    fn env(&self, fate: &Arc<Fate>, started: tokio::time::Instant) -> Env {
        let variables = [
            ("HOME", "/home"),
            ("USER", "tester"),
            ("INFRA_ENDPOINT", "http://127.0.0.1:1"),
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", self.signer.0),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", self.signer.1),
        ];
        let environment = self.environment.map(|name| ("INFRA_ENV", name));
        let variables = variables
            .into_iter()
            .chain(super::stacks::PASSWORDS)
            .chain(environment);
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let chance = Mutex::new(Chance::new(lock(&self.chance).next()));
        Env {
            vars: variables.collect(),
            cwd: PathBuf::from(FOLDER),
            terminal: Terminal::default(),
            clock: Arc::new(PausedClock {
                base: self.now + self.skew,
                started,
            }),
            random: Arc::new(SeededRandom(self.chance.clone())),
            fs: Arc::new(Files::new(self.disk.clone(), fate.clone())),
            signals: Arc::new(Asking(fate.clone())),
            transport: Arc::new(Net {
                site: self.site.clone(),
                fate: fate.clone(),
                weather: self.weather,
                chance,
                base: self.now,
                started,
            }),
        }
    }
}

/// One process from its beginning to its end.
async fn process(
    cli: crate::cli::Cli,
    env: Env,
    fate: Arc<Fate>,
    plan: Plan,
    started: tokio::time::Instant,
) -> Ended {
    tokio::time::sleep(Duration::from_millis(plan.delay)).await;
    let (out, err) = (Written::default(), Written::default());
    let options = Options {
        color: When::Never,
        ..Options::default()
    };
    let ui = Ui::writing(&env, options, Box::new(out.clone()), Box::new(err.clone()));
    let run = async {
        match crate::commands::run(&cli, &env, &ui).await {
            Ok(exit) => exit,
            Err(failure) => {
                ui.diagnostics(&failure.diagnostics, false);
                failure.exit
            }
        }
    };
    let exit = tokio::select! {
        biased;
        () = fate.death() => None,
        exit = run => Some(exit.code()),
        () = tokio::time::sleep(LONGEST) => panic!("the run does not end: {}{}", out.text(), err.text()),
    };
    let code = exit.filter(|_| !fate.is_dead());
    // Whoever is still at work is part of the process that has ended.
    if code.is_none() {
        fate.die();
    }
    Ended {
        code,
        out: out.text(),
        err: err.text(),
        changes: fate.changes(),
        requests: fate.requests(),
        operations: fate.operations(),
        sent: fate.sent(),
        written: fate.written(),
        asked_at: fate.asked_at().map(|at| at - started),
        elapsed: started.elapsed(),
    }
}

/// The runtime's paused clock, which jumps ahead whenever everybody waits.
struct PausedClock {
    base: i64,
    started: tokio::time::Instant,
}

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.elapsed().as_millis()).unwrap();
        Timestamp::from_millisecond(self.base + elapsed).unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Chance that goes on from run to run, so that no token and no nonce comes twice.
struct SeededRandom(Arc<Mutex<Chance>>);

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let chance = &mut *lock(&self.0);
        for chunk in bytes.chunks_mut(8) {
            let length = chunk.len();
            chunk.copy_from_slice(&chance.next().to_le_bytes()[..length]);
        }
    }
}

/// What a run has written to one of its streams.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8(lock(&self.0).clone()).unwrap()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
