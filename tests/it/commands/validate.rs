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
