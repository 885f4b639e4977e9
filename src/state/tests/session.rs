//! A session: groups, checkpoints, the first failed write, effects that make no sense.

use super::*;
use crate::diagnostic::codes;
use crate::env::faults::{Fault, FaultyFiles};
use crate::value::{SecretSource, Value};

fn writes_to_journal(disk: &MemoryDisk) -> usize {
    let files = disk.files();
    let journal = files.get(&folder().join("default.journal"));
    journal.map_or(0, |bytes| bytes.iter().filter(|&&byte| byte == b'\n').count())
}

#[test]
fn tasks_that_write_at_once_share_a_write() {
    let disk = MemoryDisk::default();
    let store = memory_store(&disk);
    run(async {
        let session = Arc::new(begin(&store).unwrap());
        let mut tasks = tokio::task::JoinSet::new();
        for index in 0..50 {
            let session = session.clone();
            tasks.spawn(async move { create(&session, &copy(index), &format!("vpc-{index}")).await });
        }
        while let Some(result) = tasks.join_next().await {
            result.unwrap().unwrap();
        }
        assert_eq!(session.with_state(|state| state.resources.len()), 50);
        assert_eq!(writes_to_journal(&disk), 2, "fifty intents, fifty results");
    });
    assert_eq!(store.load().unwrap().state.resources.len(), 50);
}

#[test]
fn tasks_on_several_threads_lose_nothing() {
    let root = tempfile::tempdir().unwrap();
    let store = store_on(Arc::new(SystemFiles), root.path(), 3);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    runtime.block_on(async {
        let session = Arc::new(begin(&store).unwrap());
        let mut tasks = tokio::task::JoinSet::new();
        for index in 0..200 {
            let session = session.clone();
            tasks.spawn(async move { create(&session, &copy(index), &format!("vpc-{index}")).await });
        }
        while let Some(result) = tasks.join_next().await {
            result.unwrap().unwrap();
        }
        assert_eq!(store.load().unwrap().state.resources.len(), 200);
        Arc::into_inner(session).unwrap().close().unwrap();
    });
    assert_eq!(store.load().unwrap().state.serial, 1);
}

#[test]
fn a_task_that_is_dropped_while_it_waits_stops_nobody() {
    let disk = MemoryDisk::default();
    let store = memory_store(&disk);
    run(async {
        let session = begin(&store).unwrap();
        let mut dropped = Box::pin(session.intent(draft(&copy(1), Operation::Create, "t1")));
        let waker = std::task::Waker::noop();
        assert!(
            dropped
                .as_mut()
                .poll(&mut std::task::Context::from_waker(waker))
                .is_pending()
        );
        drop(dropped);
        create(&session, &copy(2), "vpc-2").await.unwrap();
        session.close().unwrap();
    });
    let loaded = store.load().unwrap();
    assert_eq!(loaded.state.resources.len(), 1);
    assert_eq!(loaded.open.len(), 1, "its intent is known and was never sent");
}

#[test]
fn a_long_journal_makes_a_checkpoint_within_the_run() {
    let disk = MemoryDisk::default();
    let mut store = memory_store(&disk);
    store.files.journal_bytes = 4096;
    run(async {
        let session = begin(&store).unwrap();
        let open = session
            .intent(draft(&address("open"), Operation::Create, "t"))
            .await
            .unwrap();
        for index in 0..40 {
            create(&session, &copy(index), &format!("vpc-{index}"))
                .await
                .unwrap();
            let loaded = store.load().unwrap();
            assert_eq!(Kept::of_loaded(&loaded), Kept::of_session(&session));
        }
        let serial = store.load().unwrap().state.serial;
        assert!(serial > 2, "only {serial} checkpoints");
        session
            .done(open, vec![made(&address("open"), "vpc-o")])
            .await
            .unwrap();
        session.close().unwrap();
    });
    assert_eq!(store.load().unwrap().state.resources.len(), 41);
}

#[test]
fn nothing_is_begun_after_a_failed_write() {
    let disk = MemoryDisk::default();
    memory_store(&disk);
    let count = Faults::none();
    let store = |faults: &Arc<Faults>| {
        let files = FaultyFiles::new(Arc::new(disk.clone()), faults.clone());
        store_on(Arc::new(files), &folder(), 7)
    };
    run(async {
        let session = begin(&store(&count)).unwrap();
        create(&session, &copy(1), "vpc-1").await.unwrap();
        session
            .intent(draft(&copy(2), Operation::Create, "t2"))
            .await
            .unwrap();
    });
    // The same again, with the last operation (a sync) failing.
    let disk = MemoryDisk::default();
    let faults = Faults::at(count.count(), Fault::Fails(28));
    let files = FaultyFiles::new(Arc::new(disk.clone()), faults.clone());
    let store = store_on(Arc::new(files), &folder(), 7);
    run(async {
        let session = begin(&store).unwrap();
        create(&session, &copy(1), "vpc-1").await.unwrap();
        let error = session
            .intent(draft(&copy(2), Operation::Create, "t2"))
            .await
            .unwrap_err();
        assert_eq!((faults.last(), error.code().number()), ("sync", "E0812"));
        assert!(
            error
                .diagnostic()
                .help
                .iter()
                .any(|help| help.contains("make room")),
            "{error:?}"
        );
        let error = session
            .intent(draft(&copy(3), Operation::Create, "t3"))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "E0812");
        let writes = disk.changes();
        assert!(session.note(vec![remove(&copy(1), "vpc-1")]).await.is_err());
        assert!(
            session.with_state(|state| state.resources.is_empty()),
            "what is known can still be told"
        );
        assert_eq!(session.close().unwrap_err().code(), "E0812");
        assert_eq!(disk.changes(), writes, "nothing was written after the failure");
    });
    assert!(memory_store(&disk).lock(note()).is_ok(), "the lock is free again");
}

#[test]
fn effects_that_make_no_sense_are_not_written() {
    let resource = |id: &str| {
        Box::new(Resource {
            type_name: "vpc".to_owned(),
            id: id.to_owned(),
            ..Resource::default()
        })
    };
    let put = |name: &str, resource: Box<Resource>| Effect::Put {
        address: address(name),
        resource,
    };
    let mut secret = resource("vpc-9");
    let source = SecretSource::Env("PASSWORD".to_owned());
    secret
        .attributes
        .insert("password".to_owned(), Value::List(vec![Value::Secret(source)]));
    let mut circular = resource("vpc-9");
    circular.dependencies.insert(address("new"));
    let mut other_type = resource("vpc-9");
    other_type.type_name = "instance".to_owned();
    let cases = [
        put("a", resource("vpc-9")),
        put("new", resource("vpc-1")),
        put("new", resource("")),
        put("new", secret),
        put("new", circular),
        put("new", other_type),
        made(&address("new"), "vpc-9"),
        Effect::Restore {
            address: address("a"),
            id: "vpc-1".to_owned(),
        },
        Effect::Settle {
            address: address("a"),
            attributes: attributes(1),
            dependencies: BTreeSet::new(),
            lifecycle: Lifecycle::default(),
            imported: None,
            unsettled: BTreeMap::from([("size".to_owned(), String::new())]),
        },
        Effect::Data {
            address: Address::new("image", "ubuntu"),
            value: Some(Value::Token),
        },
        Effect::Merge {
            address: address("new"),
            attributes: attributes(1),
        },
        Effect::Move {
            from: address("a"),
            to: address("b"),
        },
        Effect::Move {
            from: address("a"),
            to: Address::new("instance", "a"),
        },
    ];
    for effect in cases {
        let disk = MemoryDisk::default();
        let store = memory_store(&disk);
        run(async {
            let session = begin(&store).unwrap();
            create(&session, &address("a"), "vpc-1").await.unwrap();
            create(&session, &address("b"), "vpc-2").await.unwrap();
            let lines = writes_to_journal(&disk);
            let error = session
                .note(vec![effect.clone()])
                .await
                .expect_err("it was accepted");
            assert!(
                error.to_string().contains("makes no sense"),
                "{effect:?}: {error}"
            );
            assert_eq!(error.code(), codes::STATE_INCONSISTENT);
            assert_eq!(writes_to_journal(&disk), lines, "{effect:?} was written");
        });
        assert_eq!(store.load().unwrap().state.resources.len(), 2);
    }
}

/// A network mount that has no locks refuses them, and no run begins there.
#[test]
fn without_locks_nothing_is_begun() {
    const NOT_SUPPORTED: i32 = if cfg!(target_os = "linux") { 95 } else { 102 };
    let mut refused = 0;
    for at in 1..20 {
        let faults = Faults::at(at, Fault::Fails(NOT_SUPPORTED));
        let files = FaultyFiles::new(Arc::new(MemoryDisk::default()), faults.clone());
        let store = store_on(Arc::new(files), &folder(), 7);
        if let Err(error) = store.lock(note())
            && error.code() == codes::NO_LOCKS
        {
            assert!(error.to_string().contains("lock"), "{error}");
            refused += 1;
        }
    }
    assert_eq!(refused, 1, "there is one attempt to lock");
}

#[test]
fn results_belong_to_open_intents() {
    let store = memory_store(&MemoryDisk::default());
    run(async {
        let session = begin(&store).unwrap();
        let seq = session
            .intent(draft(&address("a"), Operation::Create, "t"))
            .await
            .unwrap();
        session
            .failed(seq, "OperationDenied.NoStock", true)
            .await
            .unwrap();
        assert!(session.done(seq, Vec::new()).await.is_err());
    });
}

#[test]
fn refused_calls_alone_leave_no_trace() {
    let disk = MemoryDisk::default();
    let store = memory_store(&disk);
    run(async {
        let session = begin(&store).unwrap();
        let before = disk.files();
        let seq = session
            .intent(draft(&address("a"), Operation::Create, "t"))
            .await
            .unwrap();
        session
            .failed(seq, "OperationDenied.NoStock", true)
            .await
            .unwrap();
        assert_eq!(session.close().unwrap(), 0);
        assert_eq!(disk.files(), before);
    });
}

#[test]
fn a_batch_is_one_intent_with_several_members() {
    let disk = MemoryDisk::default();
    let store = memory_store(&disk);
    run(async {
        let session = begin(&store).unwrap();
        let mut batch = draft(&copy(0), Operation::Create, "shared");
        let resource = batch.resource.clone().unwrap();
        batch.members = (1..3)
            .map(|index| super::super::intent::Member {
                address: copy(index),
                resource: resource.clone(),
            })
            .collect();
        session.intent(batch).await.unwrap();
    });
    run(async {
        let session = begin(&store).unwrap();
        let open = session.open_intents();
        assert_eq!(open[0].members.len(), 2);
        let effects = (0..3)
            .map(|index| made(&copy(index), &format!("vpc-{index}")))
            .collect();
        session.done(open[0].seq, effects).await.unwrap();
        session.close().unwrap();
    });
    let loaded = store.load().unwrap();
    assert_eq!(loaded.state.resources.len(), 3);
    assert!(
        loaded
            .state
            .resources
            .values()
            .all(|entry| entry.token.as_deref() == Some("shared"))
    );
}

#[test]
fn a_moved_resource_takes_its_edges_along() {
    let store = memory_store(&MemoryDisk::default());
    run(async {
        let session = begin(&store).unwrap();
        create(&session, &address("a"), "vpc-1").await.unwrap();
        create(&session, &address("b"), "vpc-2").await.unwrap();
        let settle = settle(&address("b"), 2, &["a"], Lifecycle::preventing_destroy(true));
        let to = Effect::Move {
            from: address("a"),
            to: address("z"),
        };
        session.note(vec![settle, to]).await.unwrap();
        session.close().unwrap();
    });
    let state = store.load().unwrap().state;
    assert_eq!(
        state.resources[&address("b")].dependencies,
        BTreeSet::from([address("z")])
    );
    assert!(state.resources[&address("b")].is_protected());
    assert_eq!(state.resources[&address("z")].id, "vpc-1");
}

#[test]
fn bytes_written_grow_with_what_changed() {
    let bytes_per_resource = |count: usize| {
        let disk = MemoryDisk::default();
        let store = memory_store(&disk);
        run(async {
            let session = begin(&store).unwrap();
            for index in 0..count {
                create(&session, &copy(index), &format!("vpc-{index:05}"))
                    .await
                    .unwrap();
            }
            session.close().unwrap();
        });
        let state = disk.files()[&folder().join("default.json")].len();
        #[expect(clippy::cast_precision_loss, reason = "figures for people")]
        let (each, times) = (
            disk.bytes_written() as f64 / count as f64,
            disk.bytes_written() as f64 / state as f64,
        );
        println!("figure: bytes: {count} resources: {each:.0} bytes each, {times:.2} times the final state");
        (each, times)
    };
    let (few, _) = bytes_per_resource(100);
    let (many, times) = bytes_per_resource(if std::env::var("INFRA_LONG").is_ok() {
        10_000
    } else {
        2_000
    });
    assert!(
        (many / few - 1.0).abs() < 0.1,
        "{few} bytes each of a hundred, {many} of many"
    );
    assert!(times < 8.0, "{times} times the final state");
}
