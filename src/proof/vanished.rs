//! What the state knows and nobody finds any more: making it again needs leave.

use std::time::Duration;

use super::fate::Plan;
use super::meddle::meddle;
use super::world::World;
use crate::proof::lock;

const STACK: &str =
    "[infra]\nname = \"gone\"\nregion = \"cn-hangzhou\"\n[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n";

#[test]
fn what_vanished_is_made_again_only_with_leave() {
    let mut world = World::new(7, STACK, |_| {});
    let applied = world.apply(Plan::default());
    assert_eq!(applied.code, Some(0), "{}", applied.err);
    world.wait(Duration::from_secs(120));
    // Somebody tries what comes to mind until the network is gone.
    let is_gone = |world: &World| {
        let world_json = lock(&world.site).cloud.world_json(world.now);
        !world_json.contains("\"vpc-")
    };
    let gone = (0..2000).any(|what| {
        meddle(&mut lock(&world.site), world.now, what);
        is_gone(&world)
    });
    assert!(gone);
    let refused = world.run(&["apply", "--auto-approve", "--no-input"], Plan::default());
    assert_eq!(refused.code, Some(5), "{}", refused.err);
    assert!(refused.err.contains("E0522"), "{}", refused.err);
    assert!(is_gone(&world), "it was made again without leave");
    let allowed = world.apply(Plan::default());
    assert_eq!(allowed.code, Some(0), "{}", allowed.err);
    assert!(!is_gone(&world));
}
