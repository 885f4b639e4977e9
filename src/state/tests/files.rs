//! On the machine's own files: first runs, damage of every kind, generations, locks.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

struct Place {
    _root: tempfile::TempDir,
    folder: PathBuf,
    store: LocalStore,
}

impl Place {
    fn new() -> Place {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("p/.infra/state");
        let store = store_on(Arc::new(SystemFiles), &folder, 7);
        Place {
            _root: root,
            folder,
            store,
        }
    }

    /// A state of serial 3 with two resources and three generations behind it.
    fn used() -> Place {
        let place = Place::new();
        for (name, id) in [("a", "vpc-1"), ("b", "vpc-2")] {
            place.write(async |session| create(session, &address(name), id).await);
        }
        place.write(async |session| {
            let outputs = BTreeMap::from([("ip".to_owned(), "203.0.113.7".into())]);
            session.note(vec![Effect::Outputs { outputs }]).await
        });
        place
    }

    /// One run that writes.
    fn write(&self, change: impl AsyncFnOnce(&Session) -> Result<(), StateError>) -> u64 {
        run(async {
            let session = begin(&self.store).unwrap();
            change(&session).await.unwrap();
            session.close().unwrap()
        })
    }

    /// One run that is killed before it ends.
    fn killed(&self, change: impl AsyncFnOnce(&Session) -> Result<(), StateError>) {
        run(async {
            let session = begin(&self.store).unwrap();
            change(&session).await.unwrap();
        });
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("default.{ending}"))
    }

    fn bytes(&self, ending: &str) -> Vec<u8> {
        fs::read(self.path(ending)).unwrap()
    }

    /// Names, contents and modes of everything in the folder.
    fn everything(&self) -> BTreeMap<String, (u32, Vec<u8>)> {
        let mut all = BTreeMap::new();
        for entry in fs::read_dir(&self.folder).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o7777;
            let bytes = fs::read(entry.path()).unwrap_or_default();
            all.insert(entry.file_name().into_string().unwrap(), (mode, bytes));
        }
        all.remove("default.lock");
        all
    }

    /// Loading and opening are refused with this code, and no file changes.
    fn is_refused(&self, code: &str) {
        let before = self.everything();
        let error = self.store.load().expect_err("a reader accepted it");
        assert_eq!(error.code(), code, "{error}");
        assert!(!error.diagnostic().help.is_empty(), "no way out of: {error}");
        let error = begin(&self.store).err().expect("a writer accepted it");
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(self.everything(), before, "files were touched");
    }
}

#[test]
fn a_reader_of_nothing_makes_nothing() {
    let place = Place::new();
    let loaded = place.store.load().unwrap();
    assert!(!loaded.exists);
    assert_eq!(loaded.state.serial, 0);
    assert!(!place.folder.exists());
}

#[test]
fn a_first_run_writes_an_empty_state_before_anything_else() {
    let place = Place::new();
    let lineage = run(async {
        let session = begin(&place.store).unwrap();
        assert!(place.path("json").exists());
        assert!(!place.path("journal").exists());
        session.with_state(|state| state.lineage.clone())
    });
    let loaded = place.store.load().unwrap();
    assert!(loaded.exists);
    assert_eq!((loaded.state.serial, loaded.state.lineage), (0, lineage));
}

#[test]
fn what_is_written_is_only_for_the_user() {
    let place = Place::used();
    place.killed(async |session| create(session, &address("c"), "vpc-3").await);
    for (name, (mode, _)) in place.everything() {
        assert_eq!(mode, 0o600, "{name}");
    }
    for folder in [place.folder.clone(), place.folder.parent().unwrap().to_owned()] {
        let mode = fs::metadata(&folder).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o700, "{}", folder.display());
    }
}

#[test]
fn a_run_that_changes_nothing_writes_nothing() {
    let place = Place::used();
    let before = place.everything();
    let serial = place.write(async |_| Ok(()));
    assert_eq!(serial, 3);
    assert_eq!(place.everything(), before);
}

#[test]
fn a_killed_run_goes_on_from_its_journal() {
    let place = Place::used();
    let mut open = 0;
    place.killed(async |session| {
        create(session, &address("c"), "vpc-3").await?;
        open = session
            .intent(draft(&address("d"), Operation::Create, "t"))
            .await?;
        Ok(())
    });
    let loaded = place.store.load().unwrap();
    assert_eq!(loaded.state.serial, 3);
    assert_eq!(loaded.state.resources[&address("c")].id, "vpc-3");
    assert_eq!(
        loaded.open.iter().map(|intent| intent.seq).collect::<Vec<_>>(),
        [open]
    );
    let serial = place.write(async |session| session.done(open, vec![made(&address("d"), "vpc-4")]).await);
    assert_eq!(serial, 4);
    assert!(!place.path("journal").exists());
    let loaded = place.store.load().unwrap();
    assert_eq!(loaded.state.resources[&address("d")].id, "vpc-4");
    assert_eq!(loaded.state.resources[&address("d")].token.as_deref(), Some("t"));
}

#[test]
fn an_open_intent_outlives_the_checkpoint_at_the_end() {
    let place = Place::used();
    place.write(async |session| {
        session
            .intent(draft(&address("d"), Operation::Create, "t"))
            .await?;
        create(session, &address("c"), "vpc-3").await
    });
    let loaded = place.store.load().unwrap();
    assert_eq!((loaded.state.serial, loaded.open.len()), (4, 1));
    assert_eq!(loaded.open[0].token.as_deref(), Some("t"));
}

#[test]
fn damaged_states_are_refused_untouched_and_can_be_restored() {
    let whole = Place::used().bytes("json");
    let text = String::from_utf8(whole.clone()).unwrap();
    let cases: [(&str, Vec<u8>); 8] = [
        ("E0802", Vec::new()),
        ("E0802", vec![0; whole.len()]),
        ("E0802", b" \n".to_vec()),
        ("E0801", whole[..whole.len() / 2].to_vec()),
        ("E0801", text.replace("vpc-1", "vpc-9").into_bytes()),
        ("E0801", [whole.clone(), b"\n".to_vec()].concat()),
        (
            "E0804",
            b"{\"version\": 4, \"terraform_version\": \"1.11.4\"}".to_vec(),
        ),
        (
            "E0805",
            text.replace("\"format\": 2,", "\"format\": 3,").into_bytes(),
        ),
    ];
    for (code, damage) in cases {
        let place = Place::used();
        let before = place.store.load().unwrap();
        // In place, as an editor or a failing disk does it.
        fs::write(place.path("json"), &damage).unwrap();
        place.is_refused(code);
        let restored = place
            .store
            .restore(place.store.lock(note()).unwrap(), None)
            .unwrap();
        assert_eq!((restored.from, restored.serial), (3, 3));
        let aside = &restored.aside[0];
        assert_eq!(fs::read(aside).unwrap(), damage, "what was there is kept");
        let after = place.store.load().unwrap();
        assert_eq!(Kept::of_loaded(&after), Kept::of_loaded(&before));
    }
}

#[test]
fn every_flipped_bit_of_a_state_is_found() {
    let place = Place::used();
    let whole = place.bytes("json");
    for index in 0..whole.len() {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[index] ^= 1 << bit;
            let result = super::super::snapshot::decode(&damaged, super::super::snapshot::Trust::Checksum);
            assert!(result.is_err(), "bit {bit} of byte {index} was accepted");
        }
    }
}

#[test]
fn every_flipped_bit_of_a_journal_is_found() {
    let place = Place::used();
    place.killed(async |session| {
        create(session, &address("c"), "vpc-3").await?;
        session
            .intent(draft(&address("d"), Operation::Create, "t @ 1"))
            .await
            .map(|_| ())
    });
    let whole = place.bytes("journal");
    for index in 0..whole.len() {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[index] ^= 1 << bit;
            let result = super::super::journal::decode(&damaged);
            assert!(
                result.is_err(),
                "bit {bit} of byte {index} was accepted: {result:?}"
            );
        }
    }
}

#[test]
fn a_torn_end_of_the_journal_is_cut() {
    let place = Place::used();
    place.killed(async |session| {
        create(session, &address("c"), "vpc-3").await?;
        create(session, &address("d"), "vpc-4").await
    });
    let whole = place.bytes("journal");
    let last = whole[..whole.len() - 1]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .unwrap()
        + 1;
    for length in last..whole.len() {
        fs::write(place.path("journal"), &whole[..length]).unwrap();
        let loaded = place.store.load().unwrap();
        assert_eq!(loaded.open.len(), 1, "cut at {length}");
        assert!(!loaded.state.resources.contains_key(&address("d")));
    }
    place.write(async |session| session.done(2, vec![made(&address("d"), "vpc-4")]).await);
    assert_eq!(place.store.load().unwrap().state.resources.len(), 4);
}

#[test]
fn a_damaged_journal_is_refused_and_what_can_be_read_is_restored() {
    let place = Place::used();
    place.killed(async |session| {
        create(session, &address("c"), "vpc-3").await?;
        create(session, &address("d"), "vpc-4").await
    });
    let mut damaged = place.bytes("journal");
    let third_line = damaged
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .nth(1)
        .unwrap()
        .0
        + 40;
    damaged[third_line] ^= 1;
    fs::write(place.path("journal"), &damaged).unwrap();
    place.is_refused("E0807");
    let restored = place
        .store
        .restore(place.store.lock(note()).unwrap(), None)
        .unwrap();
    assert_eq!((restored.from, restored.serial, restored.open), (3, 4, 0));
    assert_eq!(fs::read(&restored.aside[0]).unwrap(), damaged);
    let loaded = place.store.load().unwrap();
    assert!(loaded.state.resources.contains_key(&address("c")));
    assert!(!loaded.state.resources.contains_key(&address("d")));
}

#[test]
fn a_state_that_is_gone_is_not_nothing() {
    let place = Place::used();
    fs::remove_file(place.path("json")).unwrap();
    place.is_refused("E0803");
    place
        .store
        .restore(place.store.lock(note()).unwrap(), None)
        .unwrap();
    assert_eq!(place.store.load().unwrap().state.resources.len(), 2);

    let place = Place::new();
    place.killed(async |session| create(session, &address("a"), "vpc-1").await);
    fs::remove_file(place.path("json")).unwrap();
    place.is_refused("E0803");
}

#[test]
fn a_journal_of_another_state_is_refused() {
    let place = Place::used();
    let old = place.bytes("json");
    place.killed(async |session| create(session, &address("c"), "vpc-3").await);
    let journal = place.bytes("journal");
    place.write(async |session| create(session, &address("d"), "vpc-4").await);

    // An old copy of the state beside a newer journal, and the other way round.
    place.killed(async |session| create(session, &address("e"), "vpc-5").await);
    let current = place.bytes("json");
    fs::write(place.path("json"), &old).unwrap();
    place.is_refused("E0808");
    place
        .store
        .restore(place.store.lock(note()).unwrap(), None)
        .unwrap();
    assert_eq!(
        place.bytes("json"),
        current,
        "the state that the journal continues is back"
    );
    assert!(
        place
            .store
            .load()
            .unwrap()
            .state
            .resources
            .contains_key(&address("e"))
    );

    let other = Place::used();
    other.killed(async |session| create(session, &address("x"), "vpc-8").await);
    let place = Place::used();
    fs::write(place.path("journal"), other.bytes("journal")).unwrap();
    // The same seed gives the same lineage: give the other state another one.
    let text = String::from_utf8(journal).unwrap();
    assert!(text.contains("base_serial"));
    assert!(place.store.load().is_ok(), "equal states are the same state");
}

#[test]
fn a_journal_left_by_a_crash_after_the_checkpoint_is_not_applied_twice() {
    let place = Place::used();
    place.killed(async |session| {
        create(session, &address("c"), "vpc-3").await?;
        session
            .intent(draft(&address("d"), Operation::Create, "t"))
            .await
            .map(|_| ())
    });
    let journal = place.bytes("journal");
    place.write(async |_| Ok(()));
    let after = Kept::of_loaded(&place.store.load().unwrap());
    fs::write(place.path("journal"), &journal).unwrap();
    let loaded = place.store.load().unwrap();
    assert_eq!(
        (loaded.state.serial, Kept::of_loaded(&loaded)),
        (4, after.clone())
    );
    place.write(async |_| Ok(()));
    let loaded = place.store.load().unwrap();
    assert_eq!((loaded.state.serial, Kept::of_loaded(&loaded)), (4, after));
}

#[test]
fn files_that_others_could_change_are_refused() {
    for ending in ["json", "journal"] {
        for mode in [0o660, 0o602, 0o666, 0o620] {
            let place = Place::used();
            place.killed(async |session| create(session, &address("c"), "vpc-3").await);
            fs::set_permissions(place.path(ending), fs::Permissions::from_mode(mode)).unwrap();
            place.is_refused("E0806");
        }
        let place = Place::used();
        place.killed(async |session| create(session, &address("c"), "vpc-3").await);
        let elsewhere = place.folder.join("elsewhere");
        fs::rename(place.path(ending), &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, place.path(ending)).unwrap();
        place.is_refused("E0806");
    }
}

#[test]
fn a_lock_file_that_is_a_link_is_not_followed() {
    let place = Place::used();
    let victim = place.folder.join("victim");
    fs::write(&victim, "untouched").unwrap();
    fs::remove_file(place.path("lock")).unwrap();
    std::os::unix::fs::symlink(&victim, place.path("lock")).unwrap();
    assert!(place.store.lock(note()).is_err());
    assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
}

#[test]
fn one_holder_at_a_time_and_the_other_learns_who() {
    let place = Place::used();
    let lock = place.store.lock(note()).unwrap();
    let error = place.store.lock(note()).unwrap_err();
    assert!(error.is_locked());
    for part in ["ada@crow", "4711", "apply"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(place.store.load().is_ok(), "readers need no lock");
    drop(lock);
    place.store.lock(note()).unwrap();
    assert!(place.path("lock").exists(), "the lock file stays");
}

#[test]
fn the_newest_ten_generations_are_kept() {
    let place = Place::new();
    for number in 1..=15 {
        place.write(async |session| create(session, &copy(number), &format!("vpc-{number}")).await);
    }
    let generations = place.store.generations().unwrap();
    let serials: Vec<u64> = generations.iter().map(|generation| generation.serial).collect();
    assert_eq!(serials, (6..=15).rev().collect::<Vec<_>>());
    let resources: Vec<usize> = generations
        .iter()
        .map(|generation| generation.content.as_ref().unwrap().resources)
        .collect();
    assert_eq!(resources, (6..=15).rev().collect::<Vec<_>>());
}

#[test]
fn an_older_generation_comes_back_as_a_newer_serial() {
    let place = Place::used();
    place.killed(async |session| {
        session
            .intent(draft(&address("d"), Operation::Create, "t"))
            .await
            .map(|_| ())
    });
    let restored = place
        .store
        .restore(place.store.lock(note()).unwrap(), Some(1))
        .unwrap();
    assert_eq!((restored.from, restored.serial, restored.open), (1, 4, 1));
    let loaded = place.store.load().unwrap();
    assert_eq!((loaded.state.serial, loaded.state.resources.len()), (4, 1));
    assert_eq!(
        loaded.open.len(),
        1,
        "what was under way still has to be looked for"
    );
    let error = place
        .store
        .restore(place.store.lock(note()).unwrap(), Some(99))
        .unwrap_err();
    assert_eq!(error.code(), "E0816");
    assert!(
        error.diagnostic().help[0].contains("4, 3, 2, 1"),
        "{:?}",
        error.diagnostic().help
    );
}

#[test]
fn a_serial_never_falls() {
    let place = Place::used();
    let restored = place
        .store
        .restore(place.store.lock(note()).unwrap(), Some(2))
        .unwrap();
    assert_eq!((restored.from, restored.serial), (2, 4));
    assert_eq!(place.store.load().unwrap().state.serial, 4);

    // The newest generation is damaged in both places.
    let place = Place::used();
    for ending in ["json", "3.bak"] {
        let damaged = String::from_utf8(place.bytes(ending))
            .unwrap()
            .replace("vpc-1", "vpc-9");
        fs::write(place.path(ending), damaged).unwrap();
    }
    let restored = place
        .store
        .restore(place.store.lock(note()).unwrap(), None)
        .unwrap();
    assert_eq!((restored.from, restored.serial), (2, 4));
}

#[test]
fn a_journal_that_makes_no_sense_can_be_left_behind() {
    let place = Place::used();
    place.killed(async |session| create(session, &address("c"), "vpc-3").await);
    let mut journal = place.bytes("journal");
    let record = super::super::journal::Record::Done {
        seq: 77,
        effects: Vec::new(),
    };
    super::super::journal::encode(&[record], &mut journal).unwrap();
    fs::write(place.path("journal"), &journal).unwrap();
    place.is_refused("E0807");
    let restored = place
        .store
        .restore(place.store.lock(note()).unwrap(), None)
        .unwrap();
    assert_eq!((restored.from, restored.serial), (3, 4));
    assert_eq!(place.store.load().unwrap().state.resources.len(), 3);
}

#[test]
fn a_restore_without_need_changes_nothing() {
    let place = Place::used();
    place.killed(async |session| create(session, &address("c"), "vpc-3").await);
    let before = place.everything();
    let restored = place
        .store
        .restore(place.store.lock(note()).unwrap(), None)
        .unwrap();
    assert_eq!((restored.from, restored.serial), (3, 3));
    assert_eq!(place.everything(), before);
}

#[test]
fn a_pulled_document_can_be_edited_and_pushed() {
    let place = Place::used();
    place.killed(async |session| create(session, &address("c"), "vpc-3").await);
    let document = place.store.pull().unwrap();
    assert!(document.contains("vpc-3"));
    let edited = document.replace("vpc-3", "vpc-33");
    let serial = place
        .store
        .push(place.store.lock(note()).unwrap(), edited.as_bytes())
        .unwrap();
    assert_eq!(serial, 4);
    let loaded = place.store.load().unwrap();
    assert_eq!(loaded.state.resources[&address("c")].id, "vpc-33");
    assert!(!place.path("journal").exists());

    // It was made from serial 3, and the state went on.
    let error = place
        .store
        .push(place.store.lock(note()).unwrap(), edited.as_bytes())
        .unwrap_err();
    assert_eq!(error.code(), "E0817");
    let twice = place.store.pull().unwrap().replace("vpc-2", "vpc-1");
    let error = place
        .store
        .push(place.store.lock(note()).unwrap(), twice.as_bytes())
        .unwrap_err();
    assert!(error.to_string().contains("the same id vpc-1"), "{error}");
}

/// Its serial is that of the state until a run ends by itself.
#[test]
fn a_document_that_a_run_has_left_behind_is_not_pushed() {
    let place = Place::used();
    let before = place.store.pull().unwrap();
    let push = |document: &str| {
        let lock = place.store.lock(note()).unwrap();
        place.store.push(lock, document.as_bytes())
    };
    place.killed(async |session| create(session, &address("c"), "vpc-3").await);
    let between = place.store.pull().unwrap();
    let error = push(&before).unwrap_err();
    assert_eq!(error.code(), "E0817");
    assert!(error.to_string().contains("since it was pulled"), "{error}");
    place.killed(async |session| create(session, &address("d"), "vpc-4").await);
    for document in [&before, &between] {
        assert_eq!(push(document).unwrap_err().code(), "E0817");
    }
    push(&place.store.pull().unwrap()).unwrap();
    let resources = place.store.load().unwrap().state.resources;
    assert_eq!(resources[&address("c")].id, "vpc-3");
    assert_eq!(resources[&address("d")].id, "vpc-4");
}

#[test]
fn a_state_is_rebuilt_only_where_none_is() {
    use crate::state::State;
    let rebuilt = || {
        let mut state = State::begin(&TestRandom::new(3));
        state.lineage = "c67ea618-ca2d-4fc5-b746-d58e31d761c4".to_owned();
        let vpc = Resource {
            type_name: "vpc".to_owned(),
            id: "vpc-1".to_owned(),
            ..Resource::default()
        };
        state.resources.insert(address("a"), vpc);
        state
    };
    let place = Place::new();
    place.store.can_rebuild().unwrap();
    assert!(!place.folder.exists());
    // Also where a first run has begun a state and made nothing.
    place.write(async |_| Ok(()));
    place.store.can_rebuild().unwrap();
    let serial = place
        .store
        .rebuild(place.store.lock(note()).unwrap(), rebuilt())
        .unwrap();
    assert_eq!(serial, 1);
    let loaded = place.store.load().unwrap();
    assert_eq!(loaded.state.lineage, rebuilt().lineage);
    assert_eq!(loaded.state.resources.len(), 1);
    assert_eq!(place.store.generations().unwrap().len(), 2);
    assert_eq!(place.store.can_rebuild().unwrap_err().code(), "E0821");
    // What is under way will be found by its token; a rebuilt state would not know it.
    let place = Place::new();
    place.killed(async |session| {
        session
            .intent(draft(&address("d"), Operation::Create, "t"))
            .await
            .map(|_| ())
    });
    let error = place
        .store
        .rebuild(place.store.lock(note()).unwrap(), rebuilt())
        .unwrap_err();
    assert_eq!(error.code(), "E0821");
    assert_eq!(place.store.load().unwrap().open.len(), 1);
}

#[test]
fn fields_that_are_not_known_are_carried_along() {
    let place = Place::used();
    let document = place
        .store
        .pull()
        .unwrap()
        .replacen("\"id\": \"vpc-1\"", "\"colour\": \"red\", \"id\": \"vpc-1\"", 1)
        .replacen("\"lineage\"", "\"weather\": [1, 2], \"lineage\"", 1)
        .replacen("\"cloud\": {", "\"cloud\": {\"moon\": true", 1);
    place
        .store
        .push(place.store.lock(note()).unwrap(), document.as_bytes())
        .unwrap();
    place.write(async |session| {
        let effect = Effect::Merge {
            address: address("a"),
            attributes: attributes(2),
        };
        session.note(vec![effect]).await
    });
    let document = place.store.pull().unwrap();
    for field in ["\"colour\": \"red\"", "\"weather\"", "\"moon\": true"] {
        assert!(document.contains(field), "{field} is lost: {document}");
    }
}

#[test]
fn a_name_cannot_lead_out_of_the_folder() {
    for name in ["", "../x", "a/b", "a.b", ".", "a b"] {
        let store = LocalStore::new(
            Arc::new(SystemFiles),
            Arc::new(TestRandom::new(1)),
            Arc::new(TestClock::default()),
            PathBuf::from("/nowhere"),
            name,
        );
        assert_eq!(store.load().unwrap_err().code(), "E0818", "{name}");
        assert_eq!(store.lock(note()).unwrap_err().code(), "E0818", "{name}");
    }
}

#[test]
fn many_locks_at_once_are_one_lock() {
    let place = Place::used();
    let mut held = 0;
    std::thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::channel();
        for _ in 0..8 {
            let (store, sender) = (&place.store, sender.clone());
            scope.spawn(move || {
                for _ in 0..50 {
                    // Sent while it is held, so that two holders would both be seen before one ends.
                    if let Ok(lock) = store.lock(note()) {
                        sender.send(1).unwrap();
                        sender.send(-1).unwrap();
                        drop(lock);
                    }
                }
            });
        }
        drop(sender);
        for change in receiver {
            held += change;
            assert!((0..=1).contains(&held), "{held} hold the lock");
        }
    });
}
