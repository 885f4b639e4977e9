//! A plan that is kept in a file: no bit of it may be another one.

use super::fate::Plan;
use super::scenarios::servers;
use super::world::World;
use crate::saved::ReadPlan;

#[test]
fn every_bit_of_a_plan_that_was_kept_counts() {
    let stack = servers(1);
    let mut world = World::new(1, &stack.text(), |_| {});
    let planned = world.run(&["plan", "-o", "p.plan"], Plan::default());
    assert_eq!(planned.code, Some(0), "{}\n{}", planned.out, planned.err);
    let path = World::path("p.plan");
    let sound = world.disk.now(&path).unwrap();
    assert!(ReadPlan::of(&sound).is_ok());
    let bits = sound.len() * 8;
    for bit in 0..bits {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(ReadPlan::of(&flipped).is_err(), "bit {bit}");
    }
    // Some of them as somebody would meet them: nothing is sent, and the exit code says that the file is damaged.
    for bit in (0..bits).step_by(bits / 100) {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        world.disk.put_bytes(&path, &flipped);
        let applied = world.run(&["apply", "p.plan"], Plan::default());
        assert_eq!(
            (applied.code, applied.sent),
            (Some(1), 0),
            "bit {bit}: {}",
            applied.err
        );
        assert!(applied.err.contains("E0534"), "bit {bit}: {}", applied.err);
    }
    println!(
        "figure: bits of a plan of {} bytes: all {bits} tried",
        sound.len()
    );
    world.disk.put_bytes(&path, &sound);
    assert_eq!(world.run(&["apply", "p.plan"], Plan::default()).code, Some(0));
}
