//! States of every format that was ever written, as they were written: each can be read, and becomes one of this format
//! with its first write.

use super::*;
use crate::state::migrate::FORMAT;

const STATE_1: &[u8] = include_bytes!("golden/format1.json");
const JOURNAL_1: &[u8] = include_bytes!("golden/format1.journal");
const STATE_2: &[u8] = include_bytes!("golden/format2.json");
const JOURNAL_2: &[u8] = include_bytes!("golden/format2.journal");

/// A disk that holds these files.
fn disk_with(state: &[u8], journal: Option<&[u8]>) -> MemoryDisk {
    let disk = MemoryDisk::default();
    disk.create_folder(&folder()).unwrap();
    disk.write_new(&folder().join("default.json"), state).unwrap();
    if let Some(journal) = journal {
        disk.write_new(&folder().join("default.journal"), journal)
            .unwrap();
    }
    disk
}

fn file(disk: &MemoryDisk, ending: &str) -> Option<Vec<u8>> {
    disk.files()
        .get(&folder().join(format!("default.{ending}")))
        .cloned()
}

fn format_of(bytes: &[u8]) -> u64 {
    serde_json::from_slice::<serde_json::Value>(bytes).unwrap()["format"]
        .as_u64()
        .unwrap()
}

/// A state with everything that its journal says, and what is under way, without what differs from write to write.
fn content(disk: &MemoryDisk) -> serde_json::Value {
    let store = memory_store(disk);
    let loaded = store.load().unwrap();
    let mut content: serde_json::Value = serde_json::from_str(&store.pull().unwrap()).unwrap();
    for field in ["checksum", "format", "journal", "tool", "written_at", "serial"] {
        content.as_object_mut().unwrap().remove(field);
    }
    let open = loaded.open.iter().map(|intent| {
        let members = intent.members.iter().map(|member| &member.address);
        serde_json::json!([
            intent.object,
            intent.action,
            intent.token,
            intent.resource,
            members.collect::<Vec<_>>()
        ])
    });
    content["open"] = open.collect();
    content
}

/// What a golden state must mean.
fn meaning(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

async fn learn(store: &LocalStore) -> Result<(), StateError> {
    let session = begin(store)?;
    let outputs = BTreeMap::from([("ip".to_owned(), "203.0.113.99".into())]);
    session.note(vec![Effect::Outputs { outputs }]).await?;
    session.close().map(|_| ())
}

#[test]
fn format_1_means_what_it_meant() {
    let disk = disk_with(STATE_1, Some(JOURNAL_1));
    let content = content(&disk);
    let meaning = meaning(include_str!("golden/format1.meaning.json"));
    assert_eq!(content, meaning, "{content:#}");
}

#[test]
fn format_2_means_what_it_meant() {
    let disk = disk_with(STATE_2, Some(JOURNAL_2));
    let content = content(&disk);
    let meaning = meaning(include_str!("golden/format2.meaning.json"));
    assert_eq!(content, meaning, "{content:#}");
}

#[test]
fn an_older_format_stays_until_the_first_write_and_is_then_kept_as_a_generation() {
    for journal in [None, Some(JOURNAL_1)] {
        let disk = disk_with(STATE_1, journal);
        let store = memory_store(&disk);
        let before = content(&disk);
        run(async {
            begin(&store)
                .unwrap()
                .with_state(|state| assert_eq!(state.serial, 2))
        });
        assert_eq!(
            file(&disk, "json").as_deref(),
            Some(STATE_1),
            "opening is no write"
        );
        run(learn(&store)).unwrap();
        let state = file(&disk, "json").unwrap();
        assert_eq!(format_of(&state), FORMAT);
        assert_eq!(file(&disk, "2.bak").as_deref(), Some(STATE_1));
        let mut after = content(&disk);
        assert_eq!(after["outputs"]["ip"], "203.0.113.99");
        after["outputs"] = before["outputs"].clone();
        assert_eq!(after, before);
        let restored = store.restore(store.lock(note()).unwrap(), Some(2)).unwrap();
        assert_eq!(restored.from, 2);
    }
}

#[test]
fn a_crash_at_any_operation_of_the_first_write_loses_nothing() {
    use crate::env::faults::{Fault, FaultyFiles};
    let mut points = 0;
    for fault in [
        Fault::DiesBefore,
        Fault::DiesAfter,
        Fault::Short,
        Fault::Fails(28),
    ] {
        for n in 1.. {
            let disk = disk_with(STATE_1, Some(JOURNAL_1));
            let before = content(&disk);
            let faults = Faults::at(n, fault);
            let files = FaultyFiles::new(Arc::new(disk.clone()), faults.clone());
            let ended = run(learn(&store_on(Arc::new(files), &folder(), 7)));
            if faults.count() < n {
                ended.unwrap();
                break;
            }
            points += 1;
            let mut found = content(&disk);
            found["outputs"] = before["outputs"].clone();
            assert_eq!(found, before, "{fault:?} at {n}");
            run(learn(&memory_store(&disk))).unwrap();
            let mut found = content(&disk);
            assert_eq!(found["outputs"]["ip"], "203.0.113.99");
            found["outputs"] = before["outputs"].clone();
            assert_eq!(found, before, "{fault:?} at {n}, afterwards");
            assert_eq!(file(&disk, "2.bak").as_deref(), Some(STATE_1), "{fault:?} at {n}");
        }
    }
    assert!(points > 40, "only {points} points");
}

#[test]
fn a_journal_of_a_newer_format_is_refused_with_words() {
    let mut line = Vec::new();
    crate::state::journal::line_of(
        br#"[{"begin":{"format":3,"shape":"another"}},{"news":1}]"#,
        &mut line,
    );
    let store = memory_store(&disk_with(STATE_2, Some(&line)));
    let error = store.load().unwrap_err();
    assert_eq!(error.code(), "E0805");
    assert!(error.to_string().contains("format 3"), "{error}");
}
