//! `infra validate` on real files, in each of its forms.

use crate::harness::World;

const HEAD: &str = "[infra]\nname = \"x\"\nregion = \"cn-hangzhou\"\n";

#[test]
fn programs_get_a_line_for_each_mistake() {
    let world = World::offline();
    world.write(
        "infra.toml",
        &format!("{HEAD}[vpc.main]\ncidr_block = \"10.0.1.5/24\"\ntags = {{ 负责人 = 1 }}\n"),
    );
    let json = world.run(&["validate", "--format", "json"]).exits(1);
    let lines: Vec<serde_json::Value> = json
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<(&str, u64, u64)> = lines
        .iter()
        .map(|line| {
            let number = |key: &str| line[key].as_u64().unwrap();
            (line["code"].as_str().unwrap(), number("line"), number("column"))
        })
        .collect();
    assert_eq!(told, [("E0405", 5, 14), ("E0111", 6, 10)]);
    assert_eq!(lines[0]["replacements"][0]["text"], "\"10.0.1.0/24\"");
    world
        .run(&["validate", "--format", "github"])
        .exits(1)
        .says("::error file=infra.toml,line=5,col=14,endColumn=26,title=E0405::");
}

#[test]
fn a_secret_in_a_file_comes_out_nowhere() {
    let world = World::offline();
    for line in [
        "password = \"hunter2\"",
        "password = hunter2",
        "passwd = \"hunter2\"",
        "password = { value = \"hunter2\" }",
        "password = \"hunter2",
    ] {
        world.write("infra.toml", &format!("{HEAD}[instance.web]\n{line}\n"));
        for format in ["text", "json", "github"] {
            let output = world.run(&["validate", "--format", format]).exits(1);
            let all = output.stdout + &output.stderr;
            assert!(
                all.contains("infra.toml") && !all.contains("hunter2"),
                "{line}: {all}"
            );
        }
    }
}

#[test]
fn variables_come_from_the_environment_and_flags() {
    let mut world = World::offline();
    world.write(
        "infra.toml",
        &format!(
            "{HEAD}[var.cidr]\ndescription = \"the network\"\n[vpc.main]\ncidr_block = \"${{var.cidr}}\"\n"
        ),
    );
    world
        .run(&["validate"])
        .exits(1)
        .tells("E0503")
        .tells("-v cidr=...   the network");
    world.run(&["validate", "-v", "cidr=10.0.0.0/8"]).exits(0);
    world
        .vars
        .insert("INFRA_VAR_CIDR".to_owned(), "10.0.0.0".to_owned());
    world.run(&["validate"]).exits(1).tells("lacks its length");
    world.write("env/prod.toml", "cidr = \"10.0.0.0/8\"\n");
    world.vars.remove("INFRA_VAR_CIDR");
    world.run(&["validate"]).exits(1).tells("E0501");
    world.run(&["validate", "-e", "prod"]).exits(0);
}

#[cfg(unix)]
#[test]
fn a_file_behind_a_link_is_not_read() {
    let world = World::offline();
    world.write("secret.txt", "x");
    std::os::unix::fs::symlink(world.path().join("secret.txt"), world.path().join("link")).unwrap();
    world.write(
        "infra.toml",
        &format!("{HEAD}[instance.web]\nuser_data_file = \"link\"\n"),
    );
    world
        .run(&["validate"])
        .exits(1)
        .tells("E0409")
        .tells("symbolic link");
}

/// Several at once, in several files, behind one that keeps a file from being read at all.
#[test]
fn corrections_are_shown_and_written_and_comments_stay() {
    let world = World::offline();
    let text = "# mine\n[infra]\nname = shop # 李雷\nregion = \"hangzhou\"\n\n[vpc.main]\ncidrblock = \"10.0.1.5/16\" # the office\n";
    let other = "[vswitch.a]\nVpcId = \"${vpc.mian.id}\" # here\ncidr_block = \"10.0.1.0/24\"\nzone = \"cn-hangzhou-h\"\n";
    world.write("infra.toml", text).write("net.infra.toml", other);
    let fixed = world.run(&["validate", "--fix"]).exits(1);
    expect_test::expect![[r#"
        infra.toml:3
          - name = shop # 李雷
          - region = "hangzhou"
          + name = "shop" # 李雷
          + region = "cn-hangzhou"
        infra.toml:7
          - cidrblock = "10.0.1.5/16" # the office
          + cidr_block = "10.0.0.0/16" # the office
        net.infra.toml:2
          - VpcId = "${vpc.mian.id}" # here
          + vpc_id = "${vpc.main.id}" # here
    "#]]
    .assert_eq(&fixed.stdout);
    // What another tool calls it is no slip, and left to whoever wrote it.
    fixed
        .tells("mistakes are corrected.")
        .tells("unknown key \"zone\"")
        .tells("did you mean zone_id?");
    let expected = text
        .replace("= shop", "= \"shop\"")
        .replace("\"hangzhou\"", "\"cn-hangzhou\"")
        .replace("cidrblock = \"10.0.1.5/16\"", "cidr_block = \"10.0.0.0/16\"");
    assert_eq!(world.read("infra.toml"), expected);
    assert!(
        world
            .read("net.infra.toml")
            .contains("vpc_id = \"${vpc.main.id}\" # here\n")
    );
    let names = std::fs::read_dir(world.path()).unwrap();
    assert_eq!(names.count(), 2, "something is left beside the files");
    // Where nothing is sure, nothing is written.
    let before = world.read("net.infra.toml");
    world
        .run(&["validate", "--fix"])
        .exits(1)
        .tells("Nothing could be corrected");
    assert_eq!(world.read("net.infra.toml"), before);
    // A name that is there already cannot be written a second time.
    let twice = format!("{HEAD}[vpc.main]\ncidr_block = \"10.0.0.0/16\"\ncidr_blok = \"10.1.0.0/16\"\n");
    world.write("infra.toml", &twice).write("net.infra.toml", "");
    world.run(&["validate", "--fix"]).exits(1);
    assert_eq!(world.read("infra.toml"), twice);
}

#[test]
fn a_correction_shows_no_secret_and_programs_get_what_is_left() {
    let world = World::offline();
    let lines = "[instance.web]\nPassword = \"hunter2\"\nzone_id = \"cn-hangzhou-h\"\n";
    for format in ["text", "json", "github", "sarif"] {
        world.write(
            "infra.toml",
            &format!("{HEAD}{lines}[vpc.main]\ncidrblock = \"10.0.0.0/16\"\n"),
        );
        let output = world.run(&["validate", "--fix", "--format", format]).exits(1);
        let all = format!("{}{}", output.stdout, output.stderr);
        assert!(
            !all.contains("hunter2") && all.contains("+ cidr_block = "),
            "{all}"
        );
        assert!(
            world
                .read("infra.toml")
                .contains("\ncidr_block = \"10.0.0.0/16\"\n")
        );
        if format == "json" {
            for line in output.stdout.lines() {
                serde_json::from_str::<serde_json::Value>(line).unwrap();
            }
        }
    }
}

/// What a cloned repository has laid in the way is not written through.
#[cfg(unix)]
#[test]
fn corrections_follow_no_link() {
    let world = World::offline();
    let outside = tempfile::tempdir().unwrap();
    let precious = outside.path().join("infra.toml");
    let text = format!("{HEAD}[vpc.main]\ncidrblock = \"10.0.0.0/16\"\n");
    std::fs::write(&precious, &text).unwrap();
    std::os::unix::fs::symlink(&precious, world.path().join("infra.toml")).unwrap();
    world.run(&["validate", "--fix"]).exits(1);
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), text);
}
