//! The folder of a state: what git sees of it, and what happens when it disappears while a run goes on.

use std::fs;

use super::*;

struct Ground {
    _root: tempfile::TempDir,
    infra: PathBuf,
    store: LocalStore,
}

impl Ground {
    fn new() -> Ground {
        let root = tempfile::tempdir().unwrap();
        let infra = root.path().join("p/.infra");
        let store = store_on(Arc::new(SystemFiles), &infra.join("state"), 7);
        Ground {
            _root: root,
            infra,
            store,
        }
    }

    fn git(&self) -> Option<String> {
        fs::read_to_string(self.infra.join(".gitignore")).ok()
    }
}

#[test]
fn git_is_told_to_leave_the_folder_alone_with_the_first_write() {
    let ground = Ground::new();
    ground.store.load().unwrap();
    assert_eq!(ground.git(), None, "a reader writes nothing");
    begin(&ground.store).unwrap();
    assert_eq!(ground.git().as_deref(), Some("*\n"));
    // One that a crash has left empty is written again; one that somebody has written stays.
    for (before, after) in [("", "*\n"), ("!sim\n", "!sim\n")] {
        fs::write(ground.infra.join(".gitignore"), before).unwrap();
        begin(&ground.store).unwrap();
        assert_eq!(ground.git().as_deref(), Some(after));
    }
}

#[test]
fn when_the_folder_disappears_results_are_saved_and_nothing_is_begun() {
    for is_moved in [false, true] {
        let ground = Ground::new();
        let elsewhere = ground.infra.with_extension("moved");
        run(async {
            let session = begin(&ground.store).unwrap();
            create(&session, &address("a"), "vpc-1").await.unwrap();
            let under_way = session
                .intent(draft(&address("b"), Operation::Create, "t2"))
                .await
                .unwrap();
            let lost = session
                .intent(draft(&address("c"), Operation::Create, "t3"))
                .await
                .unwrap();
            assert_ne!(under_way, lost);
            if is_moved {
                fs::rename(&ground.infra, &elsewhere).unwrap();
            } else {
                fs::remove_dir_all(&ground.infra).unwrap();
            }
            for _ in 0..2 {
                let error = session
                    .intent(draft(&address("d"), Operation::Create, "t4"))
                    .await
                    .unwrap_err();
                assert_eq!(error.code(), "E0819", "{error}");
                assert!(error.to_string().contains("written there again"), "{error}");
            }
            session
                .done(under_way, vec![made(&address("b"), "vpc-2")])
                .await
                .unwrap();
            let kept = Kept::of_session(&session);
            assert_eq!(Kept::of_loaded(&ground.store.load().unwrap()), kept);
            assert!(
                ground.store.lock(note()).unwrap_err().is_locked(),
                "it holds the new lock"
            );
            session.close().unwrap();
        });
        let loaded = ground.store.load().unwrap();
        assert_eq!(loaded.state.resources.len(), 2);
        let open: Vec<_> = loaded.open.iter().map(|intent| intent.token.as_deref()).collect();
        assert_eq!(
            open,
            [Some("t3")],
            "what was under way is looked for by the next run"
        );
        assert_eq!(ground.git().as_deref(), Some("*\n"));
        assert!(ground.store.lock(note()).is_ok());
    }
}

#[test]
fn a_folder_that_disappears_at_the_very_end_is_there_afterwards() {
    let ground = Ground::new();
    run(async {
        let session = begin(&ground.store).unwrap();
        create(&session, &address("a"), "vpc-1").await.unwrap();
        fs::remove_dir_all(&ground.infra).unwrap();
        session.close().unwrap();
    });
    assert_eq!(ground.store.load().unwrap().state.resources.len(), 1);
    assert_eq!(ground.store.generations().unwrap().len(), 1);
}

#[test]
fn what_somebody_else_has_put_there_meanwhile_is_left_alone() {
    for is_running in [false, true] {
        let ground = Ground::new();
        run(async {
            let session = begin(&ground.store).unwrap();
            create(&session, &address("a"), "vpc-1").await.unwrap();
            fs::remove_dir_all(&ground.infra).unwrap();
            let other = begin(&ground.store).unwrap();
            create(&other, &address("z"), "vpc-9").await.unwrap();
            let other = if is_running {
                Some(other)
            } else {
                other.close().unwrap();
                None
            };
            let before = ground.store.load().unwrap();
            let error = session
                .intent(draft(&address("b"), Operation::Create, "t2"))
                .await
                .unwrap_err();
            assert_eq!(error.code(), "E0812", "{error}");
            assert!(error.to_string().contains("disappeared"), "{error}");
            // What is known can still be told.
            session
                .note(vec![settle(&address("a"), 2, &[], Lifecycle::default())])
                .await
                .unwrap_err();
            assert_eq!(
                session.with_state(|state| state.resources[&address("a")].id.clone()),
                "vpc-1"
            );
            session.close().unwrap_err();
            let after = ground.store.load().unwrap();
            assert_eq!((after.state, after.open), (before.state, before.open));
            drop(other);
        });
    }
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let ground = Ground::new();
    assert!(ground.store.holder().unwrap().is_none());
    assert_eq!(ground.store.can_restore(None).unwrap_err().code(), "E0816");
    assert_eq!(ground.store.can_push(b"{}").unwrap_err().code(), "E0817");
    assert!(!ground.infra.exists());
    let lock = ground.store.lock(note()).unwrap();
    let holder = ground.store.holder().unwrap().expect("it is held");
    assert!(holder.to_string().contains("ada@crow"), "{holder}");
    drop(lock);
    assert!(ground.store.holder().unwrap().is_none());
}
