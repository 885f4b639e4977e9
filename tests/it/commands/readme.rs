//! What the READMEs promise, in English and in Chinese: every command block is run, every file is right, every link leads
//! somewhere.

use std::path::{Path, PathBuf};

use crate::harness::World;

const READMES: [&str; 2] = ["README.md", ".github/README.zh-CN.md"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(readme: &str) -> String {
    std::fs::read_to_string(root().join(readme)).unwrap()
}

/// What stands in the blocks of this kind, in order.
fn blocks(readme: &str, kind: &str) -> Vec<String> {
    text(readme)
        .split(&format!("```{kind}\n"))
        .skip(1)
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

/// The first command: a server on the simulator, and nothing the second time.
fn makes_a_server(arguments: &[&str]) {
    let world = World::offline();
    let example = "examples/quickstart/infra.toml";
    world.write(example, &text(example));
    let first = world.run(arguments).exits(0).says("web_ip = \"");
    let address = first.stdout.split("web_ip = \"").nth(1).unwrap();
    let address = address.split('"').next().unwrap();
    assert!(
        address.parse::<std::net::Ipv4Addr>().is_ok(),
        "{address} is no address"
    );
    world.run(arguments).exits(0).says("No changes");
    let made = std::fs::read_dir(world.path().join("examples/quickstart")).unwrap();
    assert_eq!(made.count(), 2, "more than the file and .infra");
}

/// The words of a line as a shell takes them; `"$VPC_ID"` is the id of a network that exists.
fn words(line: &str, vpc: &str) -> Vec<String> {
    let words = line.split_whitespace();
    words.map(|word| word.replace("\"$VPC_ID\"", vpc)).collect()
}

#[test]
fn every_command_block_is_run() {
    for readme in READMES {
        let world = World::new();
        let network = [("RegionId", "cn-hangzhou"), ("CidrBlock", "10.9.0.0/16")];
        let network = world.call("Vpc", "CreateVpc", &network);
        let vpc = network["VpcId"].as_str().unwrap();
        world.write("infra.toml", &blocks(readme, "toml")[0]);
        let mut runs = 0;
        for line in blocks(readme, "sh").iter().flat_map(|block| block.lines()) {
            if let Some(arguments) = line.strip_prefix("cargo run -- ") {
                makes_a_server(&arguments.split_whitespace().collect::<Vec<_>>());
            } else if let Some(arguments) = line.strip_prefix("infra ") {
                let arguments = words(arguments, vpc);
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                world.run(&arguments).exits(0);
            } else {
                // This very run.
                assert_eq!(line, "cargo test", "{readme}");
            }
            runs += 1;
        }
        assert!(runs >= 15, "{readme}: {runs}");
        // What was taken over is in the file, and what was reviewed has been made.
        assert!(world.read("infra.toml").contains("[vpc.old]"), "{readme}");
        assert_eq!((world.count("vpc"), world.count("instance")), (2, 1), "{readme}");
        world.run(&["plan", "--detailed-exitcode"]).exits(0);
    }
}

#[test]
fn the_files_are_right_and_the_same_in_both_languages() {
    let files = READMES.map(|readme| blocks(readme, "toml"));
    assert_eq!(files[0], files[1]);
    assert_eq!(files[0].len(), 1);
    let world = World::offline();
    world.write("infra.toml", &files[0][0]);
    world.run(&["validate"]).exits(0).says("no mistakes");
    // The headings and the rows of the tables go side by side.
    let shape = READMES.map(|readme| {
        let text = text(readme);
        let marks = ["#", "|", "* ", "```"];
        let lines = text
            .lines()
            .filter_map(|line| marks.into_iter().find(|mark| line.starts_with(mark)));
        lines.collect::<Vec<_>>()
    });
    assert_eq!(shape[0], shape[1]);
}

#[test]
fn each_leads_to_the_other_in_its_first_line_and_every_link_leads_somewhere() {
    for (readme, other) in READMES.into_iter().zip(READMES.into_iter().rev()) {
        let text = text(readme);
        let folder = root().join(readme).parent().unwrap().to_owned();
        let leads_to = |link: &str| std::fs::canonicalize(folder.join(link)).ok();
        let links = |text: &str| -> Vec<String> {
            let parts = text.split("](").skip(1);
            parts
                .map(|part| part.split(')').next().unwrap().to_owned())
                .collect()
        };
        let first = links(text.lines().next().unwrap());
        let expected = std::fs::canonicalize(root().join(Path::new(other))).ok();
        assert!(
            first.iter().any(|link| leads_to(link) == expected),
            "{readme}: {first:?}"
        );
        for link in links(&text) {
            assert!(leads_to(&link).is_some(), "{readme}: {link}");
        }
    }
}
