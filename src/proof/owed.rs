//! What a run that was interrupted still owes: a step that no look can show as missing is done by the next run.

use super::disk::Leaves;
use super::fate::{Instant, Plan};
use super::lock;
use super::scenarios::{Stack, network, server};
use super::world::World;

/// A name takes effect with a reboot. Wherever the run between the two ends, the server is rebooted once it has the
/// name, although the name alone is what a look shows.
#[test]
fn a_reboot_that_was_not_reached_is_made_by_the_next_run() {
    let named = |name: &str| {
        let mut web = server("a", "ecs.g7.large", "Running");
        web.text.push_str(&format!("host_name = \"{name}\"\n"));
        let mut pieces = network();
        pieces.push(web);
        Stack {
            pieces,
            ..Stack::default()
        }
    };
    let mut between = 0;
    for at in 1.. {
        let mut world = World::new(at, &named("old").text(), |_| {});
        assert_eq!(world.apply(Plan::default()).code, Some(0));
        world.wait(std::time::Duration::from_secs(3600));
        world.configure(&named("new").text());
        lock(&world.site).log.words = Some(Vec::new());
        let sent = |world: &World, action: &str| {
            let words = &lock(&world.site).log.words;
            let all = words.iter().flatten();
            all.filter(|line| line.contains(&format!(" {action} "))).count()
        };
        let killed = world.apply(Plan {
            kill: Some(Instant::AfterRequest(at)),
            ..Plan::default()
        });
        if killed.code.is_some() {
            break;
        }
        world.crash(Leaves::Everything);
        let is_between = sent(&world, "ModifyInstanceAttribute") > 0 && sent(&world, "RebootInstance") == 0;
        between += usize::from(is_between);
        world.wait(std::time::Duration::from_secs(3600));
        let ended = world.apply(Plan::default());
        assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
        assert!(
            sent(&world, "RebootInstance") > 0,
            "killed after request {at}: never rebooted\n{}",
            ended.out
        );
        super::oracle::check(&mut world, &named("new")).unwrap();
    }
    assert!(between > 0, "no run ended between the two");
}
