//! Bytes that nobody wrote on purpose: no panic, and nothing is taken for what it is not.
//!
//! `INFRA_FUZZ_CASES` sets how many cases each test tries.

use super::super::State;
use super::super::check::Ids;
use super::super::journal::{self, Journal, Open, Record};
use super::super::snapshot::{self, Trust};
use super::*;
use crate::env::chance::{Chance, fuzz_cases};

fn cases() -> u64 {
    fuzz_cases(2_000)
}

/// A state and a journal of usual content.
fn samples() -> (Vec<u8>, Vec<u8>) {
    let disk = MemoryDisk::default();
    let store = memory_store(&disk);
    let journal = run(async {
        let session = begin(&store).unwrap();
        for index in 0..3 {
            create(&session, &copy(index), &format!("vpc-{index}"))
                .await
                .unwrap();
        }
        session
            .intent(draft(&address("open"), Operation::Create, "t"))
            .await
            .unwrap();
        disk.files()[&folder().join("default.journal")].clone()
    });
    run(async { begin(&store).unwrap().close().unwrap() });
    (disk.files()[&folder().join("default.json")].clone(), journal)
}

#[test]
fn changed_states_are_refused() {
    let (state, _) = samples();
    let chance = &mut Chance::new(21);
    for case in 0..cases() {
        let mut bytes = state.clone();
        chance.damage(&mut bytes);
        let result = snapshot::decode(&bytes, Trust::Checksum);
        assert!(result.is_err() || bytes == state, "case {case} was accepted");
        // As a document that somebody edited it may be anything, but it must not panic.
        if let Ok((pushed, _)) = snapshot::decode(&bytes, Trust::Edited) {
            let at = Timestamp::from_second(0).unwrap();
            let (again, _) = snapshot::encode(&pushed.state, None, at).unwrap();
            let (read, _) = snapshot::decode(&again, Trust::Checksum).unwrap();
            assert_eq!(
                read.state, pushed.state,
                "case {case} does not survive being written"
            );
        }
    }
    println!("figure: fuzz: changed states: {} cases", cases());
}

#[test]
fn changed_journals_are_refused_or_cut_to_whole_records() {
    let (_, bytes_before) = samples();
    let before = journal::decode(&bytes_before).unwrap();
    let chance = &mut Chance::new(22);
    let mut accepted = 0;
    for case in 0..cases() {
        let mut bytes = bytes_before.clone();
        chance.damage(&mut bytes);
        let salvaged = journal::salvage(&bytes);
        assert!(
            is_prefix(&salvaged, &before) || has_copied_lines(&salvaged, &before),
            "case {case}"
        );
        let Ok(read) = journal::decode(&bytes) else {
            continue;
        };
        accepted += 1;
        assert!(
            is_prefix(&read, &before) || has_copied_lines(&read, &before),
            "case {case} made up a record: {read:?}"
        );
        follow(&read);
    }
    assert!(accepted > 0, "cuts at the end are accepted");
    println!("figure: fuzz: changed journals: {} cases", cases());
}

#[test]
fn random_bytes_are_neither_state_nor_journal() {
    let chance = &mut Chance::new(23);
    for _ in 0..cases() {
        let mut bytes = vec![0; chance.index(400)];
        bytes.fill_with(|| chance.next().to_le_bytes()[0]);
        assert!(snapshot::decode(&bytes, Trust::Checksum).is_err());
        let _ = snapshot::decode(&bytes, Trust::Edited);
        let read = journal::decode(&bytes).unwrap_or_default();
        assert!(read.records.is_empty());
        assert!(journal::salvage(&bytes).records.is_empty());
    }
    println!(
        "figure: fuzz: random bytes as state and journal: {} cases",
        cases()
    );
}

#[test]
fn whole_lines_with_any_json_in_them_do_not_panic() {
    let chance = &mut Chance::new(24);
    let (_, bytes) = samples();
    let lines: Vec<&[u8]> = bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .collect();
    for _ in 0..cases() {
        let mut all = Vec::new();
        for line in &lines {
            // The checksum is right and the content is not, as a mistake of ours would leave it.
            let mut json = line[9..].to_vec();
            if chance.below(3) == 0 {
                chance.damage(&mut json);
                json.retain(|&byte| byte != b'\n');
            }
            journal::line_of(&json, &mut all);
        }
        if let Ok(read) = journal::decode(&all) {
            follow(&read);
        }
    }
    println!("figure: fuzz: journals with right checksums: {} cases", cases());
}

/// Replays a journal on an empty state; it may be refused, and must not panic.
fn follow(journal: &Journal) {
    let mut state = State::begin(&TestRandom::new(1));
    let (mut ids, mut open) = (Ids::default(), Open::default());
    for record in &journal.records {
        if open.follow(record, &mut state, &mut ids).is_err() {
            return;
        }
    }
    super::super::check::state(&state).expect("what was checked step by step is sound as a whole");
}

fn is_prefix(read: &Journal, before: &Journal) -> bool {
    before.records.starts_with(&read.records)
}

/// A repeated or a missing whole line has right checksums; its records are still ones that were written, and
/// their numbers tell.
fn has_copied_lines(read: &Journal, before: &Journal) -> bool {
    let known = |record: &Record| before.records.contains(record);
    read.records.iter().all(known)
}
