//! Bytes that nobody wrote on purpose: no panic, and nothing is taken for what it is not.
//!
//! `INFRA_FUZZ_CASES` sets how many cases each test tries.

use super::super::State;
use super::super::check::Ids;
use super::super::journal::{self, Journal, Open, Record};
use super::super::snapshot::{self, Trust};
use super::*;

fn cases() -> u64 {
    std::env::var("INFRA_FUZZ_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(2_000)
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

/// Changes bytes in one of the ways in which files go wrong.
fn mutate(random: &TestRandom, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(3) {
        if bytes.is_empty() {
            return;
        }
        let (at, other) = (random.below(bytes.len()), random.below(bytes.len()));
        let (low, high) = (at.min(other), at.max(other));
        match random.below(8) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next().to_le_bytes()[0],
            2 => bytes.truncate(at),
            3 => bytes.drain(low..high).for_each(drop),
            4 => bytes[low..high].fill(0),
            5 => {
                let copied = bytes[low..high.min(low + 600)].to_vec();
                bytes.splice(at..at, copied).for_each(drop);
            }
            6 => bytes.swap(at, other),
            _ => bytes.insert(at, b"{}[]\",:0\n\\"[random.below(10)]),
        }
    }
}

#[test]
fn changed_states_are_refused() {
    let (state, _) = samples();
    let random = TestRandom::new(21);
    for case in 0..cases() {
        let mut bytes = state.clone();
        mutate(&random, &mut bytes);
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
}

#[test]
fn changed_journals_are_refused_or_cut_to_whole_records() {
    let (_, bytes_before) = samples();
    let before = journal::decode(&bytes_before).unwrap();
    let random = TestRandom::new(22);
    let mut accepted = 0;
    for case in 0..cases() {
        let mut bytes = bytes_before.clone();
        mutate(&random, &mut bytes);
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
}

#[test]
fn random_bytes_are_neither_state_nor_journal() {
    let random = TestRandom::new(23);
    for _ in 0..cases() {
        let mut bytes = vec![0; random.below(400)];
        random.fill(&mut bytes);
        assert!(snapshot::decode(&bytes, Trust::Checksum).is_err());
        let _ = snapshot::decode(&bytes, Trust::Edited);
        let read = journal::decode(&bytes).unwrap_or_default();
        assert!(read.records.is_empty());
        assert!(journal::salvage(&bytes).records.is_empty());
    }
}

#[test]
fn whole_lines_with_any_json_in_them_do_not_panic() {
    let random = TestRandom::new(24);
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
            if random.below(3) == 0 {
                mutate(&random, &mut json);
                json.retain(|&byte| byte != b'\n');
            }
            journal::line_of(&json, &mut all);
        }
        if let Ok(read) = journal::decode(&all) {
            follow(&read);
        }
    }
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
