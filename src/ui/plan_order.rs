//! In which order the changes of a plan are told: by danger, and inside that what is needed before what needs it. On a
//! screen the worst stands next to the prompt, in a document at the top.
//!
//! Does not know how a change is written.

use std::collections::BTreeMap;

use super::copies::{self, Copies};
use super::plan_blocks::Detail;
use crate::address::Address;
use crate::change::{Change, Fate};
use crate::plan::Plan;

/// The changes that a person is shown, copies that change alike as one unless all is told. Those that only get a tag of
/// ours are told as a number, unless all is told.
pub(super) fn told(plan: &Plan, detail: Detail) -> Vec<Copies<'_>> {
    let is_told = |change: &&Change| change.fate != Fate::Tag || detail == Detail::Full;
    let changes: Vec<&Change> = plan.shown().filter(is_told).collect();
    let mut told: Vec<Copies<'_>> = match detail {
        Detail::Full => changes.into_iter().map(Copies::of_one).collect(),
        Detail::Compact | Detail::Normal => copies::together(changes),
    };
    let depths = depths(plan);
    told.sort_by_cached_key(|copies| {
        let change = copies.first();
        let is_lost = copies.members.iter().any(|one| !one.lost.is_empty());
        let is_down = copies.members.iter().any(|one| one.down.is_some());
        (
            rank(change.fate),
            is_lost,
            is_down,
            depths.get(&change.address).copied(),
        )
    });
    told
}

/// The changes as a reviewer reads them in a document, from the top: what is lost for good first. Copies that change
/// alike are one, and what only gets a tag of ours is told as a number, as on a screen.
pub(super) fn worst_first(plan: &Plan) -> Vec<Copies<'_>> {
    let depths = depths(plan);
    let mut changes: Vec<&Change> = plan.shown().filter(|change| change.fate != Fate::Tag).collect();
    changes.sort_by_cached_key(|change| {
        let rank = match change.fate {
            Fate::Delete => 0,
            Fate::Replace { .. } => 1,
            _ if change.is_loss() => 2,
            Fate::Withheld => 3,
            Fate::Update => 4,
            Fate::Create => 5,
            _ => 6,
        };
        (rank, change.down.is_none(), depths.get(&change.address).copied())
    });
    copies::together(changes)
}

/// How far below a fate stands.
fn rank(fate: Fate) -> usize {
    match fate {
        Fate::Import => 0,
        Fate::Move => 1,
        Fate::Create => 2,
        Fate::Update | Fate::Tag => 3,
        Fate::Replace { .. } => 4,
        Fate::Delete => 5,
        Fate::Forget => 6,
        Fate::Withheld => 7,
        Fate::Read => 8,
        Fate::Note | Fate::Keep | Fate::LeftOut => 9,
    }
}

/// How many tasks in a row come before the first of each address. Copies of a block have the same number in most plans,
/// which keeps them side by side; the place of a task in the plan would not.
fn depths(plan: &Plan) -> BTreeMap<&Address, usize> {
    let mut of_tasks: Vec<usize> = Vec::with_capacity(plan.tasks.len());
    let mut of_addresses: BTreeMap<&Address, usize> = BTreeMap::new();
    for task in &plan.tasks {
        let before = task.after.iter().filter_map(|before| of_tasks.get(*before));
        let depth = before.max().map_or(0, |most| most + 1);
        of_tasks.push(depth);
        if !task.is_note() {
            of_addresses.entry(&task.object.address).or_insert(depth);
        }
    }
    of_addresses
}

#[cfg(test)]
mod tests {
    use super::super::testing::{address, change, task};
    use super::*;

    fn order(plan: &Plan) -> Vec<String> {
        told(plan, Detail::Normal).iter().map(Copies::title).collect()
    }

    #[test]
    fn what_is_needed_stands_before_what_needs_it() {
        let plan = Plan {
            changes: ["instance.web", "security_group.web", "vpc.main", "vswitch.main"]
                .map(|name| change(Fate::Create, name))
                .into(),
            tasks: vec![
                task("vpc.main", &[]),
                task("security_group.web", &[0]),
                task("vswitch.main", &[0]),
                task("instance.web", &[1, 2]),
            ],
            ..Plan::default()
        };
        assert_eq!(
            order(&plan),
            ["vpc.main", "security_group.web", "vswitch.main", "instance.web"]
        );
        let plan = Plan {
            changes: ["instance.web", "vpc.main", "vswitch.main"]
                .map(|name| change(Fate::Delete, name))
                .into(),
            tasks: vec![
                task("instance.web", &[]),
                task("vswitch.main", &[0]),
                task("vpc.main", &[1]),
            ],
            ..Plan::default()
        };
        assert_eq!(order(&plan), ["instance.web", "vswitch.main", "vpc.main"]);
    }

    #[test]
    fn the_more_dangerous_of_a_kind_stands_nearer_to_the_prompt() {
        let update = |name: &str, is_down: bool, is_lost: bool| Change {
            down: is_down.then(|| "about 2 min".to_owned()),
            lost: is_lost
                .then(|| "the system disk".to_owned())
                .into_iter()
                .collect(),
            ..change(Fate::Update, name)
        };
        let plan = Plan {
            changes: vec![
                change(Fate::Delete, "disk.old"),
                update("instance.a", true, true),
                update("instance.b", true, false),
                update("instance.c", false, false),
                change(Fate::Create, "vpc.main"),
            ],
            ..Plan::default()
        };
        assert_eq!(
            order(&plan),
            ["vpc.main", "instance.c", "instance.b", "instance.a", "disk.old"]
        );
    }

    #[test]
    fn a_loss_of_one_of_many_copies_counts_for_all() {
        let copy = |index: usize| Change {
            lost: (index == 2)
                .then(|| "the data disk".to_owned())
                .into_iter()
                .collect(),
            ..change(Fate::Update, &format!("instance.web[{index}]"))
        };
        let plan = Plan {
            changes: (0..3)
                .map(copy)
                .chain([change(Fate::Update, "vpc.main")])
                .collect(),
            ..Plan::default()
        };
        assert_eq!(order(&plan), ["vpc.main", "instance.web[0..2] x3"]);
    }

    #[test]
    fn the_depth_is_that_of_the_longest_way() {
        let plan = Plan {
            tasks: vec![
                task("vpc.main", &[]),
                task("vswitch.main", &[0]),
                task("instance.web", &[0, 1]),
                task("vpc.main", &[2]),
            ],
            ..Plan::default()
        };
        let depths = depths(&plan);
        assert_eq!(
            ["vpc.main", "vswitch.main", "instance.web"].map(|name| depths[&address(name)]),
            [0, 1, 2]
        );
    }
}
