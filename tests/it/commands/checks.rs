//! What is checked before the network, held against the simulator: limits, rules, line ends.

use std::fmt::Write as _;

use crate::harness::World;

const HEAD: &str = "[infra]\nname = \"x\"\nregion = \"cn-hangzhou\"\n";
const REGION: (&str, &str) = ("RegionId", "cn-hangzhou");

/// The fewest and the most characters of a key, as the editor schema has them.
fn length(schema: &serde_json::Value, type_name: &str, key: &str) -> Option<(usize, usize)> {
    let pattern =
        schema["properties"][type_name]["additionalProperties"]["properties"][key]["pattern"].as_str()?;
    let (min, max) = pattern
        .split_once(r"[\s\S]{")?
        .1
        .split_once('}')?
        .0
        .split_once(',')?;
    Some((min.parse().ok()?, max.parse().ok()?))
}

/// What the simulator says to a text of so many characters: nothing, or the code of its refusal.
fn tried(
    world: &World,
    call: (&str, &str),
    base: &[(&str, &str)],
    param: &str,
    length: usize,
) -> Option<String> {
    let text = "a".repeat(length);
    let params = [base, &[(param, text.as_str())]].concat();
    let answer = world.call(call.0, call.1, &params);
    answer["Code"].as_str().map(str::to_owned)
}

#[test]
fn the_limits_of_texts_are_those_of_the_simulator() {
    let world = World::new();
    let schema = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/infra.schema.json"),
    );
    let schema: serde_json::Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let made = world.call("Vpc", "CreateVpc", &[REGION, ("CidrBlock", "10.0.0.0/8")]);
    let vpc = made["VpcId"].as_str().unwrap();
    world.call("Vpc", "DescribeVpcs", &[REGION]);
    let made = world.call(
        "Vpc",
        "CreateVSwitch",
        &[
            REGION,
            ("VpcId", vpc),
            ("ZoneId", "cn-hangzhou-h"),
            ("CidrBlock", "10.200.0.0/16"),
        ],
    );
    let vswitch = made["VSwitchId"].as_str().unwrap();
    world.call("Vpc", "DescribeVSwitches", &[REGION]);
    let made = world.call("Ecs", "CreateSecurityGroup", &[REGION, ("VpcId", vpc)]);
    let group = made["SecurityGroupId"].as_str().unwrap();
    let server = [
        REGION,
        ("InstanceType", "ecs.g7.large"),
        ("ImageId", "ubuntu_22_04_x64_20G_alibase_20240819.vhd"),
        ("VSwitchId", vswitch),
        ("SecurityGroupId", group),
        ("DryRun", "true"),
    ];
    let mut third = 0;
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (type_name, key, call, param) in [
        ("vpc", "name", ("Vpc", "CreateVpc"), "VpcName"),
        ("vpc", "description", ("Vpc", "CreateVpc"), "Description"),
        ("vswitch", "name", ("Vpc", "CreateVSwitch"), "VSwitchName"),
        ("vswitch", "description", ("Vpc", "CreateVSwitch"), "Description"),
        (
            "security_group",
            "name",
            ("Ecs", "CreateSecurityGroup"),
            "SecurityGroupName",
        ),
        (
            "security_group",
            "description",
            ("Ecs", "CreateSecurityGroup"),
            "Description",
        ),
        ("instance", "name", ("Ecs", "CreateInstance"), "InstanceName"),
        (
            "instance",
            "description",
            ("Ecs", "CreateInstance"),
            "Description",
        ),
        ("instance", "host_name", ("Ecs", "CreateInstance"), "HostName"),
        ("disk", "name", ("Ecs", "CreateDisk"), "DiskName"),
        ("disk", "description", ("Ecs", "CreateDisk"), "Description"),
        ("eip", "name", ("Vpc", "AllocateEipAddress"), "Name"),
        ("eip", "description", ("Vpc", "AllocateEipAddress"), "Description"),
    ] {
        let Some((min, max)) = length(&schema, type_name, key) else {
            panic!("{type_name}.{key} has no limits");
        };
        for (length, fits) in [(min, true), (max, true), (max + 1, false), (min - 1, false)] {
            third += 1;
            let cidr = format!("10.{third}.0.0/16");
            let base: Vec<(&str, &str)> = match type_name {
                "vpc" => vec![REGION, ("CidrBlock", "10.0.0.0/8")],
                "vswitch" => vec![
                    REGION,
                    ("VpcId", vpc),
                    ("ZoneId", "cn-hangzhou-h"),
                    ("CidrBlock", &cidr),
                ],
                "security_group" => vec![REGION, ("VpcId", vpc)],
                "instance" => server.to_vec(),
                "disk" => vec![
                    REGION,
                    ("ZoneId", "cn-hangzhou-h"),
                    ("Size", "40"),
                    ("DiskCategory", "cloud_essd"),
                ],
                _ => vec![REGION],
            };
            // An empty text is no text for the API.
            if length == 0 {
                continue;
            }
            checked += 1;
            let code = tried(&world, call, &base, param, length);
            let accepted = code.as_deref().is_none_or(|code| code == "DryRunOperation");
            if accepted != fits {
                wrong.push(format!("{type_name}.{key}: {length} characters: {code:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 40, "{checked}");
}

fn rules(first: u32) -> String {
    let mut text = format!(
        "{HEAD}[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n[security_group.web]\nvpc_id = \"${{vpc.main.id}}\"\ningress = [\n"
    );
    for port in first..first + 150 {
        writeln!(
            text,
            "  {{ port_range = \"{port}\", source_cidr_ip = \"203.0.113.7\" }},"
        )
        .unwrap();
    }
    text + "]\n"
}

#[test]
fn all_rules_are_exchanged_under_the_limit_of_the_api() {
    let world = World::new();
    world.write("infra.toml", &rules(1000));
    world.apply().exits(0);
    world.write("infra.toml", &rules(2000));
    world.apply().exits(0);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    // The same side in another spelling is no change.
    let spelt = world.read("infra.toml").replace("203.0.113.7", "203.0.113.7/32");
    world.write("infra.toml", &spelt);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    // And what is taken away by its own spelling is gone.
    world.write(
        "infra.toml",
        &rules(3000).replace("203.0.113.7", "203.0.113.7/32"),
    );
    world.apply().exits(0);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn more_rules_than_there_may_be_are_refused() {
    let world = World::offline();
    let many: String = (1..=201)
        .map(|port| format!("  {{ port_range = \"{port}\", source_cidr_ip = \"10.0.0.0/8\" }},\n"))
        .collect();
    world.write(
        "infra.toml",
        &format!("{HEAD}[security_group.a]\ningress = [\n{many}]\n"),
    );
    world
        .run(&["validate"])
        .exits(1)
        .tells("infra.toml:206:3")
        .tells("there may be 200 of ingress rule in a security_group, these are 201");
}

#[test]
fn a_file_saved_with_other_line_ends_changes_nothing() {
    let world = World::new();
    world.example("web-tier");
    world.apply().exits(0);
    let text = world.read("infra.toml");
    assert!(text.contains("user_data = \"\"\"") && !text.contains('\r'));
    world.write("infra.toml", &text.replace('\n', "\r\n"));
    world.run(&["validate"]).exits(0);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn doubts_do_not_stop_a_run_and_keys_are_never_shown() {
    let world = World::new();
    world.write(
        "infra.toml",
        &format!(
            "{HEAD}[security_group.open]\ningress = [\n  {{ port_range = \"all\", source_cidr_ip = \"0.0.0.0/0\" }},\n  {{ port_range = \"22\", ipv6_source_cidr_ip = \"::/0\" }},\n]\n\
             [local]\nkey = \"LTAI5tExampleOfAKey00\"\n"
        ),
    );
    let told = world
        .run(&["validate"])
        .exits(0)
        .tells("W031")
        .tells("every port")
        .tells("W032");
    assert_eq!(told.stderr.matches("W031").count(), 2, "{}", told.stderr);
    assert!(!told.stderr.contains("LTAI5tExample"), "{}", told.stderr);
    let told = world.apply().exits(0);
    assert!(!(told.stdout + &told.stderr).contains("LTAI5tExample"));
}

#[test]
fn defaults_stand_beneath_what_a_block_says() {
    let world = World::new();
    world.write(
        "infra.toml",
        &format!(
            "{HEAD}[defaults]\ntags = {{ project = \"shop\", env = \"dev\" }}\n\
             [defaults.vpc]\ndescription = \"of ${{infra.name}}\"\ncidr_block = \"10.0.0.0/16\"\ntags = {{ kind = \"network\" }}\n\
             [vpc.main]\n[vpc.other]\ncidr_block = \"10.1.0.0/16\"\ntags = {{ env = \"prod\" }}\n\
             [security_group.web]\nvpc_id = \"${{vpc.main.id}}\"\n"
        ),
    );
    world.apply().exits(0);
    let found = world.call("Vpc", "DescribeVpcs", &[REGION]);
    let mut seen: Vec<String> = Vec::new();
    for vpc in found["Vpcs"]["Vpc"].as_array().unwrap() {
        let mut tags: Vec<String> = vpc["Tags"]["Tag"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| {
                format!(
                    "{}={}",
                    tag["Key"].as_str().unwrap(),
                    tag["Value"].as_str().unwrap()
                )
            })
            .filter(|tag| !tag.starts_with("infra:"))
            .collect();
        tags.sort();
        seen.push(format!(
            "{} {} {}",
            vpc["CidrBlock"].as_str().unwrap(),
            vpc["Description"].as_str().unwrap(),
            tags.join(" ")
        ));
    }
    seen.sort();
    assert_eq!(
        seen,
        [
            "10.0.0.0/16 of x env=dev kind=network project=shop",
            "10.1.0.0/16 of x env=prod kind=network project=shop"
        ]
    );
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_sensitive_variable_is_a_password_and_comes_out_nowhere() {
    let mut world = World::new();
    world.example("quickstart");
    let text = world.read("infra.toml");
    let text = text.replace("[instance.web]\n", "[instance.web]\npassword = \"${var.pw}\"\n");
    world.write("infra.toml", &format!("{text}\n[var.pw]\nsensitive = true\n"));
    world
        .vars
        .insert("INFRA_VAR_PW".to_owned(), "Hunter2-hunter2".to_owned());
    world.run(&["plan"]).exits(0).says("variable pw");
    let done = world
        .run(&["apply", "--auto-approve", "--log-file", "log"])
        .exits(0);
    let state = world.read(".infra/state/default.json");
    for text in [done.stdout, done.stderr, state, world.read("log")] {
        assert!(!text.contains("Hunter2-hunter2"), "{text}");
    }
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    // Another value is a change.
    world
        .vars
        .insert("INFRA_VAR_PW".to_owned(), "Hunter3-hunter3".to_owned());
    world
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .says("sensitive");
    // It is a password as a whole only, and a name never.
    world.write(
        "infra.toml",
        &format!(
            "{}\n[var.pw]\nsensitive = true\n",
            text.replace("${var.pw}", "x-${var.pw}")
        ),
    );
    world.run(&["validate"]).exits(1).tells("E0313");
    world.write(
        "infra.toml",
        &format!("{text}\n[var.pw]\ndefault = \"Hunter2-hunter2\"\n"),
    );
    let refused = world.run(&["validate"]).exits(1).tells("E0411");
    assert!(!refused.stderr.contains("Hunter2"), "{}", refused.stderr);
}
