//! Every command at terminals of several widths: no line is wider than the screen, and colour changes no character.
//!
//! The list of commands is what the help itself names, so that a new one is drawn or the test fails.

use std::collections::BTreeSet;

use unicode_width::UnicodeWidthStr as _;

use crate::harness::World;

const WIDTHS: [usize; 4] = [60, 80, 100, 140];

/// Something of everything that messages are about: servers of several kinds, money, doubts, and things that depend.
const STACK: &str = r#"[infra]
name = "a-shop-with-a-rather-long-name"
region = "cn-hangzhou"

[var.size]
type = "string"
default = "ecs.g7.large"
description = "How large the servers of the web tier are, which the operators decide"

[vpc.main]
name = "订单服务的专有网络，由运维组维护"
cidr_block = "10.0.0.0/16"

[vswitch.front_of_the_shop]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.1.0/24"

[security_group.web]
vpc_id = "${vpc.main.id}"
ingress = [
  { port_range = "22", source_cidr_ip = "0.0.0.0/0", description = "订单服务的前端机器，由运维组维护，请不要在控制台里修改" },
  { port_range = "443", source_cidr_ip = "0.0.0.0/0" },
]

[instance.web]
count = 4
name = "shop-web-${count.index}"
instance_type = "${var.size}"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.front_of_the_shop.id}"
security_group_ids = ["${security_group.web.id}"]
internet_max_bandwidth_out = 5
user_data = """
#cloud-config
packages:
  - nginx
"""

[instance.subscription_server]
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.front_of_the_shop.id}"
security_group_ids = ["${security_group.web.id}"]
instance_charge_type = "PrePaid"
period = 1

[disk.of_the_orders]
disk_category = "cloud_essd"
size = 40
zone_id = "cn-hangzhou-h"
instance_id = "${instance.web[0].id}"

[output]
addresses = "${instance.web[*].public_ip}"
"#;

/// A type that nobody sells, as far as is known, and a disk that its type does not take: doubts, and a create that would be
/// refused.
const UNKNOWN: &str = r#"
[instance.of_an_unknown_type]
instance_type = "ecs.zz9.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.front_of_the_shop.id}"
security_group_ids = ["${security_group.web.id}"]

[instance.with_an_old_disk]
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.front_of_the_shop.id}"
security_group_ids = ["${security_group.web.id}"]
system_disk = { category = "cloud", size = 40 }
"#;

/// The commands of a page of help, down to those that have none below them.
fn commands(world: &World, above: &[&str]) -> Vec<String> {
    let help = world.run(&[above, &["--help"]].concat()).exits(0).stdout;
    let Some((_, list)) = help.split_once("\nCommands:\n") else {
        return vec![above.join(" ")];
    };
    let names = list.lines().take_while(|line| line.starts_with("  "));
    let names = names.filter_map(|line| {
        line.split_whitespace()
            .next()
            .filter(|_| !line.starts_with("   "))
    });
    names
        .filter(|name| *name != "help")
        .flat_map(|name| commands(world, &[above, &[name]].concat()))
        .collect()
}

/// Lines of which each is printed as it is: whoever reads it is a program, or it is one name, address or command.
fn is_unbreakable(line: &str) -> bool {
    let alone = line
        .trim_start()
        .trim_start_matches("-> ")
        .trim_start_matches("--> ");
    // A value alone, or behind its key.
    let value = alone.split_once(" = ").map_or(alone, |(_, value)| value);
    let is_value = value.starts_with('"') && value.trim_end_matches(',').ends_with('"');
    is_value || !alone.contains(' ')
}

/// A project of which a part exists, somebody has changed something, and the file wants more.
struct Project {
    world: World,
    /// What the commands of the help are called with.
    lines: Vec<String>,
}

fn project() -> Project {
    let world = World::new();
    world.write("infra.toml", STACK);
    world.apply().exits(0);
    world.run(&["plan", "-o", "none.plan"]).exits(0);
    let instances = world.instances();
    let server = instances
        .iter()
        .find(|one| one["InstanceName"] == "shop-web-2")
        .unwrap();
    let renamed = [
        ("InstanceId", server["InstanceId"].as_str().unwrap()),
        ("InstanceName", "changed-by-hand-by-somebody-else"),
    ];
    world.call("Ecs", "ModifyInstanceAttribute", &renamed);
    let made = [
        ("RegionId", "cn-hangzhou"),
        ("CidrBlock", "10.9.0.0/16"),
        ("VpcName", "old"),
    ];
    let old = world.call("Vpc", "CreateVpc", &made);
    let wanted = STACK
        .replace("cn-hangzhou-h", "cn-hangzhou-i")
        .replace("  - nginx\n", "  - nginx\n  - htop\n")
        .replace("period = 1", "period = 2")
        .replace("count = 4", "count = 6\nhost_name = \"web-${count.index}\"")
        + "[eip.of_a_type_without_a_price]\nbandwidth = 5\n[vpc.another]\ncidr_block = \"10.7.0.0/16\"\n"
        + UNKNOWN;
    world.write("infra.toml", &wanted);
    world.run(&["plan", "-o", "next.plan"]).exits(0);
    let id = old["VpcId"].as_str().unwrap();
    let lines = [
        // The commands that change nothing come first.
        "validate",
        "plan",
        "plan --compact",
        "plan --full",
        "plan --rehearse",
        "plan --target vpc.another",
        "plan --refresh-only",
        "plan --destroy",
        "plan --no-such-flag",
        "show",
        "show next.plan",
        "show next.plan --compact",
        "output",
        "status",
        "drift",
        "state list",
        "state show instance.web[0]",
        "state show instance.nowhere",
        "state restore --list",
        "unlock",
        "schema instance",
        "explain",
        "explain E0530",
        "explain E0530 --lang zh",
        "graph",
        "graph next.plan",
        "graph vswitch.front_of_the_shop",
        "fmt --check",
        "doctor",
        "version",
        "deploy",
        &format!("import --print vpc.old {id}"),
        "import vpc.old vpc-nowhere",
        "apply --auto-approve",
        "apply --no-input",
        "destroy --auto-approve",
        "apply none.plan",
        "state mv instance.nowhere instance.web[9]",
        "state rm instance.nowhere",
        "state push no-such-file",
        "state rebuild",
        "state forget-stray i-nowhere --yes",
        "demo --help",
        "demo infra-demo --yes",
        "init --help",
        "init more --name more --region cn-hangzhou --template server --ssh-from 203.0.113.7/32",
        "man pages",
        "sim replay no-such-file",
        // What changes something, at last.
        "validate --fix",
        &format!("import vpc.old {id}"),
        "apply --auto-approve --allow-destroy",
        "destroy --auto-approve --allow-destroy",
        "state restore",
    ];
    Project {
        world,
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    }
}

/// Commands whose result is for programs, or which go on until somebody ends them.
const FOR_PROGRAMS: [&str; 7] = [
    "sim coverage",
    "completions",
    "state pull",
    "sim env",
    "sim serve",
    "sim snapshot save",
    "sim snapshot load",
];

#[test]
fn every_command_of_the_help_is_drawn() {
    let project = project();
    let drawn: BTreeSet<&str> = project.lines.iter().map(String::as_str).collect();
    let all = commands(&project.world, &[]);
    assert!(all.len() > 30, "{all:?}");
    for command in all {
        let is_drawn = drawn
            .iter()
            .any(|line| format!("{line} ").starts_with(&format!("{command} ")));
        assert!(
            is_drawn || FOR_PROGRAMS.contains(&command.as_str()),
            "infra {command}"
        );
    }
}

#[test]
fn no_line_of_any_command_is_wider_than_the_screen() {
    let mut wrong = Vec::new();
    for columns in WIDTHS {
        let project = project();
        for line in &project.lines {
            // What is refused, or changes something, looks the same only once.
            let is_read_only =
                line.starts_with("plan") || line.starts_with("show") || line.starts_with("graph");
            let (_, shown) = project
                .world
                .on_screen(columns, &format!("{line} --color never"), &[]);
            let shown = shown.replace("\r\n", "\n");
            assert!(!shown.contains('\u{1b}'), "{line}: {shown:?}");
            for text in shown.lines() {
                // The demo shows its file as it is.
                let file = std::fs::read_to_string(project.world.path().join("infra-demo/infra.toml"));
                let is_of_file = file.is_ok_and(|file| file.lines().any(|line| line == text));
                if text.width() > columns && !is_unbreakable(text) && !is_of_file {
                    wrong.push(format!(
                        "infra {line}, {columns} columns ({}): {text}",
                        text.width()
                    ));
                }
            }
            if is_read_only && columns == 80 {
                let (_, coloured) = project
                    .world
                    .on_screen(columns, &format!("{line} --color always"), &[]);
                let stripped = console::strip_ansi_codes(&coloured).replace("\r\n", "\n");
                let timeless = |text: &str| {
                    let lines = text
                        .lines()
                        .filter(|line| !line.contains(" in ") && !line.contains(" s"));
                    lines.map(str::to_owned).collect::<Vec<_>>()
                };
                assert_eq!(timeless(&stripped), timeless(&shown), "{line}: colour changes it");
            }
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}
