//! Attributes of a server that hang on things beside it: IPv6 addresses of its subnet, a deployment set, the tags of its
//! disks. What the cloud was asked for, and what it has in the end.

use serde_json::Value;

use crate::harness::World;

const REGION: (&str, &str) = ("RegionId", "cn-hangzhou");

/// A world with a network with IPv6 of somebody else; its subnets and a group in it.
struct Server {
    world: World,
    subnets: [String; 2],
    group: String,
}

fn text(answer: &Value, name: &str) -> String {
    let text = answer[name].as_str();
    text.unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned()
}

impl Server {
    fn new() -> Server {
        let world = World::new();
        let cidr = ("CidrBlock", "10.0.0.0/8");
        let vpc = world.call("Vpc", "CreateVpc", &[REGION, cidr, ("EnableIpv6", "true")]);
        let vpc = text(&vpc, "VpcId");
        world.call("Vpc", "DescribeVpcs", &[REGION]);
        let subnets = ["1", "2"].map(|number| {
            let cidr = format!("10.0.{number}.0/24");
            let params = [
                REGION,
                ("VpcId", vpc.as_str()),
                ("ZoneId", "cn-hangzhou-h"),
                ("CidrBlock", cidr.as_str()),
                ("Ipv6CidrBlock", number),
            ];
            let made = world.call("Vpc", "CreateVSwitch", &params);
            world.call("Vpc", "DescribeVSwitches", &[REGION]);
            text(&made, "VSwitchId")
        });
        let group = world.call("Ecs", "CreateSecurityGroup", &[REGION, ("VpcId", &vpc)]);
        let group = text(&group, "SecurityGroupId");
        Server {
            world,
            subnets,
            group,
        }
    }

    fn write(&self, more: &str) -> &Server {
        let Server { subnets, group, .. } = self;
        let subnet = if more.contains("vswitch_id") {
            String::new()
        } else {
            format!("vswitch_id = \"{}\"\n", subnets[0])
        };
        let text = format!(
            "[infra]\nname = \"x\"\nregion = \"cn-hangzhou\"\n[instance.web]\nname = \"web\"\ninstance_type = \"ecs.g7.large\"\n\
             image_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n{subnet}security_group_ids = [\"{group}\"]\n{more}\n"
        );
        self.world.write("infra.toml", &text);
        self
    }

    fn applies(&self) -> Value {
        self.world.apply().exits(0);
        self.is_settled()
    }

    fn is_settled(&self) -> Value {
        let plan = self.world.run(&["plan", "--detailed-exitcode"]).exits(0);
        let told = format!("{}{}", plan.stdout, plan.stderr);
        assert!(
            !told.contains("warning") && !told.contains("carries the tags"),
            "{told}"
        );
        plan.says("No changes");
        self.world.instances().remove(0)
    }

    fn asked(&self, action: &str) -> u64 {
        self.world.requests("Ecs", action)
    }
}

fn ipv6(server: &Value) -> Vec<String> {
    let sets = &server["NetworkInterfaces"]["NetworkInterface"][0]["Ipv6Sets"]["Ipv6Set"];
    let sets = sets.as_array().unwrap().iter();
    sets.map(|set| text(set, "Ipv6Address")).collect()
}

#[test]
fn a_server_has_as_many_ipv6_addresses_as_are_asked_for() {
    let server = Server::new();
    let count = |number: u8| server.write(&format!("ipv6_address_count = {number}")).applies();
    assert_eq!(ipv6(&count(2)).len(), 2);
    let four = ipv6(&count(4));
    assert_eq!((four.len(), server.asked("AssignIpv6Addresses")), (4, 2));
    let one = ipv6(&count(1));
    assert_eq!((one.len(), server.asked("UnassignIpv6Addresses")), (1, 1));
    assert!(four.contains(&one[0]));
    // Another subnet has other addresses.
    let moved = format!("ipv6_address_count = 1\nvswitch_id = \"{}\"", server.subnets[1]);
    let before = server.is_settled()["InstanceId"].clone();
    let moved = server.write(&moved).applies();
    assert_eq!(moved["InstanceId"], before, "it is still the same");
    assert_eq!(ipv6(&moved).len(), 1);
    assert_ne!(ipv6(&moved), one);
}

#[test]
fn addresses_whose_assignment_nobody_heard_of_are_not_assigned_again() {
    let server = Server::new();
    server.write("ipv6_address_count = 1").applies();
    server.write("ipv6_address_count = 3");
    server.world.faults(&["AssignIpv6Addresses:drop-answer@1"]);
    let ended = server.world.apply();
    assert!(matches!(ended.code, Some(0 | 3)), "{ended:?}");
    server.world.faults(&[]);
    assert_eq!(ipv6(&server.applies()).len(), 3);
    assert_eq!(server.asked("UnassignIpv6Addresses"), 0);
}

#[test]
fn ipv6_addresses_that_are_named_come_and_go() {
    let server = Server::new();
    let own = ipv6(&server.write("ipv6_address_count = 1").applies()).remove(0);
    let prefix = own.rsplit_once(':').unwrap().0;
    let named = |texts: &[String]| server.write(&format!("ipv6_addresses = {texts:?}")).applies();
    // As people write them.
    let (one, other) = (format!("{prefix}:A1"), format!("{prefix}:0A2"));
    let (short_one, short_other) = (format!("{prefix}:a1"), format!("{prefix}:a2"));
    assert_eq!(
        ipv6(&named(std::slice::from_ref(&one))),
        std::slice::from_ref(&short_one)
    );
    let mut both = ipv6(&named(&[other, one]));
    both.sort();
    assert_eq!(both, [short_one, short_other]);
    assert!(ipv6(&named(&[])).is_empty());
    server.write("ipv6_addresses = []\nipv6_address_count = 1");
    server.world.run(&["validate"]).exits(1).tells("not both");
}

#[test]
fn a_server_changes_its_deployment_set_while_it_is_stopped() {
    let server = Server::new();
    let sets = ["one", "two"].map(|name| {
        let made = server.world.call(
            "Ecs",
            "CreateDeploymentSet",
            &[REGION, ("DeploymentSetName", name)],
        );
        text(&made, "DeploymentSetId")
    });
    let mut ids = Vec::new();
    for set in &sets {
        let found = server.write(&format!("deployment_set_id = \"{set}\"")).applies();
        assert_eq!(found["DeploymentSetId"], set.as_str());
        assert_eq!(found["Status"], "Running");
        ids.push(found["InstanceId"].clone());
    }
    assert_eq!(server.asked("ModifyInstanceDeployment"), 1);
    assert_eq!(ids[0], ids[1]);
}

/// A disk with a block of its own is none of the server's, though it is attached.
#[test]
fn a_disk_of_its_own_is_no_data_disk_of_its_server() {
    let server = Server::new();
    let disk = "[disk.own]\nname = \"own\"\nzone_id = \"cn-hangzhou-h\"\nsize = 20\ninstance_id = \"${instance.web.id}\"";
    let both = format!("data_disks = [{{ name = \"data\", size = 20 }}]\n{disk}");
    server.write(&both).applies();
    let grown = both.replace("\"data\", size = 20", "\"data\", size = 30");
    server.write(&grown).applies();
    server.write(&format!("data_disks = []\n{disk}"));
    let plan = server.world.run(&["plan"]).exits(0);
    assert!(plan.stdout.contains("data disk data"), "{}", plan.stdout);
    assert!(!plan.stdout.contains("data disk own"), "{}", plan.stdout);
    server
        .world
        .run(&["apply", "--auto-approve", "--allow-destroy"])
        .exits(0);
    server.is_settled();
    assert_eq!(server.world.count("disk"), 2, "the system disk, and its own");
}

#[test]
fn an_imported_disk_is_no_data_disk_of_its_imported_server() {
    let server = Server::new();
    let params = [
        REGION,
        ("InstanceType", "ecs.g7.large"),
        ("ImageId", "ubuntu_22_04_x64_20G_alibase_20240819.vhd"),
        ("VSwitchId", &server.subnets[0]),
        ("SecurityGroupId", &server.group),
        ("InstanceName", "web"),
        ("DataDisk.1.DiskName", "data"),
        ("DataDisk.1.Size", "20"),
        ("DataDisk.1.Category", "cloud_essd"),
        ("DataDisk.2.DiskName", "own"),
        ("DataDisk.2.Size", "20"),
        ("DataDisk.2.Category", "cloud_essd"),
    ];
    let id = text(&server.world.call("Ecs", "CreateInstance", &params), "InstanceId");
    let disks = server.world.call("Ecs", "DescribeDisks", &[REGION]);
    let mut disks = disks["Disks"]["Disk"].as_array().unwrap().iter();
    let own = text(disks.find(|disk| disk["DiskName"] == "own").unwrap(), "DiskId");
    server.write(&format!(
        "data_disks = [{{ name = \"data\", size = 20 }}]\n\
         [disk.own]\nname = \"own\"\nzone_id = \"cn-hangzhou-h\"\nsize = 20\ninstance_id = \"${{instance.web.id}}\"\n\
         [[import]]\nto = \"instance.web\"\nid = \"{id}\"\n[[import]]\nto = \"disk.own\"\nid = \"{own}\""
    ));
    let plan = server.world.run(&["plan"]).exits(0);
    assert!(!plan.stdout.contains("LOST"), "{}", plan.stdout);
    server.applies();
    for action in ["DeleteDisk", "DetachDisk", "CreateDisk", "AttachDisk"] {
        assert_eq!(server.asked(action), 0, "{action}");
    }
}

/// The tags of a user that each disk of the server has, by the disk's name.
fn disk_tags(server: &Server) -> Vec<(String, String)> {
    let disks = server.world.call("Ecs", "DescribeDisks", &[REGION]);
    let disks = disks["Disks"]["Disk"].as_array().unwrap().iter();
    let mut told: Vec<(String, String)> = disks
        .map(|disk| {
            let tags = disk["Tags"]["Tag"].as_array().unwrap().iter();
            let mut tags: Vec<String> = tags
                .map(|tag| format!("{}={}", text(tag, "TagKey"), text(tag, "TagValue")))
                .filter(|tag| !tag.starts_with("infra:"))
                .collect();
            tags.sort();
            (text(disk, "DiskName"), tags.join(","))
        })
        .collect();
    told.sort();
    told
}

#[test]
fn the_disks_of_a_server_carry_its_volume_tags() {
    let server = Server::new();
    let own = "[disk.own]\nname = \"own\"\nzone_id = \"cn-hangzhou-h\"\nsize = 20\ninstance_id = \"${instance.web.id}\"\n";
    let with = |volume: &str, image: &str, data: &str| {
        let more = format!(
            "volume_tags = {{ {volume} }}\nsystem_disk = {{ name = \"root\" }}\ndata_disks = [{data}]\n{own}"
        );
        server.write(&more);
        let path = server.world.read("infra.toml");
        let text = path.replace("ubuntu_22_04_x64_20G_alibase_20240819.vhd", image);
        server.world.write("infra.toml", &text);
        server
            .world
            .run(&["apply", "--auto-approve", "--allow-destroy"])
            .exits(0);
        server.is_settled();
        let told = disk_tags(&server).into_iter();
        told.map(|(name, tags)| format!("{name}:{tags}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let ubuntu = "ubuntu_22_04_x64_20G_alibase_20240819.vhd";
    let other = "aliyun_3_x64_20G_alibase_20240819.vhd";
    let (one, two) = ("{ name = \"data\", size = 20 }", "{ name = \"logs\", size = 20 }");
    let both = format!("{one}, {two}");
    assert_eq!(with("team = \"a\"", ubuntu, one), "data:team=a own: root:team=a");
    // A later disk, and a new system disk.
    assert_eq!(
        with("team = \"a\"", ubuntu, &both),
        "data:team=a logs:team=a own: root:team=a"
    );
    assert_eq!(
        with("team = \"a\"", other, &both),
        "data:team=a logs:team=a own: root:team=a"
    );
    // Others, on all of them, together with a new system disk.
    assert_eq!(
        with("\"b.c\" = \"d\", e = \"f\"", ubuntu, &both),
        "data:b.c=d,e=f logs:b.c=d,e=f own: root:b.c=d,e=f"
    );
    // One of them was changed by hand.
    let disks = server.world.call("Ecs", "DescribeDisks", &[REGION]);
    let mut disks = disks["Disks"]["Disk"].as_array().unwrap().iter();
    let data = text(disks.find(|disk| disk["DiskName"] == "data").unwrap(), "DiskId");
    let params = [
        REGION,
        ("ResourceType", "disk"),
        ("ResourceId.1", &*data),
        ("Tag.1.Key", "by"),
        ("Tag.1.Value", "hand"),
        ("Tag.2.Key", "e"),
        ("Tag.2.Value", "hand"),
    ];
    server.world.call("Ecs", "TagResources", &params);
    server
        .world
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .says("(not on all disks)");
    assert_eq!(
        with("\"b.c\" = \"d\", e = \"f\"", ubuntu, &both),
        "data:b.c=d,e=f logs:b.c=d,e=f own: root:b.c=d,e=f"
    );
    assert_eq!(with("", ubuntu, &both), "data: logs: own: root:");
}

/// What the disks have from their server is no difference; it is nobody's to take off, unless it is wanted.
#[test]
fn tags_that_disks_have_from_their_server_are_left_alone() {
    let server = Server::new();
    server
        .write("tags = { team = \"a\" }\nvolume_tags = { kind = \"disk\" }")
        .applies();
    let disks = server.world.call("Ecs", "DescribeDisks", &[REGION]);
    let disk = text(&disks["Disks"]["Disk"][0], "DiskId");
    let params = [
        REGION,
        ("ResourceType", "disk"),
        ("ResourceId.1", &*disk),
        ("Tag.1.Key", "team"),
        ("Tag.1.Value", "a"),
    ];
    server.world.call("Ecs", "TagResources", &params);
    server.is_settled();
    server
        .write("tags = { team = \"a\" }\nvolume_tags = { kind = \"disk\", team = \"a\" }")
        .is_settled();
    server
        .write("tags = { team = \"a\" }\nvolume_tags = { kind = \"other\" }")
        .applies();
    assert_eq!(disk_tags(&server)[0].1, "kind=other,team=a");
}

/// Two ways to take over a server: what is there is read, what nobody can read is taken as it is written, and nothing is
/// stopped, rebooted or paid for it.
#[test]
fn a_server_that_is_imported_as_it_is_written_is_left_as_it_is() {
    let kept = "user_data = \"#!/bin/sh\\necho one\\n\"\npassword = { env = \"PASSWORD\" }\nstopped_mode = \"KeepCharging\"\n\
                security_enhancement_strategy = \"Active\"\ninstance_charge_type = \"PrePaid\"\nperiod = 1\nauto_renew = true\n\
                auto_renew_period = 1\nsystem_disk = { size = 40 }\ndata_disks = [{ name = \"data\", size = 20 }]\n";
    for by_block in [true, false] {
        let mut server = Server::new();
        server
            .world
            .vars
            .insert("PASSWORD".to_owned(), "Hunter2-hunter2".to_owned());
        let id = text(&server.write(kept).applies(), "InstanceId");
        std::fs::remove_dir_all(server.world.path().join(".infra")).unwrap();
        let untag = [
            REGION,
            ("ResourceType", "instance"),
            ("ResourceId.1", &*id),
            ("All", "true"),
        ];
        server.world.call("Ecs", "UntagResources", &untag);
        let take_over = |more: &str| {
            let import = format!("{more}\n[[import]]\nto = \"instance.web\"\nid = \"{id}\"");
            if by_block {
                server.write(&import);
            } else {
                server.write(more);
                server.world.run(&["import", "instance.web", &id]).exits(0);
            }
        };
        let other = kept
            .replace("echo one", "echo two")
            .replace("auto_renew = true", "auto_renew = false");
        if by_block {
            // What is read and differs is told.
            take_over(&other);
            let plan = server.world.run(&["plan"]).exits(0).stdout;
            assert!(
                plan.contains("set user data") && plan.contains("change renewal"),
                "{plan}"
            );
            assert!(
                !plan.contains("change login") && !plan.contains("renew for"),
                "{plan}"
            );
        }
        take_over(kept);
        let plan = server.world.run(&["plan"]).exits(0).stdout;
        assert!(plan.contains("steps set tags\n"), "{plan}");
        server.applies();
        for action in [
            "StopInstance",
            "RebootInstance",
            "RenewInstance",
            "ModifyInstanceAttribute",
        ] {
            assert_eq!(server.asked(action), 0, "{action}");
        }
    }
}

#[test]
fn who_may_not_read_user_data_imports_all_the_same() {
    let server = Server::new();
    let kept = "user_data = \"#!/bin/sh\\necho one\\n\"";
    let id = text(&server.write(kept).applies(), "InstanceId");
    std::fs::remove_dir_all(server.world.path().join(".infra")).unwrap();
    let untag = [
        REGION,
        ("ResourceType", "instance"),
        ("ResourceId.1", &*id),
        ("All", "true"),
    ];
    server.world.call("Ecs", "UntagResources", &untag);
    server
        .world
        .faults(&["DescribeUserData:refuse=Forbidden.RAM/403"]);
    server.write(kept);
    server.world.run(&["import", "instance.web", &id]).exits(0);
    server.applies();
    assert_eq!(server.asked("StopInstance"), 0);
}

#[test]
fn a_data_disk_with_another_name_is_the_same_one() {
    let server = Server::new();
    let with = |names: &[&str]| {
        let disks: Vec<String> = names
            .iter()
            .map(|name| format!("{{ name = \"{name}\", size = 20 }}"))
            .collect();
        server.write(&format!("data_disks = [{}]", disks.join(", ")));
    };
    let ids = || {
        let disks = server
            .world
            .call("Ecs", "DescribeDisks", &[REGION, ("DiskType", "data")]);
        let disks = disks["Disks"]["Disk"].as_array().unwrap().iter();
        let mut told: Vec<(String, String)> = disks
            .map(|disk| (text(disk, "DiskName"), text(disk, "DiskId")))
            .collect();
        told.sort();
        told
    };
    with(&["data", "logs"]);
    server.applies();
    let before = ids();
    with(&["data", "journal"]);
    let plan = server.world.run(&["plan"]).exits(0).stdout;
    assert!(
        plan.contains("steps change data disk\n") && !plan.contains("LOST"),
        "{plan}"
    );
    server.applies();
    let after = ids();
    assert_eq!(after[1].0, "journal");
    assert_eq!((&after[0], &after[1].1), (&before[0], &before[1].1));
    // Which is which of two nobody knows.
    with(&["one", "two"]);
    server
        .world
        .run(&["apply", "--auto-approve", "--allow-destroy"])
        .exits(1)
        .tells("E0601")
        .tells("may have a new name");
    assert_eq!(ids(), after);
    // What is no longer wanted goes.
    with(&["journal"]);
    server
        .world
        .run(&["apply", "--auto-approve", "--allow-destroy"])
        .exits(0);
    server.is_settled();
    assert_eq!(ids(), [after[1].clone()]);
}

/// The order is answered before it is carried out.
#[test]
fn another_kind_of_disk_is_waited_for() {
    let server = Server::new();
    let with = |category: &str| {
        server.write(&format!(
            "system_disk = {{ category = \"{category}\" }}\ndata_disks = [{{ name = \"data\", size = 20, category = \"{category}\" }}]"
        ))
    };
    with("cloud_essd").applies();
    server.world.faults(&["ModifyDiskSpec:lag=700ms"]);
    with("cloud_auto").applies();
    assert_eq!(server.asked("ModifyDiskSpec"), 2);
}

/// The name, the id and the server of each data disk.
fn data_disks(server: &Server) -> Vec<[String; 3]> {
    let disks = server
        .world
        .call("Ecs", "DescribeDisks", &[REGION, ("DiskType", "data")]);
    let disks = disks["Disks"]["Disk"].as_array().unwrap().iter();
    let mut told: Vec<[String; 3]> = disks
        .map(|disk| ["DiskName", "DiskId", "InstanceId"].map(|name| text(disk, name)))
        .collect();
    told.sort();
    told
}

/// A disk that does not go with its server comes to the one that is made in its place; others are lost.
#[test]
fn a_data_disk_outlives_the_replacement_of_its_server() {
    for first in [false, true] {
        let server = Server::new();
        let disks = |size: u8| {
            format!(
                "lifecycle = {{ create_before_destroy = {first} }}\n\
                 data_disks = [{{ name = \"data\", size = {size}, delete_with_instance = false }}, {{ name = \"logs\", size = 30 }}]\n"
            )
        };
        let old = text(&server.write(&disks(20)).applies(), "InstanceId");
        let [data, logs] = data_disks(&server).try_into().unwrap();
        // It grows on the way.
        server.write(&format!("{}spot_strategy = \"SpotAsPriceGo\"\n", disks(25)));
        let plan = server.world.run(&["plan"]).exits(0).stdout;
        let words = plan.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("is kept and attached to the new server"), "{plan}");
        assert!(
            words.contains("(30 GiB) is erased") && !words.contains("(20 GiB) is erased"),
            "{plan}"
        );
        assert!(!words.contains("managed by nobody"), "{plan}");
        server
            .world
            .run(&["apply", "--auto-approve", "--allow-destroy"])
            .exits(0);
        let new = text(&server.is_settled(), "InstanceId");
        assert_ne!(new, old);
        let [now, other] = data_disks(&server).try_into().unwrap();
        assert_eq!(now, ["data".to_owned(), data[1].clone(), new.clone()]);
        assert!(other[1] != logs[1] && other[2] == new, "{other:?}");
    }
}

/// What stays behind is told of: nobody manages it then.
#[test]
fn a_data_disk_that_stays_behind_is_told_of() {
    let server = Server::new();
    let disks = "data_disks = [{ name = \"data\", size = 20, delete_with_instance = false }, { name = \"logs\", size = 30 }]\n";
    server.write(disks).applies();
    let plan = server.world.run(&["plan", "--destroy"]).exits(0).stdout;
    let words = plan.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("(20 GiB) stays, detached, and is managed by nobody"),
        "{plan}"
    );
    assert!(
        words.contains("(30 GiB) is erased") && !words.contains("(30 GiB) stays"),
        "{plan}"
    );
    // In another zone a disk is of no use.
    server.write(&format!(
        "{disks}io_optimized = \"none\"\nzone_id = \"cn-hangzhou-i\"\n"
    ));
    let plan = server.world.run(&["plan"]).stdout;
    assert!(!plan.contains("attached to the new server"), "{plan}");
}
