//! A look ahead, before anything is changed: whether what a plan makes can be made (by dry run, or by reads where there
//! is none), and whether what it removes holds things that are not its own. Nothing is changed by it.
//!
//! Does not know the configuration, nor what follows from a refusal.

mod creates;
pub(crate) mod dependents;
mod draft;
mod fault;
mod finding;
mod offer;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub(crate) use self::draft::Flatten;
pub(crate) use self::finding::{Ahead, Dependent, Objection, Refusal};
use crate::address::Address;
use crate::cloud::Cloud;
use crate::live::Live;
use crate::task::{Phase, Task};

/// What is looked at.
pub(crate) struct Outset<'a> {
    /// All tasks of the plan, in its order.
    pub(crate) tasks: &'a [Task],
    /// What the plan was made from.
    pub(crate) live: &'a Live,
    /// How parameters become what is sent; it reads secrets.
    pub(crate) flatten: Flatten<'a>,
    /// Leave out what is made without anything being removed for it.
    pub(crate) only_destructive: bool,
}

/// Asks the cloud everything at once. What it does not answer is not checked, and no refusal.
pub(crate) async fn look(question: &Outset<'_>, cloud: &Cloud) -> Ahead {
    let (made, removed) = tokio::join!(
        creates::check(question, cloud),
        dependents::check(question, cloud)
    );
    made.join(removed)
}

/// Whether the tasks take anything away.
pub(crate) fn destroys(tasks: &[Task]) -> bool {
    tasks.iter().any(|task| task.phase == Phase::Remove)
}

/// The tasks that make something for which something else is removed: before it, or in its place.
fn successors(tasks: &[Task]) -> BTreeSet<usize> {
    let removed: BTreeSet<&Address> = tasks
        .iter()
        .filter(|task| task.phase == Phase::Remove)
        .map(|task| &task.object.address)
        .collect();
    let mut behind = vec![false; tasks.len()];
    for (index, task) in tasks.iter().enumerate() {
        behind[index] =
            task.phase == Phase::Remove || task.after.iter().any(|after| behind.get(*after) == Some(&true));
    }
    let is_successor = |index: &usize| behind[*index] || removed.contains(&tasks[*index].object.address);
    (0..tasks.len())
        .filter(|index| tasks[*index].phase == Phase::Make)
        .filter(is_successor)
        .collect()
}
