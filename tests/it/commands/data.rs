//! Data blocks as a user runs them: what is read, what is kept, and what is said when nothing or too much matches.

use crate::harness::World;

const HEAD: &str = "[infra]\nname = \"x\"\nregion = \"cn-hangzhou\"\n";

fn world(text: &str) -> World {
    let world = World::new();
    world.write("infra.toml", &format!("{HEAD}{text}"));
    world
}

/// An output as JSON.
fn output(world: &World, name: &str) -> serde_json::Value {
    let text = world.run(&["output", name, "--json"]).exits(0).stdout;
    serde_json::from_str(&text).unwrap()
}

#[test]
fn validate_needs_no_network_and_a_plan_reads_each_list_once() {
    let world = world(
        "[data.image.a]\nname_regex = \"^ubuntu_22\"\nowner = \"system\"\nmost_recent = true\n\
         [data.image.b]\nname_regex = \"^ubuntu\"\nowner = \"system\"\nmany = true\n\
         [data.zone.all]\nmany = true\n\
         [vpc.main]\ncidr_block = \"10.0.0.0/16\"\n\
         [vswitch.each]\nfor_each = \"${data.zone.all[*].id}\"\nvpc_id = \"${vpc.main.id}\"\nzone_id = \"${each.key}\"\n\
         cidr_block = \"10.0.${local.third[each.key]}.0/24\"\n\
         [local]\nthird = { cn-hangzhou-b = 1, cn-hangzhou-e = 7, cn-hangzhou-f = 8, cn-hangzhou-g = 2, cn-hangzhou-h = 3, cn-hangzhou-i = 4, cn-hangzhou-j = 5, cn-hangzhou-k = 6 }\n\
         [output]\nimage = \"${data.image.a.id}\"\n",
    );
    world.run(&["validate"]).exits(0);
    assert_eq!(world.requests("Ecs", "DescribeImages"), 0);
    assert_eq!(world.requests("Ecs", "DescribeZones"), 0);
    let plan = world
        .run(&["plan", "--full"])
        .exits(0)
        .says("vswitch.each[cn-hangzhou-h]");
    assert!(!plan.stdout.contains("instance"), "{}", plan.stdout);
    assert_eq!(world.requests("Ecs", "DescribeImages"), 1);
    assert_eq!(world.requests("Ecs", "DescribeZones"), 1);
}

#[test]
fn a_choice_is_kept_until_a_fresh_one_is_asked_for() {
    let world = world(
        "[data.instance_type.small]\ncpu = 2\nin_stock = true\nsort_by = \"price\"\n\
         [vpc.main]\ncidr_block = \"10.0.0.0/16\"\nname = \"${data.instance_type.small.family}\"\n\
         [output]\ntype = \"${data.instance_type.small.id}\"\n",
    );
    world.apply().exits(0);
    let chosen = output(&world, "type").as_str().unwrap().to_owned();
    // It is sold out everywhere now, and nobody wants another one.
    world.sold_out(&format!("{chosen}@*"));
    let prices = world.requests("Ecs", "DescribePrice");
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    world.apply().exits(0);
    assert_eq!(output(&world, "type"), chosen.as_str());
    assert_eq!(world.requests("Ecs", "DescribePrice"), prices);
    world.run(&["apply", "--auto-approve", "--refresh-data"]).exits(0);
    let fresh = output(&world, "type");
    assert_ne!(fresh, chosen.as_str());
    // The fresh one is the one that is kept.
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    // Another question is no kept choice.
    let text = world.read("infra.toml").replace("cpu = 2", "cpu = 4");
    world.write("infra.toml", &text);
    world.apply().exits(0);
    assert_ne!(output(&world, "type"), fresh);
    world
        .run(&["destroy", "--auto-approve", "--allow-destroy"])
        .exits(0);
    let state: serde_json::Value = serde_json::from_str(&world.read(".infra/state/default.json")).unwrap();
    assert!(
        state
            .get("data")
            .is_none_or(|data| data.as_object().unwrap().is_empty()),
        "{state}"
    );
}

#[test]
fn what_somebody_else_owns_is_looked_up() {
    let world = World::new();
    let region = ("RegionId", "cn-hangzhou");
    let make = |name: &str, cidr: &str, team: &str| {
        let tags = [("Tag.1.Key", "team"), ("Tag.1.Value", team)];
        let made = world.call(
            "Vpc",
            "CreateVpc",
            &[&[region, ("CidrBlock", cidr), ("VpcName", name)][..], &tags].concat(),
        );
        made["VpcId"].as_str().unwrap().to_owned()
    };
    let (shop, bank) = (
        make("shop", "10.0.0.0/16", "a"),
        make("bank", "172.16.0.0/16", "a"),
    );
    world.call("Vpc", "DescribeVpcs", &[region]);
    let text = |keys: &str| {
        format!(
            "{HEAD}[data.vpc.one]\n{keys}\n[security_group.web]\nvpc_id = \"${{data.vpc.one.id}}\"\n\
             [output]\nnetwork = \"${{data.vpc.one.cidr_block}}\"\nvpc = \"${{data.vpc.one.id}}\"\n"
        )
    };
    for (keys, vpc, cidr) in [
        ("name = \"shop\"", &shop, "10.0.0.0/16"),
        (
            "cidr_block = \"172.16.0.0/16\"\ntags = { team = \"a\" }",
            &bank,
            "172.16.0.0/16",
        ),
    ] {
        world.write("infra.toml", &text(keys));
        world.apply().exits(0);
        assert_eq!(output(&world, "network"), cidr);
        assert_eq!(output(&world, "vpc"), vpc.as_str());
        world
            .run(&["destroy", "--auto-approve", "--allow-destroy"])
            .exits(0);
    }
    world.write("infra.toml", &text(&format!("id = \"{shop}\"")));
    world.run(&["plan"]).exits(0);

    // Two and none, each with what there is.
    world.write("infra.toml", &text("tags = { team = \"a\" }"));
    let two = world.run(&["plan"]).exits(1);
    for part in [
        "E0317",
        "2 of the kind vpc match [data.vpc.one]",
        &format!("{shop} (shop)"),
        &format!("{bank} (bank)"),
        "infra.toml:4",
    ] {
        assert!(two.stderr.contains(part), "no {part} in {}", two.stderr);
    }
    world.write("infra.toml", &text("name = \"shpo\""));
    let none = world.run(&["plan"]).exits(1);
    for part in [
        "E0316",
        "no vpc in cn-hangzhou matches",
        &format!("{bank} (bank)"),
    ] {
        assert!(none.stderr.contains(part), "no {part} in {}", none.stderr);
    }
}

#[test]
fn the_account_the_region_and_the_rest_of_what_there_is() {
    let world = world(
        "[data.account.me]\n[data.region.here]\n[data.region.all]\nmany = true\n[data.key_pair.all]\nmany = true\n[data.resource_group.all]\nmany = true\n\
         [data.disk.all]\nmany = true\n[data.eip.all]\nmany = true\n[data.instance.all]\nmany = true\n[data.vswitch.all]\nmany = true\n\
         [data.security_group.all]\nmany = true\n[data.image.arm]\narchitecture = \"arm64\"\nmany = true\n\
         [output]\naccount = \"${data.account.me.id}\"\nregion = \"${data.region.here.id}\"\nregions = \"${data.region.all[*].id}\"\n\
         keys = \"${data.key_pair.all[*].name}\"\ngroups = \"${data.resource_group.all[*].id}\"\n",
    );
    world.call(
        "Ecs",
        "CreateKeyPair",
        &[("RegionId", "cn-hangzhou"), ("KeyPairName", "deploy")],
    );
    world.run(&["apply", "--auto-approve"]).exits(0);
    assert!(!output(&world, "account").as_str().unwrap().is_empty());
    assert_eq!(output(&world, "region"), "cn-hangzhou");
    assert!(output(&world, "regions").as_array().unwrap().len() > 10);
    assert_eq!(output(&world, "keys"), serde_json::json!(["deploy"]));
    assert!(!output(&world, "groups").as_array().unwrap().is_empty());
    assert_eq!(
        world.stats()["unknown_parameters"]["total"],
        0,
        "{}",
        world.stats()
    );
}

#[test]
fn a_saved_plan_keeps_what_data_blocks_have_shown() {
    const TEXT: &str = "[data.instance_type.small]\ncpu = 2\nin_stock = true\nsort_by = \"price\"\n[data.vpc.all]\nmany = true\n\
                        [vpc.main]\ncidr_block = \"10.0.0.0/16\"\nname = \"${data.instance_type.small.family}\"\n\
                        [output]\ntype = \"${data.instance_type.small.id}\"\n";
    let twin = world(TEXT);
    twin.apply().exits(0);
    let chosen = output(&twin, "type").as_str().unwrap().to_owned();
    let world = world(TEXT);
    world.run(&["plan", "-o", "saved.plan"]).exits(0);
    world.sold_out(&format!("{chosen}@*"));
    world.run(&["apply", "saved.plan"]).exits(0);
    assert_eq!(output(&world, "type"), chosen.as_str());
    // And it is the choice that the state keeps.
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
}
