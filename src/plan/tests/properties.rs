//! What holds for any stack and any edit: `INFRA_PLANS` says how many stacks are drawn.

use super::generate::Stack;
use super::model::{Model, chance, read};
use super::text;
use crate::change::Fate;
use crate::plan::Plan;
use crate::state::Effect;
use crate::task::Phase;

/// How many stacks plain `cargo test` draws.
const STACKS: u64 = 1_500;

pub(super) fn stacks() -> u64 {
    std::env::var("INFRA_PLANS").map_or(STACKS, |text| text.parse().unwrap())
}

pub(super) fn fail(seed: u64, words: &str, stack: &str, plan: &Plan) -> ! {
    panic!(
        "seed {seed}: {words}\n--- configuration\n{stack}\n--- plan\n{}",
        text(plan)
    )
}

/// After an apply the state says what the file says, and nothing is left to plan, to note or to tell.
pub(super) fn is_settled(model: &Model, config: &str, seed: u64) {
    let plan = model.plan(config);
    if !plan.is_empty() || !plan.tasks.is_empty() || !plan.drift.is_empty() {
        fail(seed, "the next plan is not empty", config, &plan);
    }
    let wanted = read(config);
    let known: Vec<_> = model.state.resources.keys().collect();
    assert_eq!(known, wanted.resources.keys().collect::<Vec<_>>(), "seed {seed}");
    for (address, resource) in &wanted.resources {
        let entry = &model.state.resources[address];
        assert!(
            entry.unsettled.is_empty() && entry.deposed.is_empty(),
            "seed {seed}: {address} {entry:?}"
        );
        assert_eq!(
            entry.lifecycle.prevent_destroy, resource.lifecycle.prevent_destroy,
            "seed {seed}: {address}"
        );
        let ignored = &resource.lifecycle.ignore_changes;
        let is_ignored = |name: &str| ignored.iter().any(|one| one == name);
        for name in resource
            .attributes
            .keys()
            .filter(|name| !is_ignored(name.as_str()))
        {
            assert!(
                entry.attributes.contains_key(name),
                "seed {seed}: the state does not know {name} of {address}"
            );
        }
        for name in entry.attributes.keys() {
            let attribute = resource.resource_type.attribute(name).unwrap();
            assert!(
                attribute.computed || resource.attributes.contains_key(name),
                "seed {seed}: the state still has {name} of {address}"
            );
        }
    }
}

#[test]
fn an_applied_plan_leaves_nothing_to_plan_and_a_state_that_says_what_the_file_says() {
    let mut tasks = 0;
    let mut fates = std::collections::BTreeMap::new();
    for seed in 0..stacks() {
        let chance = &mut chance(seed);
        let mut stack = Stack::some(chance, false);
        let mut model = Model::new();
        for round in 0..=chance.below(4) {
            if round > 0 {
                stack.edit(chance, false);
            }
            let config = stack.text();
            let plan = model.plan(&config);
            if std::env::var("INFRA_PLAN_SEED").is_ok_and(|one| one == seed.to_string()) {
                println!("--- round {round}\n{config}\n{}", text(&plan));
            }
            if !plan.errors.is_empty() {
                fail(seed, "errors", &config, &plan);
            }
            if let Err(refused) = model.finish(&plan, &config) {
                fail(seed, &refused, &config, &plan);
            }
            tasks += plan.tasks.len();
            for change in &plan.changes {
                *fates.entry(change.fate).or_insert(0_u64) += 1;
            }
            is_settled(&model, &config, seed);
        }
        let config = stack.text();
        let plan = model.plan_destroy(&config);
        if let Err(refused) = model.run(&plan, usize::MAX) {
            fail(seed, &refused, &config, &plan);
        }
        assert!(model.objects.is_empty(), "seed {seed}: something is left");
        assert!(model.state.resources.is_empty(), "seed {seed}");
    }
    println!("figure: plans: {} stacks, {tasks} tasks, {fates:?}", stacks());
    let replaced: u64 = [true, false]
        .map(|create_first| fates.get(&Fate::Replace { create_first }).copied().unwrap_or(0))
        .iter()
        .sum();
    assert!(
        replaced > stacks() / 10
            && fates[&Fate::Update] > stacks() / 10
            && fates[&Fate::Move] > stacks() / 300
            && fates[&Fate::Note] > stacks() / 50,
        "too little is drawn: {fates:?}"
    );
}

#[test]
fn a_run_that_ends_anywhere_is_continued_by_the_next() {
    for seed in 0..stacks() / 2 {
        let chance = &mut chance(seed + 1_000_000);
        let mut stack = Stack::some(chance, false);
        let mut model = Model::new();
        for _ in 0..=chance.below(3) {
            let config = stack.text();
            let plan = model.plan(&config);
            let tasks = chance.index(plan.tasks.len() + 1);
            if let Err(refused) = model.run(&plan, tasks) {
                fail(seed, &refused, &config, &plan);
            }
            // The file is edited, reverted or left alone before the next run.
            if chance.below(2) == 0 {
                stack.edit(chance, false);
            }
        }
        let config = stack.text();
        let plan = model.plan(&config);
        if let Err(refused) = model.finish(&plan, &config) {
            fail(seed, &refused, &config, &plan);
        }
        is_settled(&model, &config, seed);
    }
}

#[test]
fn the_order_of_the_blocks_does_not_matter() {
    for seed in 0..stacks() / 5 {
        let chance = &mut chance(seed + 2_000_000);
        let mut stack = Stack::some(chance, true);
        let mut model = Model::new();
        let first = stack.text();
        let plan = model.plan(&first);
        model.run(&plan, usize::MAX).unwrap();
        stack.edit(chance, true);
        let one = text(&model.plan(&stack.text()));
        stack.shuffle = chance.next();
        assert_eq!(one, text(&model.plan(&stack.text())), "seed {seed}");
    }
}

#[test]
fn whatever_is_protected_is_never_lost_without_being_told() {
    let mut forbidden = 0;
    for seed in 0..stacks() / 2 {
        let chance = &mut chance(seed + 3_000_000);
        let mut stack = Stack::some(chance, true);
        let mut model = Model::new();
        let plan = model.plan(&stack.text());
        model.run(&plan, usize::MAX).unwrap();
        stack.edit(chance, true);
        let plan = model.plan(&stack.text());
        for task in plan.tasks.iter().filter(|task| task.phase == Phase::Remove) {
            let address = &task.object.address;
            let said = match read(&stack.text()).resources.get(address) {
                Some(resource) => resource.lifecycle.prevent_destroy,
                None => model.state.resources[address].lifecycle.prevent_destroy,
            };
            if said == Some(true) {
                forbidden += 1;
                assert!(
                    plan.forbidden.iter().any(|one| one.address == *address),
                    "seed {seed}: {address}"
                );
            }
        }
    }
    assert!(
        forbidden > 10,
        "only {forbidden} protected resources were in danger"
    );
}

#[test]
fn a_destroy_is_the_reverse_of_the_create() {
    for seed in 0..stacks() / 5 {
        let chance = &mut chance(seed + 4_000_000);
        let stack = Stack::some(chance, false);
        let mut model = Model::new();
        let config = stack.text();
        let made = model.plan(&config);
        model.run(&made, usize::MAX).unwrap();
        let removed = model.plan_destroy(&config);
        let position = |plan: &Plan, phase: Phase| -> std::collections::BTreeMap<_, _> {
            let tasks = plan.tasks.iter().enumerate();
            tasks
                .filter(|(_, task)| task.phase == phase)
                .map(|(index, task)| (task.object.address.clone(), index))
                .collect()
        };
        let (up, down) = (position(&made, Phase::Make), position(&removed, Phase::Remove));
        assert_eq!(up.len(), down.len(), "seed {seed}");
        for task in made.tasks.iter().filter(|task| task.phase == Phase::Make) {
            for needed in task.after.iter().map(|after| &made.tasks[*after]) {
                if needed.phase == Phase::Make {
                    assert!(
                        down[&task.object.address] < down[&needed.object.address],
                        "seed {seed}: {} goes after {}",
                        task.object,
                        needed.object
                    );
                }
            }
        }
    }
}

#[test]
fn nothing_that_a_note_says_changes_the_cloud() {
    for seed in 0..stacks() / 5 {
        let chance = &mut chance(seed + 5_000_000);
        let mut stack = Stack::some(chance, true);
        let mut model = Model::new();
        let plan = model.plan(&stack.text());
        model.run(&plan, usize::MAX).unwrap();
        stack.edit(chance, true);
        for task in &model.plan(&stack.text()).tasks {
            let is_note = task.phase == Phase::Note;
            assert_eq!(is_note, task.steps.is_empty(), "seed {seed}: {}", task.object);
            let learns = task
                .then
                .iter()
                .any(|effect| !matches!(effect, Effect::Made { .. }));
            assert!(
                learns || task.phase == Phase::LetGo,
                "seed {seed}: {}",
                task.object
            );
        }
    }
}

/// The state is a cache: a lost one is put together again, and the plan is the one that it would have given.
#[test]
fn a_lost_state_is_put_together_again() {
    let (mut whole, mut cut) = (0, 0);
    for seed in 0..stacks() {
        let chance = &mut chance(seed + 7_000_000);
        let mut stack = Stack::some(chance, false);
        let mut model = Model::new();
        for _ in 0..chance.below(3) {
            let config = stack.text();
            let plan = model.plan(&config);
            model.finish(&plan, &config).unwrap();
            stack.edit(chance, false);
        }
        let config = stack.text();
        let plan = model.plan(&config);
        let tasks = chance.index(plan.tasks.len() + 1);
        model.run(&plan, tasks).unwrap();
        if tasks == plan.tasks.len() {
            model.finish(&model.plan(&config), &config).unwrap();
            whole += 1;
        } else {
            cut += 1;
        }
        let before = model.plan(&config);
        let rebuilt = model.rebuild(&config);
        assert!(rebuilt.0.unplaced.is_empty(), "seed {seed}");
        crate::state::sound(&model.state).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let after = model.plan(&config);
        if !after.errors.is_empty() {
            fail(seed, "errors", &config, &after);
        }
        // What is made, replaced and deleted is the same; what the state alone knew may be told again.
        let verdict = |plan: &Plan| -> Vec<_> {
            let hard = |fate: &Fate| {
                !matches!(
                    fate,
                    Fate::Keep | Fate::Note | Fate::Move | Fate::Update | Fate::Import
                )
            };
            let changes = plan.changes.iter().filter(|change| hard(&change.fate));
            changes
                .map(|change| (change.address.clone(), change.fate, change.id.clone()))
                .collect()
        };
        if verdict(&after) != verdict(&before) {
            let words = format!("another plan than before:\n{}", text(&before));
            fail(seed, &words, &config, &after);
        }
        if tasks == plan.tasks.len() && !after.is_empty() {
            fail(seed, "something is left to do", &config, &after);
        }
        if let Err(refused) = model.finish(&after, &config) {
            fail(seed, &refused, &config, &after);
        }
        is_settled(&model, &config, seed);
        assert_eq!(
            model.objects.len(),
            model.state.resources.len(),
            "seed {seed}: doubled or forgotten"
        );
    }
    assert!(whole > 10 && cut > 10, "{whole} {cut}");
}
