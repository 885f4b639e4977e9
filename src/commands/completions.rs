//! What makes a shell complete commands and flags, and what may stand behind some of them in this project.

use std::collections::BTreeSet;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::failure::Exit;
use super::project;
use crate::address::is_plain_name;
use crate::cli::{Cli, Completed, CompletionsArgs, Global};
use crate::diagnostic::codes;
use crate::env::Env;
use crate::ui::Ui;

const BASH: &str = include_str!("shells/bash.sh");
const ZSH: &str = include_str!("shells/zsh.zsh");
const FISH: &str = include_str!("shells/fish.fish");

/// Print what makes a shell complete commands, flags, addresses and environments
pub(crate) fn completions(args: &CompletionsArgs, global: &Global, env: &Env, ui: &Ui) -> Exit {
    match (args.values, args.shell) {
        (Some(what), _) => {
            let values = values(what, global, env, ui);
            if !values.is_empty() {
                ui.raw(&values.into_iter().collect::<Vec<_>>().join("\n"));
            }
        }
        (None, Some(shell)) => ui.raw(script(shell).trim_end()),
        (None, None) => {}
    }
    Exit::Success
}

/// The script of a shell, which asks infra for what only the project knows.
fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "infra", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => script + BASH,
        Shell::Zsh => zsh(&script),
        Shell::Fish => script + FISH,
        _ => script,
    }
}

/// The generated script with what completes addresses and environments in the place of file names. The functions stand
/// before the line that runs the script.
fn zsh(script: &str) -> String {
    let named = script
        .replace(":ADDRESS:_default'", ":ADDRESS:_infra_addresses'")
        .replace(
            "it has a state of its own]:NAME:_default'",
            "it has a state of its own]:NAME:_infra_environments'",
        );
    // What stands without a flag, by the name that its argument has.
    let placed = |line: &str| {
        let by = match line.trim_start() {
            line if line.starts_with("'::what -- A saved plan\\: ") => "_infra_addresses'",
            line if line.starts_with("':from -- ") || line.starts_with("':address -- ") => {
                "_infra_addresses'"
            }
            line if line.starts_with("'::code -- ") => "_infra_codes'",
            _ => return line.to_owned(),
        };
        line.replace("_default'", by)
    };
    let lines: Vec<String> = named.split('\n').map(placed).collect();
    let named = lines.join("\n");
    match named.find("\nif [ \"$funcstack[1]\"") {
        Some(end) => format!("{}{ZSH}{}", &named[..end], &named[end..]),
        None => named + ZSH,
    }
}

/// What may stand there, from files alone; what cannot be read offers nothing. Only what a shell takes for one plain word.
fn values(what: Completed, global: &Global, env: &Env, ui: &Ui) -> BTreeSet<String> {
    let found: Vec<String> = match what {
        Completed::Codes => codes::ALL
            .iter()
            .map(|story| story.code.to_string())
            .chain(["language".to_owned()])
            .collect(),
        Completed::Environments => {
            let listed = env.fs.list(&project::folder(global, env).join("env"));
            let names = listed.unwrap_or_default().into_iter();
            names
                .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
                .filter(|name| is_plain_name(name))
                .collect()
        }
        Completed::Addresses => {
            // With mistakes too, and where nobody has chosen an environment yet: whatever can be read.
            let config = project::read_as_it_is(global, env, ui).config;
            let wanted = config.resources.keys();
            let loaded = project::store(global, env, ui)
                .ok()
                .and_then(|store| store.load().ok());
            let known = loaded.iter().flat_map(|one| one.state.resources.keys());
            let addresses = wanted.chain(known);
            addresses
                .flat_map(|one| [one.to_string(), one.block().to_string()])
                .collect()
        }
    };
    let is_plain = |text: &String| {
        text.chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "._-[]".contains(letter))
    };
    found.into_iter().filter(is_plain).collect()
}
