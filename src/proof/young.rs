//! What was made a moment ago and does not show yet: a look waits for it, and says so while it waits.

use std::time::Duration;

use super::fate::Plan;
use super::world::World;

const STACK: &str = "[infra]\nname = \"young\"\nregion = \"cn-hangzhou\"\n\
    [vpc.main]\ncidr_block = \"10.0.0.0/16\"\n\
    [security_group.web]\nvpc_id = \"${vpc.main.id}\"\n";

fn server(more: &str) -> String {
    format!(
        "{STACK}[vswitch.a]\nvpc_id = \"${{vpc.main.id}}\"\nzone_id = \"cn-hangzhou-h\"\ncidr_block = \"10.0.1.0/24\"\n\
         [instance.web]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${{vswitch.a.id}}\"\nsecurity_group_ids = [\"${{security_group.web.id}}\"]\n{more}"
    )
}

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

/// The disks of a server show later than it does: none is made a second time.
#[test]
fn a_data_disk_that_does_not_show_yet_is_not_made_again() {
    let stack = server("data_disks = [{ name = \"data\", size = 30 }, { name = \"more\", size = 40 }]\n");
    for seed in 1..=3 {
        let mut world = World::new(seed, &stack, |options| options.read_lag = Duration::from_secs(50));
        let applied = world.apply(Plan::default());
        assert_eq!(applied.code, Some(0), "{}", applied.err);
        let planned = world.run(&["plan", "--detailed-exitcode"], Plan::default());
        assert_eq!(planned.code, Some(0), "{seed}: {}\n{}", planned.out, planned.err);
        world.configure(&stack.replace("size = 40 }", "size = 40 }, { name = \"third\", size = 50 }"));
        let applied = world.apply(Plan::default());
        assert_eq!(applied.code, Some(0), "{}", applied.err);
        let planned = world.run(&["plan", "--detailed-exitcode"], Plan::default());
        assert_eq!(planned.code, Some(0), "{seed}: {}\n{}", planned.out, planned.err);
    }
}

/// Behind the window of its create it is looked for among the disks, not among the servers.
#[test]
fn a_data_disk_of_whose_create_nobody_hears_is_made_once() {
    let with = |disks: &str| server(&format!("data_disks = [{disks}]\n"));
    let mut world = World::new(3, &with(""), |_| {});
    let applied = world.apply(Plan::default());
    assert_eq!(applied.code, Some(0), "{}", applied.err);
    world.configure(&with("{ name = \"data\", size = 30 }"));
    world.weather.dark = 700_000;
    let applied = world.apply(Plan::default());
    world.weather.dark = 0;
    let again = world.apply(Plan::default());
    assert_eq!(
        again.code,
        Some(0),
        "{}\n{}\n{}",
        applied.err,
        again.out,
        again.err
    );
    let inventory = world.inventory();
    let disks = inventory["disk"].as_array().unwrap().iter();
    let data: Vec<_> = disks.filter(|disk| disk["system"] == false).collect();
    assert_eq!(data.len(), 1, "{data:#?}\n{}", applied.err);
}

const GROUP: &str = "[security_group.front]\nvpc_id = \"${vpc.main.id}\"\nname = \"front\"\n";
const ANY: &[&str] = &["--auto-approve", "--allow-destroy", "--no-input"];

/// How many there are of each type of the stack.
fn standing(world: &World) -> [usize; 2] {
    let inventory = world.inventory();
    ["vpc", "security_group"].map(|table| inventory[table].as_array().map_or(0, Vec::len))
}

/// A line that ends well.
fn goes(world: &mut World, line: &[&str]) -> String {
    let ended = world.run(line, Plan::default());
    assert!(
        matches!(ended.code, Some(0)),
        "{line:?}: {}\n{}",
        ended.out,
        ended.err
    );
    ended.out
}

/// Whatever makes a state forget what was made a moment ago: it is taken back and not made a second time, though no list
/// shows it yet.
#[test]
fn what_is_forgotten_before_it_shows_is_not_made_again() {
    type Forget = fn(&mut World);
    let apply = |world: &mut World| goes(world, &[&["apply"], ANY].concat());
    let ways: &[(&str, Forget)] = &[
        ("state rm", |world| {
            goes(world, &["state", "rm", "security_group.front"]);
        }),
        ("state rm of one that was made for another", |world| {
            goes(
                world,
                &[&["apply", "--replace", "security_group.front"], ANY].concat(),
            );
            goes(world, &["state", "rm", "security_group.front"]);
        }),
        ("[[removed]], and its block again", |world| {
            world.configure(&format!(
                "{STACK}[[removed]]\nfrom = \"security_group.front\"\ndestroy = false\n"
            ));
            goes(world, &[&["apply"], ANY].concat());
            world.configure(&format!("{STACK}{GROUP}"));
        }),
        ("an older generation", |world| {
            let out = goes(world, &["state", "restore", "--list"]);
            let serials: Vec<u64> = out
                .lines()
                .filter_map(|line| line.split_whitespace().next()?.parse().ok())
                .collect();
            let oldest = serials.iter().min().unwrap().to_string();
            goes(world, &["state", "restore", &oldest]);
        }),
        ("an edited document", |world| {
            let pulled = goes(world, &["state", "pull"]);
            let mut document: serde_json::Value = serde_json::from_str(&pulled).unwrap();
            document["resources"]
                .as_object_mut()
                .unwrap()
                .remove("security_group.front");
            world.disk.put(&World::path("edited.json"), &document.to_string());
            goes(world, &["state", "push", "edited.json"]);
        }),
        ("an older generation, then state rm of another", |world| {
            let pulled = goes(world, &["state", "pull"]);
            let mut document: serde_json::Value = serde_json::from_str(&pulled).unwrap();
            document["resources"]
                .as_object_mut()
                .unwrap()
                .remove("security_group.front");
            world.disk.put(&World::path("edited.json"), &document.to_string());
            goes(world, &["state", "push", "edited.json"]);
            goes(world, &["state", "rm", "security_group.web"]);
        }),
    ];
    for (way, forget) in ways {
        for seed in 1..=3 {
            let mut world = World::new(seed, STACK, |options| {
                options.read_lag = Duration::from_secs(20 * seed);
            });
            world.skew = 3_000_000;
            apply(&mut world);
            world.configure(&format!("{STACK}{GROUP}"));
            apply(&mut world);
            let before = standing(&world);
            forget(&mut world);
            let said = apply(&mut world);
            assert_eq!(before, [1, 2], "{way}, {seed}");
            assert_eq!(before, standing(&world), "{way}, {seed}: {said}");
            let planned = world.run(&["plan", "--detailed-exitcode"], Plan::default());
            assert_eq!(
                planned.code,
                Some(0),
                "{way}, {seed}: {}\n{}",
                planned.out,
                planned.err
            );
        }
    }
}
