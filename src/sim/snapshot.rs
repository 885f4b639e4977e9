//! A whole cloud as one document: what `GET /_sim/snapshot` gives and `POST /_sim/snapshot` takes. Time stands still in
//! it: life cycles go on after loading where they were when it was made. Does not know files or what a row means.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::actions;
use super::clock::UnixMillis;
use super::cloud::Cloud;
use super::options::{AccountLimits, SoldOut};
use super::store::StoreError;
use super::trouble::Trouble;
use super::world::World;

/// The number of this form.
const FORMAT: u32 = 1;

/// Why a snapshot cannot be loaded; the cloud is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It is not JSON of the form of a snapshot.
    #[error("it is not a snapshot: {0}")]
    Form(#[from] serde_json::Error),
    /// It was made by another version.
    #[error("its format is {found}, and this version reads {FORMAT}")]
    Format {
        /// The number of its format.
        found: u32,
    },
    /// Its accounts are none of those that are served, and not as many.
    #[error("it holds {held} accounts, and {served} are served")]
    Accounts {
        /// Accounts in the snapshot.
        held: usize,
        /// Accounts that are served.
        served: usize,
    },
    /// What it says cannot all be true.
    #[error("it contradicts itself: {0}")]
    Contradiction(String),
    /// The log on disk cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot {
    infra_sim_snapshot: u32,
    /// When it was made, in both times.
    real: UnixMillis,
    life: i64,
    sold_out: Vec<String>,
    #[serde(default)]
    account: AccountLimits,
    #[serde(default)]
    troubles: Vec<String>,
    catalogues: Vec<serde_json::Value>,
    accounts: Vec<Account>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    access_key_id: String,
    account_id: String,
    seed: u64,
    made: u64,
    tables: BTreeMap<String, serde_json::Value>,
}

/// Everything that exists, and what was told about the offer.
pub(super) fn save(cloud: &mut Cloud, now: UnixMillis) -> Result<String, SnapshotError> {
    let times = cloud.clock.at(now);
    let mut accounts = Vec::new();
    for (key, world) in &mut cloud.accounts {
        world.settle(times);
        accounts.push(Account {
            access_key_id: key.clone(),
            account_id: world.account_id.clone(),
            seed: world.seed(),
            made: world.made(),
            tables: serde_json::from_str(&world.everything())?,
        });
    }
    let settings = &cloud.settings;
    let snapshot = Snapshot {
        infra_sim_snapshot: FORMAT,
        real: now,
        life: times.life,
        sold_out: settings.sold_out.iter().map(ToString::to_string).collect(),
        account: settings.account,
        troubles: settings.troubles.iter().map(ToString::to_string).collect(),
        catalogues: settings
            .catalogues
            .iter()
            .map(|text| serde_json::from_str(text))
            .collect::<Result<_, _>>()?,
        accounts,
    };
    Ok(serde_json::to_string(&snapshot)?)
}

/// Puts a snapshot in the place of everything that exists. The account of a key that is served gets its own cloud;
/// where no key fits, accounts are taken in their order if there are as many.
pub(super) fn load(cloud: &mut Cloud, text: &str, now: UnixMillis) -> Result<(), SnapshotError> {
    let snapshot: Snapshot = serde_json::from_str(text)?;
    if snapshot.infra_sim_snapshot != FORMAT {
        return Err(SnapshotError::Format {
            found: snapshot.infra_sim_snapshot,
        });
    }
    let held = snapshot.accounts.len();
    let served = cloud.accounts.len();
    let by_key = snapshot
        .accounts
        .iter()
        .all(|account| cloud.accounts.contains_key(&account.access_key_id));
    if !by_key && held != served {
        return Err(SnapshotError::Accounts { held, served });
    }
    // Everything is built and looked at before anything is replaced.
    let mut worlds = BTreeMap::new();
    let keys: Vec<String> = cloud.accounts.keys().cloned().collect();
    for (place, account) in snapshot.accounts.into_iter().enumerate() {
        let mut world = World::restored(actions::kinds(), account.seed, account.account_id);
        world.replay(account.tables, account.made)?;
        world.rebuild();
        if let Some(fault) = world.check().into_iter().next() {
            return Err(SnapshotError::Contradiction(fault));
        }
        let key = if by_key {
            account.access_key_id
        } else {
            keys[place].clone()
        };
        worlds.insert(key, world);
    }
    let sold_out: Result<Vec<SoldOut>, _> = snapshot.sold_out.iter().map(|text| text.parse()).collect();
    let sold_out = sold_out.map_err(|error| SnapshotError::Contradiction(error.to_string()))?;
    let troubles: Result<Vec<Trouble>, _> = snapshot.troubles.iter().map(|text| text.parse()).collect();
    let troubles = troubles.map_err(|error| SnapshotError::Contradiction(error.to_string()))?;
    let catalogues = snapshot.catalogues.iter().map(ToString::to_string).collect();
    cloud
        .settings
        .set_catalogues(catalogues)
        .map_err(|error| SnapshotError::Contradiction(error.to_string()))?;
    cloud.settings.sold_out = sold_out;
    cloud.settings.account = snapshot.account;
    cloud.settings.troubles = troubles;
    cloud.clock.resume(now, snapshot.life);
    cloud.replace_worlds(worlds, now)?;
    Ok(())
}
