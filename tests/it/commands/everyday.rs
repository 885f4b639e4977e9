//! The commands of the first hour and of every day: what they show, and that what they suggest works.

use expect_test::expect;
use serde_json::Value;

use crate::harness::World;

/// Without ids, addresses and widths, which differ from run to run.
fn plain(text: &str) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let words = line.split_whitespace().map(|word| {
            let is_id = ["vpc-", "vsw-", "sg-", "i-"]
                .iter()
                .any(|prefix| word.starts_with(prefix) && word.len() > 12);
            match word {
                _ if is_id => "(id)",
                _ if word.starts_with("47.") => "(ip)",
                _ => word,
            }
        });
        kept.push_str(&" ".repeat(indent));
        kept.push_str(&words.collect::<Vec<_>>().join(" "));
        kept.push('\n');
    }
    kept
}

fn id_of(world: &World, address: &str) -> String {
    let state: Value = serde_json::from_str(&world.read(".infra/state/default.json")).unwrap();
    state["resources"][address]["id"].as_str().unwrap().to_owned()
}

#[test]
fn status_and_drift_tell_what_there_is_and_what_somebody_changed() {
    let world = World::new();
    world.example("quickstart");
    world.run(&["status"]).exits(0).tells("There is no state yet");
    world.apply().exits(0);
    let before = world.inventory();
    let status = world.run(&["status"]).exits(0);
    expect![[r#"
        ADDRESS ID STATUS PRIVATE IP PUBLIC IP DRIFT
        instance.web (id) Running 10.0.1.1 (ip) no
        security_group.web (id) no
        vpc.main (id) Available no
        vswitch.main (id) Available no
    "#]]
    .assert_eq(&plain(&status.stdout));
    world
        .run(&["drift", "--detailed-exitcode"])
        .exits(0)
        .says("No drift. 4 resources");

    let vpc = id_of(&world, "vpc.main");
    world.call(
        "Vpc",
        "ModifyVpcAttribute",
        &[
            ("RegionId", "cn-hangzhou"),
            ("VpcId", &vpc),
            ("VpcName", "by-hand"),
        ],
    );
    let drift = world
        .run(&["drift", "--detailed-exitcode"])
        .exits(2)
        .tells("infra plan");
    expect![[r#"
        Changed outside infra since the last apply (1)
          ! vpc.main
              name "quickstart" -> "by-hand" the next apply changes it back
    "#]]
    .assert_eq(&plain(&drift.stdout));
    world.run(&["drift"]).exits(0);
    world
        .run(&["status"])
        .exits(0)
        .tells("1 was changed outside infra")
        .tells("infra drift");
    let json: Value = serde_json::from_str(&world.run(&["status", "--json"]).exits(0).stdout).unwrap();
    let row = |address: &str| {
        json.as_array()
            .unwrap()
            .iter()
            .find(|row| row["address"] == address)
            .unwrap()
            .clone()
    };
    assert_eq!(
        (&row("vpc.main")["drift"], &row("instance.web")["drift"]),
        (&true.into(), &false.into())
    );
    assert_eq!(row("instance.web")["status"], "Running");
    assert_eq!(
        row("instance.web")["public_ip"],
        world.run(&["output", "-r", "web_ip"]).exits(0).stdout.trim()
    );

    // Looking changes nothing.
    assert_eq!(
        before["accounts"][0]["vswitch"],
        world.inventory()["accounts"][0]["vswitch"]
    );
}

#[test]
fn the_version_tells_its_formats() {
    let world = World::offline();
    world.run(&["version"]).exits(0).says("infra 0.1.0");
    let version: Value = serde_json::from_str(&world.run(&["version", "--json"]).exits(0).stdout).unwrap();
    assert_eq!(
        (&version["infra"], &version["state_format"]),
        (&"0.1.0".into(), &2.into())
    );
    assert!(version["types"].as_array().unwrap().contains(&"instance".into()));
}

#[test]
fn shells_and_man_get_what_they_need() {
    let world = World::offline();
    for shell in ["bash", "zsh", "fish"] {
        let script = world.run(&["completions", shell]).exits(0).stdout;
        assert!(
            script.contains("forget-stray") && script.contains("allow-destroy"),
            "{shell}"
        );
    }
    let script = world.run(&["completions", "bash"]).exits(0).stdout;
    world.write("infra.bash", &script);
    let checked = std::process::Command::new("bash")
        .arg("-n")
        .arg(world.path().join("infra.bash"))
        .status();
    assert!(checked.unwrap().success(), "bash does not take it");
    world.run(&["man", "pages"]).exits(0).says("pages are in");
    for page in ["infra.1", "infra-plan.1", "infra-state-forget-stray.1"] {
        assert!(world.read(&format!("pages/{page}")).contains(".TH "), "{page}");
    }
}

/// What bash offers behind these words, by the script that infra prints.
fn offered(world: &World, words: &[&str]) -> Vec<String> {
    world.write("infra.bash", &world.run(&["completions", "bash"]).exits(0).stdout);
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "source infra.bash; COMP_WORDS=({}); COMP_CWORD={}; COMP_LINE='infra'; COMP_POINT=5\n\
         _infra_or_values \"${{COMP_WORDS[0]}}\" \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
        words.len() - 1
    );
    let done = std::process::Command::new("bash")
        .args(["--norc", "-c", &script])
        .current_dir(world.path())
        .output()
        .unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_shell_offers_the_addresses_and_environments_of_the_project() {
    let world = World::offline();
    world.example("quickstart");
    let text = world
        .read("infra.toml")
        .replace("[instance.web]", "[instance.web]\ncount = 2");
    world.write(
        "infra.toml",
        &text.replace("${instance.web.public_ip}", "${instance.web[0].public_ip}"),
    );
    let infra = env!("CARGO_BIN_EXE_infra");
    let addresses = [
        "instance.web",
        "instance.web[0]",
        "instance.web[1]",
        "security_group.web",
        "vpc.main",
        "vswitch.main",
    ];
    assert_eq!(offered(&world, &[infra, "plan", "--target", ""]), addresses);
    assert_eq!(
        offered(&world, &[infra, "plan", "--replace", "=", "v"]),
        ["vpc.main", "vswitch.main"]
    );
    assert_eq!(offered(&world, &[infra, "graph", "vs"]), ["vswitch.main"]);
    assert_eq!(offered(&world, &[infra, "explain", "E0306"]), ["E0306"]);
    // Where nothing is to be known of the project, what is generated answers.
    assert!(offered(&world, &[infra, "plan", "--reh"]).contains(&"--rehearse".to_owned()));
    world
        .write("env/dev.toml", "")
        .write("env/prod.toml", "")
        .write("env/notes.txt", "");
    assert_eq!(offered(&world, &[infra, "-e", ""]), ["dev", "prod"]);
    // Before anybody has chosen one as well.
    assert_eq!(offered(&world, &[infra, "plan", "--target", ""]), addresses);
    // Files with a mistake offer nothing, and say nothing.
    world.write("infra.toml", "[infra\n");
    assert!(
        world
            .run(&["completions", "--values", "addresses"])
            .exits(0)
            .stdout
            .is_empty()
    );
    let zsh = world.run(&["completions", "zsh"]).exits(0).stdout;
    assert!(zsh.contains("waits for]:ADDRESS:_infra_addresses'") && zsh.contains("_infra_environments'"));
    assert!(
        zsh.find("_infra_values() {") < zsh.find("if [ \"$funcstack[1]\""),
        "{zsh}"
    );
}

#[test]
fn a_graph_shows_what_is_in_what() {
    let world = World::offline();
    world.example("quickstart");
    let text = world.read("infra.toml");
    let copies = text
        .replace("[instance.web]", "[instance.web]\ncount = 3")
        .replace("${instance.web.public_ip}", "${instance.web[0].public_ip}");
    world.write("infra.toml", &copies);
    expect![[r#"
        vpc.main  10.0.0.0/16
          security_group.web
          vswitch.main  10.0.1.0/24  cn-hangzhou-h
            instance.web[0..2]  ecs.t6-c1m1.large  x3  needs security_group.web
    "#]]
    .assert_eq(&world.run(&["graph"]).exits(0).stdout);
    world.write("infra.toml", &text);
    expect![[r#"
        flowchart LR
          subgraph n2 ["vpc.main 10.0.0.0/16"]
            n1["security_group.web"]
            subgraph n3 ["vswitch.main 10.0.1.0/24 cn-hangzhou-h"]
              n0["instance.web ecs.t6-c1m1.large"]
            end
          end
          n0 --> n1
    "#]]
    .assert_eq(&world.run(&["graph", "--format", "mermaid"]).exits(0).stdout);
    expect![[r#"
        digraph infra {
          rankdir=LR
          compound=true
          node [shape=box]
          subgraph cluster_n2 {
            label="vpc.main 10.0.0.0/16"
            n2 [shape=point, style=invis]
            n1 [label="security_group.web"]
            subgraph cluster_n3 {
              label="vswitch.main 10.0.1.0/24 cn-hangzhou-h"
              n3 [shape=point, style=invis]
              n0 [label="instance.web ecs.t6-c1m1.large"]
            }
          }
          n0 -> n1
        }
    "#]]
    .assert_eq(&world.run(&["graph", "--format", "dot"]).exits(0).stdout);
    let json: Value = serde_json::from_str(&world.run(&["graph", "--json"]).exits(0).stdout).unwrap();
    assert_eq!(
        (
            json["nodes"].as_array().unwrap().len(),
            json["edges"].as_array().unwrap().len()
        ),
        (4, 4)
    );
    world.write("infra.toml", "[infra]\nname = \"x\"\n");
    world.run(&["graph"]).exits(0).tells("no resources");
}

#[test]
fn the_doctor_says_what_is_missing() {
    let mut world = World::new();
    world
        .vars
        .insert("ALIBABA_CLOUD_REGION_ID".to_owned(), "cn-hangzhou".to_owned());
    let told = world
        .run(&["doctor"])
        .exits(0)
        .says("no infra.toml in this folder yet")
        .says("keys");
    for check in ["region", "endpoint", "account", "balance", "rights", "clock"] {
        assert!(told.stdout.contains(&format!("ok    {check}")), "{}", told.stdout);
    }
    world.example("quickstart");
    world.run(&["doctor"]).exits(0).says("4 resources, no mistakes");
    let checks: Value = serde_json::from_str(&world.run(&["doctor", "--json"]).exits(0).stdout).unwrap();
    assert!(
        checks
            .as_array()
            .unwrap()
            .iter()
            .all(|check| check["grade"] == "ok"),
        "{checks:#}"
    );
    world.faults(&[
        "DescribeVpcs:refuse=Forbidden.RAM/403",
        "GetCallerIdentity:refuse=Forbidden.RAM/403",
        "QueryAccountBalance:refuse=Forbidden.RAM/403",
    ]);
    world
        .run(&["doctor"])
        .exits(1)
        .says("balance  not known")
        .says("bad   account")
        .says("bad   rights   vpc: ");
    for name in ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"] {
        world.vars.insert(name.to_owned(), String::new());
    }
    world.run(&["doctor"]).exits(1).tells("E0701");
    assert_eq!(world.count("vpc"), 0);
}

#[test]
fn the_demo_goes_from_nothing_to_an_address_and_what_it_says_works() {
    let world = World::offline();
    let begun = std::time::Instant::now();
    let told = world
        .run(&["demo", "--yes"])
        .exits(0)
        .says("web_ip = ")
        .says("Running");
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    assert!(
        told.stderr.contains("Nothing was made in any account"),
        "{}",
        told.stderr
    );
    for next in ["status", "plan", "destroy"] {
        assert!(
            told.stderr.contains(&format!("infra {next} -C infra-demo --sim")),
            "{}",
            told.stderr
        );
    }
    world
        .run(&["status", "-C", "infra-demo", "--sim"])
        .exits(0)
        .says("instance.web");
    world.run(&["demo", "--yes"]).exits(1).tells("E0909");
    world
        .run(&[
            "destroy",
            "-C",
            "infra-demo",
            "--sim",
            "--auto-approve",
            "--allow-destroy",
        ])
        .exits(0);
}

#[test]
fn fmt_writes_the_files_as_everybody_does() {
    let world = World::offline();
    let rough = "# mine\n[infra]\nname=\"x\"  # the name\nregion =   \"cn-hangzhou\"\n\n\n\n[vpc.main]\ncidr_block=\"10.0.0.0/16\"\n";
    world
        .write("infra.toml", rough)
        .write("env/prod.toml", "a=1\n")
        .write("other.toml", "b=1\n");
    world
        .run(&["fmt", "--check"])
        .exits(1)
        .says("infra.toml")
        .says("env/prod.toml")
        .tells("infra fmt");
    assert_eq!(world.read("infra.toml"), rough);
    world.run(&["fmt"]).exits(0).says("infra.toml");
    assert_eq!(
        world.read("infra.toml"),
        "# mine\n[infra]\nname = \"x\"  # the name\nregion = \"cn-hangzhou\"\n\n[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n"
    );
    assert_eq!(
        (world.read("env/prod.toml"), world.read("other.toml")),
        ("a = 1\n".to_owned(), "b=1\n".to_owned())
    );
    assert_eq!(world.run(&["fmt", "--check"]).exits(0).stdout, "");
    world.write("infra.toml", "[infra\n");
    world
        .run(&["fmt"])
        .exits(1)
        .tells("E0111")
        .tells("infra validate");
    assert_eq!(world.read("infra.toml"), "[infra\n");
}

#[test]
fn a_habit_is_told_the_right_command_and_nothing_is_done() {
    let world = World::offline();
    for (word, right) in [
        ("up", "infra apply"),
        ("deploy", "infra apply"),
        ("create", "infra apply"),
        ("diff", "infra plan"),
        ("preview", "infra plan"),
        ("list", "infra status"),
        ("refresh", "infra drift"),
        ("ssh", "infra output -r"),
    ] {
        world.run(&[word]).exits(64).tells("E0910").tells(right);
    }
    for slip in ["destry", "dstroy", "delete"] {
        let told = world.run(&[slip]).exits(64).tells("E0910");
        assert!(!told.stderr.contains("destroy"), "{}", told.stderr);
    }
    let alone = world.run(&[]).exits(64);
    assert!(alone.stderr.lines().count() <= 24, "{}", alone.stderr);
    assert!(alone.stderr.lines().all(|line| line.len() < 80) && alone.stderr.contains("infra demo"));
}

#[cfg(unix)]
#[test]
fn a_variable_without_a_value_is_asked_for_at_a_terminal_and_nowhere_else() {
    let world = World::offline();
    world.example("quickstart");
    let text = world
        .read("infra.toml")
        .replace("ecs.t6-c1m1.large", "${var.size}");
    let variable = "[var.size]\ntype = \"string\"\ndescription = \"How large the server is\"\n";
    world.write("infra.toml", &format!("{text}\n{variable}"));
    // An empty answer is none.
    let turns: [(&str, &[u8]); 2] = [("var.size", b"\n"), ("var.size", b"ecs.g7.large\n")];
    let (code, shown) = world.in_conversation("plan --sim", &turns);
    assert_eq!(code, Some(0), "{shown}");
    assert!(
        shown.contains("How large the server is") && shown.contains("\"ecs.g7.large\""),
        "{shown}"
    );
    assert!(
        shown.contains("infra apply --sim -v size=ecs.g7.large"),
        "{shown}"
    );
    // Ctrl-D is no answer, and a wrong one is told as that of a flag.
    let (code, shown) = world.in_conversation("plan --sim", &[("var.size", b"\x04")]);
    assert!(
        code == Some(1) && shown.contains("E0503") && shown.contains("-v size=..."),
        "{shown}"
    );
    let (code, shown) = world.in_conversation("plan --sim", &[("var.size", b"t3.micro\n")]);
    assert!(code == Some(1) && shown.contains("E0404"), "{shown}");
    // Nobody can be asked, or nobody may.
    world.run(&["plan", "--sim"]).exits(1).tells("E0503");
    let (code, shown) = world.in_conversation("plan --sim --no-input", &[]);
    assert!(code == Some(1) && shown.contains("E0503"), "{shown}");
    // What is typed is seen, so a sensitive one is not asked for.
    world.write("infra.toml", &format!("{text}\n{variable}sensitive = true\n"));
    let (code, shown) = world.in_conversation("plan --sim", &[]);
    assert!(
        code == Some(1) && shown.contains("E0503") && !shown.contains("var.size:"),
        "{shown}"
    );
}

/// A file is laid out whole or not at all, and stays its owner's.
#[test]
fn fmt_keeps_the_rights_of_a_file_and_leaves_nothing_beside_it() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    world.write("infra.toml", "[infra]\nname='shop'\n");
    let path = world.path().join("infra.toml");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    world.run(&["fmt"]).exits(0);
    assert_ne!(world.read("infra.toml"), "[infra]\nname='shop'\n");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o640
    );
    let names = std::fs::read_dir(world.path()).unwrap();
    assert!(
        names
            .map(|name| name.unwrap().file_name())
            .all(|name| name == "infra.toml")
    );
}
