//! The main job: create, change nothing, change, delete.

use crate::harness::World;

const NETWORK: &str = r#"
[infra]
name = "shop"
region = "cn-hangzhou"

[vpc.main]
cidr_block = "10.0.0.0/16"

[vswitch.main]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.1.0/24"

[security_group.web]
vpc_id = "${vpc.main.id}"
ingress = [{ port_range = "80", source_cidr_ip = "0.0.0.0/0" }]
"#;

fn instance(name: &str, more: &str) -> String {
    format!(
        r#"
[instance.{name}]
name = "shop-{name}"
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${{vswitch.main.id}}"
security_group_ids = ["${{security_group.web.id}}"]
{more}
"#
    )
}

fn three() -> String {
    NETWORK.to_owned()
        + &instance("paygo", "internet_max_bandwidth_out = 5")
        + &instance("month", "instance_charge_type = \"PrePaid\"\nperiod = 1")
        + &instance("off", "status = \"Stopped\"")
}

fn by_name(world: &World, name: &str) -> serde_json::Value {
    world
        .instances()
        .into_iter()
        .find(|instance| instance["InstanceName"] == format!("shop-{name}"))
        .unwrap()
}

#[test]
fn three_kinds_of_servers_end_as_wanted_and_stay() {
    let world = World::new();
    world.write("infra.toml", &three());
    world.apply().exits(0).says("instance.paygo");
    let paygo = by_name(&world, "paygo");
    assert_eq!(paygo["Status"], "Running");
    assert!(paygo["PublicIpAddress"]["IpAddress"][0].is_string());
    let month = by_name(&world, "month");
    assert_eq!(month["InstanceChargeType"], "PrePaid");
    assert!(month["ExpiredTime"].as_str().unwrap().len() > 10);
    assert_eq!(by_name(&world, "off")["Status"], "Stopped");
    world
        .run(&["plan", "--detailed-exitcode"])
        .exits(0)
        .says("No changes");
    let before = world.inventory();
    world.apply().exits(0).says("No changes");
    assert_eq!(world.inventory(), before);
    assert_eq!(
        world.stats()["unknown_parameters"]["total"],
        0,
        "{}",
        world.stats()
    );
}

#[test]
fn a_changed_status_stops_and_starts() {
    let world = World::new();
    world.write("infra.toml", &(NETWORK.to_owned() + &instance("web", "")));
    world.apply().exits(0);
    world.write(
        "infra.toml",
        &(NETWORK.to_owned() + &instance("web", "status = \"Stopped\"")),
    );
    world.run(&["plan"]).exits(0).says("stop > wait until stopped");
    world.apply().exits(0);
    assert_eq!(by_name(&world, "web")["Status"], "Stopped");
    world.write("infra.toml", &(NETWORK.to_owned() + &instance("web", "")));
    world.run(&["plan"]).exits(0).says("start > wait until running");
    world.apply().exits(0);
    assert_eq!(by_name(&world, "web")["Status"], "Running");
}

#[test]
fn a_type_is_changed_by_stop_modify_start() {
    let world = World::new();
    world.write("infra.toml", &(NETWORK.to_owned() + &instance("web", "")));
    world.apply().exits(0);
    let id = by_name(&world, "web")["InstanceId"].clone();
    let text = (NETWORK.to_owned() + &instance("web", "")).replace("ecs.g7.large", "ecs.g7.xlarge");
    world.write("infra.toml", &text);
    world
        .run(&["plan"])
        .exits(0)
        .says("stop > wait until stopped > change type > start > wait until running");
    world.apply().exits(0);
    let web = by_name(&world, "web");
    assert_eq!(
        (web["InstanceId"].clone(), &web["InstanceType"]),
        (id, &"ecs.g7.xlarge".into())
    );
    assert_eq!(web["Status"], "Running");
}

#[test]
fn a_role_that_is_taken_out_of_the_file_is_taken_off() {
    let world = World::new();
    let with = |role: &str| world.write("infra.toml", &(NETWORK.to_owned() + &instance("web", role)));
    let role = || {
        let id = by_name(&world, "web")["InstanceId"].as_str().unwrap().to_owned();
        let ids = format!("[\"{id}\"]");
        let told = world.call(
            "Ecs",
            "DescribeInstanceRamRole",
            &[("RegionId", "cn-hangzhou"), ("InstanceIds", &ids)],
        );
        told["InstanceRamRoleSets"]["InstanceRamRoleSet"][0]["RamRoleName"].clone()
    };
    with("ram_role_name = \"RAMTestName\"");
    world.apply().exits(0);
    assert_eq!(role(), "RAMTestName");
    with("");
    world.run(&["plan"]).exits(0).says("detach role");
    // What was lost is looked at, and not sent to a server that has none any more.
    world.faults(&["DetachInstanceRamRole:drop-answer@1"]);
    world.apply().exits(0);
    assert_ne!(role(), "RAMTestName");
    world
        .run(&["plan", "--detailed-exitcode"])
        .exits(0)
        .says("No changes");
    // One that nobody has written is nobody's to take off.
    let id = by_name(&world, "web")["InstanceId"].as_str().unwrap().to_owned();
    let ids = format!("[\"{id}\"]");
    let attached = [
        ("RegionId", "cn-hangzhou"),
        ("InstanceIds", &*ids),
        ("RamRoleName", "RAMTestName"),
    ];
    world.call("Ecs", "AttachInstanceRamRole", &attached);
    let reads = world.requests("Ecs", "DescribeInstanceRamRole");
    world
        .run(&["plan", "--detailed-exitcode"])
        .exits(0)
        .says("No changes");
    assert_eq!(world.requests("Ecs", "DescribeInstanceRamRole"), reads);
    with("ram_role_name = \"RAMTestName\"");
    world.apply().exits(0);
    assert_eq!(role(), "RAMTestName");
}

#[test]
fn a_plan_says_what_is_left_to_do_inside() {
    let world = World::new();
    let text = |data: &str, image: &str, system: u8, own: u8, other: u8| {
        let server = format!(
            "user_data = \"{data}\"\nsystem_disk = {{ size = {system} }}\n\
             data_disks = [{{ name = \"logs\", size = {own} }}]\n\
             [disk.data]\nzone_id = \"cn-hangzhou-h\"\nsize = {other}\n"
        );
        let server = instance("web", &server);
        NETWORK.to_owned() + &server.replace("ubuntu_22_04_x64_20G_alibase_20240819.vhd", image)
    };
    let ubuntu = "ubuntu_22_04_x64_20G_alibase_20240819.vhd";
    world.write("infra.toml", &text("one", ubuntu, 40, 20, 20));
    world.apply().exits(0);
    world.run(&["plan"]).exits(0).says("No changes");
    let said = |text: &str| {
        world.write("infra.toml", text);
        let plan = world.run(&["plan"]).exits(0).stdout;
        let words: Vec<&str> = plan.split_whitespace().collect();
        let words = words.join(" ");
        [
            "note cloud-init has run and does not run again",
            "note the partition and the file system of the system disk have to be grown inside the server, by you",
            "note the partition and the file system of data disk logs have to be grown inside the server, by you",
            "note the partition and the file system of it have to be grown on the server that has it, by you",
        ]
        .map(|hint| words.contains(hint))
    };
    assert_eq!(
        said(&text("two", ubuntu, 40, 20, 20)),
        [true, false, false, false]
    );
    assert_eq!(
        said(&text("one", ubuntu, 60, 20, 20)),
        [false, true, false, false]
    );
    assert_eq!(
        said(&text("one", ubuntu, 40, 30, 20)),
        [false, false, true, false]
    );
    assert_eq!(
        said(&text("one", ubuntu, 40, 20, 30)),
        [false, false, false, true]
    );
    // On a new system disk cloud-init runs again, and grows the file system.
    let other = "aliyun_3_x64_20G_alibase_20240819.vhd";
    assert_eq!(said(&text("two", other, 60, 20, 20)), [false; 4]);
    world.write("infra.toml", &text("two", ubuntu, 60, 30, 30));
    let events = world.run(&["plan", "--json"]).exits(0).stdout;
    assert!(events.contains("\"hints\":[\"cloud-init has run"), "{events}");
    world.run(&["plan", "-o", "p.plan"]).exits(0);
    for format in ["text", "md", "html", "json"] {
        let shown = world.run(&["show", "p.plan", "--format", format]).exits(0).stdout;
        assert!(shown.contains("cloud-init has run"), "{format}: {shown}");
    }
    world.run(&["apply", "p.plan", "--auto-approve"]).exits(0);
}

#[test]
fn nothing_is_changed_without_approval() {
    let world = World::new();
    world.write("infra.toml", &(NETWORK.to_owned() + &instance("web", "")));
    world.run(&["apply"]).exits(4).tells("--auto-approve");
    assert_eq!((world.count("vpc"), world.count("instance")), (0, 0));
    world.apply().exits(0);
    world.write("infra.toml", NETWORK);
    world.apply().exits(5).tells("--allow-destroy");
    assert_eq!(world.count("instance"), 1);
    world
        .run(&["apply", "--auto-approve", "--allow-destroy=instance.other"])
        .exits(5);
    world
        .run(&["apply", "--auto-approve", "--allow-destroy=instance.web"])
        .exits(0);
    assert_eq!(world.count("instance"), 0);
    world
        .run(&["destroy", "--auto-approve", "--allow-destroy"])
        .exits(0);
    assert_eq!(
        (
            world.count("vpc"),
            world.count("vswitch"),
            world.count("security_group")
        ),
        (0, 0, 0)
    );
}

#[test]
fn a_prepaid_server_is_deleted_in_two_shown_steps() {
    let world = World::new();
    let text = NETWORK.to_owned() + &instance("month", "instance_charge_type = \"PrePaid\"\nperiod = 1");
    world.write("infra.toml", &text);
    world.apply().exits(0);
    world.write("infra.toml", NETWORK);
    world
        .run(&["plan"])
        .exits(0)
        .says("change to pay-as-you-go")
        .says("LOST");
    world
        .run(&["apply", "--auto-approve", "--allow-destroy"])
        .exits(0);
    assert_eq!(world.count("instance"), 0);
}

#[test]
fn a_replaced_network_takes_its_servers_along() {
    let world = World::new();
    let text = NETWORK.to_owned() + &instance("web", "");
    world.write("infra.toml", &text);
    world.apply().exits(0);
    world.write("infra.toml", &text.replace("cn-hangzhou-h", "cn-hangzhou-i"));
    world
        .run(&["plan"])
        .exits(0)
        .says("zone_id cannot change on a live vswitch");
    world
        .run(&["apply", "--auto-approve", "--allow-destroy"])
        .exits(0);
    assert_eq!(by_name(&world, "web")["ZoneId"], "cn-hangzhou-i");
    assert_eq!((world.count("vswitch"), world.count("instance")), (1, 1));
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn awkward_text_survives_the_signature() {
    let world = World::new();
    let text = NETWORK.to_owned() + &instance("web", "description = \"a ~*+/=&?%中文 (x)!\"");
    world.write("infra.toml", &text);
    world.apply().exits(0);
    assert_eq!(by_name(&world, "web")["Description"], "a ~*+/=&?%中文 (x)!");
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_password_is_in_no_file_and_no_output() {
    let mut world = World::new();
    world
        .vars
        .insert("WEB_PASSWORD".to_owned(), "Canary-71-Secret".to_owned());
    let text = NETWORK.to_owned() + &instance("web", "password = { env = \"WEB_PASSWORD\" }");
    world.write("infra.toml", &text);
    let output = world
        .run(&["apply", "--auto-approve", "--verbose", "--log-file", "calls.log"])
        .exits(0);
    assert!(!output.stdout.contains("Canary-71") && !output.stderr.contains("Canary-71"));
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    let mut open = vec![world.path().to_owned()];
    let mut files = 0;
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                files += 1;
                let bytes = std::fs::read(&path).unwrap();
                let found = bytes.windows(9).any(|window| window == b"Canary-71");
                assert!(!found, "the password is in {}", path.display());
            }
        }
    }
    assert!(files > 2);
}

#[test]
fn a_server_with_an_existing_key_pair_is_created_so() {
    let world = World::new();
    let made = world.call(
        "Ecs",
        "CreateKeyPair",
        &[("RegionId", "cn-hangzhou"), ("KeyPairName", "office")],
    );
    assert_eq!(made["KeyPairName"], "office");
    world.write(
        "infra.toml",
        &(NETWORK.to_owned() + &instance("web", "key_pair_name = \"office\"")),
    );
    world.apply().exits(0);
    assert_eq!(by_name(&world, "web")["KeyPairName"], "office");
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_thousand_servers_are_read_with_few_requests() {
    let world = World::new();
    let text = NETWORK.replace("10.0.1.0/24", "10.0.16.0/20")
        + &instance("web", "count = 300").replace("shop-web", "shop-${count.index}");
    world.write("infra.toml", &text);
    world.apply().exits(0);
    let total = |world: &World| world.stats()["requests"]["total"].as_u64().unwrap();
    let before = total(&world);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    let used = total(&world) - before;
    // One page of each type, two more of servers, and who it is.
    assert!(used <= 18, "{used} requests for a plan of 300 servers");
}

#[test]
fn tags_that_somebody_took_away_are_put_back() {
    let world = World::new();
    world.write("infra.toml", NETWORK);
    world.apply().exits(0);
    let group = world.inventory()["accounts"][0]["security_group"][0]["id"]
        .as_str()
        .map(str::to_owned);
    let listed = world.call("Ecs", "DescribeSecurityGroups", &[("RegionId", "cn-hangzhou")]);
    let group = group
        .or_else(|| {
            listed["SecurityGroups"]["SecurityGroup"][0]["SecurityGroupId"]
                .as_str()
                .map(str::to_owned)
        })
        .unwrap();
    let params = [
        ("RegionId", "cn-hangzhou"),
        ("ResourceType", "securitygroup"),
        ("ResourceId.1", group.as_str()),
        ("All", "true"),
    ];
    world.call("Ecs", "UntagResources", &params);
    world
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .says("infra:stack");
    world.apply().exits(0);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn the_environment_that_is_chosen_by_default_has_its_own_state() {
    let world = World::new();
    let project = NETWORK.replace("name = \"shop\"", "name = \"shop\"\ndefault_env = \"dev\"");
    world.write("infra.toml", &project);
    world.write("env/dev.toml", "");
    world.write("env/prod.toml", "");
    world.apply().exits(0);
    world
        .run(&["plan", "--detailed-exitcode", "-e", "dev"])
        .exits(0)
        .says("dev");
    world.run(&["state", "list"]).exits(0).says("vpc.main");
    world.run(&["plan", "--detailed-exitcode", "-e", "prod"]).exits(2);
}
