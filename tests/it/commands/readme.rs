//! What README promises in its first lines.

use std::path::PathBuf;

use crate::harness::World;

fn readme() -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The commands of the `sh` blocks, in order.
fn commands() -> Vec<String> {
    readme()
        .split("```sh\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap().trim().to_owned())
        .collect()
}

#[test]
fn the_first_command_makes_a_server_and_the_second_time_changes_nothing() {
    let command = commands().remove(0);
    assert_eq!(command.lines().count(), 1);
    let (cargo, arguments) = command.split_once(" -- ").unwrap();
    assert!(cargo.starts_with("cargo run"), "{cargo}");
    let world = World::offline();
    let example = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart/infra.toml");
    world.write(
        "examples/quickstart/infra.toml",
        &std::fs::read_to_string(example).unwrap(),
    );
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let first = world.run(&arguments).exits(0).says("web_ip = \"");
    let address = first
        .stdout
        .split("web_ip = \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert!(
        address.parse::<std::net::Ipv4Addr>().is_ok(),
        "{address} is no address"
    );
    world.run(&arguments).exits(0).says("No changes");
    let made: Vec<_> = std::fs::read_dir(world.path().join("examples/quickstart"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(made.len(), 2, "{made:?}");
}

#[test]
fn the_second_command_runs_the_tests() {
    assert_eq!(commands()[1], "cargo test");
}

#[test]
fn the_file_in_the_readme_is_right() {
    let world = World::offline();
    let text = readme()
        .split("```toml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap()
        .to_owned();
    world.write("infra.toml", &text);
    world.run(&["validate"]).exits(0).says("no mistakes");
}
