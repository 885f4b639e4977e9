//! A look before what cannot be undone: what the cloud would refuse is told with its place, and nothing is destroyed
//! for it.

use crate::harness::{Output, World};

const NETWORK: &str = r#"[infra]
name = "shop"
region = "cn-hangzhou"

[vpc.main]
cidr_block = "10.0.0.0/16"

[vswitch.main]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.16.0/20"

[security_group.web]
vpc_id = "${vpc.main.id}"
"#;

const SERVER: &str = r#"
[instance.web]
name = "shop-web"
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.main.id}"
security_group_ids = ["${security_group.web.id}"]
"#;

/// The same server, made anew for another image.
const ANEW: &str = "lifecycle = { replace_on = [\"image_id\"] }\n";

const ALLOWED: &[&str] = &["apply", "--auto-approve", "--allow-destroy"];

/// A world in which the server runs.
fn running(options: impl FnOnce(&mut infra::sim::Options)) -> World {
    let world = World::with(options);
    world.write("infra.toml", &stack());
    world.apply().exits(0);
    world
}

fn stack() -> String {
    NETWORK.to_owned() + SERVER
}

/// The line of a file on which a text stands.
fn line(world: &World, text: &str) -> String {
    let file = world.read("infra.toml");
    let index = file.lines().position(|line| line.contains(text)).unwrap();
    format!("infra.toml:{}:", index + 1)
}

/// Everything that tells whether something was destroyed, or stopped for it.
fn destructive_requests(world: &World) -> u64 {
    let ecs = ["StopInstance", "DeleteInstance", "DeleteSecurityGroup"];
    let vpc = ["DeleteVSwitch", "DeleteVpc"];
    let ecs: u64 = ecs.iter().map(|action| world.requests("Ecs", action)).sum();
    ecs + vpc
        .iter()
        .map(|action| world.requests("Vpc", action))
        .sum::<u64>()
}

/// The changed file is refused in `plan` and in `apply`, with this code at this place, and nothing is destroyed.
fn is_refused_and_destroys_nothing(world: &World, code: &str, at: &str) -> Output {
    let before = world.inventory();
    let place = line(world, at);
    world
        .run(&["plan"])
        .exits(0)
        .tells("E0530")
        .tells(code)
        .tells(&place);
    let output = world
        .run(ALLOWED)
        .exits(5)
        .tells("E0530")
        .tells(code)
        .tells(&place);
    assert_eq!(destructive_requests(world), 0, "{}", world.stats());
    assert_eq!(world.inventory(), before);
    output
}

#[test]
fn an_unknown_image_destroys_nothing() {
    let world = running(|_| {});
    let unknown = stack().replace("20240819", "20240918");
    world.write("infra.toml", &(unknown.clone() + ANEW));
    is_refused_and_destroys_nothing(&world, "InvalidImageId.NotFound", "image_id").tells("check image_id");
    assert_eq!(
        world.stats()["unknown_parameters"]["total"],
        0,
        "{}",
        world.stats()
    );
    // Without the look it is found out too late.
    world
        .run(&["plan", "--no-preflight"])
        .exits(0)
        .says("1 to replace");
    // The system disk of the server that stays is not given up for it either.
    world.write("infra.toml", &unknown);
    is_refused_and_destroys_nothing(&world, "InvalidImageId.NotFound", "image_id");
}

#[test]
fn a_swap_that_is_refused_only_at_the_last_moment_starts_the_server_again() {
    let world = running(|_| {});
    world.faults(&["ReplaceSystemDisk:refuse=InvalidImageId.NotFound/404@1"]);
    let image = "aliyun_3_x64_20G_alibase_20240819.vhd";
    let other = stack().replace("ubuntu_22_04_x64_20G_alibase_20240819.vhd", image);
    world.write("infra.toml", &other);
    world.run(ALLOWED).exits(3).tells("InvalidImageId.NotFound");
    assert_eq!(world.instances()[0]["Status"], "Running");
    world.run(ALLOWED).exits(0);
    assert_eq!(world.instances()[0]["ImageId"], image);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_zone_that_is_sold_out_destroys_nothing() {
    let world = running(|options| options.sold_out = vec!["*@cn-hangzhou-i".parse().unwrap()]);
    world.write("infra.toml", &stack().replace("cn-hangzhou-h", "cn-hangzhou-i"));
    is_refused_and_destroys_nothing(&world, "OperationDenied.NoStock", "instance_type")
        .tells("sold out in cn-hangzhou-i");
    assert_eq!(
        world.stats()["unknown_parameters"]["total"],
        0,
        "{}",
        world.stats()
    );
}

#[test]
fn a_quota_that_is_used_up_destroys_nothing() {
    let world = running(|_| {});
    world.faults(&["CreateInstance[DryRun=true]:refuse=QuotaExceeded/403"]);
    let image = "aliyun_3_x64_20G_alibase_20240819.vhd";
    let other = stack().replace("ubuntu_22_04_x64_20G_alibase_20240819.vhd", image) + ANEW;
    world.write("infra.toml", &other);
    is_refused_and_destroys_nothing(&world, "QuotaExceeded", "[instance.web]");
    // It was no more than that: without it the server is made anew.
    world.faults(&[]);
    world.run(ALLOWED).exits(0);
    assert_eq!(world.instances()[0]["ImageId"], image);
}

#[test]
fn what_may_not_be_tried_is_not_refused() {
    let world = running(|_| {});
    world.faults(&["CreateInstance[DryRun=true]:refuse=Forbidden.RAM/403"]);
    let image = "aliyun_3_x64_20G_alibase_20240819.vhd";
    let other = stack().replace("ubuntu_22_04_x64_20G_alibase_20240819.vhd", image) + ANEW;
    world.write("infra.toml", &other);
    world
        .run(&["plan"])
        .exits(0)
        .says("not checked beforehand: instance.web")
        .says("Forbidden.RAM");
    world.run(ALLOWED).exits(0);
    assert_eq!(world.instances()[0]["ImageId"], image);
}

#[test]
fn what_is_refused_only_between_the_look_and_the_change_destroys_nothing() {
    let world = running(|_| {});
    // The second dry run of the run: the one just before the first destructive step.
    world.faults(&["CreateInstance[DryRun=true]:refuse=OperationDenied.NoStock/403@2"]);
    let image = "aliyun_3_x64_20G_alibase_20240819.vhd";
    let other = stack().replace("ubuntu_22_04_x64_20G_alibase_20240819.vhd", image) + ANEW;
    world.write("infra.toml", &other);
    let before = world.inventory();
    world
        .run(ALLOWED)
        .exits(5)
        .tells("OperationDenied.NoStock")
        .tells("nothing was changed");
    assert_eq!(destructive_requests(&world), 0);
    assert_eq!(world.inventory(), before);
}

#[test]
fn what_is_refused_at_the_last_moment_is_told_and_made_by_the_next_run() {
    let world = running(|_| {});
    world.faults(&["CreateInstance[ClientToken=infra*]:refuse=OperationDenied.NoStock/403@1"]);
    let image = "aliyun_3_x64_20G_alibase_20240819.vhd";
    let other = stack().replace("ubuntu_22_04_x64_20G_alibase_20240819.vhd", image) + ANEW;
    world.write("infra.toml", &other);
    world
        .run(ALLOWED)
        .exits(3)
        .tells("OperationDenied.NoStock")
        .tells("could not be created");
    assert_eq!(world.instances().len(), 0);
    world.run(&["plan"]).exits(0).says("1 to create");
    world.apply().exits(0);
    assert_eq!(world.instances()[0]["ImageId"], image);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_change_that_is_refused_while_the_server_is_stopped_starts_it_again() {
    let world = running(|_| {});
    world.faults(&["ModifyInstanceSpec:refuse=OperationDenied.NoStock/403"]);
    world.write("infra.toml", &stack().replace("ecs.g7.large", "ecs.g7.xlarge"));
    world
        .apply()
        .exits(3)
        .tells("it was stopped for this change and has been started again");
    let web = &world.instances()[0];
    assert_eq!(
        (&web["Status"], &web["InstanceType"]),
        (&"Running".into(), &"ecs.g7.large".into())
    );
    world.faults(&[]);
    world.apply().exits(0);
    assert_eq!(world.instances()[0]["InstanceType"], "ecs.g7.xlarge");
}

#[test]
fn a_plain_create_that_would_be_refused_is_told_by_plan() {
    let world = World::new();
    world.write("infra.toml", &stack().replace("20240819", "20240918"));
    world
        .run(&["plan"])
        .exits(0)
        .tells("E0530")
        .tells("InvalidImageId.NotFound")
        .tells(&line(&world, "image_id"));
    // The rest goes on.
    world.apply().exits(3);
    assert_eq!((world.count("vswitch"), world.count("instance")), (1, 0));
    world.write("infra.toml", &stack());
    world.apply().exits(0);
    assert_eq!(world.count("instance"), 1);
}

#[test]
fn a_network_that_overlaps_one_of_somebody_else_is_told_by_plan() {
    let world = World::new();
    world.write("infra.toml", NETWORK);
    world.apply().exits(0);
    let vpc = world.call("Vpc", "DescribeVpcs", &[("RegionId", "cn-hangzhou")]);
    let vpc = vpc["Vpcs"]["Vpc"][0]["VpcId"].as_str().unwrap().to_owned();
    world.call(
        "Vpc",
        "CreateVSwitch",
        &[
            ("RegionId", "cn-hangzhou"),
            ("VpcId", &vpc),
            ("ZoneId", "cn-hangzhou-h"),
            ("CidrBlock", "10.0.64.0/24"),
        ],
    );
    let more = NETWORK.to_owned()
        + "\n[vswitch.more]\nvpc_id = \"${vpc.main.id}\"\nzone_id = \"cn-hangzhou-i\"\ncidr_block = \"10.0.64.0/20\"\n";
    world.write("infra.toml", &more);
    world
        .run(&["plan"])
        .exits(0)
        .tells("InvalidCidrBlock.Overlapped")
        .tells(&line(&world, "10.0.64.0/20"));
}

/// A server of somebody else in the network of ours.
fn with_a_foreign_server() -> (World, String) {
    let world = running(|_| {});
    let web = world.instances()[0].clone();
    let made = world.call(
        "Ecs",
        "RunInstances",
        &[
            ("RegionId", "cn-hangzhou"),
            ("InstanceType", "ecs.g7.large"),
            ("ImageId", "ubuntu_22_04_x64_20G_alibase_20240819.vhd"),
            ("VSwitchId", web["VpcAttributes"]["VSwitchId"].as_str().unwrap()),
            (
                "SecurityGroupId",
                web["SecurityGroupIds"]["SecurityGroupId"][0].as_str().unwrap(),
            ),
            ("InstanceName", "legacy-db"),
        ],
    );
    let id = made["InstanceIdSets"]["InstanceIdSet"][0].as_str().unwrap();
    (world, id.to_owned())
}

#[test]
fn a_foreign_server_in_the_network_is_named_and_nothing_is_deleted() {
    let (world, id) = with_a_foreign_server();
    let before = world.inventory();
    world
        .run(&["plan", "--destroy"])
        .exits(0)
        .tells("E0531")
        .tells(&id)
        .tells("legacy-db")
        .tells(&line(&world, "[vswitch.main]"));
    world
        .run(&["destroy", "--auto-approve", "--allow-destroy"])
        .exits(5)
        .tells(&id)
        .tells("legacy-db");
    assert_eq!(destructive_requests(&world), 0, "{}", world.stats());
    assert_eq!(world.inventory(), before);
    assert_eq!(
        world.stats()["unknown_parameters"]["total"],
        0,
        "{}",
        world.stats()
    );
    world.call(
        "Ecs",
        "DeleteInstance",
        &[
            ("RegionId", "cn-hangzhou"),
            ("InstanceId", &id),
            ("Force", "true"),
        ],
    );
    world
        .run(&["destroy", "--auto-approve", "--allow-destroy"])
        .exits(0);
    assert_eq!((world.count("vpc"), world.count("instance")), (0, 0));
}

#[test]
fn a_foreign_server_that_nobody_looked_for_is_named_at_the_first_refusal() {
    let (world, id) = with_a_foreign_server();
    world
        .run(&["destroy", "--auto-approve", "--allow-destroy", "--no-preflight"])
        .exits(3)
        .tells("E0610")
        .tells(&id)
        .tells("legacy-db");
    // One refusal is enough: it is not tried again until somebody gives up.
    assert_eq!(world.requests("Vpc", "DeleteVSwitch"), 1);
    assert_eq!(world.requests("Ecs", "DeleteSecurityGroup"), 1);
    assert_eq!(world.requests("Vpc", "DeleteVpc"), 0);
}

#[test]
fn a_foreign_group_and_a_foreign_interface_are_named() {
    let world = World::new();
    world.write("infra.toml", NETWORK);
    world.apply().exits(0);
    let region = ("RegionId", "cn-hangzhou");
    let vswitches = world.call("Vpc", "DescribeVSwitches", &[region]);
    let vswitch = &vswitches["VSwitches"]["VSwitch"][0];
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let (vpc, vswitch) = (text(&vswitch["VpcId"]), text(&vswitch["VSwitchId"]));
    let group = world.call(
        "Ecs",
        "CreateSecurityGroup",
        &[region, ("VpcId", &vpc), ("SecurityGroupName", "theirs")],
    );
    let group = text(&group["SecurityGroupId"]);
    let interface = world.call(
        "Ecs",
        "CreateNetworkInterface",
        &[region, ("VSwitchId", &vswitch), ("SecurityGroupId", &group)],
    );
    let interface = text(&interface["NetworkInterfaceId"]);
    world
        .run(&["destroy", "--auto-approve", "--allow-destroy"])
        .exits(5)
        .tells(&interface)
        .tells(&group)
        .tells("theirs");
    assert_eq!(destructive_requests(&world), 0, "{}", world.stats());
}

#[test]
fn a_plan_that_makes_and_removes_nothing_asks_nothing_more() {
    let world = running(|_| {});
    let count = |arguments: &[&str]| {
        let before = world.stats()["requests"]["total"].as_u64().unwrap();
        world.run(arguments).exits(0);
        world.stats()["requests"]["total"].as_u64().unwrap() - before
    };
    assert_eq!(count(&["plan"]), count(&["plan", "--no-preflight"]));
    world.write("infra.toml", &stack().replace("shop-web", "renamed"));
    assert_eq!(count(&["plan"]), count(&["plan", "--no-preflight"]));
}

#[test]
fn servers_that_differ_in_nothing_but_their_names_share_one_dry_run() {
    let world = World::new();
    world.write("infra.toml", NETWORK);
    world.apply().exits(0);
    let many = SERVER.replace(
        "shop-web\"",
        "shop-${count.index}\"\ncount = 300\nhost_name = \"h${count.index}\"",
    );
    world.write("infra.toml", &(NETWORK.to_owned() + &many));
    world.run(&["plan"]).exits(0).says("300 to create");
    assert_eq!(world.requests("Ecs", "CreateInstance"), 1);
    assert_eq!(world.count("instance"), 0);
}

#[test]
fn another_type_that_is_sold_out_stops_nothing_and_there_are_others() {
    let world = running(|options| options.sold_out = vec!["ecs.g7.xlarge@cn-hangzhou-h".parse().unwrap()]);
    let before = world.inventory();
    world.write("infra.toml", &stack().replace("ecs.g7.large", "ecs.g7.xlarge"));
    let place = line(&world, "ecs.g7.xlarge");
    world
        .run(&["plan"])
        .exits(0)
        .tells("E0530")
        .tells(&place)
        .tells("ecs.g7.xlarge is in stock in cn-hangzhou-")
        .tells("of the same size there are");
    world.apply().exits(1).tells("E0530");
    assert_eq!(world.requests("Ecs", "StopInstance"), 0);
    assert_eq!(world.inventory(), before);
    assert_eq!(
        world.stats()["unknown_parameters"]["total"],
        0,
        "{}",
        world.stats()
    );
}

/// The network is only made in the same plan, so there is no dry run; and a disk that is there is to become another one.
#[test]
fn a_kind_of_disk_that_a_type_does_not_take_is_told_by_plan() {
    let with = |system: &str, data: &str| {
        format!(
            "{}system_disk = {{ category = \"{system}\" }}\ndata_disks = [{{ name = \"data\", size = 40, category = \"{data}\" }}]\n",
            stack()
        )
    };
    let is_told = |world: &World, code: &str, at: &str| {
        let place = line(world, at);
        world
            .run(&["plan"])
            .exits(0)
            .tells("E0530")
            .tells(code)
            .tells("there it takes cloud_auto, cloud_efficiency, cloud_essd")
            .tells(&place);
    };
    let system = "InvalidSystemDiskCategory.ValueNotSupported";
    let data = "InvalidDataDiskCategory.ValueNotSupported";
    let world = World::new();
    world.write("infra.toml", &with("cloud", "cloud_essd"));
    is_told(&world, system, "system_disk");
    world.write("infra.toml", &with("cloud_essd", "cloud"));
    is_told(&world, data, "data_disks");
    world.write("infra.toml", &with("cloud_essd", "cloud_essd"));
    world.apply().exits(0);
    let before = world.inventory();
    for (file, code, at) in [
        (with("cloud", "cloud_essd"), system, "system_disk"),
        (with("cloud_essd", "cloud"), data, "data_disks"),
        (
            with("cloud_essd", "cloud_essd")
                .replace("}]", "}, { name = \"more\", size = 40, category = \"cloud\" }]"),
            data,
            "data_disks",
        ),
    ] {
        world.write("infra.toml", &file);
        is_told(&world, code, at);
        world.apply().exits(1).tells(code);
        assert_eq!(world.inventory(), before);
    }
    assert_eq!(
        world.stats()["unknown_parameters"]["total"],
        0,
        "{}",
        world.stats()
    );
}

/// Each of them may be made alone: only all together are too many.
#[test]
fn more_cores_than_the_account_may_have_are_found_before() {
    let world = running(|options| options.account.vcpus = 6);
    let more = SERVER
        .replace("[instance.web]", "[instance.more]\ncount = 3")
        .replace("shop-web", "shop-more");
    world.write("infra.toml", &(stack() + &more));
    let told = world
        .run(&["plan"])
        .exits(0)
        .tells("E0530")
        .tells("instance.more[2] would be refused: a quota of the account is used up")
        .tells("it has 2 cores, and 0 of the 6 that the account may have here are left")
        .tells("2 are in use now")
        .tells("infra.toml:");
    assert!(!told.stderr.contains("instance.more[1] would"), "{}", told.stderr);
    world.apply().exits(3).tells("E0530");
    // The others are made, and for the one that is refused nothing was sent but a question.
    assert_eq!(world.count("instance"), 3);
    // What goes makes room.
    let fewer = more.replace("count = 3", "count = 2");
    world.write(
        "infra.toml",
        &(NETWORK.to_owned() + &fewer.replace("g7.large", "g7.xlarge")),
    );
    world.run(&["plan"]).exits(0);
}

#[test]
fn a_vswitch_that_is_full_is_found_before() {
    let world = World::new();
    let small = stack().replace("10.0.16.0/20", "10.0.16.0/29");
    let many = |count: u32| small.replace("[instance.web]", &format!("[instance.web]\ncount = {count}"));
    // Of eight addresses four belong to the network itself.
    world.write("infra.toml", &many(5));
    world
        .run(&["plan"])
        .exits(0)
        .tells("instance.web[4] would be refused: its vSwitch has no free address left")
        .tells("vswitch.main (10.0.16.0/29) has room for 4 more, and this plan wants 5 in it");
    world.write("infra.toml", &many(3));
    world.apply().exits(0);
    world.write("infra.toml", &many(5));
    world
        .run(&["plan"])
        .exits(0)
        .tells("E0530")
        .tells("(10.0.16.0/29) has room for 1 more, and this plan wants 2 in it");
    world.apply().exits(3);
    assert_eq!(world.count("instance"), 4);
}

#[test]
fn what_the_account_cannot_pay_is_found_before() {
    let world = World::with(|options| options.account.balance = 10);
    let paid = stack() + "instance_charge_type = \"PrePaid\"\nperiod = 1\n";
    world.write("infra.toml", &paid);
    world
        .run(&["plan"])
        .exits(0)
        .tells("instance.web would be refused: the account's balance is too low")
        .tells("at once, and the account has 10.00")
        .tells("PostPaid")
        .tells(&line(&world, "PrePaid"));
    world.apply().exits(3).tells("E0530");
    assert_eq!(world.requests("Ecs", "CreateInstance"), 0);
    assert_eq!(world.count("vpc"), 1);
    // Who pays as he goes needs no more.
    world.write("infra.toml", &stack());
    world.apply().exits(0);
}
