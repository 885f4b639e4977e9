//! A rehearsal against the truth: what it reports is what the apply on the same cloud then does, and each mistake in
//! the order of steps is told by it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fate::Plan;
use super::scenarios::TABLES;
use super::stacks::Drawn;
use super::world::{Ended, World};
use super::{Chance, lock};
use crate::commands::rehearse::{MISTAKE, Mistake};
use crate::sim::Speed;
use crate::step::StepKind;
use crate::task::Phase;

const STACKS: u64 = 40;

/// What a rehearsal has said.
#[derive(Debug, Default, PartialEq, Eq)]
struct Report {
    requests: BTreeMap<String, u64>,
    end: String,
    is_refused: bool,
    next_is_empty: bool,
}

/// What stands behind `Rehearsal:` in each of its lines; none if the plan was empty or nothing was rehearsed.
fn report(ended: &Ended) -> Result<Option<Report>, String> {
    let told = || format!("exit {:?}\n{}\n{}", ended.code, ended.out, ended.err);
    if ended.err.contains("W052") {
        return Err(format!("it was not rehearsed: {}", told()));
    }
    let lines: Vec<&str> = ended
        .out
        .lines()
        .filter_map(|line| line.strip_prefix("Rehearsal: "))
        .collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let mut report = Report {
        is_refused: ended.code == Some(1),
        ..Report::default()
    };
    for line in lines {
        if let Some((_, listed)) = line.split_once(" requests change something (") {
            for one in listed.trim_end_matches(").").split(", ") {
                let (name, count) = one.split_once(' ').ok_or_else(told)?;
                report
                    .requests
                    .insert(name.to_owned(), count.parse().map_err(|_| told())?);
            }
        } else if let Some(end) = line.strip_prefix("at its end there is ") {
            report.end = end.trim_end_matches('.').to_owned();
        } else if line.starts_with("nothing is refused") {
            report.next_is_empty = line.contains("the next plan is empty");
        }
    }
    Ok(Some(report))
}

/// What there is of ours in the cloud's own inventory, told as a rehearsal tells it.
fn there(world: &World) -> String {
    let picture = lock(&world.site).cloud.world_json(world.now);
    let inventory: Value = serde_json::from_str(&picture).unwrap();
    let mut found: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
    for table in TABLES {
        for row in inventory["accounts"][0][table].as_array().into_iter().flatten() {
            let tags = row["tags"].as_array().into_iter().flatten();
            if tags.into_iter().any(|tag| tag[0] == "infra:addr") {
                let status = row["status"].as_str().unwrap_or_default().to_owned();
                *found.entry(table).or_default().entry(status).or_default() += 1;
            }
        }
    }
    let told = found.into_iter().map(|(type_name, by_status)| {
        let all: u64 = by_status.values().sum();
        // A group has no status.
        let named = by_status.iter().filter(|_| type_name != "security_group");
        let statuses: Vec<String> = named.map(|(status, count)| format!("{count} {status}")).collect();
        match statuses.as_slice() {
            [] => format!("{type_name} {all}"),
            some => format!("{type_name} {all} ({})", some.join(", ")),
        }
    });
    let told: Vec<String> = told.collect();
    match told.as_slice() {
        [] => "nothing".to_owned(),
        some => some.join(", "),
    }
}

/// Rehearses a change and makes it.
fn rehearse_and_apply(world: &mut World, command: &[&str], apply: &[&str]) -> Result<bool, String> {
    let before = there(world);
    let rehearsed = world.run(command, Plan::default());
    if rehearsed.sent > 0 || there(world) != before {
        return Err(format!("a rehearsal changes something\n{}", rehearsed.out));
    }
    let Some(report) = report(&rehearsed)? else {
        // What a rule forbids is not tried, and not done either.
        if rehearsed.code != Some(0) {
            let applied = world.run(apply, Plan::default());
            if applied.code != rehearsed.code || applied.sent > 0 {
                return Err(format!(
                    "only the plan is forbidden: {}\n{}",
                    rehearsed.err, applied.err
                ));
            }
        }
        return Ok(false);
    };
    lock(&world.site).changes.clear();
    let applied = world.run(apply, Plan::default());
    let told = || {
        format!(
            "{report:#?}\nrehearsed: exit {:?}\n{}\n{}\napplied: exit {:?}\n{}\n{}",
            rehearsed.code, rehearsed.out, rehearsed.err, applied.code, applied.out, applied.err
        )
    };
    if (applied.code == Some(0)) == report.is_refused {
        return Err(format!("it ends otherwise: {}", told()));
    }
    let sent = std::mem::take(&mut lock(&world.site).changes);
    if sent != report.requests {
        return Err(format!("other requests: {sent:?}\n{}", told()));
    }
    let end = there(world);
    if end != report.end {
        return Err(format!("it ends with {end}\n{}", told()));
    }
    let next: Vec<&str> = command
        .iter()
        .copied()
        .filter(|word| *word != "--rehearse")
        .collect();
    let next = world.run(
        &[next.as_slice(), &["--detailed-exitcode"]].concat(),
        Plan::default(),
    );
    if (next.code == Some(0)) != report.next_is_empty {
        return Err(format!("the next plan is another one: {}\n{}", next.out, told()));
    }
    Ok(true)
}

fn play(seed: u64) -> Result<u64, String> {
    let chance = &mut Chance::new(seed);
    let mut drawn = Drawn::some(chance);
    // Where nothing takes time, nothing is asked for again because something else has not come to its end.
    let mut world = World::new(seed, &drawn.stack().text(), |options| options.speed = Speed::Max);
    world.parallelism = *chance.pick(&[1, 3, 20]);
    let mut rehearsed = 0;
    let apply = ["apply", "--auto-approve", "--allow-destroy", "--no-input"];
    for _ in 0..=chance.below(3) {
        world.configure(&drawn.stack().text());
        rehearsed += u64::from(rehearse_and_apply(&mut world, &["plan", "--rehearse"], &apply)?);
        let before = drawn.clone();
        drawn.edit(chance);
        drawn.not_smaller_than(&before);
    }
    if chance.below(3) == 0 {
        let destroy = ["destroy", "--auto-approve", "--allow-destroy", "--no-input"];
        let plan = ["plan", "--destroy", "--rehearse"];
        rehearsed += u64::from(rehearse_and_apply(&mut world, &plan, &destroy)?);
    }
    Ok(rehearsed)
}

/// `INFRA_REHEARSALS=10000` takes that many stacks, `INFRA_REHEARSAL=17` that one.
#[test]
fn what_is_rehearsed_is_what_happens() {
    let number = |name: &str| -> Option<u64> { std::env::var(name).ok()?.parse().ok() };
    if let Some(seed) = number("INFRA_REHEARSAL") {
        play(seed).unwrap_or_else(|error| panic!("{error}"));
        return;
    }
    let stacks = number("INFRA_REHEARSALS").unwrap_or(STACKS);
    let mut rehearsed = 0;
    let mut failed = Vec::new();
    for seed in 1..=stacks {
        match play(seed) {
            Ok(some) => rehearsed += some,
            Err(error) => {
                println!("seed {seed}: {error}");
                failed.push(seed);
            }
        }
    }
    println!(
        "figure: rehearsals: {rehearsed} of {stacks} stacks, {} not as it was",
        failed.len()
    );
    assert!(failed.is_empty(), "{failed:?}: repeat with INFRA_REHEARSAL=SEED");
    assert!(rehearsed > stacks);
}

const STACK: &str = r#"[infra]
name = "proof"
region = "cn-hangzhou"
[vpc.main]
cidr_block = "10.0.0.0/16"
[vswitch.main]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.1.0/24"
[security_group.web]
vpc_id = "${vpc.main.id}"
[instance.web]
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.main.id}"
security_group_ids = ["${security_group.web.id}"]
[disk.data]
zone_id = "cn-hangzhou-h"
size = 40
disk_category = "cloud_essd"
instance_id = "${instance.web.id}"
[eip.web]
instance_id = "${instance.web.id}"
"#;

/// Everything that a task waits for is forgotten, and it comes first.
fn hasten(plan: &mut crate::plan::Plan, type_name: &str, phase: Phase) {
    let is_it =
        |task: &crate::task::Task| task.object.address.type_name() == type_name && task.phase == phase;
    let at = plan.tasks.iter().position(is_it).expect("such a task");
    let mut task = plan.tasks.remove(at);
    task.after.clear();
    for other in &mut plan.tasks {
        // What came before it is one place further on; what came behind it stays.
        other.after.retain(|place| *place != at);
        for place in &mut other.after {
            *place += usize::from(*place < at);
        }
    }
    // The others wait until it has been tried.
    for other in &mut plan.tasks {
        other.after.insert(0, 0);
    }
    plan.tasks.insert(0, task);
}

/// The steps with this name are left out.
fn leave_out(plan: &mut crate::plan::Plan, name: &str) {
    let mut left = 0;
    for task in &mut plan.tasks {
        let before = task.steps.len();
        task.steps.retain(|step| step.name != name);
        left += before - task.steps.len();
    }
    assert!(left > 0, "no step is called {name}");
}

/// The first step of its kind comes before the one in front of it.
fn swap(plan: &mut crate::plan::Plan, action: &str) {
    for task in &mut plan.tasks {
        let is_it = |step: &crate::step::Step| matches!(&step.kind, StepKind::Call(call) if call.action.name == action);
        if let Some(at) = task.steps.iter().position(is_it) {
            // In front of the wait and of the call that it waits for.
            let step = task.steps.remove(at);
            task.steps.insert(at.saturating_sub(2), step);
            return;
        }
    }
    panic!("nothing calls {action}");
}

/// Each mistake with the edit in which it is made.
const MISTAKES: &[(&str, Edit, Mistake)] = &[
    ("the VPC goes first", Edit::Destroy, |plan| {
        hasten(plan, "vpc", Phase::Remove)
    }),
    ("the vSwitch goes before its server", Edit::Destroy, |plan| {
        hasten(plan, "vswitch", Phase::Remove);
    }),
    ("the group goes before its server", Edit::Destroy, |plan| {
        hasten(plan, "security_group", Phase::Remove);
    }),
    ("the disk goes while it is attached", Edit::Destroy, |plan| {
        hasten(plan, "disk", Phase::Remove);
    }),
    (
        "the address is released while it is bound",
        Edit::Destroy,
        |plan| {
            hasten(plan, "eip", Phase::Remove);
        },
    ),
    (
        "the type is changed while it runs",
        Edit::Change("ecs.g7.large", "ecs.g7.xlarge"),
        |plan| {
            leave_out(plan, "stop");
            leave_out(plan, "wait until stopped");
        },
    ),
    (
        "the type is changed after the start",
        Edit::Change("ecs.g7.large", "ecs.g7.xlarge"),
        |plan| {
            swap(plan, "StartInstance");
        },
    ),
    (
        "the old disk is deleted while it is attached",
        Edit::Change("size = 40", "size = 40\nencrypted = true"),
        |plan| {
            leave_out(plan, "detach");
        },
    ),
];

#[derive(Clone, Copy)]
enum Edit {
    Destroy,
    Change(&'static str, &'static str),
}

#[test]
fn every_mistake_in_the_order_of_steps_is_told() {
    for (what, edit, mistake) in MISTAKES {
        let mut world = World::new(1, STACK, |_| {});
        assert_eq!(world.apply(Plan::default()).code, Some(0));
        let command: &[&str] = match edit {
            Edit::Destroy => &["plan", "--destroy", "--rehearse"],
            Edit::Change(from, to) => {
                world.configure(&STACK.replace(from, to));
                &["plan", "--rehearse"]
            }
        };
        let right = world.run(command, Plan::default());
        assert!(
            right.out.contains("nothing is refused"),
            "{what}\n{}\n{}",
            right.out,
            right.err
        );
        MISTAKE.set(Some(*mistake));
        let wrong = world.run(command, Plan::default());
        MISTAKE.set(None);
        assert_eq!(wrong.code, Some(1), "{what}\n{}\n{}", wrong.out, wrong.err);
        assert!(
            wrong.err.contains("in the rehearsal"),
            "{what}\n{}\n{}",
            wrong.out,
            wrong.err
        );
    }
}
