//! What many actions refuse alike, told as rows: which actions, the code, and when. An action's own file has what only
//! it refuses. A row speaks only where the vendor's table of the action has its code; the first that fits is the answer.

mod disks;
mod groups;
mod limits;
mod lists;
mod servers;
mod tags;
mod words;

use super::super::call::Call;
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::disk_row::Disk;
use super::instance_row::Instance;

/// A row: the actions that it is about, all when there is none; the code; and when it is given.
pub(super) struct Unfit(&'static [&'static str], &'static str, fn(&Call<'_>) -> bool);

const TABLES: &[&[Unfit]] = &[
    words::TABLE,
    tags::TABLE,
    lists::TABLE,
    groups::TABLE,
    disks::TABLE,
    servers::TABLE,
    limits::TABLE,
];

/// Refuses what a row speaks against.
pub(super) fn check(call: &Call<'_>) -> Result<(), Refusal> {
    if call.facts.version != ECS {
        return Ok(());
    }
    words::check(call)?;
    let name = call.facts.name.as_str();
    for Unfit(actions, code, when) in TABLES.iter().copied().flatten() {
        let about = actions.is_empty() || actions.contains(&name);
        if about && call.facts.lists(code) && when(call) {
            return refuse(*code);
        }
    }
    Ok(())
}

/// The server that a request names.
fn server<'t>(call: &'t Call<'_>) -> Option<&'t Instance> {
    call.world.get(call.params.peek("InstanceId"))
}

/// The disk that a request names.
fn disk<'t>(call: &'t Call<'_>) -> Option<&'t Disk> {
    call.world.get(call.params.peek("DiskId"))
}

/// Whether a request has a parameter, and does not say `false`.
fn asks(call: &Call<'_>, name: &str) -> bool {
    !matches!(call.params.peek(name), "" | "false" | "False")
}

#[cfg(test)]
mod tests {
    use super::super::super::api::api;
    use super::*;

    #[test]
    fn every_row_can_speak() {
        let listed = |name: &str, code: &str| api().action(ECS, name).is_some_and(|facts| facts.lists(code));
        let mut mute = Vec::new();
        for Unfit(actions, code, _) in TABLES.iter().copied().flatten() {
            let own = actions.iter().filter(|action| !listed(action, code));
            mute.extend(own.map(|action| format!("{action} does not have {code}")));
            let any = api()
                .actions()
                .any(|facts| facts.version == ECS && facts.lists(code));
            if !any {
                mute.push(format!("nothing has {code}"));
            }
        }
        assert!(mute.is_empty(), "{mute:#?}");
    }
}
