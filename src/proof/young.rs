//! What was made a moment ago and does not show yet: a look waits for it, and says so while it waits.

use std::time::Duration;

use super::fate::Plan;
use super::world::World;

const STACK: &str = "[infra]\nname = \"young\"\nregion = \"cn-hangzhou\"\n\
    [vpc.main]\ncidr_block = \"10.0.0.0/16\"\n\
    [security_group.web]\nvpc_id = \"${vpc.main.id}\"\n";

#[test]
fn a_plan_that_waits_says_so() {
    let mut world = World::new(7, STACK, |options| options.read_lag = Duration::from_secs(20));
    let applied = world.apply(Plan::default());
    assert_eq!(applied.code, Some(0), "{}", applied.err);
    let planned = world.run(&["plan", "--detailed-exitcode"], Plan::default());
    assert_eq!(planned.code, Some(0), "{}\n{}", planned.out, planned.err);
    assert!(planned.err.contains("was made a moment ago"), "{}", planned.err);
    assert!(planned.err.contains("looking again in"), "{}", planned.err);
    assert!(planned.elapsed > Duration::from_secs(1), "{:?}", planned.elapsed);
}
