//! What is refused, with which code and which way out.

use crate::harness::World;

#[test]
fn all_mistakes_of_a_run_are_told_at_once() {
    let world = World::offline();
    world.write(
        "infra.toml",
        "[infra]\nname = \"x\"\nregion = \"cn-hangzhou\"\n[vpc.main]\ncidr_blok = \"10.0.0.0/16\"\n[instnace.web]\nx = 1\n",
    );
    let output = world
        .run(&["validate"])
        .exits(1)
        .tells("infra.toml:5:1")
        .tells("did you mean cidr_block?");
    assert!(output.stderr.contains("E0202"), "{}", output.stderr);
    assert!(!world.path().join(".infra").exists());
}

#[test]
fn a_cycle_is_a_path() {
    let world = World::offline();
    world.write(
        "infra.toml",
        "[infra]\nname = \"x\"\nregion = \"cn-hangzhou\"\n\
         [vpc.a]\ncidr_block = \"10.0.0.0/16\"\nname = \"${vpc.b.id}\"\n\
         [vpc.b]\ncidr_block = \"10.1.0.0/16\"\nname = \"${vpc.a.id}\"\n",
    );
    world
        .run(&["validate"])
        .exits(1)
        .tells("E0306")
        .tells("vpc.a needs vpc.b")
        .tells("infra.toml:9");
}

#[test]
fn wrong_usage_is_64_and_help_is_0() {
    let world = World::offline();
    world.run(&["plan", "--no-such-flag"]).exits(64);
    world.run(&["nonsense"]).exits(64);
    world.run(&["--help"]).exits(0).says("infra plan --sim");
    world.run(&["--version"]).exits(0).says("infra 0.");
}

#[test]
fn no_credentials_are_told_in_words() {
    let world = World::offline();
    world.example("quickstart");
    world.run(&["plan"]).exits(1).tells("ALIBABA_CLOUD_ACCESS_KEY_ID");
}

#[test]
fn a_protected_server_is_not_deleted() {
    let world = World::new();
    world.example("quickstart");
    let text = world.read("infra.toml") + "\n[instance.web.lifecycle]\nprevent_destroy = true\n";
    world.write("infra.toml", &text);
    world.apply().exits(0);
    world
        .run(&["destroy", "--auto-approve", "--allow-destroy"])
        .exits(5)
        .tells("prevent_destroy");
    assert_eq!(world.count("instance"), 1);
}

#[test]
fn a_damaged_state_is_refused_and_left_alone() {
    let world = World::new();
    world.example("quickstart");
    world.apply().exits(0);
    let path = world.path().join(".infra/state/default.json");
    let sound = std::fs::read(&path).unwrap();
    let mut flipped = sound.clone();
    flipped[sound.len() / 2] ^= 4;
    let newer = String::from_utf8(sound.clone())
        .unwrap()
        .replace("\"format\": ", "\"format\": 9");
    let damages: [Vec<u8>; 5] = [
        Vec::new(),
        sound[..sound.len() / 2].to_vec(),
        vec![0; sound.len()],
        flipped,
        newer.into_bytes(),
    ];
    for damage in damages {
        std::fs::write(&path, &damage).unwrap();
        world.run(&["plan"]).exits(1);
        world.apply().exits(1);
        assert_eq!(
            std::fs::read(&path).unwrap(),
            damage,
            "the damaged file was touched"
        );
    }
    std::fs::remove_file(&path).unwrap();
    world.apply().exits(1).tells("infra state restore");
    world.run(&["state", "restore"]).exits(0);
    world.run(&["plan", "--detailed-exitcode"]).exits(0);
    assert_eq!(world.count("instance"), 1);
}

/// However few files a process may open, it says what is wrong.
#[test]
#[cfg(unix)]
fn too_few_files_are_told_in_words() {
    let world = World::new();
    world.example("quickstart");
    // With fewer it cannot even be loaded, with more it comes as far as the network.
    for limit in 5..10 {
        let plan = world.command(&["plan"]);
        let output = std::process::Command::new("sh")
            .arg("-c")
            .arg(format!("ulimit -n {limit} && exec \"$0\" \"$@\""))
            .arg(plan.get_program())
            .args(plan.get_args())
            .current_dir(world.path())
            .env_clear()
            .envs(plan.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "limit {limit}: {told}");
        assert!(
            told.contains("Too many open files") && !told.contains("panicked"),
            "limit {limit}: {told}"
        );
    }
}
