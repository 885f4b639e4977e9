//! The examples of the project, each from an empty world to an empty world: made, left alone, changed in one place, left
//! alone, and deleted.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::fate::Plan;
use super::lock;
use super::world::{Ended, World};

/// One change: a text of the file, another one in its place, and what the plan says of it.
struct Change {
    example: &'static str,
    from: &'static str,
    to: &'static str,
    says: &'static str,
}

const CHANGES: &[Change] = &[
    Change {
        example: "classic",
        from: "name = \"classic-old\"",
        to: "name = \"classic-older\"",
        says: "1 to update",
    },
    Change {
        example: "disk",
        from: "size = 100",
        to: "size = 200",
        says: "1 to update",
    },
    Change {
        example: "eip",
        from: "bandwidth = 10",
        to: "bandwidth = 20",
        says: "1 to update",
    },
    // Address, disk and the one data disk that is to stay survive; the other one is lost.
    Change {
        example: "key-and-disks",
        from: "key_pair_name =",
        to: "spot_strategy = \"SpotAsPriceGo\"\nkey_pair_name =",
        says: "1 to replace",
    },
    Change {
        example: "load-balanced",
        from: "weight = 50 }",
        to: "weight = 80 }",
        says: "1 to update",
    },
    Change {
        example: "nat-private",
        from: "count = 2",
        to: "count = 3",
        says: "1 to create",
    },
    Change {
        example: "power",
        from: "status = \"Stopped\"",
        to: "status = \"Running\"",
        says: "1 to update",
    },
    Change {
        example: "quickstart",
        from: "internet_max_bandwidth_out = 5",
        to: "internet_max_bandwidth_out = 10",
        says: "1 to update",
    },
    Change {
        example: "spot-worker",
        from: "auto_release_time = \"2028-12-31T04:00:00Z\"",
        to: "auto_release_time = \"2029-01-31T04:00:00Z\"",
        says: "1 to update",
    },
    Change {
        example: "subscription",
        from: "period = 1",
        to: "period = 2",
        says: "1 to update",
    },
    Change {
        example: "two-cards",
        from: "primary_ip_address = \"10.0.2.10\"",
        to: "primary_ip_address = \"10.0.2.11\"",
        says: "1 to replace",
    },
    Change {
        example: "web-tier",
        from: "white = { tier = \"b\" }",
        to: "white = { tier = \"b\" }, yellow = { tier = \"a\" }",
        says: "1 to create",
    },
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// Puts the files of an example there.
pub(super) fn put(world: &World, example: &str) {
    for file in std::fs::read_dir(folder().join(example)).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        world.disk.put(&World::path(name), &text);
    }
}

impl Change {
    fn world(&self) -> World {
        let world = World::new(7, "", |_| {});
        put(&world, self.example);
        world
    }

    fn runs(&self, world: &mut World, arguments: &[&str], code: u8) -> Ended {
        let ended = world.run(arguments, Plan::default());
        let told = format!("{}: {arguments:?}:\n{}\n{}", self.example, ended.out, ended.err);
        assert_eq!(ended.code, Some(code), "{told}");
        ended
    }

    fn is_applied(&self, world: &mut World) {
        let apply = ["apply", "--auto-approve", "--allow-destroy"];
        self.runs(world, &apply, 0);
        world.wait(Duration::from_secs(3600));
        self.runs(world, &["plan", "--detailed-exitcode"], 0);
    }

    fn goes_through_its_life(&self) {
        let mut world = self.world();
        self.is_applied(&mut world);
        let text = std::fs::read_to_string(folder().join(self.example).join("infra.toml")).unwrap();
        assert_eq!(
            text.matches(self.from).count(),
            1,
            "{}: {}",
            self.example,
            self.from
        );
        world.configure(&text.replace(self.from, self.to));
        let plan = self.runs(&mut world, &["plan", "--detailed-exitcode"], 2);
        assert!(plan.out.contains(self.says), "{}: {}", self.example, plan.out);
        self.is_applied(&mut world);
        self.runs(&mut world, &["destroy", "--auto-approve", "--allow-destroy"], 0);
    }
}

/// Those that have a project of their own; one is about what was there before, and the tests of the binary run it.
fn all() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let projects = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("infra.toml").exists());
    let names = projects.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    let mut names: Vec<String> = names.filter(|name| name != "existing-network").collect();
    names.sort();
    names
}

#[test]
fn every_example_goes_through_its_life() {
    let named: Vec<&str> = CHANGES.iter().map(|change| change.example).collect();
    assert_eq!(named, all());
    CHANGES.iter().for_each(Change::goes_through_its_life);
}

/// The ids of what the state knows, and of the data disks by their names.
fn ids(world: &mut World) -> Value {
    let pulled = world.run(&["state", "pull"], Plan::default());
    let state: Value = serde_json::from_str(&pulled.out).unwrap();
    let now = world.now;
    let inventory: Value = serde_json::from_str(&lock(&world.site).cloud.world_json(now)).unwrap();
    let disk = |name: &str| {
        let rows = inventory["accounts"][0]["disk"].as_array().unwrap();
        let own: Vec<&Value> = rows.iter().filter(|row| row["name"] == name).collect();
        assert_eq!(own.len(), 1, "{name}: {own:?}");
        own[0]["id"].clone()
    };
    let id = |address: &str| state["resources"][address]["id"].clone();
    serde_json::json!({
        "server": id("instance.web"),
        "key": id("key_pair.office"),
        "address": id("eip.web"),
        "disk": id("disk.data"),
        "database": disk("database"),
        "scratch": disk("scratch"),
    })
}

#[test]
fn address_disk_and_database_survive_their_server() {
    let change = CHANGES.iter().find(|one| one.example == "key-and-disks").unwrap();
    let mut world = change.world();
    change.is_applied(&mut world);
    let before = ids(&mut world);
    let text = std::fs::read_to_string(folder().join("key-and-disks/infra.toml")).unwrap();
    world.configure(&text.replace(change.from, change.to));
    change.is_applied(&mut world);
    let after = ids(&mut world);
    for name in ["key", "address", "disk", "database"] {
        assert!(before[name].is_string() && before[name] == after[name], "{name}");
    }
    for name in ["server", "scratch"] {
        assert_ne!(before[name], after[name], "{name}");
    }
}
