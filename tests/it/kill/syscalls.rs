//! Level B: the real binary ends on entry of a system call, for every call and number that a traced run shows; the
//! next run makes everything right.
//!
//! `INFRA_SYSCALLS=1000 cargo test --test it kill::syscalls -- --nocapture` tries at least that many, spread evenly.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{has_exactly, stack};
use crate::harness::World;

/// How many calls plain `cargo test` tries.
const USUAL: usize = 24;
/// Runs at the same time: most of a run is waiting for the cloud.
const AT_ONCE: usize = 32;
/// Calls that only manage threads and memory, and the end itself.
const NOT_TRIED: &[&str] = &[
    "brk",
    "clone3",
    "execve",
    "exit",
    "exit_group",
    "futex",
    "madvise",
    "mmap",
    "mprotect",
    "munmap",
    "prctl",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "sched_getaffinity",
    "sched_yield",
    "set_robust_list",
    "set_tid_address",
    "sigaltstack",
];

/// A change whose every call is tried.
struct Change {
    name: &'static str,
    before: fn() -> String,
    after: fn() -> String,
    /// How many servers there are afterwards.
    servers: usize,
}

const CHANGES: &[Change] = &[
    Change {
        name: "create",
        before: String::new,
        after: || stack(3),
        servers: 3,
    },
    Change {
        name: "update",
        before: || stack(2),
        after: || {
            stack(2)
                .replace("g7.large", "g7.xlarge")
                .replace("\"80\"", "\"443\"")
        },
        servers: 2,
    },
    Change {
        name: "replace",
        before: || stack(1),
        after: || stack(1).replace("cn-hangzhou-h", "cn-hangzhou-i"),
        servers: 1,
    },
    Change {
        name: "shrink",
        before: || stack(3),
        after: || stack(1),
        servers: 1,
    },
];

impl Change {
    fn world(&self) -> World {
        let mut world = World::new();
        // Fewer threads make more runs alike.
        world
            .vars
            .insert("TOKIO_WORKER_THREADS".to_owned(), "1".to_owned());
        let before = (self.before)();
        if !before.is_empty() {
            world.write("infra.toml", &before);
            world.apply().exits(0);
        }
        world.write("infra.toml", &(self.after)());
        world
    }

    /// How often a run makes each call, in the thread that makes it most often.
    fn calls(&self) -> BTreeMap<String, usize> {
        let world = self.world();
        let code = traced(&world, &["-o", "trace"]);
        assert_eq!(code, Some(0), "{}: it does not run under strace", self.name);
        let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
        for line in world.read("trace").lines() {
            let Some((thread, rest)) = line.split_once(' ') else {
                continue;
            };
            let name = rest.trim_start().split('(').next().unwrap_or_default();
            let is_call = name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            if is_call && !name.is_empty() && !NOT_TRIED.contains(&name) {
                *counts.entry((name.to_owned(), thread.to_owned())).or_default() += 1;
            }
        }
        let mut most = BTreeMap::new();
        for ((name, _), count) in counts {
            let entry = most.entry(name).or_default();
            *entry = count.max(*entry);
        }
        most
    }

    /// Ends a run on entry of the n-th call of this name; whether it came that far.
    fn end_at(&self, call: &str, number: usize) -> bool {
        let world = self.world();
        let inject = format!("inject={call}:signal=KILL:when={number}");
        let trace = format!("trace={call}");
        let code = traced(&world, &["-o", "/dev/null", "-e", &trace, "-e", &inject]);
        assert!(
            matches!(code, None | Some(0)),
            "{} {call} {number}: exit {code:?}",
            self.name
        );
        world.run(APPLY).exits(0);
        has_exactly(&world, self.servers);
        code.is_none()
    }
}

const APPLY: &[&str] = &["apply", "--auto-approve", "--allow-destroy"];

/// An apply under strace; the exit code, none if it was killed.
fn traced(world: &World, options: &[&str]) -> Option<i32> {
    let infra = world.command(APPLY);
    let mut strace = Command::new("strace");
    strace.arg("-f").arg("-qq").args(options);
    strace.arg(infra.get_program()).args(infra.get_args());
    strace
        .env_clear()
        .envs(infra.get_envs().filter_map(|(name, value)| Some((name, value?))));
    strace
        .current_dir(world.path())
        .stdin(std::process::Stdio::null());
    strace.output().unwrap().status.code()
}

#[test]
fn a_run_may_end_at_any_system_call() {
    let wanted = std::env::var("INFRA_SYSCALLS")
        .ok()
        .map(|points| points.parse().unwrap());
    let there = Command::new("strace").arg("-V").output();
    if wanted.is_none() && there.is_err() {
        println!("crash points, level B: strace is not here");
        return;
    }
    there.expect("INFRA_SYSCALLS is set, and strace is not here");
    let points: Vec<(&Change, String, usize)> = CHANGES
        .iter()
        .flat_map(|change| {
            let calls = change.calls().into_iter();
            calls.flat_map(move |(call, most)| (1..=most).map(move |number| (change, call.clone(), number)))
        })
        .collect();
    // Not every run makes as many calls as the traced one, so some more are aimed at than are wanted.
    let stride = (points.len() / wanted.map_or(USUAL, |wanted: usize| wanted + wanted / 5)).max(1);
    let tried: Vec<_> = points.iter().step_by(stride).collect();
    let (next, killed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((change, call, number)) = tried.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let point = || change.end_at(call, *number);
                    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(point)) {
                        Ok(was_killed) => killed.fetch_add(usize::from(was_killed), Ordering::Relaxed),
                        Err(_) => {
                            failed
                                .lock()
                                .unwrap()
                                .push(format!("{} {call} {number}", change.name));
                            0
                        }
                    };
                }
            });
        }
    });
    let killed = killed.into_inner();
    println!(
        "figure: crash points, level B: killed at {killed} of {} calls tried, {} in all runs",
        tried.len(),
        points.len()
    );
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "not right after a kill at: {failed:?}");
    assert!(killed >= wanted.unwrap_or(tried.len() / 2), "too few were killed");
}
