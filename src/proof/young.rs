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

/// The oldest generation that is kept becomes the state.
fn restore_oldest(world: &mut World) {
    let out = goes(world, &["state", "restore", "--list"]);
    let serials = out
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.parse().ok());
    let oldest: u64 = serials.min().unwrap();
    goes(world, &["state", "restore", &oldest.to_string()]);
}

/// The state without this address, as somebody edits it.
fn push_without(world: &mut World, address: &str) {
    let pulled = goes(world, &["state", "pull"]);
    let mut document: serde_json::Value = serde_json::from_str(&pulled).unwrap();
    document["resources"].as_object_mut().unwrap().remove(address);
    world.disk.put(&World::path("edited.json"), &document.to_string());
    goes(world, &["state", "push", "edited.json"]);
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
        ("an older generation", restore_oldest),
        ("an edited document", |world| {
            push_without(world, "security_group.front")
        }),
        ("an edited document, then state rm of another", |world| {
            push_without(world, "security_group.front");
            goes(world, &["state", "rm", "security_group.web"]);
        }),
        ("a damaged state, and an older generation", |world| {
            world.disk.put(&world.state_file("json"), "{}");
            restore_oldest(world);
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

/// Whatever time somebody writes into a state: nobody waits for longer than for what is made this moment.
#[test]
fn a_time_that_nobody_can_wait_for_is_not_waited_for() {
    for forgotten in [false, true] {
        let mut world = World::new(1, &format!("{STACK}{GROUP}"), |_| {});
        goes(&mut world, &[&["apply"], ANY].concat());
        let pulled = goes(&mut world, &["state", "pull"]);
        let mut document: serde_json::Value = serde_json::from_str(&pulled).unwrap();
        let front = &mut document["resources"]["security_group.front"];
        front["id"] = "sg-gone".into();
        front["created_at"] = "9999-01-01T00:00:00Z".into();
        world.disk.put(&World::path("edited.json"), &document.to_string());
        goes(&mut world, &["state", "push", "edited.json"]);
        if forgotten {
            goes(&mut world, &["state", "rm", "security_group.front"]);
        }
        let planned = world.run(&["plan"], Plan::default());
        assert_eq!(planned.code, Some(0), "{}\n{}", planned.out, planned.err);
        assert!(planned.elapsed < Duration::from_secs(70), "{:?}", planned.elapsed);
    }
}

/// All of a stack, of whatever type, forgotten before anything of it shows: all is taken back.
#[test]
fn a_whole_stack_that_is_forgotten_before_it_shows_is_taken_back() {
    for example in [
        "key-and-disks",
        "load-balanced",
        "nat-private",
        "spot-worker",
        "web-tier",
    ] {
        let mut world = World::new(5, "", |options| options.read_lag = Duration::from_secs(55));
        super::examples::put(&world, example);
        goes(&mut world, &[&["apply"], ANY].concat());
        let before = rows(&world);
        let listed = goes(&mut world, &["state", "list"]);
        for line in listed.lines().filter(|line| !line.is_empty()) {
            goes(
                &mut world,
                &["state", "rm", line.split_whitespace().next().unwrap()],
            );
        }
        let said = goes(&mut world, &[&["apply"], ANY].concat());
        assert_eq!(before, rows(&world), "{example}: {said}");
        let planned = world.run(&["plan", "--detailed-exitcode"], Plan::default());
        assert_eq!(
            planned.code,
            Some(0),
            "{example}: {}\n{}",
            planned.out,
            planned.err
        );
    }
}

/// The ids of everything that there is.
fn rows(world: &World) -> std::collections::BTreeSet<String> {
    let inventory = world.inventory();
    let tables = inventory.as_object().unwrap().iter();
    let tables = tables.filter(|(name, _)| !["token", "task"].contains(&name.as_str()));
    let rows = tables.flat_map(|(name, rows)| {
        let rows = rows.as_array().into_iter().flatten();
        rows.filter_map(move |row| Some(format!("{name} {}", row["id"].as_str()?)))
    });
    rows.collect()
}
