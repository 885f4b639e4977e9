//! What effects and intents make of a state: replacements, what is owed, what a state belongs to.

use super::*;
use crate::address::Life;
use crate::env::chance::Chance;
use crate::state::{Deposed, State, check, snapshot};
use crate::value::Value;

/// A journal in memory that is checked as a session checks it.
struct Book {
    state: State,
    ids: check::Ids,
    seq: u64,
}

impl Book {
    fn new() -> Book {
        Book {
            state: State::begin(&TestRandom::new(1)),
            ids: check::Ids::default(),
            seq: 0,
        }
    }

    fn intent(&mut self, draft: IntentDraft) -> Intent {
        self.seq += 1;
        let intent = Intent { seq: self.seq, draft };
        check::intent(&intent).unwrap();
        self.state.owe(&intent);
        intent
    }

    fn result(&mut self, intent: Option<&Intent>, effect: &Effect) -> Result<(), check::Violation> {
        check::effect(&self.state, &mut self.ids, effect, intent)?;
        self.state.apply(effect, intent);
        Ok(())
    }

    fn create(&mut self, operation: Operation, name: &str, id: &str) -> Result<(), check::Violation> {
        let intent = self.intent(draft(&address(name), operation, &format!("token-{id}")));
        self.result(Some(&intent), &made(&address(name), id))
    }

    fn entry(&self, name: &str) -> &Resource {
        &self.state.resources[&address(name)]
    }

    /// The current id, and the deposed ones.
    fn ids(&self, name: &str) -> (String, Vec<String>) {
        let entry = self
            .state
            .resources
            .get(&address(name))
            .cloned()
            .unwrap_or_default();
        (entry.id, entry.deposed.into_iter().map(|old| old.id).collect())
    }
}

fn ids(current: &str, deposed: &[&str]) -> (String, Vec<String>) {
    let deposed = deposed.iter().map(|id| (*id).to_owned()).collect();
    (current.to_owned(), deposed)
}

#[test]
fn the_result_of_a_create_deposes_its_predecessor_and_nothing_else_does() {
    let mut book = Book::new();
    book.create(Operation::Create, "a", "vpc-1").unwrap();
    book.result(None, &settle(&address("a"), 7, &["b"], Lifecycle::default()))
        .unwrap();
    // The intent alone gives nothing up: the create may be refused.
    let intent = book.intent(draft(&address("a"), Operation::Succeed, "t"));
    assert_eq!(book.ids("a"), ids("vpc-1", &[]));
    let result = Effect::Made {
        address: address("a"),
        id: "vpc-2".to_owned(),
        created_at: Some(Timestamp::from_second(1_800_000_100).unwrap()),
    };
    book.result(Some(&intent), &result).unwrap();
    assert_eq!(book.ids("a"), ids("vpc-2", &["vpc-1"]));
    let old = Deposed {
        id: "vpc-1".to_owned(),
        attributes: attributes(7),
        dependencies: BTreeSet::from([address("b")]),
        since: Some(Timestamp::from_second(1_800_000_100).unwrap()),
        ..Deposed::default()
    };
    assert_eq!(book.entry("a").deposed, [old]);
    assert_eq!(book.entry("a").attributes, attributes(1));
    // Removing names the one that is gone.
    book.result(None, &remove(&address("a"), "vpc-1")).unwrap();
    assert_eq!(book.ids("a"), ids("vpc-2", &[]));
    book.result(None, &remove(&address("a"), "vpc-2")).unwrap();
    assert!(book.state.resources.is_empty());
}

#[test]
fn a_create_that_succeeds_nobody_cannot_push_one_aside() {
    let mut book = Book::new();
    book.create(Operation::Create, "a", "vpc-1").unwrap();
    let error = book.create(Operation::Create, "a", "vpc-2").unwrap_err();
    assert!(matches!(error, check::Violation::Forgets { .. }), "{error}");
    assert_eq!(book.ids("a"), ids("vpc-1", &[]));
}

#[test]
fn one_that_is_removed_while_older_ones_are_left_leaves_nothing_of_itself() {
    let mut book = Book::new();
    book.create(Operation::Create, "a", "vpc-1").unwrap();
    book.create(Operation::Succeed, "a", "vpc-2").unwrap();
    book.result(None, &remove(&address("a"), "vpc-2")).unwrap();
    assert_eq!(book.ids("a"), ids("", &["vpc-1"]));
    let entry = book.entry("a");
    assert!(entry.attributes.is_empty() && entry.token.is_none(), "{entry:?}");
    // The address is free again, and an id that is gone may come back as a new one's.
    book.create(Operation::Create, "a", "vpc-3").unwrap();
    assert_eq!(book.ids("a"), ids("vpc-3", &["vpc-1"]));
}

#[test]
fn what_is_forgotten_young_is_remembered_until_it_must_show() {
    let mut book = Book::new();
    let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
    let make = |book: &mut Book, name: &str, id: &str, second: i64| {
        let intent = book.intent(draft(&address(name), Operation::Succeed, id));
        let made = Effect::Made {
            address: address(name),
            id: id.to_owned(),
            created_at: Some(at(second)),
        };
        book.result(Some(&intent), &made).unwrap();
    };
    let forget = |book: &mut Book, name: &str, id: &str| {
        let forget = Effect::Forget {
            address: address(name),
            id: id.to_owned(),
        };
        book.result(None, &forget).unwrap();
    };
    let forgotten = |book: &Book| -> Vec<(String, Timestamp)> {
        let all = book.state.forgotten.iter();
        all.map(|(id, one)| (id.clone(), one.created_at)).collect()
    };
    make(&mut book, "a", "vpc-1", 10);
    make(&mut book, "b", "vpc-2", 20);
    forget(&mut book, "a", "vpc-1");
    forget(&mut book, "b", "vpc-2");
    assert!(book.state.resources.is_empty());
    let both = [("vpc-1".to_owned(), at(10)), ("vpc-2".to_owned(), at(20))];
    assert_eq!(forgotten(&book), both);
    let (bytes, _) = snapshot::encode(&book.state, None, at(30)).unwrap();
    let (read, _) = snapshot::decode(&bytes, snapshot::Trust::Checksum).unwrap();
    assert_eq!(read.state, book.state);
    // What is known again is not forgotten, and an hour later a list needs no help.
    make(&mut book, "a", "vpc-2", 40);
    assert_eq!(forgotten(&book), both[..1]);
    make(&mut book, "b", "vpc-3", 4000);
    forget(&mut book, "b", "vpc-3");
    assert_eq!(forgotten(&book), [("vpc-3".to_owned(), at(4000))]);
    // What is only removed is gone.
    make(&mut book, "b", "vpc-4", 4010);
    book.result(None, &remove(&address("b"), "vpc-4")).unwrap();
    assert_eq!(forgotten(&book), [("vpc-3".to_owned(), at(4000))]);
    // Another document of the same state.
    let mut other = book.state.clone();
    other.forgotten.clear();
    other.resources.clear();
    make(&mut book, "c", "vpc-5", 4020);
    other.lose_sight_of(&book.state);
    let all: Vec<&String> = other.forgotten.keys().collect();
    assert_eq!(all, ["vpc-3", "vpc-5"]);
}

#[test]
fn a_reverted_file_brings_the_old_one_back() {
    let mut book = Book::new();
    book.create(Operation::Create, "a", "vpc-1").unwrap();
    book.result(None, &settle(&address("a"), 7, &["b"], Lifecycle::default()))
        .unwrap();
    book.create(Operation::Succeed, "a", "vpc-2").unwrap();
    let restore = Effect::Restore {
        address: address("a"),
        id: "vpc-1".to_owned(),
    };
    book.result(None, &restore).unwrap();
    assert_eq!(book.ids("a"), ids("vpc-1", &["vpc-2"]));
    assert_eq!(book.entry("a").attributes, attributes(7));
    assert_eq!(book.entry("a").dependencies, BTreeSet::from([address("b")]));
    // Where nothing is current, nothing becomes deposed.
    book.result(None, &remove(&address("a"), "vpc-1")).unwrap();
    let restore = Effect::Restore {
        address: address("a"),
        id: "vpc-2".to_owned(),
    };
    book.result(None, &restore).unwrap();
    assert_eq!(book.ids("a"), ids("vpc-2", &[]));
}

#[test]
fn what_is_called_by_what_it_is_gets_another_id_that_nobody_has() {
    let called = |id: &str| Effect::Called {
        address: address("a"),
        id: id.to_owned(),
    };
    let mut book = Book::new();
    assert!(book.result(None, &called("vpc-1")).is_err(), "nothing is there");
    book.create(Operation::Create, "a", "vpc-1").unwrap();
    book.create(Operation::Create, "b", "vpc-2").unwrap();
    assert!(book.result(None, &called("vpc-2")).is_err(), "it is another's");
    book.result(None, &called("vpc-3")).unwrap();
    assert_eq!(book.ids("a"), ids("vpc-3", &[]));
    // The first one is free again.
    book.create(Operation::Create, "c", "vpc-1").unwrap();
}

#[test]
fn what_was_begun_is_owed_until_it_is_known_to_be_done() {
    let owes = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, step)| ((*name).to_owned(), (*step).to_owned()))
            .collect()
    };
    let mut book = Book::new();
    book.create(Operation::Create, "a", "vpc-1").unwrap();
    let mut change = draft(&address("a"), Operation::Update, "t");
    change.owes = owes(&[("size", "resize"), ("name", "rename")]);
    book.intent(change);
    assert_eq!(
        book.entry("a").unsettled,
        owes(&[("size", "resize"), ("name", "rename")])
    );
    let merge = Effect::Merge {
        address: address("a"),
        attributes: Attributes::from([("size".to_owned(), Value::from(2))]),
    };
    book.result(None, &merge).unwrap();
    assert_eq!(book.entry("a").unsettled, owes(&[("name", "rename")]));
    // A successor starts clean, with what its own create owes; the old one keeps its debts.
    let mut create = draft(&address("a"), Operation::Succeed, "t2");
    create.owes = owes(&[("ignored", "it belongs into the entry")]);
    create.resource.as_mut().unwrap().unsettled = owes(&[("status", "start")]);
    let intent = book.intent(create);
    assert_eq!(
        book.entry("a").unsettled,
        owes(&[("name", "rename")]),
        "of the current one"
    );
    book.result(Some(&intent), &made(&address("a"), "vpc-2")).unwrap();
    assert_eq!(book.entry("a").unsettled, owes(&[("status", "start")]));
    assert_eq!(book.entry("a").deposed[0].unsettled, owes(&[("name", "rename")]));
    // Steps of the new one and of the old one owe to their own.
    for (life, name) in [(Life::Next, "new"), (Life::Old("vpc-1".to_owned()), "old")] {
        let mut step = draft(&address("a"), Operation::Update, "t3");
        step.object.life = life;
        step.owes = owes(&[(name, "step")]);
        book.intent(step);
    }
    assert_eq!(
        book.entry("a").unsettled,
        owes(&[("status", "start"), ("new", "step")])
    );
    assert_eq!(
        book.entry("a").deposed[0].unsettled,
        owes(&[("name", "rename"), ("old", "step")])
    );
    // The last word on a change takes away all that it does not name.
    book.result(None, &settle(&address("a"), 3, &[], Lifecycle::default()))
        .unwrap();
    assert_eq!(book.entry("a").unsettled, BTreeMap::new());
}

#[test]
fn what_is_owed_outlives_the_process_with_and_without_a_checkpoint() {
    for ends in [false, true] {
        let store = memory_store(&MemoryDisk::default());
        let owed = BTreeMap::from([("size".to_owned(), "resize".to_owned())]);
        run(async {
            let session = begin(&store).unwrap();
            create(&session, &address("a"), "vpc-1").await.unwrap();
            let seq = session
                .intent(draft(&address("a"), Operation::Update, "t"))
                .await
                .unwrap();
            session.failed(seq, "OperationDenied", true).await.unwrap();
            if ends {
                session.close().unwrap();
            }
        });
        assert_eq!(
            store.load().unwrap().state.resources[&address("a")].unsettled,
            owed,
            "{ends}"
        );
    }
}

#[test]
fn an_intent_that_is_carried_along_owes_only_once() {
    let store = memory_store(&MemoryDisk::default());
    run(async {
        let session = begin(&store).unwrap();
        create(&session, &address("a"), "vpc-1").await.unwrap();
        session
            .intent(draft(&address("a"), Operation::Update, "t"))
            .await
            .unwrap();
        // Looking has shown the size, while the intent is still open.
        session
            .note(vec![settle(&address("a"), 2, &[], Lifecycle::default())])
            .await
            .unwrap();
        session.close().unwrap();
    });
    for _ in 0..2 {
        let loaded = store.load().unwrap();
        assert_eq!(loaded.open.len(), 1);
        assert_eq!(loaded.state.resources[&address("a")].unsettled, BTreeMap::new());
        let serial = run(async { begin(&store).unwrap().close().unwrap() });
        assert_eq!(serial, 1, "it changes nothing");
    }
}

#[test]
fn imported_ones_are_protected_until_the_file_has_said_something() {
    let mut book = Book::new();
    book.create(Operation::Create, "a", "vpc-1").unwrap();
    assert!(!book.entry("a").is_protected());
    let settled = |imported, prevent_destroy| Effect::Settle {
        address: address("a"),
        attributes: attributes(1),
        dependencies: BTreeSet::new(),
        lifecycle: Lifecycle {
            prevent_destroy,
            ..Lifecycle::default()
        },
        imported,
        unsettled: BTreeMap::new(),
    };
    for (imported, prevent_destroy, is_protected) in [
        (Some(true), None, true),
        (None, Some(false), false),
        (None, None, true),
        (Some(false), None, false),
        (None, Some(true), true),
    ] {
        book.result(None, &settled(imported, prevent_destroy)).unwrap();
        assert_eq!(book.entry("a").is_protected(), is_protected);
    }
}

#[test]
fn a_state_learns_what_it_belongs_to_and_forgets_none_of_it() {
    let cloud = |account_id: Option<&str>, project: Option<&str>| Effect::Cloud {
        endpoint_kind: "alibaba_cloud".to_owned(),
        account_id: account_id.map(str::to_owned),
        region: "cn-hangzhou".to_owned(),
        project: project.map(str::to_owned),
        environment: project.map(|_| "prod".to_owned()),
    };
    let store = memory_store(&MemoryDisk::default());
    let image = Address::new("image", "ubuntu");
    let chosen = |value: Option<&str>| Effect::Data {
        address: image.clone(),
        value: value.map(Value::from),
    };
    run(async {
        let session = begin(&store).unwrap();
        let lineage = "c67ea618-ca2d-4fc5-b746-d58e31d761c4".to_owned();
        let effects = vec![
            cloud(Some("1234"), Some("shop")),
            cloud(None, None),
            Effect::Beside { lineage },
            chosen(Some("ubuntu_22_04")),
            chosen(Some("ubuntu_24_04")),
        ];
        session.note(effects).await.unwrap();
        session.close().unwrap();
    });
    let state = store.load().unwrap().state;
    assert_eq!(state.cloud.account_id.as_deref(), Some("1234"));
    assert_eq!(
        (state.project.as_deref(), state.environment.as_deref()),
        (Some("shop"), Some("prod"))
    );
    assert_eq!(state.beside.len(), 1);
    assert_eq!(state.data[&image], Value::from("ubuntu_24_04"));
    run(async {
        let session = begin(&store).unwrap();
        session.note(vec![chosen(None)]).await.unwrap();
        session.close().unwrap();
    });
    assert!(store.load().unwrap().state.data.is_empty());
}

/// One of the effects that a run could write, sensible or not.
fn any_effect(chance: &mut Chance) -> Effect {
    let name = |chance: &mut Chance| address(["a", "b", "c"][chance.index(3)]);
    let id = |chance: &mut Chance| format!("vpc-{}", chance.index(6));
    let at = name(chance);
    match chance.index(9) {
        0 => Effect::Put {
            resource: Box::new(Resource {
                type_name: "vpc".to_owned(),
                id: id(chance),
                dependencies: BTreeSet::from([name(chance)]),
                ..Resource::default()
            }),
            address: at,
        },
        1 => made(&at, &id(chance)),
        2 => settle(&at, 1, &[["a", "b", "c"][chance.index(3)]], Lifecycle::default()),
        3 => remove(&at, &id(chance)),
        4 => Effect::Restore {
            address: at,
            id: id(chance),
        },
        5 => Effect::Move {
            from: at,
            to: name(chance),
        },
        6 => Effect::Forget {
            address: at,
            id: id(chance),
        },
        7 => Effect::Called {
            address: at,
            id: id(chance),
        },
        _ => Effect::Merge {
            address: at,
            attributes: attributes(2),
        },
    }
}

/// The second opinion and the changes agree: what is let through step by step is sound as a whole, no id is ever lost
/// but by a removal, and nothing panics even if it is not let through.
#[test]
fn what_is_let_through_keeps_every_id_in_one_place() {
    for seed in 0..2_000 {
        let chance = &mut Chance::new(seed);
        let mut book = Book::new();
        for _ in 0..12 {
            let effect = any_effect(chance);
            let intent = match &effect {
                Effect::Made { address, .. } => {
                    let operation = [Operation::Create, Operation::Succeed][chance.index(2)];
                    Some(book.intent(draft(address, operation, "t")))
                }
                _ => None,
            };
            let all = |state: &State| -> BTreeSet<String> {
                state
                    .resources
                    .values()
                    .flat_map(|entry| entry.ids().map(str::to_owned).collect::<Vec<_>>())
                    .collect()
            };
            let before = all(&book.state);
            let known = book.state.resources.clone();
            let mut unchecked = book.state.clone();
            unchecked.apply(&effect, intent.as_ref());
            if book.result(intent.as_ref(), &effect).is_err() {
                break;
            }
            assert_eq!(book.state, unchecked);
            check::state(&book.state).unwrap_or_else(|error| panic!("seed {seed}, {effect:?}: {error}"));
            let after = all(&book.state);
            let lost: Vec<&String> = before.difference(&after).collect();
            match &effect {
                Effect::Called { address, .. } => {
                    let own = known.get(address).map(|known| &known.id);
                    assert!(lost.iter().all(|lost| Some(*lost) == own), "seed {seed}");
                }
                Effect::Remove { id, .. } | Effect::Forget { id, .. } => {
                    assert!(lost.iter().all(|lost| *lost == id), "seed {seed}")
                }
                _ => assert!(lost.is_empty(), "seed {seed}: {effect:?} loses {lost:?}"),
            }
        }
    }
}
