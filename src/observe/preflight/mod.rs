//! A look ahead, before anything is changed: whether what a plan makes can be made (by dry run, or by reads where there
//! is none), whether what it removes holds things that are not its own, and what goes with it. Nothing is changed by it.
//!
//! Does not know the configuration, nor what follows from a refusal.

mod along;
mod changes;
mod creates;
pub(crate) mod dependents;
mod disks;
mod draft;
mod fault;
mod finding;
mod limits;
mod lists;
mod offer;
mod references;
mod routes;
mod stock;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::draft::Draft;
pub(crate) use self::draft::Flatten;
pub(crate) use self::finding::{Ahead, Dependent, Loss, Objection, Refusal};
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
    let (made, room, changed, disks, removed, along) = tokio::join!(
        creates::check(question, cloud),
        limits::check(question, cloud),
        changes::check(question, cloud),
        disks::changed(question, cloud),
        dependents::check(question, cloud),
        along::check(question, cloud)
    );
    let mut ahead = made
        .join(room)
        .join(changed)
        .join(disks)
        .join(removed)
        .join(along);
    tell_alternatives(&mut ahead, question, cloud).await;
    ahead
}

/// Adds what else there is to what is refused for want of it.
async fn tell_alternatives(ahead: &mut Ahead, question: &Outset<'_>, cloud: &Cloud) {
    const SCARCE: [&str; 3] = [
        "OperationDenied.NoStock",
        "Zone.NotOnSale",
        "InvalidInstanceType.NotSupported",
    ];
    let mut told: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
    for refusal in ahead
        .refusals
        .iter_mut()
        .filter(|one| SCARCE.contains(&one.code.as_str()))
    {
        let own = question
            .tasks
            .iter()
            .filter(|task| task.object.address == refusal.address);
        let wanted = own.clone().find_map(|task| {
            if task.phase == Phase::Change {
                return changes::wanted(task, question);
            }
            let draft = Draft::of(task, false)?;
            let charge = draft.text("InstanceChargeType").unwrap_or("PostPaid").to_owned();
            let zone = offer::zone(&draft, question)?.to_owned();
            Some((draft.text("InstanceType")?.to_owned(), zone, charge))
        });
        let Some(wanted) = wanted else {
            continue;
        };
        if !told.contains_key(&wanted) {
            let found = stock::alternatives((&wanted.0, &wanted.1, &wanted.2), cloud).await;
            told.insert(wanted.clone(), found);
        }
        refusal
            .notes
            .extend(told.get(&wanted).into_iter().flatten().cloned());
    }
}

/// Whether the tasks take anything away: a resource, or what is on its system disk.
pub(crate) fn destroys(tasks: &[Task]) -> bool {
    tasks
        .iter()
        .any(|task| task.phase == Phase::Remove || changes::image(task).is_some())
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
