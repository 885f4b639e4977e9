//! What durability costs: the bytes that a whole apply writes to its disk, against what it leaves there.

use super::fate::Plan;
use super::scenarios::servers;
use super::world::World;

/// Applies that many servers; the bytes that were written, and those of the state in the end.
fn apply(number: usize) -> (u64, u64) {
    let stack = servers(number);
    let mut world = World::new(1, &stack.text(), |_| {});
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    let state = world.disk.now(&World::path(".infra/state/default.json")).unwrap();
    (ended.written, state.len() as u64)
}

#[test]
fn an_apply_writes_what_changes_and_not_what_exists() {
    let (small, _) = apply(30);
    let (large, state) = apply(300);
    let times = large as f64 / state as f64;
    let growth = (large - small) as f64 / 270.0 / (small as f64 / 30.0);
    println!(
        "figure: bytes written, 300 servers: {large}, {times:.2} times the state; a server among 300 against one among 30: {growth:.2}"
    );
    assert!(times <= 8.0, "{large} bytes for a state of {state}");
    assert!(growth <= 1.1, "{small} bytes for 30, {large} for 300");
}
