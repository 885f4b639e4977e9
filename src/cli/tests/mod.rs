//! Every command and flag that is named where people read exists: in the READMEs, in the changes, in help, and in the
//! stories of the codes. Those of messages are asked for in `commands/typed.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use clap::{Command, CommandFactory as _};

use super::Cli;
use super::habits::OVERVIEW;
use crate::diagnostic::codes::{self, Story};
use crate::diagnostic::zh;

/// Flags of other programs that are named beside ours: cargo.
const FOREIGN: [&str; 1] = ["path"];

/// What there is to type.
#[derive(Default)]
struct Known {
    /// `state mv`
    commands: BTreeSet<String>,
    flags: BTreeSet<String>,
}

impl Known {
    fn all() -> Known {
        let mut known = Known::default();
        let mut cli = Cli::command();
        cli.build();
        known.add(&cli, "");
        known
    }

    fn add(&mut self, command: &Command, path: &str) {
        for argument in command.get_arguments() {
            let own = argument.get_long().into_iter();
            let aliases = argument.get_all_aliases().into_iter().flatten();
            self.flags.extend(own.chain(aliases).map(str::to_owned));
        }
        for inner in command.get_subcommands() {
            let path = format!("{path} {}", inner.get_name()).trim().to_owned();
            self.commands.insert(path.clone());
            self.add(inner, &path);
        }
    }

    /// Whether these words begin with a command, as deep as commands go.
    fn has(&self, words: &str) -> bool {
        let mut words = words.split_whitespace();
        let Some(first) = words.next() else { return false };
        let is_group = |path: &str| {
            self.commands
                .iter()
                .any(|one| one.starts_with(&format!("{path} ")))
        };
        if !self.commands.contains(first) {
            return false;
        }
        // Of a group, the word behind must be one of its commands, unless a flag, a place for a word or the end comes.
        match words.next() {
            Some(second) if is_group(first) && is_word(second) => {
                self.commands.contains(&format!("{first} {second}"))
            }
            _ => true,
        }
    }
}

fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') && !text.starts_with('-')
}

/// The flags in a text.
fn flags(text: &str) -> Vec<&str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let begins = text.match_indices("--").filter(|(at, _)| {
        let follows = text[at + 2..].starts_with(|letter: char| letter.is_ascii_lowercase());
        follows && !text[..*at].ends_with(is_part)
    });
    begins
        .map(|(at, _)| {
            let rest = &text[at + 2..];
            let end = rest
                .find(|letter: char| {
                    !(letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
                })
                .unwrap_or(rest.len());
            rest[..end].trim_end_matches('-')
        })
        .collect()
}

/// What stands behind `infra` where it is typed: between backticks, and at the beginning of a line of examples, which
/// are indented, or of a block.
fn commands(text: &str) -> Vec<&str> {
    let quoted = text.split("`infra ").skip(1).map(|rest| {
        let end = rest.find(['`', '\n']).unwrap_or(rest.len());
        &rest[..end]
    });
    let blocks = text
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.trim_start().strip_prefix("infra "))
        .chain(
            blocks
                .flat_map(str::lines)
                .filter_map(|line| line.strip_prefix("infra ")),
        );
    let typed = |words: &&str| words.starts_with(|letter: char| letter.is_ascii_lowercase());
    quoted
        .chain(lines.map(|line| line.split("  ").next().unwrap_or(line)))
        .filter(typed)
        .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn told(stories: &[Story], name: &str) -> Vec<(String, String)> {
    let text = |story: &Story| {
        let lines = [&[story.meaning][..], story.causes, story.way_out].concat();
        (format!("{name} {}", story.code), lines.join("\n"))
    };
    stories.iter().map(text).collect()
}

fn helps(command: &Command, found: &mut Vec<(String, String)>) {
    let text = command.clone().render_long_help().to_string();
    found.push((format!("help of {}", command.get_name()), text));
    command.get_subcommands().for_each(|inner| helps(inner, found));
}

#[test]
fn every_command_and_flag_that_is_named_exists() {
    let known = Known::all();
    let mut texts: Vec<(String, String)> = ["README.md", ".github/README.zh-CN.md", "CHANGELOG.md"]
        .map(|name| (name.to_owned(), fs::read_to_string(root().join(name)).unwrap()))
        .into();
    texts.push(("overview".to_owned(), OVERVIEW.to_owned()));
    texts.extend(told(codes::ALL, "story of"));
    texts.extend(told(zh::ALL, "Chinese story of"));
    let mut cli = Cli::command();
    cli.build();
    helps(&cli, &mut texts);
    let mut wrong = BTreeSet::new();
    let mut seen = 0;
    for (place, text) in &texts {
        for flag in flags(text) {
            seen += 1;
            if !known.flags.contains(flag) && !FOREIGN.contains(&flag) {
                wrong.insert(format!("{place}: --{flag}"));
            }
        }
        for words in commands(text) {
            seen += 1;
            if !known.has(words) {
                wrong.insert(format!("{place}: infra {words}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 300, "only {seen} were found");
}

#[test]
fn what_does_not_exist_is_seen() {
    let known = Known::all();
    assert_eq!(flags("a --b-c, `--d=x` x--y ---z --e--"), ["b-c", "d", "e"]);
    assert_eq!(
        commands("`infra plan -o F` and\ninfra makes\n  infra state mv A B   moves"),
        ["plan -o F", "state mv A B"]
    );
    for (words, exists) in [
        ("plan --json", true),
        ("state mv A B", true),
        ("state --help", true),
        ("state frobnicate", false),
        ("frobnicate", false),
    ] {
        assert_eq!(known.has(words), exists, "{words}");
    }
    assert!(known.flags.contains("rehearse") && !known.flags.contains("frobnicate"));
}
