//! Worlds as they were: what reads see while a change has not spread yet. Does not know what has changed.

use std::collections::{BTreeMap, VecDeque};

use super::actions;
use super::clock::{Now, UnixMillis};
use super::faults::Later;
use super::world::World;

/// How many changes of one account may be spreading at once; the oldest is seen by all when there are more.
const SPREADING_MAX: usize = 16;

/// For each account, worlds with the moment of real time until which reads see them, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Stale {
    worlds: BTreeMap<String, VecDeque<(UnixMillis, World)>>,
}

impl Stale {
    /// Keeps the world as it is, if a change that is about to come is to lag.
    pub(super) fn keep(&mut self, account: &str, world: &World, later: &[Later], now: UnixMillis) {
        let lag = later.iter().filter_map(|later| match later {
            Later::Lag(millis) => i64::try_from(*millis).ok(),
            _ => None,
        });
        let Some(lag) = lag.max() else { return };
        let Ok(copy) = world.copy(actions::kinds()) else {
            return;
        };
        let worlds = self.worlds.entry(account.to_owned()).or_default();
        worlds.push_back((now.saturating_add(lag), copy));
        if worlds.len() > SPREADING_MAX {
            worlds.pop_front();
        }
    }

    /// The world that a read sees now; the present one when `None`.
    pub(super) fn seen(&mut self, account: &str, now: Now) -> Option<&mut World> {
        let worlds = self.worlds.get_mut(account)?;
        while worlds.front().is_some_and(|(until, _)| *until <= now.real) {
            worlds.pop_front();
        }
        let (_, world) = worlds.front_mut()?;
        world.settle(now);
        Some(world)
    }
}
