//! Scenarios that hold every resource type there is, for the enumerations: the smallest of many drawn stacks that has them
//! all, what becomes of it, and its end.
//!
//! A later type that is drawn somewhere is in them by itself; one that is not, is missed.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::Chance;
use super::crash;
use super::scenarios::{Scenario, Stack};
use super::stacks::Drawn;
use crate::types::REGISTRY;

const CREATE_ALL: Scenario = Scenario {
    name: "create all types",
    before: Stack::default,
    after: || all().stack(),
};

const CHANGE_ALL: Scenario = Scenario {
    name: "change all types",
    before: || all().stack(),
    after: || changed().stack(),
};

const DESTROY_ALL: Scenario = Scenario {
    name: "destroy all types",
    before: || all().stack(),
    after: Stack::default,
};

fn types(stack: &Stack) -> BTreeSet<&str> {
    let of = stack.pieces.iter().map(|piece| piece.address.split('.').next());
    of.flatten().collect()
}

/// The smallest of these stacks that holds every type.
fn all() -> &'static Drawn {
    static ALL: OnceLock<Drawn> = OnceLock::new();
    ALL.get_or_init(|| {
        let drawn = (0..20_000).map(|seed| Drawn::whole(&mut Chance::new(seed)));
        let has_all = |drawn: &Drawn| {
            let stack = drawn.stack();
            let types = types(&stack);
            REGISTRY.iter().all(|one| types.contains(one.name))
        };
        drawn
            .filter(has_all)
            .min_by_key(|drawn| drawn.stack().pieces.len())
            .expect("every type is drawn")
    })
}

/// What edits of it change the most types, with the fewest blocks.
fn changed() -> &'static Drawn {
    static CHANGED: OnceLock<Drawn> = OnceLock::new();
    CHANGED.get_or_init(|| {
        let before = all().stack();
        let edited = (0..2_000).map(|seed| {
            let chance = &mut Chance::new(seed);
            let mut drawn = all().clone();
            (0..6).for_each(|_| drawn.edit(chance));
            drawn.not_smaller_than(all());
            drawn
        });
        let touched = |drawn: &Drawn| {
            let after = drawn.stack();
            let differ = |one: &Stack, other: &Stack| -> BTreeSet<String> {
                let is_other = |text: &str, address: &str| {
                    !(other.pieces.iter()).any(|there| there.address == address && there.text == text)
                };
                let changed = one
                    .pieces
                    .iter()
                    .filter(|piece| is_other(&piece.text, &piece.address));
                let of = changed.filter_map(|piece| piece.address.split('.').next());
                of.map(str::to_owned).collect()
            };
            let count = differ(&before, &after).union(&differ(&after, &before)).count();
            (count, usize::MAX - after.pieces.len())
        };
        edited.max_by_key(touched).expect("there are edits")
    })
}

#[test]
fn a_create_of_all_types_may_be_killed_anywhere() {
    crash::everywhere_in(&CREATE_ALL);
}

#[test]
fn a_change_of_all_types_may_be_killed_anywhere() {
    let (before, after) = (all().stack(), changed().stack());
    println!(
        "figure: all types: {} resources, then {}",
        before.pieces.len(),
        after.pieces.len()
    );
    crash::everywhere_in(&CHANGE_ALL);
}

#[test]
fn a_destroy_of_all_types_may_be_killed_anywhere() {
    crash::everywhere_in(&DESTROY_ALL);
}
