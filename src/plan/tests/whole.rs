//! The same for stacks that hold every type: what is drawn for whole runs of the tool, planned against the model. Blocks
//! get other names, and keys that say how they may be replaced.

use std::collections::BTreeMap;

use super::model::{Model, chance, read};
use super::properties::{fail, is_settled, stacks};
use super::text;
use crate::env::chance::Chance;
use crate::proof::Drawn;
use crate::types::REGISTRY;

/// Types whose blocks get a `lifecycle` here; some of the others are drawn with one.
const WITH_LIFECYCLE: &[&str] = &[
    "disk",
    "eip",
    "nat_gateway",
    "network_interface",
    "security_group",
    "slb",
    "vswitch",
];

const LIFECYCLES: &[&str] = &[
    "prevent_destroy = false",
    "create_before_destroy = true",
    "create_before_destroy = false",
    "replace_on = [\"name\"]",
    "ignore_changes = [\"name\"]",
];

/// What becomes of the text of a stack: other names of blocks, and their lifecycles.
#[derive(Default)]
struct Written {
    renamed: Vec<(String, String)>,
    lifecycles: BTreeMap<String, &'static str>,
}

/// The addresses of the blocks of a text.
fn addresses(blocks: &str) -> Vec<String> {
    let headers = blocks
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    headers
        .filter(|header| header.contains('.'))
        .map(str::to_owned)
        .collect()
}

impl Written {
    /// Changes one thing: the name of a block that is there, or a lifecycle.
    fn edit(&mut self, blocks: &str, chance: &mut Chance) -> Option<String> {
        let all = addresses(blocks);
        let address = chance.pick(&all).clone();
        let (of, name) = address.split_once('.').unwrap();
        if chance.below(2) == 0 {
            if WITH_LIFECYCLE.contains(&of) {
                let lifecycle = *chance.pick(LIFECYCLES);
                self.lifecycles.insert(address.clone(), lifecycle);
            } else {
                self.lifecycles.clear();
            }
            return None;
        }
        let is_named = self
            .renamed
            .iter()
            .any(|(from, to)| *from == address || *to == address);
        // A network stays what it is, since everything names it.
        if is_named || of == "vpc" {
            return None;
        }
        let to = format!("{of}.z{name}");
        self.renamed.push((address.clone(), to.clone()));
        Some(format!("[[moved]]\nfrom = \"{address}\"\nto = \"{to}\"\n"))
    }

    fn write(&self, blocks: &str) -> String {
        let mut written = String::new();
        for (index, block) in blocks.split("\n[").enumerate() {
            let block = if index == 0 {
                block.to_owned()
            } else {
                format!("\n[{block}")
            };
            written.push_str(&block);
            let address = block
                .trim_start()
                .strip_prefix('[')
                .and_then(|block| block.split(']').next());
            let lifecycle = address.and_then(|address| self.lifecycles.get(address));
            // Some are drawn with one.
            if let Some(lifecycle) = lifecycle.filter(|_| !block.contains("lifecycle =")) {
                written.push_str(&format!("\nlifecycle = {{ {lifecycle} }}"));
            }
        }
        written.push('\n');
        for (from, to) in &self.renamed {
            written = written
                .replace(&format!("[{from}]"), &format!("[{to}]"))
                .replace(&format!("${{{from}."), &format!("${{{to}."))
                .replace(&format!("\"{from}\""), &format!("\"{to}\""));
        }
        written
    }
}

#[test]
fn an_applied_plan_of_any_type_leaves_nothing_to_plan() {
    let mut drawn: BTreeMap<&str, u64> = REGISTRY.iter().map(|one| (one.name, 0)).collect();
    let (mut tasks, mut moves) = (0, 0);
    let one = std::env::var("INFRA_PLAN_SEED")
        .ok()
        .map(|text| text.parse::<u64>().unwrap());
    for seed in one.map_or(0..stacks() / 3, |one| one..one + 1) {
        let chance = &mut chance(seed + 8_000_000);
        let mut stack = Drawn::whole(chance);
        let mut written = Written::default();
        let mut model = Model::new();
        model.computes = true;
        let mut config = String::new();
        for round in 0..=chance.below(4) {
            let mut moved = None;
            if round > 0 {
                let before = stack.clone();
                let blocks = stack.blocks();
                stack.edit(chance);
                stack.not_smaller_than(&before);
                moved = written.edit(&blocks, chance);
            }
            config = written.write(&stack.blocks());
            let is_there = written
                .renamed
                .last()
                .is_some_and(|(_, to)| config.contains(&format!("[{to}]")));
            let moved = moved.filter(|_| is_there);
            moves += usize::from(moved.is_some());
            let first = config.clone() + moved.as_deref().unwrap_or_default();
            let plan = model.plan(&first);
            if one.is_some() {
                println!("--- round {round}\n{first}\n{}", text(&plan));
            }
            if !plan.errors.is_empty() {
                fail(seed, "errors", &first, &plan);
            }
            if let Err(refused) = model.finish(&plan, &first) {
                fail(seed, &refused, &first, &plan);
            }
            is_settled(&model, &config, seed);
            tasks += plan.tasks.len();
            for address in read(&config).resources.keys() {
                *drawn.get_mut(address.type_name()).unwrap() += 1;
            }
        }
        let plan = model.plan_destroy(&config);
        if let Err(refused) = model.run(&plan, usize::MAX) {
            fail(seed, &refused, &config, &plan);
        }
        assert!(model.objects.is_empty(), "seed {seed}: something is left");
        assert!(model.state.resources.is_empty(), "seed {seed}");
    }
    println!("figure: plans over all types: {tasks} tasks, {moves} other names, {drawn:?}");
    let rare: Vec<_> = drawn
        .iter()
        .filter(|(_, times)| **times < stacks() / 20)
        .collect();
    assert!(
        one.is_some() || rare.is_empty() && moves > 10,
        "too seldom: {rare:?}, {moves}"
    );
}
