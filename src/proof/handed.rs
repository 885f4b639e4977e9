//! What passes out of the hands of a file, and what was never in them: a server goes, and a disk on it that it would take
//! along is kept if the file has let go of it, and told as lost if it is somebody else's.

use std::time::Duration;

use serde_json::Value;

use super::disk::Leaves;
use super::fate::{Instant, Plan};
use super::renamed::goes_well;
use super::world::World;
use super::{lives, lock, meddle};

const SERVER: &str = "[instance.web]\ninstance_type = \"ecs.g7.large\"\n\
                      image_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\nvswitch_id = \"${vswitch.main.id}\"\n\
                      security_group_ids = [\"${security_group.main.id}\"]\n";
const DISK: &str = "[disk.data]\nzone_id = \"cn-hangzhou-h\"\ndisk_category = \"cloud_essd\"\nsize = 20\n\
                    instance_id = \"${instance.web.id}\"\ndelete_with_instance = true\n";
const CARD: &str = "[network_interface.card]\nvswitch_id = \"${vswitch.main.id}\"\n\
                    security_group_ids = [\"${security_group.main.id}\"]\ninstance_id = \"${instance.web.id}\"\n";
const REMOVED: &str = "[[removed]]\nfrom = \"disk.data\"\ndestroy = false\n\
                       [[removed]]\nfrom = \"network_interface.card\"\ndestroy = false\n";

fn file(blocks: &[&str]) -> String {
    let head = "[infra]\nname = \"handed\"\nregion = \"cn-hangzhou\"\n";
    format!("{head}{}{}", lives::NET, blocks.concat())
}

fn made(seed: u64, blocks: &[&str]) -> World {
    let mut world = World::new(seed, &file(blocks), |_| {});
    goes_well(&mut world, "the first");
    world.wait(Duration::from_secs(3600));
    world
}

/// The data disks and second cards that there are.
fn hanging(world: &World) -> Vec<String> {
    let inventory = world.inventory();
    let rows = |table: &str| inventory[table].as_array().cloned().unwrap_or_default();
    let disks = rows("disk").into_iter().filter(|row| row["system"] == false);
    let cards = rows("network_interface")
        .into_iter()
        .filter(|row| row["kind"] == "Secondary");
    disks
        .chain(cards)
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Somebody makes a disk and attaches it, so that it goes with its server; its id.
fn attach_another(world: &mut World) -> String {
    let inventory = world.inventory();
    let server = inventory["instance"][0]["id"].as_str().unwrap();
    let create = [
        ("Action", "CreateDisk"),
        ("RegionId", "cn-hangzhou"),
        ("ZoneId", "cn-hangzhou-h"),
        ("DiskCategory", "cloud_essd"),
        ("Size", "40"),
    ];
    let made = somebody(world, &create);
    let id = made["DiskId"].as_str().unwrap();
    world.wait(Duration::from_secs(60));
    let attach = [
        ("Action", "AttachDisk"),
        ("InstanceId", server),
        ("DiskId", id),
        ("DeleteWithInstance", "true"),
    ];
    somebody(world, &attach);
    world.wait(Duration::from_secs(60));
    id.to_owned()
}

/// The same with a card, which goes with its server if nothing is said; its id.
fn attach_card(world: &mut World) -> String {
    let inventory = world.inventory();
    let id = |table: &str| inventory[table][0]["id"].as_str().unwrap();
    let create = [
        ("Action", "CreateNetworkInterface"),
        ("RegionId", "cn-hangzhou"),
        ("VSwitchId", id("vswitch")),
        ("SecurityGroupId", id("security_group")),
    ];
    let made = somebody(world, &create);
    let card = made["NetworkInterfaceId"].as_str().unwrap();
    world.wait(Duration::from_secs(60));
    let attach = [
        ("Action", "AttachNetworkInterface"),
        ("RegionId", "cn-hangzhou"),
        ("InstanceId", id("instance")),
        ("NetworkInterfaceId", card),
    ];
    somebody(world, &attach);
    world.wait(Duration::from_secs(60));
    card.to_owned()
}

/// A call of somebody else.
fn somebody(world: &World, params: &[(&str, &str)]) -> Value {
    somebody_of(world, "Ecs", params)
}

fn somebody_of(world: &World, product: &str, params: &[(&str, &str)]) -> Value {
    let (status, body) = meddle::call(&mut lock(&world.site), world.now, product, params);
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn what_is_let_go_of_outlives_its_server_wherever_a_run_is_killed() {
    let mut killed_runs = 0;
    for kind in Instant::KINDS {
        for at in 1.. {
            let instant = kind(at);
            let mut world = made(at, &[SERVER, DISK, CARD]);
            let before = hanging(&world);
            assert_eq!(before.len(), 2);
            world.configure(&file(&[REMOVED]));
            let killed = world.apply(Plan {
                kill: Some(instant),
                ..Plan::default()
            });
            let leaves = [Leaves::Everything, Leaves::Nothing, Leaves::Part(at)];
            world.crash(leaves[usize::try_from(at % 3).unwrap()]);
            world.wait(Duration::from_secs(
                [0, 30, 600][usize::try_from(at % 3).unwrap()],
            ));
            goes_well(&mut world, &format!("{instant:?}"));
            assert_eq!(hanging(&world), before, "{instant:?}");
            assert_eq!(
                world.inventory()["instance"],
                serde_json::json!([]),
                "{instant:?}"
            );
            if killed.code.is_some() {
                break;
            }
            killed_runs += 1;
        }
    }
    assert!(killed_runs > 20, "{killed_runs}");
}

#[test]
fn what_somebody_else_has_put_on_a_server_is_told_as_lost() {
    // As many as are asked about one by one, and more.
    const MANY: &str = "count = 4\n";
    const ANEW: &str = "io_optimized = \"none\"\n";
    for (before, after) in [
        (&[SERVER][..], &[][..]),
        (&[SERVER], &[SERVER, ANEW]),
        (&[SERVER, MANY], &[]),
        (&[SERVER, MANY], &[SERVER, MANY, ANEW]),
    ] {
        let mut world = made(1, before);
        let id = attach_another(&mut world);
        let card = attach_card(&mut world);
        world.configure(&file(after));
        let plan = world.run(&["plan"], Plan::default());
        for words in [
            format!("disk {id} (40 GiB)"),
            format!("network interface {card} (10.0."),
        ] {
            assert!(
                plan.out.contains(&format!("LOST  {words}")),
                "{}{}",
                plan.out,
                plan.err
            );
        }
        let json = world.run(&["plan", "--json"], Plan::default());
        assert!(json.out.contains(&id), "{}{}", json.out, json.err);
    }
}

#[test]
fn a_kept_plan_is_stale_when_more_would_be_lost() {
    let mut world = made(1, &[SERVER]);
    world.configure(&file(&[]));
    let kept = world.run(&["plan", "-o", "p.plan"], Plan::default());
    assert_eq!(kept.code, Some(0), "{}{}", kept.out, kept.err);
    let id = attach_another(&mut world);
    let apply = [
        "apply",
        "p.plan",
        "--auto-approve",
        "--allow-destroy",
        "--no-input",
    ];
    let ended = world.run(&apply, Plan::default());
    assert_eq!(
        (ended.code, ended.sent),
        (Some(7), 0),
        "{}{}",
        ended.out,
        ended.err
    );
    assert!(ended.err.contains(&id), "{}", ended.err);
    assert_eq!(hanging(&world), [id]);
}

#[test]
fn an_address_that_stays_keeps_its_gateway_and_that_is_told_at_once() {
    const GATEWAY: &str =
        "[nat_gateway.way]\nvpc_id = \"${vpc.main.id}\"\nvswitch_id = \"${vswitch.main.id}\"\n";
    const ADDRESS: &str = "[eip.way]\ninstance_id = \"${nat_gateway.way.id}\"\n";
    let mut world = made(1, &[GATEWAY, ADDRESS]);
    world.configure(&file(&["[[removed]]\nfrom = \"eip.way\"\ndestroy = false\n"]));
    let inventory = world.inventory();
    let id = inventory["eip"][0]["id"].as_str().unwrap();
    let ended = world.apply(Plan::default());
    // The state has forgotten the address.
    let (code, sent) = (ended.code, ended.sent);
    assert_eq!((code, sent), (Some(3), 0), "{}{}", ended.out, ended.err);
    for words in ["error[E0531]: nat_gateway.way cannot be deleted", id] {
        assert!(ended.err.contains(words), "{}", ended.err);
    }
    assert!(ended.elapsed < Duration::from_secs(60), "{:?}", ended.elapsed);
}

/// What cannot be kept holds up the server, and nothing is lost.
#[test]
fn what_may_not_be_kept_keeps_its_server() {
    for action in ["ModifyDiskAttribute", "ModifyNetworkInterfaceAttribute"] {
        let mut world = made(1, &[SERVER, DISK, CARD]);
        let before = hanging(&world);
        world.configure(&file(&[REMOVED]));
        world.weather.refused = Some((action, "Forbidden.RAM"));
        for _ in 0..2 {
            let ended = world.apply(Plan::default());
            assert!(ended.err.contains("Forbidden.RAM"), "{}{}", ended.out, ended.err);
            assert_eq!(hanging(&world), before, "{action}");
            assert_eq!(
                world.inventory()["instance"].as_array().unwrap().len(),
                1,
                "{action}"
            );
        }
        world.weather.refused = None;
        goes_well(&mut world, action);
        assert_eq!(hanging(&world), before, "{action}");
        assert_eq!(world.inventory()["instance"], serde_json::json!([]), "{action}");
    }
}

/// A block that names what is another one's is a mistake; one whose object was made anew has had its time.
#[test]
fn an_import_that_is_done_is_told_from_one_that_cannot_be() {
    const TWO: &str = "[eip.a]\nbandwidth = 5\n[eip.b]\nbandwidth = 6\n";
    let mut world = made(1, &[TWO]);
    let pulled = world.run(&["state", "pull"], Plan::default());
    let state: Value = serde_json::from_str(&pulled.out).unwrap();
    let id = |name: &str| state["resources"][name]["id"].as_str().unwrap().to_owned();
    let import = |id: &str| format!("[[import]]\nto = \"eip.a\"\nid = \"{id}\"\n");
    let made = somebody_of(
        &world,
        "Vpc",
        &[("Action", "AllocateEipAddress"), ("RegionId", "cn-hangzhou")],
    );
    let foreign = made["AllocationId"].as_str().unwrap().to_owned();
    for other in [id("eip.b"), foreign] {
        world.configure(&file(&[TWO, &import(&other)]));
        let plan = world.run(&["plan"], Plan::default());
        assert!(
            plan.err.contains("error[E0815]"),
            "{other}: {}{}",
            plan.out,
            plan.err
        );
    }
    world.configure(&file(&[TWO, &import(&id("eip.a"))]));
    let mut anew = vec!["apply", "--replace", "eip.a"];
    anew.extend(["--auto-approve", "--allow-destroy", "--no-input"]);
    let ended = world.run(&anew, Plan::default());
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    let plan = world.run(&["plan", "--detailed-exitcode"], Plan::default());
    assert_eq!(plan.code, Some(0), "{}{}", plan.out, plan.err);
}
