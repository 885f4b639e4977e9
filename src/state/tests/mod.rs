//! Tests of the state: on the machine's files, on a disk in memory, and through crashes.

mod crash;
mod effects;
mod files;
mod folder;
mod formats;
mod fuzz;
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::{
    Effect, Intent, IntentDraft, Lifecycle, Loaded, LocalStore, LockNote, Resource, Session, StateError,
};
use crate::address::{Address, Key, Object};
use crate::api::Repeat;
use crate::env::faults::Faults;
use crate::env::memory::MemoryDisk;
use crate::env::{BoxFuture, Clock, FileSystem, Random, SystemFiles};
use crate::value::Attributes;

/// A clock that a test sets forward.
#[derive(Default)]
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}

/// Chance that repeats (SplitMix64).
pub(super) struct TestRandom(Mutex<u64>);

impl TestRandom {
    pub(super) fn new(seed: u64) -> TestRandom {
        TestRandom(Mutex::new(seed))
    }

    pub(super) fn next(&self) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }
}

impl Random for TestRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}

fn store_on(fs: Arc<dyn FileSystem>, folder: &Path, seed: u64) -> LocalStore {
    LocalStore::new(
        fs,
        Arc::new(TestRandom::new(seed)),
        Arc::new(TestClock::default()),
        folder.to_owned(),
        "default",
    )
}

fn memory_store(disk: &MemoryDisk) -> LocalStore {
    store_on(Arc::new(disk.clone()), &folder(), 7)
}

fn folder() -> PathBuf {
    PathBuf::from("/p/.infra/state")
}

fn note() -> LockNote {
    LockNote {
        id: "0123456789abcdef".to_owned(),
        pid: 4711,
        host: "crow".to_owned(),
        boot_id: String::new(),
        user: "ada".to_owned(),
        command: "apply".to_owned(),
        started: Timestamp::from_second(1_800_000_000).unwrap(),
    }
}

fn begin(store: &LocalStore) -> Result<Session, StateError> {
    store.open(store.lock(note())?)
}

/// A session of an empty state on a disk in memory, for the tests of others.
pub(crate) fn session() -> Session {
    begin(&memory_store(&MemoryDisk::default())).unwrap()
}

/// Runs a future to its end on one thread.
fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn address(name: &str) -> Address {
    Address::new("vpc", name)
}

fn copy(index: usize) -> Address {
    address("net").with_key(Key::Index(index))
}

fn attributes(size: i64) -> Attributes {
    Attributes::from([
        ("cidr_block".to_owned(), "10.0.0.0/16".into()),
        ("name".to_owned(), "a network with a name of usual length".into()),
        ("size".to_owned(), size.into()),
    ])
}

/// What an intent of these tests is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Create,
    /// A create whose predecessor stays until it is made.
    Succeed,
    Update,
    Delete,
}

fn draft(address: &Address, operation: Operation, token: &str) -> IntentDraft {
    let (step, action) = match operation {
        Operation::Create | Operation::Succeed => ("create", "CreateVpc"),
        Operation::Update => ("resize", "ModifyVpcAttribute"),
        Operation::Delete => ("delete", "DeleteVpc"),
    };
    let resource = matches!(operation, Operation::Create | Operation::Succeed).then(|| {
        Box::new(Resource {
            type_name: address.type_name().to_owned(),
            attributes: attributes(1),
            dependencies: BTreeSet::from([Address::new("region", "here")]),
            ..Resource::default()
        })
    });
    IntentDraft {
        object: match operation {
            Operation::Succeed => Object::next(address.clone()),
            _ => Object::now(address.clone()),
        },
        step: step.to_owned(),
        product: "Vpc".to_owned(),
        action: action.to_owned(),
        class: Repeat::Token,
        token: Some(token.to_owned()),
        created_at: Timestamp::from_second(1_800_000_000).unwrap(),
        sealed_params: BTreeMap::from([
            ("ClientToken".to_owned(), token.to_owned()),
            ("CidrBlock".to_owned(), "10.0.0.0/16".to_owned()),
            ("Tag.1.Key".to_owned(), "infra:stack".to_owned()),
            (
                "Tag.1.Value".to_owned(),
                "c67ea618-ca2d-4fc5-b746-d58e31d761c4".to_owned(),
            ),
        ]),
        owes: (operation == Operation::Update)
            .then(|| ("size".to_owned(), "resize".to_owned()))
            .into_iter()
            .collect(),
        resource,
        plain: false,
        members: Vec::new(),
    }
}

fn made(address: &Address, id: &str) -> Effect {
    Effect::Made {
        address: address.clone(),
        id: id.to_owned(),
        created_at: None,
    }
}

/// Makes one resource, without a cloud.
async fn create(session: &Session, address: &Address, id: &str) -> Result<(), StateError> {
    let seq = session
        .intent(draft(address, Operation::Create, &format!("token-{id}")))
        .await?;
    session.done(seq, vec![made(address, id)]).await
}

fn remove(address: &Address, id: &str) -> Effect {
    Effect::Remove {
        address: address.clone(),
        id: id.to_owned(),
    }
}

fn settle(address: &Address, size: i64, needs: &[&str], lifecycle: Lifecycle) -> Effect {
    Effect::Settle {
        address: address.clone(),
        attributes: attributes(size),
        dependencies: needs.iter().map(|name| super::tests::address(name)).collect(),
        lifecycle,
        imported: None,
        unsettled: BTreeMap::new(),
    }
}

/// What of a state must survive: everything but when and by whom it was written.
#[derive(Debug, Clone, PartialEq)]
struct Kept {
    resources: BTreeMap<Address, Resource>,
    outputs: BTreeMap<String, serde_json::Value>,
    open: Vec<Intent>,
}

impl Kept {
    fn of_session(session: &Session) -> Kept {
        let open = session.open_intents();
        session.with_state(|state| Kept {
            resources: state.resources.clone(),
            outputs: state.outputs.clone(),
            open,
        })
    }

    fn of_loaded(loaded: &Loaded) -> Kept {
        Kept {
            resources: loaded.state.resources.clone(),
            outputs: loaded.state.outputs.clone(),
            open: loaded.open.clone(),
        }
    }
}
